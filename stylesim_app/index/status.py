"""The state of the index, for the status command, the API and the admin."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, QuerySet
from django.utils import timezone

from ..core.descriptors import Provenance
from ..exceptions import StorageMissing
from ..models import IndexEntry, IndexingPause, StoredDescriptor, WorkerSign, WorkItem
from . import neighbours
from .repair import require_storage
from .serving import Serving

#: The schedule runs every minute; a worker that misses three runs is gone.
SILENCE = timedelta(minutes=3)


@dataclass(frozen=True)
class IndexStatus:
    """Counts by state over the works that the caller may see, and the set that serves them.

    ``lists_missing`` counts works whose list of neighbours is missing or incomplete, so that their
    rankings are searched for. ``worker_alive`` is False if works are waiting but no worker gave a
    sign of life in the last minutes.
    """

    visible: int
    indexed: int
    states: dict[str, int]
    provenance: Provenance | None
    calibrated_on: int | None
    lists_missing: int
    worker_seen: datetime | None
    worker_alive: bool
    paused: bool = False


def storage_problem() -> str:
    """Return what is wrong with the private storage at this moment, empty if nothing is."""
    try:
        require_storage()
    except (StorageMissing, OSError) as error:
        return str(error)
    return ""


def running_workers() -> QuerySet[WorkerSign]:
    """Return the workers that gave a sign of life in the last minutes, and did not end."""
    return WorkerSign.objects.filter(seen_at__gt=timezone.now() - SILENCE).exclude(
        state=WorkerSign.State.ENDED
    )


def index_status(visible: QuerySet[Any], serving: Serving | None = None) -> IndexStatus:
    """Return the state of the index, counted over the visible works."""
    now = serving or Serving()
    descriptor_set = now.descriptor_set
    keys = visible.order_by().values("pk")
    total = visible.count()
    entries = IndexEntry.objects.filter(artwork__in=keys).order_by()
    states = dict.fromkeys(WorkItem.State.values, 0)
    states.update(entries.values_list("state").annotate(count=Count("pk")))
    # An artwork without an entry counts as pending.
    states[WorkItem.State.PENDING] += total - sum(states.values())
    seen = WorkerSign.objects.order_by("-seen_at").values_list("seen_at", flat=True).first()
    running = running_workers().exists()
    return IndexStatus(
        visible=total,
        indexed=StoredDescriptor.objects.filter(
            descriptor_set=descriptor_set, entry__artwork__in=keys
        ).count(),
        states=states,
        provenance=None if descriptor_set is None else descriptor_set.to_provenance(),
        calibrated_on=None if now.calibration is None else now.calibration.collection_size,
        lists_missing=neighbours.count_missing(descriptor_set),
        worker_seen=seen,
        worker_alive=running,
        paused=IndexingPause.objects.exists(),
    )
