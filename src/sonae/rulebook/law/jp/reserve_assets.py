"""What counts as an asset of the reserve, and what of it survives the firm.

A house rule until an Order fixes the assets behind the reserve. Own tokens count zero, guarantee
assets are never counted twice, an insurance receivable counts only once the insurer accepted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from sonae.core.calendar import add_months
from sonae.core.figure import Figure, apply, constant, derive
from sonae.core.formula import all_of, choose, table, total
from sonae.core.text import Text
from sonae.rulebook.rule import Each, Outputs, Record, field_of, known_code, rule

YEN, COIN = "JPY", "coin"
KINDS = (
    "cash",
    "trust_deposit",
    "fixed_deposit",
    "bond",
    COIN,
    "bank_guarantee",
    "insurance_receivable",
)
TITLES = ("own_account", "pledged", "trust_for_customers", "deposited")
REMOTE = ("yes", "no", "untested", "no_deed")
"""`no_deed`: nothing says who would have it on insolvency."""
ASSET = Record(
    kind="code",
    title="code",
    bankruptcy_remote="code",
    holder="code",
    unit="code",
    own_issue="truth",
    guarantee="truth",
    accepted="truth",
    evidence="truth",
    matures_on="date",
    value_jpy="JPY",
)


@rule(
    "jp.reserve.assets",
    title=Text("準備金資産の算入額", "assets of the reserve that count"),
    cites="house 算入",
    needs={"assets": Each(ASSET)},
    outputs={
        "counted": Text("資産ごとの算入額", "what counts of each asset"),
        "going_concern_jpy": Text("算入額（平時）", "counts as a going concern"),
        "on_insolvency_jpy": Text("算入額（破綻時）", "counts on insolvency"),
        "general_pool_jpy": Text(
            "破綻時に一般財産へ入るおそれのある額", "would fall into the general pool"
        ),
        "holder_shares": Text(
            "倒産隔離のない資産の保有先ごとの割合", "share of each holder, of what is not remote"
        ),
        "coin_shares": Text("暗号資産ごとの割合", "share of each coin"),
        "foreign_share": Text("円以外の割合", "share in anything but yen"),
        "holder_test": Text("保有先の集中の判定", "test of concentration at a holder"),
        "coin_test": Text("暗号資産の集中の判定", "test of concentration in a coin"),
        "foreign_test": Text("円以外の割合の判定", "test of the share other than yen"),
    },
    standing="house",
)
def assets(law: Any, day: Any) -> Outputs:
    """Each asset less its haircut, or zero with the reason; then who holds it, and in what.

    What is out of reach of creditors does not hang on its holder and is left out of that share.
    """
    given: Figure = day.assets
    if not given.computable:
        return _unknown(given)
    rows = {key: _Asset(row) for key, row in given.rows().items()}
    judged = {key: _judge(law, asset) for key, asset in rows.items()}
    counted = {key: row.rows()["counted_jpy"] for key, row in judged.items()}
    going = total(list(counted.values()), YEN, "Σ counted")
    remote = [_where(counted[k], x.remote, lambda r: r == "yes") for k, x in rows.items()]
    insolvent = total(remote, YEN, "Σ counted, bankruptcy remote")
    foreign = [_where(counted[k], x.unit, lambda u: u != YEN) for k, x in rows.items()]
    share = _share(total(foreign, YEN, "Σ counted, not yen"), going)
    exposed = {k: (x.remote, x.holder) for k, x in rows.items()}
    holders = _shares(exposed, counted, going, lambda remote: remote != "yes")
    coins = _shares(
        {k: (x.kind, x.unit) for k, x in rows.items()}, counted, going, lambda kind: kind == COIN
    )
    return {
        "counted": table(judged),
        "going_concern_jpy": going,
        "on_insolvency_jpy": insolvent,
        "general_pool_jpy": going - insolvent,
        "holder_shares": holders,
        "coin_shares": coins,
        "foreign_share": share,
        "holder_test": _within(holders, law.holder_limit),
        "coin_test": _within(coins, law.coin_limit),
        "foreign_test": choose(share <= law.foreign_limit, "pass", "fail"),
    }


class _Asset:
    """One asset's fields as figures; a code that is none of the known ones is refused."""

    def __init__(self, row: Figure) -> None:
        self.row = row
        self.kind, self.unit, self.holder = (self.code(k) for k in ("kind", "unit", "holder"))
        self.remote = self.code("bankruptcy_remote")
        known_code(self.kind, KINDS)
        known_code(self.remote, REMOTE)
        known_code(self.code("title"), TITLES)

    def code(self, key: str) -> Figure:
        return field_of(self.row, key, "code", "assets")

    def field(self, key: str, unit: str) -> Figure:
        return field_of(self.row, key, unit, "assets")


def _where(counted: Figure, code: Figure, pick: Callable[[object], bool]) -> Figure:
    """What counts of an asset where its code is one that is meant, else zero."""
    return apply(
        "{0} by {1}",
        YEN,
        (counted, code),
        lambda: counted.number() if pick(code.value) else Fraction(0),
    )


def _unknown(given: Figure) -> Outputs:
    money = ("going_concern_jpy", "on_insolvency_jpy", "general_pool_jpy")
    tables = ("counted", "holder_shares", "coin_shares")
    tests = ("holder_test", "coin_test", "foreign_test")
    units = {**dict.fromkeys(money, YEN), **dict.fromkeys(tables, "table")}
    units |= {"foreign_share": "ratio", **dict.fromkeys(tests, "code")}
    return {key: derive("{0}", None, unit, (given,)) for key, unit in units.items()}


def _judge(law: Any, asset: _Asset) -> Figure:
    """Haircut, what counts, and why it does not."""
    kind, unit, rates, further = asset.kind, asset.unit, law.haircut, law.foreign_haircut

    def rate() -> Fraction:
        foreign = unit.value != YEN and kind.value != COIN
        own = Fraction(rates.rows()[str(kind.value)].number())
        return own + (further.number() if foreign else 0)

    haircut = apply("the haircut of {0} in {1}", "ratio", (kind, unit, rates, further), rate)
    reason = _reason(law, asset)
    value = asset.field("value_jpy", YEN)
    counted = apply(
        "{0} × (1 - {1}), 0 where {2}",
        YEN,
        (value, haircut, reason),
        lambda: Fraction(0) if reason.value else value.number() * (1 - haircut.number()),
    )
    return table({"haircut": haircut, "counted_jpy": counted, "reason": reason})


def _reason(law: Any, asset: _Asset) -> Figure:
    """Why an asset counts zero: the first reason that holds; the code "none" where none does."""
    kind, names = asset.kind, ("own_issue", "guarantee", "evidence")
    own, twice, proof = (asset.field(name, "truth") for name in names)
    inputs = [kind, own, twice, proof]
    tests: list[tuple[str, Callable[[], bool]]] = [
        ("own_token", lambda: own.truth()),
        ("guarantee_counted_elsewhere", lambda: twice.truth()),
        ("no_evidence", lambda: not proof.truth()),
    ]
    if kind.value == "insurance_receivable":
        accepted = asset.field("accepted", "truth")
        inputs.append(accepted)
        tests.append(("not_accepted_by_insurer", lambda: not accepted.truth()))
    if kind.value in ("fixed_deposit", "bond"):
        matures = asset.field("matures_on", "date")
        inputs.append(matures)
        tests.append(("matured", lambda: _date(matures) < law.on))
    if kind.value == "fixed_deposit":
        longest = law.fixed_deposit_months
        inputs.append(longest)
        last = longest.number() if longest.computable else Fraction(0)
        tests.append(("maturity_too_long", lambda: _date(matures) > add_months(law.on, int(last))))
    return apply(
        "why it does not count",
        "code",
        inputs,
        lambda: next((name for name, holds in tests if holds()), None),
    )


def _date(figure: Figure) -> date:
    assert isinstance(figure.value, date)
    return figure.value


def _shares(
    codes: Mapping[str, tuple[Figure, Figure]],
    counted: Mapping[str, Figure],
    going: Figure,
    pick: Callable[[object], bool],
) -> Figure:
    """The share of each name (second code) among assets whose first code is meant."""
    every = [figure for pair in codes.values() for figure in pair]
    if not all(figure.computable for figure in every):
        return derive("shares by code", None, "table", every)
    named: dict[str, list[Figure]] = {}
    for key, (code, name) in codes.items():
        if pick(code.value):
            named.setdefault(str(name.value), []).append(counted[key])
    return table({n: _share(total(parts, YEN), going) for n, parts in sorted(named.items())})


def _share(part: Figure, whole: Figure) -> Figure:
    """A share of the whole; of nothing it is zero."""
    if whole.computable and whole.number() == 0:
        return derive("0 of nothing", Fraction(0), "ratio", (part, whole))
    return part / whole


def _within(shares: Figure, limit: Figure) -> Figure:
    """Pass where no share is above the limit."""
    if not shares.computable:
        return derive("every share in {0} ≤ {1}", None, "code", (shares, limit))
    tests = [share <= limit for share in shares.rows().values()]
    return choose(all_of(*tests) if tests else constant(0, "ratio") <= limit, "pass", "fail")
