"""The severity as a table: cells by exponent and leading mantissa bits, linear inside.

Cells are narrow where probability is small, which is where losses are large: 2^-m of the value
at most. A uniform number u in (0, 1] finds its cell by its own bits, without a search or a power.
With a tilt b the loss is that of exceedance probability w = u^(1/b), so that large losses come
often, and each number carries the weight dw/du = u^(1/b - 1) / b.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonae.loss.severity import Severity

Array = NDArray[np.float64]
ONE = 1023 << 52


@dataclass(frozen=True, slots=True)
class Table:
    """Loss = base[k] + slope[k] u and weight = weight_base[k] + weight_slope[k] u in cell k.

    k = (bits of u >> shift) - first. Relative error of a power law of exponent e: about
    e (e + 1) / 24 times 4^-bits, of either sign, so that sums lose less.
    """

    base: Array
    slope: Array
    weight_base: Array
    weight_slope: Array
    shift: int
    first: int


def edges(octaves: int, bits: int) -> Array:
    """The ends of the cells from 2^-octaves to 1, both included."""
    shift = 52 - bits
    first = (1023 - octaves) << bits
    codes = np.arange(first, (1023 << bits) + 1, dtype=np.uint64) << np.uint64(shift)
    return codes.view(np.float64)


def severity_table(severity: Severity, octaves: int, bits: int, tilt: float = 1.0) -> Table:
    """The table of a severity for uniform numbers down to 2^-octaves."""
    u = edges(octaves, bits)
    middle = (u[:-1] + u[1:]) / 2.0
    loss = _lines(u, _loss(severity, u, tilt), _loss(severity, middle, tilt))
    weight = _lines(u, _weight(u, tilt), _weight(middle, tilt))
    return Table(*loss, *weight, 52 - bits, (1023 - octaves) << bits)


def _loss(severity: Severity, u: Array, tilt: float) -> Array:
    return severity.isf(u ** (1.0 / tilt) if tilt != 1.0 else u)


def _weight(u: Array, tilt: float) -> Array:
    return np.asarray(u ** (1.0 / tilt - 1.0) / tilt)


def _lines(u: Array, y: Array, middle: Array) -> tuple[Array, Array]:
    """A line for each cell: the chord, lowered where the curve sags so that its mean is kept.

    A cell that is flat stays exact (an atom); one that bulges keeps its chord, so that no loss
    exceeds its cap. The cell of u = 1 alone is a constant.
    """
    slope = np.append(np.diff(y) / np.diff(u), 0.0)
    base = np.where(slope == 0.0, y, y - slope * u)
    sag = np.maximum((y[:-1] + y[1:]) / 2.0 - middle, 0.0)
    base[:-1] -= sag * (2.0 / 3.0)
    return base, slope
