"""An answer of an interface, as text to the last digit: no number of it passes through a float.

What an answer may hold is declared. A name that is gone, and a new one, refuse it with both named:
a new part of a balance may belong into its total, and a new price may be the one that is meant.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from sonae.books.rows import Fault
from sonae.core.text import Text

MOST_DIGITS = 60
"""Digits and exponent that a number of an answer may have; more is no amount of anything."""


class Twice(ValueError):
    """A name that stands twice in one object."""


def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON; a name that stands twice is refused, for one of its values would be lost.

    Raises:
        Twice: it does.
    """
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise Twice(key)
        found[key] = value
    return found


def refuse(word: str) -> None:
    """NaN and Infinity are no numbers of JSON."""
    raise ValueError(word)


def plain(text: str) -> str:
    """A number of JSON with a point or an exponent as plain decimal text, exactly.

    >>> plain("9e-08")
    '0.00000009'
    """
    try:
        number = Decimal(text)
    except ArithmeticError as error:
        raise ValueError(text) from error
    _, digits, exponent = number.as_tuple()
    if not isinstance(exponent, int) or max(len(digits), abs(exponent)) > MOST_DIGITS:
        raise ValueError(text)
    return format(number, "f")


def read_answer(content: bytes) -> Any:
    """The answer with every number as its text.

    Raises:
        Fault: it is no JSON, or a name stands twice in it.
    """
    try:
        return json.loads(
            content.decode("utf-8"), parse_float=plain, parse_int=str,
            parse_constant=refuse, object_pairs_hook=once,
        )  # fmt: skip
    except (ValueError, RecursionError) as error:
        raise Fault("unreadable-file", _JSON.format(e=str(error))) from error


def same_names(
    found: object, needed: Iterable[str], known: Iterable[str] = (), where: str = ""
) -> Mapping[str, Any]:
    """The object, where it has every needed name and none but those and the known ones.

    Raises:
        Fault: what is gone and what is new.
    """
    if not isinstance(found, Mapping):
        raise Fault("layout-changed", _OBJECT.format(w=where or "-", v=type(found).__name__))
    must = tuple(needed)
    gone = [n for n in must if n not in found]
    new = sorted(set(map(str, found)) - set(must) - set(known))
    if gone or new:
        raise Fault("layout-changed", _CHANGED.format(w=where or "-", g=_list(gone), n=_list(new)))
    return found


def _list(names: Iterable[str]) -> str:
    return ", ".join(names) or "-"


_JSON = Text("JSONとして読めない回答: {e}", "the answer is not JSON: {e}")
_OBJECT = Text(
    "回答の形が公開された仕様と違う（{w}）: 項目の組ではなく {v}",
    "the answer is not of the documented layout ({w}): {v} where names and values are due",
)
_CHANGED = Text(
    "回答の形が公開された仕様と違う（{w}）: なくなった項目 {g}; 増えた項目 {n}",
    "the answer is not of the documented layout ({w}): gone {g}; new {n}",
)
