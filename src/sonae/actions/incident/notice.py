"""Every notice that an incident gives rise to before anybody is paid, with the hash of each.

public, customers    what happened
changed, dispute     forms that go out when a payout account changes or an objection comes in
hold-…               one for each text that a customer may see; what looks alike is one file
drafts/…             for authorities, the police, banks, the insurer: people complete them
notices.json         every file with its hash; hashes.txt is the list to be published, no drafts

What a customer is entitled to and what was paid is written one by one (`claims pay notice`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

from sonae.actions.claims.entitle import load_incident
from sonae.actions.files import json_bytes, replace_folder
from sonae.actions.incident.clocks import clocks
from sonae.actions.incident.open import JST
from sonae.claims.hold import HOLDS, VISIBLE
from sonae.claims.incident import Incident
from sonae.core.errors import UsageError
from sonae.core.text import LANGS, Lang
from sonae.report.notice import (
    Happened,
    Head,
    changed_notice,
    dispute_notice,
    draft_report,
    hold_notice,
    incident_notice,
    public_notice,
)
from sonae.report.words import Words
from sonae.rulebook.edition import Edition

FORMAT = "sonae-notices/1"
INDEX, LIST = "notices.json", "hashes.txt"
NEXT_DAYS, ANSWER_DAYS = 7, 30
"""Days until more is told, and until an objection is answered (rules of this project)."""
COOLING_HOURS = 72
"""Hours without a payment after a payout account was changed (a rule of this project)."""
NO_DRAFT = ("cure", "public", "personal_data_notice_to_persons")
"""Clocks that no report to an office answers."""
Write = Callable[[str, Lang], str]


def write_notices(
    file: Path, out: Path, on: date | None = None, next_by: date | None = None
) -> dict[str, Any]:
    """Write every notice of an incident in both languages, whole or not at all.

    Args:
        file: the incident.
        out: a new or empty folder, or one that this wrote.
        on: the day of the notices; the day it was learned where not given.
        next_by: the day by which more is told; a week later where not given.

    Raises:
        UsageError: `out` holds something else.
        Refused: a value of the incident looks like an address, a wallet or a telephone.
    """
    if out.exists() and any(out.iterdir()) and not (out / INDEX).is_file():
        raise UsageError(f"{out} holds other files; give a new or empty folder for --out")
    incident, digest = load_incident(file)
    day = on or _learned(incident)
    known = _happened(incident, next_by or day + timedelta(days=NEXT_DAYS))
    files: dict[str, bytes] = {}
    listed = []
    for n, (name, write) in enumerate(_notices(incident, known, day), 1):
        number = f"N-{digest[:8].upper()}-{n:02}"
        for lang in LANGS:
            path, content = f"{lang}/{name}.txt", write(number, lang).encode()
            files[path] = content
            found = {"file": path, "number": number, "draft": name.startswith("drafts/")}
            listed.append(found | {"sha256": hashlib.sha256(content).hexdigest()})
    document = {
        "format": FORMAT,
        "incident": incident.id,
        "digest": digest,
        "on": day.isoformat(),
        "notices": listed,
    }
    lines = [f"{n['sha256']}  {n['file']}\n" for n in listed if not n["draft"]]
    replace_folder(out, {**files, INDEX: json_bytes(document), LIST: "".join(lines).encode()})
    return document


def _learned(incident: Incident) -> date:
    """The day on which it was learned, in Japan."""
    return incident.learned_at.astimezone(JST).date()


def _happened(incident: Incident, next_by: date) -> Happened:
    return Happened(
        incident.cause,
        incident.occurred_at,
        incident.learned_at,
        incident.short(),
        incident.personal_data,
        next_by,
    )


def _notices(incident: Incident, known: Happened, day: date) -> Iterator[tuple[str, Write]]:
    """Each notice by its name, as what makes it of a number and a language."""

    def head(number: str, to: str) -> Head:
        return Head(incident.entity, to, number, day)

    def customer(number: str, lang: Lang) -> Head:
        return head(number, Words(lang)("notice.every_customer"))

    def hold(code: str) -> Write:
        return lambda number, lang: hold_notice(customer(number, lang), code, lang)

    answer = day + timedelta(days=ANSWER_DAYS)
    yield "public", lambda n, lang: public_notice(customer(n, lang), known, lang)
    yield "customers", lambda n, lang: incident_notice(customer(n, lang), known, lang)
    yield "changed", lambda n, lang: changed_notice(customer(n, lang), COOLING_HOURS, lang)
    yield "dispute", lambda n, lang: dispute_notice(customer(n, lang), answer, lang)
    for visible in VISIBLE:
        yield f"hold-{visible}", hold(next(c for c, v in HOLDS.items() if v == visible))
    learned = _learned(incident)
    for clock in clocks(incident, Edition(learned), learned):
        if clock["to"] not in NO_DRAFT:
            yield f"drafts/{clock['to']}", _draft(incident, known, day, clock)


def _draft(incident: Incident, known: Happened, day: date, clock: dict[str, Any]) -> Write:
    values = [loss.value for loss in incident.losses]
    whole = sum((v for v in values if v is not None), Fraction(0))
    value = None if None in values else (whole, incident.currency)
    due: date | str | None = clock["due"]
    if due is not None and clock["due"][:1].isdigit():
        due = date.fromisoformat(clock["due"])

    def write(number: str, lang: Lang) -> str:
        head = Head(incident.entity, Words(lang)(f"notify.{clock['to']}"), number, day)
        return draft_report(head, known, value, due, lang)

    return write
