"""The store of a collection too small for bases: it keeps nothing, and rules nothing out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from django.db.models import QuerySet

from ..core.descriptors import Descriptor
from ..core.distances import Weighting
from ..core.ranking import Shortlist
from ..models import StoredDescriptor
from .base import Candidate, Reachable, Store


class UnboundedStore(Store):
    """Every candidate is in doubt, so that every exact descriptor is read."""

    bounded = False

    def add(self, descriptors: Mapping[int, Descriptor]) -> None:
        pass

    def lacking(self, stored: QuerySet[StoredDescriptor]) -> QuerySet[StoredDescriptor]:
        return stored.none()

    def shortlists(
        self,
        queries: Sequence[Descriptor],
        weighting: Weighting,
        candidates: QuerySet[StoredDescriptor],
        size: int,
    ) -> list[Shortlist[Candidate]]:
        found = _list(candidates)
        count = len(found)
        return [Shortlist(found, np.zeros(count), np.zeros(count)) for _ in queries]

    def reachable(
        self, query: Descriptor, weighting: Weighting, owners: QuerySet[StoredDescriptor]
    ) -> Reachable:
        found = _list(owners)
        reaches = dict(owners.values_list("pk", "list_reach"))
        return Reachable(
            found,
            lower=np.zeros(len(found)),
            reaches=np.array([reaches[owner.stored] for owner in found], np.float64),
        )


def _list(stored: QuerySet[StoredDescriptor]) -> list[Candidate]:
    rows = stored.order_by("entry__artwork_id").values_list(*Candidate.columns())
    return [Candidate(*row) for row in rows]
