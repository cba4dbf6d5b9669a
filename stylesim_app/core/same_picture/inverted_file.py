"""The inverted file, which finds the works that share most visual words with a query.

Votes as in Jégou, Douze and Schmid, "Hamming embedding and weak geometric consistency for large
scale image search", ECCV 2008: a posting counts if its signature is near the query's, and all that
count for a work must agree on one turn and one change of size.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .compact import ANGLE_STEPS, SIZE_STEPS, CompactFeatures, quantise_angles, quantise_sizes
from .features import LocalFeatures
from .segments import Segment
from .vocabulary import Vocabulary

#: Words of each feature of a query.
QUERY_WORDS = 3
#: Most bits in which a posting's signature may differ from the query's.
LARGEST_HAMMING = 22
#: Candidates that a query returns.
CANDIDATES = 20
#: Works whose votes are examined for agreement, those with most votes.
EXAMINED = 2000
#: Works of a segment beyond which it is merged no more: bounds the memory of a merge.
LARGEST_MERGE = 25_000

# Bins of a turn; bins of a change of size, half an octave each, from -4 to 4 octaves.
_TURNS, _SIZES = 16, 16
_SIZE_BIN = SIZE_STEPS // 2
# Postings that are compared at a time: bounds the memory of a query.
_BLOCK = 1_000_000

FloatArray = NDArray[np.float64]


class Candidate(NamedTuple):
    """A work's key, and its votes; higher is better."""

    key: int
    votes: float


@dataclass(frozen=True, eq=False)
class QueryWords:
    """A query as the inverted file reads it, one line for each feature and each of its words.

    ``features`` ``(n,)`` numbers the feature, ``words`` ``(n,)`` its word, ``signatures`` ``(n,)``
    its signature as a member of that word, ``angles`` and ``sizes`` ``(n,)`` are quantised.
    """

    features: NDArray[np.int64]
    words: NDArray[np.int64]
    signatures: NDArray[np.uint64]
    angles: NDArray[np.uint8]
    sizes: NDArray[np.uint8]

    @classmethod
    def of(cls, query: LocalFeatures, vocabulary: Vocabulary) -> QueryWords:
        words = vocabulary.nearest_words(query.descriptors, QUERY_WORDS).reshape(-1)
        features = np.repeat(np.arange(len(query)), QUERY_WORDS)
        return cls(
            features,
            words,
            vocabulary.sign(query.descriptors[features], words),
            quantise_angles(query.angles)[features],
            quantise_sizes(query.sizes)[features],
        )


@dataclass(frozen=True, eq=False)
class Votes:
    """Postings that a query's features vote for.

    ``works`` ``(n,)`` are positions over all segments, one after another; ``weights`` ``(n,)``;
    ``turns`` and ``sizes`` ``(n,)`` are the bins of what leads from the posting to the query.
    """

    works: NDArray[np.int64]
    weights: FloatArray
    turns: NDArray[np.int64]
    sizes: NDArray[np.int64]


class InvertedFile:
    """Segments of works, to which works are added and from which they are removed.

    Segments double in size from the last to the first, so that a query meets few of them, and an
    added work is merged few times. A removed work stays in its segment, unseen, until the next
    merge. Several threads may query it, or one may change it.
    """

    def __init__(self, vocabulary: Vocabulary, segments: Sequence[Segment] = ()) -> None:
        self.vocabulary = vocabulary
        self._segments = list(segments)
        self._live = [np.ones(len(segment.keys), np.bool_) for segment in segments]

    def __len__(self) -> int:
        return sum(int(live.sum()) for live in self._live)

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The segments, from the first and largest to the last; with works that were removed."""
        return tuple(self._segments)

    def work_keys(self) -> NDArray[np.int64]:
        """Return the keys of all works, in no order."""
        pairs = zip(self._segments, self._live, strict=True)
        return np.concatenate([np.empty(0, np.int64), *(each.keys[live] for each, live in pairs)])

    def add(self, works: Sequence[tuple[int, CompactFeatures]]) -> None:
        """Add works by key; one whose key is there already is replaced."""
        added = Segment.build(works, self.vocabulary)
        self.remove(added.keys)
        self._segments.append(added)
        self._live.append(np.ones(len(added.keys), np.bool_))
        while self._is_to_merge():
            self._merge_from(len(self._segments) - 2)

    def remove(self, keys: Sequence[int] | NDArray[np.int64]) -> None:
        """Take works out by key; a key that is not there is no error."""
        for segment, live in zip(self._segments, self._live, strict=True):
            live[np.isin(segment.keys, np.asarray(keys, np.int64))] = False

    def find(self, query: QueryWords, count: int = CANDIDATES) -> list[Candidate]:
        """Return the works with most votes for one pose, best first; those without are left out."""
        if not self._segments:
            return []
        idf = self._inverse_frequencies()
        parts: list[tuple[NDArray[Any], ...]] = []
        first = 0
        for segment, live in zip(self._segments, self._live, strict=True):
            parts.extend(_vote(query, segment, live, idf, first))
            first += len(segment.keys)
        if not parts:
            return []
        votes = Votes(*(np.concatenate(part) for part in zip(*parts, strict=True)))
        best, figures = _agree(votes, first, count)
        keys = np.concatenate([segment.keys for segment in self._segments])[best]
        return [Candidate(int(key), float(each)) for key, each in zip(keys, figures, strict=True)]

    def _inverse_frequencies(self) -> FloatArray:
        counts = sum(np.diff(segment.starts) for segment in self._segments)
        works = sum(len(segment.keys) for segment in self._segments)
        return np.log1p(works / np.maximum(counts, 1))

    def _is_to_merge(self) -> bool:
        if len(self._segments) < 2:
            return False
        before, last = (int(live.sum()) for live in self._live[-2:])
        return before <= 2 * last and before + last <= LARGEST_MERGE

    def _merge_from(self, first: int) -> None:
        merged = Segment.merge(self._segments[first:], self._live[first:])
        self._segments[first:] = [merged]
        self._live[first:] = [np.ones(len(merged.keys), np.bool_)]


def _vote(
    query: QueryWords, segment: Segment, live: NDArray[np.bool_], idf: FloatArray, first: int
) -> Iterator[tuple[NDArray[Any], ...]]:
    """Yield the fields of Votes, block by block; ``first`` is the position of the first work."""
    starts = segment.starts[query.words]
    counts = segment.starts[query.words + 1] - starts
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    for begin in range(0, total, _BLOCK):
        places = np.arange(begin, min(begin + _BLOCK, total))
        lines = np.searchsorted(ends, places, side="right")
        postings = starts[lines] + places - (ends - counts)[lines]
        bits = np.bitwise_count(segment.signatures[postings] ^ query.signatures[lines])
        near = bits <= LARGEST_HAMMING
        postings, lines, bits = postings[near], lines[near], bits[near]
        works = segment.works[postings]
        seen = live[works]
        postings, lines, bits, works = postings[seen], lines[seen], bits[seen], works[seen]
        # A change of angle wraps round in uint8 as in a circle.
        turns = (query.angles[lines] - segment.angles[postings]) // (ANGLE_STEPS // _TURNS)
        changes = query.sizes[lines].astype(np.int64) - segment.sizes[postings]
        yield (
            works.astype(np.int64) + first,
            idf[query.words[lines]] ** 2 * np.exp(-((bits / 16.0) ** 2)),
            turns.astype(np.int64),
            np.clip(changes // _SIZE_BIN + _SIZES // 2, 0, _SIZES - 1),
        )


def _agree(votes: Votes, works: int, count: int) -> tuple[NDArray[np.int64], FloatArray]:
    """Return the positions of the best works, and their votes for one turn and change of size."""
    plain = np.bincount(votes.works, votes.weights, works)
    voted = np.flatnonzero(plain)
    examined = voted[np.argsort(-plain[voted], kind="stable")[:EXAMINED]]
    rank = np.full(works, -1)
    rank[examined] = np.arange(len(examined))
    ranks = rank[votes.works]
    chosen = ranks >= 0
    bins = (ranks * _TURNS + votes.turns) * _SIZES + votes.sizes
    size = len(examined) * _TURNS * _SIZES
    poses = np.bincount(bins[chosen], votes.weights[chosen], size)
    poses = poses.reshape(len(examined), _TURNS, _SIZES)
    # A pose near the edge of a bin votes in two.
    poses = poses + np.roll(poses, 1, axis=1)
    poses[:, :, 1:] = poses[:, :, 1:] + poses[:, :, :-1]
    figures = poses.max(axis=(1, 2))
    best = np.argsort(-figures, kind="stable")[:count]
    return examined[best], figures[best]
