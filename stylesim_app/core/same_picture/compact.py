"""Compact features: what is stored of a picture's local features, 24 bytes each.

Version 1, little-endian: a header of 15 bytes (format version, fingerprint of the vocabulary,
number of features, width and height), then column by column the points, sizes, angles, words and
codes of all features.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

FORMAT_VERSION = 1
#: Bytes of a vocabulary's fingerprint.
FINGERPRINT_BYTES = 4
#: Parts of a descriptor, each of which a byte of the code stands for.
CODE_PARTS = 16
#: Steps of a quantised size in an octave.
SIZE_STEPS = 16
#: Steps of a quantised angle in a full turn.
ANGLE_STEPS = 256
#: Longest side of a picture, with its border, in the pixels of ``LocalFeatures``.
MOST_PIXELS = 1e6

_HEADER = struct.Struct(f"<B{FINGERPRINT_BYTES}sHff")
_POINT_STEPS = 65535
# Names, types and numbers per feature of the columns, in their order.
_COLUMNS = (
    ("points", np.dtype("<u2"), 2),
    ("sizes", np.dtype("u1"), 1),
    ("angles", np.dtype("u1"), 1),
    ("words", np.dtype("<u2"), 1),
    ("codes", np.dtype("u1"), CODE_PARTS),
)
_FEATURE_BYTES = sum(kind.itemsize * numbers for _, kind, numbers in _COLUMNS)

ByteArray = NDArray[np.uint8]
ShortArray = NDArray[np.uint16]
FloatArray = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class CompactFeatures:
    """The quantised features of one picture.

    ``fingerprint`` names the vocabulary that ``words`` and ``codes`` belong to. ``width`` and
    ``height`` are in the pixels of ``LocalFeatures``. ``points`` ``(n, 2)`` are in steps of 1/65535
    of width and height; ``sizes`` ``(n,)`` in steps of 1/16 octave above one pixel; ``angles``
    ``(n,)`` in steps of 1/256 of a turn. ``words`` ``(n,)`` are visual words, and ``codes``
    ``(n, 16)`` what a descriptor adds to its word.
    """

    fingerprint: bytes
    width: float
    height: float
    points: ShortArray
    sizes: ByteArray
    angles: ByteArray
    words: ShortArray
    codes: ByteArray

    def __len__(self) -> int:
        return len(self.words)

    def to_bytes(self) -> bytes:
        """Serialise to 15 bytes and 24 for each feature."""
        header = _HEADER.pack(FORMAT_VERSION, self.fingerprint, len(self), self.width, self.height)
        columns = (getattr(self, name).astype(kind).tobytes() for name, kind, _ in _COLUMNS)
        return header + b"".join(columns)

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Read what ``to_bytes`` wrote. Raises ValueError with what is expected and found."""
        if len(content) < _HEADER.size:
            raise ValueError(f"expected at least {_HEADER.size} bytes, got {len(content)}")
        version, fingerprint, count, width, height = _HEADER.unpack_from(content)
        if version != FORMAT_VERSION:
            raise ValueError(f"expected format version {FORMAT_VERSION}, got {version}")
        expected = _HEADER.size + count * _FEATURE_BYTES
        if len(content) != expected:
            raise ValueError(f"expected {expected} bytes for {count} features, got {len(content)}")
        if not (0 < width <= MOST_PIXELS and 0 < height <= MOST_PIXELS):
            raise ValueError(f"expected sides of up to {MOST_PIXELS:g} px, got {width} x {height}")
        columns: dict[str, NDArray[Any]] = {}
        start = _HEADER.size
        for name, kind, numbers in _COLUMNS:
            column = np.frombuffer(content, kind, count * numbers, start)
            columns[name] = column.reshape(count, numbers) if numbers > 1 else column
            start += column.nbytes
        return cls(fingerprint, width, height, **columns)


def quantise_points(points: FloatArray, width: float, height: float) -> ShortArray:
    """Return points ``(n, 2)`` in pixels in steps of 1/65535 of width and height."""
    shares = np.clip(points / np.array([width, height], np.float32), 0, 1)
    return np.rint(shares * np.float32(_POINT_STEPS)).astype(np.uint16)


def restore_points(points: ShortArray, width: float, height: float) -> FloatArray:
    """Return quantised points ``(n, 2)`` in pixels."""
    return (points / _POINT_STEPS * (width, height)).astype(np.float32)


def quantise_sizes(sizes: FloatArray) -> ByteArray:
    """Return diameters ``(n,)`` in pixels in steps of 1/16 octave above one pixel."""
    steps: FloatArray = np.rint(np.log2(np.maximum(sizes, 1)) * np.float32(SIZE_STEPS))
    return np.minimum(steps, 255).astype(np.uint8)


def restore_sizes(sizes: ByteArray) -> FloatArray:
    """Return quantised diameters ``(n,)`` in pixels."""
    diameters: FloatArray = np.exp2(sizes.astype(np.float32) / np.float32(SIZE_STEPS))
    return diameters


def quantise_angles(angles: FloatArray) -> ByteArray:
    """Return angles ``(n,)`` in degrees in steps of 1/256 of a turn."""
    steps: NDArray[np.int64] = np.rint(angles * (ANGLE_STEPS / 360)).astype(np.int64)
    return (steps % ANGLE_STEPS).astype(np.uint8)


def restore_angles(angles: ByteArray) -> FloatArray:
    """Return quantised angles ``(n,)`` in degrees."""
    return angles.astype(np.float32) * np.float32(360 / ANGLE_STEPS)
