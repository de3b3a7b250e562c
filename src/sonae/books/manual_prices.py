"""Prices that people enter by hand: one enters, another approves, both sign the same price.

A register is a file of signed lines, each over the one before (`core.chain`). An approval names the
entry by the digest of its bytes, so nobody approves words that they did not see.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sonae.books.rows import Fault
from sonae.books.schema import PURPOSES
from sonae.core.canonical import canonical_bytes, parse_number
from sonae.core.chain import (
    START,
    ChainError,
    Signed,
    Signer,
    Verifier,
    line,
    link,
    read_line,
    sign,
    signature_good,
)
from sonae.core.text import Text

FORMAT = "sonae-price/1"
ENTER, APPROVE = "enter", "approve"


@dataclass(frozen=True)
class ManualPrice:
    """One price as it was entered; `id` is the digest of what was signed.

    `entered`, `approved` are public keys in hexadecimal; nobody approved it yet where that is "".
    `evidence` is the SHA-256 of the file that it was read from.
    """

    id: str
    asset: str
    currency: str
    price: str
    purpose: str
    at: datetime
    evidence: str
    why: str
    entered: str
    approved: str = ""

    @property
    def about(self) -> tuple[str, str, str, datetime]:
        """What it is the price of: there is one entry for it."""
        return self.asset, self.currency, self.purpose, self.at


def entered(price: Mapping[str, str], key: Signer, now: datetime) -> bytes:
    """The words that are signed to enter a price."""
    head = {"format": FORMAT, "act": ENTER, "key": key.public.hex(), "made_at": now.isoformat()}
    return canonical_bytes({**head, **price})


def approved(id: str, key: Signer, now: datetime) -> bytes:
    """The words that are signed to approve the entry `id`."""
    head = {"format": FORMAT, "act": APPROVE, "key": key.public.hex(), "made_at": now.isoformat()}
    return canonical_bytes({**head, "of": id})


def added(register: bytes, body: bytes, key: Signer) -> bytes:
    """The register with one more line."""
    lines = register.splitlines()
    previous = bytes.fromhex(read_line(lines[-1])[1].decode()) if lines else START
    signed = sign(key, body)
    return register + line(signed, link(previous, signed)) + b"\n"


def read_register(
    register: bytes, verify: Verifier, people: Mapping[str, str]
) -> list[ManualPrice]:
    """Every price in the order of entry, by the names that `people` has for each key.

    Raises:
        Fault: a line that was edited, put elsewhere or left out, is signed by a key of nobody, or
            approves what the same person entered; says which.
    """
    found: dict[str, ManualPrice] = {}
    previous = START
    if register and not register.endswith(b"\n"):
        raise Fault("corrupt-row", _CUT)
    for row, text in enumerate(register.splitlines(), 1):
        try:
            signed, written = read_line(text)
            said = json.loads(signed.body)
            previous = link(previous, signed)
            chained = written.decode("ascii", "replace") == previous.hex()
            good = signature_good(verify, bytes.fromhex(said["key"]), signed)
            if not chained or not good or said["format"] != FORMAT:
                raise Fault("corrupt-row", _CHAIN.format(n=row))
            _take(said, signed, people, found, row)
        except (ChainError, KeyError, TypeError, ValueError) as error:
            raise Fault("corrupt-row", _LINE.format(n=row, e=str(error))) from error
    return list(found.values())


def _take(
    said: Mapping[str, Any],
    signed: Signed,
    people: Mapping[str, str],
    found: dict[str, ManualPrice],
    row: int,
) -> None:
    """One line into what stands; a Fault where it may not be."""
    key = said["key"]
    if key not in people:
        raise Fault("unknown-person", _NOBODY.format(n=row, k=key[:16]))
    if said["act"] == ENTER:
        price = _price(said, signed.digest)
        if any(p.about == price.about for p in found.values()):
            raise Fault("repeated-key", _AGAIN.format(n=row, a=price.asset, at=price.at))
        found[price.id] = price
        return
    former = found.get(said["of"]) if said["act"] == APPROVE else None
    if former is None or former.approved:
        raise Fault("corrupt-row", _NOTHING.format(n=row))
    if people[key] == people[former.entered]:
        raise Fault("same-person", _SAME.format(n=row, p=people[key]))
    found[former.id] = replace(former, approved=key)


def _price(said: Mapping[str, Any], id: str) -> ManualPrice:
    at = datetime.fromisoformat(said["at"])
    if parse_number(said["price"]) <= 0 or at.tzinfo is None or said["purpose"] not in PURPOSES:
        raise ValueError(said["price"])
    if not said["evidence"] or not said["why"]:
        raise ValueError("evidence, why")
    names = ("asset", "currency", "price", "purpose", "evidence", "why")
    return ManualPrice(id=id, at=at, entered=said["key"], **{n: str(said[n]) for n in names})


_CUT = Text("登録簿が行の途中で終わっている", "the register ends in the middle of a line")
_LINE = Text("登録簿の{n}行目を読めない: {e}", "line {n} of the register: {e}")
_CHAIN = Text(
    "登録簿の{n}行目は、前の行に続かないか、署名が合わない",
    "line {n} of the register does not follow the line before it, or its signature does not hold",
)
_NOBODY = Text(
    "登録簿の{n}行目の鍵 {k}… は設定の person にない",
    "line {n} of the register is signed by a key of no [[person]]: {k}…",
)
_AGAIN = Text(
    "登録簿の{n}行目: {a}の{at}の価格は既にある",
    "line {n}: there is a price of {a} at {at} already",
)
_NOTHING = Text(
    "登録簿の{n}行目が承認する価格がないか、承認済みである",
    "line {n} of the register approves nothing, or what is approved already",
)
_SAME = Text(
    "{p}が入力した価格は、別の者が承認する（{n}行目）",
    "{p} entered this price: somebody else approves it (line {n})",
)
