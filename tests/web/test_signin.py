"""Signing in: passkeys only, codes for one use, two people for what is risky, an end in time."""

from __future__ import annotations

import csv
import io
import re
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser import chromium
from tests.fund.servers import database
from tests.web.conftest import Console, running
from tests.web.people import Person, firm

PEOPLE = 'customer_id,name\nc1,青山 花子\nc2,"Sato, Ken"\n'


@dataclass(frozen=True)
class Place:
    """A console with two firms, the browser, and the first person, who is signed in."""

    console: Console
    browser: Browser
    ann: Person
    home: Path

    def person(self, **more: object) -> Person:
        return Person(self.browser, self.console, **more)

    def sql(self, statement: str, *values: object) -> list[tuple]:
        with closing(sqlite3.connect(self.home / "console.db", isolation_level=None)) as store:
            return store.execute(statement, values).fetchall()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    home = tmp_path_factory.mktemp("signin") / "home"
    private = firm(home) / "people" / "private"
    private.mkdir(parents=True)
    (private / "people.csv").write_text(PEOPLE, encoding="utf-8")
    firm(home, "other")
    with running(home) as console, chromium() as browser:
        ann = Person(browser, console).joined(console.first, id="ann", name="Ann")
        yield Place(console, browser, ann, home)


def invited(place: Place, id: str, *roles: str) -> Person:
    """Somebody invited by Ann and, where it takes two, seconded by Cyn."""
    page = place.ann.page
    code = place.ann.invite(id, *roles)
    if "second registrar" in page.inner_text("main"):
        cyn = CYN[0]
        cyn.page.goto(f"{cyn.url}/people")
        cyn.page.click("form[action='/people/second'] button")
    return place.person().joined(code)


CYN: list[Person] = []


def test_the_first_code_lets_one_person_in_and_no_second(place: Place):
    late = place.person()
    late.join(place.console.first)
    assert "opens nothing" in late.alert()
    assert place.sql("select id, roles from console_user") == [("ann", "preparer registrar")]


def test_signing_out_and_in_again_takes_the_passkey_and_nothing_else(place: Place):
    page = place.ann.page
    page.goto(f"{place.ann.url}/me")
    page.click("form[action='/sign-out'] button")
    page.wait_for_url("**/sign-in")
    assert page.locator("input").count() == 0, "E94: no password, no code by SMS, no mail address"
    page.goto(f"{place.ann.url}/acme/reserve")
    assert page.url.endswith("/sign-in?to=/acme/reserve")
    page.click("form.passkey button")
    page.wait_for_url(f"{place.ann.url}/acme/reserve")
    (cookie,) = (c for c in place.ann.context.cookies() if c["name"] == "sonae")
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    hashes = [row[0] for row in place.sql("select hash from console_session")]
    assert cookie["value"] not in hashes


def test_a_second_registrar_is_needed_for_risky_roles_once_there_are_two(place: Place):
    CYN.append(place.person().joined(place.ann.invite("cyn", "registrar")))
    code = place.ann.invite("bob", "approver")
    bob = place.person()
    bob.join(code)
    assert "opens nothing" in bob.alert()
    place.ann.page.goto(f"{place.ann.url}/people")
    assert place.ann.page.locator("form[action='/people/second']").count() == 0, "not one's own"
    CYN[0].page.goto(f"{CYN[0].url}/people")
    CYN[0].page.click("form[action='/people/second'] button")
    bob.joined(code)
    assert "approver" in bob.page.inner_text("main")


def test_e94_a_stolen_telephone_number_opens_nothing(place: Place):
    """E94: no way in by SMS or mail, and no passkey that an account in a cloud gives away."""
    code = place.ann.invite("eve", "preparer")
    synced = place.person(defaultBackupEligibility=True, defaultBackupState=True)
    synced.join(code)
    assert "synced to a cloud" in synced.alert()
    assert place.sql("select count(*) from console_user where id = 'eve'") == [(0,)]
    place.person().joined(code)


def test_e94_an_export_of_personal_data_takes_two_people_and_is_marked(place: Place):
    """E94: bulk export needs two people; each row says who took it and who let it go."""
    pam, pia = invited(place, "pam", "personal"), invited(place, "pia", "personal")
    pam.page.goto(f"{pam.url}/acme/exports")
    pam.page.fill("[name=reason]", "the administrator asked")
    pam.page.click("form[action$='/ask'] button")
    assert pam.page.locator("form[action$='/take'], form[action$='/let-go']").count() == 0
    pia.page.goto(f"{pia.url}/acme/exports")
    pia.page.click("form[action$='/let-go'] button")
    pam.page.reload()
    with pam.page.expect_download() as waiting:
        pam.page.click("form[action$='/take'] button")
    content = Path(waiting.value.path()).read_text("utf-8")
    rows = list(csv.reader(io.StringIO(content)))
    assert [r[1:] for r in rows] == list(csv.reader(io.StringIO(PEOPLE)))
    assert rows[0][0] == "sonae_export"
    assert all("pam + pia" in r[0] for r in rows[1:])
    ((subject,),) = place.sql("select subject from console_log where kind = 'exported'")
    assert subject.endswith("people/private/people.csv")
    pam.page.reload()
    assert pam.page.locator("form[action$='/take']").count() == 0, "once"
    place.ann.page.goto(f"{place.ann.url}/acme/exports")
    assert "another role" in place.ann.page.inner_text("main")


def test_a_firm_that_is_not_for_the_reader_is_not_there(place: Place):
    code = place.ann.invite("fay", "auditor")
    place.sql("update console_code set firms = 'acme' where user_id = 'fay'")
    fay = place.person().joined(code)
    said = [
        fay.page.evaluate("async (p) => [(await (await fetch(p)).text())]", f"/{name}/today.json")
        for name in ("other", "nobody")
    ]
    assert said[0] == said[1]
    fay.page.goto(f"{fay.url}/me")
    assert "other" not in fay.page.inner_text("header")
    assert fay.page.evaluate("async () => (await fetch('/acme/reserve.json')).status") == 200


def test_a_session_ends_when_it_was_not_used_or_lasted_too_long(place: Place):
    page = place.ann.page
    for column in ("seen", "ends"):
        page.goto(f"{place.ann.url}/me")
        assert page.url.endswith("/me")
        past = "2026-01-01T00:00:00.000000Z"
        place.sql(f"update console_session set {column} = ? where user_id = 'ann'", past)
        page.goto(f"{place.ann.url}/me")
        assert page.url.endswith("/sign-in?to=/me")
        page.click("form.passkey button")
        page.wait_for_url(f"{place.ann.url}/me")


def test_who_is_revoked_is_out_at_once_and_for_good(place: Place):
    gus = invited(place, "gus", "auditor")
    place.ann.page.goto(f"{place.ann.url}/people")
    row = place.ann.page.locator("tr", has_text="gus san").first
    row.locator("summary").click()
    row.locator("button").click()
    gus.page.goto(f"{gus.url}/me")
    assert "/sign-in" in gus.page.url
    gus.page.click("form.passkey button")
    assert "does not hold" in gus.alert()
    page = place.ann.page
    page.goto(f"{place.ann.url}/people")
    page.fill("form[action='/people/invite'] [name=id]", "gus")
    page.fill("form[action='/people/invite'] [name=name]", "gus again")
    page.check("[name=roles][value=auditor]")
    page.check("[name=firms][value='*']")
    page.click("form[action='/people/invite'] button")
    assert "stays so" in page.inner_text("main")


def test_the_log_is_only_added_to(place: Place):
    for statement in ("update console_log set by_id = 'x'", "delete from console_log"):
        with pytest.raises(sqlite3.DatabaseError, match="only added to"):
            place.sql(statement)


def test_too_many_tries_from_an_address_wait(place: Place):
    said = [
        place.console.ask(
            "/join/options.json", "POST", b'{"code": "x"}', content_type="application/json"
        ).status
        for _ in range(40)
    ]
    assert set(said) == {409, 429}
    assert said[-1] == 429


def test_every_page_states_its_right_and_public_ones_are_few():
    import sonae.web.console as console

    stated = {}
    for name, module in sys.modules.items():
        if name.startswith("sonae.web.pages.") and hasattr(module, "router"):
            assert hasattr(module, "RIGHT"), name
            stated[name.rpartition(".")[2]] = module.RIGHT
    assert {m.__name__ for m in (console.today, console.why)} <= set(sys.modules)
    assert stated["reserve_act"] == "act"
    assert stated["today"] == "look"


def test_people_sign_in_over_postgresql_too(tmp_path: Path, place: Place):
    home = tmp_path / "home"
    firm(home)
    with running(home, "--store", database()) as console:
        ann = Person(place.browser, console, "ja").joined(console.first, id="ann", name="安藤")
        ann.page.click("form[action='/sign-out'] button")
        ann.page.wait_for_url("**/sign-in")
        ann.page.click("form.passkey button")
        ann.page.wait_for_url(re.compile("/(acme/today)?$"))
        ann.make_key()
        assert "安藤" in ann.page.inner_text("h1")
    assert not (home / "console.db").exists()
