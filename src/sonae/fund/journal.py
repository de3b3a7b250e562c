"""The fund's journals: which accounts each kind of movement may touch, and in which direction.

    asset/<id>            準備金資産             what the fund holds, by registered asset
    firm                  自己勘定               the firm's own assets, the source of contributions
    reserve/<class>       準備金                 the booked reserve: 特別法上の準備金 and its like
    expense/provision     準備金繰入額           the charge when a reserve is set aside
    equity/retained       繰越利益剰余金         what a voluntary reserve is taken from
    income/reversal       準備金戻入額           the reversal when it is used or released
    compensation/<id>     補償金                 what an incident's customers were paid
    recovery/<id>         回収金                 what was recovered after an incident
    exchange              交換差額               between two units of one exchange

Debit is positive, credit negative, each unit balances by itself. Booking follows the securities
precedent: the reserve under its own heading (特別法上の準備金), provision and reversal through
profit and loss; a voluntary reserve (任意積立金) moves within equity.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from operator import itemgetter

from sonae.core.amount import LIMIT, ceil_to
from sonae.core.canonical import parse_number
from sonae.fund.entry import Line

MOVEMENTS: Mapping[str, Mapping[str, str]] = {
    "set_aside": {
        "expense/provision": "+", "equity/retained": "+", "reserve/": "-",
        "asset/": "+", "firm": "-",
    },
    "contribute": {"asset/": "+", "firm": "-"},
    "use": {
        "compensation/": "+", "asset/": "-",
        "reserve/": "+", "income/reversal": "-", "equity/retained": "-",
    },
    "release": {
        "firm": "+", "asset/": "-",
        "reserve/": "+", "income/reversal": "-", "equity/retained": "-",
    },
    "exchange": {"asset/": "±", "exchange": "±"},
    "recover": {"asset/": "+", "recovery/": "-"},
    "correct": {
        "asset/": "±", "firm": "±", "reserve/": "±", "expense/provision": "±",
        "equity/retained": "±", "income/reversal": "±", "compensation/": "±", "recovery/": "±",
        "exchange": "±",
    },
}  # fmt: skip
"""Kind -> account (or its beginning) -> the side that may be used."""
OUTFLOWS = frozenset({"use", "release"})
"""Movements by which money leaves the fund: they need a legal basis and a releaser."""


def lines_fault(kind: str, lines: Sequence[Line], units: Mapping[str, int]) -> str | None:
    """Why these lines are no journal of that kind, as a code; None where they are."""
    sums: dict[str, int] = {}
    for account, unit, amount in lines:
        side = _side(kind, account)
        if side is None or (side != "±" and (side == "+") == (amount < 0)):
            return "wrong_account"
        if amount == 0 or not -LIMIT < amount < LIMIT:
            return "bad_line"
        sums[unit] = sums.get(unit, 0) + amount
    if not lines or len(set(map(_ACCOUNT, lines))) != len(lines):
        return "bad_line"
    if not units.keys() >= sums.keys():
        return "unknown_unit"
    return "unbalanced" if any(sums.values()) else None


@lru_cache(maxsize=1 << 16)
def _side(kind: str, account: str) -> str | None:
    sides = MOVEMENTS[kind]
    return sides.get(account[: account.find("/") + 1]) or sides.get(account)


_ACCOUNT = itemgetter(0, 1)


def amount_jpy(
    lines: Sequence[Line], units: Mapping[str, int], prices: Mapping[str, str], currency: str
) -> int | None:
    """What a movement is worth for its limits: the larger side of its asset lines, in yen.

    Without asset lines, its debits. Other units by the stated price of a whole one, rounded up to
    a yen; None where such a price is not stated.
    """
    debit = credit = charged = 0
    others = []
    for line in lines:
        account, unit, amount = line
        if unit != currency:
            others.append(line)
        elif account[:6] != "asset/":
            charged += amount if amount > 0 else 0
        elif amount > 0:
            debit += amount
        else:
            credit -= amount
    if not others:
        return max(debit, credit) or charged
    sides = [Fraction(credit), Fraction(debit)]
    for account, unit, amount in others:
        if unit not in prices:
            return None
        if account.startswith("asset/"):
            coins = Fraction(abs(amount), 10 ** units[unit])
            sides[amount > 0] += coins * parse_number(prices[unit])
    return int(ceil_to(max(sides), Fraction(1)))


def negated(lines: Iterable[Line]) -> tuple[Line, ...]:
    """The lines that undo others: what a correction posts."""
    return tuple(Line(x.account, x.unit, -x.amount) for x in lines)


def set_aside(reserve_class: str, amount: int, asset: str | None, currency: str) -> list[Line]:
    """The booked reserve rises by `amount`; with `asset`, money goes into that asset as well."""
    source = "equity/retained" if reserve_class == "voluntary_reserve" else "expense/provision"
    lines = [Line(source, currency, amount), Line(f"reserve/{reserve_class}", currency, -amount)]
    return lines + (contribute(asset, amount, currency) if asset else [])


def contribute(asset: str, amount: int, unit: str) -> list[Line]:
    """The firm's own money or coins become an asset of the fund."""
    return [Line(f"asset/{asset}", unit, amount), Line("firm", unit, -amount)]


def use(incident: str, asset: str, amount: int, unit: str) -> list[Line]:
    """An asset of the fund pays for an incident."""
    return [Line(f"compensation/{incident}", unit, amount), Line(f"asset/{asset}", unit, -amount)]


def release(asset: str, amount: int, unit: str) -> list[Line]:
    """An asset returns to the firm."""
    return [Line("firm", unit, amount), Line(f"asset/{asset}", unit, -amount)]


def reverse(reserve_class: str, amount: int, currency: str) -> list[Line]:
    """The booked reserve falls by `amount` as it is used or released."""
    voluntary = reserve_class == "voluntary_reserve"
    target = "equity/retained" if voluntary else "income/reversal"
    return [Line(f"reserve/{reserve_class}", currency, amount), Line(target, currency, -amount)]
