"""Times of queries, for whoever measures them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_observers: list[Callable[[str, float], object]] = []


def observe(observer: Callable[[str, float], object]) -> None:
    """Call ``observer`` with the lane's name and the seconds of each query from now on."""
    if observer not in _observers:
        _observers.append(observer)


@contextmanager
def timed(lane: str) -> Iterator[None]:
    """Measure a query in a lane, unless it fails."""
    began = time.perf_counter()
    yield
    for observer in _observers:
        observer(lane, time.perf_counter() - began)
