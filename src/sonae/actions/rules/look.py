"""Looking at the rulebook and running cases through it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from sonae.core.errors import UsageError
from sonae.core.register import Register
from sonae.rulebook.audit import Remark, audit
from sonae.rulebook.cases import Result, read_cases, run_cases, shipped_cases
from sonae.rulebook.draft import load_draft, shipped
from sonae.rulebook.edition import Edition
from sonae.rulebook.parameter import Topic
from sonae.rulebook.rule import Rule


def edition(on: date | None, assume: Sequence[str]) -> Edition:
    """The law on a day (today where none is given), with drafts assumed."""
    return Edition(on or date.today(), tuple(load_draft(name) for name in assume))  # noqa: DTZ011


def list_rules(book: Edition, globs: Sequence[str] = ("*",)) -> list[dict[str, Any]]:
    """Rules with title, provision and standing."""
    return [
        {
            "rule": r.id,
            "title": r.title.as_json(),
            "provision": book.provision(r.id).text().as_json(),
            "needs": [{"key": n.key, "required": n.required} for n in r.needs],
        }
        for r in book.rules(globs)
    ]


def list_drafts() -> list[dict[str, Any]]:
    """The shipped drafts."""
    drafts = [load_draft(name) for name in shipped()]
    return [
        {
            "draft": d.id,
            "title": d.title.as_json(),
            "note": d.note.as_json(),
            "rules": [r.id for r in d.rules],
        }
        for d in drafts
    ]


def show_rule(book: Edition, id: str) -> dict[str, Any]:
    """One rule: provision, needs, outputs, parameters on the day, what is not modelled."""
    rule = book.rule(id)
    topic = book.topic(rule)
    register = Register()
    names = [register.add(book.parameter(topic, key)) for key in topic.parameters]
    return {
        "rule": rule.id,
        "on": book.on.isoformat(),
        "title": rule.title.as_json(),
        "provision": book.provision(id).as_json(),
        "says": (rule.compute.__doc__ or "").strip(),
        "needs": _needs(rule),
        "outputs": {k: t.as_json() for k, t in rule.output_titles.items()},
        "parameters": names,
        "unmodelled": _unmodelled(topic),
        "figures": register.figures,
        "citations": register.citations,
    }


def _needs(rule: Rule) -> list[dict[str, Any]]:
    return [{"key": n.key, "required": n.required} for n in rule.needs]


def _unmodelled(topic: Topic) -> list[dict[str, Any]]:
    return [
        {"provision": u.provision.as_json(), "reason": u.reason.as_json()} for u in topic.unmodelled
    ]


def remarks(on: date | None) -> list[Remark]:
    """What the audit says as of a day (today where none is given)."""
    return audit(on or date.today())  # noqa: DTZ011


def check_cases(file: Path | None, globs: Sequence[str], assume: Sequence[str]) -> list[Result]:
    """Run a cases file (the shipped one where none is given).

    Raises:
        UsageError: no such file, or no case matches the globs.
    """
    if file is not None and not file.is_file():
        raise UsageError(f"no such file: {file}")
    name = file.name if file else "cases.jsonl"
    cases = read_cases(file.read_text("utf-8").splitlines(), name) if file else shipped_cases()
    drafts = tuple(load_draft(name) for name in assume)
    results = run_cases(cases, globs, drafts)
    if not results:
        raise UsageError(f"no case in {name} has a rule matching {','.join(globs)}")
    return results
