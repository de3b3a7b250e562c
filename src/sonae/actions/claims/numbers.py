"""Claim numbers and codes of a frozen list, and the letter that carries them.

numbers.json             the list, the last day to object, how many
private/numbers.parquet  number and account, by number; the code is kept nowhere
"""

from __future__ import annotations

import hashlib
import io
import re
import unicodedata
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sonae.actions.claims.frozen import TABLE, read_frozen
from sonae.actions.files import json_bytes, replace_folder
from sonae.actions.keys import Key, load_key
from sonae.claims.code import claim_code, claim_number
from sonae.core.amount import coins
from sonae.core.canonical import parse_number
from sonae.core.errors import Refused, UsageError
from sonae.core.text import Lang, Text
from sonae.report.notice import Entitled, Head, entitlement_notice

FORMAT = "sonae-claim-numbers/1"
DOCUMENT, NUMBERS = "numbers.json", "private/numbers.parquet"
SECRET = b"sonae-claim-codes/1"
"""The label under which a key file yields the secret of numbers and codes."""


def secret_of(key: Key) -> bytes:
    """The secret from which numbers and codes are made."""
    return key.secret(SECRET)


def fingerprint(secret: bytes) -> str:
    """What tells one secret from another without revealing it."""
    return hashlib.sha256(b"fingerprint\0" + secret).hexdigest()[:16]


def write_numbers(
    frozen: Path, key_file: Path, out: Path, told: date, object_by: date
) -> dict[str, Any]:
    """Number every claim of a frozen list; the same list and key give the same numbers.

    Raises:
        UsageError: the days are in no order, or `out` holds something else.
        Refused: the list does not hold, or two claims have one number: take another key.
    """
    if object_by <= told:
        raise UsageError("the day to object by is after that of the notice")
    if out.exists() and (not out.is_dir() or {p.name for p in out.iterdir()} - _OURS):
        raise UsageError(f"{out} holds other files; give a new or empty folder for --out")
    document, secret = read_frozen(frozen), secret_of(load_key(key_file))
    accounts = pc.unique(pq.read_table(frozen / TABLE, columns=["account"])["account"]).to_pylist()
    incident = document["incident"]
    rows = sorted((claim_number(secret, incident, a), a) for a in accounts)
    if len({number for number, _ in rows}) != len(rows):
        raise Refused("two claims have one number; take another key")
    found = {
        "format": FORMAT,
        "incident": incident,
        "list": document["table_digest"],
        "version": document["version"],
        "claims": len(rows),
        "told": told.isoformat(),
        "object_by": object_by.isoformat(),
        "secret": fingerprint(secret),
    }
    table, content = (
        pa.table({"number": [n for n, _ in rows], "account": [a for _, a in rows]}),
        (io.BytesIO()),
    )
    pq.write_table(table, content)
    replace_folder(out, {DOCUMENT: json_bytes(found), NUMBERS: content.getvalue()}, "private")
    return found


_OURS = {DOCUMENT, "private"}


def entitled_rows(frozen: Path, account: str) -> list[dict[str, Any]]:
    """What a list says of an account, a row for each asset; none where it is not on it."""
    found: list[dict[str, Any]] = pq.read_table(
        frozen / TABLE, filters=pc.field("account") == account
    ).to_pylist()
    return found


def claim_letter(
    frozen: Path,
    key_file: Path,
    account: str,
    head: Head,
    object_by: date,
    lang: Lang,
    asset: str | None = None,
    clause: str = "",
) -> str:
    """The notice of what one customer is entitled to, with claim number and code.

    The number of `head` is replaced by the claim's. One letter is about one asset.

    Raises:
        UsageError: nothing of this account and asset is on the list.
        Refused: the list does not hold, or a value looks like what no notice may say.
    """
    document, secret = read_frozen(frozen), secret_of(load_key(key_file))
    rows = [r for r in entitled_rows(frozen, account) if asset in (None, r["asset"])]
    if len(rows) != 1:
        raise UsageError(f"the list has {len(rows)} rows of {account}; name one with --asset")
    incident = document["incident"]
    number = claim_number(secret, incident, account)
    found = replace(
        entitled(document, rows[0]), object_by=object_by, clause=clause,
        code=claim_code(secret, incident, account),
    )  # fmt: skip
    return entitlement_notice(replace(head, number=number), found, lang)


def entitled(document: dict[str, Any], row: dict[str, Any]) -> Entitled:
    """A row of a frozen list in whole units, as a notice says it."""
    [method] = document["valuation"]["methods"]
    scales = {a["asset"]: a["scale"] for a in document["valuation"]["assets"]}
    scale, asset = scales[row["asset"]], row["asset"]
    lost, back = (coins(int(row[k]), scale) for k in ("lost", "in_kind"))
    rate = method["rates"].get(asset, method["terms"].get("rate"))
    day = date.fromisoformat(document["record_at"][:10])
    return Entitled(
        day, asset, lost, back,
        None if lost == back or rate is None else parse_number(rate),
        int(row["amount"]), int(row["goodwill"]), document["currency"],
        Text(method["title"]["ja"], method["title"]["en"]), method["discharge"], day,
    )  # fmt: skip


def whole(text: str, scale: int) -> int | None:
    """An amount that somebody typed, in base units; None where it is none.

    >>> whole("１，２３４", 0), whole("0.5", 1), whole("0.05", 1), whole("-1", 0), whole("1e9", 0)
    (1234, 5, None, None, None)
    """
    plain = unicodedata.normalize("NFKC", text).replace(",", "").strip()
    if not _AMOUNT.fullmatch(plain):
        return None
    value = Fraction(plain) * 10**scale
    return int(value) if value.denominator == 1 and value < 10**38 else None


_AMOUNT = re.compile(r"\d{1,38}(\.\d{1,30})?", re.ASCII)
