"""Why this number: a figure opened down to parameters, with the law's words, and sources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sonae.core.canonical import parse_number
from sonae.core.display import exact
from sonae.core.text import Lang
from sonae.report.format import ends, money
from sonae.report.words import Words

Entry = Mapping[str, Any]


def value_text(entry: Entry, lang: Lang) -> str:
    """The value of a figure in one line, with its unit."""
    value, kind, unit, words = entry["value"], entry["kind"], entry["unit"], Words(lang)
    if kind == "not_computable":
        return f"{words('value.not_computable')}: {entry['reason'][lang]}"
    if kind == "truth":
        return words("value.true" if value else "value.false")
    if kind == "code":
        word = "none" if value is None else value
        return words.known(f"value.{word}", word)
    if kind == "date":
        return str(value)
    if kind == "table":
        return words("value.rows", n=len(value))
    if kind == "range":
        return f"{ends(*(exact(parse_number(value[k])) for k in ('low', 'high')))} {unit}"
    stated = f" = {value}" if "/" in value else ""
    return f"{exact(parse_number(value))}{stated} {unit}"


def amount_text(entry: Entry, lang: Lang) -> str:
    """An amount of money in whole units (≈ where rounded half up); other values in full."""
    if entry["kind"] == "number":
        return f"{money(parse_number(entry['value']))} {entry['unit']}"
    return value_text(entry, lang)


def tree(
    figures: Mapping[str, Entry], citations: Mapping[str, Entry], ids: Sequence[str], lang: Lang
) -> str:
    """The trees of some figures as text; what was opened once is not opened again."""
    shown: set[str] = set()
    shown_words: set[str] = set()

    def lines(name: str, head: str, rest: str) -> Iterator[str]:
        entry = figures[name]
        if name in shown and entry["from"]:
            yield f"{head}{name}  {value_text(entry, lang)}  {Words(lang)('tree.again')}"
            return
        shown.add(name)
        yield f"{head}{name}  {value_text(entry, lang)}"
        for words in _about(entry, citations, lang, shown_words, is_root=not head):
            yield f"{rest}{'│ ' if entry['from'] else '  '}{words}"
        children = list(dict.fromkeys(entry["from"]))
        for n, child in enumerate(children, 1):
            last = n == len(children)
            yield from lines(
                child, rest + ("└─ " if last else "├─ "), rest + ("   " if last else "│  ")
            )

    return "\n\n".join("\n".join(lines(id, "", "")) for id in ids)


def _about(
    entry: Entry, citations: Mapping[str, Entry], lang: Lang, shown: set[str], *, is_root: bool
) -> Iterator[str]:
    """What a figure answers to, line by line.

    The words of a provision stand once in a tree; assumptions where they enter it and at its root.
    """
    label = entry["label"][lang] if entry["label"] else ""
    words = Words(lang)
    marks = words(f"confidence.{entry['confidence']}")
    if entry["cites"] or entry["standing"] != "in_force":
        marks = f"{words('standing.' + entry['standing'])} · {marks}"
    yield f"{label} [{marks}]" if label else f"[{marks}]"
    if entry["formula"]:
        yield f"= {entry['formula']}"
    for key in entry["cites"]:
        citation = citations[key]
        name = f"{citation['instrument'][lang]} {citation['provision'][lang]}"
        checked = (
            f" ({citation['checked']} {citation['checked_by']})" if citation["checked"] else ""
        )
        yield f"§ {name}{checked}"
        if citation["says"] and key not in shown:
            shown.add(key)
            yield f"  「{citation['says']}」"
    if "source" in entry:
        source = entry["source"]
        rows = words("tree.rows", n=f"{source['rows']:,}")
        yield f"@ {source['table']}: {source['filter']} · {rows} · sha256 {source['digest'] or '-'}"
    for assumption in entry["assumptions"] if is_root or not entry["from"] else ():
        yield f"! {words('tree.assumes')}: {assumption[lang]}"
