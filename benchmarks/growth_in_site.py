"""Inside a site: the cost of the n-th work after extraction."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from stylesim_app import files
from stylesim_app.index import neighbours, reading
from stylesim_app.index.neighbours import WEIGHTING
from stylesim_app.models import Neighbour

from .collection import Collection
from .lists import Estimates, fill_lists, fill_reaches

SIZES = (1_000, 3_000, 10_000, 30_000, 100_000)
NEW_WORKS = 12
#: Exact descriptors that may be read, the default.
BUDGET = 200


def measure(_store: str, *sizes: str) -> Iterator[dict[str, Any]]:
    collection = Collection()
    for works in map(int, sizes or SIZES):
        collection.grow(works)
        yield {"works": works, **_measure(collection)}


def _measure(collection: Collection) -> dict[str, float]:
    described, store = collection.described, collection.embedded()
    keys = np.array(described.values_list("pk", flat=True))
    new = np.linspace(0, len(keys) - 1, NEW_WORKS).astype(int)
    _fill(collection, keys, new)
    owners = described.filter(list_state="whole")
    seconds: dict[str, list[float]] = {}
    reads = []
    for stored in described.filter(pk__in=keys[new].tolist()):
        descriptor = files.read_descriptor(stored.file_name)
        # Blends are written on their first read, which is excluded from the timing.
        [nearest] = neighbours._find([stored], [descriptor], store)
        reached = store.reachable(descriptor, WEIGHTING, owners).candidates[:BUDGET]
        reading.measure([(descriptor, reached)])
        reads.append(len(nearest.read.keys() | {each.stored for each in reached}))
        actions: dict[str, Callable[[], object]] = {
            "candidates": partial(store.shortlists, [descriptor], WEIGHTING, described, BUDGET),
            "reachable": partial(store.reachable, descriptor, WEIGHTING, owners),
            "all": partial(neighbours._enter, stored, store, lambda: True),
        }
        for name, action in actions.items():
            start = time.perf_counter()
            action()
            seconds.setdefault(name, []).append(time.perf_counter() - start)
    return {
        **{f"{name} ms": 1e3 * float(np.median(values)) for name, values in seconds.items()},
        "exact descriptors read": float(np.mean(reads)),
    }


def _fill(collection: Collection, keys: np.ndarray, new: np.ndarray) -> None:
    """Make the lists that the new works may enter; for the others, set only their reach."""
    estimates = Estimates(collection.table())
    reaches = fill_reaches(estimates, keys)
    Neighbour.objects.all().delete()
    near = np.zeros(len(keys), dtype=bool)
    for at in new:
        near |= estimates.block(np.array([at]))[0] <= 1.02 * reaches
    fill_lists(estimates, keys, np.flatnonzero(near))
    entered = keys[new].tolist()
    Neighbour.objects.filter(neighbour__in=entered).delete()
    Neighbour.objects.filter(owner__in=entered).delete()
    collection.described.filter(pk__in=entered).update(list_state="new")
