"""A group whose entities stand under regimes with currencies of their own."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

from sonae.books.sample import write_sample
from tests.abroad.books import books, financials, tables
from tests.command import sonae

STATED = "[regime.eu]\nclass = 3\n"
FUNDS = {"own_funds": 600_000, "fixed_overheads": 2_400_000, "fixed_overheads_deductions": 400_000}


def test_sums_are_by_the_currency_of_the_regime_and_not_of_the_books(tmp_path: Path) -> None:
    """One entity keeps yen and one euro; the EU's amounts of both are added in euro."""
    group, out = tmp_path / "group", tmp_path / "out"
    write_sample(group / "yen", 30, 4, regimes=("jp", "eu"))
    rows = tables("EUR") | {"financials": financials(**FUNDS)}
    books(group / "euro", ["eu"], "EUR", rows, STATED)
    said = sonae("close", group, "--out", out, "--json", "--lang", "en")
    assert said.code == 0
    document = json.loads((out / "overview.json").read_bytes())
    sums = {(s["regime"], s["currency"]): s for s in document["side_by_side"]}
    assert set(sums) == {("jp", "JPY"), ("eu", "EUR")}
    both = [Fraction(e["regimes"]["eu"]["required"]) for e in document["entities"]]
    assert len(both) == 2
    assert Fraction(sums["eu", "EUR"]["required"]) == sum(both)
    page = (out / "overview.en.html").read_text("utf-8")
    assert page.count("(MiCA) (EUR)") == 1
