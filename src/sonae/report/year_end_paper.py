"""The year-end report on the reserve on paper."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from sonae.core.canonical import parse_number
from sonae.core.text import Text, same
from sonae.report.closes import Kept
from sonae.report.filing import (
    Money,
    Two,
    columns,
    currency,
    day,
    form,
    known,
    mark,
    number,
    provenance,
    quantity,
    t,
)
from sonae.report.filing_charts import Bar, bars
from sonae.report.paper import Block, Boxes, Cell, Column, Paper, Picture, Section, Table
from sonae.report.year_end import KINDS
from sonae.rulebook.edition import Edition

Found = Mapping[str, Any]
ENDS = ("opening", "closing")


def year_end_paper(document: Found, kept: Kept, money: Money) -> Paper:
    """The report from its document and the close of the year's last day."""
    two = Two(kept.document)
    return Paper(
        t("year_end.title"),
        document["entity"],
        date.fromisoformat(document["on"]),
        _facts(document, two, kept),
        tuple(
            Section(t(f"year_end.s_{name}", n=n), blocks)
            for n, (name, blocks) in enumerate(_sections(document, money), 1)
        ),
        mark(document["proposed"]),
        wide=True,
    )


def _sections(document: Found, money: Money) -> Iterator[tuple[str, tuple[Block, ...]]]:
    yield "open", _open(document)
    yield "rolled", _rolled(document, money)
    yield "set_aside", _set_aside(document, money)
    yield "contributions", _contributions(document, money)
    yield "uses", _uses(document, money)
    yield "requirement", _requirement(document, money)
    yield "accounts", _accounts(document, money)
    yield "form", _form(document)
    yield "sign", (t("year_end.sign"), _boxes())


def _facts(document: Found, two: Two, kept: Kept) -> tuple[tuple[Text, Cell], ...]:
    first, last = day(document["first"]), day(document["on"])
    head = document["head"]
    return (
        (t("year_end.year"), t("filing.span", first=first, last=last)),
        (t("filing.currency"), currency(document["currency"])),
        (t("year_end.class"), _class(document)),
        (t("year_end.head"), f"{head['seq']}  {head['hash']}"),
        *provenance(two, kept.digest),
    )


def _class(document: Found) -> Text:
    return known(f"fund_kind.{document['reserve_class']}", document["reserve_class"])


def _open(document: Found) -> tuple[Block, ...]:
    if not document["open"]:
        return (t("year_end.nothing_open"),)
    rows = [(str(n), Text(**o["message"])) for n, o in enumerate(document["open"], 1)]
    return (Table("open", t("quarter.t_open"), columns("no", "what", narrow="no"), rows),)


# -- roll-forward ----------------------------------------------------------------------------------


def account(name: str) -> Text:
    """An account by name: its class, and the id or class of reserve after it."""
    head, _, rest = name.partition("/")
    title = known(f"fund_account.{head}", head)
    if head in ("expense", "income", "equity") or not rest:
        return title
    detail = known(f"fund_kind.{rest}", rest)
    return Text(f"{title.ja} {detail.ja}", f"{title.en} {detail.en}")


def _shown(value: str, unit: str, document: Found, money: Money) -> Cell:
    found = parse_number(value)
    return money(found) if unit == document["currency"] else quantity(found)


def _moved(rows: Sequence[Found]) -> list[str]:
    """Kinds of movement that touched one of these accounts."""
    return [k for k in KINDS if any(r[k] != "0" for r in rows)]


def _roll(document: Found, head: str, money: Money) -> Table | None:
    rows = [r for r in document["accounts"] if r["account"].startswith(head)]
    if not rows:
        return None
    kinds = _moved(rows)
    keys = ("opening", *kinds, "closing")
    heads = (
        *columns("account", "unit", narrow="unit"),
        *(
            Column(t(f"filing_column.{k}") if k in ENDS else t(f"fund_kind.{k}"), number=True)
            for k in keys
        ),
    )
    lines = [
        (
            account(r["account"]),
            _unit(r["unit"]),
            *(_shown(r[k], r["unit"], document, money) for k in keys),
        )
        for r in rows
    ]
    name = head.rstrip("/")
    return Table(name, t(f"year_end.t_{name}"), heads, lines, t(f"year_end.n_{name}"))


def _unit(code: str) -> Text:
    return currency(code)


def _rolled(document: Found, money: Money) -> tuple[Block, ...]:
    blocks: list[Block] = []
    reserve = [
        r
        for r in document["accounts"]
        if r["account"].startswith("reserve/") and r["unit"] == document["currency"]
    ]
    if len(reserve) == 1:
        blocks.append(_chart(reserve[0], document, money))
    for head in ("reserve/", "asset/"):
        table = _roll(document, head, money)
        blocks.append(table if table is not None else t(f"year_end.no_{head.rstrip('/')}"))
    return tuple(blocks)


def _chart(row: Found, document: Found, money: Money) -> Picture:
    """Opening, what moved it, closing: lengths are amounts, words say which way."""
    drawn = []
    for key in ("opening", *_moved([row]), "closing"):
        value = parse_number(row[key])
        name = t(f"filing_column.{key}") if key in ENDS else t(f"fund_kind.{key}")
        fill = "required" if key in ENDS else "cover" if value >= 0 else "failed"
        shown = money(value).shown
        sign = "+" if key not in ENDS and value > 0 else ""
        drawn.append(Bar(name, fill, abs(value), Text(f"{sign}{shown.ja}", f"{sign}{shown.en}")))
    said = [Text(*(f"{b.name.lang(x)} {b.says.lang(x)}" for x in ("ja", "en"))) for b in drawn]
    rows = Text("、".join(s.ja for s in said), ", ".join(s.en for s in said))
    unit = currency(document["currency"])
    alt = t("year_end.alt", unit=unit, rows=rows)
    return bars([(account(row["account"]), drawn)], alt, t("year_end.chart", unit=unit))


# -- movements -------------------------------------------------------------------------------------


def _amounts(found: Sequence[Found], document: Found, money: Money) -> Text:
    """Amounts with their units and accounts' names, in one cell."""
    parts = []
    for a in found:
        cell = _shown(a["amount"], a["unit"], document, money)
        shown = cell.shown if hasattr(cell, "shown") else cell
        assert isinstance(shown, Text)
        name, unit = a["account"].partition("/")[2], currency(a["unit"])
        if a["account"].startswith("reserve/"):
            name = ""
        ja = f"{name} {shown.ja}{unit.ja if unit.ja != a['unit'] else ' ' + unit.ja}".strip()
        parts.append(Text(ja, f"{name} {unit.en} {shown.en}".strip()))
    return Text("、".join(p.ja for p in parts) or "—", "; ".join(p.en for p in parts) or "—")


def _people(row: Found) -> str:
    return f"{row['by']} → {', '.join(row['approved_by'])}"


def _number(row: Found) -> Text:
    if not row["corrected"]:
        return same(f"#{row['seq']}")
    return t("year_end.corrected", seq=row["seq"])


def _standing(row: Found) -> Cell:
    return t(f"standing.{row['standing']}") if row["standing"] else same("—")


def _set_aside(document: Found, money: Money) -> tuple[Block, ...]:
    rows = [
        (
            _number(r),
            day(r["on"]),
            _amounts(r["amounts"], document, money),
            r["rule"] or same("—"),
            _standing(r),
            r["assumed"] or same("—"),
            _people(r),
        )
        for r in document["set_aside"]
    ]
    if not rows:
        return (t("year_end.no_set_aside"),)
    heads = columns("entry", "day", "amount", "rule", "standing", "draft", "people", narrow="entry")
    return (Table("set aside", t("year_end.t_set_aside"), heads, rows),)


def _contributions(document: Found, money: Money) -> tuple[Block, ...]:
    rows = [
        (
            _number(r),
            day(r["on"]),
            t(f"fund_kind.{r['kind']}"),
            _amounts(r["amounts"], document, money),
            _people(r),
        )
        for r in document["contributions"]
    ]
    if not rows:
        return (t("year_end.no_contributions"),)
    heads = columns("entry", "day", "kind", "amount", "people", narrow="entry")
    return (Table("contributions", t("year_end.t_contributions"), heads, rows),)


def _uses(document: Found, money: Money) -> tuple[Block, ...]:
    rows = []
    for r in document["uses"]:
        cites = [Text(**p) for p in r["provision"]]
        basis = Text("、".join(c.ja for c in cites) or "—", "; ".join(c.en for c in cites) or "—")
        sure = t(f"confidence.{r['confidence']}") if r["confidence"] else same("—")
        rows.append((
            _number(r),
            day(r["on"]),
            t(f"fund_kind.{r['kind']}"),
            r["incident"] or same("—"),
            _amounts(r["amounts"], document, money),
            _amounts(r["reversed"], document, money),
            known(f"fund_kind.{r['ground']}", r["ground"] or "—"),
            basis,
            _standing(r),
            sure,
            _people(r),
        ))  # fmt: skip
    if not rows:
        return (t("year_end.no_uses"),)
    heads = columns(
        *("entry", "day", "kind", "incident", "amount", "reversed", "ground", "provision"),
        *("standing", "basis_sure", "people"),
        narrow="entry",
    )
    return (Table("uses", t("year_end.t_uses"), heads, rows, t("year_end.n_uses")),)


# -- requirement, accounts, the law ----------------------------------------------------------------


def _requirement(document: Found, money: Money) -> tuple[Block, ...]:
    rows = []
    keys = ("required", "reserve", "reserve_on_insolvency", "surplus")
    for r in document["requirement"]:
        rows.append((
            Text(**r["title"]),
            t(f"standing.{r['standing']}"),
            *(_amount(r[k], money) for k in keys),
            Text(**r["reason"]) if r["reason"] else same("—"),
        ))  # fmt: skip
    heads = columns(
        "regime", "standing", *keys, "reason",
        numbers=" ".join(keys), currency=currency(document["currency"]),
    )  # fmt: skip
    blocks: list[Block] = [t("year_end.requirement")]
    if rows:
        blocks.append(
            Table(
                "requirement", t("year_end.t_requirement"), heads, rows, t("year_end.n_requirement")
            )
        )
    if compared := document["compared"]:
        lines = [
            (
                c["asset"],
                _unit(c["unit"]),
                _shown(c["ledger"], c["unit"], document, money),
                same("—") if c["close"] is None else _shown(c["close"], c["unit"], document, money),
            )
            for c in compared
        ]
        heads = columns(
            "asset", "unit", "in_ledger", "in_close", numbers="in_ledger in_close", narrow="unit"
        )
        blocks.append(Table("compared", t("year_end.t_compared"), heads, lines))
    return tuple(blocks)


def _amount(value: Any, money: Money) -> Cell:
    if isinstance(value, Mapping):
        low, high = (money(parse_number(value[k])).shown for k in ("low", "high"))
        return Text(f"{low.ja} – {high.ja}", f"{low.en} – {high.en}")
    found: Fraction | None = number(value)
    return t("value.not_computable") if found is None else money(found)


def _accounts(document: Found, money: Money) -> tuple[Block, ...]:
    """Every other account: what the movements did to the firm's books and to incidents."""
    rows = []
    for r in document["accounts"]:
        if r["account"].startswith(("reserve/", "asset/")):
            continue
        change = sum((parse_number(r[k]) for k in KINDS), Fraction(0))
        rows.append((
            account(r["account"]),
            _unit(r["unit"]),
            _shown(r["opening"], r["unit"], document, money),
            money(change) if r["unit"] == document["currency"] else quantity(change),
            _shown(r["closing"], r["unit"], document, money),
        ))  # fmt: skip
    if not rows:
        return (t("year_end.no_accounts"),)
    heads = columns(
        "account", "unit", "opening", "change", "closing",
        numbers="opening change closing", narrow="unit",
    )  # fmt: skip
    note = t("year_end.n_accounts")
    return (Table("accounts", t("year_end.t_accounts"), heads, rows, note),)


def _form(document: Found) -> tuple[Block, ...]:
    """What is known of the form of a reserve's report: little, and that is said."""
    edition = Edition(date.fromisoformat(document["on"]))
    topic = edition.topic(edition.rule("jp.reserve.ground"))
    quoted = [c for c in topic.citations.values() if c.says]
    cites = [(c, t("filing.quoted")) for c in quoted]
    return form(cites, t("year_end.form"), t("year_end.form_precedent"))


def _boxes() -> Boxes:
    people = (t("filing.maker"), t("filing.checker"))
    return Boxes(people, (t("filing.box_name"), t("filing.box_day"), t("filing.box_sign")))
