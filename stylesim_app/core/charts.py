"""Find a colour chart or a ruler along a side of a picture: flat patches and ticks on a ground."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: The largest share of the picture that a strip takes up.
MOST = 0.3
#: The least height of patches in lines: thinner ones are ornament.
LEAST_PATCHES = 4
#: Patches of a row at least, and how many of them must differ from all others.
LEAST_COUNT = 5
LEAST_COLOURS = 5
#: The least width of a patch in pixels.
LEAST_WIDTH = 4
#: The largest difference within a patch or a ground.
FLAT = 10
#: The least share of a line that is flat: between patches are lines and blurred edges.
FLAT_SHARE = 0.6
#: The least share of a line of patches that goes on in the next lines.
ALIKE = 0.85
#: The least share of a line of ground that has its colour, and that of one with ticks and digits.
GROUND_SHARE = 0.96
TICKED_SHARE = 0.4
#: Ticks at least, and the largest share of a line that one takes up.
LEAST_TICKS = 10
MOST_TICK = 0.04
#: The least difference of a tick from its ground, and the largest between channels of that ground.
TICK = 25
GREY = 24
#: Lines between patches and ground that are neither: edges blurred by a block of JPEG.
BLUR = 8

IntArray = NDArray[np.int16]


def find_strip(lines: IntArray) -> int:
    """Return how many of the first lines ``(n, length, 3)`` are a chart or a ruler on a ground.

    Zero unless there are patches, and a ground, with ticks or without, between these and the
    picture.
    """
    most = int(MOST * len(lines))
    if not _may_hold_patches(lines[:most, :, 1]):
        return 0
    if not any(_is_ground(line) or _is_patches(line) for line in lines[:3]):
        return 0
    patches, ground, end, closed = 0, None, 0, False
    for number, line in enumerate(lines[:most]):
        if _is_patches(line):
            patches, closed = patches + 1, False
        elif (_is_ground(line) and (ground is None or _near(line, ground))) or (
            patches and _is_ticked(line, ground)
        ):
            closed = True
        elif number - end >= BLUR:
            break
        else:
            continue
        if closed and ground is None:
            ground = np.median(line, axis=0)
        end = number + 1
    return end if patches >= LEAST_PATCHES and closed and end < most else 0


def _may_hold_patches(lines: IntArray) -> bool:
    """Return whether some line of ``(n, length)`` has flat parts, steps, and a line like it next.

    It is a fast test that hardly any painting passes.
    """
    if len(lines) <= LEAST_PATCHES or lines.shape[1] < LEAST_COUNT * LEAST_WIDTH:
        return False
    step = LEAST_PATCHES // 2
    rows = lines[::step]
    alike = (np.abs(np.diff(rows, axis=0)) <= FLAT).mean(axis=1) >= ALIKE
    rows = rows[:-1][alike]
    steps = np.abs(np.diff(rows, axis=1)) > FLAT
    shares = steps.mean(axis=1)
    return bool(((shares <= 1 - FLAT_SHARE) & (shares * lines.shape[1] >= LEAST_COUNT - 1)).any())


def _near(line: IntArray, colour: NDArray[np.float64]) -> bool:
    return bool(np.abs(np.median(line, axis=0) - colour).max() <= FLAT / 2)


def _is_ground(line: IntArray) -> bool:
    return bool(_has_colour(line, np.median(line, axis=0)).mean() >= GROUND_SHARE)


def _has_colour(line: IntArray, colour: NDArray[np.float64]) -> NDArray[np.bool_]:
    near: NDArray[np.bool_] = np.abs(line - colour).max(axis=1) <= FLAT
    return near


def _is_ticked(line: IntArray, ground: NDArray[np.float64] | None) -> bool:
    """Return whether a line is ground with the ticks and digits of a ruler."""
    colour = np.median(line, axis=0) if ground is None else ground
    if np.ptp(colour) > GREY:
        return False
    other = np.abs(line - colour).max(axis=1) > TICK
    steps = np.flatnonzero(np.diff(np.concatenate([[False], other, [False]]).astype(np.int8)))
    runs = steps[1::2] - steps[::2]
    return bool(
        len(runs) >= LEAST_TICKS
        and runs.max() <= max(2, MOST_TICK * len(line))
        and other.mean() <= 1 - TICKED_SHARE
    )


def _is_patches(line: IntArray) -> bool:
    """Return whether a line consists of flat patches of many colours."""
    steps = np.abs(np.diff(line, axis=0)).max(axis=1) > FLAT
    if steps.mean() > 1 - FLAT_SHARE:
        return False
    ends = np.concatenate([[0], np.flatnonzero(steps) + 1, [len(line)]])
    widths = np.diff(ends)
    wide = np.flatnonzero(widths >= LEAST_WIDTH)
    if len(wide) < LEAST_COUNT or widths[wide].sum() < FLAT_SHARE * len(line):
        return False
    patches = [line[ends[i] : ends[i + 1]] for i in wide]
    if any(np.ptp(patch[1:-1], axis=0).max() > 2 * FLAT for patch in patches):
        return False
    colours = np.array([np.median(patch, axis=0) for patch in patches])
    apart = np.abs(colours[:, None] - colours[None]).max(axis=2) > 2 * FLAT
    return int((apart.sum(axis=1) >= len(colours) - 2).sum()) >= LEAST_COLOURS
