"""A formula fitted to losses: least, honest about what it rests on, and frozen as a draft."""

from __future__ import annotations

import hashlib
import io
import json
from datetime import date
from fractions import Fraction
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from sonae.actions.close import close_books
from sonae.actions.demo.close import demo_books
from sonae.actions.files import json_bytes
from sonae.actions.level.calibrate import calibrate, changed_since
from sonae.actions.level.capital import with_capital
from sonae.actions.level.exact import outputs
from sonae.actions.level.question import Question
from sonae.actions.level.write import write_level
from sonae.actions.rules.compare import propose
from sonae.cli.main import run
from sonae.core.errors import InputError, UsageError
from sonae.core.figure import bounds
from sonae.core.text import LANGS
from sonae.loss.calibrate import Asked, Prices, least, world
from sonae.loss.exposure import cases, public_firms
from sonae.loss.formula import required
from sonae.loss.shares import Beta, CutLognormal
from sonae.report.level import calibration_view
from sonae.report.words import Words
from sonae.rulebook.draft import load_draft, read_draft

DAY = date(2026, 11, 28)
PRICES = Prices(Fraction(9, 100), Fraction(2, 100))
FITTED = [c for c in cases() if c.public and c.peril == "theft"]
FIRMS = [f for f in public_firms() if not f.from_memory]


@pytest.fixture(scope="module")
def found() -> tuple[dict[str, Any], str | None]:
    return calibrate(Question(on=DAY))


def test_dmm_and_every_event_of_public_exposure_is_back_tested(
    found: tuple[dict[str, Any], str | None],
) -> None:
    rows = {r["id"]: r for r in found[0]["back_test"]}
    assert {c.id for c in cases()} == set(rows)
    assert rows["2024-05-31-dmm-bitcoin"]["loss"] == "48200000000"
    for id in ("2018-01-26-coincheck", "2018-09-14-zaif", "2019-07-11-bitpoint-japan"):
        low, high = (Fraction(v) for v in rows[id]["custody"])
        assert not rows[id]["balance_public"]
        assert low < high
        assert rows[id]["why"]["ja"]
        assert rows[id]["why"]["en"]
        assert id not in [f["id"] for f in found[0]["fitted_to"]]


def test_forty_billion_is_83_percent_of_dmm_and_17_of_bybit(
    found: tuple[dict[str, Any], str | None],
) -> None:
    shares = found[0]["bracket"]["cap_of_loss"]
    assert round(100 * Fraction(shares["2024-05-31-dmm-bitcoin"])) == 83
    assert round(100 * Fraction(shares["2025-02-21-bybit"])) == 17


def test_no_rate_travels_alone(found: tuple[dict[str, Any], str | None]) -> None:
    document = found[0]
    for p in document["parameters"]:
        low, high = p["interval"]
        assert low <= p["point"] <= high
        assert p["point"] <= float(Fraction(p["frozen"])) < p["point"] + 1e-3
    assert len(document["spread"]) == 6
    assert document["seed"] == "1"
    assert all(r["required_interval"] for r in document["burden"])
    assert all(c["reason"]["ja"] and c["reason"]["en"] for c in document["choices"])


def test_the_draft_cites_the_calibration_and_a_close_accepts_it(
    found: tuple[dict[str, Any], str | None], tmp_path: Path
) -> None:
    document, text = found
    assert text is not None
    assert f"sha256:{document['digest']}" in text
    write_level(tmp_path / "out", document, text)
    file = str(tmp_path / "out" / "draft.toml")
    proposed = propose(file)
    rule = proposed["versions"][0]["rule"]
    closed = close_books(demo_books("dmm-bitcoin"), [file]).document
    figures = {f["id"]: f for f in closed["figures"]}
    rate = Fraction(document["parameters"][0]["frozen"])
    assert Fraction(figures[f"{rule}#required"]["value"]) == rate * 96_200_000_000
    assert figures[f"{rule}#required"]["standing"] == "proposed"
    for lang in ("en", "ja"):
        assert "<svg" in (tmp_path / "out" / f"report.{lang}.html").read_text("utf-8")


def test_a_folder_of_something_else_is_not_written_over(
    found: tuple[dict[str, Any], str | None], tmp_path: Path
) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UsageError):
        write_level(tmp_path, *found)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("target", [0.5, 0.8, 0.95])
def test_a_rate_just_below_the_fitted_one_misses_the_target(target: float) -> None:
    asked, seen = Asked("custody-value", {}), world("beta", FITTED, FIRMS)
    rates = least(asked, seen, target, PRICES)
    assert rates is not None
    assert seen.reached(asked.raw(rates), target)
    assert not seen.reached(asked.raw([rates[0] - 1e-6]), target)


def test_with_two_rates_neither_can_be_lowered_and_the_cost_is_not_above_one_alone() -> None:
    asked, seen = Asked("max", {}), world("beta", FITTED, FIRMS)
    rates = least(asked, seen, 0.9, PRICES)
    assert rates is not None
    assert not seen.reached(asked.raw((rates[0], rates[1] - 1e-5)), 0.9)
    alone = least(Asked("custody-value", {}), replace_firms(seen), 0.9, PRICES)
    assert alone is not None
    mine = seen.cost(asked.raw(rates), PRICES, 0.0)
    assert mine <= seen.cost(asked.raw((alone[0], 0.0)), PRICES, 0.0) * 1.0001


def replace_firms(seen: Any) -> Any:
    """The world as the formula of two bases sees it: without firms that lack one."""
    from dataclasses import replace

    known = ~np.isnan(seen.firms["custody_value_not_cold"])
    past = {b: np.full_like(a, np.nan) for b, a in seen.past.items()}
    return replace(seen, firms={b: a[known] for b, a in seen.firms.items()}, past=past)


def test_a_formula_on_hot_wallets_cannot_reach_the_target_and_says_so(tmp_path: Path) -> None:
    document, text = calibrate(Question("hot-value", on=DAY))
    assert text is None
    assert not document["reached"]["target"]
    assert document["reached"]["future"] < 0.95
    rows = {r["id"]: r["verdict"] for r in document["back_test"]}
    assert rows["2025-02-21-bybit"] == "not_computable"
    assert run(["calibrate", "--family", "hot-value", "--json"]) == 1


def test_a_cap_that_forbids_the_target_is_found() -> None:
    document, text = calibrate(Question(cap=40_000_000_000, on=DAY))
    assert text is None
    assert not document["reached"]["target"]


def test_the_same_question_gives_the_same_bytes(
    found: tuple[dict[str, Any], str | None],
) -> None:
    again = calibrate(Question(on=DAY))
    assert json.dumps(again[0]) == json.dumps(found[0])
    assert again[1] == found[1]


def test_a_second_run_shows_what_changed(
    found: tuple[dict[str, Any], str | None], tmp_path: Path
) -> None:
    write_level(tmp_path / "out", *found)
    former = tmp_path / "out" / "calibration.json"
    assert changed_since(former, found[0])["parameters"] == []
    later = calibrate(Question(target=Fraction(4, 5), on=DAY))[0]
    changed = changed_since(former, later)
    assert [c["key"] for c in changed["choices"]] == ["target"]
    assert changed["parameters"]
    assert changed["verdicts"]
    assert changed["required"]


def test_out_of_time_the_fit_does_not_see_what_it_predicts() -> None:
    document, _ = calibrate(Question(validate=2020, on=DAY))
    early, _ = calibrate(Question(until=2020, on=DAY))
    assert document["validation"]["rates"] == [p["point"] for p in early["parameters"]]
    assert document["validation"]["predicted"] == len([c for c in FITTED if c.day.year > 2020])


def test_the_digest_is_that_of_the_document(found: tuple[dict[str, Any], str | None]) -> None:
    document = {k: v for k, v in found[0].items() if k not in ("digest", "changed")}
    assert hashlib.sha256(json_bytes(document)).hexdigest() == found[0]["digest"]


def test_a_variant_of_a_draft_reaches_the_family_of_its_shape(
    found: tuple[dict[str, Any], str | None],
) -> None:
    """5 % of custody within the bracket: without it, the factor would be the family's rate."""
    question = Question(draft="jp.proposal.custody-value", variant="5pct", on=DAY)
    document, text = calibrate(question)
    assert text is None
    assert not document["reached"]["target"]
    free, written = calibrate(Question(draft=_free(), insurance_share=Fraction(1, 2), on=DAY))
    assert written is not None
    rate = Fraction(free["parameters"][0]["frozen"]) * Fraction(5, 100)
    assert abs(rate - Fraction(found[0]["parameters"][0]["frozen"])) <= Fraction(1, 10**4)


def _free() -> str:
    words = '{ ja = "案", en = "d" }'
    head = f'[draft]\nid = "x.y"\nregime = "jp"\ntitle = {words}\nnote = {words}\n'
    file = Path(mkdtemp()) / "free.toml"
    part = '[[component]]\nbase = "custody_value"\nrate = "5/100"\n'
    file.write_text(f'insurance_share = "1/2"\n{head}{part}', "utf-8")
    return str(file)


def test_a_users_draft_moves_by_one_factor() -> None:
    document, text = calibrate(Question(draft="jp.proposal.combined", on=DAY))
    assert document["parameters"][0]["base"] == "factor"
    assert text is None or "bracket" in text


@pytest.mark.parametrize(
    "question",
    [
        Question(target=Fraction(0)),
        Question(family="nothing"),
        Question(floor=2, cap=1),
        Question(draft="jp.proposal.custody-value"),
        Question(jurisdiction="XX"),
        Question(until=2014),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(question: Question) -> None:
    with pytest.raises(UsageError):
        calibrate(question)


yen = st.integers(1, 10**13)


@given(
    yen, yen, st.fractions(0, 1, max_denominator=10**4), st.fractions(0, 20, max_denominator=100)
)
def test_the_formula_in_floats_is_that_of_the_rulebook(
    custody: int, hot: int, first: Fraction, second: Fraction
) -> None:
    asked = Asked("max", {"bracket": {"floor": 10**8, "cap": 10**12}})
    raw = asked.frozen([float(first), float(second)])
    parts = "".join(
        f'[[component]]\nbase = "{c["base"]}"\nrate = "{c["rate"]}"\n' for c in raw["component"]
    )
    words = '{ ja = "案", en = "d" }'
    head = f'[draft]\nid = "x"\nregime = "jp"\ntitle = {words}\nnote = {words}\n'
    text = (
        'combine = "max"\nbracket = { floor = 100_000_000, cap = 1_000_000_000_000 }\n'
        + head
        + parts
    )
    ends = {"custody_value": custody, "custody_value_not_cold": hot}
    exact = outputs(read_draft(text, "x"), {k: (Fraction(v),) * 2 for k, v in ends.items()}, DAY)
    arrays = {k: np.array([float(v)]) for k, v in ends.items()}
    assert required(raw, arrays)[0] == pytest.approx(float(bounds(exact["required"])[0]), rel=1e-12)


@pytest.mark.parametrize("name", ["jp.proposal.combined", "jp.proposal.traded-value"])
def test_shipped_drafts_are_read_alike(name: str) -> None:
    """In floats traded value is at its full level, which the first year reaches by a quarter."""
    draft = load_draft(name)
    raw = {k: v for k, v in draft.versions[0].raw.items() if k != "bracket"}
    parts = [dict(c) for c in raw["component"]]
    for part in parts:
        if "cap_rate" in part:
            assert part["cap_rate"] == 4 * part["rate"]
            part["cap_rate"] = part["rate"]
    custody, traded = 10**12, 3 * 10**14
    arrays = {"custody_value": np.array([1.0 * custody]), "traded_value": np.array([1.0 * traded])}
    bases = {k: (Fraction(int(v[0])),) * 2 for k, v in arrays.items()}
    exact = bounds(outputs(draft, bases, DAY)["without_bracket"])[0]
    held = required({**raw, "component": parts}, arrays)[0]
    assert held == pytest.approx(float(exact), rel=1e-12)


@pytest.mark.parametrize(
    "law", [Beta(0.96, 3.4), Beta(2.0, 5.0, 0.8, 100.0), CutLognormal(-1.8, 1.2)]
)
def test_the_excess_of_a_law_is_the_integral_of_its_tail(law: Any) -> None:
    grid = np.linspace(0.0, 1.0, 20_001)
    size = np.full_like(grid, 300.0)
    tail = 1.0 - law.cdf(grid, size)
    for x in (0.0, 0.2, 0.6):
        kept = grid >= x
        integral = np.trapezoid(tail[kept], grid[kept])
        assert law.excess(np.array([x]), np.array([300.0]))[0] == pytest.approx(integral, abs=2e-4)


def test_both_pages_and_tables_show_what_changed_and_what_is_not_reached(
    found: tuple[dict[str, Any], str | None], tmp_path: Path
) -> None:
    write_level(tmp_path / "a", *found)
    unreached, text = calibrate(Question(cap=40_000_000_000, on=DAY))
    unreached["changed"] = changed_since(tmp_path / "a" / "calibration.json", unreached)
    write_level(tmp_path / "b", unreached, text)
    assert not (tmp_path / "b" / "draft.toml").exists()
    for lang in LANGS:
        page = (tmp_path / "b" / f"report.{lang}.html").read_text("utf-8")
        words = Words(lang)
        assert words("level.changed") in page
        assert words("level.unreached") in page
        assert page.count('class="bar"') == len(unreached["back_test"]) + len(unreached["burden"])
        console = Console(width=250, record=True, file=io.StringIO())
        console.print(calibration_view(unreached, lang))
        assert words("level.stated_range") in console.export_text()


@pytest.mark.parametrize("family", ["volume", "max", "cold-value"])
def test_every_family_is_frozen_as_a_draft_that_is_read(family: str) -> None:
    document, text = calibrate(Question(family, target=Fraction(4, 5), on=DAY, phase_in=3))
    assert text is not None
    draft = read_draft(text, "draft")
    assert [p["share"] for p in draft.versions[0].raw["phase_in"]] == ["1/3", "2/3", "3/3"]
    known = [r for r in document["burden"] if isinstance(r["required"], str)]
    assert known
    for row in known:
        ends = [Fraction(v) for v in row["required_interval"]]
        assert ends[0] <= ends[1]


# -- intervals of every point, and capital from a file ---------------------------------------------


def test_every_point_of_frontier_and_bracket_has_its_interval(
    found: tuple[dict[str, Any], str | None],
) -> None:
    document = found[0]
    for p in document["frontier"]:
        if p["rates"] is not None:
            ends = p["interval"]
            assert ends["draws"] == 40
            for key in ("future", "held", "cost", "rate 0"):
                assert ends[key][0] <= ends[key][1]
            assert ends["future"][0] <= p["future"] <= ends["future"][1]
    for key in ("floor_for_all", "cap_for_all", "around_the_formula"):
        low, high = document["bracket"][key]["interval"]["future"]
        assert low <= document["bracket"][key]["future"] <= high


def test_firms_whose_capital_is_not_known_are_named_and_a_file_gives_it(tmp_path: Path) -> None:
    firms = [f for f in FIRMS if f.capital is None][:2]
    table = tmp_path / "capital.csv"
    head = "firm,net_assets_jpy,profit_year_jpy,source\n"
    table.write_text(head + f"{firms[0].name},5000000000,,annual report\n", "utf-8")
    known, same = with_capital(firms, table)
    assert known.capital == 5_000_000_000
    assert known.profit == firms[0].profit
    assert "annual report" in known.notes[-1].en
    assert same == firms[1]


def test_a_file_of_capital_is_refused_with_everything_that_is_wrong(tmp_path: Path) -> None:
    table = tmp_path / "capital.csv"
    name = FIRMS[0].name
    table.write_text(
        f"firm,net_assets_jpy,source\n{name},1,000,x\nNobody,5,\n{name},7,x\n", "utf-8"
    )
    with pytest.raises(InputError):
        with_capital(FIRMS, table)
    table.write_text(f"firm,net_assets_jpy,source\n{name},-,x\nNobody,5,\n{name},7,x\n", "utf-8")
    with pytest.raises(InputError) as caught:
        with_capital(FIRMS, table)
    assert [(p.row, p.name) for p in caught.value.problems] == [
        (1, "bad-cell"), (2, "unknown-firm"), (2, "no-source"), (3, "repeated-key"),
    ]  # fmt: skip
    table.write_text("firm,worth\n", "utf-8")
    with pytest.raises(InputError):
        with_capital(FIRMS, table)


def test_the_calibration_says_whose_capital_is_not_known(
    found: tuple[dict[str, Any], str | None],
) -> None:
    names = found[0]["if_firms_leave"]["capital_not_known"]["venues"]
    assert names
    for lang in LANGS:
        console = Console(width=400, record=True, file=io.StringIO())
        console.print(calibration_view(found[0], lang))
        assert ", ".join(names) in console.export_text()
