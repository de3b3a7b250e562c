"""`sonae demo chains`: the whole story on real nodes, and a clear sentence where npm is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from sonae.actions.chains.node_servers import install
from tests.chains.nodes import _or_skip
from tests.command import sonae


def test_the_story_moves_reads_proves_and_notices_that_the_chains_changed(tmp_path: Path) -> None:
    with _or_skip():
        install()
    said = sonae("demo", "chains", "--out", tmp_path, "--json")
    assert said.code == 0, said.err
    story = said.json()
    assert story["before"]["complete"]
    assert [p["state"] for p in story["proofs"]["proofs"]] == ["good"] * 3
    names = [f["name"] for f in story["after"]["findings"]]
    assert names == ["block-reorganised", "block-reorganised", "proof-reorganised"]
    assert {(c["holding_id"], c["asset"]) for c in story["after"]["changes"]} == {
        ("cold", "BTC"),
        ("vault", "ETH"),
    }
    held = (tmp_path / "chains" / "after" / "holdings.csv").read_text("utf-8")
    evidence = {line.split(",")[0]: line.split(",")[10] for line in held.splitlines()[1:]}
    assert evidence == {"hot": "signature", "vault": "", "cold": "signature"}


def test_without_npm_the_demo_says_so_and_ends_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    said = sonae("demo", "chains", "--out", tmp_path / "out", "--lang", "ja")
    assert said.code == 0
    assert "npm" in said.out
    assert "飛ばした" in said.out
    assert not (tmp_path / "out").exists()
