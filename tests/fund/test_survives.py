"""What the ledger must survive on one file: kills, races, clocks, backups, full disks, edits."""

from __future__ import annotations

import os
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Column, String

from sonae.actions.fund.export import verify_store
from sonae.actions.fund.session import Session
from sonae.actions.keys import load_key
from sonae.core.chain import Signed
from sonae.fund.entry import Seen
from sonae.fund.journal import contribute
from sonae.store import guards
from sonae.store.database import StoreError, connect, migrate, store_url
from sonae.store.ledger import HistoryError, Ledger
from tests.command import sonae
from tests.fund.signed import START, Signers, opened

FORK = get_context("fork")


@pytest.fixture
def people(tmp_path: Path) -> Signers:
    return Signers(tmp_path)


@pytest.fixture
def place(tmp_path: Path, people: Signers) -> str:
    store = str(tmp_path / "fund.db")
    with opened(store, create=True) as ledger:
        people.begin(ledger)
    return store


def postings(ledger: Ledger) -> int:
    return sum(1 for e in ledger.entries() if e["effect"] == "posting")


# -- killed ----------------------------------------------------------------------------------------


def approve_and_die(place: str, folder: Path, seq: int, last: int) -> None:
    """Approve in this process, which kills itself before the statement number `last`."""
    ran = 0

    def count(real: Any) -> Any:
        def run(*words: Any) -> Any:
            nonlocal ran
            ran += 1
            if ran == last:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*words)

        return run

    with opened(place) as ledger:
        session = Session(ledger, load_key(folder / "ben.key"), lambda: START)
        driver = ledger.connection.driver

        class Killing:
            def __getattr__(self, name: str) -> Any:
                return getattr(driver, name)

            execute = staticmethod(count(driver.execute))

        ledger.connection.driver = Killing()
        session.decide(seq, "approve")


def test_killed_between_any_two_statements_of_an_approval(
    place: str, people: Signers, tmp_path: Path
) -> None:
    """Whatever was done when it died: pending or approved whole, and resumed exactly once."""
    died = done = resumed = 0
    for last in range(1, 30):
        with opened(place) as ledger:
            signed = people.money(ledger.seen, last)
            seq = ledger.append(signed).seq
            before = postings(ledger)
        child = FORK.Process(target=approve_and_die, args=(place, tmp_path, seq, last))
        child.start()
        child.join()
        died += child.exitcode == -signal.SIGKILL
        with opened(place) as ledger:
            session = Session(ledger, load_key(tmp_path / "ben.key"), lambda: START)
            done += child.exitcode == 0
            if session.resumed is not None:
                resumed += 1
                assert session.resumed.outcome.effect == "posting"
            elif ledger.view.tally(seq).ended is None:
                session.decide(seq, "approve")  # it died before it had signed
            assert ledger.view.tally(seq).ended == "approved"
            assert postings(ledger) == before + 1
        if done:
            break
    assert died >= 7
    assert resumed >= 6
    assert done == 1
    with opened(place) as ledger:
        assert verify_store(ledger).good


# -- races -----------------------------------------------------------------------------------------


def race(place: str, people: Signers, seq: int, digest: str, name: str, start: Any) -> None:
    with opened(place) as ledger:
        signed = people.approve(ledger.seen, seq, digest, name)
        start.wait()
        ledger.append(signed)


def test_two_processes_approve_the_same_proposal(place: str, people: Signers) -> None:
    """One takes effect, the other is refused and recorded; the money moves once."""
    for n in range(1, 9):
        with opened(place) as ledger:
            signed = people.money(ledger.seen, n)
            seq = ledger.append(signed).seq
        start = FORK.Barrier(2)
        both = [
            FORK.Process(target=race, args=(place, people, seq, signed.digest, name, start))
            for name in ("ben", "chi")
        ]
        for child in both:
            child.start()
        for child in both:
            child.join()
        with opened(place) as ledger:
            ends = sorted(e["outcome"] for e in ledger.entries(seq + 1))
            assert ends == ["approved", "refused:already_decided"]
            assert postings(ledger) == n
    with opened(place) as ledger:
        assert ledger.view.balance("asset/T", "JPY") == sum(range(1, 9))
        assert verify_store(ledger).good


def proposers(place: str, people: Signers, count: int, failed: list[str]) -> None:
    """So many threads, each with a connection of its own, propose at once."""

    def one(n: int) -> None:
        try:
            with opened(place) as ledger:
                assert ledger.append(people.money(ledger.seen, n + 1)).outcome.code == "pending"
        except Exception as error:
            failed.append(repr(error))

    threads = [threading.Thread(target=one, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_two_hundred_propose_at_once(place: str, people: Signers) -> None:
    failed: list[str] = []
    proposers(place, people, 200, failed)
    assert failed == []
    with opened(place) as ledger:
        entries = ledger.entries(5)
        assert [e["seq"] for e in entries] == list(range(5, 205))
        amounts = sorted(int(e["body"]["content"]["amount_jpy"]) for e in entries)
        assert amounts == list(range(1, 201))
        assert verify_store(ledger).good


# -- clocks ----------------------------------------------------------------------------------------


def test_a_clock_turned_back_revives_nothing(place: str, people: Signers) -> None:
    """An entry made after the proposal lapsed fixes that it lapsed, whatever clocks say later."""
    with opened(place) as ledger:
        old = people.money(ledger.seen, 1, hours=1)
        seq = ledger.append(old).seq
        late = START + timedelta(hours=2)
        people_later = people.money(ledger.seen, 2, at=late)
        assert ledger.append(people_later).outcome.code == "pending"
        back = people.approve(ledger.seen, seq, old.digest, at=START)
        assert ledger.append(back).outcome.code == "refused:expired"
        assert verify_store(ledger).good


def test_a_clock_once_far_ahead_does_not_end_what_is_proposed_later(
    place: str, people: Signers
) -> None:
    with opened(place) as ledger:
        ledger.append(people.money(ledger.seen, 1, at=START + timedelta(days=3650)))
        people.done(ledger, people.money(ledger.seen, 2))
        assert verify_store(ledger).good


# -- backups ---------------------------------------------------------------------------------------


def test_a_restored_older_backup_is_found(place: str, people: Signers, tmp_path: Path) -> None:
    """By whoever had seen more, before anything is recorded; and by a head kept elsewhere."""
    older = str(tmp_path / "older.db")
    with opened(place) as ledger:
        ledger.connection.execute("pragma wal_checkpoint(truncate)")
        shutil.copy(place, older)
        session = Session(ledger, load_key(tmp_path / "aoi.key"), lambda: START)
        session.record(people.money(ledger.seen, 7))
        head = ledger.head()
    with opened(older) as ledger:
        count = len(ledger.entries())
        with pytest.raises(HistoryError, match="older backup"):
            Session(ledger, load_key(tmp_path / "aoi.key"), lambda: START)
        with pytest.raises(HistoryError, match="older backup"):
            ledger.append(people.money(head, 8))
        assert len(ledger.entries()) == count
        found = verify_store(ledger, head)
        assert [f.seq for f in found.faults] == [head.seq]
    said = sonae("fund", "verify", "--store", older, "--head", head.text(), "--json")
    assert said.code == 1
    assert said.json()["faults"][0]["entry"] == head.seq
    assert sonae("fund", "verify", "--store", place, "--head", head.text()).code == 0


def test_another_history_of_the_same_length_is_found(place: str, people: Signers) -> None:
    with opened(place) as ledger, pytest.raises(HistoryError):
        ledger.append(people.money(Seen(ledger.seen.seq, "0" * 64), 1))


# -- full disk -------------------------------------------------------------------------------------


def failure(ledger: Ledger, signed: Signed) -> str | None:
    """What the store said, or None where the act was recorded."""
    try:
        ledger.append(signed)
    except StoreError as error:
        return str(error)
    return None


def test_a_full_disk_records_nothing_half(place: str, people: Signers) -> None:
    """The file may not grow; the error says so, and with space again all goes on."""
    with opened(place) as ledger:
        count = len(ledger.entries())
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        former = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
            while (error := failure(ledger, people.money(ledger.seen, count))) is None:
                count += 1
            assert re.search(r"disk|full|I/O", error)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
            signal.signal(signal.SIGXFSZ, former)
        assert len(ledger.entries()) == count
        people.done(ledger, people.money(ledger.seen, 5))
        assert verify_store(ledger).good


# -- ways around the guards ------------------------------------------------------------------------

WAYS = {
    "update": "update entry set body = body || ' ' where seq = 1",
    "delete": "delete from entry where seq = 4",
    "delete all": "delete from entry",
    "replace": "insert or replace into entry select * from entry where seq = 2",
    "update or replace": "update or replace entry set seq = 1 where seq = 2",
    "gap": "insert into entry select seq + 5, at, by_id, act, kind, subject, on_day, outcome, "
    "effect, digest, hash, latest, ruled, signature, body from entry where seq = 1",
    "upsert": "insert into entry select * from entry where seq = 1 "
    "on conflict (seq) do update set body = ''",
    "posting update": "update posting set amount = amount",
    "posting delete": "delete from posting",
    "posting replace": "insert or replace into posting select * from posting",
    "posting late": "insert into posting select account, unit, '2026-01-01', 1, amount, day_total "
    "from posting",
}


@pytest.mark.parametrize("way", WAYS)
def test_a_way_around_the_program_is_refused_by_the_database(
    place: str, people: Signers, way: str
) -> None:
    with opened(place) as ledger:
        people.done(ledger, people.money(ledger.seen, 5))
    with sqlite3.connect(place) as connection, pytest.raises(sqlite3.Error, match="only added to"):
        connection.execute(WAYS[way])
    with opened(place) as ledger:
        assert verify_store(ledger).good


@pytest.mark.parametrize(
    ("change", "entry"),
    [
        ("update entry set body = replace(body, '\"5\"', '\"6\"') where seq = 5", 5),
        ("update entry set outcome = 'approved' where seq = 5", 5),
        ("update posting set day_total = '100000000000000000000000000000000000009'", 0),
        ("delete from posting where account = 'firm'", 0),
        ("delete from entry where seq = 6", 0),
    ],
)
def test_what_was_changed_after_taking_the_guards_away_is_found(
    place: str, people: Signers, change: str, entry: int
) -> None:
    """A store without its guards is refused; put back, the verification names what was changed."""
    with opened(place) as ledger:
        people.done(ledger, people.money(ledger.seen, 5))
        head = ledger.head()
    with sqlite3.connect(place) as connection:
        names = [r[0] for r in connection.execute("select name from sqlite_master "
                                                  "where type = 'trigger'")]  # fmt: skip
        for name in names:
            connection.execute(f"drop trigger {name}")
        connection.execute(change)
    with pytest.raises(StoreError, match="guards are missing"):
        opened(place)
    assert sonae("fund", "migrate", "--store", place).code == 0
    with opened(place) as ledger:
        found = verify_store(ledger, head)
        assert not found.good
        if entry:
            assert found.faults[0].seq == entry


def test_a_migration_that_rebuilds_a_table_has_its_guards_again(place: str) -> None:
    """Alembic rebuilds SQLite tables to change them, which drops their triggers."""
    engine = connect(store_url(place))
    with engine.connect() as connection:
        guards.remove(connection)
        operations = Operations(MigrationContext.configure(connection))
        for table in guards.TABLES:
            with operations.batch_alter_table(table, recreate="always") as batch:
                batch.add_column(Column("more", String(1)))
        assert guards.missing(connection) != []
    with pytest.raises(StoreError, match="guards are missing"):
        opened(place)
    migrate(engine)
    engine.dispose()
    with opened(place) as ledger:
        assert verify_store(ledger).good
    with sqlite3.connect(place) as connection_, pytest.raises(sqlite3.Error, match="only added to"):
        connection_.execute(WAYS["update"])


# -- exact amounts ---------------------------------------------------------------------------------

AMOUNTS = (1, 10**26 + 1, 2**63 + 5, 10**37 + 3, 10**38 - 1)


@pytest.mark.parametrize("amount", AMOUNTS)
def test_an_amount_comes_back_to_the_last_unit(place: str, people: Signers, amount: int) -> None:
    with opened(place) as ledger:
        people.done(ledger, people.money(ledger.seen, amount))
        assert ledger.view.balance("asset/T", "JPY") == amount
        assert ledger.view.balance("firm", "JPY", "2026-11-20") == -amount
        assert ledger.view.balance("firm", "JPY", "2026-11-19") == 0


def test_an_amount_of_ten_to_the_38_is_refused(place: str, people: Signers) -> None:
    with opened(place) as ledger:
        lines = contribute("T", 10**38, "JPY")
        signed = people.propose(ledger.seen, "contribute", {"amount_jpy": str(10**38)}, lines)
        assert ledger.append(signed).outcome.code == "refused:bad_line"


def test_a_balance_of_ten_to_the_38_is_refused_and_nothing_is_kept(
    place: str, people: Signers
) -> None:
    """Two amounts below the limit that reach it together: the second approval fails whole."""
    with opened(place) as ledger:
        people.done(ledger, people.money(ledger.seen, 10**38 - 1))
        signed = people.money(ledger.seen, 1)
        seq = ledger.append(signed).seq
        with pytest.raises(Exception, match=r"10\^38"):
            ledger.append(people.approve(ledger.seen, seq, signed.digest))
        assert ledger.view.balance("asset/T", "JPY") == 10**38 - 1
        assert verify_store(ledger).good


def test_a_process_that_never_answers_keeps_the_file_usable(place: str, people: Signers) -> None:
    """Another process holds the lock for a moment: the entry waits for it and is recorded."""
    code = (
        f"import sqlite3, time; c = sqlite3.connect({place!r}, isolation_level=None); "
        "c.execute('begin immediate'); print('held', flush=True); time.sleep(1); "
        "c.execute('commit')"
    )
    other = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert other.stdout is not None
    other.stdout.readline()
    with opened(place) as ledger:
        people.done(ledger, people.money(ledger.seen, 5))
    assert other.wait() == 0
