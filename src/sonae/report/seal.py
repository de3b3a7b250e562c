"""Seals for people: terminal views, and a receipt as a page to be printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Styled

from sonae.core.amount import coins
from sonae.core.canonical import parse_number
from sonae.core.display import exact, fixed, with_separators
from sonae.core.text import Lang
from sonae.report import format as fmt
from sonae.report.html import page
from sonae.report.words import Words

STYLES = {"holds": "green", "fails": "bold red", "not_checked": "dim"}
Found = Mapping[str, Any]


def _table(words: Words, *keys: str, right: Sequence[str] = (), **values: object) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for key in keys:
        justify = "right" if key in right else "left"
        title = words(f"seal.{key}", **values)
        table.add_column(title, justify=justify, overflow="fold")  # type: ignore[arg-type]
    return table


def _pairs(words: Words, found: Found, *keys: str) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    for key in keys:
        table.add_row(words(f"seal.{key}"), str(found[key]))
    return table


def header_table(found: Found, lang: Lang) -> RenderableType:
    """A header: its hash, its place in the chain, and every asset."""
    words = Words(lang)
    table = _table(words, "number", "leaves", "total", right=("number", "leaves", "total"))
    for a in found["assets"]:
        table.add_row(str(a["number"]), f"{a['leaves']:,}", with_separators(a["total"]))
    facts = _pairs(words, found, "hash", "seq", "cut_off", "previous", "parts")
    left = found.get("not_sealed")
    return Group(facts, table, *([not_sealed(left, lang)] if left else ()))


def not_sealed(left: Sequence[Found], lang: Lang) -> RenderableType:
    """What is owed and was not sealed, asset by asset, and what to do."""
    words = Words(lang)
    lines = (words("seal.not_sealed", asset=e["asset"], accounts=e["accounts"]) for e in left)
    return Styled("\n".join(lines), style="bold red")


def verified_receipt(found: Found, lang: Lang) -> RenderableType:
    """What a receipt shows, and what it does not."""
    words = Words(lang)
    if not found["good"]:
        return Styled(words("seal.bad", why=_failed(words, found["failed"])), style="bold red")
    table = _table(words, "asset_number", "units", right=("asset_number", "units"))
    for row in found["amounts"]:
        table.add_row(str(row["asset"]), with_separators(row["amount"]))
    facts = Table(box=None, show_header=False, pad_edge=False)
    for key, value in (
        ("account", found["account"]),
        ("hash", found["header_hash"]),
        ("seq", found["seq"]),
        ("cut_off", found["cut_off"]),
    ):
        facts.add_row(words(f"seal.{key}"), str(value))
    compared = "compared" if found["header_compared"] else "not_compared"
    limits = [Styled(f"  – {t[lang]}", style="dim") for t in found["not_checked"]]
    title = Styled(words("seal.not_checked"), style="dim")
    good = Styled(f"✓ {words('seal.good')} {words(f'seal.{compared}')}", style="green")
    return Group(good, facts, table, title, *limits)


def _failed(words: Words, said: str) -> str:
    """Why a receipt does not hold, with the verifier's own words."""
    step = "hash" if said.startswith("header: hash") else said.partition(":")[0].partition(" ")[0]
    return f"{words(f'seal_failed.{step}')} [{said}]"


def steps_table(steps: Sequence[Found], lang: Lang) -> RenderableType:
    """The steps of a check."""
    words = Words(lang)
    table = _table(words, "step", "answer", "detail")
    for step in steps:
        style = STYLES[step["answer"]]
        answer = Styled(words(f"seal_answer.{step['answer']}"), style=style)
        table.add_row(words(f"seal_step.{step['step']}"), answer, step["detail"][lang])
    return table


def log_tables(found: Found, lang: Lang) -> RenderableType:
    """Every seal, then each asset with its holdings on average beside those of the day."""
    words = Words(lang)
    seals = _table(words, "seq", "cut_off", "leaves", "hash", right=("seq", "leaves"))
    for s in found["seals"]:
        seals.add_row(str(s["seq"]), s["cut_off"], f"{s['leaves']:,}", s["header_hash"])
    keys = ("asset", "owed", "held", "held_average")
    assets = _table(words, *keys, right=keys[1:], days=found["days"])
    for a in found["assets"]:
        mean = a["held_average"]
        cells = ["" if a[k] is None else exact(coins(int(a[k]), a["scale"])) for k in keys[1:3]]
        whole = "" if mean is None else fixed(parse_number(mean) / 10 ** a["scale"], a["scale"])
        assets.add_row(a["asset"], *cells, whole)
    grown = found["grown"]
    note = [] if grown is None else [Styled(words("seal.grown", size=grown["from"]), style="green")]
    return Group(Styled(f"{found['origin']} · {found['size']}", style="bold"), *note, seals, assets)


def difference_table(found: Found, lang: Lang) -> RenderableType:
    """What changed between two seals."""
    words = Words(lang)
    keys = ("number", "before", "after", "first_seen", "gone", "jumps")
    table = _table(words, *keys, right=keys, times=found["times"])
    largest = _table(words, "number", "account", "before", "after", right=("before", "after"))
    for d in found["assets"]:
        cells = [
            f"{with_separators(units)} ({count:,})"
            for count, units in zip(d["accounts"], d["totals"], strict=True)
        ]
        cells += [
            f"{with_separators(d[k]['units'])} ({d[k]['accounts']:,})"
            for k in ("first_seen", "gone", "jumps")
        ]
        table.add_row(str(d["number"]), *cells)
        for c in d["largest"][:3]:
            changed = (with_separators(c[k]) for k in ("before", "after"))
            largest.add_row(str(d["number"]), c["account"], *changed)
    return Group(table, largest)


def sample_table(found: Found, lang: Lang) -> RenderableType:
    """A sample, and the chance that it misses what is wrong."""
    words = Words(lang)
    size = len(found["accounts"])
    head = words("seal.population", population=found["population"], size=size)
    table = _table(words, "one_in", "missed", right=("missed",))
    for c in found["chance_of_missing"]:
        share = words("seal.share", of=c["one_in"], accounts=c["accounts"])
        table.add_row(share, f"{c['percent']} %")
    return Group(Styled(head, style="bold"), table, Styled("\n".join(found["accounts"])))


def receipt_sheet(view: Found, lang: Lang) -> str:
    """A receipt on paper: amounts in whole units, the hash to compare, how to check it."""
    words = Words(lang)
    rows = [
        {
            "asset": words("seal.value") if a["value"] else a["asset"],
            "amount": exact(coins(int(a["amount"]), a["scale"])),
            "unit": a["asset"],
        }
        for a in view["amounts"]
    ]
    foot = f"{view['entity']}　{words('seal.receipt')}"
    cut_off = fmt.instant(view["cut_off"], "", lang)
    return page("receipt.html", lang, foot, "", {**view, "rows": rows, "cut_off": cut_off})
