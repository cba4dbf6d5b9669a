"""Measure what distances mean in this collection, again and again as it grows."""

from __future__ import annotations

import logging
from functools import lru_cache

import numpy as np

from ..core.calibration import PairSample, sample_pairs
from ..core.errors import DescriptorError
from ..exceptions import StylesimError
from ..models import Calibration, DescriptorSet, StoredDescriptor
from . import files, sets, worklist

logger = logging.getLogger(__name__)

#: The first calibration; the next follow at four times as many works, and so on.
MINIMUM_WORKS = 4
SAMPLE_WORKS = 256


def serving_calibration() -> Calibration | None:
    """The latest calibration of the serving set."""
    return Calibration.objects.filter(descriptor_set__serving=True).order_by("-pk").first()


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


def calibrate_if_due(*, idle: bool = False) -> Calibration | None:
    """Calibrate when the collection reaches 4, 8, 16 ... 256, then 1,024, 4,096 ... works.

    While it is small, so that the sample is all of it, also when a worker has nothing else to do.
    """
    serving = sets.serving_set()
    if serving is None:
        return None
    works = count_descriptors(serving)
    latest = serving_calibration()
    if latest is None:
        due = MINIMUM_WORKS
    else:
        small = latest.collection_size < SAMPLE_WORKS
        due = latest.collection_size * (2 if small else 4)
        if small and idle:
            due = latest.collection_size + 1
    if works < due:
        return None
    try:
        return calibrate(serving)
    except StylesimError:
        logger.exception("the collection could not be calibrated")
        return None


def count_descriptors(descriptor_set: DescriptorSet) -> int:
    """How many works a set describes."""
    return StoredDescriptor.objects.filter(descriptor_set=descriptor_set).count()


def calibrate(serving: DescriptorSet | None = None) -> Calibration:
    """Measure all pairs of a random sample. No image is read.

    Raises StylesimError while fewer than four works are indexed.
    """
    serving = serving or sets.serving_set()
    rows = (
        []
        if serving is None
        else list(
            StoredDescriptor.objects.filter(descriptor_set=serving)
            .order_by("pk")
            .values_list("entry_id", "file_name")
        )
    )
    if serving is None or len(rows) < MINIMUM_WORKS:
        raise StylesimError(
            f"A calibration needs at least {MINIMUM_WORKS} indexed works; there are {len(rows)}."
        )
    # Seeded, so that calibrating twice gives the same numbers.
    chosen = np.random.default_rng(len(rows)).permutation(len(rows))[:SAMPLE_WORKS]
    descriptors = []
    damaged = []
    for index in chosen:
        entry_id, file_name = rows[index]
        try:
            descriptors.append(files.read_descriptor(file_name))
        except DescriptorError as error:
            damaged.append((entry_id, error))
    worklist.report_damage(damaged)
    if len(descriptors) < MINIMUM_WORKS:
        raise StylesimError(f"Only {len(descriptors)} of {len(chosen)} descriptors can be read.")
    pairs = sample_pairs(descriptors)
    calibration = Calibration.objects.create(
        descriptor_set=serving,
        collection_size=len(rows),
        sample_size=len(descriptors),
        file_name=files.write("calibrations", "safetensors", pairs.to_bytes()),
    )
    Calibration.objects.filter(pk__lt=calibration.pk, descriptor_set=serving).delete()
    logger.info("calibrated on %d of %d works", len(descriptors), len(rows))
    return calibration
