"""Pages as museums photograph them: a work on a ground, with a chart or a ruler, compressed."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from stylesim_app.core.boxes import WHOLE, Box

QUALITIES = (30, 50, 70, 85, 95)
#: Margins in shares of a side of the work, on each side.
MARGINS = (0.05, 0.4)
#: Sides of a work in pixels before it is compressed.
SIDES = (350, 900)
SIDES_OF_PAGE = ("top", "bottom", "left", "right")
PAPERS = ("#faf9f6", "#f1ece0", "#ffffff", "#e4e2dd")
GREYS = ("#969696", "#b9b9b9", "#6e6e6e")
BLACKS = ("#0a0a0a", "#1c1b1d", "#000000")
GROUNDS = PAPERS + GREYS + BLACKS
PATCHES = (
    *("#1a1a1a", "#555555", "#999999", "#dddddd", "#cc2222", "#22aa22", "#2222cc", "#dddd22"),
    *("#cc22cc", "#22cccc", "#ee8822", "#884422", "#735244", "#c29682", "#627a9d", "#576c43"),
    *("#8580b1", "#67bdaa", "#d67e2c", "#505ba6", "#c15a63", "#5e3c6c", "#9dbc40", "#e0a32e"),
)


class Page(NamedTuple):
    """A photograph, and the box of the work in it."""

    image: Image.Image
    box: Box


Draw = Callable[[Image.Image, np.random.Generator], Page]
DrawThing = Callable[[tuple[int, int], np.random.Generator], Image.Image]


def draw_page(kind: str, work: Image.Image, generator: np.random.Generator) -> tuple[Page, int]:
    """Return a page of one of KINDS as a JPEG, decoded, and its quality."""
    side = generator.integers(*SIDES)
    aspect = np.exp(generator.uniform(-0.4, 0.4))
    size = (round(side * min(1, aspect)), round(side / max(1, aspect)))
    page = KINDS[kind](work.resize(size, Image.Resampling.BICUBIC), generator)
    quality = int(generator.choice(QUALITIES))
    return Page(_compress(page.image, quality), page.box), quality


def _compress(image: Image.Image, quality: int) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")


def _leave(work: Image.Image, generator: np.random.Generator) -> Page:
    return Page(work, WHOLE)


def _on(colours: tuple[str, ...]) -> Draw:
    """Return a function that lays a work on a ground, with another margin on each side."""

    def lay(work: Image.Image, generator: np.random.Generator) -> Page:
        colour = str(generator.choice(colours))
        left, top, right, bottom = generator.uniform(*MARGINS, 4)
        across, down = work.size
        width = round((1 + left + right) * across)
        height = round((1 + top + bottom) * down)
        place = (round(left * across), round(top * down))
        image = _add_grain(Image.new("RGB", (width, height), colour), generator)
        image.paste(work, place)
        return Page(image, _to_box((*place, *work.size), image))

    return lay


def _light_unevenly(page: Page, generator: np.random.Generator) -> Page:
    """Darken a page to one side by up to 12 %, and its corners by up to 8 %."""
    width, height = page.image.size
    rows, columns = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    direction = generator.uniform(0, 2 * np.pi)
    fall = (np.cos(direction) * columns + np.sin(direction) * rows) / np.sqrt(2)
    light = 1 - generator.uniform(0.02, 0.06) * (1 + fall)
    light -= generator.uniform(0, 0.04) * (rows**2 + columns**2)
    pixels = np.asarray(page.image) * light[..., None]
    return Page(Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)), page.box)


def _light_page(work: Image.Image, generator: np.random.Generator) -> Page:
    return _light_unevenly(_on(GROUNDS)(work, generator), generator)


def _turn_on_page(work: Image.Image, generator: np.random.Generator) -> Page:
    """Turn the work by up to 1.2 degrees on its ground; the box is that of its corners."""
    colour = str(generator.choice(GROUNDS))
    mask = Image.new("L", work.size, 255)
    angle = float(generator.uniform(0.3, 1.2) * generator.choice((-1, 1)))
    turned = work.rotate(angle, Image.Resampling.BICUBIC, expand=True)
    shape = mask.rotate(angle, Image.Resampling.BICUBIC, expand=True)
    left, top, right, bottom = generator.uniform(*MARGINS, 4)
    across, down = work.size
    size = (round((1 + left + right) * across), round((1 + top + bottom) * down))
    image = _add_grain(Image.new("RGB", size, colour), generator)
    place = (round(left * across), round(top * down))
    image.paste(turned, place, shape)
    return Page(image, _to_box((*place, *turned.size), image))


def _lay_beside_band(work: Image.Image, generator: np.random.Generator) -> Page:
    """Put a band of patches, and in half of the cases a scale, along a side of the work."""
    return _add_band(Page(work, WHOLE), generator)


def _lay_above_band(work: Image.Image, generator: np.random.Generator) -> Page:
    """Put the band along a side of the page, so that it ends the photograph."""
    return _add_band(_on(GROUNDS)(work, generator), generator)


def _lay_with_chart(work: Image.Image, generator: np.random.Generator) -> Page:
    """Put a chart into the margin, with ground on all of its sides."""
    return _add_in_margin(work, generator, _draw_patches)


def _lay_with_ruler(work: Image.Image, generator: np.random.Generator) -> Page:
    return _add_in_margin(work, generator, _draw_ruler)


def _light_chart(work: Image.Image, generator: np.random.Generator) -> Page:
    return _light_unevenly(_lay_with_chart(work, generator), generator)


def _add_band(page: Page, generator: np.random.Generator) -> Page:
    side = str(generator.choice(SIDES_OF_PAGE))
    image = _turn(page.image, side)
    width, height = image.size
    thick = max(20, round(generator.uniform(0.06, 0.16) * height))
    band = Image.new("RGB", (width, thick), "#ebebeb")
    scale = round(0.25 * thick) if generator.random() < 0.5 else 0
    if scale:
        band.paste(_draw_ticks((width, scale), generator), (0, 0))
    gap = max(scale, round(0.08 * thick))
    patches = _draw_patches((width, thick - gap), generator)
    band.paste(patches, (0, gap))
    joined = Image.new("RGB", (width, height + thick))
    joined.paste(image, (0, 0))
    joined.paste(band, (0, height))
    box = _turn_box(page.box, side)
    shrink = height / (height + thick)
    box = Box(box.left, box.top * shrink, box.width, box.height * shrink)
    return Page(_turn_back(joined, side), _turn_box_back(box, side))


def _add_in_margin(
    work: Image.Image,
    generator: np.random.Generator,
    draw: DrawThing,
) -> Page:
    side = str(generator.choice(SIDES_OF_PAGE))
    colour = str(generator.choice(GROUNDS))
    turned = _turn(work, side)
    across, down = turned.size
    left, top, right = generator.uniform(*MARGINS, 3)
    bottom = generator.uniform(0.15, MARGINS[1])
    width, height = round((1 + left + right) * across), round((1 + top + bottom) * down)
    image = _add_grain(Image.new("RGB", (width, height), colour), generator)
    place = (round(left * across), round(top * down))
    image.paste(turned, place)
    room = height - place[1] - down
    thick = round(generator.uniform(0.35, 0.6) * room)
    long = round(generator.uniform(0.4, 0.95) * width)
    start = round(generator.uniform(0.02, 0.98 - long / width) * width) if long < width else 0
    thing = draw((long, thick), generator)
    image.paste(
        thing, (start, place[1] + down + round(generator.uniform(0.35, 0.6) * (room - thick)))
    )
    box = _to_box((*place, across, down), image)
    return Page(_turn_back(image, side), _turn_box_back(box, side))


def _draw_patches(size: tuple[int, int], generator: np.random.Generator) -> Image.Image:
    """Draw a chart of one or two rows of patches on white, grey or black."""
    width, height = size
    card = Image.new("RGB", size, str(generator.choice(("#ebebeb", "#808080", "#101010"))))
    pen = ImageDraw.Draw(card)
    rows = int(generator.choice((1, 2))) if height >= 40 else 1
    count = int(generator.integers(8, 19))
    gap = max(1, round(0.08 * width / count)) if generator.random() < 0.7 else 0
    for row in range(rows):
        colours = generator.permutation(PATCHES)[:count]
        top = row * height / rows
        for number, colour in enumerate(colours):
            left, right = number * width / count, (number + 1) * width / count - 1
            pen.rectangle(
                (left + gap, top + gap, right, top + height / rows - 1 - gap), str(colour)
            )
    return card


def _draw_ruler(size: tuple[int, int], generator: np.random.Generator) -> Image.Image:
    """Draw a ruler, light or dark, with ticks and digits, or black and white fields."""
    width, height = size
    if generator.random() < 0.3:
        ruler = Image.new("RGB", size, "white")
        pen = ImageDraw.Draw(ruler)
        count = int(generator.integers(10, 21))
        for number in range(0, count, 2):
            pen.rectangle(
                (number * width / count, 0, (number + 1) * width / count, height), "black"
            )
        pen.rectangle((0, 0, width - 1, height - 1), outline="black")
        return ruler
    return _draw_ticks(size, generator)


def _draw_ticks(size: tuple[int, int], generator: np.random.Generator) -> Image.Image:
    width, height = size
    light, dark = ("#f0efe8", "#151515") if generator.random() < 0.75 else ("#202020", "#e8e8e8")
    ruler = Image.new("RGB", size, light)
    pen = ImageDraw.Draw(ruler)
    count = int(generator.integers(12, 41))
    thick = max(1, round(0.08 * width / count))
    for number in range(count):
        left = (number + 0.5) * width / count
        pen.rectangle((left, 0, left + thick, (0.45 if number % 5 else 0.7) * height), dark)
        if number % 5 == 0 and height >= 24:
            pen.text((left + 2 * thick, 0.5 * height), str(number), dark, font_size=0.4 * height)
    return ruler


def _add_grain(image: Image.Image, generator: np.random.Generator) -> Image.Image:
    """Add the noise of a sensor and of paper."""
    pixels = np.asarray(image) + generator.normal(0, 1.5, (image.height, image.width, 1))
    soft = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    return soft.filter(ImageFilter.GaussianBlur(0.6))


def _to_box(edges: tuple[int, int, int, int], image: Image.Image) -> Box:
    left, top, across, down = edges
    width, height = image.size
    return Box(left / width, top / height, across / width, down / height)


_TURNS = {"bottom": None, "top": Image.Transpose.ROTATE_180, "left": Image.Transpose.ROTATE_90}
_TURNS["right"] = Image.Transpose.ROTATE_270
_BACK = {"bottom": None, "top": Image.Transpose.ROTATE_180, "left": Image.Transpose.ROTATE_270}
_BACK["right"] = Image.Transpose.ROTATE_90


def _turn(image: Image.Image, side: str) -> Image.Image:
    """Return the image with ``side`` at the bottom."""
    turn = _TURNS[side]
    return image if turn is None else image.transpose(turn)


def _turn_back(image: Image.Image, side: str) -> Image.Image:
    turn = _BACK[side]
    return image if turn is None else image.transpose(turn)


def _turn_box(box: Box, side: str) -> Box:
    left, top, width, height = box
    if side == "top":
        return Box(1 - left - width, 1 - top - height, width, height)
    if side == "left":
        return Box(top, 1 - left - width, height, width)
    if side == "right":
        return Box(1 - top - height, left, height, width)
    return box


def _turn_box_back(box: Box, side: str) -> Box:
    return _turn_box(box, {"left": "right", "right": "left"}.get(side, side))


KINDS: Mapping[str, Draw] = {
    "work alone": _leave,
    "white page": _on(PAPERS),
    "grey ground": _on(GREYS),
    "black ground": _on(BLACKS),
    "uneven light": _light_page,
    "turned by 0.3 to 1.2 degrees": _turn_on_page,
    "chart along the work": _lay_beside_band,
    "chart along a page": _lay_above_band,
    "chart on a page": _lay_with_chart,
    "chart on a page, uneven light": _light_chart,
    "ruler on a page": _lay_with_ruler,
}
