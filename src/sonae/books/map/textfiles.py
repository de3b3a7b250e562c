"""CSV, fixed width and JSON lines in any declared encoding, read as a stream of batches.

Bytes that the encoding does not have, and characters that only one firm's fonts have (外字), are
named with their row and column; neither is replaced or dropped.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from sonae.books.map.answer import once, refuse
from sonae.books.map.batch import Batch, Faults, batches
from sonae.books.map.layout import numbered, same_layout
from sonae.books.map.spec import ENCODINGS, RECORD_ENDS, Source
from sonae.core.errors import Problem
from sonae.core.text import Text

BLOCK = 4 << 20
_BAD = 0xF0000
"""A byte that cannot be read becomes the character at this place plus the byte."""
_ODD = "[\U000f0000-\U000f00ff\ue000-\uf8ff\x80-\x9f]"
_LONE = {0xF8F0: 0xA0, 0xF8F1: 0xFD, 0xF8F2: 0xFE, 0xF8F3: 0xFF}
"""What Python's CP932 makes of four bytes that are no character."""
SUSPECT = re.compile(_ODD)
_UNREADABLE = re.compile("[\U000f0000-\U000f00ff\uf8f0-\uf8f3\x80-\x9f]")


def _marked(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(_BAD + b) for b in error.object[error.start : error.end]), error.end


codecs.register_error("sonae-marked", _marked)


class Decoded(io.RawIOBase):
    """A file in any encoding as UTF-8 bytes; `suspect` once something in it needs a look."""

    def __init__(self, stream: BinaryIO, encoding: str) -> None:
        super().__init__()
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(ENCODINGS[encoding])("sonae-marked")
        self.suspect = False

    def readable(self) -> bool:
        """It is."""
        return True

    def read(self, size: int = -1) -> bytes:
        """The next bytes; at most `size`, for no character grows to more than four times itself."""
        while True:
            raw = self._stream.read(max(1, size >> 2) if size > 0 else -1)
            text = self._decoder.decode(raw, final=not raw)
            if text or not raw:
                made = text.encode("utf-8")
                self.suspect = self.suspect or (not text.isascii() and _suspect(made))
                return made


def _suspect(content: bytes) -> bool:
    """True where UTF-8 may have a character that `SUSPECT` finds: by its first two bytes."""
    if any(first in content for first in (b"\xee", b"\xf3", b"\xc2")):
        return True
    every = np.frombuffer(content, np.uint8)
    return bool(((every[:-1] == 0xEF) & (every[1:] < 0xA4)).any())


def decode(content: bytes, encoding: str) -> str:
    """All of a small file, with marks where bytes cannot be read."""
    return content.decode(ENCODINGS[encoding], "sonae-marked")


def look(source: Source, batch: Batch, faults: Faults) -> None:
    """Name every value of a batch with bytes that are not of the encoding, or with 外字."""
    for name, column in batch.columns.items():
        odd = pc.match_substring_regex(column, _ODD)
        for n in np.flatnonzero(pc.fill_null(odd, False).to_numpy(zero_copy_only=False)):
            value = column[int(n)].as_py()
            row = batch.numbers[int(n)].as_py()
            if _UNREADABLE.search(value):
                codes = [ord(c) for c in _UNREADABLE.findall(value)]
                said = " ".join(f"{_LONE.get(c, c & 0xFF):02X}" for c in codes)
                text = _BYTES.format(e=source.encoding, b=said)
                faults.at(source.id, batch, row, name, "bad-encoding", text)
            elif not source.external:
                said = " ".join(f"U+{ord(c):04X}" for c in SUSPECT.findall(value))
                faults.at(source.id, batch, row, name, "external-character", _GAIJI.format(c=said))


# -- CSV -------------------------------------------------------------------------------------


def headings(source: Source, path: Path) -> tuple[list[str], int]:
    """The headings of a CSV file and the physical lines before its first row."""
    with path.open("rb") as raw:
        stream = io.TextIOWrapper(
            raw, encoding=ENCODINGS[source.encoding], errors="sonae-marked", newline=""
        )
        for _ in range(source.skip):
            stream.readline()
        reader = csv.reader(stream, delimiter=source.delimiter)
        header = next(reader, [])
        return numbered([h.strip() for h in header]), source.skip + reader.line_num


def read_csv(source: Source, path: Path, name: str, faults: Faults) -> Iterator[Batch]:
    """The rows of a CSV file; rows of another number of cells are named, notes left out."""
    header, before = headings(source, path)
    if not same_layout(source.id, name, source.layout, header, faults):
        _other_encoding(source, path, name, faults)
        return
    apart: list[int] = []

    def odd(row: pacsv.InvalidRow) -> str:
        number = (row.number or 0) - before
        apart.append(number)
        if not (source.notes and row.text.lstrip('"').startswith(source.notes)):
            text = _CELLS.format(n=row.actual_columns, m=row.expected_columns)
            faults.add(Problem("corrupt-row", source.id, text, name, number))
        return "skip"

    with path.open("rb") as raw:
        decoded = Decoded(raw, source.encoding)
        try:
            reader = pacsv.open_csv(
                decoded,
                pacsv.ReadOptions(
                    use_threads=False, block_size=BLOCK, skip_rows=before, column_names=header
                ),
                pacsv.ParseOptions(
                    delimiter=source.delimiter, newlines_in_values=True, invalid_row_handler=odd
                ),
                pacsv.ConvertOptions(
                    column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=False
                ),
            )
            done = 1
            for found in reader:
                numbers, done = _numbers(done, found.num_rows, apart)
                columns = dict(zip(header, found.columns, strict=True))
                batch = _without_notes(source, Batch(name, numbers, columns))
                if decoded.suspect:
                    look(source, batch, faults)
                yield batch
        except pa.ArrowInvalid as error:
            if "Empty CSV" not in str(error):
                text = Text(f"CSVとして読めない: {error}", f"not readable as CSV: {error}")
                faults.add(Problem("unreadable-file", source.id, text, name))


def _numbers(start: int, count: int, apart: list[int]) -> tuple[pa.Array, int]:
    """The row numbers of the next `count` rows, and where the ones after begin."""
    left_out = np.array(sorted(apart), dtype=np.int64)
    more = 0
    while True:
        numbers = np.arange(start, start + count + more)
        kept = numbers[~np.isin(numbers, left_out)]
        if len(kept) >= count:
            return pa.array(kept[:count]), int(kept[count - 1]) + 1 if count else start
        more += count - len(kept)


def _without_notes(source: Source, batch: Batch) -> Batch:
    if not source.notes:
        return batch
    first = batch.columns[source.layout[0]]
    note = pc.starts_with(first, source.notes[0])
    for word in source.notes[1:]:
        note = pc.or_(note, pc.starts_with(first, word))
    return batch.filter(pc.invert(pc.fill_null(note, False)))


def _other_encoding(source: Source, path: Path, name: str, faults: Faults) -> None:
    """Where the headings agree under another encoding, that is what changed: say so."""
    with path.open("rb") as stream:
        start = stream.read(1 << 16)
    for encoding, codec in ENCODINGS.items():
        if encoding != source.encoding:
            text = codecs.getincrementaldecoder(codec)("replace").decode(start)
            lines = text.splitlines()[source.skip : source.skip + 1]
            if [numbered(r) for r in csv.reader(lines, delimiter=source.delimiter)] == [
                list(source.layout)
            ]:
                message = _ENCODING.format(e=encoding, given=source.encoding)
                faults.add(Problem("other-encoding", source.id, message, name))
                return


# -- fixed width -----------------------------------------------------------------------------


def read_fixed(source: Source, path: Path, name: str, faults: Faults) -> Iterator[Batch]:
    """Records of a fixed number of bytes; a full-width character of CP932 takes two of them."""
    yield from batches(name, source.layout, _records(source, path, name, faults))


def _records(
    source: Source, path: Path, name: str, faults: Faults
) -> Iterator[tuple[int, Sequence[str | None]]]:
    end, width = RECORD_ENDS[source.record_end], sum(source.widths)
    codec = ENCODINGS[source.encoding]
    places = np.cumsum([0, *source.widths]).tolist()
    number = 0
    with path.open("rb") as stream:
        while record := stream.read(width + len(end)):
            number += 1
            if number > 1 and record in (b"\x1a", b"\x1a" + end):
                return
            short = len(record) < width or (record[width:] != end and record[width:])
            if short or b"\n" in record[:width]:
                text = _RECORD.format(n=len(record), m=width + len(end))
                faults.add(Problem("bad-length", source.id, text, name, number))
                return
            cells: list[str | None] = []
            for n, field in enumerate(source.layout):
                raw = record[places[n] : places[n + 1]]
                try:
                    cells.append(raw.decode(codec))
                except UnicodeDecodeError:
                    text = _BYTES.format(e=source.encoding, b=raw.hex(" ").upper())
                    faults.add(Problem("bad-encoding", source.id, text, name, number, column=field))
                    cells.append(None)
            yield number, cells


# -- JSON lines ------------------------------------------------------------------------------


_HALF = re.compile("[\ud800-\udfff]")
"""Half of a character, which an escape of JSON can write."""


def read_jsonl(source: Source, path: Path, name: str, faults: Faults) -> Iterator[Batch]:
    """One object a line; `meta.delivered_amount` is a key inside `meta`. Numbers stay text.

    A key that the layout does not name refuses the row: it may be a part of a total.
    """
    yield from batches(name, source.layout, _objects(source, path, name, faults))


def _objects(
    source: Source, path: Path, name: str, faults: Faults
) -> Iterator[tuple[int, Sequence[str | None]]]:
    known = set(source.layout)
    with path.open("rb") as stream:
        for number, raw in enumerate(stream, 1):
            if not raw.strip():
                continue
            try:
                line = raw.decode("utf-8-sig")
                value = json.loads(
                    line, parse_float=str, parse_int=str, parse_constant=refuse,
                    object_pairs_hook=once,
                )  # fmt: skip
            except (ValueError, RecursionError) as error:
                text = _JSON.format(e=str(error))
                faults.add(Problem("corrupt-row", source.id, text, name, number))
                continue
            flat = dict(_flat(value, "")) if isinstance(value, dict) else {"": str(value)}
            strange = sorted(set(flat) - known)
            if strange:
                text = _KEYS.format(k=", ".join(strange))
                faults.add(Problem("layout-changed", source.id, text, name, number))
                continue
            values = [flat.get(c) for c in source.layout]
            if any(v is not None and _HALF.search(v) for v in values):
                text = _JSON.format(e="\\ud800-\\udfff")
                faults.add(Problem("corrupt-row", source.id, text, name, number))
                continue
            yield number, values


def _flat(value: dict[str, Any], before: str) -> Iterator[tuple[str, str | None]]:
    for key, inner in value.items():
        if isinstance(inner, dict):
            yield from _flat(inner, f"{before}{key}.")
        elif isinstance(inner, bool):
            yield f"{before}{key}", str(inner).lower()
        elif isinstance(inner, list):
            yield f"{before}{key}", json.dumps(inner, ensure_ascii=False)
        else:
            yield f"{before}{key}", inner


def json_keys(line: str) -> list[str]:
    """The keys of one line as a layout names them."""
    value = json.loads(line, parse_float=str, parse_int=str)
    return [k for k, _ in _flat(value, "")] if isinstance(value, dict) else []


_BYTES = Text("{e}として読めないバイト {b}", "bytes {b} are not {e}")
_GAIJI = Text(
    '外字 {c}（どの字かは作成元の環境による。使うなら external = "keep"）',
    'external character {c}; which one it is only its maker knows (external = "keep" takes it)',
)
_CELLS = Text("列が{n}個ある（見出しは{m}個）", "{n} cells where the headings are {m}")
_ENCODING = Text(
    "見出しは {e} なら layout と一致する（マッピングは {given}）",
    "the headings agree with layout when read as {e} (the mapping says {given})",
)
_RECORD = Text(
    "{n}バイトのレコード（改行を含めて{m}バイトのはず）",
    "a record of {n} bytes where {m} with its line end are due",
)
_JSON = Text("JSONとして読めない行: {e}", "the line is not JSON: {e}")
_KEYS = Text("layout にない項目: {k}", "keys that layout does not name: {k}")
