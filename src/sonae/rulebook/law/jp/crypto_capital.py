"""Capital and net assets of a crypto-asset exchange."""

from __future__ import annotations

from typing import Any

from sonae.core.formula import all_of, choose, not_negative
from sonae.core.text import Text
from sonae.rulebook.rule import Outputs, rule


@rule(
    "jp.crypto.capital_and_net_assets",
    title=Text("資本金・純資産の基準", "capital and net assets"),
    cites="order 9(1)",
    needs={
        "capital_jpy": "JPY",
        "net_assets_jpy": "JPY",
        "performance_guarantee_jpy": "JPY",
        "custodian": "truth",
    },
    optional=("custodian",),
    outputs={
        "test": Text("判定", "test"),
        "net_assets_required_jpy": Text("純資産の所要額", "net assets required"),
        "shortfall_jpy": Text("純資産の不足額", "net assets short by"),
        "capital_shortfall_jpy": Text("資本金の不足額", "capital short by"),
    },
)
def capital_and_net_assets(law: Any, day: Any) -> Outputs:
    """Capital of the stated amount; net assets not below the guarantee assets' value.

    A firm that keeps no customers' crypto needs net assets of zero or more.
    """
    keeps = not day.given("custodian") or day.custodian.truth()
    required = day.performance_guarantee_jpy if keeps else law.net_assets_without_custody
    capital_test = day.capital_jpy >= law.minimum_capital
    net_test = day.net_assets_jpy >= required
    return {
        "test": choose(all_of(capital_test, net_test), "pass", "fail"),
        "net_assets_required_jpy": required,
        "shortfall_jpy": not_negative(required - day.net_assets_jpy),
        "capital_shortfall_jpy": not_negative(law.minimum_capital - day.capital_jpy),
    }
