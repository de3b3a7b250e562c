"""Drafts of mappings: what is guessed, on what evidence, and that no draft is used as it is."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from sonae.actions.books.infer import draft
from tests.command import sonae

from .kit import firm, problems


def of(path: Path) -> dict[str, object]:
    """What the draft of one sample says, and that it is TOML."""
    return tomllib.loads(draft([path], "en")[0], parse_float=str)


def test_a_ledger_is_recognised_with_its_evidence(tmp_path: Path) -> None:
    """Encoding, title lines, headings, number forms and code list of the ledger of the kit."""
    firm(tmp_path)
    text, guesses = draft([tmp_path / "ledger.csv"], "ja")
    found = tomllib.loads(text, parse_float=str)
    (source,), (mapped,) = found["source"], found["table"]
    assert (source["encoding"], source["skip"]) == ("cp932", 2)
    assert source["layout"][:3] == ["口座番号", "氏名", "銘柄"]
    assert mapped["to"] == "balances"
    columns = mapped["columns"]
    assert columns["asset"]["codes"]["ビットコイン"] == "BTC"
    form = columns["quantity"]["number"]
    assert (form["thousands"], form["wide"]) == (",", True)
    assert "brackets" in form["negative"]
    assert re.search(r"# 6件中6件が合う\nquantity", text)
    assert '# where = { "口座番号" = "合計" }' in text
    by_name = {g["column"]: g for g in guesses}
    assert by_name["氏名"]["kind"] == "text"


def test_a_draft_is_refused_until_a_person_has_settled_it(tmp_path: Path) -> None:
    mapping = firm(tmp_path)
    said = sonae("books", "infer", tmp_path / "ledger.csv", tmp_path / "wallets.xlsx",
                 "--out", tmp_path / "draft.toml")  # fmt: skip
    assert said.code == 0
    again = sonae("books", "infer", tmp_path / "ledger.csv", "--out", tmp_path / "draft.toml")
    assert again.code == 2
    found = {p.name for p in problems(tmp_path / "draft.toml")}
    assert "draft-mapping" in found
    assert problems(mapping) == []


def test_each_form_is_recognised(tmp_path: Path) -> None:
    firm(tmp_path)
    (tmp_path / "rates.csv").write_text("Date, USD, JPY, \n20 November 2026, 1.08, 163.4, \n")
    forms = {
        "wallets.xlsx": "excel",
        "trust.txt": "zengin",
        "prices.jsonl": "jsonl",
        "rates.csv": "ecb",
    }
    for name, form in forms.items():
        (source,) = of(tmp_path / name)["source"]  # type: ignore[misc]
        assert source["form"] == form, name
    (mapped,) = of(tmp_path / "trust.txt")["table"]  # type: ignore[misc]
    assert mapped["columns"]["amount"] == {"column": "closing"}


@pytest.mark.parametrize(("codec", "name"), [("cp932", "cp932"), ("euc_jp", "euc-jp"),
                                             ("utf-8-sig", "utf-8")])  # fmt: skip
def test_the_encoding_of_japanese_text_is_told(tmp_path: Path, codec: str, name: str) -> None:
    text = "口座番号,氏名,銘柄,残高\n1,高橋 一郎,ビットコイン,1.5\n2,山田花子,イーサリアム,2\n"
    (tmp_path / "a.csv").write_bytes(text.encode(codec))
    (source,) = of(tmp_path / "a.csv")["source"]  # type: ignore[misc]
    assert source["encoding"] == name


def test_values_that_do_not_fit_are_shown(tmp_path: Path) -> None:
    """Nineteen numbers and one word: a number, with the word named."""
    lines = ["account,asset,quantity", *(f"{n},BTC,{n}.5" for n in range(19)), "x,BTC,unknown"]
    (tmp_path / "a.csv").write_text("\n".join(lines))
    text, _ = draft([tmp_path / "a.csv"], "en")
    assert "19 of 20 values fit; others: 'unknown'" in text
