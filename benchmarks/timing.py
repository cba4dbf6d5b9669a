"""Timing of several actions in turn, so that a drift of the machine affects all of them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping


def median_seconds(
    actions: Mapping[str, Callable[[], object]], rounds: int = 7, in_a_row: int = 1
) -> dict[str, float]:
    """Return the median seconds of each action over ``rounds``, after an uncounted first one.

    With ``in_a_row`` above 1 an action is repeated in each round, and the first time does not
    count: an action of milliseconds depends on the one before.
    """
    seconds: dict[str, list[float]] = {name: [] for name in actions}
    for turn in range(rounds + 1):
        for name, action in actions.items():
            for repeat in range(in_a_row):
                start = time.perf_counter()
                action()
                if turn and (repeat or in_a_row == 1):
                    seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in seconds.items()}
