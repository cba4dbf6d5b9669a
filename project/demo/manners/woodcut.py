"""Woodcut: black ink on warm paper, cut with lines that follow the form, and one tint block."""

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
    step,
)
from project.demo.paints import Array, rgb

PERIOD = 6.8  # pixels from one cut to the next


def woodcut(scene: Scene, rng: np.random.Generator) -> Image.Image:
    """Paint the scene as a key block over a tint block."""
    shape = scene.parts.shape
    tone = keyed(luminance(scene.colour), 0.6)
    tone = blur(tone, 1.0)
    stripes = _cuts(scene, tone, rng)
    # The ends of the tone stay solid: a print needs full blacks and bare paper.
    light = step(tone, 0.5, 0.66)
    cut = step(light - stripes + 0.05 * noise(rng, shape, 3.0), 0.0, 0.14)
    edge = blur(outlines(scene.colour, scene.parts, 0.34), 1.2)
    black = np.maximum(1.0 - cut, step(edge, 0.16, 0.1))
    tint = step(blur(tone, 3.0), 0.74, 0.02) + 0.0
    paper = rgb("#efe2c4") * (1.0 + 0.012 * noise(rng, shape, 30.0, 4)[..., None])
    sheet = mix(paper, rgb("#cf8f54"), (1.0 - tint) * 0.9)
    grain = step(noise(rng, shape, 2.0) + 0.6 * noise(rng, shape, 24.0), 1.9, 0.5)
    sheet = mix(sheet, rgb("#17130f"), black * (1.0 - 0.7 * grain))
    return picture(_framed(sheet, rng))


def _cuts(scene: Scene, tone: Array, rng: np.random.Generator) -> Array:
    """Return stripes in [0, 1], straight within a part and turned with its form."""
    height, width = scene.parts.shape
    flow = direction(tone, 6.0)
    parts = scene.parts.ravel()
    count = np.maximum(np.bincount(parts), 1)
    along = np.bincount(parts, np.cos(2.0 * flow).ravel()) / count
    across = np.bincount(parts, np.sin(2.0 * flow).ravel()) / count
    angles = 0.5 * np.arctan2(across, along) + rng.normal(0.0, 0.12, len(count))
    angle = angles[scene.parts].astype(np.float32)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    place = (y * np.cos(angle) - x * np.sin(angle)) / PERIOD
    # Light bends the lines, so that they run round a body as a gouge does.
    bent = place + 2.2 * blur(tone, 7.0) + 0.22 * noise(rng, (height, width), 46.0, 2)
    stripes: Array = (0.5 + 0.5 * np.cos(2.0 * np.pi * bent)).astype(np.float32)
    return stripes * 0.96 + 0.02


def _framed(sheet: Array, rng: np.random.Generator) -> Array:
    height, width = sheet.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    inset = np.minimum(np.minimum(x, width - 1 - x), np.minimum(y, height - 1 - y))
    inset = inset + 0.9 * noise(rng, (height, width), 18.0, 3)
    ink = mix(sheet, rgb("#17130f"), step(-inset, -20.0, 1.5))
    return mix(ink, rgb("#efe2c4"), step(-inset, -14.0, 1.5))
