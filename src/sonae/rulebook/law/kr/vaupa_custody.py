"""Users' coins: held in kind, most of them offline, valued at a year's average price."""

from __future__ import annotations

from typing import Any

from sonae.core.figure import Figure, derive, missing
from sonae.core.formula import all_of, choose, not_negative, smallest, table, total
from sonae.core.text import Text
from sonae.rulebook.rule import Each, Outputs, Record, field_of, rule


@rule(
    "kr.vaupa.in_kind",
    title=Text("同種・同量の実質保有", "same kind and quantity actually held"),
    cites="act 7(2)",
    needs={"assets": Each(Record(entrusted_qty="coin", held_qty="coin"))},
    outputs={
        "required_qty": Text("保有すべき数量（種類別）", "to be held, by kind"),
        "shortfall_qty": Text("不足数量（種類別）", "short, by kind"),
        "test": Text("判定", "test"),
    },
)
def in_kind(law: Any, day: Any) -> Outputs:
    """Asset by asset, with no netting between kinds."""
    assets, ratio = day.assets, law.in_kind_ratio
    if not (assets.computable and ratio.computable):
        gap = derive("entrusted_qty of {0}", None, "table", (assets, ratio))
        return {"required_qty": gap, "shortfall_qty": gap, "test": gap}
    needed = {
        k: field_of(row, "entrusted_qty", "coin", f"assets.{k}") * ratio
        for k, row in assets.rows().items()
    }
    held = {k: field_of(row, "held_qty", "coin", f"assets.{k}") for k, row in assets.rows().items()}
    return {
        "required_qty": table(needed),
        "shortfall_qty": table({k: not_negative(needed[k] - held[k]) for k in needed}),
        "test": choose(all_of(*(held[k] >= needed[k] for k in needed)), "pass", "fail"),
    }


@rule(
    "kr.vaupa.cold_share",
    title=Text("インターネットから分離した保管の割合（80%）", "share kept offline"),
    cites="decree 11(1)",
    needs={
        "economic_value_total_krw": "KRW",
        "economic_value_cold_krw": "KRW",
        "custodian_for_others": "truth",
        "notified_share": "ratio",
    },
    optional=("custodian_for_others", "notified_share"),
    outputs={
        "required_share": Text("適用される割合", "share that applies"),
        "required_cold_krw": Text("分離して保管すべき額", "to be kept offline"),
        "cold_ratio": Text("分離保管の割合", "share kept offline"),
        "cold_test": Text("判定", "test"),
        "shortfall_krw": Text("不足額", "shortfall"),
        "non_cold_economic_value_krw": Text("分離保管以外の経済的価値", "not kept offline"),
    },
)
def cold_share(law: Any, day: Any) -> Outputs:
    """By economic value; everything where the firm keeps assets for other providers.

    No more can be cold than there is: what is beyond users' coins is the firm's. In an emergency
    the authority may notify a firm of another share, which then takes the place of the general
    one; the proviso is in 11(1) and leaves a custodian's "everything" alone.
    """
    whole = day.economic_value_total_krw
    cold = smallest(whole, day.economic_value_cold_krw)
    share = _share(law, day)
    required = whole * share
    return {
        "required_share": share,
        "required_cold_krw": required,
        "cold_ratio": cold / whole,
        "cold_test": choose(cold >= required, "pass", "fail"),
        "shortfall_krw": not_negative(required - cold),
        "non_cold_economic_value_krw": not_negative(whole - cold),
    }


def _share(law: Any, day: Any) -> Figure:
    standard: Figure = day.notified_share if day.given("notified_share") else law.cold_share
    if not day.given("custodian_for_others"):
        return standard
    custodian = day.custodian_for_others
    if not custodian.computable:
        return derive("{0}", None, "ratio", (custodian,))
    return law.custodian_share if custodian.truth() else standard


@rule(
    "kr.vaupa.economic_value",
    title=Text("経済的価値", "economic value"),
    cites="notice 9",
    needs={
        "quantities": Each("coin"),
        "average_price_krw": Each("KRW/coin"),
        "cold_quantities": Each("coin"),
    },
    optional=("cold_quantities",),
    outputs={
        "by_asset_krw": Text("種類別の経済的価値", "economic value by asset"),
        "economic_value_krw": Text("経済的価値の総額", "economic value"),
        "economic_value_cold_krw": Text("分離保管分の経済的価値", "economic value kept offline"),
        "non_cold_economic_value_krw": Text("分離保管以外の経済的価値", "not kept offline"),
    },
)
def economic_value(law: Any, day: Any) -> Outputs:
    """Quantity times the daily average price over the year to the previous month-end, summed.

    Today's price has no part in it: the value lags a rise and a fall alike.
    """
    prices, part = day.average_price_krw, law.average_price_part
    rows = _valued(day.quantities, prices, part)
    outputs = {"by_asset_krw": rows, "economic_value_krw": _sum(rows)}
    if day.given("cold_quantities"):
        cold = _sum(_valued(_users_own(day.quantities, day.cold_quantities), prices, part))
        outputs["economic_value_cold_krw"] = cold
        outputs["non_cold_economic_value_krw"] = not_negative(outputs["economic_value_krw"] - cold)
    return outputs


def _users_own(owed: Figure, cold: Figure) -> Figure:
    """What is offline of users' coins: beyond what users own it is the firm's (Act 7(3))."""
    if not (owed.computable and cold.computable):
        return derive("min({0}, {1})", None, "table", (owed, cold))
    own = owed.rows()
    return table({k: smallest(own[k], q) for k, q in cold.rows().items() if k in own})


def _valued(quantities: Figure, prices: Figure, part: Figure) -> Figure:
    inputs = (quantities, prices, part)
    if not all(f.computable for f in inputs):
        return derive("quantity × average price", None, "table", inputs)
    return table(
        {k: q * _price(prices, k) * part for k, q in quantities.rows().items()},
        "quantity × average price",
    )


def _price(prices: Figure, asset: str) -> Figure:
    if asset in prices.rows():
        return prices.rows()[asset]
    reason = Text(
        f"{asset}の前月末までの1年間の平均価格がない",
        f"no one-year average price of {asset} to the previous month-end is given",
    )
    return missing(f"average_price_krw.{asset}", reason, "KRW/coin")


def _sum(rows: Figure) -> Figure:
    if not rows.computable:
        return derive("Σ {0}", None, "KRW", (rows,))
    return total(list(rows.rows().values()), "KRW")
