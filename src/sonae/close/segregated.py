"""Findings of the segregation dossier, and one customer's coins used for another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from fractions import Fraction

from sonae.books.allocations import lent
from sonae.books.facts import Facts
from sonae.close.regimes import japanese
from sonae.close.segregation import Dossier, audit_due, newest_accounts
from sonae.close.value import Valuation
from sonae.core.citation import Citation
from sonae.core.display import amount, exact
from sonae.core.figure import Figure, NotComputable
from sonae.core.finding import Finding
from sonae.core.text import Text
from sonae.rulebook.edition import Edition

FIELDS = {
    "holder": Text("名義人", "holder"),
    "named_title": Text("名義", "title"),
    "exclusive_use": Text("利用者専用か", "exclusive use"),
    "no_lien_on": Text("担保権不設定の書面", "no-lien letter in date"),
    "trust_deed": Text("信託契約", "trust deed"),
}


def segregation_findings(
    facts: Facts, edition: Edition, valuation: Valuation, dossier: Dossier
) -> list[Finding]:
    """Everything of the dossier that a person must act on; `edition` is asked for Japan's law."""
    japan = japanese(facts.books.venue)
    return [
        *_pool(edition if japan else None, valuation, dossier),
        *_unknown(dossier),
        *_signers(dossier),
        *_stale(edition if japan else None, dossier),
        *_elsewhere(dossier),
        *_register(facts),
        *_used(facts, edition if japan else None),
        *_lent(facts),
    ]


def _pool(edition: Edition | None, valuation: Valuation, dossier: Dossier) -> Iterator[Finding]:
    for asset, parts in dossier.assets.items():
        items = dossier.of("would_fall", asset)
        if not items:
            continue
        reasons = list(dict.fromkeys(r for i in items for r in i.reasons))
        why = Text("、".join(r.ja for r in reasons), ", ".join(r.en for r in reasons))
        worth = parts["would_fall"]
        worth = worth * valuation.prices[asset] if worth.unit == "coin" else worth
        names = ", ".join(dict.fromkeys(i.item for i in items))
        text = _POOL.format(
            a=asset,
            q=exact(parts["would_fall"].number()),
            v=_money(worth, valuation),
            names=names,
            why=why,
        )
        rule = "jp.crypto.cash_trust" if items[0].kind == "account" else "jp.crypto.segregation"
        provision = None if edition is None else edition.provision(rule)
        yield Finding("would-fall-into-general-pool", "breach", text, asset, provision)


def _money(worth: Figure, valuation: Valuation) -> Text:
    if isinstance(worth.value, NotComputable):
        return worth.value.reason()
    value = amount(worth.number())
    return Text(f"評価額{value}", f"worth {value}")


_POOL = Text(
    "{a} {q}（{v}）は破綻時に一般財産へ入るおそれがある（{names}）: {why}",
    "{a} {q} ({v}) would fall into the general pool if the firm failed ({names}): {why}",
)


def _unknown(dossier: Dossier) -> Iterator[Finding]:
    """What is not stated: a note where the Books have no such table, a warning for gaps."""
    lines = dossier.of("not_known")
    if not lines:
        return
    if not dossier.given:
        text = _NOT_GIVEN.format(n=len(lines))
        yield Finding("segregation-not-shown", "note", text)
        return
    counts = Counter(field for line in lines for field in line.missing)
    fields = [(FIELDS[name], counts[name]) for name in FIELDS if counts[name]]
    what = Text(
        "、".join(f"{t.ja}{n}件" for t, n in fields), ", ".join(f"{t.en} of {n}" for t, n in fields)
    )
    names = ", ".join(dict.fromkeys(i.item for i in lines))
    text = _UNKNOWN.format(n=len(lines), what=what, names=names)
    yield Finding("segregation-not-known", "warning", text)


_NOT_GIVEN = Text(
    "分別管理の台帳（segregation）がないため、ウォレット・口座{n}件の区分は確認できない",
    "no register of segregation is given: of {n} wallets and accounts nothing is known",
)
_UNKNOWN = Text(
    "ウォレット・口座{n}件の区分を確認できない（{what}がない）: {names}",
    "of {n} wallets and accounts it is not known that they are apart ({what} missing): {names}",
)


def _signers(dossier: Dossier) -> Iterator[Finding]:
    wallets: dict[tuple[str, ...], list[str]] = {}
    for wallet, who in dossier.shared.items():
        wallets.setdefault(who, []).append(wallet)
    for who, names in wallets.items():
        text = _SHARED.format(who=", ".join(who), names=", ".join(names))
        yield Finding("signers-shared-with-house", "warning", text, names[0])


_SHARED = Text(
    "利用者のウォレット（{names}）と自己のウォレットの署名者が共通: {who}",
    "the same signers move customers' wallets ({names}) and the firm's own: {who}",
)


def _stale(edition: Edition | None, dossier: Dossier) -> Iterator[Finding]:
    for line in {(i.kind, i.item): i for i in dossier.items}.values():
        if line.no_lien == "stale" and line.no_lien_on is not None:
            text = _LETTER.format(i=line.item, day=line.no_lien_on)
            yield Finding("stale-no-lien-letter", "warning", text, line.item)
        if edition and line.audit == "stale" and line.audited_on is not None:
            due = audit_due(edition, line.audited_on)
            cites: tuple[Citation, ...] = due.cites
            text = _AUDIT.format(i=line.item, day=line.audited_on, due=due.value)
            yield Finding(
                "stale-segregation-audit", "warning", text, line.item, cites[0] if cites else None
            )


_LETTER = Text(
    "{i}の担保権不設定の書面（{day}）は期限切れか基準日後のもの。差し替える",
    "the no-lien letter for {i} ({day}) is out of date or later than the day; ask for a new one",
)
_AUDIT = Text(
    "{i}の前回の分別管理監査（基準日{day}）から、次の期限{due}を過ぎた",
    "{i} was last audited as of {day}; the next was due as of {due}",
)


def _elsewhere(dossier: Dossier) -> Iterator[Finding]:
    for line in dossier.of("elsewhere"):
        if line.kind == "wallet":
            text = _HOLDER.format(i=line.item, a=line.asset, holder=line.holder)
            yield Finding("held-in-another-name", "warning", text, line.item)


_HOLDER = Text(
    "ウォレット{i}（{a}）の名義「{holder}」はこの法人のものでないため算入しない",
    "wallet {i} ({a}) is held by {holder}, not by this legal entity; it does not count",
)


def _register(facts: Facts) -> Iterator[Finding]:
    """Accounts that nobody classified, or that the register does not know."""
    rows = facts.books.table("segregation") or []
    known = {r["item"] for r in rows if r["kind"] == "account"}
    for row in newest_accounts(facts):
        if row["kind"] == "unclassified" or (known and row["account"] not in known):
            text = _ACCOUNT.format(
                i=row["account"], bank=row["bank"], c=row["currency"], q=exact(row["amount"])
            )
            yield Finding("unknown-account", "breach", text, row["account"])


_ACCOUNT = Text(
    "{bank}の口座{i}（{c} {q}）は台帳にない。区分を決めるまで締めを確定しない",
    "account {i} at {bank} ({c} {q}) is not in the register; classify it before the close is "
    "signed off",
)


# -- one customer's coins for another -------------------------------------------------------------


def _used(facts: Facts, edition: Edition | None) -> Iterator[Finding]:
    if facts.books.allocations is None:
        return
    scales: Mapping[str, int] = {r["asset"]: r["scale"] for r in facts.books.rows["assets"]}
    for use in facts.books.allocations.uses():
        unit = 10 ** scales[use.asset]
        values = {"a": use.asset, "n": use.short_accounts, "m": use.over_accounts}
        if use.used:
            text = _USED.format(q=exact(Fraction(use.used, unit)), **values)
            provision = None if edition is None else edition.provision("jp.crypto.segregation")
            yield Finding("coins-used-for-another", "breach", text, use.asset, provision)
        if use.short > use.over:
            rest = exact(Fraction(use.short - use.over, unit))
            text = _NOT_ALLOCATED.format(q=rest, **values)
            yield Finding("coins-not-allocated", "warning", text, use.asset)


_USED = Text(
    "{a} {q}について、ある利用者（{n}口座）の分が他の利用者（{m}口座）に充てられている。"
    "合計が一致していても同意のない流用に当たる",
    "{a} {q} of some customers ({n} accounts) stand for others ({m} accounts): used without "
    "consent, even where totals agree",
)
_NOT_ALLOCATED = Text(
    "{a} {q}は、どのウォレットにも割り当てられていない（{n}口座）",
    "{a} {q} of {n} accounts are allocated to no wallet",
)


def _lent(facts: Facts) -> Iterator[Finding]:
    """Coins lent by accounts without an agreement in force on the day."""
    rows = facts.books.table("consents")
    if rows is None:
        return
    on = facts.books.venue.on
    agreed = {
        (r["account_id"], r["asset"])
        for r in rows
        if r["agreed_on"] <= on and (r["until"] is None or on <= r["until"])
    }
    scales = {r["asset"]: r["scale"] for r in facts.books.rows["assets"]}
    lacking: dict[str, tuple[int, int]] = {}
    for account, asset, units in lent(facts.books.balances):
        if (account, asset) not in agreed:
            count, sum_ = lacking.get(asset, (0, 0))
            lacking[asset] = (count + 1, sum_ + units)
    for asset, (count, units) in sorted(lacking.items()):
        text = _LENT.format(a=asset, q=exact(Fraction(units, 10 ** scales[asset])), n=count)
        yield Finding("lent-without-agreement", "breach", text, asset)


_LENT = Text(
    "{a} {q}は貸借の区分にあるが、有効な契約がない（{n}口座）",
    "{a} {q} is booked as lent, and {n} accounts have no agreement in force",
)
