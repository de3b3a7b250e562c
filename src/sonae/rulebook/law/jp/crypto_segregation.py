"""Customers' crypto kept apart in kind, the buffer of own coins, reconciliation and audit."""

from __future__ import annotations

from typing import Any

from sonae.core.calendar import add_months
from sonae.core.figure import Figure, apply, derive, missing
from sonae.core.formula import all_of, choose, not_negative, table
from sonae.core.text import Text
from sonae.rulebook.rule import Each, Outputs, Record, field_of, rule


@rule(
    "jp.crypto.segregation",
    title=Text("利用者の暗号資産の分別管理（種類別）", "segregation of customers' crypto, in kind"),
    cites="psa 63-11(2)",
    needs={"positions": Each(Record(owed_qty="coin", held_qty="coin", split="truth"))},
    outputs={
        "break_qty": Text("過不足（種類別）", "held less owed, by kind"),
        "shortage_qty": Text("不足数量（種類別）", "shortage, by kind"),
        "excess_qty": Text("超過数量（種類別）", "excess, by kind"),
        "test": Text("判定", "test"),
    },
)
def segregation(_law: Any, day: Any) -> Outputs:
    """For each kind, what is kept for customers is not below what is owed to them.

    In kind: an excess of one coin does not make up for a shortage of another. Own coins mixed in
    belong to the buffer rule and are not held for customers. A published total without a split has
    no kinds.
    """
    positions = day.positions
    if not positions.computable:
        gap = derive("held_qty - owed_qty", None, "table", (positions,))
        test = derive("{0}", None, "code", (positions,))
        return {"break_qty": gap, "shortage_qty": gap, "excess_qty": gap, "test": test}
    owed = {k: _quantity(k, row, "owed_qty") for k, row in positions.rows().items()}
    held = {k: _quantity(k, row, "held_qty") for k, row in positions.rows().items()}
    covered = all_of(*(held[k] >= owed[k] for k in owed))
    return {
        "break_qty": table({k: held[k] - owed[k] for k in owed}),
        "shortage_qty": table({k: not_negative(owed[k] - held[k]) for k in owed}),
        "excess_qty": table({k: not_negative(held[k] - owed[k]) for k in owed}),
        "test": choose(covered, "pass", "fail"),
    }


def _quantity(coin: str, row: Figure, key: str) -> Figure:
    split = row.rows().get("split")
    if split is not None and split.computable and not split.truth():
        reason = Text(
            f"{coin}は種類別の内訳が公表されていない総額である",
            f"{coin} is a published total without a coin split",
        )
        return missing(f"positions.{coin}.split", reason, "coin")
    return field_of(row, key, "coin", f"positions.{coin}")


@rule(
    "jp.crypto.buffer",
    title=Text("自己の暗号資産の混同の限度", "own coins mixed with customers', up to a limit"),
    cites="gl II-2-2-3-2(3)③(注)",
    needs={"buffer_qty": "coin", "buffer_limit_qty": "coin"},
    outputs={
        "excess_qty": Text("限度を超える混同", "mixed beyond the limit"),
        "room_qty": Text("限度までの残り", "room up to the limit"),
        "test": Text("判定", "test"),
    },
)
def buffer(_law: Any, day: Any) -> Outputs:
    """Own coins of the same kind may be mixed in up to the quantity fixed in the firm's rules.

    For one coin. The limit is the firm's own and so a fact. An excess has a clock of its own
    (`jp.crypto.cure_deadline`, buffer_excess).
    """
    mixed, limit = day.buffer_qty, day.buffer_limit_qty
    return {
        "excess_qty": not_negative(mixed - limit),
        "room_qty": not_negative(limit - mixed),
        "test": choose(mixed <= limit, "pass", "fail"),
    }


@rule(
    "jp.crypto.reconciliation_due",
    title=Text("帳簿残高とブロックチェーン上の有高の照合", "reconciliation with the chain due"),
    cites="gl II-2-2-3-2(3)④",
    needs={"last_reconciled_on": "date"},
    outputs={"due": Text("期限", "due")},
)
def reconciliation_due(law: Any, day: Any) -> Outputs:
    """Every business day, so by the business day after the last reconciliation."""
    last, every, calendar = (
        day.last_reconciled_on,
        law.reconcile_business_days,
        law.calendars["jp.bank"],
    )
    due = apply(
        "{1} business day after {0}, by the bank calendar",
        "date",
        (last, every),
        lambda: calendar.add(last.value, int(every.number())),
        cites=every.cites,
    )
    return {"due": due}


@rule(
    "jp.crypto.segregation_audit_due",
    title=Text("分別管理監査", "segregation audit due"),
    cites="order 28(1)",
    needs={"last_audit_base_date": "date"},
    outputs={"next_base_date": Text("次の基準日の期限", "next base date at the latest")},
)
def segregation_audit_due(law: Any, day: Any) -> Outputs:
    """At least once a year: the next base date not later than so many months after the last.

    Guarantee assets have an audit of the same kind (Order Article 30). When its report is due is
    `jp.crypto.audit_report_due`.
    """
    last, months = day.last_audit_base_date, law.audit_every_months
    due = apply(
        "{0} + {1} months",
        "date",
        (last, months),
        lambda: add_months(last.value, int(months.number())),
        cites=months.cites,
    )
    return {"next_base_date": due}
