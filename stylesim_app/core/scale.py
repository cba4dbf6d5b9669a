"""The scale of a lane: how often random pairs of a collection are as near as a figure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: Shares of unrelated pairs for which thresholds are given.
FLAGGED = (0.01, 0.001)


@dataclass(frozen=True, eq=False)
class PairScale:
    """The figures of ``n`` random pairs ``(n,)``, in ascending order; lower is closer."""

    figures: NDArray[np.floating]
    #: The figure of the nearest other work for each work of the sample, in ascending order.
    nearest: NDArray[np.floating] | None = None

    def __len__(self) -> int:
        return len(self.figures)

    def unusual(self, figure: float) -> float:
        """Return the share of pairs that are at least as close, above 0 and up to 1.

        One pair is added to both sides, so that a figure closer than all ``n`` pairs gives
        ``1 / (n + 1)``: a sample cannot show that something is rarer.
        """
        closer = int(np.searchsorted(self.figures, figure, side="right"))
        return (closer + 1) / (len(self.figures) + 1)

    def closer_than(self, figure: float) -> float:
        """Return the percentage of pairs that are farther apart."""
        closer = int(np.searchsorted(self.figures, figure, side="right"))
        return 100 * (len(self.figures) - closer) / len(self.figures)

    def times(self, factor: float) -> PairScale:
        """Return the scale of figures that are all multiplied by a factor."""
        nearest = None if self.nearest is None else factor * self.nearest
        return PairScale(factor * self.figures, nearest)

    def of_least(self, count: int) -> PairScale:
        """Return the scale of the least of ``count`` independent figures.

        A figure that a share ``p`` of pairs reaches is reached by ``1 - (1 - p) ** count``.
        """
        shares = (np.arange(len(self.figures)) + 0.5) / len(self.figures)
        places = (1 - (1 - shares) ** (1 / count)) * len(self.figures)
        return PairScale(self.figures[places.astype(np.int64)], self.nearest)

    def ordinary(self) -> float:
        """Return the figure of an ordinary pair, the median."""
        return float(np.median(self.figures))

    def nearer_neighbours(self, figure: float) -> float | None:
        """Return the percentage of works with a neighbour closer than a figure; None if it is
        not known."""
        if self.nearest is None:
            return None
        closer = int(np.searchsorted(self.nearest, figure, side="left"))
        return 100 * closer / len(self.nearest)

    def closeness(self, figure: float) -> float:
        """Return 1 for identical pictures, 0 for an ordinary pair or one farther apart."""
        ordinary = self.ordinary()
        return min(max(1 - figure / ordinary, 0.0), 1.0) if ordinary > 0 else float(figure <= 0)

    def threshold(self, share: float) -> float | None:
        """Return the figure that this share of pairs stays below; None if the sample is too small.

        Raises ValueError unless the share lies between 0 and 1.
        """
        if not 0 < share < 1:
            raise ValueError(f"expected a share between 0 and 1, got {share}")
        count = int(share * len(self.figures))
        return float(self.figures[count - 1]) if count else None


def scale_of_pairs(
    queries: NDArray[np.float32],
    candidates: NDArray[np.float32],
    offsets: NDArray[np.float32] | None = None,
) -> PairScale:
    """Return the scale of all pairs of works of a sample.

    ``queries`` ``(n, d)`` holds the query of each work, ``candidates`` ``(n, k, d)`` its vectors;
    the figure of a pair is one minus the largest product, plus the offset ``(n,)`` of the
    candidate.
    """
    count, vectors, size = candidates.shape
    products = queries @ candidates.reshape(count * vectors, size).T
    nearest = products.reshape(len(queries), count, vectors).max(axis=2)
    figures = 1 - nearest if offsets is None else 1 - nearest + offsets
    different = np.triu_indices(len(queries), 1)
    pairs = np.sort(np.maximum(figures[different], 0))
    np.fill_diagonal(figures, np.inf)
    return PairScale(pairs, np.sort(np.maximum(figures.min(axis=1), 0)))
