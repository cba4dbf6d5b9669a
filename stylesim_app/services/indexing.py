"""The worker's job: take what waits, describe it, store it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from django.db import IntegrityError, transaction
from django.utils import timezone

from ..conf import conf
from ..core.descriptors import Descriptor
from ..core.errors import CoreError, DescriptorError, ImageError, WeightsError
from ..messages import WorkError
from ..models import DescriptorSet, ImageSearch, IndexEntry, StoredDescriptor
from ..swapping import get_image
from . import calibration, extraction, files, searches, sets, worklist
from .extraction import ImageFile, Picture

FIRST_FRAME_NOTE = "first_frame"
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
            _store(item, picture, descriptor, descriptor_set)
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


def _store(
    item: Item, picture: Picture, descriptor: Descriptor, descriptor_set: DescriptorSet
) -> None:
    """Write the descriptor, then the rows; what was overtaken by a newer request is dropped."""
    if isinstance(item, ImageSearch):
        searches.store(item, picture, descriptor, descriptor_set)
        return
    name = files.write("descriptors", "safetensors", descriptor.to_bytes())
    try:
        with transaction.atomic():
            stored = _replace_descriptor(item, picture, descriptor_set, name)
    except IntegrityError:
        # The artwork was deleted meanwhile.
        stored = False
    if not stored:
        files.delete([name])


def _replace_descriptor(
    entry: IndexEntry, picture: Picture, descriptor_set: DescriptorSet, name: str
) -> bool:
    finished = worklist.finish(
        entry,
        image_name=get_image(entry.artwork).name,
        image_sha256=picture.sha256,
        note=FIRST_FRAME_NOTE if picture.facts.frames > 1 else "",
        indexed_at=timezone.now(),
    )
    if not finished:
        return False
    outdated = StoredDescriptor.objects.filter(entry=entry)
    if picture.sha256 == entry.image_sha256:
        outdated = outdated.filter(descriptor_set=descriptor_set)
    outdated.delete()
    StoredDescriptor.objects.create(entry=entry, descriptor_set=descriptor_set, file_name=name)
    return True
