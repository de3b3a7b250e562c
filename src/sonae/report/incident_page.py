"""An incident for the console: what the screen needs beside the values, in one language."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from sonae.core.amount import coins
from sonae.core.canonical import parse_number
from sonae.core.display import exact, fixed, with_separators
from sonae.core.text import Lang
from sonae.report.format import day, instant
from sonae.report.svg import bar
from sonae.report.titles import provision
from sonae.report.words import Words

Found = Mapping[str, Any]
STAGES = (
    "settled", "sent", "unknown", "returned", "planned", "held", "disputed", "unclaimed",
)  # fmt: skip
"""Stages in the order in which a bar is drawn: what is done first."""
TOP = "at_stake"
_MAY = {True: "yes", False: "no"}


def clock_rows(clocks: list[Found], lang: Lang) -> list[dict[str, Any]]:
    """Each clock as a row: to whom, by when, how it stands, and by which provision."""
    words = Words(lang)
    return [
        {
            "to": words(f"notify.{c['to']}"),
            "due": _due(c, words),
            "state": _state(c, words),
            "passed": c["passed"],
            "near": c["days"] is not None and 0 <= c["days"] <= 2,
            "provision": None if c["provision"] is None else provision(c["provision"], 0, lang),
            "confidence": c["confidence"],
        }
        for c in clocks
    ]


def _due(clock: Found, words: Words) -> str:
    due = clock["due"]
    if due is None:
        reason = clock["reason"]
        return str(reason[words.lang]) if reason else words("console_incident.due_unknown")
    return words.known(f"incident.{due}", day(due, words.lang))


def _state(clock: Found, words: Words) -> str:
    days = clock["days"]
    if days is None:
        return ""
    if days == 0:
        return words("console_incident.today")
    return words(f"console_incident.{'left' if days > 0 else 'passed'}", n=f"{abs(days):,}")


def times(incident: Found, lang: Lang) -> dict[str, str]:
    """When it occurred and was learned, and the record date."""
    keys = ("occurred", "learned", "record")
    return {k: instant(incident[f"{k}_at"], "", lang) for k in keys}


def lost_rows(incident: Found, lang: Lang) -> list[dict[str, str]]:
    """What was lost, by asset, with its price and value."""
    rows = []
    for asset, amount in incident["loss"]["asset"].items():
        price = incident["loss"]["prices"].get(asset)
        value = None if price is None else parse_number(amount) * parse_number(price["price"])
        rows.append(
            {
                "asset": asset,
                "amount": exact(parse_number(amount)),
                "price": "" if price is None else fixed(parse_number(price["price"]), 3),
                "value": "" if value is None else fixed(value, 0),
                "source": "" if price is None else price["source"],
            }
        )
    return rows


def place_rows(incident: Found, lang: Lang) -> list[dict[str, str]]:
    """Where it was lost: wallets and signing domains, or accounts and banks."""
    words = Words(lang)
    return [
        {
            "kind": words(f"incident.{kind}"),
            "name": name,
            "lost": _list(words).join(f"{exact(parse_number(n))} {a}" for a, n in assets.items()),
        }
        for kind in ("wallet", "signing_domain", "account", "bank")
        for name, assets in incident["loss"].get(kind, {}).items()
    ]


def borne_view(incident: Found, lang: Lang) -> dict[str, Any] | None:
    """Who bears the loss, as rows with a bar, and what can be paid within which time."""
    found, words = incident["waterfall"], Words(lang)
    if found is None:
        return None
    whole, low, rows = parse_number(found["loss"]), Fraction(0), []
    parts = [(_source(b["source"], words), b["amount"], "cover") for b in found["borne"]]
    for name, amount, kind in [*parts, (words("incident.gap"), found["gap"], "gap")]:
        high = low + parse_number(amount)
        picture = bar([(low, high, kind)], whole)
        rows.append({"name": name, "amount": _money(amount), "bar": picture, "kind": kind})
        low = high
    within = [
        {"within": _within(name, words), "amount": _money(amount)}
        for name, amount in found["payable"].items()
    ]
    return {"rows": rows, "within": within, "loss": _money(found["loss"])}


def _source(name: str, words: Words) -> str:
    kind, _, policy = name.partition(" ")
    said = words.known(f"funds.{kind}", kind)
    return f"{said} {policy}".strip()


def _within(name: str, words: Words) -> str:
    n, unit = int(name[:-1]), "hours" if name.endswith("h") else "days"
    return words(f"incident.{unit}{'_1' if n == 1 else ''}", n=n)


def _money(text: str | None) -> str:
    return "" if text is None else fixed(parse_number(text), 0)


def refill_rows(incident: Found, lang: Lang) -> list[dict[str, Any]]:
    """The refill by asset against its clock, and what it lacks."""
    words, refill = Words(lang), incident["refill"]
    return [
        {
            "asset": a["asset"],
            **{k: _coins(a[k]) for k in ("short", "arrived", "proven")},
            "whole_on": day(a["whole_on"], lang) if a["whole_on"] else "",
            "due": day(refill["due"], lang) if refill["due"] else "",
            "late": a["late_days"],
            "lacking": [words(f"refill.{k}") for k in a["lacking"]],
        }
        for a in refill["assets"]
    ]


def _coins(text: str | None) -> str:
    return "" if text is None else exact(parse_number(text))


def gate_rows(incident: Found, lang: Lang) -> list[dict[str, Any]]:
    """Natures of payment: whether the losses give rise to it, may it be paid, by whose word."""
    words = Words(lang)
    return [
        {
            "nature": words(f"nature.{name}"),
            "arises": gate["arises"],
            "may": words(f"incident.{_MAY.get(gate['may_pay'], 'unknown')}"),
            "needed": words.known(f"needed.{gate['needed']}", gate["needed"] or ""),
            "confidence": gate["confidence"],
            "standing": gate["standing"],
        }
        for name, gate in incident["natures"].items()
    ]


def method_rows(methods: list[Found], valuation: Found | None, lang: Lang) -> list[dict[str, Any]]:
    """Methods side by side, each with the money at stake and a bar of it."""
    if valuation is None:
        return []
    words = Words(lang)
    scales = {a["asset"]: a["scale"] for a in valuation["assets"]}
    sums = [parse_number(m[TOP]) for m in methods if m[TOP] is not None]
    most = max(sums, default=Fraction(0))
    rows = []
    for n, m in enumerate(methods):
        stake = None if m[TOP] is None else parse_number(m[TOP])
        more = None if m["difference"] is None else parse_number(m["difference"])
        left = [
            f"{exact(coins(int(x['coins']), scales[a]))} {a}"
            for a, x in m["litigation_residual"].items()
        ]
        worth = sum(
            (parse_number(x["value"]) for x in m["litigation_residual"].values()), Fraction(0)
        )
        rows.append(
            {
                "title": m["title"][lang],
                "coins": _list(words).join(
                    f"{exact(parse_number(v))} {a}" for a, v in m["coins"].items()
                ),
                "coins_worth": _money(m["coins_worth"]) if m["coins"] else "",
                "amount": _money(m["amount"]),
                "goodwill": _money(m["goodwill"]) if m["goodwill"] != "0" else "",
                "stake": words("console_incident.no_price") if stake is None else fixed(stake, 0),
                "bar": None if stake is None else bar([(Fraction(0), stake, "cover")], most),
                "difference": _signed(more, n == 0, words),
                "better": f"{m['better']:,}",
                "worse": f"{m['worse']:,}",
                "first": n == 0,
                "discharge": words(f"discharge.{m['discharge']}"),
                "left": _list(words).join(left),
                "left_worth": fixed(worth, 0) if left else "",
                "taxable": "" if m["tax"]["amount"] == "0" else _money(m["tax"]["amount"]),
                "tax": words.known(f"tax_treatment.{m['tax']['kind']}", ""),
                "tax_confidence": m["tax"]["confidence"],
                "confidence": m["confidence"],
                "source": m["source"],
                "note": "" if m["note"] is None else m["note"][lang],
            }
        )
    return rows


def _signed(more: Fraction | None, first: bool, words: Words) -> str:
    if first:
        return words("console_incident.compared_with")
    if more is None:
        return ""
    return ("+" if more > 0 else "") + fixed(more, 0)


def programme_views(programmes: list[Found], lang: Lang) -> list[dict[str, Any]]:
    """Programmes with their counters and files."""
    words = Words(lang)
    return [
        {
            "id": p["id"],
            "counters": counter_views(p["counters"], lang),
            "files": [
                {
                    **f,
                    "items": f"{f['items']:,}",
                    "total": with_separators(f["total"]),
                    "designated": day(f["designated"], lang),
                    "state_word": words(f"console_incident.file_{f['state']}"),
                    "signed": [
                        {
                            "role": words(f"console_incident.role_{a['role']}"),
                            "person": a["person"],
                            "at": a["at"],
                        }
                        for a in f["approvals"]
                    ],
                }
                for f in p["files"]
            ],
        }
        for p in programmes
    ]


def counter_views(counters: Found, lang: Lang) -> list[dict[str, Any]]:
    """Each asset's counters: rows by stage, and one bar that is exactly what is owed."""
    words, found = Words(lang), []
    for asset, row in counters.items():
        whole = Fraction(int(row["entitled"]["amount"]))
        low, parts, rows = Fraction(0), list[tuple[Fraction, Fraction, str]](), []
        for name in STAGES:
            cell = row[name]
            high = low + int(cell["amount"])
            parts.append((low, high, f"stage-{name}"))
            low = high
            rows.append(
                {
                    "stage": name,
                    "word": words(f"console_incident.stage_{name}"),
                    "people": f"{cell['people']:,}",
                    "amount": with_separators(cell["amount"]),
                    "none": not cell["people"],
                }
            )
        found.append(
            {
                "asset": asset,
                "rows": rows,
                "entitled": {
                    "people": f"{row['entitled']['people']:,}",
                    "amount": with_separators(row["entitled"]["amount"]),
                },
                "adds_up": low == whole,
                "bar": bar(parts, whole),
            }
        )
    return found


def waiting_rows(waiting: list[Found], lang: Lang) -> list[dict[str, str]]:
    """Acts that wait for a second person."""
    words = Words(lang)
    return [
        {
            "act": str(w["act"]),
            "at": w["at"],
            "by": w["by"],
            "kind": words.known(f"console_incident.act_{w['kind']}", w["kind"]),
            "about": _about(w["content"], words),
        }
        for w in waiting
    ]


def _about(content: Found, words: Words) -> str:
    """What an act is about, in words."""
    parts = [
        f"{words(f'console_incident.content_{k}')} {_plain(v)}"
        for k, v in content.items()
        if v not in (None, "")
    ]
    return _list(words).join(parts)


def _list(words: Words) -> str:
    """What stands between the parts of a list."""
    return "、" if words.lang == "ja" else ", "


def _plain(value: Any) -> str:
    text = str(value)
    return with_separators(text) if text.isascii() and text.isdecimal() else text
