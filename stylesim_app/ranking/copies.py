"""The preset ``copies``: half whitened style, half content, both by cosine."""

from __future__ import annotations

from typing import Any

import numpy as np
from django.db.models import QuerySet
from numpy.typing import NDArray

from ..core.descriptors import CONTENT_LAYER, STYLE_LAYERS
from ..core.distances import Weighting
from ..core.embedding import part_distances, weigh_parts
from ..core.scale import PairScale
from ..index import scales
from ..index.embeddings import PICTURE
from ..index.serving import Serving
from ..index.vectors import open_store
from ..models import VectorIndex
from . import coverage, vectors
from .options import RankingOptions
from .queries import Query
from .results import RankedAnswer, RankedWork

FloatArray = NDArray[np.float32]


def rank_copies(
    query: Query,
    options: RankingOptions,
    visible: QuerySet[Any],
    candidates: QuerySet[Any],
    serving: Serving,
) -> RankedAnswer:
    """Rank candidates by ``style_weight * style + content_weight * content`` of cosine distances.

    The style distance is the mean of those of the layers, weighted. Raises NotIndexed.
    """
    weighting = options.weighting(serving)
    weights = part_weights(weighting)
    search = vectors.begin(query, PICTURE, serving)
    own = search.vectors[0]
    queries = weigh_parts(own, dict(weights))[None]
    found = search.nearest(queries, candidates, options.limit)
    stored = open_store(search.index).read([each.stored for each, _ in found])
    scale = scale_of_copies(search.index, weighting)
    indexed, total = coverage.count(visible, serving.descriptor_set)
    results = [
        measure_copy(rank, artwork, own, stored[each.stored].numbers[0], weighting, scale)
        for rank, (each, artwork) in enumerate(found, start=1)
        # Its picture may have been replaced since.
        if each.stored in stored
    ]
    descriptor_set = serving.descriptor_set
    return RankedAnswer(
        query=query.shown,
        preset=options.name,
        weighting=weighting,
        certified=True,
        indexed=indexed,
        visible=total,
        provenance=None if descriptor_set is None else descriptor_set.to_provenance(),
        results=results,
        scale=scale,
    )


def scale_of_copies(index: VectorIndex, weighting: Weighting) -> PairScale | None:
    """Return the scale of the distances of copies; None while there are too few works.

    Scales are of the mean of the cosines, and distances of their sum.
    """
    scale = scales.scale_of(index, part_weights(weighting))
    return None if scale is None else scale.times(_total(weighting))


def measure_copy(
    rank: int,
    artwork: Any,
    query: FloatArray,
    candidate: FloatArray,
    weighting: Weighting,
    scale: PairScale | None,
) -> RankedWork:
    """Return the figures of a work from its vector and that of the query ``(1152,)``."""
    parts = part_distances(query, candidate)
    layers = {layer: parts[layer] for layer in STYLE_LAYERS}
    style, content = style_distance(layers, weighting), parts[CONTENT_LAYER]
    distance = weighting.style_weight * style + weighting.content_weight * content
    return RankedWork(
        rank=rank,
        artwork=artwork,
        distance=distance,
        style_distance=style,
        content_distance=content,
        layer_distances=layers,
        closer_than=None if scale is None else scale.closer_than(distance),
    )


def _total(weighting: Weighting) -> float:
    return weighting.style_weight + weighting.content_weight


def part_weights(weighting: Weighting) -> scales.Weights:
    """Return the weight of each part of a picture's vector."""
    shares = layer_shares(weighting.layer_weights)
    layers = tuple((layer, weighting.style_weight * share) for layer, share in shares.items())
    return (*layers, (CONTENT_LAYER, weighting.content_weight))


def layer_shares(layer_weights: tuple[float, ...]) -> dict[str, float]:
    """Return the share of each style layer."""
    total = sum(layer_weights)
    return {
        layer: weight / total for layer, weight in zip(STYLE_LAYERS, layer_weights, strict=True)
    }


def style_distance(layers: dict[str, float], weighting: Weighting) -> float:
    """Return the mean of the cosine distances of the layers, weighted."""
    shares = layer_shares(weighting.layer_weights)
    return sum(share * layers[layer] for layer, share in shares.items())
