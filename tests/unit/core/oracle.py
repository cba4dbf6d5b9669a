"""The measure, written literally from its definition in float64; deliberately slow."""

from __future__ import annotations

import io

import numpy as np
import torch
from PIL import Image
from torchvision.models import vgg19

STYLE = {"relu1_1": 1, "relu2_1": 6, "relu3_1": 11, "relu4_1": 20, "relu5_1": 29}
CONTENT = {"relu5_2": 31}


def load_vgg19(tensors: dict[str, torch.Tensor]) -> torch.nn.Sequential:
    """torchvision's own VGG19 in float64, its classifier left out."""
    features = vgg19(weights=None).features[:32]
    features.load_state_dict({name: tensor.double() for name, tensor in tensors.items()})
    return features.double()


def load_input(content: bytes, mean: tuple, std: tuple, size: int = 224) -> torch.Tensor:
    """``(1, 3, size, size)``, for an image that is upright sRGB without alpha already."""
    image = Image.open(io.BytesIO(content)).convert("RGB")
    image = image.resize((size, size), Image.Resampling.BICUBIC)
    pixels = torch.from_numpy(np.asarray(image).astype(np.float64) / 255)
    normalised = (pixels - torch.tensor(mean).double()) / torch.tensor(std).double()
    return normalised.permute(2, 0, 1).unsqueeze(0)


def feature_maps(features: torch.nn.Sequential, batch: torch.Tensor) -> dict[str, np.ndarray]:
    wanted = {index: layer for layer, index in {**STYLE, **CONTENT}.items()}
    found = {}
    with torch.no_grad():
        for index, module in enumerate(features):
            batch = module(batch)
            if index in wanted:
                found[wanted[index]] = batch[0].clone().numpy()
    return found


def gram(feature_map: np.ndarray) -> np.ndarray:
    """One entry at a time: ``G_ij = sum_k F_ik F_jk / (2 N M)``."""
    channels = feature_map.shape[0]
    rows = feature_map.reshape(channels, -1)
    positions = rows.shape[1]
    result = np.empty((channels, channels))
    for i in range(channels):
        for j in range(channels):
            result[i, j] = float(np.sum(rows[i] * rows[j])) / (2 * channels * positions)
    return result


def layers_of(maps: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What two pictures are compared by: the Gram matrix of each style layer, and the content."""
    return {**{layer: fast_gram(maps[layer]) for layer in STYLE}, "relu5_2": maps["relu5_2"]}


def fast_gram(feature_map: np.ndarray) -> np.ndarray:
    rows = feature_map.reshape(feature_map.shape[0], -1)
    return rows @ rows.T / (2 * rows.shape[0] * rows.shape[1])


def distances(
    a: dict[str, np.ndarray],
    b: dict[str, np.ndarray],
    style_weight: float = 1.0,
    content_weight: float = 1e-4,
    layer_weights: tuple = (0.2,) * 5,
) -> dict[str, object]:
    """Distances of two pictures, each given by its ``layers_of``."""
    layers = [np.sqrt(((a[layer] - b[layer]) ** 2).sum()) for layer in STYLE]
    squares = sum(w * d**2 for w, d in zip(layer_weights, layers, strict=True))
    style = np.sqrt(squares)
    content = np.sqrt(((a["relu5_2"] - b["relu5_2"]) ** 2).sum())
    return {
        "layers": layers,
        "style": style,
        "content": content,
        "distance": style_weight * style + content_weight * content,
    }
