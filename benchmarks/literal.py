"""The measure as tutorials compute it, picture by picture and pair by pair."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torchvision.models import vgg19

from stylesim_app.core.descriptors import LAYERS, STYLE_LAYERS
from stylesim_app.core.images import INPUT_SIZE
from stylesim_app.core.vgg import LAYER_INDEX
from stylesim_app.core.weights import Weights, load_weights

STYLE_WEIGHT, CONTENT_WEIGHT = 1.0, 1e-4


class Literal:
    """torchvision's network in float32, a hook a layer, ``bmm`` for the Gram matrices."""

    def __init__(self, weights: Weights) -> None:
        whole: torch.nn.Sequential = vgg19(weights=None).features
        self.features = whole[: LAYER_INDEX[LAYERS[-1]] + 1].eval()
        self.features.load_state_dict(
            {name: tensor.float() for name, tensor in weights.tensors.items()}
        )
        self.mean, self.std = (
            torch.tensor(values).view(1, 3, 1, 1) for values in (weights.mean, weights.std)
        )
        self.maps: list[torch.Tensor] = []
        for module in self.features:
            if isinstance(module, torch.nn.ReLU):
                module.inplace = False
        for layer in LAYERS:
            self.features[LAYER_INDEX[layer]].register_forward_hook(self._keep)

    def read(self, path: Path) -> torch.Tensor:
        """Return a file as the input of the network, ``(1, 3, S, S)``."""
        image = Image.open(path).convert("RGB")
        image = image.resize((INPUT_SIZE, INPUT_SIZE), Image.Resampling.BICUBIC)
        pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1).float().div(255).unsqueeze(0)
        return (pixels - self.mean) / self.std

    def feature_maps(self, path: Path) -> list[torch.Tensor]:
        """Return the six maps of a file."""
        self.maps.clear()
        with torch.no_grad():
            self.features(self.read(path))
        return list(self.maps)

    def describe(self, path: Path) -> list[torch.Tensor]:
        """Return the five Gram matrices and the content map of a file."""
        return _describe(self.feature_maps(path))

    def distance(self, a: list[torch.Tensor], b: list[torch.Tensor]) -> float:
        """Return the weighted distance of two pictures from their maps."""
        *grams_a, content_a = _describe(a)
        *grams_b, content_b = _describe(b)
        squares = [
            torch.sum((one - other) ** 2) for one, other in zip(grams_a, grams_b, strict=True)
        ]
        style = torch.sqrt(sum(squares[1:], start=squares[0]) / len(squares))
        content = torch.sqrt(torch.sum((content_a - content_b) ** 2))
        return float(STYLE_WEIGHT * style + CONTENT_WEIGHT * content)

    def _keep(self, _module: object, _inputs: object, output: torch.Tensor) -> None:
        self.maps.append(output)


def _describe(maps: list[torch.Tensor]) -> list[torch.Tensor]:
    grams = []
    for map_ in maps[: len(STYLE_LAYERS)]:
        flat = map_.flatten(2)
        gram = torch.bmm(flat, flat.transpose(1, 2))
        grams.append(gram / (2 * flat.shape[1] * flat.shape[2]))
    return [*grams, maps[-1]]


@cache
def _literal() -> Literal:
    return Literal(load_weights("paintings", Path()))


def describe_literally(paths: Sequence[Path]) -> None:
    """Extract descriptors one by one, with a network that is loaded once a process."""
    for path in paths:
        _literal().describe(path)
