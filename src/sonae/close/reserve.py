"""The assets of the reserve, and which of them are out of reach of the firm's creditors."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from sonae.books.facts import Facts
from sonae.close.reconcile import Reconciliation, own_statements, settled
from sonae.close.value import Valuation
from sonae.core.figure import Figure
from sonae.core.finding import Finding
from sonae.core.formula import total
from sonae.core.text import Text

YEN = "JPY"
GOING, INSOLVENT = "going_concern", "on_insolvency"


def reserve_assets(
    facts: Facts,
    reconciliation: Reconciliation,
    valuation: Valuation,
    findings: list[Finding],
) -> dict[str, Figure]:
    """Reserve money and coins; on insolvency only what a deed makes bankruptcy remote."""
    parts: list[tuple[str, Figure]] = []
    rows, on = own_statements(facts, reconciliation.elsewhere), facts.books.venue.on
    accounts = sorted({r["account"] for r in rows if r["kind"] == "reserve"})
    for account in accounts:
        mine = [r for r in rows if r["account"] == account]
        for currency in sorted({r["currency"] for r in mine if r["kind"] == "reserve"}):
            amount, count = settled(mine, currency, "reserve", on)
            where = f"account = {account}, currency = {currency}, kind = reserve, stage = settled"
            key = f"statements/{account}/{currency}/amount"
            unit = money_unit(facts, currency)
            money = facts.leaf(key, amount, unit, "statements", where, count, RESERVE)
            parts.append((account, money * valuation.prices[currency] if unit == "coin" else money))
    assets = {r["asset"]: r for r in facts.books.rows["assets"]}
    for row in facts.books.table("holdings") or []:
        if row["owner"] != "reserve":
            continue
        asset, id = assets[row["asset"]], row["holding_id"]
        if asset["own_issue"]:
            findings.append(
                Finding("own-token-reserve", "breach", _OWN_TOKEN.format(a=row["asset"], h=id), id)
            )
            continue
        quantity = facts.leaf(
            f"holdings/{id}/{row['asset']}/quantity",
            Fraction(row["quantity"], 10 ** asset["scale"]),
            "coin",
            "holdings",
            f"holding_id = {id}, asset = {row['asset']}, owner = reserve",
            1,
        )
        parts.append((id, quantity * valuation.prices[row["asset"]]))
    return _by_remoteness(facts, parts, findings)


_OWN_TOKEN = Text(
    "準備金に自社発行の{a}（{h}）が含まれる。算入額は0とする",
    "the reserve holds the venue's own token {a} ({h}); it counts as 0",
)


def money_unit(facts: Facts, currency: str) -> str:
    """Money of the reporting currency is its own unit; other currencies are valued as coins are."""
    return currency if currency == facts.books.venue.currency else "coin"


def _by_remoteness(
    facts: Facts, parts: Sequence[tuple[str, Figure]], findings: list[Finding]
) -> dict[str, Figure]:
    deeds = {r["instrument_id"]: r for r in facts.books.table("instruments") or []}
    if not parts and facts.books.table("statements") is None:
        words = Text(
            "準備金の口座（statements）がない", "no statement of a reserve account is given"
        )
        none = facts.absent("reserve", YEN, words)
        return {
            GOING: none.named("reserve#going_concern"),
            INSOLVENT: none.named("reserve#on_insolvency"),
        }
    remote = []
    for id, figure in parts:
        if deeds.get(id, {}).get("bankruptcy_remote") == "yes":
            remote.append(figure)
        elif figure.computable and figure.number() > 0:
            state = deeds[id]["bankruptcy_remote"] if id in deeds else None
            findings.append(_not_remote(id, figure, state))
    going = total([f for _, f in parts], YEN, "Σ reserve assets").named(
        "reserve#going_concern", RESERVE
    )
    apart = total(remote, YEN, "Σ bankruptcy-remote reserve assets")
    return {GOING: going, INSOLVENT: apart.named("reserve#on_insolvency", _REMOTE)}


RESERVE = Text("準備金資産", "reserve assets")
_REMOTE = Text("倒産隔離された準備金資産", "bankruptcy-remote reserve assets")


def _not_remote(id: str, figure: Figure, state: Any) -> Finding:
    words = {"no": ("倒産隔離なし", "not remote"), "untested": ("倒産隔離は未検証", "untested")}
    ja, en = words.get(state, ("根拠文書なし", "no deed given"))
    amount = f"{int(figure.number()):,}"
    text = Text(
        f"{id}の{amount}円は破綻時に一般財産へ入るおそれがある（{ja}）",
        f"JPY {amount} at {id} would fall into the general pool on insolvency ({en})",
    )
    return Finding("reserve-not-remote", "warning", text, id)
