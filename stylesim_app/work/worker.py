"""The worker's job: take what waits, describe it, store it.

Three batches are under way at a time: while the network describes one, the next is decoded, and
the one before is stored. Only the calling thread speaks to the database.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial

from .. import files
from ..collection.swapping import get_image
from ..conf import conf
from ..core.errors import CoreError, ImageError
from ..index import sets, storing, upkeep
from ..models import ImageSearch, IndexEntry
from . import worklist
from .pipeline import Described, ImageFile, Outcome, Pipeline, as_work_error

Item = IndexEntry | ImageSearch

#: Batches that are claimed and not stored: one is decoded, one described, one stored.
UNDER_WAY = 3


def work_through(
    seconds: float | None = None,
    on_progress: Callable[[int], object] = lambda _: None,
    on_maintenance: Callable[[], object] = lambda: None,
) -> bool:
    """Describe what waits, searches first, for at most ``seconds``; True if more may be left.

    ``on_progress`` is told how many rows each batch dealt with; ``on_maintenance`` is called
    while calibrations and lists are made.
    """
    deadline = time.monotonic() + (conf.task_seconds if seconds is None else seconds)

    def on_step() -> None:
        worklist.sign_of_life()
        on_maintenance()

    maintain = partial(upkeep.maintain, on_step=on_step, anything_waits=worklist.anything_waits)
    while time.monotonic() < deadline:
        if _describe_what_waits(deadline, on_progress):
            if maintain(deadline - time.monotonic(), idle=True):
                return False
        elif upkeep.is_urgent():
            maintain(deadline - time.monotonic(), idle=False)
    return True


def _describe_what_waits(deadline: float, on_progress: Callable[[int], object]) -> bool:
    """True once nothing waits; False if before that time is up or maintenance is urgent.

    What was claimed is stored in each case, or released by an interrupt.
    """
    batches: deque[Batch] = deque()
    urgent = False
    with Pipeline() as pipeline, _released_if_interrupted(batches):
        while True:
            worklist.sign_of_life()
            stop = urgent or time.monotonic() >= deadline
            while not stop and _has_room(batches) and (items := _claim()):
                batches.append(Batch(items))
                if not batches[-1].alone:
                    batches[-1].start(pipeline)
            if not batches:
                return not stop
            batches[0].store(pipeline)
            on_progress(len(batches.popleft().items))
            urgent = urgent or upkeep.is_urgent()


def _claim() -> Sequence[Item]:
    """Rows of one kind, searches first: a person waits for each."""
    searches: Sequence[Item] = worklist.claim(ImageSearch, 1)
    return searches or worklist.claim(IndexEntry, conf.batch_size)


def _has_room(batches: deque[Batch]) -> bool:
    return len(batches) < UNDER_WAY and not (batches and batches[-1].alone)


@contextmanager
def _released_if_interrupted(batches: deque[Batch]) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        for batch in batches:
            batch.release()
        raise


class Batch:
    """Claimed rows, all of one kind and under one lease."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.items = items
        self._with_image: list[Item] = []
        self._outcomes: Future[list[Outcome]] | None = None

    @property
    def alone(self) -> bool:
        """Whether it was tried before: it may be what stops workers, so nothing runs beside it."""
        return self.items[0].attempts > 1

    def start(self, pipeline: Pipeline) -> Future[list[Outcome]]:
        """Have the images decoded and described, unless that is under way."""
        if self._outcomes is None:
            located = [(item, file) for item in self.items if (file := _locate(item)) is not None]
            self._with_image = [item for item, _ in located]
            self._outcomes = pipeline.start([file for _, file in located])
        return self._outcomes

    def store(self, pipeline: Pipeline) -> None:
        """Write what became of each image, as soon as it is known."""
        described: list[tuple[Item, Described]] = []
        outcomes = self.start(pipeline).result()
        for item, outcome in zip(self._with_image, outcomes, strict=True):
            if isinstance(outcome, CoreError):
                worklist.fail(item, outcome, final=isinstance(outcome, ImageError))
            else:
                described.append((item, outcome))
        if not described:
            return
        descriptor_set = sets.open_set(described[0][1].descriptor.provenance)
        for item, (picture, descriptor) in described:
            try:
                storing.store(item, picture, descriptor, descriptor_set)
            except OSError as error:
                worklist.fail(item, as_work_error(error), final=False)
        sets.switch_when_complete(descriptor_set)

    def release(self) -> None:
        """Put back what is not stored yet, as if nobody had claimed it."""
        rows = type(self.items[0])._default_manager
        worklist.release(rows.filter(lease_token=self.items[0].lease_token))


def _locate(item: Item) -> ImageFile | None:
    """Where the image of a row lies; None, and no row, if the artwork has none any more."""
    if isinstance(item, ImageSearch):
        return files.private_storage(), item.image_name
    image = get_image(item.artwork)
    if not image:
        item.delete()
        return None
    return image.storage, str(image.name)
