"""What an XRP payment delivered: a partial payment may deliver far less than its `Amount` says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sonae.chains.node import NodeError


def delivered(transaction: Mapping[str, Any], address: str) -> int:
    """Drops that a payment brought to an address; zero where it failed or went elsewhere.

    `transaction` is the answer of rippled's `tx` method; only `meta.delivered_amount` counts.

    Raises:
        NodeError: it is not validated yet, or does not say what was delivered.
    """
    meta = transaction.get("meta")
    if transaction.get("validated") is not True or not isinstance(meta, Mapping):
        raise NodeError("a payment that no validated ledger has yet")
    fields = transaction.get("tx_json", transaction)
    if fields.get("TransactionType") != "Payment" or fields.get("Destination") != address:
        return 0
    if meta.get("TransactionResult") != "tesSUCCESS":
        return 0
    amount = meta.get("delivered_amount")
    if isinstance(amount, Mapping):
        return 0  # another asset than XRP
    if not isinstance(amount, str) or not amount.isascii() or not amount.isdecimal():
        raise NodeError(f"the node does not say what the payment delivered: {amount!r}")
    return int(amount)
