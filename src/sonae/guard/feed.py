"""Readings of totals as they come in: in order, once each, with every fault kept and shown.

A source is a ledger, a wallet system, a node or a general ledger. Of each asset and tier it sends
whole totals, or changes of a total, numbered from 1. A change that is missing makes the total
incomplete, never zero; a whole total stands by itself.

A change that names its block counts once the chain has gone far enough beyond it; until then it is
pending, and shown apart. A block that is reorganised takes its changes back by a change of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from sonae.core.amount import LIMIT
from sonae.core.canonical import digest
from sonae.core.text import Text

Layer = Literal["chain", "wallet", "ledger", "general_ledger"]
LAYERS: tuple[Layer, ...] = ("chain", "wallet", "ledger", "general_ledger")
TIERS = ("cold", "hot", "other", "")
KINDS = ("total", "change", "reorganised")
AHEAD = 10_000
"""Readings kept back while an earlier one is missing; beyond it a source must send a total."""


class Reading(NamedTuple):
    """One message of a source. `units` in base units; `tier` of a wallet, "" where none applies.

    `node` is what the source itself read from; two sources with one node are not independent.
    `halted` says that its chain makes no blocks; `complete` is false where it knows that it misses
    something, such as staked coins. `height` is the block of the change, `tip` the last block that
    the source saw; 0 where a layer has no blocks. A "reorganised" reading takes `units` back (below
    zero for a deposit) that the block at `height` had brought. A total is of what is final; with a
    `height` it leaves what is pending above that block.
    """

    source: str
    layer: Layer
    node: str
    number: int
    asset: str
    tier: str
    kind: str
    units: int
    at: datetime
    halted: bool
    complete: bool
    height: int = 0
    tip: int = 0


class Fault(NamedTuple):
    """Something wrong with what came in: nothing of it is lost, nothing of it is guessed."""

    name: str
    source: str
    words: Text
    said: str


def read_message(said: Any) -> Reading:
    """A reading from a parsed message.

    Raises:
        ValueError: what is wrong with it, every field at once.
    """
    wrong: list[str] = []

    def take(key: str, kind: type, otherwise: Any = ...) -> Any:
        value = said.get(key, otherwise) if isinstance(said, Mapping) else ...
        if value is ... or not isinstance(value, kind) or (kind is int and value is True):
            wrong.append(key)
            return None
        return value

    words = {k: take(k, str) for k in ("source", "layer", "node", "asset", "kind", "units", "at")}
    wrong += [k for k, v in words.items() if v is not None and not (v and v.isprintable())]
    tier = take("tier", str, "")
    number = take("number", int)
    halted, complete = take("halted", bool, False), take("complete", bool, True)
    height, tip = take("height", int, 0), take("tip", int, 0)
    checks = {"layer": LAYERS, "kind": KINDS}
    wrong += [k for k, codes in checks.items() if words[k] and words[k] not in codes]
    wrong += ["tier"] if tier is not None and tier not in TIERS else []
    wrong += ["number"] if number is not None and number < 1 else []
    wrong += [k for k, v in (("height", height), ("tip", tip)) if v is not None and v < 0]
    wrong += ["height"] if words["kind"] == "reorganised" and not height else []
    units, at = _whole(words["units"]), _instant(words["at"])
    wrong += [k for k, v in (("units", units), ("at", at)) if words[k] and v is None]
    if wrong or units is None or at is None:
        raise ValueError(", ".join(sorted(set(wrong))))
    return Reading(
        words["source"], words["layer"], words["node"], number, words["asset"], tier,
        words["kind"], units, at, halted, complete, height, tip,
    )  # fmt: skip


def _whole(text: str | None) -> int | None:
    """Base units: digits, with a sign in front where negative."""
    if not text or not text.removeprefix("-").isascii() or not text.removeprefix("-").isdecimal():
        return None
    return int(text) if len(text) <= 39 and abs(int(text)) < LIMIT else None


def _instant(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


Stream = tuple[str, str, str]
"""Source, asset and tier: what is numbered by itself."""


@dataclass
class Line:
    """Where one stream stands: its total, and what waits for a number before it.

    `seen` has the digest of each number that was taken or waits, back to `AHEAD` numbers. `final`
    is how many blocks, its own included, a change needs before it counts; `pending` has base units
    by block that do not count yet.
    """

    layer: Layer
    node: str
    last: int = 0
    units: int = 0
    at: datetime | None = None
    halted: bool = False
    complete: bool = True
    seen: dict[int, str] = field(default_factory=dict)
    waiting: dict[int, Reading] = field(default_factory=dict)
    final: int = 1
    tip: int = 0
    pending: dict[int, int] = field(default_factory=dict)

    @property
    def missing(self) -> tuple[int, int] | None:
        """The first and last number that are waited for; None where nothing is missing."""
        return (self.last + 1, min(self.waiting) - 1) if self.waiting else None

    def take(self, reading: Reading) -> int:
        """Apply a reading, and those that waited for it; how many were applied."""
        if reading.kind == "total":
            self.pending = {h: u for h, u in self.pending.items() if 0 < reading.height < h}
            for number in [n for n in self.waiting if n <= reading.number]:
                del self.waiting[number]
            self._apply(reading)
            done = 1
        else:
            self.waiting[reading.number] = reading
            done = 0
        while (following := self.waiting.pop(self.last + 1, None)) is not None:
            self._apply(following)
            done += 1
        if len(self.seen) > 2 * AHEAD:
            self.seen = {n: d for n, d in self.seen.items() if n > self.last - AHEAD}
        return done

    def _apply(self, reading: Reading) -> None:
        self.tip = max(self.tip, reading.tip, reading.height)
        if reading.kind == "total":
            self.units = reading.units
        elif reading.kind == "reorganised" and reading.height not in self.pending:
            self.units += reading.units
        elif reading.height:
            self.pending[reading.height] = self.pending.get(reading.height, 0) + reading.units
        else:
            self.units += reading.units
        for height in [h for h in self.pending if self.tip - h + 1 >= self.final]:
            self.units += self.pending.pop(height)
        self.last, self.at = reading.number, reading.at
        self.layer, self.node = reading.layer, reading.node
        self.halted, self.complete = reading.halted, reading.complete


@dataclass
class Feed:
    """Everything that came in: totals by stream, and every fault.

    `final` has the blocks that a change of an asset needs before it counts. `streams` has the
    streams of each asset, `reorganised` what a chain took back. `took` counts what was applied,
    `twice` what came again unchanged.
    """

    skew: timedelta
    final: Mapping[str, int] = field(default_factory=dict)
    lines: dict[Stream, Line] = field(default_factory=dict)
    streams: dict[str, list[Stream]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    reorganised: list[Reading] = field(default_factory=list)
    took: int = 0
    twice: int = 0

    def take(self, said: Any, now: datetime) -> bool:
        """One message; false where it could not be used, and then a fault says why."""
        try:
            reading = read_message(said)
        except ValueError as error:
            source = said.get("source") if isinstance(said, Mapping) else None
            self._fault("malformed", str(source or ""), _MALFORMED.format(keys=str(error)), said)
            return False
        return self.add(reading, now)

    def line(self, stream: Stream, layer: Layer, node: str) -> Line:
        """Where a stream stands; a new one where it has said nothing yet."""
        if stream not in self.lines:
            self.lines[stream] = Line(layer, node, final=self.final.get(stream[1], 1))
            self.streams.setdefault(stream[1], []).append(stream)
        return self.lines[stream]

    def of(self, asset: str) -> list[tuple[Stream, Line]]:
        """The streams of an asset."""
        return [(stream, self.lines[stream]) for stream in self.streams.get(asset, ())]

    def add(self, reading: Reading, now: datetime) -> bool:
        """One reading, in its place: once, and after those before it."""
        line = self.line((reading.source, reading.asset, reading.tier), reading.layer, reading.node)
        mine, number = digest([*map(str, reading)]), str(reading.number)
        before = line.seen.get(reading.number)
        if before == mine:
            self.twice += 1
            return True
        if before is not None:
            self._fault("number-twice", reading.source, _TWICE.format(number=number), reading)
            return False
        if reading.number <= line.last:
            self._fault("too-late", reading.source, _TOO_LATE.format(number=number), reading)
            return False
        early = reading.kind != "total" and reading.number > line.last + 1
        if early and len(line.waiting) >= AHEAD:
            self._fault("gap", reading.source, _GAP.format(number=str(line.last + 1)), reading)
            return False
        if reading.at > now + self.skew:
            words = _CLOCK.format(at=reading.at.isoformat())
            self._fault("clock-ahead", reading.source, words, reading)
            reading = reading._replace(at=now)
        line.seen[reading.number] = mine
        if reading.kind == "reorganised":
            self.reorganised.append(reading)
        self.took += line.take(reading)
        return True

    def _fault(self, name: str, source: str, words: Text, said: object) -> None:
        source, shown = (
            text[:500].encode("utf-8", "backslashreplace").decode() for text in (source, str(said))
        )
        self.faults.append(Fault(name, source, words, shown))


_MALFORMED = Text("読めない項目: {keys}", "fields that cannot be read: {keys}")
_TWICE = Text(
    "番号 {number} に内容の違うものが2つある。最初のものを使い、後のものは使わない",
    "number {number} came twice with different content; the first stands",
)
_TOO_LATE = Text(
    "番号 {number} は後の合計を受け取った後に届いた。合計を送り直す",
    "number {number} came after a later total; send a total again",
)
_CLOCK = Text(
    "時刻 {at} が先に進みすぎている。受信時刻で扱う",
    "its time {at} is ahead of ours; the time of receipt is used",
)
_GAP = Text(
    "番号 {number} が届かないまま多くがたまった。合計を送り直す",
    "number {number} never came and too many wait behind it; send a total again",
)
