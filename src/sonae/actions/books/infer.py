"""A mapping drafted from sample files: how each opens, and what its columns seem to be."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from sonae.books.map import infer
from sonae.books.map.banks import CAMT_COLUMNS, ZENGIN_COLUMNS
from sonae.books.map.batch import Faults
from sonae.books.map.infer import Sample
from sonae.books.map.layout import numbered
from sonae.books.map.rates import ECB_COLUMNS
from sonae.books.map.spec import ENCODINGS, Source
from sonae.books.map.tables import read_excel, read_parquet, sheet_start
from sonae.books.map.textfiles import json_keys, read_jsonl
from sonae.core.errors import InputError, Problem, UsageError
from sonae.core.text import Lang, Text

START = 1 << 20
ROWS = 2000


def draft(paths: Sequence[Path], lang: Lang) -> tuple[str, list[dict[str, object]]]:
    """The text of a mapping for these files, and each guess.

    Raises:
        UsageError: a file does not exist.
        InputError: files that cannot be read in any form; all of them.
    """
    problems: list[Problem] = []
    samples = []
    for path in paths:
        if not path.is_file():
            raise UsageError(f"there is no file {path}")
        try:
            samples.append(_sample(path))
        except _Unknown as why:
            problems.append(Problem("unreadable-file", path.stem, why.text, path.name))
    if problems:
        raise InputError(problems)
    return infer.draft(samples, lang)


class _Unknown(Exception):
    def __init__(self, text: Text) -> None:
        self.text = text
        super().__init__(text.en)


def _sample(path: Path) -> Sample:
    with path.open("rb") as stream:
        start = stream.read(START)
    whole = len(start) < START
    id = re.sub(r"\W+", "_", path.stem).strip("_") or "source"
    if start[:4] == b"PK\x03\x04":
        return _excel(id, path)
    if start[:4] == b"PAR1":
        return _parquet(id, path)
    if b"camt.053" in start[:2000]:
        return Sample(id, path.name, "camt053", {}, (_CAMT,), CAMT_COLUMNS, ())
    for end, name in ((2, "crlf"), (0, "none")):
        if start[:3] == b"103" and path.stat().st_size % (200 + end) == 0:
            settings: dict[str, object] = {"record_end": name}
            return Sample(id, path.name, "zengin", settings, (_ZENGIN,), ZENGIN_COLUMNS, ())
    if re.match(rb"(?:\xef\xbb\xbf)?Date, ?[A-Z]{3}, ?[A-Z]{3}", start):
        return Sample(id, path.name, "ecb", {}, (_ECB,), ECB_COLUMNS, ())
    if start.lstrip(b"\xef\xbb\xbf \r\n")[:1] == b"{":
        return _jsonl(id, path, start)
    return _csv(id, path, start if whole else start[: start.rfind(b"\n") + 1])


def _rows(header: Sequence[str], batches: object) -> tuple[tuple[str, ...], ...]:
    for batch in batches:  # type: ignore[attr-defined]
        columns = [batch.columns[c].slice(0, ROWS).to_pylist() for c in header]
        return tuple(tuple(v or "" for v in row) for row in zip(*columns, strict=True))
    return ()


def _excel(id: str, path: Path) -> Sample:
    found = sheet_start(path)
    if found is None:
        raise _Unknown(_NOT_READ)
    sheet, skip, header = found
    source = Source(id, "excel", (), sheet=sheet, skip=skip, layout=tuple(header))
    rows = _rows(header, read_excel(source, path, path.name, Faults()))
    settings: dict[str, object] = {"sheet": sheet, "skip": skip}
    why = _SKIP.format(n=skip) if skip else _SHEET.format(s=sheet)
    return Sample(id, path.name, "excel", settings, (why,), tuple(header), rows)


def _parquet(id: str, path: Path) -> Sample:
    import pyarrow.parquet as pq

    header = tuple(pq.read_schema(path).names)
    source = Source(id, "parquet", (), layout=header)
    rows = _rows(header, read_parquet(source, path, path.name, set(header), Faults()))
    return Sample(id, path.name, "parquet", {}, (), header, rows)


def _jsonl(id: str, path: Path, start: bytes) -> Sample:
    keys: dict[str, None] = {}
    try:
        for line in start.decode("utf-8-sig", "ignore").splitlines()[:ROWS]:
            if line.strip():
                keys |= dict.fromkeys(json_keys(line))
    except ValueError as error:
        if not keys:
            raise _Unknown(_NOT_READ) from error
    source = Source(id, "jsonl", (), layout=tuple(keys))
    rows = _rows([*keys], read_jsonl(source, path, path.name, Faults()))
    return Sample(id, path.name, "jsonl", {}, (_KEYS.format(n=len(keys)),), tuple(keys), rows)


def _csv(id: str, path: Path, start: bytes) -> Sample:
    encoding, why = _encoding(start)
    text = start.decode(ENCODINGS[encoding])
    delimiter = max(",\t;|", key=lambda d: text.count(d))
    lines = [*islice(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), ROWS + 50)]
    if not lines:
        raise _Unknown(_NOT_READ)
    usual = Counter(len(row) for row in lines).most_common(1)[0][0]
    skip = next((n for n, row in enumerate(lines) if len(row) == usual and _heads(row)), 0)
    header = tuple(numbered([h.strip() for h in lines[skip]]))
    rows = tuple(tuple(row) for row in lines[skip + 1 :] if len(row) == len(header))
    settings: dict[str, object] = {"encoding": encoding}
    if delimiter != ",":
        settings["delimiter"] = delimiter
    reasons = [why]
    if skip:
        settings["skip"] = skip
        reasons.append(_SKIP.format(n=skip))
    odd = len(lines) - skip - 1 - len(rows)
    if odd:
        reasons.append(_ODD.format(n=odd, m=len(header)))
    return Sample(id, path.name, "csv", settings, tuple(reasons), header, rows)


def _heads(row: Sequence[str]) -> bool:
    """True for cells that name columns: none is empty, none is a number."""
    return all(cell.strip() and not re.search(r"^[-\d０-９,.\s]+$", cell.strip()) for cell in row)


def _encoding(start: bytes) -> tuple[str, Text]:
    """The encoding whose every byte can be read; of two, the one with fewer half-width kana."""
    fits: dict[str, int] = {}
    for name, codec in ENCODINGS.items():
        try:
            text = start.decode(codec)
        except UnicodeDecodeError as error:
            if error.end < len(start) - 4:
                continue
            text = start[: error.start].decode(codec)
        fits[name] = sum("\uff61" <= c <= "\uff9f" or "\ue000" <= c <= "\uf8ff" for c in text)
    if not fits:
        raise _Unknown(_NO_ENCODING)
    if start.isascii():
        return "utf-8", _ASCII
    chosen = "utf-8" if "utf-8" in fits else min(fits, key=lambda n: fits[n])
    others = ", ".join(n for n in fits if n != chosen)
    return chosen, (_ALSO.format(e=chosen, o=others) if others else _ONLY.format(e=chosen))


_CAMT = Text("camt.053 の名前空間がある", "it has the name space of camt.053")
_ZENGIN = Text(
    "種別 03、200バイトのレコード（入出金取引明細）", "kind 03 in records of 200 bytes (Zengin)"
)
_ECB = Text("ECBの参照レートの見出し", "the headings of ECB reference rates")
_NOT_READ = Text("どの形でも読めない", "it cannot be read in any form")
_NO_ENCODING = Text(
    "UTF-8、CP932、EUC-JPのどれとしても読めないバイトがある",
    "some bytes are none of UTF-8, CP932 and EUC-JP",
)
_ONLY = Text("{e} だけがすべてのバイトを読める", "only {e} can read every byte")
_ALSO = Text(
    "{e} と推測（{o} としても読める。氏名などを目で確かめる）",
    "{e} by its characters ({o} can read it too: look at some names)",
)
_ASCII = Text("ASCIIだけなのでどの文字コードでも同じ", "all ASCII: every encoding reads the same")
_SKIP = Text("見出しの前に{n}行ある", "{n} lines stand before the headings")
_SHEET = Text("シート「{s}」", "sheet {s}")
_ODD = Text(
    "{m}列でない行が{n}件ある（notes か total を検討）",
    "{n} rows do not have {m} cells (notes, or a total?)",
)
_KEYS = Text("項目は{n}個", "{n} keys are used")
