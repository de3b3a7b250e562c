"""pain.001.001.09: against the published schema, and what cannot be written is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import sepaxml
import xmlschema
from hypothesis import given, settings
from hypothesis import strategies as st

from sonae.claims.rails.pain001 import (
    MOST_UNITS,
    NAMESPACE,
    SCALES,
    Account,
    Pain001,
    Payment,
    amount_text,
    write,
)
from sonae.core.errors import InputError

SCHEMA = xmlschema.XMLSchema(str(Path(sepaxml.__file__).parent / "schemas" / "pain.001.001.09.xsd"))
DEBTOR = Account("Sample Exchange Ltd", "iban", "DE89370400440532013000", "COBADEFFXXX")
ANNA = Account("Anna O'Neil", "iban", "GB29NWBK60161331926819", "NWBKGB2L")
YAMADA = Account("YAMADA TARO", "other", "0005-123-7654321", "BOTKJPJT")


def payment(n: int = 1, amount: Any = 10_005, to: Account = ANNA) -> Payment:
    return Payment(f"{n:020}", amount, to)


def made(*payments: Payment, currency: str = "EUR", **changes: Any) -> Pain001:
    settings = {"debtor": DEBTOR, "message_id": "PROGRAMME-1/T1", **changes}
    when = {"created": datetime(2026, 11, 27, 9, 30, tzinfo=UTC), "on": date(2026, 11, 30)}
    return write(payments, currency=currency, **settings, **when)


def texts(order: Pain001, tag: str) -> list[str | None]:
    root = ElementTree.fromstring(order.content)
    return [e.text for e in root.iter(f"{{{NAMESPACE}}}{tag}")]


@pytest.mark.parametrize("currency", SCALES)
def test_an_order_fits_the_schema(currency: str) -> None:
    """With an IBAN and with another number."""
    order = made(payment(1), payment(2, 1, YAMADA), currency=currency)
    SCHEMA.validate(order.content.decode())
    assert texts(order, "NbOfTxs") == ["2", "2"]


def test_yen_have_no_decimals_and_euros_two() -> None:
    """JPY 100 is 100, EUR 100.05 is 100.05, one cent is 0.01."""
    assert texts(made(payment(1, 100), currency="JPY"), "InstdAmt") == ["100"]
    assert texts(made(payment(1, 10_005)), "InstdAmt") == ["100.05"]
    assert [amount_text(n, "EUR") for n in (1, 10, 100, 101)] == ["0.01", "0.10", "1.00", "1.01"]
    assert amount_text(7, "KRW") == "7"


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(1, 10**15), min_size=1, max_size=5), st.sampled_from(sorted(SCALES)))
def test_the_control_sum_is_the_sum_and_each_reference_is_there_once(
    amounts: list[int], currency: str
) -> None:
    """To the minor unit, as text."""
    order = made(*(payment(n, a) for n, a in enumerate(amounts)), currency=currency)
    SCHEMA.validate(order.content.decode())
    assert order.total == sum(amounts)
    assert texts(order, "CtrlSum") == [order.control_sum] * 2
    assert int(order.control_sum.replace(".", "")) == order.total
    assert texts(order, "EndToEndId") == [f"{n:020}" for n in range(len(amounts))]


def test_the_largest_amount_fits_the_schema() -> None:
    """Eighteen digits; one more is refused, alone and as a total."""
    SCHEMA.validate(made(payment(1, MOST_UNITS)).content.decode())
    for payments in ([payment(1, MOST_UNITS + 1)], [payment(1, MOST_UNITS), payment(2, 1)]):
        with pytest.raises(InputError):
            made(*payments)


@pytest.mark.parametrize(
    ("bad", "column"),
    [
        (payment(1, 0), "amount"),
        (payment(1, True), "amount"),
        (payment(1, -5), "amount"),
        (payment()._replace(reference=""), "reference"),
        (payment()._replace(reference="1" * 36), "reference"),
        (payment()._replace(reference="a//b"), "reference"),
        (payment()._replace(reference="/a"), "reference"),
        (payment()._replace(reference="a_b"), "reference"),
        (payment(to=Account("", "iban", ANNA.number, ANNA.bic)), "name"),
        (payment(to=Account("A" * 71, "iban", ANNA.number, ANNA.bic)), "name"),
        (payment(to=Account("髙橋", "iban", ANNA.number, ANNA.bic)), "name"),
        (payment(to=Account("A & B <C>", "iban", ANNA.number, ANNA.bic)), "name"),
        (payment(to=Account("Zoë", "iban", ANNA.number, ANNA.bic)), "name"),
        (payment(to=Account("Anna", "iban", "GB29NWBK60161331926818", ANNA.bic)), "number"),
        (payment(to=Account("Anna", "iban", "0005", ANNA.bic)), "number"),
        (payment(to=Account("Anna", "other", "1" * 35, ANNA.bic)), "number"),
        (payment(to=Account("Anna", "other", "a\n", ANNA.bic)), "number"),
        (payment(to=Account("Anna", "iban", ANNA.number, "NWBK")), "bic"),
    ],
)
def test_what_does_not_fit_is_refused_at_its_place(bad: Payment, column: str) -> None:
    """Never cut, never replaced."""
    with pytest.raises(InputError) as refused:
        made(payment(7), bad)
    assert {(p.row, p.column) for p in refused.value.problems} == {(2, column)}


def test_everything_wrong_is_listed_at_once() -> None:
    """The order's own and each payment's; nothing is written."""
    with pytest.raises(InputError) as refused:
        made(payment(1), payment(1), payment(2, 0), currency="XAU", message_id="x" * 36)
    found = [(p.table, p.row, p.column) for p in refused.value.problems]
    assert found == [
        ("order", None, "currency"),
        ("order", None, "message_id"),
        ("payments", 1, "reference"),
        ("payments", 2, "reference"),
        ("payments", 3, "amount"),
    ]


def test_an_order_of_nothing_is_refused() -> None:
    with pytest.raises(InputError):
        made()


def test_the_same_payments_make_the_same_bytes() -> None:
    """No clock, no draw."""
    assert made(payment()) == made(payment())
    assert made(payment()).sha256 != made(payment(1, 10_006)).sha256
