"""The guard's minute and its register: differences become breaks that people own and sign for."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sonae.actions.guard.incident import incident_file
from sonae.actions.guard.notices import guard_findings, notices
from sonae.actions.guard.register import Register, read_movements
from sonae.actions.guard.service import Guard
from sonae.actions.keys import Key, new_key
from sonae.core.errors import InputError, UsageError
from sonae.guard.breaks import BreakError, Event
from sonae.guard.limits import Place
from tests.fund.servers import database
from tests.fund.signed import Signers, opened

from .test_judge import BTC, NOW, policy
from .test_service import Clock, batch, total

JST = ZoneInfo("Asia/Tokyo")


@pytest.fixture
def clock() -> Clock:
    """Ten o'clock."""
    return Clock()


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


@pytest.fixture
def people(tmp_path: Path) -> list[Key]:
    """Two people's keys."""
    return [new_key(tmp_path / f"{name}.pem") for name in ("ann", "ben")]


def step(kind: Any, **more: Any) -> Event:
    """A person's step; who and when come from the register."""
    return Event(kind, NOW, "", **more)


def owed(guard: Guard, clock: Clock, more: int, number: int = 2) -> None:
    """A minute later the ledger owes so many base units more."""
    clock.now += timedelta(minutes=1)
    guard.take(
        [
            total("ledger", 46_000 * BTC + more, number, clock),
            total("wallet", 46_000 * BTC, number, clock),
        ]
    )
    guard.minute()


def test_a_difference_becomes_a_break_within_the_minute_and_once(
    guard: Guard, clock: Clock
) -> None:
    """E02: one satoshi at 10:03; unowned, unknown, with its evidence; not again the next minute."""
    assert guard.register.open() == []
    owed(guard, clock, 1)
    guard.minute()
    (one,) = guard.register.open()
    assert (one.asset, one.layers, one.units, one.owner) == ("BTC", ("ledger", "wallet"), -1, "")
    assert "ledger 4600000000001" in one.evidence[0]
    owed(guard, clock, 5, 3)
    assert [b.units for b in guard.register.open()] == [-5]
    owed(guard, clock, 0, 4)
    (one,) = guard.register.open()
    assert (one.units, [e.kind for e in one.history]) == (0, ["opened", "changed", "changed"])


def test_people_sign_their_steps_and_a_plug_needs_two(
    guard: Guard, clock: Clock, people: list[Key], place: str
) -> None:
    """E19: whoever plugs cannot approve; what was signed is found to hold by any other reader."""
    ann, ben = people
    owed(guard, clock, 5)
    with Register(place, clock) as register:
        plug = step("plug", class_="unknown", cause="old system rounds down")
        assert register.act("b1", plug, ann).waiting
        with pytest.raises(BreakError, match="another person"):
            register.act("b1", step("checked"), ann)
        assert register.act("b1", step("checked"), ben).state == "closed"
        assert (register.plugs(), register.bad) == (1, [])
    with pytest.raises(UsageError, match="no break"):
        guard.register.act("b7", step("noted", evidence="x"), ann)
    guard.register.follow()
    assert guard.register.find("b1").state == "closed"


def test_a_step_that_was_altered_does_not_count_and_is_named(
    guard: Guard, clock: Clock, people: list[Key], place: str
) -> None:
    """Whoever changes the file behind the program's back is found."""
    owed(guard, clock, 5)
    guard.register.act("b1", step("assigned", owner="ann"), people[0])
    guard.close()
    with sqlite3.connect(place) as made:
        triggers = made.execute(
            "select name from sqlite_master where type = 'trigger' and tbl_name = 'watch_event'"
        ).fetchall()
        kept = [
            made.execute("select sql from sqlite_master where name = ?", name).fetchone()[0]
            for name in triggers
        ]
        for (name,) in triggers:
            made.execute(f'drop trigger "{name}"')
        made.execute("update watch_event set body = replace(body, '\"ann\"', '\"eve\"')")
        for sql in kept:
            made.execute(sql)
    with Register(place, clock) as register:
        assert (len(register.bad), register.find("b1").owner) == (1, "")


def test_two_registers_on_one_store_do_not_undo_each_other(
    guard: Guard, clock: Clock, people: list[Key], place: str
) -> None:
    """The second person's step is judged after the first one's, whoever read the store when."""
    owed(guard, clock, 0 + 5)
    with Register(place, clock) as one, Register(place, clock) as other:
        one.act("b1", step("plug", class_="unknown", cause="why"), people[0])
        one.act("b1", step("checked"), people[1])
        with pytest.raises(BreakError, match="closed"):
            other.act("b1", step("plug", class_="unknown", cause="why"), people[0])
        assert other.bad == []


def test_the_fifth_business_day_is_told_with_its_clock(
    guard: Guard, clock: Clock, people: list[Key], place: str
) -> None:
    """E20: NOW is a Friday; Wednesday is a holiday, so the fifth business day is 16 February."""
    owed(guard, clock, 5)
    guard.register.act("b1", step("assigned", owner="ann"), people[0])
    clock.now = NOW + timedelta(days=9)
    assert notices(guard.register, {"BTC": 10 * BTC}) == []
    clock.now = NOW + timedelta(days=10)
    (told,) = notices(guard.register, {"BTC": 10 * BTC})
    assert (told["why"], told["since"]) == ("fifth-business-day", "2026-02-16")
    assert told["clock"]["rule"] == "jp.crypto.cure_deadline#due"
    guard.minute()
    guard.minute()
    kept = [json.loads(e.body)["why"] for e in guard.record.of("break/b1") if e.kind == "notice"]
    assert kept == ["unowned", "fifth-business-day"]
    owed(guard, clock, 10 * BTC, 3)
    assert {n["why"] for n in notices(guard.register, policy().material())} == {
        "fifth-business-day",
        "material",
    }


def test_a_sweep_booked_on_one_side_is_matched_by_its_hash_and_stays_matched(
    guard: Guard, clock: Clock, tmp_path: Path
) -> None:
    """E23: class internal_transfer; the same difference does not come back as a new break."""
    file = tmp_path / "moves.csv"
    file.write_text(
        "layer,asset,reference,units,purpose,at\n"
        "wallet,BTC,0xaa,-5,sweep,2026-02-06T10:00:00+00:00\n"
    )
    owed(guard, clock, 5)
    assert guard.register.match(read_movements(file)) == ["b1"]
    one = guard.register.find("b1")
    assert (one.state, one.class_, one.evidence[-1]) == ("closed", "internal_transfer", "0xaa")
    guard.minute()
    assert guard.register.open() == []
    owed(guard, clock, 6, 3)
    assert [b.units for b in guard.register.open()] == [-6]


def test_movements_that_cannot_be_read_are_named_row_by_row(tmp_path: Path) -> None:
    """All at once; nothing is matched by half a file."""
    file = tmp_path / "moves.csv"
    file.write_text("layer,asset,reference,units,purpose,at\nwallet,BTC,0xaa,1.5,,x\nwallet\n")
    with pytest.raises(InputError) as caught:
        read_movements(file)
    assert [p.row for p in caught.value.problems] == [1, 2]


def test_a_reorganised_block_is_the_class_of_the_break_it_makes(guard: Guard, clock: Clock) -> None:
    """E11: the deposit is gone, what the customer was credited is not; the firm bears it."""
    taken = total("wallet", -7, 2, clock) | {"kind": "reorganised", "height": 812_345}
    guard.take([taken])
    guard.minute()
    (one,) = guard.register.open()
    assert (one.class_, one.units) == ("reorganised_block", -7)
    assert "812345" in one.cause
    assert "the firm bears" in one.cause


def price(amount: str, clock: Clock, asset: str = "BTC") -> dict[str, str]:
    """A price now."""
    return {"asset": asset, "price": amount, "at": clock.now.isoformat()}


def test_a_hot_share_of_the_day_is_kept_though_the_day_closes_clean(
    place: str, clock: Clock
) -> None:
    """E41: 5.2 % after a change, 4.9 % later; a start between loses nothing."""
    with Guard(place, policy(), clock) as guard:
        guard.price([price("10000000", clock)])
        for tier, units in (("cold", 948), ("hot", 52)):
            guard.take([total("wallet", units, 1, clock) | {"tier": tier}])
        guard.minute()
    clock.now += timedelta(hours=1)
    with Guard(place, policy(), clock) as guard:
        assert guard.watch.hot is not None
        for tier, units in (("cold", 951), ("hot", 49)):
            guard.take([total("wallet", units, 2, clock) | {"tier": tier}])
        guard.minute()
        assert guard.watch.share is None, "a price of an hour ago is not a price"
        guard.price([price("10000000", clock)])
        guard.minute()
        assert guard.watch.share == Fraction(49, 1000)
        found = [json.loads(e.body) for e in guard.record.of("hot-share") if e.kind == "hot"]
    assert [(f["happened"], f["most"]) for f in found] == [("began", "13/250"), ("ended", "13/250")]
    end = NOW + timedelta(days=1)
    (told,) = [
        f for f in guard_findings(place, NOW.date(), end, JST) if f.name == "hot-share-intraday"
    ]
    assert "5.2%" in told.message.en
    assert [f.name for f in guard_findings(place, NOW.date() - timedelta(days=1), end, JST)].count(
        "hot-share-intraday"
    ) == 0


def test_prices_that_cannot_be_used_are_refused_whole(guard: Guard, clock: Clock) -> None:
    """Nothing of a list with one bad price is taken."""
    with pytest.raises(InputError):
        guard.price([price("1", clock), price("-1", clock), price("1", clock, "XYZ"), 7])
    assert guard.watch.prices == {}


def test_a_frozen_supplier_leaves_the_ladder_and_solvency_stays(place: str, clock: Clock) -> None:
    """E34: live, recorded, and still so after a start."""
    places = (Place("wallet", "hot", 0, "custodian-x"), Place("wallet", "cold", 12, None))
    rules = policy()
    object.__setattr__(rules, "places", places)
    with Guard(place, rules, clock) as guard:
        guard.take([total("ledger", 10 * BTC, 1, clock)])
        guard.take([total("wallet", 4 * BTC, 1, clock) | {"tier": "hot"}])
        guard.take([total("wallet", 6 * BTC, 1, clock) | {"tier": "cold"}])
        assert guard.ladder()["assets"]["BTC"] == {
            "held": "10", "1h": "4", "24h": "10", "7d": "10", "30d": "10",
        }  # fmt: skip
        with pytest.raises(UsageError, match="why"):
            guard.freeze("custodian-x", True, "ann", "")
        guard.freeze("custodian-x", True, "ann", "notice of the supplier, 09:12")
    with Guard(place, rules, clock) as guard:
        assert guard.ladder()["assets"]["BTC"] == {
            "held": "10", "1h": "0", "24h": "6", "7d": "6", "30d": "6",
        }  # fmt: skip
        assert guard.minute()[0].state == "matched"
        guard.queue("BTC", 24 * 20, "ann", "withdrawal queue of the chain")
        assert guard.ladder()["assets"]["BTC"]["7d"] == "0"
        guard.queue("BTC", 0, "ann", "it is over")
        guard.freeze("custodian-x", False, "ann", "it pays again")
        assert guard.ladder()["assets"]["BTC"]["1h"] == "4"


def test_findings_of_open_breaks_stop_at_what_was_known(
    guard: Guard, clock: Clock, people: list[Key], place: str
) -> None:
    """E21: a close of one input stays the same; a later version has what was known later."""
    owed(guard, clock, 5)
    known = clock.now
    clock.now += timedelta(hours=1)
    guard.register.act("b1", step("assigned", owner="ann"), people[0])
    names = [f.name for f in guard_findings(place, NOW.date(), known, JST)]
    assert names == ["break-open", "break-unowned"]
    names = [f.name for f in guard_findings(place, NOW.date(), clock.now, JST)]
    assert names == ["break-open"]
    late = guard_findings(place, NOW.date(), NOW - timedelta(minutes=1), JST)
    assert late == []


def test_only_one_guard_answers_from_a_store(guard: Guard, place: str, clock: Clock) -> None:
    """Two would each allow what fits only once."""
    with pytest.raises(UsageError, match="another guard"):
        Guard(place, policy(), clock)


def test_a_start_reads_from_the_newest_history(
    place: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is usual, open and held is there without a look at batches before it."""
    with Guard(place, policy(), clock) as guard:
        guard.take([total(k, u * BTC, 1, clock) for k, u in (("ledger", 0), ("wallet", 46_000))])
        for n in range(20):
            guard.ask(batch(f"b{n}", BTC // 2))
            guard.booked(f"b{n}")
        guard.ask(batch("open", BTC))
        guard.ask(batch("held", 3 * BTC, BTC // 2))
        before = guard.memory
    read = list[int]()
    real = Guard._again

    def counted(self: Guard, event: Any, body: Any, at: Any) -> None:
        read.append(event.seq)
        real(self, event, body, at)

    monkeypatch.setattr(Guard, "_again", counted)
    with Guard(place, policy(), clock) as guard:
        assert len(read) <= 1
        for name in ("usual", "largest", "waiting", "held", "open", "booked"):
            assert getattr(guard.memory, name) == getattr(before, name), name
        guard.dropped("open")
        assert guard.decide("held", "cat", release=True)["answer"] == "allow"


def test_memory_is_bounded_and_forgets_to_the_safe_side(guard: Guard) -> None:
    """Old answers come from the record; a forgotten account is asked about again."""
    guard.memory.most_answers = guard.memory.most_accounts = 3
    for n in range(6):
        guard.ask(batch(f"b{n}", BTC // 10) | {"credits": [[f"A{n}", str(BTC // 10)]]})
    assert (len(guard.memory.answers), next(iter(guard.memory.answers))) == (3, "b3")
    guard.take([total("ledger", 45_000 * BTC, 2, Clock())])
    for n in range(6, 11):
        body = batch(f"b{n}", BTC // 10) | {"credits": [[f"A{n}", str(BTC // 10)]]}
        assert guard.ask(body)["answer"] == "allow"
        guard.booked(f"b{n}")
    assert list(guard.memory.usual["BTC"]) == ["A8", "A9", "A10"]
    assert guard.ask(batch("b0", BTC // 10) | {"credits": [["A0", str(BTC // 10)]]})["answer"] == (
        "refuse"
    ), "as it was answered then: over what was held"


def test_who_may_act_comes_from_the_constitution_of_the_same_store(
    place: str, clock: Clock, people: list[Key]
) -> None:
    """A preparer plugs, an approver checks; a stranger's key does nothing; names are people's."""
    signers = Signers(Path(place).parent)
    with opened(place, create=True) as ledger:
        signers.begin(ledger)
    with Guard(place, policy(), clock) as guard:
        guard.take([total(k, 46_000 * BTC, 1, clock) for k in ("ledger", "wallet")])
        guard.minute()
        owed(guard, clock, 5)
        aoi, chi = signers.keys["aoi"], signers.keys["chi"]
        plug = step("plug", class_="unknown", cause="old system")
        with pytest.raises(BreakError, match="no person"):
            guard.register.act("b1", step("assigned", owner="x"), people[0])
        with pytest.raises(BreakError, match="role preparer"):
            guard.register.act("b1", plug, chi)
        assert guard.register.act("b1", plug, aoi).waiting == "aoi"
        with pytest.raises(BreakError, match="role approver"):
            guard.register.act("b1", step("checked"), aoi)
        assert guard.register.act("b1", step("checked"), chi).state == "closed"
        assert [e.by for e in guard.register.find("b1").history] == ["guard", "aoi", "chi"]
    incident = Path(place).parent / "incident.toml"
    assert incident_file(place, "b1", policy(), incident)["incident"]["entity"] == "Tests K.K."


def test_all_of_it_holds_on_postgresql(clock: Clock, people: list[Key]) -> None:
    """Answers, breaks, a second guard refused, and a start from the history."""
    place = database()
    with Guard(place, policy(), clock) as guard:
        with pytest.raises(UsageError, match="another guard"):
            Guard(place, policy(), clock)
        guard.take([total(k, 46_000 * BTC, 1, clock) for k in ("ledger", "wallet")])
        guard.minute()
        owed(guard, clock, -3 * BTC)
        assert [b.units for b in guard.register.open()] == [3 * BTC]
        guard.register.act("b1", step("assigned", owner="ann"), people[0])
        with pytest.raises(BreakError, match="still open"):
            guard.register.act("b1", step("closed", class_="timing", cause="x"), people[0])
        assert guard.ask(batch("b1", BTC))["answer"] == "allow"
    with Guard(place, policy(), clock) as guard:
        assert guard.register.find("b1").owner == "ann"
        assert list(guard.memory.open["BTC"]) == ["b1"]
        guard.booked("b1")
        assert guard.register.bad == []
