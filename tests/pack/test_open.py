"""Packs opened: round trip, every break refused with its place, what disagrees found."""

from __future__ import annotations

import csv
import json
import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sonae.actions.keys import new_key
from sonae.actions.pack.make import make_pack
from sonae.actions.pack.open import Opening, open_pack
from sonae.core.errors import InputError, Refused, UsageError
from sonae.pack.age import decrypt, encrypt, read_identities
from tests.command import contents, sonae

from . import made
from .made import World

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return made.world(tmp_path_factory.mktemp("pack"))


@pytest.fixture
def opened(world: World, tmp_path: Path) -> Path:
    """A copy of the opened folder to be changed."""
    kept = world.root / "kept"
    if not kept.exists():
        open_pack(Opening(world.file, world.trustee, now=NOW), kept)
    return Path(shutil.copytree(kept, tmp_path / "opened"))


def how(world: World, file: Path | None = None, **more: Any) -> Opening:
    return Opening(file or world.file, world.trustee, signer=world.signer, now=NOW, **more)


def names(found: dict[str, Any]) -> list[str]:
    return [f["name"] for f in found["findings"] if f["name"] != "part-not-in-pack"]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_pack_opens_with_nothing_to_act_on_but_the_parts_it_lacks(
    world: World, tmp_path: Path
) -> None:
    found = open_pack(how(world), tmp_path / "out")
    assert names(found) == []
    assert found["hours_since"] == 12
    assert {m["part"] for m in found["missing"]} == {
        "policies.csv",
        "segregation.csv",
        "trust-deeds.csv",
    }
    assert json.loads((tmp_path / "out" / "manifest.json").read_bytes()) == world.found["manifest"]


def test_the_same_input_is_the_same_inside_to_the_last_byte(world: World, tmp_path: Path) -> None:
    again = make_pack(world.wanted.__class__(**{**vars(world.wanted), "out": tmp_path / "b.age"}))
    assert again["plaintext_sha256"] == world.found["plaintext_sha256"]
    assert again["sha256"] != world.found["sha256"]  # age takes a fresh key each time


def test_the_customer_view_adds_up_one_person_over_accounts(opened: Path) -> None:
    seen = {(r["person"], r["asset"]): r for r in rows(opened / "customers/customers-00001.csv")}
    assert seen["P1", "BTC"]["units"] == str(60_0000_0001)
    assert seen["P1", "BTC"]["quantity"] == "60.00000001"
    assert seen["P1", "BTC"]["accounts"] == "2"
    assert seen["P1", "BTC"]["value"] == "900000000"  # 60.00000001 x 15,000,000 rounded down
    assert seen["", "BTC"]["units"] == "99999999"  # nobody known: kept, not dropped
    assert seen["P2", "BTC"]["name"] == "'=1+2"  # no formula in a spreadsheet
    bare = pq.read_table(opened / "customers/customers-00001.parquet").to_pylist()
    assert {r["name"] for r in bare} == {"山田花子", "=1+2", None}


def test_every_part_is_there_for_people(opened: Path) -> None:
    [wallet] = rows(opened / "wallets.csv")
    assert (wallet["quorum"], wallet["suppliers"]) == ("2 of 3", "Custody Works")
    assert [r["bank"] for r in rows(opened / "banks.csv")] == ["Test Trust Bank"]
    assert [r["counterparty"] for r in rows(opened / "agreements.csv")] == ["Custody Works"]
    assert [r["quantity"] for r in rows(opened / "pending-payments.csv")] == ["0.00000005"]
    assert [r["name"] for r in rows(opened / "people.csv")] == ["山田太郎"]
    assert len(rows(opened / "rulebook/values.csv")) > 100
    for lang, words in (("ja", "金庫の鍵は2名で開ける"), ("en", "Two people open the safe")):
        assert words in (opened / f"READ-FIRST.{lang}.html").read_text("utf-8")
    for file in opened.rglob("*.csv"):
        if "ledger" not in file.parts:
            assert file.read_bytes().startswith(b"\xef\xbb\xbf")


def test_enough_shares_open_it_and_fewer_do_not(world: World, tmp_path: Path) -> None:
    shares = world.shares
    found = open_pack(Opening(world.file, shares=(shares[4], shares[0], shares[2])), tmp_path / "o")
    assert found["entity"] == "Test Exchange K.K."
    with pytest.raises(Refused, match="2 different shares were given and 3 are needed"):
        open_pack(Opening(world.file, shares=shares[:2]), tmp_path / "p")
    with pytest.raises(Refused, match="2 different shares were given and 3 are needed"):
        open_pack(Opening(world.file, shares=(shares[0], shares[1], shares[1])), tmp_path / "p")
    assert not (tmp_path / "p").exists()


def test_a_mistyped_share_is_named(world: World, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.txt"
    words = world.shares[1].read_text().split()
    wrong.write_text(" ".join([*words[:-1], "academic" if words[-1] != "academic" else "acid"]))
    with pytest.raises(Refused, match=r"wrong\.txt: not a share"):
        open_pack(Opening(world.file, shares=(world.shares[0], wrong, world.shares[2])), None)


def test_a_key_that_it_was_not_made_for_is_refused(world: World, tmp_path: Path) -> None:
    import pyrage

    other = tmp_path / "other.txt"
    other.write_text(str(pyrage.x25519.Identity.generate()))
    with pytest.raises(Refused, match="none of the given keys opens this file"):
        open_pack(Opening(world.file, other), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_flipped_byte_is_refused_with_its_place_and_leaves_nothing(
    world: World, tmp_path: Path
) -> None:
    content = world.file.read_bytes()
    spot = tmp_path / "spot"
    spot.mkdir()
    broken = spot / "broken.pack.age"
    step = max(1, len(content) // 60)
    for place in {*range(0, 400, 23), *range(400, len(content), step), len(content) - 1}:
        broken.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(Refused, match=r"broken\.pack\.age"):
            open_pack(Opening(broken, world.trustee), spot / "out")
        assert [p.name for p in spot.iterdir()] == ["broken.pack.age"]
    place = content.index(b"\n--- ") + 3 * 65_552
    broken.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
    with pytest.raises(Refused) as caught:
        open_pack(Opening(broken, world.trustee), None)
    named = int(str(caught.value).split("from byte ")[1].split()[0])
    assert named <= place < named + 65_552


def test_every_single_byte_of_a_small_file_counts(world: World, tmp_path: Path) -> None:
    """Each byte of a whole age file of the pack's own making, header and body, one by one."""
    file, plain = tmp_path / "small.age", tmp_path / "plain"
    key = world.recipients.read_text("utf-8").split('key = "')[1].split('"')[0]
    encrypt(iter([b"0123456789" * 30]), file, [key])
    identities, content = read_identities(world.trustee), file.read_bytes()
    for place in range(len(content)):
        file.write_bytes(content[:place] + bytes([content[place] ^ 0x20]) + content[place + 1 :])
        plain.unlink(missing_ok=True)
        with pytest.raises(Refused):
            decrypt(file, plain, identities)


@pytest.mark.parametrize("cut", [0, 1, 100, 300, 70_000])
def test_a_file_cut_short_is_refused(world: World, tmp_path: Path, cut: int) -> None:
    short = tmp_path / "short.age"
    short.write_bytes(world.file.read_bytes()[:cut])
    with pytest.raises(Refused, match="short"):
        open_pack(Opening(short, world.trustee), None)


def refused(world: World, folder: Path, out: Path, **more: Any) -> list[tuple[str, str]]:
    file = made.remade(world, folder, out, **more)
    with pytest.raises(InputError) as caught:
        open_pack(how(world, file), out.with_suffix(".out"))
    assert not out.with_suffix(".out").exists()
    return [(p.name, p.file) for p in caught.value.problems]


def test_a_part_taken_out_added_or_changed_inside_is_named(
    world: World, opened: Path, tmp_path: Path
) -> None:
    (opened / "banks.csv").unlink()
    (opened / "wallets.csv").write_bytes((opened / "wallets.csv").read_bytes() + b"x")
    (opened / "extra.txt").write_text("x")
    assert refused(world, opened, tmp_path / "x.age") == [
        ("missing-part", "banks.csv"),
        ("changed-part", "wallets.csv"),
        ("unlisted-part", "extra.txt"),
    ]


@pytest.mark.parametrize("name", ["manifest.json", "manifest.json.minisig", "SHA256SUMS.minisig"])
def test_a_missing_manifest_or_signature_is_refused(
    world: World, opened: Path, tmp_path: Path, name: str
) -> None:
    (opened / name).unlink()
    file = made.remade(world, opened, tmp_path / "x.age")
    with pytest.raises(Refused, match=r"manifest\.json|SHA256SUMS"):
        open_pack(how(world, file), None)


def test_a_pack_signed_by_another_is_refused_where_the_printed_key_is_given(
    world: World, opened: Path, tmp_path: Path
) -> None:
    new_key(tmp_path / "mallory.key")
    file = made.remade(world, opened, tmp_path / "x.age", sign=tmp_path / "mallory.key")
    with pytest.raises(Refused, match="is by key"):
        open_pack(how(world, file), None)
    found = open_pack(Opening(file, world.trustee, now=NOW), None)
    assert names(found) == ["signer-not-compared"]


def test_balances_that_disagree_are_found_by_asset_and_by_who_says_otherwise(
    world: World, opened: Path, tmp_path: Path
) -> None:
    """E103: the administrator reproduces the totals; what the maker itself changed shows too."""
    path = opened / "balances/balances-00001.parquet"
    table = pq.read_table(path)
    units = [int(u) for u in table.column("units").to_pylist()]
    place = table.column("asset").to_pylist().index("BTC")
    units[place] += 7
    at = table.column_names.index("units")
    column = pa.array(units, pa.int64()).cast(pa.decimal128(38, 0))
    pq.write_table(table.set_column(at, "units", column), path)
    file = made.remade(world, opened, tmp_path / "x.age", sign=world.key)
    found = open_pack(how(world, file), tmp_path / "out")
    said = [f["message"]["en"] for f in found["findings"] if f["name"] == "totals-differ"]
    assert len(said) == 4
    assert all(s.startswith("BTC: the balances add up to 10,000,000,007 base units") for s in said)
    for who in ("manifest.json", "customer view", "close.json", "seal/public/header.bin"):
        assert any(who in s for s in said)
    assert (tmp_path / "out" / "manifest.json").is_file()  # found, and still usable


def test_a_close_or_a_seal_of_another_day_inside_is_found(
    world: World, opened: Path, tmp_path: Path
) -> None:
    close = json.loads((opened / "close.json").read_bytes())
    (opened / "close.json").write_text(json.dumps({**close, "on": "2026-11-19"}))
    header = opened / "seal" / "public" / "header.bin"
    header.write_bytes(header.read_bytes()[:-1] + b"x")
    file = made.remade(world, opened, tmp_path / "x.age", sign=world.key)
    assert sorted(names(open_pack(how(world, file), None))) == [
        "close-differs",
        "seal-does-not-hold",
    ]


def test_a_manifest_that_says_too_little_is_refused(
    world: World, opened: Path, tmp_path: Path
) -> None:
    (opened / "manifest.json").write_text('{"format": "sonae-pack/1", "files": []}')
    file = made.remade(world, opened, tmp_path / "x.age", sign=world.key, only=True)
    with pytest.raises(Refused, match=r"does not say: entity"):
        open_pack(Opening(file, world.trustee), None)


def test_a_ledger_or_a_seal_that_does_not_hold_is_not_packed(world: World, tmp_path: Path) -> None:
    export = Path(shutil.copytree(world.root / "export", tmp_path / "export"))
    (export / "journal.csv").write_bytes((export / "journal.csv").read_bytes() + b"x")
    changed = {**vars(world.wanted), "out": tmp_path / "x.age"}
    with pytest.raises(Refused, match=r"ledger export does not verify: journal\.csv"):
        make_pack(world.wanted.__class__(**(changed | {"fund": export})))
    seal = Path(shutil.copytree(world.root / "day" / "seal", tmp_path / "seal"))
    header = seal / "public" / "header.bin"
    header.write_bytes(header.read_bytes().replace(b"\x00\x00\x00\x02", b"\x00\x00\x00\x03"))
    with pytest.raises(Refused, match="the seal cannot be read"):
        make_pack(world.wanted.__class__(**(changed | {"seal": seal})))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["export", "seal"]


def test_a_list_of_persons_that_cannot_be_used_is_refused(world: World, tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    changed = {**vars(world.wanted), "out": tmp_path / "x.age", "people": people}
    for text, brand, words in (
        (made.PERSONS + "Y,C1,P9,,\n", None, "has the brands X, Y; name one by --brand"),
        (made.PERSONS, "Z", "has no brand Z; there is: X"),
        (made.PERSONS + "X,C1,P9,,\n", None, "names a customer twice"),
        ("a,b\n1,2\n", None, "is no list of persons"),
    ):
        people.write_text(text, encoding="utf-8")
        with pytest.raises(UsageError, match=words):
            make_pack(world.wanted.__class__(**(changed | {"brand": brand})))
    people.write_text(made.PERSONS + "Y,C1,P9,,\n", encoding="utf-8")
    found = make_pack(world.wanted.__class__(**(changed | {"brand": "X"})))
    assert found["manifest"]["people"] == {"customers": 3, "persons": 2, "in_no_group": 0}
    people.write_text("brand,customer_id,person\nX,C1,P1\n", encoding="utf-8")
    found = make_pack(world.wanted.__class__(**changed))
    assert found["manifest"]["people"] == {"customers": 3, "persons": 3, "in_no_group": 2}


def test_an_old_copy_and_a_stale_one_are_found(world: World) -> None:
    found = open_pack(how(world, newest=date(2026, 11, 22)), None)
    assert names(found) == ["old-copy"]
    late = Opening(
        world.file, world.trustee, signer=world.signer, now=datetime(2026, 11, 24, tzinfo=UTC)
    )
    assert names(open_pack(late, None)) == ["stale-pack"]


def test_a_folder_in_use_is_left_alone(world: World, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="is there already"):
        open_pack(how(world), tmp_path)
    assert contents(tmp_path) == {"mine.txt": b"mine"}


def test_the_commands_say_it_with_their_exit_codes(world: World, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    w = world.wanted
    words = ("pack", "make", w.books, "--close", w.close, "--recipients", w.recipients)
    made_ = sonae(*words, "--sign", w.key, "--out", tmp_path / "m.pack.age", "--log", log, "--json")
    assert made_.code == 1  # parts that it lacks
    assert made_.json()["manifest"]["format"] == "sonae-pack/1"
    base = ("pack", "open", world.file, "--signer", world.signer)
    out = tmp_path / "out"
    few = sonae(*base, "--shares", world.shares[0], world.shares[1], "--out", out)
    assert few.code == 3
    assert "3 are needed" in few.err
    good = sonae(*base, "--shares", *world.shares[:3], "--out", out, "--json")
    assert good.code == 1
    assert "stale-pack" in {f["name"] for f in good.json()["findings"]}
    assert sonae("pack", "open", world.file, "--out", tmp_path / "n").code == 2
    tested = sonae(
        "pack", "restore-test", world.file, "--identity", world.trustee, "--by", "Sato",
        "--log", log, "--json",
    )  # fmt: skip
    assert "not-the-file-made" in {f["name"] for f in tested.json()["findings"]}
    lines = sonae("pack", "log", log, "--json").json()["lines"]
    assert [x["what"] for x in lines] == ["made", "restore-tested"]
    assert lines[1]["result"] == "opened"
