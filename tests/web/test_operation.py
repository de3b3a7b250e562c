"""Running it: health, counters and logs without personal data, back-up, a stop in good order."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import http.client
import json
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from fastapi import APIRouter, Depends
from sqlalchemy import insert

from sonae.actions.console.home import Home
from sonae.actions.console.passkeys import Passkeys
from sonae.actions.console.people import NOBODY, People
from sonae.core.errors import Refused, UsageError
from sonae.store.console import ConsoleStore
from sonae.store.console_schema import USER
from sonae.web import rights
from sonae.web.console import console_app, shielded
from sonae.web.page import page
from tests.command import sonae
from tests.fund.people import People as Fund
from tests.web.conftest import Console, running
from tests.web.people import firm


def test_health_and_ready_say_whether_it_lives_and_can_serve(tmp_path: Path):
    home = tmp_path / "home"
    firm(home)
    with running(home) as console:
        assert json.loads(console.ask("/health").body) == {"status": "alive"}
        assert json.loads(console.ask("/ready").body) == {"folder": True, "store": True}
        home.rename(tmp_path / "gone")
        assert console.ask("/ready").status == 503
        (tmp_path / "gone").rename(home)


def test_logs_and_counters_name_routes_and_nobody(tmp_path: Path):
    home = tmp_path / "home"
    firm(home)
    words = [sys.executable, "-m", "sonae.web.serve", str(home), "--port", "0"]
    with (tmp_path / "log").open("w") as log, subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=log, text=True
    ) as process:  # fmt: skip
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        console = Console(url, process)
        console.ask("/acme/reserve/hanako-aoyama?name=hanako")
        console.ask("/hanako?x=hanako")
        counters = console.ask("/metrics")
        far = console.ask("/metrics", x_forwarded_for="203.0.113.9")
        process.terminate()
        process.wait(30)
    lines = [json.loads(line) for line in (tmp_path / "log").read_text("utf-8").splitlines()]
    assert {line["route"] for line in lines} >= {"/{firm}/reserve/{seq}", "-", "/metrics"}
    assert all(line.keys() == lines[0].keys() for line in lines)
    assert "hanako" not in (tmp_path / "log").read_text("utf-8") + counters.text
    assert 'sonae_requests_total{method="GET",route="-",status="404"} 1' in counters.text
    assert "sonae_request_seconds_count 3" in counters.text
    assert far.status == 404


def test_a_stop_lets_a_request_finish(tmp_path: Path):
    home = tmp_path / "home"
    firm(home)
    with running(home) as console:
        address = urlsplit(console.url)
        body = b'{"code": "x"}'
        head = (
            f"POST /join/options.json HTTP/1.1\r\nhost: {address.netloc}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        with socket.create_connection((address.hostname, address.port), 30) as half:
            half.sendall(head.encode() + body[:5])
            while "sonae_requests_under_way 2" not in console.ask("/metrics").text:
                pass
            console.process.send_signal(signal.SIGTERM)
            with pytest.raises(subprocess.TimeoutExpired):
                console.process.wait(1)
            half.sendall(body[5:])
            answer = half.recv(4096)
        assert answer.startswith(b"HTTP/1.1 409")
        assert console.process.wait(30) in (0, -signal.SIGTERM)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder `home` with a ledger and files, and its back-up `kept`, made while it serves."""
    tmp_path = tmp_path_factory.mktemp("operation")
    home = tmp_path / "home"
    fund = Fund(tmp_path, str(firm(home) / "fund.db"))
    fund.act("aoi", "init", tmp_path / "fund.toml")
    (home / "acme" / "notes.txt").write_text("x", encoding="utf-8")
    with running(home):
        said = sonae("console", "backup", home, tmp_path / "kept", "--json")
    assert said.code == 0, said.err
    assert set(said.json()["files"]) == {"console.db", "acme/fund.db", "acme/notes.txt"}
    return tmp_path


@pytest.fixture
def kept(made: Path, tmp_path: Path) -> tuple[Path, Path]:
    """The back-up and the folder, of this test's own."""
    for name in ("kept", "home"):
        shutil.copytree(made / name, tmp_path / name)
    return tmp_path / "kept", tmp_path / "home"


def test_a_backup_made_while_it_serves_comes_back_and_verifies(
    kept: tuple[Path, Path], tmp_path: Path
):
    again = tmp_path / "again"
    assert sonae("console", "restore", kept[0], again).code == 0
    assert (again / "acme" / "closes").is_dir()
    assert sonae("fund", "verify", "--store", again / "acme" / "fund.db").code == 0
    with running(again) as console:
        assert console.ask("/ready").status == 200


def test_a_restore_overwrites_nothing(kept: tuple[Path, Path], tmp_path: Path):
    assert sonae("console", "restore", kept[0], kept[1]).code == 2
    assert sonae("console", "backup", kept[1], kept[0]).code == 2
    assert (kept[1] / "acme" / "notes.txt").read_text("utf-8") == "x"


@pytest.mark.parametrize("harm", ["byte", "gone", "more", "store"])
def test_a_harmed_backup_is_refused_and_nothing_is_written(
    kept: tuple[Path, Path], tmp_path: Path, harm: str
):
    files = kept[0] / "files"
    if harm == "byte":
        (files / "acme" / "notes.txt").write_text("y", encoding="utf-8")
    elif harm == "gone":
        (files / "acme" / "notes.txt").unlink()
    elif harm == "more":
        (files / "more").touch()
    else:  # somebody rewrites the ledger and the manifest
        store, manifest = files / "acme" / "fund.db", kept[0] / "manifest.json"
        with closing(sqlite3.connect(store, isolation_level=None)) as ledger:
            ledger.execute("drop trigger entry_no_update")
            ledger.execute("update entry set at = '2020-01-01T00:00:00.000000Z'")
            ledger.execute(
                "create trigger entry_no_update before update on entry "
                "begin select raise(abort, 'entry: only added to'); end"
            )
        listed = json.loads(manifest.read_text("utf-8"))
        digest = hashlib.sha256(store.read_bytes()).hexdigest()
        listed["files"]["acme/fund.db"]["sha256"] = digest
        manifest.write_text(json.dumps(listed), encoding="utf-8")
    said = sonae("console", "restore", kept[0], tmp_path / "again")
    assert said.code == 3, said.out
    assert not (tmp_path / "again").exists()


def test_who_revokes_the_other_registrar_does_not_decide_alone_after_it(tmp_path: Path):
    store = ConsoleStore(str(tmp_path / "console.db"))
    people = People(store, Passkeys("http://localhost:1"))
    ann = rights.Reader("ann", "Ann", frozenset({"registrar"}), ("*",))
    add(people, "ann", "registrar")
    assert people.invite(ann, "bob", "Bob", ["registrar"], ["*"])[1] is False
    assert people.invite(ann, "cyn", "Cyn", ["approver"], ["*"])[1] is True
    add(people, "bob", "registrar")
    people.revoke(ann, "bob")
    assert people.invite(ann, "eve", "Eve", ["registrar"], ["*"])[1] is True
    with pytest.raises(Refused, match="last registrar"):
        people.revoke(ann, "ann")
    said = sonae("console", "code", tmp_path, "dan", "Dan", "--json").json()
    assert people.begin_join(said["code"])[1]["user"]["name"] == "dan"
    assert store.log(1)[0]["by_id"] == "(server)"


def add(people: People, id: str, roles: str) -> None:
    row = {"id": id, "name": id, "roles": roles, "firms": "*", "made": people.at()}
    with people.store.change() as connection:
        connection.execute(insert(USER).values(**row))


def test_passkeys_need_https_or_this_machine():
    for origin in ("http://console.example", "https://192.0.2.1", "http://127.0.0.1:8470", "x"):
        with pytest.raises(UsageError):
            Passkeys(origin)
    assert Passkeys("https://console.example").host == "console.example"
    there = People.__new__(People)
    there.passkeys = Passkeys("https://console.example:8443")
    assert rights.cookie_name(there) == "__Host-sonae"


def test_personal_data_is_recorded_before_it_is_shown_and_only_for_those_with_the_right(
    tmp_path: Path,
):
    home = tmp_path / "home"
    firm(home)
    store = ConsoleStore(str(home / "console.db"))
    people = People(store, Passkeys("http://localhost:1"))
    router, shown = APIRouter(), []

    @page(router, "/{firm}/customer", "error.html", lambda *_: {"text": None})
    def customer(firm: str, id: str = "") -> dict[str, str]:
        shown.append(len(store.log(9, ["viewed"])))
        return {"firm": firm, "id": id}

    app = console_app(Home(home), people=people)
    app.include_router(router, dependencies=[Depends(rights._gate("personal"))])
    somebody = rights.Reader("pam", "Pam", frozenset({"personal"}), ("acme",), "h", "t")
    for who, path, status in (
        (NOBODY, "/acme/customer.json?id=c1", 401),
        (rights.Reader("ann", "Ann", frozenset({"auditor"}), ("*",)), "/acme/customer.json", 403),
        (somebody, "/other/customer.json?id=c1", 404),
        (somebody, "/acme/customer.json?id=c1", 200),
    ):
        people.reader = lambda _token, who=who: who  # type: ignore[method-assign]
        assert ask(shielded(app), path) == status
    (line,) = store.log(9, ["viewed"])
    assert (line["by_id"], line["firm"]) == ("pam", "acme")
    assert line["subject"] == "/acme/customer.json?id=c1"
    assert shown == [1]


def ask(app, path: str) -> int:
    """The status of one GET with a session's cookie."""
    said: list[int] = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        if message["type"] == "http.response.start":
            said.append(message["status"])

    at, _, query = path.partition("?")
    scope = {
        "type": "http", "method": "GET", "path": at, "raw_path": at.encode(),
        "query_string": query.encode(), "headers": [(b"cookie", b"sonae=x"), (b"host", b"h")],
        "client": ("127.0.0.1", 1), "server": ("h", 80), "scheme": "http", "http_version": "1.1",
        "root_path": "",
    }  # fmt: skip
    asyncio.run(app(scope, receive, send))
    return said[0]


def test_a_body_that_does_not_say_its_length_is_cut_off_all_the_same(tmp_path: Path):
    (tmp_path / "closes").mkdir()
    with running(tmp_path, "--demo") as console:
        client = http.client.HTTPConnection(console.url.removeprefix("http://"), timeout=30)
        parts = (b"a=" + b"x" * 65_536 for _ in range(64))
        with contextlib.suppress(OSError):  # it may hang up before all is sent
            form = {"content-type": "application/x-www-form-urlencoded"}
            client.request("POST", "/claim", parts, form, encode_chunked=True)
        assert client.getresponse().status == 413
        assert console.ask("/health").status == 200
