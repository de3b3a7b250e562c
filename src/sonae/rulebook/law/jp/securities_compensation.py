"""Paying for an incident: may the reserve be used, and may this customer be paid.

Two permissions with evidence of their own. The reserve may be used for losses from incidents. A
customer's loss may be made good only when the authority confirmed the incident beforehand or one
of the listed grounds holds.
"""

from __future__ import annotations

from typing import Any

from sonae.core.calendar import end_of_next_month
from sonae.core.errors import UsageError
from sonae.core.figure import Figure, apply, derive
from sonae.core.formula import all_of
from sonae.core.text import Text
from sonae.rulebook.rule import Outputs, known_code, rule

NO_INCIDENT = ("market_loss", "outside_theft", "issuer_failure", "natural_disaster", "goodwill")
LAWYERS = ("lawyer_settlement", "committee_of_lawyers")
SCRIVENERS = ("judicial_scrivener_settlement", "committee_of_judicial_scriveners")
NO_GROUND = ("none", "settlement_before_suit")


@rule(
    "jp.securities.reserve_use",
    title=Text("金融商品取引責任準備金の使用", "use of the liability reserve"),
    cites="fiea 46-5(2)",
    needs={"act": "code", "arose_in_trading": "truth"},
    optional=("arose_in_trading",),
    outputs={
        "incident_class": Text("事故の類型", "class of incident"),
        "reserve_usable_without_approval": Text(
            "承認なしに準備金を使用できるか", "reserve usable without approval"
        ),
    },
)
def reserve_use(law: Any, day: Any) -> Outputs:
    """The reserve may make good losses from an incident that arose in trading.

    An incident is an act of the firm's own people of a listed kind. Theft by an outsider is none
    unless it rests on a violation by the firm, which is then given as `other_violation`. Acts in
    advisory and management business are incidents, but whether they arose in trading is a fact.
    """
    act, classes = day.act, law.incident_classes
    if classes.computable:
        known_code(act, [*classes.rows(), *NO_INCIDENT])
    found = apply("the class of {0}", "code", (act, classes), lambda: _row(classes, act))
    if not found.computable or found.value is None:
        usable = derive("{0} is a class of incident", False, "truth", (found,))
    elif found.value in law.trading_classes.rows():
        usable = derive("{0} is a class of incident in trading", True, "truth", (found,))
    else:
        arose = day.arose_in_trading
        usable = derive("{1}, for {0}", arose.value, "truth", (found, arose))
    return {"incident_class": found, "reserve_usable_without_approval": usable}


def _row(table: Figure, key: Figure) -> str | None:
    row = table.rows().get(str(key.value))
    return None if row is None else str(row.value)


@rule(
    "jp.securities.compensation_gate",
    title=Text("事故の確認を要しない場合", "making good a loss without confirmation"),
    cites="order 119(1)",
    needs={
        "basis": "code",
        "amount_jpy": "JPY",
        "incident_class": "code",
        "scrivener_limit_jpy": "JPY",
        "evident_from_books_jpy": "JPY",
    },
    optional=("amount_jpy", "incident_class", "scrivener_limit_jpy", "evident_from_books_jpy"),
    outputs={
        "confirmation_needed": Text("あらかじめ確認を要するか", "confirmation needed beforehand"),
        "item": Text("確認を要しない根拠", "ground for no confirmation"),
        "report_required": Text("財務局長への報告を要するか", "report required"),
    },
)
def compensation_gate(law: Any, day: Any) -> Outputs:
    """No confirmation for a judgment, a settlement in court, mediation; within limits for others.

    A settlement through the customer's lawyer, or an amount confirmed by the association's
    committee of lawyers, up to a limit (through judicial scriveners: the limit of their own Act,
    given as `scrivener_limit_jpy`). One day's loss up to a limit, counted for each class and less
    what was paid as evident from the books. An order error or system fault evident from the books,
    without limit. The last three kinds of ground are reported.
    """
    basis, items, reported = day.basis, law.grounds, law.reported_items
    if items.computable:
        known_code(basis, [*items.rows(), *NO_GROUND])
    ground = apply("the item for {0}", "code", (basis, items), lambda: _row(items, basis))
    met = _met(law, day, str(basis.value)) if basis.computable else basis
    free = apply("a ground {0}, and {1}", "truth", (ground, met), lambda: met.truth())
    return {
        "confirmation_needed": apply("not {0}", "truth", (free,), lambda: not free.truth()),
        "item": apply(
            "{0} if {1}", "code", (ground, free), lambda: ground.value if free.truth() else None
        ),
        "report_required": apply(
            "{1} and {0} is among {2}",
            "truth",
            (ground, free, reported),
            lambda: free.truth() and ground.value in reported.rows(),
        ),
    }


def _met(law: Any, day: Any, basis: str) -> Figure:
    """Whether the conditions of the ground are met."""
    if basis in NO_GROUND:
        return derive("{0} is no ground", False, "truth", (day.basis,))
    if basis in LAWYERS:
        return _at_most(day.amount_jpy, law.settlement_limit)
    if basis in SCRIVENERS:
        return _at_most(day.amount_jpy, day.scrivener_limit_jpy)
    if basis == "one_day_loss":
        listed = _among(day.incident_class, law.trading_classes)
        return all_of(listed, _at_most(_one_day(law, day), law.one_day_limit))
    if basis == "evident_from_books":
        return _among(day.incident_class, law.evident_classes)
    return derive("{0} has no condition of its own", True, "truth", (day.basis,))


def _at_most(amount: Figure, limit: Figure) -> Figure:
    return amount <= limit


def _among(code: Figure, classes: Figure) -> Figure:
    return apply("{0} is among {1}", "truth", (code, classes), lambda: code.value in classes.rows())


def _one_day(law: Any, day: Any) -> Figure:
    """The amount of one class, less what was paid in that class as evident from the books."""
    amount, code, classes = day.amount_jpy, day.incident_class, law.evident_classes
    both = code.computable and classes.computable
    if both and code.value in classes.rows() and day.given("evident_from_books_jpy"):
        less: Figure = amount - day.evident_from_books_jpy
        return less
    return derive("{0}", amount.value, "JPY", (amount,))


@rule(
    "jp.securities.compensation_report_due",
    title=Text("確認を受けない補塡の報告期限", "report on making good without confirmation due"),
    cites="order 119(3)",
    needs={"payment_date": "date"},
    outputs={"due": Text("期限", "due")},
)
def compensation_report_due(law: Any, day: Any) -> Outputs:
    """By the end of the month after that of the offer, the promise or the payment."""
    paid, term = day.payment_date, law.report_term
    if term.computable and term.value != "end_of_next_month":
        raise UsageError(f"report_term {term.value!r} is not a term this rule knows")
    due = apply(
        "the end of the month after {0}",
        "date",
        (paid, term),
        lambda: end_of_next_month(paid.value),
        cites=term.cites,
    )
    return {"due": due}
