"""The C library's handling of memory that NumPy and PyTorch free."""

from __future__ import annotations

import ctypes
import platform
from functools import cache

# Parameters of glibc's mallopt, from its malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
#: The largest block that glibc can be made to keep; every array of a descriptor is smaller.
KEPT_BLOCK = 32 << 20
_KEPT_MEMORY = 512 << 20


@cache
def keep_freed_memory() -> None:
    """Make glibc keep freed memory for later allocations, in this process, from now on.

    By default it returns every block above 128 KB to the system, which provides zeroed memory for
    the next, page by page. That took a tenth of the time to extract the descriptor of a picture,
    and half of the time to read a descriptor. Larger blocks are still returned.
    """
    if platform.libc_ver()[0] == "glibc":
        library = ctypes.CDLL(None)
        library.mallopt(_M_MMAP_THRESHOLD, KEPT_BLOCK)
        library.mallopt(_M_TRIM_THRESHOLD, _KEPT_MEMORY)
