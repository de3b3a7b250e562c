"""Examples in docstrings are run: what the code says of itself is true."""

from __future__ import annotations

import doctest
from importlib import import_module

import pytest

from tests.tidy.source import SRC

MODULES = sorted(
    "sonae." + f.relative_to(SRC).with_suffix("").as_posix().replace("/", ".")
    for f in SRC.rglob("*.py")
    if ">>> " in f.read_text("utf-8")
)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_hold(name: str) -> None:
    """An example that no longer holds misleads every reader."""
    result = doctest.testmod(import_module(name))
    assert result.attempted > 0
    assert result.failed == 0


def test_the_core_has_examples() -> None:
    """The nouns of the core show themselves; a move of the folder must not run none."""
    assert len([name for name in MODULES if name.startswith("sonae.core.")]) >= 6
