"""What the C library does with memory that NumPy and PyTorch free."""

from __future__ import annotations

import ctypes
import platform
from functools import cache

# Parameters of glibc's mallopt, from its malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
#: The largest block that glibc can be told to keep; every array of a descriptor is smaller.
KEPT_BLOCK = 32 << 20
_KEPT_MEMORY = 512 << 20


@cache
def keep_freed_memory() -> None:
    """Make glibc keep what is freed for what comes next, in this process, from now on.

    It would give every block above 128 KB back to the system, and the system would hand out, page
    by page, zeroed memory for the next: a tenth of the time to describe a picture, and half of the
    time to read a descriptor. Larger blocks are still given back.
    """
    if platform.libc_ver()[0] == "glibc":
        library = ctypes.CDLL(None)
        library.mallopt(_M_MMAP_THRESHOLD, KEPT_BLOCK)
        library.mallopt(_M_TRIM_THRESHOLD, _KEPT_MEMORY)
