"""A priced year: gross, ceded and retained, by the engine asked for, checked where it can be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sonae.core.text import Text
from sonae.loss import curve, fft, mc, rqmc
from sonae.loss.estimate import Estimate
from sonae.loss.measure import Law
from sonae.loss.model import PARTS, Part
from sonae.loss.spec import Spec

UNIT = "currency"
MEASURES = ("var", "tvar")
NO_LAW = Text(
    "年間てん補限度額があると、この方式では自己負担の分布が求まらない。rqmcを用いる。",
    "with an annual aggregate this engine has no law of what is retained; use rqmc.",
)
NOT_EXACT = Text(
    "推計値であり、正確な値ではない。誤差はerrorに示す（標準誤差、通貨単位）。",
    "Estimates, not exact numbers; their standard errors, in currency, stand under `error`.",
)


def engine_laws(spec: Spec, engine: str, threads: int = 1) -> dict[Part, Law]:
    """The laws of the parts that an engine has."""
    if engine == "fft":
        return fft.laws(spec.model, 1.0 - max(spec.probabilities().values()))
    if engine == "mc":
        years = spec.years or mc.usual_years(spec.model)
        return mc.laws(spec.model, spec.seed, years, threads)
    return rqmc.laws(spec.model, spec.seed, threads=threads)


def price(spec: Spec, threads: int = 1) -> dict[str, Any]:
    """The document of `sonae loss price`: numbers are estimates, with their errors beside."""
    engine = "rqmc" if spec.engine == "auto" else spec.engine
    laws = engine_laws(spec, engine, threads)
    checks = {"fft": engine_laws(spec, "fft")} if spec.engine == "auto" else {}
    priced = {part: _part(spec, part, law, checks, engine) for part, law in laws.items()}
    errors = {part: _each(found, "error") for part, found in priced.items()}
    missing = [part for part in PARTS if part not in laws]
    return {
        "format": "sonae-loss-price/1",
        "exact": False,
        "note": NOT_EXACT.as_json(),
        "spec": spec.written,
        "engine": engine,
        "seed": str(spec.seed),
        **{part: _each(priced[part], "point") if part in priced else None for part in PARTS},
        "error": {"relative": _worst(priced), **errors},
        "checks": {name: _check(priced, name) for name in checks},
        "curves": {
            "aep": {part: curve.aep(law) for part, law in laws.items()},
            "oep": {part: curve.oep(spec.model, part) for part in PARTS},
        },
        "not_computable": {part: NO_LAW.as_json() for part in missing},
    }


def estimates(spec: Spec, threads: int = 1) -> dict[Part, dict[str, dict[str, Estimate]]]:
    """The same numbers as Estimates, by part, measure and level."""
    engine = "rqmc" if spec.engine == "auto" else spec.engine
    laws = engine_laws(spec, engine, threads)
    checks = {"fft": engine_laws(spec, "fft")} if spec.engine == "auto" else {}
    return {part: _part(spec, part, law, checks, engine) for part, law in laws.items()}


def _part(
    spec: Spec, part: Part, law: Law, checks: Mapping[str, dict[Part, Law]], engine: str
) -> dict[str, dict[str, Estimate]]:
    seed = None if engine == "fft" else spec.seed
    found: dict[str, dict[str, Estimate]] = {"mean": {}, "var": {}, "tvar": {}}
    for measure in MEASURES:
        for level, p in spec.probabilities().items():
            value = law.var(p) if measure == "var" else law.tvar(p)
            spread = {
                name: getattr(laws[part], measure)(p).point
                for name, laws in checks.items()
                if part in laws
            }
            found[measure][level] = Estimate(
                value.point, value.error, UNIT, engine, seed, spread=spread
            )
    mean = law.mean()
    found["mean"][""] = Estimate(mean.point, mean.error, UNIT, engine, seed)
    return found


def _each(found: Mapping[str, Mapping[str, Estimate]], field: str) -> dict[str, Any]:
    result: dict[str, Any] = {"mean": getattr(found["mean"][""], field)}
    for measure in MEASURES:
        result[measure] = {level: getattr(e, field) for level, e in found[measure].items()}
    return result


def _worst(priced: Mapping[Part, Mapping[str, Mapping[str, Estimate]]]) -> float:
    """The largest relative standard error of any measure printed."""
    return max(
        (
            e.error / abs(e.point)
            for found in priced.values()
            for measure in MEASURES
            for e in found[measure].values()
            if e.point
        ),
        default=0.0,
    )


def _check(
    priced: Mapping[Part, Mapping[str, Mapping[str, Estimate]]], name: str
) -> dict[str, Any]:
    """What another engine found, and the largest relative difference to it."""
    result: dict[str, Any] = {}
    largest = 0.0
    for part, found in priced.items():
        rows = {m: {k: (e.spread or {}).get(name) for k, e in found[m].items()} for m in MEASURES}
        if any(v is not None for row in rows.values() for v in row.values()):
            result[part] = rows
        for measure in MEASURES:
            for level, e in found[measure].items():
                other = rows[measure][level]
                if other:
                    largest = max(largest, abs(e.point - other) / abs(other))
    return {**result, "largest_difference": largest}
