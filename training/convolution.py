"""Trainable convolutions by minimal filtering, for processors without bfloat16."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from stylesim_app.core.convolution import (
    IN,
    INPUT,
    KERNEL,
    OUT,
    OUTPUT,
    convolve,
    count_tiles,
    cut_tiles,
    transform,
    transform_kernels,
)


class Convolution(nn.Conv2d):
    """A 3 x 3 convolution with a border of zeros."""

    def forward(self, maps: Tensor) -> Tensor:
        bfloat16 = torch.is_autocast_enabled("cpu")
        if maps.device.type != "cpu" or maps.dtype != torch.float32 or bfloat16:
            return super().forward(maps)
        product: Tensor = _Product.apply(maps, self.weight)
        return product if self.bias is None else product + self.bias[:, None, None]


class _Product(torch.autograd.Function):
    """A convolution without bias; maps are ``(B, N, height, width)``, channels last in memory."""

    @staticmethod
    def forward(ctx: Any, maps: Tensor, weight: Tensor) -> Tensor:
        kernels = transform_kernels(weight)
        ctx.save_for_backward(maps, kernels)
        return convolve(maps, kernels)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None]:
        maps, kernels = ctx.saved_tensors
        products = transform(OUTPUT.T, _split(gradient))
        of_maps = of_weight = None
        if ctx.needs_input_grad[0]:
            of_maps = _uncut(transform(INPUT.T, products @ kernels.mT), maps.shape)
        if ctx.needs_input_grad[1]:
            tiles = transform(INPUT, _cut(maps))
            sides = transform(KERNEL.T, tiles.mT @ products)
            of_weight = sides.view(3, 3, *sides.shape[1:]).permute(3, 2, 0, 1)
        return of_maps, of_weight


def _cut(maps: Tensor) -> Tensor:
    """Return the overlapping tiles of the inputs, ``(36, B * down * across, N)``."""
    height, width = maps.shape[2:]
    down, across = count_tiles(height, width)
    beyond = (0, 0, 1, OUT * across - width + 1, 1, OUT * down - height + 1)
    bordered = F.pad(maps.permute(0, 2, 3, 1), beyond)
    return cut_tiles(bordered).reshape(IN * IN, -1, maps.shape[1])


def _uncut(tiles: Tensor, shape: torch.Size) -> Tensor:
    """Apply the transpose of ``_cut``: overlaps are summed."""
    batch, channels, height, width = shape
    down, across = count_tiles(height, width)
    tiles = tiles.view(IN, IN, batch, down, across, channels)
    bordered = tiles.new_zeros(batch, OUT * down + 2, OUT * across + 2, channels)
    places = cut_tiles(bordered)
    for row in range(IN):
        for column in range(IN):
            # Elements at the same place in their tiles do not overlap.
            places[row, column] += tiles[row, column]
    return bordered[:, 1 : height + 1, 1 : width + 1].permute(0, 3, 1, 2)


def _split(maps: Tensor) -> Tensor:
    """Return the tiles of the outputs, ``(16, B * down * across, M)``."""
    height, width = maps.shape[2:]
    down, across = count_tiles(height, width)
    beyond = (0, 0, 0, OUT * across - width, 0, OUT * down - height)
    filled = F.pad(maps.permute(0, 2, 3, 1), beyond)
    tiles = filled.reshape(maps.shape[0], down, OUT, across, OUT, -1).permute(2, 4, 0, 1, 3, 5)
    return tiles.reshape(OUT * OUT, -1, maps.shape[1])
