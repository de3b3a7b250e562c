"""A seal from Books to customer, auditor and administrator, by the commands they give."""

from __future__ import annotations

import base64
import json
import random
import shutil
import stat
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pyrage
import pytest

from sonae.actions.seal.check import check_seal
from tests.command import Said, contents, sonae
from tests.kit import asset, balance, clean, edit, holding, price, statement, write

Tables = dict[str, Any]
NEXT = "2026-11-21T23:59:59+09:00"
CUSTOMER = "A2|b@example.jp"


def tables() -> Tables:
    """Three customers, one of whom owes yen; an asset without a price, one without a number."""
    assets = [
        asset("BTC") | {"number": 1}, asset("JPY", "fiat", 0) | {"number": 2},
        asset("NEW") | {"number": 3}, asset("ODD") | {"number": ""},
    ]  # fmt: skip
    balances = [
        balance("A1", "BTC", 60_0000_0000), balance("A2", "BTC", 39_9999_9999),
        balance("A2", "BTC", 1, "locked"), balance("A1", "JPY", 1_000_000),
        balance("A3", "JPY", -400), balance("A3", "BTC", 0), balance("A3", "NEW", 7),
        balance("A1", "ODD", 5),
    ]  # fmt: skip
    held = [("BTC", 100_0000_0000), ("NEW", 7), ("ODD", 5)]
    people = [
        {"customer_id": f"C{n}", "kind": "person", "proof_text": text}
        for n, text in ((1, "a@example.jp"), (2, "b@example.jp"), (3, ""))
    ]
    return clean() | {
        "assets": assets,
        "balances": balances,
        "holdings": [holding(a, a, n) for a, n in held],
        "customers": people,
        "prices": [price("BTC", "15000000"), price("ODD", "2")],
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Books, a key, and two sealed days."""
    here = tmp_path_factory.mktemp("seal")
    write(here / "books", tables())
    later = tables()
    later["holdings"] = [h | {"as_of": NEXT} for h in later["holdings"]]
    later["prices"] = [p | {"at": NEXT} for p in later["prices"]]
    later["balances"] = [*later["balances"], balance("A4", "BTC", 500)]
    later["customers"] = [*later["customers"], {"customer_id": "C4", "kind": "person"}]
    write(here / "later", later, cut_off=NEXT)
    done(sonae("seal", "key", here / "op.key"))
    done(made(here / "books", here / "one", here))
    done(made(here / "later", here / "two", here, "--after", here / "one"))
    return here


@pytest.fixture
def one(folder: Path, tmp_path: Path) -> Path:
    """The first day, to be changed."""
    return shutil.copytree(folder / "one", tmp_path / "one")


def made(books: Path, out: Path, folder: Path, *words: str | Path) -> Said:
    return sonae("seal", "make", books, "--out", out, "--key", folder / "op.key", "--json", *words)


def done(said: Said) -> Any:
    """What a command said that did it; a seal of these Books leaves ODD out, and says so."""
    found = said.json() if said.out.startswith("{") else said.out
    left = found.get("not_sealed", []) if isinstance(found, dict) else []
    assert [e["asset"] for e in left] in ([], ["ODD"])
    assert said.code == (1 if left else 0), said.out + said.err
    return found


def answers(path: Path, *words: str | Path) -> dict[str, str]:
    found = sonae("seal", "check", path, "--json", *words).json()
    return {s["step"]: s["answer"] for s in found["steps"]}


def failed(path: Path, *words: str | Path) -> dict[str, str]:
    """The steps that fail, each with its reason."""
    said = sonae("seal", "check", path, "--json", *words)
    steps = [s for s in said.json()["steps"] if s["answer"] == "fails"]
    assert said.code == (1 if steps else 0)
    return {s["step"]: s["detail"]["en"] for s in steps}


# -- make, prove, verify ---------------------------------------------------------------------------


def test_a_day_is_sealed_proved_and_verified(folder: Path, tmp_path: Path) -> None:
    header = json.loads((folder / "one" / "public" / "header.json").read_bytes())
    totals = {a["number"]: (a["total"], a["leaves"]) for a in header["assets"]}
    value = 100 * 15_000_000 + 1_000_000
    assert totals == {
        0: (str(value), 6), 1: ("10000000000", 4), 2: ("1000000", 2), 3: ("7", 2)
    }  # fmt: skip
    said = json.loads((folder / "one" / "public" / "manifest.json").read_bytes())
    assert set(said) == {"format", "cut_off", "assets", "value", "excluded"}
    assert said["excluded"] == [
        {"asset": "BTC", "why": "zero", "accounts": 1, "units": "0"},
        {"asset": "JPY", "why": "receivable", "accounts": 1, "units": "-400"},
        {"asset": "ODD", "why": "no_number", "accounts": 1, "units": "5"},
    ]
    assert said["value"]["prices"]["NEW"] is None
    receipt = tmp_path / "receipt.json"
    words = ("seal", "prove", folder / "one", "--account", "A2", "--out", receipt, "--json")
    shown = done(sonae(*words))
    assert shown == json.loads(receipt.read_bytes())
    assert list(shown) == ["header", "account", "leaves"]
    assert [list(leaf) for leaf in shown["leaves"]] == [
        ["asset", "part", "amount", "index", "salt", "path"]
    ] * 4
    words = ("verify", receipt, "--header", header["hash"], "--account", CUSTOMER, "--json")
    found = done(sonae(*words))
    assert found["amounts"] == [
        {"asset": 0, "amount": "600000000"}, {"asset": 1, "amount": "4000000000"}
    ]  # fmt: skip
    assert (found["seq"], found["cut_off"]) == (1, "2026-11-20T14:59:59+00:00")
    assert found["header_compared"]
    assert len(found["not_checked"]) == 2
    assert len(done(sonae("verify", receipt, "--json"))["not_checked"]) == 3


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_what_people_read(folder: Path, tmp_path: Path, lang: str) -> None:
    receipt, page = tmp_path / "r.json", tmp_path / "r.html"
    words = ("seal", "prove", folder / "two", "--account", "A1", "--out", receipt)
    done(sonae(*words, "--page", page, "--lang", lang))
    hash = json.loads((folder / "two" / "public" / "header.json").read_bytes())["hash"]
    sheet = page.read_text("utf-8")
    for words_ in (hash, "A1|a@example.jp", "60 BTC", "1,000,000 JPY", "901,000,000 JPY"):
        assert words_ in sheet
    assert "://" not in sheet
    for command in (
        ("verify", receipt, "--header", hash),
        ("seal", "check", folder / "two", "--after", folder / "one"),
        ("seal", "log", folder / "two", "--since", folder / "one/public/log/checkpoint"),
        ("seal", "diff", folder / "two", folder / "one"),
        ("seal", "sample", folder / "two", "--size", "2", "--seed", "dice: 4 1 6"),
    ):
        said = sonae(*command, "--lang", lang)
        assert said.code == 0, said.out + said.err
        assert said.out.strip()


def test_a_receipt_that_does_not_hold_leaves_with_1_and_names_the_step(
    folder: Path, tmp_path: Path
) -> None:
    receipt = tmp_path / "r.json"
    done(sonae("seal", "prove", folder / "one", "--account", "A1", "--out", receipt))
    for words, step in (
        (("--header", "0" * 64), "hash"),
        (("--account", "A1|other"), "account"),
    ):
        said = sonae("verify", receipt, *words, "--json")
        assert said.code == 1
        assert step in said.json()["failed"]
    edit(receipt, '"asset": 1', '"asset": 2')
    said = sonae("verify", receipt, "--json")
    assert said.code == 1
    assert not said.json()["good"]
    edit(receipt, '"account":', '"account": "x", "account":')
    said = sonae("verify", receipt)
    assert said.code == 2
    assert "twice" in said.err


def test_what_cannot_be_proved_says_why(folder: Path, one: Path, tmp_path: Path) -> None:
    for account in ("A3", "nobody"):
        said = sonae("seal", "prove", folder / "one", "--account", account, "--json")
        assert said.code == (0 if account == "A3" else 2)
    shutil.rmtree(one / "private")
    said = sonae("seal", "prove", one, "--account", "A1", "--json")
    assert said.code == 2
    assert "day.key" in said.err
    assert sonae("seal", "prove", tmp_path, "--account", "A1", "--json").code == 2
    assert sonae("seal", "prove", folder / "one", "--account", "A1").code == 2


# -- content decides the header --------------------------------------------------------------------


def test_order_of_rows_split_of_files_and_format_change_no_header(
    folder: Path, tmp_path: Path
) -> None:
    """Rows shuffled, balances in four parts of two formats: the same hash."""
    rows, draw = tables(), random.Random(5)
    for name in ("balances", "assets", "holdings", "customers"):
        draw.shuffle(rows[name])
    books = write(tmp_path / "books", rows)
    whole = pc.read_csv(books / "balances.csv", convert_options=pc.ConvertOptions(
        column_types={"quantity": pa.decimal128(38, 0)}))  # fmt: skip
    (books / "balances.csv").unlink()
    (books / "balances").mkdir()
    for n in range(4):
        part = whole.slice(2 * n, 2)
        if n % 2:
            pq.write_table(part, books / "balances" / f"{n}.parquet")
        else:
            pc.write_csv(part, books / "balances" / f"{n}.csv")
    found = done(made(books, tmp_path / "out", folder))
    first = json.loads((folder / "one" / "public" / "header.json").read_bytes())
    assert {k: v for k, v in found.items() if k != "not_sealed"} == first
    names = ("header.bin", "manifest.json", "header.bin.minisig")
    for name in names:
        ours, theirs = (
            (p / "public" / name).read_bytes() for p in (tmp_path / "out", folder / "one")
        )
        assert ours == theirs


def test_the_close_seals_as_part_of_itself(folder: Path, tmp_path: Path) -> None:
    """The same header as `seal make`; `close.json` has it, and is the same bytes twice."""
    key = ("--seal-key", folder / "op.key", "--assume", "jp.proposal.custody-value")
    for name in ("c1", "c2", "c1"):
        said = sonae("close", folder / "books", "--out", tmp_path / name, *key, "--json")
        assert said.code in (0, 1)
    told = said.json()["seal"]
    header = json.loads((folder / "one" / "public" / "header.json").read_bytes())
    assert told["header_hash"] == header["hash"]
    assert told["assets"]["BTC"]["total"] == "10000000000"
    first, second = (contents(tmp_path / name) for name in ("c1", "c2"))
    changing = ("entry", "log/")
    steady = {n for n in first if not any(c in n for c in changing)}
    assert {n: first[n] for n in steady} == {n: second[n] for n in steady}
    assert first["close.json"] == second["close.json"]
    assert header["hash"].encode() in first["report.ja.html"]
    assert set(failed(tmp_path / "c1")) == set()
    said = sonae("close", folder / "later", "--out", tmp_path / "c3", *key, "--seal-after",
                 tmp_path / "c1", "--json")  # fmt: skip
    assert said.json()["seal"]["seq"] == 2
    assert sonae("close", folder / "books", *key).code == 2
    assert sonae("close", folder / "books", "--seal-after", tmp_path / "c1").code == 2


def test_books_that_cannot_be_read_are_not_sealed(folder: Path, tmp_path: Path) -> None:
    """One bad row, or numbers that two assets share: nothing is written."""
    for table, column, value in (
        ("balances", "quantity", "12x"), ("assets", "number", 2), ("assets", "number", 0),
        ("assets", "number", -1),
    ):  # fmt: skip
        rows = tables()
        rows[table] = [rows[table][0] | {column: value}, *rows[table][1:]]
        write(tmp_path / "bad", rows)
        said = made(tmp_path / "bad", tmp_path / "out", folder)
        assert said.code == 3
        assert said.json()["problems"][0]["table"] == table
        assert not (tmp_path / "out").exists()


def test_a_seal_is_not_made_over_other_files_or_after_a_later_day(
    folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("x")
    assert made(folder / "books", tmp_path / "mine", folder).code == 2
    said = made(folder / "books", tmp_path / "out", folder, "--after", folder / "two")
    assert said.code == 3
    assert "not after" in said.err
    done(sonae("seal", "key", tmp_path / "op.key"))
    said = made(folder / "later", tmp_path / "out", tmp_path, "--after", folder / "one")
    assert said.code == 3
    assert "cannot be followed" in said.err
    assert not (tmp_path / "out").exists()


def test_e21_a_corrected_day_is_sealed_again_and_its_first_seal_still_verifies(
    folder: Path, tmp_path: Path
) -> None:
    """A late correction is a further seal that names the one it corrects; nothing is replaced."""
    receipt = tmp_path / "r.json"
    done(sonae("seal", "prove", folder / "one", "--account", "A2", "--out", receipt))
    rows = tables()
    rows["balances"][2] = rows["balances"][2] | {"quantity": 2}
    rows["holdings"][0] = rows["holdings"][0] | {"quantity": 100_0000_0001}
    write(tmp_path / "books", rows)
    out, after = tmp_path / "three", ("--after", folder / "two")
    assert made(tmp_path / "books", out, folder, *after).code == 3
    assert made(tmp_path / "books", out, folder, "--correction").code == 3
    done(made(tmp_path / "books", out, folder, *after, "--correction"))
    found = done(sonae("seal", "log", out, "--json"))["seals"]
    assert [s["seq"] for s in found] == [1, 2, 3]
    assert found[2]["corrects"] == found[0]["header_hash"]
    assert failed(out, "--after", folder / "one") == {}
    done(sonae("verify", receipt, "--header", found[0]["header_hash"]))
    changed = done(sonae("seal", "diff", out, folder / "one", "--json"))
    btc = next(a for a in changed["assets"] if a["number"] == 1)
    assert btc["largest"] == [
        {"account": "A2", "before": "4000000000", "after": "4000000001"}
    ]  # fmt: skip
    said = made(tmp_path / "books", folder / "one", folder, *after, "--correction")
    assert said.code == 2
    assert "holds another seal" in said.err
    before = contents(folder / "one")
    done(made(folder / "books", folder / "one", folder))
    assert contents(folder / "one") == before  # the same again is left as it is


def test_what_is_private_is_for_its_owner_alone(folder: Path) -> None:
    """Nothing of an account in public; nothing of private readable by others."""
    for path in (folder / "one").rglob("*"):
        if "private" in path.parts:
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    public = b"".join(contents(folder / "one" / "public").values())
    key = (folder / "one" / "private" / "day.key").read_bytes().strip()
    for word in (b"A1|", b'"A1"', b"a@example.jp", key, bytes.fromhex(key.decode())):
        assert word not in public


# -- chain and log ---------------------------------------------------------------------------------


def test_the_log_lists_every_seal_and_shows_that_it_only_grew(folder: Path) -> None:
    kept = folder / "one" / "public" / "log" / "checkpoint"
    found = done(sonae("seal", "log", folder / "two", "--since", kept, "--json"))
    hashes = [
        json.loads((folder / d / "public" / "header.json").read_bytes())["hash"]
        for d in ("one", "two")
    ]
    assert [s["header_hash"] for s in found["seals"]] == hashes
    assert found["grown"]["from"] == 1
    btc = next(a for a in found["assets"] if a["asset"] == "BTC")
    assert (btc["owed"], btc["held"], btc["held_average"]) == (
        "10000000500", "10000000000", "10000000000",
    )  # fmt: skip
    assert answers(folder / "two", "--after", folder / "one")["after"] == "holds"
    words = ("--since", folder / "two/public/log/checkpoint")
    said = sonae("seal", "log", folder / "one", *words, "--json")
    assert said.code == 1
    assert "shrunk" in said.json()["failed"]
    assert "shrunk" in sonae("seal", "log", folder / "one", *words).out


def test_e108_a_row_deleted_from_the_log_is_found_and_other_days_still_verify(
    folder: Path, tmp_path: Path
) -> None:
    two = shutil.copytree(folder / "two", tmp_path / "two")
    bundle = next((two / "public" / "log" / "tile" / "entries").rglob("2"))
    content = bundle.read_bytes()
    bundle.write_bytes(content[2 + int.from_bytes(content[:2], "big") :])
    assert set(failed(two)) == {"log"}
    assert "entries" in failed(two)["log"]
    assert failed(folder / "one") == {}


def test_e108_a_leaf_or_a_claim_that_is_taken_away_is_named_by_asset_and_place(
    folder: Path, one: Path
) -> None:
    """Other assets, receipts and days still verify."""
    path = one / "private" / "claims.parquet"
    table = pq.read_table(path).to_pylist()
    kept = [r for r in table if (r["account"], r["asset"]) != ("A2", 1)]
    pq.write_table(pa.Table.from_pylist(kept, pq.read_schema(path)), path)
    [(step, why)] = failed(one).items()
    assert step == "claims"
    assert "asset 1: leaves" in why
    assert "of 4 are sealed and not in the table" in why
    assert why.count("asset ") == 1
    leaves = one / "private" / "leaves" / "1.bin"
    leaves.write_bytes(leaves.read_bytes()[48:])
    assert "asset 1" in failed(one)["leaves"]
    assert failed(folder / "two", "--after", folder / "one") == {}


def test_any_byte_of_any_public_file_that_differs_is_found(folder: Path, tmp_path: Path) -> None:
    """In the larger files every 97th byte; the steps that need no key, one copy at a time."""
    two = shutil.copytree(folder / "two", tmp_path / "two")
    shutil.rmtree(two / "private")
    assert failed(two) == {}
    for name, good in contents(two / "public").items():
        path = two / "public" / name
        for place in range(0, len(good), 1 if len(good) < 250 else 97):
            changed = bytearray(good)
            changed[place] ^= 1
            path.write_bytes(changed)
            assert any(s.answer == "fails" for s in check_seal(two)), (name, place)
        path.write_bytes(good)
        if name == "header.bin":  # without it there is no seal
            continue
        path.unlink()
        assert any(s.answer == "fails" for s in check_seal(two)), name
        path.write_bytes(good)
    assert failed(two) == {}


# -- auditor, administrator ------------------------------------------------------------------------


def test_an_auditor_computes_everything_again_from_the_ledger_extract(
    folder: Path, tmp_path: Path
) -> None:
    words = ("--books", folder / "books")
    assert answers(folder / "one", *words)["books"] == "holds"
    rows = tables()
    rows["balances"][0] = rows["balances"][0] | {"quantity": 59_0000_0000}
    write(tmp_path / "other", rows)
    why = failed(folder / "one", "--books", tmp_path / "other")
    assert set(why) == {"books"}
    assert "asset 1" in why["books"]


def test_leaves_alone_check_sums_and_roots_without_personal_data(one: Path) -> None:
    for name in ("day.key", "claims.parquet"):
        (one / "private" / name).unlink()
    found = answers(one)
    assert found["leaves"] == "holds"
    assert found["claims"] == found["key"] == "not_checked"
    leaves = one / "private" / "leaves" / "3.bin"
    content = bytearray(leaves.read_bytes())
    content[-1] ^= 1
    leaves.write_bytes(content)
    assert set(failed(one)) == {"leaves"}


def test_after_a_days_key_is_destroyed_receipts_and_sums_still_verify(
    one: Path, tmp_path: Path
) -> None:
    """No new receipt can be made and no claim tied to a leaf; what was given out still holds."""
    receipt = tmp_path / "r.json"
    done(sonae("seal", "prove", one, "--account", "A1", "--out", receipt))
    (one / "private" / "day.key").unlink()
    done(sonae("verify", receipt))
    found = answers(one)
    assert {k for k, v in found.items() if v == "not_checked"} == {"key", "claims"}
    assert "fails" not in found.values()
    assert sonae("seal", "prove", one, "--account", "A1", "--json").code == 2
    other = tmp_path / "other.key"
    other.write_text("11" * 32)
    assert set(failed(one, "--day-key", other)) == {"key", "claims"}


def test_an_administrator_opens_the_escrow_and_rebuilds_the_seal(
    folder: Path, tmp_path: Path
) -> None:
    """The key of the day out of the published entry, with a key that the firm never had."""
    trustee, regulator = (pyrage.x25519.Identity.generate() for _ in range(2))
    names = tmp_path / "escrow.txt"
    names.write_text(f"# trustee, regulator\n{trustee.to_public()}\n\n{regulator.to_public()}\n")
    done(made(folder / "books", tmp_path / "out", folder, "--escrow", names))
    entry = json.loads((tmp_path / "out" / "public" / "entry.json").read_bytes())
    assert [e["to"] for e in entry["escrow"]] == [str(i.to_public()) for i in (trustee, regulator)]
    shutil.rmtree(tmp_path / "out" / "private")
    for n, identity in enumerate((trustee, regulator)):
        locked = base64.b64decode(entry["escrow"][n]["ciphertext"])
        key = tmp_path / "day.key"
        key.write_bytes(pyrage.decrypt(locked, [identity]))
        words = ("--books", folder / "books", "--day-key", key)
        assert answers(tmp_path / "out", *words)["books"] == "holds"
    later = (folder / "two" / "private" / "day.key").read_bytes()
    assert key.read_bytes() != later  # one day's key opens that day only
    names.write_text("age1nothing\n")
    assert made(folder / "books", tmp_path / "x", folder, "--escrow", names).code == 2


def test_a_stored_receipt_shows_a_creditor_who_was_concealed(folder: Path, one: Path) -> None:
    """The table at hand lacks an account or has less for it: its receipt speaks against it."""
    kept = one.parent / "receipts"
    kept.mkdir()
    for account in ("A1", "A2"):
        words = ("seal", "prove", one, "--account", account, "--out", kept / f"{account}.json")
        done(sonae(*words))
    assert answers(one, "--receipts", kept)["receipts"] == "holds"
    path = one / "private" / "claims.parquet"
    table = pq.read_table(path).to_pylist()
    lower = [r | {"amount": "1"} if (r["account"], r["asset"]) == ("A2", 1) else r for r in table]
    gone = [r for r in table if r["account"] != "A2"]
    for rows in (lower, gone):
        pq.write_table(pa.Table.from_pylist(rows, pq.read_schema(path)), path)
        why = failed(one, "--receipts", kept)["receipts"]
        assert "concealed creditors: A2.json" in why
    edit(kept / "A1.json", '"part": 0', '"part": 1')
    pq.write_table(pa.Table.from_pylist(table, pq.read_schema(path)), path)
    assert "A1.json" in failed(one, "--receipts", kept)["receipts"]


def test_day_over_day_shows_who_was_first_seen(folder: Path) -> None:
    found = done(sonae("seal", "diff", folder / "two", folder / "one", "--json"))
    btc = next(a for a in found["assets"] if a["number"] == 1)
    assert btc["accounts"] == [2, 3]
    assert btc["first_seen"] == {"accounts": 1, "units": "500"}
    assert btc["largest"] == [{"account": "A4", "before": "0", "after": "500"}]


def test_an_auditor_draws_accounts_and_knows_what_may_be_missed(folder: Path) -> None:
    words = ("seal", "sample", folder / "two", "--size", "2", "--seed", "dice: 4 1 6", "--json")
    found = done(sonae(*words))
    assert found["population"] == 4
    assert len(found["accounts"]) == 2
    assert found["chance_of_missing"][0] == {"one_in": 1000, "accounts": 1, "percent": "50.00"}


# -- the statement ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stated(folder: Path) -> Path:
    """A seal whose statement is under a draft, with money set aside."""
    rows = tables()
    rows["statements"] = [
        *rows["statements"],
        statement("reserve-1", "3000000000", "reserve", holder="Test Trust Bank"),
    ]
    rows["prices"] = [*rows["prices"], price("NEW", "0.7")]
    write(folder / "reserve", rows, files={"policies.toml": ""})
    done(made(folder / "reserve", folder / "stated", folder,
              "--assume", "jp.proposal.custody-value"))  # fmt: skip
    return folder / "stated"


def test_e110_another_program_computes_the_same_from_the_published_statement(
    stated: Path,
) -> None:
    """By hand from the file alone: rate, floor and cap from the draft's text, facts as given."""
    import tomllib
    from decimal import Decimal

    said = json.loads((stated / "public" / "sufficiency.json").read_bytes())
    draft = tomllib.loads(said["drafts"]["jp.proposal.custody-value"], parse_float=Decimal)
    rates = {
        f"{draft['draft']['id']}.{v['id']}": Fraction(v["component"][0]["rate"])
        for v in draft["variant"]
        if "rate" in v["component"][0]
    }
    floor, cap = draft["bracket"]["floor"], draft["bracket"]["cap"]
    computed = 0
    for one in said["requirements"]:
        if one["rule"] not in rates:
            continue
        owed = Fraction(one["given"]["customer_crypto_jpy"])
        need = min(max(owed * rates[one["rule"]], floor), cap)
        assert Fraction(one["required"]) == need
        cover = Fraction(said["reserve"]["going_concern"])
        assert Fraction(one["going_concern"]["total"]) == cover + Fraction(
            one["going_concern"]["insurance"] or 0
        )
        assert Fraction(one["surplus"]) == Fraction(one["going_concern"]["total"]) - need
        assert (one["standing"], one["reasons"]) == ("proposed", {})
        computed += 1
    assert computed == 2
    assert said["reserve"]["given"]["assets"]
    assert failed(stated) == {}


@pytest.mark.parametrize(
    "change",
    [
        ("requirements", 0, "required"), ("requirements", 0, "surplus"),
        ("requirements", 0, "going_concern", "total"), ("reserve", "going_concern"),
        ("requirements", 0, "given", "customer_crypto_jpy"), ("custody", 0, "shortfall"),
        ("edition", "digest"), ("header_hash",),
    ],
    ids=lambda c: ".".join(map(str, c)),
)  # fmt: skip
def test_a_statement_that_does_not_come_out_again_is_refused(
    stated: Path, tmp_path: Path, change: tuple[Any, ...]
) -> None:
    """Changed and, as far as that goes, signed again: the arithmetic speaks against it."""
    copy = shutil.copytree(stated, tmp_path / "copy")
    path = copy / "public" / "sufficiency.json"
    said = json.loads(path.read_bytes())
    at = said
    for step in change[:-1]:
        at = at[step]
    at[change[-1]] = "700000000000" if change[-1] not in ("digest", "header_hash") else "7" * 64
    path.write_text(json.dumps(said), encoding="utf-8")
    assert "statement" in failed(copy)


def test_a_time_stamp_is_asked_for_by_a_file(one: Path) -> None:
    found = done(sonae("seal", "stamp", one, "--json"))
    hash = json.loads((one / "public" / "header.json").read_bytes())["hash"]
    assert bytes.fromhex(hash) in Path(found["request"]).read_bytes()
    reply = one / "reply"
    reply.write_bytes(b"no reply")
    said = sonae("seal", "stamp", one, "--reply", reply)
    assert said.code == 2
    assert failed(one) == {}
