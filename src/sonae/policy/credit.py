"""How much of a requirement insurance may stand for: gate, map, haircuts, cap.

Every yen of the requirement that is not credited has a reason: towers say what they would not pay,
gates and haircuts what they took, the cap what was above it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from fractions import Fraction

from sonae.core.text import Text
from sonae.policy.conditions import Share
from sonae.policy.credit_rule import CreditRule
from sonae.policy.programme import ZERO, Event, Part, TowerAnswer, Unpaid, Used, ask, towers
from sonae.policy.terms import Policy


@dataclass(frozen=True, slots=True)
class Cell:
    """A part of the requirement, in the currency of the answer: one peril in one tier."""

    peril: str
    tier: str
    amount: Fraction
    custodian: str = ""


@dataclass(frozen=True, slots=True)
class Mapped:
    """One cell before one tower: what it was asked for, what counts, what does not and why."""

    cell: Cell
    asked: Fraction
    raw: Fraction
    refused: tuple[Unpaid, ...]


@dataclass(frozen=True, slots=True)
class Cut:
    """A haircut on one policy's amount: its factor, and what it took."""

    policy_id: str
    code: str
    factor: Fraction
    amount: Fraction
    text: Text


@dataclass(frozen=True, slots=True)
class Credit:
    """requirement = credit + cash, and cash is what mapping, haircuts and the cap refused."""

    requirement: Fraction
    mapped: tuple[Mapped, ...]
    raw: Fraction
    cuts: tuple[Cut, ...]
    after_haircut: Fraction
    cap: Fraction
    over_cap: Fraction
    credit: Fraction

    @property
    def cash(self) -> Fraction:
        """What must be there without insurance."""
        return self.requirement - self.credit

    @property
    def refused(self) -> tuple[Unpaid, ...]:
        """Every yen of the requirement that is not credited, by reason; the sum is `cash`."""
        lines: dict[str, Unpaid] = {}
        last = {m.cell: m for m in self.mapped}
        found = [u for m in last.values() for u in m.refused]
        found += [Unpaid(c.code, c.amount, c.text) for c in self.cuts]
        found.append(Unpaid("cap", self.over_cap, _CAP))
        rest = self.requirement - sum((m.asked for m in last.values()), ZERO)
        rest -= sum((m.raw for m in self.mapped if last[m.cell] is not m), ZERO)
        found.append(Unpaid("no_insurance", rest, _NONE))
        for line in found:
            so_far = lines[line.code].amount if line.code in lines else ZERO
            lines[line.code] = replace(line, amount=so_far + line.amount)
        return tuple(line for line in lines.values() if line.amount)


def credit(
    cells: Sequence[Cell],
    policies: Sequence[Policy],
    rule: CreditRule,
    on: date,
    rates: Mapping[str, Fraction],
    *,
    disputed: Mapping[str, Fraction] | None = None,
    within_days: int | None = None,
    home: str = "JPY",
) -> Credit:
    """The credit on a day for cells in order of priority; a shared aggregate is used once.

    `disputed` takes amounts in dispute with an insurer (in its policy's currency) out of the
    aggregate that is left. `within_days` is the horizon of a liquidity test, in which insurance
    inside `rule.liquidity_days` counts 0. `home` is the currency of the cells.

    Raises:
        Refused: a policy is in a currency without a rate.
    """
    requirement = sum((c.amount for c in cells), ZERO)
    gates = {p.policy_id: gate(p, rule, on, within_days) for p in policies}
    left, mapped = {c: c.amount for c in cells}, []
    raw: dict[str, Fraction] = {}
    for name, layers in towers([_plain(p, disputed or {}) for p in policies]):
        used = Used()
        for cell in cells:
            event = _event(cell, left[cell], on)
            answer, _ = ask(name, layers, event, rates, used)
            mapped.append(_mapped(cell, answer, gates))
            left[cell] -= mapped[-1].raw
            for layer in answer.layers:
                if gates[layer.policy.policy_id] is None:
                    id = layer.policy.policy_id
                    raw[id] = raw.get(id, ZERO) + layer.paid
    cuts, after = [], ZERO
    for policy in sorted(policies, key=lambda p: p.policy_id):
        amount = raw.get(policy.policy_id, ZERO)
        for code, factor, text in haircuts(policy, rule, on, home):
            cuts.append(Cut(policy.policy_id, code, factor, amount * (1 - factor), text))
            amount *= factor
        after += amount
    cap = requirement * rule.cap
    counts = min(after, cap)
    whole = sum(raw.values(), ZERO)
    return Credit(
        requirement, tuple(mapped), whole, tuple(cuts), after, cap, after - counts, counts
    )


def call(before: Credit, after: Credit) -> Fraction:
    """What must be called in cash because the credit fell or the requirement rose; 0 if neither."""
    return max(after.cash - before.cash, ZERO)


def _plain(policy: Policy, disputed: Mapping[str, Fraction]) -> Policy:
    """Co-insurance is a haircut here; what is disputed is no longer there to be relied on."""
    taken = disputed.get(policy.policy_id, ZERO)
    found = policy.conditions
    claims = (*found.claims, (date.min, taken)) if found.claims else ()
    return replace(
        policy,
        co_insurance=ZERO,
        claims_paid=policy.claims_paid + taken,
        conditions=replace(found, claims=claims),
    )


def _event(cell: Cell, amount: Fraction, on: date) -> Event:
    at = datetime.combine(on, time(12), UTC)
    return Event(at, at, (Part(amount, cell.peril, cell.tier, custodian=cell.custodian),))


def _mapped(
    cell: Cell, answer: TowerAnswer, gates: Mapping[str, tuple[str, Text] | None]
) -> Mapped:
    refused, raw = list(answer.outside), ZERO
    for layer in answer.layers:
        refused += layer.unpaid
        if (closed := gates[layer.policy.policy_id]) is None:
            raw += layer.paid
        elif layer.paid:
            refused.append(Unpaid(closed[0], layer.paid, closed[1]))
    return Mapped(cell, answer.asked, raw, tuple(refused))


# -- the gate --------------------------------------------------------------------------------------


def gate(
    policy: Policy, rule: CreditRule, on: date, within_days: int | None = None
) -> tuple[str, Text] | None:
    """The first reason why a policy counts nothing; None where it may count.

    What the policy does not say is not assumed: no admission, no rating, no notice is a reason.
    """
    found = policy.conditions
    tests = {
        "inside_liquidity_days": within_days is not None and within_days <= rule.liquidity_days,
        "captive_not_reinsured": found.captive and not found.reinsured_share,
        "not_admitted": found.admission in ("", "none"),
        "not_rated": any(r in ("", "none") for _, r in ratings(policy, on)),
        "term_too_short": (policy.period_end - policy.period_start).days + 1 < rule.term_days,
        "no_cancellation_notice": found.cancellation_notice_days is None,
        "not_for_customers": not policy.reaches_customers,
        "warranty_breached": bool(found.breached_warranties),
    }
    return next(((code, _GATE[code]) for code, closed in tests.items() if closed), None)


def ratings(policy: Policy, on: date) -> list[tuple[Fraction, str]]:
    """Each insurer's weight and rating; the policy's dated rating where a share states none."""
    shares = policy.conditions.shares or (Share(policy.insurer, Fraction(1)),)
    known = policy.conditions.rating(on)
    return [(s.share / policy.conditions.placed, s.rating or known) for s in shares if s.share]


# -- haircuts --------------------------------------------------------------------------------------


def haircuts(
    policy: Policy, rule: CreditRule, on: date, home: str = "JPY"
) -> list[tuple[str, Fraction, Text]]:
    """Factors in a fixed order, each on what the ones before left; those of 1 are left out.

    `home` is the currency of the requirement.
    """
    found, one = policy.conditions, Fraction(1)
    notice = found.cancellation_notice_days or 0
    weights = [w * (one if rule.meets_floor(r) else rule.below_floor_factor)
               for w, r in ratings(policy, on) if r]  # fmt: skip
    factors = {
        "captive": found.reinsured_share if found.captive else one,
        "co_insurance": one - policy.co_insurance,
        "rating": sum(weights, ZERO),
        "short_notice": one if notice >= rule.notice_days else rule.short_notice_factor,
        "residual_term": _residual(policy, rule, on),
        "notice_given": _notice_left(policy, on),
        "currency_buffer": one if policy.currency == home else one - rule.currency_buffer,
        "mismatch": one - rule.mismatch,
        "payment_uncertainty": one - rule.payment_uncertainty,
    }
    return [(code, factor, _CUT[code]) for code, factor in factors.items() if factor != one]


def _residual(policy: Policy, rule: CreditRule, on: date) -> Fraction:
    """Whole at a year left, falling in a line to nothing at `residual_zero_days`."""
    left = (policy.period_end - on).days + 1 - rule.residual_zero_days
    return min(max(Fraction(left, rule.term_days - rule.residual_zero_days), ZERO), Fraction(1))


def _notice_left(policy: Policy, on: date) -> Fraction:
    """Once notice of cancellation is given: the part of its days that is left."""
    given, days = (
        policy.conditions.cancellation_given_on,
        policy.conditions.cancellation_notice_days,
    )
    if given is None or on < given:
        return Fraction(1)
    return max(Fraction(days - (on - given).days, days), ZERO) if days else ZERO


_CAP = Text("保険で充当できる上限を超える", "above the cap on insurance")
_NONE = Text("保険がない", "no insurance")
_GATE = {
    "inside_liquidity_days": Text(
        "流動性テストの期間内に保険金は数えない", "no insurance inside the horizon of liquidity"
    ),
    "captive_not_reinsured": Text(
        "再保険のないキャプティブは数えない", "a captive counts for outside reinsurance only"
    ),
    "not_admitted": Text(
        "免許または保険業法第186条第2項の許可を確認できない",
        "no licence, nor permission under Insurance Business Act Art. 186(2), is stated",
    ),
    "not_rated": Text("格付が分からない", "no rating is known"),
    "term_too_short": Text("保険期間が短い", "the term is too short"),
    "no_cancellation_notice": Text(
        "解約の予告期間が分からない", "no notice of cancellation is stated"
    ),
    "not_for_customers": Text("利用者のための保険ではない", "the money is not customers'"),
    "warranty_breached": Text("遵守事項に違反している", "a warranty is in breach"),
}
_CUT = {
    "captive": Text("キャプティブの自己保有分", "the part that a captive keeps"),
    "co_insurance": Text("自己負担割合", "co-insurance"),
    "rating": Text("保険者の格付が基準未満", "an insurer is rated below the floor"),
    "short_notice": Text("解約の予告期間が短い", "the notice of cancellation is short"),
    "residual_term": Text("残存期間が1年未満", "less than a year is left"),
    "notice_given": Text("解約予告を受けている", "notice of cancellation was given"),
    "currency_buffer": Text("為替変動への備え", "a buffer for the exchange rate"),
    "mismatch": Text("補償内容の不一致", "the cover does not match the requirement"),
    "payment_uncertainty": Text("支払の不確実性", "uncertainty of payment"),
}
