"""An incident as it is opened: what was lost, why, when it was known, and how it may be made good.

One TOML file holds it. Nothing in it is guessed: a cause that is not known is `undetermined`, and a
later file of the same incident may say more. Payments made under an earlier cause stand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from sonae.books.settings import NOT_USABLE, Settings
from sonae.claims.insured import Insured, insured_faults, read_insured
from sonae.claims.nature import OUT_OF
from sonae.claims.recovery import RANKS
from sonae.core.canonical import number_text
from sonae.core.errors import InputError, Problem
from sonae.core.figure import CONFIDENCES
from sonae.core.text import Text
from sonae.policy.perils import TIERS
from sonae.rulebook.law.claims.valuation import METHODS

KINDS = ("coins", "cash")
CAUSES = (
    "external_theft",
    "insider",
    "key_loss",
    "erroneous_order",
    "system_failure",
    "misdirected_transfer",
    "supplier",
    "phantom_credit",
    "undetermined",
)
BORNE = ("asset_pool", "firm_wide", "undetermined")
NUMBERS = ("rate", "in_kind_share", "paid_of_loss", "cap")
DISCHARGES = ("in_kind", "agreed_substitute", "terms_clause", "none")
STEPS = (
    "purchase", "loan", "own_coins", "transfer", "reconciled", "raised", "paid", "returned_in_kind",
    "recovered",
)  # fmt: skip
COINS_ONLY = ("purchase", "loan", "own_coins")
"""Steps that a loss of cash does not have: money is raised, not bought."""


@dataclass(frozen=True, slots=True)
class Loss:
    """What left one wallet, or one account of cash, in whole units.

    `wallet` and `signing_domain` are of coins; of cash they are the account and its bank.
    `out_of` is where the loss lies: the wallet or the money trust, or customers' own balances.
    `tier`, `custodian` (who else held the keys) and `at` are what insurance may ask for.
    """

    asset: str
    scale: int
    amount: Fraction
    wallet: str
    signing_domain: str
    price: Fraction | None
    price_source: str
    out_of: str
    tier: str = ""
    custodian: str = ""
    at: datetime | None = None

    @property
    def value(self) -> Fraction | None:
        """In the currency, at the price when it was lost; None where no price is given."""
        return None if self.price is None else self.amount * self.price


@dataclass(frozen=True, slots=True)
class Method:
    """One way to make customers whole, as the facts of the rule claims.valuation.

    `rates`, and `shares` of what is returned in kind, by asset where several were lost; else
    `rate` and `in_kind_share` are among `given`.
    `discharge` says how a payment by it discharges the debt of coins.
    """

    id: str
    title: Text
    given: Mapping[str, str]
    rates: Mapping[str, str]
    shares: Mapping[str, str]
    currency: str
    discharge: str
    source: str
    confidence: str
    note: Text | None


@dataclass(frozen=True, slots=True)
class Funds:
    """Money that is there to pay with: from where, how much, and hours until it can be spent."""

    kind: str
    amount: Fraction
    hours: int
    source: str


@dataclass(frozen=True, slots=True)
class Step:
    """Something done: money raised, coins bought, borrowed or put into segregation, people paid.

    `transaction` is an id on chain, or the bank's reference; `wallet` where coins or money went;
    `cost` what a purchase took, `price` what one recovered coin was worth, in the currency.
    """

    kind: str
    asset: str
    amount: Fraction
    on: date
    evidence: str
    transaction: str
    wallet: str
    cost: Fraction | None
    price: Fraction | None


@dataclass(frozen=True, slots=True)
class Incident:
    """The incident; `record_at` is the instant whose balances say who is owed what.

    `segregated` are the wallets or accounts that a refill must reach (empty: not stated),
    `customers` how many it concerns, `order` the ranks of recoveries where the file names them;
    `replaces` is the digest of the file before this one, and `reason` why there is another;
    `residue_to` names the account that keeps what rounding down leaves.
    """

    id: str
    entity: str
    kind: str
    cause: str
    occurred_at: datetime
    learned_at: datetime
    record_at: datetime
    currency: str
    borne: str
    slippage: Fraction
    personal_data: bool
    losses: tuple[Loss, ...]
    methods: tuple[Method, ...]
    funds: tuple[Funds, ...]
    steps: tuple[Step, ...]
    prices: tuple[tuple[date, str, Fraction], ...]
    evidence: tuple[str, ...]
    source: str
    confidence: str
    segregated: tuple[str, ...]
    customers: int | None
    order: tuple[str, ...]
    order_source: str
    replaces: str
    reason: str
    notes: tuple[Text, ...]
    insured: Insured = Insured()  # noqa: RUF009
    residue_to: str = ""

    def short(self) -> dict[str, Fraction]:
        """What was lost by asset, in whole units."""
        found: dict[str, Fraction] = {}
        for loss in self.losses:
            found[loss.asset] = found.get(loss.asset, Fraction(0)) + loss.amount
        return found

    def pool(self) -> dict[str, Fraction]:
        """What wallets or the money trust lack by asset; a loss in balances leaves none short."""
        found: dict[str, Fraction] = {}
        for loss in self.losses:
            if loss.out_of != "balances":
                found[loss.asset] = found.get(loss.asset, Fraction(0)) + loss.amount
        return found

    def scales(self) -> dict[str, int]:
        """Decimals by asset."""
        return {loss.asset: loss.scale for loss in self.losses}


def read_incident(raw: Mapping[str, Any], file: str) -> Incident:
    """An incident from its TOML.

    Raises:
        InputError: every setting that is missing, unknown or unusable.
    """
    problems: list[Problem] = []
    top = Settings(raw, file, "", problems)
    head = Settings(top.take("incident", dict) or {}, file, "incident.", problems)
    values: dict[str, Any] = {k: head.take(k, str) for k in ("id", "entity", "currency", "source")}
    kind = code(head, "kind", KINDS)
    order, order_source = _order(top, file, problems)
    values |= {
        "kind": kind,
        "segregated": tuple(map(str, head.take("segregated", list, []))),
        "customers": head.take("customers", int, None),
        "residue_to": head.take("residue_to", str, ""),
        "replaces": head.take("replaces", str, ""),
        "reason": head.take("reason", str, ""),
        "notes": tuple(_notes(head)),
        "order": order,
        "order_source": order_source,
        "cause": code(head, "cause", CAUSES),
        "occurred_at": head.instant("occurred_at"),
        "learned_at": head.instant("learned_at"),
        "record_at": head.instant("record_at"),
        "borne": code(head, "loss_borne_by", BORNE),
        "slippage": head.number("slippage", Fraction(0)) or Fraction(0),
        "personal_data": head.take("personal_data", bool, False),
        "confidence": code(head, "confidence", CONFIDENCES),
        "evidence": tuple(head.take("evidence", list, [])),
        "losses": tuple(_losses(top, file, problems, kind, values["currency"])),
        "methods": tuple(_methods(top, file, problems)),
        "funds": tuple(_funds(top, file, problems)),
        "steps": tuple(_steps(top, file, problems, kind)),
        "prices": tuple(_prices(top, file, problems)),
    }
    values["insured"] = read_insured(top, head, file, values["cause"], problems)
    for reader in (head, top):
        reader.done()
    _check(values, file, problems)
    if problems:
        raise InputError(problems)
    return Incident(**values)


def _check(values: Mapping[str, Any], file: str, problems: list[Problem]) -> None:
    if not values["losses"]:
        text = Text("[[loss]] が一つ以上必要", "at least one [[loss]] is needed")
        problems.append(Problem("missing-setting", "incident", text, file, key="loss"))
    scales: dict[str, set[int]] = {}
    for loss in values["losses"]:
        scales.setdefault(loss.asset, set()).add(loss.scale)
    for asset in sorted(a for a, found in scales.items() if len(found) > 1):
        text = Text(f"{asset}のscaleが一致しない", f"{asset} has two scales")
        problems.append(Problem("bad-setting", "incident", text, file, key="loss.scale"))
    several = len({loss.asset for loss in values["losses"]}) > 1
    if bool(values["replaces"]) != bool(values["reason"].strip()):
        text = Text(
            "前の版を改めるときは replaces と reason の両方が要る",
            "another version names the one before (replaces) and why (reason), both",
        )
        problems.append(Problem("bad-setting", "incident", text, file, key="incident.replaces"))
    if values["kind"] == "cash" and values["cause"] == "key_loss":
        text = Text("金銭は秘密鍵の喪失では失われない", "losing a key loses no cash")
        problems.append(Problem("bad-setting", "incident", text, file, key="incident.cause"))
    if values["customers"] is not None and values["customers"] <= 0:
        text = Text("人数は1以上", "a number of customers is above zero")
        problems.append(Problem("bad-setting", "incident", text, file, key="incident.customers"))
    for n, step in enumerate(values["steps"]):
        if step.kind == "recovered" and step.asset != values["currency"] and step.price is None:
            text = Text(
                f"{step.asset}の回収には {values['currency']} による price が要る",
                f"{step.asset} recovered needs its price in {values['currency']}",
            )
            problems.append(Problem("missing-setting", "incident", text, file, key=f"step {n + 1}"))
    for n, method in enumerate(values["methods"]):
        if several and "rate" in method.given:
            text = Text(
                "複数の資産には rates で資産ごとに定める", "give `rates` by asset, not one rate"
            )
            problems.append(Problem("bad-setting", "incident", text, file, key=f"method[{n}].rate"))
    if None not in (values["learned_at"], values["currency"]):
        for key, words in insured_faults(
            values["insured"],
            values["losses"],
            values["currency"],
            values["learned_at"].date(),
            any(f.kind == "insurance" for f in values["funds"]),
        ):
            problems.append(Problem("bad-setting", "incident", words, file, key=key))
    times = [values[k] for k in ("occurred_at", "learned_at")]
    if None not in times and times[0] > times[1]:
        text = Text("learned_at が occurred_at より前", "learned_at is before occurred_at")
        problems.append(Problem("bad-setting", "incident", text, file, key="incident.learned_at"))


def code(reader: Settings, key: str, known: Sequence[str]) -> str | None:
    """A text that is one of the known codes."""
    value = reader.take(key, str)
    if value is not None and value not in known:
        name = f"{reader.where}{key}"
        words = NOT_USABLE.format(key=name, value=value)
        more = ", ".join(known)
        reader.fault(key, Text(f"{words.ja}（{more}）", f"{words.en} (one of {more})"))
        return None
    return str(value) if value is not None else None


def _each(top: Settings, key: str, file: str, problems: list[Problem]) -> list[Settings]:
    rows = top.take(key, list, [])
    return [Settings(raw, file, f"{key}[{n}].", problems) for n, raw in enumerate(rows)]


def _losses(
    top: Settings, file: str, problems: list[Problem], kind: str | None, currency: str | None
) -> list[Loss]:
    """Losses; of cash, with account and bank in place of wallet and signing domain."""
    found = []
    places = OUT_OF.get(kind or "coins", OUT_OF["coins"])
    keys = ("account", "bank") if kind == "cash" else ("wallet", "signing_domain")
    for item in _each(top, "loss", file, problems):
        scale = item.take("scale", int)
        amount, price = item.number("amount"), item.number("price", None)
        if amount is not None and scale is not None and (amount * 10**scale).denominator != 1:
            item.fault("amount", NOT_USABLE.format(key=f"{item.where}amount", value=str(amount)))
        asset, wallet, domain = (item.take(k, str) for k in ("asset", *keys))
        source = item.take("price_source", str, "")
        lies = places[0]
        if kind == "cash" or "out_of" in item.raw:
            lies = code(item, "out_of", places) or ""
        if kind == "cash":
            _fiat(item, asset, scale)
            if asset == currency and price is None:
                price = Fraction(1)
            elif asset == currency and price != 1:
                item.fault("price", NOT_USABLE.format(key=f"{item.where}price", value=str(price)))
        tier = code(item, "tier", TIERS) if "tier" in item.raw else ""
        custodian = item.take("custodian", str, "")
        at = item.instant("at") if "at" in item.raw else None
        item.done()
        if None not in (asset, wallet, domain, scale, amount) and lies:
            where = (price, source, lies, tier or "", custodian, at)
            found.append(Loss(asset, scale, amount, wallet, domain, *where))  # type: ignore[arg-type]
    return found


def _fiat(item: Settings, asset: str | None, scale: int | None) -> None:
    """A loss of cash is in a currency: three capital letters and at most four decimals."""
    letters = asset is None or (len(asset) == 3 and asset.isascii() and asset.isupper())
    if not letters or (scale is not None and not 0 <= scale <= 4):
        text = Text(
            "金銭の事故（kind = cash）の資産は通貨（JPY など）とする",
            'an incident of kind "cash" has its losses in a currency, such as JPY',
        )
        item.fault("asset", text)


def _notes(head: Settings) -> list[Text]:
    """What a reader must know of the file, such as what is not public."""
    found = []
    for n, raw in enumerate(head.take("notes", list, [])):
        item = Settings({"note": raw}, head.file, f"{head.where}notes[{n}].", head.problems)
        note = item.text("note")
        if note is not None:
            found.append(note)
    return found


def _order(top: Settings, file: str, problems: list[Problem]) -> tuple[tuple[str, ...], str]:
    """The order of recoveries that the file names, and by what; () where it leaves it to the rule.

    Business policies may agree on another order than the Act's, so its ground is needed.
    """
    if "recoveries" not in top.raw:
        return (), ""
    item = Settings(top.take("recoveries", dict) or {}, file, "recoveries.", problems)
    order, source = item.take("order", list), item.take("source", str)
    item.done()
    named = tuple(map(str, order or ()))
    if order is not None and sorted(named) != sorted(RANKS):
        text = Text(
            f"order には {', '.join(RANKS)} を一度ずつ並べる",
            f"order names each of {', '.join(RANKS)} once",
        )
        item.fault("order", text)
    return named, source or ""


def _methods(top: Settings, file: str, problems: list[Problem]) -> list[Method]:
    found = []
    for item in _each(top, "method", file, problems):
        id, title = item.take("id", str), item.text("title")
        way = code(item, "method", METHODS)
        given = {"method": way or "", "round": item.take("round", str, "floor")}
        given |= _numbers(item, NUMBERS)
        by_asset = Settings(item.take("rates", dict, {}), file, f"{item.where}rates.", problems)
        rates = _numbers(by_asset, list(by_asset.raw))
        kinds = Settings(item.take("in_kind_shares", dict, {}), file,
                         f"{item.where}in_kind_shares.", problems)  # fmt: skip
        shares = _numbers(kinds, list(kinds.raw))
        currency, discharge = item.take("currency", str, ""), code(item, "discharge", DISCHARGES)
        source, mark = item.take("source", str), code(item, "confidence", CONFIDENCES)
        note = item.text("note") if "note" in item.raw else None
        item.done()
        if None not in (id, title, way, discharge, source, mark):
            found.append(
                Method(id, title, given, rates, shares, currency, discharge, source, mark, note)  # type: ignore[arg-type]
            )
    return found


def _numbers(item: Settings, keys: Sequence[str]) -> dict[str, str]:
    """Those of the keys that are given, as exact text; what is no number is a problem."""
    found = {k: item.number(k, None) for k in keys if k in item.raw}
    return {k: number_text(n) for k, n in found.items() if n is not None}


def _funds(top: Settings, file: str, problems: list[Problem]) -> list[Funds]:
    found = []
    for item in _each(top, "funds", file, problems):
        kind, amount = item.take("kind", str), item.number("amount")
        hours, source = item.take("hours", int, 0), item.take("source", str, "")
        item.done()
        if kind is not None and amount is not None:
            found.append(Funds(kind, amount, hours, source))
    return found


def _steps(top: Settings, file: str, problems: list[Problem], of: str | None) -> list[Step]:
    found = []
    for item in _each(top, "step", file, problems):
        kind, asset = code(item, "kind", STEPS), item.take("asset", str)
        amount, on = item.number("amount"), item.take("on", date)
        evidence, transaction = item.take("evidence", str), item.take("transaction", str, "")
        wallet = item.take("account" if of == "cash" else "wallet", str, "")
        cost, price = item.number("cost", None), item.number("price", None)
        if of == "cash" and kind in COINS_ONLY:
            item.fault("kind", NOT_USABLE.format(key=f"{item.where}kind", value=kind))
        if amount is not None and amount < 0:
            item.fault("amount", NOT_USABLE.format(key=f"{item.where}amount", value=str(amount)))
        item.done()
        if None not in (kind, asset, amount, on, evidence):
            found.append(
                Step(kind, asset, amount, on, evidence, transaction, wallet, cost, price)  # type: ignore[arg-type]
            )
    return sorted(found, key=lambda s: s.on)


def _prices(top: Settings, file: str, problems: list[Problem]) -> list[tuple[date, str, Fraction]]:
    found = []
    for item in _each(top, "price", file, problems):
        on, asset, price = item.take("on", date), item.take("asset", str), item.number("price")
        item.take("source", str, "")
        item.done()
        if on is not None and asset is not None and price is not None:
            found.append((on, asset, price))
    return sorted(found)
