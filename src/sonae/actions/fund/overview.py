"""The reserve on one screen: balances, what waits for whom, rules in force, the last acts."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from sonae.actions.console.home import NotFound
from sonae.actions.fund.session import balances, describe
from sonae.core.chain import read_line
from sonae.core.text import Text
from sonae.fund.constitution import Constitution
from sonae.fund.control import Proposal, may_approve, needed
from sonae.fund.entry import instant
from sonae.fund.refusals import refusal
from sonae.store.ledger import Ledger
from sonae.store.view import LAST

PAGE = 40
"""Acts on a screen."""
MOST_LINES = 500
"""Lines of the chain given at once."""


def overview(
    ledger: Ledger, now: Any, keys: Collection[str], before: int = LAST, account: str | None = None
) -> dict[str, Any]:
    """Everything about a fund as plain values; `keys` are the public keys of whoever looks."""
    head, view = ledger.head(), ledger.view
    constitution, failure = view.constitution(), view.failure()
    persons = constitution.persons.values() if constitution else ()
    mine = next((p.id for p in persons if p.key in keys), None)
    moved = ledger.last_moved()
    shown = balances(ledger, date.max)
    return {
        "fund": view.fund(),
        "head": {"seq": head.seq, "hash": head.hash},
        "me": mine,
        "petition": failure.petition,
        "appointed": failure.appointed,
        "balances": [b | {"entry": moved[b["account"], b["unit"]]} for b in shown],
        "assets": [dict(a) for a in view.assets().values()],
        "proposals": _proposals(ledger, instant(now()), mine),
        "rules": _rules(constitution) if constitution else None,
        "history": [_act(e) for e in ledger.newest(PAGE, before, account)],
        "account": account,
    }


def _rules(constitution: Constitution) -> dict[str, Any]:
    """What the constitution in force says of people, amounts and units."""
    return {
        "name": constitution.name,
        "entity": constitution.entity,
        "currency": constitution.currency,
        "reserve_class": constitution.reserve_class,
        "expiry_hours": constitution.expiry_hours,
        "units": dict(constitution.units),
        "limits": [
            {"kinds": list(x.kinds), "approvals": x.approvals,
             "up_to_jpy": None if x.up_to is None else str(x.up_to)}
            for x in constitution.limits
        ],
        "persons": [
            {"id": p.id, "name": p.name, "roles": sorted(p.roles), "key": p.key}
            for p in constitution.persons.values()
        ],
    }  # fmt: skip


def _proposals(ledger: Ledger, now: str, mine: str | None) -> list[dict[str, Any]]:
    """Proposals that somebody may still decide, those that wait for `mine` first."""
    found = []
    for seq in ledger.open_proposals():
        proposed = ledger.view.proposal(seq)
        if proposed is not None and proposed.act.expires >= now:
            found.append(_waiting(ledger, proposed, mine))
    return sorted(found, key=lambda p: not p["for_me"])


def _waiting(ledger: Ledger, proposed: Proposal, mine: str | None) -> dict[str, Any]:
    act, tally = proposed.act, ledger.view.tally(proposed.seq)
    constitution = ledger.view.constitution()
    person = constitution.persons.get(mine or "") if constitution else None
    may = person is not None and may_approve(person, act.kind)
    return {
        "seq": proposed.seq,
        "kind": act.kind,
        "on": act.on,
        "by": act.by,
        "at": act.at,
        "expires": act.expires,
        "amount_jpy": act.content.get("amount_jpy"),
        "approved_by": list(tally.by),
        "needed": needed(act, constitution) if constitution else None,
        "for_me": may and act.by != mine and mine not in tally.by,
        "own": mine is not None and act.by == mine,
    }


def _act(entry: Mapping[str, Any]) -> dict[str, Any]:
    """One act, refused ones included, without its content."""
    code, _, why = entry["outcome"].partition(":")
    kept = {k: entry[k] for k in ("seq", "at", "by", "act", "kind", "subject", "on", "effect")}
    return kept | {"outcome": code, "refused": refusal(why).as_json() if why else None}


def entry_of(ledger: Ledger, seq: int, keys: Collection[str]) -> dict[str, Any]:
    """One entry: who did what; of a proposal everything that was signed, as `describe` gives it.

    `body` is the very text that was signed, whose SHA-256 an approval names.

    Raises:
        NotFound: there is no such entry.
    """
    found = ledger.entry(seq)
    if found is None:
        raise NotFound(Text(f"記録第{seq}号はない", f"there is no entry {seq}"))
    signed, hash = read_line(next(ledger.lines(seq)))
    pending = found["act"] == "propose" and found["outcome"] == "pending"
    constitution = ledger.view.constitution()
    persons = constitution.persons.values() if constitution else ()
    mine = next((p.id for p in persons if p.key in keys), None)
    proposed = ledger.view.proposal(seq) if pending else None
    return {
        "entry": _act(found),
        "hash": hash.decode(),
        "digest": hashlib.sha256(signed.body).hexdigest(),
        "body": signed.body.decode(),
        "proposal": describe(ledger, seq) if pending else None,
        "waiting": _waiting(ledger, proposed, mine) if proposed else None,
        "me": mine,
        "fund": ledger.view.fund(),
    }


def chain_after(ledger: Ledger, seq: int) -> list[dict[str, str]]:
    """Entries after one, as they were signed and chained, for a browser that saw that one."""
    found = []
    for text in ledger.lines(seq + 1):
        signed, hash = read_line(text)
        line = {"body": signed.body.decode(), "signature": signed.signature.hex()}
        found.append(line | {"hash": hash.decode()})
        if len(found) == MOST_LINES:
            break
    return found
