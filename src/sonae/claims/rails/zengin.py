"""The Zengin bulk transfer file (総合振込, 全国銀行協会's layout): written and read to the byte.

120 bytes a record, in half-width JIS X 0201: a header, a record for each transfer, a trailer with
count and total, an end. Digits are right with zeros, words left with spaces.

Where the layout is from, and how sure it is (`secondary`: published by a bank or a maker of
programs, read in part; the association's own text was not read):

- header and data records: Gunma Bank's sheet of the association's layout, the layout of Sumitomo
  Mitsui's Web21, a bank's sheet for files brought in; they agree on order and widths. secondary.
- clearing-house number `0000`, kinds 1, 2, 4 and 9, CRLF or nothing after a record: Gunma Bank.
  GMO Aozora Net Bank takes zeros or spaces there and reads neither. secondary.
- new code 0 (その他), transfer class 7 (電信): Web21; GMO Aozora takes 7 or a space. secondary.
- EDI: `Y` at byte 113 makes the twenty bytes of the customer codes EDI information, passed on to
  the payee: GMO Aozora, and a public layout definition for the byte. secondary.
- trailer, six digits of count and twelve of total, end of 9 and spaces: a published sample file
  and two public programs agree; no bank's sheet was read. secondary.
- names of receiving bank and branch may be spaces: optional in Web21, not used by GMO Aozora.
  A bank may still ask for them: `names`. secondary.
- that a transfer comes back with its customer codes: no source; see `returns`. memory.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from itertools import accumulate

from sonae.claims.rails import records
from sonae.claims.rails.kana import decode
from sonae.claims.rails.profile import BankProfile
from sonae.claims.rails.records import RECORD, ending
from sonae.claims.rails.transfer import (
    KINDS,
    Names,
    Sender,
    Transfer,
    names_problems,
    problems,
    sender_problems,
)
from sonae.core.errors import InputError, Problem
from sonae.core.text import Text

_CODES = {code: kind for kind, code in KINDS.items()}


@dataclass(frozen=True, slots=True)
class ZenginFile:
    """One file as it goes to the bank, and what is signed and compared of it."""

    content: bytes
    count: int
    total: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Order:
    """What a file says, read back; `month_day` is MMDD, as a file names no year."""

    sender: Sender
    month_day: str
    transfers: tuple[Transfer, ...]
    names: Names
    total: int
    sha256: str


def write(
    transfers: Iterable[Transfer],
    sender: Sender,
    profile: BankProfile,
    on: date,
    names: Names | None = None,
) -> list[ZenginFile]:
    """The files for these transfers, in their order, each within the bank's limits.

    No transfers, no file. A new file begins only where the next transfer would break a limit.

    Raises:
        InputError: every transfer that cannot be written, with its place and field; no file.
    """
    rows, titles = [*transfers], names or {}
    faults = [*sender_problems(sender, profile), *names_problems(titles, profile)]
    parts = None if faults else records.body(rows, profile, titles)
    if parts is None:
        raise InputError([*faults, *problems(rows, profile)])
    first = records.header(sender, profile, f"{on.month:02}{on.day:02}")
    size, files = RECORD + len(ending(profile)), list[ZenginFile]()
    for start, end, total in _runs([t.amount for t in rows], profile):
        last = records.closing(end - start, total, profile)
        content = b"".join([first, *records.between(parts, start, end, size), last])
        digest = sha256(content).hexdigest()
        files.append(ZenginFile(content, end - start, total, digest))
    return files


def _runs(amounts: Sequence[int], profile: BankProfile) -> Iterator[tuple[int, int, int]]:
    """Where each file begins and ends, and its total."""
    upto = [0, *accumulate(amounts)]
    start = 0
    while start < len(amounts):
        fits = bisect_right(upto, upto[start] + profile.most_total) - 1
        end = min(start + profile.most_records, fits)
        yield start, end, upto[end] - upto[start]
        start = end


def read(content: bytes, profile: BankProfile) -> Order:
    """What a file under this profile says, accepted only where it is what `write` would write.

    Raises:
        InputError: a byte out of place anywhere, counts and totals included; all that is found.
    """
    size, faults = RECORD + len(ending(profile)), list[Problem]()
    if len(content) % size or len(content) < 4 * size:
        text = Text(
            f"{size}バイトの記録が4つ以上必要。改行の設定も確認する",
            f"needs four records or more of {size} bytes; the line ends may be others",
        )
        raise InputError([Problem("bad-length", "zengin", text)])
    rows = [content[at : at + size] for at in range(0, len(content), size)]
    texts = [_text(n, row, profile, faults) for n, row in enumerate(rows[:-2], 1)]
    if faults:
        raise InputError(faults)
    head, named = records.fields(records.HEADER, texts[0]), dict[str, tuple[str, str]]()
    sender, transfers = _sender(head), [_transfer(text, named) for text in texts[1:]]
    names = {key: pair for key, pair in named.items() if any(pair)}
    total = sum(t.amount for t in transfers)
    faults += [*sender_problems(sender, profile), *names_problems(names, profile)]
    faults += _limits(len(transfers), total, head["on"], profile)
    parts = None if faults else records.body(transfers, profile, names)
    if parts is None:
        raise InputError([*faults, *problems(transfers, profile)])
    last = records.closing(len(transfers), total, profile)
    again = b"".join([records.header(sender, profile, head["on"]), *parts, last])
    there = zip(rows, range(0, len(again), size), strict=True)
    if differ := [_differs(at // size + 1) for row, at in there if row != again[at : at + size]]:
        raise InputError(differ)
    return Order(sender, head["on"], tuple(transfers), names, total, sha256(content).hexdigest())


def _text(number: int, row: bytes, profile: BankProfile, faults: list[Problem]) -> str:
    try:
        return decode(row[:RECORD], profile.symbols)
    except UnicodeDecodeError as error:
        text = Text(
            f"{error.start + 1}バイト目が使えない文字", f"byte {error.start + 1} is not permitted"
        )
        faults.append(Problem("not-permitted", "zengin", text, row=number))
        return ""


def _sender(head: Mapping[str, str]) -> Sender:
    own = {k: head[k].rstrip(" ") for k in ("name_kana", "bank_name", "branch_name")}
    own |= {k: head[k] for k in ("code", "bank", "branch", "account")}
    return Sender(**own, kind=_CODES.get(head["kind"], head["kind"]))  # type: ignore[arg-type]


def _transfer(record: str, names: dict[str, tuple[str, str]]) -> Transfer:
    """The transfer of a record; the names in it kept where its branch has none yet.

    A later record that names the branch otherwise is then found to differ.
    """
    found = records.fields(records.DATA, record)
    pair = found["bank_name"].rstrip(" "), found["branch_name"].rstrip(" ")
    names.setdefault(found["bank"] + found["branch"], pair)
    amount, kind = found["amount"], _CODES.get(found["kind"], found["kind"])
    return Transfer(
        found["reference"],
        found["bank"],
        found["branch"],
        kind,  # type: ignore[arg-type]
        found["account"],
        found["name_kana"].rstrip(" "),
        int(amount) if amount.isascii() and amount.isdigit() else 0,
    )


def _limits(count: int, total: int, month_day: str, profile: BankProfile) -> Iterator[Problem]:
    try:
        date.fromisoformat(f"2000-{month_day[:2]}-{month_day[2:]}")
    except ValueError:
        text = Text("取組日（月日）が日付でない", "the day of the transfer is no day (MMDD)")
        yield Problem("bad-day", "zengin", text, row=1, column="on")
    if count > profile.most_records or total > profile.most_total:
        text = Text(
            "件数または合計金額が銀行の上限を超える", "count or total above the bank's limit"
        )
        yield Problem("above-limit", "zengin", text)


def _differs(number: int) -> Problem:
    text = Text(
        "記録の桁、余白、件数または合計が定められた形と異なる",
        "a field, its padding, the count or the total is not as it must be written",
    )
    return Problem("not-as-written", "zengin", text, row=number)
