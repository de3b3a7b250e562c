"""The command line: exit codes, messages and the rulebook, run in this process."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.command import sonae
from tests.kit import changed, clean, holding, price, statement, write

DRAFT, ON = "jp.proposal.custody-value", "2026-11-20"
HOT, CASH = "jp.crypto.hot_limit", "jp.crypto.cash_trust"
HOT_WORDS = "百分の五を乗じて得た金額を超えない場合に限る"
CASE = {
    "id": "short",
    "rule": CASH,
    "on": ON,
    "given": {"customer_cash_jpy": 100, "trust_principal_jpy": "40.5"},
    "expect": {"shortfall_jpy": "59.5", "excess_jpy": 0, "test": "fail"},
}


@pytest.fixture(autouse=True)
def english(monkeypatch: Any) -> None:
    """Messages for people in English, whatever the locale of the machine."""
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Books that close clean."""
    return write(tmp_path_factory.mktemp("cli") / "books", clean())


# -- exit codes ----------------------------------------------------------------------------------


def test_0_is_a_day_without_a_breach_or_warning(books: Path) -> None:
    said = sonae("close", books)
    assert said.code == 0
    assert "no breach or warning" in said.out
    assert sonae("close", books, "--json").json()["venue"]["name"] == "Test Exchange"


def test_1_is_a_finding_to_act_on(tmp_path: Path) -> None:
    write(tmp_path, changed(statements=[statement("t", "999999")]))
    said = sonae("close", tmp_path)
    assert said.code == 1
    assert "cash-trust-shortage" in said.out
    assert "2026-11-25" in said.out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["close", "BOOKS", "--assume", "no.such"], "no draft named 'no.such'"),
        (["close", "BOOKS", "--engine", "abacus"], "no engine 'abacus'; there is: duckdb"),
        (["close", "BOOKS", "--what-if-on", "tomorrow"], "'tomorrow' is not a date (YYYY-MM-DD)"),
        (["close", "BOOKS", "--colour"], "--colour"),
        (["close"], "BOOKS"),
        (["clsoe", "BOOKS"], "clsoe"),
        (["rules", "show", "no.such", "--on", ON], "no rule 'no.such'"),
        (["rules", "show", "jp.hot_limit", "--on", ON], f"did you mean {HOT}"),
        (["rules", "check", "no-such.jsonl"], "no such file: no-such.jsonl"),
        (["explain", HOT], "give either --close FILE or --given JSON"),
        (["explain", HOT, "--given", "{}"], "--given needs --on DATE"),
        (["explain", HOT, "--given", "{", "--on", ON], "--given is not JSON"),
        (["explain", HOT, "--given", "[1]", "--on", ON], "--given"),
        (["explain", HOT, "--given", '{"coins": 1}', "--on", ON], "a table is expected"),
        (["explain", "no.such", "--given", "{}", "--on", ON], "no rule 'no.such'"),
        (["explain", HOT, "--close", "BOOKS"], "is not a close.json"),
        (["sample", "BOOKS", "--accounts", "1"], "is not an empty folder"),
        (["sample", "new", "--accounts", "1", "--plant", "tree"], "no fault tree; there is:"),
    ],
)
def test_2_is_wrong_usage_with_one_clear_line(books: Path, words: list[str], says: str) -> None:
    said = sonae(*[str(books) if w == "BOOKS" else w for w in words])
    assert said.code == 2
    assert says in said.err
    assert "Traceback" not in said.err
    assert said.out == ""


def test_2_is_a_regime_that_is_not_modelled_or_3_but_never_a_crash(tmp_path: Path) -> None:
    file = write(tmp_path, clean()) / "venue.toml"
    file.write_text(file.read_text("utf-8").replace('["jp"]', '["moon"]'), "utf-8")
    said = sonae("close", tmp_path)
    assert said.code in (2, 3)
    assert "moon" in said.err
    assert "jp.securities" in said.err


def test_3_is_a_refusal_with_every_problem(tmp_path: Path) -> None:
    write(tmp_path, changed(prices=[price("BTC", "x"), price("BTC", "1e3", "beta")]))
    said = sonae("close", tmp_path)
    assert said.code == 3
    assert said.out == ""
    assert "the input is refused (2)" in said.err
    for row in (1, 2):
        assert f"prices.csv row {row} price" in said.err
    told = sonae("close", tmp_path, "--json")
    assert told.json()["format"] == "sonae-refused/1"
    assert [p["row"] for p in told.json()["problems"]] == [1, 2]
    assert sonae("books", "check", tmp_path).code == 3


def test_3_is_a_sum_beyond_38_digits(tmp_path: Path) -> None:
    write(tmp_path, changed(holdings=[holding(n, "BTC", 10**38 - 1) for n in ("a", "b")]))
    said = sonae("close", tmp_path)
    assert said.code == 3
    assert "cold of BTC" in said.err
    assert "10^38" in said.err


def test_books_check_tells_the_digest_of_every_table(books: Path) -> None:
    said = sonae("books", "check", books)
    assert said.code == 0
    names = [row.split()[0] for row in said.out.splitlines()]
    assert names == sorted([*clean(), "venue"])
    assert len(re.findall(r"sha256 [0-9a-f]{64}$", said.out, re.MULTILINE)) == len(names)


def test_words_follow_the_language_asked_for(books: Path) -> None:
    english, japanese = (sonae("close", books, "--lang", lang).out for lang in ("en", "ja"))
    assert "no breach or warning" in english
    assert "no breach or warning" not in japanese
    assert "違反・警告なし" in japanese


# -- rules ---------------------------------------------------------------------------------------


def test_rules_list_names_rules_provisions_and_drafts() -> None:
    said = sonae("rules", "list", "--on", ON)
    assert said.code == 0
    assert HOT in said.out
    assert "Art. 27(2)" in said.out
    assert f"--assume {DRAFT}" in said.out
    listed = sonae("rules", "list", "--on", ON, "--json").json()
    assert listed["on"] == ON
    assert {r["rule"] for r in listed["rules"]} >= {HOT, CASH, "jp.securities.liability_reserve"}
    assert f"{DRAFT}.1pct" not in {r["rule"] for r in listed["rules"]}
    assumed = sonae("rules", "list", "--on", ON, "--assume", DRAFT, "--json").json()
    assert f"{DRAFT}.1pct" in {r["rule"] for r in assumed["rules"]}


def test_rules_show_quotes_the_law_and_what_is_left_out() -> None:
    said = sonae("rules", "show", HOT, "--on", ON)
    assert said.code == 0
    assert HOT_WORDS in said.out
    assert "law:jp.crypto.custody/hot_share_limit  0.05 ratio" in said.out
    assert "= 5/100" in said.out
    assert "< coins" in said.out
    assert f"> {HOT}#limit_jpy" in said.out
    assert "? Art. 27(2): “The minimum necessary”" in said.out
    shown = sonae("rules", "show", HOT, "--on", ON, "--json").json()
    assert shown["figures"]["law:jp.crypto.custody/hot_share_limit"]["value"] == "0.05"


def test_rules_show_says_before_its_first_day_that_there_is_no_value() -> None:
    said = sonae("rules", "show", HOT, "--on", "2019-12-31")
    assert said.code == 0
    assert "not computable" in said.out
    assert "from 2020-05-01" in said.out


def test_rules_show_marks_a_draft_as_proposed() -> None:
    said = sonae("rules", "show", f"{DRAFT}.1pct", "--on", ON, "--assume", DRAFT)
    assert said.code == 0
    assert "[proposed · derived]" in said.out
    assert sonae("rules", "show", f"{DRAFT}.1pct", "--on", ON).code == 2


def test_rules_audit_names_what_nobody_has_checked() -> None:
    said = sonae("rules", "audit", "--on", ON)
    assert said.code == 0
    remarks = sonae("rules", "audit", "--on", ON, "--json").json()
    assert {r["kind"] for r in remarks} >= {"unchecked", "unmodelled", "unquoted"}
    for remark in remarks:
        assert remark["message"]["ja"]
        assert remark["message"]["en"]
        assert remark["where"] in said.out
    keys = [(r["kind"], r["where"]) for r in remarks]
    assert keys == sorted(keys)


def cases(folder: Path, *lines: Any) -> Path:
    file = folder / "cases.jsonl"
    texts = [x if isinstance(x, str) else json.dumps(x, ensure_ascii=False) for x in lines]
    file.write_text("\n".join(texts) + "\n", "utf-8")
    return file


def test_rules_check_passes_and_fails_case_by_case(tmp_path: Path) -> None:
    wrong = CASE | {"id": "wrong", "expect": {"shortfall_jpy": "59.50", "excess_jpy": 1}}
    said = sonae("rules", "check", cases(tmp_path, CASE))
    assert (said.code, said.out) == (0, "1 passed, 0 failed\n")
    said = sonae("rules", "check", cases(tmp_path, CASE, "", wrong))
    assert said.code == 1
    assert said.out == (
        f"FAILED wrong ({CASH}): excess_jpy: expected 1, got 0\n1 passed, 1 failed\n"
    )
    told = sonae("rules", "check", tmp_path / "cases.jsonl", "--json")
    assert (told.code, told.json()["passed"], told.json()["failed"]) == (1, 1, 1)


def test_rules_check_picks_by_globs(tmp_path: Path) -> None:
    capital = CASE | {"id": "other", "rule": "jp.crypto.capital_and_net_assets", "expect": {}}
    file = cases(tmp_path, CASE, capital)
    assert sonae("rules", "check", file, "--rules", "*cash*").out == "1 passed, 0 failed\n"
    both = sonae("rules", "check", file, "--rules", "*cash*,*capital*")
    assert both.out.endswith("\n2 passed, 0 failed\n")
    said = sonae("rules", "check", file, "--rules", "eu.*")
    assert said.code == 2
    assert "no case in cases.jsonl has a rule matching eu.*" in said.err


def test_rules_check_fails_a_case_of_no_rule_and_refuses_a_line_that_is_no_case(
    tmp_path: Path,
) -> None:
    said = sonae("rules", "check", cases(tmp_path, CASE | {"rule": "jp.no.such"}))
    assert said.code == 1
    assert "no rule 'jp.no.such'" in said.out
    said = sonae("rules", "check", cases(tmp_path, CASE, "{", CASE | {"on": "today"}))
    assert said.code == 3
    for row in (2, 3):
        assert f"cases.jsonl row {row}" in said.err


def test_rules_check_survives_a_case_whose_facts_are_a_list(tmp_path: Path) -> None:
    said = sonae("rules", "check", cases(tmp_path, CASE | {"given": [1]}))
    assert said.code in (1, 3)
