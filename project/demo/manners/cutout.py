"""Cut-out: sheets of painted paper, cut freehand and pasted one over another."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from project.demo.canvas import Scene
from project.demo.fields import (
    blur,
    keyed,
    luminance,
    nearest,
    noise,
    palette,
    picture,
    relit,
    saturated,
    shifted,
    step,
)
from project.demo.paints import Array

PAPERS = palette(
    "#f6efdf", "#f7c62f", "#f08a24", "#e2402c", "#d9468c", "#f2a6b6", "#2f9a5c", "#a9cf4a",
    "#1f4fb4", "#4fa3dc", "#122a6c", "#17161c", "#6c3a8c",
    "#f3d9a2",
)  # fmt: skip
LARGE = 2000  # pixels: a piece of this size is cut in two, its light and its shade
SMALL = 60  # pixels: no scissors cut a smaller piece

Mask = NDArray[np.bool_]


def cut_out(scene: Scene, rng: np.random.Generator) -> Image.Image:
    """Paint the scene in pieces of fourteen papers, the nearer pieces laid over the farther."""
    shape = scene.parts.shape
    tone = luminance(scene.colour)
    colour = saturated(relit(scene.colour, 0.06 + 0.88 * keyed(tone, 0.5)), 1.7)
    snip = (2.0 * noise(rng, shape, 34.0), 2.0 * noise(rng, shape, 34.0))
    colour = shifted(blur(colour, 1.0), *snip)
    parts = shifted(scene.parts, *snip)
    sheet = np.broadcast_to(PAPERS[0], (*shape, 3)).astype(np.float32)
    for mask, paper in _pieces(parts, colour):
        _paste(sheet, mask, PAPERS[paper])
    fibre = 1.0 + 0.02 * noise(rng, shape, 3.0, 2) + 0.02 * noise(rng, shape, 60.0, 2)
    return picture(sheet * fibre[..., None])


def _pieces(parts: NDArray[np.int32], colour: Array) -> Iterator[tuple[Mask, int]]:
    """Return masks and the numbers of their papers, from back to front."""
    tone = luminance(colour).ravel()
    flat = parts.ravel()
    sizes = np.bincount(flat)
    middle = np.bincount(flat, tone) / np.maximum(sizes, 1)
    lit = (tone > middle[flat]) & (sizes[flat] > LARGE)
    keys = flat * 2 + lit
    counts = np.bincount(keys, minlength=2 * len(sizes))
    sums = [np.bincount(keys, band, minlength=2 * len(sizes)) for band in colour.reshape(-1, 3).T]
    means = np.stack(sums, axis=1) / np.maximum(counts, 1)[:, None]
    papers = nearest(means.astype(np.float32), PAPERS)
    shaped: NDArray[np.signedinteger] = keys.reshape(parts.shape)
    batch: list[int] = []
    for part in np.flatnonzero(sizes):
        if sizes[part] <= LARGE:
            batch.extend([2 * int(part)] if sizes[part] > SMALL else [])
            if len(batch) < 240:
                continue
        yield from _batched(shaped, batch, papers)
        batch = []
        if sizes[part] > LARGE:
            halves = [2 * int(part), 2 * int(part) + 1]
            yield np.isin(shaped, halves), int(papers[halves[0]])
            if papers[halves[0]] != papers[halves[1]]:
                yield shaped == halves[1], int(papers[halves[1]])
    yield from _batched(shaped, batch, papers)


def _batched(
    keys: NDArray[np.signedinteger], batch: list[int], papers: NDArray[np.intp]
) -> Iterator[tuple[Mask, int]]:
    """Join small pieces of one paper that lie at one depth."""
    for paper in sorted({int(papers[key]) for key in batch}):
        yield np.isin(keys, [key for key in batch if papers[key] == paper]), paper


def _paste(sheet: Array, mask: Mask, paper: Array) -> None:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return
    top, bottom = max(0, int(rows[0]) - 14), int(rows[-1]) + 15
    left, right = max(0, int(columns[0]) - 14), int(columns[-1]) + 15
    area = sheet[top:bottom, left:right]
    piece = step(blur(mask[top:bottom, left:right].astype(np.float32), 1.6), 0.42, 0.14)
    shadow = np.clip(shifted(blur(piece, 3.0), -3.0, -4.0) - piece, 0.0, 1.0)
    area *= (1.0 - 0.5 * shadow)[..., None]
    area += (paper - area) * piece[..., None]
