"""A phantom credit twice, over the real service: refused with the guard, found soon without it.

What is known of February 2026 (incidents.csv, 2026-02-06-bithumb): a reward of 620,000 won was
keyed in as 620,000 bitcoin, for 249 users; the firm owned 175, all wallets held about 46,000. How
it was spread over accounts is not public; here it is spread evenly.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction
from importlib import resources
from pathlib import Path
from typing import Any

from sonae.actions.files import json_bytes
from sonae.actions.fund.session import utc_now
from sonae.actions.guard.client import GuardClient, GuardSilent
from sonae.actions.guard.incident import incident_file
from sonae.actions.guard.policy import load_policy
from sonae.actions.incident.open import open_incident
from sonae.core.allocate import pro_rata
from sonae.core.errors import Refused
from sonae.core.text import Text

COIN = 10**8
HELD, OWN, USERS, KEYED = 46_000 * COIN, 175 * COIN, 249, 620_000
COLD = 43_700 * COIN
EVERY = 1
"""Seconds between comparisons in the demo, so that nobody waits for a minute."""
WAIT = 15
PAUSE = timedelta(milliseconds=50).total_seconds()
Step = Callable[[Text], None]


@dataclass
class Ledger:
    """A small ledger: it books a batch whole or not, and reports its total by number."""

    balances: dict[str, int]
    number: int = 0
    changed: int = field(default=0)

    def book(self, batch: Mapping[str, Any]) -> None:
        """All credits of a batch, or none."""
        fresh = dict(self.balances)
        for account, units in batch["credits"]:
            fresh[account] = fresh.get(account, 0) + int(units)
        self.changed += sum(fresh[a] != self.balances.get(a, 0) for a in fresh)
        self.balances = fresh

    def readings(self) -> list[dict[str, Any]]:
        """What the guard is told: what the ledger owes, and what the wallets hold."""
        self.number += 1
        about = {"asset": "BTC", "number": self.number, "kind": "total", "at": _now()}
        owed = {"source": "ledger", "layer": "ledger", "node": "core-database"}
        held = {"source": "wallets", "layer": "wallet", "node": "wallet-service"}
        node = {"source": "node", "layer": "chain", "node": "full-node", "units": str(HELD)}
        tiers = {"cold": COLD, "hot": HELD - COLD}
        return [
            about | owed | {"units": str(sum(self.balances.values()))},
            *(about | held | {"tier": t, "units": str(u)} for t, u in tiers.items()),
            about | node,
        ]


def _now() -> str:
    return utc_now().isoformat()


def phantom() -> dict[str, Any]:
    """The batch as it was keyed in: rows in bitcoin, its maker's own word in won."""
    units = Fraction(KEYED * COIN)
    found = pro_rata(dict.fromkeys(map(_user, range(USERS)), units), units)
    shares = {account: int(n) for account, n in found.paid.items()}
    shares[_user(0)] += int(found.residue)
    return {
        "batch": "promotion-2026-02-06",
        "asset": "BTC",
        "maker": "promotions-desk",
        "checker": "promotions-lead",
        "stated_unit": "KRW",
        "stated_total": str(KEYED),
        "credits": [[account, str(units)] for account, units in shares.items()],
    }


def _user(n: int) -> str:
    return f"user-{n:03}"


def ledger() -> Ledger:
    """Customers and the firm, who together own what the wallets hold."""
    customers = {_user(n): COIN // 100 for n in range(USERS)}
    rest = HELD - OWN - sum(customers.values())
    return Ledger({"firm": OWN, "other-customers": rest, **customers})


class Service:
    """The guard's service as a process of its own on the loopback address."""

    def __init__(self, folder: Path, every: int = EVERY) -> None:
        command = [sys.executable, "-m", "sonae.web.guard_serve", str(folder / "guard.db")]
        command += [str(folder / "guard.toml"), "--port", "0", "--every", str(every)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()
        if not self.url:
            raise Refused(f"the guard's service did not start in {folder}")

    def ready(self) -> GuardClient:
        """A client, once the service answers.

        Raises:
            Refused: it does not answer in time.
        """
        client, last = GuardClient(self.url), time.monotonic() + WAIT
        while time.monotonic() < last:
            with suppress(GuardSilent):
                client.send("GET", "/health")
                return client
            time.sleep(PAUSE)
        raise Refused("the guard's service does not answer")

    def stop(self) -> None:
        """Ask it to end, and wait until it has."""
        self.process.terminate()
        self.process.wait(WAIT)


def replay(out: Path, step: Step = lambda _: None) -> dict[str, Any]:
    """Run both stories; what happened, also in `out/guard/story.json`.

    Raises:
        Refused: the service does not start, or does not find what it must.
    """
    folder = out / "guard"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    source = resources.files("sonae.data").joinpath("demo", "guard", "guard.toml")
    (folder / "guard.toml").write_bytes(source.read_bytes())
    service = Service(folder)
    try:
        client = service.ready()
        step(Text("誤った付与を尋ねる", "asking about the wrong credit"))
        refused = _with_guard(client)
        step(Text("守りを通さずに記帳する", "booking past the guard"))
        found = _without(client)
    finally:
        service.stop()
    step(Text("事案にする", "making it an incident"))
    file = folder / "incident.toml"
    incident_file(
        str(folder / "guard.db"), found["break"], load_policy(folder / "guard.toml"), file
    )
    story = {"refused": refused, "found": found, "incident": open_incident(file)}
    (folder / "story.json").write_bytes(json_bytes(story))
    return story


def _with_guard(client: GuardClient) -> dict[str, Any]:
    """The ledger asks first: refused whole, nothing changed."""
    books, batch = ledger(), phantom()
    client.send("POST", "/readings", books.readings())
    begun = time.monotonic_ns()
    answer = client.book(batch, lambda: books.book(batch))
    taken = (time.monotonic_ns() - begun) // 1_000
    (alarm,) = client.send("GET", "/state")["alarms"]
    return {
        "answer": answer["answer"],
        "reasons": answer["reasons"],
        "balances_changed": books.changed,
        "microseconds": taken,
        "alarm": {
            key: alarm[key]
            for key in ("batch", "asset", "stated_unit", "maker", "total", "ledger", "held")
        },
    }


def _without(client: GuardClient) -> dict[str, Any]:
    """The ledger does not ask: the next comparison finds it, and withdrawals stop."""
    books, batch = ledger(), phantom()
    books.number = 1
    client.send("POST", "/readings", books.readings())
    _until(client, "matched")
    books.book(batch)
    client.send("POST", "/readings", books.readings())
    begun = time.monotonic_ns()
    state = _until(client, "ledger_over_asset")
    one = state["assets"][0]
    return {
        "state": one["state"],
        "withdrawals": one["withdrawals"],
        "difference": one["difference"],
        "balances_changed": books.changed,
        "break": state["open_breaks"][0],
        "milliseconds": (time.monotonic_ns() - begun) // 1_000_000,
        "every_seconds": EVERY,
    }


def _until(client: GuardClient, wanted: str) -> dict[str, Any]:
    """The guard's state once a comparison of the asset has come out as wanted."""
    last = time.monotonic() + WAIT
    while time.monotonic() < last:
        state = dict(client.send("GET", "/state"))
        if [c["state"] for c in state["assets"][:1]] == [wanted]:
            return state
        time.sleep(PAUSE)
    raise Refused(f"no comparison came out as {wanted}")
