"""Compact indexes: the compression of the descriptors of a set, and their search in a store.

Bases are fitted together with a calibration; then all works are projected, a chunk at a time, while
the previous index still serves; the switch is one transaction. A worker that stops half-way leaves
an index that is not ready, and the next worker continues it. No image is read.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from functools import lru_cache

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from .. import files
from ..core.compression import Compressor
from ..core.descriptors import Descriptor
from ..core.errors import DescriptorError
from ..models import CompactIndex, DescriptorSet, StoredDescriptor
from ..stores import import_store
from ..stores.base import CompactStore
from . import reading, sets

logger = logging.getLogger(__name__)

#: Works that are projected in one transaction.
CHUNK = 64
#: Time to keep a replaced index, so that searches that began with it can finish.
KEPT_FOR = timedelta(minutes=1)


def open_store(index: CompactIndex) -> CompactStore:
    """Return the store of an index.

    Raises FileNotFoundError or DescriptorError if its bases are lost.
    """
    if not index.bases_name:
        raise FileNotFoundError
    return import_store(index.store)(index, _read_compressor(index.bases_name))


@lru_cache(maxsize=2)
def _read_compressor(name: str) -> Compressor:
    return Compressor.from_bytes(files.read(name))


def add_to_stores(stored: StoredDescriptor, descriptor: Descriptor) -> None:
    """Compress a descriptor for each index of its set, including one in preparation.

    Call this in the transaction that wrote ``stored``; the lock on the set keeps out a switch.
    """
    sets.lock(stored.descriptor_set_id)
    for index in CompactIndex.objects.filter(descriptor_set=stored.descriptor_set_id):
        try:
            store = open_store(index)
        except (FileNotFoundError, DescriptorError):
            logger.exception("the bases of index %s are lost", index.pk)
            # A process that still has the bases in memory would miss this work.
            CompactIndex.objects.filter(pk=index.pk).update(bases_name="", store="")
        else:
            store.add({stored.pk: descriptor})


def unfinished(descriptor_set: DescriptorSet) -> CompactIndex | None:
    """Return the index that is being prepared."""
    return CompactIndex.objects.filter(descriptor_set=descriptor_set, ready_at__isnull=True).last()


def prepare(index: CompactIndex, go_on: Callable[[], bool]) -> bool:
    """Project the works that an index lacks, while ``go_on()``; return whether it is ready.

    Raises FileNotFoundError or DescriptorError if the bases are lost, and CompactIndex.DoesNotExist
    if another process has begun a newer one.
    """
    store = open_store(index)
    store.prepare()
    described = StoredDescriptor.objects.filter(descriptor_set=index.descriptor_set_id)
    while True:
        chunk = dict(store.lacking(described).order_by("pk").values_list("pk", "file_name")[:CHUNK])
        if not chunk and _switch(index, store, described):
            return True
        descriptors = dict(reading.read_each(chunk))
        with transaction.atomic():
            sets.lock(index.descriptor_set_id)
            CompactIndex.objects.only("pk").get(pk=index.pk)
            still = store.lacking(described.filter(pk__in=descriptors)).values_list("pk", flat=True)
            store.add({pk: descriptors[pk] for pk in still})
        if not go_on():
            return False


def _switch(
    index: CompactIndex, store: CompactStore, described: QuerySet[StoredDescriptor]
) -> bool:
    """Make an index serve, unless it lacks a work that was stored meanwhile."""
    with transaction.atomic():
        sets.lock(index.descriptor_set_id)
        if store.lacking(described).exists():
            return False
        CompactIndex.objects.filter(pk=index.pk).update(ready_at=timezone.now())
    return True


def drop_outdated(descriptor_set: DescriptorSet) -> None:
    """Delete the indexes that were replaced a minute ago or earlier."""
    every = CompactIndex.objects.filter(descriptor_set=descriptor_set)
    serving = every.filter(ready_at__lte=timezone.now() - KEPT_FOR).last()
    if serving is not None:
        every.filter(pk__lt=serving.pk).delete()
