"""Vector indexes: the vectors of each embedding for the works of a set, and when they are fitted.

The embedding that ships with the app serves from the first work on, if it suits the weights. From
256 works on, an embedding that gains by it is fitted to a sample of the collection; one that does
not ship, from 64 works on. Then all works are embedded again, a chunk at a time, while the previous
index still serves. No image is read. Vectors that only pictures give are kept as works are indexed;
those of another version have an index of their own.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import lru_cache

import numpy as np
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from .. import files
from ..conf import conf
from ..core.descriptors import Descriptor, Provenance
from ..core.embedding import FittedEmbedding, Vectors
from ..core.errors import DescriptorError
from ..models import DescriptorSet, StoredDescriptor, VectorIndex
from ..stores import import_vector_store
from ..stores.vector_base import VectorStore
from . import embeddings, reading, sets
from .embeddings import Embedding

logger = logging.getLogger(__name__)

#: Works from which an embedding that ships is fitted to the collection, and one that does not.
MINIMUM_FIT = 256
MINIMUM_FIRST = 64
#: An embedding is fitted again when the collection has grown by this factor.
GROWTH = 4
#: The most works of a sample.
FIT_WORKS = 4096
#: Works that are embedded in one transaction.
CHUNK = 64
#: Time to keep a replaced index, so that searches that began with it can finish.
KEPT_FOR = timedelta(minutes=1)


def open_store(index: VectorIndex) -> VectorStore:
    """Return the store of an index."""
    return import_vector_store(index.store)(index)


def fitted_to(index: VectorIndex, embedding: Embedding) -> FittedEmbedding:
    """Return what the vectors of an index were computed by.

    Raises FileNotFoundError or DescriptorError if that is lost, or ships no more.
    """
    if embedding.fitted is None:
        raise ValueError(f"the embedding {embedding.name!r} is computed from pictures")
    if index.fitted_name:
        return _read_fitted(embedding.fitted, index.fitted_name)
    shipped = embedding.fitted.shipped()
    if shipped.digest != index.digest:
        raise DescriptorError("descriptor_provenance", left=index.digest, right=shipped.digest)
    return shipped


@lru_cache(maxsize=4)
def _read_fitted(kind: type[FittedEmbedding], name: str) -> FittedEmbedding:
    return kind.from_bytes(files.read(name))


def add(stored: StoredDescriptor, descriptor: Descriptor, embedded: Mapping[str, Vectors]) -> None:
    """Keep the vectors of a work in each index of its set, including one in preparation.

    ``embedded`` holds the vectors that were computed from the picture, by embedding. Call this in
    the transaction that wrote ``stored``, with the lock on its set.
    """
    for embedding in embeddings.registered():
        indexes = list(_indexes(stored.descriptor_set, embedding))
        if (not indexes or _is_outdated(indexes[-1], embedding)) and (
            first := _begin(stored.descriptor_set, embedding)
        ):
            indexes.append(first)
        for index in indexes:
            vectors = _embed(index, embedding, descriptor, embedded)
            if vectors is not None:
                open_store(index).add({stored.pk: vectors})


def maintain(descriptor_set: DescriptorSet, go_on: Callable[[], bool]) -> bool:
    """Fit what is due and embed the works that an index lacks, while ``go_on()``.

    Return whether nothing is left to do. An embedding is left alone while its fit is lost and it
    cannot be fitted again. Raises StorageUnavailable.
    """
    for embedding in embeddings.registered():
        try:
            if _is_due(descriptor_set, embedding):
                _renew(descriptor_set, embedding, go_on)
            latest = _indexes(descriptor_set, embedding).last()
            if latest is not None and embedding.fitted is not None:
                _fill(latest, embedding, go_on)
        except _Stopped:
            return False
        except (FileNotFoundError, DescriptorError):
            logger.exception("the vectors of %s could not be completed", embedding.name)
        _drop_outdated(descriptor_set, embedding)
    return True


def _indexes(descriptor_set: DescriptorSet, embedding: Embedding) -> QuerySet[VectorIndex]:
    return VectorIndex.objects.filter(
        descriptor_set=descriptor_set, embedding=embedding.name
    ).order_by("pk")


def _begin(descriptor_set: DescriptorSet, embedding: Embedding) -> VectorIndex | None:
    """Create the first index, of what ships or needs no fit; None if there is no such thing."""
    digest = _digest_without_fit(embedding, descriptor_set.to_provenance())
    if digest is None:
        return None
    others = StoredDescriptor.objects.filter(descriptor_set=descriptor_set).count() > 1
    # Works that are there already are embedded from their descriptors, if at all.
    ready = embedding.fitted is None or not others
    return VectorIndex.objects.create(
        descriptor_set=descriptor_set,
        embedding=embedding.name,
        digest=digest,
        store=conf.store,
        ready_at=timezone.now() if ready else None,
    )


def _digest_without_fit(embedding: Embedding, provenance: Provenance) -> str | None:
    if embedding.fitted is None:
        return embedding.digest
    shipped = embedding.fitted.shipped()
    return shipped.digest if shipped.suits(provenance) else None


def _embed(
    index: VectorIndex,
    embedding: Embedding,
    descriptor: Descriptor,
    embedded: Mapping[str, Vectors],
) -> Vectors | None:
    """Return the vectors of a work; None for one that only its picture can give, or if the fit is
    lost."""
    if embedding.fitted is None:
        return embedded.get(embedding.name) if index.digest == embedding.digest else None
    try:
        return fitted_to(index, embedding).describe(descriptor)
    except (FileNotFoundError, DescriptorError):
        logger.exception("the fit of the vector index %s is lost", index.pk)
        return None


def _is_outdated(index: VectorIndex, embedding: Embedding) -> bool:
    """Return whether an index holds vectors that pictures are not embedded by any more."""
    return embedding.fitted is None and index.digest != embedding.digest


def _is_due(descriptor_set: DescriptorSet, embedding: Embedding) -> bool:
    """Return whether another index would be better than the latest, or there is none."""
    latest = _indexes(descriptor_set, embedding).last()
    if latest is None or latest.store != conf.store or _is_outdated(latest, embedding):
        return True
    if embedding.fitted is None:
        return False
    works = StoredDescriptor.objects.filter(descriptor_set=descriptor_set).count()
    ships = embedding.fitted.shipped().suits(descriptor_set.to_provenance())
    due_at = max(least_works_to_fit(embedding.fitted, ships), GROWTH * latest.collection_size)
    return works >= due_at or _is_lost(latest, embedding)


def least_works_to_fit(fitted: type[FittedEmbedding], ships: bool) -> float:
    """Return from how many works an embedding is fitted; ``ships`` if one ships for the network."""
    if not ships:
        return MINIMUM_FIRST
    return MINIMUM_FIT if fitted.refits else math.inf


def _is_lost(index: VectorIndex, embedding: Embedding) -> bool:
    """Return whether the fit of an index cannot be read, or ships no more."""
    if index.fitted_name and not files.exists(index.fitted_name):
        # This process may still remember it.
        return True
    try:
        fitted_to(index, embedding)
    except (FileNotFoundError, DescriptorError):
        return True
    return False


def _renew(descriptor_set: DescriptorSet, embedding: Embedding, go_on: Callable[[], bool]) -> None:
    """Create another index, fitted to the collection if that is large enough.

    It serves once it is filled; one of vectors that only pictures give serves at once. Raises
    _Stopped.
    """
    described = StoredDescriptor.objects.filter(descriptor_set=descriptor_set)
    works = described.count()
    digest = _digest_without_fit(embedding, descriptor_set.to_provenance())
    fitted_name, size = "", 0
    fitted_class = embedding.fitted
    if fitted_class is not None and works >= least_works_to_fit(fitted_class, digest is not None):
        try:
            fitted = fitted_class.fit_collection(_sample(described, go_on))
        except ValueError:
            # Descriptors could not be read, so that fewer are left than were counted.
            logger.exception("the embedding %s could not be fitted", embedding.name)
            return
        fitted_name = files.write("calibrations", "safetensors", fitted.to_bytes())
        digest, size = fitted.digest, works
    if digest is None:
        return
    with files.kept_if_used([fitted_name] if fitted_name else []) as unused:
        with transaction.atomic():
            sets.lock(descriptor_set.pk)
            _indexes(descriptor_set, embedding).filter(ready_at=None).delete()
            VectorIndex.objects.create(
                descriptor_set=descriptor_set,
                embedding=embedding.name,
                digest=digest,
                fitted_name=fitted_name,
                collection_size=size,
                store=conf.store,
                ready_at=timezone.now() if embedding.fitted is None else None,
            )
        unused.clear()


class _Stopped(Exception):
    """The time for maintenance is over."""


def _sample(
    described: QuerySet[StoredDescriptor], go_on: Callable[[], bool]
) -> Callable[[], Iterator[Descriptor]]:
    """Return what reads a random sample of works, the same works each time."""
    rows = list(described.order_by("pk").values_list("pk", "file_name"))
    order = np.random.default_rng(len(rows)).permutation(len(rows))
    sample = dict(rows[index] for index in order[:FIT_WORKS])

    def read() -> Iterator[Descriptor]:
        for number, (_key, descriptor) in enumerate(reading.read_each(sample)):
            if number % CHUNK == 0 and not go_on():
                raise _Stopped
            yield descriptor

    return read


def _fill(index: VectorIndex, embedding: Embedding, go_on: Callable[[], bool]) -> None:
    """Embed the works that an index lacks, and make it serve once it lacks none.

    Raises _Stopped, or as ``fitted_to`` does.
    """
    store = open_store(index)
    described = StoredDescriptor.objects.filter(descriptor_set=index.descriptor_set_id)
    while True:
        chunk = dict(store.lacking(described).order_by("pk").values_list("pk", "file_name")[:CHUNK])
        embedded = {}
        if chunk:
            fitted = fitted_to(index, embedding)
            embedded = {key: fitted.describe(each) for key, each in reading.read_each(chunk)}
        with transaction.atomic():
            sets.lock(index.descriptor_set_id)
            VectorIndex.objects.only("pk").get(pk=index.pk)
            lacking = store.lacking(described)
            still = set(lacking.filter(pk__in=embedded).values_list("pk", flat=True))
            store.add({key: each for key, each in embedded.items() if key in still})
            if not chunk and not lacking.exists():
                waiting = VectorIndex.objects.filter(pk=index.pk, ready_at=None)
                waiting.update(ready_at=timezone.now())
                return
        if not go_on():
            raise _Stopped


def _drop_outdated(descriptor_set: DescriptorSet, embedding: Embedding) -> None:
    """Delete the indexes that were replaced a minute ago or earlier."""
    every = _indexes(descriptor_set, embedding)
    serving = every.filter(ready_at__lte=timezone.now() - KEPT_FOR).last()
    if serving is not None:
        every.filter(pk__lt=serving.pk).delete()
