"""For whoever runs the console: does it live, can it serve, how much does it do."""

from __future__ import annotations

import os
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from sonae.web.shield import is_loopback

router = APIRouter()
RIGHT = "public"


@router.get("/health")
def health() -> dict[str, str]:
    """The process answers."""
    return {"status": "alive"}


@router.get("/ready")
def ready(request: Request) -> Response:
    """The folder can be read and the store answers; else 503."""
    home, people = request.app.state.home, request.app.state.people
    found = {
        "folder": os.access(home.folder, os.R_OK | os.X_OK),
        "store": people is None or people.store.alive(),
    }
    return JSONResponse(found, 200 if all(found.values()) else 503)


@router.get("/metrics")
def metrics(request: Request) -> Response:
    """Counters in the text format of Prometheus, for this machine only."""
    meter: Any = request.scope.get("sonae.meter")
    far = "x-forwarded-for" in request.headers or "forwarded" in request.headers
    if meter is None or far or not is_loopback(request.client.host if request.client else ""):
        raise HTTPException(404)
    return Response(meter.text(), media_type="text/plain; version=0.0.4; charset=utf-8")
