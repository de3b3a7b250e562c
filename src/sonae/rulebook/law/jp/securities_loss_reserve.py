"""Japanese offices of a foreign broker: the loss reserve, and the assets to hold in Japan."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from sonae.core.figure import Figure, derive
from sonae.core.formula import choose, not_negative, total
from sonae.core.text import Text
from sonae.rulebook.rule import Outputs, Record, Series, field_of, rule


@rule(
    "jp.securities.loss_reserve",
    title=Text("損失準備金", "loss reserve of a foreign broker's offices in Japan"),
    cites="fiea 49-4(1)",
    needs={
        "branch_profit_jpy": "JPY",
        "opening_reserve": "JPY",
        "minimum_capital_jpy": "JPY",
    },
    outputs={
        "duty": Text("積立義務の有無（最低資本金の額に達していない）", "duty: still below"),
        "minimum_accrual_jpy": Text("積み立てるべき額の下限", "least to accrue"),
        "closing_at_least_jpy": Text("積立後の残高の下限", "closing balance at least"),
    },
)
def loss_reserve(law: Any, day: Any) -> Outputs:
    """Until the reserve reaches the minimum capital, at least a rate of the offices' profit.

    The text sets no clip in the year in which the minimum is reached, so none is applied. A year
    without profit asks for nothing.
    """
    duty = day.opening_reserve < day.minimum_capital_jpy
    accrual = _where(duty, not_negative(day.branch_profit_jpy) * law.accrual_rate)
    return {
        "duty": duty,
        "minimum_accrual_jpy": accrual,
        "closing_at_least_jpy": day.opening_reserve + accrual,
    }


def _where(duty: Figure, amount: Figure) -> Figure:
    """The amount where the duty is there, else nothing."""
    value = Fraction(0) if duty.value is False else amount.value
    return derive("{0} if {1}, else 0", value, amount.unit, (amount, duty))


@rule(
    "jp.securities.assets_in_japan",
    title=Text("資産の国内保有（外国法人）", "assets that a foreign broker holds in Japan"),
    cites="fiea 49-5",
    needs={
        "liability_reserve_jpy": "JPY",
        "loss_reserve_jpy": "JPY",
        "specified_liabilities_jpy": "JPY",
        "assets": Series(Record(kind="code", amount_jpy="JPY")),
    },
    outputs={
        "required_jpy": Text("国内で保有すべき資産の額", "assets to hold in Japan"),
        "eligible_jpy": Text("対象となる資産の額", "assets that count"),
        "not_eligible_jpy": Text("対象とならない資産の額", "assets that do not count"),
        "shortfall_jpy": Text("不足額", "shortfall"),
        "test": Text("判定", "test"),
    },
)
def assets_in_japan(law: Any, day: Any) -> Outputs:
    """Both reserves and the specified liabilities, covered by assets of the listed kinds."""
    parts = [day.liability_reserve_jpy, day.loss_reserve_jpy, day.specified_liabilities_jpy]
    required = total(parts, "JPY")
    eligible = _assets(law.eligible_kinds, day.assets, listed=True)
    return {
        "required_jpy": required,
        "eligible_jpy": eligible,
        "not_eligible_jpy": _assets(law.eligible_kinds, day.assets, listed=False),
        "shortfall_jpy": not_negative(required - eligible),
        "test": choose(eligible >= required, "pass", "fail"),
    }


def _assets(kinds: Figure, assets: Figure, listed: bool) -> Figure:
    """The sum of assets whose kind is (or is not) listed; a kind that is not given is a gap."""
    formula = "Σ amount_jpy of the kinds listed" if listed else "Σ amount_jpy of other kinds"
    if not (kinds.computable and assets.computable):
        return derive(formula, None, "JPY", (kinds, assets))
    amounts: list[Figure] = []
    for row in assets.items():
        kind = field_of(row, "kind", "code", "assets")
        if not kind.computable:
            amounts.append(derive("{0}", None, "JPY", (kind,)))
        elif (kind.value in kinds.rows()) == listed:
            amounts.append(field_of(row, "amount_jpy", "JPY", "assets"))
    summed = total(amounts, "JPY", formula)
    return derive(formula, summed.value, "JPY", (assets, kinds, *amounts))
