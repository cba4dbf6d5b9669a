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

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .descriptors import (
    CHANNELS,
    STYLE_LAYERS,
    Descriptor,
    Provenance,
    pack_symmetric,
    unpack_symmetric,
)
from .fitted import check_same_network
from .whitening import Moments, Whitening, fix_signs

#: Directions of channels that a Gram matrix is reduced to.
REDUCED_CHANNELS = 64
#: The least eigenvalue of a reduced Gram matrix, as a share of its largest.
LEAST_EIGENVALUE = 1e-6
#: Numbers of a layer, and of all layers.
LAYER_SIZE = 128
STYLE_SIZE = LAYER_SIZE * len(STYLE_LAYERS)

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

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, NDArray[Any]], provenance: Provenance) -> Self:
        """Read what ``to_tensors`` wrote. Raises KeyError, or ValueError for other shapes."""
        roots = {layer: LayerRoot(tensors[f"{layer}.channels"]) for layer in STYLE_LAYERS}
        whitenings = {layer: Whitening.from_tensors(tensors, layer) for layer in STYLE_LAYERS}
        return cls(roots, whitenings, provenance)

    def to_tensors(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by name, 2.9 MB."""
        tensors: dict[str, NDArray[Any]] = {}
        for layer in STYLE_LAYERS:
            tensors[f"{layer}.channels"] = self.roots[layer].channels
            tensors |= self.whitenings[layer].to_tensors(layer)
        return tensors


def fourth_root(symmetric: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Return the fourth root of a positive semidefinite matrix ``(n, n)``.

    Eigenvalues below LEAST_EIGENVALUE times the largest are rounding errors, and count as that.
    """
    values, vectors = np.linalg.eigh(symmetric.astype(np.float64))
    values = np.maximum(values, max(LEAST_EIGENVALUE * float(values[-1]), 0.0))
    root: NDArray[np.float64] = (vectors * values**0.25) @ vectors.T
    return root


def _gram(descriptor: Descriptor, layer: str, provenance: Provenance) -> FloatArray:
    check_same_network(descriptor.provenance, provenance)
    return unpack_symmetric(descriptor.style[layer], CHANNELS[layer])
