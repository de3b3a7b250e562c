"""Small random Books, written in any order and any split of files."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

from sonae.books.schema import PRODUCTS, STATES, TABLES
from tests import kit

ON = date(2026, 11, 20)
DEBT = "margin_debt"
NEAR = 3 * 10**36
"""Each quantity stays below this, so that the sums of a Books come near 10^37 and under 10^38."""
ENTITY, TRUSTEE, OTHER = "Test Exchange K.K.", "Test Trust Bank", "Another K.K."
Row = dict[str, Any]


@dataclass(frozen=True)
class Small:
    """Tables as rows; `quantity` is always in base units here, however it is written."""

    assets: list[Row]
    balances: list[Row]
    holdings: list[Row]
    prices: list[Row]
    statements: list[Row] | None
    more: dict[str, list[Row]]

    @property
    def tables(self) -> dict[str, list[Row]]:
        every = {
            "assets": self.assets,
            "balances": self.balances,
            "holdings": self.holdings,
            "prices": self.prices,
            **self.more,
        }
        return every if self.statements is None else every | {"statements": self.statements}

    @property
    def scales(self) -> dict[str, int]:
        return {row["asset"]: row["scale"] for row in self.assets}


# -- drawing ----------------------------------------------------------------------------------

ACCOUNTS = ("A1", "A2", "A3", "A4")
signed = st.integers(-50, 50) | st.integers(-NEAR, NEAR) | st.sampled_from([0, NEAR, -NEAR, 1, -1])
unsigned = st.integers(0, 50) | st.integers(0, NEAR) | st.sampled_from([0, 1, NEAR])
proofs = st.none() | st.integers(-200, 3).map(lambda n: ON + timedelta(n))


@st.composite
def assets(draw: Any) -> list[Row]:
    rows = [kit.asset("JPY", "fiat", draw(st.integers(0, 4)))]
    if draw(st.booleans()):
        rows.append(kit.asset("USD", "fiat", 2))
    kinds = draw(
        st.lists(st.sampled_from(("crypto", "crypto", "stablecoin", "basket")), max_size=3)
    )
    rows += [kit.asset(f"C{n}", k, draw(st.integers(0, 18))) for n, k in enumerate(kinds)]
    return rows


@st.composite
def balances(draw: Any, names: Sequence[str]) -> list[Row]:
    keys = st.tuples(
        st.sampled_from(ACCOUNTS),
        st.sampled_from(list(names)),
        st.sampled_from(PRODUCTS),
        st.sampled_from(STATES),
    )
    cells = draw(st.dictionaries(keys, signed, min_size=1, max_size=25))
    sign = draw(st.sampled_from((1, -1)))
    rows = []
    for (account, asset, product, state), quantity in cells.items():
        units = sign * abs(quantity) if state == DEBT else quantity
        row = kit.balance(account, asset, units, state, product=product)
        if state == "unidentified" and draw(st.booleans()):
            row["customer_id"] = ""
        rows.append(row)
    return rows


@st.composite
def holdings(draw: Any, listed: Sequence[Row]) -> list[Row]:
    kinds = {row["asset"]: row["kind"] for row in listed if row["kind"] != "fiat"}
    if not kinds:
        return []
    keys = st.tuples(
        st.sampled_from(("w1", "w2", "w3")),
        st.sampled_from(list(kinds)),
        st.sampled_from(("customer", "customer", "customer", "guarantee", "buffer", "house")),
    )
    rows = []
    for (wallet, asset, owner), units in draw(st.dictionaries(keys, unsigned, max_size=9)).items():
        public = kinds[asset] != "basket" or draw(st.booleans())
        rows.append(
            kit.holding(
                wallet,
                asset,
                units,
                owner,
                tier=draw(st.sampled_from(("cold", "cold", "hot", "other"))) if public else "",
                control_proved_on=draw(proofs) or "",
                evidence=draw(
                    st.sampled_from(("", "signature", "send_to_self", "custodian_statement"))
                ),
            )
        )
    return rows


@st.composite
def statements(draw: Any, currencies: Sequence[str]) -> list[Row]:
    keys = st.tuples(
        st.sampled_from(("t1", "t2", "t3")),
        st.sampled_from(list(currencies)),
        st.sampled_from(("customer_trust", "margin_trust", "house")),
        st.sampled_from(("settled", "settled", "instructed", "calculated")),
        st.integers(-9, 1).map(lambda n: (ON + timedelta(n)).isoformat()),
    )
    amounts = st.integers(0, NEAR) | st.decimals(0, 1000, places=3)
    rows = []
    for (account, currency, kind, stage, day), amount in draw(
        st.dictionaries(keys, amounts, max_size=8)
    ).items():
        rows.append(
            {
                **kit.statement(account, str(amount), kind, stage=stage, as_of=day),
                "currency": currency,
                "holder": draw(st.sampled_from((TRUSTEE, TRUSTEE, ENTITY, OTHER))),
            }
        )
    return rows


@st.composite
def books(draw: Any) -> Small:
    """Books that can be read: every reference is right, every key stands once."""
    listed = draw(assets())
    names = [row["asset"] for row in listed]
    fiat = [row["asset"] for row in listed if row["kind"] == "fiat"]
    prices = [
        kit.price(name, str(draw(st.decimals("0.001", 10**7, places=3))))
        for name in names
        if name != "JPY" and draw(st.integers(0, 9)) > 0
    ]
    given = draw(st.integers(0, 9)) > 0
    return Small(
        listed,
        draw(balances(names)),
        draw(holdings(listed)),
        prices,
        draw(statements(fiat)) if given else None,
        {},
    )


# -- writing ----------------------------------------------------------------------------------


def write(
    folder: Path, small: Small, random: Random, *, house: str = "", fixed: Sequence[str] = ()
) -> Path:
    """Every table shuffled and split into CSV and Parquet parts, in either form of quantity.

    Tables named in `fixed` keep the order of their rows.
    """
    kit.write(folder, {}, house=house)
    for name, rows in small.tables.items():
        shuffled = rows if name in fixed else random.sample(rows, len(rows))
        cuts = sorted(random.choices(range(len(rows) + 1), k=random.randrange(3)))
        pieces = [shuffled[a:b] for a, b in zip([0, *cuts], [*cuts, len(shuffled)], strict=True)]
        single = len(pieces) == 1 and random.random() < 0.5
        if not single:
            (folder / name).mkdir()
        for n, piece in enumerate(pieces):
            stem = folder / name if single else folder / name / f"part-{n}"
            write_part(stem, name, piece, small.scales, random)
    return folder


def write_part(
    stem: Path, table: str, rows: Sequence[Row], scales: Mapping[str, int], random: Random
) -> None:
    """One part of a table; columns in random order."""
    columns = [
        c.name for c in TABLES[table].columns if c.required or any(c.name in r for r in rows)
    ]
    whole = "quantity" in columns and random.random() < 0.5
    cells = [{c: r.get(c, "") for c in columns} for r in rows]
    if whole:
        columns[columns.index("quantity")] = "quantity_decimal"
        for row in cells:
            row["quantity_decimal"] = coins_text(row.pop("quantity"), scales[row["asset"]])
    random.shuffle(columns)
    if random.random() < 0.5:
        with stem.with_suffix(".csv").open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, columns)
            writer.writeheader()
            writer.writerows(cells)
        return
    arrays = {c: _array(c, [row[c] for row in cells], random) for c in columns}
    pq.write_table(pa.table(arrays), stem.with_suffix(".parquet"))


def _array(column: str, values: Sequence[Any], random: Random) -> pa.Array:
    if column == "quantity" and random.random() < 0.7:
        return pa.array([Decimal(v) for v in values], pa.decimal128(38, 0))
    if column in ("scale", "number"):
        return pa.array(values, pa.int64())
    return pa.array([None if v == "" else str(v) for v in values], pa.string())


def coins_text(units: int, scale: int) -> str:
    """Base units as whole coins: the point put in, trailing zeros kept or not."""
    digits = str(abs(units)).rjust(scale + 1, "0")
    sign = "-" if units < 0 else ""
    return sign + (f"{digits[:-scale]}.{digits[-scale:]}" if scale else digits)
