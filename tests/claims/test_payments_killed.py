"""Ten thousand payments by a process that is killed again and again: each person is paid once.

The bank keeps its own books in a process of its own, misbehaves, and pays twice whatever is sent
twice. The paying process is killed with SIGKILL before any statement, before or after a file is
sent, or from outside at any time, and started again with nothing but the store.
"""

from __future__ import annotations

import os
import random
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from sonae.actions.pay.programme import plan
from sonae.actions.pay.returns import settle, take_returns
from sonae.claims.payment import reference
from sonae.claims.rail import Receipt
from sonae.rulebook.calendars import CALENDARS
from sonae.store.payments import Payments
from sonae.store.payout_check import payment_faults
from tests.claims.bank import MANNERS, Bank, BankRail
from tests.claims.desk import PROGRAMME, Desk, latest, people_rows, states
from tests.fork import FORK
from tests.fund.servers import database

KINDS = ("statement", "before sending", "outside", "after sending")


@dataclass
class Death:
    """How the paying process ends: before its n-th statement, at its n-th file, or from outside."""

    kind: str = "none"
    n: int = 0

    def die(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


class DyingRail(BankRail):
    """A rail whose process may end before a file leaves, or once the bank has it."""

    death = Death()

    def send(self, name: str, content: bytes) -> Receipt:
        self._count("before sending")
        try:
            return super().send(name, content)
        finally:
            self._count("after sending")

    def _count(self, kind: str) -> None:
        if self.death.kind == kind:
            self.death.n -= 1
            if self.death.n < 0:
                self.death.die()


def dying(store: Payments, death: Death) -> None:
    """Count the statements of a store, and die before the n-th."""
    driver = store.connection.driver

    class Killing:
        def __getattr__(self, name: str) -> Any:
            return getattr(driver, name)

        @staticmethod
        def execute(*words: Any) -> Any:
            death.n -= 1
            if death.n < 0:
                death.die()
            return driver.execute(*words)

    store.connection.driver = Killing()


def work(desk: Desk, rows: Any, port: int, death: Death) -> None:
    """The paying process: plan, then whatever is left to do."""
    with Payments(desk.place) as store:
        if death.kind == "statement":
            dying(store, death)
        rail = DyingRail(port, 0.3)
        rail.death = death
        plan(store, PROGRAMME, rows, now=desk.now)
        desk.pay(store, rail)


def run(desk: Desk, rows: Any, port: int, death: Death) -> int:
    """Run it until it ends by itself or dies; its exit code."""
    child = FORK.Process(target=work, args=(desk, rows, port, death))
    child.start()
    if death.kind == "outside":
        child.join(death.n / 1000)
        child.kill()
    child.join()
    return int(child.exitcode or 0)


def drawn(random_: random.Random, kind: str) -> Death:
    most = {"statement": 20_000, "outside": 2_500}.get(kind, 3)
    return Death(kind, random_.randrange(most))


def story(desk: Desk, bank: Bank, people: int, kills: int, seed: int) -> Counter[str]:
    """Kill it so many times, each time with something left to pay, then let it end."""
    random_, died = random.Random(seed), Counter[str]()
    deaths: list[Death] = []
    rows = people_rows(people, bounce=97)
    while sum(died[kind] for kind in KINDS) < kills:
        death = drawn(random_, KINDS[len(deaths) % len(KINDS)])
        deaths.append(death)
        code = run(desk, rows, bank.port, death)
        if code == -signal.SIGKILL:
            died[death.kind] += 1
            died["with a file in flight"] += in_flight(desk)
        else:
            assert code == 0, death
            bank.books.night()  # all was paid: what bounces is to be paid again
            with Payments(desk.place) as store:
                back = take_returns(store, bank.rail(20), now=desk.now).back
            if not back:
                rows = rows + [r._replace(tranche=rows[-1].tranche + 1) for r in rows[:people]]
        conserved(desk, rows)
    for _ in range(3):
        assert run(desk, rows, bank.port, Death()) == 0
        bank.books.night()
    assert run(desk, rows, bank.port, Death()) == 0
    paid_once(desk, bank, rows)
    return died


def in_flight(desk: Desk) -> int:
    """Whether it died with the intent to send recorded, and no answer."""
    with Payments(desk.place) as store:
        return int(any(f.state == "released" for f in store.files()))


def conserved(desk: Desk, rows: Any) -> None:
    """After each death: counters add up, and states are what their events make of them."""
    with Payments(desk.place) as store:
        found = store.counters(PROGRAMME)
        if found:
            assert found["JPY"].entitled.people in {len(rows), len(latest(store))}
        assert payment_faults(store) == []


def paid_once(desk: Desk, bank: Bank, rows: Any) -> None:
    owed: Counter[str] = Counter()
    for row in rows:
        owed[row.account] += row.amount
    assert bank.books.paid() == dict(owed)
    booked = bank.books.rows("select reference, amount from booked")
    assert len({r for r, _ in booked}) == len(booked)
    names = [n for (n,) in bank.books.rows("select name from received")]
    assert len(set(names)) == len(names)
    with Payments(desk.place) as store:
        by_reference = {p.reference: p for p in store.payments(PROGRAMME)}
        assert all(by_reference[r].amount == int(a) for r, a in booked)
        assert all(p.reference == reference(p.key, p.attempt) for p in by_reference.values())
        assert states(store) == {"accepted": len(rows)}
        assert settle(store, date(2026, 12, 3), CALENDARS["jp.bank"], now=desk.now) == len(rows)
        found = store.counters(PROGRAMME)["JPY"]
        assert found.entitled == found.buckets["settled"]
        assert found.entitled.units == sum(owed.values())
        assert payment_faults(store) == []


@pytest.fixture
def paying(tmp_path: Path) -> Any:
    banks: list[Bank] = []

    def begin(place: str, seed: int) -> tuple[Desk, Bank]:
        banks.append(Bank(tmp_path, ("good", *MANNERS), seed))
        return Desk(tmp_path, place), banks[-1]

    yield begin
    for bank in banks:
        bank.close()


Begin = Callable[[str, int], tuple[Desk, Bank]]


def test_ten_thousand_are_paid_once_through_five_kills(paying: Begin, tmp_path: Path) -> None:
    desk, bank = paying(str(tmp_path / "fund.db"), 1)
    assert story(desk, bank, 10_000, 5, seed=1)["with a file in flight"] >= 1


def test_two_thousand_are_paid_once_through_three_kills_on_a_server(paying: Begin) -> None:
    desk, bank = paying(database(), 2)
    assert story(desk, bank, 2_000, 3, seed=2)["with a file in flight"] >= 1


@pytest.mark.slow
def test_ten_thousand_are_paid_once_through_fifty_kills(paying: Begin, tmp_path: Path) -> None:
    desk, bank = paying(str(tmp_path / "fund.db"), 3)
    died = story(desk, bank, 10_000, 50, seed=3)
    assert set(died) == {*KINDS, "with a file in flight"}
    assert died["with a file in flight"] >= 10


@pytest.mark.slow
def test_ten_thousand_are_paid_once_through_ten_kills_on_a_server(paying: Begin) -> None:
    desk, bank = paying(database(), 4)
    assert story(desk, bank, 10_000, 10, seed=4)["with a file in flight"] >= 2


def test_killed_before_and_after_each_step_of_one_release(paying: Begin, tmp_path: Path) -> None:
    """Every statement of planning, signing and releasing three payments, one death each."""
    desk, bank = paying(str(tmp_path / "fund.db"), 5)
    rows: list[Any] = []
    finished = 0
    for n in range(0, 400, 3):
        rows += [r._replace(tranche=n) for r in people_rows(3)]
        code = run(desk, rows, bank.port, Death("statement", n))
        finished += code == 0
        if finished > 3:
            break
    assert run(desk, rows, bank.port, Death()) == 0
    paid_once(desk, bank, rows)
