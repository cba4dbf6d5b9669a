"""Rankings of stored descriptors, and of the formula."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stylesim_app.core.descriptors import Descriptor
from stylesim_app.index import sets
from stylesim_app.models import Artwork, DescriptorSet
from stylesim_app.ranking import lanes
from stylesim_app.ranking.options import RankingOptions
from stylesim_app.ranking.results import RankedAnswer
from stylesim_app.ranking.similar import find_similar

from . import synthetic


def serving_set() -> DescriptorSet:
    """The set that rankings read, where there is one."""
    serving = sets.serving_set()
    assert serving is not None
    return serving


def rank(artwork: Artwork, **options: Any) -> RankedAnswer:
    works = Artwork.objects.all()
    return find_similar(artwork, RankingOptions(**{"limit": 10, **options}), works, works)


def rank_in_lane(lane: str, artwork: Artwork, **options: Any) -> Any:
    works = Artwork.objects.all()
    return lanes.get(lane).of_artwork(artwork, RankingOptions(**options), works, works).results


def check_rankings(works: Mapping[int, Descriptor], *, certified: bool = True) -> None:
    """Of some works, against the formula for all."""
    for pk in list(works)[::17]:
        answer = rank(Artwork.objects.get(pk=pk))
        others = {key: each for key, each in works.items() if key != pk}
        expected = synthetic.brute_force(works[pk], others, answer.weighting, 10)
        assert [result.artwork.pk for result in answer.results] == [key for key, _ in expected]
        assert answer.certified is certified
