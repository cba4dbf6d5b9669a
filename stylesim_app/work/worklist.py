"""The work list: entering, claiming and failing rows.

Rows are claimed under a lease that expires, so that a worker may die at any moment. Attempts are
counted when a row is claimed, not by messages of the queue.
"""

from __future__ import annotations

import logging
import socket
import uuid
from datetime import timedelta
from typing import Any, TypeVar

from django.db import connections, transaction
from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from ..collection import thumbnails
from ..collection.adapter import adapter
from ..collection.swapping import get_artwork_model
from ..conf import conf
from ..core.descriptors import Provenance
from ..core.errors import CoreError
from ..messages import WorkError
from ..models import (
    IndexEntry,
    StoredDescriptor,
    StoredFeatures,
    WorkerSign,
    WorkItem,
    failure_fields,
)
from ..signals import picture_replaced, send_on_commit
from . import kinds, queue

logger = logging.getLogger(__name__)
Item = TypeVar("Item", bound=WorkItem)
State = WorkItem.State

#: Delay before the second, third ... attempt, times the attempts so far.
RETRY_SECONDS = 20


def queue_artwork(pk: Any, image_name: str, new_file: bool) -> None:
    """Enter an artwork in the work list if its file is new, and wake the workers."""
    if request_if_changed(pk, image_name, new_file):
        queue.ring(pk)


def request_if_changed(pk: Any, image_name: str, new_file: bool) -> bool:
    """Enter an artwork in the work list unless the index has its current file."""
    known = IndexEntry.objects.filter(artwork_id=pk).values_list("image_name", flat=True).first()
    if known == image_name and not new_file:
        return False
    return request_new_picture(pk, image_name)


def request_new_picture(pk: Any, image_name: str) -> bool:
    """Enter an artwork with a new picture, and delete the descriptors of the previous one.

    Return False if the artwork is gone.
    """
    with transaction.atomic():
        if not get_artwork_model()._base_manager.filter(pk=pk).exists():
            return False
        entry, created = IndexEntry.objects.get_or_create(artwork_id=pk)
        StoredDescriptor.objects.filter(entry=entry).delete()
        StoredFeatures.objects.filter(entry=entry).delete()
        _renew(IndexEntry.objects.filter(pk=entry.pk), image_name=image_name, image_sha256="")
        if not created and entry.image_name:
            _announce_replacement(entry)
    return True


def _announce_replacement(entry: IndexEntry) -> None:
    """Send ``picture_replaced``, and delete the thumbnails of the previous picture."""
    artwork, old_name = entry.artwork, entry.image_name
    storage = adapter().image(artwork).storage
    transaction.on_commit(lambda: thumbnails.delete_thumbnails(storage, old_name), robust=True)
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
    """Enter every artwork with a picture that no message announced; return their number."""
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


def anything_waits() -> bool:
    """Return whether a worker could claim a row now."""
    return any(claimable(kind.model).exists() for kind in kinds.registered())


def claim(model: type[Item], limit: int) -> list[Item]:
    """Claim up to ``limit`` pending rows, the newest first.

    Newest first keeps one upload from waiting behind an import. A row that was tried before is
    claimed alone: it may be what stops workers. A row whose attempts are used up, because the
    worker died each time, fails here.
    """
    stopped = WorkError("worker_stopped", attempts=conf.max_attempts)
    for row in claimable(model).filter(attempts__gte=conf.max_attempts):
        if claimable(model).filter(pk=row.pk).update(**failure_fields(stopped)):
            row.announce_failure()
    waiting = claimable(model).order_by("-requested_at", "-pk")
    return _take(waiting.filter(attempts=0), limit) or _take(waiting, 1)


def _take(waiting: QuerySet[Item], limit: int) -> list[Item]:
    token = uuid.uuid4()
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
    logger.warning("%s %s: %s", type(item).__name__, item.pk, error)
    changes = failure_fields(error)
    if not final and item.attempts < conf.max_attempts:
        delay = timedelta(seconds=RETRY_SECONDS * item.attempts)
        changes |= {"state": State.PENDING, "due_at": timezone.now() + delay}
    claimed = type(item)._default_manager.filter(pk=item.pk, lease_token=item.lease_token)
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


def sign_of_life(provenance: Provenance | None = None) -> None:
    """Record that a worker of this host is running, and the provenance of what it describes."""
    host, now = socket.gethostname(), timezone.now()
    facts: dict[str, Any] = {"seen_at": now}
    if provenance is not None:
        facts["provenance"] = provenance.to_json()
    if not WorkerSign.objects.filter(host=host).update(**facts):
        WorkerSign.objects.get_or_create(host=host, defaults=facts)
