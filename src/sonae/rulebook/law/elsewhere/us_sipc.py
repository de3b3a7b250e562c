"""What the Securities Investor Protection Corporation advances for one customer."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from sonae.core.figure import Figure, apply
from sonae.core.formula import not_negative, smallest
from sonae.core.text import Text
from sonae.rulebook.rule import Outputs, rule


@rule(
    "us.sipc.advance",
    title=Text("立替払の額", "advance for a customer"),
    cites="sipa § 78fff-3(a)",
    needs={
        "net_equity_usd": "USD",
        "of_which_cash_usd": "USD",
        "customer_property_recovered_usd": "USD",
    },
    outputs={
        "unsatisfied_usd": Text("按分回収後の残り", "left after the ratable share"),
        "unsatisfied_cash_usd": Text("うち現金の請求", "of which a claim for cash"),
        "advance_usd": Text("立替払の額", "advance"),
    },
)
def advance(law: Any, day: Any) -> Outputs:
    """What the ratable share leaves unsatisfied: cash up to its limit, all of it up to the limit.

    Cash beyond the net equity is no claim. The recovery is set against cash and securities in
    proportion (our reading).
    """
    claim = day.net_equity_usd
    cash = smallest(claim, day.of_which_cash_usd)
    left = not_negative(claim - day.customer_property_recovered_usd)
    left_cash = _part(left, cash, claim)
    securities = left - left_cash
    return {
        "unsatisfied_usd": left,
        "unsatisfied_cash_usd": left_cash,
        "advance_usd": smallest(law.limit, smallest(left_cash, law.cash_limit) + securities),
    }


def _part(left: Figure, cash: Figure, claim: Figure) -> Figure:
    """Of what is left, the same part as cash was of the claim; of nothing, nothing."""

    def compute() -> Fraction:
        whole = claim.number()
        return left.number() * cash.number() / whole if whole else Fraction(0)

    return apply("{0} × {1} / {2}", "USD", (left, cash, claim), compute)
