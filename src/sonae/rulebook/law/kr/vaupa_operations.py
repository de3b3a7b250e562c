"""How long records are kept, and how long a withdrawal may be held against fraud."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sonae.core.calendar import add_months
from sonae.core.errors import UsageError
from sonae.core.figure import apply, constant
from sonae.core.text import Text
from sonae.rulebook.rule import Outputs, rule

MONTHS_A_YEAR = constant(12, "months/year")


@rule(
    "kr.vaupa.records_until",
    title=Text("取引記録の保存期限", "records to be kept until"),
    cites="act 9(1)",
    needs={"relationship_ended_on": "date"},
    outputs={"keep_until": Text("保存期限", "keep until")},
)
def records_until(law: Any, day: Any) -> Outputs:
    """So many years from the end of the business relationship."""
    ended, months = day.relationship_ended_on, law.record_years * MONTHS_A_YEAR
    until = apply(
        "{0} + {1} months",
        "date",
        (ended, months),
        lambda: add_months(ended.value, int(months.number())),
    )
    return {"keep_until": until}


@rule(
    "kr.vaupa.withdrawal_block_hold",
    title=Text("詐欺防止のための出庫停止", "hold on withdrawals against fraud"),
    cites="decree 17(v)",
    needs={"deposited_at": "code"},
    outputs={
        "longest_hours": Text("停止の上限（時間）", "longest hold, in hours"),
        "release_by": Text("停止の終期", "release by"),
        "report_to_fsc": Text("金融委員会への報告", "report to the FSC"),
    },
)
def withdrawal_block_hold(law: Any, day: Any) -> Outputs:
    """So many hours from the deposit, under the firm's terms; `deposited_at` is an ISO time."""
    deposited, hours = day.deposited_at, law.fraud_hold_hours
    release = apply(
        "{0} + {1} hours",
        "code",
        (deposited, hours),
        lambda: (_time(deposited.value) + timedelta(hours=int(hours.number()))).isoformat(),
    )
    return {
        "longest_hours": hours,
        "release_by": release,
        "report_to_fsc": law.block_report,
    }


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"deposited_at {text!r} is not a time such as 2026-11-20T09:00") from error
