"""Works similar to an artwork, a searched image or a file, for pages, admin, API and commands."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from .. import files
from ..collection.adapter import adapter
from ..collection.swapping import get_artwork_model
from ..core.descriptors import Descriptor
from ..core.distances import Weighting
from ..core.errors import DescriptorError
from ..core.ranking import Ranking
from ..exceptions import NotIndexed
from ..index import neighbours, repair
from ..index.nearest import find_nearest
from ..index.serving import Serving
from ..messages import localize
from ..models import (
    CompactIndex,
    DescriptorSet,
    ImageSearch,
    IndexEntry,
    StoredDescriptor,
    WorkItem,
)
from . import coverage
from .options import RankingOptions
from .results import RankedAnswer, list_results


def find_similar(
    artwork: Any,
    options: RankingOptions,
    visible: QuerySet[Any],
    candidates: QuerySet[Any],
    serving: Serving | None = None,
) -> RankedAnswer:
    """Rank candidates, a part of the visible works, by their distance to an artwork.

    Raises NotIndexed if it has no descriptor yet, WeightingError for unusable weights.
    """
    serving = serving or Serving()
    stored = find_stored(artwork, serving.descriptor_set)
    candidates = candidates.exclude(pk=artwork.pk)
    artist = adapter().value(artwork, "artist")
    if options.exclude_same_artist and artist:
        candidates = candidates.exclude(**{str(adapter().field("artist")): artist})
    weighting = options.weighting(serving)
    ranking = None
    if weighting == neighbours.WEIGHTING:
        ranking = neighbours.rank_listed(stored, candidates, options.limit)
    if ranking is None:
        ranking = _search(read_stored(stored), serving, weighting, options.limit, candidates)
    return _answer(artwork, ranking, serving, options, weighting, visible, candidates)


def find_similar_to_search(
    search: ImageSearch,
    options: RankingOptions,
    visible: QuerySet[Any],
    candidates: QuerySet[Any],
    serving: Serving | None = None,
) -> RankedAnswer:
    """Rank candidates by their distance to a searched image, as ``find_similar`` does.

    Raises NotIndexed if the search is pending, has failed, or was indexed by a network that no
    longer serves.
    """
    if search.state != WorkItem.State.INDEXED:
        reason = search.reason or _(
            "This image is waiting to be processed. Please try again in a moment."
        )
        raise NotIndexed(search.state, reason)
    serving = serving or Serving()
    descriptor_set = serving.descriptor_set
    if descriptor_set is None or search.descriptor_set_id != descriptor_set.pk:
        raise _network_changed()
    try:
        descriptor = files.read_descriptor(search.descriptor_name)
    except DescriptorError as error:
        raise NotIndexed(WorkItem.State.FAILED, localize(error)) from error
    weighting = options.weighting(serving)
    ranking = _search(descriptor, serving, weighting, options.limit, candidates)
    return _answer(search, ranking, serving, options, weighting, visible, candidates)


def find_similar_to_descriptor(
    name: str, descriptor: Descriptor, options: RankingOptions, serving: Serving | None = None
) -> RankedAnswer:
    """Rank all works by their distance to an image that is not stored.

    Raises NotIndexed if the collection was indexed by another network.
    """
    serving = serving or Serving()
    descriptor_set = serving.descriptor_set
    if descriptor_set is not None and descriptor_set.digest != descriptor.provenance.digest:
        raise NotIndexed(
            WorkItem.State.STALE,
            _(
                "The collection was indexed with a different network. Update it first: "
                "stylesim_index --stale."
            ),
        )
    artworks = get_artwork_model()._default_manager.all()
    weighting = options.weighting(serving)
    ranking = _search(descriptor, serving, weighting, options.limit, artworks)
    return _answer(name, ranking, serving, options, weighting, artworks, artworks)


def find_stored(artwork: Any, descriptor_set: DescriptorSet | None) -> StoredDescriptor:
    """Return the stored descriptor of an artwork in a set. Raises NotIndexed if there is none."""
    entry = IndexEntry.objects.filter(artwork=artwork).first()
    stored = (
        StoredDescriptor.objects.filter(entry=entry, descriptor_set=descriptor_set).first()
        if entry is not None and descriptor_set is not None
        else None
    )
    if stored is None:
        state = entry.state if entry is not None else WorkItem.State.PENDING
        reason = entry.reason if entry is not None else ""
        raise NotIndexed(
            state, reason or _("This work is waiting to be indexed. Please try again in a moment.")
        )
    return stored


def read_stored(stored: StoredDescriptor) -> Descriptor:
    """Read a descriptor. Raises NotIndexed, and marks it as suspected, if the file is damaged."""
    try:
        return files.read_descriptor(stored.file_name)
    except DescriptorError as error:
        repair.suspect([(stored.pk, error)])
        raise NotIndexed(WorkItem.State.FAILED, localize(error)) from error


def _search(
    descriptor: Descriptor,
    serving: Serving,
    weighting: Weighting,
    limit: int,
    candidates: QuerySet[Any],
) -> Ranking[Any]:
    """Rank the keys of the nearest candidates."""
    described = coverage.described(candidates, serving.descriptor_set)
    try:
        [ranking] = find_nearest([descriptor], serving.store, described, weighting, limit)
    except CompactIndex.DoesNotExist as error:
        # A replaced index is kept for a minute only.
        raise _index_changed() from error
    # Either there are so few candidates, or they were deleted with their set meanwhile.
    few = len(ranking.candidates) < limit
    if few and serving.descriptor_set is not None and not serving.still_serves():
        raise _network_changed()
    return replace(ranking, candidates=[each.artwork for each in ranking.candidates])


def _network_changed() -> NotIndexed:
    return NotIndexed(
        WorkItem.State.STALE,
        _("The network has changed since this search. Please search again."),
    )


def _index_changed() -> NotIndexed:
    return NotIndexed(
        WorkItem.State.STALE,
        _("The index changed during this search. Please try again."),
    )


def _answer(
    query: Any,
    ranking: Ranking[Any],
    serving: Serving,
    options: RankingOptions,
    weighting: Weighting,
    visible: QuerySet[Any],
    candidates: QuerySet[Any],
) -> RankedAnswer:
    descriptor_set = serving.descriptor_set
    indexed, total = coverage.count(visible, descriptor_set)
    artworks = candidates.select_related("stylesim_entry").in_bulk(ranking.candidates)
    return RankedAnswer(
        query=query,
        preset=options.name,
        weighting=weighting,
        certified=ranking.certified,
        indexed=indexed,
        visible=total,
        provenance=None if descriptor_set is None else descriptor_set.to_provenance(),
        results=list_results(ranking, artworks, weighting, serving.pairs),
    )
