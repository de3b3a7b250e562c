"""Payouts on a chain: an unsigned batch for a signer outside, refused whole before it is signed.

in/NAME.transactions.csv    reference, amount, transaction, confirmations: what the chain says
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from Crypto.Hash import keccak

from sonae.actions.pay.way import ROW, Settings, Settled, Way, read_rows, whole
from sonae.claims.payment import PaymentError
from sonae.claims.rail import Pay
from sonae.claims.rails.onchain import Exchange, Known, Payout, Rules, Unhosted, batch
from sonae.core.text import Text

TRANSACTIONS = ("reference", "amount", "transaction", "confirmations")
_NOT_HERE = Text("{reference}はこのファイルの支払ではない", "{reference} is not in this file")
_NO_ID = Text("{id!r}は取引IDではない", "{id!r} is no transaction id")
_SUM = Text("送付{sent}、支払うべき数量{pay}", "{sent} sent, {pay} to pay")
_TWICE = Text(
    "{reference}に取引が二つある。二重払いでないかを調べる",
    "{reference} has two transactions: paid twice?",
)
_ID = re.compile(r"(0x)?[0-9A-Fa-f]{64}", re.ASCII)
_ASSET = {"chain": str, "form": str, "fee": int, "confirmations": int}
_EXCHANGE = {"address": str, "venue": str, "memo": bool}


def keccak256(content: bytes) -> bytes:
    """Keccak-256 as Ethereum uses it, not SHA3-256."""
    return keccak.new(digest_bits=256, data=content).digest()


class Chain(Way):
    """Coins by an unsigned batch; settled by confirmations of a transaction that a signer names."""

    columns = ("asset", "address")
    optional = ("memo", "venue", "beneficiary", "assessment")
    coins = True

    def __init__(self, raw: Mapping[str, Any], file: Path) -> None:
        settings = Settings(raw, file)
        self.name = f"chain:{settings.take('name', str)}"
        self.originator = settings.take("originator", str)
        assets = settings.take("asset", dict) or {}
        self.assets = {a: settings.table(t, _ASSET, f"asset.{a}") for a, t in assets.items()}
        known = [
            settings.table(t, _EXCHANGE, f"exchange.{n}")
            for n, t in enumerate(settings.take("exchange", list, []), 1)
        ]
        contracts, listed = (_list(settings, key, file) for key in ("contracts", "listed"))
        settings.done()
        forms = {t["chain"]: t["form"] for t in self.assets.values()}
        self.rules = Rules(
            forms=forms,
            fees={(t["chain"], a): t["fee"] for a, t in self.assets.items()},
            exchanges={e["address"]: Known(e["venue"], e["memo"]) for e in known},
            contracts=contracts,
            listed=listed,
            memo_chains=[chain for chain, form in forms.items() if form == "xrp"],
            keccak=keccak256,
        )

    @classmethod
    def encode(cls, row: Mapping[str, str]) -> str:
        """Address, memo, then venue and beneficiary, or the digest of an assessment."""
        place = [row["address"], row.get("memo", "")]
        if row.get("venue") or row.get("beneficiary"):
            return "|".join([*place, row.get("venue", ""), row.get("beneficiary", "")])
        return "|".join([*place, row.get("assessment", "")])

    def render(self, payments: Sequence[Pay], designated: date) -> bytes:
        """The unsigned batch; it names no day, and the signer signs on the designated one.

        Raises:
            InputError: everything that must not be signed.
            PaymentError: the fee would exceed a payout, which waits.
        """
        found = batch([self._payout(p) for p in payments], self.rules)
        if found.waiting:
            first = found.waiting[0]
            raise PaymentError(f"{len(found.waiting)} payouts wait: {first.reason.en}")
        return found.content

    def waits(self, payments: Sequence[Pay]) -> Mapping[str, Text]:
        """Payouts that cost more than they pay."""
        found = batch([self._payout(p) for p in payments], self.rules) if payments else None
        return {w.payout.reference: w.reason for w in found.waiting} if found else {}

    def recheck(self, payments: Sequence[Pay], day: date) -> None:
        """No address of it has come onto a list; a fee that rose since is the firm's."""
        batch([self._payout(p) for p in payments], self.rules)

    def told(self, payments: Sequence[Pay], designated: date, before: int) -> dict[str, Any]:
        """What the firm is expected to pay in fees."""
        [total] = batch([self._payout(p) for p in payments], self.rules).sums
        return {"chain": total.chain, "expected_fees": str(total.fees)}

    def travel(self, payments: Sequence[Pay]) -> list[dict[str, str]]:
        """What the travel rule asks to tell the exchanges that keep the addresses."""
        found = []
        for payout in map(self._payout, payments):
            if isinstance(payout.to, Exchange):
                plain = {k: str(getattr(payout, k)) for k in _TOLD}
                found.append({**payout.to._asdict(), **plain})
        return sorted(found, key=lambda t: (t["venue"], t["reference"]))

    def settled(self, box: Path, name: str, payments: Sequence[Pay]) -> Settled:
        """Payments whose transaction has the confirmations that their asset needs."""
        path = box / "in" / f"{name}.transactions.csv"
        if not path.is_file():
            return Settled({}, [])
        given = {p.reference: p for p in payments}
        done, look, seen = dict[str, str](), list[Text](), dict[str, str]()
        for n, row in enumerate(read_rows(path, TRANSACTIONS), 1):
            reference, transaction = row["reference"], row["transaction"].lower()
            deep, pay = whole(path, n, row["confirmations"]), given.get(reference)
            at = partial(ROW.format, name=name, n=n)
            if pay is None:
                look.append(at(what=_NOT_HERE.format(reference=reference)))
            elif not _ID.fullmatch(transaction):
                look.append(at(what=_NO_ID.format(id=transaction)))
            elif whole(path, n, row["amount"]) != pay.amount:
                look.append(at(what=_SUM.format(sent=row["amount"], pay=pay.amount)))
            elif seen.setdefault(reference, transaction) != transaction:
                look.append(at(what=_TWICE.format(reference=reference)))
                done.pop(reference, None)
            elif deep >= self.assets[pay.asset]["confirmations"]:
                done[reference] = f"{transaction} confirmations {deep}"
        return Settled(done, look)

    def _payout(self, pay: Pay) -> Payout:
        if pay.asset not in self.assets:
            raise PaymentError(f"{self.name} has no [asset.{pay.asset}]")
        to: Exchange | Unhosted
        match pay.account.split("|"):
            case [address, memo, assessment]:
                to = Unhosted(assessment)
            case [address, memo, venue, beneficiary]:
                to = Exchange(self.originator, beneficiary, venue)
            case _:
                raise PaymentError(f"{pay.person}: {pay.account!r} is no address on a chain")
        chain = self.assets[pay.asset]["chain"]
        about = (pay.reference, pay.person, chain, pay.asset, pay.amount)
        return Payout(*about, address, to, memo)


_TOLD = ("reference", "chain", "asset", "amount", "address", "memo")


def _list(settings: Settings, key: str, file: Path) -> list[str] | None:
    """Addresses of a file beside the settings, one a line; None where no file is named."""
    name = settings.take(key, str, "")
    if not name:
        return None
    path = file.parent / str(name)
    if not path.is_file():
        settings.fault(key, f"ファイル{name}がない", f"there is no file {name}")
        return None
    return [line.strip() for line in path.read_text("utf-8").splitlines() if line.strip()]
