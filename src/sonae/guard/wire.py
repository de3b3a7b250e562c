"""The guard's values as plain ones, as they travel and as they are kept."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from fractions import Fraction
from typing import Any

from sonae.core.canonical import canonical_bytes, parse_number
from sonae.core.errors import InputError, Problem
from sonae.core.text import Text
from sonae.guard.compare import Compared
from sonae.guard.feed import Feed, Reading, read_message
from sonae.guard.judge import Batch

KEPT = 100
"""Numbers whose content is remembered over a start, to tell a repeated reading from another."""
LONGEST_ID, MOST_DIGITS = 128, 78
"""Characters of a batch's id; digits of a quantity, beyond every one that is booked."""


def read_batch(said: Any) -> Batch:
    """A batch from a parsed message: quantities in base units as text of digits.

    Raises:
        InputError: every field that cannot be used, at once.
    """
    problems: list[Problem] = []
    raw: Mapping[str, Any] = said if isinstance(said, Mapping) else {}

    def text(key: str, needed: bool = True) -> str | None:
        value = raw.get(key)
        bad = not isinstance(value, str | None) or value == "" or (value is None and needed)
        if bad or not (value or "x").isprintable():
            problems.append(_fault(key))
            return None
        return value

    id, asset, maker = text("batch"), text("asset"), text("maker")
    if id is not None and (len(id) > LONGEST_ID or not id.isprintable()):
        problems.append(_fault("batch"))
    checker, unit = text("checker", needed=False), text("stated_unit", needed=False)
    total = text("stated_total", needed=False)
    stated: Fraction | None = None
    if total is not None:
        try:
            stated = parse_number(total)
        except ValueError:
            problems.append(_fault("stated_total"))
    credits = _credits(raw.get("credits"), problems)
    if problems:
        raise InputError(problems)
    return Batch(id or "", asset or "", maker or "", checker, credits, unit, stated)


def _credits(listed: Any, problems: list[Problem]) -> tuple[tuple[str, int], ...]:
    """The rows of a batch: all at once where all are good, else one by one, naming the bad."""
    if not isinstance(listed, list):
        problems.append(_fault("credits"))
        return ()
    if _plain(listed):
        return tuple([(account, int(units)) for account, units in listed])
    credits: list[tuple[str, int]] = []
    for n, row in enumerate(listed):
        try:
            account, units = row if isinstance(row, list | tuple) else _bad(row)
            if (
                not account.isprintable()
                or not account
                or not units.isascii()
                or len(units) > MOST_DIGITS
            ):
                raise ValueError(row)
            credits.append((account, int(units)) if units.isdecimal() else _bad(row))
        except (TypeError, ValueError, AttributeError):
            problems.append(_fault(f"credits[{n}]"))
    return tuple(credits)


def _plain(rows: list[Any]) -> bool:
    """Whether every row is a pair of an account and digits; looked at in columns, for speed."""
    if not set(map(type, rows)) <= {list, tuple} or not set(map(len, rows)) <= {2}:
        return False
    accounts, amounts = [row[0] for row in rows], [row[1] for row in rows]
    if not {*map(type, accounts), *map(type, amounts)} <= {str} or not (all(accounts) and rows):
        return False
    digits = "".join(amounts)
    short = all(amounts) and max(map(len, amounts)) <= MOST_DIGITS
    return short and digits.isascii() and digits.isdecimal() and "".join(accounts).isprintable()


def _bad(row: Any) -> Any:
    raise ValueError(row)


def _fault(key: str) -> Problem:
    return Problem("bad-batch", "batch", _UNUSABLE.format(key=key), key=key)


def batch_bytes(batch: Batch) -> bytes:
    """A batch as bytes: a line of JSON with what goes with it, then a line for each credit."""
    stated = None if batch.stated_total is None else str(batch.stated_total)
    head = [batch.id, batch.asset, batch.maker, batch.checker, batch.stated_unit, stated]
    rows = "\n".join([f"{units} {account}" for account, units in batch.credits])
    return canonical_bytes(head) + b"\n" + rows.encode()


def batch_again(content: bytes) -> Batch:
    """The batch whose bytes these are."""
    first, _, rest = content.decode().partition("\n")
    id, asset, maker, checker, unit, stated = json.loads(first)
    pairs = (row.partition(" ") for row in rest.split("\n") if row)
    credits = tuple([(account, int(units)) for units, _, account in pairs])
    total = None if stated is None else Fraction(stated)
    return Batch(id, asset, maker, checker, credits, unit, total)


def as_json(one: Compared) -> dict[str, Any]:
    """A comparison as plain values."""
    sides = {
        name: {
            "layer": s.layer,
            "units": None if s.units is None else str(s.units),
            "at": None if s.at is None else s.at.isoformat(),
            "nodes": sorted(s.nodes),
            "lacks": list(s.lacks),
            "pending": str(s.pending),
        }
        for name, s in (("left", one.left), ("right", one.right))
    }
    difference = None if one.difference is None else str(one.difference)
    return {
        "asset": one.asset,
        **sides,
        "state": one.state,
        "difference": difference,
        "withdrawals": one.withdrawals,
    }


def as_bytes(value: Any) -> bytes:
    """Messages or totals as JSON; what came in is kept as it came, floats and all."""
    return json.dumps(value, separators=(",", ":")).encode()


def whole(feed: Feed) -> list[list[Any]]:
    """Every total as it stands, to begin from at the next start."""
    return [
        [
            *stream, line.layer, line.node, line.last, str(line.units),
            None if line.at is None else line.at.isoformat(), line.halted, line.complete, line.tip,
            [[height, str(units)] for height, units in sorted(line.pending.items())],
            [[n, d] for n, d in line.seen.items() if n > line.last - KEPT],
            [_reading(r) for _, r in sorted(line.waiting.items())],
        ]
        for stream, line in sorted(feed.lines.items())
    ]  # fmt: skip


def read_whole(feed: Feed, rows: Iterable[Any]) -> None:
    """Put totals back that `whole` gave."""
    for row in rows:
        source, asset, tier, layer, node, last, units, read, halted, complete, *more = row
        line = feed.line((source, asset, tier), layer, node)
        tip, pending, seen, waiting = more
        line.tip, line.pending = tip, {height: int(units) for height, units in pending}
        line.seen = {n: d for n, d in seen}
        line.waiting = {r.number: r for r in map(read_message, waiting)}
        line.last, line.units, line.halted, line.complete = last, int(units), halted, complete
        line.at = datetime.fromisoformat(read) if read else None


def _reading(one: Reading) -> dict[str, Any]:
    return one._asdict() | {"units": str(one.units), "at": one.at.isoformat()}


_UNUSABLE = Text("「{key}」がないか使えない", "{key} is missing or not usable")
