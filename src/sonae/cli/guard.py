"""The commands of the guard: serve it, ask it, look at it, work on its breaks."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from sonae.cli.main import (
    FOUND,
    OK,
    Json,
    Language,
    guard,
    language,
    out,
    show,
    show_json,
)
from sonae.core.errors import UsageError

Store = Annotated[str, Parameter(name="STORE")]
Url = Annotated[str, Parameter(name="--url", help="where the service listens")]
Token = Annotated[Path | None, Parameter(name="--token-file", help="the shared secret")]
HERE = "http://127.0.0.1:8480"


@guard.command
def serve(
    store: Store,
    *,
    policy: Path,
    host: str = "127.0.0.1",
    port: int = 8480,
    token_file: Token = None,
    every: int = 60,
) -> int:
    """Serve until SIGTERM: answers, readings, the comparison of each minute.

    Parameters
    ----------
    store
        A SQLite file (made where there is none) or a PostgreSQL address.
    policy
        guard.toml: limits by asset.
    host
        An address of another kind than this machine's own needs --token-file.
    port
        0 takes a free one; the address is printed.
    every
        Seconds between comparisons.
    """
    said = [store, str(policy), "--host", host, "--port", str(port), "--every", str(every)]
    said += [] if token_file is None else ["--token-file", str(token_file)]
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "sonae.web.guard_serve", *said])


@guard.command
def ask(
    batch: Annotated[Path, Parameter(name="BATCH")],
    *,
    url: Url = HERE,
    token_file: Token = None,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Ask the service about a batch of credits; 0 allow, 1 hold, 3 refuse.

    Parameters
    ----------
    batch
        A batch as JSON.
    """
    import json as parser

    from sonae.actions.guard.client import GuardClient
    from sonae.report.guard import answer_view

    try:
        said = parser.loads(batch.read_text("utf-8"))
    except ValueError as error:
        raise UsageError(f"{batch} is not readable as JSON: {error}") from error
    found = GuardClient(url, token_file).ask(said)
    if json:
        show_json(found)
    else:
        show(answer_view(found, language(lang)))
    return {"allow": OK, "hold": FOUND}.get(found["answer"], 3)


@guard.command
def state(
    *, url: Url = HERE, token_file: Token = None, lang: Language = None, json: Json = False
) -> int:
    """Every asset as of the last minute, what waits, and what can be spent how soon."""
    from sonae.actions.guard.client import GuardClient
    from sonae.report.guard import state_view

    client = GuardClient(url, token_file)
    found, ladder = client.send("GET", "/state"), client.send("GET", "/ladder")
    if json:
        show_json({**found, "ladder": ladder})
    else:
        show(state_view(found, ladder, language(lang)))
    well = all(c["state"] in ("matched", "asset_over_ledger") for c in found["assets"])
    return OK if well and not found["open_breaks"] and found["recording"] else FOUND


@guard.command
def breaks(
    store: Store,
    *,
    policy: Path,
    match: Path | None = None,
    lang: Language = None,
    json: Json = False,
) -> int:
    """Open breaks, the notices due with their clocks, plug entries so far.

    Parameters
    ----------
    policy
        guard.toml, for what is material.
    match
        A CSV of movements (layer, asset, reference, units, purpose, at): closes what they explain.
    """
    from sonae.actions.guard.notices import notices
    from sonae.actions.guard.policy import load_policy
    from sonae.actions.guard.register import Register, as_json, read_movements
    from sonae.report.guard import breaks_view

    limits = load_policy(policy)
    moves = None if match is None else read_movements(match)
    with Register(store) as register:
        matched = [] if moves is None else register.match(moves)
        found = [as_json(b) for b in register.open()]
        queue, plugs = notices(register, limits.material()), register.plugs()
    if json:
        show_json({"breaks": found, "notices": queue, "plugs": plugs, "matched": matched})
    else:
        show(breaks_view(found, queue, plugs, language(lang)))
        if matched:
            out(", ".join(matched) + " →")
    return FOUND if found else OK


Act = Literal["assign", "note", "plug", "check", "close"]
KINDS = {
    "assign": "assigned",
    "note": "noted",
    "plug": "plug",
    "check": "checked",
    "close": "closed",
}


@guard.command(name="break")
def break_(
    store: Store,
    id: Annotated[str, Parameter(name="ID")],
    act: Annotated[Act, Parameter(name="ACT")],
    *,
    key: Path,
    owner: str = "",
    class_: Annotated[str, Parameter(name="--class")] = "",
    cause: str = "",
    evidence: str = "",
    json: Json = False,
) -> int:
    """Work on a break: assign, note, plug, check (a second person approves the plug), close.

    Each step is signed; who acts comes from the key, by the constitution where the store has one.

    Parameters
    ----------
    id
        As `sonae guard breaks` lists it.
    act
        What to do.
    key
        The key file of the person who acts.
    owner
        Who owns it from now on.
    class_
        What kind of difference it is.
    cause
        Why it came about.
    evidence
        A reference: ticket, transaction, document.
    """
    from datetime import UTC, datetime

    from sonae.actions.guard.register import Register, as_json
    from sonae.actions.keys import load_key
    from sonae.guard.breaks import Event

    kind = KINDS[act]
    said = Event(kind, datetime.min.replace(tzinfo=UTC), "", None, class_, cause, owner, evidence)  # type: ignore[arg-type]
    with Register(store) as register:
        found = as_json(register.act(id, said, load_key(key)))
    if json:
        show_json(found)
    else:
        out(f"{found['id']} {found['state']} {found['owner'] or '-'} {found['class']}")
    return OK


@guard.command
def incident(
    store: Store,
    alarm: Annotated[str, Parameter(name="ALARM")],
    *,
    policy: Path,
    out_file: Annotated[Path, Parameter(name="--out")],
) -> int:
    """Write an alarm as an incident file that `sonae incident open` reads as it is.

    Parameters
    ----------
    alarm
        The id of a break, or of a batch that was refused or held.
    policy
        guard.toml, for the decimals of the asset.
    out_file
        A new file.
    """
    from sonae.actions.guard.incident import incident_file
    from sonae.actions.guard.policy import load_policy

    incident_file(store, alarm, load_policy(policy), out_file)
    out(f"→ {out_file}")
    return OK


@guard.command
def export(store: Store, *, after: int = 0) -> int:
    """Print the record, one JSON line for each event, oldest first.

    Parameters
    ----------
    after
        Only events after this number.
    """
    import json as parser

    from sonae.store.watch import WatchLog

    with WatchLog(store) as log:
        for kept in log.after(after):
            line = kept._asdict() | {"body": parser.loads(kept.body)}
            out(parser.dumps(line, ensure_ascii=False))
    return OK
