"""Balances at another venue: asked through ccxt, or read from an answer on file."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sonae.actions.chains.venue_ask import ask
from sonae.chains.node import NodeError
from sonae.chains.venue import Total
from sonae.chains.venue_forms import ADAPTERS, LAYOUT, read
from sonae.core.errors import UsageError

CALLS = {
    "bitbank": "private_get_user_assets",
    "binance": "sapiv3_post_asset_getuserasset",
    "bitflyer": "private_get_getbalance",
    "btcbox": "private_post_balance",
    "coincheck": "private_get_accounts_balance",
    "kraken": "private_post_balanceex",
    "zaif": "private_post_get_info2",
}
"""The method of ccxt that sends the venue's own answer back, untouched."""


def read_venue(
    venue: str,
    scales: Mapping[str, int],
    answer: Path | None = None,
    staked: Sequence[str] = (),
) -> dict[str, Any]:
    """What the venue holds for us, by asset; complete, or incomplete with the reason.

    Without a file the venue is asked, with the key and secret of `SONAE_<VENUE>_KEY` and
    `SONAE_<VENUE>_SECRET`, which need leave to read balances only. `layout` says what the reader
    of the answer rests on.
    """
    if venue not in ADAPTERS:
        raise UsageError(f"no venue {venue}; there are {', '.join(ADAPTERS)}")
    document: dict[str, Any] = {"format": "sonae-venue/1", "venue": venue, "layout": LAYOUT}
    try:
        content = answer.read_bytes() if answer else ask(venue, CALLS[venue], {}, secret=True)
        document["answer"] = f"sha256:{hashlib.sha256(content).hexdigest()}"
        totals = read(venue, content, scales, staked)
    except NodeError as error:
        return document | {"complete": False, "why": error.text.as_json(), "totals": []}
    return document | {"complete": True, "why": None, "totals": [_row(t) for t in totals]}


def _row(total: Total) -> dict[str, str | None]:
    return {
        "asset": total.asset,
        "contract": total.contract,
        "free": str(total.free),
        "locked": str(total.locked),
        "pending": None if total.pending is None else str(total.pending),
        "staked": None if total.staked is None else str(total.staked),
        "held": str(total.held),
    }
