"""3 x 3 convolutions by minimal filtering, for processors without bfloat16.

Lavin, Gray: Fast Algorithms for Convolutional Neural Networks, CVPR 2016, F(4 x 4, 3 x 3): a tile
of 4 x 4 outputs takes 36 products for each pair of channels instead of 144. The result is that of
the usual convolution, rounded a little differently (3e-6 of its norm).
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

#: Outputs along the side of a tile, and the inputs that they depend on.
OUT, IN = 4, 6

#: Tiles that a thread transforms at once. Fewer read the kernels too often, more leave the cache.
_TILES = 56

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
#: Transforms of tiles of inputs, of kernels, and of products to outputs, along both sides at once.
INPUT, KERNEL, OUTPUT = (torch.kron(each, each) for each in (_INPUT, _KERNEL, _OUTPUT))

#: The product that counts once in each output, since its column of ``OUTPUT`` holds ones.
_CONSTANT = IN + 1


class FilteredConvolution(nn.Module):
    """A 3 x 3 convolution with a border of zeros, and its ReLU, in float32 on a CPU.

    It holds the transformed kernels instead of the weights, so it cannot be trained.
    """

    kernels: Tensor
    bias: Tensor

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        super().__init__()
        self.register_buffer("kernels", transform_kernels(weight.detach().float()))
        self.register_buffer("bias", bias.detach().float())

    def forward(self, maps: Tensor) -> Tensor:
        return convolve(maps, self.kernels, self.bias, rectify=True)


def transform(matrix: Tensor, parts: Tensor) -> Tensor:
    """Multiply the first axis of ``(n, ...)`` by a matrix ``(m, n)``."""
    return (matrix @ parts.flatten(1)).view(-1, *parts.shape[1:])


def transform_kernels(weight: Tensor) -> Tensor:
    """Return the kernels ``(36, N, M)`` of weights ``(M, N, 3, 3)``."""
    return transform(KERNEL, weight.permute(2, 3, 1, 0).flatten(0, 1))


def count_tiles(height: int, width: int) -> tuple[int, int]:
    """Return the numbers of tiles down and across that cover a map."""
    return -(-height // OUT), -(-width // OUT)


def convolve(
    maps: Tensor, kernels: Tensor, bias: Tensor | None = None, *, rectify: bool = False
) -> Tensor:
    """Convolve maps ``(B, N, height, width)`` to ``(B, M, height, width)``, channels last.

    With ``rectify``, negative outputs become zero. All tensors are float32 on a CPU; no gradient
    is recorded.
    """
    pixels = maps.detach().permute(0, 2, 3, 1)
    batch, height, width, channels = pixels.shape
    down, across = count_tiles(height, width)
    outputs = pixels.new_empty(batch, OUT * down, OUT * across, kernels.shape[2])
    # Tiles of a block stay in the cache between steps, in memory that all blocks share.
    size = _block_size(batch, down, across)
    bordered = pixels.new_zeros(size[0], OUT * size[1] + 2, OUT * across + 2, channels)
    tiles = size[0] * size[1] * across
    shared = pixels.new_empty(2, IN * IN * tiles * max(channels, kernels.shape[2]))
    for pictures, rows in _blocks(batch, down, size):
        inputs = bordered[: len(pictures), : OUT * len(rows) + 2]
        _copy_inputs(pixels[pictures.start : pictures.stop], rows, inputs)
        found = _filter(inputs, kernels, bias, shared)
        block = outputs[pictures.start : pictures.stop, OUT * rows.start : OUT * rows.stop]
        places = block.view(len(pictures), len(rows), OUT, across, OUT, -1).permute(
            2, 4, 0, 1, 3, 5
        )
        if rectify:
            torch.clamp_min(found.view(places.shape), 0, out=places)
        else:
            places.copy_(found.view(places.shape))
    return outputs[:, :height, :width].contiguous().permute(0, 3, 1, 2)


def cut_tiles(bordered: Tensor) -> Tensor:
    """View maps with their border as overlapping tiles, ``(6, 6, B, down, across, N)``.

    ``bordered`` is ``(B, 4 down + 2, 4 across + 2, N)``, contiguous.
    """
    batch, height, width, channels = bordered.shape
    picture, row, column, channel = bordered.stride()
    return bordered.as_strided(
        (IN, IN, batch, height // OUT, width // OUT, channels),
        (row, column, picture, OUT * row, OUT * column, channel),
    )


def _block_size(batch: int, down: int, across: int) -> tuple[int, int]:
    """Return the pictures and the rows of tiles that are convolved at once."""
    tiles = _TILES * torch.get_num_threads()
    if down * across <= tiles:
        return min(batch, tiles // (down * across)), down
    return 1, max(1, tiles // across)


def _blocks(batch: int, down: int, size: tuple[int, int]) -> Iterator[tuple[range, range]]:
    """Yield the pictures and the rows of tiles of each block."""
    for picture in range(0, batch, size[0]):
        for row in range(0, down, size[1]):
            yield (
                range(picture, min(picture + size[0], batch)),
                range(row, min(row + size[1], down)),
            )


def _copy_inputs(pixels: Tensor, rows: range, inputs: Tensor) -> None:
    """Copy the inputs of rows of tiles into ``inputs``, whose left and right border is zero."""
    height, width = pixels.shape[1:3]
    first = OUT * rows.start - 1
    start, stop = max(first, 0), min(first + inputs.shape[1], height)
    inputs[:, : start - first] = 0
    inputs[:, start - first : stop - first, 1 : width + 1] = pixels[:, start:stop]
    inputs[:, stop - first :] = 0


def _filter(inputs: Tensor, kernels: Tensor, bias: Tensor | None, shared: Tensor) -> Tensor:
    """Return the outputs of a block's tiles, ``(16, tiles * M)``, in ``shared`` memory."""
    cut = cut_tiles(inputs)
    channels, results = kernels.shape[1:]
    tiles = cut[0, 0].numel() // channels
    first, second = shared
    first[: cut.numel()].view(cut.shape).copy_(cut)
    transformed = second[: cut.numel()].view(IN * IN, -1)
    torch.mm(INPUT, first[: cut.numel()].view(IN * IN, -1), out=transformed)
    products = first[: IN * IN * tiles * results].view(IN * IN, tiles, results)
    torch.bmm(transformed.view(IN * IN, tiles, channels), kernels, out=products)
    if bias is not None:
        products[_CONSTANT] += bias
    found = second[: OUT * OUT * tiles * results].view(OUT * OUT, -1)
    return torch.mm(OUTPUT, products.view(IN * IN, -1), out=found)
