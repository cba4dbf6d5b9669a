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

#: Lines of patches at least that end without a ground, and the lines within which they do.
LEAST_UNCLOSED = 6
END = 3
#: The least length of a chart or a ruler on a ground.
LEAST_LENGTH = 24
#: The least autocorrelation of edges that are as far apart; letters of a caption reach 0.55.
REGULAR = 0.7
#: The most that an edge counts: patches differ a little or much.
STEP = 40
#: The same for patches along a side, which have many colours as well.
EQUAL = 0.5

IntArray = NDArray[np.int16]


def find_strip(lines: IntArray) -> int:
    """Return how many of the first lines ``(n, length, 3)`` are a chart, with a ruler or without.

    Zero unless there are patches, and after them a ground, ticks, or an edge at which equal
    patches end. Ground that goes on is that of a page, or the work.
    """
    most = int(MOST * len(lines))
    if not _may_hold_patches(lines[:most, :, 1]):
        return 0
    if not any(_is_ground(line) or _is_patches(line) for line in lines[:3]):
        return 0
    patches: list[int] = []
    end, plain, ticked = 0, 0, False
    for number, line in enumerate(lines[:most]):
        if _is_patches(line):
            patches.append(number)
            end, plain, ticked = number + 1, 0, False
        elif _is_ground(line):
            plain += 1
        elif patches and _is_ticked(line):
            end, plain, ticked = number + 1, 0, True
        elif number - end >= BLUR + plain:
            break
    if len(patches) < LEAST_PATCHES or end + BLUR >= most:
        return 0
    if plain or ticked:
        return end + plain if plain <= BLUR else end
    return end if _end_together(lines, patches) else 0


def _end_together(lines: IntArray, patches: list[int]) -> bool:
    """Return whether patches are as wide as each other, and an edge follows the last of them."""
    if len(patches) < LEAST_UNCLOSED:
        return False
    last = lines[patches[-1]]
    step = np.abs(last - lines[patches[-1] + END]).max(axis=1) > TICK
    regular = _regularity(lines[patches[-LEAST_UNCLOSED:]].mean(axis=0)[None])[0]
    return bool(step.mean() >= FLAT_SHARE and regular >= EQUAL)


def is_chart(lines: IntArray) -> bool:
    """Return whether all that lies on a ground ``(n, length, 3)`` is a chart or a ruler.

    Its edges are the same in all of a row of patches or ticks, and as far apart.
    """
    if len(lines) < LEAST_PATCHES or lines.shape[1] < LEAST_LENGTH:
        return False
    best = np.sort(_regularity(lines))[-max(1, len(lines) // 3) :]
    return bool(np.median(best) >= REGULAR) or _has_flat_patches(lines)


def _regularity(lines: NDArray[np.float64] | IntArray) -> NDArray[np.float64]:
    """Return the largest autocorrelation of the edges of each line ``(n, length, 3)``.

    It is that at a distance of at least 3 pixels, and at most a quarter of the line.
    """
    steps = np.abs(np.diff(lines, axis=1)).max(axis=2)
    edges = np.minimum(steps, STEP).astype(float)
    edges -= edges.mean(axis=1, keepdims=True)
    length = edges.shape[1]
    spectrum = np.fft.rfft(edges, 2 * length, axis=1)
    sums = np.fft.irfft(np.abs(spectrum) ** 2, axis=1)[:, : length // 4]
    shares = sums / np.maximum(sums[:, :1], 1) * length / (length - np.arange(length // 4))
    found: NDArray[np.float64] = shares[:, 3:].max(axis=1)
    return found


def _has_flat_patches(lines: IntArray) -> bool:
    """Return whether most pixels are in flat patches, of many colours."""
    down = np.abs(np.diff(lines, axis=0)).max(axis=2) <= FLAT
    along = np.abs(np.diff(lines, axis=1)).max(axis=2) <= FLAT
    if not len(down):
        return False
    flat = down[:, 1:] & along[1:]
    if flat.mean() < FLAT_SHARE:
        return False
    colours = lines[1:, 1:][flat] // 32
    counts = np.unique(colours @ np.array([64, 8, 1]), return_counts=True)[1]
    return int((counts >= 0.03 * len(colours)).sum()) >= LEAST_COLOURS


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


def _median(line: IntArray) -> IntArray:
    """Return the median of each channel, the upper one of two: faster than NumPy's."""
    middle: IntArray = np.sort(line, axis=0)[len(line) // 2]
    return middle


def _is_ground(line: IntArray) -> bool:
    return bool(_has_colour(line, _median(line)).mean() >= GROUND_SHARE)


def _has_colour(line: IntArray, colour: IntArray) -> NDArray[np.bool_]:
    near: NDArray[np.bool_] = np.abs(line - colour).max(axis=1) <= FLAT
    return near


def _is_ticked(line: IntArray) -> bool:
    """Return whether a line is ground with the ticks and digits of a ruler."""
    colour = _median(line)
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
