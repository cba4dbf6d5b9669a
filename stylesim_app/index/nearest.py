"""The works nearest to a descriptor: a store bounds distances, exact descriptors decide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from ..conf import conf
from ..core.blas import one_thread
from ..core.descriptors import Descriptor
from ..core.distances import Weighting
from ..core.ranking import READ_BATCH, Ranking, refine
from ..models import StoredDescriptor
from ..stores.base import Candidate, Store
from . import reading

#: A budget that reads whatever is in doubt.
UNLIMITED = 2**31


def find_nearest(
    descriptors: Sequence[Descriptor],
    store: Store,
    candidates: QuerySet[StoredDescriptor],
    weighting: Weighting,
    limit: int,
    *,
    budget: int | None = None,
    read_batch: int = READ_BATCH,
) -> list[Ranking[Candidate]]:
    """Return the ``limit`` candidates nearest to each descriptor.

    ``budget`` is STYLESIM_REFINE unless given; without bounds, all candidates are read. Damaged
    descriptors are left out and reported. Several descriptors are searched for in lockstep, so
    that a candidate that more than one of them asks for is read once.
    """
    if not store.bounded:
        budget = UNLIMITED
    elif budget is None:
        budget = conf.refine
    with one_thread():
        shortlists = store.shortlists(descriptors, weighting, candidates, max(budget, limit))
        searches = [refine(each, weighting, limit, budget, read_batch) for each in shortlists]
        rankings: dict[int, Ranking[Candidate]] = {}
        # A generator begins by being sent None.
        parts: dict[int, Any] = dict.fromkeys(range(len(searches)))
        while parts:
            wanted = {}
            for at, measured in parts.items():
                try:
                    wanted[at] = searches[at].send(measured)
                except StopIteration as stop:
                    rankings[at] = stop.value
            found = reading.measure([(descriptors[at], each) for at, each in wanted.items()])
            parts = dict(zip(wanted, found, strict=True))
    return [rankings[at] for at in range(len(searches))]
