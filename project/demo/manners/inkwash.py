"""Ink wash: black ink that bleeds into rice paper, brush outlines, a red seal."""

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
    shifted,
    steepness,
    step,
)
from project.demo.paints import Array, rgb


def ink_wash(scene: Scene, rng: np.random.Generator) -> Image.Image:
    """Paint the scene in three washes and a line, most of the paper left bare."""
    shape = scene.parts.shape
    tone = keyed(luminance(scene.colour), 0.75)
    ragged = 3.0 * noise(rng, shape, 26.0, 3)
    tone = shifted(blur(tone, 1.6), ragged, 3.0 * noise(rng, shape, 26.0, 3))
    wet = step(noise(rng, shape, 90.0, 2), 0.3, 0.8)
    wash = np.zeros(shape, dtype=np.float32)
    for edge, ink in ((0.56, 0.15), (0.34, 0.22), (0.16, 0.36)):
        pool = step(-tone, -edge, 0.05)
        bled = blur(pool, 7.0)
        pool = pool * (1.0 - wet) + (0.55 * bled + 0.45 * pool) * wet
        rim = np.clip(steepness(blur(pool, 1.0)) * 2.4, 0.0, 0.5)
        wash += ink * (pool + 0.5 * rim)
    wash *= 1.0 + 0.16 * noise(rng, shape, 40.0, 4)
    line = _brushed(scene, rng)
    ink_cover = np.clip(np.maximum(wash, 0.0) + 0.74 * line * (0.7 + wash), 0.0, 0.95)
    paper = rgb("#f2ebda") * (1.0 + 0.018 * noise(rng, shape, 5.0, 2)[..., None])
    paper = paper - 0.03 * _fibres(rng, shape)[..., None]
    sheet = mix(paper, rgb("#16161c"), ink_cover)
    return picture(_sealed(sheet, rng))


def _brushed(scene: Scene, rng: np.random.Generator) -> Array:
    shape = scene.parts.shape
    edge = outlines(scene.colour, scene.parts, 0.3)
    body = blur(edge, 2.0)
    pressure = 0.2 + 0.1 * noise(rng, shape, 60.0, 2)
    line = step(body, np.clip(pressure, 0.1, 0.5), 0.1)
    dry = step(noise(rng, shape, 70.0, 2) + 0.5 * noise(rng, shape, 2.5), 1.25, 0.5)
    moved: Array = shifted(line, 1.6 * noise(rng, shape, 14.0), 1.6 * noise(rng, shape, 14.0))
    return moved * (1.0 - 0.85 * dry)


def _fibres(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    field = np.zeros(shape, dtype=np.float32)
    for _ in range(240):
        y, x = rng.uniform(0, shape[0]), rng.uniform(0, shape[1])
        angle, bend = rng.uniform(0, 2 * np.pi), rng.normal(0, 0.03)
        t = np.arange(float(rng.uniform(10, 40)))
        rows = np.clip(y + t * np.sin(angle + bend * t), 0, shape[0] - 1).astype(int)
        columns = np.clip(x + t * np.cos(angle + bend * t), 0, shape[1] - 1).astype(int)
        field[rows, columns] = 1.0
    return blur(field, 0.6) * 3.0


def _sealed(sheet: Array, rng: np.random.Generator) -> Array:
    """Return the artist's seal: a carved sign of strokes in a worn red square."""
    height, width = sheet.shape[:2]
    side = 46
    sign = np.ones((9, 9), dtype=np.float32)
    sign[1:8, 1] = sign[1, 1:4] = sign[4, 1:4] = sign[7, 1:4] = 0.0
    sign[1:8, 5] = sign[1:8, 7] = sign[1, 5:8] = sign[4, 5:8] = 0.0
    carved = Image.fromarray((sign * 255).astype(np.uint8)).resize(
        (side, side), Image.Resampling.NEAREST
    )
    cover = blur(np.asarray(carved, dtype=np.float32) / 255.0, 1.0)
    cover = step(cover, 0.5, 0.5) * step(noise(rng, (side, side), 4.0, 2), -1.5, 0.8)
    top, left = height - side - 20, width - side - 20
    area = sheet[top : top + side, left : left + side]
    sheet[top : top + side, left : left + side] = mix(area, rgb("#c0281f"), 0.92 * cover)
    return sheet
