"""What is kept for a short time and taken once: a challenge, an act that waits for a signature."""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
SECONDS = 600
KEPT = 10_000


class Once(Generic[T]):
    """Values by names that nobody guesses; each is taken once, before its time is over."""

    def __init__(self, seconds: int = SECONDS, now: Callable[[], int] = time.monotonic_ns) -> None:
        self.ns, self.now = seconds * 1_000_000_000, now
        self._kept: OrderedDict[str, tuple[int, T]] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, value: T) -> str:
        """Keep a value; its name."""
        name = secrets.token_urlsafe(24)
        with self._lock:
            self._kept[name] = (self.now() + self.ns, value)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return name

    def take(self, name: str) -> T | None:
        """A value that is still there; nobody gets it again."""
        with self._lock:
            ends, value = self._kept.pop(name, (0, None))
        return value if self.now() < ends else None


class Rate:
    """So many tries at once and one more every so many seconds, for each name."""

    def __init__(
        self, burst: int, seconds: int, now: Callable[[], int] = time.monotonic_ns
    ) -> None:
        self.burst, self.each, self.now = burst, seconds * 1_000_000_000, now
        self._free: OrderedDict[str, int] = OrderedDict()
        self._lock = threading.Lock()

    def may(self, name: str) -> bool:
        """Whether `name` has a try left; it is used up."""
        now = self.now()
        with self._lock:
            used_up = max(self._free.pop(name, 0), now)  # when every try is free again
            may = used_up - now <= (self.burst - 1) * self.each
            self._free[name] = used_up + self.each if may else used_up
            while len(self._free) > KEPT:
                self._free.popitem(last=False)
        return may
