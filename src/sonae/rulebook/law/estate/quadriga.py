"""Quadriga: Canadian dollars of one day, an interim dividend, a levy."""

from __future__ import annotations

from typing import Any

from sonae.core.text import Text
from sonae.rulebook.rule import Outputs, row_of, rule


@rule(
    "estate.quadriga.claim",
    title=Text("証明された債権の評価", "value of a proven claim"),
    cites="notices 評価",
    needs={"btc_claim": "coin"},
    outputs={
        "claim_cad": Text("債権額", "claim"),
        "claim_cad_other": Text(
            "債権額（別の出典による価格）", "claim, at the price of another source"
        ),
    },
)
def claim(law: Any, day: Any) -> Outputs:
    """Bitcoin at both prices that sources state; neither is said to be the right one."""
    return {
        "claim_cad": day.btc_claim * row_of(law.rates, "btc", "CAD/coin"),
        "claim_cad_other": day.btc_claim * row_of(law.rates, "btc_other", "CAD/coin"),
    }


@rule(
    "estate.quadriga.dividend",
    title=Text("中間配当", "interim dividend"),
    cites="notices 配当",
    needs={"proven_claim_cad": "CAD"},
    outputs={
        "gross_cad": Text("配当額", "dividend"),
        "levy_cad": Text("賦課金", "levy"),
        "after_levy_cad": Text("賦課金控除後", "after the levy"),
    },
)
def dividend(law: Any, day: Any) -> Outputs:
    """Claim x dividend; of it the levy is taken."""
    gross = day.proven_claim_cad * law.dividend
    levy = gross * law.levy_share
    return {"gross_cad": gross, "levy_cad": levy, "after_levy_cad": gross - levy}
