"""The venue's side of sample books: what it lists, holds and says; and faults planted in that.

`clean` sets wallets and trusts against exactly what customers are owed. A fault then changes this
draft, or adds balances in a part of their own, and provokes the finding or refusal of its name; it
reaches no further than it must, and what the clean books hold never covers a planted balance.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

CUT_OFF = datetime.fromisoformat("2026-11-20T23:59:59+09:00")
TODAY = CUT_OFF.date().isoformat()
YEN, COIN = "JPY", "BTC"
Row = dict[str, Any]
Totals = Counter[tuple[str, str, str]]
"""Base units by asset, product and state."""

# -- what the venue lists ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asset:
    """An asset of the sample and its price in yen; `own` is the venue's own token."""

    name: str
    kind: str
    scale: int
    price: Decimal
    own: bool = False
    stakable: bool = False

    @property
    def fine(self) -> int:
        """Digits of the scale beyond the sixth; they are drawn apart, to stay inside 64 bits."""
        return max(0, self.scale - 6)


NAMED = (
    Asset(YEN, "fiat", 0, Decimal(1)),
    Asset("BTC", "crypto", 8, Decimal(14_200_000)),
    Asset("SYNX", "crypto", 18, Decimal(120), own=True),
    Asset("ETH", "crypto", 18, Decimal(410_000), stakable=True),
    Asset("XRP", "crypto", 6, Decimal(330)),
    Asset("USDSYN", "stablecoin", 6, Decimal("154.6")),
    Asset("SYN07", "crypto", 0, Decimal("0.35")),
)
"""Prices are synthetic; a name that exists is here for its scale."""
SCALES = (2, 12, 9, 4, 18, 1, 8, 3, 10, 5, 11, 7, 13, 14, 15, 16, 17, 6)
PRICES = tuple(map(Decimal, ("0.8", "12.5", "250", "3.3", "48", "1900", "0.27")))


def listing(count: int, rng: np.random.Generator) -> list[Asset]:
    """The first `count` assets, the dearest base unit being worth less than a yen."""
    listed = list(NAMED[:count])
    for n in range(len(NAMED), count):
        scale = SCALES[n % len(SCALES)]
        price = min(PRICES[n % len(PRICES)], Decimal(4).scaleb(scale - 1))
        listed.append(Asset(f"SYN{n + 1:02d}", "crypto", scale, price, stakable=n % 3 == 0))
    drift = [Decimal(int(d)).scaleb(-4) for d in rng.integers(9_500, 10_501, count)]
    return [
        a if a.kind == "fiat" else replace(a, price=(a.price * d).normalize())
        for a, d in zip(listed, drift, strict=True)
    ]


@dataclass
class Draft:
    """Books before they are written: small tables as rows, wallets as registered, extra balances.

    `accounts` is the number of accounts so far; `cash` what is owed in yen outside margin.
    `decimals` are balances in whole coins as text, written as a part with `quantity_decimal`.
    `stated` is what `venue.toml` says beside the usual.
    """

    tables: dict[str, list[Row]]
    keys: list[Row]
    accounts: int
    cash: int
    scales: dict[str, int]
    balances: list[Row] = field(default_factory=list)
    decimals: list[Row] = field(default_factory=list)
    customers: list[Row] = field(default_factory=list)
    regimes: tuple[str, ...] = ("jp",)
    stated: Row = field(default_factory=dict)

    def holding(self, holding_id: str) -> Row:
        """The row of a wallet."""
        return next(h for h in self.tables["holdings"] if h["holding_id"] == holding_id)

    def trust(self, stage: str) -> Row:
        """The row of the customers' money trust at a stage."""
        rows = self.tables["statements"]
        return next(r for r in rows if r["kind"] == "customer_trust" and r["stage"] == stage)

    def newcomer(self) -> Row:
        """The names of one more account, and its customer in `customers`."""
        self.accounts += 1
        customer = customer_id(self.accounts)
        name = f"Synthetic customer {self.accounts:09d}"
        self.customers.append(
            {"customer_id": customer, "kind": "person", "name": name, "country": "JP"}
        )
        return {"account_id": account_id(self.accounts), "customer_id": customer}


def account_id(number: int) -> str:
    """The id of the account with this number, from 1."""
    return f"A{number:09d}"


def customer_id(number: int) -> str:
    """The id of the customer who owns the account with this number."""
    return f"C{number:09d}"


def key_of(holding: Row) -> Row:
    """The entry of the key register for a wallet."""
    return {
        "holding_id": holding["holding_id"],
        "signing_domain": holding["signing_domain"],
        "quorum": "3 of 5",
        "signers": [f"{holding['signing_domain']}-{n}" for n in range(1, 6)],
    }


# -- clean books ---------------------------------------------------------------------------------

ENTITY = "Sample Exchange K.K. (synthetic)"
TRUSTEE = "Sample Trust Bank (customers' trust, synthetic)"
BANK = "Sample Trust Bank (synthetic)"
AGGREGATORS = ("aggregator-a", "aggregator-b")
SOURCES = (
    (AGGREGATORS[0], "1", 5),
    (AGGREGATORS[1], "1.0002", 4),
    ("sample-exchange", "0.9997", 1),
)
"""Where prices come from, how far each is from the first, minutes before the cut-off."""
HOT_PER_MILLE = 25
COLD = (("vault-a", 300), ("vault-b", 250), ("vault-c", 230), ("vault-d", 210), ("vault-d", 10))
"""Cold wallets of each coin: who signs, and how much of a thousand; the last is a small one."""
YEARS = (("2024-04-01", 7), ("2025-04-01", 9), ("2026-04-01", 6))
"""Fiscal years, and how often customers' crypto changed hands in each."""


def clean(assets: Sequence[Asset], totals: Totals, accounts: int) -> Draft:
    """The small tables of books in order: everything owed is held, proved, priced and covered."""
    crypto = sum(
        int(Fraction(_owed(totals, a.name), 10**a.scale) * Fraction(a.price))
        for a in assets
        if a.kind != "fiat"
    )
    margin = _owed(totals, YEN, "margin")
    cash = _owed(totals, YEN) - margin
    reserve = min(42_000_000_000, 2_500_000_000 + crypto * 6 // 100)
    holdings = _holdings(assets, totals)
    tables = {
        "assets": [_listed(n, a) for n, a in enumerate(assets, 1)],
        "holdings": holdings,
        "prices": [p for a in assets if a.kind != "fiat" for p in _prices(a)],
        "statements": _statements(cash, margin, reserve),
        "volumes": _volumes(crypto),
        "financials": _financials(cash + margin + crypto, crypto, reserve),
        "instruments": [_deed(reserve)],
    }
    tables["segregation"] = _segregation(holdings, tables["statements"])
    scales = {a.name: a.scale for a in assets}
    return Draft(tables, [key_of(h) for h in holdings], accounts, cash, scales)


def _listed(number: int, asset: Asset) -> Row:
    return {
        "asset": asset.name,
        "number": number,
        "kind": asset.kind,
        "scale": asset.scale,
        "chain": "" if asset.kind == "fiat" else f"{asset.name.lower()}-synthetic",
        "own_issue": "true" if asset.own else "false",
    }


def _owed(totals: Totals, asset: str, product: str = "", state: str = "") -> int:
    """What customers are owed of an asset, in one product or state where it is named."""
    return sum(
        units
        for (name, p, s), units in totals.items()
        if name == asset and p == (product or p) and s == (state or s) != "margin_debt"
    )


def _holdings(assets: Sequence[Asset], totals: Totals) -> list[Row]:
    """Wallets for exactly what is owed of each coin, and the firm's own guarantee and token."""
    rows = []
    for n, asset in enumerate(assets):
        coin, owed = asset.name.lower(), _owed(totals, asset.name)
        if asset.own:
            units = 2_000_000 * 10**asset.scale
            rows.append(_holding(asset, f"{coin}-house-1", "house", "other", "treasury-a", units))
        if asset.kind == "fiat" or not owed:
            continue
        hot = owed * (HOT_PER_MILLE + n % 11) // 1_000
        staked = min(_owed(totals, asset.name, state="staked"), owed - hot)
        rows.append(_holding(asset, f"{coin}-hot-1", "customer", "hot", "hot-a", hot))
        for word, units, days in (("cold", owed - hot - staked, None), ("stake", staked, 45)):
            shares = [units * share // 1_000 for _, share in COLD]
            shares[0] += units - sum(shares)
            rows += [
                _holding(asset, f"{coin}-{word}-{i}", "customer", "cold", domain, share, days)
                for i, ((domain, _), share) in enumerate(zip(COLD, shares, strict=True), 1)
                if share
            ]
        own = hot + hot // 2 + 1
        rows.append(_holding(asset, f"{coin}-guarantee-1", "guarantee", "cold", "guarantee-a", own))
    return rows


def _holding(
    asset: Asset, id: str, owner: str, tier: str, domain: str, units: int, days: int | None = None
) -> Row:
    proved = CUT_OFF.date() - timedelta(days=3 + len(id) % 20)
    return {
        "holding_id": id,
        "asset": asset.name,
        "owner": owner,
        "tier": tier,
        "chain": f"{asset.name.lower()}-synthetic",
        "address": f"synthetic:{id}",
        "signing_domain": domain,
        "quantity": units,
        "control_proved_on": proved.isoformat(),
        "evidence": "send_to_self" if asset.scale == 6 else "signature",
        "days_to_liquid": days,
        "as_of": CUT_OFF.isoformat(),
    }


def _prices(asset: Asset) -> list[Row]:
    """Two independent sources and the venue's own, all fresh."""
    return [
        {
            "asset": asset.name,
            "currency": YEN,
            "price": format((asset.price * Decimal(factor)).normalize(), "f"),
            "source": source,
            "own_venue": "false" if source in AGGREGATORS else "true",
            "purpose": "regulatory",
            "at": (CUT_OFF - timedelta(minutes=minutes)).isoformat(),
        }
        for source, factor, minutes in SOURCES
    ]


def _statements(cash: int, margin: int, reserve: int) -> list[Row]:
    """Trusts a little above what is owed, one ordinary top-up in flight, the reserve, own money."""

    def row(account: str, kind: str, stage: str, amount: int, holder: str = TRUSTEE) -> Row:
        return {
            "account": account,
            "bank": BANK,
            "holder": holder,
            "currency": YEN,
            "kind": kind,
            "stage": stage,
            "amount": amount,
            "as_of": TODAY,
        }

    return [
        row("customer-trust-1", "customer_trust", "settled", cash + cash // 500 + 100_000),
        row("customer-trust-1", "customer_trust", "instructed", 250_000),
        row("margin-trust-1", "margin_trust", "settled", margin + margin // 500 + 100_000),
        row("reserve-trust-1", "reserve", "settled", reserve),
        row("house-1", "house", "settled", 1_200_000_000, ENTITY),
    ]


def _segregation(holdings: Sequence[Row], statements: Sequence[Row]) -> list[Row]:
    """Every wallet and account that customers are paid from, and the firm's others, as kept."""
    titles = {"customer": "firm_for_customers", "guarantee": "firm", "house": "firm"}
    trusts = ("customer_trust", "margin_trust", "reserve")
    rows = [
        _kept("wallet", h["holding_id"], ENTITY, titles[h["owner"]], h["owner"] != "house")
        for h in holdings
    ]
    for account in {s["account"]: s for s in statements}.values():
        name, held = account["account"], account["kind"] in trusts
        deed = {"trust_deed": f"deed {name} (synthetic)" if held else ""}
        title = "trust" if held else "firm"
        rows.append(_kept("account", name, account["holder"], title, held) | deed)
    return rows


def _kept(kind: str, item: str, holder: str, title: str, alone: bool) -> Row:
    return {
        "kind": kind,
        "item": item,
        "holder": holder,
        "named_title": title,
        "exclusive_use": "true" if alone else "false",
        "no_lien_on": "2026-04-30",
        "no_lien_evidence": "synthetic letter",
        "audited_on": "2026-03-31",
        "auditor": "Sample Audit (synthetic)",
    }


def _volumes(crypto: int) -> list[Row]:
    return [
        {
            "fiscal_year_start": start,
            "item": "crypto_traded_value",
            "amount": 1_000_000_000 + crypto * turns,
        }
        for start, turns in YEARS
    ]


def _financials(customers: int, crypto: int, reserve: int) -> list[Row]:
    """The last balance sheet; net assets are well above the guarantee coins' value."""
    amounts = {
        "capital": 1_000_000_000,
        "net_assets": 3_000_000_000 + crypto // 4,
        "liabilities": customers + reserve + 500_000_000,
        "guarantee_liabilities": 100_000_000,
        "debts_to_nonresidents": customers // 50,
        "opening_reserve": reserve * 9 // 10,
        "used_for_incidents": 0,
        "profit": 200_000_000 + crypto // 200,
    }
    return [{"on": "2026-09-30", "item": item, "amount": a} for item, a in amounts.items()]


def _deed(reserve: int) -> Row:
    """The trust that the reserve money is in; its id is the statement's account."""
    return {
        "instrument_id": "reserve-trust-1",
        "kind": "trust_deed",
        "holder": TRUSTEE,
        "title": "trust_for_customers",
        "currency": YEN,
        "amount": reserve,
        "bankruptcy_remote": "yes",
        "evidence": "synthetic trust deed",
    }


# -- faults -------------------------------------------------------------------------------------


def _free(who: Row, asset: str, units: int) -> Row:
    return {**who, "asset": asset, "product": "spot", "state": "free", "quantity": units}


def _missing_wallet(draft: Draft) -> None:
    """A wallet of the key register stands in no holdings row, and its coins are gone."""
    draft.tables["holdings"].remove(draft.holding("btc-cold-4"))


def _hot_excess(draft: Draft) -> None:
    """A quarter of a vault sits in hot wallets; the guarantee follows, the limit alone breaks."""
    for vault in [h for h in draft.tables["holdings"] if h["signing_domain"] == "vault-d"]:
        coin = vault["asset"].lower()
        moved = vault["quantity"] // 4
        if moved:
            vault["quantity"] -= moved
            draft.holding(f"{coin}-hot-1")["quantity"] += moved
            draft.holding(f"{coin}-guarantee-1")["quantity"] += moved


def _ledger_over_assets(draft: Draft) -> None:
    """The ledger owes half a percent more of a coin than its largest wallet leaves to be held."""
    wallet = draft.holding("btc-cold-1")
    wallet["quantity"] -= wallet["quantity"] // 200 + 1


def _negative_balance(draft: Draft) -> None:
    """An account below zero, with no margin debt to explain it."""
    draft.balances.append(_free(draft.newcomer(), YEN, -12_345))


def _stale_price(draft: Draft) -> None:
    """Every source of one asset is five hours old at the cut-off."""
    for price in draft.tables["prices"]:
        if price["asset"] == COIN:
            at = datetime.fromisoformat(price["at"]) - timedelta(hours=5)
            price["at"] = at.isoformat()


def _own_token_reserve(draft: Draft) -> None:
    """The firm's own token counted towards the reserve."""
    house = draft.holding("synx-house-1")
    reserve = house | {"holding_id": "synx-reserve-1", "owner": "reserve", "tier": "cold"}
    draft.tables["holdings"].append(reserve)
    draft.keys.append(key_of(reserve))


def _duplicate_account(draft: Draft) -> None:
    """The first customer has a second account."""
    draft.accounts += 1
    who = {"account_id": account_id(draft.accounts), "customer_id": customer_id(1)}
    draft.balances.append(_free(who, YEN, 1_000))


def _unit_confusion(draft: Draft) -> None:
    """A payment of so many yen entered as so many coins; more than is held of the coin."""
    held = sum(h["quantity"] for h in draft.tables["holdings"] if h["asset"] == COIN)
    unit = 10 ** draft.scales[COIN]
    yen = max(620_000, 2 * held // unit)
    draft.balances.append(_free(draft.newcomer(), COIN, yen * unit))


def _expired_control_proof(draft: Draft) -> None:
    """Control of one small wallet was last proved 120 days before the cut-off."""
    proved = CUT_OFF.date() - timedelta(days=120)
    draft.holding("btc-cold-5")["control_proved_on"] = proved.isoformat()


def _cash_trust_shortage(draft: Draft) -> None:
    """The trust is one percent short and nothing is on its way."""
    draft.tables["statements"].remove(draft.trust("instructed"))
    draft.trust("settled")["amount"] = draft.cash - draft.cash // 100 - 1


def _single_domain_exposure(draft: Draft) -> None:
    """Three of the four vaults are signed for in one place."""
    for row in (*draft.tables["holdings"], *draft.keys):
        if row["signing_domain"] in ("vault-b", "vault-c"):
            row["signing_domain"] = "vault-a"


def _decimal(draft: Draft, digits: str) -> None:
    asset = COIN if COIN in draft.scales else YEN
    row = _free(draft.newcomer(), asset, 0)
    del row["quantity"]
    draft.decimals.append(row | {"quantity_decimal": digits})


def _wrong_scale(draft: Draft) -> None:
    """A balance with one digit beyond the scale of its asset."""
    scale = draft.scales[COIN if COIN in draft.scales else YEN]
    _decimal(draft, f"0.{'1' * (scale + 1)}")


def _corrupt_row(draft: Draft) -> None:
    """A balance that is not a number."""
    _decimal(draft, "1O.5")


@dataclass(frozen=True, slots=True)
class Fault:
    """What plants a fault, and how many assets the books must have for it to show."""

    plant: Callable[[Draft], None]
    assets: int


FAULTS: dict[str, Fault] = {
    "missing-wallet": Fault(_missing_wallet, 2),
    "hot-excess": Fault(_hot_excess, 2),
    "ledger-over-assets": Fault(_ledger_over_assets, 2),
    "negative-balance": Fault(_negative_balance, 1),
    "stale-price": Fault(_stale_price, 2),
    "own-token-reserve": Fault(_own_token_reserve, 3),
    "duplicate-account": Fault(_duplicate_account, 1),
    "unit-confusion": Fault(_unit_confusion, 2),
    "expired-control-proof": Fault(_expired_control_proof, 2),
    "cash-trust-shortage": Fault(_cash_trust_shortage, 1),
    "single-domain-exposure": Fault(_single_domain_exposure, 2),
    "wrong-scale": Fault(_wrong_scale, 1),
    "corrupt-row": Fault(_corrupt_row, 1),
}
