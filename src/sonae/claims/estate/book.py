"""Claims against an estate as a relation: read as strictly as the Books, staged for many passes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa

from sonae.books import parts
from sonae.books.engine import FILE, ROW, Engine
from sonae.books.relation import UNITS, Check, count_faults, found, listed, relation
from sonae.books.schema import Column, Table
from sonae.claims.estate.netting import NOTHING, SetOff, net_of_debts
from sonae.claims.estate.plan import Plan
from sonae.claims.estate.register import Key
from sonae.claims.estate.schedule import FLAGS, RANKS, held_back, outside_general
from sonae.claims.estate.steps import STEPS
from sonae.core.amount import bounded
from sonae.core.errors import InputError, Problem, Refused
from sonae.core.text import Text
from sonae.rulebook.law.estate.proceedings import STATES

KEY = ("claimant", "asset", "rank")
CLAIMS = Table(
    "claims",
    (
        Column("claimant"),
        Column("person", required=False),
        Column("asset"),
        Column("amount", "quantity"),
        Column("rank", "code", codes=RANKS),
        Column("state", "code", codes=STATES),
        Column("flags", required=False),
    ),
    KEY,
)
_WORDS = ("claimant", "person", "state", "payee", "reserve", "claimed")
_NEGATIVE = Check("corrupt-row", "amount", Text("負の債権は扱わない", "a claim is not below zero"))
_REPEATED = Check(
    "repeated-key",
    ", ".join(KEY),
    Text("同じキーの行がほかにもある", "another row has the same key"),
)
_MONEY = Check(
    "wrong-currency",
    "asset",
    Text(
        "利用者以外の債権は計画の通貨で書く（評価は開始時）",
        "claims of other ranks are in the currency of the plan, as valued at commencement",
    ),
)
_CAPPED = Check(
    "wrong-currency",
    "asset",
    Text(
        "一人当たりの上限（cap_per_person）がある計画では、利用者の債権も評価して通貨で書く",
        "a plan with cap_per_person takes customers' claims in its currency, as valued",
    ),
)
_FLAG = Check(
    "unknown-code",
    "flags",
    Text("使える印: {known}（空白区切り）", "flags are {known}, by spaces").format(
        known=", ".join(FLAGS)
    ),
)


@dataclass(frozen=True, slots=True)
class Group:
    """The claims on one asset in one rank: how many, their sum, and where they are staged."""

    rank: str
    asset: str
    claims: int
    total: int
    path: Path

    def batches(self, numbers: bool = False) -> Iterator[Any]:
        """Arrow batches by claimant; the numbers alone where a ratio is looked for."""
        with pa.OSFile(str(self.path)) as file:
            wanted = None
            if numbers:
                names = pa.ipc.open_file(file).schema.names
                wanted = [n for n, name in enumerate(names) if name not in _WORDS]
            reader = pa.ipc.open_file(file, options=pa.ipc.IpcReadOptions(included_fields=wanted))
            for position in range(reader.num_record_batches):
                yield reader.get_batch(position)


@dataclass(frozen=True, slots=True)
class Book:
    """Every group of claims, by rank and asset."""

    groups: tuple[Group, ...]
    later: bool
    """True where earlier distributions are taken into account."""
    schedule: tuple[Mapping[str, Any], ...] = ()
    """Claims and their sum by rank, asset and state, before set-off and caps."""
    set_off: SetOff = NOTHING

    def of(self, rank: str) -> list[Group]:
        """The groups of a rank."""
        return [g for g in self.groups if g.rank == rank]


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside the claims.

    Who is registered as holder in place of the claimant, by key; debts by claimant, in base units
    of money; the distribution before this one, as it was written.
    """

    payees: Mapping[Key, str] = field(default_factory=dict)
    debts: Mapping[str, int] = field(default_factory=dict)
    earlier: Path | None = None


def read_book(engine: Engine, file: Path, plan: Plan, beside: Beside) -> Book:
    """Claims from a CSV or Parquet file, with what each was paid before.

    Args:
        engine: where set-based work runs.
        file: columns claimant, person (optional), asset, amount (base units, or `amount_decimal`
            in whole coins), rank, state, flags (optional).
        plan: the plan that knows the assets.
        beside: holders, debts and what was paid before.

    Raises:
        InputError: every row that cannot be used.
        Refused: claims that were paid before are missing; sums reach 10^38.
    """
    earlier = beside.earlier
    rows = read_claims(engine, file, plan)
    rows = treated(rows.mutate(claimed=rows.amount), plan)
    schedule = tuple(engine.rows(_by_state(rows)))
    rows, netted = net_of_debts(engine, rows, plan, beside.debts)
    rows = _with_earlier(engine, _within_cap(rows, plan), earlier)
    sums = rows.group_by("rank", "asset").aggregate(n=rows.count(), t=rows.amount.sum().cast(UNITS))
    counts = [
        (str(r["rank"]), str(r["asset"]), int(r["n"]), bounded(r["t"], str(r["asset"])))
        for r in engine.rows(sums.order_by("rank", "asset"))
    ]
    folder = engine.scratch() / "estate"
    folder.mkdir()
    names = ["claimant", "person", "state", "amount", "claimed", "reserve", "in_general"]
    if earlier is not None:
        names += [f"{step}_before" for step in STEPS]
    ordered = rows.select(*names, "rank", "asset").order_by("rank", "asset", "claimant")
    groups = tuple(
        Group(rank, asset, n, total, folder / f"{position}.arrow")
        for position, (rank, asset, n, total) in enumerate(counts)
    )
    _stage(engine.batches(ordered), groups, beside.payees)
    return Book(groups, earlier is not None, schedule, netted)


def _by_state(rows: Any) -> Any:
    """The schedule of approval in sums."""
    groups = rows.group_by("rank", "asset", "state", "reserve")
    sums = groups.aggregate(claims=rows.count(), claimed=rows.claimed.sum().cast(UNITS))
    return sums.order_by("rank", "asset", "state", "reserve")


def read_claims(engine: Engine, file: Path, plan: Plan) -> Any:
    """The claims of a file as a relation, every row checked.

    Raises:
        InputError: every row that cannot be used.
    """
    problems: list[Problem] = []
    part = parts.part(file, file.parent, CLAIMS, problems)
    scales = {a.asset: a.scale for a in plan.assets.values()}
    whole = None
    if part is not None:
        whole = relation(engine, CLAIMS, [part], scales, problems)
    if whole is None:
        raise InputError(problems)
    every = range(len(whole.checks))
    counts = count_faults(engine, whole.rows(*every), every)[0]
    problems += listed(engine, CLAIMS, whole, [counts[f"n{i}"] or 0 for i in every])
    rows = whole.rows()
    rows = rows.mutate(flags=rows.flags.fill_null(""))
    one, cap = f"({'|'.join(FLAGS)})", plan.cap_per_person
    faults = (
        (_NEGATIVE, rows.amount < ibis.literal(0).cast(UNITS)),
        (_MONEY, (rows["rank"] != "customer") & (rows.asset != plan.currency)),
        (_CAPPED, (rows["rank"] == "customer") & (rows.asset != plan.currency) & (cap is not None)),
        (_FLAG, (rows.flags != "") & ~rows.flags.re_search(f"^{one}( {one})*$")),
    )
    for check, bad in faults:
        problems += found(engine, CLAIMS, check, rows.filter(bad), (FILE, ROW), whole.places)
    groups = rows.group_by(*KEY).aggregate(n=rows.count())
    twice = rows.semi_join(groups.filter(groups.n > 1), KEY)
    problems += found(engine, CLAIMS, _REPEATED, twice, (*KEY, FILE, ROW), whole.places)
    if problems:
        raise InputError(problems)
    return rows


def treated(rows: Any, plan: Plan) -> Any:
    """Whether a claim is reserved instead of paid, and whether the general estate pays it."""
    never = ibis.literal(False)
    waits, outside = rows.flags != "", never
    for rank in RANKS:
        mine = rows["rank"] == rank
        waits |= mine & rows.state.isin(held_back(plan.proceeding, rank))
        if states := outside_general(plan.proceeding, rank):
            outside |= mine & rows.state.isin(states)
    return rows.mutate(reserve=waits.cast("uint8"), in_general=(~outside).cast("uint8"))


def _within_cap(rows: Any, plan: Plan) -> Any:
    """What counts of each claim: all of it, or what lies within the cap of its person.

    A person's claims over accounts are met in order of amount, then of claimant; a claim without
    `person` is the claimant's own.
    """
    if plan.cap_per_person is None:
        return rows
    who = rows.person.fill_null(rows.claimant)
    rows = rows.mutate(_who=who, _capped=rows["rank"] == "customer")
    window = ibis.window(
        group_by=["_who", "_capped"], order_by=[rows.amount, rows.claimant], preceding=(None, 0)
    )
    zero, cap = (ibis.literal(str(n)).cast(UNITS) for n in (0, plan.cap_per_person))
    so_far = rows.amount.sum().over(window).cast(UNITS) - rows.amount
    room = ibis.greatest(cap - so_far.cast(UNITS), zero)
    within = ibis.least(rows.amount, room).cast(UNITS)
    return rows.mutate(claimed=rows.amount, amount=rows._capped.ifelse(within, rows.amount)).drop(
        "_who", "_capped"
    )


def _with_earlier(engine: Engine, rows: Any, earlier: Path | None) -> Any:
    if earlier is None:
        return rows
    zero = ibis.literal(0).cast(UNITS)
    before = engine.scan([earlier])
    paid = before.select(
        *KEY, **{f"{step}_before": before[f"{step}_paid"].cast(UNITS) for step in STEPS}
    )
    lost = engine.rows(paid.anti_join(rows, KEY).aggregate(n=ibis._.count()))[0]["n"]
    if lost:
        raise Refused(f"{lost} claims of the distribution before this one are missing")
    joined = rows.left_join(paid, KEY)
    return joined.mutate(**{f"{s}_before": joined[f"{s}_before"].fill_null(zero) for s in STEPS})


def _stage(
    batches: Iterator[Any],
    groups: tuple[Group, ...],
    payees: Mapping[Key, str],
) -> None:
    """Rows in the order of groups into a file for each."""
    queue = iter(groups)
    group: Group | None = None
    writer: Any = None
    left = 0
    for batch in batches:
        start = 0
        while start < batch.num_rows:
            if not left:
                if writer is not None:
                    writer.close()
                group = next(queue)
                writer, left = None, group.claims
            size = min(left, batch.num_rows - start)
            assert group is not None
            part = _paid_to(batch.slice(start, size), group, payees)
            if writer is None:
                writer = pa.ipc.new_file(str(group.path), part.schema)
            writer.write_table(part)
            start, left = start + size, left - size
    if writer is not None:
        writer.close()


def _paid_to(batch: Any, group: Group, payees: Mapping[Key, str]) -> Any:
    """A batch of one group with the registered holder of each claim."""
    table = pa.Table.from_batches([batch]).drop_columns(["rank", "asset"])
    names = table.column("claimant")
    if payees:
        given = names.to_pylist()
        names = pa.array([payees.get((c, group.asset, group.rank), c) for c in given], pa.string())
    return table.append_column("payee", names)
