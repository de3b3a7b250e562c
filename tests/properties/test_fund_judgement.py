"""The fund's judgement under random histories, against what two-person rules and double entry ask.

Nothing here calls the code that decides: who approved what is read off the acts themselves.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sonae.fund.control import judge
from sonae.fund.entry import Decide, Propose, Seen, read_act
from sonae.fund.journal import contribute, release, use
from sonae.fund.state import State
from tests.fund.signed import ASSET, START, Signers

NAMES = ("aoi", "ben", "chi")
GROUND = {"ground": "approval", "may_proceed": True}
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("in"), st.integers(1, 50), st.sampled_from(NAMES)),
        st.tuples(st.just("out"), st.integers(1, 50), st.sampled_from(NAMES)),
        st.tuples(st.just("back"), st.integers(1, 50), st.sampled_from(NAMES)),
        st.tuples(st.just("approve"), st.integers(0, 5), st.sampled_from(NAMES)),
        st.tuples(st.just("reject"), st.integers(0, 5), st.sampled_from(NAMES)),
    ),
    max_size=40,
)


class History:
    """Acts applied to a state, with what became of each."""

    def __init__(self, approvals: int) -> None:
        self.people, self.state = Signers(), State()
        self.acts: list[tuple[Any, str]] = []
        self.digests: dict[int, str] = {}
        first = self.people.constitution(approvals)
        self.apply(self.people.propose(self.seen(), "constitution", first))
        for name in ("ben", "chi")[:approvals]:
            self.apply(self.people.approve(self.seen(), 1, self.digests[1], name))
        seq = self.apply(self.people.propose(self.seen(), "asset", ASSET))
        self.apply(self.people.approve(self.seen(), seq, self.digests[seq]))

    def seen(self) -> Seen:
        return Seen(len(self.acts), "0" * 64)

    def apply(self, signed: Any) -> int:
        act, seq = read_act(signed.body), len(self.acts) + 1
        before = dict(self.state.balances)
        outcome = judge(self.state, act)
        self.state.apply(seq, act, signed.digest, outcome)
        if outcome.refused:
            assert self.state.balances == before
        self.digests[seq] = signed.digest
        self.acts.append((act, outcome.code))
        return seq

    def step(self, kind: str, number: int, name: str) -> None:
        people, seen = self.people, self.seen()
        at = START + timedelta(minutes=len(self.acts))
        if kind in ("approve", "reject"):
            target = max(1, len(self.acts) - number)
            signed = people.approve(seen, target, self.digests[target], name, at)
            if kind == "reject":
                signed = signed._replace(body=signed.body.replace(b'"approve"', b'"reject"'))
            self.apply(signed)
            return
        content: dict[str, Any] = {"amount_jpy": str(number)}
        lines = {"in": contribute("T", number, "JPY"), "out": use("I", "T", number, "JPY")}
        lines["back"] = release("T", number, "JPY")
        if kind != "in":
            content |= {"ground": GROUND, "payment": {"may_pay": True}}
        what = {"in": "contribute", "out": "use", "back": "release"}[kind]
        signed = people.propose(seen, what, content, lines[kind], at)
        if name != "aoi":
            body = signed.body.replace(b'"by":"aoi"', f'"by":"{name}"'.encode())
            body = body.replace(people.keys["aoi"].public.hex().encode(),
                                people.keys[name].public.hex().encode())  # fmt: skip
            signed = signed._replace(body=body)
        self.apply(signed)


@given(STEPS, st.integers(1, 2))
@settings(deadline=None)
def test_no_money_moves_without_the_people_it_needs_and_nothing_is_made_or_lost(
    steps: list[Any], approvals: int
) -> None:
    history = History(approvals)
    for step in steps:
        history.step(*step)
    proposals: dict[int, Propose] = {}
    approved: dict[int, set[str]] = {}
    totals: Counter[tuple[str, str]] = Counter()
    for seq, (act, code) in enumerate(history.acts, 1):
        if isinstance(act, Propose) and code == "pending":
            assert act.by == "aoi"
            proposals[seq] = act
        if isinstance(act, Decide) and code in ("counted", "approved"):
            mine = approved.setdefault(act.proposal, set())
            assert act.by not in mine
            mine.add(act.by)
        if isinstance(act, Decide) and code == "approved" and proposals[act.proposal].lines:
            proposed = proposals.pop(act.proposal)
            signers = approved[act.proposal] | {proposed.by}
            assert len(signers) >= approvals + 1
            assert proposed.kind == "contribute" or "ben" in signers
            for account, unit, amount in proposed.lines:
                totals[account, unit] += amount
                assert not account.startswith("asset/") or totals[account, unit] >= 0
    assert {k: v for k, v in totals.items() if v} == {
        k: v for k, v in history.state.balances.items() if v
    }
    assert sum(totals.values()) == 0
