"""Two gates: may the reserve be used, and may this customer be paid.

The first goes by the ground of the use, the second by the nature of the payment. What the
securities rules say of incidents and of confirmation comes in as their own rules' outputs.
"""

from __future__ import annotations

from typing import Any

from sonae.core.figure import Figure, apply, derive
from sonae.core.formula import table
from sonae.core.text import Text
from sonae.rulebook.rule import Each, Outputs, known_code, rule

GROUNDS = ("article_118", "illegal_outflow", "approval", "court_order", "excess")
CLASSES = ("special_law_reserve", "voluntary_reserve", "provision")
NATURES = ("return_in_kind", "damages_for_non_return", "transaction_loss", "goodwill")
BUSINESSES = ("spot", "derivatives")


@rule(
    "jp.reserve.ground",
    title=Text("準備金を使用できるか", "whether the reserve may be used"),
    cites="fiea 46-5(2)",
    needs={
        "ground": "code",
        "reserve_class": "code",
        "evidence": Each("truth"),
        "amount_jpy": "JPY",
        "after_petition": "truth",
        "reserve_usable_without_approval": "truth",
        "excess_jpy": "JPY",
        "statute_in_force": "truth",
    },
    optional=("reserve_usable_without_approval", "excess_jpy", "statute_in_force"),
    outputs={
        "may_proceed": Text("使用できるか", "may proceed"),
        "reason": Text("使用できない理由", "why it may not"),
        "evidence_needed": Text("要る証拠と有無", "evidence needed, and whether it is there"),
        "missing_evidence": Text("不足する証拠", "evidence that is missing"),
    },
)
def ground(law: Any, day: Any) -> Outputs:
    """A ground that holds, all its evidence there; after a petition a court's document as well.

    An incident of Article 118 holds where jp.securities.reserve_use says so. An illegal outflow
    from a reserve of a special law waits for the Act (`jp.crypto.reserve_duty`); from a voluntary
    reserve or a provision it rests on the firm's own rules. Excess holds up to that
    amount.
    """
    known_code(day.ground, GROUNDS)
    known_code(day.reserve_class, CLASSES)
    needed = _needed(law, day)
    lacking = _lacking(needed)
    reason = _reason(law, day, lacking)
    return {
        "may_proceed": apply("{0} is none", "truth", (reason,), lambda: reason.value is None),
        "reason": reason,
        "evidence_needed": needed,
        "missing_evidence": lacking,
    }


def _needed(law: Any, day: Any) -> Figure:
    """The evidence of the ground, and a court's document after a petition."""
    inputs = (law.evidence, day.ground, day.evidence, day.after_petition)
    if not all(f.computable for f in inputs):
        return derive("evidence for {1} by {0}", None, "table", inputs)
    lists, named, given, failed = inputs
    listed = lists.rows()[str(named.value)]
    codes = str(listed.value).split(", ")
    if failed.value is True and "court_order_document" not in codes:
        codes.append("court_order_document")
    there, why = given.rows(), (listed, named, given, failed)
    return table({c: derive(f"{c} among {{2}}", _shown(there, c), "truth", why) for c in codes})


def _lacking(needed: Figure) -> Figure:
    if not needed.computable:
        return derive("{0}", None, "table", (needed,))
    return table({code: f for code, f in needed.rows().items() if f.value is False})


def _shown(there: Any, code: str) -> bool:
    return code in there and there[code].value is True


def _reason(law: Any, day: Any, lacking: Figure) -> Figure:
    ground_, failed = day.ground, day.after_petition
    inputs = [ground_, day.reserve_class, day.evidence, failed, lacking]
    holds, otherwise = _holds(law, day)
    inputs.append(holds)

    def why() -> str | None:
        if failed.truth() and ground_.value != "court_order":
            return "court_order_needed"
        if not holds.truth():
            return otherwise
        return "evidence_missing" if lacking.rows() else None

    return apply("why the use may not proceed", "code", inputs, why)


def _holds(law: Any, day: Any) -> tuple[Figure, str]:
    """Whether the ground holds, and the reason where it does not."""
    named, does_not = day.ground.value, "ground_does_not_hold"
    if named == "article_118":
        return day.reserve_usable_without_approval, does_not
    if named == "excess":
        return day.amount_jpy <= day.excess_jpy, "above_excess"
    if named == "illegal_outflow" and day.reserve_class.value == "special_law_reserve":
        return day.statute_in_force, "statute_not_in_force"
    if named == "illegal_outflow":
        act = law.outflow_use
        return derive("{0}, by the firm's own rules", True, "truth", (act,)), does_not
    return derive("{0} by its document", True, "truth", (day.ground,)), does_not


@rule(
    "jp.reserve.payment",
    title=Text("利用者に支払えるか", "whether this customer may be paid"),
    cites="fiea 39(1)",
    needs={
        "nature": "code",
        "business": "code",
        "from_incident": "truth",
        "confirmation_needed": "truth",
        "confirmed": "truth",
    },
    optional=("from_incident", "confirmation_needed", "confirmed"),
    outputs={
        "ban_applies": Text("損失補塡の禁止に触れるか", "the ban applies"),
        "may_pay": Text("支払えるか", "may be paid"),
        "needed": Text("要る確認", "what is needed"),
    },
)
def payment(law: Any, day: Any) -> Outputs:
    """The ban is about losses from transactions and goodwill; not about giving back what is owed.

    Where it applies, a loss from an incident may be made good once it is confirmed, or where no
    confirmation is needed (jp.securities.compensation_gate, for derivatives); a loss from no
    incident never.
    """
    known_code(day.nature, NATURES)
    known_code(day.business, BUSINESSES)
    nature, banned, bodies = day.nature, law.banned_natures, law.confirming_body
    applies = apply(
        "{0} is among {1}", "truth", (nature, banned), lambda: nature.value in banned.rows()
    )
    inputs = [applies, day.business, bodies]
    incident = day.from_incident
    confirmed, gate = day.confirmed, day.confirmation_needed
    if applies.value is True:
        inputs.append(incident)
        if incident.value is True:
            inputs += [f for f in (confirmed, gate) if f.computable]  # not stated: not confirmed

    def needed() -> str | None:
        if not applies.truth():
            return None
        if not incident.truth():
            return "no_ground_exists"
        free = day.business.value == "derivatives" and gate.value is False
        if confirmed.value is True or free:
            return None
        return str(bodies.rows()[str(day.business.value)].value)

    wanted = apply("what is needed", "code", inputs, needed)
    return {
        "ban_applies": applies,
        "may_pay": apply("{0} is none", "truth", (wanted,), lambda: wanted.value is None),
        "needed": wanted,
    }
