"""What the ledger must survive on PostgreSQL: a killed server, cut connections, races, edits."""

from __future__ import annotations

import socket
import threading
import time
from multiprocessing import get_context

import psycopg
import pytest

from sonae.actions.fund.export import verify_store
from sonae.fund.journal import contribute
from sonae.store.database import PATIENCE, StoreError
from sonae.store.ledger import UnknownOutcome
from tests.fund.proxy import Proxy
from tests.fund.servers import database, kill_server, server, start_server
from tests.fund.signed import Signers, opened
from tests.fund.test_survives import AMOUNTS, proposers, race

FORK = get_context("fork")


@pytest.fixture
def people() -> Signers:
    return Signers()


@pytest.fixture
def place(people: Signers) -> str:
    store = database()
    with opened(store, create=True) as ledger:
        people.begin(ledger)
    return store


# -- connections -----------------------------------------------------------------------------------


def through(proxy: Proxy, place: str) -> str:
    name = place.partition("?")[0].rpartition("/")[2]
    return f"postgresql://postgres@127.0.0.1:{proxy.port}/{name}?sslmode=disable"


@pytest.mark.parametrize("after", [False, True], ids=["not delivered", "answer lost"])
def test_a_connection_cut_at_any_packet_of_an_approval(
    place: str, people: Signers, after: bool
) -> None:
    """Whatever was under way, the act is recorded once and the caller is told so."""
    proxy = Proxy(f"{server().get_uri().partition('host=')[2]}/.s.PGSQL.5432")
    with opened(through(proxy, place)) as ledger, opened(place) as other:
        for packet in range(1, 20):
            signed = people.money(other.head(), packet)
            seq = other.append(signed).seq
            cuts = proxy.cuts
            proxy.arm(packet, after=after)
            recorded = ledger.append(people.approve(other.seen, seq, signed.digest))
            proxy.arm(None)
            assert recorded.seq == seq + 1
            assert recorded.outcome.effect == "posting"
            assert [e["outcome"] for e in other.entries(seq + 1)] == ["approved"]
            if proxy.cuts == cuts:
                break
        assert proxy.cuts >= 3
        assert verify_store(other).good


def test_a_server_that_stays_away_leaves_the_outcome_unknown_and_says_so(
    place: str, people: Signers
) -> None:
    proxy = Proxy(f"{server().get_uri().partition('host=')[2]}/.s.PGSQL.5432")
    with opened(through(proxy, place)) as ledger:
        signed = people.money(ledger.seen, 1)
        proxy.arm(1)
        proxy.close()
        with pytest.raises(UnknownOutcome):
            ledger.append(signed)
    with opened(place) as ledger:
        assert ledger.append(signed).outcome.code == "pending"
        assert ledger.append(signed).seq == 5


# -- a killed server -------------------------------------------------------------------------------


def test_a_server_killed_in_mid_commit_loses_nothing_that_was_acknowledged(
    place: str, people: Signers
) -> None:
    told: list[tuple[int, str]] = []
    began = threading.Event()

    def work() -> None:
        with opened(place) as ledger:
            try:
                for n in range(1, 100_000):
                    recorded = ledger.append(people.money(ledger.seen, n))
                    told.append((recorded.seq, recorded.hash))
                    began.set()
            except StoreError:
                return

    client = threading.Thread(target=work)
    client.start()
    assert began.wait(10)
    time.sleep(0.3)
    kill_server()
    client.join()
    start_server()
    with opened(place) as ledger:
        kept = {e["seq"]: e["hash"] for e in ledger.entries(5)}
        assert len(told) > 20
        assert {seq: kept.get(seq) for seq, _ in told} == dict(told)
        assert len(kept) - len(told) in (0, 1)
        assert verify_store(ledger).good
        people.done(ledger, people.money(ledger.seen, 5))


# -- races -----------------------------------------------------------------------------------------


def test_two_processes_approve_the_same_proposal(place: str, people: Signers) -> None:
    for n in range(1, 5):
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
    with opened(place) as ledger:
        assert ledger.view.balance("asset/T", "JPY") == 1 + 2 + 3 + 4
        assert verify_store(ledger).good


def test_two_hundred_propose_at_once(place: str, people: Signers) -> None:
    """Forty connections at a time, five times: a server takes about a hundred."""
    failed: list[str] = []
    for _ in range(5):
        proposers(place, people, 40, failed)
    assert failed == []
    with opened(place) as ledger:
        assert [e["seq"] for e in ledger.entries(5)] == list(range(5, 205))
        assert verify_store(ledger).good


# -- ways around the guards ------------------------------------------------------------------------

WAYS = (
    "update entry set body = body || ' ' where seq = 1",
    "delete from entry where seq = 4",
    "truncate entry",
    "truncate posting",
    "insert into entry select * from entry where seq = 1 on conflict (seq) do update set body = ''",
    "insert into entry select seq + 9, at, by_id, act, kind, subject, on_day, outcome, effect, "
    "digest, hash, latest, ruled, signature, body from entry where seq = 1",
    "update posting set amount = amount + 1",
    "delete from posting",
    "insert into posting select account, unit, '2026-01-01', 1, amount, day_total from posting",
)


@pytest.mark.parametrize("way", WAYS)
def test_a_way_around_the_program_is_refused_by_the_database(
    place: str, people: Signers, way: str
) -> None:
    with opened(place) as ledger:
        people.done(ledger, people.money(ledger.seen, 5))
    with psycopg.connect(place) as connection, pytest.raises(psycopg.Error, match="only added to"):
        connection.execute(way)  # type: ignore[call-overload]
    with opened(place) as ledger:
        assert verify_store(ledger).good


def test_a_store_whose_guards_were_switched_off_is_refused(place: str) -> None:
    with psycopg.connect(place, autocommit=True) as connection:
        connection.execute("alter table entry disable trigger all")
    with pytest.raises(StoreError, match="guards are missing"):
        opened(place)


# -- exact amounts ---------------------------------------------------------------------------------


def test_amounts_come_back_to_the_last_unit(place: str, people: Signers) -> None:
    """One after the other in units of their own kind, so that no sum reaches 10^38."""
    total = 0
    with opened(place) as ledger:
        for amount in AMOUNTS[:-1]:
            people.done(ledger, people.money(ledger.seen, amount))
            total += amount
            assert ledger.view.balance("asset/T", "JPY") == total
        lines = contribute("T", 10**38, "JPY")
        signed = people.propose(ledger.seen, "contribute", {"amount_jpy": str(10**38)}, lines)
        assert ledger.append(signed).outcome.code == "refused:bad_line"
        assert verify_store(ledger).good


def test_a_server_that_accepts_and_never_answers_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A client waits a stated time, not the minutes that a network would let it wait."""
    monkeypatch.setitem(PATIENCE, "connect_timeout", 2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        place = f"postgresql://postgres@127.0.0.1:{silent.getsockname()[1]}/fund"
        began = time.monotonic()
        with pytest.raises(StoreError, match="timeout"):
            opened(place)
        assert time.monotonic() - began < 10
