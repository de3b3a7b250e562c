"""Why a number is what it is, and the marks that a draft or a what-if leaves on it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.command import sonae
from tests.kit import changed, clean, holding, statement, write

DRAFT, ON = "jp.proposal.custody-value", "2026-11-20"
HOT, CASH = "jp.crypto.hot_limit", "jp.crypto.cash_trust"
HOT_WORDS = "百分の五を乗じて得た金額を超えない場合に限る"
GIVEN = {"customer_cash_jpy": 100, "trust_principal_jpy": "40.5"}


@pytest.fixture(autouse=True)
def english(monkeypatch: Any) -> None:
    """Messages for people in English, whatever the locale of the machine."""
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Clean Books with some coins outside cold storage and a reserve."""
    tables = changed(
        holdings=[
            holding("cold", "BTC", 97 * 10**8),
            holding("hot", "BTC", 3 * 10**8, tier="hot"),
            holding("own", "BTC", 3 * 10**8, "guarantee"),
        ],
        statements=[*clean()["statements"], statement("r1", "5000000000", "reserve")],
        instruments=[
            {
                "instrument_id": "r1",
                "kind": "trust_deed",
                "holder": "Test Trust Bank",
                "title": "trust_for_customers",
                "amount": "5000000000",
                "bankruptcy_remote": "yes",
            }
        ],
    )
    files = {"policies.toml": ""}
    return write(tmp_path_factory.mktemp("cli") / "books", tables, files=files)


@pytest.fixture(scope="module")
def closed(books: Path) -> Path:
    """The folder of their close with a draft assumed."""
    out = books.with_name("out")
    assert sonae("close", books, "--out", out, "--assume", DRAFT).code == 0
    return out


@pytest.fixture(scope="module")
def document(closed: Path) -> dict[str, Any]:
    """Its close.json."""
    return dict(json.loads((closed / "close.json").read_bytes()))


# -- explain -------------------------------------------------------------------------------------


def test_explain_from_a_close_shows_the_law_and_where_facts_were_read(closed: Path) -> None:
    for place in (closed, closed / "close.json"):
        said = sonae("explain", f"{HOT}#limit_jpy", "--close", place)
        assert said.code == 0
        assert said.out.startswith(f"{HOT}#limit_jpy  75,000,000 JPY\n")
        assert HOT_WORDS in said.out
        assert re.search(
            r"@ balances: asset = BTC, .* · 2 rows · sha256 [0-9a-f]{64}$", said.out, re.MULTILINE
        )
        assert "law:jp.crypto.custody/hot_share_limit  0.05 ratio" in said.out


def test_explain_of_a_rule_shows_all_its_outputs(closed: Path) -> None:
    said = sonae("explain", CASH, "--close", closed)
    heads = [x.split()[0] for x in said.out.split("\n") if re.match(rf"{re.escape(CASH)}#\w+ ", x)]
    assert heads == [f"{CASH}#{o}_jpy" for o in ("required", "held", "shortfall", "excess")] + [
        f"{CASH}#test"
    ]


def test_explain_of_a_row_of_a_table(closed: Path) -> None:
    table = "jp.crypto.performance_guarantee#required_qty"
    said = sonae("explain", table, "--row", "BTC", "--close", closed)
    assert said.code == 0
    assert " 3 coin" in said.out.splitlines()[0]
    said = sonae("explain", "fact:coins", "--row", "DOGE", "--close", closed)
    assert said.code == 2
    assert "'fact:coins' has no row 'DOGE'" in said.err


def test_explain_from_given_facts_shows_the_law(tmp_path: Path) -> None:
    given = json.dumps(GIVEN)
    said = sonae("explain", f"{CASH}#shortfall_jpy", "--given", given, "--on", ON)
    assert said.code == 0
    assert said.out.startswith(f"{CASH}#shortfall_jpy  59.5 JPY\n")
    assert "二営業日以内に" in said.out
    said = sonae("explain", CASH, "--given", "{}", "--on", ON)
    assert said.code == 0
    assert "not computable: customer_cash_jpy is not given" in said.out


def test_explain_says_which_given_fact_it_does_not_know() -> None:
    given = json.dumps({**GIVEN, "colour": "red"})
    said = sonae("explain", CASH, "--given", given, "--on", ON)
    assert said.code == 0
    assert f"colour: {CASH} does not know this fact" in said.out + said.err


def test_explain_with_json_prints_one_document_even_so() -> None:
    given = json.dumps({**GIVEN, "colour": "red"})
    said = sonae("explain", CASH, "--given", given, "--on", ON, "--json")
    assert said.code == 0
    assert said.json()["figures"][f"{CASH}#shortfall_jpy"]["value"] == "59.5"


def test_explain_with_json_holds_everything_below(closed: Path, document: dict[str, Any]) -> None:
    told = sonae("explain", f"{HOT}#limit_jpy", "--close", closed, "--json").json()
    figures = {f["id"]: f for f in document["figures"]}
    assert told["asked"] == [f"{HOT}#limit_jpy"]
    assert set(told["figures"]) == {f"{HOT}#limit_jpy", *below(figures, f"{HOT}#limit_jpy")}


def test_explain_of_no_such_figure_names_near_ones(closed: Path) -> None:
    said = sonae("explain", "jp.crypto.limit_jpy", "--close", closed)
    assert said.code == 2
    assert f"did you mean {HOT}#limit_jpy" in said.err


def unexplained(closed: Path, ids: list[str]) -> list[str]:
    """The ids that `explain` does not open."""
    told = {id: sonae("explain", id, "--close", closed) for id in ids}
    return [id for id, said in told.items() if said.code or not said.out.startswith(f"{id}  ")]


def test_every_named_figure_of_a_close_can_be_explained(
    closed: Path, document: dict[str, Any]
) -> None:
    ids = [f["id"] for f in document["figures"] if "~" not in f["id"]]
    assert len(ids) > 100
    assert unexplained(closed, ids) == []


def test_every_step_between_named_figures_can_be_explained(
    closed: Path, document: dict[str, Any]
) -> None:
    ids = [f["id"] for f in document["figures"] if "~" in f["id"]]
    assert len(ids) > 10
    assert unexplained(closed, ids) == []


def test_every_id_in_a_close_is_a_figure_of_it(document: dict[str, Any]) -> None:
    known = {f["id"] for f in document["figures"]}
    for figure in document["figures"]:
        assert set(figure["from"]) <= known
        assert set(figure["cites"]) <= set(document["citations"])
    named = set(document["facts"].values())
    named |= {i for outputs in document["requirements"].values() for i in outputs.values()}
    named |= {i for line in document["reconciliation"] for i in line["figures"].values()}
    assert named <= known


# -- marks ---------------------------------------------------------------------------------------


def below(figures: dict[str, Any], id: str) -> set[str]:
    """Every figure that this one was made from."""
    found: set[str] = set()
    todo = list(figures[id]["from"])
    while todo:
        child = todo.pop()
        if child not in found:
            found.add(child)
            todo += figures[child]["from"]
    return found


def test_every_figure_made_from_a_draft_is_marked_as_proposed(document: dict[str, Any]) -> None:
    figures = {f["id"]: f for f in document["figures"]}
    drafts = {i for i in figures if i.startswith(f"law:{DRAFT}")}
    assert len(drafts) > 5
    outputs = {i for i in figures if i.startswith(f"{DRAFT}.")}
    made = drafts | outputs | {i for i in figures if below(figures, i) & (drafts | outputs)}
    assert {i for i, f in figures.items() if f["standing"] == "proposed"} == made
    surplus = f"cover/{DRAFT}.1pct#surplus"
    assert surplus in made
    assert figures[surplus]["value"] == "3000000000"
    assert document["cover"]["by_regime"][f"{DRAFT}.1pct"]["standing"] == "proposed"
    assert document["cover"]["by_regime"]["jp"]["standing"] == "in_force"


def test_an_assumed_draft_is_marked_wherever_people_read(books: Path, closed: Path) -> None:
    said = sonae("close", books, "--assume", DRAFT)
    assert f"{DRAFT}.1pct (proposed)" in said.out
    assert "jp (proposed)" not in said.out
    said = sonae("explain", f"{DRAFT}.1pct#required", "--close", closed)
    assert "[proposed · derived]" in said.out


def test_a_what_if_says_so_in_the_document(books: Path) -> None:
    document = sonae("close", books, "--what-if-on", "2026-06-20", "--json").json()
    assert document["what_if_on"] == "2026-06-20"
    assert document["on"] == ON
    assert document["edition"]["on"] == "2026-06-20"
    [note] = [f for f in document["findings"] if f["name"] == "what-if"]
    assert "2026-06-20" in note["message"]["ja"]
    assert "2026-06-20" in note["message"]["en"]
    plain = sonae("close", books, "--json").json()
    assert plain["what_if_on"] is None
    assert "what-if" not in [f["name"] for f in plain["findings"]]


def test_a_what_if_says_so_on_the_screen(books: Path) -> None:
    assert "2026-06-20" in sonae("close", books, "--what-if-on", "2026-06-20").out


TIGHTER = """
[draft]
id = "my.tighter"
regime = "jp"
title = { ja = "厳格案", en = "tighter" }
note = { ja = "試案", en = "a try" }
[[change]]
parameter = "jp.crypto.custody/hot_share_limit"
value = "2/100"
"""


def test_a_parameter_changed_by_ones_own_draft_is_marked(books: Path, tmp_path: Path) -> None:
    file = tmp_path / "tighter.toml"
    file.write_text(TIGHTER, "utf-8")
    document = sonae("close", books, "--assume", file, "--json").json()
    figures = {f["id"]: f for f in document["figures"]}
    assert figures[f"{HOT}#limit_jpy"]["value"] == "30000000"
    assert figures[f"{HOT}#limit_jpy"]["standing"] == "proposed"
    assert figures[f"{CASH}#required_jpy"]["standing"] == "in_force"


def test_a_draft_that_changes_no_known_parameter_is_wrong_usage(
    books: Path, tmp_path: Path
) -> None:
    file = tmp_path / "misspelt.toml"
    file.write_text(TIGHTER.replace("hot_share_limit", "hot_share_limt"), "utf-8")
    said = sonae("close", books, "--assume", file)
    assert said.code == 2
    assert "hot_share_limt" in said.err


def test_a_breach_of_a_draft_alone_is_no_breach(books: Path, tmp_path: Path) -> None:
    """3 % outside cold storage: within the law's 5 %, above the draft's 2 %; drafts are not law."""
    file = tmp_path / "tighter.toml"
    file.write_text(TIGHTER, "utf-8")
    said = sonae("close", books, "--assume", file, "--json")
    found = {f["name"]: f["severity"] for f in said.json()["findings"]}
    assert found.get("hot-excess", "note") == "note"
    assert said.code == 0
