"""Whitened style: the fourth root of the Gram matrix of each style layer, PCA-whitened.

A Gram matrix ``G`` of ``N`` channels is reduced to ``B^T G B``, where the orthonormal columns of
``B`` are the 64 directions in which the Gram matrices of a sample differ most. ``G^(1/2)`` has the
units of the feature map, and its square root, ``G^(1/4)``, damps the few strong channels that
decide a distance between Gram matrices. Unlike roots of entries, roots of matrices do so in any
basis of the channels, so that the reduction may come first. The packed root is whitened to 128
numbers, and each layer normalised, so that layers count alike.

Lin, Maji: Improved Bilinear Pooling with CNNs, BMVC 2017; Li et al.: Is Second-Order Information
Helpful for Large-Scale Visual Recognition?, ICCV 2017.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .cosine import cosine_distances
from .descriptors import (
    CHANNELS,
    STYLE_LAYERS,
    Descriptor,
    Provenance,
    pack_symmetric,
    unpack_symmetric,
)
from .distances import EQUAL_LAYER_WEIGHTS, Weighting
from .errors import DescriptorError
from .vectors import (
    check_same_network,
    combine_digests,
    digest_tensors,
    load_fitted,
    pack_vectors,
    save_fitted,
    unpack_vectors,
)
from .whitening import Moments, Whitening, fix_signs

#: Directions of channels that a Gram matrix is reduced to.
REDUCED_CHANNELS = 64
#: The least eigenvalue of a reduced Gram matrix, as a share of its largest.
LEAST_EIGENVALUE = 1e-6
#: Numbers of a layer, and of all layers.
LAYER_SIZE = 128
STYLE_SIZE = LAYER_SIZE * len(STYLE_LAYERS)
STYLE_WHITENING_PATH = Path(__file__).parents[1] / "weights" / "style-whitening.safetensors"

FloatArray = NDArray[np.float32]


class ChannelSpread:
    """The sums of a sample of Gram matrices ``(N, N)`` that show where its channels differ."""

    def __init__(self) -> None:
        self.count = 0
        self._sum: NDArray[np.float64] = np.zeros(())
        self._squares: NDArray[np.float64] = np.zeros(())

    def add(self, gram: FloatArray) -> None:
        wide = gram.astype(np.float64)
        self.count += 1
        self._sum = self._sum + wide
        self._squares = self._squares + wide @ wide

    def fit(self, size: int) -> LayerRoot:
        """Return the root in the leading eigenvectors of ``sum (G - mean G)^2``, at most ``size``.

        Raises ValueError if no matrix was added.
        """
        if not self.count:
            raise ValueError("expected at least 1 matrix, got none")
        spread = self._squares - self._sum @ self._sum / self.count
        vectors = np.linalg.eigh(spread)[1][:, ::-1][:, :size]
        return LayerRoot(fix_signs(vectors).astype(np.float16))


@dataclass(frozen=True, eq=False)
class LayerRoot:
    """The reduced root of one layer: ``channels`` ``(N, c)``, float16, with orthonormal columns."""

    channels: NDArray[np.float16]

    @property
    def size(self) -> int:
        """The numbers of a packed root."""
        width: int = self.channels.shape[1]
        return width * (width + 1) // 2

    def apply(self, gram: FloatArray) -> FloatArray:
        """Return the packed fourth root of ``B^T G B``, ``(c (c + 1) / 2,)``."""
        # In float32, which costs a third; the root, which magnifies small numbers, is float64's.
        reduced = self._basis.T @ (gram @ self._basis)
        return pack_symmetric(fourth_root(reduced)).astype(np.float32)

    @cached_property
    def _basis(self) -> FloatArray:
        return self.channels.astype(np.float32)


@dataclass(frozen=True, eq=False)
class StyleWhitening:
    """The root and the whitening of each style layer, which turn a descriptor to whitened style."""

    roots: Mapping[str, LayerRoot]
    whitenings: Mapping[str, Whitening]
    provenance: Provenance
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", digest_tensors(self._tensors(), self.provenance))

    @classmethod
    def fit(cls, read: Callable[[], Iterable[Descriptor]]) -> Self:
        """Fit to at least two pictures, read twice; no label is used.

        Memory: 180 MB, however many pictures. The same pictures in the same order give the same
        whitening. Raises ValueError for fewer pictures, DescriptorError if they are of different
        provenance.
        """
        spreads = {layer: ChannelSpread() for layer in STYLE_LAYERS}
        provenance: Provenance | None = None
        for descriptor in read():
            provenance = provenance or descriptor.provenance
            for layer in STYLE_LAYERS:
                spreads[layer].add(_gram(descriptor, layer, provenance))
        if provenance is None:
            raise ValueError("expected at least 2 pictures, got none")
        roots = {layer: spreads[layer].fit(REDUCED_CHANNELS) for layer in STYLE_LAYERS}
        moments = {layer: Moments(roots[layer].size) for layer in STYLE_LAYERS}
        for descriptor in read():
            for layer in STYLE_LAYERS:
                moments[layer].add(roots[layer].apply(_gram(descriptor, layer, provenance)))
        whitenings = {layer: moments[layer].fit(LAYER_SIZE) for layer in STYLE_LAYERS}
        return cls(roots, whitenings, provenance)

    def describe(self, descriptor: Descriptor) -> FloatArray:
        """Return the whitened style ``(640,)``, a unit vector for each layer, in their order.

        Raises DescriptorError for another network than the whitening was fitted to.
        """
        parts = [
            self.whitenings[layer].whiten(
                self.roots[layer].apply(_gram(descriptor, layer, self.provenance))
            )
            for layer in STYLE_LAYERS
        ]
        return np.concatenate(parts)

    def digest_of(self, provenance: Provenance) -> str:
        """Return the digest of the whitened style of descriptors of a provenance.

        Only vectors of equal digest may be compared.
        """
        return combine_digests(provenance.digest, self.digest)

    def to_bytes(self, origin: Mapping[str, str] | None = None) -> bytes:
        """Serialise to safetensors, 2.9 MB; ``origin`` goes into the header."""
        return save_fitted(self._tensors(), self.provenance, origin or {})

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Read the bytes that ``to_bytes`` wrote. Raises DescriptorError."""
        tensors, provenance = load_fitted(content)
        try:
            roots = {layer: LayerRoot(tensors[f"{layer}.channels"]) for layer in STYLE_LAYERS}
            whitenings = {layer: Whitening.from_tensors(tensors, layer) for layer in STYLE_LAYERS}
        except (KeyError, ValueError) as error:
            raise DescriptorError("descriptor_unreadable", reason=error) from error
        return cls(roots, whitenings, provenance)

    def _tensors(self) -> dict[str, NDArray[Any]]:
        tensors: dict[str, NDArray[Any]] = {}
        for layer in STYLE_LAYERS:
            tensors[f"{layer}.channels"] = self.roots[layer].channels
            tensors |= self.whitenings[layer].to_tensors(layer)
        return tensors


def style_cosine_distances(
    query: FloatArray,
    candidates: FloatArray,
    layer_weights: Sequence[float] = EQUAL_LAYER_WEIGHTS,
) -> NDArray[np.floating[Any]]:
    """Return the distances of a whitened style ``(640,)`` to each candidate ``(n, 640)``, ``(n,)``.

    That is one minus the mean of the cosines of the layers, weighted: 0 to 2. Raises
    WeightingError for layer weights that no distance can have, ValueError for other sizes.
    """
    return cosine_distances(
        weigh_layers(query, layer_weights), weigh_layers(candidates, layer_weights)
    )


def weigh_layers(vectors: FloatArray, layer_weights: Sequence[float]) -> FloatArray:
    """Return whitened styles ``(..., 640)``, each layer times the root of its share of the weights.

    The product of two is then the weighted mean of the cosines of their layers, which any vector
    store can search. Raises WeightingError, or ValueError for other sizes.
    """
    if vectors.shape[-1] != STYLE_SIZE:
        raise ValueError(f"expected {STYLE_SIZE} numbers, got {vectors.shape[-1]}")
    weights = np.array(Weighting(layer_weights=tuple(layer_weights)).layer_weights)
    shares = np.sqrt(weights / weights.sum()).astype(np.float32)
    weighted: FloatArray = vectors * np.repeat(shares, LAYER_SIZE)
    return weighted


def pack_style(vectors: FloatArray, digest: str) -> bytes:
    """Return the bytes of a whitened style: the digest of ``digest_of``, then 640 float16."""
    return pack_vectors(vectors, digest)


def unpack_style(content: bytes, digest: str) -> FloatArray:
    """Read the bytes that ``pack_style`` wrote, ``(640,)``.

    Raises DescriptorError if they are damaged or of another digest.
    """
    vector: FloatArray = unpack_vectors(content, digest, STYLE_SIZE)[0]
    return vector


def fourth_root(symmetric: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Return the fourth root of a positive semidefinite matrix ``(n, n)``.

    Eigenvalues below LEAST_EIGENVALUE times the largest are rounding errors, and count as that.
    """
    values, vectors = np.linalg.eigh(symmetric.astype(np.float64))
    values = np.maximum(values, max(LEAST_EIGENVALUE * float(values[-1]), 0.0))
    root: NDArray[np.float64] = (vectors * values**0.25) @ vectors.T
    return root


@cache
def load_style_whitening(path: Path = STYLE_WHITENING_PATH) -> StyleWhitening:
    """Return the whitening of a file, by default the shipped one. Raises DescriptorError."""
    return StyleWhitening.from_bytes(path.read_bytes())


def _gram(descriptor: Descriptor, layer: str, provenance: Provenance) -> FloatArray:
    check_same_network(descriptor, provenance)
    return unpack_symmetric(descriptor.style[layer], CHANNELS[layer])
