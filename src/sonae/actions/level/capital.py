"""Capital and profit of named firms from a file, where the public record or the Books have none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from sonae.actions.level.survey import rows_of
from sonae.core.errors import InputError, Problem
from sonae.core.text import Text
from sonae.loss.exposure import Firm

COLUMNS = ("firm", "net_assets_jpy", "profit_year_jpy", "source")


def with_capital(firms: Sequence[Firm], file: Path) -> list[Firm]:
    """The firms with the capital and profit of a file (CSV or XLSX); an empty cell changes nothing.

    Raises:
        InputError: unknown or missing columns, a firm that is not among them or stands twice, an
            amount that is no whole number.
    """
    rows = rows_of(file)
    if problems := [*_problems(rows, {f.name for f in firms}, file.name)]:
        raise InputError(problems)
    given = {r["firm"]: r for r in rows}
    return [_with(f, given[f.name], file.name) if f.name in given else f for f in firms]


def _with(firm: Firm, row: dict[str, str], file: str) -> Firm:
    worth, profit = row.get("net_assets_jpy", ""), row.get("profit_year_jpy", "")
    return replace(
        firm,
        capital=Fraction(worth) if worth else firm.capital,
        profit=Fraction(profit) if profit else firm.profit,
        notes=(*firm.notes, _FROM.format(file=file, source=row["source"])),
    )


def _problems(rows: Sequence[dict[str, str]], known: set[str], file: str) -> Iterator[Problem]:
    def fault(name: str, words: Text, row: int | None = None, key: str = "") -> Problem:
        return Problem(name, "capital", words, file, row, key)

    head = set(rows[0]) if rows else set()
    if not {"firm", "net_assets_jpy", "source"} <= head or not head <= set(COLUMNS):
        columns = ", ".join(COLUMNS)
        words = Text(f"列は {columns}", f"the columns are {columns}")
        yield fault("bad-columns", words)
        return
    seen: set[str] = set()
    for n, row in enumerate(rows, 1):
        if row["firm"] not in known:
            yield fault("unknown-firm", _UNKNOWN, n, row["firm"])
        if row["firm"] in seen:
            yield fault("repeated-key", _TWICE, n, row["firm"])
        seen.add(row["firm"])
        if not row["source"]:
            yield fault("no-source", _NO_SOURCE, n, row["firm"])
        for key in ("net_assets_jpy", "profit_year_jpy"):
            if row.get(key) and not re.fullmatch(r"-?[0-9]{1,20}", row[key], re.ASCII):
                yield fault("bad-cell", _WHOLE, n, row["firm"])


_FROM = Text("資本は{file}による（{source}）", "capital as given in {file} ({source})")
_UNKNOWN = Text("水準を決める事業者の中にない", "is none of the firms the level is set for")
_TWICE = Text("同じ事業者が2行ある", "the firm stands twice")
_NO_SOURCE = Text("出典を書く", "name the source")
_WHOLE = Text("円の整数で書く（桁区切り・小数なし）", "write whole yen, without separators")
