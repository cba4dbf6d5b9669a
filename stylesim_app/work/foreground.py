"""Index in the calling process instead of a worker's: for the command, and for small sites."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from enum import Enum

from django.db.models import Min, QuerySet
from django.utils import timezone

from ..index import neighbours, sets, upkeep
from ..models import IndexEntry, WorkItem
from . import pipeline, process, worker, worklist

#: Longest pause before the work list is looked at again.
PAUSE_SECONDS = 1.0
State = WorkItem.State


class Request(Enum):
    """What to enter in the work list besides what waits anyway."""

    WAITING = "waiting"
    ALL = "all"
    FAILED = "failed"
    STALE = "stale"


def enter(request: Request) -> int:
    """Enter works in the work list; returns how many wait now.

    ``STALE`` loads the network, to know what it is, and raises WeightsError if it cannot.
    """
    worklist.reconcile()
    entries = IndexEntry.objects.all()
    if request is Request.ALL:
        worklist.request_again(entries)
    elif request is Request.FAILED:
        worklist.request_again(entries.filter(state=State.FAILED))
    elif request is Request.STALE:
        sets.mark_stale(sets.open_set(pipeline.get_network().provenance))
        worklist.request_again(entries.filter(state=State.STALE))
    return count_waiting()


def count_waiting() -> int:
    """Return works that wait or are being described."""
    return IndexEntry.objects.filter(state=State.PENDING).count()


def maintain(on_lists: Callable[[int], object]) -> None:
    """Calibrate and make the lists of neighbours that are missing, unless a worker does.

    ``on_lists`` is told how many lists are missing.
    """

    def tell() -> None:
        on_lists(neighbours.count_missing(sets.serving_set()))

    process.prepare()
    upkeep.maintain(math.inf, idle=True, on_step=tell, anything_waits=worklist.anything_waits)


def index_waiting(
    on_progress: Callable[[int], object], on_lists: Callable[[int], object]
) -> QuerySet[IndexEntry]:
    """Describe until nothing waits any more, second attempts included, and make the lists of
    neighbours; returns what failed.

    ``on_progress`` is told how many works still wait, ``on_lists`` how many lists do. Beside
    living workers this takes its share and returns when they too are done. Raises WeightsError
    before anything is touched.
    """
    pipeline.get_network()
    entries = IndexEntry.objects
    failed_before = set(entries.filter(state=State.FAILED).values_list("pk", flat=True))
    while True:
        worker.work_through(
            math.inf,
            lambda _: on_progress(count_waiting()),
            lambda: on_lists(neighbours.count_missing(sets.serving_set())),
        )
        on_progress(count_waiting())
        due = entries.filter(state=State.PENDING).aggregate(due=Min("due_at"))["due"]
        if due is None:
            break
        seconds = (due - timezone.now()).total_seconds()
        time.sleep(min(max(seconds, 0.0), PAUSE_SECONDS))
    failed = set(entries.filter(state=State.FAILED).values_list("pk", flat=True))
    return entries.filter(pk__in=failed - failed_before).select_related("artwork")
