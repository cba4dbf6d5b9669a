"""How fast pictures are described, against the literal way and against the processor."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torchvision.models import vgg19

from stylesim_app.core.descriptors import LAYERS, STYLE_LAYERS
from stylesim_app.core.images import INPUT_SIZE
from stylesim_app.core.vgg import LAYER_INDEX, PRECISIONS, Network, build_network
from stylesim_app.core.weights import Weights, load_weights

from .timing import median_seconds

PICTURES = 8
BATCH = 4
MATRIX = 3072
#: Multiplications and additions of VGG19 to relu5_2 for one picture of 224 x 224.
NETWORK_FLOP = 37.1e9


def run() -> dict[str, str]:
    weights = load_weights("paintings", Path())
    network = build_network(weights, device="cpu")
    pixels = np.random.default_rng(0).integers(
        0, 256, (PICTURES, INPUT_SIZE, INPUT_SIZE, 3), dtype=np.uint8
    )
    precision = PRECISIONS[network.provenance.precision]
    matrix = torch.randn(MATRIX, MATRIX).to(precision)
    literal = _build_literal(weights)
    seconds = median_seconds(
        {
            "literal": lambda: [_describe_literally(literal, picture) for picture in pixels],
            "ours": lambda: _describe_in_batches(network, pixels),
            "product": lambda: matrix @ matrix,
        }
    )
    floor = NETWORK_FLOP * PICTURES / (2 * MATRIX**3 / seconds["product"])
    return {
        "precision": network.provenance.precision,
        "literal: one by one, float32, hooks, bmm": f"{1e3 * seconds['literal'] / PICTURES:.0f} ms",
        "ours: batches, Gram matrices and packing included": (
            f"{1e3 * seconds['ours'] / PICTURES:.0f} ms"
        ),
        "literal / ours": f"{seconds['literal'] / seconds['ours']:.2f}",
        "floor (a large matrix product's rate) / ours": f"{floor / seconds['ours']:.2f}",
    }


def _describe_in_batches(network: Network, pixels: np.ndarray) -> None:
    for start in range(0, len(pixels), BATCH):
        network.describe(pixels[start : start + BATCH])


def _build_literal(weights: Weights) -> torch.nn.Sequential:
    whole: torch.nn.Sequential = vgg19(weights=None).features
    features = whole[: LAYER_INDEX[LAYERS[-1]] + 1]
    features.load_state_dict({name: tensor.float() for name, tensor in weights.tensors.items()})
    for module in features:
        if isinstance(module, torch.nn.ReLU):
            module.inplace = False
    return features.eval()


def _describe_literally(features: torch.nn.Sequential, picture: np.ndarray) -> list[torch.Tensor]:
    """As a tutorial does: a hook a layer, and ``bmm`` for the Gram matrix."""
    maps: list[torch.Tensor] = []
    hooks = [
        features[LAYER_INDEX[layer]].register_forward_hook(
            lambda _module, _inputs, output: maps.append(output)
        )
        for layer in LAYERS
    ]
    with torch.no_grad():
        features(torch.from_numpy(picture).permute(2, 0, 1).float().div(255).unsqueeze(0))
    for hook in hooks:
        hook.remove()
    grams = []
    for map_ in maps[: len(STYLE_LAYERS)]:
        flat = map_.flatten(2)
        grams.append(torch.bmm(flat, flat.transpose(1, 2)) / (2 * flat.shape[1] * flat.shape[2]))
    return [*grams, maps[-1]]
