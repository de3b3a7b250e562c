"""所要額: the rules a venue is under and the drafts it assumes, evaluated on the day's facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from sonae.books.facts import Facts
from sonae.close.exposure import NOT_NAMED, Exposure
from sonae.close.money import YEN, Money
from sonae.close.reconcile import Line, Reconciliation
from sonae.close.regimes import ABROAD, REGIMES
from sonae.close.value import Valuation
from sonae.core.figure import Figure, apply
from sonae.core.formula import largest, smallest, table
from sonae.core.text import Text
from sonae.rulebook.edition import Edition

CRYPTO = ("crypto", "basket")
FINANCIALS = (
    "capital",
    "net_assets",
    "liabilities",
    "guarantee_liabilities",
    "debts_to_nonresidents",
)
RESERVE = ("opening_reserve", "used_for_incidents")
MARGIN_RULE = "jp.crypto.margin_cash_trust"


@dataclass(frozen=True)
class Requirements:
    """Outputs by rule, the facts they were given, and the rules of each regime."""

    outputs: Mapping[str, Mapping[str, Figure]]
    facts: Mapping[str, Figure]
    by_regime: Mapping[str, tuple[str, ...]]

    def __getitem__(self, id: str) -> Figure:
        rule, _, output = id.partition("#")
        return self.outputs[rule][output]


def require(
    facts: Facts,
    edition: Edition,
    reconciliation: Reconciliation,
    valuation: Valuation,
    exposed: Exposure,
) -> Requirements:
    """Every rule of every regime the venue names, then every rule of the assumed drafts.

    Rules of regimes abroad are named and not yet evaluated.
    """
    given = rule_facts(facts, reconciliation, valuation, exposed)
    by_regime: dict[str, tuple[str, ...]] = {}
    for regime in facts.books.venue.regimes:
        margin = "margin_trust" in reconciliation.trusts
        by_regime[regime] = tuple(r for r in REGIMES[regime] if margin or r != MARGIN_RULE)
    at_home = [rules for regime, rules in by_regime.items() if regime not in ABROAD]
    for draft in edition.drafts:
        for rule in draft.rules:
            by_regime[rule.id] = (rule.id,)
            at_home.append((rule.id,))
    ids = dict.fromkeys(i for rules in at_home for i in rules)
    outputs = {i: edition.evaluate(i, given) for i in ids}
    return Requirements(outputs, given, by_regime)


def rule_facts(
    facts: Facts, reconciliation: Reconciliation, valuation: Valuation, exposed: Exposure
) -> dict[str, Figure]:
    """The facts under the keys that Japan's rules name in their needs, in yen."""
    money = Money(facts.books.venue.currency, valuation.prices)
    coins = _coins(reconciliation, money)
    given = {
        "coins": coins,
        "customer_crypto_jpy": _value(coins, "customer_qty", "customer_crypto_jpy"),
        "customer_crypto_cold_jpy": _value(coins, "cold_qty", "customer_crypto_cold_jpy"),
        "customer_crypto_not_cold_jpy": _value(coins, "hot_qty", "customer_crypto_not_cold_jpy"),
        "performance_guarantee_jpy": _value(coins, "hot_qty", "performance_guarantee_jpy"),
        "largest_signing_domain_jpy": _largest_domain(facts, money, exposed),
        "volumes_oldest_to_current_fy": facts.securities_volumes(),
        "crypto_traded_value_by_fy": facts.crypto_traded_value(),
        "loss_in_question_jpy": facts.loss_in_question(),
    }
    for key, item in {**{f"{i}_jpy": i for i in FINANCIALS}, **{i: i for i in RESERVE}}.items():
        stated = facts.financial(item)
        in_yen = money.to(stated, YEN)
        given[key] = stated if in_yen is stated else in_yen.named(f"fact:{key}")
    for kind, owed, held in (
        ("customer_trust", "customer_cash_jpy", "trust_principal_jpy"),
        ("margin_trust", "margin_cash_jpy", "margin_trust_principal_jpy"),
    ):
        trust = reconciliation.trusts.get(kind)
        if trust is not None:
            given[owed] = money.to(trust["owed"], YEN).named(f"fact:{owed}")
            given[held] = money.to(trust["settled"], YEN).named(f"fact:{held}")
    return given


def _largest_domain(facts: Facts, money: Money, exposed: Exposure) -> Figure:
    """The signing domain with the most of the customers' crypto, where domains are named."""
    named = [f for name, f in exposed.domains.items() if name != NOT_NAMED]
    if not named or NOT_NAMED in exposed.domains:
        words = Text("署名領域が示されていない保有がある", "a holding names no signing domain")
        return facts.absent("largest_signing_domain_jpy", YEN, words)
    return money.to(largest(*named), YEN).named("fact:largest_signing_domain_jpy")


def crypto_lines(reconciliation: Reconciliation) -> list[Line]:
    """Assets that the crypto rules are about; stablecoins and money have rules of their own."""
    return [line for line in reconciliation.lines.values() if line.kind in CRYPTO]


def _coins(reconciliation: Reconciliation, money: Money) -> Figure:
    """customer_qty, hot_qty, cold_qty and price_jpy of each crypto-asset owed or held."""
    rows = {}
    for line in crypto_lines(reconciliation):
        if not line.units["owed"] and not line.units["held"]:
            continue
        split = Figure(line.kind != "basket", "truth", id=f"fact:coins/{line.asset}/split")
        cells = {
            "customer_qty": line["owed"],
            "hot_qty": line["not_cold"],
            "cold_qty": smallest(line["owed"], line["proven_cold"]),
            "price_jpy": money.to(money.prices[line.asset], YEN),
            "split": split,
        }
        rows[line.asset] = table(cells).named(f"fact:coins/{line.asset}")
    label = Text("利用者の暗号資産（種類別）", "customers' crypto-assets by coin")
    return table(rows).named("fact:coins", label)


def _value(coins: Figure, quantity: str, id: str) -> Figure:
    """The yen value of one column over all coins."""
    terms = [row.rows()[quantity] * row.rows()["price_jpy"] for row in coins.rows().values()]
    figure = apply(
        f"Σ {quantity} × price_jpy",
        YEN,
        terms,
        lambda: sum((t.number() for t in terms), Fraction(0)),
    )
    return figure.named(f"fact:{id}")
