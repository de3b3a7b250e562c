"""The register of proofs: one signed line for each, chained, and what each is worth on a day.

A line is that of `core.chain`: the body, a hash that covers the line before, the signature of who
checked the proof. A proof counts from its block's day until it expires; the newest of a holding
counts, and a custodian's statement is of a lower grade than a signature by the wallet itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from sonae.chains.challenge import Challenge, ProofError, challenge_from
from sonae.chains.node import Block, block_from
from sonae.core.canonical import canonical_bytes
from sonae.core.chain import (
    START,
    ChainError,
    Signer,
    Verifier,
    line,
    link,
    read_line,
    sign,
    signature_good,
)
from sonae.core.finding import Finding
from sonae.core.text import Text

FORMAT = "sonae-proof/1"
EVIDENCE: Mapping[str, str] = {
    "eip191": "signature",
    "eip712": "signature",
    "erc1271": "signature",
    "bip322": "signature",
    "bip137": "signature",
    "ed25519": "signature",
    "send_to_self": "send_to_self",
    "custodian_statement": "custodian_statement",
}
"""By method, what it is worth in the column `evidence` of holdings."""
State = Literal["good", "expiring", "expired"]
_EXPIRED = Text(
    "{h}（{chain}）の支配証明は{until}に期限が切れた。裏付けに算入しない",
    "the proof of control of {h} ({chain}) expired on {until}; it backs nothing",
)
_EXPIRING = Text(
    "{h}（{chain}）の支配証明は残り{days}日（{until}まで）",
    "the proof of control of {h} ({chain}) has {days} days left, until {until}",
)
_GONE = Text(
    "{h}（{chain}）の支配証明は、再編成で消えたブロック {block} に依る。裏付けに算入しない",
    "the proof of control of {h} ({chain}) is in block {block}, which was reorganised away; "
    "it backs nothing",
)
_LOWER = Text(
    "{h}（{chain}）は保管者の表明だけで裏付けられている（証拠の程度は低い）",
    "{h} ({chain}) is backed by its custodian's statement alone, a lower grade of evidence",
)


@dataclass(frozen=True, slots=True)
class Record:
    """One proof that was checked: `content` is the signature, transaction or statement.

    `seen` holds what a node said when it was checked; `key` is that of who checked.
    """

    challenge: Challenge
    method: str
    content: str
    seen: Mapping[str, Any]
    recorded_at: datetime
    key: str

    @property
    def evidence(self) -> str:
        """What it is worth in holdings."""
        return EVIDENCE[self.method]

    @property
    def proved_on(self) -> date:
        """The day of the block that the challenge names (UTC): control was shown no earlier."""
        return self.challenge.block.time.date()

    @property
    def rests_on(self) -> Block | None:
        """The block that the proof is in, of a transaction or a contract's word; None else."""
        return block_from(self.seen["block"]) if "block" in self.seen else None


@dataclass(frozen=True, slots=True)
class Standing:
    """What the newest proof of one holding is worth on a day."""

    record: Record
    days_left: int
    state: State

    def as_json(self) -> dict[str, object]:
        """As plain values."""
        challenge = self.record.challenge
        return {
            "holding": challenge.holding,
            "chain": challenge.chain,
            "address": challenge.address,
            "method": self.record.method,
            "evidence": self.record.evidence,
            "proved_on": self.record.proved_on.isoformat(),
            "expires": challenge.expires.isoformat(),
            "days_left": self.days_left,
            "state": self.state,
        }


def entry(register: bytes, record: Record, signer: Signer) -> bytes:
    """The line that adds a record to a register, with its newline."""
    previous = bytes.fromhex(head(register))
    signed = sign(signer, _body(record))
    return line(signed, link(previous, signed)) + b"\n"


def head(register: bytes) -> str:
    """The hash of the last line in hexadecimal: keep it elsewhere, and a cut register is found."""
    lines = register.splitlines()
    return read_line(lines[-1])[1].decode() if lines else START.hex()


def read_register(register: bytes, verify: Verifier) -> list[Record]:
    """Every record, oldest first.

    Raises:
        ProofError: a line that was edited, put elsewhere or left out; says which.
    """
    found, previous = [], START
    if register and not register.endswith(b"\n"):
        raise ProofError("the register ends in the middle of a line")
    for row, text in enumerate(register.splitlines(), 1):
        try:
            signed, written = read_line(text)
            record = _record(json.loads(signed.body))
        except (ChainError, ProofError, KeyError, TypeError, ValueError) as error:
            raise ProofError(f"line {row} of the register: {error}") from error
        previous = link(previous, signed)
        if written.decode("ascii", "replace") != previous.hex():
            raise ProofError(f"line {row} of the register does not follow the line before it")
        if not signature_good(verify, bytes.fromhex(record.key), signed):
            raise ProofError(f"line {row} of the register is not signed by its key")
        found.append(record)
    return found


def standings(records: Iterable[Record], on: date, warning: int) -> list[Standing]:
    """The newest proof of each holding on a chain, by name; `warning` is in days before the end."""
    newest: dict[tuple[str, str], Record] = {}
    for record in records:
        key = (record.challenge.holding, record.challenge.chain)
        if key not in newest or _rank(record, on) >= _rank(newest[key], on):
            newest[key] = record
    return [_standing(newest[key], on, warning) for key in sorted(newest)]


def _rank(record: Record, on: date) -> tuple[bool, bool, date]:
    """In date first, then the wallet's own word, then the newest."""
    in_date = record.proved_on <= on <= record.challenge.expires.date()
    return in_date, record.evidence != "custodian_statement", record.proved_on


def _standing(record: Record, on: date, warning: int) -> Standing:
    left = (record.challenge.expires.date() - on) // timedelta(days=1)
    state: State = "good" if left > warning else "expiring"
    return Standing(record, left, "expired" if left < 0 or record.proved_on > on else state)


def findings(standing: Sequence[Standing]) -> list[Finding]:
    """What is expired, what will be soon, and what rests on a custodian's word."""
    found = []
    for one in standing:
        challenge = one.record.challenge
        until = challenge.expires.date()
        values = {"h": challenge.holding, "chain": challenge.chain, "until": until.isoformat()}
        name = challenge.holding
        if one.state == "expired":
            words = _EXPIRED.format(**values)
            found.append(Finding("expired-control-proof", "warning", words, name))
        elif one.state == "expiring":
            words = _EXPIRING.format(**values, days=one.days_left)
            found.append(Finding("control-proof-expiring", "warning", words, name, due=until))
        if one.record.evidence == "custodian_statement" and one.state != "expired":
            words = _LOWER.format(**values)
            found.append(Finding("custodian-statement-only", "note", words, name))
    return found


def gone(record: Record) -> Finding:
    """The finding that the block of a proof is no longer in the chain."""
    challenge, block = record.challenge, record.rests_on
    words = _GONE.format(
        h=challenge.holding, chain=challenge.chain, block=block.hash if block else ""
    )
    return Finding("proof-reorganised", "breach", words, challenge.holding)


def columns(standing: Iterable[Standing], holding: str, chain: str) -> tuple[str, str]:
    """`control_proved_on` and `evidence` of a holding; both empty where nothing is in date."""
    for one in standing:
        challenge = one.record.challenge
        if (challenge.holding, challenge.chain) == (holding, chain) and one.state != "expired":
            return one.record.proved_on.isoformat(), one.record.evidence
    return "", ""


def _body(record: Record) -> bytes:
    return canonical_bytes(
        {
            "format": FORMAT,
            "challenge": record.challenge.as_json(),
            "method": record.method,
            "content": record.content,
            "seen": dict(record.seen),
            "recorded_at": record.recorded_at.isoformat(),
            "key": record.key,
        }
    )


def _record(value: Mapping[str, Any]) -> Record:
    if value["format"] != FORMAT or value["method"] not in EVIDENCE:
        raise ProofError(f"no proof ({FORMAT})")
    return Record(
        challenge_from(value["challenge"]),
        str(value["method"]),
        str(value["content"]),
        dict(value["seen"]),
        datetime.fromisoformat(value["recorded_at"]),
        str(value["key"]),
    )
