"""From what a firm's records name to pools of a plan: each with its reason, nothing guessed.

What the records do not say is named and left to a person: it is put in no pool, or in one of its
own whose id says that it is not known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sonae.claims.estate.plan import KINDS
from sonae.core.text import Text

APART, FALLS, UNKNOWN, ELSEWHERE = "apart", "would_fall", "not_known", "elsewhere"


class Thing(NamedTuple):
    """A wallet, an account or an instrument in one asset, in base units.

    `kind` is the owner of a wallet, the kind of an account or instrument; `state` what the
    segregation dossier says; `remote` whether a deed keeps it out of the estate.
    """

    what: str
    id: str
    kind: str
    asset: str
    units: int
    state: str = ""
    remote: str = ""
    why: tuple[Text, ...] = ()


class Open(NamedTuple):
    """Something a person must decide or find out: what, about which thing, what to do."""

    name: str
    subject: str
    message: Text

    def as_json(self) -> dict[str, Any]:
        """As plain values."""
        return {"name": self.name, "subject": self.subject, "message": self.message.as_json()}


@dataclass
class Placed:
    """One pool in draft: what it is made of, and why it is of this kind."""

    id: str
    kind: str
    asset: str
    why: Text
    remote: bool = False
    units: int = 0
    of: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "id": self.id,
            "kind": self.kind,
            "asset": self.asset,
            "amount": str(self.units),
            "bankruptcy_remote": self.remote,
            "of": self.of,
            "why": self.why.as_json(),
        }


@dataclass
class Draft:
    """Pools, what is in none of them, and what is not known."""

    pools: dict[str, Placed] = field(default_factory=dict)
    not_placed: list[Open] = field(default_factory=list)
    not_known: list[Open] = field(default_factory=list)

    def put(self, thing: Thing, kind: str, mark: str = "", remote: bool = False) -> None:
        """Add a thing to the pool of its kind and asset."""
        id = f"{kind} {thing.asset}{f' {mark}' if mark else ''}"
        why = _MARKED.get(mark) or _WHY[kind]
        self.pools.setdefault(id, Placed(id, kind, thing.asset, why, remote))
        self.pools[id].units += thing.units
        self.pools[id].of.append(thing.id)

    def left(self, name: str, thing: Thing) -> None:
        """A thing that is in no pool, with the reason."""
        told = ("; ".join(t.ja for t in thing.why), "; ".join(t.en for t in thing.why))
        base = _LEFT[name].format(a=thing.asset, n=f"{thing.units:,}", k=thing.kind)
        ja, en = (f"{w}（{t}）" if t else w for w, t in zip((base.ja, base.en), told, strict=True))
        self.not_placed.append(Open(name, thing.id, Text(ja, en)))

    def unknown(self, name: str, subject: str, **fill: object) -> None:
        """Something that is not known."""
        self.not_known.append(Open(name, subject, _UNKNOWN[name].format(**fill)))


def place(things: Iterable[Thing], currency: str) -> Draft:
    """Every thing in a pool, or named with why not.

    A reserve serves customers alone only where a deed says so; a general pool takes money alone, so
    what must be sold first is named; what stands in another's name is in that holder's estate.
    """
    draft = Draft()
    for thing in sorted(things, key=lambda t: (t.what, t.kind, t.asset, t.id)):
        if not thing.units:
            continue
        if thing.state == ELSEWHERE:
            draft.left("in-anothers-name", thing)
        elif thing.state == FALLS:
            draft.left("would-fall", thing)
        else:
            _BY[thing.what](draft, thing, currency)
    order = sorted(draft.pools.values(), key=lambda p: (KINDS.index(p.kind), p.asset, p.id))
    draft.pools = {pool.id: pool for pool in order}
    return draft


def _wallet(draft: Draft, thing: Thing, currency: str) -> None:
    if thing.kind in ("customer", "guarantee"):
        kind = "segregated" if thing.kind == "customer" else "guarantee"
        _apart(draft, thing, kind)
    elif thing.kind == "buffer":
        draft.put(thing, "buffer")
    else:
        draft.left("sell-first" if thing.kind == "house" else "reserve-in-coins", thing)


def _apart(draft: Draft, thing: Thing, kind: str) -> None:
    """Into a pool by itself where it is not known to be kept apart."""
    if thing.state == APART:
        draft.put(thing, kind)
        return
    draft.put(thing, kind, "not-known")
    draft.not_known.append(Open("not-known-apart", thing.id, _NOT_APART.format(why=_said(thing))))


def _said(thing: Thing) -> Text:
    none = Text("登録がない", "no entry in the register")
    told = thing.why or (none,)
    return Text("、".join(t.ja for t in told), ", ".join(t.en for t in told))


def _account(draft: Draft, thing: Thing, currency: str) -> None:
    if thing.kind in ("customer_trust", "margin_trust"):
        if thing.kind == "margin_trust":
            draft.unknown("margin-trust", thing.id)
        _apart(draft, thing, "cash_trust" if thing.asset == currency else "trust")
    elif thing.kind == "segregated":
        _apart(draft, thing, "segregated")
    elif thing.kind == "unclassified":
        draft.left("unclassified", thing)
    elif thing.asset != currency:
        draft.left("reserve-in-coins" if thing.kind == "reserve" else "sell-first", thing)
    elif thing.kind == "reserve":
        draft.put(thing, "reserve", "no-deed")
        draft.unknown("reserve-without-deed", thing.id)
    else:
        draft.put(thing, "general")


def _instrument(draft: Draft, thing: Thing, currency: str) -> None:
    if thing.kind == "guarantee":
        draft.left("to-be-called", thing)
    elif thing.asset != currency:
        draft.left("reserve-in-coins", thing)
    elif thing.remote == "yes":
        draft.put(thing, "reserve", "", remote=True)
    else:
        draft.put(thing, "reserve", "no-deed")
        if thing.remote != "no":
            draft.unknown("deed-untested", thing.id)


_BY = {"wallet": _wallet, "account": _account, "instrument": _instrument}
_WHY: Mapping[str, Text] = {
    "segregated": Text("利用者の資産として分別されている", "kept apart for customers"),
    "trust": Text("利用者のための信託財産", "held in trust for customers"),
    "cash_trust": Text(
        "利用者区分管理信託。財団に属さない", "the cash trust; it stands outside the estate"
    ),
    "guarantee": Text(
        "履行保証暗号資産。利用者が優先する（資金決済法63条の19の2）",
        "guarantee assets; customers come first (Payment Services Act Art. 63-19-2)",
    ),
    "buffer": Text("自己の同種資産で、不足に充てる", "own coins of the same kind, for a shortage"),
    "reserve": Text("証書により倒産隔離された準備金", "a reserve that a deed keeps out"),
    "general": Text("会社の自己の資金", "the firm's own money"),
}
_MARKED: Mapping[str, Text] = {
    "not-known": Text(
        "帳簿では利用者のための資産だが、分別されているかは確認できない",
        "booked as customers'; whether it is kept apart is not known",
    ),
    "no-deed": Text(
        "倒産隔離の証書がないため、一般財団に属する準備金とした",
        "no deed keeps this reserve out, so it serves the general estate",
    ),
}
_NOT_APART = Text(
    "分別されているかが分からない（{why}）。確かめるか、別の財産として扱う",
    "whether it is kept apart is not known ({why}); find out, or treat it as another pool",
)
_LEFT: Mapping[str, Text] = {
    "in-anothers-name": Text(
        "{a} {n}（最小単位）は他人の名義。その名義人に返還を求める",
        "{n} base units of {a} stand in another's name; claim them from that holder",
    ),
    "would-fall": Text(
        "{a} {n}（最小単位）は一般財団に入るおそれがある。どの財産とするかを判断する",
        "{n} base units of {a} would fall into the general estate; decide which pool they are",
    ),
    "sell-first": Text(
        "会社の{a} {n}（最小単位）は、換価した額を一般財団に加える",
        "the firm's own {n} base units of {a}: what they are sold for goes to the general pool",
    ),
    "reserve-in-coins": Text(
        "準備金の{a} {n}（最小単位）は、換価した額を準備金に加える",
        "{n} base units of {a} of the reserve: what they are sold for goes to the reserve pool",
    ),
    "unclassified": Text(
        "{a} {n}（最小単位）の口座は区分がない。誰のものかを確かめる",
        "an account of {n} base units of {a} has no class; find out whose it is",
    ),
    "to-be-called": Text(
        "{a} {n}（最小単位）の保証は、履行された額を準備金に加える",
        "a guarantee of {n} base units of {a}: add to the reserve what is paid under it",
    ),
}  # fmt: skip
_UNKNOWN: Mapping[str, Text] = {
    "margin-trust": Text(
        "証拠金の信託は証拠金取引の利用者だけのもの。債権は現物と証拠金を分けていない",
        "the trust for margin money is for margin customers alone; the claims do not tell them",
    ),
    "reserve-without-deed": Text(
        "準備金の口座に倒産隔離の証書が示されていない", "no deed is stated for this reserve account"
    ),
    "deed-untested": Text(
        "証書の倒産隔離は確かめられていない", "whether the deed holds in an insolvency is untested"
    ),
    "no-rate": Text(
        "開始時の価格が分からない。計画の rate を書き加える",
        "the price at commencement is not known; add `rate` to the plan",
    ),
    "rate-of-the-pack": Text(
        "パックの日の価格を開始時の価格とみなした",
        "the pack's price is taken as that of commencement",
    ),
    "insurance": Text(
        "保険者 {insurer} が払う額は分からない。決まれば insurance の財産に加える（{kind}）",
        "what {insurer} pays is not known; once it is, add a pool of kind insurance ({kind})",
    ),
    "costs": Text(
        "手続の費用は分からない。財産ごとに cost を書き加える",
        "the costs of the proceeding are not known; add `cost` to the pools that bear them",
    ),
    "other-claims": Text(
        "利用者以外の債権はパックにない。債権の表に書き加える",
        "claims of others than customers are not in a pack; add them to the claims",
    ),
    "debts": Text(
        "利用者の債務（証拠金・残高の不足）が{n}件ある。相殺するなら --debts で渡す",
        "customers owe something in {n} accounts (margin debt, negative balance); to set it off, "
        "give --debts",
    ),
    "unidentified": Text(
        "誰のものか分からない残高 {n}（最小単位）は、留保される債権として残した",
        "balances of {n} base units belong to nobody known; they stay as a claim that is reserved",
    ),
    "no-persons": Text(
        "顧客の表がないため、口座の顧客IDを1人とみなした",
        "no table of customers: each customer id counts as one person",
    ),
}  # fmt: skip
