"""Scales of the vector lanes, computed from a sample of the vectors that serve."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..core.embedding import weigh_parts
from ..core.local_scaling import FEWEST, LocalScaling
from ..core.scale import PairScale, scale_of_pairs
from ..models import StoredDescriptor, VectorIndex
from . import vectors

#: Works of a sample: 523,776 pairs.
SAMPLE = 1024
MINIMUM_WORKS = 4

#: Weights of the parts of a picture's vector, in an order of their own; empty for all numbers.
Weights = tuple[tuple[str, float], ...]


@dataclass(frozen=True, eq=False)
class Sample:
    """Random works of an index: their keys ``(n,)`` and vectors ``(n, k, d)``."""

    keys: NDArray[np.int64]
    vectors: NDArray[np.float32]


def scale_of(
    index: VectorIndex, weights: Weights = (), *, locally: bool = False
) -> PairScale | None:
    """Return the scale of an index for weights of parts; None while there are fewer than 4 works.

    It is kept by the process until the collection has doubled.
    """
    magnitude = _magnitude(index)
    return _scale(index.pk, weights, locally, magnitude) if magnitude else None


def local_scaling(index: VectorIndex, weights: Weights) -> LocalScaling | None:
    """Return the local scaling of an index of one vector a work; None while it has few works."""
    magnitude = _magnitude(index)
    return _local_scaling(index.pk, weights, magnitude) if magnitude else None


def forget() -> None:
    """Forget all samples."""
    for kept in (_sample, _scale, _local_scaling):
        kept.cache_clear()


def _magnitude(index: VectorIndex) -> int:
    """Return a number that grows when the collection has doubled; 0 for fewer than 4 works."""
    count = StoredDescriptor.objects.filter(descriptor_set=index.descriptor_set_id).count()
    return count.bit_length() if count >= MINIMUM_WORKS else 0


@lru_cache(maxsize=32)
def _scale(index_id: int, weights: Weights, locally: bool, magnitude: int) -> PairScale | None:
    sample = _sample(index_id, magnitude)
    if len(sample.keys) < MINIMUM_WORKS:
        return None
    count, most = sample.vectors.shape[:2]
    own = np.random.default_rng(count).integers(0, most, count)
    queries = weigh(sample.vectors[np.arange(count), own], weights)
    scaling = _local_scaling(index_id, weights, magnitude) if locally else None
    offsets = None if scaling is None else scaling.offsets(sample.vectors[:, 0], sample.keys)
    return scale_of_pairs(queries, sample.vectors, offsets)


@lru_cache(maxsize=32)
def _local_scaling(index_id: int, weights: Weights, magnitude: int) -> LocalScaling | None:
    sample = _sample(index_id, magnitude)
    if len(sample.keys) < FEWEST:
        return None
    first = sample.vectors[:, 0]
    return LocalScaling.fit(first, weigh(first, weights), sample.keys)


@lru_cache(maxsize=8)
def _sample(index_id: int, _magnitude: int) -> Sample:
    index = VectorIndex.objects.get(pk=index_id)
    described = StoredDescriptor.objects.filter(descriptor_set=index.descriptor_set_id)
    keys = np.array(described.order_by("pk").values_list("pk", flat=True), np.int64)
    chosen = np.random.default_rng(len(keys)).permutation(keys)[:SAMPLE].tolist()
    found = vectors.open_store(index).read(chosen)
    # A long picture has more regions than the others.
    most = max((len(each.numbers) for each in found.values()), default=1)
    rows = [np.resize(each.numbers, (most, each.numbers.shape[1])) for each in found.values()]
    return Sample(np.array(list(found), np.int64), np.array(rows, np.float32))


def weigh(queries: NDArray[np.float32], weights: Weights) -> NDArray[np.float32]:
    """Return vectors ``(n, d)`` as queries, by the weights of their parts."""
    if not weights:
        return queries
    return np.stack([weigh_parts(query, dict(weights)) for query in queries])
