"""Lists of neighbours: the ``LIST_LENGTH`` works nearest to each, at the default weights.

A new work gets its list, and enters the lists of others where it belongs; the lists that contain a
deleted work become incomplete, and are made again. Only the maintainer of a set writes lists, so
that no two new works miss each other.
"""

from __future__ import annotations

import logging
import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from ..collection.swapping import get_artwork_model
from ..conf import conf
from ..core.descriptors import LAYERS, Descriptor
from ..core.distances import DistanceParts, Weighting
from ..core.ranking import READ_BATCH, Ranking, rank_parts
from ..models import DescriptorSet, Neighbour, StoredDescriptor
from ..signals import neighbours_changed, send_on_commit
from ..stores.base import Candidate, Reachable, Store
from . import reading, sets
from .nearest import find_nearest
from .serving import Serving

logger = logging.getLogger(__name__)

LIST_LENGTH = 50
WEIGHTING = Weighting()
#: Lists that are made together, so that files needed by several are read once; 1.6 MB each.
BLOCK = 128
#: Number of doubtful works read at once when many lists are made.
BLOCK_READ_BATCH = 64

ListState = StoredDescriptor.ListState


def rank_listed(
    stored: StoredDescriptor, candidates: QuerySet[Any], limit: int
) -> Ranking[Any] | None:
    """Rank the candidates of least distance on a list; return their artworks' keys.

    Return None if the list may be incomplete: it is missing, a new work has not entered, or fewer
    than ``limit`` of the works on it are candidates.
    """
    if stored.list_state != ListState.WHOLE:
        return None
    if _in_state(stored.descriptor_set_id, ListState.NEW).exists():
        return None
    lines = list(
        Neighbour.objects.filter(owner=stored, neighbour__entry__artwork__in=candidates)
        .order_by("distance", "neighbour__entry__artwork_id")
        .values_list("neighbour__entry__artwork", *LAYERS)[:limit]
    )
    if len(lines) < limit and stored.list_reach < math.inf:
        return None
    parts = DistanceParts.stack((layers, content) for _, *layers, content in lines)
    farthest = parts.distances(WEIGHTING).max(initial=0.0)
    certified = stored.list_horizon == math.inf or bool(farthest < stored.list_horizon)
    keys = [key for key, *_ in lines]
    return replace(rank_parts(keys, parts, WEIGHTING, limit), certified=certified)


def tear(stored: StoredDescriptor) -> None:
    """Mark the lists that will lack a descriptor once it is deleted."""
    sets.lock(stored.descriptor_set_id)
    StoredDescriptor.objects.filter(
        neighbours__neighbour=stored, descriptor_set__serving=True
    ).update(list_state=ListState.TORN)


def count_missing(descriptor_set: DescriptorSet | None) -> int:
    """Return the number of works whose list is missing or incomplete."""
    stored = StoredDescriptor.objects.filter(descriptor_set=descriptor_set)
    return stored.exclude(list_state=ListState.WHOLE).count()


def list_waiting(
    descriptor_set: DescriptorSet, go_on: Callable[[], bool], still_ours: Callable[[], bool]
) -> bool:
    """Make the missing lists, while ``go_on()``; return whether none is left.

    If most works are new, it is cheaper to make all lists again than to enter each work. Lists are
    written only while ``still_ours()``: another maintainer may have entered a work meanwhile that
    they lack.
    """
    store = Serving(descriptor_set).store
    new = _in_state(descriptor_set.pk, ListState.NEW)
    if new.count() > _in_state(descriptor_set.pk, ListState.WHOLE).count():
        # All are then listed with all others in view, so that none needs to enter a list.
        StoredDescriptor.objects.filter(descriptor_set=descriptor_set).update(
            list_state=ListState.TORN
        )
    torn = _in_state(descriptor_set.pk, ListState.TORN)
    while block := list(torn.order_by("pk")[:BLOCK]):
        _make_lists(block, store, still_ours)
        if not go_on():
            return False
    while first := new.order_by("pk").first():
        _enter(first, store, still_ours)
        if not go_on():
            return False
    return not torn.exists()


def _in_state(descriptor_set_id: int, state: str) -> QuerySet[StoredDescriptor]:
    return StoredDescriptor.objects.filter(descriptor_set=descriptor_set_id, list_state=state)


def _make_lists(
    block: Sequence[StoredDescriptor], store: Store, still_ours: Callable[[], bool]
) -> None:
    """Write the lists of some works, from all that are stored."""
    descriptors = dict(reading.read_each({each.pk: each.file_name for each in block}))
    owners = [each for each in block if each.pk in descriptors]
    if owners:
        found = _find(owners, list(descriptors.values()), store, BLOCK_READ_BATCH)
        _write(list(zip(owners, found, strict=True)), still_ours)


def _enter(stored: StoredDescriptor, store: Store, still_ours: Callable[[], bool]) -> None:
    """Write the list of a new work, and enter it in the lists of others where it belongs."""
    for _, descriptor in reading.read_each({stored.pk: stored.file_name}):
        (ranking,) = _find([stored], [descriptor], store)
        # A list made after the work was stored has it already.
        owners = _in_state(stored.descriptor_set_id, ListState.WHOLE).exclude(
            neighbours__neighbour=stored
        )
        reachable = store.reachable(descriptor, WEIGHTING, owners)
        unread = [each for each in reachable.candidates if each not in ranking.read]
        settled = unread[: conf.refine] if store.bounded else unread
        (measured,) = reading.measure([(descriptor, settled)])
        known = {each: measured.take(np.array([at])) for at, each in enumerate(settled)}
        _write([(stored, ranking)], still_ours, reachable, {**ranking.read, **known})


def _find(
    owners: Sequence[StoredDescriptor],
    descriptors: Sequence[Descriptor],
    store: Store,
    read_batch: int = READ_BATCH,
) -> list[Ranking[Candidate]]:
    """Return the neighbours of works of one set, each including itself unless crowded out."""
    described = StoredDescriptor.objects.filter(descriptor_set=owners[0].descriptor_set_id)
    return find_nearest(
        descriptors, store, described, WEIGHTING, LIST_LENGTH + 1, read_batch=read_batch
    )


def _write(
    lists: Sequence[tuple[StoredDescriptor, Ranking[Candidate]]],
    still_ours: Callable[[], bool],
    reachable: Reachable | None = None,
    known: Mapping[Candidate, DistanceParts] = MappingProxyType({}),
) -> None:
    """Write lists, and the entries of the first work in the lists of others.

    Nothing is written if a work was deleted meanwhile; the lists are then made again.
    """
    try:
        with transaction.atomic():
            sets.lock(lists[0][0].descriptor_set_id)
            if not still_ours():
                return
            _replace_lists(lists)
            changed = [owner.pk for owner, _ in lists]
            if reachable is not None:
                changed += _write_entries(lists[0][0], reachable, known)
            _announce(changed)
    except IntegrityError:
        logger.info("a work was deleted while lists were made; they are made again")


def _replace_lists(lists: Sequence[tuple[StoredDescriptor, Ranking[Candidate]]]) -> None:
    Neighbour.objects.filter(owner__in=[owner.pk for owner, _ in lists]).delete()
    lines = []
    for owner, ranking in lists:
        others = [at for at, each in enumerate(ranking.candidates) if each.stored != owner.pk]
        others = others[:LIST_LENGTH]
        lines += [
            _line(owner.pk, ranking.candidates[at].stored, ranking.parts.take(np.array([at])))
            for at in others
        ]
        owner.list_state = ListState.WHOLE
        owner.list_horizon = ranking.horizon
        owner.list_reach = (
            float(ranking.distances[others[-1]]) if len(others) == LIST_LENGTH else math.inf
        )
    Neighbour.objects.bulk_create(lines)
    StoredDescriptor.objects.bulk_update(
        [owner for owner, _ in lists], ["list_state", "list_reach", "list_horizon"]
    )


def _write_entries(
    stored: StoredDescriptor, reachable: Reachable, known: Mapping[Candidate, DistanceParts]
) -> list[int]:
    """Enter a work in the lists that it reaches, and trim those that became too long.

    Return the owners of these lists.
    """
    entered = []
    for at, owner in enumerate(reachable.candidates):
        parts = known.get(owner)
        if parts is None:
            # Not settled within the budget: beyond this bound the list may lack the work.
            StoredDescriptor.objects.filter(
                pk=owner.stored, list_horizon__gt=reachable.lower[at]
            ).update(list_horizon=reachable.lower[at])
        elif float(parts.distances(WEIGHTING)[0]) <= reachable.reaches[at]:
            entered.append(_line(owner.stored, stored.pk, parts))
    Neighbour.objects.bulk_create(entered)
    owners = [line.owner_id for line in entered]
    _trim(owners)
    return owners


def _announce(owners: Sequence[int]) -> None:
    """Send ``neighbours_changed`` with the keys of the artworks, if it has receivers."""
    if neighbours_changed.has_listeners():
        keys = StoredDescriptor.objects.filter(pk__in=owners).values_list("entry__artwork")
        artworks = [key for (key,) in keys]
        send_on_commit(neighbours_changed, get_artwork_model(), artworks=artworks)


def _trim(owners: Sequence[int]) -> None:
    """Cut lists to their length, and set the reach of each."""
    lines: dict[int, list[tuple[int, float]]] = defaultdict(list)
    rows = Neighbour.objects.filter(owner__in=owners)
    ordered = rows.order_by("distance", "neighbour__entry__artwork_id")
    for owner, pk, distance in ordered.values_list("owner", "pk", "distance"):
        lines[owner].append((pk, distance))
    surplus = [pk for kept in lines.values() for pk, _ in kept[LIST_LENGTH:]]
    Neighbour.objects.filter(pk__in=surplus).delete()
    changed = []
    for stored in StoredDescriptor.objects.filter(pk__in=owners):
        kept = lines[stored.pk][:LIST_LENGTH]
        stored.list_reach = kept[-1][1] if len(kept) == LIST_LENGTH else math.inf
        changed.append(stored)
    StoredDescriptor.objects.bulk_update(changed, ["list_reach"])


def _line(owner: int, neighbour: int, parts: DistanceParts) -> Neighbour:
    values = (*map(float, parts.layers[0]), float(parts.content[0]))
    return Neighbour(
        owner_id=owner,
        neighbour_id=neighbour,
        distance=float(parts.distances(WEIGHTING)[0]),
        **dict(zip(LAYERS, values, strict=True)),
    )
