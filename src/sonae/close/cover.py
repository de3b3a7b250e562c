"""充当: what stands behind each requirement, as a going concern and when the firm has failed.

Every asset stands behind one line only: customers' own coins behind what is owed, guarantee coins
behind the hot part, trust money behind customers' money, reserve assets and insurance behind the
reserve. A surplus of one line never cures another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sonae.books.facts import Facts
from sonae.close.reconcile import Line, Reconciliation, Trust, own_statements, settled
from sonae.close.require import Requirements, crypto_lines
from sonae.close.value import Valuation
from sonae.core.citation import Citation
from sonae.core.figure import Figure, constant
from sonae.core.finding import Finding
from sonae.core.formula import not_negative, smallest, total
from sonae.core.text import Text, same
from sonae.policy.evaluate import Term, pays
from sonae.policy.terms import Policy, read_policies
from sonae.rulebook.edition import Edition

YEN = "JPY"
GOING, INSOLVENT = "going_concern", "on_insolvency"


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
    """The stacked statement, cover by regime, the reserve assets, and findings."""

    stack: tuple[StackLine, ...]
    by_regime: Mapping[str, RegimeCover]
    reserve: Mapping[str, Figure]
    policies: tuple[Policy, ...]
    findings: tuple[Finding, ...]


def cover(
    facts: Facts,
    edition: Edition,
    reconciliation: Reconciliation,
    valuation: Valuation,
    required: Requirements,
) -> Cover:
    """Stack the lines of custody law and set reserve and insurance against each draft."""
    findings: list[Finding] = []
    reserve = _reserve(facts, reconciliation, valuation, findings)
    policies = read_policies(facts.books.policies or {})
    findings += insurance_findings(facts, valuation, policies)
    stack: tuple[StackLine, ...] = ()
    if "jp" in required.by_regime:
        stack = _stack(edition, reconciliation, valuation, required)
    by_regime: dict[str, RegimeCover] = {}
    for regime, rules in required.by_regime.items():
        if regime == "jp":
            by_regime[regime] = _custody_law(stack)
        elif regime == rules[0]:
            insured = _Insurance(facts, valuation, policies)
            by_regime[regime] = _draft(regime, required, reserve, insured)
        else:
            closing = required[f"{rules[0]}#closing_before_release"]
            by_regime[regime] = _plain(regime, closing, reserve)
    return Cover(stack, by_regime, reserve, policies, tuple(findings))


# -- custody law, line by line -----------------------------------------------------------------


def _stack(
    edition: Edition,
    reconciliation: Reconciliation,
    valuation: Valuation,
    required: Requirements,
) -> tuple[StackLine, ...]:
    segregation = edition.topic(edition.rule("jp.crypto.hot_limit")).cite("psa 63-11(2)")
    lines = crypto_lines(reconciliation)
    owed = _yen("owed", [x["owed"] for x in lines], lines, valuation)
    backed = _yen("backed", [smallest(x["owed"], x["backed"]) for x in lines], lines, valuation)
    hot = _yen("guarantee_required", [x["not_cold"] for x in lines], lines, valuation)
    coins = [_guarantee(x) for x in lines]
    own = _yen("guarantee_held", coins, lines, valuation)
    guarantee = required["jp.crypto.performance_guarantee#required_qty"]
    stack = [
        _line("segregation", _SEGREGATION, owed, backed, backed, (segregation,), own_money=False),
        _line("guarantee", _GUARANTEE, hot, own, own, guarantee.cites, own_money=True),
    ]
    stack += _stablecoins(reconciliation, valuation)
    stack += [_trust(t, valuation, required) for t in reconciliation.trusts.values()]
    return tuple(stack)


def _stablecoins(reconciliation: Reconciliation, valuation: Valuation) -> list[StackLine]:
    """Stablecoins owed and backed, where there are any: outside the crypto rules (PSA 62-14)."""
    lines = [x for x in reconciliation.lines.values() if x.kind == "stablecoin" and x.units["owed"]]
    if not lines:
        return []
    owed = _yen("stablecoin_owed", [x["owed"] for x in lines], lines, valuation)
    backed = [smallest(x["owed"], x["backed"]) for x in lines]
    held = _yen("stablecoin_backed", backed, lines, valuation)
    return [_line("stablecoin", _STABLECOIN, owed, held, held, (), own_money=False)]


def _trust(trust: Trust, valuation: Valuation, required: Requirements) -> StackLine:
    """A money trust; on insolvency only what has settled is there."""
    home = trust["owed"].unit == YEN
    key = trust.kind if home else f"{trust.kind}/{trust.currency}"
    price = valuation.prices[trust.currency]

    def worth(figure: Figure) -> Figure:
        return figure if home else figure * price

    owed = worth(trust["owed"]).named(f"stack/{key}#owed", _SUMS["trust"])
    if home:
        owed = required[f"{_TRUSTS[trust.kind][0]}#required_jpy"]
    parts = [worth(trust[s]) for s in ("settled", "instructed", "calculated")]
    going = total(parts, YEN).named(f"stack/{key}#held", _SUMS["held"])
    insolvent = parts[0].named(f"stack/{key}#settled", _SUMS["settled"])
    title = _TRUSTS[trust.kind][1]
    if not home:
        title = Text(f"{title.ja}（{trust.currency}）", f"{title.en} ({trust.currency})")
    return _line(key, title, owed, going, insolvent, owed.cites, own_money=False)


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


def _yen(
    name: str, quantities: Sequence[Figure], lines: Sequence[Line], valuation: Valuation
) -> Figure:
    terms = [
        quantity * valuation.prices[line.asset]
        for quantity, line in zip(quantities, lines, strict=True)
        if line.units["owed"] or line.units["held"]
    ]
    return total(terms, YEN, f"Σ {name} × price").named(f"stack#{name}", _SUMS[name])


def _line(
    key: str,
    title: Text,
    required: Figure,
    going: Figure,
    insolvent: Figure,
    cites: tuple[Citation, ...],
    own_money: bool,
) -> StackLine:
    short = not_negative(required - going).named(f"stack/{key}#shortfall", _SHORTFALL)
    return StackLine(key, title, required, going, insolvent, short, cites, own_money)


def _custody_law(stack: Sequence[StackLine]) -> RegimeCover:
    required = total([s.required for s in stack], YEN).named("cover/jp#required", _REQUIRED)
    held = total([s.going for s in stack], YEN).named("cover/jp#held", _TOTAL[GOING])
    short = total([s.shortfall for s in stack], YEN).named("cover/jp#shortfall", _SHORTFALL)
    over = (
        (held - required) if short.computable and short.number() == 0 else constant(0, YEN) - short
    )
    surplus = over.named("cover/jp#surplus", _SURPLUS)
    failed = total([s.insolvent for s in stack], YEN)
    failed = failed.named("cover/jp#held_on_insolvency", _TOTAL[INSOLVENT])
    going, insolvent = ({"segregated_and_trust": f, "total": f} for f in (held, failed))
    return RegimeCover(required, going, insolvent, surplus)


# -- the reserve -------------------------------------------------------------------------------


def _reserve(
    facts: Facts,
    reconciliation: Reconciliation,
    valuation: Valuation,
    findings: list[Finding],
) -> dict[str, Figure]:
    """Reserve money and coins; on insolvency only what a deed makes bankruptcy remote."""
    parts: list[tuple[str, Figure]] = []
    rows, on = own_statements(facts, reconciliation.elsewhere), facts.books.venue.on
    accounts = sorted({r["account"] for r in rows if r["kind"] == "reserve"})
    for account in accounts:
        mine = [r for r in rows if r["account"] == account]
        for currency in sorted({r["currency"] for r in mine if r["kind"] == "reserve"}):
            amount, count = settled(mine, currency, "reserve", on)
            where = f"account = {account}, currency = {currency}, kind = reserve, stage = settled"
            key = f"statements/{account}/{currency}/amount"
            unit = _unit(facts, currency)
            money = facts.leaf(key, amount, unit, "statements", where, count, _RESERVE)
            parts.append((account, money * valuation.prices[currency] if unit == "coin" else money))
    assets = {r["asset"]: r for r in facts.books.rows["assets"]}
    for row in facts.books.table("holdings") or []:
        if row["owner"] != "reserve":
            continue
        asset, id = assets[row["asset"]], row["holding_id"]
        if asset["own_issue"]:
            findings.append(
                Finding("own-token-reserve", "breach", _OWN_TOKEN.format(a=row["asset"], h=id), id)
            )
            continue
        quantity = facts.leaf(
            f"holdings/{id}/{row['asset']}/quantity",
            Fraction(row["quantity"], 10 ** asset["scale"]),
            "coin",
            "holdings",
            f"holding_id = {id}, asset = {row['asset']}, owner = reserve",
            1,
        )
        parts.append((id, quantity * valuation.prices[row["asset"]]))
    return _by_remoteness(facts, parts, findings)


_OWN_TOKEN = Text(
    "準備金に自社発行の{a}（{h}）が含まれる。算入額は0とする",
    "the reserve holds the venue's own token {a} ({h}); it counts as 0",
)


def _unit(facts: Facts, currency: str) -> str:
    """Money of the reporting currency is its own unit; other currencies are valued as coins are."""
    return currency if currency == facts.books.venue.currency else "coin"


def _by_remoteness(
    facts: Facts, parts: Sequence[tuple[str, Figure]], findings: list[Finding]
) -> dict[str, Figure]:
    deeds = {r["instrument_id"]: r for r in facts.books.table("instruments") or []}
    if not parts and facts.books.table("statements") is None:
        words = Text(
            "準備金の口座（statements）がない", "no statement of a reserve account is given"
        )
        none = facts.absent("reserve", YEN, words)
        return {
            GOING: none.named("reserve#going_concern"),
            INSOLVENT: none.named("reserve#on_insolvency"),
        }
    remote = []
    for id, figure in parts:
        if deeds.get(id, {}).get("bankruptcy_remote") == "yes":
            remote.append(figure)
        elif figure.computable and figure.number() > 0:
            state = deeds[id]["bankruptcy_remote"] if id in deeds else None
            findings.append(_not_remote(id, figure, state))
    going = total([f for _, f in parts], YEN, "Σ reserve assets").named(
        "reserve#going_concern", _RESERVE
    )
    apart = total(remote, YEN, "Σ bankruptcy-remote reserve assets")
    return {GOING: going, INSOLVENT: apart.named("reserve#on_insolvency", _REMOTE)}


_RESERVE = Text("準備金資産", "reserve assets")
_REQUIRED = Text("所要額の合計", "required, all lines")
_SHORTFALL = Text("不足額", "shortfall")
_INSURANCE = Text("保険による充当", "insurance that counts")
_TOTAL = {
    GOING: Text("充当（継続時）", "cover as a going concern"),
    INSOLVENT: Text("充当（破綻時）", "cover on insolvency"),
}
_SURPLUS = Text("過不足", "surplus or shortfall")
_REMOTE = Text("倒産隔離された準備金資産", "bankruptcy-remote reserve assets")


def _not_remote(id: str, figure: Figure, state: Any) -> Finding:
    words = {"no": ("倒産隔離なし", "not remote"), "untested": ("倒産隔離は未検証", "untested")}
    ja, en = words.get(state, ("根拠文書なし", "no deed given"))
    amount = f"{int(figure.number()):,}"
    text = Text(
        f"{id}の{amount}円は破綻時に一般財産へ入るおそれがある（{ja}）",
        f"JPY {amount} at {id} would fall into the general pool on insolvency ({en})",
    )
    return Finding("reserve-not-remote", "warning", text, id)


# -- reserve and insurance against a draft -------------------------------------------------------


def _draft(
    regime: str,
    required: Requirements,
    reserve: Mapping[str, Figure],
    insured: _Insurance,
) -> RegimeCover:
    """Reserve assets plus insurance, insurance only up to the share the draft lets it meet."""
    outputs = required.outputs[regime]
    need = outputs["required"]
    parts = []
    for state in (GOING, INSOLVENT):
        paid = insured.counts(need, outputs.get("insurance_at_most"), failed=state == INSOLVENT)
        key = f"cover/{regime}#{state}"
        named = {
            "reserve": reserve[state].named(f"{key}.reserve", _RESERVE),
            "insurance": paid.named(f"{key}.insurance", _INSURANCE),
        }
        named["total"] = total(list(named.values()), YEN).named(f"{key}.total", _TOTAL[state])
        parts.append(named)
    surplus = (parts[0]["total"] - need).named(f"cover/{regime}#surplus", _SURPLUS)
    return RegimeCover(need, parts[0], parts[1], surplus)


def _plain(regime: str, need: Figure, reserve: Mapping[str, Figure]) -> RegimeCover:
    """Reserve assets alone."""
    surplus = (reserve[GOING] - need).named(f"cover/{regime}#surplus", _SURPLUS)
    return RegimeCover(
        need,
        {"reserve": reserve[GOING], "total": reserve[GOING]},
        {"reserve": reserve[INSOLVENT], "total": reserve[INSOLVENT]},
        surplus,
    )


@dataclass(frozen=True)
class _Insurance:
    """The policies in force, valued in the reporting currency."""

    facts: Facts
    valuation: Valuation
    policies: Sequence[Policy]

    def counts(self, need: Figure, most: Figure | None, *, failed: bool) -> Figure:
        """What the policies pay for one event of the size of the need, at most `most`."""
        counted = [
            pays(policy, need, self._terms(policy))
            for policy in self.policies
            if policy.in_force(self.facts.books.venue.on)
            and policy.currency in self.valuation.prices
            and (not failed or (policy.reaches_customers and policy.survives_failure))
        ]
        if self.facts.books.policies is None and most is not None:
            words = Text("保険（policies.toml）がない", "policies.toml is not given")
            return self.facts.absent("policies", YEN, words)
        none = self.facts.leaf("policies/none", Fraction(0), YEN, "policies", "none that counts", 0)
        if not counted or most is None:
            return none
        return smallest(total(counted, YEN, "Σ policies"), most)

    def _terms(self, policy: Policy) -> Term:
        return lambda name: policy_term(self.facts, self.valuation, policy, name)


def policy_term(facts: Facts, valuation: Valuation, policy: Policy, name: str) -> Figure:
    """An amount of a policy in the reporting currency."""
    key, where = f"policies/{policy.policy_id}/{name}", f"policy_id = {policy.policy_id}, {name}"
    unit, label = _unit(facts, policy.currency), same(f"{policy.policy_id} {name}")
    stated = facts.leaf(key, getattr(policy, name), unit, "policies", where, 1, label)
    return stated * valuation.prices[policy.currency] if unit == "coin" else stated


def insurance_findings(
    facts: Facts, valuation: Valuation, policies: Sequence[Policy]
) -> list[Finding]:
    """Policies that have lapsed, and cover that ends with the firm."""
    findings = []
    for policy in policies:
        if not policy.in_force(facts.books.venue.on):
            text = _LAPSED.format(
                p=policy.policy_id, start=policy.period_start, end=policy.period_end
            )
            findings.append(Finding("insurance-not-in-force", "warning", text, policy.policy_id))
        elif not policy.survives_failure or not policy.reaches_customers:
            findings.append(
                Finding(
                    "cover-dies-with-firm",
                    "warning",
                    _DIES.format(p=policy.policy_id),
                    policy.policy_id,
                )
            )
        if policy.currency not in valuation.prices:
            text = _CURRENCY.format(p=policy.policy_id, c=policy.currency)
            findings.append(Finding("insurance-currency", "warning", text, policy.policy_id))
    return findings


_LAPSED = Text(
    "保険{p}は保険期間（{start}から{end}）外のため算入しない",
    "policy {p} is outside its period ({start} to {end}) and does not count",
)
_DIES = Text(
    "保険{p}は破綻時に終了するか、保険金が一般財産に入るため、破綻時の充当は0",
    "policy {p} ends with the firm or pays into the general estate; on insolvency it counts 0",
)
_CURRENCY = Text(
    "保険{p}は{c}建てだが、{c}が assets と prices にないため算入しない",
    "policy {p} is in {c}; add {c} to assets and prices, or it does not count",
)
