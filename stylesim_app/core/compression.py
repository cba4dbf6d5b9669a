"""Compact descriptors: an orthogonal projection of each layer, and the norm of the remainder.

A layer's numbers ``x`` become ``z = U^T (x - mean)``, with orthonormal columns ``U``, and the
residual norm ``r = ||x - mean - U z||``. ``U`` is applied in two steps, so that it stays small:
first a basis ``B`` of the channels, then the principal components of the result. For a Gram matrix
``G``, ``B^T G B`` is itself an orthogonal projection; for a feature map ``F``, ``B^T F`` is.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from .descriptors import (
    CHANNELS,
    CONTENT_LAYER,
    LAYERS,
    Descriptor,
    pack_symmetric,
    unpack_symmetric,
)
from .errors import DescriptorError

#: Channels that the first step keeps.
BASIS_CHANNELS = 64
#: Numbers kept of each layer.
SIZES = {layer: 512 if layer == CONTENT_LAYER else 64 for layer in LAYERS}
#: Numbers of a compact descriptor: ``z``, ``||x - mean||^2`` and ``r`` of all layers.
RECORD_SIZE = sum(SIZES.values()) + 2 * len(LAYERS)

#: Possible error of float32 in a square, as a share of ``||x - mean||^2``. Generous: bounds wider
#: by this much exclude hardly less, and a bound that does not hold would be an error.
ROUNDING = 4e-6

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class CompactDescriptor:
    """A descriptor reduced for the search, by layer in the order of LAYERS; float32.

    ``z`` is ``(..., 832)``, the projections one after another, padded with zeros where a small
    sample gave fewer directions; ``squares`` ``(..., 6)`` is ``||x - mean||^2``; ``residuals``
    ``(..., 6)`` is ``r``, rounded up.
    """

    z: FloatArray
    squares: FloatArray
    residuals: FloatArray

    def layer(self, name: str) -> FloatArray:
        """Return ``z`` of one layer."""
        start = sum(SIZES[layer] for layer in LAYERS[: LAYERS.index(name)])
        return self.z[..., start : start + SIZES[name]]

    def to_bytes(self) -> bytes:
        """Return little-endian float32, RECORD_SIZE of them: ``z``, ``squares``, ``residuals``."""
        return np.concatenate([self.z, self.squares, self.residuals]).astype("<f4").tobytes()

    @classmethod
    def from_numbers(cls, numbers: FloatArray) -> Self:
        """Read the numbers that ``to_bytes`` writes, ``(..., RECORD_SIZE)``."""
        parts = np.split(numbers, [-2 * len(LAYERS), -len(LAYERS)], axis=-1)
        z, squares, residuals = parts
        return cls(z, squares, residuals)


@dataclass(frozen=True, eq=False)
class Basis(ABC):
    """The projection of one layer.

    ``mean`` is ``(D,)``, the mean of the sample; ``channels`` ``(C, c)`` and ``components``
    ``(d, m)`` have orthonormal columns, with ``d`` numbers left by ``c`` channels.
    """

    mean: FloatArray
    channels: FloatArray
    components: FloatArray

    @staticmethod
    @abstractmethod
    def spread(values: FloatArray, channels: int) -> FloatArray:
        """Return a descriptor's contribution to the variation between channels, ``(C, C)``.

        ``values`` is a centred descriptor, ``(D,)``.
        """

    @staticmethod
    @abstractmethod
    def reduce(values: FloatArray, basis: FloatArray) -> FloatArray:
        """Return a centred descriptor ``(D,)`` projected on a basis of channels, ``(d,)``."""

    @classmethod
    def fit(cls, rows: FloatArray, channels: int, size: int) -> Self:
        """Return the leading directions of a sample ``(n, D)``, at most ``size`` of them.

        ``rows`` is centred in place.
        """
        mean = rows.mean(axis=0, dtype=np.float64).astype(np.float32)
        rows -= mean
        spread = np.zeros((channels, channels))
        for row in rows:
            spread += cls.spread(row, channels)
        basis = _leading_eigenvectors(spread, BASIS_CHANNELS)
        reduced = np.stack([cls.reduce(row, basis) for row in rows])
        return cls(mean, basis, _principal_components(reduced, size))

    def project(self, values: FloatArray) -> tuple[FloatArray, float, float]:
        """Return ``z`` ``(m,)``, ``||x - mean||^2`` and ``r``, rounded up, of one ``(D,)``."""
        centred = values - self.mean
        z = self.components.T @ self.reduce(centred, self.channels)
        square, kept = _square(centred), _square(z)
        return z, square, float(np.sqrt(max(square - kept, 0.0) + ROUNDING * square))


class GramBasis(Basis):
    """The basis of packed Gram matrices: the channels in which ``sum (G - mean)^2`` is largest."""

    @staticmethod
    def spread(values: FloatArray, channels: int) -> FloatArray:
        matrix = unpack_symmetric(values, channels)
        return matrix @ matrix

    @staticmethod
    def reduce(values: FloatArray, basis: FloatArray) -> FloatArray:
        matrix = unpack_symmetric(values, len(basis))
        return pack_symmetric(basis.T @ matrix @ basis)


class MapBasis(Basis):
    """The basis of feature maps: the same channels at every position."""

    @staticmethod
    def spread(values: FloatArray, channels: int) -> FloatArray:
        matrix = values.reshape(channels, -1)
        return matrix @ matrix.T

    @staticmethod
    def reduce(values: FloatArray, basis: FloatArray) -> FloatArray:
        reduced: FloatArray = basis.T @ values.reshape(len(basis), -1)
        return reduced.reshape(-1)


@dataclass(frozen=True, eq=False)
class Compressor:
    """The bases of all layers, fitted to a sample of a collection."""

    bases: Mapping[str, Basis]

    @classmethod
    def fit(cls, read: Callable[[], Iterable[Descriptor]]) -> Self:
        """Fit to at least two works, which are read once for each layer.

        Memory: the numbers of one layer for all works twice, at most 0.8 MB a work.
        """
        bases: dict[str, Basis] = {}
        for layer in LAYERS:
            rows = np.stack([descriptor.layer(layer) for descriptor in read()])
            bases[layer] = _kind_of(layer).fit(rows, CHANNELS[layer], SIZES[layer])
        return cls(bases)

    def compress(self, descriptor: Descriptor) -> CompactDescriptor:
        """Project a descriptor as it is stored: rounding it later would break the bounds."""
        z = np.zeros(sum(SIZES.values()), np.float32)
        squares, residuals = np.empty((2, len(LAYERS)), np.float32)
        compact = CompactDescriptor(z, squares, residuals)
        for index, layer in enumerate(LAYERS):
            projected, squares[index], residuals[index] = self.bases[layer].project(
                descriptor.layer(layer)
            )
            compact.layer(layer)[: len(projected)] = projected
        return compact

    def to_bytes(self) -> bytes:
        """Serialise to safetensors, float32: about 30 MB."""
        return save(
            {
                f"{layer}.{name}": np.ascontiguousarray(getattr(basis, name))
                for layer, basis in self.bases.items()
                for name in ("mean", "channels", "components")
            }
        )

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Read the bytes that ``to_bytes`` writes. Raises DescriptorError."""
        try:
            tensors = load(content)
            return cls(
                {
                    layer: _kind_of(layer)(
                        tensors[f"{layer}.mean"],
                        tensors[f"{layer}.channels"],
                        tensors[f"{layer}.components"],
                    )
                    for layer in LAYERS
                }
            )
        except (SafetensorError, KeyError) as error:
            raise DescriptorError("descriptor_unreadable", reason=error) from error


def _kind_of(layer: str) -> type[Basis]:
    return MapBasis if layer == CONTENT_LAYER else GramBasis


def _square(values: FloatArray) -> float:
    wide = values.astype(np.float64)
    return float(wide @ wide)


def _leading_eigenvectors(symmetric: NDArray[np.float64], count: int) -> FloatArray:
    """Return the eigenvectors of the ``count`` largest eigenvalues, as columns."""
    vectors: NDArray[Any] = np.linalg.eigh(symmetric)[1][:, ::-1][:, :count]
    return np.ascontiguousarray(vectors, dtype=np.float32)


def _principal_components(rows: FloatArray, count: int) -> FloatArray:
    """Return orthonormal columns ``(d, m)`` that keep most of ``rows`` ``(n, d)``."""
    count = min(count, *rows.shape)
    if rows.shape[1] <= rows.shape[0]:
        return _leading_eigenvectors((rows.T @ rows).astype(np.float64), count)
    # The smaller of the two Gram matrices has the same eigenvalues.
    combinations = np.linalg.eigh((rows @ rows.T).astype(np.float64))[1][:, ::-1][:, :count]
    directions: NDArray[Any] = np.linalg.qr(rows.T.astype(np.float64) @ combinations)[0]
    return np.ascontiguousarray(directions, dtype=np.float32)
