"""The single customer view (名寄せ後の一覧): accounts, people, and what each person is owed.

Accounts are written first and everything else is made from what was written, so that the view and
the accounts cannot differ unseen. Per account and asset: `units` is the net of its states but
margin debt, any sign, in base units. Per person: the sum of what is above zero, account by account.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import ibis
import numpy as np
import pyarrow as pa

from sonae.books.balances import Balances
from sonae.books.engine import Engine
from sonae.books.exact import column as as_column
from sonae.books.exact import floor_of, limbs
from sonae.core.amount import bounded

UNITS = pa.decimal128(38, 0)
_TEXT = pa.string()
ACCOUNTS = pa.schema(
    [
        ("account_id", _TEXT),
        ("customer_id", _TEXT),
        ("person", _TEXT),
        ("asset", _TEXT),
        ("quantity", _TEXT),
        ("units", UNITS),
        ("margin_debt_units", UNITS),
    ]
)
VIEW = pa.schema(
    [
        ("person", _TEXT),
        ("name", _TEXT),
        ("name_kana", _TEXT),
        ("accounts", pa.int64()),
        ("asset", _TEXT),
        ("quantity", _TEXT),
        ("units", UNITS),
        ("value", UNITS),
    ]
)
DETAILS = (
    "kind", "name", "name_kana", "birth_date", "address", "phone", "email", "country", "flags",
    "payout_bank", "payout_branch", "payout_account", "payout_verified_on",
    "proof_text",
)  # fmt: skip
PEOPLE = pa.schema([("person", _TEXT), ("customer_id", _TEXT), *((d, _TEXT) for d in DETAILS)])


@dataclass(frozen=True, slots=True)
class Total:
    """What the accounts of one asset add up to, in base units."""

    owed: int
    receivable: int
    margin_debt: int
    accounts: int
    unidentified: int


def with_person(customers: Any, persons: Any) -> Any:
    """Customers with the person each is; one that no group names is a person of their own."""
    if persons is None:
        return customers.mutate(person=customers.customer_id)
    named = persons.select("customer_id", group="person")
    joined = customers.left_join(named, "customer_id").drop("customer_id_right")
    return joined.mutate(person=joined.group.coalesce(joined.customer_id)).drop("group")


def accounts(balances: Balances, customers: Any, scales: Mapping[str, int]) -> Iterator[Any]:
    """Batches of every account by asset, in order, with the person; schema `ACCOUNTS`."""
    net = balances.accounts()
    if customers is None:
        net = net.mutate(person=net.customer_id)
    else:
        people = customers.select("customer_id", "person")
        net = net.left_join(people, "customer_id").drop("customer_id_right")
    picked = net.select(
        "account_id",
        "customer_id",
        "person",
        "asset",
        quantity=_coins(net.units, net.asset, scales),
        units=net.units,
        margin_debt_units=net.margin_debt,
    )
    return balances.engine.batches(picked.order_by("account_id", "asset"))


def people(engine: Engine, customers: Any) -> Iterator[Any]:
    """Batches of every customer with the person they are; schema `PEOPLE`."""
    return engine.batches(
        customers.select("person", "customer_id", *DETAILS).order_by("person", "customer_id")
    )


def view(
    engine: Engine, written: Any, customers: Any, scales: Mapping[str, int], prices: Prices
) -> Iterator[Any]:
    """Batches of what each person is owed of each asset; schema `VIEW`.

    `written`: the accounts as they were written. What belongs to nobody known has no person.
    """
    above = written.filter(written.units > ibis.literal(0).cast("decimal(38,0)"))
    owed = above.group_by("person", "asset").aggregate(
        units=above.units.sum().cast("decimal(38,0)"), accounts=above.account_id.nunique()
    )
    name = kana = ibis.null("string")
    if customers is not None:
        names = customers.group_by("person").aggregate(
            name=customers.name.argmin(customers.customer_id),
            name_kana=customers.name_kana.argmin(customers.customer_id),
        )
        owed = owed.left_join(names, "person").drop("person_right")
        name, kana = owed.name, owed.name_kana
    picked = owed.select(
        "person", "asset", "units", "accounts", name=name, name_kana=kana,
        quantity=_coins(owed.units, owed.asset, scales),
    )  # fmt: skip
    ordered = picked.order_by(ibis.asc("person", nulls_first=True), "asset")
    for batch in engine.batches(ordered):
        yield batch.append_column("value", _values(batch, prices))


Prices = Mapping[str, Fraction]
"""Price of one base unit by asset, for those that have one."""


def _values(batch: Any, prices: Prices) -> Any:
    """Whole units of the reporting currency, rounded down; null without a price."""
    words = batch.column("asset").dictionary_encode()
    codes = words.indices.to_numpy()
    order = np.argsort(codes, kind="stable")
    ends = np.searchsorted(codes[order], np.arange(len(words.dictionary) + 1))
    made = []
    for n, asset in enumerate(words.dictionary.to_pylist()):
        rows = pa.array(order[ends[n] : ends[n + 1]])
        price = prices.get(asset)
        if price is None:
            made.append(pa.nulls(len(rows), UNITS))
        else:
            units = batch.column("units").take(rows).cast(UNITS)
            made.append(as_column(floor_of(limbs(units), price)))
    back = np.empty(len(order), np.int64)
    back[order] = np.arange(len(order))
    return pa.concat_arrays(made).take(pa.array(back)) if made else pa.nulls(0, UNITS)


def _coins(units: Any, asset: Any, scales: Mapping[str, int]) -> Any:
    """Base units in whole coins, to the last digit, as text."""
    scale = asset.cases(*sorted(scales.items()), else_=0)
    zero = ibis.literal(0).cast("decimal(38,0)")
    sign = (units < zero).ifelse("-", "")
    digits = units.cast("string").replace("-", "")
    width = (scale + 1 > digits.length()).ifelse(scale + 1, digits.length())
    digits = digits.lpad(width, "0")
    whole = digits.substr(0, digits.length() - scale)
    part = digits.substr(digits.length() - scale, scale)
    return sign + whole + (scale > 0).ifelse(ibis.literal(".") + part, "")


# -- what was written, added up again --------------------------------------------------------------


def totals(engine: Engine, written: Any) -> dict[str, Total]:
    """Per asset, from the accounts as written: exactly, and with what belongs to nobody known."""
    zero = ibis.literal(0).cast("decimal(38,0)")
    units, debt = written.units, written.margin_debt_units
    above = units > zero
    rows = engine.rows(
        written.group_by("asset").aggregate(
            owed=units.sum(where=above).cast("decimal(38,0)"),
            below=units.sum(where=units < zero).cast("decimal(38,0)"),
            debt=debt.sum().cast("decimal(38,0)"),
            accounts=written.count(),
            unidentified=units.sum(where=above & written.person.isnull()).cast("decimal(38,0)"),
        )
    )
    return {
        r["asset"]: Total(
            bounded(r["owed"] or 0, f"owed of {r['asset']}"),
            -(r["below"] or 0),
            r["debt"] or 0,
            r["accounts"],
            r["unidentified"] or 0,
        )
        for r in rows
    }


def view_totals(engine: Engine, written: Any) -> dict[str, tuple[int, int]]:
    """Per asset, from the view as written: what is owed, and to how many people."""
    rows = engine.rows(
        written.group_by("asset").aggregate(
            owed=written.units.sum().cast("decimal(38,0)"), people=written.person.count()
        )
    )
    return {r["asset"]: (r["owed"] or 0, r["people"]) for r in rows}
