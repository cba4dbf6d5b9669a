"""Distances between two pictures: by layer, in style, in content, and weighted."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .descriptors import STYLE_LAYERS, Descriptor
from .errors import DescriptorError, WeightingError

EQUAL_LAYER_WEIGHTS = (1 / len(STYLE_LAYERS),) * len(STYLE_LAYERS)

#: ``(style_weight, content_weight)`` by preset, None where the calibration gives them; those of
#: ``paper`` are Gatys'.
PRESETS = {"paper": (1.0, 1e-4), "style": (1.0, 0.0), "content": (0.0, 1.0), "balanced": None}
DEFAULT_PRESET = "paper"
#: With larger weights, a weighted distance could be infinite.
MAX_WEIGHT = 1e100

FloatArray = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Weighting:
    """The weights of a query: one for style, one for content, one for each of five style layers.

    Raises WeightingError unless all are finite, none is negative or above MAX_WEIGHT, and at least
    one of the two, and one of the five, is above zero.
    """

    style_weight: float = 1.0
    content_weight: float = 1e-4
    layer_weights: tuple[float, ...] = EQUAL_LAYER_WEIGHTS

    def __post_init__(self) -> None:
        if len(self.layer_weights) != len(STYLE_LAYERS):
            raise WeightingError(
                "weighting_layer_count",
                expected=len(STYLE_LAYERS),
                actual=len(self.layer_weights),
            )
        _check_weight("style_weight", self.style_weight)
        _check_weight("content_weight", self.content_weight)
        for layer, weight in zip(STYLE_LAYERS, self.layer_weights, strict=True):
            _check_weight(layer, weight)
        if self.style_weight == 0 and self.content_weight == 0:
            raise WeightingError("weighting_zero")
        if not any(self.layer_weights):
            raise WeightingError("weighting_layers_zero")


@dataclass(frozen=True, eq=False)
class DistanceParts:
    """The parts of many distances, from which every weighting can be computed.

    ``layers`` is ``(n, 5)``, ``||G_l(A) - G_l(B)||_F`` by style layer; ``content`` is ``(n,)``,
    ``||C(A) - C(B)||_2``.
    """

    layers: FloatArray
    content: FloatArray

    @classmethod
    def stack(cls, rows: Iterable[tuple[Sequence[float] | FloatArray, float]]) -> Self:
        """Return the parts of pairs of five layer distances and one content distance."""
        table = np.array([(*layers, content) for layers, content in rows], dtype=np.float64)
        table = table.reshape(-1, len(STYLE_LAYERS) + 1)
        return cls(layers=table[:, :-1], content=table[:, -1])

    @classmethod
    def unknown(cls, count: int) -> Self:
        """Return NaN for each of ``count`` pairs."""
        return cls(np.full((count, len(STYLE_LAYERS)), np.nan), np.full(count, np.nan))

    def take(self, positions: NDArray[np.intp]) -> Self:
        """Return the parts of some of the pairs."""
        return type(self)(self.layers[positions], self.content[positions])

    def put(self, positions: NDArray[np.intp], parts: DistanceParts) -> None:
        """Write the parts of some of the pairs."""
        self.layers[positions], self.content[positions] = parts.layers, parts.content

    def style_distances(self, layer_weights: Sequence[float] = EQUAL_LAYER_WEIGHTS) -> FloatArray:
        """Return ``sqrt(sum_l w_l d_l ** 2)``, ``(n,)``."""
        # A matrix product would round a row by its position, and equal works must stay equal.
        squares: FloatArray = (np.square(self.layers) * np.asarray(layer_weights)).sum(axis=1)
        return np.sqrt(squares)

    def distances(self, weighting: Weighting) -> FloatArray:
        """Return ``style_weight * style + content_weight * content distance``, ``(n,)``."""
        style = self.style_distances(weighting.layer_weights)
        return weighting.style_weight * style + weighting.content_weight * self.content


def measure_parts(a: Descriptor, b: Descriptor) -> tuple[FloatArray, float]:
    """Return the five layer distances ``(5,)`` and the content distance of two pictures.

    Raises DescriptorError if the two are of different provenance.
    """
    if a.provenance != b.provenance and a.provenance.digest != b.provenance.digest:
        raise DescriptorError(
            "descriptor_provenance", left=a.provenance.digest, right=b.provenance.digest
        )
    layers = np.array([_euclidean(a.style[layer], b.style[layer]) for layer in STYLE_LAYERS])
    return layers, _euclidean(a.content, b.content)


def resolve_preset(preset: str, others: Sequence[str] = ()) -> tuple[float, float] | None:
    """Return the entry of ``PRESETS``.

    Raises WeightingError for an unknown name; it lists ``others`` too, which the caller knows.
    """
    try:
        return PRESETS[preset]
    except KeyError as error:
        raise WeightingError(
            "weighting_preset", preset=preset, presets=", ".join((*PRESETS, *others))
        ) from error


def _euclidean(a: FloatArray, b: FloatArray) -> float:
    squares = a - b
    np.square(squares, out=squares)
    # NumPy adds in pairs. BLAS adds one after another, with an error up to 3e-5 at this length.
    return math.sqrt(float(squares.sum()))


def _check_weight(name: str, value: object) -> None:
    if not isinstance(value, (int, float)) or not math.isfinite(value):
        raise WeightingError("weighting_number", name=name, value=value)
    if value < 0:
        raise WeightingError("weighting_negative", name=name, value=value)
    if value > MAX_WEIGHT:
        raise WeightingError("weighting_large", name=name, value=value, limit=MAX_WEIGHT)
