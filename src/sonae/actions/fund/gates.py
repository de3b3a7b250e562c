"""The two gates of money that leaves: may the reserve be used, and may this payment be made.

The rulebook is asked before a use or release is proposed, and again by the program of the person
who approves it. What that program asks with is what a proposer cannot choose: the class of the
reserve from the constitution, petition and appointment from the ledger. What was stated (act,
amounts, evidence by its digest) is for the approver to read and answer for.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from sonae.actions.fund.session import Build, Seat, Session, read_order
from sonae.core.errors import Refused, UsageError
from sonae.core.figure import Figure
from sonae.fund.entry import Propose
from sonae.rulebook.draft import load_draft
from sonae.rulebook.edition import Edition
from sonae.rulebook.rule import facts_from
from sonae.store.ledger import Recorded
from sonae.store.view import StoreView

GROUND, PAYMENT, DUTY = "jp.reserve.ground", "jp.reserve.payment", "jp.crypto.reserve_duty"
INCIDENT, ROUTE = "jp.securities.reserve_use", "jp.jvcea.compensation_route"
STATED = ("act", "arose_in_trading", "excess_jpy")
"""What a request may state of the ground, besides evidence."""
_ASKED = ("nature", "business", "from_incident", "confirmed", "basis")


def ground(stated: Mapping[str, Any], view: StoreView, on: date, amount: int) -> dict[str, Any]:
    """What was stated (ground, stated, evidence, assumed) and the rulebook's answer to it.

    Class of reserve, petition and appointment are the ledger's, whatever `stated` says of them.
    """
    constitution, failure = view.constitution(), view.failure()
    if constitution is None:
        raise UsageError("the constitution is not approved yet")
    basis = {
        **{k: stated[k] for k in ("ground", "stated", "evidence", "assumed")},
        "after_petition": failure.petition is not None or failure.appointed is not None,
        "reserve_class": constitution.reserve_class,
    }
    return basis | _judged(basis, on, amount)


def _judged(basis: Mapping[str, Any], on: date, amount: int) -> dict[str, Any]:
    """The rulebook's answer on a ground, as signed content."""
    edition = Edition(on, tuple(load_draft(name) for name in basis["assumed"]))
    stated = dict(basis["stated"])
    given: dict[str, Any] = {
        **{k: basis[k] for k in ("ground", "reserve_class", "after_petition")},
        "evidence": dict.fromkeys(basis["evidence"], True),
        "amount_jpy": amount,
    }
    given["statute_in_force"] = _ask(edition, DUTY, {})["in_force"]
    if "excess_jpy" in stated:
        given["excess_jpy"] = stated.pop("excess_jpy")
    if stated:
        use_ = _ask(edition, INCIDENT, stated)["reserve_usable_without_approval"]
        if isinstance(use_.value, bool):
            given["reserve_usable_without_approval"] = use_.value
    answer = _ask(edition, GROUND, given)
    may, reason, lacking = (answer[k] for k in ("may_proceed", "reason", "missing_evidence"))
    return {
        "may_proceed": may.value is True,
        "reason": str(reason.value or "none") if reason.computable else "not_computable",
        "missing": sorted(lacking.rows()) if lacking.computable else [],
        "standing": may.standing,
        "confidence": may.confidence,
        "provision": [c.text().as_json() for c in may.cites],
        "edition": edition.digest(),
    }


def payment(stated: Mapping[str, Any], on: date) -> dict[str, Any]:
    """What was stated of a payment and the rulebook's answer, by the nature of the payment."""
    edition = Edition(on, tuple(load_draft(name) for name in stated["assumed"]))
    given = {k: stated[k] for k in _ASKED if k in stated}
    asked = {k: v for k, v in given.items() if k != "basis"}
    if "basis" in given:
        asked |= _route(edition, str(given["basis"]))
    answer = _ask(edition, PAYMENT, asked)
    found = {k: f.value if f.computable else "not_computable" for k, f in answer.items()}
    marks = {"standing": answer["may_pay"].standing, "confidence": answer["may_pay"].confidence}
    return {**given, **asked, **found, **marks, "assumed": list(stated["assumed"])}


def _route(edition: Edition, basis: str) -> dict[str, bool]:
    """Whether a loss in derivatives needs confirmation, by the association's route."""
    answer = _ask(edition, ROUTE, {"product": "crypto_derivative", "basis": basis})
    needed = answer["confirmation_needed"].value
    return {"confirmation_needed": needed} if isinstance(needed, bool) else {}


def _ask(edition: Edition, rule: str, given: Mapping[str, Any]) -> Mapping[str, Figure]:
    plain_ = {k: v for k, v in given.items() if not isinstance(v, Figure)}
    facts, unknown = facts_from(plain_, edition.rule(rule))
    facts |= {k: v for k, v in given.items() if isinstance(v, Figure)}
    if unknown:
        raise UsageError(f"{rule} does not know {', '.join(unknown)}")
    return edition.evaluate(rule, facts)


# -- approving -------------------------------------------------------------------------------------


_ANSWER = ("may_proceed", "reason", "missing", "standing", "confidence", "provision")


def differs(proposed: Propose, view: StoreView) -> str | None:
    """The gate, `ground` or `payment`, on which the rulebook answers otherwise here and now."""
    content, on = proposed.content, date.fromisoformat(proposed.on)
    claimed, paid = content.get("ground") or {}, content.get("payment") or {}
    try:
        if claimed.get("may_proceed"):
            answer = ground(claimed, view, on, int(content.get("amount_jpy", "0")))
            if any(answer[k] != claimed.get(k) for k in ("reserve_class", *_ANSWER)):
                return "ground"
        return "payment" if paid.get("may_pay") and payment(paid, on) != paid else None
    except (KeyError, TypeError, ValueError, AttributeError):
        return "ground or payment"


def approving(
    seat: Seat,
    seq: int,
    reason: str = "",
    digest: str | None = None,
    court_permission: Mapping[str, str] | None = None,
) -> Build:
    """An approval, after asking the rulebook again what the proposer's program asked it.

    Raises:
        Refused: the proposal is not the one the person saw, or the rulebook answers otherwise now.
    """
    found = seat.ledger.view.proposal(seq)
    if found is not None and digest is not None and not found.digest.startswith(digest):
        raise Refused(f"proposal {seq} has the digest {found.digest[:16]}…, not {digest}")
    if found is not None and (gate := differs(found.act, seat.ledger.view)):
        raise Refused(
            f"proposal {seq} states an answer of the rulebook on its {gate} that it does not give "
            "here; look at the evidence and reject it, or update this program"
        )
    return seat.deciding(seq, "approve", reason, court_permission)


def approve(
    session: Session,
    seq: int,
    reason: str = "",
    digest: str | None = None,
    court_permission: Path | None = None,
) -> Recorded:
    """Approve a proposal.

    Raises:
        Refused: the proposal is not the one the person saw, or the rulebook answers otherwise now.
    """
    permission = read_order(court_permission) if court_permission else None
    return session.act(approving(session, seq, reason, digest, permission))
