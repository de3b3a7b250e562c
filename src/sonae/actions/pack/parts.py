"""The parts of a resolution pack that are small: one function each, files by name.

Wallets and how each is controlled, banks, trust deeds, the segregation register, policies,
agreements, pending payments, people, suppliers, keys, the rulebook. A part whose input is not
there is named with the reason.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sonae.actions.files import json_bytes
from sonae.books.read import Books
from sonae.books.settings import Settings, read_toml
from sonae.core.amount import coins
from sonae.core.canonical import number_text
from sonae.core.errors import Problem
from sonae.core.register import Register
from sonae.core.text import Text
from sonae.pack.my_number import looks_like, named
from sonae.report.sheets import as_csv, workbook
from sonae.rulebook.edition import Edition, topics

Files = dict[str, bytes]
Missing = list[dict[str, Any]]
Rows = list[Sequence[str]]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Fraction):
        return number_text(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value)


def _table(rows: Sequence[Mapping[str, Any]], *columns: str) -> Rows:
    return [columns, *([_cell(r.get(c)) for c in columns] for r in rows)]


def small_parts(books: Books, folder: Path, problems: list[Problem]) -> tuple[Files, Missing]:
    """Every small table as CSV and workbook, and what is not there."""
    tables: dict[str, Rows] = {"wallets": _wallets(books)}
    missing: Missing = []
    for file, table, columns in _PLAIN:
        rows = books.table(table)
        if rows is None:
            missing.append(_not_given(f"{file}.csv", f"{table}.csv"))
        else:
            tables[file] = _table([_with_coins(r, books) for r in rows], *columns)
    for file, name in (
        ("policies", "policies"),
        ("suppliers", "suppliers"),
        ("people", "contacts"),
    ):
        path = folder / f"{name}.toml"
        if path.is_file():
            raw = read_contacts(path, problems) if name == "contacts" else read_toml(path, problems)
            tables[file] = [("key", "value"), *flat(raw)]
        else:
            missing.append(_not_given(f"{file}.csv", f"{name}.toml"))
    if "contacts" not in {p.table for p in problems} and "people" in tables:
        tables["people"] = _people(folder / "contacts.toml")
    files = {f"{name}.csv": as_csv(rows) for name, rows in tables.items()}
    return files | {f"{n}.xlsx": workbook({n[:31]: rows}) for n, rows in tables.items()}, missing


def _not_given(part: str, source: str) -> dict[str, Any]:
    why = Text(f"台帳に {source} がない", f"the Books have no {source}")
    return {"part": part, "why": why.as_json()}


_PLAIN = (
    ("banks", "statements", (
        "bank", "branch", "account", "holder", "currency", "kind", "stage", "amount", "as_of",
    )),
    ("trust-deeds", "instruments", (
        "instrument_id", "kind", "holder", "title", "currency", "asset", "amount",
        "bankruptcy_remote", "maturity", "evidence",
    )),
    ("segregation", "segregation", (
        "kind", "item", "holder", "named_title", "exclusive_use", "no_lien_on",
        "no_lien_evidence", "trust_deed", "audited_on", "auditor",
    )),
    ("agreements", "agreements", (
        "agreement_id", "kind", "counterparty", "subject", "signed_on", "ends_on",
        "ends_on_insolvency", "where_kept", "contact",
    )),
    ("pending-payments", "pending_payments", (
        "payment_id", "account_id", "asset", "quantity", "units", "state", "destination",
        "requested_at", "reason",
    )),
)  # fmt: skip


def _scales(books: Books) -> dict[str, int]:
    return {r["asset"]: r["scale"] for r in books.rows["assets"]}


def _with_coins(row: Mapping[str, Any], books: Books) -> dict[str, Any]:
    """A row with its quantity in whole coins, and in base units beside it."""
    if "quantity" not in row:
        return dict(row)
    return {**row, "quantity": _coins(row, books), "units": row["quantity"]}


def _coins(row: Mapping[str, Any], books: Books) -> str:
    return number_text(coins(row["quantity"], _scales(books)[row["asset"]]))


def _wallets(books: Books) -> Rows:
    """Every holding with who can sign for it and what it hangs on; and registered ones without."""
    register = {w.holding_id: w for w in books.wallets or ()}
    hangs: dict[str, list[str]] = {}
    for supplier in books.suppliers or ():
        for wallet in supplier.wallets:
            hangs.setdefault(wallet, []).append(supplier.name)
    rows = []
    held = books.table("holdings") or []
    for row in held:
        known = register.get(row["holding_id"])
        rows.append({
            **_with_coins(row, books),
            "signing_domain": row["signing_domain"] or (known.signing_domain if known else ""),
            "quorum": known.quorum if known else "",
            "signers": "; ".join(known.signers) if known else "",
            "in_register": known is not None,
            "suppliers": "; ".join(hangs.get(row["holding_id"], ())),
        })  # fmt: skip
    for name in sorted(set(register) - {r["holding_id"] for r in held}):
        known = register[name]
        rows.append({
            "holding_id": name, "signing_domain": known.signing_domain, "quorum": known.quorum,
            "signers": "; ".join(known.signers), "in_register": True,
            "suppliers": "; ".join(hangs.get(name, ())),
        })  # fmt: skip
    return _table(
        rows,
        *("holding_id", "asset", "owner", "tier", "quantity", "units", "custodian", "chain"),
        *("address", "signing_domain", "quorum", "signers", "in_register", "suppliers"),
        *("control_proved_on", "evidence", "days_to_liquid", "as_of"),
    )


def flat(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """A nested setting as lines: `policy[0].limit`, its value as text."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from flat(inner, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list):
        for n, inner in enumerate(value):
            yield from flat(inner, f"{key}[{n}]")
    else:
        yield key, _cell(value)


_CONTACT = ("name", "role", "organisation", "phone", "email", "note")


def read_contacts(path: Path, problems: list[Problem]) -> dict[str, Any]:
    """contacts.toml: `[[contact]]` with name and role, and how to reach them."""
    raw = read_toml(path, problems)
    top = Settings(raw, path.name, "", problems)
    for n, one in enumerate(top.take("contact", list, [])):
        item = Settings(one, path.name, f"contact[{n}].", problems)
        for key in _CONTACT:
            item.take(key, str, *(() if key in ("name", "role") else ("",)))
        item.done()
    top.done()
    return raw


def _people(path: Path) -> Rows:
    return _table(read_toml(path, [])["contact"], *_CONTACT)


# -- keys and rules --------------------------------------------------------------------------------


def procedure(folder: Path) -> Text | None:
    """How keys are used, in the words of keys.toml."""
    path = folder / "keys.toml"
    found = read_toml(path, []).get("procedure") if path.is_file() else None
    return Text(found["ja"], found["en"]) if found else None


def rulebook_files(on: date) -> Files:
    """The law on the day: every rule, every value with standing, confidence and provision."""
    edition, register = Edition(on), Register()
    rules = [
        {
            "rule": rule.id,
            "title_ja": rule.title.ja,
            "title_en": rule.title.en,
            "provision": edition.provision(rule.id).text().ja,
        }
        for rule in edition.rules()
    ]
    for topic in topics().values():
        register.add_all(edition.parameter(topic, key) for key in topic.parameters)
    figures = [
        {**f, "label": (f["label"] or {}).get("ja"), "cites": "; ".join(f["cites"])}
        for f in register.figures.values()
    ]
    values = _table(
        figures, *("id", "label", "kind", "value", "unit", "standing", "confidence"), "cites"
    )
    quoted = [{"key": key, "says": c["says"]} for key, c in sorted(register.citations.items())]
    return {
        "rulebook/edition.json": json_bytes(edition.describe()),
        "rulebook/rules.csv": as_csv(_table(rules, "rule", "title_ja", "title_en", "provision")),
        "rulebook/values.csv": as_csv(values),
        "rulebook/provisions.csv": as_csv(_table(quoted, "key", "says")),
    }


# -- My Number -------------------------------------------------------------------------------------


def my_number_columns(folder: Path, *more: Path) -> list[Problem]:
    """Every column or setting, of any file that may go into a pack, that is named as My Number."""
    problems = []
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    for path in [*files, *(f for m in more for f in _files(m))]:
        for name in _names(path):
            if named(name):
                text = _REFUSED.format(c=name)
                problems.append(Problem("my-number", path.stem, text, path.name, column=name))
    return problems


def _files(path: Path) -> list[Path]:
    return [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())


def _names(path: Path) -> list[str]:
    if path.suffix == ".csv":
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
            return next(csv.reader(stream), [])
    if path.suffix == ".parquet":
        try:
            return list(pq.read_schema(path).names)
        except (pa.ArrowInvalid, OSError):
            return []  # said when the table is read
    if path.suffix == ".toml":
        keys = (key for key, _ in flat(read_toml(path, [])))
        return [part for key in keys for part in key.split(".")]
    return []


def my_number_values(files: Files) -> dict[tuple[str, str], int]:
    """How many values of each column of small tables look like one, by file and column."""
    found: dict[tuple[str, str], int] = {}
    for name, content in files.items():
        if not name.endswith(".csv"):
            continue
        for row in csv.DictReader(content.decode("utf-8-sig").splitlines()):
            for column, value in row.items():
                if isinstance(value, str) and looks_like(value):
                    found[name, column] = found.get((name, column), 0) + 1
    return found


_REFUSED = Text(
    "列「{c}」は個人番号（マイナンバー）とみられる。パックに入れることはできない。列を除いて渡す",
    "column {c} is named as My Number, which must not be in a pack; take the column out",
)
