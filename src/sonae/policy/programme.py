"""One event against a whole programme: towers of layers on one loss, asked one after another.

A **tower** is layers on the same loss from the ground. **Inuring** is towers in sequence: each is
asked for what the ones before left, and what a tower paid lowers each part of its loss by the same
ratio. Every yen that is not paid has a reason, and paid and reasons add up to the loss.

Of one tower a larger loss never retains less. Of towers in sequence that holds for a loss of one
kind only: where they cover different parts, a larger part draws the first tower's retention to
itself and frees another part for the second.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import chain, combinations
from zoneinfo import ZoneInfo

from sonae.core.errors import Refused
from sonae.core.text import Text
from sonae.policy.conditions import Sublimit
from sonae.policy.evaluate import Layer, respond_exactly
from sonae.policy.perils import NEVER
from sonae.policy.terms import Policy

ZERO = Fraction(0)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a loss, in the currency of the answer; `custodian` is "" for keys of our own."""

    amount: Fraction
    peril: str
    tier: str = ""
    asset: str = ""
    custodian: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One event: when it happened, when it was learned, what was lost.

    `notified` has the day of notice by policy; where it has none, that of learning counts.
    `failed`: the firm is in insolvency, so that cover which ends with it does not respond.
    """

    occurred_at: datetime
    learned_at: datetime
    parts: tuple[Part, ...]
    notified: Mapping[str, date] = field(default_factory=dict)
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Unpaid:
    """An amount that is not paid, and why."""

    code: str
    amount: Fraction
    text: Text


@dataclass(frozen=True, slots=True)
class LayerAnswer:
    """The loss that falls into a layer is what it pays and what it does not."""

    policy: Policy
    inside: Fraction
    paid: Fraction
    unpaid: tuple[Unpaid, ...]


@dataclass(frozen=True, slots=True)
class TowerAnswer:
    """What a tower was asked for is what stays outside its layers and what falls into them."""

    name: str
    asked: Fraction
    outside: tuple[Unpaid, ...]
    layers: tuple[LayerAnswer, ...]

    @property
    def paid(self) -> Fraction:
        """By all of its layers."""
        return sum((x.paid for x in self.layers), ZERO)


@dataclass(frozen=True, slots=True)
class Answer:
    """The loss, each tower in order, and what nobody pays."""

    loss: Fraction
    towers: tuple[TowerAnswer, ...]

    @property
    def paid(self) -> Fraction:
        """By the whole programme."""
        return sum((t.paid for t in self.towers), ZERO)

    @property
    def retained(self) -> Fraction:
        """What is left for the firm."""
        return self.loss - self.paid


@dataclass(slots=True)
class Used:
    """What earlier occurrences of the same event took of each policy's aggregates."""

    paid: dict[str, Fraction] = field(default_factory=dict)
    deducted: dict[str, Fraction] = field(default_factory=dict)


def towers(policies: Sequence[Policy]) -> list[tuple[str, list[Policy]]]:
    """Towers in the order in which they are asked, each from its lowest layer up.

    The order of the policies in their file does not matter.
    """
    found: dict[str, list[Policy]] = {}
    for policy in sorted(policies, key=lambda p: (p.attachment, p.policy_id)):
        found.setdefault(policy.tower, []).append(policy)
    return sorted(found.items(), key=lambda item: (item[1][0].conditions.sequence, item[0]))


def evaluate(policies: Sequence[Policy], event: Event, rates: Mapping[str, Fraction]) -> Answer:
    """What every layer pays for one event, with a reason for every amount that none pays.

    `rates` gives the worth of one unit of each policy's currency in the currency of the event.

    Raises:
        Refused: a policy is in a currency without a rate.
    """
    parts, answers = list(event.parts), []
    for name, layers in towers(policies):
        answer, parts = ask(name, layers, replace(event, parts=tuple(parts)), rates, Used())
        answers.append(answer)
    return Answer(sum((p.amount for p in event.parts), ZERO), tuple(answers))


def ask(
    name: str, layers: Sequence[Policy], event: Event, rates: Mapping[str, Fraction], used: Used
) -> tuple[TowerAnswer, list[Part]]:
    """The answer of one tower, lowest layer first, and what it leaves of each part."""
    if layers[0].currency not in rates:
        raise Refused(f"{layers[0].policy_id}: no rate of {layers[0].currency}")
    rate = rates[layers[0].currency]
    outside: list[Unpaid] = []
    inside: dict[str, list[LayerAnswer]] = {p.policy_id: [] for p in layers}
    left: list[Part] = []
    for parts in occurrences(event, layers[0].conditions.hours_clause):
        first = parts[0].at or event.occurred_at
        counted, refused = _filtered(layers[0], parts, _local(first, layers[0]))
        outside += refused
        subject = sum((p.amount for p in counted), ZERO)
        beyond, answers = _occurrence(layers, counted, event, first, rate, used)
        outside += beyond
        paid = sum((a.paid for a in answers), ZERO)
        for answer in answers:
            inside[answer.policy.policy_id].append(answer)
        keep = 1 - paid / subject if subject else Fraction(1)
        left += [replace(p, amount=p.amount * keep) if p in counted else p for p in parts]
    asked = sum((p.amount for p in event.parts), ZERO)
    found = tuple(_merged(p, inside[p.policy_id]) for p in layers)
    return TowerAnswer(name, asked, tuple(_summed(outside)), found), left


def occurrences(event: Event, hours: int | None) -> Iterator[list[Part]]:
    """The parts by occurrence: what began within so many hours of its first loss is one."""
    ordered = sorted(
        event.parts,
        key=lambda p: (p.at or event.occurred_at, p.tier, p.asset, p.custodian, p.peril, p.amount),
    )
    group: list[Part] = []
    for part in ordered:
        at = part.at or event.occurred_at
        first = group[0].at or event.occurred_at if group else at
        if group and hours is not None and at - first > timedelta(hours=hours):
            yield group
            group = []
        group.append(part)
    if group:
        yield group


def _filtered(lowest: Policy, parts: Sequence[Part], on: date) -> tuple[list[Part], list[Unpaid]]:
    """The parts that the tower covers, and the others with the first reason that holds."""
    counted, refused = [], []
    for part in parts:
        reason = refusal(lowest, part, on)
        if reason is None:
            counted.append(part)
        else:
            refused.append(Unpaid(reason[0], part.amount, reason[1]))
    return counted, refused


def refusal(policy: Policy, part: Part, on: date) -> tuple[str, Text] | None:
    """Why a policy does not cover a part at all; None where it does."""
    found, elsewhere = policy.conditions, part.custodian
    stated = found.perils is not None
    if part.peril in (*found.exclusions, *NEVER.get(policy.form, ())):
        return "peril_excluded", _WHY["peril_excluded"]
    if part.peril not in policy.perils:
        code = "peril_not_covered" if stated else "peril_not_in_form"
        return code, _WHY[code]
    if part.tier not in policy.tiers and (part.tier or found.tiers is not None):
        return "tier_not_covered", _WHY["tier_not_covered"]
    listed = elsewhere in found.custodians
    if (
        elsewhere
        and not listed
        and (found.custodians or "third_party_custodian" not in policy.perils)
    ):
        return "keys_elsewhere", _WHY["keys_elsewhere"]
    if found.retro_date is not None and on < found.retro_date:
        return "before_retro_date", _WHY["before_retro_date"]
    return None


def within_sublimits(policy: Policy, parts: Sequence[Part], rate: Fraction) -> Fraction:
    """The most that is payable for the parts: none of the sublimits can be exceeded.

    The least, over every set of sublimits, of their sum and the parts outside of them: with
    sublimits of two kinds at most, exactly what can be paid without exceeding any (the largest
    flow is the least cut).
    """
    subs = policy.conditions.sublimits
    alike: dict[Part, Fraction] = {}
    for part in parts:
        kind = replace(part, amount=ZERO, at=None)
        alike[kind] = alike.get(kind, ZERO) + part.amount
    whole = sum(alike.values(), ZERO)
    sets = chain.from_iterable(combinations(subs, n) for n in range(1, len(subs) + 1))
    return min(
        (
            sum((s.amount * rate for s in chosen), ZERO)
            + sum((n for p, n in alike.items() if not any(_in(s, p) for s in chosen)), ZERO)
            for chosen in sets
        ),
        default=whole,
    )


def _in(sub: Sublimit, part: Part) -> bool:
    return all(
        getattr(sub, key) in ("", getattr(part, key))
        for key in ("tier", "peril", "asset", "custodian")
    )


def _occurrence(
    layers: Sequence[Policy],
    parts: Sequence[Part],
    event: Event,
    first: datetime,
    rate: Fraction,
    used: Used,
) -> tuple[list[Unpaid], list[LayerAnswer]]:
    """One occurrence against each layer: what stays below, above and beyond sublimits, and inside.

    A sublimit is of what is paid, so the retention is borne by what is beyond a sublimit first.
    """
    subject = sum((p.amount for p in parts), ZERO)
    ground = layers[0].attachment * rate
    loss = min(subject, within_sublimits(layers[0], parts, rate) + ground)
    top = (layers[-1].attachment + layers[-1].limit_per_event) * rate
    outside = [
        Unpaid("sublimit", subject - loss, _WHY["sublimit"]),
        Unpaid("retention", min(loss, ground), _WHY["retention"]),
        Unpaid("above_limit", max(loss - top, ZERO), _WHY["above_limit"]),
    ]
    return outside, [_layer(p, loss, event, first, rate, used) for p in layers]


def _layer(
    policy: Policy, loss: Fraction, event: Event, first: datetime, rate: Fraction, used: Used
) -> LayerAnswer:
    id, found = policy.policy_id, policy.conditions
    on = trigger_day(policy, event, first)
    taken = policy.paid_by(on) * rate + used.paid.get(id, ZERO)
    layer = Layer(
        policy.attachment * rate,
        policy.limit_per_event * rate,
        found.placed * (1 - policy.co_insurance),
        max(policy.retention_left * rate - used.deducted.get(id, ZERO), ZERO),
        max(policy.capacity * rate - taken, ZERO),
    )
    answer = respond_exactly(loss, layer)
    if (silent := _silent(policy, event, on)) is not None:
        unpaid = [Unpaid(silent, answer.inside, _WHY[silent])]
        return LayerAnswer(policy, answer.inside, ZERO, tuple(_summed(unpaid)))
    used.paid[id] = used.paid.get(id, ZERO) + answer.paid
    used.deducted[id] = used.deducted.get(id, ZERO) + answer.shared - answer.due
    placed = answer.inside * found.placed
    amounts = {
        "not_placed": answer.inside - placed,
        "co_insurance": placed - answer.shared,
        "aggregate_retention": answer.shared - answer.due,
        "aggregate_used": answer.due - answer.paid,
    }
    unpaid = [Unpaid(code, amount, _WHY[code]) for code, amount in amounts.items()]
    return LayerAnswer(policy, answer.inside, answer.paid, tuple(_summed(unpaid)))


def trigger_day(policy: Policy, event: Event, first: datetime) -> date:
    """The day that must be in the period: of the loss, of its discovery, or of the claim."""
    trigger = policy.conditions.trigger
    if trigger == "loss_occurring":
        return _local(first, policy)
    known = _local(max(event.learned_at, first), policy)
    return event.notified.get(policy.policy_id, known) if trigger == "claims_made" else known


def _silent(policy: Policy, event: Event, on: date) -> str | None:
    """Why a layer does not respond whatever the loss."""
    if not policy.in_force(on):
        return "not_in_force"
    if event.failed and not policy.survives_failure:
        return "ends_with_firm"
    if event.failed and not policy.reaches_customers:
        return "into_the_estate"
    return None


def _local(at: datetime, policy: Policy) -> date:
    zone = policy.conditions.time_zone
    return (at.astimezone(ZoneInfo(zone)) if zone else at).date()


def _summed(found: Sequence[Unpaid]) -> list[Unpaid]:
    """One line for each reason that holds for more than nothing."""
    by: dict[str, Unpaid] = {}
    for line in found:
        so_far = by[line.code].amount if line.code in by else ZERO
        by[line.code] = replace(line, amount=so_far + line.amount)
    return [line for line in by.values() if line.amount]


def _merged(policy: Policy, answers: Sequence[LayerAnswer]) -> LayerAnswer:
    unpaid = _summed([line for a in answers for line in a.unpaid])
    inside = sum((a.inside for a in answers), ZERO)
    return LayerAnswer(policy, inside, sum((a.paid for a in answers), ZERO), tuple(unpaid))


_WHY = {
    "peril_excluded": Text("免責の危険", "the peril is excluded"),
    "peril_not_covered": Text("補償する危険に含まれない", "the peril is not among those covered"),
    "peril_not_in_form": Text(
        "この保険種類の標準では補償されない（perils の記載なし）",
        "the form does not cover the peril, and the policy states no perils",
    ),
    "tier_not_covered": Text("この保管区分は補償の対象外", "the tier of storage is not covered"),
    "keys_elsewhere": Text(
        "鍵を他者が保有しており、補償の対象外", "someone else holds the keys, and is not covered"
    ),
    "before_retro_date": Text("遡及日より前の損失", "the loss is before the retroactive date"),
    "sublimit": Text("サブリミットを超える", "above a sublimit"),
    "retention": Text("免責金額", "retention"),
    "above_limit": Text("最上層の限度額を超える", "above the limit of the top layer"),
    "not_in_force": Text("保険期間外、または解約済み", "outside the period, or cancelled"),
    "ends_with_firm": Text("事業者の破綻により終了", "the cover ends with the firm"),
    "into_the_estate": Text("保険金が一般財産に入る", "the money falls into the general estate"),
    "not_placed": Text("引き受けられていない割合", "the share that no insurer took"),
    "co_insurance": Text("自己負担割合", "co-insurance"),
    "aggregate_retention": Text("年間免責金額", "aggregate retention"),
    "aggregate_used": Text("年間限度額の残りを超える", "above what is left of the aggregate"),
}
