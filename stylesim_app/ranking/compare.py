"""How far two artworks are apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..collection.catalogue import title_of
from ..core.descriptors import Descriptor, Provenance
from ..core.distances import DistanceParts, Weighting, measure_parts
from ..core.ranking import rank_parts
from ..exceptions import NotIndexed
from ..index import sets
from ..models import DescriptorSet
from .similar import RankingOptions, Result, find_stored, list_results, read_stored


@dataclass(frozen=True)
class Comparison:
    """Two artworks and their distances; ``result`` is ``b`` as the only work ranked for ``a``."""

    a: Any
    b: Any
    preset: str
    weighting: Weighting
    provenance: Provenance
    result: Result


def compare_artworks(a: Any, b: Any, options: RankingOptions) -> Comparison:
    """Raises NotIndexed if one of them has no descriptor yet, WeightingError for unusable
    weights."""
    weighting = options.weighting()
    serving = sets.serving_set()
    descriptors = [_read(artwork, serving) for artwork in (a, b)]
    ranking = rank_parts(DistanceParts.stack([measure_parts(*descriptors)]), weighting, limit=1)
    return Comparison(
        a=a,
        b=b,
        preset=options.name,
        weighting=weighting,
        provenance=descriptors[0].provenance,
        result=list_results(ranking, weighting, [b])[0],
    )


def _read(artwork: Any, serving: DescriptorSet | None) -> Descriptor:
    """As ``find_stored``, but the reason says which of the two works it is about."""
    try:
        return read_stored(find_stored(artwork, serving))
    except NotIndexed as error:
        raise NotIndexed(error.state, f"{title_of(artwork)}: {error}") from error
