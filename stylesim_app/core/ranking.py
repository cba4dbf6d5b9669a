"""Rank candidates by their distance to a query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .distances import DistanceParts, Weighting


@dataclass(frozen=True, eq=False)
class Ranking:
    """The best candidates, nearest first.

    ``positions`` ``(k,)`` index the candidates; the other arrays follow the same order.
    """

    positions: NDArray[np.intp]
    distances: NDArray[np.floating[Any]]
    style_distances: NDArray[np.floating[Any]]
    content_distances: NDArray[np.floating[Any]]
    layer_distances: NDArray[np.floating[Any]]


def rank_parts(parts: DistanceParts, weighting: Weighting, limit: int) -> Ranking:
    """The ``limit`` candidates of least distance; equal distances keep the candidates' order."""
    distances = parts.distances(weighting)
    best = np.argsort(distances, kind="stable")[:limit]
    return Ranking(
        positions=best,
        distances=distances[best],
        style_distances=parts.style_distances(weighting.layer_weights)[best],
        content_distances=parts.content[best],
        layer_distances=parts.layers[best],
    )
