"""Keys in shares, yearly answers, replacement, My Number, terms, the log, keys of old days."""

from __future__ import annotations

import json
import random
from datetime import date, timedelta
from pathlib import Path

import pyrage
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonae.actions.keys import new_key
from sonae.actions.pack.keep import destroy_keys, read_log
from sonae.actions.pack.keys import answer, append, check_share, due, make_keys, rotate_keys
from sonae.actions.pack.make import make_pack
from sonae.core.errors import InputError, Refused, UsageError
from sonae.pack import my_number, shares
from sonae.pack.bech32 import identity_text, secret_bytes
from sonae.pack.recipients import read_recipients
from tests import kit

from . import made
from .made import World


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return made.world(tmp_path_factory.mktemp("pack"))


@given(st.binary(min_size=32, max_size=32))
@settings(max_examples=30)
def test_an_identity_is_written_as_age_writes_it(secret: bytes) -> None:
    word = identity_text(secret)
    assert str(pyrage.x25519.Identity.from_str(word)) == word
    assert secret_bytes(word) == secret


@given(st.integers(0, 73), st.integers(1, 30))
def test_a_mistyped_letter_of_a_key_is_found(place: int, by: int) -> None:
    letters = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L"
    word = identity_text(bytes(range(32)))
    if word[place] not in letters or place < 16:
        return
    other = letters[(letters.index(word[place]) + by) % 32]
    with pytest.raises(UsageError, match="checksum"):
        secret_bytes(word[:place] + other + word[place + 1 :])


@given(st.binary(min_size=32, max_size=32), st.data())
@settings(max_examples=15, deadline=None)
def test_any_enough_shares_give_the_secret_and_fewer_are_refused(
    secret: bytes, data: st.DataObject
) -> None:
    of = data.draw(st.integers(2, 6))
    needed = data.draw(st.integers(2, of))
    words = shares.split(secret, needed, of)
    chosen = data.draw(st.permutations(range(of)))
    some = [(str(n), words[n]) for n in chosen[:needed]]
    assert shares.restore(some) == secret
    with pytest.raises(Refused, match="are needed"):
        shares.restore(some[:-1])


def test_shares_of_two_splittings_do_not_mix() -> None:
    one, two = (shares.split(bytes(32), 2, 3) for _ in range(2))
    with pytest.raises(Refused, match="of another splitting"):
        shares.restore([("a", one[0]), ("b", two[1])])


def test_a_share_is_shown_once_a_year_without_being_told(tmp_path: Path) -> None:
    made_on = date(2026, 4, 1)
    make_keys(tmp_path / "k", 2, 3, ["A", "B", "C"], made_on)
    register = tmp_path / "k" / "register.json"
    assert due(register, on=date(2027, 3, 1)) == []
    assert {f["name"] for f in due(register, on=date(2027, 4, 1))} == {"share-check-due"}
    late = [f["name"] for f in due(register, on=date(2027, 4, 2))]
    assert late == ["share-check-overdue"] * 3 + ["too-few-shares-shown"]
    for n in (1, 3):
        said = answer(tmp_path / "k" / "shares" / f"share-{n}.txt", 2027)
        check_share(register, n, said["answer"], 2027, date(2027, 3, 30))
    left = due(register, on=date(2027, 4, 2))
    assert [(f["name"], f["subject"]) for f in left] == [("share-check-overdue", "share 2")]
    with pytest.raises(Refused, match=r"share 2 \(B\): not the answer"):
        check_share(register, 2, said["answer"], 2027)
    with pytest.raises(Refused):  # last year's answer does not serve again
        check_share(register, 3, said["answer"], 2028)
    words = (tmp_path / "k" / "shares" / "share-3.txt").read_text().split()
    kept = register.read_text()
    assert not any(w in kept for w in [" ".join(words), said["answer"]])
    assert [x["what"] for x in read_log(tmp_path / "k" / "log.jsonl")] == [
        "keys-made",
        "share-checked",
        "share-checked",
    ]


def test_the_day_set_for_the_next_check_is_kept(world: World) -> None:
    register = world.root / "administrator" / "register.json"
    before = due(register, world.recipients, date(2027, 3, 31))
    assert [f["name"] for f in before] == []
    after = due(register, world.recipients, date(2027, 4, 1))
    assert [f["name"] for f in after] == ["next-check-passed"]


def test_an_answer_is_what_standard_tools_make_of_the_words() -> None:
    import hashlib

    words = shares.split(bytes(32), 2, 2)[0]
    said = hashlib.sha256(b"sonae-share/1\n2027\n" + words.encode() + b"\n").hexdigest()
    assert shares.answer(f"  {words.upper()}\n", 2027) == said


def test_a_replaced_key_is_due_to_be_destroyed_after_its_days(tmp_path: Path) -> None:
    make_keys(tmp_path / "k", 2, 3, ["A", "B", "C"], date(2026, 4, 1))
    fresh = rotate_keys(tmp_path / "k" / "register.json", tmp_path / "n", 100, date(2026, 5, 1))
    assert fresh["replaces"] != fresh["key"]
    assert fresh["destroy_shares_after"] == "2026-08-09"
    found = [f["name"] for f in due(tmp_path / "k", on=date(2026, 8, 10))]
    assert found == ["old-shares-to-destroy"]
    holders = json.loads((tmp_path / "n" / "register.json").read_bytes())["holders"]
    assert [h["holder"] for h in holders] == ["A", "B", "C"]
    with pytest.raises(UsageError, match="was replaced"):
        rotate_keys(tmp_path / "k" / "register.json", tmp_path / "m", 100)


def test_keys_are_never_written_over_and_shares_are_for_their_owner(tmp_path: Path) -> None:
    make_keys(tmp_path / "k", 2, 3)
    with pytest.raises(UsageError, match="never written over"):
        make_keys(tmp_path / "k", 2, 3)
    assert oct((tmp_path / "k" / "shares").stat().st_mode)[-3:] == "700"
    page = (tmp_path / "k" / "shares" / "share-1.html").read_text("utf-8")
    words = (tmp_path / "k" / "shares" / "share-1.txt").read_text().split()
    assert all(w in page for w in words)
    assert "AGE-SECRET" not in "".join(
        p.read_text("utf-8") for p in (tmp_path / "k").rglob("*") if p.is_file()
    )


# -- My Number -------------------------------------------------------------------------------------


def restated_digit(digits: str) -> int:
    """The check digit by its weights written out, from the left."""
    weights = (6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
    rest = sum(int(d) * w for d, w in zip(digits, weights, strict=True)) % 11
    return 0 if rest <= 1 else 11 - rest


@given(st.text("0123456789", min_size=11, max_size=11), st.integers(0, 9))
def test_the_check_digit_is_that_of_the_weights(digits: str, last: int) -> None:
    assert my_number.right_digit(f"{digits}{last}") == (last == restated_digit(digits))


@pytest.mark.parametrize(
    ("value", "like"),
    [
        ("123456789018", True),
        ("1234-5678-9018", True),
        ("１２３４５６７８９０１８", True),
        ("番号123456789018です", True),
        ("123456789017", False),
        ("1123456789018", False),
        ("03-1234-5678", False),
    ],
)
def test_values_that_look_like_one(value: str, like: bool) -> None:
    assert my_number.looks_like(value) is like


@pytest.mark.parametrize("name", ["my_number", "マイナンバー", "個人番号", "MyNumber", "個人 番号"])
def test_a_column_named_as_my_number_is_refused(world: World, tmp_path: Path, name: str) -> None:
    tables = made.tables()
    tables["customers"] = [{**r, name: "1"} for r in tables["customers"]]
    books = kit.write(tmp_path / "books", tables, files=made.FILES)
    wanted = world.wanted.__class__(
        **{**vars(world.wanted), "books": books, "out": tmp_path / "x.age"}
    )
    with pytest.raises(InputError) as caught:
        make_pack(wanted)
    assert [(p.name, p.file, p.column) for p in caught.value.problems] == [
        ("my-number", "customers.csv", name)
    ]
    assert not (tmp_path / "x.age").exists()


def test_a_value_that_looks_like_one_is_a_warning_with_its_column(
    world: World, tmp_path: Path
) -> None:
    from sonae.actions.close import close_books

    tables = made.tables()
    tables["customers"] = [{**r, "phone": "123456789018"} for r in tables["customers"]]
    books = kit.write(tmp_path / "books", tables, files=made.FILES)
    close_books(books, out=tmp_path / "day")
    changed = {"books": books, "close": tmp_path / "day", "seal": None, "out": tmp_path / "x.age"}
    found = make_pack(world.wanted.__class__(**{**vars(world.wanted), **changed}))
    [said] = [f for f in found["findings"] if f["name"] == "looks-like-my-number"]
    assert said["subject"] == "persons/ phone"
    assert said["message"]["en"].startswith("3 value(s)")


# -- terms -----------------------------------------------------------------------------------------


def test_every_fault_of_the_terms_comes_in_one_run(world: World, tmp_path: Path) -> None:
    text = world.recipients.read_text("utf-8")
    bad = text.replace('role = "trustee"', 'role = "friend"\nregister = "x"')
    bad = bad.replace('key = "age1', 'key = "age2', 1).replace("stale_after_hours = 48\n", "")
    path = tmp_path / "bad.toml"
    path.write_text(bad, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_recipients(path)
    assert [p.key for p in caught.value.problems if p.key] == [
        "recipient[0].role",
        "recipient[0].register",
        "recipient[0].key",
        "pack.stale_after_hours",
        "recipient",
        "recipient",
    ]


def test_the_close_must_be_of_these_books(world: World, tmp_path: Path) -> None:
    tables = made.tables()
    tables["balances"] = tables["balances"][:-1]
    books = kit.write(tmp_path / "books", tables, files=made.FILES)
    wanted = world.wanted.__class__(
        **{**vars(world.wanted), "books": books, "out": tmp_path / "x.age"}
    )
    with pytest.raises(Refused, match="made of other Books: balances differs"):
        make_pack(wanted)


# -- the log and old keys --------------------------------------------------------------------------


def test_a_line_changed_or_taken_out_of_the_log_is_found_at_its_place(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    for n in range(5):
        append(path, "share-checked", date(2026, 1, 1) + timedelta(n), number=n)
    lines = path.read_bytes().splitlines(keepends=True)
    chosen = random.Random(5).randrange(4)
    path.write_bytes(b"".join(lines[:chosen] + lines[chosen + 1 :]))
    with pytest.raises(Refused, match=f"line {chosen + 1}"):
        read_log(path)
    path.write_bytes(b"".join(lines).replace(b'"number":2', b'"number":7'))
    with pytest.raises(Refused, match="line 4"):
        read_log(path)


def test_the_key_of_a_day_is_destroyed_on_schedule_with_a_record(
    world: World, tmp_path: Path
) -> None:
    log, seal = tmp_path / "log.jsonl", world.root / "day"
    key = seal / "seal" / "private" / "day.key"
    soon = destroy_keys([seal], world.recipients, log, confirmed=True, on=date(2027, 12, 25))
    assert [k["state"] for k in soon] == ["kept"]
    [asked] = destroy_keys([seal], world.recipients, log, confirmed=False, on=date(2027, 12, 26))
    assert asked["state"] == "due"
    assert key.exists()
    assert not log.exists()
    [done] = destroy_keys([seal], world.recipients, log, confirmed=True, on=date(2027, 12, 26))
    assert done["state"] == "destroyed"
    assert not key.exists()
    [line] = read_log(log)
    assert line["what"] == "key-destroyed"
    assert line["why"] == "kept for 400 days after 2026-11-20"
    assert line["key_commitment"] == asked["key_commitment"]
    [gone] = destroy_keys([seal], world.recipients, log, confirmed=True, on=date(2027, 12, 26))
    assert gone["state"] == "none"


def test_a_key_of_another_kind_does_not_sign(world: World, tmp_path: Path) -> None:
    new_key(tmp_path / "k")
    wanted = {**vars(world.wanted), "key": world.trustee, "out": tmp_path / "x.age"}
    with pytest.raises(UsageError, match="cannot be opened as a key"):
        make_pack(world.wanted.__class__(**wanted))
