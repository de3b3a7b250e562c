"""What the guard lets pass, as the firm decided it: one TOML file, limits by asset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sonae.books.settings import NOT_USABLE, Settings
from sonae.core.errors import InputError, Problem
from sonae.core.text import Text

WHEN_BLIND = ("refuse", "hold", "allow")
"""What the guard answers while it does not know what is held: fail closed, half-way, or open."""
WITHDRAWALS = ("go_on", "hold", "stop")


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one asset, in base units of 10^-scale.

    `tolerance`: by so much the ledger may exceed what is held. `batch_refuse_share`,
    `batch_hold_share`: share of what is held that one batch may reach. `batch_hold_times`: multiple
    of the largest batch of the look-back. `account_hold_times`: multiple of an account's largest
    credit before. `account_hold_first`: a first credit above it waits for a second person.
    `second_person_above`: a batch above it names a checker who is not its maker.
    `feed_max_age`: seconds after which a source is stale. `final_blocks`: blocks, its own included,
    that a change on its chain needs before it counts. `material`: a break of so much is told
    upwards at once.
    """

    asset: str
    scale: int
    tolerance: int
    batch_refuse_share: Fraction
    batch_hold_share: Fraction
    batch_hold_times: Fraction
    account_hold_times: Fraction
    account_hold_first: int
    second_person_above: int
    feed_max_age: int
    final_blocks: int
    material: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where coins lie: the source and tier that read them, and how soon they can be spent.

    `hours` is None where nobody can say; `supplier` is on whose service they hang.
    """

    source: str
    tier: str
    hours: int | None
    supplier: str | None


@dataclass(frozen=True, slots=True)
class Policy:
    """Limits by asset; an asset that is not listed is refused.

    `over`, `stale`, `halted`: what withdrawals of an asset do in that state. `hot_share`: the share
    of not-cold coins above which a breach is recorded. `places`: how soon coins can be spent.
    """

    when_blind: str
    clock_skew: int
    over: str
    stale: str
    halted: str
    hot_share: Fraction
    assets: Mapping[str, Limits]
    places: tuple[Place, ...] = ()

    def final(self) -> dict[str, int]:
        """Blocks that a change of each asset needs before it counts."""
        return {asset: limits.final_blocks for asset, limits in self.assets.items()}

    def material(self) -> dict[str, int]:
        """By asset, the base units from which a break is told upwards at once."""
        return {asset: limits.material for asset, limits in self.assets.items()}


def read_policy(raw: Mapping[str, Any], file: str = "guard.toml") -> Policy:
    """The policy from a parsed file.

    Raises:
        InputError: with every missing, unknown or contradictory setting at once.
    """
    problems: list[Problem] = []
    top = Settings(raw, file, "", problems)
    head = Settings(top.take("guard", dict) or {}, file, "guard.", problems)
    words = {
        "when_blind": _code(head, "when_blind", WHEN_BLIND),
        **{k: _code(head, k, WITHDRAWALS) for k in ("over", "stale", "halted")},
    }
    skew = _positive(head, "clock_skew_seconds")
    hot = _share(head, "hot_share")
    head.done()
    assets: dict[str, Limits] = {}
    for n, item in enumerate(top.take("asset", list) or []):
        limits = _limits(Settings(item, file, f"asset[{n}].", problems))
        if limits is None:
            continue
        if limits.asset in assets:
            top.fault(f"asset[{n}].asset", _TWICE.format(asset=limits.asset))
        assets[limits.asset] = limits
    listed = top.take("place", list, [])
    places = [_place(Settings(p, file, f"place[{n}].", problems)) for n, p in enumerate(listed)]
    top.done()
    if problems:
        raise InputError(problems)
    return Policy(clock_skew=skew, hot_share=hot, assets=assets, places=tuple(places), **words)


def _place(of: Settings) -> Place:
    source, tier = of.take("source", str), of.take("tier", str, "")
    hours, supplier = of.take("hours", int, None), of.take("supplier", str, None)
    if hours is not None and hours < 0:
        of.fault("hours", NOT_USABLE.format(key="hours", value=str(hours)))
    of.done()
    return Place(source or "", tier, hours, supplier)


def _limits(of: Settings) -> Limits | None:
    asset, scale = of.take("asset", str), of.take("scale", int)
    if scale is None or not 0 <= scale <= 30:
        of.fault("scale", NOT_USABLE.format(key="scale", value=str(scale)))
        return None
    hold, refuse = _share(of, "batch_hold_share"), _share(of, "batch_refuse_share")
    if hold > refuse:
        of.fault("batch_hold_share", _ABOVE)
    found = Limits(
        asset=asset or "",
        scale=scale,
        tolerance=_units(of, "tolerance", scale),
        batch_refuse_share=refuse,
        batch_hold_share=hold,
        batch_hold_times=_times(of, "batch_hold_times"),
        account_hold_times=_times(of, "account_hold_times"),
        account_hold_first=_units(of, "account_hold_first", scale),
        second_person_above=_units(of, "second_person_above", scale),
        feed_max_age=_positive(of, "feed_max_age_seconds"),
        final_blocks=_positive(of, "final_blocks"),
        material=_units(of, "material", scale),
    )
    of.done()
    return found


def _code(of: Settings, key: str, codes: tuple[str, ...]) -> str:
    value = of.take(key, str)
    if value is not None and value not in codes:
        of.fault(key, _CODES.format(key=key, codes=", ".join(codes)))
    return value or codes[0]


def _positive(of: Settings, key: str) -> int:
    value = of.take(key, int)
    if value is not None and value <= 0:
        of.fault(key, NOT_USABLE.format(key=key, value=str(value)))
    return value or 1


def _units(of: Settings, key: str, scale: int) -> int:
    value = of.number(key)
    units = (value or Fraction(0)) * 10**scale
    if units < 0 or units.denominator != 1:
        of.fault(key, NOT_USABLE.format(key=key, value=str(value)))
    return int(units)


def _share(of: Settings, key: str) -> Fraction:
    value = of.number(key)
    if value is not None and not 0 <= value <= 1:
        of.fault(key, NOT_USABLE.format(key=key, value=str(value)))
    return value or Fraction(0)


def _times(of: Settings, key: str) -> Fraction:
    value = of.number(key)
    if value is not None and value < 1:
        of.fault(key, NOT_USABLE.format(key=key, value=str(value)))
    return value or Fraction(1)


_TWICE = Text("{asset} が2回ある。1つにまとめる", "{asset} stands twice; put it in one place")
_ABOVE = Text(
    "保留の割合が拒否の割合より大きい。小さくする",
    "the share that waits is above the share that is refused; lower it",
)
_CODES = Text("「{key}」は次から選ぶ: {codes}", "{key} is one of {codes}")
