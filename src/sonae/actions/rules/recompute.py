"""A firm's `close.json` worked out again: every rule on the facts that stand in it.

Whoever holds the file needs nothing of the firm for this. Whether the facts are true it does not
show: for that the Books are closed again, and `sources` names the digest of each of their files.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from sonae.core.canonical import digest, parse_number
from sonae.core.errors import SonaeError, UsageError
from sonae.core.figure import Figure, Missing, NotComputable, Range, Value
from sonae.core.register import plain
from sonae.core.text import Text
from sonae.rulebook.draft import Draft, load_draft
from sonae.rulebook.edition import Edition

Entries = Mapping[str, Mapping[str, Any]]


def recompute_file(path: Path) -> dict[str, Any]:
    """The same from a file, or from the folder that holds it."""
    file = path / "close.json" if path.is_dir() else path
    try:
        document = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{file} is not a close.json: {error}") from error
    return recompute(document)


def recompute(document: Mapping[str, Any]) -> dict[str, Any]:
    """What the rules give on the document's own facts, beside what the document says.

    `same` counts outputs that are equal to the last digit; `different` names the others with both
    values; `not_run` are rules of drafts that are not at hand word for word; `same_law` is false
    where the file was made by another edition of the rulebook, which explains a difference.

    Raises:
        UsageError: the document is no close, or its figures do not fit together.
    """
    try:
        entries: Entries = {f["id"]: f for f in document["figures"]}
        facts = {key: _figure(entries, id) for key, id in document["facts"].items()}
        drafts, absent = _drafts(document["edition"]["assumed"])
        day = date.fromisoformat(document["edition"]["on"])
        edition = Edition(day, drafts)
        return _compared(document, entries, facts, edition, absent)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise UsageError(
            Text(
                f"締めの文書として読めない: {error!r}。"
                "`sonae close --out`が書き出したままのファイルを渡す",
                f"not readable as a close: {error!r}; give the file just as `sonae close --out` "
                "wrote it",
            )
        ) from error


def _compared(
    document: Mapping[str, Any],
    entries: Entries,
    facts: Mapping[str, Figure],
    edition: Edition,
    absent: list[str],
) -> dict[str, Any]:
    same, different, not_run = 0, list[dict[str, Any]](), list[str]()
    known = {r.id for r in edition.rules()}
    for rule, outputs in document["requirements"].items():
        if rule not in known:
            not_run.append(rule)
            continue
        found = edition.evaluate(rule, facts)
        for name, id in outputs.items():
            said = _said(entries, id)
            ours = _plain(found[name]) if name in found else None
            if said == ours:
                same += 1
            else:
                different.append({"figure": id, "document": said, "recomputed": ours})
    return {
        "venue": document["venue"]["name"],
        "on": document["on"],
        "document": digest(document),
        "same_law": document["edition"]["digest"] == edition.digest() if not absent else None,
        "drafts_not_at_hand": absent,
        "same": same,
        "different": different,
        "not_run": not_run,
    }


def _drafts(assumed: list[Mapping[str, Any]]) -> tuple[tuple[Draft, ...], list[str]]:
    """Drafts that are at hand word for word, and the ids of the others."""
    found, absent = [], []
    for one in assumed:
        try:
            draft = load_draft(one["id"])
        except SonaeError:
            draft = None
        if draft is not None and draft.digest == one["digest"]:
            found.append(draft)
        else:
            absent.append(one["id"])
    return tuple(found), absent


def _figure(entries: Entries, id: str) -> Figure:
    """A figure of the document with the rows below it, without what it was made from."""
    entry = entries[id]
    return Figure(
        _value(entries, entry),
        entry["unit"],
        id=id,
        standing=entry["standing"],
        confidence=entry["confidence"],
    )


def _value(entries: Entries, entry: Mapping[str, Any]) -> Value:
    kind, value = entry["kind"], entry["value"]
    if kind == "number":
        return parse_number(value)
    if kind == "range":
        return Range(parse_number(value["low"]), parse_number(value["high"]))
    if kind == "date":
        return date.fromisoformat(value)
    if kind == "not_computable":
        why = Text(entry["reason"]["ja"], entry["reason"]["en"])
        return NotComputable(tuple(Missing(key, why) for key in entry["missing"]))
    if kind == "table" and isinstance(value, Mapping):
        return {key: _figure(entries, row) for key, row in value.items()}
    if kind == "table":
        return tuple(_figure(entries, row) for row in value)
    found: Value = value
    return found


def _said(entries: Entries, id: str) -> Any:
    """An output as the document says it, tables row by row."""
    entry = entries[id]
    value = entry["value"]
    if entry["kind"] == "table" and isinstance(value, Mapping):
        return {key: _said(entries, row) for key, row in value.items()}
    if entry["kind"] == "table":
        return [_said(entries, row) for row in value]
    return [entry["kind"], entry["unit"], value]


def _plain(figure: Figure) -> Any:
    """The same of an output that was worked out here."""
    value = figure.value
    if isinstance(value, Mapping):
        return {key: _plain(row) for key, row in value.items()}
    if isinstance(value, tuple):
        return [_plain(row) for row in value]
    return [figure.kind, figure.unit, plain(value)]
