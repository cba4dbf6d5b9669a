"""Plane transforms of pictures: 3 x 3 matrices over homogeneous coordinates, and polygons.

Coordinates are pixels, x to the right and y downwards; a polygon is ``(n, 2)``. Matrices are
float64.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def frame_of(width: float, height: float) -> FloatArray:
    """Return the corners of a picture, clockwise from the top left: ``(4, 2)``."""
    return np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)


def apply_transform(matrix: FloatArray, points: NDArray[np.floating[Any]]) -> FloatArray:
    """Return the images of points ``(n, 2)``; infinite where they lie on the horizon."""
    mapped = points @ matrix[:, :2].T + matrix[:, 2]
    with np.errstate(divide="ignore", invalid="ignore"):
        images: FloatArray = mapped[:, :2] / mapped[:, 2:]
    return images


def depths(matrix: FloatArray, points: NDArray[np.floating[Any]]) -> FloatArray:
    """Return the third coordinates of the images of points ``(n, 2)``; 0 lies on the horizon."""
    third: FloatArray = points @ matrix[2, :2] + matrix[2, 2]
    return third


def jacobians(matrix: FloatArray, points: NDArray[np.floating[Any]]) -> FloatArray:
    """Return the derivatives of a transform at points ``(n, 2)``: ``(n, 2, 2)``."""
    images, third = apply_transform(matrix, points), depths(matrix, points)
    rows = matrix[:2, :2] - images[:, :, None] * matrix[2, :2]
    derivatives: FloatArray = rows / third[:, None, None]
    return derivatives


def area_of(polygon: FloatArray) -> float:
    """Return the area of a polygon, positive if it runs clockwise as seen on a screen."""
    x, y = polygon.T if len(polygon) else np.zeros((2, 1))
    return float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y) / 2)


def is_convex(polygon: FloatArray) -> bool:
    """Return whether a polygon turns clockwise, as seen on a screen, at each of its corners."""
    sides = np.roll(polygon, -1, axis=0) - polygon
    following = np.roll(sides, -1, axis=0)
    turns = sides[:, 0] * following[:, 1] - sides[:, 1] * following[:, 0]
    return bool((turns > 0).all())


def clip_to_frame(polygon: FloatArray, width: float, height: float) -> FloatArray:
    """Return the part of a convex polygon that lies within a picture; ``(0, 2)`` if none does.

    Sutherland and Hodgman, "Reentrant polygon clipping", CACM 1974.
    """
    # A point is inside where normal . point <= bound.
    edges = (((-1, 0), 0.0), ((1, 0), width), ((0, -1), 0.0), ((0, 1), height))
    for normal, bound in edges:
        excess = polygon @ np.array(normal, np.float64) - bound
        clipped = []
        for index in range(len(polygon)):
            here, there = excess[index - 1], excess[index]
            start, end = polygon[index - 1], polygon[index]
            if (here > 0) != (there > 0):
                clipped.append(start + (end - start) * (here / (here - there)))
            if there <= 0:
                clipped.append(end)
        polygon = np.array(clipped, np.float64).reshape(-1, 2)
    return polygon
