"""The guard in one process: durable answers, batches that are still open, a start after a kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonae.actions.guard.service import Guard
from sonae.core.errors import InputError, UsageError
from sonae.guard.limits import read_policy
from sonae.store.database import StoreError
from sonae.store.watch import WatchLog

from .test_judge import BTC, NOW, RAW, policy


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Ten o'clock."""
    return Clock()


@pytest.fixture
def guard(tmp_path: Path, clock: Clock) -> Iterator[Guard]:
    """A guard that knows of 42,619 BTC owed and 46,000 held."""
    with Guard(str(tmp_path / "guard.db"), policy(), clock) as found:
        found.take(
            [total("ledger", 42_619 * BTC, 1, clock), total("wallet", 46_000 * BTC, 1, clock)]
        )
        yield found


def total(layer: str, units: int, number: int, clock: Clock) -> dict[str, Any]:
    """A whole total of a layer."""
    return {
        "source": layer, "layer": layer, "node": f"{layer}-node", "number": number, "asset": "BTC",
        "kind": "total", "units": str(units), "at": clock.now.isoformat(),
    }  # fmt: skip


def batch(id: str, *units: int, **more: Any) -> dict[str, Any]:
    """A batch with its maker's own total."""
    rows = [[f"A{n}", str(u)] for n, u in enumerate(units)]
    whole, part = divmod(sum(units), BTC)
    stated = f"{whole}.{part:08}"
    return {
        "batch": id, "asset": "BTC", "maker": "ann", "checker": "ben", "stated_unit": "BTC",
        "stated_total": stated, "credits": rows, **more,
    }  # fmt: skip


def test_an_answer_is_durable_and_the_same_when_asked_again(guard: Guard) -> None:
    """A ledger that lost the answer asks again and gets the same one."""
    first = guard.ask(batch("b1", BTC))
    assert first["answer"] == "allow"
    assert [e.kind for e in guard.record.of("b1")] == ["answer"]
    again = guard.ask(batch("b1", BTC))
    assert {k: again[k] for k in ("answer", "digest", "at")} == {
        k: first[k] for k in ("answer", "digest", "at")
    }
    other = guard.ask(batch("b1", 2 * BTC))
    assert (other["answer"], other["reasons"][0]["code"]) == ("refuse", "id-twice")


def test_two_batches_that_fit_singly_are_not_both_allowed(guard: Guard, clock: Clock) -> None:
    """What was allowed and is not booked yet counts."""
    guard.take([total("ledger", 45_999 * BTC, 2, clock)])
    assert guard.ask(batch("b1", BTC))["answer"] == "allow"
    assert guard.ask(batch("b2", BTC))["answer"] == "refuse"
    guard.dropped("b1")
    assert guard.ask(batch("b3", BTC))["answer"] == "allow"
    guard.booked("b3")
    assert guard.ask(batch("b4", BTC))["answer"] == "refuse"
    clock.now += timedelta(seconds=6)
    guard.take([total("ledger", 46_000 * BTC, 3, clock), total("wallet", 46_001 * BTC, 2, clock)])
    assert guard.ask(batch("b5", BTC))["answer"] == "allow"


def test_a_held_batch_waits_for_another_person_and_is_judged_again(guard: Guard) -> None:
    """The maker cannot release it; what is refused meanwhile stays refused."""
    held = guard.ask(batch("b1", 2 * BTC))
    assert held["answer"] == "hold"
    with pytest.raises(UsageError, match="another person"):
        guard.decide("b1", "ann", release=True)
    assert guard.decide("b1", "cat", release=True)["answer"] == "allow"
    with pytest.raises(UsageError, match="not held"):
        guard.decide("b1", "cat", release=True)
    assert guard.ask(batch("b2", 2 * BTC))["answer"] == "hold"
    assert guard.decide("b2", "cat", release=False)["answer"] == "refuse"


def test_a_batch_that_cannot_be_read_names_every_field(guard: Guard) -> None:
    """All at once; nothing is judged."""
    with pytest.raises(InputError) as caught:
        guard.ask({"batch": "x", "credits": [["A", "1.5"], ["", "1"], ["B"], "C"], "maker": 3})
    keys = {p.key for p in caught.value.problems}
    with pytest.raises(InputError) as long:
        guard.ask(batch("x", 1) | {"credits": [["A", "1" * 5_000], "B1", ["C", "１"], ["D", ""]]})
    assert [p.key for p in long.value.problems] == [f"credits[{n}]" for n in range(4)]
    assert keys == {"asset", "maker", *(f"credits[{n}]" for n in range(4))}


def test_the_minute_records_a_change_of_state_once(guard: Guard, clock: Clock) -> None:
    """Flagged within the minute, not told again every minute."""
    assert guard.minute()[0].state == "asset_over_ledger"
    guard.take([total("ledger", 46_000 * BTC + 1, 2, clock)])
    clock.now += timedelta(minutes=1)
    for _ in range(3):
        assert guard.minute()[0].state == "ledger_over_asset"
    kinds = [e.kind for e in guard.record.of("BTC:ledger-wallet")]
    assert kinds == ["state", "state"]


def test_a_start_finds_what_was_open_held_usual_and_known(tmp_path: Path, clock: Clock) -> None:
    """Nothing that was answered is forgotten."""
    place = str(tmp_path / "guard.db")
    with Guard(place, policy(), clock) as guard:
        guard.take(
            [total("ledger", 45_997 * BTC, 1, clock), total("wallet", 46_002 * BTC, 1, clock)]
        )
        guard.minute()
        guard.take([total("ledger", 45_998 * BTC, 2, clock)])
        guard.ask(batch("open", BTC))
        guard.ask(batch("held", BTC + BTC // 2))
        guard.ask(batch("done", BTC // 2))
        guard.booked("done")
    with Guard(place, policy(), clock) as guard:
        assert guard.feed.lines[("ledger", "BTC", "")].units == 45_998 * BTC
        assert guard.ask(batch("open", BTC))["answer"] == "allow"
        assert guard.ask(batch("next", 5 * BTC // 2 + 1))["answer"] == "refuse"
        assert guard.decide("held", "cat", release=True)["answer"] == "allow"
        assert guard.ask(batch("last", BTC + 1))["answer"] == "refuse"
        guard.dropped("open")
        assert guard.ask(batch("more", BTC))["answer"] == "allow"


CHILD = """
import sys
from sonae.actions.guard.service import Guard
from tests.guard.test_judge import BTC, policy
from tests.guard.test_service import Clock, batch, total
clock = Clock()
guard = Guard(sys.argv[1], policy(), clock)
guard.take([total("ledger", 0, 1, clock), total("wallet", 46_000 * BTC, 1, clock)])
for n in range(100_000):
    print(guard.ask(batch(f"b{n}", n + 1))["batch"], flush=True)
"""


def test_nothing_acknowledged_is_lost_on_kill(tmp_path: Path, clock: Clock) -> None:
    """kill -9 in the middle: every answer that was given is in the record."""
    place = str(tmp_path / "guard.db")
    root = Path(__file__).parents[2]
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, place], stdout=subprocess.PIPE, cwd=root, text=True
    )
    assert child.stdout is not None
    given = [child.stdout.readline().strip() for _ in range(50)]
    os.kill(child.pid, signal.SIGKILL)
    given += [line.strip() for line in child.stdout if line.endswith("\n")]
    child.wait()
    with Guard(place, policy(), clock) as guard:
        for id in given:
            assert [e.kind for e in guard.record.of(id)][:1] == ["answer"]
        assert len(guard.memory.open["BTC"]) >= len(given)


def test_many_callers_share_writes_and_each_gets_its_own_answer(guard: Guard) -> None:
    """Fifty threads at once; the record has each batch once."""
    found: dict[str, str] = {}

    def ask(n: int) -> None:
        found[f"t{n}"] = guard.ask(batch(f"t{n}", BTC // 100))["batch"]

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {f"t{n}": f"t{n}" for n in range(50)}
    kept = [e for e in guard.record.after() if e.kind == "answer"]
    assert sorted(e.subject for e in kept) == sorted(found)
    assert [e.seq for e in guard.record.after()] == list(range(1, len(kept) + 2))


def test_an_answer_that_cannot_be_kept_was_never_given(
    guard: Guard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk: an error and no answer, no room is taken, and the next one is judged anew."""

    def full(self: WatchLog, notes: object) -> int:
        raise StoreError("disk full")

    with monkeypatch.context() as broken:
        broken.setattr(WatchLog, "append", full)
        with pytest.raises(StoreError):
            guard.ask(batch("b1", BTC))
        assert not guard.recording()
    deadline = time.monotonic() + 5
    while guard._unkept and time.monotonic() < deadline:
        time.sleep(0.01)
    assert (guard.memory.waiting["BTC"], guard.memory.open["BTC"]) == (0, {})
    assert guard.ask(batch("b1", BTC))["answer"] == "allow"
    assert (guard.recording(), guard.memory.waiting["BTC"]) == (True, BTC)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["ask", "book", "drop", "read", "start"]),
        st.integers(1, 9),
        st.integers(0, 9),
    ),
    max_size=25,
)


@settings(max_examples=25, deadline=None)
@given(STEPS)
def test_nobody_is_ever_given_what_is_not_held(steps: list[tuple[str, int, int]]) -> None:
    """Whatever is asked, booked, dropped, read late or started again: owed never exceeds held."""
    clock, held = Clock(), 20
    wide = {"batch_refuse_share": "1", "batch_hold_share": "1", "batch_hold_times": "99"}
    wide |= {"account_hold_times": "99", "second_person_above": "1"}
    rules = read_policy(RAW | {"asset": [RAW["asset"][0] | wide]})
    with TemporaryDirectory() as folder:
        place = f"{folder}/guard.db"
        guard, booked, open_, number = Guard(place, rules, clock), 0, dict[str, int](), 0
        for n, (act, units, pick) in enumerate(steps):
            clock.now += timedelta(seconds=1)
            chosen = sorted(open_)[pick % len(open_)] if open_ else ""
            if act == "ask" and guard.ask(batch(f"b{n}", units))["answer"] == "allow":
                open_[f"b{n}"] = units
            elif act == "book" and chosen:
                booked += open_.pop(chosen)
                guard.booked(chosen)
            elif act == "drop" and chosen:
                del open_[chosen]
                guard.dropped(chosen)
            elif act == "read":
                number += 1
                guard.take(
                    [total("ledger", booked, number, clock), total("wallet", held, number, clock)]
                )
            elif act == "start":
                guard.close()
                guard = Guard(place, rules, clock)
            assert booked + sum(open_.values()) <= held
        guard.close()
