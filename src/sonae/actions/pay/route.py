"""Who is paid by which way, and why: from a table of persons and what ways there are.

Run before the record date, it says which places have no way; run after it, what it writes is read
by `claims pay plan --routed`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from sonae.actions.files import replace_file
from sonae.actions.pay.way import Settings, read_rows, read_settings
from sonae.claims.hold import HOLDS, Hold
from sonae.claims.payment import Claim
from sonae.claims.route import FIXES, Facts, Routed, Ways, count_places, coverage, route
from sonae.core.errors import InputError, Problem
from sonae.core.text import Text

NEEDED = ("person", "asset", "units", "pays", "verified")
"""`pays` is money or coins; `verified` and `open_account` are yes or no."""
OPTIONAL = (
    "account", "wallet", "open_account", "place", "agent", "mismatched", "hold", "owner", "review",
)  # fmt: skip
"""`mismatched` has agent:field, several with a semicolon between."""
COLUMNS = ("person", "asset", "place", "coins", "money", "coins_by", "money_by", "reason")
_CELLS: Mapping[str, tuple[str, ...]] = {
    "pays": ("money", "coins"),
    "verified": ("yes", "no"),
    "open_account": ("yes", "no", ""),
    "hold": ("", *HOLDS),
}


def read_ways(file: Path) -> Ways:
    """`ways.toml`: `credit`, [agents] with the places of each, [buyable] with units by asset.

    Raises:
        InputError: everything that is wrong with it.
    """
    settings = Settings(read_settings(file), file)
    credit = settings.take("credit", bool)
    agents = settings.take("agents", dict, {})
    buyable = settings.table(
        (given := settings.take("buyable", dict, {})), dict.fromkeys(given, int), "buyable"
    )
    for name, places in agents.items():
        if not isinstance(places, list) or not all(isinstance(p, str) and p for p in places):
            settings.fault(f"agents.{name}", "所在地の一覧が必要", "a list of places is needed")
    settings.done()
    return Ways({a: frozenset(p) for a, p in agents.items()}, buyable, credit)


def read_persons(file: Path, programme: str, tranche: int) -> list[Facts]:
    """Claims and what is known of their holders, from CSV; every bad row at once."""
    facts, problems = [], []
    for n, row in enumerate(read_rows(file, NEEDED), 1):
        row = {**dict.fromkeys(OPTIONAL, ""), **row}
        faults = [*_faults(row)]
        problems += [Problem("bad-cell", "persons", t, file.name, n, column=c) for c, t in faults]
        if not faults:
            facts.append(_facts(row, programme, tranche))
    if problems:
        raise InputError(problems)
    return facts


def _faults(row: Mapping[str, str]) -> list[tuple[str, Text]]:
    found = []
    for column, known in _CELLS.items():
        if row[column] not in known:
            words = ", ".join(k for k in known if k)
            found.append((column, Text(f"使える値: {words}", f"one of {words}")))
    if not (row["units"].isascii() and row["units"].isdigit() and int(row["units"])):
        text = Text("最小単位の整数で1以上が必要", "a whole number of smallest units from 1")
        found.append(("units", text))
    for pair in filter(None, row["mismatched"].split(";")):
        agent, _, field = pair.partition(":")
        if not agent or field not in FIXES:
            words = ", ".join(FIXES)
            text = Text(f"代行者:項目の形。項目は{words}", f"agent:field, with a field of {words}")
            found.append(("mismatched", text))
    if row["hold"] and not (row["owner"] and _day(row["review"])):
        text = Text("保留には担当と次に確認する日が必要", "a hold has an owner and a day of review")
        found.append(("hold", text))
    return found


def _facts(row: Mapping[str, str], programme: str, tranche: int) -> Facts:
    pairs = [p.partition(":") for p in row["mismatched"].split(";") if p]
    review = _day(row["review"])
    return Facts(
        claim=Claim(programme, row["person"], row["asset"], tranche),
        units=int(row["units"]),
        in_kind=row["pays"] == "coins",
        verified=row["verified"] == "yes",
        account=row["account"],
        wallet=row["wallet"],
        open_account=row["open_account"] == "yes",
        place=row["place"],
        agent=row["agent"],
        mismatched=tuple((agent, field) for agent, _, field in pairs),
        hold=Hold(row["hold"], row["owner"], review) if row["hold"] and review else None,
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


# -- the answer ------------------------------------------------------------------------------------


def route_all(
    persons: Path,
    ways: Path,
    programme: str = "programme",
    tranche: int = 1,
    out: Path | None = None,
) -> dict[str, Any]:
    """Every claim's way, counted; written to `out` as CSV, personal data.

    Raises:
        InputError: everything that is wrong with the persons or the ways.
        Refused: a claim is there twice.
    """
    facts = read_persons(persons, programme, tranche)
    routed = route(facts, read_ways(ways))
    counts, reach = count_places(facts, routed), coverage(routed)
    if out is not None:
        replace_file(out, _table(routed))
    return {
        "counters": {
            asset: {
                name: {"claims": cell.people, "amount": str(cell.units)}
                for name, cell in {"entitled": row.entitled, **row.buckets}.items()
            }
            for asset, row in counts.items()
        },
        "coverage": {place: at._asdict() for place, at in reach.items()},
        "places_without_a_way": [p for p, at in reach.items() if at.without and not at.with_way],
        "look_at": [_seen(r) for r in routed if r.place not in ("transfer", "credit", "agent")],
    }


def _seen(r: Routed) -> dict[str, Any]:
    fixes = [{"field": f.field, "who": f.who, "what": f.what.as_json()} for f in r.fixes]
    return {
        "person": r.claim.person,
        "asset": r.claim.asset,
        "place": r.place,
        "coins": str(r.coins),
        "money": str(r.money),
        "by": dict(r.rails),
        "reason": r.reason.as_json(),
        "fixes": fixes,
    }


def _table(routed: Sequence[Routed]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for r in routed:
        by = (r.rails.get("coins", ""), r.rails.get("money", ""))
        row = (r.claim.person, r.claim.asset, r.place, r.coins, r.money, *by, r.reason.en)
        writer.writerow(row)
    return text.getvalue().encode()


def read_routed(file: Path, way: str, *, coins: bool) -> dict[tuple[str, str], int]:
    """Units by person and asset that a written route sends this way, as coins or as money."""
    part = "coins" if coins else "money"
    found: dict[tuple[str, str], int] = {}
    with file.open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            if row[f"{part}_by"] == way:
                found[row["person"], row["asset"]] = int(row[part])
    return found
