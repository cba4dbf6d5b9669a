"""VGG19 with batch normalisation to ``relu5_2``, and the heads that it is trained with."""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torchvision.models import vgg19_bn

from stylesim_app.core.descriptors import CHANNELS, CONTENT_LAYER, LAYERS, STYLE_LAYERS, gram_matrix

from .convolution import Convolution

#: Index in torchvision's ``vgg19_bn().features`` of the ReLU that ends each layer.
LAYER_INDEX = dict(zip(LAYERS, (2, 9, 16, 29, 42, 45), strict=True))
#: Channels of the small Gram matrices that the style heads see.
GRAM_CHANNELS = 32


class Trunk(nn.Module):
    """The layers of VGG19: normalised pictures ``(B, 3, S, S)`` to the map after each ReLU.

    The layers up to ``frozen`` are not trained and are plain VGG19, without normalisation.
    """

    def __init__(self, frozen: str | None = None) -> None:
        super().__init__()
        self.features = vgg19_bn(weights=None).features[: LAYER_INDEX[CONTENT_LAYER] + 1]
        for index, module in enumerate(self.features):
            if isinstance(module, nn.Conv2d):
                # With three channels, minimal filtering does not pay.
                if index > 0:
                    shape = module.in_channels, module.out_channels
                    self.features[index] = module = Convolution(*shape, 3, padding=1)
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if isinstance(module, nn.ReLU):
                module.inplace = True
        if frozen is not None:
            self._freeze(LAYER_INDEX[frozen] + 1)

    def _freeze(self, end: int) -> None:
        for index in range(end):
            if isinstance(self.features[index], nn.BatchNorm2d):
                self.features[index] = nn.Identity()
        self.features[:end].requires_grad_(False)

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        layers = {index: layer for layer, index in LAYER_INDEX.items()}
        maps = {}
        for index, module in enumerate(self.features):
            pictures = module(pictures)
            if index in layers:
                maps[layers[index]] = pictures
        return maps


class StyleHead(nn.Module):
    """A classifier on the signed square root of the small Gram matrix of one layer."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(channels, GRAM_CHANNELS, 1, bias=False)
        self.normalise = nn.BatchNorm1d(GRAM_CHANNELS**2, affine=False)
        self.classify = nn.Linear(GRAM_CHANNELS**2, classes)

    def forward(self, maps: Tensor) -> Tensor:
        reduced = self.reduce(maps).flatten(2).float()
        gram = (reduced @ reduced.transpose(1, 2) / reduced.shape[2]).flatten(1)
        rooted = gram.sign() * (gram.abs() + 1e-6).sqrt()
        logits: Tensor = self.classify(self.normalise(rooted))
        return logits


class Heads(nn.Module):
    """Classifiers of each label on pooled ``relu5_2``, and of the first on Gram matrices too."""

    def __init__(self, classes: Mapping[str, int]) -> None:
        super().__init__()
        channels = CHANNELS[CONTENT_LAYER]
        self.content = nn.ModuleDict(
            {label: nn.Linear(channels, count) for label, count in classes.items()}
        )
        first = next(iter(classes.values()))
        self.style = nn.ModuleDict(
            {layer: StyleHead(CHANNELS[layer], first) for layer in STYLE_LAYERS[1:]}
        )

    def forward(self, maps: Mapping[str, Tensor]) -> dict[str, list[Tensor]]:
        """Return logits ``(B, classes)`` by label, one for each head."""
        pooled = maps[CONTENT_LAYER].float().mean(dim=(2, 3))
        logits = {label: [head(pooled)] for label, head in self.content.items()}
        first = next(iter(logits))
        logits[first] += [head(maps[layer]) for layer, head in self.style.items()]
        return logits


def style_distances(maps: Mapping[str, Tensor], gains: Tensor) -> Tensor:
    """Return style distances of all pairs in a batch, ``(B, B)``, as the measure defines them.

    ``gains``, ``(5,)``, are the logarithms of the factors of each layer's map.
    """
    squares = [
        _squares(gram_matrix(maps[layer].float()).flatten(1)) * (4 * gain).exp()
        for layer, gain in zip(STYLE_LAYERS, gains, strict=True)
    ]
    return _root(torch.stack(squares).mean(dim=0))


def content_distances(maps: Mapping[str, Tensor]) -> Tensor:
    """Return content distances of all pairs in a batch, ``(B, B)``."""
    return _root(_squares(maps[CONTENT_LAYER].float().flatten(1)))


def _squares(vectors: Tensor) -> Tensor:
    vectors = vectors - vectors.mean(dim=0)
    norms = vectors.square().sum(dim=1)
    return norms[:, None] + norms - 2 * vectors @ vectors.T


def _root(squares: Tensor) -> Tensor:
    """Return square roots with a gradient also at zero."""
    return F.relu(squares).add(squares.detach().mean() * 1e-6 + 1e-20).sqrt()
