"""Risk: the documents of the loss model as they were written, drawn and to be looked into."""

from __future__ import annotations

import json
from pathlib import Path

from tests.browser import chromium
from tests.web.conftest import Console


def test_the_twin_is_what_the_commands_wrote(demo: Console, demo_home: Path):
    said = json.loads(demo.ask("/dmm-bitcoin/risk.json").body)
    folder = demo_home / "dmm-bitcoin" / "loss"
    assert said["reserve"] == json.loads((folder / "reserve" / "reserve.json").read_text())
    assert set(said["replays"]) == {"dmm-2024", "coincheck-2018"}
    page = demo.ask("/dmm-bitcoin/risk", accept_language="ja").text
    assert "48,200,000,000" in page
    assert "不足が残る" in page


def test_without_documents_the_page_says_which_command_makes_them(demo: Console):
    page = demo.ask("/mihon/risk", accept_language="en").text
    for command in ("sonae loss reserve", "sonae mix", "sonae loss replay"):
        assert command in page
    said = json.loads(demo.ask("/mihon/risk.json").body)
    assert said == {"firm": "mihon", "reserve": None, "mix": None, "replays": {}}


def test_a_curve_can_be_looked_into_and_stands_without_script(demo: Console):
    with chromium() as browser:
        page = browser.new_page(locale="en")
        page.goto(f"{demo.url}/dmm-bitcoin/risk")
        assert page.locator("figure.enhanced .live svg").count() >= 1
        assert not page.locator("figure.enhanced > svg").first.is_visible()
        plain = browser.new_context(java_script_enabled=False).new_page()
        plain.goto(f"{demo.url}/dmm-bitcoin/risk")
        assert plain.locator("figure.chart > svg").first.is_visible()


def test_a_document_that_is_damaged_is_refused_by_name(tmp_path: Path, serve, demo_home: Path):
    (tmp_path / "f" / "loss" / "mix").mkdir(parents=True)
    (tmp_path / "f" / "closes").mkdir()
    (tmp_path / "f" / "loss" / "mix" / "mix.json").write_text("{")
    with serve(tmp_path, "--demo") as console:
        said = console.ask("/f/risk.json")
        assert said.status == 409
        assert "mix.json" in json.loads(said.body)["error"]["message"]["en"]
