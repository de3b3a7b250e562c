"""Insurance, mutual aid or a reserve against hacking and system accidents."""

from __future__ import annotations

from typing import Any

from sonae.core.errors import UsageError
from sonae.core.figure import Figure, derive
from sonae.core.formula import choose, largest, not_negative, total
from sonae.core.text import Text
from sonae.rulebook.rule import Outputs, rule

MEANS = ("insurance_krw", "mutual_aid_krw", "reserve_krw")


@rule(
    "kr.vaupa.cover_required",
    title=Text("保険・共済・準備金の所要額", "insurance, mutual aid or reserve required"),
    cites="act 8",
    needs={
        "non_cold_economic_value_krw": "KRW",
        "type": "code",
        **dict.fromkeys(MEANS, "KRW"),
    },
    optional=MEANS,
    outputs={
        "by_rate_krw": Text("率による額", "by the rate"),
        "minimum_krw": Text("最低額", "minimum"),
        "required_cover_krw": Text("所要額", "cover required"),
        "held_krw": Text("保険・共済・準備金の合計", "insurance, mutual aid and reserve"),
        "shortfall_krw": Text("不足額", "shortfall"),
        "test": Text("判定", "test"),
    },
)
def cover_required(law: Any, day: Any) -> Outputs:
    """The stated part of the economic value that is not offline, at least the type's minimum.

    Means that are not given are not used.
    """
    by_rate = day.non_cold_economic_value_krw * law.cover_rate
    minimum = _minimum(law.minimum_by_type, day.type)
    required = largest(by_rate, minimum)
    outputs = {"by_rate_krw": by_rate, "minimum_krw": minimum, "required_cover_krw": required}
    means = [getattr(day, key) for key in MEANS if day.given(key)]
    if means:
        held = total(means, "KRW")
        outputs["held_krw"] = held
        outputs["shortfall_krw"] = not_negative(required - held)
        outputs["test"] = choose(held >= required, "pass", "fail")
    return outputs


def _minimum(minimums: Figure, type_: Figure) -> Figure:
    if not (minimums.computable and type_.computable):
        return derive("minimum, row {1}", None, "KRW", (minimums, type_))
    if type_.value not in minimums.rows():
        raise UsageError(f"type {type_.value!r} is none of {', '.join(minimums.rows())}")
    found = minimums.rows()[str(type_.value)]
    return derive("minimum, row {0}", found.value, "KRW", (found, type_))
