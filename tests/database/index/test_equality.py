"""Search against brute force on a collection of real pictures, each of them as a query.

It extracts the descriptors of all pictures of a folder first, which takes a while, so it runs only
on request::

    STYLESIM_EQUALITY=/a/folder python -m pytest -s tests/database/index/test_equality.py

``STYLESIM_EQUALITY_WORKS=200`` limits the number of pictures. Memory: 2 MB for each.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from stylesim_app.core.descriptors import Descriptor
from stylesim_app.core.distances import PRESETS, DistanceParts, Weighting, measure_parts
from stylesim_app.index import neighbours, upkeep
from stylesim_app.models import Artwork, Neighbour, StoredDescriptor
from stylesim_app.ranking.options import RankingOptions
from stylesim_app.ranking.similar import find_similar
from stylesim_app.work import pipeline
from tests import synthetic

FOLDER = os.environ.get("STYLESIM_EQUALITY", "")
WORKS = int(os.environ.get("STYLESIM_EQUALITY_WORKS", 10**6))
LIMIT = 10
#: Of all answers, in percent: those that are certified within the default budget.
CERTIFIED = {"style": 99, "paper": 99, "balanced": 95, "content": 80}
#: ... and those that are the same as brute force gives, and entries of lists that are.
IDENTICAL = 99.9

pytestmark = pytest.mark.skipif(
    not FOLDER, reason="STYLESIM_EQUALITY=/a/folder of pictures compares search with brute force"
)


def describe(paths: list[Path]) -> Iterator[Descriptor]:
    for start in range(0, len(paths), 8):
        some = paths[start : start + 8]
        pictures = [pipeline.decode_picture(path.read_bytes()) for path in some]
        yield from map(synthetic.as_stored, pipeline.describe(pictures))


class AllPairs:
    """The distance of each work to each, from the formula."""

    def __init__(self, works: dict[int, Descriptor]) -> None:
        self.keys = np.array(list(works))
        self.row_of = {pk: row for row, pk in enumerate(works)}
        count = len(works)
        self.parts = DistanceParts(np.zeros((count, count, 5)), np.zeros((count, count)))
        descriptors = list(works.values())
        for row, a in enumerate(descriptors):
            for column in range(row):
                layers, content = measure_parts(a, descriptors[column])
                self.parts.layers[[row, column], [column, row]] = layers
                self.parts.content[[row, column], [column, row]] = content

    def nearest(self, pk: int, weighting: Weighting, limit: int) -> list[int]:
        row = self.row_of[pk]
        distances = DistanceParts(self.parts.layers[row], self.parts.content[row])
        order = np.argsort(distances.distances(weighting), kind="stable")
        return self.keys[order[order != row][:limit]].tolist()


@pytest.fixture(scope="module")
def paths() -> list[Path]:
    found = sorted(path for path in Path(FOLDER).rglob("*") if path.suffix in (".jpg", ".png"))
    assert len(found[:WORKS]) >= 64, f"there are {len(found)} pictures in {FOLDER}"
    return found[:WORKS]


def test_search_equals_brute_force(db, paths):
    works = synthetic.store_works(list(describe(paths)))
    upkeep.maintain(math.inf, idle=False)
    all_pairs = AllPairs(works)
    artworks = Artwork.objects.all()
    print(f"\n{len(works)} works, the {LIMIT} nearest to each, in percent of all answers:")
    for preset in PRESETS:
        options = RankingOptions(preset=preset, limit=LIMIT)
        identical, certified, wrong = 0, 0, []
        for artwork in artworks:
            answer = find_similar(artwork, options, artworks, artworks)
            expected = all_pairs.nearest(artwork.pk, answer.weighting, LIMIT)
            same = [result.artwork.pk for result in answer.results] == expected
            identical += same
            certified += answer.certified
            if answer.certified and not same:
                wrong.append(artwork.pk)
        shares = [100 * number / len(works) for number in (identical, certified)]
        print(f"{preset:9} identical {shares[0]:6.2f}  certified {shares[1]:6.2f}")
        assert wrong == []
        assert shares[0] >= IDENTICAL
        assert shares[1] >= CERTIFIED.get(preset, 0)

    while not upkeep.maintain(math.inf, idle=True):
        pass
    right = total = 0
    for stored in StoredDescriptor.objects.select_related("entry"):
        expected = all_pairs.nearest(
            stored.entry.artwork_id, neighbours.WEIGHTING, neighbours.LIST_LENGTH
        )
        listed = Neighbour.objects.filter(owner=stored)
        found = listed.values_list("neighbour__entry__artwork", flat=True)
        right += len(set(expected) & set(found))
        total += len(expected)
    print(f"entries of lists of {neighbours.LIST_LENGTH}: {100 * right / total:.2f} right")
    assert right / total >= IDENTICAL / 100
