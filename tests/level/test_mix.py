"""The mix: the same answer as plain arithmetic, cheapest of its menu, and honest about failures."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonae.actions.demo.close import demo_books
from sonae.actions.loss.mix import mix_books, mix_file
from sonae.cli.main import run
from sonae.core.errors import InputError, UsageError
from sonae.loss.measure import tail
from sonae.loss.mix import (
    Firm,
    Insurer,
    Kind,
    Law,
    Layer,
    credited,
    found_of,
    mix,
    options,
    paid,
    priced,
    retained,
    years_of,
)
from sonae.loss.mix_spec import read_mix
from sonae.policy.evaluate import Layer as Terms
from sonae.policy.evaluate import respond_exactly

LAYERS = (
    Layer("primary", "A", 1e8, 5e8, 0.03, steps=4),
    Layer("excess", "B", 6e8, 3e9, 0.02, share=0.9, aggregate=2.5e9, steps=4),
)
FIRM = Firm(
    1e10, Law(0.3, 1.0, 3.4), 2e9, 0.5, 0.09, 0.99, LAYERS,
    {"A": Insurer(0.01, 0.4), "B": Insurer(0.02, 0.0)}, {"often": Law(0.6, 1.0, 3.4)},
)  # fmt: skip


def test_the_kernel_agrees_with_numpy_for_every_programme() -> None:
    years, bought = years_of(FIRM.law, FIRM.custody, 1), FIRM.menu()
    out, ceded = found_of(FIRM, years, bought, (0.99,))
    for row, paid_by, terms in zip(out, ceded, FIRM.terms(bought), strict=True):
        kept = retained(years, terms)
        law = tail(kept, years.weight)
        assert row[0] == pytest.approx(float(kept @ years.weight), rel=1e-12)
        assert row[1] == pytest.approx(law.var(0.99), rel=1e-12)
        assert row[2] == pytest.approx(law.tvar(0.99), rel=1e-10)
        gross = float(np.add.reduceat(years.losses, years.start) @ years.weight)
        assert row[0] + paid_by.sum() == pytest.approx(gross, rel=1e-12)


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 10**10), st.integers(0, 10**9), st.integers(1, 10**9),
    st.fractions(0, 1, max_denominator=20), st.integers(0, 10**9),
)  # fmt: skip
def test_one_loss_is_paid_as_the_exact_evaluation_of_one_event_pays_it(
    loss: int, attachment: int, limit: int, share: Fraction, aggregate: int
) -> None:
    exact = respond_exactly(
        Fraction(loss),
        Terms(Fraction(attachment), Fraction(limit), share, Fraction(0), Fraction(aggregate)),
    ).paid
    years = years_of(FIRM.law, FIRM.custody, 1)
    one = replace(years, losses=np.array([float(loss)]), start=np.array([0]), number=np.array([1]))
    term = np.array([attachment, limit, float(share), aggregate], dtype=np.float64)
    assert paid(one, term)[0] == pytest.approx(float(exact), rel=1e-12, abs=1e-6)


def test_the_choice_is_the_cheapest_and_every_cost_adds_up() -> None:
    found = mix(FIRM)
    years, bought = years_of(FIRM.law, FIRM.custody, 1), FIRM.menu()
    out, ceded = found_of(FIRM, years, bought, (FIRM.level,))
    every = priced(FIRM, out, ceded, bought, 0)
    chosen = found["chosen"]
    assert chosen["cost"] == pytest.approx(float(every.cost.min()))
    parts = FIRM.capital * chosen["cash"] + sum(
        chosen[k] for k in ("premium", "retained", "unpaid")
    )
    assert chosen["cost"] == pytest.approx(parts)
    assert chosen["cash"] >= chosen["tvar"]
    assert chosen["cash"] >= FIRM.required - chosen["credit"] - 1e-6
    assert chosen["credit"] <= FIRM.insurance_share * FIRM.required


def test_more_cover_never_raises_the_retained_tail() -> None:
    years, bought = years_of(FIRM.law, FIRM.custody, 1), FIRM.menu()
    out, _ = found_of(FIRM, years, bought, (0.99,))
    tails = {tuple(b): row[2] for b, row in zip(bought.tolist(), out, strict=True)}
    for steps, value in tails.items():
        for k in range(len(LAYERS)):
            more = (*steps[:k], steps[k] + 1, *steps[k + 1 :])
            assert tails.get(more, 0.0) <= value * (1 + 1e-9)


def test_the_frontier_rises_with_the_level_and_a_default_never_helps() -> None:
    found = mix(FIRM)
    costs = [p["cost"] for p in found["frontier"]]
    assert costs == sorted(costs)
    chosen = found["chosen"]
    for row in found["defaults"]["alone"]:
        assert row["tvar"] >= chosen["tvar"] * (1 - 1e-9)
        assert row["credit"] <= chosen["credit"]
        assert row["call"] >= 0.0
    assert found["defaults"]["expected_tvar"] >= chosen["tvar"] * (1 - 1e-9)
    for layer in found["layers"]:
        for change in ("value", "step_less", "step_more"):
            assert layer[change] is None or layer[change] >= -1e-3
    assert found["spread"]["often"]["cost"] > chosen["cost"]


def test_insurance_dear_enough_is_not_bought_beyond_the_rule() -> None:
    dear = replace(FIRM, layers=tuple(replace(x, rate=0.9) for x in LAYERS))
    found = mix(dear)
    assert found["chosen"]["premium"] == 0.0
    assert found["chosen"]["cost"] == pytest.approx(found["cash_only"]["cost"])


def test_credit_is_what_one_event_of_the_requirement_would_be_paid() -> None:
    full = FIRM.terms(np.array([[4.0, 4.0]]))
    inside = min(2e9 - 1e8, 5e8) + min(2e9 - 6e8, 3e9) * 0.9
    assert credited(replace(FIRM, insurance_share=1.0), full)[0] == pytest.approx(inside)
    assert credited(FIRM, full)[0] == pytest.approx(1e9)


def test_a_menu_without_layers_is_cash() -> None:
    found = mix(replace(FIRM, layers=(), insurers={}))
    assert found["programmes"] == 1
    assert found["defaults"]["alone"] == []


def test_too_many_programmes_are_refused() -> None:
    with pytest.raises(UsageError):
        replace(FIRM, layers=(replace(LAYERS[0], steps=999), replace(LAYERS[1], steps=999))).menu()


def test_options_pay_nothing_at_no_step() -> None:
    menu = options(FIRM, years_of(FIRM.law, FIRM.custody, 1))
    assert not menu.paid[menu.first].any()


SPEC = """
custody = 10_000_000_000
required = 2_000_000_000
insurance_share = "1/2"
cost_of_capital = 0.09
level = 0.99
[loss]
events = 5
venue_years = 225
a = 0.96
b = 3.44
[[layer]]
name = "primary"
insurer = "A"
attachment = 100_000_000
limit = 500_000_000
rate_on_line = 0.03
[[insurer]]
name = "A"
default = 0.002
recovery = 0.4
[[opinion]]
name = "often"
frequency = 0.05
a = 1
b = 3
"""


def test_a_file_is_priced_with_an_interval_and_a_spread(tmp_path: Path) -> None:
    file = tmp_path / "mix.toml"
    file.write_text(SPEC, "utf-8")
    found = mix_file(file)
    low, high = found["interval"]["cost"]
    assert low < found["chosen"]["cost"] < high
    assert set(found["spread"]) == {"often"}
    assert mix_file(file) == found
    assert run(["mix", str(file), "--out", str(tmp_path / "out"), "--json"]) == 0
    written = {p.name for p in (tmp_path / "out").iterdir()}
    assert written == {"mix.json", "report.en.html", "report.ja.html"}


def test_every_fault_of_a_file_is_said_at_once() -> None:
    bad = SPEC.replace('insurer = "A"', 'insurer = "Z"').replace("level = 0.99", "level = 1")
    bad = bad.replace("recovery = 0.4", "recovery = 4").replace("events = 5", "nothing = 5")
    with pytest.raises(InputError) as error:
        read_mix(bad + "\n[extra]\n", "mix.toml")
    keys = {p.key for p in error.value.problems}
    assert keys == {"extra", "level", "insurer.recovery", "loss", "layer[1].insurer"}
    for text in ("custody =", "layer = 3", ""):
        with pytest.raises(InputError):
            read_mix(text, "mix.toml")


def test_books_and_a_draft_are_enough() -> None:
    found = mix_books(
        demo_books("dmm-bitcoin"), "jp.proposal.custody-value", Fraction(9, 100),
        Fraction(995, 1000), 1, "5pct",
    )  # fmt: skip
    assert found["asked"]["required"] == "4810000000"
    assert found["programmes"] >= 9_000
    assert found["interval"]["draws"] == 40


values = st.sampled_from(
    ["-1", "0", "0.5", "3", "1e30", '"x"', "[]", "[1]", "true", '"1/2"', "nan"]
)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, SPEC.count("=") - 1), values)
def test_any_value_in_a_file_is_read_or_refused(place: int, value: str) -> None:
    lines, seen = SPEC.splitlines(), -1
    for n, line in enumerate(lines):
        seen += "=" in line
        if "=" in line and seen == place:
            lines[n] = f"{line.partition('=')[0]}= {value}"
    with suppress(InputError):
        read_mix("\n".join(lines), "mix.toml")


def test_the_file_of_the_guide_is_read() -> None:
    guide = Path(__file__).parents[2] / "docs" / "guide" / "level.md"
    spec = guide.read_text("utf-8").partition("```toml\n")[2].partition("```")[0]
    firm = read_mix(spec, "level.md")
    assert firm.insurance_share == 0.5
    assert len(firm.draws) == 40
    assert set(firm.opinions) == {"twice as often"}


# -- kinds of losses -------------------------------------------------------------------------------

KINDS = (Kind("external_hack", "hot", 0.7, 2e9), Kind("insider", "cold", 0.3, 8e9))


def test_kinds_share_out_every_years_probability_and_scale_its_losses() -> None:
    plain = years_of(FIRM.law, FIRM.custody, 1)
    found = years_of(FIRM.law, FIRM.custody, 1, KINDS)
    assert found.kind is not None
    assert found.weight.sum() == pytest.approx(plain.weight.sum(), rel=1e-12)
    assert len(found.losses) == found.number.sum() == len(found.kind)
    mean = float(np.add.reduceat(found.losses, found.start) @ found.weight)
    whole = float(np.add.reduceat(plain.losses, plain.start) @ plain.weight)
    assert mean == pytest.approx(whole * (0.7 * 0.2 + 0.3 * 0.8), rel=0.02)
    assert found.losses[found.kind == 0].max() <= 2e9


def test_kinds_that_are_alike_change_nothing() -> None:
    alike = (Kind("external_hack", "hot", 0.5, FIRM.custody), Kind("insider", "hot", 0.5, 1e10))
    one = found_of(FIRM, years_of(FIRM.law, FIRM.custody, 1), FIRM.menu(), (0.99,))[0]
    two = replace(FIRM, kinds=alike)
    many = found_of(two, years_of(two.law, two.custody, 1, alike), two.menu(), (0.99,))[0]
    assert many[:, :3] == pytest.approx(one[:, :3], rel=1e-9)


def test_a_layer_pays_only_of_the_perils_and_tiers_that_it_covers() -> None:
    layers = (replace(LAYERS[0], tiers=frozenset({"hot"})), LAYERS[1])
    narrow = replace(FIRM, kinds=KINDS, layers=layers)
    years = years_of(narrow.law, narrow.custody, 1, KINDS)
    counted = years.covered(narrow, layers[0])
    assert counted is not None
    assert years.kind is not None
    pays = paid(years, narrow.terms(narrow.menu()[-1:])[0, 0], counted)
    cold_alone = (years.number == 1) & (years.kind[years.start] == 1)
    assert pays[cold_alone].max() == 0.0
    assert pays[~cold_alone].max() > 0.0
    wide = replace(narrow, layers=LAYERS)
    some, all_ = (found_of(f, years, f.menu()[-1:], (0.99,))[0][0, 0] for f in (narrow, wide))
    assert some > all_


def test_a_requirement_of_kinds_is_credited_kind_by_kind() -> None:
    """0.14 of 0.38 of what is expected comes from hot storage, the rest from cold."""
    layer = Layer("hot only", "A", 1e8, 5e9, 0.03, steps=1, tiers=frozenset({"hot"}))
    firm = replace(FIRM, kinds=KINDS, layers=(layer,), insurance_share=1.0)
    hot = firm.required * (0.7 * 2e9) / (0.7 * 2e9 + 0.3 * 8e9)
    assert credited(firm, firm.terms(np.ones((1, 1))))[0] == pytest.approx(hot - 1e8)


MENU = """
custody = 300_000_000_000
required = 9_000_000_000
insurance_share = "1/2"
cost_of_capital = "0.09"
level = "0.99"
[loss]
frequency = "0.03"
a = "0.96"
b = "3.44"
[[kind]]
peril = "external_hack"
tier = "hot"
events = "0.7"
custody = 15_000_000_000
[[layer]]
name = "crime"
insurer = "A"
attachment = 300_000_000
limit = 1_500_000_000
rate_on_line = "0.03"
steps = 2
tiers = ["hot"]
[[insurer]]
name = "A"
default = "0.001"
recovery = "0.4"
"""


def test_a_mix_is_written_as_pages_that_need_nothing_else(tmp_path: Path) -> None:
    spec, out = tmp_path / "mix.toml", tmp_path / "out"
    spec.write_text(MENU, "utf-8")
    assert run(["mix", str(spec), "--out", str(out)]) == 0
    for lang, word in (("ja", "ホット"), ("en", "Hot")):
        page = (out / f"report.{lang}.html").read_text("utf-8")
        assert word in page
        assert 'class="line"' in page
        assert "src=" not in page
        assert not re.search(r"\bmix\.(?!toml)", page.split("</style>")[-1])


@pytest.mark.parametrize(
    ("before", "after", "key"),
    [
        ('peril = "external_hack"', 'peril = "rain"', "kind.peril"),
        ('tiers = ["hot"]', 'tiers = ["cold"]', "layer[1]"),
        ('tiers = ["hot"]', 'tiers = "hot"', "layer.tiers"),
        ("custody = 15_000_000_000", "custody = 400_000_000_000", "kind[1].custody"),
    ],
)
def test_unknown_perils_and_layers_that_cover_nothing_are_refused(
    before: str, after: str, key: str
) -> None:
    with pytest.raises(InputError) as caught:
        read_mix(MENU.replace(before, after), "mix.toml")
    assert key in {p.key for p in caught.value.problems}
