"""What a crypto-asset service provider must hold at all times: own funds, insurance, or both."""

from __future__ import annotations

from typing import Any

from sonae.core.calendar import add_months
from sonae.core.errors import UsageError
from sonae.core.figure import Figure, apply, constant, derive, missing
from sonae.core.formula import choose, largest, not_negative, total
from sonae.core.text import Text
from sonae.rulebook.rule import Outputs, Record, field_of, rule

MONTHS_A_YEAR = constant(12, "months/year")
DEDUCTIONS = (
    "profit_dependent_remuneration_eur",
    "profit_shares_eur",
    "discretionary_appropriations_eur",
    "non_recurring_expenses_eur",
)
FORMS = ("own_funds_eur", "eligible_insurance_eur")


@rule(
    "eu.mica.prudential_safeguards",
    title=Text("健全性確保のための備え", "prudential safeguards"),
    cites="mica 67(1)",
    needs={
        "class": "code",
        "fixed_overheads_eur": "EUR",
        "deductions_67_3_eur": "EUR",
        "deductions_67_3": Record(**dict.fromkeys(DEDUCTIONS, "EUR")),
        "services_began_on": "date",
        "projected_fixed_overheads_eur": "EUR",
        **dict.fromkeys(FORMS, "EUR"),
    },
    optional=(
        "deductions_67_3",
        "services_began_on",
        "projected_fixed_overheads_eur",
        *FORMS,
    ),
    outputs={
        "permanent_minimum_eur": Text("恒常的最低資本", "permanent minimum capital"),
        "fixed_overheads_eur": Text("固定的間接費（控除後）", "fixed overheads after deductions"),
        "overheads_part_eur": Text("固定的間接費の4分の1", "quarter of the fixed overheads"),
        "requirement_eur": Text("備えるべき額", "safeguards required"),
        "held_eur": Text("自己資金・保険等の合計", "own funds and insurance held"),
        "shortfall_eur": Text("不足額", "shortfall"),
        "test": Text("判定", "test"),
    },
)
def prudential_safeguards(law: Any, day: Any) -> Outputs:
    """The higher of the class's minimum and the stated part of the preceding year's overheads.

    What is held may be own funds, eligible insurance or both; a form that is not given is not
    used. `fixed_overheads_eur` is the total of expenses before the deductions of Article 67(3).
    """
    minimum = _minimum(law.permanent_minimum, getattr(day, "class"))
    overheads = _overheads(law, day)
    part = overheads * law.overheads_fraction
    required = largest(minimum, part)
    outputs = {
        "permanent_minimum_eur": minimum,
        "fixed_overheads_eur": overheads,
        "overheads_part_eur": part,
        "requirement_eur": required,
    }
    forms = [getattr(day, form) for form in FORMS if day.given(form)]
    if forms:
        held = total(forms, "EUR")
        outputs["held_eur"] = held
        outputs["shortfall_eur"] = not_negative(required - held)
        outputs["test"] = choose(held >= required, "pass", "fail")
    return outputs


def _minimum(minimums: Figure, class_: Figure) -> Figure:
    if not (minimums.computable and class_.computable):
        return derive("permanent minimum, row {1}", None, "EUR", (minimums, class_))
    if class_.value not in minimums.rows():
        raise UsageError(f"class {class_.value!r} is none of {', '.join(minimums.rows())}")
    found = minimums.rows()[str(class_.value)]
    return derive("permanent minimum, row {0}", found.value, "EUR", (found, class_))


def _overheads(law: Any, day: Any) -> Figure:
    """Projected in the first year of business; else total expenses less the deductions."""
    projected: Figure = day.projected_fixed_overheads_eur
    if day.given("services_began_on"):
        began, period = day.services_began_on, law.first_period * MONTHS_A_YEAR
        young = apply(
            "less than {1} months since {0}",
            "truth",
            (began, period),
            lambda: law.on < add_months(began.value, int(period.number()), keep_end=False),
        )
        if not young.computable:
            return derive("{0}", None, "EUR", (young,))
        if young.truth():
            return derive("{0}, as {1}", projected.value, "EUR", (projected, young))
    elif day.given("projected_fixed_overheads_eur") and not day.given("fixed_overheads_eur"):
        return projected
    expenses: Figure = day.fixed_overheads_eur
    return expenses - _deductions(day)


def _deductions(day: Any) -> Figure:
    """The four items of Article 67(3), or their sum as one amount; both must agree."""
    one: Figure = day.deductions_67_3_eur
    if not day.given("deductions_67_3"):
        return one
    items = day.deductions_67_3
    summed = total([field_of(items, k, "EUR", "deductions_67_3") for k in DEDUCTIONS], "EUR")
    known = day.given("deductions_67_3_eur") and summed.computable and one.computable
    if known and one.number() != summed.number():
        reason = Text(
            "控除額の合計と内訳が一致しない",
            "deductions_67_3_eur differs from the sum of its items",
        )
        return missing("deductions_67_3_eur", reason, "EUR")
    return summed
