"""The mean of content descriptors, which centred cosines are measured from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from .cosine import centred_cosine_distances
from .descriptors import Descriptor, Provenance
from .errors import DescriptorError
from .vectors import check_same_network, load_fitted, save_fitted

CONTENT_MEAN_PATH = Path(__file__).parents[1] / "weights" / "content-mean.safetensors"


@dataclass(frozen=True, eq=False)
class ContentMean:
    """The mean ``(100352,)``, float16, of a sample of content descriptors."""

    mean: NDArray[np.float16]
    provenance: Provenance

    @classmethod
    def fit(cls, descriptors: Iterable[Descriptor]) -> Self:
        """Return the mean of at least one descriptor, read once.

        Raises ValueError for none, DescriptorError if they are of different provenance.
        """
        total: NDArray[np.float64] = np.zeros(())
        count, provenance = 0, None
        for descriptor in descriptors:
            provenance = provenance or descriptor.provenance
            check_same_network(descriptor, provenance)
            count, total = count + 1, total + descriptor.content
        if provenance is None:
            raise ValueError("expected at least 1 picture, got none")
        return cls((total / count).astype(np.float16), provenance)

    def distance(self, a: Descriptor, b: Descriptor) -> float:
        """Return the centred cosine distance of the content of two pictures, 0 to 2.

        Raises DescriptorError if they are of different provenance.
        """
        if a.provenance.digest != b.provenance.digest:
            raise DescriptorError(
                "descriptor_provenance", left=a.provenance.digest, right=b.provenance.digest
            )
        check_same_network(a, self.provenance)
        mean = self.mean.astype(np.float32)
        return float(centred_cosine_distances(a.content, b.content[None], mean)[0])

    def to_bytes(self, origin: Mapping[str, str] | None = None) -> bytes:
        """Serialise to safetensors, 0.2 MB; ``origin`` goes into the header."""
        return save_fitted({"mean": self.mean}, self.provenance, origin or {})

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Read the bytes that ``to_bytes`` wrote. Raises DescriptorError."""
        tensors, provenance = load_fitted(content)
        if "mean" not in tensors:
            raise DescriptorError("descriptor_unreadable", reason="no mean")
        return cls(tensors["mean"], provenance)


@cache
def load_content_mean(path: Path = CONTENT_MEAN_PATH) -> ContentMean:
    """Return the mean of a file, by default the shipped one. Raises DescriptorError."""
    return ContentMean.from_bytes(path.read_bytes())
