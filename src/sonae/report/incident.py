"""Incidents and rival methods for people: terminal views."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Styled

from sonae.core.amount import coins
from sonae.core.canonical import parse_number
from sonae.core.display import exact, fixed
from sonae.core.text import Lang
from sonae.report.insurance import insurance_view
from sonae.report.words import Words

Found = Mapping[str, Any]
_INSURED = ("insurance", "insurance_received")


def _table(words: Words, *keys: str, right: tuple[str, ...] = ()) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for key in keys:
        justify = "right" if key in right else "left"
        table.add_column(words(f"incident.{key}"), justify=justify, overflow="fold")  # type: ignore[arg-type]
    return table


def _number(text: str | None) -> str:
    return "" if text is None else exact(parse_number(text))


def incident_view(found: Found, lang: Lang) -> RenderableType:
    """What was lost, what is due, who bears it, which payments need what, and the refill."""
    words = Words(lang)
    parts: list[RenderableType] = [Styled(f"{found['entity']} · {found['id']}", style="bold")]
    cause = words(f"cause.{found['cause']}")
    parts.append(Styled(f"{words('incident.cause')}: {cause} · {found['learned_at']}"))
    if found["what_if"]:
        parts.append(Styled(words("incident.what_if", day=found["law_on"]), style="yellow"))
    if found["replaces"]:
        cut = {"digest": found["replaces"][:16], "reason": found["version_reason"]}
        parts.append(Styled(words("incident.version", **cut), style="yellow"))
    parts += [Styled(f"  – {note[lang]}", style="dim") for note in found["notes"]]
    lost = _table(words, "asset", "lost", right=("lost",))
    for asset, amount in found["loss"]["asset"].items():
        lost.add_row(asset, _number(amount))
    if found["value"] is not None and [*found["loss"]["asset"]] != [found["currency"]]:
        lost.add_row(found["currency"], f"≈ {fixed(parse_number(found['value']), 0)}")
    parts += [lost, _places(found, words), _clocks(found, words, lang)]
    parts += [*_papers(found, words), _natures(found, words), _ground(found, words)]
    if found["refill"]["assets"]:
        parts.append(refill_view(found, lang))
    if found["insurance"] is not None:
        parts.append(insurance_view(found["insurance"], lang))
    if found["waterfall"] is not None:
        parts.append(_waterfall(found["waterfall"], words))
    if found["recoveries"]["steps"]:
        parts.append(_recoveries(found, words))
    if found["paid"]:
        paid = _table(words, "paid", "amount", "asset", "on", "day", right=("amount", "day"))
        for p in found["paid"]:
            amount = _number(p["amount"])
            kind = words("incident.paid_out" if p["kind"] == "paid" else f"incident.{p['kind']}")
            paid.add_row(kind, amount, p["asset"], p["on"], str(p["day"]))
        parts.append(paid)
    return Group(*parts)


def _places(found: Found, words: Words) -> Table:
    """The loss by wallet and signing domain, or by account and bank."""
    table = _table(words, "place", "name", "lost", right=("lost",))
    for kind in ("wallet", "signing_domain", "account", "bank"):
        for name, assets in found["loss"].get(kind, {}).items():
            lost = ", ".join(f"{_number(n)} {asset}" for asset, n in assets.items())
            table.add_row(words(f"incident.{kind}"), name, lost)
    return table


def _papers(found: Found, words: Words) -> list[RenderableType]:
    """The evidence, and the two dossiers with what each needs."""
    evidence = ", ".join(found["evidence"]) or "–"
    lines = [Styled(f"{words('incident.evidence')}: {evidence}")]
    for dossier in found["dossiers"].values():
        needs = ", ".join(words(f"dossier.{need}") for need in dossier["needs"])
        mark = words(f"confidence.{dossier['confidence']}")
        form = words(f"dossier.{dossier['form']}")
        lines.append(Styled(f"{form}: {needs} [{mark}]"))
    return [*lines]


def _clocks(found: Found, words: Words, lang: Lang) -> Table:
    table = _table(words, "to", "due", "basis", "confidence")
    for c in found["clocks"]:
        due = c["due"]
        shown = (
            words.known(f"incident.{due}", due)
            if due is not None
            else (c["reason"][lang] if c["reason"] else "")
        )
        mark = words(f"confidence.{c['confidence']}")
        table.add_row(words(f"notify.{c['to']}"), shown, c["rule"] or "", mark)
    return table


def _natures(found: Found, words: Words) -> Table:
    table = _table(words, "nature", "arises", "may_pay", "needed", "confidence")
    for name, gate in found["natures"].items():
        may = {True: "yes", False: "no"}.get(gate["may_pay"], "unknown")
        needed = gate["needed"] or ""
        table.add_row(
            words(f"nature.{name}"),
            "✓" if gate["arises"] else "",
            words(f"incident.{may}"),
            words.known(f"needed.{needed}", needed),
            words(f"confidence.{gate['confidence']}"),
        )
    return table


def _ground(found: Found, words: Words) -> Styled:
    """The class of incident, by which the reserve may be used."""
    ground = found["ground"]
    mark = words(f"confidence.{ground['confidence']}")
    if ground["act"] is None:
        return Styled(f"{words('incident.ground_people')} [{mark}]")
    use = words("incident.usable" if ground["usable"] else "incident.not_usable")
    text = words("incident.ground", act=ground["incident_class"] or "–", found=use)
    return Styled(f"{text} [{mark}]")


def _recoveries(found: Found, words: Words) -> RenderableType:
    """To whom recovered money goes, rank by rank, and the gap that is left."""
    recovered, currency = found["recoveries"], found["currency"]
    table = _table(words, "rank", "gets", "after", right=("gets", "after"))
    for rank in recovered["order"]:
        after = recovered["bears"][rank]["after"]
        table.add_row(words(f"rank.{rank}"), _number(recovered["to"][rank]), _number(after))
    table.add_row(words("incident.excess"), _number(recovered["excess"]), "")
    ground = recovered["source"] or recovered["rule"]
    mark = words(f"confidence.{recovered['confidence']}")
    order = " → ".join(words(f"rank.{r}") for r in recovered["order"])
    lines = [f"{words('incident.order_file', order=order, source=ground)} [{mark}]"]
    gap = _number(recovered["gap"])
    lines.append(words("incident.gap_after", gap=gap, currency=currency))
    if recovered["gap_per_customer"] is not None:
        each = fixed(parse_number(recovered["gap_per_customer"]), 2)
        n = f"{recovered['customers']:,}"
        lines.append(words("incident.gap_each", gap=each, currency=currency, n=n))
    return Group(table, *map(Styled, lines))


def refill_view(found: Found, lang: Lang) -> RenderableType:
    """The refill against its clock."""
    words, refill = Words(lang), found["refill"]
    table = _table(
        words, "asset", "short", "arrived", "proven", "whole_on", "day", "cure", "late",
        right=("short", "arrived", "proven", "day", "late"),
    )  # fmt: skip
    for a in refill["assets"]:
        amounts = [_number(a[k]) for k in ("short", "arrived", "proven")]
        days = ["" if a[k] is None else str(a[k]) for k in ("day", "late_days")]
        table.add_row(
            a["asset"], *amounts, a["whole_on"] or "", days[0], refill["due"] or "", days[1]
        )
    notes = [
        Styled(f"  – {words('incident.unproven', text=t)}", style="dim")
        for a in refill["assets"]
        for t in a["unproven"]
    ]
    for a in refill["assets"]:
        if a["lacking"]:
            lacking = ", ".join(words(f"refill.{k}") for k in a["lacking"])
            text = words("incident.lacking", asset=a["asset"], text=lacking)
            notes.append(Styled(f"  – {text}", style="yellow"))
    notes += [_funded(f, words) for f in refill["funding"] if f["cost"] and f["to_acquire"] != "0"]
    raised = parse_number(refill["raised"])
    money = (
        [Styled(words("incident.raised", amount=exact(raised), currency=found["currency"]))]
        if raised
        else []
    )
    return Group(table, *money, *notes, *_tests(refill, words))


def _tests(refill: Found, words: Words) -> list[RenderableType]:
    """The money at hand in coins, on every day with a price; nothing where no day has one."""
    if not refill["tests"]:
        return []
    table = _table(
        words, "tested_on", "asset", "missing", "at_hand", "enough", right=("missing", "at_hand")
    )
    for test in refill["tests"]:
        at_hand = "" if test["coins"] is None else fixed(parse_number(test["coins"]), 8)
        enough = words(f"incident.{'is_enough' if test['enough'] else 'not_enough'}")
        table.add_row(test["on"], test["asset"], _number(test["missing"]), at_hand, enough)
    return [table]


def _funded(found: Found, words: Words) -> Styled:
    """What the rest of the refill costs, and what the money lacks of it."""
    numbers = {k: _number(found[k]) for k in ("cost", "money", "gap")}
    amount = _number(found["to_acquire"])
    line = {"asset": found["asset"], "amount": amount, "on": found["price_on"] or "–", **numbers}
    return Styled(f"  – {words('incident.to_acquire', **line)}")


def _waterfall(found: Found, words: Words) -> RenderableType:
    table = _table(words, "borne_by", "amount", right=("amount",))
    for b in found["borne"]:
        kind, _, policy = b["source"].partition(" ")
        name = f"{words(f'funds.{kind}')} {policy}" if policy and kind in _INSURED else b["source"]
        table.add_row(words.known(f"funds.{b['source']}", name), _number(b["amount"]))
    table.add_row(Styled(words("incident.gap"), style="bold"), _number(found["gap"]))
    times = _table(words, "within", "payable", right=("payable",))
    for name, amount in found["payable"].items():
        n, unit = int(name[:-1]), "hours" if name.endswith("h") else "days"
        times.add_row(words(f"incident.{unit}{'_1' if n == 1 else ''}", n=n), _number(amount))
    return Group(table, times)


def valuation_view(found: Found, lang: Lang) -> RenderableType:
    """Rival methods side by side."""
    words = Words(lang)
    scales = {a["asset"]: a["scale"] for a in found["assets"]}
    table = _table(
        words, "method", "in_kind", "amount", "residue", "goodwill", "better", "worse", "discharge",
        right=("in_kind", "amount", "residue", "goodwill", "better", "worse"),
    )  # fmt: skip
    for m in found["methods"]:
        kind = ", ".join(
            f"{exact(coins(int(a['in_kind']), scales[asset]))} {asset}"
            for asset, a in m["by_asset"].items()
            if int(a["in_kind"])
        )
        residue = sum(
            (parse_number(a["residue"]["amount"]) for a in m["by_asset"].values()), Fraction(0)
        )
        cells = [m["amount"], str(m["better"]), str(m["worse"])]
        amount, better, worse = (exact(parse_number(c)) for c in cells)
        goodwill = exact(parse_number(m["goodwill"]))
        discharge = words(f"discharge.{m['discharge']}")
        table.add_row(
            m["title"][lang], kind, amount, exact(residue), goodwill, better, worse, discharge
        )
    head = ", ".join(
        f"{a['asset']} {exact(coins(int(a['lost']), a['scale']))} "
        + words("incident.accounts", n=f"{a['accounts']:,}")
        for a in found["assets"]
    )
    notes = [Styled(f"  – {m['note'][lang]}", style="dim") for m in found["methods"] if m["note"]]
    notes += [Styled(f"  – {line}") for m in found["methods"] for line in _beside(m, found, words)]
    if found["residue_to"]:
        notes.append(Styled(words("incident.residue_to", name=found["residue_to"])))
    if found["held"]:
        notes.append(Styled(words("incident.held", n=f"{found['held']:,}"), style="yellow"))
    return Group(Styled(f"{found['incident']} · {head}", style="bold"), table, *notes)


def _beside(method: Found, found: Found, words: Words) -> Iterator[str]:
    """What a method leaves to income tax, and which coins stay claimed."""
    scales = {a["asset"]: a["scale"] for a in found["assets"]}
    title, tax = method["title"][words.lang], method["tax"]
    if tax["amount"] != "0":
        mark = words(f"confidence.{tax['confidence']}")
        kind = words(f"tax_treatment.{tax['kind']}")
        amount = _number(tax["amount"])
        yield f"{title}: {words('incident.taxable', kind=kind, amount=amount)} [{mark}]"
    for asset, left in method["litigation_residual"].items():
        n = exact(coins(int(left["coins"]), scales[asset]))
        value = f"{fixed(parse_number(left['value']), 0)} {found['currency']}"
        yield f"{title}: {words('incident.residual', n=n, asset=asset, value=value)}"


def replay_counters(found: Found, lang: Lang) -> RenderableType:
    """What was owed, what was paid or refilled as published, and on which day."""
    words = Words(lang)
    table = _table(words, "counter", "people", "amount", "day", right=("people", "amount", "day"))
    for name, counters in found.items():
        table.add_row(Styled(name, style="bold"), "", "", "")
        for key, cell in counters.items():
            if not isinstance(cell, dict):
                continue
            first = key in ("entitled", "short") or counters["day"] is None
            day = "" if first else str(counters["day"])
            people = f"{cell['people']:,}" if "people" in cell else ""
            amount = _number(cell.get("amount") or cell["coins"])
            label = words.known(f"incident.{key}", "") or words(f"nature.{key}")
            table.add_row(label, people, amount, day)
        if "returned_on_day" in counters:
            table.add_row(
                words("incident.returned_in_kind"), "", "", str(counters["returned_on_day"])
            )
        if counters["gap"] is not None:
            table.add_row(words("incident.gap"), "", _number(counters["gap"]), "")
    return table
