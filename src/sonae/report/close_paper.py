"""The daily close as a statement to sign: cover against requirement, hot share, findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from sonae.core.text import Text, same
from sonae.report import format as fmt
from sonae.report.filing import (
    DRAFTS,
    Found,
    Money,
    Two,
    assumed,
    columns,
    currency,
    finding_due,
    finding_name,
    form,
    mark,
    number,
    provenance,
    provision,
    quantity,
    read,
    share,
    sources,
    t,
)
from sonae.report.filing_charts import Bar, bars
from sonae.report.findings import SEVERITIES
from sonae.report.paper import Block, Boxes, Cell, Paper, Section, Table
from sonae.rulebook.edition import Edition

HOT = "jp.crypto.hot_limit"
UNOWNED = "break-unowned"
STATES = ("going_concern", "on_insolvency")


def close_document(document: Found, digest: str) -> dict[str, Any]:
    """The statement as plain values, exact numbers as text; may it be signed, may it be filed."""
    proposals, what_if = assumed([document]), document["what_if_on"]
    unowned = any(f["name"] == UNOWNED for f in document["findings"])
    return {
        "format": "sonae-report-close/1",
        "entity": document["venue"]["entity"],
        "on": document["on"],
        "known_at": document["known_at"],
        "currency": document["venue"]["currency"],
        "close_digest": digest,
        "assumed": proposals,
        "what_if_on": what_if,
        "may_be_filed": not proposals and what_if is None,
        "may_be_signed": what_if is None and not unowned,
        "regimes": {
            id: {
                "required": cover["required"],
                **{state: cover[state]["total"] for state in STATES},
                "surplus": cover["surplus"],
                "standing": cover["standing"],
            }
            for id, cover in document["cover"]["by_regime"].items()
        },
        "hot": _hot_values(Two(document)),
        "counts": {s: sum(f["severity"] == s for f in document["findings"]) for s in SEVERITIES},
    }


def _hot_values(two: Two) -> dict[str, Any]:
    outputs = two.document["requirements"].get(HOT, {})
    return {name: two.en.entries[id]["value"] for name, id in outputs.items()}


def close_paper(document: Found, digest: str, money: Money) -> Paper:
    """The statement of one close; `digest` is that of the bytes of its `close.json`."""
    two = Two(document)
    said = close_document(document, digest)
    return Paper(
        t("close_paper.title"),
        document["venue"]["entity"],
        date.fromisoformat(document["on"]),
        _facts(two, digest),
        tuple(
            Section(t(f"close_paper.s_{name}", n=n), blocks)
            for n, (name, blocks) in enumerate(_sections(two, money, said), 1)
        ),
        mark(bool(said["assumed"]), document["what_if_on"] is not None),
    )


def _sections(
    two: Two, money: Money, said: Mapping[str, Any]
) -> Iterator[tuple[str, tuple[Block, ...]]]:
    yield "state", _state(two, money)
    yield "hot", _hot(two, money)
    yield "assets", (_assets(two, money),)
    yield "findings", _findings(two)
    yield "sources", (sources(two),)
    yield "form", _form(two)
    yield "sign", _sign(said)


def _facts(two: Two, digest: str) -> tuple[tuple[Text, Cell], ...]:
    document, venue = two.document, two.document["venue"]
    moment = (venue["cut_off"], venue["time_zone"])
    at = Text(*(fmt.instant(*moment, lang) for lang in ("ja", "en")))
    known = Text(*(fmt.instant(document["known_at"], "", lang) for lang in ("ja", "en")))
    return (
        (t("filing.cut_off"), at),
        (t("filing.known_at"), known),
        (t("filing.currency"), currency(two.currency)),
        *provenance(two, digest),
    )


# -- requirement and cover -------------------------------------------------------------------------


def _state(two: Two, money: Money) -> tuple[Block, ...]:
    severities = {f["severity"] for f in two.document["findings"]}
    lead = next((s for s in ("breach", "warning") if s in severities), "clean")
    by_regime = two.document["cover"]["by_regime"]
    heads = ("regime", "standing", "required", "going", "insolvent", "surplus")
    amounts = columns(*heads, numbers=" ".join(heads[2:]), currency=currency(two.currency))
    rows = []
    for id, cover in by_regime.items():
        ids = cover["figures"]
        picked = (ids["required"], *(ids[s]["total"] for s in STATES), ids["surplus"])
        standing = t(f"standing.{cover['standing']}")
        rows.append((two.regime(id), standing, *(two.value(i, money) for i in picked)))
    blocks: list[Block] = [t(f"state.lead_{lead}")]
    if rows:
        if drawn := _at_home(two):
            blocks.append(_chart(two, money, drawn))
        blocks.append(
            Table("cover", t("close_paper.t_cover"), amounts, rows, t("close_paper.n_cover"))
        )
    if lines := [*two.document["stack"], *_abroad(two)]:
        blocks.append(_stack(two, money, lines))
    if gaps := list(_gaps(two)):
        heads_ = columns("item", "standing", "reason")
        blocks.append(Table("not computable", t("close_paper.t_gaps"), heads_, gaps))
    return tuple(blocks)


def _at_home(two: Two) -> list[str]:
    """Regimes whose amounts are in the reporting currency and so have one scale."""
    required = {
        id: cover["figures"]["required"] for id, cover in two.document["cover"]["by_regime"].items()
    }
    return [id for id, figure in required.items() if not two.en.foreign(figure)]


def _abroad(two: Two) -> list[Mapping[str, Any]]:
    """Lines of regimes outside Japan, each with its regime in front."""
    found = []
    for regime, lines in two.document.get("stack_abroad", {}).items():
        name = two.regime(regime)
        for line in lines:
            ja, en = line["title"]["ja"], fmt.title(line["title"]["en"], "en")
            title = {"ja": f"{name.ja} — {ja}", "en": f"{name.en} — {en}"}
            found.append(line | {"title": title})
    return found


def _chart(two: Two, money: Money, chosen: Sequence[str]) -> Any:
    groups, words = [], []
    for id in chosen:
        cover = two.document["cover"]["by_regime"][id]
        ids, drawn = cover["figures"], []
        parts = (
            ("required", "required", ids["required"]),
            ("going", "cover", ids[STATES[0]]["total"]),
            ("insolvent", "failed", ids[STATES[1]]["total"]),
        )
        for name, fill, figure in parts:
            value = two.number(figure)
            cell = two.value(figure, money)
            shown = cell.shown if hasattr(cell, "shown") else cell
            assert isinstance(shown, Text)
            drawn.append(Bar(t(f"filing_column.{name}_plain"), fill, value, shown))
        title = two.regime(id)
        if cover["standing"] in DRAFTS:
            mark_ = t(f"standing.{cover['standing']}")
            title = Text(f"{title.ja}（{mark_.ja}）", f"{title.en} ({mark_.en})")
        groups.append((title, drawn))
        said = Text(
            *(
                ": ".join(
                    (title.lang(x), ", ".join(f"{b.name.lang(x)} {b.says.lang(x)}" for b in drawn))
                )
                for x in ("ja", "en")
            )
        )
        words.append(said)
    unit = currency(two.currency)
    alt = t(
        "close_paper.alt_cover",
        unit=unit,
        rows=Text("。".join(w.ja for w in words), "; ".join(w.en for w in words)),
    )
    return bars(groups, alt, t("close_paper.chart", unit=unit))


def _stack(two: Two, money: Money, lines: Sequence[Mapping[str, Any]]) -> Table:
    """The lines of custody law, each with its provision."""
    keys = ("line", "provision", "required", "going", "insolvent", "shortfall")
    heads = columns(*keys, numbers=" ".join(keys[2:]), currency=currency(two.currency))
    rows = []
    for line in lines:
        title = Text(**line["title"])
        cites = [two.document["citations"][c] for c in line["cites"]]
        names = [provision({"provision": c}) for c in cites]
        cited = Text("、".join(n.ja for n in names) or "—", "; ".join(n.en for n in names) or "—")
        ids = (line[k] for k in ("required", *STATES, "shortfall"))
        rows.append((
            Text(title.ja, fmt.title(title.en, "en")), cited, *(two.value(i, money) for i in ids)
        ))  # fmt: skip
    return Table("lines", t("close_paper.t_lines"), heads, rows)


def _gaps(two: Two) -> Iterator[tuple[Cell, ...]]:
    """Outputs of the rules that could not be computed, each with its reason, once."""
    for rule, outputs in two.document["requirements"].items():
        for id in outputs.values():
            if two.gap(id):
                title, label = two.rule(rule), two.label(id)
                name = Text(f"{title.ja}：{label.ja}", f"{title.en}: {label.en}")
                standing = t(f"standing.{two.en.entries[id]['standing']}")
                yield name, standing, two.reason(id)


# -- hot share and assets --------------------------------------------------------------------------


def _hot(two: Two, money: Money) -> tuple[Block, ...]:
    outputs = two.document["requirements"].get(HOT)
    if outputs is None:
        return (t("close_paper.no_hot"),)
    heads = columns("item", "value", numbers="value")
    rows = [(two.label(id), two.value(id, money)) for id in outputs.values()]
    unit = currency(two.currency)
    blocks: list[Block] = []
    ratio, limit, whole = (
        two.number(outputs.get(k)) for k in ("ratio", "limit_jpy", "customer_total_jpy")
    )
    if ratio is not None and limit is not None and whole:
        most = limit / whole
        said = [share(x).shown for x in (ratio, most)]
        drawn = [
            Bar(t("close_paper.hot_now"), "failed", ratio, said[0]),
            Bar(t("close_paper.hot_limit"), "required", most, said[1]),
        ]
        alt = t("close_paper.alt_hot", now=said[0], most=said[1])
        blocks.append(bars([(t("close_paper.hot_head"), drawn)], alt))
    blocks.append(Table("hot", t("close_paper.t_hot", unit=unit), heads, rows))
    return tuple(blocks)


def _assets(two: Two, money: Money) -> Table:
    keys = ("asset", "owed", "held", "break", "not_cold", "price")
    heads = columns(*keys, numbers=" ".join(keys[1:]), currency=currency(two.currency))
    rows = []
    for line in two.document["reconciliation"]:
        values = (line["owed"], line["held"]["total"], line["break"], line.get("not_cold"))
        cells = [_count(v) for v in values]
        if "not_cold" not in line:
            cells[-1] = same("—")
        price = number(line["price"])
        rows.append((line["asset"], *cells, same("—") if price is None else quantity(price)))
    note = t("close_paper.n_assets")
    return Table("assets", t("close_paper.t_assets"), heads, rows, note)


def _count(value: Any) -> Cell:
    found: Fraction | None = number(value)
    return t("value.not_computable") if found is None else quantity(found)


# -- findings --------------------------------------------------------------------------------------


def _findings(two: Two) -> tuple[Block, ...]:
    act = [f for f in two.document["findings"] if f["severity"] != "note"]
    notes: dict[str, int] = {}
    for f in two.document["findings"]:
        if f["severity"] == "note":
            notes[f["name"]] = notes.get(f["name"], 0) + 1
    blocks: list[Block] = []
    if act:
        rows = [
            (
                t(f"severity.{f['severity']}"),
                finding_name(f["name"]),
                Text(f["message"]["ja"], fmt.sentence(f["message"]["en"], "en")),
                finding_due(f),
                provision(f),
            )
            for f in act
        ]
        heads = columns("severity", "finding", "message", "due", "provision")
        blocks.append(Table("findings", t("close_paper.t_findings"), heads, rows))
    else:
        blocks.append(t("close_paper.no_findings"))
    if notes:
        counted = [(finding_name(k), f"{n:,}") for k, n in sorted(notes.items())]
        heads = columns("finding", "count", numbers="count")
        blocks.append(
            Table("notes", t("close_paper.t_notes"), heads, counted, t("close_paper.n_notes"))
        )
    return tuple(blocks)


# -- the law's form, and signatures ----------------------------------------------------------------


def _form(two: Two) -> tuple[Block, ...]:
    """What the guideline asks of each business day; no form of it was read."""
    if "jp" not in two.document["venue"]["regimes"]:
        return (t("filing.no_law"),)
    edition = Edition(date.fromisoformat(two.document["edition"]["on"]))
    topic = edition.topic(edition.rule("jp.crypto.segregation"))
    figure = edition.parameter(topic, "reconcile_business_days")
    return form(read(figure), t("close_paper.form"))


def _sign(said: Mapping[str, Any]) -> tuple[Block, ...]:
    blocks: list[Block] = [t("close_paper.sign")]
    if not said["may_be_signed"]:
        blocks = [
            t("close_paper.sign_what_if" if said["what_if_on"] else "close_paper.sign_unowned")
        ]
    people = (t("filing.maker"), t("filing.checker"))
    lines = (t("filing.box_name"), t("filing.box_day"), t("filing.box_sign"))
    return (*blocks, Boxes(people, lines))
