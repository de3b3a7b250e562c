"""From a loss to entitlements: incidents, methods side by side, the frozen list, the refill."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from sonae.claims.waterfall import Source, payable, waterfall
from sonae.core.canonical import number_text
from tests.command import Said, sonae
from tests.kit import CUT_OFF, asset, balance, clean, edit, holding, price, write

INCIDENT = f"""
[incident]
id = "INC-1"
entity = "Test Exchange K.K."
kind = "coins"
cause = "undetermined"
occurred_at = 2026-11-20T10:00:00+09:00
learned_at = 2026-11-20T11:00:00+09:00
record_at = {CUT_OFF}
currency = "JPY"
loss_borne_by = "asset_pool"
slippage = "0.01"
personal_data = true
evidence = ["chain.txt"]
source = "test"
confidence = "derived"
[[loss]]
asset = "BTC"
scale = 8
amount = "30"
wallet = "hot-1"
signing_domain = "hot"
price = "14000000"
[[loss]]
asset = "BTC"
scale = 8
amount = "20"
wallet = "hot-2"
signing_domain = "hot"
price = "14000000"
"""
METHOD = """
[[method]]
id = "{id}"
title = {{ ja = "方法", en = "{id}" }}
{terms}
discharge = "{discharge}"
source = "test"
confidence = "derived"
"""


def method(id: str, terms: str, discharge: str = "none") -> str:
    return METHOD.format(id=id, terms=terms, discharge=discharge)


FIXED = method("at-loss", 'method = "fixed_rate"\nrate = "14000000"')
LATER = method("at-petition", 'method = "fixed_rate"\nrate = "15000000.5"')
KIND = method("in-kind", 'method = "in_kind"', "in_kind")
MIXED = method("zaif", 'method = "in_kind_and_cash"\nin_kind_share = "0.603"\nrate = "144.548"')
ABOVE = method("bithumb", 'method = "loss_and_goodwill"\nrate = "1000.5"\npaid_of_loss = "1.1"')


def tables() -> dict[str, Any]:
    """BTC of A1 and A2, and of A3 who works here; ETH that nobody stole."""
    people = [
        {"customer_id": f"C{n}", "kind": kind}
        for n, kind in ((1, "person"), (2, "person"), (3, "staff"))
    ]
    return clean() | {
        "assets": [asset("BTC"), asset("ETH", scale=18), asset("JPY", "fiat", 0)],
        "balances": [
            balance("A1", "BTC", 60_0000_0000), balance("A2", "BTC", 39_0000_0001),
            balance("A3", "BTC", 9999_9999), balance("A1", "ETH", 10**18),
            balance("A4", "BTC", -5), balance("A1", "JPY", 1_000_000),
        ],
        "holdings": [holding("hot-1", "BTC", 50_0000_0000), holding("eth", "ETH", 10**18)],
        "customers": [*people, {"customer_id": "C4", "kind": "person"}],
        "prices": [price("BTC", "15000000"), price("ETH", "500000")],
    }  # fmt: skip


@pytest.fixture
def books(tmp_path: Path) -> Path:
    return write(tmp_path / "books", tables())


def incident(folder: Path, *more: str, base: str = INCIDENT) -> Path:
    file = folder / "incident.toml"
    file.write_text(base + "".join(more), encoding="utf-8")
    return file


def done(said: Said) -> Any:
    assert said.code == 0, said.out + said.err
    return said.json()


def valued(books: Path, file: Path, *words: str | Path) -> Any:
    return done(sonae("claims", "value", books, file, "--json", *words))


# -- opening ---------------------------------------------------------------------------------------


def test_an_incident_of_undetermined_cause_starts_its_clocks(tmp_path: Path) -> None:
    funds = '[[funds]]\nkind = "reserve"\namount = "300000000"\nhours = 1\n'
    funds += '[[funds]]\nkind = "insurance"\namount = "200000000"\nhours = 12\n'
    found = done(sonae("incident", "open", incident(tmp_path, funds), "--json"))
    assert found["cause"] == "undetermined"
    assert found["loss"]["asset"] == {"BTC": "50"}
    assert found["loss"]["wallet"] == {"hot-1": {"BTC": "30"}, "hot-2": {"BTC": "20"}}
    assert found["loss"]["signing_domain"] == {"hot": {"BTC": "50"}}
    assert found["value"] == "700000000"
    due = {c["to"]: c["due"] for c in found["clocks"]}
    assert due["authority"] == "immediately"
    assert due["authority_status"] == "2026-12-20"
    assert due["cure"] == "2026-11-30"  # five bank days; the 23rd is a holiday
    assert due["personal_data_final"] is not None
    assert {"police", "jvcea", "trust_bank", "insurer", "public"} <= set(due)
    assert {d["form"] for d in found["dossiers"].values()} == {
        "jvcea_confirmation", "finance_bureau_application",
    }  # fmt: skip
    gates = {k: v["needed"] for k, v in found["natures"].items()}
    assert gates == {
        "return_in_kind": None, "damages_for_non_return": None,
        "transaction_loss": "jvcea_confirmation", "goodwill": "jvcea_confirmation",
    }  # fmt: skip
    borne = {b["source"]: b["amount"] for b in found["waterfall"]["borne"]}
    assert borne == {"insurance": "200000000", "reserve": "300000000"}
    assert found["waterfall"]["gap"] == "200000000"
    assert found["waterfall"]["payable"]["1d"] == "300000000"  # insurance pays when it accepts
    for lang in ("ja", "en"):
        assert sonae("incident", "open", tmp_path / "incident.toml", "--lang", lang).code == 0


def test_a_later_cause_changes_what_follows_and_no_payment(tmp_path: Path, books: Path) -> None:
    """Reclassified, the entitlements are the same to the unit."""
    first = valued(books, incident(tmp_path, FIXED))
    file = incident(tmp_path, FIXED, base=INCIDENT.replace("undetermined", "insider"))
    assert done(sonae("incident", "open", file, "--json"))["cause"] == "insider"
    assert valued(books, file)["methods"] == first["methods"]


def test_everything_wrong_with_an_incident_is_listed_at_once(tmp_path: Path) -> None:
    base = INCIDENT.replace('"coins"', '"gold"').replace("undetermined", "bad luck")
    base = base.replace('amount = "30"', 'amount = "0.123456789"').replace("id =", "ident =", 1)
    said = sonae("incident", "open", incident(tmp_path, base=base), "--json")
    assert said.code == 3
    keys = {p["key"] for p in said.json()["problems"]}
    assert {"incident.kind", "incident.cause", "incident.id", "incident.ident"} <= keys
    assert "loss[0].amount" in keys
    said = sonae("incident", "open", incident(tmp_path, base="[incident\n"), "--json")
    assert said.code == 2


# -- valuation and entitlements --------------------------------------------------------------------


def test_e71_a_thousand_xem_at_88_549(tmp_path: Path) -> None:
    rows = clean() | {
        "assets": [asset("XEM", scale=6), asset("JPY", "fiat", 0)],
        "balances": [balance("A1", "XEM", 1_000_000_000)],
        "holdings": [holding("hot", "XEM", 0)],
        "prices": [price("XEM", "88.549")],
    }
    write(tmp_path / "books", rows)
    base = INCIDENT[: INCIDENT.index("[[loss]]")]
    loss = (
        '[[loss]]\nasset = "XEM"\nscale = 6\namount = "1000"\nwallet = "w"\nsigning_domain = "d"\n'
    )
    terms = method("rate", 'method = "fixed_rate"\nrate = "88.549"')
    found = valued(tmp_path / "books", incident(tmp_path, loss, terms, base=base))
    assert found["methods"][0]["amount"] == "88549"


def test_e74_methods_stand_side_by_side_with_who_gains_and_loses(
    tmp_path: Path, books: Path
) -> None:
    file = incident(tmp_path, FIXED, LATER, KIND)
    found = valued(books, file, "--out", tmp_path / "out")
    [lost] = found["assets"]
    owed = 60_0000_0000 + 39_0000_0001 + 9999_9999
    shares = [n * 50_0000_0000 // owed for n in (60_0000_0000, 39_0000_0001, 9999_9999)]
    assert (lost["owed"], lost["lost"], lost["accounts"]) == (str(owed), "5000000000", 3)
    assert lost["residue"] == str(50_0000_0000 - sum(shares))
    at_loss, later, in_kind = found["methods"]
    expected = sum(s * 14_000_000 // 10**8 for s in shares)
    assert at_loss["amount"] == str(expected)
    before = Fraction(at_loss["by_asset"]["BTC"]["before_rounding"]["amount"])
    residue = Fraction(at_loss["by_asset"]["BTC"]["residue"]["amount"])
    assert before == 50 * 14_000_000 == expected + residue
    assert (at_loss["better"], at_loss["worse"]) == (0, 0)
    assert (later["better"], later["worse"]) == (3, 0)
    assert in_kind["by_asset"]["BTC"]["in_kind"] == str(sum(shares))
    assert in_kind["tax"]["kind"] == "none"
    assert at_loss["tax"] == {
        "amount": at_loss["amount"], "kind": "miscellaneous_income", "confidence": "secondary",
    }  # fmt: skip
    rows = pq.read_table(tmp_path / "out" / "accounts.parquet").to_pylist()
    assert [int(r["lost"]) for r in rows] == shares
    assert [int(r["at-petition.amount"]) - int(r["at-loss.amount"]) > 0 for r in rows] == [True] * 3


def test_without_consent_the_coins_stay_claimed(tmp_path: Path, books: Path) -> None:
    """The residual is what the coins are worth at the last price, less what was credited."""
    last = '[[price]]\non = 2026-12-01\nasset = "BTC"\nprice = "20000000"\n'
    found = valued(books, incident(tmp_path, FIXED, KIND, last))
    at_loss, in_kind = found["methods"]
    residual = at_loss["litigation_residual"]["BTC"]
    assert residual["coins"] == "5000000000"
    assert Fraction(residual["value"]) == 50 * 20_000_000 - int(at_loss["amount"])
    assert in_kind["litigation_residual"] == {}
    agreed = FIXED.replace('discharge = "none"', 'discharge = "agreed_substitute"')
    [only] = valued(books, incident(tmp_path, agreed))["methods"]
    assert only["litigation_residual"] == {}


def test_published_rates_of_zaif_and_bithumb(tmp_path: Path, books: Path) -> None:
    found = valued(books, incident(tmp_path, MIXED, ABOVE))
    zaif, bithumb = found["methods"]
    assert Fraction(zaif["by_asset"]["BTC"]["before_rounding"]["in_kind"]) == 30_1500_0000
    assert Fraction(bithumb["goodwill"]) > 0
    ratio = Fraction(int(bithumb["amount"]) + int(bithumb["goodwill"]), int(bithumb["amount"]))
    assert abs(ratio - Fraction(11, 10)) < Fraction(1, 1_000)


def test_e75_a_loss_stays_in_its_assets_pool_unless_it_is_borne_firm_wide(
    tmp_path: Path, books: Path
) -> None:
    found = valued(books, incident(tmp_path, KIND))
    assert [a["asset"] for a in found["assets"]] == ["BTC"]
    base = INCIDENT.replace('"asset_pool"', '"firm_wide"')
    found = valued(books, incident(tmp_path, KIND, base=base))
    owed = {"BTC": 10_000_000_000, "ETH": 10**18, "JPY": 1_000_000}
    prices = {"BTC": Fraction(15, 100), "ETH": Fraction(5, 10**13), "JPY": Fraction(1)}
    whole = sum(n * prices[a] for a, n in owed.items())
    ratio = 5_000_000_000 * prices["BTC"] / whole
    assert {a["asset"]: int(a["lost"]) for a in found["assets"]} == {
        a: int(n * ratio) for a, n in owed.items()
    }
    said = sonae("claims", "value", books, incident(tmp_path, FIXED, base=base), "--json")
    assert said.code == 2
    assert "no rate of ETH" in said.err


def test_several_lost_assets_need_a_rate_each_and_are_paid_together(
    tmp_path: Path, books: Path
) -> None:
    eth = '[[loss]]\nasset = "ETH"\nscale = 18\namount = "0.5"\nwallet = "w"\n'
    eth += 'signing_domain = "d"\n'
    said = sonae("claims", "value", books, incident(tmp_path, eth, FIXED), "--json")
    assert said.code == 3
    assert [p["key"] for p in said.json()["problems"]] == ["method[0].rate"]
    both = method("both", 'method = "fixed_rate"\nrates = { BTC = "14000000", ETH = "500001" }')
    [found] = valued(books, incident(tmp_path, eth, both))["methods"]
    assert found["by_asset"]["ETH"]["amount"] == "250000"
    assert found["by_asset"]["ETH"]["residue"]["amount"] == "0.5"
    assert int(found["amount"]) == 250_000 + int(found["by_asset"]["BTC"]["amount"])
    one = method("one", 'method = "fixed_rate"\nrates = { BTC = "14000000" }')
    said = sonae("claims", "value", books, incident(tmp_path, eth, one), "--json")
    assert said.code == 2
    assert "rate of ETH" in said.err


def test_a_method_that_is_none_or_has_no_number_is_listed_with_its_place(
    tmp_path: Path, books: Path
) -> None:
    wrong = method("a", 'method = "barter"\nrate = "much"') + method("b", 'rates = { BTC = "x" }')
    said = sonae("claims", "value", books, incident(tmp_path, wrong), "--json")
    assert said.code == 3
    assert {p["key"] for p in said.json()["problems"]} == {
        "method[0].method", "method[0].rate", "method[1].method", "method[1].rates.BTC",
    }  # fmt: skip


def test_e80_those_who_work_here_are_held_and_counted(tmp_path: Path, books: Path) -> None:
    found = valued(books, incident(tmp_path, KIND), "--out", tmp_path / "out")
    assert found["held"] == 1
    rows = pq.read_table(tmp_path / "out" / "accounts.parquet").to_pylist()
    assert {r["account"]: r["held"] for r in rows} == {"A1": False, "A2": False, "A3": True}


def test_more_lost_than_owed_or_books_of_another_day_are_refused(
    tmp_path: Path, books: Path
) -> None:
    base = INCIDENT.replace('amount = "30"', 'amount = "300"')
    said = sonae("claims", "value", books, incident(tmp_path, KIND, base=base), "--json")
    assert said.code == 3
    assert "owed" in said.err
    base = INCIDENT.replace(CUT_OFF, "2026-11-21T00:00:00+09:00")
    said = sonae("claims", "value", books, incident(tmp_path, KIND, base=base), "--json")
    assert said.code == 2
    assert "record date" in said.err
    said = sonae("claims", "value", books, incident(tmp_path), "--json")
    assert said.code == 2


def test_one_method_is_signed_and_frozen_and_changed_only_by_a_version_with_a_reason(
    tmp_path: Path, books: Path
) -> None:
    file, key = incident(tmp_path, FIXED, LATER), tmp_path / "ben.key"
    sonae("fund", "key", key)
    words = ("claims", "freeze", books, file, "--key", key, "--json")
    first = done(sonae(*words, "--method", "at-loss", "--out", tmp_path / "v1"))
    assert (first["version"], first["supersedes"], first["accounts"]) == (1, None, 3)
    assert sonae(*words, "--method", "at-petition", "--out", tmp_path / "v1").code == 2
    again = (*words, "--method", "at-petition", "--out", tmp_path / "v2")
    assert sonae(*again, "--supersedes", tmp_path / "v1").code == 2
    more = ("--supersedes", tmp_path / "v1", "--reason", "the court fixed the petition date")
    second = done(sonae(*again, *more))
    assert second["version"] == 2
    assert second["supersedes"] == first["table_digest"]
    table = tmp_path / "v2" / "entitlements.parquet"
    content = bytearray(table.read_bytes())
    content[100] ^= 1
    table.write_bytes(content)
    third = ("--supersedes", tmp_path / "v2", "--reason", "x", "--out", tmp_path / "v3")
    assert sonae(*words, "--method", "at-loss", *third).code == 3
    edit(tmp_path / "v1" / "entitlements.json", '"version": 1', '"version": 7')
    third = ("--supersedes", tmp_path / "v1", "--reason", "x", "--out", tmp_path / "v3")
    said = sonae(*words, "--method", "at-loss", *third)
    assert said.code == 3
    assert "signature" in said.err
    assert not (tmp_path / "v3").exists()


# -- refill ----------------------------------------------------------------------------------------

STEPS = """
[[step]]
kind = "purchase"
asset = "BTC"
amount = "50"
on = 2026-11-24
evidence = "confirmation"
[[step]]
kind = "transfer"
asset = "BTC"
amount = "30"
on = 2026-11-26
transaction = "aa11"
evidence = "chain"
[[step]]
kind = "transfer"
asset = "BTC"
amount = "20"
on = 2026-12-02
transaction = "{tx}"
evidence = "chain"
[[step]]
kind = "reconciled"
asset = "BTC"
amount = "50"
on = 2026-12-03
evidence = "close of 3 December"
[[funds]]
kind = "reserve"
amount = "800000000"
hours = 1
[[price]]
on = 2026-11-24
asset = "BTC"
price = "15000000"
[[price]]
on = 2026-11-27
asset = "BTC"
price = "45000000"
[[price]]
on = 2026-12-05
asset = "BTC"
price = "1"
"""


def test_a_refill_is_held_against_its_clock_and_the_reserve_against_the_price(
    tmp_path: Path,
) -> None:
    found = done(sonae("incident", "open", incident(tmp_path, STEPS.format(tx="bb22")), "--json"))
    refill = found["refill"]
    [btc] = refill["assets"]
    assert (btc["short"], btc["bought"], btc["arrived"], btc["proven"]) == ("50", "50", "50", "50")
    assert (btc["whole_on"], btc["day"], btc["late_days"]) == ("2026-12-02", 12, 2)
    assert (btc["reconciled_on"], btc["closed"]) == ("2026-12-03", True)
    first, second = refill["tests"]  # the price after the clock is no test of the cure
    assert (first["missing"], first["enough"]) == ("50", True)
    assert Fraction(first["cost"]) == 50 * 15_000_000 * Fraction(101, 100)
    assert (second["missing"], second["enough"]) == ("20", False)
    assert Fraction(second["coins"]) == Fraction(800_000_000, 45_450_000)


def test_coins_without_a_transaction_id_are_a_statement_and_close_nothing(tmp_path: Path) -> None:
    found = done(sonae("incident", "open", incident(tmp_path, STEPS.format(tx="")), "--json"))
    [btc] = found["refill"]["assets"]
    assert (btc["arrived"], btc["proven"], btc["closed"]) == ("50", "30", False)
    assert btc["unproven"] == ["chain"]


# -- waterfall, rates, demo ------------------------------------------------------------------------


def test_who_bears_a_loss_and_what_can_be_paid_by_when() -> None:
    sources = [
        Source("insurance", Fraction(30), None, counts=False),
        Source("reserve", Fraction(50), 1),
        Source("own_funds", Fraction(5), 200),
        Source("spent", Fraction(-3), 1),
    ]
    borne, gap = waterfall(Fraction(100), sources)
    assert [b.amount for b in borne] == [30, 50, 5, 0]
    assert gap == 15
    assert payable(borne) == {"1h": 50, "1d": 50, "7d": 50, "30d": 55}


def test_e72_a_rate_is_computed_again_from_the_trades_and_gaps_are_told(tmp_path: Path) -> None:
    file = tmp_path / "trades.csv"
    rows = [
        "trade,at,price,quantity",
        "1,2018-01-26T12:08:59+09:00,500,1000",
        "2,2018-01-26T12:09:00+09:00,88,3",
        "4,2018-01-27T09:00:00+09:00,89.098,1",
        "5,2018-01-27T14:00:00+00:00,88.55,4",
        "6,2018-01-27T23:00:01+09:00,1,1000",
    ]
    file.write_text("\n".join(rows) + "\n", encoding="utf-8")
    words = ("claims", "rate", file, "--from", "2018-01-26T12:09:00+09:00",
             "--to", "2018-01-27T23:00:00+09:00", "--json")  # fmt: skip
    said = sonae(*words)
    assert said.code == 1
    exact = (88 * 3 + Fraction("89.098") + 4 * Fraction("88.55")) / 8
    assert said.json() == {
        "rate": "88.412", "exact": number_text(exact), "decimals": 3, "trades": 3,
        "quantity": "8", "missing": [3],
    }  # fmt: skip
    file.write_text("\n".join([*rows, "6,when,1,1", "7,2018-01-27T23:00:01,1,1"]) + "\n")
    said = sonae(*words)
    assert said.code == 3
    assert [p["row"] for p in said.json()["problems"]] == [6, 7]
    assert sonae(*words[:3], "--from", "x", "--to", "y").code == 2


def test_the_demo_replays_both_incidents_with_their_published_totals(tmp_path: Path) -> None:
    found = done(sonae("demo", "incident", "--out", tmp_path, "--json"))
    paid = found["valuation"]["methods"][0]
    xem = paid["by_asset"]["XEM"]
    assert xem["before_rounding"]["amount"] == "46311127000"
    assert int(paid["amount"]) + Fraction(xem["residue"]["amount"]) == 46_311_127_000
    assert found["valuation"]["assets"][0]["accounts"] == 260_000
    dmm = found["incidents"]["dmm-bitcoin-2024"]
    assert dmm["value"] == "48200000000"
    assert dmm["refill"]["raised"] == "55000000000"
    [btc] = dmm["refill"]["assets"]
    assert (btc["day"], dmm["refill"]["due"], btc["late_days"]) == (14, "2024-06-07", 7)
    assert not btc["closed"]  # transaction ids were not published
    assert dmm["what_if"]
    counters = found["counters"]["coincheck-2018"]
    assert (counters["entitled"]["people"], counters["day"]) == (260_000, 45)
    assert found["counters"]["dmm-bitcoin-2024"]["returned_on_day"] == 281
    natures = {n: g["may_pay"] for n, g in dmm["natures"].items()}
    assert natures == {
        "return_in_kind": True, "damages_for_non_return": True,
        "transaction_loss": False, "goodwill": False,
    }  # fmt: skip
    saved = json.loads((tmp_path / "incident/coincheck-2018/incident/incident.json").read_bytes())
    assert saved == found["incidents"]["coincheck-2018"]


def test_people_see_places_evidence_dossiers_and_the_reserve_in_coins(tmp_path: Path) -> None:
    """As the guide says; and beside each method what is income, and which coins stay claimed."""
    more = '[[funds]]\nkind = "reserve"\namount = "300000000"\nhours = 1\n'
    more += '[[price]]\non = 2026-11-24\nasset = "BTC"\nprice = "15000000"\n'
    file = incident(tmp_path, FIXED + more)
    said = {lang: sonae("incident", "open", file, "--lang", lang).out for lang in ("ja", "en")}
    for lang, words in {
        "ja": ("ウォレット  hot-1", "署名領域", "証拠: chain.txt", "JVCEAの事故確認（現物）",
               "足りない", "財務局への事故確認の申請", "1時間"),
        "en": ("wallet", "signing domain", "Evidence: chain.txt", "JVCEA's confirmation (spot)",
               "application to the finance bureau", "≈ 19.80198020", "1 hour"),
    }.items():  # fmt: skip
        assert [w for w in words if w not in said[lang]] == []
    books = write(tmp_path / "books", tables())
    beside = sonae("claims", "value", books, file, "--lang", "ja").out
    assert "雑所得となる額" in beside
    assert "請求が残る 50 BTC" in beside
