"""Indexing in the calling process instead of a worker, for the command and for small sites."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from enum import Enum

from django.db.models import Min, QuerySet
from django.utils import timezone

from .. import files
from ..index import neighbours, sets, storage, upkeep
from ..models import IndexEntry, WorkItem
from . import audit, pause, pipeline, process, signs, worker, worklist

#: Longest pause between two looks at the work list.
PAUSE_SECONDS = 1.0
State = WorkItem.State


class Request(Enum):
    """The works to enter in the work list in addition to the pending ones."""

    WAITING = "waiting"
    ALL = "all"
    FAILED = "failed"
    STALE = "stale"


def enter(request: Request) -> int:
    """Enter works in the work list, and return the number of pending ones.

    ``STALE`` loads the network, to know its provenance, and raises WeightsError if it cannot.
    """
    worklist.reconcile()
    entries = IndexEntry.objects.all()
    if request is Request.WAITING:
        return count_waiting()
    if request is Request.FAILED:
        entries = entries.filter(state=State.FAILED)
    elif request is Request.STALE:
        sets.mark_stale(sets.open_set(pipeline.get_network().provenance))
        entries = entries.filter(state=State.STALE)
    audit.record_asked_again(entries)
    worklist.request_again(entries)
    return count_waiting()


def count_waiting() -> int:
    """Return the number of pending works, including those claimed by a worker."""
    return IndexEntry.objects.filter(state=State.PENDING).count()


def maintain(on_lists: Callable[[int], object]) -> None:
    """Calibrate and make missing lists of neighbours, unless a worker does.

    ``on_lists`` is called with the number of missing lists.
    """

    def tell() -> None:
        on_lists(neighbours.count_missing(sets.serving_set()))

    process.prepare()
    upkeep.maintain(math.inf, idle=True, on_step=tell, anything_waits=worklist.anything_waits)


def index_waiting(
    on_progress: Callable[[int], object], on_lists: Callable[[int], object]
) -> QuerySet[IndexEntry]:
    """Index until no work is pending, retries included, make lists, and return new failures.

    ``on_progress`` is called with the number of pending works, ``on_lists`` with the number of
    missing lists. If workers are running, this takes a share of the work and returns when they too
    are done. Raises WeightsError or StorageUnavailable before anything is changed, and
    StorageUnavailable if the storage cannot be used any more.
    """
    pipeline.get_network()
    files.require_storage()
    try:
        return _index_waiting(on_progress, on_lists)
    finally:
        signs.end()


def _index_waiting(
    on_progress: Callable[[int], object], on_lists: Callable[[int], object]
) -> QuerySet[IndexEntry]:
    entries = IndexEntry.objects
    failed_before = set(entries.filter(state=State.FAILED).values_list("pk", flat=True))
    while True:
        worker.work_through(
            math.inf,
            lambda _: on_progress(count_waiting()),
            lambda: on_lists(neighbours.count_missing(sets.serving_set())),
        )
        if problem := storage.recorded():
            raise problem
        on_progress(count_waiting())
        due = entries.filter(state=State.PENDING).aggregate(due=Min("due_at"))["due"]
        if due is None or pause.is_paused():
            break
        seconds = (due - timezone.now()).total_seconds()
        time.sleep(min(max(seconds, 0.0), PAUSE_SECONDS))
    failed = set(entries.filter(state=State.FAILED).values_list("pk", flat=True))
    return entries.filter(pk__in=failed - failed_before).select_related("artwork")
