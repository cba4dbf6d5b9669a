"""The vocabulary: 32,768 visual words, and codes of what a descriptor adds to its word.

Words are the leaves of a tree of two levels, 128 cells of 256 words (Nistér and Stewénius,
"Scalable recognition with a vocabulary tree", CVPR 2006), so that a descriptor is compared with
the words of a few cells alone. The rest, descriptor minus word, is coded by a product quantiser
(Jégou, Douze and Schmid, "Product quantization for nearest neighbor search", PAMI 2011) and signed
by the halves of 64 directions that it lies in ("Hamming embedding and weak geometric consistency",
ECCV 2008, by the same authors).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from .compact import (
    CODE_PARTS,
    FINGERPRINT_BYTES,
    CompactFeatures,
    quantise_angles,
    quantise_points,
    quantise_sizes,
    restore_angles,
    restore_points,
    restore_sizes,
)
from .features import DESCRIPTOR_SIZE, LocalFeatures

VOCABULARY_PATH = Path(__file__).parents[2] / "weights" / "same-picture-vocabulary.safetensors"

#: Cells in whose words the nearest are looked for.
PROBES = 6
#: Bits of a signature.
SIGNATURE_BITS = 64

# A descriptor in the parts that are coded.
_PARTS = CODE_PARTS, DESCRIPTOR_SIZE // CODE_PARTS
# RootSIFT lies between 0 and 1.
_LEVELS = 255
_KINDS = {"cells": np.uint8, "words": np.uint8, "codebook": np.float16, "directions": np.float16}

FloatArray = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """The tree of words, the product quantiser and the directions of signatures; float32.

    ``cells`` is ``(c, 128)``; ``words`` ``(c, w, 128)``, at most 65,536 in all; ``codebook``
    ``(16, 256, 8)``; ``directions`` ``(64, 128)``, orthonormal rows. ``fingerprint`` is the start
    of the SHA-256 of the file.
    """

    cells: FloatArray
    words: FloatArray
    codebook: FloatArray
    directions: FloatArray
    fingerprint: bytes

    @property
    def word_count(self) -> int:
        cells, leaves = self.words.shape[:2]
        return int(cells * leaves)

    def nearest_words(self, descriptors: FloatArray, count: int = 1) -> NDArray[np.int64]:
        """Return the words nearest to each descriptor ``(n, 128)``, nearest first: ``(n, count)``.

        Words outside the PROBES nearest cells are not looked at.
        """
        leaves = self.words.shape[1]
        probes = min(PROBES, len(self.cells))
        from_cells = _relative_squares(descriptors, self.cells)
        cells = np.argpartition(from_cells, probes - 1, axis=1)[:, :probes]
        # All descriptors of a cell at once.
        order = np.argsort(cells, axis=None, kind="stable")
        rows, in_order = descriptors[order // probes], cells.ravel()[order]
        squares = np.empty((cells.size, leaves), np.float32)
        starts = np.flatnonzero(np.diff(in_order, prepend=-1))
        for start, end in pairwise((*starts, len(order))):
            cell = in_order[start]
            found = rows[start:end] @ self._word_columns[cell]
            squares[order[start:end]] = found + self._word_squares[cell]
        best = _smallest(squares.reshape(len(descriptors), probes * leaves), count)
        words: NDArray[np.int64] = np.take_along_axis(cells, best // leaves, axis=1) * leaves
        words += best % leaves
        return words

    def sign(self, descriptors: FloatArray, words: NDArray[np.integer]) -> NDArray[np.uint64]:
        """Return a signature of 64 bits for descriptors ``(n, 128)`` as members of words ``(n,)``.

        Signatures of near descriptors of one word differ in few bits.
        """
        return self._sign_rests(descriptors - self._centres(words))

    def encode(self, features: LocalFeatures) -> CompactFeatures:
        """Return what is stored of a picture's features."""
        words = self.nearest_words(features.descriptors)[:, 0]
        rests = (features.descriptors - self._centres(words)).reshape(len(words), *_PARTS)
        squares = rests.transpose(1, 0, 2) @ self._entry_columns + self._entry_squares
        codes = squares.argmin(axis=2).T.astype(np.uint8)
        width, height = features.width, features.height
        return CompactFeatures(
            self.fingerprint,
            width,
            height,
            quantise_points(features.points, width, height),
            quantise_sizes(features.sizes),
            quantise_angles(features.angles),
            words.astype(np.uint16),
            codes,
        )

    def decode(self, compact: CompactFeatures) -> LocalFeatures:
        """Return the features that ``encode`` was given, as far as the codes tell.

        Raises ValueError if another vocabulary made them.
        """
        rests = self._rests(compact)
        return LocalFeatures(
            compact.width,
            compact.height,
            restore_points(compact.points, compact.width, compact.height),
            restore_sizes(compact.sizes),
            restore_angles(compact.angles),
            self._centres(compact.words) + rests,
        )

    def sign_compact(self, compact: CompactFeatures) -> NDArray[np.uint64]:
        """Return the signatures of compact features. Raises ValueError like ``decode``."""
        return self._sign_rests(self._rests(compact))

    @cached_property
    def _word_columns(self) -> FloatArray:
        """The words times -2 as columns, ``(c, 128, w)``, which halves the time of a product."""
        return np.ascontiguousarray(-2 * self.words.transpose(0, 2, 1))

    @cached_property
    def _word_squares(self) -> FloatArray:
        """The squared lengths of the words, ``(c, w)``."""
        return _squares(self.words)

    @cached_property
    def _entry_columns(self) -> FloatArray:
        """The entries of the codebook times -2 as columns, ``(16, 8, 256)``."""
        return np.ascontiguousarray(-2 * self.codebook.transpose(0, 2, 1))

    @cached_property
    def _entry_squares(self) -> FloatArray:
        """The squared lengths of the entries of the codebook, ``(16, 1, 256)``."""
        return _squares(self.codebook)[:, None]

    def _rests(self, compact: CompactFeatures) -> FloatArray:
        if compact.fingerprint != self.fingerprint:
            raise ValueError(
                f"expected features of the vocabulary {self.fingerprint.hex()}, "
                f"got those of {compact.fingerprint.hex()}"
            )
        if len(compact) and int(compact.words.max()) >= self.word_count:
            raise ValueError(f"expected words below {self.word_count}, got {compact.words.max()}")
        parts: FloatArray = self.codebook[np.arange(CODE_PARTS), compact.codes]
        return parts.reshape(-1, DESCRIPTOR_SIZE)

    def _centres(self, words: NDArray[np.integer]) -> FloatArray:
        centres: FloatArray = self.words.reshape(-1, DESCRIPTOR_SIZE)[words]
        return centres

    def _sign_rests(self, rests: FloatArray) -> NDArray[np.uint64]:
        bits = rests @ self.directions.T > 0
        return np.packbits(bits, axis=1, bitorder="little").view("<u8")[:, 0].astype(np.uint64)

    def to_bytes(self, origin: dict[str, str]) -> bytes:
        """Serialise to safetensors, uint8 and float16; ``origin`` goes into the header.

        It is one entry there, since safetensors writes several in any order, which would change the
        fingerprint.
        """
        return save(
            {
                "cells": np.rint(self.cells * _LEVELS).astype(np.uint8),
                "words": np.rint(self.words * _LEVELS).astype(np.uint8),
                "codebook": self.codebook.astype(np.float16),
                "directions": self.directions.astype(np.float16),
            },
            {"origin": json.dumps(origin)},
        )

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Read what ``to_bytes`` wrote. Raises ValueError with what is expected and found."""
        try:
            tensors = load(content)
        except SafetensorError as error:
            raise ValueError(f"expected a vocabulary in safetensors, got {error}") from error
        numbers: dict[str, Any] = {}
        for name, kind in _KINDS.items():
            if name not in tensors or tensors[name].dtype != kind:
                found = tensors[name].dtype if name in tensors else "nothing"
                raise ValueError(f"expected {name} of {np.dtype(kind)}, got {found}")
            numbers[name] = tensors[name].astype(np.float32)
            if kind is np.uint8:
                numbers[name] /= _LEVELS
        _check_shapes({name: tensor.shape for name, tensor in numbers.items()})
        fingerprint = hashlib.sha256(content).digest()[:FINGERPRINT_BYTES]
        return cls(**numbers, fingerprint=fingerprint)


@cache
def load_vocabulary(path: Path = VOCABULARY_PATH) -> Vocabulary:
    """Return the vocabulary of a file, by default the one that ships. Raises ValueError."""
    return Vocabulary.from_bytes(path.read_bytes())


def _check_shapes(shapes: dict[str, tuple[int, ...]]) -> None:
    cells, leaves = (*shapes["words"], 0, 0)[:2]
    expected = {
        "cells": (cells, DESCRIPTOR_SIZE),
        "words": (cells, leaves, DESCRIPTOR_SIZE),
        "codebook": (CODE_PARTS, 256, DESCRIPTOR_SIZE // CODE_PARTS),
        "directions": (SIGNATURE_BITS, DESCRIPTOR_SIZE),
    }
    for name, shape in expected.items():
        if shapes[name] != shape:
            raise ValueError(f"expected {name} of shape {shape}, got {shapes[name]}")
    if not 0 < cells * leaves <= 1 << 16:
        raise ValueError(f"expected 1 to 65536 words, got {cells * leaves}")


def _relative_squares(rows: FloatArray, centres: FloatArray) -> FloatArray:
    """Return squared distances ``(n, m)`` to centres, less the square of each row."""
    distances: FloatArray = _squares(centres) - 2 * (rows @ centres.T)
    return distances


def _smallest(rows: FloatArray, count: int) -> NDArray[np.int64]:
    """Return the columns of the ``count`` smallest numbers of each row, the smallest first."""
    columns: NDArray[np.int64]
    if count == 1:
        # Much faster than a partition.
        columns = rows.argmin(axis=1)[:, None]
        return columns
    best = np.argpartition(rows, count - 1, axis=1)[:, :count]
    order = np.argsort(np.take_along_axis(rows, best, axis=1), axis=1, kind="stable")
    columns = np.take_along_axis(best, order, axis=1)
    return columns


def _squares(vectors: FloatArray) -> FloatArray:
    """Return the squared lengths ``(...)`` of vectors ``(..., d)``."""
    squares: FloatArray = np.einsum("...i,...i->...", vectors, vectors)
    return squares
