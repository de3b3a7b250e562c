"""More loss, more kept hot, more business never need less; more insurance never raises a need."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sonae.core.canonical import parse_number
from sonae.rulebook.draft import load_draft, read_draft
from tests import kit
from tests.rules.ask import answer

yen = st.integers(0, 10**14)
quantities = st.fractions(0, 10**9, max_denominator=10**6)
names = st.sampled_from("AB")

HEAD = """
[draft]
id = "test.bands"
regime = "jp"
title = { ja = "試案", en = "trial draft" }
note = { ja = "試験用", en = "for a test" }
"""


@settings(deadline=None)
@given(
    st.dictionaries(names, st.tuples(quantities, quantities, st.integers(1, 10**6))),
    names,
    quantities,
)
def test_more_kept_hot_never_lowers_excess_share_or_guarantee(
    coins: Any, which: str, more: Fraction
) -> None:
    """And a day that failed does not pass by moving more out of cold storage."""
    coins = coins or {"A": (Fraction(1), Fraction(1), 1)}
    which = which if which in coins else next(iter(coins))

    def facts(extra: Fraction) -> dict[str, Any]:
        rows = {
            c: {
                "customer_qty": str(q),
                "hot_qty": str(h + (extra if c == which else 0)),
                "price_jpy": p,
            }
            for c, (q, h, p) in coins.items()
        }
        return {"coins": rows}

    less, much = (answer("jp.crypto.hot_limit", facts(x)) for x in (Fraction(0), more))
    assert much["hot_total_jpy"] >= less["hot_total_jpy"]
    assert much["excess_jpy"] >= less["excess_jpy"]
    assert much["limit_jpy"] == less["limit_jpy"]
    assert not (less["ratio_test"] == "fail" and much["ratio_test"] == "pass")
    rule = "jp.crypto.performance_guarantee"
    before, after = (answer(rule, facts(x))["required_qty"] for x in (Fraction(0), more))
    assert {c: after[c] - before[c] for c in coins} == {
        c: (more if c == which else 0) for c in coins
    }


@settings(deadline=None)
@given(st.integers(0, 10**12), quantities, quantities, quantities)
def test_more_owed_never_lowers_the_limit_and_never_hides_an_excess_in_yen(
    price: int, owed: Fraction, hot: Fraction, more: Fraction
) -> None:
    """The limit follows what customers are owed."""
    less, much = (
        answer(
            "jp.crypto.hot_limit",
            {"coins": {"A": {"customer_qty": str(q), "hot_qty": str(hot), "price_jpy": price}}},
        )
        for q in (owed, owed + more)
    )
    assert much["limit_jpy"] - less["limit_jpy"] == more * price / 20


@settings(deadline=None)
@given(st.lists(yen, min_size=1, max_size=3), yen, yen, yen, yen, yen)
def test_a_shipped_draft_never_needs_less_for_more_of_its_base(
    volumes: list[int], custody: int, reserve: int, used: int, loss: int, more: int
) -> None:
    """Traded value, custody value, the loss in question: each alone raised by the same amount."""
    facts = {
        "customer_crypto_jpy": custody + 1,
        "crypto_traded_value_by_fy": volumes,
        "opening_reserve": reserve,
        "used_for_incidents": used,
        "loss_in_question_jpy": loss,
    }
    raised = [
        ("customer_crypto_jpy", custody + 1 + more),
        ("crypto_traded_value_by_fy", [*volumes[:-1], volumes[-1] + more]),
        ("crypto_traded_value_by_fy", [volumes[0] + more, *volumes[1:]]),
        ("opening_reserve", reserve + more),
        ("loss_in_question_jpy", loss + more),
    ]
    for draft in (load_draft(n) for n in ("jp.proposal.combined", "jp.proposal.custody-value")):
        for rule in draft.rules:
            keys = {need.key for need in rule.needs}
            picked = {k: v for k, v in facts.items() if k in keys}
            before = answer(rule.id, picked, drafts=(draft,))
            for key, value in raised:
                if key in keys:
                    after = answer(rule.id, picked | {key: value}, drafts=(draft,))
                    for output in ("without_bracket", "required", "in_cash"):
                        assert after[output] >= before[output], (rule.id, key, output)


def test_more_loss_paid_from_the_reserve_never_lowers_what_is_required() -> None:
    """Design section 10: more loss never needs less reserve.

    With the closing balance of Article 175 as the level, 20bn used for incidents would lower it
    from 40bn to 30bn, and the shortfall that is to be refilled would disappear.
    """
    draft = load_draft("jp.proposal.traded-value")
    facts = {"crypto_traded_value_by_fy": [10**15], "opening_reserve": 30_000_000_000}
    need = [
        answer(draft.id, facts | {"used_for_incidents": used}, drafts=(draft,))["required"]
        for used in (0, 20_000_000_000)
    ]
    assert need[1] >= need[0]


@settings(deadline=None)
@given(st.fractions(0, 1), st.fractions(0, 1), yen)
def test_a_larger_insurance_share_never_raises_what_must_be_in_cash(
    one: Fraction, other: Fraction, custody: int
) -> None:
    """The requirement itself does not move with the share; the part in cash falls with it."""
    low, high = sorted((one, other))
    got = []
    for share in (low, high):
        text = f'insurance_share = "{share}"\n{HEAD}'
        text += '[[component]]\nbase = "custody_value"\nrate = "1/100"\n'
        draft = read_draft(text, "t")
        got.append(answer(draft.id, {"customer_crypto_jpy": custody}, drafts=(draft,)))
    assert got[0]["required"] == got[1]["required"]
    assert got[1]["in_cash"] <= got[0]["in_cash"]
    assert all(g["in_cash"] + g["insurance_at_most"] == g["required"] for g in got)


@settings(deadline=None)
@given(
    st.lists(st.integers(1, 10**6), min_size=1, max_size=3, unique=True),
    st.lists(st.fractions(0, 1, max_denominator=100), min_size=4, max_size=4),
    st.integers(0, 2 * 10**6),
    st.integers(0, 10**6),
)
def test_bands_never_need_less_for_a_larger_base(
    tops: list[int], rates: list[Fraction], base: int, more: int
) -> None:
    """Even where a higher band has a lower rate; and by hand, yen by yen of the base."""
    tops = sorted(tops)
    bands = [f'{{ up_to = {t}, rate = "{r}" }}' for t, r in zip(tops, rates, strict=False)]
    bands.append(f'{{ rate = "{rates[len(tops)]}" }}')
    text = f'{HEAD}[[component]]\nbase = "custody_value"\nbands = [{", ".join(bands)}]\n'
    draft = read_draft(text, "t")

    def need(amount: int) -> Fraction:
        return answer(draft.id, {"customer_crypto_jpy": amount}, drafts=(draft,))["required"]

    ends = [0, *tops, max(base, tops[-1])]
    by_hand = sum(
        (max(0, min(base, b) - a) * r for a, b, r in zip(ends, ends[1:], rates, strict=False)),
        Fraction(0),
    )
    assert need(base) == by_hand
    assert need(base + more) >= need(base)


POLICY = """
[[policy]]
policy_id = "P1"
insurer = "Insurer"
insurer_licence = "L1"
form = "crime"
insurance_kind = "liability"
period_start = 2026-01-01
period_end = 2026-12-31
currency = "JPY"
limit_per_event = {limit}
annual_aggregate = 90_000_000_000
retention = {retention}
co_insurance = "1/10"
claims_paid = 0
beneficiary = "customers"
pledge = "customers"
terminates_on = []
"""


@settings(
    deadline=None, max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.integers(0, 4 * 10**9), st.integers(1, 10**9), st.integers(0, 10**9))
def test_more_cover_in_a_close_never_raises_a_need_or_lowers_a_surplus(
    tmp_path_factory: pytest.TempPathFactory, limit: int, more: int, retention: int
) -> None:
    """A higher limit or a lower retention, all else equal, under a draft that counts insurance."""
    name = "jp.proposal.custody-value.5pct"
    found = []
    for terms in ((limit, retention), (limit + more, retention), (limit, retention + more)):
        policies = POLICY.format(limit=terms[0], retention=terms[1])
        closed = kit.close(
            tmp_path_factory.mktemp("cover") / "books",
            kit.clean(),
            files={"policies.toml": policies},
            assume=["jp.proposal.custody-value"],
        )
        found.append(closed.document["cover"]["by_regime"][name])
    need = [parse_number(f["required"]) for f in found]
    over = [parse_number(f["surplus"]) for f in found]
    paid = [parse_number(f["going_concern"]["insurance"]) for f in found]
    assert need[0] == need[1] == need[2]
    assert over[2] <= over[0] <= over[1]
    assert paid[2] <= paid[0] <= paid[1] <= need[0] / 2


def test_this_file_has_a_folder_to_write_in(tmp_path: Path) -> None:
    """The close above writes nothing beside its books."""
    kit.close(tmp_path / "books", kit.clean())
    assert [p.name for p in tmp_path.iterdir()] == ["books"]
