"""Resolution on screen: each part of the score, drills, packs, shares, and what is done first."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonae.actions.console.home import Firm
from sonae.actions.console.resolution import components, resolution_view
from tests.browser import chromium
from tests.command import sonae
from tests.web.conftest import Console, running

PAGE = "/failed-exchange/resolution"
AT = datetime(2026, 11, 28, 9, tzinfo=UTC)


def of(parts: list[dict[str, Any]]) -> dict[str, bool | None]:
    return {p["id"]: p["met"] for p in parts}


def test_what_nobody_wrote_is_not_known_and_not_met():
    assert set(of(components({}, None, [], AT)).values()) == {None}


@given(st.integers(0, 400))
def test_a_pack_a_test_and_a_drill_grow_old_on_their_own_day(days: int):
    done = AT - timedelta(days=days)
    log = [{"what": "restore-tested", "result": "opened", "on": done.date().isoformat()}]
    values = {"pack_known_at": done.isoformat(), "last_drill": done.isoformat()}
    met = of(components(values, None, log, AT))
    assert met["pack_age"] is (days <= 2)
    assert met["restore_test"] is (days <= 92)
    assert met["next_drill"] is (days <= 366)


def test_a_copy_that_could_not_be_opened_is_no_test():
    log = [{"what": "restore-tested", "result": "refused", "on": "2026-11-27", "why": "x"}]
    assert of(components({}, None, log, AT))["restore_test"] is None


def test_the_share_and_the_rails_meet_their_limit_exactly():
    at_limit = {"verified_share": "19/20", "assets_with_rail": 3, "assets_owed": 3}
    below = {"verified_share": "18/20", "assets_with_rail": 2, "assets_owed": 3}
    met, not_met = (of(components(v, None, [], AT)) for v in (at_limit, below))
    assert (met["verified_share"], met["rails"]) == (True, True)
    assert (not_met["verified_share"], not_met["rails"]) == (False, False)


def test_the_page_says_what_the_commands_say(demo: Console, demo_home: Path):
    said = json.loads(demo.ask(f"{PAGE}.json").body)
    firm = demo_home / "failed-exchange"
    log = sonae("pack", "log", firm / "packs" / "log.jsonl", "--json").json()["lines"]
    assert [p["pack"]["sha256"] for p in said["packs"]] == [
        x["pack"]["sha256"] for x in log if x["what"] == "made"
    ]
    drills = sonae("estate", "drill", "compare", firm / "drills" / "1.jsonl", "--json").json()
    assert said["drills"] == drills
    assert len(said["components"]) == said["of"] == 7
    assert said["met"] == sum(p["met"] is True for p in said["components"])
    assert len(said["checklist"]["tasks"]) > 10
    assert said["packs"][0]["recipients"] == ["Example Trust Bank", "Administrator to come"]


def test_a_record_that_was_changed_is_said_and_the_rest_still_shows(
    demo_home: Path, tmp_path: Path
):
    shutil.copytree(demo_home / "failed-exchange", tmp_path / "failed-exchange")
    firm = Firm("failed-exchange", tmp_path / "failed-exchange")
    log = firm.folder / "packs" / "log.jsonl"
    log.write_text(log.read_text().replace("Example Trust Bank", "Another Bank"))
    record = firm.folder / "drills" / "1.jsonl"
    record.write_bytes(record.read_bytes().splitlines(keepends=True)[0] * 2)
    found = resolution_view(firm)
    assert len(found["faults"]) == 2
    assert found["drills"] is None
    assert found["packs"] == []
    assert found["checklist"]["tasks"]
    with running(tmp_path, "--demo") as console:
        assert "log.jsonl" in console.ask(PAGE).text


@pytest.mark.parametrize("firm", ["coincheck", "ftx-japan"])
def test_a_firm_that_wrote_nothing_is_told_by_which_commands(demo: Console, firm: str):
    page = demo.ask(f"/{firm}/resolution", accept_language="en").text
    for command in (
        "estate readiness",
        "estate checklist",
        "drill start",
        "pack make",
        "keys make",
    ):
        assert command in page
    assert "0 of 7 are met" in page


def test_it_fits_a_telephone_and_reads_in_both_languages(demo: Console):
    with chromium() as browser:
        for locale, words in (("ja-JP", "7項目のうち"), ("en-GB", "of 7 are met")):
            page = browser.new_page(locale=locale, viewport={"width": 360, "height": 800})
            page.goto(demo.url + PAGE)
            assert words in page.inner_text("main")
            assert page.evaluate("document.documentElement.scrollWidth") == 360
            page.close()
