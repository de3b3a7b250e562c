"""The guard over HTTP, for ledgers in any language. It listens where it is told, by default here.

POST /batches                    a batch; the answer once it is durable
POST /batches/{id}/booked        the ledger has booked it
POST /batches/{id}/dropped       the ledger will not book it
POST /batches/{id}/decision      a second person's word on a held batch
POST /readings                   readings of totals, in a list
GET  /state                      every asset as of the last minute
GET  /health                     whether the record can be written
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from sonae.actions.guard import Guard
from sonae.core.errors import InputError, SonaeError
from sonae.guard.wire import as_json
from sonae.store.database import StoreError

MINUTE = 60
MOST_BYTES = 128 * 2**20
"""The largest message; a batch of a million credits has some 60 MB."""


class Decision(BaseModel):
    """A second person's word."""

    by: str
    release: bool


def guard_app(guard: Guard, every: int = MINUTE) -> FastAPI:
    """The service over one guard; it compares all totals every so many seconds."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        watch = asyncio.create_task(_each(every, guard))
        yield
        watch.cancel()
        with suppress(asyncio.CancelledError):
            await watch

    app = FastAPI(title="Sonae guard", lifespan=lifespan)

    @app.post("/batches")
    async def ask(request: Request) -> JSONResponse:
        said = await _body(request)
        return await _answer(lambda: guard.begin(said), waits=True)

    @app.post("/batches/{id}/booked")
    async def booked(id: str) -> JSONResponse:
        return await _answer(lambda: guard.booked(id))

    @app.post("/batches/{id}/dropped")
    async def dropped(id: str) -> JSONResponse:
        return await _answer(lambda: guard.dropped(id))

    @app.post("/batches/{id}/decision")
    async def decision(id: str, said: Decision) -> JSONResponse:
        return await _answer(lambda: guard.decide(id, said.by, said.release))

    @app.post("/readings")
    async def readings(request: Request) -> JSONResponse:
        said = await _body(request)
        return await _answer(lambda: guard.take(said if isinstance(said, list) else [said]))

    @app.get("/state")
    async def state() -> JSONResponse:
        return await _answer(lambda: [as_json(c) for c in guard.minute()])

    @app.get("/health")
    async def health() -> JSONResponse:
        return JSONResponse({"recording": guard.recording()}, 200 if guard.recording() else 503)

    return app


async def _each(seconds: int, guard: Guard) -> None:
    """Compare now and every minute; a record that cannot be written shows in /health."""
    while True:
        with suppress(StoreError):
            await asyncio.to_thread(guard.minute)
        await asyncio.sleep(seconds)


async def _body(request: Request) -> Any:
    """The parsed body; text that cannot be read is given on, and refused there."""
    if int(request.headers.get("content-length") or 0) > MOST_BYTES:
        return None
    raw = await request.body()
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return raw.decode("utf-8", "replace")[:500]


async def _answer(act: Callable[[], Any], waits: bool = False) -> JSONResponse:
    """What an action gives; 400 where it cannot be read, 409 where it may not be, 503 unkept."""
    try:
        found = await asyncio.to_thread(act)
        if waits:
            found = await asyncio.wrap_future(found)
    except InputError as error:
        return JSONResponse({"problems": [p.as_json() for p in error.problems]}, 400)
    except StoreError as error:
        return JSONResponse({"error": str(error), "answer": None}, 503)
    except SonaeError as error:
        return JSONResponse({"error": str(error)}, 409)
    return JSONResponse({"done": True} if found is None else found)
