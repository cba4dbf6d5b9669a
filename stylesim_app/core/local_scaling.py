"""Local scaling: a work that is near to many is near to a query for a lesser reason.

Some vectors, the hubs, are among the nearest of far more queries than others. Cross-domain
similarity local scaling (CSLS) subtracts from a cosine the mean cosine of the candidate and its own
nearest neighbours: Conneau, Lample et al., "Word translation without parallel data", ICLR 2018.
Its term of the query is left out here, because it is the same for all candidates. The neighbours
are those in a sample of the collection.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

#: Neighbours in the sample that a work is scaled by.
NEIGHBOURS = 32
#: With fewer works in a sample, neighbours are hardly nearer than the others.
FEWEST = 64

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class LocalScaling:
    """The queries of a sample of works ``(m, d)``, whose products with vectors are cosines.

    ``keys`` ``(m,)`` are those of the works. ``mean`` is the mean cosine of a work of the sample
    and its neighbours, so that a scaled distance keeps the size of a distance.
    """

    queries: FloatArray
    keys: NDArray[np.int64]
    mean: float

    @classmethod
    def fit(cls, vectors: FloatArray, queries: FloatArray, keys: NDArray[np.int64]) -> Self:
        """Fit to the vectors and queries, ``(m, d)`` each, of at least FEWEST works.

        Raises ValueError for fewer.
        """
        if len(keys) < FEWEST:
            raise ValueError(f"expected at least {FEWEST} works, got {len(keys)}")
        return cls(queries, keys, float(_closeness(vectors, keys, queries, keys).mean()))

    def offsets(self, vectors: FloatArray, keys: NDArray[np.int64]) -> FloatArray:
        """Return what is added to the cosine distances of works ``(n, d)`` to a query, ``(n,)``.

        It is positive for a work that is nearer to its neighbours than works of the sample are.
        The neighbours of a work do not include the work itself.
        """
        closeness = _closeness(vectors, keys, self.queries, self.keys)
        offsets: FloatArray = ((closeness - self.mean) / 2).astype(np.float32)
        return offsets


def _closeness(
    vectors: FloatArray,
    keys: NDArray[np.int64],
    queries: FloatArray,
    sample_keys: NDArray[np.int64],
) -> FloatArray:
    """Return the mean cosine of each of ``n`` works and its neighbours in a sample, ``(n,)``."""
    cosines = vectors @ queries.T
    cosines[keys[:, None] == sample_keys] = -1
    nearest = np.partition(cosines, -NEIGHBOURS, axis=1)[:, -NEIGHBOURS:]
    means: FloatArray = nearest.mean(axis=1)
    return means
