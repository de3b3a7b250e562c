"""Proof for everybody: chain, statement, published files, and a receipt checked with no network."""

from __future__ import annotations

import json
import shutil
from html import unescape
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser import chromium, offline
from tests.command import sonae
from tests.web.conftest import Console, running

PAGE = "/failed-exchange/proof"


def desk(home: Path) -> Path:
    return home / "failed-exchange" / "desk"


def newest(home: Path) -> Path:
    return home / "failed-exchange" / "closes" / "2026-11-20" / "seal" / "public"


def check(page: Page, receipt: Path, account: str, header: str) -> bool:
    """As a customer does it: choose the file, type the text, compare the published hash."""
    page.set_input_files("#file", receipt)
    page.fill("#account", account)
    page.fill("#hash", header)
    page.click("#go")
    page.wait_for_selector("#verdict section")
    return page.get_attribute("#verdict section", "data-good") == "true"


def test_a_customer_verifies_a_receipt_with_the_network_off(
    demo: Console, demo_home: Path, tmp_path: Path
):
    receipt = desk(demo_home) / "receipt.json"
    header = json.loads(demo.ask(f"{PAGE}.json").body)["seal"]["header"]["hash"]
    other = tmp_path / "other.json"
    said = json.loads(receipt.read_text())
    said["leaves"][0]["amount"] = str(int(said["leaves"][0]["amount"]) + 1)
    other.write_text(json.dumps(said))
    with chromium() as browser:
        context = browser.new_context(locale="ja-JP", accept_downloads=True)
        page = context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text))
        page.goto(demo.url + PAGE)
        with page.expect_download() as saved:
            page.click("text=検証ページを保存する")
        kept = tmp_path / "verify.html"
        saved.value.save_as(kept)
        page.click("text=検証ページを開く")
        context.set_offline(True)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        assert check(page, receipt, "A01", header)
        assert not check(page, other, "A01", header)
        assert not check(page, receipt, "A02", header)
        assert not check(page, receipt, "A01", "0" * 64)
        assert asked == [], "the receipt went nowhere"
        assert errors == []
        context.close()
        with offline(browser, locale="ja-JP") as (alone, tried):
            page = alone.new_page()
            page.goto(kept.as_uri())
            assert check(page, receipt, "A01", header)
            assert [url for url in tried if not url.startswith("file:")] == []


def test_the_policy_of_the_verifier_lets_its_script_run_and_nothing_be_sent(demo: Console):
    said = demo.ask("/verify.html")
    policy = said.headers["content-security-policy"]
    assert "'unsafe-inline'" not in policy.split("script-src")[1].split(";")[0]
    assert "default-src 'none'" in policy
    assert "connect-src" not in policy, "nothing is allowed but what default-src allows: nothing"
    assert "form-action 'none'" in policy


def test_every_published_file_is_what_was_published(demo: Console, demo_home: Path):
    folder = newest(demo_home)
    files = json.loads(demo.ask(f"{PAGE}.json").body)["seal"]["files"]
    assert len(files) > 10
    for name in files:
        assert demo.ask(f"{PAGE}/public/{name}").body == (folder / name).read_bytes(), name


@pytest.mark.parametrize(
    "name",
    ["../private/day.key", "..%2fprivate%2fday.key", "%2e%2e/private/day.key", "log/../header.bin",
     "/etc/passwd", ".hidden", "private/day.key", "", "log", "a" * 500],
)  # fmt: skip
def test_nothing_but_the_public_part_is_served(demo: Console, demo_home: Path, name: str):
    said = demo.ask(f"{PAGE}/public/{name}")
    assert said.status in (404, 422)
    key = newest(demo_home).parent / "private" / "day.key"
    assert key.read_bytes().strip() not in said.body


def test_the_log_and_the_statement_are_checked_again(demo: Console, demo_home: Path):
    seal = json.loads(demo.ask(f"{PAGE}.json").body)["seal"]
    printed = sonae("seal", "log", newest(demo_home).parent, "--json").json()
    assert seal["log"] == printed
    assert [s["seq"] for s in seal["log"]["seals"]] == [1, 2]
    assert (seal["statement_differs"], seal["statement_bound"]) == ([], True)
    page = demo.ask(PAGE, accept_language="en").text
    assert seal["header"]["hash"] in page
    assert "all 2 are chained" in page


def test_a_log_or_a_statement_that_was_changed_is_said_to_be(demo_home: Path, tmp_path: Path):
    shutil.copytree(demo_home / "failed-exchange", tmp_path / "failed-exchange")
    public = newest(tmp_path)
    statement = public / "sufficiency.json"
    statement.write_text(statement.read_text().replace('"438000000"', '"0"'))
    note = public / "log" / "checkpoint"
    note.write_text(note.read_text().replace("\n2\n", "\n3\n"))
    with running(tmp_path, "--demo") as console:
        seal = json.loads(console.ask(f"{PAGE}.json").body)["seal"]
        assert seal["log"] is None
        assert seal["log_failed"]
        assert seal["statement_differs"]
        page = console.ask(PAGE, accept_language="en").text
        assert page.count('class="late"') >= 2
        assert seal["log_failed"]["ja"] != seal["log_failed"]["en"]
        differ = seal["statement_differs"]
        assert all(d["ja"] != d["en"] for d in differ)
        assert unescape(console.ask(PAGE, accept_language="ja").text).count(differ[0]["ja"]) == 1


def test_nothing_about_any_account_is_public(demo: Console):
    for path in (PAGE, f"{PAGE}.json"):
        text = demo.ask(path).text
        for secret in ("A01", "C01", "佐藤", "day.key"):
            assert secret not in text


def test_a_firm_that_seals_nothing_is_told_how(demo: Console):
    assert "--seal-key" in demo.ask("/coincheck/proof").text
    assert json.loads(demo.ask("/coincheck/proof.json").body)["seal"] is None
