"""Search for the same picture: candidates by votes, and a geometric verification of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from .compact import CompactFeatures
from .features import LocalFeatures
from .geometry import Verification, verify
from .inverted_file import CANDIDATES, InvertedFile, QueryWords


class Found(NamedTuple):
    """A work that was verified, by key."""

    key: int
    verification: Verification


def find_same_picture(
    query: LocalFeatures,
    inverted_file: InvertedFile,
    read: Callable[[int], CompactFeatures | None],
    candidates: int = CANDIDATES,
) -> list[Found]:
    """Return the works that show the same picture as a query, those with most inliers first.

    The query and its mirror image are both tried; of a work that answers to both the better
    answer is kept. ``read`` returns the compact features of a work, or None if it is gone.
    """
    vocabulary = inverted_file.vocabulary
    best: dict[int, Verification] = {}
    for features, mirrored in ((query, False), (query.mirrored(), True)):
        for candidate in inverted_file.find(QueryWords.of(features, vocabulary), candidates):
            compact = read(candidate.key)
            if compact is None:
                continue
            found = verify(features, vocabulary.decode(compact), mirrored)
            if found is None:
                continue
            if candidate.key not in best or found.inliers > best[candidate.key].inliers:
                best[candidate.key] = found
    ranked = sorted(best.items(), key=lambda item: (-item[1].inliers, item[0]))
    return [Found(key, verification) for key, verification in ranked]
