"""What a failed exchange pays: conserved, never above a claim, the same in any order of rows."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonae.claims.estate.plan import Plan, Pool
from sonae.claims.estate.schedule import RANKS, STATES
from sonae.claims.estate.steps import STEPS
from sonae.core.errors import Refused

from .kit import (
    Claim,
    Made,
    distribute,
    first_distribution,
    money_per_unit,
    paid_before,
    plan,
    pool,
    reserved,
)

amounts = st.integers(0, 10**6) | st.integers(0, 10**20)
PROCEEDINGS = st.sampled_from(["bankruptcy", "rehabilitation"])


@st.composite
def books(draw: st.DrawFn) -> list[Claim]:
    """Any claims of any rank, state and mark; a claimant claims an asset once in a rank."""
    found = {}
    for n in range(draw(st.integers(1, 10))):
        rank = draw(st.sampled_from((*RANKS, "customer", "customer")))
        asset = draw(st.sampled_from(["JPY", "AAA", "BBB"])) if rank == "customer" else "JPY"
        state = draw(st.sampled_from([*STATES, "admitted", "admitted"]))
        flag = draw(st.sampled_from(["", "", "unverified"]))
        claim = Claim(f"C{n % 7}", asset, rank, draw(amounts), state, flag)
        found[claim.key] = claim
    return list(found.values())


@st.composite
def estates(draw: st.DrawFn) -> Plan:
    """Pools of every kind, some empty, some with costs."""
    made = [
        pool("seg-a", "segregated", "AAA", draw(amounts)),
        pool("guarantee-a", "guarantee", "AAA", draw(amounts)),
        pool("seg-b", "trust", "BBB", draw(amounts)),
        pool("cash", "cash_trust", "JPY", draw(amounts)),
        pool("reserve", "reserve", "JPY", draw(amounts), remote=draw(st.booleans())),
        pool("cover", "insurance", "JPY", draw(amounts), insurance="liability"),
        pool("general", "general", "JPY", draw(amounts)),
    ]
    with_cost = [replace(p, cost=draw(st.integers(0, p.amount))) for p in made]
    return plan(with_cost, draw(PROCEEDINGS))


def by_step(plan_: Plan) -> dict[str, dict[str, int]]:
    """Pools after costs by step and asset, from the words of the guide and not from the code."""
    found: dict[str, dict[str, int]] = {"in_kind": {}, "secured": {}, "general": {}}
    for one in plan_.pools:
        step = "general"
        if one.kind in ("segregated", "guarantee", "trust", "cash_trust"):
            step = "in_kind"
        elif one.insurance == "liability" or one.remote:
            step = "secured"
        found[step][one.asset] = found[step].get(one.asset, 0) + one.amount - one.cost
    return found


def due(made: Made, claim: Claim) -> tuple[int, int, int]:
    """In all: before, now and reserved."""
    now, kept = made.now(*claim.key), made.kept(*claim.key)
    before = tuple(claim.before[s] for s in STEPS)
    return tuple(a + b + c for a, b, c in zip(before, now, kept, strict=True))  # type: ignore[return-value]


def conserved(plan_: Plan, claims: list[Claim], made: Made) -> None:
    """Nothing is paid or reserved beyond a pool; nobody is above the claim; nothing comes back."""
    pools = by_step(plan_)
    sums: dict[tuple[str, str], int] = {}
    for claim in claims:
        coins, alone, general = due(made, claim)
        sums["in_kind", claim.asset] = sums.get(("in_kind", claim.asset), 0) + coins
        sums["secured", "JPY"] = sums.get(("secured", "JPY"), 0) + alone
        sums["general", "JPY"] = sums.get(("general", "JPY"), 0) + general
        had = sum(claim.before.values())
        if not had:
            worth = claim.amount * money_per_unit(claim.asset)
            assert coins * money_per_unit(claim.asset) + alone + general <= worth
        assert min(made.now(*claim.key) + made.kept(*claim.key)) >= 0
    for (step, asset), whole in sums.items():
        assert whole <= pools[step].get(asset, 0)


@settings(max_examples=60, deadline=None)
@given(estates(), books())
def test_a_first_distribution_is_the_one_worked_again_row_by_row(
    plan_: Plan, claims: list[Claim]
) -> None:
    """Columns of limbs against plain integers; who is reserved gets the same, later."""
    made = distribute(plan_, claims)
    expected = first_distribution(by_step(plan_), claims, plan_.proceeding)
    for claim in claims:
        assert due(made, claim) == expected[claim.key]
        theirs = (
            made.kept(*claim.key) if reserved(claim, plan_.proceeding) else made.now(*claim.key)
        )
        assert theirs == expected[claim.key]
    conserved(plan_, claims, made)


@settings(max_examples=60, deadline=None)
@given(estates(), books(), st.data())
def test_later_recoveries_and_decisions_only_add_and_stay_conserved(
    plan_: Plan, claims: list[Claim], data: st.DataObject
) -> None:
    """More in the pools, claims admitted, new ones filed: catch-up is never below zero."""
    first = distribute(plan_, claims)
    richer = replace(
        plan_, pools=tuple(replace(p, amount=p.amount + data.draw(amounts)) for p in plan_.pools)
    )
    again = [
        replace(c, state=data.draw(st.sampled_from([c.state, "admitted", "objected"])), flag="")
        for c in paid_before(claims, first)
    ]
    again += [Claim("late", "AAA", "customer", data.draw(amounts), "admitted")]
    second = distribute(richer, again)
    conserved(richer, again, second)
    for claim in again:
        total = due(second, claim)
        worth = claim.amount * money_per_unit(claim.asset)
        assert total[0] <= claim.amount
        assert total[0] * money_per_unit(claim.asset) + total[1] + total[2] <= worth


@settings(max_examples=30, deadline=None)
@given(estates(), books(), st.randoms(use_true_random=False))
def test_the_order_of_rows_never_matters(
    plan_: Plan, claims: list[Claim], shuffled: random.Random
) -> None:
    other = list(claims)
    shuffled.shuffle(other)
    assert distribute(plan_, claims).rows == distribute(plan_, other).rows


@settings(max_examples=30, deadline=None)
@given(estates(), books(), st.integers(1, 10**9))
def test_a_larger_pool_never_lowers_anyone_in_kind(
    plan_: Plan, claims: list[Claim], more: int
) -> None:
    first = plan_.pools[0]
    larger = replace(plan_, pools=(replace(first, amount=first.amount + more), *plan_.pools[1:]))
    before, after = distribute(plan_, claims), distribute(larger, claims)
    for claim in claims:
        assert due(after, claim)[0] >= due(before, claim)[0]


# -- named situations ------------------------------------------------------------------------------


def customer(name: str, asset: str, amount: int, **more: str) -> Claim:
    return Claim(name, asset, "customer", amount, **more)  # type: ignore[arg-type]


def held(asset: str, amount: int) -> Pool:
    return pool(f"held {asset}", "segregated", asset, amount)


def test_a_stolen_coin_costs_its_own_holders_only() -> None:
    """E75: half of AAA is gone; holders of BBB get everything."""
    claims = [customer("a", "AAA", 60), customer("b", "AAA", 40), customer("c", "BBB", 7)]
    made = distribute(plan([held("AAA", 50), held("BBB", 7)]), claims)
    assert [made.now(*c.key)[0] for c in claims] == [30, 20, 7]


def test_what_is_recovered_of_a_coin_goes_to_its_own_holders_and_whoever_is_behind_first() -> None:
    """One got half; another is admitted later, gets the same half first, then both go on level."""
    first = [customer("a", "AAA", 100)]
    made = distribute(plan([held("AAA", 50)]), first)
    then = [*paid_before(first, made), customer("late", "AAA", 100)]
    assert distribute(plan([held("AAA", 70)]), then).now("late", "AAA")[0] == 20
    assert distribute(plan([held("AAA", 70)]), then).now("a", "AAA")[0] == 0
    level = distribute(plan([held("AAA", 120)]), then)
    assert (level.now("a", "AAA")[0], level.now("late", "AAA")[0]) == (10, 60)


def test_an_objected_claim_is_reserved_and_paid_in_full_arrears_once_admitted() -> None:
    claims = [customer("a", "AAA", 100), customer("b", "AAA", 100, state="objected")]
    made = distribute(plan([held("AAA", 80)]), claims)
    assert made.now("b", "AAA")[0] == 0
    assert made.kept("b", "AAA")[0] == 40
    then = [replace(c, state="admitted") for c in paid_before(claims, made)]
    again = distribute(plan([held("AAA", 80)]), then)
    assert (again.now("a", "AAA")[0], again.now("b", "AAA")[0]) == (0, 40)


def test_an_unfiled_claim_gets_no_dividend_in_bankruptcy_but_its_coins_are_kept() -> None:
    claims = [customer("a", "AAA", 100), customer("b", "AAA", 100, state="unfiled")]
    pools = [held("AAA", 100), pool("general", "general", "JPY", 10**6)]
    made = distribute(plan(pools), claims)
    assert made.kept("b", "AAA") == (50, 0, 0)
    assert made.now("a", "AAA")[2] == int(50 * money_per_unit("AAA"))


def test_a_self_acknowledged_claim_is_paid_in_rehabilitation() -> None:
    claims = [customer("a", "AAA", 100, state="self_acknowledged")]
    assert distribute(plan([held("AAA", 100)], "rehabilitation"), claims).now("a", "AAA")[0] == 100
    assert distribute(plan([held("AAA", 100)]), claims).kept("a", "AAA")[0] == 100


def test_subordinated_claims_get_nothing_while_ordinary_ones_are_short_by_a_unit() -> None:
    """What rounding leaves is residue, not the next rank's."""
    claims = [Claim(n, "JPY", "ordinary", 10) for n in "abc"]
    claims.append(Claim("z", "JPY", "subordinated", 10))
    made = distribute(plan([pool("general", "general", "JPY", 29)]), claims)
    assert [made.now(*c.key)[2] for c in claims] == [9, 9, 9, 0]


def test_no_asset_is_dropped_for_lack_of_a_price() -> None:
    """E107: its coins are shared; money that its holders share in waits and nothing else does."""
    pools = [held("AAA", 50), held("BBB", 5), pool("general", "general", "JPY", 1000)]
    whole = plan(pools)
    unpriced = replace(
        whole, assets={**whole.assets, "AAA": replace(whole.assets["AAA"], rate=None)}
    )
    claims = [customer("a", "AAA", 100), customer("b", "BBB", 5), Claim("l", "JPY", "cost", 10)]
    made = distribute(unpriced, [*claims, Claim("o", "JPY", "ordinary", 10)])
    assert made.now("a", "AAA") == (50, 0, 0)
    assert made.now("b", "BBB") == (5, 0, 0)
    assert made.now("l", "JPY", "cost") == (0, 0, 10)
    assert made.now("o", "JPY", "ordinary") == (0, 0, 0)


def test_more_paid_before_than_there_is_now_is_refused() -> None:
    claims = [customer("a", "AAA", 100)]
    paid = paid_before(claims, distribute(plan([held("AAA", 50)]), claims))
    with pytest.raises(Refused, match="was paid already"):
        distribute(plan([held("AAA", 49)]), paid)


def test_claims_in_money_alone_share_one_pool_at_the_rates_of_commencement() -> None:
    """Dollarised: the price when it is paid does not matter."""
    claims = [customer("a", "BBB", 10**8), customer("b", "JPY", 100_000)]
    estate = plan([pool("all", "segregated", "JPY", 100_000)], basis="money")
    made = distribute(estate, claims)
    worth = int(10**8 * money_per_unit("BBB"))
    assert made.now("a", "BBB") == (0, 100_000 * worth // (worth + 100_000), 0)


def test_the_cash_trust_serves_customers_money_alone_whatever_the_basis() -> None:
    claims = [customer("a", "BBB", 10**8), customer("b", "JPY", 100_000)]
    estate = plan([pool("cash", "cash_trust", "JPY", 60_000)], basis="money")
    made = distribute(estate, claims)
    assert made.now("b", "JPY") == (60_000, 0, 0)
    assert made.now("a", "BBB") == (0, 0, 0)
