"""A way to pay reached by hand: files go out into a folder, what is answered comes into another.

out/NAME.EXT            the file of a payout, written once, to be handed in by a person
in/NAME.receipt.toml    that it was taken: number, and sha256 of what was handed in
in/NAME.absent          that it was not taken and never will be: an empty file
in/…                    what came back and what is settled, in the layout of the way

Until the receipt is there a payout is unknown, and nothing of it is sent again.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from sonae.actions.pay.way import Settled, Unfit, Way
from sonae.books.settings import toml_of
from sonae.claims.rail import Answer, Pay, RailSilence, Receipt, Return
from sonae.core.errors import SonaeError
from sonae.core.text import Text

_NO_RECEIPT = Text(
    "{path}は受付の通知として読めない（number と、64桁の sha256 が必要）",
    "{path} is no receipt (it needs number, and sha256 of 64 digits)",
)
_NOT_OUT = Text(
    "{path}: {name}というファイルは書き出されていない",
    "{path}: no file {name} is out",
)
_BOTH = Text(
    "{name}: 受け付けたとの通知と、受け付けていないとの通知の両方がある",
    "{name}: told both that it was taken and that it was not",
)


class Mailbox:
    """The rail: a folder with `out` and `in`, and the way that is reached by it."""

    def __init__(self, folder: Path, way: Way) -> None:
        self.folder, self.way, self.name = folder, way, way.name

    def render(self, payments: Sequence[Pay], designated: date) -> bytes:
        """One file, as the way writes it.

        Raises:
            InputError: every payment that cannot be written; nothing is made.
            PaymentError: more than one file takes, or a payment that is for another way.
        """
        return self.way.render(payments, designated)

    def send(self, name: str, content: bytes) -> Receipt:
        """Put the file out, once; a person hands it in and puts the receipt into `in`."""
        path = self._out(name)
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
        raise RailSilence(f"{path} is out: hand it in, then put the receipt into {where}")

    def ask(self, name: str) -> Answer:
        """What `in` says of a file."""
        receipt = self.folder / "in" / f"{name}.receipt.toml"
        if receipt.is_file():
            return Answer("accepted", _receipt(receipt))
        if (self.folder / "in" / f"{name}.absent").is_file():
            return Answer("absent")
        return self.way.answer(self.folder, name) or Answer("open")

    def returns(self, since: int) -> Sequence[Return]:
        """What came back with a serial after `since`."""
        return self.way.returns(self.folder)[since:]

    def had(self, references: Sequence[str]) -> dict[str, str]:
        """Which of these payments are in a file that was put out, and in which.

        RailSilence where a file that is out cannot be read.
        """
        wanted, found = set(references), dict[str, str]()
        for path in sorted((self.folder / "out").glob(f"*{self.way.suffix}")):
            try:
                listed = self.way.references(path.read_bytes())
            except (SonaeError, ValueError) as error:
                raise RailSilence(f"{path} cannot be read: {error}") from error
            found |= dict.fromkeys(wanted.intersection(listed), path.stem)
        return found

    def recheck(self, payments: Sequence[Pay], day: date) -> None:
        """Lists and events once more, as the way has them now; an InputError says why not."""
        self.way.recheck(payments, day)

    def unfit(self) -> Sequence[Unfit]:
        """Money that came back and that a person must look at: it fits no payment, or several."""
        return self.way.unfit(self.folder)

    def odd(self) -> list[Text]:
        """Answers that cannot be read or are about a file that is not out, in words."""
        return [*self._receipts(), *self.way.odd(self.folder)]

    def _receipts(self) -> list[Text]:
        """Receipts and refusals that answer nothing, or contradict each other."""
        found, inbox = [], self.folder / "in"
        receipts = {p.name.removesuffix(".receipt.toml"): p for p in inbox.glob("*.receipt.toml")}
        absent = {p.name.removesuffix(".absent"): p for p in inbox.glob("*.absent")}
        for name, path in sorted((absent | receipts).items()):
            if not any((self.folder / "out").glob(f"{name}.*")):
                found.append(_NOT_OUT.format(path=path, name=name))
            elif name in absent and name in receipts:
                found.append(_BOTH.format(name=name))
        for path in sorted(receipts.values()):
            try:
                _receipt(path)
            except RailSilence as silence:
                found.append(silence.text)
        return found

    def settled(self, name: str, payments: Sequence[Pay]) -> Settled:
        """What `in` says is settled of a file."""
        return self.way.settled(self.folder, name, payments)

    def _out(self, name: str) -> Path:
        return self.folder / "out" / f"{name}{self.way.suffix}"


def _receipt(path: Path) -> Receipt:
    try:
        raw = toml_of(path.read_bytes())
        number, digest = str(raw["number"]), str(raw["sha256"])
    except (ValueError, KeyError) as error:
        raise RailSilence(_NO_RECEIPT.format(path=path)) from error
    if not number or len(digest) != hashlib.sha256().digest_size * 2:
        raise RailSilence(_NO_RECEIPT.format(path=path))
    return Receipt(number, digest)
