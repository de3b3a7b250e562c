"""The reserve over a fiscal year as plain values: opening, each kind of movement, closing.

Everything is added up again: an account whose opening and movements do not make its closing is not
reported.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from sonae.core.amount import coins
from sonae.core.canonical import number_text
from sonae.core.errors import Refused
from sonae.core.text import Text
from sonae.report.closes import Kept
from sonae.report.filing import DRAFTS, Found, Two, assumed, number, t

KINDS = ("set_aside", "contribute", "use", "release", "exchange", "recover", "correct")
"""Kinds of movement, in the order of the columns."""
CUSTODY, LIABILITY = "jp", "jp.crypto.liability_reserve"
OUT = ("use", "release")


@dataclass(frozen=True)
class Movement:
    """A movement in effect: its proposal, who decided it, what was signed, its lines.

    Lines are (account, unit, base units), debit positive.
    """

    seq: int
    on: date
    kind: str
    by: str
    approved_by: tuple[str, ...]
    content: Mapping[str, Any]
    lines: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True)
class Balance:
    """An account in one unit at the opening and at the close of the year, in base units."""

    account: str
    unit: str
    opening: int
    closing: int


@dataclass(frozen=True)
class Year:
    """The fund over a fiscal year, up to an entry of its ledger."""

    first: date
    last: date
    entity: str
    currency: str
    reserve_class: str
    scales: Mapping[str, int]
    head: tuple[int, str]
    balances: Sequence[Balance]
    movements: Sequence[Movement]
    known_head: bool
    """True where the ledger has the entry up to which the close read it."""


def year_end_document(year: Year, kept: Kept) -> dict[str, Any]:
    """Roll-forward, uses with their grounds, what was set aside, the requirement of the close.

    Raises:
        Refused: an account's opening and movements do not make its closing.
    """
    document = kept.document
    corrected = {int(m.content["corrects"]) for m in year.movements if m.kind == "correct"}
    found: dict[str, Any] = {
        "format": "sonae-report-year-end/1",
        "entity": year.entity,
        "on": year.last.isoformat(),
        "first": year.first.isoformat(),
        "currency": year.currency,
        "reserve_class": year.reserve_class,
        "head": {"seq": year.head[0], "hash": year.head[1]},
        "close_digest": kept.digest,
        "accounts": [_rolled(year, b) for b in year.balances],
        "uses": [_use(year, m, corrected) for m in year.movements if m.kind in OUT],
        "set_aside": [
            _set_aside(year, m, corrected) for m in year.movements if m.kind == "set_aside"
        ],
        "contributions": list(_contributions(year, corrected)),
        "requirement": list(_requirement(document)),
        "compared": _compared(year, document),
    }
    used = {n for m in year.movements for n in _assumed(m)}
    found["assumed"] = sorted({*assumed([document]), *used})
    found["proposed"] = bool(found["assumed"]) or any(
        m.content.get("standing") in DRAFTS
        or (m.content.get("ground") or {}).get("standing") in DRAFTS
        for m in year.movements
    )
    found["open"] = list(_open(year, found, document))
    found["may_be_filed"] = not found["proposed"] and not found["open"]
    return found


def _assumed(movement: Movement) -> Iterator[str]:
    content = movement.content
    if content.get("assumed"):
        yield str(content["assumed"])
    yield from (content.get("ground") or {}).get("assumed") or ()


# -- roll-forward ----------------------------------------------------------------------------------


def _rolled(year: Year, balance: Balance) -> dict[str, Any]:
    """An account over the year; a reserve's credit is shown positive."""
    sign = -1 if balance.account.startswith("reserve/") else 1
    moved = dict.fromkeys(KINDS, 0)
    for m in year.movements:
        for account, unit, amount in m.lines:
            if (account, unit) == (balance.account, balance.unit):
                moved[m.kind] += amount
    if balance.opening + sum(moved.values()) != balance.closing:
        raise Refused(
            f"{balance.account} {balance.unit}: opening and movements do not make the closing; "
            "look at it with `sonae fund verify`"
        )

    def whole(units: int) -> str:
        return number_text(coins(sign * units, year.scales[balance.unit]))

    return {
        "account": balance.account,
        "unit": balance.unit,
        "opening": whole(balance.opening),
        **{k: whole(v) for k, v in moved.items()},
        "closing": whole(balance.closing),
    }


def _amounts(year: Year, m: Movement, *heads: str) -> list[dict[str, str]]:
    return [
        {"account": a, "unit": u, "amount": number_text(coins(abs(n), year.scales[u]))}
        for a, u, n in m.lines
        if a.startswith(heads)
    ]


def _people(m: Movement, corrected: set[int]) -> dict[str, Any]:
    return {
        "seq": m.seq,
        "on": m.on.isoformat(),
        "kind": m.kind,
        "by": m.by,
        "approved_by": list(m.approved_by),
        "corrected": m.seq in corrected,
    }


def _use(year: Year, m: Movement, corrected: set[int]) -> dict[str, Any]:
    """A use or release, with the ground that the rulebook was asked about before it."""
    ground = m.content.get("ground") or {}
    return {
        **_people(m, corrected),
        "incident": m.content.get("incident"),
        "amounts": _amounts(year, m, "asset/"),
        "reversed": _amounts(year, m, "reserve/"),
        "ground": ground.get("ground"),
        "standing": ground.get("standing"),
        "confidence": ground.get("confidence"),
        "provision": ground.get("provision") or [],
        "evidence": sorted(ground.get("evidence") or {}),
        "reason": m.content.get("reason", ""),
    }


def _set_aside(year: Year, m: Movement, corrected: set[int]) -> dict[str, Any]:
    return {
        **_people(m, corrected),
        "amounts": _amounts(year, m, "reserve/"),
        "rule": m.content.get("rule"),
        "standing": m.content.get("standing"),
        "assumed": m.content.get("assumed"),
        "reason": m.content.get("reason", ""),
    }


def _contributions(year: Year, corrected: set[int]) -> Iterator[dict[str, Any]]:
    """What came into the assets of the reserve: contributions, funded accruals, recoveries."""
    for m in year.movements:
        into = m.kind in ("contribute", "set_aside", "recover")
        if into and (amounts := _amounts(year, m, "asset/")):
            yield {**_people(m, corrected), "amounts": amounts}


# -- against the close -----------------------------------------------------------------------------


def _requirement(document: Found) -> Iterator[dict[str, Any]]:
    """What each regime but custody law asks to be kept, and what the reserve counts towards it."""
    two = Two(document)
    outputs = document["requirements"].get(LIABILITY, {})
    if "required_jpy" in outputs:
        id = outputs["required_jpy"]
        entry = two.en.entries[id]
        yield {
            "regime": LIABILITY,
            "title": two.rule(LIABILITY).as_json(),
            "standing": entry["standing"],
            "required": entry["value"] if entry["kind"] == "number" else None,
            **dict.fromkeys(("reserve", "reserve_on_insolvency", "surplus")),
            "reason": two.reason(id).as_json() if two.gap(id) else None,
        }
    for regime, cover in document["cover"]["by_regime"].items():
        if regime != CUSTODY:
            yield _of_regime(two, regime, cover)


def _of_regime(two: Two, regime: str, cover: Found) -> dict[str, Any]:
    ids = cover["figures"]
    states = [ids[s].get("reserve", ids[s]["total"]) for s in ("going_concern", "on_insolvency")]
    picked = (ids["required"], *states, ids["surplus"])
    names = ("required", "reserve", "reserve_on_insolvency", "surplus")
    values = {
        n: None if two.gap(i) else two.en.entries[i]["value"]
        for n, i in zip(names, picked, strict=True)
    }
    gap = next((two.reason(i).as_json() for i in picked if two.gap(i)), None)
    return {
        "regime": regime,
        "title": two.regime(regime).as_json(),
        "standing": cover["standing"],
        **values,
        "reason": gap,
    }


def _compared(year: Year, document: Found) -> list[dict[str, Any]]:
    """Each asset of the ledger at the year's end beside what the close read of it."""
    seen: dict[str, str] = {}
    for f in document["figures"]:
        if (f.get("source") or {}).get("table") == "fund" and f["id"].endswith("/amount"):
            seen[f["id"].removeprefix("fact:reserve/").removesuffix("/amount")] = f["value"]
    found = []
    for b in year.balances:
        head, _, asset = b.account.partition("/")
        if head == "asset" and (b.closing or asset in seen):
            mine = number_text(coins(b.closing, year.scales[b.unit]))
            found.append({"asset": asset, "unit": b.unit, "ledger": mine, "close": seen.get(asset)})
    return found


def _open(year: Year, found: Found, document: Found) -> Iterator[dict[str, Any]]:
    def one(name: str, message: Text) -> dict[str, Any]:
        return {"name": name, "message": message.as_json()}

    read = [c for c in found["compared"] if c["close"] is not None]
    if found["compared"] and not read:
        yield one("close-without-ledger", t("year_end.o_no_ledger"))
    elif not year.known_head:
        yield one("another-ledger", t("year_end.o_head"))
    if odd := [c["asset"] for c in found["compared"] if read and c["close"] != c["ledger"]]:
        names = Text("、".join(odd), ", ".join(odd))
        yield one("ledger-differs-from-close", t("year_end.o_differs", names=names))
    for r in found["requirement"]:
        surplus: Fraction | None = number(r["surplus"])
        if surplus is not None and surplus < 0:
            yield one("reserve-short", t("year_end.o_short", regime=Text(**r["title"])))
        if r["required"] is None:
            yield one("not-computable", t("year_end.o_unknown", regime=Text(**r["title"])))
    if document["edition"]["assumed"]:
        names_ = ", ".join(assumed([document]))
        yield one("proposal-assumed", t("year_end.o_assumed", names=names_))
