"""Sealing against `hashlib` in the same process; and 1 to 100 million leaves, Parquet to header.

Ratios are medians of rounds in which the sides take turns, of processor time: a clock on the wall
is shown beside it, and says more of what else the machine did. Three sides hash the same leaves:

    bare        hashlib over the preimages of salts and leaves, already joined; digests kept
    reference   sonae.seal.tree: derive, split, order, hash, build
    kernel      sonae.seal.fast: the same bytes

Each size is a process of its own, so that its memory is its own: net balances in Parquet (one asset
of 8 decimals, and its value in yen: two claims an account, two leaves a claim) to claims, runs,
trees and header. From its folder receipts are made and verified.

    python benchmarks/seal.py [--leaves 300000] [--rounds 5] [--sizes 1,10]

`--sizes` in millions; with 100 among them its limits count too (120 s on two cores, 2 GB).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from sonae.actions.seal.build import Means, build
from sonae.actions.seal.claims import write_claims
from sonae.actions.seal.receipt import prove_account
from sonae.actions.seal.work import Work
from sonae.seal import tree
from sonae.seal.encoding import LEAF, account_digest, day_key, key_commitment
from sonae.seal.fast import choose, combine, ordered, subtree
from sonae.seal.fast.arrays import amounts_of
from sonae.seal.header import NONE
from sonae.seal.make import Terms, header_of
from sonae.seal.verifier import verify

ASSET, PARTS = 1, 2
LEAF_TIMES, TREE_TIMES, REFERENCE_TIMES = 5, 20, 6
SECONDS, MEGABYTES, RECEIPT, VERIFIED = 120, 2000, 0.1, 0.01
KEY = day_key(bytes(32), 1, 0)
Claims = list[tuple[bytes, int]]


def claims_of(leaves: int) -> Claims:
    names = [f"A{n:09}|customer{n}@example.jp" for n in range(leaves // PARTS)]
    return [(account_digest(name), 7_919 * n + 1) for n, name in enumerate(names)]


def preimages(claims: Claims) -> list[bytes]:
    """What is hashed for salts and leaves, joined beforehand."""
    found, middle = [], ASSET.to_bytes(4, "big")
    padded = KEY.ljust(64, b"\0")
    inner, outer = (bytes(b ^ pad for b in padded) for pad in (0x36, 0x5C))
    for salt, digest, part, amount in tree.leaves(claims, KEY, ASSET, PARTS):
        tail = middle + part.to_bytes(4, "big")
        found += [inner + digest + tail, outer + hashlib.sha256(inner + digest + tail).digest()]
        found.append(LEAF + salt + digest + tail + amount.to_bytes(16, "big"))
    return found


def bare(messages: list[bytes]) -> list[bytes]:
    sha = hashlib.sha256
    return [sha(message).digest() for message in messages]


def reference(claims: Claims) -> tuple[bytes, int]:
    whole = tree.build(tree.rows_of(tree.leaves(claims, KEY, ASSET, PARTS), ASSET))
    return whole.root, whole.total


class Kernel:
    """The kernel over the same claims, as arrays."""

    def __init__(self, claims: Claims) -> None:
        self.digests = np.frombuffer(b"".join(d for d, _ in claims), np.uint8).reshape(-1, 32)
        self.amounts = amounts_of([amount for _, amount in claims])
        self.assets = np.full(len(claims), ASSET, np.uint32)
        self.hashing = choose(1 << 30)

    def leaves(self) -> Any:
        return self.hashing.leaves(KEY, self.digests, self.assets, self.amounts, PARTS)

    def tree(self) -> tuple[bytes, int]:
        rows = ordered(self.leaves()).rows
        return tuple(combine(subtree(0, rows, self.hashing), len(rows)))


def spent(work: Callable[[], object]) -> tuple[float, float]:
    """Processor and wall seconds."""
    began, wall = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - began, time.perf_counter() - wall


def ratios(leaves: int, rounds: int) -> bool:
    claims = claims_of(leaves)
    messages, kernel = preimages(claims), Kernel(claims)
    assert kernel.tree() == reference(claims)
    sides = {
        "bare": lambda: bare(messages),
        "reference": lambda: reference(claims),
        "kernel, leaves": kernel.leaves,
        "kernel, tree": kernel.tree,
    }
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, work in sides.items():
            times[name].append(spent(work))
    print(f"{leaves:,} leaves, {rounds} rounds, kernel {kernel.hashing.name}; medians")
    found = {}
    for name, pairs in times.items():
        found[name], wall = (median(column) for column in zip(*pairs, strict=True))
        rate = leaves / found[name] / 1e6
        print(f"  {name:15} processor {found[name]:7.3f} s   wall {wall:7.3f} s   {rate:6.2f} M/s")
    held = True
    for words, times_, least in (
        ("leaves: bare hashlib / kernel", found["bare"] / found["kernel, leaves"], LEAF_TIMES),
        ("tree: reference / kernel", found["reference"] / found["kernel, tree"], TREE_TIMES),
    ):
        print(f"  {words:32} {times_:5.1f} times (at least {least})")
        held &= times_ >= least
    slow = found["reference"] / found["bare"]
    print(f"  {'reference / bare hashlib':32} {slow:5.1f} times (at most {REFERENCE_TIMES})")
    return held and slow <= REFERENCE_TIMES


# -- sizes -----------------------------------------------------------------------------------------


def write_net(path: Path, accounts: int) -> None:
    """Balances as the engine gives them, in a process of its own."""
    program = f"""
import duckdb
duckdb.sql('''copy (select format('A{{:010d}}', i) account_id,
  format('C{{:d}}', i) customer_id, format('customer{{:d}}@example.jp', i) proof_text, 'BTC' asset,
  (hash(i) % 1000000000000 + 1)::decimal(38,0) units from range({accounts}) t(i))
  to '{path}' (format parquet, compression zstd, row_group_size 250000)''')
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def seal_net(net: Path, folder: Path) -> dict[str, Any]:
    """Parquet to header, and a folder from which receipts are made; what it took."""
    began, times = time.perf_counter(), [os.times()]
    file = pq.ParquetFile(net)
    prices = {"BTC": Fraction(15_000_000, 10**8)}
    steps = [time.perf_counter()]
    with Work(folder / "private", {}) as work:
        path = work.path("claims.parquet")
        found = write_claims(file.iter_batches(100_000), {"BTC": ASSET}, prices, path)
        steps.append(time.perf_counter())
        sealed = build(path, KEY, PARTS, found.totals, work, Means())
    header = header_of(sealed, Terms("o", "c", 0, 1, NONE, PARTS), b"{}", KEY)
    steps.append(time.perf_counter())
    times.append(os.times())
    (folder / "public").mkdir()
    (folder / "public" / "header.bin").write_bytes(header.pack())
    (folder / "private" / "day.key").write_text(KEY.hex())
    assert header.key_commitment == key_commitment(KEY)
    return {
        "leaves": sum(a.leaves for a in sealed),
        "wall": steps[-1] - began,
        "claims": steps[1] - steps[0],
        "user": times[1].user - times[0].user,
        "system": times[1].system - times[0].system,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "load": os.getloadavg()[0],
        "header": header.hash(),
    }


def receipt_times(folder: Path, accounts: int) -> dict[str, float]:
    """Medians of making and of verifying receipts; files may be in memory by now."""
    hash = json.loads((folder / "said.json").read_text())["header"]
    made, spent_, checked = [], [], []
    for n in range(9):
        account = f"A{(accounts - 1) * n // 8:010}"
        began, used = time.perf_counter(), time.process_time()
        receipt = prove_account(folder, account)
        made.append(time.perf_counter() - began)
        spent_.append(time.process_time() - used)
        began = time.perf_counter()
        assert set(verify(receipt, hash)) == {0, ASSET}
        checked.append(time.perf_counter() - began)
    return {
        "receipt": median(made),
        "processor": median(spent_),
        "first": made[0],
        "verified": median(checked),
    }


def size(millions: int, place: Path) -> bool:
    """One size, in processes of its own."""
    leaves = millions * 1_000_000
    accounts = leaves // (2 * PARTS)
    folder = place / "seal"
    folder.mkdir()
    write_net(place / "net.parquet", accounts)
    for what in ("seal", "receipts"):
        command = [sys.executable, __file__, "--step", what, str(place), str(accounts)]
        ran = subprocess.run(command, check=True, capture_output=True, text=True)
        said = json.loads(ran.stdout)
        if what == "seal":
            (folder / "said.json").write_text(ran.stdout)
            print(
                f"{said['leaves']:>12,} leaves  wall {said['wall']:6.1f} s (claims "
                f"{said['claims']:.1f})  processor {said['user']:.1f} + {said['system']:.1f} s  "
                f"memory {said['memory']:,} MB  load {said['load']:.1f}",
                flush=True,
            )
            in_time = said["wall"] <= SECONDS and said["memory"] <= MEGABYTES
            held = millions < 100 or in_time
            continue
        print(
            f"{'':12} receipt: processor {said['processor'] * 1000:.1f} ms (at most "
            f"{RECEIPT * 1000:.0f}), wall {said['receipt'] * 1000:.1f} (first "
            f"{said['first'] * 1000:.1f})   verified {said['verified'] * 1000:.2f} ms (at most "
            f"{VERIFIED * 1000:.0f})",
            flush=True,
        )
        held &= said["processor"] <= RECEIPT and said["verified"] <= VERIFIED
    return held


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leaves", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sizes", default="1,10")
    parser.add_argument("--step", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.step:
        what, place, accounts = asked.step[0], Path(asked.step[1]), int(asked.step[2])
        if what == "seal":
            print(json.dumps(seal_net(place / "net.parquet", place / "seal")))
        else:
            print(json.dumps(receipt_times(place / "seal", accounts)))
        return 0
    model = next(
        (x for x in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in x), ""
    )
    print(f"{platform.machine()} {model.partition(': ')[2]}, {os.cpu_count()} cores, ", end="")
    print(f"Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}")
    held = ratios(asked.leaves, asked.rounds)
    for millions in (int(word) for word in asked.sizes.split(",") if word):
        place = Path(tempfile.mkdtemp(prefix="sonae-seal-"))
        try:
            held &= size(millions, place)
        finally:
            shutil.rmtree(place)
    print("held" if held else "NOT held")
    return 0 if held else 1


if __name__ == "__main__":
    raise SystemExit(main())
