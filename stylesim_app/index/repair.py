"""Descriptors that cannot be read: damaged files, and a storage that is not there."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from django.utils.translation import gettext as _

from .. import files
from ..core.errors import CoreError
from ..exceptions import StorageMissing
from ..models import Calibration, IndexEntry, StoredDescriptor, WorkItem, failure_fields

logger = logging.getLogger(__name__)
State = WorkItem.State


def require_storage() -> None:
    """Raise StorageMissing if nothing is where descriptors were stored.

    So that what cannot be read for the moment is not taken for damaged, and dropped.
    """
    latest = Calibration.objects.filter(ready=True).last()
    if latest is not None and not files.exists(latest.file_name):
        raise StorageMissing(
            WorkItem.State.FAILED,
            _(
                "The storage “%(alias)s” lacks what the last calibration wrote: is it mounted? "
                "If its files are lost for good, stylesim_index --all describes all works again."
            )
            % {"alias": files.STORAGE_ALIAS},
        )


def report_damage(damaged: Iterable[tuple[int, CoreError]]) -> None:
    """Drop stored descriptors that cannot be read and mark their entries, so that a person sees
    it. Raises StorageMissing, and drops nothing, if no descriptor could be read now."""
    damaged = list(damaged)
    if any(error.code == "descriptor_missing" for _, error in damaged):
        require_storage()
    for pk, error in damaged:
        logger.error("StoredDescriptor %s: %s", pk, error)
        entries = IndexEntry.objects.filter(descriptors=pk).exclude(state=State.PENDING)
        entries.update(**failure_fields(error))
        StoredDescriptor.objects.filter(pk=pk).delete()
