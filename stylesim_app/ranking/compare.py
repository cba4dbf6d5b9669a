"""Distances between two artworks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..collection.adapter import adapter
from ..core.distances import DistanceParts, measure_parts
from ..core.ranking import rank_parts
from ..exceptions import NotIndexed
from ..index.embeddings import PICTURE
from ..index.serving import Serving
from . import vectors
from .copies import measure_copy, scale_of_copies
from .options import COPIES, RankingOptions
from .queries import ArtworkQuery, find_stored, read_stored
from .results import RankedAnswer, list_results


def compare_artworks(
    a: Any, b: Any, options: RankingOptions, serving: Serving | None = None
) -> RankedAnswer:
    """Compare two artworks: return ``b`` as the only work ranked for ``a``.

    Raises NotIndexed if one of them has no descriptor yet, or no vector for the preset ``copies``;
    WeightingError for unusable weights.
    """
    serving = serving or Serving()
    if options.preset == COPIES:
        return _compare_copies(a, b, options, serving)
    weighting = options.weighting(serving)
    descriptors = []
    for artwork in (a, b):
        with _named(artwork):
            descriptors.append(read_stored(find_stored(artwork, serving.descriptor_set)))
    parts = DistanceParts.stack([measure_parts(*descriptors)])
    ranking = rank_parts([b.pk], parts, weighting, limit=1)
    scale = None if serving.pairs is None else serving.pairs.scale(weighting)
    return RankedAnswer(
        query=a,
        preset=options.name,
        weighting=weighting,
        certified=True,
        indexed=1,
        visible=1,
        provenance=descriptors[0].provenance,
        results=list_results(ranking, {b.pk: b}, scale),
        scale=scale,
    )


def _compare_copies(a: Any, b: Any, options: RankingOptions, serving: Serving) -> RankedAnswer:
    """Compare the vectors of two artworks, as ``rank_copies`` does."""
    weighting = options.weighting(serving)
    searches = []
    for artwork in (a, b):
        with _named(artwork):
            searches.append(vectors.begin(ArtworkQuery(artwork), PICTURE, serving))
    scale = scale_of_copies(searches[0].index, weighting)
    query, candidate = (search.vectors[0] for search in searches)
    descriptor_set = serving.descriptor_set
    return RankedAnswer(
        query=a,
        preset=options.name,
        weighting=weighting,
        certified=True,
        indexed=1,
        visible=1,
        provenance=None if descriptor_set is None else descriptor_set.to_provenance(),
        results=[measure_copy(1, b, query, candidate, weighting, scale)],
        scale=scale,
    )


@contextmanager
def _named(artwork: Any) -> Iterator[None]:
    """Put the title of the artwork before the reason of a NotIndexed."""
    try:
        yield
    except NotIndexed as error:
        raise type(error)(error.state, f"{adapter().title(artwork)}: {error}") from error
