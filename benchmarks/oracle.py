"""The formula over a complete collection, in float64."""

from __future__ import annotations

import numpy as np
from django.db.models import QuerySet

from stylesim_app import files
from stylesim_app.core.descriptors import LAYERS
from stylesim_app.core.distances import DistanceParts
from stylesim_app.index.neighbours import LIST_LENGTH, WEIGHTING
from stylesim_app.models import StoredDescriptor


def measure_all(names: list[str]) -> list[DistanceParts]:
    """Return the parts of each work to all, in the order of the files. Memory: 1 MB a work."""
    works = len(names)
    parts = np.zeros((works, works, len(LAYERS)))
    for index, layer in enumerate(LAYERS):
        rows = np.stack([files.read_descriptor(name).layer(layer) for name in names])
        wide = rows.astype(np.float64)
        # Around the mean the norms are small, so that their difference keeps its digits.
        wide -= wide.mean(axis=0)
        products = wide @ wide.T
        squares = np.diagonal(products)
        parts[:, :, index] = np.sqrt(np.maximum(squares[:, None] + squares - 2 * products, 0))
    return [DistanceParts(each[:, :-1], each[:, -1]) for each in parts]


def true_neighbours(stored: QuerySet[StoredDescriptor]) -> dict[int, list[int]]:
    """Return the exact list of neighbours of each work, by stored descriptor."""
    rows = list(stored.order_by("entry__artwork").values_list("pk", "file_name"))
    keys = np.array([key for key, _ in rows])
    lists = {}
    for at, parts in enumerate(measure_all([name for _, name in rows])):
        order = np.argsort(parts.distances(WEIGHTING), kind="stable")
        lists[int(keys[at])] = keys[order[order != at][:LIST_LENGTH]].tolist()
    return lists
