"""Regimes that `venue.toml` may name, and the rules that a close runs under each."""

from __future__ import annotations

from sonae.books.venue import Venue
from sonae.core.errors import Problem
from sonae.core.text import Text

REGIMES = {
    "jp": (
        "jp.crypto.hot_limit",
        "jp.crypto.performance_guarantee",
        "jp.crypto.cash_trust",
        "jp.crypto.margin_cash_trust",
        "jp.crypto.capital_and_net_assets",
        "jp.crypto.domestic_assets",
        "jp.crypto.liability_reserve",
    ),
    "jp.securities": ("jp.securities.liability_reserve",),
    "eu": (
        "eu.mica.prudential_safeguards",
        "eu.mica.client_funds_deadline",
        "eu.mica.custody_statement_due",
        "eu.mica.significant_casp",
    ),
    "hk": (
        "hk.vatp.cold_share",
        "hk.vatp.compensation_cover_required",
        "hk.vatp.compensation_cover",
        "hk.frr.required_liquid_capital",
        "hk.vatp.liquid_assets",
        "hk.vatp.paid_up_capital",
    ),
    "kr": (
        "kr.vaupa.in_kind",
        "kr.vaupa.economic_value",
        "kr.vaupa.cold_share",
        "kr.vaupa.cover_required",
        "kr.vaupa.deposits",
    ),
}
ABROAD = {"eu": "EUR", "hk": "HKD", "kr": "KRW"}
"""Regimes outside Japan with the currency of their rules (`close.abroad` has their facts)."""


def japanese(venue: Venue) -> bool:
    """True unless the venue stands under regimes abroad alone; then no Japanese clock runs."""
    return not venue.regimes or any(r not in ABROAD for r in venue.regimes)


def regime_problems(venue: Venue | None) -> list[Problem]:
    """Regimes that `venue.toml` names and a close does not know."""
    known = ", ".join(REGIMES)
    return [
        Problem(
            "bad-setting",
            "venue",
            Text(f"「{r}」は締めの対象でない。使える値: {known}", f"{r} is none of {known}"),
            "venue.toml",
            key="venue.regimes",
        )
        for r in (venue.regimes if venue else ())
        if r not in REGIMES
    ]
