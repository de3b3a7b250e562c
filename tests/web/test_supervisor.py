"""Supervisor: firms side by side, formulas tried, a firm's file worked out again."""

from __future__ import annotations

import copy
import json
from fractions import Fraction
from pathlib import Path

import pytest

from sonae.actions.console.home import Home
from sonae.actions.console.supervise import shared_suppliers
from sonae.actions.rules.recompute import recompute
from tests.command import sonae
from tests.web.conftest import Console
from tests.web.test_today import FIRMS, close_of


def test_side_by_side_says_what_each_firm_closed_with(demo: Console, demo_home: Path):
    said = json.loads(demo.ask("/supervisor.json").body)
    assert [f["firm"] for f in said["firms"]] == sorted(
        p.parent.name for p in demo_home.glob("*/closes")
    )
    assert set(FIRMS) <= {f["firm"] for f in said["firms"]}
    for row in said["firms"]:
        cover = close_of(demo_home, row["firm"])["cover"]["by_regime"]
        for regime in row["regimes"]:
            assert regime["surplus"]["value"] == cover[regime["regime"]]["surplus"]
            assert regime["required"]["value"] == cover[regime["regime"]]["required"]


def test_a_supplier_of_two_firms_stands_first(demo_home: Path, tmp_path: Path):
    for name in ("one", "two"):
        folder = tmp_path / name / "closes" / "2026-11-20"
        folder.mkdir(parents=True)
        (folder / "close.json").write_text(json.dumps(close_of(demo_home, "mihon")), "utf-8")
    (tmp_path / "three").symlink_to(demo_home / "mihon")
    found = shared_suppliers(Home(tmp_path).firms())
    assert {len(one["firms"]) for one in found} == {3}
    assert [r["firm"] for r in found[0]["firms"]] == ["one", "three", "two"]


@pytest.mark.parametrize("firm", FIRMS)
def test_a_file_agrees_with_itself_and_every_changed_output_is_named(demo_home: Path, firm: str):
    """E110: a supervisor works a submitted file out again from what the file itself says."""
    document = close_of(demo_home, firm)
    found = recompute(document)
    outputs = [id for o in document["requirements"].values() for id in o.values()]
    assert (found["same"], found["different"], found["not_run"]) == (len(outputs), [], [])
    numbers = [f for f in document["figures"] if f["id"] in outputs and f["kind"] == "number"]
    for entry in numbers[:8]:
        changed = copy.deepcopy(document)
        (one,) = [f for f in changed["figures"] if f["id"] == entry["id"]]
        one["value"] = str(Fraction(entry["value"]) + 1)
        assert [d["figure"] for d in recompute(changed)["different"]] == [entry["id"]]


def test_a_changed_fact_shows_in_what_rests_on_it(demo_home: Path, tmp_path: Path):
    document = copy.deepcopy(close_of(demo_home, "mihon"))
    (fact,) = [f for f in document["figures"] if f["id"] == "fact:trust_principal_jpy"]
    fact["value"] = str(int(fact["value"]) + 1_000_000)
    file = tmp_path / "close.json"
    file.write_text(json.dumps(document), "utf-8")
    code, out, _ = sonae("rules", "recompute", str(file), "--json")
    different = {d["figure"] for d in json.loads(out)["different"]}
    assert code == 1
    assert "jp.crypto.cash_trust#shortfall_jpy" in different
    assert all(d.startswith("jp.crypto.cash_trust") for d in different)


def test_a_draft_that_is_not_at_hand_word_for_word_is_not_run(demo_home: Path):
    document = copy.deepcopy(close_of(demo_home, "mihon"))
    document["edition"]["assumed"][0]["digest"] = "0" * 64
    found = recompute(document)
    assert found["drafts_not_at_hand"] == [document["edition"]["assumed"][0]["id"]]
    assert found["not_run"]
    assert found["same_law"] is None


def test_more_rate_never_pays_less_and_never_asks_for_less(demo: Console):
    before = None
    for rate in ("0", "1", "2.5", "5", "20", "100"):
        said = json.loads(demo.ask(f"/supervisor/laboratory.json?rate={rate}&floor=0&cap=").body)
        paid = Fraction(said["protection"]["paid"])
        asked = [Fraction(r["required"]) for r in said["burden"]]
        if before is not None:
            assert paid >= before[0]
            assert all(a >= b for a, b in zip(asked, before[1], strict=True))
        before = paid, asked
    assert said["standing"] == "proposed"


def test_the_reported_cap_pays_83_per_cent_of_dmm_and_not_more(demo: Console):
    said = json.loads(demo.ask("/supervisor/laboratory.json?rate=100&insured=0").body)
    (dmm,) = [r for r in said["back_test"] if r["venue"] == "DMM Bitcoin"]
    assert Fraction(dmm["coverage"][0]) * 100 // 1 == 82  # 40bn of 48.2bn
    assert dmm["verdict"] == "part"


def test_a_cap_of_nothing_is_a_cap(demo: Console):
    said = json.loads(demo.ask("/supervisor/laboratory.json?floor=0&cap=0").body)
    assert {r["required"] for r in said["burden"]} == {"0"}
    assert said["protection"]["paid"] == "0"


@pytest.mark.parametrize(
    "query", ["rate=101", "rate=abc", "rate=-1", "floor=5&cap=1", "family=max&rate=5&rate_hot=900",
              "family=x", "insured=1e3", "cap=99999999999999999999"],
)  # fmt: skip
def test_a_formula_that_makes_no_sense_is_refused_with_the_field(demo: Console, query: str):
    said = demo.ask(f"/supervisor/laboratory.json?{query}")
    assert said.status == 422
    assert json.loads(said.body)["error"]["problems"][0]["key"]
