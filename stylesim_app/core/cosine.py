"""Unit vectors: the product of two is their cosine, and one minus that their distance, 0 to 2."""

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
