"""Assets kept outside cold storage, and the firm's own assets that must stand behind them."""

from __future__ import annotations

from typing import Any

from sonae.core.figure import derive, missing
from sonae.core.formula import choose, not_negative, sum_rows, table
from sonae.core.text import Text
from sonae.rulebook.rule import Each, Outputs, Record, field_of, rule

COINS = Each(
    Record(
        customer_qty="coin", hot_qty="coin", cold_qty="coin", price_jpy="JPY/coin", split="truth"
    )
)


@rule(
    "jp.crypto.hot_limit",
    title=Text("コールド以外で管理できる上限（5%）", "limit on crypto kept outside cold storage"),
    cites="order 27(2)",
    needs={"coins": COINS},
    outputs={
        "customer_total_jpy": Text("利用者の暗号資産の円換算総額", "customers' crypto in yen"),
        "hot_total_jpy": Text("コールド以外で管理する額", "kept outside cold storage, in yen"),
        "limit_jpy": Text(
            "コールド以外で管理できる上限額", "most that may be outside cold storage"
        ),
        "excess_jpy": Text("上限超過額", "excess over the limit"),
        "ratio": Text("コールド以外の割合", "share outside cold storage"),
        "ratio_test": Text("判定", "test"),
    },
)
def hot_limit(law: Any, day: Any) -> Outputs:
    """In yen over all coins together, at most the stated share may be outside cold storage."""
    customer = sum_rows(
        day.coins, "Σ customer_qty × price_jpy", "JPY", lambda c: _value(c, "customer_qty")
    )
    hot = sum_rows(day.coins, "Σ hot_qty × price_jpy", "JPY", lambda c: _value(c, "hot_qty"))
    limit = customer * law.hot_share_limit
    return {
        "customer_total_jpy": customer,
        "hot_total_jpy": hot,
        "limit_jpy": limit,
        "excess_jpy": not_negative(hot - limit),
        "ratio": hot / customer,
        "ratio_test": choose(hot <= limit, "pass", "fail"),
    }


def _value(coin: Any, quantity: str) -> Any:
    return field_of(coin, quantity, "coin", "coins") * field_of(
        coin, "price_jpy", "JPY/coin", "coins"
    )


@rule(
    "jp.crypto.performance_guarantee",
    title=Text("履行保証暗号資産", "performance-guarantee crypto-assets"),
    cites="psa 63-11-2(1)",
    needs={"coins": COINS},
    outputs={"required_qty": Text("所要量（種類別）", "required, by kind")},
)
def performance_guarantee(law: Any, day: Any) -> Outputs:
    """For each coin outside cold storage, the firm's own coin of the same kind and quantity."""
    coins = day.coins
    if not coins.computable:
        return {"required_qty": derive("hot_qty", None, "table", (coins,))}
    ratio = law.guarantee_ratio
    rows = {k: _in_kind(k, row) * ratio for k, row in coins.rows().items()}
    return {"required_qty": table(rows, "hot_qty of each coin")}


def _in_kind(coin: str, row: Any) -> Any:
    split = row.rows().get("split")
    if split is not None and split.computable and not split.truth():
        reason = Text(
            f"{coin}は種類別の内訳が公表されていない総額である",
            f"{coin} is a published total without a coin split",
        )
        return missing(f"coins.{coin}.split", reason, "coin")
    return field_of(row, "hot_qty", "coin", f"coins.{coin}")
