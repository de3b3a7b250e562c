"""Situations in which the law changes, is assumed, or is set beside other law (E07 to E110)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import icalendar
import jpholiday
import pytest

from sonae.rulebook.calendars import CALENDARS
from tests.command import sonae
from tests.kit import (
    VENUE,
    asset,
    balance,
    changed,
    close,
    figure,
    findings,
    holding,
    price,
    statement,
    write,
)
from tests.rules.ask import answer

BTC, ETH = 10**8, 10**18
ONE = timedelta(days=1)
YEN = asset("JPY", "fiat", 0)
TRADED, CUSTODY, COMBINED = (
    f"jp.proposal.{n}" for n in ("traded-value", "custody-value", "combined")
)
DRAFTS = [TRADED, CUSTODY, COMBINED]
ASSUMED = [word for draft in DRAFTS for word in ("--assume", draft)]


def financials(**items: int) -> list[dict[str, Any]]:
    return [{"on": "2026-03-31", "item": k, "amount": v} for k, v in items.items()]


def traded(**years: int) -> list[dict[str, Any]]:
    """Traded value by the year in which the fiscal year began: `y2026=...`."""
    return [
        {"fiscal_year_start": f"{y[1:]}-04-01", "item": "crypto_traded_value", "amount": v}
        for y, v in years.items()
    ]


def number(closed: Any, id: str) -> Fraction:
    return Fraction(figure(closed, id)["value"])


# -- E07: a clock of seven business days --------------------------------------------------------


@pytest.mark.parametrize(
    ("opened", "seventh"),
    [
        ("2026-06-08", "2026-06-17"),
        ("2026-10-30", "2026-11-11"),
        ("2026-04-30", "2026-05-14"),
        ("2026-09-20", "2026-10-02"),
        ("2026-12-25", "2027-01-07"),
    ],
    ids=["plain weeks", "Culture Day", "Golden Week", "opened on a Sunday", "year-end"],
)
def test_e07_a_shortage_is_acted_on_on_the_seventh_business_day_and_not_before(
    opened: str, seventh: str
) -> None:
    """Yen margin is short at 06:59: counted from the day after, over holidays, to day seven."""
    calendar, day = CALENDARS["jp.bank"], date.fromisoformat(opened)
    assert calendar.add(day, 7) == date.fromisoformat(seventh)
    assert calendar.add(day, 6) < date.fromisoformat(seventh)
    assert calendar.add(day, 0) == day


def test_e07_seven_business_days_are_counted_exactly_from_every_day_of_five_years() -> None:
    """No day is counted twice and none is lost: seven open days lie after the opening."""
    calendar, day = CALENDARS["jp.bank"], date(2024, 1, 1)
    closed_days = {(12, 31), (1, 1), (1, 2), (1, 3)}
    wrong = []
    while day < date(2029, 1, 1):
        due, open_days = calendar.add(day, 7), 0
        for n in range(1, (due - day).days + 1):
            d = day + n * ONE
            holiday = jpholiday.is_holiday(d) or (d.month, d.day) in closed_days
            open_days += d.isoweekday() < 6 and not holiday
        wrong += [] if open_days == 7 and calendar.is_open(due) else [day]
        day += ONE
    assert wrong == []


# -- E45: the law of the day that is reported on --------------------------------------------------


def broker(folder: Path, *, filed: str) -> Path:
    """A broker's quarter to 30 June 2020, filed on a later day."""
    cut_off = "2020-06-30T23:59:59+09:00"
    venue = VENUE.format(cut_off=cut_off, house="", more="")
    venue = venue.replace("2026-11-21T09:00:00+09:00", filed)
    venue = venue.replace('regimes = ["jp"]', 'regimes = ["jp.securities"]')
    volumes = {"equity_value": 10**12, "commodity_futures_notional": 10**13}
    tables = {
        "assets": [asset("BTC"), YEN],
        "balances": [balance("A1", "JPY", 0)],
        "holdings": [holding("none", "BTC", 0, as_of=cut_off, control_proved_on="2020-06-30")],
        "prices": [price("BTC", "990000", at=cut_off)],
        "volumes": [
            {"fiscal_year_start": "2020-04-01", "item": k, "amount": v} for k, v in volumes.items()
        ],
        "financials": [
            {"on": "2020-03-31", "item": k, "amount": 0}
            for k in ("opening_reserve", "used_for_incidents")
        ],
    }
    return write(folder, tables, files={"venue.toml": venue})


ACCRUAL = "jp.securities.liability_reserve#accrual"


def values(document: Mapping[str, Any], *ids: str) -> list[Any]:
    figures = {f["id"]: f for f in document["figures"]}
    return [figures[i]["value"] for i in ids]


def test_e45_a_quarter_to_june_filed_in_july_is_computed_by_the_law_of_june(
    tmp_path: Path,
) -> None:
    """Commodity rows begin on 2020-07-01: 20 million without, 30 million with; both are shown."""
    books = broker(tmp_path / "books", filed="2020-07-20T09:00:00+09:00")
    june = sonae("close", books, "--json").json()
    july = sonae("close", books, "--what-if-on", "2020-07-01", "--json").json()
    eve = sonae("close", books, "--what-if-on", "2020-06-30", "--json").json()
    assert values(june, ACCRUAL) == values(eve, ACCRUAL) == ["20000000"]
    assert values(july, ACCRUAL) == ["30000000"]
    assert [d["what_if_on"] for d in (june, july)] == [None, "2020-07-01"]
    assert june["on"] == july["on"] == "2020-06-30"


def test_e45_the_difference_of_two_days_shows_both_laws_and_both_numbers(tmp_path: Path) -> None:
    """`rules diff` with Books: the two rate tables changed, and what that does to the broker."""
    books = broker(tmp_path / "books", filed="2020-07-20T09:00:00+09:00")
    found = sonae("rules", "diff", "2020-06-30", "2020-07-01", "--books", books, "--json").json()
    topic = "jp.securities.reserve"
    assert [d["what"] for d in found["law"]] == [f"{topic}/rates", f"{topic}/cap_rates"]
    for change, row in zip(found["law"], ("0.000001", "0.000004"), strict=True):
        assert "commodity" not in change["before"]
        assert f"commodity_futures_notional: {row}" in change["after"]
    outputs = {
        o["id"]: (o["before"]["value"], o["after"]["value"]) for o in found["venue"]["outputs"]
    }
    assert outputs[ACCRUAL] == ("20000000", "30000000")


@pytest.mark.parametrize(
    ("day", "change"), [("2020-06-29", 0), ("2020-07-01", 0), ("2020-06-30", 2)]
)
def test_e45_the_change_lies_between_two_days_and_nowhere_else(day: str, change: int) -> None:
    """From 30 June to 1 July two tables change; a day earlier or later nothing does."""
    after = (date.fromisoformat(day) + ONE).isoformat()
    assert len(sonae("rules", "diff", day, after, "--json").json()["law"]) == change


def test_e45_a_bank_that_failed_in_november_is_paid_by_the_limit_of_november() -> None:
    """The UK limit rises on 2025-12-01; a claim computed a year later uses the day of failure."""
    for failed, paid in (("2025-11-30", 85_000), ("2025-12-01", 120_000)):
        facts = {"eligible_deposit_gbp": 150_000, "failed_on": failed}
        assert answer("uk.fscs.payout", facts)["payout_gbp"] == paid


def test_e45_the_hot_limit_has_no_answer_before_its_first_day(tmp_path: Path) -> None:
    """2020-05-01 is the first day: the day before there is no limit, not a limit of nothing."""
    books, id = write(tmp_path, changed()), "jp.crypto.hot_limit#limit_jpy"
    for day, limit in (("2020-04-30", None), ("2020-05-01", "75000000")):
        document = sonae("close", books, "--what-if-on", day, "--json").json()
        assert values(document, id) == [limit]


def test_e45_the_timeline_has_each_dated_change_on_its_day() -> None:
    """In order of the first day; the rows of Article 175 twice, before and with commodities."""
    steps = sonae("rules", "timeline", "--json").json()
    days = [s["on"] for s in steps]
    assert days == sorted(days)
    of = [
        (s["on"], s["attested"]) for s in steps if s["parameter"] == "jp.securities.reserve/rates"
    ]
    assert of == [("2007-09-30", False), ("2020-07-01", False)]
    limits = {s["on"]: s["value"] for s in steps if s["parameter"].startswith("uk.fscs/")}
    assert limits["2025-12-01"].replace(",", "") == "120000"
    [hot] = [s for s in steps if s["parameter"] == "jp.crypto.custody/hot_share_limit"]
    assert hot["on"] == "2020-05-01"


def test_e45_a_timeline_of_one_topic_is_that_part_of_the_whole() -> None:
    """The wildcard narrows and changes nothing else."""
    whole = sonae("rules", "timeline", "--json").json()
    part = sonae("rules", "timeline", "--rules", "jp.securities.*", "--json").json()
    assert part == [s for s in whole if s["parameter"].startswith("jp.securities.")]


# -- E46: a draft is assumed ----------------------------------------------------------------------

BIG = {
    "balances": [balance("A1", "BTC", 20_000 * BTC)],
    "holdings": [holding("btc-cold", "BTC", 20_000 * BTC)],
    "statements": [statement("r1", "1000000000", "reserve")],
    "volumes": traded(y2024=0, y2025=10**13, y2026=5 * 10**13),
    "financials": financials(opening_reserve=10**9, used_for_incidents=10**8),
}


def descendants(document: Mapping[str, Any], root: str) -> set[str]:
    """Figures that are, or come from, those whose id begins with `root`."""
    reached: set[str] = set()
    for f in document["figures"]:
        if f["id"].startswith(root) or reached & set(f["from"]):
            reached.add(f["id"])
    return reached


def test_e46_whatever_comes_from_a_draft_is_proposed_and_never_more_than_a_note(
    tmp_path: Path,
) -> None:
    """The bill is not in force: no figure it makes stands as law, no finding is a breach."""
    plain = close(tmp_path / "plain", changed(**BIG), files={"policies.toml": ""})
    closed = close(tmp_path / "draft", changed(**BIG), files={"policies.toml": ""}, assume=DRAFTS)
    standing = {f["id"]: f["standing"] for f in closed.document["figures"]}
    made = {i for d in DRAFTS for i in descendants(closed.document, f"law:{d}")}
    assert {f"{TRADED}#required", f"{COMBINED}#required", f"{CUSTODY}.1pct#required"} <= made
    assert {standing[i] for i in made} == {"proposed"}
    assert {i for i, s in standing.items() if s == "proposed"} >= made
    of_drafts = [f for f in closed.document["findings"] if f["subject"].startswith("jp.proposal")]
    assert {f["severity"] for f in of_drafts} == {"note"}
    assert {"proposed-law-assumed", "reserve-shortfall"} <= {f["name"] for f in of_drafts}
    assert findings(closed) == findings(plain)


def test_e46_law_in_force_is_the_same_number_whether_a_draft_is_assumed_or_not(
    tmp_path: Path,
) -> None:
    """The draft adds figures; it changes none that were there."""
    plain = close(tmp_path / "plain", changed(**BIG))
    closed = close(tmp_path / "draft", changed(**BIG), assume=DRAFTS)
    with_draft = {f["id"]: f for f in closed.document["figures"]}
    different = [
        f["id"]
        for f in plain.document["figures"]
        if (with_draft[f["id"]]["value"], with_draft[f["id"]]["standing"])
        != (f["value"], f["standing"])
    ]
    assert different == []


@pytest.mark.parametrize("assumed", [True, False])
def test_e46_the_report_carries_the_band_of_a_proposal_only_with_a_draft(
    tmp_path: Path, assumed: bool
) -> None:
    """提案段階 stands on the report, in both languages, so that no filing can be made of it."""
    books = write(tmp_path / "books", changed(**BIG))
    words = ["--assume", CUSTODY] if assumed else []
    sonae("close", books, *words, "--out", tmp_path / "out")
    for lang, band in (("ja", "提案段階"), ("en", "Proposed")):
        report = (tmp_path / "out" / f"report.{lang}.html").read_text("utf-8")
        assert (f'<p class="band draft" role="note"><b>{band}</b>' in report) is assumed
        assert (f'<div class="watermark" aria-hidden="true">{band}</div>' in report) is assumed


# -- E47: nothing was traded ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "years",
    [{"y2026": 0}, {"y2025": 0, "y2026": 0}, {"y2024": 0, "y2025": 0, "y2026": 0}],
    ids=["first year", "two years", "three years"],
)
def test_e47_a_year_without_trades_needs_the_floor_and_divides_by_nothing(
    tmp_path: Path, years: dict[str, int]
) -> None:
    """Traded value of zero: accrual 0, required the floor of two billion yen."""
    zero = financials(opening_reserve=0, used_for_incidents=0)
    tables = changed(volumes=traded(**years), financials=zero)
    closed = close(tmp_path, tables, assume=[TRADED])
    outputs = ("accrual", "full_level", "without_bracket", "with_bracket", "required")
    got = {k: number(closed, f"{TRADED}#{k}") for k in outputs}
    floor = 2_000_000_000
    assert got == dict.fromkeys(outputs[:3], 0) | {"with_bracket": floor, "required": floor}


def test_e47_no_customers_and_no_trades_is_a_day_with_figures(tmp_path: Path) -> None:
    """Nothing owed, nothing held, nothing traded: shares of nothing have no value, amounts do."""
    tables = {
        "assets": [asset("BTC"), YEN],
        "balances": [balance("A1", "BTC", 0)],
        "holdings": [holding("btc-cold", "BTC", 0)],
        "prices": [price("BTC", "15000000")],
        "volumes": traded(y2026=0),
        "financials": financials(opening_reserve=0, used_for_incidents=0),
    }
    closed = close(tmp_path, tables, assume=DRAFTS)
    for draft in (TRADED, COMBINED, f"{CUSTODY}.1pct", f"{CUSTODY}.5pct"):
        assert number(closed, f"{draft}#required") == 2_000_000_000
    assert figure(closed, "jp.crypto.hot_limit#ratio")["kind"] == "not_computable"
    assert figure(closed, "jp.crypto.hot_limit#ratio_test")["value"] == "pass"


# -- E48: the price doubles -----------------------------------------------------------------------


def test_e48_when_btc_doubles_the_call_is_in_yen_and_has_its_day(tmp_path: Path) -> None:
    """Guarantee coins stay; the limit and the requirement double; the top-up is due in two days."""
    tables = changed(
        balances=[balance("A1", "BTC", 20_000 * BTC)],
        holdings=[
            holding("cold", "BTC", 19_000 * BTC),
            holding("hot", "BTC", 1_000 * BTC, tier="hot"),
            holding("own", "BTC", 1_000 * BTC, "guarantee"),
        ],
        statements=[statement("r1", "3000000000", "reserve")],
    )
    draft, none = f"{CUSTODY}.1pct", {"policies.toml": ""}
    before = close(tmp_path / "before", tables, files=none, assume=[CUSTODY])
    tables["prices"] = [price("BTC", "30000000")]
    after = close(tmp_path / "after", tables, files=none, assume=[CUSTODY])
    coins = "jp.crypto.performance_guarantee#required_qty~1"
    assert number(before, coins) == number(after, coins) == 1_000
    limit = "jp.crypto.hot_limit#limit_jpy"
    assert (number(before, limit), number(after, limit)) == (15 * 10**9, 30 * 10**9)
    assert number(before, f"{draft}#required") == 3 * 10**9
    assert number(after, f"{draft}#required") == 6 * 10**9
    called = [
        [f["subject"] for f in c.document["findings"] if f["name"] == "reserve-shortfall"]
        for c in (before, after)
    ]
    assert called == [[f"{CUSTODY}.5pct"], [draft, f"{CUSTODY}.5pct"]]
    [call] = [f for f in after.document["findings"] if f["subject"] == draft and f["due"]]
    assert call["due"] == "2026-11-25"
    assert "JPY 3,000,000,000" in call["message"]["en"]


# -- E54: one customer, several deposits ----------------------------------------------------------


def test_e54_the_cap_is_filled_in_the_order_of_the_act() -> None:
    """Five deposits of 3 million: free ones first, by day, then rate; the pledged one is last."""
    row = {"principal": 3_000_000, "encumbered": False, "matures": "2027-03-31", "rate": "0.2%"}
    deposits = [
        row | {"id": "pledged", "encumbered": True, "matures": "2026-12-01"},
        row | {"id": "late", "matures": "2027-04-01", "rate": "0.1%"},
        row | {"id": "dear"},
        row | {"id": "cheap", "rate": "0.1%"},
        row | {"id": "ordinary", "matures": "2026-12-01", "rate": "1%"},
    ]
    expected = {"ordinary": 3_000_000, "cheap": 3_000_000, "dear": 3_000_000}
    expected |= {"late": 1_000_000, "pledged": 0}
    for rows in (deposits, deposits[::-1]):
        got = answer("jp.dicj.insured_deposit", {"deposits": rows})
        assert got["insured_principal"] == expected
        assert got["insured_total_jpy"] == 10_000_000
        assert got["order_left_to_corporation"] is False


def test_e54_where_the_act_leaves_the_order_open_the_smaller_then_the_lower_number_is_first() -> (
    None
):
    """Level deposits: the Corporation would name the order; ours is marked as ours."""
    row = {"encumbered": False, "matures": "2027-03-31", "rate": "0.1%"}
    deposits = [
        row | {"id": "3", "principal": 4_000_000},
        row | {"id": "2", "principal": 5_000_000},
        row | {"id": "1", "principal": 5_000_000},
    ]
    got = answer("jp.dicj.insured_deposit", {"deposits": deposits})
    assert got["insured_principal"] == {"3": 4_000_000, "1": 5_000_000, "2": 1_000_000}
    assert got["order_left_to_corporation"] is True


# -- E56: Hong Kong -------------------------------------------------------------------------------


def test_e56_a_hundred_hot_and_a_thousand_cold_need_six_hundred_in_hong_kong() -> None:
    """All of the hot and half of the cold; a deposit of seven months is no cover, of six it is."""
    facts = {"client_va_cold_hkd": 1000, "client_va_hot_or_other_hkd": 100}
    got = answer("hk.vatp.compensation_cover_required", facts)
    assert got["compensation_required_hkd"] == 600
    for months, eligible in ((7, 0), (6, 600)):
        fixed = {"kind": "fixed_deposit_on_trust", "amount_hkd": 600, "maturity_months": months}
        held = answer("hk.vatp.compensation_cover", {"required_hkd": 600, "instruments": [fixed]})
        assert (held["eligible_hkd"], held["shortfall_hkd"]) == (eligible, 600 - eligible)
        assert held["notify_sfc"] is (months == 7)


# -- E110: a supervisor recomputes ----------------------------------------------------------------


class Register:
    """What a supervisor has: close.json, and no code of ours."""

    def __init__(self, file: Path) -> None:
        self.document = json.loads(file.read_text("utf-8"))
        self.figures = {f["id"]: f for f in self.document["figures"]}

    def __getitem__(self, id: str) -> Fraction:
        assert self.figures[id]["kind"] == "number"
        return Fraction(self.figures[id]["value"])

    def law(self, id: str) -> Fraction:
        return self[f"law:{id}"]

    def coins(self) -> Iterator[tuple[str, Fraction, Fraction, Fraction]]:
        """Each coin with what is owed, what of it is not proven cold, and its price."""
        for coin in ("BTC", "ETH"):
            owed = self[f"fact:balances/{coin}/owed"]
            held = sum(self[f"fact:holdings/{coin}/{t}"] for t in ("cold", "hot", "other"))
            loose = min(owed, held) - self[f"fact:holdings/{coin}/proven_cold"]
            yield coin, owed, max(Fraction(0), loose), self[f"fact:{coin}/price"]


@pytest.fixture(scope="module")
def register(tmp_path_factory: pytest.TempPathFactory) -> Register:
    """A close of two coins under every draft, as the file a supervisor gets."""
    folder = tmp_path_factory.mktemp("supervisor")
    tables = changed(
        assets=[asset("BTC"), asset("ETH", scale=18), YEN],
        balances=[
            balance("A1", "BTC", 20_000_1234_5679),
            balance("A2", "BTC", 3),
            balance("A2", "ETH", 70_000 * ETH + 1),
        ],
        holdings=[
            holding("cold", "BTC", 19_000 * BTC + 7),
            holding("hot", "BTC", 1_100 * BTC, tier="hot"),
            holding("eth-cold", "ETH", 69_000 * ETH),
            holding("eth-hot", "ETH", 1_001 * ETH, tier="hot"),
            holding("own", "BTC", 900 * BTC, "guarantee"),
        ],
        prices=[price("BTC", "15000000.125"), price("ETH", "412345.67")],
        volumes=traded(y2024=7 * 10**13, y2025=3 * 10**13, y2026=54_321_098_765_432),
        financials=financials(opening_reserve=1_234_567_891, used_for_incidents=234_567),
    )
    books = write(folder / "books", tables)
    sonae("close", books, *ASSUMED, "--out", folder / "out")
    return Register(folder / "out" / "close.json")


def test_e110_the_hot_limit_recomputes_to_the_yen(register: Register) -> None:
    """Owed coins at the day's prices, five hundredths of the sum, and what is above it."""
    whole = sum(owed * at for _, owed, _, at in register.coins())
    loose = sum(loose * at for _, _, loose, at in register.coins())
    limit = whole * register.law("jp.crypto.custody/hot_share_limit")
    rule = "jp.crypto.hot_limit#"
    assert register[rule + "customer_total_jpy"] == whole
    assert register[rule + "hot_total_jpy"] == loose
    assert register[rule + "limit_jpy"] == limit == whole / 20
    assert register[rule + "excess_jpy"] == max(0, loose - limit)
    test = register.figures[rule + "ratio_test"]["value"]
    assert test == ("pass" if loose <= limit else "fail")


def test_e110_the_guarantee_recomputes_to_the_last_unit(register: Register) -> None:
    """The same coin and quantity as is not cold, coin by coin."""
    table = register.figures["jp.crypto.performance_guarantee#required_qty"]["value"]
    recomputed = {coin: loose for coin, _, loose, _ in register.coins()}
    assert {coin: register[id] for coin, id in table.items()} == recomputed
    yen = sum(loose * at for _, _, loose, at in register.coins())
    assert register["stack#guarantee_required"] == yen


def bracket(register: Register, draft: str, amount: Fraction) -> Fraction:
    floor, cap = (register.law(f"{draft}/{k}") for k in ("floor", "cap"))
    return min(max(amount, floor), cap)


def accrued(register: Register, had: Fraction, rate: Fraction, cap_rate: Fraction) -> Fraction:
    """Article 175's shape: what is there, and this year's rate up to the room of the best year."""
    volumes = [register[f"fact:volumes/{y}-04-01/crypto_traded_value"] for y in (2024, 2025, 2026)]
    return had + max(Fraction(0), min(rate * volumes[-1], cap_rate * max(volumes) - had))


def test_e110_each_draft_recomputes_to_the_yen(register: Register) -> None:
    """Every draft from facts and the draft's own parameters; nothing of ours between.

    The article adds to what was accumulated; a use does not lower what is required.
    """
    custody = sum(owed * at for _, owed, _, at in register.coins())
    had = register["fact:opening_reserve_jpy"]
    reserve = accrued(register, had, Fraction(2, 10**5), Fraction(8, 10**5))
    expected = {
        TRADED: reserve,
        COMBINED: reserve + custody / 100,
        f"{CUSTODY}.1pct": custody / 100,
        f"{CUSTODY}.5pct": custody / 20,
    }
    for draft, amount in expected.items():
        assert register[f"{draft}#without_bracket"] == amount
        assert register[f"{draft}#required"] == bracket(register, draft, amount)


def test_e110_a_number_that_comes_out_otherwise_names_the_rule_it_is_by(
    register: Register,
) -> None:
    """Each output of a requirement cites its provision, so a different reading can be found."""
    outputs = [i for ids in register.document["requirements"].values() for i in ids.values()]
    bare = [i for i in outputs if not register.figures[i]["cites"]]
    assert bare == []
    for id in outputs:
        assert set(register.figures[id]["cites"]) <= set(register.document["citations"])


# -- the calendar of a venue ----------------------------------------------------------------------


@pytest.fixture
def venue(tmp_path: Path) -> Path:
    return write(tmp_path / "books", changed())


def events(file: Path) -> list[tuple[str, date, date]]:
    """Summary, first day and the day after the last of each event of an iCalendar file."""
    parsed = icalendar.Calendar.from_ical(file.read_bytes())
    return sorted(
        (str(e["SUMMARY"]), e["DTSTART"].dt, e["DTEND"].dt) for e in parsed.walk("VEVENT")
    )


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_a_report_due_on_sunday_the_31st_of_january_stands_on_monday(
    venue: Path, tmp_path: Path, lang: str
) -> None:
    """The quarter to December is reported within a month; the table shows both days."""
    ics = tmp_path / "duties.ics"
    window = ("--from", "2027-01-01", "--months", "1", "--lang", lang)
    said = sonae("rules", "calendar", venue, *window, "--ics", ics)
    assert said.code == 0
    assert "2027-01-31" in said.out
    assert "2027-02-01" in said.out
    [(summary, starts, ends)] = events(ics)
    assert summary in said.out
    assert (starts, ends) == (date(2027, 2, 1), date(2027, 2, 2))
    assert date(2027, 1, 31).isoweekday() == 7


def test_the_icalendar_file_has_each_duty_of_the_table_on_its_open_day(
    venue: Path, tmp_path: Path
) -> None:
    """A year of duties: as many events as rows with a day, each an all-day event."""
    ics = tmp_path / "duties.ics"
    found = sonae("rules", "calendar", venue, "--ics", ics, "--lang", "en", "--json").json()
    rows = [
        (d["title"]["en"], date.fromisoformat(d["open_day"] or d["due"])) for d in found["duties"]
    ]
    assert (found["from"], found["to"]) == ("2026-11-21", "2027-11-20")
    assert events(ics) == sorted((title, day, day + ONE) for title, day in rows)
    reports = [d["due"] for d in found["duties"] if d["id"] == "jp.user_asset_report"]
    assert reports == ["2027-01-31", "2027-04-30", "2027-07-31", "2027-10-31"]


def test_an_event_starts_its_clocks_from_the_day_after(venue: Path) -> None:
    """30 October 2026, a Friday before a holiday: 1, 2 and 5 business days (2.5)."""
    words = ("--from", "2026-10-30", "--months", "1", "--event", "2026-10-30", "--json")
    found = sonae("rules", "calendar", venue, *words).json()
    due = {d["id"]: d["due"] for d in found["duties"]}
    cures = {"hot_excess": "02", "cash_trust": "04", "chain_shortage": "09"}
    assert {k: due[f"jp.cure_{k}"] for k in cures} == {k: f"2026-11-{d}" for k, d in cures.items()}
    assert due["jp.incident_first_report"] == {"ja": "直ちに", "en": "immediately"}
    assert due["jp.misconduct_report"] == "2026-11-13"


def test_the_daily_duties_stand_on_business_days_only(venue: Path) -> None:
    """November 2026 has 19 bank days; the third and the 23rd are holidays."""
    window = ("--from", "2026-11-01", "--months", "1", "--daily", "--json")
    found = sonae("rules", "calendar", venue, *window).json()["duties"]
    days = [d["due"] for d in found if d["id"] == "jp.reconcile"]
    assert len(days) == 19
    assert not {"2026-11-03", "2026-11-23"} & set(days)


# -- one venue under every regime -----------------------------------------------------------------


@pytest.fixture(scope="module")
def matrix() -> dict[str, Any]:
    """The demo venues under the law of one day, by name."""
    found = sonae("rules", "matrix", "--what-if-on", "2026-11-20", "--json").json()
    return {v["venue"]: v for v in found}


VENUES = ("FTX Japan", "DMM Bitcoin", "Coincheck")


@pytest.mark.parametrize("name", VENUES)
def test_every_demo_venue_stands_under_four_regimes_and_every_draft(
    matrix: dict[str, Any], name: str
) -> None:
    """Japan in force, each proposal, the EU, Hong Kong and Korea; a proposal is marked as one.

    Only FTX Japan published money of customers, and so only it has a line for their trust.
    """
    lines = {(line["regime"], line["rule"]): line for line in matrix[name]["lines"]}
    in_force = {("jp", "segregation"), ("jp", "guarantee")}
    in_force |= {("jp", "customer_trust")} if name == "FTX Japan" else set()
    proposed = {("jp", TRADED), ("jp", COMBINED)}
    proposed |= {("jp", f"{CUSTODY}.{v}") for v in ("1pct", "5pct", "covering-loss")}
    assert set(lines) >= in_force | proposed
    assert {regime for regime, _ in lines} == {"jp", "eu", "hk", "kr"}
    assert {lines[k]["standing"] for k in in_force} == {"in_force"}
    assert {lines[k]["standing"] for k in proposed} == {"proposed"}
    assert {k for k in lines if "proposal" in k[1]} == proposed


CRYPTO = {
    "FTX Japan": (2802 * 2_500_000 + 5_955_000_000, 0, "145.47", "7.8128"),
    "DMM Bitcoin": (91_390_000_000, 4_810_000_000, "169.5", "8.4556"),
}
"""In yen: cold and the rest; yen and HK dollars for a euro on the day (the demo's own rows)."""


@pytest.mark.parametrize("name", sorted(CRYPTO))
def test_hong_kong_requires_half_of_the_cold_and_all_of_the_rest_at_the_days_rate(
    matrix: dict[str, Any], name: str
) -> None:
    """Exactly, in dollars and in yen: the rate goes over the euro and is not rounded."""
    cold, rest, yen, dollars = CRYPTO[name]
    view = matrix[name]
    [line] = [r for r in view["lines"] if r["rule"] == "hk.vatp.compensation_cover_required"]
    home = Fraction(cold, 2) + rest
    assert Fraction(view["figures"][line["home"]["required"]]["value"]) == home
    required = view["figures"][line["required"]]
    assert Fraction(required["value"]) == home * Fraction(dollars) / Fraction(yen)
    assert required["unit"] == line["currency"] == "HKD"


def test_hong_kong_has_no_answer_where_only_a_total_was_published(matrix: dict[str, Any]) -> None:
    """Coincheck published no split into cold and hot: the reason is given in place of a number."""
    view = matrix["Coincheck"]
    [line] = [r for r in view["lines"] if r["rule"] == "hk.vatp.compensation_cover_required"]
    assert view["figures"][line["required"]]["kind"] == "not_computable"


def test_law_that_had_not_begun_is_not_called_in_force() -> None:
    """FTX Japan in 2022 is before Hong Kong's guidelines; DMM Bitcoin in 2024 is after them."""
    found = sonae("rules", "matrix", "--json").json()
    standing = {v["venue"]: {r["rule"]: r["standing"] for r in v["lines"]} for v in found}
    rule = "hk.vatp.compensation_cover_required"
    assert standing["FTX Japan"][rule] is None
    assert standing["DMM Bitcoin"][rule] == "in_force"
    assert standing["DMM Bitcoin"]["kr.vaupa.deposits"] is None
    assert standing["FTX Japan"]["segregation"] == "in_force"
    assert standing["FTX Japan"]["jp.proposal.traded-value"] == "proposed"


def test_the_matrix_for_people_names_each_venue_and_regime(venue: Path) -> None:
    """The table of one venue, in both languages."""
    for lang, rows in (("ja", ["提案段階", "HKD", "KRW", "EUR"]), ("en", ["proposed", "HKD"])):
        said = sonae("rules", "matrix", venue, "--lang", lang)
        assert said.code == 0
        assert all(row in said.out for row in ("Test Exchange", *rows))


# -- a draft before it is anybody's law -----------------------------------------------------------

HEAD = """
bracket = {{ floor = 1, cap = {cap} }}
refill_business_days = {days}

[draft]
id = "test.bases"
regime = "jp"
title = {{ ja = "試案", en = "trial draft" }}
note = {{ ja = "試験用", en = "for a test" }}
"""
VARIANT = """
[[variant]]
id = "{base}"
title = {{ ja = "{base}", en = "{base}" }}
component = [{{ base = "{base}", rate = "{rate}"{more} }}]
"""
BASES = {
    "custody_value": 1_000 * 15_000_000,
    "custody_value_cold": 900 * 15_000_000,
    "custody_value_not_cold": 100 * 15_000_000,
    "largest_signing_domain": 600 * 15_000_000,
    "traded_value": 10**13,
}
"""What each base is worth in the Books below."""


def draft_file(
    folder: Path, *, rate: str = "1/200", cap: int = 12_345_678_901, days: int = 21
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    text = HEAD.format(cap=cap, days=days)
    for base in BASES:
        more = f', cap_rate = "{rate}"' if base == "traded_value" else ""
        text += VARIANT.format(base=base, rate=rate, more=more)
    file = folder / "draft.toml"
    file.write_text(text, "utf-8")
    return file


@pytest.fixture
def split(tmp_path: Path) -> Path:
    """1,000 BTC in three signing domains, one of them hot; a year of trades."""
    tables = changed(
        balances=[balance("A1", "BTC", 1_000 * BTC)],
        holdings=[
            holding("cold-1", "BTC", 600 * BTC),
            holding("cold-2", "BTC", 300 * BTC),
            holding("hot", "BTC", 100 * BTC, tier="hot"),
        ],
        volumes=traded(y2026=10**13),
        financials=financials(opening_reserve=0, used_for_incidents=0),
    )
    return write(tmp_path / "split", tables)


@pytest.mark.parametrize("rate", ["1/200", "1/100000"])
def test_each_base_of_a_draft_gives_in_a_proposal_what_it_gives_in_a_close(
    split: Path, tmp_path: Path, rate: str
) -> None:
    """The rate on the base, up to the cap, for each of five bases, from both commands."""
    file, cap = draft_file(tmp_path / "draft", rate=rate), 12_345_678_901
    proposed = sonae("rules", "propose", file, "--books", split, "--json").json()
    closed = sonae("close", split, "--assume", file, "--json").json()
    expected = {f"test.bases.{b}": min(Fraction(rate) * v, cap) for b, v in BASES.items()}
    found = {
        v["rule"]: Fraction(v["venues"][0]["outputs"]["required"]["value"])
        for v in proposed["versions"]
    }
    assert found == expected
    for rule, amount in expected.items():
        assert values(closed, f"{rule}#required") == [str(amount)]
    standings = [v["venues"][0]["outputs"]["required"]["standing"] for v in proposed["versions"]]
    assert set(standings) == {proposed["standing"]} == {"proposed"}


def test_the_article_of_a_draft_is_written_in_kanji_numerals(split: Path, tmp_path: Path) -> None:
    """百二十三億四千五百六十七万八千九百一円, 二百分の一, 二十一営業日: as statutes write them."""
    file = draft_file(tmp_path / "draft")
    found = sonae("rules", "propose", file, "--books", split, "--json").json()
    for version in found["versions"]:
        text = "\n".join(version["article"])
        assert "百二十三億四千五百六十七万八千九百一円を超える場合" in text
        assert "その額が一円に満たない場合にあっては一円" in text
        assert "二百分の一" in text
        assert "二十一営業日以内" in text
        assert not any(c in text for c in "0123456789")


def test_a_changed_draft_is_set_beside_the_former_line_by_line(split: Path, tmp_path: Path) -> None:
    """Only the refill days change: one line for each version, after and before."""
    former = draft_file(tmp_path / "former", days=21)
    draft = draft_file(tmp_path / "draft", days=10)
    words = ("--against", former, "--books", split, "--json")
    found = sonae("rules", "propose", draft, *words).json()
    line = "２　責任準備金を使用したときは、使用した日の翌日から起算して{}営業日以内に、"
    line += "その額を補充しなければならない。"
    one = {"after": line.format("十"), "before": line.format("二十一")}
    assert found["comparison"] == [one] * len(BASES)
    assert found["against"] == "test.bases"


def test_a_draft_beside_itself_has_nothing_to_compare(split: Path, tmp_path: Path) -> None:
    """The same text twice, and a changed rate in the items alone."""
    file = draft_file(tmp_path / "draft")
    words = ("--against", file, "--books", split, "--json")
    assert sonae("rules", "propose", file, *words).json()["comparison"] == []
    other = draft_file(tmp_path / "other", rate="1/300")
    changes = sonae("rules", "propose", other, *words).json()["comparison"]
    assert len(changes) == len(BASES)
    for change in changes:
        assert change["after"] == change["before"].replace("二百分の一", "三百分の一")


def test_a_draft_is_a_difference_of_law_and_of_numbers(split: Path) -> None:
    """`rules diff` of a day with and without a draft: the draft, and what it would require."""
    day = "2026-11-20"
    words = (day, f"{day}+{CUSTODY}", "--books", split, "--json")
    found = sonae("rules", "diff", *words).json()
    assert {d["what"] for d in found["law"]} == {
        f"{CUSTODY}.{v}" for v in ("1pct", "5pct", "covering-loss")
    }
    outputs = {o["id"]: o for o in found["venue"]["outputs"]}
    assert all(o["before"] is None for o in outputs.values())
    assert {o["after"]["standing"] for o in outputs.values()} == {"proposed"}
    assert outputs[f"{CUSTODY}.5pct#required"]["after"]["value"] == "2000000000"


def test_the_same_day_twice_has_no_difference(split: Path) -> None:
    """Nothing changed in law, so nothing in the venue."""
    found = sonae("rules", "diff", *("2026-11-20",) * 2, "--books", split, "--json").json()
    assert (found["law"], found["venue"]["outputs"]) == ([], [])


# -- edges of the calendar and of the article ------------------------------------------------------


def test_a_duty_that_moved_into_the_window_is_in_the_calendar(venue: Path) -> None:
    """Due on Sunday 31 January, so on Monday 1 February: a calendar from that Monday shows it."""
    found = sonae("rules", "calendar", venue, "--from", "2027-02-01", "--json").json()
    assert "2027-02-01" in {d["open_day"] for d in found["duties"]}


PLAIN = """
{options}
[draft]
id = "test.plain"
regime = "jp"
title = {{ ja = "試案", en = "trial draft" }}
note = {{ ja = "試験用", en = "for a test" }}

[[component]]
base = "custody_value"
{component}
"""


def article(venue: Path, file: Path, component: str, options: str = "") -> list[str]:
    """The article of a draft that `close --assume` takes."""
    file.write_text(PLAIN.format(component=component, options=options), "utf-8")
    assert sonae("close", venue, "--assume", file, "--json").code in (0, 1)
    said = sonae("rules", "propose", file, "--books", venue, "--json")
    assert said.code == 0
    lines: list[str] = said.json()["versions"][0]["article"]
    return lines


def test_a_rate_per_ten_thousand_may_be_a_fraction(venue: Path, tmp_path: Path) -> None:
    """万分の〇・二 written as 1/5: a close takes it, so a proposal must."""
    rate = 'unit = "per_10000"\nrate = "1/5"'
    lines = article(venue, tmp_path / "draft.toml", rate)
    assert "万分の" in "".join(lines)


def test_an_amount_of_ten_thousand_trillion_is_written_out(venue: Path, tmp_path: Path) -> None:
    """一京円: a cap meant as no cap."""
    options = f"bracket = {{ floor = 1, cap = {10**16} }}"
    lines = article(venue, tmp_path / "draft.toml", 'rate = "1/100"', options)
    assert "一京円" in "".join(lines)


def test_the_bands_of_a_draft_are_written_in_its_unit(venue: Path, tmp_path: Path) -> None:
    """Five per 10,000 up to a hundred million yen and two above it."""
    bands = "bands = [{ up_to = 100_000_000, rate = 5 }, { rate = 2 }]"
    lines = article(venue, tmp_path / "draft.toml", f'unit = "per_10000"\n{bands}')
    assert "万分の五" in "".join(lines)


def test_a_fraction_of_a_yen_is_refused_in_an_article(venue: Path, tmp_path: Path) -> None:
    """Half a yen cut to 〇円 would state another law than the draft computes."""
    file = tmp_path / "draft.toml"
    options = 'bracket = { floor = "0.5", cap = 100 }'
    file.write_text(PLAIN.format(component='rate = "1/100"', options=options), "utf-8")
    said = sonae("rules", "propose", file, "--books", venue)
    assert said.code != 0
    assert "whole yen" in said.err
