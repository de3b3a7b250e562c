"""Payments that do not simply go, by the commands people give, each act signed."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sonae.actions.pay.hold import cancel
from sonae.actions.pay.programme import Row, plan
from sonae.claims.hold import HOLDS
from sonae.store.payments import Payments
from tests.command import Said, sonae
from tests.fund.servers import database

from .test_pay_story import ON, Desk

RECORD = """
ground = "cannot_receive"
office = "東京法務局"
cost = 1100
cost_borne_by = "firm"
time_bar = 2036-12-01
[[attempt]]
channel = "mail"
on = {0}
result = "undeliverable"
[[attempt]]
channel = "registered_letter"
on = {1}
result = "undeliverable"
[[attempt]]
channel = "telephone"
on = {2}
result = "no_answer"
"""
TODAY = datetime.now(UTC).date()
TRIES = tuple(TODAY - timedelta(days=n) for n in (230, 100, 5))


@pytest.fixture(params=["sqlite", "postgresql"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Desk:
    place = database() if request.param == "postgresql" else str(tmp_path / "fund.db")
    return Desk(tmp_path, place)


def payments(desk: Desk, state: str) -> list[Any]:
    with Payments(desk.store) as store:
        return [p for p in store.payments("INC-1") if p.state == state]


def refused(said: Said, words: str) -> None:
    assert said.code in (2, 3), said.out
    assert words in said.err + said.out


def key(desk: Desk, person: str) -> tuple[str, Path]:
    return "--key", desk.folder / f"{person}.key"


# -- returns ---------------------------------------------------------------------------------------


def sent_alike(desk: Desk) -> list[Any]:
    """Two payments of one amount to one name, out and accepted."""
    desk.begin()
    account = "0005|123|ordinary|000000{}|ﾔﾏﾀﾞ ﾊﾅｺ"
    rows = [Row(f"twin{n}", "JPY", 1, 777, account.format(n)) for n in (7, 8)]
    with Payments(desk.store) as store:
        plan(store, "INC-1", rows)
    name = desk.signed()
    desk.done(desk.rail("release", name))
    desk.receipt(name)
    desk.done(desk.rail("answers"))
    return [p for p in payments(desk, "accepted") if p.amount == 777]


def back(desk: Desk, name: str, rows: int) -> None:
    lines = "2026-12-01,ﾔﾏﾀﾞ ﾊﾅｺ,777,ﾍﾝｷﾔｸ\n" * rows
    path = desk.folder / "box" / "in" / name
    path.write_text(f"day,name,amount,mark\n{lines}", encoding="utf-8")


def test_a_return_that_fits_two_payments_is_decided_by_two_people_and_paid_again_once(
    desk: Desk,
) -> None:
    twins = sent_alike(desk)
    back(desk, "returns-1.csv", 1)
    heard = desk.rail("answers")
    assert heard.code == 1
    listed = desk.rail("returns")
    assert heard.json()["unfit"] == listed.json()
    box = ("--rail", desk.folder / "bank.toml", "--mailbox", desk.folder / "box")
    for lang, words in (("ja", "候補の支払: "), ("en", "777 may be ")):
        told = sonae("claims", "pay", "answers", *box, "--store", desk.store, "--lang", lang)
        assert words in told.out
    assert listed.code == 1
    [found] = listed.json()
    assert {c["payment"] for c in found["candidates"]} == {p.reference for p in twins}
    id, chosen, other = found["return"], twins[0].reference, twins[1].reference
    said = desk.done(desk.rail("match", id, chosen, *key(desk, "aoi")))
    assert (said["back"], said["first"]) == (False, "aoi")
    assert not desk.done(desk.rail("match", id, other, *key(desk, "chi")))["back"]
    assert payments(desk, "back") == []
    assert not desk.done(desk.rail("match", id, chosen, *key(desk, "aoi")))["back"]
    said = desk.done(desk.rail("match", id, chosen, *key(desk, "ben")))
    assert (said["back"], said["second"]) == (True, "ben")
    assert [p.reference for p in payments(desk, "back")] == [chosen]
    for reference in (chosen, other):
        refused(desk.rail("match", id, reference, *key(desk, "chi")), "is decided")
    assert desk.rail("answers").code == 0
    assert desk.done(desk.rail("returns")) == []
    back(desk, "returns-2.csv", 2)  # the next statement has the same line, and a new one
    [found] = desk.rail("returns").json()
    assert found["return"] != id
    assert [c["payment"] for c in found["candidates"]] == [other]
    [again] = desk.done(desk.pay("again", chosen))["planned"]
    assert again not in (chosen, other)
    refused(desk.pay("again", chosen), "later attempt")
    with Payments(desk.store) as store:
        acts = store.acts("match", id)
        assert [a.by_id for a in acts] == ["aoi", "chi", "ben"]
        assert all(a.signature for a in acts)


def test_a_return_of_another_amount_or_of_no_payment_is_matched_to_nothing(desk: Desk) -> None:
    twins = sent_alike(desk)
    path = desk.folder / "box" / "in" / "returns-1.csv"
    path.write_text("day,name,amount,mark\n2026-12-01,ﾔﾏﾀﾞ ﾊﾅｺ,776,ﾍﾝｷﾔｸ\n", encoding="utf-8")
    [found] = desk.rail("returns").json()
    assert found["candidates"] == []
    words = ("match", found["return"], twins[0].reference)
    refused(desk.rail(*words, *key(desk, "aoi")), "none of the payments")
    refused(desk.rail("match", "R1", twins[0].reference, *key(desk, "aoi")), "no return R1")


# -- what nobody claims ----------------------------------------------------------------------------


def record(desk: Desk, text: str = RECORD.format(*TRIES)) -> Path:
    path = desk.folder / "record.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_e97_an_amount_is_unclaimed_on_a_basis_and_deposited_by_two_people(desk: Desk) -> None:
    """After tries and months, deposit, record kept; E92: counted, and nothing expunged."""
    desk.begin()
    payment = payments(desk, "planned")[0]
    whole = desk.counters()
    ready = ("unclaimed", "ready", payment.reference)
    refused(desk.pay(*ready), "nothing is on record")
    early = record(desk, RECORD.format(*(TODAY - timedelta(days=n) for n in (9, 8, 5))))
    said = desk.pay("unclaimed", "record", payment.reference, early, *key(desk, "aoi"))
    assert said.code == 1
    assert said.json()["confidence"] == "memory"
    basis = desk.people.file("basis.txt", "the deposit office's answer")
    refused(desk.pay(*ready, "--basis", basis, *key(desk, "aoi")), "6 months")
    said = desk.pay("unclaimed", "record", payment.reference, record(desk), *key(desk, "aoi"))
    assert (said.code, said.json()["lacking"]) == (0, [])
    assert desk.counters() == whole
    assert not desk.by("aoi", *ready, "--basis", basis)["unclaimed"]
    other = desk.people.file("other.txt", "another")
    assert not desk.by("chi", *ready, "--basis", other)["unclaimed"]
    assert desk.counters() == whole
    assert desk.by("ben", *ready, "--basis", basis)["unclaimed"]
    told = desk.counters()
    assert told["unclaimed"] == (1, payment.amount)
    assert told["entitled"] == whole["entitled"]
    deposit = ("unclaimed", "deposit", payment.reference, "--number", "令和8年度金第1号")
    wrong = ("--on", TODAY.isoformat(), "--amount", str(payment.amount - 1))
    refused(desk.pay(*deposit, *wrong, *key(desk, "aoi")), "costs are not")
    right = ("--on", TODAY.isoformat(), "--amount", str(payment.amount))
    assert not desk.by("aoi", *deposit, *right)["deposited"]
    assert desk.by("chi", *deposit, *right)["deposited"]
    refused(desk.pay(*deposit, *right, *key(desk, "ben")), "deposited already")
    lift = ("lift", payment.reference, "--reason", "came back")
    refused(desk.pay(*lift, *key(desk, "aoi")), "where the money is")
    assert desk.counters() == told
    assert desk.done(desk.pay("verify")) == {"good": True, "faults": []}
    assert [w["kind"] for w in desk.done(desk.pay("waiting"))] == ["unclaimed_ready"]
    assert payment.amount == int(desk.done(desk.pay(*ready))["still_claimed"])


def test_e97_one_who_turns_up_before_the_deposit_is_paid(desk: Desk) -> None:
    desk.begin()
    payment = payments(desk, "planned")[0]
    words = ("unclaimed", "record", payment.reference, record(desk))
    desk.by("aoi", *words)
    basis = desk.people.file("basis.txt", "an order")
    for person in ("aoi", "chi"):
        desk.by(person, "unclaimed", "ready", payment.reference, "--basis", basis)
    refused(
        desk.pay("hold", payment.reference, "--code", "police", "--owner", "x", "--review",
                 "2099-01-01", *key(desk, "aoi")), "held already",
    )  # fmt: skip
    lift = ("lift", payment.reference, "--reason", "came to the counter")
    assert not desk.by("aoi", *lift)["lifted"]
    assert desk.by("chi", *lift)["lifted"]
    assert payment.reference in [p.reference for p in payments(desk, "planned")]


def test_e97_what_came_back_may_be_unclaimed_and_coins_only_once_they_are_sold(desk: Desk) -> None:
    desk.begin()
    with Payments(desk.store) as store:
        plan(store, "INC-1", [Row("coins", "BTC", 1, 150_000_000, "address")])
        [coins] = [p for p in store.payments("INC-1") if p.asset == "BTC"]
        cancel(store, [coins.reference], "nobody answers")
    found = desk.pay(
        "unclaimed", "record", coins.reference, record(desk, RECORD.format(*TRIES)),
        *key(desk, "aoi"),
    )  # fmt: skip
    assert found.code == 1
    assert "cannot be deposited as coins" in found.json()["lacking"][0]["en"]
    assert "記憶" in found.json()["lacking"][0]["ja"]
    sale = (
        '\n[sale]\nmethod = "auction"\npermission = "東京地方裁判所"\n'
        f'permitted_on = {TRIES[1]}\non = {TRIES[2]}\nunits = "150000000"\n'
        'price = "9600000.5"\nproceeds = 14400000\n'
    )
    text = "scale = 8\n" + RECORD.format(*TRIES) + sale
    said = desk.by("aoi", "unclaimed", "record", coins.reference, record(desk, text))
    assert (said["may_be_deposited"], said["deposit_jpy"]) == (True, "14400000")
    basis = desk.people.file("basis.txt", "the court's permission")
    for person in ("aoi", "ben"):
        desk.by(person, "unclaimed", "ready", coins.reference, "--basis", basis)
    [held] = [p for p in payments(desk, "held") if p.asset == "BTC"]
    assert (held.attempt, held.code) == (2, "unclaimed")
    row = desk.done(desk.pay("counters", "INC-1"))["BTC"]
    assert row["unclaimed"] == row["entitled"]


def test_a_record_that_cannot_be_read_is_refused_with_every_fault(desk: Desk) -> None:
    desk.begin()
    reference = payments(desk, "planned")[0].reference
    text = 'cost = "1"\nwhim = 1\n[[attempt]]\nchannel = "mail"\n[sale]\nunits = 5\n'
    said = desk.pay("unclaimed", "record", reference, record(desk, text), *key(desk, "aoi"))
    assert said.code == 3
    keys = {p["key"] for p in said.json()["problems"]}
    assert keys == {"cost", "whim", "attempt[1]", "sale"}
    assert all(p["message"]["ja"] and p["message"]["en"] for p in said.json()["problems"])


# -- holds, accounts, disputes ---------------------------------------------------------------------


def test_a_hold_for_a_suspicion_says_to_the_customer_what_an_everyday_one_says(desk: Desk) -> None:
    desk.begin()
    reference = payments(desk, "planned")[0].reference
    words = ("hold", reference, "--owner", "legal", "--review", "2099-01-01", "--code")
    said = [desk.by("aoi", *words, code)["visible"] for code in ("suspicion", "account_check")]
    assert said == ["checking", "checking"] == [HOLDS[c] for c in ("suspicion", "account_changed")]
    lift = ("lift", reference, "--reason", "checked")
    refused(desk.pay(*lift), "key")
    assert not desk.by("aoi", *lift)["lifted"]
    assert desk.by("ben", *lift)["lifted"]


def test_an_account_is_changed_and_checked_by_two_people(desk: Desk) -> None:
    desk.begin()
    payment = payments(desk, "planned")[0]
    to = ("account", "change", payment.person, "--to", "0009|123|ordinary|0000009|ﾔﾏﾀﾞ ﾊﾅｺ")
    for lang, words in (("ja", "お支払先"), ("en", "We were asked")):
        said = desk.by("aoi", *to, "--lang", lang)
        assert words in said["notice_to_the_old_contact"]
    at = datetime.now(UTC).isoformat()
    check = ("account", "check", payment.person, "--channel", "telephone", "--at", at)
    more = ("--result", "confirmed", "--told-by", "letter", "--told-at", at)
    refused(desk.pay(*check, *more, *key(desk, "aoi")), "another person checks")
    assert desk.by("chi", *check, *more)["result"] == "confirmed"
    assert desk.done(desk.pay("account", "cooled"))["lifted"] == 0
    refused(desk.pay(*check[:-1], "noon", *more, *key(desk, "chi")), "no")


def test_a_dispute_by_commands_from_opening_to_the_raise_that_is_paid(desk: Desk) -> None:
    desk.begin()
    payment = payments(desk, "planned")[0]
    open_ = (
        "dispute", "open", "INC-1", payment.person, "--says", str(payment.amount + 100),
        "--estimate", "60", "--reason", "trade log",
    )  # fmt: skip
    id = str(desk.by("aoi", *open_)["dispute"])
    assert desk.by("chi", *open_)["state"] == "reviewed"
    assert desk.counters()["disputed"] == (1, 60)
    name = desk.signed()
    assert desk.done(desk.rail("release", name))["state"] == "unknown"
    for lang, words in (("ja", "見積り"), ("en", "reviewed")):
        assert (
            words
            in sonae(
                "claims", "pay", "dispute", "list", "INC-1", "--store", desk.store, "--lang", lang
            ).out
        )
    decide = ("dispute", "decide", id, "changed", "--amount", str(payment.amount + 80))
    refused(desk.pay(*decide, "--reason", "r", *key(desk, "aoi")), "others decide")
    assert desk.by("ben", *decide, "--reason", "board paper")["state"] == "reviewed"
    assert desk.by("chi", *decide, "--reason", "board paper")["state"] == "changed"
    assert "disputed" not in desk.counters()
    fund = ("fund", "INC-1", "--amount", "0", "--source", "letter of 3 December")
    assert desk.by("aoi", *fund)["lifted"] == []
    assert len(desk.by("chi", *fund)["lifted"]) == 1
    said = desk.done(desk.rail("file", "INC-1", "--on", ON))
    assert said["total"] == "80"
    estimate = ("dispute", "estimate", id, "--estimate", "1", "--reason", "late")
    refused(desk.pay(*estimate, *key(desk, "aoi")), "is decided")


def test_a_restored_store_puts_no_payment_into_a_second_file(tmp_path: Path) -> None:
    """The first name after the restore had been withdrawn; its payments are out in another."""
    desk = Desk(tmp_path, str(tmp_path / "fund.db"))
    desk.begin()
    older = shutil.copy(desk.store, tmp_path / "older.db")
    first = desk.signed()
    assert desk.done(desk.pay("withdraw", first))["state"] == "withdrawn"
    second = desk.signed()
    desk.done(desk.rail("release", second))
    desk.store = str(older)
    assert desk.signed() == first
    refused(desk.rail("release", first), f"in {second}")
    assert [p.name for p in (tmp_path / "box" / "out").iterdir()] == [f"{second}.txt"]
    assert payments(desk, "unknown") == []
