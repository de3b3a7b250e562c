"""Reading a mapping file: every key known, every column of its target a column of the schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from sonae.books.map.banks import CAMT_COLUMNS, ENTRY_COLUMNS, ZENGIN_COLUMNS
from sonae.books.map.dates import DATE_FORMS, ERAS, INSTANT_FORMS, DateForm, zone_known
from sonae.books.map.numbers import SIGNS, NumberForm
from sonae.books.map.rates import ECB_COLUMNS
from sonae.books.map.spec import (
    ENCODINGS,
    FORMS,
    RECORD_ENDS,
    Complete,
    Entry,
    Source,
    Spec,
    Take,
    Total,
    chosen,
    used_columns,
)
from sonae.books.schema import TABLES, Column
from sonae.books.settings import NOT_USABLE, Settings
from sonae.core.errors import Problem
from sonae.core.figure import Confidence
from sonae.core.text import Text

FIXED_LAYOUTS = {
    ("zengin", "balances"): ZENGIN_COLUMNS,
    ("camt053", "balances"): CAMT_COLUMNS,
    ("zengin", "entries"): ENTRY_COLUMNS,
    ("camt053", "entries"): ENTRY_COLUMNS,
    ("ecb", "balances"): ECB_COLUMNS,
}
"""By form and what of it becomes a row."""
Codes = Mapping[str, Mapping[str, str]]


def read_spec(raw: Mapping[str, Any], file: str, problems: list[Problem]) -> Spec:
    """The mapping of a TOML document; problems are collected, and what has them is left out."""
    top = Settings(raw, file, "", problems)
    about = Settings(top.take("mapping", dict, {}), file, "mapping.", problems)
    name, copied = about.take("name", str, ""), _words(about, "copy")
    if about.take("draft", bool, False):
        about.fault("draft", _DRAFT, "draft-mapping")
    about.done()
    codes = {
        str(k): {str(a): str(b) for a, b in v.items()}
        for k, v in top.take("codes", dict, {}).items()
        if isinstance(v, dict)
    }
    sources = [_source(s) for s in _each(top, "source", problems)]
    by_id = {s.id: s for s in sources}
    if len(by_id) < len(sources):
        top.fault("source", _TWICE)
    entries = [_entry(s, by_id, codes) for s in _each(top, "table", problems)]
    complete = [c for s in _each(top, "complete", problems) for c in _complete(s)]
    top.done()
    spec = Spec(
        name, copied, tuple(sources), tuple(e for e in entries if e is not None), tuple(complete)
    )
    for n, source in enumerate(sources):
        _columns_known(spec, source, Settings({}, file, f"source[{n}].", problems))
    return spec


def _each(top: Settings, key: str, problems: list[Problem]) -> list[Settings]:
    found = top.take(key, list, [])
    return [Settings(s, top.file, f"{key}[{n}].", problems) for n, s in enumerate(found or [])]


def _words(at: Settings, key: str) -> tuple[str, ...]:
    value = at.take(key, (str, list), [])
    return (value,) if isinstance(value, str) else tuple(map(str, value or []))


def _one_of(at: Settings, key: str, known: Any, default: str) -> str:
    value = str(at.take(key, str, default))
    if value not in known:
        at.fault(key, _ONE_OF.format(key=key, v=value, known=", ".join(known)))
        return default
    return value


def _source(at: Settings) -> Source:
    layout = at.take("layout", list, [])
    fields = at.take("fields", list, [])
    if not all(isinstance(f, list) and len(f) == 2 and _width(f[1]) for f in fields):
        at.fault("fields", _FIELDS)
        fields = []
    form: Any = _one_of(at, "form", FORMS, "csv")
    rows = _one_of(at, "rows", ("balances", "entries"), "balances")
    source = Source(
        id=str(at.take("id", str)),
        form=form,
        rows=rows,
        files=_words(at, "files"),
        encoding=_one_of(at, "encoding", ENCODINGS, "utf-8"),
        delimiter=str(at.take("delimiter", str, ",")),
        skip=_count(at, "skip"),
        sheet=str(at.take("sheet", str, "")),
        layout=FIXED_LAYOUTS.get((form, rows)) or tuple(map(str, layout or [f[0] for f in fields])),
        widths=tuple(int(f[1]) for f in fields),
        record_end=_one_of(at, "record_end", RECORD_ENDS, "crlf"),
        era=_one_of(at, "era", ERAS, ERAS[0]),
        notes=_words(at, "notes"),
        totals=tuple(_total(t) for t in _each(at, "total", at.problems)),
        unique=_words(at, "unique"),
        once=_one_of(at, "repeats", ("refuse", "once"), "refuse") == "once",
        external=_one_of(at, "external", ("refuse", "keep"), "refuse") == "keep",
        query=str(at.take("query", str, "")),
        number=_number(at, NumberForm()),
        confidence=_one_of(at, "confidence", get_args(Confidence), "derived"),
    )
    if source.form == "sql" and not source.query:
        at.fault("query", _NEEDED.format(key="query"), "missing-setting")
    if source.form != "sql" and not source.files:
        at.fault("files", _NEEDED.format(key="files"), "missing-setting")
    if not source.layout or (source.form == "fixed" and not source.widths):
        key = "fields" if source.form == "fixed" else "layout"
        at.fault(key, _LAYOUT.format(key=key), "missing-setting")
    if rows == "entries" and (form, rows) not in FIXED_LAYOUTS:
        at.fault("rows", NOT_USABLE.format(key="rows", value=rows))
    if len(source.delimiter) != 1:
        at.fault("delimiter", NOT_USABLE.format(key="delimiter", value=source.delimiter))
    at.done()
    return source


def _width(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10_000


def _count(at: Settings, key: str) -> int:
    """A number of lines or digits: zero or more."""
    value = int(at.take(key, int, 0))
    if not 0 <= value < 10_000:
        at.fault(key, NOT_USABLE.format(key=key, value=str(value)))
        return 0
    return value


def _total(at: Settings) -> Total:
    total = Total(
        chosen(at.take("where", dict)),
        _words(at, "columns"),
        str(at.take("count", str, "")),
        _one_of(at, "of", ("all", "since"), "all") == "since",
    )
    at.done()
    return total


def _number(at: Settings, default: NumberForm) -> NumberForm:
    raw = at.take("number", dict, None)
    if raw is None:
        return default
    inner = Settings(raw, at.file, f"{at.where}number.", at.problems)
    negative = _words(inner, "negative") if "negative" in inner.raw else default.negative
    for sign in negative:
        if sign not in SIGNS:
            inner.fault("negative", _ONE_OF.format(key="negative", v=sign, known=", ".join(SIGNS)))
    units = inner.take("units", dict, {})
    if not all(isinstance(v, int) for v in units.values()):
        inner.fault("units", NOT_USABLE.format(key="units", value=str(units)))
        units = {}
    form = NumberForm(
        thousands=str(inner.take("thousands", str, default.thousands)),
        point=str(inner.take("point", str, default.point)),
        wide=bool(inner.take("wide", bool, default.wide)),
        negative=tuple(s for s in negative if s in SIGNS),
        zero=_words(inner, "zero") or default.zero,
        units=units or default.units,
        marks=_words(inner, "marks") or default.marks,
    )
    if form.thousands == form.point or len(form.point) != 1:
        inner.fault("point", NOT_USABLE.format(key="point", value=form.point))
    inner.done()
    return form


def _entry(at: Settings, sources: Mapping[str, Source], codes: Codes) -> Entry | None:
    to, id = _one_of(at, "to", TABLES, "balances"), str(at.take("source", str))
    if id not in sources:
        at.fault("source", _NO_SOURCE.format(s=id, known=", ".join(sources)))
        return None
    raw = at.take("columns", dict, {})
    columns: dict[str, Take] = {}
    for key, value in raw.items():
        column = TABLES[to].column(key)
        if column is None:
            known = ", ".join(c.name for c in TABLES[to].columns)
            at.fault(f"columns.{key}", _NO_COLUMN.format(c=key, t=to, known=known))
            continue
        inner = {"column": value} if isinstance(value, str) else value
        there = Settings(inner, at.file, f"{at.where}columns.{key}.", at.problems)
        columns[key] = _take(there, column, sources[id], codes)
    for column in TABLES[to].columns:
        if column.required and column.name not in raw:
            at.fault(f"columns.{column.name}", _REQUIRED.format(c=column.name, t=to))
    entry = Entry(
        to, id, columns, chosen(at.take("take", dict, {})), chosen(at.take("leave", dict, {}))
    )
    at.done()
    return entry


def _take(at: Settings, column: Column, source: Source, codes: Codes) -> Take:
    value = at.take("value", (str, int, bool), None)
    columns = _words(at, "column")
    if (value is None) == (not columns):
        at.fault("column", _EITHER)
    named = at.take("codes", (str, dict), None)
    if isinstance(named, str) and named not in codes:
        at.fault("codes", _NO_CODES.format(c=named, known=", ".join(codes)))
    listed = codes.get(named, {}) if isinstance(named, str) else named
    unit = at.take("power", int, 0)
    take = Take(
        columns=columns,
        value=str(value).lower() if isinstance(value, bool) else value and str(value),
        join=str(at.take("join", str, "")),
        less=_words(at, "less"),
        codes=None if listed is None else {str(k): str(v) for k, v in listed.items()},
        number=_number(at, source.number),
        power=int(unit),
        base=_one_of(at, "unit", ("whole", "base"), "whole") == "base",
        reverse=_one_of(at, "sign", ("as_written", "reverse"), "as_written") == "reverse",
        signed=bool(at.take("signed", bool, False)),
        sign_by=str(at.take("sign_by", str, "")),
        plus=_words(at, "plus"),
        minus=_words(at, "minus"),
        date=_date(at, column),
        trim=bool(at.take("trim", bool, True)),
        wide=bool(at.take("wide", bool, False)),
        zfill=_count(at, "zfill"),
        prefix=str(at.take("prefix", str, "")),
        empty=at.take("empty", str, None),
    )
    if take.sign_by and not (take.plus or take.minus):
        at.fault("sign_by", _SIGN_BY)
    if column.kind in ("quantity", "amount"):
        _partial_payment(at, take, source)
    at.done()
    return take


def _partial_payment(at: Settings, take: Take, source: Source) -> None:
    """`Amount` of a payment on the XRP Ledger is what was asked for, not what arrived."""
    delivered = [c for c in source.layout if "delivered_amount" in c.split(".")]
    for column in take.columns:
        asked = {"Amount", "amount"} & set(column.split("."))
        if delivered and asked and column not in delivered:
            at.fault("column", _PARTIAL.format(c=column, d=delivered[0]), "partial-payment")


def _date(at: Settings, column: Column) -> DateForm:
    form = DateForm(
        forms=_words(at, "date") or ("iso",),
        era=str(at.take("era", str, "")),
        wide=bool(at.raw.get("wide", False)),
        zone=str(at.take("zone", str, "")),
        time=str(at.take("time", str, "")),
    )
    known = {*DATE_FORMS, *(INSTANT_FORMS if column.kind == "instant" else ())}
    for name in form.forms:
        if name not in known:
            at.fault("date", _ONE_OF.format(key="date", v=name, known=", ".join(sorted(known))))
    if "era_compact" in form.forms and form.era not in ERAS:
        at.fault("era", _ONE_OF.format(key="era", v=form.era, known=", ".join(ERAS)))
        form = DateForm()
    if form.zone and not zone_known(form.zone):
        at.fault("zone", NOT_USABLE.format(key="zone", value=form.zone))
        form = DateForm()
    return form


def _complete(at: Settings) -> list[Complete]:
    table = _one_of(at, "table", TABLES, "balances")
    found = []
    for row in at.take("rows", list, []):
        if not isinstance(row, dict):
            at.fault("rows", NOT_USABLE.format(key="rows", value=str(row)))
            continue
        strange = [c for c in dict(row) if TABLES[table].column(str(c)) is None]
        if strange:
            at.fault("rows", _NO_COLUMN.format(c=strange[0], t=table, known=""))
        else:
            found.append(Complete(table, {str(k): str(v) for k, v in dict(row).items()}))
    at.done()
    return found


def _columns_known(spec: Spec, source: Source, at: Settings) -> None:
    missing = used_columns(spec, source) - set(source.layout)
    if source.layout and missing:
        names = "、".join(sorted(missing))
        at.fault("layout", _NOT_IN_LAYOUT.format(c=names), "missing-column")
    if len(set(source.layout)) < len(source.layout):
        at.fault("layout", _TWICE_IN_LAYOUT)


_DRAFT = Text(
    "下書きのまま。内容を確かめてから draft を消す", "still a draft: check it, then remove draft"
)
_TWICE = Text("id が重複している", "an id stands twice")
_ONE_OF = Text("「{key}」の値 {v} は使えない。使える値: {known}", "{key}: {v} is none of {known}")
_FIELDS = Text("fields は [名前, バイト数] の並び", "fields are [name, bytes] each")
_NEEDED = Text("「{key}」は必須", "{key} is required")
_LAYOUT = Text(
    "「{key}」は必須（`sonae books infer` が下書きを作る）",
    "{key} is required (`sonae books infer` drafts it)",
)
_NO_SOURCE = Text("source「{s}」がない。ある id: {known}", "there is no source {s}; ids: {known}")
_NO_COLUMN = Text(
    "列「{c}」は表 {t} にない。ある列: {known}", "table {t} has no column {c}; it has: {known}"
)
_REQUIRED = Text("表 {t} の列「{c}」は必須", "column {c} of table {t} is required")
_EITHER = Text("column か value のどちらか一つを書く", "give column or value, one of them")
_NO_CODES = Text(
    "コード表「{c}」がない。ある表: {known}", "there is no code list {c}; lists: {known}"
)
_SIGN_BY = Text("sign_by には plus か minus の値が要る", "sign_by needs values in plus or minus")
_PARTIAL = Text(
    "「{c}」は依頼額であり着金額ではない（一部送金）。「{d}」を使う",
    "{c} is what was asked for, not what arrived (partial payments); take {d}",
)
_NOT_IN_LAYOUT = Text("layout にない列を使っている: {c}", "columns used that layout lacks: {c}")
_TWICE_IN_LAYOUT = Text(
    "layout に同じ名前が二度ある。二度目からは「名前#2」と書く",
    "a name stands twice in layout; write the second as name#2",
)
