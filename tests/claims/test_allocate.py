"""Pools shared to the unit, at any size; the wide kernel against plain integers."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonae.books import exact
from sonae.core.allocate import pro_rata
from sonae.core.errors import Refused
from tests.command import Said, sonae

BIG = 10**38 - 1
amounts = st.integers(0, 2**126) | st.integers(0, 10**9)


def column(values: list[int]) -> Any:
    return pa.array(values, exact.UNITS)


# -- the kernel ------------------------------------------------------------------------------------


@settings(max_examples=300, deadline=None)
@given(st.lists(amounts, max_size=12), st.integers(0, 2**126), st.integers(1, 2**126))
def test_a_product_wider_than_128_bits_is_the_one_of_plain_integers(
    values: list[int], above: int, below: int
) -> None:
    factor = Fraction(min(above, below), below)
    made = exact.integers(exact.floor_of(exact.from_integers(values), factor))
    assert made == [v * factor.numerator // factor.denominator for v in values]


@pytest.mark.parametrize("below", [3, 7, 2**31 - 1, 2**33 + 9, 10**18 + 9, 10**37 + 7])
def test_whole_results_and_those_one_below_are_told_apart(below: int) -> None:
    """Multiples of the denominator and their neighbours, where a product ends next to a whole."""
    values = [n * below + d for n in (1, 2, 12_345) for d in (-1, 0, 1) if n * below + d < BIG]
    for above in (1, 2, below - 1):
        factor = Fraction(above, below)
        made = exact.integers(exact.floor_of(exact.from_integers(values), factor))
        assert made == [v * factor.numerator // factor.denominator for v in values]


def test_a_factor_above_one_and_a_product_out_of_range() -> None:
    values = exact.from_integers([0, 1, 2**60])
    assert exact.integers(exact.floor_of(values, Fraction(15_000_001, 4))) == [
        0, 3_750_000, 2**60 * 15_000_001 // 4
    ]  # fmt: skip
    with pytest.raises(Refused, match=r"2\^127"):
        exact.floor_of(exact.from_integers([2**100]), Fraction(2**40))
    for factor in (Fraction(-1), Fraction(2**64)):
        with pytest.raises(Refused, match="out of range"):
            exact.floor_of(values, factor)


def test_columns_are_read_and_written_without_loss() -> None:
    values = [0, 1, 2**32, 2**64 - 1, 2**96 + 5, BIG]
    assert exact.integers(exact.limbs(column(values))) == values
    assert exact.column(exact.limbs(column(values))).to_pylist() == column(values).to_pylist()
    sliced = pa.chunked_array([column([9, *values]), column(values)]).slice(1)
    assert exact.integers(exact.limbs(sliced)) == values + values
    assert exact.total(exact.from_integers([2**126] * 5 + [3])) == 5 * 2**126 + 3
    assert exact.integers(exact.limbs(column([]))) == []
    many = np.full((4, 70_000), 2**32 - 1, np.uint64)
    assert exact.total(many) == 70_000 * (2**128 - 1)
    for bad, why in (([None], "missing"), ([-1], "below zero")):
        with pytest.raises(Refused, match=why):
            exact.limbs(pa.array(bad, exact.UNITS))


# -- the command -----------------------------------------------------------------------------------


def allocated(folder: Path, rows: list[tuple[str, str, object]], pools: object) -> Said:
    lines = ["claimant,asset,amount", *(f"{c},{a},{n}" for c, a, n in rows)]
    (folder / "claims.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "pool.json").write_text(json.dumps(pools), encoding="utf-8")
    words = ("claims", "allocate", folder / "claims.csv", "--pool", folder / "pool.json")
    return sonae(*words, "--json")


def test_a_pool_is_shared_pro_rata_and_rounded_down(tmp_path: Path) -> None:
    rows = [("A", "X", 100), ("B", "X", 901), ("A", "Y", 5), ("利用者", "Y", "1")]
    found = allocated(tmp_path, rows, {"X": 860, "Y": 9, "Z": "3"}).json()
    assert found == {
        "paid": {"X": {"A": "85", "B": "774"}, "Y": {"A": "5", "利用者": "1"}, "Z": {}},
        "residue": {"X": "1", "Y": "3", "Z": "3"},
    }
    words = ("claims", "allocate", tmp_path / "claims.csv", "--pool", tmp_path / "pool.json")
    for lang in ("ja", "en"):
        assert "859" in sonae(*words, "--lang", lang).out


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.integers(0, 10**36), min_size=1, max_size=20),
    st.integers(0, 10**38 - 1),
    st.randoms(),
)
def test_pools_of_any_size_are_conserved_and_order_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory, claims: list[int], pool: int, order: Any
) -> None:
    folder = tmp_path_factory.mktemp("claims")
    rows: list[tuple[str, str, object]] = [(f"P{n}", "X", c) for n, c in enumerate(claims)]
    found = allocated(folder, rows, {"X": pool}).json()
    paid = {name: int(amount) for name, amount in found["paid"]["X"].items()}
    assert sum(paid.values()) + int(found["residue"]["X"]) == pool
    shares = {str(name): Fraction(int(str(amount))) for name, _, amount in rows}
    assert paid == {k: int(v) for k, v in pro_rata(shares, Fraction(pool)).paid.items()}
    order.shuffle(rows)
    assert allocated(folder, rows, {"X": pool}).json() == found


def test_bad_claims_and_pools_are_refused_all_at_once(tmp_path: Path) -> None:
    rows = [("A", "X", "1.5"), ("", "X", 1), ("B", "Q", 1), ("C", "X", -3), ("D", "X", ""),
            ("E", "X", 1), ("E", "X", 2), ("F", "X", "1" * 39)]  # fmt: skip
    said = allocated(tmp_path, rows, {"X": 5})
    assert said.code == 3
    problems = said.json()["problems"]
    assert {(p["name"], p["row"]) for p in problems} == {
        ("corrupt-row", 1), ("missing-value", 2), ("unknown-asset", 3), ("corrupt-row", 4),
        ("corrupt-row", 5), ("repeated-key", 6), ("repeated-key", 7), ("corrupt-row", 8),
    }  # fmt: skip
    for pools in ({"X": -1}, {"X": 1.5}, {"X": True}, {"X": "５"}, {"X": None}):
        said = allocated(tmp_path, [("A", "X", 1)], pools)
        assert said.code == 3
        assert [p["key"] for p in said.json()["problems"]] == ["X"]
    assert allocated(tmp_path, [("A", "X", 1)], []).code == 2


def test_totals_that_reach_the_limit_are_refused(tmp_path: Path) -> None:
    half = 5 * 10**37
    assert allocated(tmp_path, [("A", "X", half - 1), ("B", "X", half)], {"X": BIG}).code == 0
    for rows, pool in (
        ([("A", "X", half), ("B", "X", half)], 5),
        ([("A", "X", BIG)] + [(f"B{n}", "X", BIG) for n in range(3)], 5),
        ([("A", "X", 1)], 10**38),
    ):
        said = allocated(tmp_path, rows, {"X": pool})
        assert said.code == 3
        assert not said.out


def test_claims_may_be_parquet(tmp_path: Path) -> None:
    table = pa.table({"claimant": ["A", "B"], "asset": ["X", "X"], "amount": column([1, 2])})
    pq.write_table(table, tmp_path / "claims.parquet")
    (tmp_path / "pool.json").write_text('{"X": 2}')
    words = ("claims", "allocate", tmp_path / "claims.parquet", "--pool", tmp_path / "pool.json")
    assert sonae(*words, "--json").json() == {
        "paid": {"X": {"A": "0", "B": "1"}}, "residue": {"X": "1"}
    }  # fmt: skip


@pytest.mark.slow
def test_a_million_claimants(tmp_path: Path) -> None:
    rows: list[tuple[str, str, object]] = [(f"P{n:07}", "X", n * 7_919 + 1) for n in range(10**6)]
    found = allocated(tmp_path, rows, {"X": 10**15}).json()
    paid = found["paid"]["X"]
    total = sum(int(str(n)) for _, _, n in rows)
    for name, _, n in rows[:: 10**5]:
        assert int(paid[name]) == int(str(n)) * 10**15 // total
    assert sum(map(int, paid.values())) + int(found["residue"]["X"]) == 10**15
