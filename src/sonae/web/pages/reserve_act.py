"""Acts at the reserve: prepared for one person, signed in the browser, recorded once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from sonae.actions.console.home import Firm
from sonae.actions.fund.forms import read_form
from sonae.actions.fund.gates import approving
from sonae.actions.fund.screen import Acts
from sonae.actions.fund.session import Build, Seat
from sonae.fund.refusals import refusal
from sonae.web.page import Data, Here
from sonae.web.rights import Me, Who

router = APIRouter()
RIGHT = "act"
Short = Annotated[str, Field(max_length=2_000)]
Key = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class Document(BaseModel):
    """A document that stays where it is: its name and SHA-256."""

    file: Annotated[str, Field(min_length=1, max_length=255)]
    sha256: Key


class Wanted(BaseModel):
    """What a person wants to do: propose by a form, or decide on a proposal as it was seen."""

    key: Key
    seen: Annotated[str, Field(max_length=90, pattern=r"^(\d{1,17}:[0-9a-f]{64})?$")] = ""
    act: Literal["propose", "approve", "reject"]
    proposal: Annotated[int, Field(ge=0, le=2**53)] = 0
    digest: Annotated[str, Field(pattern="^([0-9a-f]{64})?$")] = ""
    reason: Short = ""
    kind: Annotated[str, Field(max_length=16)] = ""
    on: date | None = None
    fields: Annotated[dict[Annotated[str, Field(max_length=64)], Short], Field(max_length=40)] = {}
    evidence: Annotated[
        dict[Annotated[str, Field(max_length=64)], Document], Field(max_length=20)
    ] = {}


class SignedAct(BaseModel):
    """An act that was prepared, the signature over its bytes, and the passkey's answer."""

    act: Annotated[str, Field(max_length=64)]
    signature: Annotated[str, Field(pattern="^[0-9a-f]{128}$")]
    credential: dict[str, Any]


def _maker(wanted: Wanted, firm: Firm) -> Callable[[Seat], Build]:
    def make(seat: Seat) -> Build:
        if wanted.act == "approve":
            return approving(seat, wanted.proposal, wanted.reason, wanted.digest or "-")
        if wanted.act == "reject":
            return seat.deciding(wanted.proposal, "reject", wanted.reason)
        documents = {k: d.model_dump() for k, d in wanted.evidence.items()}
        on, view = wanted.on, seat.ledger.view
        return seat.proposing(read_form(wanted.kind, on, {**wanted.fields}, documents, firm, view))

    return make


@router.post("/{firm}/reserve/prepare.json")
def prepare(firm: str, home: Here, request: Request, people: Who, me: Me, wanted: Wanted) -> Data:
    """The exact text to be signed, and what the passkey is asked about it."""
    found = home.firm(firm)
    make = _maker(wanted, found)
    acts: Acts = request.app.state.acts
    return acts.prepare(me, found, wanted.key, wanted.seen, make)


@router.post("/{firm}/reserve/record.json")
def record(firm: str, home: Here, request: Request, people: Who, me: Me, signed: SignedAct) -> Data:
    """Record what was prepared, as signed; what the ledger made of it."""
    found = home.firm(firm)
    acts: Acts = request.app.state.acts
    recorded = acts.record(me, found, signed.act, signed.signature, signed.credential)
    why = recorded.outcome.refused
    return {
        "seq": recorded.seq,
        "hash": recorded.hash,
        "outcome": recorded.outcome.code.partition(":")[0],
        "effect": recorded.outcome.effect,
        "refused": why,
        "message": refusal(why).as_json() if why else None,
    }
