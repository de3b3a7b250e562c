"""What must be on record before an unclaimed amount is given up to deposit (供託); pure.

Nothing is forfeited: whoever turns up is told where the money is, and the claim stays counted.
That coins cannot be deposited as coins, and money can, is from memory and one public account; so
are the provisions of the Civil Code named here. The number of tries and of months is a house rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from sonae.core.amount import coins
from sonae.core.calendar import add_months
from sonae.core.canonical import number_text
from sonae.core.errors import Refused
from sonae.core.text import Text

CHANNELS = ("letter", "registered_letter", "mail", "message_box", "telephone", "visit")
RESULTS = ("no_answer", "undeliverable", "reached")
GROUNDS: Mapping[str, Text] = {
    "refused": Text(
        "受領拒絶（民法第494条第1項第1号）", "acceptance refused (Civil Code Art. 494(1)(i))"
    ),
    "cannot_receive": Text(
        "受領不能（民法第494条第1項第2号）", "acceptance impossible (Civil Code Art. 494(1)(ii))"
    ),
    "creditor_unknown": Text(
        "債権者不確知（民法第494条第2項）", "the creditor cannot be known (Civil Code Art. 494(2))"
    ),
}
"""Grounds of deposit; the provisions are from memory."""
GROUNDS_CONFIDENCE = "memory"
METHODS = ("auction", "market_sale")


class Rule(NamedTuple):
    """How long and how often a person is looked for first, by how many channels."""

    tries: int
    months: int
    channels: int
    standing: str = "house"


HOUSE = Rule(tries=3, months=6, channels=2)
"""The house rule of this project; no provision says so."""


class Attempt(NamedTuple):
    """One try to reach a person: by what, when, and what came of it."""

    channel: str
    on: date
    result: str


@dataclass(frozen=True, slots=True)
class Sale:
    """Coins sold so that money can be deposited; `price` is yen for one whole coin."""

    method: str
    permission: str
    permitted_on: date
    on: date
    units: int
    price: Fraction
    proceeds: int


@dataclass(frozen=True, slots=True)
class Record:
    """All that is known of an unclaimed amount: a claim's key, its asset, and what was done.

    `kind` is `coins` or `money`; `units` are base units; `cost` is yen and named even where it is
    nothing, with who bears it.
    """

    claim: str
    asset: str
    kind: str
    scale: int
    units: int
    attempts: tuple[Attempt, ...] = ()
    ground: str = ""
    sale: Sale | None = None
    office: str = ""
    cost: int | None = None
    cost_borne_by: str = ""
    time_bar: date | None = None

    @property
    def still_claimed(self) -> int:
        """What the person may still claim, in base units: all of it, deposited or not."""
        return self.units

    @property
    def deposit(self) -> int | None:
        """Money to be deposited; None where coins are not sold. Costs are not taken off it."""
        if self.kind == "money":
            return self.units
        return None if self.sale is None else self.sale.proceeds


def may_deposit(record: Record, on: date, rule: Rule = HOUSE) -> tuple[bool, tuple[Text, ...]]:
    """Whether an amount may be deposited on a day, and everything that is still lacking.

    Raises:
        Refused: the record says what cannot be.
    """
    _check(record)
    lacking = (*_tries(record, on, rule), *_legal(record), *_sale(record, on))
    return not lacking, lacking


def _check(record: Record) -> None:
    if record.kind not in ("coins", "money") or record.units <= 0 or record.scale < 0:
        raise Refused(f"{record.claim}: coins or money, of more than nothing, is needed")
    for attempt in record.attempts:
        if attempt.channel not in CHANNELS or attempt.result not in RESULTS:
            raise Refused(
                f"{record.claim}: an attempt is by one of {', '.join(CHANNELS)}, its result one of "
                f"{', '.join(RESULTS)}"
            )
    if record.kind == "money" and record.sale is not None:
        raise Refused(f"{record.claim}: money is not sold")
    if record.cost is not None and record.cost < 0:
        raise Refused(f"{record.claim}: a cost is not below 0")


def counted(record: Record, on: date) -> tuple[Attempt, ...]:
    """Attempts up to a day in which the person was not reached, since they last were."""
    past = sorted((a for a in record.attempts if a.on <= on), key=lambda a: a.on)
    reached = max((a.on for a in past if a.result == "reached"), default=date.min)
    return tuple(a for a in past if a.on > reached)


def _tries(record: Record, on: date, rule: Rule) -> Iterator[Text]:
    found = counted(record, on)
    channels = len({a.channel for a in found})
    if len(found) < rule.tries:
        yield Text(
            f"連絡の試みが{len(found)}回で、{rule.tries}回に足りない（社内規程）",
            f"{len(found)} tries to reach the person, {rule.tries} are needed (house rule)",
        )
    if channels < rule.channels:
        yield Text(
            f"連絡の手段が{channels}種で、{rule.channels}種に足りない（社内規程）",
            f"tried by {channels} channels, {rule.channels} are needed (house rule)",
        )
    if not found or add_months(found[0].on, rule.months) > found[-1].on:
        yield Text(
            f"最初と最後の試みの間が{rule.months}か月に足りない（社内規程）",
            f"first and last try are less than {rule.months} months apart (house rule)",
        )


def _legal(record: Record) -> Iterator[Text]:
    if record.ground not in GROUNDS:
        yield Text("供託の根拠が記録されていない", "the ground of the deposit is not on record")
    if not record.office.strip():
        yield Text("供託所が記録されていない", "the deposit office is not on record")
    if record.cost is None or not record.cost_borne_by.strip():
        yield Text(
            "費用とその負担者が記録されていない", "the cost, and who bears it, is not on record"
        )
    if record.time_bar is None:
        yield Text("消滅時効の日が記録されていない", "the day of the time bar is not on record")


def _sale(record: Record, on: date) -> Iterator[Text]:
    if record.kind == "money":
        return
    sale = record.sale
    if sale is None:
        yield Text(
            "暗号資産のままでは供託できない。売却の記録がない（記憶・未確認）",
            "coins cannot be deposited as coins, and no sale is on record (from memory)",
        )
        return
    if sale.method not in METHODS:
        yield Text("売却の方法が記録されていない", "the method of the sale is not on record")
    if not sale.permission.strip() or sale.permitted_on > sale.on:
        yield Text(
            "売却前の裁判所又は当局の許可が記録されていない",
            "no permission of a court or authority before the sale is on record",
        )
    if sale.on > on:
        yield Text(f"売却日 {sale.on} が到来していない", f"the sale of {sale.on} is yet to come")
    if sale.units != record.units:
        yield Text(
            f"売却した数量 {sale.units} が対象の {record.units} と一致しない",
            f"{sale.units} were sold of {record.units}",
        )
    exact = coins(sale.units, record.scale) * sale.price
    if sale.price <= 0 or sale.proceeds != exact // 1:
        yield Text(
            f"代金 {sale.proceeds}円が数量×価格 {number_text(exact)}円（円未満切捨て）と異なる",
            f"proceeds of JPY {sale.proceeds} are not quantity times price, {number_text(exact)}, "
            "rounded down",
        )
