"""One transfer, who sends it, and everything that keeps one out of a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from sonae.claims.rails.kana import refused
from sonae.claims.rails.profile import MOST_AMOUNT, BankProfile
from sonae.core.errors import Problem, UsageError
from sonae.core.text import Text

Kind = Literal["ordinary", "current", "savings"]
KINDS: Mapping[str, str] = {"ordinary": "1", "current": "2", "savings": "4"}
"""預金種目: 普通, 当座, 貯蓄. Banks also know 9 (その他), which no customer's account is."""
MOST_NAME = 30
DIGITS = {"reference": 20, "bank": 4, "branch": 3, "account": 7}
Names = Mapping[str, tuple[str, str]]
"""Bank and branch numbers, seven digits -> names of bank and branch, half-width, 15 at most."""


class Transfer(NamedTuple):
    """An amount of yen to one account; `reference`, 20 digits, is what a return is matched by."""

    reference: str
    bank: str
    branch: str
    kind: Kind
    account: str
    name_kana: str
    amount: int


@dataclass(frozen=True, slots=True)
class Sender:
    """Whose account pays: what the bank assigned (`code`) and the account itself."""

    code: str
    name_kana: str
    bank: str
    bank_name: str
    branch: str
    branch_name: str
    kind: Literal["ordinary", "current"]
    account: str


def split_amount(amount: int, most: int) -> tuple[int, ...]:
    """Parts of at most `most` that sum to `amount` exactly, the largest first.

    >>> split_amount(25, 10)
    (10, 10, 5)
    """
    if amount < 1 or most < 1:
        raise UsageError(f"an amount of {amount} has no parts of at most {most}")
    full, rest = divmod(amount, most)
    return (most,) * full + ((rest,) if rest else ())


def sound(columns: Sequence[Sequence[Any]], most_amount: int) -> bool:
    """True where a batch, by column, has nothing for `problems`, names' characters apart.

    The same conditions as there, a column at a time: a million transfers need no million tests.
    """
    *texts, amounts = columns
    if any(set(map(type, c)) != {str} for c in texts) or set(map(type, amounts)) != {int}:
        return False
    references, banks, branches, kinds, accounts, names = texts
    sizes = ((references, 20), (banks, 4), (branches, 3), (accounts, 7))
    return (
        all(set(map(len, c)) == {size} and _digits("".join(c)) for c, size in sizes)
        and set(kinds) <= set(KINDS)
        and min(amounts) >= 1
        and max(amounts) <= most_amount
        and max(map(len, names)) <= MOST_NAME
        and all(names)
        and [*map(str.strip, names)] == [*names]
    )


def _digits(text: object) -> bool:
    return type(text) is str and text.isascii() and text.isdigit()


def problems(transfers: Sequence[Transfer], profile: BankProfile) -> Iterator[Problem]:
    """Everything wrong with every transfer, by its place in the order from 1 and its field."""
    twice = {r for r, n in Counter(t.reference for t in transfers).items() if n > 1}
    for row, transfer in enumerate(transfers, 1):
        for column, name, text in _faults(transfer, profile):
            yield Problem(name, "transfers", text, row=row, column=column)
        if transfer.reference in twice:
            text = Text(
                "同じ照会番号が2件以上ある。番号を振り直す",
                "another transfer has this reference; give each its own",
            )
            yield Problem("same-reference", "transfers", text, row=row, column="reference")


def form_faults(given: Mapping[str, object]) -> Iterator[tuple[str, str, Text]]:
    """Column, name and message of what no bank takes in these fields of a transfer."""
    for column, size in DIGITS.items():
        value = given.get(column, "0" * size)
        if type(value) is not str or not _digits(value) or len(value) != size:
            text = Text(f"半角数字{size}桁が必要。確認して直す", f"needs {size} digits; correct it")
            yield column, "bad-digits", text
    if type(given["kind"]) is not str or given["kind"] not in KINDS:
        known = ", ".join(KINDS)
        yield "kind", "bad-kind", Text(f"使える値: {known}", f"one of {known}")


def _faults(transfer: Transfer, profile: BankProfile) -> Iterator[tuple[str, str, Text]]:
    """Column, name and message of each fault of one transfer."""
    yield from form_faults(transfer._asdict())
    for name, text in name_faults(transfer.name_kana, MOST_NAME, profile.symbols):
        yield "name_kana", name, text
    for name, text in _amount_faults(transfer.amount, profile.most_amount):
        yield "amount", name, text


def name_faults(value: object, most: int, symbols: str) -> Iterator[tuple[str, Text]]:
    """What keeps a name out of a field of `most` characters."""
    if type(value) is not str or not value or value.strip() != value:
        yield (
            "bad-name",
            Text(
                "名義が必要。前後の空白は除く",
                "a name is needed, without spaces around it",
            ),
        )
        return
    if len(value) > most:
        yield (
            "name-too-long",
            Text(
                f"半角{most}文字を超える（{len(value)}文字）。手作業の振込に回す",
                f"longer than {most} half-width characters ({len(value)}); pay it by hand",
            ),
        )
    if odd := refused(value, symbols):
        yield (
            "not-permitted",
            Text(
                f"使えない文字がある: {odd!r}。口座の届出どおりの半角カナに直す",
                f"characters that are not permitted: {odd!r}; "
                "write the half-width kana the account is held in",
            ),
        )


def _amount_faults(amount: object, most: int) -> Iterator[tuple[str, Text]]:
    if type(amount) is not int or amount < 1:
        yield (
            "bad-amount",
            Text(
                "1円以上の整数が必要",
                "a whole number of yen from 1",
            ),
        )
    elif amount > MOST_AMOUNT:
        yield (
            "amount-too-long",
            Text(
                "10桁を超える金額。分割するか手作業の振込に回す",
                "more than ten digits; split it or pay it by hand",
            ),
        )
    elif amount > most:
        yield (
            "above-limit",
            Text(
                f"銀行の1件の上限{most}円を超える。分割するか手作業の振込に回す",
                f"above the bank's limit of {most} yen for one; split it or pay it by hand",
            ),
        )


def sender_problems(sender: Sender, profile: BankProfile) -> Iterator[Problem]:
    """Everything wrong with the sender."""
    for column, size in {"code": 10, "bank": 4, "branch": 3, "account": 7}.items():
        value = getattr(sender, column)
        if not _digits(value) or len(value) != size:
            text = Text(f"半角数字{size}桁が必要。確認して直す", f"needs {size} digits; correct it")
            yield Problem("bad-digits", "sender", text, column=column)
    if sender.kind not in ("ordinary", "current"):
        text = Text("使える値: ordinary, current", "one of ordinary, current")
        yield Problem("bad-kind", "sender", text, column="kind")
    for column, most in {"name_kana": 40, "bank_name": 15, "branch_name": 15}.items():
        for name, text in name_faults(getattr(sender, column), most, profile.symbols):
            yield Problem(name, "sender", text, column=column)


def names_problems(names: Names, profile: BankProfile) -> Iterator[Problem]:
    """Everything wrong with the names of banks and branches."""
    for key, pair in names.items():
        if not _digits(key) or len(key) != 7:
            text = Text("銀行と支店の番号7桁が必要", "seven digits, of bank and branch, needed")
            yield Problem("bad-digits", "names", text, key=key)
        for column, value in zip(("bank_name", "branch_name"), pair, strict=True):
            for name, text in name_faults(value, 15, profile.symbols) if value else ():
                yield Problem(name, "names", text, key=key, column=column)
