"""Proof, for everybody: seals with chain and log, the sufficiency statement, verify my balance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from fastapi import Path as InPath
from fastapi.responses import FileResponse

from sonae.actions.console.proof import proof_view, published_file, verifier_page
from sonae.core.text import Lang
from sonae.report import proof_page as report
from sonae.web.page import Data, Here, page

RIGHT = "public"
router = APIRouter()
File = Annotated[str, InPath(max_length=300, description="a file of the seal's public part")]


@router.get("/verify.html", response_class=Response, include_in_schema=False)
def verify() -> Response:
    """The page that checks a receipt in the browser, also when saved and without a network."""
    content, policy = verifier_page()
    headers = {"content-security-policy": policy, "cache-control": "no-cache"}
    return Response(content, media_type="text/html; charset=utf-8", headers=headers)


@router.get("/{firm}/proof/public/{name:path}", response_class=FileResponse)
def published(firm: str, name: File, home: Here) -> FileResponse:
    """A file of the newest seal as it was published, byte for byte."""
    path, kind = published_file(home.firm(firm), name)
    return FileResponse(path, media_type=kind, filename=path.name)


def _screen(data: Data, lang: Lang, _: Request) -> Mapping[str, Any]:
    seal = data["seal"]
    if seal is None:
        return {}
    return {
        "seals": report.seal_rows(seal["log"], lang),
        "assets": report.asset_rows(seal["log"], lang),
        "custody": report.custody_rows(seal["statement"], lang),
        "requirements": report.requirement_rows(seal["statement"], seal["titles"], lang),
        "missing": report.missing_rows(seal["statement"], seal["titles"], lang),
    }


@page(router, "/{firm}/proof", "proof.html", _screen)
def proof(firm: str, home: Here) -> Data:
    """Headers by day with chain and log checkpoint, the statement, and how to verify."""
    return proof_view(home.firm(firm))
