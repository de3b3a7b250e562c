"""What venues publish of a price, each by its own documents, exact to the digit of the answer.

A method is part of a price: the last trade, the middle of bid and ask, the average of a day by
volume, or the end of a closed candle. An answer that states no time says so; who asked knows when.
None of these layouts was compared with an answer of a venue yet (`LAYOUT`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any, NamedTuple

from sonae.books.map.answer import read_answer, same_names
from sonae.books.rows import Fault
from sonae.core.canonical import parse_number
from sonae.core.text import Text

LAYOUT = "documented"
"""What every reader here rests on: the venue's documents; `recorded` would be its answers."""
HOUR = timedelta(hours=1)
"""How long the candles are that are read."""


class Print(NamedTuple):
    """A price, and the instant that the answer states for it; None where it states none."""

    price: Fraction
    at: datetime | None


Reader = Callable[[Any, str, str, datetime], list[Print]]
"""(answer, pair, method, when it came) -> its prices."""


@dataclass(frozen=True)
class Call:
    """One public call: its name in ccxt, what it is asked with for a pair, who reads the answer."""

    name: str
    params: Callable[[str, datetime], Mapping[str, Any]]
    read: Reader


def read_prints(venue: str, method: str, pair: str, content: bytes, came: datetime) -> list[Print]:
    """Every price of one answer that came at an instant.

    Raises:
        Fault: the answer is of another layout, of another pair, or has no price.
    """
    found = VENUES[venue][method].read(read_answer(content), pair, method, came)
    for one in found:
        if one.price <= 0:
            raise Fault("below-zero", _PRICE.format(v=str(one.price)))
        if one.at is not None and one.at > came + timedelta(minutes=1):
            raise Fault("corrupt-row", _AHEAD.format(at=one.at.isoformat()))
    return found


def _bitbank(raw: Any, pair: str, method: str, came: datetime) -> list[Print]:
    names = ("sell", "buy", "high", "low", "open", "last", "vol", "timestamp")
    data = same_names(_data(raw), names, where="data")
    return [Print(_of(data, method, "last", ("sell", "buy")), _millis(data["timestamp"]))]


def _bitbank_candles(raw: Any, pair: str, method: str, came: datetime) -> list[Print]:
    data = same_names(_data(raw), ("candlestick",), ("timestamp",), "data")
    (candles,) = _list(data["candlestick"], 1)
    said = same_names(candles, ("type", "ohlcv"), ("timestamp",), "candlestick")
    if said["type"] != "1hour":
        raise Fault("corrupt-row", _CANDLE.format(v=str(said["type"])))
    rows = [_list(row, 6) for row in _list(said["ohlcv"])]
    return _closed([(_millis(row[5]), row[3]) for row in rows], came)


def _bitflyer(raw: Any, pair: str, method: str, came: datetime) -> list[Print]:
    said = same_names(raw, _BITFLYER, ("state", "market_bid_size", "market_ask_size"))
    _pair(pair, said["product_code"])
    if said.get("state", "RUNNING") != "RUNNING":
        raise Fault("corrupt-row", _STATE.format(v=str(said["state"])))
    try:
        at = datetime.fromisoformat(str(said["timestamp"]).removesuffix("Z")).replace(tzinfo=UTC)
    except ValueError as error:
        raise Fault("corrupt-row", _TIME.format(v=str(said["timestamp"]))) from error
    return [Print(_of(said, method, "ltp", ("best_bid", "best_ask")), at)]


_BITFLYER = (
    "product_code", "timestamp", "tick_id", "best_bid", "best_ask", "best_bid_size",
    "best_ask_size", "total_bid_depth", "total_ask_depth", "ltp", "volume", "volume_by_product",
)  # fmt: skip


def _coincheck(raw: Any, pair: str, method: str, came: datetime) -> list[Print]:
    said = same_names(raw, ("last", "bid", "ask", "high", "low", "volume", "timestamp"))
    return [Print(_of(said, method, "last", ("bid", "ask")), _seconds(said["timestamp"]))]


def _zaif(raw: Any, pair: str, method: str, came: datetime) -> list[Print]:
    said = same_names(raw, ("last", "high", "low", "vwap", "volume", "bid", "ask"))
    return [Print(_of(said, method, "last", ("bid", "ask"), "vwap"), None)]


def _btcbox(raw: Any, pair: str, method: str, came: datetime) -> list[Print]:
    said = same_names(raw, ("high", "low", "buy", "sell", "last", "vol"))
    return [Print(_of(said, method, "last", ("buy", "sell")), None)]


def _kraken(raw: Any, pair: str, method: str, came: datetime) -> list[Print]:
    said = same_names(_only(raw, ()), ("a", "b", "c", "v", "p", "t", "l", "h", "o"), where=pair)
    flat = {"last": _list(said["c"])[0], "day": _list(said["p"], 2)[1]}
    flat |= {"bid": _list(said["b"])[0], "ask": _list(said["a"])[0]}
    return [Print(_of(flat, method, "last", ("bid", "ask"), "day"), None)]


def _kraken_candles(raw: Any, pair: str, method: str, came: datetime) -> list[Print]:
    rows = [_list(row, 8) for row in _list(_only(raw, ("last",)))]
    return _closed([(_seconds(row[0]), row[4]) for row in rows], came)


def _only(raw: Any, beside: Sequence[str]) -> Any:
    """The one pair of an answer, whatever it is called there."""
    said = same_names(raw, ("error",), ("result",))
    if said["error"] != [] or not isinstance(said.get("result"), Mapping):
        raise Fault("query-failed", _FAILED.format(v=str(said["error"])))
    found = [v for k, v in said["result"].items() if k not in beside]
    if len(found) != 1:
        raise Fault("layout-changed", _ONE.format(n=len(found)))
    return found[0]


def _data(raw: Any) -> Any:
    said = same_names(raw, ("success", "data"))
    if said["success"] != "1":
        raise Fault("query-failed", _FAILED.format(v=str(said["data"])))
    return said["data"]


def _closed(candles: Sequence[tuple[datetime, Any]], came: datetime) -> list[Print]:
    """The ends of candles that were closed when the answer came."""
    return [Print(_number(v), at + HOUR) for at, v in candles if at + HOUR <= came]


def _of(
    said: Mapping[str, Any], method: str, last: str, both: tuple[str, str], average: str = ""
) -> Fraction:
    if method == "mid":
        return (_number(said[both[0]]) + _number(said[both[1]])) / 2
    return _number(said[average if method == "vwap" else last])


def _number(value: Any) -> Fraction:
    try:
        return parse_number(value) if isinstance(value, str) and "/" not in value else _none(value)
    except ValueError as error:
        raise Fault("corrupt-row", _PRICE.format(v=str(value))) from error


def _none(value: Any) -> Fraction:
    raise ValueError(value)


def _list(value: Any, count: int | None = None) -> list[Any]:
    if not isinstance(value, list) or not value or count not in (None, len(value)):
        raise Fault("layout-changed", _LIST.format(v=str(value)[:60], n=count or "1…"))
    return value


def _pair(asked: str, said: Any) -> None:
    if said != asked:
        raise Fault("corrupt-row", _PAIR.format(a=asked, s=str(said)))


def _seconds(value: Any) -> datetime:
    return _instant(value, 1)


def _millis(value: Any) -> datetime:
    return _instant(value, 1000)


def _instant(value: Any, per_second: int) -> datetime:
    if not isinstance(value, str) or not value.isascii() or not value.isdigit() or len(value) > 15:
        raise Fault("corrupt-row", _TIME.format(v=str(value)))
    unit = timedelta(microseconds=1_000_000 // per_second)
    return datetime(1970, 1, 1, tzinfo=UTC) + int(value) * unit


def _named(name: str) -> Callable[[str, datetime], Mapping[str, Any]]:
    return lambda pair, now: {name: pair}


def _ticker(
    call: str, param: str, read: Reader, methods: Sequence[str] = ("last", "mid")
) -> dict[str, Call]:
    return {m: Call(call, _named(param), read) for m in methods}


def _bitbank_hours(pair: str, now: datetime) -> Mapping[str, Any]:
    day = now.astimezone(UTC).strftime("%Y%m%d")
    return {"pair": pair, "candletype": "1hour", "yyyymmdd": day}


VENUES: Mapping[str, Mapping[str, Call]] = {
    "bitbank": {
        **_ticker("public_get_pair_ticker", "pair", _bitbank),
        "close": Call(
            "public_get_pair_candlestick_candletype_yyyymmdd", _bitbank_hours, _bitbank_candles
        ),
    },
    "bitflyer": _ticker("public_get_getticker", "product_code", _bitflyer),
    "btcbox": _ticker("public_get_ticker", "coin", _btcbox),
    "coincheck": _ticker("public_get_ticker", "pair", _coincheck),
    "kraken": {
        **_ticker("public_get_ticker", "pair", _kraken, ("last", "mid", "vwap")),
        "close": Call(
            "public_get_ohlc", lambda pair, now: {"pair": pair, "interval": 60}, _kraken_candles
        ),
    },
    "zaif": _ticker("public_get_ticker_pair", "pair", _zaif, ("last", "mid", "vwap")),
}
"""By venue and method."""

_PRICE = Text("価格「{v}」は使えない", "{v!r} is no price")
_TIME = Text("時刻「{v}」は読めない", "{v!r} is no time")
_AHEAD = Text("回答の時刻 {at} が未来である", "the time of the answer, {at}, is still to come")
_STATE = Text("板の状態が {v}（取引中でない）", "the board is {v}, not running")
_PAIR = Text("{a} を尋ねたのに {s} の回答である", "asked for {a}, answered for {s}")
_ONE = Text("通貨ペアが一つでない（{n}）", "{n} pairs where one is due")
_LIST = Text("並び（{n}個）であるはずの {v}", "{v}, where a list of {n} is due")
_CANDLE = Text("足の種類 {v} は 1hour でない", "candles of {v}, not of 1hour")
_FAILED = Text("取引所が誤りを返した: {v}", "the venue answered with an error: {v}")
