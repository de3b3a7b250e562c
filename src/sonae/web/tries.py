"""How often an address may be wrong: so many times in a while, then it waits."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from threading import Lock

MOST, WHILE = 10, 900
"""Wrong tries of an address within so many seconds."""
KNOWN = 10_000
"""Addresses remembered; the one not seen for longest goes first."""


class Tries:
    """Wrong tries by address, in memory alone."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self.now, self.wrong = now, OrderedDict[str, deque[float]]()
        self._lock = Lock()

    def left(self, address: str) -> bool:
        """Whether the address may try once more."""
        with self._lock:
            return len(self._recent(address)) < MOST

    def failed(self, address: str) -> None:
        """Note a wrong try."""
        with self._lock:
            self._recent(address).append(self.now())

    def _recent(self, address: str) -> deque[float]:
        found = self.wrong.pop(address, deque[float]())
        while found and found[0] <= self.now() - WHILE:
            found.popleft()
        self.wrong[address] = found
        while len(self.wrong) > KNOWN:
            self.wrong.popitem(last=False)
        return found
