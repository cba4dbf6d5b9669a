"""Embeddings: vectors of a picture that are compared by cosine, computed from its descriptor.

The embedding of a picture is one vector of 1,152 numbers. It consists of parts of length 1: the
whitened style of each style layer, the content map, and the R-MAC vector of ``relu5_2``. A distance
is one minus the weighted mean of the cosines of the parts, 0 to 2, so that each choice of weights
is one inner product of the same vectors.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from .boxes import Box
from .compression import MapBasis
from .cosine import to_unit
from .descriptors import CHANNELS, CONTENT_LAYER, STYLE_LAYERS, Descriptor, Provenance
from .errors import DescriptorError
from .fitted import check_same_network, digest_tensors, load_fitted, save_fitted
from .rmac import REGION_SIZE, WHOLE_SIZE, RegionWhitening
from .whitened_style import LAYER_SIZE, StyleWhitening

RMAC = "rmac"
#: Numbers of the content part: more of them find no more.
CONTENT_SIZE = 256
#: The most pictures that the projection of content is fitted to, all at once.
CONTENT_SAMPLE = 1024
#: Numbers of each part, in their order.
PARTS = {
    **dict.fromkeys(STYLE_LAYERS, LAYER_SIZE),
    CONTENT_LAYER: CONTENT_SIZE,
    RMAC: WHOLE_SIZE,
}
_ENDS = np.cumsum(list(PARTS.values())).tolist()
_SLICES = {
    part: slice(end - size, end) for (part, size), end in zip(PARTS.items(), _ENDS, strict=True)
}
_WEIGHTS = Path(__file__).parents[1] / "weights"
PICTURE_EMBEDDING_PATH = _WEIGHTS / "picture-embedding.safetensors"
REGION_WHITENING_PATH = _WEIGHTS / "region-whitening.safetensors"

FloatArray = NDArray[np.float32]
Fitted = TypeVar("Fitted", bound="FittedEmbedding")
#: Yields the descriptors of a sample, each time it is called in the same order.
ReadSample = Callable[[], Iterable[Descriptor]]


@dataclass(frozen=True, eq=False)
class Vectors:
    """The vectors of one picture, ``(n, d)``, float32, and the box that each describes.

    ``boxes`` is None for the vector of an entire picture, and of the windows of a query.
    """

    numbers: FloatArray
    boxes: tuple[Box, ...] | None = None

    @classmethod
    def of_picture(cls, vector: FloatArray) -> Self:
        return cls(vector[None])


class FittedEmbedding(ABC):
    """An embedding that was fitted to a sample of descriptors; it turns a descriptor into vectors.

    ``provenance`` is that of the sample; ``digest`` identifies all that changes a number.
    """

    size: ClassVar[int]
    #: True if a fit to a large collection finds more than what ships for its network.
    refits: ClassVar[bool] = True
    provenance: Provenance
    digest: str

    @classmethod
    @abstractmethod
    def fit(cls, read: ReadSample) -> Self:
        """Fit to at least two pictures, without labels.

        Raises ValueError for fewer, DescriptorError if they are of different provenance.
        """

    @classmethod
    def fit_collection(cls, read: ReadSample) -> Self:
        """Fit to the works of a collection, with what ships for the same network as far as that
        is better."""
        return cls.fit(read)

    @abstractmethod
    def describe(self, descriptor: Descriptor) -> Vectors:
        """Return the vectors of a picture. Raises DescriptorError for another network."""

    @abstractmethod
    def to_bytes(self, origin: Mapping[str, str] | None = None) -> bytes:
        """Serialise to safetensors; ``origin`` goes into the header."""

    @classmethod
    @abstractmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Read the bytes that ``to_bytes`` wrote. Raises DescriptorError."""

    @classmethod
    @abstractmethod
    def shipped(cls) -> Self:
        """Return the one that ships with the app, which belongs to the shipped weights."""

    def suits(self, provenance: Provenance) -> bool:
        """Return whether descriptors of a provenance can be embedded."""
        try:
            check_same_network(provenance, self.provenance)
        except DescriptorError:
            return False
        return True


@dataclass(frozen=True, eq=False)
class PictureEmbedding(FittedEmbedding):
    """The embedding of an entire picture, ``(1, 1152)``.

    Each window that a query is seen in besides follows as a row of its own, which has R-MAC alone.
    """

    size: ClassVar[int] = sum(PARTS.values())
    style: StyleWhitening
    content: MapBasis
    regions: RegionWhitening
    provenance: Provenance
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", digest_tensors(self._tensors(), self.provenance))

    @classmethod
    def fit(cls, read: ReadSample) -> Self:
        """Fit to at least two pictures, read four times; content to the first CONTENT_SAMPLE.

        Memory: 0.8 MB for each of these, besides 0.2 GB.
        """
        return cls._fit(read, StyleWhitening.fit(read), RegionWhitening.fit(read()))

    @classmethod
    def fit_collection(cls, read: ReadSample) -> Self:
        """Fit content like ``fit``, but keep the style and regions that ship for the same network.

        These were fitted to more pictures, style with the names of their artists, and find more in
        other collections than a fit to their own works.
        """
        first = next(iter(read()), None)
        shipped = cls.shipped()
        if first is None or not shipped.suits(first.provenance):
            return cls.fit(read)
        return cls._fit(read, shipped.style, shipped.regions)

    @classmethod
    def _fit(cls, read: ReadSample, style: StyleWhitening, regions: RegionWhitening) -> Self:
        rows = []
        for descriptor in islice(read(), CONTENT_SAMPLE):
            check_same_network(descriptor.provenance, style.provenance)
            rows.append(descriptor.content)
        if len(rows) < 2:
            raise ValueError(f"expected at least 2 pictures, got {len(rows)}")
        fitted = MapBasis.fit(np.stack(rows), CHANNELS[CONTENT_LAYER], CONTENT_SIZE)
        # As it is stored, so that a file gives the same vectors.
        arrays = (fitted.mean, fitted.channels, fitted.components)
        content = MapBasis(*(each.astype(np.float16).astype(np.float32) for each in arrays))
        return cls(style, content, regions, style.provenance)

    def describe(self, descriptor: Descriptor) -> Vectors:
        check_same_network(descriptor.provenance, self.provenance)
        content = np.zeros(CONTENT_SIZE, np.float32)
        projected = self.content.project(descriptor.content)[0]
        content[: len(projected)] = projected
        parts = [
            self.style.describe(descriptor),
            to_unit(content),
            self.regions.describe_whole(descriptor),
        ]
        picture = np.concatenate(parts)[None]
        if descriptor.is_long:
            return Vectors(picture)
        windows = self.regions.describe_windows(descriptor)
        rows = np.zeros((len(windows), self.size), np.float32)
        rows[:, _SLICES[RMAC]] = windows
        return Vectors(np.concatenate([picture, rows]))

    def to_bytes(self, origin: Mapping[str, str] | None = None) -> bytes:
        """Serialise to safetensors, 10 MB; ``origin`` goes into the header."""
        return save_fitted(self._tensors(), self.provenance, origin or {})

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        tensors, provenance = load_fitted(content)
        try:
            names = ("mean", "channels", "components")
            basis = MapBasis(
                *(tensors[f"{CONTENT_LAYER}.{name}"].astype(np.float32) for name in names)
            )
            style = StyleWhitening.from_tensors(tensors, provenance)
            regions = RegionWhitening.from_tensors(tensors, provenance)
        except (KeyError, ValueError) as error:
            raise DescriptorError("descriptor_unreadable", reason=error) from error
        return cls(style, basis, regions, provenance)

    @classmethod
    def shipped(cls) -> Self:
        return _load_shipped(cls, PICTURE_EMBEDDING_PATH)

    def _tensors(self) -> dict[str, NDArray[Any]]:
        names = ("mean", "channels", "components")
        basis = {
            f"{CONTENT_LAYER}.{name}": getattr(self.content, name).astype(np.float16)
            for name in names
        }
        return {**self.style.to_tensors(), **basis, **self.regions.to_tensors()}


@dataclass(frozen=True, eq=False)
class RegionEmbedding(FittedEmbedding):
    """The embedding of the regions of a picture, ``(n, 128)``: 14 of a grid, or its windows."""

    size: ClassVar[int] = REGION_SIZE
    refits: ClassVar[bool] = False
    whitening: RegionWhitening

    @property
    def provenance(self) -> Provenance:  # type: ignore[override]
        return self.whitening.provenance

    @property
    def digest(self) -> str:  # type: ignore[override]
        return self.whitening.digest

    @classmethod
    def fit(cls, read: ReadSample) -> Self:
        """Fit to at least two pictures, read once."""
        return cls(RegionWhitening.fit(read()))

    def describe(self, descriptor: Descriptor) -> Vectors:
        numbers, boxes = self.whitening.describe_regions(descriptor)
        return Vectors(numbers, tuple(boxes))

    def to_bytes(self, origin: Mapping[str, str] | None = None) -> bytes:
        """Serialise to safetensors, 0.3 MB; ``origin`` goes into the header."""
        return save_fitted(self.whitening.to_tensors(), self.provenance, origin or {})

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        tensors, provenance = load_fitted(content)
        try:
            return cls(RegionWhitening.from_tensors(tensors, provenance))
        except (KeyError, ValueError) as error:
            raise DescriptorError("descriptor_unreadable", reason=error) from error

    @classmethod
    def shipped(cls) -> Self:
        return _load_shipped(cls, REGION_WHITENING_PATH)


def weigh_parts(vector: FloatArray, weights: Mapping[str, float]) -> FloatArray:
    """Return a picture's vector ``(1152,)`` with each part times its share of the weights.

    Its product with the vector of another picture is the weighted mean of the cosines of their
    parts. Parts without a weight do not count. Raises ValueError for another size, or unless the
    weights are zero or more, and one is above zero.
    """
    if vector.shape != (PictureEmbedding.size,):
        raise ValueError(f"expected {PictureEmbedding.size} numbers, got {vector.shape}")
    total = sum(weights.values())
    if not total > 0 or min(weights.values()) < 0 or not np.isfinite(total):
        raise ValueError(f"expected weights of zero or more with a positive sum, got {weights}")
    factors = np.zeros(len(vector), np.float32)
    for part, weight in weights.items():
        factors[_SLICES[part]] = weight / total
    weighed: FloatArray = vector * factors
    return weighed


def part_distances(query: FloatArray, candidate: FloatArray) -> dict[str, float]:
    """Return the cosine distance of each part of two pictures' vectors ``(1152,)``, 0 to 2."""
    return {
        part: max(0.0, 1 - float(query[columns] @ candidate[columns]))
        for part, columns in _SLICES.items()
    }


def _load_shipped(kind: type[Fitted], path: Path) -> Fitted:
    embedding: Fitted = _read_once(kind, path)
    return embedding


@cache
def _read_once(kind: type[FittedEmbedding], path: Path) -> Any:
    return kind.from_bytes(path.read_bytes())
