"""The fund from its first day to its administrator, told on both engines with the same result."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.command import sonae
from tests.fund.people import DAY, People
from tests.fund.servers import database
from tests.kit import CUT_OFF, clean, statement, write

ENGINES = ("sqlite", "postgresql")
OUTFLOW = """
incident = "INC-1"
asset = "TRUST"
amount = "400000000"
reverse = "400000000"
ground = "illegal_outflow"
nature = "return_in_kind"
business = "spot"
[evidence]
proof_of_outflow = "chain.txt"
amount_calculation = "amount.txt"
"""
TOLD: dict[str, Any] = {}


def place(engine: str, folder: Path) -> str:
    return database() if engine == "postgresql" else str(folder / "fund.db")


def refused(said: Any) -> str:
    assert said.code == 3, said.out + said.err
    return str(said.json()["refused"])


def books(folder: Path) -> Path:
    """The clean day of the kit, with 1.5 billion yen of crypto owed and net assets stated."""
    money = [
        {"item": item, "on": "2026-09-30", "amount": amount}
        for item, amount in (("capital", 10**9), ("net_assets", 10**10))
    ]
    return write(folder, clean() | {"financials": money})


def story(people: People) -> None:
    people.begin()
    for name in ("chain.txt", "amount.txt", "order.pdf", "confirmation.pdf", "excess.txt"):
        people.file(name, name)
    day = books(people.folder / "books")
    accrue(people, day)
    first = signed_close(people, day, "first")
    uses(people)
    refill_and_release(people, day)
    supersession(people, day, first)
    administrator(people)


def accrue(people: People, day: Path) -> None:
    """A draft asks for its floor of two billion; set aside and funded in one proposal."""
    words = (
        "accrue",
        day,
        "--assume",
        "jp.proposal.custody-value",
        "--variant",
        "1pct",
        "--asset",
        "TRUST",
    )
    said = people.act("aoi", *words)
    assert said.code == 0, said.out + said.err
    seq = str(said.json()["seq"])
    shown = people.look("show", seq)
    assert shown["content"]["standing"] == "proposed"
    assert shown["content"]["explanation"]
    assert refused(people.act("aoi", "approve", seq)) in ("not_permitted", "same_person")
    assert people.act("ben", "approve", seq).json()["effect"] == "posting"
    level = shown["content"]["amounts"]["level"]
    assert people.balances()["reserve/voluntary_reserve JPY"] == f"-{level}"
    assert people.balances()["asset/TRUST JPY"] == level
    again = people.act("aoi", *words)
    assert again.code == 2
    assert "nothing" in again.err


def signed_close(people: People, day: Path, name: str) -> int:
    out = people.folder / name
    assert sonae("close", day, "--fund", people.store, "--out", out, "--json").code in (0, 1)
    return people.done("close", f'close = "{out}"\nreason = "daily close"')


def uses(people: People) -> None:
    seq = people.done("use", OUTFLOW)
    told = people.look("notice", str(seq), "--assume", "jp.proposal.combined")
    assert told["refill"] == {"due": "2026-11-25", "reason": None, "standing": "proposed"}
    assert told["left"]["asset/TRUST"] == "1600000000"
    for lang, cause in (("ja", "未確定"), ("en", "undetermined")):
        words = ("fund", "notice", str(seq), "--store", people.store, "--lang", lang)
        text = sonae(*words).out
        assert cause in text
        assert "1,600,000,000 JPY" in text
    no_ground = OUTFLOW.replace('ground = "illegal_outflow"\n', "")
    assert refused(people.propose("aoi", "use", no_ground)) == "no_ground"
    without = OUTFLOW.replace('proof_of_outflow = "chain.txt"\n', "")
    assert refused(people.propose("aoi", "use", without)) == "evidence_missing"
    incident = (
        OUTFLOW.replace("illegal_outflow", "article_118")
        .replace("[evidence]", 'act = "system_fault"\n[evidence]\nincident_record = "chain.txt"')
        .replace("400000000", "1000000")
    )
    people.done("use", incident)
    theft = incident.replace("system_fault", "outside_theft")
    assert refused(people.propose("aoi", "use", theft)) == "ground_does_not_hold"
    approved = OUTFLOW.replace("illegal_outflow", "approval").replace("400000000", "2000000")
    people.done("use", approved + 'approval_document = "order.pdf"\n')
    loss = OUTFLOW.replace("return_in_kind", "transaction_loss").replace(
        "[evidence]", "from_incident = true\n[evidence]"
    )
    assert refused(people.propose("aoi", "use", loss)) == "payment_not_permitted"
    lapsed = people.propose("aoi", "use", OUTFLOW.replace("400000000", "3000000"))
    said = people.act("ben", "reject", str(lapsed.json()["seq"]), "--reason", "not yet")
    assert said.json()["outcome"] == "rejected"
    assert refused(people.act("chi", "approve", str(lapsed.json()["seq"]))) == "already_decided"


def refill_and_release(people: People, day: Path) -> None:
    people.done("contribute", 'asset = "TRUST"\namount = "403000000"')
    people.done("set_aside", 'amount = "403000000"')
    coins = 'asset = "COLD"\namount = "12.5"\n[prices]\nBTC = "15000000"'
    people.done("contribute", coins)
    over = 'asset = "TRUST"\namount = "12000000000"'
    seq = str(people.propose("aoi", "contribute", over).json()["seq"])
    assert people.act("ben", "approve", seq).json()["outcome"] == "counted"
    assert refused(people.act("ben", "approve", seq)) == "same_person"
    assert people.act("chi", "approve", seq).json()["outcome"] == "approved"
    people.done("correct", f"corrects = {seq}", "ben", "chi")
    assert people.propose("aoi", "correct", f"corrects = {seq}").code == 3
    people.done("set_aside", 'amount = "5000000"')
    words = (
        "accrue",
        day,
        "--assume",
        "jp.proposal.custody-value",
        "--variant",
        "1pct",
        "--release",
        "TRUST",
    )
    said = people.act("aoi", *words)
    assert said.code == 0, said.out + said.err
    assert people.act("ben", "approve", str(said.json()["seq"])).json()["effect"] == "posting"


def supersession(people: People, day: Path, first: int) -> None:
    """The signed close is fixed; a corrected one supersedes it and shows the difference."""
    out = people.folder / "first"
    assert sonae("close", day, "--fund", people.store, "--out", out, "--json").code in (0, 1)
    seq = people.done("close", f'close = "{out}"')
    content = people.look("show", str(seq))["content"]
    assert content["supersedes"] == first
    changed = {d["id"]: (d["before"], d["after"]) for d in content["difference"]}
    assert all(before != after for before, after in changed.values())
    first_content = people.look("show", str(first))["content"]
    assert first_content["supersedes"] is None
    assert first_content["difference"] == []


def administrator(people: People) -> None:
    pending = people.propose("aoi", "contribute", 'asset = "TRUST"\namount = "1"').json()["seq"]
    petition = people.file(
        "petition.toml",
        'court = "Tokyo District Court"\nnumber = "R8-1"\ndate = 2026-11-21\n'
        'document = "order.pdf"',
    )
    assert people.act("chi", "petition", petition).json()["effect"] == "petition"
    assert refused(people.propose("aoi", "use", OUTFLOW)) == "court_order_needed"
    order = people.file(
        "order.toml",
        'authority = "FSA"\nnumber = "1"\ndate = 2026-11-22\ndocument = "order.pdf"\n'
        'powers = ["return assets"]\n[administrator]\nid = "adm"\nname = "adm san"\n'
        f'public_key = "{people.keys["adm"]}"\n',
    )
    assert refused(people.act("aoi", "appoint", order)) == "not_permitted"
    assert people.act("sup", "appoint", order).json()["effect"] == "appointment"
    assert refused(people.act("ben", "approve", str(pending))) == "role_revoked"
    assert refused(people.propose("aoi", "contribute", 'asset = "TRUST"\namount = "1"')) == (
        "role_revoked"
    )
    assert refused(people.act("adm", "approve", str(pending))) == "frozen"
    court = OUTFLOW.replace("illegal_outflow", "court_order") + 'court_order_document = "order.pdf"'
    seq = str(people.propose("adm", "use", court).json()["seq"])
    assert refused(people.act("adm", "approve", seq)) == "same_person"
    permission = people.file(
        "permission.toml",
        'court = "Tokyo District Court"\nnumber = "R8-2"\ndate = 2026-11-23\n'
        'document = "order.pdf"\nup_to_jpy = "400000000"',
    )
    words = ("approve", seq, "--court-permission", permission)
    assert people.act("adm", *words).json()["effect"] == "posting"


@pytest.mark.parametrize("engine", ENGINES)
def test_the_whole_story_and_its_verification(engine: str, tmp_path: Path) -> None:
    people = People(tmp_path, place(engine, tmp_path))
    story(people)
    out = tmp_path / "export"
    assert sonae("fund", "export", out, "--store", people.store, "--on", DAY).code == 0
    said = sonae("fund", "verify", out, "--head", out / "head.txt", "--json")
    assert said.code == 0, said.out
    verified = said.json()
    assert verified["good"]
    assert sonae("fund", "verify", "--store", people.store).code == 0
    told = {
        "outcomes": people.outcomes(),
        "balances": verified["balances"],
        "past": people.balances(),
        "journal": without_times(out / "journal.csv"),
    }
    TOLD[engine] = json.loads(json.dumps(told))
    if len(TOLD) == len(ENGINES):
        assert TOLD["sqlite"] == TOLD["postgresql"]


def without_times(file: Path) -> list[str]:
    rows = file.read_text("utf-8-sig").splitlines()
    return [",".join(c for n, c in enumerate(row.split(",")) if n != 3) for row in rows]


def test_looking_at_a_store_that_is_not_there_makes_none(tmp_path: Path) -> None:
    said = sonae("fund", "history", "--store", tmp_path / "typo.db")
    assert said.code == 2
    assert "no such store" in said.err
    assert not (tmp_path / "typo.db").exists()


def test_the_close_counts_what_the_ledger_holds(tmp_path: Path) -> None:
    """A statement that says otherwise is a break; the ledger's amount is what counts."""
    people = People(tmp_path, str(tmp_path / "fund.db"))
    people.begin()
    people.done("contribute", 'asset = "TRUST"\namount = "700"')
    said_by_bank = [*clean()["statements"], statement("TRUST", "699", "reserve")]
    day = write(tmp_path / "b", clean() | {"statements": said_by_bank}, cut_off=CUT_OFF)
    said = sonae("close", day, "--fund", people.store, "--json", "--assume", "jp.proposal.combined")
    names = {f["name"]: f for f in said.json()["findings"]}
    assert names["reserve-ledger-break"]["subject"] == "TRUST"
    cover = said.json()["cover"]["by_regime"]["jp.proposal.combined"]
    assert cover["going_concern"]["reserve"] == "700"
    assert cover["on_insolvency"]["reserve"] == "700"
