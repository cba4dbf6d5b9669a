"""3 x 3 convolutions by minimal filtering, for a processor that has no bfloat16.

Lavin, Gray: Fast Algorithms for Convolutional Neural Networks, 2016, F(4 x 4, 3 x 3): four tiles of
4 x 4 outputs cost what one does otherwise. It is the same convolution up to rounding (1e-5).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

#: Outputs along a tile's side, and the inputs that they depend on.
OUT, IN = 4, 6

_INPUT = torch.tensor(
    [
        [4.0, 0, -5, 0, 1, 0],
        [0, -4, -4, 1, 1, 0],
        [0, 4, -4, -1, 1, 0],
        [0, -2, -1, 2, 1, 0],
        [0, 2, -1, -2, 1, 0],
        [0, 4, 0, -5, 0, 1],
    ]
)
_KERNEL = torch.tensor(
    [[6.0, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]]
).div(24)
_OUTPUT = torch.tensor(
    [[1.0, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]]
)
# Along both sides at once.
_INPUT, _KERNEL, _OUTPUT = (torch.kron(each, each) for each in (_INPUT, _KERNEL, _OUTPUT))


class Convolution(nn.Conv2d):
    """A 3 x 3 convolution with a border of zeros."""

    def forward(self, maps: Tensor) -> Tensor:
        bfloat16 = torch.is_autocast_enabled("cpu")
        if maps.device.type != "cpu" or maps.dtype != torch.float32 or bfloat16:
            return super().forward(maps)
        product: Tensor = _Product.apply(maps, self.weight)
        return product if self.bias is None else product + self.bias[:, None, None]


class _Product(torch.autograd.Function):
    """Without bias. Maps are ``(B, N, height, width)`` with channels last in memory."""

    @staticmethod
    def forward(ctx: Any, maps: Tensor, weight: Tensor) -> Tensor:
        tiles = _transform(_INPUT, _cut(maps)).flatten(1, 3)
        kernels = _transform(_KERNEL, weight.permute(2, 3, 1, 0).flatten(0, 1))
        ctx.save_for_backward(tiles, kernels)
        ctx.shape = maps.shape
        return _join(_transform(_OUTPUT, tiles @ kernels), maps.shape)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None]:
        tiles, kernels = ctx.saved_tensors
        products = _transform(_OUTPUT.T, _split(gradient))
        of_maps = of_weight = None
        if ctx.needs_input_grad[0]:
            of_maps = _uncut(_transform(_INPUT.T, products @ kernels.mT), ctx.shape)
        if ctx.needs_input_grad[1]:
            sides = _transform(_KERNEL.T, tiles.mT @ products)
            of_weight = sides.view(3, 3, *sides.shape[1:]).permute(3, 2, 0, 1)
        return of_maps, of_weight


def _transform(matrix: Tensor, parts: Tensor) -> Tensor:
    """``(m, n)`` on the first axis of ``(n, ...)``."""
    return (matrix @ parts.flatten(1)).view(-1, *parts.shape[1:])


def _counts(shape: torch.Size) -> tuple[int, int]:
    """Tiles down and across."""
    return -(-shape[2] // OUT), -(-shape[3] // OUT)


def _places(shape: torch.Size) -> Iterator[tuple[slice, slice]]:
    """Where the first, second, ... input of every tile lies in maps with a border."""
    down, across = _counts(shape)
    for row in range(IN):
        for column in range(IN):
            yield (
                slice(row, row + OUT * (down - 1) + 1, OUT),
                slice(column, column + OUT * (across - 1) + 1, OUT),
            )


def _cut(maps: Tensor) -> Tensor:
    """Overlapping tiles of the inputs, ``(36, B, down, across, N)``."""
    batch, channels, height, width = maps.shape
    down, across = _counts(maps.shape)
    beyond = (0, 0, 1, OUT * across - width + 1, 1, OUT * down - height + 1)
    bordered = F.pad(maps.permute(0, 2, 3, 1), beyond)
    tiles = maps.new_empty(IN * IN, batch, down, across, channels)
    for tile, (rows, columns) in zip(tiles, _places(maps.shape), strict=True):
        tile.copy_(bordered[:, rows, columns])
    return tiles


def _uncut(tiles: Tensor, shape: torch.Size) -> Tensor:
    """Apply the transpose of ``_cut``: overlaps are summed."""
    batch, channels, height, width = shape
    down, across = _counts(shape)
    tiles = tiles.view(IN * IN, batch, down, across, channels)
    bordered = tiles.new_zeros(batch, OUT * down + 2, OUT * across + 2, channels)
    for tile, (rows, columns) in zip(tiles, _places(shape), strict=True):
        bordered[:, rows, columns] += tile
    return bordered[:, 1 : height + 1, 1 : width + 1].permute(0, 3, 1, 2)


def _join(outputs: Tensor, shape: torch.Size) -> Tensor:
    """Join maps of tiles ``(16, B * down * across, M)``."""
    down, across = _counts(shape)
    tiles = outputs.view(OUT, OUT, shape[0], down, across, -1).permute(2, 3, 0, 4, 1, 5)
    maps = tiles.reshape(shape[0], OUT * down, OUT * across, -1)
    return maps[:, : shape[2], : shape[3]].contiguous().permute(0, 3, 1, 2)


def _split(maps: Tensor) -> Tensor:
    """Apply the transpose of ``_join``."""
    down, across = _counts(maps.shape)
    beyond = (0, 0, 0, OUT * across - maps.shape[3], 0, OUT * down - maps.shape[2])
    whole = F.pad(maps.permute(0, 2, 3, 1), beyond)
    tiles = whole.reshape(maps.shape[0], down, OUT, across, OUT, -1).permute(2, 4, 0, 1, 3, 5)
    return tiles.reshape(OUT * OUT, -1, maps.shape[1])
