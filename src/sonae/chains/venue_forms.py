"""One adapter for each venue: what its own answer calls a total, and what is in it.

Venues mean different things by a total. Each adapter says what is what, so that a pending
withdrawal is counted once whoever is asked:

    bitbank    `locked_amount` and `onhand_amount` include what is being withdrawn
    binance    what is being withdrawn stands beside `free` and `locked`, and no total is sent
    coincheck  what customers lent to the venue (`lent`) is no longer held there, and is left out
    bitflyer, zaif  a total and what of it is free; of withdrawals they say nothing
    btcbox     free and locked; of withdrawals it says nothing
    kraken     a total and what orders hold; staked coins stand under names of their own

Names as these venues document them. An answer with a name gone or a new one is refused with both;
none was compared with an answer of a venue yet (`LAYOUT`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sonae.books.map.answer import read_answer, same_names
from sonae.books.rows import Fault
from sonae.chains.node import NodeError
from sonae.chains.venue import Total, unique, units
from sonae.core.text import Text

LAYOUT = "documented"
"""What every adapter here rests on: the venue's documents; `recorded` would be its answers."""
Scales = Mapping[str, int]
"""Decimals by asset: the assets that must be answered for."""


def bitbank(raw: Any, scales: Scales) -> list[Total]:
    """Of `GET /v1/user/assets`; the parts must add up to what is on hand."""
    data = same_names(_good(raw, "bitbank", "data"), ("assets",), where="data")
    found = []
    for row in _rows(data["assets"], "bitbank"):
        asset = str(row.get("asset", "")).upper()
        if asset not in scales:
            continue
        same_names(row, _BITBANK, _BITBANK_MAY, f"assets {asset}")
        free, locked, hand, leaving = (
            units(row[f"{k}_amount"], scales[asset], f"bitbank {asset} {k}")
            for k in ("free", "locked", "onhand", "withdrawing")
        )
        if free + locked != hand or leaving > locked:
            raise NodeError(_ON_HAND.format(a=asset))
        found.append(Total("bitbank", asset, free, locked - leaving, leaving))
    return found


_BITBANK = ("asset", "free_amount", "onhand_amount", "locked_amount", "withdrawing_amount")
_BITBANK_MAY = (
    "amount_precision", "withdrawal_fee", "stop_deposit", "stop_withdrawal", "network_list",
    "collateral_ratio",
)  # fmt: skip


def binance(raw: Any, scales: Scales) -> list[Total]:
    """Of `POST /sapi/v3/asset/getUserAsset`; assets without a balance are not sent."""
    found = []
    for row in _rows(raw, "binance"):
        asset = str(row.get("asset", ""))
        if asset not in scales:
            continue
        same_names(row, ("asset", *_BINANCE), ("btcValuation",), asset)
        free, locked, freeze, leaving, ipo = (
            units(row[k], scales[asset], f"binance {asset} {k}") for k in _BINANCE
        )
        found.append(Total("binance", asset, free, locked + freeze + ipo, leaving))
    named = {t.asset for t in found}
    return found + [Total("binance", a, 0, 0, 0) for a in scales if a not in named]


_BINANCE = ("free", "locked", "freeze", "withdrawing", "ipoable")


def coincheck(raw: Any, scales: Scales) -> list[Total]:
    """Of `GET /api/accounts/balance`; it says nothing of withdrawals, which have left by then."""
    if not isinstance(raw, Mapping) or raw.get("success") is not True:
        raise NodeError(_SILENT.format(v="coincheck"))
    found = []
    for asset, scale in scales.items():
        name = asset.lower()
        own = {k for k in raw if k == name or k.startswith(f"{name}_")}
        same_names(
            {k: raw[k] for k in own},
            (name + k for k in _COINCHECK),
            (name + k for k in _COINCHECK_MAY),
            asset,
        )
        free, reserved, saved, debt = (
            units(raw[name + k], scale, f"coincheck {asset}{k}") for k in _COINCHECK
        )
        if debt:
            raise NodeError(_DEBT.format(v=f"coincheck {asset}"))
        found.append(Total("coincheck", asset, free, reserved + saved, 0))
    return found


_COINCHECK = ("", "_reserved", "_tsumitate", "_debt")
_COINCHECK_MAY = ("_lending", "_lend_in_use", "_lent")


def bitflyer(raw: Any, scales: Scales) -> list[Total]:
    """Of `GET /v1/me/getbalance`: all there is of a currency, and what of it is free."""
    found = []
    for row in _rows(raw, "bitflyer"):
        asset = str(row.get("currency_code", ""))
        if asset in scales:
            same_names(row, ("currency_code", "amount", "available"), where=asset)
            found.append(_of_all("bitflyer", asset, row["amount"], row["available"], scales))
    return found


def zaif(raw: Any, scales: Scales) -> list[Total]:
    """Of `get_info2`: `deposit` is all there is, `funds` what of it is free."""
    said = same_names(_good(raw, "zaif", "return"), _ZAIF, _ZAIF_MAY, "return")
    found = []
    for asset in scales:
        free, everything = (said[k].get(asset.lower()) for k in ("funds", "deposit"))
        if free is not None and everything is not None:
            found.append(_of_all("zaif", asset, everything, free, scales))
    return found


_ZAIF = ("funds", "deposit", "rights", "open_orders", "server_time")
_ZAIF_MAY = ("trade_count",)


def btcbox(raw: Any, scales: Scales) -> list[Total]:
    """Of `POST /api/v1/balance`: `_balance` is free, `_lock` is in orders."""
    if not isinstance(raw, Mapping) or raw.get("result") is False:
        raise NodeError(_SILENT.format(v="btcbox"))
    found = []
    for asset, scale in scales.items():
        name = asset.lower()
        own = {k: v for k, v in raw.items() if k.startswith(f"{name}_")}
        if own:
            same_names(own, (f"{name}_balance", f"{name}_lock"), where=asset)
            free, locked = (
                units(own[f"{name}_{k}"], scale, f"btcbox {asset} {k}") for k in ("balance", "lock")
            )
            found.append(Total("btcbox", asset, free, locked, None))
    return found


_KRAKEN = {
    "XXBT": "BTC", "XETH": "ETH", "XXRP": "XRP", "XLTC": "LTC", "XXDG": "DOGE", "XXLM": "XLM",
    "ZJPY": "JPY", "ZUSD": "USD", "ZEUR": "EUR", "ZGBP": "GBP", "ZCAD": "CAD", "ZAUD": "AUD",
}  # fmt: skip
"""The names that this venue has of its own; others are as everywhere."""
_KRAKEN_APART = re.compile(r"([A-Z]+)[0-9]*\.([A-Z]+)")
_KRAKEN_STAKED = ("S", "M", "B", "F")
"""Staked, opt-in rewards, yield-bearing, earning automatically."""


def kraken(raw: Any, scales: Scales) -> list[Total]:
    """Of `POST /0/private/BalanceEx`; assets without a balance are not sent."""
    if not isinstance(raw, Mapping) or raw.get("error") != []:
        raise NodeError(_SILENT.format(v="kraken"))
    result = same_names(raw, ("error", "result"))["result"]
    if not isinstance(result, Mapping):
        raise NodeError(_SILENT.format(v="kraken"))
    free: dict[str, int] = {}
    locked: dict[str, int] = {}
    staked: dict[str, int] = {}
    for own, row in result.items():
        apart = _KRAKEN_APART.fullmatch(own)
        name = apart[1] if apart else own
        asset = _KRAKEN.get(name, "BTC" if name == "XBT" else name)
        if asset not in scales:
            continue
        if apart and apart[2] not in _KRAKEN_STAKED:
            raise NodeError(_STRANGE.format(v=f"kraken {own}"))
        same_names(row, ("balance", "hold_trade"), ("credit", "credit_used"), own)
        everything, used = (
            units(row[k], scales[asset], f"kraken {own} {k}") for k in ("balance", "hold_trade")
        )
        if units(row.get("credit_used", "0"), scales[asset], f"kraken {own} credit_used"):
            raise NodeError(_DEBT.format(v=f"kraken {own}"))
        if used > everything:
            raise NodeError(_MORE.format(v=f"kraken {own}"))
        if apart:
            staked[asset] = staked.get(asset, 0) + everything
        else:
            free[asset], locked[asset] = everything - used, used
    return [
        Total("kraken", a, free.get(a, 0), locked.get(a, 0), None, staked.get(a)) for a in scales
    ]


ADAPTERS: Mapping[str, Callable[[Any, Scales], list[Total]]] = {
    "bitbank": bitbank,
    "binance": binance,
    "bitflyer": bitflyer,
    "btcbox": btcbox,
    "coincheck": coincheck,
    "kraken": kraken,
    "zaif": zaif,
}


def read(venue: str, answer: bytes, scales: Scales, staked: Sequence[str] = ()) -> list[Total]:
    """Every asset of `scales` (decimals by asset), by the venue's adapter.

    `staked` names assets that are staked there: an answer that says nothing of them is incomplete.

    Raises:
        NodeError: an asset is missing, or the answer is of another form.
    """
    try:
        found = unique(ADAPTERS[venue](read_answer(answer), scales))
    except Fault as fault:
        raise NodeError(_FAULT.format(v=venue, m=fault.message)) from fault
    except (AttributeError, TypeError) as error:
        raise NodeError(_FORM.format(v=venue)) from error
    missing = sorted(set(scales) - {t.asset for t in found})
    silent = sorted(t.asset for t in found if t.asset in staked and t.staked is None)
    if missing or silent:
        words = {"m": ", ".join(missing) or "-", "s": ", ".join(silent) or "-"}
        raise NodeError(_INCOMPLETE.format(v=venue, **words))
    return found


def _of_all(venue: str, asset: str, everything: Any, free: Any, scales: Scales) -> Total:
    """All there is and what of it is free; the rest is locked."""
    total, open_ = (units(v, scales[asset], f"{venue} {asset}") for v in (everything, free))
    if open_ > total:
        raise NodeError(_MORE.format(v=f"{venue} {asset}"))
    return Total(venue, asset, open_, total - open_, None)


def _good(raw: Any, venue: str, name: str) -> Any:
    """What stands under `name` of an answer that says it succeeded."""
    if not isinstance(raw, Mapping) or str(raw.get("success")) != "1":
        raise NodeError(_SILENT.format(v=venue))
    return same_names(raw, ("success", name))[name]


def _rows(raw: Any, venue: str) -> list[Mapping[str, Any]]:
    if not isinstance(raw, list) or not all(isinstance(r, Mapping) for r in raw):
        raise NodeError(_SILENT.format(v=venue))
    return raw


_SILENT = Text("{v} から回答がない", "{v} did not answer")
_ON_HAND = Text(
    "bitbank {a}: 利用可能と拘束の合計が保有量と合わない",
    "bitbank {a}: free and locked are not what is on hand",
)
_DEBT = Text("{v}: 債務があり、ここでは相殺しない", "{v}: a debt, which is not netted here")
_STRANGE = Text(
    "{v}: 公開された仕様にない種類の残高", "{v}: a kind of balance that its documents do not name"
)
_MORE = Text("{v}: 内訳が合計より多い", "{v}: more is free or in orders than there is")
_FAULT = Text("{v}: {m}", "{v}: {m}")
_FORM = Text("{v}: 回答の形が違う", "{v}: an answer of another form")
_INCOMPLETE = Text(
    "{v} の回答は揃わない: 回答のない資産 {m}、ステーキング分に触れていない資産 {s}",
    "{v} is incomplete: no answer for {m}, nothing of what is staked of {s}",
)
