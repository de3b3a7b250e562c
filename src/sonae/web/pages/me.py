"""My own page: who I am here, my passkeys, the key with which I sign acts, what I did last."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from sonae.actions.fund.screen import Acts
from sonae.store.console_schema import CREDENTIAL
from sonae.web.page import Data, page
from sonae.web.rights import Me, Who

router = APIRouter()
RIGHT = {"/me": "look", "/me/key": "act", "/me/key-options": "act"}
LAST_ACTS = 20
Key = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class Public(BaseModel):
    """The public half of a key that a browser made."""

    public: Key


class Taken(Public):
    """A key that signed its own text, and the passkey's answer over the same text."""

    signature: Annotated[str, Field(pattern="^[0-9a-f]{128}$")]
    credential: dict[str, Any]


@page(router, "/me", "me.html")
def me(request: Request, people: Who, me: Me) -> Data:
    """Whoever signed in: roles, firms, passkeys, act keys, the last lines of their log."""
    acts: Acts = request.app.state.acts
    passkeys = people.store.rows(CREDENTIAL, user_id=me.id, ended=None)
    return {
        "id": me.id,
        "name": me.name,
        "roles": sorted(me.roles),
        "firms": list(me.firms),
        "passkeys": [{"id": p["id"][:16], "made": p["made"]} for p in passkeys],
        "keys": acts.keys(me),
        "log": [
            {k: line[k] for k in ("at", "kind", "firm", "subject")}
            for line in people.store.log(LAST_ACTS, by=me.id)
        ],
    }


@router.post("/me/key-options.json")
def key_options(request: Request, people: Who, me: Me, said: Public) -> Data:
    """What the passkey is asked, to take up a key for acts."""
    acts: Acts = request.app.state.acts
    return {"options": acts.key_options(me, said.public)}


@router.post("/me/key.json")
def key(request: Request, people: Who, me: Me, said: Taken) -> Data:
    """Take up a key for acts."""
    acts: Acts = request.app.state.acts
    acts.add_key(me, said.public, said.signature, said.credential)
    return {"public": said.public}
