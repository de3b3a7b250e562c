"""A pack with every close: one command, sealed, signed by the seal key, opened again."""

from __future__ import annotations

from pathlib import Path

import pyrage

from sonae.actions.keys import load_key, new_key
from sonae.actions.pack.make import public_word
from tests import kit
from tests.command import sonae
from tests.estate.test_from_pack import RECIPIENTS

from .made import FILES, tables


def test_a_close_can_leave_its_pack_beside_it(tmp_path: Path) -> None:
    """What is sealed is what is packed; the parts that a close does not have are named."""
    books = kit.write(tmp_path / "books", tables(), files=FILES)
    new_key(tmp_path / "seal.key")
    secrets = [pyrage.x25519.Identity.generate() for _ in range(2)]
    (tmp_path / "key.txt").write_text(f"{secrets[0]}\n")
    one, two = (str(s.to_public()) for s in secrets)
    (tmp_path / "to.toml").write_text(RECIPIENTS.format(one=one, two=two), encoding="utf-8")
    words = ("close", books, "--out", tmp_path / "day", "--seal-key", tmp_path / "seal.key")
    said = sonae(*words, "--pack", tmp_path / "to.toml")
    assert said.code == 1  # no ledger, no groups of persons
    signer = public_word(load_key(tmp_path / "seal.key").public)
    opened = sonae(
        *("pack", "open", tmp_path / "day-2026-11-20.pack.age", "--signer", signer, "--json"),
        *("--identity", tmp_path / "key.txt", "--out", tmp_path / "opened"),
    ).json()
    assert opened["seal"] is not None
    assert "totals-differ" not in {f["name"] for f in opened["findings"]}
    assert {m["part"] for m in opened["missing"]} >= {"ledger/"}
    again = sonae(*words, "--pack", tmp_path / "to.toml")
    assert again.code == 1
    assert (tmp_path / "day-2026-11-20.pack.age.minisig").is_file()


def test_a_pack_of_a_close_needs_the_key_that_signs_it(tmp_path: Path) -> None:
    books = kit.write(tmp_path / "books", tables(), files=FILES)
    (tmp_path / "to.toml").write_text("", encoding="utf-8")
    said = sonae("close", books, "--out", tmp_path / "day", "--pack", tmp_path / "to.toml")
    assert said.code == 2
    assert not (tmp_path / "day").exists()
