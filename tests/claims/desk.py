"""A payout desk for tests: a fund's three people, a store, a programme, and one that just pays."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sonae.actions.keys import Key
from sonae.actions.pay.account import Check, account_changed, account_checked
from sonae.actions.pay.fund import Funding, confirm_funding
from sonae.actions.pay.hold import hold, lift
from sonae.actions.pay.programme import Row, make_file, open_programme, plan, plan_again
from sonae.actions.pay.release import NotAsked, release, resume
from sonae.actions.pay.returns import take_returns
from sonae.actions.pay.sign import approve_file
from sonae.claims.hold import Hold
from sonae.claims.rail import Rail, RailSilence
from sonae.store.payments import Payments
from sonae.store.payout_rows import Payment, PayoutFile
from tests.fund.signed import Signers, opened

PROGRAMME, DAY = "incident-1", date(2026, 11, 27)
ENOUGH = 10**30


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 25, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def on(self, **words: int) -> None:
        self.at += timedelta(**words)


def people_rows(count: int, bounce: int = 0) -> list[Row]:
    """So many people, each owed another amount; every `bounce`-th account sends it back once."""
    return [
        Row(
            f"p{n:06d}",
            "JPY",
            1,
            1_000 + n,
            f"{'bounce' if bounce and n % bounce == 0 else 'acc'}{n}",
        )
        for n in range(count)
    ]


class Desk:
    """Three people, the store they share, and what they do."""

    def __init__(self, folder: Path | None, place: str) -> None:
        self.people, self.place, self.now = Signers(folder), place, Clock()
        with opened(place, create=True) as ledger:
            self.people.begin(ledger)
        with Payments(place) as store:
            open_programme(store, PROGRAMME, now=self.now)
            self.fund(store, PROGRAMME, ENOUGH, "trust bank letter")

    @property
    def keys(self) -> list[Key]:
        """Maker, checker, releaser."""
        return [self.people.keys[name] for name in ("aoi", "chi", "ben")]

    def key(self, name: str) -> Key:
        return self.people.keys[name]

    def fund(
        self, store: Payments, programme: str, amount: int, source: str, asset: str = "JPY"
    ) -> Funding:
        """Two people confirm that money is there."""
        made = None
        for name in ("aoi", "chi"):
            about = (programme, asset, amount, source)
            made = confirm_funding(store, *about, self.key(name), now=self.now)
        assert made is not None
        return made

    def hold(self, store: Payments, names: list[str], code: str, owner: str, review: date) -> None:
        hold(store, names, Hold(code, owner, review), self.key("aoi"), now=self.now)

    def lift(self, store: Payments, names: list[str], why: str) -> None:
        for name in ("aoi", "chi"):
            signed = lift(store, names, why, self.key(name), now=self.now)
        assert signed.done

    def change(self, store: Payments, person: str, account: str) -> date:
        return account_changed(store, person, account, self.key("aoi"), now=self.now)

    def check(self, store: Payments, person: str, result: str = "confirmed") -> str:
        """Another person has asked by telephone, and told the old contact by letter."""
        at = self.now()
        check = Check("telephone", at, result, "letter", at)
        return account_checked(store, person, check, self.key("chi"), now=self.now)

    def plan(self, store: Payments, rows: Iterable[Row]) -> Any:
        return plan(store, PROGRAMME, list(rows), now=self.now)

    def file(self, store: Payments, rail: Rail, limit: int = 500, **more: Any) -> PayoutFile:
        made = make_file(store, PROGRAMME, "JPY", rail, DAY, limit=limit, now=self.now, **more)
        assert made is not None
        return made

    def sign(self, store: Payments, file: PayoutFile) -> PayoutFile:
        for key, role in zip(self.keys, ("preparer", "approver", "releaser"), strict=True):
            if role not in [a.role for a in store.approvals(file.name)]:
                approve_file(store, file.name, key, now=self.now)
        return file

    def send(self, store: Payments, file: PayoutFile, rail: Rail) -> PayoutFile:
        content = store.file(file.name).content
        return release(store, file.name, content, rail, now=self.now)

    def pay(self, store: Payments, rail: Rail, limit: int = 500) -> None:
        """Whatever is left to do, until nothing is: what is run again after each crash."""
        while True:
            found = resume(store, rail, now=self.now, still_sending=timedelta(0))
            assert found.differs == []
            if found.open:
                continue
            try:
                taken = take_returns(store, rail, now=self.now)
            except RailSilence:
                continue
            assert taken.strange == []
            last = latest(store).values()
            if back := [p.reference for p in last if p.state == "back"]:
                plan_again(store, back, now=self.now)
            waiting = [f for f in store.files(PROGRAMME) if f.state == "made"]
            if not waiting:
                made = make_file(store, PROGRAMME, "JPY", rail, DAY, limit=limit, now=self.now)
                waiting = [made] if made else []
            for file in waiting:
                with suppress(NotAsked):
                    self.send(store, self.sign(store, file), rail)
            if not waiting and not back:
                return


def latest(store: Payments) -> dict[str, Payment]:
    return {p.key: p for p in store.payments(PROGRAMME)}


def states(store: Payments) -> dict[str, int]:
    """How many payments are in each state, by their last attempt."""
    found: dict[str, int] = {}
    for payment in latest(store).values():
        found[payment.state] = found.get(payment.state, 0) + 1
    return found


@contextmanager
def at(desk: Desk) -> Any:
    with Payments(desk.place) as store:
        yield store
