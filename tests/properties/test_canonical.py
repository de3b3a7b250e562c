"""Exact numbers as text and back, and one byte form for one content."""

from __future__ import annotations

import json
from decimal import Decimal, localcontext
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sonae.core.canonical import canonical_bytes, decimal_text, digest, number_text, parse_number

anything = st.fractions() | st.integers().map(Fraction)
scaled = st.builds(
    lambda n, p: Fraction(n, 10**p), st.integers(-(10**60), 10**60), st.integers(0, 60)
)
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None)
@given(anything | scaled)
@example(Fraction(1, 3))
@example(Fraction(-1, 10**400))
@example(Fraction(10**400))
def test_a_number_written_and_read_back_is_the_same_number(value: Fraction) -> None:
    """Whatever its size; a decimal where it ends, else numerator and denominator."""
    text = number_text(value)
    assert parse_number(text) == value
    assert "e" not in text.lower()
    assert "_" not in text


@settings(deadline=None)
@given(scaled)
@example(Fraction(0))
@example(Fraction(-1, 2))
@example(Fraction(5, 10**8))
def test_a_number_that_ends_is_its_shortest_decimal(value: Fraction) -> None:
    """No exponent, no trailing zero after the point, a digit before it, no minus zero."""
    text = decimal_text(value)
    assert text is not None
    whole, _, part = text.removeprefix("-").partition(".")
    assert whole == str(int(whole))
    assert not part.endswith("0")
    assert text.startswith("-") is (value < 0)
    with localcontext() as context:
        context.prec = 200
        assert Fraction(Decimal(text)) == value


@settings(deadline=None)
@given(anything)
def test_a_number_has_a_decimal_exactly_when_only_twos_and_fives_divide_it(v: Fraction) -> None:
    """Otherwise it is a quotient and never a rounded decimal."""
    rest = v.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    assert (decimal_text(v) is not None) is (rest == 1)
    assert ("/" in number_text(v)) is (rest != 1)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("6e-06", Fraction(6, 10**6)),
        ("1E3", Fraction(1000)),
        ("-0.50", Fraction(-1, 2)),
        ("7/200", Fraction(7, 200)),
        ("-7/200", Fraction(-7, 200)),
        ("007", Fraction(7)),
        ("1e+2", Fraction(100)),
        ("-0", Fraction(0)),
    ],
)
def test_decimal_exponent_and_quotient_forms_are_read(text: str, value: Fraction) -> None:
    """The forms that cases and settings are written in."""
    assert parse_number(text) == value


@pytest.mark.parametrize(
    "text",
    [
        *("", " 1", "1 ", "1\n", "1 000", "+1", "--1", "1,000", "1_000", ".5", "5.", "1.2.3"),
        *(
            "1e",
            "1e1000",
            "0x10",
            "nan",
            "inf",
            "Infinity",
            "one",
            "½",
            "1/",
            "/2",
            "1.5/2",
            "1/-2",
        ),
    ],
)
def test_what_is_not_plainly_a_number_is_none(text: str) -> None:
    """No separators, signs, spaces or words: nothing is guessed."""
    with pytest.raises(ValueError, match="not a number"):
        parse_number(text)


def test_a_quotient_with_zero_below_is_no_number() -> None:
    """Callers catch ValueError; `signing_domain_limit = "1/0"` must not be a traceback."""
    for text in ("1/0", "-1/00", "0/0"):
        with pytest.raises(ValueError, match="not a number"):
            parse_number(text)
    assert parse_number("1/02") == Fraction(1, 2)


@pytest.mark.parametrize("text", ["１２", "٣", "1１"])
def test_digits_are_ascii(text: str) -> None:
    """The books take [0-9] only; a full-width １２ in a policy is a slip of the input method."""
    with pytest.raises(ValueError, match="not a number"):
        parse_number(text)


# -- bytes ------------------------------------------------------------------------------------


def shuffled(document: Any, random: Random) -> Any:
    """The same content with every object's keys in another order."""
    if isinstance(document, dict):
        items = list(document.items())
        random.shuffle(items)
        return {key: shuffled(item, random) for key, item in items}
    if isinstance(document, list):
        return [shuffled(item, random) for item in document]
    return document


@settings(deadline=None)
@given(documents, st.randoms(use_true_random=False))
def test_the_same_content_has_the_same_bytes_whatever_the_order_of_keys(
    document: Any, random: Random
) -> None:
    """And the bytes are that content: they can be read back."""
    data = canonical_bytes(document)
    assert canonical_bytes(shuffled(document, random)) == data
    assert json.loads(data) == document
    assert digest(document) == digest(json.loads(data))


@settings(deadline=None)
@given(documents, documents)
def test_another_content_has_other_bytes(one: Any, other: Any) -> None:
    """Text "1" and number 1, true and 1, null and "" are different content."""
    assert (canonical_bytes(one) == canonical_bytes(other)) is (repr_of(one) == repr_of(other))


def repr_of(document: Any) -> str:
    """Content with its types: sorted keys, `repr` of scalars."""
    if isinstance(document, dict):
        return "{" + ",".join(f"{k!r}:{repr_of(document[k])}" for k in sorted(document)) + "}"
    if isinstance(document, list):
        return "[" + ",".join(repr_of(item) for item in document) + "]"
    return repr(document)


@settings(deadline=None)
@given(documents, st.floats(), st.integers(0, 3))
def test_a_float_anywhere_is_refused(document: Any, number: float, depth: int) -> None:
    """However deep, and even where it happens to be a whole number, nan or infinite."""
    buried: Any = number
    for n in range(depth):
        buried = {"k": buried, "d": document} if n % 2 else [document, buried]
    with pytest.raises(TypeError, match="float"):
        canonical_bytes(buried)


@pytest.mark.parametrize("key", [1, None, True, ("a",)])
def test_a_key_that_is_not_text_is_refused(key: Any) -> None:
    """JSON would write it as text and two keys could become one."""
    with pytest.raises(TypeError, match="not text"):
        canonical_bytes({"a": [{key: 1}]})


@pytest.mark.parametrize("value", [Fraction(1, 2), Decimal("1.5"), b"x", object()])
def test_a_value_that_json_has_no_form_for_is_refused(value: Any) -> None:
    """An exact number goes in as text, so that its form is chosen and not found."""
    with pytest.raises(TypeError):
        canonical_bytes([value])


def test_the_bytes_are_utf8_without_spaces_or_escapes() -> None:
    """The form is part of every hash, so it is fixed here letter by letter."""
    assert canonical_bytes({"b": [1, None, True], "a": "備え"}) == (
        '{"a":"備え","b":[1,null,true]}'.encode()
    )
