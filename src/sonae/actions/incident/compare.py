"""Two versions of one incident: what a later cause changes, and that nothing paid is touched."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from sonae.actions.claims.entitle import load_incident
from sonae.actions.claims.frozen import read_frozen
from sonae.actions.incident.open import open_incident
from sonae.claims.incident import Incident, Step
from sonae.core.canonical import canonical_bytes, number_text
from sonae.core.canonical import digest as digest_of
from sonae.core.errors import InputError, Problem, Refused
from sonae.core.text import Text

FORMAT = "sonae-incident-comparison/1"
FIXED = ("id", "entity", "kind", "currency", "occurred_at", "record_at")
"""What makes two files one incident; who is owed what hangs on it."""
PAYMENTS = ("paid", "returned_in_kind")
APART = ("digest", "replaces", "version_reason", "format", "paid", "notes", "source", "confidence")
"""Sections of an opened incident that say nothing of what follows from it."""


def compare(
    old: Path, new: Path, law_on: date | None = None, frozen: Path | None = None
) -> dict[str, Any]:
    """What the newer file of an incident changes: clocks, gates, ground, who bears it, recoveries.

    Args:
        old: the earlier file.
        new: the later one, with `replaces` (the digest of the earlier) and `reason`.
        law_on: the law of another day, for both.
        frozen: the frozen entitlements that payments go by.

    Raises:
        InputError: the later file is no version of the earlier, or takes a payment back.
        Refused: the frozen list does not hold, or is of another incident.
    """
    (before, digest), (after, later) = load_incident(old), load_incident(new)
    _linked(before, after, digest, new)
    first, second = (open_incident(file, law_on) for file in (old, new))
    changed = {
        key: found
        for key in first | second
        if key not in APART and (found := _differences(first.get(key), second.get(key)))
    }
    kept, now = _paid(before), _paid(after)
    added = _beyond(now, kept)
    return {
        "format": FORMAT,
        "id": after.id,
        "law_on": second["law_on"],
        "what_if": law_on is not None,
        "versions": [digest, later],
        "reason": after.reason,
        "cause": {"before": before.cause, "after": after.cause},
        "changed": changed,
        "payments": {
            "count": len(kept),
            "digest_before": digest_of(kept),
            "digest_after": digest_of(_beyond(now, added)),
            "added": added,
        },
        "frozen": None if frozen is None else _frozen(frozen, after, [digest, later]),
    }


def _linked(before: Incident, after: Incident, digest: str, file: Path) -> None:
    """The later file names the earlier by its digest, is of the same event, keeps what was paid."""
    problems = []

    def fault(key: str, text: Text) -> None:
        problems.append(Problem("not-a-version", "incident", text, file.name, key=key))

    if after.replaces != digest:
        text = Text(
            "{key} が前の版のSHA-256（{digest}）でない", "{key} is not the earlier file's {digest}"
        )
        fault("incident.replaces", text.format(key="replaces", digest=digest))
    for key in FIXED:
        if getattr(before, key) != getattr(after, key):
            text = Text("{key} は版の間で変えられない", "{key} does not change between versions")
            fault(f"incident.{key}", text.format(key=key))
    kept, now = _paid(before), _paid(after)
    if _beyond(kept, now):
        text = Text(
            "支払済みの記録（step）は消したり変えたりできない。追加だけができる",
            "payments made (step) are neither taken out nor changed; add to them only",
        )
        fault("step", text)
    if problems:
        raise InputError(problems)


def _paid(incident: Incident) -> list[dict[str, str]]:
    """What was paid or given back, in an order of its own."""
    return sorted((_step(s) for s in incident.steps if s.kind in PAYMENTS), key=canonical_bytes)


def _beyond(rows: list[dict[str, str]], known: list[dict[str, str]]) -> list[dict[str, str]]:
    """Rows that are not among the known ones, each of which accounts for one row."""
    left, found = list(known), []
    for row in rows:
        if row in left:
            left.remove(row)
        else:
            found.append(row)
    return found


def _step(step: Step) -> dict[str, str]:
    return {
        "kind": step.kind,
        "asset": step.asset,
        "amount": number_text(step.amount),
        "on": step.on.isoformat(),
        "evidence": step.evidence,
        "transaction": step.transaction,
    }


def _frozen(folder: Path, incident: Incident, versions: list[str]) -> dict[str, Any]:
    """The frozen list that payments go by, once it holds: under which version it was frozen.

    Its table is signed by its digest; a later version of the incident changes no row of it.
    """
    document = read_frozen(folder)
    if document["incident"] != incident.id:
        raise Refused(f"{folder} has the entitlements of {document['incident']}")
    if document["incident_digest"] not in versions:
        raise Refused(f"{folder} was frozen under neither of these versions")
    keys = ("version", "table_digest", "accounts", "incident_digest")
    under = "earlier" if document["incident_digest"] == versions[0] else "later"
    return {**{k: document[k] for k in keys}, "frozen_under": under}


def _differences(before: Any, after: Any, path: str = "") -> list[dict[str, Any]]:
    """Every place where two documents differ, by a path of keys; rows go by whom they are to."""
    before, after = _keyed(before), _keyed(after)
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        found = []
        for key in dict.fromkeys([*before, *after]):
            where = f"{path}.{key}" if path else str(key)
            found += _differences(before.get(key), after.get(key), where)
        return found
    return [] if before == after else [{"at": path, "before": before, "after": after}]


def _keyed(found: Any) -> Any:
    """A list of rows as a table by its first column, where that tells the rows apart."""
    if isinstance(found, list) and found and all(isinstance(r, Mapping) for r in found):
        keys = [str(next(iter(row.values()))) for row in found]
        if len(set(keys)) == len(keys):
            return dict(zip(keys, found, strict=True))
    return found
