"""Accounts handed over to another exchange, each by consent or by a document of succession.

Nothing is lost on the way: what leaves the source accounts of an asset is what enters the target
accounts, to the unit, and an account without a target is listed and stays owed here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import NamedTuple

from sonae.core.amount import LIMIT, bounded
from sonae.core.canonical import canonical_bytes
from sonae.core.errors import InputError, Problem
from sonae.core.text import Text

FORMAT = "sonae-handover/1"
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


class Row(NamedTuple):
    """What one account holds of one asset, in its smallest unit; rows of the same are added."""

    account: str
    asset: str
    amount: int


class Consent(NamedTuple):
    """The customer agreed, on this day."""

    on: date


class Succession(NamedTuple):
    """Succession to the whole business: SHA-256 of its document."""

    document: str


class Move(NamedTuple):
    """Where an account goes, whose it is, and on what basis; `basis` None is refused."""

    account: str
    person: str
    target: str
    basis: Consent | Succession | None


class Line(NamedTuple):
    """What goes of one asset from one account to one target."""

    account: str
    target: str
    asset: str
    amount: int


@dataclass(frozen=True, slots=True)
class Handover:
    """What goes and what stays; `given` = `sent` + `left` of each asset, `sent` = `received`.

    `targets`: target and asset -> amount. `empty`: mapped accounts that hold nothing. `content`:
    canonical bytes for the other exchange, without the accounts that stay, and their SHA-256.
    """

    lines: tuple[Line, ...]
    targets: Mapping[tuple[str, str], int]
    unmapped: tuple[Row, ...]
    empty: tuple[str, ...]
    given: Mapping[str, int]
    sent: Mapping[str, int]
    received: Mapping[str, int]
    left: Mapping[str, int]
    content: bytes
    sha256: str


def handover(rows: Iterable[Row], mapping: Iterable[Move]) -> Handover:
    """Every row either on its way to the target of its account, or listed as unmapped.

    Raises:
        InputError: everything that keeps accounts from being handed over; nothing is.
    """
    given, moves = [*rows], [*mapping]
    if faults := [*_row_faults(given), *_move_faults(moves)]:
        raise InputError(faults)
    where = {m.account: m for m in moves}
    held = Counter[tuple[str, str]]()
    for row in given:
        held[row.account, row.asset] += row.amount
    each = sorted(held.items())
    lines = tuple(Line(a, where[a].target, s, n) for (a, s), n in each if a in where)
    unmapped = tuple(Row(a, s, n) for (a, s), n in each if a not in where)
    targets = Counter[tuple[str, str]]()
    for line in lines:
        targets[line.target, line.asset] += line.amount
    sent = _by_asset((line.asset, line.amount) for line in lines)
    content = _content(lines, where, sent)
    return Handover(
        lines=lines,
        targets=dict(sorted(targets.items())),
        unmapped=unmapped,
        empty=tuple(sorted(set(where) - {a for (a, _), n in each if n})),
        given=_by_asset((row.asset, row.amount) for row in given),
        sent=sent,
        received=_by_asset((asset, n) for (_, asset), n in targets.items()),
        left=_by_asset((row.asset, row.amount) for row in unmapped),
        content=content,
        sha256=sha256(content).hexdigest(),
    )


def _by_asset(parts: Iterable[tuple[str, int]]) -> dict[str, int]:
    sums = Counter[str]()
    for asset, amount in parts:
        sums[asset] += amount
    return {asset: bounded(n, f"handover of {asset}") for asset, n in sorted(sums.items())}


def _content(lines: Sequence[Line], where: Mapping[str, Move], sent: Mapping[str, int]) -> bytes:
    """Amounts as text, since readers of JSON differ."""
    accounts = dict.fromkeys(line.account for line in lines)
    return canonical_bytes(
        {
            "format": FORMAT,
            "accounts": [_account(where[a]) for a in accounts],
            "lines": [{**line._asdict(), "amount": str(line.amount)} for line in lines],
            "sums": {asset: str(amount) for asset, amount in sent.items()},
        }
    )


def _account(move: Move) -> dict[str, str]:
    basis = move.basis
    found = {"account": move.account, "target": move.target}
    if isinstance(basis, Consent):
        return {**found, "consent_on": basis.on.isoformat()}
    return {**found, "document": basis.document} if basis else found


# -- what is refused -----------------------------------------------------------------------------


def _row_faults(rows: Sequence[Row]) -> Iterator[Problem]:
    if not rows:
        text = Text("引き継ぐ残高が1件もない", "there is no balance to hand over")
        yield Problem("nothing-to-hand-over", "rows", text)
    for number, row in enumerate(rows, 1):
        for column in ("account", "asset"):
            if _blank(getattr(row, column)):
                yield Problem("id-missing", "rows", _NEEDED, row=number, column=column)
        if type(row.amount) is not int or not 0 <= row.amount < LIMIT:
            text = Text(
                "最小単位の整数で0以上が必要。マイナスの残高は先に清算する",
                "a whole number of smallest units from 0; settle what is below zero first",
            )
            yield Problem("bad-amount", "rows", text, row=number, key=row.account, column="amount")


def _move_faults(moves: Sequence[Move]) -> Iterator[Problem]:
    times = Counter(m.account for m in moves)
    owners: dict[str, set[str]] = {}
    for move in moves:
        owners.setdefault(move.target, set()).add(move.person)
    for number, move in enumerate(moves, 1):
        faults = [(c, "id-missing", _NEEDED) for c in _IDS if _blank(getattr(move, c))]
        if times[move.account] > 1:
            faults.append(("account", "two-targets", _TWICE))
        if len(owners[move.target]) > 1:
            faults.append(("target", "shared-target", _SHARED))
        if text := _basis_fault(move.basis):
            faults.append(("basis", "basis-missing", text))
        for column, name, text in faults:
            yield Problem(name, "mapping", text, row=number, key=move.account, column=column)


def _basis_fault(basis: object) -> Text | None:
    if isinstance(basis, Consent):
        return None if type(basis.on) is date else _NO_DAY
    if isinstance(basis, Succession):
        good = type(basis.document) is str and _DIGEST.fullmatch(basis.document)
        return None if good else _NO_DOCUMENT
    return _NO_BASIS


def _blank(value: object) -> bool:
    return type(value) is not str or not value.strip()


_IDS = ("account", "person", "target")
_NEEDED = Text("番号が必要", "an id is needed")
_TWICE = Text(
    "一つの口座の行が2件以上ある。引継先は一口座に一つ",
    "the account stands in two rows; an account has one target",
)
_SHARED = Text(
    "引継先に別の人の口座が混じる。一つの引継先は同一人の口座だけを受ける",
    "accounts of different persons go to this target; a target takes those of one person only",
)
_NO_BASIS = Text(
    "引継ぎの根拠（同意の日、または承継の書類）がない",
    "no basis: neither the day of a consent nor a document of succession",
)
_NO_DAY = Text("同意の日が必要", "the day of the consent is needed")
_NO_DOCUMENT = Text(
    "承継の書類のSHA-256（16進64桁）が必要",
    "needs the SHA-256 of the document of succession, 64 hexadecimal digits",
)
