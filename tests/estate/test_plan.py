"""Sweep, checklist, letters, appointment."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonae.actions.takeover.open import make_checklist, make_letters, make_sweep
from sonae.claims.takeover.sweep import RISKS, Destination, Wallet, sweep
from sonae.cli.main import run
from sonae.core.errors import InputError
from sonae.report.notice import url_like
from tests.estate.firm import BTC, FROZEN, TO, books
from tests.fund.people import People

AT = datetime.fromisoformat(FROZEN)


def destinations(folder: Path, *rows: tuple[str, ...]) -> Path:
    path = folder / "to.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([("asset", "chain", "address", "owner"), *rows])
    return path


def test_the_sweep_moves_what_is_held_to_the_unit_riskiest_first(tmp_path: Path) -> None:
    """Hot, then cold by signing domain, each after a test; the parts add up to the wallets."""
    to = destinations(tmp_path, ("BTC", "bitcoin", TO, ""))
    document = make_sweep(books(tmp_path / "books"), to, tmp_path / "out")
    assert [b["risk"] for b in document["batches"]] == ["hot", "cold", "cold"]
    assert [b["signers"] for b in document["batches"]] == ["hot", "custodian Test Custody", "vault"]
    assert all([t["test"] for t in b["transfers"]] == [True, False] for b in document["batches"])
    moved: Counter[str] = Counter()
    for batch in document["batches"]:
        for transfer in batch["transfers"]:
            moved[transfer["from"]] += int(transfer["units"])
    assert moved == {"btc-cold": 60 * BTC, "btc-kept": 30 * BTC, "btc-hot": 10 * BTC}
    assert document["totals"]["BTC"]["left"] == "0"
    files = sorted(p.name for p in (tmp_path / "out" / "batches").iterdir())
    assert files == ["0001-hot.json", "0002-cold.json", "0003-cold.json"]


def test_what_has_no_destination_is_named_and_the_exit_code_says_so(
    tmp_path: Path, capsys: Any
) -> None:
    """Nothing is left out silently."""
    to = destinations(tmp_path, ("ETH", "ethereum", "0x" + "1" * 40, ""))
    assert run(["estate", "sweep", str(books(tmp_path / "books")), str(to), "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert {w["holding_id"] for w in document["left"]} == {"btc-cold", "btc-kept", "btc-hot"}
    assert document["batches"] == []


def test_a_destination_that_cannot_be_right_refuses_the_whole_plan(tmp_path: Path) -> None:
    """A broken checksum, a wallet of the firm itself, a second address for one thing."""
    to = destinations(
        tmp_path,
        ("BTC", "bitcoin", TO[:-1] + "5", ""),
        ("BTC", "bitcoin", "cold-1", "reserve"),
        ("BTC", "bitcoin", TO, ""),
    )
    with pytest.raises(InputError) as caught:
        make_sweep(books(tmp_path / "books"), to, tmp_path / "out")
    assert [p.row for p in caught.value.problems] == [1, 2, 3]
    assert "a wallet of the firm" in caught.value.problems[1].message.en
    assert not (tmp_path / "out").exists()


def test_own_coins_do_not_go_to_the_customers_wallet(tmp_path: Path) -> None:
    """Guarantee coins follow the customers'; house coins need a place of their own."""
    made = [wallet("a", "BTC", 10, owner=o) for o in ("customer", "guarantee", "house")]
    plan = sweep(made, [Destination("BTC", "x", "there", "customer", "")])
    assert [b["owner"] for b in plan.batches] == ["customer", "guarantee"]
    assert [w["owner"] for w in plan.left] == ["house"]


def wallet(id: str, asset: str, units: int, **more: Any) -> Wallet:
    first = Wallet(
        id, asset, "customer", "cold", units, "x", id, "", "d", "2 of 3", (), True, False, 0
    )
    return first._replace(**more)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(("BTC", "ETH")),
            st.integers(0, 10**30),
            st.sampled_from(("cold", "hot", "other")),
            st.sampled_from(("d1", "d2")),
            st.sampled_from(("1 of 2", "2 of 3")),
            st.booleans(),
        ),
        max_size=8,
    )
)
def test_any_sweep_conserves_every_unit_and_never_puts_risk_after_safety(rows: list[Any]) -> None:
    """Held = planned + left per asset; ranks never fall; each batch begins with one test."""
    wallets = [
        wallet(f"w{n}", asset, units, tier=tier, signing_domain=domain, quorum=q, proved=proved)
        for n, (asset, units, tier, domain, q, proved) in enumerate(rows)
    ]
    plan = sweep(wallets, [Destination("BTC", "x", "there", "customer", "")])
    for name in {w.asset for w in wallets}:
        held = sum(w.units for w in wallets if w.asset == name)
        moved = sum(
            int(t["units"]) for b in plan.batches if b["asset"] == name for t in b["transfers"]
        )
        left = sum(int(w["units"]) for w in plan.left if w["asset"] == name)
        assert held == moved + left
        assert plan.totals[name]["planned"] == moved
    ranks = [RISKS.index(b["risk"]) for b in plan.batches]
    assert ranks == sorted(ranks)
    assert all([t["test"] for t in b["transfers"]].count(True) == 1 for b in plan.batches)
    assert all(b["transfers"][0]["test"] for b in plan.batches)
    assert plan.id == sweep(wallets[::-1], [Destination("BTC", "x", "there", "customer", "")]).id


# -- checklist ------------------------------------------------------------------------------------


def test_the_checklist_has_clocks_and_says_what_is_no_law(tmp_path: Path) -> None:
    """The rulebook's clock to the day; targets marked house; insurers before a petition."""
    petition = AT + timedelta(hours=30)
    document = make_checklist(books(tmp_path / "books"), tmp_path / "out", AT, petition)
    tasks = {t["id"]: t for t in document["tasks"]}
    reconcile = tasks["reconcile"]
    assert (reconcile["due"], reconcile["standing"]) == ("2026-11-24", "in_force")
    assert tasks["open"]["due"] == (AT + timedelta(hours=1)).isoformat()
    assert (tasks["open"]["standing"], tasks["open"]["confidence"]) == ("house", "memory")
    assert tasks["insurer-DIES"]["due"] == petition.isoformat()
    assert "before a petition" in tasks["insurer-DIES"]["title"]["en"]
    assert tasks["insurer-LIVES"]["due"]["en"] == "within the policy's notice period"
    assert "Test Custody" in tasks["custodian-1"]["title"]["en"]
    assert "shortage" not in tasks
    assert not [t for t in document["tasks"] if t["confidence"] == "verified"]
    for lang, mark in (("ja", "社内規程"), ("en", "house rule")):
        text = (tmp_path / "out" / f"checklist.{lang}.md").read_text("utf-8")
        assert text.count("- [ ]") == len(document["tasks"])
        assert mark in text.lower()
        assert mark in (tmp_path / "out" / f"checklist.{lang}.html").read_text("utf-8").lower()


def test_a_shortage_brings_its_clock_of_five_business_days(tmp_path: Path) -> None:
    """By GL II-2-2-3-2(3)④, counted by the rulebook over the holiday of 23 November."""
    folder = books(tmp_path / "books")
    text = (folder / "holdings.csv").read_text("utf-8").replace(str(60 * BTC), str(59 * BTC))
    (folder / "holdings.csv").write_text(text, "utf-8")
    document = make_checklist(folder, None, AT, None)
    tasks = {t["id"]: t for t in document["tasks"]}
    assert tasks["shortage"]["due"] == "2026-11-30"
    assert tasks["insurer-DIES"]["due"]["en"] == "before the petition"


# -- letters --------------------------------------------------------------------------------------


def test_letters_go_to_everybody_outside_in_both_languages_without_a_link(tmp_path: Path) -> None:
    """Bank, trust bank, beneficiary agent, custodian, both insurers, two authorities."""
    written = make_letters(books(tmp_path / "books"), tmp_path / "out", "A. Administrator", AT)
    assert Counter(x["kind"] for x in written) == {
        "bank": 1,
        "trust_bank": 1,
        "beneficiary_agent": 1,
        "custodian": 1,
        "insurer_before_petition": 1,
        "insurer": 1,
        "authority": 2,
    }
    to = {x["kind"]: x for x in written}
    assert to["beneficiary_agent"]["to"]["ja"] == "Agent Attorney"
    assert to["insurer_before_petition"]["to"]["en"] == "First Insurance"
    for one in written:
        ja, en = ((tmp_path / "out" / one[k]).read_text("utf-8") for k in ("ja", "en"))
        assert ja.startswith("【下書き・未送付】")
        assert en.startswith("DRAFT, NOT SENT")
        assert one["to"]["ja"] in ja
        assert one["to"]["en"] in en
        assert not url_like(ja)
        assert not url_like(en)
        assert not re.search(r"[ぁ-ん一-龥]", en)
    bank = (tmp_path / "out" / to["bank"]["en"]).read_text("utf-8")
    assert "house-1 (house): JPY 5000000" in bank
    assert "trust-1" not in bank


# -- appointment -----------------------------------------------------------------------------------

ORDER = """
authority = "Example Court"
number = "2026-1"
date = 2026-11-20
document = "order.pdf"
powers = ["return assets"]
[administrator]
id = "adm2"
name = "Administrator"
public_key = "{key}"
"""


@pytest.fixture
def fund(tmp_path: Path) -> People:
    """A fund in force on SQLite."""
    found = People(tmp_path, str(tmp_path / "fund.db"))
    found.begin()
    return found


def test_an_appointment_freezes_the_firms_rights_and_names_them(
    fund: People, tmp_path: Path, capsys: Any
) -> None:
    """The fund's own act: afterwards nobody of the firm can propose anything."""
    (tmp_path / "order.pdf").write_bytes(b"the order")
    order = tmp_path / "order.toml"
    administrator = fund.key("adm2")
    order.write_text(order_text(administrator), "utf-8")
    capsys.readouterr()
    words = ["estate", "appoint", str(order), "--key", str(tmp_path / "sup.key")]
    assert run([*words, "--store", fund.store, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {one["id"] for one in found["freezes"]} == {"aoi", "ben", "chi"}
    said = fund.propose("aoi", "contribute", 'asset = "TRUST"\namount = "1"')
    assert (said.code, said.json()["refused"]) == (3, "role_revoked")
    assert run([*words[:3], "--key", str(tmp_path / "aoi.key"), "--store", fund.store]) == 3


def order_text(key: str) -> str:
    return ORDER.format(key=key)


def test_checklist_letters_and_readiness_run_from_the_command_line(
    tmp_path: Path, capsys: Any
) -> None:
    """In both languages on the terminal, as one document with --json, and files in new folders."""
    folder = str(books(tmp_path / "books"))
    frozen = ["--frozen-at", FROZEN]
    for lang, word in (("ja", "引継ぎチェックリスト"), ("en", "Take-over checklist")):
        assert run(["estate", "checklist", folder, *frozen, "--lang", lang]) == 0
        assert word in capsys.readouterr().out
    letters = ["estate", "letters", folder, *frozen, "--writer", "A. Administrator", "--json"]
    assert run([*letters, "--out", str(tmp_path / "letters")]) == 0
    written = json.loads(capsys.readouterr().out)["letters"]
    assert len(list((tmp_path / "letters").iterdir())) == 2 * len(written)
    assert run(["estate", "readiness", folder, "--out", str(tmp_path / "ready"), "--json"]) == 1
    assert not json.loads(capsys.readouterr().out)["ready"]
    assert run(["estate", "checklist", folder, "--frozen-at", "2026-11-20T18:00:00"]) == 2
