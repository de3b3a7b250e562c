"""An unsigned batch of payouts on chains, for a signer outside; refused whole before it is signed.

The fee is the firm's. Where it would exceed a payout, the payout waits and people choose: pay
several together, wait, or another way; nothing is taken from the customer and nothing is dropped.
Names for the travel rule go to the other exchange, not into the batch.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal, NamedTuple

from sonae.claims.rails.address import FORMS, Form, Hash, fault, fold
from sonae.core.amount import LIMIT, bounded
from sonae.core.canonical import canonical_bytes, digest
from sonae.core.errors import InputError, Problem
from sonae.core.text import Text

FORMAT = "sonae-onchain/1"
MOST_TAG = 2**32 - 1
Option = Literal["together", "wait", "other_rail"]
Faults = Iterator[tuple[str, str, Text]]
"""Name, column and message of each fault of one payout."""
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_REFERENCE = re.compile(r"[0-9]{20}", re.ASCII)


class Exchange(NamedTuple):
    """The address is kept by another exchange: what the travel rule asks for."""

    originator: str
    beneficiary: str
    venue: str


class Unhosted(NamedTuple):
    """A wallet that nobody keeps for the customer: SHA-256 of its assessment on file."""

    assessment: str


class Payout(NamedTuple):
    """An amount in the asset's smallest unit to one address; `memo` is a tag or memo, or empty."""

    reference: str
    person: str
    chain: str
    asset: str
    amount: int
    address: str
    to: Exchange | Unhosted
    memo: str = ""


class Known(NamedTuple):
    """An address known to be an exchange's: whose, and whether it needs a memo or tag."""

    venue: str
    memo: bool


@dataclass(frozen=True, slots=True)
class Rules:
    """What payouts are checked against.

    `forms`: chain -> form of its addresses. `fees`: chain and asset -> what one payout is expected
    to cost, in that asset's smallest unit. `memo_chains`: where every payout to an exchange needs
    a memo or tag, unless the exchange's address is known not to. `contracts` and `listed` hold for
    every chain; None says that there is no such list, and nothing is paid without one. `keccak`
    checks mixed case, which is refused without it.
    """

    forms: Mapping[str, Form]
    fees: Mapping[tuple[str, str], int]
    exchanges: Mapping[str, Known]
    contracts: Collection[str] | None
    listed: Collection[str] | None
    memo_chains: Collection[str] = ("xrp",)
    keccak: Hash | None = None


class Waiting(NamedTuple):
    """A payout that is not in the batch, why, and what may be done; it is still owed whole."""

    payout: Payout
    fee: int
    reason: Text
    options: tuple[Option, ...]


class Sum(NamedTuple):
    """What a batch pays of one asset on one chain, and what that is expected to cost the firm."""

    chain: str
    asset: str
    payouts: int
    amount: int
    fees: int


@dataclass(frozen=True, slots=True)
class Batch:
    """The bytes to sign, their SHA-256, and where every payout given went."""

    content: bytes
    sha256: str
    payouts: tuple[Payout, ...]
    waiting: tuple[Waiting, ...]
    sums: tuple[Sum, ...]


def batch(payouts: Iterable[Payout], rules: Rules) -> Batch:
    """The payouts as one unsigned batch, in order of reference; batch and waiting are all given.

    Raises:
        InputError: everything that must not be signed, of all payouts; nothing is written.
    """
    rows = [*payouts]
    checks = _Checks(rules)
    if faults := [*checks.lists(), *checks.payouts(rows)]:
        raise InputError(faults)
    rows.sort(key=lambda p: p.reference)
    cost = {p.reference: rules.fees[p.chain, p.asset] for p in rows}
    paid = tuple(p for p in rows if cost[p.reference] <= p.amount)
    sums = _sums(paid, rules)
    document = {
        "format": FORMAT,
        "checked": {"contracts": digest(checks.contracts), "listed": digest(checks.listed)},
        "payouts": [_line(p) for p in paid],
        "sums": [{**s._asdict(), "amount": str(s.amount), "fees": str(s.fees)} for s in sums],
    }
    content = canonical_bytes(document)
    waiting = _waiting([p for p in rows if cost[p.reference] > p.amount], rules)
    return Batch(content, sha256(content).hexdigest(), paid, waiting, sums)


def _line(payout: Payout) -> dict[str, str]:
    """What a signer needs of one payout; amounts as text, since readers of JSON differ."""
    return {
        "reference": payout.reference,
        "chain": payout.chain,
        "asset": payout.asset,
        "amount": str(payout.amount),
        "address": fold(payout.address),
        "memo": payout.memo,
    }


def _sums(paid: Sequence[Payout], rules: Rules) -> tuple[Sum, ...]:
    groups = defaultdict[tuple[str, str], list[int]](list)
    for payout in paid:
        groups[payout.chain, payout.asset].append(payout.amount)
    return tuple(
        Sum(*key, len(a), bounded(sum(a), f"payouts of {key[1]}"), len(a) * rules.fees[key])
        for key, a in sorted(groups.items())
    )


def _waiting(rows: Sequence[Payout], rules: Rules) -> tuple[Waiting, ...]:
    """Together only where one fee would not exceed all that waits for the same destination."""
    there = Counter[tuple[str, ...]]()
    for payout in rows:
        there[_destination(payout)] += payout.amount
    found = []
    for payout in rows:
        fee = rules.fees[payout.chain, payout.asset]
        together = there[_destination(payout)] >= fee
        reason = (_TOGETHER if together else _ALONE).format(fee=fee, amount=payout.amount)
        options: tuple[Option, ...] = ("wait", "other_rail")
        found.append(Waiting(payout, fee, reason, ("together", *options) if together else options))
    return tuple(found)


def _destination(payout: Payout) -> tuple[str, ...]:
    return payout.person, payout.chain, payout.asset, fold(payout.address), payout.memo


_TOGETHER = Text(
    "手数料の見込み{fee}が支払額{amount}を超える。利用者からは差し引かない。"
    "同じ宛先の他の支払とまとめるか、待つか、別の方法で支払う",
    "the expected fee of {fee} exceeds the payout of {amount}; the customer is not charged: "
    "pay it together with others to the same address, wait, or pay another way",
)
_ALONE = Text(
    "手数料の見込み{fee}が支払額{amount}を超える。利用者からは差し引かない。"
    "待つか、別の方法で支払う",
    "the expected fee of {fee} exceeds the payout of {amount}; the customer is not charged: "
    "wait, or pay another way",
)


class _Checks:
    """The lists in one writing, and every reason not to sign a payout."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.contracts = sorted({fold(a) for a in rules.contracts or ()})
        self.listed = sorted({fold(a) for a in rules.listed or ()})
        self.exchanges = {fold(a): known for a, known in rules.exchanges.items()}
        self.barred = (
            ("contract-address", frozenset(self.contracts), _CONTRACT),
            ("listed-address", frozenset(self.listed), _LISTED),
        )

    def lists(self) -> Iterator[Problem]:
        for column, given in (("contracts", self.rules.contracts), ("listed", self.rules.listed)):
            if given is None:
                yield Problem("list-missing", "rules", _NO_LIST, column=column)
        for chain, form in self.rules.forms.items():
            if form not in FORMS:
                yield Problem("unknown-form", "rules", _NO_FORM, key=chain, column="forms")
        for (chain, asset), fee in self.rules.fees.items():
            if type(fee) is not int or not 0 <= fee < LIMIT:
                yield Problem("bad-fee", "rules", _FEE, key=f"{chain} {asset}", column="fees")

    def payouts(self, rows: Sequence[Payout]) -> Iterator[Problem]:
        if not rows:
            text = Text("支払が1件もない", "there is no payout")
            yield Problem("nothing-to-pay", "payouts", text)
        times = Counter(p.reference for p in rows)
        for row, payout in enumerate(rows, 1):
            for name, column, text in (
                *self.plain(payout, times[payout.reference]),
                *self.address(payout),
                *self.destination(payout),
                *self.memo(payout),
            ):
                yield Problem(name, "payouts", text, row=row, key=payout.reference, column=column)

    def plain(self, payout: Payout, times: int) -> Faults:
        if not _REFERENCE.fullmatch(payout.reference):
            text = Text("半角数字20桁が必要。確認して直す", "needs 20 digits; correct it")
            yield "bad-digits", "reference", text
        if times > 1:
            text = Text(
                "同じ照会番号が2件以上ある。番号を振り直す",
                "another payout has this reference; give each its own",
            )
            yield "same-reference", "reference", text
        if _blank(payout.person):
            text = Text("支払を受ける人の番号が必要", "whose payout it is must be given")
            yield "person-missing", "person", text
        if type(payout.amount) is not int or not 0 < payout.amount < LIMIT:
            text = Text("最小単位の整数で1以上が必要", "a whole number of smallest units from 1")
            yield "bad-amount", "amount", text
        if (payout.chain, payout.asset) not in self.rules.fees:
            text = Text(
                "この資産の手数料の見込みがない。見積もってから作る",
                "no expected fee is given for this asset; estimate it first",
            )
            yield "fee-unknown", "asset", text

    def address(self, payout: Payout) -> Faults:
        form = self.rules.forms.get(payout.chain)
        if form is None:
            text = Text(
                "このチェーンのアドレスはここでは確かめられない。別の方法で支払う",
                "addresses of this chain cannot be checked here; pay another way",
            )
            yield "unknown-chain", "chain", text
        elif form in FORMS and (wrong := fault(payout.address, form, self.rules.keccak)):
            yield "bad-address", "address", wrong
        for name, addresses, text in self.barred:
            if fold(payout.address) in addresses:
                yield name, "address", text

    def destination(self, payout: Payout) -> Faults:
        known, to = self.exchanges.get(fold(payout.address)), payout.to
        if isinstance(to, Exchange):
            for column, words in _TRAVEL.items():
                if _blank(getattr(to, column)):
                    yield "travel-rule-missing", column, words
            if known and not _blank(to.venue) and to.venue.strip() != known.venue:
                yield "other-venue", "venue", _OTHER_VENUE.format(venue=known.venue)
        elif known:
            yield "travel-rule-missing", "to", _IS_EXCHANGE.format(venue=known.venue)
        elif type(to.assessment) is not str or not _DIGEST.fullmatch(to.assessment):
            text = Text(
                "個人管理のウォレットの評価記録（SHA-256）がない。評価してから支払う",
                "an unhosted wallet without the digest of its assessment; assess it first",
            )
            yield "assessment-missing", "assessment", text

    def memo(self, payout: Payout) -> Faults:
        known = self.exchanges.get(fold(payout.address))
        always = isinstance(payout.to, Exchange) and payout.chain in self.rules.memo_chains
        needed = known.memo if known else always
        form = self.rules.forms.get(payout.chain)
        if payout.memo == "":
            if needed:
                yield "memo-missing", "memo", _MEMO
        elif form == "xrp" and not _tag(payout.memo):
            text = Text(
                f"宛先タグは0から{MOST_TAG}までの整数", f"a tag is a number from 0 to {MOST_TAG}"
            )
            yield "bad-memo", "memo", text
        elif form in ("bitcoin", "ethereum"):
            text = Text(
                "このチェーンの支払にメモは付けられない。宛先を確かめる",
                "a payout on this chain carries no memo; check the destination",
            )
            yield "bad-memo", "memo", text


def _blank(value: object) -> bool:
    return type(value) is not str or not value.strip()


def _tag(memo: object) -> bool:
    """A number as people write it, without sign or leading zeros."""
    return (
        type(memo) is str
        and memo.isascii()
        and memo.isdigit()
        and len(memo) <= 10
        and str(int(memo)) == memo
        and int(memo) <= MOST_TAG
    )


_NO_LIST = Text(
    "一覧がない。該当がなくても、空の一覧を渡す",
    "the list is missing; where nothing is on it, an empty one must be given",
)
_NO_FORM = Text(f"使える形式: {', '.join(FORMS)}", f"one of {', '.join(FORMS)}")
_FEE = Text("最小単位の整数で0以上が必要", "a whole number of smallest units from 0")
_CONTRACT = Text(
    "コントラクトのアドレス。取り出せなくなるおそれがあるため支払わない",
    "the address of a contract, from which it may never come out; it is not paid",
)
_LISTED = Text(
    "制裁対象の一覧にあるアドレス。支払わず、保留にして届け出る",
    "an address on the sanctions list; it is not paid but held and reported",
)
_MEMO = Text(
    "取引所の宛先にメモ・タグがない。受取人に届かないため、確認して付ける",
    "an exchange's address without its memo or tag would not reach the customer; ask for it",
)
_IS_EXCHANGE = Text(
    "{venue}のアドレス。個人管理のウォレットとしては扱えず、通知事項が必要",
    "an address of {venue}, no unhosted wallet; travel-rule data are needed",
)
_OTHER_VENUE = Text("アドレスは{venue}のもの。確認して直す", "the address is {venue}'s; correct it")
_TRAVEL: Mapping[str, Text] = {
    "originator": Text("通知事項の送付人の氏名がない", "the originator's name is missing"),
    "beneficiary": Text("通知事項の受取人の氏名がない", "the beneficiary's name is missing"),
    "venue": Text("通知事項の受取側の事業者がない", "the beneficiary's venue is missing"),
}
