"""Capital, liquid capital and a year's expenses in liquid assets."""

from __future__ import annotations

from typing import Any

from sonae.core.figure import Figure, constant
from sonae.core.formula import choose, largest, not_negative
from sonae.core.text import Text
from sonae.rulebook.rule import Outputs, rule

A_YEAR = constant(12, "months")
SHORT = {"shortfall_hkd": Text("不足額", "shortfall"), "test": Text("判定", "test")}


@rule(
    "hk.frr.required_liquid_capital",
    title=Text("所要流動資本", "required liquid capital"),
    cites="frr s. 2",
    needs={"adjusted_liabilities_hkd": "HKD", "liquid_capital_hkd": "HKD"},
    optional=("liquid_capital_hkd",),
    outputs={
        "variable_hkd": Text("変動所要流動資本", "variable required liquid capital"),
        "required_liquid_capital_hkd": Text("所要流動資本", "required liquid capital"),
        **SHORT,
    },
)
def required_liquid_capital(law: Any, day: Any) -> Outputs:
    """The higher of the minimum and the stated part of adjusted liabilities."""
    variable = day.adjusted_liabilities_hkd * law.variable_rate
    required = largest(law.minimum_liquid_capital, variable)
    outputs = {"variable_hkd": variable, "required_liquid_capital_hkd": required}
    if day.given("liquid_capital_hkd"):
        outputs |= _against(required, day.liquid_capital_hkd)
    return outputs


@rule(
    "hk.frr.adjusted_liabilities",
    title=Text("調整後負債", "adjusted liabilities"),
    cites="frr s. 2",
    needs={
        "liabilities_hkd": "HKD",
        "client_money_payable_hkd": "HKD",
        "client_margin_at_clearing_houses_hkd": "HKD",
        "approved_subordinated_loans_hkd": "HKD",
    },
    outputs={"adjusted_liabilities_hkd": Text("調整後負債", "adjusted liabilities")},
)
def adjusted_liabilities(law: Any, day: Any) -> Outputs:
    """Liabilities on the balance sheet, provisions included, less three items.

    Left out: client money in segregated accounts, clients' margin with clearing houses, approved
    subordinated loans.
    """
    remaining = (
        day.liabilities_hkd
        - day.client_money_payable_hkd
        - day.client_margin_at_clearing_houses_hkd
        - day.approved_subordinated_loans_hkd
    )
    return {"adjusted_liabilities_hkd": remaining * law.adjusted_part}


@rule(
    "hk.vatp.liquid_assets",
    title=Text("営業費用12か月分の流動資産", "liquid assets for a year's operating expenses"),
    cites="guidelines Part VI",
    needs={
        "actual_opex_last_12_months_hkd": "HKD",
        "sufficiently_liquid_assets_hkd": "HKD",
    },
    outputs={"required_hkd": Text("所要額", "required"), **SHORT},
)
def liquid_assets(law: Any, day: Any) -> Outputs:
    """Own liquid assets for so many months of actual operating expenses, on a rolling basis."""
    required = day.actual_opex_last_12_months_hkd * (law.opex_months / A_YEAR)
    return {"required_hkd": required, **_against(required, day.sufficiently_liquid_assets_hkd)}


@rule(
    "hk.vatp.paid_up_capital",
    title=Text("払込資本", "paid-up share capital"),
    cites="guidelines Part VI",
    needs={"paid_up_capital_hkd": "HKD"},
    outputs={"required_hkd": Text("所要額", "required"), **SHORT},
)
def paid_up_capital(law: Any, day: Any) -> Outputs:
    """At all times at least the stated amount."""
    required = law.paid_up_capital
    return {"required_hkd": required, **_against(required, day.paid_up_capital_hkd)}


def _against(required: Figure, held: Figure) -> dict[str, Figure]:
    return {
        "shortfall_hkd": not_negative(required - held),
        "test": choose(held >= required, "pass", "fail"),
    }
