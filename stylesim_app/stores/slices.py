"""Scans of a table by one thread a core."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TypeVar

T = TypeVar("T")


def map_slices(scan: Callable[[int, int], T], length: int, most: int) -> list[T]:
    """Return ``scan(start, stop)`` of equal slices of up to ``most`` rows, at least one; each core
    takes as many."""
    cores = os.cpu_count() or 1
    slices = cores * math.ceil(length / (cores * most)) or 1
    ends = [length * number // slices for number in range(slices + 1)]
    return list(_threads(os.getpid()).map(scan, ends[:-1], ends[1:]))


@lru_cache(maxsize=1)
def _threads(_process: int) -> ThreadPoolExecutor:
    """Return one thread a core, kept with the memory that it works in; a forked process gets its
    own."""
    return ThreadPoolExecutor(os.cpu_count(), "stylesim-scan")
