"""`sonae estate elect`: early lump sums over all claims of each person, to the unit."""

from __future__ import annotations

import shutil
from fractions import Fraction
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sonae.claims.estate.terms import elect
from tests.command import Said, sonae

PLAN = """
[estate]
id = "example"
entity = "Example K.K."
proceeding = "rehabilitation"
commencement_on = 2026-11-20
record_on = 2026-12-20
currency = "JPY"
basis = "money"
residue_account = "residue"
[[asset]]
asset = "JPY"
scale = 0
[[pool]]
id = "general"
kind = "general"
asset = "JPY"
amount = {amount}
"""
HEAD = "claimant,person,asset,amount,rank,state,flags\n"


def run(
    root: Path, rows: str, elections: str, *more: str, amount: int = 10**15, full: str = "200000"
) -> Said:
    (root / "plan.toml").write_text(PLAN.format(amount=amount), "utf-8")
    (root / "claims.csv").write_text(HEAD + rows, "utf-8")
    (root / "elections.csv").write_text("person,choice\n" + elections, "utf-8")
    return sonae(
        *("estate", "elect", root / "plan.toml", "--claims", root / "claims.csv"),
        *("--elections", root / "elections.csv", "--in-full", full, "--json"),
        *(more or ("--early-share", "0.21")),
    )


def test_so_much_in_full_then_early_in_part_or_for_later(tmp_path: Path) -> None:
    """P1's two claims are one: 200,000 in full, 21 % of 500,001 rounded down once."""
    rows = (
        "A,P1,JPY,300001,customer,admitted,\nB,P1,JPY,400000,customer,admitted,\n"
        "C,P2,JPY,900000,customer,admitted,\nD,P3,JPY,150000,customer,late,\n"
        "bank,,JPY,77,ordinary,admitted,\n"
    )
    out = ("--early-share", "0.21", "--out", str(tmp_path / "out"))
    said = run(tmp_path, rows, "P1,early\nP3,early\n", *out)
    assert said.code == 0, said.err
    found = said.json()["choices"]
    assert found["early"] == {
        "people": 2, "claims": 3, "claimed": "850001", "in_full": "350000", "early": "105000",
        "waived": "395001", "later": "0", "reserved": "150000",
    }  # fmt: skip
    assert (found["later"]["people"], found["later"]["in_full"]) == (1, "200000")
    left = pq.read_table(tmp_path / "out" / "claims.parquet").to_pylist()
    assert {r["claimant"]: int(r["amount"]) for r in left} == {
        "A": 0, "B": 0, "C": 700000, "D": 0, "bank": 77,
    }  # fmt: skip
    later = sonae(
        *("estate", "distribute", tmp_path / "plan.toml", "--json"),
        *("--claims", tmp_path / "out" / "claims.parquet"),
    )
    assert later.code == 0, later.err
    assert said.json()["needed_now"] == str(350000 + 105000 + 200000)


@given(
    claims=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 10**20)), min_size=1, max_size=12),
    early=st.sets(st.integers(0, 4)),
    full=st.integers(0, 10**20),
    share=st.fractions(0, 1, max_denominator=10**6),
)
@settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_each_person_gets_what_the_rule_over_one_claim_says(
    tmp_path: Path,
    claims: list[tuple[int, int]],
    early: set[int],
    full: int,
    share: Fraction,
) -> None:
    shutil.rmtree(tmp_path / "out", ignore_errors=True)
    rows = "".join(
        f"A{n},P{who},JPY,{amount},customer,admitted,\n" for n, (who, amount) in enumerate(claims)
    )
    whole: dict[int, int] = {}
    for who, amount in claims:
        whole[who] = whole.get(who, 0) + amount
    chosen = "".join(f"P{who},early\n" for who in sorted(early & set(whole)))
    options = ("--early-share", f"{share.numerator}/{share.denominator}")
    said = run(
        tmp_path, rows, chosen, *options, "--out", str(tmp_path / "out"), full=str(full),
        amount=10**36,
    )  # fmt: skip
    assert said.code == 0, said.err
    table = pq.read_table(tmp_path / "out" / "elections.parquet").to_pylist()
    for who, total in whole.items():
        mine = [r for r in table if r["person"] == f"P{who}"]
        expected = elect(total, full, share, who in early)
        for part in ("in_full", "early", "waived", "later"):
            assert sum(int(r[part]) for r in mine) == getattr(expected, part)
        for r in mine:
            assert int(r["amount"]) == sum(
                int(r[p]) for p in ("in_full", "early", "waived", "later")
            )


def test_more_than_there_is_is_a_finding(tmp_path: Path) -> None:
    said = run(tmp_path, "A,P1,JPY,300000,customer,admitted,\n", "", amount=150000)
    assert (said.code, said.json()["short"]) == (1, "50000")


@pytest.mark.parametrize(
    ("elections", "name"),
    [
        ("P9,early\n", "unknown-person"),
        ("P1,early\nP1,later\n", "repeated-key"),
        ("P1,x\n", "unknown-code"),
    ],
)
def test_elections_that_cannot_be_used_are_refused(
    tmp_path: Path, elections: str, name: str
) -> None:
    said = run(tmp_path, "A,P1,JPY,3,customer,admitted,\n", elections)
    assert said.code == 3
    assert said.json()["problems"][0]["name"] == name


@pytest.mark.parametrize("share", ["1.1", "-0.1", "x"])
def test_terms_that_cannot_be_are_refused(tmp_path: Path, share: str) -> None:
    said = run(tmp_path, "A,P1,JPY,3,customer,admitted,\n", "", "--early-share", share)
    assert said.code == 2


@pytest.mark.parametrize(("lang", "word"), [("ja", "早期一括"), ("en", "early lump sum")])
def test_people_read_what_each_choice_comes_to(tmp_path: Path, lang: str, word: str) -> None:
    run(tmp_path, "A,P1,JPY,3,customer,admitted,\n", "P1,early\n")
    said = sonae(
        *("estate", "elect", tmp_path / "plan.toml", "--claims", tmp_path / "claims.csv"),
        *("--elections", tmp_path / "elections.csv", "--in-full", "1", "--early-share", "0.5"),
        *("--lang", lang),
    )
    assert word in said.out


def test_a_cap_or_an_amount_in_full_of_any_size_is_exact(tmp_path: Path) -> None:
    """Beyond fifteen digits too: a person's cap in `distribute`, the amount in full here."""
    many = 10**20 + 7
    rows = f"A,P1,JPY,{many * 3},customer,admitted,\n"
    said = run(tmp_path, rows, "", amount=10**30, full=str(many))
    assert said.json()["choices"]["later"]["in_full"] == str(many)
    plan = (tmp_path / "plan.toml").read_text("utf-8")
    capped = plan.replace('residue"', f'residue"\ncap_per_person = "{many}"', 1)
    (tmp_path / "plan.toml").write_text(capped, "utf-8")
    words = ("estate", "distribute", tmp_path / "plan.toml", "--claims", tmp_path / "claims.csv")
    found = sonae(*words, "--json").json()
    assert found["groups"][0]["general"]["now"] == str(many)
