"""A past event on any books, exactly: the loss, what each layer pays, what stands ready, the gap.

The event happens at the cut-off of the books. On the books of its own venue the published amount
counts; elsewhere the share of customers' assets that was lost, or the amount where no share is
known. A loss is never more than what the tier that it strikes holds. Nothing here is estimated:
amounts are exact consequences of the event, the books and the policies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from sonae.core.canonical import number_text
from sonae.core.errors import InputError, Problem
from sonae.core.text import Text
from sonae.loss.incidents import Event
from sonae.loss.venue import FUNDS, ZERO, Fund, Held, Place, total
from sonae.policy import programme
from sonae.policy.programme import Answer, Part, Unpaid, evaluate
from sonae.policy.terms import Policy

BASES = ("amount", "share")
PERILS = {
    "hot_wallet": ("external_hack",),
    "cold_wallet": ("external_hack",),
    "third_party": ("third_party_custodian", "external_hack"),
    "insider": ("insider",),
    "key_loss": ("key_loss",),
    "operational_error": ("operational_error",),
    "other": ("external_hack", "social_engineering"),
    "fraud_insolvency": (),
}
"""What a policy could call each kind of cause (house); the least that is paid counts."""
NO_SHOCK = Fraction(1)


@dataclass(frozen=True, slots=True)
class Scenario:
    """What happens besides the event: prices at so much of theirs, insurers that deny.

    `deny` holds policy ids, or "all".
    """

    price: Fraction = NO_SHOCK
    deny: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Struck:
    """What an event takes: from which holdings, on which basis, and what was cut off."""

    basis: str
    why: Text
    tier: str
    wanted: Fraction
    taken: tuple[tuple[Held, Fraction], ...]

    @property
    def loss(self) -> Fraction:
        """Taken in all, at the prices of the cut-off."""
        return sum((amount for _, amount in self.taken), ZERO)


def strike(event: Event, place: Place, basis: str = "", tier: str = "") -> Struck:
    """What the event would take from the books.

    Raises:
        InputError: an amount that is not known, or a tier that holds nothing.
    """
    chosen = basis or _basis(event, place)
    wanted, why = _wanted(event, place, chosen)
    struck = tier or (event.tier if event.tier in ("hot", "cold") else "")
    held = place.of_tier(struck) or place.of_tier("") if struck else place.held
    capacity = total(held)
    if not capacity:
        raise InputError([_no_exposure(struck, place)])
    loss = min(wanted, capacity)
    taken = tuple((h, loss * h.value / capacity) for h in held if h.value)
    return Struck(chosen, why, struck, wanted, taken)


def _basis(event: Event, place: Place) -> str:
    own = place.incident == event.id or place.name.casefold() == event.entity.casefold()
    return "share" if event.fraction is not None and not own else "amount"


def _wanted(event: Event, place: Place, basis: str) -> tuple[Fraction, Text]:
    if basis == "share":
        if event.fraction is None:
            raise InputError([_unknown(event, "share")])
        return event.fraction * place.total, Text(
            "失われた額の、当時の利用者資産に対する割合を当てはめる",
            "the share of customers' assets of the time that was lost",
        )
    if place.currency == "JPY" and event.loss_jpy:
        return event.loss_jpy, Text("公表された円の損失額", "the published loss in yen")
    if not event.loss_usd:
        raise InputError([_unknown(event, "amount")])
    return event.loss_usd / place.usd, Text(
        f"当時の米ドル損失額を換算（{place.usd_source.ja}）",
        f"the loss in dollars of the time, converted ({place.usd_source.en})",
    )


def perils(event: Event) -> tuple[str, ...]:
    """What a policy could call the cause; a supplier in it may be called social engineering."""
    found = PERILS[event.kind]
    if event.third_party and event.kind in ("hot_wallet", "cold_wallet"):
        return (*found, "social_engineering")
    return found


def replay(
    event: Event,
    place: Place,
    policies: Sequence[Policy],
    rates: Mapping[str, Fraction],
    scenario: Scenario,
    basis: str = "",
    tier: str = "",
) -> dict[str, Any]:
    """The document of `sonae loss replay`; every amount is exact.

    Raises:
        InputError: the event cannot be put on these books.
    """
    struck = strike(event, place, basis, tier)
    loss = struck.loss * scenario.price
    answers = {p: _answer(struck, p, place, policies, rates, scenario) for p in perils(event)}
    least = min((a.paid for a in answers.values()), default=ZERO)
    funds, left = _funds(place.funds, loss, scenario.price)
    return {
        "format": "sonae-loss-replay/1",
        "exact": True,
        "event": event_json(event),
        "venue": place_json(place),
        "basis": {"code": struck.basis, "why": struck.why.as_json()},
        "tier": struck.tier or None,
        "scenario": {"price": number_text(scenario.price), "deny": list(scenario.deny)},
        "wanted": number_text(struck.wanted * scenario.price),
        "loss": number_text(loss),
        "capped": struck.wanted > struck.loss,
        "share_of_holdings": number_text(struck.loss / place.total),
        "parts": [
            {"holding": h.holding, "asset": h.asset, "tier": h.tier or None,
             "loss": number_text(amount * scenario.price)}
            for h, amount in struck.taken
        ],
        "perils": {p: answer_json(a, scenario) for p, a in answers.items()},
        "insurance": {
            "least": number_text(least),
            "most": number_text(max((a.paid for a in answers.values()), default=ZERO)),
        },
        "funds": funds,
        "gap_at_once": number_text(left),
        "gap": number_text(max(left - least, ZERO)),
        "notes": [t.as_json() for t in (*place.notes, *_notes(event, place, policies, struck))],
    }  # fmt: skip


def after(event: Event, place: Place, basis: str = "", tier: str = "") -> Place:
    """The venue with what the event took gone."""
    taken = {id(h): amount for h, amount in strike(event, place, basis, tier).taken}
    held = tuple(replace(h, value=h.value - taken.get(id(h), ZERO)) for h in place.held)
    return replace(place, held=held)


def _answer(
    struck: Struck,
    peril: str,
    place: Place,
    policies: Sequence[Policy],
    rates: Mapping[str, Fraction],
    scenario: Scenario,
) -> Answer:
    parts = tuple(
        Part(amount * scenario.price, peril, h.tier, h.asset) for h, amount in struck.taken
    )
    answer = evaluate(policies, programme.Event(place.at, place.at, parts), rates)
    if not scenario.deny:
        return answer
    towers = tuple(
        replace(t, layers=tuple(_denied(x, scenario.deny) for x in t.layers)) for t in answer.towers
    )
    return replace(answer, towers=towers)


def _denied(layer: programme.LayerAnswer, deny: Sequence[str]) -> programme.LayerAnswer:
    """A layer whose insurer refuses; the layers above it still pay their own part."""
    if not layer.paid or not {"all", layer.policy.policy_id} & set(deny):
        return layer
    refused = Unpaid("denied", layer.paid, DENIED)
    return replace(layer, paid=ZERO, unpaid=(*layer.unpaid, refused))


def _funds(
    funds: Sequence[Fund], loss: Fraction, price: Fraction
) -> tuple[list[dict[str, Any]], Fraction]:
    """What each fund bears, in order, and what is left of the loss."""
    left, result = loss, []
    for fund in sorted(funds, key=lambda f: (FUNDS.index(f.kind), f.name)):
        ready = fund.value * price if fund.coins else fund.value
        used = min(ready, left)
        left -= used
        result.append(
            {"kind": fund.kind, "name": fund.name, "ready": number_text(ready),
             "pays": number_text(used)}
        )  # fmt: skip
    return result, left


def answer_json(answer: Answer, scenario: Scenario) -> dict[str, Any]:
    """Every layer, what it pays and each reason why not more."""
    return {
        "pays": number_text(answer.paid),
        "retained": number_text(answer.retained),
        "towers": [
            {
                "tower": t.name,
                "asked": number_text(t.asked),
                "outside": [_unpaid(u) for u in t.outside],
                "layers": [
                    {
                        "policy_id": x.policy.policy_id,
                        "insurer": x.policy.insurer,
                        "inside": number_text(x.inside),
                        "pays": number_text(x.paid),
                        "unpaid": [_unpaid(u) for u in x.unpaid],
                    }
                    for x in t.layers
                ],
            }
            for t in answer.towers
        ],
    }


def _unpaid(found: Unpaid) -> dict[str, Any]:
    return {
        "code": found.code,
        "amount": number_text(found.amount),
        "reason": found.text.as_json(),
    }


def event_json(event: Event) -> dict[str, Any]:
    """An event as plain values, with its source and confidence."""

    def text(number: Fraction | None) -> str | None:
        return None if number is None else number_text(number)

    return {
        "id": event.id,
        "day": event.day.isoformat(),
        "day_known": event.day_known,
        "entity": event.entity,
        "jurisdiction": event.jurisdiction,
        "kind": event.kind,
        "tier": event.tier,
        "scope": event.scope,
        "third_party": event.third_party,
        "loss_usd": text(event.loss_usd),
        "loss_jpy": text(event.loss_jpy),
        "assets_usd": text(event.assets_usd),
        "recovered_usd": text(event.recovered_usd),
        "compensated": text(event.compensated),
        "compensated_by": event.compensated_by or None,
        "compensation_days": event.compensation_days,
        "outcome": event.outcome,
        "quality": event.quality,
        "within": event.within or None,
        "note": event.note,
        "source": event.source,
        "from_memory": event.from_memory,
        "confidence": event.confidence,
    }


def place_json(place: Place) -> dict[str, Any]:
    """The venue as plain values."""
    return {
        "name": place.name,
        "entity": place.entity,
        "currency": place.currency,
        "at": place.at.isoformat(),
        "held": number_text(place.total),
        "tiers": {t or "untold": number_text(total(place.of_tier(t))) for t in place.tiers},
        "usd": number_text(place.usd),
        "usd_source": place.usd_source.as_json(),
        "usd_confidence": place.usd_confidence,
    }


def _notes(event: Event, place: Place, policies: Sequence[Policy], struck: Struck) -> list[Text]:
    found = []
    if struck.wanted > struck.loss:
        found.append(CAPPED)
    if struck.tier and not place.of_tier(struck.tier):
        found.append(UNTOLD)
    if not policies:
        found.append(NO_POLICIES)
    if not place.funds:
        found.append(NO_FUNDS)
    if event.kind == "fraud_insolvency":
        found.append(INSOLVENCY)
    if event.from_memory:
        found.append(MEMORY)
    return found


def _no_exposure(tier: str, place: Place) -> Problem:
    tiers, asked = ", ".join(t for t in place.tiers if t) or "-", tier or "*"
    return Problem(
        "no-exposure", "holdings",
        Text(
            f"保管区分 {asked} に保有がなく、事故を当てはめられない。"
            f"保有がある区分：{tiers}（--tier で選ぶ）",
            f"nothing is held in tier {asked}, so the event strikes nothing; tiers with "
            f"holdings: {tiers} (choose with --tier)",
        ),
        key=tier,
    )  # fmt: skip


def _unknown(event: Event, basis: str) -> Problem:
    ja, en = ("割合", "share") if basis == "share" else ("金額", "amount")
    return Problem(
        "unknown-loss", "incidents",
        Text(
            f"{event.id} は失われた{ja}が知られていない。--basis を変えるか、別の事故を選ぶ。",
            f"the {en} lost in {event.id} is not known; change --basis or choose another event.",
        ),
        key=event.id,
    )  # fmt: skip


DENIED = Text("保険者が支払を拒んだ（想定）", "the insurer refuses to pay (assumed)")
CAPPED = Text(
    "事故の損失が区分の保有額を超えるため、保有額までとした",
    "the loss of the event is more than the tier holds, and is cut there",
)
UNTOLD = Text(
    "帳簿に区分別の内訳がなく、総額から失われるものとした",
    "the books do not split holdings by tier; the loss is taken from the total",
)
NO_POLICIES = Text("保険契約が渡されていない", "no policies were given")
NO_FUNDS = Text(
    "帳簿に準備金・履行保証・バッファの記載がない（ないとは限らない）",
    "the books show no reserve, guarantee or buffer; there may be one",
)
INSOLVENCY = Text(
    "詐欺・破綻は保険の対象となる危険でなく、保険には請求しない",
    "fraud and insolvency are no insured peril; no policy is asked",
)
MEMORY = Text("この事故の行は記憶による（未確認）", "the row of this event rests on memory alone")
