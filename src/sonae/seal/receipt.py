"""A receipt: what shows a customer that a claim is in the sealed total, and nothing of others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sonae.seal import tree
from sonae.seal.encoding import account_digest
from sonae.seal.header import Header, SealError
from sonae.seal.stored import Stored, in_memory

Leaves = Callable[[int], Stored | bytes]
"""Asset number -> its tree as it is kept, or the rows of its leaves in order."""


def prove(
    header: Header, key: bytes, text: str, amounts: Mapping[int, int], leaves: Leaves
) -> dict[str, Any]:
    """The receipt of an account: every part of every amount, with its path.

    Raises:
        SealError: an amount is not in the seal as it stands.
    """
    digest, shown = account_digest(text), []
    for asset, amount in sorted(amounts.items()):
        kept, sealed = leaves(asset), header.sealed(asset)
        kept = in_memory(kept) if isinstance(kept, bytes) else kept
        for made in tree.leaves([(digest, amount)], key, asset, header.parts):
            salt, _, part, share = made
            [row] = tree.rows_of([made], asset)
            index = kept.find(salt, row)
            if index is None:
                raise SealError(f"asset {asset}, part {part}: this amount is not in the seal")
            path = kept.path(index)
            if climbed(row, index, path) != (sealed.root, sealed.total):
                raise SealError(f"asset {asset}: the leaves are not those of the header")
            shown.append(
                {
                    "asset": asset,
                    "part": part,
                    "amount": str(share),
                    "index": index,
                    "salt": salt.hex(),
                    "path": path.hex(),
                }
            )
    order: Sequence[dict[str, Any]] = sorted(shown, key=lambda s: (s["asset"], s["part"]))
    return {"header": header.pack().hex(), "account": text, "leaves": order}


def climbed(row: bytes, index: int, path: bytes) -> tuple[bytes, int]:
    """Root and total to which a leaf's path leads."""
    for level, beside in enumerate(tree.read_rows(path)):
        pair = [beside, row] if index >> level & 1 else [row, beside]
        [row] = tree.above(pair, level + 1)
    return row[:32], int.from_bytes(row[32:], "big")
