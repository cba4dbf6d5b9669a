"""Paints: the colour of a shape at each of its points."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from project.demo.shapes import Point

Array = NDArray[np.float32]
Paint = Callable[[Array, Array], Array]
"""From coordinates x and y, each (h, w), to colours (h, w, 3) in [0, 1]."""

SHADES = 1024  # of one blend: too many to be seen


def rgb(code: str) -> Array:
    """Return the colour written as `#rrggbb`, (3,) in [0, 1]."""
    return np.array([int(code[i : i + 2], 16) / 255.0 for i in (1, 3, 5)], dtype=np.float32)


def flat(code: str) -> Paint:
    """Return one colour for all points."""
    colour = rgb(code)

    def paint(x: Array, y: Array) -> Array:
        return np.broadcast_to(colour, (*x.shape, 3))

    return paint


def linear(start: Point, end: Point, *codes: str) -> Paint:
    """Return colours at even distances from `start` to `end`, blended between."""
    scale = _scale(codes)
    ahead = np.array(end, dtype=np.float64) - np.array(start, dtype=np.float64)
    span = float(ahead @ ahead)

    def paint(x: Array, y: Array) -> Array:
        t = ((x - start[0]) * ahead[0] + (y - start[1]) * ahead[1]) / span
        return _shade(scale, t)

    return paint


def upright(top: float, bottom: float, *codes: str) -> Paint:
    """Return colours blended from height `top` down to height `bottom`."""
    return linear((0.0, top), (0.0, bottom), *codes)


def level(left: float, right: float, *codes: str) -> Paint:
    """Return colours blended from `left` to `right`."""
    return linear((left, 0.0), (right, 0.0), *codes)


def radial(centre: Point, radius: float, *codes: str) -> Paint:
    """Return colours blended outward from the centre to `radius` pixels."""
    scale = _scale(codes)

    def paint(x: Array, y: Array) -> Array:
        return _shade(scale, np.hypot(x - centre[0], y - centre[1]) / radius)

    return paint


def ball(x0: float, y0: float, radius: float, *codes: str) -> Paint:
    """Return a round thing lit from the upper left, from its light to its shade."""
    return radial((x0 - 0.4 * radius, y0 - 0.45 * radius), 1.6 * radius, *codes)


@lru_cache(maxsize=256)
def _scale(codes: tuple[str, ...]) -> Array:
    """Return the colours blended into even shades from first to last, (SHADES, 3)."""
    stops = np.stack([rgb(code) for code in codes])
    place = np.linspace(0.0, len(codes) - 1.0, SHADES)
    bands = [np.interp(place, np.arange(len(codes)), band) for band in stops.T]
    return np.stack(bands, axis=1).astype(np.float32)


def _shade(scale: Array, t: NDArray[np.floating]) -> Array:
    place = np.clip(t * (SHADES - 1), 0, SHADES - 1).astype(np.intp)
    shades: Array = np.take(scale, place, axis=0)
    return shades
