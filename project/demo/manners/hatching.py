"""Hatching: an etcher's fine lines, crossed where the tone deepens."""

from __future__ import annotations

import numpy as np
from PIL import Image

from project.demo.canvas import Scene
from project.demo.fields import (
    blur,
    direction,
    keyed,
    luminance,
    mix,
    noise,
    outlines,
    picture,
    shifted,
    step,
)
from project.demo.paints import Array, rgb

PERIOD = 3.7  # pixels from line to line
LAYERS = ((0.80, 0.8), (0.58, -0.7), (0.36, 0.05), (0.18, 1.5))  # darker than this: at this angle


def hatching(scene: Scene, rng: np.random.Generator) -> Image.Image:
    """Paint the scene in four sets of lines and a contour, sepia on buff, inside a plate mark."""
    shape = scene.parts.shape
    tone = blur(0.04 + 0.94 * keyed(luminance(scene.colour), 0.7), 1.2)
    form = direction(tone, 8.0)
    ink = np.zeros(shape, dtype=np.float32)
    for threshold, angle in LAYERS:
        depth = np.clip((threshold - tone) / 0.24, 0.0, 1.0)
        ink = np.maximum(ink, _lines(rng, form, tone, angle, depth))
    edge = outlines(scene.colour, scene.parts, 0.2)
    for _ in range(2):
        wander = (1.3 * noise(rng, shape, 40.0), 1.3 * noise(rng, shape, 40.0))
        ink = np.maximum(ink, 0.85 * step(blur(shifted(edge, *wander), 0.7), 0.42, 0.4))
    paper = rgb("#eee0c0") * (1.0 + 0.014 * noise(rng, shape, 7.0, 3)[..., None])
    height, width = shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    inset = np.minimum(np.minimum(x, width - 1 - x), np.minimum(y, height - 1 - y))
    inset = inset + 0.7 * noise(rng, shape, 30.0, 2)
    ink *= step(inset, 20.0, 2.0)
    mark = step(-np.abs(inset - 11.0), -1.1, 1.0)
    film = 0.05 * step(inset, 11.0, 1.0)
    sheet = mix(paper, rgb("#2e1d14"), film + 0.84 * ink)
    return picture(mix(sheet, rgb("#8a7350"), 0.5 * mark))


def _lines(rng: np.random.Generator, form: Array, tone: Array, angle: float, depth: Array) -> Array:
    """Return pen lines at one angle, with gaps; `depth` (0 to 1) sets their breadth."""
    height, width = tone.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    sway = 0.5 * noise(rng, tone.shape, 90.0) + 0.12 * noise(rng, tone.shape, 16.0)
    place = (y * np.cos(angle) - x * np.sin(angle)) / PERIOD + sway + 1.3 * blur(tone, 10.0)
    wave = np.abs((place % 1.0) - 0.5) * 2.0
    lift = step(noise(rng, tone.shape, 9.0, 2), 2.1, 0.6)
    breadth = depth * (0.3 + 0.22 * depth)
    line: Array = step(wave, 1.0 - breadth, 0.3) * np.minimum(depth * 3.0, 1.0)
    return line * (1.0 - 0.8 * lift)
