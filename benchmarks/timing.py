"""Time several things in turn, so that a machine that drifts drifts for all of them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

#: Seconds before each action, in which threads of the one before stop to spin for more work.
REST = 0.05


def median_seconds(
    actions: Mapping[str, Callable[[], object]], rounds: int = 7
) -> dict[str, float]:
    """The median seconds of each action over ``rounds``, after one that does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in actions}
    for turn in range(rounds + 1):
        for name, action in actions.items():
            time.sleep(REST)
            start = time.perf_counter()
            action()
            if turn:
                seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in seconds.items()}
