"""What the ledger must survive, in an export and on one file, beyond single statements.

Every byte of an export that differs is found and its entry named; so is every line cut, lost, moved
or forged.
"""

from __future__ import annotations

import functools
import io
import shutil
from datetime import date
from pathlib import Path

import pytest

from sonae.actions.fund_export import export_fund, verify_export
from sonae.actions.keys import verify_signature
from sonae.core.chain import START as BEGINNING
from sonae.core.chain import Signed, line, link, read_line
from sonae.fund.entry import Seen
from sonae.fund.verify import Verified, closing_line, verify
from tests.command import sonae
from tests.fund.signed import Signers, opened

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
    """Every byte of every entry and of the closing line, in two ways each.

    The closing line has no place among the entries: it is named 0, or as the line after the last
    entry where it can no longer be told from one.
    """
    missed = []
    for number, text in enumerate(lines):
        wanted = {number + 1} if number < LAST_ENTRY else {0, LAST_ENTRY + 1}
        for place, byte in enumerate(text):
            for other in others(byte):
                found = verify(with_byte(lines, number, place, other), check)
                if at_first(found) not in wanted:
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
        assert at_first(verify(lines[:number], check)) == 0
        half = lines[number][: len(lines[number]) // 2]
        assert at_first(verify([*lines[:number], half], check)) == number + 1
    assert at_first(verify([*lines[:-1], lines[-1][:-1]], check)) in (0, LAST_ENTRY + 1)


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
        wanted = {number + 1} if number + 1 < LAST_ENTRY else {0}  # then the closing line differs
        assert at_first(verify(dropped, check)) in wanted
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
