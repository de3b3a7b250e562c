"""What must be on record before an unclaimed amount is deposited (E97)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from sonae.claims.counters import bucket
from sonae.claims.payment import State
from sonae.claims.unclaimed import (
    GROUNDS_CONFIDENCE,
    HOUSE,
    Attempt,
    Record,
    Rule,
    Sale,
    counted,
    may_deposit,
)
from sonae.core.errors import Refused

ON = date(2027, 7, 1)
TRIED = (
    Attempt("mail", date(2026, 12, 1), "undeliverable"),
    Attempt("registered_letter", date(2027, 3, 1), "undeliverable"),
    Attempt("telephone", date(2027, 6, 1), "no_answer"),
)
MONEY = Record(
    claim="e5354744",
    asset="JPY",
    kind="money",
    scale=0,
    units=48_000,
    attempts=TRIED,
    ground="cannot_receive",
    office="東京法務局",
    cost=1_100,
    cost_borne_by="firm",
    time_bar=date(2036, 12, 1),
)
SALE = Sale(
    method="auction",
    permission="東京地方裁判所 令和9年(シ)第1号",
    permitted_on=date(2027, 6, 10),
    on=date(2027, 6, 20),
    units=150_000_000,
    price=Fraction("9600000.5"),
    proceeds=14_400_000,
)
COINS = replace(MONEY, asset="BTC", kind="coins", scale=8, units=150_000_000, sale=SALE)


@pytest.mark.parametrize("record", [MONEY, COINS])
def test_E97_a_complete_record_may_be_deposited(record: Record) -> None:
    assert may_deposit(record, ON) == (True, ())


@pytest.mark.parametrize(
    ("changed", "ja", "en"),
    [
        ({"attempts": TRIED[1:]}, "社内規程", "2 tries"),
        ({"attempts": ()}, "0回", "0 tries"),
        ({"attempts": (*TRIED[:2], TRIED[2]._replace(on=date(2027, 5, 31)))}, "6か月", "6 months"),
        ({"attempts": tuple(a._replace(channel="mail") for a in TRIED)}, "1種", "1 channels"),
        ({"ground": ""}, "根拠", "ground"),
        ({"office": " "}, "供託所", "office"),
        ({"cost": None}, "費用", "cost"),
        ({"cost_borne_by": ""}, "負担者", "bears"),
        ({"time_bar": None}, "消滅時効", "time bar"),
    ],
)
def test_E97_what_is_lacking_is_said_in_both_languages(
    changed: dict[str, Any], ja: str, en: str
) -> None:
    for record in (MONEY, COINS):
        good, why = may_deposit(replace(record, **changed), ON)
        assert not good
        assert any(ja in t.ja and en in t.en for t in why)


@pytest.mark.parametrize(
    ("sale", "en"),
    [
        (None, "cannot be deposited as coins"),
        (replace(SALE, method="given away"), "method"),
        (replace(SALE, permission=""), "permission"),
        (replace(SALE, permitted_on=date(2027, 6, 21)), "permission"),
        (replace(SALE, on=date(2027, 7, 2)), "yet to come"),
        (replace(SALE, units=149_999_999), "were sold"),
        (replace(SALE, proceeds=14_399_999), "rounded down"),
        (replace(SALE, price=Fraction(0), proceeds=0), "rounded down"),
    ],
)
def test_E97_coins_are_sold_by_permission_before_money_is_deposited(
    sale: Sale | None, en: str
) -> None:
    good, why = may_deposit(replace(COINS, sale=sale), ON)
    assert not good
    assert any(en in t.en for t in why)


def test_E97_everything_lacking_is_said_at_once() -> None:
    good, why = may_deposit(Record("c", "BTC", "coins", 8, 1), ON)
    assert (good, len(why)) == (False, 8)


def test_E97_tries_count_since_the_person_was_last_reached_and_not_from_days_to_come() -> None:
    reached = replace(MONEY, attempts=(*TRIED, Attempt("mail", date(2027, 6, 15), "reached")))
    assert counted(reached, ON) == ()
    assert counted(reached, date(2027, 6, 14)) == TRIED
    assert not may_deposit(MONEY, date(2027, 5, 31))[0]
    assert may_deposit(replace(MONEY, attempts=TRIED[::-1]), ON)[0]


def test_E97_tries_and_months_are_parameters_marked_as_a_house_rule() -> None:
    assert HOUSE.standing == "house"
    assert GROUNDS_CONFIDENCE == "memory"
    good, why = may_deposit(MONEY, ON, Rule(tries=4, months=12, channels=4))
    assert not good
    assert ["house rule" in t.en and "社内規程" in t.ja for t in why] == [True, True, True]
    assert may_deposit(replace(MONEY, attempts=TRIED[:1]), ON, Rule(1, 0, 1))[0]


def test_E97_nothing_is_forfeited_the_claim_stays_and_costs_are_not_taken_off() -> None:
    for record in (MONEY, COINS, replace(MONEY, time_bar=date(2027, 1, 1))):
        may_deposit(record, ON)
        assert record.still_claimed == record.units
    assert MONEY.deposit == 48_000
    assert COINS.deposit == 14_400_000
    assert replace(COINS, sale=None).deposit is None
    assert bucket(State("held", "unclaimed")) == "unclaimed"


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "shares"},
        {"units": 0},
        {"cost": -1},
        {"attempts": (Attempt("pigeon", ON, "no_answer"),)},
        {"attempts": (Attempt("mail", ON, "maybe"),)},
        {"sale": SALE},
    ],
)
def test_a_record_that_says_what_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        may_deposit(replace(MONEY, **wrong), ON)
