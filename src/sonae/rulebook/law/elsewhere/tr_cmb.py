"""Turkey: how much of customers' assets a platform may keep in its own wallets."""

from __future__ import annotations

from typing import Any

from sonae.core.formula import choose, not_negative
from sonae.core.text import Text
from sonae.rulebook.rule import Outputs, rule


@rule(
    "tr.cmb.own_wallet_share",
    title=Text("自社ウォレットでの保管の上限（5%）", "limit on assets in a platform's own wallets"),
    cites="communique III-35/B.2",
    needs={"customer_assets_try": "TRY", "own_wallets_try": "TRY"},
    outputs={
        "limit_try": Text("自ら保管できる上限額", "most that may be kept itself"),
        "excess_try": Text("上限超過額", "excess over the limit"),
        "test": Text("判定", "test"),
    },
)
def own_wallet_share(law: Any, day: Any) -> Outputs:
    """At most the stated part; the rest is with an authorised custodian."""
    limit = day.customer_assets_try * law.own_wallet_share
    return {
        "limit_try": limit,
        "excess_try": not_negative(day.own_wallets_try - limit),
        "test": choose(day.own_wallets_try <= limit, "pass", "fail"),
    }
