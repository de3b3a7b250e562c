"""Today and why: what an officer sees first, and the way down to the words of the law."""

from __future__ import annotations

import json
from html import unescape
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.browser import chromium
from tests.web.conftest import Console

FIRMS = ("coincheck", "dmm-bitcoin", "ftx-japan")


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
        assert {c for f in said["figures"] for c in f["cites"]} == set(said["citations"])
        assert demo.ask(f"/{firm}/why?figure={quote(id)}").status == 200


def test_from_today_to_the_words_of_the_law_it_is_two_clicks(demo: Console):
    with chromium() as browser:
        page = browser.new_page(locale="ja-JP")
        page.goto(f"{demo.url}/ftx-japan/today")
        page.click("text=19,000,000,000")
        assert page.locator(".why-tree blockquote.law").first.is_visible()
        assert "二営業日以内に" in page.inner_text(".why-tree")


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
