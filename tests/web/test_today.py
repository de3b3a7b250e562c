"""Today and why: what an officer sees first, and the way down to the words of the law."""

from __future__ import annotations

import json
from datetime import date
from html import unescape
from pathlib import Path
from urllib.parse import quote

import pytest

from sonae.actions.console.day import open_findings
from sonae.actions.console.home import Firm
from sonae.actions.rules.compare import venue_duties
from sonae.books.sample import write_sample
from tests.browser import chromium
from tests.web.conftest import Console

FIRMS = ("coincheck", "dmm-bitcoin", "ftx-japan", "mihon")


def close_of(home: Path, firm: str) -> dict:
    (file,) = (home / firm / "closes").glob("*/close.json")
    return json.loads(file.read_text("utf-8"))


@pytest.mark.parametrize("firm", FIRMS)
def test_today_and_its_twin_say_what_the_close_says(demo: Console, demo_home: Path, firm: str):
    written, said = close_of(demo_home, firm), json.loads(demo.ask(f"/{firm}/today.json").body)
    assert said["cover"] == written["cover"]
    assert said["findings"] == written["findings"]
    page = demo.ask(f"/{firm}/today", accept_language="en").text
    for finding in written["findings"]:
        if finding["severity"] != "note":
            assert finding["message"]["en"][1:30] in unescape(page)


@pytest.mark.parametrize("firm", FIRMS)
def test_every_figure_opens_down_to_what_it_answers_to(demo: Console, demo_home: Path, firm: str):
    written = close_of(demo_home, firm)
    for id in (f["id"] for f in written["figures"][::12]):
        said = json.loads(demo.ask(f"/{firm}/why.json?figure={quote(id)}").body)
        assert said["figure"]["id"] == id
        own = {c for f in said["figures"] for c in f["cites"]}
        assert own.union(*said["lines"].values()) == set(said["citations"])
        assert demo.ask(f"/{firm}/why?figure={quote(id)}").status == 200


def test_from_today_to_the_words_of_the_law_it_is_two_clicks(demo: Console):
    with chromium() as browser:
        page = browser.new_page(locale="ja-JP")
        page.goto(f"{demo.url}/ftx-japan/today")
        page.click("text=19,000,000,000")
        assert page.locator(".why-tree blockquote.law").first.is_visible()
        said = page.inner_text(".why-tree")
        assert "二営業日以内に" in said
        assert "利用者の暗号資産を自己の暗号資産と分別して管理しなければならない" in said
        assert "~" not in "".join(page.locator(".why-tree .what").all_inner_texts())


@pytest.mark.parametrize("firm", FIRMS)
def test_the_crypto_that_has_to_be_kept_apart_cites_the_line_it_stands_in(demo: Console, firm: str):
    said = json.loads(demo.ask(f"/{firm}/why.json?figure=cover/jp%23required").body)
    assert said["lines"]["stack#owed"]
    assert all(said["citations"][c] for c in said["lines"]["stack#owed"])


def test_amounts_by_oku_are_a_choice_that_lasts_and_english_never_has_it(demo: Console):
    with chromium() as browser:
        page = browser.new_page(locale="ja-JP")
        page.goto(f"{demo.url}/ftx-japan/today")
        assert "19,000,000,000" in page.inner_text("main")
        page.click("text=億・万で表示")
        assert "190億" in page.inner_text("main")
        page.goto(f"{demo.url}/ftx-japan/why?figure=cover/jp%23required")
        assert "129億6,000万円" in page.inner_text("main")
        page.goto(f"{demo.url}/ftx-japan/today?lang=en")
        assert "19,000,000,000" in page.inner_text("main")
        page.goto(f"{demo.url}/ftx-japan/today?lang=ja")
        page.click("text=1円単位で表示")
        assert "19,000,000,000" in page.inner_text("main")


def test_the_keyboard_alone_skips_to_the_page_and_opens_and_leaves_the_menu(demo: Console):
    with chromium() as browser:
        page = browser.new_page(locale="en")
        page.goto(f"{demo.url}/ftx-japan/today")
        focus = "document.activeElement"
        page.keyboard.press("Tab")
        assert page.evaluate(f"{focus}.className") == "skip"
        page.keyboard.press("Enter")
        assert page.evaluate(f"{focus}.id") == "main"
        page.goto(f"{demo.url}/ftx-japan/today")
        order = []
        for _ in range(6):
            page.keyboard.press("Tab")
            order.append(page.evaluate(f"{focus}.textContent.trim()"))
        assert order[1:] == ["備え Sonae", "ftx-japan", "Today", "Calendar", "Reserve"]
        page.focus("header summary")
        page.keyboard.press("Enter")
        assert page.locator("header details[open]").count() == 1
        page.keyboard.press("Tab")
        assert page.evaluate(f"{focus}.closest('details') !== null")
        page.keyboard.press("Escape")
        assert page.locator("header details[open]").count() == 0
        assert page.evaluate(f"{focus}.tagName") == "SUMMARY"


def test_paper_has_the_figures_and_not_the_menu(demo: Console):
    with chromium() as browser:
        page = browser.new_page(locale="en")
        page.goto(f"{demo.url}/ftx-japan/today")
        page.emulate_media(media="print")
        assert not page.is_visible("header.masthead")
        assert not page.is_visible("form.days")
        assert page.is_visible("text=19,000,000,000 >> nth=0")


@pytest.mark.parametrize(
    ("path", "status"),
    [("/nobody/today", 404), ("/dmm-bitcoin/today?day=2020-01-01", 404), ("/nope", 404),
     ("/dmm-bitcoin/today?day=yesterday", 422), ("/dmm-bitcoin/why?figure=x", 404)],
)  # fmt: skip
def test_what_is_not_there_is_said_in_words_with_a_way_on(demo: Console, path: str, status: int):
    said = demo.ask(path, accept_language="ja")
    assert said.status == status
    assert "最初の画面へ" in said.text
    at, _, query = path.partition("?")
    twin = demo.ask(f"{at}.json?{query}")
    assert twin.status == status
    assert json.loads(twin.body)["error"]["message"]["ja"]


def test_an_empty_folder_says_how_to_begin(tmp_path: Path, serve):
    with serve(tmp_path, "--demo") as console:
        said = console.ask("/", accept_language="en")
        assert said.status == 200
        assert "sonae close" in said.text


def test_a_finding_is_as_old_as_the_first_close_in_a_row_that_found_it(demo_home: Path, tmp_path):
    firm = Firm("f", tmp_path / "f")
    document = close_of(demo_home, "mihon")
    for day, shown in (("2026-11-16", 9), ("2026-11-17", 0), ("2026-11-18", 9), ("2026-11-20", 9)):
        findings = [f for f in document["findings"] if f["severity"] != "note"][:shown]
        folder = firm.folder / "closes" / day
        folder.mkdir(parents=True)
        said = {**document, "on": day, "findings": findings}
        (folder / "close.json").write_text(json.dumps(said), "utf-8")
    found = open_findings(firm, firm.close())
    assert found
    assert {(f["since"], f["days"]) for f in found} == {("2026-11-18", 2)}


def test_the_calendar_names_every_duty_of_the_command_line(demo: Console, tmp_path: Path):
    write_sample(tmp_path / "books", 20)
    said = venue_duties(
        tmp_path / "books", None, 6, None, daily=False, regimes=None, ics=None, lang="ja"
    )
    days = (date.fromisoformat(said["to"]) - date.fromisoformat(said["from"])).days + 1
    shown = json.loads(demo.ask(f"/mihon/calendar.json?from={said['from']}&days={days}").body)
    assert [d["id"] for d in shown["duties"]] == [d["id"] for d in said["duties"]]
    assert shown["duties"] == said["duties"]
    assert demo.ask("/mihon/calendar.ics").body.startswith(b"BEGIN:VCALENDAR")
