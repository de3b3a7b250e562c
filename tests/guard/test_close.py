"""What the guard saw reaches the close, and an alarm becomes an incident in one step."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sonae.actions.close import close_books
from sonae.actions.fund.close import unsigned
from sonae.actions.guard.incident import incident_file
from sonae.actions.guard.service import Guard
from sonae.actions.incident.open import open_incident
from sonae.actions.keys import new_key
from sonae.actions.seal.make import sealing
from sonae.core.errors import Refused, UsageError
from tests.kit import clean, finding, findings, write

from .test_judge import BTC, policy
from .test_register import owed, step
from .test_service import Clock, batch, total


@pytest.fixture
def clock() -> Clock:
    """The afternoon before the cut-off of the sample books."""
    found = Clock()
    found.now = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
    return found


@pytest.fixture
def place(tmp_path: Path) -> str:
    """A store's path."""
    return str(tmp_path / "guard.db")


@pytest.fixture
def guard(place: str, clock: Clock) -> Iterator[Guard]:
    """A guard whose ledger and wallets agree on 46,000 BTC."""
    with Guard(place, policy(), clock) as found:
        found.take([total(k, 46_000 * BTC, 1, clock) for k in ("ledger", "wallet")])
        found.minute()
        yield found


def test_a_close_over_a_break_that_nobody_owns_may_not_be_signed(
    guard: Guard, clock: Clock, place: str, tmp_path: Path
) -> None:
    """It is a breach; signing and sealing refuse; with an owner it is a warning."""
    books = tmp_path / "books"
    write(books, clean())
    assert findings(close_books(books, guard=place)) == []
    owed(guard, clock, 5)
    closed = close_books(books, guard=place)
    assert sorted(findings(closed)) == ["break-open", "break-unowned"]
    assert not closed.clean
    with pytest.raises(Refused, match="no owner"):
        unsigned(set(findings(closed)))
    how = sealing(new_key(tmp_path / "seal.pem").path, None)
    with pytest.raises(Refused, match="no owner"):
        close_books(books, out=tmp_path / "out", sealing=how, guard=place)
    assert not (tmp_path / "out").exists()
    guard.register.act("b1", step("assigned", owner="ann"), new_key(tmp_path / "ann.pem"))
    closed = close_books(books, guard=place)
    assert findings(closed) == ["break-open"]
    found = finding(closed, "break-open")
    assert (found["severity"], found["due"], found["subject"]) == ("warning", "2026-11-30", "BTC")
    assert "owner ann" in found["message"]["en"]
    unsigned(set(findings(closed)))


def test_an_open_break_past_its_clock_is_a_breach_in_the_close(
    guard: Guard, clock: Clock, place: str, tmp_path: Path
) -> None:
    """Opened ten days before the cut-off."""
    clock.now -= timedelta(days=20)
    guard.take([total(k, 46_000 * BTC, 2, clock) for k in ("ledger", "wallet")])
    owed(guard, clock, 5, 3)
    guard.register.act("b1", step("assigned", owner="ann"), new_key(tmp_path / "ann.pem"))
    books = tmp_path / "books"
    write(books, clean())
    assert finding(close_books(books, guard=place), "break-open")["severity"] == "breach"


def test_plug_entries_and_an_altered_record_are_said_in_the_close(
    guard: Guard, clock: Clock, place: str, tmp_path: Path
) -> None:
    """E19: counted where the board reads it; a step by nobody is a breach."""
    ann, ben = (new_key(tmp_path / f"{n}.pem") for n in ("ann", "ben"))
    owed(guard, clock, 5)
    guard.register.act("b1", step("plug", class_="unknown", cause="old system"), ann)
    guard.register.act("b1", step("checked"), ben)
    books = tmp_path / "books"
    write(books, clean())
    closed = close_books(books, guard=place)
    assert "1 plug" in finding(closed, "plug-entries")["message"]["en"]
    kept = next(iter(guard.record.of("break/b1")))
    forged = kept.body.replace('"opened"', '"assigned"').replace('"owner":""', '"owner":"eve"')
    guard._keep("break", "break/b1", json.loads(forged), "eve").result()
    closed = close_books(books, guard=place)
    assert finding(closed, "break-record-bad")["severity"] == "breach"


def test_an_alarm_becomes_an_incident_in_one_step_with_its_evidence(
    guard: Guard, clock: Clock, place: str, tmp_path: Path
) -> None:
    """`incident open` reads the file as it is; what nobody knows is said to be undetermined."""
    guard.price([{"asset": "BTC", "price": "10000000", "at": clock.now.isoformat()}])
    owed(guard, clock, 620_000 * BTC)
    out = tmp_path / "incident.toml"
    incident_file(place, "b1", policy(), out)
    opened = open_incident(out)
    assert (opened["cause"], opened["entity"]) == ("undetermined", "undetermined")
    assert opened["loss"]["asset"] == {"BTC": "620000"}
    assert opened["value"] == "6200000000000"
    words = "\n".join(opened["evidence"])
    assert "last met at ledger 4600000000000 (pending 0), wallet 4600000000000" in words
    assert "ledger 66600000000000" in words
    assert "sha256" in words
    assert "record #" in words
    with pytest.raises(UsageError, match="never replaced"):
        incident_file(place, "b1", policy(), out)
    with pytest.raises(UsageError, match="no alarm"):
        incident_file(place, "nothing", policy(), tmp_path / "other.toml")


def test_a_refused_batch_is_an_incident_that_cost_nothing(
    guard: Guard, place: str, tmp_path: Path
) -> None:
    """E01: unit, batch and maker are in the evidence; the loss is zero."""
    said = batch("promo", 620_000 * BTC, stated_unit="KRW", stated_total="620000")
    assert guard.ask(said)["answer"] == "refuse"
    out = tmp_path / "incident.toml"
    incident_file(place, "promo", policy(), out)
    opened = open_incident(out)
    assert opened["loss"]["asset"] == {"BTC": "0"}
    words = "\n".join(opened["evidence"])
    for part in ("batch promo", "stated unit KRW", "asset BTC", "maker ann", "unit-differs"):
        assert part in words
