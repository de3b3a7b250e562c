"""The log of an operator's seals: what it lists, averages over time, time-stamps, comparisons."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sonae.actions import timestamp
from sonae.actions.keys import verify_signature
from sonae.actions.seal.folder import Folder, chain_holds, log_of, only_grown, origin_of
from sonae.core.canonical import number_text
from sonae.core.display import fixed
from sonae.core.errors import UsageError
from sonae.seal import compare, minisign
from sonae.seal.note import open_checkpoint

DAYS = 30
FRACTIONS = (1000, 200, 100, 20)
"""Shares of the accounts, one in so many, for which a sample's chance of missing is told."""
REQUEST, REPLY = "header.tsq", "header.tsr"


def read_log(path: Path, since: Path | None = None, days: int = DAYS) -> dict[str, Any]:
    """The log of a seal's folder, checked: its entries, and holdings averaged over the last days.

    With `since`, a checkpoint kept from earlier: that the log only grew.

    Raises:
        LogError, SealError: what does not hold.
    """
    folder = Folder(path)
    public = minisign.read_public((folder.public / "operator.pub").read_bytes()).public
    origin = origin_of(public)
    found, entries = log_of(folder.public / "log", public, origin)
    read = [json.loads(entry) for entry in entries]
    chain_holds(read)
    grown = None
    if since is not None:
        old = open_checkpoint(since.read_bytes(), origin, public, verify_signature)
        proof = only_grown(old.head, found.head, entries)
        grown = {"from": old.head.size, "proof": [step.hex() for step in proof]}
    return {
        "good": True,
        "origin": origin,
        "size": found.head.size,
        "root": found.head.root.hex(),
        "grown": grown,
        "seals": [
            {
                "seq": e["seq"],
                "cut_off": _instant(e["time_ms"]),
                "header_hash": e["header_hash"],
                "corrects": e["corrects"],
                "written_at": e["written_at"],
                "leaves": sum(a[0] for a in e["assets"].values()),
            }
            for e in read
        ],
        "days": days,
        "assets": _averages(read, folder, days),
    }


def _instant(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat()


def _averages(read: Sequence[Any], folder: Folder, days: int) -> list[dict[str, Any]]:
    """Each asset of the last seal: owed and held then, and held on average before it.

    Of a day that was corrected, the correction counts.
    What was borrowed for the day of the seal shows as held far above its average.
    """
    manifest = json.loads((folder.public / "manifest.json").read_bytes())
    last = read[-1]
    start = last["time_ms"] - int(timedelta(days=days).total_seconds() * 1000)
    rows = []
    for asset in manifest["assets"]:
        number = str(asset["number"])
        seen = {e["time_ms"]: e["assets"].get(number, (0, "0", None))[2] for e in read}
        points = [(at, int(held)) for at, held in sorted(seen.items()) if held is not None]
        mean = compare.time_average(points, start, last["time_ms"])
        leaves, owed, held = last["assets"][number]
        rows.append(
            {
                "number": asset["number"],
                "asset": asset["asset"],
                "scale": asset["scale"],
                "leaves": leaves,
                "owed": owed,
                "held": held,
                "held_average": None if mean is None else number_text(mean),
            }
        )
    return rows


# -- comparisons -----------------------------------------------------------------------------------


def differences(path: Path, before: Path, times: int = 10) -> dict[str, Any]:
    """What changed between two seals of one operator, asset by asset: for who may see accounts."""
    old, new = Folder(before), Folder(path)
    found = compare.difference(old.claims(), new.claims(), times)
    return {
        "from": old.header().hash(),
        "to": new.header().hash(),
        "times": times,
        "assets": [
            {
                "number": d.asset,
                "accounts": list(d.accounts),
                "totals": [str(n) for n in d.totals],
                **{
                    name: {"accounts": count, "units": str(units)}
                    for name, (count, units) in (
                        ("first_seen", d.first_seen),
                        ("gone", d.gone),
                        ("jumps", d.jumps),
                    )
                },
                "largest": [
                    {"account": c.account, "before": str(c.before), "after": str(c.after)}
                    for c in d.largest
                ],
            }
            for d in found
        ],
    }


def draw(path: Path, size: int, seed: str) -> dict[str, Any]:
    """A sample of accounts to be asked by an auditor, and what it may miss."""
    if size < 1:
        raise UsageError("a sample has at least one account")
    accounts = {c.account: c.text for c in Folder(path).claims()}
    asked = compare.sample(accounts.items(), size, seed)
    return {
        "seed": seed,
        "population": len(accounts),
        "accounts": asked,
        "chance_of_missing": [_chance(len(accounts), of, len(asked)) for of in FRACTIONS],
    }


def _chance(population: int, of: int, asked: int) -> dict[str, Any]:
    wrong = -(-population // of)
    chance = compare.chance_of_missing(population, wrong, asked)
    return {"one_in": of, "accounts": wrong, "percent": fixed(chance * 100, 2)}


# -- time-stamps -----------------------------------------------------------------------------------


def stamp(path: Path, reply: Path | None = None, roots: Sequence[Path] = ()) -> dict[str, Any]:
    """Write the request that an authority stamps, or check its reply and keep it in the folder."""
    folder = Folder(path)
    digest = bytes.fromhex(folder.header().hash())
    if reply is None:
        request = folder.public / REQUEST
        request.write_bytes(timestamp.request(digest))
        return {"request": str(request), "at": None}
    content = reply.read_bytes()
    at = timestamp.check(content, digest, [root.read_bytes() for root in roots])
    (folder.public / REPLY).write_bytes(content)
    return {"request": None, "at": at.isoformat()}
