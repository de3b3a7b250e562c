"""Every page for everyone: no violation that axe-core finds, no request that leaves the machine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.browser import chromium
from tests.web.conftest import Console

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
PAGES = (
    "/dmm-bitcoin/today",
    "/mihon/today",
    "/mihon/risk",
    "/dmm-bitcoin/risk",
    "/dmm-bitcoin/reserve",
    "/dmm-bitcoin/reserve/8",
    "/dmm-bitcoin/reserve/new?kind=use",
    "/mihon/reserve",
    "/coincheck/incident",
    "/coincheck/incident/coincheck-2018",
    "/failed-exchange/resolution",
    "/failed-exchange/proof",
    "/claim",
    "/mihon/calendar?event=2026-11-20",
    "/ftx-japan/why?figure=cover/jp%23required",
    "/mihon/reports",
    "/supervisor",
    "/supervisor/laboratory",
    "/mihon/recompute",
    "/nobody/today",
)
"""Every page of the console, and one that is not there."""


@pytest.fixture(scope="module")
def axe() -> str:
    """The checker, as set-up fetches it from npm."""
    if not AXE.is_file():
        message = "no axe-core: run `make setup` on a machine with npm"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    return AXE.read_text("utf-8")


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_no_page_keeps_anyone_out_or_asks_anyone_else(demo: Console, axe: str, lang: str):
    found, outside, wide, said = {}, [], [], []
    with chromium() as browser:
        page = browser.new_page(locale=lang, bypass_csp=True)
        page.on("request", lambda r: outside.append(r.url) if not r.url.startswith(demo.url) else 0)
        page.on("console", lambda m: said.append(m.text) if m.type == "error" else 0)
        for path in PAGES:
            page.set_viewport_size({"width": 1280, "height": 900})
            page.goto(demo.url + path)
            page.evaluate(axe)
            result = page.evaluate("axe.run()")
            for one in result["violations"]:
                found.setdefault(one["id"], []).append((path, one["nodes"][0]["html"][:120]))
            page.set_viewport_size({"width": 360, "height": 800})
            if page.evaluate("document.documentElement.scrollWidth") > 360:
                wide.append(path)
    assert not found
    assert not [u for u in outside if not u.startswith("data:")]
    assert not wide
    assert not [s for s in said if "404" not in s]
