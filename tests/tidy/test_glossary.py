"""GLOSSARY.md: one word per thing, in both languages, and the words are the code's own."""

from __future__ import annotations

import re

import pytest

from .source import ROOT, SRC
from .test_texts import japanese

GLOSSARY = ROOT / "GLOSSARY.md"


def rows() -> list[dict[str, str]]:
    """Every row of the tables whose first column is the identifier."""
    if not GLOSSARY.is_file():
        pytest.skip("GLOSSARY.md is not there yet")
    found, head = [], []
    for line in GLOSSARY.read_text("utf-8").splitlines():
        if not line.startswith("|"):
            head = []
            continue
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if not head:
            head = cells
        elif head[0] == "identifier" and not set(line) <= set("|-: "):
            assert len(cells) == len(head), line
            found.append(dict(zip(head, cells, strict=True)))
    return found


def identifiers(row: dict[str, str]) -> list[str]:
    """The names in code that a row defines."""
    return re.findall(r"`([^`]+)`", row["identifier"])


def test_the_glossary_has_its_terms_in_both_languages_with_a_meaning() -> None:
    """A word without a Japanese form or a meaning defines nothing."""
    every = rows()
    assert len(every) > 30
    empty = [r for r in every if not japanese(r["日本語"]) or not r["English"] or not r["meaning"]]
    assert empty == []


def test_no_word_is_defined_twice() -> None:
    """One word per thing: neither an identifier nor an English name stands in two rows."""
    for words in (
        [name for row in rows() for name in identifiers(row) or [row["identifier"]]],
        [row["English"] for row in rows()],
    ):
        assert sorted(words) == sorted(set(words))


def test_every_identifier_of_the_glossary_is_in_the_code() -> None:
    """A name that the code no longer has explains nothing."""
    files = [f for kind in ("*.py", "*.toml") for f in SRC.rglob(kind)]
    code = "\n".join(f.read_text("utf-8") for f in files)
    gone = [
        name
        for row in rows()
        for name in identifiers(row)
        if not re.search(rf"\b{re.escape(name)}\b", code)
    ]
    assert gone == []
