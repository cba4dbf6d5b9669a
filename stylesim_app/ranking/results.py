"""Results of a ranking: the works nearest to a query, with their distances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ..core.descriptors import STYLE_LAYERS, Provenance
from ..core.distances import Weighting
from ..core.ranking import Ranking
from ..core.scale import PairScale


@dataclass(frozen=True)
class RankedWork:
    """One ranked work. ``closer_than`` is a percentage of random pairs, or None uncalibrated."""

    rank: int
    artwork: Any
    distance: float
    style_distance: float
    content_distance: float
    layer_distances: dict[str, float]
    closer_than: float | None


@dataclass(frozen=True)
class RankedAnswer:
    """The works nearest to a query, and the facts needed to interpret the figures.

    ``query`` is the artwork, the image search or the name of the file; ``visible`` is the number of
    works that the caller may see, and ``indexed`` the number of those that can be ranked.
    ``scale`` holds the distances of random pairs of the collection, None uncalibrated.
    """

    lane: ClassVar[str] = "measure"
    query: Any
    preset: str
    weighting: Weighting
    certified: bool
    indexed: int
    visible: int
    provenance: Provenance | None
    results: list[RankedWork]
    scale: PairScale | None = None

    @property
    def nearest(self) -> RankedWork:
        """The first result. Raises IndexError if there is none."""
        return self.results[0]


def list_results(
    ranking: Ranking[Any],
    artworks: Mapping[Any, Any],
    scale: PairScale | None,
) -> list[RankedWork]:
    """Return all figures of a ranking of artworks' keys; those that are gone are left out."""
    return [
        RankedWork(
            rank=index + 1,
            artwork=artworks[key],
            distance=float(ranking.distances[index]),
            style_distance=float(ranking.style_distances[index]),
            content_distance=float(ranking.parts.content[index]),
            layer_distances=dict(
                zip(STYLE_LAYERS, map(float, ranking.parts.layers[index]), strict=True)
            ),
            closer_than=None if scale is None else scale.closer_than(ranking.distances[index]),
        )
        for index, key in enumerate(ranking.candidates)
        if key in artworks
    ]
