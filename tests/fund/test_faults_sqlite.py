"""What the ledger must survive, in an export and on one file, step by step.

Every byte of an export that differs is found and its entry named, and so is every column of the
tables; a kill at any step of an approval, a disk that is really full, people and clocks at odds.
What several engines share is told here once and used in test_faults_postgresql.py too.
"""

from __future__ import annotations

import functools
import io
import itertools
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from sonae.actions.fund.export import export_fund, verify_export, verify_store
from sonae.actions.fund.session import Request, Session
from sonae.actions.keys import load_key, verify_signature
from sonae.core.canonical import canonical_bytes
from sonae.core.chain import START as BEGINNING
from sonae.core.chain import Signed, line, link, read_line, sign
from sonae.fund.entry import LedgerError, Line, Seen, proposal
from sonae.fund.journal import contribute
from sonae.fund.verify import Verified, closing_line, verify
from sonae.store.database import StoreError
from sonae.store.ledger import HistoryError, Ledger
from tests.command import sonae
from tests.fund.signed import START, Signers, opened
from tests.fund.test_survives import failure

FORK = get_context("fork")

check = functools.cache(verify_signature)  # the same true answer, worked out once
LAST_ENTRY, PAID = 7, 5  # entries of the export below; the one that proposes five yen


# -- an export ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A constitution, an asset, a contribution, a refused approval: seven entries."""
    folder = tmp_path_factory.mktemp("export")
    people = Signers(folder)
    with opened(str(folder / "fund.db"), create=True) as ledger:
        people.begin(ledger)
        signed = people.money(ledger.seen, 5)
        people.done(ledger, signed)
        late = people.approve(ledger.seen, PAID, signed.digest, "chi")
        assert ledger.append(late).outcome.code == "refused:already_decided"
        export_fund(ledger, folder / "out", date(2026, 11, 20))
    return folder / "out"


@pytest.fixture(scope="module")
def lines(export: Path) -> list[bytes]:
    """The lines of the export with their ends: the entries, then the closing line."""
    with (export / "fund.jsonl").open("rb") as stream:
        found = list(stream)
    assert verify(found, check).good
    assert len(found) == LAST_ENTRY + 1
    return found


def at_first(found: Verified) -> int | None:
    """The entry that a verification names first; None where all is good."""
    return found.faults[0].seq if found.faults else None


def others(byte: int) -> tuple[int, int]:
    """What a byte is changed into: one bit of it turned, and another character."""
    return byte ^ 1, ord("0") if byte != ord("0") else ord("7")


def with_byte(lines: list[bytes], number: int, place: int, byte: int) -> list[bytes]:
    """The lines as they are read once a byte of one of them is another."""
    text = bytearray(lines[number])
    text[place] = byte
    return [*lines[:number], *io.BytesIO(bytes(text) + b"".join(lines[number + 1 :]))]


def test_any_byte_that_differs_is_found_and_its_entry_named(lines: list[bytes]) -> None:
    """Every byte of every entry and of the closing line, in two ways each."""
    missed = []
    for number, text in enumerate(lines):
        for place, byte in enumerate(text):
            for other in others(byte):
                found = verify(with_byte(lines, number, place, other), check)
                if at_first(found) != number + 1:
                    missed.append((number + 1, place, chr(other), found.faults[:1]))
    assert missed == []


@pytest.mark.parametrize("part", ["body", "hash", "signature", "end"])
def test_the_command_names_the_entry_in_which_a_byte_differs(
    export: Path, lines: list[bytes], part: str, tmp_path: Path
) -> None:
    """`sonae fund verify` on the file: exit code, entry and the reason."""
    text = lines[PAID - 1]
    place = {
        "body": text.index(b'"5"') + 1,
        "hash": text.index(b'"hash":"') + 10,
        "signature": text.index(b'"signature":"') + 15,
        "end": len(text) - 1,
    }[part]
    file = tmp_path / "fund.jsonl"
    file.write_bytes(b"".join(with_byte(lines, PAID - 1, place, others(text[place])[1])))
    said = sonae("fund", "verify", file, "--json")
    assert said.code == 1, said.out + said.err
    assert said.json()["faults"][0]["entry"] == PAID
    assert said.json()["faults"][0]["why"]["en"]


def test_an_export_cut_at_any_line_or_within_any_line_is_found(lines: list[bytes]) -> None:
    """Cut after a line the closing line is missing; within one, that line has no end."""
    for number in range(len(lines)):
        assert at_first(verify(lines[:number], check)) == number + 1
        half = lines[number][: len(lines[number]) // 2]
        assert at_first(verify([*lines[:number], half], check)) == number + 1
    assert at_first(verify([*lines[:-1], lines[-1][:-1]], check)) == LAST_ENTRY + 1


def test_an_export_cut_and_closed_again_is_found_by_a_head_noted_elsewhere(
    export: Path, lines: list[bytes]
) -> None:
    """Fewer entries with a closing line of their own are a good, older fund; a head tells."""
    noted = read_head_of(export)
    for number in range(LAST_ENTRY):
        older = verify(lines[:number], check, closed=False)
        closed = [*lines[:number], closing_line(older) + b"\n"]
        assert verify(closed, check).good
        assert at_first(verify(closed, check, noted)) == noted.seq


def read_head_of(export: Path) -> Seen:
    place, _, hash = (export / "head.txt").read_text("utf-8").strip().partition(":")
    return Seen(int(place), hash)


def test_a_line_that_is_missing_twice_there_or_moved_is_named(lines: list[bytes]) -> None:
    """The place at which the chain breaks; nothing after it is judged."""
    for number in range(LAST_ENTRY):
        dropped = [*lines[:number], *lines[number + 1 :]]
        assert at_first(verify(dropped, check)) == number + 1  # at the last, the closing line
        twice = [*lines[: number + 1], *lines[number:]]
        assert at_first(verify(twice, check)) == number + 2
        for other in range(number + 1, LAST_ENTRY):
            moved = [*lines]
            moved[number], moved[other] = moved[other], moved[number]
            assert at_first(verify(moved, check)) == number + 1


def test_lines_after_the_closing_line_are_found(lines: list[bytes]) -> None:
    for more in (lines[0], lines[-1], b"\n", b"x"):
        assert not verify([*lines, more], check).good


def rechained(bodies: list[Signed]) -> list[bytes]:
    """Hashes and closing line made anew, as anyone can who has no key."""
    previous, made = BEGINNING, []
    for signed in bodies:
        previous = link(previous, signed)
        made.append(line(signed, previous) + b"\n")
    return [*made, closing_line(verify(made, None, closed=False)) + b"\n"]


def test_a_history_forged_without_keys_is_found_at_the_forged_entry(lines: list[bytes]) -> None:
    """Hashes and the closing line can be made again by anyone; the signature cannot."""
    signed = [read_line(text[:-1])[0] for text in lines[:-1]]
    assert rechained(signed) == lines
    for number, one in enumerate(signed):
        body = one.body.replace(b'"nonce":"', b'"nonce":"f', 1)
        assert body != one.body
        forged = rechained([*signed[:number], one._replace(body=body), *signed[number + 1 :]])
        found = verify(forged, check)
        assert at_first(found) == number + 1
        assert "signature" in found.faults[0].why.en


def test_an_entry_left_out_and_the_rest_chained_again_is_found(lines: list[bytes]) -> None:
    """Every author signed what they had seen, so that the one after it speaks against it."""
    signed = [read_line(text[:-1])[0] for text in lines[:-1]]
    for number in range(LAST_ENTRY - 1):
        found = verify(rechained([*signed[:number], *signed[number + 1 :]]), check)
        assert at_first(found) == number + 1


def test_an_export_of_an_older_backup_fails_with_the_newer_head(
    export: Path, tmp_path: Path
) -> None:
    """A store copied earlier exports well and verifies; against the later head it does not."""
    store = tmp_path / "fund.db"
    people = Signers(tmp_path)
    with opened(str(store), create=True) as ledger:
        people.begin(ledger)
        ledger.connection.execute("pragma wal_checkpoint(truncate)")
        shutil.copy(store, tmp_path / "older.db")
        people.done(ledger, people.money(ledger.seen, 5))
        export_fund(ledger, tmp_path / "newer", date(2026, 11, 20))
    older = tmp_path / "older"
    said = sonae("fund", "export", older, "--store", tmp_path / "older.db", "--on", "2026-11-20")
    assert said.code == 0, said.out + said.err
    assert verify_export(older).good
    said = sonae("fund", "verify", older, "--head", tmp_path / "newer" / "head.txt", "--json")
    assert said.code == 1
    assert [f["entry"] for f in said.json()["faults"]] == [6]
    assert sonae("fund", "verify", tmp_path / "newer", "--head", older / "head.txt").code == 0


# -- people at odds, on either engine --------------------------------------------------------------


def decides(place: str, people: Signers, seq: int, digest: str, name: str, start: Any) -> None:
    """One process: sign an approval by what is seen now, wait for the other, send it."""
    with opened(place) as ledger:
        signed = people.approve(ledger.seen, seq, digest, name)
        start.wait(20)
        ledger.append(signed)


def at_once(place: str, people: Signers, *approvals: tuple[int, str, str]) -> list[str]:
    """Approvals (number, digest, by whom), each by a process of its own; how they ended, sorted."""
    with opened(place) as ledger:
        before = ledger.head().seq
    start = FORK.Barrier(len(approvals))
    running = []
    for seq, digest, name in approvals:
        people.count += 1  # each signs with a number of its own
        words = (place, people, seq, digest, name, start)
        running.append(FORK.Process(target=decides, args=words))
        running[-1].start()
    for process in running:
        process.join()
        assert process.exitcode == 0
    with opened(place) as ledger:
        return sorted(str(e["outcome"]) for e in ledger.entries(before + 1))


def proposed(place: str, people: Signers, amount: int) -> tuple[int, str]:
    with opened(place) as ledger:
        signed = people.money(ledger.seen, amount)
        return ledger.append(signed).seq, signed.digest


def two_needed(place: str, people: Signers, rounds: int) -> None:
    """Where two are needed, two at once are counted one after the other and post once."""
    for amount in range(1, rounds + 1):
        seq, digest = proposed(place, people, amount)
        same = at_once(place, people, (seq, digest, "chi"), (seq, digest, "chi"))
        assert same == ["counted", "refused:same_person"]
        seq, digest = proposed(place, people, 1000 + amount)
        both = at_once(place, people, (seq, digest, "ben"), (seq, digest, "chi"))
        assert both == ["approved", "counted"]
    with opened(place) as ledger:
        posted = [e["seq"] for e in ledger.entries() if e["effect"] == "posting"]
        assert len(posted) == rounds
        total = sum(range(1001, 1001 + rounds))
        assert ledger.view.balance("asset/T", "JPY") == total
        assert verify_store(ledger).good


def spent_once(place: str, people: Signers, rounds: int) -> None:
    """Two payments of all there is, approved at once: one leaves, the other is refused."""
    gates = {"ground": {"may_proceed": True}, "payment": {"may_pay": True}}
    for amount in range(1, rounds + 1):
        payments = []
        with opened(place) as ledger:
            people.done(ledger, people.money(ledger.seen, amount))
            for incident in ("A", "B"):
                lines = [
                    Line(f"compensation/{incident}", "JPY", amount),
                    Line("asset/T", "JPY", -amount),
                ]
                content = {"amount_jpy": str(amount), **gates}
                signed = people.propose(ledger.seen, "use", content, lines)
                payments.append((ledger.append(signed).seq, signed.digest, "ben"))
        assert at_once(place, people, *payments) == ["approved", "refused:overdrawn"]
    with opened(place) as ledger:
        assert ledger.view.balance("asset/T", "JPY") == 0
        assert verify_store(ledger).good


@pytest.fixture
def people(tmp_path: Path) -> Signers:
    return Signers(tmp_path)


def begun(place: str, people: Signers, approvals: int = 1) -> str:
    with opened(place, create=True) as ledger:
        people.begin(ledger, approvals)
    return place


@pytest.fixture
def place(tmp_path: Path, people: Signers) -> str:
    return begun(str(tmp_path / "fund.db"), people)


def test_two_approvers_at_once_where_two_are_needed(people: Signers, tmp_path: Path) -> None:
    two_needed(begun(str(tmp_path / "two.db"), people, 2), people, 4)


def test_what_there_is_cannot_be_spent_twice_at_once(place: str, people: Signers) -> None:
    spent_once(place, people, 4)


# -- acts that the tables cannot hold, on either engine --------------------------------------------

MISFITS: dict[str, dict[str, Any]] = {
    "a long name": {"by": "b" * 65},
    "a long kind": {"kind": "k" * 17},
    "a day that is none": {"on": "2026-02-30"},
    "a day with more": {"on": "2026-11-20T00"},
    "an instant that is none": {"at": "zzz"},
    "an instant in another form": {"at": "2026-11-20 09:00:00.000000Z"},
    "an expiry that is none": {"expires": "9" * 27},
    "a long account": {"lines": [["asset/" + "x" * 91, "JPY", 1], ["firm", "JPY", -1]]},
    "a NUL": {"lines": [["recovery/a\0b", "JPY", -1], ["asset/T", "JPY", 1]]},
    "a number beyond any": {"content": {"amount_jpy": "1", "corrects": 2**70}},
}


def misfits_are_refused(place: str, people: Signers) -> None:
    """Nothing is recorded of them, the same on every engine, and the next act goes its way."""
    with opened(place) as ledger:
        people.done(ledger, people.money(ledger.seen, 5))
        count = len(ledger.entries())
        for name, part in MISFITS.items():
            act = json.loads(people.money(ledger.seen, 1).body) | part
            with pytest.raises(LedgerError):
                ledger.append(sign(people.keys["aoi"], canonical_bytes(act)))
            assert len(ledger.entries()) == count, name
        people.done(ledger, people.money(ledger.seen, 5))
        assert verify_store(ledger).good


def test_what_the_tables_cannot_hold_is_refused_before_it_is_recorded(
    place: str, people: Signers
) -> None:
    misfits_are_refused(place, people)


# -- sums by day, on either engine -----------------------------------------------------------------

BY_DAY = (
    ("2026-11-20", 10**37),
    ("2026-11-18", 10**26 + 1),
    ("2026-11-20", 2**63 + 5),
    ("2026-11-19", 10**37 - 7),
    ("2026-11-18", 3),
    ("2026-11-20", 5 * 10**37),
)


def sums_by_day(place: str, people: Signers) -> None:
    """Days in no order, amounts beyond any machine word: every past balance to the last unit."""
    with opened(place) as ledger:
        for number, (on, amount) in enumerate(BY_DAY, 1):
            content, lines = {"amount_jpy": str(amount)}, contribute("T", amount, "JPY")
            who = people.author("aoi", ledger.seen)
            body = proposal(who, "contribute", on, content, lines)
            entry = people.done(ledger, sign(people.keys["aoi"], body)).seq
            for day in ("2026-11-17", *sorted({on for on, _ in BY_DAY}), "9999-12-31"):
                total = sum(a for on, a in BY_DAY[:number] if on <= day)
                assert ledger.view.balance("asset/T", "JPY", day) == total
                assert ledger.view.balance("firm", "JPY", day) == -total
                before = sum(a for on, a in BY_DAY[: number - 1] if on <= day)
                assert ledger.view.balance("asset/T", "JPY", day, entry - 1) == before
        assert verify_store(ledger).good
        assert verify_store(ledger).state.balance("firm", "JPY") == -sum(a for _, a in BY_DAY)


def test_balances_of_any_day_are_exact_at_any_size(place: str, people: Signers) -> None:
    sums_by_day(place, people)


# -- killed ----------------------------------------------------------------------------------------


def approve_until(place: str, folder: Path, seq: int, last: int) -> None:
    """Approve as chi, and die at step `last`: a statement, or a step of writing the memory."""
    steps = itertools.count(1)

    def step() -> None:
        if next(steps) == last:
            os.kill(os.getpid(), signal.SIGKILL)

    def audit(event: str, words: Any) -> None:
        if event in ("open", "os.rename") and ".seen" in str(words[0]):
            step()

    class Stepping:
        """The driver's connection, a step before each statement and one after."""

        def __init__(self, driver: Any) -> None:
            self.driver = driver

        def __getattr__(self, name: str) -> Any:
            return getattr(self.driver, name)

        def execute(self, *words: Any) -> Any:
            step()
            found = self.driver.execute(*words)
            step()
            return found

    with opened(place) as ledger:
        ledger.connection.driver = Stepping(ledger.connection.driver)
        sys.addaudithook(audit)
        Session(ledger, load_key(folder / "chi.key"), lambda: START).decide(seq, "approve")


def settled(place: str, folder: Path, seq: int, other: tuple[int, str]) -> bool:
    """After a kill: nothing is half there; the next act by the same person resumes it once.

    True where the approval was resumed.
    """
    with opened(place) as ledger:
        assert verify_store(ledger).good
        ended = ledger.view.tally(seq).ended
        rows = [e for e in ledger.entries(seq + 1) if e["by"] == "chi"]
        assert [e["effect"] for e in rows] == (["posting"] if ended else [])
        balance = ledger.view.balance("asset/T", "JPY")
    with opened(place) as ledger:
        session = Session(ledger, load_key(folder / "chi.key"), lambda: START)
        assert session.decide(other[0], "reject", "any next command").outcome.code == "rejected"
        again = [e for e in ledger.entries(seq + 1) if e["by"] == "chi" and e["subject"] == seq]
        if ended or session.resumed is not None:
            assert [e["effect"] for e in again] == ["posting"]
        else:
            assert again == []  # it died before it had signed: as if it had never begun
            assert session.decide(seq, "approve").outcome.effect == "posting"
        amount = ledger.view.proposal(seq).act.lines[0].amount  # type: ignore[union-attr]
        assert ledger.view.balance("asset/T", "JPY") == balance + (0 if ended else amount)
    with opened(place) as ledger:
        session = Session(ledger, load_key(folder / "chi.key"), lambda: START)
        assert session.resumed is None
        return len(again) == 1


def test_killed_at_any_step_of_the_second_approval_it_is_resumed_once(
    people: Signers, tmp_path: Path
) -> None:
    """Before and after every statement, and while the memory beside the key is written."""
    place = begun(str(tmp_path / "two.db"), people, 2)
    resumed = []
    for last in range(1, 80):
        seq, digest = proposed(place, people, last)
        with opened(place) as ledger:
            ledger.append(people.approve(ledger.seen, seq, digest, "ben"))
        other = proposed(place, people, 1)
        child = FORK.Process(target=approve_until, args=(place, tmp_path, seq, last))
        child.start()
        child.join()
        resumed.append(settled(place, tmp_path, seq, other))
        if child.exitcode == 0:
            break
        assert child.exitcode == -signal.SIGKILL
    assert child.exitcode == 0
    assert len(resumed) > 20
    assert resumed == sorted(resumed)  # from the moment it was signed and kept, it is resumed
    assert 5 < sum(resumed) < len(resumed)
    with opened(place) as ledger:
        assert verify_store(ledger).good


# -- full disk -------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of two megabytes of our own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a file system can be mounted by root only")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Take every byte that is left."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as stream:
        for size in (65536, 4096, 1):
            try:
                while stream.write(b"x" * size):
                    pass
            except OSError:
                continue
    return ballast


def forever(ledger: Ledger, people: Signers) -> None:
    for amount in itertools.count(1):
        ledger.append(people.money(ledger.seen, amount))


def test_a_disk_that_is_full_keeps_the_ledger_whole_and_says_so(
    small_disk: Path, people: Signers, tmp_path: Path
) -> None:
    """The store on a full file system: nothing half-written; with space again all goes on."""
    place = begun(str(small_disk / "fund.db"), people)
    with opened(place) as ledger:
        people.done(ledger, people.money(ledger.seen, 5))
        count = len(ledger.entries())
        ballast = fill(small_disk)
        while (said := failure(ledger, people.money(ledger.seen, count))) is None:
            count += 1  # what the write-ahead file still has room for
        assert re.search(r"full|disk|I/O", said)
        assert len(ledger.entries()) == count
        session = Session(ledger, load_key(tmp_path / "aoi.key"), lambda: START)
        request = Request("contribute", date(2026, 11, 20), {"amount_jpy": "7"}, ())
        with pytest.raises(StoreError):
            session.propose(Request(**{**vars(request), "lines": tuple(contribute("T", 7, "JPY"))}))
        assert session.key.memory.pending(session.fund) is None
        ballast.unlink()
        people.done(ledger, people.money(ledger.seen, 6))
        assert len(ledger.entries()) == count + 2
    with opened(place) as ledger:
        assert verify_store(ledger).good


def test_a_disk_full_beside_the_key_records_nothing(
    small_disk: Path, people: Signers, place: str, tmp_path: Path
) -> None:
    """An act that cannot be kept beside the key is not sent."""
    shutil.copy(tmp_path / "aoi.key", small_disk / "aoi.key")
    with opened(place) as ledger:
        session = Session(ledger, load_key(small_disk / "aoi.key"), lambda: START)
        request = Request(
            "contribute", date(2026, 11, 20), {"amount_jpy": "7"}, tuple(contribute("T", 7, "JPY"))
        )
        session.propose(request)
        count = len(ledger.entries())
        ballast = fill(small_disk)
        with pytest.raises(OSError, match="No space"):
            session.propose(request)
        assert len(ledger.entries()) == count
        ballast.unlink()
        again = Session(ledger, load_key(small_disk / "aoi.key"), lambda: START)
        assert again.resumed is None
        assert again.propose(request).seq == count + 1


# -- clocks ----------------------------------------------------------------------------------------


def test_a_person_whose_clock_goes_back_cannot_revive_what_has_lapsed(
    place: str, people: Signers, tmp_path: Path
) -> None:
    """Told through sessions with clocks of their own; what is recorded stays in order."""
    clock = {"now": START}

    def session(ledger: Ledger, name: str) -> Session:
        return Session(ledger, load_key(tmp_path / f"{name}.key"), lambda: clock["now"])

    request = Request(
        "contribute", date(2026, 11, 20), {"amount_jpy": "7"}, tuple(contribute("T", 7, "JPY"))
    )
    with opened(place) as ledger:
        first = session(ledger, "aoi").propose(request, hours=1)
        clock["now"] = START + timedelta(hours=1, microseconds=1)
        late = session(ledger, "ben").decide(first.seq, "approve")
        assert late.outcome.code == "refused:expired"
        clock["now"] = START - timedelta(days=400)
        for name in ("ben", "chi"):
            back = session(ledger, name).decide(first.seq, "approve")
            assert back.outcome.code == "refused:expired"
        second = session(ledger, "aoi").propose(request, hours=1)
        clock["now"] = START - timedelta(days=400, hours=-1)
        assert session(ledger, "ben").decide(second.seq, "approve").outcome.code == "approved"
        entries = ledger.entries(5)
        assert [e["seq"] for e in entries] == list(range(5, 5 + len(entries)))
        assert [e["at"] for e in entries] != sorted(e["at"] for e in entries)
        assert ledger.view.balance("asset/T", "JPY") == 7
        assert verify_store(ledger).good
        export_fund(ledger, tmp_path / "out", date(2026, 11, 20))
    assert verify_export(tmp_path / "out").good


# -- an older backup -------------------------------------------------------------------------------


def test_everyone_who_had_seen_more_is_refused_at_an_older_backup(
    place: str, people: Signers, tmp_path: Path
) -> None:
    """Whoever had seen no more may go on; what waits beside a key is kept for the newest store."""
    older = str(tmp_path / "older.db")
    with opened(place) as ledger:
        for name in ("ben", "chi"):
            Session(ledger, load_key(tmp_path / f"{name}.key"), lambda: START).decide(4, "approve")
        ledger.connection.execute("pragma wal_checkpoint(truncate)")
        shutil.copy(place, older)
        ben = Session(ledger, load_key(tmp_path / "ben.key"), lambda: START)
        ben.decide(4, "approve")
        waiting = people.approve(ledger.head(), 4, "0" * 64)
        ben.key.memory.signed(ben.fund, waiting)
    with opened(older) as ledger:
        count = len(ledger.entries())
        with pytest.raises(HistoryError, match="older backup"):
            Session(ledger, load_key(tmp_path / "ben.key"), lambda: START)
        assert len(ledger.entries()) == count
        assert ben.key.memory.pending(ben.fund) == waiting
        Session(ledger, load_key(tmp_path / "chi.key"), lambda: START).decide(4, "approve")
    with opened(place) as ledger:
        resumed = Session(ledger, load_key(tmp_path / "ben.key"), lambda: START).resumed
        assert resumed is not None
        assert resumed.seq == 8
        with pytest.raises(HistoryError):  # chi went on elsewhere: these are two histories now
            Session(ledger, load_key(tmp_path / "chi.key"), lambda: START)


# -- tables changed behind the guards --------------------------------------------------------------


def changed(place: str, copy: Path, statement: str) -> Verified:
    """A copy of a store, changed with its guards taken away and put back, and verified."""
    with closing(sqlite3.connect(place)) as source, closing(sqlite3.connect(copy)) as there:
        source.backup(there)
        guards = there.execute("select name, sql from sqlite_master where type = 'trigger'")
        guards = guards.fetchall()
        for name, _ in guards:
            there.execute(f"drop trigger {name}")
        assert there.execute(statement).rowcount > 0
        for _, sql in guards:
            there.execute(sql)
        there.commit()
    with opened(str(copy)) as ledger:
        return verify_store(ledger)


OTHER = """case when {0} is null then '1' when typeof({0}) = 'integer' then {0} + 100
 else case substr({0}, 1, 1) when '1' then '2' else '1' end || substr({0}, 2) end"""


def test_any_column_of_any_row_changed_behind_the_guards_is_found(
    place: str, people: Signers, tmp_path: Path
) -> None:
    """Not only what was signed: who, what about, when and to what effect, and every posting."""
    with opened(place) as ledger:
        people.done(ledger, people.money(ledger.seen, 5))
        people.done(ledger, people.money(ledger.seen, 6))
        head = ledger.seen.seq
    missed, tried = [], 0
    for table, rows in {"entry": (1, 3, 7, head), "posting": (6, head)}.items():
        with closing(sqlite3.connect(place)) as there:
            columns = [r[1] for r in there.execute(f"pragma table_info({table})")]
        for column, seq in itertools.product(columns, rows):
            copy = tmp_path / f"{table}-{column}-{seq}.db"
            statement = f"update {table} set {column} = {OTHER.format(column)} where seq = {seq}"
            try:
                found = changed(place, copy, statement)
            except (LedgerError, ValueError):
                continue  # what can no longer be read is found as well
            tried += 1
            faults = [f.seq for f in found.faults]
            if not faults or (faults[0] != seq and column != "seq"):
                missed.append((table, column, seq, found.faults[:2]))
    assert missed == []
    assert tried > 60


@pytest.mark.parametrize(
    "statement",
    [
        "delete from posting where seq = 6",
        "delete from posting where seq = 6 and account = 'firm'",
        "insert into posting select 'recovery/x', unit, on_day, seq, amount, day_total "
        "from posting where seq = 6 and account = 'firm'",
        "insert into posting select account, unit, '2026-11-19', seq, amount, day_total "
        "from posting where seq = 6",
        "insert into posting select account, unit, on_day, 3, amount, day_total from posting",
        "insert into posting select account, unit, on_day, 99, amount, day_total from posting",
        "insert into posting select account, unit, on_day, -1, amount, day_total from posting",
        "update posting set on_day = '2026-11-19'",
        "update posting set amount = day_total, day_total = amount, on_day = '2026-11-21'",
    ],
)
def test_postings_added_moved_or_taken_behind_the_guards_are_found(
    place: str, people: Signers, statement: str, tmp_path: Path
) -> None:
    with opened(place) as ledger:
        people.done(ledger, people.money(ledger.seen, 5))
    found = changed(place, tmp_path / "copy.db", statement)
    assert not found.good
    assert all(f.seq in (3, 6, 99, -1) for f in found.faults)
