"""What customers owe the firm: it never lowers what others are owed.

A receivable of an account counts up to the value of that account's own assets after a house
haircut; an asset without a haircut stands behind nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import lcm

from sonae.books.facts import Facts
from sonae.close.value import Valuation
from sonae.core.figure import Figure, apply, missing
from sonae.core.text import Text


def receivables(facts: Facts, valuation: Valuation) -> dict[str, Figure]:
    """`receivable` and `receivable_counted` in the reporting currency, over all accounts."""
    books, currency = facts.books, facts.books.venue.currency
    below = [asset for asset, o in books.owed.items() if o.below_zero]
    if not below and books.balances.debt_signs() == (0, 0):
        return {}
    worth = _Worth(facts, valuation)
    whole = counted = accounts = 0
    for debt, collateral in _accounts(facts, below, worth):
        whole, counted, accounts = whole + debt, counted + min(debt, collateral), accounts + 1
    where = "accounts below zero or with margin_debt"
    if worth.unpriced:
        names = ", ".join(sorted(worth.unpriced))
        total = missing(
            "receivable", Text(f"{names}の価格がない", f"no price of {names}"), currency
        )
    else:
        amount = Fraction(whole, worth.parts)
        total = facts.leaf("balances/receivable", amount, currency, "balances", where, accounts)
    part = apply(
        "Σ min({0} of an account, its own collateral after haircut)",
        currency,
        (total,),
        lambda: Fraction(counted, worth.parts),
    )
    return {
        "receivable": total.named("receivable#total", _WHOLE),
        "receivable_counted": part.named("receivable#counted", _COUNTED),
    }


_WHOLE = Text("利用者に対する債権の総額", "receivables from customers")
_COUNTED = Text("うち担保（掛目後）で算入できる額", "counted, up to collateral after haircut")


class _Worth:
    """What one base unit of an asset is worth, in whole `parts`-ths of the reporting currency.

    `full` is the value, `lent` the value after the haircut; one common denominator keeps the sums
    over accounts in integers.
    """

    def __init__(self, facts: Facts, valuation: Valuation) -> None:
        haircuts = facts.books.venue.house.collateral_haircut
        full, lent = {}, {}
        for row in facts.books.rows["assets"]:
            asset, price = row["asset"], valuation.prices[row["asset"]]
            if price.computable:
                full[asset] = price.number() / 10 ** row["scale"]
                lent[asset] = (
                    full[asset] * (1 - haircuts[asset]) if asset in haircuts else Fraction(0)
                )
        self.parts = lcm(*(f.denominator for f in (*full.values(), *lent.values())))
        self.full = {a: int(f * self.parts) for a, f in full.items()}
        self.lent = {a: int(f * self.parts) for a, f in lent.items()}
        self.unpriced: set[str] = set()


def _accounts(facts: Facts, below: Sequence[str], worth: _Worth) -> Iterator[tuple[int, int]]:
    """Debt and collateral of each account that owes, in parts of the reporting currency."""
    account, debt, collateral = None, 0, 0
    for batch in facts.books.balances.debtors(below):
        for row in batch:
            if row["account_id"] != account:
                if account is not None:
                    yield debt, collateral
                account, debt, collateral = row["account_id"], 0, 0
            asset, net = row["asset"], row["net"] or 0
            if asset not in worth.full:
                worth.unpriced.add(asset)
                continue
            debt += (abs(row["debt"] or 0) + max(0, -net)) * worth.full[asset]
            collateral += max(0, net) * worth.lent[asset]
    if account is not None:
        yield debt, collateral
