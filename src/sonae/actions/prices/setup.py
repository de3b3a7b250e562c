"""`prices.toml`: whose public prices are asked for, which rates are read, who enters by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sonae.books.map.prints import VENUES, Call
from sonae.books.schema import PURPOSES
from sonae.books.settings import NOT_USABLE, Settings, read_toml
from sonae.core.errors import InputError, Problem, UsageError
from sonae.core.text import Text

DAYS = 10
"""Days of answers and of reference rates that become rows, from the newest back."""
MANUAL = "manual"
"""The source of prices by hand: no venue's."""
TIME = "16:00"
"""When reference rates are published, by the clock of Frankfurt; before it nobody knew them."""


@dataclass(frozen=True)
class Wanted:
    """One price to ask a venue for; `source` is its name in `venue.toml`'s hierarchy."""

    venue: str
    method: str
    asset: str
    currency: str
    pair: str
    source: str
    own_venue: bool
    purposes: tuple[str, ...]

    @property
    def call(self) -> Call:
        """The public call that answers it."""
        return VENUES[self.venue][self.method]


@dataclass(frozen=True)
class Rates:
    """Files of euro reference rates, and the currencies that are wanted of them."""

    files: tuple[str, ...]
    currencies: tuple[str, ...]
    source: str
    days: int
    time: str
    purposes: tuple[str, ...]


@dataclass(frozen=True)
class PriceSetup:
    """The whole file; `people` are names by public key in hexadecimal."""

    folder: Path
    kept: Path
    register: Path
    wanted: tuple[Wanted, ...]
    rates: tuple[Rates, ...]
    people: Mapping[str, str]
    days: int


def load_prices(file: Path) -> PriceSetup:
    """Read the file.

    Raises:
        InputError: everything that is wrong with it.
    """
    if not file.is_file():
        raise UsageError(f"there is no file {file}")
    problems: list[Problem] = []
    top = Settings(read_toml(file, problems), file.name, "", problems)
    head = Settings(top.take("prices", dict, {}), file.name, "prices.", problems)
    purposes, days = _purposes(head, ("regulatory",)), _days(head, DAYS)
    setup = PriceSetup(
        folder=file.parent,
        kept=file.parent / str(head.take("kept", str, "answers")),
        register=file.parent / str(head.take("register", str, "manual-prices.register")),
        wanted=tuple(w for at in _each(top, "print") for w in _print(at, purposes)),
        rates=tuple(_rates(at, purposes, days) for at in _each(top, "rates")),
        people=_people(top),
        days=days,
    )
    head.done()
    top.done()
    names = [(w.source, w.asset, w.currency) for w in setup.wanted]
    for source, asset, currency in sorted({n for n in names if names.count(n) > 1}):
        top.fault("print", _TWICE.format(s=source, a=asset, c=currency))
    if problems:
        raise InputError(problems)
    return setup


def _each(top: Settings, key: str) -> list[Settings]:
    raw = top.take(key, list, [])
    return [Settings(r, top.file, f"{key}[{n}].", top.problems) for n, r in enumerate(raw)]


def _print(at: Settings, default: tuple[str, ...]) -> list[Wanted]:
    venue, method = (str(at.take(k, str) or "") for k in ("venue", "method"))
    if venue not in VENUES:
        at.fault("venue", _ONE_OF.format(v=venue, known=", ".join(VENUES)))
    elif method not in VENUES[venue]:
        at.fault("method", _ONE_OF.format(v=method, known=", ".join(VENUES[venue])))
    source = str(at.take("source", str, f"{venue}/{method}"))
    own, purposes = bool(at.take("own_venue", bool, False)), _purposes(at, default)
    found = []
    for n, raw in enumerate(at.take("pairs", list) or []):
        one = Settings(raw, at.file, f"{at.where}pairs[{n}].", at.problems)
        asset, currency, pair = (str(one.take(k, str)) for k in ("asset", "currency", "pair"))
        one.done()
        found.append(Wanted(venue, method, asset, currency, pair, source, own, purposes))
    if "," in source or source == MANUAL:
        at.fault("source", NOT_USABLE.format(key="source", value=source))
    at.done()
    return found


def _rates(at: Settings, default: tuple[str, ...], days: int) -> Rates:
    words: dict[str, tuple[str, ...]] = {
        key: tuple(map(str, at.take(key, list) or [])) for key in ("files", "currencies")
    }
    time = str(at.take("time", str, TIME))
    found = Rates(
        words["files"],
        words["currencies"],
        str(at.take("source", str, "ecb")),
        _days(at, days),
        time,
        _purposes(at, default),
    )
    hour, _, minute = time.partition(":")
    if not (hour.isdecimal() and minute.isdecimal() and int(hour) < 24 and int(minute) < 60):
        at.fault("time", NOT_USABLE.format(key="time", value=time))
    at.done()
    return found


def _days(at: Settings, default: int) -> int:
    days = int(at.take("days", int, default))
    if days < 1:
        at.fault("days", NOT_USABLE.format(key="days", value=str(days)))
    return days


def _people(top: Settings) -> dict[str, str]:
    people: dict[str, str] = {}
    for at in _each(top, "person"):
        name, key = (str(at.take(k, str) or "") for k in ("name", "key"))
        at.done()
        if len(key) != 64 or key.strip("0123456789abcdef") or key in people or not name:
            at.fault("key", NOT_USABLE.format(key="key", value=key))
        people[key] = name
    return people


def _purposes(at: Settings, default: tuple[str, ...]) -> tuple[str, ...]:
    raw: Any = at.take("purposes", list, list(default))
    if not raw or not set(map(str, raw)) <= set(PURPOSES):
        at.fault("purposes", _ONE_OF.format(v=", ".join(map(str, raw)), known=", ".join(PURPOSES)))
    return tuple(map(str, raw))


_ONE_OF = Text("「{v}」は使えない。使える値: {known}", "{v!r} is none of {known}")
_TWICE = Text(
    "{s}の{a}/{c}が二度ある。source で区別する",
    "{a}/{c} of {s} stands twice; give each a source of its own",
)
