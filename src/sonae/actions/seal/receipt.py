"""Receipts: proving an account's claims from a seal's folder, and verifying what one shows."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sonae.actions.files import json_bytes
from sonae.actions.seal.folder import Folder, amounts_of
from sonae.core.errors import Refused, UsageError
from sonae.core.text import Lang, Text
from sonae.report.seal import receipt_sheet
from sonae.seal.claims import VALUE
from sonae.seal.encoding import key_commitment, normal
from sonae.seal.header import unpack
from sonae.seal.receipt import prove
from sonae.seal.verifier import verify

NOT_CHECKED = (
    Text(
        "この公表記録が、全員に示されているものと同じか（公表ハッシュ値を --header で与える）",
        "that everyone is shown this header (give the published hash with --header)",
    ),
    Text("事業者が資産を保有しているか", "that the firm holds the assets"),
    Text("ほかの利用者の残高が実在するか", "that the claims of others are real"),
)
"""What a receipt alone does not show."""


def prove_account(path: Path, account: str) -> dict[str, Any]:
    """The receipt of an account, from a seal's folder alone.

    Raises:
        UsageError: the folder has no private part, or no claim of this account.
        Refused: its key is not the one that the header commits to.
    """
    folder = Folder(path)
    header, key = folder.header(), folder.key()
    if key is None:
        raise UsageError(f"{folder.private / 'day.key'} is missing: no receipt can be made")
    if key_commitment(key) != header.key_commitment:
        raise Refused("the key of the day is not the one that the header commits to")
    text, amounts = amounts_of(folder.claims(account))
    if not amounts:
        raise UsageError(_NO_CLAIM.format(account=account))
    return prove(header, key, text, amounts, folder.tree)


def write_receipt(receipt: dict[str, Any], out: Path) -> None:
    """Write a receipt as JSON."""
    out.write_bytes(json_bytes(receipt))


def receipt_page(path: Path, receipt: dict[str, Any], lang: Lang) -> str:
    """A receipt as a page to be printed, with names and decimals from the seal's manifest."""
    folder = Folder(path)
    said = json.loads((folder.public / "manifest.json").read_bytes())
    statement = json.loads((folder.public / "sufficiency.json").read_bytes())
    assets = {a["number"]: (a["asset"], a["scale"]) for a in said["assets"]}
    assets[VALUE] = (said["value"]["currency"], 0)
    header = folder.header()
    amounts = verify(receipt, header.hash())
    view = {
        "entity": statement["entity"],
        "cut_off": said["cut_off"],
        "seq": header.seq,
        "header_hash": header.hash(),
        "account": receipt["account"],
        "amounts": [
            {"asset": assets[a][0], "scale": assets[a][1], "amount": str(n), "value": a == VALUE}
            for a, n in sorted(amounts.items())
        ],
    }
    return receipt_sheet(view, lang)


_NO_CLAIM = Text(
    "口座「{account}」の残高は封緘にない。口座番号と、資産に number があるかを確かめる",
    "the seal holds no claim of account {account!r}; see the id, and that its assets have a number",
)


def read_receipt(path: Path) -> dict[str, Any]:
    """A receipt from a file; a UsageError where it is not JSON of one object, each key once."""
    try:
        found = json.loads(path.read_text("utf-8"), object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not a receipt: {error}") from error
    if not isinstance(found, dict):
        raise UsageError(f"{path} is not a receipt")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def verify_receipt(
    path: Path, header_hash: str | None = None, account: str | None = None
) -> dict[str, Any]:
    """What a receipt shows, or which step of it fails.

    Args:
        path: the receipt.
        header_hash: the header hash as published elsewhere.
        account: the account text as its customer knows it, to be compared with the receipt's.
    """
    receipt = read_receipt(path)
    not_checked = [t.as_json() for t in (NOT_CHECKED if header_hash is None else NOT_CHECKED[1:])]
    found: dict[str, Any] = {"good": False, "failed": None, "account": receipt.get("account")}
    found |= {"header_hash": None, "seq": None, "cut_off": None, "amounts": []}
    try:
        if account is not None and normal(account) != normal(str(receipt.get("account"))):
            raise ValueError("account: the receipt is for another account text than the one given")
        amounts = verify(receipt, header_hash and "".join(header_hash.split()).lower())
    except ValueError as error:
        return {**found, "failed": str(error), "not_checked": not_checked}
    content = bytes.fromhex(receipt["header"])
    header = unpack(content)
    found |= {
        "good": True,
        "header_hash": hashlib.sha256(content).hexdigest(),
        "header_compared": header_hash is not None,
        "seq": header.seq,
        "cut_off": datetime.fromtimestamp(header.time_ms / 1000, UTC).isoformat(),
        "amounts": [{"asset": a, "amount": str(n)} for a, n in sorted(amounts.items())],
    }
    return {**found, "not_checked": not_checked}
