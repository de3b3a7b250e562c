"""The investor protection fund: what it pays a customer of a failed broker."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from sonae.core.figure import Figure, derive
from sonae.core.formula import not_negative, smallest, total
from sonae.core.text import Text
from sonae.rulebook.rule import Outputs, known_code, rule

CUSTOMER = "general_customer"


@rule(
    "jp.jipf.payment",
    title=Text("投資者保護基金による支払", "payment by the investor protection fund"),
    cites="fiea 79-57(1)",
    needs={
        "claim_jpy": "JPY",
        "debt_owed_to_firm_jpy": "JPY",
        "collateral_jpy": "JPY",
        "secured_debt_jpy": "JPY",
        "secured_debt_is_owed_to_firm": "truth",
        "book_entry_compensation_jpy": "JPY",
        "claimant": "code",
    },
    optional=("book_entry_compensation_jpy", "claimant"),
    outputs={
        "collateral_deducted_jpy": Text("担保による控除", "deducted for collateral"),
        "debt_deducted_jpy": Text("債務による控除", "deducted for debts to the firm"),
        "before_limit_jpy": Text("限度額適用前の額", "before the limit"),
        "payout_jpy": Text("支払額", "payment"),
        "not_covered_jpy": Text("支払われない額", "part of the claim not paid"),
    },
)
def payment(law: Any, day: Any) -> Outputs:
    """The compensable claim less collateral and debts to the firm, up to the limit.

    Assets given as collateral are deducted up to the debt they secure; a debt to the firm is
    deducted as far as it was not already. Which debt is secured matters only where there is
    collateral. Officers, parent and subsidiary companies, assets held
    in another's name and others that the Order names are paid nothing; nor are professionals and
    the State, who are no general customers. A general customer is meant where `claimant` is not
    given; that the firm cannot pay smoothly is the fund's finding and taken as made.
    """
    claim = day.claim_jpy
    if _excluded(law, day):
        nothing = derive("0, as {0} is not paid", Fraction(0), "JPY", (day.claimant,))
        return {
            "collateral_deducted_jpy": nothing,
            "debt_deducted_jpy": nothing,
            "before_limit_jpy": nothing,
            "payout_jpy": nothing,
            "not_covered_jpy": derive("{0}", claim.value, "JPY", (claim,)),
        }
    collateral = _collateral(day)
    debt = _debt(day, collateral)
    less = [collateral, debt]
    if day.given("book_entry_compensation_jpy"):
        less.append(day.book_entry_compensation_jpy)
    before = not_negative(claim - total(less, "JPY"))
    paid = smallest(before, law.limit)
    if day.given("claimant") and not day.claimant.computable:
        paid = derive("{0}", paid.value, "JPY", (paid, day.claimant))
    return {
        "collateral_deducted_jpy": collateral,
        "debt_deducted_jpy": debt,
        "before_limit_jpy": before,
        "payout_jpy": paid,
        "not_covered_jpy": claim - paid,
    }


def _excluded(law: Any, day: Any) -> bool:
    """True for those the fund does not pay; a code that no provision names is refused."""
    if not day.given("claimant"):
        return False
    excluded, no_customers = law.not_paid, law.no_general_customers
    if not (excluded.computable and no_customers.computable):
        return False
    names = [*excluded.rows(), *no_customers.rows()]
    return known_code(day.claimant, [CUSTOMER, *names]) in names


def _collateral(day: Any) -> Figure:
    """The assessed value of assets given as collateral, up to the debt they secure."""
    value: Figure = day.collateral_jpy
    if value.computable and value.value == 0:
        return derive("{0}", value.value, "JPY", (value,))
    return smallest(value, day.secured_debt_jpy)


def _debt(day: Any, collateral: Figure) -> Figure:
    """Debts to the firm, less what was already deducted where the collateral secures them."""
    debt: Figure = day.debt_owed_to_firm_jpy
    nothing = any(f.computable and f.value == 0 for f in (debt, collateral))
    if nothing:
        return derive("{0}", debt.value, "JPY", (debt,))
    to_firm = day.secured_debt_is_owed_to_firm
    rest = not_negative(debt - collateral)
    value = rest.value if to_firm.computable and to_firm.truth() else debt.value
    return derive("{1} if {2}, else {0}", value, "JPY", (debt, rest, to_firm))
