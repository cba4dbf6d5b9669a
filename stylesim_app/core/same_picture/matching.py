"""Matches of two pictures' features, and which of them agree on one place, size and direction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .features import LONG_SIDE, LocalFeatures

#: A match must be this much nearer than the second best (Lowe's ratio). Lenient, because codes
#: blur the distances, and agreement is asked for next.
RATIO = 0.9
#: Largest distance of a match, of two RootSIFT descriptors at most sqrt(2) apart.
LARGEST_DISTANCE = 0.8
#: Matches looked at, those with the best ratios.
MOST_MATCHES = 300
#: How far two matches that agree may lie apart, in pixels, octaves and degrees.
LOOSE = (0.06 * LONG_SIDE, 1.0, 35.0)

FloatArray = NDArray[np.float32]
IndexArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Matches:
    """Pairs of features: indices into the query's and the candidate's, ``(m,)`` each."""

    query: IndexArray
    candidate: IndexArray

    def __len__(self) -> int:
        return len(self.query)

    def select(self, chosen: NDArray[np.bool_] | IndexArray) -> Matches:
        """Return some of the matches, by a mask or by their indices."""
        return Matches(self.query[chosen], self.candidate[chosen])


NO_MATCHES = Matches(np.empty(0, np.int64), np.empty(0, np.int64))


def measure_distances(query: LocalFeatures, candidate: LocalFeatures) -> FloatArray:
    """Return the distances of all descriptors of a query and a candidate, ``(n, m)``."""
    left, right = query.descriptors, candidate.descriptors
    squares = np.einsum("ij,ij->i", left, left)[:, None] + np.einsum("ij,ij->i", right, right)
    distances: FloatArray = np.sqrt(np.maximum(squares - 2 * (left @ right.T), 0))
    return distances


def match_features(distances: FloatArray) -> Matches:
    """Return the pairs of which the candidate's feature stands out as the query's nearest.

    ``distances`` is ``(n, m)``. A feature of the candidate may be matched several times.
    """
    count, choices = distances.shape
    if count == 0 or choices < 2:
        return NO_MATCHES
    nearest = distances.argmin(axis=1)
    rows = np.arange(count)
    first = distances[rows, nearest]
    others = distances.copy()
    others[rows, nearest] = np.inf
    ratios = first / np.maximum(others.min(axis=1), 1e-6)
    kept = np.flatnonzero((ratios < RATIO) & (first < LARGEST_DISTANCE))
    kept = kept[np.argsort(ratios[kept], kind="stable")[:MOST_MATCHES]]
    return Matches(kept, nearest[kept])


def agree_on_a_pose(query: LocalFeatures, candidate: LocalFeatures, matches: Matches) -> Matches:
    """Return the largest group of matches that one similarity puts roughly in place.

    Each match gives a similarity by itself, from the points, sizes and angles of its two features
    (Philbin et al., "Object retrieval with large vocabularies and fast spatial matching", CVPR
    2007), so that all can be tried, and no chance is involved. The group keeps to LOOSE.
    """
    if not len(matches):
        return matches
    there = _complex(query.points[matches.query])
    here = _complex(candidate.points[matches.candidate])
    octaves = np.log2(query.sizes[matches.query] / candidate.sizes[matches.candidate])
    turns = query.angles[matches.query] - candidate.angles[matches.candidate]
    factors = np.exp2(octaves) * np.exp(1j * np.radians(turns)).astype(np.complex64)
    shifts = there - factors * here
    pixels, largest_octaves, largest_degrees = LOOSE
    # Row k: what the similarity of match k makes of all matches.
    agree = np.abs(factors[:, None] * here + shifts[:, None] - there) < pixels
    agree &= np.abs(octaves[:, None] - octaves) < largest_octaves
    agree &= angle_between(turns[:, None], turns) < largest_degrees
    return matches.select(agree[agree.sum(axis=1).argmax()])


def match_one_to_one(distances: FloatArray, allowed: NDArray[np.bool_]) -> Matches:
    """Return the allowed pairs that are nearest to each other among those, both ways.

    ``distances`` and ``allowed`` are ``(n, m)``; each feature is in at most one pair.
    """
    masked = np.where(allowed, distances, np.inf)
    nearest = masked.argmin(axis=1)
    rows = np.flatnonzero(allowed.any(axis=1))
    rows = rows[masked.argmin(axis=0)[nearest[rows]] == rows]
    return Matches(rows, nearest[rows])


def angle_between(first: FloatArray, second: FloatArray) -> FloatArray:
    """Return the angle between two directions in degrees, 0 to 180."""
    difference: FloatArray = np.abs((first - second + 180) % 360 - 180)
    return difference


def _complex(points: FloatArray) -> NDArray[np.complex64]:
    return (points[:, 0] + 1j * points[:, 1]).astype(np.complex64)
