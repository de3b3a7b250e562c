"""Random numbers: a stream for each task, so that results do not depend on threads.

xoshiro256++ (Blackman and Vigna 2021, public domain) in sixteen lanes beside one another, which
a compiler turns into vector instructions; each lane is seeded by SplitMix64 from the seed, the
task and the lane. The generator itself is in `kernels`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LANES = 16


def mixed(*words: int) -> int:
    """One 64-bit number that depends on every word and their order."""
    z = 0
    for word in words:
        z = (z ^ (word & 0xFFFFFFFFFFFFFFFF)) * 0x9E3779B97F4A7C15 + 0x632BE59BD9B4E019
        z &= 0xFFFFFFFFFFFFFFFF
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB & 0xFFFFFFFFFFFFFFFF
        z ^= z >> 31
    return z


def state(*words: int) -> NDArray[np.uint64]:
    """The 4 x 16 state of a stream named by words: seed, engine, task."""
    z, values = mixed(*words), []
    for _ in range(4 * LANES):
        z = (z + 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
        values.append(mixed(z))
    return np.array(values, dtype=np.uint64).reshape(4, LANES)
