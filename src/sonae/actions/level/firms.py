"""The firms a level is set for: Books, surveys, and the public list where nothing is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from sonae.actions.close import closing
from sonae.actions.demo.close import demo_books
from sonae.actions.level.survey import read_survey
from sonae.core.figure import Figure, bounds
from sonae.core.text import Text
from sonae.loss.exposure import Ends, Firm, public_firms, reference

DEMO = ("dmm-bitcoin", "coincheck", "ftx-japan")
FACTS = {
    "custody_value": "customer_crypto_jpy",
    "custody_value_cold": "customer_crypto_cold_jpy",
    "custody_value_not_cold": "customer_crypto_not_cold_jpy",
}


def firms_of(
    books: Sequence[Path], tables: Sequence[Path], jurisdiction: str | None, traded: bool
) -> list[Firm]:
    """The firms given, else the demonstration venues and the public list, each with its origin.

    `traded`: where traded value is not known, it is taken as usual turnover times custody, a
    named assumption. A venue that is in Books is not taken from the list again.
    """
    found = [firm_of(folder) for folder in books]
    found += [firm for table in tables for firm in read_survey(table)]
    if not found:
        found = [firm_of(demo_books(name)) for name in DEMO]
        names = {f.name for f in found}
        found += [f for f in public_firms() if f.name not in names]
    picked = [f for f in found if jurisdiction in (None, f.jurisdiction)]
    return [_with_turnover(f) for f in picked] if traded else picked


def firm_of(folder: Path) -> Firm:
    """A firm from its Books: bases, capital and profit, where the Books have them."""
    with closing(folder) as close:
        facts, venue = close.required.facts, close.books.venue
        bases = {}
        for base, key in FACTS.items():
            if (ends := _ends(facts[key])) is not None:
                bases[base] = ends
        years = facts["crypto_traded_value_by_fy"]
        if years.computable and years.items():
            each = [_ends(item) for item in years.items()]
            known = [e for e in each if e is not None]
            if known:
                bases["traded_value"] = max(e[0] for e in known), max(e[1] for e in known)
        worth = _ends(facts["net_assets_jpy"])
        profit = _ends(close.facts.financial("profit"))
        regimes = venue.regimes
    return Firm(
        venue.name,
        regimes[0].upper() if regimes else "",
        venue.on.isoformat(),
        "books",
        bases,
        worth[0] if worth and worth[0] == worth[1] else None,
        profit[0] if profit and profit[0] == profit[1] else None,
        source=f"Books {folder.name}",
    )


def _ends(figure: Figure) -> Ends | None:
    if not figure.computable:
        return None
    ends = bounds(figure)
    return ends[0], ends[-1]


def _with_turnover(firm: Firm) -> Firm:
    """Traded value by the usual turnover where it is not known to the yen."""
    low, high = firm.bases.get("traded_value", (Fraction(0), Fraction(1)))
    if low == high or "custody_value" not in firm.bases:
        return firm
    usual = Fraction(reference()["turnover"]["usual"])
    bases: Mapping[str, Ends] = {
        **firm.bases,
        "traded_value": tuple(v * usual for v in firm.bases["custody_value"]),  # type: ignore[dict-item]
    }
    return replace(firm, bases=bases, notes=(*firm.notes, TURNOVER.format(n=usual)))


TURNOVER = Text(
    "年間取引額は公表されておらず、預かり資産額の{n}倍と仮定した",
    "yearly traded value is not public; it is assumed to be {n} times custody",
)
