"""The order to hold assets in Japan."""

from __future__ import annotations

from typing import Any

from sonae.core.formula import not_negative
from sonae.core.text import Text
from sonae.rulebook.rule import Outputs, rule


@rule(
    "jp.crypto.domestic_assets",
    title=Text("資産の国内保有命令", "order to hold assets in Japan"),
    cites="psa 63-16-2",
    needs={
        "liabilities_jpy": "JPY",
        "guarantee_liabilities_jpy": "JPY",
        "debts_to_nonresidents_jpy": "JPY",
    },
    outputs={
        "assets_to_hold_in_japan_jpy": Text(
            "国内で保有すべき資産の額（命令の上限）",
            "assets to hold in Japan (most an order can ask)",
        )
    },
)
def domestic_assets(law: Any, day: Any) -> Outputs:
    """Liabilities, guarantees included, less debts to non-residents.

    `order_in_force` is a parameter of law because before its first day there was no such order.
    """
    owed = day.liabilities_jpy + day.guarantee_liabilities_jpy - day.debts_to_nonresidents_jpy
    return {"assets_to_hold_in_japan_jpy": not_negative(owed) * law.order_in_force}
