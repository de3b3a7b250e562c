"""Sobol points in up to eight dimensions, for scrambling.

Direction numbers: S. Joe and F. Y. Kuo, "Constructing Sobol sequences with better two-dimensional
projections", SIAM J. Sci. Comput. 30 (2008), first eight dimensions of their table. Written here
so that a result does not change with the version of a library; a test compares with SciPy's.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

DIMENSIONS = 8
DIRECTIONS = (  # degree, coefficients of the primitive polynomial, initial numbers
    (1, 0, (1,)),
    (2, 1, (1, 3)),
    (3, 1, (1, 3, 1)),
    (3, 2, (1, 1, 1)),
    (4, 1, (1, 1, 3, 3)),
    (4, 4, (1, 3, 5, 13)),
    (5, 2, (1, 1, 5, 5, 17)),
)


def _directions(dimension: int) -> list[int]:
    """32 direction numbers of a dimension, the highest bit first."""
    if dimension == 0:
        return [1 << (31 - i) for i in range(32)]
    degree, coefficients, initial = DIRECTIONS[dimension - 1]
    v = [m << (31 - i) for i, m in enumerate(initial)]
    for i in range(degree, 32):
        new = v[i - degree] ^ (v[i - degree] >> degree)
        for k in range(1, degree):
            if coefficients >> (degree - 1 - k) & 1:
                new ^= v[i - k]
        v.append(new)
    return v


@lru_cache(maxsize=32)
def points(log2: int) -> NDArray[np.uint32]:
    """2^log2 points: rows are dimensions, values 32-bit fractions, first point zero."""
    result = np.zeros((DIMENSIONS, 1 << log2), dtype=np.uint32)
    for d in range(DIMENSIONS):
        for bit, v in enumerate(_directions(d)[:log2]):
            half = 1 << bit
            result[d, half : 2 * half] = result[d, :half] ^ np.uint32(v)
    result.setflags(write=False)
    return result


@lru_cache(maxsize=32)
def mirrored(log2: int) -> NDArray[np.uint32]:
    """The same points with their 32 bits reversed, as the scrambling wants them."""
    x = points(log2).astype(np.int64)
    for shift, mask in ((1, 0x55555555), (2, 0x33333333), (4, 0x0F0F0F0F), (8, 0x00FF00FF)):
        x = (x >> shift) & mask | (x & mask) << shift
    result = ((x >> 16) | (x << 16)).astype(np.uint32)
    result.setflags(write=False)
    return result
