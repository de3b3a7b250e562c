"""What decides a seal, and what an earlier run left of it: nothing else is believed or shared."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from sonae.actions.close import close_books
from sonae.actions.files import locked, take_away
from sonae.actions.seal import build as seal_build
from sonae.actions.seal import make as seal_make
from sonae.actions.seal.books import seal_books
from sonae.actions.seal.build import Means, build
from sonae.actions.seal.claims import write_claims
from sonae.actions.seal.folder import Folder
from sonae.actions.seal.make import sealing
from sonae.actions.seal.work import Work
from sonae.books import transcribe
from sonae.books.engine.duckdb import DuckDB
from sonae.books.engine.kept import Kept
from sonae.books.parts import Part, digest_of
from sonae.core.errors import InputError, UsageError
from sonae.seal.claims import Balance
from tests.command import sonae
from tests.kit import asset, balance, clean, holding, statement, write
from tests.seal.test_streamed import KEY, NUMBERS, balances, batches, reference


def person(name: str, proof: str) -> dict[str, str]:
    return {"customer_id": name, "kind": "person", "proof_text": proof}


@pytest.fixture
def books(tmp_path: Path) -> Path:
    """Books with numbers and a key beside them."""
    tables = clean() | {
        "assets": [asset("BTC") | {"number": 1}, asset("JPY", "fiat", 0) | {"number": 2}],
        "balances": [
            balance("A1", "BTC", 5) | {"customer_id": "C1"},
            balance("A1", "JPY", 7) | {"customer_id": "C2"},
            balance("A2", "BTC", 5, "unidentified") | {"customer_id": ""},
            balance("A2", "JPY", 7) | {"customer_id": "C2"},
            balance("A3", "BTC", 1, "unidentified") | {"customer_id": ""},
        ],
        "customers": [person("C1", "one"), person("C2", "two")],
        "holdings": [holding("w", "BTC", 11)],
        "statements": [statement("t", "14")],
    }
    write(tmp_path / "books", tables)
    assert sonae("seal", "key", tmp_path / "op.key").code == 0
    return tmp_path / "books"


def test_an_account_has_one_text_whatever_customers_its_rows_name(
    books: Path, tmp_path: Path
) -> None:
    """Two customers, or a deposit that nobody was found for: one receipt shows all of it."""
    out = tmp_path / "out"
    assert sonae("seal", "make", books, "--out", out, "--key", tmp_path / "op.key").code == 0
    texts = {(c.account, c.text) for c in Folder(out).claims()}
    assert texts == {("A1", "A1|one"), ("A2", "A2|two"), ("A3", "A3")}
    for account, claims in (("A1", 3), ("A2", 3), ("A3", 2)):
        words = ("--account", account, "--out", tmp_path / "receipt.json")
        said = sonae("seal", "prove", out, *words)
        assert said.code == 0, said.err
        found = sonae("verify", tmp_path / "receipt.json", "--json").json()
        assert len(found["amounts"]) == claims
    assert sonae("seal", "check", out, "--books", books).code == 0


@pytest.mark.parametrize("command", ["seal", "close"])
def test_books_that_are_written_to_while_they_are_sealed_are_refused(
    books: Path, tmp_path: Path, command: str, monkeypatch: Any
) -> None:
    """Totals agree, the accounts are of another moment than the digests: nothing is sealed."""
    file, real = books / "balances.csv", seal_make.write_claims

    def meanwhile(*given: Any) -> Any:
        file.write_text(file.read_text("utf-8").replace("A3,", "B3,"), "utf-8")
        return real(*given)

    monkeypatch.setattr(seal_make, "write_claims", meanwhile)
    how, out = sealing(tmp_path / "op.key"), tmp_path / "out"
    run = {
        "seal": lambda: seal_books(books, out, how),
        "close": lambda: close_books(books, out=out, sealing=how),
    }[command]
    with pytest.raises(InputError) as refused:
        run()
    [problem] = refused.value.problems
    assert (problem.name, problem.table, problem.file) == (
        "changed-file",
        "balances",
        "balances.csv",
    )
    assert not (out / "public").exists()
    assert not (out / "close.json").exists()
    assert not list(tmp_path.glob(".out*"))


def test_nobody_is_let_in_before_the_files_of_a_seal_have_their_place(
    books: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    """Another run for the same folder would put its leaves under this header."""
    seen, real = list[str](), seal_books.__globals__["replace_folder"]

    def meanwhile(*given: Any) -> None:
        with pytest.raises(UsageError, match="in use"):
            Work(tmp_path / ".out.sealing", {"other": "books"})
        seen.append("kept out")
        real(*given)

    monkeypatch.setitem(seal_books.__globals__, "replace_folder", meanwhile)
    header = seal_books(books, tmp_path / "out", sealing(tmp_path / "op.key"))
    assert seen == ["kept out"]
    assert Folder(tmp_path / "out").header() == header
    assert not list(tmp_path.glob(".out*"))


def test_a_lock_that_was_taken_away_lets_nobody_in(tmp_path: Path) -> None:
    """Who waited at the door of a folder that is gone holds nothing; what is new in it stays."""
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "old").mkdir()
    handle = locked(folder / "lock")
    with pytest.raises(BlockingIOError):
        locked(folder / "lock")
    take_away(folder, "lock")
    assert not folder.exists()
    folder.mkdir()
    assert locked(folder / "lock") != handle


def test_an_account_id_of_any_length_has_its_receipt(books: Path, tmp_path: Path) -> None:
    """Parquet keeps no bounds of a group of rows with a text of more than 4,096 bytes."""
    names = ["a", "b" * 4095, "c" * 4097, "d" * 70_000]
    rows = [balance(name, "BTC", n + 1) | {"customer_id": "C1"} for n, name in enumerate(names)]
    write(books, {"balances": rows})
    out = tmp_path / "out"
    assert sonae("seal", "make", books, "--out", out, "--key", tmp_path / "op.key").code == 0
    for name in names:
        assert [c.account for c in Folder(out).claims(name)] == [name, name]
    assert not list(Folder(out).claims("b"))


def made(rows: list[Balance], folder: Path, means: Means) -> tuple[Any, list[int]]:
    """A seal in a working folder that is kept, and how many claims each run had that was made."""
    path, sizes, real = folder / "claims.parquet", list[int](), seal_build._Runs.run
    found = write_claims(batches(rows, 1000), NUMBERS, {}, path)

    def run(self: Any, wanted: tuple[int, int, int]) -> Any:
        sizes.append(wanted[2])
        return real(self, wanted)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(seal_build._Runs, "run", run)
        plan = {"of": "these", "how": {"claims": means.claims(2)}}
        with Work(folder / "work", plan) as work:
            return build(path, KEY, 2, found.totals, work, means), sizes


def test_work_is_gone_on_with_in_the_memory_that_is_given_now(tmp_path: Path) -> None:
    """Whoever was killed for want of memory gives less the next time; more changes nothing."""
    rows = balances(200, 5)
    large, small = Means(400_000, 1), Means(60_000, 1)
    wanted = reference(rows, {}, 2)[1].header.assets
    first, sizes = made(rows, tmp_path, large)
    assert max(sizes) == large.claims(2) > small.claims(2)
    for number in NUMBERS.values():
        (tmp_path / f"work/leaves/{number}.bin").unlink()
    again, sizes = made(rows, tmp_path, small)
    assert sizes
    assert max(sizes) <= small.claims(2)
    more, sizes = made(rows, tmp_path, small)
    assert not sizes
    assert tuple(first) == tuple(again) == tuple(more) == wanted


def test_texts_are_hashed_some_at_a_time(tmp_path: Path, monkeypatch: Any) -> None:
    """Those of a run may be more than a column of Arrow holds (2 GB), however much memory."""
    rows, seen, real = balances(60, 8), list[int](), seal_build.texts
    monkeypatch.setattr(seal_build, "BATCH", 7)
    monkeypatch.setattr(seal_build, "texts", lambda c: (seen.append(len(c)), real(c))[1])
    assert (
        tuple(made(rows, tmp_path, Means(20_000, 1))[0]) == reference(rows, {}, 2)[1].header.assets
    )
    assert len(seen) > 1
    assert max(seen) <= 7


def test_a_line_of_the_journal_that_lies_is_not_believed(tmp_path: Path) -> None:
    """A root that rotted on the disk is made anew; its files are what they were."""
    rows, means = balances(40, 5), Means(1 << 20, 1)
    wanted = reference(rows, {}, 2)[1].header.assets
    made(rows, tmp_path, means)
    journal = tmp_path / "work" / "journal"
    root = next(asset.root.hex() for asset in wanted if asset.leaves)
    text = journal.read_text("utf-8")
    assert root in text
    journal.write_text(text.replace(root, "00" * 32), "utf-8")
    assert tuple(made(rows, tmp_path, means)[0]) == wanted


def test_a_journal_of_another_plan_is_not_believed(tmp_path: Path) -> None:
    """Power fails while a folder changes hands: the new plan stands beside the old journal."""
    with Work(tmp_path / "w", {"of": "one"}) as work:
        work.path("f").write_bytes(b"x")
        work.finish("claims", [work.path("f")], {"totals": {}})
        work.settle()
        assert work.done("claims")
    (tmp_path / "w" / "plan.json").write_text(json.dumps({"of": "two"}))
    with Work(tmp_path / "w", {"of": "two"}) as work:
        assert work.done("claims") is None


def test_a_file_whose_time_was_set_back_is_known_as_another(tmp_path: Path) -> None:
    """Tools that copy in place keep size, time and inode; not the time of the change itself."""
    file = tmp_path / "balances.csv"
    file.write_text("a,1")
    before, at = digest_of(file), file.stat()
    file.write_text("a,2")
    os.utime(file, ns=(at.st_atime_ns, at.st_mtime_ns))
    assert file.stat().st_mtime_ns == at.st_mtime_ns
    assert digest_of(file) != before


def test_what_was_read_of_a_file_that_changed_meanwhile_is_not_kept(tmp_path: Path) -> None:
    """A result or a copy of later bytes, filed under the digest of earlier ones, would be wrong."""
    file, rows = tmp_path / "t.csv", ("a\n1\n", "a\n22\n")
    file.write_text(rows[0])

    class Late(DuckDB):
        """Somebody writes after the file was known and before it is read."""

        def rows(self, expression: Any) -> list[dict[str, Any]]:
            duckdb.sql("copy (select 22 as a) to '" + str(tmp_path / "t.parquet") + "'")
            return super().rows(expression)

    duckdb.sql("copy (select 1 as a) to '" + str(tmp_path / "t.parquet") + "'")
    kept = Kept(Late("200MB", 1, tmp_path), tmp_path)
    table = kept.scan([tmp_path / "t.parquet"]).select("a")
    assert kept.rows(table) == [{"a": 22}]
    kept.close()
    part, real = Part(file, "t.csv", {"a": pa.string()}), transcribe.pc.open_csv

    def late(*given: Any) -> Any:
        file.write_text(rows[1])
        return real(*given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transcribe.pc, "open_csv", late)
        assert transcribe.transcribe(part, "t", tmp_path, [])
    assert not list(tmp_path.glob("*.json"))


def test_an_account_of_many_rows_is_looked_at_once(tmp_path: Path, monkeypatch: Any) -> None:
    """Rows of one account are gathered, not compared again with every batch that comes."""
    seen = list[int]()
    real = seal_make.write_claims.__globals__["_accounts_together"]
    monkeypatch.setitem(real.__globals__, "STEP", 10)
    index = real.__globals__["pc"].index

    def counted(array: Any, value: Any) -> Any:
        seen.append(len(array))
        return index(array, value)

    monkeypatch.setattr(real.__globals__["pc"], "index", counted)
    numbers = {f"X{n:04}": n + 1 for n in range(500)}
    rows = [Balance("a", None, name, 1) for name in numbers] + [Balance("b", None, "X0000", 1)]
    found = write_claims(batches(rows, 5), numbers, {}, tmp_path / "c")
    assert found.totals[1] == 2
    assert sum(seen) < 3 * len(rows)
