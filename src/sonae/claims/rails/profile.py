"""What one bank accepts and when: the limits of its files, its clock, how it tells of returns.

Every bank sets its own; what the format itself bounds is `MOST_*`. A field that a profile does
not vouch for under `confidence` counts as from memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from datetime import date, datetime, time
from typing import Any, Literal

from sonae.claims.rails.kana import MORE
from sonae.core.calendar import DAY, Calendar
from sonae.core.errors import InputError, Problem, UsageError
from sonae.core.text import Text

MOST_RECORDS, MOST_AMOUNT, MOST_TOTAL = 999_999, 9_999_999_999, 999_999_999_999
"""Six digits of count, ten of one amount, twelve of a total: the width of the fields."""
CONFIDENCES = ("verified", "derived", "secondary", "memory")
RecordEnd = Literal["crlf", "none"]
COLUMNS = ("amount", "name", "reference", "day", "mark")


@dataclass(frozen=True, slots=True)
class ReturnsLayout:
    """How the bank tells of returned funds (資金返却); there is no common layout.

    `form`: "zengin" (入出金取引明細, 200 bytes) or "csv". `marks`: half-width texts, one of which
    stands in the remarks of every return. `era_base`: year before the first of the era that a
    statement counts years by (2018 for Reiwa), or 2000. `columns`: for CSV, the heading of each
    of amount, name, reference, day (ISO) and mark; reference may be left out.
    """

    form: Literal["zengin", "csv"]
    marks: tuple[str, ...]
    era_base: int = 2018
    encoding: Literal["cp932", "utf-8"] = "cp932"
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BankProfile:
    """One bank's terms for bulk transfers.

    `days_before`: business days between handing in, by `cut_off`, and the transfer day.
    `settle_business_days`: so many after the transfer day no return means settled.
    `symbols`: what the bank permits besides the characters that all do.
    `edi`: the reference stands in the EDI field and reaches the payee, not in the customer codes.
    """

    name: str
    most_records: int
    most_amount: int
    most_total: int
    cut_off: time
    days_before: int
    record_end: RecordEnd
    edi: bool
    settle_business_days: int
    returns: ReturnsLayout
    symbols: str = ""
    confidence: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        fit = self.most_records <= MOST_RECORDS and self.most_total <= MOST_TOTAL
        if not fit or not 1 <= self.most_amount <= min(MOST_AMOUNT, self.most_total):
            raise UsageError(f"{self.name}: limits beyond what the fields of a file can hold")
        if self.most_records < 1 or set(self.symbols) - set(MORE):
            raise UsageError(f"{self.name}: no record fits, or symbols beyond {MORE}")

    def sure(self, name: str) -> str:
        """How well a field of this profile is known."""
        return self.confidence.get(name, "memory")

    def hand_in_by(self, on: date, calendar: Calendar) -> datetime:
        """The last moment, in the bank's local time, to hand in a file for the day `on`."""
        day = _open_or_before(on, calendar)
        for _ in range(self.days_before):
            day = _open_or_before(day - DAY, calendar)
        return datetime.combine(day, self.cut_off)

    def settled_on(self, on: date, calendar: Calendar) -> date:
        """The day on which a transfer of `on` that did not come back counts as settled."""
        return calendar.add(on, self.settle_business_days)


def _open_or_before(day: date, calendar: Calendar) -> date:
    while not calendar.is_open(day):
        day -= DAY
    return day


def read_profile(raw: Mapping[str, Any], file: str = "bank.toml") -> BankProfile:
    """A profile from the plain values of a TOML file.

    Raises:
        InputError: every fault at once, with its place and what is expected there.
    """
    reader = _Reader(file)
    returns = raw.get("returns")
    layout = reader.layout(returns if isinstance(returns, Mapping) else {})
    reader.bank(raw)
    if reader.faults:
        raise InputError(reader.faults)
    plain = {k: v for k, v in raw.items() if k != "returns"}
    return BankProfile(**plain, returns=ReturnsLayout(**layout))


class _Reader:
    """Checks the parts of a profile and collects what is wrong with them."""

    def __init__(self, file: str) -> None:
        self.file, self.faults = file, list[Problem]()

    def fault(self, key: str, ja: str, en: str) -> None:
        self.faults.append(Problem("bad-setting", "bank", Text(ja, en), self.file, key=key))

    def keys(self, raw: Mapping[str, Any], kind: type, before: str = "") -> None:
        known = {f.name: f for f in fields(kind)}
        for odd in sorted(set(raw) - set(known)):
            self.fault(before + odd, "知らない項目", "an unknown key")
        for name, f in known.items():
            bare = f.default is MISSING and f.default_factory is MISSING
            if bare and name not in raw:
                self.fault(before + name, "必要な項目がない", "missing; it is needed")

    def one_of(self, raw: Mapping[str, Any], key: str, known: tuple[str, ...], before: str) -> None:
        if key in raw and raw[key] not in known:
            words = ", ".join(known)
            self.fault(before + key, f"使える値: {words}", f"one of {words}")

    def whole(self, raw: Mapping[str, Any], key: str, least: int, most: int, before: str) -> None:
        if key in raw and (type(raw[key]) is not int or not least <= raw[key] <= most):
            self.fault(
                before + key,
                f"{least}から{most}までの整数",
                f"a whole number from {least} to {most}",
            )

    def bank(self, raw: Mapping[str, Any]) -> None:
        self.keys(raw, BankProfile)
        for key, least, most in (
            ("most_records", 1, MOST_RECORDS),
            ("most_amount", 1, MOST_AMOUNT),
            ("most_total", 1, MOST_TOTAL),
            ("days_before", 0, 30),
            ("settle_business_days", 1, 60),
        ):
            self.whole(raw, key, least, most, "")
        self.one_of(raw, "record_end", ("crlf", "none"), "")
        for key, kind, ja, en in (
            ("name", str, "文字列が必要", "text is needed"),
            ("cut_off", time, "時刻が必要（例: 12:00:00）", "a time of day such as 12:00:00"),
            ("edi", bool, "trueまたはfalse", "true or false"),
            ("returns", Mapping, "表[returns]が必要", "a table [returns] is needed"),
        ):
            if key in raw and not isinstance(raw[key], kind):
                self.fault(key, ja, en)
        amount, total = raw.get("most_amount"), raw.get("most_total")
        if type(amount) is int and type(total) is int and amount > total:
            self.fault("most_total", "most_amount以上が必要", "at least most_amount")
        symbols = raw.get("symbols", "")
        if not isinstance(symbols, str) or set(symbols) - set(MORE):
            self.fault("symbols", f"使える文字: {MORE}", f"only characters of {MORE}")
        self.confidence(raw.get("confidence", {}))

    def confidence(self, marks: Any) -> None:
        known = {f.name for f in fields(BankProfile)}
        if not isinstance(marks, Mapping):
            self.fault("confidence", "表が必要", "a table is needed")
            return
        for key in marks:
            if key not in known:
                self.fault(f"confidence.{key}", "知らない項目", "an unknown key")
            self.one_of(marks, key, CONFIDENCES, "confidence.")

    def layout(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        self.keys(raw, ReturnsLayout, "returns.")
        self.one_of(raw, "form", ("zengin", "csv"), "returns.")
        self.one_of(raw, "encoding", ("cp932", "utf-8"), "returns.")
        self.whole(raw, "era_base", 1900, 2100, "returns.")
        marks, columns = raw.get("marks"), raw.get("columns", {})
        if not isinstance(marks, list | tuple) or not all(isinstance(m, str) and m for m in marks):
            self.fault("returns.marks", "文字列の一覧が必要", "a list of texts is needed")
            marks = ()
        texts = isinstance(columns, Mapping) and all(isinstance(c, str) for c in columns.values())
        if not texts or set(columns) - set(COLUMNS):
            self.fault("returns.columns", f"使える列: {COLUMNS}", f"columns of {COLUMNS}")
        elif raw.get("form") == "csv" and set(COLUMNS) - {"reference"} - set(columns):
            self.fault(
                "returns.columns", "amount、name、day、markが必要", "amount, name, day, mark needed"
            )
        return {**raw, "marks": tuple(marks)}
