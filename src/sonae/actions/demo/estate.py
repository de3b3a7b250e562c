"""Three exchanges that failed, from pack to returned assets, each step with its time.

FTX Japan 2022 from public figures; a fictional exchange that is short of one coin; and the same
exchange with its management gone and no petition. Keys are made anew and stay in `out`.
"""

from __future__ import annotations

import csv
import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pyrage

from sonae.actions.close import close_books
from sonae.actions.demo.close import demo_books
from sonae.actions.demo.incident import published_days, spread
from sonae.actions.estate.distribute import distribute
from sonae.actions.estate.plan import Asked, draft_plan
from sonae.actions.files import json_bytes, replace_folder
from sonae.actions.keys import load_key, new_key
from sonae.actions.pack.keys import make_keys
from sonae.actions.pack.make import Wanted, make_pack, public_word
from sonae.actions.pack.open import Opening, open_pack
from sonae.actions.takeover.drill import load_drill, start_drill, step_drill
from sonae.actions.takeover.open import make_checklist, make_letters, make_sweep, open_estate
from sonae.actions.takeover.ready import readiness
from sonae.actions.takeover.watch import watch_files
from sonae.core.text import Text

FORMAT = "sonae-demo-estate/1"
FTX, SHORT, GONE = "ftx-japan-2022", "short-pool", "management-gone"
FIRM = "failed-exchange"
ACCOUNTS = 100_000
"""About so many customers, as published; who held how much is not public."""
RETURNED_ON = date(2023, 2, 21)
FROZEN = "2026-11-20T18:00:00+09:00"
Step = Callable[[Text], None]


class _Story:
    """One story while it runs: its folder, its keys, its drill, the seconds of each step."""

    def __init__(self, out: Path, name: str, step: Step) -> None:
        self.name, self.folder, self.tell = name, out / name, step
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.seconds: dict[str, str] = {}
        self.record = self.folder / "drill.jsonl"
        self.key = self.folder / "keys" / "sign.key"
        self.key.parent.mkdir(mode=0o700)
        new_key(self.key)

    @contextmanager
    def step(self, name: str, drill: str | None = None) -> Iterator[None]:
        """Take the time of a step, and record it in the drill once it is done."""
        self.tell(Text(f"{self.name}: {name}", f"{self.name}: {name}"))
        began = time.perf_counter_ns()
        yield
        thousandths = (time.perf_counter_ns() - began) // 1_000_000
        self.seconds[name] = f"{thousandths // 1000}.{thousandths % 1000:03}"
        if drill is not None:
            step_drill(self.record, drill, self.key)

    def packed(self, books: Path) -> Path:
        """Close the Books and make their pack: shares 3 of 5, and a trustee's whole key."""
        with self.step("close"):
            close_books(books, out=self.folder / "close")
        with self.step("pack_made"):
            make_keys(self.folder / "administrator", 3, 5, ("A", "B", "C", "D", "E"))
            secret = pyrage.x25519.Identity.generate()
            (self.folder / "keys" / "trustee.txt").write_text(f"{secret}\n", "utf-8")
            register = "administrator/register.json"
            terms = recipients_of(self.folder / "administrator", register, secret.to_public())
            (self.folder / "recipients.toml").write_text(terms, "utf-8")
            file = self.folder / "day.pack.age"
            make_pack(
                Wanted(
                    books, self.folder / "close", self.folder / "recipients.toml", self.key, file
                )
            )
        return file

    def opened(self, file: Path, shares: int = 0) -> Path:
        """Open it as somebody who has the file and a key alone; the drill's clock runs from here.

        What is drilled is the folder, so the clock starts once it stands; opening has its own time.
        """
        out = self.folder / "opened"
        names = [self.folder / "administrator" / "shares" / f"share-{n}.txt" for n in (1, 3, 5)]
        key = None if shares else self.folder / "keys" / "trustee.txt"
        signer = public_word(load_key(self.key).public)
        with self.step("pack_opened"):
            open_pack(Opening(file, key, tuple(names[:shares]), signer), out)
        start_drill(out, self.record, self.key)
        step_drill(self.record, "pack_opened", self.key)
        if shares:
            step_drill(self.record, "keys_collected", self.key)
        with self.step("totals_rebuilt", "totals_rebuilt"):
            self.taken = open_estate(out, self.folder / "open")
        return out

    def planned(self, opened: Path, asked: Asked) -> dict[str, Any]:
        """Plan and claims from the opened pack."""
        with self.step("plan"):
            return draft_plan(opened, asked, self.folder / "plan")

    def shared(self, name: str, after: str | None = None) -> dict[str, Any]:
        """One distribution of the plan as it stands."""
        plan = self.folder / "plan"
        with self.step(name):
            return distribute(
                plan / "plan.toml",
                plan / "claims.parquet",
                self.folder / name,
                None if after is None else self.folder / after,
                sheet=False,
            )

    def told(
        self, plan: Mapping[str, Any], made: list[dict[str, Any]], **more: Any
    ) -> dict[str, Any]:
        """The story as a document; the drill ends, and readiness is asked as of what was known."""
        step_drill(self.record, "payout_ready", self.key)
        step_drill(self.record, "finish", self.key)
        drill = load_drill(self.record)
        register = self.folder / "administrator" / "register.json"
        known = datetime.fromisoformat(self.taken["known_at"])
        ready = readiness(self.folder / "opened", None, register, [self.record], now=lambda: known)
        return {
            "entity": self.taken["entity"],
            "on": self.taken["on"],
            "verified": self.taken["verified"],
            "seconds": self.seconds,
            "drill_seconds": drill.as_json()["seconds"],
            "readiness": ready["lines"],
            "gaps": ready["gaps"],
            "law": plan["law"],
            "not_placed": plan["not_placed"],
            "not_known": plan["not_known"],
            "distributions": made,
            **more,
        }


def run_stories(out: Path, step: Step = lambda _: None) -> dict[str, Any]:
    """Run the three stories; documents and folders go to `out`."""
    stories = {
        FTX: _ftx_japan(_Story(out, FTX, step)),
        SHORT: _short(_Story(out, SHORT, step)),
        GONE: _gone(_Story(out, GONE, step)),
    }
    document = {"format": FORMAT, "stories": stories}
    replace_folder(out / "document", {"estate.json": json_bytes(document)})
    return document


# -- FTX Japan: segregation held ------------------------------------------------------------------


def _ftx_japan(story: _Story) -> dict[str, Any]:
    """Everything was there, so each coin is returned as the ledger says.

    The proceeding, that of the parent abroad, is from memory; no result here rests on it.
    """
    books = _ftx_books(story.folder / "books")
    opened = story.opened(story.packed(books))
    asked = Asked("foreign_main", date(2022, 11, 10), date(2022, 11, 10), state="admitted")
    plan = story.planned(opened, asked)
    made = [story.shared("distribution-1")]
    days = published_days("2022-11-08-ftx-japan")
    return story.told(
        plan,
        made,
        published={
            "stopped_on": "2022-11-08",
            "ordered_on": "2022-11-10",
            "returned_from": RETURNED_ON.isoformat(),
            "days": days,
            "days_from_order": (RETURNED_ON - date(2022, 11, 10)).days,
        },
    )


def _ftx_books(folder: Path) -> Path:
    """The shipped Books, with what is owed spread over accounts by our rule; totals are exact."""
    shutil.copytree(demo_books("ftx-japan"), folder)
    (folder / "README.md").unlink()
    with (folder / "balances.csv").open(encoding="utf-8", newline="") as stream:
        totals = list(csv.DictReader(stream))
    with (folder / "balances.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(("account_id", "customer_id", "asset", "product", "state", "quantity"))
        for row in totals:
            scale = 8 if row["asset"] == "BTC" else 0
            units = spread(int(row["quantity_decimal"]) * 10**scale, ACCOUNTS)
            writer.writerows(
                (f"A{n:06}", f"C{n:06}", row["asset"], "spot", "free", u)
                for n, u in enumerate(units)
            )
    venue = folder / "venue.toml"
    venue.write_text(venue.read_text("utf-8") + _SPREAD, "utf-8")
    return folder


_SPREAD = """
[[sources]]
table = "balances.account_id"
what = { ja = "公表された総額を10万口座に配分した残高", en = "the published totals spread over 100,000 accounts" }
source = "Sonae"
confidence = "derived"
filled = true
why = { ja = "口座別の残高は非公表のため、n番目の口座に1/(n+20)に比例して配分した。総額は変わらない", en = "balances by account are not public; spread in proportion to 1 / (n + 20) for the n-th, totals unchanged" }
"""  # noqa: E501


# -- one coin short -------------------------------------------------------------------------------


def _short(story: _Story) -> dict[str, Any]:
    """Bitcoin is short: own coins of the same kind first, the rest pro rata; more comes later."""
    opened = story.opened(story.packed(demo_books(FIRM)))
    asked = Asked(
        "bankruptcy", date(2026, 11, 20), date(2026, 12, 20), state="admitted", trigger_event=True
    )
    plan = story.planned(opened, asked)
    claims = story.folder / "plan" / "claims.parquet"
    _decided(claims, {"C08": "late"}, others=True)
    made = [story.shared("distribution-1")]
    with story.step("recovery"):
        file = story.folder / "plan" / "plan.toml"
        file.write_text(file.read_text("utf-8") + _RECOVERY, "utf-8")
        _decided(claims, {"C08": "admitted"})
    made.append(story.shared("distribution-2", after="distribution-1"))
    return story.told(plan, made, late=_late(story.folder, "C08"))


_RECOVERY = """
# Ten bitcoin of those that were stolen come back.
[[recovery]]
pool = "segregated BTC"
amount = "1000000000"
"""
OTHERS = (
    ("costs", 5_000_000, "cost"),
    ("wages", 4_000_000, "preferential"),
    ("supplier", 100_000_000, "ordinary"),
)
"""Claims of others than customers, in yen: our own, so that every rank is there."""


def _decided(file: Path, states: Mapping[str, str], others: bool = False) -> None:
    """Claims with the states that somebody decided, and those of others."""
    table = pq.read_table(file)
    rows = table.to_pylist()
    for row in rows:
        row["state"] = states.get(row["claimant"], row["state"])
    for name, yen, rank in OTHERS if others else ():
        more = {"claimant": name, "person": name, "asset": "JPY", "amount": yen, "rank": rank}
        rows.append(more | {"state": "admitted", "flags": ""})
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), file)


def _late(folder: Path, claimant: str) -> list[dict[str, str]]:
    """What the late claim had at each distribution: nothing, then all its arrears."""
    found = []
    for name in ("distribution-1", "distribution-2"):
        rows = pq.read_table(
            folder / name / "distribution.parquet", filters=[("claimant", "=", claimant)]
        )
        [row] = [r for r in rows.to_pylist() if r["asset"] == "BTC"]
        found.append({k: str(row[k]) for k in ("amount", "in_kind_now", "in_kind_reserved")})
    return found


# -- nobody there ---------------------------------------------------------------------------------


def _gone(story: _Story) -> dict[str, Any]:
    """No management and no petition: shares, take-over, freeze, an alarm, a return as proposed."""
    opened = story.opened(story.packed(demo_books(FIRM)), shares=3)
    with story.step("checklist", "signers_listed"):
        tasks = make_checklist(opened, story.folder / "checklist", _frozen(), None)
    with story.step("letters", "letters_drafted"):
        letters = make_letters(opened, story.folder / "letters", "Example Attorney", _frozen())
    with story.step("sweep", "sweep_planned"):
        (story.folder / "destinations.csv").write_text(_DESTINATIONS, "utf-8")
        sweep = make_sweep(opened, story.folder / "destinations.csv", story.folder / "sweep")
    with story.step("watch"):
        watched = _watch(story.folder, sweep)
    asked = Asked("return_administration", date(2026, 11, 20), date(2026, 12, 20), state="admitted")
    plan = story.planned(opened, asked)
    made = [story.shared("distribution-1")]
    return story.told(
        plan,
        made,
        tasks=len(tasks["tasks"]),
        letters=len(letters),
        sweep={"batches": len(sweep["batches"]), "totals": sweep["totals"]},
        alarms=watched["alarms"],
        recognised=len(watched["recognised"]),
    )


def _frozen() -> datetime:
    return datetime.fromisoformat(FROZEN)


_DESTINATIONS = """asset,chain,address,owner
BTC,bitcoin,bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq,customer
ETH,ethereum,0xfb6916095ca1df60bb79ce92ce3ea74c37c5d359,customer
XRP,xrp,rPEPPER7kfTD9w2To4CQk6UCfuHM9c6GDY,customer
"""
"""The administrator's wallets: examples from public documentation."""


def _watch(folder: Path, sweep: Mapping[str, Any]) -> dict[str, Any]:
    """A monitor saw two movements: the first transfer of the plan, and one by nobody knows whom."""
    first = next(b for b in sweep["batches"] if b["risk"] == "hot")
    transfer = first["transfers"][0]
    wallets = {w["holding_id"]: w for w in _json(folder / "open" / "open.json")["wallets"]}
    hot, cold = wallets["btc-hot"], wallets["btc-cold"]
    scale = int(sweep["scales"]["BTC"])
    test = f"{int(transfer['units']) // 10**scale}.{int(transfer['units']) % 10**scale:0{scale}}"
    rows = [
        ("2026-11-20T19:00:00+09:00", hot["address"], first["to"], test, "tx-1", transfer["id"]),
        ("2026-11-20T21:30:00+09:00", cold["address"], "not-on-any-list", "0.5", "tx-2", ""),
    ]
    with (folder / "movements.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(
            ("at", "chain", "address", "to", "asset", "quantity_decimal", "txid", "reference")
        )
        writer.writerows(
            (at, "bitcoin", a, to, "BTC", q, tx, ref) for at, a, to, q, tx, ref in rows
        )
    listed, plan = folder / "open" / "listed.csv", folder / "sweep" / "sweep.json"
    return watch_files(listed, folder / "movements.csv", _frozen(), plan)


def recipients_of(keys: Path, register: str, trustee: Any = None) -> str:
    """The terms of a pack of the demo; a trustee's key that nobody has where none is given."""
    trustee = pyrage.x25519.Identity.generate().to_public() if trustee is None else trustee
    administrator = (keys / "recipient.txt").read_text().strip()
    return _TERMS.format(trustee=trustee, administrator=administrator, register=register)


def _json(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_bytes())
    return found


_TERMS = """
[pack]
release = {{ ja = "破産手続開始の決定または監督当局の命令", en = "an order to commence proceedings, or of the supervisor" }}
next_check = 2027-03-31
outside = "Vault of Example Trust Bank"
outside_ground = {{ ja = "委託契約による保管（例示）", en = "kept under an agreement (illustration)" }}
stale_after_hours = 48
keep_keys_days = 400

[[pack.call]]
name = "Example Attorney"
role = "counsel"
phone = "not a real number"

[[recipient]]
name = "Example Trust Bank"
role = "trustee"
key = "{trustee}"
ground = {{ ja = "信託契約（例示）", en = "trust deed (illustration)" }}
confidence = "memory"

[[recipient]]
name = "Administrator to come"
role = "administrator"
key = "{administrator}"
register = "{register}"
ground = {{ ja = "信託契約（例示）", en = "trust deed (illustration)" }}
confidence = "memory"
"""  # noqa: E501
