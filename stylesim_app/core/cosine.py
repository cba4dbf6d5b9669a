"""Cosine distances, one minus the cosine of two vectors: 0 to 2, lower is closer."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating[Any]]


def to_unit(vectors: FloatArray) -> NDArray[np.float32]:
    """Return vectors ``(..., d)`` divided by their norms; a vector of zeros stays one."""
    wide = vectors.astype(np.float64)
    norms = np.linalg.norm(wide, axis=-1, keepdims=True)
    unit: NDArray[np.float32] = (wide / np.where(norms > 0, norms, 1)).astype(np.float32)
    return unit


def cosine_distances(query: FloatArray, candidates: FloatArray) -> FloatArray:
    """Return the cosine distance of a query ``(d,)`` to each candidate ``(n, d)``, ``(n,)``.

    Both hold unit vectors, as ``to_unit`` gives them. A vector of zeros has a distance of 1 to
    every other. Raises ValueError if the sizes differ.
    """
    if query.shape != candidates.shape[1:]:
        raise ValueError(
            f"expected candidates of {query.shape[-1]} numbers, got {candidates.shape[-1]}"
        )
    return _to_distances(candidates @ query)


def _to_distances(cosines: FloatArray) -> FloatArray:
    distances: FloatArray = 1 - cosines
    # Rounding may leave equal vectors with a cosine just above 1.
    return np.maximum(distances, 0, out=distances)
