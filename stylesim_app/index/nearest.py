"""The works nearest to a descriptor: a store says who is in doubt, exact descriptors decide."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np
from django.db.models import QuerySet

from ..conf import conf
from ..core.blas import one_thread
from ..core.descriptors import Descriptor
from ..core.distances import DistanceParts, Weighting
from ..core.ranking import READ_BATCH, Positions, Ranking, refine
from ..models import StoredDescriptor
from ..stores.base import Candidate, Shortlisted, Store
from . import reading

#: A budget that reads whatever is in doubt.
UNLIMITED = 2**31

Refining = Generator[Positions, DistanceParts, Ranking]


@dataclass(frozen=True, eq=False)
class Nearest:
    """The nearest works in the order of their ranking, and the parts of all that were read, by
    the key of the stored descriptor."""

    candidates: list[Candidate]
    ranking: Ranking
    read: dict[int, DistanceParts]


def find_nearest(
    descriptors: Sequence[Descriptor],
    store: Store,
    candidates: QuerySet[StoredDescriptor],
    weighting: Weighting,
    limit: int,
    *,
    budget: int | None = None,
    read_batch: int = READ_BATCH,
) -> list[Nearest]:
    """Return the ``limit`` candidates nearest to each descriptor.

    ``budget`` is STYLESIM_REFINE unless given; without bounds, all candidates are read. What is
    damaged is left out and reported. Several descriptors are searched for in lockstep, so that
    what more than one of them asks for is read once.
    """
    if not store.bounded:
        budget = UNLIMITED
    elif budget is None:
        budget = conf.refine
    with one_thread():
        shortlisted = store.shortlists(descriptors, weighting, candidates, max(budget, limit))
        searches = [
            _Search(each, listed, refine(listed.shortlist, weighting, limit, budget, read_batch))
            for each, listed in zip(descriptors, shortlisted, strict=True)
        ]
        while waiting := [search for search in searches if search.nearest is None]:
            measured = reading.measure([(search.descriptor, search.wanted) for search in waiting])
            for search, parts in zip(waiting, measured, strict=True):
                search.go_on(parts)
    return [search.nearest for search in searches if search.nearest is not None]


class _Search:
    """One search between two readings: ``wanted`` is read next, until ``nearest`` is there."""

    def __init__(self, descriptor: Descriptor, listed: Shortlisted, refining: Refining) -> None:
        self.descriptor = descriptor
        self.candidates = listed.candidates
        self.refining = refining
        self.wanted: list[Candidate] = []
        self.read: dict[int, DistanceParts] = {}
        self.nearest: Nearest | None = None
        self._advance(None)

    def go_on(self, parts: DistanceParts) -> None:
        for index, candidate in enumerate(self.wanted):
            self.read[candidate.stored] = parts.take(np.array([index]))
        self._advance(parts)

    def _advance(self, parts: DistanceParts | None) -> None:
        try:
            positions = next(self.refining) if parts is None else self.refining.send(parts)
        except StopIteration as stop:
            ranking: Ranking = stop.value
            ranked = [self.candidates[position] for position in ranking.positions]
            self.nearest = Nearest(ranked, ranking, self.read)
        else:
            self.wanted = [self.candidates[position] for position in positions]
