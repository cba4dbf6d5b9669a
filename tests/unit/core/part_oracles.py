"""The parts of an embedding from their definitions, literally and in float64.

Each function returns the cosines of all pairs. The small network has fewer channels than a part has
numbers, so that a basis of the channels of style or of regions drops nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from stylesim_app.core.boxes import Box, grid
from stylesim_app.core.descriptors import Descriptor, unpack_symmetric
from stylesim_app.core.rmac import to_map
from tests.synthetic import SMALL_BASIS, SMALL_CHANNELS


def cosines(rows: np.ndarray) -> np.ndarray:
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit @ unit.T


def style(works: Sequence[Descriptor], layer: str, size: int) -> np.ndarray:
    """Fourth root of the Gram matrix, centring, PCA whitening."""
    grams = [unpack_symmetric(work.style[layer], SMALL_CHANNELS).astype(float) for work in works]
    roots = []
    for gram in grams:
        values, vectors = np.linalg.eigh(gram)
        values = np.maximum(values, 1e-6 * values.max())
        root = vectors @ np.diag(values**0.25) @ vectors.T
        # The norm of the packed matrix is that of the matrix.
        roots.append(root.reshape(-1))
    rows = np.array(roots) - np.mean(roots, axis=0)
    left, values, _ = np.linalg.svd(rows, full_matrices=False)
    assert values[0] > 0
    return cosines(left[:, : min(size, np.linalg.matrix_rank(rows))])


def content(works: Sequence[Descriptor], size: int) -> np.ndarray:
    """Centring, the channels in which maps differ most, principal components."""
    rows = np.array([work.content.astype(float) for work in works])
    maps = (rows - rows.mean(axis=0)).reshape(len(works), SMALL_CHANNELS, -1)
    spread = sum(each @ each.T for each in maps)
    basis = np.linalg.eigh(spread)[1][:, ::-1][:, :SMALL_BASIS]
    reduced = np.array([(basis.T @ each).reshape(-1) for each in maps])
    components = np.linalg.svd(reduced, full_matrices=False)[2][:size]
    return cosines(reduced @ components.T)


def maxima(feature_map: np.ndarray, box: Box) -> np.ndarray:
    """The largest number of each channel in the cells that share an area with the box, as a unit
    vector."""
    channels, height, width = feature_map.shape
    found = np.full(channels, -np.inf)
    for row in range(height):
        for column in range(width):
            across = min((column + 1) / width, box.left + box.width) - max(column / width, box.left)
            down = min((row + 1) / height, box.top + box.height) - max(row / height, box.top)
            if across > 1e-6 and down > 1e-6:
                found = np.maximum(found, feature_map[:, row, column].astype(np.float64))
    return found / math.sqrt(float(found @ found))


def rmac(works: Sequence[Descriptor]) -> tuple[np.ndarray, np.ndarray]:
    """Maxima of 14 boxes, whitened: of pictures, as sums of their regions, and of all regions."""
    pooled = np.array([[maxima(to_map(work.content), box) for box in grid(3)] for work in works])
    rows = pooled.reshape(-1, pooled.shape[-1])
    rows = rows - rows.mean(axis=0)
    values, vectors = np.linalg.eigh(rows.T @ rows / len(rows))
    whitened = rows @ vectors / np.sqrt(values)
    whitened /= np.linalg.norm(whitened, axis=1, keepdims=True)
    return cosines(whitened.reshape(len(works), 14, -1).sum(axis=1)), cosines(whitened)
