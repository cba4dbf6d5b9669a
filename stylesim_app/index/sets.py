"""Descriptor sets: the serving one, a growing one, and the switch between them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from ..core.descriptors import Provenance
from ..models import (
    Calibration,
    CompactIndex,
    DescriptorSet,
    IndexEntry,
    StoredDescriptor,
    WorkItem,
)

#: Time to keep a retired set complete, so that searches that began with it can finish.
CLEARED_AFTER = timedelta(minutes=1)
#: A set that does not serve is given up when nothing was added to it for so long.
ABANDONED_AFTER = timedelta(days=2)
#: Descriptors of a retired set that are deleted in one transaction.
CLEARED_AT_ONCE = 200


def serving_set() -> DescriptorSet | None:
    """Return the set that rankings read; None until the first artwork is indexed."""
    return DescriptorSet.objects.filter(serving=True).first()


def open_set(provenance: Provenance) -> DescriptorSet:
    """Return the set of a provenance.

    A set that is new, or was retired, makes the descriptors of other sets stale.
    """
    descriptor_set, created = DescriptorSet.objects.get_or_create(
        digest=provenance.digest, defaults={"provenance": provenance.to_json()}
    )
    if created:
        with transaction.atomic():
            if not DescriptorSet.objects.filter(serving=True).exists():
                DescriptorSet.objects.filter(pk=descriptor_set.pk).update(serving=True)
    elif descriptor_set.retired:
        DescriptorSet.objects.filter(pk=descriptor_set.pk).update(retired=False)
        descriptor_set.retired = False
    else:
        return descriptor_set
    mark_stale(descriptor_set)
    return descriptor_set


def mark_stale(descriptor_set: DescriptorSet) -> int:
    """Update the states of entries for the set in use; return the number of stale ones."""
    described = Exists(
        StoredDescriptor.objects.filter(entry=OuterRef("pk"), descriptor_set=descriptor_set)
    )
    entries = IndexEntry.objects
    stale = entries.filter(described, state=WorkItem.State.STALE)
    if serving := DescriptorSet.objects.filter(serving=True).first():
        # A work that no ranking contains yet does not count as indexed.
        ranked = StoredDescriptor.objects.filter(entry=OuterRef("pk"), descriptor_set=serving)
        stale = stale.filter(Exists(ranked))
    stale.update(state=WorkItem.State.INDEXED)
    lacking(descriptor_set, entries.filter(state=WorkItem.State.INDEXED)).update(
        state=WorkItem.State.STALE
    )
    return entries.filter(state=WorkItem.State.STALE).count()


def lacking(descriptor_set: DescriptorSet, entries: QuerySet[IndexEntry]) -> QuerySet[IndexEntry]:
    """Return the entries that have no descriptor in the set."""
    return entries.filter(
        ~Exists(
            StoredDescriptor.objects.filter(entry=OuterRef("pk"), descriptor_set=descriptor_set)
        )
    )


def is_unranked(entry: IndexEntry) -> bool:
    """Return whether another set serves, and the entry has no descriptor in it."""
    serving = serving_set()
    if serving is None:
        return False
    return not StoredDescriptor.objects.filter(entry=entry, descriptor_set=serving).exists()


def lock(descriptor_set_id: int) -> None:
    """Lock the row of a set until the end of the transaction.

    Required before storing or deleting a descriptor, making an index serve, or writing lists.
    """
    DescriptorSet.objects.select_for_update(no_key=True).get(pk=descriptor_set_id)


def lock_all() -> list[DescriptorSet]:
    """Lock every set, in the order that all callers share."""
    return list(DescriptorSet.objects.select_for_update(no_key=True).order_by("pk"))


def is_complete(descriptor_set: DescriptorSet) -> bool:
    """Return whether no work would be lost from rankings if the set served."""
    served = IndexEntry.objects.filter(descriptors__descriptor_set=serving_set())
    return not lacking(descriptor_set, served.exclude(state=WorkItem.State.FAILED)).exists()


def switch_when_complete(descriptor_set: DescriptorSet) -> bool:
    """Make a set serve, and retire the others, once it is ready; return whether it switched.

    A set is ready once no work would be lost from rankings and, if the descriptors of the old set
    are compressed, once it is calibrated.
    """
    old = serving_set()
    if old is None or old.pk == descriptor_set.pk or not is_complete(descriptor_set):
        return False
    compressed = CompactIndex.objects.filter(descriptor_set=old).exclude(bases_name="")
    if compressed.exists() and not _is_searchable(descriptor_set):
        return False
    with transaction.atomic():
        lock_all()
        others = DescriptorSet.objects.exclude(pk=descriptor_set.pk)
        # A lease without a holder keeps workers from clearing the sets until it expires.
        until = timezone.now() + CLEARED_AFTER
        others.update(serving=False, retired=True, maintainer=uuid.uuid4(), maintained_until=until)
        DescriptorSet.objects.filter(pk=descriptor_set.pk).update(serving=True)
        mark_stale(descriptor_set)
    return True


def _is_searchable(descriptor_set: DescriptorSet) -> bool:
    """Return whether a set is calibrated and, unless too small, has a ready compact index."""
    indexes = CompactIndex.objects.filter(descriptor_set=descriptor_set)
    ready = indexes.filter(ready_at__isnull=False).exists() or not indexes.exists()
    return ready and Calibration.objects.filter(descriptor_set=descriptor_set).exists()


def retire_abandoned() -> int:
    """Retire the incomplete sets to which nothing was added for long; return how many.

    Works that were only in such a set wait to be indexed again.
    """
    oldest = timezone.now() - ABANDONED_AFTER
    growing = DescriptorSet.objects.filter(serving=False, retired=False, created__lt=oldest)
    serving = serving_set()
    if serving is None:
        return 0
    retired = 0
    for each in growing:
        added = StoredDescriptor.objects.filter(descriptor_set=each, created__gte=oldest)
        if added.exists() or is_complete(each):
            continue
        with transaction.atomic():
            lock_all()
            DescriptorSet.objects.filter(pk=each.pk).update(retired=True)
            mark_stale(serving)
            lacking(serving, IndexEntry.objects.filter(state=WorkItem.State.STALE)).update(
                state=WorkItem.State.PENDING, attempts=0, due_at=timezone.now()
            )
        retired += 1
    return retired


def clear(descriptor_set: DescriptorSet, go_on: Callable[[], bool]) -> bool:
    """Delete a retired set, some works at a time, so that others can write between.

    Return True once it is gone or in use again, False if ``go_on()`` stopped it before.
    """
    while go_on():
        with transaction.atomic():
            retired = {each.pk for each in lock_all() if each.retired}
            if descriptor_set.pk not in retired:
                return True
            of_set = StoredDescriptor.objects.filter(descriptor_set=descriptor_set)
            if not of_set.exists():
                DescriptorSet.objects.filter(pk=descriptor_set.pk).delete()
                return True
            some = list(of_set.order_by("pk").values_list("pk", flat=True)[:CLEARED_AT_ONCE])
            StoredDescriptor.objects.filter(pk__in=some).delete()
    return False
