"""How a reserve gets to its required amount, when it is refilled, and whether the firm can bear it.

Payments are whole yen, because less than a yen cannot be paid: a shortfall with a fraction is
raised to the next yen. Every payment falls on a bank business day between the first day and the
target.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from math import ceil

from sonae.core.amount import ceil_to
from sonae.core.calendar import DAY, Calendar, add_months
from sonae.core.display import exact
from sonae.core.errors import UnitError, UsageError
from sonae.core.figure import (
    Figure,
    Missing,
    NotComputable,
    Range,
    Value,
    apply,
    bounds,
    derive,
    gaps_in,
    number_or_range,
)
from sonae.core.formula import not_negative, smallest
from sonae.core.text import Text

MOST_YEARS = 100


@dataclass(frozen=True, slots=True)
class PlanMonth:
    """One payment of a plan: its day, its amount, and where the reserve then stands."""

    pays_on: date
    contribution: Figure
    balance_after: Figure
    still_short: Figure


def monthly_plan(
    required: Figure,
    balance: Figure,
    first: date,
    target: date,
    calendar: Calendar,
    step_jpy: int = 1,
) -> tuple[PlanMonth, ...]:
    """Equal monthly payments, rounded up to the step, until the shortfall is paid to the last yen.

    Each is on the last business day of its month, in the month of the target on the last one up to
    the target. The last payment is what remains; the plan ends with it. Without a shortfall there
    is nothing to pay and the plan is empty. Where the shortfall is not computable the days stand
    and every amount says why it is missing.

    Raises:
        UsageError: the target is before the first day or more than a hundred years after it, no
            business day lies between them, or the step is below one yen.
    """
    if target < first:
        raise UsageError(f"the target {target} is before the first day {first}")
    if target.year > first.year + MOST_YEARS:
        raise UsageError(f"the target {target} is more than {MOST_YEARS} years after {first}")
    if step_jpy < 1:
        raise UsageError(f"the step must be one yen or more, not {step_jpy}")
    short = shortfall(required, balance, "plan#shortfall")
    if short.computable and max(bounds(short)) == 0:
        return ()
    days = pay_days(first, target, calendar)
    if not days:
        raise UsageError(f"no {calendar.title.en} business day from {first} to {target}")
    whole, each = _equal_parts(short, len(days), step_jpy)
    months = (_month(n, day, required, balance, whole, each) for n, day in enumerate(days))
    return tuple(m for m in months if not _nothing(m.contribution))


def shortfall(required: Figure, balance: Figure, id: str) -> Figure:
    """What the balance is short of the required amount, never below zero."""
    return not_negative(required - balance).named(id, _LABELS["shortfall"])


def pay_days(first: date, target: date, calendar: Calendar) -> tuple[date, ...]:
    """The last business day of each month, and of the days up to the target in its own month."""
    days = []
    month = first.replace(day=1)
    while month <= target:
        following = add_months(month, 1)
        day = min(following - DAY, target)
        while day >= month and not calendar.is_open(day):
            day -= DAY
        if day >= max(month, first):
            days.append(day)
        month = following
    return tuple(days)


def _equal_parts(short: Figure, months: int, step_jpy: int) -> tuple[Figure, Figure]:
    """The shortfall in whole yen, and the equal payment; a range does not fix either."""
    unit = short.unit
    step = _house(step_jpy, unit, "house:plan_step", _LABELS["step"])
    count = Figure(Fraction(months), "months", id="plan#months", label=_LABELS["months"])
    raised = apply(
        "{0} raised to a whole yen",
        unit,
        (short,),
        lambda: _one_number(short, lambda amount: ceil_to(amount, Fraction(1))),
    )
    whole = raised.named("plan#to_pay", _LABELS["to_pay"])
    part = apply(
        "{0} / {1}, rounded up to a multiple of {2}",
        unit,
        (whole, count, step),
        lambda: ceil_to(whole.number() / months, step.number()),
    )
    return whole, part.named("plan#each", _LABELS["each"])


def _month(
    n: int, day: date, required: Figure, balance: Figure, whole: Figure, each: Figure
) -> PlanMonth:
    """The payment after `n` equal ones; each row is worked out from the whole, not from rows."""
    key = f"plan/{day:%Y-%m}"
    before = smallest(each * n, whole)
    paid = smallest(each, whole - before).named(f"{key}#contribution", _LABELS["contribution"])
    after = (balance + smallest(each * (n + 1), whole)).named(
        f"{key}#balance_after", _LABELS["balance_after"]
    )
    return PlanMonth(day, paid, after, shortfall(required, after, f"{key}#still_short"))


def _nothing(figure: Figure) -> bool:
    return figure.computable and figure.number() == 0


def _house(value: int, unit: str, id: str, label: Text) -> Figure:
    """A number that the firm itself chose."""
    return Figure(Fraction(value), unit, id=id, label=label, standing="house")


def _one_number(figure: Figure, compute: Callable[[Fraction], Value]) -> Value:
    """Of a number; of a range nothing can be paid, and it says so."""
    if isinstance(figure.value, Range):
        words = _RANGE.format(low=exact(figure.value.low), high=exact(figure.value.high))
        return NotComputable((Missing(figure.name(), words),))
    return compute(figure.number())


_RANGE = Text(
    "不足額が{low}から{high}までの幅でしか分からず、積立額が決まらない",
    "the shortfall is known only to lie from {low} to {high}, which fixes no payment",
)
_LABELS = {
    "shortfall": Text("不足額", "shortfall"),
    "step": Text("積立額の単位（社内規程）", "step of a contribution (house rule)"),
    "months": Text("積立ての回数", "number of contributions"),
    "to_pay": Text("積み立てるべき額（1円未満切上げ）", "to be paid, in whole yen"),
    "each": Text("毎月の積立額", "equal monthly contribution"),
    "contribution": Text("当月の積立額", "contribution of the month"),
    "balance_after": Text("積立後の残高", "balance after it"),
}


# -- refilling after a use -------------------------------------------------------------------------


def refill_due(used_on: date, business_days: Figure | None, calendar: Calendar) -> Figure:
    """The day by which a use is made good: so many business days, the day of use not counted.

    No Order fixes the number; without one that is assumed the day is not computable.
    """
    use = Figure(used_on, "date", id="fact:used_on", label=Text("使用日", "day of use"))
    if business_days is None or not business_days.computable:
        given = () if business_days is None else (business_days,)
        gaps = (*gaps_in(given), Missing("refill_business_days", _NO_ORDER))
        due = derive("business days after {0}", None, "date", (use, *given))
        return replace(due, value=NotComputable(gaps)).named("plan#refill_due", _REFILL)
    days = business_days

    def count() -> Value:
        ends = bounds(days)
        if len(ends) > 1 or ends[0].denominator != 1 or ends[0] < 0:
            return NotComputable((Missing(days.name(), _NO_COUNT),))
        return calendar.add(used_on, int(ends[0]))

    due = apply(f"{{1}} {calendar.title.en} after {{0}}", "date", (use, days), count)
    return due.named("plan#refill_due", _REFILL)


_REFILL = Text("補充期限", "refill due")
_NO_ORDER = Text(
    "使用後の補充期限を定める内閣府令が公布されていない",
    "no Cabinet Office Order fixes the days to refill after use",
)
_NO_COUNT = Text(
    "補充期限の営業日数が0以上の整数でない",
    "the business days to refill are no whole number of zero or more",
)


# -- can the firm bear it --------------------------------------------------------------------------


def feasibility(
    required: Figure,
    balance: Figure,
    annual_profit: Figure,
    net_assets: Figure,
    net_assets_required: Figure,
    capital: Figure,
) -> dict[str, Figure]:
    """The shortfall beside capital, net assets and profit; each output answers for itself.

    Setting the reserve aside lowers net assets, and the net-asset test of the crypto order does not
    add it back: what may be set aside at once is the headroom above that test.
    """
    short = shortfall(required, balance, "feasibility#shortfall")
    years = _named("years_of_profit", _share(short, annual_profit, "years", _NO_PROFIT))
    headroom = _named("headroom_jpy", net_assets - net_assets_required)
    phase_in = apply(
        "{0} rounded up to a whole year",
        "years",
        (years,),
        lambda: number_or_range([Fraction(ceil(end)) for end in bounds(years)]),
    )
    return {
        "shortfall": short,
        "share_of_capital": _named(
            "share_of_capital", _share(short, capital, "ratio", _NO_CAPITAL)
        ),
        "share_of_net_assets": _named(
            "share_of_net_assets", _share(short, net_assets, "ratio", _NO_NET_ASSETS)
        ),
        "years_of_profit": years,
        "phase_in_years_needed": _named("phase_in_years_needed", phase_in),
        "headroom_jpy": headroom,
        "fits_headroom": _named("fits_headroom", short <= headroom),
    }


def _named(key: str, figure: Figure) -> Figure:
    return figure.named(f"feasibility#{key}", _OUTPUTS[key])


def _share(short: Figure, of: Figure, unit: str, none: Text) -> Figure:
    """The shortfall over a base; a base of zero or less gives no share, with the reason."""

    def divide() -> Value:
        if min(bounds(of)) <= 0:
            return NotComputable((Missing(of.name(), none),))
        return number_or_range([a / b for a in bounds(short) for b in bounds(of)])

    if short.unit != of.unit:
        raise UnitError(f"{short.name()} [{short.unit}] / {of.name()} [{of.unit}]")
    return apply("{0} / {1}", unit, (short, of), divide)


_NO_PROFIT = Text(
    "年間利益が零以下のため、利益による積立年数を計算できない",
    "annual profit is zero or below, so no number of years pays the shortfall",
)
_NO_CAPITAL = Text("資本金が零以下のため割合を計算できない", "capital is zero or below: no share")
_NO_NET_ASSETS = Text(
    "純資産が零以下のため割合を計算できない", "net assets are zero or below: no share"
)
_OUTPUTS = {
    "share_of_capital": Text("不足額の資本金に対する割合", "shortfall, share of capital"),
    "share_of_net_assets": Text("不足額の純資産に対する割合", "shortfall, share of net assets"),
    "years_of_profit": Text("年間利益の全額を充てて要する年数", "shortfall, in years of profit"),
    "phase_in_years_needed": Text("必要となる経過措置の年数", "years of phase-in needed"),
    "headroom_jpy": Text("純資産の余裕額（所要額超過分）", "headroom above the net-asset test"),
    "fits_headroom": Text("不足額が純資産の余裕額に収まる", "shortfall fits the headroom"),
}
