"""Flat poster: five printed colours with hard edges, a border and a lettered title."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from project.demo.canvas import Scene
from project.demo.fields import blur, keyed, luminance, palette
from project.demo.paints import Array

INKS = palette("#14213d", "#1f6f78", "#e4572e", "#f2a93b", "#f7ecd0")
SHARES = (0.24, 0.46, 0.64, 0.84)  # of the tone, from ink to ink
BORDER, BAND = 16, 54
FINE = 2


def poster(scene: Scene, rng: np.random.Generator) -> Image.Image:
    """Paint the scene in five inks by its tone; warm and cool places change the middle ones."""
    del rng  # a print has no accidents
    width, height = scene.size
    large = Image.fromarray((scene.colour * 255).astype(np.uint8))
    large = large.resize((width * FINE, height * FINE), Image.Resampling.BICUBIC)
    colour = blur(np.asarray(large, dtype=np.float32) / 255.0, 2.0)
    sheet = Image.fromarray(np.rint(INKS[_separated(colour)] * 255).astype(np.uint8))
    sheet = sheet.resize((width, height), Image.Resampling.BOX)
    return _lettered(sheet, scene.title)


def _separated(colour: Array) -> NDArray[np.intp]:
    """Return the number of the ink at each point."""
    tone = keyed(luminance(colour), 0.55)
    warmth = colour[..., 0] - colour[..., 2]
    lifted = tone + 0.1 * np.clip(warmth, -0.5, 0.5)
    inks: NDArray[np.intp] = np.digitize(lifted, SHARES)
    return inks


def _lettered(sheet: Image.Image, title: str) -> Image.Image:
    width, height = sheet.size
    navy, cream = (tuple(round(float(v) * 255) for v in INKS[i]) for i in (0, 4))
    pen = ImageDraw.Draw(sheet)
    pen.rectangle((0, height - BAND, width, height), fill=cream)
    for edge in range(BORDER):
        pen.rectangle((edge, edge, width - 1 - edge, height - 1 - edge), outline=cream)
    for edge in range(BORDER, BORDER + 3):
        pen.rectangle((edge, edge, width - 1 - edge, height - BAND - 1), outline=navy)
    words = " ".join(title.upper())
    font = ImageFont.load_default(size=22)
    left, _, right, _ = pen.textbbox((0, 0), words, font=font)
    if right - left > width - 2 * BORDER - 20:
        font = ImageFont.load_default(size=22 * (width - 2 * BORDER - 20) / (right - left))
    place = (width / 2, height - BAND / 2 - BORDER / 2 + 6)
    pen.text(place, words, font=font, fill=navy, anchor="mm")
    return sheet
