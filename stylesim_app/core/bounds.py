"""Bounds of the distances between compact descriptors.

With ``a = ||x - mean||^2``, Pythagoras gives ``||z_A - z_B||^2 + r_A^2 + r_B^2 = a_A + a_B -
2 z_A z_B``; the parts of two works that the projection drops lie between parallel and opposite,
so::

    ||x_A - x_B||^2  =  a_A + a_B - 2 z_A z_B  +-  2 r_A r_B

for each layer, and so for every weighting. The middle is the estimate. One matrix product a layer
bounds many works.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .compression import ROUNDING, CompactDescriptor
from .descriptors import CONTENT_LAYER, LAYERS, STYLE_LAYERS
from .distances import Weighting

#: Possible error of a square where float32 has too few digits left for ROUNDING to hold.
UNDERFLOW = np.finfo(np.float32).tiny

FloatArray = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Bounds:
    """Squares of layer distances, and their possible errors: by layer, ``(queries, works)``."""

    squares: Mapping[str, FloatArray]
    swings: Mapping[str, FloatArray]

    def lower(self, weighting: Weighting) -> FloatArray:
        """Return lower bounds of the distances, ``(queries, works)``."""
        return self._weigh(weighting, -1)

    def estimate(self, weighting: Weighting) -> FloatArray:
        """Return the distances on the assumption that the dropped parts are orthogonal."""
        return self._weigh(weighting, 0)

    def upper(self, weighting: Weighting) -> FloatArray:
        """Return upper bounds of the distances, ``(queries, works)``."""
        return self._weigh(weighting, 1)

    def _weigh(self, weighting: Weighting, direction: int) -> FloatArray:
        terms = []
        if weighting.style_weight:
            # Weights may exceed the range of float32; as shares of their sum they do not.
            total = sum(weighting.layer_weights)
            shares = [np.float32(weight / total) for weight in weighting.layer_weights]
            squares = [
                share * self._bound(layer, direction)
                for layer, share in zip(STYLE_LAYERS, shares, strict=True)
                if share
            ]
            scale = np.float64(weighting.style_weight) * np.sqrt(total)
            style = sum(squares[1:], start=squares[0])
            if direction:
                # The loss of a small square multiplied by a small share.
                style += direction * UNDERFLOW
                np.maximum(style, 0, out=style)
            terms.append(scale * np.sqrt(style))
        if weighting.content_weight:
            content = np.sqrt(self._bound(CONTENT_LAYER, direction))
            terms.append(np.float64(weighting.content_weight) * content)
        distances: FloatArray = sum(terms[1:], start=terms[0])
        return distances

    def _bound(self, layer: str, direction: int) -> FloatArray:
        if not direction:
            return np.maximum(self.squares[layer], 0)
        combine = np.add if direction > 0 else np.subtract
        # A bound beyond float32 is infinite, which still bounds.
        with np.errstate(over="ignore"):
            bounded: FloatArray = combine(self.squares[layer], self.swings[layer])
        return np.maximum(bounded, 0, out=bounded)


@dataclass(frozen=True, eq=False)
class CompactTable:
    """Compact descriptors of ``n`` works by layer, so that a layer is one block of memory.

    ``z[layer]`` is ``(n, m)``; ``norms[layer]`` is ``(n, 2)``, ``||x - mean||^2`` and ``r``.
    """

    z: Mapping[str, NDArray[np.float32]]
    norms: Mapping[str, NDArray[np.float32]]

    def __len__(self) -> int:
        return len(self.z[CONTENT_LAYER])

    def rows(self, start: int, stop: int) -> Self:
        """Return a part of the table as a view."""
        return type(self)(
            {layer: block[start:stop] for layer, block in self.z.items()},
            {layer: block[start:stop] for layer, block in self.norms.items()},
        )

    def bound(self, queries: Sequence[CompactDescriptor], weighting: Weighting) -> Bounds:
        """Return bounds of the distances of each query to each work, in the layers that count.

        Memory: up to 48 bytes for each pair of a query and a work.
        """
        squares: dict[str, FloatArray] = {}
        swings: dict[str, FloatArray] = {}
        for layer in used_layers(weighting):
            index = LAYERS.index(layer)
            z = np.stack([query.layer(layer) for query in queries])
            own = np.array([[query.squares[index], query.residuals[index]] for query in queries])
            totals = own[:, :1] + self.norms[layer][:, 0]
            swings[layer] = 2 * own[:, 1:] * self.norms[layer][:, 1]
            swings[layer] += np.float32(ROUNDING) * totals
            swings[layer] += UNDERFLOW
            totals += (-2 * z) @ self.z[layer].T
            squares[layer] = totals
        return Bounds(squares, swings)


def used_layers(weighting: Weighting) -> list[str]:
    """Return the layers with a weight above zero, in the order of LAYERS."""
    layers = []
    if weighting.style_weight:
        weights = zip(STYLE_LAYERS, weighting.layer_weights, strict=True)
        layers = [layer for layer, weight in weights if weight]
    if weighting.content_weight:
        layers.append(CONTENT_LAYER)
    return layers


def least(values: FloatArray, count: int) -> NDArray[np.intp]:
    """Return the positions of the ``count`` least values, in no order."""
    if count >= len(values):
        return np.arange(len(values))
    return np.argpartition(values, count)[:count]
