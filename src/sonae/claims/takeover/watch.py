"""Movements from listed wallets after the freeze: each an alarm, but for sweeps of the plan.

A movement is of the plan where it names a transfer of it (by its id, or by a transaction that the
administrator authorised for that id), leaves the wallet named there, of that asset, not more than
that amount (a fee may have come out of it), to that destination, and is the first to do so. What
merely says that it is of the plan is an alarm.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any, NamedTuple

from sonae.claims.rails.address import fold
from sonae.core.display import exact
from sonae.core.finding import IMMEDIATELY, Finding
from sonae.core.text import Text, same


class Listed(NamedTuple):
    """A wallet to watch, and who could sign for it."""

    holding_id: str
    chain: str
    address: str
    signing_domain: str
    quorum: str
    signers: tuple[str, ...]

    def who(self) -> Text:
        """Who could have signed."""
        if self.signers:
            names = f"{', '.join(self.signers)} ({self.quorum or self.signing_domain})"
            return same(names)
        if self.signing_domain:
            return Text(
                f"署名領域{self.signing_domain}（{self.quorum}、個人名の記載なし）",
                f"signing domain {self.signing_domain} ({self.quorum}; nobody is named)",
            )
        return Text("記載なし", "not stated")


class Movement(NamedTuple):
    """A transaction out of a wallet, as a monitor saw it; `quantity` in whole coins arrived."""

    at: datetime
    chain: str
    address: str
    to: str
    asset: str
    quantity: Fraction
    txid: str
    reference: str


class Allowed(NamedTuple):
    """A transfer of the sweep plan."""

    id: str
    address: str
    to: str
    asset: str
    quantity: Fraction


@dataclass(frozen=True)
class Watched:
    """What was looked at: alarms, sweeps recognised, and what was none of ours or before."""

    alarms: Sequence[tuple[Movement, Listed, Finding]]
    recognised: Sequence[tuple[Movement, str]]
    before: int
    elsewhere: int


def watch(
    listed: Iterable[Listed],
    movements: Iterable[Movement],
    since: datetime,
    plan: Mapping[str, Allowed],
    authorised: Mapping[str, str],
) -> Watched:
    """Judge every movement; `authorised` gives the plan's id of a transaction's id."""
    wallets = {(w.chain.lower(), fold(w.address)): w for w in listed}
    alarms, recognised, done = [], [], set[str]()
    before = elsewhere = 0
    for move in sorted(movements, key=lambda m: (m.at, m.txid)):
        wallet = wallets.get((move.chain.lower(), fold(move.address)))
        if wallet is None:
            elsewhere += 1
            continue
        if move.at < since:
            before += 1
            continue
        id = authorised.get(move.txid) or move.reference
        why = _not_of_plan(move, id, plan, done)
        if why is None:
            done.add(id)
            recognised.append((move, id))
        else:
            alarms.append((move, wallet, _alarm(move, wallet, why)))
    return Watched(tuple(alarms), tuple(recognised), before, elsewhere)


def _not_of_plan(
    move: Movement, id: str, plan: Mapping[str, Allowed], done: set[str]
) -> Text | None:
    """Why a movement is not a transfer of the plan; None where it is."""
    if not id:
        return _UNKNOWN
    allowed = plan.get(id)
    if allowed is None:
        return _NO_SUCH.format(id=id)
    if id in done:
        return _TWICE.format(id=id)
    given = (fold(move.address), fold(move.to), move.asset)
    planned = (fold(allowed.address), fold(allowed.to), allowed.asset)
    if given != planned or move.quantity > allowed.quantity:
        return _DIFFERS.format(id=id)
    return None


def _alarm(move: Movement, wallet: Listed, why: Text) -> Finding:
    text = _MOVED.format(
        at=move.at.isoformat(),
        w=wallet.holding_id,
        a=move.asset,
        q=exact(move.quantity),
        to=move.to or "?",
        tx=move.txid,
        why=why,
        who=wallet.who(),
    )
    return Finding("moved-after-freeze", "breach", text, wallet.holding_id, None, IMMEDIATELY)


def plan_transfers(document: Mapping[str, Any], scales: Mapping[str, int]) -> dict[str, Allowed]:
    """The transfers of a sweep plan by id; quantities in whole coins."""
    return {
        t["id"]: Allowed(
            t["id"],
            t["address"],
            b["to"],
            b["asset"],
            Fraction(int(t["units"]), 10 ** scales[b["asset"]]),
        )
        for b in document["batches"]
        for t in b["transfers"]
    }


_MOVED = Text(
    "凍結後の移動: {at}に{w}から{a} {q}が{to}へ出た（{tx}）。{why}。署名できた者: {who}",
    "moved after the freeze: {at}, {a} {q} left {w} for {to} ({tx}); {why}; could sign: {who}",
)
_UNKNOWN = Text("計画にない", "no transfer of the plan")
_NO_SUCH = Text("計画に{id}はない", "the plan has no {id}")
_TWICE = Text("計画の{id}はすでに実行されている", "{id} of the plan was carried out already")
_DIFFERS = Text(
    "計画の{id}と、元・宛先・資産・数量のどれかが異なる",
    "wallet, destination, asset or amount is not that of {id} in the plan",
)
