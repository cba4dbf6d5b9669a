"""R-MAC: a vector for a picture and one for each of its regions, from the content map.

A region's vector holds the maximum of each channel of ``relu5_2`` over the cells that the region
touches, L2-normalised, PCA-whitened and normalised again; a picture's vector is the normalised sum
of those of its regions. Tolias, Sicre, Jégou: Particular Object Retrieval with Integral Max-Pooling
of CNN Activations, ICLR 2016.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .boxes import WHOLE, Box, check_box, grid
from .cosine import to_unit
from .descriptors import CHANNELS, CONTENT_LAYER, Descriptor, Provenance
from .fitted import check_same_network, digest_tensors
from .whitening import Moments, Whitening

#: Scales of the grid of regions: 1 + 4 + 9 regions.
SCALES = 3
GRID = grid(SCALES)
#: Numbers of the vector of a picture, and of a region.
WHOLE_SIZE, REGION_SIZE = 256, 128

# Edges of boxes are computed, and meet those of cells but for a rounding error.
_TOLERANCE = 1e-6
_PREFIX = "regions"

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class RegionWhitening:
    """The whitening of pooled vectors ``(512,)`` to 256 numbers, of which regions keep 128."""

    whitening: Whitening
    provenance: Provenance
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        tensors = self.whitening.to_tensors(_PREFIX)
        object.__setattr__(self, "digest", digest_tensors(tensors, self.provenance))

    @classmethod
    def fit(cls, descriptors: Iterable[Descriptor]) -> Self:
        """Fit to the regions of at least two pictures, read once.

        Raises ValueError for fewer, DescriptorError if they are of different provenance.
        """
        moments = Moments(CHANNELS[CONTENT_LAYER])
        provenance: Provenance | None = None
        for descriptor in descriptors:
            provenance = provenance or descriptor.provenance
            check_same_network(descriptor.provenance, provenance)
            for vector in pool_boxes(to_map(descriptor.content), GRID):
                moments.add(vector)
        pictures = moments.count // len(GRID)
        if provenance is None or pictures < 2:
            raise ValueError(f"expected at least 2 pictures, got {pictures}")
        return cls(moments.fit(WHOLE_SIZE), provenance)

    def describe_whole(self, descriptor: Descriptor) -> FloatArray:
        """Return the unit vector ``(256,)`` of a picture, from its windows if it is a long one.

        Raises DescriptorError for another network, as the other methods do.
        """
        check_same_network(descriptor.provenance, self.provenance)
        pooled = np.concatenate([self._pool(each, GRID) for each in _maps(descriptor)])
        return to_unit(self.whitening.whiten(pooled).sum(axis=0))

    def describe_windows(self, descriptor: Descriptor) -> FloatArray:
        """Return the unit vector ``(256,)`` of each window of a picture, as of a picture of its
        own: ``(n, 256)``."""
        check_same_network(descriptor.provenance, self.provenance)
        vectors = [
            to_unit(self.whitening.whiten(self._pool(window.content, GRID)).sum(axis=0))
            for window in descriptor.windows
        ]
        return np.stack(vectors) if vectors else np.zeros((0, WHOLE_SIZE), np.float32)

    def describe_regions(self, descriptor: Descriptor) -> tuple[FloatArray, list[Box]]:
        """Return the unit vectors ``(n, 128)`` of the regions of a picture, and their boxes.

        The regions of a long picture are its windows, those of others the boxes of a grid. The
        boxes are shares of the complete picture, surroundings included.
        """
        check_same_network(descriptor.provenance, self.provenance)
        pooled = [self._pool(each, GRID) for each in _maps(descriptor)]
        if not descriptor.is_long:
            boxes = [box.inside(descriptor.box) for box in GRID]
            return self.whitening.whiten(pooled[0], REGION_SIZE), boxes
        of_windows = [self.whitening.whiten(each, REGION_SIZE).sum(axis=0) for each in pooled]
        boxes = [window.box.inside(descriptor.box) for window in descriptor.windows]
        return to_unit(np.stack(of_windows)), boxes

    def describe_box(self, descriptor: Descriptor, box: Box) -> FloatArray:
        """Return the unit vector ``(128,)`` of any box of a picture, without the network.

        The box is in shares of the complete picture; what it has of surroundings does not count.
        Where a window contains the box, it is seen in the first that does. Raises ValueError
        for a box that does not lie in the picture.
        """
        check_same_network(descriptor.provenance, self.provenance)
        check_box(box)
        if descriptor.box != WHOLE:
            box = box.relative_to(descriptor.box).clipped()
        content = descriptor.content
        for window in descriptor.windows:
            if window.box.contains(box):
                content, box = window.content, box.relative_to(window.box)
                break
        vectors = self.whitening.whiten(self._pool(content, [box]), REGION_SIZE)
        return vectors.reshape(REGION_SIZE)

    def to_tensors(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by name, 0.3 MB."""
        return self.whitening.to_tensors(_PREFIX)

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, NDArray[Any]], provenance: Provenance) -> Self:
        """Read what ``to_tensors`` wrote. Raises KeyError, or ValueError for other shapes."""
        return cls(Whitening.from_tensors(tensors, _PREFIX), provenance)

    def _pool(self, content: FloatArray, boxes: Sequence[Box]) -> FloatArray:
        return pool_boxes(to_map(content), boxes)


def _maps(descriptor: Descriptor) -> list[FloatArray]:
    """Return the content of each window of a long picture, or of the picture."""
    if descriptor.is_long:
        return [window.content for window in descriptor.windows]
    return [descriptor.content]


def to_map(content: FloatArray) -> FloatArray:
    """Return a content descriptor ``(100352,)`` as a square map, ``(512, 14, 14)``."""
    channels = CHANNELS[CONTENT_LAYER]
    side = math.isqrt(len(content) // channels)
    return content.reshape(channels, side, side)


def pool_boxes(feature_map: FloatArray, boxes: Sequence[Box]) -> FloatArray:
    """Return the maxima of a map ``(C, h, w)`` over the cells that each of ``n`` boxes touches.

    They are L2-normalised, ``(n, C)``.
    """
    height, width = feature_map.shape[1:]
    # Channels that lie beside one another are compared several at a time.
    cells = np.ascontiguousarray(feature_map.transpose(1, 2, 0))
    rows = []
    for box in boxes:
        across = _cells(box.left, box.width, width)
        down = _cells(box.top, box.height, height)
        rows.append(cells[down, across].max(axis=(0, 1)))
    return to_unit(np.stack(rows))


def _cells(start: float, length: float, count: int) -> slice:
    first = min(math.floor(start * count + _TOLERANCE), count - 1)
    last = math.ceil((start + length) * count - _TOLERANCE)
    return slice(max(first, 0), max(last, first + 1))
