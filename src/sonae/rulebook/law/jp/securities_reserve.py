"""The securities precedent: what brokers set aside for incidents, by volume of business."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sonae.core.calendar import add_months
from sonae.core.figure import Figure, derive
from sonae.core.formula import largest, not_negative, smallest, total
from sonae.core.text import Text
from sonae.rulebook.rule import Outputs, Record, Series, rule

ITEMS = (
    "equity_value",
    "equity_index_futures_value",
    "equity_option_premium",
    "bond_futures_value",
    "bond_option_premium",
    "fx_futures_notional",
    "deposit_rate_futures_notional",
    "bill_discount_futures_notional",
    "commodity_futures_notional",
    "commodity_index_futures_notional",
    "commodity_option_premium",
)
INSTITUTION_ITEMS = ITEMS[ITEMS.index("bond_futures_value") :]
MONTHS_A_YEAR = 12
OUTPUTS = {
    "item1": Text("第1号の額（当年度の積立額）", "item 1: this year's accrual by volume"),
    "cap_sum": Text("第2号イからルの合計（上限）", "sum of item 2 イ to ル: the full level"),
    "item2": Text("第2号の額（上限までの残り）", "item 2: room up to the full level"),
    "accrual": Text("積立額", "accrual"),
    "closing_before_release": Text("取崩し前の期末残高", "closing balance before release"),
    "releasable_without_approval": Text(
        "承認なしに取り崩せる額", "part that may be released without approval"
    ),
}
INSTITUTION_OUTPUTS = {
    **OUTPUTS,
    "cap_sum": Text("第2号イからチの合計（上限）", "sum of item 2 イ to チ: the full level"),
}


@rule(
    "jp.securities.liability_reserve",
    title=Text("金融商品取引責任準備金", "financial instruments transaction liability reserve"),
    cites="order 175(1)",
    needs={
        "volumes_oldest_to_current_fy": Series(
            Record(starts_on="date", **dict.fromkeys(ITEMS, "JPY"))
        ),
        "opening_reserve": "JPY",
        "used_for_incidents": "JPY",
    },
    outputs=OUTPUTS,
)
def liability_reserve(law: Any, day: Any) -> Outputs:
    """The lower of a year's volume at its rate and the room to four times the best year's."""
    return _yearly(law.rates, law.cap_rates, law.window_years, day)


@rule(
    "jp.securities.liability_reserve_registered_institution",
    title=Text(
        "金融商品取引責任準備金（登録金融機関）",
        "financial instruments transaction liability reserve of a registered financial institution",
    ),
    cites="order 189(1)",
    needs={
        "volumes_oldest_to_current_fy": Series(
            Record(starts_on="date", **dict.fromkeys(INSTITUTION_ITEMS, "JPY"))
        ),
        "opening_reserve": "JPY",
        "used_for_incidents": "JPY",
    },
    outputs=INSTITUTION_OUTPUTS,
)
def liability_reserve_registered_institution(law: Any, day: Any) -> Outputs:
    """The same lower of two over eight rows; a registered institution has no share rows."""
    return _yearly(law.institution_rates, law.institution_cap_rates, law.window_years, day)


def _yearly(rates: Figure, caps: Figure, window: Figure, day: Any) -> Outputs:
    volumes = day.volumes_oldest_to_current_fy
    years = [item.rows() for item in volumes.items()] if volumes.computable else []
    return accumulate(
        rates.rows() if rates.computable else {},
        caps.rows() if caps.computable else {},
        _window(years, int(window.number())) if window.computable else (),
        derive("{0}", volumes.value, "table", (volumes, rates, caps, window)),
        day.opening_reserve,
        day.used_for_incidents,
    )


def _window(years: Sequence[Mapping[str, Figure]], before: int) -> Sequence[Mapping[str, Figure]]:
    """The current year and every year that began within so many years before its first day.

    Years without a first day are taken as full years, one after the other.
    """
    starts = [y["starts_on"].value for y in years if "starts_on" in y]
    if not years or len(starts) != len(years):
        return years[-(before + 1) :]
    assert isinstance(starts[-1], date)
    first = add_months(starts[-1], -before * MONTHS_A_YEAR)
    pairs = zip(years, starts, strict=True)
    return [year for year, start in pairs if isinstance(start, date) and start >= first]


def accumulate(
    rates: Mapping[str, Figure],
    caps: Mapping[str, Figure],
    years: Sequence[Mapping[str, Figure]],
    volumes: Figure,
    opening: Figure,
    used: Figure,
) -> Outputs:
    """Article 175(1) over any rows: `years` oldest first, the current year last.

    The maximum is taken row by row. An item that a year does not list was not traded in it: the
    volumes are complete as given. `volumes` carries the gap when they are not known.
    """
    current = years[-1] if years else {}
    traded = [key for key in rates if any(key in year for year in years)]
    best = {k: largest(*(year[k] for year in years if k in year)) for k in traded}
    item1 = _sum(
        [current[k] * rates[k] for k in traded if k in current], volumes, "Σ rate × volume"
    )
    cap_sum = _sum([best[k] * caps[k] for k in traded], volumes, "Σ cap rate × best year")
    balance = opening - used
    item2 = cap_sum - balance
    accrual = not_negative(smallest(item1, item2))
    closing = balance + accrual
    return {
        "item1": item1,
        "cap_sum": cap_sum,
        "item2": item2,
        "accrual": accrual,
        "closing_before_release": closing,
        "releasable_without_approval": not_negative(closing - cap_sum),
    }


def _sum(terms: list[Figure], volumes: Figure, formula: str) -> Figure:
    if not volumes.computable:
        return derive(formula, None, "JPY", (volumes,))
    return total(terms, "JPY", formula)
