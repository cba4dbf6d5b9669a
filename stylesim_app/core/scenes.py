"""Frames, walls, tables and the camera before them, drawn for the edits of a picture.

All take and return pictures of mode ``RGB``, and draw from a NumPy generator.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageOps

_BICUBIC = Image.Resampling.BICUBIC
_WOODS = ("#3b2416", "#6d4a2b", "#a8843f", "#1d1b1a", "#c9b28a")
_WALLS = ("#d9d6d0", "#b9c0bd", "#8f3a35", "#56697a", "#e8e2d2")
_TABLES = ("#7a5a3c", "#4a4540", "#b3aca0")


def frame(picture: Image.Image, generator: np.random.Generator) -> Image.Image:
    """Return the picture in a moulded frame, as wide as 10 % of the long side, with grain."""
    width = max(4, round(0.1 * max(picture.size)))
    wood = np.array(_colour(generator, _WOODS), dtype=np.float64)
    framed = picture
    for step in range(width):
        # A moulding: a light inner lip, a dark hollow, a light outer edge.
        light = 1 + 0.35 * np.cos(2 * np.pi * step / width)
        framed = ImageOps.expand(framed, 1, tuple(np.clip(wood * light, 0, 255).astype(int)))
    inside = (width, width, width + picture.width, width + picture.height)
    grainy = _add_noise(framed, generator, 6.0)
    grainy.paste(picture, inside)
    return grainy


def hang(picture: Image.Image, generator: np.random.Generator) -> Image.Image:
    """Return a wall as wide as 1.7 times the picture, which hangs there and casts a shadow."""
    width, height = (round(1.7 * length) for length in picture.size)
    wall = _add_noise(Image.new("RGB", (width, height), _colour(generator, _WALLS)), generator, 3.0)
    skirting = ImageDraw.Draw(wall)
    skirting.rectangle((0, round(0.93 * height), width, height), fill=_colour(generator, _WOODS))
    left = round((width - picture.width) * generator.uniform(0.3, 0.7))
    top = round((height - picture.height) * generator.uniform(0.25, 0.55))
    return _put(picture, wall, (left, top))


def lay_on_table(picture: Image.Image, generator: np.random.Generator) -> Image.Image:
    """Return a table top, 1.25 times as large as the picture that lies on it, slightly turned."""
    width, height = (round(1.25 * length) for length in picture.size)
    table = Image.new("RGB", (width, height), _colour(generator, _TABLES))
    planks = _numbers(table) + 14 * np.sin(np.arange(height) * 40 / height)[:, None, None]
    table = _add_noise(_from_numbers(planks), generator, 8.0)
    corner = ((width - picture.width) // 2, (height - picture.height) // 2)
    sheet, mask = Image.new("RGB", (width, height)), Image.new("L", (width, height), 0)
    sheet.paste(picture, corner)
    mask.paste(255, (*corner, corner[0] + picture.width, corner[1] + picture.height))
    angle = float(generator.uniform(-5, 5))
    table.paste(sheet.rotate(angle, _BICUBIC), (0, 0), mask.rotate(angle, _BICUBIC))
    return table


def photograph(
    scene: Image.Image, generator: np.random.Generator, tilt: float, glare: float
) -> Image.Image:
    """Return what a hand-held camera makes of a scene.

    The view is off-centre by up to ``tilt`` of each side; light falls off to one side and is
    reflected in a spot of strength ``glare``, 0 to 1; then come a colour cast, blur and noise.
    """
    seen = _numbers(_tilt_into(scene, generator, tilt))
    height, width = seen.shape[:2]
    rows, columns = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    direction = generator.uniform(0, 2 * np.pi)
    light = 1 + 0.2 * (np.cos(direction) * columns + np.sin(direction) * rows)
    at_row, at_column = generator.uniform(-0.7, 0.7, 2)
    spot = np.exp(-((rows - at_row) ** 2 + (columns - at_column) ** 2) / 0.08)
    seen = seen * light[..., None] * generator.uniform(0.88, 1.08, 3)
    seen += (255 - seen) * (glare * spot)[..., None]
    soft = _from_numbers(seen).filter(ImageFilter.GaussianBlur(0.0022 * max(scene.size)))
    return _add_noise(soft, generator, 4.0)


def tilt(picture: Image.Image, generator: np.random.Generator, share: float) -> Image.Image:
    """Return the picture seen from one side: corners move inwards by up to ``share``, on grey."""
    width, height = picture.size
    moves = generator.uniform(0, share, (4, 2))
    inwards = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])
    seen = _corners(width, height) + moves * inwards * (width, height)
    coefficients = _perspective(seen, _corners(width, height))
    return picture.transform(
        picture.size, Image.Transform.PERSPECTIVE, coefficients, _BICUBIC, fillcolor="#7f7f7f"
    )


def draw_pattern(size: tuple[int, int], generator: np.random.Generator) -> Image.Image:
    """Return coloured shapes on a coloured ground, which belong to no picture."""
    ground, *colours = [tuple(int(each) for each in row) for row in generator.integers(0, 256, (40, 3))]
    pattern = Image.new("RGB", size, ground)
    pen = ImageDraw.Draw(pattern)
    for number, colour in enumerate(colours):
        left, top = generator.uniform(-0.1, 1, 2) * size
        right, bottom = (left, top) + generator.uniform(0.03, 0.25, 2) * size
        shape = pen.ellipse if number % 2 else pen.rectangle
        shape((left, top, right, bottom), fill=colour)
    return pattern


def _tilt_into(scene: Image.Image, generator: np.random.Generator, share: float) -> Image.Image:
    """Let the corners of the view lie inside the scene, so that nothing has to be filled in."""
    width, height = scene.size
    inwards = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])
    moves = generator.uniform(0, share, (4, 2)) * inwards * (width, height)
    coefficients = _perspective(_corners(width, height), _corners(width, height) + moves)
    return scene.transform(scene.size, Image.Transform.PERSPECTIVE, coefficients, _BICUBIC)


def _put(picture: Image.Image, ground: Image.Image, corner: tuple[int, int]) -> Image.Image:
    side = max(picture.size)
    shadow = Image.new("L", ground.size, 0)
    offset = round(0.02 * side)
    left, top = corner[0] + offset, corner[1] + offset
    shadow.paste(110, (left, top, left + picture.width, top + picture.height))
    shadow = shadow.filter(ImageFilter.GaussianBlur(0.02 * side))
    shaded = Image.composite(Image.new("RGB", ground.size), ground, shadow)
    shaded.paste(picture, corner)
    return shaded


def _corners(width: int, height: int) -> NDArray[np.float64]:
    return np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float64)


def _perspective(seen: NDArray[np.float64], source: NDArray[np.float64]) -> list[float]:
    """Return Pillow's eight coefficients, which map four points that are seen to the source."""
    rows = [
        row
        for (x, y), (u, v) in zip(seen, source, strict=True)
        for row in ([x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y])
    ]
    return [float(value) for value in np.linalg.solve(np.array(rows), source.reshape(8))]


def _add_noise(picture: Image.Image, generator: np.random.Generator, level: float) -> Image.Image:
    numbers = _numbers(picture)
    return _from_numbers(numbers + generator.normal(0, level, (*numbers.shape[:2], 1)))


def _colour(generator: np.random.Generator, names: tuple[str, ...]) -> tuple[int, int, int]:
    name = names[int(generator.integers(len(names)))]
    return int(name[1:3], 16), int(name[3:5], 16), int(name[5:7], 16)


def _numbers(picture: Image.Image) -> NDArray[np.float64]:
    return np.asarray(picture, dtype=np.float64)


def _from_numbers(numbers: NDArray[np.float64]) -> Image.Image:
    return Image.fromarray(np.clip(np.rint(numbers), 0, 255).astype(np.uint8))
