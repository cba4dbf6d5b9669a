"""Works similar to an artwork, a searched image or a file, for pages, admin, API and commands."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from ..collection.swapping import get_artwork_model
from ..core.descriptors import Descriptor
from ..core.distances import Weighting
from ..core.ranking import Ranking
from ..exceptions import NotIndexed
from ..index import neighbours
from ..index.nearest import find_nearest
from ..index.serving import Serving
from ..models import (
    CompactIndex,
    ImageSearch,
    WorkItem,
)
from . import coverage
from .copies import rank_copies
from .options import COPIES, RankingOptions
from .queries import (
    ArtworkQuery,
    SearchQuery,
    find_stored,
    network_changed,
    others,
    read_searched,
    read_stored,
    require_same_network,
)
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
    serving.require_storage()
    candidates = others(artwork, candidates, options)
    if options.preset == COPIES:
        return rank_copies(ArtworkQuery(artwork), options, visible, candidates, serving)
    stored = find_stored(artwork, serving.descriptor_set)
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

    Raises NotIndexed as ``read_searched`` does.
    """
    serving = serving or Serving()
    serving.require_storage()
    if options.preset == COPIES:
        return rank_copies(SearchQuery(search), options, visible, candidates, serving)
    descriptor = read_searched(search, serving)
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
    serving.require_storage()
    require_same_network(descriptor, serving)
    artworks = get_artwork_model()._default_manager.all()
    weighting = options.weighting(serving)
    ranking = _search(descriptor, serving, weighting, options.limit, artworks)
    return _answer(name, ranking, serving, options, weighting, artworks, artworks)


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
        raise network_changed()
    return replace(ranking, candidates=[each.artwork for each in ranking.candidates])


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
    scale = None if serving.pairs is None else serving.pairs.scale(weighting)
    return RankedAnswer(
        query=query,
        preset=options.name,
        weighting=weighting,
        certified=ranking.certified,
        indexed=indexed,
        visible=total,
        provenance=None if descriptor_set is None else descriptor_set.to_provenance(),
        results=list_results(ranking, artworks, scale),
        scale=scale,
    )
