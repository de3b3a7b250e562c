"""The reserve on screen: two people in two browsers, bound to the very bytes; and who may not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.browser import chromium
from tests.command import sonae
from tests.fund.people import DAY, People
from tests.web.conftest import Console, running
from tests.web.people import Person, firm


@dataclass
class Team:
    """Ann prepares, Bob approves, Cyn lets people in; each with a browser; and the fund's people."""

    ann: Person
    bob: Person
    cyn: Person
    fund: People
    console: Console


@contextmanager
def team(folder: Path, demo_home: Path) -> Iterator[Team]:
    home = folder / "home"
    fund = People(folder, str(firm(home, demo_home) / "fund.db"))
    fund.begin()
    with running(home) as console, chromium() as browser:
        ann = Person(browser, console).joined(console.first, id="ann", name="Ann")
        cyn = Person(browser, console).joined(ann.invite("cyn", "registrar"))
        code = ann.invite("bob", "approver", "releaser")
        cyn.page.goto(f"{console.origin}/people")
        cyn.page.click("form[action='/people/second'] button")
        bob = Person(browser, console, "ja").joined(code)
        keys = {"ann": ann.make_key(), "bob": bob.make_key()}
        amend(fund, keys)
        yield Team(ann, bob, cyn, fund, console)


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


def test_two_people_in_two_browsers_move_money_and_the_ledger_verifies(
    tmp_path: Path, demo_home: Path
):
    with team(tmp_path, demo_home) as t:
        seq = propose(t.ann, "250000000")
        t.bob.page.goto(f"{t.bob.url}/acme/reserve")
        t.bob.page.click("tr.mine a.button")
        assert "250,000,000" in t.bob.page.inner_text("main")
        t.bob.page.click("button[value=approve]")
        t.bob.page.wait_for_selector("dialog[open]")
        shown = t.bob.page.inner_text("dialog")
        assert "asset/TRUST" in shown
        assert "250,000,000 JPY" in shown
        t.bob.sign()
        t.bob.page.wait_for_selector("dd:text-is('bob')")
        assert seq == int(t.bob.page.url.rpartition("/")[2])
        assert t.fund.balances()["asset/TRUST JPY"] == "250000000"
        said = sonae("fund", "verify", "--store", t.fund.store, "--json")
        assert said.code == 0, said.out


if __name__ == "__main__":
    pytest.main([__file__])
