"""A batch of credits judged before it is booked: allow, hold for a second person, or refuse.

What is refused is refused whole: a batch is never booked in part. The reasons are all given, the
gravest decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from functools import cached_property
from operator import itemgetter
from typing import Literal, NamedTuple

from sonae.core.amount import LIMIT, coins
from sonae.core.canonical import number_text
from sonae.core.text import Text
from sonae.guard.limits import Limits, Policy

Answer = Literal["allow", "hold", "refuse"]
ANSWERS: tuple[Answer, ...] = ("allow", "hold", "refuse")
"""From the mildest to the gravest."""


class Credit(NamedTuple):
    """What one account is to get, in base units."""

    account: str
    units: int


@dataclass(frozen=True)
class Batch:
    """Credits of one asset that a ledger asks about before it books them.

    `stated_unit` and `stated_total` (whole coins) are what its maker says it comes to, written
    apart from the rows; None where nothing was said.
    """

    id: str
    asset: str
    maker: str
    checker: str | None
    credits: tuple[tuple[str, int], ...]
    stated_unit: str | None = None
    stated_total: Fraction | None = None

    @cached_property
    def total(self) -> int:
        """In base units."""
        return sum(map(itemgetter(1), self.credits))


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an asset: ledger and holdings in base units, and what was credited before.

    `read_at` is when the holdings were read. `largest_batch` is None before the first one; `usual`
    is the largest credit that an account ever got.
    """

    ledger: int
    held: int
    read_at: datetime
    largest_batch: int | None
    usual: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason for an answer: a code for machines, words for people."""

    code: str
    answer: Answer
    words: Text

    def as_json(self) -> dict[str, object]:
        """As plain values."""
        return {"code": self.code, "answer": self.answer, "words": self.words.as_json()}


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to one batch, with every reason."""

    answer: Answer
    reasons: tuple[Reason, ...]


def judge(batch: Batch, known: Known | None, policy: Policy, now: datetime) -> Verdict:
    """The gravest of all reasons; "allow" where there is none.

    `known` is None where nothing was read of the asset; what the guard then answers is the
    policy's `when_blind`.
    """
    limits = policy.assets.get(batch.asset)
    if limits is None:
        reasons = [_refuse("asset-not-listed", _NOT_LISTED.format(asset=batch.asset))]
    else:
        reasons = [*_form(batch, limits), *_people(batch, limits)]
        seen = known is not None and (now - known.read_at).total_seconds() <= limits.feed_max_age
        if known is not None and seen:
            reasons += [*_holdings(batch, known, limits), *_history(batch, known, limits)]
        else:
            reasons += _blind(batch, policy)
    grave = max((ANSWERS.index(r.answer) for r in reasons), default=0)
    return Verdict(ANSWERS[grave], tuple(reasons))


# -- what the batch itself shows -------------------------------------------------------------------


def _form(batch: Batch, limits: Limits) -> Iterator[Reason]:
    """Its rows, and whether the maker's own total and unit are those of the rows."""
    if not batch.credits:
        yield _refuse("empty", _EMPTY)
    if odd := [n for n, (_, units) in enumerate(batch.credits, 1) if not 0 < units < LIMIT]:
        yield _refuse("bad-amount", _BAD_AMOUNT.format(rows=_rows(odd)))
    if len({account for account, _ in batch.credits}) < len(batch.credits):
        seen: dict[str, int] = {}
        twice = [n for n, (a, _) in enumerate(batch.credits, 1) if seen.setdefault(a, n) != n]
        yield _hold("account-twice", _ACCOUNT_TWICE.format(rows=_rows(twice)))
    if batch.stated_unit is None or batch.stated_total is None:
        if len(batch.credits) > 1:
            yield _hold("nothing-stated", _NOTHING_STATED)
        return
    if batch.stated_unit != batch.asset:
        words = _UNIT.format(stated=batch.stated_unit, asset=batch.asset, batch=batch.id)
        yield _refuse("unit-differs", words)
    total = coins(batch.total, limits.scale)
    if batch.stated_total != total:
        words = _TOTAL.format(stated=number_text(batch.stated_total), total=number_text(total))
        yield _refuse("total-differs", words)


def _people(batch: Batch, limits: Limits) -> Iterator[Reason]:
    if not batch.maker:
        yield _refuse("no-maker", _NO_MAKER)
    if batch.checker == batch.maker:
        yield _refuse("one-person", _ONE_PERSON.format(maker=batch.maker))
    elif not batch.checker and batch.total > limits.second_person_above:
        yield _hold("no-checker", _NO_CHECKER)


# -- what it would do ------------------------------------------------------------------------------


def _holdings(batch: Batch, known: Known, limits: Limits) -> Iterator[Reason]:
    """Nobody can be given what is not there."""
    over = known.ledger + batch.total - known.held - limits.tolerance
    if over > 0:
        there = max(known.held - known.ledger, 0)
        words = _OVER.format(
            total=_coins(batch.total, limits), there=_coins(there, limits), asset=batch.asset
        )
        yield _refuse("over-holdings", words)
    for share, answer in (
        (limits.batch_refuse_share, _refuse),
        (limits.batch_hold_share, _hold),
    ):
        if batch.total > share * known.held:
            yield answer("large-share", _SHARE.format(share=f"{number_text(share * 100)}%"))
            return


def _history(batch: Batch, known: Known, limits: Limits) -> Iterator[Reason]:
    """Against batches before, and each account against its own credits before."""
    most = known.largest_batch
    if most is not None and batch.total > limits.batch_hold_times * most:
        words = _UNUSUAL_BATCH.format(
            times=number_text(limits.batch_hold_times), most=_coins(most, limits)
        )
        yield _hold("unusual-batch", words)
    first, usual = limits.account_hold_first, known.usual
    times, parts = limits.account_hold_times.as_integer_ratio()
    odd = [
        n
        for n, (account, units) in enumerate(batch.credits, 1)
        if (
            units > first
            if (before := usual.get(account)) is None
            else units * parts > times * before
        )
    ]
    if odd:
        yield _hold("unusual-credit", _UNUSUAL_CREDIT.format(rows=_rows(odd)))


def _blind(batch: Batch, policy: Policy) -> Iterator[Reason]:
    answer = next(a for a in ANSWERS if a == policy.when_blind)
    yield Reason("holdings-not-known", answer, _BLIND.format(asset=batch.asset))


# -- words -----------------------------------------------------------------------------------------


def _refuse(code: str, words: Text) -> Reason:
    return Reason(code, "refuse", words)


def _hold(code: str, words: Text) -> Reason:
    return Reason(code, "hold", words)


def _coins(units: int, limits: Limits) -> str:
    return number_text(coins(units, limits.scale))


def _rows(numbers: list[int], most: int = 10) -> str:
    """The first few rows, and how many there are in all."""
    shown = ", ".join(map(str, numbers[:most]))
    return f"{shown} … ({len(numbers):,})" if len(numbers) > most else shown


_NOT_LISTED = Text(
    "{asset} は方針の対象にない。方針に加えるまで記帳しない",
    "{asset} is not in the policy; nothing is booked until it is added",
)
_EMPTY = Text("明細がない", "there are no rows")
_BAD_AMOUNT = Text(
    "数量が正でないか大きすぎる行: {rows}",
    "rows whose quantity is not positive, or too large: {rows}",
)
_ACCOUNT_TWICE = Text(
    "同じ口座が2回出る行: {rows}。重複でないか確かめる",
    "rows that name an account again: {rows}; see whether they are repeated",
)
_NOTHING_STATED = Text(
    "作成者による単位と合計の申告がない。明細とは別に申告する",
    "the maker states no unit and total; state them apart from the rows",
)
_UNIT = Text(
    "申告された単位は {stated}、記帳する単位は {asset}（{batch}）。どちらが正しいか確かめる",
    "stated in {stated}, about to be booked in {asset} ({batch}): find out which is right",
)
_TOTAL = Text(
    "申告された合計 {stated} と明細の合計 {total} が異なる",
    "the stated total {stated} is not that of the rows, {total}",
)
_NO_MAKER = Text("作成者がない", "no maker is named")
_ONE_PERSON = Text(
    "作成者と承認者が同じ人（{maker}）。別の人が承認する",
    "maker and checker are one person ({maker}); another must check",
)
_NO_CHECKER = Text("承認者がない。別の人の承認を待つ", "no checker; it waits for a second person")
_OVER = Text(
    "合計 {total} {asset} に対し、付与できる残りは {there} {asset}。保有を超える記帳はできない",
    "{total} {asset} in all, and {there} {asset} are there to be credited: nobody can be given "
    "what is not held",
)
_SHARE = Text("保有量の {share} を超える", "more than {share} of what is held")
_UNUSUAL_BATCH = Text(
    "これまでの最大 {most} の {times} 倍を超える",
    "more than {times} times the largest before, {most}",
)
_UNUSUAL_CREDIT = Text(
    "その口座のこれまでに比べて多すぎる行: {rows}",
    "rows far above what the account got before: {rows}",
)
_BLIND = Text(
    "{asset} の保有量が分からない、または古い。方針に従って答えた",
    "what is held of {asset} is not known, or too old; the answer is the policy's",
)
