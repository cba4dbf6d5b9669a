"""Find what surrounds a work in its photograph: a uniform ground, a colour chart, a ruler.

Museum photography shows works on a page or a grey ground, often with a colour chart. All of it
weighs on descriptors, so that the layout of a photograph decides which works are near. A picture is
cut only where the evidence is plain: pale works, silhouettes and plain skies stay complete.

All lengths are pixels of a small version whose long side is at most SIDE, all differences levels of
0 to 255, the largest of the three channels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .boxes import WHOLE, Box
from .charts import BLUR, MOST, find_strip, is_chart
from .ground import (
    ROUGHNESS,
    SHADING,
    SIDES,
    STRAY,
    Ground,
    Mask,
    find_ground,
    find_grounds_beside_charts,
    find_uniform_sides,
)

#: Long side of the version that is examined: fine enough for a border of one per cent.
SIDE = 256
#: The least side that is examined: of a strip too narrow for edges, nothing is cut.
LEAST_SIDE = 16
#: The least border that is worth a cut: thinner ones hardly weigh on a descriptor.
LEAST_BORDER = 2
#: The least share of either side that remains: a work that is smaller is an object in a scene.
LEAST_INSIDE = 0.25
#: Lines inwards in which an edge must begin: a photograph is rarely turned by more.
SLANT = 3
#: The least share of each edge of the work that differs from the ground, and of all edges together.
#: Ink on a white page has none, an oval or a fan touches its box in a few places.
EDGE = 0.6
EDGES = 0.8
#: The same for two sides alone, where sky, water or silk may be what is uniform.
TWO_EDGES = 0.95
#: The least share of the inside with detail: flat shapes on a ground are a composition.
DETAIL = 0.2
#: Lines that a shadow beside the work may take up, in shares of the side.
SHADOW = 0.04
#: How much darker each line of a shadow is than the one outside: plain paper is even.
DARKER = 2.0
#: How often charts are looked for on a ground: on each side, and once more.
ROUNDS = 6

GROUND = "ground"
CHART = "chart"
BOTH = "ground_and_chart"
CHOSEN = "chosen"

IntArray = NDArray[np.int16]
#: Left, top, right and bottom, the last two outside.
Edges = tuple[int, int, int, int]


class Surroundings(NamedTuple):
    """The box of the work in shares of the upright picture, and what was found round it.

    ``kind`` is GROUND, CHART or BOTH, CHOSEN where a person drew the box, or empty where nothing
    was found, and the box then WHOLE.
    """

    box: Box
    kind: str


NONE = Surroundings(WHOLE, "")


def choose(box: Box) -> Surroundings:
    """Return the surroundings outside a box that a person chose, none if it is WHOLE."""
    return NONE if box == WHOLE else Surroundings(box, CHOSEN)


def find(image: Image.Image) -> Surroundings:
    """Return the box of the work within an upright sRGB image, and what was found round it."""
    pixels = _small(image)
    height, width = pixels.shape[:2]
    if min(height, width) < LEAST_SIDE:
        return NONE
    uniform = find_uniform_sides(pixels)
    # First, for the plain edge of a chart may be taken for the ground of its side.
    if len(uniform) < len(SIDES):
        for ground in find_grounds_beside_charts(pixels, uniform):
            if (found := _find_on_ground(pixels, ground)).kind == BOTH:
                return found
    if (shown := find_ground(pixels, uniform)) is not None:
        return _find_on_ground(pixels, shown)
    complete = (0, 0, width, height)
    box = _cut_charts(pixels, complete)
    return NONE if box == complete else _to_surroundings(box, CHART, width, height)


def _small(image: Image.Image) -> IntArray:
    """Return a version with a long side of about SIDE pixels, ``(height, width, 3)``."""
    factor = max(1, round(max(image.size) / SIDE))
    small = image.reduce(factor) if factor > 1 else image
    return np.asarray(small.convert("RGB")).astype(np.int16)


def _find_on_ground(pixels: IntArray, found: Ground) -> Surroundings:
    """Return the surroundings of a work on a ground, none unless there is a work."""
    ground = found.certain
    height, width = ground.shape
    box, charted = _tighten(ground, (0, 0, width, height)), False
    for _ in range(ROUNDS):
        smaller = _drop_outside(pixels, ground, box, is_chart)
        if smaller == box:
            smaller = _cut_charts(pixels, box)
        charted |= smaller != box
        if smaller == box and charted:
            smaller = _drop_outside(pixels, ground, box, _is_rest)
        if smaller == box:
            break
        # The ground beside the work, which a chart may have been wider than.
        box = _tighten(ground, smaller)
    bounded = _trim_shadow(pixels, box)
    if not _is_work(pixels, ground, bounded, charted):
        # Blocks of a compressed picture reach from the work into the ground.
        bounded = _trim_halo(found.possible, box)
        if not _is_work(pixels, ground, bounded, charted):
            return NONE
    return _to_surroundings(bounded, BOTH if charted else GROUND, width, height)


def _tighten(ground: Mask, box: Edges) -> Edges:
    """Return the box without its outer lines of ground: rows, columns, and rows between these."""
    left, top, right, bottom = box
    for _ in range(2):
        lines = ground[top:bottom, left:right]
        first, last = _uniform_ends(lines.mean(axis=1))
        top, bottom = top + first, bottom - last
        first, last = _uniform_ends(ground[top:bottom, left:right].mean(axis=0))
        left, right = left + first, right - last
    return left, top, right, bottom


def _uniform_ends(shares: NDArray[np.float64]) -> tuple[int, int]:
    """Return how many lines at either end are ground."""
    other = np.flatnonzero(shares < 1 - STRAY)
    if not len(other):
        return 0, 0
    return int(other[0]), len(shares) - 1 - int(other[-1])


def _drop_outside(
    pixels: IntArray, ground: Mask, box: Edges, is_other: Callable[[IntArray], bool]
) -> Edges:
    """Return the box without what ground separates from the work, if it is something else."""
    left, top, right, bottom = box
    lines, mask = _crop(pixels, box), ground[top:bottom, left:right]
    columns, across = lines.transpose(1, 0, 2), mask.T
    return (
        left + _separate(columns, across, is_other),
        top + _separate(lines, mask, is_other),
        right - _separate(columns[::-1], across[::-1], is_other),
        bottom - _separate(lines[::-1], mask[::-1], is_other),
    )


def _separate(lines: IntArray, ground: Mask, is_other: Callable[[IntArray], bool]) -> int:
    """Return the number of lines before a line of ground if they show something else, or zero."""
    gaps = np.flatnonzero(ground[: round(MOST * len(lines))].mean(axis=1) >= 1 - STRAY)
    if not len(gaps):
        return 0
    end = int(gaps[0])
    places = np.flatnonzero(~ground[:end].all(axis=0))
    if not len(places) or not is_other(lines[:end, places[0] : places[-1] + 1]):
        return 0
    return end


def _is_rest(lines: IntArray) -> bool:
    """Return whether lines are few enough for what is left of a chart: ticks, its ground, blur."""
    return len(lines) <= BLUR


def _cut_charts(pixels: IntArray, box: Edges) -> Edges:
    """Return the box without strips of charts and rulers along its sides."""
    left, top, right, bottom = box
    bottom -= find_strip(pixels[top:bottom, left:right][::-1])
    top += find_strip(pixels[top:bottom, left:right])
    left += find_strip(pixels[top:bottom, left:right].transpose(1, 0, 2))
    right -= find_strip(pixels[top:bottom, left:right].transpose(1, 0, 2)[::-1])
    return left, top, right, bottom


def _trim_halo(ground: Mask, box: Edges) -> Edges:
    """Return the box without a few outer lines of what may be ground, beside wide borders."""
    height, width = ground.shape
    inner = _tighten(ground, box)
    left, top = (
        edge + moved if edge >= BLUR and (moved := within - edge) <= BLUR else edge
        for edge, within in zip(box[:2], inner[:2], strict=True)
    )
    right, bottom = (
        edge - moved if length - edge >= BLUR and (moved := edge - within) <= BLUR else edge
        for edge, within, length in zip(box[2:], inner[2:], (width, height), strict=True)
    )
    return left, top, right, bottom


def _trim_shadow(pixels: IntArray, box: Edges) -> Edges:
    """Return the box without the shadow that the work casts on its ground, where it has borders."""
    height, width = pixels.shape[:2]
    left, top, right, bottom = box
    if top >= LEAST_BORDER:
        top += _shadow(pixels[top - 1 : bottom, left:right])
    if height - bottom >= LEAST_BORDER:
        bottom -= _shadow(pixels[top : bottom + 1, left:right][::-1])
    columns = pixels[top:bottom].transpose(1, 0, 2)
    if left >= LEAST_BORDER:
        left += _shadow(columns[left - 1 : right])
    if width - right >= LEAST_BORDER:
        right -= _shadow(columns[left : right + 1][::-1])
    return left, top, right, bottom


def _shadow(lines: IntArray) -> int:
    """Return how many lines after the first, which is ground, darken smoothly up to a work.

    The ends of a line, a tenth each, may be lighter, as the shadow is. Zero where smoothness does
    not end: the work itself may be plain there.
    """
    most = round(SHADOW * len(lines)) + 1
    length = lines.shape[1]
    middle = lines[: most + 1, length // 10 : length - length // 10, 1]
    smooth = np.abs(np.diff(middle, axis=1)).mean(axis=1) <= ROUGHNESS
    smooth &= np.abs(middle - np.median(middle, axis=1)[:, None]).max(axis=1) <= SHADING
    darker = np.diff(middle.mean(axis=1)) <= -DARKER
    ends = np.flatnonzero(~(smooth[1:] & darker))
    return int(ends[0]) if len(ends) else 0


def _is_work(pixels: IntArray, ground: Mask, box: Edges, charted: bool = False) -> bool:
    """Return whether a box in a ground is bounded by straight edges, and holds a picture."""
    height, width = ground.shape
    left, top, right, bottom = box
    borders = {"top": top, "bottom": height - bottom, "left": left, "right": width - right}
    cut = {side for side, border in borders.items() if border >= LEAST_BORDER}
    if not (cut >= {"top", "bottom"} or cut >= {"left", "right"}):
        return False
    inside = ground[top:bottom, left:right]
    if min(inside.shape) < 2 * SLANT:
        return False
    edges = {
        "top": inside[:SLANT],
        "bottom": inside[-SLANT:],
        "left": inside[:, :SLANT].T,
        "right": inside[:, -SLANT:].T,
    }
    shares = [float((~edges[side]).any(axis=0).mean()) for side in cut]
    least, mean = (EDGE, EDGES) if len(cut) > 2 or charted else (TWO_EDGES, TWO_EDGES)
    if min(shares) < least or np.mean(shares) < mean:
        return False
    return _has_detail(_crop(pixels, box))


def _has_detail(pixels: IntArray) -> bool:
    """Return whether enough neighbouring pixels differ visibly."""
    green = pixels[:, :, 1]
    return bool((np.abs(np.diff(green, axis=0)) >= 3).mean() >= DETAIL)


def _to_surroundings(box: Edges, kind: str, width: int, height: int) -> Surroundings:
    if not _large_enough(box, width, height):
        return NONE
    left, top, right, bottom = box
    shares = Box(left / width, top / height, (right - left) / width, (bottom - top) / height)
    return Surroundings(shares, kind)


def _large_enough(box: Edges, width: int, height: int) -> bool:
    left, top, right, bottom = box
    return right - left >= LEAST_INSIDE * width and bottom - top >= LEAST_INSIDE * height


def _crop(pixels: IntArray, box: Edges) -> IntArray:
    left, top, right, bottom = box
    return pixels[top:bottom, left:right]
