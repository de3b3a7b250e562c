"""From a frozen list to money in accounts, by the commands people give and a bank by hand."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from sonae.actions.keys import new_key
from sonae.actions.pay.way import read_settings
from sonae.actions.pay.way_bank import read_bank
from sonae.claims.rails import zengin
from sonae.claims.rails.profile import BankProfile
from tests.command import Said, sonae
from tests.fund.people import People
from tests.fund.servers import database
from tests.kit import write

from .test_incident import ABOVE, FIXED, incident, tables

GUIDE = Path(__file__).parents[2] / "docs" / "guide"
BANK = """
name = "a bank"
most_records = 50000
most_amount = 9999999999
most_total = 999999999999
cut_off = 12:00:00
days_before = 1
record_end = "crlf"
edi = false
settle_business_days = 3
[sender]
code = "1234567890"
name_kana = "ｻﾝﾌﾟﾙ"
bank = "0001"
bank_name = "ﾐｽﾞﾎ"
branch = "001"
branch_name = "ﾄｳｷﾖｳ"
kind = "ordinary"
account = "0000123"
[returns]
form = "csv"
marks = ["ﾍﾝｷﾔｸ"]
encoding = "utf-8"
columns = { amount = "amount", name = "name", day = "day", mark = "mark" }
"""
ACCOUNTS = {"A1": ("0005", "ﾔﾏﾀﾞ ﾊﾅｺ"), "A2": ("0009", "ｽｽﾞｷ ﾀﾛｳ"), "A3": ("0005", "ｻﾄｳ ｼﾛｳ")}
ON = "2026-11-30"


class Desk:
    """A fund's people, a frozen list, accounts and a bank's folder."""

    def __init__(self, folder: Path, store: str) -> None:
        self.folder, self.store, self.people = folder, store, People(folder, store)
        self.people.begin()
        books = write(folder / "books", tables())
        words = ("claims", "freeze", books, incident(folder, FIXED), "--method", "at-loss")
        said = sonae(*words, "--key", folder / "ben.key", "--out", folder / "frozen", "--json")
        assert said.code == 0, said.out + said.err
        self.amounts = said.json()["valuation"]["methods"][0]["amount"]
        (folder / "bank.toml").write_text(BANK, encoding="utf-8")
        self.accounts(ACCOUNTS)

    def accounts(self, found: dict[str, tuple[str, str]]) -> None:
        with (self.folder / "accounts.csv").open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(["account", "bank", "branch", "kind", "number", "name_kana"])
            for n, (account, (bank, name)) in enumerate(found.items(), 1):
                writer.writerow([account, bank, "123", "ordinary", f"{n:07}", name])

    def pay(self, *words: str | Path) -> Said:
        return sonae("claims", "pay", *words, "--store", self.store, "--json")

    def rail(self, *words: str | Path) -> Said:
        box = ("--rail", self.folder / "bank.toml", "--mailbox", self.folder / "box")
        return self.pay(*words, *box)

    def done(self, said: Said) -> Any:
        assert said.code == 0, said.out + said.err
        return said.json()

    def plan(self) -> Any:
        words = ("plan", "INC-1", self.folder / "frozen")
        return self.done(self.pay(*words, "--accounts", self.folder / "accounts.csv"))

    def begin(self, funded: int = 10**10) -> None:
        self.done(self.pay("open", "INC-1"))
        self.fund(funded, "trust bank letter of 27 November")
        self.plan()

    def by(self, person: str, *words: str | Path) -> Any:
        """A command that somebody signs."""
        return self.done(self.pay(*words, "--key", self.folder / f"{person}.key"))

    def fund(self, amount: int, source: str) -> None:
        words = ("fund", "INC-1", "--amount", str(amount), "--source", source)
        assert self.by("aoi", *words)["second"] == ""
        assert self.by("chi", *words)["second"] == "chi"

    def signed(self) -> str:
        name = str(self.done(self.rail("file", "INC-1", "--on", ON))["file"])
        for person in ("aoi", "chi", "ben"):
            self.done(self.pay("sign", name, "--key", self.folder / f"{person}.key"))
        return name

    def receipt(self, name: str) -> None:
        import hashlib

        content = (self.folder / "box" / "out" / f"{name}.txt").read_bytes()
        into = self.folder / "box" / "in"
        into.mkdir(exist_ok=True)
        digest = hashlib.sha256(content).hexdigest()
        text = f'number = "R-1"\nsha256 = "{digest}"\n'
        (into / f"{name}.receipt.toml").write_text(text, encoding="utf-8")

    def counters(self) -> dict[str, tuple[int, int]]:
        row = self.done(self.pay("counters", "INC-1"))["JPY"]
        return {k: (c["people"], int(c["amount"])) for k, c in row.items() if c["people"]}


@pytest.fixture(params=["sqlite", "postgresql"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Desk:
    place = database() if request.param == "postgresql" else str(tmp_path / "fund.db")
    return Desk(tmp_path, place)


def test_everyone_is_paid_once_and_what_comes_back_is_paid_again(desk: Desk) -> None:
    desk.begin()
    planned = desk.plan()
    assert (planned["added"], planned["known"], planned["held"]) == (0, 3, 1)
    assert planned["without_account"] == {"accounts": 0, "amount": "0"}
    owed = int(desk.amounts)
    first = desk.counters()
    assert first["entitled"] == (3, owed)
    assert first["held"][0] == 1  # who works here waits until somebody decides
    name = desk.signed()
    said = desk.rail("release", name)
    assert desk.done(said)["state"] == "unknown"
    assert desk.rail("release", name).code == 2  # once
    content = (desk.folder / "box" / "out" / f"{name}.txt").read_bytes()
    order = zengin.read(content, profile_of(desk))
    assert {(t.bank, t.name_kana) for t in order.transfers} == {
        ("0005", "ﾔﾏﾀﾞ ﾊﾅｺ"), ("0009", "ｽｽﾞｷ ﾀﾛｳ"),
    }  # fmt: skip
    assert order.total == first["payable"][1]
    desk.receipt(name)
    assert desk.done(desk.rail("answers"))["accepted"] == [name]
    assert desk.done(desk.rail("answers"))["accepted"] == []
    assert desk.counters()["in_flight"] == (2, order.total)
    back = next(t for t in order.transfers if t.bank == "0009")
    (desk.folder / "box" / "in" / "returns-1.csv").write_text(
        f"day,name,amount,mark\n2026-12-01,{back.name_kana},{back.amount},ﾍﾝｷﾔｸ\n", encoding="utf-8"
    )
    heard = desk.done(desk.rail("answers"))
    assert heard["back"] == [back.reference]
    assert desk.done(desk.rail("answers"))["back"] == []
    again = desk.done(desk.pay("again", back.reference))["planned"]
    assert again != [back.reference]
    assert desk.done(desk.pay("settle", "--on", "2026-12-03"))["settled"] == 0
    assert desk.done(desk.pay("settle", "--on", "2026-12-04"))["settled"] == 1
    papers(desk, order.transfers[0] if order.transfers[1] == back else order.transfers[1], back)
    last = desk.counters()
    assert last["settled"] == (1, order.total - back.amount)
    assert last["payable"] == (1, back.amount)
    assert sum(n for k, (_, n) in last.items() if k != "entitled") == owed
    told = sonae("claims", "pay", "counters", "INC-1", "--smallest", "5", "--store", desk.store,
                 "--json").json()  # fmt: skip
    assert [c for c in told["JPY"].values() if c is not None and c["people"]] == []
    for lang in ("ja", "en"):
        words = ("claims", "pay", "counters", "INC-1", "--store", desk.store, "--lang", lang)
        assert sonae(*words).code == 0


@pytest.mark.parametrize("page", ["incident.md", "incident.ja.md"])
def test_the_bank_and_the_accounts_of_the_guide_make_a_file(tmp_path: Path, page: str) -> None:
    desk = Desk(tmp_path, str(tmp_path / "fund.db"))
    text = (GUIDE / page).read_text("utf-8").split("\n```toml\n# bank.toml")[1]
    bank, accounts = text.split("```")[0], text.split("```csv\n")[1].split("```")[0]
    (tmp_path / "bank.toml").write_text(f"# bank.toml{bank}", encoding="utf-8")
    (tmp_path / "accounts.csv").write_text(accounts, encoding="utf-8")
    desk.begin()
    name = desk.signed()
    assert desk.done(desk.rail("release", name))["state"] == "unknown"
    order = zengin.read((tmp_path / "box" / "out" / f"{name}.txt").read_bytes(), profile_of(desk))
    assert {t.name_kana for t in order.transfers} == {"ﾔﾏﾀﾞ ﾊﾅｺ", "ｽｽﾞｷ ﾀﾛｳ"}


def profile_of(desk: Desk) -> BankProfile:
    file = desk.folder / "bank.toml"
    return read_bank(read_settings(file), file).profile


def papers(desk: Desk, paid: Any, back: Any) -> None:
    """What people get on paper: the year for the tax office, and a notice without a link."""
    words = ("statement", "INC-1", desk.folder / "frozen", "--year", "2026")
    told = desk.done(desk.pay(*words, "--out", desk.folder / "tax"))
    [statement] = told.values()
    assert statement["total_jpy"] == str(paid.amount)
    [row] = statement["payments"]
    assert (row["asset"], row["unit_price_jpy"], row["day"]) == ("BTC", "14000000", ON)
    assert row["treatment"] == "miscellaneous_income"
    assert desk.done(desk.pay("statement", "INC-1", desk.folder / "frozen", "--year", "2025")) == {}
    assert desk.pay(*words, "--person", "nobody").code == 2
    for lang, reference in (("ja", paid.reference), ("en", back.reference)):
        notice = sonae(
            "claims", "pay", "notice", reference, "--firm", "Test Exchange K. K.", "--to", "A1",
            "--number", "N-1", "--on", "2026-12-04", "--store", desk.store, "--lang", lang,
        )  # fmt: skip
        assert notice.code == 0, notice.err
        assert reference in notice.out
        assert "://" not in notice.out


def test_what_may_not_be_sent_is_not(desk: Desk, tmp_path: Path) -> None:
    """Unsigned, edited after signing (E85), or beyond the money that is there."""
    desk.begin(funded=1)
    name = str(desk.done(desk.rail("file", "INC-1", "--on", ON))["file"])
    assert "not signed" in desk.rail("release", name).err
    for person in ("aoi", "chi", "ben"):
        desk.done(desk.pay("sign", name, "--key", desk.folder / f"{person}.key"))
    said = desk.rail("release", name)
    assert said.code == 2
    assert not (desk.folder / "box").exists()
    desk.fund(10**10, "letter")
    edited = tmp_path / "edited.txt"
    edited.write_bytes(b"1")
    said = desk.rail("release", name, "--content", edited)
    assert said.code == 2
    assert "not what was approved" in said.err
    assert not (desk.folder / "box").exists()
    assert desk.done(desk.rail("release", name))["state"] == "unknown"


def test_a_payout_stands_in_the_folder_whole_or_not_at_all(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk fails while it is written: nothing is out by half, and nothing is sent again."""
    desk.begin()
    name = desk.signed()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("sonae.actions.pay.mailbox.os.fsync", full)
        desk.rail("release", name)
    assert list((desk.folder / "box" / "out").iterdir()) == []
    assert desk.counters()["in_flight"][0] == 2
    assert desk.rail("release", name).code == 2
    assert list((desk.folder / "box" / "out").iterdir()) == []


def test_a_receipt_for_other_bytes_is_looked_at_by_a_person(desk: Desk) -> None:
    desk.begin()
    name = desk.signed()
    desk.done(desk.rail("release", name))
    desk.receipt(name)
    path = desk.folder / "box" / "in" / f"{name}.receipt.toml"
    text = path.read_text("utf-8")
    path.write_text(text[: text.index("sha256")] + f'sha256 = "{"0" * 64}"\n', encoding="utf-8")
    said = desk.rail("answers")
    assert said.code == 1
    assert "other bytes" in said.json()["look_at"][0]["en"]
    path.write_text("number = 1\n", encoding="utf-8")
    assert desk.rail("answers").code in (0, 1)
    assert desk.counters()["in_flight"][0] == 2


def test_e84_names_and_accounts_that_a_bank_refuses_are_listed_and_nothing_is_made(
    desk: Desk,
) -> None:
    desk.accounts({**ACCOUNTS, "A1": ("0005", "髙橋花子"), "A2": ("0009", "ｽ" * 31)})
    desk.begin()
    said = desk.rail("file", "INC-1", "--on", ON)
    assert said.code == 3
    assert {p["name"] for p in said.json()["problems"]} == {"not-permitted", "name-too-long"}
    assert desk.counters()["payable"][0] == 2


def test_an_account_that_no_bank_could_pay_to_is_told_before_it_is_planned(tmp_path: Path) -> None:
    """Once planned it changes only by a call back; and a file names whose account it refuses."""
    desk = Desk(tmp_path, str(tmp_path / "fund.db"))
    good = (tmp_path / "accounts.csv").read_text("utf-8")
    bad = good.replace("A1,0005", "A1,5").replace("A2,0009,123,ordinary", "A2,0009,123,普通")
    (tmp_path / "accounts.csv").write_text(bad, encoding="utf-8")
    desk.done(desk.pay("open", "INC-1"))
    words = ("plan", "INC-1", tmp_path / "frozen", "--accounts", tmp_path / "accounts.csv")
    said = desk.pay(*words)
    assert said.code == 3
    found = [(p["name"], p["row"], p["column"]) for p in said.json()["problems"]]
    assert found == [("bad-digits", 1, "bank"), ("bad-kind", 2, "kind")]
    long = good.replace("ﾔﾏﾀﾞ ﾊﾅｺ", "ｽ" * 31)
    (tmp_path / "accounts.csv").write_text(long, encoding="utf-8")
    desk.fund(10**10, "trust bank letter")
    desk.plan()
    [problem] = desk.rail("file", "INC-1", "--on", ON).json()["problems"]
    assert problem["key"].split()[0] == "A1"


def test_customers_without_an_account_are_counted_and_wait(desk: Desk) -> None:
    desk.accounts({"A1": ACCOUNTS["A1"]})
    desk.done(desk.pay("open", "INC-1"))
    found = desk.plan()
    assert found["added"] == 1
    assert found["without_account"]["accounts"] == 2
    assert int(found["without_account"]["amount"]) > 0
    desk.accounts(ACCOUNTS)
    assert desk.plan()["added"] == 2
    bad = desk.folder / "accounts.csv"
    bad.write_text(bad.read_text("utf-8") + "A1,0005,123,ordinary,0000001,ｱ\n", encoding="utf-8")
    words = ("plan", "INC-1", desk.folder / "frozen", "--accounts", bad)
    assert desk.pay(*words).code == 3


def test_goodwill_is_a_claim_of_its_own_and_needs_its_confirmation(desk: Desk) -> None:
    """What is above the loss is planned apart, and only with the document that it needs."""
    words = ("claims", "freeze", desk.folder / "books", incident(desk.folder, ABOVE))
    more = ("--method", "bithumb", "--key", desk.folder / "ben.key")
    said = sonae(*words, *more, "--out", desk.folder / "above", "--json")
    [method] = said.json()["valuation"]["methods"]
    accounts = ("--accounts", desk.folder / "accounts.csv")
    desk.done(desk.pay("open", "LOSS"))
    desk.done(desk.pay("open", "GOOD"))
    loss = desk.done(desk.pay("plan", "LOSS", desk.folder / "above", *accounts))
    assert loss["nature"]["confirmation"] is None
    goodwill = ("plan", "GOOD", desk.folder / "above", *accounts, "--nature", "goodwill")
    said = desk.pay(*goodwill)
    assert said.code == 3
    assert "jvcea_confirmation" in said.err
    document = desk.people.file("confirmation.pdf", "confirmed")
    made = desk.done(desk.pay(*goodwill, "--confirmation", document))
    assert len(made["nature"]["confirmation"]) == 64
    for programme, total in (("LOSS", method["amount"]), ("GOOD", method["goodwill"])):
        row = desk.done(desk.pay("counters", programme))["JPY"]
        assert row["entitled"]["amount"] == total
    said = desk.pay("plan", "LOSS", desk.folder / "above", *accounts, "--nature", "gift")
    assert said.code == 2


def test_a_list_that_was_changed_is_not_paid(desk: Desk) -> None:
    desk.done(desk.pay("open", "INC-1"))
    copy = shutil.copytree(desk.folder / "frozen", desk.folder / "copy")
    document = json.loads((copy / "entitlements.json").read_bytes())
    document["accounts"] = 7
    (copy / "entitlements.json").write_text(json.dumps(document))
    words = ("plan", "INC-1", copy, "--accounts", desk.folder / "accounts.csv")
    said = desk.pay(*words)
    assert said.code == 3
    assert "signature" in said.err


def test_a_list_that_nobody_of_the_fund_signed_is_not_paid(desk: Desk) -> None:
    """Anybody can make a list and sign it: a key beside it proves only that it is unchanged."""
    new_key(desk.folder / "stranger.key")
    file = incident(desk.folder, FIXED)
    text = file.read_text("utf-8").replace("slippage", 'residue_to = "account 901"\nslippage')
    file.write_text(text, "utf-8")
    words = ("claims", "freeze", desk.folder / "books", file, "--method", "at-loss")
    more = ("--key", desk.folder / "stranger.key", "--out", desk.folder / "forged", "--json")
    said = sonae(*words, *more)
    assert said.json()["valuation"]["residue_to"] == "account 901"
    assert desk.pay("counters", "INC-1").code == 2  # not an empty table: there is no such one
    desk.done(desk.pay("open", "INC-1"))
    accounts = ("--accounts", desk.folder / "accounts.csv")
    said = desk.pay("plan", "INC-1", desk.folder / "forged", *accounts)
    assert (said.code, "of nobody of the fund" in said.err) == (3, True)
    assert desk.plan()["signed_by"] == "ben"
    seen = sonae("claims", "value", desk.folder / "books", file, "--lang", "ja").out
    assert "端数の帰属先: account 901" in seen
