"""Words for people, in both languages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Lang = Literal["ja", "en"]
LANGS: tuple[Lang, ...] = ("ja", "en")


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence or name in Japanese and English.

    >>> Text("残高", "balance").lang("en")
    'balance'
    """

    ja: str
    en: str

    def lang(self, lang: Lang) -> str:
        """The words in `lang`."""
        return self.ja if lang == "ja" else self.en

    def format(self, **values: object) -> Text:
        """Fill `{name}` places; a value that is itself a Text is put in its own language."""

        def fill(template: str, lang: Lang) -> str:
            words = {k: v.lang(lang) if isinstance(v, Text) else v for k, v in values.items()}
            return template.format(**words)

        return Text(fill(self.ja, "ja"), fill(self.en, "en"))

    def as_json(self) -> dict[str, str]:
        """`{"ja": ..., "en": ...}`."""
        return {"ja": self.ja, "en": self.en}


def same(words: str) -> Text:
    """Words that are the same in both languages: a name, a code."""
    return Text(words, words)
