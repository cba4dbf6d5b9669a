"""Small pictures drawn by tests."""

from __future__ import annotations

import io
from functools import cache

import numpy as np
from PIL import Image

#: Enough for a calibration, few enough to describe quickly.
NAMES = [
    f"{subject}-{manner}" for subject in ("disc", "bars", "corner", "cross") for manner in "abc"
]


def draw(name: str, size: tuple[int, int] = (96, 72)) -> Image.Image:
    """One of NAMES: a simple subject in a palette and texture of its manner."""
    subject, manner = name.split("-")
    width, height = size
    rows, columns = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    mask = {
        "disc": (rows - 0.5) ** 2 + (columns - 0.5) ** 2 < 0.1,
        "bars": (columns * 6).astype(int) % 2 == 0,
        "corner": rows + columns < 0.8,
        "cross": (abs(rows - 0.5) < 0.12) | (abs(columns - 0.5) < 0.12),
    }[subject]
    ground, figure = {
        "a": ((240, 225, 190), (160, 40, 30)),
        "b": ((20, 30, 80), (230, 200, 60)),
        "c": ((225, 225, 225), (30, 30, 30)),
    }[manner]
    pixels = np.where(mask[..., None], figure, ground).astype(float)
    generator = np.random.default_rng(ord(manner))
    noise = {
        "a": generator.normal(0, 30, (height, width, 1)),
        "b": 40 * np.sin(columns * 80)[..., None],
        "c": 0,
    }[manner]
    return Image.fromarray(np.clip(pixels + noise, 0, 255).astype(np.uint8))


def encode(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@cache
def png(name: str = "disc-a", size: tuple[int, int] = (96, 72)) -> bytes:
    return encode(draw(name, size))
