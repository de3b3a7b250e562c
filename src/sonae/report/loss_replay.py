"""A replay for people: the loss, what stands ready, what each layer pays and why, the gap."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Styled

from sonae.core.canonical import parse_number
from sonae.core.display import fixed
from sonae.core.text import Lang
from sonae.report import format as fmt
from sonae.report.loss_page import Section
from sonae.report.words import Words

Found = Mapping[str, Any]


Row = tuple[str, str, str]


def replay_view(found: Found, lang: Lang) -> RenderableType:
    """One table from the loss down to the gap, then every note."""
    words, section = Words(lang), replay_section(found, lang)
    table = _table(found, words)
    for row in section.rows:
        gap = row[0] == words("replay.gap")
        style = "" if not gap else "bold red" if parse_number(found["gap"]) else "bold green"
        table.add_row(*row, style=style)
    notes = (Styled(x, style="dim") for x in section.lines)
    return Group(Styled(section.title, style="bold"), table, *notes)


def replay_section(found: Found, lang: Lang) -> Section:
    """The same for a page: the loss, what stands ready, each layer, the gap, every note."""
    words, event, venue = Words(lang), found["event"], found["venue"]
    title = words(
        "replay.title", event=event["id"], entity=event["entity"],
        day=fmt.day(event["day"], lang), venue=venue["name"], at=fmt.day(venue["at"][:10], lang),
    )  # fmt: skip
    lines = [note[lang] for note in found["notes"]]
    if found["scenario"]["price"] != "1":
        lines.insert(0, words("replay.price", price=found["scenario"]["price"]))
    lines.append(
        words(
            "replay.marks",
            confidence=words(f"evidence.{event['confidence']}"),
            usd=venue["usd_source"][lang],
            usd_confidence=words(f"confidence.{venue['usd_confidence']}"),
        )
    )  # fmt: skip
    rows = tuple(_rows(found, words))
    return Section(title, tuple(lines), _head(found, words), rows, frozenset({1}))


def _rows(found: Found, words: Words) -> Iterator[Row]:
    if found["capped"]:
        yield words("replay.wanted"), money(found["wanted"]), ""
    share = fmt.percent(parse_number(found["share_of_holdings"]), words.lang)
    why = found["basis"]["why"][words.lang]
    yield words("replay.loss"), money(found["loss"]), f"{why} ({share})"
    for fund in found["funds"]:
        name = words("replay.fund", name=words(f"replay.{fund['kind']}"))
        yield name, money(fund["pays"]), words("replay.of_ready", ready=money(fund["ready"]))
    yield words("replay.gap_at_once"), money(found["gap_at_once"]), ""
    for peril, answer in found["perils"].items():
        yield from _layers(words, peril, answer)
    yield words("replay.least"), money(found["insurance"]["least"]), ""
    yield words("replay.gap"), money(found["gap"]), ""
    if found["run"]:
        yield "", "", ""
        yield from _run(words, found["run"])


def run_view(found: Found, lang: Lang) -> RenderableType:
    """A run without an event: what is asked, frozen, there by each day, and never met."""
    words, venue = Words(lang), found["venue"]
    table = _table(found, words)
    for row in _run(words, found["run"]):
        table.add_row(*row)
    title = f"{venue['name']}, {fmt.day(venue['at'][:10], lang)}"
    return Group(Styled(title, style="bold"), table)


def _head(found: Found, words: Words) -> Row:
    code = found["venue"]["currency"]
    amount = words("replay.amount", currency=words.known(f"currency.{code}", code))
    return words("replay.line"), amount, words("replay.why")


def _table(found: Found, words: Words) -> Table:
    line, amount, why = _head(found, words)
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(line, overflow="fold")
    table.add_column(amount, justify="right")
    table.add_column(why, overflow="fold")
    return table


def _layers(words: Words, peril: str, answer: Found) -> Iterator[Row]:
    named = words(f"peril.{peril}")
    for tower in answer["towers"]:
        for line in tower["outside"]:
            label = words("replay.tower", tower=tower["tower"])
            yield f"  {label}", "", f"{line['reason'][words.lang]} {money(line['amount'])}"
        for layer in tower["layers"]:
            label = words("replay.layer", policy=layer["policy_id"], peril=named)
            reasons = [f"{x['reason'][words.lang]} {money(x['amount'])}" for x in layer["unpaid"]]
            yield f"  {label}", money(layer["pays"]), "; ".join(reasons)


def _run(words: Words, run: Found) -> Iterator[Row]:
    share = fmt.percent(parse_number(run["share"]), words.lang)
    asked = words("replay.run", share=share, asked=money(run["asked"]))
    met = run["met_on_day"]
    yield asked, "", "" if met is None else words("replay.met", day=met)
    if run["frozen"]["suppliers"]:
        names = ", ".join(run["frozen"]["suppliers"])
        yield words("replay.frozen", suppliers=names), money(run["frozen"]["amount"]), ""
    for line in run["days"]:
        short = words("replay.short", short=money(line["short"]))
        yield words("replay.there", day=line["day"]), money(line["there"]), short
    yield words("replay.never"), money(run["never_met"]), ""


def money(text: str) -> str:
    """An exact amount in whole units, marked where a digit was cut off."""
    number: Fraction = parse_number(text)
    return fixed(number, 0)
