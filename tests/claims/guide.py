"""The section "Ways to pay" of the guide, as files and commands that tests run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from tests.command import sonae

GUIDE = Path(__file__).parents[2] / "docs" / "guide"
SECTION = {"incident.md": "## Ways to pay", "incident.ja.md": "## 支払の方法"}
BLOCK = re.compile(r"^```(toml|csv|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: str) -> list[tuple[str, str]]:
    """Kind and content of each block of the section."""
    text = (GUIDE / page).read_text("utf-8")
    section = text[text.index(SECTION[page]) :].split("\n## ")[0]
    return BLOCK.findall(section)


def bare(page: str) -> list[tuple[str, str]]:
    """The blocks without remarks, which are in the page's language."""
    return [(kind, re.sub(r" +#.*", "", text)) for kind, text in blocks(page)]


def files_kept(folder: Path) -> dict[str, list[list[str]]]:
    """The commands, with the files left as a test changed them."""
    return files(folder, write=False)


def files(folder: Path, *, write: bool = True) -> dict[str, list[list[str]]]:
    """Write the files of the section; commands by the settings file they are about."""
    found: dict[str, list[list[str]]] = {}

    def put(name: str, text: str) -> None:
        if write:
            (folder / name).write_text(text, encoding="utf-8")

    name = ""
    for kind, text in blocks("incident.md"):
        if kind == "toml":
            name = text.split("\n")[0].removeprefix("# ")
            put(name, text)
        elif kind == "csv":
            put(str(Path(name).with_suffix(".csv")), text)
        else:
            found[name] = [*commands(text)]
    put("contracts.txt", "")
    put("listed.txt", "")
    return found


def commands(text: str) -> Iterator[list[str]]:
    """The arguments of each command of a block."""
    for line in text.splitlines():
        sign, command, *words = shlex.split(line)
        assert (sign, command) == ("$", "sonae")
        yield words


def run_all(every: list[list[str]], *more: str) -> list[str]:
    """Run the commands in order, each to its end; what they printed."""
    said = [sonae(*words, *more) for words in every]
    assert [s.err for s in said if s.code] == []
    return [s.out for s in said]
