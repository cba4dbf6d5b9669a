"""Lists of neighbours for a large collection, by the estimates of compact descriptors alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from stylesim_app.core.descriptors import CONTENT_LAYER, LAYERS, STYLE_LAYERS
from stylesim_app.index.neighbours import LIST_LENGTH, WEIGHTING
from stylesim_app.models import Neighbour, StoredDescriptor

BLOCK = 64


class Estimates:
    """Estimated distances at the default weights between all works, a block at a time."""

    def __init__(self, table: Any) -> None:
        self.style = np.concatenate([table.z[layer] for layer in STYLE_LAYERS], axis=1)
        self.content = np.asarray(table.z[CONTENT_LAYER])
        self.style_squares = sum(table.norms[layer][:, 0] for layer in STYLE_LAYERS)
        self.content_squares = table.norms[CONTENT_LAYER][:, 0]

    def block(self, rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """Return distances of some works to all, infinite to themselves, ``(len(rows), n)``."""
        style = self._squares(self.style, self.style_squares, rows) / len(STYLE_LAYERS)
        content = self._squares(self.content, self.content_squares, rows)
        distances = np.sqrt(style) + np.float32(WEIGHTING.content_weight) * np.sqrt(content)
        distances[np.arange(len(rows)), rows] = np.inf
        return distances

    @staticmethod
    def _squares(
        z: NDArray[np.float32], squares: NDArray[np.float32], rows: NDArray[np.intp]
    ) -> NDArray[np.float32]:
        found = squares[rows][:, None] + squares - 2 * (z[rows] @ z.T)
        return np.maximum(found, 0)


def fill_reaches(estimates: Estimates, stored: NDArray[np.int64]) -> NDArray[np.float32]:
    """Mark every list as made, set its reach, and return the reaches."""
    works = len(stored)
    reaches = np.empty(works, np.float32)
    for start in range(0, works, BLOCK):
        rows = np.arange(start, min(start + BLOCK, works))
        distances = np.partition(estimates.block(rows), LIST_LENGTH - 1, axis=1)
        reaches[rows] = distances[:, LIST_LENGTH - 1]
    for start in range(0, works, 2000):
        changed = [
            StoredDescriptor(
                pk=int(pk), list_state="whole", list_reach=float(reach), list_horizon=np.inf
            )
            for pk, reach in zip(
                stored[start : start + 2000], reaches[start : start + 2000], strict=True
            )
        ]
        StoredDescriptor.objects.bulk_update(
            changed, ["list_state", "list_reach", "list_horizon"], batch_size=500
        )
    return reaches


def fill_lists(estimates: Estimates, stored: NDArray[np.int64], rows: NDArray[np.intp]) -> None:
    """Write the lists of some works."""
    for start in range(0, len(rows), BLOCK):
        owners = rows[start : start + BLOCK]
        distances = estimates.block(owners)
        nearest = np.argpartition(distances, LIST_LENGTH, axis=1)[:, :LIST_LENGTH]
        Neighbour.objects.bulk_create(
            Neighbour(
                owner_id=int(stored[owner]),
                neighbour_id=int(stored[other]),
                distance=float(distances[at, other]),
                **dict.fromkeys(LAYERS, float(distances[at, other])),
            )
            for at, owner in enumerate(owners)
            for other in nearest[at]
        )
