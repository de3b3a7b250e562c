"""The rows that a figure was read from: for those with the right, each look recorded."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from fractions import Fraction
from pathlib import Path
from urllib.parse import quote

import pytest

from sonae.actions.close import close_books
from sonae.actions.console.home import Firm, NotFound
from sonae.actions.console.rows import rows_of
from sonae.books.sample import write_sample
from sonae.core.errors import Refused
from tests.browser import chromium
from tests.web.conftest import Console, running
from tests.web.people import Person

OWED = "fact:balances/BTC/owed"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One firm with its Books kept beside the close."""
    here = tmp_path_factory.mktemp("rows") / "home"
    firm, work = here / "acme", here.parent / "books"
    write_sample(work, 60)
    closed = close_books(work, out=here.parent / "close")
    (firm / "closes").mkdir(parents=True)
    (firm / "books").mkdir()
    (here.parent / "close").rename(firm / "closes" / closed.document["on"])
    work.rename(firm / "books" / closed.document["on"])
    return here


@pytest.fixture(scope="module")
def acme(home: Path) -> Firm:
    return Firm("acme", home / "acme")


def test_where_the_filter_is_conditions_alone_the_rows_are_as_many_as_the_close_read(acme: Firm):
    document, tables = acme.close(), set()
    for figure in (f for f in document["figures"] if "source" in f and f["source"]["digest"]):
        said = rows_of(acme, document, figure["id"])
        tables.add(said["table"])
        if not said["then"]:
            assert said["count"] == figure["source"]["rows"], figure["id"]
        assert len(said["rows"]) == min(said["count"], 500)
    assert {"balances", "holdings", "prices", "statements"} <= tables


def test_what_is_owed_adds_up_from_its_rows(acme: Firm):
    document = acme.close()
    (figure,) = [f for f in document["figures"] if f["id"] == OWED]
    said = rows_of(acme, document, OWED)
    by_account: dict[str, int] = {}
    for row in said["rows"]:
        values = row["values"]
        account = by_account.get(values["account_id"], 0)
        by_account[values["account_id"]] = account + int(values["quantity"])
    owed = sum(units for units in by_account.values() if units > 0)
    assert owed == Fraction(figure["value"]) * 10**8


def test_other_files_than_those_closed_are_refused(acme: Firm, home: Path, tmp_path: Path):
    document, copy = acme.close(), tmp_path / "acme"
    shutil.copytree(acme.folder, copy)
    file = next((copy / "books" / document["on"]).rglob("holdings*"))
    file.write_bytes(file.read_bytes() + b"\n")
    read = [f for f in document["figures"] if f.get("source", {}).get("table") == "holdings"]
    holding = read[0]["id"]
    with pytest.raises(Refused):
        rows_of(Firm("acme", copy), document, holding)
    shutil.rmtree(copy / "books")
    with pytest.raises(NotFound, match="not here"):
        rows_of(Firm("acme", copy), document, OWED)
    with pytest.raises(NotFound):
        rows_of(acme, document, "cover/jp#required")


@pytest.fixture(scope="module")
def ann(home: Path) -> Iterator[tuple[Console, Person]]:
    """Somebody who signed in, without the right at first."""
    with running(home) as console, chromium() as browser:
        yield console, Person(browser, console).joined(console.first, id="ann", name="Ann")


def test_rows_are_for_those_with_the_right_and_each_look_is_recorded(
    ann: tuple[Console, Person], home: Path
):
    console, person = ann
    address = f"{console.origin}/acme/rows?figure={quote(OWED)}"
    assert console.ask(f"/acme/rows.json?figure={quote(OWED)}").status == 401
    answer = person.page.goto(address)
    assert answer is not None
    assert answer.status == 403
    with closing(sqlite3.connect(home / "console.db", isolation_level=None)) as store:
        (roles,) = store.execute("select roles from console_user where id = 'ann'").fetchone()
        given = f"{roles} personal"
        store.execute("update console_user set roles = ? where id = 'ann'", (given,))
    person.page.goto(f"{console.origin}/acme/why?figure={quote(OWED)}")
    person.page.click("text=rows >> nth=0")
    assert person.page.locator("tbody tr").count() > 0
    with closing(sqlite3.connect(home / "console.db")) as store:
        looks = store.execute("select * from console_log").fetchall()
    assert any("/acme/rows" in str(look) for look in looks)
