"""The reserve on screen: two people in two browsers, bound to the very bytes; and who may not."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from tests.browser import chromium
from tests.command import sonae
from tests.fund.people import DAY, People
from tests.web.conftest import Console, running
from tests.web.people import Person, firm


@dataclass(frozen=True)
class Team:
    """Ann prepares, Bob approves, Cyn lets people in, each in a browser; and the fund."""

    ann: Person
    bob: Person
    cyn: Person
    fund: People
    console: Console
    home: Path


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    folder = tmp_path_factory.mktemp("reserve")
    home = folder / "home"
    fund = People(folder, str(firm(home) / "fund.db"))
    fund.begin()
    with running(home) as console, chromium() as browser:
        ann = Person(browser, console).joined(console.first, id="ann", name="Ann")
        cyn = Person(browser, console).joined(ann.invite("cyn", "registrar"))
        code = ann.invite("bob", "approver", "releaser")
        cyn.page.goto(f"{console.origin}/people")
        cyn.page.click("form[action='/people/second'] button")
        bob = Person(browser, console, "ja").joined(code)
        amend(fund, {"ann": ann.make_key(), "bob": bob.make_key()})
        yield Team(ann, bob, cyn, fund, console, home)


def amend(fund: People, keys: dict[str, str]) -> None:
    """Their keys into the constitution, by two others at the command line."""
    roles = {"ann": '["preparer"]', "bob": '["approver", "releaser"]'}
    people = "".join(
        f'[[person]]\nid = "{name}"\nname = "{name}"\nroles = {roles[name]}\npublic_key = "{key}"\n'
        for name, key in keys.items()
    )
    written = (fund.folder / "fund.toml").read_text("utf-8")
    request = fund.file("amend.toml", f'kind = "constitution"\non = {DAY}\n{written}{people}')
    seq = str(fund.act("aoi", "propose", request).json()["seq"])
    assert fund.act("ben", "approve", seq).json()["outcome"] == "counted"
    assert fund.act("chi", "approve", seq).json()["effect"] == "constitution"


def test_times_of_people_of_several_firms_are_in_utc_and_say_so(team: Team):
    page = team.cyn.page
    for path, named in (("people", ".cards thead"), ("me", "dl.facts")):
        page.goto(f"{team.cyn.url}/{path}")
        assert "UTC" in page.inner_text(f"{named} >> nth=-1")
        for moment in page.locator("time").all():
            at = datetime.fromisoformat(str(moment.get_attribute("datetime")))
            assert moment.inner_text().startswith(f"{at.day} {at:%B %Y}, {at:%H:%M}")
        assert page.locator("time").count() > 2


def propose(who: Person, amount: str) -> int:
    """Propose a contribution by form; the number of the proposal."""
    who.page.goto(f"{who.url}/acme/reserve/new?kind=contribute")
    who.page.fill("[name=on]", DAY)
    who.page.select_option("[name=asset]", "TRUST")
    who.page.fill("[name=amount]", amount)
    who.page.click("button[value=propose]")
    who.page.wait_for_selector("dialog[open]")
    who.sign()
    who.page.wait_for_url(re.compile(r"/acme/reserve/\d+$"))
    return int(who.page.url.rpartition("/")[2])


def opened(who: Person, seq: int) -> Person:
    who.page.goto(f"{who.url}/acme/reserve/{seq}")
    return who


def approve(who: Person, seq: int) -> None:
    opened(who, seq).page.click("button[value=approve]")
    who.page.wait_for_selector("dialog[open]")
    with who.page.expect_navigation():
        who.sign()


def entries(team: Team) -> int:
    return len(team.fund.look("history"))


def trust(team: Team) -> int:
    return int(team.fund.balances().get("asset/TRUST JPY", "0"))


def test_two_people_in_two_browsers_move_money_and_the_ledger_verifies(team: Team):
    before = trust(team)
    seq = propose(team.ann, "250000000")
    bob = team.bob.page
    bob.goto(f"{team.bob.url}/acme/reserve")
    bob.click(f"tr.mine a.button[href$='/{seq}']")
    assert "250,000,000" in bob.inner_text("main")
    bob.click("button[value=approve]")
    bob.wait_for_selector("dialog[open]")
    shown = bob.inner_text("dialog")
    assert "asset/TRUST" in shown
    assert "250,000,000 JPY" in shown
    team.bob.sign()
    bob.wait_for_selector("dd:text-is('bob')")
    assert trust(team) == before + 250_000_000
    said = sonae("fund", "verify", "--store", team.fund.store, "--json")
    assert said.code == 0, said.out
    last = team.fund.look("history")[-1]
    with closing(sqlite3.connect(team.home / "console.db")) as kept:
        query = "select by_id, body from console_log where kind = 'signed' order by seq desc"
        by, body = kept.execute(query).fetchone()
    assert by == last["by"] == "bob"
    assert json.loads(body)["answer"].keys() == {"authenticatorData", "clientDataJSON", "signature"}


def test_an_approval_is_recorded_once_and_by_nobody_else(team: Team):
    seq, sent = propose(team.ann, "1000000"), []
    team.bob.page.on("request", lambda r: sent.append(r) if "record.json" in r.url else None)
    approve(team.bob, seq)
    (record,) = sent
    before = entries(team)
    for who in (team.bob, team.ann):
        status, said = opened(who, seq).post("/acme/reserve/record.json", record.post_data_json)
        assert status in (403, 409)
        assert said["error"]["message"]["en"]
    assert entries(team) == before


def prepared(team: Team, seq: int) -> tuple[dict, dict]:
    """An approval that is prepared for Bob, and what was asked."""
    opened(team.bob, seq)
    found = team.bob.page.evaluate(
        "async (p) => (await fetch(p)).json()", f"/acme/reserve/{seq}.json"
    )
    key = team.bob.page.evaluate("async () => (await (await fetch('/me.json')).json()).keys[0]")
    asked = {"key": key, "act": "approve", "proposal": seq, "digest": found["digest"]}
    status, said = team.bob.post("/acme/reserve/prepare.json", asked)
    assert status == 200, said
    return asked, said


def test_another_person_cannot_record_what_was_prepared_for_bob(team: Team):
    seq = propose(team.ann, "1000001")
    _, said = prepared(team, seq)
    before = entries(team)
    forged = {"act": said["act"], "signature": "0" * 128, "credential": {"rawId": "AA"}}
    opened(team.ann, seq)
    assert team.ann.post("/acme/reserve/record.json", forged)[0] == 409
    _, said = prepared(team, seq)
    status, why = team.bob.post("/acme/reserve/record.json", {**forged, "act": said["act"]})
    assert (status, "not over this content" in why["error"]["message"]["en"]) == (409, True)
    assert entries(team) == before


def test_a_server_that_changes_what_is_signed_is_told_from_the_page(team: Team):
    seq = propose(team.ann, "1000002")
    other = propose(team.ann, "9000000000")
    opened(team.bob, seq)

    def lie(route):
        asked = route.request.post_data_json
        digest = team.ann.page.evaluate(
            "async (p) => (await (await fetch(p)).json()).digest", f"/acme/reserve/{other}.json"
        )
        found = route.fetch(post_data=json.dumps({**asked, "proposal": other, "digest": digest}))
        route.fulfill(response=found)

    team.bob.page.route("**/prepare.json", lie)
    before = entries(team)
    team.bob.page.click("button[value=approve]")
    assert "署名していない" in team.bob.alert()
    team.bob.page.unroute("**/prepare.json")
    assert entries(team) == before


def test_content_that_changed_on_the_page_is_not_approved(team: Team):
    seq = propose(team.ann, "1000003")
    opened(team.bob, seq).page.evaluate(
        "document.querySelector('#body').textContent = "
        "document.querySelector('#body').textContent.replaceAll('1000003', '1000')"
    )
    before = entries(team)
    team.bob.page.click("button[value=approve]")
    assert str(seq) in team.bob.alert()
    assert entries(team) == before


def test_an_older_ledger_is_refused_by_who_saw_a_newer_one(team: Team, tmp_path: Path):
    def copied(source: Path, to: Path) -> None:
        with closing(sqlite3.connect(source)) as a, closing(sqlite3.connect(to)) as b:
            a.backup(b)

    store = Path(team.fund.store)
    copied(store, tmp_path / "older.db")
    seq = propose(team.ann, "1000004")
    copied(store, tmp_path / "newer.db")
    copied(tmp_path / "older.db", store)
    page = team.ann.page
    page.goto(f"{team.ann.url}/acme/reserve/new?kind=contribute")
    page.fill("[name=on]", DAY)
    page.select_option("[name=asset]", "TRUST")
    page.fill("[name=amount]", "5")
    page.click("button[value=propose]")
    assert f"entry {seq}" in team.ann.alert()
    copied(tmp_path / "newer.db", store)


def test_who_has_no_role_may_look_and_not_act(team: Team):
    seq = propose(team.ann, "1000005")
    opened(team.cyn, seq)
    assert team.cyn.page.locator("button[value=approve]").count() == 0
    team.cyn.page.goto(f"{team.cyn.url}/me")
    asked = {"key": "0" * 64, "act": "approve", "proposal": seq, "digest": "0" * 64}
    assert team.cyn.post("/acme/reserve/prepare.json", asked)[0] == 403
    assert team.ann.page.locator("button[value=approve]").count() == 0


def test_the_ledger_refuses_who_approves_their_own_and_says_so_on_screen(team: Team):
    seq = propose(team.ann, "1000006")
    opened(team.ann, seq).page.evaluate(
        "document.querySelector('button[value=reject]').value = 'approve'"
    )
    team.ann.page.click("button[value=approve]")
    team.ann.page.wait_for_selector("dialog[open]")
    team.ann.sign()
    assert "refused" in team.ann.alert()
    assert team.fund.look("history")[-1]["outcome"] == "refused:same_person"


def test_another_site_and_a_form_without_the_token_change_nothing(team: Team):
    before = entries(team)
    page = team.bob.context.new_page()
    html = f'<form method="post" action="{team.bob.url}/sign-out"><button>win</button></form>'
    page.route("http://other.example/", lambda r: r.fulfill(body=html, content_type="text/html"))
    page.goto("http://other.example/")
    page.click("button")
    assert "a form of another site changes nothing" in page.inner_text("body")
    page.close()
    opened(team.bob, 1)
    assert team.bob.page.locator("a[href='/me']").count() == 1, "still signed in"
    team.bob.page.goto(f"{team.bob.url}/me")
    status, said = team.bob.post(
        "/me/key-options.json", {"public": "0" * 64}, **{"x-sonae-token": "x"}
    )
    assert (status, entries(team)) == (403, before)
    assert "out of date" in said["error"]["message"]["en"]


def test_a_person_is_added_to_the_constitution_by_form(team: Team):
    page = team.ann.page
    page.goto(f"{team.ann.url}/acme/reserve/new?kind=person")
    page.fill("[name=on]", DAY)
    page.fill("[name='person.id']", "dan")
    page.fill("[name='person.name']", "Dan")
    page.check("[name='person.roles'][value=approver]")
    page.fill("[name='person.public_key']", "ab" * 32)
    page.click("button[value=propose]")
    page.wait_for_selector("dialog[open]")
    team.ann.sign()
    page.wait_for_url(re.compile(r"/acme/reserve/\d+$"))
    approve(team.bob, seq := int(page.url.rpartition("/")[2]))
    assert team.fund.act("chi", "approve", str(seq)).json()["effect"] == "constitution"
    page.goto(f"{team.ann.url}/acme/reserve")
    assert "Dan" in page.locator("section[aria-labelledby=rules] details").text_content()


def test_every_number_of_the_page_and_its_twin_is_the_ledgers(team: Team):
    team.ann.page.goto(f"{team.ann.url}/acme/reserve")
    said = team.ann.page.evaluate("async () => (await fetch('/acme/reserve.json')).json()")
    rows = {f"{b['account']} {b['unit']}": b for b in said["reserve"]["balances"]}
    assert {k: b["balance"] for k, b in rows.items()} == team.fund.balances()
    for b in rows.values():
        entry = team.fund.look("history", "--from", str(b["entry"]))[0]
        assert entry["effect"] == "posting"
    assert said["reserve"]["me"] == "ann"


def test_the_ledger_still_verifies_after_all_of_this(team: Team):
    assert sonae("fund", "verify", "--store", team.fund.store).code == 0
