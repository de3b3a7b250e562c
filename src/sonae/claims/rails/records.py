"""The records of a Zengin bulk transfer file: where each field stands, and its bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate, repeat
from typing import Any

from sonae.claims.rails.kana import encode
from sonae.claims.rails.profile import BankProfile
from sonae.claims.rails.transfer import KINDS, MOST_NAME, Names, Sender, Transfer, sound

RECORD = 120
BATCH = 1024
"""Transfers looked at together: small enough to stay in the processor's cache."""
HEADER = (
    ("record", 1), ("type", 2), ("code_set", 1), ("code", 10), ("name_kana", 40), ("on", 4),
    ("bank", 4), ("bank_name", 15), ("branch", 3), ("branch_name", 15), ("kind", 1),
    ("account", 7), ("blank", 17),
)  # fmt: skip
DATA = (
    ("record", 1), ("bank", 4), ("bank_name", 15), ("branch", 3), ("branch_name", 15),
    ("clearing", 4), ("kind", 1), ("account", 7), ("name_kana", 30), ("amount", 10),
    ("new", 1), ("reference", 20), ("class", 1), ("edi", 1), ("blank", 7),
)  # fmt: skip
Layout = tuple[tuple[str, int], ...]


@lru_cache(maxsize=8)
def _cuts(layout: Layout) -> tuple[tuple[str, slice], ...]:
    ends = [*accumulate(width for _, width in layout)]
    return tuple((name, slice(end - w, end)) for (name, w), end in zip(layout, ends, strict=True))


def fields(layout: Layout, record: str) -> Mapping[str, str]:
    """The fields of a record by name, as they stand in it."""
    return {name: record[cut] for name, cut in _cuts(layout)}


def ending(profile: BankProfile) -> str:
    """What follows each record."""
    return "\r\n" if profile.record_end == "crlf" else ""


def header(sender: Sender, profile: BankProfile, month_day: str) -> bytes:
    """The first record: who pays, from which account, on which day (MMDD)."""
    name = _latin(sender.name_kana, 40, profile.symbols)
    bank = _latin(sender.bank_name, 15, profile.symbols)
    branch = _latin(sender.branch_name, 15, profile.symbols)
    record = (
        f"1210{sender.code}{name}{month_day}{sender.bank}{bank}{sender.branch}{branch}"
        f"{KINDS[sender.kind]}{sender.account}{'':17}{ending(profile)}"
    )
    return record.encode("latin-1")


class Prefixes(dict[str, str]):
    """Bank and branch -> the first 42 bytes of a transfer's record, made once for each."""

    def __init__(self, names: Names, symbols: str) -> None:
        super().__init__()
        self.names, self.symbols = names, symbols

    def __missing__(self, key: str) -> str:
        bank, branch = (_latin(n, 15, self.symbols) for n in self.names.get(key, ("", "")))
        self[key] = made = f"2{key[:4]}{bank}{key[4:]}{branch}0000"
        return made


def data(columns: Sequence[Sequence[Any]], prefixes: Prefixes, profile: BankProfile) -> bytes:
    """The records of transfers given by column, which `sound` found nothing against.

    Raises:
        UnicodeEncodeError: a name has a character that is not permitted.
    """
    tail = f"7{'Y' if profile.edi else ' '}{'':7}{ending(profile)}"
    references, banks, branches, kinds, accounts, names, amounts = columns
    padded = encode("".join(map(str.ljust, names, repeat(MOST_NAME))), profile.symbols).decode(
        "latin-1"
    )
    cut = range(0, len(padded), MOST_NAME)
    return "".join(
        [
            f"{head}{kind}{account}{padded[at : at + MOST_NAME]}{yen.zfill(10)}0{reference}{tail}"
            for head, kind, account, at, yen, reference in zip(
                map(prefixes.__getitem__, map(str.__add__, banks, branches)),
                map(KINDS.__getitem__, kinds),
                accounts,
                cut,
                map(str, amounts),
                references,
                strict=True,
            )
        ]
    ).encode("latin-1")


def closing(count: int, total: int, profile: BankProfile) -> bytes:
    """The trailer (8, count of 6, total of 12, 101 spaces) and the end (9, 119 spaces)."""
    last = ending(profile)
    return f"8{count:06}{total:012}{'':101}{last}9{'':119}{last}".encode("latin-1")


def _latin(name: str, width: int, symbols: str) -> str:
    """A name padded to its field, each byte of it as one character."""
    return encode(name.ljust(width), symbols).decode("latin-1")


def body(rows: Sequence[Transfer], profile: BankProfile, names: Names) -> list[bytes] | None:
    """The records of transfers, `BATCH` in each part; None where one cannot be written."""
    if len({t.reference for t in rows}) != len(rows):
        return None
    prefixes, parts = Prefixes(names, profile.symbols), list[bytes]()
    for start in range(0, len(rows), BATCH):
        columns = [*zip(*rows[start : start + BATCH], strict=True)]
        if not sound(columns, profile.most_amount):
            return None
        try:
            parts.append(data(columns, prefixes, profile))
        except UnicodeEncodeError:
            return None
    return parts


def between(parts: Sequence[bytes], start: int, end: int, size: int) -> Iterator[memoryview]:
    """The records from `start` to before `end`, of `size` bytes each, uncopied."""
    for n in range(start // BATCH, -(-end // BATCH)):
        first = n * BATCH
        yield memoryview(parts[n])[max(0, start - first) * size : (end - first) * size]
