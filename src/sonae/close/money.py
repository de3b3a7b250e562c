"""Amounts in other currencies, at the rates by which the day is valued."""

from __future__ import annotations

from collections.abc import Mapping

from sonae.core.figure import Figure, Value, apply, bounds, missing, number_or_range
from sonae.core.text import Text

YEN = "JPY"


class Money:
    """Rates of the day: what one unit of each currency is worth in the reporting currency."""

    def __init__(self, home: str, prices: Mapping[str, Figure]) -> None:
        self.home, self.prices = home, prices

    def to(self, figure: Figure, currency: str) -> Figure:
        """An amount, or a price, of the reporting currency in another; itself where it is that."""
        unit = figure.unit.replace(self.home, currency, 1)
        if unit == figure.unit:
            return figure
        rate = self._rate(currency)
        return apply("{0} / {1}", unit, (figure, rate), lambda: _divided(figure, rate))

    def back(self, figure: Figure) -> Figure:
        """An amount of any currency in the reporting one."""
        if figure.unit == self.home:
            return figure
        rate = self._rate(figure.unit)
        return apply("{0} × {1}", self.home, (figure, rate), lambda: _times(figure, rate))

    def _rate(self, currency: str) -> Figure:
        rate = self.prices.get(currency)
        if rate is None or (rate.computable and not rate.number()):
            words = Text(f"{currency}の為替相場がない", f"no exchange rate of {currency} is given")
            return missing(f"{currency}/rate", words, f"{self.home}/coin")
        return rate


def _divided(figure: Figure, rate: Figure) -> Value:
    return number_or_range([end / rate.number() for end in bounds(figure)])


def _times(figure: Figure, rate: Figure) -> Value:
    return number_or_range([end * rate.number() for end in bounds(figure)])


def money_words(currency: str, amount: str) -> Text:
    """An amount that is already text, with its currency."""
    ja = f"{amount}円" if currency == YEN else f"{currency} {amount}"
    return Text(ja, f"{currency} {amount}")
