"""The reserve's screen: what waits, balances, rules and acts in words; the plan's figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from sonae.core.canonical import parse_number
from sonae.core.display import exact
from sonae.core.text import Lang
from sonae.report import format as fmt
from sonae.report.fund import account_name, named, whole
from sonae.report.fund_plan import PlanView
from sonae.report.plot import Line, Point, chart
from sonae.report.words import Words

Found = Mapping[str, Any]
HIDDEN = ("explanation", "figures", "citations", "difference", "prices", "person", "units", "limit")
"""Parts of a proposal that are tables of their own, or too long for a line."""
STEP = 6
"""Months between two ticks of the plan's chart."""
SEP = {"ja": "：", "en": ": "}
MONTH = ("contribution", "balance_after", "still_short")


def balance_rows(found: Found, lang: Lang) -> list[dict[str, Any]]:
    """Balances with their unit and the entry that moved each last."""
    words = Words(lang)
    return [
        {
            "account": b["account"],
            "name": account_name(words, b["account"]),
            "amount": whole(b["balance"], b["scale"]),
            "unit": b["unit"],
            "entry": b["entry"],
        }
        for b in found["balances"]
    ]


def proposal_rows(found: Found, lang: Lang) -> list[dict[str, Any]]:
    """Proposals that wait, with how many have approved."""
    words = Words(lang)
    return [
        {
            **p,
            "name": named(words, p["kind"]),
            "amount": yen(p["amount_jpy"]),
            "day": fmt.day(p["on"], lang),
            "so_far": words("console_reserve.approved_of", n=len(p["approved_by"]), of=p["needed"]),
        }
        for p in found["proposals"]
    ]


def act_rows(found: Found, lang: Lang) -> list[dict[str, Any]]:
    """Acts, refused ones included, newest first."""
    words = Words(lang)
    rows = []
    for e in found["history"]:
        refused = f": {e['refused'][lang]}" if e["refused"] else ""
        waits = e["outcome"] == "pending"  # when it was recorded; what became of it is an act, too
        rows.append(
            {
                **e,
                "name": SEP[lang].join(
                    filter(None, (named(words, e["act"]), named(words, e["kind"])))
                ),
                "day": fmt.day(e["on"], lang) if e["on"] else "",
                "result": named(words, "recorded" if waits else e["outcome"]) + refused,
            }
        )
    return rows


def limit_rows(rules: Found, lang: Lang) -> list[dict[str, Any]]:
    """Limits in their order: the first that fits decides."""
    words = Words(lang)
    rows = []
    for limit in rules["limits"]:
        every = "*" in limit["kinds"]
        kinds = [named(words, k) for k in limit["kinds"]]
        listed = words("console_reserve.every_kind") if every else ", ".join(kinds)
        rows.append(
            {"kinds": listed, "up_to": yen(limit["up_to_jpy"]), "people": limit["approvals"] + 1}
        )
    return rows


def proposal_lines(proposal: Found, lang: Lang) -> list[dict[str, str]]:
    """The journal lines of a proposal."""
    words, scales = Words(lang), proposal["scales"]
    return [
        {"name": account_name(words, a), "amount": whole(n, scales.get(u, 0)), "unit": u}
        for a, u, n in proposal["lines"]
    ]


def content_rows(content: Found, lang: Lang, above: str = "") -> list[tuple[str, str]]:
    """What a proposal states, one line for each value, by its own key."""
    words, rows = Words(lang), []
    for key, value in content.items():
        name = f"{above}{key}"
        if key in HIDDEN and not isinstance(value, str | int | bool):
            rows.append((name, words("console_reserve.in_the_bytes", n=len(value))))
        elif isinstance(value, Mapping):
            rows += content_rows(value, lang, f"{name}.")
        elif isinstance(value, Sequence) and not isinstance(value, str):
            rows.append((name, "; ".join(_value(v, lang) for v in value) or "-"))
        else:
            money = key.endswith("_jpy") and isinstance(value, str)
            rows.append((name, yen(value) if money else _value(value, lang)))
    return rows


def _value(value: Any, lang: Lang) -> str:
    if isinstance(value, Mapping):
        return str(value[lang]) if set(value) == {"ja", "en"} else str(dict(value))
    if value in (True, False, None):
        return {True: "true", False: "false", None: "-"}[value]
    return Words(lang).known(f"fund_kind.{value}", str(value))


def yen(amount: str | None) -> str:
    """Whole yen with separators; empty where there is no amount."""
    return exact(parse_number(amount)) if amount else ""


def plan_view(document: Found, lang: Lang) -> dict[str, Any]:
    """The plan of `sonae fund plan --json` as tables of a page."""
    view, amounts = PlanView(document, lang), document["amounts"]["figures"]
    names = ("required", "insurance", "balance", "shortfall")
    paths = []
    for path in document["forecast"]["paths"]:
        last, found = path["points"][-1]["figures"], path["figures"]
        ids = (last["required"], last["cover"], found["first_day_short"], found["worst_shortfall"])
        paths.append([path["label"][lang], *(view.cell(id) for id in ids)])
    months = []
    for month in document["plan"]:
        cells = [view.cell(month["figures"][k]) for k in MONTH]
        months.append([fmt.day(month["pays_on"], lang), *cells])
    return {
        "title": fmt.title(document["draft"]["title"][lang], lang),
        "standing": document["draft"]["standing"],
        "first": fmt.day(document["first"], lang),
        "target": fmt.day(document["target"], lang),
        "amounts": [(view.label(amounts[n]), view.cell(amounts[n])) for n in names],
        "months": months,
        "chart": _chart(document, view, lang) if len(months) > 1 else None,
        "paths": paths,
        "reasons": [fmt.sentence(reason, lang) for reason in view.gaps],
    }


def _chart(document: Found, view: PlanView, lang: Lang) -> Markup | None:
    """What the reserve holds after each payment, against what is required."""
    words, months = Words(lang), document["plan"]
    values = [view.number(m["figures"]["balance_after"]) for m in months]
    required = view.number(document["amounts"]["figures"]["required"])
    if required is None or not all(v is not None for v in values):
        return None
    held = [v for v in values if v is not None]
    most, last = max([required, *held]), len(held) - 1
    shown = sorted({*range(0, last, STEP), last})
    points = [Point(1_000 * n // last, int(1_000 * held[n] / most), "") for n in shown]
    level = int(1_000 * required / most)
    line = [Point(0, level, words("console_reserve.required")), Point(1_000, level, "")]
    ticks = [
        (1_000 * n // last, months[n]["month"]) for n in shown if n + STEP <= last or n == last
    ]
    first = (points[0].up, fmt.money(held[0]))
    up = [(0, "0"), first, (level, fmt.money(required))]
    axes = (words("console_reserve.pays_on"), words("console_reserve.after"))
    return chart(
        [Line("circle", points), Line("square", line)], ticks, up, axes,
        words("console_reserve.forecast"),
    )  # fmt: skip
