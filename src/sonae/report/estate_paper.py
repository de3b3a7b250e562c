"""What a court and each creditor are given: the schedules of a distribution, a joint statement.

Amounts are in whole units, to the last digit. Everything comes from `estate.json` and its table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from sonae.core.canonical import parse_number
from sonae.core.display import exact
from sonae.core.text import Lang, Text, same
from sonae.report.format import day, percent
from sonae.report.notice import url_like
from sonae.report.paper import Block, Column, Paper, Section, Table
from sonae.report.words import catalogue

Found = Mapping[str, Any]
STEPS = ("in_kind", "secured", "general")
RANKS = ("customer", "cost", "preferential", "ordinary", "subordinated")
PAYERS = ("cash_payer", "coin_payer")


def _in_order(rows: Iterable[Found]) -> list[Found]:
    """By rank in its order; within one as they come."""
    return sorted(rows, key=lambda r: RANKS.index(r["rank"]))


def _t(key: str, **fill: object) -> Text:
    found = catalogue()[key]
    return found.format(**fill) if fill else found


def _known(key: str, otherwise: str) -> Text:
    return catalogue().get(key, same(otherwise))


def _columns(*keys: str, numbers: str = "") -> tuple[Column, ...]:
    return tuple(Column(_t(f"estate_paper.{k}"), k in numbers.split()) for k in keys)


def _day(iso: str) -> Text:
    return Text(day(iso, "ja"), day(iso, "en"))


class _Amounts:
    """Base units in whole units of an asset."""

    def __init__(self, document: Found) -> None:
        self.scales = {a: int(s) for a, s in document["scales"].items()}
        self.currency = document["currency"]

    def of(self, asset: str, units: str | int) -> str:
        """With separators and every digit."""
        return exact(Fraction(int(units), 10 ** self.scales[asset]))

    def money(self, units: str | int) -> str:
        """The same in the currency of the plan."""
        return self.of(self.currency, units)


def proposed(document: Found) -> bool:
    """Whether something of it rests on what is not in force."""
    return any(f["standing"] in ("proposed", "enacted") for f in document["law"].values())


def payers(document: Found, step: str, asset: str) -> Text:
    """Who pays a step: the cash trust its payer, everything else who acts on the coins.

    Where customers' money stands in the trust and outside it, both are named.
    """
    law = {key.partition("#")[2]: figure for key, figure in document["law"].items()}
    names = ["coin_payer"]
    if step == "in_kind" and asset == document["currency"]:
        kinds = {p["kind"] for p in document["pools"] if p["asset"] == asset}
        in_kind = kinds & {"cash_trust", "segregated", "trust", "guarantee", "buffer"}
        names = [
            *(["cash_payer"] if "cash_trust" in in_kind else []),
            *(["coin_payer"] if in_kind - {"cash_trust"} else []),
        ] or names
    found = [_answer(law[n]) for n in names]
    return Text(" / ".join(t.ja for t in found), " / ".join(t.en for t in found))


def _answer(figure: Found) -> Text:
    if "reason" in figure:
        return _t("estate_paper.unknown")
    return _known(f"estate_law.{figure['value']}", str(figure["value"]))


# -- the report -----------------------------------------------------------------------------------


def report_paper(
    document: Found, listed: Sequence[Found] | None, draft: Found | None, rows: int
) -> Paper:
    """The report of one distribution: who acts, creditors, schedule, pools, what was shared.

    Args:
        document: `estate.json`.
        listed: every claim, where they are few enough to be listed.
        draft: `draft.json` of the plan, where it was drafted from a pack.
        rows: how many claims there are.
    """
    amounts = _Amounts(document)
    title = _t("estate_paper.title", n=document["number"])
    return Paper(
        title,
        document["entity"],
        date.fromisoformat(document["record_on"]),
        _facts(document),
        (
            Section(_t("estate_paper.s_law"), _law(document)),
            Section(_t("estate_paper.s_creditors"), _creditors(document, listed, amounts, rows)),
            Section(_t("estate_paper.s_schedule"), (_schedule(document, amounts),)),
            Section(_t("estate_paper.s_pools"), (_pools(document, amounts),)),
            Section(_t("estate_paper.s_shared"), _shared(document, amounts)),
            Section(_t("estate_paper.s_balance"), (_balance(document, amounts),)),
            Section(_t("estate_paper.s_open"), _open(document, draft)),
        ),
        _t("estate_paper.mark") if proposed(document) else None,
    )


def _facts(document: Found) -> tuple[tuple[Text, Text | str], ...]:
    proceeding = _known(f"estate_proceeding.{document['proceeding']}", document["proceeding"])
    return (
        (_t("estate_paper.estate"), document["estate"]),
        (_t("estate_paper.proceeding"), proceeding),
        (_t("estate_paper.commencement_on"), _day(document["commencement_on"])),
        (_t("estate_paper.record_on"), _day(document["record_on"])),
        (_t("estate_paper.basis"), _t(f"estate_paper.basis_{document['basis']}")),
        (_t("estate_paper.plan_digest"), document["plan_digest"]),
        (_t("estate_paper.table_digest"), document["table_digest"]),
    )


def _law(document: Found) -> tuple[Block, ...]:
    rows = [
        (
            _known(f"estate_law.{key.partition('#')[2]}", key),
            _answer(figure),
            same("—") if "reason" in figure else _t(f"standing.{figure['standing']}"),
            same("—") if "reason" in figure else _t(f"confidence.{figure['confidence']}"),
        )
        for key, figure in document["law"].items()
    ]
    columns = _columns("item", "answer", "standing", "confidence")
    return (Table("law", _t("estate_paper.t_law"), columns, rows, _t("estate_paper.n_law")),)


def _creditors(
    document: Found, listed: Sequence[Found] | None, amounts: _Amounts, rows: int
) -> tuple[Block, ...]:
    sums = [
        (
            _t(f"estate.rank_{g['rank']}"),
            g["asset"],
            f"{g['claims']:,}",
            amounts.of(g["asset"], g["claimed"]),
        )
        for g in _in_order(document["groups"])
    ]
    columns = _columns("rank", "asset", "claims", "claimed", numbers="claims claimed")
    blocks: list[Block] = [Table("creditors in sums", _t("estate_paper.t_sums"), columns, sums)]
    if listed is None:
        blocks.append(_t("estate_paper.too_many", n=f"{rows:,}"))
        return tuple(blocks)
    lines = [
        (
            r["claimant"],
            _t(f"estate.rank_{r['rank']}"),
            r["asset"],
            amounts.of(r["asset"], r["amount"]),
            _t(f"estate_state.{r['state']}"),
            _t("estate_paper.waits") if _kept(r) else "",
        )
        for r in _in_order(listed)
    ]
    columns = _columns(
        "claimant", "rank", "asset", "claimed", "state", "reserved", numbers="claimed"
    )
    blocks.append(Table("creditors", _t("estate_paper.t_creditors"), columns, lines))
    return tuple(blocks)


def _kept(row: Found) -> bool:
    return any(int(row[f"{step}_reserved"]) for step in STEPS)


def _schedule(document: Found, amounts: _Amounts) -> Table:
    """The schedule of approval in sums: what is admitted, what is not yet, what waits."""
    rows = [
        (
            _t(f"estate.rank_{r['rank']}"),
            r["asset"],
            _t(f"estate_state.{r['state']}"),
            f"{r['claims']:,}",
            amounts.of(r["asset"], r["claimed"]),
            _t("estate_paper.waits") if r["reserved"] else "",
        )
        for r in _in_order(document["schedule"])
    ]
    columns = _columns(
        "rank", "asset", "state", "claims", "claimed", "reserved", numbers="claims claimed"
    )
    note = None
    if (owed := document["set_off"])["debtors"]:
        note = _t(
            "estate_paper.n_set_off",
            n=f"{owed['debtors']:,}",
            debt=amounts.money(owed["debt"]),
            left=amounts.money(owed["left"]),
        )
    return Table("schedule", _t("estate_paper.t_schedule"), columns, rows, note)


def _pools(document: Found, amounts: _Amounts) -> Table:
    keys = ("amount", "cost", "paid", "reserved", "left")
    rows = [
        (
            p["id"],
            _t(f"estate.pool_{p['kind']}"),
            *(amounts.of(p["asset"], p[k]) for k in keys),
            _known(f"estate.left_{p['left_to']}", p["left_to"]) if p["left"] != "0" else "",
        )
        for p in document["pools"]
    ]
    columns = _columns("pool", "kind", *keys, "left_to", numbers=" ".join(keys))
    return Table("pools", _t("estate_paper.t_pools"), columns, rows, _t("estate_paper.n_pools"))


def _shared(document: Found, amounts: _Amounts) -> tuple[Block, ...]:
    rows = []
    for g in _in_order(document["groups"]):
        for step in STEPS:
            sums = [g[step][k] for k in ("paid_before", "now", "reserved")]
            if any(s != "0" for s in sums):
                unit = g["asset"] if step == "in_kind" else document["currency"]
                rows.append((
                    _t(f"estate.rank_{g['rank']}"),
                    g["asset"],
                    _t(f"estate.step_{step}"),
                    payers(document, step, g["asset"]),
                    *(amounts.of(unit, s) for s in sums),
                ))  # fmt: skip
    keys = ("paid_before", "now", "reserved")
    columns = _columns("rank", "asset", "step", "payer", *keys, numbers=" ".join(keys))
    ratios = [
        *((_t("estate.step_in_kind"), a, r) for a, r in document["ratios"]["in_kind"].items()),
        (_t("estate.step_secured"), document["currency"], document["ratios"]["secured"]),
        *(
            (_t(f"estate.rank_{rank}"), document["currency"], r)
            for rank, r in document["ratios"]["general"].items()
            if rank == "ordinary" or any(g["rank"] == rank for g in document["groups"])
        ),
    ]
    lines = [(what, asset, *_ratio(r)) for what, asset, r in ratios]
    head = _columns("step", "asset", "ratio", "percent", numbers="ratio percent")
    return (
        Table("distribution", _t("estate_paper.t_shared"), columns, rows),
        Table("ratios", _t("estate_paper.t_ratios"), head, lines, _t("estate_paper.n_ratios")),
    )


def _ratio(text: str | None) -> tuple[Text, Text]:
    """A ratio exactly and in per cent."""
    if text is None:
        return _t("estate_paper.none"), same("")
    ratio = parse_number(text)
    return same(text), Text(percent(ratio, "ja"), percent(ratio, "en"))


def _balance(document: Found, amounts: _Amounts) -> Table:
    keys = ("pool", "cost", "paid", "reserved", "left")
    rows = [
        (asset, *(amounts.of(asset, row[k]) for k in keys))
        for asset, row in document["conservation"].items()
        if row["pool"] != "0"
    ]
    columns = _columns("asset", "amount", *keys[1:], numbers="amount cost paid reserved left")
    return Table(
        "balance", _t("estate_paper.t_balance"), columns, rows, _t("estate_paper.n_balance")
    )


def _open(document: Found, draft: Found | None) -> tuple[Block, ...]:
    rows: list[tuple[Text | str, ...]] = [
        (_known(f"estate_law.{k.partition('#')[2]}", k), Text(**f["reason"]))
        for k, f in document["law"].items()
        if "reason" in f
    ]
    rows += [(asset, _t("estate_paper.no_rate")) for asset in document["not_valued"]]
    for key in ("not_placed", "not_known"):
        rows += [(o["subject"], Text(**o["message"])) for o in (draft or {}).get(key, ())]
    if not rows:
        return (_t("estate_paper.nothing_open"),)
    return (Table("open", _t("estate_paper.t_open"), _columns("item", "what"), rows),)


# -- one person -----------------------------------------------------------------------------------


def statement_paper(document: Found, person: str, rows: Sequence[Found]) -> Paper:
    """The joint statement of the two payers for one person: what each pays, what waits, and why."""
    amounts = _Amounts(document)
    sections = [
        Section(_t("estate_paper.s_claims"), (_claims_of(rows, amounts),)),
        Section(_t("estate_paper.s_paid"), (_paid_to(document, rows, amounts),)),
    ]
    if reasons := [(r["claimant"], r["asset"], _why(r)) for r in rows if _kept(r)]:
        columns = _columns("claimant", "asset", "why")
        table = Table("reserved", _t("estate_paper.t_waits"), columns, reasons)
        sections.append(Section(_t("estate_paper.s_waits"), (table,)))
    facts = (
        (_t("estate_paper.person"), person),
        *_facts(document)[1:4],
        *(
            (_t(f"estate_law.{name}"), _answer(document["law"][f"estate.jp.payers#{name}"]))
            for name in PAYERS
        ),
    )
    return Paper(
        _t("estate_paper.statement", n=document["number"]),
        document["entity"],
        date.fromisoformat(document["record_on"]),
        facts,
        tuple(sections),
        _t("estate_paper.mark") if proposed(document) else None,
    )


def _claims_of(rows: Sequence[Found], amounts: _Amounts) -> Table:
    keys = ("claimant", "rank", "asset", "claimed", "counted", "state")
    lines = [
        (
            r["claimant"],
            _t(f"estate.rank_{r['rank']}"),
            r["asset"],
            amounts.of(r["asset"], r["amount"]),
            amounts.of(r["asset"], r["counted"]),
            _t(f"estate_state.{r['state']}"),
        )
        for r in rows
    ]
    columns = _columns(*keys, numbers="claimed counted")
    return Table("claims", _t("estate_paper.t_claims"), columns, lines)


def _paid_to(document: Found, rows: Sequence[Found], amounts: _Amounts) -> Table:
    lines = []
    for row in rows:
        for step in STEPS:
            paid, now, kept = (int(row[f"{step}_{k}"]) for k in ("paid", "now", "reserved"))
            if not paid and not kept:
                continue
            unit = row["asset"] if step == "in_kind" else document["currency"]
            lines.append((
                row["claimant"],
                row["asset"],
                _t(f"estate.step_{step}"),
                unit,
                *(amounts.of(unit, units) for units in (paid - now, now, kept)),
                payers(document, step, row["asset"]),
            ))  # fmt: skip
    sums = ("paid_before", "now", "reserved")
    columns = _columns(
        "claimant", "for_asset", "step", "unit", *sums, "payer", numbers=" ".join(sums)
    )
    return Table("payments", _t("estate_paper.t_paid"), columns, lines, _t("estate_paper.n_paid"))


def _why(row: Found) -> Text:
    state, why = _t(f"estate_state.{row['state']}"), _t("estate_paper.why_waits")
    return Text(why.ja.format(state=state.ja), why.en.format(state=state.en))


def notice_text(document: Found, lang: Lang) -> str:
    """The notice to everybody that a distribution was made: no link, no address.

    Raises:
        ValueError: something given has the look of a link, or it is not known who pays.
    """
    law = {name: document["law"][f"estate.jp.payers#{name}"] for name in PAYERS}
    if unknown := [name for name in PAYERS if "reason" in law[name]]:
        raise ValueError(f"who pays is not known ({', '.join(unknown)}); say it in the plan")
    fill = {
        "entity": document["entity"],
        "n": document["number"],
        "on": day(document["record_on"], lang),
        "coin": _answer(law["coin_payer"]).lang(lang),
        "cash": _answer(law["cash_payer"]).lang(lang),
    }
    short = sorted(a for a, r in document["ratios"]["in_kind"].items() if r != "1")
    parts = [_t("estate_paper.notice").lang(lang).format(**fill)]
    key = "notice_short" if short else "notice_whole"
    parts.append(_t(f"estate_paper.{key}").lang(lang).format(assets=", ".join(short)))
    if proposed(document):
        parts.append(_t("estate_paper.notice_proposed").lang(lang))
    parts.append(_t("estate_paper.notice_end").lang(lang))
    text = "\n\n".join(parts) + "\n"
    if url_like(text):
        raise ValueError("a notice has no link; something in the plan looks like one")
    return text
