"""The folder an auditor is given: a byte that differs in any file of it is found."""

from __future__ import annotations

import hashlib
import json
import shutil
from datetime import date
from pathlib import Path

import pytest

from sonae.actions.fund.export import EXPORT, OURS, export_fund, verify_export
from tests.command import sonae
from tests.fund.signed import Signers, opened

STEP = 29
"""In the larger files every 29th byte is changed."""


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, people = tmp_path_factory.mktemp("export"), Signers()
    with opened(str(folder / "fund.db"), create=True) as ledger:
        people.begin(ledger)
        people.done(ledger, people.money(ledger.seen, 5))
        export_fund(ledger, folder / "out", date(2026, 11, 20))
    return folder / "out"


@pytest.mark.parametrize("name", sorted(OURS - {EXPORT}))
def test_any_byte_of_any_file_that_differs_is_found(
    export: Path, name: str, tmp_path: Path
) -> None:
    """`fund.jsonl` itself: tests/fund/test_faults_sqlite.py."""
    copy = shutil.copytree(export, tmp_path / "copy")
    good = (copy / name).read_bytes()
    for place in range(0, len(good), 1 if len(good) < 1_500 else STEP):
        text = bytearray(good)
        text[place] ^= 1
        (copy / name).write_bytes(text)
        found = verify_export(copy)
        assert not found.good, (name, place)
        assert name == "manifest.json" or name in {f.file for f in found.faults}
    (copy / name).write_bytes(good)
    assert verify_export(copy).good
    (copy / name).unlink()
    assert [f.file for f in verify_export(copy).faults] == [name]


def test_the_command_names_the_file_and_leaves_with_1(export: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(export, tmp_path / "copy")
    journal = copy / "journal.csv"
    journal.write_bytes(journal.read_bytes().replace(b",5,", b",6,"))
    said = sonae("fund", "verify", copy, "--json")
    assert said.code == 1
    assert [f["file"] for f in said.json()["faults"]] == ["journal.csv"]
    assert "journal.csv" in sonae("fund", "verify", copy).out


def test_a_table_and_the_manifest_changed_together_are_told_by_the_manifest_alone(
    export: Path, tmp_path: Path
) -> None:
    """What proves is fund.jsonl: the folder then passes, and its manifest is another one."""
    copy = shutil.copytree(export, tmp_path / "copy")
    (copy / "assets.csv").write_bytes(b"")
    manifest = json.loads((copy / "manifest.json").read_bytes())
    manifest["files"]["assets.csv"] = hashlib.sha256(b"").hexdigest()
    text = json.dumps(manifest, ensure_ascii=False, indent=1) + "\n"
    (copy / "manifest.json").write_text(text, encoding="utf-8")
    assert verify_export(copy).good
    assert (copy / "manifest.json").read_bytes() != (export / "manifest.json").read_bytes()


def test_the_manifest_lists_every_other_file(export: Path) -> None:
    stated = json.loads((export / "manifest.json").read_bytes())["files"]
    assert (
        set(stated)
        == OURS - {"manifest.json"}
        == {p.name for p in export.iterdir()} - {"manifest.json"}
    )
    for name, digest in stated.items():
        assert hashlib.sha256((export / name).read_bytes()).hexdigest() == digest
