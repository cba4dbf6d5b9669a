"""The table of similar works for many chosen works, as a page and as CSV."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from ..collection.adapter import adapter
from ..ranking.many import Near, Row, rank_many
from ..ranking.many_vectors import rank_by_vectors
from ..ranking.vector_lanes import VectorLane
from .ranking import Card

#: Works of a table, and the nearest works that each row opens to.
MAX_ROWS = 50
SHOWN = 5


@dataclass(frozen=True)
class TableRow:
    """A query with cards of the works near it; the first of each is the best."""

    query: Card
    nearest: list[tuple[Near, Card]]
    same_pictures: list[tuple[Near, Card]]
    is_listed: bool
    is_matched: bool
    #: In the lane that was chosen besides; None without one.
    chosen: list[tuple[Near, Card]] | None
    #: The page with all comparisons of the query.
    address: str


def make_table(
    artworks: Sequence[Any],
    visible: QuerySet[Any],
    make_card: Callable[[Any], Card],
    make_address: Callable[[Any], str],
    lane: VectorLane | None = None,
) -> list[TableRow]:
    """Return the rows of the page, with a column for a lane of vectors if one is chosen."""
    by_vectors = rank_by_vectors(lane, artworks, visible, SHOWN) if lane else {}

    def cards(found: Sequence[Near]) -> list[tuple[Near, Card]]:
        return [(near, make_card(near.artwork)) for near in found]

    return [
        TableRow(
            make_card(row.artwork),
            cards(row.nearest),
            cards(row.same_pictures),
            row.is_listed,
            row.is_matched,
            cards(by_vectors.get(row.artwork.pk, ())) if lane else None,
            make_address(row.artwork),
        )
        for row in rank_many(artworks, visible, SHOWN)
    ]


def csv_rows(
    artworks: Sequence[Any], visible: QuerySet[Any], lane: VectorLane | None = None
) -> Iterator[list[Any]]:
    """Return the rows of the CSV file, one for each work near a query."""
    yield [
        *("query_id", "query_title", "lane", "rank", "id", "title", "artist"),
        *("same_file", "matching_points", "distance", "closer_than"),
    ]
    by_vectors = rank_by_vectors(lane, artworks, visible, SHOWN) if lane else {}
    for row in rank_many(artworks, visible, SHOWN):
        yield from _lines(row, "same_picture", row.same_pictures)
        yield from _lines(row, "measure", row.nearest)
        if lane:
            yield from _lines(row, lane.name, by_vectors.get(row.artwork.pk, ()))


def _lines(row: Row, lane: str, found: Sequence[Near]) -> Iterator[list[Any]]:
    for rank, near in enumerate(found, start=1):
        yield [
            str(row.artwork.pk),
            adapter().title(row.artwork),
            lane,
            rank,
            str(near.artwork.pk),
            adapter().title(near.artwork),
            str(adapter().value(near.artwork, "artist") or ""),
            "yes" if near.same_file else "",
            near.inliers,
            near.distance,
            near.closer_than,
        ]
