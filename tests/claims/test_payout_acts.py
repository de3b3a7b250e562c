"""What people sign beside files: money that is there, holds, accounts, and who is in power."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sonae.actions.keys import Key
from sonae.actions.pay.account import (
    NOTICE,
    Check,
    account_checked,
    cooling,
    lift_cooled,
)
from sonae.actions.pay.act import act_body, agreed
from sonae.actions.pay.fund import confirm_funding, standing
from sonae.actions.pay.hold import cancel, hold, lift
from sonae.actions.pay.programme import (
    PlanDiffers,
    first_attempt,
    make_file,
    plan_again,
    withdraw_file,
)
from sonae.actions.pay.sign import approve_file
from sonae.actions.pay.verify import faults, waiting
from sonae.claims.dispute import RAISES
from sonae.claims.hold import OWN, Hold
from sonae.claims.payment import Event, PaymentError
from sonae.core.chain import sign
from sonae.fund.control import STATED
from sonae.fund.entry import Appoint, Petition, order
from sonae.report.notice import url_like
from sonae.store.payments import Payments
from tests.claims.desk import DAY, ENOUGH, PROGRAMME, Desk, latest, people_rows, states
from tests.claims.paper import Paper
from tests.fund.servers import database
from tests.fund.signed import Signers, opened

REVIEW = date(2027, 1, 29)
LATER = Hold("unclaimed", "contact desk", REVIEW)


@pytest.fixture(params=["sqlite", "postgresql"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Desk:
    place = str(tmp_path / "fund.db") if request.param == "sqlite" else database()
    return Desk(tmp_path, place)


@pytest.fixture
def store(desk: Desk) -> Iterator[Payments]:
    with Payments(desk.place) as found:
        yield found
        assert faults(found) == []
        found.counters(PROGRAMME)


def refs(store: Payments) -> list[str]:
    return [p.reference for p in latest(store).values()]


# -- money -----------------------------------------------------------------------------------------


def test_money_counts_once_a_second_person_signed_the_same_words(
    desk: Desk, store: Payments
) -> None:
    def said(name: str, amount: int = 5, source: str = "letter 2") -> Any:
        return confirm_funding(store, PROGRAMME, "JPY", amount, source, desk.key(name), desk.now)

    for _ in range(2):
        assert (said("aoi").funded, said("aoi").signed.done) == (ENOUGH, False)
    assert said("chi", amount=6).funded == ENOUGH  # other words are another act
    assert [(w.by, w.content["amount"]) for w in waiting(store)] == [("aoi", "5"), ("chi", "6")]
    with pytest.raises(PaymentError, match="no approver"):
        said("aoi", amount=6)
    done = said("chi")
    assert done.funded == ENOUGH + 5
    assert done.signed[1:] == ("aoi", "chi")
    with pytest.raises(PaymentError, match="is confirmed"):
        said("ben")
    assert standing(store, PROGRAMME, "JPY").funded == ENOUGH + 5
    with pytest.raises(PaymentError, match="no person of the fund"):
        confirm_funding(store, PROGRAMME, "JPY", 1, "x", Signers().keys["aoi"], desk.now)


@pytest.mark.parametrize("how", ["her own key", "no signature", "alone"])
def test_a_second_signature_written_past_the_program_counts_for_nothing(
    desk: Desk, how: str
) -> None:
    with Payments(desk.place) as store:
        forged(desk, store, how)
        assert [a.content["amount"] for a, _ in agreed(store, "funding")] == [str(ENOUGH)]
        assert standing(store, PROGRAMME, "JPY").funded == ENOUGH
        assert len(faults(store)) == (0 if how == "alone" else 1)


def forged(desk: Desk, store: Payments, how: str) -> None:
    content = {"asset": "JPY", "amount": "7", "source": "letter"}
    first = confirm_funding(store, PROGRAMME, "JPY", 7, "letter", desk.key("aoi"), desk.now)
    there = store.acts("funding", PROGRAMME)[-1]
    about = {"seq": there.seq, "digest": there.digest}
    mallory = Key(Ed25519PrivateKey.generate(), Path("mallory"))
    who = ("aoi", "aoi") if how == "alone" else ("chi", "chi")
    key = {"her own key": mallory, "no signature": desk.key("chi"), "alone": desk.key("aoi")}[how]
    at = there.at
    with store.transaction(desk.now(), who[0]):
        body = act_body("funding", PROGRAMME, content, about, who[1], key.public.hex(), at)
        signature = sign(mallory if how == "no signature" else key, body).signature.hex()
        store.add_act("funding", PROGRAMME, first.signed.seq, body.decode(), signature)


def test_of_each_act_there_is_one_second_in_the_database(desk: Desk, store: Payments) -> None:
    sqlite = "://" not in desk.place
    connection: Any = sqlite3.connect(desk.place) if sqlite else psycopg.connect(desk.place)
    error: type[Exception] = sqlite3.Error if sqlite else psycopg.Error
    with connection, pytest.raises(error):
        connection.execute(
            "insert into payout_act select (select max(seq) + 1 from payout_act), at, 'ben', kind, "
            "subject, about, body, signature from payout_act where about > 0"
        )
    connection.close()


# -- holds -----------------------------------------------------------------------------------------


def test_one_person_holds_and_two_lift(desk: Desk, store: Payments) -> None:
    desk.plan(store, people_rows(3))
    name = refs(store)[0]
    desk.hold(store, [name], "sanction", "legal", REVIEW)
    assert [a.by_id for a in store.acts("hold", name)] == ["aoi"]
    signed = lift(store, [name], "false hit", desk.key("aoi"), desk.now)
    assert not signed.done
    assert not lift(store, [name], "false hit", desk.key("aoi"), desk.now).done
    assert not lift(store, [name], "another reason", desk.key("chi"), desk.now).done
    assert store.payment(name).code == "sanction"
    with pytest.raises(PaymentError, match="two people lift"):
        cancel(store, [name], "around", now=desk.now)
    assert lift(store, [name], "false hit", desk.key("ben"), desk.now).second == "ben"
    assert store.payment(name).state == "planned"
    desk.hold(store, [name], "sanction", "legal", REVIEW)
    lift(store, [name], "false hit", desk.key("ben"), desk.now)
    assert store.payment(name).state == "held"  # the former signatures are used up
    with pytest.raises(PaymentError, match="not held"):
        lift(store, refs(store)[1:2], "nothing", desk.key("aoi"), desk.now)


@pytest.mark.parametrize("code", sorted(OWN))
def test_a_code_of_an_act_of_its_own_is_placed_by_nothing_else(
    desk: Desk, store: Payments, code: str
) -> None:
    desk.plan(store, people_rows(1))
    with pytest.raises(PaymentError, match="is placed by `pay"):
        hold(store, refs(store), Hold(code, "x", REVIEW), desk.key("aoi"), desk.now)


# -- accounts --------------------------------------------------------------------------------------


def test_e93_without_a_check_by_another_person_a_changed_account_is_never_paid(
    desk: Desk, store: Payments
) -> None:
    """Cooling-off, out-of-band check, notice to the old contact."""
    rail = Paper()
    desk.plan(store, people_rows(4))
    desk.change(store, "p000003", "new-account")
    desk.now.on(days=30)
    assert lift_cooled(store, now=desk.now) == 0
    assert cooling(store, desk.now()) == {"p000003"}
    at = desk.now()
    early = at - timedelta(days=31)
    for bad, why in (
        (Check("telephone", early, "confirmed", "letter", at), "after the change"),
        (Check("telephone", at, "confirmed", "letter", early), "old contact told"),
        (Check("telephone", at + timedelta(1), "confirmed", "letter", at), "before now"),
        (Check("pigeon", at, "confirmed", "letter", at), "channel"),
        (Check("telephone", at, "perhaps", "letter", at), "perhaps"),
        (Check("telephone", at.replace(tzinfo=None), "confirmed", "letter", at), "offset"),
    ):
        with pytest.raises(PaymentError, match=why):
            account_checked(store, "p000003", bad, desk.key("chi"), desk.now)
    good = Check("telephone", at, "confirmed", "letter", at)
    with pytest.raises(PaymentError, match="another person checks"):
        account_checked(store, "p000003", good, desk.key("aoi"), desk.now)
    assert store.held("account_changed")[0].account == "acc3"
    desk.check(store, "p000003")
    with pytest.raises(PaymentError, match="no change of account waits"):
        desk.check(store, "p000003")
    assert lift_cooled(store, now=desk.now) == 1
    desk.pay(store, rail)
    assert b"new-account" in store.file(rail.sent[-1]).content
    assert states(store) == {"accepted": 4}


def test_e93_a_denied_change_leaves_the_account_and_holds_for_people_to_look(
    desk: Desk, store: Payments
) -> None:
    rail = Paper()
    desk.plan(store, people_rows(2))
    desk.change(store, "p000001", "stolen")
    assert desk.check(store, "p000001", "denied") == "denied"
    [held] = store.held("account_check")
    assert held.account == "acc1"
    assert cooling(store, desk.now()) == set()
    desk.lift(store, [held.reference], "spoken to in person")
    desk.pay(store, rail)
    assert b"stolen" not in store.file(rail.sent[-1]).content
    assert states(store) == {"accepted": 2}


def test_e93_another_change_before_the_check_starts_anew(desk: Desk, store: Payments) -> None:
    desk.plan(store, people_rows(2))
    desk.change(store, "p000001", "first")
    desk.now.on(hours=80)
    desk.change(store, "p000001", "second")
    desk.check(store, "p000001")
    assert lift_cooled(store, now=desk.now) == 0
    desk.now.on(hours=72)
    assert lift_cooled(store, now=desk.now) == 1
    assert {p.account for p in store.of_person("p000001")} == {"second"}


def test_e93_another_tranche_is_no_way_around_a_change_of_account(
    desk: Desk, store: Payments
) -> None:
    [row] = people_rows(1)
    desk.plan(store, [row])
    other = row._replace(tranche=2, account="stolen")
    with pytest.raises(PlanDiffers, match="another account"):
        desk.plan(store, [other])
    desk.change(store, row.person, "new")
    desk.plan(store, [other])
    assert {p.account for p in store.of_person(row.person)} == {"acc0"}
    desk.check(store, row.person)
    desk.plan(store, [row._replace(tranche=3, account="stolen")])
    assert {p.account for p in store.of_person(row.person)} == {"new"}
    assert make_file(store, PROGRAMME, "JPY", Paper(), DAY, now=desk.now) is None


def test_the_notice_to_the_old_contact_has_no_link_and_names_no_account() -> None:
    for text in (NOTICE.ja, NOTICE.en):
        assert not url_like(text)
        assert not any(c.isdigit() for c in text)


# -- who is in power -------------------------------------------------------------------------------


def ordered(desk: Desk, by: str, act: str, content: dict[str, Any]) -> None:
    people = desk.people
    with opened(desk.place) as ledger:
        body = order(people.author(by, ledger.seen), act, content)
        recorded = ledger.append(sign(people.keys[by], body))
        assert recorded.outcome.code == "recorded", recorded


def with_supervisor(desk: Desk) -> None:
    people = desk.people
    for name in ("sup", "ada", "eri", "fumi"):
        people.keys[name] = Key(Ed25519PrivateKey.generate(), Path(name))
    raw = people.constitution()
    key = people.keys["sup"].public.hex()
    raw["person"].append({"id": "sup", "name": "sup", "roles": ["supervisor"], "public_key": key})
    with opened(desk.place) as ledger:
        people.done(ledger, people.propose(ledger.seen, "constitution", raw))


def appointed(desk: Desk, *names: str) -> None:
    for name in names:
        stated: dict[str, Any] = {k: "1" for k in STATED[Appoint]}
        person = {"id": name, "name": name, "public_key": desk.key(name).public.hex()}
        ordered(desk, "sup", "appoint", {**stated, "administrator": person})


def test_after_an_appointment_the_administrators_people_pay_and_the_firms_do_not(
    desk: Desk, store: Payments
) -> None:
    """Three of the administrator's people sign; the firm's signatures are worth no more."""
    rail = Paper()
    with_supervisor(desk)
    desk.plan(store, people_rows(4))
    name = refs(store)[0]
    paid = desk.sign(store, desk.file(store, rail, 2))
    desk.send(store, paid, rail)
    file = desk.sign(store, desk.file(store, rail))
    ordered(desk, "aoi", "petition", {k: "1" for k in STATED[Petition]})
    for key in desk.keys:
        with pytest.raises(PaymentError, match="petition"):
            approve_file(store, file.name, key, now=desk.now)
    desk.hold(store, [file_ref := store.of_file(file.name)[0].reference], "legal", "x", REVIEW)
    file = make_file(store, PROGRAMME, "JPY", rail, DAY, now=desk.now)
    appointed(desk, "ada")
    with pytest.raises(PaymentError, match="not signed"):
        desk.send(store, file, rail)
    with pytest.raises(PaymentError, match="who may pay"):
        approve_file(store, file.name, desk.key("aoi"), now=desk.now)
    approve_file(store, file.name, desk.key("ada"), now=desk.now)
    with pytest.raises(PaymentError, match="another person"):
        approve_file(store, file.name, desk.key("ada"), "approver", now=desk.now)
    appointed(desk, "eri", "fumi")
    for each in ("eri", "fumi"):
        approve_file(store, file.name, desk.key(each), now=desk.now)
    assert [a.role for a in store.approvals(file.name)] == ["preparer", "approver", "releaser"]
    with pytest.raises(PaymentError, match="only 0 confirmed by two people"):
        desk.send(store, file, rail)  # what the firm confirmed does not bind the estate
    with pytest.raises(PaymentError, match="who may pay"):
        confirm_funding(store, PROGRAMME, "JPY", 5_000, "estate", desk.key("aoi"), desk.now)
    for each in ("ada", "eri"):
        confirm_funding(store, PROGRAMME, "JPY", 5_000, "estate", desk.key(each), desk.now)
    desk.send(store, file, rail)
    assert rail.sent == [paid.name, file.name]
    lift(store, [file_ref], "order of the court", desk.key("ada"), desk.now)
    with pytest.raises(PaymentError, match="who may pay"):
        lift(store, [file_ref], "order of the court", desk.key("chi"), desk.now)
    lift(store, [file_ref], "order of the court", desk.key("fumi"), desk.now)
    assert store.payment(file_ref).state == "planned"
    assert store.payment(name).state in ("accepted", "planned")


def test_a_file_that_the_firm_signed_before_the_appointment_is_not_released_after_it(
    desk: Desk, store: Payments
) -> None:
    rail = Paper()
    with_supervisor(desk)
    desk.plan(store, people_rows(3))
    file = desk.sign(store, desk.file(store, rail))
    appointed(desk, "ada", "eri", "fumi")
    with pytest.raises(PaymentError, match="withdraw it"):
        desk.send(store, file, rail)
    withdraw_file(store, file.name, now=desk.now)
    again = make_file(store, PROGRAMME, "JPY", rail, DAY, now=desk.now)
    assert again is not None
    for each in ("ada", "eri", "fumi"):
        approve_file(store, again.name, desk.key(each), now=desk.now)
        confirm = (store, PROGRAMME, "JPY", 10_000, "estate")
        if each != "fumi":
            confirm_funding(*confirm, desk.key(each), desk.now)
    desk.send(store, again, rail)
    assert rail.sent == [again.name]


def test_one_who_left_the_fund_has_confirmed_what_she_confirmed(
    desk: Desk, store: Payments
) -> None:
    desk.fund(store, PROGRAMME, 9, "letter 2")
    people = desk.people
    raw = people.constitution()
    raw["person"][2]["roles"] = ["auditor"]
    with opened(desk.place) as ledger:
        people.done(ledger, people.propose(ledger.seen, "constitution", raw))
    assert standing(store, PROGRAMME, "JPY").funded == ENOUGH + 9
    with pytest.raises(PaymentError, match="who may pay"):
        confirm_funding(store, PROGRAMME, "JPY", 1, "letter 3", desk.key("chi"), desk.now)


def test_a_payment_cancelled_before_it_was_held_may_be_planned_again(
    desk: Desk, store: Payments
) -> None:
    desk.plan(store, people_rows(1))
    cancel(store, refs(store), "wrong day", now=desk.now)
    assert len(plan_again(store, refs(store), now=desk.now)) == 1


# -- what is done past the program ----------------------------------------------------------------


def test_a_hold_lifted_past_the_program_is_found(tmp_path: Path) -> None:
    """The state and its event agree with one another, and nobody signed."""
    desk = Desk(tmp_path, str(tmp_path / "fund.db"))
    with Payments(desk.place) as store:
        desk.plan(store, people_rows(3))
        names = refs(store)
        desk.hold(store, names, "sanction", "legal", REVIEW)
        desk.lift(store, names[:1], "false hit")
        assert faults(store) == []
        with store.transaction(desk.now(), "mallory"):
            store.move(store.payment(names[1]), Event("lift"), "false hit")
            store.move(store.payment(names[2]), Event("hold", "unclaimed"), hold=LATER)
        said = faults(store)
        assert [s[:20] for s in said] == names[1:]
        assert all("signed by no two people" in s for s in said)


def test_a_raise_that_nobody_decided_is_found(tmp_path: Path) -> None:
    desk = Desk(tmp_path, str(tmp_path / "fund.db"))
    with Payments(desk.place) as store:
        desk.plan(store, people_rows(1))
        row = people_rows(1)[0]._replace(tranche=RAISES + 1, amount=9)
        with pytest.raises(PaymentError, match="disputes"):
            desk.plan(store, [row])
        with store.transaction(desk.now(), "mallory"):
            store.add_payments([first_attempt(PROGRAMME, row)])
        assert len(faults(store)) == 1
