"""What is taken over, as it was read from Books or from a resolution pack."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sonae.claims.takeover.gap import Gap
from sonae.claims.takeover.sweep import Wallet
from sonae.core.canonical import parse_number
from sonae.core.text import Text

TRUSTS = ("customer_trust", "margin_trust")


@dataclass
class Taken:
    """What was read, plainly. Amounts are base units; None is *not known*."""

    kind: str
    entity: str
    on: date
    known_at: datetime
    wallets: list[Wallet] = field(default_factory=list)
    accounts: list[dict[str, str]] = field(default_factory=list)
    owed: dict[str, int] = field(default_factory=dict)
    stated: dict[str, int] | None = None
    scales: dict[str, int] = field(default_factory=dict)
    priced: dict[str, bool] = field(default_factory=dict)
    unknown: dict[str, int] | None = None
    people: dict[str, int | None] = field(default_factory=dict)
    policies: list[dict[str, Any]] | None = None
    contacts: list[dict[str, str]] | None = None
    gaps: list[Gap] = field(default_factory=list)
    seal: str | None = None
    dossier: dict[str, Any] | None = None

    @property
    def held(self) -> dict[str, int]:
        """What customers' wallets and money trusts hold, by asset."""
        sums: dict[str, int] = {}
        for wallet in self.wallets:
            if wallet.owner == "customer":
                sums[wallet.asset] = sums.get(wallet.asset, 0) + wallet.units
        for account in self.accounts:
            if account["kind"] in TRUSTS and account["currency"] in self.scales:
                units = parse_number(account["amount"]) * 10 ** self.scales[account["currency"]]
                sums[account["currency"]] = sums.get(account["currency"], 0) + int(units)
        return sums

    def absent(self, part: str) -> None:
        """Note a part that is not there."""
        self.gap("missing-part", "warning", f"「{part}」がない", f"{part} is missing")

    def gap(self, name: str, severity: Any, ja: str, en: str) -> None:
        """Note something missing, stale or wrong."""
        self.gaps.append(Gap(name, severity, Text(ja, en)))
