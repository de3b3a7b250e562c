"""The shipped law as data: every value cites, quotes and says how sure it is, in both languages."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sonae.core.figure import CONFIDENCES
from sonae.rulebook.edition import MODULES, topics
from sonae.rulebook.parameter import STATUSES

from .source import SRC
from .test_texts import japanese

LAW = SRC / "rulebook" / "law"
FILES = sorted(f for f in LAW.rglob("*.toml") if f.parent.name != "drafts")
DRAFTS = sorted(LAW.rglob("drafts/*.toml"))
NOT_AT_HAND = re.compile(r"not at hand|not read|手元にない|読んでいない|読めて|確認できていない")


NOT_COMPUTED = ("jp.crypto_new_regime",)
"""Topics that only state what is planned or promulgated; no formula rests on them."""


def read(file: Path) -> dict[str, Any]:
    return tomllib.loads(file.read_text("utf-8"), parse_float=Decimal)


TOPICS = {f.relative_to(LAW).as_posix(): raw for f in FILES if "topic" in (raw := read(f))}


def values() -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Every dated value with its place and its topic."""
    for file, raw in TOPICS.items():
        for key, parameter in raw.get("parameter", {}).items():
            for value in parameter["value"]:
                start = value.get("from", value.get("attested_from"))
                yield f"{file} {key} from {start}", value, raw


VALUES = list(values())
every_value = pytest.mark.parametrize(
    ("value", "topic"), [v[1:] for v in VALUES], ids=[v[0] for v in VALUES]
)


@every_value
def test_a_value_cites_a_declared_instrument(value: Any, topic: Any) -> None:
    """A number without a place in law is nobody's law."""
    key, _, provision = value["cites"].partition(" ")
    assert key in topic["instrument"]
    assert provision


@every_value
def test_a_verified_value_quotes_the_law_or_says_that_the_text_is_not_at_hand(
    value: Any, topic: Any
) -> None:
    """The words are never invented: quoted, or their absence is declared beside the value."""
    if value["confidence"] != "verified":
        return
    notes = [value.get("note", {}), *(u["reason"] for u in topic.get("unmodelled", []))]
    declared = any(NOT_AT_HAND.search(f"{n.get('ja', '')} {n.get('en', '')}") for n in notes)
    assert value.get("says", "").strip() or declared


@every_value
def test_a_value_says_its_standing_and_how_sure_it_is(value: Any, topic: Any) -> None:
    """A first day from memory is marked as such, and never surer than it is."""
    assert value["status"] in STATUSES
    assert value["confidence"] in CONFIDENCES
    assert value.get("from_confidence", "memory") in CONFIDENCES
    assert ("from" in value) != ("attested_from" in value)
    assert not ("attested_from" in value and "from_confidence" in value)


@every_value
def test_nobody_is_said_to_have_checked_a_value_before_a_person_did(value: Any, topic: Any) -> None:
    """`checked` is a date with a name; a machine leaves both empty."""
    assert ("checked" in value) == ("checked_by" in value)


def test_a_quotation_is_in_the_language_of_its_law() -> None:
    """Japanese law in force is quoted in Japanese; a translation is not the law.

    What is only proposed may be quoted from an English report of the authority.
    """
    wrong = [
        f"{file}: {entry['says'][:40]}"
        for file, raw in TOPICS.items()
        if file.startswith("jp/")
        for entry in (
            *(v for p in raw.get("parameter", {}).values() for v in p["value"]),
            *raw.get("quote", []),
            *raw.get("unmodelled", []),
        )
        if entry.get("status", "in_force") == "in_force"
        and entry.get("says")
        and not japanese(entry["says"])
    ]
    assert wrong == []


def test_what_is_not_modelled_is_declared_with_a_reason_in_both_languages() -> None:
    """A provision the code leaves out is part of the rulebook too."""
    wrong = [
        f"{file}: {left_out.get('provision')}"
        for file, raw in TOPICS.items()
        for left_out in raw.get("unmodelled", [])
        if not japanese(left_out["reason"]["ja"]) or not left_out["reason"]["en"].strip()
    ]
    assert wrong == []


def test_titles_of_the_law_are_japanese_on_the_japanese_side() -> None:
    """Topics, instruments and parameters are named in both languages."""
    wrong = []
    for file, raw in TOPICS.items():
        titles = [raw["topic"]["title"], *(i["name"] for i in raw["instrument"].values())]
        titles += [p["title"] for p in raw.get("parameter", {}).values()]
        wrong += [f"{file}: {t}" for t in titles if not japanese(t["ja"]) or not t["en"].strip()]
    assert wrong == []


def test_every_instrument_can_be_found() -> None:
    """By an address or by its official number; JVCEA's rules are open to its members only."""
    wrong = [
        f"{file}: {key}"
        for file, raw in TOPICS.items()
        for key, instrument in raw["instrument"].items()
        if file != "jp/jvcea.toml"
        and not instrument.get("source", "").startswith(("https://", "http://"))
        and not instrument.get("number")
    ]
    assert wrong == []


def test_every_declared_instrument_is_cited() -> None:
    """A leftover name would suggest that the topic rests on a law it does not use."""
    wrong = []
    for file, raw in TOPICS.items():
        entries = [v for p in raw.get("parameter", {}).values() for v in p["value"]]
        text = (LAW / file).with_suffix(".py")
        cited = {e["cites"].partition(" ")[0] for e in [*entries, *raw.get("quote", [])]}
        cited |= {u["provision"].partition(" ")[0] for u in raw.get("unmodelled", [])}
        cited |= set(re.findall(r'"(\w+) [^"]+"', text.read_text("utf-8") if text.exists() else ""))
        wrong += [f"{file}: {key}" for key in raw["instrument"] if key not in cited]
    assert wrong == []


def test_every_parameter_is_read_by_its_rules() -> None:
    """A number that no formula reads only looks as if it were modelled."""
    wrong = []
    for module, topic in topics().items():
        short = module.partition(".law.")[2]
        code = SRC.joinpath(*module.split(".")[1:]).with_suffix(".py").read_text("utf-8")
        if short not in NOT_COMPUTED:
            wrong += [f"{short}: {key}" for key in topic.parameters if key not in code]
    assert wrong == []


def test_a_topic_is_one_toml_beside_one_module_and_is_registered() -> None:
    """A file that is not listed is law that nobody applies."""
    beside = {f.removesuffix(".toml").replace("/", ".") for f in TOPICS}
    assert {b for b in beside if not (LAW / f"{b.replace('.', '/')}.py").is_file()} == set()
    assert beside == set(MODULES)


def test_no_number_is_stated_in_a_formula() -> None:
    """Parameters are data: modules of law hold only what years, months and per cent need."""
    wrong = []
    for module in MODULES:
        file = LAW.joinpath(*module.split(".")).with_suffix(".py")
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            plain = isinstance(node, ast.Constant) and type(node.value) is int
            if plain and abs(node.value) > 12 and node.value not in (24, 31, 100):
                wrong.append(f"{module}:{node.lineno} {node.value}")
    assert wrong == []


@pytest.mark.parametrize("file", DRAFTS, ids=[f.name for f in DRAFTS])
def test_a_shipped_draft_names_its_day_and_where_its_numbers_are_from(file: Path) -> None:
    """An illustration with a source; its name is its file's."""
    raw = read(file)
    assert raw["draft"]["id"] == file.stem
    assert raw["draft"]["source"]
    assert raw["draft"]["drafted_on"]
    assert file.read_text("utf-8").startswith("# An illustration")
