"""A cap within one person over several products (E54)."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonae.claims.caps import Capped, Product, capped
from sonae.core.errors import InputError, Refused, UsageError
from sonae.rulebook.edition import Edition
from sonae.rulebook.rule import facts_from
from tests.command import sonae

DICJ = (
    "unencumbered", "earlier_maturity_if_unencumbered", "lower_rate_if_unencumbered", "smaller",
    "lower_account",
)  # fmt: skip
ON = date(2026, 11, 28)


def product(account: str, amount: int, row: int, person: str = "P1", **facts: str) -> Product:
    return Product(person, account, amount, facts, row)


def paid(found: list[Capped]) -> dict[str, int]:
    return {c.product.account: c.paid for c in found}


def test_E54_the_named_order_decides_which_product_the_cap_covers() -> None:
    """Six products of 3 each and one of 2; each cap ends with another of them."""
    free = {"encumbered": "false", "matures": "2027-01-31", "rate": "0.2%"}
    rows = [
        product("10", 3, 1, **{**free, "encumbered": "true"}),
        product("9", 3, 2, **{**free, "matures": "2028-01-31"}),
        product("8", 3, 3, **free),
        product("7", 3, 4, **{**free, "rate": "0.1%"}),
        product("6", 2, 5, **free),
        product("5", 3, 6, **{**free, "matures": "on_demand"}),
        product("11", 3, 7, **free),
    ]
    # on demand, then January 2027 by rate and size, then by number: 8 before 11
    for cap, last in ((3, "5"), (6, "7"), (8, "6"), (11, "8"), (14, "11"), (17, "9"), (20, "10")):
        found = paid(capped(rows, cap, DICJ))
        assert sum(found.values()) == cap
        assert found[last] > 0
        found = paid(capped(rows, cap - 1, DICJ))
        assert found[last] == next(r.amount for r in rows if r.account == last) - 1


def test_a_fact_is_needed_only_where_it_decides_and_is_refused_with_its_row() -> None:
    rows = [
        product("1", 5, 1, encumbered="false"),
        product("2", 5, 2, encumbered="true"),
        product("3", 9, 3, person="P2"),
    ]
    assert paid(capped(rows, 9, DICJ)) == {"1": 5, "2": 4, "3": 9}
    rows += [
        product("4", 5, 4, encumbered="false", matures="soon"),
        product("5", 5, 5, encumbered="false"),
        product("6", 9, 6, person="P2", encumbered="maybe"),
    ]
    with pytest.raises(InputError) as caught:
        capped(rows, 9, DICJ, "products.csv")
    found = [(p.name, p.row, p.column) for p in caught.value.problems]
    assert found == [
        ("missing-fact", 1, "matures"), ("missing-fact", 3, "encumbered"),
        ("bad-fact", 4, "matures"), ("missing-fact", 5, "matures"), ("bad-fact", 6, "encumbered"),
    ]  # fmt: skip


def test_what_cannot_be_is_refused() -> None:
    one = product("1", 5, 1)
    for rows, cap in (([one, one], 3), ([product("1", -1, 1)], 3), ([one], -1)):
        with pytest.raises(Refused):
            capped(rows, cap, DICJ)
    with pytest.raises(Refused, match="does not tell"):
        capped([one, product("2", 5, 2)], 3, ("smaller",))
    for order in ((), ("older",)):
        with pytest.raises(UsageError):
            capped([one], 3, order)


FACTS = st.fixed_dictionaries(
    {
        "encumbered": st.sampled_from(["true", "false"]),
        "matures": st.sampled_from(["2027-01-31", "2027-02-28", "2028-01-31"]),
        "rate": st.sampled_from(["0.1%", "0.2%", "0.0015"]),
    }
)
ROWS = st.lists(st.tuples(st.sampled_from(["P1", "P2"]), st.integers(0, 9), FACTS), max_size=8)


def products(rows: list[tuple[str, int, dict[str, str]]]) -> list[Product]:
    return [Product(p, f"{n:03}", a, f, n) for n, (p, a, f) in enumerate(rows, 1)]


def rank(one: Product) -> tuple[Any, ...]:
    """The order written afresh as one key."""
    free = one.facts["encumbered"] == "false"
    rates = {"0.1%": 10, "0.2%": 20, "0.0015": 15}
    inner = (one.facts["matures"], rates[one.facts["rate"]]) if free else ()
    return (not free, inner, one.amount, one.account)


@settings(deadline=None)
@given(ROWS, st.integers(0, 40), st.randoms())
def test_the_sum_is_the_cap_or_everything_and_the_order_of_rows_never_matters(
    rows: list[tuple[str, int, dict[str, str]]], cap: int, random: Any
) -> None:
    mine = products(rows)
    found = capped(mine, cap, DICJ)
    for person in ("P1", "P2"):
        of = [p for p in mine if p.person == person]
        got = [c for c in found if c.product.person == person]
        assert sum(c.paid for c in got) == min(cap, sum(p.amount for p in of))
        left, expected = cap, {}
        for one in sorted(of, key=rank):
            expected[one.account] = min(one.amount, left)
            left -= expected[one.account]
        assert paid(got) == expected
    assert all(c.paid + c.over == c.product.amount for c in found)
    random.shuffle(mine)
    assert capped(mine, cap, DICJ) == found


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 6), FACTS), min_size=1, max_size=5))
def test_it_agrees_with_the_rule_of_deposit_insurance(
    rows: list[tuple[int, dict[str, str]]],
) -> None:
    """The same deposits in the same order by two independent ways; amounts in millions."""
    edition = Edition(ON)
    deposits = [
        {
            "id": f"{n:03}",
            "principal": amount * 1_000_000,
            "encumbered": facts["encumbered"] == "true",
            "matures": facts["matures"],
            "rate": facts["rate"],
        }
        for n, (amount, facts) in enumerate(rows, 1)
    ]
    given_, _ = facts_from({"deposits": deposits}, edition.rule("jp.dicj.insured_deposit"))
    ruled = edition.evaluate("jp.dicj.insured_deposit", given_)["insured_principal"].rows()
    named = edition.evaluate("jp.dicj.order", {})
    order = [c.strip() for c in str(named["order"].value).split(",")]
    mine = [Product("P", f"{n:03}", a * 1_000_000, f, n) for n, (a, f) in enumerate(rows, 1)]
    found = capped(mine, int(named["limit_jpy"].number()), order)
    assert {k: Fraction(v) for k, v in paid(found).items()} == {
        k: f.value for k, f in ruled.items()
    }


# -- the command -----------------------------------------------------------------------------------

CSV = """brand,customer_id,account,amount,encumbered,matures,rate
main,C1,101,6000000,false,2027-01-31,0.1%
other,D7,55,7000000,false,2028-01-31,0.1%
main,C2,102,3000000,,,
"""
PEOPLE = """brand,customer_id,person,rule,evidence
main,C1,P-a,names,
other,D7,P-a,names,
main,C2,P-b,alone,
"""


def test_a_person_of_two_brands_has_one_cap(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text(CSV, encoding="utf-8")
    (tmp_path / "people.csv").write_text(PEOPLE, encoding="utf-8")
    words = ("claims", "caps", tmp_path / "p.csv", "--on", "2026-11-28")
    more = ("--people", tmp_path / "people.csv")
    said = sonae(*words, *more, "--json")
    assert said.code == 0, said.err
    found = said.json()
    assert (found["people"], found["above_cap"], found["cap"]) == (2, 1, "10000000")
    assert [(r["account"], r["paid"], r["over"]) for r in found["rows"]] == [
        ("101", "6000000", "0"), ("55", "4000000", "3000000"), ("102", "3000000", "0"),
    ]  # fmt: skip
    assert (found["owed"], found["paid"], found["over"]) == ("16000000", "13000000", "3000000")
    assert found["confidence"] == "secondary"
    for lang in ("ja", "en"):
        assert sonae(*words, *more, "--lang", lang).code == 0
    found = sonae(*words, *more, "--cap", "1", "--json").json()
    assert (found["cap_given"], found["paid"]) == (True, "2")


def test_rows_that_cannot_be_used_are_listed_and_a_rule_without_an_order_is_named(
    tmp_path: Path,
) -> None:
    file = tmp_path / "p.csv"
    file.write_text("person,account,amount\nP,1,-5\n,2,5\nP,1,7\nP,,1\n", encoding="utf-8")
    words = ("claims", "caps", file, "--json", "--on")
    said = sonae(*words, "2026-11-28")
    assert said.code == 3
    assert [(p["row"], p["column"]) for p in said.json()["problems"]] == [
        (1, "amount"), (2, "person"), (3, "account"), (4, "account"),
    ]  # fmt: skip
    file.write_text("person,account,amount\nP,1,5\n", encoding="utf-8")
    assert sonae(*words, "2026-11-28").code == 0
    assert sonae(*words, "2026-05-01").code == 2
    assert sonae(*words, "2026-11-28", "--rule", "jp.dicj.insured_deposit").code == 2
    file.write_text("person,amount\nP,5\n", encoding="utf-8")
    said = sonae(*words, "2026-11-28")
    assert (said.code, said.json()["problems"][0]["name"]) == (3, "missing-column")
    said = sonae(*words, "2026-11-28", "--people", file)
    assert (said.code, said.json()["problems"][0]["table"]) == (3, "people")
    file.write_bytes(b"\xff\xfe")
    said = sonae(*words, "2026-11-28")
    assert (said.code, said.json()["problems"][0]["name"]) == (3, "unreadable-file")
    file.write_text(f"person,account,amount\nP,1,{10**38}\nP,2,\nP\n", encoding="utf-8")
    said = sonae(*words, "2026-11-28")
    assert (said.code, len(said.json()["problems"])) == (3, 4)
