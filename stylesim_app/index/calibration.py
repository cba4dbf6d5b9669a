"""Calibrations: what distances mean in this collection, and how its descriptors are compressed.

A calibration is fitted to a random sample; then all works are projected, a chunk at a time, while
the one before still serves; the switch is one transaction. A worker that dies half-way leaves a
calibration that is not ready, and the next worker goes on with it. No image is read.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import islice

import numpy as np
from django.db import transaction
from django.db.models import QuerySet

from .. import files
from ..conf import conf
from ..core.calibration import PairSample, sample_pairs
from ..core.compression import Compressor
from ..core.descriptors import Descriptor
from ..core.errors import DescriptorError
from ..exceptions import StylesimError
from ..models import Calibration, DescriptorSet, StoredDescriptor
from ..stores import import_store
from ..stores.base import Store
from ..stores.unbounded import UnboundedStore
from . import reading, repair, sets

logger = logging.getLogger(__name__)

#: Works that a calibration needs.
MINIMUM_WORKS = 4
#: Works from which on descriptors are compressed; below, search reads exact ones.
MINIMUM_COMPRESSED = 64
#: A collection is calibrated again when it has grown by this factor.
GROWTH = 4
PAIR_WORKS = 256
FIT_WORKS = 1024
#: A table is made anew when so many times as many rows were ever added as there are works.
SPARSE = 2
#: Works that are projected in one transaction.
CHUNK = 64


def serving_calibration() -> Calibration | None:
    """The latest calibration of the serving set that is ready."""
    return latest_ready(sets.serving_set())


def latest_ready(descriptor_set: DescriptorSet | None) -> Calibration | None:
    return Calibration.objects.filter(descriptor_set=descriptor_set, ready=True).last()


def serving_pairs() -> PairSample | None:
    """The distances of random pairs of the collection.

    None while it has too few works, or if the file is lost; the next calibration writes another.
    """
    calibration = serving_calibration()
    if calibration is None:
        return None
    try:
        return _read_pairs(calibration.file_name)
    except (FileNotFoundError, DescriptorError):
        logger.exception("a calibration is lost; run stylesim_calibrate")
        return None


@lru_cache(maxsize=2)
def _read_pairs(name: str) -> PairSample:
    return PairSample.from_bytes(files.read(name))


def serving_store(descriptor_set: DescriptorSet | None) -> Store:
    """The store that bounds the distances of a set; one that bounds nothing, if bases are lost."""
    calibration = latest_ready(descriptor_set)
    try:
        return open_store(calibration)
    except (FileNotFoundError, DescriptorError):
        repair.require_storage()
        logger.exception("the bases of a calibration are lost; run stylesim_calibrate")
        return UnboundedStore()


def open_store(calibration: Calibration | None) -> Store:
    """Raises FileNotFoundError or DescriptorError if the bases are lost."""
    if calibration is None or not calibration.bases_name:
        return UnboundedStore()
    compressor = _read_compressor(calibration.bases_name)
    return import_store(calibration.store)(calibration, compressor)


@lru_cache(maxsize=2)
def _read_compressor(name: str) -> Compressor:
    return Compressor.from_bytes(files.read(name))


def add_to_stores(stored: StoredDescriptor, descriptor: Descriptor) -> None:
    """Compress a descriptor for each calibration of its set, the one in preparation included.

    In the transaction that wrote ``stored``; the set is locked, so that no switch comes between.
    """
    sets.lock(stored.descriptor_set_id)
    for calibration in Calibration.objects.filter(descriptor_set=stored.descriptor_set_id):
        try:
            store = open_store(calibration)
        except (FileNotFoundError, DescriptorError):
            logger.exception("the bases of calibration %s are lost", calibration.pk)
            # A process that still has them in memory would miss this work.
            Calibration.objects.filter(pk=calibration.pk).update(bases_name="", store="")
        else:
            store.add({stored.pk: descriptor})


def is_due(descriptor_set: DescriptorSet, *, idle: bool = False) -> bool:
    """Whether the collection reached 4, 8, 16, 32, 64, then 256, 1,024, 4,096 ... works since.

    While it is small also when a worker has nothing else to do; and if the bases are lost, or kept
    in another store than STYLESIM_STORE names, or if most rows of the table are of works that were
    replaced or deleted.
    """
    works = count_descriptors(descriptor_set)
    latest = Calibration.objects.filter(descriptor_set=descriptor_set).last()
    if latest is None:
        return works >= MINIMUM_WORKS
    size = latest.collection_size
    if size < MINIMUM_COMPRESSED:
        return works >= (size + 1 if idle else min(2 * size, MINIMUM_COMPRESSED))
    if latest.store != conf.store or (idle and not files.exists(latest.bases_name)):
        return works >= MINIMUM_COMPRESSED
    if idle and latest.ready and latest.length > SPARSE * max(works, MINIMUM_COMPRESSED):
        return True
    return works >= GROWTH * size


def unfinished(descriptor_set: DescriptorSet) -> Calibration | None:
    """The calibration that is being prepared."""
    return Calibration.objects.filter(descriptor_set=descriptor_set, ready=False).last()


def count_descriptors(descriptor_set: DescriptorSet) -> int:
    """How many works a set describes."""
    return StoredDescriptor.objects.filter(descriptor_set=descriptor_set).count()


def fit(descriptor_set: DescriptorSet, on_step: Callable[[], object] = lambda: None) -> Calibration:
    """Measure a random sample, and from 64 works on fit bases to it.

    One that was left unfinished is dropped. ``on_step`` is called as descriptors are read, and
    once before anything is written. Raises StylesimError while fewer than four works are indexed.
    """
    described = StoredDescriptor.objects.filter(descriptor_set=descriptor_set)
    rows = list(described.order_by("pk").values_list("pk", "file_name"))
    if len(rows) < MINIMUM_WORKS:
        raise StylesimError(
            f"A calibration needs at least {MINIMUM_WORKS} indexed works; there are {len(rows)}."
        )
    # Seeded, so that calibrating twice gives the same numbers.
    order = np.random.default_rng(len(rows)).permutation(len(rows))
    sample = dict(rows[index] for index in order[:FIT_WORKS])

    readable: set[int] = set()

    def read() -> Iterator[Descriptor]:
        """Those that are still there: works may be replaced meanwhile."""
        for number, (key, descriptor) in enumerate(reading.read_each(sample)):
            if number % CHUNK == 0:
                on_step()
            readable.add(key)
            yield descriptor

    descriptors = list(islice(read(), PAIR_WORKS))
    if len(descriptors) < MINIMUM_WORKS:
        raise StylesimError(f"Only {len(descriptors)} of {len(sample)} descriptors can be read.")
    pairs = sample_pairs(descriptors)
    compressed = len(rows) >= MINIMUM_COMPRESSED
    bases_name = ""
    if compressed:
        bases_name = files.write("calibrations", "safetensors", Compressor.fit(read).to_bytes())
    file_name = files.write("calibrations", "safetensors", pairs.to_bytes())
    on_step()
    with transaction.atomic():
        sets.lock(descriptor_set.pk)
        Calibration.objects.filter(descriptor_set=descriptor_set, ready=False).delete()
        calibration = Calibration.objects.create(
            descriptor_set=descriptor_set,
            collection_size=len(rows),
            sample_size=len(readable),
            file_name=file_name,
            bases_name=bases_name,
            store=conf.store if compressed else "",
            ready=not compressed,
        )
        if calibration.ready:
            _drop_before(calibration)
    logger.info("calibrated on %d of %d works", len(readable), len(rows))
    return calibration


def prepare(calibration: Calibration, go_on: Callable[[], bool]) -> bool:
    """Project the works that a calibration lacks, while ``go_on()``; True once it is ready.

    Raises FileNotFoundError or DescriptorError if the bases are lost, and Calibration.DoesNotExist
    if another process has begun a newer one.
    """
    store = open_store(calibration)
    store.prepare()
    described = StoredDescriptor.objects.filter(descriptor_set=calibration.descriptor_set_id)
    while True:
        chunk = dict(store.lacking(described).order_by("pk").values_list("pk", "file_name")[:CHUNK])
        if not chunk and _switch(calibration, store, described):
            return True
        descriptors = dict(reading.read_each(chunk))
        with transaction.atomic():
            sets.lock(calibration.descriptor_set_id)
            Calibration.objects.only("pk").get(pk=calibration.pk)
            still = store.lacking(described.filter(pk__in=descriptors)).values_list("pk", flat=True)
            store.add({pk: descriptors[pk] for pk in still})
        if not go_on():
            return False


def _switch(calibration: Calibration, store: Store, described: QuerySet[StoredDescriptor]) -> bool:
    """Let a calibration serve, unless a work was stored meanwhile that it lacks."""
    with transaction.atomic():
        sets.lock(calibration.descriptor_set_id)
        if store.lacking(described).exists():
            return False
        Calibration.objects.filter(pk=calibration.pk).update(ready=True)
        _drop_before(calibration)
    return True


def _drop_before(calibration: Calibration) -> None:
    Calibration.objects.filter(
        descriptor_set=calibration.descriptor_set_id, pk__lt=calibration.pk
    ).delete()
