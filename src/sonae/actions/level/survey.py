"""What the public record lacks: a confidential survey, one row for each firm, and its totals.

A survey is a table as CSV or XLSX. Empty means not known; nothing is set in its place. What leaves
is totals by size of firm, a cell of few firms, or of one large one, suppressed, and a second cell
with it where the first could be found by subtraction.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from sonae.actions.files import json_bytes, replace_folder
from sonae.core.canonical import number_text
from sonae.core.errors import InputError, Problem
from sonae.core.text import Text
from sonae.loss.exposure import Ends, Firm
from sonae.report.sheets import as_csv, workbook

FEWEST = 5
DOMINANT = Fraction(3, 4)
"""A cell is suppressed below five firms, or where one firm is more than three quarters of it."""
COLUMNS = {
    "firm_code": Text("会社コード（社名は書かない）", "code of the firm (no name)"),
    "as_of": Text("基準日（YYYY-MM-DD）", "day of the figures (YYYY-MM-DD)"),
    "customers": Text("口座を持つ利用者の数", "number of customers with an account"),
    "custody_jpy": Text("利用者の暗号資産（円）", "customers' crypto-assets, yen"),
    "custody_cold_jpy": Text("うちコールド（円）", "of which cold, yen"),
    "custody_not_cold_jpy": Text("うちコールド以外（円）", "of which not cold, yen"),
    "traded_year_jpy": Text("直近1年の取引額（円）", "traded value of the last year, yen"),
    "net_assets_jpy": Text("純資産（円）", "net assets, yen"),
    "profit_year_jpy": Text("直近1年の利益（円。損失は負）", "profit of the last year, yen"),
    "insurance_limit_jpy": Text("保険の年間限度額（円）", "annual limit of insurance, yen"),
    "insurance_premium_jpy": Text("年間保険料（円）", "premium a year, yen"),
    "losses_5y": Text("過去5年の流出事故の件数", "number of losses in five years"),
    "losses_5y_jpy": Text("過去5年の流出額の合計（円）", "sum of losses in five years, yen"),
}
NEEDED = ("firm_code", "as_of", "custody_jpy")
SIGNED = ("profit_year_jpy", "net_assets_jpy")
BASES = {
    "custody_jpy": "custody_value",
    "custody_cold_jpy": "custody_value_cold",
    "custody_not_cold_jpy": "custody_value_not_cold",
    "traded_year_jpy": "traded_value",
}
BANDS = (("small", Fraction(100_000_000_000)), ("mid", Fraction(1_000_000_000_000)))
Row = Mapping[str, str]
EXTRA = "(extra)"


def write_template(out: Path) -> list[str]:
    """The empty survey as `survey.csv` and `survey.xlsx`, with a sheet that explains it."""
    head = list(COLUMNS)
    words = [["column", "日本語", "English"], *([k, t.ja, t.en] for k, t in COLUMNS.items())]
    rules = [["日本語", "English"], *([t.ja, t.en] for t in _RULES)]
    files = {
        "survey.csv": as_csv([head]),
        "survey.xlsx": workbook({"survey": [head], "columns": words, "rules": rules}),
    }
    replace_folder(out, files)
    return sorted(files)


_RULES = (
    Text(
        "1社1行。円は整数で書き、桁区切りを入れない",
        "one row for each firm; whole yen, no separators",
    ),
    Text("分からない欄は空欄とし、0を書かない", "leave empty what is not known; do not write 0"),
    Text(
        "回答は監督者だけが見る。公表は合計のみで、5社未満の欄と1社が4分の3を超える欄は秘匿する",
        "only the supervisor sees the rows; totals alone are published, and a cell of fewer than "
        "five firms, or of which one firm is more than three quarters, is suppressed",
    ),
)


# -- reading ---------------------------------------------------------------------------------------


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows of a table, CSV or XLSX, as text.

    Raises:
        InputError: it is no such table.
    """
    content = path.read_bytes()
    if content[:2] == b"PK":
        return _from_workbook(content, path.name)
    try:
        text = content.decode("utf-8-sig")
        return [
            dict(r)
            for r in csv.DictReader(io.StringIO(text), strict=True, restval="", restkey=EXTRA)
        ]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            [_problem("unreadable", _UNREADABLE.format(e=error), path.name)]
        ) from error


def _from_workbook(content: bytes, name: str) -> list[dict[str, str]]:
    from openpyxl import load_workbook

    try:
        sheet = load_workbook(io.BytesIO(content), read_only=True, data_only=True).worksheets[0]
        table = [
            ["" if c is None else _cell(c) for c in r] for r in sheet.iter_rows(values_only=True)
        ]
    except (OSError, KeyError, ValueError, BadZipFile) as error:
        raise InputError([_problem("unreadable", _UNREADABLE.format(e=error), name)]) from error
    head, *rows = table or [[]]
    return [dict(zip(head, row, strict=True)) for row in rows if any(row)]


def _cell(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.date().isoformat() if hasattr(value, "date") else str(value).strip()


@dataclass(frozen=True, slots=True)
class Answer:
    """One firm's row; a number that is not known is missing."""

    code: str
    as_of: date
    numbers: Mapping[str, Fraction]


def read_answers(path: Path) -> list[Answer]:
    """The survey, checked: every problem is listed.

    Raises:
        InputError: unknown or missing columns, cells that are no whole number, codes twice, parts
            that are not the whole.
    """
    rows = rows_of(path)
    problems = [*_columns(rows, path.name)]
    answers: list[Answer] = []
    if not problems:
        for n, row in enumerate(rows, 1):
            faults = [*_faults(row, n, path.name)]
            problems += faults
            if not faults:
                numbers = {k: Fraction(v) for k, v in row.items() if v and k not in NEEDED[:2]}
                day = date.fromisoformat(row["as_of"])
                answers.append(Answer(row["firm_code"], day, numbers))
        problems += _twice([r["firm_code"] for r in rows], path.name)
    if problems:
        raise InputError(problems)
    return answers


def read_survey(path: Path) -> list[Firm]:
    """The firms of a survey for a level; each is known by its code alone."""
    return [_firm(answer, path.name) for answer in read_answers(path)]


def _firm(answer: Answer, name: str) -> Firm:
    found = answer.numbers
    bases: dict[str, Ends] = {b: (found[c], found[c]) for c, b in BASES.items() if c in found}
    people = found.get("customers")
    return Firm(
        answer.code,
        "JP",
        answer.as_of.isoformat(),
        "survey",
        bases,
        found.get("net_assets_jpy"),
        found.get("profit_year_jpy"),
        None if people is None else int(people),
        source=name,
    )


def _columns(rows: Sequence[Row], file: str) -> Iterator[Problem]:
    if not rows:
        yield _problem("no-rows", Text("行がない", "there is no row"), file)
        return
    for key in rows[0]:
        if key not in COLUMNS and key != EXTRA:
            known = ", ".join(COLUMNS)
            words = Text(f"知らない列。使える列: {known}", f"unknown column; known are: {known}")
            yield _problem("unknown-column", words, file, column=str(key))
    for n, row in enumerate(rows, 1):
        if EXTRA in row:
            words = Text("見出しより欄が多い", "more cells than the head has")
            yield _problem("extra-cells", words, file, n)
    for key in NEEDED:
        if key not in rows[0]:
            yield _problem(
                "missing-column", Text("必要な列がない", "the column is needed"), file, column=key
            )


def _faults(row: Row, n: int, file: str) -> Iterator[Problem]:
    def fault(column: str, words: Text) -> Problem:
        return _problem("bad-cell", words, file, n, row["firm_code"], column)

    for key in NEEDED:
        if not row[key]:
            yield fault(key, Text("空欄にできない", "must not be empty"))
    if row["as_of"] and not _is_day(row["as_of"]):
        yield fault("as_of", Text("日付はYYYY-MM-DDで書く", "write the day as YYYY-MM-DD"))
    for key, value in row.items():
        sign = "-?" if key in SIGNED else ""
        if value and key not in NEEDED[:2] and not re.fullmatch(rf"{sign}[0-9]{{1,20}}", value):
            yield fault(
                key,
                Text(
                    "整数で書く（桁区切り・小数なし）", "write a whole number, without separators"
                ),
            )
            return
    parts = [row.get(k, "") for k in ("custody_jpy", "custody_cold_jpy", "custody_not_cold_jpy")]
    if all(parts) and int(parts[0]) != int(parts[1]) + int(parts[2]):
        words = Text(
            "コールドとそれ以外の和が全体と一致しない",
            "cold and not cold do not add up to the whole",
        )
        yield fault("custody_cold_jpy", words)


def _is_day(text: str) -> bool:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _twice(codes: Sequence[str], file: str) -> Iterator[Problem]:
    for code in sorted({c for c in codes if codes.count(c) > 1}):
        yield _problem(
            "repeated-key", Text("同じコードが2行ある", "the code stands twice"), file, key=code
        )


def _problem(
    name: str, words: Text, file: str, row: int | None = None, key: str = "", column: str = ""
) -> Problem:
    return Problem(name, "survey", words, file, row, key, column)


_UNREADABLE = Text("表として読めない: {e}", "not readable as a table: {e}")


# -- totals ----------------------------------------------------------------------------------------


def totals(answers: Sequence[Answer]) -> dict[str, Any]:
    """Number of firms and sum of each column by size and over all, small cells suppressed."""
    groups = {name: [a for a in answers if _band(a) == name] for name in ("small", "mid", "large")}
    items: dict[str, Any] = {}
    for key in COLUMNS:
        if key in NEEDED[:2]:
            continue
        values = {
            g: [a.numbers[key] for a in rows if key in a.numbers] for g, rows in groups.items()
        }
        every = [v for group in values.values() for v in group]
        hidden = _hidden(values, every)
        items[key] = {
            "label": COLUMNS[key].as_json(),
            **{g: _cell_of(v, g in hidden) for g, v in {**values, "all": every}.items()},
        }
    return {
        "format": "sonae-survey-totals/1",
        "suppression": {
            "fewest_firms": FEWEST,
            "largest_share": number_text(DOMINANT),
            "words": _RULES[2].as_json(),
        },
        "bands": {name: number_text(top) for name, top in BANDS},
        "items": items,
    }


def _band(answer: Answer) -> str:
    held = answer.numbers["custody_jpy"]
    return next((name for name, top in BANDS if held < top), "large")


def _hidden(values: Mapping[str, Sequence[Fraction]], every: Sequence[Fraction]) -> set[str]:
    """Unsafe cells, and the smallest other one where one alone could be found by subtraction."""
    hidden = {g for g, v in values.items() if v and not _safe(v)}
    if not _safe(every):
        return {*values, "all"}
    if len(hidden) == 1:
        others = [g for g, v in values.items() if g not in hidden and v]
        hidden |= {min(others, key=lambda g: (len(values[g]), g))} if others else {"all"}
    return hidden


def _safe(values: Sequence[Fraction]) -> bool:
    if len(values) < FEWEST:
        return False
    sizes = [abs(v) for v in values]
    return max(sizes) <= DOMINANT * sum(sizes) or not any(sizes)


def _cell_of(values: Sequence[Fraction], hidden: bool) -> dict[str, Any]:
    if hidden:
        return {"suppressed": True, "firms": None, "sum": None}
    return {"suppressed": False, "firms": len(values), "sum": number_text(sum(values, Fraction(0)))}


# -- the association's monthly statistics ----------------------------------------------------------

MONTHLY = ("month", "accounts", "active_accounts", "custody_jpy", "cash_jpy", "spot_volume_jpy",
           "margin_volume_jpy")  # fmt: skip
YEAR = 12


def association(path: Path) -> dict[str, Any]:
    """Monthly totals of the industry: the newest custody, and yearly turnover as a range.

    Turnover of a month is its spot volume times twelve over its custody.

    Raises:
        InputError: columns or cells that are not those of the statistics.
    """
    rows, problems = rows_of(path), []
    unknown = [k for k in (rows[0] if rows else {}) if k not in MONTHLY and k != EXTRA]
    for key in unknown:
        words = Text(
            f"知らない列。使える列: {', '.join(MONTHLY)}",
            f"unknown column; known: {', '.join(MONTHLY)}",
        )
        problems.append(_problem("unknown-column", words, path.name, column=str(key)))
    for n, row in enumerate(rows, 1):
        if not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", row.get("month", "")):
            words = Text("月はYYYY-MMで書く", "write the month as YYYY-MM")
            problems.append(_problem("bad-cell", words, path.name, n, column="month"))
        if EXTRA in row:
            words = Text("見出しより欄が多い", "more cells than the head has")
            problems.append(_problem("extra-cells", words, path.name, n))
        for key, value in row.items():
            if key in MONTHLY[1:] and value and not re.fullmatch(r"[0-9]{1,20}", value):
                words = Text("整数で書く", "write a whole number")
                problems.append(_problem("bad-cell", words, path.name, n, column=key))
    problems += _twice([r.get("month", "") for r in rows], path.name)
    if problems or not rows:
        raise InputError(problems or [*_columns([], path.name)])
    ordered = sorted(rows, key=lambda r: r["month"])
    turnover = sorted(
        Fraction(r["spot_volume_jpy"]) * YEAR / Fraction(r["custody_jpy"])
        for r in ordered
        if r.get("spot_volume_jpy") and int(r.get("custody_jpy") or 0)
    )
    held = [r for r in ordered if r.get("custody_jpy")]
    return {
        "format": "sonae-association-monthly/1",
        "months": len(ordered),
        "first": ordered[0]["month"],
        "last": ordered[-1]["month"],
        "custody_jpy": held[-1]["custody_jpy"] if held else None,
        "custody_month": held[-1]["month"] if held else None,
        "turnover": None
        if not turnover
        else {
            "least": number_text(turnover[0]),
            "usual": number_text(turnover[len(turnover) // 2]),
            "most": number_text(turnover[-1]),
        },
    }


def survey_totals(path: Path, out: Path | None, monthly: Path | None) -> dict[str, Any]:
    """Totals of a survey, beside the association's where those are given; written to `out`."""
    answers = read_answers(path)
    document = totals(answers)
    if monthly is not None:
        industry = association(monthly)
        document["association"] = industry
        mine = document["items"]["custody_jpy"]["all"]["sum"]
        whole = industry["custody_jpy"]
        known = mine is not None and whole is not None and int(whole)
        document["share_of_industry"] = (
            number_text(Fraction(mine) / Fraction(whole)) if known else None
        )
    if out is not None:
        replace_folder(
            out, {"totals.json": json_bytes(document), "totals.csv": as_csv(_flat(document))}
        )
    return document


def _flat(document: Mapping[str, Any]) -> list[list[str]]:
    rows = [["item", "group", "firms", "sum", "suppressed"]]
    for key, item in document["items"].items():
        for group in ("small", "mid", "large", "all"):
            cell = item[group]
            shown = ["" if cell[k] is None else str(cell[k]) for k in ("firms", "sum")]
            rows.append([key, group, *shown, "yes" if cell["suppressed"] else "no"])
    return rows
