"""Cubist facets: the subject broken into planes, each seen from a little elsewhere."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from project.demo.canvas import Scene
from project.demo.fields import (
    blur,
    keyed,
    luminance,
    mix,
    noise,
    outlines,
    palette,
    picture,
    saturated,
    steepness,
    step,
)
from project.demo.paints import Array, rgb

EARTHS = palette("#1f1a17", "#4a3a2c", "#7a6346", "#a78a5c", "#cdb687", "#efe6cb")
GREYS = palette("#191c1f", "#39434a", "#647078", "#8f9a98", "#bcc0b4", "#ece8d8")
ANGLES = (0.35, 1.22, 1.57, 2.0, 2.75, 0.05)  # radians: the few directions of all the edges


def cubist(scene: Scene, rng: np.random.Generator) -> Image.Image:
    """Paint the scene split by straight cuts, each facet shifted, turned and shaded on its own."""
    shape = scene.parts.shape
    tone = _contoured(scene, keyed(luminance(scene.colour), 0.55))
    detail = blur(steepness(blur(tone, 1.0)), 6.0)
    facets = _split(rng, shape, detail)
    seen = np.zeros(shape, dtype=np.float32)
    warmth = np.zeros(shape, dtype=np.float32)
    soft = blur(saturated(scene.colour, 1.4), 1.0)
    chroma = soft[..., 0] - soft[..., 2]
    for number in range(int(facets.max()) + 1):
        rows, columns = np.nonzero(facets == number)
        if len(rows):
            _facet(rng, rows, columns, (tone, chroma), (seen, warmth))
    warm = step(warmth + 0.1 * noise(rng, shape, 120.0), 0.05, 0.5)
    colour = mix(_toned(GREYS, seen), _toned(EARTHS, seen), warm)
    colour = colour + 0.16 * (saturated(soft, 1.0) - luminance(soft)[..., None])
    dabs = 1.0 + 0.035 * noise(rng, shape, 5.0, 2)
    colour = mix(colour * dabs[..., None], rgb("#17130f"), 0.85 * _seams(facets, rng))
    return picture(colour)


def _contoured(scene: Scene, tone: Array) -> Array:
    """Return the tone with the outlines drawn in, so that the broken subject can still be read."""
    line = step(blur(outlines(scene.colour, scene.parts, 0.34), 1.2), 0.12, 0.16)
    return tone * (1.0 - 0.75 * line)


def _split(rng: np.random.Generator, shape: tuple[int, int], detail: Array) -> NDArray[np.int32]:
    """Return facet numbers (H, W): cells cut in two until the busy ones are small."""
    facets = np.zeros(shape, dtype=np.int32)
    busy = detail / detail.mean()
    waiting, count = [0], 1
    while waiting:
        number = waiting.pop()
        rows, columns = np.nonzero(facets == number)
        work = float(np.minimum(0.35 + 0.65 * busy[rows, columns], 2.2).sum())
        if work < 4200 * rng.uniform(0.7, 1.5):
            continue
        angle = float(rng.choice(ANGLES)) + float(rng.normal(0.0, 0.07))
        place = columns * np.cos(angle) + rows * np.sin(angle)
        far = place > np.quantile(place, rng.uniform(0.35, 0.65))
        facets[rows[far], columns[far]] = count
        waiting += [number, count]
        count += 1
    return facets


def _facet(
    rng: np.random.Generator,
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
    sources: tuple[Array, Array],
    targets: tuple[Array, Array],
) -> None:
    height, width = sources[0].shape
    y0, x0 = rows.mean(), columns.mean()
    turn, scale = float(rng.normal(0.0, 0.1)), float(rng.uniform(0.86, 1.05))
    slip = rng.normal(0.0, 5.0, 2)
    y, x = (rows - y0) * scale, (columns - x0) * scale
    down = y0 + slip[0] + x * np.sin(turn) + y * np.cos(turn)
    across = x0 + slip[1] + x * np.cos(turn) - y * np.sin(turn)
    place = (
        np.clip(np.rint(down), 0, height - 1).astype(np.intp),
        np.clip(np.rint(across), 0, width - 1).astype(np.intp),
    )
    angle = float(rng.choice(ANGLES)) + np.pi * float(rng.integers(2))
    ramp = x * np.cos(angle) + y * np.sin(angle)
    ramp = ramp / max(float(np.abs(ramp).max()), 1.0)
    shade = 0.17 * ramp + float(rng.normal(0.0, 0.03))
    targets[0][rows, columns] = np.clip(0.86 * sources[0][place] + 0.08 + shade, 0.0, 1.0)
    targets[1][rows, columns] = sources[1][place]


def _toned(scale: Array, tone: Array) -> Array:
    place = np.clip(tone, 0.0, 1.0) * (len(scale) - 1)
    low = np.minimum(place.astype(np.intp), len(scale) - 2)
    return mix(scale[low], scale[low + 1], place - low)


def _seams(facets: NDArray[np.int32], rng: np.random.Generator) -> Array:
    """Return dark lines along the cuts, lost here and there."""
    met = np.zeros(facets.shape, dtype=np.float32)
    met[:, 1:][facets[:, 1:] != facets[:, :-1]] = 1.0
    met[1:][facets[1:] != facets[:-1]] = 1.0
    line = step(blur(met, 1.0), 0.24, 0.24)
    found = step(noise(rng, facets.shape, 70.0), -0.7, 1.0)
    return line * found
