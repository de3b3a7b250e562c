"""Balances on an engine: checked and summed without losing a unit.

One pass checks every row and sums by asset, product and state; one counts accounts and repeated
keys. Accounts are floored one by one only where an entry is below zero.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import groupby
from operator import itemgetter, or_
from typing import Any

import ibis
import pyarrow as pa
import pyarrow.parquet as pq

from sonae.books.engine import FILE, ROW, Engine
from sonae.books.parts import Part
from sonae.books.relation import UNITS, Check, count_faults, found, listed, relation
from sonae.books.schema import BALANCES, PRODUCTS, STATES, Table
from sonae.books.transcribe import Place
from sonae.core.amount import bounded
from sonae.core.canonical import digest
from sonae.core.errors import Problem
from sonae.core.text import Text

DEBT = "margin_debt"
GROUPS = ("asset", "product", "state")
ENTRIES = ("account_id", "asset", "customer_id")
"""The order in which entries are added up to claims."""
BITS, KEYS = 63, 504
"""Keys in a word of bits, and in a pass over the accounts."""
_REPEATED = Text("同じキーの行がほかにもある", "another row has the same key")
_CUSTOMER = Text("customers にない顧客", "the customer is not in customers")


@ibis.udf.scalar.builtin
def bit_count(bits: int) -> int:  # type: ignore[empty-body]
    """How many bits are set; the same function on every engine."""


@ibis.udf.agg.builtin
def bit_or(bits: int) -> int:  # type: ignore[empty-body]
    """Every bit set in some row; Ibis has this under its own name, but not for Spark."""


def read_customers(
    engine: Engine, table: Table, parts: Sequence[Part], problems: list[Problem]
) -> Any:
    """The customers as a relation, every row checked; None where no part can be read."""
    whole = relation(engine, table, parts, {}, problems)
    if whole is None:
        return None
    every = range(len(whole.checks))
    counts = count_faults(engine, whole.rows(*every), every)[0]
    problems += listed(engine, table, whole, [counts[f"n{i}"] or 0 for i in every])
    problems += _repeated(engine, table, whole.rows(), whole.places)
    return whole.rows()


def read_balances(
    engine: Engine,
    table: Table,
    parts: Sequence[Part],
    scales: Mapping[str, int],
    problems: list[Problem],
) -> Balances | None:
    """The balances, every row checked in the same pass that sums them by asset, product, state."""
    whole = relation(engine, table, parts, scales, problems)
    if whole is None:
        return None
    by_row = [i for i, check in enumerate(whole.checks) if check.column not in GROUPS]
    rows = whole.rows(*by_row)
    sums = {
        "above": _sum(rows.quantity, above=True),
        "below": _sum(rows.quantity, above=False),
        "rows": rows.count(),
        "low": rows.quantity.min(),
        "high": rows.quantity.max(),
    }
    groups = count_faults(engine, rows, by_row, GROUPS, **sums)
    for group in groups:
        group["units"] = (group["above"] or 0) + (group["below"] or 0)
    numbers = [
        sum(g[f"n{i}"] or 0 for g in groups)
        if i in by_row
        else sum(g["rows"] for g in groups if _refused(check, g[check.column], table, scales))
        for i, check in enumerate(whole.checks)
    ]
    problems += listed(engine, table, whole, numbers)
    return Balances(engine, whole.rows(), whole.places, groups)


def _refused(check: Check, value: str | None, table: Table, scales: Mapping[str, int]) -> bool:
    """The check of a grouping column, on the group's value instead of every row."""
    if check.name == "missing-value":
        return value is None
    if check.name == "unknown-asset":
        return value is not None and value not in scales
    column = table.column(check.column)
    return value is not None and column is not None and value not in column.codes


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

    `groups` holds one row per asset, product and state: units, rows, low, high; `customers` the
    people as a relation where they are given.
    """

    def __init__(
        self,
        engine: Engine,
        relation: Any,
        places: Mapping[str, Place],
        groups: Sequence[Mapping[str, Any]],
    ) -> None:
        self.engine, self.table, self.places = engine, relation, places
        self.customers: Any = None
        self.groups = sorted(groups, key=lambda g: tuple(str(g[k]) for k in GROUPS))

    def debt_signs(self) -> tuple[int, int]:
        """Least and greatest margin debt; both signs in one Books cannot be told apart."""
        debts = [g for g in self.groups if g["state"] == DEBT and g["low"] is not None]
        return min((g["low"] for g in debts), default=0), max((g["high"] for g in debts), default=0)

    def counts(self, assets: Collection[str]) -> tuple[dict[str, int], int]:
        """Accounts per asset, and accounts in which a key may stand twice.

        The number of accounts is what memory grows with, not that of rows: each key of an asset is
        a bit of its account, and fewer bits than rows means that one is repeated, or not known.
        """
        found, repeated = dict[str, int](), 0
        for keys in _chunks([g for g in self.groups if _known(g, assets)]):
            mine = sorted({g["asset"] for g in keys})
            counted = self.engine.rows(self._counted(keys, mine))[0]
            repeated += counted["repeated"] or 0
            found |= {asset: counted[f"a{n}"] for n, asset in enumerate(mine)}
        return found, repeated

    def _counted(self, keys: Sequence[Mapping[str, Any]], assets: Sequence[str]) -> Any:
        """One row: accounts of each asset, `a0`, `a1`, ..., and those with a key twice."""
        t, words = self.table, _words(keys)
        if len(assets) < len({g["asset"] for g in self.groups}):
            t = t.filter(t.asset.isin(list(assets)))
        on = [c for c in GROUPS if len({g[c] for g in keys}) > 1] or ["asset"]
        rows = t.select("account_id", *on).left_join(
            self._bits(keys).drop(*set(GROUPS) - set(on)), on
        )
        each = rows.group_by("account_id").aggregate(
            n=rows.count(), **{word: bit_or(rows[word]).coalesce(0) for word in words}
        )
        said = {"repeated": (sum(bit_count(each[word]) for word in words) < each.n).sum()}
        for n, asset in enumerate(assets):
            masks = {
                word: sum((key["asset"] == asset) << bit for bit, key in enumerate(mine))
                for word, mine in words.items()
            }
            given = [each[word] & mask != 0 for word, mask in masks.items() if mask]
            said[f"a{n}"] = reduce(or_, given).sum()
        return each.aggregate(**said)

    def _bits(self, keys: Sequence[Mapping[str, Any]]) -> Any:
        """Each key of an asset and its bit, in words that no engine takes for negative numbers."""
        columns = {c: pa.array([g[c] for g in keys], pa.string()) for c in GROUPS}
        before = 0
        for word, mine in _words(keys).items():
            bits = [0] * before + [1 << bit for bit in range(len(mine))]
            before += len(mine)
            columns[word] = pa.array(bits + [0] * (len(keys) - before), pa.int64())
        name = digest([[g[c] for c in GROUPS] for g in keys])
        path = self.engine.scratch().joinpath(f"keys-{name}.parquet")
        pq.write_table(pa.table(columns), path)
        return self.engine.scan([path]).drop(FILE, ROW)

    def rows_of(self, asset: str) -> int:
        """How many rows an asset has."""
        return sum(int(g["rows"]) for g in self.groups if g["asset"] == asset)

    def owed(self, accounts: Mapping[str, int]) -> dict[str, Owed]:
        """Per asset: accounts summed over their states but margin debt, floored at zero.

        Where no entry of an asset is below zero no account is either, and the sums of the groups
        are the answer; only for the others is the floor taken account by account.
        """
        return self._owed(accounts, PRODUCTS)

    def owed_of(self, asset: str, products: Sequence[str], accounts: int) -> Owed:
        """The same for some products of one asset, which then do not net the others."""
        return self._owed({asset: accounts}, products)[asset]

    def _owed(self, accounts: Mapping[str, int], products: Sequence[str]) -> dict[str, Owed]:
        groups = [g for g in self.groups if g["product"] in products and g["state"] != DEBT]
        floored = self._floored(
            {g["asset"] for g in groups if g["low"] < 0} & set(accounts), products
        )
        owed = {}
        for asset, number in sorted(accounts.items()):
            mine = [g for g in groups if g["asset"] == asset]
            above, below, count = floored.get(asset, (sum(g["units"] for g in mine), 0, 0))
            owed[asset] = Owed(
                bounded(above, f"owed of {asset}"),
                bounded(-below, f"receivable of {asset}"),
                number,
                count,
                max((g["high"] for g in mine), default=0),
            )
        return owed

    def _floored(
        self, assets: Collection[str], products: Sequence[str]
    ) -> dict[str, tuple[int, int, int]]:
        """Per asset what is above zero, what is below, and how many accounts that is."""
        if not assets:
            return {}
        t = self.table
        t = t.filter(t.asset.isin(sorted(assets)) & t["product"].isin(products) & (t.state != DEBT))
        accounts = t.group_by("asset", "account_id").aggregate(net=_net(t, t.state != DEBT))
        net, zero = accounts.net, _zero()
        rows = self.engine.rows(
            accounts.group_by("asset").aggregate(
                above=net.sum(where=net > zero).cast(UNITS),
                below=net.sum(where=net < zero).cast(UNITS),
                count=(net < zero).sum(),
            )
        )
        return {r["asset"]: (r["above"] or 0, r["below"] or 0, r["count"] or 0) for r in rows}

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

    def owed_customers(self, assets: Sequence[str]) -> int:
        """Customers with an account that is owed one of the assets, each counted once.

        An account whose customer is not given counts as a customer of its own.
        """
        t = self.table.filter(self.table.asset.isin(list(assets)) & (self.table.state != DEBT))
        net = t.group_by("account_id", "asset").aggregate(
            net=_net(t, t.state != DEBT), customer_id=t.customer_id.min()
        )
        owed = net.filter(net.net > _zero())
        named = owed.filter(owed.customer_id.notnull())
        alone = owed.filter(owed.customer_id.isnull())
        counts = (named.customer_id.nunique(), alone.account_id.nunique())
        rows = [self.engine.rows(n.name("n").as_table())[0]["n"] for n in counts]
        return sum(rows)

    def unknown_customers(self, customers_: Any) -> list[Problem]:
        """Balances whose customer is not in `customers`."""
        t = self.table.filter(self.table.customer_id.notnull())
        missing = t.anti_join(customers_, "customer_id")
        check = Check("unknown-customer", "customer_id", _CUSTOMER)
        return found(self.engine, BALANCES, check, missing, (FILE, ROW), self.places)

    def entries(self) -> Any:
        """Every row as a relation, in no order: account_id, asset, customer_id, units, proof_text.

        Units are of any sign, and margin debt has none: those of an account's asset add up to its
        net, of every product. Customer and proof text are of `customers`, null without them.
        """
        t, none = self.table, ibis.null("string")
        rows = t.select(
            "account_id",
            "asset",
            customer_id=none if self.customers is None else t.customer_id,
            units=(t.state != DEBT).ifelse(t.quantity, _zero()),
        )
        if self.customers is None:
            return rows.mutate(proof_text=none)
        people = self.customers.select("customer_id", "proof_text")
        return rows.left_join(people, "customer_id").drop("customer_id_right")

    def accounts(self) -> Any:
        """A relation of every account by asset: customer_id, units (net, any sign), margin_debt."""
        t = self.table
        return t.group_by("account_id", "asset").aggregate(
            customer_id=t.customer_id.min(),
            units=_net(t, t.state != DEBT),
            margin_debt=_net(t, t.state == DEBT),
        )

    def above_zero(self, asset: str, *, alone: bool = False) -> Iterator[Any]:
        """Arrow batches of every account that is owed of an asset: account_id, net, kind.

        `kind` is that of the customer, null where customers are not given. `alone`: each account
        is known to have one row of the asset, so that none need be added up.
        """
        t = self.table.filter((self.table.asset == asset) & (self.table.state != DEBT))
        if alone:
            net = t.select("account_id", "customer_id", net=t.quantity)
        else:
            net = t.group_by("account_id").aggregate(
                net=_net(t, t.state != DEBT), customer_id=t.customer_id.min()
            )
        net = net.filter(net.net > _zero())
        kind = ibis.null("string")
        if self.customers is not None:
            net = net.left_join(self.customers.select("customer_id", "kind"), "customer_id")
            kind = net.kind
        picked = net.select("account_id", "net", kind=kind)
        return self.engine.batches(picked.order_by("account_id"))

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


def _repeated(
    engine: Engine, table: Table, whole: Any, places: Mapping[str, Place]
) -> list[Problem]:
    """Every row of a key that stands more than once, keys together."""
    groups = whole.group_by(*table.key).aggregate(n=whole.count())
    twice = whole.semi_join(groups.filter(groups.n > 1), table.key)
    check = Check("repeated-key", ", ".join(table.key), _REPEATED)
    return found(engine, table, check, twice, (*table.key, FILE, ROW), places)


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


def _words(keys: Sequence[Mapping[str, Any]]) -> dict[str, Sequence[Mapping[str, Any]]]:
    """The keys by the word whose bits they are, in order."""
    starts = range(0, len(keys), BITS)
    return {f"bits{n}": keys[start : start + BITS] for n, start in enumerate(starts)}


def _known(group: Mapping[str, Any], assets: Collection[str]) -> bool:
    codes = group["product"] in PRODUCTS and group["state"] in STATES
    return codes and group["asset"] in assets


def _chunks(keys: Sequence[Mapping[str, Any]]) -> Iterator[list[Mapping[str, Any]]]:
    """The keys, in order of assets, as many in a pass as its accounts have room for."""
    chunk: list[Mapping[str, Any]] = []
    for _, of_asset in groupby(keys, key=itemgetter("asset")):
        more = list(of_asset)
        if chunk and len(chunk) + len(more) > KEYS:
            yield chunk
            chunk = []
        chunk += more
    if chunk:
        yield chunk
