"""Fields over a picture, such as tone, direction and noise, from which the manners are made.

A field is (H, W) float32 unless its function says otherwise; tones run from 0, dark, to 1.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from project.demo.paints import Array, rgb

Field = NDArray[np.floating]
Kind = TypeVar("Kind", bound=np.generic)


def luminance(colour: Array) -> Array:
    """Return the tone of colours (..., 3) in [0, 1], by Rec. 709's weights."""
    tone: Array = colour @ np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)
    return tone


def keyed(tone: Array, strength: float) -> Array:
    """Return the tone drawn towards an even spread, by a `strength` from 0 to 1.

    Painters give a night and a snow field the same range from paper to ink. In the same way, works
    in one manner keep one key.
    """
    counts, bounds = np.histogram(tone, bins=512, range=(0.0, 1.0))
    share = (np.cumsum(counts) - counts / 2.0) / counts.sum()
    even = np.interp(tone, (bounds[1:] + bounds[:-1]) / 2.0, share)
    mixed: Array = (tone * (1.0 - strength) + even * strength).astype(np.float32)
    return mixed


def relit(colour: Array, tone: Array) -> Array:
    """Return the colours (H, W, 3) brought to a new tone, in [0, 1]."""
    ratio = (tone + 0.04) / (luminance(colour) + 0.04)
    raised = colour * np.minimum(ratio, 2.2)[..., None]
    short = np.maximum(tone - luminance(np.minimum(raised, 1.0)), 0.0)
    lit: Array = np.clip(raised + short[..., None], 0.0, 1.0)
    return lit


def saturated(colour: Array, gain: float) -> Array:
    """Return the colours with their distance from grey multiplied by `gain`, in [0, 1]."""
    grey = luminance(colour)[..., None]
    vivid: Array = np.clip(grey + (colour - grey) * gain, 0.0, 1.0)
    return vivid


def blur(field: Array, radius: float) -> Array:
    """Return a near-Gaussian blur with a deviation of `radius` pixels, over (H, W) or (H, W, C)."""
    reach = max(1, round(radius))
    for _ in range(3):
        field = _box(_box(field, reach, 0), reach, 1)
    return field


def _box(field: Array, reach: int, axis: int) -> Array:
    pad = [(0, 0)] * field.ndim
    pad[axis] = (reach + 1, reach)
    total = np.cumsum(np.pad(field, pad, mode="edge"), axis=axis, dtype=np.float64)
    size = total.shape[axis]
    last = np.take(total, range(2 * reach + 1, size), axis=axis)
    first = np.take(total, range(size - 2 * reach - 1), axis=axis)
    mean: Array = ((last - first) / (2 * reach + 1)).astype(np.float32)
    return mean


def noise(rng: np.random.Generator, shape: tuple[int, int], cell: float, octaves: int = 1) -> Array:
    """Return smooth noise about 0 with a deviation near 1, in lumps of `cell` pixels and finer."""
    height, width = shape
    total = np.zeros(shape, dtype=np.float32)
    for octave in range(octaves):
        step = max(cell / 2.0**octave, 1.0)
        rows, columns = max(2, round(height / step)), max(2, round(width / step))
        grid = rng.normal(0.0, 1.0, (rows, columns)).astype(np.float32)
        lumps = Image.fromarray(grid).resize((width, height), Image.Resampling.BICUBIC)
        total += np.asarray(lumps, dtype=np.float32) * 0.6**octave
    return total


def direction(tone: Array, radius: float) -> Array:
    """Return the angle, in radians, along which the tone changes least about each point."""
    soft = blur(tone, 1.5)
    down, across = np.gradient(soft)
    tensor = np.stack([across * across, across * down, down * down], axis=-1).astype(np.float32)
    # A weak, far wider neighbourhood gives flat areas the direction of their surroundings.
    tensor = blur(tensor, radius) + 0.02 * blur(tensor, radius * 6.0)
    angle = 0.5 * np.arctan2(2.0 * tensor[..., 1], tensor[..., 0] - tensor[..., 2])
    along: Array = (angle + np.pi / 2.0).astype(np.float32)
    return along


def steepness(field: Array) -> Array:
    """Return how much the field changes from pixel to pixel."""
    down, across = np.gradient(field)
    slope: Array = np.hypot(across, down).astype(np.float32)
    return slope


def shifted(field: NDArray[Kind], right: Array | float, down: Array | float) -> NDArray[Kind]:
    """Return the field read at an offset in pixels, which may differ from point to point."""
    height, width = field.shape[:2]
    y, x = np.mgrid[0:height, 0:width]
    rows = np.clip(np.rint(y + down), 0, height - 1).astype(np.intp)
    columns = np.clip(np.rint(x + right), 0, width - 1).astype(np.intp)
    moved: NDArray[Kind] = field[rows, columns]
    return moved


def step(field: Field, edge: Field | float, width: float) -> Array:
    """Return 0 below the edge and 1 above it, with a smooth ramp of `width` between."""
    t = np.clip((field - edge) / width + 0.5, 0.0, 1.0)
    smooth: Array = (t * t * (3.0 - 2.0 * t)).astype(np.float32)
    return smooth


def palette(*codes: str) -> Array:
    """Return the colours written as `#rrggbb`, (n, 3) in [0, 1]."""
    return np.stack([rgb(code) for code in codes])


def nearest(colour: Array, choices: Array, tone_weight: float = 1.0) -> NDArray[np.intp]:
    """Return the index of the choice (n, 3) nearest to each colour (..., 3)."""
    best = np.full(colour.shape[:-1], np.inf, dtype=np.float32)
    index = np.zeros(colour.shape[:-1], dtype=np.intp)
    tone = luminance(colour)
    for number, choice in enumerate(choices):
        gap = ((colour - choice) ** 2).sum(axis=-1)
        gap = gap + tone_weight * (tone - luminance(choice)) ** 2
        closer = gap < best
        best[closer], index[closer] = gap[closer], number
    return index


def outlines(colour: Array, parts: NDArray[np.int32], contrast: float) -> Array:
    """Return 1 where two parts meet whose colours differ by more than `contrast`, else 0."""
    line = np.zeros(parts.shape, dtype=np.float32)
    smooth = blur(colour, 1.0)
    for axis in (0, 1):
        other = np.roll(parts, -2, axis=axis)
        gap = np.abs(np.roll(smooth, -3, axis=axis) - np.roll(smooth, 2, axis=axis)).sum(axis=-1)
        met = (parts != other) & (gap > contrast)
        if axis == 0:
            met[-3:], met[:3] = False, False
        else:
            met[:, -3:], met[:, :3] = False, False
        line[met] = 1.0
    return line


def mix(below: Array, above: Array, cover: Array) -> Array:
    """Return `above` laid over `below`, (H, W, 3) or (3,), where `cover` (H, W) is 1."""
    mixed: Array = below + (above - below) * cover[..., None]
    return mixed


def picture(colour: Array) -> Image.Image:
    """Return an RGB image from colours (H, W, 3) in [0, 1]."""
    levels = np.rint(np.clip(colour, 0.0, 1.0) * 255.0).astype(np.uint8)
    return Image.fromarray(levels)
