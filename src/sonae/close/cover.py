"""充当: what stands behind each requirement, as a going concern and when the firm has failed.

Every asset stands behind one line only: customers' own coins behind what is owed, guarantee coins
behind the hot part, trust money behind customers' money, reserve assets and insurance behind the
reserve. A surplus of one line never cures another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sonae.books.facts import Facts
from sonae.close.insurance import Insurance, insurance_findings
from sonae.close.money import YEN, Money
from sonae.close.reconcile import Line, Reconciliation, Trust
from sonae.close.regimes import ABROAD, japanese
from sonae.close.require import Requirements, crypto_lines
from sonae.close.reserve import GOING, INSOLVENT, RESERVE, reserve_assets
from sonae.close.value import Valuation
from sonae.core.citation import Citation
from sonae.core.figure import Figure, constant
from sonae.core.finding import Finding
from sonae.core.formula import not_negative, smallest, total
from sonae.core.text import Text
from sonae.policy.terms import Policy, read_policies
from sonae.rulebook.edition import Edition


@dataclass(frozen=True)
class StackLine:
    """One requirement in yen, what stands behind it, and whose money that is."""

    key: str
    title: Text
    required: Figure
    going: Figure
    insolvent: Figure
    shortfall: Figure
    cites: tuple[Citation, ...]
    own_money: bool


@dataclass(frozen=True)
class RegimeCover:
    """Required, cover by part in both states of the firm, and what is over (or short)."""

    required: Figure
    going_concern: Mapping[str, Figure]
    on_insolvency: Mapping[str, Figure]
    surplus: Figure


@dataclass(frozen=True)
class Cover:
    """The stacked statement, cover by regime, the reserve assets, and findings.

    `abroad` has the lines of each regime outside Japan, in the currency of its rules.
    """

    stack: tuple[StackLine, ...]
    by_regime: Mapping[str, RegimeCover]
    reserve: Mapping[str, Figure]
    policies: tuple[Policy, ...]
    findings: tuple[Finding, ...]
    abroad: Mapping[str, tuple[StackLine, ...]] = field(default_factory=dict)


def cover(
    facts: Facts,
    edition: Edition,
    reconciliation: Reconciliation,
    valuation: Valuation,
    required: Requirements,
) -> Cover:
    """Stack the lines of custody law and set reserve and insurance against each draft."""
    findings: list[Finding] = []
    home = japanese(facts.books.venue)
    reserve = reserve_assets(
        facts, edition, reconciliation, valuation, findings if home else list[Finding]()
    )
    policies = read_policies(facts.books.policies or {})
    findings += insurance_findings(facts, valuation, policies, japan=home)
    stack: tuple[StackLine, ...] = ()
    if "jp" in required.by_regime:
        money = Money(facts.books.venue.currency, valuation.prices)
        stack = _stack(edition, reconciliation, money, required)
    by_regime: dict[str, RegimeCover] = {}
    for regime, rules in required.by_regime.items():
        if regime in ABROAD:
            continue
        if regime == "jp":
            by_regime[regime] = total_of_lines("jp", stack, YEN)
        elif regime == rules[0]:
            insured = Insurance(facts, valuation, policies)
            by_regime[regime] = _draft(regime, required, reserve, insured)
        else:
            closing = required[f"{rules[0]}#closing_before_release"]
            by_regime[regime] = _plain(regime, closing, reserve)
    return Cover(stack, by_regime, reserve, policies, tuple(findings))


# -- custody law, line by line -----------------------------------------------------------------


def _stack(
    edition: Edition,
    reconciliation: Reconciliation,
    money: Money,
    required: Requirements,
) -> tuple[StackLine, ...]:
    segregation = edition.topic(edition.rule("jp.crypto.hot_limit")).cite("psa 63-11(2)")
    lines = crypto_lines(reconciliation)
    owed = _yen("owed", [x["owed"] for x in lines], lines, money)
    backed = _yen("backed", [smallest(x["owed"], x["backed"]) for x in lines], lines, money)
    hot = _yen("guarantee_required", [x["not_cold"] for x in lines], lines, money)
    coins = [_guarantee(x) for x in lines]
    own = _yen("guarantee_held", coins, lines, money)
    guarantee = required["jp.crypto.performance_guarantee#required_qty"]
    stack = [
        stack_line(
            "segregation", _SEGREGATION, owed, backed, backed, (segregation,), own_money=False
        ),
        stack_line("guarantee", _GUARANTEE, hot, own, own, guarantee.cites, own_money=True),
    ]
    stack += _stablecoins(reconciliation, money)
    stack += [_trust(t, money, required) for t in reconciliation.trusts.values()]
    return tuple(stack)


def _stablecoins(reconciliation: Reconciliation, money: Money) -> list[StackLine]:
    """Stablecoins owed and backed, where there are any: outside the crypto rules (PSA 62-14)."""
    lines = [x for x in reconciliation.lines.values() if x.kind == "stablecoin" and x.units["owed"]]
    if not lines:
        return []
    owed = _yen("stablecoin_owed", [x["owed"] for x in lines], lines, money)
    backed = [smallest(x["owed"], x["backed"]) for x in lines]
    held = _yen("stablecoin_backed", backed, lines, money)
    return [stack_line("stablecoin", _STABLECOIN, owed, held, held, (), own_money=False)]


def _trust(trust: Trust, money: Money, required: Requirements) -> StackLine:
    """A money trust; on insolvency only what has settled is there."""
    home = trust["owed"].unit == money.home
    key = trust.kind if home else f"{trust.kind}/{trust.currency}"
    price = money.prices[trust.currency]

    def worth(figure: Figure) -> Figure:
        return money.to(figure if home else figure * price, YEN)

    owed = worth(trust["owed"]).named(f"stack/{key}#owed", _SUMS["trust"])
    if home:
        owed = required[f"{_TRUSTS[trust.kind][0]}#required_jpy"]
    parts = [worth(trust[s]) for s in ("settled", "instructed", "calculated")]
    going = total(parts, YEN).named(f"stack/{key}#held", _SUMS["held"])
    insolvent = parts[0].named(f"stack/{key}#settled", _SUMS["settled"])
    title = _TRUSTS[trust.kind][1]
    if not home:
        title = Text(f"{title.ja}（{trust.currency}）", f"{title.en} ({trust.currency})")
    return stack_line(key, title, owed, going, insolvent, owed.cites, own_money=False)


_SEGREGATION = Text("利用者の暗号資産の分別管理", "customers' crypto, segregated and proven")
_GUARANTEE = Text("履行保証暗号資産（自己の暗号資産）", "performance-guarantee crypto (own coins)")
_STABLECOIN = Text("利用者の電子決済手段", "customers' stablecoins, proven")
_TRUSTS = {
    "customer_trust": (
        "jp.crypto.cash_trust",
        Text("利用者の金銭の信託", "customers' money in trust"),
    ),
    "margin_trust": (
        "jp.crypto.margin_cash_trust",
        Text("証拠金等の信託", "margin money in trust"),
    ),
}


def _guarantee(line: Line) -> Figure:
    """Guarantee coins that count; where nothing is outside cold storage none are needed."""
    needed = line["not_cold"]
    if needed.computable and needed.number() == 0:
        return needed
    return smallest(needed, line["guarantee"])


_SUMS = {
    "owed": Text("預かり残高の評価額", "customers' crypto owed, in yen"),
    "backed": Text("支配証明のある保有の評価額", "backed, in yen"),
    "guarantee_required": Text("履行保証暗号資産の所要額", "guarantee assets required, in yen"),
    "guarantee_held": Text("履行保証暗号資産の算入額", "guarantee assets that count, in yen"),
    "held": Text("信託財産（移動中を含む）", "trust money, with what is on its way"),
    "settled": Text("信託財産（決済済み）", "trust money settled"),
    "trust": Text("信託すべき額", "money to be held in trust, in yen"),
    "stablecoin_owed": Text("電子決済手段の預かり残高", "stablecoins owed, in yen"),
    "stablecoin_backed": Text("支配証明のある電子決済手段", "stablecoins backed, in yen"),
}


def _yen(name: str, quantities: Sequence[Figure], lines: Sequence[Line], money: Money) -> Figure:
    terms = [
        quantity * money.to(money.prices[line.asset], YEN)
        for quantity, line in zip(quantities, lines, strict=True)
        if line.units["owed"] or line.units["held"]
    ]
    return total(terms, YEN, f"Σ {name} × price").named(f"stack#{name}", _SUMS[name])


def stack_line(
    key: str,
    title: Text,
    required: Figure,
    going: Figure,
    insolvent: Figure,
    cites: tuple[Citation, ...],
    own_money: bool,
) -> StackLine:
    """A line with its shortfall as a going concern."""
    short = not_negative(required - going).named(f"stack/{key}#shortfall", SHORTFALL)
    return StackLine(key, title, required, going, insolvent, short, cites, own_money)


def total_of_lines(regime: str, stack: Sequence[StackLine], currency: str) -> RegimeCover:
    """A regime's lines added up; where one of them is short, the regime is, by that much."""
    key = f"cover/{regime}"
    required = total([s.required for s in stack], currency).named(f"{key}#required", _REQUIRED)
    held = total([s.going for s in stack], currency).named(f"{key}#held", TOTAL[GOING])
    short = total([s.shortfall for s in stack], currency).named(f"{key}#shortfall", SHORTFALL)
    met = short.computable and short.number() == 0
    over = (held - required) if met else constant(0, currency) - short
    surplus = over.named(f"{key}#surplus", SURPLUS)
    failed = total([s.insolvent for s in stack], currency)
    failed = failed.named(f"{key}#held_on_insolvency", TOTAL[INSOLVENT])
    going, insolvent = ({"segregated_and_trust": f, "total": f} for f in (held, failed))
    return RegimeCover(required, going, insolvent, surplus)


# -- reserve and insurance against a draft -------------------------------------------------------


def _draft(
    regime: str,
    required: Requirements,
    reserve: Mapping[str, Figure],
    insured: Insurance,
) -> RegimeCover:
    """Reserve assets plus insurance, insurance only up to the share the draft lets it meet."""
    outputs = required.outputs[regime]
    need = outputs["required"]
    parts = []
    for state in (GOING, INSOLVENT):
        paid = insured.counts(need, outputs.get("insurance_at_most"), failed=state == INSOLVENT)
        key = f"cover/{regime}#{state}"
        named = {
            "reserve": reserve[state].named(f"{key}.reserve", RESERVE),
            "insurance": paid.named(f"{key}.insurance", _INSURANCE),
        }
        named["total"] = total(list(named.values()), YEN).named(f"{key}.total", TOTAL[state])
        parts.append(named)
    surplus = (parts[0]["total"] - need).named(f"cover/{regime}#surplus", SURPLUS)
    return RegimeCover(need, parts[0], parts[1], surplus)


def _plain(regime: str, need: Figure, reserve: Mapping[str, Figure]) -> RegimeCover:
    """Reserve assets alone."""
    surplus = (reserve[GOING] - need).named(f"cover/{regime}#surplus", SURPLUS)
    return RegimeCover(
        need,
        {"reserve": reserve[GOING], "total": reserve[GOING]},
        {"reserve": reserve[INSOLVENT], "total": reserve[INSOLVENT]},
        surplus,
    )


_REQUIRED = Text("所要額の合計", "required, all lines")
SHORTFALL = Text("不足額", "shortfall")
_INSURANCE = Text("保険による充当", "insurance that counts")
TOTAL = {
    GOING: Text("充当（継続時）", "cover as a going concern"),
    INSOLVENT: Text("充当（破綻時）", "cover on insolvency"),
}
SURPLUS = Text("過不足", "surplus or shortfall")
