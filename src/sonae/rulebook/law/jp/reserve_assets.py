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
from sonae.rulebook.rule import Each, Outputs, Record, field_of, rule

YEN = "JPY"
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
    judged = {key: _judge(law, row) for key, row in given.rows().items()}
    counted = {key: row.rows()["counted_jpy"] for key, row in judged.items()}
    rows = given.rows()
    remote = [c for k, c in counted.items() if _code(rows[k], "bankruptcy_remote") == "yes"]
    going = total(list(counted.values()), YEN, "Σ counted")
    insolvent = total(remote, YEN, "Σ counted, bankruptcy remote")
    holders = _shares(
        rows, counted, going, "holder", lambda row: _code(row, "bankruptcy_remote") != "yes"
    )
    coins = _shares(rows, counted, going, "unit", lambda row: _code(row, "kind") == "coin")
    foreign = [c for k, c in counted.items() if _code(rows[k], "unit") != YEN]
    share = _share(total(foreign, YEN, "Σ counted, not yen"), going)
    return {
        "counted": table(judged),
        "going_concern_jpy": going,
        "on_insolvency_jpy": insolvent,
        "general_pool_jpy": going - insolvent,
        "holder_shares": table(holders),
        "coin_shares": table(coins),
        "foreign_share": share,
        "holder_test": _within(holders, law.holder_limit),
        "coin_test": _within(coins, law.coin_limit),
        "foreign_test": _within({"foreign": share}, law.foreign_limit),
    }


def _unknown(given: Figure) -> Outputs:
    money = ("going_concern_jpy", "on_insolvency_jpy", "general_pool_jpy")
    tables = ("counted", "holder_shares", "coin_shares")
    tests = ("holder_test", "coin_test", "foreign_test")
    units = {**dict.fromkeys(money, YEN), **dict.fromkeys(tables, "table")}
    units |= {"foreign_share": "ratio", **dict.fromkeys(tests, "code")}
    return {key: derive("{0}", None, unit, (given,)) for key, unit in units.items()}


def _code(row: Figure, key: str) -> object:
    return row.rows()[key].value if key in row.rows() else None


def _judge(law: Any, row: Figure) -> Figure:
    """Haircut, what counts, and why it does not."""
    kind = field_of(row, "kind", "code", "assets")
    haircuts = law.haircut
    haircut = apply("the haircut of {0}", "ratio", (kind, haircuts), lambda: _rate(haircuts, kind))
    if _foreign_money(row):
        haircut = haircut + law.foreign_haircut
    reason = _reason(law, row, kind)
    value = field_of(row, "value_jpy", YEN, "assets")
    counted = apply(
        "{0} × (1 - {1}), 0 where {2}",
        YEN,
        (value, haircut, reason),
        lambda: Fraction(0) if reason.value else value.number() * (1 - haircut.number()),
    )
    return table({"haircut": haircut, "counted_jpy": counted, "reason": reason})


def _rate(haircuts: Figure, kind: Figure) -> Fraction:
    return haircuts.rows()[str(kind.value)].number()


def _foreign_money(row: Figure) -> bool:
    return _code(row, "unit") != YEN and _code(row, "kind") != "coin"


def _reason(law: Any, row: Figure, kind: Figure) -> Figure:
    """Why an asset counts zero: the first reason that holds; the code "none" where none does."""

    def truth(key: str) -> Figure:
        return field_of(row, key, "truth", "assets")

    own, twice, proof = truth("own_issue"), truth("guarantee"), truth("evidence")
    inputs = [kind, own, twice, proof]
    tests: list[tuple[str, Callable[[], bool]]] = [
        ("own_token", lambda: own.truth()),
        ("guarantee_counted_elsewhere", lambda: twice.truth()),
        ("no_evidence", lambda: not proof.truth()),
    ]
    if kind.value == "insurance_receivable":
        accepted = truth("accepted")
        inputs.append(accepted)
        tests.append(("not_accepted_by_insurer", lambda: not accepted.truth()))
    if kind.value in ("fixed_deposit", "bond"):
        matures = field_of(row, "matures_on", "date", "assets")
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
    rows: Mapping[str, Figure],
    counted: Mapping[str, Figure],
    going: Figure,
    field: str,
    pick: Callable[[Figure], bool],
) -> dict[str, Figure]:
    names = sorted({str(_code(rows[k], field)) for k in rows if pick(rows[k])})
    return {
        name: _share(
            total(
                [counted[k] for k in rows if pick(rows[k]) and str(_code(rows[k], field)) == name],
                YEN,
            ),
            going,
        )
        for name in names
    }


def _share(part: Figure, whole: Figure) -> Figure:
    """A share of the whole; of nothing it is zero."""
    if whole.computable and whole.number() == 0:
        return derive("0 of nothing", Fraction(0), "ratio", (part, whole))
    return part / whole


def _within(shares: Mapping[str, Figure], limit: Figure) -> Figure:
    tests = [share <= limit for share in shares.values()]
    return choose(all_of(*tests) if tests else constant(0, "ratio") <= limit, "pass", "fail")
