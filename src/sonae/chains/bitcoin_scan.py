"""Unspent outputs from Bitcoin Core's own index of them, taken back to an earlier block.

`scantxoutset` answers for the node's tip alone, so what the blocks after the wanted one did is
undone: what they paid is taken out, what they spent is put back (`getblock` with verbosity 3 names
it). On the main network this takes minutes, where walking every block would take days.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sonae.chains.bitcoin import Coin
from sonae.chains.node import Block, Node, NodeError, number

COIN = 10**8
FULL = 3
"""The verbosity of `getblock` that says what each input spent."""


def scan(node: Node, scripts: frozenset[str], to: Block) -> dict[str, Coin]:
    """Unspent outputs of `scripts` at block `to`.

    Raises:
        NodeError: the scan is not whole, or `to` is not in the chain below the node's tip.
    """
    asked = [{"desc": f"raw({s})"} for s in sorted(scripts)]
    found = node.call("scantxoutset", "start", asked)
    if not isinstance(found, Mapping) or found.get("success") is not True:
        raise NodeError("scantxoutset did not finish")
    coins = dict(_unspent(row) for row in _list(found, "unspents"))
    if any(c.script not in scripts for c in coins.values()):
        raise NodeError("scantxoutset answered for another script")
    height, last = number(found.get("height"), "the scan's height"), str(found.get("bestblock"))
    if height < to.height:
        raise NodeError(f"the node is at block {height}, before {to.height}")
    for at in range(height, to.height, -1):
        last = _undo(node.call("getblock", last, FULL), last, at, coins, scripts)
    if last != to.hash:
        raise NodeError(f"block {to.hash} is not in the chain below the node's tip")
    return coins


def _undo(
    block: Any, hash: str, height: int, coins: dict[str, Coin], scripts: frozenset[str]
) -> str:
    """Take one block back; the hash of the one before it. Its transactions from last to first."""
    if not isinstance(block, Mapping) or (block.get("hash"), block.get("height")) != (hash, height):
        raise NodeError(f"the node sent another block than {hash}")
    try:
        for transaction in reversed(_list(block, "tx")):
            for paid in transaction["vout"]:
                coins.pop(f"{transaction['txid']}:{paid['n']}", None)
            for source in transaction["vin"]:
                if "coinbase" in source:
                    continue
                former = source["prevout"]
                locked = former["scriptPubKey"]["hex"]
                if locked in scripts:
                    coin = Coin(satoshi(former["value"]), locked, int(former["height"]))
                    coins[f"{source['txid']}:{source['vout']}"] = coin
        return str(block["previousblockhash"])
    except (KeyError, TypeError) as error:
        raise NodeError(f"block {hash} does not say what it spent: {error}") from error


def _unspent(row: Any) -> tuple[str, Coin]:
    try:
        coin = Coin(satoshi(row["amount"]), row["scriptPubKey"], int(row["height"]))
        return f"{row['txid']}:{row['vout']}", coin
    except (KeyError, TypeError) as error:
        raise NodeError(f"an unspent output that is not whole: {error}") from error


def satoshi(amount: Any) -> int:
    """Satoshi from the coins of an answer, exactly.

    >>> satoshi(Decimal("0.00000001"))
    1
    """
    if not isinstance(amount, int | Decimal) or isinstance(amount, bool):
        raise NodeError(f"an amount of {amount!r}")
    units = Fraction(amount) * COIN
    if units.denominator != 1 or units < 0:
        raise NodeError(f"an amount of {amount}, which is no whole number of satoshi")
    return int(units)


def _list(answer: Mapping[str, Any], name: str) -> list[Any]:
    found = answer.get(name)
    if not isinstance(found, list):
        raise NodeError(f"the node's answer has no {name}")
    return found
