"""The optional terms of a policy: what it covers, where it stands in a tower, how it is claimed.

A term that is not given keeps its usual meaning, which the answer of an event then names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sonae.core.canonical import parse_number
from sonae.core.text import Text
from sonae.policy.perils import NEVER, PERILS, TIERS

RATINGS = ("AAA", "AA", "A", "BBB", "BB", "B", "CCC", "none")
"""Best first; a plus or minus does not change the class."""
TRIGGERS = ("loss_occurring", "discovery", "claims_made")
ADMISSIONS = ("licensed", "permission_186_2", "fronting", "none")
"""How an insurer may cover a firm in Japan (Insurance Business Act Art. 186(2))."""
MOST_SUBLIMITS = 12
WHERE = ("tier", "peril", "asset", "custodian")
Fault = Callable[[str, Text], None]


@dataclass(frozen=True, slots=True)
class Sublimit:
    """The most that is paid for losses of a tier, peril, asset or custodian; "" is any."""

    amount: Fraction
    tier: str = ""
    peril: str = ""
    asset: str = ""
    custodian: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """What one of several insurers takes of the layer."""

    insurer: str
    share: Fraction
    rating: str = ""


@dataclass(frozen=True, slots=True)
class Conditions:
    """Optional terms. Amounts are in the policy's currency, shares between 0 and 1, days whole.

    `attachment` counts from the ground: what lies below is borne by others or retained. Without it
    the policy attaches at its retention. `tower` names the layers that stand on one loss; towers
    are asked by `sequence`, each on what the ones before left. `claims` are payments by their day.
    """

    perils: tuple[str, ...] | None = None
    exclusions: tuple[str, ...] = ()
    tiers: tuple[str, ...] | None = None
    custodians: tuple[str, ...] = ()
    sublimits: tuple[Sublimit, ...] = ()
    tower: str = ""
    sequence: int = 0
    attachment: Fraction | None = None
    exhaustion: Fraction | None = None
    shares: tuple[Share, ...] = ()
    hours_clause: int | None = None
    reinstatements: int = 0
    aggregate_retention: Fraction = Fraction(0)
    aggregate_retention_used: Fraction = Fraction(0)
    trigger: str = "loss_occurring"
    retro_date: date | None = None
    time_zone: str = ""
    cancellation_notice_days: int | None = None
    cancellation_given_on: date | None = None
    notice_days: int | None = None
    proof_of_loss_days: int | None = None
    interim_share: Fraction = Fraction(0)
    interim_days: int | None = None
    days_to_cash: int | None = None
    ratings: tuple[tuple[date, str], ...] = ()
    admission: str = ""
    captive: bool = False
    reinsured_share: Fraction = Fraction(0)
    breached_warranties: tuple[str, ...] = ()
    claims: tuple[tuple[date, Fraction], ...] = ()

    @property
    def placed(self) -> Fraction:
        """The part of the layer that insurers took; all of it where none is named."""
        return sum((s.share for s in self.shares), Fraction(0)) if self.shares else Fraction(1)

    def rating(self, on: date) -> str:
        """The rating known on a day; "" where none was."""
        known = [(day, rating) for day, rating in self.ratings if day <= on]
        return max(known)[1] if known else ""


NOTHING_STATED = Conditions()
"""The terms of a policy that states none of them."""


# -- reading ---------------------------------------------------------------------------------------


def _codes(known: tuple[str, ...]) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if not isinstance(value, list) or not all(v in known for v in value if isinstance(v, str)):
            raise ValueError(f"{value!r} is no list of {', '.join(known)}")
        return _texts(value)

    return read


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(v, str) and v for v in value):
        raise ValueError(f"{value!r} is no list of text")
    return tuple(value)


def _code(known: tuple[str, ...]) -> Callable[[Any], Any]:
    def read(value: Any) -> str:
        if value not in known or not isinstance(value, str):
            raise ValueError(f"{value!r} is none of {', '.join(known)}")
        return value

    return read


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{value!r} is no text")
    return value


def _zone(value: Any) -> str:
    try:
        ZoneInfo(_text(value))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{value!r} is no time zone") from error
    return str(value)


def _amount(value: Any) -> Fraction:
    number = parse_number(str(value))
    if number < 0:
        raise ValueError(f"{value!r} is below zero")
    return number


def _ratio(value: Any) -> Fraction:
    number = _amount(value)
    if number > 1:
        raise ValueError(f"{value!r} is above 1")
    return number


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{value!r} is no whole number")
    return value


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither true nor false")
    return value


def _day(value: Any) -> date:
    if type(value) is not date:
        raise ValueError(f"{value!r} is not a date")
    return value


def _rows(value: Any, *, needs: tuple[str, ...], may: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """A list of tables that have each needed key and no unknown one."""
    if not isinstance(value, list):
        raise ValueError(f"{value!r} is no list of tables")
    for row in value:
        if not isinstance(row, Mapping) or not set(needs) <= set(row) <= {*needs, *may}:
            raise ValueError(f"{row!r} is no table of {', '.join((*needs, *may))}")
    return [dict(row) for row in value]


def _sublimits(value: Any) -> tuple[Sublimit, ...]:
    found = []
    for row in _rows(value, needs=("amount",), may=WHERE):
        amount = _amount(row.pop("amount"))
        if not row:
            raise ValueError("a sublimit names a tier, peril, asset or custodian")
        for key, known in (("tier", TIERS), ("peril", PERILS)):
            if key in row:
                _code(known)(row[key])
        found.append(Sublimit(amount, **{k: _text(v) for k, v in row.items()}))
    return tuple(found)


def _shares(value: Any) -> tuple[Share, ...]:
    rows = _rows(value, needs=("insurer", "share"), may=("rating",))
    return tuple(
        Share(
            _text(r["insurer"]),
            _ratio(r["share"]),
            _code(RATINGS)(r["rating"]) if "rating" in r else "",
        )
        for r in rows
    )


def _ratings(value: Any) -> tuple[tuple[date, str], ...]:
    rows = _rows(value, needs=("known_on", "rating"))
    return tuple(sorted((_day(r["known_on"]), _code(RATINGS)(r["rating"])) for r in rows))


def _claims(value: Any) -> tuple[tuple[date, Fraction], ...]:
    rows = _rows(value, needs=("paid_on", "amount"))
    return tuple(sorted((_day(r["paid_on"]), _amount(r["amount"])) for r in rows))


READ: Mapping[str, Callable[[Any], Any]] = {
    "perils": _codes(PERILS),
    "exclusions": _codes(PERILS),
    "tiers": _codes(TIERS),
    "custodians": _texts,
    "sublimits": _sublimits,
    "tower": _text,
    "sequence": _whole,
    "attachment": _amount,
    "exhaustion": _amount,
    "shares": _shares,
    "hours_clause": _whole,
    "reinstatements": _whole,
    "aggregate_retention": _amount,
    "aggregate_retention_used": _amount,
    "trigger": _code(TRIGGERS),
    "retro_date": _day,
    "time_zone": _zone,
    "cancellation_notice_days": _whole,
    "cancellation_given_on": _day,
    "notice_days": _whole,
    "proof_of_loss_days": _whole,
    "interim_share": _ratio,
    "interim_days": _whole,
    "days_to_cash": _whole,
    "ratings": _ratings,
    "admission": _code(ADMISSIONS),
    "captive": _truth,
    "reinsured_share": _ratio,
    "breached_warranties": _texts,
    "claims": _claims,
}
"""How each optional term is read."""


def read_conditions(item: Mapping[str, Any], fault: Fault) -> Conditions:
    """The optional terms of one policy; `fault` takes each that cannot be used."""
    values = {}
    for key, read in READ.items():
        if key in item:
            try:
                values[key] = read(item[key])
            except ValueError as error:
                fault(key, Text(f"使えない値: {error}", f"not usable: {error}"))
    return Conditions(**values)


def contradictions(values: Mapping[str, Any], found: Conditions, fault: Fault) -> None:
    """Terms of one policy that cannot all hold; `values` are its required terms."""
    retention, limit = values["retention"], values["limit_per_event"]
    attachment = retention if found.attachment is None else found.attachment
    for n, sub in enumerate(found.sublimits):
        if sub.amount > limit:
            fault(f"sublimits[{n}]", _ABOVE_LIMIT)
        if sub.tier and found.tiers is not None and sub.tier not in found.tiers:
            fault(f"sublimits[{n}]", _NOT_COVERED.format(code=sub.tier))
        if sub.peril and found.perils is not None and sub.peril not in found.perils:
            fault(f"sublimits[{n}]", _NOT_COVERED.format(code=sub.peril))
    used = {k for s in found.sublimits for k in WHERE if getattr(s, k)}
    if len(used) > 2 or len(found.sublimits) > MOST_SUBLIMITS:
        fault("sublimits", _SUBLIMITS.format(most=MOST_SUBLIMITS))
    never = NEVER.get(values["form"], ())
    for peril in sorted(set(found.perils or ()) & {*never, *found.exclusions}):
        fault("perils", _EXCLUDED.format(code=peril))
    if attachment < retention:
        fault("attachment", _ATTACHMENT)
    if found.exhaustion is not None and found.exhaustion <= attachment:
        fault("exhaustion", _EXHAUSTION)
    elif found.exhaustion is not None and found.exhaustion - attachment != limit:
        fault("exhaustion", _WIDTH)
    if found.placed > 1:
        fault("shares", Text("引受割合の合計が1を超える", "the shares add up to more than 1"))
    if found.claims and sum(a for _, a in found.claims) != values["claims_paid"]:
        fault("claims", _CLAIMS)
    if bool(found.interim_share) != (found.interim_days is not None):
        fault("interim_share", _INTERIM)
    if found.reinsured_share and not found.captive:
        fault("reinsured_share", _CAPTIVE)


_ABOVE_LIMIT = Text(
    "サブリミットが1事故の限度額を超える。どちらかを直す",
    "the sublimit is above limit_per_event; correct one of them",
)
_NOT_COVERED = Text(
    "「{code}」は補償の対象でないのにサブリミットがある",
    "{code} has a sublimit and is not covered; correct one of them",
)
_SUBLIMITS = Text(
    "サブリミットは{most}件まで、かつ tier、peril、asset、custodian のうち2種類までとする",
    "at most {most} sublimits, of at most two of tier, peril, asset and custodian",
)
_EXCLUDED = Text(
    "「{code}」は免責（この保険種類または exclusions）であり、perils に置けない",
    "{code} is excluded (by the form or by `exclusions`) and cannot stand among perils",
)
_ATTACHMENT = Text(
    "attachment は地上からの額で、retention を下回れない",
    "attachment counts from the ground and cannot be below retention",
)
_EXHAUSTION = Text("exhaustion は attachment より大きくする", "exhaustion must be above attachment")
_WIDTH = Text(
    "exhaustion − attachment が limit_per_event と一致しない",
    "exhaustion less attachment is not limit_per_event",
)
_CLAIMS = Text("claims の合計が claims_paid と一致しない", "claims do not add up to claims_paid")
_INTERIM = Text(
    "interim_share と interim_days は両方書く", "give interim_share together with interim_days"
)
_CAPTIVE = Text(
    "reinsured_share は captive = true のときだけ書く",
    "reinsured_share belongs to a captive (captive = true)",
)
