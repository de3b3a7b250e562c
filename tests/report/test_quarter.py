"""`sonae report quarter`: highs, lows and ends, breaks and their days, days without a close."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonae.core.text import LANGS, Lang
from sonae.report.closes import Kept, choose
from sonae.report.quarter import quarter_of
from sonae.report.spells import spells
from sonae.rulebook.calendars import CALENDARS
from tests.command import Said, sonae
from tests.kit import asset, balance, clean, holding, price, statement
from tests.report.filed import DRAFT, close_day, number, pages, squeezed, tables

LAST = "2026-12-31"
SHORT: Mapping[str, int] = {
    "2026-09-29": 5_0000_0000,
    "2026-10-01": 6_0000_0000,
    "2026-12-01": 1_0000_0000,
    "2026-12-15": 2_0000_0000,
}
HOT: Mapping[str, int] = {"2026-10-05": 1_0000_0000, "2026-12-01": 4_0000_0000}
DAYS = ("2026-09-29", "2026-10-01", "2026-10-05", "2026-12-01", "2026-12-15", "2026-12-30")
"""A few closes: one before the quarter, the last on the last bank day before New Year's Eve."""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("quarter")
    for on in DAYS:
        close_day(found, on, hot=HOT.get(on, 0), short=SHORT.get(on, 0))
    return found


def said(root: Path, out: Path, *words: str | Path) -> Said:
    return sonae(
        *("report", "quarter", root / "closes", "--to", LAST),
        *("--out", out / "a.pdf", "--xlsx", out / "a.xlsx", "--json", *words),
    )


def kept(root: Path, on: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((root / "closes" / on / "close.json").read_bytes())
    return found


def test_highs_lows_and_the_end_are_those_of_the_closes(root: Path, tmp_path: Path) -> None:
    """Each restated from the closes themselves."""
    found = said(root, tmp_path, "--lang", "en").json()
    closes = {on: kept(root, on) for on in DAYS[1:]}
    assert found["quarter_end"] == "2026-12-30"
    for name, pick in (
        ("required", lambda d: d["cover"]["by_regime"]["jp"]["required"]),
        ("surplus", lambda d: d["cover"]["by_regime"]["jp"]["surplus"]),
    ):
        values = {on: number(pick(d)) for on, d in closes.items()}
        low, high = min(values.values()), max(values.values())
        said_ = found["totals"][name]
        assert (number(said_["low"]["value"]), number(said_["high"]["value"])) == (low, high)
        assert values[said_["low"]["on"]] == low
        assert values[said_["high"]["on"]] == high
        assert number(said_["end"]["value"]) == values["2026-12-30"]
    assert found["totals"]["hot_share"]["high"] == {"value": "0.04", "on": "2026-12-01"}
    [coin] = [a for a in found["assets"] if a["asset"] == "BTC"]
    assert coin["held"]["low"] == {"value": "94", "on": "2026-10-01"}
    assert coin["break"]["low"] == {"value": "-6", "on": "2026-10-01"}
    assert coin["break"]["end"] == {"value": "0", "on": "2026-12-30"}
    [row] = [r for r in tables(tmp_path / "a.xlsx")["held"] if r["Asset"] == "BTC"]
    assert (row["Low"], row["High"], row["Quarter-end"]) == ("94", "100", "100")


def test_how_long_a_break_was_open_is_counted_from_before_the_quarter(
    root: Path, tmp_path: Path
) -> None:
    """E20, E21: the close before it tells since when; the clock is that of the first close."""
    found = said(root, tmp_path, "--lang", "ja").json()
    first, second = [b for b in found["breaks"] if b["kind"] == "coins"]
    assert (first["first"], first["last"], first["cured"]) == DAYS[:3]
    assert (first["most"], first["most_on"]) == ("6", "2026-10-01")
    assert first["business_days"] == 4
    assert first["due"] == "2026-10-06"
    assert not first["late"]
    assert first["gap"]
    assert second["due"] == "2026-12-08"
    assert second["late"]
    assert second["cured"] == "2026-12-30"
    assert "break-past-its-clock" in [o["name"] for o in found["open"]]
    rows = [r for r in tables(tmp_path / "a.xlsx")["breaks"] if r["種類"] == "保有の不足"]
    assert [r["期限内か"] for r in rows] == ["期限内に解消", "期限後も不足"]


def test_every_business_day_without_a_close_is_named(root: Path, tmp_path: Path) -> None:
    answer = said(root, tmp_path, "--lang", "en")
    found = answer.json()
    assert answer.code == 1
    every = [date(2026, 10, 1) + timedelta(days=n) for n in range(92)]
    open_ = [d.isoformat() for d in every if CALENDARS["jp.bank"].is_open(d)]
    assert found["days_without_close"] == [d for d in open_ if d not in DAYS]
    assert "2026-11-03" not in found["days_without_close"]  # a holiday
    assert "2026-12-31" not in found["days_without_close"]  # banks are closed
    assert found["closed_days_without_close"] == 92 - len(open_)
    rows = tables(tmp_path / "a.xlsx")["days without a close"]
    assert len(rows) == len(found["days_without_close"])


def test_attachments_stand_by_digest_and_what_is_missing_by_name(
    root: Path, tmp_path: Path
) -> None:
    file = tmp_path / "zandaka.pdf"
    file.write_bytes(b"certificate")
    found = said(root, tmp_path, "--lang", "ja", "--attach", f"trust_certificate={file}").json()
    digest = hashlib.sha256(b"certificate").hexdigest()
    given_ = {a["kind"]: a["files"] for a in found["attachments"]}
    assert given_["trust_certificate"] == [{"name": file.name, "bytes": 11, "sha256": digest}]
    missing = [k for k, files in given_.items() if not files]
    assert len(missing) == 5
    text = squeezed(tmp_path / "a.pdf")
    assert digest in text
    assert text.count("不足：事業者が添付する") == 5
    assert "直近の分別管理監査の報告書の写し" in text
    for option in ("trust_certificate", "other=a.pdf", f"financials={tmp_path / 'no.pdf'}"):
        assert said(root, tmp_path, "--attach", option).code == 2


def test_due_days_and_the_words_of_the_law_are_on_the_page(root: Path, tmp_path: Path) -> None:
    """A month and two, moved to an open day; the form itself is not at hand, and that is said."""
    found = said(root, tmp_path, "--lang", "ja").json()
    assert found["due"]["user_asset_quarterly"]["due"] == "2027-01-31"
    assert found["due"]["user_asset_quarterly"]["open_day"] == "2027-02-01"
    assert found["due"]["quarterly_financials"]["due"] == "2027-02-28"
    text = squeezed(tmp_path / "a.pdf")
    assert "対象期間経過後一月以内に金融庁長官に提出しなければならない。" in text
    assert "様式と記載欄は手元になく" in text


def test_a_quarter_whose_end_was_not_closed_has_no_end(tmp_path: Path) -> None:
    """Nothing is carried over from an earlier day."""
    close_day(tmp_path, "2026-12-29")
    found = said(tmp_path, tmp_path).json()
    assert found["quarter_end"] is None
    assert found["totals"]["required"]["end"] is None
    assert "quarter-end-not-closed" in [o["name"] for o in found["open"]]
    assert not found["may_be_filed"]


def test_a_superseded_close_is_listed_and_not_counted(root: Path, tmp_path: Path) -> None:
    """E21: a late correction is a new version of the day; the former one stays by its digest."""
    close_day(tmp_path, "2026-12-30", short=3_0000_0000, name="first")
    close_day(tmp_path, "2026-12-30", known="18:00", name="second")
    found = said(tmp_path, tmp_path, "--lang", "en").json()
    former, newer = (
        hashlib.sha256((tmp_path / "closes" / n / "close.json").read_bytes()).hexdigest()
        for n in ("first", "second")
    )
    [close] = found["closes"]
    assert close["sha256"] == newer
    assert close["superseded"] == [former]
    assert found["breaks"] == []
    assert former in squeezed(tmp_path / "a.pdf")


def test_closes_that_cannot_stand_together_are_all_named(tmp_path: Path) -> None:
    """E25: another legal entity; two closes known at one moment; a what-if."""
    close_day(tmp_path, "2026-12-28")
    close_day(tmp_path, "2026-12-28", short=1, name="twin")
    close_day(tmp_path, "2026-12-29", entity="Other K.K.")
    books = tmp_path / "books" / "2026-12-28"
    sonae("close", books, "--what-if-on", "2027-01-04", "--out", tmp_path / "closes" / "w")
    refused = said(tmp_path, tmp_path)
    assert refused.code == 3
    names = sorted(p["name"] for p in refused.json()["problems"])
    assert names == ["other-entity", "two-closes", "two-closes", "what-if-close"]
    assert not (tmp_path / "a.pdf").exists()


def test_a_proposal_in_any_close_marks_every_page(tmp_path: Path) -> None:
    close_day(tmp_path, "2026-12-29")
    close_day(tmp_path, "2026-12-30", assume=(DRAFT,))
    found = said(tmp_path, tmp_path, "--lang", "ja").json()
    assert found["assumed"] == [DRAFT]
    assert not found["may_be_filed"]
    assert all("提案段階・提出不可" in page for page in pages(tmp_path / "a.pdf"))


def test_money_trusts_of_any_currency_and_guarantee_coins_have_their_days_too(
    tmp_path: Path,
) -> None:
    """A trust in dollars has no clock of its own words; a trust in yen has two business days."""
    dollars = {
        "assets": [*clean()["assets"], asset("USD", "fiat", 2), asset("USDT", "stablecoin", 6)],
        "balances": [
            *clean()["balances"],
            balance("A1", "USD", 100_00),
            balance("A1", "USDT", 5_000_000),
        ],
        "holdings": [
            holding("v", "BTC", 99_0000_0000),
            holding("h", "BTC", 1_0000_0000, tier="hot"),
            holding("u", "USDT", 4_000_000),
        ],
        "prices": [*clean()["prices"], price("USD", "150"), price("USDT", "150")],
        "statements": [
            statement("trust-1", "999999"),
            statement("trust-2", "99", currency="USD"),
        ],
    }
    close_day(tmp_path, "2026-12-28", more=dollars)
    close_day(tmp_path, "2026-12-30")
    found = said(tmp_path, tmp_path, "--lang", "ja").json()
    spells_ = {b["kind"]: b for b in found["breaks"] if b["kind"] != "coins"}
    assert set(spells_) == {"customer_trust", "customer_trust/USD", "guarantee"}
    assert (spells_["customer_trust"]["most"], spells_["customer_trust"]["due"]) == (
        "1",
        "2026-12-30",
    )
    assert spells_["customer_trust/USD"]["most"] == "150"
    assert spells_["guarantee"]["most"] == "15000000"
    [coin] = [b for b in found["breaks"] if b["kind"] == "coins"]
    assert (coin["subject"], coin["most"]) == ("USDT", "1")
    kinds = {r["種類"] for r in tables(tmp_path / "a.xlsx")["breaks"]}
    assert kinds >= {"利用者区分管理信託の不足", "履行保証暗号資産の不足"}


@pytest.mark.parametrize("lang", LANGS)
def test_the_same_closes_are_the_same_files(root: Path, tmp_path: Path, lang: Lang) -> None:
    """E110: made again years later, from the closes alone."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        said(root, tmp_path / name, "--lang", lang)
    for file in ("a.pdf", "a.xlsx"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_a_folder_without_a_close_of_the_quarter_is_wrong_usage(root: Path, tmp_path: Path) -> None:
    assert sonae("report", "quarter", tmp_path, "--to", LAST, "--json").code == 2
    far = sonae("report", "quarter", root / "closes", "--to", "2030-03-31", "--json")
    assert far.code == 2


@pytest.mark.parametrize(
    ("last", "first"),
    [("2026-12-31", "2026-10-01"), ("2027-02-28", "2026-12-01"), ("2026-06-30", "2026-04-01")],
)
def test_a_quarter_is_three_months_to_its_last_day(last: str, first: str) -> None:
    assert quarter_of(date.fromisoformat(last)) == date.fromisoformat(first)


# -- properties ------------------------------------------------------------------------------------

START = date(2026, 10, 1)
ROWS = st.lists(st.one_of(st.none(), st.none(), st.integers(-1, 2)), min_size=1, max_size=40)


def simple(on: date, findings: tuple[Any, ...] = ()) -> Kept:
    venue = {"entity": "E", "currency": "JPY"}
    known = f"{on.isoformat()}T09:00:00+00:00"
    body = {
        "on": on.isoformat(),
        "known_at": known,
        "venue": venue,
        "what_if_on": None,
        "findings": findings,
    }
    return Kept(on.isoformat(), on.isoformat(), body)


@given(ROWS)
def test_times_of_being_short_are_the_runs_of_closes_that_show_it(rows: list[int | None]) -> None:
    """Restated: -1 stands for a close that does not say, None for a day without one."""
    closed = {START + timedelta(days=n): v for n, v in enumerate(rows) if v is not None}
    closes = {on: simple(on) for on in closed}
    values = {on: None if v < 0 else Fraction(v) for on, v in closed.items()}
    found = list(spells("excess", "X", "X", values, closes, START))
    known = [(on, v) for on, v in values.items() if v is not None]
    text = "".join("x" if v else "." for _, v in known)
    runs = [run for run in text.split(".") if run]
    assert [len([1 for on, v in known if v and e.first <= on <= e.last]) for e in found] == [
        len(run) for run in runs
    ]
    for e in found:
        inside = [v for on, v in known if e.first <= on <= e.last]
        assert all(inside)
        assert e.most == max(inside)
        after = [(on, v) for on, v in known if on > e.last]
        assert e.cured == (after[0][0] if after else None)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), min_size=1, max_size=12))
def test_the_close_known_last_counts_in_whatever_order_they_come(
    made: list[tuple[int, int]],
) -> None:
    def one(day: int, hour: int) -> Kept:
        on = START + timedelta(days=day)
        found = simple(on)
        known = f"{on.isoformat()}T0{hour}:00:00+00:00"
        return Kept(f"{day}/{hour}", f"{day}/{hour}", {**found.document, "known_at": known})

    kept_ = [one(*m) for m in made]
    a, b = (choose(order, date.max) for order in (kept_, kept_[::-1]))
    best = {d: max(h for e, h in made if e == d) for d, _ in made}
    assert {on: k.digest for on, k in a.days.items()} == {
        START + timedelta(days=d): f"{d}/{h}" for d, h in best.items()
    }
    assert a.days.keys() == b.days.keys()
    assert {k.digest for k in a.superseded} == {f"{d}/{h}" for d, h in made if h < best[d]}
    assert {k.digest for k in b.superseded} == {k.digest for k in a.superseded}
