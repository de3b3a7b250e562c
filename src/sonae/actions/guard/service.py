"""The guard as a service in one process: ask before a credit, tell what is held, see what differs.

    with Guard("guard.db", policy) as guard:
        answer = guard.ask(batch)      # durable when it returns
        ...                            # the ledger books it, or not
        guard.booked(batch["batch"])

Batches that were allowed and are not booked yet count as booked: two that fit singly and not
together are not both allowed.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

from sonae.actions.fund.session import Now, utc_now
from sonae.actions.guard.log import Record, pack
from sonae.actions.guard.memory import Memory, packed
from sonae.actions.guard.notices import notices
from sonae.actions.guard.register import Register
from sonae.actions.guard.watch import Watch
from sonae.core.canonical import canonical_bytes
from sonae.core.errors import UsageError
from sonae.core.text import Text
from sonae.fund.entry import instant
from sonae.guard.compare import Compared, compare, side
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
HISTORY_EVERY = timedelta(hours=6)
"""How often what is usual, open and held is written down whole, at the latest."""
ANSWERS_BETWEEN = 50_000
"""After so many answers it is written down whole before its time."""
Answered = dict[str, Any]


class Guard:
    """One guard over one record, and the only one. Safe to call from many threads."""

    def __init__(self, place: str, policy: Policy, now: Now = utc_now) -> None:
        self.policy, self._now = policy, now
        self._alone = _alone(place)
        self.record = Record(place)
        self.register = Register(place, now)
        self.memory, self.watch = Memory(), Watch(policy)
        self.faults: list[dict[str, Any]] = []
        self.trouble = ""
        self.alarms: deque[Answered] = deque(maxlen=SHOWN)
        self._last: tuple[str, list[Compared]] = ("", [])
        self._lock = threading.RLock()
        self._unkept: dict[str, Future[Answered]] = {}
        self._since = 0
        self._whole_at: datetime | None = None
        self._history_at = now()
        self._replay()
        self.feed = self.watch.feed

    def __enter__(self) -> Guard:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Keep what waits and what the next start needs, then stop."""
        if self._since and self.record.writes:
            self._write_history()
        self.record.close()
        self.register.close()
        if self._alone is not None:
            self._alone.close()

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
        mine, content = hashlib.sha256(content).hexdigest(), pack(content)
        with self._lock:
            before = self._before(batch.id)
            if before is not None and before["digest"] == mine and batch.id in self._unkept:
                return self._unkept[batch.id]
            if before is not None:
                again = before if before["digest"] == mine else _twice(before)
                return _then(self._keep("asked-again", batch.id, again, batch.maker), again)
            now = self._now()
            known = self._known(batch.asset, now)
            verdict = judge(batch, known, self.policy, now)
            answered: Answered = {
                "batch": batch.id,
                "asset": batch.asset,
                "answer": verdict.answer,
                "reasons": [r.as_json() for r in verdict.reasons],
                "credits": len(batch.credits),
                "total": str(batch.total),
                "stated_unit": batch.stated_unit,
                "maker": batch.maker,
                "ledger": None if known is None else str(known.ledger),
                "held": None if known is None else str(known.held),
                "digest": mine,
                "at": instant(now),
            }
            self.memory.answered(batch.id, answered)
            self.memory.stands(batch, verdict.answer)
            if verdict.answer != "allow":
                self.alarms.append(answered)
            self._since += 1
            kept = self._keep("answer", batch.id, answered, batch.maker, content)
            found = self._unkept[batch.id] = _then(kept, answered)
        found.add_done_callback(lambda done: self._kept(batch, done))
        return found

    def _kept(self, batch: Batch, done: Future[Answered]) -> None:
        """An answer is on the disk; or it is not, and then it was never given."""
        with self._lock:
            self._unkept.pop(batch.id, None)
            if done.exception() is None:
                return
            self.memory.answers.pop(batch.id, None)
            self.memory.held.pop(batch.id, None)
            if batch.id in self.memory.open.get(batch.asset, {}):
                self.memory.gone(batch)

    def decide(self, id: str, by: str, release: bool) -> Answered:
        """A second person's word on a batch that is held; it is judged again at that moment.

        Raises:
            UsageError: it is not held, or its maker wants to release it.
        """
        with self._lock:
            before = self._before(id)
            if before is None or before["answer"] != "hold" or id not in self.memory.held:
                raise UsageError(f"batch {id} is not held")
            batch = self.memory.held[id]
            if by in ("", batch.maker):
                raise UsageError(f"batch {id}: another person than its maker decides")
            now = self._now()
            again = judge(batch, self._known(batch.asset, now), self.policy, now)
            answer = "refuse" if not release or again.answer == "refuse" else "allow"
            reasons = [r.as_json() for r in again.reasons]
            answered = before | {"answer": answer, "decided_by": by, "reasons": reasons}
            self.memory.answered(id, answered)
            self.memory.stands(batch, answer)
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
            mine = self.memory.open.get(asset, {}).get(id)
            if mine is not None and mine.booked is not None and kind == "booked":
                return
            if before is None or mine is None or mine.booked is not None:
                raise UsageError(f"batch {id} was not allowed, or is done with")
            now = self._now()
            self.memory.ended(mine, kind, now)
            body = {"batch": id, "asset": asset, "at": instant(now)}
            kept = self._keep(kind, id, body, "ledger")
        kept.result()

    def _known(self, asset: str, now: datetime) -> Known | None:
        """What is known of an asset; None where a layer has no total."""
        ledger, wallet = side(self.feed, asset, "ledger"), side(self.feed, asset, "wallet")
        if ledger.units is None or wallet.units is None or ledger.at is None or wallet.at is None:
            return None
        self.memory.settled(asset, ledger.at - timedelta(seconds=self.policy.clock_skew))
        waiting = self.memory.waiting.get(asset, 0)
        usual = self.memory.usual.setdefault(asset, {})
        at, most = min(ledger.at, wallet.at), self.memory.largest.get(asset)
        return Known(ledger.units + waiting, wallet.units, at, most, usual)

    def _before(self, id: str) -> Answered | None:
        """What was answered about a batch, now or before the last start."""
        if id not in self.memory.answers:
            kept = [e for e in self.record.of(id) if e.kind in ("answer", "decided")]
            if not kept:
                return None
            self.memory.answered(id, json.loads(kept[-1].body))
        return self.memory.answers[id]

    # -- what is there ---------------------------------------------------------------------------

    def take(self, messages: Iterable[Any], by: str = "feed") -> dict[str, Any]:
        """Readings as they came; how many were used, and every fault. Durable when it returns."""
        listed = list(messages)
        with self._lock:
            now = self._now()
            used = sum(1 for m in listed if self.feed.take(m, now))
            faults = [_fault(f) for f in self.feed.faults]
            found = {"used": used, "faults": faults}
            self.feed.faults.clear()
            self.faults = [*self.faults, *faults][-SHOWN:]
            kept = self._keep("readings", "feed", found, by, pack(as_bytes(listed)))
        kept.result()
        return found

    def price(self, listed: Iterable[Any], by: str = "prices") -> None:
        """Prices of whole coins in one currency: asset, price, at. All of them or none.

        Raises:
            InputError: every one that cannot be used.
        """
        with self._lock:
            prices = self.watch.priced(listed)
            kept = self._keep("prices", "prices", {"prices": prices}, by)
        kept.result()

    def freeze(self, supplier: str, frozen: bool, by: str, why: str) -> None:
        """A supplier suspends its service: what hangs on it cannot be spent; or it is back."""
        self._told("supplier", supplier, {"frozen": frozen, "why": why}, by)

    def queue(self, asset: str, hours: int, by: str, why: str) -> None:
        """A queue locks an asset for so many hours; 0 takes it away."""
        self._told("queue", asset, {"hours": hours, "why": why}, by)

    def _told(self, kind: str, subject: str, body: Mapping[str, Any], by: str) -> None:
        if not by or not body["why"]:
            raise UsageError("say who says so, and why")
        with self._lock:
            self.watch.took(kind, subject, body, self._now())
            kept = self._keep(kind, subject, body, by)
        kept.result()

    def ladder(self) -> dict[str, Any]:
        """What can be spent within an hour, a day, a week, a month."""
        with self._lock:
            return self.watch.rungs()

    def minute(self) -> list[Compared]:
        """Compare every asset; what changed is recorded, differences become breaks."""
        with self._lock:
            now = self._now()
            found = compare(self.feed, self.policy, now)
            causes = self.watch.reorganised()
            said = self.watch.look(found, now)
            kept = [self._keep(s.kind, s.subject, s.body, "guard") for s in said]
            if self._whole_at is None or now - self._whole_at >= TOTALS_EVERY:
                kept.append(self._write_totals())
        self.register.update(found, self.policy, causes, self.watch.matched)
        kept += self._tell()
        for done in kept:
            done.result()
        self._last = (instant(now), found)
        if self._since >= ANSWERS_BETWEEN or (
            self._since and now - self._history_at >= HISTORY_EVERY
        ):
            self._write_history()
        return found

    def state(self) -> dict[str, Any]:
        """As of the last minute: assets, hot share; and the last alarms and faults, open breaks."""
        at, found = self._last
        with self._lock:
            share = self.watch.share
            return {
                "at": at,
                "recording": self.recording(),
                "trouble": self.trouble,
                "assets": [as_json(c) for c in found],
                "hot_share": None if share is None else str(share),
                "hot_since": None if self.watch.hot is None else instant(self.watch.hot.began),
                "open_breaks": [b.id for b in self.register.open()],
                "held": sorted(self.memory.held),
                "alarms": list(self.alarms),
                "faults": list(self.faults),
                "repeated_readings": self.feed.twice,
            }

    def _tell(self) -> list[Future[int]]:
        """Record what has to be told upwards, once for each break and reason."""
        queue = notices(self.register, self.policy.material())
        with self._lock:
            fresh = [n for n in queue if f"{n['break']}:{n['why']}" not in self.watch.told]
            self.watch.told |= {f"{n['break']}:{n['why']}" for n in fresh}
            return [self._keep("notice", f"break/{n['break']}", n, "guard") for n in fresh]

    # -- the record ------------------------------------------------------------------------------

    def _keep(
        self, kind: str, subject: str, body: Any, by: str, content: bytes = b""
    ) -> Future[int]:
        text = canonical_bytes(body).decode()
        return self.record.keep(
            Note(instant(self._now()), by[:64] or "-", kind, subject[:128], text, content)
        )

    def _write_totals(self) -> Future[int]:
        self._whole_at = self._now()
        return self._keep("totals", "feed", {}, "guard", pack(as_bytes(whole(self.feed))))

    def _write_history(self) -> None:
        """What is usual, open and held, whole: the next start begins from here."""
        with self._lock:
            mark = self._keep("mark", "guard", {}, "guard")
            self._write_totals()
            batches, watch = self.memory.copied(), self.watch.copied()
            self._since, self._history_at = 0, self._now()
        content = as_bytes(watch) + b"\n" + packed(batches)
        body = {"mark": mark.result()}
        self._keep("history", "guard", body, "guard", pack(content)).result()

    def _replay(self) -> None:
        """What was open, usual, held and known before this start."""
        history, totals = self.record.newest("history"), self.record.newest("totals")
        mark, whole_at = 0, 0 if totals is None else totals.seq
        if history is not None:
            mark = json.loads(history.body)["mark"]
            watch, _, batches = self.record.content(history.seq).partition(b"\n")
            self.watch.read(watch)
            self.memory.read(batches)
        for event in self.record.after(mark):
            body, at = json.loads(event.body), datetime.fromisoformat(event.at)
            if event.kind in ("readings", "totals"):
                if event.seq >= whole_at:
                    self._read_again(event, at)
            elif event.seq > mark:
                self._again(event, body, at)

    def _again(self, event: Kept, body: Mapping[str, Any], at: datetime) -> None:
        """One event that is not of a total."""
        if event.kind == "answer":
            self.memory.stands(batch_again(self.record.content(event.seq)), body["answer"])
            self._since += 1
        elif event.kind == "decided" and event.subject in self.memory.held:
            self.memory.stands(self.memory.held[event.subject], body["answer"])
        elif event.kind in ("booked", "dropped"):
            when = datetime.fromisoformat(body["at"])
            self.memory.ended(self.memory.open[body["asset"]][event.subject], event.kind, when)
        else:
            self.watch.took(event.kind, event.subject, body, at)

    def _read_again(self, event: Kept, at: datetime) -> None:
        content = json.loads(self.record.content(event.seq))
        if event.kind == "totals":
            read_whole(self.watch.feed, content)
            return
        for message in content:
            self.watch.feed.take(message, at)
        self.watch.feed.faults.clear()


SHOWN = 100
"""Faults that are shown with the state; all are in the record."""


def _fault(one: Any) -> dict[str, Any]:
    words = one.words.as_json()
    return {"name": one.name, "source": one.source, "words": words, "said": one.said}


def _alone(place: str) -> IO[bytes] | None:
    """A lock beside a SQLite store: two guards would each allow what fits only once.

    Raises:
        UsageError: another guard answers from this store.
    """
    if "://" in place:
        return None
    lock = Path(f"{place}.guard").open("ab")  # noqa: SIM115, held as long as the guard lives
    with suppress(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return lock
    lock.close()
    raise UsageError(f"another guard answers from {place}; ask that one")


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
