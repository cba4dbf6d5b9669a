"""Calibrations: the scale of distances in this collection, and the bases that compress it.

Both are fitted to one random sample. No image is read.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from itertools import islice

import numpy as np
from django.db import transaction
from django.utils.translation import gettext as _

from .. import files
from ..conf import conf
from ..core.calibration import sample_pairs
from ..core.compression import Compressor
from ..core.descriptors import Descriptor
from ..exceptions import StylesimError
from ..models import Calibration, CompactIndex, DescriptorSet, StoredDescriptor
from . import reading, sets

logger = logging.getLogger(__name__)

#: Works that a calibration needs.
MINIMUM_WORKS = 4
#: Number of works from which descriptors are compressed; below it, search reads exact ones.
MINIMUM_COMPRESSED = 64
#: A collection is calibrated again when it has grown by this factor.
GROWTH = 4
PAIR_WORKS = 256
FIT_WORKS = 1024
#: A table is rebuilt when this many times as many rows were ever added as there are works.
SPARSE = 2
#: Number of descriptors read between two calls of ``on_step``.
STEP = 64


def is_due(descriptor_set: DescriptorSet, *, idle: bool = False) -> bool:
    """Return whether a collection must be calibrated again.

    That is when it reaches 4, 8, 16, 32, 64, then 256, 1,024, 4,096 ... works, and when its bases
    are in another store than STYLESIM_STORE names. With ``idle``, also at every size below 64, when
    the bases are lost, and when most rows of the table belong to works that were replaced or
    deleted.
    """
    works = count_descriptors(descriptor_set)
    latest = Calibration.objects.filter(descriptor_set=descriptor_set).last()
    if latest is None:
        return works >= MINIMUM_WORKS
    size = latest.collection_size
    if size < MINIMUM_COMPRESSED:
        return works >= (size + 1 if idle else min(2 * size, MINIMUM_COMPRESSED))
    index = CompactIndex.objects.filter(descriptor_set=descriptor_set).last()
    if index is None or index.store != conf.store:
        return works >= MINIMUM_COMPRESSED
    if idle and not files.exists(index.bases_name):
        return works >= MINIMUM_COMPRESSED
    sparse = SPARSE * max(works, MINIMUM_COMPRESSED)
    if idle and index.ready_at is not None and index.length > sparse:
        return True
    return works >= GROWTH * size


def count_descriptors(descriptor_set: DescriptorSet) -> int:
    """Return the number of works that have a descriptor in a set."""
    return StoredDescriptor.objects.filter(descriptor_set=descriptor_set).count()


def fit(descriptor_set: DescriptorSet, on_step: Callable[[], object] = lambda: None) -> Calibration:
    """Measure a random sample and, from 64 works on, fit the bases of a compact index to it.

    The calibration serves at once, the index once it is prepared; an unfinished one is dropped.
    ``on_step`` is called as descriptors are read, and once before anything is written. Raises
    StylesimError while fewer than four works are indexed.
    """
    described = StoredDescriptor.objects.filter(descriptor_set=descriptor_set)
    rows = list(described.order_by("pk").values_list("pk", "file_name"))
    if len(rows) < MINIMUM_WORKS:
        raise StylesimError(
            _("A calibration needs at least %(minimum)d indexed works; there are %(count)d.")
            % {"minimum": MINIMUM_WORKS, "count": len(rows)}
        )
    # Seeded, so that calibrating twice gives the same numbers.
    order = np.random.default_rng(len(rows)).permutation(len(rows))
    sample = dict(rows[index] for index in order[:FIT_WORKS])

    readable: set[int] = set()

    def read() -> Iterator[Descriptor]:
        """Yield the descriptors that are still stored: works may be replaced meanwhile."""
        for number, (key, descriptor) in enumerate(reading.read_each(sample)):
            if number % STEP == 0:
                on_step()
            readable.add(key)
            yield descriptor

    descriptors = list(islice(read(), PAIR_WORKS))
    if len(descriptors) < MINIMUM_WORKS:
        raise StylesimError(
            _("Only %(count)d of %(total)d descriptors can be read.")
            % {"count": len(descriptors), "total": len(sample)}
        )
    pairs = sample_pairs(descriptors)
    compressed = len(rows) >= MINIMUM_COMPRESSED
    bases = Compressor.fit(read).to_bytes() if compressed else b""
    with files.kept_if_used() as unused:
        bases_name = ""
        if compressed:
            bases_name = files.write("calibrations", "safetensors", bases)
            unused.append(bases_name)
        file_name = files.write("calibrations", "safetensors", pairs.to_bytes())
        unused.append(file_name)
        on_step()
        calibration = _write(descriptor_set, len(rows), len(readable), file_name, bases_name)
        unused.clear()
    logger.info("calibrated on %d of %d works", len(readable), len(rows))
    return calibration


def _write(
    descriptor_set: DescriptorSet, works: int, sampled: int, file_name: str, bases_name: str
) -> Calibration:
    """Write the rows of a calibration and, with ``bases_name``, of a compact index."""
    with transaction.atomic():
        sets.lock(descriptor_set.pk)
        indexes = CompactIndex.objects.filter(descriptor_set=descriptor_set)
        if bases_name:
            indexes.filter(ready_at__isnull=True).delete()
            CompactIndex.objects.create(
                descriptor_set=descriptor_set,
                collection_size=works,
                bases_name=bases_name,
                store=conf.store,
            )
        else:
            indexes.delete()
        calibration = Calibration.objects.create(
            descriptor_set=descriptor_set,
            collection_size=works,
            sample_size=sampled,
            file_name=file_name,
        )
        before = Calibration.objects.filter(descriptor_set=descriptor_set, pk__lt=calibration.pk)
        before.delete()
    return calibration
