"""What every reader meets: their language or one that is marked, their clock, a small screen."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from datetime import datetime, timedelta
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.browser import chromium
from tests.web.conftest import Console, running

PAGES = (
    "/mihon/today", "/dmm-bitcoin/today", "/failed-exchange/today", "/dmm-bitcoin/calendar",
    "/dmm-bitcoin/reserve", "/dmm-bitcoin/reserve/11", "/dmm-bitcoin/reserve/new?kind=use",
    "/ftx-japan/reserve", "/dmm-bitcoin/risk", "/ftx-japan/risk", "/coincheck/incident",
    "/coincheck/incident/coincheck-2018", "/failed-exchange/resolution", "/ftx-japan/resolution",
    "/dmm-bitcoin/reports", "/failed-exchange/proof", "/coincheck/proof", "/supervisor",
    "/supervisor/laboratory", "/mihon/recompute", "/claim",
    "/mihon/why?figure=cover/jp%23required",
)  # fmt: skip
PROSE = re.compile(r"\b[a-z]{3,}\b")
"""A word of English that is no name and no code; three of them are a sentence."""
JAPANESE = re.compile("[぀-ヿ一-鿿]")
VOID = {"br", "col", "hr", "img", "input", "link", "meta", "path", "rect", "circle", "polygon"}


class Texts(HTMLParser):
    """The texts of a page, each with the language that the page gives it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[tuple[str, str, bool]] = []
        self.found: list[tuple[str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in VOID:
            return
        given = dict(attrs)
        _, lang, apart = self.open[-1] if self.open else ("", "", False)
        apart = apart or tag in ("code", "pre", "script", "style", "option")
        self.open.append((tag, given.get("lang") or lang, apart))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        _, lang, apart = self.open[-1] if self.open else ("", "", True)
        if data.strip() and not apart:
            self.found.append((lang, data.strip()))


def english(page: str, lang: str) -> list[str]:
    """Sentences of English that the page gives a language."""
    return [
        text
        for given, text in Texts(page).found
        if given == lang and not JAPANESE.search(text) and len(PROSE.findall(text)) >= 3
    ]


@pytest.mark.parametrize("path", PAGES)
def test_english_on_a_japanese_page_is_marked_as_english(demo: Console, path: str):
    said = demo.ask(path, accept_language="ja")
    assert said.status == 200
    assert english(said.text, "ja") == []


def test_a_source_in_english_is_shown_and_marked_in_console_and_report(
    demo: Console, demo_home: Path
):
    page = demo.ask("/coincheck/incident/coincheck-2018", accept_language="ja").text
    assert any("as reported" in text for text in english(page, "en"))
    (report,) = (demo_home / "dmm-bitcoin" / "closes").glob("*/report.ja.html")
    assert english(report.read_text("utf-8"), "ja") == []
    assert english(report.read_text("utf-8"), "en")


def test_the_proof_names_a_requirement_by_the_title_in_its_draft(demo: Console, demo_home: Path):
    (said,) = (demo_home / "failed-exchange" / "closes").glob("*/seal/public/sufficiency.json")
    statement = json.loads(said.read_text("utf-8"))
    titles = {}
    for id, text in statement["drafts"].items():
        draft = tomllib.loads(text)
        titles[id] = draft["draft"]["title"]
        for variant in draft.get("variant", []):
            titles[f"{id}.{variant['id']}"] = variant.get("title", draft["draft"]["title"])
    assert statement["requirements"]
    for lang in ("ja", "en"):
        page = unescape(demo.ask("/failed-exchange/proof", accept_language=lang).text)
        for one in statement["requirements"]:
            title = titles[one["rule"]][lang]
            row = re.search(rf"<th[^>]*>{title[0]}?{re.escape(title[1:])}", page, re.IGNORECASE)
            assert row, (lang, title)
            assert f">{one['rule']}</code>" in page


def shown(page: str) -> list[tuple[str, str]]:
    """Each moment of a page: its instant, and what is written."""
    return re.findall(r'<time datetime="([^"]+)">([^<]+)</time>', page)


def test_the_reserve_shows_the_clock_of_the_venue_and_names_it(demo: Console):
    acts = json.loads(demo.ask("/dmm-bitcoin/reserve.json").body)["reserve"]["history"]
    page = demo.ask("/dmm-bitcoin/reserve", accept_language="ja").text
    moments = shown(page)
    assert len(moments) > len(acts)
    assert {f"{a['at'][:19]}Z" for a in acts} <= {instant for instant, _ in moments}
    for instant, text in moments:
        there = datetime.fromisoformat(instant.removesuffix("Z")) + timedelta(hours=9)
        assert text == f"{there.year}年{there.month}月{there.day}日 {there:%H:%M}"
    assert "時刻（日本時間）" in page
    entry = demo.ask("/dmm-bitcoin/reserve/11", accept_language="ja").text
    assert all(text.endswith("（日本時間）") for _, text in shown(entry))
    assert shown(entry)


def test_another_venue_has_another_clock(demo_home: Path, tmp_path: Path):
    shutil.copytree(demo_home / "dmm-bitcoin", tmp_path / "dmm-bitcoin")
    (file,) = (tmp_path / "dmm-bitcoin" / "closes").glob("*/close.json")
    document = json.loads(file.read_text("utf-8"))
    document["venue"]["time_zone"] = "America/St_Johns"
    file.write_text(json.dumps(document), "utf-8")
    with running(tmp_path, "--demo") as console:
        page = console.ask("/dmm-bitcoin/reserve", accept_language="en").text
    assert "When (America/St_Johns)" in page
    for instant, text in shown(page):
        there = datetime.strptime(f"{text} +0000", "%d %B %Y, %H:%M %z")
        late = datetime.fromisoformat(instant) - there
        assert timedelta(hours=2, minutes=30) <= late < timedelta(hours=3, minutes=31)


def test_a_telephone_shows_every_page_whole_or_says_that_it_slides(demo: Console):
    hidden = """() => [...document.querySelectorAll("main *")].filter((e) =>
        e.scrollWidth > e.clientWidth + 1
        && ["auto", "scroll"].includes(getComputedStyle(e).overflowX)
        && ![...e.querySelectorAll(".slide")].some((s) => s.checkVisibility()))
        .map((e) => `${e.tagName} ${e.className} ${e.textContent.trim().slice(0, 40)}`)"""
    with chromium() as browser:
        for locale in ("ja-JP", "en-GB"):
            page = browser.new_page(locale=locale, viewport={"width": 360, "height": 800})
            for path in PAGES:
                page.goto(demo.url + path)
                assert page.evaluate("document.documentElement.scrollWidth") == 360, path
                assert page.evaluate(hidden) == [], (locale, path)


def test_a_form_chooses_no_ground_for_anybody_and_marks_what_must_be_given(demo: Console):
    page = demo.ask("/dmm-bitcoin/reserve/new?kind=use", accept_language="ja").text
    chosen = re.findall(r'<select name="([^"]+)" required>(.*?)</select>', page)
    options = {name: re.findall(r'<option value="([^"]*)"', inside) for name, inside in chosen}
    assert {"nature", "ground"} <= set(options)
    assert all(found[0] == "" for found in options.values() if len(found) > 1)
    assert page.count(" required") == page.count(">必須<")
    assert "デモでは起票できない" in page


def test_the_note_on_shortfalls_stands_under_the_table_of_them(demo: Console):
    page = demo.ask("/mihon/today", accept_language="ja").text
    note = page.index("一つの行の超過は他の行の不足を補わない")
    assert page.index("<table") < note < page.index('<figure class="chart">')
    assert "一つの行の超過は他の行の不足を補わない" in demo.ask("/supervisor").text


def test_a_card_on_a_telephone_says_what_each_of_its_values_is(demo: Console):
    bare = """() => [...document.querySelectorAll("table.cards td")].filter((e) =>
        e.checkVisibility() && e.textContent.trim() && e.dataset.h === undefined)
        .map((e) => e.outerHTML)"""
    with chromium() as browser:
        page = browser.new_page(locale="ja-JP", viewport={"width": 360, "height": 800})
        for path in PAGES:
            page.goto(demo.url + path)
            assert page.evaluate(bare) == [], path


def test_a_line_of_a_chart_is_a_line_and_its_marks_are_explained(demo: Console):
    with chromium() as browser:
        page = browser.new_page(locale="ja-JP")
        for path in ("/dmm-bitcoin/risk", "/dmm-bitcoin/reserve"):
            page.goto(demo.url + path)
            fills = page.eval_on_selector_all(
                "svg.chart .line", "found => found.map((e) => getComputedStyle(e).fill)"
            )
            assert set(fills) == {"none"}, path
            labels = page.eval_on_selector_all(
                "svg.chart", "found => found.map((e) => e.getAttribute('aria-label'))"
            )
            assert all(labels), path
        page.goto(f"{demo.url}/dmm-bitcoin/risk")
        assert page.locator("figure.chart ul.keys").inner_text().split() == ["費用（年）", "現金"]
