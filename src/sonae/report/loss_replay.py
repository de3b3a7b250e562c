"""A replay for people: the loss, what stands ready, what each layer pays and why, the gap."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Styled

from sonae.core.canonical import parse_number
from sonae.core.display import fixed
from sonae.core.text import Lang
from sonae.report import format as fmt
from sonae.report.words import Words

Found = Mapping[str, Any]


def replay_view(found: Found, lang: Lang) -> RenderableType:
    """One table from the loss down to the gap, then every note."""
    words, event, venue = Words(lang), found["event"], found["venue"]
    title = words(
        "replay.title", event=event["id"], entity=event["entity"],
        day=fmt.day(event["day"], lang), venue=venue["name"], at=fmt.day(venue["at"][:10], lang),
    )  # fmt: skip
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(words("replay.line"), overflow="fold")
    amount = words(
        "replay.amount", currency=words.known(f"currency.{venue['currency']}", venue["currency"])
    )
    table.add_column(amount, justify="right")
    table.add_column(words("replay.why"), overflow="fold")
    if found["capped"]:
        table.add_row(words("replay.wanted"), money(found["wanted"]), "")
    share = fmt.percent(parse_number(found["share_of_holdings"]), lang)
    table.add_row(
        words("replay.loss"), money(found["loss"]), f"{found['basis']['why'][lang]} ({share})"
    )
    for fund in found["funds"]:
        name = words("replay.fund", name=words(f"replay.{fund['kind']}"))
        ready = words("replay.of_ready", ready=money(fund["ready"]))
        table.add_row(name, money(fund["pays"]), ready)
    table.add_row(words("replay.gap_at_once"), money(found["gap_at_once"]), "")
    for peril, answer in found["perils"].items():
        _layers(table, words, peril, answer)
    table.add_row(words("replay.least"), money(found["insurance"]["least"]), "")
    style = "bold red" if parse_number(found["gap"]) else "bold green"
    table.add_row(words("replay.gap"), money(found["gap"]), "", style=style)
    if found["run"]:
        _run(table, words, found["run"])
    lines = [note[lang] for note in found["notes"]]
    if found["scenario"]["price"] != "1":
        lines.insert(0, words("replay.price", price=found["scenario"]["price"]))
    lines.append(
        words(
            "replay.marks", confidence=words(f"evidence.{event['confidence']}"),
            usd=venue["usd_source"][lang], usd_confidence=venue["usd_confidence"],
        )
    )  # fmt: skip
    return Group(Styled(title, style="bold"), table, *(Styled(x, style="dim") for x in lines))


def run_view(found: Found, lang: Lang) -> RenderableType:
    """A run without an event: what is asked, frozen, there by each day, and never met."""
    words, venue = Words(lang), found["venue"]
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(words("replay.line"), overflow="fold")
    code = venue["currency"]
    amount = words("replay.amount", currency=words.known(f"currency.{code}", code))
    table.add_column(amount, justify="right")
    table.add_column("")
    _run(table, words, found["run"])
    title = f"{venue['name']}, {fmt.day(venue['at'][:10], lang)}"
    return Group(Styled(title, style="bold"), table)


def _layers(table: Table, words: Words, peril: str, answer: Found) -> None:
    named = words(f"peril.{peril}")
    for tower in answer["towers"]:
        for line in tower["outside"]:
            label = words("replay.tower", tower=tower["tower"])
            reason = f"{line['reason'][words.lang]} {money(line['amount'])}"
            table.add_row(f"  {label}", "", reason, style="dim")
        for layer in tower["layers"]:
            label = words("replay.layer", policy=layer["policy_id"], peril=named)
            reasons = [f"{x['reason'][words.lang]} {money(x['amount'])}" for x in layer["unpaid"]]
            table.add_row(f"  {label}", money(layer["pays"]), "; ".join(reasons))


def _run(table: Table, words: Words, run: Found) -> None:
    share = fmt.percent(parse_number(run["share"]), words.lang)
    asked = words("replay.run", share=share, asked=money(run["asked"]))
    met = run["met_on_day"]
    table.add_row("", "", "")
    table.add_row(asked, "", "" if met is None else words("replay.met", day=met))
    if run["frozen"]["suppliers"]:
        names = ", ".join(run["frozen"]["suppliers"])
        table.add_row(words("replay.frozen", suppliers=names), money(run["frozen"]["amount"]), "")
    for line in run["days"]:
        short = words("replay.short", short=money(line["short"]))
        table.add_row(words("replay.there", day=line["day"]), money(line["there"]), short)
    table.add_row(words("replay.never"), money(run["never_met"]), "")


def money(text: str) -> str:
    """An exact amount in whole units, marked where a digit was cut off."""
    number: Fraction = parse_number(text)
    return fixed(number, 0)
