"""Boxes of a picture, in shares of its width and height, and the square windows of a long one."""

from __future__ import annotations

import math
from typing import NamedTuple

#: Beyond this ratio of the sides a picture is described by windows alone.
LONG_ASPECT = 3.0
#: Windows of one picture, at most: the network sees each.
MAX_WINDOWS = 20
#: The share of a window that the next one repeats, about.
OVERLAP = 0.4

# Shares are computed, so that a box may end beyond the picture by a rounding error.
_TOLERANCE = 1e-6
_SLIVER = 1e-3


class Box(NamedTuple):
    """The left and the top edge of a box, its width and its height, each from 0 to 1."""

    left: float
    top: float
    width: float
    height: float

    def inside(self, outer: Box) -> Box:
        """Return the box in shares of the picture, for one in shares of ``outer``."""
        return Box(
            outer.left + self.left * outer.width,
            outer.top + self.top * outer.height,
            self.width * outer.width,
            self.height * outer.height,
        )

    def to_pixels(self, width: int, height: int) -> tuple[int, int, int, int]:
        """Return left, top, right and bottom in pixels, at least one pixel apart and inside."""
        left = min(round(self.left * width), width - 1)
        top = min(round(self.top * height), height - 1)
        right = round((self.left + self.width) * width)
        bottom = round((self.top + self.height) * height)
        return left, top, max(left + 1, right), max(top + 1, bottom)

    def relative_to(self, outer: Box) -> Box:
        """Return the box in shares of ``outer``, for one in shares of the picture."""
        return Box(
            (self.left - outer.left) / outer.width,
            (self.top - outer.top) / outer.height,
            self.width / outer.width,
            self.height / outer.height,
        )

    def clipped(self) -> Box:
        """Return the part of the box that lies within 0 to 1; of one outside, a sliver at the edge.

        A sliver is a thousandth wide or high.
        """
        left = min(max(self.left, 0.0), 1 - _SLIVER)
        top = min(max(self.top, 0.0), 1 - _SLIVER)
        right = min(max(self.left + self.width, left + _SLIVER), 1.0)
        bottom = min(max(self.top + self.height, top + _SLIVER), 1.0)
        return Box(left, top, right - left, bottom - top)

    def contains(self, other: Box) -> bool:
        """Return whether no part of the other box lies outside."""
        return (
            self.left - _TOLERANCE <= other.left
            and self.top - _TOLERANCE <= other.top
            and other.left + other.width <= self.left + self.width + _TOLERANCE
            and other.top + other.height <= self.top + self.height + _TOLERANCE
        )

    def overlap(self, other: Box) -> float:
        """Return the area of the intersection as a share of the area of the union, 0 to 1."""
        width = _common(self.left, self.width, other.left, other.width)
        height = _common(self.top, self.height, other.top, other.height)
        common = width * height
        return common / (self.width * self.height + other.width * other.height - common)


WHOLE = Box(0.0, 0.0, 1.0, 1.0)


def check_box(box: Box) -> None:
    """Raise ValueError unless a box has an area and lies within the picture."""
    inside = all(map(math.isfinite, box)) and (
        min(box.left, box.top) >= -_TOLERANCE
        and min(box.width, box.height) > 0
        and max(box.left + box.width, box.top + box.height) <= 1 + _TOLERANCE
    )
    if not inside:
        raise ValueError(f"expected a box with an area within 0 to 1, got {tuple(box)}")


def grid(scales: int) -> list[Box]:
    """Return overlapping boxes at scales 1 to ``scales``, from the whole downwards.

    At scale ``l`` they are ``l x l``, each with sides of ``2 / (l + 1)``, so that half of a side
    is shared with the next.
    """
    boxes = []
    for scale in range(1, scales + 1):
        side = 2 / (scale + 1)
        starts = [(1 - side) * step / max(scale - 1, 1) for step in range(scale)]
        boxes += [Box(left, top, side, side) for top in starts for left in starts]
    return boxes


def windows(width: int, height: int, longest: float = LONG_ASPECT) -> list[Box]:
    """Return the parts of a picture that the network sees: all of it, or windows along a long one.

    If one side is more than ``longest`` times the other, these are squares of the short side that
    overlap by OVERLAP; beyond MAX_WINDOWS they are as many, and longer than they are high. Raises
    ValueError unless both sides are above zero.
    """
    if min(width, height) < 1:
        raise ValueError(f"expected sides of at least 1 pixel, got {width} x {height}")
    aspect = max(width, height) / min(width, height)
    if aspect <= longest:
        return [WHOLE]
    count = min(math.ceil((aspect - OVERLAP) / (1 - OVERLAP)), MAX_WINDOWS)
    side = max(1 / aspect, 1 / (count - OVERLAP * (count - 1)))
    starts = [(1 - side) * step / (count - 1) for step in range(count)]
    if width > height:
        return [Box(start, 0.0, side, 1.0) for start in starts]
    return [Box(0.0, start, 1.0, side) for start in starts]


def _common(start: float, length: float, other_start: float, other_length: float) -> float:
    end = min(start + length, other_start + other_length)
    return max(0.0, end - max(start, other_start))
