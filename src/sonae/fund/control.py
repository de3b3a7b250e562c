"""Two people: what an act of one person does to the fund, given everything before it.

`judge` is a pure function of the signed act and a view of the ledger. The store asks it before an
act is recorded and the verifier asks it again from an export, so the outcome of every act ever
tried, refused ones included, can be recomputed by anyone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol

from sonae.core.errors import InputError
from sonae.fund.assets import asset_problems
from sonae.fund.constitution import FIRM, Constitution, Person, read_constitution
from sonae.fund.entry import Act, Appoint, Decide, LedgerError, Line, Petition, Propose
from sonae.fund.journal import MOVEMENTS, OUTFLOWS, amount_jpy, lines_fault, negated

GROUNDS = (
    "ground_does_not_hold",
    "evidence_missing",
    "above_excess",
    "statute_not_in_force",
    "court_order_needed",
    "not_computable",
)
"""Why a ground may not be proceeded on, as `jp.reserve.ground` says it; else there is none."""
EFFECTS = {"constitution": "constitution", "asset": "asset", "close": "close"}
KINDS = (*MOVEMENTS, *EFFECTS)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an act: a code, `refused:<why>` among them, and what took effect by it.

    Codes: pending, counted (more approvals are needed), approved, rejected, withdrawn, recorded.
    Effects: posting, constitution, asset, close, appointment, petition.
    """

    code: str
    effect: str | None = None

    @property
    def refused(self) -> str | None:
        """Why it was refused, or None."""
        return self.code.partition(":")[2] or None


class Proposal(NamedTuple):
    """A pending or decided proposal: its place, the digest of its bytes, and what it says."""

    seq: int
    digest: str
    act: Propose


class Tally(NamedTuple):
    """Who approved a proposal so far, and how it ended (approved, rejected, withdrawn), if so."""

    by: tuple[str, ...] = ()
    ended: str | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """What has befallen the firm: the place of a petition and of an appointment, administrators."""

    petition: int | None = None
    appointed: int | None = None
    administrators: Mapping[str, Person] | None = None


class View(Protocol):
    """What a judgement reads of the ledger before the act."""

    def constitution(self) -> Constitution | None:
        """The constitution in force."""

    def proposal(self, seq: int) -> Proposal | None:
        """A proposal that was not refused; one that has ended may be left out."""

    def tally(self, seq: int) -> Tally:
        """The decisions on a proposal."""

    def posted(self, seq: int) -> tuple[Line, ...] | None:
        """The lines that a proposal posted, unless they were corrected since."""

    def amended_after(self, seq: int) -> bool:
        """Whether the constitution in force came into force after an entry."""

    def failure(self) -> Failure:
        """Petition and appointment, if any."""

    def later_than(self, seq: int, instant: str) -> bool:
        """Whether an entry after `seq` was made after that instant."""

    def balance(self, account: str, unit: str) -> int:
        """The balance of everything posted."""

    def asset(self, id: str) -> Mapping[str, Any] | None:
        """A registered asset."""

    def signed_close(self, on: str) -> int | None:
        """The proposal by which the last close of that day was signed."""


def judge(view: View, act: Act) -> Outcome:
    """The outcome of an act whose signature is good and whose author saw this very ledger.

    Raises:
        LedgerError: the act has no meaning, whoever signs it.
    """
    why, person = _person(view, act)
    if person is None:
        return _refused(why)
    if isinstance(act, Decide):
        return _decide(view, act, person)
    if isinstance(act, Propose):
        return _propose(view, act, person)
    return _order(act, person)


PENDING = Outcome("pending")
COUNTED, REJECTED, WITHDRAWN = (Outcome(code) for code in ("counted", "rejected", "withdrawn"))
APPROVED = {e: Outcome("approved", e) for e in ("posting", *EFFECTS.values())}


def _refused(why: str) -> Outcome:
    return Outcome(f"refused:{why}")


# -- who ----------------------------------------------------------------------------------------


def _person(view: View, act: Act) -> tuple[str, Person | None]:
    """The person by id and key, with the roles left to them."""
    constitution, failure = view.constitution() or _founding(view, act), view.failure()
    if constitution is None:
        return "not_constituted", None
    appointed = failure.administrators or {}
    person = appointed.get(act.by) or constitution.persons.get(act.by)
    if person is None:
        return "unknown_person", None
    if person.key != act.key:
        return "another_key", None
    roles = person.roles
    if failure.appointed is not None:
        roles -= FIRM
        if not roles:
            return "role_revoked", None
    if "administrator" in roles and act.by not in appointed and not isinstance(act, Appoint):
        roles -= {"administrator"}  # designated, and without powers until appointed
    return "", person if roles is person.roles else replace(person, roles=roles)


def _founding(view: View, act: Act) -> Constitution | None:
    """Before a constitution is in force: the one that the act proposes or decides on."""
    if isinstance(act, Decide):
        found = view.proposal(act.proposal)
        return _founding(view, found.act) if found else None
    if not isinstance(act, Propose) or act.kind != "constitution":
        return None
    return _constitution(act.content)


def _constitution(content: Mapping[str, Any]) -> Constitution:
    try:
        return read_constitution(content)
    except InputError as error:
        raise LedgerError(str(error)) from error


# -- propose ------------------------------------------------------------------------------------


def _propose(view: View, act: Propose, person: Person) -> Outcome:
    if "preparer" not in person.roles and "administrator" not in person.roles:
        return _refused("not_permitted")
    constitution = view.constitution() or _founding(view, act)
    assert constitution is not None
    why = _fault(view, act, constitution)
    return _refused(why) if why else PENDING


def _fault(view: View, act: Propose, constitution: Constitution) -> str | None:
    """Why what is proposed may not be done on the ledger as it stands, as a code."""
    if act.kind in MOVEMENTS:
        return _movement_fault(view, act, constitution)
    if act.kind not in EFFECTS:
        raise LedgerError(f"no kind of proposal is called {act.kind!r}; one of {', '.join(KINDS)}")
    if act.lines:
        return "wrong_account"
    if act.kind == "asset":
        return _registration_fault(view, act.content, constitution)
    if act.kind == "close":
        signed = view.signed_close(act.on)
        return None if act.content.get("supersedes") == signed else "close_is_signed"
    _constitution(act.content)
    return None


def _registration_fault(
    view: View, asset: Mapping[str, Any], constitution: Constitution
) -> str | None:
    """An asset may be registered again with other particulars, never in another unit."""
    if asset_problems(asset, constitution.units):
        return "bad_asset"
    known = view.asset(asset["id"])
    return "wrong_unit" if known and known["unit"] != asset["unit"] else None


def _movement_fault(view: View, act: Propose, constitution: Constitution) -> str | None:
    kind, content, lines = act.kind, act.content, act.lines
    why = (
        lines_fault(kind, lines, constitution.units)
        or (_correction_fault(view, act) if kind == "correct" else None)
        or _ledger_fault(view, lines)
    )
    if why:
        return why
    prices = content.get("prices", {})
    worth = amount_jpy(lines, constitution.units, prices, constitution.currency)
    if worth is None or str(worth) != content.get("amount_jpy"):
        return "amount_differs"
    if constitution.approvals(kind, worth) is None:
        return "above_limit"
    return _basis_fault(view, kind, content, lines)


def _ledger_fault(view: View, lines: Sequence[Line]) -> str | None:
    """Assets are registered and never below zero; no more is released than was set aside."""
    for account, unit, amount in lines:
        head = account[:6]
        if head == "asset/":
            asset = view.asset(account[6:])
            if asset is None:
                return "unknown_asset"
            if asset["unit"] != unit:
                return "wrong_unit"
            if amount < 0 and view.balance(account, unit) + amount < 0:
                return "overdrawn"
        elif head == "reserv" and amount > 0 and view.balance(account, unit) + amount > 0:
            return "overdrawn"
    return None


def _correction_fault(view: View, act: Propose) -> str | None:
    seq = act.content.get("corrects")
    lines = view.posted(seq) if type(seq) is int else None
    if lines is None:
        return "nothing_to_correct"
    return None if act.lines == negated(lines) else "not_the_reverse"


def lowers_assets(kind: str, lines: Sequence[Line]) -> bool:
    """Whether money leaves an asset other than into another one of the fund."""
    down = any(x.account.startswith("asset/") and x.amount < 0 for x in lines)
    return kind in OUTFLOWS or (down and kind != "exchange")


def _basis_fault(
    view: View, kind: str, content: Mapping[str, Any], lines: Sequence[Line]
) -> str | None:
    """Two gates for money that leaves: may the reserve be used, and may this payment be made.

    After a petition or an appointment whatever lowers an asset needs a court's ground.
    """
    if kind in OUTFLOWS:
        ground = content.get("ground") or {}
        if ground.get("may_proceed") is not True:
            reason = ground.get("reason")
            return reason if reason in GROUNDS else "no_ground"
        if kind == "use" and (content.get("payment") or {}).get("may_pay") is not True:
            return "payment_not_permitted"
    failure = view.failure()
    if failure.petition is None and failure.appointed is None:
        return None
    court = (content.get("ground") or {}).get("ground") == "court_order"
    return "court_order_needed" if lowers_assets(kind, lines) and not court else None


# -- decide -------------------------------------------------------------------------------------


def _decide(view: View, act: Decide, person: Person) -> Outcome:
    tally = view.tally(act.proposal)
    if tally.ended:
        return _refused("already_decided")
    found = view.proposal(act.proposal)
    if found is None:
        return _refused("no_such_proposal")
    if found.digest != act.digest:
        return _refused("different_bytes")
    proposed = found.act
    if act.at > proposed.expires or view.later_than(found.seq, proposed.expires):
        return _refused("expired")
    own = proposed.by == person.id
    if act.verdict == "reject":
        return _reject(person, own)
    court = _court_permits(act, proposed, person)
    if (own and not court) or person.id in tally.by:
        return _refused("same_person")
    if not may_approve(person, proposed.kind):
        return _refused("not_permitted")
    return _approve(view, found, tally, person, court)


def _reject(person: Person, own: bool) -> Outcome:
    if own:
        return WITHDRAWN
    decider = person.roles & {"approver", "releaser", "administrator"}
    return REJECTED if decider else _refused("not_permitted")


def may_approve(person: Person, kind: str) -> bool:
    """Whether a person's roles let them decide on what another proposed."""
    roles = person.roles
    outflow = kind in OUTFLOWS and "releaser" in roles
    return outflow or "approver" in roles or "administrator" in roles


def _court_permits(act: Decide, proposed: Propose, person: Person) -> bool:
    """Whether a court's permission stands as the second approval: for an administrator only."""
    permission = act.court_permission
    if not permission or "administrator" not in person.roles:
        return False
    stated = all(permission.get(k) for k in ("court", "number", "date", "document"))
    most, amount = permission.get("up_to_jpy", ""), proposed.content.get("amount_jpy", "0")
    return stated and most.isdecimal() and int(amount) <= int(most)


def _approve(view: View, found: Proposal, tally: Tally, person: Person, court: bool) -> Outcome:
    act = found.act
    constitution = view.constitution() or _founding(view, act)
    assert constitution is not None
    failure = view.failure()
    if failure.appointed is not None and found.seq < failure.appointed:
        return _refused("frozen")
    if why := _changed_fault(view, found, constitution):
        return _refused(why)
    deciders = [*(constitution.persons.get(i) for i in tally.by), person]
    enough = len(deciders) >= needed(act, constitution) or court
    if not enough or (act.kind in OUTFLOWS and not any(map(_releases, deciders))):
        return COUNTED
    return APPROVED[EFFECTS.get(act.kind, "posting")]


def _changed_fault(view: View, found: Proposal, constitution: Constitution) -> str | None:
    """What may have changed since a movement was proposed: balances, a petition; else all of it."""
    act = found.act
    if act.kind not in MOVEMENTS or act.kind == "correct" or view.amended_after(found.seq):
        return _fault(view, act, constitution)
    return _ledger_fault(view, act.lines) or _basis_fault(view, act.kind, act.content, act.lines)


def needed(act: Propose, constitution: Constitution) -> int:
    """How many others must approve: of a constitution as many as for the largest movement."""
    if act.kind in MOVEMENTS:
        return constitution.approvals(act.kind, int(act.content["amount_jpy"])) or 1
    return constitution.most_approvals if act.kind == "constitution" else 1


def _releases(person: Person | None) -> bool:
    return person is not None and bool(person.roles & {"releaser", "administrator"})


# -- orders -------------------------------------------------------------------------------------

STATED = {
    Petition: ("court", "number", "date", "document"),
    Appoint: ("authority", "number", "date", "document", "powers", "administrator"),
}
"""What a petition and an appointment state."""


def _order(act: Appoint | Petition, person: Person) -> Outcome:
    if missing := [k for k in STATED[type(act)] if not act.content.get(k)]:
        raise LedgerError(f"this order does not state {', '.join(missing)}")
    if isinstance(act, Petition):
        return Outcome("recorded", "petition")
    administrator(act.content)
    if not person.roles & {"supervisor", "administrator"}:
        return _refused("not_permitted")
    return Outcome("recorded", "appointment")


def administrator(content: Mapping[str, Any]) -> Person:
    """The administrator whom an appointment names: id, name, public key."""
    raw = content["administrator"]
    try:
        id, name, key = str(raw["id"]), str(raw["name"]), str(raw["public_key"])
    except (KeyError, TypeError) as error:
        raise LedgerError("an administrator has an id, a name and a public_key") from error
    return Person(id, name, frozenset({"administrator"}), key)
