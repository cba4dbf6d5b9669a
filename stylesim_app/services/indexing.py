"""The worker's job: take what waits, describe it, store it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from ..conf import conf
from ..core.errors import CoreError, DescriptorError, ImageError, WeightsError
from ..messages import WorkError
from ..models import ImageSearch, IndexEntry
from ..swapping import get_image
from . import calibration, extraction, files, sets, storing, worklist
from .extraction import ImageFile, Picture

Item = IndexEntry | ImageSearch


def work_through(
    seconds: float | None = None, on_progress: Callable[[int], object] | None = None
) -> bool:
    """Describe what waits, searches first, for at most ``seconds``; True if more may be left.

    ``on_progress`` is told how many rows each batch dealt with.
    """
    deadline = time.monotonic() + (conf.task_seconds if seconds is None else seconds)
    while time.monotonic() < deadline:
        worklist.sign_of_life()
        items: Sequence[Item] = worklist.claim(ImageSearch, 1)
        items = items or worklist.claim(IndexEntry, conf.batch_size)
        if not items:
            calibration.calibrate_if_due(idle=True)
            return False
        try:
            _work_on(items)
        except KeyboardInterrupt:
            rows = type(items[0])._default_manager
            worklist.release(rows.filter(lease_token=items[0].lease_token))
            raise
        calibration.calibrate_if_due()
        if on_progress is not None:
            on_progress(len(items))
    return True


def _work_on(items: Sequence[Item]) -> None:
    located = [(item, file) for item in items if (file := _locate(item)) is not None]
    outcomes = extraction.read_pictures([file for _, file in located])
    pictures: list[tuple[Item, Picture]] = []
    for (item, _), outcome in zip(located, outcomes, strict=True):
        if isinstance(outcome, CoreError):
            worklist.fail(item, outcome, final=isinstance(outcome, ImageError))
        else:
            pictures.append((item, outcome))
    if not pictures:
        return
    try:
        descriptors = extraction.describe([picture for _, picture in pictures])
    except (WeightsError, DescriptorError, WorkError) as error:
        for item, _ in pictures:
            worklist.fail(item, error, final=False)
        return
    descriptor_set = sets.open_set(descriptors[0].provenance)
    for (item, picture), descriptor in zip(pictures, descriptors, strict=True):
        try:
            storing.store(item, picture, descriptor, descriptor_set)
        except OSError as error:
            worklist.fail(item, extraction.as_work_error(error), final=False)
    sets.switch_when_complete(descriptor_set)


def _locate(item: Item) -> ImageFile | None:
    """Where the image of a row lies; None, and no row, if the artwork has none any more."""
    if isinstance(item, ImageSearch):
        return files.private_storage(), item.image_name
    image = get_image(item.artwork)
    if not image:
        item.delete()
        return None
    return image.storage, str(image.name)
