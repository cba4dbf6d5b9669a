"""Distances of works to their nearest neighbours, from the lists of a sample of works."""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache

import numpy as np
from django.db.models import Max, Min
from numpy.typing import NDArray

from ..core.descriptors import LAYERS
from ..core.distances import DistanceParts, Weighting
from ..models import Neighbour, StoredDescriptor
from .calibration import PAIR_WORKS
from .serving import Serving

#: Keys that are drawn to find PAIR_WORKS works: some belong to works that are gone.
DRAWN = 8 * PAIR_WORKS


def nearest_listed(serving: Serving, weighting: Weighting) -> NDArray[np.float64] | None:
    """Return the distance of each work of a sample to its nearest neighbour, in ascending order.

    It is that of the nearest on its list, which is made at the default weights. None in a
    collection of which the calibration knows all pairs, or as many lists are missing.
    """
    calibration, descriptor_set = serving.calibration, serving.descriptor_set
    if calibration is None or descriptor_set is None or calibration.collection_size <= PAIR_WORKS:
        return None
    found = _nearest(calibration.pk, descriptor_set.pk, weighting)
    return found if len(found) >= PAIR_WORKS // 2 else None


@lru_cache(maxsize=16)
def _nearest(_calibration: int, descriptor_set: int, weighting: Weighting) -> NDArray[np.float64]:
    stored = StoredDescriptor.objects.filter(
        descriptor_set=descriptor_set, list_state=StoredDescriptor.ListState.WHOLE
    )
    ends = stored.aggregate(first=Min("pk"), last=Max("pk"))
    if ends["first"] is None:
        return np.empty(0)
    span = ends["last"] - ends["first"] + 1
    drawn = np.random.default_rng(span).choice(span, min(DRAWN, span), replace=False)
    keys = (ends["first"] + drawn).tolist()
    owners = list(stored.filter(pk__in=keys).values_list("pk", flat=True)[:PAIR_WORKS])
    lists = defaultdict(list)
    lines = Neighbour.objects.filter(owner__in=owners)
    for owner, *layers, content in lines.values_list("owner", *LAYERS):
        lists[owner].append((layers, content))
    nearest = [DistanceParts.stack(each).distances(weighting).min() for each in lists.values()]
    return np.sort(np.array(nearest, np.float64))
