"""What another venue says we have there: free, locked, pending, in raw text without floats."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from sonae.chains.node import NodeError
from sonae.core.text import Text

_AMOUNT = re.compile(r"([0-9]+)(?:\.([0-9]+))?", re.ASCII)


class Total(NamedTuple):
    """Base units of one asset at one venue; `pending` and `staked` are None where it is silent.

    `contract` tells apart tokens of one name on different chains; empty where the venue does not.
    """

    venue: str
    asset: str
    free: int
    locked: int
    pending: int | None
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
        raise NodeError(_NO_AMOUNT.format(w=what, v=repr(value)))
    fraction = (found[2] or "").rstrip("0")
    if len(fraction) > scale:
        raise NodeError(_DECIMALS.format(w=what, v=value, n=scale))
    return int(found[1] + fraction.ljust(scale, "0"))


def unique(totals: Iterable[Total]) -> list[Total]:
    """One of each venue, asset and contract; two that differ are an error, two alike are one."""
    found: dict[tuple[str, str, str], Total] = {}
    for total in totals:
        key = (total.venue, total.asset, total.contract.lower())
        if found.setdefault(key, total)._replace(contract=key[2]) != total._replace(
            contract=key[2]
        ):
            raise NodeError(_TWO.format(v=total.venue, a=total.asset))
    return list(found.values())


_NO_AMOUNT = Text("{w}: {v} は数量の文字列でない", "{w}: {v} is no amount in text")
_DECIMALS = Text("{w}: {v} は小数が{n}桁を超える", "{w}: {v} has more than {n} decimals")
_TWO = Text("{v} の {a} に二通りの答えがある", "{v} says two things of {a}")
