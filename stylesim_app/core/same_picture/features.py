"""Local features of a picture: SIFT keypoints, spread over it, with RootSIFT descriptors.

SIFT: Lowe, "Distinctive image features from scale-invariant keypoints", IJCV 2004. RootSIFT:
Arandjelović and Zisserman, "Three things everyone should know to improve object retrieval", CVPR
2012: the square root of the L1-normalised histogram, so that Euclidean distance becomes
Hellinger's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..boxes import Box as Shares
from .border import LEAST_INSIDE, Box, find_inside
from .detail import WORK, Detail

#: Long side of the picture inside its border, in the pixels that points and sizes are given in,
#: whatever the resolution at which they were found.
LONG_SIDE = 512
#: Numbers of a RootSIFT descriptor: 4 x 4 cells of 8 directions.
DESCRIPTOR_SIZE = 128

# Low, because a dark painting has low contrasts; the strongest features are taken first.
_CONTRAST_THRESHOLD = 0.007
# Finer steps of size than Lowe's 3, so that the same features are found in either picture.
_OCTAVE_LAYERS = 4
# Cells along the long side, among which features are spread.
_CELLS = 8
_BICUBIC = Image.Resampling.BICUBIC
# Averaging first, to this many times the size at least, takes half the time of the filter alone.
_REDUCING_GAP = 1.4

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class LocalFeatures:
    """The features of one picture, in the order of their strength.

    ``width`` and ``height`` are those of the complete picture, scaled so that its long side inside
    its border is LONG_SIDE pixels. ``points`` is ``(n, 2)``, x and y in these pixels; ``sizes``
    ``(n,)`` diameters in pixels; ``angles`` ``(n,)`` degrees from x towards y, 0 to 360;
    ``descriptors`` ``(n, 128)``, RootSIFT, of length 1.
    """

    width: float
    height: float
    points: FloatArray
    sizes: FloatArray
    angles: FloatArray
    descriptors: FloatArray

    def __len__(self) -> int:
        return len(self.points)

    def strongest(self, count: int) -> LocalFeatures:
        """Return the first ``count`` features."""
        columns = (self.points, self.sizes, self.angles, self.descriptors)
        return LocalFeatures(self.width, self.height, *(each[:count] for each in columns))

    def within(self, box: Shares) -> LocalFeatures:
        """Return the features in the picture of which theirs is the part in a box, in shares."""
        width, height = self.width / box.width, self.height / box.height
        moved = np.array([box.left * width, box.top * height], np.float32)
        return LocalFeatures(
            width, height, self.points + moved, self.sizes, self.angles, self.descriptors
        )

    def mirrored(self) -> LocalFeatures:
        """Return the features of the picture's mirror image, left and right exchanged.

        SIFT describes a region along the direction of its keypoint. Mirroring exchanges the two
        sides of that direction: cells in their rows, and each direction with its opposite.
        """
        points = self.points.copy()
        points[:, 0] = self.width - points[:, 0]
        cells = self.descriptors.reshape(-1, 4, 4, 8)[:, ::-1]
        return LocalFeatures(
            self.width,
            self.height,
            points,
            self.sizes,
            (180 - self.angles) % 360,
            cells[..., -np.arange(8) % 8].reshape(-1, DESCRIPTOR_SIZE),
        )


def extract_features(
    picture: Image.Image | NDArray[np.uint8], detail: Detail = WORK
) -> LocalFeatures:
    """Find the features of an upright sRGB picture, inside its uniform border.

    The picture is a Pillow image, or an array ``(height, width)`` or ``(height, width, 3)`` of
    uint8. A picture without any contrast has no features. Raises ValueError for another array.
    """
    grey = _to_grey(picture)
    # A border takes up three quarters of a side at most, so that enough pixels are left inside.
    if (factor := int(LEAST_INSIDE * max(grey.size) / detail.side)) > 1:
        grey = grey.reduce(factor)
    left, top, right, bottom = box = find_inside(np.asarray(grey))
    inside = _reduce(grey, box, detail.side)

    sift = cv2.SIFT.create(
        nOctaveLayers=_OCTAVE_LAYERS,
        contrastThreshold=_CONTRAST_THRESHOLD,
        enable_precise_upscale=True,
    )
    keypoints = _spread(sift.detect(inside, None), max(inside.shape), detail.features)
    histograms = np.empty((0, DESCRIPTOR_SIZE), np.float32)
    if keypoints:
        # Keypoints are returned once more, because OpenCV drops those it cannot describe.
        keypoints, described = sift.compute(inside, keypoints)
        histograms = np.asarray(described, np.float32)
    points = np.array([keypoint.pt for keypoint in keypoints], np.float32).reshape(-1, 2)
    scale = LONG_SIDE / max(right - left, bottom - top)
    steps = scale * np.array([right - left, bottom - top]) / inside.shape[::-1]
    # OpenCV counts from the centre of the first pixel.
    places = (points + 0.5) * steps + scale * np.array([left, top])
    sizes = np.array([keypoint.size for keypoint in keypoints]) * np.sqrt(steps.prod())
    return LocalFeatures(
        scale * grey.width,
        scale * grey.height,
        places.astype(np.float32),
        sizes.astype(np.float32),
        np.array([keypoint.angle for keypoint in keypoints], np.float32) % 360,
        to_root_sift(histograms),
    )


def to_root_sift(histograms: FloatArray) -> FloatArray:
    """Return the square roots of SIFT's histograms ``(n, 128)``, each summing to 1 before."""
    sums = histograms.sum(axis=1, keepdims=True)
    roots: FloatArray = np.sqrt(histograms / np.maximum(sums, np.finfo(np.float32).tiny))
    return roots


def _to_grey(picture: Image.Image | NDArray[np.uint8]) -> Image.Image:
    if isinstance(picture, Image.Image):
        # A copy, even of a picture that is grey already.
        return picture.convert("L").copy()
    if (
        picture.dtype != np.uint8
        or picture.ndim not in (2, 3)
        or picture.shape[2:] not in ((), (3,))
    ):
        raise ValueError(
            "expected uint8 of shape (height, width) or (height, width, 3), "
            f"got {picture.dtype} of shape {picture.shape}"
        )
    return Image.fromarray(picture).convert("L")


def _reduce(grey: Image.Image, box: Box, side: int) -> NDArray[np.uint8]:
    """Return the box with at most ``side * side`` pixels."""
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    # A small picture is not enlarged, because SIFT doubles it anyway.
    factor = min(1.0, side / (width * height) ** 0.5)
    size = max(1, round(factor * width)), max(1, round(factor * height))
    return np.asarray(grey.resize(size, _BICUBIC, box, reducing_gap=_REDUCING_GAP))


def _spread(
    keypoints: Sequence[cv2.KeyPoint], long_side: int, count: int
) -> Sequence[cv2.KeyPoint]:
    """Return ``count`` keypoints: strong ones, but fewer where a cell has many already."""
    if not keypoints:
        return []
    points = np.array([keypoint.pt for keypoint in keypoints])
    # Large features are fewer, outlive blur and loss of resolution, and are found at any detail.
    strengths = np.array([keypoint.response * keypoint.size**1.5 for keypoint in keypoints])
    column, row = (points * (_CELLS / long_side)).astype(int).T
    cells = row * _CELLS + column
    order = np.lexsort((-strengths, cells))
    starts = np.flatnonzero(np.diff(cells[order], prepend=-1))
    counts = np.diff(np.append(starts, len(order)))
    ranks = np.empty(len(order))
    ranks[order] = np.arange(len(order)) - np.repeat(starts, counts)
    # The n-th of a cell counts as if it were n times weaker.
    best = np.argsort(-strengths / (1 + ranks), kind="stable")[:count]
    return [keypoints[index] for index in best]
