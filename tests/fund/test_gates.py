"""A proposer who writes the rulebook's answer by hand is refused by the approver's own program."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sonae.actions.fund.gates import approve
from sonae.actions.fund.requests import read_request
from sonae.actions.fund.session import Session
from sonae.actions.keys import load_key
from sonae.core.errors import Refused
from sonae.fund.entry import LedgerError, read_act
from sonae.store.ledger import Ledger
from tests.fund.signed import START, Signers, opened

USE = {
    "kind": "use",
    "on": START.date(),
    "incident": "INC-1",
    "asset": "T",
    "amount": "5",
    "ground": "illegal_outflow",
    "nature": "return_in_kind",
    "business": "spot",
    "evidence": {"proof_of_outflow": "a.txt", "amount_calculation": "a.txt"},
}
Content = dict[str, Any]


@pytest.fixture
def ledger(tmp_path: Path) -> Any:
    people = Signers(tmp_path)
    (tmp_path / "a.txt").write_text("a")
    with opened(str(tmp_path / "fund.db"), create=True) as ledger:
        people.begin(ledger)
        people.done(ledger, people.money(ledger.seen, 1_000))
        yield ledger


def session(ledger: Ledger, folder: Path, name: str) -> Session:
    return Session(ledger, load_key(folder / f"{name}.key"), lambda: START)


def proposed(ledger: Ledger, folder: Path, raw: Content, forge: Callable[[Content], None]) -> Any:
    """A use as the program makes it, then changed by hand before it is signed."""
    request = read_request(raw, folder / "request.toml", ledger.view)
    content = copy.deepcopy(dict(request.content))
    forge(content)
    made = type(request)(request.kind, request.on, content, request.lines)
    return session(ledger, folder, "aoi").propose(made)


def as_it_is(_: Content) -> None:
    """Nothing is forged."""


def may_proceed(content: Content) -> None:
    content["ground"] |= {"may_proceed": True, "reason": "none"}


def no_petition(content: Content) -> None:
    content["ground"] |= {"may_proceed": True, "reason": "none", "reserve_class": "provision"}


def no_ground_at_all(content: Content) -> None:
    content["ground"] = {"ground": "none", "may_proceed": True}


def looks_verified(content: Content) -> None:
    content["ground"]["confidence"] = "verified"


def may_pay(content: Content) -> None:
    content["payment"]["may_pay"] = True


def paid_for_nothing(content: Content) -> None:
    content["payment"] = {"may_pay": True}


LOSS = {**USE, "nature": "transaction_loss", "from_incident": True}
NO_EVIDENCE = {**USE, "evidence": {}}


@pytest.mark.parametrize(
    ("raw", "forge"),
    [
        (NO_EVIDENCE, may_proceed),
        (USE, no_petition),
        (USE, no_ground_at_all),
        (USE, looks_verified),
        (LOSS, may_pay),
        (USE, paid_for_nothing),
    ],
    ids=lambda x: x.__name__ if callable(x) else "",
)
def test_a_forged_answer_is_pending_on_the_ledger_and_refused_by_the_approver(
    ledger: Ledger, tmp_path: Path, raw: Content, forge: Callable[[Content], None]
) -> None:
    made = proposed(ledger, tmp_path, raw, forge)
    assert made.outcome.code == "pending"
    with pytest.raises(Refused, match="states an answer of the rulebook"):
        approve(session(ledger, tmp_path, "ben"), made.seq)
    assert ledger.head().seq == made.seq


def test_an_honest_answer_is_approved(ledger: Ledger, tmp_path: Path) -> None:
    made = proposed(ledger, tmp_path, USE, as_it_is)
    assert approve(session(ledger, tmp_path, "ben"), made.seq).outcome.effect == "posting"


@pytest.mark.parametrize("code", ["same_person", "approved", "", 7, ["x"], None])
def test_a_proposer_does_not_choose_the_code_of_a_refusal(
    ledger: Ledger, tmp_path: Path, code: object
) -> None:
    def other(content: Content) -> None:
        content["ground"] |= {"may_proceed": False, "reason": code}

    assert proposed(ledger, tmp_path, USE, other).outcome.code == "refused:no_ground"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("at", "soon"),
        ("at", "9999-99-99T09:00:00.000000Z"),
        ("at", "2026-11-20 09:00:00.000000Z"),
        ("at", "2026-11-20T09:00:00.000000+00:00"),
        ("expires", "2026-W47-5T09:00:00.000000Z"),
        ("expires", "never"),
        ("on", "2026-W47-5"),
        ("on", "20261120"),
        ("on", "2026-02-30"),
    ],
)
def test_an_instant_or_a_day_that_is_none_is_no_act(field: str, value: str) -> None:
    """For the store and for a replay alike: both read acts by this function."""
    people = Signers()
    body = people.money(_nothing(), 5).body
    act = read_act(body)
    old = f'"{field}":"{getattr(act, field)}"'.encode()
    assert body.count(old) == 1
    with pytest.raises(LedgerError, match=f"{field} is an? (instant|day)"):
        read_act(body.replace(old, f'"{field}":"{value}"'.encode()))


def _nothing() -> Any:
    from sonae.fund.entry import NOTHING

    return NOTHING
