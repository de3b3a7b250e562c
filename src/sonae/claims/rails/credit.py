"""Yen credited to customers' accounts with us: no money leaves, and the money trust must grow.

A credit turns a claim into a balance that may be withdrawn at once, so it raises the segregation
requirement by its sum (`jp.crypto.cash_trust`). What the trust then lacks is due within the clock
of `jp.crypto.cure_deadline` (breach cash_trust_shortage), which comes in as a figure. After a
petition, an appointment or an order nothing is credited: it would be a promise without money.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal, NamedTuple

from sonae.core.amount import LIMIT, bounded
from sonae.core.canonical import digest
from sonae.core.errors import InputError, Problem, UnitError
from sonae.core.figure import Figure, Source, text_of
from sonae.core.formula import not_negative, smallest
from sonae.core.text import Text

TriggerKind = Literal["petition", "appointment", "order"]


class Credit(NamedTuple):
    """An amount of yen to one account of one person."""

    reference: str
    person: str
    account: str
    amount: int


class Trigger(NamedTuple):
    """An event after which the firm's own people pay nobody."""

    kind: TriggerKind
    on: date


@dataclass(frozen=True, slots=True)
class Trust:
    """The money trust before crediting, in yen, and the day by which a new shortage is cured.

    `required_jpy` is the segregation requirement, `principal_jpy` what is settled in the trust.
    """

    required_jpy: Figure
    principal_jpy: Figure
    due: Figure


@dataclass(frozen=True, slots=True)
class Crediting:
    """What crediting does.

    `accounts`: account -> yen. `required_jpy`: the requirement after. `earlier_jpy`: what the
    trust lacked before, on a clock of its own. `top_up_jpy`: what it lacks because of the credit,
    to be in the trust by `due`.
    """

    accounts: Mapping[str, int]
    credited_jpy: Figure
    required_jpy: Figure
    earlier_jpy: Figure
    top_up_jpy: Figure
    due: Figure
    says: Text


def credit(
    credits: Iterable[Credit], on: date, trust: Trust, triggers: Iterable[Trigger]
) -> Crediting:
    """What crediting these on the day `on` asks of the money trust.

    `triggers` are all known events; an empty list says that there is none. One on the day itself
    blocks, since the hour is not known.

    Raises:
        InputError: everything that keeps them from being credited, in words; nothing is.
        UnitError: a figure of the trust is not in yen, or the clock is no date.
    """
    rows = [*credits]
    units = (trust.required_jpy.unit, trust.principal_jpy.unit, trust.due.unit)
    if units != ("JPY", "JPY", "date"):
        raise UnitError(f"the trust needs figures in JPY, JPY and date, not {', '.join(units)}")
    if faults := [*_blocked(on, triggers), *_late(on, trust.due), *_row_faults(rows)]:
        raise InputError(faults)
    accounts = Counter[str]()
    for row in rows:
        accounts[row.account] += row.amount
    sources = Source("credits", "", len(rows), digest(sorted(map(list, rows))))
    total = Fraction(bounded(sum(accounts.values()), "credits"))
    credited = Figure(total, "JPY", id="fact:credited_jpy", label=_CREDITED, source=sources)
    required = trust.required_jpy + credited
    lacking = not_negative(required - trust.principal_jpy)
    earlier = not_negative(trust.required_jpy - trust.principal_jpy)
    top_up = smallest(credited, lacking)
    return Crediting(
        accounts=dict(sorted(accounts.items())),
        credited_jpy=credited,
        required_jpy=required.named("claims.credit#required_jpy", _REQUIRED),
        earlier_jpy=earlier.named("claims.credit#earlier_jpy", _EARLIER),
        top_up_jpy=top_up.named("claims.credit#top_up_jpy", _TOP_UP),
        due=trust.due,
        says=_says(top_up, earlier).format(
            n=len(accounts),
            credited=text_of(credited),
            required=text_of(required),
            top_up=text_of(top_up),
            earlier=text_of(earlier),
            due=text_of(trust.due),
        ),
    )


def _says(top_up: Figure, earlier: Figure) -> Text:
    if not top_up.computable:
        return _UNKNOWN
    if top_up.value == 0:
        return _ENOUGH
    return _SHORT if earlier.value == 0 else Text(_SHORT.ja + _MORE.ja, _SHORT.en + _MORE.en)


_CREDITED = Text("口座に記帳する額", "credited to accounts")
_REQUIRED = Text("記帳後の利用者区分管理必要額", "segregation requirement after crediting")
_EARLIER = Text("記帳前からの信託の不足額", "what the trust lacked before crediting")
_TOP_UP = Text("記帳による追加信託の額", "top-up of the trust because of the credit")
_SHORT = Text(
    "{n}口座に計{credited}円を記帳すると利用者区分管理必要額は{required}円となり、"
    "信託に{top_up}円の追加が要る。期限は{due}、過ぎると信託不足の違反",
    "crediting {credited} yen to {n} account(s) raises the segregation requirement to {required} "
    "yen; {top_up} yen must be added to the money trust by {due}, else it is in breach",
)
_MORE = Text(
    "。このほかに記帳前からの不足{earlier}円があり、その期限は別に進む",
    "; {earlier} yen lacked before, on an earlier clock of their own",
)
_ENOUGH = Text(
    "{n}口座に計{credited}円を記帳すると利用者区分管理必要額は{required}円となるが、信託は足りる",
    "crediting {credited} yen to {n} account(s) raises the segregation requirement to {required} "
    "yen, which the money trust holds already",
)
_UNKNOWN = Text(
    "{n}口座に計{credited}円を記帳した場合の追加信託の額は計算不能: {top_up}",
    "the top-up after crediting {credited} yen to {n} account(s) is not computable: {top_up}",
)


# -- what is refused -----------------------------------------------------------------------------


def _blocked(on: date, triggers: Iterable[Trigger]) -> Iterator[Problem]:
    for row, (kind, since) in enumerate(triggers, 1):
        if kind not in _WORDS:
            known = ", ".join(_WORDS)
            text = Text(f"使える値: {known}", f"one of {known}")
            yield Problem("unknown-trigger", "triggers", text, row=row, key=kind, column="kind")
        elif since <= on:
            text = _WORDS[kind].format(day=since.isoformat())
            yield Problem("credit-blocked", "triggers", text, row=row, key=kind)


_WORDS: Mapping[str, Text] = {
    "petition": Text(
        "{day}に手続開始の申立てがあった。記帳は裏付けのない約束になるため止める。"
        "裁判所の許可を得た支払だけができる",
        "a petition was filed on {day}: a credit would be a promise without money, and is blocked; "
        "only what the court permits is paid",
    ),
    "appointment": Text(
        "{day}に管財人等が選任された。記帳できるのは管財人等だけで、会社の担当者はできない",
        "an administrator was appointed on {day}: the firm's people credit nothing; ask them",
    ),
    "order": Text(
        "{day}に行政庁または裁判所の命令があった。命令が記帳を許すと確かめるまで止める",
        "an order was made on {day}: nothing is credited while it stands; "
        "ask the authority that made it",
    ),
}


def _late(on: date, due: Figure) -> Iterator[Problem]:
    if isinstance(due.value, date) and due.value <= on:
        text = Text(
            "信託追加の期限が記帳日より後でない。記帳日から数え直す",
            "the clock of the trust does not end after the day of the credit; count it from there",
        )
        yield Problem("due-before-credit", "trust", text, column="due")


def _row_faults(rows: Sequence[Credit]) -> Iterator[Problem]:
    if not rows:
        yield Problem("nothing-to-pay", "credits", Text("記帳が1件もない", "there is no credit"))
    times = Counter(r.reference for r in rows)
    owners: dict[str, set[str]] = {}
    for row in rows:
        owners.setdefault(row.account, set()).add(row.person)
    for number, row in enumerate(rows, 1):
        faults = [("id-missing", c, _NEEDED) for c in _IDS if _blank(getattr(row, c))]
        if times[row.reference] > 1:
            faults.append(("same-reference", "reference", _TWICE))
        if len(owners[row.account]) > 1:
            faults.append(("two-persons", "account", _SHARED))
        if type(row.amount) is not int or not 0 < row.amount < LIMIT:
            faults.append(("bad-amount", "amount", _AMOUNT))
        for name, column, text in faults:
            yield Problem(name, "credits", text, row=number, key=row.reference, column=column)


def _blank(value: object) -> bool:
    return type(value) is not str or not value.strip()


_IDS = ("reference", "person", "account")
_NEEDED = Text("番号が必要", "an id is needed")
_TWICE = Text(
    "同じ照会番号が2件以上ある。番号を振り直す",
    "another credit has this reference; give each its own",
)
_SHARED = Text("口座が別の人にも使われている", "the account is given for another person too")
_AMOUNT = Text("1円以上の整数が必要", "a whole number of yen from 1")
