"""A store of the version before payments is brought up with its fund untouched."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import psycopg
import pytest

from sonae.actions.fund.export import verify_store
from sonae.claims.payment import PaymentError
from sonae.store import guards
from sonae.store.database import VERSION, StoreError, connect, migrate, store_url, version
from sonae.store.payments import Payments
from tests.claims.desk import PROGRAMME, Desk, people_rows, states
from tests.claims.paper import Paper
from tests.command import sonae
from tests.fund.servers import database
from tests.fund.signed import Signers, opened

NEW = [t for t in guards.TABLES if t not in ("entry", "posting")]


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_a_fund_of_the_first_version_is_migrated_and_verifies(tmp_path: Path, engine: str) -> None:
    place = str(tmp_path / "fund.db") if engine == "sqlite" else database()
    first_version(place)
    people = Signers(tmp_path)
    with pytest.raises(StoreError, match=rf"schema 0001, not {VERSION}.*sonae fund migrate"):
        opened(place)
    with pytest.raises(StoreError, match="sonae fund migrate"):
        Payments(place)
    assert sonae("fund", "migrate", "--store", place).code == 0
    assert sonae("fund", "migrate", "--store", place).code == 0
    with opened(place) as ledger:
        people.begin(ledger)
        people.done(ledger, people.money(ledger.seen, 5))
        assert verify_store(ledger).good
    with Payments(place) as store:
        assert store.files() == []
        with pytest.raises(PaymentError, match="not recorded"):
            store.programme("none")


def test_what_a_fund_held_before_is_there_afterwards(tmp_path: Path) -> None:
    """The tables of version 0001 with entries in them, as that version left them."""
    place, people = str(tmp_path / "fund.db"), Signers(tmp_path)
    with opened(place, create=True) as ledger:
        people.begin(ledger)
        people.done(ledger, people.money(ledger.seen, 7))
        before = [bytes(line) for line in ledger.lines()]
    with sqlite3.connect(place) as connection:
        for table in NEW:
            connection.execute(f"drop table {table}")
        connection.execute("update alembic_version set version_num = '0001'")
    assert sonae("fund", "migrate", "--store", place).code == 0
    with opened(place) as ledger:
        assert [bytes(line) for line in ledger.lines()] == before
        assert verify_store(ledger).good
    with Payments(place) as store:
        assert store.counters("none") == {}


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_payments_of_the_second_version_stay_and_money_is_confirmed_anew(
    tmp_path: Path, engine: str
) -> None:
    """What was noted without signatures is kept and counts no more."""
    place = str(tmp_path / "fund.db") if engine == "sqlite" else database()
    desk, rail = Desk(tmp_path, place), Paper()
    with Payments(place) as store:
        desk.plan(store, people_rows(3))
        name = desk.sign(store, desk.file(store, rail)).name
        before = store.payments(PROGRAMME)
    connection: Any = sqlite3.connect(place) if engine == "sqlite" else psycopg.connect(place)
    connection.execute("drop table payout_act")
    connection.execute("update alembic_version set version_num = '0002'")
    amount = "'100000000000000000000000000000000009999'" if engine == "sqlite" else "9999"
    connection.execute(
        "insert into funding (seq, at, programme, asset, amount, source, by_id) values "
        f"(1, '2026-11-25T00:00:00.000000Z', '{PROGRAMME}', 'JPY', {amount}, 'letter', 'operator')"
    )
    connection.commit()
    connection.close()
    with pytest.raises(StoreError, match=rf"schema 0002, not {VERSION}.*sonae fund migrate"):
        Payments(place)
    assert sonae("fund", "migrate", "--store", place).code == 0
    with Payments(place) as store:
        assert store.payments(PROGRAMME) == before
        with pytest.raises(PaymentError, match="only 0 confirmed by two people"):
            desk.send(store, store.file(name), rail)
        desk.fund(store, PROGRAMME, 9_999, "letter")
        desk.send(store, store.file(name), rail)
        assert states(store) == {"accepted": 3}


def first_version(place: str) -> None:
    """An empty store with the schema 0001 and its guards."""
    engine = connect(store_url(place))
    migrate(engine)
    engine.dispose()
    connection = sqlite3.connect(place) if "://" not in place else psycopg.connect(place)
    for table in NEW:
        connection.execute(f"drop table {table}")  # type: ignore[call-overload]
    connection.execute("update alembic_version set version_num = '0001'")
    connection.commit()
    connection.close()
    engine = connect(store_url(place))
    with engine.connect() as found:
        assert version(found) == "0001"
    engine.dispose()
