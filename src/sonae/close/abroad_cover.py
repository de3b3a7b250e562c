"""充当 outside Japan: each regime's lines in its own currency, and what stands behind them.

Own funds are the firm's and are gone when it is; on insolvency they count nothing.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from sonae.close.abroad import hk_cover, kr_means
from sonae.close.abroad_means import mica_insurance
from sonae.close.abroad_money import held, owed
from sonae.close.cover import Cover, RegimeCover, StackLine, stack_line, total_of_lines
from sonae.close.regimes import ABROAD
from sonae.close.require import Requirements
from sonae.close.world import World
from sonae.core.citation import Citation
from sonae.core.figure import Figure
from sonae.core.formula import smallest, total
from sonae.core.text import Text

SAFEGUARDS, FUNDS = "eu.mica.prudential_safeguards", "eu.mica.client_funds_deadline"
HK_REQUIRED, HK_COVER = "hk.vatp.compensation_cover_required", "hk.vatp.compensation_cover"
KR_KIND, KR_DEPOSITS, KR_COVER = (
    "kr.vaupa.in_kind",
    "kr.vaupa.deposits",
    "kr.vaupa.cover_required",
)


def cover_abroad(world: World, covered: Cover, required: Requirements) -> Cover:
    """The same with each regime abroad that the venue names, in the order of the venue."""
    lines = {
        regime: LINES[regime](world, required) for regime in required.by_regime if regime in ABROAD
    }
    found: dict[str, RegimeCover] = {}
    for regime in required.by_regime:
        if regime in lines:
            found[regime] = total_of_lines(regime, lines[regime], ABROAD[regime])
        else:
            found[regime] = covered.by_regime[regime]
    return replace(covered, by_regime=found, abroad=lines)


def _cite(world: World, rule: str, place: str) -> tuple[Citation, ...]:
    return (world.edition.topic(world.edition.rule(rule)).cite(place),)


def _line(
    key: str,
    title: Text,
    parts: tuple[Figure, Figure, Figure],
    cites: tuple[Citation, ...],
    *,
    own_money: bool,
) -> StackLine:
    """A line from what is required, and cover in both states of the firm."""
    names = {"required": title, "held": _HELD, "on_insolvency": _LEFT}
    named = [
        figure.named(f"stack/{key}#{name}", names[name])
        for name, figure in zip(names, parts, strict=True)
    ]
    return stack_line(key, title, named[0], named[1], named[2], cites, own_money=own_money)


def _custody(world: World, key: str, cites: tuple[Citation, ...]) -> StackLine:
    """Customers' virtual assets, asset by asset, at the day's price."""
    currency = ABROAD[key.split("/")[0]]
    due = world.worth(lambda x: x["owed"], currency, "Σ owed × price")
    kept = world.worth(
        lambda x: smallest(x["owed"], x["backed"]), currency, "Σ min(owed, backed) × price"
    )
    return _line(key, _CUSTODY, (due, kept, kept), cites, own_money=False)


def _eu(world: World, required: Requirements) -> tuple[StackLine, ...]:
    funds = (
        owed(world, "EUR"),
        held(world, "EUR", on_its_way=True),
        held(world, "EUR"),
    )
    outputs, given = required.outputs[SAFEGUARDS], required.facts
    forms = [given[k] for k in ("own_funds_eur", "eligible_insurance_eur") if k in given]
    nothing = Figure(Fraction(0), "EUR", formula="0", standing="house", assumptions=(_GONE,))
    insured = "eligible_insurance_eur" in given
    left = mica_insurance(world, failed=True) if insured else nothing
    safeguards = (outputs["requirement_eur"], total(forms, "EUR"), left)
    return (
        _custody(world, "eu/custody", _cite(world, "eu.mica.custody_statement_due", "mica 75(7)")),
        _line("eu/client_funds", _FUNDS, funds, _cite(world, FUNDS, "mica 70(3)"), own_money=False),
        _line(
            "eu/safeguards",
            world.edition.rule(SAFEGUARDS).title,
            safeguards,
            _cite(world, SAFEGUARDS, "mica 67(1)"),
            own_money=True,
        ),
    )


def _hk(world: World, required: Requirements) -> tuple[StackLine, ...]:
    need = required.outputs[HK_REQUIRED]["compensation_required_hkd"]
    going = required.outputs[HK_COVER]["eligible_hkd"]
    facts = hk_cover(world, failed=True)
    facts["instruments"] = facts["instruments"].named("fact:instruments_on_insolvency")
    facts["required_hkd"] = required.facts["required_hkd"]
    left = world.edition.evaluate(HK_COVER, facts)["eligible_hkd"]
    left = replace(left, id="stack/hk/compensation#eligible_on_insolvency")
    title = world.edition.rule(HK_REQUIRED).title
    cites = _cite(world, HK_REQUIRED, "guidelines para 10.22")
    return (_line("hk/compensation", title, (need, going, left), cites, own_money=True),)


def _kr(world: World, required: Requirements) -> tuple[StackLine, ...]:
    deposits, cover = required.outputs[KR_DEPOSITS], required.outputs[KR_COVER]
    bank = (deposits["required_krw"], deposits["held_krw"], deposits["held_krw"])
    left = {k: f for k, f in kr_means(world, failed=True).items() if k in required.facts}
    means = (
        cover["required_cover_krw"],
        cover["held_krw"],
        total(list(left.values()), "KRW"),
    )
    return (
        _custody(world, "kr/custody", _cite(world, KR_KIND, "act 7(2)")),
        _line(
            "kr/deposits",
            world.edition.rule(KR_DEPOSITS).title,
            bank,
            _cite(world, KR_DEPOSITS, "decree 8(3)"),
            own_money=False,
        ),
        _line(
            "kr/cover",
            world.edition.rule(KR_COVER).title,
            means,
            _cite(world, KR_COVER, "act 8"),
            own_money=True,
        ),
    )


_GONE = Text(
    "自己資金は、会社が破綻すれば利用者のために残らないものとする",
    "own funds are taken not to be there for customers once the firm has failed",
)
LINES = {"eu": _eu, "hk": _hk, "kr": _kr}
_CUSTODY = Text("利用者の暗号資産の保管", "customers' crypto-assets in custody")
_FUNDS = Text("利用者の資金の預入れ", "clients' funds placed with a bank")
_HELD = Text("充当（継続時）", "cover as a going concern")
_LEFT = Text("充当（破綻時）", "cover on insolvency")
