"""What goes wrong when somebody writes Books and settings by hand for the first time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sonae.books.map.numbers import NumberForm, read_number
from tests.command import Said, sonae
from tests.kit import clean, write


@pytest.fixture
def books(tmp_path: Path) -> Path:
    """The clean day of the kit."""
    return write(tmp_path / "books", clean())


def edit(file: Path, change: Any) -> None:
    file.write_bytes(change(file.read_bytes()))


def refused(*words: str | Path) -> list[dict[str, Any]]:
    said = sonae(*words, "--json")
    assert said.code == 3, said.out + said.err
    return list(said.json()["problems"])


def told(said: Said) -> str:
    return " ".join(said.err.split())


def test_a_price_of_zero_is_told(books: Path) -> None:
    """A coin may be worth nothing; it does not leave every requirement without a word."""
    header, first, *rest = (books / "prices.csv").read_text("utf-8").splitlines()
    cells = first.split(",")
    cells[header.split(",").index("price")] = "0"
    (books / "prices.csv").write_text("\n".join([header, ",".join(cells), *rest]), "utf-8")
    found = sonae("close", books, "--json").json()["findings"]
    assert [f["severity"] for f in found if f["name"] == "zero-price"] == ["warning"]


@pytest.mark.parametrize("lines", [0, 1])
def test_balances_without_a_row_are_no_day_on_which_nothing_is_owed(
    books: Path, lines: int
) -> None:
    """An export that was cut off: no line at all, or its header alone."""
    edit(books / "balances.csv", lambda c: b"".join(c.splitlines(keepends=True)[:lines]))
    [problem] = refused("books", "check", books)
    assert (problem["name"], problem["file"]) == ("empty-file", "balances.csv")


def test_settings_with_a_byte_order_mark_are_read_and_other_encodings_are_named(
    books: Path,
) -> None:
    edit(books / "venue.toml", lambda c: b"\xef\xbb\xbf" + c)
    assert sonae("books", "check", books).code == 0
    edit(books / "venue.toml", lambda c: c + "# 備考".encode("cp932"))
    [problem] = refused("books", "check", books)
    assert problem["file"] == "venue.toml"
    assert "UTF-8で保存し直す" in problem["message"]["ja"]
    edit(books / "balances.csv", lambda c: c.decode().encode("utf-16"))
    assert {p["file"] for p in refused("books", "check", books)} == {"venue.toml", "balances.csv"}


@pytest.mark.parametrize("words", [("close", "BOOKS", "--assume"), ("fund", "propose")])
def test_any_other_file_in_another_encoding_says_so(
    books: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    file, key = tmp_path / "given.toml", tmp_path / "a.key"
    file.write_bytes('title = "案"'.encode("cp932"))
    assert sonae("fund", "key", key).code == 0
    more = ("--key", key) if words[0] == "fund" else ()
    said = sonae(*(books if w == "BOOKS" else w for w in words), file, *more, "--lang", "ja")
    assert said.code in (2, 3)
    assert "given.toml" in told(said)
    assert "UTF-8で保存し直す" in told(said)


def test_a_refusal_in_japanese_is_japanese_and_says_how_rows_are_counted(books: Path) -> None:
    edit(books / "holdings.csv", lambda c: c.replace(b"+09:00", b"", 1))
    said = told(sonae("books", "check", books, "--lang", "ja"))
    assert "holdings.csv 1行目 as_of: " in said
    assert said.endswith("行番号は見出しを除き1から数える。")
    said = told(sonae("books", "check", books, "--lang", "en"))
    assert "holdings.csv row 1 as_of: " in said
    assert said.endswith("Rows count from 1 without the header.")


def test_every_command_takes_a_language(tmp_path: Path) -> None:
    key = tmp_path / "a.key"
    assert sonae("fund", "key", key, "--lang", "ja").code == 0
    assert "上書きしない" in sonae("fund", "key", key, "--lang=ja").err
    assert "never overwritten" in sonae("fund", "key", key, "--lang", "en").err
    assert sonae("fund", "key", key, "--lang", "fr").code == 2


def test_what_is_owed_and_not_sealed_is_told_by_seal_and_by_close(
    books: Path, tmp_path: Path
) -> None:
    """An asset without a number is in no total; nobody should learn that from a customer."""
    key = tmp_path / "op.key"
    assert sonae("seal", "key", key).code == 0
    header, *rows = (books / "assets.csv").read_text("utf-8").splitlines()
    at = header.split(",").index("number") if "number" in header.split(",") else None
    names = header.split(",")
    kept = [dict(zip(names, r.split(","), strict=True)) for r in rows]
    columns = names if at is not None else [*names, "number"]

    def numbered(missing: str) -> None:
        lines = [",".join(columns)]
        for n, row in enumerate(kept, 1):
            row["number"] = "" if row["asset"] == missing else str(n)
            lines.append(",".join(row[c] for c in columns))
        (books / "assets.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")

    numbered("BTC")
    said = sonae("seal", "make", books, "--out", tmp_path / "one", "--key", key, "--json")
    assert said.code == 1
    assert [e["asset"] for e in said.json()["not_sealed"]] == ["BTC"]
    words = ("--seal-key", key, "--lang", "en")
    said = sonae("close", books, "--out", tmp_path / "close", *words)
    assert said.code == 1
    assert "BTC is not sealed: it has no number in assets" in " ".join(said.out.split())
    numbered("")
    said = sonae("seal", "make", books, "--out", tmp_path / "two", "--key", key, "--json")
    assert (said.code, "not_sealed" in said.json()) == (0, False)


def test_a_price_by_hand_is_judged_before_it_is_signed(tmp_path: Path) -> None:
    """Each value with its option, in the words of the table; no line that does not exist."""
    key = tmp_path / "a.key"
    public = sonae("fund", "key", key, "--json").json()["public_key"]
    setup = tmp_path / "prices.toml"
    setup.write_text(f'[[person]]\nname = "Aoi"\nkey = "{public}"\n', encoding="utf-8")
    words = ("--asset", "XEM", "--currency", "JPY", "--why", "no venue", "--evidence", setup)
    bad = ("--price", "12,340", "--at", "2026-11-20T23:00:00")
    problems = refused("books", "prices", "enter", setup, *words, *bad, "--key", key)
    assert [p["table"] for p in problems] == ["--price", "--at"]
    assert not (tmp_path / "manual-prices.register").exists()


@pytest.mark.parametrize("text", ["¥1,500", "\\1,500", "￥1,500"])
def test_the_yen_sign_of_a_japanese_file_is_one_sign(text: str) -> None:
    """CP932 writes it as the byte of a backslash."""
    assert read_number(text, NumberForm(thousands=",", marks=("¥",))) == (1500, 0)
