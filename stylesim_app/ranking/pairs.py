"""The pairs of the collection that are nearest to each other, by lane, each once.

They are those that workers have stored: comparing every work with every other one takes too long
for a page.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from django.core.exceptions import ValidationError
from django.core.signing import BadSignature, Signer
from numpy.typing import NDArray

from ..core.distances import DistanceParts
from ..core.same_picture.relation import Relation
from ..exceptions import StorageUnavailable
from ..index import near_pairs, neighbours, scales
from ..index.serving import Serving
from ..models import StoredDescriptor, StoredFeatures
from . import lanes
from .lanes import Lane
from .measure import Measure
from .pair_sources import (
    FilePairs,
    MatchedPairs,
    NearPairs,
    NeighbourPairs,
    PairSource,
    Scope,
    StoredPair,
)
from .same_picture import SamePictureLane

PAGE_SIZE = 24
#: Pairs of an export, and those that are read at once for it.
MAX_EXPORT = 10_000
_EXPORT_PAGE = 500
#: Characters of a cursor.
MAX_CURSOR = 500

#: The lane that is listed unless another one is asked for.
DEFAULT_LANE = SamePictureLane.name


@dataclass(frozen=True)
class Pair:
    """Two artworks that are near, and how.

    ``inliers`` and ``relation`` are those of the same picture, with the first work as the query;
    both are None for the ``same_file``. Other lanes have a ``distance``, and ``closer_than``, the
    percentage of random pairs that are farther apart; those of style and content belong to the
    measure.
    """

    first: Any
    second: Any
    same_file: bool = False
    inliers: int | None = None
    relation: Relation | None = None
    distance: float | None = None
    style_distance: float | None = None
    content_distance: float | None = None
    closer_than: float | None = None


@dataclass(frozen=True)
class PairsPage:
    """Some pairs of a lane, with the cursors of the pages before and after it.

    The pairs of ``unlisted`` works are not all known yet. If ``limited``, farther pairs than the
    nearest lines of the lists are left out.
    """

    lane: Lane
    pairs: list[Pair]
    previous: str | None
    next: str | None
    unlisted: int
    limited: bool


class InvalidCursor(ValueError):
    """A cursor that no page has given, or that belongs to another lane."""


def pair_lanes() -> list[Lane]:
    """Return the lanes that list pairs, the default first."""
    first = (SamePictureLane.name, Measure.name)
    return [lanes.get(name) for name in (*first, *near_pairs.registered())]


def list_pairs(
    lane: str,
    scope: Scope,
    size: int = PAGE_SIZE,
    cursor: str = "",
    serving: Serving | None = None,
) -> PairsPage:
    """Return a page of the closest pairs of a lane. Raises InvalidCursor."""
    serving = serving or Serving()
    start, position, backwards = _read_cursor(lane, cursor) if cursor else (0, None, False)
    sources = _sources(lane, scope, serving)
    try:
        rows = _read(sources, start, position, size + 1, backwards)
    except (ValueError, TypeError, IndexError, ValidationError) as error:
        raise InvalidCursor(cursor) from error
    more, rows = len(rows) > size, rows[:size]
    if backwards:
        rows.reverse()
    has_next, has_previous = (True, more) if backwards else (more, bool(cursor))
    return PairsPage(
        lane=lanes.get(lane),
        pairs=_make_pairs(lane, [row for _, row in rows], scope, serving),
        previous=_write_cursor(lane, *rows[0], True) if rows and has_previous else None,
        next=_write_cursor(lane, *rows[-1], False) if rows and has_next else None,
        unlisted=_count_unlisted(lane, scope, serving),
        limited=any(source.limited for source in sources),
    )


def every_pair(lane: str, scope: Scope) -> Iterator[Pair]:
    """Return the closest pairs one after another, up to MAX_EXPORT."""
    serving = Serving()
    cursor: str | None = ""
    for _ in range(MAX_EXPORT // _EXPORT_PAGE):
        page = list_pairs(lane, scope, _EXPORT_PAGE, cursor or "", serving)
        yield from page.pairs
        cursor = page.next
        if cursor is None:
            return


def _sources(lane: str, scope: Scope, serving: Serving) -> list[PairSource]:
    if lane == SamePictureLane.name:
        return [FilePairs(scope), MatchedPairs(scope)]
    if lane == Measure.name:
        return [NeighbourPairs(scope, serving.descriptor_set)]
    pair_list = near_pairs.serving_list(lane, serving)
    return [NearPairs(scope, serving.descriptor_set, pair_list)]


def _read(
    sources: Sequence[PairSource],
    start: int,
    position: Sequence[Any] | None,
    count: int,
    backwards: bool,
) -> list[tuple[int, StoredPair]]:
    """Return the pairs from a position of one source on, and then those of the next ones."""
    found: list[tuple[int, StoredPair]] = []
    for index in range(start, -1 if backwards else len(sources), -1 if backwards else 1):
        wanted = count - len(found)
        if wanted:
            rows = sources[index].read(position, wanted, backwards)
            found += [(index, row) for row in rows]
        position = None
    return found


def _make_pairs(
    lane: str, rows: Sequence[StoredPair], scope: Scope, serving: Serving
) -> list[Pair]:
    keys = {key for row in rows for key in (row.first, row.second)}
    artworks = scope.visible.select_related("stylesim_entry").in_bulk(keys)
    found = [
        _make_pair(row, artworks)
        for row in rows
        # One may have been deleted meanwhile.
        if row.first in artworks and row.second in artworks
    ]
    return _with_shares(lane, found, serving)


def _make_pair(row: StoredPair, artworks: dict[Any, Any]) -> Pair:
    first, second = artworks[row.first], artworks[row.second]
    values = row.values
    if "layers" in values:
        *layers, content = values["layers"]
        parts = DistanceParts.stack([(layers, content)])
        style = parts.style_distances(neighbours.WEIGHTING.layer_weights)
        return Pair(
            first,
            second,
            distance=values["distance"],
            style_distance=float(style[0]),
            content_distance=float(content),
        )
    if "relation" in values:
        # As stored, the second work is the query.
        relation = Relation.from_json(values["relation"]).reversed()
        return Pair(first, second, inliers=values["inliers"], relation=relation)
    if "distance" in values:
        return Pair(first, second, distance=values["distance"])
    return Pair(first, second, same_file=True)


def _with_shares(lane: str, pairs: list[Pair], serving: Serving) -> list[Pair]:
    """Return pairs with the share of random pairs that are farther apart, where it is known."""
    distances = np.array([each.distance for each in pairs if each.distance is not None])
    shares = _shares(lane, distances, serving) if len(distances) else None
    if shares is None:
        return pairs
    return [
        replace(pair, closer_than=float(share)) for pair, share in zip(pairs, shares, strict=True)
    ]


def _shares(lane: str, distances: NDArray[np.float64], serving: Serving) -> Iterable[float] | None:
    if lane == Measure.name:
        with suppress(StorageUnavailable):
            sample = serving.pairs
            return None if sample is None else sample.closer_than(distances, neighbours.WEIGHTING)
        return None
    comparison = near_pairs.registered()[lane]
    index = serving.vector_index(comparison.embedding.name)
    scale = scales.scale_of(index, comparison.weights) if index else None
    return None if scale is None else map(scale.closer_than, distances.tolist())


def _count_unlisted(lane: str, scope: Scope, serving: Serving) -> int:
    """Return the number of visible works that were not compared with all others yet."""
    visible = scope.visible.order_by().values("pk")
    if lane == SamePictureLane.name:
        unmatched = StoredFeatures.objects.filter(matched_at__isnull=True)
        return unmatched.filter(entry__artwork__in=visible).count()
    stored = StoredDescriptor.objects.filter(descriptor_set=serving.descriptor_set)
    if lane == Measure.name:
        waiting = stored.exclude(list_state=StoredDescriptor.ListState.WHOLE)
    else:
        pair_list = near_pairs.serving_list(lane, serving)
        waiting = stored.filter(pk__gt=pair_list.compared_to) if pair_list else stored
    return waiting.filter(entry__artwork__in=visible).count()


def _signer() -> Signer:
    return Signer(salt="stylesim.pairs")


def _write_cursor(lane: str, source: int, row: StoredPair, backwards: bool) -> str:
    return _signer().sign_object([lane, source, row.position, backwards], compress=True)


def _read_cursor(lane: str, cursor: str) -> tuple[int, list[Any], bool]:
    if len(cursor) > MAX_CURSOR:
        raise InvalidCursor(cursor)
    try:
        written_by, source, position, backwards = _signer().unsign_object(cursor)
    except (BadSignature, ValueError, TypeError) as error:
        raise InvalidCursor(cursor) from error
    if written_by != lane:
        raise InvalidCursor(cursor)
    return source, position, backwards
