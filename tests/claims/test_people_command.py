"""`sonae claims people`: from Books of two brands to lists for people, and back as decisions."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from tests.command import sonae
from tests.kit import clean, write


def person(id: str, name: str, kana: str, phone: str) -> dict[str, Any]:
    return {
        "customer_id": id, "kind": "person", "name": name, "name_kana": kana,
        "birth_date": "1980-01-02", "address": f"東京都港区{id}", "phone": phone,
    }  # fmt: skip


def brand(folder: Path, *people: dict[str, Any]) -> Path:
    balances = [row | {"customer_id": people[0]["customer_id"]} for row in clean()["balances"]]
    return write(folder, clean() | {"balances": balances, "customers": list(people)})


def test_lists_for_people_come_back_as_decisions_of_two(tmp_path: Path) -> None:
    one = brand(tmp_path / "one", person("C1", "髙橋 花子", "タカハシ ハナコ", "090-1111-2222"))
    two = brand(
        tmp_path / "two",
        person("X1", "高橋 花子", "タカハシ ハナコ", "09011112222"),
        person("X2", "高橋 華子", "タカハシ ハナコ", "080-9999-9999"),
    )
    words = ("claims", "people", f"main={one}", f"other={two}", "--out", tmp_path / "out")
    said = sonae(*words, "--json")
    assert said.code == 0, said.out + said.err
    assert (said.json()["customers"], said.json()["persons"]) == (3, 2)
    assert said.json()["across_brands"] == 1
    for lang in ("ja", "en"):
        shown = sonae(*words, "--lang", lang)
        assert shown.code == 0
        assert "花子" not in shown.out
    listed = tmp_path / "out" / "private" / "candidates.csv"
    with listed.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert rows
    assert {"same", "by", "reason"} <= set(rows[0])


def test_a_brand_without_its_books_is_refused(tmp_path: Path) -> None:
    assert sonae("claims", "people", "main", "--json").code == 2
    said = sonae("claims", "people", f"main={tmp_path / 'none'}", "--json")
    assert said.code == 3
