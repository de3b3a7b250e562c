"""Accrue: what a rule or a draft asks to be set aside, less what is booked, with its reasons.

The rule in force decides; with a draft the same money is a voluntary reserve, marked proposed. The
top-up is another number: what the assets of the reserve lack of the requirement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

from sonae.actions.close import closing
from sonae.actions.fund.close import booked_reserve, ledger_assets
from sonae.actions.fund.gates import ground
from sonae.actions.fund.plan import rule_of
from sonae.actions.fund.session import Request
from sonae.books.facts import Facts
from sonae.close.day import Close
from sonae.close.reserve import GOING, reserve_assets
from sonae.core.amount import ceil_to
from sonae.core.errors import Refused, UsageError
from sonae.core.figure import Figure, Source, missing, text_of
from sonae.core.formula import not_negative
from sonae.core.register import Register
from sonae.core.text import Text
from sonae.fund.entry import Line
from sonae.fund.journal import amount_jpy, contribute, release, reverse, set_aside
from sonae.store.ledger import Ledger

YEN = "JPY"
LAW = ("jp.crypto.liability_reserve", "jp.securities.liability_reserve")
LEVELS = ("required", "closing_before_release", "required_jpy")
"""Outputs that state the level a rule asks for, the first that a rule has."""
_LABELS = {
    "level": Text("所要の水準", "level asked for"),
    "booked": Text("計上済みの準備金", "booked reserve"),
    "accrual": Text("積立てるべき額", "to be set aside"),
    "excess": Text("取り崩せる超過額", "excess that may be released"),
    "held": Text("準備金資産（算入額）", "assets of the reserve that count"),
    "top_up": Text("資産として拠出すべき額", "to be contributed in assets"),
}


@dataclass(frozen=True)
class Accrual:
    """The figures of an accrual and the booking's effects, on a day, by a rule."""

    on: date
    rule: str
    assumed: str | None
    figures: Mapping[str, Figure]
    booking: Mapping[str, Figure]

    def document(self) -> dict[str, Any]:
        """As plain values, every figure opened down to provisions and sources."""
        register = Register()
        return {
            "format": "sonae-accrual/1",
            "on": self.on.isoformat(),
            "rule": self.rule,
            "assumed": self.assumed,
            "standing": self.figures["level"].standing,
            "amounts": {k: register.add(f) for k, f in self.figures.items()},
            "booking": {k: register.add(f) for k, f in self.booking.items()},
            "figures": list(register.figures.values()),
            "citations": dict(sorted(register.citations.items())),
        }

    def yen(self, name: str) -> int:
        """A figure in whole yen, rounded up (house rule: never a yen short).

        Raises:
            Refused: it is not computable, with the reason.
        """
        figure = self.figures[name]
        if not isinstance(figure.value, Fraction):
            raise Refused(f"{self.rule}: {name} has no single value: {text_of(figure).en}")
        return int(ceil_to(figure.number(), Fraction(1)))


def accrue(
    ledger: Ledger, books: Path, assume: str | None = None, variant: str | None = None
) -> Accrual:
    """What is to be set aside and contributed on the day of the Books, from the ledger's own state.

    Args:
        ledger: the reserve ledger; its booked reserve is the opening balance.
        books: the Books of that day.
        assume: a draft by name or file; without it the rule in force (the new Act's, else the
            securities precedent where the venue names it).
        variant: which version of the draft, where it has several; one is never picked unasked.
    """
    with closing(books, [assume] if assume else []) as plain:
        on = plain.books.venue.on
        rule = _rule(plain) if assume is None else rule_of(assume, variant)
        booked = _booked(ledger, on)
        outputs = plain.edition.evaluate(rule, _facts(ledger, plain, booked))
        level = next(outputs[n] for n in LEVELS if n in outputs).named(
            "fund#level", _LABELS["level"]
        )
        held = _held(ledger, plain)
        figures = {
            "level": level,
            "booked": booked,
            "accrual": not_negative(level - booked).named("fund#accrual", _LABELS["accrual"]),
            "excess": _excess(outputs, level, booked),
            "held": held,
            "top_up": not_negative(level - held).named("fund#top_up", _LABELS["top_up"]),
        }
        booking = _booking(ledger, plain, figures["accrual"])
    return Accrual(on, rule, assume, figures, booking)


def _rule(plain: Close) -> str:
    named = [r for rules in plain.required.by_regime.values() for r in rules if r in LAW]
    chosen = [r for r in named if r == LAW[1]] or named
    if not chosen:
        raise UsageError(_NO_RULE)
    return chosen[0]


_NO_RULE = Text(
    "事業者の制度に責任準備金の規則がない。--assume で案を仮定する",
    "the venue names no regime with a liability reserve; use --assume",
)


def _booked(ledger: Ledger, on: date) -> Figure:
    head = ledger.head()
    source = Source("fund", f"account = reserve/*, on ≤ {on}", head.seq, head.hash)
    value = booked_reserve(ledger, on)
    return Figure(value, YEN, id="fund#booked", label=_LABELS["booked"], source=source)


def _facts(ledger: Ledger, plain: Close, booked: Figure) -> dict[str, Figure]:
    """The facts of the close, with opening balance and uses of the year from the ledger."""
    on = plain.books.venue.on
    first = plain.books.venue.fiscal_year(on)
    before = date.fromordinal(first.toordinal() - 1)
    opening, used = booked_reserve(ledger, before), _used(ledger, first, on)
    assert booked.source is not None
    marks = {"unit": YEN, "source": booked.source}
    return {
        **plain.required.facts,
        "opening_reserve": Figure(opening, id="fact:opening_reserve", **marks),  # type: ignore[arg-type]
        "used_for_incidents": Figure(used, id="fact:used_for_incidents", **marks),  # type: ignore[arg-type]
    }


def _used(ledger: Ledger, first: date, on: date) -> Fraction:
    """The booked reserve that uses took since the year began, corrections counted back."""
    constitution = ledger.view.constitution()
    assert constitution is not None
    account = f"reserve/{constitution.reserve_class}"
    used = 0
    for entry in ledger.entries(account=account):
        proposal = ledger.view.proposal(entry["subject"])
        if proposal is None or not first.isoformat() <= proposal.act.on <= on.isoformat():
            continue
        if ledger.view.posted(proposal.seq) is not None and proposal.act.kind == "use":
            used += sum(x.amount for x in proposal.act.lines if x.account == account)
    return Fraction(used)


def _held(ledger: Ledger, plain: Close) -> Figure:
    """What counts of the ledger's assets, by the same rule and prices as the close."""
    on = plain.books.venue.on
    facts = Facts(plain.books, ledger_assets(ledger, on))
    valuation = plain.valuations["regulatory"]
    found = reserve_assets(facts, plain.edition, plain.reconciliation, valuation, [])
    return found[GOING].named("fund#held", _LABELS["held"])


def _excess(outputs: Mapping[str, Figure], level: Figure, booked: Figure) -> Figure:
    """Above the full level of the securities rule; above the requirement of a draft."""
    full = outputs.get("cap_sum", level)
    return not_negative(booked - full).named("fund#excess", _LABELS["excess"])


def _booking(ledger: Ledger, plain: Close, amount: Figure) -> dict[str, Figure]:
    """What setting it aside changes: net assets, their test, distributable profit."""
    constitution = ledger.view.constitution()
    assert constitution is not None
    chosen = constitution.reserve_class
    required = plain.required.outputs.get("jp.crypto.capital_and_net_assets", {})
    given = {
        "amount_jpy": amount,
        "choice": Figure(chosen if chosen == "provision" else "voluntary_reserve", "code"),
        "statute_in_force": plain.edition.evaluate("jp.crypto.reserve_duty", {})["in_force"],
        "net_assets_jpy": plain.required.facts["net_assets_jpy"],
        "net_assets_required_jpy": required.get(
            "net_assets_required_jpy",
            missing(
                "net_assets_required_jpy", Text("純資産の規則がない", "no net-asset rule"), YEN
            ),
        ),
    }
    return dict(plain.edition.evaluate("jp.reserve.booking", given))


# -- proposals -------------------------------------------------------------------------------------


def accrual_request(found: Accrual, ledger: Ledger, asset: str | None) -> Request | None:
    """The proposal that sets the accrual aside and brings the assets up; None where nothing is due.

    `asset` is where the top-up goes; without it only the booking is proposed.
    """
    constitution = ledger.view.constitution()
    assert constitution is not None
    amount = found.yen("accrual")
    lines: list[Line] = []
    if amount:
        lines += set_aside(constitution.reserve_class, amount, None, YEN)
    if asset is not None and (missing_ := found.yen("top_up")):
        if asset not in ledger.view.assets():
            raise UsageError(f"{asset} is not registered; register it first")
        lines += contribute(asset, missing_, YEN)
    if not lines:
        return None
    return Request("set_aside", found.on, _content(found, _worth(lines)), tuple(lines))


def _worth(lines: list[Line]) -> int:
    worth = amount_jpy(lines, {YEN: 0}, {}, YEN)
    assert worth is not None
    return worth


def _content(found: Accrual, amount: int) -> dict[str, Any]:
    """What is signed: amounts, the rule, its standing, and the whole explanation."""
    document = found.document()
    values = {f["id"]: f for f in document["figures"]}
    return {
        "amount_jpy": str(amount),
        "reason": f"accrual by {found.rule}",
        "rule": found.rule,
        "assumed": found.assumed,
        "standing": document["standing"],
        "amounts": {k: values[i]["value"] for k, i in document["amounts"].items()},
        "explanation": [
            {k: f[k] for k in ("id", "value", "unit", "formula", "standing", "confidence", "cites")}
            for f in document["figures"]
            if f["id"].startswith(("fund#", found.rule, "law:"))
        ],
    }


def release_request(found: Accrual, ledger: Ledger, asset: str) -> Request:
    """The release of the excess from an asset, on the ground that it is excess."""
    constitution = ledger.view.constitution()
    assert constitution is not None
    amount = int(found.figures["excess"].number() // 1)
    if amount <= 0:
        raise Refused("there is no excess to release")
    lines = release(asset, amount, YEN) + reverse(constitution.reserve_class, amount, YEN)
    stated = {
        "ground": "excess",
        "stated": {"excess_jpy": str(amount)},
        "evidence": {"calculation_of_excess": {"rule": found.rule}},
        "assumed": [found.assumed] if found.assumed else [],
    }
    basis = ground(stated, ledger.view, found.on, amount)
    content = {**_content(found, amount), "reason": f"excess by {found.rule}", "ground": basis}
    return Request("release", found.on, content, tuple(lines))
