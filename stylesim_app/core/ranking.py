"""Filter and refine: rank candidates by exact distances, reading only those that bounds leave.

Korn et al.: Fast Nearest Neighbor Search in Medical Image Databases, VLDB 1996; Seidl, Kriegel:
Optimal Multi-Step k-Nearest Neighbor Search, SIGMOD 1998.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from .distances import DistanceParts, Weighting

#: Exact descriptors that are read at once; after each batch fewer are in doubt.
READ_BATCH = 16

FloatArray = NDArray[np.floating[Any]]
Candidate = TypeVar("Candidate")


@dataclass(frozen=True, eq=False)
class Shortlist(Generic[Candidate]):
    """The ``n`` candidates that may be nearest, in the order that equal distances keep.

    ``estimates`` ``(n,)`` and ``lower`` bounds ``(n,)`` of their distances; ``rest`` is a lower
    bound of the distances of all candidates that are not on the list.
    """

    candidates: Sequence[Candidate]
    estimates: FloatArray
    lower: FloatArray
    rest: float = np.inf


@dataclass(frozen=True, eq=False)
class Ranking(Generic[Candidate]):
    """The ``k`` nearest candidates, nearest first.

    The arrays ``(k,)`` follow the same order. ``read`` holds the exact parts of every candidate
    that was read, and no other is nearer than ``horizon``. The ranking is ``certified`` if no
    other candidate can belong in it, and none had to be left out.
    """

    candidates: list[Candidate]
    parts: DistanceParts
    distances: FloatArray
    style_distances: FloatArray
    horizon: float = np.inf
    certified: bool = True
    read: Mapping[Candidate, DistanceParts] = field(default_factory=dict)


def rank_parts(
    candidates: Sequence[Candidate], parts: DistanceParts, weighting: Weighting, limit: int
) -> Ranking[Candidate]:
    """Return the ``limit`` candidates of least distance; equal distances keep the candidates'
    order."""
    distances = parts.distances(weighting)
    best = np.argsort(distances, kind="stable")[:limit]
    chosen = parts.take(best)
    return Ranking(
        candidates=[candidates[at] for at in best],
        parts=chosen,
        distances=distances[best],
        style_distances=chosen.style_distances(weighting.layer_weights),
    )


def refine(
    shortlist: Shortlist[Candidate],
    weighting: Weighting,
    limit: int,
    budget: float,
    read_batch: int = READ_BATCH,
) -> Generator[list[Candidate], DistanceParts, Ranking[Candidate]]:
    """Rank by exact distances, the best estimates first, until no other can be among the best.

    A generator: it yields the candidates to read, and is sent their exact parts, NaN for one that
    cannot be read, which is left out of the ranking and keeps it from being certified. At most
    ``budget`` are read, but no fewer than ``limit``.
    """
    candidates = shortlist.candidates
    count = len(candidates)
    parts = DistanceParts.unknown(count)
    distances = np.full(count, np.inf)
    unread = np.ones(count, dtype=bool)
    order = np.argsort(shortlist.estimates, kind="stable")
    farthest = np.inf
    batch = order[:limit]
    while len(batch):
        measured = yield [candidates[at] for at in batch]
        parts.put(batch, measured)
        unread[batch] = False
        distances[batch] = np.nan_to_num(measured.distances(weighting), nan=np.inf)
        if limit <= count:
            farthest = float(np.partition(distances, limit - 1)[limit - 1])
        doubtful = order[(unread & (shortlist.lower <= farthest))[order]]
        left = max(budget, limit) - np.count_nonzero(~unread)
        batch = doubtful[: int(min(read_batch, left))]
    known = np.flatnonzero(np.isfinite(distances))
    ranked = rank_parts(
        [candidates[at] for at in known.tolist()], parts.take(known), weighting, limit
    )
    horizon = float(np.minimum(shortlist.lower[unread].min(initial=np.inf), shortlist.rest))
    read = {candidates[at]: parts.take(np.array([at])) for at in np.flatnonzero(~unread).tolist()}
    damaged = len(known) < len(read)
    return replace(
        ranked,
        read=read,
        horizon=horizon,
        certified=not damaged and (horizon > farthest or horizon == np.inf),
    )
