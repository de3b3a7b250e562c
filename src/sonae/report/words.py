"""The message catalogue: every word of a report that does not come from its document."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

from markupsafe import Markup, escape

from sonae.core.text import Lang, Text


@cache
def catalogue() -> Mapping[str, Text]:
    """All words by `section.key`, from `words.toml`."""
    raw = tomllib.loads(resources.files("sonae.report").joinpath("words.toml").read_text("utf-8"))
    return {
        f"{section}.{key}": Text(words["ja"], words["en"])
        for section, keys in raw.items()
        for key, words in keys.items()
    }


class Words:
    """The catalogue in one language.

    >>> Words("en")("findings.notes", n=3)
    'Notes (3)'
    """

    def __init__(self, lang: Lang) -> None:
        self.lang: Lang = lang

    def __call__(self, key: str, **values: object) -> str:
        """The words of `key` with values in their `{name}` places."""
        words = catalogue()[key].lang(self.lang)
        return words.format(**values) if values else words

    def html(self, key: str, **values: object) -> Markup:
        """The same as HTML: what is not HTML already is escaped."""
        return escape(catalogue()[key].lang(self.lang)).format(**values)

    def known(self, key: str, otherwise: str) -> str:
        """The words of a key that may be new to the catalogue, such as a finding's name."""
        return self(key) if key in catalogue() else otherwise
