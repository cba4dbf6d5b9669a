"""The figures that operators watch, for the status page and the metrics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet, Sum
from django.utils import timezone

from ..models import ImageSearch, IndexEntry, IndexingPause, WorkerSign, WorkItem
from .status import storage_problem

State = WorkItem.State
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Failure:
    """Works that failed for one reason; ``example`` is the key of one of their entries."""

    code: str
    count: int
    example: int


@dataclass(frozen=True)
class Figures:
    """The work list, its workers and the storage at one moment.

    Entries are those of the given artworks; searches are all, for they name no artwork.
    """

    entries: dict[str, int]
    oldest_waiting: float
    indexed_last_minute: int
    attempts: int
    failures: Sequence[Failure]
    searches: dict[str, int]
    workers: Sequence[WorkerSign]
    pause: IndexingPause | None
    storage_problem: str


def read_figures(artworks: QuerySet[Any] | None = None) -> Figures:
    """Return the figures of some artworks, or of all."""
    entries = IndexEntry.objects.order_by()
    if artworks is not None:
        entries = entries.filter(artwork__in=artworks.order_by().values("pk"))
    now = timezone.now()
    facts = entries.aggregate(
        oldest=Min("requested_at", filter=Q(state=State.PENDING)),
        last_minute=Count("pk", filter=Q(indexed_at__gt=now - MINUTE)),
        attempts=Sum("attempts"),
    )
    failures = (
        entries.filter(state=State.FAILED)
        .values("error_code")
        .annotate(count=Count("pk"), example=Max("pk"))
        .order_by("-count", "error_code")
    )
    oldest = facts["oldest"]
    return Figures(
        entries=_by_state(entries),
        oldest_waiting=0.0 if oldest is None else max((now - oldest).total_seconds(), 0.0),
        indexed_last_minute=facts["last_minute"],
        attempts=facts["attempts"] or 0,
        failures=[Failure(each["error_code"], each["count"], each["example"]) for each in failures],
        searches=_by_state(ImageSearch.objects.order_by()),
        workers=list(WorkerSign.objects.order_by("host", "started_at", "pk")),
        pause=IndexingPause.objects.first(),
        storage_problem=storage_problem(),
    )


def _by_state(items: QuerySet[Any]) -> dict[str, int]:
    found = dict.fromkeys(State.values, 0)
    found.update(items.values_list("state").annotate(count=Count("pk")))
    return found
