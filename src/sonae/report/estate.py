"""The estate for people: terminal views of a distribution, of rival days, of shipped plans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Styled

from sonae.core.display import with_separators
from sonae.core.text import Lang
from sonae.report.words import Words

Found = Mapping[str, Any]
STEPS = ("in_kind", "secured", "general")


def _table(words: Words, keys: Sequence[str], left: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for key in keys:
        table.add_column(words(f"estate.{key}"), justify="left" if key in left else "right")
    return table


def distribution_view(document: Found, lang: Lang) -> RenderableType:
    """Groups of claims, pools, conservation by asset, and what could not be valued."""
    words = Words(lang)
    title = words("estate.title", n=document["number"], estate=document["estate"])
    groups = _table(
        words,
        ("rank", "asset", "claims", "step", "paid_before", "now", "reserved"),
        ("rank", "asset", "step"),
    )
    for row in document["groups"]:
        for step in STEPS:
            sums = [row[step][k] for k in ("paid_before", "now", "reserved")]
            if any(s != "0" for s in sums):
                name, kind = words(f"estate.rank_{row['rank']}"), words(f"estate.step_{step}")
                cells = (name, row["asset"], f"{row['claims']:,}", kind)
                groups.add_row(*cells, *map(with_separators, sums))
    pools = _table(
        words,
        ("pool", "asset", "amount", "cost", "paid", "reserved", "left", "left_to"),
        ("pool", "asset", "left_to"),
    )
    for row in document["pools"]:
        sums = [row[k] for k in ("amount", "cost", "paid", "reserved", "left")]
        whose = words.known(f"estate.left_{row['left_to']}", row["left_to"])
        pools.add_row(row["id"], row["asset"], *map(with_separators, sums), whose)
    lines: list[RenderableType] = [
        Styled(title, style="bold"),
        groups,
        Styled(""),
        pools,
        Styled(""),
    ]
    lines += [Styled(said, style="dim") for said in conserved(document, lang)]
    if document["not_valued"]:
        assets = ", ".join(document["not_valued"])
        lines.append(Styled(words("estate.not_valued", assets=assets), style="yellow"))
    return Group(*lines)


def conserved(document: Found, lang: Lang) -> list[str]:
    """For each asset there is something of: pool = cost + paid + reserved + left."""
    words = Words(lang)
    return [
        words("estate.conserved", asset=a, **{k: with_separators(v) for k, v in row.items()})
        for a, row in document["conservation"].items()
        if row["pool"] != "0"
    ]


def draft_view(document: Found, lang: Lang) -> RenderableType:
    """A plan in draft: who acts, pools with reasons, claims, what is open."""
    words = Words(lang)
    acts = law_words(document["law"], lang)
    pools = _table(
        words, ("pool", "kind", "asset", "amount", "why"), ("pool", "kind", "asset", "why")
    )
    for row in document["pools"]:
        kind = words(f"estate.pool_{row['kind']}")
        cells = (row["id"], kind, row["asset"], with_separators(row["amount"]))
        pools.add_row(*cells, row["why"][lang])
    claims = _table(words, ("asset", "claims", "claimed", "flagged"), ("asset",))
    for row in document["claims"]:
        sums = (with_separators(row[k]) for k in ("amount", "flagged"))
        claims.add_row(row["asset"], f"{row['claims']:,}", *sums)
    title = words("estate.draft", estate=document["estate"])
    parts: list[RenderableType] = [Styled(title, style="bold"), *map(Styled, acts), pools, claims]
    for key in ("not_placed", "not_known"):
        parts.append(Styled(words(f"estate.{key}", n=len(document[key])), style="bold"))
        said = (f"  {o['subject']}: {o['message'][lang]}" for o in document[key])
        parts += [Styled(line, style="yellow") for line in said]
    return Group(*parts)


def law_words(law: Found, lang: Lang, only: Sequence[str] = ()) -> list[str]:
    """Who acts and pays, what is valued when: each with its standing and how sure it is."""
    words = Words(lang)
    lines = []
    for key, figure in law.items():
        if only and key.partition("#")[2] not in only:
            continue
        name, value = words(f"estate_law.{key.partition('#')[2]}"), str(figure["value"])
        if (reason := figure.get("reason")) is not None:
            lines.append(words("estate.law_unknown", name=name, reason=reason[lang]))
            continue
        marks = words(f"standing.{figure['standing']}"), words(f"confidence.{figure['confidence']}")
        said = words.known(f"estate_law.{value}", value)
        sure = f"（{'、'.join(marks)}）" if lang == "ja" else f" ({', '.join(marks)})"
        lines.append(f"{name}: {said}{sure}")
    return lines


def rival_view(document: Found, lang: Lang) -> RenderableType:
    """Each day of valuation against the first."""
    words = Words(lang)
    keys = ("valuation", "rank", "asset", "claims", "money", "gain", "more", "lose", "less")
    table = _table(words, keys, keys[:3])
    for id, found in document["valuations"].items():
        for row in found["groups"]:
            table.add_row(
                id,
                words(f"estate.rank_{row['rank']}"),
                row["asset"],
                f"{row['claims']:,}",
                with_separators(row["money"]),
                f"{row['gain']:,}",
                with_separators(row["more"]),
                f"{row['lose']:,}",
                with_separators(row["less"]),
            )
    first = words("estate.compared_with", first=document["compared_with"])
    return Group(table, Styled(first, style="dim"))


def elections_view(document: Found, lang: Lang) -> RenderableType:
    """What each choice comes to, and whether there is money for what is paid now."""
    words = Words(lang)
    keys = ("claimed", "in_full", "early", "waived", "later", "reserved")
    table = _table(words, ("choice", "people", "claims", *keys), ("choice",))
    for choice, row in document["choices"].items():
        sums = (with_separators(row[k]) for k in keys)
        name = words(f"estate.choice_{choice}")
        table.add_row(name, f"{row['people']:,}", f"{row['claims']:,}", *sums)
    counts = {k: with_separators(document[k]) for k in ("needed_now", "money_there", "short")}
    style = "dim" if document["short"] == "0" else "yellow"
    return Group(table, Styled(words("estate.needed", **counts), style=style))


def look_back_view(document: Found, lang: Lang) -> RenderableType:
    """Customers with large net withdrawals, each movement with its day, and what the list is."""
    words = Words(lang)
    marks = [words(f"standing.{document['law']['standing']}")]
    marks.append(words(f"confidence.{document['law']['confidence']}"))
    period = {"first": document["from"], "last": document["until"], "marks": ", ".join(marks)}
    table = _table(
        words,
        ("customer", "net", "on", "asset", "quantity", "own"),
        ("customer", "on", "asset", "own"),
    )
    for one in document["flagged"]:
        value = with_separators(one["value"])
        if one["unpriced"]:
            value += " + " + ", ".join(one["unpriced"])
        for n, move in enumerate(one["moves"]):
            own = words(f"estate.own_{str(move['own_property']).lower()}")
            head = (one["customer"], value) if n == 0 else ("", "")
            table.add_row(*head, move["on"], move["asset"], with_separators(move["quantity"]), own)
    counts = {k: document[k] for k in ("movements", "inside")}
    said = words("estate.look_back", n=len(document["flagged"]), **counts, **period)
    return Group(
        Styled(said, style="bold"), table, Styled(words("estate.look_back_only"), style="dim")
    )


def plans_view(found: Sequence[Found], lang: Lang) -> RenderableType:
    """Shipped plans: title, source, how sure, what is not known."""
    words = Words(lang)
    lines: list[Styled] = []
    for plan in found:
        lines.append(Styled(f"{plan['id']}  {plan['title'][lang]}", style="bold"))
        for source in plan["sources"]:
            place = " ".join(s for s in (source[lang], source["number"], source["source"]) if s)
            lines.append(Styled(f"  {place}"))
        for key, mark in plan["confidence"].items():
            lines.append(Styled(f"  {key}: {words(f'confidence.{mark}')}"))
        lines += [Styled(f"  · {reason[lang]}", style="dim") for reason in plan["not_known"]]
    return Group(*lines)
