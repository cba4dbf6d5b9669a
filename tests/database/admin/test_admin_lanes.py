"""The lanes in the admin: on the page of similar works, and in the record of an artwork."""

from __future__ import annotations

import re

import pytest

from stylesim_app.index import upkeep
from stylesim_app.models import Artwork, VectorIndex
from stylesim_app.ranking import lanes
from stylesim_app.ranking.options import RankingOptions
from tests.admin_pages import LIST, SIMILAR, ranked_titles


@pytest.fixture
def collection(collection):
    """The works of the collection, with the vectors of all lanes."""
    upkeep.maintain(60, idle=True)
    return collection


@pytest.mark.parametrize("name", ["artist_style", "content", "regions"])
def test_works_are_compared_in_a_lane(staff_client, collection, name):
    artwork = collection["disc-a"]
    works = Artwork.objects.all()
    expected = lanes.get(name).of_artwork(artwork, RankingOptions(limit=3), works, works)
    html = staff_client.get(f"{SIMILAR}?ids={artwork.pk}&lane={name}&limit=3").content.decode()
    assert ranked_titles(html) == [[result.artwork.title for result in expected.results]]
    assert f'<option value="{name}" selected>' in html
    figures = re.findall(r">Distance</a></dt><dd>([^<]+)</dd>", html)
    assert [float(figure) for figure in figures] == pytest.approx(
        [result.figure for result in expected.results], rel=0.01
    )
    assert len(re.findall(r">Closer than [\d.]+% of pairs<|>Closer than all", html)) == 3
    assert "Style distance" not in html
    assert 'name="preset" value="paper"' not in html
    assert ('id="id_relu1_1"' in html) is (name == "artist_style")


def test_the_record_has_a_choice_of_lanes(staff_client, collection):
    address = f"{LIST}{collection['disc-a'].pk}/change/"
    html = staff_client.get(address).content.decode()
    assert "<strong>The paper&#x27;s measure</strong>" in html
    assert 'href="?lane=content#stylesim-similar-heading">Similar content</a>' in html
    html = staff_client.get(address, {"lane": "content"}).content.decode()
    assert "<strong>Similar content</strong>" in html
    assert "Style distance" not in html
    assert f"{SIMILAR}?ids={collection['disc-a'].pk}&amp;lane=content" in html


def test_an_unknown_lane_is_told(staff_client, collection):
    page = staff_client.get(f"{SIMILAR}?ids={collection['disc-a'].pk}&lane=smell")
    assert "Unknown lane. Choose one of measure" in page.content.decode()
    assert page.context["sections"] == []


def test_a_lane_that_is_not_ready_says_so(staff_client, collection):
    VectorIndex.objects.all().delete()
    html = staff_client.get(f"{SIMILAR}?ids={collection['disc-a'].pk}&lane=content")
    assert "This comparison is being prepared." in html.content.decode()


def test_the_same_picture_is_shown_in_words(staff_client, matched_works):
    (original, other, *_), copy = matched_works
    address = f"{SIMILAR}?lane=same_picture&ids="
    html = staff_client.get(f"{address}{copy.pk}").content.decode()
    assert f"1. {original.title}" in html
    assert "mirrored" in html
    assert "7 of 7 works you can see were compared." in html
    html = staff_client.get(f"{address}{other.pk}").content.decode()
    assert "No work shows the same picture." in html
