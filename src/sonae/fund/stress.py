"""What a loss leaves unrecovered when reserve, insurance and own funds have all paid."""

from __future__ import annotations

from fractions import Fraction

from sonae.core.figure import (
    Figure,
    Missing,
    NotComputable,
    Value,
    apply,
    bounds,
    number_or_range,
)
from sonae.core.formula import not_negative
from sonae.core.text import Text


def recovery_gap(
    loss: Figure,
    own_funds: Figure,
    reserve: Figure,
    insurance: Figure,
    customers: Figure,
    key: str,
) -> dict[str, Figure]:
    """The loss less own funds, reserve and insurance, in yen and for each customer.

    Own funds below zero pay nothing. Without a number of customers the share of one is not
    computable; the gap itself is.
    """
    left = loss - not_negative(own_funds) - reserve - insurance
    gap = not_negative(left).named(f"{key}#recovery_gap", _GAP)

    def each() -> Value:
        if min(bounds(customers)) <= 0:
            return NotComputable((Missing(customers.name(), _NOBODY),))
        return number_or_range([a / b for a in bounds(gap) for b in bounds(customers)])

    share = apply("{0} / {1}", "JPY/person", (gap, customers), each)
    return {
        "recovery_gap": gap,
        "recovery_gap_per_customer": share.named(f"{key}#recovery_gap_per_customer", _EACH),
    }


def whole_number(value: int, id: str, label: Text) -> Figure:
    """A count that somebody gave."""
    return Figure(Fraction(value), "persons", id=id, label=label)


_GAP = Text("埋まらない損失（復旧不足額）", "recovery gap")
_EACH = Text("利用者1人当たりの復旧不足額", "recovery gap for each customer")
_NOBODY = Text("利用者数が零以下", "the number of customers is zero or below")
