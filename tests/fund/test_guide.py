"""The first fund of the guide, from keys to a balance, run as it is printed in both languages."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.command import sonae

GUIDE = Path(__file__).parents[2] / "docs" / "guide"
BLOCK = re.compile(r"^```(toml|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", ["fund.md", "fund.ja.md"])
def test_the_first_fund_of_the_guide_runs_as_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    """Every file and command of the page; only the keys are those that were made here."""
    monkeypatch.chdir(tmp_path)
    (_, _), (_, fund), (_, asset), (_, deposit), (_, commands) = BLOCK.findall(
        (GUIDE / page).read_text("utf-8")
    )
    people = re.findall('id = "(.*)"', fund)
    for person, shown in zip(people, re.findall('public_key = "(.*)"', fund), strict=True):
        fund = fund.replace(
            shown, sonae("fund", "key", f"{person}.key", "--json").json()["public_key"]
        )
    for name, text in (("fund", fund), ("asset", asset), ("deposit", deposit)):
        Path(f"{name}.toml").write_text(text, encoding="utf-8")
    for line in commands.splitlines():
        sign, command, *words = shlex.split(line)
        assert (sign, command) == ("$", "sonae")
        said = sonae(*words, "--json")
        assert (said.code, said.err) == (0, ""), line
    found = {b["account"]: b["balance"] for b in said.json()}
    assert found["asset/TRUST"] == "50000000"
