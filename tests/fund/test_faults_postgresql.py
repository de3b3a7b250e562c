"""What the ledger must survive on PostgreSQL, packet by packet.

A client killed, a connection cut within a packet, a server killed while a commit is on its way:
what was acknowledged is kept, nothing is recorded twice. People at odds, amounts and acts that do
not fit are told in test_faults_sqlite.py and come out the same here.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import threading
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import psycopg
import pytest

from sonae.actions.fund.export import verify_store
from sonae.actions.fund.session import Session
from sonae.actions.keys import load_key
from sonae.store.database import StoreError
from sonae.store.ledger import HistoryError, Ledger, UnknownOutcome
from tests.command import sonae
from tests.fund.proxy import Proxy
from tests.fund.servers import database, kill_server, server, start_server
from tests.fund.signed import START, Signers, opened
from tests.fund.test_faults_sqlite import (
    begun,
    misfits_are_refused,
    proposed,
    settled,
    spent_once,
    sums_by_day,
    two_needed,
)

FORK = get_context("fork")
MODES = ("lost", "half", "answer lost")
"""What becomes of the packet at which all ends: not delivered, its first half, delivered whole."""
MANY = 80
"""More packets than one act ever takes: a dozen, or some more where the network cuts them up."""
SLOW = [pytest.param(mode, marks=pytest.mark.slow) for mode in MODES]


class Ending(Proxy):
    """At the n-th packet `ends` is called and the connection cut, in one of three ways."""

    def __init__(self, mode: str, ends: Callable[[], None] = lambda: None) -> None:
        super().__init__(f"{server().get_uri().partition('host=')[2]}/.s.PGSQL.5432")
        self.mode, self.ends, self.word = mode, ends, b""

    def _due(self, data: bytes) -> bool:
        """With `word`, at the packet that has it; else at the n-th."""
        return self.word in data if self.word else super()._due(data)

    def _cut(self, client: socket.socket, server: socket.socket, data: bytes) -> None:
        self.left, self.cuts = None, self.cuts + 1
        part = {"lost": b"", "half": data[: len(data) // 2], "answer lost": data}[self.mode]
        with contextlib.suppress(OSError):
            server.sendall(part)
        self.ends()
        for end in (client, server):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def before(self, place: str) -> str:
        """The address of a database as it is reached through here."""
        name = place.partition("?")[0].rpartition("/")[2]
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}?sslmode=disable"


@pytest.fixture
def people(tmp_path: Path) -> Signers:
    return Signers(tmp_path)


@pytest.fixture
def place(people: Signers) -> str:
    return begun(database(), people)


# -- a client killed -------------------------------------------------------------------------------


def approve_when_told(place: str, folder: Path, seq: int, ready: Any, go: Any) -> None:
    """Open the ledger as chi, say so, and approve once told."""
    with opened(place) as ledger:
        session = Session(ledger, load_key(folder / "chi.key"), lambda: START)
        ready.set()
        go.wait(20)
        session.decide(seq, "approve")


@pytest.mark.parametrize("mode", [SLOW[0], MODES[1], SLOW[2]])
def test_a_client_killed_at_any_packet_of_an_approval_resumes_it_once(
    people: Signers, tmp_path: Path, mode: str
) -> None:
    """SIGKILL as a packet leaves it, whether or not the server gets all of that packet."""
    place = begun(database(), people, 2)
    proxy = Ending(mode)
    for packet in range(1, MANY):
        seq, digest = proposed(place, people, packet)
        with opened(place) as ledger:
            ledger.append(people.approve(ledger.seen, seq, digest, "ben"))
        other = proposed(place, people, 1)
        ready, go = FORK.Event(), FORK.Event()
        words = (proxy.before(place), tmp_path, seq, ready, go)
        child = FORK.Process(target=approve_when_told, args=words)
        child.start()
        assert ready.wait(20)
        pid = child.pid or 0
        proxy.ends = lambda pid=pid: os.kill(pid, signal.SIGKILL)  # type: ignore[misc]
        proxy.arm(packet)
        go.set()
        child.join()
        proxy.arm(None)
        gone(place)
        assert settled(place, tmp_path, seq, other) == (packet > 1)
        if child.exitcode == 0:
            break
        assert child.exitcode == -signal.SIGKILL
    assert child.exitcode == 0
    assert proxy.cuts >= 3
    with opened(place) as ledger:
        assert verify_store(ledger).good


def gone(place: str) -> None:
    """Wait until the server has noticed that a client is no more."""
    with psycopg.connect(place, autocommit=True) as connection:
        query = "select count(*) from pg_stat_activity where datname = current_database() and pid "
        for _ in range(1000):
            row = connection.execute(query + "<> pg_backend_pid()").fetchone()
            if row == (0,):
                return
            time.sleep(0.005)
    raise AssertionError("a client's work goes on without it")


# -- a connection cut ------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
def test_a_connection_cut_within_any_packet_of_a_proposal(
    place: str, people: Signers, mode: str
) -> None:
    """The act is sent again by itself, recorded once, and the caller is told its true place."""
    proxy = Ending(mode)
    with opened(proxy.before(place)) as ledger, opened(place) as other:
        for packet in range(1, MANY):
            cuts, before = proxy.cuts, other.head().seq
            signed = people.money(ledger.seen, packet)
            proxy.arm(packet)
            recorded = ledger.append(signed)
            proxy.arm(None)
            [entry] = other.entries(before + 1)
            assert (entry["seq"], entry["hash"]) == (recorded.seq, recorded.hash)
            assert recorded.outcome.code == "pending"
            assert ledger.append(signed) == recorded  # once more by hand: still once
            if proxy.cuts == cuts:
                break
        assert proxy.cuts >= 3
        assert verify_store(other).good


@pytest.mark.parametrize("mode", [*SLOW[:2], MODES[2]])
def test_a_server_out_of_reach_after_any_packet_leaves_the_act_beside_the_key(
    people: Signers, tmp_path: Path, mode: str
) -> None:
    """The caller is told that the outcome is unknown; the next command finds it out."""
    place = begun(database(), people, 2)
    cut = 0
    for packet in range(1, MANY):
        seq, digest = proposed(place, people, packet)
        with opened(place) as ledger:
            ledger.append(people.approve(ledger.seen, seq, digest, "ben"))
        other = proposed(place, people, 1)
        proxy = Ending(mode)
        proxy.ends = proxy.close
        with opened(proxy.before(place)) as ledger:
            session = Session(ledger, load_key(tmp_path / "chi.key"), lambda: START)
            proxy.arm(packet)
            with contextlib.suppress(UnknownOutcome, psycopg.OperationalError):
                session.decide(seq, "approve")
            kept = session.key.memory.pending(session.fund)
        gone(place)
        with opened(place) as ledger:
            recorded = ledger.view.tally(seq).ended is not None
        assert settled(place, tmp_path, seq, other) == (kept is not None or recorded)
        cut += proxy.cuts
        if proxy.cuts == 0:
            assert kept is None
            assert recorded
            break
    assert cut >= 3
    with opened(place) as ledger:
        assert verify_store(ledger).good


# -- a server killed -------------------------------------------------------------------------------


def test_a_server_killed_as_the_commit_reaches_it_has_it_or_not_and_never_twice(
    place: str, people: Signers
) -> None:
    """Killed with that statement just delivered; the same signed act is sent again afterwards."""
    proxy, dead = Ending("answer lost"), threading.Event()
    proxy.word = b"COMMIT"

    def ends() -> None:
        proxy.close()
        kill_server()
        dead.set()

    proxy.ends = ends
    with opened(proxy.before(place)) as ledger:
        told = [ledger.append(people.money(ledger.seen, n)) for n in range(1, 20)]
        signed = people.money(ledger.seen, 20)
        proxy.arm(1)
        with contextlib.suppress(UnknownOutcome):
            told.append(ledger.append(signed))
    assert proxy.cuts == 1
    assert dead.wait(20)
    start_server()
    with opened(place) as ledger:
        last = ledger.append(signed)
        assert last.seq == told[0].seq + 19
        found = {e["seq"]: e["hash"] for e in ledger.entries(5)}
        assert len(found) == 20
        assert {r.seq: r.hash for r in told}.items() <= found.items()
        assert verify_store(ledger).good


def clients(
    place: str, people: Signers, count: int, told: list[tuple[int, str, str]]
) -> list[threading.Thread]:
    """So many people record acts until the server is gone, each noting what was acknowledged."""

    def work(number: int) -> None:
        draw = random.Random(number)
        with contextlib.suppress(StoreError, psycopg.Error), opened(place) as ledger:
            while True:
                signed = people.money(ledger.head(), draw.randint(1, 10**30))
                recorded = ledger.append(signed)
                told.append((recorded.seq, recorded.hash, signed.digest))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    return threads


@pytest.mark.slow
def test_a_server_killed_again_and_again_keeps_all_that_it_acknowledged(
    place: str, people: Signers
) -> None:
    """Six clients at once, six kills at moments of their own."""
    moments, told = random.Random(11), list[tuple[int, str, str]]()
    for _ in range(6):
        before = len(told)
        threads = clients(place, people, 6, told)
        while len(told) < before + 30:
            time.sleep(0.01)
        time.sleep(moments.uniform(0, 0.3))
        kill_server()
        for thread in threads:
            thread.join()
        start_server()
        kept, digests = all_of(place)
        assert {seq: hash for seq, hash, _ in told}.items() <= kept.items()
        assert len(digests) == len(set(digests))
        assert {digest for *_, digest in told} <= set(digests)
    with opened(place) as ledger:
        assert verify_store(ledger).good


def all_of(place: str) -> tuple[dict[int, str], list[str]]:
    """Hashes by number, and every digest."""
    with psycopg.connect(place) as connection:
        rows = connection.execute("select seq, hash, digest from entry order by seq").fetchall()
    assert [row[0] for row in rows] == list(range(1, len(rows) + 1))
    return {row[0]: row[1] for row in rows}, [row[2] for row in rows]


# -- the same as on one file -----------------------------------------------------------------------


def test_two_approvers_at_once_where_two_are_needed(people: Signers) -> None:
    two_needed(begun(database(), people, 2), people, 3)


def test_what_there_is_cannot_be_spent_twice_at_once(place: str, people: Signers) -> None:
    spent_once(place, people, 3)


def test_what_the_tables_cannot_hold_is_refused_before_it_is_recorded(
    place: str, people: Signers
) -> None:
    misfits_are_refused(place, people)


def test_balances_of_any_day_are_exact_at_any_size(place: str, people: Signers) -> None:
    sums_by_day(place, people)


# -- ways around the guards ------------------------------------------------------------------------

EDIT = "update posting set amount = amount + 1, day_total = day_total + 1 where account = 'firm'"


def edited(place: str, people: Signers, *statements: str) -> None:
    """A contribution of five yen, and then what the owner of the database does."""
    with opened(place) as ledger:
        people.done(ledger, people.money(ledger.seen, 5))
    with psycopg.connect(place) as connection:
        for statement in statements:
            connection.execute(statement)  # type: ignore[call-overload]


def faults(place: str) -> list[int]:
    with opened(place) as ledger:
        return [f.seq for f in verify_store(ledger).faults]


def test_an_edit_by_the_owner_who_takes_the_guards_away_is_found(
    place: str, people: Signers
) -> None:
    """The store is refused without them; `migrate` puts them back, and verification names it."""
    drops = [f"drop trigger posting_no_{what} on posting" for what in ("change", "truncate")]
    edited(place, people, *drops, EDIT)
    with pytest.raises(StoreError, match="guards are missing"):
        opened(place)
    assert sonae("fund", "migrate", "--store", place).code == 0
    assert faults(place) == [6]
    with psycopg.connect(place) as connection, pytest.raises(psycopg.Error, match="only added to"):
        connection.execute(EDIT)  # type: ignore[call-overload]


def test_a_session_as_a_replica_fires_the_guards_too(place: str, people: Signers) -> None:
    """A superuser may put ordinary triggers to sleep; these are always awake."""
    with pytest.raises(psycopg.Error, match="only added to"):
        edited(place, people, "set session_replication_role = replica", EDIT)
    assert faults(place) == []


def test_a_guard_that_could_sleep_counts_as_missing(place: str) -> None:
    with psycopg.connect(place) as connection:
        connection.execute("alter table posting enable trigger posting_no_change")
    with pytest.raises(StoreError, match=r"guards are missing \(posting_no_change\)"):
        opened(place)


def test_entries_taken_away_behind_the_guards_are_found_by_the_head_seen(
    place: str, people: Signers, tmp_path: Path
) -> None:
    """Whole entries gone from the end leave a good chain; whoever saw more is refused."""
    with opened(place) as ledger:
        Session(ledger, load_key(tmp_path / "ben.key"), lambda: START).decide(1, "approve")
        head = ledger.head()
    drops = [f"drop trigger {table}_no_change on {table}" for table in ("entry", "posting")]
    edited(place, people, *drops, "delete from posting", "delete from entry where seq >= 5")
    assert sonae("fund", "migrate", "--store", place).code == 0
    with opened(place) as ledger:
        assert verify_store(ledger).good
        assert [f.seq for f in verify_store(ledger, head).faults] == [head.seq]
        assert_refused(ledger, tmp_path)
    said = sonae("fund", "verify", "--store", place, "--head", head.text(), "--json")
    assert said.code == 1
    assert said.json()["faults"][0]["entry"] == head.seq


def assert_refused(ledger: Ledger, folder: Path) -> None:
    with pytest.raises(HistoryError, match="older backup"):
        Session(ledger, load_key(folder / "ben.key"), lambda: START)
