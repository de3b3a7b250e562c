"""Cold storage, and the compensation arrangement that must stand behind client assets."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from sonae.core.figure import Figure, apply, constant, derive
from sonae.core.formula import choose, not_negative, table, total
from sonae.core.text import Text
from sonae.rulebook.rule import Outputs, Record, Series, field_of, rule

STORED = {"client_va_cold_hkd": "HKD", "client_va_hot_or_other_hkd": "HKD"}
COLD = {
    "cold_ratio": Text("コールドの割合", "share in cold storage"),
    "cold_test": Text("判定", "test"),
    "cold_shortfall_hkd": Text("コールドへ移すべき額", "to be moved to cold storage"),
}
FIXED = "fixed_deposit_on_trust"
ACCEPTED = ("insurance", "demand_deposit_on_trust", FIXED, "bank_guarantee")
INSTRUMENT = Record(kind="code", amount_hkd="HKD", maturity_months="months")


@rule(
    "hk.vatp.cold_share",
    title=Text("コールド保管の割合（98%）", "share in cold storage"),
    cites="guidelines para 10.6(c)",
    needs=STORED,
    outputs=COLD,
)
def cold_share(law: Any, day: Any) -> Outputs:
    """By value, at least the stated part of client virtual assets is in cold storage."""
    cold = day.client_va_cold_hkd
    stored = cold + day.client_va_hot_or_other_hkd
    needed = stored * law.cold_share
    return {
        "cold_ratio": cold / stored,
        "cold_test": choose(cold >= needed, "pass", "fail"),
        "cold_shortfall_hkd": not_negative(needed - cold),
    }


@rule(
    "hk.vatp.compensation_cover_required",
    title=Text("補償の手当の所要額", "compensation arrangement: cover required"),
    cites="guidelines para 10.22",
    needs=STORED,
    outputs={**COLD, "compensation_required_hkd": Text("所要額", "cover required")},
)
def compensation_cover_required(law: Any, day: Any) -> Outputs:
    """A part of what is in cold storage and all of the rest, at the day's prices."""
    required = (
        day.client_va_cold_hkd * law.cover_cold + day.client_va_hot_or_other_hkd * law.cover_other
    )
    return {**cold_share(law, day), "compensation_required_hkd": required}


@rule(
    "hk.vatp.compensation_cover",
    title=Text("補償の手当の充足", "compensation arrangement: cover held"),
    cites="guidelines para 10.22",
    needs={"required_hkd": "HKD", "instruments": Series(INSTRUMENT)},
    outputs={
        "eligible_hkd": Text("算入できる額", "eligible cover"),
        "shortfall_hkd": Text("不足額", "shortfall"),
        "notify_sfc": Text("SFCへの通知を要する", "the SFC must be notified"),
        "refused": Text("算入しない手段と理由", "instruments that do not count, and why"),
    },
)
def compensation_cover(law: Any, day: Any) -> Outputs:
    """Insurance, money on trust on demand or fixed for a short time, and bank guarantees.

    `refused` is keyed by the instrument's place in the list, from 1.
    """
    instruments, longest = day.instruments, law.fixed_deposit_months
    if not instruments.computable:
        eligible = derive("Σ eligible amounts of {0}", None, "HKD", (instruments,))
        refused = derive("{0}", None, "table", (instruments,))
    else:
        judged = {str(n): _judge(i, longest) for n, i in enumerate(instruments.items(), 1)}
        eligible = total([amount for amount, _ in judged.values()], "HKD", "Σ eligible amounts")
        refused = table({n: why for n, (_, why) in judged.items() if why.value is not None})
    return {
        "eligible_hkd": eligible,
        "shortfall_hkd": not_negative(day.required_hkd - eligible),
        "notify_sfc": eligible < day.required_hkd,
        "refused": refused,
    }


def _judge(instrument: Figure, longest: Figure) -> tuple[Figure, Figure]:
    """What counts of an instrument, and why it does not: a code, "none" where it does."""
    kind = field_of(instrument, "kind", "code", "instruments")
    amount = field_of(instrument, "amount_hkd", "HKD", "instruments")
    if not kind.computable:
        return derive("{0}", None, "HKD", (kind,)), derive("{0}", None, "code", (kind,))
    if kind.value not in ACCEPTED:
        return amount * constant(0, "ratio"), derive("{0}", "kind_not_accepted", "code", (kind,))
    if kind.value != FIXED:
        return amount, derive("{0}", None, "code", (kind,))
    maturity = field_of(instrument, "maturity_months", "months", "instruments")
    short = maturity <= longest
    counted = apply(
        "{0} if {1}, else 0",
        "HKD",
        (amount, short),
        lambda: amount.number() if short.truth() else Fraction(0),
    )
    why = apply(
        "none if {0}",
        "code",
        (short,),
        lambda: None if short.truth() else "maturity_too_long",
    )
    return counted, why
