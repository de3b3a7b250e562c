"""The guard as a service in one process: ask before a credit, tell what is held, see what differs.

    with Guard("guard.db", policy) as guard:
        answer = guard.ask(batch)      # durable when it returns
        ...                            # the ledger books it, or not
        guard.booked(batch["batch"])

Batches that were allowed and are not booked yet count as booked: two that fit singly and not
together are not both allowed.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sonae.actions.fund import Now, utc_now
from sonae.actions.guard_log import Record, pack
from sonae.core.canonical import canonical_bytes
from sonae.core.errors import UsageError
from sonae.core.text import Text
from sonae.fund.entry import instant
from sonae.guard.compare import Compared, compare, side
from sonae.guard.feed import Feed
from sonae.guard.judge import Batch, Known, judge
from sonae.guard.limits import Policy
from sonae.guard.wire import (
    as_bytes,
    as_json,
    batch_again,
    batch_bytes,
    read_batch,
    read_whole,
    whole,
)
from sonae.store.watch import Kept, Note

TOTALS_EVERY = timedelta(minutes=10)
"""How often all totals are written down whole, so that a start need not read every change."""
Answered = dict[str, Any]


@dataclass
class _Open:
    """A batch that was allowed: it counts until the ledger's own reading has it."""

    batch: Batch
    booked: datetime | None = None


class Guard:
    """One guard over one record. Safe to call from many threads."""

    def __init__(self, place: str, policy: Policy, now: Now = utc_now) -> None:
        self.policy, self._now = policy, now
        self.feed = Feed(timedelta(seconds=policy.clock_skew))
        self.record = Record(place)
        self._lock = threading.RLock()
        self._answers: dict[str, Answered] = {}
        self._held: dict[str, Batch] = {}
        self._open: dict[str, dict[str, _Open]] = {}
        self._booked: dict[str, deque[_Open]] = {}
        self._waiting: dict[str, int] = {}
        self._largest: dict[str, int] = {}
        self._usual: dict[str, dict[str, int]] = {}
        self._states: dict[str, str] = {}
        self._whole_at: datetime | None = None
        self._replay()

    def __enter__(self) -> Guard:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Keep what waits, then stop."""
        self.record.close()

    def recording(self) -> bool:
        """Whether the last write to the record succeeded."""
        return self.record.writes

    # -- before a credit -----------------------------------------------------------------------

    def ask(self, said: Mapping[str, Any]) -> Answered:
        """The answer to a batch, once it is durable.

        Raises:
            InputError: the batch cannot be read; nothing is recorded but that.
            StoreError: the answer could not be kept: nothing may be booked.
        """
        return self.begin(said).result()

    def begin(self, said: Mapping[str, Any]) -> Future[Answered]:
        """As `ask`, with the answer as a future."""
        batch = read_batch(said)
        content = batch_bytes(batch)
        mine = hashlib.sha256(content).hexdigest()
        with self._lock:
            before = self._before(batch.id)
            if before is not None:
                again = before if before["digest"] == mine else _twice(before)
                return _then(self._keep("asked-again", batch.id, again, batch.maker), again)
            now = self._now()
            verdict = judge(batch, self._known(batch.asset, now), self.policy, now)
            answered: Answered = {
                "batch": batch.id,
                "asset": batch.asset,
                "answer": verdict.answer,
                "reasons": [r.as_json() for r in verdict.reasons],
                "credits": len(batch.credits),
                "total": str(batch.total),
                "maker": batch.maker,
                "digest": mine,
                "at": instant(now),
            }
            self._answers[batch.id] = answered
            self._stands(batch, verdict.answer)
            kept = self._keep("answer", batch.id, answered, batch.maker, content)
        return _then(kept, answered)

    def _stands(self, batch: Batch, answer: str) -> None:
        """Where a batch stands after an answer: open, held, or neither."""
        self._held.pop(batch.id, None)
        if answer == "allow":
            self._open.setdefault(batch.asset, {})[batch.id] = _Open(batch)
            self._waiting[batch.asset] = self._waiting.get(batch.asset, 0) + batch.total
        elif answer == "hold":
            self._held[batch.id] = batch

    def decide(self, id: str, by: str, release: bool) -> Answered:
        """A second person's word on a batch that is held; it is judged again at that moment.

        Raises:
            UsageError: it is not held, or its maker wants to release it.
        """
        with self._lock:
            before = self._before(id)
            if before is None or before["answer"] != "hold" or id not in self._held:
                raise UsageError(f"batch {id} is not held")
            batch = self._held[id]
            if by in ("", batch.maker):
                raise UsageError(f"batch {id}: another person than its maker decides")
            now = self._now()
            again = judge(batch, self._known(batch.asset, now), self.policy, now)
            answer = "refuse" if not release or again.answer == "refuse" else "allow"
            reasons = [r.as_json() for r in again.reasons]
            answered = before | {"answer": answer, "decided_by": by, "reasons": reasons}
            self._answers[id] = answered
            self._stands(batch, answer)
            kept = self._keep("decided", id, answered, by)
        kept.result()
        return answered

    def booked(self, id: str) -> None:
        """The ledger has booked an allowed batch; it is part of what is usual from now on."""
        self._end(id, "booked")

    def dropped(self, id: str) -> None:
        """The ledger has not booked an allowed batch, and will not."""
        self._end(id, "dropped")

    def _end(self, id: str, kind: str) -> None:
        with self._lock:
            before = self._before(id)
            asset = before["asset"] if before else ""
            mine = self._open.get(asset, {}).get(id)
            if before is None or mine is None or mine.booked is not None:
                raise UsageError(f"batch {id} was not allowed, or is done with")
            self._ended(mine, kind, self._now())
            kept = self._keep(kind, id, {"batch": id, "asset": asset}, "ledger")
        kept.result()

    def _ended(self, mine: _Open, kind: str, at: datetime) -> None:
        batch = mine.batch
        if kind == "dropped":
            self._gone(batch)
            return
        mine.booked = at
        self._booked.setdefault(batch.asset, deque()).append(mine)
        self._largest[batch.asset] = max(self._largest.get(batch.asset, 0), batch.total)
        usual = self._usual.setdefault(batch.asset, {})
        for account, units in batch.credits:
            usual[account] = max(usual.get(account, 0), units)

    def _gone(self, batch: Batch) -> None:
        del self._open[batch.asset][batch.id]
        self._waiting[batch.asset] -= batch.total

    def _known(self, asset: str, now: datetime) -> Known | None:
        """What is known of an asset; None where a layer has no total."""
        ledger, wallet = side(self.feed, asset, "ledger"), side(self.feed, asset, "wallet")
        if ledger.units is None or wallet.units is None or ledger.at is None or wallet.at is None:
            return None
        read = ledger.at - timedelta(seconds=self.policy.clock_skew)
        done = self._booked.setdefault(asset, deque())
        while done and done[0].booked is not None and done[0].booked < read:
            self._gone(done.popleft().batch)  # the ledger's own total has it
        waiting = self._waiting.get(asset, 0)
        usual = self._usual.setdefault(asset, {})
        at, most = min(ledger.at, wallet.at), self._largest.get(asset)
        return Known(ledger.units + waiting, wallet.units, at, most, usual)

    def _before(self, id: str) -> Answered | None:
        """What was answered about a batch, now or before the last start."""
        if id not in self._answers:
            kept = [e for e in self.record.of(id) if e.kind in ("answer", "decided")]
            if not kept:
                return None
            self._answers[id] = json.loads(kept[-1].body)
        return self._answers[id]

    # -- what is there ---------------------------------------------------------------------------

    def take(self, messages: Iterable[Any], by: str = "feed") -> dict[str, Any]:
        """Readings as they came; how many were used, and every fault. Durable when it returns."""
        listed = list(messages)
        with self._lock:
            now, first = self._now(), len(self.feed.faults)
            used = sum(1 for m in listed if self.feed.take(m, now))
            faults = self.feed.faults[first:]
            found = {
                "used": used,
                "faults": [
                    {"name": f.name, "source": f.source, "words": f.words.as_json(), "said": f.said}
                    for f in faults
                ],
            }
            kept = self._keep("readings", "feed", found, by, as_bytes(listed))
        kept.result()
        return found

    def minute(self) -> list[Compared]:
        """Compare every asset; what changed its state since the last time is recorded."""
        with self._lock:
            now = self._now()
            found = compare(self.feed, self.policy, now)
            kept = []
            for one in found:
                subject = f"{one.asset}:{'-'.join(one.pair)}"
                if self._states.get(subject, "matched") != one.state:
                    kept.append(self._keep("state", subject, as_json(one), "guard"))
                self._states[subject] = one.state
            if self._whole_at is None or now - self._whole_at >= TOTALS_EVERY:
                self._whole_at = now
                kept.append(self._keep("totals", "feed", {}, "guard", as_bytes(whole(self.feed))))
        for done in kept:
            done.result()
        return found

    # -- the record ------------------------------------------------------------------------------

    def _keep(
        self, kind: str, subject: str, body: Any, by: str, content: bytes = b""
    ) -> Future[int]:
        packed = pack(content) if content else b""
        text = canonical_bytes(body).decode()
        return self.record.keep(
            Note(instant(self._now()), by[:64] or "-", kind, subject[:128], text, packed)
        )

    def _replay(self) -> None:
        """What was open, usual, held and known before this start."""
        whole_at, batches = 0, dict[str, Batch]()
        for event in self.record.after():
            if event.kind == "totals":
                whole_at = event.seq
        for event in self.record.after():
            body, at = json.loads(event.body), datetime.fromisoformat(event.at)
            if event.kind == "state":
                self._states[event.subject] = body["state"]
            elif event.kind in ("readings", "totals"):
                if event.seq >= whole_at:
                    self._read_again(event, at)
            elif event.kind == "answer":
                batches[event.subject] = batch_again(self.record.content(event.seq))
                self._stands(batches[event.subject], body["answer"])
            elif event.kind == "decided":
                self._stands(batches[event.subject], body["answer"])
            elif event.kind in ("booked", "dropped"):
                self._ended(self._open[body["asset"]][event.subject], event.kind, at)

    def _read_again(self, event: Kept, at: datetime) -> None:
        content = json.loads(self.record.content(event.seq))
        if event.kind == "totals":
            read_whole(self.feed, content)
            return
        for message in content:
            self.feed.take(message, at)
        self.feed.faults.clear()


def _twice(before: Answered) -> Answered:
    reason = {"code": "id-twice", "answer": "refuse", "words": _OTHER.as_json()}
    return before | {"answer": "refuse", "reasons": [reason]}


def _then(kept: Future[int], answered: Answered) -> Future[Answered]:
    """The answer once its event is kept; the error where it could not be."""
    found: Future[Answered] = Future()

    def pass_on(done: Future[int]) -> None:
        error = done.exception()
        if error is not None:
            found.set_exception(error)
        else:
            found.set_result(answered | {"seq": done.result()})

    kept.add_done_callback(pass_on)
    return found


_OTHER = Text(
    "同じ番号の違う内容が先に届いている。新しい番号で出し直す",
    "another batch came under this id; send it again under a new one",
)
