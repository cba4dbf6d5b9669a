"""Exact folding of batch normalisation into the convolution before it."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from stylesim_app.core.vgg import LAYER_INDEX
from stylesim_app.core.weights import CONVOLUTIONS

from .network import Trunk

#: The module between a convolution and its ReLU; the identity if a trunk is frozen.
NORMALISATION = (nn.BatchNorm2d, nn.Identity)


def fold(trunk: Trunk) -> dict[str, Tensor]:
    """Return weights of plain VGG19 with the same maps as the trunk in evaluation, float32.

    Named as in torchvision, ``features.0.weight`` to ``features.30.bias``. A convolution ``w, b``
    under ``(x - mean) / sqrt(var + eps) * gamma + beta`` is one with ``w * s``,
    ``(b - mean) * s + beta``, where ``s = gamma / sqrt(var + eps)``.
    """
    tensors = {}
    index = 0
    modules = list(trunk.features)
    for module, after in zip(modules, [*modules[1:], None], strict=True):
        if isinstance(module, NORMALISATION):
            continue
        if isinstance(module, nn.Conv2d):
            weight, bias = _fold_one(module, after)
            tensors[f"features.{index}.weight"] = weight
            tensors[f"features.{index}.bias"] = bias
        index += 1
    return tensors


@torch.no_grad()
def unfold(tensors: Mapping[str, Tensor], views: Tensor, frozen: str | None = None) -> Trunk:
    """Return a trunk with the same maps as plain VGG19, to continue training from it.

    Its batch normalisation takes the statistics of some normalised views, and reverses them: with
    ``gamma = sqrt(var + eps)`` and ``beta = mean`` nothing changes until training starts.
    """
    trunk = Trunk(frozen)
    index = 0
    maps = views.cpu()
    for module in trunk.features:
        if isinstance(module, nn.Conv2d) and module.bias is not None:
            module.weight.copy_(tensors[f"{index}.weight"])
            module.bias.copy_(tensors[f"{index}.bias"])
        maps = module(maps) if not isinstance(module, nn.BatchNorm2d) else _undo(module, maps)
        index += not isinstance(module, NORMALISATION)
    return trunk


def _undo(norm: nn.BatchNorm2d, maps: Tensor) -> Tensor:
    """Set batch normalisation up so that it leaves these maps unchanged."""
    if norm.running_mean is None or norm.running_var is None:
        raise TypeError("expected batch normalisation that keeps its statistics")
    variance, mean = torch.var_mean(maps, dim=(0, 2, 3))
    norm.running_mean.copy_(mean)
    norm.running_var.copy_(variance)
    norm.weight.copy_((variance + norm.eps).sqrt())
    norm.bias.copy_(mean)
    return maps


def scale_layers(tensors: dict[str, Tensor], factors: Mapping[str, float]) -> dict[str, Tensor]:
    """Return the same network with the maps of some layers multiplied, the others unchanged.

    ReLU and pooling keep a positive factor, so the next convolution can compensate for it.
    """
    scaled = dict(tensors)
    for layer, factor in factors.items():
        at = CONVOLUTIONS.index(LAYER_INDEX[layer] - 1)
        for part in ("weight", "bias"):
            name = f"features.{CONVOLUTIONS[at]}.{part}"
            scaled[name] = scaled[name] * factor
        if at + 1 < len(CONVOLUTIONS):
            name = f"features.{CONVOLUTIONS[at + 1]}.weight"
            scaled[name] = scaled[name] / factor
    return scaled


def _fold_one(convolution: nn.Conv2d, norm: nn.Module | None) -> tuple[Tensor, Tensor]:
    if not isinstance(norm, NORMALISATION) or convolution.bias is None:
        raise TypeError("expected a convolution with a bias, and batch normalisation after it")
    if isinstance(norm, nn.Identity):
        return convolution.weight.detach().cpu(), convolution.bias.detach().cpu()
    if norm.running_mean is None or norm.running_var is None:
        raise TypeError("expected batch normalisation that keeps its statistics")
    with torch.no_grad():
        scale = (norm.weight.double() / (norm.running_var.double() + norm.eps).sqrt()).cpu()
        weight = convolution.weight.cpu().double() * scale[:, None, None, None]
        shift = (convolution.bias - norm.running_mean).cpu().double()
        bias = shift * scale + norm.bias.cpu().double()
    return weight.float(), bias.float()
