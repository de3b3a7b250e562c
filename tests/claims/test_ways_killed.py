"""A payer by folder that is killed at any statement: on a chain and on our ledger, each once.

The payer, who plans, files, signs, releases and hears, is a process that dies by SIGKILL; who hands
in what stands in the folder lives on, keeps books of its own, and pays again whatever is out twice.
"""

from __future__ import annotations

import csv
import hashlib
import json
import random
import signal
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sonae.actions.pay.mailbox import Mailbox
from sonae.actions.pay.programme import Row, make_file, plan, plan_again
from sonae.actions.pay.release import NotAsked, resume
from sonae.actions.pay.returns import take_returns
from sonae.actions.pay.settled import take_settled
from sonae.actions.pay.way_chain import keccak256
from sonae.actions.pay.ways import hold_waiting, read_way
from sonae.claims.rail import Receipt
from sonae.claims.rails.address import checksummed
from sonae.store.payments import Payments
from sonae.store.payout_check import payment_faults
from tests.claims import guide
from tests.claims.desk import DAY, ENOUGH, PROGRAMME, Desk, latest
from tests.claims.test_payments_killed import Death, dying
from tests.fork import FORK
from tests.fund.servers import database

SHA = "0123456789abcdef" * 4
KINDS = ("statement", "before sending", "after sending")
COLUMNS = {
    "chain.toml": ("transactions", ("reference", "amount", "transaction", "confirmations")),
    "credit.toml": ("postings", ("reference", "account", "amount", "posting")),
}


def rows_of(rail: str, count: int) -> list[Row]:
    if rail == "credit.toml":
        return [Row(f"p{n:04}", "JPY", 1, 1_000 + n, f"90{n:04}") for n in range(count)]
    address = [checksummed(f"0x{n + 1:040x}", keccak256) for n in range(count)]
    return [Row(f"p{n:04}", "ETH", 1, 10**18 + n, f"{to}||{SHA}") for n, to in enumerate(address)]


class Teller:
    """Who hands in, often late: what is out is paid once for each time it is found unanswered."""

    def __init__(self, box: Path, rail: str) -> None:
        self.box, self.rail, self.random = box, rail, random.Random(rail)
        self.paid, self.files = Counter[str](), list[str]()
        self.bounced = set[str]()

    def work(self, lost: Sequence[str]) -> None:
        """Pay and answer what is out; what a dead payer never put out is absent for good."""
        inside = self.box / "in"
        inside.mkdir(parents=True, exist_ok=True)
        for path in sorted((self.box / "out").glob("*.json")):
            name = path.stem
            answered = (inside / f"{name}.receipt.toml").exists()
            if not answered and self.random.random() < 0.5:
                self.pay(name, path.read_bytes())
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                (inside / f"{name}.receipt.toml").write_text(
                    f'number = "{len(self.files)}"\nsha256 = "{digest}"\n', encoding="utf-8"
                )
        for name in lost:
            if not (self.box / "out" / f"{name}.json").exists():
                (inside / f"{name}.absent").touch()

    def pay(self, name: str, content: bytes) -> None:
        document = json.loads(content)
        lines = document.get("payouts") or document["credits"]
        back, kept = [], []
        for line in lines:
            to, amount = line.get("address") or line["account"], int(line["amount"])
            if to.endswith("7") and to not in self.bounced:
                self.bounced.add(to)
                back.append((line["reference"], "closed", amount, "yes"))
                continue
            self.paid[to] += amount
            proof = {"reference": line["reference"], "amount": amount, "confirmations": 6}
            proof |= {"account": to, "transaction": hashlib.sha256(name.encode()).hexdigest()}
            kept.append({**proof, "posting": f"J-{line['reference']}"})
        kind, columns = COLUMNS[self.rail]
        self.table(f"{name}.{kind}.csv", columns, [[k[c] for c in columns] for k in kept])
        self.table(f"{name}.returns.csv", ("reference", "code", "amount", "booked"), back)
        self.files.append(name)

    def table(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        with (self.box / "in" / name).open("w", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerows([columns, *rows])


class DyingBox(Mailbox):
    """A folder whose payer may die before a file is out, or once it is."""

    death = Death()

    def send(self, name: str, content: bytes) -> Receipt:
        if self.death.kind == "before sending":
            self.death.die()
        try:
            return super().send(name, content)
        finally:
            if self.death.kind == "after sending":
                self.death.die()


def drawn(random_: random.Random, died: int) -> Death:
    """In turn: before a statement, before a file is out, after it is; then no more."""
    if died >= 9:
        return Death()
    return Death(KINDS[died % 3], random_.randrange(150))


def work(desk: Desk, rows: list[Row], rail: str, folder: Path, death: Death) -> None:
    """The payer: hear, plan, and put out whatever may go; ends when all that is left waits."""
    box = DyingBox(folder / "box", read_way(folder / rail))
    box.death, asset = death, rows[0].asset
    with Payments(desk.place) as store:
        if death.kind == "statement":
            dying(store, death)
        plan(store, PROGRAMME, rows, now=desk.now)
        heard = resume(store, box, now=desk.now, still_sending=timedelta(0))
        assert heard.differs == []
        assert take_returns(store, box, now=desk.now).strange == []
        assert take_settled(store, box, now=desk.now).look == []
        if back := [p.reference for p in latest(store).values() if p.state == "back"]:
            plan_again(store, back, now=desk.now)
        assert hold_waiting(store, PROGRAMME, asset, box, now=desk.now) == {}
        while True:
            waiting = [f for f in store.files(PROGRAMME) if f.state == "made"]
            if not waiting:
                made = make_file(store, PROGRAMME, asset, box, DAY, limit=4, now=desk.now)
                if made is None:
                    return
                waiting = [made]
            for file in waiting:
                try:
                    desk.send(store, desk.sign(store, file), box)
                except NotAsked:
                    return


def run(*words: Any) -> int:
    child = FORK.Process(target=work, args=words)
    child.start()
    child.join()
    return int(child.exitcode or 0)


@pytest.mark.parametrize(
    ("rail", "engine"), [("chain.toml", "sqlite"), ("credit.toml", "postgresql")]
)
def test_each_person_is_paid_once_though_the_payer_dies_again_and_again(
    tmp_path: Path, rail: str, engine: str
) -> None:
    """Files of four; it dies before a statement, before a file is out, and after."""
    guide.files(tmp_path)
    ether = '[asset.ETH]\nchain = "ethereum"\nform = "ethereum"\nfee = "9"\nconfirmations = 6\n'
    with (tmp_path / "chain.toml").open("a", encoding="utf-8") as stream:
        stream.write(ether)
    place = str(tmp_path / "fund.db") if engine == "sqlite" else database()
    desk, random_ = Desk(tmp_path, place), random.Random(rail)
    rows, teller = rows_of(rail, 28), Teller(tmp_path / "box", rail)
    with Payments(desk.place) as store:
        desk.fund(store, PROGRAMME, ENOUGH, "letter", rows[0].asset)
    died = in_flight = 0
    for _ in range(60):
        code = run(desk, rows, rail, tmp_path, drawn(random_, died))
        assert code in (0, -signal.SIGKILL)
        died += code != 0
        with Payments(desk.place) as store:
            files = store.files(PROGRAMME)
            in_flight += any(f.state == "released" for f in files)
            assert payment_faults(store) == []
            lost = [f.name for f in files if f.state in ("released", "unknown")]
            states = Counter(p.state for p in latest(store).values())
        teller.work(lost)
        if died >= 9 and states == {"settled": len(rows)}:
            break
    assert states == {"settled": len(rows)}
    assert in_flight >= 6
    assert teller.bounced
    assert teller.paid == {r.account.split("|")[0].lower(): r.amount for r in rows}
    assert len(set(teller.files)) == len(teller.files)
    with Payments(desk.place) as store:
        found = store.counters(PROGRAMME)[rows[0].asset]
        assert found.entitled == found.buckets["settled"]
