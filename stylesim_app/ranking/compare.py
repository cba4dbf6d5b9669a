"""Distances between two artworks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..collection.adapter import adapter
from ..core.descriptors import Descriptor, Provenance
from ..core.distances import DistanceParts, Weighting, measure_parts
from ..core.ranking import rank_parts
from ..exceptions import NotIndexed
from ..index.serving import Serving
from ..models import DescriptorSet
from .options import RankingOptions
from .results import RankedWork, list_results
from .similar import find_stored, read_stored


@dataclass(frozen=True)
class Comparison:
    """Two artworks and their distances; ``result`` is ``b`` as the only work ranked for ``a``."""

    a: Any
    b: Any
    preset: str
    weighting: Weighting
    provenance: Provenance
    result: RankedWork


def compare_artworks(
    a: Any, b: Any, options: RankingOptions, serving: Serving | None = None
) -> Comparison:
    """Compare two artworks.

    Raises NotIndexed if one of them has no descriptor yet, WeightingError for unusable weights.
    """
    serving = serving or Serving()
    weighting = options.weighting(serving)
    descriptors = [_read(artwork, serving.descriptor_set) for artwork in (a, b)]
    ranking = rank_parts(DistanceParts.stack([measure_parts(*descriptors)]), weighting, limit=1)
    return Comparison(
        a=a,
        b=b,
        preset=options.name,
        weighting=weighting,
        provenance=descriptors[0].provenance,
        result=list_results(ranking, weighting, [b], serving.pairs)[0],
    )


def _read(artwork: Any, descriptor_set: DescriptorSet | None) -> Descriptor:
    """Read a descriptor. Raises NotIndexed with a reason that names the artwork."""
    try:
        return read_stored(find_stored(artwork, descriptor_set))
    except NotIndexed as error:
        raise NotIndexed(error.state, f"{adapter().title(artwork)}: {error}") from error
