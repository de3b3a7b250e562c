"""Past events on books: DMM 2024 and Bybit 2025 as published, and any other on any books."""

from __future__ import annotations

import json
import shutil
import tomllib
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonae.actions.demo.close import demo_books
from sonae.actions.loss.books import Opened, open_books
from sonae.core.canonical import parse_number
from sonae.core.text import Text
from sonae.loss.incidents import find
from sonae.loss.replay import Scenario, replay
from sonae.loss.reserve import estimate
from sonae.loss.run import Run, run
from sonae.policy.terms import read_policies

from ..command import Said, sonae

POLICY = """
[[policy]]
policy_id = "{id}"
insurer = "Sample insurer"
insurer_licence = "JP"
form = "crime"
insurance_kind = "first_party"
period_start = 2024-04-01
period_end = 2025-03-31
currency = "{currency}"
limit_per_event = "{limit}"
annual_aggregate = "{limit}"
retention = "{attachment}"
attachment = "{attachment}"
co_insurance = "0.05"
claims_paid = "0"
beneficiary = "customers"
pledge = "customers"
terminates_on = []
tower = "crime"
perils = {perils}
"""


def programme(folder: Path, currency: str = "USD") -> Path:
    """Two layers: 30 above 1 million, and 45 above that, of hacks; the lower also of fraud."""
    file = folder / "programme.toml"
    perils = '["external_hack", "social_engineering"]'
    file.write_text(
        POLICY.format(id="PRIMARY", currency=currency, limit=30_000_000, attachment=1_000_000,
                      perils=perils)
        + POLICY.format(id="EXCESS", currency=currency, limit=45_000_000, attachment=31_000_000,
                        perils=perils),
        "utf-8",
    )  # fmt: skip
    return file


@cache
def dmm() -> Opened:
    """The shipped books, opened once."""
    return open_books(demo_books("dmm-bitcoin"), rates=["USD=150"])


def replayed(*words: str | Path) -> Said:
    return sonae("loss", "replay", *words, "--json")


def test_dmm_2024_prints_loss_layers_and_gap(tmp_path: Path) -> None:
    """JPY 48.2bn, at 158 yen a dollar: 95 % of 30 and of 45 million dollars are paid."""
    said = replayed(
        "dmm-2024", "dmm-bitcoin", "--policies", programme(tmp_path), "--rate", "USD=158"
    )
    found = said.json()
    assert said.code == 1
    assert found["loss"] == "48200000000"
    assert found["tier"] == "cold"
    for peril in ("external_hack", "social_engineering"):
        [tower] = found["perils"][peril]["towers"]
        pays = {x["policy_id"]: parse_number(x["pays"]) for x in tower["layers"]}
        assert pays == {"PRIMARY": 28_500_000 * 158, "EXCESS": 42_750_000 * 158}
    insured = 71_250_000 * 158
    assert parse_number(found["insurance"]["least"]) == insured
    assert parse_number(found["gap"]) == 48_200_000_000 - insured
    assert found["event"]["confidence"] == "high"


def test_bybit_2025_prints_loss_surplus_and_gap() -> None:
    """USD 1.46bn against a published surplus of 1.15bn leaves 0.31bn."""
    found = replayed("bybit-2025", "bybit").json()
    assert found["loss"] == "1460000000"
    assert [(f["kind"], f["pays"]) for f in found["funds"]] == [("buffer", "1150000000")]
    assert found["gap"] == found["gap_at_once"] == "310000000"
    notes = " ".join(n["en"] for n in found["notes"])
    assert "do not split holdings by tier" in notes


def test_shipped_books_of_bybit_say_what_is_from_memory() -> None:
    text = (demo_books("bybit") / "venue.toml").read_text("utf-8")
    assert 'confidence = "memory"' in text
    assert sonae("books", "check", demo_books("bybit")).code == 0


def test_elsewhere_the_share_that_was_lost_counts() -> None:
    found = replayed("bybit-2025", "dmm-bitcoin").json()
    assert found["basis"]["code"] == "share"
    expected = Fraction(1_460_000_000, 16_900_000_000) * 96_200_000_000
    assert parse_number(found["loss"]) == expected
    by_amount = replayed("bybit-2025", "dmm-bitcoin", "--basis", "amount", "--rate", "USD=150")
    found = by_amount.json()
    assert found["capped"]
    assert parse_number(found["loss"]) == 91_390_000_000


def test_an_insurer_that_denies_pays_nothing_and_says_so(tmp_path: Path) -> None:
    words = ("dmm-2024", "dmm-bitcoin", "--policies", programme(tmp_path), "--rate", "USD=158")
    found = replayed(*words, "--deny", "PRIMARY").json()
    [tower] = found["perils"]["external_hack"]["towers"]
    primary, excess = tower["layers"]
    assert primary["pays"] == "0"
    assert [u["code"] for u in primary["unpaid"]] == ["co_insurance", "denied"]
    assert parse_number(excess["pays"]) == 42_750_000 * 158
    none = replayed(*words, "--deny", "all").json()
    assert none["gap"] == none["gap_at_once"] == "48200000000"
    assert replayed(*words, "--deny", "NOBODY").code == 3


def test_a_fall_in_prices_moves_coins_and_not_the_policies(tmp_path: Path) -> None:
    words = ("dmm-2024", "dmm-bitcoin", "--policies", programme(tmp_path), "--rate", "USD=158")
    found = replayed(*words, "--price", "0.5").json()
    assert parse_number(found["loss"]) == 24_100_000_000
    assert parse_number(found["insurance"]["least"]) == 71_250_000 * 158


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("dmm-2024", "dmm-bitcoin", "--price", "0"), "bad-price"),
        (("dmm-2024", "dmm-bitcoin", "--run", "1.5"), "bad-share"),
        (("dmm-2024", "dmm-bitcoin", "--freeze", "Nobody"), "unknown-supplier"),
        (("dmm-2024", "dmm-bitcoin", "--rate", "USD"), "bad-rate"),
        (("dmm-2024", "dmm-bitcoin", "--tier", "other"), "no-exposure"),
        (("2011-09-11-mt-gox", "dmm-bitcoin"), "unknown-loss"),
        (("dmm-2023", "dmm-bitcoin"), "unknown-event"),
        (("dmm-2024", "no-such-books"), "missing-folder"),
    ],
)
def test_what_cannot_be_replayed_is_refused_with_the_reason(
    words: tuple[str, ...], problem: str
) -> None:
    said = replayed(*words)
    assert said.code == 3
    assert [p["name"] for p in said.json()["problems"]] == [problem]


def test_a_policy_in_a_currency_without_a_rate_is_refused_with_what_to_give(tmp_path: Path) -> None:
    said = replayed("dmm-2024", "dmm-bitcoin", "--policies", programme(tmp_path))
    assert said.code == 3
    assert {p["name"] for p in said.json()["problems"]} == {"no-rate"}
    assert "--rate USD=" in said.json()["problems"][0]["message"]["en"]


def test_terms_that_contradict_one_another_and_an_unknown_peril_are_refused(tmp_path: Path) -> None:
    file = programme(tmp_path)
    text = file.read_text("utf-8")
    file.write_text(
        text.replace("31000000", "20000000").replace("external_hack", "meteor", 1), "utf-8"
    )
    said = replayed("dmm-2024", "dmm-bitcoin", "--policies", file, "--rate", "USD=158")
    assert said.code == 3
    assert "meteor" in said.out or "perils" in said.out


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from(["dmm-2024", "bybit-2025", "coincheck-2018", "2025-01-23-phemex"]),
    st.integers(0, 10**9), st.integers(0, 10**9), st.fractions("1/10", 3),
)  # fmt: skip
def test_every_unit_of_the_loss_is_borne_once(
    name: str, low: int, more: int, price: Fraction
) -> None:
    """Loss = funds + what is left at once; paid and reasons add up; more cover, no larger gap."""
    opened = dmm()
    gaps = []
    for limit in (low + 1, low + more + 1):
        text = POLICY.format(id="A", currency="JPY", limit=limit, attachment=1000,
                             perils='["external_hack"]')  # fmt: skip

        policies = read_policies(tomllib.loads(text, parse_float=str))
        found = replay(find(name), opened.place, policies, opened.rates, Scenario(price))
        loss = parse_number(found["loss"])
        borne = sum(parse_number(f["pays"]) for f in found["funds"])
        assert loss == borne + parse_number(found["gap_at_once"])
        assert sum(parse_number(p["loss"]) for p in found["parts"]) == loss
        for answer in found["perils"].values():
            assert parse_number(answer["pays"]) + parse_number(answer["retained"]) == loss
            for tower in answer["towers"]:
                said = sum(parse_number(u["amount"]) for u in tower["outside"])
                for layer in tower["layers"]:
                    said += parse_number(layer["pays"])
                    said += sum(parse_number(u["amount"]) for u in layer["unpaid"])
                assert said == parse_number(tower["asked"]) == loss
        gaps.append(parse_number(found["gap"]))
    assert gaps[1] <= gaps[0]


# -- a run -----------------------------------------------------------------------------------------


def with_suppliers(folder: Path) -> Path:
    """DMM's books with days to liquid and a supplier behind the cold wallet."""
    books = folder / "books"
    shutil.copytree(demo_books("dmm-bitcoin"), books)
    lines = (books / "holdings.csv").read_text("utf-8").splitlines()
    head, *rows = lines
    days = {"total-cold": "3", "total-hot": "0"}
    rows = [f"{row},{days[row.split(',')[0]]}" for row in rows]
    (books / "holdings.csv").write_text(
        "\n".join([f"{head},days_to_liquid", *rows]) + "\n", "utf-8"
    )
    (books / "suppliers.toml").write_text(
        '[[supplier]]\nname = "Vendor"\nrole = "wallet"\nwallets = ["total-cold"]\n', "utf-8"
    )
    return books


def test_a_run_is_met_when_holdings_become_liquid(tmp_path: Path) -> None:
    books = with_suppliers(tmp_path)
    found = replayed("dmm-2024", books, "--run", "0.3").json()["run"]
    assert parse_number(found["asked"]) == 28_860_000_000
    assert [(d["day"], d["there"]) for d in found["days"]] == [
        (0, "4810000000"),
        (3, "48000000000"),
    ]
    assert found["met_on_day"] == 3
    assert found["never_met"] == "0"


def test_a_frozen_supplier_leaves_a_run_unmet(tmp_path: Path) -> None:
    books = with_suppliers(tmp_path)
    found = replayed("dmm-2024", books, "--run", "0.3", "--freeze", "Vendor").json()["run"]
    assert found["frozen"]["amount"] == "43190000000"
    assert found["met_on_day"] is None
    assert parse_number(found["never_met"]) == 28_860_000_000 - 4_810_000_000


def test_a_run_alone_is_asked_of_books_as_they_are(tmp_path: Path) -> None:
    books = with_suppliers(tmp_path)
    said = sonae("loss", "run", books, "0.9", "--price", "0.5", "--json")
    assert said.code == 0
    assert said.json()["run"]["met_on_day"] == 3
    assert parse_number(said.json()["run"]["asked"]) == 43_290_000_000
    shown = sonae("loss", "run", books, "0.9", "--freeze", "Vendor", "--lang", "ja")
    assert shown.code == 1
    assert "81,770,000,000" in shown.out


@settings(max_examples=30, deadline=None)
@given(st.fractions(0, 1), st.fractions(0, 1))
def test_a_larger_run_never_leaves_less_unmet(a: Fraction, b: Fraction) -> None:
    place = dmm().place
    low, high = sorted((a, b))
    less, more = (run(place, Run(s)) for s in (low, high))
    assert parse_number(less["never_met"]) <= parse_number(more["never_met"])


# -- for people ------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_the_table_has_loss_layers_and_gap_in_both_languages(tmp_path: Path, lang: str) -> None:
    words = ("dmm-2024", "dmm-bitcoin", "--policies", programme(tmp_path), "--rate", "USD=158")
    said = sonae("loss", "replay", *words, "--lang", lang)
    assert "48,200,000,000" in said.out
    assert "4,503,000,000" in said.out
    assert ("不足額" if lang == "ja" else "Gap") in said.out


# -- the reserve of the same books -----------------------------------------------------------------


@pytest.fixture(scope="module")
def reserved(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    folder = tmp_path_factory.mktemp("reserve")
    out = folder / "out"
    said = sonae(
        "loss", "reserve", "dmm-bitcoin", "--policies", programme(folder), "--rate", "USD=158",
        "--out", out, "--json",
    )  # fmt: skip
    assert said.code == 0
    return said.json(), out


def test_no_number_of_a_reserve_stands_alone(reserved: tuple[dict[str, Any], Path]) -> None:
    found, _ = reserved
    assert found["exact"] is False
    for side in ("gross", "net"):
        for measure in ("var", "tvar"):
            for level in ("0.99", "0.995", "0.999"):
                m = found[side][measure][level]
                low, high = m["interval"]
                assert low <= m["point"] <= high
                assert low <= m["predictive"] <= high
                assert m["engine_error"] is not None
                assert m["engine_error"] <= 0.1 * m["point"] + 1e7
                assert {"mbbefd", "lognormal", "pure_share"} <= set(m["model_spread"])
    assert "amounts" in found["gross"]["tvar"]["0.995"]["model_spread"]
    assert found["net"]["tvar"]["0.995"]["point"] < found["gross"]["tvar"]["0.995"]["point"]
    assert found["net"]["left_out"]
    assert found["insolvency"]["tvar"]["0.995"]["interval"]


def test_a_reserve_is_written_as_pages_with_exceedance_curves(
    reserved: tuple[dict[str, Any], Path],
) -> None:
    found, out = reserved
    assert json.loads((out / "reserve.json").read_text("utf-8")) == found
    for lang in ("ja", "en"):
        page = (out / f"reserve.{lang}.html").read_text("utf-8")
        assert page.count("<polyline") == 2
        assert page.count("<polygon") == 2
    chances = [c["predictive"] for c in found["curve"]]
    assert chances == sorted(chances, reverse=True)
    assert all(c["low"] <= c["high"] for c in found["curve"])


def test_a_measure_becomes_a_figure_only_by_a_named_act(
    reserved: tuple[dict[str, Any], Path],
) -> None:
    found = estimate(reserved[0], "net", "tvar", "0.995")
    assert found.interval is not None
    assert found.interval[0] < found.point < found.interval[1]
    frozen = found.freeze(0, "up", Text("取締役会が定める", "set by the board"))
    assert frozen.standing == "house"
    assert 0 <= frozen.number() - Fraction(found.point) < 1


@pytest.mark.parametrize("level", ["0", "1", "0.99999", "x"])
def test_a_level_that_the_grid_cannot_bear_is_refused(level: str) -> None:
    said = sonae("loss", "reserve", "bybit", "--levels", level, "--json")
    assert said.code == 3
    assert said.json()["problems"][0]["name"] == "level-outside"


def test_a_reserve_by_domain_needs_domains() -> None:
    said = sonae("loss", "reserve", "bybit", "--by", "domain", "--json")
    assert said.code == 3
    assert said.json()["problems"][0]["name"] == "no-domain"
