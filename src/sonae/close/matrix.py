"""One venue under every regime it could be under, side by side.

Each line evaluates the regime's own rule on the same Books, in the regime's currency at the
day's exchange rates, and again in the venue's. What a venue is taken to be elsewhere (a trading
platform in the EU, a won market in Korea) is a named assumption.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from sonae.books.facts import Facts
from sonae.close.cover import Cover
from sonae.close.day import Close
from sonae.close.insurance import policy_term
from sonae.close.require import crypto_lines
from sonae.close.reserve import GOING
from sonae.core.figure import Figure, apply, missing
from sonae.core.finding import IMMEDIATELY
from sonae.core.formula import not_negative, table
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
    return [
        *_japan(close, world),
        world.line("eu", "eu.mica.prudential_safeguards", world.eu_facts(), "requirement_eur",
                   world.financial("own_funds", "EUR"), IMMEDIATELY),
        world.line("hk", "hk.vatp.compensation_cover_required", world.hk_facts(),
                   "compensation_required_hkd", world.hk_cover(), IMMEDIATELY),
        world.line("hk", "hk.frr.required_liquid_capital",
                   {"adjusted_liabilities_hkd": world.financial("adjusted_liabilities", "HKD")},
                   "required_liquid_capital_hkd", world.financial("liquid_capital", "HKD"),
                   IMMEDIATELY),
        world.line("kr", "kr.vaupa.deposits", world.kr_deposits(), "required_krw",
                   world.kr_deposits()["held_by_bank_krw"], UNKNOWN_CLOCK),
        world.line("kr", "kr.vaupa.cover_required", world.kr_cover(), "required_cover_krw",
                   world.convert(close.cover.reserve[GOING], "KRW"), UNKNOWN_CLOCK),
    ]  # fmt: skip


def _japan(close: Close, world: _World) -> list[Line]:
    lines = [
        world.made("jp", s.key, s.title, s.required, s.going, CLOCKS[s.key.split("/")[0]])
        for s in close.cover.stack
    ]
    for regime, cover in close.cover.by_regime.items():
        if regime != "jp":
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
    """The venue's facts in other currencies."""

    def __init__(self, close: Close) -> None:
        self.close, self.facts = close, Facts(close.books)
        self.given = close.required.facts
        self.home = close.books.venue.currency
        self.prices = close.valuations["regulatory"].prices
        self.cover: Cover = close.cover

    def convert(self, figure: Figure, currency: str) -> Figure:
        """A figure of the venue's currency in another, at the day's rate."""
        if currency == self.home:
            return figure
        rate = self.prices.get(currency)
        if rate is None:
            words = Text(f"{currency}の為替相場がない", f"no exchange rate of {currency} is given")
            rate = missing(f"{currency}/price", words, f"{self.home}/coin")
        return apply("{0} / {1}", currency, (figure, rate), lambda: figure.number() / rate.number())

    def financial(self, item: str, currency: str) -> Figure:
        """A financial item in another currency."""
        return self.convert(self.facts.financial(item), currency)

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
        common = {k: self._home(f).named(f"{key}#{k}_home") for k, f in named.items()}
        return Line(regime, rule, title, required.unit, **named, clock=clock, common=common)

    def _home(self, figure: Figure) -> Figure:
        if figure.unit == self.home:
            return figure
        rate = self.prices.get(figure.unit)
        if rate is None:
            return apply("{0}", self.home, (figure,), lambda: None)
        return apply(
            "{0} × {1}", self.home, (figure, rate), lambda: figure.number() * rate.number()
        )

    # -- facts of each regime ------------------------------------------------------------

    def assumed(self, key: str, code: str, words: Text) -> Figure:
        """What the venue is taken to be under another regime."""
        return Figure(code, "code", id=f"fact:{key}", standing="house", assumptions=(words,))

    def eu_facts(self) -> dict[str, Figure]:
        """MiCA Article 67: a class 3 provider."""
        return {
            "class": self.assumed("class", "3", _CLASS_3),
            "fixed_overheads_eur": self.financial("fixed_overheads", "EUR"),
            "deductions_67_3_eur": self.financial("fixed_overheads_deductions", "EUR"),
        }

    def hk_facts(self) -> dict[str, Figure]:
        """Client virtual assets by tier at the day's value."""
        return {
            "client_va_cold_hkd": self.convert(self.given["customer_crypto_cold_jpy"], "HKD"),
            "client_va_hot_or_other_hkd": self.convert(
                self.given["customer_crypto_not_cold_jpy"], "HKD"
            ),
        }

    def hk_cover(self) -> Figure:
        """Insurance in force, and reserve money on trust, by the rule on instruments."""
        day = self.close.books.venue.on
        rows = [
            self._instrument(n, "demand_deposit_on_trust", amount)
            for n, amount in enumerate([self.cover.reserve["on_insolvency"]])
        ]
        for policy in self.cover.policies:
            if policy.in_force(day) and policy.currency in self.prices:
                worth = policy_term(
                    self.facts, self.close.valuations["regulatory"], policy, "limit_per_event"
                )
                rows.append(self._instrument(len(rows), "insurance", worth))
        instruments = Figure(tuple(rows), "table", id="fact:instruments", inputs=tuple(rows))
        required = self.close.edition.evaluate(
            "hk.vatp.compensation_cover_required", self.hk_facts()
        )["compensation_required_hkd"]
        facts = {"required_hkd": required, "instruments": instruments}
        return self.close.edition.evaluate("hk.vatp.compensation_cover", facts)["eligible_hkd"]

    def _instrument(self, n: int, kind: str, amount: Figure) -> Figure:
        cells = {
            "kind": Figure(kind, "code", id=f"fact:instruments/{n}/kind"),
            "amount_hkd": self.convert(amount, "HKD"),
        }
        return table(cells).named(f"fact:instruments/{n}")

    def kr_deposits(self) -> dict[str, Figure]:
        """Users' money and what a bank or trust holds of it."""
        absent = Text("利用者の金銭の表がない", "no table of users' money is given")
        keys = {"user_deposits_krw": "customer_cash_jpy", "held_by_bank_krw": "trust_principal_jpy"}
        return {
            key: self.convert(self.given[home], "KRW")
            if home in self.given
            else missing(key, absent, "KRW")
            for key, home in keys.items()
        }

    def kr_cover(self) -> dict[str, Figure]:
        """Economic value that is not cold, at the year's average prices."""
        return {
            "non_cold_economic_value_krw": self._not_cold_value(),
            "type": self.assumed("type", "won_market", _WON_MARKET),
        }

    def _not_cold_value(self) -> Figure:
        lines = [x for x in crypto_lines(self.close.reconciliation) if x.units["owed"]]
        terms = [line["not_cold"] * self.facts.average_price(line.asset, "KRW") for line in lines]
        return apply(
            "Σ not cold × average price of the year", "KRW", terms,
            lambda: sum((t.number() for t in terms), Fraction(0)),
        ).named("fact:non_cold_economic_value_krw")  # fmt: skip
