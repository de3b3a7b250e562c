"""A mix as a TOML file: the firm, the regime's rule, prices, and the layers on offer.

custody               customers' crypto, in currency
required              what the regime asks for; insurance_share, the part that insurance may meet
cost_of_capital       of cash, a year
level                 of the retained tail (TVaR) that cash must cover
seed
[loss]                frequency a year, a and b of the Beta law of the share of custody lost;
                      or events and venue_years, from which frequency is drawn too
[[kind]]              peril, tier, events (part of all losses), custody of that tier; without
                      any, all losses are of one kind and take from all custody
[[layer]]             name, insurer, attachment, limit, rate_on_line, share, annual_aggregate,
                      steps in which it may be bought; perils and tiers that it covers (all if
                      none is named)
[[insurer]]           name, default (chance a year), recovery (part still paid then)
[[opinion]]           name and another frequency, a and b
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from sonae.core.errors import InputError, Problem, RulebookError
from sonae.core.text import Text
from sonae.loss.exposure import Case
from sonae.loss.mix import Firm, Insurer, Kind, Law, Layer
from sonae.loss.shares import Beta, fit
from sonae.loss.streams import mixed
from sonae.policy.perils import PERILS, TIERS
from sonae.rulebook.parameter import exact

TOP = {"custody", "required", "insurance_share", "cost_of_capital", "level", "seed", "loss",
       "layer", "insurer", "opinion", "kind"}  # fmt: skip
NEEDED = ("custody", "required", "insurance_share", "cost_of_capital", "level", "loss", "layer",
          "insurer")  # fmt: skip
SHARES = ("insurance_share", "cost_of_capital", "rate_on_line", "share", "default", "recovery")
LOSS = (("frequency", "a", "b"), ("events", "venue_years", "a", "b"))
LAYER = ("name", "insurer", "attachment", "limit", "rate_on_line")
KIND = ("peril", "tier", "events", "custody")
LISTS = {"perils": PERILS, "tiers": TIERS, "peril": PERILS, "tier": TIERS}
TABLES = ("layer", "insurer", "opinion", "kind")
LARGEST = {"frequency": 100, "a": 10_000, "b": 10_000, "steps": 1000, "events": 10_000,
           "custody": 10**18, "seed": 2**63}  # fmt: skip
DRAWS = 40
JAPAN = (5.0, 225.0)
"""Thefts of USD 1m or more and firm-years of registered exchanges, 2017 to 2025 (an assumption)."""
HOUSE_LAYERS = (("primary", "A", 0.001, 0.005, 0.03), ("second", "B", 0.006, 0.015, 0.015),
                ("third", "C", 0.021, 0.04, 0.008))  # fmt: skip
"""Attachment and limit as shares of custody, rate on line: a house menu within the range of the
reference programmes (0.6 % to 8 % of the limit)."""
HOUSE_INSURER = Insurer(0.001, 0.4)
STEPS = 20


def read_mix(text: str, file: str) -> Firm:
    """The question of a file.

    Raises:
        InputError: everything that is wrong with it.
    """
    try:
        raw = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        words = Text(f"TOMLとして読めない: {error}", f"not readable as TOML: {error}")
        raise InputError([Problem("unreadable", "mix", words, file)]) from error
    if problems := [Problem("mix", "mix", words, file, key=key) for key, words in _faults(raw)]:
        raise InputError(problems)
    insurers = {i["name"]: Insurer(_f(i["default"]), _f(i["recovery"])) for i in raw["insurer"]}
    loss, seed = raw["loss"], int(raw.get("seed", 1))
    draws: tuple[Law, ...] = ()
    if "events" in loss:
        events, years, a, b = (_f(loss[k]) for k in LOSS[1])
        law = Law(events / years, a, b)
        rates = _rates(events, years, seed)
        draws = tuple(Law(float(rate), a, b) for rate in rates)
    else:
        law = _law(loss)
    return Firm(
        _f(raw["custody"]), law, _f(raw["required"]), _f(raw["insurance_share"]),
        _f(raw["cost_of_capital"]), _f(raw["level"]), tuple(_layer(x) for x in raw["layer"]),
        insurers, {o["name"]: _law(o) for o in raw.get("opinion", [])}, draws, seed,
        tuple(_kind(k) for k in raw.get("kind", [])),
    )  # fmt: skip


def house_mix(
    custody: Fraction,
    required: Fraction,
    insurance_share: Fraction,
    capital: Fraction,
    level: Fraction,
    cases: list[Case],
    seed: int,
) -> Firm:
    """The question where only a firm is given: Japan's frequency, the fitted share, a house menu.

    Draws resample the losses and take frequency from its posterior, so that cost has an interval;
    opinions are other readings of the same losses.
    """
    shares = [float(c.share) for c in cases]
    held = [float(c.bases["custody_value"][0]) for c in cases]
    random = np.random.Generator(np.random.PCG64DXSM(mixed(seed, 7)))
    draws = []
    for rate in _rates(*JAPAN, seed):
        picked = random.integers(0, len(cases), len(cases)).tolist()
        found = _beta([shares[i] for i in picked], [held[i] for i in picked])
        draws.append(Law(float(rate), found.a, found.b))
    law, rate = _beta(shares, held), JAPAN[0] / JAPAN[1]
    opinions = {
        "frequency-doubled": Law(2.0 * rate, law.a, law.b),
        "frequency-halved": Law(rate / 2.0, law.a, law.b),
        "typical-loss-smaller": Law(rate, law.a / 2.0, law.b),
    }
    layers = tuple(
        Layer(name, insurer, at * float(custody), limit * float(custody), price, steps=STEPS)
        for name, insurer, at, limit, price in HOUSE_LAYERS
    )
    insurers = {x.insurer: HOUSE_INSURER for x in layers}
    return Firm(
        float(custody), Law(rate, law.a, law.b), float(required), float(insurance_share),
        float(capital), float(level), layers, insurers, opinions, tuple(draws), seed,
    )  # fmt: skip


def _beta(shares: list[float], held: list[float]) -> Beta:
    found = fit("beta", shares, held)
    assert isinstance(found, Beta)
    return found


def _rates(events: float, years: float, seed: int) -> list[float]:
    """Frequencies from their posterior: so many events in so many years, with Jeffreys' prior."""
    random = np.random.Generator(np.random.PCG64DXSM(mixed(seed, 8)))
    return [float(r) for r in random.gamma(events + 0.5, 1.0 / years, DRAWS)]


def _f(value: Any) -> float:
    return float(exact(value))


def _law(raw: Mapping[str, Any]) -> Law:
    return Law(_f(raw["frequency"]), _f(raw["a"]), _f(raw["b"]))


def _layer(raw: Mapping[str, Any]) -> Layer:
    return Layer(
        raw["name"], raw["insurer"], _f(raw["attachment"]), _f(raw["limit"]),
        _f(raw["rate_on_line"]), _f(raw.get("share", 1)),
        _f(raw["annual_aggregate"]) if "annual_aggregate" in raw else np.inf,
        int(raw.get("steps", 10)), frozenset(raw.get("perils", ())),
        frozenset(raw.get("tiers", ())),
    )  # fmt: skip


def _kind(raw: Mapping[str, Any]) -> Kind:
    return Kind(raw["peril"], raw["tier"], _f(raw["events"]), _f(raw["custody"]))


# -- what is wrong ---------------------------------------------------------------------------------

Fault = tuple[str, Text]


def _faults(raw: Mapping[str, Any]) -> Iterator[Fault]:
    for key in sorted(set(raw) - TOP):
        yield key, Text("知らない項目", "not a known key")
    missing = [key for key in NEEDED if key not in raw]
    for key in missing:
        yield key, Text("必要な項目がない", "is needed")
    for key in TABLES:
        value = raw.get(key, [])
        if not isinstance(value, list) or not all(isinstance(v, Mapping) for v in value):
            yield key, Text("[[...]]の表の並びで書く", "write a list of tables, [[...]]")
            return
    if missing or not isinstance(raw["loss"], Mapping):
        if not missing:
            yield "loss", Text("[loss]の表で書く", "write a table, [loss]")
        return
    yield from _numbers(raw)
    yield from _named(raw)


def _numbers(raw: Mapping[str, Any]) -> Iterator[Fault]:
    """Amounts above zero, shares between zero and one, in every table."""
    tables = [("", raw), ("loss.", raw["loss"])]
    tables += [(f"{k}.", t) for k in TABLES for t in raw.get(k, [])]
    for where, table in tables:
        for key, value in table.items():
            if key in ("name", "insurer") and where:
                if not isinstance(value, str) or not value:
                    yield where + key, Text("文字列で書く", "write a text")
                continue
            if not where and key in ("loss", *TABLES):
                continue
            if where and key in LISTS:
                yield from _listed(where + key, value, LISTS[key], one=key in KIND)
                continue
            number = _number(value)
            if number is None:
                yield where + key, Text("数で書く", "write a number")
            elif key in SHARES and not 0 <= number <= 1:
                yield where + key, Text("0から1の間とする", "must lie between 0 and 1")
            elif key in ("steps", "seed") and number.denominator != 1:
                yield where + key, Text("整数で書く", "write a whole number")
            elif key in LARGEST and number > LARGEST[key]:
                most = LARGEST[key]
                yield where + key, Text(f"{most}以下とする", f"must be {most} at most")
            elif key == "level" and not 0 < number < 1:
                yield where + key, Text("0と1の間とする", "must lie between 0 and 1, ends excluded")
            elif key in (
                "custody",
                "frequency",
                "a",
                "b",
                "events",
                "venue_years",
                "limit",
                "steps",
            ):
                if number <= 0:
                    yield where + key, Text("0より大きい数とする", "must be above zero")
            elif number < 0:
                yield where + key, Text("0以上の数とする", "must be zero or more")


def _listed(where: str, value: Any, known: Sequence[str], *, one: bool) -> Iterator[Fault]:
    """A word of a list, or a list of them."""
    words = [value] if one else value
    if not isinstance(words, list) or not all(w in known for w in words):
        names = ", ".join(known)
        yield where, Text(f"次から選ぶ: {names}", f"choose from: {names}")


def _kinds(raw: Mapping[str, Any]) -> Iterator[Fault]:
    """Kinds hold no more than there is, and each layer covers one of them."""
    kinds = [k for k in raw.get("kind", []) if set(KIND) <= set(k)]
    whole = _number(raw["custody"])
    for n, kind in enumerate(kinds, 1):
        held = _number(kind["custody"])
        if whole is not None and held is not None and held > whole:
            yield f"kind[{n}].custody", Text("custodyを超える", "is more than custody")
    for n, layer in enumerate(raw["layer"], 1):
        pairs = [(layer.get("perils"), "peril"), (layer.get("tiers"), "tier")]
        if kinds and not any(all(not a or k[b] in a for a, b in pairs) for k in kinds):
            yield (
                f"layer[{n}]",
                Text("どの[[kind]]の損失も対象にしない", "covers none of the [[kind]]"),
            )


def _named(raw: Mapping[str, Any]) -> Iterator[Fault]:
    """Each table has what it needs, and each layer an insurer that is listed."""
    if not any(set(keys) == set(raw["loss"]) for keys in LOSS):
        ways = " / ".join(", ".join(keys) for keys in LOSS)
        yield "loss", Text(f"次のどちらかで書く: {ways}", f"give one of: {ways}")
    needed = {"layer": LAYER, "insurer": ("name", "default", "recovery"),
              "opinion": ("name", *LOSS[0]), "kind": KIND}  # fmt: skip
    for key, names in needed.items():
        for n, table in enumerate(raw.get(key, []), 1):
            for name in names:
                if name not in table:
                    yield f"{key}[{n}].{name}", Text("必要な項目がない", "is needed")
    known = [i.get("name") for i in raw["insurer"]]
    for n, table in enumerate(raw["layer"], 1):
        if isinstance(table.get("insurer"), str) and table["insurer"] not in known:
            yield f"layer[{n}].insurer", Text("[[insurer]]にない", "is none of the [[insurer]]")
    yield from _kinds(raw)


def _number(value: Any) -> Fraction | None:
    """A number as written, 0.5 or "1/2"."""
    try:
        return exact(value)
    except RulebookError:
        return None
