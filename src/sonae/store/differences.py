"""What the tables say beside the signed bytes, against what those bytes alone make of them.

The chain covers what was signed. Who, what about, when and to what effect stand in columns of their
own, which later acts are judged by, and postings in a table of their own, which balances are read
from. Both are made again here from the entries and compared, column by column.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import bindparam, func, select

from sonae.core.text import Text
from sonae.fund.control import EFFECTS
from sonae.fund.entry import Act, Decide, Line, Propose, read_act
from sonae.fund.verify import Fault
from sonae.store.prepared import DriverConnection, Prepared
from sonae.store.schema import ENTRY, POSTING

BATCH = 20_000
ORDERS = {"appoint": "appointment", "petition": "petition"}
"""An order and its effect."""
Postings = dict[tuple[str, str, str, int], tuple[int, int]]
"""Account, unit, day, entry -> amount and total of the day."""

_E, _P = ENTRY.c, POSTING.c
_COLUMNS = (
    _E.seq, _E.at, _E.by_id, _E.act, _E.kind, _E.subject, _E.on_day, _E.outcome, _E.effect,
    _E.digest, _E.latest, _E.ruled,
)  # fmt: skip
_ENTRIES = Prepared(
    select(*_COLUMNS, _E.body)
    .where(_E.seq >= bindparam("first"), _E.seq <= bindparam("last"))
    .order_by(_E.seq)
)
_POSTINGS = Prepared(
    select(_P.account, _P.unit, _P.on_day, _P.seq, _P.amount, _P.day_total).where(
        _P.seq >= bindparam("first"), _P.seq <= bindparam("last")
    )
)
_ASTRAY = Prepared(
    select(_P.seq, _P.account)
    .where((_P.seq < 1) | (_P.seq > select(func.max(_E.seq)).scalar_subquery()))
    .order_by(_P.seq, _P.account)
)


def differences(connection: DriverConnection, outcomes: Sequence[str]) -> Iterator[Fault]:
    """Every column and posting that differs, in order of the entries whose outcomes are given."""
    made = _Made(outcomes)
    for first in range(1, len(outcomes) + 1, BATCH):
        places = {"first": first, "last": min(first + BATCH - 1, len(outcomes))}
        wanted: Postings = {}
        for *stored, body in _ENTRIES.rows(connection, places):
            row = made.entry(stored[0], read_act(body.encode()), _digest(body), wanted)
            for column, there, true in zip(_COLUMNS, stored, row, strict=True):
                if there != true:
                    yield _fault(row[0], f"{column.name} {there}", true)
        there = {
            (a, u, on, seq): (n, total)
            for a, u, on, seq, n, total in _POSTINGS.rows(connection, places)
        }
        yield from _postings(there, wanted)
    for seq, account in _ASTRAY.rows(connection, {}):
        yield _fault(seq, f"a posting to {account}", None)


def _postings(there: Postings, wanted: Postings) -> Iterator[Fault]:
    for key in sorted({*there, *wanted}, key=lambda k: (k[3], k[:3])):
        stored, true = there.get(key), wanted.get(key)
        if stored != true:
            yield _fault(key[3], f"{' '.join(key[:3])} {_amounts(stored)}", _amounts(true))


def _amounts(found: tuple[int, int] | None) -> str:
    return "-" if found is None else f"{found[0]} ({found[1]})"


def _fault(seq: int, stored: str, made: object) -> Fault:
    true = "-" if made is None else str(made)
    words = Text(f"表には{stored}、記録からは{true}", f"the table has {stored}, the entries {true}")
    return Fault(seq, words)


class _Made:
    """The tables as the entries make them, entry by entry."""

    def __init__(self, outcomes: Sequence[str]) -> None:
        self.outcomes = outcomes
        self.proposals: dict[int, tuple[str, str]] = {}
        self.lines: dict[int, tuple[Line, ...]] = {}
        self.totals: dict[tuple[str, str, str], int] = {}
        self.latest, self.ruled = "", 0

    def entry(self, seq: int, act: Act, digest: str, postings: Postings) -> tuple[Any, ...]:
        """The columns of an entry; its postings are added to `postings`."""
        code, (kind, on) = self.outcomes[seq - 1], self._about(act)
        effect = _effect(act, code, kind)
        self.latest = max(self.latest, act.at)
        if effect == "posting":
            assert isinstance(act, Decide)
            self._post(seq, on or "", self.lines[act.proposal], postings)
        elif effect:
            self.ruled = seq
        if isinstance(act, Propose) and code == "pending":
            self.proposals[seq], self.lines[seq] = (act.kind, act.on), act.lines
        elif isinstance(act, Decide) and code in ("approved", "rejected", "withdrawn"):
            del self.lines[act.proposal]
        name = type(act).__name__.lower()
        about = (name, kind, subject(act), on)
        return (seq, act.at, act.by, *about, code, effect, digest, self.latest, self.ruled)

    def _about(self, act: Act) -> tuple[str | None, str | None]:
        """Kind and day of a proposal, or of the one that a decision names."""
        if isinstance(act, Decide):
            return self.proposals.get(act.proposal, (None, None))
        return (act.kind, act.on) if isinstance(act, Propose) else (None, None)

    def _post(self, seq: int, on: str, lines: Sequence[Line], postings: Postings) -> None:
        for account, unit, amount in lines:
            day = (account, unit, on)
            self.totals[day] = self.totals.get(day, 0) + amount
            postings[(*day, seq)] = (amount, self.totals[day])


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()


def _effect(act: Act, code: str, kind: str | None) -> str | None:
    if code == "approved":
        return EFFECTS.get(kind or "", "posting")
    return ORDERS.get(type(act).__name__.lower()) if code == "recorded" else None


def subject(act: Act) -> int | None:
    """The proposal that a decision is about, or that a correction corrects."""
    if isinstance(act, Decide):
        return act.proposal
    corrects = act.content.get("corrects") if isinstance(act, Propose) else None
    return corrects if type(corrects) is int else None
