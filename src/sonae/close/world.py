"""One closed day as rules outside Japan see it: its facts, rates and policies together."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sonae.books.facts import Facts
from sonae.close.money import Money
from sonae.close.reconcile import Line, Reconciliation
from sonae.close.require import CRYPTO
from sonae.close.value import Valuation
from sonae.core.figure import Figure, missing
from sonae.core.formula import total
from sonae.core.text import Text
from sonae.policy.terms import Policy
from sonae.rulebook.edition import Edition

VIRTUAL_ASSETS = (*CRYPTO, "stablecoin")
"""Kinds that these laws treat alike; only Japan's keep stablecoins apart."""


def gap(key: str, words: Text, currency: str) -> Figure:
    """What the Books do not hold, under a name for each currency that it is asked in."""
    return replace(missing(key, words, currency), id=f"fact:{key}/{currency}")


Key = tuple[str | int, ...]


@dataclass(frozen=True)
class World:
    """The parts of a close that the rules of other regimes read."""

    facts: Facts
    edition: Edition
    reconciliation: Reconciliation
    valuation: Valuation
    policies: Sequence[Policy]
    known: dict[Key, tuple[list[Figure], dict[str, Figure]]] = field(default_factory=dict)

    def evaluate(self, id: str, facts: Mapping[str, Figure]) -> dict[str, Figure]:
        """A rule's outputs; the same facts give the same figures, whoever asks for them."""
        given = [facts[n.key] for n in self.edition.rule(id).needs if n.key in facts]
        key: Key = (id, *(builtins.id(f) for f in given))
        if key not in self.known:
            self.known[key] = (given, self.edition.evaluate(id, facts))
        return self.known[key][1]

    @property
    def money(self) -> Money:
        """The day's rates."""
        return Money(self.facts.books.venue.currency, self.valuation.prices)

    @property
    def lines(self) -> list[Line]:
        """Virtual assets of customers."""
        lines = self.reconciliation.lines.values()
        return [x for x in lines if x.kind in VIRTUAL_ASSETS and x.units["owed"]]

    def financial(self, item: str, currency: str) -> Figure:
        """A financial item in the currency of a regime."""
        return self.money.to(self.facts.financial(item), currency)

    def worth(self, pick: Callable[[Line], Figure], currency: str, formula: str) -> Figure:
        """What a quantity of every line is worth today."""
        prices, home = self.valuation.prices, self.money.home
        terms = [pick(x) * prices[x.asset] for x in self.lines]
        return self.money.to(total(terms, home, formula), currency)
