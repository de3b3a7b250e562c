"""How the reserve is booked, and what that does to net assets, distributable profit and capital.

A reserve of a special law (特別法上の準備金) needs a statute in force; before that the same
money is a voluntary reserve (任意積立金) or, where its criteria are met, a provision (引当金).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from sonae.core.figure import Figure, apply, constant
from sonae.core.formula import choose
from sonae.core.text import Text
from sonae.rulebook.rule import Outputs, known_code, rule

SPECIAL = "special_law_reserve"


@rule(
    "jp.reserve.booking",
    title=Text("準備金の計上とその影響", "booking the reserve, and what it changes"),
    cites="psa_order 9(1)",
    needs={
        "amount_jpy": "JPY",
        "choice": "code",
        "statute_in_force": "truth",
        "net_assets_jpy": "JPY",
        "net_assets_required_jpy": "JPY",
        "distributable_jpy": "JPY",
        "basic_items_jpy": "JPY",
        "deductions_jpy": "JPY",
        "risk_jpy": "JPY",
        "reserve_before_jpy": "JPY",
    },
    optional=(
        "distributable_jpy",
        "basic_items_jpy",
        "deductions_jpy",
        "risk_jpy",
        "reserve_before_jpy",
    ),
    outputs={
        "reserve_class": Text("会計上の区分", "booked as"),
        "net_assets_after_jpy": Text("計上後の純資産", "net assets after"),
        "net_assets_test_before": Text("純資産の判定（計上前）", "test of net assets before"),
        "net_assets_test_after": Text("純資産の判定（計上後）", "test of net assets after"),
        "distributable_after_jpy": Text("計上後の分配可能額", "distributable profit after"),
        "capital_ratio_before": Text("自己資本規制比率（計上前、試算）", "capital ratio before"),
        "capital_ratio_after": Text("自己資本規制比率（計上後、試算）", "capital ratio after"),
        "ifrs_recognised": Text("IFRSでの負債計上", "recognised under IFRS"),
        "tax_deductible": Text("損金算入", "deductible for tax"),
    },
)
def booking(law: Any, day: Any) -> Outputs:
    """Set aside (or, below zero, released): the class, then each figure before and after.

    Whether the statute is in force is `jp.crypto.reserve_duty`.

    The crypto order's net-asset test leaves no reserve out of liabilities. The capital ratio
    follows the securities precedent, where the reserve counts as a supplementary item, up to
    basic items.
    """
    known_code(day.choice, ("voluntary_reserve", "provision"))
    duty, choice = day.statute_in_force, day.choice
    booked = apply(
        f"{SPECIAL} where {{0}}, else {{1}}",
        "code",
        (duty, choice),
        lambda: SPECIAL if duty.truth() else str(choice.value),
    )
    lowering = law.lowers_net_assets
    after = apply(
        "{0} - {1}, where {2} is a liability",
        "JPY",
        (day.net_assets_jpy, day.amount_jpy, booked, lowering),
        lambda: (
            day.net_assets_jpy.number()
            - (day.amount_jpy.number() if booked.value in lowering.rows() else 0)
        ),
    )
    required = day.net_assets_required_jpy
    return {
        "reserve_class": booked,
        "net_assets_after_jpy": after,
        "net_assets_test_before": choose(day.net_assets_jpy >= required, "pass", "fail"),
        "net_assets_test_after": choose(after >= required, "pass", "fail"),
        "distributable_after_jpy": apply(
            "{0} - {1}, a voluntary reserve being {2}",
            "JPY",
            (day.distributable_jpy, day.amount_jpy, law.distributable_after_voluntary),
            lambda: day.distributable_jpy.number() - day.amount_jpy.number(),
        ),
        "capital_ratio_before": _ratio(day, booked, constant(0, "JPY")),
        "capital_ratio_after": _ratio(day, booked, day.amount_jpy),
        "ifrs_recognised": law.ifrs_recognised,
        "tax_deductible": law.tax_deductible,
    }


def _ratio(day: Any, booked: Figure, amount: Figure) -> Figure:
    """Basic items, the reserve of a special law up to them, less deductions, over risk.

    Setting `amount` aside takes it out of basic items, where a voluntary reserve stays.
    """

    def counted() -> Fraction:
        aside = Fraction(0) if booked.value == "voluntary_reserve" else amount.number()
        basic = day.basic_items_jpy.number() - aside
        reserve = day.reserve_before_jpy.number() + amount.number()
        return Fraction(basic + min(reserve, max(basic, 0)) if booked.value == SPECIAL else basic)

    inputs = (day.basic_items_jpy, day.reserve_before_jpy, amount, booked)
    formula = "basic items {0} with the reserve {1} + {2} as a {3}"
    unfixed: Figure = apply(formula, "JPY", inputs, counted) - day.deductions_jpy
    ratio: Figure = unfixed / day.risk_jpy
    return ratio
