"""Situations of real failures and rules (cases E04 to E48), each as the smallest Books."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from sonae.actions.close import Closed, close_books
from tests.kit import (
    asset,
    balance,
    changed,
    clean,
    close,
    edit,
    figure,
    finding,
    findings,
    holding,
    line,
    price,
    statement,
    without,
    write,
)

BTC, ETH = 10**8, 10**18
YEN = asset("JPY", "fiat", 0)


def value(closed: Closed, id: str) -> Any:
    return figure(closed, id)["value"]


def uses(closed: Closed) -> dict[str, str]:
    """What the price hierarchy made of each source's print."""
    return {p["source"]: p["use"] for p in closed.document["prices"]["regulatory"]["prints"]}


def severities(closed: Closed, name: str) -> list[str]:
    return [f["severity"] for f in closed.document["findings"] if f["name"] == name]


# -- ledger integrity ----------------------------------------------------------------------------


def test_e04_what_bob_owes_never_lowers_what_alice_is_owed(tmp_path: Path) -> None:
    """Alice is owed 100 and Bob stands at -30: owed 100, receivable 30, never 70."""
    rows = [balance("Alice", "BTC", 100 * BTC), balance("Bob", "BTC", -30 * BTC)]
    tables = without("statements") | {"balances": rows}
    closed = close(tmp_path / "held-100", tables)
    assert line(closed, "BTC")["owed"] == "100"
    assert line(closed, "BTC")["receivable"] == "30"
    assert line(closed, "BTC")["break"] == "0"
    assert value(closed, "receivable#total") == str(30 * 15_000_000)
    assert value(closed, "receivable#counted") == "0"
    assert findings(closed) == ["negative-balance"]

    tables["holdings"] = [holding("btc-cold", "BTC", 70 * BTC)]
    closed = close(tmp_path / "held-70", tables)
    assert line(closed, "BTC")["break"] == "-30"
    assert "ledger-over-assets" in findings(closed)


MARGIN_USER = {
    "assets": [asset("BTC"), asset("USDT", "stablecoin", 6), asset("LOW"), YEN],
    "holdings": [holding("btc", "BTC", 10 * BTC), holding("low", "LOW", 1_000_000 * BTC)],
    "prices": [price("BTC", "15000000"), price("USDT", "150"), price("LOW", "100")],
}


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("haircut", "counted"),
    [
        ("", "0"),
        ('LOW = "9/10"', "10000000"),
        ('LOW = "1"', "0"),
        ('LOW = "1/10"', "90000000"),
        ('LOW = "1/1000"', "90000000"),
        ('LOW = "9/10", BTC = "9/10"', "25000000"),
    ],
)
def test_e06_debt_counts_only_up_to_its_collateral_after_a_haircut(
    tmp_path: Path, sign: int, haircut: str, counted: str
) -> None:
    """10 BTC of equity, 600,000 USDT of debt, an illiquid token: the BTC stay owed in full."""
    balances = [
        balance("A1", "BTC", 10 * BTC, product="margin"),
        balance("A1", "LOW", 1_000_000 * BTC, product="margin"),
        balance("A1", "USDT", sign * 600_000 * 10**6, "margin_debt", product="margin"),
    ]
    house = f"collateral_haircut = {{ {haircut} }}"
    tables = MARGIN_USER | {"balances": balances}
    closed = close(tmp_path, tables, house=house)
    assert line(closed, "BTC")["owed"] == "10"
    assert line(closed, "LOW")["owed"] == "1000000"
    assert line(closed, "USDT")["owed"] == "0"
    assert line(closed, "USDT")["margin_debt"] == "600000"
    assert value(closed, "receivable#total") == "90000000"
    assert value(closed, "receivable#counted") == counted
    assert findings(closed) == []


def test_e06_the_collateral_of_one_user_stands_behind_no_other(tmp_path: Path) -> None:
    """A user without collateral owes; the riches of another do not count for that debt."""
    balances = [
        balance("A1", "BTC", 10 * BTC),
        balance("A2", "USDT", 600_000 * 10**6, "margin_debt", product="margin"),
    ]
    tables = MARGIN_USER | {"balances": balances}
    closed = close(tmp_path, tables, house='collateral_haircut = { BTC = "0" }')
    assert value(closed, "receivable#total") == "90000000"
    assert value(closed, "receivable#counted") == "0"


def test_e09_a_withdrawal_on_its_way_is_still_owed_and_still_held(tmp_path: Path) -> None:
    """Broadcast with 0 confirmations at the cut-off; when it is dropped it is the user's again."""
    leaving = [
        balance("A1", "BTC", 90 * BTC),
        balance("A1", "BTC", 10 * BTC, "withdrawal_in_transit"),
    ]
    dropped = [balance("A1", "BTC", 100 * BTC)]
    tables = without("statements")
    day = close(tmp_path / "day", tables | {"balances": leaving})
    after = close(tmp_path / "after", tables | {"balances": dropped})
    assert line(day, "BTC")["withdrawal_in_transit"] == "10"
    assert line(after, "BTC")["withdrawal_in_transit"] == "0"
    for closed in (day, after):
        assert line(closed, "BTC")["owed"] == line(closed, "BTC")["held"]["total"] == "100"
        assert line(closed, "BTC")["break"] == "0"
        assert findings(closed) == []


def test_e10_a_deposit_with_two_of_six_confirmations_is_no_surplus(tmp_path: Path) -> None:
    """The coin is on our address but not credited: a client asset, owed as incoming."""
    balances = [*clean()["balances"], balance("A2", "BTC", 2 * BTC, "incoming_uncredited")]
    holdings = [holding("btc-cold", "BTC", 102 * BTC)]
    closed = close(tmp_path, changed(balances=balances, holdings=holdings))
    assert line(closed, "BTC")["incoming_uncredited"] == "2"
    assert line(closed, "BTC")["owed"] == "102"
    assert line(closed, "BTC")["break"] == "0"
    assert findings(closed) == []


def test_e13_a_deposit_without_a_memo_is_owed_to_a_client_not_yet_known(tmp_path: Path) -> None:
    """No tag and so no customer: counted as owed, listed apart, never income."""
    stray = balance("S1", "BTC", 3 * BTC, "unidentified", customer_id="")
    tables = changed(
        balances=[*clean()["balances"], stray], holdings=[holding("btc-cold", "BTC", 103 * BTC)]
    )
    closed = close(tmp_path, tables)
    assert line(closed, "BTC")["unidentified"] == "3"
    assert line(closed, "BTC")["owed"] == "103"
    assert line(closed, "BTC")["break"] == "0"
    assert finding(closed, "unidentified-deposits")["severity"] == "note"
    assert findings(closed) == []


# -- entities, control and quality ---------------------------------------------------------------


def test_e25_a_surplus_of_one_entity_does_not_cure_another(tmp_path: Path) -> None:
    """Two legal entities, two Books: what is held in the other's name does not count."""
    rich = changed(
        holdings=[holding("btc-cold", "BTC", 150 * BTC)], statements=[statement("t1", "1500000")]
    )
    lent = statement("t9", "500000", holder="Sister Exchange K.K.")
    poor = changed(
        holdings=[holding("btc-cold", "BTC", 90 * BTC)],
        statements=[statement("t2", "500000"), lent],
    )
    write(tmp_path / "sister", rich)
    edit(tmp_path / "sister" / "venue.toml", "Test Exchange K.K.", "Sister Exchange K.K.")
    sister = close_books(tmp_path / "sister")
    closed = close(tmp_path / "own", poor)

    assert line(sister, "BTC")["break"] == "50"
    assert line(sister, "JPY")["break"] == "500000"
    assert findings(sister) == []
    assert line(closed, "BTC")["break"] == "-10"
    assert line(closed, "JPY")["held"]["total"] == "500000"
    assert value(closed, "jp.crypto.cash_trust#shortfall_jpy") == "500000"
    assert findings(closed) == ["cash-trust-shortage", "ledger-over-assets", "held-in-another-name"]
    assert finding(closed, "held-in-another-name")["subject"] == "t9"


@pytest.mark.parametrize(
    ("proved", "backed", "found"),
    [
        ("2026-09-22", "100", []),
        ("2026-09-21", "100", ["control-proof-expiring"]),
        ("2026-08-22", "100", ["control-proof-expiring"]),
        ("2026-08-21", "0", ["expired-control-proof", "guarantee-shortage", "hot-excess"]),
    ],
    ids=["day 59", "day 60", "day 90", "day 91"],
)
def test_e27_a_proof_of_control_backs_to_day_90_and_warns_from_day_60(
    tmp_path: Path, proved: str, backed: str, found: list[str]
) -> None:
    """100 BTC on chain count for nothing once their last proof is 91 days old."""
    holdings = [holding("btc-cold", "BTC", 100 * BTC, control_proved_on=proved)]
    closed = close(tmp_path, changed(holdings=holdings))
    assert line(closed, "BTC")["backed"] == backed
    assert line(closed, "BTC")["held"]["total"] == "100"
    assert set(findings(closed)) - {"unproven-holdings"} == set(found)
    assert ("unproven-holdings" in findings(closed)) == (backed == "0")


@pytest.mark.parametrize(("trust", "misuse"), [("400000", ["breach"]), ("1000000", [])])
def test_e28_coins_bought_with_customers_money_do_not_mend_a_lost_wallet(
    tmp_path: Path, trust: str, misuse: list[str]
) -> None:
    """40 BTC cannot be reached and 40 others stand in for them while the trust is short."""
    holdings = [
        holding("kept", "BTC", 60 * BTC),
        holding("lost", "BTC", 40 * BTC, control_proved_on=""),
        holding("bought", "BTC", 40 * BTC),
    ]
    tables = changed(holdings=holdings, statements=[statement("trust-1", trust)])
    closed = close(tmp_path, tables)
    assert line(closed, "BTC")["unproven"] == "40"
    assert severities(closed, "customer-money-misuse") == misuse


def test_e30_the_own_token_in_the_reserve_counts_as_nothing(tmp_path: Path) -> None:
    """A million own tokens beside a billion yen: the reserve is a billion yen."""
    tables = changed(
        assets=[asset("BTC"), asset("OWN", own=True), YEN],
        holdings=[*clean()["holdings"], holding("own-1", "OWN", 1_000_000 * BTC, "reserve")],
        prices=[*clean()["prices"], price("OWN", "5000")],
        statements=[*clean()["statements"], statement("r1", "1000000000", "reserve")],
    )
    closed = close(tmp_path, tables, assume=["jp.proposal.custody-value"])
    assert value(closed, "reserve#going_concern") == "1000000000"
    assert finding(closed, "own-token-reserve")["severity"] == "breach"
    assert finding(closed, "own-token-reserve")["subject"] == "own-1"


def test_e32_staked_coins_count_in_quantity_and_not_in_seven_days(tmp_path: Path) -> None:
    """2,000 ETH with an exit queue of 46 days beside 500 that can leave today."""
    tables = {
        "assets": [asset("ETH", scale=18), YEN],
        "balances": [
            balance("A1", "ETH", 2_000 * ETH, "staked", days_to_liquid=46),
            balance("A2", "ETH", 500 * ETH, days_to_liquid=""),
        ],
        "holdings": [
            holding("stake", "ETH", 2_000 * ETH, days_to_liquid=46),
            holding("ready", "ETH", 500 * ETH, days_to_liquid=0),
        ],
        "prices": [price("ETH", "400000")],
    }
    closed = close(tmp_path, tables)
    assert line(closed, "ETH")["held"]["total"] == "2500"
    assert line(closed, "ETH")["break"] == "0"
    ladder = closed.document["exposure"]["days_to_liquid"]
    assert {days: value(closed, id) for days, id in ladder.items()} == {
        "1": "200000000",
        "7": "200000000",
        "30": "200000000",
    }
    assert findings(closed) == []


@pytest.mark.parametrize("hierarchy", ['["alpha"]', '["own", "alpha"]'])
def test_e35_a_print_of_the_own_venue_never_sets_the_value_beside_others(
    tmp_path: Path, hierarchy: str
) -> None:
    """0.66 on our venue and 0.99 elsewhere: 0.99 sets the value, 0.66 is recorded and flagged."""
    coin = asset("USDE", "stablecoin", 6)
    tables = {
        "assets": [coin, asset("USD", "fiat", 2), YEN],
        "balances": [balance("A1", "USDE", 10**6)],
        "holdings": [holding("usde", "USDE", 10**6)],
        "prices": [
            price("USDE", "0.66", "own", own_venue="true", currency="USD"),
            price("USDE", "0.99", "alpha", currency="USD"),
            price("USD", "150", "fixing"),
        ],
    }
    write(tmp_path, tables)
    edit(tmp_path / "venue.toml", '["alpha", "beta", "manual"]', hierarchy)
    closed = close_books(tmp_path)
    assert line(closed, "USDE")["price"] == "148.5"
    assert uses(closed) == {"own": "recorded", "alpha": "used", "fixing": "used"}
    assert severities(closed, "own-venue-price-differs") == ["warning"]
    assert "0.66" in finding(closed, "own-venue-price-differs")["message"]["en"]


def test_e35_the_own_venue_alone_sets_no_value_without_evidence(tmp_path: Path) -> None:
    """Only our own print: no value without evidence; with evidence a value and a warning."""
    own = price("BTC", "660000", "own", own_venue="true", evidence="")
    closed = close(tmp_path / "bare", changed(prices=[own]))
    assert line(closed, "BTC")["price"] is None
    assert figure(closed, "jp.crypto.hot_limit#limit_jpy")["kind"] == "not_computable"
    assert severities(closed, "own-venue-price") == ["breach"]

    closed = close(tmp_path / "shown", changed(prices=[own | {"evidence": "trades.csv"}]))
    assert line(closed, "BTC")["price"] == "660000"
    assert severities(closed, "own-venue-price") == ["warning"]


def test_a_coin_worth_nothing_can_still_differ_on_the_own_venue(tmp_path: Path) -> None:
    """A delisted coin at 0 elsewhere and 5 yen on our venue: flagged, though no share of 0 is."""
    prices = [price("BTC", "0"), price("BTC", "5", "own", own_venue="true")]
    closed = close(tmp_path, changed(prices=prices))
    assert line(closed, "BTC")["price"] == "0"
    assert severities(closed, "own-venue-price-differs") == ["warning"]


def test_e40_a_million_small_claims_are_owed_though_none_can_be_paid_alone(tmp_path: Path) -> None:
    """1,000,000 accounts of 0.3 yen: 300,000 yen are owed and stay in the trust."""
    count = 1_000_000
    tables = without("balances") | {
        "assets": [asset("BTC"), asset("JPY", "fiat", 1)],
        "statements": [statement("trust-1", "300000")],
    }
    write(tmp_path, tables)
    numbers = pa.array(range(count)).cast(pa.string())
    columns = {"account_id": numbers, "customer_id": pc.binary_join_element_wise("C", numbers, "")}
    for name, word in (("asset", "JPY"), ("product", "spot"), ("state", "free")):
        columns[name] = pa.DictionaryArray.from_arrays(pa.array([0] * count, pa.int8()), [word])
    columns["quantity"] = pa.array([3] * count, pa.int64())
    pq.write_table(pa.table(columns), tmp_path / "balances.parquet", store_schema=False)

    closed = close_books(tmp_path)
    assert line(closed, "JPY")["owed"] == "300000"
    assert value(closed, "jp.crypto.cash_trust#required_jpy") == "300000"
    assert value(closed, "jp.crypto.cash_trust#test") == "pass"
    assert findings(closed) == []


APPROVED = '{ approved_by = "aoi", second = "ren", evidence = "block 42.pdf" }'


@pytest.mark.parametrize(
    ("as_of", "approval", "severity"),
    [
        ("2026-11-19T23:59:59+09:00", "", []),
        ("2026-11-19T23:59:58+09:00", "", ["breach"]),
        ("2026-11-18T00:00:00+09:00", APPROVED, ["warning"]),
        ("2026-11-18T00:00:00+09:00", APPROVED.replace("ren", "aoi"), ["breach"]),
        ("2026-11-18T00:00:00+09:00", APPROVED.replace("ren", ""), ["breach"]),
        ("2026-11-18T00:00:00+09:00", APPROVED.replace("block 42.pdf", ""), ["breach"]),
    ],
    ids=["in time", "a second over", "approved", "one person", "no second", "no evidence"],
)
def test_e43_a_halted_chain_needs_a_named_approver_a_second_and_evidence(
    tmp_path: Path, as_of: str, approval: str, severity: list[str]
) -> None:
    """The last final block is older than the house limit of 24 hours at the cut-off."""
    more = f"[approvals]\nstale_holdings = {approval}" if approval else ""
    holdings = [holding("btc-cold", "BTC", 100 * BTC, as_of=as_of)]
    closed = close(tmp_path, changed(holdings=holdings), more=more)
    assert severities(closed, "stale-holding") == severity
    assert line(closed, "BTC")["held"]["total"] == "100"
    if severity == ["warning"]:
        assert "aoi, ren" in finding(closed, "stale-holding")["message"]["en"]


MANUAL = {"entered_by": "aoi", "approved_by": "ren", "evidence": "broker.pdf"}


@pytest.mark.parametrize(
    ("manual", "chosen", "made_of_it", "found"),
    [
        ({}, "15100000", "used", []),
        ({"approved_by": "aoi"}, "14900000", "refused", ["manual-price-unapproved", "stale-price"]),
        ({"approved_by": ""}, "14900000", "refused", ["manual-price-unapproved", "stale-price"]),
        ({"evidence": ""}, "14900000", "refused", ["manual-price-unapproved", "stale-price"]),
    ],
    ids=["two people and evidence", "one person twice", "one person", "no evidence"],
)
def test_e44_a_manual_price_needs_two_people_and_evidence(
    tmp_path: Path, manual: dict[str, str], chosen: str, made_of_it: str, found: list[str]
) -> None:
    """The first source is down and the second 40 minutes old; every print is recorded."""
    prices = [
        price("BTC", "14900000", "beta", at="2026-11-20T23:19:59+09:00"),
        price("BTC", "15100000", "manual", **(MANUAL | manual)),
    ]
    columns = {"entered_by": "", "approved_by": "", "evidence": ""}
    closed = close(tmp_path, changed(prices=[columns | p for p in prices]))
    assert line(closed, "BTC")["price"] == chosen
    other = "recorded" if made_of_it == "used" else "used"
    assert uses(closed) == {"beta": other, "manual": made_of_it}
    assert findings(closed) == found


def test_e44_the_next_source_of_the_hierarchy_is_taken_when_one_is_down(tmp_path: Path) -> None:
    """No alpha, beta fresh, gamma in no hierarchy: beta sets the value, all are recorded."""
    prices = [price("BTC", "16000000", "gamma"), price("BTC", "15000000", "beta")]
    closed = close(tmp_path, changed(prices=prices))
    assert line(closed, "BTC")["price"] == "15000000"
    assert uses(closed) == {"beta": "used", "gamma": "recorded"}
    assert figure(closed, "fact:BTC/price")["source"]["filter"].count("source = beta") == 1


# -- requirement and time ------------------------------------------------------------------------


def test_e48_when_btc_doubles_coins_stay_and_yen_are_restated(tmp_path: Path) -> None:
    """20,000 BTC owed and a reserve of 4 billion yen: enough at 15 million a coin, not at 30."""
    draft, due = "jp.proposal.custody-value", "2026-11-25"
    tables = changed(
        balances=[balance("A1", "BTC", 20_000 * BTC)],
        holdings=[holding("btc-cold", "BTC", 20_000 * BTC)],
        statements=[statement("r1", "4000000000", "reserve")],
    )
    uninsured = {"policies.toml": ""}
    before = close(tmp_path / "before", tables, files=uninsured, assume=[draft])
    tables["prices"] = [price("BTC", "30000000")]
    after = close(tmp_path / "after", tables, files=uninsured, assume=[draft])

    def coins(closed: Closed) -> dict[str, Any]:
        return {k: v for k, v in line(closed, "BTC").items() if k != "price"}

    assert coins(before) == coins(after)
    assert value(before, "value/BTC#owed") == "300000000000"
    assert value(after, "value/BTC#owed") == "600000000000"
    assert value(before, f"{draft}.1pct#required") == "3000000000"
    assert value(after, f"{draft}.1pct#required") == "6000000000"

    def calls(closed: Closed) -> dict[str, Any]:
        short = [f for f in closed.document["findings"] if f["name"] == "reserve-shortfall"]
        return {f["subject"]: (f["severity"], f["due"]) for f in short}

    assert calls(before) == {f"{draft}.5pct": ("note", due)}
    assert calls(after) == {f"{draft}.1pct": ("note", due), f"{draft}.5pct": ("note", due)}
    surplus = after.document["cover"]["by_regime"][f"{draft}.1pct"]["surplus"]
    assert surplus == "-2000000000"
