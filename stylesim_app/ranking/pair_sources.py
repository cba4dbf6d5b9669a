"""The stored pairs of each kind: same file, same picture, nearest neighbours, near vectors.

Each source continues after a position, in either direction, so that a page costs as much anywhere
in the list. All conditions are asked of single rows in the order of the list: with millions of
lines, no database sorts them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from ..collection import keyset
from ..collection.adapter import adapter
from ..collection.keys import RELATION
from ..core.descriptors import LAYERS
from ..models import (
    DescriptorSet,
    IndexEntry,
    NearPair,
    Neighbour,
    PairList,
    PictureMatch,
    StoredDescriptor,
)

SAME, DIFFERENT = "same", "different"
ARTISTS = (SAME, DIFFERENT)
#: Works up to which a filter is looked up by their keys, instead of along the list.
FEW = 1000
#: Lines of the lists of neighbours that are looked at, the nearest ones: what is farther is no
#: close pair, and a condition that few pairs meet would lead through millions of them.
MAX_LINES = 100_000


@dataclass(frozen=True)
class Scope:
    """The works whose pairs are listed: both ``visible``, and one of them ``matching``.

    Without ``matching``, all visible works match. ``artists`` is ``same``, ``different`` or empty.
    """

    visible: QuerySet[Any]
    matching: QuerySet[Any] | None = None
    artists: str = ""


@dataclass(frozen=True)
class StoredPair:
    """The keys of two artworks, the values that were stored of them, and the place in the list."""

    first: Any
    second: Any
    position: list[Any]
    values: dict[str, Any]


class PairSource(ABC):
    """A list of pairs of one kind, in its order."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        #: Whether a read left out pairs that are farther apart than it looked.
        self.limited = False

    @abstractmethod
    def read(self, position: Sequence[Any] | None, count: int, backwards: bool) -> list[StoredPair]:
        """Return the pairs after a position, or before it, nearest to it first."""


def artist_path() -> str | None:
    """Return the lookup by which artists are compared, or None if the model has no artists."""
    if adapter().text_field("artist") is not None:
        return f"{RELATION}__artist"
    return adapter().field("artist")


def artists_condition(artists: str, first: str, second: Any) -> Q:
    """Return the condition on the artists of two works; an unknown artist is like no other."""
    path = artist_path()
    if not artists or path is None:
        return Q()
    known = f"{first}__{path}"
    if artists == SAME:
        unknown = Q(**{known: ""}) if path.startswith(RELATION) else Q(**{f"{known}__isnull": True})
        return Q(**{known: second}) & ~unknown
    return Q(**{f"{known}__lt": second}) | Q(**{f"{known}__gt": second})


def _among(artworks: QuerySet[Any], reference: Any) -> Exists:
    return Exists(artworks.order_by().filter(pk=reference))


class LinkedPairs(PairSource):
    """The rows of a table that links two works, in the order of ``terms``."""

    terms: Sequence[keyset.Term]
    #: The lookups from a row to its two artworks.
    first: str
    second: str

    def rows(self) -> QuerySet[Any]:
        """Return the rows, each pair once."""
        raise NotImplementedError

    def near(self, rows: QuerySet[Any], value: Any, *, backwards: bool) -> QuerySet[Any]:
        """Return the rows from the first value of the position on, which an index can find."""
        term = self.terms[0]
        lookup = "lte" if term.descending != backwards else "gte"
        return rows.filter(**{f"{term.name}__{lookup}": value})

    def values(self, row: Any) -> dict[str, Any]:
        """Return what a row tells of its pair."""
        raise NotImplementedError

    def of_works(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows of two visible works, of which one matches."""
        visible, matching = self.scope.visible, self.scope.matching
        rows = rows.filter(
            _among(visible, OuterRef(self.first)), _among(visible, OuterRef(self.second))
        )
        if matching is None:
            return rows
        return rows.filter(
            Q(_among(matching, OuterRef(self.first))) | Q(_among(matching, OuterRef(self.second)))
        )

    def read(self, position: Sequence[Any] | None, count: int, backwards: bool) -> list[StoredPair]:
        scope = self.scope
        rows = self.of_works(self.rows())
        if scope.artists:
            path = f"{self.second}__{artist_path()}"
            rows = rows.filter(artists_condition(scope.artists, self.first, F(path)))
        rows = rows.annotate(first_key=F(self.first), second_key=F(self.second))
        rows = keyset.ordered(rows, self.terms, backwards=backwards)
        if position is not None:
            rows = self.near(rows, position[0], backwards=backwards)
            rows = keyset.after(rows, self.terms, position, backwards=backwards)
        return [
            StoredPair(
                row.first_key, row.second_key, keyset.position_of(row, self.terms), self.values(row)
            )
            for row in rows[:count]
        ]


class MatchedPairs(LinkedPairs):
    """The pairs that show the same picture in different files, most matching points first."""

    terms = (keyset.Term("inliers", True, False), keyset.Term("pk", False, False))
    # The query of a stored match is the later work.
    first = "candidate__entry__artwork"
    second = "query__entry__artwork"

    def rows(self) -> QuerySet[Any]:
        own, other = "candidate__entry__image_sha256", F("query__entry__image_sha256")
        different = Q(**{f"{own}__lt": other}) | Q(**{f"{own}__gt": other}) | Q(**{own: ""})
        return PictureMatch.objects.filter(different)

    def values(self, row: Any) -> dict[str, Any]:
        return {"inliers": row.inliers, "relation": row.relation}


class DescribedPairs(LinkedPairs):
    """Pairs of stored descriptors, nearest first."""

    terms = (keyset.Term("distance", False, False), keyset.Term("pk", False, False))
    #: The references of a row to its two descriptors.
    ends: tuple[str, str]

    def __init__(self, scope: Scope, descriptor_set: DescriptorSet | None) -> None:
        super().__init__(scope)
        self.descriptor_set = descriptor_set
        self.first, self.second = (f"{end}__entry__artwork" for end in self.ends)

    def lines(self) -> QuerySet[Any]:
        """Return the rows without conditions on them."""
        raise NotImplementedError

    def of_works(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        rows = super().of_works(rows)
        first, second = (f"{end}__in" for end in self.ends)
        visible = self._few(self.scope.visible)
        if visible is not None:
            return rows.filter(**{first: visible, second: visible})
        if self.scope.matching is not None:
            matching = self._few(self.scope.matching)
            if matching is not None:
                return rows.filter(Q(**{first: matching}) | Q(**{second: matching}))
        nearest = self.lines().order_by("distance").values_list("distance", flat=True)
        horizon = list(nearest[MAX_LINES : MAX_LINES + 1])
        if not horizon:
            return rows
        self.limited = True
        return rows.filter(distance__lte=horizon[0])

    def _few(self, artworks: QuerySet[Any]) -> list[int] | None:
        """Return the keys of the descriptors of artworks, or None if they are not few."""
        stored = StoredDescriptor.objects.filter(
            descriptor_set=self.descriptor_set,
            entry__artwork__in=artworks.order_by().values("pk"),
        )
        keys = list(stored.order_by().values_list("pk", flat=True)[: FEW + 1])
        return keys if len(keys) <= FEW else None


class NeighbourPairs(DescribedPairs):
    """The pairs of the lists of neighbours; a pair in both lists counts once."""

    ends = ("owner", "neighbour")

    def lines(self) -> QuerySet[Any]:
        return Neighbour.objects.all()

    def rows(self) -> QuerySet[Any]:
        other_way = Neighbour.objects.filter(
            owner=OuterRef("neighbour"), neighbour=OuterRef("owner")
        )
        # As a condition of the join, SQLite would begin with the set, and sort all of its lines.
        in_set = StoredDescriptor.objects.filter(
            pk=OuterRef("owner"), descriptor_set=self.descriptor_set
        )
        return Neighbour.objects.filter(
            Q(owner__lt=F("neighbour")) | ~Exists(other_way), Exists(in_set)
        )

    def values(self, row: Any) -> dict[str, Any]:
        return {"distance": row.distance, "layers": [getattr(row, layer) for layer in LAYERS]}


class NearPairs(DescribedPairs):
    """The near pairs of a lane that compares vectors."""

    ends = ("earlier", "later")

    def __init__(
        self, scope: Scope, descriptor_set: DescriptorSet | None, pair_list: PairList | None
    ) -> None:
        super().__init__(scope, descriptor_set)
        self.pair_list = pair_list

    def lines(self) -> QuerySet[Any]:
        return NearPair.objects.filter(pair_list=self.pair_list)

    def rows(self) -> QuerySet[Any]:
        return self.lines()

    def values(self, row: Any) -> dict[str, Any]:
        return {"distance": row.distance}


class FilePairs(PairSource):
    """The pairs of works with the same file, those of the latest work first."""

    def read(self, position: Sequence[Any] | None, count: int, backwards: bool) -> list[StoredPair]:
        later = self._later.order_by("pk" if backwards else "-pk")
        found: list[StoredPair] = []
        if position is not None:
            key, other = (int(value) for value in position)
            for entry in IndexEntry.objects.filter(pk=key).select_related("artwork"):
                found = self._pairs_of(entry, count, backwards, after=other)
            later = later.filter(**{"pk__gt" if backwards else "pk__lt": key})
        for entry in later.select_related("artwork")[:count]:
            if len(found) >= count:
                break
            found += self._pairs_of(entry, count - len(found), backwards)
        return found

    @cached_property
    def _later(self) -> QuerySet[Any]:
        """The entries that have an earlier one with the same file in the scope."""
        path = artist_path()
        earlier = self._earlier(
            OuterRef("image_sha256"),
            OuterRef("pk"),
            OuterRef(OuterRef("artwork")),
            OuterRef(f"artwork__{path}") if path else None,
        )
        return IndexEntry.objects.exclude(image_sha256="").filter(
            _among(self.scope.visible, OuterRef("artwork")), Exists(earlier)
        )

    def _earlier(self, sha256: Any, pk: Any, artwork: Any, artist: Any) -> QuerySet[Any]:
        """Return the earlier entries with the file of a later one, which is given by its values."""
        scope = self.scope
        rows = IndexEntry.objects.filter(
            _among(scope.visible, OuterRef("artwork")), image_sha256=sha256, pk__lt=pk
        )
        if scope.matching is not None:
            rows = rows.filter(
                Q(_among(scope.matching, OuterRef("artwork"))) | Q(_among(scope.matching, artwork))
            )
        return rows.filter(artists_condition(scope.artists, "artwork", artist))

    def _pairs_of(
        self, entry: IndexEntry, count: int, backwards: bool, after: int | None = None
    ) -> list[StoredPair]:
        path = artist_path()
        artist = None
        if self.scope.artists and path:
            # None of the lookups compares with null.
            rows = IndexEntry.objects.filter(pk=entry.pk)
            artist = rows.values_list(f"artwork__{path}", flat=True).first()
            if artist is None:
                return []
        earlier = self._earlier(entry.image_sha256, entry.pk, entry.artwork_id, artist)
        if after is not None:
            earlier = earlier.filter(**{"pk__gt" if backwards else "pk__lt": after})
        keys = earlier.order_by("pk" if backwards else "-pk").values_list("pk", "artwork_id")
        return [
            StoredPair(artwork, entry.artwork_id, [entry.pk, pk], {"same_file": True})
            for pk, artwork in keys[:count]
        ]
