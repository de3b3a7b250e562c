"""Findings of regimes outside Japan: a test that failed, with its provision and clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sonae.close.abroad_cover import FUNDS, HK_COVER, KR_COVER, KR_DEPOSITS, KR_KIND, SAFEGUARDS
from sonae.close.cover import Cover
from sonae.close.require import Requirements
from sonae.close.world import World
from sonae.core.display import amount, exact
from sonae.core.figure import Figure
from sonae.core.finding import IMMEDIATELY, Finding
from sonae.core.text import Text

NO_PERIOD = Text("期間の定めなし", "no period is set")


@dataclass(frozen=True, slots=True)
class Shortage:
    """A rule's shortage, as a finding says it."""

    rule: str
    output: str
    name: str
    words: Text
    due: Text


SHORTAGES = {
    "eu": (
        Shortage(
            SAFEGUARDS, "shortfall_eur", "prudential-shortage",
            Text("健全性確保のための備えが{q}足りない", "prudential safeguards are {q} short"),
            IMMEDIATELY,
        ),
    ),
    "hk": (
        Shortage(
            "hk.vatp.cold_share", "cold_shortfall_hkd", "cold-share-shortage",
            Text("コールドで保管する額が{q}足りない", "{q} more must be in cold storage"),
            IMMEDIATELY,
        ),
        Shortage(
            HK_COVER, "shortfall_hkd", "compensation-shortage",
            Text(
                "補償の手当が{q}足りない。SFCに通知し、直ちに補う",
                "the compensation arrangement is {q} short; notify the SFC and remedy it",
            ),
            IMMEDIATELY,
        ),
        Shortage(
            "hk.frr.required_liquid_capital", "shortfall_hkd", "liquid-capital-shortage",
            Text("流動資本が{q}足りない", "liquid capital is {q} short"),
            IMMEDIATELY,
        ),
        Shortage(
            "hk.vatp.liquid_assets", "shortfall_hkd", "liquid-assets-shortage",
            Text(
                "営業費用に備える流動資産が{q}足りない",
                "liquid assets for operating expenses are {q} short",
            ),
            IMMEDIATELY,
        ),
        Shortage(
            "hk.vatp.paid_up_capital", "shortfall_hkd", "paid-up-capital-shortage",
            Text("払込資本が{q}足りない", "paid-up capital is {q} short"),
            IMMEDIATELY,
        ),
    ),
    "kr": (
        Shortage(
            "kr.vaupa.cold_share", "shortfall_krw", "cold-share-shortage",
            Text("分離して保管する額が{q}足りない", "{q} more must be kept offline"),
            NO_PERIOD,
        ),
        Shortage(
            KR_COVER, "shortfall_krw", "accident-cover-shortage",
            Text(
                "事故に備える保険・準備金が{q}足りない",
                "insurance and reserve against accidents are {q} short",
            ),
            NO_PERIOD,
        ),
        Shortage(
            KR_DEPOSITS, "shortfall_krw", "deposits-shortage",
            Text(
                "銀行等に預託・信託した預り金が{q}足りない",
                "users' money with a bank or in trust is {q} short",
            ),
            NO_PERIOD,
        ),
    ),
}  # fmt: skip


def check_abroad(world: World, covered: Cover, required: Requirements) -> list[Finding]:
    """Every test of each regime abroad that failed, and what has no test but a clock."""
    found: list[Finding] = []
    for regime in covered.abroad:
        for one in SHORTAGES[regime]:
            found += _short(world, one, required.outputs[one.rule][one.output])
        found += {"eu": _eu, "hk": _none, "kr": _kr}[regime](world, covered, required)
    return found


def _short(world: World, one: Shortage, figure: Figure) -> Iterator[Finding]:
    if figure.computable and figure.number() > 0:
        text = one.words.format(q=_amount(figure))
        provision = world.edition.provision(one.rule)
        yield Finding(one.name, "breach", text, one.rule, provision, one.due)


def _amount(figure: Figure) -> str:
    return f"{figure.unit} {amount(figure.number())}"


def _none(world: World, covered: Cover, required: Requirements) -> Iterator[Finding]:
    yield from ()


# -- European Union ----------------------------------------------------------------------------


def _eu(world: World, covered: Cover, required: Requirements) -> Iterator[Finding]:
    line = next(x for x in covered.abroad["eu"] if x.key == "eu/client_funds")
    due = required[f"{FUNDS}#place_by"].value
    short = line.shortfall
    if isinstance(due, date) and short.computable and short.number() > 0:
        text = _NOT_PLACED.format(q=_amount(short))
        yield Finding("client-funds-not-placed", "breach", text, FUNDS, line.cites[0], due)
    rule = "eu.mica.custody_statement_due"
    last = required[f"{rule}#due"].value
    if isinstance(last, date) and last < world.facts.books.venue.on:
        text = _STATEMENT.format(day=last)
        provision = world.edition.provision(rule)
        yield Finding("position-statement-late", "breach", text, rule, provision, last)
    rule = "eu.mica.significant_casp"
    if required[f"{rule}#significant"].value is True:
        provision = world.edition.provision(rule)
        yield Finding("significant-provider", "note", _SIGNIFICANT, rule, provision)


_NOT_PLACED = Text(
    "利用者の資金{q}が信用機関・中央銀行に預け入れられていない",
    "{q} of clients' funds are not with a credit institution or central bank",
)
_STATEMENT = Text(
    "利用者への残高等の報告が期限（{day}）を過ぎている",
    "the statement of position to clients was due on {day}",
)
_SIGNIFICANT = Text(
    "重要な暗号資産サービス提供者に当たる。当局に通知する",
    "this is a significant provider; notify the competent authority",
)


# -- Korea ---------------------------------------------------------------------------------------


def _kr(world: World, covered: Cover, required: Requirements) -> Iterator[Finding]:
    short = required[f"{KR_KIND}#shortfall_qty"]
    if not short.computable:
        return
    for asset, figure in short.rows().items():
        if figure.computable and figure.number() > 0:
            text = _KIND.format(a=asset, q=exact(figure.number()))
            provision = world.edition.provision(KR_KIND)
            yield Finding("not-held-in-kind", "breach", text, asset, provision, NO_PERIOD)


_KIND = Text(
    "{a}は、利用者から委託を受けた数量に{q}足りない",
    "{a}: {q} less is held than users have entrusted",
)
