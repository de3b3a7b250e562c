"""How each claim is paid without its holder lifting a finger: one place for every claim; pure.

Nothing here asks whether a customer answered, and nothing depends on the size of a claim: whoever
has a verified account on file is paid to it, and there is no code to redeem. A claim that cannot
be paid keeps its reserve. Which agent may pay where is given, and so is what can be bought.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from sonae.claims.counters import Cell, Counters
from sonae.claims.hold import Hold
from sonae.claims.payment import Claim, check_amount
from sonae.core.errors import Refused
from sonae.core.text import Text

DIRECT = ("transfer", "credit")
PLACES = (
    *DIRECT, "agent", "cash_part", "deferred", "exception", "held", "unverified_reserved",
    "expunged",
)  # fmt: skip
"""To the account on file, into the account with us, by an agent; some of it in money; kept until
it can be paid; for people to correct; held by a code; kept for who is not verified; ended by a
legal order."""


class Fix(NamedTuple):
    """How an exception is mended: what to correct, and who does it."""

    field: str
    who: str
    what: Text


_EMAIL = Text(
    "支払代行者に登録された電子メールアドレスを、当社の登録と同じものに訂正する",
    "correct the mail address at the agent to the one on file with us",
)
_BIRTH = Text(
    "本人確認書類で生年月日を確かめ、誤っている側の登録を訂正する",
    "check the birth date against the identity document and correct whichever record is wrong",
)
_ACCOUNT = Text(
    "確認済みの支払先がない。支払先を登録し、本人のものと確かめる",
    "there is no verified place to pay to: have one named, and check that it is the person's",
)
FIXES: Mapping[str, Fix] = {
    "email": Fix("email", "customer", _EMAIL),
    "birth_date": Fix("birth_date", "payout desk", _BIRTH),
    "account": Fix("account", "customer", _ACCOUNT),
}


@dataclass(frozen=True, slots=True)
class Facts:
    """One claim and what is known of its holder.

    Attributes:
        claim: what is paid once.
        units: what is owed, in base units.
        in_kind: whether coins are delivered; else it is money.
        verified: whether the person's identity is verified.
        account: the verified account for money, "" where there is none.
        wallet: the verified place for coins, "" where there is none.
        open_account: whether the person has an account with us that can be credited.
        place: where the person lives.
        agent: who pays a person that cannot be paid directly, "" where nobody was named.
        mismatched: by agent, the fields that it says do not match.
        hold: why nothing is paid for now, who sees to it, and when it is looked at again.
    """

    claim: Claim
    units: int
    in_kind: bool
    verified: bool
    account: str = ""
    wallet: str = ""
    open_account: bool = False
    place: str = ""
    agent: str = ""
    mismatched: tuple[tuple[str, str], ...] = ()
    hold: Hold | None = None


class Ways(NamedTuple):
    """What can be used to pay: agents with the places they are licensed in; what can be bought.

    `buyable` holds base units by asset, and an asset that is not in it is not short. Accounts with
    us are not credited once `credit` is false, as after a trigger event.
    """

    agents: Mapping[str, frozenset[str]]
    buyable: Mapping[str, int]
    credit: bool = True


@dataclass(frozen=True, slots=True)
class Routed:
    """Where a claim is: coins and money of it, each with its rail, and why.

    `coins` and `money` are both base units of what is owed; what `money` comes to is for the
    method to say, and money without agreement does not by itself end a debt of coins.
    """

    facts: Facts
    place: str
    coins: int
    money: int
    rails: Mapping[str, str]
    reason: Text
    fixes: tuple[Fix, ...] = ()

    @property
    def claim(self) -> Claim:
        """The claim."""
        return self.facts.claim

    @property
    def units(self) -> int:
        """All of it: what is not paid keeps its reserve."""
        return self.coins + self.money


class _Way(NamedTuple):
    place: str
    rail: str
    reason: Text
    fixes: tuple[Fix, ...] = ()


def route(every: Iterable[Facts], ways: Ways) -> list[Routed]:
    """Each claim to exactly one place, in order of claims; the order given never matters.

    Raises:
        Refused: a claim is there twice, or a field that does not match is not known.
        PaymentError: an amount is not above zero.
    """
    facts = sorted(every, key=lambda f: f.claim)
    seen: set[Claim] = set()
    needed: dict[str, int] = {}
    for f in facts:
        check_amount(f.units, f.claim.key)
        if f.claim in seen:
            raise Refused(f"{f.claim.key}: this claim is there twice")
        seen.add(f.claim)
        if unknown := sorted({field for _, field in f.mismatched} - set(FIXES)):
            raise Refused(f"{f.claim.key}: nobody knows how to mend {', '.join(unknown)}")
        if f.in_kind:
            needed[f.claim.asset] = needed.get(f.claim.asset, 0) + f.units
    shares = {a: _share(ways.buyable[a], n) for a, n in needed.items() if a in ways.buyable}
    found = [_route(f, ways, shares.get(f.claim.asset, Fraction(1))) for f in facts]
    return checked(facts, found)


def _share(buyable: int, needed: int) -> Fraction:
    """The part that can be bought; the same for all of an asset, so that nobody is first."""
    if buyable < 0:
        raise Refused(f"what can be bought is not below 0 ({buyable})")
    return min(Fraction(1), Fraction(buyable, needed))


def _route(f: Facts, ways: Ways, share: Fraction) -> Routed:
    if f.hold is not None:
        owner, review = f.hold.owner, f.hold.review
        why = Text(
            f"保留（{f.hold.code}）。担当は{owner}、次に確認する日は{review}。債務はそのまま残る",
            f"held ({f.hold.code}) by {owner}, looked at again on {review}; the debt stays whole",
        )
        return _kept(f, "held", why)
    if not f.verified:
        why = Text(
            "本人確認が済んでいない。支払わずに額を確保し、件数と額に算入する",
            "identity is not verified: kept in reserve and counted",
        )
        return _kept(f, "unverified_reserved", why)
    coins = f.units * share.numerator // share.denominator if f.in_kind else 0
    money = f.units - coins
    parts = {"coins": coins} if coins else {}
    parts |= {"money": money} if money else {}
    found = {part: _way(f, ways, part) for part in parts}
    rails = {part: way.rail for part, way in found.items() if way.rail}
    stuck = next((way for way in found.values() if not way.rail), None)
    if stuck is not None:
        return _kept(f, stuck.place, stuck.reason, stuck.fixes)
    if f.in_kind and money:
        why = Text(
            f"{f.claim.asset}は市場で調達できる量が不足するため、{f.units}のうち{money}を金銭とする"
            "（同意がなければ、その分の返還義務は残る）",
            f"too little {f.claim.asset} can be bought: {money} of {f.units} falls to money "
            "(without agreement the debt of coins stays for it)",
        )
        return Routed(f, "cash_part", coins, money, rails, why)
    way = next(iter(found.values()))
    return Routed(f, way.place, coins, money, rails, way.reason)


def _kept(f: Facts, place: str, why: Text, fixes: tuple[Fix, ...] = ()) -> Routed:
    """Not paid now: all of it is kept, and nothing of it has fallen to money."""
    coins = f.units if f.in_kind else 0
    return Routed(f, place, coins, f.units - coins, {}, why, fixes)


def _way(f: Facts, ways: Ways, part: str) -> _Way:
    """The way of the coins or the money of a claim whose holder is verified."""
    if f.wallet if part == "coins" else f.account:
        why = Text("確認済みの登録先へ自動で支払う", "paid to the verified account on file")
        return _Way("transfer", "transfer", why)
    if f.open_account and ways.credit:
        why = Text("当社の口座に自動で入金する", "credited to the account with us")
        return _Way("credit", "credit", why)
    if f.agent:
        return _by_agent(f, ways)
    fix = FIXES["account"]
    return _Way("exception", "", fix.what, (fix,))


def _by_agent(f: Facts, ways: Ways) -> _Way:
    """The agent named where it is licensed, else another one, else later."""
    licensed = sorted(name for name, places in ways.agents.items() if f.place in places)
    if f.agent in licensed:
        licensed = [f.agent]
    if not f.place or not licensed:
        why = Text(
            f"{f.place or '所在地不明'}で支払える代行者がいない。額を確保したまま支払を延期する",
            f"no agent is licensed in {f.place or 'an unknown place'}: put off, its reserve kept",
        )
        return _Way("deferred", "", why)
    stopped = {agent for agent, _ in f.mismatched}
    agent = next((name for name in licensed if name not in stopped), licensed[0])
    if agent in stopped:
        fixes = tuple(FIXES[field] for name, field in sorted(set(f.mismatched)) if name == agent)
        why = Text(
            f"支払代行者{agent}の登録と一致しない。訂正されるまで再送しない",
            f"differs from the record of {agent}: not sent again before it is corrected",
        )
        return _Way("exception", "", why, fixes)
    if agent == f.agent:
        return _Way("agent", agent, Text(f"{agent}が支払う", f"paid by {agent}"))
    why = Text(
        f"{f.agent}は{f.place}で許可がないため、{agent}が支払う",
        f"{f.agent} is not licensed in {f.place}: paid by {agent}",
    )
    return _Way("agent", agent, why)


def again(before: Routed, facts: Facts) -> Facts:
    """The facts by which an exception is routed again.

    Raises:
        Refused: nothing was corrected, or it is another claim.
    """
    if facts.claim != before.claim or facts.units != before.units:
        raise Refused(f"{before.claim.key}: another claim, or another amount of it")
    if before.place == "exception" and facts == before.facts:
        mend = "; ".join(f"{fix.field} ({fix.who})" for fix in before.fixes)
        raise Refused(f"{before.claim.key}: nothing was corrected since; to be mended: {mend}")
    return facts


# -- who can be reached ----------------------------------------------------------------------------


class Reach(NamedTuple):
    """Of one place: claims that have a way, claims without one, and those that wait for else."""

    with_way: int = 0
    without: int = 0
    waiting: int = 0


def coverage(routed: Sequence[Routed]) -> dict[str, Reach]:
    """How far each place can be paid, by claims; "" is where the place is not known.

    Without a way is what is put off or needs a correction; who is held or not verified waits for
    something else.
    """
    found: dict[str, Reach] = {}
    for r in routed:
        at = found.get(r.facts.place, Reach())
        if r.rails:
            at = at._replace(with_way=at.with_way + 1)
        elif r.place in ("deferred", "exception"):
            at = at._replace(without=at.without + 1)
        else:
            at = at._replace(waiting=at.waiting + 1)
        found[r.facts.place] = at
    return dict(sorted(found.items()))


# -- the end of a claim ----------------------------------------------------------------------------


class LegalOrder(NamedTuple):
    """An order that ends claims, as it was loaded: of whom, its number, since when, for which.

    `sha256` is of the file that holds it; `claims` are keys.
    """

    authority: str
    number: str
    effective_on: date
    sha256: str
    claims: frozenset[str]


def expunge(routed: Routed, order: LegalOrder | None, on: date) -> Routed:
    """A reserved claim ended by a loaded order; it stays counted, with the order's number.

    Raises:
        Refused: no order is loaded, it is not in effect, does not name the claim, or the claim
            is not one kept for who is not verified.
    """
    key = routed.claim.key
    if order is None:
        raise Refused(f"{key}: no claim ends without a loaded legal order")
    if routed.place != "unverified_reserved":
        raise Refused(f"{key}: only a claim kept for who is not verified ends, not {routed.place}")
    if not re.fullmatch("[0-9a-f]{64}", order.sha256) or not (order.authority and order.number):
        raise Refused(f"{key}: an order has an authority, a number, and the digest of its file")
    if key not in order.claims or order.effective_on > on:
        raise Refused(f"{key}: the order {order.number} does not end this claim on {on}")
    why = Text(
        f"{order.authority}の命令（{order.number}）により消滅",
        f"ended by order {order.number} of {order.authority}",
    )
    return replace(routed, place="expunged", reason=why)


# -- conservation ----------------------------------------------------------------------------------


def checked(facts: Sequence[Facts], routed: Sequence[Routed]) -> list[Routed]:
    """The same claims, each once and whole; a Refused where one is lost, twice or changed."""
    owed = sorted((f.claim, f.units) for f in facts)
    if owed != sorted((r.claim, r.units) for r in routed):
        raise Refused("what is routed is not what is owed")
    if any(r.place not in PLACES or r.coins < 0 or r.money < 0 for r in routed):
        raise Refused(f"a claim is in one of {', '.join(PLACES)}")
    return list(routed)


def count_places(facts: Sequence[Facts], routed: Sequence[Routed]) -> dict[str, Counters]:
    """Claims and units by asset and place, all that is owed; `counters.suppressed` publishes it."""
    checked(facts, routed)
    owed: dict[str, Cell] = {}
    cells: dict[str, dict[str, Cell]] = {}
    for f in facts:
        asset = f.claim.asset
        owed[asset] = owed.get(asset, Cell()).plus(f.units)
        cells.setdefault(asset, dict.fromkeys(PLACES, Cell()))
    for r in routed:
        row = cells[r.claim.asset]
        row[r.place] = row[r.place].plus(r.units)
    return {asset: Counters(owed[asset], cells[asset]).checked(asset) for asset in sorted(owed)}
