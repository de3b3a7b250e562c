"""What a person must act on, read off the day: each finding with its provision and clock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from sonae.books.facts import Facts
from sonae.close.cover import Cover
from sonae.close.money import money_words
from sonae.close.reconcile import Line, Reconciliation, Trust, in_date
from sonae.close.regimes import japanese
from sonae.close.require import Requirements, crypto_lines
from sonae.close.value import Valuation
from sonae.core.citation import Citation
from sonae.core.display import amount, exact
from sonae.core.figure import Figure, NotComputable
from sonae.core.finding import Finding, Severity
from sonae.core.text import Text
from sonae.rulebook.calendars import CALENDARS
from sonae.rulebook.edition import Edition

Row = Mapping[str, Any]


class Clock:
    """Due dates by the rulebook: business days from the day after, or why there is none."""

    def __init__(self, edition: Edition, arose_on: date) -> None:
        self.edition, self.arose_on = edition, arose_on

    def due(self, breach: str) -> tuple[date | Text, Citation]:
        """The due date of a kind of breach and the provision that sets it."""
        breached = Figure(breach, "code", id="fact:breach")
        facts = {"breach": breached, "arose_on": self._arose()}
        return _read(self.edition.evaluate("jp.crypto.cure_deadline", facts)["due"])

    def stablecoin(self) -> tuple[date | Text, Citation]:
        """The due date of a shortage of stablecoins, which have a clock of their own."""
        facts = {"arose_on": self._arose()}
        return _read(self.edition.evaluate("jp.stablecoin.trust_shortage_due", facts)["due"])

    def _arose(self) -> Figure:
        return Figure(self.arose_on, "date", id="fact:arose_on")


def _read(figure: Figure) -> tuple[date | Text, Citation]:
    """A due date (or why there is none) and the provision that sets it."""
    cites = [c for node in (figure, *figure.inputs) for c in node.cites]
    if isinstance(figure.value, NotComputable):
        return figure.value.reason(), cites[0]
    assert isinstance(figure.value, date)
    return figure.value, cites[-1]


def check(
    facts: Facts,
    edition: Edition,
    reconciliation: Reconciliation,
    valuation: Valuation,
    required: Requirements,
    cover: Cover,
) -> list[Finding]:
    """Every finding of the day but those of prices, exposure and insurance."""
    japan = japanese(facts.books.venue)
    clock = Clock(edition, facts.books.venue.on) if japan else None
    found: list[Finding] = []
    for line in reconciliation.lines.values():
        found += _coin(line, facts, clock) if line.kind != "fiat" else _balances(line, facts)
        found += _unpriced(line, valuation)
    if clock is not None:
        for kind, trust in reconciliation.trusts.items():
            found += _trust(kind, trust, clock)
    found += _other_names(reconciliation)
    found += _misuse(reconciliation, facts.books.venue.currency, japan=japan)
    found += _proofs(facts)
    found += _stale_holdings(facts)
    found += _duplicates(facts)
    if clock is not None:
        found += _rules(required, clock)
    found += _reserve(edition, cover, facts.books.venue.on)
    found += _notes(facts, edition, required)
    return found


# -- per asset -----------------------------------------------------------------------------------


def _coin(line: Line, facts: Facts, clock: Clock | None) -> Iterator[Finding]:
    """An asset held against what is owed; `clock` and guarantee assets are Japan's."""
    yield from _balances(line, facts)
    gap = line["break"].number()
    due: date | Text | None = None
    cite: Citation | None = None
    if clock is not None:
        due, cite = clock.stablecoin() if line.kind == "stablecoin" else clock.due("chain_shortage")
    if gap < 0:
        text = _SHORT.format(a=line.asset, q=exact(-gap))
        yield Finding("ledger-over-assets", "breach", text, line.asset, cite, due)
    elif (short := line["owed"].number() - line["backed"].number()) > 0:
        text = _UNBACKED.format(a=line.asset, q=exact(short))
        yield Finding("unproven-holdings", "warning", text, line.asset)
    if clock is not None and line.kind == "crypto" and line["not_cold"].computable:
        lack = line["not_cold"].number() - line["guarantee"].number()
        if lack > 0:
            text = _GUARANTEE.format(a=line.asset, q=exact(lack))
            yield Finding("guarantee-shortage", "breach", text, line.asset, cite, due)


def _unpriced(line: Line, valuation: Valuation) -> Iterator[Finding]:
    """An asset of customers without a usable price leaves the day's values incomplete."""
    price = valuation.prices[line.asset]
    if any(line.units.values()) and isinstance(price.value, NotComputable):
        yield Finding("price-missing", "warning", price.value.reason(), line.asset)


def _balances(line: Line, facts: Facts) -> Iterator[Finding]:
    owed = facts.books.owed.get(line.asset)
    if owed is None:
        return
    if owed.below_zero:
        below = exact(line["receivable"].number())
        text = _NEGATIVE.format(a=line.asset, n=owed.below_zero, q=below)
        yield Finding("negative-balance", "warning", text, line.asset)
    held = line["held"]
    if owed.accounts > 1 and held.computable and owed.largest > held.number() * 10**line.scale:
        text = _UNIT.format(a=line.asset, q=exact(Fraction(owed.largest, 10**line.scale)))
        yield Finding("unit-confusion", "breach", text, line.asset)
    if line["unidentified"].number() > 0:
        text = _UNKNOWN.format(a=line.asset, q=exact(line["unidentified"].number()))
        yield Finding("unidentified-deposits", "note", text, line.asset)


_SHORT = Text(
    "{a}の保有が帳簿残高に{q} {a}足りない", "{a}: holdings are short of the ledger by {q} {a}"
)
_UNBACKED = Text(
    "{a}の預かりのうち{q}は、期限内の支配証明または残高証明がない",
    "{a}: {q} of what is owed is not backed by a proof of control or statement in date",
)
_GUARANTEE = Text(
    "{a}の履行保証暗号資産が{q} {a}足りない", "{a}: guarantee assets are short by {q} {a}"
)
_NEGATIVE = Text(
    "{a}の残高がマイナスの口座が{n}件（計{q}）。他の利用者への債務は減らない",
    "{a}: {n} account(s) below zero (together {q}); what others are owed is not lowered",
)
_UNIT = Text(
    "{a}の一口座の残高{q}が保有の全量を超える。単位の取り違え（円を数量として入力）を疑う",
    "{a}: one account alone, {q}, exceeds everything held; a unit may be confused (yen as coins)",
)
_UNKNOWN = Text(
    "{a}の帰属不明の入庫が{q}ある。利用者への債務に含めた",
    "{a}: {q} of deposits without an owner; counted as owed to customers",
)


# -- money -----------------------------------------------------------------------------------------


def _trust(key: str, trust: Trust, clock: Clock) -> Iterator[Finding]:
    """A shortage beyond what is on its way inside its clock."""
    names = {"customer_trust": "cash-trust-shortage", "margin_trust": "margin-trust-shortage"}
    if not trust["settled"].computable:
        if trust["owed"].number() > 0:
            text = _TRUST_UNKNOWN.format(
                q=money_words(trust.currency, exact(trust["owed"].number()))
            )
            yield Finding("trust-not-shown", "warning", text, key)
        return
    moving = trust["instructed"].number() + trust["calculated"].number()
    short = trust["owed"].number() - trust["settled"].number()
    due, cite = clock.due("cash_trust_shortage")
    values = {
        n: money_words(trust.currency, exact(v)) for n, v in (("q", short), ("moving", moving))
    }
    if short > moving:
        text = _TRUST_SHORT.format(**values)
        yield Finding(names[trust.kind], "breach", text, key, cite, due)
    elif short > 0:
        text = _TRUST_MOVING.format(**values)
        yield Finding("trust-top-up-under-way", "note", text, key, cite, due)


_TRUST_SHORT = Text(
    "信託財産が利用者区分管理必要額に{q}足りない（指図・算定済み{moving}）",
    "the money trust is short by {q} ({moving} instructed or calculated)",
)
_TRUST_UNKNOWN = Text(
    "利用者の金銭{q}に対し、信託残高（statements）が示されていない",
    "customers' money of {q} is owed and no trust balance (statements) is given",
)
_TRUST_MOVING = Text(
    "信託の不足{q}は、期限内の追加信託で解消する見込み",
    "the trust is {q} below the requirement; a top-up inside its clock is under way",
)


def _other_names(reconciliation: Reconciliation) -> Iterator[Finding]:
    for row in reconciliation.elsewhere:
        text = _HOLDER.format(account=row["account"], holder=row["holder"])
        yield Finding("held-in-another-name", "warning", text, row["account"])


_HOLDER = Text(
    "口座{account}の名義「{holder}」はこの法人のものでないため算入しない",
    "account {account} is held by {holder}, not by this legal entity; it does not count",
)


def _misuse(reconciliation: Reconciliation, home: str, *, japan: bool) -> Iterator[Finding]:
    """Coins in place of an unreachable wallet while customers' money is short."""
    trust = reconciliation.trusts.get("customer_trust")
    if trust is None or not trust["settled"].computable:
        return
    moving = trust["instructed"].number() + trust["calculated"].number()
    short = trust["owed"].number() - trust["settled"].number() - moving
    if not japan:
        short = -reconciliation.lines[home]["break"].number() - moving
    for line in crypto_lines(reconciliation):
        replaced = (
            line["backed"].number() >= line["owed"].number() and line["unproven"].number() > 0
        )
        if short > 0 and replaced:
            lack = money_words(home, amount(short))
            text = _MISUSE.format(a=line.asset, q=exact(line["unproven"].number()), y=lack)
            yield Finding("customer-money-misuse", "breach", text, line.asset)


_MISUSE = Text(
    "{a}は支配を証明できない{q}を別の保有が埋め、同時に利用者の金銭が{y}足りない。"
    "利用者の金銭で購入した疑いがある",
    "{a}: other coins stand in for {q} that cannot be proven while customers' money is {y} "
    "short; they may have been bought with customers' money",
)


# -- proofs and age ------------------------------------------------------------------------------


def _proofs(facts: Facts) -> Iterator[Finding]:
    house, on = facts.books.venue.house, facts.books.venue.on
    for row in facts.books.table("holdings") or []:
        proved = row["control_proved_on"]
        if row["owner"] != "customer" or proved is None:
            continue
        age = (on - proved).days
        values = {"h": row["holding_id"], "a": row["asset"], "age": age}
        if not in_date(row, on, house.control_proof_days):
            text = _EXPIRED.format(limit=house.control_proof_days, **values)
            yield Finding("expired-control-proof", "warning", text, row["holding_id"])
        elif age >= house.control_proof_warning_days:
            last = proved + timedelta(days=house.control_proof_days)
            text = _EXPIRING.format(last=last, **values)
            yield Finding("control-proof-expiring", "warning", text, row["holding_id"], due=last)


_EXPIRED = Text(
    "{h}（{a}）の支配証明は{age}日前のもので期限{limit}日を過ぎた。裏付けに算入しない",
    "the proof of control of {h} ({a}) is {age} days old, limit {limit}; it backs nothing",
)
_EXPIRING = Text(
    "{h}（{a}）の支配証明は{age}日前のもので、{last}に期限切れとなる",
    "the proof of control of {h} ({a}) is {age} days old and ends on {last}",
)


def _stale_holdings(facts: Facts) -> Iterator[Finding]:
    venue = facts.books.venue
    limit = timedelta(hours=venue.house.holding_max_age_hours)
    approved = venue.stale_approval or {}
    people = {approved.get("approved_by", ""), approved.get("second", "")} - {""}
    for row in facts.books.table("holdings") or []:
        age = venue.cut_off - row["as_of"]
        hours = int(abs(age).total_seconds() // 3600)
        values = {"h": row["holding_id"], "a": row["asset"], "hours": hours}
        if row["as_of"] > venue.cut_off:
            yield Finding(
                "holding-after-cut-off", "warning", _AFTER.format(**values), row["holding_id"]
            )
        elif age > limit and len(people) == 2 and approved.get("evidence"):
            text = _STALE_APPROVED.format(who=", ".join(sorted(people)), **values)
            yield Finding("stale-holding", "warning", text, row["holding_id"])
        elif age > limit:
            text = _STALE.format(limit=venue.house.holding_max_age_hours, **values)
            yield Finding("stale-holding", "breach", text, row["holding_id"])


_STALE = Text(
    "{h}（{a}）の残高は{hours}時間前の確定ブロックのもので、社内基準{limit}時間を超える。"
    "承認者・第二承認者・証憑が要る",
    "{h} ({a}): the balance is {hours} hours old, house limit {limit}; an approver, a second "
    "person and evidence are needed",
)
_STALE_APPROVED = Text(
    "{h}（{a}）の残高は{hours}時間前のもので、{who}が承認した",
    "{h} ({a}): the balance is {hours} hours old, approved by {who}",
)
_AFTER = Text(
    "{h}（{a}）の残高は基準時より後のもの", "{h} ({a}): the balance was read after the cut-off"
)


def _duplicates(facts: Facts) -> Iterator[Finding]:
    people, several = facts.books.balances.people()
    if several:
        text = _SEVERAL.format(n=f"{several:,}", people=f"{people:,}")
        yield Finding("duplicate-account", "warning", text, "balances")


_SEVERAL = Text(
    "二つ以上の account_id を持つ customer_id が{n}件ある（全{people}件）",
    "{n} of {people} customer_id stand on more than one account_id",
)


# -- rules -----------------------------------------------------------------------------


def _rules(required: Requirements, clock: Clock) -> Iterator[Finding]:
    if "jp.crypto.hot_limit" in required.outputs:
        hot = required.outputs["jp.crypto.hot_limit"]
        if hot["ratio_test"].value == "fail":
            due, cite = clock.due("hot_excess")
            text = _HOT.format(q=amount(hot["excess_jpy"].number()))
            yield Finding("hot-excess", _severity(hot["ratio_test"]), text, "", cite, due)
    if "jp.crypto.capital_and_net_assets" in required.outputs:
        yield from _capital(required.outputs["jp.crypto.capital_and_net_assets"])


def _severity(figure: Figure) -> Severity:
    """A breach of law; of what a draft would make law, a note."""
    return "note" if figure.standing == "proposed" else "breach"


def _capital(outputs: Mapping[str, Figure]) -> Iterator[Finding]:
    cite = outputs["test"].cites[0]
    for name, output, text in (
        ("net-assets-shortage", "shortfall_jpy", _NET_ASSETS),
        ("capital-shortage", "capital_shortfall_jpy", _CAPITAL),
    ):
        figure = outputs[output]
        if figure.computable and figure.number() > 0:
            words = text.format(q=amount(figure.number()))
            yield Finding(name, _severity(figure), words, "", cite)


_HOT = Text(
    "コールド以外で管理する額が上限を{q}円超える",
    "crypto kept outside cold storage exceeds the limit by JPY {q}",
)
_NET_ASSETS = Text(
    "純資産額が所要額に{q}円足りない", "net assets are JPY {q} below the requirement"
)
_CAPITAL = Text("資本金が最低額に{q}円足りない", "capital is JPY {q} below the minimum")


def _reserve(edition: Edition, cover: Cover, on: date) -> Iterator[Finding]:
    """Shortfalls under assumed drafts: notes, for a draft is not law."""
    for draft in edition.drafts:
        for rule in draft.rules:
            surplus = cover.by_regime[rule.id].surplus
            if not surplus.computable or _low(surplus) >= 0:
                continue
            refill = draft.topics[rule.id].parameters.get("refill_business_days")
            due: date | Text = Text("補充期限は未定", "the draft sets no days to refill")
            if refill is not None:
                days = int(refill.as_figure(refill.values[0], on).number())
                due = CALENDARS["jp.bank"].add(on, days)
            text = _RESERVE_SHORT.format(d=rule.title, q=exact(-_low(surplus)))
            cite = draft.topics[rule.id].cite(rule.cites)
            yield Finding("reserve-shortfall", "note", text, rule.id, cite, due)


def _low(figure: Figure) -> Fraction:
    value: Any = figure.value
    return value if isinstance(value, Fraction) else value.low


_RESERVE_SHORT = Text(
    "「{d}」を仮定すると準備金と保険が所要額に{q}円足りない（提案段階）",
    "under “{d}” reserve and insurance are JPY {q} short (proposed, not law)",
)


def _notes(facts: Facts, edition: Edition, required: Requirements) -> Iterator[Finding]:
    for draft in edition.drafts:
        text = _ASSUMED.format(d=draft.title)
        yield Finding("proposed-law-assumed", "note", text, draft.id)
    for rule, outputs in required.outputs.items():
        yield from _marks(rule, outputs.values())
    for note in facts.books.venue.sources:
        if note.filled and note.why is not None:
            text = _FILLED.format(what=note.what, why=note.why)
            yield Finding("filled-in", "note", text, note.table)


def _marks(rule: str, outputs: Iterable[Figure]) -> Iterator[Finding]:
    """One note for a rule's gaps, one for its values from memory."""
    gaps: dict[Text, list[Figure]] = {}
    recalled = []
    for figure in outputs:
        if isinstance(figure.value, NotComputable):
            gaps.setdefault(figure.value.reason(), []).append(figure)
        elif figure.confidence == "memory":
            recalled.append(figure)
    for reason, figures in gaps.items():
        text = _GAP.format(label=_labels(figures), why=reason)
        yield Finding("not-computable", "note", text, rule, figures[0].cites[0])
    if recalled:
        text = _MEMORY.format(label=_labels(recalled))
        yield Finding("value-from-memory", "note", text, rule, recalled[0].cites[0])


def _labels(figures: Sequence[Figure]) -> Text:
    labels = [f.label for f in figures if f.label is not None]
    return Text("、".join(t.ja for t in labels), ", ".join(t.en for t in labels))


_ASSUMED = Text("案「{d}」を仮定した。法令ではない", "draft “{d}” is assumed; it is not law")
_GAP = Text("「{label}」は計算できない: {why}", "{label} is not computable: {why}")
_MEMORY = Text(
    "「{label}」は記憶に基づく値（未確認）を含む",
    "{label} rests on a value from memory, unverified",
)
_FILLED = Text(
    "公表されていないため補った値: {what}（{why}）", "filled in, not public: {what} ({why})"
)
