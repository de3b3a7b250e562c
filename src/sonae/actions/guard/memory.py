"""What a guard keeps of batches: open, held, usual; packed whole so that a start is short.

Bounded: answers to the last batches, one number for each account, batches that are open or held.
What is left out is in the record, or makes the guard ask for a second person.
"""

from __future__ import annotations

import json
from collections import OrderedDict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sonae.fund.entry import instant
from sonae.guard.judge import Batch
from sonae.guard.wire import batch_again, batch_bytes

MOST_ANSWERS = 100_000
"""Answers kept in memory; older ones are read from the record."""
MOST_ACCOUNTS = 5_000_000
"""Accounts of an asset whose largest credit is remembered; the longest without one is forgotten."""


@dataclass
class Open:
    """A batch that was allowed: it counts until the ledger's own reading has it."""

    batch: Batch
    booked: datetime | None = None


class Memory:
    """Batches by where they stand, and what is usual of each asset. It needs a lock."""

    def __init__(
        self, most_answers: int = MOST_ANSWERS, most_accounts: int = MOST_ACCOUNTS
    ) -> None:
        self.most_answers, self.most_accounts = most_answers, most_accounts
        self.answers: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self.held: dict[str, Batch] = {}
        self.open: dict[str, dict[str, Open]] = {}
        self.booked: dict[str, deque[Open]] = {}
        self.waiting: dict[str, int] = {}
        self.largest: dict[str, int] = {}
        self.usual: dict[str, dict[str, int]] = {}

    def answered(self, id: str, answer: dict[str, Any]) -> None:
        """Remember an answer; the oldest goes where there are too many."""
        self.answers[id] = answer
        self.answers.move_to_end(id)
        if len(self.answers) > self.most_answers:
            self.answers.popitem(last=False)

    def stands(self, batch: Batch, answer: str) -> None:
        """Where a batch stands after an answer: open, held, or neither."""
        self.held.pop(batch.id, None)
        if answer == "allow":
            self.open.setdefault(batch.asset, {})[batch.id] = Open(batch)
            self.waiting[batch.asset] = self.waiting.get(batch.asset, 0) + batch.total
        elif answer == "hold":
            self.held[batch.id] = batch

    def ended(self, mine: Open, kind: str, at: datetime) -> None:
        """A batch was booked, and is usual from now on, or was dropped."""
        batch = mine.batch
        if kind == "dropped":
            self.gone(batch)
            return
        mine.booked = at
        self.booked.setdefault(batch.asset, deque()).append(mine)
        self.largest[batch.asset] = max(self.largest.get(batch.asset, 0), batch.total)
        usual = self.usual.setdefault(batch.asset, {})
        for account, units in batch.credits:
            usual[account] = max(usual.pop(account, 0), units)
        while len(usual) > self.most_accounts:
            del usual[next(iter(usual))]

    def gone(self, batch: Batch) -> None:
        """An open batch no longer counts."""
        del self.open[batch.asset][batch.id]
        self.waiting[batch.asset] -= batch.total

    def settled(self, asset: str, read: datetime) -> None:
        """The ledger's own total of an instant has every batch that was booked before it."""
        done = self.booked.get(asset)
        while done and done[0].booked is not None and done[0].booked < read:
            self.gone(done.popleft().batch)

    # -- whole -----------------------------------------------------------------------------------

    def copied(self) -> dict[str, Any]:
        """Everything but the answers, as it stands now; what is in it does not change any more."""
        return {
            "largest": dict(self.largest),
            "usual": {asset: dict(accounts) for asset, accounts in self.usual.items()},
            "held": list(self.held.values()),
            "open": [(o.batch, o.booked) for found in self.open.values() for o in found.values()],
        }

    def read(self, content: bytes) -> None:
        """Put back what `packed` gave."""
        found = json.loads(content)
        self.largest = {asset: int(units) for asset, units in found["largest"].items()}
        self.usual = {
            asset: {account: int(units) for account, units in accounts}
            for asset, accounts in found["usual"].items()
        }
        for text in found["held"]:
            self.stands(batch_again(text.encode()), "hold")
        for text, booked in found["open"]:
            batch = batch_again(text.encode())
            self.stands(batch, "allow")
            if booked is not None:
                mine = self.open[batch.asset][batch.id]
                mine.booked = datetime.fromisoformat(booked)
                self.booked.setdefault(batch.asset, deque()).append(mine)


def packed(copied: Mapping[str, Any]) -> bytes:
    """A copied memory as bytes."""
    plain = {
        "largest": {asset: str(units) for asset, units in copied["largest"].items()},
        "usual": {
            asset: [[account, str(units)] for account, units in accounts.items()]
            for asset, accounts in copied["usual"].items()
        },
        "held": [batch_bytes(b).decode() for b in copied["held"]],
        "open": [
            [batch_bytes(b).decode(), None if at is None else instant(at)]
            for b, at in sorted(copied["open"], key=lambda o: (o[1] is None, o[1] or 0))
        ],
    }
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()
