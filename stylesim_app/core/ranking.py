"""Filter and refine: rank candidates by exact distances, reading only those that bounds leave.

Korn et al.: Fast Nearest Neighbor Search in Medical Image Databases, VLDB 1996; Seidl, Kriegel:
Optimal Multi-Step k-Nearest Neighbor Search, SIGMOD 1998.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .distances import DistanceParts, Weighting

#: Exact descriptors that are read at once; after each batch fewer are in doubt.
READ_BATCH = 16

FloatArray = NDArray[np.floating[Any]]
Positions = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Shortlist:
    """Candidates ``(n,)`` with bounds for each, in the order that breaks ties.

    ``rest`` is a lower bound of the distances of all candidates that are not on the list.
    """

    estimates: FloatArray
    lower: FloatArray
    rest: float = np.inf


@dataclass(frozen=True, eq=False)
class Ranking:
    """The best candidates, nearest first.

    ``positions`` ``(k,)`` index the candidates; the other arrays follow the same order. No
    candidate that was not read is nearer than ``horizon``. The ranking is ``certified`` if no other
    candidate can belong in it, and none had to be left out.
    """

    positions: Positions
    parts: DistanceParts
    distances: FloatArray
    style_distances: FloatArray
    horizon: float = np.inf
    certified: bool = True


def rank_parts(parts: DistanceParts, weighting: Weighting, limit: int) -> Ranking:
    """Return the ``limit`` nearest candidates; equal distances keep the order of the candidates."""
    distances = parts.distances(weighting)
    best = np.argsort(distances, kind="stable")[:limit]
    chosen = parts.take(best)
    return Ranking(
        positions=best,
        parts=chosen,
        distances=distances[best],
        style_distances=chosen.style_distances(weighting.layer_weights),
    )


def refine(
    shortlist: Shortlist,
    weighting: Weighting,
    limit: int,
    budget: float,
    read_batch: int = READ_BATCH,
) -> Generator[Positions, DistanceParts, Ranking]:
    """Rank by exact distances, the best estimates first, until no other can be among the best.

    A generator: it yields the positions of candidates to read, and receives their exact parts, NaN
    for one that cannot be read, which is left out of the ranking and keeps it from being certified.
    At most ``budget`` are read, but no fewer than ``limit``.
    """
    count = len(shortlist.estimates)
    parts = DistanceParts.unknown(count)
    distances = np.full(count, np.inf)
    unread = np.ones(count, dtype=bool)
    order = np.argsort(shortlist.estimates, kind="stable")
    farthest = np.inf
    batch = order[:limit]
    while len(batch):
        measured = yield batch
        parts.put(batch, measured)
        unread[batch] = False
        distances[batch] = np.nan_to_num(measured.distances(weighting), nan=np.inf)
        if limit <= count:
            farthest = float(np.partition(distances, limit - 1)[limit - 1])
        doubtful = order[(unread & (shortlist.lower <= farthest))[order]]
        left = max(budget, limit) - np.count_nonzero(~unread)
        batch = doubtful[: int(min(read_batch, left))]
    known = np.flatnonzero(np.isfinite(distances))
    ranked = rank_parts(parts.take(known), weighting, limit)
    horizon = float(np.minimum(shortlist.lower[unread].min(initial=np.inf), shortlist.rest))
    damaged = len(known) < np.count_nonzero(~unread)
    return Ranking(
        positions=known[ranked.positions],
        parts=ranked.parts,
        distances=ranked.distances,
        style_distances=ranked.style_distances,
        horizon=horizon,
        certified=not damaged and (horizon > farthest or horizon == np.inf),
    )
