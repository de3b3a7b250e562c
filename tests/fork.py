"""Processes that tests fork and kill.

A fork inherits what earlier tests left to the garbage collector, native connections among it, but
none of the threads behind it: to collect that in the child ends in a segmentation fault. What is
inherited is frozen there instead.
"""

from __future__ import annotations

import gc
import os
from multiprocessing import get_context

os.register_at_fork(after_in_child=gc.freeze)
FORK = get_context("fork")
