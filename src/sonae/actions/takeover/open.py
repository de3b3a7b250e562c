"""The take-over: open and verify, checklist, letters, sweep plan, appointment."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

from sonae.actions.files import json_bytes, replace_folder
from sonae.actions.fund.session import Now, at, read_order, utc_now
from sonae.actions.takeover.read import banks, edition_of, listed, take
from sonae.actions.takeover.taken import TRUSTS, Taken
from sonae.claims.rails.address import fold
from sonae.claims.takeover.checklist import ENDS_WITH_FIRM, Situation, checklist
from sonae.claims.takeover.gap import acts
from sonae.claims.takeover.sweep import FORMAT as SWEEP
from sonae.claims.takeover.sweep import Destination, address_fault, sweep
from sonae.core.canonical import digest, number_text
from sonae.core.errors import InputError, Problem, UsageError
from sonae.core.text import LANGS, Text, same
from sonae.fund.constitution import FIRM
from sonae.policy.terms import endings
from sonae.report.letters import From, Letter, letter
from sonae.report.takeover import checklist_html, checklist_markdown, opened_html

OPENED = "sonae-estate-open/1"
LISTED_COLUMNS = ("holding_id", "chain", "address", "signing_domain", "quorum", "signers")


def open_estate(folder: Path, out: Path | None, close: Path | None = None) -> dict[str, Any]:
    """Verify and rebuild; with `out`, write the document, its pages and the list to watch."""
    taken = take(folder, close)
    document = _opened(taken)
    if out is not None:
        _fresh(out)
        files: dict[str, bytes] = {
            "open.json": json_bytes(document),
            "listed.csv": _csv(LISTED_COLUMNS, listed(taken)),
        }
        for lang in LANGS:
            files[f"open.{lang}.html"] = opened_html(document, lang).encode()
        replace_folder(out, files)
    return document


def _fresh(out: Path) -> None:
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out} holds other files; give a new or empty folder for --out")


def _csv(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> bytes:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue().encode()


def whole(taken: Taken, asset: str, units: int) -> str:
    """Base units as whole coins."""
    return number_text(Fraction(units, 10 ** taken.scales.get(asset, 0)))


def _opened(taken: Taken) -> dict[str, Any]:
    held = taken.held
    assets = sorted({*taken.owed, *held, *(taken.stated or {})})
    return {
        "format": OPENED,
        "kind": taken.kind,
        "entity": taken.entity,
        "on": taken.on.isoformat(),
        "known_at": taken.known_at.isoformat(),
        "seal": taken.seal,
        "totals": [
            {
                "asset": asset,
                "owed": whole(taken, asset, taken.owed.get(asset, 0)),
                "owed_units": str(taken.owed.get(asset, 0)),
                "stated_units": None if taken.stated is None else str(taken.stated.get(asset, 0)),
                "held_units": str(held.get(asset, 0)),
                "unknown_units": None
                if taken.unknown is None
                else str(taken.unknown.get(asset, 0)),
                "priced": taken.priced.get(asset, False),
            }
            for asset in assets
        ],
        "people": taken.people,
        "wallets": [
            {
                "holding_id": w.holding_id,
                "asset": w.asset,
                "owner": w.owner,
                "tier": w.tier or None,
                "units": str(w.units),
                "chain": w.chain or None,
                "address": w.address or None,
                "custodian": w.custodian or None,
                "signing_domain": w.signing_domain or None,
                "quorum": w.quorum or None,
                "signers": list(w.signers),
                "control_proved": w.proved,
            }
            for w in taken.wallets
        ],
        "segregation": None
        if taken.dossier is None
        else [i for i in taken.dossier["items"] if i["state"] != "apart"],
        "accounts": taken.accounts,
        "policies": taken.policies,
        "contacts": taken.contacts,
        "gaps": [gap.as_json() for gap in taken.gaps],
        "verified": taken.stated is not None
        and not any(g.severity == "breach" for g in taken.gaps),
        "clean": not acts(taken.gaps),
    }


# -- checklist and letters ------------------------------------------------------------------------


def _situation(taken: Taken, frozen_at: datetime, petition_at: datetime | None) -> Situation:
    held = taken.held
    coins = {w.asset for w in taken.wallets}
    custodians = tuple(dict.fromkeys(w.custodian for w in taken.wallets if w.custodian))
    return Situation(
        frozen_at,
        petition_at,
        taken.policies or (),
        custodians,
        banks(taken, "segregated", "reserve", "house", "unclassified"),
        banks(taken, *TRUSTS),
        any(held.get(asset, 0) < taken.owed.get(asset, 0) for asset in coins),
    )


def make_checklist(
    folder: Path, out: Path | None, frozen_at: datetime, petition_at: datetime | None
) -> dict[str, Any]:
    """The checklist with clocks; with `out`, as JSON, Markdown and pages in both languages."""
    taken = take(folder)
    tasks = checklist(edition_of(taken), _situation(taken, frozen_at, petition_at))
    document = {
        "format": "sonae-checklist/1",
        "entity": taken.entity,
        "on": taken.on.isoformat(),
        "frozen_at": frozen_at.isoformat(),
        "petition_at": petition_at.isoformat() if petition_at else None,
        "tasks": [task.as_json() for task in tasks],
    }
    if out is not None:
        _fresh(out)
        files: dict[str, bytes] = {"checklist.json": json_bytes(document)}
        for lang in LANGS:
            files[f"checklist.{lang}.md"] = checklist_markdown(document, lang).encode()
            files[f"checklist.{lang}.html"] = checklist_html(document, lang).encode()
        replace_folder(out, files)
    return document


def make_letters(folder: Path, out: Path, writer: str, frozen_at: datetime) -> list[dict[str, Any]]:
    """Drafts to everybody outside, in both languages; what was written."""
    taken = take(folder)
    _fresh(out)
    by = From(writer, taken.entity, frozen_at.date(), frozen_at)
    files: dict[str, bytes] = {}
    written = []
    for number, found in enumerate(_letters(taken), 1):
        names = {str(x): f"{number:02d}-{found.kind}.{x}.txt" for x in LANGS}
        files |= {names[lang]: letter(found, by, lang).encode() for lang in LANGS}
        written.append({"kind": found.kind, "to": found.to.as_json(), **names})
    replace_folder(out, files)
    return written


_AGENT = Text("受益者代理人", "the beneficiary agent")
_ENDS = Text("{id}（終了事由: {ends}）", "{id}, which ends on {ends}")
_AUTHORITIES = (
    Text("財務局・金融庁", "the finance bureau and the FSA"),
    Text("日本暗号資産等取引業協会", "the association (JVCEA)"),
)


def _letters(taken: Taken) -> list[Letter]:
    found = []
    for bank in banks(taken, "segregated", "reserve", "house", "unclassified"):
        found.append(Letter("bank", same(bank), _accounts(taken, bank, trusts=False)))
    for bank in banks(taken, *TRUSTS):
        found.append(Letter("trust_bank", same(bank), _accounts(taken, bank, trusts=True)))
        agents = [c for c in taken.contacts or () if c.get("role") == "beneficiary_agent"]
        for agent in [same(c["name"]) for c in agents] or [_AGENT]:
            found.append(Letter("beneficiary_agent", agent, _accounts(taken, bank, trusts=True)))
    for name in dict.fromkeys(w.custodian for w in taken.wallets if w.custodian):
        about = [
            Text(*(f"{w.holding_id}: {w.asset} {whole(taken, w.asset, w.units)}",) * 2)
            for w in taken.wallets
            if w.custodian == name
        ]
        found.append(Letter("custodian", same(name), about))
    for policy in taken.policies or ():
        dies = ENDS_WITH_FIRM & set(policy["terminates_on"])
        kind = "insurer_before_petition" if dies else "insurer"
        line = same(policy["policy_id"])
        if policy["terminates_on"]:
            line = _ENDS.format(id=line, ends=endings(policy["terminates_on"]))
        found.append(Letter(kind, same(policy["insurer"]), [line]))
    held = taken.held
    state = []
    for asset in sorted({*taken.owed, *held}):
        owed, there = (whole(taken, asset, x.get(asset, 0)) for x in (taken.owed, held))
        ja, en = f"{asset}: 債務{owed}、保有{there}", f"{asset}: owed {owed}, held {there}"
        state.append(Text(ja, en))
    for to in _AUTHORITIES:
        found.append(Letter("authority", to, state))
    return found


def _accounts(taken: Taken, bank: str, *, trusts: bool) -> list[Text]:
    lines = [
        f"{a['branch']} {a['account']} ({a['kind']}): {a['currency']} {a['amount']}".strip()
        for a in taken.accounts
        if a["bank"] == bank and (a["kind"] in TRUSTS) == trusts
    ]
    return [Text(line, line) for line in lines]


# -- sweep ----------------------------------------------------------------------------------------


def make_sweep(folder: Path, destinations: Path, out: Path | None) -> dict[str, Any]:
    """The plan of every coin to the administrator's wallets; nothing is signed or sent.

    Raises:
        InputError: every destination whose address or columns cannot be right.
    """
    taken = take(folder)
    own = frozenset(fold(w.address) for w in taken.wallets if w.address)
    plan = sweep(taken.wallets, _destinations(destinations, own))
    document = {
        "format": SWEEP,
        "plan": plan.id,
        "entity": taken.entity,
        "on": taken.on.isoformat(),
        "scales": {a: taken.scales[a] for a in sorted(plan.totals)},
        "totals": {
            a: {k: str(v) for k, v in one.items()} for a, one in sorted(plan.totals.items())
        },
        "batches": list(plan.batches),
        "left": list(plan.left),
    }
    document["sha256"] = digest(document)
    if out is not None:
        _fresh(out)
        files = {"sweep.json": json_bytes(document)}
        for batch in plan.batches:
            unsigned = {"format": SWEEP, "plan": plan.id, **batch}
            files[f"batches/{batch['batch']:04d}-{batch['risk']}.json"] = json_bytes(unsigned)
        replace_folder(out, files)
    return document


def _destinations(file: Path, own: frozenset[str]) -> list[Destination]:
    problems: list[Problem] = []
    found = []
    seen = set()
    with file.open(encoding="utf-8-sig", newline="") as stream:
        for number, row in enumerate(csv.DictReader(stream), 1):
            to = Destination(
                row.get("asset") or "",
                row.get("chain") or "",
                row.get("address") or "",
                row.get("owner") or "customer",
                row.get("memo") or "",
            )
            wrong = _EMPTY if not to.asset or not to.address else address_fault(to)
            if fold(to.address) in own:
                wrong = _OWN
            if (to.asset, to.chain, to.owner) in seen:
                wrong = _TWICE
            if wrong is not None:
                problems.append(
                    Problem("bad-destination", "destinations", wrong, file.name, number)
                )
            seen.add((to.asset, to.chain, to.owner))
            found.append(to)
    if problems:
        raise InputError(problems)
    return found


_OWN = Text("会社のウォレットが宛先になっている", "this is a wallet of the firm, not a destination")
_EMPTY = Text("asset と address は必須", "asset and address are needed")
_TWICE = Text(
    "同じ資産・チェーン・所有区分の宛先が二つある",
    "a second destination for the same asset, chain and owner",
)


# -- appointment -----------------------------------------------------------------------------------


def appoint(order: Path, store: str, key: Path, now: Now = utc_now) -> dict[str, Any]:
    """Record the appointment in the fund, and say what it froze."""
    with at(store, key, now) as session:
        session.stop_if_resumed()
        constitution = session.ledger.view.constitution()
        recorded = session.order("appoint", read_order(order))
        refused = recorded.outcome.refused
        firm = [
            {"id": p.id, "name": p.name, "roles": sorted(p.roles & FIRM)}
            for p in (constitution.persons.values() if constitution else ())
            if p.roles & FIRM
        ]
        return {
            "seq": recorded.seq,
            "hash": recorded.hash,
            "outcome": recorded.outcome.code.partition(":")[0],
            "refused": refused,
            "freezes": [] if refused else firm,
        }
