"""The segregation dossier: what would fall into the general pool, and whose coins were used."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonae.cli.main import run
from tests.kit import (
    balance,
    changed,
    clean,
    close,
    figure,
    finding,
    findings,
    holding,
    line,
    refused,
    statement,
    write,
)

BTC = 10**8


def kept(kind: str, item: str, **more: Any) -> dict[str, Any]:
    """A line of the register with everything in order."""
    row = {"kind": kind, "item": item, "holder": "Test Exchange K.K."}
    row |= {"named_title": "firm_for_customers", "exclusive_use": "true"}
    row |= {"no_lien_on": "2026-10-01", "no_lien_evidence": "letter 1", "trust_deed": ""}
    return row | {"audited_on": "2026-03-31", "auditor": "Test Audit"} | more


def trust(**more: Any) -> dict[str, Any]:
    """The line of the clean day's money trust."""
    row = kept("account", "trust-1", holder="Test Trust Bank", named_title="trust")
    return row | {"trust_deed": "deed 1"} | more


ALONE = kept("wallet", "btc-cold")


def dossier(closed: Any, item: str) -> dict[str, Any]:
    [found] = [i for i in closed.document["segregation"]["items"] if i["item"] == item]
    return found


def total(closed: Any, state: str) -> Any:
    return figure(closed, closed.document["segregation"]["totals"][state])["value"]


def test_a_register_in_order_leaves_nothing_to_fall(tmp_path: Path) -> None:
    """100 BTC at 15 million yen and a million yen in trust: all of it apart."""
    closed = close(tmp_path, changed(segregation=[ALONE, trust()]))
    assert findings(closed) == []
    assert total(closed, "apart") == str(100 * 15_000_000 + 1_000_000)
    assert total(closed, "would_fall") == total(closed, "not_known") == "0"
    nothing = figure(closed, closed.document["segregation"]["totals"]["would_fall"])
    assert nothing["confidence"] == "derived"


def test_without_a_register_nothing_is_called_in_order(tmp_path: Path) -> None:
    """Old Books stay clean, and every line says that it is not known."""
    closed = close(tmp_path, clean())
    assert findings(closed) == []
    assert finding(closed, "segregation-not-shown")["severity"] == "note"
    assert {i["state"] for i in closed.document["segregation"]["items"]} == {"not_known"}
    assert total(closed, "apart") == "0"
    assert total(closed, "not_known") == str(100 * 15_000_000 + 1_000_000)


@pytest.mark.parametrize(
    ("column", "where"),
    [
        ("named_title", "wallet"),
        ("exclusive_use", "wallet"),
        ("trust_deed", "account"),
        ("no_lien_on", "account"),
        ("no_lien_evidence", "account"),
    ],
)
def test_a_cell_that_is_empty_is_not_known(tmp_path: Path, column: str, where: str) -> None:
    """One gap, and the line no longer counts as apart."""
    rows = [ALONE, trust()]
    rows[where == "account"] = rows[where == "account"] | {column: ""}
    closed = close(tmp_path, changed(segregation=rows))
    assert findings(closed) == ["segregation-not-known"]
    item = dossier(closed, rows[where == "account"]["item"])
    assert item["state"] == "not_known"
    assert item["missing"] == ["no_lien_on" if column == "no_lien_evidence" else column]


@pytest.mark.parametrize(
    "change", [{"exclusive_use": "false"}, {"named_title": "firm"}], ids=["mixed", "own title"]
)
def test_what_would_fall_into_the_general_pool_is_named_with_its_amount(
    tmp_path: Path, change: dict[str, str]
) -> None:
    """40 of 100 BTC stand under the firm's own title, or beside its own coins."""
    rows = [holding("btc-cold", "BTC", 60 * BTC), holding("btc-b", "BTC", 40 * BTC)]
    register = [ALONE, kept("wallet", "btc-b", **change), trust()]
    closed = close(tmp_path, changed(holdings=rows, segregation=register))
    found = finding(closed, "would-fall-into-general-pool")
    assert findings(closed) == ["would-fall-into-general-pool"]
    assert found["severity"] == "breach"
    assert "BTC 40 (worth 600,000,000)" in found["message"]["en"]
    assert "btc-b" in found["message"]["en"]
    assert found["provision"]["provision"]
    assert total(closed, "would_fall") == str(40 * 15_000_000)


def test_own_coins_in_a_customers_wallet_are_seen_without_any_register(tmp_path: Path) -> None:
    """The holdings alone show a wallet with both; a register saying otherwise is not believed."""
    rows = [holding("btc-cold", "BTC", 100 * BTC), holding("btc-cold", "BTC", BTC, "house")]
    for register in ({}, {"segregation": [ALONE, trust()]}):
        closed = close(tmp_path / str(len(register)), changed(holdings=rows) | register)
        assert "would-fall-into-general-pool" in findings(closed)
        assert dossier(closed, "btc-cold")["exclusive_use"] == "no"


def test_a_custodian_has_to_say_that_it_claims_no_lien(tmp_path: Path) -> None:
    """No letter, an old one, one of tomorrow: not known to be apart."""
    rows = [holding("btc-cold", "BTC", 100 * BTC, custodian="Test Custody")]
    for n, (day, names) in enumerate(
        [
            ("", ["segregation-not-known"]),
            ("2025-11-18", ["segregation-not-known", "stale-no-lien-letter"]),
            ("2025-11-19", []),
            ("2026-11-21", ["segregation-not-known", "stale-no-lien-letter"]),
        ]
    ):
        register = [ALONE | {"no_lien_on": day}, trust()]
        closed = close(tmp_path / str(n), changed(holdings=rows, segregation=register))
        assert findings(closed) == names


def test_an_audit_older_than_a_year_is_named(tmp_path: Path) -> None:
    """The year is the law's (Order Art. 28(1)), by the rulebook: to the day."""
    for n, (day, names) in enumerate(
        [("2025-11-20", []), ("2025-11-19", ["stale-segregation-audit"])]
    ):
        closed = close(
            tmp_path / str(n), changed(segregation=[ALONE | {"audited_on": day}, trust()])
        )
        assert findings(closed) == names


KEYS = """
[[wallet]]
holding_id = "btc-cold"
signing_domain = "btc-cold"
quorum = "2 of 3"
signers = ["aoi", "ben", "chi"]
[[wallet]]
holding_id = "own"
signing_domain = "own"
quorum = "1 of 2"
signers = {house}
"""


@pytest.mark.parametrize(
    ("house", "names", "state"),
    [
        ('["dai", "eri"]', [], "apart"),
        ('["dai", "ben"]', ["signers-shared-with-house"], "shared"),
        ("[]", [], "not_known"),
    ],
)
def test_signers_of_customers_wallets_sign_for_nothing_of_the_firm(
    tmp_path: Path, house: str, names: list[str], state: str
) -> None:
    """Who signs for both is named; where the register is silent it is not known."""
    rows = [*clean()["holdings"], holding("own", "BTC", BTC, "house")]
    tables = changed(holdings=rows, segregation=[ALONE, trust()])
    closed = close(tmp_path, tables, files={"keys.toml": KEYS.format(house=house)})
    assert findings(closed) == names
    assert dossier(closed, "btc-cold")["signers"] == state
    if names:
        assert "ben" in finding(closed, names[0])["message"]["en"]


def test_one_signing_domain_for_both_needs_no_register_of_keys(tmp_path: Path) -> None:
    """The holdings alone say it."""
    rows = [*clean()["holdings"], holding("own", "BTC", BTC, "house", signing_domain="btc-cold")]
    closed = close(tmp_path, changed(holdings=rows))
    assert findings(closed) == ["signers-shared-with-house"]


def test_a_wallet_in_an_affiliates_name_does_not_count(tmp_path: Path) -> None:
    """E25: books are per legal entity; what a group company holds cures nothing here."""
    rows = [holding("btc-cold", "BTC", 40 * BTC), holding("btc-b", "BTC", 60 * BTC)]
    register = [ALONE | {"holder": "Test Holdings Inc."}, kept("wallet", "btc-b"), trust()]
    closed = close(tmp_path, changed(holdings=rows, segregation=register))
    assert findings(closed) == ["ledger-over-assets", "held-in-another-name"]
    assert line(closed, "BTC")["held"]["total"] == "60"
    assert dossier(closed, "btc-cold")["state"] == "elsewhere"
    assert "Test Holdings Inc." in finding(closed, "held-in-another-name")["message"]["en"]


@pytest.mark.parametrize("kind", ["house", "unclassified"])
def test_an_account_that_the_register_does_not_know_must_be_classified(
    tmp_path: Path, kind: str
) -> None:
    """E26: a sweep of statements brings an account that nobody listed."""
    rows = [*clean()["statements"], statement("found-9", "372000000", kind)]
    closed = close(tmp_path, changed(statements=rows, segregation=[ALONE, trust()]))
    assert findings(closed) == ["unknown-account"]
    found = finding(closed, "unknown-account")
    assert (found["severity"], found["subject"]) == ("breach", "found-9")
    assert "372,000,000" in found["message"]["en"]


def test_an_unclassified_account_counts_for_nothing_without_a_register_too(tmp_path: Path) -> None:
    """E26: its money is not in any trust until somebody says so."""
    rows = [statement("trust-1", "900000"), statement("found-9", "100000", "unclassified")]
    closed = close(tmp_path, changed(statements=rows))
    assert findings(closed) == ["cash-trust-shortage", "unknown-account"]


# -- one customer's coins for another -------------------------------------------------------------


def share(account: str, units: int, wallet: str = "btc-cold") -> dict[str, Any]:
    return {"account_id": account, "holding_id": wallet, "asset": "BTC", "quantity": units}


def test_coins_of_one_customer_used_for_another_are_found_although_totals_agree(
    tmp_path: Path,
) -> None:
    """E24: owed 100, held 100, allocated 100; yet 15 of A2's coins settled what A1 was owed."""
    rows = [share("A1", 75 * BTC), share("A2", 25 * BTC)]
    closed = close(tmp_path, changed(allocations=rows))
    assert line(closed, "BTC")["break"] == "0"
    assert findings(closed) == ["coins-used-for-another"]
    found = finding(closed, "coins-used-for-another")
    assert found["severity"] == "breach"
    assert (
        "BTC 15 of some customers (1 accounts) stand for others (1 accounts)"
        in (found["message"]["en"])
    )


def test_coins_lent_by_agreement_may_be_used_and_others_may_not(tmp_path: Path) -> None:
    """E24: consent is an agreement in force on the day, for that account and that coin."""
    lent = [
        balance("A1", "BTC", 60 * BTC),
        balance("A2", "BTC", 25 * BTC),
        balance("A2", "BTC", 15 * BTC, product="lending"),
        balance("A1", "JPY", 1_000_000),
    ]
    used = {"balances": lent, "allocations": [share("A1", 75 * BTC), share("A2", 25 * BTC)]}
    deal = {"account_id": "A2", "asset": "BTC", "kind": "lending", "evidence": "contract 7"}
    for n, (agreed, until, names) in enumerate(
        [
            ("2026-11-20", "", []),
            ("2026-01-01", "2026-11-20", []),
            ("2026-11-21", "", ["lent-without-agreement"]),
            ("2026-01-01", "2026-11-19", ["lent-without-agreement"]),
        ]
    ):
        tables = changed(**used, consents=[deal | {"agreed_on": agreed, "until": until}])
        assert findings(close(tmp_path / str(n), tables)) == names


def test_coins_allocated_to_no_wallet_are_another_thing(tmp_path: Path) -> None:
    """Nobody has too much: a list with a gap, and no use of others' coins."""
    rows = [share("A1", 60 * BTC), share("A2", 30 * BTC)]
    closed = close(tmp_path, changed(allocations=rows))
    assert findings(closed) == ["coins-not-allocated"]
    assert "BTC 10 of 1 accounts" in finding(closed, "coins-not-allocated")["message"]["en"]


@settings(max_examples=12, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 50), st.integers(0, 50)), min_size=1, max_size=6),
    st.integers(1, 3),
)
def test_what_is_used_is_the_lesser_of_what_some_lack_and_others_have_too_much(
    tmp_path_factory: Any, pairs: list[tuple[int, int]], parts: int
) -> None:
    """Restated account by account, whatever wallets the coins of an account are split over."""
    balances = [balance(f"A{n}", "BTC", owed) for n, (owed, _) in enumerate(pairs)]
    wallets = [holding(f"w{n}", "BTC", 10_000) for n in range(parts)]
    rows = [
        share(f"A{n}", there // parts + (there % parts if w == 0 else 0), f"w{w}")
        for n, (_, there) in enumerate(pairs)
        for w in range(parts)
    ]
    tables = changed(balances=balances, holdings=wallets, allocations=rows)
    closed = close(tmp_path_factory.mktemp("use"), tables)
    short = sum(max(0, owed - there) for owed, there in pairs)
    over = sum(max(0, there - owed) for owed, there in pairs)
    found = {f["name"]: f["message"]["en"] for f in closed.document["findings"]}
    assert ("coins-used-for-another" in found) == (min(short, over) > 0)
    assert ("coins-not-allocated" in found) == (short > over)
    if min(short, over):
        coins = Fraction(min(short, over), BTC)
        said = Fraction(found["coins-used-for-another"].split()[1])
        assert said == coins


def test_a_faulty_list_of_allocations_refuses_the_close(tmp_path: Path) -> None:
    """A wallet that nobody holds, a key twice, less than nothing: each with file and row."""
    rows = [share("A1", 1, "nowhere"), share("A2", 2), share("A2", 3), share("A3", -1)]
    found = refused(write(tmp_path, changed(allocations=rows)))
    assert {(p.name, p.row) for p in found} == {
        ("unknown-wallet", 1),
        ("repeated-key", 2),
        ("repeated-key", 3),
        ("below-zero", 4),
    }


def test_the_dossier_is_on_the_page_in_both_languages(tmp_path: Path) -> None:
    """The section, the amount and the reason."""
    register = [ALONE | {"exclusive_use": "false"}, trust()]
    books = write(tmp_path / "books", changed(segregation=register))
    assert run(["close", str(books), "--out", str(tmp_path / "out")]) == 1
    for lang, words in (
        ("ja", ("分別管理の明細", "一般財産へ入るおそれ", "利用者専用でない")),
        ("en", ("Segregation dossier", "would fall", "not used for customers alone")),
    ):
        page = (tmp_path / "out" / f"report.{lang}.html").read_text("utf-8")
        assert all(word in page for word in (*words, "1,500,000,000"))
