"""From the close to the ledger and back: the ledger's assets in a close, and a close signed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence, Set
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

from sonae.actions.keys import verify_signature
from sonae.core.amount import coins
from sonae.core.errors import Refused, UsageError
from sonae.store.ledger import Ledger
from sonae.store.view import StoreView

CLOSE = "close.json"


def close_content(folder: Path, on: date, view: StoreView) -> dict[str, Any]:
    """What is signed of a close: the digest of its bytes, its figures, what it supersedes.

    `difference` lists every figure that differs from the signed close it supersedes.
    """
    file = folder / CLOSE
    if not file.is_file():
        raise UsageError(f"{folder} holds no {CLOSE}; write one with `sonae close BOOKS --out DIR`")
    content = file.read_bytes()
    document = json.loads(content)
    if document["on"] != on.isoformat():
        raise UsageError(f"{file} is the close of {document['on']}, not of {on}")
    if document["what_if_on"]:
        raise UsageError(f"{file} is a what-if; only a close under its own day's law is signed")
    unsigned({f["name"] for f in document["findings"]})
    figures = close_figures(document)
    supersedes = view.signed_close(on.isoformat())
    former = view.proposal(supersedes) if supersedes else None
    before: Mapping[str, Any] = former.act.content["figures"] if former else {}
    return {
        "digest": hashlib.sha256(content).hexdigest(),
        "edition": document["edition"]["digest"],
        "assumed": [a["id"] for a in document["edition"]["assumed"]],
        "findings": sorted({f["name"] for f in document["findings"]}),
        "figures": figures,
        "supersedes": supersedes,
        "difference": difference(before, figures) if former else [],
    }


def unsigned(findings: Set[str]) -> None:
    """Refuse to sign or seal a close with a finding that forbids it.

    Raises:
        Refused: a break has no owner.
    """
    if "break-unowned" in findings:
        raise Refused("a break has no owner: assign it with `sonae guard break`, then close again")


def close_figures(document: Mapping[str, Any]) -> dict[str, str]:
    """What a person signs for: owed, held and break of each asset, and every line of cover."""
    found: dict[str, str] = {}
    for line in document["reconciliation"]:
        values = {"owed": line["owed"], "held": line["held"]["total"], "break": line["break"]}
        found |= {f"{line['asset']}#{k}": _text(v) for k, v in values.items()}
    for regime, cover in document["cover"]["by_regime"].items():
        found |= {f"cover/{regime}#{k}": _text(cover[k]) for k in ("required", "surplus")}
        for state in ("going_concern", "on_insolvency"):
            found |= {f"cover/{regime}#{state}.{k}": _text(v) for k, v in cover[state].items()}
    return found


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{value['low']}..{value['high']}"
    return "not_computable" if value is None else str(value)


def difference(before: Mapping[str, str], after: Mapping[str, str]) -> list[dict[str, str | None]]:
    """Every figure that is not the same in both, by id."""
    return [
        {"id": key, "before": before.get(key), "after": after.get(key)}
        for key in sorted({*before, *after})
        if before.get(key) != after.get(key)
    ]


# -- the ledger in a close -------------------------------------------------------------------------


def reserve_of(place: str, on: date) -> Sequence[Mapping[str, Any]]:
    """What the ledger in a store says the reserve holds on a day."""
    with Ledger(place, verify_signature) as ledger:
        return ledger_assets(ledger, on)


def ledger_assets(ledger: Ledger, on: date) -> Sequence[Mapping[str, Any]]:
    """What the ledger says the reserve holds: particulars as signed, amounts in whole units.

    The source of each is the ledger with its head, so that the close can be traced to it.
    """
    view, head = ledger.view, ledger.head()
    constitution = view.constitution()
    scales = constitution.units if constitution else {}
    day = on.isoformat()
    return [
        {
            **asset,
            "amount": coins(view.balance(f"asset/{id}", asset["unit"], day), scales[asset["unit"]]),
            "accepted": _accepted(asset, on),
            "source": ("fund", f"account = asset/{id}, on ≤ {day}", head.seq, head.hash),
        }
        for id, asset in sorted(view.assets().items())
    ]


def _accepted(asset: Mapping[str, Any], on: date) -> bool:
    day = asset.get("accepted_on")
    return day is not None and date.fromisoformat(day) <= on


def booked_reserve(ledger: Ledger, on: date) -> Fraction:
    """The booked reserve on a day, in yen: a credit balance, shown positive."""
    constitution = ledger.view.constitution()
    assert constitution is not None
    account = f"reserve/{constitution.reserve_class}"
    return Fraction(-ledger.view.balance(account, constitution.currency, on.isoformat()))
