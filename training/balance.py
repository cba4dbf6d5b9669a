"""Balance of the layers at equal weights, from their distances between pictures.

The scale of a layer's map is free: if the next convolution compensates for it, nothing else
changes. So it is chosen to make the layers' median squared distances equal.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from stylesim_app.core.descriptors import CONTENT_LAYER, STYLE_LAYERS
from stylesim_app.core.distances import Weighting
from stylesim_app.core.vgg import Network, build_network

from .distances import pair_squares
from .export import as_weights
from .folding import scale_layers

#: The median squared distance of each style layer: the mean of those of version 0.
STYLE_SQUARE = 0.079**2
#: The share of content in the median distance at the default weights.
CONTENT_SHARE = 0.4
#: Pictures whose pairs are measured.
PICTURES = 256


def balance(tensors: dict[str, Tensor], pixels: NDArray[np.uint8]) -> dict[str, Tensor]:
    """Return weights whose style layers count equally between pictures ``(n, 224, 224, 3)``.

    ``tensors`` and the result are named as by ``fold``.
    """
    network = build_network(as_weights(tensors), precision="float32")
    medians = measure_medians(network, pixels)
    # A Gram matrix grows with the square of its map, a squared distance with the fourth power.
    factors = {layer: (STYLE_SQUARE / medians[layer]) ** 0.25 for layer in STYLE_LAYERS}
    default = Weighting()
    content = CONTENT_SHARE / (1 - CONTENT_SHARE) * default.style_weight * STYLE_SQUARE**0.5
    factors[CONTENT_LAYER] = content / default.content_weight / medians[CONTENT_LAYER] ** 0.5
    return scale_layers(tensors, factors)


def measure_medians(network: Network, pixels: NDArray[np.uint8]) -> dict[str, float]:
    """Return the median squared distance of each layer over all pairs."""
    pairs = np.triu_indices(len(pixels), 1)
    squares = pair_squares(network, pixels)
    return {layer: float(np.median(square[pairs])) for layer, square in squares.items()}
