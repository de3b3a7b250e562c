"""A supervisor's views: firms side by side, suppliers in common, a file worked out again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text as Styled

from sonae.core.canonical import parse_number
from sonae.core.text import Lang
from sonae.report import format as fmt
from sonae.report.loss_page import Section
from sonae.report.tree import amount_text
from sonae.report.words import Words

Found = Mapping[str, Any]


def recomputed_view(found: Found, lang: Lang) -> RenderableType:
    """What was worked out again, and every figure that differs."""
    lines = [Styled(line) for line in recomputed_lines(found, lang)]
    return Group(*lines)


def recomputed_lines(found: Found, lang: Lang) -> list[str]:
    """The same as sentences."""
    words = Words(lang)
    where = words("supervise.file", venue=found["venue"], day=fmt.day(found["on"], lang))
    lines = [where, words("supervise.same", n=f"{found['same']:,}")]
    for one in found["different"]:
        values = {key: one[key] for key in ("document", "recomputed")}
        lines.append(words("supervise.differs", figure=one["figure"], **values))
    if found["not_run"]:
        lines.append(words("supervise.not_run", rules=", ".join(found["not_run"])))
    if found["same_law"] is False:
        lines.append(words("supervise.other_law"))
    return [*lines, words("supervise.facts")]


COUNTS = ("breaches", "warnings", "oldest")
AMOUNTS = ("required", "going_concern", "on_insolvency", "surplus")


def firms_section(rows: Sequence[Found], lang: Lang) -> Section:
    """Firms side by side: what the law in force requires, what stands behind it, what is wrong."""
    words = Words(lang)
    names = (
        "firm",
        "closed",
        "hot",
        *COUNTS,
        "regime",
        "required",
        "going",
        "insolvent",
        "surplus",
    )
    found: list[tuple[str, ...]] = []
    for row in rows:
        if row["on"] is None:
            found.append((row["name"], words("supervise.no_close"), *[""] * 9))
            continue
        head = (
            row["name"],
            words("supervise.closed_on", day=fmt.day(row["on"], lang), n=f"{row['age']:,}"),
            _percent(row["hot_share"], lang),
            *(str(row[key]) for key in COUNTS),
        )
        for n, regime in enumerate(row["regimes"]):
            title = words.known(f"regime.{regime['regime']}", regime["regime"])
            amounts = (_amount(regime[key], words) for key in AMOUNTS)
            found.append(((*head,) if not n else ("",) * 6) + (title, *amounts))
        if not row["regimes"]:
            found.append((*head, *("–",) * 5))
    titles = tuple(words(f"supervise.{name}") for name in names)
    right = frozenset({2, 3, 4, 5, 7, 8, 9, 10})
    lines = (words("supervise.not_added"), words("state.insolvency_note"))
    return Section(words("supervise.side_by_side"), lines, titles, tuple(found), right)


def _amount(entry: Found, words: Words) -> str:
    if not _number(entry):
        return words("value.not_computable")
    text, currency = amount_text(entry, words.lang).rsplit(" ", 1)
    if words.lang == "en":
        return f"{text} {currency}"
    name = words.known(f"currency.{currency}", f" {currency}")
    return f"{text}{name}"


def _percent(entry: Found | None, lang: Lang) -> str:
    if entry is None or not _number(entry):
        return "–"
    return fmt.percent(parse_number(entry["value"]), lang)


def _number(entry: Found | None) -> bool:
    return entry is not None and entry["kind"] == "number"


def suppliers_section(found: Sequence[Found], lang: Lang) -> Section:
    """Who hangs on whom."""
    words = Words(lang)
    rows = []
    for one in found:
        for n, firm in enumerate(one["firms"]):
            share = fmt.percent(parse_number(firm["share"]), lang) if firm["share"] else "–"
            named = (one["supplier"], str(len(one["firms"]))) if not n else ("", "")
            rows.append((*named, firm["name"], _amount(firm["value"], words), share))
    head = tuple(
        words(f"supervise.{k}") for k in ("supplier", "of_firms", "firm", "value", "share")
    )
    lines = () if rows else (words("supervise.no_suppliers"),)
    return Section(words("supervise.suppliers"), lines, head, tuple(rows), frozenset({1, 3, 4}))
