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
from functools import cache
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from .boxes import WHOLE, Box, check_box, grid
from .cosine import cosine_distances, to_unit
from .descriptors import CHANNELS, CONTENT_LAYER, Descriptor, Provenance
from .errors import DescriptorError
from .vectors import (
    DIGEST_SIZE,
    check_same_network,
    combine_digests,
    digest_tensors,
    load_fitted,
    pack_vectors,
    save_fitted,
    unpack_vectors,
)
from .whitening import Moments, Whitening

#: Scales of the grid of regions: 1 + 4 + 9 regions.
SCALES = 3
#: Numbers of the vector of a picture, and of a region.
WHOLE_SIZE, REGION_SIZE = 256, 128
REGION_WHITENING_PATH = Path(__file__).parents[1] / "weights" / "region-whitening.safetensors"

# Edges of boxes are computed, and meet those of cells but for a rounding error.
_TOLERANCE = 1e-6
_PREFIX = "regions"
# A vector of float16, and a box of float32.
_REGION_BYTES = 2 * REGION_SIZE + 4 * len(WHOLE)

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class RegionVectors:
    """The unit vectors of one picture: ``whole`` ``(256,)`` and ``regions`` ``(n, 128)``, float32.

    ``boxes`` holds the box of each region. ``digest`` identifies the provenance of the descriptor
    and the whitening; only vectors of equal digest may be compared.
    """

    whole: FloatArray
    regions: FloatArray
    boxes: Sequence[Box]
    digest: str

    def to_bytes(self) -> bytes:
        """Return the digest, the boxes as float32, and ``whole`` and ``regions`` as float16."""
        boxes = np.array(self.boxes, "<f4").tobytes()
        numbers = np.concatenate([self.whole, self.regions.reshape(-1)])
        return pack_vectors(numbers, self.digest) + boxes

    @classmethod
    def from_bytes(cls, content: bytes, digest: str) -> Self:
        """Read the bytes that ``to_bytes`` wrote.

        Raises DescriptorError if they are damaged or of another digest.
        """
        fixed = DIGEST_SIZE + 2 * WHOLE_SIZE
        count, rest = divmod(len(content) - fixed, _REGION_BYTES)
        if count < 1 or rest:
            reason = f"expected {fixed} + n * {_REGION_BYTES} bytes, got {len(content)}"
            raise DescriptorError("descriptor_unreadable", reason=reason)
        end = fixed + 2 * REGION_SIZE * count
        numbers = unpack_vectors(content[:end], digest, 1)[:, 0]
        rows = np.frombuffer(content[end:], "<f4").reshape(count, len(WHOLE)).tolist()
        regions = numbers[WHOLE_SIZE:].reshape(count, REGION_SIZE)
        return cls(numbers[:WHOLE_SIZE], regions, [Box(*row) for row in rows], digest)


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
            check_same_network(descriptor, provenance)
            for vector in pool_boxes(to_map(descriptor), grid(SCALES)):
                moments.add(vector)
        whitening = moments.fit(WHOLE_SIZE)
        if provenance is None:
            raise ValueError("expected at least 2 pictures, got none")
        return cls(whitening, provenance)

    def describe(
        self, descriptors: Sequence[Descriptor], parts: Sequence[Box] = (WHOLE,)
    ) -> RegionVectors:
        """Return the vectors of a picture from the descriptor of each of its ``windows``.

        For a picture that the network sees at once, the regions are those of a grid; for one of
        several windows, they are the windows. Raises ValueError unless there is one descriptor a
        window, DescriptorError for another network than the whitening was fitted to.
        """
        if len(descriptors) != len(parts) or not parts:
            raise ValueError(f"expected {len(parts)} descriptors, got {len(descriptors)}")
        boxes = grid(SCALES)
        pooled = [self._pool(descriptor, boxes) for descriptor in descriptors]
        whole = to_unit(self.whitening.whiten(np.concatenate(pooled)).sum(axis=0))
        if len(parts) == 1:
            regions = self.whitening.whiten(pooled[0], REGION_SIZE)
        else:
            of_windows = [self.whitening.whiten(each, REGION_SIZE).sum(axis=0) for each in pooled]
            regions, boxes = to_unit(np.stack(of_windows)), list(parts)
        return RegionVectors(whole, regions, boxes, self.digest_of(descriptors[0].provenance))

    def describe_box(self, descriptor: Descriptor, box: Box) -> FloatArray:
        """Return the unit vector ``(128,)`` of any box of a picture, without the network.

        Raises ValueError for a box that does not lie in the picture, DescriptorError for another
        network.
        """
        check_box(box)
        vectors = self.whitening.whiten(self._pool(descriptor, [box]), REGION_SIZE)
        return vectors.reshape(REGION_SIZE)

    def digest_of(self, provenance: Provenance) -> str:
        """Return the digest of the vectors of descriptors of a provenance."""
        return combine_digests(provenance.digest, self.digest)

    def _pool(self, descriptor: Descriptor, boxes: Sequence[Box]) -> FloatArray:
        check_same_network(descriptor, self.provenance)
        return pool_boxes(to_map(descriptor), boxes)

    def to_bytes(self, origin: Mapping[str, str] | None = None) -> bytes:
        """Serialise to safetensors, 0.3 MB; ``origin`` goes into the header."""
        return save_fitted(self.whitening.to_tensors(_PREFIX), self.provenance, origin or {})

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Read the bytes that ``to_bytes`` wrote. Raises DescriptorError."""
        tensors, provenance = load_fitted(content)
        try:
            return cls(Whitening.from_tensors(tensors, _PREFIX), provenance)
        except (KeyError, ValueError) as error:
            raise DescriptorError("descriptor_unreadable", reason=error) from error


def nearest_region(query: FloatArray, candidate: RegionVectors) -> tuple[float, Box]:
    """Return the cosine distance of the nearest region to a query ``(128,)``, and its box."""
    distances = cosine_distances(query, candidate.regions)
    nearest = int(distances.argmin())
    return float(distances[nearest]), candidate.boxes[nearest]


def to_map(descriptor: Descriptor) -> FloatArray:
    """Return the content descriptor as a square map, ``(512, 14, 14)``."""
    channels = CHANNELS[CONTENT_LAYER]
    side = math.isqrt(len(descriptor.content) // channels)
    return descriptor.content.reshape(channels, side, side)


def pool_boxes(feature_map: FloatArray, boxes: Sequence[Box]) -> FloatArray:
    """Return the maxima of a map ``(C, h, w)`` over the cells that each of ``n`` boxes touches.

    They are L2-normalised, ``(n, C)``.
    """
    height, width = feature_map.shape[1:]
    rows = []
    for box in boxes:
        across = _cells(box.left, box.width, width)
        down = _cells(box.top, box.height, height)
        rows.append(feature_map[:, down, across].max(axis=(1, 2)))
    return to_unit(np.stack(rows))


@cache
def load_region_whitening(path: Path = REGION_WHITENING_PATH) -> RegionWhitening:
    """Return the whitening of a file, by default the shipped one. Raises DescriptorError."""
    return RegionWhitening.from_bytes(path.read_bytes())


def _cells(start: float, length: float, count: int) -> slice:
    first = min(math.floor(start * count + _TOLERANCE), count - 1)
    last = math.ceil((start + length) * count - _TOLERANCE)
    return slice(max(first, 0), max(last, first + 1))
