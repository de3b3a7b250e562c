"""評価: one price per asset from a stated hierarchy of sources, each print recorded.

The venue's own print never sets a value beside others, and alone only with evidence. A manual price
needs two people and evidence. A print older than the house limit is passed over while a fresh one
exists; how old it may be can be set source by source. A print far from the median of the others is
passed over, where the house sets how far. Regulatory, accounting and claim prices are kept apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any

from sonae.books.facts import Facts
from sonae.books.venue import Venue
from sonae.core.display import exact, fixed
from sonae.core.figure import Figure, apply, missing
from sonae.core.finding import Finding
from sonae.core.text import Text

Row = Mapping[str, Any]
MANUAL = "manual"
OUTLIER_NEEDS = 3
"""Prints below which no one can say which of them is wrong."""


@dataclass(frozen=True, slots=True)
class Print:
    """One price as given, and what the hierarchy made of it."""

    asset: str
    currency: str
    price: Fraction
    source: str
    own_venue: bool
    at: datetime
    use: str


@dataclass
class Valuation:
    """Prices in the reporting currency by asset for one purpose, every print, and findings."""

    purpose: str
    prices: dict[str, Figure] = field(default_factory=dict)
    prints: list[Print] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    chosen: dict[tuple[str, str], Figure] = field(default_factory=dict)


def value(facts: Facts, purpose: str = "regulatory") -> Valuation:
    """A price per asset in "<currency>/coin", or not computable with the reason."""
    result = Valuation(purpose)
    reporting = facts.books.venue.currency
    rows = [r for r in facts.books.table("prices") or [] if r["purpose"] == purpose]
    for asset in sorted(r["asset"] for r in facts.books.rows["assets"]):
        unit = f"{reporting}/coin"
        if asset == reporting:
            one = Figure(Fraction(1), unit, id=f"fact:{asset}/price", formula="1")
            result.prices[asset] = one
            continue
        direct = [r for r in rows if r["asset"] == asset and r["currency"] == reporting]
        if direct:
            result.prices[asset] = _choose(facts, asset, reporting, direct, result)
        else:
            result.prices[asset] = _crossed(facts, asset, reporting, rows, result)
    return result


def _crossed(
    facts: Facts, asset: str, reporting: str, rows: Sequence[Row], result: Valuation
) -> Figure:
    """A price in another currency times that currency's price; a currency also by its inverse.

    Money comes before coins: a reference rate says more of a currency than what a coin cost in it.
    """
    for currency in sorted({r["currency"] for r in rows if r["asset"] == asset}):
        first = [r for r in rows if r["asset"] == asset and r["currency"] == currency]
        second = [r for r in rows if r["asset"] == currency and r["currency"] == reporting]
        if second:
            price = _choose(facts, asset, currency, first, result)
            rate = _choose(facts, currency, reporting, second, result)
            if price.computable and rate.computable:
                return _product(price, rate, f"{reporting}/coin").named(f"fact:{asset}/price")
    money = {r["asset"] for r in facts.books.rows["assets"] if r.get("kind") == "fiat"}
    bridges = {r["asset"] for r in rows if r["currency"] == asset}
    for bridge in sorted(bridges, key=lambda b: (b not in money, b)):
        first = [r for r in rows if r["asset"] == bridge and r["currency"] == reporting]
        second = [r for r in rows if r["asset"] == bridge and r["currency"] == asset]
        if first:
            price = _choose(facts, bridge, reporting, first, result)
            rate = _choose(facts, bridge, asset, second, result)
            if price.computable and rate.computable and rate.number():
                return _ratio(price, rate, f"{reporting}/coin").named(f"fact:{asset}/price")
    return _no_price(asset, Text("価格がない", "no price is given"), reporting)


def _product(price: Figure, rate: Figure, unit: str) -> Figure:
    """A price in one currency at the rate of that currency in another."""
    return apply("{0} × {1}", unit, (price, rate), lambda: price.number() * rate.number())


def _ratio(price: Figure, rate: Figure, unit: str) -> Figure:
    """How much of the reporting currency one unit of a currency is, by a third one."""
    return apply("{0} / {1}", unit, (price, rate), lambda: price.number() / rate.number())


def _no_price(asset: str, why: Text, currency: str) -> Figure:
    reason = Text(f"{asset}の価格: {why.ja}", f"price of {asset}: {why.en}")
    return missing(f"{asset}/price", reason, f"{currency}/coin")


# -- choosing among prints -------------------------------------------------------------------


def _choose(
    facts: Facts, asset: str, currency: str, rows: Sequence[Row], result: Valuation
) -> Figure:
    """The price of an asset in a currency; the choice is made, and told, once."""
    key = (asset, currency)
    if key not in result.chosen:
        result.chosen[key] = _chosen(facts, asset, currency, rows, result)
    return result.chosen[key]


def _chosen(
    facts: Facts, asset: str, currency: str, rows: Sequence[Row], result: Valuation
) -> Figure:
    venue = facts.books.venue
    latest = _latest(rows, venue.cut_off)
    order = _order(latest, venue.price_hierarchy)
    fits: list[Row] = []
    stale: list[Row] = []
    own: list[Row] = []
    for row in order:
        if not _manual_is_sound(row, result):
            _record(result, row, "refused")
        elif row["own_venue"]:
            own.append(row)
        elif venue.cut_off - row["at"] > venue.price_limit(row["source"]):
            stale.append(row)
        else:
            fits.append(row)
    if fits and not (fits := _agreed(asset, fits, venue.price_outlier, result)):
        for row in (*stale, *own):
            _record(result, row, "recorded")
        return _no_price(asset, _NOT_AGREED, currency)
    own.sort(key=lambda r: r["evidence"] is None)
    chosen: Row | None = next(iter((*fits, *stale, *own)), None)
    if not fits and stale:
        result.findings.append(_stale(asset, stale[0], venue))
    if not fits and not stale and own:
        result.findings.append(_own_alone(asset, own[0]))
        chosen = own[0] if own[0]["evidence"] else None
        if chosen and venue.cut_off - chosen["at"] > venue.price_limit(chosen["source"]):
            result.findings.append(_stale(asset, chosen, venue))
    for row in (*fits, *stale, *own):
        _record(result, row, "used" if row is chosen else "recorded")
    if chosen is None:
        return _no_price(asset, Text("使える価格がない", "no usable print"), currency)
    if chosen["price"] == 0:
        text = _ZERO.format(a=asset, s=chosen["source"])
        result.findings.append(Finding("zero-price", "warning", text, asset))
    _flag_own(asset, chosen, own, venue.house.own_price_tolerance, result)
    where = (
        f"asset = {asset}, currency = {currency}, purpose = {result.purpose}, "
        f"source = {chosen['source']}, at = {chosen['at'].isoformat()}"
    )
    where += "".join(f", {k} = {chosen[k]}" for k in ("method", "answer") if chosen.get(k))
    return facts.leaf(
        f"{asset}/price" if currency == venue.currency else f"{asset}/{currency}/price",
        chosen["price"],
        f"{currency}/coin",
        "prices",
        where,
        1,
        Text(f"{asset}の価格（{chosen['source']}）", f"price of {asset} ({chosen['source']})"),
    )


def _latest(rows: Sequence[Row], cut_off: datetime) -> list[Row]:
    """The last print of each source at or before the cut-off."""
    newest: dict[str, Row] = {}
    for row in rows:
        if row["at"] <= cut_off:
            known = newest.get(row["source"])
            if known is None or row["at"] > known["at"]:
                newest[row["source"]] = row
    return list(newest.values())


def _order(rows: Sequence[Row], hierarchy: Sequence[str]) -> list[Row]:
    """By the hierarchy; a source it does not name comes after, by name."""
    rank = {source: n for n, source in enumerate(hierarchy)}
    return sorted(rows, key=lambda r: (rank.get(r["source"], len(rank)), r["source"]))


def _manual_is_sound(row: Row, result: Valuation) -> bool:
    """A price entered by hand needs a second person and evidence."""
    if row["entered_by"] is None and row["source"] != MANUAL:
        return True
    people = {row["entered_by"], row["approved_by"]} - {None}
    sound = len(people) == len(("maker", "checker")) and row["evidence"] is not None
    if not sound:
        result.findings.append(
            Finding(
                "manual-price-unapproved", "warning", _MANUAL.format(a=row["asset"]), row["asset"]
            )
        )
    return sound


def _record(result: Valuation, row: Row, use: str) -> None:
    result.prints.append(
        Print(
            row["asset"],
            row["currency"],
            row["price"],
            row["source"],
            row["own_venue"],
            row["at"],
            use,
        )
    )


def _agreed(
    asset: str, rows: Sequence[Row], tolerance: Fraction | None, result: Valuation
) -> list[Row]:
    """The fresh prints without outliers: further from their median than the house's share of it.

    Two prints cannot tell which of them is wrong; from three on the rule holds.
    """
    if tolerance is None or len(rows) < OUTLIER_NEEDS:
        return list(rows)
    prices = sorted(r["price"] for r in rows)
    half = len(prices) // 2
    median = prices[half] if len(prices) % 2 else (prices[half - 1] + prices[half]) / 2
    kept = []
    for row in rows:
        if abs(row["price"] - median) <= median * tolerance:
            kept.append(row)
            continue
        _record(result, row, "refused")
        gap = fixed((row["price"] - median) / median * 100, 2) if median else "—"
        text = _OUTLIER.format(
            a=asset, s=row["source"], p=exact(row["price"]), m=exact(median), gap=gap
        )
        result.findings.append(Finding("price-outlier", "warning", text, asset))
    return kept


def _stale(asset: str, row: Row, venue: Venue) -> Finding:
    limit = venue.price_limit(row["source"])
    age = int((venue.cut_off - row["at"]).total_seconds() // 60)
    text = _STALE.format(a=asset, s=row["source"], age=age, limit=int(limit.total_seconds() // 60))
    return Finding("stale-price", "warning", text, asset)


def _own_alone(asset: str, row: Row) -> Finding:
    text = _OWN_EVIDENCE if row["evidence"] else _OWN_ALONE
    severity = "warning" if row["evidence"] else "breach"
    return Finding("own-venue-price", severity, text.format(a=asset), asset)  # type: ignore[arg-type]


def _flag_own(
    asset: str, chosen: Row, own: Sequence[Row], tolerance: Fraction | None, result: Valuation
) -> None:
    """An own-venue print that differs from the value is recorded and shown beside it."""
    for row in own:
        if row is not chosen and chosen["price"] != row["price"]:
            zero = chosen["price"] == 0
            gap = Fraction(1) if zero else (row["price"] - chosen["price"]) / chosen["price"]
            text = _OWN_DIFFERS.format(
                a=asset,
                own=exact(row["price"]),
                chosen=exact(chosen["price"]),
                gap="—" if zero else fixed(gap * 100, 2),
            )
            far = zero or (tolerance is not None and abs(gap) > tolerance)
            severity = "warning" if far else "note"
            result.findings.append(
                Finding("own-venue-price-differs", severity, text, asset)  # type: ignore[arg-type]
            )


_MANUAL = Text(
    "{a}の手入力価格は、別の承認者と証憑がそろわないため使わない",
    "the manual price of {a} is not used: it needs a second person and evidence",
)
_ZERO = Text(
    "{a}を価格0（{s}）で評価しており、所要額に入らない。価格が分からないのであれば行を置かない",
    "{a} is valued at a price of zero ({s}) and counts for nothing in any requirement; where no "
    "price is known, leave the row out",
)
_STALE = Text(
    "{a}の価格は{s}の{age}分前のもので、社内基準{limit}分を超える",
    "the price of {a} is {age} minutes old ({s}); the house limit is {limit}",
)
_OUTLIER = Text(
    "{a}の価格{p}（{s}）は、各情報源の中央値{m}から{gap}%離れているため使わない",
    "the price of {a} by {s}, {p}, is {gap} % from the median of the sources, {m}; it is not used",
)
_NOT_AGREED = Text(
    "情報源の価格が互いに離れすぎていて決められない", "the sources disagree beyond the house limit"
)
_OWN_ALONE = Text(
    "{a}の価格は自社市場の値しかなく、証憑もないため評価に使わない",
    "the only price of {a} is this venue's own, without evidence; it is not used",
)
_OWN_EVIDENCE = Text(
    "{a}の評価は自社市場の価格だけに基づく（証憑あり）",
    "the value of {a} rests on this venue's own price alone (with evidence)",
)
_OWN_DIFFERS = Text(
    "{a}の自社市場の価格{own}は、評価に用いた{chosen}と{gap}%異なる",
    "this venue's own price of {a}, {own}, differs from the value used, {chosen}, by {gap} %",
)
