"""Why this number: a figure opened down to parameters, with the law's words, and sources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from sonae.core.canonical import parse_number
from sonae.core.text import Lang

Entry = Mapping[str, Any]

STANDING = {
    "in_force": {"ja": "施行中", "en": "in force"},
    "house": {"ja": "社内規程", "en": "house rule"},
    "enacted": {"ja": "公布済み・未施行", "en": "enacted, not in force"},
    "proposed": {"ja": "提案段階", "en": "proposed"},
}
CONFIDENCE = {
    "verified": {"ja": "条文で確認", "en": "verified"},
    "derived": {"ja": "導出", "en": "derived"},
    "secondary": {"ja": "二次資料", "en": "secondary source"},
    "memory": {"ja": "記憶（未確認）", "en": "from memory, unverified"},
}
WORDS = {
    "assumes": {"ja": "仮定", "en": "assumes"},
    "rows": {"ja": "行", "en": "rows"},
    "again": {"ja": "（前出）", "en": "(shown above)"},
    "not_computable": {"ja": "計算不能", "en": "not computable"},
    "true": {"ja": "真", "en": "true"},
    "false": {"ja": "偽", "en": "false"},
    "none": {"ja": "なし", "en": "none"},
    "table": {"ja": "表", "en": "table"},
    "pass": {"ja": "適合", "en": "pass"},
    "fail": {"ja": "不適合", "en": "fail"},
    "immediately": {"ja": "直ちに", "en": "immediately"},
}


def grouped(number: Fraction, places: int = 8) -> str:
    """A number with thousand separators; ≈ and rounded half up where its decimal does not end.

    >>> grouped(Fraction(1234567, 2))
    '617,283.5'
    """
    scaled = abs(number) * 10**places
    exact = scaled.denominator == 1
    digits = str((scaled * 2 + 1) // 2 if not exact else scaled.numerator).rjust(places + 1, "0")
    point = len(digits) - places
    whole, part = digits[:point], digits[point:].rstrip("0")
    text = f"{int(whole):,}" + (f".{part}" if part else "")
    sign = "-" if number < 0 else ""
    return f"{sign}{text}" if exact else f"≈ {sign}{text}"


def value_text(entry: Entry, lang: Lang) -> str:
    """The value of a figure in one line, with its unit."""
    value, kind, unit = entry["value"], entry["kind"], entry["unit"]
    if kind == "not_computable":
        return f"{WORDS['not_computable'][lang]}: {entry['reason'][lang]}"
    if kind == "truth":
        return WORDS["true" if value else "false"][lang]
    if kind == "code":
        word = "none" if value is None else value
        return WORDS[word][lang] if word in WORDS else word
    if kind == "date":
        return str(value)
    if kind == "table":
        return f"{WORDS['table'][lang]} ({len(value)})"
    if kind == "range":
        low, high = (grouped(parse_number(value[k])) for k in ("low", "high"))
        return f"{low} – {high} {unit}"
    number = parse_number(value)
    stated = f" = {value}" if "/" in value else ""
    return f"{grouped(number)}{stated} {unit}"


def amount_text(entry: Entry, lang: Lang) -> str:
    """An amount of money in whole units (≈ where rounded half up); other values in full."""
    if entry["kind"] == "number":
        return f"{grouped(parse_number(entry['value']), 0)} {entry['unit']}"
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
            yield f"{head}{name}  {value_text(entry, lang)}  {WORDS['again'][lang]}"
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
    marks = CONFIDENCE[entry["confidence"]][lang]
    if entry["cites"] or entry["standing"] != "in_force":
        marks = f"{STANDING[entry['standing']][lang]} · {marks}"
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
        rows = f"{source['rows']:,} {WORDS['rows'][lang]}"
        yield f"@ {source['table']}: {source['filter']} · {rows} · sha256 {source['digest'] or '-'}"
    for assumption in entry["assumptions"] if is_root or not entry["from"] else ():
        yield f"! {WORDS['assumes'][lang]}: {assumption}"
