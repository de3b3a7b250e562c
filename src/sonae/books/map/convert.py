"""One column of a table out of columns of a file: whole batches at once, odd values one by one.

Plain numbers, almost all there are, are converted by column in exact integers; whatever is written
otherwise goes through `numbers.read_number`, each different text once. Both give the same result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sonae.books.map.batch import Batch, Faults, shown
from sonae.books.map.dates import read_date, read_instant
from sonae.books.map.numbers import NumberForm, decimal_text, narrow, read_number, scaled
from sonae.books.map.spec import Entry, Take
from sonae.books.rows import PARSERS, Fault
from sonae.books.schema import ASSETS, Column
from sonae.core.amount import LIMIT
from sonae.core.text import Text

UNITS = pa.decimal128(38, 0)
_WIDER = pa.decimal256(76, 0)
SPACES = " \t\u3000\u00a0"
_MOST = 18
"""Digits before the point and decimals that the fast way takes: 36 in all, within 38."""
MANY, LOOK = 8, 512
"""Rows to one different text from which on a column is one of few; by how many rows it shows."""
_BEHIND = {
    "brackets": r"^\(([0-9][0-9,.]*)\)$",
    "triangle": r"^[△▲]([0-9][0-9,.]*)$",
    "trailing": r"^([0-9][0-9,.]*)-$",
}
"""Signs around nothing but digits; the rest is read one by one."""


class Row:
    """What the conversion of one batch needs to name a place: where it is, and who is at fault."""

    def __init__(self, source: str, batch: Batch, faults: Faults) -> None:
        self.source, self.batch, self.faults = source, batch, faults
        self.bad = np.zeros(len(batch), dtype=bool)

    def fault(self, n: int, column: str, name: str, message: Text) -> None:
        """The value at place `n` of the batch cannot be used."""
        self.bad[n] = True
        number = self.batch.numbers[n].as_py()
        self.faults.at(self.source, self.batch, number, column, name, message)


def convert(
    take: Take, column: Column, entry: Entry, row: Row, assets: pa.Array | None,
    scales: Mapping[str, int],
) -> pa.Array:  # fmt: skip
    """The column's values: base units as decimal(38,0) for a quantity, else text; null for none."""
    if column.kind == "quantity":
        asset = _named(entry.columns["asset"]) if "asset" in entry.columns else ""
        return _quantity(take, column, row, assets, scales, asset)
    text = _text(take, row)
    made = _each(text, _reader(take, column), row, _named(take))
    if column.required:
        _required(made, row, _named(take))
    if column.name in ("asset", "currency") and entry.to != ASSETS.name and scales:
        _listed(made, row, _named(take), scales)
    return made


def _listed(values: pa.Array, row: Row, column: str, scales: Mapping[str, int]) -> None:
    """Every asset and currency must be one that `assets` has."""
    known = pc.is_in(values, pa.array([*scales], pa.string()))
    strange = pc.and_(values.is_valid(), pc.invert(known))
    for n in np.flatnonzero(strange.to_numpy(zero_copy_only=False)):
        if not row.bad[n]:
            text = _ASSET.format(a=shown(values[int(n)].as_py()))
            row.fault(int(n), column, "unknown-asset", text)


def _named(take: Take) -> str:
    return take.columns[0] if take.columns else ""


def _text(take: Take, row: Row) -> pa.Array:
    """The raw text: trimmed, joined, or the constant."""
    if take.value is not None:
        return pa.array([take.value] * len(row.batch), pa.string())
    parts = [trimmed(row.batch.columns[c], take.trim) for c in take.columns]
    if take.empty:
        parts = [pc.fill_null(p, take.empty) for p in parts]
    if len(parts) == 1:
        return parts[0]
    for name, part in zip(take.columns, parts, strict=True):
        _required(part, row, name)
    return pc.binary_join_element_wise(*parts, take.join)


def trimmed(values: pa.Array, trim: bool = True) -> pa.Array:
    """Text without spaces of any width around it; empty text is null."""
    if trim:
        values = pc.utf8_trim(values, SPACES)
    return pc.if_else(pc.equal(values, ""), pa.scalar(None, pa.string()), values)


def _required(values: pa.Array, row: Row, name: str) -> None:
    for n in np.flatnonzero(values.is_null().to_numpy(zero_copy_only=False)):
        if not row.bad[n]:
            row.fault(int(n), name, "missing-value", _EMPTY)


def _reader(take: Take, column: Column) -> Callable[[str], str] | None:
    """What is done with each different text; None where it stays as it is."""
    kind = column.kind
    if kind == "amount":
        return lambda text: _amount(text, take, column)
    if kind == "date" and take.codes is None and take.value is None:
        return lambda text: read_date(text, take.date).isoformat()
    if kind == "instant" and take.codes is None and take.value is None:
        return lambda text: read_instant(text, take.date)
    plain = take.codes is None and not (take.wide or take.zfill or take.prefix)
    if kind == "text" and plain:
        return None
    return lambda text: _word(text, take, column)


def _word(text: str, take: Take, column: Column) -> str:
    word = narrow(text).strip() if take.wide else text
    if take.codes is not None:
        if word not in take.codes:
            raise Fault("unknown-code", _CODE.format(v=shown(text)))
        word = take.codes[word]
    if take.zfill:
        if not (word.isascii() and word.isdigit()) or len(word) > take.zfill:
            raise Fault("corrupt-row", _ZFILL.format(v=shown(text), n=take.zfill))
        word = word.zfill(take.zfill)
    PARSERS[column.kind](column, word)
    return take.prefix + word


def _amount(text: str, take: Take, column: Column) -> str:
    digits, places = read_number(text, take.number)
    places -= take.power
    if places < 0:
        digits, places = digits * 10**-places, 0
    if take.reverse:
        digits = -digits
    if digits < 0 and not column.signed:
        raise Fault("below-zero", _BELOW.format(v=shown(text)))
    if abs(digits) >= LIMIT:
        raise Fault("corrupt-row", _BELOW.format(v=shown(text)))
    return decimal_text((digits, places))


def _each(values: pa.Array, read: Callable[[str], str] | None, row: Row, column: str) -> pa.Array:
    """Each different text read once; the rows of one that cannot be read are faults."""
    if read is None:
        return values
    coded = values.dictionary_encode()
    results: list[str | None] = []
    failed: dict[int, Fault] = {}
    for n, text in enumerate(coded.dictionary.to_pylist()):
        try:
            results.append(read(text))
        except Fault as fault:
            failed[n] = fault
            results.append(None)
    if failed:
        places = pc.is_in(coded.indices, pa.array(list(failed), coded.indices.type))
        for place in np.flatnonzero(pc.fill_null(places, False).to_numpy(zero_copy_only=False)):
            wrong = failed[coded.indices[int(place)].as_py()]
            row.fault(int(place), column, wrong.name, wrong.message)
    return pa.array(results, pa.string()).take(coded.indices)


# -- quantities ------------------------------------------------------------------------------


def _quantity(
    take: Take,
    column: Column,
    row: Row,
    assets: pa.Array | None,
    scales: Mapping[str, int],
    asset_column: str,
) -> pa.Array:
    """Base units; of several columns the first less the others."""
    shifts = _shifts(take, row, assets, scales, asset_column)
    if take.value is not None:
        fixed = pa.array([take.value] * len(row.batch), pa.string())
        return to_units(fixed, take.number, shifts, row, "")
    total = _part(take, take.columns[0], shifts, row)
    for name in take.columns[1:]:
        total = _plus(total, _part(take, name, shifts, row))
    for name in take.less:
        total = _plus(total, pc.negate(_part(take, name, shifts, row)))
    if take.reverse:
        total = pc.negate(total)
    if take.sign_by:
        total = pc.if_else(_turned(take, row), pc.negate(total), total)
    if not column.signed or (take.less and not take.signed):
        _not_below(total, take, row)
    return total


def _not_below(total: pa.Array, take: Take, row: Row) -> None:
    below = pc.fill_null(pc.less(total, pa.scalar(Decimal(0), UNITS)), False)
    for n in np.flatnonzero(below.to_numpy(zero_copy_only=False)):
        if not row.bad[n]:
            said = row.batch.columns[take.columns[0]][int(n)].as_py() if take.columns else ""
            text = _LESS.format(v=shown(said), c="、".join(take.less))
            text = text if take.less else _BELOW.format(v=shown(said))
            row.fault(int(n), _named(take), "below-zero", text)


def _plus(one: pa.Array, other: pa.Array) -> pa.Array:
    return pc.add(one.cast(pa.decimal128(37, 0)), other.cast(pa.decimal128(37, 0))).cast(UNITS)


def _part(take: Take, name: str, shifts: Any, row: Row) -> pa.Array:
    values = trimmed(row.batch.columns[name])
    if take.empty:
        values = pc.fill_null(values, take.empty)
    _required(values, row, name)
    return to_units(values, take.number, shifts, row, name)


def _turned(take: Take, row: Row) -> pa.Array:
    """Where the sign's own column says minus; a value that it does not name is a fault."""
    words = trimmed(row.batch.columns[take.sign_by])
    minus = pc.is_in(words, pa.array(take.minus, pa.string()))
    known = pc.is_in(words, pa.array([*take.minus, *take.plus], pa.string()))
    for n in np.flatnonzero(~known.to_numpy(zero_copy_only=False)):
        text = _CODE.format(v=shown(words[int(n)].as_py()))
        row.fault(int(n), take.sign_by, "unknown-code", text)
    return minus


def _shifts(
    take: Take, row: Row, assets: pa.Array | None, scales: Mapping[str, int], asset_column: str
) -> tuple[pa.Array, dict[int, str]]:
    """By row the power of ten from what is written to base units, and an asset for each of them."""
    if assets is None:
        return pa.nulls(len(row.batch), pa.int32()), {}
    coded = assets.dictionary_encode()
    names = coded.dictionary.to_pylist()
    powers = [None if a not in scales else take.power + (0 if take.base else scales[a])
              for a in names]  # fmt: skip
    unknown = pa.array([n for n, p in enumerate(powers) if p is None], coded.indices.type)
    strange = pc.and_(coded.indices.is_valid(), pc.is_in(coded.indices, unknown))
    for n in np.flatnonzero(strange.to_numpy(zero_copy_only=False)):
        if not row.bad[n]:
            text = _ASSET.format(a=shown(names[coded.indices[int(n)].as_py()]))
            row.fault(int(n), asset_column, "unknown-asset", text)
    by_shift = {p: a for p, a in zip(powers, names, strict=True) if p is not None}
    return pa.array(powers, pa.int32()).take(coded.indices), by_shift


def to_units(
    values: pa.Array, form: NumberForm, shifts: tuple[pa.Array, dict[int, str]], row: Row,
    column: str,
) -> pa.Array:  # fmt: skip
    """Base units of texts; null, and a fault, where one is not a number of the form."""
    powers, names = shifts
    fast = _few(values, form, powers)
    for quick in (_fast, _signed):
        left, places = _left(fast, values, powers)
        if not len(places):
            return fast
        every = len(places) == len(values)
        some = (values, powers) if every else (values.filter(left), powers.filter(left))
        made_quickly = quick(some[0], form, some[1])
        fast = made_quickly if every else pc.replace_with_mask(fast, left, made_quickly)
    left, places = _left(fast, values, powers)
    if not len(places):
        return fast
    known: dict[tuple[str, int], Any] = {}
    made: list[Any] = []
    texts, shift = values.take(pa.array(places)).to_pylist(), powers.take(pa.array(places))
    for n, text, power in zip(places, texts, shift.to_pylist(), strict=True):
        key = (text, power)
        if key not in known:
            try:
                number = read_number(text, form)
                known[key] = scaled(number, power, shown(text), names.get(power, ""))
            except Fault as fault:
                known[key] = fault
        result = known[key]
        if isinstance(result, Fault):
            row.fault(int(n), column, result.name, result.message)
            result = None
        made.append(None if result is None else str(result))
    other = pa.array(made, pa.string()).cast(UNITS)
    return pc.replace_with_mask(fast, left, other)


def _left(units: pa.Array, values: pa.Array, powers: pa.Array) -> tuple[pa.Array, Any]:
    """Where a text with a power is not read yet, and the places of it."""
    left = pc.and_(pc.and_(units.is_null(), values.is_valid()), powers.is_valid())
    return left, np.flatnonzero(left.to_numpy(zero_copy_only=False))


def _few(values: pa.Array, form: NumberForm, powers: pa.Array) -> pa.Array:
    """A column of few different numbers: each read once for each power; all null for others."""
    first = values.slice(0, LOOK)
    if not len(first) or len(first.unique()) * MANY > len(first):
        return pa.nulls(len(values), UNITS)
    coded = values.dictionary_encode()
    different = len(coded.dictionary)
    if different * MANY > len(values):
        return pa.nulls(len(values), UNITS)
    kinds = pc.unique(powers)
    read = [_fast(coded.dictionary, form, pa.repeat(kind, different)) for kind in kinds]
    place = pc.multiply(pc.index_in(powers, kinds), different)
    return pa.concat_arrays(read).take(pc.add(place, coded.indices.cast(pa.int32())))


def _signed(values: pa.Array, form: NumberForm, powers: pa.Array) -> pa.Array:
    """Full width, brackets, triangles and signs behind, where nothing else is odd; else null."""
    if form.marks or not form.plain:
        return pa.nulls(len(values), UNITS)
    if form.wide:
        values = pa.array([narrow(text) for text in values.to_pylist()], pa.string())
    below = pa.array(np.zeros(len(values), dtype=bool))
    for name in form.negative:
        if pattern := _BEHIND.get(name):
            found = pc.match_substring_regex(values, pattern)
            values = pc.if_else(found, pc.replace_substring_regex(values, pattern, r"\1"), values)
            below = pc.or_(below, found)
    units = _fast(values, form, powers)
    return pc.if_else(below, pc.negate(units), units)


def _fast(values: pa.Array, form: NumberForm, powers: pa.Array) -> pa.Array:
    """Plain numbers as base units; null for everything else, which is then read one by one."""
    if not form.plain:
        return pa.nulls(len(values), UNITS)
    whole = rf"[0-9]{{1,{_MOST}}}"
    if form.thousands == ",":
        whole = rf"(?:[0-9]{{1,3}}(?:,[0-9]{{3}}){{1,5}}|{whole})"
    sign = "-?" if "minus" in form.negative else ""
    good = pc.match_substring_regex(values, rf"^{sign}{whole}(?:\.[0-9]+)?$")
    texts = pc.if_else(pc.fill_null(good, False), values, pa.scalar(None, pa.string()))
    if form.thousands == ",":
        texts = pc.replace_substring(texts, ",", "")
    point = pc.find_substring(texts, ".")
    places = pc.if_else(
        pc.less(point, 0), 0, pc.subtract(pc.subtract(pc.utf8_length(texts), point), 1)
    )
    result = pa.nulls(len(values), UNITS)
    for power in pc.unique(powers).to_pylist():
        if power is None or not 0 <= power <= _MOST:
            continue
        fits = pc.fill_null(pc.and_(pc.equal(powers, power), pc.less_equal(places, power)), False)
        exact = texts.filter(fits).cast(pa.decimal128(38, power))  # no place is lost: 36 at most
        units = pa.Array.from_buffers(UNITS, len(exact), exact.buffers(), offset=exact.offset)
        result = pc.replace_with_mask(result, fits, units)
    return result


_EMPTY = Text("値がない", "there is no value")
_CODE = Text("「{v}」はコード表にない", "{v!r} is not in the code list")
_ZFILL = Text("「{v}」は{n}桁以内の数字でない", "{v!r} is not up to {n} digits")
_BELOW = Text("「{v}」は負の値か大きすぎて使えない", "{v!r} is below zero or too large")
_LESS = Text("「{v}」から{c}を引くと負になる", "{v!r} is below zero once {c} is subtracted")
_ASSET = Text("資産「{a}」は assets にない", "asset {a} is not in assets")
