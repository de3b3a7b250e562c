"""The real service on the loopback address: load, faults, kills; it stops by itself."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from sonae.actions.demo.guard import COIN, Service, ledger, phantom, replay
from sonae.actions.guard.client import GuardClient, GuardRefusal, GuardSilent
from sonae.actions.guard.policy import load_policy
from sonae.actions.guard.service import Guard
from sonae.actions.keys import new_key
from sonae.cli.main import run

ROOT = Path(__file__).parents[2]
POLICY = ROOT / "src/sonae/data/demo/guard/guard.toml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the service's store and policy are."""
    (tmp_path / "guard.toml").write_bytes(POLICY.read_bytes())
    return tmp_path


@pytest.fixture
def service(folder: Path) -> Iterator[Service]:
    """The service, ended whatever happens."""
    found = Service(folder, every=1)
    try:
        yield found
    finally:
        found.process.kill()
        found.process.wait(10)


def small(id: str, units: int = 1_000, **more: Any) -> dict[str, Any]:
    """A batch of one credit."""
    return {
        "batch": id, "asset": "BTC", "maker": "ann", "checker": "ben",
        "credits": [["user-001", str(units)]], **more,
    }  # fmt: skip


def fed(client: GuardClient) -> None:
    """The ledger owes a thousand coins less than the wallets hold."""
    books = ledger()
    books.balances["other-customers"] -= 1_000 * COIN
    client.send("POST", "/readings", books.readings())


def test_the_phantom_credit_is_refused_whole_and_found_where_nobody_asked(tmp_path: Path) -> None:
    """E01, E03: the demo, against the real service, in less than 20 seconds."""
    begun = time.monotonic()
    story = replay(tmp_path)
    assert time.monotonic() - begun < 20
    refused, found = story["refused"], story["found"]
    assert (refused["answer"], refused["balances_changed"]) == ("refuse", 0)
    alarm = refused["alarm"]
    assert (alarm["stated_unit"], alarm["asset"], alarm["batch"], alarm["maker"]) == (
        "KRW", "BTC", phantom()["batch"], "promotions-desk",
    )  # fmt: skip
    assert {"unit-differs", "over-holdings"} <= {r["code"] for r in refused["reasons"]}
    assert (found["state"], found["withdrawals"]) == ("ledger_over_asset", "stop")
    assert (found["balances_changed"], int(found["difference"])) == (249, -620_000 * COIN)
    assert found["milliseconds"] < 60_000
    assert story["incident"]["loss"]["asset"] == {"BTC": "620000"}
    assert any("last met" in line for line in story["incident"]["evidence"])


def test_what_was_keyed_in_and_taken_back_stays_in_the_history(service: Service) -> None:
    """E03: 620,000 credited, 99.7 % reversed the same hour; the break keeps every size it had."""
    client, books = service.ready(), ledger()
    batch = phantom()
    for units in (0, 620_000 * COIN, 1_788 * COIN, 125 * COIN):
        books.balances["error"] = units
        client.send("POST", "/readings", books.readings())
        owed = sum(books.balances.values())
        for _ in range(100):
            state = client.send("GET", "/state")
            if state["assets"] and state["assets"][0]["left"]["units"] == str(owed):
                break
            time.sleep(0.05)
    assert client.ask(batch)["answer"] == "refuse"
    service.stop()
    with Guard(str(Path(service.process.args[3])), load_policy(POLICY)) as guard:  # type: ignore[index]
        (one,) = guard.register.open()
    sizes = [e.units for e in one.history]
    assert sizes == [-620_000 * COIN, -1_788 * COIN, -125 * COIN]


def test_a_guard_that_is_gone_refuses_and_says_so(service: Service) -> None:
    """Fails closed; open only where the firm's policy says so."""
    client = service.ready()
    fed(client)
    booked = list[str]()
    assert client.book(small("b1"), lambda: booked.append("b1"))["answer"] == "allow"
    service.process.kill()
    service.process.wait()
    late = client.book(small("b2"), lambda: booked.append("b2"))
    assert (late["answer"], "no answer" in late["silent"]) == ("refuse", True)
    open_ = client.book(small("b3"), lambda: booked.append("b3"), when_silent="allow")
    assert (open_["answer"], booked) == ("allow", ["b1", "b3"])


def test_a_ledger_that_fails_to_commit_gives_its_room_back(service: Service) -> None:
    """What was allowed and not booked does not count for ever."""
    client = service.ready()
    fed(client)

    def broken() -> None:
        raise RuntimeError("the ledger's database is full")

    with pytest.raises(RuntimeError):
        client.book(small("b1"), broken)
    with pytest.raises(GuardRefusal, match="409"):
        client.booked("b1")


def test_malformed_messages_are_shown_and_nothing_falls_over(service: Service) -> None:
    """Duplicates, gaps, a clock ahead, nonsense: each is named; what can be used is used."""
    client = service.ready()
    fed(client)
    about = {"source": "x", "layer": "ledger", "node": "n", "asset": "BTC", "units": "1"}
    now = datetime.now(UTC).isoformat()
    reading = about | {"number": 1, "kind": "total", "at": now}
    ahead = about | {"number": 2, "kind": "change", "at": "2999-01-01T00:00:00+00:00"}
    found = client.send("POST", "/readings", [
        reading, reading, reading | {"units": "2"}, ahead, ahead | {"number": 9}, 7, None, "x",
        {"source": 1}, reading | {"units": "1e5"}, reading | {"at": "yesterday", "number": -1},
    ])  # fmt: skip
    names = [f["name"] for f in found["faults"]]
    assert found["used"] == 4
    assert names == ["number-twice", "clock-ahead", "clock-ahead", *["malformed"] * 6]
    odd = [about | {"source": "\ud800", "at": now}, "\ud800", {"units": 1.5, "number": 10**300}]
    assert client.send("POST", "/readings", odd)["used"] == 0
    with pytest.raises(GuardRefusal, match="maker"):
        client.ask(small("odd", maker="\ud800"))
    priced = {"asset": "BTC", "price": "1", "at": now, "more": 1.5}
    assert client.send("POST", "/prices", [priced]) == {"done": True}
    for body in (b"\xff\xfe", b"[" * 100_000, b"", b'{"batch": NaN}'):
        status, said = raw(service.url, "POST", "/batches", body)
        assert (status, "problems" in json.loads(said)) == (400, True), body[:9]
    assert raw(service.url, "POST", "/batches/%2e%2e%2fx/booked", b"")[0] == 409
    assert raw(service.url, "POST", "/suppliers/x", b'{"frozen": 1}')[0] == 409
    state = client.send("GET", "/state")
    assert (len(state["faults"]), state["repeated_readings"], state["trouble"]) == (12, 1, "")
    assert client.ask(small("b1"))["answer"] in ("allow", "hold", "refuse")


def raw(url: str, method: str, path: str, body: bytes, *headers: str) -> tuple[int, bytes]:
    """One request as bytes on the wire."""
    at = urlsplit(url)
    head = [f"{method} {path} HTTP/1.1", f"host: {at.netloc}", "connection: close", *headers]
    if not any(h.startswith("content-length") for h in headers):
        head.append(f"content-length: {len(body)}")
    with socket.create_connection((at.hostname or "", at.port or 0), timeout=30) as client:
        client.sendall("\r\n".join(head).encode() + b"\r\n\r\n" + body)
        parts = []
        while part := client.recv(65_536):
            parts.append(part)
    first, _, said = b"".join(parts).partition(b"\r\n\r\n")
    return int(first.split()[1]), said


@pytest.mark.slow
def test_a_message_too_large_and_a_silent_client_do_not_stop_the_others(service: Service) -> None:
    """413 by its length, 408 after ten seconds of silence; meanwhile others are answered."""
    client = service.ready()
    fed(client)
    assert raw(service.url, "POST", "/batches", b"", "content-length: 999999999999")[0] == 413
    status = list[int]()
    slow = threading.Thread(
        target=lambda: status.append(
            raw(service.url, "POST", "/batches", b"{", "content-length: 1000")[0]
        )
    )
    slow.start()
    for n in range(20):
        assert client.ask(small(f"b{n}"))["answer"] == "allow"
    slow.join(20)
    assert status == [408]


def test_a_flood_is_answered_one_by_one_and_each_answer_is_in_the_record(
    service: Service, folder: Path
) -> None:
    """Eight clients at once; then kill -9: nothing that was answered is lost."""
    fed(service.ready())
    given = list[str]()

    def client(who: int) -> None:
        mine = GuardClient(service.url)
        for n in range(1_000):
            try:
                given.append(mine.ask(small(f"c{who}-{n}", 1))["batch"])
            except GuardSilent:
                return

    threads = [threading.Thread(target=client, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    while len(given) < 300:
        time.sleep(0.01)
    os.kill(service.process.pid, signal.SIGKILL)
    for thread in threads:
        thread.join()
    service.process.wait()
    with Guard(str(folder / "guard.db"), load_policy(POLICY)) as guard:
        for id in given:
            assert guard.record.of(id)[0].kind == "answer"
        assert set(given) <= set(guard.memory.open["BTC"])


def test_sigterm_finishes_what_is_under_way_and_writes_what_a_start_needs(
    service: Service, folder: Path
) -> None:
    """It ends by itself, cleanly, with its history written; the next start has the open batch."""
    client = service.ready()
    fed(client)
    client.ask(small("open"))
    service.stop()
    assert service.process.returncode in (0, -signal.SIGTERM)
    with Guard(str(folder / "guard.db"), load_policy(POLICY)) as guard:
        assert guard.record.newest("history") is not None
        assert list(guard.memory.open["BTC"]) == ["open"]


def test_other_machines_need_the_shared_secret(folder: Path) -> None:
    """Without one it does not start; with one nobody gets in without it, but for /health."""
    serve = [sys.executable, "-m", "sonae.web.guard_serve", str(folder / "guard.db")]
    serve += [str(folder / "guard.toml"), "--port", "0"]
    refused = subprocess.run([*serve, "--host", "0.0.0.0"], capture_output=True, text=True)
    assert (refused.returncode, "--token-file" in refused.stderr) == (2, True)
    token = folder / "token"
    token.write_text("a-secret-of-some-length\n")
    with subprocess.Popen([*serve, "--token-file", str(token)], stdout=-1, text=True) as running:
        assert running.stdout is not None
        try:
            url = running.stdout.readline().strip()
            assert GuardClient(url, seconds=15).send("GET", "/health")["recording"]
            with pytest.raises(GuardRefusal, match="401"):
                GuardClient(url).send("GET", "/state")
            assert GuardClient(url, token).send("GET", "/state")["recording"]
        finally:
            running.terminate()


def test_the_commands_show_what_the_service_knows(
    service: Service, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """ask, state, breaks, break, incident and export, each with its exit code."""
    client = service.ready()
    fed(client)
    file, limits = folder / "batch.json", ["--policy", str(folder / "guard.toml")]
    file.write_text(json.dumps(phantom()))
    assert run(["guard", "ask", str(file), "--url", service.url]) == 3
    file.write_text(json.dumps(small("fine")))
    assert run(["guard", "ask", str(file), "--url", service.url, "--json"]) == 0
    time.sleep(1.5)
    assert run(["guard", "state", "--url", service.url, "--lang", "ja"]) == 1
    assert "保有が帳簿を上回る" in capsys.readouterr().out
    store = str(folder / "guard.db")
    assert run(["guard", "breaks", store, *limits]) == 1
    work = ["guard", "break", store, "b1"]
    new_key(folder / "ann.pem")
    key = ["--key", str(folder / "ann.pem")]
    assert run([*work, "assign", *key, "--owner", "ann"]) == 0
    assert run([*work, "plug", *key, "--class", "unknown", "--cause", "why"]) == 0
    assert run([*work, "check", *key]) == 2
    out = folder / "incident.toml"
    assert run(["guard", "incident", store, "b1", *limits, "--out", str(out)]) == 0
    assert run(["incident", "open", str(out)]) in (0, 1)
    capsys.readouterr()
    assert run(["guard", "export", store]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
    assert {"answer", "readings", "break", "state"} <= {line["kind"] for line in lines}


def test_serve_is_the_service_itself(folder: Path) -> None:
    """The command becomes the service: one process, and SIGTERM reaches it."""
    start = "from sonae.cli.main import main; main()"
    command = [sys.executable, "-c", start, "guard", "serve", str(folder / "guard.db")]
    command += ["--policy", str(folder / "guard.toml"), "--port", "0"]
    with subprocess.Popen(command, stdout=-1, text=True) as running:
        assert running.stdout is not None
        try:
            url = running.stdout.readline().strip()
            assert GuardClient(url, seconds=15).send("GET", "/health")["recording"]
        finally:
            running.terminate()
        assert running.wait(15) in (0, -signal.SIGTERM)
