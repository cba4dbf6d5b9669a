"""Find the picture inside a uniform border, such as a passe-partout or the margin of a scan.

Unlike ``core.surroundings``, it takes any uniform side by itself, without proof of a work inside,
and also where cutting is switched off. It decides where features are looked for and at which
detail; a needless cut costs a plain margin there, and moves no other descriptor.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: How far, in grey levels, a border's pixels may lie from its median.
TOLERANCE = 12
#: Share of a row's pixels that may lie farther off: dust, a stamp, noise of compression.
STRAY_SHARE = 0.02
#: Least share of each side that must remain for a border to be taken for one.
LEAST_INSIDE = 0.25

# Rows that are examined at a time: most pictures have no border, and are done after the first.
_BLOCK = 16

#: Left, top, right and bottom in pixels, the last two outside the box.
Box = tuple[int, int, int, int]


def find_inside(grey: NDArray[np.uint8]) -> Box:
    """Return the box inside the uniform border of a grey picture ``(height, width)``.

    Each side is examined on its own. Without a border, or where too little would remain, the box
    is that of the complete picture.
    """
    height, width = grey.shape
    top, bottom = _uniform_rows(grey), _uniform_rows(grey[::-1])
    middle = grey[top : height - bottom]
    left, right = _uniform_rows(middle.T), _uniform_rows(middle.T[::-1])
    if height - top - bottom < LEAST_INSIDE * height or width - left - right < LEAST_INSIDE * width:
        return 0, 0, width, height
    return left, top, width - right, height - bottom


def _uniform_rows(grey: NDArray[np.uint8]) -> int:
    """Return how many of the first rows have the grey of the first."""
    if not grey.size:
        return 0
    level = np.int16(np.median(grey[0]))
    for start in range(0, len(grey), _BLOCK):
        block = grey[start : start + _BLOCK].astype(np.int16)
        stray = (np.abs(block - level) > TOLERANCE).mean(axis=1)
        other = np.flatnonzero(stray > STRAY_SHARE)
        if len(other):
            return start + int(other[0])
    return len(grey)
