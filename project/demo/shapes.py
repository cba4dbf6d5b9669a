"""Outlines: arrays of points, in pixels of the finished picture, x to the right, y down."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Outline = NDArray[np.float64]
Point = tuple[float, float]


def polygon(*points: Point) -> Outline:
    """Return a straight-sided outline, (n, 2)."""
    return np.array(points, dtype=np.float64)


def box(left: float, top: float, right: float, bottom: float) -> Outline:
    """Return an upright rectangle, (4, 2)."""
    return polygon((left, top), (right, top), (right, bottom), (left, bottom))


def ellipse(
    x: float, y: float, across: float, down: float, turn: float = 0.0, corners: int = 64
) -> Outline:
    """Return an ellipse about (x, y) with the two radii, turned by `turn` radians; (corners, 2)."""
    angle = np.linspace(0.0, 2.0 * np.pi, corners, endpoint=False)
    along, aside = across * np.cos(angle), down * np.sin(angle)
    return np.stack(
        [
            x + along * np.cos(turn) - aside * np.sin(turn),
            y + along * np.sin(turn) + aside * np.cos(turn),
        ],
        axis=1,
    )


def curve(points: Sequence[Point] | Outline, closed: bool = True, steps: int = 10) -> Outline:
    """Return a Catmull-Rom curve through the points, `steps` points for each of them."""
    knots = np.asarray(points, dtype=np.float64)
    if closed:
        padded = np.concatenate([knots[-1:], knots, knots[:2]])
    else:
        padded = np.concatenate([knots[:1], knots, knots[-1:]])
    before, start, end, after = padded[:-3], padded[1:-2], padded[2:-1], padded[3:]
    t = np.linspace(0.0, 1.0, steps, endpoint=False)[None, :, None]
    before, start, end, after = (p[:, None, :] for p in (before, start, end, after))
    path = 0.5 * (
        2.0 * start
        + (end - before) * t
        + (2.0 * before - 5.0 * start + 4.0 * end - after) * t**2
        + (3.0 * start - before - 3.0 * end + after) * t**3
    )
    flat: Outline = path.reshape(-1, 2)
    return flat if closed else np.concatenate([flat, knots[-1:]])


def ribbon(points: Sequence[Point] | Outline, first: float, last: float) -> Outline:
    """Return a curve whose breadth goes from `first` to `last` pixels: a branch, a rope."""
    path = curve(points, closed=False, steps=8)
    ahead = np.gradient(path, axis=0)
    length = np.maximum(np.hypot(ahead[:, 0], ahead[:, 1]), 1e-9)[:, None]
    aside = np.stack([-ahead[:, 1], ahead[:, 0]], axis=1) / length
    half = np.linspace(first, last, len(path))[:, None] / 2.0
    return np.concatenate([path + aside * half, (path - aside * half)[::-1]])


def ridge(rng: np.random.Generator, points: Sequence[Point], floor: float, rough: float) -> Outline:
    """Return a jagged skyline through the points, closed at height `floor`; `rough` in pixels."""
    line = np.asarray(points, dtype=np.float64)
    while len(line) < 120:
        middle = (line[1:] + line[:-1]) / 2.0
        middle[:, 1] += rng.normal(0.0, rough, len(middle))
        merged = np.empty((len(line) + len(middle), 2))
        merged[0::2], merged[1::2] = line, middle
        line, rough = merged, rough * 0.55
    foot = polygon((float(line[-1, 0]), floor), (float(line[0, 0]), floor))
    return np.concatenate([line, foot])


def blob(
    rng: np.random.Generator, x: float, y: float, across: float, down: float, wobble: float = 0.12
) -> Outline:
    """Return an ellipse with an uneven edge: a cloud, a bush; `wobble` is a share of the radius."""
    around = ellipse(x, y, across, down, corners=11)
    centre = np.array([x, y])
    reach = 1.0 + rng.normal(0.0, wobble, (len(around), 1))
    return curve(centre + (around - centre) * reach, steps=6)


def mirrored(outline: Outline, level: float, squash: float = 1.0) -> Outline:
    """Return the outline reflected in still water whose surface is at height `level`."""
    low = outline.copy()
    low[:, 1] = level + (level - low[:, 1]) * squash
    return low
