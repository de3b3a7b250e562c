"""Opening Books: every table found, read and checked in one run; refused whole or read whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sonae.books import parts
from sonae.books.allocations import Allocations, read_allocations
from sonae.books.balances import Balances, Owed, read_balances, read_customers
from sonae.books.engine import Engine
from sonae.books.rows import Row, capped, read_rows
from sonae.books.schema import ALLOCATIONS, ASSETS, BALANCES, CUSTOMERS, TABLES
from sonae.books.settings import read_toml
from sonae.books.venue import (
    Supplier,
    Venue,
    Wallet,
    read_suppliers,
    read_venue,
    read_wallets,
)
from sonae.core.errors import InputError, Problem, Unreadable
from sonae.core.text import Text

MASS = (ALLOCATIONS.name, BALANCES.name, CUSTOMERS.name)
Step = Callable[[Text], None]


@dataclass(frozen=True)
class Books:
    """One legal entity's records for one cut-off, read and free of faults in form.

    `rows` holds the small tables as parsed rows, `balances` the large one as a relation. A table
    that was not given is absent from `rows`. `digests` has one SHA-256 per table, `files` per file
    of `folder`. `allocations` says whose coins are in which wallet, where the Books have it.
    """

    venue: Venue
    rows: Mapping[str, list[Row]]
    balances: Balances
    owed: Mapping[str, Owed]
    policies: Mapping[str, Any] | None
    wallets: tuple[Wallet, ...] | None
    suppliers: tuple[Supplier, ...] | None
    digests: Mapping[str, str]
    files: Mapping[str, str]
    allocations: Allocations | None = None
    folder: Path = Path()

    def table(self, name: str) -> list[Row] | None:
        """The rows of a small table, or None where it was not given."""
        return self.rows.get(name)

    def unchanged(self) -> None:
        """Refuse what was read while somebody wrote; asked once all has been read of the files.

        Raises:
            InputError: a file is not the one that `files` has the digest of.
        """
        if problems := _changed(self.folder, self.files):
            raise InputError(problems)


def kinds_of(assets: list[Row]) -> dict[str, str]:
    """The kind of each asset."""
    return {r["asset"]: r["kind"] for r in assets}


_REPORTING = Text(
    "報告通貨{c}が assets に fiat としてない", "the reporting currency {c} is not in assets as fiat"
)
Examine = Callable[[Any], Sequence[Problem]]


def read_books(
    folder: Path,
    engine: Engine,
    step: Step = lambda _: None,
    also: Mapping[str, Examine] | None = None,
) -> Books:
    """Read Books from a folder.

    `also` examines "venue" and "policies" for what layers above know, so that every problem comes
    in one run.

    Raises:
        InputError: with every problem of names, columns, values, keys and references at once.
    """
    if not folder.is_dir():
        text = Text(f"フォルダー {folder.name} がない", f"there is no folder {folder.name}")
        raise InputError([Problem("missing-folder", "books", text, folder.name)])
    folder = folder.resolve()
    step(Text("表を読む", "reading tables"))
    found = parts.find(folder)
    files = _files(folder, found)
    problems = list(found.problems)
    venue = read_venue(folder / "venue.toml", problems)
    wallets = read_wallets(folder / "keys.toml", problems)
    suppliers = read_suppliers(folder / "suppliers.toml", problems)
    policy_file = folder / "policies.toml"
    policies = read_toml(policy_file, problems) if policy_file.is_file() else None
    for name, examine in (also or {}).items():
        problems += examine({"venue": venue, "policies": policies}[name])
    assets = read_rows(ASSETS, found.tables.get("assets", ()), {}, problems)
    scales = _scales(assets, problems)
    rows = {"assets": assets} | {
        name: read_rows(TABLES[name], found_parts, scales, problems)
        for name, found_parts in found.tables.items()
        if name not in MASS and name != "assets"
    }
    problems += _references(rows, scales, tuple(problems))
    if venue is not None and kinds_of(assets).get(venue.currency) != "fiat":
        text = _REPORTING.format(c=venue.currency)
        problems.append(Problem("bad-setting", "venue", text, "venue.toml", key="venue.currency"))
    step(Text("残高を検査する", "checking balances"))
    try:
        balances, owed = _mass(engine, found, scales, problems)
        given = found.tables.get(ALLOCATIONS.name, ())
        allocations = read_allocations(engine, given, scales, rows, balances, problems)
    except Unreadable as error:
        text = Text(f"読めないファイル: {error}", f"the file cannot be read: {error}")
        name = ", ".join(p.name for p in found.tables.get("balances", ()))
        problems.append(Problem("unreadable-file", "balances", text, name))
        raise InputError(capped(problems)) from error
    problems += _changed(folder, files)
    if problems or venue is None or balances is None:
        raise InputError(capped(problems))
    digests = {n: parts.table_digest(ps, files) for n, ps in found.tables.items()}
    digests |= {n.removesuffix(".toml"): d for n, d in files.items() if n.endswith(".toml")}
    registers = (policies, wallets, suppliers)
    return Books(venue, rows, balances, owed, *registers, digests, files, allocations, folder)


def _files(folder: Path, found: parts.Found) -> dict[str, str]:
    """The digest of every file of a Books by its name."""
    paths = {p.name: p.path for ps in found.tables.values() for p in ps}
    paths |= {p.name: p for p in sorted(folder.glob("*.toml"))}
    return {name: _digest(path) for name, path in paths.items()}


def _digest(path: Path) -> str:
    """The digest of a file; empty where it cannot be read, which whoever reads it tells."""
    try:
        return parts.digest_of(path)
    except OSError:
        return ""


def _changed(folder: Path, files: Mapping[str, str]) -> list[Problem]:
    """The files that are not what they were: what was read of them may be of two moments."""
    changed = [name for name, known in files.items() if _digest(folder / name) != known]
    return [Problem("changed-file", Path(n).parts[0].split(".")[0], _MOVED, n) for n in changed]


_MOVED = Text(
    "読み取っている間に書き換えられた。書込みが終わってからもう一度実行する",
    "the file was written to while it was read; run again when nobody writes to it",
)


def _scales(assets: list[Row], problems: list[Problem]) -> dict[str, int]:
    scales = {}
    for row in assets:
        if row["asset"] is None or row["scale"] is None:
            continue
        if row["scale"] > 30:
            text = Text("scale は30以下", "scale must be 30 or less")
            problems.append(Problem("bad-scale", "assets", text, row["_file"], row["_row"]))
        scales[row["asset"]] = row["scale"]
    return scales


def _references(
    rows: Mapping[str, list[Row]], scales: Mapping[str, int], known: Sequence[Problem]
) -> list[Problem]:
    """Every asset and currency named in a small table must be in `assets`."""
    problems = []
    for table, column in (
        ("holdings", "asset"),
        ("prices", "asset"),
        ("prices", "currency"),
        ("statements", "currency"),
        ("history", "asset"),
        ("pending_payments", "asset"),
        ("history", "currency"),
        ("consents", "asset"),
    ):
        for row in rows.get(table, []):
            name = row[column]
            if name is not None and name not in scales:
                text = Text(f"資産「{name}」が assets にない", f"asset {name} is not in assets")
                place = (row["_file"], row["_row"])
                problems.append(Problem("unknown-asset", table, text, *place, column=column))
    for row in rows.get("volumes", []):
        low, high = row["amount"], row["amount_at_most"]
        if low is not None and high is not None and high < low:
            text = Text("amount_at_most が amount より小さい", "amount_at_most is below amount")
            place = (row["_file"], row["_row"])
            problems.append(Problem("bad-range", "volumes", text, *place, column="amount_at_most"))
    kinds = kinds_of(rows["assets"])
    for row in rows.get("holdings", []):
        unread = any(
            p.table == "holdings"
            and (p.file, p.row, p.column) == (row["_file"], row["_row"], "tier")
            for p in known
        )
        if row["tier"] is None and not unread and kinds.get(row["asset"]) != "basket":
            text = Text(
                "tier は必須（総額のみ公表の資産を除く）", "tier is required but for a basket"
            )
            place = (row["_file"], row["_row"])
            problems.append(Problem("missing-value", "holdings", text, *place, column="tier"))
        if kinds.get(row["asset"]) == "fiat":
            text = Text("金銭は statements で渡す", "money is given in statements, not in holdings")
            place = (row["_file"], row["_row"])
            problems.append(Problem("fiat-holding", "holdings", text, *place, column="asset"))
    return problems


def _mass(
    engine: Engine, found: parts.Found, scales: Mapping[str, int], problems: list[Problem]
) -> tuple[Balances | None, Mapping[str, Owed]]:
    given = {t.name: found.tables.get(t.name, ()) for t in (BALANCES, CUSTOMERS)}
    people = read_customers(engine, CUSTOMERS, given["customers"], problems)
    balances = read_balances(engine, BALANCES, given["balances"], scales, problems)
    if balances is None:
        return None, {}
    if not balances.groups and not any(p.table == BALANCES.name for p in problems):
        name = ", ".join(p.name for p in given[BALANCES.name])
        problems.append(Problem("empty-file", BALANCES.name, _NO_ROWS, name))
    balances.customers = people
    accounts, repeated = balances.counts(scales)
    if repeated:
        problems += balances.repeated()
    if people is not None:
        problems += balances.unknown_customers(people)
    low, high = balances.debt_signs()
    if low < 0 < high:
        problems.append(Problem("mixed-signs", "balances", _SIGNS, column="quantity"))
    return balances, {} if problems else balances.owed(accounts)


_NO_ROWS = Text(
    "残高が1行もない。書き出しに失敗していないか確かめる（利用者がまだいなければ数量0の行を置く）",
    "there is not one balance; was the export cut off? (with no customers yet, give a row of zero)",
)
_SIGNS = Text(
    "margin_debt に正と負が混在している。債務の額はどちらかの符号に統一する",
    "margin_debt has both signs; write debts with one sign throughout",
)
