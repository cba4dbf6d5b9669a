"""The work list: entering, claiming and failing rows.

Rows are claimed under a lease that expires, so that a worker may die at any moment. Attempts are
counted when a row is claimed, not by messages of the queue.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import connections, transaction
from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from ..collection import thumbnails
from ..collection.adapter import adapter
from ..collection.swapping import get_artwork_model
from ..conf import conf
from ..core.errors import CoreError
from ..index import search_keys
from ..messages import WorkError
from ..models import (
    IndexEntry,
    StoredDescriptor,
    StoredFeatures,
    WorkItem,
    failure_fields,
)
from ..signals import picture_replaced, send_on_commit
from . import pause, queue, removed, signs

logger = logging.getLogger(__name__)
Item = TypeVar("Item", bound=WorkItem)
State = WorkItem.State

#: Delay before the second, third ... attempt, times the attempts so far.
RETRY_SECONDS = 20


def queue_artwork(pk: Any, image_name: str, new_file: bool, sha256: str = "") -> None:
    """Enter an artwork in the work list if its file is new, and wake the workers."""
    if request_if_changed(pk, image_name, new_file, sha256):
        queue.ring(pk)


def request_if_changed(pk: Any, image_name: str, new_file: bool, sha256: str = "") -> bool:
    """Enter an artwork in the work list unless the index has its current file.

    Return whether it is waiting.
    """
    entry = IndexEntry.objects.filter(artwork_id=pk).first()
    if entry is not None and entry.image_name == image_name:
        if not new_file:
            return False
        if sha256 and sha256 == entry.image_sha256 and entry.state == State.PENDING:
            return True
    return request_new_picture(pk, image_name, sha256)


def request_new_picture(pk: Any, image_name: str, sha256: str = "") -> bool:
    """Enter an artwork with a new picture, and delete the descriptors of the previous one.

    ``sha256`` is that of the file, if it is known. Return False if the artwork is gone.
    """
    with transaction.atomic():
        if not get_artwork_model()._base_manager.filter(pk=pk).exists():
            return False
        entry, created = IndexEntry.objects.select_for_update().get_or_create(artwork_id=pk)
        StoredDescriptor.objects.filter(entry=entry).delete()
        StoredFeatures.objects.filter(entry=entry).delete()
        _renew(
            IndexEntry.objects.filter(pk=entry.pk),
            image_name=image_name,
            image_sha256=sha256,
            image_width=None,
            image_height=None,
            chosen_box=None,
        )
        if not created and entry.image_name:
            _announce_replacement(entry, image_name)
    return True


def _announce_replacement(entry: IndexEntry, new_name: str) -> None:
    """Send ``picture_replaced``, and remove the previous picture and its thumbnails."""
    artwork, old_name = entry.artwork, entry.image_name
    if old_name == new_name:
        thumbnails.delete_thumbnails_on_commit(adapter().image(artwork))
    else:
        removed.remove(artwork, old_name)
    send_on_commit(picture_replaced, type(artwork), artwork=artwork, old_name=old_name)


def request_again(entries: QuerySet[Item]) -> int:
    """Enter artworks again, and return their number; existing descriptors serve until then."""
    return _renew(entries)


def _renew(items: QuerySet[Item], **changes: Any) -> int:
    now = timezone.now()
    return items.update(
        state=State.PENDING,
        attempts=0,
        error="",
        error_code="",
        error_params={},
        lease_token=None,
        requested_at=now,
        due_at=now,
        **changes,
    )


def reconcile() -> int:
    """Enter every artwork with a picture that no message announced; return their number.

    The keys of artworks that were changed without a signal are written again.
    """
    search_keys.refresh_stale()
    model = get_artwork_model()
    image_field = conf.artwork_image_field
    described = IndexEntry.objects.filter(artwork_id=OuterRef("pk")).values("image_name")[:1]
    missed = (
        model._base_manager.exclude(**{image_field: ""})
        .exclude(**{f"{image_field}__isnull": True})
        .annotate(stylesim_described=Subquery(described))
        .filter(Q(stylesim_described__isnull=True) | ~Q(stylesim_described=F(image_field)))
        .values_list("pk", image_field)
    )
    return sum(request_new_picture(pk, name) for pk, name in list(missed))


def claimable(model: type[Item]) -> QuerySet[Item]:
    """Return the pending rows without a current lease."""
    return model._default_manager.filter(state=State.PENDING, due_at__lte=timezone.now())


def anything_waits(since: datetime | None = None) -> bool:
    """Return whether a worker could claim a row now, and could have ``since`` then."""
    return any(
        claimable(kind.model).filter(due_at__lte=since or timezone.now()).exists()
        for kind in pause.allowed_kinds()
    )


def claim(model: type[Item], limit: int) -> list[Item]:
    """Claim up to ``limit`` pending rows, the newest first.

    Newest first keeps one upload from waiting behind an import. A row that was tried before is
    claimed alone: it may be what stops workers. A row whose attempts are used up, because the
    worker died each time, fails here.
    """
    stopped = WorkError("worker_stopped", attempts=conf.max_attempts)
    for row in claimable(model).filter(attempts__gte=conf.max_attempts):
        with transaction.atomic():
            if claimable(model).filter(pk=row.pk).update(**failure_fields(stopped)):
                row.announce_failure()
    waiting = claimable(model).order_by("-requested_at", "-pk")
    return _take(waiting.filter(attempts=0), limit) or _take(waiting, 1)


def _take(waiting: QuerySet[Item], limit: int) -> list[Item]:
    token = signs.make_token()
    objects = waiting.model._default_manager
    keys: list[Any] | QuerySet[Item, Any]
    with transaction.atomic(using=waiting.db):
        if connections[waiting.db].features.has_select_for_update_skip_locked:
            keys = list(
                waiting.select_for_update(skip_locked=True).values_list("pk", flat=True)[:limit]
            )
        else:
            # Without row locks, only a single statement is atomic.
            keys = waiting.values("pk")[:limit]
        objects.filter(pk__in=keys, state=State.PENDING, due_at__lte=timezone.now()).update(
            lease_token=token,
            due_at=timezone.now() + timedelta(seconds=conf.lease_seconds),
            attempts=F("attempts") + 1,
        )
    return list(objects.filter(lease_token=token))


def fail(item: WorkItem, error: CoreError, *, final: bool) -> bool:
    """Record why a claimed row failed; unless ``final``, it is retried while attempts last."""
    # The fault of a file is that of one work; any other may befall all of them.
    logger.warning(
        "%s %s: %s",
        type(item).__name__,
        item.pk,
        error,
        extra={
            "artwork": str(getattr(item, "artwork_id", "")),
            "reason": error.code,
            "attempts": item.attempts,
            "repeats": "" if final else error.code,
        },
    )
    changes = failure_fields(error)
    if not final and item.attempts < conf.max_attempts:
        delay = timedelta(seconds=RETRY_SECONDS * item.attempts)
        changes |= {"state": State.PENDING, "due_at": timezone.now() + delay}
    claimed = type(item)._default_manager.filter(pk=item.pk, lease_token=item.lease_token)
    with transaction.atomic():
        if not claimed.update(**changes):
            return False
        if changes["state"] == State.FAILED:
            item.announce_failure()
    return True


def release(items: QuerySet[Item], after: timedelta = timedelta(0)) -> int:
    """Return rows unattempted when a worker stops early, to be claimed ``after`` a time."""
    return items.filter(state=State.PENDING, lease_token__isnull=False).update(
        lease_token=None, due_at=timezone.now() + after, attempts=F("attempts") - 1
    )
