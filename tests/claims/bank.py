"""A bank for tests: a process of its own with durable books, spoken to through a socket.

It does what banks do to a payer: answers late, twice or not at all, before or after it has booked,
and sends some money back days later. By default it refuses nothing: whatever is sent twice is paid
twice. Only a file's name that it has called absent is barred, which is what makes "absent" final.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import signal
import socket
import socketserver
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from sonae.claims.rail import Answer, Pay, RailSilence, Receipt, Return
from tests.fork import FORK

MANNERS = ("good", "lost", "mute", "slow", "late", "twice")
"""Answers; takes nothing and hangs up; books and hangs up; books and answers too late; hangs up and
books a moment later; answers twice."""
SCHEMA = """
create table received (id integer primary key, name text, sha256 text);
create table booked (id integer primary key, reference text, account text, amount text, file text);
create table returned (
  serial integer primary key, booking integer, reference text, code text, amount text, booked int
);
create table barred (name text primary key);
"""


# -- the text format -------------------------------------------------------------------------------


def text(payments: Sequence[Pay], designated: date) -> bytes:
    lines = [f"day {designated}", *(f"{p.reference} {p.account} {p.amount}" for p in payments)]
    return "\n".join(
        [*lines, f"end {len(payments)} {sum(p.amount for p in payments)}", ""]
    ).encode()


# -- the bank --------------------------------------------------------------------------------------


class Books:
    """What the bank has taken, paid and sent back."""

    def __init__(self, path: Path, *, dedupe: bool = False) -> None:
        self.path, self.dedupe = path, dedupe

    @contextlib.contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self.path, timeout=60, isolation_level=None)
        connection.execute("pragma synchronous = full")
        connection.execute("begin immediate")
        try:
            yield connection
            connection.execute("commit")
        finally:
            connection.close()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(self.path, timeout=60)
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()

    def take(self, name: str, content: str) -> dict[str, Any]:
        """Book every line of a file, again if it was booked before."""
        sha256 = hashlib.sha256(content.encode()).hexdigest()
        lines = [line.split(" ") for line in content.splitlines()[1:-1]]
        with self.write() as books:
            if books.execute("select 1 from barred where name = ?", [name]).fetchone():
                return {"error": f"{name} is barred"}
            if self.dedupe:
                known = {r for (r,) in books.execute("select reference from booked")}
                lines = [line for line in lines if line[0] not in known]
            number = books.execute(
                "insert into received (name, sha256) values (?, ?)", [name, sha256]
            ).lastrowid
            books.executemany(
                "insert into booked (reference, account, amount, file) values (?, ?, ?, ?)",
                [[*line, name] for line in lines],
            )
        return {"number": str(number), "sha256": sha256}

    def ask(self, name: str, bar: bool) -> dict[str, Any]:
        """Taken or not yet; barred on demand, and so absent for good."""
        with self.write() as books:
            found = books.execute("select id, sha256 from received where name = ?", [name])
            if row := found.fetchone():
                return {"status": "accepted", "number": str(row[0]), "sha256": row[1]}
            if not bar:
                return {"status": "open"}
            books.execute("insert or ignore into barred values (?)", [name])
        return {"status": "absent"}

    def had(self, references: list[str]) -> dict[str, str]:
        """Payments that it booked, by the file they came in."""
        booked = dict(self.rows("select reference, file from booked"))
        return {r: booked[r] for r in references if r in booked}

    def night(self) -> None:
        """Announce the first payment to each bouncing account; book what was announced before."""
        with self.write() as books:
            books.execute(
                "insert into returned (booking, reference, code, amount, booked) "
                "select booking, reference, code, amount, 1 from returned r where booked = 0 and "
                "not exists (select 1 from returned s where s.booking = r.booking and s.booked = 1)"
            )
            books.execute(
                "insert into returned (booking, reference, code, amount, booked) "
                "select id, reference, 'closed', amount, 0 from booked where id in "
                "(select min(id) from booked where account like 'bounce%' group by account) "
                "and id not in (select booking from returned)"
            )

    def returns(self, since: int) -> list[list[Any]]:
        """Returns after a serial, each told twice and in no order."""
        found = self.rows(
            "select serial, reference, code, amount, booked from returned "
            f"where serial > {int(since)} order by serial"
        )
        return [list(row) for row in [*found, *reversed(found)]]

    def paid(self) -> dict[str, int]:
        """Account -> what it has been paid and kept."""
        kept: dict[str, int] = {}
        for account, amount in self.rows("select account, amount from booked"):
            kept[account] = kept.get(account, 0) + int(amount)
        for account, amount in self.rows(
            "select b.account, r.amount from returned r join booked b on b.id = r.booking "
            "where r.booked = 1"
        ):
            kept[account] -= int(amount)
        return kept


class Bank:
    """The bank's process; `manners` are drawn from for each file, by a seed."""

    def __init__(
        self,
        folder: Path,
        manners: Sequence[str] = ("good",),
        seed: int = 0,
        *,
        dedupe: bool = False,
    ) -> None:
        self.books = Books(folder / "bank.db", dedupe=dedupe)
        self.books.path.unlink(missing_ok=True)
        with contextlib.closing(sqlite3.connect(self.books.path)) as made:
            made.executescript(SCHEMA)
        listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = listener.getsockname()[1]
        self.process = FORK.Process(
            target=serve, args=(listener, self.books, tuple(manners), seed), daemon=True
        )
        self.process.start()
        listener.close()

    def close(self) -> None:
        if self.process.pid is not None:
            os.kill(self.process.pid, signal.SIGKILL)
        self.process.join()

    def rail(self, timeout: float = 20) -> BankRail:
        return BankRail(self.port, timeout)


def serve(listener: socket.socket, books: Books, manners: Sequence[str], seed: int) -> None:
    drawn, lock = random.Random(seed), threading.Lock()

    class Desk(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            line = self.rfile.readline()
            if not line.endswith(b"\n"):
                return  # the payer died while it wrote
            asked = json.loads(line)
            if asked["op"] == "send":
                with lock:
                    manner = drawn.choice(manners)
                self.send(manner, asked["name"], asked["content"])
            elif asked["op"] == "ask":
                self.say(books.ask(asked["name"], asked["bar"]))
            elif asked["op"] == "had":
                self.say({"had": books.had(asked["references"])})
            else:
                self.say({"returns": books.returns(asked["since"])})

        def send(self, manner: str, name: str, content: str) -> None:
            if manner == "lost":
                return
            if manner == "late":
                threading.Timer(0.05, books.take, (name, content)).start()
                return
            said = books.take(name, content)
            if manner == "mute":
                return
            if manner == "slow":
                time.sleep(0.6)
            self.say(said)
            if manner == "twice":
                self.say(said)

        def say(self, value: object) -> None:
            with contextlib.suppress(OSError):
                self.wfile.write(json.dumps(value).encode() + b"\n")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Desk, bind_and_activate=False) as server:
        server.daemon_threads = True
        server.socket.close()
        server.socket = listener
        server.serve_forever(poll_interval=0.05)


# -- its client ------------------------------------------------------------------------------------


class BankRail:
    """The rail to this bank."""

    name = "test-bank"

    def __init__(self, port: int, timeout: float) -> None:
        self.port, self.timeout = port, timeout
        self.sent: list[str] = []
        self.asked: Counter[str] = Counter()

    def render(self, payments: Sequence[Pay], designated: date) -> bytes:
        return text(payments, designated)

    def send(self, name: str, content: bytes) -> Receipt:
        self.sent.append(name)
        said = self._say({"op": "send", "name": name, "content": content.decode()})
        if "number" not in said:
            raise RailSilence(f"{name}: {said}")
        return Receipt(said["number"], said["sha256"])

    def ask(self, name: str) -> Answer:
        self.asked[name] += 1  # before it is sent, then twice: then it is to say for good
        said = self._say({"op": "ask", "name": name, "bar": self.asked[name] > 2})
        if said["status"] == "accepted":
            return Answer("accepted", Receipt(said["number"], said["sha256"]))
        return Answer(said["status"])

    def recheck(self, payments: Sequence[Pay], day: date) -> None:
        """A bank knows of nothing that changed."""

    def had(self, references: Sequence[str]) -> Mapping[str, str]:
        had: dict[str, str] = self._say({"op": "had", "references": list(references)})["had"]
        return had

    def returns(self, since: int) -> Sequence[Return]:
        found = self._say({"op": "returns", "since": since})["returns"]
        return [Return(s, r, c, int(a), bool(b)) for s, r, c, a, b in found]

    def _say(self, value: dict[str, Any]) -> Any:
        try:
            with socket.create_connection(("127.0.0.1", self.port), self.timeout) as talk:
                talk.sendall(json.dumps(value).encode() + b"\n")
                line = talk.makefile("rb").readline()
        except OSError as error:
            raise RailSilence(str(error)) from error
        if not line.endswith(b"\n"):
            raise RailSilence("the bank hung up")
        return json.loads(line)
