"""Opening what a firm left behind: totals, people, what is missing, who can sign."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sonae.actions.takeover.open import open_estate
from sonae.actions.takeover.watch import watch_files
from sonae.cli.main import run
from sonae.core.errors import InputError, UsageError
from tests.estate.firm import BTC, FROZEN, books, lost, pack, people, tables
from tests.kit import asset, balance, clean, edit, holding, write


def named(document: dict[str, Any]) -> dict[str, str]:
    return {g["name"]: g["message"]["en"] for g in document["gaps"]}


def total(document: dict[str, Any], asset: str) -> dict[str, Any]:
    [found] = [t for t in document["totals"] if t["asset"] == asset]
    return found


def test_a_lawyer_with_books_and_a_laptop_sees_who_can_sign_what(tmp_path: Path) -> None:
    """E103: totals rebuilt and compared, wallets with signers, banks, insurers, in one command."""
    folder = books(tmp_path / "books", customers=people("2026-10-01", ""))
    run(["close", str(folder), "--out", str(tmp_path / "close")])
    document = open_estate(folder, tmp_path / "out", tmp_path / "close" / "close.json")
    assert document["verified"]
    assert total(document, "BTC")["owed_units"] == total(document, "BTC")["stated_units"]
    assert total(document, "BTC")["held_units"] == str(100 * BTC)
    assert {(i["item"], i["state"]) for i in document["segregation"]} == {
        (item, "not_known") for item in ("btc-cold", "btc-kept", "btc-hot", "trust-1")
    }
    assert total(document, "JPY")["held_units"] == "1000000"
    signers = {w["holding_id"]: (w["quorum"], w["signers"]) for w in document["wallets"]}
    assert signers["btc-cold"] == ("2 of 3", ["aoi", "ben", "chi"])
    assert [a["bank"] for a in document["accounts"]] == ["Test Bank", "Test Trust Bank"]
    assert [p["insurer"] for p in document["policies"]] == ["First Insurance", "Second Insurance"]
    names = {p.name for p in (tmp_path / "out").iterdir()}
    assert names == {"open.json", "open.ja.html", "open.en.html", "listed.csv"}
    assert json.loads((tmp_path / "out" / "open.json").read_bytes()) == document
    for lang, word in (("ja", "署名できる者"), ("en", "Who can sign what")):
        page = (tmp_path / "out" / f"open.{lang}.html").read_text("utf-8")
        assert word in page
        assert "aoi, ben, chi" in page


def test_totals_that_differ_from_what_was_stated_are_a_breach(tmp_path: Path, capsys: Any) -> None:
    """E103: a close of other balances; the asset and both numbers are named, exit code 1."""
    run(["close", str(books(tmp_path / "a")), "--out", str(tmp_path / "close")])
    rows = [*clean()["balances"], balance("A9", "BTC", 7)]
    folder = books(tmp_path / "b", balances=rows)
    capsys.readouterr()
    close = str(tmp_path / "close" / "close.json")
    assert run(["estate", "open", str(folder), "--close", close, "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert not document["verified"]
    assert "10,000,000,007" in named(document)["totals-differ"]


def test_what_is_missing_is_named_and_nothing_is_called_verified(tmp_path: Path) -> None:
    """Without registers: keys, policies, contacts, customers; nothing stated to compare with."""
    document = open_estate(books(tmp_path, files={}), None)
    missing = {g["message"]["en"] for g in document["gaps"] if g["name"] == "missing-part"}
    names = ("keys", "policies", "contacts", "customers", "instruments", "segregation", "suppliers")
    assert missing == {f"{name} is missing" for name in names}
    assert not document["verified"]
    assert "nothing-to-compare" in named(document)
    assert document["policies"] is None
    assert document["people"]["customers"] is None


def test_unknown_owners_are_counted_and_no_asset_is_dropped_for_lack_of_price(
    tmp_path: Path,
) -> None:
    """E107: a coin that nobody prices stays in the view in its own unit, with its unknown owner."""
    rows = [*clean()["balances"], lost("OLD", 5), balance("A2", "OLD", 3)]
    more = {"balances": rows, "assets": [*clean()["assets"], asset("OLD", scale=0)]}
    more["holdings"] = [*tables()["holdings"], holding("old", "OLD", 8)]
    document = open_estate(books(tmp_path, **more), None)
    old = total(document, "OLD")
    assert (old["owed_units"], old["unknown_units"], old["priced"]) == ("8", "5", False)
    assert document["people"]["accounts_without_owner"] == 1
    assert document["people"]["accounts"] == 3
    assert "OLD" in named(document)["no-price"]


def test_stale_proofs_and_expired_policies_are_named(tmp_path: Path) -> None:
    """A proof 91 days old against 90, and a policy whose period is over."""
    folder = books(tmp_path)
    edit(folder / "holdings.csv", "2026-11-20,signature", "2026-08-21,signature")
    edit(folder / "policies.toml", "period_end = 2027-03-31", "period_end = 2026-11-19")
    found = named(open_estate(folder, None))
    assert "btc-hot" in found["stale-proof"]
    assert "policy-expired" in found


def test_an_opened_pack_is_checked_file_by_file_and_added_up_again(tmp_path: Path) -> None:
    """E103: from the folder alone; its missing part and unknown owner are named."""
    document = open_estate(pack(tmp_path / "pack"), None)
    assert document["kind"] == "pack"
    assert document["verified"]
    assert total(document, "BTC")["owed_units"] == str(100 * BTC)
    assert document["people"]["accounts_without_owner"] == 1
    assert document["people"]["with_payout_details"] == 1
    assert document["people"]["verified"] is None
    assert document["policies"][0]["terminates_on"] == ["insolvency"]
    assert any("trust-deeds.csv: no register" in g["message"]["en"] for g in document["gaps"])


def test_a_pack_whose_balances_are_not_its_totals_is_not_verified(tmp_path: Path) -> None:
    """One unit is enough."""
    document = open_estate(pack(tmp_path / "pack", 100 * BTC - 1), None)
    assert not document["verified"]
    assert "BTC" in named(document)["totals-differ"]


def test_a_changed_or_missing_file_of_a_pack_is_refused_by_name(tmp_path: Path) -> None:
    """Both at once, so that another copy is fetched once."""
    folder = pack(tmp_path / "pack")
    edit(folder / "banks.csv", "5000000", "5000001")
    (folder / "policies.csv").unlink()
    with pytest.raises(InputError) as caught:
        open_estate(folder, None)
    assert {(p.name, p.file) for p in caught.value.problems} == {
        ("changed-part", "banks.csv"),
        ("missing-part", "policies.csv"),
    }


def test_a_file_that_a_pack_does_not_list_is_not_trusted(tmp_path: Path) -> None:
    """Put in later: named, and the exit code says so."""
    folder = pack(tmp_path / "pack")
    (folder / "banks-new.csv").write_text("bank\n", "utf-8")
    document = open_estate(folder, None)
    assert "banks-new.csv" in named(document)["unlisted-file"]


def test_a_day_that_is_none_is_refused_in_the_table_of_customers(tmp_path: Path) -> None:
    """Nobody is called verified by a word that is no date."""
    folder = books(tmp_path, customers=people("yesterday", ""))
    with pytest.raises(InputError) as caught:
        open_estate(folder, None)
    assert [(p.name, p.column, p.row) for p in caught.value.problems] == [
        ("corrupt-row", "payout_verified_on", 1)
    ]


def test_a_folder_with_something_in_it_is_never_replaced(tmp_path: Path) -> None:
    """What an administrator wrote before stays."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "notes.txt").write_text("mine", "utf-8")
    with pytest.raises(UsageError):
        open_estate(books(tmp_path / "books"), tmp_path / "out")
    assert (tmp_path / "out" / "notes.txt").read_text("utf-8") == "mine"


def test_the_list_to_watch_works_where_the_firm_is_not(tmp_path: Path) -> None:
    """E105: written by open, read by watch, with nothing else of the firm at hand."""
    open_estate(books(tmp_path / "books"), tmp_path / "out")
    seen = tmp_path / "seen.csv"
    seen.write_text(
        "at,chain,address,to,asset,quantity_decimal,txid\n"
        "2026-11-20T09:00:01+00:00,bitcoin,hot-1,elsewhere,BTC,0.5,t1\n",
        "utf-8",
    )
    from datetime import datetime

    found = watch_files(tmp_path / "out" / "listed.csv", seen, datetime.fromisoformat(FROZEN))
    [alarm] = found["alarms"]
    assert (alarm["wallet"], alarm["quantity"], alarm["asset"]) == ("btc-hot", "0.5", "BTC")
    assert alarm["could_sign"]["en"] == "ben, dai (1 of 2)"


def test_books_that_cannot_be_read_leave_with_3(tmp_path: Path) -> None:
    """Refused, as a close refuses them."""
    folder = write(tmp_path, tables())
    edit(folder / "holdings.csv", "signature", "hearsay")
    assert run(["estate", "open", str(folder)]) == 3
