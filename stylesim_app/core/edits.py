"""Edits that copies of a picture are known to undergo, to measure what a comparison survives.

An edit takes an upright sRGB picture, mode ``RGB``, of any size, and returns another. Lengths are
shares of the long side, so that an edit means the same at every size, and chance comes from the
generator that is handed in, so that a seed repeats it.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from . import scenes

_BICUBIC = Image.Resampling.BICUBIC


@dataclass(frozen=True, eq=False)
class Chance:
    """What an edit may draw from: a seeded generator, and pictures that share a collage."""

    generator: np.random.Generator
    company: Sequence[Image.Image] = ()


Edit = Callable[[Image.Image, Chance], Image.Image]


def apply_edit(
    name: str, picture: Image.Image, seed: int, company: Sequence[Image.Image] = ()
) -> Image.Image:
    """Return a picture edited by one of EDITS; the same seed gives the same pixels.

    Raises ValueError for a name that is not in EDITS, or a picture that is not RGB.
    """
    if name not in EDITS:
        raise ValueError(f"there is no edit {name!r}; choose one of {', '.join(EDITS)}")
    if picture.mode != "RGB":
        raise ValueError(f"expected a picture of mode RGB, got {picture.mode}")
    kind = list(EDITS).index(name)
    return EDITS[name](picture, Chance(np.random.default_rng((seed, kind)), company))


def _compress(picture: Image.Image, chance: Chance) -> Image.Image:
    return _save_as_jpeg(picture, 30)


def _save_as_jpeg(picture: Image.Image, quality: int) -> Image.Image:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")


def _halve(picture: Image.Image, chance: Chance) -> Image.Image:
    return _resize(picture, 0.5, 0.5)


def _stretch(picture: Image.Image, chance: Chance) -> Image.Image:
    """Make the picture 20 % wider or 20 % higher."""
    return _resize(picture, *((1.2, 1.0) if chance.generator.random() < 0.5 else (1.0, 1.2)))


def _resize(picture: Image.Image, across: float, down: float) -> Image.Image:
    width, height = picture.size
    return picture.resize((max(1, round(across * width)), max(1, round(down * height))), _BICUBIC)


def _change_brightness(picture: Image.Image, chance: Chance) -> Image.Image:
    """Multiply by 0.6 or 1.4, and clip."""
    return _from_numbers(_numbers(picture) * (0.6 if chance.generator.random() < 0.5 else 1.4))


def _remove_colour(picture: Image.Image, chance: Chance) -> Image.Image:
    return picture.convert("L").convert("RGB")


def _shift_colour(picture: Image.Image, chance: Chance) -> Image.Image:
    """Turn the hue by up to 60 degrees, and scale each channel by up to a fifth."""
    hue, saturation, value = picture.convert("HSV").split()
    turn = int(chance.generator.integers(-43, 44))
    turned = hue.point([(level + turn) % 256 for level in range(256)])
    shifted = Image.merge("HSV", (turned, saturation, value)).convert("RGB")
    return _from_numbers(_numbers(shifted) * chance.generator.uniform(0.8, 1.2, 3))


def _add_watermark(picture: Image.Image, chance: Chance) -> Image.Image:
    """Repeat a half-transparent word over the picture, on a slant."""
    side = max(picture.size)
    tile = Image.new("L", (round(0.36 * side), round(0.16 * side)), 0)
    ImageDraw.Draw(tile).text((0.02 * side, 0.02 * side), "ARCHIVE", fill=140, font_size=0.07 * side)
    sheet = Image.new("L", (2 * side, 2 * side), 0)
    for top in range(0, 2 * side, tile.height):
        for left in range(0, 2 * side, tile.width):
            sheet.paste(tile, (left, top))
    slanted = sheet.rotate(float(chance.generator.uniform(20, 40)), _BICUBIC)
    left, top = (side - picture.width // 2, side - picture.height // 2)
    mask = slanted.crop((left, top, left + picture.width, top + picture.height))
    return Image.composite(Image.new("RGB", picture.size, "white"), picture, mask)


def _blur(picture: Image.Image, chance: Chance) -> Image.Image:
    """Apply a Gaussian of 0.9 % of the long side."""
    return picture.filter(ImageFilter.GaussianBlur(0.009 * max(picture.size)))


def _crop_to(share: float) -> Edit:
    """Return an edit that keeps a box with ``share`` of each side, anywhere in the picture."""

    def crop(picture: Image.Image, chance: Chance) -> Image.Image:
        width, height = (max(1, round(share * length)) for length in picture.size)
        left = int(chance.generator.integers(0, picture.width - width + 1))
        top = int(chance.generator.integers(0, picture.height - height + 1))
        return picture.crop((left, top, left + width, top + height))

    return crop


def _mirror(picture: Image.Image, chance: Chance) -> Image.Image:
    return ImageOps.mirror(picture)


def _turn_by(degrees: float) -> Edit:
    """Return an edit that turns the picture counter-clockwise, with white in the corners."""

    def turn(picture: Image.Image, chance: Chance) -> Image.Image:
        return picture.rotate(degrees, _BICUBIC, expand=True, fillcolor="white")

    return turn


def _frame(picture: Image.Image, chance: Chance) -> Image.Image:
    return scenes.frame(picture, chance.generator)


def _hang(picture: Image.Image, chance: Chance) -> Image.Image:
    """Frame the picture and photograph it on a wall, where it takes about half of the width."""
    framed = scenes.frame(picture, chance.generator)
    wall = scenes.hang(framed, chance.generator)
    return scenes.photograph(wall, chance.generator, tilt=0.02, glare=0.2)


def _tilt(picture: Image.Image, chance: Chance) -> Image.Image:
    """Move each corner inwards by up to 15 % of each side, as a view from one side does."""
    return scenes.tilt(picture, chance.generator, 0.15)


def _make_collage(picture: Image.Image, chance: Chance) -> Image.Image:
    """Put the picture, at 55 % of its size, among parts of others or, without any, patterns."""
    generator = chance.generator
    canvas = scenes.draw_pattern(picture.size, generator)
    small = _resize(picture, 0.55, 0.55)
    boxes = [(0, 0), (1, 0), (0, 1), (1, 1)]
    generator.shuffle(boxes)
    spare = (picture.width - small.width, picture.height - small.height)
    for other, (right, low) in zip(chance.company, boxes[1:], strict=False):
        part = ImageOps.fit(other, spare, _BICUBIC)
        canvas.paste(part, (right * small.width, low * small.height))
    right, low = boxes[0]
    canvas.paste(small, (right * spare[0], low * spare[1]))
    return canvas


def _photograph_print(picture: Image.Image, chance: Chance) -> Image.Image:
    """Print the picture with a white margin, and photograph it on a table under a lamp."""
    generator = chance.generator
    sheet = ImageOps.expand(picture, round(0.07 * max(picture.size)), "#f4f1ea")
    faded = ImageChops.screen(sheet, Image.new("RGB", sheet.size, "#1c1812"))
    table = scenes.lay_on_table(faded, generator)
    seen = scenes.photograph(table, generator, tilt=0.06, glare=0.45)
    return _save_as_jpeg(seen, 75)


def _numbers(picture: Image.Image) -> NDArray[np.float64]:
    return np.asarray(picture, dtype=np.float64)


def _from_numbers(numbers: NDArray[np.float64]) -> Image.Image:
    return Image.fromarray(np.clip(np.rint(numbers), 0, 255).astype(np.uint8))


#: The kinds of edits by name, from the slightest to the strongest of each sort.
EDITS: Mapping[str, Edit] = {
    "jpeg_30": _compress,
    "half_size": _halve,
    "aspect_20": _stretch,
    "brightness": _change_brightness,
    "grey": _remove_colour,
    "colour_shift": _shift_colour,
    "watermark": _add_watermark,
    "blur": _blur,
    "crop_80": _crop_to(0.8),
    "crop_60": _crop_to(0.6),
    "mirror": _mirror,
    "turn_90": _turn_by(90),
    "turn_180": _turn_by(180),
    "turn_10": _turn_by(10),
    "frame": _frame,
    "frame_and_wall": _hang,
    "perspective": _tilt,
    "collage": _make_collage,
    "photograph_of_print": _photograph_print,
}
