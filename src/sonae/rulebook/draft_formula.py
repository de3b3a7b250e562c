"""What a draft would require: components, bracket, rounding, phase-in, what insurance may meet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from sonae.core.amount import ceil_to, floor_to
from sonae.core.figure import Figure, Range, Value, apply, bounds, constant
from sonae.core.formula import largest, not_negative, smallest, total
from sonae.core.text import Text
from sonae.rulebook.law.jp.securities_reserve import accumulate
from sonae.rulebook.parameter import Parameter
from sonae.rulebook.rule import Need, Outputs, RuleFunction, Series

BASES = {
    "custody_value": Text("利用者の暗号資産の評価額", "value of customers' crypto-assets"),
    "custody_value_cold": Text("コールドで管理する評価額", "value kept in cold storage"),
    "custody_value_not_cold": Text("コールド以外で管理する評価額", "value outside cold storage"),
    "largest_signing_domain": Text("最大の署名領域の評価額", "value of the largest signing domain"),
    "traded_value": Text("暗号資産の売買等の額", "traded value of crypto-assets"),
    "loss_history": Text("過去の事故による損失額", "losses from past incidents"),
}
FACTS = {
    "custody_value": "customer_crypto_jpy",
    "custody_value_cold": "customer_crypto_cold_jpy",
    "custody_value_not_cold": "customer_crypto_not_cold_jpy",
    "largest_signing_domain": "largest_signing_domain_jpy",
    "traded_value": "crypto_traded_value_by_fy",
    "loss_history": "incident_losses_jpy",
}
YEARS = 3
"""Fiscal years of Article 175(1): the current one and those begun within two years before it."""
OUTPUTS = {
    "rate": Text("率", "rate"),
    "window": Text("比べる事業年度の数", "fiscal years compared"),
    "accrual": Text("当年度の積立額", "accrual of the year"),
    "full_level": Text("満額（最高年度の取引額による）", "full level, by the best year"),
    "exempt": Text("適用除外", "exempt"),
    "without_bracket": Text("下限・上限なしの所要額", "required, without the bracket"),
    "with_bracket": Text("下限・上限ありの所要額", "required, with the bracket"),
    "insurance_at_most": Text("保険で充当できる上限", "part that insurance may meet"),
    "in_cash": Text("保険を上限まで充当した後の所要額", "required after insurance at its limit"),
    "required": Text("所要額", "required reserve"),
}
Parameters = Callable[[str], Figure]


def needs(merged: Mapping[str, Any]) -> tuple[Need, ...]:
    """The facts a version reads."""
    found: dict[str, Need] = {}
    parts = [*merged.get("component", []), *merged.get("exemptions", [])]
    for part in parts:
        key = FACTS[part["base"]]
        found[key] = Need(key, Series("JPY") if part["base"] == "traded_value" else "JPY", True)
        if part.get("rate_from") == "loss":
            found["loss_in_question_jpy"] = Need("loss_in_question_jpy", "JPY", True)
        if part["base"] == "traded_value":
            for item in ("opening_reserve", "used_for_incidents"):
                found[item] = Need(item, "JPY", True)
    return tuple(found.values())


def formula(merged: Mapping[str, Any], parameters: Mapping[str, Parameter]) -> RuleFunction:
    """The formula of a version as a rule's function."""

    def compute(law: Any, day: Any) -> Outputs:
        def stated(key: str) -> Figure:
            return parameters[key].as_figure(parameters[key].values[0], law.on)

        outputs: dict[str, Figure] = {}
        components = merged.get("component", [])
        parts = [_component(n, part, stated, day, outputs) for n, part in enumerate(components)]
        gross = _combined(merged, parts)
        outputs["without_bracket"] = required = gross
        if "floor" in parameters:
            required = smallest(largest(gross, stated("floor")), stated("cap"))
            outputs["with_bracket"] = required
        required = _rounded(merged, stated, _phased(merged, stated, law.on, required))
        required = _exempted(merged, stated, day, required, outputs)
        if "insurance_share" in parameters:
            outputs["insurance_at_most"] = required * stated("insurance_share")
            outputs["in_cash"] = _in_cash(required, stated("insurance_share"))
        outputs["required"] = required
        return outputs

    return compute


def _in_cash(required: Figure, share: Figure) -> Figure:
    """What insurance may not meet: a share of the same number, also where that is a range."""

    def compute() -> Value:
        ends = [end * (1 - share.number()) for end in bounds(required)]
        return ends[0] if len(ends) == 1 else Range(*ends)

    return apply("{0} × (1 - {1})", "JPY", (required, share), compute)


def _combined(merged: Mapping[str, Any], parts: Sequence[Figure]) -> Figure:
    if len(parts) == 1:
        return parts[0]
    return largest(*parts) if merged.get("combine") == "max" else total(parts, "JPY")


def _component(
    n: int, part: Mapping[str, Any], stated: Parameters, day: Any, outputs: dict[str, Figure]
) -> Figure:
    if part["base"] == "traded_value":
        return _traded(n, part, stated, day, outputs)
    base: Figure = getattr(day, FACTS[part["base"]])
    if part.get("rate_from") == "loss":
        outputs["rate"] = day.loss_in_question_jpy / base
        return base * outputs["rate"]
    if "bands" in part:
        return _banded(n, part["bands"], stated, base)
    return base * stated(f"rate_{n}")


def _banded(n: int, bands: Sequence[Any], stated: Parameters, base: Figure) -> Figure:
    """Each part of the base at the rate of its band."""
    parts, below = [], constant(0, "JPY")
    for m, band in enumerate(bands):
        top = smallest(base, stated(f"up_to_{n}_{m}")) if "up_to" in band else base
        parts.append(not_negative(top - below) * stated(f"rate_{n}_{m}"))
        below = stated(f"up_to_{n}_{m}") if "up_to" in band else below
    return total(parts, "JPY")


def _traded(
    n: int, part: Mapping[str, Any], stated: Parameters, day: Any, outputs: dict[str, Figure]
) -> Figure:
    """Article 175's shape on one base: a yearly accrual up to the best year's cap.

    The level that is required is not lowered by what was used: that must be refilled.
    """
    volumes = day.crypto_traded_value_by_fy
    years: tuple[Mapping[str, Figure], ...] = ()
    window = part.get("window", YEARS)
    if "window" in part:
        outputs["window"] = stated(f"window_{n}")
    if volumes.computable:
        years = tuple({"traded_value": item} for item in volumes.items()[-window:])

    def at(used: Figure) -> Outputs:
        rates, caps = ({"traded_value": stated(f"{k}_{n}")} for k in ("rate", "cap_rate"))
        return accumulate(rates, caps, years, volumes, day.opening_reserve, used)

    result = at(day.used_for_incidents)
    outputs["accrual"] = result["accrual"]
    outputs["full_level"] = result["cap_sum"]
    return at(constant(0, "JPY"))["closing_before_release"]


def _rounded(merged: Mapping[str, Any], stated: Parameters, required: Figure) -> Figure:
    if "rounding" not in merged:
        return required
    step = stated("rounding")
    turn = ceil_to if merged["rounding"].get("mode") == "up" else floor_to

    def compute() -> Fraction | Range:
        ends = [turn(end, step.number()) for end in bounds(required)]
        return ends[0] if len(ends) == 1 else Range(*ends)

    words = "up" if turn is ceil_to else "down"
    return apply(f"{{0}} rounded {words} to {{1}}", "JPY", (required, step), compute)


def _phased(merged: Mapping[str, Any], stated: Parameters, on: Any, required: Figure) -> Figure:
    """The share in force on the day; before the first date nothing is phased in yet."""
    phases = [n for n, p in enumerate(merged.get("phase_in", [])) if p["from"] <= on]
    if not merged.get("phase_in"):
        return required
    return required * (stated(f"phase_{phases[-1]}") if phases else constant(0, "ratio"))


def _exempted(
    merged: Mapping[str, Any],
    stated: Parameters,
    day: Any,
    required: Figure,
    outputs: dict[str, Figure],
) -> Figure:
    """Nothing while any exemption applies."""
    for n, exemption in enumerate(merged.get("exemptions", [])):
        base: Figure = getattr(day, FACTS[exemption["base"]])
        test = outputs["exempt"] = base < stated(f"exempt_{n}")
        required = _unless(test, required)
    return required


def _unless(test: Figure, required: Figure) -> Figure:
    def compute() -> Value:
        return Fraction(0) if test.truth() else required.value

    return apply("0 if {1} else {0}", "JPY", (required, test), compute)
