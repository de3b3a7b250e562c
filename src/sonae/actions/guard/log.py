"""The guard's record, kept by one thread: many who wait share one write to the disk.

An answer is given only after it is durable. What was kept is read back at the next start.
"""

from __future__ import annotations

import queue
import threading
import zlib
from collections.abc import Iterator
from concurrent.futures import Future

from sonae.core.errors import UsageError
from sonae.store.database import StoreError
from sonae.store.watch import Kept, Note, WatchLog

TOGETHER = 2_000
"""At most so many events in one transaction."""
TIDY_AFTER = 1_000
"""After so many events the journal is copied into the file."""
SMALL, PLAIN = 4_096, b"="
"""Content up to so many bytes is kept as it is, behind a mark that nothing packed begins with."""


class Record:
    """Events of one guard: kept in order, durable when their future is done.

    `writes` is false after a write that failed, until one succeeds.
    """

    def __init__(self, place: str) -> None:
        self._log = WatchLog(place, create=True)
        if not self._log.alone():
            self._log.close()
            raise UsageError(f"another guard answers from {place}; ask that one")
        self._log.defer()
        self._reader = WatchLog(place)
        self.writes = True
        self._waiting: queue.SimpleQueue[tuple[Note, Future[int]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="guard-record", daemon=True)
        self._thread.start()
        self._due = threading.Event()
        self._written, self._ends = 0, False
        self._tidier = threading.Thread(
            target=self._tidy, args=(WatchLog(place),), name="guard-tidy", daemon=True
        )
        self._tidier.start()

    def keep(self, note: Note) -> Future[int]:
        """Hand over one event; its place in the record once it is on the disk."""
        done: Future[int] = Future()
        self._waiting.put((note, done))
        return done

    def close(self) -> None:
        """Keep what waits, then stop."""
        self._waiting.put(None)
        self._thread.join()
        self._ends = True
        self._due.set()
        self._tidier.join()
        self._log.close()
        self._reader.close()

    def after(self, seq: int = 0) -> Iterator[Kept]:
        """Every event after one, oldest first."""
        yield from self._reader.after(seq)

    def of(self, subject: str) -> list[Kept]:
        """What was kept about one batch, break or source."""
        return list(self._reader.of(subject))

    def newest(self, kind: str) -> Kept | None:
        """The last event of a kind."""
        return self._reader.newest(kind)

    def content(self, seq: int) -> bytes:
        """The packed part of an event, unpacked."""
        return unpack(self._reader.content(seq))

    def _write(self) -> None:
        running = True
        while running:
            batch = [self._waiting.get()]
            while len(batch) < TOGETHER and not self._waiting.empty():
                batch.append(self._waiting.get())
            running = None not in batch
            self._keep([item for item in batch if item is not None])

    def _tidy(self, log: WatchLog) -> None:
        """Copy the journal into the file now and then, so that no write has to."""
        with log:
            while not self._ends:
                self._due.wait()
                self._due.clear()
                log.tidy()

    def _keep(self, items: list[tuple[Note, Future[int]]]) -> None:
        if not items:
            return
        try:
            last = self._log.append([note for note, _ in items])
        except StoreError as error:
            self.writes = False
            for _, done in items:
                done.set_exception(error)
            return
        self.writes = True
        self._written += len(items)
        if self._written >= TIDY_AFTER:
            self._written = 0
            self._due.set()
        for seq, (_, done) in enumerate(items, last - len(items) + 1):
            done.set_result(seq)


def pack(content: bytes) -> bytes:
    """Bytes, packed where that is worth its time."""
    return zlib.compress(content, 1) if len(content) > SMALL else PLAIN + content


def unpack(content: bytes) -> bytes:
    """What `pack` packed; nothing for nothing."""
    if content.startswith(PLAIN):
        return content[len(PLAIN) :]
    return zlib.decompress(content) if content else b""
