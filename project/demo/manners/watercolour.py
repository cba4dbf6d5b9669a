"""Watercolour: thin washes that run, dry with dark rims and settle in the paper's grain."""

from __future__ import annotations

import numpy as np
from PIL import Image

from project.demo.canvas import Scene
from project.demo.fields import (
    blur,
    keyed,
    luminance,
    mix,
    noise,
    outlines,
    picture,
    relit,
    saturated,
    shifted,
    steepness,
    step,
)
from project.demo.paints import Array, rgb


def watercolour(scene: Scene, rng: np.random.Generator) -> Image.Image:
    """Paint the scene in four glazes, light to dark, on rough white paper."""
    shape = scene.parts.shape
    tone = keyed(luminance(scene.colour), 0.65)
    hues = saturated(relit(scene.colour, 0.5 + 0.42 * tone), 1.05)
    run = (2.6 * noise(rng, shape, 30.0, 3), 2.6 * noise(rng, shape, 30.0, 3))
    hues, tone = shifted(blur(hues, 3.0), *run), shifted(blur(tone, 1.4), *run)
    light = np.ones((*shape, 3), dtype=np.float32)
    for edge, strength in ((0.9, 0.5), (0.62, 0.42), (0.4, 0.44), (0.2, 0.5)):
        pool = step(-tone + 0.03 * noise(rng, shape, 50.0, 3), -edge, 0.07)
        light *= _glaze(rng, hues, pool, strength)
    grain = noise(rng, shape, 3.2, 2)
    density = 1.0 - luminance(light)
    light = light * (1.0 - 0.1 * density * np.clip(grain, -1.5, 2.0))[..., None]
    gaps = step(blur(outlines(scene.colour, scene.parts, 0.4), 0.8), 0.36, 0.2)
    spared = shifted(gaps, *run) * step(noise(rng, shape, 34.0, 2), 0.5, 0.6)
    light = mix(light, np.ones(3, dtype=np.float32), 0.8 * spared)
    light = mix(np.ones(3, dtype=np.float32), light, _sheet(rng, shape))
    relief = grain - shifted(grain, 1.0, 1.0)
    return picture(light * rgb("#fbf8f0") * (1.0 + 0.012 * relief[..., None]))


def _glaze(rng: np.random.Generator, hues: Array, pool: Array, strength: float) -> Array:
    """Return the share of light that one wash transmits, (H, W, 3): more pigment at its rim."""
    rim = np.clip(steepness(blur(pool, 1.2)) * 3.2, 0.0, 0.8)
    bloom = noise(rng, pool.shape, 110.0, 4)
    burst = np.exp(-((bloom - 0.35) ** 2) / 0.012)
    load = strength * pool * np.clip(1.0 + 0.3 * bloom + 0.25 * burst, 0.35, 1.7) + 0.3 * rim
    through: Array = np.clip(hues, 0.2, 1.0) ** (1.35 * load[..., None])
    return through


def _sheet(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    """Return 1 inside the painted area, 0 on the bare margin, the brush's edge between."""
    height, width = shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    inset = np.minimum(np.minimum(x, width - 1 - x), np.minimum(y, height - 1 - y))
    return step(inset + 2.6 * noise(rng, shape, 70.0, 4), 20.0, 2.5)
