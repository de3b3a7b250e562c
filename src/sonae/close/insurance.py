"""The venue's insurance on the day: what one event of a size is paid, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from sonae.books.facts import Facts
from sonae.close.money import YEN, Money
from sonae.close.reserve import money_unit
from sonae.close.value import Valuation
from sonae.core.figure import Figure
from sonae.core.finding import Finding
from sonae.core.formula import smallest, total
from sonae.core.text import Text, same
from sonae.policy.evaluate import Term, pays
from sonae.policy.programme import towers
from sonae.policy.terms import Policy


@dataclass(frozen=True)
class Insurance:
    """The policies in force, valued in yen."""

    facts: Facts
    valuation: Valuation
    policies: Sequence[Policy]

    def counts(self, need: Figure, most: Figure | None, *, failed: bool) -> Figure:
        """What the policies pay for one event of the size of the need, at most `most`.

        Layers of a tower stand on the same loss; each tower is asked for what those before left.
        """
        counted: list[Figure] = []
        left = need
        for _, layers in towers([p for p in self.policies if self._responds(p, failed)]):
            counted += [pays(policy, left, self._terms(policy)) for policy in layers]
            left = need - total(counted, YEN, "Σ policies")
        if self.facts.books.policies is None and most is not None:
            words = Text("保険（policies.toml）がない", "policies.toml is not given")
            return self.facts.absent("policies", YEN, words)
        none = self.facts.leaf("policies/none", Fraction(0), YEN, "policies", "none that counts", 0)
        if not counted or most is None:
            return none
        return smallest(total(counted, YEN, "Σ policies"), most)

    def _responds(self, policy: Policy, failed: bool) -> bool:
        return (
            policy.in_force(self.facts.books.venue.on)
            and policy.currency in self.valuation.prices
            and (not failed or (policy.reaches_customers and policy.survives_failure))
        )

    def _terms(self, policy: Policy) -> Term:
        money = Money(self.facts.books.venue.currency, self.valuation.prices)

        def term(name: str) -> Figure:
            return money.to(policy_term(self.facts, self.valuation, policy, name), YEN)

        return term


def policy_term(facts: Facts, valuation: Valuation, policy: Policy, name: str) -> Figure:
    """An amount of a policy in the reporting currency."""
    key, where = f"policies/{policy.policy_id}/{name}", f"policy_id = {policy.policy_id}, {name}"
    unit, label = money_unit(facts, policy.currency), same(f"{policy.policy_id} {name}")
    amount = getattr(policy, name)
    if name == "claims_paid":
        amount = policy.paid_by(facts.books.venue.on)
    stated = facts.leaf(key, amount, unit, "policies", where, 1, label)
    return stated * valuation.prices[policy.currency] if unit == "coin" else stated


def insurance_findings(
    facts: Facts, valuation: Valuation, policies: Sequence[Policy], *, japan: bool = True
) -> list[Finding]:
    """Policies that have lapsed, and cover that ends with the firm; in Japan who may insure."""
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
        if japan and policy.conditions.admission == "none":
            text = _ADMISSION.format(p=policy.policy_id, i=policy.insurer)
            findings.append(Finding("insurer-not-admitted", "warning", text, policy.policy_id))
        if unused := _unused(policy):
            text = _UNUSED.format(p=policy.policy_id, terms=", ".join(unused))
            findings.append(Finding("insurance-terms-unused", "note", text, policy.policy_id))
        if policy.currency not in valuation.prices:
            text = _CURRENCY.format(p=policy.policy_id, c=policy.currency)
            findings.append(Finding("insurance-currency", "warning", text, policy.policy_id))
    return findings


def _unused(policy: Policy) -> list[str]:
    """Stated terms that hang on peril, tier or keys, which an event of a size does not have."""
    names = ("perils", "exclusions", "tiers", "custodians", "sublimits")
    return [n for n in names if getattr(policy.conditions, n) not in (None, ())]


_LAPSED = Text(
    "保険{p}は保険期間（{start}から{end}）外か解約済みのため算入しない",
    "policy {p} is outside its period ({start} to {end}) or cancelled, and does not count",
)
_ADMISSION = Text(
    "保険{p}の保険者{i}は、免許も保険業法第186条第2項の許可もない。契約が無効とならないか確認する",
    "insurer {i} of policy {p} has neither a licence nor permission under Insurance Business Act "
    "Art. 186(2); find out whether the cover holds",
)
_UNUSED = Text(
    "保険{p}の{terms}は、危険や保管区分のない所要額には当てはめていない。実際の支払は少ないことがある",
    "{terms} of policy {p} are not applied to a requirement, which has no peril or tier; a real "
    "event may be paid less",
)
_DIES = Text(
    "保険{p}は破綻時に終了するか、保険金が一般財産に入るため、破綻時の充当は0",
    "policy {p} ends with the firm or pays into the general estate; on insolvency it counts 0",
)
_CURRENCY = Text(
    "保険{p}は{c}建てだが、{c}が assets と prices にないため算入しない",
    "policy {p} is in {c}; add {c} to assets and prices, or it does not count",
)
