"""Compiled kernels, cached where a cache can be kept.

Numba keeps compiled code beside the module or, where that cannot be written, in the user's cache
folder. Where neither is possible the kernel is compiled anew in each process: slower to start,
never an error.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])


def kernel(function: F) -> F:
    """A function compiled on its first call; it lets go of the interpreter while it runs."""
    try:
        return cast(F, numba.njit(cache=True, nogil=True)(function))
    except RuntimeError:  # no place for a cache
        return cast(F, numba.njit(nogil=True)(function))


def part(function: F) -> F:
    """A small function that is compiled into the kernels of its own module, and cached with them.

    Of its own module only: the cache of a kernel notices changes in the file that it stands in.
    """
    return cast(F, numba.njit(nogil=True)(function))


def summing(function: F) -> F:
    """As `part`, and sums may be formed in any order that is the same in every run."""
    return cast(F, numba.njit(nogil=True, fastmath={"reassoc", "nsz"})(function))
