"""Plan a reserve: what a draft would require, month by month, who can bear it, what prices do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

from sonae.actions.close import closing
from sonae.actions.fund.paths import DAYS, Replay, history_paths, house_paths, outcome
from sonae.actions.fund.stress import Stress, stressed
from sonae.close.day import Close
from sonae.close.reserve import GOING, RESERVE
from sonae.core.errors import UsageError
from sonae.core.figure import Figure, missing
from sonae.core.register import Register, plain
from sonae.core.text import Text, same
from sonae.fund.plan import feasibility, monthly_plan, refill_due, shortfall
from sonae.rulebook.calendars import CALENDARS
from sonae.rulebook.draft import load_draft

FORMAT = "sonae-fund-plan/1"
NET_ASSET_RULE = "jp.crypto.capital_and_net_assets"
REFILL = "refill_business_days"
Step = Callable[[Text], None]


@dataclass(frozen=True, slots=True)
class _Basis:
    """What the plan starts from, as figures of one close."""

    rule: str
    required: Figure
    insurance: Figure
    to_hold: Figure
    balance: Figure
    given: Figure | None


def plan_fund(
    books: Path,
    assume: str,
    target: date,
    balance_jpy: int | None = None,
    *,
    variant: str | None = None,
    first: date | None = None,
    step_jpy: int = 1,
    with_insurance: bool = False,
    engine: str = "duckdb",
    fund: str | None = None,
    stress: Stress | None = None,
    step: Step = lambda _: None,
) -> dict[str, Any]:
    """Plan, feasibility and forecast of the reserve that one draft would require, as plain values.

    Args:
        books: the Books whose close gives the requirement.
        assume: a shipped draft by its name, or a draft file.
        target: the day by which the reserve is to be full.
        balance_jpy: what the reserve holds; without it, the reserve assets of the Books.
        variant: which version, where the draft has several.
        first: the first day on which may be paid; without it, that of the Books.
        step_jpy: each contribution is rounded up to a multiple of this.
        with_insurance: plan for what insurance leaves, as a going concern; without it, for all.
        engine: what reads the Books.
        fund: the store of the reserve ledger; the reserve is then what it holds.
        stress: also the plan under stress, and what a loss leaves unrecovered.
        step: told what is being done.

    Raises:
        InputError: the Books cannot be read.
        UsageError: an unknown draft or variant, or a day, step or balance that makes no sense.
    """
    rule = rule_of(assume, variant)
    if balance_jpy is not None and balance_jpy < 0:
        raise UsageError(f"the balance must be zero or more, not {balance_jpy}")
    with closing(books, [assume], None, engine, step, fund) as close:
        start, basis = first or close.books.venue.on, _basis(close, rule, balance_jpy)
        to_hold, register = basis.to_hold if with_insurance else basis.required, Register()
        document = _head(close, basis, register) | {
            "first": start.isoformat(),
            "target": target.isoformat(),
            "step_jpy": str(step_jpy),
            "with_insurance": with_insurance,
            **_amounts(basis, to_hold, register),
        }
        document["plan"] = _plan(to_hold, basis.balance, start, target, step_jpy, register)
        document["refill"] = _refill(close, rule, start, register)
        document["feasibility"] = _opened(_feasible(close, to_hold, basis.balance), register)
        step(Text("価格経路ごとに計算する", "following price paths"))
        document["forecast"] = _forecast(close, basis, register)
        if stress is not None:
            asked = ((start, target), step_jpy, with_insurance, stress)
            document["stress"] = _stress(close, basis, *asked, register)
    document["figures"] = list(register.figures.values())
    document["citations"] = dict(sorted(register.citations.items()))
    return document


_NO_VARIANT = Text("「{v}」という版はない", "no variant {v!r}")
_SEVERAL = Text("複数の版がある。--variant で一つ選ぶ", "several variants; name one with --variant")
_WHICH = same("{id}: {asked} ({names})")


def rule_of(assume: str, variant: str | None) -> str:
    """The rule of the one version that is meant."""
    draft = load_draft(assume)
    ids = [r.id for r in draft.rules]
    if not ids:
        raise UsageError(f"{draft.id} changes parameters of law and requires no reserve of its own")
    picked = [i for i in ids if variant is None or i == variant or i == f"{draft.id}.{variant}"]
    if len(picked) != 1:
        names = ", ".join(i.removeprefix(f"{draft.id}.") for i in ids)
        asked = _NO_VARIANT.format(v=variant) if variant else _SEVERAL
        raise UsageError(_WHICH.format(id=draft.id, asked=asked, names=names))
    return picked[0]


def _basis(close: Close, rule: str, balance_jpy: int | None) -> _Basis:
    covered = close.cover.by_regime[rule]
    required, insurance = covered.required, covered.going_concern["insurance"]
    to_hold = (required - insurance).named("plan#required_after_insurance", _AFTER)
    if balance_jpy is None:
        held = close.cover.reserve[GOING].named("plan#balance", RESERVE)
        return _Basis(rule, required, insurance, to_hold, held, None)
    unit = required.unit
    given = Figure(
        Fraction(balance_jpy), unit, id="given:balance", label=_GIVEN, assumptions=(_AS_MONEY,)
    )
    return _Basis(rule, required, insurance, to_hold, given, given)


_AFTER = Text("保険による充当後の所要額", "required after insurance that counts")
_GIVEN = Text("指定された準備金残高", "balance of the reserve, as given")
_AS_MONEY = Text(
    "指定された準備金残高は金銭とし、価格とともには動かない",
    "the balance given is money and does not move with prices",
)


# -- the document, part by part --------------------------------------------------------------------


def _opened(figures: Mapping[str, Figure], register: Register) -> dict[str, Any]:
    """Values by name, and the ids under which each can be opened."""
    ids = {k: register.add(f) for k, f in figures.items()}
    return {**{k: plain(f.value) for k, f in figures.items()}, "figures": ids}


def _head(close: Close, basis: _Basis, register: Register) -> dict[str, Any]:
    venue, [draft] = close.books.venue, close.edition.drafts
    found = close.edition.rule(basis.rule)
    return {
        "format": FORMAT,
        "venue": {"name": venue.name, "entity": venue.entity, "currency": venue.currency},
        "on": venue.on.isoformat(),
        "known_at": venue.known_at.isoformat(),
        "edition": close.edition.describe(),
        "draft": {
            "id": draft.id,
            "rule": basis.rule,
            "title": found.title.as_json(),
            "note": draft.note.as_json(),
            "standing": basis.required.standing,
            "cite": register.cite(close.edition.provision(basis.rule)),
        },
    }


def _amounts(basis: _Basis, to_hold: Figure, register: Register) -> dict[str, Any]:
    short = shortfall(to_hold, basis.balance, "plan#shortfall")
    figures = {
        "required": basis.required,
        "insurance": basis.insurance,
        "to_hold": to_hold,
        "balance": basis.balance,
        "shortfall": short,
    }
    came = "books" if basis.given is None else "given"
    return {"amounts": _opened(figures, register), "balance_from": came}


def _plan(
    required: Figure, balance: Figure, first: date, target: date, step_jpy: int, register: Register
) -> list[dict[str, Any]]:
    months = monthly_plan(required, balance, first, target, CALENDARS["jp.bank"], step_jpy)
    return [
        {
            "month": f"{m.pays_on:%Y-%m}",
            "pays_on": m.pays_on.isoformat(),
            **_opened(
                {
                    "contribution": m.contribution,
                    "balance_after": m.balance_after,
                    "still_short": m.still_short,
                },
                register,
            ),
        }
        for m in months
    ]


def _refill(close: Close, rule: str, used_on: date, register: Register) -> dict[str, Any]:
    """The clock of a use on the first day of the plan."""
    due = refill_due(used_on, _refill_days(close, rule), CALENDARS["jp.bank"])
    return {"used_on": used_on.isoformat(), **_opened({"due": due}, register)}


def _stress(
    close: Close,
    basis: _Basis,
    span: tuple[date, date],
    step_jpy: int,
    with_insurance: bool,
    stress: Stress,
    register: Register,
) -> dict[str, Any]:
    refill, opened = _refill_days(close, basis.rule), partial(_opened, register=register)
    return stressed(
        close, basis.rule, basis.given, span, step_jpy, refill, stress, with_insurance, opened
    )


def _refill_days(close: Close, rule: str) -> Figure | None:
    topic = close.edition.topic(close.edition.rule(rule))
    return close.edition.parameter(topic, REFILL) if REFILL in topic.parameters else None


def _feasible(close: Close, required: Figure, balance: Figure) -> dict[str, Figure]:
    facts = close.required.facts
    tested = close.required.outputs.get(NET_ASSET_RULE, {})
    needed = tested.get("net_assets_required_jpy")
    if needed is None:
        needed = missing("net_assets_required_jpy", _NO_TEST, required.unit)
    profit = close.facts.financial("profit")
    return feasibility(
        required, balance, profit, facts["net_assets_jpy"], needed, facts["capital_jpy"]
    )


_NO_TEST = Text(
    "事業者の制度（venue.toml の regimes）に純資産の基準がない",
    "no regime of the venue (venue.toml) has a net-asset test",
)


def _forecast(close: Close, basis: _Basis, register: Register) -> dict[str, Any]:
    replay, on = Replay(close, basis.rule, basis.given), close.books.venue.on
    seen, why_not = history_paths(close)
    paths = []
    for path in (*house_paths(), *seen):
        points = replay.along(path)
        paths.append(
            {
                "key": path.key,
                "label": path.label.as_json(),
                "kind": path.kind,
                "first_day": path.first_day.isoformat() if path.first_day else None,
                "points": [
                    {"day": day, **_opened(point, register)}
                    for day, point in zip(DAYS, points, strict=True)
                ],
                **_opened(outcome(path, points, on), register),
            }
        )
    return {
        "days": list(DAYS),
        "note": _NOTE.as_json(),
        "moves": _opened({"moves_with_prices": replay.moves_with_prices()}, register),
        "paths": paths,
        "history_missing": why_not.as_json() if why_not else None,
    }


_NOTE = Text(
    "直線の価格変動は社内の想定で、法令に定めはない。締めの日の法令・残高のまま、"
    "暗号資産の価格だけを動かし、5日ごとに計算する",
    "the straight moves are a house list that no provision names; law and balances stay those of "
    "the close, only crypto prices move, and every fifth day is computed",
)
