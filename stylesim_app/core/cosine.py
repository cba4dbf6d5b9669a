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


def centred_cosine_distances(
    query: FloatArray, candidates: FloatArray, mean: FloatArray
) -> FloatArray:
    """Return the cosine distances ``(n,)`` of content descriptors after subtraction of a mean.

    ``query`` and ``mean`` are ``(d,)``, ``candidates`` is ``(n, d)``. The mean is that of a sample
    of the collection: what all pictures share no longer makes them look near, so that fewer
    pictures are neighbours of nearly all others (Suzuki et al.: Centering Similarity Measures to
    Reduce Hubs, EMNLP 2013). Raises ValueError if the sizes differ.
    """
    if not query.shape == mean.shape == candidates.shape[1:]:
        raise ValueError(
            f"expected a query and candidates of {mean.shape[-1]} numbers, "
            f"got {query.shape[-1]} and {candidates.shape[-1]}"
        )
    return cosine_distances(to_unit(query - mean), to_unit(candidates - mean))


def bound_centred_cosines(
    z: tuple[FloatArray, FloatArray],
    squares: tuple[float, FloatArray],
    residuals: tuple[float, FloatArray],
) -> tuple[FloatArray, FloatArray]:
    """Return the estimate and the possible error of centred cosine distances, each ``(n,)``.

    Each argument is a pair, of the query and of ``n`` candidates, from compact descriptors: ``z``
    is ``(m,)`` and ``(n, m)``, ``squares`` is ``||x - mean||^2`` and ``residuals`` is ``r``. The
    inner product of the parts that the projection drops lies between ``-r_A r_B`` and ``r_A r_B``,
    so the distance is within the error of the estimate.
    """
    norms = np.sqrt(squares[0] * squares[1])
    norms = np.where(norms > 0, norms, np.inf)
    errors: FloatArray = residuals[0] * residuals[1] / norms
    return 1 - z[1] @ z[0] / norms, errors


def _to_distances(cosines: FloatArray) -> FloatArray:
    distances: FloatArray = 1 - cosines
    # Rounding may leave equal vectors with a cosine just above 1.
    return np.maximum(distances, 0, out=distances)
