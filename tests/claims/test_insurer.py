"""The insurer's side of an incident: layers, ranges, clocks, states of the claim, the pack."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from sonae.claims.incident import CAUSES
from sonae.claims.insured import PERILS_OF
from sonae.policy.perils import PERILS
from sonae.report.notice import url_like
from tests.command import Said, sonae

HEAD = """
[incident]
id = "INC-1"
entity = "Test Exchange K.K."
kind = "coins"
cause = "external_theft"
occurred_at = 2026-11-20T10:00:00+09:00
learned_at = 2026-11-20T11:00:00+09:00
record_at = 2026-11-20T23:59:59+09:00
currency = "JPY"
loss_borne_by = "asset_pool"
evidence = ["chain.txt", "statement of the vendor"]
source = "test"
confidence = "derived"
[[loss]]
asset = "BTC"
scale = 8
amount = "400"
wallet = "hot-1"
signing_domain = "hot"
price = "15000000"
price_source = "close of 19 November"
tier = "hot"
"""
FX = '[[fx]]\ncurrency = "USD"\nrate = "150"\nsource = "close of 19 November"\n'
RESERVE = '[[funds]]\nkind = "reserve"\namount = "300000000"\nhours = 1\n'
POLICY = """
[[policy]]
policy_id = "P1"
insurer = "Test Insurance"
insurer_licence = "L1"
form = "crime"
insurance_kind = "liability"
currency = "USD"
beneficiary = "customers"
pledge = "none"
limit_per_event = 30000000
annual_aggregate = 30000000
retention = 1000000
co_insurance = 0
claims_paid = 0
period_start = 2026-04-01
period_end = 2027-03-31
terminates_on = []
sublimits = [{ tier = "hot", amount = 10000000 }]
notice_days = 30
proof_of_loss_days = 120
interim_share = "0.25"
interim_days = 60
days_to_cash = 300
"""
INCIDENT = HEAD + FX + RESERVE + POLICY
AS_OF = ("--as-of", "2026-11-28")


def state(name: str, on: str, dollars: int | None = None, policy: str = "P1") -> str:
    amount = "" if dollars is None else f"amount = {dollars}\n"
    return (
        f'[[insurer_claim]]\npolicy_id = "{policy}"\nstate = "{name}"\non = {on}\n'
        f'{amount}evidence = "letter"\n'
    )


NOTIFIED = state("precautionary_notice", "2026-11-20")


def opened(folder: Path, text: str, *words: str | Path) -> Said:
    file = folder / "incident.toml"
    file.write_text(text, encoding="utf-8")
    return sonae("incident", "open", file, "--json", *(words or AS_OF))


def insured(folder: Path, text: str, *words: str | Path) -> Any:
    return opened(folder, text, *words).json()["insurance"]


def one(folder: Path, text: str, *words: str | Path) -> Any:
    [policy] = insured(folder, text, *words)["policies"]
    return policy


def problems(said: Said) -> str:
    assert said.code == 3, said.out + said.err
    return said.out + said.err


def test_an_incident_shows_what_each_layer_pays_and_why_not_more(tmp_path: Path) -> None:
    """A hot theft of USD 40 m under a hot sublimit of 10 m, in yen."""
    said = opened(tmp_path, INCIDENT)
    assert said.code == 0
    document = said.json()
    found = document["insurance"]
    assert found["pays"] == {"low": "1500000000", "high": "1500000000"}
    [tower] = found["towers"]
    assert {u["code"]: u["amount"] for u in tower["outside"]} == {
        "sublimit": "4350000000",
        "retention": "150000000",
    }
    assert document["waterfall"]["borne"] == [
        {"source": "insurance P1", "amount": "1500000000"},
        {"source": "reserve", "amount": "300000000"},
    ]
    assert document["waterfall"]["gap"] == "4200000000"
    assert [(c["kind"], c["amount"], c["on"]) for c in found["policies"][0]["cash"]] == [
        ("interim", "375000000", "2027-01-19"),
        ("final", "1125000000", "2027-09-16"),
    ]


def test_insurance_money_is_not_payable_before_it_has_come(tmp_path: Path) -> None:
    """E69: it comes ten months later; not even an accepted claim is money within thirty days."""
    accepted = NOTIFIED + state("accepted", "2026-11-27", 10_000_000)
    for text in (INCIDENT, INCIDENT + accepted):
        document = opened(tmp_path, text).json()
        assert set(document["waterfall"]["payable"].values()) == {"300000000"}
    found = one(tmp_path, INCIDENT + accepted)
    assert (found["state"], found["counts"], found["received"]) == ("accepted", "1500000000", "0")
    paid = accepted + state("interim_payment", "2026-11-28", 2_500_000)
    document = opened(tmp_path, INCIDENT + paid).json()
    assert document["waterfall"]["payable"]["1h"] == "675000000"
    assert document["waterfall"]["gap"] == "4200000000"


def test_the_peril_follows_the_cause_when_it_is_found_out(tmp_path: Path) -> None:
    """A supplier's loss is not what the crime form covers; a stated peril must fit the cause."""
    supplier = INCIDENT.replace("external_theft", "supplier")
    found = insured(tmp_path, supplier)
    assert (found["perils"], found["pays"]["high"]) == (["third_party_custodian"], "0")
    [outside] = found["towers"][0]["outside"]
    assert outside["code"] == "peril_not_in_form"
    tricked = supplier.replace('"supplier"\n', '"supplier"\nperil = "external_hack"\n', 1)
    assert insured(tmp_path, tricked)["pays"]["low"] == "1500000000"
    wrong = INCIDENT.replace('"external_theft"\n', '"external_theft"\nperil = "insider"\n')
    assert "incident.peril" in problems(opened(tmp_path, wrong))


def test_an_undetermined_cause_counts_nothing_for_certain_and_shows_the_range(
    tmp_path: Path,
) -> None:
    """Between nothing, were it a failure of the chain, and the sublimit, were it a hack."""
    document = opened(tmp_path, INCIDENT.replace("external_theft", "undetermined")).json()
    found = document["insurance"]
    assert not found["certain"]
    assert found["pays"] == {"low": "0", "high": "1500000000"}
    assert found["by_peril"]["insider"]["pays"] == "1500000000"
    assert found["by_peril"]["chain_failure"]["pays"] == "0"
    assert found["policies"][0]["relied_on"] == "0"
    assert document["waterfall"]["gap"] == "5700000000"
    for lang in ("ja", "en"):
        assert sonae("incident", "open", tmp_path / "incident.toml", "--lang", lang).out


def test_every_cause_has_its_perils() -> None:
    """One vocabulary for both; only an undetermined cause may be anything."""
    assert set(PERILS_OF) == set(CAUSES)
    assert all(set(found) <= set(PERILS) for found in PERILS_OF.values())
    assert PERILS_OF["undetermined"] == PERILS


@pytest.mark.parametrize(
    ("more", "as_of", "state_of_clock", "relied_on"),
    [
        ("", "2026-12-20", "open", "1500000000"),
        ("", "2026-12-21", "AT_RISK", "0"),
        (state("formal_notice", "2026-12-20"), "2027-01-01", "done", "1500000000"),
        (state("formal_notice", "2026-12-21"), "2027-01-01", "AT_RISK", "0"),
    ],
)
def test_a_notice_that_is_not_given_in_time_puts_the_insurance_at_risk(
    tmp_path: Path, more: str, as_of: str, state_of_clock: str, relied_on: str
) -> None:
    """E68: 30 days from hour 0; once missed nothing is relied on, and the exit code says so."""
    said = opened(tmp_path, INCIDENT + more, "--as-of", as_of)
    [found] = said.json()["insurance"]["policies"]
    clock = found["clocks"][0]
    assert (clock["what"], clock["due"], clock["state"]) == ("notice", "2026-12-20", state_of_clock)
    assert found["relied_on"] == relied_on
    assert said.code == (1 if state_of_clock == "AT_RISK" else 0)


def test_what_is_in_dispute_is_not_relied_on(tmp_path: Path) -> None:
    """E59: denied or disputed, the amount falls to nothing; a later acceptance brings it back."""
    disputed = INCIDENT + NOTIFIED + state("disputed", "2026-11-25", 10_000_000)
    found = one(tmp_path, disputed)
    assert (found["state"], found["disputed"], found["relied_on"]) == (
        "disputed",
        "1500000000",
        "0",
    )
    part = disputed + state("part_accepted", "2026-11-26", 6_000_000)
    again = part + state("arbitration", "2026-11-27", 4_000_000)
    found = one(tmp_path, again)
    assert (found["disputed"], found["counts"], found["relied_on"]) == (
        "600000000",
        "900000000",
        "900000000",
    )
    settled = again + state("accepted", "2026-11-28", 10_000_000)
    assert one(tmp_path, settled)["relied_on"] == "1500000000"


def test_what_an_insurer_accepted_counts_whatever_the_terms_give_here(tmp_path: Path) -> None:
    """Its word is stronger than our reading; taken back, it counts no more, but what came stays."""
    supplier = INCIDENT.replace("external_theft", "supplier") + NOTIFIED
    accepted = supplier + state("accepted", "2026-11-24", 5_000_000)
    found = one(tmp_path, accepted)
    assert (found["pays"]["high"], found["counts"], found["relied_on"]) == (
        "0",
        "750000000",
        "750000000",
    )
    paid = accepted + state("interim_payment", "2026-11-25", 1_000_000)
    denied = paid + state("denied", "2026-11-26", 5_000_000)
    found = one(tmp_path, denied)
    assert (found["counts"], found["relied_on"]) == ("150000000", "150000000")


def test_policies_may_stand_in_a_file_or_in_the_books(tmp_path: Path) -> None:
    """One reader for all; two places at once are refused."""
    (tmp_path / "policies.toml").write_text(POLICY, encoding="utf-8")
    text = HEAD + FX + RESERVE + NOTIFIED
    for where in (tmp_path, tmp_path / "policies.toml"):
        assert one(tmp_path, text, "--policies", where, *AS_OF)["pays"]["low"] == "1500000000"
    assert "policy" in problems(opened(tmp_path, INCIDENT, "--policies", tmp_path))
    assert "insurer_claim" in problems(opened(tmp_path, text))
    assert opened(tmp_path, HEAD, "--policies", tmp_path / "no.toml").code == 2
    (tmp_path / "bad.toml").write_text("[[policy", encoding="utf-8")
    assert "bad.toml" in problems(opened(tmp_path, HEAD, "--policies", tmp_path / "bad.toml"))
    assert opened(tmp_path, HEAD).json()["insurance"] is None


def test_policies_and_an_amount_of_insurance_together_are_refused(tmp_path: Path) -> None:
    """An amount alone stays possible for events of which no more is public."""
    amount = '[[funds]]\nkind = "insurance"\namount = "5"\n'
    assert "funds" in problems(opened(tmp_path, INCIDENT + amount))
    assert opened(tmp_path, HEAD + amount).code == 0


def test_what_a_policy_asks_and_the_incident_does_not_say_is_listed_at_once(
    tmp_path: Path,
) -> None:
    """Tier, price and exchange rate; faults of a policy with the incident's file as their place."""
    bare = HEAD.replace('tier = "hot"\n', "").replace('price = "15000000"\n', "")
    said = problems(opened(tmp_path, bare + POLICY))
    assert all(f'"{key}"' in said for key in ("loss[0].tier", "loss[0].price", "fx"))
    broken = problems(opened(tmp_path, INCIDENT.replace('form = "crime"', 'form = "fire"')))
    assert "incident.toml" in broken
    assert "policy[0].form" in broken
    wrong = HEAD + '[[fx]]\ncurrency = "USD"\nrate = "0"\nsource = "x"\n'
    assert "fx[0].rate" in problems(opened(tmp_path, wrong))
    assert "loss[0].tier" in problems(opened(tmp_path, INCIDENT.replace('"hot"\n[', '"warm"\n[')))


@pytest.mark.parametrize(
    "more",
    [
        state("accepted", "2026-11-21", 5),
        state("formal_notice", "2026-11-19"),
        NOTIFIED + state("closed", "2026-11-22") + state("queries", "2026-11-23"),
        state("formal_notice", "2026-11-21", policy="P9"),
        NOTIFIED + state("accepted", "2026-11-21"),
        NOTIFIED + state("accepted", "2026-11-21", -5),
        state("promised", "2026-11-21"),
    ],
)
def test_states_of_a_claim_that_cannot_be_are_refused(tmp_path: Path, more: str) -> None:
    """Decided before notice, before it was known, after the end, of no policy, without amount."""
    assert "insurer_claim" in problems(opened(tmp_path, INCIDENT + more))


def test_each_insurer_gets_a_notice_and_a_proof_of_loss_with_digests(tmp_path: Path) -> None:
    """Files by policy, a manifest of them, prices with sources, evidence, what was paid."""
    step = ('[[step]]\nkind = "paid"\nasset = "JPY"\namount = "1000"\non = 2026-11-27\n'
            'evidence = "bank"\n')  # fmt: skip
    file, out = tmp_path / "incident.toml", tmp_path / "pack"
    file.write_text(INCIDENT + NOTIFIED + step, encoding="utf-8")
    (tmp_path / "chain.txt").write_bytes(b"transfers")
    said = sonae("incident", "insurer", file, "--out", out, "--json", *AS_OF)
    assert said.code == 0, said.err
    manifest = said.json()
    assert json.loads((out / "manifest.json").read_text("utf-8")) == manifest
    assert {f["path"] for f in manifest["files"]} == {
        "P1/notice.en.txt",
        "P1/notice.ja.txt",
        "P1/proof-of-loss.json",
    }
    for f in manifest["files"]:
        content = (out / f["path"]).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (f["bytes"], f["sha256"])
    proof = json.loads((out / "P1/proof-of-loss.json").read_text("utf-8"))
    assert proof["losses"][0]["price_source"] == "close of 19 November"
    assert proof["losses"][0]["value"] == proof["loss"] == "6000000000"
    assert proof["evidence"] == [
        {"name": "chain.txt", "sha256": hashlib.sha256(b"transfers").hexdigest()},
        {"name": "statement of the vendor", "sha256": None},
    ]
    assert proof["paid_to_customers"][0]["amount"] == "1000"
    assert proof["states"][0]["state"] == "precautionary_notice"
    assert proof["answer"]["pays"]["low"] == "1500000000"
    for lang, day in (("en", "20 December 2026"), ("ja", "2026年12月20日")):
        notice = (out / f"P1/notice.{lang}.txt").read_text("utf-8")
        assert all(words in notice for words in (day, "P1", "400 BTC"))
        assert "AT_RISK" not in notice
        assert not url_like(notice)


def test_a_late_notice_is_marked_and_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    """The mark stands in the line for ourselves; the exit code is that of a finding."""
    file = tmp_path / "incident.toml"
    file.write_text(INCIDENT, encoding="utf-8")
    late = ("--as-of", "2026-12-21")
    packs = []
    for name in ("a", "b"):
        assert sonae("incident", "insurer", file, "--out", tmp_path / name, *late).code == 1
        files = sorted(p for p in (tmp_path / name).rglob("*") if p.is_file())
        packs.append([p.read_bytes() for p in files])
    assert packs[0] == packs[1]
    for lang in ("en", "ja"):
        first = (tmp_path / f"a/P1/notice.{lang}.txt").read_text("utf-8").splitlines()[0]
        assert "AT_RISK" in first


def test_a_pack_needs_policies_that_can_name_a_folder(tmp_path: Path) -> None:
    """And nothing is written otherwise."""
    file, out = tmp_path / "incident.toml", tmp_path / "pack"
    for text in (HEAD, INCIDENT.replace('"P1"', '"../P1"')):
        file.write_text(text, encoding="utf-8")
        assert sonae("incident", "insurer", file, "--out", out).code == 2
        assert not out.exists()
    linked = INCIDENT.replace("Test Insurance", "see www.example")
    file.write_text(linked, encoding="utf-8")
    assert sonae("incident", "insurer", file, "--out", out).code == 3
    assert not out.exists()
