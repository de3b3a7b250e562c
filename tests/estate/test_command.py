"""`sonae estate`: files in, a folder out; a later distribution on top; everything wrong at once."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from tests.command import Said, sonae

PLAN = """
[estate]
id = "example"
entity = "Example K.K."
proceeding = "bankruptcy"
trigger_event = true
commencement_on = 2026-11-20
record_on = 2026-12-20
restricted_from = 2026-12-10
restricted_until = 2026-12-20
currency = "JPY"
basis = "in_kind"
residue_account = "residue"
[[asset]]
asset = "JPY"
scale = 0
[[asset]]
asset = "BTC"
scale = 8
rate = "10000000"
[[pool]]
id = "coins"
kind = "segregated"
asset = "BTC"
amount = "500"
cost = 20
[[pool]]
id = "own coins"
kind = "guarantee"
asset = "BTC"
amount = 20
[[pool]]
id = "trust"
kind = "cash_trust"
asset = "JPY"
amount = 900
[[pool]]
id = "estate"
kind = "general"
asset = "JPY"
amount = 31
[[valuation]]
id = "commencement"
rates = { BTC = "10000000" }
[[valuation]]
id = "record"
rates = { BTC = "30000000" }
"""
CLAIMS = """claimant,person,asset,amount,rank,state,flags
A,P1,BTC,600,customer,admitted,
B,P2,BTC,400,customer,objected,
A,P1,JPY,600,customer,admitted,
C,,JPY,600,customer,admitted,unverified hold
L,,JPY,7,cost,admitted,
S,,JPY,50,ordinary,admitted,
"""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "plan.toml").write_text(PLAN, "utf-8")
    (tmp_path / "claims.csv").write_text(CLAIMS, "utf-8")
    return tmp_path


def run(files: Path, *more: str, claims: str = "claims.csv", plan: str = "plan.toml") -> Said:
    words = ["estate", "distribute", str(files / plan), "--claims", str(files / claims)]
    return sonae(*words, "--json", *more)


def amounts(folder: Path) -> dict[tuple[str, str], tuple[int, int, int]]:
    """Coins now, coins reserved and money of the general estate now, by claimant and asset."""
    return {
        (row["claimant"], row["asset"]): (
            int(row["in_kind_now"]),
            int(row["in_kind_reserved"]),
            int(row["general_now"]),
        )
        for row in pq.read_table(folder / "distribution.parquet").to_pylist()
    }


def test_an_estate_is_distributed_into_a_table_totals_and_a_line_that_adds_up(files: Path) -> None:
    """Coins 500 of 1,000; trust 900 of 1,200; 24 yen for 50 + 50 + 300 yen of shortfall."""
    said = run(files, "--out", str(files / "d1"))
    assert said.code == 0
    document = json.loads(said.out)
    assert document["ratios"]["in_kind"] == {"BTC": "0.5", "JPY": "0.75"}
    assert document["conservation"]["BTC"] == {
        "pool": "520", "cost": "20", "paid": "300", "reserved": "200", "left": "0"
    }  # fmt: skip
    assert document["conservation"]["JPY"]["pool"] == "931"
    law = document["law"]
    assert law["estate.jp.payers#cash_payer"]["value"] == "beneficiaries_agent"
    assert law["estate.jp.payers#coin_payer"] == {
        "value": "trustee", "standing": "in_force", "confidence": "memory"
    }  # fmt: skip
    found = amounts(files / "d1")
    assert found["A", "BTC"][:2] == (300, 0)
    assert found["B", "BTC"][:2] == (0, 200)
    assert (found["A", "JPY"][0], found["C", "JPY"][1]) == (450, 450)
    assert found["L", "JPY"][2] == 7
    short = {"A BTC": 30, "B BTC": 20, "A JPY": 150, "C JPY": 150, "S": 50}
    assert document["ratios"]["general"]["ordinary"] == "0.06"
    assert found["S", "JPY"][2] == 24 * short["S"] // sum(short.values()) == 3
    assert json.loads((files / "d1/estate.json").read_text("utf-8")) == document


def test_the_sheet_says_what_the_table_says(files: Path) -> None:
    run(files, "--out", str(files / "d1"))
    table = pq.read_table(files / "d1/distribution.parquet")
    options = pacsv.ConvertOptions(
        column_types={f.name: pa.string() for f in table.schema}, strings_can_be_null=False
    )
    sheet = pacsv.read_csv(files / "d1/distribution.csv", convert_options=options)
    assert sheet.column_names == table.column_names
    for name in ("claimant", "amount", "in_kind_paid", "general_now"):
        assert sheet.column(name).to_pylist() == table.column(name).cast("string").to_pylist()
    assert run(files, "--out", str(files / "d2"), "--no-csv").code == 0
    assert sorted(p.name for p in (files / "d2").iterdir()) == [
        "distribution.parquet",
        "estate.json",
    ]


def test_claims_in_parquet_in_any_order_give_the_same_bytes(files: Path) -> None:
    run(files, "--out", str(files / "d1"))
    rows = pacsv.read_csv(
        files / "claims.csv",
        convert_options=pacsv.ConvertOptions(column_types={"amount": pa.string()}),
    )
    turned = rows.take(list(reversed(range(rows.num_rows))))
    pq.write_table(turned, files / "claims.parquet")
    run(files, "--out", str(files / "d2"), claims="claims.parquet")
    for name in ("distribution.parquet", "distribution.csv", "estate.json"):
        assert (files / "d1" / name).read_bytes() == (files / "d2" / name).read_bytes()


def test_a_later_recovery_and_an_admitted_claim_give_a_further_distribution(files: Path) -> None:
    """100 more BTC units go back to the holders of BTC; who was reserved gets the arrears too."""
    run(files, "--out", str(files / "d1"))
    more = PLAN + '[[recovery]]\npool = "coins"\namount = 100\non = 2027-03-01\n'
    (files / "plan.toml").write_text(more, "utf-8")
    (files / "claims.csv").write_text(CLAIMS.replace("objected", "admitted"), "utf-8")
    said = run(files, "--out", str(files / "d2"), "--after", str(files / "d1"))
    document = json.loads(said.out)
    assert (said.code, document["number"]) == (0, 2)
    found = amounts(files / "d2")
    assert found["A", "BTC"] == (60, 0, 0)
    assert found["B", "BTC"][0] == 240
    assert found["A", "JPY"][0] == 0
    assert document["conservation"]["BTC"]["paid"] == "600"
    again = run(files, "--out", str(files / "d3"), "--after", str(files / "d2"))
    assert all(n[0] == n[2] == 0 for n in amounts(files / "d3").values()), again.out


def test_a_table_that_was_edited_or_lost_a_claim_is_no_ground_for_a_further_one(
    files: Path,
) -> None:
    run(files, "--out", str(files / "d1"))
    (files / "fewer.csv").write_text("\n".join(CLAIMS.splitlines()[:-1]) + "\n", "utf-8")
    lost = run(files, "--after", str(files / "d1"), claims="fewer.csv")
    assert lost.code == 3
    assert "1 claims of the distribution before" in lost.err
    with (files / "d1/distribution.parquet").open("r+b") as stream:
        stream.seek(100)
        stream.write(b"x")
    edited = run(files, "--after", str(files / "d1"))
    assert edited.code == 3
    assert "is not the table" in edited.err


def test_an_assigned_claim_is_paid_to_the_holder_on_the_register(files: Path) -> None:
    """E90: registered in time it is paid to the buyer; inside the restriction period refused."""
    head = "claimant,asset,rank,holder,registered_on\n"
    register = files / "register.csv"
    register.write_text(head + "A,BTC,customer,Fund,2026-12-09\n", "utf-8")
    run(files, "--out", str(files / "d1"), "--assignments", str(register))
    rows = pq.read_table(files / "d1/distribution.parquet").to_pylist()
    payees = {(r["claimant"], r["asset"]): r["payee"] for r in rows}
    assert (payees["A", "BTC"], payees["A", "JPY"]) == ("Fund", "A")
    register.write_text(head + "A,BTC,customer,Fund,2026-12-10\n", "utf-8")
    said = run(files, "--assignments", str(register))
    assert said.code == 3
    assert [p["name"] for p in json.loads(said.out)["problems"]] == ["assignment-restricted"]


def test_everything_that_is_wrong_with_the_claims_is_told_in_one_run(files: Path) -> None:
    (files / "bad.csv").write_text(
        "claimant,asset,amount,rank,state,flags\n"
        "A,BTC,-1,customer,admitted,\n"
        "B,BTC,1.5,customer,admitted,\n"
        "C,DOGE,1,customer,admitted,\n"
        "D,BTC,1,ordinary,admitted,\n"
        "E,JPY,1,first,admitted,\n"
        "F,JPY,1,cost,perhaps,\n"
        "G,JPY,1,cost,admitted,vip\n"
        "H,JPY,1,cost,admitted,\n"
        "H,JPY,2,cost,admitted,\n",
        "utf-8",
    )
    said = run(files, "--out", str(files / "d1"), claims="bad.csv")
    assert said.code == 3
    found = [(p["name"], p["row"]) for p in json.loads(said.out)["problems"]]
    assert sorted(found) == [
        ("corrupt-row", 1),
        ("corrupt-row", 2),
        ("repeated-key", 8),
        ("repeated-key", 9),
        ("unknown-asset", 3),
        ("unknown-code", 5),
        ("unknown-code", 6),
        ("unknown-code", 7),
        ("wrong-currency", 4),
    ]
    assert not (files / "d1").exists()


def test_everything_that_is_wrong_with_a_plan_is_told_in_one_run(files: Path) -> None:
    """Another legal entity's pool too: a surplus there does not cure a shortage here."""
    bad = (
        PLAN.replace('"bankruptcy"', '"winding"')
        .replace("commencement_on = 2026-11-20\n", "")
        .replace('rate = "10000000"', "rate = 0")
        .replace("amount = 900", "amount = -1")
        .replace("cost = 20", "cost = 501")
    )
    bad += '[[pool]]\nid = "sister"\nentity = "Other K.K."\nkind = "reserve"\n'
    bad += 'asset = "BTC"\namount = 1\n'
    bad += '[[recovery]]\npool = "nowhere"\namount = 1\n'
    (files / "plan.toml").write_text(bad, "utf-8")
    said = run(files)
    assert said.code == 3
    names = {p["name"] for p in json.loads(said.out)["problems"]}
    assert names == {
        "unknown-code",
        "missing-value",
        "bad-rate",
        "bad-amount",
        "cost-above-amount",
        "other-entity",
        "wrong-currency",
        "unknown-pool",
    }


def test_a_price_that_is_missing_is_a_finding_and_holds_money_back(files: Path) -> None:
    """E107: the coins are shared all the same."""
    (files / "plan.toml").write_text(PLAN.replace('rate = "10000000"\n', ""), "utf-8")
    said = run(files)
    document = json.loads(said.out)
    assert (said.code, document["not_valued"]) == (1, ["BTC"])
    assert document["ratios"]["in_kind"]["BTC"] == "0.5"
    assert "ordinary" not in document["ratios"]["general"]


def test_debts_are_set_off_in_the_order_of_the_plan_before_anything_is_shared(files: Path) -> None:
    """E6: 30 yen of A are 300 units of BTC at a tenth of a yen each; JPY is not in the order."""
    (files / "debts.csv").write_text("claimant,amount\nA,30\nN,5\n", "utf-8")
    debts = ["--debts", str(files / "debts.csv")]
    unordered = run(files, *debts)
    assert (unordered.code, "names no" in unordered.err) == (2, True)
    (files / "plan.toml").write_text(PLAN + '[set_off]\norder = ["BTC"]\n', "utf-8")
    document = run(files, "--out", str(files / "d1"), *debts).json()
    assert document["set_off"] == {"debtors": 2, "debt": "35", "left": "5"}
    table = pq.read_table(files / "d1/distribution.parquet").to_pylist()
    counted = {(r["claimant"], r["asset"]): (int(r["amount"]), int(r["counted"])) for r in table}
    assert counted["A", "BTC"] == (600, 300)
    assert counted["A", "JPY"] == (600, 600)
    assert document["ratios"]["in_kind"]["BTC"] == "5/7"
    half = PLAN + '[set_off]\norder = ["BTC"]\n[set_off.counts]\nBTC = "0.5"\n'
    (files / "plan.toml").write_text(half, "utf-8")
    assert run(files, *debts).json()["set_off"]["left"] == "5"
    assert run(files, *debts).json()["ratios"]["in_kind"]["BTC"] == "1"


def test_debts_that_cannot_be_read_are_told_in_one_run(files: Path) -> None:
    (files / "debts.csv").write_text("claimant,amount\nA,-1\nB,1\nB,2\n,3\n", "utf-8")
    said = run(files, "--debts", str(files / "debts.csv"))
    assert said.code == 3
    assert [p["row"] for p in said.json()["problems"]] == [1, 3, 4]


def test_the_schedule_of_approval_stands_in_the_document(files: Path) -> None:
    """By rank, asset and state: how many, how much, and whether it waits."""
    found = run(files).json()["schedule"]
    line = {"rank": "customer", "asset": "BTC", "state": "objected", "reserved": True}
    assert {**line, "claims": 1, "claimed": "400"} in found
    assert sum(row["claims"] for row in found) == 6


def test_one_person_has_one_cap_over_all_accounts(files: Path) -> None:
    """P1 has two accounts: the smaller claim counts in full, of the other what is left of 100."""
    plan = PLAN.replace('basis = "in_kind"', 'basis = "in_kind"\ncap_per_person = 100')
    (files / "plan.toml").write_text(plan.replace("amount = 900", "amount = 110"), "utf-8")
    rows = ["A1,P1,JPY,90", "A2,P1,JPY,60", "B,,JPY,100", "C,,JPY,20"]
    head = "claimant,person,asset,amount,rank,state,flags\n"
    lines = "".join(f"{row},customer,admitted,\n" for row in rows)
    (files / "claims.csv").write_text(head + lines, "utf-8")
    assert run(files, "--out", str(files / "d1")).code == 0
    table = pq.read_table(files / "d1/distribution.parquet").to_pylist()
    counted = {r["claimant"]: (int(r["amount"]), int(r["counted"])) for r in table}
    assert counted == {"A1": (90, 40), "A2": (60, 60), "B": (100, 100), "C": (20, 20)}
    assert {r["claimant"]: int(r["in_kind_now"]) for r in table} == {
        "A1": 20, "A2": 30, "B": 50, "C": 10
    }  # fmt: skip
    (files / "claims.csv").write_text(head + "A,P1,BTC,1,customer,admitted,\n", "utf-8")
    refused = run(files)
    assert [p["name"] for p in json.loads(refused.out)["problems"]] == ["wrong-currency"]


def test_rival_days_of_valuation_stand_side_by_side_with_who_gains_and_loses(files: Path) -> None:
    """At three times the price the holder of coins gains what the holder of yen loses."""
    words = ["estate", "rival", str(files / "plan.toml"), "--claims", str(files / "claims.csv")]
    document = json.loads(sonae(*words, "--json").out)
    found = {(g["rank"], g["asset"]): g for g in document["valuations"]["record"]["groups"]}
    assert (found["customer", "BTC"]["gain"], found["customer", "BTC"]["lose"]) == (2, 0)
    assert found["customer", "JPY"]["lose"] == 2
    first = document["valuations"]["commencement"]["groups"]
    assert all(g["gain"] == g["lose"] == 0 for g in first)


def test_shipped_plans_name_their_source_and_what_is_not_known() -> None:
    document = json.loads(sonae("estate", "plans", "--json").out)
    found = {p["id"]: p for p in document["plans"]}
    assert {"estate.mtgox", "estate.cryptopia", "estate.ftx", "estate.celsius"} <= set(found)
    assert all(p["sources"] and p["not_known"] for p in found.values())
    assert found["estate.quadriga"]["confidence"]["levy_share"] == "memory"


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_people_get_tables_in_their_language(files: Path, lang: str) -> None:
    words = ["estate", "distribute", str(files / "plan.toml"), "--claims"]
    said = sonae(*words, str(files / "claims.csv"), "--lang", lang)
    assert said.code == 0
    assert ("留保" if lang == "ja" else "Reserved") in said.out
    plans = sonae("estate", "plans", "--lang", lang)
    assert "estate.mtgox" in plans.out
