"""A bank reached by hand: files go out into a folder, what the bank says comes back into another.

out/NAME.txt            the Zengin file of a payout, written once, to be uploaded by a person
in/NAME.receipt.toml    that the bank took it: number, and sha256 of what was uploaded
in/NAME.absent          that the bank did not take it and will not: an empty file
in/returns-*            the bank's statements of returned funds, in its profile's layout

Until the receipt is there a payout is unknown, and nothing of it is sent again.
"""

from __future__ import annotations

import hashlib
import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from sonae.claims.payment import PaymentError
from sonae.claims.rail import Answer, Pay, RailSilence, Receipt, Return
from sonae.claims.rails import zengin
from sonae.claims.rails.profile import BankProfile, read_profile
from sonae.claims.rails.returns import Matches, match, read_returns
from sonae.claims.rails.transfer import Sender, Transfer
from sonae.core.errors import InputError, Problem, UsageError
from sonae.core.text import Text

COLUMNS = ("account", "bank", "branch", "kind", "number", "name_kana")
"""Of a table of payout accounts: the customer's account, then where the money goes."""


@dataclass(frozen=True)
class Bank:
    """Whose account pays, and the bank's terms."""

    sender: Sender
    profile: BankProfile


def read_bank(file: Path) -> Bank:
    """`bank.toml`: a table [sender], and the bank's terms beside it.

    Raises:
        InputError: what is missing or unusable.
    """
    try:
        raw = tomllib.loads(file.read_text("utf-8"), parse_float=Decimal)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} is not readable as TOML: {error}") from error
    given = raw.pop("sender", {})
    known = {f.name for f in fields(Sender)}
    if not isinstance(given, Mapping) or set(given) != known:
        need = ", ".join(sorted(known))
        text = Text(f"[sender] に要る項目: {need}", f"[sender] has exactly {need}")
        raise InputError([Problem("bad-setting", "bank", text, file.name, key="sender")])
    return Bank(Sender(**{k: str(v) for k, v in given.items()}), read_profile(raw, file.name))  # type: ignore[arg-type]


def encode(account: Mapping[str, str]) -> str:
    """A payout account as one text: bank, branch, kind, number, name."""
    return "|".join(account[k] for k in COLUMNS[1:])


def transfer(pay: Pay) -> Transfer:
    """A line of a payout as a bank transfer."""
    parts = pay.account.split("|")
    if len(parts) != len(COLUMNS) - 1:
        raise PaymentError(f"{pay.person}: {pay.account!r} is no bank account")
    bank, branch, kind, number, name = parts
    return Transfer(pay.reference, bank, branch, kind, number, name, pay.amount)  # type: ignore[arg-type]


class Mailbox:
    """The rail: a folder with `out` and `in`."""

    def __init__(self, folder: Path, bank: Bank) -> None:
        self.folder, self.bank, self.name = folder, bank, bank.profile.name

    def render(self, payments: Sequence[Pay], designated: date) -> bytes:
        """One Zengin file.

        Raises:
            InputError: every payment that cannot be written; nothing is made.
            PaymentError: more than one file takes.
        """
        found = zengin.write(
            [transfer(p) for p in payments], self.bank.sender, self.bank.profile, designated
        )
        if len(found) != 1:
            raise PaymentError(f"{len(payments)} payments do not fit one file; lower --most")
        return found[0].content

    def send(self, name: str, content: bytes) -> Receipt:
        """Put the file out, once; a person uploads it and puts the bank's receipt into `in`."""
        path = self.folder / "out" / f"{name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.folder / f".{name}.draft"  # never in `out` until it is whole
        with os.fdopen(
            os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb"
        ) as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        try:
            os.link(draft, path)
        except FileExistsError as error:
            raise RailSilence(f"{path} is out already; it is not written again") from error
        finally:
            draft.unlink()
        where = self.folder / "in"
        raise RailSilence(f"{path} is out: upload it, then put the bank's receipt into {where}")

    def ask(self, name: str) -> Answer:
        """What `in` says of a file."""
        receipt = self.folder / "in" / f"{name}.receipt.toml"
        if receipt.is_file():
            return Answer("accepted", _receipt(receipt))
        if (self.folder / "in" / f"{name}.absent").is_file():
            return Answer("absent")
        return Answer("open")

    def returns(self, since: int) -> Sequence[Return]:
        """Returned funds that fit one transfer each; `unmatched` has what fits none or several."""
        matched = [m for found in self._matches() for m in found.matched]
        every = [
            Return(n, reference, entry.remarks or by, entry.amount, booked=True)
            for n, (entry, reference, by) in enumerate(matched, 1)
        ]
        return every[since:]

    def unmatched(self) -> list[str]:
        """Returned funds that a person must look at, in words."""
        words = []
        for found in self._matches():
            words += [
                f"row {e.row}: {e.amount} of {e.name} may be {', '.join(r)}"
                for e, r in found.ambiguous
            ]
            words += [f"row {e.row}: {e.amount} of {e.name} fits nothing" for e in found.unmatched]
        return words

    def _matches(self) -> list[Matches]:
        profile = self.bank.profile
        out = [
            t
            for path in sorted((self.folder / "out").glob("*.txt"))
            for t in zengin.read(path.read_bytes(), profile).transfers
        ]
        files = sorted((self.folder / "in").glob("returns-*"))
        return [match(read_returns(path.read_bytes(), profile), out) for path in files]


def _receipt(path: Path) -> Receipt:
    try:
        raw: dict[str, Any] = tomllib.loads(path.read_text("utf-8"), parse_float=Decimal)
        number, digest = str(raw["number"]), str(raw["sha256"])
    except (ValueError, KeyError) as error:
        raise RailSilence(f"{path} is no receipt (number, sha256): {error}") from error
    if not number or len(digest) != hashlib.sha256().digest_size * 2:
        raise RailSilence(f"{path} is no receipt (number, sha256)")
    return Receipt(number, digest)
