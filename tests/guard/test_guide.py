"""The guide's adapter runs as it is printed."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest

import sonae.cli.guard  # noqa: F401, it names the commands
from sonae.actions.demo.guard import COIN, Service, ledger, phantom
from sonae.cli.main import guard as commands

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/guide/guard.md").read_text("utf-8")


def test_the_adapter_of_the_guide_books_what_is_allowed_and_nothing_else(tmp_path: Path) -> None:
    """Word for word, against the real service."""
    (code,) = re.findall(r"```python\n(.*?)```", GUIDE, re.S)
    space: dict[str, Any] = {}
    exec(code, space)
    policy = ROOT / "src/sonae/data/demo/guard/guard.toml"
    (tmp_path / "guard.toml").write_bytes(policy.read_bytes())
    service = Service(tmp_path)
    try:
        client, books = service.ready(), ledger()
        books.balances["other-customers"] -= 1_000 * COIN
        client.send("POST", "/readings", books.readings())
        mine = space["Ledger"](sqlite3.connect(":memory:"), service.url)
        batch = phantom()
        assert mine.credit(batch)["answer"] == "refuse"
        small = batch | {"batch": "small", "credits": [["user-001", "1000"]]}
        small |= {"stated_unit": "BTC", "stated_total": "0.00001"}
        assert mine.credit(small)["answer"] == "allow"
        service.process.kill()
        service.process.wait()
        assert mine.credit(small | {"batch": "late"})["answer"] == "refuse"
        assert list(mine.database.execute("select * from balance")) == [("user-001", 1000)]
    finally:
        service.process.kill()
        service.process.wait()


@pytest.mark.parametrize("page", ["guard.md", "guard.ja.md"])
def test_every_command_of_the_guide_is_there(page: str) -> None:
    """A command that was renamed is not in a guide any more."""
    text = (ROOT / "docs/guide" / page).read_text("utf-8")
    named = set(re.findall(r"sonae guard ([a-z]+)", text))
    assert named >= {"serve", "ask", "state", "breaks", "break", "incident"}
    assert named <= set(commands)
