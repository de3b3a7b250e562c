"""Small Books of one exchange under regimes outside Japan, in the currency of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from tests.kit import Rows, asset, balance, holding, write

CURRENCY = {"eu": "EUR", "hk": "HKD", "kr": "KRW", "jp": "JPY"}
PRICES = {
    "EUR": {"BTC": 50_000, "ETH": 2_000, "JPY": "1/160", "HKD": "1/8", "KRW": "1/1600"},
    "HKD": {"BTC": 400_000, "ETH": 16_000, "JPY": "1/20", "EUR": 8, "KRW": "1/200"},
    "KRW": {"BTC": 80_000_000, "ETH": 3_200_000, "JPY": 10, "EUR": 1_600, "HKD": 200},
    "JPY": {"BTC": 8_000_000, "ETH": 320_000, "EUR": 160, "HKD": 20, "KRW": "1/10"},
}
"""What one unit is worth on the day: the same value in every currency."""
SCALE = {"EUR": 2, "HKD": 2, "KRW": 0, "JPY": 0}
BTC, ETH = 10**8, 10**18
MONEY = {"EUR": 1_000_000, "HKD": 8_000_000, "KRW": 1_600_000_000, "JPY": 160_000_000}
"""Customers' money in whole units."""
YEAR = (date(2025, 11, 1), date(2026, 10, 31))
"""The year to the end of the month before the day of the close (2026-11-20)."""
DAY = "2026-11-20T23:59:59+09:00"


def tables(home: str, cold: tuple[int, int] = (99, 990), hot: tuple[int, int] = (1, 10)) -> Any:
    """100 BTC, 1,000 ETH and money owed, all held; `cold` and `hot` are whole coins by asset."""
    coins = dict(zip(("BTC", "ETH"), (BTC, ETH), strict=True))
    parts = {"cold": cold, "hot": hot}
    return {
        "assets": [
            asset("BTC"),
            asset("ETH", scale=18),
            *(asset(code, "fiat", scale) for code, scale in SCALE.items()),
        ],
        "balances": [
            balance("A1", "BTC", 100 * BTC),
            balance("A2", "ETH", 1_000 * ETH),
            balance("A1", home, MONEY[home] * 10 ** SCALE[home]),
        ],
        "holdings": [
            holding(f"{name.lower()}-{tier}", name, whole * unit, tier=tier)
            for tier, wholes in parts.items()
            for (name, unit), whole in zip(coins.items(), wholes, strict=True)
            if whole
        ],
        "prices": [
            {
                "asset": name, "currency": home, "price": _decimal(value), "source": "alpha",
                "own_venue": "false", "purpose": "regulatory", "at": DAY,
            }
            for name, value in PRICES[home].items()
        ],
        "statements": [money(home, MONEY[home])],
    }  # fmt: skip


def _decimal(value: int | str) -> str:
    """A price as decimal text; the rates above all end."""
    if isinstance(value, int):
        return str(value)
    above, below = map(int, value.split("/"))
    digits = 12
    assert above * 10**digits % below == 0
    whole = str(above * 10**digits // below).rjust(digits + 1, "0")
    return f"{whole[:-digits]}.{whole[-digits:]}".rstrip("0")


def money(home: str, amount: int, kind: str = "segregated", **more: Any) -> dict[str, Any]:
    """A bank's statement."""
    row = {"account": f"{kind}-1", "bank": "Bank", "holder": "Test Trust Bank", "currency": home}
    row |= {"kind": kind, "stage": "settled", "amount": str(amount), "as_of": "2026-11-20"}
    return row | more


def financials(**items: int) -> Rows:
    """Items of the financial statements, in the currency of the Books."""
    return [{"on": "2026-09-30", "item": i, "amount": str(a)} for i, a in items.items()]


def history(prices: Mapping[str, Sequence[int]]) -> Rows:
    """A year of daily prices in won: for each asset its prices in turn, day by day."""
    rows, day = [], YEAR[0]
    while day <= YEAR[1]:
        for name, values in prices.items():
            price = values[(day - YEAR[0]).days % len(values)]
            rows.append(
                {"asset": name, "on": day, "currency": "KRW", "price": price, "source": "index"}
            )
        day += timedelta(days=1)
    return rows


def policy(id: str, currency: str, limit: int, more: str = "") -> str:
    """One policy for `policies.toml`, in force for two years, paid to customers."""
    return f"""
[[policy]]
policy_id = "{id}"
insurer = "Insurer"
insurer_licence = "EX-1"
form = "crime"
insurance_kind = "first_party"
period_start = 2026-01-01
period_end = 2027-12-31
currency = "{currency}"
limit_per_event = "{limit}"
annual_aggregate = "{limit}"
retention = "0"
co_insurance = "0"
claims_paid = "0"
beneficiary = "customers"
pledge = "none"
terminates_on = []
{more}
"""


def books(
    folder: Path,
    regimes: Sequence[str],
    home: str,
    rows: Mapping[str, Rows],
    stated: str = "",
    policies: str | None = None,
) -> Path:
    """Write the Books; `stated` is the `[regime.*]` part of venue.toml."""
    write(folder, rows, more=stated)
    file = folder / "venue.toml"
    text = file.read_text("utf-8").replace('currency = "JPY"', f'currency = "{home}"')
    named = ", ".join(f'"{r}"' for r in regimes)
    file.write_text(text.replace('regimes = ["jp"]', f"regimes = [{named}]"), "utf-8")
    if policies is not None:
        (folder / "policies.toml").write_text(policies, "utf-8")
    return folder
