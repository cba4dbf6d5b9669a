"""Segments of the inverted file: postings of some works, sorted by visual word, never changed.

A posting is a feature of a work: 14 bytes, that is 4.2 KB for a work of 300 features. A segment on
disk is a folder of ``.npy`` files, which are mapped into memory, so that a query reads the postings
of its own words alone, and processes share them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from .compact import CompactFeatures
from .vocabulary import Vocabulary

IndexArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Segment:
    """Postings of ``len(keys)`` works.

    ``keys`` ``(w,)`` are the caller's, ascending. ``starts`` ``(words + 1,)`` bounds the postings
    of each word. The other columns are ``(n,)``: ``works``, positions in ``keys``; ``signatures``;
    ``angles`` and ``sizes``, quantised as in CompactFeatures.
    """

    keys: IndexArray
    starts: IndexArray
    works: NDArray[np.uint32]
    signatures: NDArray[np.uint64]
    angles: NDArray[np.uint8]
    sizes: NDArray[np.uint8]

    @classmethod
    def build(cls, works: Sequence[tuple[int, CompactFeatures]], vocabulary: Vocabulary) -> Self:
        """Return the postings of works, by key. Raises ValueError for a key that comes twice."""
        works = sorted(works, key=lambda work: work[0])
        keys = np.array([key for key, _ in works], np.int64)
        if (np.diff(keys) == 0).any():
            raise ValueError(
                f"expected each key once, got {keys[:-1][np.diff(keys) == 0][0]} twice"
            )
        counts = [len(features) for _, features in works]
        words = _join([features.words for _, features in works], np.uint16)
        order = np.argsort(words, kind="stable")
        signatures = [vocabulary.sign_compact(features) for _, features in works]
        return cls(
            keys,
            _bounds(words, vocabulary.word_count),
            np.repeat(np.arange(len(works), dtype=np.uint32), counts)[order],
            _join(signatures, np.uint64)[order],
            _join([features.angles for _, features in works], np.uint8)[order],
            _join([features.sizes for _, features in works], np.uint8)[order],
        )

    @classmethod
    def merge(cls, segments: Sequence[Segment], live: Sequence[NDArray[np.bool_]]) -> Self:
        """Return one segment of the live works of several, ``live`` being a mask for each.

        No key may be live in two of them.
        """
        pairs = list(zip(segments, live, strict=True))
        keys = np.concatenate([segment.keys[kept] for segment, kept in pairs])
        order = np.argsort(keys, kind="stable")
        places = np.empty(len(keys), np.uint32)
        places[order] = np.arange(len(keys), dtype=np.uint32)

        words, works, postings = [], [], []
        for segment, kept in pairs:
            own, places = places[: kept.sum()], places[kept.sum() :]
            renumbered = np.zeros(len(kept), np.uint32)
            renumbered[kept] = own
            chosen = kept[segment.works]
            postings.append(chosen)
            works.append(renumbered[segment.works[chosen]])
            word_count = len(segment.starts) - 1
            words.append(
                np.repeat(np.arange(word_count, dtype=np.uint16), np.diff(segment.starts))[chosen]
            )
        joined = np.concatenate(words)
        by_word = np.argsort(joined, kind="stable")
        columns = {
            name: np.concatenate(
                [
                    getattr(each, name)[chosen]
                    for each, chosen in zip(segments, postings, strict=True)
                ]
            )[by_word]
            for name in ("signatures", "angles", "sizes")
        }
        bounds = _bounds(joined, word_count)
        return cls(keys[order], bounds, np.concatenate(works)[by_word], **columns)

    def save(self, folder: Path) -> None:
        """Write each column as a file of its own; the folder must not exist yet."""
        folder.mkdir(parents=True)
        for field in fields(self):
            np.save(folder / f"{field.name}.npy", getattr(self, field.name))

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Map a segment into memory. Raises ValueError if its columns do not fit together."""
        columns = {
            field.name: np.load(folder / f"{field.name}.npy", mmap_mode="r")
            for field in fields(cls)
        }
        count = int(columns["starts"][-1])
        for name in ("works", "signatures", "angles", "sizes"):
            if len(columns[name]) != count:
                raise ValueError(f"expected {count} {name} in {folder}, got {len(columns[name])}")
        return cls(**columns)


def _bounds(words: NDArray[np.uint16], word_count: int) -> IndexArray:
    counts = np.bincount(words, minlength=word_count)
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _join(parts: Sequence[NDArray[Any]], kind: type[Any]) -> NDArray[Any]:
    return np.concatenate([np.empty(0, kind), *parts]).astype(kind)
