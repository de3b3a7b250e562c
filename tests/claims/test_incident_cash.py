"""Losses of cash: accounts and banks, the clock of the money trust, natures of payment, refill."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from sonae.claims.incident import CAUSES
from tests.claims.test_incident import method, tables
from tests.command import sonae
from tests.kit import CUT_OFF, write

CASH = """
[incident]
id = "CASH-1"
entity = "Test Exchange K.K."
kind = "cash"
cause = "{cause}"
occurred_at = 2026-11-20T10:00:00+09:00
learned_at = 2026-11-20T11:00:00+09:00
record_at = 2026-11-20T23:59:59+09:00
currency = "JPY"
loss_borne_by = "asset_pool"
segregated = ["trust-1"]
source = "test"
confidence = "derived"
[[loss]]
asset = "JPY"
scale = 0
amount = "3000000"
account = "trust-1"
bank = "Test Trust Bank"
out_of = "{out_of}"
"""
STEPS = """
[[funds]]
kind = "own_funds"
amount = "2500000"
hours = 24
[[step]]
kind = "transfer"
asset = "JPY"
amount = "{amount}"
on = 2026-11-25
transaction = "bank-77"
account = "{account}"
evidence = "certificate of the trust bank"
[[step]]
kind = "reconciled"
asset = "JPY"
amount = "3000000"
on = 2026-11-26
evidence = "required and principal of 26 November"
"""


def opened(
    folder: Path, *more: str, cause: str = "misdirected_transfer", out_of: str = "trust"
) -> Any:
    file = folder / "cash.toml"
    file.write_text(CASH.format(cause=cause, out_of=out_of) + "".join(more), encoding="utf-8")
    said = sonae("incident", "open", file, "--json")
    assert said.code == 0, said.out + said.err
    for lang in ("ja", "en"):
        assert sonae("incident", "open", file, "--lang", lang).code == 0
    return said.json()


@pytest.mark.parametrize("cause", [c for c in CAUSES if c != "key_loss"])
def test_every_cause_of_cash_that_left_the_trust_has_two_business_days(
    tmp_path: Path, cause: str
) -> None:
    found = opened(tmp_path, cause=cause)
    due = {c["to"]: c["due"] for c in found["clocks"]}
    assert due["cure"] == "2026-11-25"  # the 23rd is a holiday: 24, 25
    assert found["refill"]["due"] == "2026-11-25"
    assert found["loss"]["account"] == {"trust-1": {"JPY": "3000000"}}
    assert found["loss"]["bank"] == {"Test Trust Bank": {"JPY": "3000000"}}
    assert found["value"] == "3000000"
    assert ("police" in due) == (cause not in ("erroneous_order", "system_failure"))
    assert ("receiving_bank" in due) == (cause == "misdirected_transfer")
    yes = [n for n, gate in found["natures"].items() if gate["arises"]]
    assert yes == ["return_in_kind", "damages_for_non_return"]


@pytest.mark.parametrize(
    ("cause", "class_", "usable"),
    [
        ("erroneous_order", "118-1-ハ", True),
        ("system_failure", "118-1-ニ", True),
        ("insider", "118-1-ホ", True),
        ("external_theft", None, False),
        ("undetermined", None, None),
        ("misdirected_transfer", None, None),
        ("phantom_credit", None, None),
        ("supplier", None, None),
    ],
)
def test_the_class_of_incident_goes_by_the_cause_or_people_decide(
    tmp_path: Path, cause: str, class_: str | None, usable: bool | None
) -> None:
    ground = opened(tmp_path, cause=cause)["ground"]
    assert (ground["incident_class"], ground["usable"]) == (class_, usable)
    assert ground["confidence"] == "memory"


def test_a_loss_in_balances_is_a_transaction_loss_and_leaves_no_pool_short(tmp_path: Path) -> None:
    found = opened(tmp_path, cause="erroneous_order", out_of="balances")
    natures = found["natures"]
    assert [n for n, g in natures.items() if g["arises"]] == ["transaction_loss"]
    assert natures["transaction_loss"]["needed"] == "jvcea_confirmation"
    assert "cure" not in {c["to"] for c in found["clocks"]}
    assert (found["refill"]["assets"], found["refill"]["due"]) == ([], None)


def test_what_is_paid_above_a_loss_is_goodwill_with_a_gate_of_its_own(tmp_path: Path) -> None:
    above = """
[[method]]
id = "more"
title = { ja = "上乗せ", en = "more" }
method = "loss_and_goodwill"
rate = "1"
paid_of_loss = "1.1"
discharge = "agreed_substitute"
source = "test"
confidence = "derived"
"""
    gate = opened(tmp_path, above, cause="phantom_credit", out_of="balances")["natures"]["goodwill"]
    assert (gate["arises"], gate["may_pay"], gate["needed"]) == (True, False, "jvcea_confirmation")


def test_money_refills_the_trust_by_a_bank_reference_into_it_and_a_reconciliation(
    tmp_path: Path,
) -> None:
    found = opened(tmp_path, STEPS.format(amount="3000000", account="trust-1"))
    [yen] = found["refill"]["assets"]
    assert (yen["proven"], yen["whole_on"], yen["late_days"]) == ("3000000", "2026-11-25", 0)
    assert (yen["lacking"], yen["closed"]) == ([], True)
    assert yen["transactions"] == [
        {"transaction": "bank-77", "to": "trust-1", "amount": "3000000"}
    ]  # fmt: skip
    [yen] = opened(tmp_path, STEPS.format(amount="3000000", account="own"))["refill"]["assets"]
    assert (yen["proven"], yen["lacking"]) == ("0", ["proof"])
    refill = opened(tmp_path, STEPS.format(amount="1000000", account="trust-1"))["refill"]
    assert refill["assets"][0]["lacking"] == ["coins", "proof", "reconciliation"]
    [need] = refill["funding"]
    assert (need["to_acquire"], need["cost"], need["gap"]) == ("2000000", "2000000", "0")
    [need] = opened(tmp_path, STEPS.format(amount="0", account="x"))["refill"]["funding"]
    assert (need["cost"], need["gap"]) == ("3000000", "500000")


def test_cash_that_left_the_trust_is_valued_account_by_account(tmp_path: Path) -> None:
    """Only A1 has yen, of which all 1,000,000 left; a return of money is no income."""
    books = write(tmp_path / "books", tables())
    text = CASH.format(cause="system_failure", out_of="trust").replace("3000000", "1000000")
    text = re.sub(r"record_at = .*", f"record_at = {CUT_OFF}", text)
    text += method("back", 'method = "fixed_rate"\nrate = "1"', "agreed_substitute")
    file = tmp_path / "cash.toml"
    file.write_text(text, encoding="utf-8")
    said = sonae("claims", "value", books, file, "--json")
    assert said.code == 0, said.err
    [back] = said.json()["methods"]
    assert (back["amount"], back["tax"]["kind"]) == ("1000000", "none")


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('asset = "JPY"', 'asset = "BITCOIN"', "loss[0].asset"),
        ("scale = 0", "scale = 8", "loss[0].asset"),
        ('out_of = "trust"', "", "loss[0].out_of"),
        ('out_of = "trust"', 'out_of = "wallet"', "loss[0].out_of"),
        ('bank = "Test Trust Bank"', 'signing_domain = "x"', "loss[0].bank"),
        ('out_of = "trust"', 'out_of = "trust"\nprice = "2"', "loss[0].price"),
        ('"misdirected_transfer"', '"key_loss"', "incident.cause"),
        ('kind = "transfer"', 'kind = "purchase"', "step[0].kind"),
        ('source = "test"', 'source = "test"\ncustomers = 0', "incident.customers"),
        ('source = "test"', 'source = "test"\nreason = "why"', "incident.replaces"),
    ],
)
def test_what_no_loss_of_cash_can_be_is_refused_with_its_place(
    tmp_path: Path, old: str, new: str, key: str
) -> None:
    text = CASH.format(cause="misdirected_transfer", out_of="trust")
    text += STEPS.format(amount="1", account="trust-1")
    assert old in text
    file = tmp_path / "cash.toml"
    file.write_text(text.replace(old, new), encoding="utf-8")
    said = sonae("incident", "open", file, "--json")
    assert said.code == 3
    assert key in {p["key"] for p in said.json()["problems"]}
