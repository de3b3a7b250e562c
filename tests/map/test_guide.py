"""The example of the guide, run as it is printed, in both languages."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.command import sonae

from .kit import table
from .test_sources import around

GUIDE = Path(__file__).parents[2] / "docs" / "guide"
BLOCK = re.compile(r"^```(toml|csv|console|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(("page", "lang"), [("map.md", "en"), ("map.ja.md", "ja")])
def test_the_example_of_the_guide_runs_as_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: str, lang: str
) -> None:
    """Files, commands, the table of what comes of it, and the words of a refusal."""
    text = (GUIDE / page).read_text("utf-8")
    blocks = {kind: content for kind, content in reversed(BLOCK.findall(text))}
    around(tmp_path, "", "balances")
    (tmp_path / "ledger.csv").write_bytes(blocks["csv"].encode("cp932"))
    (tmp_path / "mapping.toml").write_text(blocks["toml"], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for line in blocks["console"].splitlines():
        sign, command, *words = shlex.split(line)
        assert (sign, command) == ("$", "sonae")
        said = sonae(*words)
        assert (said.code, said.err) == (0, ""), line
    found = [
        f"| {r['account_id']} | {r['asset']} | {r['state']} | {r['quantity']} |"
        for r in table(tmp_path / "books", "balances")
    ]
    assert found == re.findall(r"^\| 00.*\|$", text, re.MULTILINE)
    wrong = blocks["csv"].replace('"（1,500）"', "1.5千円")
    (tmp_path / "ledger.csv").write_bytes(wrong.encode("cp932"))
    said = sonae("books", "map", "mapping.toml", "--out", "other", "--lang", lang)
    assert said.code == 3
    assert blocks["text"].strip() in said.err.splitlines()


def test_both_pages_have_the_same_example_and_the_same_names() -> None:
    one, two = ((GUIDE / p).read_text("utf-8") for p in ("map.md", "map.ja.md"))
    kinds = ("toml", "csv", "console")
    blocks = [[b for b in BLOCK.findall(t) if b[0] in kinds] for t in (one, two)]
    assert blocks[0] == blocks[1]
    names = [re.findall(r"`([a-z]+(?:-[a-z0-9]+)+)`", t.rpartition("\n## ")[2]) for t in (one, two)]
    assert names[0] == names[1]
    assert len(names[0]) > 30
