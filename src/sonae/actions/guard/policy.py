"""The guard's policy from its file."""

from __future__ import annotations

from pathlib import Path

from sonae.books.settings import read_toml
from sonae.core.errors import InputError, Problem
from sonae.guard.limits import Policy, read_policy


def load_policy(file: Path) -> Policy:
    """The policy in a TOML file.

    Raises:
        InputError: it is no TOML, or a setting is missing, unknown or contradictory.
    """
    problems: list[Problem] = []
    raw = read_toml(file, problems)
    if problems:
        raise InputError(problems)
    return read_policy(raw, file.name)
