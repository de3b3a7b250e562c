"""Incidents for the demo console: two shipped ones, and one of them half paid by real acts.

Totals, prices and rates are public. How many accounts there are here, their banks, and the money
that is confirmed are our own, so that files can be made; a note of the incident says so. The desk
(keys, bank's settings, mailbox) stays in FIRM/desk, so that the commands can be tried.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sonae.actions.claims.entitle import compare_methods, load_incident
from sonae.actions.claims.frozen import freeze
from sonae.actions.claims.my_claim import KEY
from sonae.actions.claims.numbers import claim_letter, write_numbers
from sonae.actions.console.incident import OPEN, PART, VALUE
from sonae.actions.demo.incident import (
    COINCHECK,
    DMM,
    FILLED,
    LAW_ON,
    incident_file,
    write_books,
)
from sonae.actions.fund.gates import approve
from sonae.actions.fund.session import at, found_fund
from sonae.actions.incident.open import open_incident, write_incident
from sonae.actions.keys import Key, load_key, new_key
from sonae.actions.pay.dispute import open_dispute
from sonae.actions.pay.fund import confirm_funding
from sonae.actions.pay.hold import hold
from sonae.actions.pay.mailbox import Mailbox
from sonae.actions.pay.plan import plan_frozen, read_accounts
from sonae.actions.pay.programme import make_file, open_programme
from sonae.actions.pay.release import release, resume
from sonae.actions.pay.returns import settle, take_returns
from sonae.actions.pay.sign import approve_file
from sonae.actions.pay.ways import read_way
from sonae.claims.hold import Hold
from sonae.claims.payment import Claim
from sonae.core.text import Text
from sonae.report.notice import Head
from sonae.rulebook.calendars import CALENDARS
from sonae.store.payments import Payments

Step = Callable[[Text], None]
PROGRAMME = "COINCHECK-2018"
ACCOUNTS = {COINCHECK: ("coincheck", FILLED), DMM: ("dmm-bitcoin", FILLED)}
ROLES = {"aoi": ["preparer"], "chi": ["approver"], "ben": ["approver", "releaser"]}
MONEY = 46_400_000_000
"""Confirmed for the demo: a little above what the list says."""
NOTE = """
[[incident.notes]]
ja = "口座数（{n:,}）と口座ごとの残高は補ったもの。総額と価格は公表値。"
en = "The number of accounts ({n:,}) and their balances are filled in; total and prices are as published."
"""  # noqa: E501


def incidents(home: Path, step: Step) -> None:
    """Open the shipped incidents of the demo venues, value them, and pay one of them in part."""
    for name, (firm, accounts) in ACCOUNTS.items():
        step(Text(f"{name}を評価する", f"valuing {name}"))
        folder, desk = home / firm / PART / name, home / firm / "desk"
        desk.mkdir(parents=True)
        file = desk / f"{name}.toml"
        text = incident_file(name).read_text("utf-8")
        file.write_text(text.replace("\n[[loss]]", NOTE.format(n=accounts) + "\n[[loss]]", 1))
        incident, _ = load_incident(file)
        books = write_books(desk / "books", incident, accounts)
        write_incident(open_incident(file, LAW_ON), folder / OPEN)
        compare_methods(books, incident, folder / VALUE)
    step(Text(f"{COINCHECK}の一部を支払う", f"paying a part of {COINCHECK}"))
    _pay(home / "coincheck", COINCHECK)


@dataclass
class _Clock:
    """The days of the demo's payments, one after the other."""

    at: datetime = datetime(2026, 11, 24, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Now."""
        return self.at


def _pay(firm: Path, name: str) -> None:
    """A fund of three people, the frozen list, a pilot that is settled, a file that is unknown."""
    desk, now = firm / "desk", _Clock()
    place = str(firm / "payments.db")
    keys = _people(desk, place, now)
    method = load_incident(desk / f"{name}.toml")[0].methods[0].id
    frozen = firm / PART / name / "frozen"
    freeze(desk / "books", desk / f"{name}.toml", method, frozen, desk / "ben.key")
    new_key(firm / KEY)
    numbers = firm / PART / name / "numbers"
    write_numbers(frozen, firm / KEY, numbers, date(2026, 11, 24), date(2026, 12, 24))
    _letters(frozen, firm / KEY, desk)
    _accounts(desk / "accounts.csv")
    (desk / "bank.toml").write_text(_BANK, "utf-8")
    way = read_way(desk / "bank.toml")
    box = Mailbox(desk / "box", way)
    with Payments(place) as store:
        open_programme(store, PROGRAMME, pilot=50, now=now)
        for person in ("aoi", "chi"):
            confirm_funding(
                store, PROGRAMME, "JPY", MONEY, "demo: letter of a bank", keys[person], now=now
            )
        to = read_accounts(desk / "accounts.csv", way)
        plan_frozen(store, PROGRAMME, frozen, to, "damages_for_non_return", now=now, way=way)
        _held(store, keys, now)
        pilot = _sent(store, box, keys, now, 50, date(2026, 11, 26))
        _answered(desk, pilot)
        resume(store, box, now=now)
        now.at += timedelta(days=9)
        _came_back(desk, store, pilot)
        take_returns(store, box, now=now)
        settle(store, date(2026, 12, 4), CALENDARS["jp.bank"], now=now)
        second = _sent(store, box, keys, now, 400, date(2026, 12, 7))
        _answered(desk, second)
        resume(store, box, now=now)
        _sent(store, box, keys, now, 200, date(2026, 12, 7))
        waits = make_file(store, PROGRAMME, "JPY", box, date(2026, 12, 8), limit=250, now=now)
        assert waits is not None
        approve_file(store, waits.name, keys["aoi"], now=now)


def _people(desk: Path, place: str, now: Callable[[], datetime]) -> dict[str, Key]:
    """Three people with keys of their own, and the fund whose constitution names them."""
    keys = {name: new_key(desk / f"{name}.key") for name in ROLES}
    people = "".join(
        f'[[person]]\nid = "{name}"\nname = "{name}"\nroles = {roles!r}\n'
        f'public_key = "{keys[name].public.hex()}"\n'
        for name, roles in ROLES.items()
    )
    (desk / "fund.toml").write_text(_FUND + people, "utf-8")
    seq = found_fund(desk / "fund.toml", place, desk / "aoi.key", now).seq
    with at(place, desk / "ben.key", now) as session:
        approve(session, seq)
    return {name: load_key(desk / f"{name}.key") for name in ROLES}


def _letters(frozen: Path, key: Path, desk: Path) -> None:
    """The letters of three customers, by which their page can be tried."""
    for account in ("A000000", "A000300", "A000900"):
        head = Head("Coincheck, Inc. (demo)", f"Customer {account}", "X", date(2026, 11, 24))
        letter = claim_letter(frozen, key, account, head, date(2026, 12, 24), "en")
        (desk / f"letter-{account}.txt").write_text(letter, "utf-8")


def _accounts(file: Path) -> None:
    """Accounts at a bank for everybody but the last ten, of whom none is known."""
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["account", "bank", "branch", "kind", "number", "name_kana"])
        for n in range(FILLED - 10):
            writer.writerow([f"A{n:06}", "0005", "123", "ordinary", f"{n:07}", f"ﾃﾞﾓ {n}"])


def _held(store: Payments, keys: dict[str, Key], now: Callable[[], datetime]) -> None:
    """One payment waits for papers, one person says that more is owed."""
    planned = {p.person: p for p in store.payments(PROGRAMME)}
    hold(
        store, [planned["A000900"].reference], Hold("estate", "legal", date(2027, 1, 15)),
        keys["aoi"], now=now,
    )  # fmt: skip
    claim = planned["A000300"]
    open_dispute(
        store, Claim(PROGRAMME, claim.person, "JPY", 1), claim.amount * 5 // 4, claim.amount // 4,
        "demo: asks for the price when it was stolen", keys["aoi"], now,
    )  # fmt: skip


def _sent(
    store: Payments,
    box: Mailbox,
    keys: dict[str, Key],
    now: Callable[[], datetime],
    count: int,
    on: date,
) -> str:
    """A file of so many payments, signed by three and released."""
    made = make_file(store, PROGRAMME, "JPY", box, on, limit=count, now=now)
    assert made is not None
    for person in ("aoi", "chi", "ben"):
        approve_file(store, made.name, keys[person], now=now)
    release(store, made.name, store.file(made.name).content, box, now=now)
    return made.name


def _answered(desk: Path, name: str) -> None:
    """The bank's receipt for a file."""
    content = (desk / "box" / "out" / f"{name}.txt").read_bytes()
    into = desk / "box" / "in"
    into.mkdir(exist_ok=True)
    digest = hashlib.sha256(content).hexdigest()
    (into / f"{name}.receipt.toml").write_text(f'number = "{name}"\nsha256 = "{digest}"\n')


def _came_back(desk: Path, store: Payments, name: str) -> None:
    """Three payments of a file come back, with their names and amounts."""
    lines = ["day,name,amount,mark"]
    for payment in store.of_file(name)[:3]:
        lines.append(f"2026-11-30,{payment.account.split('|')[4]},{payment.amount},ﾍﾝｷﾔｸ")
    (desk / "box" / "in" / "returns-1.csv").write_text("\n".join(lines) + "\n", "utf-8")


_FUND = """[fund]
name = "demo"
entity = "demo"
currency = "JPY"
reserve_class = "voluntary_reserve"
expiry_hours = 72
[units]
JPY = 0
[[limit]]
kinds = ["*"]
approvals = 1
"""
_BANK = """name = "demo bank"
most_records = 50000
most_amount = 9999999999
most_total = 99999999999
cut_off = 12:00:00
days_before = 1
record_end = "crlf"
edi = false
settle_business_days = 3
[sender]
code = "1234567890"
name_kana = "ﾃﾞﾓ"
bank = "0001"
bank_name = "ﾃﾞﾓ"
branch = "001"
branch_name = "ﾃﾞﾓ"
kind = "ordinary"
account = "0000123"
[returns]
form = "csv"
marks = ["ﾍﾝｷﾔｸ"]
encoding = "utf-8"
columns = { amount = "amount", name = "name", day = "day", mark = "mark" }
"""
