"""Single-threaded matrix products in NumPy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import Any

from threadpoolctl import ThreadpoolController

_lock = Lock()
_users = 0
_thread_counts: list[int] = []


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep OpenBLAS from starting threads of its own within this context.

    Its threads spin while they wait for each other. Next to the network, which uses all cores, or
    in one of several web processes, that made the many small products of this package up to fifty
    times slower; large products are split into parts for threads that sleep while they wait. The
    limit holds for the process: threads that use this context at once share it, and the last one to
    leave restores the previous limit.
    """
    _limit(1)
    try:
        yield
    finally:
        _limit(-1)


def _limit(change: int) -> None:
    """Count the users of the limit; set it for the first and restore it after the last."""
    global _users
    with _lock:
        before, _users = _users, _users + change
        if before == 0:
            _thread_counts[:] = [library.num_threads for library in _openblas()]
            for library in _openblas():
                library.set_num_threads(1)
        elif _users == 0:
            for library, count in zip(_openblas(), _thread_counts, strict=True):
                library.set_num_threads(count)


@cache
def _openblas() -> list[Any]:
    """Return the loaded OpenBLAS libraries; looking for them takes milliseconds."""
    return list(ThreadpoolController().select(internal_api="openblas").lib_controllers)
