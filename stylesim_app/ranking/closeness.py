"""The one scale on which pages show how close a result is, whatever the lane and the weights.

A result is as close as its figure is far from that of an ordinary pair, the median of random pairs
of the collection: 1 for identical pictures, 0 for an ordinary pair or one farther apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.scale import PairScale
from ..index.listed import nearest_listed
from ..index.serving import Serving
from .options import COPIES
from .results import RankedAnswer, RankedWork
from .vector_lanes import LaneAnswer, LaneResult

Result = RankedWork | LaneResult
Answer = RankedAnswer | LaneAnswer

#: An image is like nothing in the collection if at least this percentage of works have a closer
#: neighbour than its nearest.
UNLIKE_ALL = 90.0


@dataclass(frozen=True)
class Parted:
    """Results that are closer than an ordinary pair, and the others."""

    close: list[Any]
    far: list[Any]


def figure_of(result: Result) -> float:
    """Return the figure that results are ordered by."""
    return result.distance if isinstance(result, RankedWork) else result.figure


def closeness(scale: PairScale | None, result: Result) -> float | None:
    """Return how close a result is, from 0 to 1; None in a collection without a scale."""
    return None if scale is None else scale.closeness(figure_of(result))


def part(answer: Answer) -> Parted:
    """Return the results of an answer, parted; all are close in a collection without a scale."""
    if answer.scale is None:
        return Parted(list(answer.results), [])
    ordinary = answer.scale.ordinary()
    far = [each for each in answer.results if figure_of(each) > ordinary]
    return Parted(list(answer.results[: len(answer.results) - len(far)]), far)


def nearer_neighbours(answer: Answer, serving: Serving) -> float | None:
    """Return the percentage of works here with a neighbour closer than the first result is to the
    query; None if it is not known.

    It is estimated on a sample, in which neighbours are rather too far: the percentage is too small
    rather than too large.
    """
    if not answer.results or answer.scale is None:
        return None
    figure = figure_of(answer.results[0])
    if isinstance(answer, RankedAnswer) and answer.preset != COPIES:
        listed = nearest_listed(serving, answer.weighting)
        if listed is not None:
            return 100 * int(np.searchsorted(listed, figure, side="left")) / len(listed)
    return answer.scale.nearer_neighbours(figure)
