"""Capital of a broker: unfixed own capital, the capital adequacy ratio, and net assets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sonae.core.figure import Figure, derive
from sonae.core.formula import choose, not_negative, smallest, total
from sonae.core.text import Text
from sonae.rulebook.rule import Each, Outputs, rule

LONG_TERM = "long_term_subordinated_debt"
SHORT_TERM = "short_term_subordinated_debt"


@rule(
    "jp.securities.unfixed_capital",
    title=Text("固定化されていない自己資本の額", "unfixed own capital"),
    cites="fiea 46-6(1)",
    needs={"basic_items": "JPY", "supplementary_items": Each("JPY"), "deductions": "JPY"},
    outputs={
        "supplementary_total": Text("補完的項目の合計", "supplementary items, total"),
        "supplementary_counted": Text("補完的項目の算入額", "supplementary items that count"),
        "unfixed_capital": Text("固定化されていない自己資本の額", "unfixed own capital"),
    },
)
def unfixed_capital(law: Any, day: Any) -> Outputs:
    """Basic items, and supplementary items up to them, less what is fixed.

    The liability reserve is a supplementary item. Long-term subordinated debt counts up to a share
    of the basic items, short-term up to a multiple of basic items less deductions. Items that are
    not listed are not there.
    """
    basic, deductions = day.basic_items, day.deductions
    limits = {
        LONG_TERM: not_negative(basic) * law.long_term_debt_limit,
        SHORT_TERM: not_negative(basic - deductions) * law.short_term_debt_limit,
    }
    listed = _supplementary(day.supplementary_items, limits)
    counted = smallest(listed, not_negative(basic))
    return {
        "supplementary_total": listed,
        "supplementary_counted": counted,
        "unfixed_capital": basic + counted - deductions,
    }


def _supplementary(items: Figure, limits: Mapping[str, Figure]) -> Figure:
    formula = "Σ supplementary items, subordinated debt up to its limit"
    if not items.computable:
        return derive(formula, None, "JPY", (items,))
    rows = items.rows()
    return total([smallest(f, limits[k]) if k in limits else f for k, f in rows.items()], "JPY")


@rule(
    "jp.securities.capital_adequacy",
    title=Text("自己資本規制比率", "capital adequacy ratio"),
    cites="fiea 46-6(2)",
    needs={
        "unfixed_capital_jpy": "JPY",
        "market_risk_jpy": "JPY",
        "counterparty_risk_jpy": "JPY",
        "basic_risk_jpy": "JPY",
    },
    outputs={
        "risk_jpy": Text("リスク相当額の合計", "risk equivalents, total"),
        "ratio": Text("自己資本規制比率", "capital adequacy ratio"),
        "test": Text("判定", "test"),
        "shortfall_jpy": Text("不足額", "shortfall"),
        "notify_at_once": Text("直ちに届け出る必要", "to be notified at once"),
    },
)
def capital_adequacy(law: Any, day: Any) -> Outputs:
    """Unfixed capital over the sum of risks must not fall below the stated ratio.

    Below a higher ratio the firm notifies the authority at once. Both tests multiply the risks out,
    so that they hold where there is no risk and the ratio has no value.
    """
    risk = total([day.market_risk_jpy, day.counterparty_risk_jpy, day.basic_risk_jpy], "JPY")
    needed = risk * law.least_ratio
    capital = day.unfixed_capital_jpy
    return {
        "risk_jpy": risk,
        "ratio": capital / risk,
        "test": choose(capital >= needed, "pass", "fail"),
        "shortfall_jpy": not_negative(needed - capital),
        "notify_at_once": capital < risk * law.notice_ratio,
    }


@rule(
    "jp.securities.net_assets",
    title=Text("純財産額", "net assets of a broker"),
    cites="order 14(1)",
    needs={
        "assets_jpy": "JPY",
        "liabilities_jpy": "JPY",
        "liability_reserve_jpy": "JPY",
        "other_retained_reserves_jpy": "JPY",
    },
    optional=("other_retained_reserves_jpy",),
    outputs={
        "net_assets_jpy": Text("純財産額", "net assets"),
        "required_jpy": Text("純財産額の基準", "net assets required"),
        "shortfall_jpy": Text("不足額", "shortfall"),
        "test": Text("判定", "test"),
    },
)
def net_assets(law: Any, day: Any) -> Outputs:
    """Assets less liabilities, where liabilities leave out the liability reserve.

    Reserves of another business that are of a retained-earnings kind are left out as well, where
    the firm has any.
    """
    left_out = [day.liability_reserve_jpy]
    if day.given("other_retained_reserves_jpy"):
        left_out.append(day.other_retained_reserves_jpy)
    net = day.assets_jpy - (day.liabilities_jpy - total(left_out, "JPY"))
    return {
        "net_assets_jpy": net,
        "required_jpy": law.least_net_assets,
        "shortfall_jpy": not_negative(law.least_net_assets - net),
        "test": choose(net >= law.least_net_assets, "pass", "fail"),
    }
