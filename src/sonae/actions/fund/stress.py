"""The plan of the reserve under stress: prices, an insurer that fails, a use on the first day.

Each case is the plan of the same days for what would then be required, from what would then be
there; and the loss that reserve, insurance and own funds leave. Crypto is owed in kind, so that
the loss moves with prices. The cases are a house list; no provision names them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from sonae.actions.fund.paths import DAYS, SHOCKS, Replay, house_paths, recomputed
from sonae.close.day import Close
from sonae.core.errors import UsageError
from sonae.core.figure import Figure, missing
from sonae.core.register import plain
from sonae.core.text import Text
from sonae.fund.plan import monthly_plan, refill_due, shortfall
from sonae.fund.stress import recovery_gap, whole_number
from sonae.rulebook.calendars import CALENDARS

PRICES = ("unchanged", "fall-50", "rise-50", "rise-100")
Opened = Callable[[Mapping[str, Figure]], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Stress:
    """What to suffer: a loss in yen at the prices of the close, and how many customers bear it.

    Without a loss, that of the Books' incident; without one, the largest signing domain.
    """

    loss_jpy: int | None = None
    customers: int | None = None

    def __post_init__(self) -> None:
        """Refuse what makes no sense."""
        if (self.loss_jpy or 0) < 0 or (self.customers is not None and self.customers < 1):
            raise UsageError("the loss must be zero or more, and customers one or more")


@dataclass(frozen=True, slots=True)
class Case:
    """One state of the world: what is required, held and insured, and by what prices moved."""

    key: str
    label: Text
    required: Figure
    reserve: Figure
    insurance: Figure
    shock: Fraction


def stressed(
    close: Close,
    rule: str,
    given: Figure | None,
    days: tuple[date, date],
    step_jpy: int,
    refill_days: Figure | None,
    asked: Stress,
    with_insurance: bool,
    opened: Opened,
) -> dict[str, Any]:
    """Each case with its months, its total and dearest month, and its recovery gap."""
    loss, customers = _loss(close, asked), _customers(asked)
    own = close.required.facts["net_assets_jpy"]
    rows = []
    for case in _cases(close, rule, given):
        to_hold = case.required - case.insurance if with_insurance else case.required
        to_hold = to_hold.named(f"stress/{case.key}#to_hold", _TO_HOLD)
        months = monthly_plan(to_hold, case.reserve, *days, CALENDARS["jp.bank"], step_jpy)
        suffered = (loss * (1 + case.shock)).named(f"stress/{case.key}#loss", _LOSS)
        gap = recovery_gap(
            suffered, own, case.reserve, case.insurance, customers, f"stress/{case.key}"
        )
        short = shortfall(to_hold, case.reserve, f"stress/{case.key}#shortfall")
        rows.append(
            {
                "key": case.key,
                "label": case.label.as_json(),
                **opened(
                    {
                        "required": case.required,
                        "insurance": case.insurance,
                        "reserve": case.reserve,
                        "to_hold": to_hold,
                        "shortfall": short,
                        "loss": suffered,
                        **gap,
                    }
                ),
                "months": [
                    {
                        "pays_on": m.pays_on.isoformat(),
                        "contribution": plain(m.contribution.value),
                        "balance_after": plain(m.balance_after.value),
                        "still_short": plain(m.still_short.value),
                    }
                    for m in months
                ],
            }
        )
    due = refill_due(days[0], refill_days, CALENDARS["jp.bank"])
    return {"note": _NOTE.as_json(), "cases": rows, "refill": opened({"due": due})}


def _cases(close: Close, rule: str, given: Figure | None) -> Iterator[Case]:
    replay = Replay(close, rule, given)
    nothing = Figure(Fraction(0), "JPY", id="house:nothing", label=_NOTHING, standing="house")
    now = replay.at({})
    for path in house_paths():
        if path.key not in PRICES:
            continue
        move = path.moves[DAYS[-1]]
        parts = {
            k: recomputed(f, "{0} recomputed with crypto prices × {1}", (now[k], move)).named(
                f"stress/{path.key}#{k}", _PARTS[k]
            )
            for k, f in replay.at(path.factors(DAYS[-1], replay.assets)).items()
        }
        shock = SHOCKS[path.key]
        yield Case(path.key, path.label, **parts, shock=shock)
        if path.key not in ("unchanged", "rise-50"):
            continue
        alone = path.key == "unchanged"
        for key, words, part in (
            ("insurer-fails", _FAILS, "insurance"),
            ("used", _USED, "reserve"),
        ):
            label = words if alone else _BOTH.format(a=path.label, b=words)
            name = key if alone else f"{path.key}-{key}"
            yield Case(name, label, **{**parts, part: nothing}, shock=shock)


def _loss(close: Close, asked: Stress) -> Figure:
    if asked.loss_jpy is not None:
        return Figure(Fraction(asked.loss_jpy), "JPY", id="given:loss", label=_LOSS)
    stated = close.required.facts["loss_in_question_jpy"]
    return stated if stated.computable else close.required.facts["largest_signing_domain_jpy"]


def _customers(asked: Stress) -> Figure:
    if asked.customers is None:
        return missing("customers", _NO_COUNT, "persons")
    return whole_number(asked.customers, "given:customers", _CUSTOMERS)


_PARTS = {
    "required": Text("所要額", "required"),
    "reserve": Text("準備金資産", "reserve assets"),
    "insurance": Text("保険による充当", "insurance that counts"),
}
_TO_HOLD = Text("積み立てる額", "to be held")
_LOSS = Text("想定する損失", "loss suffered")
_NOTHING = Text("零（社内の想定）", "nothing (house case)")
_CUSTOMERS = Text("利用者数", "number of customers")
_NO_COUNT = Text("利用者数が指定されていない", "no number of customers is given")
_FAILS = Text("保険会社が支払わない", "insurers do not pay")
_USED = Text("初日に準備金を全額使用", "the whole reserve is used on the first day")
_BOTH = Text("{a}、かつ{b}", "{a}, and {b}")
_NOTE = Text(
    "社内の想定で、法令に定めはない。価格は一度に動き、損失は暗号資産で返すため価格とともに動く",
    "a house list that no provision names; prices move at once, and a loss, owed in kind, moves "
    "with them",
)
