"""A close under the EU, Hong Kong and Korea, restated by hand; every amount in its own currency."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from sonae.actions.close import Closed, close_books
from tests.abroad.books import (
    BTC,
    MONEY,
    PRICES,
    YEAR,
    books,
    financials,
    history,
    money,
    policy,
    tables,
)
from tests.kit import Rows, figure, finding, findings, holding, refused

EU = """
[regime.eu]
class = 3
last_statement_on = 2026-09-30
average_active_users = 20000
"""
KR = """
[regime.kr]
type = "won_market"
"""
FUNDS = {"own_funds": 600_000, "fixed_overheads": 2_400_000, "fixed_overheads_deductions": 400_000}
SFC = {
    "capital": 5_000_000,
    "liquid_capital": 3_000_000,
    "adjusted_liabilities": 10_000_000,
    "operating_expenses_12_months": 12_000_000,
    "liquid_assets": 12_000_000,
}
WON = {"BTC": (60_000_000, 100_000_000), "ETH": (3_000_000,)}


def value(closed: Closed, id: str) -> Fraction | str:
    """A figure's number, or its kind where it has none."""
    found = figure(closed, id)
    return Fraction(found["value"]) if found["kind"] == "number" else str(found["kind"])


def eu(folder: Path, stated: str = EU, policies: str | None = None, **changed: Rows) -> Closed:
    """Close the European Books."""
    rows = tables("EUR") | {"financials": financials(**FUNDS)} | changed
    return close_books(books(folder / "eu", ["eu"], "EUR", rows, stated, policies))


def hk(folder: Path, policies: str | None = "", **changed: Rows) -> Closed:
    """Close the Books of Hong Kong: the reserve of 20 million on trust, insurance of 10 million."""
    rows = tables("HKD") | {"financials": financials(**SFC)} | changed
    insured = policy("P1", "HKD", 10_000_000) if policies == "" else policies
    return close_books(books(folder / "hk", ["hk"], "HKD", rows, policies=insured))


def kr(folder: Path, policies: str | None, **changed: Rows) -> Closed:
    """Close the Korean Books."""
    rows = tables("KRW") | {"history": history(WON)} | changed
    return close_books(books(folder / "kr", ["kr"], "KRW", rows, KR, policies))


# -- European Union --------------------------------------------------------------------------------


def test_the_eu_asks_for_custody_client_funds_and_safeguards(tmp_path: Path) -> None:
    closed = eu(tmp_path)
    custody = 100 * 50_000 + 1_000 * 2_000
    quarter = Fraction(2_400_000 - 400_000, 4)
    expected = {
        "stack/eu/custody#required": custody,
        "stack/eu/custody#held": custody,
        "stack/eu/client_funds#required": 1_000_000,
        "stack/eu/client_funds#held": 1_000_000,
        "stack/eu/safeguards#required": max(Fraction(150_000), quarter),
        "stack/eu/safeguards#held": 600_000,
        "stack/eu/safeguards#on_insolvency": 0,
        "cover/eu#required": custody + 1_000_000 + quarter,
        "cover/eu#held_on_insolvency": custody + 1_000_000,
        "cover/eu#surplus": 100_000,
    }
    assert {id: value(closed, id) for id in expected} == expected
    assert findings(closed) == []
    assert figure(closed, "cover/eu#required")["unit"] == "EUR"
    assert figure(closed, "eu.mica.custody_statement_due#due")["value"] == "2026-12-30"
    assert figure(closed, "eu.mica.client_funds_deadline#place_by")["value"] == "2026-11-23"


@pytest.mark.parametrize(("kind", "least"), [(1, 50_000), (2, 125_000), (3, 150_000)])
def test_the_permanent_minimum_of_the_class_stands_where_overheads_are_small(
    tmp_path: Path, kind: int, least: int
) -> None:
    small = financials(own_funds=least - 1, fixed_overheads=4, fixed_overheads_deductions=0)
    closed = eu(tmp_path, EU.replace("3", str(kind), 1), policies="", financials=small)
    assert value(closed, "eu.mica.prudential_safeguards#requirement_eur") == least
    found = finding(closed, "prudential-shortage")
    assert (found["severity"], found["provision"]["provision"]["en"]) == ("breach", "Art. 67(1)")
    assert found["due"] == {"ja": "直ちに", "en": "immediately"}
    assert "EUR 1 " in found["message"]["en"]


def test_clients_funds_that_are_not_with_a_bank_are_due_the_next_business_day(
    tmp_path: Path,
) -> None:
    """Friday 20 November: by the end of Monday. What is instructed inside that clock is held."""
    rest = money("EUR", 250_000, account="b", stage="instructed")
    both = [money("EUR", 700_000), rest]
    closed = eu(tmp_path, statements=both)
    found = finding(closed, "client-funds-not-placed")
    assert (found["severity"], found["due"]) == ("breach", "2026-11-23")
    assert found["provision"]["provision"]["en"] == "Art. 70(3)"
    assert "EUR 50,000" in found["message"]["en"]
    assert value(closed, "stack/eu/client_funds#on_insolvency") == 700_000
    late = [both[0], rest | {"as_of": "2026-11-18"}]
    closed = eu(tmp_path / "late", statements=late)
    assert "EUR 300,000" in finding(closed, "client-funds-not-placed")["message"]["en"]


@pytest.mark.parametrize(("day", "found"), [(29, False), (30, True)])
def test_no_finding_rests_on_law_before_its_first_day(
    tmp_path: Path, day: int, found: bool
) -> None:
    """MiCA Art. 70(3) is from 30 December 2024."""
    rows = tables("EUR") | {"statements": [money("EUR", 1)]}
    folder = books(tmp_path, ["eu"], "EUR", rows, EU)
    closed = close_books(folder, what_if_on=date(2024, 12, day))
    assert ("client-funds-not-placed" in findings(closed)) == found


ANSWERS = """
[[regime.eu.insurance]]
policy_id = "P1"
insurer_authorised = true
disclosed_on_website = true
covers = ["loss_of_documents", "misrepresentation", "breach_of_legal_obligations",
  "breach_of_duty_to_act_honestly", "breach_of_confidentiality",
  "conflict_of_interest_procedures", "business_disruption", "gross_negligence",
  "custody_liability"]
"""


def test_insurance_takes_the_place_of_own_funds_only_where_every_condition_is_answered(
    tmp_path: Path,
) -> None:
    """Own funds of 200,000 against 500,000: a policy of 300,000 fills the gap, or is no answer."""
    short = financials(**FUNDS | {"own_funds": 200_000})
    notice = policy("P1", "EUR", 300_000, "cancellation_notice_days = 90")
    met = eu(tmp_path / "a", EU + ANSWERS, notice, financials=short)
    assert value(met, "stack/eu/safeguards#held") == 500_000
    assert value(met, "stack/eu/safeguards#on_insolvency") == 300_000
    assert figure(met, "eu.mica.prudential_safeguards#test")["value"] == "pass"
    assert "prudential-shortage" not in findings(met)

    open_ = eu(tmp_path / "b", EU, notice, financials=short)
    held = figure(open_, "stack/eu/safeguards#held")
    assert held["kind"] == "not_computable"
    assert "disclosed_on_website" in held["reason"]["en"]

    lacking = ANSWERS.replace('"misrepresentation", ', "").replace(
        "covers =", 'not_covered = ["misrepresentation"]\ncovers ='
    )
    no = eu(tmp_path / "c", EU + lacking, notice, financials=short)
    assert value(no, "stack/eu/safeguards#held") == 200_000
    assert "EUR 300,000" in finding(no, "prudential-shortage")["message"]["en"]


def test_what_the_european_books_do_not_hold_is_named_and_never_zero(tmp_path: Path) -> None:
    """Without statements of class, users, reports and finances; own funds are asked for by name."""
    closed = eu(tmp_path, stated="", financials=financials(own_funds=1))
    reasons = {
        "eu.mica.prudential_safeguards#requirement_eur": "regime.eu.class",
        "eu.mica.prudential_safeguards#fixed_overheads_eur": "fixed_overheads",
        "eu.mica.custody_statement_due#due": "regime.eu.last_statement_on",
        "eu.mica.significant_casp#significant": "regime.eu.average_active_users",
        "cover/eu#required": "regime.eu.class",
    }
    for id, name in reasons.items():
        found = figure(closed, id)
        assert found["kind"] == "not_computable", id
        assert name in found["reason"]["en"], id
    assert value(closed, "stack/eu/client_funds#held") == 1_000_000
    notes = [f["subject"] for f in closed.document["findings"] if f["name"] == "not-computable"]
    assert set(notes) >= {
        "eu.mica.prudential_safeguards",
        "eu.mica.custody_statement_due",
        "eu.mica.significant_casp",
    }


def test_reports_and_size_are_watched_by_the_day(tmp_path: Path) -> None:
    late = EU.replace("2026-09-30", "2026-08-19").replace("20000", "15000000")
    closed = eu(tmp_path, late)
    found = finding(closed, "position-statement-late")
    assert (found["severity"], found["due"]) == ("breach", "2026-11-19")
    assert finding(closed, "significant-provider")["severity"] == "note"


# -- Hong Kong -------------------------------------------------------------------------------------

TRUST: Sequence[dict[str, Any]] = [
    {
        "instrument_id": "reserve-1", "kind": "trust_deed", "holder": "Bank",
        "title": "trust_for_customers", "currency": "HKD", "amount": "20000000",
        "bankruptcy_remote": "yes", "maturity": "",
    },
]  # fmt: skip


def with_reserve(amount: int, *more: dict[str, Any]) -> dict[str, Rows]:
    """A reserve account on trust beside customers' money, and more instruments."""
    account = money("HKD", amount, "reserve")
    return {"statements": [money("HKD", MONEY["HKD"]), account], "instruments": [*TRUST, *more]}


def deed(id: str, kind: str, amount: int, maturity: str = "") -> dict[str, Any]:
    """A further instrument."""
    return dict(TRUST[0]) | {
        "instrument_id": id, "kind": kind, "amount": str(amount), "maturity": maturity,
    }  # fmt: skip


def test_hong_kong_asks_for_half_of_the_cold_and_all_of_the_rest(tmp_path: Path) -> None:
    """99 % cold of 56 million; insurance 10, trust money 18, a guarantee of 1 behind it."""
    closed = hk(tmp_path, **with_reserve(18_000_000, deed("g", "guarantee", 1_000_000)))
    whole = 100 * 400_000 + 1_000 * 16_000
    need = Fraction(99, 100) * whole / 2 + Fraction(1, 100) * whole
    assert need == 28_280_000
    expected = {
        "hk.vatp.cold_share#cold_ratio": Fraction(99, 100),
        "stack/hk/compensation#required": need,
        "stack/hk/compensation#held": 29_000_000,
        "cover/hk#surplus": 29_000_000 - need,
    }
    assert {id: value(closed, id) for id in expected} == expected
    assert findings(closed) == []
    assert figure(closed, "cover/hk#required")["unit"] == "HKD"


def test_a_shortage_in_hong_kong_is_told_to_the_sfc_at_once(tmp_path: Path) -> None:
    """Money that is not on trust and a deposit of more than six months do not count."""
    rows = with_reserve(18_000_000)
    rows["instruments"] = [dict(TRUST[0]) | {"title": "own_account"}]
    closed = hk(tmp_path, **rows)
    found = finding(closed, "compensation-shortage")
    assert "HKD 18,280,000" in found["message"]["en"]
    assert "SFC" in found["message"]["en"]
    assert found["due"] == {"ja": "直ちに", "en": "immediately"}
    assert value(closed, "stack/hk/compensation#held") == 10_000_000
    for maturity, held in (("2027-05-20", 28_000_000), ("2027-05-21", 10_000_000)):
        rows["instruments"] = [deed("reserve-1", "deposit", 18_000_000, maturity)]
        closed = hk(tmp_path / maturity, **rows)
        assert value(closed, "stack/hk/compensation#held") == held, maturity


def test_every_test_of_hong_kong_can_fail(tmp_path: Path) -> None:
    """3 % hot; each amount one dollar below what is asked."""
    kept = ("adjusted_liabilities", "operating_expenses_12_months")
    less = financials(**{k: v if k in kept else v - 1 for k, v in SFC.items()})
    coins = {k: v for k, v in tables("HKD", (97, 970), (3, 30)).items() if k == "holdings"}
    closed = hk(tmp_path, financials=less, **coins, **with_reserve(18_860_000))
    short = {
        "cold-share-shortage": "HKD 560,000",
        "liquid-capital-shortage": "HKD 1 ",
        "liquid-assets-shortage": "HKD 1 ",
        "paid-up-capital-shortage": "HKD 1 ",
    }
    assert set(findings(closed)) == set(short)
    for name, amount in short.items():
        found = finding(closed, name)
        assert found["severity"] == "breach"
        assert found["provision"] is not None
        assert amount in found["message"]["en"] + " ", name


def test_hong_kong_cover_that_nobody_stated_is_not_computable_where_it_is_needed(
    tmp_path: Path,
) -> None:
    """Trust money alone suffices: then insurance is not asked for. Where it does not: a gap."""
    enough = hk(tmp_path / "a", policies=None, **with_reserve(28_280_000))
    assert value(enough, "cover/hk#surplus") == 0
    lacking = hk(tmp_path / "b", policies=None, **with_reserve(28_279_999))
    held = figure(lacking, "stack/hk/compensation#held")
    assert held["kind"] == "not_computable"
    assert "policies.toml" in held["reason"]["en"]
    assert "compensation-shortage" not in findings(lacking)


# -- Korea -----------------------------------------------------------------------------------------


def test_korea_values_at_the_years_average_and_asks_for_five_per_cent_of_the_hot(
    tmp_path: Path,
) -> None:
    """79 of 100 BTC are cold. Prices alternate day by day over 365 days, beginning with 60m."""
    rows = tables("KRW", (79, 790), (21, 210))
    closed = kr(tmp_path, policy("P1", "KRW", 2_999_999_999), holdings=rows["holdings"])
    days = (YEAR[1] - YEAR[0]).days + 1
    average = Fraction(183 * 60_000_000 + 182 * 100_000_000, days)
    whole = 100 * average + 1_000 * 3_000_000
    hot = whole * 21 / 100
    need = max(hot * 5 / 100, Fraction(3_000_000_000))
    expected = {
        "kr.vaupa.economic_value#economic_value_krw": whole,
        "kr.vaupa.cold_share#cold_ratio": Fraction(79, 100),
        "kr.vaupa.cold_share#shortfall_krw": whole / 100,
        "kr.vaupa.cover_required#by_rate_krw": hot / 20,
        "kr.vaupa.cover_required#required_cover_krw": need,
        "stack/kr/cover#held": 2_999_999_999,
        "stack/kr/deposits#required": MONEY["KRW"],
        "stack/kr/custody#required": 100 * 80_000_000 + 1_000 * 3_200_000,
    }
    assert days == 365
    assert {id: value(closed, id) for id in expected} == expected
    assert set(findings(closed)) == {"cold-share-shortage", "accident-cover-shortage"}
    assert "KRW 1 " in finding(closed, "accident-cover-shortage")["message"]["en"]
    assert finding(closed, "cold-share-shortage")["due"]["en"] == "no period is set"


def test_korea_is_content_with_eighty_per_cent_a_reserve_and_a_bank(tmp_path: Path) -> None:
    """A reserve of three billion won stands in for insurance; money is on deposit."""
    rows = tables("KRW", (80, 800), (20, 200))
    accounts = [money("KRW", MONEY["KRW"]), money("KRW", 3_000_000_000, "reserve")]
    closed = kr(tmp_path, None, holdings=rows["holdings"], statements=accounts)
    assert findings(closed) == []
    assert value(closed, "cover/kr#surplus") == 0
    assert value(closed, "stack/kr/cover#on_insolvency") == 0
    assert figure(closed, "kr.vaupa.cold_share#cold_test")["value"] == "pass"


def test_korean_coins_and_money_that_are_short_are_breaches_of_their_own_articles(
    tmp_path: Path,
) -> None:
    rows = tables("KRW", (98, 990))
    accounts = [money("KRW", MONEY["KRW"] - 5)]
    closed = kr(
        tmp_path, policy("P1", "KRW", 3_000_000_000), holdings=rows["holdings"], statements=accounts
    )
    kind = finding(closed, "not-held-in-kind")
    assert (kind["subject"], kind["provision"]["provision"]["en"]) == ("BTC", "Art. 7(2)")
    deposits = finding(closed, "deposits-shortage")
    assert "KRW 5 " in deposits["message"]["en"]
    assert deposits["provision"]["provision"]["en"] == "Art. 8(3)"


def test_a_missing_day_of_prices_leaves_korea_without_an_answer(tmp_path: Path) -> None:
    days = [r for r in history(WON) if r["on"] != date(2026, 3, 1) or r["asset"] != "BTC"]
    closed = kr(tmp_path, policy("P1", "KRW", 3_000_000_000), history=days)
    found = figure(closed, "kr.vaupa.cover_required#required_cover_krw")
    assert found["kind"] == "not_computable"
    assert "364 of 365" in found["reason"]["en"]


# -- several at once -------------------------------------------------------------------------------


@pytest.mark.parametrize("home", ["JPY", "EUR"])
def test_one_venue_under_japan_and_the_eu_at_once_in_either_currency(
    tmp_path: Path, home: str
) -> None:
    """The same amounts whatever the Books are kept in; each regime keeps its findings."""
    rate = 160 if home == "JPY" else 1
    stated = financials(**{k: v * rate for k, v in FUNDS.items()})
    rows = tables(home) | {"financials": stated}
    closed = close_books(books(tmp_path, ["jp", "eu"], home, rows, EU))
    coins = 100 * PRICES["JPY"]["BTC"] + 1_000 * PRICES["JPY"]["ETH"]  # type: ignore[operator]
    assert list(closed.document["cover"]["by_regime"]) == ["jp", "eu"]
    expected = {
        "stack/segregation#shortfall": 0,
        "stack/guarantee#shortfall": Fraction(coins, 100),
        "cover/jp#required": coins + Fraction(coins, 100) + MONEY["JPY"],
        "cover/eu#required": 7_000_000 + 1_000_000 + 500_000,
        "cover/eu#surplus": 100_000,
    }
    assert {id: value(closed, id) for id in expected} == expected
    units = {id: figure(closed, id)["unit"] for id in ("cover/jp#required", "cover/eu#required")}
    assert units == {"cover/jp#required": "JPY", "cover/eu#required": "EUR"}
    assert set(findings(closed)) == {"guarantee-shortage", "cash-trust-shortage"}


def test_no_japanese_clock_runs_where_only_others_are_named(tmp_path: Path) -> None:
    rows = tables("EUR", cold=(90, 990))
    named = close_books(
        books(tmp_path / "a", ["eu"], "EUR", rows | {"financials": financials(**FUNDS)}, EU)
    )
    found = finding(named, "ledger-over-assets")
    assert (found["due"], found["provision"]) == (None, None)
    japan = {"guarantee-shortage", "cash-trust-shortage", "trust-not-shown"}
    assert not japan & set(findings(named, notes=True))
    assert named.document["stack"] == []


def test_misuse_of_customers_money_is_seen_where_it_is_on_deposit(tmp_path: Path) -> None:
    """An unproven wallet replaced by another is no misuse while the bank has all the money."""
    rows = tables("EUR", cold=(100, 1_000), hot=(0, 0)) | {"financials": financials(**FUNDS)}
    lost = holding("lost", "BTC", BTC, control_proved_on="2020-01-01")
    rows["holdings"] = [*rows["holdings"], lost]
    whole = close_books(books(tmp_path / "a", ["eu"], "EUR", rows, EU))
    assert findings(whole) == ["expired-control-proof"]
    rows["statements"] = [money("EUR", 900_000)]
    short = close_books(books(tmp_path / "b", ["eu"], "EUR", rows, EU))
    assert "EUR 100,000 " in finding(short, "customer-money-misuse")["message"]["en"]


def test_all_regimes_stand_together_and_one_unknown_is_refused(tmp_path: Path) -> None:
    every = ["kr", "jp", "hk", "eu"]
    closed = close_books(books(tmp_path / "a", every, "JPY", tables("JPY")))
    assert list(closed.document["cover"]["by_regime"]) == every
    assert set(closed.document["stack_abroad"]) == {"kr", "hk", "eu"}
    [problem] = refused(books(tmp_path / "b", ["sg"], "JPY", tables("JPY")))
    assert "jp, jp.securities, eu, hk, kr" in problem.message.en


@pytest.mark.parametrize(
    ("stated", "key"),
    [
        ("[regime.eu]\nclass = 4", "regime.eu.class"),
        ('[regime.kr]\ntype = "bank"', "regime.kr.type"),
        ('[regime.kr]\nnotified_share = "2"', "regime.kr.notified_share"),
        ("[regime.eu]\naverage_active_users = -1", "regime.eu.average_active_users"),
        ("[regime.hk]\nclass = 1", "regime.hk"),
        ("[regime.eu]\nsize = 1", "regime.eu.size"),
        (
            '[[regime.eu.insurance]]\npolicy_id = "P"\ncovers = ["fire"]',
            "regime.eu.insurance[0].covers",
        ),
    ],
)
def test_what_venue_toml_states_of_a_regime_is_checked(
    tmp_path: Path, stated: str, key: str
) -> None:
    [problem] = refused(books(tmp_path, ["eu"], "EUR", tables("EUR"), stated))
    assert problem.key == key
