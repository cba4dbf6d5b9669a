"""The closeness of results, on one scale in all lanes."""

from __future__ import annotations

import numpy as np
import pytest

from stylesim_app.core.scale import PairScale
from stylesim_app.index import listed, upkeep
from stylesim_app.index.serving import Serving
from stylesim_app.models import Artwork
from stylesim_app.ranking import lanes
from stylesim_app.ranking.closeness import closeness, figure_of, nearer_neighbours, part
from stylesim_app.ranking.options import RankingOptions

SCALE = PairScale(np.array([1.0, 2.0, 3.0, 4.0, 5.0]), np.array([1.0, 1.0, 2.0]))


def test_identical_pictures_are_1_and_an_ordinary_pair_is_0():
    assert [SCALE.closeness(figure) for figure in (0, 1.5, 3, 9)] == [1, 0.5, 0, 0]
    # All pictures are the same.
    same = PairScale(np.zeros(3))
    assert [same.closeness(figure) for figure in (0, 1)] == [1, 0]
    assert same.nearer_neighbours(1) is None


def test_neighbours_that_are_nearer_are_counted():
    found = [SCALE.nearer_neighbours(figure) for figure in (1, 1.5, 9)]
    assert found == pytest.approx([0, 200 / 3, 100])
    doubled = SCALE.times(2)
    assert doubled.closeness(3) == SCALE.closeness(1.5)
    assert doubled.nearer_neighbours(3) == SCALE.nearer_neighbours(1.5)


def rank(work, lane="measure", **options):
    works = Artwork.objects.all()
    return lanes.get(lane).of_artwork(work, RankingOptions(limit=50, **options), works, works)


@pytest.mark.parametrize(
    ("lane", "options"),
    [
        ("measure", {}),
        ("measure", {"preset": "balanced"}),
        ("measure", {"preset": "copies", "style_weight": 3.0, "content_weight": 1.0}),
        ("artist_style", {}),
        ("regions", {}),
    ],
)
def test_every_lane_has_the_scale_of_its_own_pairs(collection, lane, options):
    upkeep.maintain(60, idle=True)
    answers = [rank(work, lane, **options) for work in collection.values()]
    figures = [figure_of(result) for answer in answers for result in answer.results]
    nearest = [figure_of(answer.results[0]) for answer in answers]
    # All twelve works are in the sample, so that it has each pair, and each neighbour.
    scale = answers[0].scale
    assert scale.ordinary() == pytest.approx(np.median(figures), rel=0.02)
    assert scale.nearest == pytest.approx(np.sort(nearest), rel=0.02)
    parted = part(answers[0])
    assert parted.close
    assert parted.far
    assert all(closeness(scale, each) == 0 for each in parted.far)


def test_in_a_large_collection_neighbours_are_those_of_the_lists(collection, monkeypatch):
    upkeep.maintain(60, idle=True)
    serving = Serving()
    answer = rank(collection["disc-a"])
    assert listed.nearest_listed(serving, answer.weighting) is None
    monkeypatch.setattr(listed, "PAIR_WORKS", 11)
    found = listed.nearest_listed(serving, answer.weighting)
    nearest = [figure_of(rank(work).results[0]) for work in collection.values()]
    assert found is not None
    assert len(found) == 11
    assert set(np.round(found, 4)) <= set(np.round(nearest, 4))
    share = nearer_neighbours(answer, serving)
    first = figure_of(answer.results[0])
    assert first is not None
    assert share == 100 * sum(found < first) / 11


def test_without_a_scale_all_results_are_close(make_artwork, index_artwork):
    for name in ("disc-a", "disc-b"):
        index_artwork(make_artwork(name, title=name), name)
    answer = rank(Artwork.objects.get(title="disc-a"))
    assert answer.scale is None
    assert part(answer).far == []
    assert closeness(answer.scale, answer.results[0]) is None
    assert nearer_neighbours(answer, Serving()) is None
