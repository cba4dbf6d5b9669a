"""The same-picture search of an evaluation. Needs OpenCV."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from ..core.same_picture.compact import CompactFeatures
from ..core.same_picture.detail import QUERY
from ..core.same_picture.inverted_file import CANDIDATES, InvertedFile
from ..core.same_picture.search import find_same_picture
from ..core.same_picture.vocabulary import load_vocabulary
from .collection import Item, Query, Track
from .describing import Describer
from .kept import digest


def count_inliers(
    works: Sequence[Item], queries: Sequence[Query], describer: Describer, track: Track
) -> NDArray[np.float64]:
    """Return minus the inliers of each query and work, ``(q, c)``; infinity where none agree."""
    vocabulary = load_vocabulary()
    key = digest([vocabulary.fingerprint.hex(), *(item.key for item in works)])
    paths = [
        describer.kept.path(f"same-picture-{key[:16]}", f"{query.item.key}.json")
        for query in queries
    ]
    if not all(path.exists() for path in paths):
        compact = [
            CompactFeatures.from_bytes(describer.features_path(item.key).read_bytes())
            for item in works
        ]
        inverted_file = InvertedFile(vocabulary)
        inverted_file.add(list(enumerate(compact)))
        pairs = list(zip(queries, paths, strict=True))
        for query, path in track(pairs, len(pairs), _("Searching for the same pictures")):
            if path.exists():
                continue
            features = query.item.read(QUERY).features
            found = (
                []
                if features is None
                # As many wrong works are candidates as if the right ones were absent.
                else find_same_picture(
                    features, inverted_file, compact.__getitem__, CANDIDATES + len(query.right)
                )
            )
            answer = {works[each.key].key: each.verification.inliers for each in found}
            describer.kept.write(path, json.dumps(answer).encode())
    column = {item.key: at for at, item in enumerate(works)}
    inliers = np.full((len(queries), len(works)), np.inf)
    for at, path in enumerate(paths):
        for name, count in json.loads(path.read_bytes()).items():
            inliers[at, column[name]] = -count
    return inliers
