"""Mosaic: glass tesserae laid along the contours in dark grout."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from project.demo.canvas import Scene
from project.demo.fields import (
    blur,
    direction,
    keyed,
    luminance,
    nearest,
    palette,
    picture,
    relit,
    saturated,
)
from project.demo.paints import Array

GLASS = palette(
    "#14204c", "#1f4a8c", "#3f86b8", "#8cc4cc", "#0f4a44", "#2f8060", "#86ac5c", "#6c1f24",
    "#b03a2c", "#dc7440", "#e8b04a", "#f4dc94", "#f6f0dc", "#a88a6c", "#5c4638", "#241a1c",
)  # fmt: skip
SPACING = 7.4  # pixels between the middles of two tesserae
FINE = 2
ROUNDS = 5


def mosaic(scene: Scene, rng: np.random.Generator) -> Image.Image:
    """Paint the scene in some six thousand tesserae."""
    tone = keyed(luminance(scene.colour), 0.5)
    colour = saturated(relit(scene.colour, 0.2 + 0.78 * tone), 1.35)
    flow = direction(blur(tone, 1.0), 5.0)
    sites = _settled(rng, flow)
    height, width = tone.shape
    rows = np.clip(sites[:, 1], 0, height - 1).astype(int)
    columns = np.clip(sites[:, 0], 0, width - 1).astype(int)
    wanted = blur(colour, 1.0)[rows, columns]
    glass = GLASS[nearest(wanted, GLASS)]
    tints = 0.55 * glass + 0.45 * wanted + rng.normal(0.0, 0.04, (len(sites), 1))
    return _laid(scene.size, sites, flow[rows, columns], tints, rng)


def _settled(rng: np.random.Generator, flow: Array) -> NDArray[np.float64]:
    """Return middles (n, 2) spread evenly, by Hausner's Voronoi cells of a turned square metric."""
    half = flow[::2, ::2]
    height, width = half.shape
    gap = SPACING / 2.0
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    down, across = np.mgrid[gap / 2 : height : gap, gap / 2 : width : gap]
    sites = np.stack([across.ravel(), down.ravel()], axis=1)
    sites += rng.uniform(-gap * 0.3, gap * 0.3, sites.shape)
    shape = across.shape
    for _ in range(ROUNDS):
        owner = _owners(sites, shape, half, x, y, gap)
        count = np.bincount(owner.ravel(), minlength=len(sites))
        middle = np.stack(
            [np.bincount(owner.ravel(), axis.ravel(), minlength=len(sites)) for axis in (x, y)],
            axis=1,
        )
        held = count > 0
        sites[held] = middle[held] / count[held, None]
    return sites * 2.0


def _owners(
    sites: NDArray[np.float64], shape: tuple[int, int], flow: Array, x: Array, y: Array, gap: float
) -> NDArray[np.intp]:
    """Return the site that each point belongs to, among the 25 that were nearest at first."""
    home_row = np.clip((y / gap).astype(np.intp), 0, shape[0] - 1)
    home_column = np.clip((x / gap).astype(np.intp), 0, shape[1] - 1)
    cos, sin = np.cos(flow), np.sin(flow)
    best = np.full(flow.shape, np.inf, dtype=np.float32)
    owner = np.zeros(flow.shape, dtype=np.intp)
    east, south = sites[:, 0].astype(np.float32), sites[:, 1].astype(np.float32)
    for step_down in range(-2, 3):
        row = np.clip(home_row + step_down, 0, shape[0] - 1) * shape[1]
        for step_across in range(-2, 3):
            number = row + np.clip(home_column + step_across, 0, shape[1] - 1)
            right, low = x - east[number], y - south[number]
            reach = np.maximum(np.abs(right * cos + low * sin), np.abs(low * cos - right * sin))
            closer = reach < best
            best[closer], owner[closer] = reach[closer], number[closer]
    return owner


def _laid(
    size: tuple[int, int],
    sites: NDArray[np.float64],
    turns: Array,
    tints: Array,
    rng: np.random.Generator,
) -> Image.Image:
    sheet = Image.new("RGB", (size[0] * FINE, size[1] * FINE), (88, 78, 68))
    pen = ImageDraw.Draw(sheet)
    half = SPACING * 0.46 * rng.uniform(0.88, 1.06, (len(sites), 4, 1))
    corner = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], dtype=np.float64)
    squares = corner[None] * half
    leaning = turns + rng.normal(0.0, 0.05, turns.shape)
    cos, sin = np.cos(leaning)[:, None], np.sin(leaning)[:, None]
    across = squares[..., 0] * cos - squares[..., 1] * sin
    down = squares[..., 0] * sin + squares[..., 1] * cos
    tiles = (np.stack([across, down], axis=2) + sites[:, None]) * FINE
    # Each piece leans its own way in the bed, so one edge of it catches the light.
    for scale, lift in ((1.0, 0.88), (0.74, 1.06)):
        middles = tiles.mean(axis=1, keepdims=True)
        smaller = middles + (tiles - middles) * scale - (1.0 - scale) * 3.0
        inks = np.rint(np.clip(tints * lift, 0.0, 1.0) * 255).astype(int)
        for tile, ink in zip(smaller.reshape(-1, 8).tolist(), inks.tolist(), strict=True):
            pen.polygon(tile, fill=tuple(ink))
    small = sheet.resize(size, Image.Resampling.BOX)
    return picture(np.asarray(small, dtype=np.float32) / 255.0)
