"""Words for people: every text is in both languages, with the same places to fill in."""

from __future__ import annotations

import ast
import re
import unicodedata
from string import Formatter

import pytest

from .source import dotted, nodes

BANNED_EN = (
    "client money",
    "client fund",
    "customer fund",
    "proof of reserves",
    "war chest",
    "negative equity",
    "bitcoin hack",
)
"""Words that mean something else here, or nothing exact (style 4.11, GLOSSARY.md)."""
BANNED_JA = ("損失補填", "損失補塡", "顧客資金", "お客様")


def _template(node: ast.AST) -> str | None:
    """A text as a template: constants joined, `{...}` for what an f-string fills in."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = [
            part.value if isinstance(part, ast.Constant) else "{" + ast.unparse(part.value) + "}"
            for part in node.values
        ]
        return "".join(str(part) for part in parts)
    return None


LAW = "rulebook/law/"
"""There the words are those of each law, which may forbid what we do not say."""


def texts() -> list[tuple[str, str, str]]:
    """Every Text(ja, en) whose two sides are written out, with its place."""
    found = []
    for place, node in nodes(ast.Call):
        if dotted(node.func).rpartition(".")[2] == "Text" and len(node.args) == 2:
            ja, en = (_template(arg) for arg in node.args)
            if ja is not None and en is not None:
                found.append((place, ja, en))
    return found


TEXTS = texts()


def japanese(words: str) -> bool:
    """True where at least one character is kana or kanji."""
    return any(
        unicodedata.name(c, "").startswith(("CJK UNIFIED", "HIRAGANA", "KATAKANA")) for c in words
    )


def test_there_are_texts_to_look_at() -> None:
    """A change of how texts are written must not make the tests below pass on nothing."""
    assert len(TEXTS) > 300


def test_no_text_is_empty_in_a_language() -> None:
    """An empty side shows as nothing on one of the two reports."""
    assert [place for place, ja, en in TEXTS if bool(ja.strip()) != bool(en.strip())] == []


def test_the_japanese_side_is_japanese_unless_both_are_one_code() -> None:
    """English on the Japanese page is a text that nobody translated."""
    bare = [
        f"{place} {ja!r}"
        for place, ja, en in TEXTS
        if not japanese(ja) and ja.strip() != en.strip() and _words(ja)
    ]
    assert bare == []


def _words(template: str) -> str:
    """What a template says by itself, without places, digits and signs."""
    return re.sub(r"\{[^}]*\}|[\W\d_]", "", template)


def test_the_english_side_is_not_japanese() -> None:
    """Kana in English is a text on the wrong side; a single letter such as イ names an item."""
    kana = re.compile(r"[぀-ヿ]{2,}")
    assert [f"{place} {en!r}" for place, _, en in TEXTS if kana.search(en)] == []


def _places(template: str) -> set[str] | None:
    try:
        return {name for _, name, _, _ in Formatter().parse(template) if name}
    except ValueError:
        return None


def _roots(template: str) -> set[str] | None:
    """Names that a template fills in; `place.en` and `place.ja` are one."""
    places = _places(template)
    if places is None:
        return None
    return {re.split(r"[.\[(:]", name)[0] for name in places}


def test_both_languages_fill_in_the_same_places() -> None:
    """A number that stands in one language only is a number the other reader does not get.

    Sides that pick different words by expression are left out.
    """
    differ = []
    for place, ja, en in TEXTS:
        a, b = _roots(ja), _roots(en)
        if a != b and not _by_language(ja, en):
            differ.append(f"{place.partition(':')[0]} {en}")
    assert set(differ) == set()


def _by_language(ja: str, en: str) -> bool:
    """True for an f-string whose sides name their own variables, such as {ja} and {en}."""
    names = (_roots(ja) or set()) ^ (_roots(en) or set())
    return names <= {"ja", "en"}


@pytest.mark.parametrize("word", BANNED_EN)
def test_a_banned_english_word_is_not_used(word: str) -> None:
    """One word per thing."""
    pattern = re.compile(rf"\b{re.escape(word)}", re.IGNORECASE)
    assert [p for p, _, en in TEXTS if pattern.search(en) and not p.startswith(LAW)] == []


@pytest.mark.parametrize("word", BANNED_JA)
def test_a_banned_japanese_word_is_not_used(word: str) -> None:
    """補償 is not 損失補填, which the law forbids brokers; customers are 利用者."""
    assert [p for p, ja, _ in TEXTS if word in ja and not p.startswith(LAW)] == []


def test_identifiers_use_the_words_of_the_glossary() -> None:
    """No function, class, argument or field is named by a banned synonym."""
    banned = re.compile(
        r"client_(money|funds|assets)|customer_funds|proof_of_reserves|loss_compensation|"
        r"(^|_)deductible|reserve_deposit|reserve_withdrawal|top_?up_amount",
        re.IGNORECASE,
    )
    named = [
        (place, name)
        for place, node in nodes(ast.FunctionDef, ast.ClassDef, ast.arg, ast.Name)
        if not place.startswith(LAW)
        and (name := getattr(node, "name", getattr(node, "arg", getattr(node, "id", ""))))
    ]
    assert [(place, name) for place, name in named if banned.search(name)] == []
