"""Find what surrounds a work in its photograph: a uniform ground, a colour chart, a ruler.

Museum photography shows works on a page or a grey ground, often with a colour chart. All of it
weighs on descriptors, so that the layout of a photograph decides which works are near. A picture is
cut only where the evidence is plain: pale works, silhouettes and plain skies stay complete.

All lengths are pixels of a small version whose long side is at most SIDE, all differences levels of
0 to 255, the largest of the three channels.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .boxes import WHOLE, Box
from .charts import find_strip

#: Long side of the version that is examined: fine enough for a border of one per cent.
SIDE = 256
#: The least side that is examined: of a strip too narrow for edges, nothing is cut.
LEAST_SIDE = 16
#: The least border that is worth a cut: thinner ones hardly weigh on a descriptor.
LEAST_BORDER = 2
#: The least share of either side that remains: a work that is smaller is an object in a scene.
LEAST_INSIDE = 0.25
#: How far a pixel of the ground lies from its plane at most: noise, compression, paper.
TOLERANCE = 12
#: How far colours of one ground lie apart at most, over the picture: uneven light.
SHADING = 30
#: Share of a line of ground that may differ: dust, a stamp, a caption of a few letters.
STRAY = 0.06
#: Lines inwards in which an edge must begin: a photograph is rarely turned by more.
SLANT = 3
#: The least share of each edge of the work that differs from the ground, and of all edges together.
#: Ink on a white page has none, an oval or a fan touches its box in a few places.
EDGE = 0.6
EDGES = 0.8
#: The same for two sides alone, where sky, water or silk may be what is uniform.
TWO_EDGES = 0.95
#: The largest mean difference of neighbouring pixels of a ground: a painted one is rougher.
ROUGHNESS = 3.0
#: The least share of the inside with detail: flat shapes on a ground are a composition.
DETAIL = 0.2
#: Lines that a shadow beside the work may take up, in shares of the side.
SHADOW = 0.04
#: How much darker each line of a shadow is than the one outside: plain paper is even.
DARKER = 2.0

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
    kinds = set()
    box = (0, 0, width, height)
    ground = _find_ground(pixels)
    if ground is not None:
        box = _inside(ground)
    if (found := _cut_charts(pixels, box)) != box:
        kinds.add(CHART)
        box = found
        # The ground beside the work, which the chart may have been wider than.
        if ground is not None:
            box = _tighten(ground, box)
        elif (rest := _find_ground(_crop(pixels, box))) is not None:
            inner = _inside(rest)
            if _is_work(_crop(pixels, box), rest, inner):
                kinds.add(GROUND)
                left, top = box[:2]
                box = (left + inner[0], top + inner[1], left + inner[2], top + inner[3])
    if ground is not None:
        box = _trim_shadow(pixels, box)
        if not _is_work(pixels, ground, box, charted=CHART in kinds):
            return NONE
        kinds.add(GROUND)
    if not kinds or not _large_enough(box, width, height):
        return NONE
    kind = BOTH if len(kinds) == 2 else kinds.pop()
    return Surroundings(_refine(image, box, width, height), kind)


def _small(image: Image.Image) -> IntArray:
    """Return a version with a long side of about SIDE pixels, ``(height, width, 3)``."""
    factor = max(1, round(max(image.size) / SIDE))
    small = image.reduce(factor) if factor > 1 else image
    return np.asarray(small.convert("RGB")).astype(np.int16)


def _find_ground(pixels: IntArray) -> NDArray[np.bool_] | None:
    """Return which pixels are ground ``(height, width)``; None unless opposite sides show one."""
    lines = {"top": pixels[0], "bottom": pixels[-1], "left": pixels[:, 0], "right": pixels[:, -1]}
    colours = {
        side: np.median(line[:: max(1, len(line) // 64)], axis=0) for side, line in lines.items()
    }
    uniform = {side for side, line in lines.items() if _is_uniform(line, colours[side])}
    pairs = [pair for pair in (("top", "bottom"), ("left", "right")) if uniform.issuperset(pair)]
    pairs = [pair for pair in pairs if _apart(colours[pair[0]], colours[pair[1]]) <= SHADING]
    if not pairs:
        return None
    if len(pairs) == 2 and _apart(colours["top"], colours["left"]) > SHADING:
        return None
    plane = _fit_plane(pixels, [side for pair in pairs for side in pair])
    mask: NDArray[np.bool_] = np.abs(pixels - plane).max(axis=2) <= TOLERANCE
    return mask


def _is_uniform(line: IntArray, colour: NDArray[np.float64]) -> bool:
    far = np.abs(line - colour).max(axis=1) > SHADING / 2
    rough = np.abs(np.diff(line, axis=0)).max(axis=1).mean()
    return bool(far.mean() <= STRAY and rough <= ROUGHNESS)


def _apart(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    return float(np.abs(first - second).max())


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


def _inside(ground: NDArray[np.bool_]) -> Edges:
    """Return the box inside the uniform lines of a ground."""
    height, width = ground.shape
    return _tighten(ground, (0, 0, width, height))


def _tighten(ground: NDArray[np.bool_], box: Edges) -> Edges:
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


def _cut_charts(pixels: IntArray, box: Edges) -> Edges:
    """Return the box without strips of charts and rulers along its sides."""
    left, top, right, bottom = box
    bottom -= find_strip(pixels[top:bottom, left:right][::-1])
    top += find_strip(pixels[top:bottom, left:right])
    left += find_strip(pixels[top:bottom, left:right].transpose(1, 0, 2))
    right -= find_strip(pixels[top:bottom, left:right].transpose(1, 0, 2)[::-1])
    return left, top, right, bottom


def _is_work(
    pixels: IntArray, ground: NDArray[np.bool_], box: Edges, charted: bool = False
) -> bool:
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


def _large_enough(box: Edges, width: int, height: int) -> bool:
    left, top, right, bottom = box
    return right - left >= LEAST_INSIDE * width and bottom - top >= LEAST_INSIDE * height


def _crop(pixels: IntArray, box: Edges) -> IntArray:
    left, top, right, bottom = box
    return pixels[top:bottom, left:right]


def _refine(image: Image.Image, box: Edges, width: int, height: int) -> Box:
    left, top, right, bottom = box
    return Box(left / width, top / height, (right - left) / width, (bottom - top) / height)
