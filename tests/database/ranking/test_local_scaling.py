"""Lanes with local scaling, against the formula in float64 of the vectors that are stored."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from stylesim_app.core import local_scaling
from stylesim_app.core.descriptors import CONTENT_LAYER
from stylesim_app.core.embedding import weigh_parts
from stylesim_app.index import scales, upkeep, vectors
from stylesim_app.index.embeddings import PICTURE
from stylesim_app.index.serving import Serving
from stylesim_app.models import Artwork, StoredDescriptor
from stylesim_app.ranking import lanes
from stylesim_app.ranking import vectors as vector_ranking
from stylesim_app.ranking.options import RankingOptions

NEIGHBOURS = 3


@pytest.fixture
def works(collection, monkeypatch):
    monkeypatch.setattr(local_scaling, "NEIGHBOURS", NEIGHBOURS)
    for module in (local_scaling, scales):
        monkeypatch.setattr(module, "FEWEST", len(collection))
    upkeep.maintain(60, idle=True)
    return collection


def rank(artwork: Artwork, lane: str = "content", **options: Any) -> Any:
    every = Artwork.objects.all()
    chosen = RankingOptions(**{"limit": 50, **options})
    return lanes.get(lane).of_artwork(artwork, chosen, every, every)


def cosines() -> dict[str, dict[str, float]]:
    """The cosines of the content of all pairs of works, by title."""
    names = dict(StoredDescriptor.objects.values_list("pk", "entry__artwork__title"))
    index = Serving().vector_index(PICTURE.name)
    assert index is not None
    stored = vectors.open_store(index).read(list(names))
    rows = {names[key]: each.numbers[0] for key, each in stored.items()}
    weighed = {name: weigh_parts(row, {CONTENT_LAYER: 1.0}) for name, row in rows.items()}
    return {
        name: {
            other: float(row.astype(np.float64) @ weighed[other]) for other in rows if other != name
        }
        for name, row in rows.items()
    }


def test_a_figure_is_greater_for_a_work_that_is_near_to_many(works):
    found = cosines()
    near = {name: np.mean(sorted(each.values())[-NEIGHBOURS:]) for name, each in found.items()}
    mean = np.mean(list(near.values()))
    answer = rank(works["disc-a"])
    expected = {
        name: max(0.0, 1 - cosine + (near[name] - mean) / 2)
        for name, cosine in found["disc-a"].items()
    }
    assert answer.local_scaling
    figures = [each.figure for each in answer.results]
    assert figures == pytest.approx(sorted(expected.values()), abs=1e-5)
    named = {each.artwork.title: each.figure for each in answer.results}
    assert named == pytest.approx(expected, abs=1e-5)
    plain = sorted(found["disc-a"], key=lambda name: -found["disc-a"][name])
    assert plain != list(named)


def test_random_pairs_are_scaled_like_results(works):
    answer = rank(works["disc-a"])
    assert len(answer.scale) == 66
    every = np.concatenate(
        [[each.figure for each in rank(work).results] for work in works.values()]
    )
    apart = np.abs(answer.scale.figures[:, None] - every).min(axis=1)
    assert apart.max() < 1e-5


def test_the_nearest_are_found_among_enough_works(works, monkeypatch):
    complete = [each.artwork for each in rank(works["disc-a"]).results]
    assert [each.artwork for each in rank(works["disc-a"], limit=3).results] == complete[:3]
    monkeypatch.setattr(vector_ranking, "SCALED", 1)
    [nearest] = rank(works["disc-a"], limit=1).results
    assert nearest.artwork.title == max(cosines()["disc-a"].items(), key=lambda pair: pair[1])[0]


def test_no_work_is_listed_where_none_may_be_seen(works):
    none = Artwork.objects.none()
    answer = lanes.get("content").of_artwork(works["disc-a"], RankingOptions(), none, none)
    assert answer.results == []


def test_a_small_collection_is_not_scaled(works, monkeypatch):
    monkeypatch.setattr(scales, "FEWEST", len(works) + 1)
    answer = rank(works["disc-a"])
    assert not answer.local_scaling
    figures = sorted(max(0.0, 1 - cosine) for cosine in cosines()["disc-a"].values())
    assert [each.figure for each in answer.results] == pytest.approx(figures, abs=1e-5)


@pytest.mark.parametrize(("lane", "scaled"), [("artist_style", True), ("regions", False)])
def test_lanes_are_scaled_where_it_finds_more(works, lane, scaled):
    assert rank(works["disc-a"], lane).local_scaling is scaled
