"""A draft tried out: base, rate, floor, cap and insured share against protection and burden.

Exact: the formula is written as a draft and goes through the rulebook, as a close of the same draft
would. Nothing is fitted here; `sonae calibrate` finds the rates that reach a target.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from sonae.actions.console.home import Firm as Folder
from sonae.actions.level.exact import back_test, burden, draft_text, if_firms_leave, within
from sonae.actions.level.firms import FACTS
from sonae.core.canonical import number_text, parse_number
from sonae.core.errors import InputError, Problem
from sonae.core.text import Text
from sonae.loss.exposure import Ends, Firm, cases, public_firms
from sonae.loss.formula import FAMILIES, RATES, family
from sonae.rulebook.draft import read_draft

FORMAT = "sonae-laboratory/1"
DAYS_CASH, DAYS_INSURANCE = 14, 240
"""Days until cash and insurance pay, as in `sonae calibrate` (house assumptions)."""


@dataclass(frozen=True, slots=True)
class Formula:
    """What is tried: one rate for each base of the family, limits in yen, the share insured."""

    family: str
    rates: tuple[Fraction, ...]
    floor: int = 0
    cap: int | None = None
    insurance_share: Fraction = Fraction(0)

    def problems(self) -> list[Problem]:
        """Everything that makes no sense."""
        found = []
        if self.family not in FAMILIES:
            known = ", ".join(FAMILIES)
            found.append(_bad("family", f"使える値: {known}", f"one of {known}"))
        elif len(self.rates) != len(RATES[self.family]):
            n = len(RATES[self.family])
            found.append(_bad("rate", f"率は{n}個", f"{n} rate(s) are needed"))
        if not all(0 <= r <= 1 for r in self.rates):
            found.append(_bad("rate", "率は0から100%", "a rate lies between 0 and 100 %"))
        if self.cap is not None and self.cap < self.floor:
            found.append(_bad("cap", "上限は下限以上", "the cap is not below the floor"))
        if not 0 <= self.insurance_share <= 1:
            ja, en = "保険で満たせる割合は0から100%", "the insured share lies between 0 and 100 %"
            found.append(_bad("insurance_share", ja, en))
        return found

    def raw(self) -> dict[str, Any]:
        """The formula as a draft states it."""
        limits: dict[str, Any] = {}
        if self.insurance_share:
            limits["insurance_share"] = number_text(self.insurance_share)
        if self.floor or self.cap is not None:
            limits["bracket"] = {
                "floor": self.floor,
                "cap": 10**18 if self.cap is None else self.cap,
            }
        return family(self.family, self.rates, limits)


def _bad(key: str, ja: str, en: str) -> Problem:
    return Problem("bad-formula", "formula", Text(ja, en), key=key)


def try_formula(formula: Formula, folders: Iterable[Folder], on: date) -> dict[str, Any]:
    """What it would require of each firm and would have paid of each named loss.

    Firms are those of the console, then the public list; rows that rest on memory are left out, as
    they are in a calibration.

    Raises:
        InputError: the formula makes no sense; everything at once.
    """
    if problems := formula.problems():
        raise InputError(problems)
    given = [f for f in map(firm_of_close, folders) if f is not None]
    names = {f.name for f in given}
    firms = [*given, *(f for f in public_firms() if f.name not in names and not f.from_memory)]
    named = [c for c in cases() if not c.from_memory]
    text = draft_text(formula.raw(), "jp.proposal.laboratory", TITLE, NOTE, on, "sonae serve")
    draft = read_draft(text, "draft")
    tested = back_test(draft, named, on, DAYS_CASH, DAYS_INSURANCE)
    borne = burden(draft, firms, on)
    for row in (*tested, *borne):
        row |= within([], {}, on, Fraction(1) if "loss" in row else None)
    return {
        "format": FORMAT,
        "standing": "proposed",
        "on": on.isoformat(),
        "family": formula.family,
        "rates": [number_text(r) for r in formula.rates],
        "floor": str(formula.floor),
        "cap": None if formula.cap is None else str(formula.cap),
        "insurance_share": number_text(formula.insurance_share),
        "draft": text,
        "protection": _protection(tested),
        "back_test": tested,
        "burden": borne,
        "if_firms_leave": if_firms_leave(borne),
    }


def _protection(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """How many named losses would have been made good in full; of all of them, the share paid.

    The least that a stated range allows counts.
    """
    known = [r for r in rows if r["verdict"] != "not_computable"]
    loss = sum((parse_number(r["loss"]) for r in known), Fraction(0))
    paid = sum((parse_number(r["paid"][0]) for r in known), Fraction(0))
    return {
        "losses": len(rows),
        "known": len(known),
        "full": sum(1 for r in known if r["verdict"] == "full"),
        "paid": number_text(paid),
        "of": number_text(loss),
        "share": number_text(paid / loss) if loss else None,
    }


def firm_of_close(folder: Folder) -> Firm | None:
    """A firm from its newest close; None where it has none, or no value is known."""
    if not folder.days():
        return None
    document = folder.close()
    entries = {f["id"]: f for f in document["figures"]}
    facts = {key: entries[id] for key, id in document["facts"].items()}
    bases = {base: e for base, key in FACTS.items() if (e := _ends(facts.get(key)))}
    traded = facts.get("crypto_traded_value_by_fy")
    if traded is not None and traded["kind"] == "table":
        years = [e for id in traded["value"] if (e := _ends(entries[id]))]
        if years:
            bases["traded_value"] = max(e[0] for e in years), max(e[1] for e in years)
    if "custody_value" not in bases:
        return None
    worth = _ends(facts.get("net_assets_jpy"))
    regimes = document["venue"]["regimes"]
    return Firm(
        document["venue"]["name"],
        regimes[0].upper() if regimes else "",
        document["on"],
        "books",
        bases,
        worth[0] if worth and worth[0] == worth[1] else None,
        None,
        source=f"close.json {document['on']}",
    )


def _ends(entry: Mapping[str, Any] | None) -> Ends | None:
    if entry is None or entry["kind"] not in ("number", "range"):
        return None
    value = entry["value"]
    if entry["kind"] == "number":
        return parse_number(value), parse_number(value)
    return parse_number(value["low"]), parse_number(value["high"])


TITLE = Text("試算中の算式", "a formula being tried")
NOTE = Text(
    "画面で試算した算式。公表された案ではない", "tried on a screen; published by no authority"
)
