"""A day's seal: the manifest that says what its numbers mean, the trees, the header."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from sonae.core.canonical import canonical_bytes, number_text
from sonae.core.errors import Refused
from sonae.seal import tree
from sonae.seal.claims import VALUE, Claims
from sonae.seal.encoding import LIMIT, key_commitment
from sonae.seal.header import Header, Sealed, operator_hash

PARTS, MOST_PARTS = 2, 16


@dataclass(frozen=True)
class Terms:
    """What a seal is made under: its place in the chain, who seals, when the books were cut off."""

    operator: str
    cut_off: str
    time_ms: int
    seq: int
    previous: bytes
    parts: int = PARTS


@dataclass(frozen=True)
class Asset:
    """An asset as the manifest lists it; `price` is of a whole coin, None where there is none."""

    number: int
    asset: str
    kind: str
    scale: int
    chain: str | None
    contract: str | None
    price: Fraction | None


@dataclass(frozen=True)
class Seal:
    """A day sealed: what is published, and what is not (the key, the trees' leaves)."""

    header: Header
    manifest: bytes
    key: bytes
    leaves: Mapping[int, bytes]


def manifest(assets: Sequence[Asset], terms: Terms, currency: str, found: Claims) -> bytes:
    """What the header's numbers mean, as canonical JSON: nothing that the books do not decide."""
    return canonical_bytes(
        {
            "format": "sonae-seal/1",
            "cut_off": terms.cut_off,
            "assets": [
                {
                    "number": a.number,
                    "asset": a.asset,
                    "kind": a.kind,
                    "scale": a.scale,
                    "chain": a.chain,
                    "contract": a.contract,
                }
                for a in sorted(assets, key=lambda a: a.number)
            ],
            "value": {
                "number": VALUE,
                "currency": currency,
                "prices": {a.asset: _price(a.price) for a in assets},
                "rounding": "each account down to a whole unit",
                "residue": number_text(found.residue),
            },
            "excluded": [
                {"asset": asset, "why": why, "accounts": count, "units": str(units)}
                for (asset, why), (count, units) in sorted(found.excluded.items())
            ],
        }
    )


def _price(price: Fraction | None) -> str | None:
    return None if price is None else number_text(price)


def make(found: Claims, terms: Terms, said: bytes, key: bytes) -> Seal:
    """Seal the claims. The order of claims does not matter: the salts decide.

    Args:
        found: claims by asset number.
        terms: place in the chain and time.
        said: the manifest.
        key: the key of the day.

    Raises:
        Refused: an amount or a sum reaches 2^128, or two accounts have one text.
    """
    if not 1 <= terms.parts <= MOST_PARTS:
        raise Refused(f"a claim has 1 to {MOST_PARTS} parts, not {terms.parts}")
    sealed, leaves = [], {}
    for asset, claims in sorted(found.by_asset.items()):
        if any(not 0 <= amount < LIMIT for _, amount in claims):
            raise Refused(f"asset {asset}: a claim is below zero or reaches 2^128")
        made = tree.build(tree.rows_of(tree.leaves(claims, key, asset, terms.parts), asset))
        sealed.append(Sealed(asset, made.height, made.leaves, made.total, made.root))
        leaves[asset] = b"".join(made.levels[0])
    return Seal(header_of(sealed, terms, said, key), said, key, leaves)


def header_of(sealed: Sequence[Sealed], terms: Terms, said: bytes, key: bytes) -> Header:
    """The header over trees that were made, wherever that was."""
    return Header(
        terms.seq,
        terms.time_ms,
        terms.previous,
        key_commitment(key),
        operator_hash(terms.operator),
        hashlib.sha256(said).digest(),
        terms.parts,
        tuple(sealed),
    )
