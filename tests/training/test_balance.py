from __future__ import annotations

from pathlib import Path

import pytest

from stylesim_app.core.descriptors import CONTENT_LAYER, STYLE_LAYERS
from stylesim_app.core.vgg import build_network
from stylesim_app.core.weights import load_weights
from training.balance import CONTENT_SHARE, balance, measure_medians
from training.export import as_weights


def test_style_layers_count_equally(prepared):
    """Measured again with the weights that come out, whatever went in."""
    loaded = load_weights("paintings", Path()).tensors
    tensors = {f"features.{name}": tensor.float() for name, tensor in loaded.items()}
    network = build_network(as_weights(balance(tensors, prepared.pixels)), precision="float32")
    medians = measure_medians(network, prepared.pixels)
    shares = [medians[layer] for layer in STYLE_LAYERS]
    # The weights are rounded to bfloat16, a part in 256.
    assert [each / sum(shares) for each in shares] == pytest.approx([0.2] * 5, rel=0.03)
    style = (sum(shares) / len(shares)) ** 0.5
    content = 1e-4 * medians[CONTENT_LAYER] ** 0.5
    assert content / (style + content) == pytest.approx(CONTENT_SHARE, rel=0.03)
