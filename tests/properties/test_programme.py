"""Programmes of insurance: what holds for any loss, any layers, any order of the file."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sonae.core.figure import Figure
from sonae.policy.conditions import Conditions, Share, Sublimit
from sonae.policy.evaluate import pays
from sonae.policy.perils import TIERS
from sonae.policy.programme import Answer, Event, Part, evaluate
from sonae.policy.terms import Policy, tower_faults

AT = datetime(2026, 6, 1, tzinfo=UTC)
START, END = date(2026, 1, 1), date(2026, 12, 31)
RATES = {"JPY": Fraction(1)}
ASSETS = ("BTC", "ETH")
amounts = st.integers(0, 50).map(Fraction) | st.fractions(0, 50, max_denominator=12)
ratios = st.fractions(0, 1, max_denominator=8)
checked = settings(deadline=None, max_examples=40)


def parts_of(perils: Any) -> Any:
    return st.lists(
        st.builds(Part, amounts, perils, st.sampled_from(TIERS), st.sampled_from(ASSETS)),
        min_size=1,
        max_size=4,
    ).map(tuple)


parts = parts_of(st.sampled_from(("external_hack", "insider", "key_loss")))


def layer(id: str, form: str, limit: Fraction, terms: dict[str, Any], found: Conditions) -> Policy:
    return Policy(
        id, "I", "L", form, "liability", START, END, "JPY", limit, terms["aggregate"],
        terms["retention"], terms["own"], Fraction(0), "customers", "none", (), found,
    )  # fmt: skip


@st.composite
def tower(draw: Any, name: str = "T", sequence: int = 0) -> list[Policy]:
    """One to three layers without gap or overlap, the lowest with sublimits of two kinds."""
    ground, made = draw(amounts), []
    subs = [Sublimit(draw(amounts), tier=t) for t in draw(st.sets(st.sampled_from(TIERS)))]
    subs += [Sublimit(draw(amounts), asset=a) for a in draw(st.sets(st.sampled_from(ASSETS)))]
    attachment = ground
    for n in range(draw(st.integers(1, 3))):
        limit = draw(amounts) + Fraction(1, 4)
        terms = {"aggregate": draw(amounts), "own": draw(ratios),
                 "retention": ground if n == 0 else Fraction(0)}  # fmt: skip
        found = Conditions(
            tower=name, sequence=sequence, attachment=attachment,
            sublimits=tuple(subs) if n == 0 else (),
            shares=(Share("X", draw(ratios)),) if draw(st.booleans()) else (),
            aggregate_retention=draw(amounts) if draw(st.booleans()) else Fraction(0),
            reinstatements=draw(st.integers(0, 1)),
        )  # fmt: skip
        made.append(layer(f"{name}{n}", "crime", limit, terms, found))
        attachment += limit
    return made


programmes = st.tuples(tower("A"), tower("B", 1)).map(lambda two: [*two[0], *two[1]])


def ask(policies: list[Policy], lost: tuple[Part, ...]) -> Answer:
    return evaluate(policies, Event(AT, AT, lost), RATES)


def scaled(policy: Policy, c: int) -> Policy:
    found = policy.conditions
    more = replace(
        found,
        attachment=None if found.attachment is None else found.attachment * c,
        sublimits=tuple(replace(s, amount=s.amount * c) for s in found.sublimits),
        aggregate_retention=found.aggregate_retention * c,
    )
    names = ("limit_per_event", "annual_aggregate", "retention")
    return replace(policy, conditions=more, **{n: getattr(policy, n) * c for n in names})


@checked
@given(programmes, parts)
def test_every_yen_of_a_loss_is_paid_or_has_a_reason(p: list[Policy], lost: Any) -> None:
    """Towers, layers and the whole; and no layer pays more than a limit allows."""
    assert tower_faults(p, lambda key, text: None) is None
    answer = ask(p, lost)
    assert answer.loss == sum(x.amount for x in lost) == answer.paid + answer.retained
    asked = answer.loss
    for t in answer.towers:
        assert t.asked == asked
        assert t.asked == sum(u.amount for u in t.outside) + sum(x.inside for x in t.layers)
        for x in t.layers:
            assert x.inside == x.paid + sum(u.amount for u in x.unpaid)
            assert 0 <= x.paid <= min(x.policy.limit_per_event, x.policy.capacity)
            assert all(u.amount > 0 for u in x.unpaid)
        asked -= t.paid
    assert answer.retained >= 0


@checked
@given(tower(), parts)
def test_a_tower_pays_no_more_than_its_sublimits_let_it(p: list[Policy], lost: Any) -> None:
    """For each sublimit: what it holds, and the losses outside of it."""
    covered = [x for x in lost if x.peril != "key_loss"]
    for sub in p[0].conditions.sublimits:
        beside = [
            x for x in covered if sub.tier not in ("", x.tier) or sub.asset not in ("", x.asset)
        ]
        assert ask(p, lost).paid <= sub.amount + sum(x.amount for x in beside)


def largest_flow(edges: dict[tuple[Any, Any], int]) -> int:
    """From "in" to "out", path by path: the amount payable, worked out a second way."""
    room, flow = dict(edges), 0
    room |= {(b, a): 0 for a, b in edges}
    while True:
        path, seen = {}, ["in"]
        for node in seen:
            for (a, b), left in room.items():
                if a == node and left and b not in path and b != "in":
                    path[b] = a
                    seen.append(b)
        if "out" not in path:
            return flow
        steps, node = [], "out"
        while node != "in":
            steps.append((path[node], node))
            node = path[node]
        least = min(room[s] for s in steps)
        for a, b in steps:
            room[a, b] -= least
            room[b, a] += least
        flow += least


whole = st.integers(0, 30)


@checked
@given(
    st.dictionaries(st.tuples(st.sampled_from(TIERS), st.sampled_from(ASSETS)), whole, min_size=1),
    st.dictionaries(st.sampled_from(TIERS), whole),
    st.dictionaries(st.sampled_from(ASSETS), whole),
)
def test_sublimits_of_two_kinds_pay_the_most_that_exceeds_none(
    lost: dict[Any, int], tiers: dict[str, int], assets: dict[str, int]
) -> None:
    """The least cut against the largest flow through tier, loss and asset."""
    edges: dict[tuple[Any, Any], int] = {}
    for (t, a), amount in lost.items():
        edges |= {("in", t): tiers.get(t, 999), (t, (t, a)): amount, ((t, a), a): amount,
                  (a, "out"): assets.get(a, 999)}  # fmt: skip
    subs = [Sublimit(Fraction(n), tier=t) for t, n in tiers.items()]
    subs += [Sublimit(Fraction(n), asset=a) for a, n in assets.items()]
    terms = {"aggregate": Fraction(999), "retention": Fraction(0), "own": Fraction(0)}
    policy = layer("P", "crime", Fraction(999), terms, Conditions(sublimits=tuple(subs)))
    event = tuple(Part(Fraction(n), "insider", t, a) for (t, a), n in lost.items())
    assert ask([policy], event).paid == largest_flow(edges)


@checked
@given(tower(), parts, st.integers(0, 3), amounts)
def test_a_larger_loss_pays_no_less_and_retains_no_less(
    p: list[Policy], lost: Any, n: int, more: Fraction
) -> None:
    """Of one tower, whichever part of the loss grows: no yen is paid twice."""
    n %= len(lost)
    larger = (*lost[:n], replace(lost[n], amount=lost[n].amount + more), *lost[n + 1 :])
    before, after = ask(p, lost), ask(p, larger)
    assert after.paid >= before.paid
    assert after.retained >= before.retained


@checked
@given(programmes, amounts, amounts)
def test_a_larger_loss_of_one_kind_retains_no_less_of_a_whole_programme(
    p: list[Policy], loss: Fraction, more: Fraction
) -> None:
    """With towers in sequence, for a loss that all of them look at in the same way."""
    before, after = (ask(p, (Part(x, "insider", "hot", "BTC"),)) for x in (loss, loss + more))
    assert after.paid >= before.paid
    assert after.retained >= before.retained


@checked
@given(tower("A"), tower("B", 1), parts)
def test_a_tower_more_at_the_end_never_raises_what_is_retained(
    first: list[Policy], second: list[Policy], lost: Any
) -> None:
    """It is asked for what is left, and may pay some of it."""
    assert ask([*first, *second], lost).retained <= ask(first, lost).retained


@checked
@given(tower("A", 1), tower("B", 0), amounts)
def test_a_tower_more_at_the_front_never_raises_what_is_retained_of_one_kind_of_loss(
    later: list[Policy], first: list[Policy], loss: Fraction
) -> None:
    """It may leave the later one with less to pay, never with less than it took itself."""
    lost = (Part(loss, "insider", "hot", "BTC"),)
    assert ask([*later, *first], lost).retained <= ask(later, lost).retained


@checked
@given(tower(), parts, amounts)
def test_better_terms_of_a_layer_never_raise_what_is_retained(
    p: list[Policy], lost: Any, more: Fraction
) -> None:
    """A higher top limit, a larger aggregate, a smaller own share."""
    base = ask(p, lost).retained
    top = p[-1]
    for better in (
        replace(top, limit_per_event=top.limit_per_event + more),
        replace(top, annual_aggregate=top.annual_aggregate + more),
        replace(top, co_insurance=Fraction(0)),
    ):
        assert ask([*p[:-1], better], lost).retained <= base


@checked
@given(programmes, parts, st.integers(1, 1000))
def test_scaling_every_amount_scales_the_answer(p: list[Policy], lost: Any, c: int) -> None:
    """Yen or thousands of yen: the same answer in another unit."""
    larger = tuple(replace(x, amount=x.amount * c) for x in lost)
    assert ask([scaled(x, c) for x in p], larger).paid == ask(p, lost).paid * c
    rate = {"JPY": Fraction(c)}
    assert evaluate(p, Event(AT, AT, larger), rate).paid == ask(p, lost).paid * c


@checked
@given(programmes, parts, st.randoms(use_true_random=False))
def test_the_order_of_layers_and_losses_in_a_file_does_not_matter(
    p: list[Policy], lost: Any, random: Any
) -> None:
    """Towers by their sequence, layers by where they attach."""
    others, elsewhere = list(p), list(lost)
    random.shuffle(others)
    random.shuffle(elsewhere)
    assert ask(others, tuple(elsewhere)).towers == ask(p, lost).towers


@checked
@given(tower(), amounts)
def test_figures_and_bare_numbers_of_one_policy_agree(p: list[Policy], loss: Fraction) -> None:
    """The close asks for figures, a simulation for numbers."""
    found = replace(p[0].conditions, sublimits=(), tower="")
    policy = replace(p[0], conditions=found)
    figure = pays(policy, Figure(loss, "JPY"), lambda n: Figure(_term(policy, n), "JPY"))
    assert figure.number() == ask([policy], (Part(loss, "insider", "hot"),)).paid


def _term(policy: Policy, name: str) -> Any:
    return getattr(policy, name)
