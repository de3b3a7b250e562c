"""The fund as its entries make it: what `judge` reads when a ledger is replayed from an export."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sonae.fund.constitution import Constitution, read_constitution
from sonae.fund.control import Failure, Outcome, Proposal, Tally, administrator
from sonae.fund.entry import Act, Appoint, Decide, Line, Petition, Propose


class State:
    """A ledger replayed entry by entry; implements `control.View`.

    Memory grows with accounts, open proposals and the lines of movements, which may be corrected.
    """

    def __init__(self) -> None:
        self.balances: dict[tuple[str, str], int] = {}
        self.assets: dict[str, Mapping[str, Any]] = {}
        self._constitution: Constitution | None = None
        self._proposals: dict[int, Proposal] = {}
        self._approved_by: dict[int, tuple[str, ...]] = {}
        self._ended: dict[int, str] = {}
        self._posted: dict[int, tuple[Line, ...]] = {}
        self._closes: dict[str, int] = {}
        self._failure, self._amended = Failure(), 0
        self._latest: tuple[list[int], list[str]] = ([], [])

    # -- control.View --------------------------------------------------------------------------

    def constitution(self) -> Constitution | None:
        """The constitution in force."""
        return self._constitution

    def proposal(self, seq: int) -> Proposal | None:
        """A proposal that is pending."""
        return self._proposals.get(seq)

    def tally(self, seq: int) -> Tally:
        """The decisions on a proposal."""
        if ended := self._ended.get(seq):
            return _ENDED[ended]
        by = self._approved_by.get(seq)
        return Tally(by) if by else _NONE

    def posted(self, seq: int) -> tuple[Line, ...] | None:
        """The lines that a proposal posted, unless they were corrected since."""
        return self._posted.get(seq)

    def amended_after(self, seq: int) -> bool:
        """Whether the constitution in force came into force after an entry."""
        return self._amended > seq

    def failure(self) -> Failure:
        """Petition and appointment, if any."""
        return self._failure

    def later_than(self, seq: int, instant: str) -> bool:
        """Whether an entry after `seq` was made after that instant."""
        places, instants = self._latest
        index = bisect_right(places, seq)
        return index < len(instants) and instants[index] > instant

    def balance(self, account: str, unit: str) -> int:
        """The balance of everything posted."""
        return self.balances.get((account, unit), 0)

    def asset(self, id: str) -> Mapping[str, Any] | None:
        """A registered asset."""
        return self.assets.get(id)

    def signed_close(self, on: str) -> int | None:
        """The proposal by which the last close of that day was signed."""
        return self._closes.get(on)

    # -- replay --------------------------------------------------------------------------------

    def apply(self, seq: int, act: Act, digest: str, outcome: Outcome) -> None:
        """Let an act take effect as it was judged."""
        self._note_time(seq, act.at)
        if isinstance(act, Decide):
            if not outcome.code.startswith("refused"):
                self._decided(seq, act, outcome)
        elif isinstance(act, Propose):
            if outcome.code == "pending":
                self._proposals[seq] = Proposal(seq, digest, act)
        elif outcome.effect:
            self._failed(seq, act)

    def _note_time(self, seq: int, at: str) -> None:
        """Keep, for every place, the latest instant at or after it: a falling staircase."""
        places, instants = self._latest
        while instants and instants[-1] <= at:
            places.pop()
            instants.pop()
        places.append(seq)
        instants.append(at)

    def _decided(self, place: int, act: Decide, outcome: Outcome) -> None:
        seq = act.proposal
        if outcome.code == "counted":
            self._approved_by[seq] = (*self._approved_by.get(seq, ()), act.by)
            return
        proposed = self._proposals.pop(seq).act
        self._approved_by.pop(seq, None)
        self._ended[seq] = outcome.code
        if outcome.effect == "posting":
            self._post(seq, proposed)
        elif outcome.effect == "constitution":
            self._constitution, self._amended = read_constitution(proposed.content), place
        elif outcome.effect == "asset":
            self.assets[proposed.content["id"]] = proposed.content
        elif outcome.effect == "close":
            self._closes[proposed.on] = seq

    def _post(self, seq: int, proposed: Propose) -> None:
        for account, unit, amount in proposed.lines:
            key = (account, unit)
            self.balances[key] = self.balances.get(key, 0) + amount
        if proposed.kind == "correct":
            del self._posted[proposed.content["corrects"]]
        self._posted[seq] = proposed.lines

    def _failed(self, seq: int, act: Appoint | Petition) -> None:
        failure = self._failure
        if isinstance(act, Petition):
            self._failure = replace(failure, petition=failure.petition or seq)
        else:
            person = administrator(act.content)
            others = {**(failure.administrators or {}), person.id: person}
            self._failure = replace(failure, appointed=seq, administrators=others)


_NONE = Tally()
_ENDED = {code: Tally((), code) for code in ("approved", "rejected", "withdrawn")}
