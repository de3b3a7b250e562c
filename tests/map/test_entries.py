"""Bank statements over several files: balances follow, numbers too, no entry stands twice."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from sonae.actions.books.map import map_books
from tests.command import sonae

from .kit import problems, table, told, zengin
from .test_sources import around

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt><Id>{n}</Id>
<ElctrncSeqNb>{n}</ElctrncSeqNb>
<FrToDt><FrDtTm>{day}T00:00:00</FrDtTm><ToDtTm>{day}T23:59:59</ToDtTm></FrToDt>
<Acct><Id><IBAN>DE02120300000000202051</IBAN></Id><Ownr><Nm>Test</Nm></Ownr>
<Svcr><FinInstnId><BICFI>BYLADEM1001</BICFI></FinInstnId></Svcr></Acct>
"""
BALANCE = """<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{amount}</Amt>
<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>
"""
ENTRY = """<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{way}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
<BookgDt><Dt>{day}</Dt></BookgDt><ValDt><Dt>{day}</Dt></ValDt><AcctSvcrRef>{ref}</AcctSvcrRef>
<NtryDtls><TxDtls><Refs><EndToEndId>E-{ref}</EndToEndId></Refs><RltdPties><Dbtr><Pty>
<Nm>Payer {ref}</Nm></Pty></Dbtr></RltdPties></TxDtls></NtryDtls></Ntry>
"""


def camt(
    n: int, day: str, opening: str, closing: str, *entries: tuple[str, str, str], booked: str = ""
) -> str:
    """A statement of one day; entries are amount, direction, reference."""
    parts = [HEAD.format(n=n, day=day)]
    parts += [
        BALANCE.format(code=code, amount=amount, day=day)
        for code, amount in (("OPBD", opening), ("CLBD", closing))
    ]
    parts += [
        ENTRY.format(amount=amount, way=way, ref=ref, day=booked or day)
        for amount, way, ref in entries
    ]
    return "".join(parts) + "</Stmt></BkToCstmrStmt></Document>"


FIRST = ("2026-11-19", "100.00", "150.50", ("50.50", "CRDT", "a"))
SECOND = ("2026-11-20", "150.50", "140.25", ("20.25", "DBIT", "b"), ("10.00", "CRDT", "c"))


def files(folder: Path, *contents: str | bytes) -> list[Path]:
    found = []
    for n, content in enumerate(contents, 1):
        path = folder / f"s{n}.{'xml' if isinstance(content, str) else 'txt'}"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        found.append(path)
    return found


def refused(*paths: Path) -> set[tuple[str, str]]:
    said = sonae("books", "entries", *paths, "--json")
    assert said.code == 3, said.out
    return {(p["name"], p["file"]) for p in said.json()["problems"]}


def test_entries_of_two_statements_stand_in_one_table_and_by_day(tmp_path: Path) -> None:
    out = tmp_path / "entries.csv"
    made = files(tmp_path, camt(8, *SECOND), camt(7, *FIRST))  # the order of files does not matter
    said = sonae("books", "entries", *made, "--out", out, "--json")
    assert said.code == 0, said.out
    (account,) = said.json()["accounts"]
    assert (account["opening"], account["closing"]) == ("100", "140.25")
    assert [s["number"] for s in account["statements"]] == [7, 8]
    assert account["days"] == [
        {"day": "2026-11-19", "in_count": 1, "in_total": "50.5", "out_count": 0, "out_total": "0"},
        {"day": "2026-11-20", "in_count": 1, "in_total": "10", "out_count": 1,
         "out_total": "20.25"},
    ]  # fmt: skip
    with out.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [(r["direction"], r["amount"], r["reference"], r["file"]) for r in rows] == [
        ("in", "50.5", "a", "s2.xml"),
        ("out", "20.25", "b", "s1.xml"),
        ("in", "10", "c", "s1.xml"),
    ]
    assert (rows[0]["name"], rows[0]["edi"], rows[1]["name"]) == ("Payer a", "E-a", "")
    for lang, word in (("ja", "日別"), ("en", "By day")):
        assert word in sonae("books", "entries", *made, "--lang", lang).out


def test_what_does_not_follow_is_named_with_its_file(tmp_path: Path) -> None:
    good = camt(7, *FIRST)
    for second, name in (
        (camt(9, *SECOND), "gap-in-sequence"),
        (camt(8, "2026-11-20", "150.51", "150.51"), "gap-in-balance"),
        (camt(8, "2026-11-18", "150.50", "150.50"), "gap-in-balance"),
        (camt(8, "2026-11-20", "150.50", "201.00", ("50.50", "CRDT", "x"), ("0", "DBIT", "x")), ""),
        (good, "repeated-file"),
        (camt(8, "2026-11-20", "150.50", "141.00", *SECOND[3:]), "wrong-total"),
        (camt(8, *SECOND, booked="2026-11-21"), "outside-period"),
        (camt(8, *SECOND).replace("<AcctSvcrRef>c", "<AcctSvcrRef>b"), ""),
        (
            camt(8, "2026-11-20", "150.50", "170.50", ("10", "CRDT", "d"), ("10", "CRDT", "d")),
            "repeated-row",
        ),
        (camt(8, *SECOND).replace("OPBD", "OPAV"), "missing-value"),
        (camt(8, *SECOND).replace('"EUR">20.25', '"USD">20.25'), "corrupt-row"),
    ):
        made = files(tmp_path, good, second)
        if name:
            assert name in {n for n, _ in refused(*made)}, name
        else:
            assert sonae("books", "entries", *made).code == 0, second


def test_an_entry_in_two_statements_is_named(tmp_path: Path) -> None:
    again = ("2026-11-19", "150.50", "201.00", ("50.50", "CRDT", "a"))
    made = files(tmp_path, camt(7, *FIRST), camt(8, *again))
    assert ("repeated-row", "s2.xml") in refused(*made)


def test_a_new_year_may_begin_with_statement_one(tmp_path: Path) -> None:
    old = camt(250, "2026-12-30", "1", "1")
    made = files(tmp_path, old, camt(1, "2027-01-04", "1.00", "2", ("1", "CRDT", "z")))
    assert sonae("books", "entries", *made).code == 0


def test_a_zengin_statement_gives_its_entries_and_a_gap_to_the_next_is_named(
    tmp_path: Path,
) -> None:
    first = zengin()
    later = zengin(1_000_000, (("1", 5),), 1_000_005).replace(b"081101081120", b"081121081130")
    later = later.replace(b"081110081110", b"081125081125").replace(b"00000001081", b"00000077081")
    said = sonae("books", "entries", *files(tmp_path, first, later), "--json")
    assert said.code == 0, said.out
    (account,) = said.json()["accounts"]
    assert account["account"] == "0001-001-1-0001234567"
    assert (account["opening"], account["closing"]) == ("900000", "1000005")
    assert [d["day"] for d in account["days"]] == ["2026-11-10", "2026-11-25"]
    gap = zengin(1_000_001, (), 1_000_001).replace(b"081101081120", b"081121081130")
    assert ("gap-in-balance", "s2.txt") in refused(*files(tmp_path, first, gap))


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        (b"081110081110", b"081210081110", "outside-period"),
        (b"081110081110", b"      081110", "missing-value"),
        (b"081110081110", b"081131081110", "corrupt-row"),
        (b"2000000020811100811102", b"2000000010811100811101", "wrong-total"),
    ],
)
def test_a_zengin_entry_that_cannot_be_is_refused(
    tmp_path: Path, old: bytes, new: bytes, name: str
) -> None:
    content = zengin()
    assert old in content
    assert name in {n for n, _ in refused(*files(tmp_path, content.replace(old, new, 1)))}


def test_the_same_zengin_record_twice_is_named_and_two_without_a_number_are_two(
    tmp_path: Path,
) -> None:
    twice = zengin(0, (("1", 7), ("1", 7)), 14)
    assert sonae("books", "entries", *files(tmp_path, twice)).code == 0
    same = twice.replace(b"200000002", b"200000001")
    assert {n for n, _ in refused(*files(tmp_path, same))} == {"repeated-row"}
    none = twice.replace(b"200000002", b"200000000").replace(b"200000001", b"200000000")
    assert sonae("books", "entries", *files(tmp_path, none)).code == 0


MAPPING = """
[[source]]
id = "bank"
form = "zengin"
rows = "entries"
files = ["s.txt"]
[[table]]
to = "balances"
source = "bank"
take = { direction = "in" }
leave = { direction = "out" }
[table.columns]
account_id = { column = "reference", prefix = "unidentified-" }
customer_id = { value = "unidentified" }
asset = "currency"
product = { value = "spot" }
state = { value = "unidentified" }
quantity = "amount"
"""


def test_deposits_of_a_statement_can_be_mapped_as_unidentified_money(tmp_path: Path) -> None:
    mapping = around(tmp_path, MAPPING, "balances")
    (tmp_path / "s.txt").write_bytes(zengin())
    map_books(mapping, tmp_path / "out")
    (row,) = table(tmp_path / "out", "balances")
    assert (row["account_id"], int(row["quantity"])) == ("unidentified-00000001", 150_000)
    (tmp_path / "s.txt").write_bytes(zengin().replace(b"081110081110", b"081210081110", 1))
    assert ("outside-period", "s.txt", 4, "") in told(problems(mapping))
