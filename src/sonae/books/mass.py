"""The large tables as relations: read, checked, and summed on an engine without losing a unit.

Every row is checked in one pass; faults are counted in full and the first 1,000 of a kind are
listed. Only then are sums taken.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import pyarrow as pa

from sonae.books.engine import FILE, ROW, Engine
from sonae.books.parts import Part, is_text
from sonae.books.rows import LISTED, rest
from sonae.books.schema import BALANCES, PRODUCTS, STATES, Column, Table
from sonae.books.transcribe import Place, transcribe
from sonae.core.amount import bounded
from sonae.core.errors import Problem
from sonae.core.text import Text

UNITS = "decimal(38,0)"
DEBT = "margin_debt"
INTEGER = r"^-?[0-9]{1,38}$"
COUNT = r"^[0-9]{1,9}$"
DECIMAL = r"^-?[0-9]{1,38}(\.[0-9]+)?$"


@dataclass(frozen=True, slots=True)
class Check:
    """A fault a row may have: problem name, column, words."""

    name: str
    column: str
    message: Text


@ibis.udf.scalar.builtin
def bit_count(bits: int) -> int:  # type: ignore[empty-body]
    """How many bits are set; the same function on every engine."""


# -- reading -----------------------------------------------------------------------------------


def customers(engine: Engine, table: Table, parts: Sequence[Part], problems: list[Problem]) -> Any:
    """The customers as a relation, every row checked; None where no part can be read."""
    made = _relation(engine, table, parts, {}, problems)
    if made is None:
        return None
    whole, checks, places = made
    counts = _count(engine, whole, checks)[0]
    numbers = [counts[f"n{i}"] or 0 for i in range(len(checks))]
    problems += _listed(engine, table, whole, checks, numbers, places)
    problems += _repeated(engine, table, whole, places)
    return whole


def balances(
    engine: Engine,
    table: Table,
    parts: Sequence[Part],
    scales: Mapping[str, int],
    problems: list[Problem],
) -> Balances | None:
    """The balances, every row checked in the same pass that sums them by asset, product, state."""
    made = _relation(engine, table, parts, scales, problems)
    if made is None:
        return None
    whole, checks, places = made
    sums = {
        "above": _sum(whole.quantity, above=True),
        "below": _sum(whole.quantity, above=False),
        "rows": whole.count(),
        "low": whole.quantity.min(),
        "high": whole.quantity.max(),
    }
    groups = _count(engine, whole, checks, GROUPS, **sums)
    for group in groups:
        group["units"] = (group["above"] or 0) + (group["below"] or 0)
    numbers = [
        sum(g["rows"] for g in groups if _refused(check, g[check.column], table, scales))
        if check.column in GROUPS
        else sum(g[f"n{i}"] or 0 for g in groups)
        for i, check in enumerate(checks)
    ]
    problems += _listed(engine, table, whole, checks, numbers, places)
    return Balances(engine, whole, places, groups)


GROUPS = ("asset", "product", "state")


def _refused(check: Check, value: str | None, table: Table, scales: Mapping[str, int]) -> bool:
    """The check of a grouping column, on the group's value instead of every row."""
    if check.name == "missing-value":
        return value is None
    if check.name == "unknown-asset":
        return value is not None and value not in scales
    column = table.column(check.column)
    return value is not None and column is not None and value not in column.codes


def _relation(
    engine: Engine,
    table: Table,
    parts: Sequence[Part],
    scales: Mapping[str, int],
    problems: list[Problem],
) -> tuple[Any, list[Check], dict[str, Place]] | None:
    """One relation over all parts: the schema's columns and a boolean column per check.

    Parts of one table may differ in format and in the form of the quantity.
    """
    ready = [_ready(engine, table, part, problems) for part in parts]
    usable = [pair for pair in ready if pair is not None]
    if not usable:
        return None
    groups: dict[str, list[Part]] = {}
    for _, part in usable:
        groups.setdefault(str(sorted(part.types.items())), []).append(part)
    pieces = [_piece(engine, table, group, scales) for group in groups.values()]
    whole = pieces[0][0]
    for piece, _ in pieces[1:]:
        whole = whole.union(piece)
    return whole, pieces[0][1], {str(part.path): place for place, part in usable}


def _ready(
    engine: Engine, table: Table, part: Part, problems: list[Problem]
) -> tuple[Place, Part] | None:
    if not part.is_csv:
        return Place(part.name, ()), part
    return transcribe(part, table.name, engine.scratch(), problems)


def _piece(
    engine: Engine, table: Table, group: Sequence[Part], scales: Mapping[str, int]
) -> tuple[Any, list[Check]]:
    """Parts of one layout: canonical columns, then one boolean column per check."""
    types = group[0].types
    source = engine.scan([part.path for part in group])
    columns: dict[str, Any] = {}
    faults: list[tuple[Check, Any]] = []
    for column in table.columns:
        value, found = _column(column, source, types, scales)
        columns[column.name] = value
        faults += found
    faults += _row_checks(table, source, types)
    flags = {f"_fault{n}": flag.fill_null(True) for n, (_, flag) in enumerate(faults)}
    piece = source.select(**columns, **{FILE: source[FILE], ROW: source[ROW]}, **flags)
    return piece, [check for check, _ in faults]


def _column(
    column: Column, source: Any, types: Mapping[str, pa.DataType], scales: Mapping[str, int]
) -> tuple[Any, list[tuple[Check, Any]]]:
    if column.kind == "quantity":
        return _quantity(column, source, types, scales)
    if column.name not in types:
        kind = "int64" if column.kind == "integer" else "string"
        return ibis.null(kind), [(c, ibis.literal(False)) for c in _checks(column)]
    raw = source[column.name]
    if column.kind == "integer":
        text = raw.cast("string").nullif("")
        good = text.re_search(COUNT)
        value = good.ifelse(text, ibis.null("string")).cast("int64")
        return value, [(_checks(column)[0], text.notnull() & ~good)]
    value = raw.cast("string").nullif("")
    found = []
    for check in _checks(column):
        if check.name == "missing-value":
            found.append((check, value.isnull()))
        else:
            found.append((check, value.notnull() & ~value.isin(column.codes)))
    return value, found


def _checks(column: Column) -> list[Check]:
    """The checks of a column; the same list for every layout, so that parts can be united."""
    checks = []
    if column.kind == "integer":
        checks.append(Check("corrupt-row", column.name, _COUNT))
    elif column.required:
        checks.append(Check("missing-value", column.name, _EMPTY.format(c=column.name)))
    if column.kind == "code":
        codes = ", ".join(column.codes)
        checks.append(Check("unknown-code", column.name, _CODE.format(codes=codes)))
    return checks


def _quantity(
    column: Column, source: Any, types: Mapping[str, pa.DataType], scales: Mapping[str, int]
) -> tuple[Any, list[tuple[Check, Any]]]:
    corrupt = Check("corrupt-row", column.name, _NUMBER)
    fine = Check("wrong-scale", column.name, _SCALE)
    unknown = Check("unknown-asset", "asset", _ASSET)
    asset = source.asset.cast("string")
    unlisted = asset.notnull() & ~asset.isin(sorted(scales))
    never = ibis.literal(False)
    if column.name in types:
        raw = source[column.name]
        if not is_text(types[column.name]):
            value = raw.cast(UNITS)
            return value, [(corrupt, raw.isnull()), (fine, never), (unknown, unlisted)]
        raw = raw.cast("string")
        good = raw.re_search(INTEGER)
        value = good.ifelse(raw, ibis.null("string")).cast(UNITS)
        return value, [(corrupt, ~good), (fine, never), (unknown, unlisted)]
    text = source[f"{column.name}_decimal"].cast("string")
    good = text.re_search(DECIMAL)
    part = text.re_extract(r"\.([0-9]+)$", 1)
    scale = asset.cases(*sorted(scales.items()), else_=0)
    exceeds = good & (part.length() > scale)
    whole = text.re_extract(r"^(-?[0-9]+)", 1)
    digits = whole.concat(part.rpad(scale, "0").substr(0, scale))
    usable = good & ~exceeds & digits.re_search(INTEGER)
    value = usable.ifelse(digits, ibis.null("string")).cast(UNITS)
    bad = ~good | (~exceeds & ~digits.re_search(INTEGER))
    return value, [(corrupt, bad), (fine, exceeds), (unknown, unlisted)]


def _row_checks(table: Table, source: Any, types: Mapping[str, pa.DataType]) -> Any:
    """What holds between columns: only an unidentified balance may have no customer."""
    if table.name != "balances":
        return []
    check = Check("missing-value", "customer_id", _OWNER)
    if "customer_id" not in types:
        return [(check, source.state != "unidentified")]
    customer = source.customer_id.cast("string").nullif("")
    return [(check, customer.isnull() & (source.state != "unidentified"))]


def _count(
    engine: Engine, whole: Any, checks: Sequence[Check], by: Sequence[str] = (), **sums: Any
) -> list[dict[str, Any]]:
    """How often each check fails (`n0`, `n1`, ...), by group, with other sums of the same pass."""
    flags = {f"n{i}": whole[f"_fault{i}"].sum() for i, c in enumerate(checks) if c.column not in by}
    totals = {**sums, **flags}
    grouped = whole.group_by(*by).aggregate(**totals) if by else whole.aggregate(**totals)
    return engine.rows(grouped)


def _listed(
    engine: Engine,
    table: Table,
    whole: Any,
    checks: Sequence[Check],
    counts: Sequence[int],
    places: Mapping[str, Place],
) -> list[Problem]:
    """The first rows of each check that failed, and how many more there are."""
    problems: list[Problem] = []
    for i, (check, count) in enumerate(zip(checks, counts, strict=True)):
        if count:
            bad = whole.filter(whole[f"_fault{i}"]).order_by(FILE, ROW)
            problems += _places(engine, table, check, bad, count, places)
    return problems


def _places(
    engine: Engine, table: Table, check: Check, bad: Any, count: int, places: Mapping[str, Place]
) -> list[Problem]:
    """Rows by file and number, at most 1,000, then the rest: keys of people stay out of reports."""
    rows = engine.rows(bad.limit(LISTED).select(FILE, ROW))
    found = [
        Problem(
            check.name,
            table.name,
            check.message,
            places[row[FILE]].name,
            places[row[FILE]].row(row[ROW]),
            column=check.column,
        )
        for row in rows
    ]
    return [*found, rest(found[0], count - LISTED)] if count > LISTED else found


_EMPTY = Text("「{c}」は必須", "{c} must not be empty")
_OWNER = Text(
    "customer_id は必須（state が unidentified の行を除く）",
    "customer_id must not be empty unless the state is unidentified",
)
_CODE = Text("使えない値。使える値: {codes}", "not one of {codes}")
_COUNT = Text("0以上の整数でない", "not an integer of zero or more")
_NUMBER = Text(
    "数量でない（指数・空白・桁区切りは不可、38桁以内）",
    "not a quantity (no exponent, space or separator; at most 38 digits)",
)
_SCALE = Text("資産の桁数を超える小数がある", "a digit beyond the scale of the asset")
_ASSET = Text("資産が assets にない", "the asset is not in assets")
_REPEATED = Text("同じキーの行がほかにもある", "another row has the same key")


# -- balances: sums --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Owed:
    """What the accounts of one asset add up to, in base units.

    `owed` adds accounts above zero, `receivable` those below (as a positive number), neither with
    margin debt; `largest` is the largest single entry.
    """

    owed: int
    receivable: int
    accounts: int
    below_zero: int
    largest: int


class Balances:
    """The balances of a Books on an engine.

    `groups` holds one row per asset, product and state: units, rows, low, high.
    """

    def __init__(
        self,
        engine: Engine,
        relation: Any,
        places: Mapping[str, Place],
        groups: Sequence[Mapping[str, Any]],
    ) -> None:
        self.engine, self.table, self.places = engine, relation, places
        self.groups = sorted(groups, key=lambda g: tuple(str(g[k]) for k in GROUPS))

    def debt_signs(self) -> tuple[int, int]:
        """Least and greatest margin debt; both signs in one Books cannot be told apart."""
        debts = [g for g in self.groups if g["state"] == DEBT and g["low"] is not None]
        return min((g["low"] for g in debts), default=0), max((g["high"] for g in debts), default=0)

    def counts(self) -> tuple[dict[str, int], int]:
        """Accounts per asset, and accounts in which a key stands twice, in one pass.

        Each (product, state) is a bit: fewer bits than rows means that one is repeated.
        """
        t = self.table
        accounts = t.group_by("account_id", "asset").aggregate(
            rows=t.count(), bits=_bit(t).bit_or()
        )
        per_asset = accounts.group_by("asset").aggregate(
            accounts=accounts.count(), repeated=(bit_count(accounts.bits) < accounts.rows).sum()
        )
        rows = self.engine.rows(per_asset)
        return {r["asset"]: r["accounts"] for r in rows}, sum(r["repeated"] or 0 for r in rows)

    def owed(self, accounts: Mapping[str, int]) -> dict[str, Owed]:
        """Per asset: accounts summed over their states but margin debt, floored at zero."""
        return {
            asset: self.owed_of(asset, PRODUCTS, accounts[asset])
            for asset in dict.fromkeys(g["asset"] for g in self.groups)
        }

    def owed_of(self, asset: str, products: Sequence[str], accounts: int) -> Owed:
        """The same for some products of one asset, which then do not net the others.

        Where no entry is below zero no account is either, and the sums of the groups are the
        answer; only otherwise is the floor taken account by account.
        """
        groups = [
            g
            for g in self.groups
            if g["asset"] == asset and g["product"] in products and g["state"] != DEBT
        ]
        largest = max((g["high"] for g in groups), default=0)
        above, below, count = sum(g["units"] for g in groups), 0, 0
        if any(g["low"] < 0 for g in groups):
            above, below, count = self._floored(asset, products)
        return Owed(
            bounded(above, f"owed of {asset}"),
            bounded(-below, f"receivable of {asset}"),
            accounts,
            count,
            largest,
        )

    def _floored(self, asset: str, products: Sequence[str]) -> tuple[int, int, int]:
        t = self.table
        t = t.filter((t.asset == asset) & t["product"].isin(products) & (t.state != DEBT))
        accounts = t.group_by("account_id").aggregate(net=_net(t, t.state != DEBT))
        net, zero = accounts.net, _zero()
        row = self.engine.rows(
            accounts.aggregate(
                above=net.sum(where=net > zero).cast(UNITS),
                below=net.sum(where=net < zero).cast(UNITS),
                count=(net < zero).sum(),
            )
        )[0]
        return row["above"] or 0, row["below"] or 0, row["count"] or 0

    def repeated(self) -> list[Problem]:
        """The rows whose key stands more than once."""
        return _repeated(self.engine, BALANCES, self.table, self.places)

    def people(self) -> tuple[int, int]:
        """People with a balance, and those with more than one account."""
        t = self.table.filter(self.table.customer_id.notnull())
        each = t.group_by("customer_id").aggregate(
            first=t.account_id.min(), last=t.account_id.max()
        )
        row = self.engine.rows(
            each.aggregate(people=each.count(), several=(each.first != each.last).sum())
        )[0]
        return row["people"], row["several"] or 0

    def unknown_customers(self, customers_: Any) -> list[Problem]:
        """Balances whose customer is not in `customers`."""
        t = self.table.filter(self.table.customer_id.notnull())
        missing = t.anti_join(customers_, "customer_id")
        check = Check("unknown-customer", "customer_id", _CUSTOMER)
        return _found(self.engine, BALANCES, check, missing, (FILE, ROW), self.places)

    def debtors(self, assets_below_zero: Sequence[str]) -> Iterator[list[dict[str, Any]]]:
        """Batches of account, asset, net units and margin debt of every account that owes."""
        t = self.table
        owing = t.filter(t.state == DEBT).select("account_id").distinct()
        if assets_below_zero:
            some = t.filter(t.asset.isin(assets_below_zero) & (t.state != DEBT))
            net = some.group_by("account_id", "asset").aggregate(net=_net(some, some.state != DEBT))
            below = net.filter(net.net < _zero()).select("account_id").distinct()
            owing = owing.union(below, distinct=True)
        mine = t.semi_join(owing, "account_id")
        per = mine.group_by("account_id", "asset").aggregate(
            net=_net(mine, mine.state != DEBT), debt=_net(mine, mine.state == DEBT)
        )
        return self.engine.stream(per.order_by("account_id", "asset"))


_CUSTOMER = Text("customers にない顧客", "the customer is not in customers")


def _repeated(
    engine: Engine, table: Table, whole: Any, places: Mapping[str, Place]
) -> list[Problem]:
    """Every row of a key that stands more than once, keys together."""
    groups = whole.group_by(*table.key).aggregate(n=whole.count())
    twice = whole.semi_join(groups.filter(groups.n > 1), table.key)
    check = Check("repeated-key", ", ".join(table.key), _REPEATED)
    return _found(engine, table, check, twice, (*table.key, FILE, ROW), places)


def _found(
    engine: Engine,
    table: Table,
    check: Check,
    bad: Any,
    order: Sequence[str],
    places: Mapping[str, Place],
) -> list[Problem]:
    count = engine.rows(bad.aggregate(n=bad.count()))[0]["n"]
    return _places(engine, table, check, bad.order_by(*order), count, places) if count else []


def _sum(quantity: Any, *, above: bool, where: Any = True) -> Any:
    """Quantities of one sign: a sum that never turns back leaves its range in any order or none."""
    sign = quantity > _zero() if above else quantity < _zero()
    return quantity.sum(where=sign & where).cast(UNITS)


def _net(table: Any, where: Any) -> Any:
    """What is above zero less what is below, exact in any order of rows."""
    above, below = (_sum(table.quantity, above=a, where=where) for a in (True, False))
    return above.fill_null(_zero()) + below.fill_null(_zero())


def _zero() -> Any:
    return ibis.literal(0).cast(UNITS)


def _bit(table: Any) -> Any:
    states = table.state.cases(*[(s, 1 << i) for i, s in enumerate(STATES)], else_=0)
    width = len(STATES)
    shifts = [(p, 1 << (width * i)) for i, p in enumerate(PRODUCTS)]
    return states.cast("int32") * table["product"].cases(*shifts, else_=0).cast("int32")
