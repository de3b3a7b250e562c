"""Spark beside DuckDB: the same close, seal, entitlements and refusals, to the last unit.

These tests start JVMs: `make test-all` runs them, `make spark` gets what they need.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sonae.actions.claims.entitle import compare_methods, load_incident
from sonae.actions.close import close_books
from sonae.books.engine import open_engine
from sonae.books.sample import PLANTS
from sonae.core.errors import InputError, Refused
from tests.claims.test_incident import FIXED, KIND, LATER, incident, tables
from tests.command import contents, sonae
from tests.engine import on_spark
from tests.engine.cluster import SRC, cluster, environment
from tests.kit import balance, changed, write

SONAE = (sys.executable, "-c", "from sonae.cli.main import main; main()")
MISSING = on_spark.needed()
pytestmark = [pytest.mark.slow, pytest.mark.skipif(MISSING is not None, reason=MISSING or "")]


@pytest.fixture(scope="module", autouse=True)
def session() -> Iterator[Any]:
    """One session for the tests of this file."""
    running = on_spark.session()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def seal_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("key") / "seal.key"
    assert sonae("seal", "key", file).code == 0
    return file


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sample of 300 accounts."""
    folder = tmp_path_factory.mktemp("sample") / "books"
    assert sonae("sample", folder, "--accounts", 300).code == 0
    return folder


def closed(books: Path, engine: str) -> Mapping[str, Any]:
    """The document of a close, or the problems that refuse it; without the name of the engine."""
    try:
        document = close_books(books, engine=engine).document
    except InputError as error:
        return {"problems": [p.as_json() for p in error.problems]}
    assert document["sources"].pop("engine") == engine
    return document


def same(books: Path) -> Mapping[str, Any]:
    """What both engines say of Books, which is the same."""
    plain, spread = closed(books, "duckdb"), closed(books, "spark")
    assert json.dumps(spread) == json.dumps(plain)
    return spread


def sealed(books: Path, out: Path, key: Path, *words: str) -> Any:
    """The document of a close that is sealed, without the name of the engine."""
    said = sonae("close", books, "--out", out, "--seal-key", key, "--json", *words)
    assert said.code == 0, said.err
    document = said.json()
    del document["sources"]["engine"]
    return document


# -- the same close --------------------------------------------------------------------------------


@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_fault_is_the_same_on_both_engines(tmp_path: Path, plant: str) -> None:
    """Findings or refusal: names, amounts, files, rows and columns."""
    books = tmp_path / "books"
    assert sonae("sample", books, "--accounts", 300, "--plant", plant).code == 0
    found = same(books)
    assert plant in {f["name"] for f in found.get("findings", found.get("problems", []))}


def test_names_that_spark_would_read_otherwise_or_pass_over_are_read(tmp_path: Path) -> None:
    """A leading underscore, blanks, patterns, percent signs and kana in names of files."""
    folder = tmp_path / "books of {2026} 100%[a]?*/残高"
    rows = [balance(f"A{n}", "BTC", 10**n) for n in range(8)]
    names = ("_hidden", "b c", "d%20e", "{f,g}", "h*", "[i]", "残高", "plain")
    write(folder, changed(balances=[]))
    (folder / "balances.csv").unlink()
    (folder / "balances").mkdir()
    for name, row in zip(names, rows, strict=True):
        pq.write_table(pa.Table.from_pylist([row]), folder / "balances" / f"{name}.parquet")
    btc = next(line for line in same(folder)["reconciliation"] if line["asset"] == "BTC")
    assert btc["base_units"]["owed"] == "11111111"
    bad = balance("A9", "DOGE", 1)
    for name in names:
        pq.write_table(pa.Table.from_pylist([bad]), folder / "balances" / f"{name}.parquet")
    places = [
        (p["file"], p["row"]) for p in same(folder)["problems"] if p["name"] == "unknown-asset"
    ]
    assert sorted(places) == sorted((f"balances/{name}.parquet", 1) for name in names)


@pytest.mark.parametrize("form", ["quantity", "quantity_decimal"])
def test_text_that_is_no_quantity_is_refused_alike(tmp_path: Path, form: str) -> None:
    """Spark's `$` stands before a line break, and its cast takes blanks and exponents."""
    write(tmp_path, changed(balances=[]))
    (tmp_path / "balances.csv").unlink()
    plain = {k: v for k, v in balance("A1", "BTC", 1).items() if k != "quantity"}
    texts = ["12\n", " 12", "1e3", "+1", "１２", "9" * 39, "", "-", "1_000", "12\r\n", "7"]
    rows = [plain | {"account_id": f"A{n}", form: text} for n, text in enumerate(texts)]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "balances.parquet")
    found = same(tmp_path)["problems"]
    assert {p["name"] for p in found} == {"corrupt-row"}
    assert sorted(p["row"] for p in found) == list(range(1, len(texts)))


def test_a_sum_beyond_38_digits_is_refused_and_one_of_38_is_exact(tmp_path: Path) -> None:
    """No wrapping round, no null: ANSI mode."""
    most = 10**38 - 1
    rows = [balance("A1", "BTC", most - 5), balance("A2", "BTC", 5)]
    write(tmp_path / "good", changed(balances=rows))
    btc = next(b for b in same(tmp_path / "good")["reconciliation"] if b["asset"] == "BTC")
    assert btc["base_units"]["owed"] == str(most)
    write(tmp_path / "bad", changed(balances=[*rows, balance("A3", "BTC", 1)]))
    for engine in ("duckdb", "spark"):
        with pytest.raises(Refused, match="38"):
            close_books(tmp_path / "bad", engine=engine)


def test_a_file_that_ends_early_is_unreadable_on_both(tmp_path: Path) -> None:
    """A column's pages are overwritten; the footer is whole."""
    write(tmp_path, changed(balances=[]))
    (tmp_path / "balances.csv").unlink()
    rows = [balance(f"A{n}", "BTC", n) for n in range(1, 5000)]
    file = tmp_path / "balances.parquet"
    pq.write_table(pa.Table.from_pylist(rows), file, use_dictionary=False)
    content = bytearray(file.read_bytes())
    content[4:2000] = b"\xff" * 1996
    file.write_bytes(content)
    for engine in ("duckdb", "spark"):
        with pytest.raises(InputError) as caught:
            close_books(tmp_path, engine=engine)
        [problem] = caught.value.problems
        assert (problem.name, problem.table) == ("unreadable-file", "balances")


def test_a_column_in_which_nothing_stands_is_read_on_both(tmp_path: Path) -> None:
    """Arrow gives it a type of its own, which has no values."""
    write(tmp_path, changed())
    (tmp_path / "balances.csv").unlink()
    rows = [balance("A1", "BTC", 70), balance("A2", "BTC", 30)]
    table = pa.Table.from_pylist(rows).append_column("days_to_liquid", pa.nulls(2))
    pq.write_table(table, tmp_path / "balances.parquet")
    btc = next(b for b in same(tmp_path)["reconciliation"] if b["asset"] == "BTC")
    assert btc["base_units"]["owed"] == "100"


def test_the_faults_of_quantities_are_found_on_spark_as_on_duckdb() -> None:
    """The tests of tests/faults, as they are, with Spark in DuckDB's place."""
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "tests.engine.on_spark"]
    ran = subprocess.run(
        [*command, "tests/faults/test_quantities.py", "tests/faults/test_counts.py"],
        cwd=SRC.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-4000:]


# -- the same seal and entitlements ----------------------------------------------------------------


def test_local_and_a_cluster_of_two_workers_seal_the_same_header(
    tmp_path: Path, books: Path, seal_key: Path
) -> None:
    """One close.json and one header; claims and leaves to the byte."""
    plain = sealed(books, tmp_path / "duckdb", seal_key)
    local = sealed(books, tmp_path / "local", seal_key, "--engine", "spark")
    assert json.dumps(local) == json.dumps(plain)
    (tmp_path / "cluster").mkdir()
    with cluster(tmp_path / "cluster") as url:
        words = [
            "close",
            str(books),
            "--out",
            str(tmp_path / "spread"),
            "--seal-key",
            str(seal_key),
        ]
        ran = subprocess.run(
            [*SONAE, *words, "--engine", "spark", "--spark-master", url],
            env=environment(tmp_path / "cluster"),
            capture_output=True,
            text=True,
            check=False,
        )
        logs = "".join(p.read_text() for p in (tmp_path / "cluster").glob("work-*/*/*/stderr"))
    assert ran.returncode == 0, ran.stderr + logs
    spread = json.loads((tmp_path / "spread" / "close.json").read_bytes())
    assert spread["sources"].pop("engine") == "spark"
    assert json.dumps(spread) == json.dumps(plain)
    assert len(list((tmp_path / "cluster").glob("work-*/app-*"))) == 2
    for name in ("local", "spread"):
        ours, theirs = (contents(tmp_path / n / "seal") for n in (name, "duckdb"))
        assert ours.keys() == theirs.keys()
        for file in ours:
            if file.startswith(("private/", "public/header.bin", "public/manifest")):
                assert file.endswith(".minisig") or ours[file] == theirs[file], file


def test_a_seal_in_many_pieces_has_the_same_header(
    tmp_path: Path, books: Path, seal_key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pieces of 500 rows cut every tree somewhere else."""
    plain = sealed(books, tmp_path / "duckdb", seal_key)
    monkeypatch.setattr("sonae.actions.seal.spread.ROWS", 500)
    made = sonae(
        *("seal", "make", books, "--out", tmp_path / "seal", "--key", seal_key),
        *("--engine", "spark", "--json"),
    )
    assert made.json()["hash"] == plain["seal"]["header_hash"]
    assert sonae("seal", "check", tmp_path / "seal", "--books", books).code == 0


def test_two_accounts_of_one_text_are_refused(tmp_path: Path, seal_key: Path) -> None:
    """As the plain maker refuses them: one leaf would serve two customers."""
    rows = [balance("ガ", "BTC", 7), balance("カ\u3099", "BTC", 7)]
    assets = [dict(a, number=n) for n, a in enumerate(changed()["assets"], 1)]
    write(tmp_path / "books", changed(assets=assets, balances=rows))
    for engine in ("duckdb", "spark"):
        words = ("--key", seal_key, "--engine", engine, "--lang", "en")
        said = sonae("seal", "make", tmp_path / "books", "--out", tmp_path / engine, *words)
        assert said.code == 3
        assert "two accounts have the same account text" in said.err
        assert not (tmp_path / engine).exists()


def test_entitlements_are_the_same_by_account(tmp_path: Path) -> None:
    """Totals, residues and every account under every method."""
    books = write(tmp_path / "books", tables())
    known = load_incident(incident(tmp_path, FIXED, LATER, KIND))[0]
    found = [compare_methods(books, known, tmp_path / e, engine=e) for e in ("duckdb", "spark")]
    assert found[0] == found[1]
    rows = [pq.read_table(tmp_path / e / "accounts.parquet") for e in ("duckdb", "spark")]
    assert rows[0].num_rows > 0
    assert rows[0].equals(rows[1])


# -- what is refused -------------------------------------------------------------------------------


def test_spark_without_ansi_mode_is_refused(tmp_path: Path) -> None:
    """A firm's setting is not overridden: an overflow would lose a value without an error."""
    env = environment(tmp_path, "spark.sql.ansi.enabled false")
    words = ["close", str(tmp_path), "--engine", "spark", "--spark-master", "local[1]"]
    ran = subprocess.run(
        [*SONAE, *words, "--lang", "en"],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 3
    assert "spark.sql.ansi.enabled = false" in ran.stderr


def test_a_result_of_which_rows_are_missing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the executors' folder is not the driver's, rows would be lost without a word."""
    from sonae.books.engine import spark

    engine = open_engine("spark")
    try:
        file = engine.scratch() / "n.parquet"
        pq.write_table(pa.table({"n": range(10)}), file)
        table = engine.scan([file])
        assert sorted(r["n"] for rows in engine.stream(table) for r in rows) == list(range(10))
        read = pq.read_metadata

        class Less:
            num_rows = 3

        monkeypatch.setattr(spark.pq, "read_metadata", lambda _: Less)
        with pytest.raises(Refused, match="3 of 10 rows"):
            list(engine.stream(table))
        monkeypatch.setattr(spark.pq, "read_metadata", read)
    finally:
        engine.close()
