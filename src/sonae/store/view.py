"""What a judgement reads of the ledger, from the store's indexes: `fund.control.View`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    Select,
    bindparam,
    func,
    select,
)

from sonae.fund.constitution import Constitution, read_constitution
from sonae.fund.control import Failure, Proposal, Tally, administrator
from sonae.fund.entry import NOTHING, LedgerError, Line, Propose, Seen, read_act
from sonae.fund.journal import MOVEMENTS
from sonae.store.prepared import DriverConnection, Prepared
from sonae.store.schema import ENTRY, POSTING, RARE

LAST_DAY, LAST = "9999-12-31", 2**62
_E, _P = ENTRY.c, POSTING.c
_DECISION = ENTRY.alias("decision")
_PROPOSAL = Prepared(
    select(_E.digest, _E.body, _DECISION.c.by_id, _DECISION.c.outcome)
    .outerjoin(
        _DECISION,
        (_DECISION.c.subject == _E.seq)
        & (_DECISION.c.act == "decide")
        & _DECISION.c.outcome.not_like("refused:%"),
    )
    .where(_E.seq == bindparam("seq"), _E.act == "propose", _E.outcome == "pending")
    .order_by(_DECISION.c.seq)
)
_CLOSE = Prepared(
    select(_E.subject)
    .where(RARE, _E.effect == "close", _E.on_day == bindparam("on"))
    .order_by(_E.seq.desc())
    .limit(1)
)
_RULES = ("constitution", "asset", "appointment", "petition")
_RULED = Prepared(
    select(_E.seq, _E.effect, _E.subject, _E.body)
    .where(RARE, _E.effect.in_(_RULES))
    .order_by(_E.seq)
)
_LATER = Prepared(
    select(_E.seq).where(_E.at > bindparam("instant"), _E.seq > bindparam("seq")).limit(1)
)
_MOMENT = Prepared(select(_E.seq, _E.hash, _E.latest, _E.ruled).order_by(_E.seq.desc()).limit(1))
_SENT = Prepared(
    select(_E.seq)
    .where(_E.seq > bindparam("since"), _E.digest == bindparam("digest"))
    .order_by(_E.seq)
    .limit(1)
)
_CORRECTED = Prepared(
    select(_E.seq)
    .join(_DECISION, _DECISION.c.subject == _E.seq)
    .where(_E.subject == bindparam("seq"), _E.act == "propose", _DECISION.c.effect == "posting")
    .limit(1)
)
_FUND = Prepared(select(_E.body).where(_E.seq == 1))


@dataclass(frozen=True, slots=True)
class Moment:
    """The ledger at the start of a write: head, latest instant, last entry that changed rules."""

    head: Seen
    latest: str
    ruled: int


class StoreView:
    """The ledger as it stands. `look` is called at the start of each write and each reading.

    What only rare entries change (constitution, assets, petition, appointment) is kept until one
    of them is added, by this process or another.
    """

    def __init__(self, connection: DriverConnection) -> None:
        self.connection = connection
        self._ruled: int | None = None
        self._amended = 0
        self._constitution: Constitution | None = None
        self._assets: dict[str, Mapping[str, Any]] = {}
        self._failure = Failure()
        self._ever: set[tuple[str, str]] = set()
        self._found: tuple[int, Proposal | None, Tally] | None = None
        self._latest = ""
        self._fund = ""

    def look(self, proposal: int | None = None) -> Moment:
        """Read where the ledger stands, and what entries that change rules have changed.

        A proposal that is about to be decided on is read on the way.
        """
        head = _MOMENT.send(self.connection, {})
        found = None if proposal is None else _PROPOSAL.send(self.connection, {"seq": proposal})
        rows = head()
        self._found = None
        if proposal is not None and found is not None:
            self._found = (proposal, *_decided(proposal, found()))
        if not rows:
            return Moment(NOTHING, "", 0)
        seq, hash, self._latest, ruled = rows[0]
        if ruled != self._ruled:
            self._read_rules()
            self._ruled = ruled
        return Moment(Seen(seq, hash), self._latest, ruled)

    def forget(self) -> None:
        """An entry was added: what was read of a proposal may have changed."""
        self._found = None

    def sent(self, digest: str, since: int) -> int | None:
        """The entry after `since` that holds an act with this digest."""
        row = _SENT.first(self.connection, {"digest": digest, "since": since})
        return row[0] if row else None

    def _read_rules(self) -> None:
        petition = appointed = None
        persons, self._assets, self._ever = {}, {}, set()
        for seq, effect, subject, body in _RULED.rows(self.connection, {}):
            if effect == "petition":
                petition = petition or seq
            elif effect == "appointment":
                person = administrator(json.loads(body)["content"])
                appointed, persons[person.id] = seq, person
                self._ever.add((person.id, person.key))
            elif effect == "constitution":
                self._constitution = read_constitution(self._read(subject).act.content)
                self._amended = seq
                self._ever |= {(p.id, p.key) for p in self._constitution.persons.values()}
            else:
                content = self._read(subject).act.content
                self._assets[content["id"]] = content
        self._failure = Failure(petition, appointed, persons or None)

    def fund(self) -> str:
        """The fund's id, from its first entry; empty before it."""
        if not self._fund and (row := _FUND.first(self.connection, {})):
            self._fund = json.loads(row[0])["fund"]
        return self._fund

    def constitution(self) -> Constitution | None:
        """The constitution in force."""
        return self._constitution

    def ever(self, person: str, key: str) -> bool:
        """Whether a person of that id and key was ever in a constitution in force, or appointed."""
        return (person, key) in self._ever

    def proposal(self, seq: int) -> Proposal | None:
        """A proposal that was not refused."""
        return self._find(seq)[0]

    def tally(self, seq: int) -> Tally:
        """The decisions on a proposal."""
        return self._find(seq)[1]

    def _find(self, seq: int) -> tuple[Proposal | None, Tally]:
        """A proposal with its decisions, read once for each look."""
        if self._found is None or self._found[0] != seq:
            rows = _PROPOSAL.rows(self.connection, {"seq": seq})
            self._found = (seq, *_decided(seq, rows))
        return self._found[1:]

    def _read(self, seq: int) -> Proposal:
        found = self.proposal(seq)
        if found is None:
            raise LedgerError(
                f"the store contradicts itself: entry {seq} took effect and is no proposal; "
                "restore a copy whose export verifies"
            )
        return found

    def amended_after(self, seq: int) -> bool:
        """Whether the constitution in force came into force after an entry."""
        return self._amended > seq

    def failure(self) -> Failure:
        """Petition and appointment, if any."""
        return self._failure

    def later_than(self, seq: int, instant: str) -> bool:
        """Whether an entry after `seq` was made after that instant."""
        if self._latest <= instant:
            return False
        return _LATER.first(self.connection, {"seq": seq, "instant": instant}) is not None

    def balance(self, account: str, unit: str, on: str = LAST_DAY, known: int = LAST) -> int:
        """The balance on a day, by what entries up to `known` say of it; without a day, of all.

        Reads one row for each day on which the account moved.
        """
        values = {"account": account, "unit": unit, "on": on, "known": known}
        return sum(row[0] for row in _DAYS.rows(self.connection, values))

    def day_totals(self, lines: Sequence[Line], on: str) -> list[int]:
        """For each line's account: what that day's postings sum to."""
        values = {"on": on}
        for n, line in enumerate(lines):
            values |= {f"account{n}": line.account, f"unit{n}": line.unit}
        return [v or 0 for v in _day_totals(len(lines)).rows(self.connection, values)[0]]

    def assets(self) -> Mapping[str, Mapping[str, Any]]:
        """Every registered asset by id; a later registration replaces an earlier one."""
        return self._assets

    def asset(self, id: str) -> Mapping[str, Any] | None:
        """A registered asset."""
        return self._assets.get(id)

    def signed_close(self, on: str) -> int | None:
        """The proposal by which the last close of that day was signed."""
        row = _CLOSE.first(self.connection, {"on": on})
        return row[0] if row else None

    def posted(self, seq: int) -> tuple[Line, ...] | None:
        """The lines that a proposal posted, unless they were corrected since."""
        proposal, tally = self.proposal(seq), self.tally(seq)
        if proposal is None or tally.ended != "approved" or proposal.act.kind not in MOVEMENTS:
            return None
        corrected = _CORRECTED.first(self.connection, {"seq": seq}) is not None
        return None if corrected else proposal.act.lines


@lru_cache(maxsize=64)
def _day_totals(count: int) -> Prepared:
    """The last total of a day for so many accounts, in one statement."""
    picked = []
    for n in range(count):
        mine = (_P.account == bindparam(f"account{n}"), _P.unit == bindparam(f"unit{n}"))
        day = select(_P.day_total).where(*mine, _P.on_day == bindparam("on"))
        picked.append(day.order_by(_P.seq.desc()).limit(1).scalar_subquery())
    return Prepared(select(*picked))


def _days() -> Select[Any]:
    """The last running total of each day up to one: seeks from day to day in the index."""
    mine = (_P.account == bindparam("account"), _P.unit == bindparam("unit"))
    known = (*mine, _P.seq <= bindparam("known"), _P.on_day <= bindparam("on"))
    days = select(func.min(_P.on_day).label("day")).where(*known).cte("days", recursive=True)
    after = select(func.min(_P.on_day)).where(*known, _P.on_day > days.c.day).scalar_subquery()
    days = days.union_all(select(after).where(days.c.day.is_not(None)))
    total = (
        select(_P.day_total)
        .where(*mine, _P.on_day == days.c.day, _P.seq <= bindparam("known"))
        .order_by(_P.seq.desc())
        .limit(1)
        .scalar_subquery()
    )
    return select(total).where(days.c.day.is_not(None))


_DAYS = Prepared(_days())


def _decided(seq: int, rows: Sequence[Sequence[Any]]) -> tuple[Proposal | None, Tally]:
    """A proposal and what was decided on it."""
    found = _proposal(seq, rows[0][0], rows[0][1]) if rows else None
    decided = [(by, outcome) for _, _, by, outcome in rows if by is not None]
    approvers = tuple(by for by, outcome in decided if outcome in ("counted", "approved"))
    ended = [outcome for _, outcome in decided if outcome != "counted"]
    return found, Tally(approvers, ended[0] if ended else None)


def _proposal(seq: int, digest: str, body: str) -> Proposal:
    act = read_act(body.encode())
    assert isinstance(act, Propose)
    return Proposal(seq, digest, act)
