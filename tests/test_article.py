"""docs/guide/article.md says nothing that the commands in it do not print."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from sonae.cli.main import run

ARTICLE = Path(__file__).parents[1] / "docs" / "guide" / "article.md"
NOT_YET = {"English": "not yet", "日本語": "まだない"}
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def sections() -> dict[str, str]:
    """The text of each language by its heading."""
    _, *parts = re.split(r"^## (.+)$", ARTICLE.read_text("utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def statements(language: str) -> dict[str, str]:
    """What the announcement said, and what stands below it, in order."""
    _, *parts = re.split(r"^### (.+)$", sections()[language], flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def commands(text: str) -> Iterator[tuple[list[str], list[str]]]:
    """Each command's arguments, and the lines that its output must hold."""
    for block in BLOCK.findall(text):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *lines = part.rstrip("\n").split("\n")
            name, *arguments = shlex.split(command)
            assert name == "sonae", command
            yield arguments, lines


@pytest.mark.parametrize("language", NOT_YET)
def test_every_command_prints_what_the_article_says(
    language: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    for arguments, lines in commands(sections()[language]):
        code = run(arguments)
        printed = capsys.readouterr()
        told = f"sonae {shlex.join(arguments)}\n{printed.out}{printed.err}"
        assert code == 0, told
        assert lines, f"nothing is expected of {told}"
        for line in lines:
            assert line in printed.out, f"{line!r} is not in the output of {told}"


@pytest.mark.parametrize("language", NOT_YET)
def test_every_statement_has_a_command_with_a_figure_and_none_says_not_yet(language: str) -> None:
    assert NOT_YET[language] not in sections()[language].lower()
    for title, text in statements(language).items():
        printed = [line for _, lines in commands(text) for line in lines]
        assert any(re.search(r"\d", line) for line in printed), title


def test_both_languages_hold_the_same_statements_commands_and_numbers() -> None:
    english, japanese = (list(statements(language).values()) for language in NOT_YET)
    assert len(english) == len(japanese) == 8
    for one, other in zip(english, japanese, strict=True):
        assert [told(c) for c in commands(one)] == [told(c) for c in commands(other)]


def told(command: tuple[list[str], list[str]]) -> tuple[list[str], list[list[str]]]:
    """A command without its language and its folders' suffix, and the numbers it must print."""
    arguments, lines = command
    plain = [a.removesuffix("-ja") for a in arguments if a not in ("--lang", "ja")]
    return plain, [re.findall(r"\d[\d,./]*", line.replace("-ja", "")) for line in lines]
