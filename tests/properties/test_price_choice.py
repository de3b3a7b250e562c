"""Which price is taken: the hierarchy rule written a second time, on random prints."""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from sonae.books.facts import Facts
from sonae.books.read import Books
from sonae.books.venue import House, Venue
from sonae.close.value import Valuation, value
from tests import kit

CUT_OFF = datetime.fromisoformat(kit.CUT_OFF)
HIERARCHY = ("alpha", "beta", "manual")
SOURCES = ("alpha", "beta", "manual", "delta", "gamma")
LIMIT = 30
Row = dict[str, Any]


def venue(**more: Any) -> Venue:
    house = House(LIMIT, 90, 60, 24, None, Fraction(1, 10), {})
    return Venue(
        name="T",
        entity="T K.K.",
        holders=(),
        licences=(),
        currency="JPY",
        time_zone="Asia/Tokyo",
        cut_off=CUT_OFF,
        known_at=CUT_OFF,
        fiscal_year_start=(4, 1),
        regimes=("jp",),
        house=house,
        price_hierarchy=HIERARCHY,
        stale_approval=None,
        incident=None,
        sources=(),
        **more,
    )


def valued(rows: list[Row], names: tuple[str, ...] = ("JPY", "X"), **more: Any) -> Valuation:
    """The valuation of a Books that has nothing but these prices."""
    small = {"assets": [{"asset": n, "scale": 0} for n in names], "prices": rows}
    books: Any = Books(venue(**more), small, None, {}, None, None, None, {}, {})  # type: ignore[arg-type]
    return value(Facts(books))


def a_print(source: str, price: Any, minutes: int = 0, **more: Any) -> Row:
    row = {"asset": "X", "currency": "JPY", "price": Fraction(price), "source": source}
    row |= {"own_venue": False, "purpose": "regulatory", "entered_by": None, "approved_by": None}
    return row | {"evidence": None, "at": CUT_OFF - timedelta(minutes=minutes)} | more


@st.composite
def prints(draw: Any) -> list[Row]:
    """Any number of prints per source, around the cut-off and the age limit; two own markets."""
    keys = st.tuples(
        st.sampled_from((*SOURCES, "ours", "ours-2")), st.integers(-3, 3) | st.integers(27, 99)
    )
    rows = []
    for source, minutes in draw(st.lists(keys, unique=True, max_size=8)):
        own = source.startswith("ours")
        people = st.sampled_from([(None, None), ("P", None), ("P", "P"), ("P", "Q")])
        entered, approved = draw(people)
        rows.append(
            a_print(
                source,
                draw(st.integers(1, 1000)),
                minutes,
                own_venue=own,
                entered_by=entered,
                approved_by=approved,
                evidence=draw(st.sampled_from([None, "file-1"])),
            )
        )
    return rows


def rule(rows: list[Row]) -> tuple[Row | None, set[str]]:
    """The rule in words, one sentence after another."""
    limit = timedelta(minutes=LIMIT)
    findings: set[str] = set()
    # Of each source the last print at or before the cut-off stands.
    last: dict[str, Row] = {}
    for row in sorted(rows, key=lambda r: r["at"]):
        if row["at"] <= CUT_OFF:
            last[row["source"]] = row
    # A price typed in by one person counts only with another person's approval and evidence.
    usable = []
    for row in last.values():
        typed = row["entered_by"] is not None or row["source"] == "manual"
        two = None not in (row["entered_by"], row["approved_by"])
        two = two and row["approved_by"] != row["entered_by"]
        if typed and not (two and row["evidence"] is not None):
            findings.add("manual-price-unapproved")
        else:
            usable.append(row)
    # Sources named by the house come first, in its order; the others follow by name.
    named = [s for s in HIERARCHY if any(r["source"] == s for r in usable)]
    others = sorted({r["source"] for r in usable} - set(HIERARCHY))
    order = [next(r for r in usable if r["source"] == s) for s in (*named, *others)]
    # The venue's own market never sets a value while another print exists.
    foreign = [r for r in order if not r["own_venue"]]
    fresh = [r for r in foreign if CUT_OFF - r["at"] <= limit]
    if fresh:
        return fresh[0], findings
    # An old print is passed over while a fresh one exists, and is said to be old.
    if foreign:
        return foreign[0], findings | {"stale-price"}
    # The venue's own market alone needs evidence; old, it is said to be old.
    own = [r for r in order if r["own_venue"]]
    shown = [r for r in own if r["evidence"]]
    findings |= {"own-venue-price"} if own else set()
    findings |= {"stale-price"} if shown and CUT_OFF - shown[0]["at"] > limit else set()
    return (shown[0] if shown else None), findings


@settings(deadline=None, max_examples=200)
@given(prints())
@example([])
@example([a_print("alpha", 5, 30), a_print("beta", 6, 31)])
@example([a_print("alpha", 5, 31), a_print("beta", 6, 30)])
@example([a_print("alpha", 5, 31), a_print("ours", 6, 0, own_venue=True, evidence="f")])
@example([a_print("alpha", 5, -1)])
def test_the_price_is_the_one_that_the_hierarchy_names(rows: list[Row]) -> None:
    """And stale, unapproved or own prices are told, each once."""
    result = valued(rows)
    chosen, findings = rule(rows)
    price = result.prices["X"]
    if chosen is None:
        assert not price.computable
    else:
        assert price.value == chosen["price"]
        assert price.source is not None
        assert f"source = {chosen['source']}, at = {chosen['at'].isoformat()}" in price.source.where
    told = [
        f.name for f in result.findings if f.name not in {"own-venue-price-differs", "zero-price"}
    ]
    assert set(told) == findings
    unapproved = [n for n in told if n != "manual-price-unapproved"]
    assert len(unapproved) == len(set(unapproved))


@settings(deadline=None, max_examples=100)
@given(prints(), st.randoms(use_true_random=False))
def test_the_order_of_prints_never_matters(rows: list[Row], random: Any) -> None:
    """The same price, the same record of every print, the same findings."""
    turned = random.sample(rows, len(rows))
    one, other = valued(rows), valued(turned)
    assert one.prices["X"].value == other.prices["X"].value
    assert one.prints == other.prints
    assert one.findings == other.findings


@settings(deadline=None, max_examples=100)
@given(prints())
def test_every_last_print_is_recorded_once_and_one_at_most_is_used(rows: list[Row]) -> None:
    """Prints that are not used are not lost: a reader sees what else was known."""
    result = valued(rows)
    assert len(result.prints) == len({r["source"] for r in rows if r["at"] <= CUT_OFF})
    used = [p for p in result.prints if p.use == "used"]
    assert len(used) == (1 if result.prices["X"].computable else 0)
    assert all(p.price == result.prices["X"].value for p in used)


@settings(deadline=None)
@given(st.integers(1, 10**9), st.integers(1, 10**9))
def test_own_prints_beside_others_are_shown_with_their_gap(own: int, other: int) -> None:
    """Beyond the house tolerance of a tenth it is a warning, within it a note, equal nothing."""
    rows = [a_print("alpha", other), a_print("ours", own, own_venue=True)]
    found = [f for f in valued(rows).findings if f.name == "own-venue-price-differs"]
    if own == other:
        assert found == []
    else:
        far = 10 * abs(own - other) > other
        assert [f.severity for f in found] == ["warning" if far else "note"]


@settings(deadline=None)
@given(st.integers(1, 10**6), st.integers(1, 10**6))
def test_a_price_in_another_currency_is_multiplied_exactly(dollars: int, rate: int) -> None:
    """Coins in dollars, dollars in yen; marks and reasons of both stay in the tree."""
    rows = [
        a_print("alpha", Fraction(dollars, 1000), currency="USD"),
        a_print("alpha", Fraction(rate, 100), asset="USD"),
    ]
    result = valued(rows, ("JPY", "USD", "X"))
    assert result.prices["X"].value == Fraction(dollars * rate, 100_000)
    assert result.prices["JPY"].value == 1


def test_a_price_without_a_rate_is_a_gap_and_not_a_price() -> None:
    """A price in dollars alone values nothing in yen."""
    assert (
        not valued([a_print("alpha", 5, currency="USD")], ("JPY", "USD", "X"))
        .prices["X"]
        .computable
    )


def test_a_price_of_another_purpose_never_values_the_day() -> None:
    """Regulatory, accounting and claim prices are kept apart."""
    assert not valued([a_print("alpha", 5, purpose="accounting")]).prices["X"].computable


# -- doubts -----------------------------------------------------------------------------------


def test_an_own_print_with_evidence_is_not_hidden_by_one_without() -> None:
    """Two own markets, one with evidence: that one may set the value."""
    rows = [
        a_print("ours-1", 5, own_venue=True),
        a_print("ours-2", 6, own_venue=True, evidence="file-1"),
    ]
    assert valued(rows).prices["X"].value == 6


def test_an_own_price_typed_in_by_one_person_is_not_used() -> None:
    """A manual price needs two people and evidence, whosever market it names."""
    rows = [a_print("ours", 5, own_venue=True, entered_by="P", approved_by="P", evidence="file-1")]
    assert not valued(rows).prices["X"].computable


def test_an_old_own_price_is_said_to_be_old() -> None:
    """Alone, with evidence, and a day old: used, with a word about its age."""
    rows = [a_print("ours", 5, 1440, own_venue=True, evidence="file-1")]
    assert "stale-price" in [f.name for f in valued(rows).findings]


def test_a_price_of_zero_beside_an_own_print_does_not_crash_the_close(tmp_path: Path) -> None:
    """A delisted coin is worth 0 at the aggregator while our own market still shows a print."""
    tables = kit.clean()
    tables["prices"] = [kit.price("BTC", "0"), kit.price("BTC", "5", "ours", own_venue="true")]
    closed = kit.close(tmp_path / "books", tables)
    assert "own-venue-price-differs" in kit.findings(closed)


def test_a_currency_without_a_usable_print_does_not_hide_another() -> None:
    """EUR comes before USD by name; its only print is refused, and then USD is not tried."""
    rows = [
        a_print("hand", 5, currency="EUR", entered_by="P"),
        a_print("alpha", 160, asset="EUR"),
        a_print("alpha", 6, currency="USD"),
        a_print("alpha", 150, asset="USD"),
    ]
    assert valued(rows, ("EUR", "JPY", "USD", "X")).prices["X"].value == 900


@given(
    st.lists(st.integers(1, 400), min_size=1, max_size=5),
    st.sampled_from([Fraction(1, 10), Fraction(1, 2)]),
)
def test_a_price_far_from_the_median_is_passed_over(prices: list[int], share: Fraction) -> None:
    """Worked again: each price as a multiple of the middle of all of them."""
    rows = [a_print(s, p) for s, p in zip(SOURCES, prices, strict=False) if s != "manual"]
    result = valued(rows, price_outlier=share)
    given_prices = [r["price"] for r in rows]
    out = {f.message.en.split(" by ")[1].split(",")[0] for f in result.findings}
    if len(rows) < 3:
        assert out == set()
        return
    ordered = sorted(given_prices)
    low, high = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    median = (low + high) / Fraction(2)
    far = {r["source"] for r in rows if not 1 - share <= r["price"] / median <= 1 + share}
    assert out == far
    figure = result.prices["X"]
    kept = [r for r in rows if r["source"] not in far]
    rank = ("alpha", "beta", "delta", "gamma")
    if kept:
        first = min(kept, key=lambda r: rank.index(r["source"]))
        assert figure.number() == first["price"]
    else:
        assert not figure.computable


def test_a_source_may_have_its_own_limit_of_age() -> None:
    """A reference rate of yesterday is fresh where the house says four days for it."""
    rows = [a_print("alpha", 7, minutes=1500)]
    assert [f.name for f in valued(rows).findings] == ["stale-price"]
    assert valued(rows, price_ages={"alpha": 5760}).findings == []
    assert [f.name for f in valued(rows, price_ages={"alpha": 1499}).findings] == ["stale-price"]
