"""A past event replayed on Books."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from sonae.actions.loss.books import Opened, open_books
from sonae.core.canonical import number_text, parse_number
from sonae.core.errors import InputError, Problem, UsageError
from sonae.core.text import Text
from sonae.loss.incidents import find
from sonae.loss.replay import BASES, Scenario, after, place_json, replay
from sonae.loss.run import Run, run

TIERS = ("hot", "cold", "other")


def replay_event(
    name: str,
    folder: Path,
    policies: Path | None = None,
    rates: Sequence[str] = (),
    price: str = "1",
    deny: Sequence[str] = (),
    basis: str = "",
    tier: str = "",
    share: str = "",
    freeze: Sequence[str] = (),
) -> dict[str, Any]:
    """What a past event would do to these Books, with a run of a share of all holdings, or none.

    Raises:
        InputError: the event, the Books, the policies or the scenario cannot be used.
    """
    for given, words in ((basis, BASES), (tier, TIERS)):
        if given and given not in words:
            raise UsageError(f"{given}: give one of {', '.join(words)}")
    event = find(name)
    opened = open_books(folder, policies, rates)
    scenario = Scenario(_price(price), _deny(deny, opened))
    found = replay(event, opened.place, opened.policies, opened.rates, scenario, basis, tier)
    if share or freeze:
        left = after(event, opened.place, basis, tier)
        wanted = Run(_share(share or "1"), tuple(freeze))
        return {**found, "run": run(left, wanted, scenario.price, opened.place.total)}
    return {**found, "run": None}


def _share(text: str) -> Fraction:
    try:
        number = parse_number(text)
    except ValueError:
        number = Fraction(-1)
    if not 0 <= number <= 1:
        words = Text("取付けの割合は0から1とする", "give a share of the run from 0 to 1")
        raise InputError([Problem("bad-share", "scenario", words, key=text)])
    return number


def _price(text: str) -> Fraction:
    try:
        number = parse_number(text)
    except ValueError:
        number = Fraction(0)
    if number <= 0:
        words = Text(
            "価格の倍率は0より大きい数とする（0.6は4割の下落）",
            "give a factor of prices above zero (0.6 is a fall by 40 %)",
        )
        raise InputError([Problem("bad-price", "scenario", words, key=text)])
    return number


def _deny(deny: Sequence[str], opened: Opened) -> tuple[str, ...]:
    known = {p.policy_id for p in opened.policies} | {"all"}
    problems = [
        Problem(
            "unknown-policy", "scenario",
            Text(
                f"その契約はない。あるもの：{', '.join(sorted(known))}",
                f"there is no such policy; there are: {', '.join(sorted(known))}",
            ),
            key=id,
        )
        for id in deny if id not in known
    ]  # fmt: skip
    if problems:
        raise InputError(problems)
    return tuple(deny)


def run_on_books(
    folder: Path,
    share: str,
    freeze: Sequence[str] = (),
    price: str = "1",
    rates: Sequence[str] = (),
) -> dict[str, Any]:
    """A run on these Books without an event before it.

    Raises:
        InputError: the Books or the scenario cannot be used.
    """
    opened, wanted, factor = open_books(folder, None, rates), _share(share), _price(price)
    return {
        "format": "sonae-loss-run/1",
        "exact": True,
        "venue": place_json(opened.place),
        "price": number_text(factor),
        "run": run(opened.place, Run(wanted, tuple(freeze)), factor),
    }
