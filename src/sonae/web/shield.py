"""What stands before every page: headers, no foreign writes, no floods.

Content comes from this server alone; a form of another site changes nothing (Fetch metadata and
Origin, as the OWASP cheat sheet on cross-site request forgery has it); each address has so many
requests.
"""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

HEADERS = (
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' "
        b"data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        b"frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), usb=()"),
)
STRICT = (b"strict-transport-security", b"max-age=31536000")
"""Once seen over https, never again over http."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
BURST, RATE = 300, 50
"""Requests that an address may make at once, and in each second after."""
KNOWN = 10_000
"""Addresses remembered; the one not seen for longest goes first."""
MOST_BYTES = 1_048_576
"""The largest body of a request."""


class Shield:
    """An application behind these rules."""

    def __init__(
        self, app: App, now: Callable[[], float] = time.monotonic, *, https: bool = False
    ) -> None:
        self.app, self.now = app, now
        self.headers = (*HEADERS, STRICT) if https else HEADERS
        self.left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request, or say why not."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        if not self._may(scope):
            return await refuse(send, 429, "too many requests", ((b"retry-after", b"1"),))
        headers = dict(scope["headers"])
        if scope["method"] not in SAFE and not _own(headers):
            return await refuse(send, 403, "a form of another site changes nothing here")
        if int(headers.get(b"content-length") or 0) > MOST_BYTES:
            return await refuse(send, 413, "the request is too large")

        taken, closed = 0, False

        async def counted() -> Message:
            """A body without a length is counted as it comes; what is too long ends there."""
            nonlocal taken, closed
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > MOST_BYTES and not closed:
                closed = True
                await refuse(send, 413, "the request is too large")
            return {"type": "http.disconnect"} if closed else message

        async def guarded(message: Message) -> None:
            if closed:
                return
            if message["type"] == "http.response.start":
                given = {k for k, _ in message["headers"]}
                more = [h for h in self.headers if h[0] not in given]
                if not scope["path"].startswith("/static/") and b"cache-control" not in given:
                    more.append((b"cache-control", b"no-store"))
                message["headers"] = [*message["headers"], *more]
            await send(message)

        await self.app(scope, counted, guarded)

    def _may(self, scope: Message) -> bool:
        """Whether the address has a request left."""
        address = (scope.get("client") or ("?", 0))[0]
        now = self.now()
        left, before = self.left.pop(address, (BURST, now))
        left = min(BURST, left + (now - before) * RATE)
        self.left[address] = (max(left - 1, 0), now)
        while len(self.left) > KNOWN:
            self.left.popitem(last=False)
        return left >= 1


def is_loopback(host: str) -> bool:
    """Whether an address or name is this machine's own."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _own(headers: MutableMapping[bytes, bytes]) -> bool:
    """Whether a write comes from a page of this server, or from no browser at all."""
    site = headers.get(b"sec-fetch-site")
    if site is not None:
        return site in (b"same-origin", b"none")
    origin = headers.get(b"origin")
    return origin is None or origin.split(b"://")[-1] == headers.get(b"host")


async def refuse(
    send: Send, status: int, words: str, more: tuple[tuple[bytes, bytes], ...] = ()
) -> None:
    """An answer in one line."""
    plain = (b"content-type", b"text/plain; charset=utf-8")
    headers = [plain, *HEADERS, *more]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": f"{words}\n".encode()})
