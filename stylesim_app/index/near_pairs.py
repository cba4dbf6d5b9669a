"""Near pairs of the lanes that compare vectors: each work with the nearest of those before it.

A worker compares a work once all that came before it were, so that each pair is looked at once. A
list belongs to one vector index: when an embedding is fitted again, its pairs are found again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from ..models import DescriptorSet, NearPair, PairList, StoredDescriptor, VectorIndex
from . import scales, vectors
from .embeddings import Embedding
from .serving import Serving

logger = logging.getLogger(__name__)

#: Pairs that are kept of each work.
KEPT = 5
#: Works whose pairs are written in one transaction.
BLOCK = 16


@dataclass(frozen=True)
class Comparison:
    """The vectors of an embedding, with weights of their parts, by which a lane compares pairs."""

    embedding: Embedding
    weights: scales.Weights = ()


_registered: dict[str, Comparison] = {}


def register(lane: str, comparison: Comparison | None) -> None:
    """Keep the near pairs of a lane from now on; none without a comparison."""
    _registered.pop(lane, None)
    if comparison is not None:
        _registered[lane] = comparison


def registered() -> dict[str, Comparison]:
    """Return what each lane with near pairs compares by, by the name of the lane."""
    return dict(_registered)


def serving_list(lane: str, serving: Serving) -> PairList | None:
    """Return the list of a lane for the index that serves; None if there is none yet."""
    index = serving.vector_index(_registered[lane].embedding.name)
    return PairList.objects.filter(vector_index=index, lane=lane).first() if index else None


def compare_waiting(descriptor_set: DescriptorSet, go_on: Callable[[], bool]) -> bool:
    """Find the pairs of the works that were not compared yet, while ``go_on()``.

    Return whether none is left. Raises VectorIndex.DoesNotExist if an index was replaced meanwhile.
    """
    for lane, comparison in registered().items():
        index = Serving(descriptor_set).vector_index(comparison.embedding.name)
        if index is None:
            continue
        pair_list = _open_list(index, lane)
        while block := _waiting(pair_list, descriptor_set):
            _compare(pair_list, index, comparison, block)
            pair_list = _open_list(index, lane)
            if not go_on():
                return False
    return True


def _open_list(index: VectorIndex, lane: str) -> PairList:
    """Return the list of a lane as it is now. Raises VectorIndex.DoesNotExist."""
    try:
        with transaction.atomic():
            return PairList.objects.get_or_create(vector_index=index, lane=lane)[0]
    except IntegrityError as error:
        raise VectorIndex.DoesNotExist from error


def _waiting(pair_list: PairList, descriptor_set: DescriptorSet) -> list[int]:
    """Return the keys of the next works; within a set, works are committed in this order."""
    stored = StoredDescriptor.objects.filter(
        descriptor_set=descriptor_set, pk__gt=pair_list.compared_to
    )
    return list(stored.order_by("pk").values_list("pk", flat=True)[:BLOCK])


def _compare(
    pair_list: PairList, index: VectorIndex, comparison: Comparison, block: list[int]
) -> None:
    """Write the pairs of a block of works, unless another process was faster.

    Works without vectors, which an index of vectors from pictures may lack, have no pairs.
    """
    store = vectors.open_store(index)
    described = StoredDescriptor.objects.filter(descriptor_set=index.descriptor_set_id)
    pairs = []
    for key, found in store.read(block).items():
        (query,) = scales.weigh(found.numbers[:1], comparison.weights)
        pairs += [
            NearPair(
                pair_list=pair_list, later_id=key, earlier_id=near.stored, distance=near.distance
            )
            for near in store.nearest(query, described.filter(pk__lt=key), KEPT)
        ]
    try:
        with transaction.atomic():
            unchanged = PairList.objects.filter(pk=pair_list.pk, compared_to=pair_list.compared_to)
            if unchanged.update(compared_to=block[-1]):
                NearPair.objects.bulk_create(pairs)
    except IntegrityError:
        logger.info("a work was deleted while its pairs were found; they are found again")
