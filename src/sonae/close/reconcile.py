"""照合: what is owed against what is held, asset by asset, in the asset's own unit.

Definitions are design section 6: owed never nets one customer against another; held counts what is
the customers'; backed counts only what is proven and in date; not cold is everything not proven
cold, up to what is owed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from sonae.books.balances import DEBT
from sonae.books.facts import Facts
from sonae.books.schema import PRODUCTS
from sonae.close.regimes import japanese
from sonae.close.segregation import CUSTOMERS_MONEY, elsewhere
from sonae.core.amount import bounded, coins
from sonae.core.calendar import Calendar
from sonae.core.figure import Figure
from sonae.core.formula import not_negative, smallest, total
from sonae.core.text import Text

TIERS = ("cold", "hot", "other")
NO_TIER = "tier_not_public"
TRUSTS = ("customer_trust", "margin_trust")
CONTROL = ("signature", "send_to_self", None)
TRANSIT = ("withdrawal_in_transit", "incoming_uncredited", "unidentified")
Row = Mapping[str, Any]

LABELS = {
    "owed": Text("預かり残高（債務）", "owed"),
    "receivable": Text("利用者に対する債権（マイナス残高）", "receivable (negative balances)"),
    "margin_debt": Text("信用・証拠金の債務", "margin debt"),
    "held": Text("保有", "held"),
    "cold": Text("コールド保有", "held cold"),
    "hot": Text("ホット保有", "held hot"),
    "other": Text("その他保有", "held elsewhere"),
    "tier_not_public": Text("保有（保管区分は非公表）", "held, tier not public"),
    "guarantee": Text("履行保証暗号資産", "guarantee assets"),
    "buffer": Text("自己の混同分（バッファー）", "own coins mixed in (buffer)"),
    "backed": Text("支配証明のある保有", "backed"),
    "unproven": Text("支配証明のない保有", "unproven"),
    "proven_cold": Text("証明済みコールド", "proven cold"),
    "not_cold": Text("コールド以外", "not cold"),
    "break": Text("照合差異", "break"),
    "withdrawal_in_transit": Text("出庫処理中", "withdrawal in transit"),
    "incoming_uncredited": Text("入庫未反映", "incoming, not credited"),
    "unidentified": Text("帰属不明", "unidentified"),
    "settled": Text("信託（決済済み）", "trust money settled"),
    "instructed": Text("信託（指図済み・期限内）", "instructed, inside its clock"),
    "calculated": Text("信託（算定済み・期限内）", "calculated, inside its clock"),
}


@dataclass(frozen=True)
class Line:
    """One asset: figures by name, with the asset's kind, scale and base units owed and held."""

    asset: str
    kind: str
    scale: int
    figures: Mapping[str, Figure]
    units: Mapping[str, int]

    def __getitem__(self, name: str) -> Figure:
        return self.figures[name]


@dataclass(frozen=True)
class Trust:
    """One money trust: what customers are owed in it, and money by stage."""

    kind: str
    currency: str
    figures: Mapping[str, Figure]

    def __getitem__(self, name: str) -> Figure:
        return self.figures[name]


@dataclass(frozen=True)
class Reconciliation:
    """Lines by asset, the money trusts of the reporting currency, and what stands apart."""

    lines: Mapping[str, Line]
    trusts: Mapping[str, Trust]
    elsewhere: tuple[Row, ...]


def in_date(row: Row, on: date, days: int) -> bool:
    """True while a proof or statement is no older than the house limit."""
    proved = row["control_proved_on"]
    return proved is not None and timedelta(0) <= on - proved <= timedelta(days=days)


def reconcile(facts: Facts, cash_days: int, calendar: Calendar) -> Reconciliation:
    """One line per asset; `cash_days` is the clock within which trust money may be on its way."""
    states = _states(facts.books.balances.groups)
    apart = _in_another_name(facts)
    lines = {}
    for asset in sorted(facts.books.rows["assets"], key=lambda r: r["asset"]):
        if asset["kind"] == "fiat" and not _has_money(facts, asset["asset"], states):
            continue
        if asset["kind"] == "fiat":
            lines[asset["asset"]] = _cash_line(facts, asset, states, apart)
        else:
            lines[asset["asset"]] = _coin_line(facts, asset, states)
    trusts = _trusts(facts, states, apart, cash_days, calendar)
    return Reconciliation(lines, trusts, apart)


def _has_money(facts: Facts, currency: str, states: Mapping[str, list[Row]]) -> bool:
    """False for a currency that is listed for its exchange rate only."""
    statements = facts.books.table("statements") or []
    reporting = currency == facts.books.venue.currency
    return reporting or currency in states or any(r["currency"] == currency for r in statements)


def _states(rows: Iterable[Row]) -> dict[str, list[Row]]:
    by_asset: dict[str, list[Row]] = {}
    for row in rows:
        by_asset.setdefault(row["asset"], []).append(row)
    return by_asset


class _Maker:
    """Makes the figures of one asset from base units, each with its filter and row count."""

    def __init__(self, facts: Facts, asset: Row) -> None:
        self.facts, self.name, self.scale = facts, asset["asset"], asset["scale"]
        home = facts.books.venue.currency
        self.unit = home if asset["asset"] == home else "coin"
        self.figures: dict[str, Figure] = {}

    def fact(self, name: str, units: int, table: str, where: str, rows: int) -> Figure:
        bounded(units, f"{name} of {self.name}")
        figure = self.facts.leaf(
            f"{table}/{self.name}/{name}",
            coins(units, self.scale),
            self.unit,
            table,
            where,
            rows,
            LABELS[name],
        )
        self.figures[name] = figure
        return figure

    def made(self, name: str, figure: Figure) -> Figure:
        named = figure.named(f"reconcile/{self.name}#{name}", LABELS[name])
        self.figures[name] = named
        return named


def _balance_facts(maker: _Maker, states: Sequence[Row]) -> None:
    """Figures read off the balances: owed, receivable, debt, what is in transit."""
    asset, books = maker.name, maker.facts.books
    owed = books.owed.get(asset)
    count = sum(r["rows"] for r in states)
    where = f"asset = {asset}, state <> {DEBT}, sum by account_id, "
    maker.fact("owed", owed.owed if owed else 0, "balances", where + "above 0", count)
    maker.fact("receivable", owed.receivable if owed else 0, "balances", where + "below 0", count)
    for state, name in ((DEBT, "margin_debt"), *((s, s) for s in TRANSIT)):
        rows = [r for r in states if r["state"] == state]
        units = (
            abs(sum(r["units"] for r in rows)) if state == DEBT else sum(r["units"] for r in rows)
        )
        where_state = f"asset = {asset}, state = {state}"
        maker.fact(name, units, "balances", where_state, sum(r["rows"] for r in rows))


def _coin_line(facts: Facts, asset: Row, states: Mapping[str, list[Row]]) -> Line:
    maker, name = _Maker(facts, asset), asset["asset"]
    _balance_facts(maker, states.get(name, ()))
    away = elsewhere(facts)
    rows = [
        r
        for r in facts.books.table("holdings") or []
        if r["asset"] == name and r["holding_id"] not in away
    ]
    limit, on = facts.books.venue.house.control_proof_days, facts.books.venue.on

    def held(key: str, where: str, picked: Sequence[Row]) -> Figure:
        units = sum(r["quantity"] for r in picked)
        return maker.fact(key, units, "holdings", f"asset = {name}, {where}", len(picked))

    customer = [r for r in rows if r["owner"] == "customer"]
    proven = [r for r in customer if in_date(r, on, limit)]
    for tier in TIERS:
        held(tier, f"owner = customer, tier = {tier}", [r for r in customer if r["tier"] == tier])
    unsplit = [r for r in customer if r["tier"] is None]
    if unsplit:
        held(NO_TIER, "owner = customer, tier not public", unsplit)
    for owner in ("guarantee", "buffer"):
        picked = [r for r in rows if r["owner"] == owner]
        if asset["kind"] == "basket" and not picked:
            words = _NOT_PUBLIC.format(a=name, what=LABELS[owner])
            maker.figures[owner] = facts.absent(f"holdings/{name}/{owner}", "coin", words)
        elif owner == "guarantee":
            kept = [r for r in picked if r["tier"] == "cold" and in_date(r, on, limit)]
            held(owner, f"owner = guarantee, tier = cold, proved within {limit} days of {on}", kept)
        else:
            held(owner, f"owner = {owner}", picked)
    age = f"control_proved_on within {limit} days of {on}"
    backed = held("backed", f"owner = customer, {age}", proven)
    if unsplit:
        words = _NO_TIERS.format(a=name)
        cold = facts.absent(f"holdings/{name}/proven_cold", "coin", words)
        maker.figures["proven_cold"] = cold
    else:
        where = f"owner = customer, tier = cold, {age}, by proof of control"
        control = [r for r in proven if r["tier"] == "cold" and r["evidence"] in CONTROL]
        cold = held("proven_cold", where, control)
    figures = maker.figures
    parts = [figures[t] for t in (*TIERS, NO_TIER) if t in figures]
    whole = maker.made("held", total(parts, "coin"))
    maker.made("unproven", whole - backed)
    maker.made("break", whole - figures["owed"])
    maker.made("not_cold", not_negative(smallest(figures["owed"], whole) - cold))
    units = {
        "owed": _units(figures["owed"], asset["scale"]),
        "held": _units(whole, asset["scale"]),
    }
    return Line(name, asset["kind"], asset["scale"], figures, units)


_NOT_PUBLIC = Text(
    "{a}は総額のみ公表され、{what}は分からない",
    "{a} is a published total; {what} are not public",
)


_NO_TIERS = Text("{a}の保管区分は公表されていない", "the tiers of {a} are not public")


def _units(figure: Figure, scale: int) -> int:
    return int(figure.number() * 10**scale)


# -- money -------------------------------------------------------------------------------------


def _in_another_name(facts: Facts) -> tuple[Row, ...]:
    """Statements held in a name that is neither the entity's nor its trustee's."""
    venue = facts.books.venue
    names = {venue.entity, *venue.holders}
    return tuple(r for r in facts.books.table("statements") or [] if r["holder"] not in names)


def own_statements(facts: Facts, apart: Sequence[Row]) -> list[Row]:
    """Statements of this legal entity."""
    return [r for r in facts.books.table("statements") or [] if r not in apart]


def settled(rows: Sequence[Row], currency: str, kind: str, on: date) -> tuple[Fraction, int]:
    """The newest settled balance of each account on or before `on`, added up, and their number."""
    newest: dict[tuple[str, str | None, str], Row] = {}
    for row in rows:
        account = (row["bank"], row["branch"], row["account"])
        fits = row["currency"] == currency and row["kind"] == kind and row["stage"] == "settled"
        if fits and row["as_of"] <= on:
            known = newest.get(account)
            if known is None or row["as_of"] > known["as_of"]:
                newest[account] = row
    return sum((r["amount"] for r in newest.values()), Fraction(0)), len(newest)


def _cash_line(
    facts: Facts, asset: Row, states: Mapping[str, list[Row]], apart: Sequence[Row]
) -> Line:
    maker, name = _Maker(facts, asset), asset["asset"]
    _balance_facts(maker, states.get(name, ()))
    rows, on = own_statements(facts, apart), facts.books.venue.on
    kinds = TRUSTS if japanese(facts.books.venue) else CUSTOMERS_MONEY
    parts = []
    for kind in kinds:
        amount, count = settled(rows, name, kind, on)
        where = f"currency = {name}, kind = {kind}, stage = settled, as_of <= {on}"
        parts.append(
            facts.leaf(f"statements/{name}/{kind}", amount, maker.unit, "statements", where, count)
        )
    whole = maker.made("held", total(parts, maker.unit, " + ".join(kinds)))
    if facts.books.table("statements") is None:
        words = Text("statements がない", "table statements is not given")
        whole = facts.absent(f"statements/{name}", maker.unit, words)
        whole = maker.made("held", whole)
    maker.made("break", whole - maker.figures["owed"])
    units = {"owed": _units(maker.figures["owed"], asset["scale"])}
    return Line(name, "fiat", asset["scale"], maker.figures, units)


def _trusts(
    facts: Facts,
    states: Mapping[str, list[Row]],
    apart: Sequence[Row],
    cash_days: int,
    calendar: Calendar,
) -> dict[str, Trust]:
    """Per currency the customers' trust, and the margin trust when margin money is held or owed.

    Those of the reporting currency are keyed by kind, others by kind and currency.
    """
    trusts: dict[str, Trust] = {}
    for asset in facts.books.rows["assets"]:
        if asset["kind"] == "fiat" and _has_money(facts, asset["asset"], states):
            trusts |= _trusts_in(asset["asset"], facts, states, apart, cash_days, calendar)
    return trusts


def _trusts_in(
    currency: str,
    facts: Facts,
    states: Mapping[str, list[Row]],
    apart: Sequence[Row],
    cash_days: int,
    calendar: Calendar,
) -> dict[str, Trust]:
    money = states.get(currency, [])
    has_margin = any(r["product"] == "margin" and r["state"] != DEBT for r in money)
    rows = own_statements(facts, apart)
    margin_rows = [r for r in rows if r["kind"] == "margin_trust" and r["currency"] == currency]
    kinds = ["customer_trust"] if money or any(r["currency"] == currency for r in rows) else []
    kinds += ["margin_trust"] if has_margin or margin_rows else []
    home = currency == facts.books.venue.currency
    return {
        kind if home else f"{kind}/{currency}": _trust(
            facts, kind, currency, rows, cash_days, calendar
        )
        for kind in kinds
    }


def _trust(
    facts: Facts,
    kind: str,
    currency: str,
    rows: Sequence[Row],
    cash_days: int,
    calendar: Calendar,
) -> Trust:
    books = facts.books
    unit = currency if currency == books.venue.currency else "coin"
    owed_units, where = _trust_owed(facts, kind, currency)
    scale = next(r["scale"] for r in books.rows["assets"] if r["asset"] == currency)
    figures = {
        "owed": facts.leaf(
            f"balances/{currency}/{kind}/owed",
            coins(owed_units, scale),
            unit,
            "balances",
            where,
            books.owed[currency].accounts if currency in books.owed else 0,
            LABELS["owed"],
        )
    }
    on = books.venue.on
    amount, count = settled(rows, currency, kind, on)
    stages = {"settled": (amount, count)}
    for stage in ("instructed", "calculated"):
        moving = [
            r
            for r in rows
            if r["kind"] == kind
            and r["currency"] == currency
            and r["stage"] == stage
            and r["as_of"] <= on <= calendar.add(r["as_of"], cash_days)
        ]
        stages[stage] = (sum((r["amount"] for r in moving), Fraction(0)), len(moving))
    for stage, (amount, count) in stages.items():
        filter_ = f"currency = {currency}, kind = {kind}, stage = {stage}, as_of <= {on}"
        key = f"statements/{currency}/{kind}/{stage}"
        if books.table("statements") is None:
            words = Text("statements がない", "table statements is not given")
            figures[stage] = facts.absent(key, unit, words)
        else:
            figures[stage] = facts.leaf(
                key, amount, unit, "statements", filter_, count, LABELS[stage]
            )
    return Trust(kind, currency, figures)


def _trust_owed(facts: Facts, kind: str, currency: str) -> tuple[int, str]:
    """Customers' money per account, product margin apart from the rest; neither nets the other."""
    books = facts.books
    margin = kind == "margin_trust"
    where = (
        f"asset = {currency}, product {'=' if margin else '<>'} margin, sum by account_id, above 0"
    )
    products = [p for p in PRODUCTS if (p == "margin") == margin]
    accounts = books.owed[currency].accounts if currency in books.owed else 0
    return books.balances.owed_of(currency, products, accounts).owed, where
