"""Close and seal on Spark (`local[2]`) beside DuckDB, over the same Books: for orientation only.

Each engine runs once in a process of its own; start-up of the JVM is counted. Prints times, the
peak memory of all processes of a side, the ratio, and that both made the same header.

    python benchmarks/spark.py [--people 2500000] [--folder DIR]        four rows a person
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ASSETS, ROWS_PER_PERSON = 40, 4
SIDES = {"DuckDB": "duckdb", "Spark local[2]": "spark@local[2]"}


def child(engine: str, folder: Path, key: Path) -> None:
    """Close and seal on one engine; prints what each took and the header."""
    from sonae.actions.close import close_books
    from sonae.actions.seal.make import sealing

    took, steps = {}, {"close": None, "close and seal": sealing(key)}
    for name, how in steps.items():
        start = time.perf_counter()
        with tempfile.TemporaryDirectory() as out:
            done = close_books(folder, out=Path(out) / "out", engine=engine, sealing=how)
        took[name] = time.perf_counter() - start
    print(json.dumps({"took": took, "header": done.document["seal"]["header_hash"]}))


def resident(root: int) -> int:
    """KiB in memory of a process and all below it."""
    parents, sizes = {}, {}
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            text = status.read_text()
        except OSError:
            continue
        number = int(status.parent.name)
        parents[number] = int(re.search(r"PPid:\s+(\d+)", text)[1])
        found = re.search(r"VmRSS:\s+(\d+)", text)
        sizes[number] = int(found[1]) if found else 0
    mine = {root}
    while more := {n for n, parent in parents.items() if parent in mine} - mine:
        mine |= more
    return sum(sizes.get(n, 0) for n in mine)


def measured(engine: str, folder: Path, key: Path) -> dict[str, object]:
    """One engine in a fresh process, with its peak memory in MiB."""
    command = [sys.executable, __file__, "--engine", engine, "--folder", str(folder)]
    ran = subprocess.Popen([*command, "--key", str(key)], stdout=subprocess.PIPE, text=True)
    peak, over = 0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not over.wait(0.5):
            peak = max(peak, resident(ran.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    said, _ = ran.communicate()
    over.set()
    watcher.join()
    if ran.returncode:
        sys.exit(f"{engine} failed")
    return {**json.loads(said.splitlines()[-1]), "mb": peak // 1024}


def main() -> None:
    """Measure both engines once and print them side by side."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=2_500_000)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--engine")
    parser.add_argument("--key", type=Path)
    args = parser.parse_args()
    if args.engine:
        child(args.engine, args.folder, args.key)
        return
    from sonae.actions.keys import new_key
    from sonae.books.sample import write_sample

    folder = args.folder or Path(tempfile.gettempdir()) / f"sonae-spark-{args.people}"
    if not folder.exists():
        write_sample(folder, args.people, ASSETS, rows_per_account=ROWS_PER_PERSON)
        shutil.rmtree(folder / "customers")
    with tempfile.TemporaryDirectory() as keys:
        new_key(Path(keys) / "seal.key")
        found = {n: measured(e, folder, Path(keys) / "seal.key") for n, e in SIDES.items()}
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"balance rows            {args.people * ROWS_PER_PERSON:>12,}")
    plain = found["DuckDB"]["took"]
    for name, one in found.items():
        for step, seconds in one["took"].items():
            ratio = f"{seconds / plain[step]:>8.1f} times" if name != "DuckDB" else ""
            print(f"{name:<15}{step:<15}{seconds:>10.1f} s {ratio}")
        print(f"{name:<15}peak memory    {one['mb']:>10,} MB")
    same = len({one["header"] for one in found.values()}) == 1
    print("the same header" if same else "NOT the same header")
    sys.exit(0 if same else 1)


if __name__ == "__main__":
    main()
