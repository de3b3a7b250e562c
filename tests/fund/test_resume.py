"""A command repeated after its answer was lost records nothing a second time."""

from __future__ import annotations

from pathlib import Path

import pytest

from sonae.actions.fund.session import Session
from sonae.actions.keys import Memory, load_key, verify_signature
from sonae.core.chain import Signed
from sonae.fund.entry import Seen
from sonae.store.ledger import Ledger
from tests.fund.people import People

MONEY = 'asset = "TRUST"\namount = "1000"'


@pytest.fixture
def people(tmp_path: Path) -> People:
    return People(tmp_path, str(tmp_path / "fund.db"))


def answer_lost(people: People, name: str, before: Seen) -> None:
    """The key's memory as it is between recording the last entry and hearing of it."""
    with Ledger(people.store, verify_signature) as ledger:
        text = list(ledger.lines())[-1]
        body, signature = text[8:].split(b',"hash":')[0], text[-130:-2]
        memory = Memory(people.folder / f"{name}.key.seen")
        memory.recorded(ledger.view.fund(), before)
        memory.signed(ledger.view.fund(), Signed(body, bytes.fromhex(signature.decode())))


def test_a_constitution_is_not_proposed_twice(people: People) -> None:
    assert people.act("aoi", "init", people.folder / "fund.toml").code == 0
    answer_lost(people, "aoi", Seen(0, "0" * 64))
    said = people.act("aoi", "init", people.folder / "fund.toml")
    assert said.code == 3
    assert "is entry 1 (pending)" in said.err
    assert len(people.outcomes()) == 1


def test_a_proposal_and_an_approval_are_not_recorded_twice(people: People) -> None:
    people.begin()
    with Ledger(people.store, verify_signature) as ledger:
        before = ledger.head()
    seq = people.propose("aoi", "contribute", MONEY).json()["seq"]
    answer_lost(people, "aoi", before)
    said = people.propose("aoi", "contribute", MONEY)
    assert said.code == 3
    assert f"is entry {seq} (pending)" in said.err
    assert len(people.outcomes()) == seq
    with Ledger(people.store, verify_signature) as ledger:
        before = ledger.head()
    assert people.act("ben", "approve", str(seq)).code == 0
    answer_lost(people, "ben", before)
    said = people.act("ben", "approve", str(seq))
    assert said.code == 3
    assert f"is entry {seq + 1} (approved)" in said.err
    assert len(people.outcomes()) == seq + 1
    assert people.propose("aoi", "contribute", MONEY).json()["seq"] == seq + 2  # and on it goes


def test_an_act_that_never_arrived_is_recorded_by_the_next_command_alone(people: People) -> None:
    """Signed and kept, the program died before it was sent: what was meant is done, once."""
    people.begin()
    with Ledger(people.store, verify_signature) as ledger:
        session = Session(ledger, load_key(people.folder / "aoi.key"))
        kept: list[Signed] = []

        def dies(signed: Signed) -> None:
            kept.append(signed)
            raise KeyboardInterrupt

        ledger.append = dies  # type: ignore[method-assign, assignment]
        from sonae.actions.fund.requests import read_request

        raw = {"kind": "contribute", "asset": "TRUST", "amount": "1000", "on": session.now().date()}
        request = read_request(raw, Path("request.toml"), ledger.view)
        with pytest.raises(KeyboardInterrupt):
            session.propose(request)
    count = len(people.outcomes())
    said = people.propose("aoi", "contribute", MONEY)
    assert said.code == 3
    assert f"is entry {count + 1} (pending)" in said.err
    assert len(people.outcomes()) == count + 1
