"""Uniform grounds and charts are cut; pale works, silhouettes and skies stay."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageDraw

from stylesim_app.core import surroundings
from stylesim_app.core.boxes import WHOLE, Box

COLOURS = ("#1a1a1a", "#555", "#999", "#ddd", "#c22", "#2a2", "#22c", "#dd2", "#c2c", "#e82")


def painting(width: int = 300, height: int = 200) -> Image.Image:
    rough = np.random.default_rng(7).integers(30, 200, (height // 8, width // 8, 3), np.uint8)
    return Image.fromarray(rough).resize((width, height), Image.Resampling.BICUBIC)


def on_ground(colour: str, margin: int = 90) -> Image.Image:
    work = painting()
    photo = Image.new("RGB", (work.width + 2 * margin, work.height + 2 * margin), colour)
    photo.paste(work, (margin, margin))
    return photo


def with_chart() -> Image.Image:
    work = painting()
    photo = Image.new("RGB", (work.width, work.height + 40), "#ebebeb")
    photo.paste(work, (0, 0))
    draw = ImageDraw.Draw(photo)
    for number, colour in enumerate(COLOURS):
        draw.rectangle((number * 30, work.height + 12, number * 30 + 28, photo.height), colour)
    return photo


def draw_chart(length: int, width: int) -> Image.Image:
    chart = Image.new("RGB", (length, width), "#ebebeb")
    draw = ImageDraw.Draw(chart)
    step = length / len(COLOURS)
    for number, colour in enumerate(COLOURS):
        draw.rectangle((number * step + 2, 4, (number + 1) * step - 2, width - 4), colour)
    return chart


def draw_ruler(length: int, width: int) -> Image.Image:
    ruler = Image.new("RGB", (length, width), "#f0efe8")
    draw = ImageDraw.Draw(ruler)
    for left in range(4, length, 12):
        draw.rectangle((left, 0, left + 1, width // 2), "#151515")
    return ruler


def as_jpeg(image: Image.Image, quality: int = 80) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")


@pytest.mark.parametrize("colour", ["#fafaf6", "#969696", "#080808", "#305080"])
def test_ground_is_cut(colour: str) -> None:
    found = surroundings.find(as_jpeg(on_ground(colour)))
    assert found.kind == surroundings.GROUND
    assert found.box.overlap(Box(90 / 480, 90 / 380, 300 / 480, 200 / 380)) > 0.95


def test_shaded_ground_is_cut() -> None:
    pixels = np.asarray(on_ground("#dcdcdc")).astype(float)
    pixels *= np.linspace(1, 0.92, pixels.shape[1])[None, :, None]
    found = surroundings.find(as_jpeg(Image.fromarray(pixels.astype(np.uint8))))
    assert found.box.overlap(Box(90 / 480, 90 / 380, 300 / 480, 200 / 380)) > 0.95


def test_chart_is_cut() -> None:
    found = surroundings.find(as_jpeg(with_chart()))
    assert found.kind == surroundings.CHART
    assert found.box.overlap(Box(0, 0, 1, 200 / 240)) > 0.93


#: A page of 480 x 380 pixels with a chart below, and with one in its lower margin.
BELOW = (0, 380, 480, 420)
IN_MARGIN = (70, 320, 430, 350)


@pytest.mark.parametrize("quality", [30, 60, 95])
@pytest.mark.parametrize("draw", [draw_chart, draw_ruler])
@pytest.mark.parametrize("place", [BELOW, IN_MARGIN])
@pytest.mark.parametrize("turn", [0, 90])
def test_chart_on_a_compressed_page_is_cut(
    quality: int, draw: Callable[..., Image.Image], place: tuple[int, int, int, int], turn: int
) -> None:
    page = on_ground("#faf9f6")
    photo = Image.new("RGB", (page.width, max(page.height, place[3])), "#faf9f6")
    photo.paste(page)
    photo.paste(draw(place[2] - place[0], place[3] - place[1]), place[:2])
    found = surroundings.find(as_jpeg(photo.rotate(turn, expand=True), quality))
    left, top, width, height = 90 / 480, 90 / photo.height, 300 / 480, 200 / photo.height
    work = Box(left, top, width, height)
    if turn:
        work = Box(top, 1 - left - width, height, width)
    assert found.kind == surroundings.BOTH
    assert found.box.overlap(work) > 0.9


def test_caption_below_a_print_stays() -> None:
    photo = on_ground("#faf9f6")
    draw = ImageDraw.Draw(photo)
    draw.text((120, 310), "THE RIVER NEAR THE MILL, AFTER NATURE", "#202020", font_size=11)
    assert surroundings.find(as_jpeg(photo)).kind != surroundings.BOTH


def test_ink_with_a_chart_keeps_its_page() -> None:
    page = Image.new("RGB", (300, 440), "#fafaf6")
    draw = ImageDraw.Draw(page)
    for y in range(80, 320, 12):
        draw.line((70, y, 230 - y % 50, y + 40), "#202020", 5)
    page.paste(draw_chart(300, 40), (0, 400))
    found = surroundings.find(as_jpeg(page))
    assert found.kind in ("", surroundings.CHART)
    assert found.box.contains(Box(0, 0, 1, 395 / 440))


def test_ink_on_white_stays() -> None:
    page = Image.new("RGB", (300, 400), "#fafaf6")
    draw = ImageDraw.Draw(page)
    for y in range(80, 320, 12):
        draw.line((70, y, 230 - y % 50, y + 40), "#202020", 5)
    assert surroundings.find(page) == surroundings.NONE


def test_oval_on_black_stays() -> None:
    work = painting(300, 400)
    mask = Image.new("L", work.size)
    ImageDraw.Draw(mask).ellipse((20, 20, 280, 380), 255)
    assert surroundings.find(Image.composite(work, Image.new("RGB", work.size), mask)).kind == ""


def test_plain_sky_and_flat_shapes_stay() -> None:
    sea = painting()
    sea.paste("#b0c8e8", (0, 0, 300, 90))
    square = Image.new("RGB", (300, 300), "white")
    square.paste("black", (60, 60, 240, 240))
    assert surroundings.find(sea) == surroundings.find(square) == surroundings.NONE


def test_picture_without_surroundings_stays() -> None:
    assert surroundings.find(painting()) == surroundings.NONE


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (7, 3), (2000, 2)])
def test_any_size_is_taken(size: tuple[int, int]) -> None:
    assert surroundings.find(Image.new("RGB", size, "white")) == surroundings.NONE


def test_chosen_box() -> None:
    box = Box(0.1, 0.2, 0.5, 0.5)
    assert surroundings.choose(box) == (box, surroundings.CHOSEN)
    assert surroundings.choose(WHOLE) == surroundings.NONE
