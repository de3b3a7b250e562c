"""The console: *Today* of a large venue beside a bare FastAPI page of the same size, in one run.

A venue is closed for real and served; a second server gives the same bytes from memory. One reader
asks both in turn, a new connection for each question, as a browser that comes for the first time.
Then readers arrive independently of one another (exponential gaps) for a minute; a late answer
counts from when its reader came.

    python benchmarks/web.py [--people 10000000] [--seconds 60] [--folder DIR]
"""

from __future__ import annotations

import argparse
import http.client
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

PATH = "/venue/today"
RATE, ALLOWED_FIRST, ALLOWED_BUSY = 20, 5, 10
ASKS, WARM = 300, 30


def bare(file: Path) -> None:
    """The peer: one page out of memory."""
    import uvicorn
    from fastapi import FastAPI
    from fastapi.responses import HTMLResponse

    app, text = FastAPI(), file.read_text("utf-8")

    @app.get(PATH, response_class=HTMLResponse)
    async def today() -> str:
        return text

    config = uvicorn.Config(app, port=0, log_level="warning", access_log=False)
    server = uvicorn.Server(config)
    listener = config.bind_socket()
    listener.listen(1_024)
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    server.run(sockets=[listener])


@contextmanager
def running(*words: str) -> Iterator[str]:
    """A server's address."""
    with subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            while not (url := process.stdout.readline()).startswith("http"):
                if process.poll() is not None:
                    raise SystemExit("a server did not start")
            yield url.strip()
        finally:
            process.terminate()


def ask(url: str) -> tuple[float, float, bytes]:
    """Milliseconds to the first content and to the last, and the page."""
    begun = time.perf_counter()
    client = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    client.request("GET", PATH, headers={"Accept-Language": "ja"})
    answer = client.getresponse()
    head = answer.read(4_096)
    first = time.perf_counter()
    body = head + answer.read()
    done = time.perf_counter()
    client.close()
    if answer.status != 200:
        raise SystemExit(f"{url}{PATH} answered {answer.status}")
    return (first - begun) * 1_000, (done - begun) * 1_000, body


def busy(url: str, seconds: int) -> list[float]:
    """Milliseconds from a reader's coming to the whole page, for all who came."""
    draw, at, taken = random.Random(1), 0.0, list[float]()
    threads, begun = list[threading.Thread](), time.perf_counter() + 0.5

    def reader(due: float) -> None:
        ask(url)
        taken.append((time.perf_counter() - begun - due) * 1_000)

    while (at := at + draw.expovariate(RATE)) < seconds:
        time.sleep(max(begun + at - time.perf_counter(), 0))
        threads.append(threading.Thread(target=reader, args=(at,)))
        threads[-1].start()
    for thread in threads:
        thread.join()
    return sorted(taken)


def make(home: Path, people: int) -> None:
    """A venue's close, written where the console reads it."""
    from sonae.actions.close import close_books
    from sonae.books.sample import write_sample
    from sonae.rulebook.draft import shipped

    books, out = home.parent / "books", home / "venue" / "closes" / "2026-11-20"
    begun = time.perf_counter()
    write_sample(books, people, 40, rows_per_account=1)
    made = time.perf_counter()
    out.parent.mkdir(parents=True)
    close_books(books, shipped(), out=out)
    print(
        f"{people:,} people: books {made - begun:.0f} s, close {time.perf_counter() - made:.0f} s"
    )


def measure(folder: Path, people: int, seconds: int) -> bool:
    home, file = folder / "home", folder / "page.html"
    if not home.exists():
        make(home, people)
    with running("-m", "sonae.web.serve", str(home), "--demo", "--port", "0") as console:
        cold, _, page = ask(console)
        file.write_bytes(page)
        with running(__file__, "--bare", str(file)) as peer:
            ours, theirs = list[float](), list[float]()
            for n in range(WARM + ASKS):
                pair = ask(console)[0], ask(peer)[0]
                if n >= WARM:
                    ours.append(pair[0])
                    theirs.append(pair[1])
        single = statistics.median(ours)
        ratio = single / statistics.median(theirs)
        taken = busy(console, seconds)
    p95 = taken[int(len(taken) * 0.95)]
    first, load = ratio <= ALLOWED_FIRST, p95 <= ALLOWED_BUSY * single
    print(
        f"first content of {len(page):,} bytes: {single:.2f} ms, bare FastAPI "
        f"{statistics.median(theirs):.2f} ms (medians of {ASKS}): {ratio:.2f} times "
        f"(allowed {ALLOWED_FIRST}); the very first view after a start {cold:.0f} ms "
        f"{'ok' if first else 'TOO SLOW'}"
    )
    print(
        f"{len(taken):,} readers in {seconds} s: 95th percentile {p95:.1f} ms, "
        f"{p95 / single:.1f} times one reader's median (allowed {ALLOWED_BUSY}), longest "
        f"{taken[-1]:.0f} ms {'ok' if load else 'TOO SLOW'}"
    )
    return first and load


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=10_000_000)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--folder", type=Path, help="keep the venue here and use it again")
    parser.add_argument("--bare", type=Path, help=argparse.SUPPRESS)
    said = parser.parse_args()
    if said.bare:
        return bare(said.bare)
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as work:
        folder = said.folder or Path(work)
        folder.mkdir(parents=True, exist_ok=True)
        held = measure(folder, said.people, said.seconds)
    sys.exit(0 if held else 1)


if __name__ == "__main__":
    main()
