"""Ugly files map to exactly these Books, and each fault that is planted in them is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sonae.actions.books.map import kept, map_books
from sonae.actions.close import close_books
from tests.command import contents, sonae

from .kit import SPEC, firm, ledger, problems, table, told, wallets, zengin

LINES = ledger().decode("cp932").splitlines(keepends=True)


def changed(row: int, old: str, new: str) -> bytes:
    """The ledger with one data row (from 1) written otherwise."""
    lines = list(LINES)
    assert old in lines[row + 2]
    lines[row + 2] = lines[row + 2].replace(old, new)
    return "".join(lines).encode("cp932")


def test_the_files_of_a_firm_become_exactly_these_books(tmp_path: Path) -> None:
    """Each value worked by hand from the text of the files."""
    mapping = firm(tmp_path / "in")
    record = map_books(mapping, tmp_path / "out")
    assert [
        (r["account_id"], r["asset"], r["state"], int(r["quantity"]))
        for r in table(tmp_path / "out", "balances")
    ] == [
        ("0012345", "BTC", "free", 1234_00000001),
        ("0012346", "BTC", "free", 10_50000000),
        ("0012347", "ETH", "free", 1),
        ("0012347", "JPY", "free", -1500),
        ("0012345", "BTC", "locked", 50000000),
        ("0012346", "BTC", "locked", 0),
        ("0012347", "ETH", "locked", 0),
        ("0012347", "JPY", "locked", 0),
    ]
    assert [
        (r["holding_id"], r["quantity"], r["control_proved_on"], r["as_of"])
        for r in table(tmp_path / "out", "holdings")
    ] == [
        ("btc-cold", "124510000000", "2026-11-19", "2026-11-20T23:59:59+09:00"),
        ("eth-cold", "1", "2026-11-20", "2026-11-20T23:59:00+09:00"),
    ]
    (account,) = table(tmp_path / "out", "statements")
    assert (account["account"], account["amount"], account["as_of"]) == (
        "0001234567", "1000000", "2026-11-20",
    )  # fmt: skip
    assert [r["price"] for r in table(tmp_path / "out", "prices")] == ["15000000.5", "500000"]
    read = record["files"][0]
    assert (read["rows"], read["made"], read["left_out"]) == (6, {"balances": 8}, 1)


def test_what_was_mapped_closes_and_every_figure_names_its_file(tmp_path: Path) -> None:
    map_books(firm(tmp_path / "in"), tmp_path / "out")
    closed = close_books(tmp_path / "out", [], None, None)
    sources = closed.document["sources"]["notes"]
    assert any("wallets.xlsx sha256:" in str(s) for s in sources)


def test_the_same_files_give_the_same_bytes_and_a_dry_run_writes_none(tmp_path: Path) -> None:
    mapping = firm(tmp_path / "in")
    before = contents(tmp_path)
    assert sonae("books", "map", mapping, "--dry-run").code == 0
    assert contents(tmp_path) == before
    for name in ("one", "two"):
        map_books(mapping, tmp_path / name)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_originals_are_kept_by_their_digest(tmp_path: Path) -> None:
    """An original that was touched is found."""
    map_books(firm(tmp_path / "in"), tmp_path / "out", originals=True)
    assert set(kept(tmp_path / "out").values()) == {True}
    one = next(iter((tmp_path / "out" / "originals").iterdir()))
    one.write_bytes(one.read_bytes() + b" ")
    assert sorted(kept(tmp_path / "out").values()) == [False, True, True, True]
    assert sonae("books", "check", tmp_path / "out").code == 0


FAULTS = {
    "bracket": (changed(4, "（1,500）", "（1,500"), ("corrupt-row", 4, "合計残高")),
    "separator": (changed(1, "1,234.5", "12,34.5"), ("corrupt-row", 1, "合計残高")),
    "unit": (changed(4, "（1,500）", "2千円"), ("corrupt-row", 4, "合計残高")),
    "scale": (changed(4, "（1,500）", "1.5"), ("wrong-scale", 4, "合計残高")),
    "code": (changed(3, "イーサリアム", "イーサ"), ("unknown-code", 3, "銘柄")),
    "empty": (changed(1, "0012345", ""), ("missing-value", 1, "口座番号")),
    "account": (changed(1, "0012345", "00A2345"), ("corrupt-row", 1, "口座番号")),
    "class": (changed(5, "自己", "不明"), ("unknown-row", 5, "区分")),
    "cells": (changed(2, "－,－", "－"), ("corrupt-row", 2, "")),
    "total": (changed(6, "-247.99", "-248.99"), ("wrong-total", 6, "合計残高")),
    "twice": (changed(3, "\n", "\n" + LINES[5]), ("repeated-key", 4, "口座番号, 銘柄")),
    "bytes": (ledger().replace("佐藤".encode("cp932"), b"\x8d\xff\xff"),
              ("bad-encoding", 2, "氏名")),
    "external": (changed(2, "佐藤", "佐藤\ue000"), ("external-character", 2, "氏名")),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_named_with_row_and_column(tmp_path: Path, name: str) -> None:
    """One fault in a file that is otherwise right: that place, in the file's own terms."""
    mapping = firm(tmp_path)
    content, (problem, row, column) = FAULTS[name]
    (tmp_path / "ledger.csv").write_bytes(content)
    found = told(problems(mapping))
    assert (problem, "ledger.csv", row, column) in found
    assert {f for _, f, _, _ in found} == {"ledger.csv"}


def test_all_faults_come_in_one_report_and_nothing_is_written(tmp_path: Path) -> None:
    """Six files, each with its own fault; the report has all of them with what was read."""
    mapping = firm(tmp_path / "in")
    (tmp_path / "in" / "ledger.csv").write_bytes(FAULTS["bracket"][0])
    wallets(tmp_path / "in" / "wallets.xlsx", [["w", "BTC", "1.5枚", "令和8年11月31日", "x"]])
    (tmp_path / "in" / "trust.txt").write_bytes(zengin(closing=999_999))
    said = sonae("books", "map", mapping, "--out", tmp_path / "out", "--json")
    assert said.code == 3
    assert not (tmp_path / "out").exists()
    found = {(p["name"], p["file"], p["row"], p["key"]) for p in said.json()["problems"]}
    assert {
        ("corrupt-row", "ledger.csv", 4, ""),
        ("corrupt-row", "wallets.xlsx", 1, "残高!C3"),
        ("corrupt-row", "wallets.xlsx", 1, "残高!D3"),
        ("corrupt-row", "wallets.xlsx", 1, "残高!E3"),
        ("wrong-total", "trust.txt", 4, ""),
    } <= found
    words = {p["key"]: p["message"] for p in said.json()["problems"]}
    assert "1.5枚" in words["残高!C3"]["ja"]
    assert "令和8年11月31日" in words["残高!D3"]["en"]


def test_a_changed_layout_is_refused_with_the_difference(tmp_path: Path) -> None:
    """A column more, one gone and two that changed places: each by name and place."""
    mapping = firm(tmp_path)
    text = ledger().decode("cp932")
    text = text.replace("銘柄,合計残高", "合計残高,銘柄", 1).replace("氏名", "お名前", 1)
    (tmp_path / "ledger.csv").write_bytes(text.encode("cp932"))
    (problem,) = [p for p in problems(mapping) if p.name == "layout-changed"]
    for words in (problem.message.ja, problem.message.en):
        assert all(w in words for w in ("2:氏名", "2:お名前", "銘柄(3→4)", "合計残高(4→3)"))


def test_a_file_in_another_encoding_is_told_by_name(tmp_path: Path) -> None:
    mapping = firm(tmp_path)
    (tmp_path / "ledger.csv").write_bytes(ledger().decode("cp932").encode("utf-8"))
    found = [p for p in problems(mapping) if p.name == "other-encoding"]
    assert "utf-8" in found[0].message.en


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "euc_jp", "cp932"])
def test_every_encoding_gives_the_same_books(tmp_path: Path, encoding: str) -> None:
    """UTF-8 with and without its mark; a name with 髙 is not in EUC-JP and stands as 高 there."""
    name = {"utf-8-sig": "utf-8", "euc_jp": "euc-jp"}.get(encoding, encoding)
    mapping = firm(tmp_path / "in", SPEC.replace('"cp932"', f'"{name}"'))
    text = ledger().decode("cp932").replace("髙", "高").replace("－", "-")
    (tmp_path / "in" / "ledger.csv").write_bytes(text.encode(encoding))
    (tmp_path / "in" / "MAPPING.toml").write_text(
        mapping.read_text("utf-8").replace('zero = ["－"]', 'zero = ["-"]'), encoding="utf-8"
    )
    map_books(mapping, tmp_path / "out")
    quantities = [int(r["quantity"]) for r in table(tmp_path / "out", "balances")]
    assert quantities == [123400000001, 1050000000, 1, -1500, 50000000, 0, 0, 0]


def test_a_file_without_its_end_is_found_by_its_missing_total(tmp_path: Path) -> None:
    mapping = firm(tmp_path)
    (tmp_path / "ledger.csv").write_bytes("".join(LINES[:-1]).encode("cp932"))
    assert ("missing-total", "ledger.csv", None, "") in told(problems(mapping))


def test_the_same_file_under_two_names_is_refused(tmp_path: Path) -> None:
    spec = SPEC.replace('files = ["prices.jsonl"]', 'files = ["prices*.jsonl"]')
    mapping = firm(tmp_path, spec)
    (tmp_path / "prices2.jsonl").write_bytes((tmp_path / "prices.jsonl").read_bytes())
    assert "repeated-file" in {p.name for p in problems(mapping)}


def test_a_folder_that_no_mapping_wrote_is_never_replaced(tmp_path: Path) -> None:
    mapping = firm(tmp_path / "in")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("x")
    assert sonae("books", "map", mapping, "--out", tmp_path / "mine").code == 2
    assert (tmp_path / "mine" / "letter.txt").read_text() == "x"
    assert sonae("books", "map", mapping).code == 2


def test_every_fault_of_a_mapping_is_found_at_once(tmp_path: Path) -> None:
    """A table that is none, a column that is none, a code list that is none, a strange key."""
    spec = SPEC.replace('to = "holdings"', 'to = "wallets"').replace(
        'product = { value = "spot" }', 'produkt = { value = "spot" }', 1
    )
    spec = spec.replace('codes = "asset"', 'codes = "coin"', 1) + "[extra]\nkey = 1\n"
    found = problems(firm(tmp_path, spec))
    keys = {p.key for p in found}
    assert {"extra", "table[0].columns.produkt", "table[0].columns.product"} <= keys
    assert any(re.fullmatch(r"table\[\d\]\.to", k) for k in keys)
    assert "table[0].columns.asset.codes" in keys
