"""A chain that splits: who is entitled to the new coin, frozen from the ledger at the split.

The new coin is held for the customers who held the old one, whatever the firm decides to do with
it; the list is made once, from the balances at the height of the split, and its digest is fixed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from sonae.core.amount import bounded
from sonae.core.canonical import digest
from sonae.core.errors import Refused
from sonae.core.finding import Finding
from sonae.core.text import Text

AFTER_LEARNING, BEFORE_SPLIT = timedelta(days=14), 1
"""Days after the firm learned of a split, and months before a planned one, for the notice."""
_NOTICE = Text(
    "{new}（{asset}の分岐）について、対応方針を利用者へ知らせる期限は{due}。"
    "分岐を知ってから2週間以内と予定日の1か月前のうち早い日とした。根拠の原文は未確認",
    "customers are to be told by {due} what is done about {new} (a split of {asset}): the earlier "
    "of two weeks after learning of it and one month before it; the text behind this was not read",
)
_PENDING = Text(
    "{new}は方針が決まるまで利用者の資産として預かる。権利者{n}口座、合計{total}（最小単位）",
    "{new} is customers' property pending a decision: {n} accounts, {total} base units in all",
)


@dataclass(frozen=True, slots=True)
class Entitled:
    """The frozen list: base units of the new coin by account, and what rounding down left over."""

    asset: str
    new: str
    height: int
    accounts: tuple[tuple[str, int], ...]
    residue: int

    @property
    def total(self) -> int:
        """What customers are entitled to, in base units of the new coin."""
        return sum(units for _, units in self.accounts)

    @property
    def digest(self) -> str:
        """SHA-256 of the list, to be fixed on the day of the split."""
        rows = [[account, str(units)] for account, units in self.accounts]
        return digest({"asset": self.asset, "new": self.new, "height": self.height, "rows": rows})


def entitled(
    balances: Iterable[tuple[str, int]], asset: str, new: str, height: int, ratio: Fraction
) -> Entitled:
    """Who gets how much of `new`: `ratio` units for each unit of `asset` owed at `height`.

    `balances` are accounts and base units owed; what is below zero is no claim. Each account is
    rounded down, and the residue stays with customers' property as one amount.

    Raises:
        Refused: an account is there twice, or the ratio is not above zero.
    """
    if ratio <= 0:
        raise Refused(f"{new}: a ratio of {ratio}")
    held: dict[str, int] = {}
    for account, units in balances:
        if account in held:
            raise Refused(f"{new}: account {account} is there twice")
        held[account] = max(units, 0)
    whole = bounded(int(sum(held.values()) * ratio), new)
    accounts = tuple((a, int(held[a] * ratio)) for a in sorted(held) if held[a])
    return Entitled(asset, new, height, accounts, whole - sum(units for _, units in accounts))


def notice_due(learned: date, planned: date | None) -> date:
    """By when customers are told; never before the day on which the firm learned of it."""
    after = learned + AFTER_LEARNING
    if planned is None:
        return after
    return max(learned, min(after, _months_before(planned, BEFORE_SPLIT)))


def findings(found: Entitled, learned: date, planned: date | None) -> list[Finding]:
    """What a split asks of people: the notice with its clock, and a decision on the new coin."""
    due = notice_due(learned, planned)
    notice = _NOTICE.format(asset=found.asset, new=found.new, due=due.isoformat())
    pending = _PENDING.format(new=found.new, n=len(found.accounts), total=found.total)
    return [
        Finding("fork-notice-due", "warning", notice, found.new, due=due),
        Finding("forked-asset-pending", "note", pending, found.new),
    ]


def _months_before(day: date, months: int) -> date:
    month = day.year * 12 + day.month - 1 - months
    year, month = divmod(month, 12)
    first_next = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return min(date(year, month + 1, 1) + timedelta(days=day.day - 1), first_next - timedelta(1))
