"""Check a fund from its export alone: chain, signatures, approvals and balances.

An export is one line of JSON for each entry, in order, then one line that states how many there
are, the last hash and every balance. Any byte that differs is found, and the entry it is in named.
"""

from __future__ import annotations

import json
from binascii import hexlify
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sonae.core.canonical import canonical_bytes
from sonae.core.chain import START, ChainError, Signed, Verifier, link, read_line, signature_good
from sonae.core.collection import no_collection
from sonae.core.text import Text
from sonae.fund.control import judge
from sonae.fund.entry import NOTHING, LedgerError, Seen, read_act
from sonae.fund.state import State


@dataclass(frozen=True, slots=True)
class Fault:
    """What does not hold, and why.

    `seq` is the entry; one after the last is the closing line of an export; 0 with a `file` is a
    file of an export beside its entries.
    """

    seq: int
    why: Text
    file: str = ""


@dataclass
class Verified:
    """The result: entries read, the head, the fund as replayed, and every fault."""

    entries: int = 0
    head: str = START.hex()
    state: State = field(default_factory=State)
    faults: list[Fault] = field(default_factory=list)
    refused: int = 0
    outcomes: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """True where everything holds."""
        return not self.faults


def verify(
    lines: Iterable[bytes],
    check: Verifier | None,
    head: Seen | None = None,
    *,
    closed: bool = True,
    most: int = 20,
) -> Verified:
    """Replay an export. `check` verifies signatures; None leaves them out, for measuring.

    `closed` is false for the lines of a store, which end without the closing line.

    `head` is a head noted elsewhere: an export that does not contain it is an older backup or
    another history. At most `most` faults are listed; nothing is replayed after a broken
    chain.
    """
    found = Verified()
    replay = _Replay(found, check, head)
    with no_collection():  # a replay makes no cycles
        for text in lines:
            if replay.step(text):
                break
            if len(found.faults) >= most:
                return found
    replay.finish(closed)
    return found


class _Replay:
    """One export being read."""

    def __init__(self, found: Verified, check: Verifier | None, head: Seen | None) -> None:
        self.found, self.check, self.head = found, check, head
        self.hashes, self.previous, self.fund = bytearray(START), START, ""
        self.seen = NOTHING.text()
        self.closed = self.broken = False

    def fault(self, seq: int, ja: str, en: str) -> None:
        self.found.faults.append(Fault(seq, Text(ja, en)))

    def step(self, line: bytes) -> bool:
        """Read one line with its end; True where nothing after it can be judged."""
        seq, text = self.found.entries + 1, line[:-1]
        if self.closed:
            return self.stop(seq, "閉じの行の後に行がある", "lines follow the closing line")
        if line[-1:] != b"\n":
            return self.stop(seq, "行の終わりがない", "the line has no end")
        if text.startswith(b'{"balances":'):
            self.close(text)
            return False
        try:
            signed, hash = read_line(text)
        except ChainError as error:
            return self.stop(seq, f"行が読めない: {error}", str(error))
        self.previous = link(self.previous, signed)
        if hexlify(self.previous) != hash:
            words = "its hash does not follow from the entry and the one before"
            return self.stop(seq, "ハッシュが前の記録と本文に続いていない", words)
        self.entry(seq, signed)
        self.hashes += self.previous
        self.found.entries, self.found.head = seq, hash.decode()
        self.seen = f"{seq}:{self.found.head}"
        return False

    def stop(self, seq: int, ja: str, en: str) -> bool:
        self.broken = True
        self.fault(seq, ja, en)
        return True

    def entry(self, seq: int, signed: Signed) -> None:
        """Signature, what the author had seen, and the outcome."""
        try:
            act = read_act(signed.body)
            if self.check is not None and not self.signed_well(signed, act.key):
                self.fault(seq, f"{act.by}の署名でない", f"the signature is not that of {act.by}")
            self.fund = self.fund or act.fund
            if act.fund != self.fund:
                self.fault(seq, "別の準備金の記録", "an entry of another fund")
            if act.seen != self.seen and not self.saw(act.seen):
                words = "what its author had seen is not in this ledger"
                self.fault(seq, "署名者が見た記録がない", words)
            outcome = judge(self.found.state, act)
        except LedgerError as error:
            return self.fault(seq, f"意味をなさない: {error}", str(error))
        self.found.outcomes.append(outcome.code)
        self.found.refused += outcome.code.startswith("refused")
        digest = signed.digest if outcome.code == "pending" else ""
        return self.found.state.apply(seq, act, digest, outcome)

    def signed_well(self, signed: Signed, key: str) -> bool:
        assert self.check is not None
        try:
            return signature_good(self.check, bytes.fromhex(key), signed)
        except ValueError:
            return False

    def saw(self, seen: str) -> bool:
        """Whether the entry an author had seen stands where they saw it."""
        place, _, hash = seen.partition(":")
        if not place.isdecimal() or len(place) > 18 or int(place) > self.found.entries:
            return False
        start = 32 * int(place)
        return self.hashes[start : start + 32].hex() == hash

    def close(self, text: bytes) -> None:
        """The closing line: number of entries, head, balances."""
        self.closed = True
        if text != closing_line(self.found):
            self.fault(
                self.found.entries + 1,
                "閉じの行（件数・最後のハッシュ・残高）が記録と一致しない",
                "the closing line (entries, head, balances) differs from what the entries make",
            )

    def finish(self, closed: bool) -> None:
        """What only the end shows: a closing line, and the head noted elsewhere."""
        if self.broken:
            return
        if closed and not self.closed:
            words = "no closing line: it was cut short"
            self.fault(self.found.entries + 1, "閉じの行がない（途中で切れている）", words)
        if self.head is not None and not self.saw(self.head.text()):
            self.fault(
                self.head.seq,
                "別に控えた先頭がない。古い控えか、別の履歴",
                "the head noted elsewhere is not here: an older backup, or another history",
            )


def closing_line(found: Verified) -> bytes:
    """The last line of an export, without the newline."""
    rows = sorted((a, u, str(v)) for (a, u), v in found.state.balances.items())
    return canonical_bytes({"balances": rows, "entries": found.entries, "head": found.head})


def balances_of(text: bytes) -> Mapping[tuple[str, str], int]:
    """Account and unit -> balance, from a closing line."""
    return {(a, u): int(v) for a, u, v in json.loads(text)["balances"]}
