"""Descriptors of a small network, made of feature maps that are drawn, so that they are real Gram
matrices."""

from __future__ import annotations

import numpy as np

from stylesim_app.core.descriptors import (
    CONTENT_LAYER,
    LAYERS,
    STYLE_LAYERS,
    Descriptor,
    gram_matrix,
    pack_symmetric,
)
from tests.synthetic import PROVENANCE, SMALL_CHANNELS

SIDE = 14


def draw(count: int, seed: int = 0, provenance=PROVENANCE) -> list[Descriptor]:
    """Pictures whose maps share patterns in a few shares; ``small_network`` must be in use."""
    generator = np.random.default_rng(seed)
    patterns = generator.gamma(0.5, size=(6, len(LAYERS), SMALL_CHANNELS, SIDE, SIDE))
    shares = generator.dirichlet(np.full(6, 0.4), count)
    return [
        describe(
            np.tensordot(share, patterns, 1) * generator.gamma(2, 0.5, patterns.shape[1:]),
            provenance,
        )
        for share in shares
    ]


def describe(maps: np.ndarray, provenance=PROVENANCE) -> Descriptor:
    """The descriptor of the maps of all layers, ``(6, C, 14, 14)``."""
    by_layer = dict(zip(LAYERS, maps, strict=True))
    style = {
        layer: pack_symmetric(gram_matrix(by_layer[layer][None])[0]).astype(np.float32)
        for layer in STYLE_LAYERS
    }
    content = by_layer[CONTENT_LAYER].reshape(-1).astype(np.float32)
    return Descriptor(style, content, provenance)
