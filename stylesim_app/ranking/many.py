"""The nearest works of many queries at once, from what is stored of each.

The number of database queries does not grow with the number of works.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.db.models import F, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from ..exceptions import StorageUnavailable
from ..index import neighbours
from ..index.serving import Serving
from ..models import IndexEntry, Neighbour, PictureMatch, StoredDescriptor, StoredFeatures

#: Copies of files that are looked at.
MAX_COPIES = 1000


@dataclass(frozen=True)
class Near:
    """A work near a query: its distance in a lane, or how it shows the same picture.

    ``words`` tell how unusual the distance is where ``closer_than`` does not.
    """

    artwork: Any
    distance: float | None = None
    closer_than: float | None = None
    same_file: bool = False
    inliers: int | None = None
    words: str = ""


@dataclass(frozen=True)
class Row:
    """A query with its nearest works by the measure, and those that show the same picture."""

    artwork: Any
    nearest: list[Near] = field(default_factory=list)
    same_pictures: list[Near] = field(default_factory=list)
    #: False until a worker has listed the neighbours, or compared the pictures.
    is_listed: bool = True
    is_matched: bool = True


def rank_many(
    artworks: Sequence[Any], visible: QuerySet[Any], each: int, serving: Serving | None = None
) -> list[Row]:
    """Return a row for each artwork with the ``each`` nearest visible works of its list."""
    serving = serving or Serving()
    keys = [artwork.pk for artwork in artworks]
    listed = _listed(keys, visible, each, serving)
    matched = _matched(keys)
    wanted = {other for found in listed.values() for other, _ in found}
    wanted |= {other for found in matched.values() for other, _ in found}
    others = visible.select_related("stylesim_entry").in_bulk(wanted)
    shares = _shares(listed, serving)
    stored = StoredDescriptor.objects.filter(
        descriptor_set=serving.descriptor_set, list_state=StoredDescriptor.ListState.WHOLE
    )
    whole = set(_keys(stored, keys))
    compared = set(_keys(StoredFeatures.objects.filter(matched_at__isnull=False), keys))
    rows = []
    for artwork in artworks:
        nearest = [
            Near(others[key], distance=distance, closer_than=shares.get(distance))
            for key, distance in listed.get(artwork.pk, ())
            if key in others
        ]
        same = [
            Near(others[key], same_file=inliers is None, inliers=inliers)
            for key, inliers in matched.get(artwork.pk, ())
            if key in others
        ]
        is_listed, is_matched = artwork.pk in whole, artwork.pk in compared
        rows.append(Row(artwork, nearest, same[:each], is_listed, is_matched))
    return rows


def _keys(rows: QuerySet[Any], keys: Sequence[Any]) -> QuerySet[Any]:
    """Return the keys of those of the artworks that have a row."""
    found = rows.filter(entry__artwork__in=keys)
    return found.values_list("entry__artwork_id", flat=True)


def _listed(
    keys: Sequence[Any], visible: QuerySet[Any], each: int, serving: Serving
) -> dict[Any, list[tuple[Any, float]]]:
    """Return the nearest works of each query with their distances."""
    place = Window(
        RowNumber(),
        partition_by=F("owner"),
        order_by=[F("distance"), F("neighbour__entry__artwork_id")],
    )
    lines = (
        Neighbour.objects.filter(
            owner__descriptor_set=serving.descriptor_set,
            owner__entry__artwork__in=keys,
            neighbour__entry__artwork__in=visible.order_by().values("pk"),
        )
        .annotate(place=place)
        .filter(place__lte=each)
        .order_by("owner", "place")
    )
    found: dict[Any, list[tuple[Any, float]]] = defaultdict(list)
    for owner, other, distance in lines.values_list(
        "owner__entry__artwork_id", "neighbour__entry__artwork_id", "distance"
    ):
        found[owner].append((other, distance))
    return found


def _matched(keys: Sequence[Any]) -> dict[Any, list[tuple[Any, int | None]]]:
    """Return the works with the same file as each query, and then those with the same picture."""
    found: dict[Any, dict[Any, int | None]] = defaultdict(dict)
    entries = IndexEntry.objects.filter(artwork__in=keys).exclude(image_sha256="")
    by_file: dict[str, list[Any]] = defaultdict(list)
    for key, sha256 in entries.values_list("artwork_id", "image_sha256"):
        by_file[sha256].append(key)
    copies = IndexEntry.objects.filter(image_sha256__in=by_file).order_by("pk")
    for other, sha256 in copies.values_list("artwork_id", "image_sha256")[:MAX_COPIES]:
        for key in by_file[sha256]:
            if key != other:
                found[key][other] = None
    matches = PictureMatch.objects.filter(
        Q(query__entry__artwork__in=keys) | Q(candidate__entry__artwork__in=keys)
    ).order_by("-inliers", "pk")
    asked = set(keys)
    for first, second, inliers in matches.values_list(
        "query__entry__artwork_id", "candidate__entry__artwork_id", "inliers"
    ):
        for key, other in ((first, second), (second, first)):
            if key in asked:
                found[key].setdefault(other, inliers)
    return {key: list(others.items()) for key, others in found.items()}


def _shares(listed: dict[Any, list[tuple[Any, float]]], serving: Serving) -> dict[float, float]:
    """Return the share of random pairs that are farther apart, for each distance."""
    distances = sorted({distance for found in listed.values() for _, distance in found})
    try:
        sample = serving.pairs
    except StorageUnavailable:
        sample = None
    if sample is None or not distances:
        return {}
    shares = sample.closer_than(np.array(distances), neighbours.WEIGHTING)
    return dict(zip(distances, map(float, shares), strict=True))
