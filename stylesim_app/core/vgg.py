"""VGG19 to ``relu5_2``: feature maps, and the descriptors made of them.

Simonyan, Zisserman: Very Deep Convolutional Networks for Large-Scale Image Recognition, 2015.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torchvision.models import vgg19

from .convolution import FilteredConvolution
from .descriptors import (
    CHANNELS,
    CONTENT_LAYER,
    LAYERS,
    STYLE_LAYERS,
    Descriptor,
    Provenance,
    gram_matrix,
    pack_symmetric,
)
from .memory import KEPT_BLOCK
from .weights import Weights

#: Index in torchvision's ``vgg19().features`` of the ReLU that ends each layer.
LAYER_INDEX = dict(zip(LAYERS, (1, 6, 11, 20, 29, 31), strict=True))

PRECISIONS = {"bfloat16": torch.bfloat16, "float32": torch.float32}

#: Indices of the convolutions that minimal filtering makes faster: those with 128 channels or more.
#: The last two, on maps of 14 x 14, would gain 3 % of the time for another 57 MB of kernels.
FILTERED = (5, 7, 10, 12, 14, 16, 19, 21, 23, 25)

#: Rows of a map that are multiplied at once, so that their float32 copy stays in kept memory.
_GRAM_ROWS = 56


@dataclass(frozen=True, eq=False)
class Network:
    """VGG19 with its weights, on a device, in a precision, ready to extract descriptors."""

    features: torch.nn.Sequential
    mean: torch.Tensor
    std: torch.Tensor
    provenance: Provenance

    @property
    def filtered(self) -> bool:
        """True if some convolutions are computed by minimal filtering."""
        return any(isinstance(module, FilteredConvolution) for module in self.features)

    def feature_maps(self, pixels: NDArray[np.uint8]) -> Iterator[tuple[str, torch.Tensor]]:
        """Yield the maps after the ReLU, as ``(layer, (B, N, height, width))``, in network order.

        ``pixels`` is ``(B, S, S, 3)``, sRGB, 0 to 255. Each map is valid until the next is
        requested.
        """
        batch = torch.tensor(pixels, device=self.mean.device)
        batch = batch.permute(0, 3, 1, 2).float().div(255).sub(self.mean).div(self.std)
        precision = PRECISIONS[self.provenance.precision]
        maps = batch.to(precision, memory_format=torch.channels_last)
        layers = {index: layer for layer, index in LAYER_INDEX.items()}
        with torch.inference_mode():
            for index, module in enumerate(self.features):
                maps = module(maps)
                if index in layers:
                    yield layers[index], maps

    def describe(self, pixels: NDArray[np.uint8]) -> list[Descriptor]:
        """Return the descriptors of a batch of pictures, ``(B, S, S, 3)``, sRGB, 0 to 255.

        Raises DescriptorError if the network gave NaN or infinite numbers.
        """
        size = self._at_once(pixels)
        parts = (pixels[start : start + size] for start in range(0, len(pixels), size))
        return [descriptor for part in parts for descriptor in self._describe(part)]

    def _at_once(self, pixels: NDArray[np.uint8]) -> int:
        """Return the number of pictures whose largest map fits in kept memory, on a CPU."""
        if self.mean.device.type != "cpu":
            return len(pixels)
        if self.filtered:
            # More are no faster, and memory is needed for the kernels.
            return 1
        width = PRECISIONS[self.provenance.precision].itemsize
        map_size = CHANNELS[LAYERS[0]] * math.prod(pixels.shape[1:3]) * width
        return max(1, KEPT_BLOCK // map_size)

    def _describe(self, pixels: NDArray[np.uint8]) -> list[Descriptor]:
        layers: dict[str, NDArray[np.float32]] = {}
        with torch.inference_mode():
            for layer, maps in self.feature_maps(pixels):
                if layer == CONTENT_LAYER:
                    layers[layer] = maps.float().flatten(1).cpu().numpy()
                else:
                    layers[layer] = _gram_matrices(maps).cpu().numpy()
        return [
            Descriptor(
                style={layer: pack_symmetric(layers[layer][index]) for layer in STYLE_LAYERS},
                content=layers[CONTENT_LAYER][index],
                provenance=self.provenance,
            )
            for index in range(len(pixels))
        ]


def build_network(weights: Weights, *, precision: str = "auto", device: str = "auto") -> Network:
    """Return VGG19 with the given weights.

    ``precision``: ``bfloat16``, ``float32``, or ``auto``, which is bfloat16 where the processor
    has it in hardware. ``device``: ``cpu``, ``cuda``, or ``auto``, which prefers CUDA.
    Raises ValueError for others.
    """
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if precision == "auto":
        precision = "bfloat16" if has_bfloat16(device) else "float32"
    if precision not in PRECISIONS:
        raise ValueError(f"expected a precision of {', '.join(PRECISIONS)}, got {precision!r}")
    features = _empty_features()
    features.load_state_dict(weights.tensors, assign=True)
    if device == "cpu" and precision == "float32":
        _filter_minimally(features)
    features = features.to(
        device=torch.device(device),
        dtype=PRECISIONS[precision],
        memory_format=torch.channels_last,  # type: ignore[call-overload]
    )
    return Network(
        features=features.eval().requires_grad_(False),
        mean=_channels(weights.mean).to(device),
        std=_channels(weights.std).to(device),
        provenance=Provenance(
            weights=weights.name, weights_sha256=weights.sha256, precision=precision
        ),
    )


def use_share_of_cores(shares: int) -> None:
    """Limit this thread's matrix products to one of ``shares`` equal shares of the cores."""
    cores = len(os.sched_getaffinity(0))
    torch.set_num_threads(min(torch.get_num_threads(), max(1, cores // shares)))


def has_bfloat16(device: str) -> bool:
    """Return whether a device multiplies bfloat16 matrices in hardware."""
    if device.startswith("cuda"):
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


def _empty_features() -> torch.nn.Sequential:
    with torch.device("meta"):
        features: torch.nn.Sequential = vgg19(weights=None).features
        features = features[: LAYER_INDEX[CONTENT_LAYER] + 1]
    for module in features:
        if isinstance(module, torch.nn.ReLU):
            # It overwrites only the map before the ReLU, which nothing reads.
            module.inplace = True
    return features


def _filter_minimally(features: torch.nn.Sequential) -> None:
    """Replace the convolutions that minimal filtering makes faster, with the ReLU of each."""
    for index in FILTERED:
        state = features[index].state_dict()
        features[index] = FilteredConvolution(state["weight"], state["bias"])
        features[index + 1] = torch.nn.Identity()


def _gram_matrices(maps: torch.Tensor) -> torch.Tensor:
    """Return ``gram_matrix`` of a batch of maps in any precision, multiplied and summed in float32.

    The product of two bfloat16 matrices is summed in float32, but PyTorch rounds it to bfloat16 on
    a CPU, which leaves too few digits for the difference of two Gram matrices.
    """
    height = maps.shape[2]
    parts = (
        gram_matrix(rows.float()) * (rows.shape[2] / height)
        for rows in torch.split(maps, _GRAM_ROWS, dim=2)
    )
    return torch.stack(list(parts)).sum(dim=0)


def _channels(values: tuple[float, float, float]) -> torch.Tensor:
    return torch.tensor(values).view(1, 3, 1, 1)
