"""A streamed seal is the reference's, whatever memory, threads and splits; and after a kill."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonae.actions.seal import claims as seal_claims
from sonae.actions.seal.build import Means, build
from sonae.actions.seal.claims import accounts_in, tally_of, totals_of, write_claims
from sonae.actions.seal.columns import added_up
from sonae.actions.seal.folder import Folder
from sonae.actions.seal.work import Work
from sonae.core.errors import Refused, UsageError
from sonae.seal import tree
from sonae.seal.claims import Balance, Claims, collect
from sonae.seal.encoding import LIMIT
from sonae.seal.fast import Hashing, choose
from sonae.seal.fast.arrays import amounts_of
from sonae.seal.header import Sealed
from sonae.seal.make import Seal, Terms, make
from tests.command import contents, decided, sonae
from tests.kit import asset, balance, clean, holding, price, write

KEY = bytes(range(32))
NUMBERS = {"A": 90, "B": 7, "C": 1, "D": 4_000_000_000}
LARGE_PRIME = (1 << 61) - 1
PRICES = [
    {"A": Fraction(3, 7), "C": Fraction(10**12 + 1, 10**18), "D": Fraction(1)},
    {"A": Fraction(1, LARGE_PRIME), "B": Fraction(12345678901234567890, 10**20)},
    {},
]
HASHINGS: list[Hashing | None] = [None, choose(0, 16)]


def balances(accounts: int, seed: int) -> list[Balance]:
    """Net balances of every sign and size, ascending by account."""
    draw, rows = random.Random(seed), list[Balance]()
    for n in range(accounts):
        proof = draw.choice([None, "", f"p{n}@example.jp", f"窓か\u3099{n}"])
        for name in sorted(draw.sample("ABCDX", draw.randrange(1, 5))):
            net = draw.choice([0, -5, 1, *(draw.getrandbits(n) for n in (60, 90, 115))])
            rows.append(Balance(f"acc{n:07}", proof, name, net))
    return rows


def entries(row: Balance) -> list[tuple[str | None, str | None, int]]:
    """Customer, proof text and units of one or several entries that add up to a balance."""
    draw = random.Random(f"{row.account} {row.asset}")
    if draw.random() < 0.5 or abs(row.net) > 10**37:
        return [("c", row.proof_text, row.net)]
    first, last = (draw.randrange(-(10**30), 10**30) for _ in range(2))
    rest = row.net - first - last
    other = row.proof_text and "another's"  # the first that an account has is its text's
    return [(None, None, first), ("c", row.proof_text, rest), ("d", other, last)]


def batches(rows: list[Balance], size: int) -> list[Any]:
    every = [(r.account, r.asset, *entry) for r in rows for entry in entries(r)]
    columns = {
        "account_id": pa.array([e[0] for e in every], pa.string()),
        "asset": pa.array([e[1] for e in every], pa.string()),
        "customer_id": pa.array([e[2] for e in every], pa.string()),
        "units": pa.array([Decimal(e[4]) for e in every], pa.decimal128(38, 0)),
        "proof_text": pa.array([e[3] for e in every], pa.string()),
    }
    return list(pa.table(columns).to_batches(max_chunksize=size))


def reference(rows: list[Balance], prices: dict[str, Fraction], parts: int) -> tuple[Claims, Seal]:
    found = collect(rows, NUMBERS, prices)
    return found, make(found, Terms("op", "x", 5, 1, bytes(32), parts), b"{}", KEY)


def streamed(
    rows: list[Balance], prices: dict[str, Fraction], parts: int, means: Means, folder: Path
) -> tuple[list[Sealed], Path]:
    path = folder / "claims.parquet"
    found = write_claims(batches(rows, 1000), NUMBERS, prices, path)
    with Work(folder / "work", {"how": {"claims": means.claims(parts)}}) as work:
        return build(path, KEY, parts, found.totals, work, means), work.folder


@settings(max_examples=25, deadline=None)
@given(
    accounts=st.sampled_from([0, 1, 2, 3, 40, 300]),
    seed=st.integers(0, 999),
    prices=st.sampled_from(PRICES),
    parts=st.integers(1, 3),
    memory=st.sampled_from([5_000, 60_000, 1 << 30]),
    threads=st.integers(1, 3),
    hashing=st.sampled_from(HASHINGS),
)
def test_any_memory_threads_and_hashing_give_the_seal_of_the_reference(
    accounts: int,
    seed: int,
    prices: dict[str, Fraction],
    parts: int,
    memory: int,
    threads: int,
    hashing: Hashing | None,
) -> None:
    rows = balances(accounts, seed)
    _, whole = reference(rows, prices, parts)
    with tempfile.TemporaryDirectory() as folder:
        means = Means(memory, threads, hashing)
        made, work = streamed(rows, prices, parts, means, Path(folder))
        assert tuple(made) == whole.header.assets
        for number, content in whole.leaves.items():
            assert (work / f"leaves/{number}.bin").read_bytes() == content
            levels = tree.build(tree.read_rows(content)).levels[8:]
            kept = (work / f"leaves/{number}.tree").read_bytes()
            assert not levels or kept == b"".join(row for level in levels for row in level)


@settings(max_examples=30, deadline=None)
@given(
    accounts=st.sampled_from([0, 1, 2, 50]),
    seed=st.integers(0, 999),
    prices=st.sampled_from(PRICES),
    size=st.sampled_from([1, 7, 1000]),
    step=st.sampled_from([1, 20, 10**6]),
)
def test_claims_in_columns_are_those_of_the_reference(
    accounts: int, seed: int, prices: dict[str, Fraction], size: int, step: int
) -> None:
    """However the balances are cut into batches: rows, value, residue, what is left out."""
    rows = balances(accounts, seed)
    wanted = collect(rows, NUMBERS, prices)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(seal_claims, "STEP", step)
        path = Path(folder) / "c.parquet"
        found = write_claims(batches(rows, size), NUMBERS, prices, path)
        written = [
            (r["account"], r["text"], r["asset"], int(r["amount"]))
            for r in pq.read_table(path).to_pylist()
        ]
        assert written == sorted(map(tuple, wanted.every))
        assert totals_of(path) == {n: t for n, t in found.totals.items() if wanted.by_asset[n]}
        assert accounts_in(path) == len({row[0] for row in written})
        assert tally_of(found.info(), path) == found
    assert found.totals == {n: sum(a for _, a in c) for n, c in wanted.by_asset.items()}
    assert (found.value, found.residue) == (wanted.value, wanted.residue)
    assert found.excluded == wanted.excluded


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(st.integers(1 - (1 << 127), (1 << 127) - 1), min_size=1, max_size=4)))
def test_entries_of_any_sign_are_added_up_exactly_or_refused(groups: list[list[int]]) -> None:
    every = [n % (1 << 128) for group in groups for n in group]
    pairs = amounts_of(every)
    starts = np.cumsum([0, *map(len, groups)])[:-1].astype(np.int64)
    wanted = [sum(group) for group in groups]
    if any(not -(1 << 127) <= n < 1 << 127 for n in wanted):
        with pytest.raises(Refused, match="128 bits"):
            added_up(pairs[:, 0], pairs[:, 1], starts)
    elif groups:
        high, low = added_up(pairs[:, 0], pairs[:, 1], starts)
        found = [a << 64 | b for a, b in zip(high.tolist(), low.tolist(), strict=True)]
        assert found == [n % (1 << 128) for n in wanted]


def test_a_value_of_2_to_the_128_is_refused(tmp_path: Path) -> None:
    rows = [Balance("a", None, "A", 10**38 - 1)]
    for worth, fits in ((3, True), (4, False)):
        prices = {"A": Fraction(worth)}
        if fits:
            found = write_claims(batches(rows, 9), NUMBERS, prices, tmp_path / "c")
            assert found.totals[0] == 3 * (10**38 - 1)
            assert totals_of(tmp_path / "c")[0] == 3 * (10**38 - 1)
        else:
            with pytest.raises(Refused, match=r"2\^128"):
                write_claims(batches(rows, 9), NUMBERS, prices, tmp_path / "c")


def test_a_sum_of_2_to_the_128_and_one_text_twice_are_refused(tmp_path: Path) -> None:
    several = [Balance(f"a{n}", None, "A", 10**38 - 1) for n in range(4)]
    twice = [Balance("a", "b|c", "A", 1), Balance("a|b", "c", "A", 1)]
    for n, (rows, why) in enumerate([(several, r"2\^128"), (twice, "same account text")]):
        folder = tmp_path / str(n)
        folder.mkdir()
        with pytest.raises(Refused, match=why):
            streamed(rows, {}, 2, Means(1 << 20, 2), folder)
        assert not (folder / "work").exists()
    assert LIMIT <= 4 * (10**38 - 1)


def test_the_same_is_not_made_twice_at_once(tmp_path: Path) -> None:
    with Work(tmp_path / "w", {}), pytest.raises(UsageError, match="in use"):
        Work(tmp_path / "w", {})


# -- kills -----------------------------------------------------------------------------------------

STAGES = ("claims", "run", "tree")
KILLED = """
import os, signal, sys
from sonae.actions.seal import build as seal_build
from sonae.actions.seal import work as seal_work
from sonae.cli.main import main
at, done = int(sys.argv[1]), 0
means = seal_build.Means(memory=100_000, threads=1)
seal_build.means_of = lambda *_: means
finish = seal_work.Work._finish
def counted(self, stage, files, info):
    global done
    if done == at: os.kill(os.getpid(), signal.SIGKILL)
    finish(self, stage, files, info)
    done += 1
    print(stage, file=sys.stderr, flush=True)
seal_work.Work._finish = counted
links = os.link
def linked(*names):
    if at and done == at: os.kill(os.getpid(), signal.SIGKILL)
    links(*names)
os.link = linked
sys.argv = ["sonae", *sys.argv[2:]]
sys.exit(main())
"""


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Books of a few hundred accounts, a key, and their seal made in one go."""
    here = tmp_path_factory.mktemp("streamed")
    accounts = [f"A{n:04}" for n in range(150)]
    rows = [balance(a, "BTC", 7 * n + 1) for n, a in enumerate(accounts)]
    rows += [balance(a, "JPY", 11 * n + 5) for n, a in enumerate(accounts)]
    tables = clean() | {
        "assets": [asset("BTC") | {"number": 1}, asset("JPY", "fiat", 0) | {"number": 2}],
        "balances": rows,
        "holdings": [holding("w", "BTC", sum(7 * n + 1 for n in range(150)))],
        "prices": [price("BTC", "15000000")],
    }
    write(here / "books", tables)
    assert sonae("seal", "key", here / "op.key").code == 0
    assert sealed(here, "whole").code == 0
    return here


def sealed(here: Path, name: str, *words: str) -> Any:
    key = here / "op.key"
    return sonae("seal", "make", here / "books", "--out", here / name, "--key", key, *words)


def killed(here: Path, name: str, at: int) -> subprocess.CompletedProcess[str]:
    words = ["seal", "make", here / "books", "--out", here / name, "--key", here / "op.key"]
    command = [sys.executable, "-c", KILLED, str(at), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, env=dict(os.environ))


def steady(folder: Path) -> dict[str, bytes]:
    """All that the Books decide: not the entry, which has the time of writing, nor its log."""
    found = contents(folder)
    return {n: c for n, c in found.items() if "entry" not in n and "log/" not in n}


def test_threads_and_memory_change_no_byte_of_a_seal(books: Path) -> None:
    for name, threads in (("one", "1"), ("two", "2")):
        words = ("--threads", threads, "--seal-memory", "100MB")
        assert sealed(books, name, *words).code == 0
        assert steady(books / name) == steady(books / "whole")
    for words in (("--seal-memory", "1kB"), ("--seal-memory", "9MB"), ("--threads", "0")):
        assert sealed(books, "three", *words).code == 2


def test_killed_at_every_stage_and_run_again_the_seal_is_the_same(books: Path) -> None:
    """Before, between and after claims, runs and trees, and while the folder is being written.

    Each run goes on from what those before had finished, and nothing of it is left over.
    """
    stages = list[str]()
    for finished in (0, 1, 3, 2, 2, 1):
        ran = killed(books, "killed", finished)
        assert ran.returncode == -signal.SIGKILL, ran.stderr
        fresh = [line for line in ran.stderr.splitlines() if line.split()[0] in STAGES]
        assert len(fresh) == finished
        stages += fresh
        assert not (books / "killed").exists()
    runs = [f"run {n}" for n in range(5)]
    assert stages == ["claims", *runs, "tree 0", "tree 1", "tree 2"]
    ran = killed(books, "killed", 1)  # nothing is made again
    assert ran.returncode == 0, ran.stderr
    assert steady(books / "killed") == steady(books / "whole")
    assert not list(books.glob(".killed*"))


def test_what_a_crash_tore_is_found_by_its_digest_and_made_again(books: Path) -> None:
    folder = books / ".torn.sealing"
    assert killed(books, "torn", 4).returncode == -signal.SIGKILL
    (folder / "runs" / "0").write_bytes((folder / "runs" / "0").read_bytes()[:-1] + b"x")
    (folder / "runs" / "1").unlink()
    journal = (folder / "journal").read_bytes()
    (folder / "journal").write_bytes(journal[:-9])
    assert sealed(books, "torn").code == 0
    assert steady(books / "torn") == steady(books / "whole")
    assert not folder.exists()


def test_work_on_other_books_is_not_taken_up(books: Path, tmp_path: Path) -> None:
    assert killed(books, "other", 4).returncode == -signal.SIGKILL
    kept = books / ".other.sealing"
    table = (books / "books" / "balances.csv").read_text()
    try:
        (books / "books" / "balances.csv").write_text(table.replace("A0007,", "B0007,"))
        assert sealed(books, "other").code == 0
    finally:
        (books / "books" / "balances.csv").write_text(table)
    assert not kept.exists()
    accounts = {c.account for c in Folder(books / "other").claims()}
    assert "B0007" in accounts
    assert len(accounts) == 150


@pytest.mark.slow
def test_killed_at_a_time_of_no_ones_choosing_a_seal_comes_to_the_same(tmp_path: Path) -> None:
    """kill -9, three times; then the same command to its end.

    Ten million rows, close and seal in one: `tests/faults/test_resumed.py`.
    """
    books, key = tmp_path / "books", tmp_path / "op.key"
    words = ("--accounts", "20000", "--assets", "4", "--seed", "3")
    assert sonae("sample", books, *words).code == 0
    assert sonae("seal", "key", key).code == 0
    program = "from sonae.cli.main import main; raise SystemExit(main())"
    command = [sys.executable, "-c", program, "seal", "make", books, "--key", key, "--out"]
    began = time.monotonic()
    subprocess.run([*command, tmp_path / "whole"], check=True, capture_output=True)
    whole, draw, kills = time.monotonic() - began, random.Random(11), 0
    for _ in range(3):
        running = subprocess.Popen([*command, tmp_path / "killed"], stdout=subprocess.DEVNULL)
        try:
            running.wait(timeout=whole * draw.uniform(0.3, 0.9))
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()
            kills += 1
    assert kills
    subprocess.run([*command, tmp_path / "killed"], check=True, capture_output=True)
    assert decided(tmp_path / "killed") == decided(tmp_path / "whole")
