"""Pools in draft: whatever is named goes into one pool, or is told with the reason."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sonae.claims.estate.draft import Draft, Thing, place
from sonae.claims.estate.plan import HELD, KINDS, MONEY

KINDS_OF = {
    "wallet": ("customer", "guarantee", "buffer", "reserve", "house"),
    "account": (
        "customer_trust", "margin_trust", "segregated", "reserve", "house", "unclassified",
    ),
    "instrument": ("trust_deed", "guarantee", "deposit", "bond"),
}  # fmt: skip


@st.composite
def things(draw: st.DrawFn) -> list[Thing]:
    found = []
    for n in range(draw(st.integers(0, 12))):
        what = draw(st.sampled_from(sorted(KINDS_OF)))
        kind = draw(st.sampled_from(KINDS_OF[what]))
        asset = draw(st.sampled_from(["JPY", "USD", "BTC"]))
        state = draw(st.sampled_from(["apart", "would_fall", "not_known", "elsewhere"]))
        remote = draw(st.sampled_from(["yes", "no", "untested"]))
        units = draw(st.integers(0, 10**30))
        found.append(Thing(what, f"T{n}", kind, asset, units, state, remote))
    return found


def placed(draft: Draft) -> list[str]:
    return [id for pool in draft.pools.values() for id in pool.of]


@given(things())
def test_everything_is_in_one_pool_or_named_with_why_not(given_: list[Thing]) -> None:
    draft = place(given_, "JPY")
    there = sorted(t.id for t in given_ if t.units)
    assert sorted([*placed(draft), *(o.subject for o in draft.not_placed)]) == there
    units = {t.id: t.units for t in given_}
    for pool in draft.pools.values():
        assert pool.units == sum(units[id] for id in pool.of)
        assert pool.kind in KINDS
        if pool.kind in (*MONEY, "cash_trust"):
            assert pool.asset == "JPY"


@given(things())
def test_nothing_that_is_not_known_to_be_apart_hides_among_what_is(given_: list[Thing]) -> None:
    draft = place(given_, "JPY")
    known = {t.id: t for t in given_}
    for pool in draft.pools.values():
        if pool.kind in (*HELD, "guarantee"):
            states = {known[id].state for id in pool.of}
            assert states == {"not_known"} if pool.id.endswith("not-known") else states == {"apart"}
        if pool.kind == "reserve" and pool.remote:
            assert {known[id].remote for id in pool.of} == {"yes"}
    told = {o.subject for o in (*draft.not_known, *draft.not_placed)}
    for pool in draft.pools.values():
        if pool.id.endswith("not-known"):
            assert set(pool.of) <= told


@given(things())
def test_the_order_of_what_is_named_never_matters(given_: list[Thing]) -> None:
    there, back = place(given_, "JPY"), place(list(reversed(given_)), "JPY")
    assert [p.as_json() for p in there.pools.values()] == [p.as_json() for p in back.pools.values()]
    assert there.not_placed == back.not_placed
