"""The parameters of the credit rule: house choices, each with what it was taken from.

No provision of Japanese law says how much of a reserve insurance may stand for; until one does,
every value here is a `house` rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sonae.core.canonical import number_text
from sonae.core.text import Text
from sonae.policy.conditions import RATINGS


@dataclass(frozen=True, slots=True)
class CreditRule:
    """How much of a requirement insurance may stand for. Factors and shares are ratios."""

    rating_floor: str = "A"
    below_floor_factor: Fraction = Fraction(0)
    term_days: int = 365
    notice_days: int = 90
    short_notice_factor: Fraction = Fraction(0)
    residual_zero_days: int = 90
    currency_buffer: Fraction = Fraction(0)
    mismatch: Fraction = Fraction(0)
    payment_uncertainty: Fraction = Fraction(1, 10)
    cap: Fraction = Fraction(1, 2)
    liquidity_days: int = 30

    def meets_floor(self, rating: str) -> bool:
        """True where a rating is the floor or better."""
        return RATINGS.index(rating) <= RATINGS.index(self.rating_floor)

    def as_json(self) -> dict[str, Any]:
        """Each parameter with its value, its standing, and what it was taken from."""
        return {
            name: {
                "value": number_text(value) if isinstance(value, Fraction) else value,
                "standing": "house",
                "confidence": "memory" if name in _MEMORY else "secondary",
                "taken_from": TAKEN_FROM[name].as_json(),
            }
            for name in TAKEN_FROM
            for value in (getattr(self, name),)
        }


STRICT = CreditRule()
LENIENT = CreditRule(below_floor_factor=Fraction(1, 2), short_notice_factor=Fraction(1, 2))
"""Haircuts where the strict rule counts nothing."""
RULES: Mapping[str, CreditRule] = {"strict": STRICT, "lenient": LENIENT}

_MEMORY = ("notice_days", "residual_zero_days", "currency_buffer", "mismatch", "cap")
_BASEL = Text(
    "バーゼルIIの先進的計測手法における保険の扱いに倣う",
    "as insurance counts in the advanced approach of Basel II",
)
_HOUSE = Text("社内で定める", "set by the house")
TAKEN_FROM: Mapping[str, Text] = {
    "rating_floor": _BASEL,
    "below_floor_factor": _HOUSE,
    "term_days": _BASEL,
    "notice_days": Text(
        "バーゼルIIとMiCAの90日前通知に倣う", "90 days' notice, as in Basel II and MiCA"
    ),
    "short_notice_factor": _HOUSE,
    "residual_zero_days": _BASEL,
    "currency_buffer": _HOUSE,
    "mismatch": _HOUSE,
    "payment_uncertainty": _HOUSE,
    "cap": Text(
        "日本の上限は未定。バーゼルIIは20%", "the cap in Japan is not fixed; Basel II has 20 %"
    ),
    "liquidity_days": Text(
        "30日の流動性テストでは保険を数えない", "no insurance in a liquidity test of 30 days"
    ),
}
