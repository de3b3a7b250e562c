"""Paying people through a store: planning, holds, three signatures, sending once, returns."""

from __future__ import annotations

import re
import resource
import shutil
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from sonae.actions.pay.account import lift_cooled
from sonae.actions.pay.hold import cancel, lift
from sonae.actions.pay.programme import (
    PlanDiffers,
    Row,
    make_file,
    open_programme,
    plan,
    plan_again,
    withdraw_file,
)
from sonae.actions.pay.release import NotAsked, record, release, resume
from sonae.actions.pay.returns import settle, take_returns
from sonae.actions.pay.sign import approval_body, approve_file
from sonae.claims.payment import PaymentError
from sonae.claims.rail import Answer, RailSilence, Receipt, Return
from sonae.core.chain import sign
from sonae.fund.control import STATED
from sonae.fund.entry import Petition, order
from sonae.rulebook.calendars import CALENDARS
from sonae.store.database import StoreError
from sonae.store.payments import Payments
from sonae.store.payout_check import payment_faults
from tests.claims.bank import Bank, BankRail
from tests.claims.desk import DAY, PROGRAMME, Desk, latest, people_rows, states
from tests.claims.paper import Paper, receipt
from tests.fork import FORK
from tests.fund.proxy import Proxy
from tests.fund.servers import database, server
from tests.fund.signed import Signers, opened

NO_WAIT = timedelta(0)
BANK = CALENDARS["jp.bank"]


@pytest.fixture(params=["sqlite", "postgresql"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Desk:
    place = str(tmp_path / "fund.db") if request.param == "sqlite" else database()
    return Desk(tmp_path, place)


@pytest.fixture
def store(desk: Desk) -> Iterator[Payments]:
    with Payments(desk.place) as found:
        yield found
        assert payment_faults(found) == []
        for programme in {p.programme for p in found.everything()[1]}:
            found.counters(programme)


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Bank]:
    made = Bank(tmp_path)
    yield made
    made.close()


def signed(desk: Desk, store: Payments, rail: Any, count: int = 5, limit: int = 500) -> Any:
    desk.plan(store, people_rows(count))
    return desk.sign(store, desk.file(store, rail, limit))


# -- planning --------------------------------------------------------------------------------------


def test_the_same_plan_again_changes_nothing(desk: Desk, store: Payments) -> None:
    assert desk.plan(store, people_rows(50)) == (50, 0)
    before = store.payments(PROGRAMME)
    assert desk.plan(store, people_rows(50)) == (0, 50)
    assert desk.plan(store, people_rows(60)) == (10, 50)
    assert [p for p in store.payments(PROGRAMME) if p in before] == before
    assert open_programme(store, PROGRAMME, now=desk.now).id == PROGRAMME


def test_a_plan_that_differs_is_refused_with_every_difference(desk: Desk, store: Payments) -> None:
    rows = people_rows(5)
    desk.plan(store, rows)
    wrong = [
        rows[0],
        rows[1]._replace(amount=1),
        rows[2]._replace(account="acc-other"),
        *[Row("new", "JPY", 1, 7, "acc-new")] * 2,
    ]
    with pytest.raises(PlanDiffers) as refused:
        desk.plan(store, wrong)
    assert refused.value.differences == (
        "p000001 JPY tranche 1: 1001 planned, 1 given",
        "p000002 JPY tranche 1: another account, no change is recorded (pay account change)",
        "new JPY tranche 1: given twice",
    )
    assert len(store.payments(PROGRAMME)) == 5


@pytest.mark.parametrize(
    "bad", [{"amount": 0}, {"amount": -1}, {"amount": 10**38}, {"amount": True}, {"tranche": -1},
            {"person": ""}, {"account": " "}, {"person": "x" * 65}, {"account": "a\0b"}],
    ids=str,
)  # fmt: skip
def test_a_row_without_meaning_is_refused_and_nothing_is_planned(
    desk: Desk, store: Payments, bad: dict[str, Any]
) -> None:
    row = Row("p1", "JPY", 1, 5, "acc1")
    with pytest.raises(PaymentError):
        desk.plan(store, [row, row._replace(tranche=2)._replace(**bad)])
    assert store.payments(PROGRAMME) == []


def test_amounts_of_any_size_come_back_to_the_unit(desk: Desk, store: Payments) -> None:
    amounts = (1, 2**63 + 5, 10**37 + 3)
    desk.plan(store, [Row(f"p{a}", "WEI", 1, a, "acc") for a in amounts])
    assert sorted(p.amount for p in store.payments(PROGRAMME)) == sorted(amounts)
    assert store.counters(PROGRAMME)["WEI"].entitled.units == sum(amounts)


# -- three people ----------------------------------------------------------------------------------


def test_three_different_people_sign_in_their_roles(desk: Desk, store: Payments) -> None:
    rail, (aoi, chi, ben) = Paper(), desk.keys
    desk.plan(store, people_rows(5))
    file = desk.file(store, rail)
    for key, role, why in (
        (chi, None, "chi is no preparer"),
        (aoi, "approver", "not the next"),
        (aoi, None, ""),
        (aoi, "approver", "signed .* already"),
        (ben, None, ""),  # ben may check as well as release, and not both of one file
        (ben, "releaser", "another person"),
    ):
        if not why:
            approve_file(store, file.name, key, role, now=desk.now)
            assert approve_file(store, file.name, key, store.approvals(file.name)[-1].role)
            continue
        with pytest.raises(PaymentError, match=why):
            approve_file(store, file.name, key, role, now=desk.now)
    with pytest.raises(PaymentError, match="not signed by releaser"):
        desk.send(store, file, rail)
    assert rail.sent == []


def test_one_who_is_no_person_of_the_fund_signs_nothing(desk: Desk, store: Payments) -> None:
    desk.plan(store, people_rows(2))
    file = desk.file(store, Paper())
    with pytest.raises(PaymentError, match="no person of the fund"):
        approve_file(store, file.name, Signers().keys["aoi"], now=desk.now)


@pytest.mark.parametrize("right_body", [True, False], ids=["no signature", "another file"])
def test_a_signature_over_other_bytes_releases_nothing(
    desk: Desk, store: Payments, right_body: bool
) -> None:
    """Whoever writes an approval into the store past the program has no key to sign it with."""
    rail = Paper()
    desk.plan(store, people_rows(3))
    file = desk.file(store, rail)
    aoi, chi, _ = desk.keys
    approve_file(store, file.name, aoi, now=desk.now)
    approve_file(store, file.name, chi, now=desk.now)
    there = store.approvals(file.name)[1]
    ben = desk.people.keys["ben"].public.hex()
    right = approval_body(file, "releaser", "ben", ben, there.at).decode()
    signature = there.signature if right_body else None
    other = approval_body(file._replace(total=1), "releaser", "ben", ben, there.at)
    signature = signature or sign(desk.people.keys["ben"], other).signature.hex()
    with store.transaction(desk.now(), "mallory"):
        body = right if right_body else other.decode()
        store.add_approval(file.name, "releaser", "ben", body, signature)
    with pytest.raises(PaymentError, match="not this file"):
        desk.send(store, file, rail)
    assert rail.sent == []


def test_one_who_left_the_fund_since_releases_nothing(desk: Desk, store: Payments) -> None:
    """An amended constitution without chi, who had checked the file."""
    rail, people = Paper(), desk.people
    file = signed(desk, store, rail)
    raw = people.constitution()
    raw["person"][2]["roles"] = ["auditor"]
    with opened(desk.place) as ledger:
        amended = ledger.append(people.propose(ledger.seen, "constitution", raw))
        digest = ledger.view.proposal(amended.seq).digest  # type: ignore[union-attr]
        ledger.append(people.approve(ledger.seen, amended.seq, digest))
        assert ledger.view.tally(amended.seq).ended == "approved"
    with pytest.raises(PaymentError, match=r"chi .* no longer"):
        desk.send(store, file, rail)
    assert rail.sent == []


def test_after_a_petition_the_firm_pays_nothing(desk: Desk, store: Payments) -> None:
    rail, people = Paper(), desk.people
    file = signed(desk, store, rail)
    with opened(desk.place) as ledger:
        content = {k: "1" for k in STATED[Petition]}
        body = order(people.author("aoi", ledger.seen), "petition", content)
        assert ledger.append(sign(people.keys["aoi"], body)).outcome.code == "recorded"
    with pytest.raises(PaymentError, match="petition"):
        desk.send(store, file, rail)
    assert rail.sent == []


def test_a_file_that_a_checker_does_not_want_is_withdrawn(desk: Desk, store: Payments) -> None:
    rail = Paper()
    file = signed(desk, store, rail)
    withdraw_file(store, file.name, now=desk.now)
    with pytest.raises(PaymentError, match="withdrawn"):
        desk.send(store, file, rail)
    again = desk.file(store, rail)
    assert (again.name, again.items) == (f"{PROGRAMME}-000002", 5)
    assert states(store) == {"filed": 5}


# -- the edge cases by name ------------------------------------------------------------------------


def test_e81_a_timeout_is_asked_about_and_never_sent_again(desk: Desk, store: Payments) -> None:
    """Payment service times out, operator re-sends: one payment."""
    rail = Paper(failing=TimeoutError("no answer"))
    file = signed(desk, store, rail)
    assert desk.send(store, file, rail).state == "unknown"
    assert states(store) == {"unknown": 5}
    for _ in range(3):
        with pytest.raises(PaymentError, match="sent once"):
            desk.send(store, file, rail)
        assert resume(store, rail, now=desk.now).open == [file.name]
    with pytest.raises(PaymentError, match="money is back"):
        plan_again(store, list(refs(store)), now=desk.now)
    rail.answer = Answer("accepted", receipt(store.file(file.name).content))
    assert resume(store, rail, now=desk.now).accepted == [file.name]
    assert resume(store, rail, now=desk.now).accepted == []
    assert rail.sent == [file.name]
    assert states(store) == {"accepted": 5}


def refs(store: Payments) -> list[str]:
    return [p.reference for p in latest(store).values()]


def test_e81_what_is_absent_for_good_is_planned_anew_under_another_reference(
    desk: Desk, store: Payments
) -> None:
    rail = Paper(failing=RailSilence("hung up"))
    desk.send(store, file := signed(desk, store, rail), rail)
    first = refs(store)
    rail.answer = Answer("absent")
    assert resume(store, rail, now=desk.now).absent == [file.name]
    fresh = plan_again(store, first, now=desk.now)
    assert not set(fresh) & set(first)
    with pytest.raises(PaymentError, match="later attempt"):
        plan_again(store, first[:1], now=desk.now)
    with pytest.raises(PaymentError, match="stop and find out"):
        record(store, file.name, Answer("accepted", receipt(store.file(file.name).content)))
    rail.failing = None
    desk.pay(store, rail)
    assert states(store) == {"accepted": 5}
    assert store.counters(PROGRAMME)["JPY"].entitled.people == 5


def test_e81_a_file_just_released_is_left_to_whoever_is_sending_it(
    desk: Desk, store: Payments
) -> None:
    class Dying(Paper):
        def send(self, name: str, content: bytes) -> Receipt:
            raise KeyboardInterrupt

    rail = Dying()
    file = signed(desk, store, rail)
    with pytest.raises(KeyboardInterrupt):
        desk.send(store, file, rail)
    assert states(store) == {"released": 5}
    assert resume(store, rail, now=desk.now).open == []
    desk.now.on(minutes=16)
    assert resume(store, rail, now=desk.now).open == [file.name]
    assert states(store) == {"unknown": 5}


def test_e85_a_file_edited_between_approval_and_upload_is_refused(
    desk: Desk, store: Payments, bank: Bank
) -> None:
    rail = bank.rail()
    file = signed(desk, store, rail)
    content = store.file(file.name).content
    for at in (0, len(content) // 2, len(content) - 1):
        edited = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
        with pytest.raises(PaymentError, match="not what was approved"):
            release(store, file.name, edited, bank.rail(), now=desk.now)
    assert bank.books.rows("select * from received") == []
    assert states(store) == {"filed": 5}
    desk.send(store, file, rail)
    assert len(bank.books.rows("select * from booked")) == 5


def test_e85_a_receipt_for_other_bytes_stays_unknown_and_is_said(
    desk: Desk, store: Payments
) -> None:
    rail = Paper()
    file = signed(desk, store, rail)
    real = rail.send
    rail.send = lambda name, _: real(name, b"other")  # type: ignore[method-assign]
    with pytest.raises(PaymentError, match="other bytes"):
        desk.send(store, file, rail)
    rail.answer = Answer("accepted", receipt(b"other"))
    assert len(resume(store, rail, now=desk.now).differs) == 1
    assert states(store) == {"unknown": 5}
    desk.plan(store, people_rows(6))
    more = desk.sign(store, desk.file(store, rail))
    with pytest.raises(PaymentError, match="find out before paying more"):
        desk.send(store, more, rail)
    rail.answer = Answer("accepted", receipt(store.file(file.name).content))
    assert resume(store, rail, now=desk.now).accepted == [file.name]


@pytest.mark.parametrize("silence", [RailSilence("busy"), ConnectionError("down")], ids=str)
def test_e81_a_rail_that_cannot_be_asked_leaves_it_unknown(
    desk: Desk, store: Payments, silence: Exception
) -> None:
    """Neither does silence mean absent, nor an acceptance without a receipt."""
    rail = Paper(failing=TimeoutError())
    file = signed(desk, store, rail)
    desk.send(store, file, rail)

    def ask(name: str) -> Answer:
        raise silence

    mute = Paper()
    mute.ask = ask  # type: ignore[method-assign]
    assert resume(store, mute, now=desk.now).open == [file.name]
    rail.answer = Answer("accepted")
    assert resume(store, rail, now=desk.now).open == [file.name]
    assert states(store) == {"unknown": 5}
    other = desk.sign(store, desk.file(store, mute)) if desk.plan(store, people_rows(6)) else file
    with pytest.raises(NotAsked, match="cannot be asked"):
        desk.send(store, other, mute)
    assert mute.sent == []


def test_a_store_restored_from_before_a_release_pays_nothing_twice(
    tmp_path: Path, bank: Bank
) -> None:
    """The bank knows the files by name and bytes; what it has is recorded and not sent."""
    place, older = str(tmp_path / "fund.db"), str(tmp_path / "older.db")
    desk, rows = Desk(tmp_path, place), people_rows(40)
    with Payments(place) as store:
        desk.plan(store, rows)
        desk.send(store, desk.sign(store, desk.file(store, bank.rail(), 10)), bank.rail())
        store.connection.execute("pragma wal_checkpoint(truncate)")
        shutil.copy(place, older)
        desk.pay(store, bank.rail(), 10)
    desk.place = older
    with Payments(older) as store:
        assert states(store) == {"accepted": 10, "planned": 30}
        rail = bank.rail()
        desk.pay(store, rail, 10)
        assert rail.sent == []
        assert states(store) == {"accepted": 40}
    assert bank.books.paid() == {r.account: r.amount for r in rows}


def test_a_restored_store_that_makes_other_files_is_stopped(tmp_path: Path, bank: Bank) -> None:
    place, older = str(tmp_path / "fund.db"), str(tmp_path / "older.db")
    desk, rows = Desk(tmp_path, place), people_rows(40)
    with Payments(place) as store:
        desk.plan(store, rows)
        store.connection.execute("pragma wal_checkpoint(truncate)")
        shutil.copy(place, older)
        desk.pay(store, bank.rail(), 20)
    with Payments(older) as store:
        files = [desk.sign(store, desk.file(store, bank.rail(), 8)) for _ in range(5)]
        with pytest.raises(PaymentError, match="other bytes"):
            desk.send(store, files[0], bank.rail())
        for file in files[2:]:
            with pytest.raises(PaymentError, match="the rail had 8 of its payments"):
                desk.send(store, file, bank.rail())
    assert bank.books.paid() == {r.account: r.amount for r in rows}


def test_a_restored_store_whose_first_file_name_was_withdrawn_pays_nobody_twice(
    tmp_path: Path, bank: Bank
) -> None:
    """The bank never had a file of that name, and it had every payment in it, in another file."""
    place, older = str(tmp_path / "fund.db"), str(tmp_path / "older.db")
    desk, rows = Desk(tmp_path, place), people_rows(10)
    with Payments(place) as store:
        desk.plan(store, rows)
        store.connection.execute("pragma wal_checkpoint(truncate)")
        shutil.copy(place, older)
        withdrawn = desk.file(store, bank.rail())
        withdraw_file(store, withdrawn.name, now=desk.now)
        desk.pay(store, bank.rail())
    with Payments(older) as store:
        rail, first = bank.rail(), desk.sign(store, desk.file(store, bank.rail()))
        assert first.name == withdrawn.name
        assert rail.ask(first.name).status == "open"
        with pytest.raises(PaymentError, match=r"the rail had 10 of its payments .*000002"):
            desk.send(store, first, rail)
        assert rail.sent == []
        assert states(store) == {"filed": 10}
    assert bank.books.paid() == {r.account: r.amount for r in rows}


def test_e93_a_changed_account_cools_off_for_72_hours(desk: Desk, store: Payments) -> None:
    """Changed after the file was signed: it is withdrawn, the others are paid, this one waits."""
    rail = Paper()
    file = signed(desk, store, rail)
    assert desk.change(store, "p000003", "new-account") == date(2026, 11, 28)
    with pytest.raises(PaymentError, match="withdrawn"):
        desk.send(store, file, rail)
    desk.pay(store, rail)
    assert states(store) == {"accepted": 4, "held": 1}
    held = store.held("account_changed")[0]
    assert (held.person, held.account, held.review) == ("p000003", "acc3", "2026-11-28")
    assert desk.plan(store, people_rows(5)) == (0, 5)
    assert desk.check(store, "p000003") == "confirmed"
    assert store.held("account_changed")[0].account == "new-account"
    desk.now.on(hours=71, minutes=59)
    with pytest.raises(PaymentError, match="72 hours"):
        lift(store, [held.reference], "asked", desk.key("aoi"), now=desk.now)
    assert lift_cooled(store, now=desk.now) == 0
    assert states(store)["held"] == 1
    desk.now.on(minutes=1)
    assert lift_cooled(store, now=desk.now) == 1
    desk.pay(store, rail)
    assert states(store) == {"accepted": 5}
    assert b"new-account" in store.file(rail.sent[-1]).content


def test_e93_a_payment_planned_after_the_change_waits_and_goes_to_the_new_account(
    desk: Desk, store: Payments
) -> None:
    rail = Paper()
    desk.change(store, "p000003", "new-account")
    desk.plan(store, people_rows(5))
    desk.pay(store, rail)
    assert states(store) == {"accepted": 4, "held": 1}
    assert desk.check(store, "p000003") == "confirmed"
    desk.now.on(hours=72)
    assert lift_cooled(store, now=desk.now) == 1
    desk.pay(store, rail)
    assert b"new-account" in store.file(rail.sent[-1]).content


def test_e98_a_hold_has_owner_and_day_of_review_and_the_claim_stays(
    desk: Desk, store: Payments
) -> None:
    desk.plan(store, people_rows(6))
    owed = store.counters(PROGRAMME)["JPY"].entitled
    names = sorted(refs(store))
    codes = ("estate", "minor", "guardianship", "police", "sanction")
    for name, code in zip(names, codes, strict=False):
        desk.hold(store, [name], code, "legal", date(2027, 1, 29))
    desk.pay(store, Paper())
    assert states(store) == {"held": 5, "accepted": 1}
    for name, code in zip(names, codes, strict=False):
        held = store.payment(name)
        assert (held.code, held.owner, held.review) == (code, "legal", "2027-01-29")
    found = store.counters(PROGRAMME)["JPY"]
    assert found.entitled == owed
    assert found.buckets["held"].people == 5
    desk.lift(store, names[:5], "documents came")
    desk.pay(store, Paper())
    assert states(store) == {"accepted": 6}


def test_e97_one_who_cannot_be_found_is_held_and_what_is_disputed_is_counted_so(
    desk: Desk, store: Payments
) -> None:
    desk.plan(store, people_rows(3))
    name, other = refs(store)[:2]
    desk.hold(store, [name], "not_found", "contact desk", date(2027, 5, 31))
    desk.hold(store, [other], "dispute", "review desk", date(2026, 12, 18))
    found = store.counters(PROGRAMME)["JPY"]
    assert found.buckets["held"].units == store.payment(name).amount
    assert found.buckets["unclaimed"].units == 0  # nothing is, without a legal basis
    assert found.buckets["disputed"].units == store.payment(other).amount
    assert found.entitled.units == sum(r.amount for r in people_rows(3))


def test_a_hold_on_what_is_sent_comes_too_late_and_says_so(desk: Desk, store: Payments) -> None:
    rail = Paper()
    desk.send(store, signed(desk, store, rail), rail)
    with pytest.raises(PaymentError, match="before release"):
        desk.hold(store, refs(store)[:1], "estate", "legal", date(2027, 1, 29))
    with pytest.raises(PaymentError, match="before release"):
        cancel(store, refs(store)[:1], "no reason", now=desk.now)


# -- money -----------------------------------------------------------------------------------------


def test_nothing_is_released_before_all_of_it_is_funded(desk: Desk, store: Payments) -> None:
    rail = Paper()
    open_programme(store, "second", now=desk.now)
    plan(store, "second", [Row(f"p{n}", "JPY", 1, 100, "a") for n in range(4)], now=desk.now)
    files = [make_file(store, "second", "JPY", rail, DAY, limit=2, now=desk.now) for _ in "ab"]
    for file in files:
        desk.sign(store, file)
    desk.fund(store, "second", 199, "bank letter")
    with pytest.raises(PaymentError, match="only 199 confirmed"):
        desk.send(store, files[0], rail)
    desk.fund(store, "second", 1, "bank letter")
    desk.send(store, files[0], rail)
    with pytest.raises(PaymentError, match="200 under way"):
        desk.send(store, files[1], rail)
    name = store.of_file(files[0].name)[0].reference
    rail.back = [Return(1, name, "closed", 100, True)]
    take_returns(store, rail, now=desk.now)
    with pytest.raises(PaymentError, match="100 under way"):
        desk.send(store, files[1], rail)
    desk.fund(store, "second", 100, "bank letter")
    desk.send(store, files[1], rail)
    assert rail.sent == [f.name for f in files]


def test_returns_are_taken_once_and_what_fits_nothing_is_listed(
    desk: Desk, store: Payments
) -> None:
    rail = Paper()
    desk.send(store, signed(desk, store, rail), rail)
    a, b, c = sorted(latest(store).values(), key=lambda p: p.person)[:3]
    rail.back = [
        Return(1, a.reference, "closed", a.amount, False),
        Return(2, "0" * 20, "closed", 5, True),
        Return(3, b.reference, "closed", b.amount - 1, True),
        Return(4, c.reference, "name", c.amount, True),
        Return(4, c.reference, "name", c.amount, True),
    ]
    taken = take_returns(store, rail, now=desk.now)
    assert (taken.last, taken.returned, taken.back) == (
        4, [a.reference, c.reference], [c.reference],
    )  # fmt: skip
    assert [s.en[:20] for s in taken.strange] == ["0" * 20, b.reference]
    with pytest.raises(PaymentError, match="money is back"):
        plan_again(store, [a.reference], now=desk.now)
    rail.back.append(Return(5, a.reference, "closed", a.amount, True))
    assert take_returns(store, rail, 4, now=desk.now).back == [a.reference]
    assert len(take_returns(store, rail, 0, now=desk.now).strange) == 2
    assert len(plan_again(store, [a.reference, c.reference], now=desk.now)) == 2
    rail.back = [Return(6, a.reference, "closed", a.amount, True)]
    assert take_returns(store, rail, 5, now=desk.now).strange == []
    assert states(store) == {"planned": 2, "accepted": 3}


def test_payments_settle_after_three_bank_days_without_a_return(
    desk: Desk, store: Payments
) -> None:
    """Designated on Friday 27 November: money may come back until Wednesday 2 December."""
    rail = Paper()
    desk.send(store, signed(desk, store, rail), rail)
    late = latest(store)[min(latest(store))]
    assert settle(store, date(2026, 12, 2), BANK, now=desk.now) == 0
    assert settle(store, date(2026, 12, 3), BANK, now=desk.now) == 5
    assert settle(store, date(2026, 12, 3), BANK, now=desk.now) == 0
    assert states(store) == {"settled": 5}
    rail.back = [Return(1, late.reference, "closed", late.amount, True)]
    assert take_returns(store, rail, now=desk.now).back == [late.reference]
    assert store.counters(PROGRAMME)["JPY"].buckets["payable"].units == late.amount


@pytest.mark.parametrize("wait", ["answered", "settled"])
def test_a_pilot_comes_first_and_is_known_before_anything_larger(
    desk: Desk, store: Payments, wait: str
) -> None:
    rail = Paper()
    open_programme(store, "piloted", pilot=3, pilot_wait=wait, now=desk.now)
    desk.fund(store, "piloted", 10_000, "bank letter")
    plan(store, "piloted", [Row(f"p{n}", "JPY", 1, 10, "a") for n in range(20)], now=desk.now)
    small, large = (
        desk.sign(store, make_file(store, "piloted", "JPY", rail, DAY, limit=n, now=desk.now))
        for n in (3, 17)
    )
    with pytest.raises(PaymentError, match="at most 3"):
        desk.send(store, large, rail)
    rail.failing = TimeoutError()
    desk.send(store, small, rail)
    rail.failing = None
    with pytest.raises(PaymentError, match=f"3 payments that are not {wait}"):
        desk.send(store, large, rail)
    rail.answer = Answer("accepted", receipt(store.file(small.name).content))
    resume(store, rail, now=desk.now)
    if wait == "settled":
        with pytest.raises(PaymentError, match="not settled"):
            desk.send(store, large, rail)
        settle(store, date(2026, 12, 3), BANK, now=desk.now)
    desk.send(store, large, rail)
    assert rail.sent == [small.name, large.name]


# -- races and disks -------------------------------------------------------------------------------


def race(desk: Desk, name: str, port: int, start: Any, ends: Any) -> None:
    with Payments(desk.place) as store:
        content = store.file(name).content
        start.wait()
        try:
            ends.put(release(store, name, content, BankRail(port, 20), now=desk.now).state)
        except PaymentError as error:
            ends.put(str(error))


def test_two_processes_release_the_same_file_and_it_is_sent_once(desk: Desk, bank: Bank) -> None:
    with Payments(desk.place) as store:
        desk.plan(store, people_rows(40))
        names = [desk.sign(store, desk.file(store, bank.rail(), 10)).name for _ in range(4)]
    for name in names:
        start, ends = FORK.Barrier(2), FORK.Queue()
        both = [
            FORK.Process(target=race, args=(desk, name, bank.port, start, ends)) for _ in range(2)
        ]
        for child in both:
            child.start()
        said = sorted(ends.get(timeout=30) for _ in both)
        for child in both:
            child.join()
        assert said[0] == "accepted"
        assert "sent once" in said[1]
    assert [n for _, n, _ in bank.books.rows("select * from received")] == names
    assert len(bank.books.rows("select reference from booked")) == 40


@contextmanager
def full_disk(most: int) -> Iterator[None]:
    """No file of this process may grow beyond so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    former = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, former)


def test_a_full_disk_while_the_intent_is_written_leaves_nothing_sent(
    tmp_path: Path, bank: Bank
) -> None:
    desk, rail = Desk(tmp_path, str(tmp_path / "fund.db")), bank.rail()
    with Payments(desk.place) as store:
        file = signed(desk, store, rail, 200)
        with full_disk(4096), pytest.raises(StoreError, match=re.compile("disk|full|I/O")):
            desk.send(store, file, rail)
        assert rail.sent == []
        assert bank.books.rows("select * from booked") == []
        assert states(store) == {"filed": 200}
        desk.send(store, file, rail)
        assert states(store) == {"accepted": 200}
        assert payment_faults(store) == []


def test_a_full_disk_while_the_answer_is_written_is_asked_about(tmp_path: Path, bank: Bank) -> None:
    desk, rail = Desk(tmp_path, str(tmp_path / "fund.db")), bank.rail()
    with Payments(desk.place) as store:
        file, limits = signed(desk, store, rail, 200), full_disk(4096)
        real = rail.send

        def send(name: str, content: bytes) -> Receipt:
            said = real(name, content)
            limits.__enter__()
            return said

        rail.send = send  # type: ignore[method-assign]
        with pytest.raises(StoreError):
            desk.send(store, file, rail)
        limits.__exit__(None, None, None)
        assert states(store) == {"released": 200}
        assert resume(store, rail, now=desk.now, still_sending=NO_WAIT).accepted == [file.name]
        assert rail.sent == [file.name]
    assert len(bank.books.rows("select * from booked")) == 200


# -- the database itself ---------------------------------------------------------------------------

WAYS = (
    "update payment set amount = amount",
    "update payment set person = 'mallory'",
    "delete from payment",
    "update payment_event set state = 'planned'",
    "delete from payment_event",
    "insert into payment_event select seq + 5, at, reference, event, code, state, by_id, detail "
    "from payment_event where seq = 1",
    "update payout_file set content = content",
    "update payout_file set sha256 = '0'",
    "delete from payout_file",
    "update approval set person = 'mallory'",
    "delete from approval",
    "update payout_act set body = body",
    "delete from payout_act",
    "delete from account_change",
    "update programme set pilot = 0",
    "delete from programme",
)
SQLITE = (
    "insert or replace into payment select * from payment",
    "insert or replace into approval select seq + 3, file, role, person, at, body, signature "
    "from approval",
    "insert or replace into payout_act select seq + (select max(seq) from payout_act), at, by_id, "
    "kind, subject, about, body, signature from payout_act where about > 0",
    "insert or replace into payout_file select * from payout_file",
    "insert or replace into programme select * from programme",
)
SERVER = ("truncate payment", "truncate payment_event", "truncate funding", "truncate payout_act")


def test_a_way_around_the_program_is_refused_by_the_database(desk: Desk) -> None:
    with Payments(desk.place) as store:
        signed(desk, store, Paper())
        desk.change(store, "someone", "else")
    sqlite = "://" not in desk.place
    for way in (*WAYS, *(SQLITE if sqlite else SERVER)):
        error: type[Exception] = sqlite3.Error if sqlite else psycopg.Error
        connection: Any = sqlite3.connect(desk.place) if sqlite else psycopg.connect(desk.place)
        with connection, pytest.raises(error, match="only added to"):
            connection.execute(way)
        connection.close()


def test_a_reference_an_attempt_and_an_open_claim_are_unique_in_the_database(
    desk: Desk, store: Payments
) -> None:
    desk.plan(store, people_rows(1))
    there = store.payments(PROGRAMME)[0]
    for other in (
        there._replace(key="0" * 64, person="q"),
        there._replace(reference="1" * 20, key="0" * 64),
        there._replace(reference="1" * 20, attempt=2),
    ):
        with pytest.raises(StoreError), store.transaction(desk.now(), "mallory"):
            store.add_payments([other])
    assert store.payments(PROGRAMME) == [there]


def test_a_second_open_attempt_is_refused_however_it_comes_about(
    desk: Desk, store: Payments
) -> None:
    """Reviving the first attempt while a second is planned, by replacement on SQLite too."""
    rail = Paper(failing=TimeoutError(), answer=Answer("absent"))
    desk.send(store, signed(desk, store, rail), rail)
    resume(store, rail, now=desk.now)
    plan_again(store, refs(store), now=desk.now)
    before = store.payments(PROGRAMME)
    if "://" in desk.place:
        with psycopg.connect(desk.place) as direct, pytest.raises(psycopg.Error):
            direct.execute("update payment set state = 'planned' where attempt = 1")
    else:
        for word in ("", "or replace", "or ignore"):
            with sqlite3.connect(desk.place) as file, pytest.raises(sqlite3.Error):
                file.execute(f"update {word} payment set state = 'planned' where attempt = 1")
    assert store.payments(PROGRAMME) == before


@pytest.mark.parametrize("after", [False, True], ids=["not delivered", "answer lost"])
def test_a_connection_to_the_store_cut_at_any_packet_of_a_release(
    tmp_path: Path, bank: Bank, after: bool
) -> None:
    """Whatever was under way, the file is sent once at most, and in the end everyone is paid."""
    desk = Desk(tmp_path, database())
    proxy = Proxy(f"{server().get_uri().partition('host=')[2]}/.s.PGSQL.5432")
    name = desk.place.partition("?")[0].rpartition("/")[2]
    through = f"postgresql://postgres@127.0.0.1:{proxy.port}/{name}?sslmode=disable"
    rows, lost = [], 0
    with Payments(desk.place) as store, Payments(through) as cut:
        for packet in range(1, 60):
            rows += [r._replace(tranche=packet) for r in people_rows(3)]
            desk.plan(store, rows)
            rail, cuts = bank.rail(), proxy.cuts
            file = desk.sign(store, desk.file(store, rail))
            content = store.file(file.name).content
            proxy.arm(packet, after=after)
            try:
                release(cut, file.name, content, rail, now=desk.now)
            except StoreError:
                lost += 1
            except NotAsked:
                pass
            proxy.arm(None)
            assert len(rail.sent) <= 1
            try:
                desk.pay(store, bank.rail())
            except PaymentError:  # what was committed without an answer only now became visible
                desk.pay(store, bank.rail())
            if proxy.cuts == cuts:
                break
        assert lost >= 3
        assert states(store) == {"accepted": len(rows)}
    owed: dict[str, int] = {}
    for row in rows:
        owed[row.account] = owed.get(row.account, 0) + row.amount
    assert bank.books.paid() == owed


def test_a_state_changed_past_the_program_is_found_from_its_events(
    tmp_path: Path,
) -> None:
    desk = Desk(tmp_path, str(tmp_path / "fund.db"))
    with Payments(desk.place) as store:
        desk.plan(store, people_rows(3))
        with sqlite3.connect(desk.place) as connection:
            connection.execute("update payment set state = 'settled' where person = 'p000001'")
        assert len(payment_faults(store)) == 1
