"""Japanese proceedings: who acts and who pays, how a claim is valued and treated, look-back."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sonae.core.calendar import add_months
from sonae.core.errors import UsageError
from sonae.core.figure import Figure, apply, constant, missing
from sonae.core.formula import all_of, choose
from sonae.core.text import Text
from sonae.rulebook.rule import Outputs, known_code, rule

RETURN = "return_administration"
PROCEEDINGS = (
    "preservation_order",
    "rehabilitation",
    "rehabilitation_trustee",
    "bankruptcy",
    "special_liquidation",
    "reorganisation",
    "foreign_main",
    RETURN,
)
STATES = ("filed", "self_acknowledged", "unfiled", "late", "admitted", "objected")
GROUNDS = ("preference", "no_obligation", "gratuitous")


@rule(
    "estate.jp.proceeding",
    title=Text("手続の権限・停止・順位", "powers, stay and ranking of a proceeding"),
    cites="practice 手続",
    needs={"proceeding": "code"},
    outputs={
        "administrator": Text("暗号資産を扱う者", "who acts on the coins"),
        "priority_right": Text("利用者の優先権", "the customers' priority right"),
        "stay": Text("権利行使の停止", "stay"),
        "court_permission": Text("許可・同意を要する行為", "acts that need permission"),
        "valuation": Text("評価の時", "valued on"),
        "unfiled": Text("届出のない債権", "a claim not filed"),
        "self_acknowledged": Text("自認債権", "a self-acknowledged claim"),
    },
)
def proceeding(law: Any, day: Any) -> Outputs:
    """What each proceeding says; what was not read or is not known is said to be missing."""
    known_code(day.proceeding, PROCEEDINGS)
    names = (
        "administrator",
        "priority_right",
        "stay",
        "court_permission",
        "valuation",
        "unfiled",
        "self_acknowledged",
    )
    return {name: _of(law, name, day.proceeding) for name in names}


@rule(
    "estate.jp.payers",
    title=Text("支払う者（金銭と暗号資産）", "who pays: money and coins"),
    cites="order 26(1)(xi)",
    needs={"proceeding": "code", "trigger_event": "truth"},
    outputs={
        "cash_payer": Text("金銭信託を支払う者", "who pays the cash trust"),
        "coin_payer": Text("暗号資産を返す者", "who returns the coins"),
    },
)
def payers(law: Any, day: Any) -> Outputs:
    """After a trigger event the beneficiaries' agent alone acts on the cash trust.

    The trust stands outside the estate, so coins and money have two payers.
    """
    known_code(day.proceeding, PROCEEDINGS)
    return {
        "cash_payer": choose(day.trigger_event, "beneficiaries_agent", "firm"),
        "coin_payer": _of(law, "administrator", day.proceeding),
    }


@rule(
    "estate.jp.claim_value",
    title=Text("金銭でない債権の評価額", "value of a claim not for money"),
    cites="bankruptcy 103(2)(i)イ",
    needs={"proceeding": "code", "quantity": "coin", "price_at_commencement_jpy": "JPY/coin"},
    outputs={
        "claim_jpy": Text("債権額", "claim"),
        "valuation": Text("評価の時", "valued on"),
    },
)
def claim_value(law: Any, day: Any) -> Outputs:
    """Quantity x price at commencement, where the proceeding values at commencement."""
    known_code(day.proceeding, PROCEEDINGS)
    when = _of(law, "valuation", day.proceeding)
    worth = day.quantity * day.price_at_commencement_jpy
    return {
        "claim_jpy": apply("{0}, valued on {1}", "JPY", (worth, when), lambda: worth.value),
        "valuation": when,
    }


@rule(
    "estate.jp.claim_standing",
    title=Text("債権の状態と配当", "what a claim's state means for dividends"),
    cites="practice 届出",
    needs={"proceeding": "code", "state": "code"},
    outputs={"treatment": Text("取扱い", "treatment")},
)
def claim_standing(law: Any, day: Any) -> Outputs:
    """Admitted: pays. Filed or objected: reserved. Unfiled: as the proceeding says.

    A late claim is reserved until the court decides whether it is let in (house rule).
    """
    known_code(day.proceeding, PROCEEDINGS)
    state = known_code(day.state, STATES)
    both = (day.proceeding, day.state)
    if state == "unfiled":
        return {"treatment": _of(law, "unfiled", day.proceeding)}
    if state == "self_acknowledged":
        return {"treatment": _of(law, "self_acknowledged", day.proceeding)}
    said = "takes_part" if state == "admitted" else "reserved"
    return {"treatment": apply(f"{said} for {{1}}", "code", both, lambda: said)}


@rule(
    "estate.jp.small_dividend",
    title=Text("少額の配当", "a small dividend"),
    cites="practice 少額配当",
    needs={"dividend_jpy": "JPY", "wish_stated": "truth"},
    outputs={
        "payable_jpy": Text("支払う額", "payable"),
        "kept_jpy": Text("支払われない額", "not paid"),
    },
)
def small_dividend(law: Any, day: Any) -> Outputs:
    """Below the threshold a dividend is paid only if the filing says that it is wanted."""
    small = day.dividend_jpy < law.small_dividend

    def payable() -> Any:
        kept = small.truth() and not day.wish_stated.truth()
        return constant(0, "JPY").value if kept else day.dividend_jpy.value

    inputs = (day.dividend_jpy, small, day.wish_stated)
    paid = apply("{0}, none if {1} and not {2}", "JPY", inputs, payable)
    return {"payable_jpy": paid, "kept_jpy": day.dividend_jpy - paid}


@rule(
    "estate.jp.small_claim",
    title=Text("少額債権の早期弁済", "early payment of a small claim"),
    cites="rehabilitation 85(5)",
    needs={"claim_jpy": "JPY", "permitted_jpy": "JPY", "permitted": "truth"},
    outputs={"early": Text("早期に弁済できるか", "may be paid early")},
)
def small_claim(_law: Any, day: Any) -> Outputs:
    """With the court's permission, a claim up to the amount that the court permitted."""
    return {"early": all_of(day.permitted, day.claim_jpy <= day.permitted_jpy)}


@rule(
    "estate.jp.look_back",
    title=Text("否認の対象期間", "look-back period of avoidance"),
    cites="practice 否認",
    needs={
        "proceeding": "code",
        "ground": "code",
        "act_on": "date",
        "petition_on": "date",
        "inability_on": "date",
        "suspension_on": "date",
        "rests_on_suspension": "truth",
    },
    optional=("inability_on", "suspension_on", "rests_on_suspension"),
    outputs={
        "knows_avoidance": Text("否認権のある手続か", "the proceeding knows avoidance"),
        "from": Text("対象期間の初日", "first day of the period"),
        "within": Text("対象期間内か", "within the period"),
        "barred": Text("一年の制限にかかるか", "barred by the one-year limit"),
    },
)
def look_back(law: Any, day: Any) -> Outputs:
    """By ground: preference, no obligation, gratuitous; then the limit of one year.

    A preference lies after inability to pay or the petition, whichever is earlier; an act without
    obligation up to 30 days before inability; a gratuitous act up to six months before suspension.
    The act's other conditions, such as what the recipient knew, are for the administrator.
    """
    known_code(day.proceeding, PROCEEDINGS)
    known_code(day.ground, GROUNDS)
    start = _start(law, day)
    return {
        "knows_avoidance": _of(law, "avoidance", day.proceeding),
        "from": start,
        "within": apply(
            "{0} is not before {1}",
            "truth",
            (day.act_on, start),
            lambda: day.act_on.value >= start.value,
        ),
        "barred": _barred(law, day),
    }


def _start(law: Any, day: Any) -> Figure:
    if not day.ground.computable:
        return apply("by {0}", "date", (day.ground,), lambda: None)
    if day.ground.value == "gratuitous":
        back = law.gratuitous_months
        return apply(
            "{1} months before {0}",
            "date",
            (day.suspension_on, back),
            lambda: add_months(_day(day.suspension_on), -int(back.number())),
        )
    if day.ground.value == "no_obligation":
        back = law.no_obligation_days
        return apply(
            "{1} days before {0}",
            "date",
            (day.inability_on, back),
            lambda: _day(day.inability_on) - timedelta(days=int(back.number())),
        )
    if not day.given("inability_on"):
        return apply("{0}", "date", (day.petition_on,), lambda: day.petition_on.value)
    both = (day.inability_on, day.petition_on)
    return apply("the earlier of {0} and {1}", "date", both, lambda: min(map(_day, both)))


def _barred(law: Any, day: Any) -> Figure:
    """Avoidance that rests on suspension of payments, more than a year before the petition."""
    years = law.suspension_limit_years
    if day.ground.value == "gratuitous" or not day.given("rests_on_suspension"):
        return apply("not limited for {0}", "truth", (day.ground,), lambda: False)

    def compute() -> bool:
        limit = add_months(_day(day.petition_on), -12 * int(years.number()))
        return day.rests_on_suspension.truth() and _day(day.act_on) < limit

    inputs = (day.act_on, day.petition_on, years, day.rests_on_suspension)
    return apply("{0} is over {2} year before {1}, resting on suspension", "truth", inputs, compute)


def _day(figure: Figure) -> date:
    if not isinstance(figure.value, date):
        raise UsageError(f"{figure.name()} is not a date")
    return figure.value


def _of(law: Any, name: str, key: Figure) -> Figure:
    """The row of a proceeding; missing, and said so, where the law of it was not read.

    What is planned and not in force has values of its own, with their standing.
    """
    planned = key.value == RETURN
    table: Figure = law.return_administration if planned else getattr(law, name)
    row = name if planned else str(key.value)
    if not (table.computable and key.computable):
        return apply("{0} of {1}", "code", (table, key), lambda: None)
    if row not in table.rows():
        reason = Text(
            f"「{key.value}」についての定め（{name}）は読んでいない",
            f"{name}: what applies to {key.value} was not read",
        )
        return missing(f"{name}.{key.value}", reason, "code")
    found = table.rows()[row]
    return apply("{0} of {1}", "code", (found, key), lambda: found.value)
