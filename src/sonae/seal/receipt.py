"""A receipt: what shows a customer that a claim is in the sealed total, and nothing of others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sonae.seal import tree
from sonae.seal.encoding import ROW, account_digest
from sonae.seal.header import Header, SealError

Leaves = Callable[[int], bytes]
"""Asset number -> the rows of its leaves, in order."""


def prove(
    header: Header, key: bytes, text: str, amounts: Mapping[int, int], leaves: Leaves
) -> dict[str, Any]:
    """The receipt of an account: every part of every amount, with its path.

    Raises:
        SealError: an amount is not in the seal as it stands.
    """
    digest, shown = account_digest(text), []
    for asset, amount in sorted(amounts.items()):
        content = leaves(asset)
        whole = tree.build(tree.read_rows(content))
        if whole.root != header.sealed(asset).root:
            raise SealError(f"asset {asset}: the leaves are not those of the header")
        for made in tree.leaves([(digest, amount)], key, asset, header.parts):
            salt, _, part, share = made
            [row] = tree.rows_of([made], asset)
            index = place(content, row)
            if index is None:
                raise SealError(f"asset {asset}, part {part}: this amount is not in the seal")
            shown.append(
                {
                    "asset": asset,
                    "part": part,
                    "amount": str(share),
                    "index": index,
                    "salt": salt.hex(),
                    "path": whole.path(index).hex(),
                }
            )
    order: Sequence[dict[str, Any]] = sorted(shown, key=lambda s: (s["asset"], s["part"]))
    return {"header": header.pack().hex(), "account": text, "leaves": order}


def place(content: bytes, row: bytes) -> int | None:
    """Where a row stands among rows, None where it does not."""
    at = content.find(row)
    while at % ROW and at != -1:
        at = content.find(row, at + 1)
    return None if at == -1 else at // ROW
