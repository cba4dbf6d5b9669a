"""The distances of all pairs of pictures under given weights, as the app measures them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from stylesim_app.core.descriptors import CONTENT_LAYER, LAYERS, STYLE_LAYERS, Descriptor
from stylesim_app.core.distances import resolve_preset
from stylesim_app.core.vgg import Network

BATCH = 8

Squares = dict[str, NDArray[np.float32]]


def pair_squares(network: Network, pixels: NDArray[np.uint8]) -> Squares:
    """Return squared distances by layer, each ``(n, n)``, of pictures ``(n, 224, 224, 3)``."""
    descriptors: list[Descriptor] = []
    for start in tqdm(range(0, len(pixels), BATCH), unit=" batches", leave=False):
        descriptors += network.describe(pixels[start : start + BATCH])
    return {layer: _squares([_vector(each, layer) for each in descriptors]) for layer in LAYERS}


def weigh(
    squares: Squares, preset: str, layer_weights: Sequence[float] = (0.2,) * 5
) -> NDArray[np.float32]:
    """Return distances ``(n, n)`` by a preset.

    ``balanced`` divides by the medians of all these pairs.
    """
    layers = np.stack([squares[layer] for layer in STYLE_LAYERS])
    style = np.sqrt(np.tensordot(np.asarray(layer_weights, np.float32), layers, axes=1))
    content = np.sqrt(squares[CONTENT_LAYER])
    weights = resolve_preset(preset)
    if weights is None:
        pairs = np.triu_indices(len(style), 1)
        weights = 0.5 / float(np.median(style[pairs])), 0.5 / float(np.median(content[pairs]))
    style_weight, content_weight = weights
    return np.asarray(style_weight * style + content_weight * content, np.float32)


def _vector(descriptor: Descriptor, layer: str) -> NDArray[np.float32]:
    return descriptor.content if layer == CONTENT_LAYER else descriptor.style[layer]


def _squares(vectors: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    table = np.stack(vectors)
    # Nearer to the origin, fewer digits cancel.
    table -= table.mean(axis=0)
    norms = np.square(table).sum(axis=1)
    found: NDArray[np.float32] = np.maximum(norms[:, None] + norms - 2 * table @ table.T, 0)
    np.fill_diagonal(found, 0)
    return found
