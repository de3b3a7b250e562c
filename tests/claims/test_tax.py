"""The yearly statement for the tax office: exact, in yen, with how well each treatment is known."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from sonae.claims.tax import COLUMNS, TREATMENTS, Settled, statements
from sonae.core.errors import Refused
from sonae.core.text import LANGS, Lang
from sonae.report.claims import tax_statement
from sonae.report.words import catalogue

MONEY = Settled(
    reference="1",
    person="p1",
    on=date(2026, 12, 20),
    nature="damages_for_non_return",
    asset="XEM",
    scale=6,
    given_up=1_234_567_890,
    unit_price=Fraction("88.549"),
    amount=109_319,
)
"""1,234.56789 XEM at 88.549 yen: 109,319.75209161 yen, rounded down."""
COINS = replace(MONEY, reference="2", nature="return_in_kind", unit_price=None, amount=0)
GOODWILL = replace(
    MONEY, reference="3", nature="goodwill", given_up=0, unit_price=None, amount=1000
)


def test_money_in_place_of_coins_is_listed_exactly() -> None:
    [found] = statements([MONEY], 2026).values()
    [row] = found.rows()
    assert tuple(row) == COLUMNS
    assert row["quantity"] == "1234.56789"
    assert row["unit_price_jpy"] == "88.549"
    assert row["amount_jpy"] == "109319"
    assert row["product_jpy"] == "109319.75209161"
    assert row["treatment"] == "miscellaneous_income"
    assert row["confidence"] == "secondary"
    assert found.totals() == {"miscellaneous_income": 109_319}


def test_a_return_in_kind_is_not_listed_as_income_and_says_that_this_is_from_memory() -> None:
    [found] = statements([MONEY, COINS], 2026).values()
    assert [row["reference"] for row in found.rows()] == ["1"]
    document = found.as_json()
    assert document["returned_in_kind"] == {"XEM": "1234.56789"}
    assert document["given_up"] == {"XEM": "1234.56789"}
    assert document["total_jpy"] == "109319"
    assert document["treatments"]["not_income"]["confidence"] == "memory"


def test_goodwill_is_listed_with_a_treatment_that_was_not_found_out() -> None:
    [found] = statements([GOODWILL, MONEY], 2026).values()
    assert found.totals() == {"miscellaneous_income": 109_319, "undetermined": 1000}
    assert TREATMENTS["goodwill"].confidence == "memory"


def test_each_person_and_year_has_its_own() -> None:
    other = replace(MONEY, reference="4", person="p2")
    later = replace(MONEY, reference="5", on=date(2027, 1, 1))
    assert list(statements([other, later, MONEY], 2026)) == ["p1", "p2"]
    assert [r["day"] for r in statements([MONEY, later], 2027)["p1"].rows()] == ["2027-01-01"]
    assert statements([MONEY], 2025) == {}


@pytest.mark.parametrize(
    "wrong",
    [
        {"nature": "gift"},
        {"amount": 0},
        {"amount": -1},
        {"amount": 109_320},
        {"unit_price": None},
        {"given_up": 0},
        {"nature": "return_in_kind"},
    ],
)
def test_a_payment_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(Refused):
        statements([replace(MONEY, **wrong)], 2026)  # type: ignore[arg-type]
    with pytest.raises(Refused, match="twice"):
        statements([MONEY, MONEY], 2026)


def test_the_rows_are_a_csv() -> None:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(statements([MONEY, GOODWILL], 2026)["p1"].rows())
    stream.seek(0)
    back = list(csv.DictReader(stream))
    assert [Fraction(row["unit_price_jpy"] or 0) for row in back] == [Fraction("88.549"), 0]


@pytest.mark.parametrize("lang", LANGS)
def test_the_view_shows_amounts_and_how_well_the_treatment_is_known(lang: Lang) -> None:
    console = Console(width=200, file=io.StringIO(), record=True)
    document = statements([MONEY, COINS, GOODWILL], 2026)["p1"].as_json()
    console.print(tax_statement(document, lang))
    text = console.export_text()
    assert "109,319" in text
    assert "110,319" in text
    assert "88.549" in text
    for mark in ("secondary", "memory"):
        assert catalogue()[f"confidence.{mark}"].lang(lang) in text
    assert all(f"nature.{nature}" in catalogue() for nature in TREATMENTS)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(1, 10**24), st.fractions(1, 10**9), st.sampled_from(["p1", "p2", "p3"])
        ),
        max_size=12,
    ),
    st.randoms(use_true_random=False),
)
def test_totals_are_the_sum_of_what_was_paid_in_any_order(
    drawn: list[tuple[int, Fraction, str]], random: object
) -> None:
    made = []
    for n, (units, price, person) in enumerate(drawn):
        amount = units * price // 10**6
        if amount:
            paid = replace(MONEY, reference=str(n), person=person, given_up=units)
            made.append(replace(paid, unit_price=price, amount=int(amount)))
    mixed = list(made)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    found = statements(mixed, 2026)
    assert found == statements(made, 2026)
    total = sum(sum(s.totals().values()) for s in found.values())
    assert total == sum(p.amount for p in made)
    assert sum(s.given_up()["XEM"] for s in found.values()) == sum(p.quantity for p in made)
