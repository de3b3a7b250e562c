"""A venue asked through ccxt: it builds and signs the request, and its answer is taken as bytes.

What ccxt makes of an answer, floats among it, is left aside.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from sonae.chains.node import NodeError
from sonae.core.errors import UsageError
from sonae.core.text import Text


def ask(venue: str, call: str, params: Mapping[str, Any], secret: bool = False) -> bytes:
    """The venue's own answer, spaces around it removed, to the call as ccxt names it.

    With `secret` the request is signed with `SONAE_<VENUE>_KEY` and `SONAE_<VENUE>_SECRET`.

    Raises:
        NodeError: no answer, or one that says that the request failed.
    """
    try:
        import ccxt
    except ModuleNotFoundError as error:
        raise UsageError("ccxt is not installed: pip install 'sonae[venues]'") from error
    settings: dict[str, Any] = {}
    if secret:
        names = [f"SONAE_{venue.upper()}_{word}" for word in ("KEY", "SECRET")]
        missing = [n for n in names if not os.environ.get(n)]
        if missing:
            raise UsageError(f"the environment has no {', '.join(missing)}")
        settings = dict(zip(("apiKey", "secret"), (os.environ[n] for n in names), strict=True))
    exchange = getattr(ccxt, venue)(settings)
    try:
        getattr(exchange, call)(dict(params))
    except ccxt.BaseError as error:
        raise NodeError(_SILENT.format(v=venue, e=str(error))) from error
    said = exchange.last_http_response
    if not isinstance(said, str):
        raise NodeError(_SILENT.format(v=venue, e="-"))
    return said.encode()


_SILENT = Text("{v} から回答がない: {e}", "{v} does not answer: {e}")
