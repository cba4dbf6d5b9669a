"""Pictures that cannot be read: the fault of one file, or of the storage that holds them all.

That storage is often the host's, and nothing is written there. It counts as missing while none of
the files that were read before can be seen.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from .. import files
from ..collection.adapter import adapter
from ..core.errors import CoreError, ImageError, detail_of
from ..index import storage
from ..models import IndexEntry, StorageState, WorkItem
from . import worklist

logger = logging.getLogger(__name__)

#: Indexed works, the newest and the oldest, of whose files one must be seen.
SAMPLE = 5
SHORTEST_PAUSE = timedelta(seconds=20)
LONGEST_PAUSE = timedelta(minutes=5)


def postpone_if_gone(item: WorkItem, error: CoreError) -> bool:
    """Return a claimed row unattempted, for later, if its file is not the only one missing.

    Raises StorageUnavailable if it is in the private storage, and all of that is missing.
    """
    if isinstance(error, ImageError):
        return False
    if not isinstance(item, IndexEntry):
        if error.code == "file_missing":
            files.require_storage()
        return False
    if error.code not in ("file_missing", "unexpected") or not are_gone():
        return False
    logger.warning("the pictures cannot be read: %s %s", error, detail_of(error.params))
    storage.record_originals(
        _("The storage of the pictures cannot be read. Check that it is mounted.")
    )
    since = StorageState.objects.values_list("originals_since", flat=True).get(pk=1)
    waited = timezone.now() - since if since else SHORTEST_PAUSE
    rows = IndexEntry.objects.filter(pk=item.pk, lease_token=item.lease_token)
    worklist.release(rows, after=min(max(waited, SHORTEST_PAUSE), LONGEST_PAUSE))
    return True


def are_gone() -> bool:
    """Return whether none of the files of indexed works can be seen, though there are some."""
    indexed = IndexEntry.objects.filter(state=WorkItem.State.INDEXED).select_related("artwork")
    newest = list(indexed.order_by("-indexed_at", "-pk")[:SAMPLE])
    sample = newest + list(indexed.order_by("indexed_at", "pk")[:SAMPLE])
    return bool(sample) and not any(map(_is_seen, sample))


def note_readable(model: type[WorkItem]) -> None:
    """Note that pictures can be read again."""
    if model is IndexEntry:
        storage.record_originals("")


def _is_seen(entry: IndexEntry) -> bool:
    image = adapter().image(entry.artwork)
    if not image:
        return False
    try:
        return bool(image.storage.exists(str(image.name)))
    # Each backend has errors of its own, without a common base.
    except Exception:  # noqa: BLE001
        return False
