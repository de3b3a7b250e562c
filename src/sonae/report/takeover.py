"""The take-over for people: terminal views, Markdown, and pages in both languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Styled

from sonae.core.text import Lang
from sonae.report.format import day, instant
from sonae.report.html import page
from sonae.report.terminal import STYLES
from sonae.report.words import Words

Found = Mapping[str, Any]
_PEOPLE = {"verified": "verified_people"}
Section = tuple[str, Sequence[str], Sequence[Sequence[str]]]


def _words(value: Any, lang: Lang) -> str:
    """A text in both languages, a plain value, or nothing."""
    if isinstance(value, Mapping):
        return str(value[lang])
    return "" if value is None else _when(str(value), lang)


def _when(value: str, lang: Lang) -> str:
    """A day or an instant as people read it; other words as they are."""
    with suppress(ValueError):
        datetime.fromisoformat(value)
        return day(value, lang) if len(value) == len("2026-11-20") else instant(value, "", lang)
    return value


def _known(words: Words, value: Any) -> str:
    return words("takeover.unknown") if value is None else str(value)


def _sections(document: Found, lang: Lang) -> list[Section]:
    """What was opened, as titled tables."""
    w = Words(lang)
    totals = [
        [
            t["asset"],
            t["owed_units"],
            _known(w, t["stated_units"]),
            t["held_units"],
            _known(w, t["unknown_units"]),
            w("value.true" if t["priced"] else "value.false"),
        ]
        for t in document["totals"]
    ]
    signers = [
        [
            h["holding_id"],
            h["asset"],
            h["owner"],
            h["units"],
            h["custodian"] or h["signing_domain"] or w("takeover.unknown"),
            h["quorum"] or w("takeover.unknown"),
            ", ".join(h["signers"]) or w("takeover.unknown"),
        ]
        for h in document["wallets"]
    ]
    people = [
        [w(f"takeover.{_PEOPLE.get(k, k)}"), _known(w, v)] for k, v in document["people"].items()
    ]
    keys = ("asset", "owed", "stated", "held", "unidentified", "priced")
    fall = [
        [i["item"], i["asset"], i["quantity"], w(f"segregation.{i['state']}"), _why(i, w)]
        for i in document["segregation"] or ()
    ]
    named = [w(f"segregation.{k}") for k in ("item", "asset", "quantity", "state", "reasons")]
    return [
        (w("takeover.gaps"), [w("takeover.gap"), ""], _gap_rows(document["gaps"], lang)),
        (w("takeover.totals"), [w(f"takeover.{k}") for k in keys], totals),
        (w("takeover.apart"), named, fall),
        (w("takeover.people"), [w("takeover.item"), w("takeover.count")], people),
        (
            w("takeover.signers"),
            [w(f"takeover.{k}") for k in ("wallet", "asset", "owner", "held", "domain", "quorum")]
            + [w("takeover.names")],
            signers,
        ),
    ]


def _why(item: Found, w: Words) -> str:
    """Reasons and gaps of a line of the dossier."""
    why = [r[w.lang] for r in item["reasons"]]
    return "; ".join([*why, *[w(f"segregation.field_{name}") for name in item["missing"]]])


def _gap_rows(gaps: Sequence[Found], lang: Lang) -> list[list[str]]:
    w = Words(lang)
    return [[w(f"terminal.{g['severity']}"), g["message"][lang]] for g in gaps]


def opened_html(document: Found, lang: Lang) -> str:
    """What was opened as a page."""
    w = Words(lang)
    title = w("takeover.opened", entity=document["entity"], day=document["on"])
    return _page(title, [w(f"takeover.{_state(document)}")], _sections(document, lang), lang)


def _state(document: Found) -> str:
    """Verified, different, or with nothing to compare."""
    if document["verified"]:
        return "verified"
    differs = any(g["severity"] == "breach" for g in document["gaps"])
    return "not_verified" if differs else "rebuilt"


def _page(title: str, lead: Sequence[str], sections: Sequence[Section], lang: Lang) -> str:
    view = {"heading": title, "lead": lead, "tables": sections}
    return page("takeover.html", lang, title, "", view)


def opened_view(document: Found, lang: Lang) -> RenderableType:
    """What was opened in a terminal: totals, people, gaps."""
    w = Words(lang)
    head = Styled(w("takeover.opened", entity=document["entity"], day=document["on"]), style="bold")
    state = _state(document)
    style = "green" if document["verified"] else "bold red"
    sections = _sections(document, lang)
    return Group(
        head,
        Styled(w(f"takeover.{state}"), style=style),
        *[_table(s) for s in sections[1:4]],
        gaps_view(document["gaps"], lang),
    )


def _table(section: Section) -> Table:
    title, heads, rows = section
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="dim")
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def gaps_view(gaps: Sequence[Found], lang: Lang) -> RenderableType:
    """What is missing, stale or wrong, worst first."""
    w = Words(lang)
    order = ("breach", "warning", "note")
    lines = []
    for gap in sorted(gaps, key=lambda g: order.index(g["severity"])):
        mark = w(f"terminal.{gap['severity']}")
        lines.append(Styled(f"{mark}  {gap['message'][lang]}", style=STYLES[gap["severity"]]))
    return Group(*lines) if lines else Styled(w("takeover.no_gaps"), style="green")


# -- checklist -------------------------------------------------------------------------------------


def _tasks(document: Found, lang: Lang) -> tuple[list[str], list[list[str]]]:
    w = Words(lang)
    rows = [
        [
            w(f"takeover_area.{t['area']}"),
            t["title"][lang],
            _words(t["due"], lang),
            w(f"standing.{t['standing']}"),
            w(f"confidence.{t['confidence']}"),
            t["provision"][lang],
        ]
        for t in document["tasks"]
    ]
    keys = ("area", "task", "due", "standing", "confidence", "source")
    return [w(f"takeover.{k}") for k in keys], rows


def checklist_markdown(document: Found, lang: Lang) -> str:
    """The checklist to tick off."""
    w = Words(lang)
    _, rows = _tasks(document, lang)
    lines = [f"# {w('takeover.checklist', entity=document['entity'])}", ""]
    lines += [w("takeover.frozen", at=_when(document["frozen_at"], lang)), ""]
    for area, title, due, standing, confidence, source in rows:
        marks = f"{standing} · {confidence} · {source}"
        lines.append(f"- [ ] **{due}** {area}: {title} ({marks})")
    return "\n".join(lines) + "\n"


def checklist_html(document: Found, lang: Lang) -> str:
    """The same as a page."""
    w = Words(lang)
    title = w("takeover.checklist", entity=document["entity"])
    heads, rows = _tasks(document, lang)
    lead = [w("takeover.frozen", at=_when(document["frozen_at"], lang)), w("takeover.marks")]
    return _page(title, lead, [(w("takeover.tasks"), heads, rows)], lang)


def checklist_view(document: Found, lang: Lang) -> RenderableType:
    """The checklist in a terminal."""
    w = Words(lang)
    return _table((w("takeover.checklist", entity=document["entity"]), *_tasks(document, lang)))


# -- sweep, watch, readiness, drills ---------------------------------------------------------------


def sweep_view(document: Found, lang: Lang) -> RenderableType:
    """Batches in order, what is held, planned and left."""
    w = Words(lang)
    batches = [
        [
            str(b["batch"]),
            w(f"takeover_risk.{b['risk']}"),
            b["chain"],
            b["signers"],
            f"{b['asset']} ({b['owner']})",
            str(sum(int(t["units"]) for t in b["transfers"])),
            str(sum(int(t["units"]) for t in b["transfers"] if t["test"])),
            b["to"] if b["address_checked"] else f"{b['to']} ({w('takeover.unchecked')})",
        ]
        for b in document["batches"]
    ]
    keys = ("batch", "risk", "chain", "domain", "asset", "units", "test", "to")
    totals = [[a, t["held"], t["planned"], t["left"]] for a, t in document["totals"].items()]
    names = [w(f"takeover.{k}") for k in ("asset", "held", "planned", "left")]
    return Group(
        _table(
            (
                w("takeover.sweep", plan=document["plan"]),
                [w(f"takeover.{k}") for k in keys],
                batches,
            )
        ),
        _table((w("takeover.totals"), names, totals)),
    )


def watch_view(document: Found, lang: Lang) -> RenderableType:
    """Alarms, and how much was looked at."""
    w = Words(lang)
    lines = [
        Styled(f"{w('finding.moved-after-freeze')}  {a['message'][lang]}", style=STYLES["breach"])
        for a in document["alarms"]
    ]
    counts = {k: document[k] for k in ("recognised", "before", "elsewhere")}
    counts["recognised"] = len(document["recognised"])
    seen = w("takeover.watched", alarms=len(lines), **counts)
    return Group(*lines, Styled(seen, style="dim" if lines else "green"))


def readiness_rows(document: Found, lang: Lang) -> list[list[str]]:
    """What readiness consists of, with what is not known said."""
    w = Words(lang)
    return [
        [w(f"takeover_ready.{line['item']}"), _words(line["value"], lang) or w("takeover.unknown")]
        for line in document["lines"]
    ]


def readiness_html(document: Found, lang: Lang) -> str:
    """Readiness as a page."""
    w = Words(lang)
    title = w("takeover.readiness", entity=document["entity"])
    heads = [w("takeover.item"), w("takeover.value")]
    gaps = (w("takeover.gaps"), [w("takeover.gap"), ""], _gap_rows(document["gaps"], lang))
    sections = [(w("takeover.readiness_lines"), heads, readiness_rows(document, lang)), gaps]
    return _page(title, [w("takeover.at", at=document["at"])], sections, lang)


def readiness_view(document: Found, lang: Lang) -> RenderableType:
    """Readiness in a terminal."""
    w = Words(lang)
    heads = [w("takeover.item"), w("takeover.value")]
    title = w("takeover.readiness", entity=document["entity"])
    return Group(
        _table((title, heads, readiness_rows(document, lang))), gaps_view(document["gaps"], lang)
    )


def drills_view(document: Found, lang: Lang) -> RenderableType:
    """Drills side by side: seconds from the start of each, and against the best before."""
    w = Words(lang)
    drills = document["drills"]
    heads = [w("takeover.step"), *[d["started"][:16] for d in drills], w("takeover.change")]
    rows = [
        [
            w(f"takeover_step.{r['step']}"),
            *["—" if s is None else str(s) for s in r["seconds"]],
            "—" if r["change"] is None else f"{r['change']:+}",
        ]
        for r in document["steps"]
    ]
    state = "in_time" if document["last_in_time"] else "not_in_time"
    return Group(_table((w("takeover.drills"), heads, rows)), Styled(w(f"takeover.{state}")))
