"""Ranking, as the service gives it."""

from __future__ import annotations

from stylesim_app.models import Artwork
from stylesim_app.services.search import RankingOptions, find_similar


def test_the_query_itself_is_left_out_and_the_rest_is_ranked(collection):
    artwork = collection["disc-a"]
    works = Artwork.objects.all()
    answer = find_similar(artwork, RankingOptions(limit=20), works, works)
    distances = [result.distance for result in answer.results]
    assert len(answer.results) == 11
    assert artwork not in [result.artwork for result in answer.results]
    assert distances == sorted(distances)
    assert (answer.indexed, answer.visible) == (12, 12)
