"""Visible works that show the same picture as an artwork or a searched image."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..collection.swapping import get_artwork_model
from ..core.same_picture.relation import Relation
from ..exceptions import NotPrepared
from ..index import same_picture
from ..index.serving import Serving
from ..messages import WorkError
from ..models import ImageSearch, IndexEntry, PictureMatch, StoredFeatures, WorkItem
from .lanes import Lane
from .options import RankingOptions
from .queries import FileQuery, others, require_searched


@dataclass(frozen=True)
class SamePicture:
    """A work that shows the same picture as the query, and how; None if its file is the same."""

    rank: int
    artwork: Any
    relation: Relation | None


@dataclass(frozen=True)
class SamePictures:
    """The works that show the same picture, copies of the file first, then by inliers.

    Of the ``visible`` works, ``compared`` were compared with the ``query``, an artwork or an image
    search; ``later`` were indexed after the search.
    """

    lane: ClassVar[str] = "same_picture"
    query: Any
    works: list[SamePicture]
    compared: int
    visible: int
    later: int = 0


def list_same_pictures(
    artwork: Any, visible: QuerySet[Any], candidates: QuerySet[Any] | None = None
) -> SamePictures | None:
    """Return the candidates, by default all visible works, that show the same picture.

    None until a worker has compared the artwork with the others.
    """
    features = StoredFeatures.objects.filter(entry__artwork=artwork).first()
    if features is None or features.matched_at is None:
        return None
    matches = PictureMatch.objects.filter(Q(query=features) | Q(candidate=features))
    relations: dict[int, Relation] = {}
    for match in matches:
        relation = Relation.from_json(match.relation)
        own = match.query_id == features.pk
        other = match.candidate_id if own else match.query_id
        relation = relation if own else relation.reversed()
        if other not in relations or relation.inliers > relations[other].inliers:
            relations[other] = relation
    copies = IndexEntry.objects.filter(image_sha256=features.image_sha256).exclude(
        pk=features.entry_id
    )
    return _among(artwork, visible, candidates, relations, copies)


def list_same_pictures_of_search(
    search: ImageSearch, visible: QuerySet[Any], candidates: QuerySet[Any] | None = None
) -> SamePictures | None:
    """Return the candidates, by default all visible works, that show the same picture as a
    searched image; None if it was not compared."""
    if search.same_pictures is None:
        return None
    relations = {key: Relation.from_json(relation) for key, relation in search.same_pictures}
    found = _among(search, visible, candidates, relations, IndexEntry.objects.none())
    later = visible.filter(stylesim_entry__features__pk__gt=search.compared_to).count()
    return replace(found, compared=found.compared - later, later=later)


def list_same_pictures_of_file(name: str, found: Iterable[tuple[int, Relation]]) -> SamePictures:
    """Return the works that show the same picture as an image file, of those that were ``found``
    by the key of their features."""
    works = get_artwork_model()._default_manager.all()
    return _among(name, works, None, dict(found), IndexEntry.objects.none())


class SamePictureLane(Lane):
    """The lane ``same_picture``: local features that agree in one change of place and size."""

    name = SamePictures.lane
    label = _("Same picture?")
    question = _(
        "Is this very picture in the collection, cropped, framed, mirrored or photographed?"
    )
    meaning = _("The number of matching points; more are surer.")
    limits = _(
        "A copy may be missed if it shows only a small part of the picture, or a picture with few "
        "details."
    )
    template = "stylesim_app/includes/same_picture.html"

    def of_artwork(
        self,
        artwork: Any,
        options: RankingOptions,
        visible: QuerySet[Any],
        candidates: QuerySet[Any],
        serving: Serving | None = None,
    ) -> SamePictures:
        candidates = others(artwork, candidates, options)
        return _first(list_same_pictures(artwork, visible, candidates), options)

    def of_search(
        self,
        search: ImageSearch,
        options: RankingOptions,
        visible: QuerySet[Any],
        candidates: QuerySet[Any],
        serving: Serving | None = None,
    ) -> SamePictures:
        if search.state != WorkItem.State.INDEXED:
            require_searched(search, serving or Serving())
        return _first(list_same_pictures_of_search(search, visible, candidates), options)

    def of_file(
        self, file: FileQuery, options: RankingOptions, serving: Serving | None = None
    ) -> SamePictures:
        features = file.picture.features
        if features is None:
            raise WorkError("no_opencv")
        found = list_same_pictures_of_file(file.shown, same_picture.find(features))
        return _first(found, options)


def _first(found: SamePictures | None, options: RankingOptions) -> SamePictures:
    if found is None:
        raise NotPrepared(
            WorkItem.State.PENDING,
            gettext("This picture is waiting to be compared. Please try again in a moment."),
        )
    return replace(found, works=found.works[: options.limit])


def _among(
    query: Any,
    visible: QuerySet[Any],
    candidates: QuerySet[Any] | None,
    relations: dict[int, Relation],
    copies: QuerySet[IndexEntry],
) -> SamePictures:
    candidates = visible if candidates is None else candidates
    by_artwork = dict(
        StoredFeatures.objects.filter(pk__in=relations).values_list("entry__artwork", "pk")
    )
    copied = set(copies.values_list("artwork", flat=True))
    found = candidates.select_related("stylesim_entry").in_bulk([*by_artwork, *copied])
    ordered = _ordered(found, copied, {key: relations[pk] for key, pk in by_artwork.items()})
    works = [
        SamePicture(rank, found[key], None if key in copied else relations[by_artwork[key]])
        for rank, key in enumerate(ordered, start=1)
    ]
    compared = visible.filter(stylesim_entry__features__isnull=False).count()
    return SamePictures(query, works, compared, visible.count())


def _ordered(keys: Iterable[Any], copied: set[Any], relations: dict[Any, Relation]) -> list[Any]:
    def place(key: Any) -> tuple[bool, int]:
        return key not in copied, -relations[key].inliers if key in relations else 0

    return sorted(keys, key=place)
