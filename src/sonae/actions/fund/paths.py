"""Price paths of thirty days, and what a draft and its cover become along each of them.

Two kinds: straight lines to a house list of moves, all crypto-assets alike; and the lowest and the
highest thirty days that the Books' `history` has seen, each asset by its own prices of those days.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction

from sonae.books.facts import Facts
from sonae.close.cover import cover
from sonae.close.day import Close
from sonae.close.exposure import exposure
from sonae.close.require import CRYPTO, crypto_lines, require
from sonae.core.figure import Figure, constant, derive, weakest
from sonae.core.formula import largest, not_negative, table, total
from sonae.core.text import Text

LENGTH = 30
DAYS = tuple(range(0, LENGTH + 1, 5))
SHOCKS = {
    "unchanged": Fraction(0),
    "fall-50": Fraction(-1, 2),
    "fall-30": Fraction(-3, 10),
    "rise-30": Fraction(3, 10),
    "rise-50": Fraction(1, 2),
    "rise-100": Fraction(1),
}
"""A house list; no provision names these moves."""


@dataclass(frozen=True, slots=True)
class PricePath:
    """How crypto prices move: by day one ratio to the close for all, or a table by asset."""

    key: str
    label: Text
    kind: str
    first_day: date | None
    moves: Mapping[int, Figure]

    def factors(self, day: int, assets: Sequence[str]) -> dict[str, Figure]:
        """The ratio of each asset's price on a day of the path to its price at the close."""
        move = self.moves[day]
        if isinstance(move.value, Mapping):
            return dict(move.rows())
        return dict.fromkeys(assets, move)


def house_paths() -> list[PricePath]:
    """Straight lines from the prices of the close to each move of the house list."""
    return [
        PricePath(key, _straight_label(shock), "house", None, _straight(key, shock))
        for key, shock in SHOCKS.items()
    ]


def _straight(key: str, shock: Fraction) -> dict[int, Figure]:
    end = Figure(shock, "ratio", id=f"house:path/{key}", label=_SHOCK, standing="house")
    moves = {}
    for day in DAYS:
        value = 1 + shock * day / LENGTH
        moved = derive(f"1 + {{0}} × {day} / {LENGTH}", value, "ratio", (end,))
        moves[day] = moved.named(f"path/{key}/{day:02}#factor", _FACTOR)
    return moves


def _straight_label(shock: Fraction) -> Text:
    if not shock:
        return Text("価格不変", "prices unchanged")
    sign, share = "+" if shock > 0 else "−", abs(shock * 100)
    return Text(f"30日で{sign}{share}%", f"{sign}{share} % over 30 days")


# -- what was seen -----------------------------------------------------------------------------


def history_paths(close: Close) -> tuple[list[PricePath], Text | None]:
    """The thirty days seen with the lowest and the highest end, or why there are none.

    The end is the value that customers' crypto-assets would have on the last day.
    """
    facts, currency = close.facts, close.books.venue.currency
    needed = _assets_in_use(close)
    if close.books.table("history") is None:
        return [], Text("日次価格（history）がない", "no daily prices (history) are given")
    if not needed:
        return [], Text("価格の動く暗号資産がない", "no crypto-asset is owed, held or in reserve")
    seen = _prices_seen(close, needed)
    ends = {first: _end(close, seen, first) for first in _windows(seen, close.books.venue.on)}
    if not ends:
        names = ", ".join(a for a in needed if len(seen[a]) <= 1) or ", ".join(needed)
        return [], _NO_WINDOW.format(names=names, c=currency)
    lowest = min(sorted(ends), key=ends.__getitem__)
    highest = max(sorted(ends), key=ends.__getitem__)
    return [
        _window(facts, f"{name}-{first}", _SEEN[name].format(day=first), seen, first)
        for name, first in (("lowest", lowest), ("highest", highest))
    ], None


def _assets_in_use(close: Close) -> list[str]:
    """Crypto-assets owed, held, or in the reserve; the firm's own token counts zero there."""
    lines = crypto_lines(close.reconciliation)
    used = {x.asset for x in lines if x.units["owed"] or x.units["held"]}
    own = {r["asset"] for r in close.books.rows["assets"] if r["own_issue"]}
    reserve = {
        r["asset"] for r in close.books.table("holdings") or [] if r["owner"] == "reserve"
    } - own
    return sorted(used | (reserve & {x.asset for x in lines}))


Seen = Mapping[str, Mapping[date, Fraction]]


def _prices_seen(close: Close, needed: Sequence[str]) -> Seen:
    """Prices above zero by asset and day, in the reporting currency, up to the cut-off day."""
    venue = close.books.venue
    seen: dict[str, dict[date, Fraction]] = {asset: {} for asset in needed}
    for row in close.books.table("history") or []:
        if row["currency"] == venue.currency and row["on"] <= venue.on and row["price"] > 0:
            seen.get(row["asset"], {})[row["on"]] = row["price"]
    return seen


def _windows(seen: Seen, on: date) -> Iterator[date]:
    """First days from which every asset has a price on every day looked at."""
    for first in next(iter(seen.values())):
        if first + timedelta(LENGTH) <= on:
            days = [first + timedelta(day) for day in DAYS]
            if all(day in prices for prices in seen.values() for day in days):
                yield first


def _end(close: Close, seen: Seen, first: date) -> Fraction:
    """The value of what is owed after the window, where the close can value it."""
    prices, last, worth = close.valuations["regulatory"].prices, first + timedelta(LENGTH), []
    for line in crypto_lines(close.reconciliation):
        price = prices[line.asset].value
        if line.asset in seen and isinstance(price, Fraction):
            ratio = seen[line.asset][last] / seen[line.asset][first]
            worth.append(line["owed"].number() * price * ratio)
    return sum(worth, Fraction(0))


def _window(facts: Facts, key: str, label: Text, seen: Seen, first: date) -> PricePath:
    currency = facts.books.venue.currency

    def price(asset: str, day: date) -> Figure:
        where = f"asset = {asset}, currency = {currency}, on = {day}"
        leaf_key = f"history/{asset}/{currency}/{day}/price"
        return facts.leaf(leaf_key, seen[asset][day], f"{currency}/coin", "history", where, 1)

    moves = {}
    for day in DAYS:
        rows = {a: price(a, first + timedelta(day)) / price(a, first) for a in seen}
        named = {a: f.named(f"path/{key}/{day:02}/{a}#factor") for a, f in rows.items()}
        moves[day] = table(named).named(f"path/{key}/{day:02}#factors", _FACTOR)
    return PricePath(key, label, "history", first, moves)


_SHOCK = Text("30日間の価格変動（社内の想定）", "move over 30 days (house list)")
_FACTOR = Text("締めの価格に対する比率", "ratio to the price of the close")
_SEEN = {
    "lowest": Text(
        "実績のうち最も低く終わった30日間（{day}から）",
        "the 30 days seen that ended lowest (from {day})",
    ),
    "highest": Text(
        "実績のうち最も高く終わった30日間（{day}から）",
        "the 30 days seen that ended highest (from {day})",
    ),
}
_NO_WINDOW = Text(
    "history に、すべての暗号資産の{c}建て価格が5日ごとにそろう30日間がない（不足: {names}）",
    "history has no 30 days with a price in {c} every fifth day of every crypto-asset ({names})",
)


# -- the close along a path --------------------------------------------------------------------


class Replay:
    """The close's own steps for one draft, again at other prices; the Books are not read again."""

    def __init__(self, close: Close, rule: str, given: Figure | None = None) -> None:
        venue = replace(close.books.venue, regimes=())
        self.close, self.rule, self.given = close, rule, given
        self.facts = Facts(replace(close.books, venue=venue), close.facts.reserve)
        rows = close.books.rows["assets"]
        self.assets = [r["asset"] for r in rows if r["kind"] in CRYPTO]

    def at(self, factors: Mapping[str, Figure]) -> dict[str, Figure]:
        """Required, reserve and insurance with the crypto prices times these factors."""
        close, regulatory = self.close, self.close.valuations["regulatory"]
        prices = {a: p * factors[a] if a in factors else p for a, p in regulatory.prices.items()}
        moved = replace(regulatory, prices=prices)
        exposed = exposure(self.facts, moved)
        required = require(self.facts, close.edition, close.reconciliation, moved, exposed)
        covered = cover(self.facts, close.edition, close.reconciliation, moved, required)
        found = covered.by_regime[self.rule]
        parts = {"required": found.required, **found.going_concern}
        if self.given is not None:
            parts["reserve"] = self.given
        return {k: parts[k] for k in ("required", "reserve", "insurance")}

    def moves_with_prices(self) -> Figure:
        """The part of the reserve whose worth is that of crypto-assets."""
        now = self.at({})["reserve"]
        none = self.at(dict.fromkeys(self.assets, constant(0, "ratio")))["reserve"]
        part = recomputed(now - none, "{0} less the same at crypto prices of zero", (now,))
        return part.named("forecast#moves_with_prices", _MOVES)

    def along(self, path: PricePath) -> list[dict[str, Figure]]:
        """Required, cover by part and surplus on each day of the path."""
        now, points = self.at({}), []
        for day in DAYS:
            move, key = path.moves[day], f"forecast/{path.key}/{day:02}"
            parts = self.at(path.factors(day, self.assets))
            point = {
                name: recomputed(
                    figure, "{0} recomputed with crypto prices × {1}", (now[name], move)
                ).named(f"{key}#{name}", LABELS[name])
                for name, figure in parts.items()
            }
            whole = total([point["reserve"], point["insurance"]], point["reserve"].unit)
            point["cover"] = whole.named(f"{key}#cover", LABELS["cover"])
            for name, behind in (("surplus", "cover"), ("reserve_surplus", "reserve")):
                left = point[behind] - point["required"]
                point[name] = left.named(f"{key}#{name}", LABELS[name])
            points.append(point)
        return points


def recomputed(result: Figure, formula: str, inputs: Sequence[Figure]) -> Figure:
    """A result of running the close again, which rests on the close's figure and the move."""
    standing, confidence, assumptions = weakest((result, *inputs))
    return Figure(
        result.value,
        result.unit,
        formula=formula,
        inputs=tuple(inputs),
        cites=result.cites,
        standing=standing,
        confidence=confidence,
        assumptions=assumptions,
    )


def outcome(path: PricePath, points: Sequence[Mapping[str, Figure]], on: date) -> dict[str, Figure]:
    """First day short and worst shortfall of a path, with insurance and on the reserve alone."""
    found = {}
    for name, tail in (("surplus", ""), ("reserve_surplus", "_reserve_alone")):
        left = [point[name] for point in points]
        for key, figure in (
            (f"first_day_short{tail}", _first_short(left, on)),
            (f"worst_shortfall{tail}", largest(*[not_negative(f * -1) for f in left])),
        ):
            found[key] = figure.named(f"forecast/{path.key}#{key}", LABELS[key])
    return found


def _first_short(left: Sequence[Figure], on: date) -> Figure:
    """The first of the days looked at that is short, or none; a day that is unknown decides it."""
    for n, (day, figure) in enumerate(zip(DAYS, left, strict=True), 1):
        short = figure < 0
        if not short.computable:
            return derive("the first day short", None, "date", (short,))
        if short.truth():
            return derive("the first day short", on + timedelta(day), "date", left[:n])
    return derive("the first day short", None, "date", left)


_MOVES = Text(
    "準備金資産のうち暗号資産（価格とともに動く額）", "reserve in crypto, moving with prices"
)
LABELS = {
    "required": Text("所要額", "required reserve"),
    "reserve": Text("準備金資産", "reserve assets"),
    "insurance": Text("保険による充当", "insurance that counts"),
    "cover": Text("充当（継続時）", "cover as a going concern"),
    "surplus": Text("過不足", "surplus or shortfall"),
    "reserve_surplus": Text("過不足（保険を除く）", "surplus or shortfall, without insurance"),
    "first_day_short": Text("最初に不足する日", "first day short"),
    "worst_shortfall": Text("最大の不足額", "worst shortfall"),
    "first_day_short_reserve_alone": Text(
        "最初に不足する日（保険を除く）", "first day short, without insurance"
    ),
    "worst_shortfall_reserve_alone": Text(
        "最大の不足額（保険を除く）", "worst shortfall, without insurance"
    ),
}
