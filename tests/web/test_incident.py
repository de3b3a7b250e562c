"""Incidents on screen: clocks, methods side by side, the freeze, counters that move."""

from __future__ import annotations

import hashlib
import json
import shutil
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from playwright.sync_api import Page

from sonae.actions.claims.entitle import load_incident
from sonae.actions.console.home import Firm
from sonae.actions.console.incident import methods
from sonae.actions.demo.console_incident import (
    _BANK,
    MONEY,
    PROGRAMME,
    _accounts,
    _answered,
    _people,
    _sent,
)
from sonae.actions.demo.console_incident import (
    _Clock as Clock,
)
from sonae.actions.demo.incident import COINCHECK, incident_file, write_books
from sonae.actions.pay.fund import confirm_funding
from sonae.actions.pay.mailbox import Mailbox
from sonae.actions.pay.plan import plan_frozen, read_accounts
from sonae.actions.pay.programme import open_programme
from sonae.actions.pay.release import resume
from sonae.actions.pay.returns import settle
from sonae.actions.pay.ways import read_way
from sonae.rulebook.calendars import CALENDARS
from sonae.store.payments import Payments
from tests.browser import chromium
from tests.command import sonae
from tests.web.conftest import Console, running

PAGE = "/coincheck/incident/coincheck-2018"
STAGES = ("planned", "sent", "unknown", "returned", "settled", "held", "disputed", "unclaimed")


def test_the_list_leads_to_the_incident_and_counts_its_clocks(demo: Console):
    said = json.loads(demo.ask("/coincheck/incident.json?on=2018-02-05").body)
    [one] = said["incidents"]
    assert (one["name"], one["passed"], one["next_in_days"]) == ("coincheck-2018", 1, 21)
    assert 'href="/coincheck/incident/coincheck-2018"' in demo.ask("/coincheck/incident").text


@pytest.mark.parametrize(("on", "word"), [("2018-02-01", "残り1日"), ("2018-02-05", "3日超過")])
def test_a_clock_is_left_or_passed_as_of_the_day_that_is_looked_at(
    demo: Console, on: str, word: str
):
    page = demo.ask(f"{PAGE}?on={on}", accept_language="ja").text
    assert word in page
    assert "II-2-2-3-2" in page, "the provision of the clock is named"


def test_the_money_at_stake_of_each_method_is_what_its_parts_come_to(demo: Console):
    said = json.loads(demo.ask(f"{PAGE}.json").body)
    price = Fraction(said["incident"]["loss"]["prices"]["XEM"]["price"])
    first = None
    for method in said["methods"]:
        part = method["by_asset"]["XEM"]
        whole = Fraction(int(part["in_kind"]), 10**6) * price
        whole += int(part["amount"]) + int(part["goodwill"])
        first = whole if first is None else first
        assert Fraction(method["at_stake"]) == whole
        assert Fraction(method["difference"]) == whole - first
    assert len(said["methods"]) == 3


def test_coins_without_a_price_make_the_sum_unknown_and_nothing_else():
    part = {"in_kind": "5", "amount": "0", "goodwill": "0"}
    one = {"by_asset": {"ABC": part}, "amount": "0", "goodwill": "0", "better": 0, "worse": 0}
    valuation = {"assets": [{"asset": "ABC", "scale": 0, "accounts": 1}], "methods": [one]}
    [found] = methods({"loss": {"prices": {}}}, valuation)
    assert (found["at_stake"], found["coins"]) == (None, {"ABC": "5"})


def test_a_list_that_was_changed_after_it_was_signed_is_shown_as_broken(
    demo_home: Path, tmp_path: Path
):
    shutil.copytree(demo_home / "coincheck", tmp_path / "coincheck")
    folder = tmp_path / "coincheck" / "incidents" / "coincheck-2018" / "frozen"
    table = folder / "entitlements.parquet"
    table.write_bytes(table.read_bytes() + b"x")
    with running(tmp_path, "--demo") as console:
        [frozen] = json.loads(console.ask(f"{PAGE}.json").body)["frozen"]
        assert (frozen["holds"], frozen["signer"]) == (False, None)
        assert "× " in console.ask(PAGE).text


def test_nothing_of_who_is_paid_is_on_the_page_or_in_its_twin(demo: Console):
    for path in (PAGE, f"{PAGE}.json", f"{PAGE}/counters", f"{PAGE}/counters.json"):
        text = demo.ask(path).text
        assert "A000300" not in text, "the account in dispute"
        assert "asks for the price" not in text, "what somebody wrote about it"


def rows(home: Path) -> dict[str, dict[str, str]]:
    words = ("claims", "pay", "counters", "COINCHECK-2018", "--json")
    said = sonae(*words, "--store", home / "coincheck" / "payments.db")
    return said.json()["JPY"]


def test_counters_move_while_somebody_looks_and_always_add_up(demo_home: Path, tmp_path: Path):
    shutil.copytree(demo_home / "coincheck", tmp_path / "coincheck")
    firm = Firm("coincheck", tmp_path / "coincheck")
    with running(tmp_path, "--demo") as console, chromium() as browser:
        page = browser.new_page(locale="ja-JP", viewport={"width": 360, "height": 800})
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(console.url + PAGE)
        unknown = page.locator("tr", has=page.locator("th", has_text="結果不明")).last
        assert "200" in unknown.inner_text()
        answer(firm.folder / "desk", "COINCHECK-2018-000003")
        words = ("claims", "pay", "answers", "--rail", firm.folder / "desk" / "bank.toml")
        where = ("--mailbox", firm.folder / "desk" / "box", "--store", str(firm.store("payments")))
        said = sonae(*words, *where, "--json")
        assert said.json()["accepted"] == ["COINCHECK-2018-000003"], said.err
        row = page.locator('tr.none th:has-text("結果不明")')
        row.wait_for(timeout=15_000)
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        assert all(url.startswith(console.url) for url in asked)
        counted = json.loads(console.ask(f"{PAGE}/counters.json").body)["counters"]
        found = counted["COINCHECK-2018"]["JPY"]
        printed = rows(tmp_path)
        assert found["entitled"] == printed["entitled"]
        for key in ("people", "amount"):
            assert sum(int(found[s][key]) for s in STAGES) == int(found["entitled"][key])
            flight = sum(int(found[s][key]) for s in ("sent", "unknown", "returned"))
            assert flight == int(printed["in_flight"][key])


def test_an_incident_is_followed_on_one_page_from_opening_to_the_last_payment(tmp_path: Path):
    firm, day = tmp_path / "acme", ("--law-on", "2026-11-20")
    folder, desk, at = firm / "incidents" / COINCHECK, firm / "desk", Clock()
    (firm / "closes").mkdir(parents=True)
    folder.mkdir(parents=True)
    desk.mkdir()
    file, page_of = incident_file(COINCHECK), f"/acme/incident/{COINCHECK}"
    incident, _ = load_incident(file)
    books, frozen = write_books(desk / "books", incident, 20), folder / "frozen"
    with running(tmp_path, "--demo") as console, chromium() as browser:
        page = browser.new_page(locale="en")
        did = sonae("incident", "open", file, *day, "--out", folder / "open")
        assert did.code in (0, 1), did.err
        page.goto(f"{console.url}/acme/incident")
        page.click(f"a[href='{page_of}']")
        assert "II-2-2-3-2" in page.inner_text("main"), "the clock and its provision"
        assert page.locator("table.methods").count() == 0
        did = sonae("claims", "value", books, file, "--out", folder / "value")
        assert did.code in (0, 1), did.err
        page.reload()
        assert page.locator("table.methods tbody tr").count() == len(incident.methods)
        keys = _people(desk, str(firm / "payments.db"), at)
        signed = ("--method", incident.methods[0].id, "--key", desk / "ben.key")
        did = sonae("claims", "freeze", books, file, *signed, "--out", frozen)
        assert did.code in (0, 1), did.err
        page.reload()
        digest = json.loads((frozen / "entitlements.json").read_text())["table_digest"]
        assert digest in page.inner_text("main")
        _accounts(desk / "accounts.csv")
        (desk / "bank.toml").write_text(_BANK, "utf-8")
        way = read_way(desk / "bank.toml")
        box = Mailbox(desk / "box", way)
        with Payments(str(firm / "payments.db")) as store:
            open_programme(store, PROGRAMME, pilot=20, now=at)
            for person in ("aoi", "chi"):
                confirm_funding(store, PROGRAMME, "JPY", MONEY, "a letter", keys[person], now=at)
            to = read_accounts(desk / "accounts.csv", way)
            kind = "damages_for_non_return"
            plan_frozen(store, PROGRAMME, frozen, to, kind, now=at, way=way)
            page.reload()
            assert people(page, "planned") == 20
            name = _sent(store, box, keys, at, 20, date(2026, 11, 26))
            page.locator("tr.none th:has-text('planned')").wait_for(timeout=15_000)
            _answered(desk, name)
            resume(store, box, now=at)
            at.at += timedelta(days=9)
            settle(store, date(2026, 12, 4), CALENDARS["jp.bank"], now=at)
        page.locator("tr:not(.none) th:has-text('settled')").wait_for(timeout=15_000)
        assert people(page, "settled") == 20
        said = json.loads(console.ask(f"{page_of}/counters.json").body)["counters"]
        one = said[PROGRAMME]["JPY"]
        assert one["settled"] == one["entitled"]


def people(page: Page, stage: str) -> int:
    """How many there are at a stage, as the page shows it."""
    row = page.locator("table.counters tr", has=page.locator(f"th:has-text('{stage}')")).first
    return int(row.locator("td").first.inner_text())


def answer(desk: Path, name: str) -> None:
    digest = hashlib.sha256((desk / "box" / "out" / f"{name}.txt").read_bytes()).hexdigest()
    text = f'number = "{name}"\nsha256 = "{digest}"\n'
    (desk / "box" / "in" / f"{name}.receipt.toml").write_text(text)


@pytest.mark.parametrize(
    ("path", "status"),
    [("/coincheck/incident/none", 404), ("/coincheck/incident/coincheck-2018?on=2026-02-31", 404),
     ("/coincheck/incident?on=soon", 422), ("/coincheck/incident/%2e%2e", 404),
     ("/ftx-japan/incident", 200), ("/ftx-japan/incident/x/counters", 404)],
)  # fmt: skip
def test_what_is_not_there_is_said_and_nothing_breaks(demo: Console, path: str, status: int):
    assert demo.ask(path).status == status


def test_the_document_is_written_by_the_command_and_by_nothing_else(tmp_path: Path):
    from sonae.actions.demo.incident import incident_file

    out = tmp_path / "open"
    said = sonae("incident", "open", incident_file("zaif-2018"), "--out", out, "--json")
    assert json.loads((out / "incident.json").read_text()) == said.json()
    (out / "mine.txt").touch()
    again = sonae("incident", "open", incident_file("zaif-2018"), "--out", out)
    assert again.code == 2
    assert (out / "mine.txt").is_file()
