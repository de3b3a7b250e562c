"""Books as scenarios and reserves see them: customers' assets by tier, and what stands ready."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from sonae.actions.demo.close import demo_books
from sonae.books.engine import open_engine
from sonae.books.facts import Facts
from sonae.books.read import Books, read_books
from sonae.books.settings import read_toml
from sonae.close.value import Valuation, value
from sonae.core.canonical import parse_number
from sonae.core.errors import InputError, Problem, UsageError
from sonae.core.text import Text
from sonae.loss.venue import YEN_PER_DOLLAR, Fund, Held, Place
from sonae.policy.terms import Policy, policy_problems, read_policies

DOLLAR = "USD"
KINDS = {"reserve": "reserve", "guarantee": "guarantee", "buffer": "buffer"}


@dataclass(frozen=True, slots=True)
class Opened:
    """A venue, its policies, and the worth of each currency in the reporting currency."""

    place: Place
    policies: tuple[Policy, ...]
    rates: Mapping[str, Fraction]
    files: Mapping[str, str]


def open_books(folder: Path, policies: Path | None = None, rates: Sequence[str] = ()) -> Opened:
    """Books in a folder, or the shipped ones of a name such as `bybit`.

    `rates` are texts such as USD=150, worth in the reporting currency; the Books' own prices stand
    where none is given.

    Raises:
        InputError: everything that is wrong with the Books, the policies or a rate.
        UsageError: there is no such folder or file.
    """
    given = _given(rates)
    shipped = demo_books(folder.name)
    if not folder.is_dir() and len(folder.parts) == 1 and (shipped / "venue.toml").is_file():
        folder = shipped
    engine = open_engine()
    try:
        books = read_books(folder, engine, also={"policies": policy_problems})
    finally:
        engine.close()
    valuation = value(Facts(books))
    known = {
        asset: figure.number()
        for asset, figure in valuation.prices.items()
        if figure.computable
    } | given | {books.venue.currency: Fraction(1)}  # fmt: skip
    found = _policies(books, policies)
    missing = [p for p in found if p.currency not in known]
    if missing:
        raise InputError([_no_rate(p) for p in missing])
    place = _place(books, valuation, known)
    return Opened(place, found, known, books.files)


def _given(rates: Sequence[str]) -> dict[str, Fraction]:
    found: dict[str, Fraction] = {}
    problems = []
    for text in rates:
        currency, _, number = text.partition("=")
        try:
            found[currency] = parse_number(number)
            if found[currency] <= 0:
                raise ValueError
        except ValueError:
            words = Text(
                "相場は USD=150 のように、0より大きい数で書く", "write a rate above zero as USD=150"
            )
            problems.append(Problem("bad-rate", "rates", words, key=text))
    if problems:
        raise InputError(problems)
    return found


def _policies(books: Books, file: Path | None) -> tuple[Policy, ...]:
    if file is None:
        return read_policies(books.policies or {})
    path = file / "policies.toml" if file.is_dir() else file
    if not path.is_file():
        raise UsageError(f"{path} does not exist")
    problems: list[Problem] = []
    raw = read_toml(path, problems)
    if problems:
        raise InputError(problems)
    return read_policies(raw, path.name)


def _place(books: Books, valuation: Valuation, rates: Mapping[str, Fraction]) -> Place:
    venue, notes = books.venue, []
    rows = [r for r in books.table("holdings") or [] if r["as_of"] <= venue.cut_off]
    without = sorted({r["asset"] for r in rows if r["quantity"] and r["asset"] not in rates})
    if without:
        names = ", ".join(without)
        notes.append(
            Text(
                f"価格がなく、保有を数えていない資産：{names}",
                f"holdings without a price are not counted: {names}",
            )
        )
    rows = [r for r in rows if r["asset"] in rates]
    scales = {r["asset"]: r["scale"] for r in books.rows["assets"]}
    domains = {w.holding_id: w.signing_domain for w in books.wallets or ()}
    suppliers = {id: s.name for s in books.suppliers or () for id in s.wallets}

    def worth(row: Mapping[str, Any]) -> Fraction:
        return Fraction(row["quantity"], 10 ** scales[row["asset"]]) * rates[row["asset"]]

    held = [
        Held(
            r["holding_id"], r["asset"], r["tier"] or "",
            r["signing_domain"] or domains.get(r["holding_id"], ""),
            suppliers.get(r["holding_id"], ""), worth(r), r["days_to_liquid"],
        )
        for r in rows if r["owner"] == "customer"
    ]  # fmt: skip
    usd, source, confidence = _dollar(books, rates)
    return Place(
        venue.name, venue.entity, _jurisdiction(books), venue.currency, venue.cut_off,
        venue.incident, tuple(held), _funds(books, rows, rates, worth), usd, source, confidence,
        tuple(notes),
    )  # fmt: skip


def _funds(
    books: Books, rows: Sequence[Mapping[str, Any]], rates: Mapping[str, Fraction], worth: Any
) -> tuple[Fund, ...]:
    """Reserve money settled by the cut-off, and coins of the reserve, guarantee and buffer."""
    on = books.venue.on
    money: dict[str, tuple[Any, Fraction]] = {}
    for row in books.table("statements") or []:
        if row["kind"] == "reserve" and row["stage"] == "settled" and row["as_of"] <= on:
            key = f"{row['bank']} {row['branch'] or ''} {row['account']} {row['currency']}"
            if row["currency"] in rates and (key not in money or row["as_of"] > money[key][0]):
                money[key] = (row["as_of"], row["amount"] * rates[row["currency"]])
    found = [
        Fund("reserve_money", " ".join(key.split()), amount, False)
        for key, (_, amount) in sorted(money.items())
    ]
    for owner, kind in KINDS.items():
        amount = sum((worth(r) for r in rows if r["owner"] == owner), Fraction(0))
        if amount:
            found.append(Fund(kind, owner, amount, True))
    return tuple(found)


def _dollar(books: Books, rates: Mapping[str, Fraction]) -> tuple[Fraction, Text, str]:
    """The worth of one unit of the reporting currency in dollars, and where it comes from."""
    currency = books.venue.currency
    if currency == DOLLAR:
        return Fraction(1), Text("米ドル建ての帳簿", "books in dollars"), "derived"
    if DOLLAR in rates:
        source = Text("帳簿または指定の相場", "the rate of the books or the one given")
        return 1 / rates[DOLLAR], source, "derived"
    if currency == "JPY":
        year = min(max(books.venue.on.year, min(YEN_PER_DOLLAR)), max(YEN_PER_DOLLAR))
        rate = YEN_PER_DOLLAR[year]
        source = Text(
            f"{year}年の平均相場、1ドル{rate}円（記憶による概数）",
            f"the mean rate of {year}, {rate} yen a dollar (rough, from memory)",
        )
        return Fraction(1, rate), source, "memory"
    raise InputError([_no_dollar(currency)])


def _jurisdiction(books: Books) -> str:
    """That of the first regime of the Books, upper case; unknown where none is named."""
    regimes = books.venue.regimes
    return regimes[0].split("-")[0].upper() if regimes else ""


def _no_rate(policy: Policy) -> Problem:
    code = policy.currency
    return Problem(
        "no-rate", "policies",
        Text(
            f"{policy.policy_id} の通貨 {code} の相場がない。--rate {code}=… で渡す",
            f"no rate of {code} for {policy.policy_id}; give --rate {code}=…",
        ),
        key=policy.policy_id,
    )  # fmt: skip


def _no_dollar(currency: str) -> Problem:
    return Problem(
        "no-rate", "prices",
        Text(
            f"米ドルの相場がない。--rate USD=…（1ドルの{currency}での額）で渡す",
            f"no rate of the dollar; give --rate USD=… ({currency} for one dollar)",
        ),
        key=currency,
    )  # fmt: skip
