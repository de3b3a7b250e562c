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

    def __init__(self, seconds: int = SECONDS, now: Callable[[], float] = time.monotonic) -> None:
        self.seconds, self.now = seconds, now
        self._kept: OrderedDict[str, tuple[float, T]] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, value: T) -> str:
        """Keep a value; its name."""
        name = secrets.token_urlsafe(24)
        with self._lock:
            self._kept[name] = (self.now() + self.seconds, value)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return name

    def take(self, name: str) -> T | None:
        """A value that is still there; nobody gets it again."""
        with self._lock:
            ends, value = self._kept.pop(name, (0.0, None))
        return value if self.now() < ends else None


class Rate:
    """So many tries at once and one more every so many seconds, for each name."""

    def __init__(self, burst: int, seconds: int, now: Callable[[], float] = time.monotonic) -> None:
        self.burst, self.seconds, self.now = burst, seconds, now
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def may(self, name: str) -> bool:
        """Whether `name` has a try left; it is used up."""
        now = self.now()
        with self._lock:
            left, before = self._left.pop(name, (self.burst, now))
            left = min(self.burst, left + (now - before) / self.seconds)
            self._left[name] = (max(left - 1, 0), now)
            while len(self._left) > KEPT:
                self._left.popitem(last=False)
        return left >= 1
