"""PCA whitening: principal components, each divided by its deviation in a sample.

Directions in which pictures differ much, but always alike, no longer outweigh the others. No label
is needed. Jégou, Chum: Negative Evidences and Co-occurrences in Image Retrieval: The Benefit of
PCA and Whitening, ECCV 2012.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .cosine import to_unit

#: Rows that are added to the sums at once.
BLOCK = 64
# Directions with a smaller share of the largest variance are rounding errors.
_LEAST_VARIANCE = 1e-9

FloatArray = NDArray[np.float32]
Wide = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Whitening:
    """The whitening of vectors of ``d`` numbers to ``m``.

    ``mean`` is ``(d,)``, float32; ``components`` ``(d, m)``, float16, has columns of length 1;
    ``scales`` ``(m,)``, float32, holds one over the deviation of each, and zeros where the sample
    had fewer directions.
    """

    mean: FloatArray
    components: NDArray[np.float16]
    scales: FloatArray

    def __post_init__(self) -> None:
        shape = (len(self.mean), len(self.scales))
        if self.components.shape != shape:
            raise ValueError(f"expected components of {shape}, got {self.components.shape}")

    def whiten(self, vectors: FloatArray, size: int | None = None) -> FloatArray:
        """Return unit vectors ``(..., size)`` of vectors ``(..., d)``; by default ``m`` numbers.

        Raises ValueError if ``vectors`` does not hold ``d`` numbers each.
        """
        if vectors.shape[-1:] != self.mean.shape:
            raise ValueError(f"expected {len(self.mean)} numbers, got {vectors.shape[-1:]}")
        centred = vectors - self.mean
        return to_unit(centred @ self._components[:, :size] * self.scales[:size])

    @cached_property
    def _components(self) -> FloatArray:
        # Kept, since converting them takes ten times as long as multiplying by them.
        return self.components.astype(np.float32)

    def to_tensors(self, prefix: str) -> dict[str, NDArray[Any]]:
        """Return the arrays, each with a name that begins with ``prefix``."""
        names = ("mean", "components", "scales")
        return {f"{prefix}.{name}": np.ascontiguousarray(getattr(self, name)) for name in names}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, NDArray[Any]], prefix: str) -> Self:
        """Read what ``to_tensors`` wrote. Raises KeyError, or ValueError for other shapes."""
        return cls(*(tensors[f"{prefix}.{name}"] for name in ("mean", "components", "scales")))


class Moments:
    """The sums of a sample of vectors of ``d`` numbers, from which a whitening is fitted.

    Memory: 8 d^2 bytes, however large the sample.
    """

    def __init__(self, dimensions: int) -> None:
        self.count = 0
        self._sum = np.zeros(dimensions)
        self._products = np.zeros((dimensions, dimensions))
        self._waiting: list[FloatArray] = []

    def add(self, vector: FloatArray) -> None:
        """Add one vector, ``(d,)``. Raises ValueError for another size."""
        if vector.shape != self._sum.shape:
            raise ValueError(f"expected {self._sum.shape} numbers, got {vector.shape}")
        self.count += 1
        self._waiting.append(vector)
        if len(self._waiting) == BLOCK:
            self._add_waiting()

    def fit(self, size: int) -> Whitening:
        """Return the whitening to ``size`` numbers. Raises ValueError for fewer than 2 vectors."""
        if self.count < 2:
            raise ValueError(f"expected at least 2 vectors, got {self.count}")
        self._add_waiting()
        mean = self._sum / self.count
        covariance = self._products / self.count - np.outer(mean, mean)
        variances, vectors = np.linalg.eigh(covariance)
        variances, vectors = variances[::-1][:size], vectors[:, ::-1][:, :size]
        # A sample of n vectors differs in n - 1 directions at most.
        kept = variances > _LEAST_VARIANCE * max(float(variances[0]), 0.0)
        kept &= np.arange(len(kept)) < self.count - 1
        components = np.zeros((len(mean), size), np.float16)
        components[:, : len(kept)] = fix_signs(vectors)
        scales = np.zeros(size, np.float32)
        scales[: len(kept)][kept] = 1 / np.sqrt(variances[kept])
        return Whitening(mean.astype(np.float32), components, scales)

    def _add_waiting(self) -> None:
        if self._waiting:
            rows = np.stack(self._waiting).astype(np.float64)
            self._waiting.clear()
            self._sum += rows.sum(axis=0)
            self._products += rows.T @ rows


def fix_signs(vectors: Wide) -> Wide:
    """Return the columns with the largest entry of each positive, on every machine."""
    largest = np.take_along_axis(vectors, np.abs(vectors).argmax(axis=0)[None], axis=0)
    return vectors * np.where(largest < 0, -1, 1)
