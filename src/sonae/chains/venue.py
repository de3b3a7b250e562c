"""What another venue says we have there, in one form: free, locked, pending; raw text, no floats.

Venues mean different things by a total. Each adapter reads one venue's own answer and says what
is what, so that a pending withdrawal is counted once whoever is asked:

    bitbank    `locked_amount` and `onhand_amount` include what is being withdrawn
    binance    what is being withdrawn stands beside `free` and `locked`, and no total is sent
    coincheck  what customers lent to the venue (`lent`) is no longer held there, and is left out

Fields as these venues document them; an answer of another form is an error, never zero.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sonae.chains.node import NodeError

_AMOUNT = re.compile(r"([0-9]+)(?:\.([0-9]+))?", re.ASCII)


class Total(NamedTuple):
    """Base units of one asset at one venue; `staked` is None where the answer says nothing of it.

    `contract` tells apart tokens of one name on different chains; empty where the venue does not.
    """

    venue: str
    asset: str
    free: int
    locked: int
    pending: int
    staked: int | None = None
    contract: str = ""

    @property
    def held(self) -> int:
        """What is still there: pending withdrawals have left."""
        return self.free + self.locked + (self.staked or 0)


def units(value: Any, scale: int, what: str) -> int:
    """Base units from the text of an amount; zeros beyond the scale are no digits.

    >>> units("1.50", 8, "BTC")
    150000000
    """
    found = _AMOUNT.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise NodeError(f"{what}: {value!r} is no amount in text")
    fraction = (found[2] or "").rstrip("0")
    if len(fraction) > scale:
        raise NodeError(f"{what}: {value} has more than {scale} decimals")
    return int(found[1] + fraction.ljust(scale, "0"))


def bitbank(raw: Any, scales: Mapping[str, int]) -> list[Total]:
    """Of `GET /v1/user/assets`; the parts must add up to what is on hand."""
    rows = _rows(raw, "data", "assets") if raw.get("success") == 1 else None
    if rows is None:
        raise NodeError("bitbank did not answer")
    found = []
    for row in rows:
        asset = str(row.get("asset", "")).upper()
        if asset not in scales:
            continue
        free, locked, hand, leaving = (
            units(row.get(f"{k}_amount"), scales[asset], f"bitbank {asset} {k}")
            for k in ("free", "locked", "onhand", "withdrawing")
        )
        if free + locked != hand or leaving > locked:
            raise NodeError(f"bitbank {asset}: free and locked are not what is on hand")
        found.append(Total("bitbank", asset, free, locked - leaving, leaving))
    return found


def binance(raw: Any, scales: Mapping[str, int]) -> list[Total]:
    """Of `POST /sapi/v3/asset/getUserAsset`; assets without a balance are not sent."""
    if not isinstance(raw, list):
        raise NodeError("binance did not answer")
    found = []
    for row in raw:
        asset = str(row.get("asset", ""))
        if asset not in scales:
            continue
        free, locked, freeze, leaving, ipo = (
            units(row.get(k), scales[asset], f"binance {asset} {k}")
            for k in ("free", "locked", "freeze", "withdrawing", "ipoable")
        )
        found.append(Total("binance", asset, free, locked + freeze + ipo, leaving))
    named = {t.asset for t in found}
    return found + [Total("binance", a, 0, 0, 0) for a in scales if a not in named]


def coincheck(raw: Any, scales: Mapping[str, int]) -> list[Total]:
    """Of `GET /api/accounts/balance`; it says nothing of withdrawals, which have left by then."""
    if not isinstance(raw, Mapping) or raw.get("success") is not True:
        raise NodeError("coincheck did not answer")
    found = []
    for asset, scale in scales.items():
        name = asset.lower()
        free, reserved, saved, debt = (
            units(raw.get(name + k), scale, f"coincheck {asset}{k}")
            for k in ("", "_reserved", "_tsumitate", "_debt")
        )
        if debt:
            raise NodeError(f"coincheck {asset}: a debt of {debt} base units is not netted here")
        found.append(Total("coincheck", asset, free, reserved + saved, 0))
    return found


ADAPTERS: Mapping[str, Callable[[Any, Mapping[str, int]], list[Total]]] = {
    "bitbank": bitbank,
    "binance": binance,
    "coincheck": coincheck,
}


def read(
    venue: str, raw: Any, scales: Mapping[str, int], staked: Sequence[str] = ()
) -> list[Total]:
    """Every asset of `scales` (decimals by asset), by the venue's adapter.

    `staked` names assets that are staked there: an answer that says nothing of them is incomplete.

    Raises:
        NodeError: an asset is missing, or the answer is of another form.
    """
    try:
        found = unique(ADAPTERS[venue](raw, scales))
    except (AttributeError, TypeError) as error:
        raise NodeError(f"{venue}: an answer of another form") from error
    missing = sorted(set(scales) - {t.asset for t in found})
    silent = sorted(t.asset for t in found if t.asset in staked and t.staked is None)
    if missing or silent:
        raise NodeError(
            f"{venue} is incomplete: no answer for {', '.join(missing) or '-'}, "
            f"nothing of what is staked of {', '.join(silent) or '-'}"
        )
    return found


def unique(totals: Iterable[Total]) -> list[Total]:
    """One of each venue, asset and contract; two that differ are an error, two alike are one."""
    found: dict[tuple[str, str, str], Total] = {}
    for total in totals:
        key = (total.venue, total.asset, total.contract.lower())
        if found.setdefault(key, total)._replace(contract=key[2]) != total._replace(
            contract=key[2]
        ):
            raise NodeError(f"{total.venue} says two things of {total.asset}")
    return list(found.values())


def _rows(raw: Any, *path: str) -> list[Any] | None:
    for name in path:
        raw = raw.get(name) if isinstance(raw, Mapping) else None
    return raw if isinstance(raw, list) else None
