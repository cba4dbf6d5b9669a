"""The state of the index, for the status command, the API and the admin."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.db.models import Count, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ..core.descriptors import Provenance
from ..messages import join_words
from ..models import IndexEntry, IndexingPause, StoredDescriptor, WorkerSign, WorkItem
from . import neighbours, storage
from .serving import Serving

#: The schedule runs every minute; a worker that misses three runs is gone.
SILENCE = timedelta(minutes=3)
#: A worker of a cluster gives a sign every five seconds, whatever it does.
SILENCE_IN_CLUSTER = timedelta(seconds=30)


class IndexStatus:
    """Counts by state over the works that the caller may see, and the set that serves them.

    Each is read when it is asked for, and then kept.
    """

    def __init__(self, works: QuerySet[Any], serving: Serving | None = None) -> None:
        self._works = works.order_by()
        self._serving = serving or Serving()

    @cached_property
    def visible(self) -> int:
        """The number of visible works."""
        return self._works.count()

    @cached_property
    def states(self) -> dict[str, int]:
        """The number of works by state; a work without an entry counts as pending."""
        entries = IndexEntry.objects.filter(artwork__in=self._works.values("pk")).order_by()
        states = dict.fromkeys(WorkItem.State.values, 0)
        states.update(entries.values_list("state").annotate(count=Count("pk")))
        states[WorkItem.State.PENDING] += self.visible - sum(states.values())
        return states

    @cached_property
    def indexed(self) -> int:
        """The number of works that the serving set has."""
        return StoredDescriptor.objects.filter(
            descriptor_set=self._serving.descriptor_set,
            entry__artwork__in=self._works.values("pk"),
        ).count()

    @cached_property
    def provenance(self) -> Provenance | None:
        """The provenance of the serving set."""
        descriptor_set = self._serving.descriptor_set
        return None if descriptor_set is None else descriptor_set.to_provenance()

    @cached_property
    def calibrated_on(self) -> int | None:
        """The number of works that the calibration was made on; None without one."""
        calibration = self._serving.calibration
        return None if calibration is None else calibration.collection_size

    @cached_property
    def lists_missing(self) -> int:
        """The number of works whose list of neighbours is missing or incomplete, so that their
        rankings are searched for."""
        return neighbours.count_missing(self._serving.descriptor_set)

    @cached_property
    def worker_seen(self) -> datetime | None:
        """The last sign of life of any worker."""
        return WorkerSign.objects.order_by("-seen_at").values_list("seen_at", flat=True).first()

    @cached_property
    def worker_alive(self) -> bool:
        """False if no worker gave a sign of life in the last minutes."""
        return running_workers().exists()

    @cached_property
    def paused(self) -> bool:
        """True while indexing is paused."""
        return IndexingPause.objects.exists()


def storage_problem() -> str:
    """Return what is wrong with the private storage at this moment, empty if nothing is."""
    problem = storage.problem_now()
    return "" if problem is None else str(problem)


def running_workers() -> QuerySet[WorkerSign]:
    """Return the workers that gave a sign of life in the last minutes, and did not end."""
    return WorkerSign.objects.filter(seen_at__gt=timezone.now() - SILENCE).exclude(
        state=WorkerSign.State.ENDED
    )


def is_running(sign: WorkerSign) -> bool:
    """Return whether a worker did not end, and gave its last sign of life when it was due."""
    longest = SILENCE if sign.cluster_pid is None else min(SILENCE, SILENCE_IN_CLUSTER)
    return sign.state != WorkerSign.State.ENDED and timezone.now() - sign.seen_at < longest


def hosts_of_other_networks() -> list[str]:
    """Return the running hosts that describe with another network than the collection's.

    Works that they describe do not appear in rankings until their set is complete.
    """
    serving = Serving().descriptor_set
    if serving is None:
        return []
    signs = WorkerSign.objects.filter(
        seen_at__gt=timezone.now() - SILENCE, provenance__isnull=False
    )
    others = {
        sign.host
        for sign in signs.exclude(state=WorkerSign.State.ENDED)
        if Provenance.from_json(sign.provenance or {}).digest != serving.digest
    }
    return sorted(others)


def host_notices() -> list[str]:
    """Return in words which hosts describe with another network."""
    hosts = hosts_of_other_networks()
    if not hosts:
        return []
    return [
        _(
            "These hosts index with another network or precision than the collection: %(hosts)s. "
            "Set the same STYLESIM_WEIGHTS and STYLESIM_PRECISION on all hosts, or complete the "
            "change with stylesim_index --stale."
        )
        % {"hosts": join_words(hosts)}
    ]


def index_status(visible: QuerySet[Any], serving: Serving | None = None) -> IndexStatus:
    """Return the state of the index, counted over the visible works."""
    return IndexStatus(visible, serving)
