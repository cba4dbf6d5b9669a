"""Distances of the measure between all pictures of an evaluation, in blocks of works."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.descriptors import CONTENT_LAYER, LAYERS, STYLE_LAYERS, Descriptor

#: Works whose descriptors are in memory at once, 1.6 MB each, and pictures compared with them.
WORKS, PICTURES = 256, 16

Matrix = NDArray[np.floating[Any]]


def read_all(paths: Sequence[Path]) -> Iterator[Descriptor]:
    """Yield the descriptor in each file, in their order."""
    for path in paths:
        yield Descriptor.from_bytes(path.read_bytes())


def measure_distances(
    asked: Sequence[Path],
    works: Sequence[Path],
    track: Callable[[Sequence[tuple[int, int]]], Iterable[tuple[int, int]]] = iter,
) -> Mapping[str, Matrix]:
    """Return the style and content distances of asked pictures to works, ``(q, c)`` each.

    All style layers count alike. The asked pictures are read once for each block of works.
    """
    style = np.zeros((len(asked), len(works)), np.float32)
    content = np.zeros_like(style)
    means: dict[str, NDArray[np.float32]] = {}
    block: dict[str, NDArray[np.float32]] = {}
    steps = [
        (start, first)
        for start in range(0, len(works), WORKS)
        for first in range(0, len(asked), PICTURES)
    ]
    for start, first in track(steps):
        columns, rows = slice(start, start + WORKS), slice(first, first + PICTURES)
        if first == 0:
            block.clear()
            block = _stack(works[columns])
            # Around a mean the norms are small, so that their difference keeps its digits.
            means = means or {layer: each.mean(axis=0) for layer, each in block.items()}
            for layer in LAYERS:
                block[layer] -= means[layer]
        pictures = _stack(asked[rows])
        for layer in LAYERS:
            squares = _squares(pictures[layer] - means[layer], block[layer])
            if layer == CONTENT_LAYER:
                content[rows, columns] = squares
            else:
                style[rows, columns] += squares / len(STYLE_LAYERS)
    return {"style": np.sqrt(style), "content": np.sqrt(content)}


def _stack(paths: Sequence[Path]) -> dict[str, NDArray[np.float32]]:
    descriptors = list(read_all(paths))
    return {layer: np.stack([each.layer(layer) for each in descriptors]) for layer in LAYERS}


def _squares(rows: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    norms = np.einsum("ij,ij->i", rows, rows)
    other_norms = np.einsum("ij,ij->i", others, others)
    squares: NDArray[np.float32] = norms[:, None] + other_norms - 2 * (rows @ others.T)
    return np.maximum(squares, 0, out=squares)
