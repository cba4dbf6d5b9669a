"""Distances between two artworks."""

from __future__ import annotations

from typing import Any

from ..collection.adapter import adapter
from ..core.descriptors import Descriptor
from ..core.distances import DistanceParts, measure_parts
from ..core.ranking import rank_parts
from ..exceptions import NotIndexed
from ..index.serving import Serving
from ..models import DescriptorSet
from .options import RankingOptions
from .queries import find_stored, read_stored
from .results import RankedAnswer, list_results


def compare_artworks(
    a: Any, b: Any, options: RankingOptions, serving: Serving | None = None
) -> RankedAnswer:
    """Compare two artworks: return ``b`` as the only work ranked for ``a``.

    Raises NotIndexed if one of them has no descriptor yet, WeightingError for unusable weights.
    """
    serving = serving or Serving()
    weighting = options.weighting(serving)
    descriptors = [_read(artwork, serving.descriptor_set) for artwork in (a, b)]
    parts = DistanceParts.stack([measure_parts(*descriptors)])
    ranking = rank_parts([b.pk], parts, weighting, limit=1)
    return RankedAnswer(
        query=a,
        preset=options.name,
        weighting=weighting,
        certified=True,
        indexed=1,
        visible=1,
        provenance=descriptors[0].provenance,
        results=list_results(ranking, {b.pk: b}, weighting, serving.pairs),
    )


def _read(artwork: Any, descriptor_set: DescriptorSet | None) -> Descriptor:
    """Read a descriptor. Raises NotIndexed with a reason that names the artwork."""
    try:
        return read_stored(find_stored(artwork, descriptor_set))
    except NotIndexed as error:
        raise NotIndexed(error.state, f"{adapter().title(artwork)}: {error}") from error
