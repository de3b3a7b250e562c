"""The shipped incidents: published totals, natures of payment and gates, what is unknown."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from sonae.actions.claims.entitle import load_incident
from sonae.actions.demo.incident import FILLED, SHIPPED, incident_file
from tests.claims.test_incident import done
from tests.command import sonae
from tests.tidy.source import ROOT


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Any:
    out = tmp_path_factory.mktemp("demo")
    return done(sonae("demo", "incident", "--out", out, "--json"))


def test_all_are_shown_the_first_two_first(found: Any) -> None:
    assert tuple(found["incidents"]) == SHIPPED
    assert tuple(found["counters"]) == SHIPPED
    for lang in ("ja", "en"):
        for name in SHIPPED:
            words = ("incident", "open", incident_file(name), "--law-on", "2026-11-20")
            said = sonae(*words, "--lang", lang)
            assert said.code == 0, said.err


def test_zaif_is_paid_coin_by_coin_at_the_published_shares(found: Any) -> None:
    opened, valued = found["incidents"]["zaif-2018"], found["more_valuations"]["zaif-2018"]
    assert opened["value"] == "7030000000"
    assert Fraction(opened["value"]) - 4_590_000_000 == 2_440_000_000  # the firm's own
    by_asset = valued["methods"][0]["by_asset"]
    for asset, units in (("BTC", 596_610_000_000), ("BCH", 4_232_710_000_000)):
        part = by_asset[asset]
        assert Fraction(part["before_rounding"]["in_kind"]) == units
        assert part["amount"] == "0"
    mona = by_asset["MONA"]["before_rounding"]
    lost = Fraction("6236810.1")
    assert Fraction(mona["in_kind"]) == lost * 10**8 * Fraction("0.603")
    assert Fraction(mona["amount"]) == lost * Fraction("0.397") * Fraction("144.548")
    assert {a["accounts"] for a in valued["assets"]} == {FILLED}
    assert "1,000" in valued["methods"][0]["note"]["en"]
    assert found["counters"]["zaif-2018"]["day"] == 221


def test_bithumb_is_a_shortage_and_a_loss_with_goodwill_above_it(found: Any) -> None:
    [btc] = found["incidents"]["bithumb-2026"]["refill"]["assets"]
    assert (btc["short"], btc["own_coins"], btc["day"], btc["closed"]) == ("125", "125", 4, False)
    sellers = found["incidents"]["bithumb-2026-sellers"]
    totals = found["totals"]["bithumb-2026-sellers"]
    assert (totals["amount"], totals["goodwill"]) == ("1000000000", "100000000")
    natures = {n: (g["arises"], g["may_pay"]) for n, g in sellers["natures"].items()}
    assert natures == {
        "return_in_kind": (False, True), "damages_for_non_return": (False, True),
        "transaction_loss": (True, False), "goodwill": (True, False),
    }  # fmt: skip


def test_every_nature_of_payment_arises_somewhere_and_has_its_gate(found: Any) -> None:
    arises = {
        nature
        for opened in found["incidents"].values()
        for nature, gate in opened["natures"].items()
        if gate["arises"]
    }
    assert len(arises) == 4
    for opened in found["incidents"].values():
        assert all(g["confidence"] and g["standing"] for g in opened["natures"].values())


def test_what_is_not_known_is_said_in_both_languages_and_nothing_is_verified() -> None:
    for name in ("zaif-2018", "bithumb-2026", "bithumb-2026-sellers"):
        incident, _ = load_incident(incident_file(name))
        assert incident.confidence == "secondary"
        assert any("not public" in note.en or "filled in" in note.en for note in incident.notes)


def test_a_loss_in_balances_is_not_spread_over_everybody(tmp_path: Path) -> None:
    from tests.kit import clean, write

    books = write(tmp_path / "books", clean())
    said = sonae("claims", "value", books, incident_file("bithumb-2026-sellers"), "--json")
    assert said.code == 2
    assert "whom it hit" in said.err


def test_the_example_of_the_guide_opens(tmp_path: Path) -> None:
    text = (ROOT / "docs/guide/incident.md").read_text("utf-8")
    example = text.partition("```toml\n")[2].partition("```")[0]
    file = tmp_path / "guide.toml"
    file.write_text(example, encoding="utf-8")
    found = done(sonae("incident", "open", file, "--json"))
    assert found["refill"]["assets"][0]["proven"] == "30"
    assert found["recoveries"]["customers"] == 120
