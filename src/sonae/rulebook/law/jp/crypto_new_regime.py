"""The reserve of Act No. 64 of 2026: promulgated, and its amount not fixed by any text read.

What is reported of the regime to come is data with a standing and a confidence of its own; what is
not known is left out by name.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sonae.core.errors import UsageError
from sonae.core.figure import derive, missing
from sonae.core.text import Text
from sonae.rulebook.rule import Outputs, rule


@rule(
    "jp.crypto.liability_reserve",
    title=Text("責任準備金（令和8年法律第64号）", "liability reserve (Act No. 64 of 2026)"),
    cites="act64 責任準備金",
    needs={},
    outputs={
        "required_jpy": Text("所要額", "required reserve"),
        "in_force_latest": Text("施行期限", "in force at the latest"),
    },
    standing="enacted",
)
def liability_reserve(law: Any, day: Any) -> Outputs:
    """Not computable: rate, base, cap and insurance share wait for a Cabinet Office Order."""
    reason = Text(
        "率・算定基礎・上限・保険充当割合を定める内閣府令が公布されていない",
        "no Cabinet Office Order fixes rate, base, cap and insurance share",
    )
    unknown = missing("cabinet_office_order", reason, "JPY", cites=(law.cite("act64 責任準備金"),))
    act = law.in_force_latest
    return {
        "required_jpy": derive("{0}", None, "JPY", (unknown if act.computable else act,)),
        "in_force_latest": law.in_force_latest,
    }


NO_DAY = "not_set"


@rule(
    "jp.crypto.reserve_duty",
    title=Text("責任準備金の積立義務の施行", "whether the reserve duty is in force"),
    cites="act64 責任準備金",
    needs={},
    outputs={"in_force": Text("積立義務が施行されているか", "reserve duty in force")},
)
def reserve_duty(law: Any, day: Any) -> Outputs:
    """No while no Cabinet Order has set the day; not computable once the Act must have begun.

    A draft may set the day: `jp.crypto.new_regime/reserve_duty_from` with a date as its value.
    """
    stated, latest = law.reserve_duty_from, law.in_force_latest
    if not stated.computable:
        in_force = derive("{0}", None, "truth", (stated,))
    elif stated.value != NO_DAY:
        in_force = derive("{0} has come", _day(stated.value) <= law.on, "truth", (stated,))
    elif latest.computable and law.on >= _day(latest.value):
        reason = Text(
            f"施行期限（{latest.value}）に達したが、積立義務の施行日が登録されていない",
            f"the Act is in force by {latest.value} at the latest, but no day is recorded here",
        )
        unknown = missing("jp.crypto.new_regime/reserve_duty_from", reason, "truth")
        in_force = derive("{0}", None, "truth", (unknown, stated, latest))
    else:
        in_force = derive("a day is set in {0}", False, "truth", (stated,))
    return {"in_force": in_force}


def _day(stated: Any) -> date:
    try:
        return date.fromisoformat(stated)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{stated!r} is neither {NO_DAY!r} nor a day (YYYY-MM-DD)") from error


REPORTED = {
    "reserve_duty": Text("責任準備金の積立義務", "duty to set aside a reserve"),
    "planned_minimum_capital": Text("資本金の最低額（予定）", "minimum capital, planned"),
    "planned_capital_ratio": Text("自己資本規制比率（予定）", "capital adequacy ratio, planned"),
    "scope_cold_wallets": Text("対象", "scope"),
    "calibration_low": Text("水準の参考（低い方）", "calibration, from"),
    "calibration_high": Text("水準の参考（高い方）", "calibration, to"),
    "insurance_may_meet_part": Text("保険による充当", "met by insurance"),
    "use_for_outflow_without_approval": Text(
        "不正流出への使用（個別承認なし）", "use for outflow without individual approval"
    ),
    "administrator": Text("弁護士等の管理人", "administrator"),
    "vendor_prior_notification": Text(
        "鍵管理システム等の提供者の事前届出", "prior notification of key-system vendors"
    ),
    "unregistered_business_imprisonment": Text(
        "無登録営業の罰則（拘禁刑の上限、年）", "unregistered business: imprisonment up to, years"
    ),
    "unregistered_business_fine": Text(
        "無登録営業の罰則（罰金の上限）", "unregistered business: fine up to"
    ),
    "disclosure_in_force_from": Text(
        "情報公表に係る部分の施行日", "disclosure parts in force from"
    ),
    "in_force_latest": Text("主要部分の施行期限", "main part in force at the latest"),
    "further_part_in_force_from": Text("附則第1条第6号の部分の施行日", "a further part from"),
}


@rule(
    "jp.crypto.new_regime",
    title=Text("新制度について知られていること", "what is known of the new regime"),
    cites="act64 責任準備金",
    needs={},
    outputs=REPORTED,
)
def new_regime(law: Any, day: Any) -> Outputs:
    """Each reported element as it stands: in force, enacted or proposed, and how well it is known.

    None of them is a requirement; `jp.crypto.liability_reserve` stays not computable.
    """
    return {key: getattr(law, key) for key in REPORTED}
