"""What every way to pay says of itself, and how its settings and answers are read.

A way knows its own bytes, the columns of its table of accounts, and what settles a payment; the
folder it is reached by (`actions.pay.mailbox`) and exactly-once paying are the same for all.
"""

from __future__ import annotations

import csv
import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from sonae.books.settings import toml_of, unreadable
from sonae.claims.rail import Answer, Pay, Return
from sonae.core.errors import InputError, Problem, UsageError
from sonae.core.text import Text

RETURNS = ("reference", "code", "amount", "booked")
"""Of `in/NAME.returns.csv`: what came back, why, how much, and whether it is here (yes or no)."""


LINES = ("payouts", "credits", "lines")
"""What the list of payments is called in the JSON files of the ways; each file has one."""


ROW = Text("{name} {n}行目: {what}", "{name} row {n}: {what}")
"""Where in an answer a person must look."""


class Settled(NamedTuple):
    """References with what settles them, and what a person must look at, in words."""

    done: Mapping[str, str]
    look: Sequence[Text]


class Unfit(NamedTuple):
    """Money that came back and fits no payment, or several (their references)."""

    id: str
    day: date
    amount: int
    name: str
    references: tuple[str, ...]


class Way(ABC):
    """A way to pay; what a way does otherwise it says itself.

    `name` tells kinds apart (`chain:cold`); `columns` are those its accounts need beside the
    customer's own account, `optional` may be left out or empty. `coins`: it pays coins, not money.
    """

    name: str
    suffix = ".json"
    columns: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    coins = False
    route = "transfer"
    """Which of the ways of `claims.route` it is; empty where a route leads elsewhere."""
    as_of: date | None = None
    """The day up to which its own figures know of earlier files."""

    @classmethod
    @abstractmethod
    def encode(cls, row: Mapping[str, str]) -> str:
        """A row of the table of accounts as the one text that is kept with a payment."""

    @classmethod
    def faults(cls, row: Mapping[str, str]) -> Iterator[tuple[str, str, Text]]:
        """Column, name and message of what in a row of that table could never be paid to.

        An account that is planned changes only by the call back of `pay account`, so a slip is
        told before.
        """
        yield from ()

    @abstractmethod
    def render(self, payments: Sequence[Pay], designated: date) -> bytes:
        """The bytes of a payout file."""

    def references(self, content: bytes) -> set[str]:
        """The references of the payments in a payout file; JSON may be another way's of ours.

        Raises:
            InputError, ValueError: it cannot be read.
        """
        document = json.loads(content)
        try:
            [rows] = [document[k] for k in LINES if k in document]
            return {str(row["reference"]) for row in rows}
        except (KeyError, TypeError) as error:
            raise ValueError("no list of payments with references") from error

    def told(self, payments: Sequence[Pay], designated: date, before: int) -> dict[str, Any]:
        """What whoever makes a file is told; `before` is what earlier files of it are paying."""
        return {}

    def waits(self, payments: Sequence[Pay]) -> Mapping[str, Text]:
        """Payments that are not to go into a file now, by reference, and why."""
        return {}

    def recheck(self, payments: Sequence[Pay], day: date) -> None:  # noqa: B027 - most ways have nothing to look at again
        """What may have changed since a file was made: lists, events; `day` is when it is paid.

        Raises:
            InputError: why it must not go out any more.
        """

    def answer(self, box: Path, name: str) -> Answer | None:
        """What an answer in the way's own layout says of a file; None without one."""
        return None

    def returns(self, box: Path) -> Sequence[Return]:
        """What came back, in order.

        Raises:
            InputError: every row that cannot be read.
        """
        found = list[Return]()
        for path in sorted((box / "in").glob("*.returns.csv")):
            for n, row in enumerate(read_rows(path, RETURNS), 1):
                amount, booked = whole(path, n, row["amount"]), row["booked"]
                if booked not in ("yes", "no"):
                    text = Text("bookedはyesまたはno", "booked is yes or no")
                    raise InputError([Problem("bad-cell", path.stem, text, path.name, n)])
                about = (row["reference"], row["code"], amount, booked == "yes")
                found.append(Return(len(found) + 1, *about))
        return found

    def unfit(self, box: Path) -> Sequence[Unfit]:
        """What came back and fits no payment, or several; none where returns name a reference."""
        return []

    def odd(self, box: Path) -> list[Text]:
        """Answers that cannot be read or are about another file, in words."""
        return []

    def settled(self, box: Path, name: str, payments: Sequence[Pay]) -> Settled:
        """What evidence says is settled of a file; nothing where days settle it."""
        return Settled({}, [])


# -- answers as CSV --------------------------------------------------------------------------------


def read_rows(file: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """The rows of a CSV with these columns, none of them empty; every bad row at once."""
    with file.open(newline="", encoding="utf-8-sig") as stream:
        reader = csv.DictReader(stream)
        if lacking := sorted(set(columns) - set(reader.fieldnames or ())):
            raise UsageError(f"{file}: columns are missing: {', '.join(lacking)}")
        rows = [{k: (v or "").strip() for k, v in row.items() if k} for row in reader]
    text = Text("空欄がある。値を入れる", "an empty cell; fill it in")
    if faults := [
        Problem("corrupt-row", file.stem, text, file.name, n, column=c)
        for n, row in enumerate(rows, 1)
        for c in columns
        if not row[c]
    ]:
        raise InputError(faults)
    return rows


def whole(file: Path, row: int, value: str) -> int:
    """A whole number from a cell; an InputError says where there is none."""
    if not (value.isascii() and value.isdigit()):
        text = Text("最小単位の整数が必要", "a whole number of smallest units is needed")
        raise InputError([Problem("bad-amount", file.stem, text, file.name, row)])
    return int(value)


# -- settings as TOML ------------------------------------------------------------------------------


def read_settings(file: Path) -> dict[str, Any]:
    """A TOML file of settings; a UsageError where it cannot be read."""
    try:
        return toml_of(file.read_bytes())
    except ValueError as error:
        raise unreadable(file.name, error) from error


class Settings:
    """Takes values out of settings, collects what is wrong, and leaves nothing unread."""

    def __init__(self, raw: Mapping[str, Any], file: Path) -> None:
        self.raw, self.file, self.faults = dict(raw), file, list[Problem]()

    def fault(self, key: str, ja: str, en: str) -> None:
        """Something is wrong with a key."""
        where = self.file.name
        self.faults.append(Problem("bad-setting", "rail", Text(ja, en), where, key=key))

    def table(self, raw: Any, keys: Mapping[str, type], where: str) -> dict[str, Any]:
        """A table with exactly these keys, whole numbers as text or as numbers."""
        if not isinstance(raw, Mapping):
            self.fault(where, "表が必要", "a table is needed")
            return {}
        for odd in sorted(set(raw) - set(keys)):
            self.fault(f"{where}.{odd}", "知らない項目", "an unknown key")
        found = {}
        for key, kind in keys.items():
            value: Any = raw.get(key)
            if kind is int and type(value) is str and value.isascii() and value.isdigit():
                value = int(value)
            least = isinstance(value, int) and value < 0
            if type(value) is not kind or value == "" or least:
                name = _KINDS[kind]
                self.fault(f"{where}.{key}", f"{name.ja}が必要", f"{name.en} is needed")
            found[key] = value
        return found

    def take(self, key: str, kind: type, default: Any = None) -> Any:
        """A value of a kind by its key, or the default where there is one."""
        value = self.raw.pop(key, default)
        if (value is not default and type(value) is not kind) or value is None:
            name = _KINDS[kind]
            self.fault(key, f"{name.ja}が必要", f"{name.en} is needed")
        return value

    def done(self) -> None:
        """End here, unless something is wrong.

        Raises:
            InputError: everything that is wrong, unknown keys included.
        """
        for odd in sorted(self.raw):
            self.fault(odd, "知らない項目", "an unknown key")
        if self.faults:
            raise InputError(self.faults)


_KINDS: Mapping[type, Text] = {
    str: Text("文字列", "text"),
    int: Text("0以上の整数", "a whole number from 0"),
    bool: Text("trueまたはfalse", "true or false"),
    date: Text("日付", "a day"),
    dict: Text("表", "a table"),
    list: Text("一覧", "a list"),
}
