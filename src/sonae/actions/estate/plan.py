"""A plan of distribution in draft, straight from an opened pack: pools with reasons, and claims.

`plan.toml` and `claims.parquet` are what `estate distribute` takes; `draft.json` says why each pool
is what it is, what is in no pool, and what is not known.
"""

from __future__ import annotations

import csv
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import ibis
import pyarrow.parquet as pq

from sonae.actions.estate.document import law_of
from sonae.actions.files import json_bytes, replace_folder
from sonae.actions.takeover.pack import MANIFEST
from sonae.actions.takeover.read import take
from sonae.actions.takeover.taken import Taken
from sonae.books.engine import Engine, open_engine
from sonae.books.relation import UNITS
from sonae.claims.estate.draft import UNKNOWN, Draft, Open, Thing, place
from sonae.claims.estate.plan import read_plan
from sonae.core.canonical import number_text, parse_number
from sonae.core.errors import InputError, Problem, UsageError
from sonae.core.text import Text
from sonae.rulebook.law.estate.proceedings import PROCEEDINGS, STATES

FORMAT = "sonae-estate-draft/1"
PLAN, CLAIMS, DRAFT = "plan.toml", "claims.parquet", "draft.json"
NOBODY = "unidentified"
"""The claimant of what belongs to nobody known."""


@dataclass(frozen=True)
class Asked:
    """What only a person can say of the estate. `rates` is a CSV file, or None.

    `at_pack_prices` takes the prices of the pack's day as those of commencement, and says so.
    `state` is the state of every claim: unfiled unless somebody says otherwise.
    """

    proceeding: str
    commencement_on: date
    record_on: date
    rates: Path | None = None
    at_pack_prices: bool = False
    state: str = "unfiled"
    trigger_event: bool | None = None
    id: str | None = None


def draft_plan(
    folder: Path, asked: Asked, out: Path | None, memory: str = "1800MB"
) -> dict[str, Any]:
    """Draft plan and claims from an opened pack; with `out`, a folder of the three files.

    Raises:
        InputError: files of the pack are not those listed, or a rate cannot be read.
        UsageError: the folder is no opened pack, or a code is not known.
    """
    for code, known in ((asked.proceeding, PROCEEDINGS), (asked.state, STATES)):
        if code not in known:
            raise UsageError(f"{code!r} is not usable; one of {', '.join(known)}")
    if not (folder / MANIFEST).is_file():
        raise UsageError(f"{folder} is no opened pack; make one of the Books with sonae pack make")
    if out is not None and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out} holds other files; give a new or empty folder for --out")
    taken, manifest = take(folder), json.loads((folder / MANIFEST).read_bytes())
    draft = place(_things(taken, folder), manifest["currency"])
    rates = _rates(manifest, asked, draft)
    _policies(taken, draft)
    text = _toml(manifest, asked, rates, draft)
    plan = read_plan(tomllib.loads(text, parse_float=Decimal), PLAN)
    engine = open_engine(memory=memory)
    try:
        rows = claims_of(engine, folder, asked.state)
        file = engine.scratch() / CLAIMS
        _write(engine, rows, file)
        sums = _sums(engine, file)
        _beside(engine, folder, manifest, draft)
        document = {
            "format": FORMAT,
            "estate": plan.id,
            "entity": plan.entity,
            "on": manifest["on"],
            "proceeding": plan.proceeding,
            "law": law_of(plan),
            "pools": [p.as_json() for p in draft.pools.values()],
            "not_placed": [o.as_json() for o in draft.not_placed],
            "not_known": [o.as_json() for o in draft.not_known],
            "claims": sums,
        }
        if out is not None:
            files = {PLAN: text.encode(), CLAIMS: _chunks(file), DRAFT: json_bytes(document)}
            replace_folder(out, files)
    finally:
        engine.close()
    return document


def _chunks(file: Path) -> Any:
    with file.open("rb") as stream:
        while part := stream.read(1 << 20):
            yield part


# -- what there is --------------------------------------------------------------------------------


def _things(taken: Taken, folder: Path) -> list[Thing]:
    """Wallets, newest accounts and instruments, each with what the dossier says of it."""
    items = (taken.dossier or {}).get("items", [])
    known = {(i["kind"], i["item"], i["asset"], i["owner"]): i for i in items}
    found = []
    for w in taken.wallets:
        state, why = _said(known.get(("wallet", w.holding_id, w.asset, w.owner)))
        found.append(Thing("wallet", w.holding_id, w.owner, w.asset, w.units, state, "", why))
    for a in taken.accounts:
        units = _units(taken, a["currency"], a["amount"])
        state, why = _said(known.get(("account", a["account"], a["currency"], a["kind"])))
        name = f"{a['bank']} {a['account']}"
        found.append(Thing("account", name, a["kind"], a["currency"], units, state, "", why))
    for row in _csv(folder / "trust-deeds.csv"):
        asset = row["currency"] or row["asset"]
        units = _units(taken, asset, row["amount"])
        remote = row["bankruptcy_remote"]
        found.append(
            Thing("instrument", row["instrument_id"], row["kind"], asset, units, "", remote)
        )
    return found


def _said(item: Mapping[str, Any] | None) -> tuple[str, tuple[Text, ...]]:
    """State and reasons of a line of the dossier; what has none is not known."""
    if item is None:
        return UNKNOWN, ()
    told = [Text(r["ja"], r["en"]) for r in item["reasons"]]
    return item["state"], (*told, *(Text(name, name) for name in item["missing"]))


def _units(taken: Taken, asset: str, amount: str) -> int:
    """Whole units as base units, rounded down where a statement has more digits."""
    if asset not in taken.scales:
        raise UsageError(f"the pack's close does not know {asset}")
    return int(parse_number(amount) * 10 ** taken.scales[asset])


def _csv(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return [dict(row) for row in csv.DictReader(stream)]


def _policies(taken: Taken, draft: Draft) -> None:
    draft.unknown("costs", "plan")
    draft.unknown("other-claims", "claims")
    for policy in taken.policies or ():
        kind = policy.get("insurance_kind", "insurance_kind ?")
        draft.unknown("insurance", policy["policy_id"], insurer=policy["insurer"], kind=kind)


def _rates(manifest: Mapping[str, Any], asked: Asked, draft: Draft) -> dict[str, Fraction]:
    """Money per whole coin at commencement: given, or the pack's on that very day, or none."""
    currency, names = manifest["currency"], {t["asset"] for t in manifest["totals"]}
    found = {} if asked.rates is None else _read_rates(asked.rates, names)
    same_day = manifest["on"] == asked.commencement_on.isoformat()
    for total in manifest["totals"]:
        name, price = total["asset"], total["price"]
        if name in found or name == currency:
            continue
        if price is not None and parse_number(price) > 0 and (same_day or asked.at_pack_prices):
            found[name] = parse_number(price)
            if not same_day:
                draft.unknown("rate-of-the-pack", name)
        elif total["owed"] != "0":
            draft.unknown("no-rate", name)
    return found


def _read_rates(file: Path, names: set[str]) -> dict[str, Fraction]:
    found, problems = {}, []
    for n, row in enumerate(_csv(file), 1):
        try:
            rate = parse_number(row["rate"])
            if rate <= 0 or row["asset"] not in names or row["asset"] in found:
                raise ValueError(f"{row['asset']} {row['rate']}")
            found[row["asset"]] = rate
        except (KeyError, TypeError, ValueError) as error:
            problems.append(
                Problem("bad-rate", "rates", _RATE.format(e=error), file.name, n, column="rate")
            )
    if problems:
        raise InputError(problems)
    return found


_RATE = Text(
    "価格の行が使えない（{e}）。asset と rate（0より大きい数）を資産ごとに1行で書く",
    "not usable ({e}); give asset and rate (a number above zero), one row for each asset",
)


# -- plan.toml ------------------------------------------------------------------------------------


def _toml(
    manifest: Mapping[str, Any], asked: Asked, rates: Mapping[str, Fraction], draft: Draft
) -> str:
    """The plan as a person edits it, reasons beside pools, what is open at the end."""
    entity = manifest["entity"]
    lines = [
        "# Drafted from the resolution pack. Read draft.json before it is used.",
        "[estate]",
        f"id = {_quoted(asked.id or f'{entity} {asked.commencement_on}')}",
        f"entity = {_quoted(entity)}",
        f"proceeding = {_quoted(asked.proceeding)}",
        f"commencement_on = {asked.commencement_on}",
        f"record_on = {asked.record_on}",
        f"currency = {_quoted(manifest['currency'])}",
        'basis = "in_kind"',
        'residue_account = "residue"',
    ]
    if asked.trigger_event is not None:
        lines.append(f"trigger_event = {str(asked.trigger_event).lower()}")
    for total in manifest["totals"]:
        lines += [
            "",
            "[[asset]]",
            f"asset = {_quoted(total['asset'])}",
            f"scale = {total['scale']}",
        ]
        if total["asset"] in rates:
            lines.append(f"rate = {_quoted(number_text(rates[total['asset']]))}")
    for pool in draft.pools.values():
        lines += ["", f"# {pool.why.ja}", f"# {pool.why.en}", "[[pool]]"]
        lines += [f"{k} = {_quoted(getattr(pool, k))}" for k in ("id", "kind", "asset")]
        lines.append(f'amount = "{pool.units}"')
        if pool.remote:
            lines.append('bankruptcy_remote = "yes"')
    for title, found in (("In no pool", draft.not_placed), ("Not known", draft.not_known)):
        lines += ["", f"# {title}:", *(f"# - {_comment(o)}" for o in found)]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """A TOML basic string: JSON's escapes are among its own."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _comment(one: Open) -> str:
    words = f"{one.subject}: {one.message.ja} / {one.message.en}"
    return "".join(c if c.isprintable() else " " for c in words)


# -- claims ---------------------------------------------------------------------------------------


def claims_of(engine: Engine, folder: Path, state: str) -> Any:
    """One claim for each person and asset of the customer view, nothing dropped for lack of price.

    Claims of related people are reserved, and so is what belongs to nobody known.
    """
    t = engine.scan(sorted((folder / "customers").glob("*.parquet")))
    flags = t.person.isnull().ifelse("unverified", "")
    if files := sorted((folder / "persons").glob("*.parquet")):
        persons = engine.scan(files)
        related = persons.filter(persons.kind == "related").select(who="person").distinct()
        t = t.left_join(related, t.person == related.who)
        flags = t.who.notnull().ifelse("related", t.person.isnull().ifelse("unverified", ""))
    return t.select(
        claimant=t.person.fill_null(NOBODY),
        person=t.person,
        asset=t.asset,
        amount=t.units.cast(UNITS),
        rank=ibis.literal("customer"),
        state=ibis.literal(state),
        flags=flags,
    )


def _write(engine: Engine, rows: Any, file: Path) -> None:
    writer: Any = None
    for batch in engine.batches(rows):
        if writer is None:
            writer = pq.ParquetWriter(file, batch.schema)
        writer.write_batch(batch)
    if writer is None:
        raise UsageError("the pack's customer view is empty: nobody is owed anything")
    writer.close()


def _sums(engine: Engine, file: Path) -> list[dict[str, Any]]:
    t = engine.scan([file])
    zero = ibis.literal(0).cast(UNITS)
    waits = t.flags != ""
    rows = t.group_by("asset").aggregate(
        claims=t.count(),
        amount=t.amount.sum().cast(UNITS),
        flagged=waits.ifelse(t.amount, zero).sum().cast(UNITS),
    )
    return [
        {k: r[k] if k in ("asset", "claims") else str(r[k]) for k in r}
        for r in engine.rows(rows.order_by("asset"))
    ]


def _beside(engine: Engine, folder: Path, manifest: Mapping[str, Any], draft: Draft) -> None:
    """What the balances say beside the claims: debts, and what belongs to nobody known."""
    files: Sequence[Path] = sorted((folder / "balances").glob("*.parquet"))
    if not list((folder / "persons").glob("*.parquet")):
        draft.unknown("no-persons", "persons/")
    if files:
        t = engine.scan(files)
        zero = ibis.literal(0).cast(UNITS)
        owing = (t.units.cast(UNITS) < zero) | (t.margin_debt_units.cast(UNITS) > zero)
        [row] = engine.rows(t.filter(owing).aggregate(n=ibis._.count()))
        if row["n"]:
            draft.unknown("debts", "balances/", n=f"{row['n']:,}")
    for total in manifest["totals"]:
        if total["unidentified"] != "0":
            draft.unknown("unidentified", total["asset"], n=f"{int(total['unidentified']):,}")
