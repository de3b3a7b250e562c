"""Chains and proofs for people: what was read at which block, what each proof is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Styled

from sonae.core.text import Lang
from sonae.report.terminal import STYLES
from sonae.report.words import Words

Found = Mapping[str, Any]
_STYLES = {"good": "green", "expiring": STYLES["warning"]}


def reading_view(document: Found, lang: Lang) -> RenderableType:
    """A reading: each chain with its block, what was held, what changed, what to act on."""
    w = Words(lang)
    chains = _table(w, "wallet.chains", ("chain", "answer", "height", "block", "time"))
    held = _table(w, "wallet.held", ("holding", "asset", "units"))
    for source in document["sources"]:
        block = source["block"] or {"height": "", "hash": "", "time": ""}
        state = w(f"wallet.{source['status']}")
        style = "green" if source["status"] == "complete" else STYLES["breach"]
        place = (str(block["height"]), block["hash"], block["time"])
        chains.add_row(source["chain"], Styled(state, style=style), *place)
        for row in source["held"]:
            held.add_row(row["holding_id"], row["asset"], row["quantity"])
    parts: list[RenderableType] = [chains, held]
    if document["changes"]:
        changed = _table(w, "wallet.changes", ("holding", "asset", "before", "after"))
        for row in document["changes"]:
            before, after = (_known(w, row[k]) for k in ("before", "after"))
            changed.add_row(row["holding_id"], row["asset"], before, after)
        parts.append(changed)
    return Group(*parts, *_findings(document["findings"], lang))


def status_view(document: Found, lang: Lang) -> RenderableType:
    """Every holding's proof with the days it has left."""
    w = Words(lang)
    title = w("wallet.status", day=document["on"])
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="dim")
    for key in ("holding", "chain", "evidence", "proved_on", "days_left", "state"):
        table.add_column(w(f"wallet.{key}"), overflow="fold")
    for row in document["proofs"]:
        evidence = w(f"wallet.{row['evidence']}") if row["evidence"] else ""
        days = "" if row["days_left"] is None else str(row["days_left"])
        style = _STYLES.get(row["state"], STYLES["breach"])
        state = Styled(w(f"wallet.{row['state']}"), style=style)
        holding = row["holding"] + (f" / {row['asset']}" if "asset" in row else "")
        table.add_row(holding, row["chain"], evidence, row["proved_on"] or "", days, state)
    parts: list[RenderableType] = [table, *_findings(document["findings"], lang)]
    if "head" in document:
        parts.append(Styled(w("wallet.head", head=document["head"]), style="dim"))
    return Group(*parts)


def venue_view(document: Found, lang: Lang) -> RenderableType:
    """What another venue holds, or why its answer is incomplete."""
    w = Words(lang)
    if not document["complete"]:
        words = f"{w('wallet.incomplete')}  {document['why'][lang]}"
        return Styled(words, style=STYLES["breach"])
    keys = ("free", "locked", "pending", "staked", "held_there")
    table = _table(w, "wallet.held", ("asset", *keys))
    for row in document["totals"]:
        amounts = (row["free"], row["locked"], row["pending"], row["staked"], row["held"])
        table.add_row(row["asset"], *(w("wallet.not_said") if a is None else a for a in amounts))
    return Group(table, Styled(w(f"wallet.layout_{document['layout']}"), style="dim"))


def _table(w: Words, title: str, keys: Sequence[str]) -> Table:
    table = Table(title=w(title), title_justify="left", box=None, pad_edge=False,
                  header_style="dim")  # fmt: skip
    for key in keys:
        table.add_column(w(f"wallet.{key}"), overflow="fold")
    return table


def _known(w: Words, value: Any) -> str:
    return w("wallet.absent") if value is None else str(value)


def _findings(findings: Sequence[Found], lang: Lang) -> list[RenderableType]:
    w = Words(lang)
    return [
        Styled(
            f"{w('terminal.' + f['severity'])}  {f['message'][lang]}",
            style=STYLES[f["severity"]],
        )
        for f in findings
    ]
