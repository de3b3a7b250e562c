"""The segregation dossier: wallet by wallet and account by account, what keeps it for customers.

A line is *apart* where everything that its kind needs is stated and in date, *would fall* into the
general pool where something stated says that it is not kept apart, and *not known* where something
is not stated: silence is never taken as order. What stands in another's name is *elsewhere*: it is
in that holder's estate and counts for this entity in no state.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from sonae.books.facts import Facts
from sonae.close.value import Valuation
from sonae.core.figure import Figure
from sonae.core.formula import total
from sonae.core.text import Text
from sonae.rulebook.edition import Edition

Row = Mapping[str, Any]
STATES = ("apart", "would_fall", "not_known", "elsewhere")
CUSTOMERS_MONEY = ("customer_trust", "margin_trust", "segregated")
OURS = ("customer", "guarantee")
"""Owners of wallets that customers are paid from: their coins, and the guarantee assets."""


@dataclass(frozen=True, slots=True)
class Item:
    """One wallet or account in one asset. `quantity` is in whole units.

    `exclusive`, `no_lien`, `audit` and `signers` are codes; `missing` names what is not stated and
    is needed, `reasons` why it would fall into the general pool.
    """

    kind: str
    item: str
    asset: str
    owner: str
    quantity: Fraction
    holder: str
    title: str
    exclusive: str
    no_lien: str
    no_lien_on: date | None
    trust_deed: str
    audit: str
    audited_on: date | None
    signers: str
    state: str
    reasons: tuple[Text, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Dossier:
    """Every line, and by state what it comes to: per asset in its unit, and in all by value."""

    given: bool
    items: tuple[Item, ...]
    assets: Mapping[str, Mapping[str, Figure]]
    values: Mapping[str, Figure]
    shared: Mapping[str, tuple[str, ...]]

    def of(self, state: str, asset: str | None = None) -> list[Item]:
        """The lines in a state, of one asset or of all."""
        return [i for i in self.items if i.state == state and asset in (None, i.asset)]


def elsewhere(facts: Facts) -> frozenset[str]:
    """Wallets that the register says are in a name other than this entity's or its trustee's."""
    names = {facts.books.venue.entity, *facts.books.venue.holders}
    return frozenset(
        r["item"]
        for r in facts.books.table("segregation") or []
        if r["kind"] == "wallet" and r["holder"] is not None and r["holder"] not in names
    )


def segregation(facts: Facts, edition: Edition, valuation: Valuation) -> Dossier:
    """The dossier of the day."""
    known = {(r["kind"], r["item"]): r for r in facts.books.table("segregation") or []}
    signers = _Signers(facts)
    dues = _Dues(edition)
    items = [*_wallets(facts, dues, known, signers), *_accounts(facts, dues, known)]
    assets = {name: _by_state(facts, name, items) for name in sorted({i.asset for i in items})}
    values = {state: _worth(facts, valuation, assets, state) for state in STATES}
    given = facts.books.table("segregation") is not None
    return Dossier(given, tuple(items), assets, values, signers.shared())


# -- wallets ---------------------------------------------------------------------------------------


def _wallets(
    facts: Facts, dues: _Dues, known: Mapping[tuple[str, str], Row], signers: _Signers
) -> Iterator[Item]:
    rows = facts.books.table("holdings") or []
    scales = {r["asset"]: r["scale"] for r in facts.books.rows["assets"]}
    mixed = {r["holding_id"] for r in rows if r["owner"] == "house"}
    for row in rows:
        if row["owner"] not in OURS:
            continue
        stated = known.get(("wallet", row["holding_id"]), {})
        line = _Line(facts, dues, stated)
        line.name(None)
        if row["owner"] == "customer":
            line.titled(("customers", "trust", "firm_for_customers"))
        line.used_alone(row["holding_id"] in mixed)
        if row["custodian"] is not None:
            line.letter()
        quantity = Fraction(row["quantity"], 10 ** scales[row["asset"]])
        yield line.item(
            "wallet", row["holding_id"], row["asset"], row["owner"], quantity, signers.of(row)
        )


class _Signers:
    """Who signs for what, and who of them signs for the firm's own wallets too."""

    def __init__(self, facts: Facts) -> None:
        self.rows = facts.books.table("holdings") or []
        self.named = {w.holding_id: frozenset(w.signers) for w in facts.books.wallets or ()}
        house = [r for r in self.rows if r["owner"] == "house"]
        self.domains = {r["signing_domain"] for r in house} - {None}
        self.house = frozenset(n for r in house for n in self.named.get(r["holding_id"], ()))
        self.all_named = all(self.named.get(r["holding_id"]) for r in house)

    def common(self, row: Row) -> tuple[str, ...]:
        """The signers of a wallet who sign for the firm's own too, or the domain as a whole."""
        both = sorted(self.named.get(row["holding_id"], frozenset()) & self.house)
        return tuple(both) or ((row["signing_domain"],) * (row["signing_domain"] in self.domains))

    def of(self, row: Row) -> str:
        """`apart`, `shared`, or `not_known` while somebody is not named."""
        if self.common(row):
            return "shared"
        return "apart" if self.named.get(row["holding_id"]) and self.all_named else "not_known"

    def shared(self) -> dict[str, tuple[str, ...]]:
        """By customers' wallet, who signs for both."""
        rows = [r for r in self.rows if r["owner"] == "customer"]
        found = {r["holding_id"]: self.common(r) for r in rows}
        return {wallet: who for wallet, who in sorted(found.items()) if who}


# -- accounts --------------------------------------------------------------------------------------


def newest_accounts(facts: Facts) -> list[Row]:
    """The newest settled statement of each account, kind and currency on or before the day."""
    newest: dict[tuple[str, ...], Row] = {}
    for row in facts.books.table("statements") or []:
        key = tuple(str(row[k]) for k in ("bank", "branch", "account", "currency", "kind"))
        if row["stage"] != "settled" or row["as_of"] > facts.books.venue.on:
            continue
        if key not in newest or row["as_of"] > newest[key]["as_of"]:
            newest[key] = row
    return [newest[key] for key in sorted(newest)]


def _accounts(facts: Facts, dues: _Dues, known: Mapping[tuple[str, str], Row]) -> Iterator[Item]:
    for row in newest_accounts(facts):
        if row["kind"] not in CUSTOMERS_MONEY:
            continue
        line = _Line(facts, dues, known.get(("account", row["account"]), {}))
        line.name(row["holder"])
        line.titled(("customers", "trust", "firm_for_customers"))
        line.used_alone(False)
        line.entrusted()
        line.letter()
        yield line.item(
            "account", row["account"], row["currency"], row["kind"], row["amount"], "not_needed"
        )


# -- one line --------------------------------------------------------------------------------------


class _Dues:
    """When the next audit is due after one of a day; each day asked of the rulebook once."""

    def __init__(self, edition: Edition) -> None:
        self.edition = edition
        self.known: dict[date, object] = {}

    def of(self, last: date) -> object:
        """The day, or what the rulebook says instead of one."""
        if last not in self.known:
            self.known[last] = audit_due(self.edition, last).value
        return self.known[last]


class _Line:
    """What is stated of one wallet or account, looked at point by point."""

    def __init__(self, facts: Facts, dues: _Dues, stated: Row) -> None:
        venue = facts.books.venue
        self.stated, self.on, self.dues = stated, venue.on, dues
        self.names = {venue.entity, *venue.holders}
        self.letter_days = venue.house.no_lien_letter_days
        self.reasons: list[Text] = []
        self.missing: list[str] = []
        self.holder, self.no_lien, self.exclusive = "", "not_needed", "not_known"
        self.away = False

    def name(self, holder: str | None) -> None:
        """In whose name it is."""
        self.holder = self.stated.get("holder") or holder or ""
        if not self.holder:
            self.missing.append("holder")
        self.away = bool(self.holder) and self.holder not in self.names

    def titled(self, good: Sequence[str]) -> None:
        """Under which title."""
        title = self.stated.get("named_title")
        if title is None:
            self.missing.append("named_title")
        elif title not in good:
            self.reasons.append(_TITLE)

    def used_alone(self, mixed: bool) -> None:
        """Whether nothing of the firm's own is in it."""
        stated = self.stated.get("exclusive_use")
        if mixed or stated is False:
            self.exclusive = "no"
            self.reasons.append(_MIXED if mixed else _NOT_ALONE)
        elif stated is None:
            self.missing.append("exclusive_use")
        else:
            self.exclusive = "yes"

    def entrusted(self) -> None:
        """Money is out of the firm's estate under a trust alone."""
        if self.stated.get("trust_deed") is None:
            self.missing.append("trust_deed")

    def letter(self) -> None:
        """Whoever keeps it has said in writing, not too long ago, that it claims no lien."""
        given = self.stated.get("no_lien_on")
        if given is None or self.stated.get("no_lien_evidence") is None:
            self.no_lien = "not_known"
        elif not timedelta(0) <= self.on - given <= timedelta(days=self.letter_days):
            self.no_lien = "stale"
        else:
            self.no_lien = "in_date"
        if self.no_lien != "in_date":
            self.missing.append("no_lien_on")

    def audit(self) -> str:
        """Whether the last audit is no older than the law lets it be."""
        last = self.stated.get("audited_on")
        if last is None:
            return "not_known"
        due = self.dues.of(last)
        if not isinstance(due, date) or last > self.on:
            return "not_known"
        return "in_date" if self.on <= due else "stale"

    def item(
        self, kind: str, item: str, asset: str, owner: str, quantity: Fraction, signers: str
    ) -> Item:
        """The line with its state."""
        state = "would_fall" if self.reasons else "not_known" if self.missing else "apart"
        return Item(
            kind,
            item,
            asset,
            owner,
            quantity,
            self.holder,
            self.stated.get("named_title") or "",
            self.exclusive,
            self.no_lien,
            self.stated.get("no_lien_on"),
            self.stated.get("trust_deed") or "",
            self.audit(),
            self.stated.get("audited_on"),
            signers,
            "elsewhere" if self.away else state,
            tuple(self.reasons),
            tuple(self.missing),
        )


def audit_due(edition: Edition, last: date) -> Figure:
    """The latest base date of the next segregation audit, by the rulebook."""
    given = {"last_audit_base_date": Figure(last, "date", id="fact:last_audit_base_date")}
    return edition.evaluate("jp.crypto.segregation_audit_due", given)["next_base_date"]


_TITLE = Text("名義が自己の口座・ウォレットである", "its title is the firm's own")
_MIXED = Text("自己の資産が同じウォレットにある", "assets of the firm's own are in the same wallet")
_NOT_ALONE = Text("利用者専用でない", "it is not used for customers alone")


# -- sums ------------------------------------------------------------------------------------------


def _by_state(facts: Facts, asset: str, items: Sequence[Item]) -> dict[str, Figure]:
    """Per state what there is of an asset; a state without a line is left out."""
    found = {}
    home = facts.books.venue.currency
    for state in STATES:
        mine = [i for i in items if i.asset == asset and i.state == state]
        if mine:
            table = "statements" if mine[0].kind == "account" else "holdings"
            found[state] = facts.leaf(
                f"segregation/{asset}/{state}",
                sum((i.quantity for i in mine), Fraction(0)),
                asset if asset == home else "coin",
                table,
                f"asset = {asset}, by segregation: {state}",
                len(mine),
                LABELS[state],
            )
    return found


def _worth(
    facts: Facts, valuation: Valuation, assets: Mapping[str, Mapping[str, Figure]], state: str
) -> Figure:
    home = facts.books.venue.currency
    terms = [
        parts[state] * valuation.prices[name] if parts[state].unit == "coin" else parts[state]
        for name, parts in assets.items()
        if state in parts
    ]
    if not terms:
        none = facts.leaf(f"segregation/all/{state}", Fraction(0), home, "holdings", _NONE, 0)
        return none.named(f"segregation/all#{state}", LABELS[state])
    worth = total(terms, home, "Σ quantity × price")
    return worth.named(f"segregation/all#{state}", LABELS[state])


_NONE = "no wallet or account in this state"


LABELS = {
    "apart": Text("区分されている額", "kept apart"),
    "would_fall": Text("一般財産へ入るおそれのある額", "would fall into the general pool"),
    "not_known": Text("区分を確認できない額", "not known to be kept apart"),
    "elsewhere": Text("他者名義の額", "in another's name"),
}
