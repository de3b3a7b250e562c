"""The rulebook's reference pages, generated from the rules, their words and their cases."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any

from sonae.core.text import LANGS
from sonae.report.reference import index, page
from sonae.rulebook.edition import Edition, topics
from sonae.rulebook.parameter import Topic
from sonae.rulebook.rule import Rule
from sonae.rulebook.timeline import stated


def shipped_cases() -> dict[str, list[dict[str, Any]]]:
    """The shipped cases by rule."""
    text = resources.files("sonae.rulebook").joinpath("cases.jsonl").read_text("utf-8")
    found: dict[str, list[dict[str, Any]]] = {}
    for line in text.splitlines():
        raw = json.loads(line)
        shown = {k: json.dumps(raw[k], ensure_ascii=False) for k in ("given", "expect")}
        found.setdefault(raw["rule"], []).append({"id": raw["id"], "on": raw["on"], **shown})
    return found


def topic_views() -> list[dict[str, Any]]:
    """Every topic as plain values for a page."""
    cases, book = shipped_cases(), Edition(date.max)
    by_module: dict[str, list[Rule]] = {}
    for rule in book.rules():
        by_module.setdefault(rule.module, []).append(rule)
    return [
        {
            "id": topic.id,
            "title": topic.title.as_json(),
            "rules": [_rule(r, topic, cases) for r in by_module.get(module, [])],
            "parameters": [_parameter(topic, key) for key in topic.parameters],
            "unmodelled": [
                {
                    "provision": u.provision.text().as_json(),
                    "says": u.provision.says,
                    "reason": u.reason.as_json(),
                }
                for u in topic.unmodelled
            ],
        }
        for module, topic in sorted(topics().items(), key=lambda item: item[1].id)
    ]


def _rule(rule: Rule, topic: Topic, cases: Mapping[str, list[dict[str, Any]]]) -> dict[str, Any]:
    provision = topic.cite(rule.cites)
    return {
        "id": rule.id,
        "title": rule.title.as_json(),
        "provision": provision.text().as_json(),
        "says": provision.says,
        "explains": inspect.cleandoc(rule.compute.__doc__ or ""),
        "needs": [{"key": n.key, "required": n.required} for n in rule.needs],
        "outputs": {k: t.as_json() for k, t in rule.output_titles.items()},
        "source": _body(rule),
        "cases": cases.get(rule.id, []),
    }


def _body(rule: Rule) -> str:
    """The function as written, without the declaration above it."""
    source = inspect.getsource(rule.compute)
    return source[source.index("def ") :].rstrip()


def _parameter(topic: Topic, key: str) -> dict[str, Any]:
    parameter = topic.parameters[key]
    return {
        "key": key,
        "title": parameter.title.as_json(),
        "unit": parameter.unit,
        "values": [
            {
                "value": stated(v.value),
                "on": v.start.isoformat(),
                "attested": v.attested,
                "status": v.status,
                "confidence": v.confidence_on(v.start),
                "provision": v.cites.text().as_json(),
                "says": v.cites.says,
                "note": v.note.as_json() if v.note else None,
                "checked": v.cites.checked,
            }
            for v in parameter.values
        ],
    }


def reverse_index() -> list[dict[str, Any]]:
    """Every provision with the parameters, rules and report lines that answer to it."""
    found: dict[str, tuple[dict[str, str], set[str]]] = {}
    book = Edition(date.max)
    for topic in topics().values():
        for parameter in topic.parameters.values():
            for value in parameter.values:
                text = value.cites.text()
                found.setdefault(text.en, (text.as_json(), set()))[1].add(
                    f"{topic.id}/{parameter.key}"
                )
    for rule in book.rules():
        text = book.provision(rule.id).text()
        lines = {rule.id, *(f"{rule.id}#{key}" for key in rule.output_titles)}
        found.setdefault(text.en, (text.as_json(), set()))[1].update(lines)
    return [{"provision": t, "lines": sorted(names)} for _, (t, names) in sorted(found.items())]


def write_pages(folder: Path) -> list[Path]:
    """Write all pages; what is in the folder from a former run and no longer made is removed."""
    views, reverse = topic_views(), reverse_index()
    pages = {f"{v['id']}.{lang}.md": page(v, lang) for v in views for lang in LANGS}
    pages |= {f"index.{lang}.md": index(views, reverse, lang) for lang in LANGS}
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.md"):
        if old.name not in pages:
            old.unlink()
    for name, text in pages.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in sorted(pages)]
