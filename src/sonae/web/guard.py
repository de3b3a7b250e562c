"""The guard over HTTP, for ledgers in any language. It listens on this machine unless told else.

POST /batches                    a batch; the answer once it is durable
POST /batches/{id}/booked        the ledger has booked it
POST /batches/{id}/dropped       the ledger will not book it
POST /batches/{id}/decision      {"by", "release"}: a second person's word on a held batch
POST /readings                   readings of totals, in a list
POST /prices                     prices of whole coins, in a list
POST /suppliers/{id}             {"frozen", "by", "why"}: a supplier suspends service, or is back
POST /queues/{asset}             {"hours", "by", "why"}: a queue locks an asset; 0 hours end it
GET  /state                      every asset as of the last minute, alarms, faults, open breaks
GET  /ladder                     what can be spent within an hour, a day, a week, a month
GET  /health                     whether the record can be written, and the last minute went well
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager, suppress
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from sonae.actions.guard.service import Guard
from sonae.core.errors import InputError, SonaeError, UsageError
from sonae.store.database import StoreError

_LOG = logging.getLogger(__name__)
MINUTE = 60
MOST_BYTES = 128 * 2**20
"""The largest message; a batch of a million credits has some 30 MB."""
SMALL = 65_536
"""Up to so many bytes a batch is judged at once; a larger one in a thread of its own."""
PATIENCE = 10
"""Seconds that a client may be silent within a message."""
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class TooLarge(SonaeError):
    """A message beyond the limit; nothing of it is used."""


class TooSlow(SonaeError):
    """A client that stopped within its message; nothing of it is used."""


class Door:
    """Lets nobody in without the shared secret, where there is one; /health is open.

    A batch, which a ledger waits for, goes straight to the guard: finding its way through the
    application would cost as much time as the answer.
    """

    def __init__(self, app: Any, token: bytes, guard: Guard) -> None:
        self.app, self.token = app, b"Bearer " + token if token else b""
        self.guard = guard

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """One request, as ASGI has it."""
        if scope["type"] == "http" and self.token and scope["path"] != "/health":
            given = dict(scope["headers"]).get(b"authorization", b"")
            if not hmac.compare_digest(given, self.token):
                refusal = JSONResponse({"error": "the shared secret is missing or wrong"}, 401)
                await refusal(scope, receive, send)
                return
        if scope["type"] == "http" and (scope["method"], scope["path"]) == ("POST", "/batches"):
            answer = await _with(Request(scope, receive), self.guard.begin, waits=True)
            await answer(scope, receive, send)
            return
        await self.app(scope, receive, send)


def guard_app(guard: Guard, every: int = MINUTE, token: bytes = b"", close: bool = False) -> Any:
    """The service over one guard, as an ASGI application; it compares totals every so many seconds.

    `token` is the shared secret that clients send. `close`: the guard ends with the service.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        stop = asyncio.Event()
        watch = asyncio.create_task(_each(every, guard, stop))
        yield
        stop.set()
        await watch
        if close:
            await asyncio.to_thread(guard.close)

    app = FastAPI(title="Sonae guard", lifespan=lifespan)
    _batches(app, guard)
    _told(app, guard)

    @app.get("/state")
    async def state() -> JSONResponse:
        return await _answer(guard.state)

    @app.get("/ladder")
    async def ladder() -> JSONResponse:
        return await _answer(guard.ladder)

    @app.get("/health")
    async def health() -> JSONResponse:
        well = guard.recording() and not guard.trouble
        said = {"recording": guard.recording(), "trouble": guard.trouble}
        return JSONResponse(said, 200 if well else 503)

    return Door(app, token, guard)


def _batches(app: FastAPI, guard: Guard) -> None:
    """What a ledger asks and tells of batches."""

    @app.post("/batches")
    async def ask(request: Request) -> JSONResponse:
        return await _with(request, guard.begin, waits=True)

    @app.post("/batches/{id:path}/booked")
    async def booked(id: str) -> JSONResponse:
        return await _answer(lambda: guard.booked(id))

    @app.post("/batches/{id:path}/dropped")
    async def dropped(id: str) -> JSONResponse:
        return await _answer(lambda: guard.dropped(id))

    @app.post("/batches/{id:path}/decision")
    async def decision(id: str, request: Request) -> JSONResponse:
        def act(said: Any) -> Any:
            _need(said, by=str, release=bool)
            return guard.decide(id, said["by"], said["release"])

        return await _with(request, act)


def _told(app: FastAPI, guard: Guard) -> None:
    """What feeds and people tell."""

    @app.post("/readings")
    async def readings(request: Request) -> JSONResponse:
        return await _with(request, lambda said: guard.take(_listed(said)))

    @app.post("/prices")
    async def prices(request: Request) -> JSONResponse:
        return await _with(request, lambda said: guard.price(_listed(said)))

    @app.post("/suppliers/{id:path}")
    async def supplier(id: str, request: Request) -> JSONResponse:
        def act(said: Any) -> Any:
            _need(said, by=str, why=str, frozen=bool)
            guard.freeze(id, said["frozen"], said["by"], said["why"])

        return await _with(request, act)

    @app.post("/queues/{asset:path}")
    async def queue(asset: str, request: Request) -> JSONResponse:
        def act(said: Any) -> Any:
            _need(said, by=str, why=str, hours=int)
            guard.queue(asset, said["hours"], said["by"], said["why"])

        return await _with(request, act)


def _need(said: Any, **kinds: type) -> None:
    """Refuse a body that lacks a field, or has it in another kind."""
    for key, kind in kinds.items():
        value = said.get(key) if isinstance(said, dict) else None
        bad = not isinstance(value, kind) or (kind is int and (value is True or value is False))
        if bad or (isinstance(value, str) and not value.isprintable()):
            raise UsageError(f"{key} is needed, and is a {kind.__name__}")


def _listed(said: Any) -> list[Any]:
    return said if isinstance(said, list) else [said]


async def _each(seconds: int, guard: Guard, stop: asyncio.Event) -> None:
    """Compare now and every minute; what goes wrong shows in /health."""
    while not stop.is_set():
        try:
            await asyncio.to_thread(guard.minute)
            guard.trouble = ""
        except Exception as error:  # the next minute is tried all the same; /health says why
            guard.trouble = f"{type(error).__name__}: {error}"
            _LOG.exception("the comparison of a minute failed")
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), seconds)


async def _with(request: Request, act: Callable[[Any], Any], waits: bool = False) -> JSONResponse:
    """What an action gives for a body; a message too large or too slow is refused unread."""
    try:
        raw = await _raw(request)
    except TooLarge as error:
        return JSONResponse({"error": str(error)}, 413, {"connection": "close"})
    except TooSlow as error:
        return JSONResponse({"error": str(error)}, 408, {"connection": "close"})
    if waits and len(raw) <= SMALL:
        return await _answer(lambda: act(_parsed(raw)), waits, here=True)
    return await _answer(lambda: act(_parsed(raw)), waits)


async def _raw(request: Request) -> bytes:
    if int(request.headers.get("content-length") or 0) > MOST_BYTES:
        raise TooLarge(f"a message has at most {MOST_BYTES} bytes; send it in parts")
    parts: list[bytes] = []
    size, stream = 0, aiter(request.stream())
    while True:
        try:
            part = await asyncio.wait_for(anext(stream), PATIENCE)
        except StopAsyncIteration:
            return b"".join(parts)
        except TimeoutError:
            raise TooSlow(f"nothing came for {PATIENCE} seconds within a message") from None
        size += len(part)
        if size > MOST_BYTES:
            raise TooLarge(f"a message has at most {MOST_BYTES} bytes; send it in parts")
        parts.append(part)


def _parsed(raw: bytes) -> Any:
    """The parsed body; text that cannot be read is given on, and refused there."""
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return raw.decode("utf-8", "replace")[:500]


async def _answer(act: Callable[[], Any], waits: bool = False, here: bool = False) -> JSONResponse:
    """What an action gives; 400 where it cannot be read, 409 where it may not be, 503 unkept.

    `here`: it takes less than changing to another thread and back.
    """
    try:
        found = act() if here else await asyncio.to_thread(act)
        if waits:
            found = await asyncio.wrap_future(found)
    except InputError as error:
        return JSONResponse({"problems": [p.as_json() for p in error.problems]}, 400)
    except StoreError as error:
        return JSONResponse({"error": str(error), "answer": None}, 503)
    except SonaeError as error:
        return JSONResponse({"error": str(error)}, 409)
    return JSONResponse({"done": True} if found is None else found)
