"""Every page for everyone: no violation that axe-core finds, no request that leaves the machine."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser import chromium
from tests.fund.people import People
from tests.web.conftest import Console, running
from tests.web.people import Person, firm

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
    "/mihon/today?amounts=oku",
    "/coincheck/incident?on=2018-02-05",
    "/mihon/resolution",
    "/mihon/proof",
    "/mihon/incident",
    "/status.html",
    "/verify.html",
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


@dataclass
class Looked:
    """What a page was found to be: violations by rule, pages too wide, errors, addresses asked."""

    axe: str
    found: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    wide: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def listen(self, page: Page) -> None:
        """Note what a page asks for and complains of."""
        page.on("request", lambda r: self.asked.append(r.url))
        page.on("console", lambda m: self.said.append(m.text) if m.type == "error" else 0)

    def at(self, page: Page, name: str) -> None:
        """Check what is on screen, at both widths."""
        page.set_viewport_size({"width": 1280, "height": 900})
        page.evaluate(self.axe)
        for one in page.evaluate("axe.run()")["violations"]:
            self.found.setdefault(one["id"], []).append((name, one["nodes"][0]["html"][:120]))
        page.set_viewport_size({"width": 360, "height": 800})
        if page.evaluate("document.documentElement.scrollWidth") > 360:
            self.wide.append(name)

    def is_for_everyone(self, url: str) -> None:
        """Nothing was found, and nobody else was asked."""
        assert not self.found
        assert not [u for u in self.asked if not u.startswith((url, "data:", "blob:"))]
        assert not self.wide
        assert not [s for s in self.said if "404" not in s and "403" not in s]


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_no_page_keeps_anyone_out_or_asks_anyone_else(demo: Console, axe: str, lang: str):
    looked = Looked(axe)
    with chromium() as browser:
        page = browser.new_page(locale=lang, bypass_csp=True)
        looked.listen(page)
        for path in PAGES:
            page.goto(demo.url + path)
            looked.at(page, path)
    looked.is_for_everyone(demo.url)


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_a_claim_is_for_everyone_looked_at_wrong_and_answered(
    demo_home: Path, tmp_path: Path, axe: str, lang: str
):
    looked = Looked(axe)
    shutil.copytree(demo_home / "coincheck", tmp_path / "coincheck")
    letter = (tmp_path / "coincheck" / "desk" / "letter-A000300.txt").read_text("utf-8")
    number, code = re.findall(r"(?:Claim number|Code): (\S+)", letter)
    with running(tmp_path, "--demo") as console, chromium() as browser:
        page = browser.new_page(locale=lang, bypass_csp=True)
        looked.listen(page)
        for name, given in ("wrong", "2345-6789-ABCD"), ("claim", number):
            page.goto(f"{console.url}/claim")
            page.fill("#number", given)
            page.fill("#code", code)
            page.click("main form button")
            looked.at(page, name)
        page.click("details.choice summary >> nth=0")
        looked.at(page, "choice")
        page.click("main form[action='/claim/answer'] button >> nth=0")
        assert page.locator(".received").count() == 1
        looked.at(page, "answered")
        looked.is_for_everyone(console.url)


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_first_run_people_and_an_empty_firm_are_for_everyone(tmp_path: Path, axe: str, lang: str):
    looked = Looked(axe)
    home = tmp_path / "home"
    fund = People(tmp_path, str(firm(home) / "fund.db"))
    fund.begin()
    with running(home) as console, chromium() as browser:
        ann = Person(browser, console, lang)
        page = ann.page
        looked.listen(page)
        for path in ("/join", "/sign-in", "/claim", "/verify.html"):
            page.goto(console.origin + path)
            looked.at(page, f"before anyone: {path}")
        ann.joined(console.first, id="ann", name="Ann")
        ann.make_key()
        looked.at(page, "me with a key")
        ann.invite("cyn", "registrar")
        looked.at(page, "a code")
        for path in (
            "/me", "/people", "/acme/exports", "/acme/reserve", "/acme/reserve/1",
            "/acme/reserve/new", "/acme/today", "/acme/risk", "/acme/incident", "/acme/resolution",
            "/acme/calendar", "/acme/reports", "/acme/proof", "/supervisor",
        ):  # fmt: skip
            page.goto(console.origin + path)
            looked.at(page, path)
        looked.is_for_everyone(console.origin)
