"""A price specification, read and checked: every problem at once.

Numbers are JSON numbers or strings, taken exactly as written; they become floats only here, where
a model is made of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sonae.core.canonical import number_text, parse_number
from sonae.core.errors import InputError, Problem
from sonae.core.text import Text
from sonae.loss.frequency import Poisson
from sonae.loss.model import Model
from sonae.loss.severity import (
    BetaFraction,
    Capped,
    GeneralizedPareto,
    Lognormal,
    Severity,
    mean_of,
)
from sonae.loss.terms import Terms

ENGINES = ("auto", "rqmc", "fft", "mc")
LEVELS = ("0.995", "0.999")
COVER = ("deductible", "limit", "annual_aggregate")
MOST_LOSSES = 100_000  # a year, on average
MOST_YEARS = 10_000_000_000
KEYS = {
    *COVER, "frequency", "severity", "cap", "levels", "engine", "seed", "years",
}  # fmt: skip
FREQUENCIES = {"poisson": ()}
SEVERITIES = {
    "gpd": ("xi", "scale"),
    "lognormal": ("mu", "sigma"),
    "beta_fraction": ("a", "b", "exposure"),
}
ANY_SIGN = {"xi", "mu"}
UNBOUNDED = float("inf")


@dataclass(frozen=True, slots=True)
class Spec:
    """What is to be priced, with which engine; `levels` as they were written."""

    model: Model
    levels: tuple[str, ...]
    engine: str
    seed: int
    years: int | None
    written: Mapping[str, Any]

    def probabilities(self) -> dict[str, float]:
        """The levels as floats, by their text."""
        return {level: float(parse_number(level)) for level in self.levels}


class _Reader:
    """Reads values and notes what is wrong with them."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []

    def problem(self, name: str, key: str, ja: str, en: str) -> None:
        """Note one."""
        self.problems.append(Problem(name, "spec", Text(ja, en), self.file, key=key))

    def number(self, raw: Mapping[str, Any], key: str, place: str = "") -> Fraction | None:
        """An exact number, or None with a problem noted where it is there and is none."""
        place = place or key
        value = raw.get(key)
        if value is None:
            return None
        try:
            if not isinstance(value, str):
                raise ValueError
            number = parse_number(value)
            float(number)
        except (ValueError, OverflowError, ZeroDivisionError):
            self.problem("not-a-number", place, "数でない。", "not a number.")
            return None
        if number < 0 and key not in ANY_SIGN:
            self.problem("negative", place, "負の値。0以上とする。", "negative; give zero or more.")
            return None
        return number

    def required(self, raw: Mapping[str, Any], key: str, place: str, positive: bool) -> float:
        """A number that must be there; a harmless stand-in once a problem is noted."""
        if raw.get(key) is None:
            self.problem("missing", place, "値がない。", "there is no value.")
            return 1.0
        number = self.number(raw, key, place)
        if number == 0 and positive:
            self.problem("not-positive", place, "0より大きい値とする。", "give more than zero.")
        return float(number) if number else (1.0 if positive else 0.0)

    def choice(self, raw: object, key: str, known: Mapping[str, object]) -> tuple[str, Any]:
        """The one named law of a table such as `{"poisson": 1}`."""
        names = ", ".join(known)
        if not isinstance(raw, dict) or len(raw) != 1:
            self.problem(
                "not-one-law", key,
                f"次のうち一つだけを指定する：{names}", f"give exactly one of: {names}",
            )  # fmt: skip
            return "", None
        name, value = next(iter(raw.items()))
        if name not in known:
            self.problem(
                "unknown-law", f"{key}.{name}",
                f"知らない分布。次のいずれかとする：{names}", f"unknown law; known are: {names}",
            )  # fmt: skip
            return "", None
        return name, value


def read_spec(text: str, file: str = "") -> Spec:
    """A specification from JSON text.

    Raises:
        InputError: everything that is wrong with it.
    """
    reader = _Reader(file)
    try:
        raw = json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
    except ValueError as error:
        reader.problem("not-json", "", f"JSONでない：{error}", f"not JSON: {error}")
        raise InputError(reader.problems) from error
    if not isinstance(raw, dict):
        reader.problem("not-a-table", "", "JSONのオブジェクトでない。", "not a JSON object.")
        raise InputError(reader.problems)
    for key in sorted(set(raw) - KEYS):
        known = ", ".join(sorted(KEYS))
        reader.problem(
            "unknown-key", key, f"知らない項目。使えるのは：{known}", f"unknown key; known: {known}"
        )
    spec = Spec(
        Model(_frequency(reader, raw), _severity(reader, raw), _terms(reader, raw)),
        _levels(reader, raw),
        _engine(reader, raw),
        _whole(reader, raw, "seed", 2**64 - 1) or 0,
        _whole(reader, raw, "years", MOST_YEARS),
        raw,
    )
    if not reader.problems:
        _mean(reader, spec.model)
    if reader.problems:
        raise InputError(reader.problems)
    return spec


def _frequency(reader: _Reader, raw: Mapping[str, Any]) -> Poisson:
    name, _ = reader.choice(raw.get("frequency"), "frequency", FREQUENCIES)
    if not name:
        return Poisson(1.0)
    mean = reader.required(raw["frequency"], name, f"frequency.{name}", positive=False)
    if mean > MOST_LOSSES:
        reader.problem(
            "too-large", f"frequency.{name}",
            f"年{MOST_LOSSES:,}件まで。", f"at most {MOST_LOSSES:,} losses a year.",
        )  # fmt: skip
        return Poisson(1.0)
    return Poisson(mean)


def _severity(reader: _Reader, raw: Mapping[str, Any]) -> Severity:
    name, value = reader.choice(raw.get("severity"), "severity", SEVERITIES)
    law: Severity = GeneralizedPareto(0.0, 1.0)
    if name and not isinstance(value, dict):
        keys = ", ".join(SEVERITIES[name])
        reader.problem("missing", f"severity.{name}", f"{keys}を指定する。", f"give {keys}.")
    elif name:
        for key in sorted(set(value) - set(SEVERITIES[name])):
            place = f"severity.{name}.{key}"
            reader.problem("unknown-key", place, "知らない項目。", "unknown key.")
        law = _law(name, lambda k: reader.required(
            value, k, f"severity.{name}.{k}", positive=k not in ANY_SIGN
        ))  # fmt: skip
    cap, retention = reader.number(raw, "cap"), reader.number(raw, "deductible")
    if cap is None:
        return law
    if cap == 0:
        reader.problem("not-positive", "cap", "0より大きい値とする。", "give more than zero.")
    elif retention is not None and cap < retention:
        reader.problem(
            "cap-below-deductible", "cap",
            "損失の上限が免責金額を下回り、保険が払われることがない。",
            "below the deductible, so that the cover could never pay.",
        )  # fmt: skip
    return Capped(law, float(cap))


def _law(name: str, value: Callable[[str], float]) -> Severity:
    if name == "gpd":
        return GeneralizedPareto(value("xi"), value("scale"))
    if name == "lognormal":
        return Lognormal(value("mu"), value("sigma"))
    return BetaFraction(value("a"), value("b"), value("exposure"))


def _terms(reader: _Reader, raw: Mapping[str, Any]) -> Terms:
    """No cover where none of its terms is given; a bound that is not given does not bind.

    An annual aggregate below the limit is a policy like any other: it binds at the first loss.
    """
    if not any(raw.get(key) is not None for key in COVER):
        return Terms()
    quiet = _Reader("") if raw.get("cap") is not None else reader  # noted with the cap
    retention = quiet.number(raw, "deductible") or Fraction(0)
    limit, aggregate = (reader.number(raw, key) for key in COVER[1:])
    return Terms(
        float(retention),
        UNBOUNDED if limit is None else float(limit),
        UNBOUNDED if aggregate is None else float(aggregate),
    )


def _levels(reader: _Reader, raw: Mapping[str, Any]) -> tuple[str, ...]:
    given = raw.get("levels", list(LEVELS))
    if not isinstance(given, list) or not given:
        reader.problem("no-levels", "levels", "信頼水準の一覧とする。", "give a list of levels.")
        return LEVELS
    levels: list[str] = []
    for at, value in enumerate(given):
        place = f"levels[{at}]"
        number = reader.number({"level": value}, "level", place)
        if number is None and value is not None:
            continue
        if number is None or not 0 < number < 1 or float(number) >= 1.0:
            reader.problem(
                "level-outside", place,
                "0より大きく1より小さい値とする。", "give a value above 0 and below 1.",
            )  # fmt: skip
            continue
        levels.append(value if isinstance(value, str) else number_text(number))
    return tuple(dict.fromkeys(levels))


def _engine(reader: _Reader, raw: Mapping[str, Any]) -> str:
    engine = raw.get("engine", "auto")
    if engine not in ENGINES:
        names = ", ".join(ENGINES)
        reader.problem(
            "unknown-engine", "engine", f"次のいずれかとする：{names}", f"give one of: {names}"
        )
        return "auto"
    return str(engine)


def _whole(reader: _Reader, raw: Mapping[str, Any], key: str, most: int) -> int | None:
    number = reader.number(raw, key)
    if number is None:
        return None
    if number.denominator != 1 or number > most or (key == "years" and number == 0):
        reader.problem("not-whole", key, f"{most}までの整数とする。", f"a whole number to {most}.")
        return None
    return int(number)


def _mean(reader: _Reader, model: Model) -> None:
    """A loss without a mean has no TVaR: it needs a cap, which every venue has in its holdings."""
    if not mean_of(model.severity) < UNBOUNDED:
        reader.problem(
            "no-mean", "cap",
            "平均が無限大の分布であり、TVaRが定まらない。損失の上限（預かり残高）を指定する。",
            "the law has no finite mean and so no TVaR; give a cap, what there is to lose.",
        )  # fmt: skip
