"""What customers owe the firm: it never lowers what others are owed.

A receivable of an account counts up to the value of that account's own assets after a house
haircut; an asset without a haircut stands behind nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from sonae.books.facts import Facts
from sonae.close.value import Valuation
from sonae.core.figure import Figure, apply, missing
from sonae.core.text import Text


def receivables(facts: Facts, valuation: Valuation) -> dict[str, Figure]:
    """`receivable` and `receivable_counted` in the reporting currency, over all accounts."""
    books, currency = facts.books, facts.books.venue.currency
    owing = [o for o in books.owed.values() if o.below_zero]
    low, high = books.balances.debt_signs()
    if not owing and not low and not high:
        return {}
    prices = {a: p for a, p in valuation.prices.items()}
    whole = counted = Fraction(0)
    accounts = 0
    unpriced: set[str] = set()
    for debt, collateral in _accounts(facts, prices, unpriced):
        whole, counted, accounts = whole + debt, counted + min(debt, collateral), accounts + 1
    where = "accounts below zero or with margin_debt"
    total = facts.leaf("balances/receivable", whole, currency, "balances", where, accounts, _WHOLE)
    if unpriced:
        names = ", ".join(sorted(unpriced))
        words = Text(f"{names}の価格がない", f"no price of {names}")
        gap = missing("receivable", words, currency)
        return {
            "receivable": gap.named("receivable#total", _WHOLE),
            "receivable_counted": gap.named("receivable#counted", _COUNTED),
        }
    part = apply(
        "Σ min(receivable, own collateral after haircut)", currency, (total,), lambda: counted
    )
    return {
        "receivable": total.named("receivable#total", _WHOLE),
        "receivable_counted": part.named("receivable#counted", _COUNTED),
    }


_WHOLE = Text("利用者に対する債権の総額", "receivables from customers")
_COUNTED = Text("うち担保（掛目後）で算入できる額", "counted, up to collateral after haircut")


def _accounts(
    facts: Facts, prices: Mapping[str, Figure], unpriced: set[str]
) -> Iterator[tuple[Fraction, Fraction]]:
    """Debt and collateral of each account that owes, in the reporting currency."""
    scales = {r["asset"]: r["scale"] for r in facts.books.rows["assets"]}
    haircuts = facts.books.venue.house.collateral_haircut
    account, debt, collateral = None, Fraction(0), Fraction(0)
    for batch in facts.books.balances.debtors():
        for row in batch:
            if row["account_id"] != account:
                if account is not None:
                    yield debt, collateral
                account, debt, collateral = row["account_id"], Fraction(0), Fraction(0)
            asset, net = row["asset"], row["net"] or 0
            if not prices[asset].computable:
                unpriced.add(asset)
                continue
            price = prices[asset].number() / 10 ** scales[asset]
            debt += (abs(row["debt"] or 0) + max(0, -net)) * price
            if asset in haircuts:
                collateral += max(0, net) * price * (1 - haircuts[asset])
    if account is not None:
        yield debt, collateral
