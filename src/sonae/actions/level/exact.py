"""A fitted formula as a draft with exact decimals: its text, what it would have paid, its burden.

Everything here is exact and goes through the rulebook, as a close of the same draft would.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from sonae.core.canonical import number_text
from sonae.core.figure import Figure, NotComputable, Range, Value, bounds, missing
from sonae.core.register import plain
from sonae.core.text import Text
from sonae.fund.plan import feasibility
from sonae.loss.exposure import Case, Ends, Firm
from sonae.rulebook.draft import Draft
from sonae.rulebook.draft_formula import BASES, FACTS, YEARS
from sonae.rulebook.edition import Edition

YEN = "JPY"
ZERO = Fraction(0)
SIZES = {"small": Fraction(100_000_000_000), "mid": Fraction(1_000_000_000_000)}
"""A house division by customers' crypto: small below JPY 100bn, mid below 1tn, large from there."""


# -- the draft as a file ---------------------------------------------------------------------------


def draft_text(
    raw: Mapping[str, Any], id: str, title: Text, note: Text, on: date, source: str
) -> str:
    """The draft as TOML, its rates as exact decimals in quotes."""
    lines = ["# A proposal of ours. No authority has published it."]
    for key, value in raw.items():
        if key in ("component", "draft", "variant"):
            continue
        lines.append(f"{key} = {_toml(value)}")
    lines += ["", "[draft]", f'id = "{id}"', 'regime = "jp"']
    lines += [f"title = {_toml(title.as_json())}", f"note = {_toml(note.as_json())}"]
    lines += [f"drafted_on = {on.isoformat()}", f"source = {_toml(source)}"]
    for part in raw["component"]:
        lines += ["", "[[component]]", *(f"{k} = {_toml(v)}" for k, v in part.items())]
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{k} = {_toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(v) for v in value) + "]"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


# -- what it requires ------------------------------------------------------------------------------


def outputs(draft: Draft, bases: Mapping[str, Ends], on: date) -> dict[str, Figure]:
    """The outputs of the draft's one rule for a venue with these bases."""
    facts: dict[str, Figure] = {
        key: Figure(ZERO, YEN, id=f"fact:{key}")
        for key in ("opening_reserve", "used_for_incidents")
    }
    for base, ends in bases.items():
        value = _value(ends)
        key = FACTS[base]
        if base == "traded_value":
            year = Figure(value, YEN, id=f"fact:{key}/year", label=BASES[base])
            facts[key] = Figure((year,) * YEARS, "table", id=f"fact:{key}")
        else:
            facts[key] = Figure(value, YEN, id=f"fact:{key}", label=BASES[base])
    return Edition(on, (draft,)).evaluate(draft.rules[0].id, facts)


def _value(ends: Ends) -> Value:
    return ends[0] if ends[0] == ends[1] else Range(*ends)


def back_test(
    draft: Draft, cases: Sequence[Case], on: date, days_cash: int, days_insurance: int
) -> list[dict[str, Any]]:
    """Each named loss: what the rule would have required and paid, when, and what happened."""
    return [_tested(draft, case, on, days_cash, days_insurance) for case in cases]


def _tested(
    draft: Draft, case: Case, on: date, days_cash: int, days_insurance: int
) -> dict[str, Any]:
    found = outputs(draft, case.bases, on)
    required = found["required"]
    row = {
        "id": case.id,
        "venue": case.venue,
        "day": case.day.isoformat(),
        "jurisdiction": case.jurisdiction,
        "peril": case.peril,
        "loss": number_text(case.loss),
        "custody": [number_text(v) for v in case.bases["custody_value"]],
        "balance_public": case.public,
        "why": case.why.as_json(),
        "from_memory": case.from_memory,
        "source": case.source,
        "confidence": case.confidence,
        "required": plain(required.value),
        "actual_days": case.actual_days,
        "actual_made_good": None if case.compensated is None else number_text(case.compensated),
    }
    if isinstance(required.value, NotComputable):
        reason = required.value.reason().as_json()
        nothing = {"paid": None, "coverage": None, "days": None}
        return {**row, "verdict": "not_computable", "reason": reason, **nothing}
    held = bounds(required)
    cash = bounds(found.get("in_cash", required))
    shares = [min(end / case.loss, Fraction(1)) for end in (held[0], held[-1])]
    paid = [min(end, case.loss) for end in (held[0], held[-1])]
    verdict = _verdict(shares)
    days = None
    if verdict == "full":
        days = days_cash if cash[0] >= case.loss else days_insurance
    return {
        **row,
        "verdict": verdict,
        "paid": [number_text(p) for p in paid],
        "in_cash": [number_text(min(c, case.loss)) for c in (cash[0], cash[-1])],
        "coverage": [number_text(s) for s in shares],
        "days": days,
    }


def within(
    ends: Sequence[Draft], bases: Mapping[str, Ends], on: date, loss: Fraction | None = None
) -> dict[str, Any]:
    """What both ends of the rates' interval would require, and of a loss the part made good."""
    found = [outputs(draft, bases, on)["required"] for draft in ends]
    known = bool(found) and all(f.computable for f in found)
    span = [bounds(found[0])[0], bounds(found[-1])[-1]] if known else None
    row: dict[str, Any] = {"required_interval": span and [number_text(v) for v in span]}
    if loss is not None:
        row["coverage_interval"] = span and [number_text(min(v / loss, Fraction(1))) for v in span]
    return row


def _verdict(shares: Sequence[Fraction]) -> str:
    if shares[0] >= 1:
        return "full"
    if shares[1] >= 1:
        return "undecided"
    return "part" if shares[1] > 0 else "none"


# -- who bears it ----------------------------------------------------------------------------------


def burden(draft: Draft, firms: Sequence[Firm], on: date) -> list[dict[str, Any]]:
    """Each firm: required, in cash, beside its capital and profit; every output for itself."""
    rows = []
    for firm in firms:
        found = outputs(draft, firm.bases, on)
        required = found["required"]
        cash = found.get("in_cash", required)
        tested = feasibility(
            cash,
            Figure(ZERO, YEN, id="given:balance"),
            _known(firm.profit, "profit", _NO_PROFIT),
            _known(firm.capital, "net_assets_jpy", _NO_CAPITAL),
            _known(ZERO, "net_assets_required_jpy", _NO_CAPITAL),
            _known(firm.capital, "capital_jpy", _NO_CAPITAL),
        )
        rows.append(
            {
                "venue": firm.name,
                "jurisdiction": firm.jurisdiction,
                "as_of": firm.as_of,
                "origin": firm.origin,
                "from_memory": firm.from_memory,
                "size": size_of(firm),
                "custody": [number_text(v) for v in firm.bases["custody_value"]],
                "notes": [n.as_json() for n in firm.notes],
                **{k: plain(f.value) for k, f in {"required": required, "in_cash": cash}.items()},
                **{
                    k: plain(tested[k].value)
                    for k in ("share_of_capital", "years_of_profit", "phase_in_years_needed")
                },
                "at_once": _at_once(cash, firm.capital),
                "reasons": {
                    k: f.value.reason().as_json()
                    for k, f in {"required": required, **tested}.items()
                    if isinstance(f.value, NotComputable)
                },
            }
        )
    return rows


def size_of(firm: Firm) -> str:
    """small, mid or large by customers' crypto."""
    held = firm.bases["custody_value"][1]
    return next((name for name, top in SIZES.items() if held < top), "large")


def _known(value: Fraction | None, key: str, why: Text) -> Figure:
    return missing(key, why, YEN) if value is None else Figure(value, YEN, id=f"given:{key}")


def _at_once(cash: Figure, capital: Fraction | None) -> bool | None:
    """Whether its capital is as large as the cash; None where either is not known."""
    if capital is None or not cash.computable:
        return None
    return bounds(cash)[-1] <= capital


_NO_PROFIT = Text("年間利益が公表されていない", "annual profit is not public")
_NO_CAPITAL = Text("純資産・資本金が公表されていない", "neither net assets nor capital are public")


def if_firms_leave(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What customers lose if firms that cannot fund it at once, or ever, leave the market.

    The years of phase-in are those with which every firm of known profit pays from profit alone.
    """
    known = [r for r in rows if isinstance(r["required"], str)]
    total = sum((Fraction(r["required"]) for r in known), ZERO)
    strained = [r for r in known if r["at_once"] is False]
    unknown = [r for r in known if r["at_once"] is None]
    never = [r for r in strained if r["phase_in_years_needed"] is None]
    years = [Fraction(r["phase_in_years_needed"]) for r in known if r["phase_in_years_needed"]]

    sizes = {name: [r for r in known if r["size"] == name] for name in (*SIZES, "large")}

    def lost(group: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        required = sum((Fraction(r["required"]) for r in group), ZERO)
        return {
            "venues": [r["venue"] for r in group],
            "protection": number_text(required),
            "share": number_text(required / total) if total else None,
            "custody": number_text(sum((Fraction(r["custody"][0]) for r in group), ZERO)),
        }

    return {
        "cannot_at_once": lost(strained),
        "profit_not_known": lost(never),
        "capital_not_known": lost(unknown),
        "by_size": {name: lost(group) for name, group in sizes.items()},
        "phase_in_years": number_text(max(years)) if years else None,
    }
