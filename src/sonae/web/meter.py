"""What a console does, for those who run it: one line of JSON a request, and counters.

Neither holds personal data: a request is named by the route it took, never by its address, which
may name a customer, and without its query.
"""

from __future__ import annotations

import json
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any

from sonae.web.shield import App, Message, Receive, Send

BOUNDS_MS = (5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000)
"""Upper ends of the histogram, in thousandths of a second."""
METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "PATCH"})
Log = Callable[[str], object]


class Meter:
    """Counts and logs every request of the application behind it."""

    def __init__(self, app: App, log: Log | None = None) -> None:
        self.app, self.log = app, log
        self.requests: Counter[tuple[str, str, int]] = Counter()
        self.slower: Counter[int] = Counter()
        self.total_us = self.under_way = 0
        self._lock = threading.Lock()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request, and write down how."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        began, status, size = time.perf_counter_ns(), 500, 0
        self.under_way += 1

        async def counted(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
            size += len(message.get("body", b""))
            await send(message)

        scope["sonae.meter"] = self
        fault = ""
        try:
            await self.app(scope, receive, counted)
        except Exception as error:  # it was answered with 500; its words may hold personal data
            fault = _place(error)
            if self.log is None:
                raise
        finally:
            self.under_way -= 1
            took_us = (time.perf_counter_ns() - began) // 1_000
            self._write(scope, status, size, took_us, fault)

    def _write(self, scope: Message, status: int, size: int, took_us: int, fault: str) -> None:
        route = route_of(scope)
        method = scope["method"] if scope["method"] in METHODS else "other"
        with self._lock:
            self.requests[method, route, status] += 1
            self.total_us += took_us
            for bound in BOUNDS_MS:
                if took_us <= bound * 1_000:
                    self.slower[bound] += 1
        if self.log is not None:
            line = {
                "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "method": method,
                "route": route,
                "status": status,
                "bytes": size,
                "took_us": took_us,
            }
            self.log(json.dumps({**line, **({"fault": fault} if fault else {})}))

    def text(self) -> str:
        """The counters in the text format of Prometheus (version 0.0.4)."""
        with self._lock:
            rows, slower = sorted(self.requests.items()), dict(self.slower)
            total, count = self.total_us, sum(self.requests.values())
        lines = [
            "# HELP sonae_requests_total Requests answered, by route.",
            "# TYPE sonae_requests_total counter",
        ]
        for (method, route, status), n in rows:
            labels = f'method="{method}",route="{route}",status="{status}"'
            lines.append(f"sonae_requests_total{{{labels}}} {n}")
        lines += [
            "# HELP sonae_request_seconds Time to answer a request.",
            "# TYPE sonae_request_seconds histogram",
        ]
        for bound in BOUNDS_MS:
            at = f"{bound // 1_000}.{bound % 1_000:03}"
            lines.append(f'sonae_request_seconds_bucket{{le="{at}"}} {slower.get(bound, 0)}')
        lines += [
            f'sonae_request_seconds_bucket{{le="+Inf"}} {count}',
            f"sonae_request_seconds_sum {total // 1_000_000}.{total % 1_000_000:06}",
            f"sonae_request_seconds_count {count}",
            "# HELP sonae_requests_under_way Requests that are being answered.",
            "# TYPE sonae_requests_under_way gauge",
            f"sonae_requests_under_way {self.under_way}",
        ]
        return "\n".join(lines) + "\n"


def _place(error: Exception) -> str:
    """The kind of an error and where it arose, without its words."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} {PurePath(last.filename).name}:{last.lineno}"


def route_of(scope: Message) -> str:
    """The route as it is written, such as `/{firm}/today`; `-` where none was taken."""
    route: Any = scope.get("route")
    if route is None:
        return "/static" if str(scope.get("path", "")).startswith("/static/") else "-"
    return str(getattr(route, "path", "-")) or "-"
