"""Settings in TOML, read key by key: every problem is noted with its place, none stops the rest."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from sonae.core.canonical import parse_number
from sonae.core.errors import NOT_UTF8, Problem, UsageError
from sonae.core.text import Text, same


class Settings:
    """Takes keys out of a table, collecting problems; what is left over is unknown.

    `where` stands before every key that a problem names, such as "house.".
    """

    def __init__(self, raw: Any, file: str, where: str, problems: list[Problem]) -> None:
        self.file, self.where, self.problems = file, where, problems
        self.raw: dict[str, Any] = dict(raw) if isinstance(raw, Mapping) else {}
        if not isinstance(raw, Mapping):
            text = _TABLE.format(where=where.rstrip("."), value=str(raw))
            name = file.removesuffix(".toml")
            problems.append(Problem("bad-setting", name, text, file, key=where.rstrip(".")))
            self.problems = []

    def fault(self, key: str, message: Text, name: str = "bad-setting") -> None:
        """Note one thing wrong with a key."""
        self.problems.append(
            Problem(
                name, self.file.removesuffix(".toml"), message, self.file, key=f"{self.where}{key}"
            )
        )

    def take(self, key: str, kind: type | tuple[type, ...], default: Any = ...) -> Any:
        """A value of a kind; without a default it must be given."""
        if key not in self.raw:
            if default is ...:
                self.fault(key, _REQUIRED.format(key=f"{self.where}{key}"), "missing-setting")
                return None
            return default
        value = self.raw.pop(key)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            self.fault(key, NOT_USABLE.format(key=f"{self.where}{key}", value=str(value)))
            return None if default is ... else default
        return value

    def text(self, key: str) -> Text | None:
        """A text in both languages."""
        value = self.take(key, dict)
        if value is None:
            return None
        if not value.get("ja") or not value.get("en"):
            self.fault(key, _BOTH.format(key=f"{self.where}{key}"))
            return None
        return Text(value["ja"], value["en"])

    def number(self, key: str, default: Any = ...) -> Fraction | None:
        """An exact number, from a number or from text."""
        value = self.take(key, (str, int, Decimal), default)
        if value is None or value is default:
            return None
        try:
            return parse_number(str(value))
        except ValueError:
            self.fault(key, NOT_USABLE.format(key=f"{self.where}{key}", value=str(value)))
            return None

    def instant(self, key: str) -> datetime | None:
        """An instant with an offset."""
        value = self.take(key, (str, datetime))
        try:
            moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        except ValueError:
            moment = None
        if value is not None and (moment is None or moment.tzinfo is None):
            self.fault(key, _INSTANT.format(key=f"{self.where}{key}", value=str(value)))
            return None
        return moment

    def done(self) -> None:
        """Every key that was not taken is a problem."""
        for key in self.raw:
            self.fault(key, _UNKNOWN.format(key=f"{self.where}{key}"), "unknown-setting")


_REQUIRED = Text("「{key}」は必須", "{key} is required")
NOT_USABLE = Text("「{key}」の値 {value} は使えない", "{key}: {value} is not usable")
_BOTH = Text("「{key}」には ja と en の両方が要る", "{key} needs both ja and en")
_INSTANT = Text(
    "「{key}」の {value} は時差付きの日時でない", "{key}: {value} is not an instant with an offset"
)
_TABLE = Text("「{where}」は表で書く: {value}", "{where} must be a table, not {value}")
_UNKNOWN = Text("「{key}」は知らない設定", "{key} is not a known setting")
_AT = same("{file}: {why}")
_NOT_TOML = Text("TOMLとして読めない: {error}", "not readable as TOML: {error}")


def toml_of(content: bytes) -> dict[str, Any]:
    """TOML with exact decimals; the mark that some editors put before UTF-8 is no part of it.

    Raises:
        ValueError: it is not UTF-8, or no TOML; `not_toml` says so in words.
    """
    return tomllib.loads(content.decode("utf-8-sig"), parse_float=Decimal)


def not_toml(error: ValueError) -> Text:
    """Why a file cannot be read as TOML, and what to do."""
    if isinstance(error, UnicodeDecodeError):
        return NOT_UTF8
    return _NOT_TOML.format(error=str(error))


def unreadable(file: str, error: ValueError) -> UsageError:
    """A file that was named to be read as TOML and is none."""
    return UsageError(_AT.format(file=file, why=not_toml(error)))


def read_toml(path: Path, problems: list[Problem]) -> dict[str, Any]:
    """A TOML file with exact decimals; {} and a problem where it cannot be read."""
    try:
        return toml_of(path.read_bytes())
    except ValueError as error:
        text = not_toml(error)
        problems.append(Problem("unreadable-file", path.stem, text, path.name))
        return {}
