"""Settings of venue, keys, suppliers and policies that cannot be used, by their path."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kit import (
    changed,
    clean,
    edit,
    price,
    refused,
    write,
)

SOURCE = """
[[sources]]
table = "prices"
what = { ja = "価格", en = "price" }
source = "x"
confidence = "memory"
"""
SETTINGS = {
    "no currency": ('currency = "JPY"', "", "missing-setting", "venue.currency"),
    "no house limit": (
        "price_max_age_minutes = 30",
        "",
        "missing-setting",
        "house.price_max_age_minutes",
    ),
    "misspelt": (
        "control_proof_days",
        "control_prof_days",
        "unknown-setting",
        "house.control_prof_days",
    ),
    "another table": ("[prices]", "[price]", "unknown-setting", "price"),
    "text for a number": (
        "control_proof_days = 90",
        'control_proof_days = "90"',
        "bad-setting",
        "house.control_proof_days",
    ),
    "truth for a number": (
        "control_proof_days = 90",
        "control_proof_days = true",
        "bad-setting",
        "house.control_proof_days",
    ),
    "no ratio": ('"1/10"', '"a tenth"', "bad-setting", "house.own_price_tolerance"),
    "no offset": ("09:00:00+09:00", "09:00:00", "bad-setting", "venue.known_at"),
    "no zone": ("Asia/Tokyo", "Asia/Kyoto", "bad-setting", "venue.time_zone"),
    "no month": ('"04-01"', '"13-01"', "bad-setting", "venue.fiscal_year_start"),
    "mid-month": ('"04-01"', '"04-15"', "bad-setting", "venue.fiscal_year_start"),
    "filled without why": (
        "[prices]",
        f"{SOURCE}filled = true\n[prices]",
        "missing-setting",
        "sources[0].why",
    ),
    "one language": (
        "[prices]",
        SOURCE.replace('en = "price"', 'en = ""') + "[prices]",
        "bad-setting",
        "sources[0].what",
    ),
    "no such mark": (
        "[prices]",
        SOURCE.replace("memory", "hunch") + "[prices]",
        "bad-setting",
        "sources[0].confidence",
    ),
    "a list of texts": ("[venue]", 'sources = ["x"]\n[venue]', "bad-setting", "sources[0]"),
}


@pytest.mark.parametrize("fault", SETTINGS)
def test_a_wrong_setting_of_the_venue_is_named(tmp_path: Path, fault: str) -> None:
    """Missing, unknown and unusable settings by their path in venue.toml."""
    old, new, name, key = SETTINGS[fault]
    write(tmp_path, clean())
    edit(tmp_path / "venue.toml", old, new)
    assert (name, "venue", "venue.toml", key) in [
        (p.name, p.table, p.file, p.key) for p in refused(tmp_path)
    ]


def test_a_reporting_currency_that_is_no_asset_is_refused(tmp_path: Path) -> None:
    """Money is counted in USD, which assets do not list."""
    write(tmp_path, clean())
    edit(tmp_path / "venue.toml", 'currency = "JPY"', 'currency = "USD"')
    assert [(p.table, p.key) for p in refused(tmp_path)] == [("venue", "venue.currency")]


def test_a_regime_that_is_not_modelled_is_refused_with_the_rest(tmp_path: Path) -> None:
    """A wrong regime is a problem of venue.toml like any other setting."""
    write(tmp_path, changed(prices=[price("BTC", "x")]))
    edit(tmp_path / "venue.toml", '["jp"]', '["jp", "moon"]')
    assert [(p.name, p.table, p.column or p.key) for p in refused(tmp_path)] == [
        ("bad-setting", "venue", "venue.regimes"),
        ("corrupt-row", "prices", "price"),
    ]


NESTED = {
    "not TOML": ("keys.toml", "wallet = [", "unreadable-file", ""),
    "no holding": (
        "keys.toml",
        '[[wallet]]\nsigning_domain = "a"\n',
        "missing-setting",
        "wallet[0].holding_id",
    ),
    "unknown in keys": ("keys.toml", '[[walet]]\nholding_id = "a"\n', "unknown-setting", "walet"),
    "no wallets": (
        "suppliers.toml",
        '[[supplier]]\nname = "a"\n',
        "missing-setting",
        "supplier[0].wallets",
    ),
    "a list of names": ("keys.toml", 'wallet = ["a"]\n', "bad-setting", "wallet[0]"),
}


@pytest.mark.parametrize("fault", NESTED)
def test_a_wrong_setting_of_keys_and_suppliers_is_named(tmp_path: Path, fault: str) -> None:
    """The nested files are read like venue.toml."""
    file, text, name, key = NESTED[fault]
    write(tmp_path, clean(), files={file: text})
    assert [(p.name, p.file, p.key) for p in refused(tmp_path)] == [(name, file, key)]


POLICY = """
[[policy]]
policy_id = "P1"
insurer = "Test Insurance"
insurer_licence = "JP"
form = "crime"
insurance_kind = "first_party"
period_start = 2026-04-01
period_end = 2027-03-31
currency = "JPY"
limit_per_event = "1"
annual_aggregate = "1"
retention = "0"
co_insurance = "0"
claims_paid = "0"
beneficiary = "customers"
pledge = "none"
terminates_on = []
"""
TERMS = {
    "missing": ('insurer = "Test Insurance"\n', "", "policy[0].insurer"),
    "unknown": ('pledge = "none"', 'pledge = "none"\ndeductible = 1', "policy[0].deductible"),
    "no such form": ('"crime"', '"kidnap"', "policy[0].form"),
    "not a number": (
        'limit_per_event = "1"',
        'limit_per_event = "1bn"',
        "policy[0].limit_per_event",
    ),
    "below zero": ('retention = "0"', 'retention = "-1"', "policy[0].retention"),
    "a share above one": ('co_insurance = "0"', 'co_insurance = "5/4"', "policy[0].co_insurance"),
    "no date": ("2027-03-31", '"2027-03-31"', "policy[0].period_end"),
    "no such ending": ("terminates_on = []", 'terminates_on = ["war"]', "policy[0].terminates_on"),
    "unknown heading": ("[[policy]]", "[top]\nx = 1\n[[policy]]", "top"),
}


@pytest.mark.parametrize("fault", TERMS)
def test_a_wrong_term_of_a_policy_is_named(tmp_path: Path, fault: str) -> None:
    """Terms of insurance are required, closed and exact."""
    old, new, key = TERMS[fault]
    write(tmp_path, clean(), files={"policies.toml": POLICY})
    edit(tmp_path / "policies.toml", old, new)
    assert [(p.name, p.file, p.key) for p in refused(tmp_path)] == [
        ("bad-policy", "policies.toml", key)
    ]


@pytest.mark.parametrize("text", [POLICY * 2, POLICY.replace("[[policy]]", "[policy]")])
def test_policies_of_one_name_or_in_another_form_are_refused(tmp_path: Path, text: str) -> None:
    """A policy given twice would count twice; a table instead of a list is a misreading."""
    write(tmp_path, clean(), files={"policies.toml": text})
    assert {p.table for p in refused(tmp_path)} == {"policies"}


def test_wrong_terms_of_a_policy_are_named_with_the_rest(tmp_path: Path) -> None:
    """One run names the policy and the price."""
    policies = POLICY.replace('"crime"', '"kidnap"')
    write(tmp_path, changed(prices=[price("BTC", "x")]), files={"policies.toml": policies})
    assert {p.table for p in refused(tmp_path)} == {"policies", "prices"}
