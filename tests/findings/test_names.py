"""Every finding by its name: the smallest Books that provoke it, and what it then says."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

import sonae
from sonae.actions.close import Closed, close_books
from sonae.close.abroad_checks import SHORTAGES
from tests.kit import (
    asset,
    balance,
    changed,
    clean,
    close,
    edit,
    finding,
    findings,
    holding,
    price,
    statement,
    without,
    write,
)

BTC = 10**8
DRAFT = "jp.proposal.custody-value"
CHAIN, HOT, TRUST = date(2026, 11, 30), date(2026, 11, 24), date(2026, 11, 25)
"""Business days after Friday 20 November 2026; Monday 23 November is a holiday."""
BALANCES = clean()["balances"]
POLICY = """
[[policy]]
policy_id = "P1"
insurer = "Test Insurance"
insurer_licence = "JP"
form = "crime"
insurance_kind = "first_party"
period_start = {start}
period_end = 2027-03-31
currency = "{currency}"
limit_per_event = "1"
annual_aggregate = "1"
retention = "0"
co_insurance = "0"
claims_paid = "0"
beneficiary = "{beneficiary}"
pledge = "none"
terminates_on = []
"""


@dataclass(frozen=True)
class Case:
    """Books that provoke one finding; `acts` are all names a person must act on that day."""

    name: str
    severity: str
    tables: Mapping[str, Any]
    settings: Mapping[str, Any] = field(default_factory=dict)
    provision: bool = False
    due: date | None = None
    also: tuple[str, ...] = ()
    edits: tuple[tuple[str, str], ...] = ()


def policy(
    start: str = "2026-04-01",
    currency: str = "JPY",
    beneficiary: str = "customers",
    more: str = "",
) -> Any:
    text = POLICY.format(start=start, currency=currency, beneficiary=beneficiary)
    return {"files": {"policies.toml": text + more}}


def cash(*statements: Any) -> dict[str, Any]:
    return changed(statements=list(statements))


def financial(item: str, amount: int) -> dict[str, Any]:
    return {"on": "2026-09-30", "item": item, "amount": amount}


def wallets(*rows: Any, **more: Any) -> dict[str, Any]:
    return changed(holdings=list(rows), **more)


def btc(whole: int, owner: str = "customer", **more: Any) -> dict[str, Any]:
    return holding(f"btc-{owner}-{whole}", "BTC", whole * BTC, owner, **more)


FILLED = """
[[sources]]
table = "prices"
what = { ja = "価格", en = "price" }
source = "nowhere"
confidence = "memory"
filled = true
why = { ja = "非公表", en = "not public" }
"""
OWN = [*clean()["assets"], asset("OWN", own=True)]
BY_HAND = {"entered_by": "", "approved_by": "", "evidence": ""}


def deed(id: str, maturity: str) -> dict[str, str]:
    row = {"instrument_id": id, "kind": "deposit", "holder": "Test Trust Bank", "currency": "JPY"}
    row |= {"title": "trust_for_customers", "amount": "1", "bankruptcy_remote": "yes"}
    return row | {"maturity": maturity}


BREACHES = (
    Case("ledger-over-assets", "breach", wallets(btc(99)), provision=True, due=CHAIN),
    Case(
        "guarantee-shortage",
        "breach",
        wallets(btc(97), btc(3, tier="hot")),
        provision=True,
        due=CHAIN,
    ),
    Case(
        "hot-excess",
        "breach",
        wallets(btc(94), btc(6, tier="hot"), btc(6, "guarantee")),
        provision=True,
        due=HOT,
    ),
    Case(
        "unit-confusion",
        "breach",
        changed(balances=[*BALANCES, balance("A3", "BTC", 620_000 * BTC)]),
        also=("ledger-over-assets",),
    ),
    Case(
        "cash-trust-shortage",
        "breach",
        cash(statement("t", "999999")),
        provision=True,
        due=TRUST,
    ),
    Case(
        "margin-trust-shortage",
        "breach",
        changed(balances=[*BALANCES, balance("A2", "JPY", 1, product="margin")]),
        provision=True,
        due=TRUST,
    ),
    Case(
        "customer-money-misuse",
        "breach",
        wallets(btc(100), btc(1, control_proved_on=""), statements=[statement("t", "0")]),
        also=("cash-trust-shortage",),
    ),
    Case("stale-holding", "breach", wallets(btc(100, as_of="2026-11-19T23:00:00+09:00"))),
    Case(
        "net-assets-shortage",
        "breach",
        wallets(btc(98), btc(2, tier="hot"), btc(2, "guarantee"))
        | {"financials": [financial("net_assets", 29_999_999), financial("capital", 10_000_000)]},
        provision=True,
    ),
    Case(
        "capital-shortage",
        "breach",
        changed(financials=[financial("capital", 9_999_999)]),
        provision=True,
    ),
    Case(
        "own-token-reserve",
        "breach",
        wallets(btc(100), holding("own-1", "OWN", 1, "reserve"), assets=OWN),
    ),
    Case(
        "own-venue-price",
        "breach",
        changed(prices=[price("BTC", "15000000", "own", own_venue="true")]),
        also=("price-missing",),
    ),
    Case(
        "missing-wallet",
        "breach",
        clean(),
        {"files": {"keys.toml": '[[wallet]]\nholding_id = "gone"\nsigning_domain = "a"\n'}},
    ),
)
WARNINGS = (
    Case(
        "unproven-holdings",
        "warning",
        wallets(btc(98), btc(2, tier="hot", control_proved_on=""), btc(2, "guarantee")),
    ),
    Case("negative-balance", "warning", changed(balances=[*BALANCES, balance("A3", "BTC", -1)])),
    Case(
        "held-in-another-name",
        "warning",
        cash(*clean()["statements"], statement("x", "1", holder="Z")),
    ),
    Case(
        "expired-control-proof",
        "warning",
        wallets(btc(100), btc(1, control_proved_on="2026-08-21")),
    ),
    Case(
        "control-proof-expiring",
        "warning",
        wallets(btc(100, control_proved_on="2026-09-21")),
        due=date(2026, 12, 20),
    ),
    Case("holding-after-cut-off", "warning", wallets(btc(100, as_of="2026-11-21T00:00:00+09:00"))),
    Case(
        "price-missing",
        "warning",
        changed(assets=[*clean()["assets"], asset("ETH")], prices=[price("ETH", "1")]),
    ),
    Case(
        "duplicate-account",
        "warning",
        changed(balances=[*BALANCES, balance("A9", "JPY", 0, customer_id="C1")]),
    ),
    Case(
        "reserve-not-remote",
        "warning",
        cash(*clean()["statements"], statement("r", "1", "reserve")),
        also=("reserve-concentrated",),
    ),
    Case(
        "reserve-concentrated",
        "warning",
        cash(*clean()["statements"], statement("r", "1", "reserve")),
        also=("reserve-not-remote",),
    ),
    Case(
        "reserve-ineligible",
        "warning",
        cash(*clean()["statements"], statement("r", "1", "reserve"))
        | {"instruments": [deed("r", maturity="2027-05-21")]},
    ),
    Case("insurance-not-in-force", "warning", clean(), policy(start="2026-11-21")),
    Case("cover-dies-with-firm", "warning", clean(), policy(beneficiary="firm")),
    Case("insurer-not-admitted", "warning", clean(), policy(more='admission = "none"\n')),
    Case("insurance-terms-unused", "note", clean(), policy(more='perils = ["insider"]\n')),
    Case("insurance-currency", "warning", clean(), policy(currency="USD")),
    Case(
        "manual-price-unapproved",
        "warning",
        changed(
            prices=[BY_HAND | price("BTC", "15000000"), price("BTC", "1", "manual", entered_by="a")]
        ),
    ),
    Case(
        "price-outlier",
        "warning",
        changed(
            prices=[
                price("BTC", "15000000"),
                price("BTC", "15100000", "beta"),
                price("BTC", "1500000", "gamma"),
            ]
        ),
        edits=(("[prices]", '[prices]\noutlier = "1/10"'),),
    ),
    Case(
        "stale-price",
        "warning",
        changed(prices=[price("BTC", "1", at="2026-11-20T23:29:58+09:00")]),
    ),
    Case("zero-price", "warning", changed(prices=[price("BTC", "0")])),
    Case(
        "own-venue-price-differs",
        "warning",
        changed(prices=[*clean()["prices"], price("BTC", "13499999", "own", own_venue="true")]),
    ),
    Case(
        "single-domain-exposure",
        "warning",
        clean(),
        edits=(('signing_domain_limit = "1"', 'signing_domain_limit = "99/100"'),),
    ),
)
NOTES = (
    Case(
        "unidentified-deposits",
        "note",
        changed(
            balances=[*BALANCES, balance("S1", "BTC", 1, "unidentified", customer_id="")],
            holdings=[holding("btc", "BTC", 100 * BTC + 1)],
        ),
    ),
    Case("trust-not-shown", "warning", without("statements")),
    Case(
        "trust-top-up-under-way",
        "note",
        cash(statement("t", "999999"), statement("t", "1", stage="instructed")),
        provision=True,
        due=TRUST,
    ),
    Case(
        "reserve-shortfall",
        "note",
        clean(),
        {"assume": [DRAFT], "files": {"policies.toml": ""}},
        provision=True,
        due=TRUST,
    ),
    Case("proposed-law-assumed", "note", clean(), {"assume": [DRAFT]}),
    Case("filled-in", "note", clean(), {"more": FILLED}),
    Case("not-computable", "note", clean(), provision=True),
    Case("value-from-memory", "note", clean(), {"what_if_on": date(2021, 1, 4)}, provision=True),
    Case("what-if", "note", clean(), {"what_if_on": date(2021, 1, 4)}),
)


def kept(kind: str, item: str, **more: Any) -> dict[str, Any]:
    """A line of the segregation register with everything in order."""
    row = {"kind": kind, "item": item, "holder": "Test Trust Bank", "named_title": "trust"}
    row |= {"exclusive_use": "true", "no_lien_on": "2026-10-01", "no_lien_evidence": "letter 1"}
    return row | {"trust_deed": "deed 1", "audited_on": "2026-03-31"} | more


def register(**more: Any) -> dict[str, Any]:
    """The clean day with a register; `more` changes the line of its account."""
    return changed(segregation=[kept("wallet", "btc-cold"), kept("account", "trust-1", **more)])


def share(account: str, whole: int) -> dict[str, Any]:
    row = {"account_id": account, "holding_id": "btc-cold", "asset": "BTC"}
    return row | {"quantity": whole * BTC}


LENT = [*BALANCES, balance("A3", "BTC", BTC, product="lending")]
NO_DEAL = {"account_id": "A1", "asset": "BTC", "kind": "lending", "agreed_on": "2026-01-01"}
SEGREGATION = (
    Case("would-fall-into-general-pool", "breach", register(exclusive_use="false"), provision=True),
    Case("segregation-not-known", "warning", register(trust_deed="")),
    Case("segregation-not-shown", "note", clean()),
    Case(
        "signers-shared-with-house",
        "warning",
        wallets(btc(100, signing_domain="one"), btc(1, "house", signing_domain="one")),
    ),
    Case(
        "stale-no-lien-letter",
        "warning",
        register(no_lien_on="2025-01-01"),
        also=("segregation-not-known",),
    ),
    Case("stale-segregation-audit", "warning", register(audited_on="2025-03-31"), provision=True),
    Case(
        "unknown-account",
        "breach",
        cash(statement("trust-1", "1000000"), statement("found", "1", "unclassified")),
    ),
    Case(
        "coins-used-for-another",
        "breach",
        changed(allocations=[share("A1", 70), share("A2", 30)]),
        provision=True,
    ),
    Case("coins-not-allocated", "warning", changed(allocations=[share("A1", 60)])),
    Case(
        "lent-without-agreement",
        "breach",
        wallets(btc(101), balances=LENT, consents=[NO_DEAL | {"evidence": "contract 1"}]),
    ),
)

CASES = (*BREACHES, *WARNINGS, *NOTES, *SEGREGATION)


def provoked(folder: Path, case: Case) -> Closed:
    run = {k: v for k, v in case.settings.items() if k in ("assume", "what_if_on")}
    books = {k: v for k, v in case.settings.items() if k not in run}
    write(folder, case.tables, **books)
    for old, new in case.edits:
        edit(folder / "venue.toml", old, new)
    return close_books(folder, **run)


@pytest.mark.parametrize("case", CASES, ids=[c.name for c in CASES])
def test_the_smallest_books_provoke_the_finding_and_nothing_else(
    tmp_path: Path, case: Case
) -> None:
    """Name, severity, both languages, provision and clock; no other finding to act on."""
    closed = provoked(tmp_path, case)
    mine = [f for f in closed.document["findings"] if f["name"] == case.name]
    acts = [case.name, *case.also] if case.severity != "note" else list(case.also)
    assert sorted(set(findings(closed))) == sorted(acts)
    assert {f["severity"] for f in mine} == {case.severity}
    for found in mine:
        assert found["message"]["ja"]
        assert found["message"]["en"]
        assert found["message"]["ja"] != found["message"]["en"]
        assert (found["provision"] is not None) == case.provision
        assert found["due"] == (case.due.isoformat() if case.due else None)


def test_every_finding_that_the_source_can_make_has_a_case() -> None:
    """Names are read off the calls in src: a new finding without a case fails here."""
    made = set()
    for file in Path(sonae.__file__).parent.rglob("*.py"):
        made |= names_made(ast.parse(file.read_text("utf-8")))
    made |= {s.name for found in SHORTAGES.values() for s in found}
    assert made == {c.name for c in CASES} | LEDGER | PACK | GUARD | CHAINS | ABROAD
    words = resources.files("sonae.report").joinpath("words.toml")
    assert made == set(tomllib.loads(words.read_text("utf-8"))["finding"])


LEDGER = {"reserve-ledger-break", "moved-after-freeze"}
"""Findings beyond the Books: of a reserve ledger (tests/fund), of movements (tests/estate)."""
CHAINS = {
    "block-reorganised", "chain-stale", "custodian-statement-only", "fork-notice-due",
    "forked-asset-pending", "proof-reorganised", "source-incomplete", "validator-slashed",
}  # fmt: skip
"""Findings of a reading of chains and of proofs of control; tests/chains has their cases."""
ABROAD = {
    "accident-cover-shortage", "client-funds-not-placed", "cold-share-shortage",
    "compensation-shortage", "deposits-shortage", "liquid-assets-shortage",
    "liquid-capital-shortage", "not-held-in-kind", "paid-up-capital-shortage",
    "position-statement-late", "prudential-shortage", "significant-provider",
}  # fmt: skip
"""Findings of regimes outside Japan; tests/abroad has their cases."""
PACK = {
    "close-differs", "looks-like-my-number", "next-check-passed", "not-the-file-made", "old-copy",
    "old-shares-to-destroy", "part-not-in-pack", "seal-does-not-hold", "share-check-due",
    "share-check-overdue", "signer-not-compared", "stale-pack", "too-few-shares-shown",
    "totals-differ",
}  # fmt: skip
"""Findings of a resolution pack and its keys; tests/pack has their cases."""
GUARD = {
    "break-open", "break-unowned", "break-record-bad", "hot-share-intraday", "plug-entries",
}  # fmt: skip
"""Findings that need a guard's record beside the Books; tests/guard has their cases."""


def names_made(tree: ast.AST) -> set[str]:
    """First arguments of `Finding(...)`; where one is not a constant, the function's names."""
    found = set()
    for function in [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]:
        for call in [n for n in ast.walk(function) if isinstance(n, ast.Call)]:
            if not isinstance(call.func, ast.Name) or call.func.id != "Finding":
                continue
            first = call.args[0]
            places = [first] if isinstance(first, ast.Constant) else ast.walk(function)
            words = [n.value for n in places if isinstance(n, ast.Constant)]
            found |= {w for w in words if re.fullmatch("[a-z]+(-[a-z]+)+", str(w))}
    return found


def test_a_clean_day_has_no_finding_to_act_on(tmp_path: Path) -> None:
    """Only notes about what the Books do not give; the result counts as clean."""
    closed = close(tmp_path, clean())
    assert closed.clean
    assert findings(closed) == []
    assert set(findings(closed, notes=True)) == {"not-computable", "segregation-not-shown"}


def test_breaches_come_first_and_then_warnings_and_notes(tmp_path: Path) -> None:
    """The order of severity, and by name within one."""
    tables = wallets(btc(90), btc(9, tier="hot", as_of="2026-11-22T00:00:00+09:00"))
    closed = close(tmp_path, tables)
    keys = [(f["severity"], f["name"]) for f in closed.document["findings"]]
    order = ("breach", "warning", "note")
    assert keys == sorted(keys, key=lambda k: (order.index(k[0]), k[1]))
    assert {k[0] for k in keys} == set(order)


def test_a_finding_without_a_known_clock_says_why(tmp_path: Path) -> None:
    """Under the law of 2021 the days to cure a shortage are not known: words, not a date."""
    closed = close(tmp_path, wallets(btc(99)), what_if_on=date(2021, 1, 4))
    due = finding(closed, "ledger-over-assets")["due"]
    assert "2026-06-16" in due["ja"]
    assert "2026-06-16" in due["en"]
