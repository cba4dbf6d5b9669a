"""Medians and quantiles of distances, over random pairs of one collection."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from .descriptors import LAYERS, Descriptor
from .distances import EQUAL_LAYER_WEIGHTS, DistanceParts, Weighting
from .errors import DescriptorError
from .scale import PairScale

FloatArray = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class PairSample:
    """The distance parts of random pairs of a collection; every weighting derives from them."""

    parts: DistanceParts

    def closer_than(self, distances: FloatArray, weighting: Weighting) -> FloatArray:
        """Return the percentage of random pairs that are farther apart, for each distance."""
        sample = np.sort(self.parts.distances(weighting))
        farther = len(sample) - np.searchsorted(sample, distances, side="right")
        return 100.0 * farther / len(sample)

    def scale(self, weighting: Weighting) -> PairScale:
        """Return the scale of distances at some weights."""
        distances = self.parts.distances(weighting)
        works = (1 + math.isqrt(1 + 8 * len(distances))) // 2
        pairs = np.triu_indices(works, k=1)
        square = np.full((works, works), np.inf)
        # A sample of pairs alone, and not of all pairs of some works, has no neighbours.
        if len(pairs[0]) != len(distances):
            return PairScale(np.sort(distances))
        square[pairs] = distances
        nearest = np.minimum(square.min(axis=0), square.min(axis=1))
        return PairScale(np.sort(distances), np.sort(nearest))

    def balanced_weights(
        self, layer_weights: Sequence[float] = EQUAL_LAYER_WEIGHTS
    ) -> tuple[float, float]:
        """Return ``(style_weight, content_weight)`` that give both distances a median of 0.5."""
        style = float(np.median(self.parts.style_distances(layer_weights)))
        content = float(np.median(self.parts.content))
        # Only a collection of identical pictures has a median of zero.
        return 0.5 / (style or 1.0), 0.5 / (content or 1.0)

    def to_bytes(self) -> bytes:
        """Serialise to safetensors, float32."""
        return save(
            {
                "layers": self.parts.layers.astype(np.float32),
                "content": self.parts.content.astype(np.float32),
            }
        )

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Read the bytes that ``to_bytes`` writes. Raises DescriptorError."""
        try:
            tensors = load(content)
            parts = DistanceParts(
                layers=tensors["layers"].astype(np.float64),
                content=tensors["content"].astype(np.float64),
            )
        except (SafetensorError, KeyError) as error:
            raise DescriptorError("descriptor_unreadable", reason=error) from error
        return cls(parts)


def sample_pairs(descriptors: Sequence[Descriptor]) -> PairSample:
    """Return the distances of all pairs of randomly chosen works, at least two.

    Memory: 2 MB a work.
    """
    count = len(descriptors)
    if count < 2:
        raise ValueError(f"expected at least 2 works, got {count}")
    first, second = np.triu_indices(count, k=1)
    columns = []
    for layer in LAYERS:
        matrix = np.stack([descriptor.layer(layer) for descriptor in descriptors])
        # Around the mean the norms are small, so that their difference keeps its digits.
        matrix -= matrix.mean(axis=0)
        gram = (matrix @ matrix.T).astype(np.float64)
        norms = np.diagonal(gram)
        squares = norms[first] + norms[second] - 2 * gram[first, second]
        columns.append(np.sqrt(np.maximum(squares, 0)))
    layers = np.stack(columns[:-1], axis=1)
    return PairSample(DistanceParts(layers=layers, content=columns[-1]))
