"""The worker: claim pending rows, extract descriptors, store them.

Three batches are in progress at a time: while the network processes one, the next is decoded, and
the previous one is stored. Only the calling thread accesses the database.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial

from django.db import DatabaseError, transaction

from ..conf import conf
from ..core.errors import CoreError, ImageError, WeightsError
from ..core.images import Picture
from ..exceptions import StorageUnavailable
from ..index import storage, upkeep
from ..models import WorkItem
from . import originals, pause, process, signs, worklist
from .kinds import WorkKind
from .pipeline import Computed, Late, Outcome, Pipeline, as_work_error

logger = logging.getLogger(__name__)

#: Batches that are claimed and not stored: one is decoded, one computed, one stored.
UNDER_WAY = 3


def work_through(
    seconds: float | None = None,
    on_progress: Callable[[int], object] = lambda _: None,
    on_maintenance: Callable[[], object] = lambda: None,
) -> bool:
    """Index pending works, searches first, for at most ``seconds``.

    Return whether more may be left. ``on_progress`` is called with the number of rows handled in
    each batch; ``on_maintenance`` is called while calibrations and lists are made.
    """
    if not process.has_torch():
        # Without PyTorch, claimed rows would fail; another worker may be able to handle them.
        logger.error("%s", WeightsError("weights_no_torch"))
        return False
    process.prepare()
    deadline = time.monotonic() + (conf.task_seconds if seconds is None else seconds)
    with _stopped_by_storage():
        if not storage.may_work():
            signs.sign_of_life()
            return False
        _release_leftovers()
        return _work_until(deadline, on_progress, on_maintenance)
    return False


@contextmanager
def _stopped_by_storage() -> Iterator[None]:
    """Note that the storage cannot be used, for people to see, and end the context quietly."""
    try:
        yield
    except StorageUnavailable as error:
        storage.record_if_possible(error)
    except (OSError, DatabaseError) as error:
        full = storage.as_full(error)
        if full is None:
            raise
        storage.record_if_possible(full)


def _work_until(
    deadline: float,
    on_progress: Callable[[int], object],
    on_maintenance: Callable[[], object],
) -> bool:
    """Index and maintain in turns; return whether more may be left. Raises StorageUnavailable.

    There is one turn at least, however late it is, so that repeated calls come to an end.
    """

    def on_step() -> None:
        signs.sign_of_life()
        on_maintenance()

    maintain = partial(upkeep.maintain, on_step=on_step, anything_waits=worklist.anything_waits)
    while True:
        if _describe_what_waits(deadline, on_progress):
            if pause.is_paused() or maintain(deadline - time.monotonic(), idle=True):
                return False
        elif upkeep.is_urgent():
            maintain(deadline - time.monotonic(), idle=False)
        if time.monotonic() >= deadline:
            return True


def _describe_what_waits(deadline: float, on_progress: Callable[[int], object]) -> bool:
    """Process rows until none is pending; return False if time is up or maintenance is urgent.

    Claimed rows are stored in each case, or released by an interrupt.
    """
    batches: deque[Batch] = deque()
    late: deque[Batch] = deque()
    urgent = begun = False
    with Pipeline() as pipeline, _released_if_interrupted(batches, late):
        while True:
            signs.sign_of_life()
            # However short the time, so that repeated calls come to an end.
            stop = urgent or (begun and time.monotonic() >= deadline)
            begun = True
            while not stop and _has_room(batches) and (batch := _claim()):
                batches.append(batch)
                if not batch.alone:
                    batch.start(pipeline)
            if not batches and not late:
                return not stop
            line = late if late and (late[0].is_decoded or not batches) else batches
            remaining = line[0].store(pipeline)
            handled = len(line.popleft().items)
            if remaining is not None:
                late.append(remaining)
                handled -= len(remaining.items)
            on_progress(handled)
            urgent = urgent or upkeep.is_urgent()


def _claim() -> Batch | None:
    """Claim rows of one kind, the most urgent first; return None if nothing is waiting."""
    for kind in pause.allowed_kinds():
        if items := worklist.claim(kind.model, kind.batch_size()):
            return Batch(kind, items)
    return None


def _has_room(batches: deque[Batch]) -> bool:
    return len(batches) < UNDER_WAY and not (batches and batches[-1].alone)


@contextmanager
def _released_if_interrupted(*lines: deque[Batch]) -> Iterator[None]:
    try:
        yield
    except (KeyboardInterrupt, StorageUnavailable, OSError, DatabaseError):
        for line in lines:
            for batch in line:
                batch.release()
        raise


#: Batches that could not be released, because the database had no space left.
_leftovers: list[Batch] = []


def _release_leftovers() -> None:
    """Release what could not be released before."""
    batches = list(_leftovers)
    _leftovers.clear()
    for batch in batches:
        batch.release()


class Batch:
    """Claimed rows, all of one kind and under one lease."""

    def __init__(self, kind: WorkKind, items: Sequence[WorkItem]) -> None:
        self.kind = kind
        self.items = items
        self._with_file: list[WorkItem] = []
        self._late: list[Future[Picture | CoreError]] = []
        self._outcomes: Future[list[Outcome]] | None = None

    @property
    def alone(self) -> bool:
        """True if its row was tried before: it may be what stops workers, so it runs alone."""
        return self.items[0].attempts > 1

    def start(self, pipeline: Pipeline) -> Future[list[Outcome]]:
        """Decode the files and compute their results, unless that is under way."""
        if self._outcomes is None:
            if self._late:
                self._outcomes = pipeline.resume(self._late, self.kind.compute)
                return self._outcomes
            located = [(item, file) for item in self.items if (file := self.kind.locate(item))]
            self._with_file = [item for item, _ in located]
            files = [file for _, file in located]
            self._outcomes = pipeline.start(
                files, self.kind.compute, self.kind.detail, self.kind.sides
            )
        return self._outcomes

    @property
    def is_decoded(self) -> bool:
        """True if the files of a late batch are decoded."""
        return all(each.done() for each in self._late)

    def store(self, pipeline: Pipeline) -> Batch | None:
        """Write the outcome of each row, as soon as it is known; return what takes longer."""
        outcomes = self.start(pipeline).result()
        late = Batch(self.kind, [])
        for item, outcome in zip(self._with_file, outcomes, strict=True):
            if isinstance(outcome, Late):
                late.add(item, outcome)
                continue
            if isinstance(outcome, CoreError):
                if not originals.postpone_if_gone(item, outcome):
                    worklist.fail(item, outcome, final=isinstance(outcome, ImageError))
                continue
            try:
                self.kind.store(item, outcome.picture, outcome.result)
            except CoreError as error:
                worklist.fail(item, error, final=isinstance(error, ImageError))
            except (OSError, DatabaseError) as error:
                if full := storage.as_full(error):
                    raise full from error
                if isinstance(error, DatabaseError):
                    raise
                worklist.fail(item, as_work_error(error), final=False)
        if any(isinstance(each, Computed) for each in outcomes):
            originals.note_readable(self.kind.model)
        return late if late.items else None

    def add(self, item: WorkItem, late: Late) -> None:
        """Take over a row whose file is being decoded."""
        self.items = [*self.items, item]
        self._with_file.append(item)
        self._late.append(late.decoding)

    def release(self) -> None:
        """Release the rows that are not stored yet, as if never claimed.

        Where the database has no space left, that is done once it has.
        """
        rows = self.kind.model._default_manager
        try:
            with transaction.atomic():
                worklist.release(rows.filter(lease_token=self.items[0].lease_token))
        except DatabaseError:
            logger.warning("claimed rows could not be released yet")
            _leftovers.append(self)
