"""A rail on paper, for tests that need no bank of its own."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sonae.claims.rail import Answer, Receipt, Return


@dataclass
class Paper:
    """A rail on paper: it counts what is sent, and says of it what it is told to."""

    name: str = "paper"
    sent: list[str] = field(default_factory=list)
    failing: Exception | None = None
    answer: Answer = field(default_factory=lambda: Answer("open"))
    back: list[Return] = field(default_factory=list)
    carried: dict[str, str] = field(default_factory=dict)

    def render(self, payments: Any, designated: date) -> bytes:
        lines = [f"{p.reference} {p.account} {p.amount}" for p in payments]
        return "\n".join([str(designated), *lines, ""]).encode()

    def send(self, name: str, content: bytes) -> Receipt:
        self.sent.append(name)
        self.carried |= {line.split(" ")[0]: name for line in content.decode().splitlines()[1:]}
        if self.failing is not None:
            raise self.failing
        return receipt(content)

    def ask(self, name: str) -> Answer:
        return self.answer if name in self.sent else Answer("open")

    def recheck(self, payments: Any, day: Any) -> None:
        """Nothing changes on paper."""

    def had(self, references: Any) -> dict[str, str]:
        return {r: self.carried[r] for r in references if r in self.carried}

    def returns(self, since: int) -> list[Return]:
        return [r for r in self.back if r.serial > since]


def receipt(content: bytes) -> Receipt:
    return Receipt("R1", hashlib.sha256(content).hexdigest())
