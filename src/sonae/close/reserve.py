"""The assets of the reserve: what counts of each, and what is out of reach of creditors.

They come from the reserve ledger where one is given, else from what the Books say of reserve
accounts and holdings. What counts is a rule (`jp.reserve.assets`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from sonae.books.facts import Facts
from sonae.close.money import YEN, Money
from sonae.close.reconcile import Reconciliation, own_statements, settled
from sonae.close.value import Valuation
from sonae.core.display import fixed
from sonae.core.figure import Figure, Source
from sonae.core.finding import Finding
from sonae.core.formula import table
from sonae.core.text import Text
from sonae.rulebook.edition import Edition

GOING, INSOLVENT, ASSETS = "going_concern", "on_insolvency", "assets"
RULE = "jp.reserve.assets"
KINDS = {"trust_deed": "trust_deposit", "guarantee": "bank_guarantee", "deposit": "fixed_deposit"}
"""Kinds of an instrument in the Books, as the rule names them."""
Cells = dict[str, Figure]


def reserve_assets(
    facts: Facts,
    edition: Edition,
    reconciliation: Reconciliation,
    valuation: Valuation,
    findings: list[Finding],
) -> dict[str, Figure]:
    """What counts of the reserve's assets as a going concern and on insolvency; `assets`: of which.

    `assets` is missing where nothing says what the reserve is made of.
    """
    given_rows = reserve_rows(facts, reconciliation, valuation)
    if given_rows is None:
        none = facts.absent("reserve", YEN, NO_RESERVE)
        return {s: none.named(f"reserve#{s}") for s in (GOING, INSOLVENT)}
    money = Money(facts.books.venue.currency, valuation.prices)
    rows = _in_yen(given_rows, money)
    if facts.reserve is not None:
        seen = _in_yen(_from_books(facts, reconciliation, valuation), money)
        _compare(seen, rows, findings)
    given = {id: table(cells).named(f"fact:reserve/{id}") for id, cells in rows.items()}
    assets = table(given).named("fact:reserve_assets")
    outputs = edition.evaluate(RULE, {"assets": assets})
    findings += _findings(rows, outputs)
    return {
        GOING: outputs["going_concern_jpy"].named("reserve#going_concern", RESERVE),
        INSOLVENT: outputs["on_insolvency_jpy"].named("reserve#on_insolvency", _REMOTE),
        ASSETS: assets,
    }


def reserve_rows(
    facts: Facts, reconciliation: Reconciliation, valuation: Valuation
) -> dict[str, Cells] | None:
    """The reserve's assets with their `worth` in the reporting currency; None where not stated."""
    if facts.reserve is not None:
        return _from_ledger(facts, valuation)
    rows = _from_books(facts, reconciliation, valuation)
    return rows if rows or facts.books.table("statements") is not None else None


def _in_yen(rows: Mapping[str, Cells], money: Money) -> dict[str, Cells]:
    """The rows as the rule reads them: their value in yen."""
    return {
        id: {k: f for k, f in cells.items() if k != WORTH}
        | {"value_jpy": money.to(cells[WORTH], YEN).named(f"fact:reserve/{id}/value_jpy")}
        for id, cells in rows.items()
    }


NO_RESERVE = Text("準備金の口座（statements）がない", "no statement of a reserve account is given")
WORTH = "worth"
RESERVE = Text("準備金資産", "reserve assets")
_REMOTE = Text("倒産隔離された準備金資産", "bankruptcy-remote reserve assets")


def money_unit(facts: Facts, currency: str) -> str:
    """Money of the reporting currency is its own unit; other currencies are valued as coins are."""
    return currency if currency == facts.books.venue.currency else "coin"


# -- where they come from --------------------------------------------------------------------------


def _from_ledger(facts: Facts, valuation: Valuation) -> dict[str, Cells]:
    """The ledger's registered assets with what it says they hold on the day."""
    rows = {}
    for asset in facts.reserve or ():
        if not asset["amount"]:
            continue
        key = f"reserve/{asset['id']}"
        amount = Figure(
            asset["amount"],
            money_unit(facts, asset["unit"]),
            id=f"fact:{key}/amount",
            label=RESERVE,
            source=Source(*asset["source"]),
        )
        rows[asset["id"]] = _cells(key, asset, _worth(facts, valuation, amount, asset["unit"]))
    return rows


def _from_books(
    facts: Facts, reconciliation: Reconciliation, valuation: Valuation
) -> dict[str, Cells]:
    """Reserve accounts (statements) and reserve holdings, with the deed of the same id, if any."""
    found: dict[str, Cells] = {}
    deeds = {r["instrument_id"]: r for r in facts.books.table("instruments") or []}
    rows, on = own_statements(facts, reconciliation.elsewhere), facts.books.venue.on
    mine = [r for r in rows if r["kind"] == "reserve"]
    for account in sorted({r["account"] for r in mine}):
        for unit in sorted({r["currency"] for r in mine if r["account"] == account}):
            theirs = [r for r in mine if r["account"] == account]
            amount, count = settled(theirs, unit, "reserve", on)
            where = f"account = {account}, currency = {unit}, kind = reserve, stage = settled"
            key = f"statements/{account}/{unit}/amount"
            money = facts.leaf(
                key, amount, money_unit(facts, unit), "statements", where, count, RESERVE
            )
            asset = _of_deed(deeds.get(account), "cash", unit, theirs[0]["bank"])
            id = account if account not in found else f"{account}/{unit}"
            found[id] = _cells(f"reserve/{id}", asset, _worth(facts, valuation, money, unit))
    assets = {r["asset"]: r for r in facts.books.rows["assets"]}
    for row in facts.books.table("holdings") or []:
        if row["owner"] == "reserve":
            asset = _of_deed(
                deeds.get(row["holding_id"]), "coin", row["asset"], row["custodian"] or "-"
            )
            asset["own_issue"] = bool(assets[row["asset"]]["own_issue"])
            coins = _quantity(facts, row, assets[row["asset"]]["scale"])
            id = row["holding_id"]
            id = id if id not in found else f"{id}/{row['asset']}"
            found[id] = _cells(f"reserve/{id}", asset, coins * valuation.prices[row["asset"]])
    return found


def _quantity(facts: Facts, row: Mapping[str, Any], scale: int) -> Figure:
    id, asset = row["holding_id"], row["asset"]
    where = f"holding_id = {id}, asset = {asset}, owner = reserve"
    value = Fraction(row["quantity"], 10**scale)
    return facts.leaf(f"holdings/{id}/{asset}/quantity", value, "coin", "holdings", where, 1)


def _of_deed(deed: Mapping[str, Any] | None, kind: str, unit: str, holder: str) -> dict[str, Any]:
    """Particulars of an asset in the Books; a statement or a holding is evidence of itself."""
    if deed is None:
        deed = {"kind": kind, "title": "own_account", "bankruptcy_remote": "no_deed"}
        return {**deed, "holder": holder, "unit": unit, "evidence": "books"}
    named = KINDS.get(deed["kind"], deed["kind"])
    if kind == "coin" or (named == "fixed_deposit" and deed["maturity"] is None):
        named = kind
    return {
        "kind": named,
        "title": deed["title"],
        "bankruptcy_remote": deed["bankruptcy_remote"],
        "holder": holder,
        "unit": unit,
        "evidence": "books",
        "matures_on": deed["maturity"],
    }


def _worth(facts: Facts, valuation: Valuation, amount: Figure, unit: str) -> Figure:
    return amount if amount.unit == facts.books.venue.currency else amount * valuation.prices[unit]


def _cells(key: str, asset: Mapping[str, Any], worth: Figure) -> Cells:
    """One asset as the rule reads it."""

    def cell(name: str, value: Any, unit: str) -> Figure:
        return Figure(value, unit, id=f"fact:{key}/{name}")

    names = ("kind", "title", "bankruptcy_remote", "holder", "unit")
    cells = {n: cell(n, str(asset[n]), "code") for n in names}
    truths = {
        "own_issue": bool(asset.get("own_issue", False)),
        "guarantee": bool(asset.get("guarantee", False)),
        "accepted": bool(asset.get("accepted", False)),
        "evidence": bool(asset.get("evidence")),
    }
    cells |= {n: cell(n, value, "truth") for n, value in truths.items()}
    if asset.get("matures_on"):
        day = asset["matures_on"]
        matures = day if isinstance(day, date) else date.fromisoformat(day)
        cells["matures_on"] = cell("matures_on", matures, "date")
    return cells | {WORTH: worth}


# -- what people must know ------------------------------------------------------------------------


def _findings(rows: Mapping[str, Cells], outputs: Mapping[str, Figure]) -> list[Finding]:
    """Assets that do not count, what would fall into the general pool, and concentration."""
    found = []
    for id, row in outputs["counted"].rows().items():
        counted, reason = row.rows()["counted_jpy"], row.rows()["reason"].value
        remote = rows[id]["bankruptcy_remote"].value
        if reason == "own_token":
            words = _OWN_TOKEN.format(a=rows[id]["unit"].value, h=id)
            found.append(Finding("own-token-reserve", "breach", words, id))
        elif isinstance(reason, str):
            words = _INELIGIBLE.format(h=id, why=_WHY[reason])
            found.append(Finding("reserve-ineligible", "warning", words, id))
        elif counted.computable and counted.number() > 0 and remote != "yes":
            found.append(_not_remote(id, counted, str(remote)))
    for test, what in _CONCENTRATED.items():
        if outputs[test].value == "fail":
            found.append(Finding("reserve-concentrated", "warning", what, test))
    return found


def _not_remote(id: str, figure: Figure, state: str) -> Finding:
    amount = f"{int(figure.number()):,}"
    words = _NOT_REMOTE.format(h=id, amount=amount, why=_REMOTENESS[state])
    return Finding("reserve-not-remote", "warning", words, id)


_OWN_TOKEN = Text(
    "準備金に自社発行の{a}（{h}）が含まれる。算入額は0とする",
    "the reserve holds the venue's own token {a} ({h}); it counts as 0",
)
_INELIGIBLE = Text("準備金資産{h}は算入しない: {why}", "reserve asset {h} does not count: {why}")
_WHY = {
    "guarantee_counted_elsewhere": Text(
        "履行保証暗号資産として既に算入している", "it is counted as a performance-guarantee asset"
    ),
    "no_evidence": Text("存在を示す証拠がない", "nothing shows that it is there"),
    "not_accepted_by_insurer": Text(
        "保険者が支払を承諾していない", "the insurer has not accepted the claim"
    ),
    "matured": Text("満期を過ぎている", "it has matured"),
    "maturity_too_long": Text("満期が長すぎる", "it matures too late"),
}
_NOT_REMOTE = Text(
    "{h}の{amount}円は破綻時に一般財産へ入るおそれがある（{why}）",
    "JPY {amount} at {h} would fall into the general pool on insolvency ({why})",
)
_REMOTENESS = {
    "no": Text("倒産隔離なし", "not remote"),
    "untested": Text("倒産隔離は未検証", "untested"),
    "no_deed": Text("根拠文書なし", "no deed given"),
}
_CONCENTRATED = {
    "holder_test": Text(
        "準備金資産が一つの保有先に集中している（社内規程の上限超過）。分散する",
        "the reserve's assets are concentrated at one holder beyond the house limit; spread them",
    ),
    "coin_test": Text(
        "準備金資産が一つの暗号資産に集中している（社内規程の上限超過）。分散する",
        "the reserve's assets are concentrated in one coin beyond the house limit; spread them",
    ),
    "foreign_test": Text(
        "準備金資産の円以外の割合が社内規程の上限を超える。円の資産を増やす",
        "the reserve is held in other units than yen beyond the house limit; hold more yen",
    ),
}


def _compare(seen: Mapping[str, Cells], rows: Mapping[str, Cells], findings: list[Finding]) -> None:
    """The ledger against what banks and wallets say, where the Books have it, asset by asset."""
    for id in sorted(seen):
        mine = rows.get(id)
        said = seen[id]["value_jpy"]
        kept = None if mine is None else mine["value_jpy"]
        if not said.computable or (kept is not None and not kept.computable):
            continue
        held = Fraction(0) if kept is None else kept.number()
        if held != said.number():
            words = _DIFFERS.format(h=id, a=fixed(held, 0), b=fixed(said.number(), 0))
            findings.append(Finding("reserve-ledger-break", "warning", words, id))


_DIFFERS = Text(
    "準備金資産{h}は、準備金の記録では{a}円、残高証明・ウォレットでは{b}円。原因を調べ、訂正する",
    "reserve asset {h}: JPY {a} in the ledger, JPY {b} by statement or wallet; find out and "
    "correct",
)
