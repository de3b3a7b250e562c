"""Loss engines against what else there is, in one run; each method in a process of its own.

years       so many years at one loss a year, VaR and TVaR at two levels: ours
            (stratified, aligned) and NumPy in chunks give what is retained under a cap and annual
            terms; a public package, where one is at hand, gives gross without a cap, which is
            less work
exact       the law of gross losses by FFT, ours and of `aggregate`, where one is at hand
reserves    net reserves of 1,000 venues on shared points, against a large run of 40 of them
draws       one venue's net reserve under 1,000 sets of parameters
mix         the cheapest of 10,000 programmes of three layers, six levels each
cold        the first price of a process whose kernels are not cached

python benchmarks/loss.py [--years 10000000] [--rounds 3] [--peer-python PATH]...

A peer is the interpreter of an environment that has `lossmodels` or `gemact`; nothing is
installed here. SONAE_PEER_PYTHON names one too. Times are CPU seconds and, beside them, seconds by
the clock: medians of interleaved rounds after a warm-up. Ratios are medians too, each of the two
methods in one round, for a machine that others use is as slow for both. Memory is the peak above
what the process had after the warm-up.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

MEAN, XI, SCALE, CAP = 1.0, 0.8, 10.0, 1500.0
RETENTION, LIMIT, AGGREGATE = 5.0, 250.0, 400.0
LEVELS = (0.995, 0.999)
WARM, CHUNK, VENUES, CHECKED = 200_000, 131_072, 1000, 40
GOALS = {
    "stratified": {"package": 15, "numpy": 20},
    "aligned": {"package": 5, "numpy": 8},
}
PEERS = ("lossmodels", "gemact")
SLOW = {"gemact": 10}  # runs a tenth of the years


def measures(losses: np.ndarray) -> list[float]:
    """VaR and TVaR as a user of a package takes them: from the sorted top."""
    result = []
    for p in LEVELS:
        k = int(len(losses) * p)
        top = np.partition(losses, k)[k:]
        result += [float(top[0]), float(top.mean())]
    return result


def numpy_years(years: int) -> list[float]:
    """Chunks of years with NumPy's fastest generator, ceded and retained included."""
    rng, kept = np.random.Generator(np.random.SFC64(1)), []
    for start in range(0, years, CHUNK):
        n = min(CHUNK, years - start)
        counts = rng.poisson(MEAN, n)
        w = 1.0 - rng.random(int(counts.sum()))
        x = np.minimum(SCALE / XI * (w**-XI - 1.0), CAP)
        year = np.repeat(np.arange(n), counts)
        gross = np.bincount(year, x, n)
        ceded = np.bincount(year, np.clip(x - RETENTION, 0.0, LIMIT), n)
        kept.append(gross - np.minimum(ceded, AGGREGATE))
    return measures(np.concatenate(kept))


def lossmodels_years(years: int) -> list[float]:
    import lossmodels

    severity = lossmodels.ParetoII(1.0 / XI, SCALE / XI)
    model = lossmodels.CollectiveRiskModel(lossmodels.Poisson(MEAN), severity)
    return measures(model.sample(years, rng=1))


def gemact_years(years: int) -> list[float]:
    import gemact

    frequency = gemact.Frequency(dist="poisson", par={"mu": MEAN})
    severity = gemact.Severity(dist="genpareto", par={"c": XI, "scale": SCALE, "loc": 0.0})
    model = gemact.LossModel(
        frequency=frequency, severity=severity, aggr_loss_dist_method="mc",
        n_sim=years, random_state=1,
    )  # fmt: skip
    return [float(model.ppf(p)) for p in LEVELS]


def exact_aggregate(_: float) -> dict[str, Any]:
    """The exact law of `aggregate`, of gross losses under the cap, on a grid of 2^16."""
    from aggregate import build

    words = f"agg Warm{{}} 1 claim {CAP:g} xs 0 sev {SCALE:g} * genpareto {XI} poisson"
    build(words.format(0), log2=16, bs=0.25).tvar(LEVELS[0])
    start, clock = time.process_time(), time.perf_counter()
    law = build(words.format(1), log2=16, bs=0.25)
    found = [float(f(p)) for p in LEVELS for f in (law.q, law.tvar)]
    took = {"clock": time.perf_counter() - clock, "cpu": time.process_time() - start}
    return {**took, "result": found}


def exact_ours(_: float) -> dict[str, Any]:
    """Our exact law of the same."""
    from sonae.loss import fft
    from sonae.loss.frequency import Poisson
    from sonae.loss.model import Model
    from sonae.loss.severity import Capped, GeneralizedPareto
    from sonae.loss.terms import Terms

    model = Model(Poisson(MEAN), Capped(GeneralizedPareto(XI, SCALE), CAP), Terms())

    def measured() -> list[float]:
        law = fft.laws(model, 1.0 - LEVELS[1], 16)["gross"]
        return [v for p in LEVELS for v in (law.var(p).point, law.tvar(p).point)]

    measured()
    start, clock = time.process_time(), time.perf_counter()
    found = measured()
    took = {"clock": time.perf_counter() - clock, "cpu": time.process_time() - start}
    return {**took, "result": found}


def stratified(years: int) -> list[float]:
    from sonae.loss import mc
    from sonae.loss.frequency import Poisson
    from sonae.loss.model import Model
    from sonae.loss.severity import Capped, GeneralizedPareto
    from sonae.loss.terms import Terms

    severity = Capped(GeneralizedPareto(XI, SCALE), CAP)
    model = Model(Poisson(MEAN), severity, Terms(RETENTION, LIMIT, AGGREGATE))
    law = mc.laws(model, 1, years, 1, 1.0 - LEVELS[0])["retained"]
    return [v for p in LEVELS for v in (law.var(p).point, law.tvar(p).point)]


def aligned_years(years: int) -> list[float]:
    from sonae.loss import aligned
    from sonae.loss.frequency import Poisson
    from sonae.loss.severity import Capped, GeneralizedPareto
    from sonae.loss.terms import Terms

    severity = Capped(GeneralizedPareto(XI, SCALE), CAP)
    venue = aligned.Venue(Poisson(MEAN), severity, 1.0, Terms(RETENTION, LIMIT, AGGREGATE))
    law = aligned.laws([venue], 1, years, 1, 1.0 - LEVELS[0])["retained"]
    return [v for p in LEVELS for v in (law.var(p).point, law.tvar(p).point)]


def venues(mean: float) -> list[Any]:
    """1,000 venues: frequency and exposure lognormal, cover in proportion to exposure."""
    from sonae.loss.aligned import Venue
    from sonae.loss.frequency import Poisson
    from sonae.loss.severity import Capped, GeneralizedPareto
    from sonae.loss.terms import Terms

    rng, fraction = np.random.default_rng(1), Capped(GeneralizedPareto(XI, 0.02), 1.0)
    rates = np.clip(mean * rng.lognormal(-0.32, 0.8, VENUES), 0.005, 3.0)
    sizes = np.clip(rng.lognormal(np.log(60.0), 1.8, VENUES), 1.0, 20_000.0)
    return [
        Venue(Poisson(float(r)), fraction, float(e), Terms(0.005 * e, 0.25 * e, 0.35 * e))
        for r, e in zip(rates, sizes, strict=True)
    ]


def reserves(mean: float) -> dict[str, float]:
    """Seconds, and the relative error of every measure of 40 venues: median, 95 %, worst."""
    from sonae.loss import portfolio, rqmc
    from sonae.loss.model import Model

    book = venues(mean)
    portfolio.reserves(book[:2], LEVELS, 2)
    portfolio.points.cache_clear()
    start, clock = time.process_time(), time.perf_counter()
    found = portfolio.reserves(book, LEVELS, 1)
    seconds, errors = time.process_time() - start, []
    clock = time.perf_counter() - clock
    for venue, row in zip(book[:CHECKED], found, strict=False):
        model = Model(venue.frequency, venue.severity.scaled(venue.exposure), venue.terms)
        law = rqmc.laws(model, 7, 15)["retained"]
        for p, reserve in zip(LEVELS, row, strict=True):
            pairs = ((reserve.var, law.var(p).point), (reserve.tvar.point, law.tvar(p).point))
            errors += [abs(a / b - 1.0) if b else abs(a) for a, b in pairs]
    errors.sort()
    return {
        "cpu": seconds, "clock": clock, "median": statistics.median(errors),
        "most": errors[int(0.95 * len(errors))], "worst": errors[-1],
    }  # fmt: skip


def draws(_: float) -> dict[str, float]:
    """Seconds for 1,000 sets of parameters of a Beta fraction."""
    from sonae.loss import portfolio
    from sonae.loss.aligned import Venue
    from sonae.loss.frequency import Poisson
    from sonae.loss.severity import BetaFraction
    from sonae.loss.terms import Terms

    rng, terms = np.random.default_rng(2), Terms(5.0, 250.0, 400.0)
    opinions = [
        Venue(
            Poisson(rng.gamma(5.5) / 225.0),
            BetaFraction(rng.lognormal(0.0, 0.2), rng.lognormal(1.25, 0.2), 1.0),
            1000.0,
            terms,
        )
        for _ in range(1000)
    ]
    portfolio.draws(opinions[:2], LEVELS, 2)
    start, clock = time.process_time(), time.perf_counter()
    portfolio.draws(opinions, LEVELS, 1)
    return {"cpu": time.process_time() - start, "clock": time.perf_counter() - clock}


def mixes(_: float) -> dict[str, float]:
    """Seconds, by the clock and of the processor, for a mix over some 10,000 programmes."""
    from sonae.loss.mix import Firm, Insurer, Law, Layer, mix

    names = (("first", 0.001, 0.005, 20), ("second", 0.006, 0.015, 20), ("third", 0.021, 0.04, 22))
    layers = tuple(
        Layer(name, "A", at * 3e11, limit * 3e11, 0.015, steps=steps)
        for name, at, limit, steps in names
    )
    firm = Firm(
        3e11, Law(5.0 / 225.0, 0.96, 3.44), 9e9, 0.5, 0.09, 0.995, layers,
        {"A": Insurer(0.001, 0.4)}, {},
    )  # fmt: skip
    mix(firm)
    start, cpu = time.perf_counter(), time.process_time()
    programmes = mix(firm)["programmes"]
    took = {"clock": time.perf_counter() - start, "cpu": time.process_time() - cpu}
    return {**took, "programmes": programmes}


YEARS: dict[str, Callable[[int], list[float]]] = {
    "stratified": stratified, "aligned": aligned_years, "numpy": numpy_years,
    "lossmodels": lossmodels_years, "gemact": gemact_years,
}  # fmt: skip
OTHERS: dict[str, Callable[[float], dict[str, Any]]] = {
    "reserves": reserves, "draws": draws, "mix": mixes,
    "exact": exact_ours, "exact-aggregate": exact_aggregate,
}  # fmt: skip


def memory() -> float:
    """Peak resident memory since the last reset, in MB."""
    status = Path("/proc/self/status")
    if status.is_file():
        row = next(r for r in status.read_text().splitlines() if r.startswith("VmHWM"))
        return int(row.split()[1]) / 1024.0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0


def measured(method: str, years: int) -> dict[str, Any]:
    """One method in this process, after a warm-up."""
    run = YEARS[method]
    run(WARM)
    reset = Path("/proc/self/clear_refs")
    if reset.is_file():
        reset.write_text("5")  # the peak starts again from here
    before, start, clock = memory(), time.process_time(), time.perf_counter()
    result = run(years)
    seconds, clock = time.process_time() - start, time.perf_counter() - clock
    return {
        "ns": seconds / years * 1e9, "clock": clock / years * 1e9, "mb": memory() - before,
        "result": result,
    }  # fmt: skip


def child(python: str, *words: str, **environment: str) -> Any:
    """This file in another process."""
    done = subprocess.run(
        [python, __file__, *words],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def peers(pythons: list[str], names: Sequence[str] = PEERS) -> dict[str, str]:
    """Which packages are at hand, and with which interpreter."""
    found: dict[str, str] = {}
    for python in pythons:
        for name in names:
            asked = subprocess.run([python, "-c", f"import {name}"], capture_output=True)
            if not asked.returncode:
                found.setdefault(name, python)
    return found


def compare_years(years: int, rounds: int, found: dict[str, str]) -> None:
    """All methods, interleaved; then ratios to the fastest package and to NumPy."""
    methods = {m: sys.executable for m in ("stratified", "aligned", "numpy")} | found
    rows: dict[str, list[dict[str, Any]]] = {m: [] for m in methods}
    for _ in range(rounds):
        for method, python in methods.items():
            n = years // SLOW.get(method, 1)
            rows[method].append(child(python, "--method", method, "--years", str(n)))
    ns, clock, mb = (
        {m: statistics.median(r[key] for r in all_) for m, all_ in rows.items()}
        for key in ("ns", "clock", "mb")
    )
    print("  CPU and clock in ns a year, peak memory; measures of what is retained, or gross")
    for method in methods:
        note = f" ({years // SLOW[method]:,} years)" if method in SLOW else ""
        print(f"  {method:12} {ns[method]:9.2f} {clock[method]:9.2f}  {mb[method]:8.1f} MB{note}")
        print(f"  {'':12} {', '.join(f'{v:,.1f}' for v in rows[method][0]['result'])}")
    fastest = min(found, key=lambda m: ns[m]) if found else None

    def times(other: str, ours: str) -> str:
        pairs = [
            statistics.median(a[key] / b[key] for a, b in zip(rows[other], rows[ours], strict=True))
            for key in ("ns", "clock")
        ]
        return f"{pairs[0]:.1f} times {other} by CPU, {pairs[1]:.1f} by the clock"

    for ours, goals in GOALS.items():
        print(
            f"  {ours}: {times('numpy', ours)} (goal {goals['numpy']}), "
            f"memory {mb[ours] / mb['numpy']:.2f} of it (goal 0.20)"
        )
        if fastest:
            print(
                f"  {ours}: {times(fastest, ours)} (goal {goals['package']}), "
                f"memory {mb[ours] / mb[fastest]:.2f} of it (goal 0.20)"
            )
    if not fastest:
        print("  no public package at hand: name its interpreter with --peer-python")


def compare_exact(rounds: int, found: dict[str, str]) -> None:
    """The exact law, ours and that of a public package, which share no code."""
    methods = {"exact": sys.executable}
    methods |= {f"exact-{name}": python for name, python in found.items()}
    rows: dict[str, list[dict[str, Any]]] = {m: [] for m in methods}
    for _ in range(rounds):
        for method, python in methods.items():
            rows[method].append(child(python, "--method", method))
    for method, got in rows.items():
        values = ", ".join(f"{v:,.2f}" for v in got[0]["result"])
        print(f"{method}: {seconds(got)}; {values}")


def seconds(runs: list[dict[str, float]]) -> str:
    """Medians of both."""
    cpu, clock = (statistics.median(r[key] for r in runs) for key in ("cpu", "clock"))
    return f"CPU {cpu:.2f} s, {clock:.2f} s by the clock"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--years", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peer-python", action="append", default=[])
    parser.add_argument("--method", choices=[*YEARS, *OTHERS, "cold"])
    parser.add_argument("--mean", type=float, default=0.0)
    asked = parser.parse_args()
    if asked.method in YEARS:
        print(json.dumps(measured(asked.method, asked.years)))
        return
    if asked.method in OTHERS:
        print(json.dumps(OTHERS[asked.method](asked.mean)))
        return
    if asked.method == "cold":
        stratified(WARM)
        print(json.dumps({"cpu": time.process_time()}))
        return
    pythons = [*asked.peer_python, *filter(None, [os.environ.get("SONAE_PEER_PYTHON")])]
    load = " ".join(f"{v:.1f}" for v in os.getloadavg())
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {load}; one thread")
    print(f"years: {asked.years:,} at one loss a year")
    compare_years(asked.years, asked.rounds, peers([sys.executable, *pythons]))
    compare_exact(asked.rounds, peers([sys.executable, *pythons], ("aggregate",)))
    for mean in (0.095, 0.285):
        got = [
            child(sys.executable, "--method", "reserves", "--mean", str(mean))
            for _ in range(asked.rounds)
        ]
        print(
            f"reserves: 1,000 venues, mean frequency {mean}: {seconds(got)} (goal 0.5), error "
            f"median {got[0]['median']:.3%} (goal 0.3 %), 95 % of measures within "
            f"{got[0]['most']:.2%}, worst {got[0]['worst']:.2%}"
        )
    got = [child(sys.executable, "--method", "draws") for _ in range(asked.rounds)]
    print(f"draws: 1,000 sets of parameters: {seconds(got)} (goal 1)")
    got = [child(sys.executable, "--method", "mix") for _ in range(asked.rounds)]
    count = int(got[0]["programmes"])
    print(f"mix: {count:,} programmes: {seconds(got)} (goal 5)")
    with tempfile.TemporaryDirectory() as folder:
        cold, warm = (
            child(sys.executable, "--method", "cold", NUMBA_CACHE_DIR=folder)["cpu"] for _ in "ab"
        )
    print(f"cold: {cold:.1f} s for the first process, {warm:.1f} s for the next")


if __name__ == "__main__":
    main()
