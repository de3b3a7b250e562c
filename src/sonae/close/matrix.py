"""One venue under every regime it could be under, side by side.

Each line evaluates the rule of a regime on the facts that a close under it has, in the currency of
the regime at the exchange rates of the day, and again in that of the venue. What venue.toml does
not say of it elsewhere (a trading platform in the EU, a won market in Korea) is a named assumption.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sonae.close.abroad import eu_safeguards, hk_cover, hk_stored, kr, kr_deposits
from sonae.close.abroad_means import declared
from sonae.close.day import Close
from sonae.close.regimes import ABROAD
from sonae.close.world import World
from sonae.core.figure import Figure
from sonae.core.finding import IMMEDIATELY
from sonae.core.formula import not_negative
from sonae.core.text import Text

UNKNOWN_CLOCK = Text("未定", "not fixed")
CLOCKS = {
    "segregation": Text("5営業日", "5 business days"),
    "guarantee": Text("5営業日", "5 business days"),
    "customer_trust": Text("2営業日", "2 business days"),
    "margin_trust": Text("2営業日", "2 business days"),
    "stablecoin": Text("2営業日", "2 business days"),
}


_CLASS_3 = Text(
    "取引プラットフォームを運営する第3類とみなす", "taken as a class 3 provider (trading platform)"
)
_WON_MARKET = Text("ウォン市場の事業者とみなす", "taken as a won market")


@dataclass(frozen=True)
class Line:
    """One requirement of one regime; figures in `currency`, `common` in the venue's currency."""

    regime: str
    rule: str
    title: Text
    currency: str
    required: Figure
    counts: Figure
    shortfall: Figure
    clock: Text
    common: Mapping[str, Figure]


def matrix(close: Close) -> list[Line]:
    """Japan in force and under each assumed draft, then the EU, Hong Kong and Korea."""
    world = _World(close)
    day = world.day
    return [
        *_japan(close, world),
        world.line("eu", "eu.mica.prudential_safeguards", world.eu_facts(), "requirement_eur",
                   day.financial("own_funds", "EUR"), IMMEDIATELY),
        world.line("hk", "hk.vatp.compensation_cover_required", hk_stored(day),
                   "compensation_required_hkd", world.hk_cover(), IMMEDIATELY),
        world.line("hk", "hk.frr.required_liquid_capital",
                   {"adjusted_liabilities_hkd": day.financial("adjusted_liabilities", "HKD")},
                   "required_liquid_capital_hkd", day.financial("liquid_capital", "HKD"),
                   IMMEDIATELY),
        world.line("kr", "kr.vaupa.deposits", kr_deposits(day), "required_krw",
                   kr_deposits(day)["held_by_bank_krw"], UNKNOWN_CLOCK),
        world.line("kr", "kr.vaupa.cover_required", world.kr_cover(), "required_cover_krw",
                   declared(day, "KRW", failed=False), UNKNOWN_CLOCK),
    ]  # fmt: skip


def _japan(close: Close, world: _World) -> list[Line]:
    lines = [
        world.made("jp", s.key, s.title, s.required, s.going, CLOCKS[s.key.split("/")[0]])
        for s in close.cover.stack
    ]
    for regime, cover in close.cover.by_regime.items():
        if regime != "jp" and regime not in ABROAD:
            title = close.edition.rule(close.required.by_regime[regime][0]).title
            counts = cover.going_concern["total"]
            lines.append(
                world.made("jp", regime, title, cover.required, counts, _clock(close, regime))
            )
    return lines


def _clock(close: Close, regime: str) -> Text:
    """The days to refill that a draft sets."""
    for draft in close.edition.drafts:
        refill = (
            draft.topics[regime].parameters.get("refill_business_days")
            if regime in draft.topics
            else None
        )
        if refill is not None:
            days = refill.values[0].value
            return Text(f"{days}営業日", f"{days} business days")
    return UNKNOWN_CLOCK


class _World:
    """Lines of the comparison, from the day's facts in other currencies."""

    def __init__(self, close: Close) -> None:
        self.close, regulatory = close, close.valuations["regulatory"]
        parts = (close.facts, close.edition, close.reconciliation, regulatory)
        self.day = World(*parts, close.cover.policies)
        self.home = close.books.venue.currency

    def line(
        self,
        regime: str,
        rule: str,
        facts: Mapping[str, Figure],
        output: str,
        counts: Figure,
        clock: Text,
    ) -> Line:
        """A rule of another regime evaluated on converted facts."""
        found = self.close.edition.rule(rule)
        required = self.close.edition.evaluate(rule, facts)[output]
        return self.made(regime, rule, found.title, required, counts, clock)

    def made(
        self, regime: str, rule: str, title: Text, required: Figure, counts: Figure, clock: Text
    ) -> Line:
        """A line with its shortfall, named, and set in the venue's currency too."""
        short = not_negative(required - counts)
        parts = {"required": required, "counts": counts, "shortfall": short}
        key = f"matrix/{regime}/{rule}"
        named = {k: f.named(f"{key}#{k}") for k, f in parts.items()}
        common = {k: self.day.money.back(f).named(f"{key}#{k}_home") for k, f in named.items()}
        return Line(regime, rule, title, required.unit, **named, clock=clock, common=common)

    # -- facts of each regime ------------------------------------------------------------

    def _taken(self, facts: Mapping[str, Figure], key: str, code: str, words: Text) -> Figure:
        """What venue.toml states; else what the venue is taken to be, as a named assumption."""
        if facts[key].computable:
            return facts[key]
        return Figure(code, "code", id=f"fact:{key}", standing="house", assumptions=(words,))

    def eu_facts(self) -> dict[str, Figure]:
        """MiCA Article 67: a class 3 provider unless venue.toml says otherwise."""
        facts = eu_safeguards(self.day, self.close.books.venue.abroad.mica_class)
        return facts | {"class": self._taken(facts, "class", "3", _CLASS_3)}

    def hk_cover(self) -> Figure:
        """Insurance in force, money on trust and guarantees, by the rule on instruments."""
        facts = hk_cover(self.day, failed=False)
        return self.close.edition.evaluate("hk.vatp.compensation_cover", facts)["eligible_hkd"]

    def kr_cover(self) -> dict[str, Figure]:
        """Economic value that is not cold, at the year's average prices."""
        facts = kr(self.day)
        keys = ("non_cold_economic_value_krw", "type")
        return {k: facts[k] for k in keys} | {
            "type": self._taken(facts, "type", "won_market", _WON_MARKET)
        }
