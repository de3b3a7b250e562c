"""Two sides of a benchmark, each in a process of its own: seconds, seconds of CPU, peak memory."""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True)
class Run:
    """One run: wall seconds, user and system CPU seconds of all its threads, megabytes at most."""

    wall: float
    cpu: float
    mb: float


def timed(script: str, *words: object) -> Run:
    """A fresh process of a script; start-up and imports are counted."""
    began = time.perf_counter()
    command = [sys.executable, script, *map(str, words)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.read()
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return Run(time.perf_counter() - began, **json.loads(said.splitlines()[-1]))


def tell() -> None:
    """The child's last line: its CPU seconds and peak memory."""
    own, below = (resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    cpu = own.ru_utime + own.ru_stime + below.ru_utime + below.ru_stime
    print(json.dumps({"cpu": cpu, "mb": max(peak(own), below.ru_maxrss) / 1024}))


def peak(own: resource.struct_rusage) -> int:
    """KiB that this program held at most; `ru_maxrss` would begin with those of its parent."""
    try:
        said = Path("/proc/self/status").read_text()
    except OSError:
        return own.ru_maxrss
    return int(next(line.split()[1] for line in said.splitlines() if line.startswith("VmHWM")))


def middle(runs: Sequence[Run]) -> Run:
    """Medians of the times, and the highest peak."""
    return Run(median(r.wall for r in runs), median(r.cpu for r in runs), max(r.mb for r in runs))


def machine() -> str:
    """What a figure was measured on."""
    try:
        with open("/proc/cpuinfo") as stream:
            names = {line.split(":")[1].strip() for line in stream if line.startswith("model name")}
        with open("/proc/meminfo") as stream:
            memory = f"{int(stream.readline().split()[1]) // 1_000_000} GB"
    except OSError:
        names, memory = {platform.machine()}, "memory not known"
    load = os.getloadavg()[0]
    return (
        f"{', '.join(sorted(names))}, {os.cpu_count()} cores, {memory}, Python "
        f"{platform.python_version()}, load {load:.1f} at the start"
    )


def line(name: str, run: Run) -> str:
    """One run for people."""
    return f"{name:<22}{run.wall:>9.1f} s {run.cpu:>9.1f} CPU s {run.mb:>8.0f} MB"
