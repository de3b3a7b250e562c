"""The plan of a reserve: payments, refill, feasibility, and thirty days ahead by price path."""

from __future__ import annotations

import calendar as days_of
import json
from collections.abc import Mapping
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import jpholiday
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.console import Console

from sonae.actions.fund.plan import plan_fund
from sonae.core.canonical import canonical_bytes, parse_number
from sonae.core.errors import UnitError, UsageError
from sonae.core.figure import Figure, Range, missing
from sonae.core.text import LANGS, Text
from sonae.fund.plan import PlanMonth, feasibility, monthly_plan, pay_days, refill_due
from sonae.report.fund_plan import plan_view
from sonae.rulebook.calendars import CALENDARS
from tests import kit

BANK = CALENDARS["jp.bank"]
ON = date(2026, 11, 20)


def yen(amount: int | Fraction, id: str = "fact:amount") -> Figure:
    return Figure(Fraction(amount), "JPY", id=id)


def unknown(key: str) -> Figure:
    return missing(key, Text(f"{key}がない", f"{key} is not given"), "JPY")


def plan(
    required: int | Fraction, balance: int | Fraction, first: date, target: date, step: int = 1
) -> tuple[PlanMonth, ...]:
    figures = yen(required, "fact:required"), yen(balance, "fact:balance")
    return monthly_plan(*figures, first, target, BANK, step)


def paid(months: tuple[PlanMonth, ...]) -> list[Fraction]:
    return [m.contribution.number() for m in months]


# -- payments --------------------------------------------------------------------------------------


def test_equal_payments_and_the_last_takes_what_remains() -> None:
    months = plan(1_000, 0, date(2026, 10, 1), date(2026, 12, 31))
    assert paid(months) == [334, 334, 332]
    assert [m.pays_on.isoformat() for m in months] == ["2026-10-30", "2026-11-30", "2026-12-30"]
    assert [m.balance_after.number() for m in months] == [334, 668, 1_000]
    assert [m.still_short.number() for m in months] == [666, 332, 0]


def test_a_step_rounds_up_and_the_plan_ends_when_all_is_paid() -> None:
    months = plan(5, 0, date(2026, 1, 1), date(2026, 4, 30), step=2)
    assert paid(months) == [2, 2, 1]
    assert paid(plan(1, 0, date(2026, 1, 1), date(2026, 12, 31), step=1_000)) == [1]


def test_nothing_short_is_an_empty_plan() -> None:
    assert plan(100, 100, ON, ON) == ()
    assert plan(100, 101, ON, date(2030, 1, 1)) == ()
    assert plan(100, 100, date(2026, 12, 31), date(2027, 1, 3)) == ()


def test_one_month_pays_all_of_it() -> None:
    [month] = plan(777, 70, date(2026, 11, 1), date(2026, 11, 30))
    assert month.contribution.number() == 707
    assert month.pays_on == date(2026, 11, 30)


def test_a_target_of_today_is_paid_today() -> None:
    [month] = plan(10, 0, ON, ON)
    assert month.pays_on == ON


def test_no_payment_falls_after_the_target_or_before_the_first_day() -> None:
    assert pay_days(date(2026, 11, 20), date(2027, 3, 15), BANK) == (
        date(2026, 11, 30),
        date(2026, 12, 30),
        date(2027, 1, 29),
        date(2027, 2, 26),
        date(2027, 3, 15),
    )
    assert pay_days(date(2026, 12, 31), date(2027, 1, 31), BANK) == (date(2027, 1, 29),)


def test_banks_are_closed_from_31_december_to_3_january() -> None:
    """30 December 2026 is a Wednesday; 31 December to 3 January no bank is open."""
    [month] = plan(10, 0, date(2026, 12, 30), date(2027, 1, 3))
    assert month.pays_on == date(2026, 12, 30)
    with pytest.raises(UsageError, match="no Japanese bank days business day"):
        plan(10, 0, date(2026, 12, 31), date(2027, 1, 3))


def test_a_fraction_of_a_yen_is_raised_to_a_whole_one() -> None:
    months = plan(Fraction(2_001, 2), 0, date(2026, 10, 1), date(2026, 11, 30))
    assert paid(months) == [501, 500]
    assert months[-1].still_short.number() == 0


def test_what_makes_no_plan_is_refused() -> None:
    with pytest.raises(UsageError, match="before the first day"):
        plan(10, 0, ON, ON - timedelta(1))
    with pytest.raises(UsageError, match="step"):
        plan(10, 0, ON, ON, step=0)
    with pytest.raises(UsageError, match="100 years"):
        plan(10, 0, ON, date(9999, 12, 31))


@pytest.mark.parametrize("gap", ["required", "balance"])
def test_a_plan_without_its_shortfall_has_days_and_says_what_is_missing(gap: str) -> None:
    figures = {"required": yen(10), "balance": yen(0)} | {gap: unknown(gap)}
    months = monthly_plan(
        figures["required"], figures["balance"], date(2026, 10, 1), date(2026, 12, 31), BANK
    )
    assert len(months) == 3
    for month in months:
        for figure in (month.contribution, month.balance_after, month.still_short):
            assert not figure.computable
            assert f"{gap} is not given" in figure.value.reason().en  # type: ignore[union-attr]


def test_a_range_fixes_no_payment_and_says_so() -> None:
    wide = Figure(Range(Fraction(1_000), Fraction(2_000)), "JPY", id="fact:required")
    [month] = monthly_plan(wide, yen(500), ON, ON, BANK)
    reason = month.contribution.value.reason()  # type: ignore[union-attr]
    assert "from 500 to 1,500" in reason.en
    assert "500から1,500まで" in reason.ja


def restated(short: int, first: date, target: date, step: int) -> list[tuple[date, int]]:
    """The plan again in plain integers, each day found by counting."""
    pays: dict[tuple[int, int], date] = {}
    day = first
    while day <= target:
        shut = day.weekday() >= 5 or jpholiday.is_holiday(day)
        if not shut and (day.month, day.day) not in {(12, 31), (1, 2), (1, 3)}:
            pays[day.year, day.month] = day
        day += timedelta(1)
    parts = len(pays)
    each = -(-short // (parts * step)) * step
    rows, left = [], short
    for day in pays.values():
        amount = min(each, left)
        left -= amount
        rows += [(day, amount)] if amount else []
    return rows


amounts, steps = st.integers(0, 10**15), st.sampled_from([1, 7, 1_000, 1_000_000])
firsts = st.dates(date(2024, 1, 1), date(2030, 12, 31))


@settings(deadline=None, max_examples=120)
@given(amounts, amounts, firsts, st.integers(14, 900), steps)
@example(1, 0, date(2026, 12, 31), 14, 1)
@example(10**15, 0, date(2026, 1, 4), 14, 1_000_000)
def test_any_plan_is_the_one_in_plain_integers_and_pays_the_shortfall_exactly(
    required: int, balance: int, first: date, span: int, step: int
) -> None:
    target, short = first + timedelta(span), max(0, required - balance)
    months = plan(required, balance, first, target, step)
    rows = [(m.pays_on, int(m.contribution.number())) for m in months]
    assert rows == (restated(short, first, target, step) if short else [])
    assert sum(amount for _, amount in rows) == short
    assert all(amount > 0 and first <= day <= target and BANK.is_open(day) for day, amount in rows)
    running = balance
    for month, (_, amount) in zip(months, rows, strict=True):
        running += amount
        assert month.balance_after.number() == running
        assert month.still_short.number() == max(0, required - running)


@settings(deadline=None, max_examples=60)
@given(amounts, amounts, st.integers(0, 10**15), firsts, st.integers(14, 900), steps)
def test_more_balance_never_needs_more_by_any_day(
    required: int, balance: int, more: int, first: date, span: int, step: int
) -> None:
    """A last payment may be larger, but what is paid up to any day is not."""
    target = first + timedelta(span)
    days = pay_days(first, target, BANK)

    def up_to(held: int, day: date) -> Fraction:
        months = plan(required, held, first, target, step)
        return sum((m.contribution.number() for m in months if m.pays_on <= day), Fraction(0))

    for day in days:
        assert up_to(balance + more, day) <= up_to(balance, day)


@given(firsts, st.integers(0, 700))
@settings(deadline=None, max_examples=60)
def test_a_whole_month_is_paid_on_its_last_business_day(first: date, span: int) -> None:
    target = first + timedelta(span)
    for day in pay_days(first, target, BANK):
        end = day.replace(day=days_of.monthrange(day.year, day.month)[1])
        after = [day + timedelta(n) for n in range(1, (min(end, target) - day).days + 1)]
        assert not any(BANK.is_open(d) for d in after)


# -- refill ----------------------------------------------------------------------------------------


def test_the_refill_clock_leaves_out_the_day_of_use_and_closed_days() -> None:
    two = Figure(Fraction(2), "days", id="draft/refill_business_days")
    assert refill_due(date(2026, 12, 30), two, BANK).value == date(2027, 1, 5)
    assert refill_due(date(2026, 11, 20), two, BANK).value == date(2026, 11, 25)
    none = Figure(Fraction(0), "days", id="draft/refill_business_days")
    assert refill_due(ON, none, BANK).value == ON


@pytest.mark.parametrize("days", [None, missing("d", Text("不明", "unknown days"), "days")])
def test_without_an_order_the_refill_day_is_not_computable(days: Figure | None) -> None:
    due = refill_due(ON, days, BANK)
    assert not due.computable
    reason = due.value.reason()  # type: ignore[union-attr]
    assert "no Cabinet Office Order fixes the days" in reason.en
    assert "内閣府令" in reason.ja
    assert ("unknown days" in reason.en) == (days is not None)


def test_business_days_that_cannot_be_counted_give_no_day() -> None:
    for value in (Fraction(5, 2), Fraction(-1), Range(Fraction(1), Fraction(3))):
        assert not refill_due(ON, Figure(value, "days", id="fact:days"), BANK).computable


# -- feasibility -----------------------------------------------------------------------------------


def feasible(**changed: Figure) -> dict[str, Figure]:
    given = {
        "required": yen(2_000, "fact:required"),
        "balance": yen(500, "fact:balance"),
        "annual_profit": yen(400, "fact:profit_jpy"),
        "net_assets": yen(6_000, "fact:net_assets_jpy"),
        "net_assets_required": yen(4_500, "fact:net_assets_required_jpy"),
        "capital": yen(1_000, "fact:capital_jpy"),
    }
    return feasibility(**(given | changed))


def test_the_shortfall_beside_capital_net_assets_and_profit() -> None:
    found = {k: f.value for k, f in feasible().items()}
    assert found == {
        "shortfall": 1_500,
        "share_of_capital": Fraction(3, 2),
        "share_of_net_assets": Fraction(1, 4),
        "years_of_profit": Fraction(15, 4),
        "phase_in_years_needed": 4,
        "headroom_jpy": 1_500,
        "fits_headroom": True,
    }
    assert feasible()["years_of_profit"].unit == "years"
    assert feasible(net_assets=yen(5_999))["fits_headroom"].value is False


@pytest.mark.parametrize("profit", [0, -1])
def test_without_a_profit_no_number_of_years_is_enough(profit: int) -> None:
    found = feasible(annual_profit=yen(profit, "fact:profit_jpy"))
    for key in ("years_of_profit", "phase_in_years_needed"):
        assert not found[key].computable
        assert "zero or below" in found[key].value.reason().en  # type: ignore[union-attr]
    assert found["fits_headroom"].value is True


def test_each_output_answers_for_itself() -> None:
    gaps = {
        "annual_profit": {"years_of_profit", "phase_in_years_needed"},
        "net_assets": {"share_of_net_assets", "headroom_jpy", "fits_headroom"},
        "net_assets_required": {"headroom_jpy", "fits_headroom"},
        "capital": {"share_of_capital"},
    }
    for name, lost in gaps.items():
        found = feasible(**{name: unknown(name)})
        assert {k for k, f in found.items() if not f.computable} == lost
    found = feasible(net_assets=yen(-5), capital=yen(0))
    assert not found["share_of_net_assets"].computable
    assert not found["share_of_capital"].computable
    assert found["headroom_jpy"].value == -4_505
    assert found["fits_headroom"].value is False


def test_amounts_in_different_units_are_refused() -> None:
    with pytest.raises(UnitError):
        feasible(capital=Figure(Fraction(1), "USD", id="fact:capital"))


def test_a_range_of_required_is_a_range_of_years() -> None:
    wide = Figure(Range(Fraction(900), Fraction(2_000)), "JPY", id="fact:required")
    found = feasible(required=wide)
    assert found["years_of_profit"].value == Range(Fraction(1), Fraction(15, 4))
    assert found["phase_in_years_needed"].value == Range(Fraction(1), Fraction(4))


# -- from Books ------------------------------------------------------------------------------------

DRAFT = """
refill_business_days = 3

[draft]
id = "test.fund"
regime = "jp"
title = { ja = "試験用の案", en = "test draft" }
note = { ja = "試験用", en = "for tests" }
drafted_on = 2026-11-01
source = "tests"

[[component]]
base = "custody_value"
rate = "1/20"
"""
PRICE, OWED, COINS, CASH = 15_000_000, 100, 4, 30_000_000
"""Required is 75 million; four coins at half their value and 30 million yen are 60 million."""


def books(folder: Path, **tables: kit.Rows) -> Path:
    """The clean day with a reserve of coins and money, and a balance sheet."""
    sheet = {"capital": 1_000, "net_assets": 2_000_000_000, "profit": 4_000_000}
    rows = [*kit.clean()["holdings"], kit.holding("res", "BTC", COINS * 10**8, "reserve")]
    money = [
        *kit.clean()["statements"],
        kit.statement("res-1", str(CASH), "reserve"),
    ]
    financials = [
        {"on": "2026-09-30", "item": item, "amount": amount} for item, amount in sheet.items()
    ]
    given = {"holdings": rows, "statements": money, "financials": financials} | tables
    return kit.write(folder / "books", kit.changed(**given))


def run(
    tmp_path: Path,
    target: date = date(2027, 1, 31),
    draft: str = DRAFT,
    tables: Mapping[str, kit.Rows] | None = None,
    **options: Any,
) -> dict[str, Any]:
    tmp_path.mkdir(parents=True, exist_ok=True)
    file = tmp_path / "draft.toml"
    file.write_text(draft, "utf-8")
    return plan_fund(books(tmp_path, **(tables or {})), str(file), target, **options)


def path_of(document: Mapping[str, Any], key: str) -> dict[str, Any]:
    [found] = [p for p in document["forecast"]["paths"] if p["key"] == key]
    return dict(found)


def test_a_plan_from_books(tmp_path: Path) -> None:
    document = run(tmp_path)
    assert document["amounts"]["required"] == "75000000"
    assert document["amounts"]["balance"] == "60000000"
    assert document["balance_from"] == "books"
    assert [(r["pays_on"], r["contribution"]) for r in document["plan"]] == [
        ("2026-11-30", "5000000"),
        ("2026-12-30", "5000000"),
        ("2027-01-29", "5000000"),
    ]
    assert document["refill"]["due"] == "2026-11-26"
    assert document["feasibility"]["years_of_profit"] == "3.75"
    assert document["feasibility"]["phase_in_years_needed"] == "4"
    assert document["feasibility"]["share_of_capital"] == "15000"
    assert document["feasibility"]["headroom_jpy"] == "2000000000"


def test_every_number_of_the_plan_can_be_opened_and_is_exact(tmp_path: Path) -> None:
    document = run(tmp_path)
    canonical_bytes(document)
    assert json.loads(json.dumps(document)) == document
    opened = {f["id"]: f for f in document["figures"]}

    def ids(node: Any) -> list[str]:
        if isinstance(node, dict):
            own = list(node.get("figures", {}).values()) if "figures" in node else []
            return own + [i for k, v in node.items() if k != "figures" for i in ids(v)]
        return [i for item in node for i in ids(item)] if isinstance(node, list) else []

    named = ids({k: v for k, v in document.items() if k not in ("figures", "citations")})
    assert len(named) > 250
    assert set(named) <= set(opened)
    assert {i for f in opened.values() for i in f["from"]} <= set(opened)
    assert opened["plan/2026-11#contribution"]["standing"] == "proposed"


def test_prices_that_do_not_move_give_the_close_itself(tmp_path: Path) -> None:
    tables = {"holdings": [*kit.clean()["holdings"], kit.holding("r", "BTC", 123_456, "reserve")]}
    closed = kit.close(
        tmp_path / "close",
        kit.changed(
            **tables, statements=[*kit.clean()["statements"], kit.statement("s", "7", "reserve")]
        ),
        assume=["jp.proposal.custody-value"],
        files={"policies.toml": POLICY},
    )
    document = plan_fund(
        tmp_path / "close", "jp.proposal.custody-value", date(2027, 1, 31), variant="1pct"
    )
    cover = closed.document["cover"]["by_regime"]["jp.proposal.custody-value.1pct"]
    for point in path_of(document, "unchanged")["points"]:
        assert point["required"] == cover["required"]
        assert point["reserve"] == cover["going_concern"]["reserve"]
        assert point["insurance"] == cover["going_concern"]["insurance"] != "0"
        assert point["cover"] == cover["going_concern"]["total"]
        assert point["surplus"] == cover["surplus"]


POLICY = """
[[policy]]
policy_id = "P-1"
insurer = "Test Insurance"
insurer_licence = "JP"
form = "crime"
insurance_kind = "first_party"
period_start = 2026-04-01
period_end = 2027-03-31
currency = "JPY"
limit_per_event = "300000000"
annual_aggregate = "300000000"
retention = "10000000"
co_insurance = "0"
claims_paid = "0"
beneficiary = "firm"
pledge = "none"
terminates_on = []
"""


@pytest.mark.parametrize(
    ("key", "shock"),
    [
        ("unchanged", 0),
        ("fall-50", -50),
        ("fall-30", -30),
        ("rise-30", 30),
        ("rise-50", 50),
        ("rise-100", 100),
    ],
)
def test_a_straight_path_restated_in_integers(tmp_path: Path, key: str, shock: int) -> None:
    """Price on day d is PRICE × (3000 + shock × d) / 3000; coins in the reserve move with it."""
    path, short = path_of(run(tmp_path), key), []
    for point in path["points"]:
        price = Fraction(PRICE * (3_000 + shock * point["day"]), 3_000)
        required, reserve = OWED * price / 20, COINS * price / 2 + CASH
        assert parse_number(point["required"]) == required
        assert parse_number(point["reserve"]) == reserve
        assert parse_number(point["reserve_surplus"]) == reserve - required
        short.append((point["day"], max(Fraction(0), required - reserve)))
    assert parse_number(path["worst_shortfall_reserve_alone"]) == max(s for _, s in short)
    first = next((ON + timedelta(d) for d, s in short if s), None)
    assert path["first_day_short_reserve_alone"] == (first.isoformat() if first else None)


def test_wrong_way_risk_is_visible(tmp_path: Path) -> None:
    """A required floor stands while the coins of the reserve fall: only they make it short."""
    floor = DRAFT.replace("refill_business_days = 3", "bracket = { floor = 50_000_000, cap = 1e9 }")
    draft = floor.replace("1e9", "1_000_000_000").replace('"1/20"', '"1/1000"')
    document = run(tmp_path, draft=draft)
    path = path_of(document, "fall-50")
    assert document["forecast"]["moves"]["moves_with_prices"] == "30000000"
    assert path["points"][-1]["required"] == "50000000"
    assert path["points"][-1]["reserve"] == "45000000"
    assert path["first_day_short"] == "2026-12-15"
    assert path["worst_shortfall"] == "5000000"
    assert path_of(document, "rise-30")["first_day_short"] is None
    assert not document["plan"]
    given = run(tmp_path / "x", draft=draft, balance_jpy=60_000_000)
    assert path_of(given, "fall-50")["first_day_short"] is None
    assert given["forecast"]["moves"]["moves_with_prices"] == "0"


def test_the_part_of_the_insurance_that_is_unknown_leaves_the_reserve_alone(tmp_path: Path) -> None:
    """A draft that lets insurance meet a part, and no policies: the reserve alone still answers."""
    document = run(tmp_path, draft='insurance_share = "1/2"\n' + DRAFT)
    path = path_of(document, "rise-30")
    opened = {f["id"]: f for f in document["figures"]}
    assert opened[path["figures"]["worst_shortfall"]]["kind"] == "not_computable"
    assert opened[path["figures"]["first_day_short"]]["missing"] == ["policies"]
    assert path["worst_shortfall_reserve_alone"] == "28500000" == str(97_500_000 - 69_000_000)
    assert document["plan"][0]["contribution"] == "5000000"
    with_insurance = run(
        tmp_path / "x", draft='insurance_share = "1/2"\n' + DRAFT, with_insurance=True
    )
    assert with_insurance["plan"][0]["contribution"] is None


def seen(*prices: int, asset: str = "BTC", last: date = ON) -> list[dict[str, Any]]:
    first = last - timedelta(len(prices) - 1)
    return [
        {"asset": asset, "on": first + timedelta(n), "currency": "JPY", "price": p, "source": "a"}
        for n, p in enumerate(prices)
    ]


def test_paths_from_history_are_the_lowest_and_the_highest_thirty_days(tmp_path: Path) -> None:
    """33 days give three windows: they end at 1.5, at 0.5 and at 1 times their first price."""
    prices = [100, 200, 100, *[110] * 27, 150, 100, 100]
    document = run(tmp_path, tables={"history": seen(*prices)})
    first = ON - timedelta(32)
    highest = path_of(document, f"highest-{first}")
    lowest = path_of(document, f"lowest-{first + timedelta(1)}")
    assert highest["kind"] == "history"
    assert highest["first_day"] == first.isoformat()
    assert [p["required"] for p in highest["points"]] == [
        "75000000",
        *["82500000"] * 5,
        "112500000",
    ]
    assert [p["required"] for p in lowest["points"]][-1] == "37500000"
    assert document["forecast"]["history_missing"] is None
    opened = {f["id"]: f for f in document["figures"]}
    leaf = opened[f"fact:history/BTC/JPY/{first}/price"]
    assert leaf["source"]["table"] == "history"


def test_history_with_a_gap_gives_no_path_and_says_which_coin(tmp_path: Path) -> None:
    for days, rows in (
        ("few", seen(*[100] * 30)),
        ("after", seen(*[1] * 40, last=date(2027, 1, 5))),
    ):
        document = run(tmp_path / days, tables={"history": rows})
        assert len(document["forecast"]["paths"]) == 6
        assert "BTC" in document["forecast"]["history_missing"]["en"]
    assert "history" in run(tmp_path / "none")["forecast"]["history_missing"]["en"]


def test_books_without_a_net_asset_test_or_a_profit_say_so(tmp_path: Path) -> None:
    document = run(
        tmp_path, tables={"financials": [{"on": "2026-09-30", "item": "capital", "amount": 1}]}
    )
    opened = {f["id"]: f for f in document["figures"]}
    profit = opened[document["feasibility"]["figures"]["years_of_profit"]]
    assert profit["kind"] == "not_computable"
    assert "no profit" in profit["reason"]["en"]


def test_usage_is_checked(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"several variants.*1pct, 5pct"):
        plan_fund(tmp_path, "jp.proposal.custody-value", ON)
    with pytest.raises(UsageError, match="no variant '9pct'"):
        plan_fund(tmp_path, "jp.proposal.custody-value", ON, variant="9pct")
    with pytest.raises(UsageError, match="zero or more"):
        plan_fund(tmp_path, "jp.proposal.combined", ON, -1)
    with pytest.raises(UsageError, match="before the first day"):
        run(tmp_path, target=ON - timedelta(1))


@pytest.mark.parametrize("lang", LANGS)
def test_the_plan_on_a_screen_in_both_languages(tmp_path: Path, lang: Any) -> None:
    for n, options in enumerate(({}, {"balance_jpy": 10**9})):
        console = Console(width=160, record=True, quiet=True)
        with console.capture() as shown:
            console.quiet = False
            console.print(plan_view(run(tmp_path / str(n), **options), lang))
        text = shown.get()
        assert {"en": "Thirty days ahead", "ja": "30日後の見通し"}[lang] in text
        contributions = [line for line in text.splitlines() if " 5,000,000 " in f"{line} "]
        assert bool(contributions) == (n == 0)
