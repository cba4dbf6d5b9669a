"""The bounds of ``core.bounds`` as expressions of the database."""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import Any

from django.db.models import F, Func, Value
from django.db.models.functions import Greatest, Sqrt
from pgvector import Vector
from pgvector.django import MaxInnerProduct

from ...core.compression import ROUNDING, SIZES, CompactDescriptor
from ...core.descriptors import CONTENT_LAYER, LAYERS, STYLE_LAYERS
from ...core.distances import Weighting

#: PostgreSQL refuses to calculate what underflows, so that smaller weights count as none. Lower
#: bounds are then lower than they could be.
LEAST_WEIGHT = 1e-150

# Django's expressions share no type that knows arithmetic, hence Any.


class StyleVector(Func):
    """The projections of the five style layers one after another."""

    arg_joiner = " || "
    template = f"(%(expressions)s)::vector({sum(SIZES[layer] for layer in STYLE_LAYERS)})"

    def __init__(self) -> None:
        super().__init__(*STYLE_LAYERS)


def lower(query: CompactDescriptor, weighting: Weighting) -> Any:
    """Return the expression of ``Bounds.lower`` for a row of CompactVectors."""
    return _weigh(query, weighting, -1)


def estimate(query: CompactDescriptor, weighting: Weighting) -> Any:
    """Return the expression of ``Bounds.estimate`` for a row of CompactVectors."""
    return _weigh(query, weighting, 0)


def _weigh(query: CompactDescriptor, weighting: Weighting, direction: int) -> Any:
    style = [
        Value(weight) * _bound(query, layer, direction)
        for layer, weight in zip(STYLE_LAYERS, weighting.layer_weights, strict=True)
        if weight > LEAST_WEIGHT
    ]
    terms = []
    if style and weighting.style_weight > LEAST_WEIGHT:
        terms.append(Value(weighting.style_weight) * Sqrt(reduce(add, style)))
    if weighting.content_weight > LEAST_WEIGHT:
        content = Sqrt(_bound(query, CONTENT_LAYER, direction))
        terms.append(Value(weighting.content_weight) * content)
    return reduce(add, terms, Value(0.0))


def _bound(query: CompactDescriptor, layer: str, direction: int) -> Any:
    """Return the square of a layer's distance."""
    index = LAYERS.index(layer)
    totals = Value(float(query.squares[index])) + F(f"{layer}_square")
    # <#> is the negative inner product.
    square = totals + Value(2.0) * MaxInnerProduct(layer, Vector(query.layer(layer)))
    if direction:
        swing = Value(2 * float(query.residuals[index])) * F(f"{layer}_residual")
        square += Value(direction) * (swing + Value(ROUNDING) * totals)
    return Greatest(square, Value(0.0))
