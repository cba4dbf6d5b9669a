"""Scales of the vector lanes, computed from a sample of the vectors that serve."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ..core.embedding import weigh_parts
from ..core.scale import PairScale, scale_of_pairs
from ..models import StoredDescriptor, VectorIndex
from . import vectors

#: Works of a sample: 130,816 pairs.
SAMPLE = 512
MINIMUM_WORKS = 4

#: Weights of the parts of a picture's vector, in an order of their own; empty for all numbers.
Weights = tuple[tuple[str, float], ...]


def scale_of(index: VectorIndex, weights: Weights = ()) -> PairScale | None:
    """Return the scale of an index for weights of parts; None while there are fewer than 4 works.

    It is kept by the process until the collection has doubled.
    """
    count = StoredDescriptor.objects.filter(descriptor_set=index.descriptor_set_id).count()
    return _sample(index.pk, weights, count.bit_length()) if count >= MINIMUM_WORKS else None


@lru_cache(maxsize=32)
def _sample(index_id: int, weights: Weights, _magnitude: int) -> PairScale | None:
    index = VectorIndex.objects.get(pk=index_id)
    described = StoredDescriptor.objects.filter(descriptor_set=index.descriptor_set_id)
    keys = np.array(described.order_by("pk").values_list("pk", flat=True))
    generator = np.random.default_rng(len(keys))
    chosen = generator.permutation(keys)[:SAMPLE].tolist()
    sample = [each.numbers for each in vectors.open_store(index).read(chosen).values()]
    if len(sample) < MINIMUM_WORKS:
        return None
    # A long picture has more regions than the others.
    most = max(len(numbers) for numbers in sample)
    candidates = np.stack([np.resize(numbers, (most, numbers.shape[1])) for numbers in sample])
    queries = candidates[np.arange(len(sample)), generator.integers(0, most, len(sample))]
    if weights:
        queries = np.stack([weigh_parts(query, dict(weights)) for query in queries])
    return scale_of_pairs(queries, candidates)
