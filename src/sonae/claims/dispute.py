"""A claim that its owner disputes: what is reserved, who estimated it, and how it ends; pure.

    opened -> reviewed -> upheld | changed | withdrawn | court
    court  -> upheld | changed | withdrawn

The entitlement is payable at once. What is said to be owed above it is in dispute; of that an
estimate is reserved, with its reason and its author, and reviewed by a second person. Two people
decide, neither of them the author. `upheld`: the entitlement stays. `changed`: it is raised, and
the raise needs money again. Nothing paid is ever taken back, so no decision lowers a claim.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sonae.claims.payment import Claim, PaymentError
from sonae.core.text import Text

KINDS = ("dispute", "estimate", "decide")
"""Acts that make a dispute: it is opened, estimated anew, decided."""
VERDICTS: Mapping[str, Text] = {
    "upheld": Text("当初の額を維持", "the entitlement stays"),
    "changed": Text("増額", "the entitlement is raised"),
    "withdrawn": Text("申出の取下げ", "withdrawn by the person"),
    "court": Text("裁判所の判断待ち", "before a court"),
}
STATES: Mapping[str, Text] = {
    "opened": Text("申出あり（見積りは未確認）", "opened, its estimate not reviewed"),
    "reviewed": Text("見積りを確認済み", "opened, its estimate reviewed"),
    **VERDICTS,
}
RAISES = 2**30
"""Tranches from here on pay what a dispute raised: this and the dispute's number."""


class Said(NamedTuple):
    """A signed act as a dispute reads it; `about` is the act that it seconds, or 0."""

    seq: int
    by: str
    kind: str
    about: int
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Dispute:
    """A dispute as it stands; amounts in the asset's smallest units.

    `said` is what the person says is owed, `entitled` what the list says, `decided` what is owed
    by the decision, 0 where there is none.
    """

    id: int
    claim: Claim
    entitled: int
    said: int
    estimate: int
    reason: str
    author: str
    reviewer: str = ""
    verdict: str = ""
    decided: int = 0
    deciders: tuple[str, ...] = ()

    @property
    def state(self) -> str:
        """One of STATES."""
        return self.verdict or ("reviewed" if self.reviewer else "opened")

    @property
    def open(self) -> bool:
        """Whether its estimate is still reserved."""
        return self.verdict in ("", "court")

    @property
    def raised(self) -> Claim:
        """The claim that pays what a decision adds."""
        return self.claim._replace(tranche=RAISES + self.id)


def check_estimate(entitled: int, said: int, estimate: int) -> None:
    """Refuse amounts that no dispute has.

    Raises:
        PaymentError: nothing is in dispute, or the estimate is not within what is.
    """
    if said <= entitled:
        raise PaymentError(
            f"{said} said and {entitled} entitled: a dispute says more; what is less is corrected "
            "by another version of the list"
        )
    if not 0 <= estimate <= said - entitled:
        raise PaymentError(f"an estimate is from 0 to {said - entitled}, not {estimate}")


def check_decision(found: Dispute, verdict: str, amount: int, by: str) -> None:
    """Refuse a decision that may not be taken, or not by this person.

    Raises:
        PaymentError: says why.
    """
    if verdict not in VERDICTS:
        raise PaymentError(f"a decision is one of {', '.join(VERDICTS)}, not {verdict!r}")
    if not found.open:
        raise PaymentError(f"dispute {found.id} is decided: {found.verdict}")
    if not found.reviewer:
        raise PaymentError(f"dispute {found.id}: another person has yet to review its estimate")
    if verdict == "court" and found.verdict == "court":
        raise PaymentError(f"dispute {found.id} is before a court already")
    if by == found.author:
        raise PaymentError(f"{by} made the estimate of dispute {found.id}: others decide")
    if verdict == "changed" and not found.entitled < amount <= found.said:
        raise PaymentError(
            f"dispute {found.id}: changed to an amount above {found.entitled}, up to {found.said}; "
            "nothing paid is taken back"
        )
    if verdict != "changed" and amount:
        raise PaymentError(f"dispute {found.id}: only `changed` has an amount")


def fold(acts: Sequence[Said]) -> list[Dispute]:
    """Disputes as their acts make them, oldest first."""
    found: dict[int, Dispute] = {}
    first: dict[int, Said] = {}
    for act in sorted(acts, key=lambda a: a.seq):
        if act.about == 0:
            first[act.seq] = act
        if act.kind == "dispute":
            _opened(found, act)
            continue
        id = int(act.content["dispute"])
        if act.kind == "estimate":
            found[id] = _estimated(found[id], act)
        elif act.about:
            by = (first[act.about].by, act.by)
            amount = int(act.content["amount"])
            found[id] = replace(
                found[id], verdict=act.content["verdict"], decided=amount, deciders=by
            )
    return list(found.values())


def _opened(found: dict[int, Dispute], act: Said) -> None:
    said = act.content
    if act.about:
        found[act.about] = replace(found[act.about], reviewer=act.by)
        return
    claim = Claim(said["programme"], said["person"], said["asset"], said["tranche"])
    entitled, says, estimate = (int(said[k]) for k in ("entitled", "said", "estimate"))
    found[act.seq] = Dispute(act.seq, claim, entitled, says, estimate, said["reason"], act.by)


def _estimated(before: Dispute, act: Said) -> Dispute:
    if act.about:
        return replace(before, reviewer=act.by)
    estimate, reason = int(act.content["estimate"]), act.content["reason"]
    return replace(before, estimate=estimate, reason=reason, author=act.by, reviewer="")
