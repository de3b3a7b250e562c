"""Acts signed without the command line, for tests that count statements, race or cut."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sonae.actions.keys import Key, new_key, verify_signature
from sonae.core.chain import Signed, sign
from sonae.fund.entry import Author, Line, Seen, decision, proposal
from sonae.fund.journal import contribute
from sonae.store.ledger import Ledger, Recorded

FUND, DAY = "tests", "2026-11-20"
START = datetime(2026, 11, 20, 9, tzinfo=UTC)
ROLES = {"aoi": ["preparer"], "ben": ["approver", "releaser"], "chi": ["approver"]}
ASSET = {
    "id": "T", "kind": "trust_deposit", "unit": "JPY", "holder": "Bank",
    "title": "trust_for_customers", "bankruptcy_remote": "yes", "evidence": "deed",
}  # fmt: skip


class Signers:
    """Three people with keys, in files where a folder is given."""

    def __init__(self, folder: Path | None = None) -> None:
        self.keys = {
            name: Key(Ed25519PrivateKey.generate(), Path(name))
            if folder is None
            else new_key(folder / f"{name}.key")
            for name in ROLES
        }
        self.count = 0

    def author(self, name: str, seen: Seen, at: datetime = START) -> Author:
        self.count += 1
        return Author(FUND, name, self.keys[name].public.hex(), at, seen, f"{self.count:016x}")

    def constitution(self, approvals: int = 1) -> dict[str, Any]:
        return {
            "fund": {
                "name": FUND, "entity": "Tests K.K.", "currency": "JPY",
                "reserve_class": "voluntary_reserve", "expiry_hours": 72,
            },
            "units": {"JPY": 0, "WEI": 18},
            "person": [
                {"id": n, "name": n, "roles": r, "public_key": self.keys[n].public.hex()}
                for n, r in ROLES.items()
            ],
            "limit": [{"kinds": ["*"], "approvals": approvals}],
        }  # fmt: skip

    def propose(
        self,
        seen: Seen,
        kind: str,
        content: dict[str, Any],
        lines: list[Line] | None = None,
        at: datetime = START,
        hours: int = 72,
    ) -> Signed:
        lasts = timedelta(hours=hours)
        body = proposal(self.author("aoi", seen, at), kind, DAY, content, lines or [], lasts)
        return sign(self.keys["aoi"], body)

    def money(self, seen: Seen, amount: int, at: datetime = START, hours: int = 72) -> Signed:
        lines = contribute("T", amount, "JPY")
        return self.propose(seen, "contribute", {"amount_jpy": str(amount)}, lines, at, hours)

    def approve(
        self, seen: Seen, seq: int, digest: str, name: str = "ben", at: datetime = START
    ) -> Signed:
        body = decision(self.author(name, seen, at), seq, digest, "approve")
        return sign(self.keys[name], body)

    def done(self, ledger: Ledger, signed: Signed, *names: str) -> Recorded:
        """Record a proposal and its approvals; the last of them."""
        first = ledger.append(signed)
        assert first.outcome.code == "pending", first
        last = first
        for name in names or ("ben",):
            last = ledger.append(self.approve(ledger.seen, first.seq, signed.digest, name))
        assert last.outcome.code == "approved", last
        return last

    def begin(self, ledger: Ledger, approvals: int = 1) -> None:
        constitution = self.propose(ledger.seen, "constitution", self.constitution(approvals))
        names = ("ben", "chi")[:approvals]
        self.done(ledger, constitution, *names)
        self.done(ledger, self.propose(ledger.seen, "asset", ASSET))


def opened(place: str, *, create: bool = False) -> Ledger:
    return Ledger(place, verify_signature, create=create)
