"""Balances at another venue: asked through ccxt, or read from an answer on file."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sonae.chains.node import NodeError
from sonae.chains.venue import ADAPTERS, read
from sonae.core.errors import UsageError

CALLS = {
    "bitbank": "private_get_user_assets",
    "binance": "sapiv3_post_asset_getuserasset",
    "coincheck": "private_get_accounts_balance",
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
    `SONAE_<VENUE>_SECRET`, which need leave to read balances only.
    """
    if venue not in ADAPTERS:
        raise UsageError(f"no venue {venue}; there are {', '.join(ADAPTERS)}")
    document: dict[str, Any] = {"format": "sonae-venue/1", "venue": venue}
    try:
        raw = json.loads(answer.read_bytes()) if answer else _ask(venue)
        totals = read(venue, raw, scales, staked)
    except (NodeError, ValueError) as error:
        return document | {"complete": False, "why": str(error), "totals": []}
    rows = [
        {
            "asset": t.asset,
            "contract": t.contract,
            "free": str(t.free),
            "locked": str(t.locked),
            "pending": str(t.pending),
            "staked": None if t.staked is None else str(t.staked),
            "held": str(t.held),
        }
        for t in totals
    ]
    return document | {"complete": True, "why": "", "totals": rows}


def _ask(venue: str) -> Any:
    try:
        import ccxt
    except ModuleNotFoundError as error:
        raise UsageError("ccxt is not installed: pip install 'sonae[venues]'") from error
    names = [f"SONAE_{venue.upper()}_{word}" for word in ("KEY", "SECRET")]
    missing = [n for n in names if not os.environ.get(n)]
    if missing:
        raise UsageError(f"the environment has no {', '.join(missing)}")
    key, secret = (os.environ[n] for n in names)
    exchange = getattr(ccxt, venue)({"apiKey": key, "secret": secret})
    try:
        return getattr(exchange, CALLS[venue])()
    except ccxt.BaseError as error:
        raise NodeError(f"{venue} does not answer: {error}") from error
