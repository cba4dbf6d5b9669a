"""Find the uniform ground that a work lies on, by the outer lines of its photograph.

Lengths and differences are those of ``surroundings``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .charts import MOST

#: How far a pixel of the ground lies from its plane at most: noise, compression, paper.
TOLERANCE = 12
#: The same for what compression leaves round the edge of a work: at least that of the ground.
HALO = 36
#: How far colours of one ground lie apart at most, over the picture: uneven light.
SHADING = 30
#: Share of a line of ground that may differ: dust, a stamp, a caption of a few letters.
STRAY = 0.06
#: The largest mean difference of neighbouring pixels of a ground: a painted one is rougher.
ROUGHNESS = 3.0

SIDES = ("top", "bottom", "left", "right")
PAIRS = (("top", "bottom"), ("left", "right"))

IntArray = NDArray[np.int16]
Colour = NDArray[np.float64]
Mask = NDArray[np.bool_]


class Ground(NamedTuple):
    """The pixels that are ground ``(height, width)``, and those that may be, near a work."""

    certain: Mask
    possible: Mask


def find_uniform_sides(pixels: IntArray) -> Mapping[str, Colour]:
    """Return the colours of the sides of a picture ``(height, width, 3)`` that are uniform."""
    found = {}
    for side in SIDES:
        line = _line(pixels, side)
        colour = _colour(line)
        if is_uniform(line, colour):
            found[side] = colour
    return found


def find_ground(pixels: IntArray, uniform: Mapping[str, Colour]) -> Ground | None:
    """Return which pixels are ground ``(height, width)``; None unless opposite sides show one."""
    pairs = [pair for pair in PAIRS if uniform.keys() >= set(pair)]
    pairs = [pair for pair in pairs if _apart(uniform[pair[0]], uniform[pair[1]]) <= SHADING]
    if not pairs or (len(pairs) == 2 and _apart(uniform["top"], uniform["left"]) > SHADING):
        return None
    return _find_on_plane(pixels, [side for pair in pairs for side in pair])


def find_grounds_beside_charts(pixels: IntArray, uniform: Mapping[str, Colour]) -> Iterator[Ground]:
    """Yield the pixels that are ground if a side shows one, and those next to it most of it.

    A chart along the fourth side hides the rest, charts.MOST of it at most.
    """
    for side, colour in uniform.items():
        others = [each for pair in PAIRS if side not in pair for each in pair]
        # A line begins at the top or at the left.
        first = side in ("top", "left")
        if all(_goes_on(line, colour, first) for line in _lines(pixels, others)):
            yield _find_on_plane(pixels, [side, *others])


def _goes_on(line: IntArray, colour: Colour, first: bool) -> bool:
    """Return whether the first part of a line, or its last, has about a colour."""
    length = round((1 - MOST) * len(line))
    part = line[:length] if first else line[-length:]
    own = _colour(part)
    return _apart(own, colour) <= SHADING and is_uniform(part, own)


def is_uniform(line: IntArray, colour: Colour) -> bool:
    """Return whether most of a line has about a colour, with little noise."""
    far = np.abs(line - colour).max(axis=1) > SHADING / 2
    if far.mean() > STRAY:
        return False
    return bool(np.abs(np.diff(line, axis=0)).max(axis=1).mean() <= ROUGHNESS)


def _line(pixels: IntArray, side: str) -> IntArray:
    row = 0 if side in ("top", "left") else -1
    line: IntArray = pixels[row] if side in ("top", "bottom") else pixels[:, row]
    return line


def _lines(pixels: IntArray, sides: list[str]) -> Iterator[IntArray]:
    return (_line(pixels, side) for side in sides)


def _colour(line: IntArray) -> Colour:
    colour: Colour = np.median(line[:: max(1, len(line) // 64)], axis=0)
    return colour


def _apart(first: Colour, second: Colour) -> float:
    return float(np.abs(first - second).max())


def _find_on_plane(pixels: IntArray, sides: list[str]) -> Ground:
    """Return which pixels lie near the plane of the colours of some sides."""
    apart = np.abs(pixels - _fit_plane(pixels, sides)).max(axis=2)
    return Ground(apart <= TOLERANCE, apart <= HALO)


def _fit_plane(pixels: IntArray, sides: list[str]) -> NDArray[np.float32]:
    """Return the colours of a ground lit unevenly ``(height, width, 3)``, from its outer lines."""
    height, width = pixels.shape[:2]
    rows, columns = np.linspace(-1, 1, height), np.linspace(-1, 1, width)
    places = {
        "top": (np.full(width, -1.0), columns, pixels[0]),
        "bottom": (np.full(width, 1.0), columns, pixels[-1]),
        "left": (rows, np.full(height, -1.0), pixels[:, 0]),
        "right": (rows, np.full(height, 1.0), pixels[:, -1]),
    }
    y, x, colours = (
        np.concatenate(each) for each in zip(*(places[side] for side in sides), strict=True)
    )
    near = np.abs(colours - np.median(colours, axis=0)).max(axis=1) <= SHADING
    factors = np.stack([np.ones_like(x), x, y], axis=1)
    plane = np.linalg.lstsq(factors[near], colours[near].astype(float), rcond=None)[0]
    shades: NDArray[np.float32] = (
        plane[0] + columns[None, :, None] * plane[1] + rows[:, None, None] * plane[2]
    ).astype(np.float32)
    return shades
