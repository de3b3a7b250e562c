"""Every way to pay, from the guide's own files and commands to each person paid once."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from copy import copy
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from sonae.actions.pay.mailbox import Mailbox
from sonae.actions.pay.programme import Row, plan
from sonae.actions.pay.release import release
from sonae.actions.pay.ways import read_way
from sonae.claims.tax import RAISE, Settled, statements
from sonae.core.errors import InputError
from sonae.store.payments import Payments
from tests.claims import guide
from tests.claims.test_incident import KIND, incident
from tests.claims.test_pay_story import Desk
from tests.command import Said, sonae

TX = "ab" * 32


class Teller:
    """Who hands in what stands in `box/out`, and writes answers into `box/in`."""

    def __init__(self, desk: Desk, rail: str) -> None:
        self.desk, self.rail, self.box = desk, rail, desk.folder / "box"

    def told(self, *words: str) -> Said:
        return self.desk.pay(*words, "--rail", self.desk.folder / self.rail)

    def mail(self, *words: str) -> Said:
        return self.told(*words, "--mailbox", str(self.box))

    def write(self, name: str, text: str) -> None:
        (self.box / "in").mkdir(parents=True, exist_ok=True)
        (self.box / "in" / name).write_text(text, encoding="utf-8")

    def table(self, name: str, columns: str, *rows: tuple[object, ...]) -> None:
        self.write(name, "\n".join([columns, *(",".join(map(str, r)) for r in rows), ""]))

    def content(self, name: str) -> bytes:
        [path] = (self.box / "out").glob(f"{name}.*")
        return path.read_bytes()

    def receipt(self, name: str) -> None:
        digest = hashlib.sha256(self.content(name)).hexdigest()
        self.write(f"{name}.receipt.toml", f'number = "R-1"\nsha256 = "{digest}"\n')

    def sign(self, name: str) -> None:
        for person in ("aoi", "chi", "ben"):
            self.desk.done(self.desk.pay("sign", name, "--key", self.desk.folder / f"{person}.key"))

    def heard(self) -> Any:
        return self.desk.done(self.mail("answers"))


@pytest.fixture(scope="module")
def begun_once(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """The people, a list in money and one in coins, and the guide's files."""
    folder = tmp_path_factory.mktemp("ways")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        made = Desk(folder, "fund.db")
        words = ("claims", "freeze", "books", incident(folder, KIND), "--method", "in-kind")
        said = sonae(*words, "--key", "ben.key", "--out", "coins", "--json")
        assert said.code == 0, said.err
        guide.files(folder)
    return made


@pytest.fixture
def desk(begun_once: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A copy of it all, to be worked on."""
    folder = tmp_path / "desk"
    shutil.copytree(begun_once.folder, folder)
    monkeypatch.chdir(folder)
    made = copy(begun_once)
    made.folder = folder
    return made


def begun(desk: Desk, rail: str) -> tuple[Teller, str, Any]:
    """The guide's commands for a way; its teller, the file and what was said of it."""
    every = guide.files(desk.folder)[rail]
    made = [json.loads(text) for text in guide.run_all(every, "--store", desk.store, "--json")]
    found = next(m for m in made if isinstance(m, dict) and "sha256" in m)
    assert (found["count"], made[3]["added"], made[3]["held"]) == (2, 2, 0)
    assert made[3]["without_account"]["accounts"] == 1  # A3 works here and named none
    return Teller(desk, rail), found["file"], found


def out(teller: Teller, name: str) -> None:
    """Signed and put out once; unknown whatever happens until it is answered."""
    assert "not signed" in teller.mail("release", name).err
    teller.sign(name)
    assert teller.desk.done(teller.mail("release", name))["state"] == "unknown"
    before = teller.content(name)
    assert teller.mail("release", name).code == 2
    assert teller.content(name) == before
    assert teller.heard()["open"] == [name]


def counted(desk: Desk, programme: str, asset: str) -> dict[str, tuple[int, int]]:
    row = desk.done(desk.pay("counters", programme))[asset]
    found = {k: (c["people"], int(c["amount"])) for k, c in row.items() if c["people"]}
    whole = found.pop("entitled")
    assert whole == tuple(map(sum, zip(*found.values(), strict=True)))
    return found


def test_the_guide_has_the_same_files_and_commands_in_both_languages() -> None:
    assert guide.bare("incident.md") == guide.bare("incident.ja.md")
    assert len(guide.bare("incident.md")) >= 12


# -- chain -----------------------------------------------------------------------------------------


def test_coins_are_settled_by_confirmations_and_two_transactions_are_looked_at(desk: Desk) -> None:
    teller, name, made = begun(desk, "chain.toml")
    assert (made["chain"], made["expected_fees"]) == ("bitcoin", "4000")
    out(teller, name)
    batch = json.loads(teller.content(name))
    assert batch["format"] == "sonae-onchain/1"
    assert b"SUZUKI" not in teller.content(name)  # names go to the exchange, not to the signer
    [told] = teller.desk.done(teller.told("travel", name))
    assert (told["venue"], told["beneficiary"]) == ("Other Exchange", "SUZUKI TARO")
    assert told["originator"] == "Example K.K."
    teller.receipt(name)
    assert teller.heard()["accepted"] == [name]
    one, two = ((p["reference"], p["amount"]) for p in batch["payouts"])
    columns = "reference,amount,transaction,confirmations"
    teller.table(f"{name}.transactions.csv", columns, (*one, TX, 6), (*two, "0x" + TX, 5))
    assert teller.heard()["settled"] == [one[0]]
    assert teller.heard()["settled"] == []
    assert counted(desk, "CHAIN", "BTC")["settled"] == (1, int(one[1]))
    assert desk.done(desk.pay("settle", "--on", "2027-12-04"))["settled"] == 0  # days prove nothing
    teller.table(
        f"{name}.transactions.csv",
        columns,
        (*two, TX, 6),
        (*two, "cd" * 32, 7),
        ("9" * 20, 1, TX, 9),
    )
    said = teller.mail("answers")
    assert said.code == 1
    assert len(said.json()["look_at"]) == 2
    assert "paid twice?" in said.json()["look_at"][0]["en"]
    assert said.json()["settled"] == []
    teller.table("b.returns.csv", "reference,code,amount,booked", (*two[:1], "dust", two[1], "yes"))
    teller.table(f"{name}.transactions.csv", columns, (*one, TX, 9))
    assert teller.heard()["back"] == [two[0]]
    again = desk.done(desk.pay("again", two[0]))["planned"]
    assert again != [two[0]]
    assert counted(desk, "CHAIN", "BTC") == {
        "settled": (1, int(one[1])), "payable": (1, int(two[1])),
    }  # fmt: skip


def changed(desk: Desk, file: str, old: str, new: str) -> None:
    path = desk.folder / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize(
    ("file", "old", "new", "name"),
    [
        ("contracts.txt", "", "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4\n", "contract-address"),
        ("listed.txt", "", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4\n", "listed-address"),
        ("chain.toml", "memo = false", "memo = true", "memo-missing"),
        ("chain.toml", 'listed = "listed.txt"', "", "list-missing"),
        ("chain.csv", "kv8f3t4", "kv8f3t5", "bad-address"),
        ("chain.csv", "SUZUKI TARO", "", "travel-rule-missing"),
        ("chain.csv", "0123456789abcdef" * 4, "", "assessment-missing"),
    ],
)
def test_E100_what_must_not_be_signed_refuses_the_whole_batch_before_it_is_made(
    desk: Desk, file: str, old: str, new: str, name: str
) -> None:
    if old:
        changed(desk, file, old, new)
    else:
        (desk.folder / file).write_text(new, encoding="utf-8")
    *first, make, _ = guide.files_kept(desk.folder)["chain.toml"]
    guide.run_all(first, "--store", desk.store, "--json")
    said = sonae(*make, "--store", desk.store, "--json")
    assert said.code == 3
    assert name in {p["name"] for p in said.json()["problems"]}
    assert not (desk.folder / "box").exists()
    assert set(counted(desk, "CHAIN", "BTC")) == {"payable"}


def test_E100_an_address_that_is_listed_after_three_people_signed_does_not_go_out(
    desk: Desk,
) -> None:
    """And what is listed once it is out is a matter for the signer, not for the store."""
    teller, name, _ = begun(desk, "chain.toml")
    teller.sign(name)
    listed = desk.folder / "listed.txt"
    listed.write_text("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4\n", encoding="utf-8")
    said = teller.mail("release", name)
    assert said.code == 3
    assert {p["name"] for p in said.json()["problems"]} == {"listed-address"}
    assert not (desk.folder / "box").exists()
    listed.write_text("", encoding="utf-8")
    assert desk.done(teller.mail("release", name))["state"] == "unknown"


def test_whoever_releases_meets_the_same_check_of_lists_unless_it_was_taken_already(
    desk: Desk,
) -> None:
    """One door: below the command too. What the signer has taken is recorded all the same."""
    teller, name, _ = begun(desk, "chain.toml")
    teller.sign(name)
    listed = desk.folder / "listed.txt"
    listed.write_text("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4\n", encoding="utf-8")
    rail = Mailbox(teller.box, read_way(desk.folder / "chain.toml"))
    with Payments(desk.store) as store:
        content = store.file(name).content
        with pytest.raises(InputError, match="sanctions list"):
            release(store, name, content, rail)
        assert (store.file(name).state, [p.state for p in store.of_file(name)]) == (
            "made", ["filed", "filed"],
        )  # fmt: skip
        digest = hashlib.sha256(content).hexdigest()
        teller.write(f"{name}.receipt.toml", f'number = "R-1"\nsha256 = "{digest}"\n')
        assert release(store, name, content, rail).state == "accepted"
    assert not (teller.box / "out").exists()


def test_a_return_is_taken_from_the_way_that_paid_and_told_of_to_any_other(desk: Desk) -> None:
    """Ways share a mailbox: coins that come back are no yen of the ledger, nor the reverse."""
    chain, name, _ = begun(desk, "chain.toml")
    out(chain, name)
    chain.receipt(name)
    chain.heard()
    [one, _] = json.loads(chain.content(name))["payouts"]
    row = (one["reference"], "bounced", one["amount"], "yes")
    chain.table("1.returns.csv", "reference,code,amount,booked", row)
    credit = Teller(desk, "credit.toml")
    for _ in range(2):
        said = credit.mail("answers")
        assert (said.code, said.json()["back"]) == (1, [])
        assert one["reference"] in str(said.json()["look_at"])
    assert chain.heard()["back"] == [one["reference"]]
    assert chain.heard()["back"] == []
    assert credit.heard()["look_at"] == []


def test_E99_a_payout_that_costs_more_than_it_pays_is_held_and_nobody_is_charged(
    desk: Desk,
) -> None:
    amounts = sorted(int(n) for n in owed(desk))
    changed(desk, "chain.toml", '"2000"', f'"{amounts[-1]}"')
    *first, make, _ = guide.files_kept(desk.folder)["chain.toml"]
    guide.run_all(first, "--store", desk.store, "--json")
    made = json.loads(guide.run_all([make], "--store", desk.store, "--json")[0])
    assert (made["count"], made["total"]) == (1, str(amounts[-1]))
    [why] = made["waits"].values()
    assert "not charged" in why["en"]
    assert "差し引かない" in why["ja"]
    found = counted(desk, "CHAIN", "BTC")
    assert found == {"held": (1, amounts[-2]), "payable": (1, amounts[-1])}
    assert sonae(*make, "--store", desk.store).code == 2  # all that is left waits


def owed(desk: Desk) -> list[str]:
    """What the guide's two people are owed in coins, as a plan elsewhere says it."""
    desk.done(desk.pay("open", "LOOK"))
    words = ("plan", "LOOK", "coins", "--accounts", "chain.csv", "--rail", "chain.toml")
    found = desk.done(desk.pay(*words))
    assert found["nature"]["nature"] == "return_in_kind"
    with Payments(desk.store) as store:
        planned = store.payments("LOOK")
    desk.done(desk.pay("cancel", *(p.reference for p in planned), "--reason", "looked"))
    return [str(p.amount) for p in planned]


def test_a_loss_is_paid_once_over_every_programme_tranche_way_and_list(desk: Desk) -> None:
    """Until it is cancelled where it was planned; and then it is not planned there again."""
    every = guide.files(desk.folder)
    [_, _, _, planned, *_] = begun_by(desk, every["credit.toml"])
    assert planned["added"] == 2
    for rail in ("pain001.toml", "chain.toml", "successor.toml"):
        start, _, _, to_plan, *_ = every[rail]
        guide.run_all([start], "--store", desk.store, "--json")
        said = sonae(*to_plan, "--store", desk.store)
        assert said.code == 2, said.out
        assert said.err.count("planned already (JPY in CREDIT tranche 1, filed)") == 2
    again = ("plan", "CREDIT", "frozen", "--accounts", "credit.csv", "--rail", "credit.toml")
    assert desk.pay(*again, "--tranche", "2").code == 2
    assert desk.done(desk.pay(*again))["known"] == 2
    with Payments(desk.store) as store:
        [one, two] = [p.reference for p in store.payments("CREDIT")]
        assert {p.programme for p in store.everything()[1]} == {"CREDIT"}
    desk.done(desk.pay("cancel", one, two, "--reason", "paid in coins"))
    [done] = begun_by(desk, [every["chain.toml"][3]])
    assert done["added"] == 2
    said = desk.pay("again", one)
    assert (said.code, "BTC in CHAIN" in said.err) == (2, True)
    assert counted(desk, "CHAIN", "BTC")["payable"][0] == 2


def begun_by(desk: Desk, every: list[list[str]]) -> list[Any]:
    return [json.loads(text) for text in guide.run_all(every, "--store", desk.store, "--json")]


@pytest.mark.parametrize(
    ("rail", "frozen", "where", "ends"),
    [
        ("chain.toml", "coins", "ending in f3t4", "by return in kind"),
        ("successor.toml", "coins", "ending in 1", "by return in kind"),
        ("credit.toml", "frozen", "your account with us, ending in 9001", "coin claim stays open"),
        ("pain001.toml", "frozen", "the bank account on file, ending in 3000", "stays open"),
    ],
)
def test_a_notice_of_a_payment_says_how_much_where_to_and_how_it_ends_the_debt(
    desk: Desk, rail: str, frozen: str, where: str, ends: str
) -> None:
    """Coins in whole coins, never in base units: without the list nothing is told of them."""
    teller, name, _ = begun(desk, rail)
    out(teller, name)
    with Payments(desk.store) as store:
        [paid] = [p for p in store.of_file(name) if p.person == "A1"]
    head = ("--firm", "A K.K.", "--to", "A1", "--number", "N-1", "--on", "2026-12-01")
    words = ("claims", "pay", "notice", paid.reference, *head, "--store", desk.store)
    assert "nothing to tell yet" in sonae(*words).err
    teller.receipt(name)
    teller.heard()
    said = sonae(*words, "--list", frozen, "--lang", "en")
    assert said.code == 0, said.err
    assert where in said.out
    assert ends in said.out
    assert ("30 BTC" if frozen == "coins" else f"JPY {paid.amount:,}") in said.out
    assert sonae(*words, "--list", frozen, "--lang", "ja").out.count("債務の消滅：") == 1
    assert sonae(*words).code == (2 if frozen == "coins" else 0)


def test_the_statement_of_a_year_has_coins_that_came_back_and_what_a_dispute_added(
    desk: Desk,
) -> None:
    """Coins in kind are no income; of a raise nobody says which income it is."""
    teller, name, _ = begun(desk, "chain.toml")
    out(teller, name)
    teller.receipt(name)
    rows = [
        (p["reference"], p["amount"], f"{n:064x}", 6)
        for n, p in enumerate(json.loads(teller.content(name))["payouts"])
    ]
    columns = "reference,amount,transaction,confirmations"
    teller.table(f"{name}.transactions.csv", columns, *rows)
    assert len(teller.heard()["settled"]) == 2
    words = ("statement", "CHAIN", "coins", "--year", "2026")
    found = desk.done(desk.pay(*words, "--nature", "return_in_kind"))
    assert found["A1"]["returned_in_kind"] == {"BTC": "30"}
    assert (found["A1"]["total_jpy"], found["A1"]["payments"]) == ("0", [])
    assert desk.pay(*words).code == 3  # they were no damages
    raised = Settled("1" * 20, "A1", date(2026, 11, 30), RAISE, "JPY", 0, 0, None, 500)
    [row] = statements([raised], 2026)["A1"].rows()
    assert (row["treatment"], row["amount_jpy"], row["discharge"]) == ("undetermined", "500", "")


def test_an_answer_that_says_nothing_is_looked_at_and_every_word_is_in_both_languages(
    desk: Desk,
) -> None:
    """A receipt that cannot be read, of a file that never was, and both yes and no."""
    teller, name, _ = begun(desk, "chain.toml")
    out(teller, name)
    teller.write(f"{name}.receipt.toml", 'number = "R-1"\nsha256 = "zz"\n')
    teller.write("CHAIN-000009.absent", "")
    said = teller.mail("answers")
    assert (said.code, said.json()["open"], said.json()["accepted"]) == (1, [name], [])
    strange, unread = said.json()["look_at"]
    assert "no file CHAIN-000009 is out" in strange["en"]
    assert "受付の通知として読めない" in unread["ja"]
    teller.receipt(name)
    teller.write(f"{name}.absent", "")
    assert "両方がある" in str(teller.mail("answers").json()["look_at"])
    words = ("claims", "pay", "answers", "--rail", "chain.toml", "--mailbox", teller.box)
    assert "両方がある" in sonae(*words, "--store", desk.store, "--lang", "ja").out


def test_a_refusal_is_told_in_the_language_that_was_asked_for(desk: Desk) -> None:
    """Of input with its problems, of a name that does not exist, and of what may not be done."""
    _, name, _ = begun(desk, "chain.toml")
    (desk.folder / "bad.toml").write_text("[incident]\n", encoding="utf-8")
    rail = ("--rail", "chain.toml", "--mailbox", "box", "--store", desk.store)
    for lang in (["--lang", "ja"], ["--lang=ja"]):
        said = sonae("incident", "open", desk.folder / "bad.toml", *lang)
        assert (said.code, "入力を受け付けられません" in said.err) == (3, True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LC_ALL", "ja_JP.UTF-8")
        said = sonae("claims", "pay", "release", name, *rail)
        assert (said.code, "の署名がない" in said.err) == (2, True)
        sign = ("claims", "pay", "sign", name, "--key", "aoi.key", "--store", desk.store)
        assert [sonae(*sign).code for _ in range(2)] == [0, 2]
        assert "署名済み" in sonae(*sign).err


# -- credit ----------------------------------------------------------------------------------------


def test_a_credit_says_what_the_trust_needs_and_is_settled_by_our_ledger(desk: Desk) -> None:
    """The trust of the guide is full, so it lacks the whole credit, two business days on."""
    teller, name, made = begun(desk, "credit.toml")
    total = made["total"]
    assert made["top_up_jpy"] == total
    assert int(made["required_jpy"]) == 5_000_000_000 + int(total)
    assert made["due"] == "2026-12-02"
    assert "2026-12-02" in made["says"]["ja"]
    out(teller, name)
    order = json.loads(teller.content(name))
    assert (order["format"], order["total"]) == ("sonae-credit/1", total)
    teller.receipt(name)
    assert teller.heard()["accepted"] == [name]
    one, two = (tuple(c[k] for k in ("reference", "account", "amount")) for c in order["credits"])
    columns = "reference,account,amount,posting"
    teller.table(f"{name}.postings.csv", columns, (*one, "J-1"), (two[0], "9009", two[2], "J-2"))
    said = teller.mail("answers")
    assert said.code == 1
    assert said.json()["settled"] == [one[0]]
    assert "not posted as the file says" in said.json()["look_at"][0]["en"]
    teller.table(f"{name}.postings.csv", columns, (*one, "J-1"), (*two, "J-2"))
    assert teller.heard()["settled"] == [two[0]]
    assert counted(desk, "CREDIT", "JPY") == {"settled": (2, int(total))}


def more(desk: Desk, programme: str) -> None:
    """As much to the same people again, of something else."""
    with Payments(desk.store) as store:
        rows = [Row(p.person, p.asset, 2, p.amount, p.account) for p in store.payments("CREDIT")]
        plan(store, programme, rows)


def test_what_was_credited_since_the_trusts_figures_counts_in_the_next_file(desk: Desk) -> None:
    teller, name, made = begun(desk, "credit.toml")
    out(teller, name)
    more(desk, "CREDIT")
    after = desk.done(teller.mail("file", "CREDIT", "--on", "2026-12-01"))
    assert int(after["required_jpy"]) == 5_000_000_000 + 2 * int(made["total"])
    assert after["earlier_jpy"] == after["top_up_jpy"] == made["total"]
    assert "lacked before" in after["says"]["en"]


def test_after_a_trigger_event_nothing_is_credited_nor_put_out(desk: Desk) -> None:
    """An order between signing and release stops the file too; without it, it goes."""
    teller, name, _ = begun(desk, "credit.toml")
    teller.sign(name)
    path = desk.folder / "credit.toml"
    plain = path.read_text("utf-8")
    path.write_text(f'{plain}[[trigger]]\nkind = "order"\non = 2020-01-01\n', encoding="utf-8")
    said = teller.mail("release", name)
    assert said.code == 3
    assert "an order was made on 2020-01-01" in said.json()["problems"][0]["message"]["en"]
    assert not (desk.folder / "box").exists()
    desk.done(desk.pay("open", "NEXT"))
    more(desk, "NEXT")
    said = teller.mail("file", "NEXT", "--on", "2026-11-30")
    assert said.code == 3
    assert {p["name"] for p in said.json()["problems"]} == {"credit-blocked"}
    path.write_text(plain, encoding="utf-8")
    assert desk.done(teller.mail("release", name))["state"] == "unknown"


# -- pain.001 --------------------------------------------------------------------------------------


def report(teller: Teller, name: str, status: str, refused: str = "", about: str = "") -> None:
    order = ElementTree.fromstring(teller.content(name))
    message = about or order.findtext(".//{*}MsgId")
    one = "" if not refused else (
        f"<OrgnlPmtInfAndSts><TxInfAndSts><OrgnlEndToEndId>{refused}</OrgnlEndToEndId>"
        "<TxSts>RJCT</TxSts><StsRsnInf><Rsn><Cd>AC04</Cd></Rsn></StsRsnInf></TxInfAndSts>"
        "</OrgnlPmtInfAndSts>"
    )  # fmt: skip
    teller.write(
        f"{name}.pain002.xml",
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"><CstmrPmtStsRpt>'
        "<GrpHdr><MsgId>REPORT-1</MsgId></GrpHdr><OrgnlGrpInfAndSts>"
        f"<OrgnlMsgId>{message}</OrgnlMsgId><OrgnlNbOfTxs>2</OrgnlNbOfTxs><GrpSts>{status}</GrpSts>"
        f"</OrgnlGrpInfAndSts>{one}</CstmrPmtStsRpt></Document>",
    )


def test_a_status_report_takes_an_order_and_what_it_refuses_is_back(desk: Desk) -> None:
    teller, name, _ = begun(desk, "pain001.toml")
    out(teller, name)
    order = ElementTree.fromstring(teller.content(name))
    references = [e.text or "" for e in order.iterfind(".//{*}EndToEndId")]
    report(teller, name, "PDNG")
    assert teller.heard()["open"] == [name]
    report(teller, name, "PART", refused=references[1], about="another")
    said = teller.mail("answers")
    assert said.code == 1
    assert (said.json()["open"], said.json()["back"]) == ([name], [])
    assert "about another order" in said.json()["look_at"][0]["en"]
    teller.write(f"{name}.pain002.xml", "<!DOCTYPE x><Document/>")
    assert teller.mail("answers").code == 1
    report(teller, name, "PART", refused=references[1])
    heard = teller.heard()
    assert (heard["accepted"], heard["back"]) == ([name], [references[1]])
    assert teller.heard()["back"] == []
    assert desk.done(desk.pay("settle", "--on", "2026-12-04"))["settled"] == 1
    assert {k: n for k, (n, _) in counted(desk, "ABROAD", "JPY").items()} == {
        "settled": 1, "payable": 1,
    }  # fmt: skip


def test_an_order_that_is_refused_whole_is_planned_again_under_another_message(desk: Desk) -> None:
    teller, name, made = begun(desk, "pain001.toml")
    out(teller, name)
    report(teller, name, "RJCT")
    assert teller.heard()["absent"] == [name]
    order = ElementTree.fromstring(teller.content(name))
    desk.done(desk.pay("again", *[e.text or "" for e in order.iterfind(".//{*}EndToEndId")]))
    second = desk.done(teller.mail("file", "ABROAD", "--on", "2026-12-01"))
    assert (second["count"], second["total"]) == (2, made["total"])
    teller.sign(second["file"])
    desk.done(teller.mail("release", second["file"]))
    fresh = ElementTree.fromstring(teller.content(second["file"]))
    assert fresh.findtext(".//{*}MsgId") != order.findtext(".//{*}MsgId")


# -- successor -------------------------------------------------------------------------------------


def test_a_handover_is_settled_when_both_sides_have_the_same_sum(desk: Desk) -> None:
    teller, name, made = begun(desk, "successor.toml")
    out(teller, name)
    document = json.loads(teller.content(name))
    assert document["handover"]["sums"] == {"BTC": made["total"]}
    assert sum(int(line["amount"]) for line in document["lines"]) == int(made["total"])
    teller.receipt(name)
    teller.heard()
    total = int(made["total"])
    teller.table(f"{name}.acknowledged.csv", "asset,sent,received", ("BTC", total, total - 1))
    said = teller.mail("answers")
    assert said.code == 1
    assert f"received {total - 1}" in said.json()["look_at"][0]["en"]
    assert said.json()["settled"] == []
    teller.table(f"{name}.acknowledged.csv", "asset,sent,received", ("BTC", total, total))
    assert len(teller.heard()["settled"]) == 2
    assert counted(desk, "HANDOVER", "BTC") == {"settled": (2, total)}


def test_nobody_is_handed_over_without_a_basis(desk: Desk) -> None:
    changed(desk, "successor.csv", "2026-11-25", "")
    *first, make = guide.files_kept(desk.folder)["successor.toml"]
    guide.run_all(first, "--store", desk.store, "--json")
    said = sonae(*make, "--store", desk.store, "--json")
    assert said.code == 3
    assert {p["name"] for p in said.json()["problems"]} == {"basis-missing"}


# -- one way for a programme, and settings ---------------------------------------------------------

RAILS = ("credit.toml", "chain.toml", "pain001.toml", "successor.toml", "bank.toml")


@pytest.mark.parametrize("planned", RAILS[:-1])
def test_a_payment_that_was_planned_for_one_way_goes_by_no_other(desk: Desk, planned: str) -> None:
    words = [w for w in guide.files_kept(desk.folder)[planned] if w[2] in ("open", "fund", "plan")]
    guide.run_all(words, "--store", desk.store, "--json")
    programme, asset = words[0][3], "BTC" if "coins" in words[-1] else "JPY"
    for rail in RAILS:
        if rail != planned:
            teller = Teller(desk, rail)
            said = teller.mail("file", programme, "--asset", asset, "--on", "2026-11-30")
            assert said.code in (2, 3), (rail, said.out)
    assert set(counted(desk, programme, asset)) == {"payable"}


@pytest.mark.parametrize("rail", RAILS[:-1])
def test_a_restored_store_pays_by_no_way_what_is_out_under_another_name(
    desk: Desk, rail: str
) -> None:
    """Every way reads its own files back; one that it cannot read says nothing, and stops all."""
    *first, make = [w for w in guide.files_kept(desk.folder)[rail] if w[2] != "travel"]
    guide.run_all(first, "--store", desk.store, "--json")
    older = shutil.copy(desk.folder / desk.store, desk.folder / "older.db")
    teller = Teller(desk, rail)

    def made() -> str:
        name = json.loads(guide.run_all([make], "--store", desk.store, "--json")[0])["file"]
        teller.sign(name)
        return str(name)

    name = made()
    desk.done(desk.pay("withdraw", name))
    second = made()
    desk.done(teller.mail("release", second))
    with Payments(desk.store) as store:
        references = sorted(p.reference for p in store.of_file(second))
    way = read_way(desk.folder / rail)
    assert way.references(teller.content(second)) == set(references)
    assert Mailbox(teller.box, way).had(["1" * 20, references[0]]) == {references[0]: second}
    desk.store = str(older)
    assert made() == name
    assert f"{references[0]} in {second}" in teller.mail("release", name).err
    path = teller.box / "out" / f"{second}{way.suffix}"
    for damaged in (b"[1]", b"<!DOCTYPE x><x/>", b"<x", b'{"lines": 1}', b'{"lines": [{}]}', b""):
        path.write_bytes(damaged)
        assert "cannot be asked" in teller.mail("release", name).err, damaged
    assert [p.name for p in (teller.box / "out").iterdir()] == [path.name]


@pytest.mark.parametrize("rail", RAILS[:-1])
def test_returns_that_name_their_payment_are_matched_by_nobody(desk: Desk, rail: str) -> None:
    teller, name, _ = begun(desk, rail)
    out(teller, name)
    assert desk.done(teller.mail("returns")) == []
    said = teller.mail("match", "R1", "1" * 20, "--key", desk.folder / "aoi.key")
    assert "no return R1" in said.err


@pytest.mark.parametrize("rail", RAILS[:-1])
def test_settings_and_accounts_say_all_that_is_wrong_with_them(desk: Desk, rail: str) -> None:
    path = desk.folder / rail
    path.write_text(f'colour = "red"\n{path.read_text("utf-8")}', encoding="utf-8")
    changed(desk, rail, "name =", "nome =")
    said = Teller(desk, rail).mail("answers")
    assert said.code == 3
    keys = {p["key"].split(".")[-1] for p in said.json()["problems"]}
    assert {"colour", "name", "nome"} <= keys
    path.write_text('rail = "pigeon"\n', encoding="utf-8")
    said = Teller(desk, rail).mail("answers")
    assert said.code == 3
    assert (
        "zengin, pain001, credit, chain, successor" in said.json()["problems"][0]["message"]["en"]
    )


def test_an_account_that_the_store_cannot_hold_is_refused_when_it_is_read(desk: Desk) -> None:
    with (desk.folder / "chain.csv").open("a", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerow(["A3", "BTC", "bc1q", "", "V" * 128, "NAME", ""])
    desk.done(desk.pay("open", "CHAIN"))
    said = Teller(desk, "chain.toml").told("plan", "CHAIN", "coins", "--accounts", "chain.csv")
    assert said.code == 3
    assert said.json()["problems"][0]["name"] == "account-too-long"


# -- routes ----------------------------------------------------------------------------------------


def routed(desk: Desk, *more: str) -> Said:
    [words] = guide.files_kept(desk.folder)["ways.toml"]
    return sonae(*words, *more)


def test_every_claim_of_the_guide_is_routed_once_and_says_why(desk: Desk) -> None:
    """Places without a way are told, exceptions say who mends them, and counters add up."""
    said = routed(desk, "--json")
    assert said.code == 1  # two have no way
    found = said.json()
    with (desk.folder / "ways.csv").open(encoding="utf-8") as stream:
        given = [*csv.DictReader(stream)]
    for asset in ("BTC", "JPY", "XEM"):
        row = found["counters"][asset]
        owed_ = [int(g["units"]) for g in given if g["asset"] == asset]
        assert row["entitled"] == {"claims": len(owed_), "amount": str(sum(owed_))}
        cells = [c for k, c in row.items() if k != "entitled"]
        assert sum(c["claims"] for c in cells) == len(owed_)
        assert sum(int(c["amount"]) for c in cells) == sum(owed_)
    assert found["places_without_a_way"] == ["FR", "US"]
    assert found["coverage"]["JP"] == {"with_way": 3, "without": 0, "waiting": 2}
    seen = {r["person"]: r for r in found["look_at"]}
    assert {p: r["place"] for p, r in seen.items()} == {
        "A5": "deferred", "A6": "exception", "A7": "unverified_reserved", "A8": "held",
        "A9": "cash_part",
    }  # fmt: skip
    assert seen["A6"]["fixes"][0]["who"] == "customer"
    assert (seen["A9"]["coins"], seen["A9"]["money"]) == ("600", "400")
    assert "2027-01-15" in seen["A8"]["reason"]["ja"]
    for lang in ("ja", "en"):
        told = routed(desk, "--lang", lang)
        assert told.code == 1
        assert all(r["reason"][lang].split()[0] in told.out for r in seen.values())


def test_a_plan_takes_only_what_is_routed_its_way(desk: Desk) -> None:
    """A2 has no place for coins on file and is credited: the chain plans A1 alone."""
    assert routed(desk).code == 1
    assert (desk.folder / "routed.csv").stat().st_mode & 0o777 == 0o600
    desk.done(desk.pay("open", "CHAIN"))
    words = ("plan", "CHAIN", "coins", "--accounts", "chain.csv", "--routed", "routed.csv")
    found = desk.done(Teller(desk, "chain.toml").told(*words))
    assert (found["added"], found["routed_elsewhere"], found["routed_other_amount"]) == (1, 2, 0)
    with Payments(desk.store) as store:
        assert [p.person for p in store.payments("CHAIN")] == ["A1"]
    assert Teller(desk, "successor.toml").told(*words).code == 2
    changed(desk, "routed.csv", "3000000000", "2999999999")
    found = desk.done(Teller(desk, "chain.toml").told(*words))
    assert (found["known"], found["routed_elsewhere"], found["routed_other_amount"]) == (0, 2, 1)


def test_everything_wrong_with_persons_and_ways_is_listed_at_once(desk: Desk) -> None:
    with (desk.folder / "ways.csv").open("a", encoding="utf-8") as stream:
        stream.write("B1,JPY,0,gold,maybe,,,,,,agent-a:shoe,estate,,\n")
    said = routed(desk, "--json")
    assert said.code == 3
    columns = {p["column"] for p in said.json()["problems"]}
    assert columns == {"units", "pays", "verified", "mismatched", "hold"}
    changed(desk, "ways.toml", "credit = true", 'credit = "yes"\ncolour = 1')
    (desk.folder / "ways.csv").write_text(
        "person,asset,units,pays,verified\nA1,JPY,1,money,yes\n", encoding="utf-8"
    )
    said = routed(desk, "--json")
    assert said.code == 3
    assert {p["key"] for p in said.json()["problems"]} == {"credit", "colour"}
