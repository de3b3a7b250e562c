"""The insurer's side of an incident: which perils it may be, the policies, what insurers did.

The peril follows the cause. While the cause is undetermined every peril is possible, and nothing
that depends on it counts for certain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from sonae.books.settings import NOT_USABLE, Settings
from sonae.core.errors import InputError, Problem
from sonae.core.text import Text
from sonae.policy.perils import PERILS
from sonae.policy.terms import Policy, read_policies

PERILS_OF: Mapping[str, tuple[str, ...]] = {
    "external_theft": (
        "external_hack",
        "physical_loss",
        "social_engineering",
        "chain_failure",
        "contract_failure",
    ),
    "insider": ("insider", "collusion"),
    "key_loss": ("key_loss", "physical_loss"),
    "supplier": ("third_party_custodian", "social_engineering", "external_hack"),
    "erroneous_order": ("operational_error",),
    "system_failure": ("operational_error", "contract_failure"),
    "misdirected_transfer": ("operational_error", "social_engineering"),
    "phantom_credit": ("operational_error",),
    "undetermined": PERILS,
}
"""The perils that a cause may be, the usual one first (house rule): it holds unless another is
stated. Of an undetermined cause none is usual."""

STATES = (
    "precautionary_notice",
    "formal_notice",
    "reservation_of_rights",
    "forensic_appointment",
    "draft_proof_of_loss",
    "sworn_proof_of_loss",
    "queries",
    "interim_payment",
    "accepted",
    "part_accepted",
    "denied",
    "disputed",
    "arbitration",
    "paid",
    "recovery_sharing",
    "closed",
)
NOTICES = ("precautionary_notice", "formal_notice")
AGAINST = ("denied", "disputed", "arbitration")
WITH_AMOUNT = ("interim_payment", "accepted", "part_accepted", *AGAINST, "paid")


@dataclass(frozen=True, slots=True)
class InsurerClaim:
    """One dated state of a claim against an insurer; `amount` in the policy's currency."""

    policy_id: str
    state: str
    on: date
    amount: Fraction
    evidence: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the claim under one policy stands; amounts in the policy's currency."""

    state: str
    notified_on: date | None
    proved_on: date | None
    accepted: Fraction
    disputed: Fraction
    paid: Fraction


@dataclass(frozen=True, slots=True)
class Insured:
    """What an incident file says of insurance; `peril` is "" where the cause alone decides.

    `rates` give the worth of one unit of a currency in that of the incident, `sources` from where.
    """

    peril: str = ""
    policies: tuple[Policy, ...] = ()
    claims: tuple[InsurerClaim, ...] = ()
    rates: Mapping[str, Fraction] | None = None
    sources: Mapping[str, str] | None = None

    def perils(self, cause: str) -> tuple[str, ...]:
        """What the incident may be: the stated peril, the usual one of the cause, or any."""
        if self.peril:
            return (self.peril,)
        return PERILS_OF[cause] if cause == "undetermined" else PERILS_OF[cause][:1]

    def standing(self, policy_id: str) -> Standing:
        """The claim under one policy, from its dated states."""
        found = [c for c in self.claims if c.policy_id == policy_id]
        decided = [c for c in found if c.state in (*AGAINST, "accepted", "part_accepted", "paid")]
        yes = [c for c in found if c.state in ("accepted", "part_accepted")]
        paid = sum((c.amount for c in found if c.state in ("interim_payment", "paid")), Fraction(0))
        against = [c for c in found if c.state in AGAINST]
        open_dispute = bool(decided) and decided[-1].state in AGAINST
        return Standing(
            found[-1].state if found else "",
            next((c.on for c in found if c.state in NOTICES), None),
            next((c.on for c in found if c.state == "sworn_proof_of_loss"), None),
            max(yes[-1].amount if yes else Fraction(0), paid),
            against[-1].amount if open_dispute else Fraction(0),
            paid,
        )


def read_insured(
    top: Settings, head: Settings, file: str, cause: str | None, problems: list[Problem]
) -> Insured:
    """`[[policy]]`, `[[fx]]`, `[[insurer_claim]]` and `incident.peril` of an incident file."""
    peril = head.take("peril", str, "")
    possible = PERILS_OF.get(cause or "", PERILS)
    if peril and peril not in possible:
        codes = ", ".join(possible)
        head.fault(
            "peril",
            Text(
                f"「{peril}」は原因「{cause}」と合わない（{codes}）",
                f"{peril} does not follow from the cause {cause} (one of {codes})",
            ),
        )
    policies: tuple[Policy, ...] = ()
    if "policy" in top.raw:
        try:
            policies = read_policies({"policy": top.raw.pop("policy")}, file)
        except InputError as error:
            problems += error.problems
    rates, sources = _rates(top, file, problems)
    claims = tuple(_claims(top, file, problems))
    return Insured(peril, policies, claims, rates, sources)


def _rates(
    top: Settings, file: str, problems: list[Problem]
) -> tuple[dict[str, Fraction], dict[str, str]]:
    rates: dict[str, Fraction] = {}
    sources: dict[str, str] = {}
    for n, raw in enumerate(top.take("fx", list, [])):
        item = Settings(raw, file, f"fx[{n}].", problems)
        currency, rate = item.take("currency", str), item.number("rate")
        source = item.take("source", str)
        item.done()
        if rate is not None and (rate <= 0 or currency in rates):
            item.fault("rate", NOT_USABLE.format(key=f"{item.where}rate", value=str(rate)))
        elif None not in (currency, rate, source):
            rates[str(currency)], sources[str(currency)] = rate or Fraction(0), str(source)
    return rates, sources


def _claims(top: Settings, file: str, problems: list[Problem]) -> list[InsurerClaim]:
    found = []
    for n, raw in enumerate(top.take("insurer_claim", list, [])):
        item = Settings(raw, file, f"insurer_claim[{n}].", problems)
        policy, state = item.take("policy_id", str), item.take("state", str)
        on, evidence = item.take("on", date), item.take("evidence", str)
        needs = state in WITH_AMOUNT
        amount = item.number("amount") if needs or "amount" in item.raw else Fraction(0)
        item.done()
        if state is not None and state not in STATES:
            codes = ", ".join(STATES)
            text = Text(f"次から選ぶ: {codes}", f"one of {codes}")
            item.fault("state", text)
        elif amount is not None and amount < 0:
            item.fault("amount", NOT_USABLE.format(key=f"{item.where}amount", value=str(amount)))
        elif None not in (policy, state, on, amount, evidence):
            found.append(InsurerClaim(policy, state, on, amount, evidence))  # type: ignore[arg-type]
    return sorted(found, key=lambda c: (c.on, STATES.index(c.state)))


def insured_faults(
    insured: Insured,
    losses: Sequence[Any],
    currency: str,
    learned_on: date,
    insurance_funds: bool,
    whole: bool = False,
) -> list[tuple[str, Text]]:
    """What policies and incident lack of each other: place in the incident file, and remedy.

    `whole`: no policies will come from another file.
    """
    found: list[tuple[str, Text]] = []
    if insured.policies and insurance_funds:
        found.append(("funds", _BOTH))
    rates = insured.rates or {}
    for code in sorted({p.currency for p in insured.policies} - {currency, *rates}):
        found.append(("fx", _FX.format(code=code, currency=currency)))
    if insured.policies:
        for n, loss in enumerate(losses):
            if not loss.tier and any(_asks_tier(p) for p in insured.policies):
                found.append((f"loss[{n}].tier", _TIER))
            if loss.price is None:
                found.append((f"loss[{n}].price", _PRICE))
    return [*found, *_claim_faults(insured, learned_on, whole)]


def _claim_faults(insured: Insured, learned_on: date, whole: bool) -> list[tuple[str, Text]]:
    found: list[tuple[str, Text]] = []
    known = {p.policy_id for p in insured.policies}
    for id in sorted({c.policy_id for c in insured.claims}):
        states = [c for c in insured.claims if c.policy_id == id]
        if id not in known and (known or whole):
            found.append(("insurer_claim", _NO_POLICY.format(id=id)))
        if states[0].state not in NOTICES:
            found.append(("insurer_claim", _NO_NOTICE.format(id=id)))
        if states[0].on < learned_on:
            found.append(("insurer_claim", _EARLY.format(id=id)))
        if "closed" in [c.state for c in states[:-1]]:
            found.append(("insurer_claim", _CLOSED.format(id=id)))
    return found


def _asks_tier(policy: Policy) -> bool:
    stated = policy.conditions.tiers is not None or policy.form == "specie"
    return stated or any(s.tier for s in policy.conditions.sublimits)


_BOTH = Text(
    "[[funds]] の insurance と保険契約は同時に書けない。金額しか分からないときだけ funds に書く",
    'give policies or [[funds]] kind = "insurance", not both: the latter only where no more than '
    "an amount is known",
)
_FX = Text(
    "{code}建ての保険契約がある。[[fx]] に{code}の{currency}建ての為替相場を書く",
    "a policy is in {code}: give its rate in {currency} as [[fx]]",
)
_TIER = Text(
    "保険の条件が保管区分による。tier（cold、hot、other）を書く",
    "terms of a policy depend on the tier: give tier (cold, hot, other)",
)
_PRICE = Text(
    "保険の計算には価格が要る。price を書く", "insurance needs what was lost in money: give price"
)
_NO_POLICY = Text("保険契約{id}がない", "there is no policy {id}")
_NO_NOTICE = Text(
    "{id}: 最初の状態は通知（precautionary_notice または formal_notice）とする",
    "{id}: the first state is a notice (precautionary_notice or formal_notice)",
)
_EARLY = Text("{id}: 認識した日より前の通知", "{id}: a state before the incident was learned")
_CLOSED = Text("{id}: 終了（closed）の後に状態がある", "{id}: a state after it was closed")
