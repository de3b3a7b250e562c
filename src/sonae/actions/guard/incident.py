"""An alarm of the guard as an incident file that `sonae incident open` reads as it is.

It says what the record says and no more: what nobody knows is "undetermined" or left out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

from sonae.actions.guard.log import unpack
from sonae.actions.guard.register import JST, Register
from sonae.core.amount import coins
from sonae.core.canonical import number_text
from sonae.core.errors import UsageError
from sonae.guard.breaks import Break
from sonae.guard.limits import Policy
from sonae.store.view import StoreView
from sonae.store.watch import Kept

UNKNOWN = "undetermined"
CAUSES = {"phantom_credit": "phantom_credit"}
"""Causes of an incident by class of break; any other is undetermined until people know."""


def incident_file(place: str, alarm: str, policy: Policy, out: Path) -> dict[str, Any]:
    """Write the incident of a break, or of a batch that was refused or held; what it says.

    Args:
        place: the guard's store.
        alarm: the id of a break or of a batch.
        policy: the guard's policy, for the decimals of the asset.
        out: a new file.

    Raises:
        UsageError: no such alarm, or `out` is there already.
    """
    if out.exists():
        raise UsageError(f"{out} exists; an incident's file is never replaced")
    with Register(place) as register:
        if alarm in register.breaks:
            said = _of_break(register, register.find(alarm), policy)
        else:
            said = _of_batch(register, alarm, policy)
        said["incident"]["entity"] = _entity(register)
    fresh = out.with_name(f".{out.name}.new")
    fresh.write_text(_toml(said), "utf-8")
    fresh.rename(out)
    return said


def _of_break(register: Register, one: Break, policy: Policy) -> dict[str, Any]:
    kept = list(register.log.of(f"break/{one.id}"))
    first = kept[0]
    sizes = [abs(e.units) for e in one.history if e.units is not None]
    met = "last met" in one.evidence[0]
    before = "" if met else _totals_before(register, one.asset, first.seq)
    evidence = [
        before,
        f"totals after ({_name(first)}): {one.evidence[0]}",
        *(_line(k) for k in kept),
    ]
    cause = CAUSES.get(one.class_, UNKNOWN)
    head = _head(f"guard-{one.id}", cause, one.opened, first, [e for e in evidence if e])
    return {"incident": head, "loss": _loss(register, one.asset, max(sizes), policy, first.seq)}


def _of_batch(register: Register, id: str, policy: Policy) -> dict[str, Any]:
    """A batch that was not let pass cost nobody anything: the loss is 0, the file says what was."""
    kept = [k for k in register.log.of(id) if k.kind in ("answer", "decided")]
    if not kept or json.loads(kept[-1].body)["answer"] == "allow":
        raise UsageError(f"no alarm {id}: neither a break nor a batch that was refused or held")
    said = json.loads(kept[0].body)
    codes = ", ".join(r["code"] for r in said["reasons"])
    evidence = [
        f"batch {id}: {said['answer']} ({codes}); asset {said['asset']}, stated unit "
        f"{said['stated_unit']}, {said['credits']} credits, {said['total']} base units in all, "
        f"maker {said['maker']}, sha256 of the batch {said['digest']}",
        f"totals before and after are the same, nothing was booked: ledger {said['ledger']}, "
        f"held {said['held']} base units",
        *(_line(k) for k in kept),
    ]
    at = datetime.fromisoformat(said["at"])
    head = _head(f"guard-{id}", UNKNOWN, at, kept[0], evidence)
    return {"incident": head, "loss": _loss(register, said["asset"], 0, policy, kept[0].seq)}


def _head(id: str, cause: str, at: datetime, first: Kept, evidence: list[str]) -> dict[str, Any]:
    when = at.astimezone(JST)
    return {
        "id": id,
        "entity": UNKNOWN,
        "kind": "coins",
        "cause": cause,
        "occurred_at": when,
        "learned_at": when,
        "record_at": when,
        "currency": "JPY",
        "loss_borne_by": UNKNOWN,
        "evidence": evidence,
        "source": f"the guard's {_name(first)}; when it began is not known, only when it was seen",
        "confidence": "derived",
    }


def _loss(register: Register, asset: str, units: int, policy: Policy, seq: int) -> dict[str, Any]:
    if asset not in policy.assets:
        raise UsageError(f"{asset} is not in the policy: its decimals are not known")
    scale = policy.assets[asset].scale
    found: dict[str, Any] = {
        "asset": asset,
        "scale": scale,
        "amount": number_text(coins(units, scale)),
        "wallet": UNKNOWN,
        "signing_domain": UNKNOWN,
    }
    return found | _price(register, asset, seq)


def _price(register: Register, asset: str, seq: int) -> dict[str, str]:
    """The last price before the alarm, if there was one."""
    kept = register.log.newest("prices", seq)
    while kept is not None:
        for said in json.loads(kept.body)["prices"]:
            if said["asset"] == asset:
                words = f"{_name(kept)}, price of {said['at']}"
                return {"price": number_text(Fraction(said["price"])), "price_source": words}
        kept = register.log.newest("prices", kept.seq)
    return {}


def _totals_before(register: Register, asset: str, seq: int) -> str:
    """The last totals that were written down whole before an alarm."""
    kept = register.log.newest("totals", seq)
    if kept is None:
        return ""
    sums: dict[str, int] = {}
    for row in json.loads(unpack(register.log.content(kept.seq))):
        if row[1] == asset:
            sums[row[3]] = sums.get(row[3], 0) + int(row[6])
    words = ", ".join(f"{layer} {units}" for layer, units in sorted(sums.items()))
    return f"totals before ({_name(kept)}): {words or 'none'} base units"


def _name(kept: Kept) -> str:
    return f"record #{kept.seq} of {kept.at}"


def _line(kept: Kept) -> str:
    """One event by its number and digest, so that it can be found and checked."""
    digest = hashlib.sha256(kept.body.encode()).hexdigest()
    return f"{_name(kept)}, {kept.kind} by {kept.by_id}, sha256 {digest}"


def _entity(register: Register) -> str:
    view = StoreView(register.log.connection)
    view.look()
    constitution = view.constitution()
    return UNKNOWN if constitution is None else constitution.entity


def _toml(said: Mapping[str, Any]) -> str:
    """As TOML: one table and one entry of an array of tables; JSON's strings are TOML's."""

    def value(one: Any) -> str:
        if isinstance(one, datetime):
            return one.isoformat()
        return json.dumps(one, ensure_ascii=False)

    lines = ["[incident]", *(f"{k} = {value(v)}" for k, v in said["incident"].items()), ""]
    lines += ["[[loss]]", *(f"{k} = {value(v)}" for k, v in said["loss"].items()), ""]
    return "\n".join(lines)
