"""Descriptors that cannot be read: damaged files, and a missing storage.

A read never deletes: it marks a descriptor as suspected, and a worker looks again before it acts.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from django.db import DatabaseError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from .. import files
from ..core.errors import CoreError, DescriptorError
from ..models import IndexEntry, StoredDescriptor, WorkItem, failure_fields

logger = logging.getLogger(__name__)
State = WorkItem.State


def suspect(damaged: Iterable[tuple[int, CoreError]]) -> None:
    """Mark stored descriptors, given by key, as suspected; a worker looks again.

    A suspected descriptor is left out of rankings until then. Raises StorageUnavailable, and marks
    nothing, if the storage is missing.
    """
    damaged = list(damaged)
    if damaged:
        files.require_storage()
    for pk, error in damaged:
        logger.error("StoredDescriptor %s: %s", pk, error)
    unknown = StoredDescriptor.objects.filter(
        pk__in=[pk for pk, _ in damaged], suspected_at__isnull=True
    )
    if damaged:
        try:
            with transaction.atomic():
                unknown.update(suspected_at=timezone.now())
        except DatabaseError:
            # On a read-only replica, for example, the answer still leaves the work out.
            logger.exception("a suspicion could not be noted")


def settle(suspected: QuerySet[StoredDescriptor], go_on: Callable[[], bool] = lambda: True) -> None:
    """Read suspected descriptors again, while ``go_on()``, and drop those that still fail.

    The entry of a dropped one fails with the reason, for staff to see. One that is readable again
    enters the lists of neighbours again. Raises StorageUnavailable, and changes nothing more, if
    the storage is missing.
    """
    for stored in suspected.order_by("pk"):
        if not go_on():
            return
        row = StoredDescriptor.objects.filter(pk=stored.pk, file_name=stored.file_name)
        try:
            files.read_descriptor(stored.file_name)
        except DescriptorError as error:
            files.require_storage()
            _drop(row, stored.entry_id, error)
        else:
            row.filter(suspected_at__isnull=False).update(
                suspected_at=None, list_state=StoredDescriptor.ListState.NEW
            )


def _drop(row: QuerySet[StoredDescriptor], entry: int, error: CoreError) -> None:
    logger.error("StoredDescriptor of entry %s is dropped: %s", entry, error)
    with transaction.atomic():
        if row.delete()[0]:
            waiting = IndexEntry.objects.filter(pk=entry).exclude(state=State.PENDING)
            if waiting.update(**failure_fields(error)):
                IndexEntry.objects.get(pk=entry).announce_failure()
