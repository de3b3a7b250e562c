"""More than a thousand faults of a kind: counted in full, the first thousand listed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from sonae.core.errors import Problem
from tests.kit import balance, changed, holding, price, refused, write

MANY = 1_500


def listed_and_counted(problems: Sequence[Problem]) -> tuple[int, int]:
    """How many are listed by their row, and how many there are."""
    return sum(p.row is not None for p in problems), sum(p.count for p in problems)


def people(count: int, kind: str = "person") -> list[dict[str, Any]]:
    return [{"customer_id": f"C{n}", "kind": kind} for n in range(count)]


FAULTS: dict[str, tuple[str, dict[str, Any]]] = {
    "balances that are no numbers": (
        "corrupt-row",
        {"balances": [balance(f"A{n}", "BTC", "x") for n in range(MANY)]},  # type: ignore[arg-type]
    ),
    "balances in an unknown state": (
        "unknown-code",
        {"balances": [balance(f"A{n}", "BTC", 1, "frozen") for n in range(MANY)]},
    ),
    "balances of a coin that is not listed": (
        "unknown-asset",
        {"balances": [balance(f"A{n}", "DOGE", 1) for n in range(MANY)]},
    ),
    "balances that stand twice": (
        "repeated-key",
        {"balances": [balance(f"A{n % MANY}", "BTC", 1) for n in range(2 * MANY)]},
    ),
    "balances of unknown customers": (
        "unknown-customer",
        {"customers": people(1)}
        | {"balances": [balance(f"A{n}", "BTC", 1) for n in range(1, MANY + 1)]},
    ),
    "customers of an unknown kind": (
        "unknown-code",
        {"customers": people(MANY, "robot"), "balances": [balance("A1", "BTC", 1)]},
    ),
    "customers who stand twice": (
        "repeated-key",
        {"customers": [*people(MANY), *people(MANY)], "balances": [balance("A1", "BTC", 1)]},
    ),
    "prices that are no numbers": (
        "corrupt-row",
        {"prices": [price("BTC", "x", f"source-{n}") for n in range(MANY)]},
    ),
    "holdings of a coin that is not listed": (
        "unknown-asset",
        {"holdings": [holding(f"h-{n}", "DOGE", 1) for n in range(MANY)]},
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_are_counted_in_full_and_a_thousand_listed(tmp_path: Path, fault: str) -> None:
    """1,500 of a kind (3,000 rows of keys that stand twice): 1,000 places and how many more."""
    name, tables = FAULTS[fault]
    write(tmp_path, changed(**tables))
    found = [p for p in refused(tmp_path) if p.name == name]
    assert listed_and_counted(found) == (1_000, 2 * MANY if name == "repeated-key" else MANY)


def test_the_first_thousand_are_listed_in_the_order_of_the_file(tmp_path: Path) -> None:
    """Rows 1 to 1,000, whichever thread read them."""
    write(tmp_path, changed(balances=[balance(f"A{n}", "BTC", "x") for n in range(MANY)]))  # type: ignore[arg-type]
    rows = [p.row for p in refused(tmp_path) if p.row is not None]
    assert rows == list(range(1, 1_001))


def test_exactly_a_thousand_need_no_rest(tmp_path: Path) -> None:
    """The limit itself: all listed, nothing more to say."""
    write(tmp_path, changed(balances=[balance(f"A{n}", "BTC", "x") for n in range(1_000)]))  # type: ignore[arg-type]
    found = refused(tmp_path)
    assert len(found) == 1_000
    assert listed_and_counted(found) == (1_000, 1_000)
