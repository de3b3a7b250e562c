"""Deposit insurance: one person's deposits at one bank added up, and which principal is insured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from fractions import Fraction
from functools import partial
from typing import Any

from sonae.core.calendar import add_months
from sonae.core.canonical import parse_number
from sonae.core.errors import UsageError
from sonae.core.figure import Figure, apply, derive, missing
from sonae.core.formula import table, total
from sonae.core.text import Text
from sonae.rulebook.rule import Outputs, Record, Series, field_of, known_code, rule

GENERAL, PAYMENT, EXCLUDED = "general", "payment", "excluded"
KINDS = (GENERAL, PAYMENT, EXCLUDED)
DEPOSIT = Record(
    id="code",
    principal="JPY",
    interest="JPY",
    rate="code",
    matures="code",
    encumbered="truth",
    kind="code",
)
HOUSE_ORDER = Text(
    "法が機構に委ねた順序は社内の定め（少額、次いで番号の順）による",
    "house order of deposits that the law leaves to the Corporation: smaller, then id",
)
ON_DEMAND = (date.min, date.min)


@rule(
    "jp.dicj.insured_deposit",
    title=Text("預金保険の対象となる元本（名寄せ）", "insured deposits of one person at one bank"),
    cites="act 54(2)",
    needs={"deposits": Series(DEPOSIT)},
    outputs={
        "insured_principal": Text("保険の対象となる元本", "insured principal, by deposit"),
        "insured_interest": Text("保険の対象となる利息等", "insured interest, by deposit"),
        "uninsured_principal": Text("対象とならない元本", "principal not insured, by deposit"),
        "insured_total_jpy": Text("保険の対象となる元本の合計", "insured principal, total"),
        "order_left_to_corporation": Text(
            "機構の指定によるべき順序があるか", "an order that the Corporation names matters"
        ),
    },
)
def insured_deposit(law: Any, day: Any) -> Outputs:
    """Principal up to the limit for each person, and the interest on that principal.

    Which principal comes first: what is not encumbered before what is; of the former the earlier
    repayment day, then the lower interest rate; what is still level, and what is encumbered, the
    Corporation names. In place of that we take the smaller and then the lower id (house rule,
    marked where it matters). Payment deposits are insured in full beside the limit; deposits that
    the Act leaves out are given as `excluded`. A deposit without `matures` is repaid on demand and
    so comes first.
    """
    deposits = day.deposits
    if not deposits.computable:
        return dict.fromkeys(
            ("insured_principal", "insured_interest", "uninsured_principal"),
            derive("{0}", None, "table", (deposits,)),
        ) | {
            "insured_total_jpy": derive("{0}", None, "JPY", (deposits,)),
            "order_left_to_corporation": derive("{0}", None, "truth", (deposits,)),
        }
    read = _read(deposits)
    general = [d for d in read if d.kind == GENERAL]
    shares, level = _insure(general, law.limit)
    rows = {d.id: _whole(d) for d in read if d.kind != GENERAL} | shares
    insured = {d.id: rows[d.id] for d in read}
    return {
        "insured_principal": table(insured),
        "insured_interest": table(
            {d.id: _interest(d, insured[d.id]) for d in read if d.kind != PAYMENT}
        ),
        "uninsured_principal": table({d.id: d.principal - insured[d.id] for d in read}),
        "insured_total_jpy": total(list(insured.values()), "JPY", "Σ insured principal"),
        "order_left_to_corporation": level,
    }


@rule(
    "jp.dicj.order",
    title=Text("上限と充当の順序", "the limit and the order of satisfaction"),
    cites="act 54(2)",
    needs={},
    outputs={
        "limit_jpy": Text("一人当たりの上限", "limit for one person"),
        "order": Text("充当の順序", "order of satisfaction"),
    },
)
def order(law: Any, _day: Any) -> Outputs:
    """The limit, and by which facts of a product one comes before another, as a list of codes."""
    return {"limit_jpy": law.limit, "order": law.order}


# -- one deposit as given --------------------------------------------------------------------


@dataclass(frozen=True)
class _Deposit:
    id: str
    row: Figure
    kind: str
    principal: Figure

    def get(self, key: str, unit: str) -> Figure:
        return field_of(self.row, key, unit, f"deposits.{self.id}")


def _read(deposits: Figure) -> list[_Deposit]:
    read: list[_Deposit] = []
    for position, row in enumerate(deposits.items(), 1):
        if "id" not in row.rows() or not row.rows()["id"].computable:
            raise UsageError(f"deposits, row {position}: an id is needed")
        id = str(row.rows()["id"].value)
        if any(d.id == id for d in read):
            raise UsageError(f"deposits: {id!r} is given twice")
        kind = GENERAL
        principal = field_of(row, "principal", "JPY", f"deposits.{id}")
        if "kind" in row.rows():
            named = row.rows()["kind"]
            kind = known_code(named, KINDS) or GENERAL
            if not named.computable:
                principal = derive("{0}", None, "JPY", (named,))
        if principal.computable and principal.number() < 0:
            raise UsageError(f"deposits, {id}: a principal below zero")
        read.append(_Deposit(id, row, kind, principal))
    return read


def _whole(deposit: _Deposit) -> Figure:
    """All of a payment deposit, nothing of an excluded one."""
    if deposit.kind == PAYMENT:
        return derive("{0}", deposit.principal.value, "JPY", (deposit.principal,))
    kind = deposit.get("kind", "code")
    return derive("0, as {0}", Fraction(0), "JPY", (kind,))


def _interest(deposit: _Deposit, insured: Figure) -> Figure:
    """The interest on the insured principal, in proportion."""
    interest = deposit.get("interest", "JPY")
    if deposit.principal.computable and deposit.principal.value == 0:
        return derive("{0}", interest.value, "JPY", (interest,))
    return interest * (insured / deposit.principal)


# -- up to the limit -------------------------------------------------------------------------


@dataclass
class _Filling:
    """What is left of the limit, what each deposit got, and what stood in the way."""

    left: Fraction
    got: dict[str, Fraction] = field(default_factory=dict)
    gaps: dict[str, Figure] = field(default_factory=dict)
    by_house_order: set[str] = field(default_factory=set)


def _insure(general: Sequence[_Deposit], limit: Figure) -> tuple[dict[str, Figure], Figure]:
    """The insured principal of each, and whether an order was left to the Corporation."""
    unknown = [f for f in (limit, *(d.principal for d in general)) if not f.computable]
    if unknown:
        gap = derive("within the limit", None, "JPY", unknown)
        return dict.fromkeys([d.id for d in general], gap), derive("{0}", None, "truth", unknown)
    filling = _Filling(limit.number())
    _by_encumbrance(general, filling)
    shares = {d.id: _share(d, general, limit, filling) for d in general}
    if filling.gaps:
        level = derive("{0}", None, "truth", list(filling.gaps.values()))
    else:
        parts = [limit, *(d.row for d in general)]
        level = derive("an order is left open", bool(filling.by_house_order), "truth", parts)
    return shares, level


def _share(
    deposit: _Deposit, general: Sequence[_Deposit], limit: Figure, filling: _Filling
) -> Figure:
    if deposit.id in filling.gaps:
        return derive("in the order of Article 54(2)", None, "JPY", (filling.gaps[deposit.id],))
    others = [d.principal for d in general if d is not deposit]
    share = apply(
        "of {0}, within {1}, in the order of Article 54(2)",
        "JPY",
        (deposit.principal, limit, *others),
        partial(Fraction, filling.got[deposit.id]),
    )
    if deposit.id in filling.by_house_order:
        return replace(share, standing="house", assumptions=(*share.assumptions, HOUSE_ORDER))
    return share


def _settled(group: Sequence[_Deposit], filling: _Filling) -> bool:
    """Give a group all or nothing where its inner order does not matter."""
    asked = sum((d.principal.number() for d in group), Fraction(0))
    if len(group) > 1 and 0 < filling.left < asked:
        return False
    for deposit in group:
        filling.got[deposit.id] = min(deposit.principal.number(), filling.left)
        filling.left -= filling.got[deposit.id]
    return True


def _by_encumbrance(group: Sequence[_Deposit], filling: _Filling) -> None:
    if _settled(group, filling) or _blocked(group, group, filling, "encumbered", "truth"):
        return
    free = [d for d in group if not d.get("encumbered", "truth").truth()]
    _by_maturity(free, filling)
    _by_house_order([d for d in group if d not in free], filling)


def _by_maturity(group: Sequence[_Deposit], filling: _Filling) -> None:
    given = [d for d in group if "matures" in d.row.rows()]
    if _settled(group, filling) or _blocked(given, group, filling, "matures", "code"):
        return
    periods = {d.id: _period(d) for d in group}
    for level in _clusters(group, periods):
        if _settled(level, filling):
            continue
        if len({periods[d.id] for d in level}) > 1:
            names = "、".join(d.id for d in level)
            reason = Text(
                f"{names}の弁済期の先後が示された精度では決まらない",
                f"{names}: the repayment days as given do not tell which comes first",
            )
            _give_up(level, filling, missing("deposits.matures", reason, "JPY"))
        else:
            _by_rate(level, filling)


def _by_rate(group: Sequence[_Deposit], filling: _Filling) -> None:
    if _blocked(group, group, filling, "rate", "code"):
        return
    rates = {d.id: _rate(d) for d in group}
    for rate in sorted(set(rates.values())):
        level = [d for d in group if rates[d.id] == rate]
        if not _settled(level, filling):
            _by_house_order(level, filling)


def _by_house_order(group: Sequence[_Deposit], filling: _Filling) -> None:
    """In place of the Corporation's: the smaller first, then the lower id."""
    if _settled(group, filling):
        return
    filling.by_house_order |= {d.id for d in group}
    for deposit in sorted(group, key=lambda d: (d.principal.number(), d.id)):
        _settled([deposit], filling)


def _blocked(
    asked: Sequence[_Deposit], group: Sequence[_Deposit], filling: _Filling, key: str, unit: str
) -> bool:
    """True where the order of the group needs a field that an asked deposit does not have."""
    gaps = [f for d in asked if not (f := d.get(key, unit)).computable]
    if gaps:
        _give_up(group, filling, derive(f"{key} of each", None, "JPY", gaps))
    return bool(gaps)


def _give_up(group: Sequence[_Deposit], filling: _Filling, gap: Figure) -> None:
    """Neither these deposits nor those after them can be told; the limit is used up here."""
    filling.gaps |= {d.id: gap for d in group}
    filling.left = Fraction(0)


def _clusters(
    group: Sequence[_Deposit], periods: dict[str, tuple[date, date]]
) -> list[list[_Deposit]]:
    """Deposits in order of repayment, those whose periods overlap together."""
    clusters: list[list[_Deposit]] = []
    end = date.min
    for deposit in sorted(group, key=lambda d: periods[d.id]):
        first, last = periods[deposit.id]
        if clusters and first <= end:
            clusters[-1].append(deposit)
        else:
            clusters.append([deposit])
        end = max(end, last)
    return clusters


def _period(deposit: _Deposit) -> tuple[date, date]:
    """First and last day that `matures` may mean: a year, a month, a day, or on demand."""
    if "matures" not in deposit.row.rows():
        return ON_DEMAND
    text = str(deposit.get("matures", "code").value)
    parts = text.split("-")
    try:
        numbers = [int(p) for p in parts]
        if len(numbers) == 1:
            return date(numbers[0], 1, 1), date(numbers[0], 12, 31)
        if len(numbers) == 2:
            first = date(numbers[0], numbers[1], 1)
            return first, add_months(first, 1) - timedelta(days=1)
        exact = date(*numbers)
        return exact, exact
    except (ValueError, TypeError) as error:
        raise UsageError(
            f"deposits, {deposit.id}: matures {text!r} is no year, year-month or date"
        ) from error


def _rate(deposit: _Deposit) -> Fraction:
    """An interest rate given as "0.1%" or as a plain number."""
    text = str(deposit.get("rate", "code").value).strip()
    try:
        if text.endswith("%"):
            return parse_number(text[:-1].strip()) / 100
        return parse_number(text)
    except ValueError as error:
        raise UsageError(f"deposits, {deposit.id}: rate {text!r} is no rate") from error
