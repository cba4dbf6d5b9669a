"""Inside a site: index pictures, from an empty database to lists of neighbours."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from typing import Any

from django.core.files import File

from stylesim_app import tasks
from stylesim_app.models import Artwork, Neighbour, StoredDescriptor
from stylesim_app.work import pipeline, worker, worklist

from .oracle import true_neighbours
from .pictures import find_pictures


def measure(_store: str, works: str) -> Iterator[dict[str, Any]]:
    with tasks.quiet():
        for path in find_pictures(int(works)):
            with path.open("rb") as file:
                Artwork(title=path.stem, image=File(file, name=path.name)).save()
    worklist.reconcile()
    pipeline.get_network()
    start = described = time.perf_counter()

    def note(_: int) -> None:
        nonlocal described
        described = time.perf_counter()

    worker.work_through(math.inf, note)
    listed = time.perf_counter()
    entries = different = 0
    for owner, expected in true_neighbours(StoredDescriptor.objects.all()).items():
        found = Neighbour.objects.filter(owner=owner).values_list("neighbour", flat=True)
        entries += len(expected)
        different += len(set(expected) - set(found))
    yield {
        "works": StoredDescriptor.objects.count(),
        "describing s": described - start,
        "calibrating and listing s": listed - described,
        "entries": entries,
        "different": different,
    }
