"""The lanes on the pages of an artwork and of a searched image."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import ImageOps

from stylesim_app.index import upkeep
from stylesim_app.messages import rarity_words
from stylesim_app.models import Artwork, ImageSearch, PictureMatch, StoredFeatures, VectorIndex
from stylesim_app.ranking import lanes
from tests import same_pictures
from tests.pages import page, titles, upload_of
from tests.unit.same_picture.drawn import draw

VECTOR_LANES = ("artist_style", "content", "regions")


def tabs(text):
    """The query of each tab by its label; the label of the current one."""
    links = re.findall(r'<li><a href="\?([^"#]+)#similar" title="[^"]+"( aria[^>]+)?>([^<]+)', text)
    return (
        {label: query for query, _, label in links},
        [label for _, current, label in links if current],
    )


def figures(text):
    return [float(figure) for figure in re.findall(r">Distance</a></dt><dd>([\d.]+)", text)]


@pytest.fixture
def collection(collection):
    """The works of the collection, with the vectors of all lanes."""
    upkeep.maintain(60, idle=True)
    return collection


@pytest.fixture
def search(client, collection, run_worker):
    """A search for the picture disc-a, as a worker leaves it."""
    client.post(reverse("stylesim:search"), {"image": upload_of("disc-a")})
    run_worker()
    return ImageSearch.objects.get()


def test_every_lane_has_a_tab_and_the_first_is_current(client, collection):
    found, current = tabs(page(client, "artwork", collection["disc-a"].pk))
    assert set(found) == {
        "Same picture?",
        "Similar style",
        "Similar content",
        "Details",
        "The paper's measure",
    }
    assert current == ["The paper's measure"]


def test_tabs_keep_filters_limit_and_weights(client, collection):
    query = {"collection": "bars", "limit": "2", "preset": "content", "lane": "content"}
    text = page(client, "artwork", collection["disc-a"].pk, **query)
    found, current = tabs(text)
    assert current == ["Similar content"]
    for query_string in found.values():
        assert "collection=bars&limit=2&preset=content" in query_string
    assert "lane=regions" in found["Details"]
    assert {title[:4] for title in titles(text)} == {"bars"}
    # The control sends what it does not show.
    assert '<input type="hidden" name="preset" value="content">' in text
    assert '<input type="hidden" name="lane" value="content">' in text


def test_a_region_is_kept_for_the_lanes_that_take_one(client, collection):
    query = {"lane": "regions", "region": "0.5,0,0.5,0.5"}
    text = page(client, "artwork", collection["disc-a"].pk, **query)
    found, _ = tabs(text)
    assert "region=" in found["Details"]
    assert "region=" not in found["Similar style"]
    # Nor for the page of a result.
    assert re.search(r'href="/artworks/\d+/\?lane=regions"', text)


@pytest.mark.parametrize("lane", VECTOR_LANES)
def test_a_vector_lane_shows_figures_and_what_they_mean(client, collection, lane):
    text = page(client, "artwork", collection["disc-a"].pk, lane=lane)
    assert len(titles(text)) == 10
    assert "disc-a" not in titles(text)
    assert figures(text) == sorted(figures(text))
    assert len(re.findall(r">Closer than [\d.]+% of pairs<", text)) == 10
    chosen = lanes.get(lane)
    for words in (chosen.question, chosen.meaning, chosen.limits):
        assert str(words) in text
    assert "12 of 12 works you can see are indexed." in text
    assert "vgg19 · paintings" in text
    # Of 66 pairs, one in a hundred is not known.
    assert "unrelated pairs" not in text
    assert ('name="preset" value="paper"' in text) is False
    assert ('id="layer-relu1_1"' in text) is (lane == "artist_style")
    assert ("<stylesim-region" in text) is (lane == "regions")


def test_layer_weights_count_in_the_style_lane(client, collection):
    pk = collection["disc-a"].pk
    equal = page(client, "artwork", pk, lane="artist_style")
    last = page(client, "artwork", pk, lane="artist_style", layer_weights="0,0,0,0,1")
    assert figures(equal) != figures(last)
    assert "relu1_1 0 · relu2_1 0 · relu3_1 0 · relu4_1 0 · relu5_1 1 · vgg19" in last


def test_weights_of_another_lane_are_not_looked_at(client, collection):
    query = {"lane": "content", "style_weight": "much", "layer_weights": "1,2"}
    text = page(client, "artwork", collection["disc-a"].pk, **query)
    assert len(titles(text)) == 10
    assert '<input type="hidden" name="layer_weights" value="1,2">' in text


def test_a_region_outlines_where_the_query_was_found(client, collection):
    query = {"lane": "regions", "region": "0,0,0.5,0.5", "limit": "3"}
    text = page(client, "artwork", collection["bars-b"].pk, **query)
    assert len(titles(text)) == 3
    assert '<polygon points="0,0 0.5,0 0.5,0.5 0,0.5"/>' in text
    outlines = re.findall(r'0.25x" [^>]+> ?<svg [^>]+><polygon points="([^"]+)"', text)
    assert len(outlines) == 3
    for outline in outlines:
        numbers = [float(number) for number in re.split("[ ,]", outline)]
        assert len(numbers) == 8
        assert min(numbers) >= 0
        assert max(numbers) <= 1.000001
    assert 'id="region-width" min="0" max="1" step="any" value="0.5"' in text
    # As four fields of one name send it.
    assert titles(text) == titles(
        page(
            client,
            "artwork",
            collection["bars-b"].pk,
            **{**query, "region": ["0", "0", "0.5", "0.5"]},
        )
    )
    entire = page(client, "artwork", collection["bars-b"].pk, lane="regions", region=[""] * 4)
    assert len(titles(entire)) == 10


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"lane": "smell"}, "Unknown lane. Choose one of measure, same_picture"),
        ({"lane": "regions", "region": "0,0,2,2"}, "each from 0 to 1, with commas"),
        ({"lane": "regions", "region": "0,0,1"}, "each from 0 to 1, with commas"),
        ({"lane": "regions", "region": ["0.1", "", "", ""]}, "each from 0 to 1, with commas"),
        ({"lane": "content", "region": "0,0,1,1"}, "The lane content cannot search for a region."),
        ({"lane": "content", "limit": "0"}, "greater than or equal to 1"),
        ({"lane": "artist_style", "layer_weights": "1,2"}, "Enter 5 layer weights, not 2."),
    ],
)
def test_what_cannot_be_used_is_marked(client, collection, query, message):
    text = page(client, "artwork", collection["disc-a"].pk, **query)
    assert message in text
    assert "No results" in text
    assert titles(text) == []
    assert len(tabs(text)[0]) == 5


@pytest.mark.parametrize("lane", VECTOR_LANES)
def test_works_that_are_not_visible_are_in_no_lane(client, collection, search, lane):
    Artwork.objects.filter(title__in=["bars-a", "disc-b"]).update(is_public=False)
    for name, pk in (("artwork", collection["disc-a"].pk), ("search-results", search.pk)):
        text = page(client, name, pk, lane=lane, limit="50")
        assert len(titles(text)) == (9 if name == "artwork" else 10)
        assert not {"bars-a", "disc-b"} & set(titles(text))
        assert "bars-a" not in text


@pytest.mark.parametrize("lane", VECTOR_LANES)
def test_a_searched_image_is_ranked_in_every_lane(client, search, lane):
    text = page(client, "search-results", search.pk, lane=lane)
    assert titles(text)[0] == "disc-a"
    assert tabs(text)[1] == [str(lanes.get(lane).label)]
    assert "Closer than all random pairs" in text


@pytest.mark.parametrize("lane", VECTOR_LANES)
def test_a_lane_that_is_not_ready_says_so_and_looks_again(client, collection, search, lane):
    VectorIndex.objects.all().delete()
    for name, pk in (("artwork", collection["disc-a"].pk), ("search-results", search.pk)):
        text = page(client, name, pk, lane=lane)
        assert "This comparison is not ready yet" in text
        assert "This comparison is being prepared." in text
        assert "data-poll" in text
        assert "This search failed" not in text
        # Another lane may be.
        assert len(tabs(text)[0]) == 5


def test_the_same_pictures_are_a_lane_of_their_own(client, matched_works):
    (original, *_), copy = matched_works
    text = page(client, "artwork", copy.pk, lane="same_picture")
    assert text.count('class="pair"') == 1
    assert original.title in text
    assert "mirrored" in text
    assert "7 of 7 works you can see were compared." in text
    # The panel above the results would show them twice.
    assert 'id="same-picture-title"' not in text
    assert 'id="same-picture-title"' in page(client, "artwork", copy.pk)
    assert 'id="same-picture-title"' in page(client, "artwork", copy.pk, lane="measure")
    assert 'id="same-picture-title"' not in page(client, "artwork", copy.pk, lane="content")


def test_only_the_lane_of_same_pictures_says_that_there_is_none(client, matched_works):
    (_original, other, *_), copy = matched_works
    said = "No work shows the same picture."
    text = page(client, "artwork", other.pk, lane="same_picture")
    assert said in text
    assert "7 of 7 works you can see were compared." in text
    assert "A copy may be missed" in text
    for lane in ("measure", *VECTOR_LANES):
        assert said not in page(client, "artwork", other.pk, lane=lane)
    text = page(client, "artwork", copy.pk, lane="same_picture", q="nothing like this")
    assert "No work that matches the filters shows the same picture." in text


def test_the_same_pictures_leave_out_what_is_not_visible_or_wanted(client, matched_works):
    (original, *_), copy = matched_works
    Artwork.objects.filter(pk__in=[original.pk, copy.pk]).update(artist="One")
    text = page(client, "artwork", copy.pk, lane="same_picture", exclude_same_artist="on")
    assert 'class="pair"' not in text
    Artwork.objects.filter(pk=original.pk).update(is_public=False)
    text = page(client, "artwork", copy.pk, lane="same_picture")
    assert 'class="pair"' not in text
    assert original.title not in text


def test_a_work_that_was_not_compared_waits(client, matched_works):
    _, copy = matched_works
    PictureMatch.objects.all().delete()
    StoredFeatures.objects.update(matched_at=None)
    text = page(client, "artwork", copy.pk, lane="same_picture")
    assert "This comparison is not ready yet" in text
    assert "This picture is waiting to be compared." in text


def test_a_searched_image_shows_the_same_pictures_once(client, matched_works, run_worker):
    framed = ImageOps.expand(draw(0), border=(90, 60), fill="#8a8378")
    image = SimpleUploadedFile("framed.png", same_pictures.png(framed))
    client.post(reverse("stylesim:search"), {"image": image})
    run_worker()
    search = ImageSearch.objects.get()
    for lane in ("measure", "same_picture"):
        text = page(client, "search-results", search.pk, lane=lane)
        assert text.count('class="pair"') == 2
        assert text.count('<section class="same-picture') == 1


def test_works_that_are_indexed_after_a_search_do_not_count_as_compared(
    client, matched_works, run_worker
):
    image = SimpleUploadedFile("other.png", same_pictures.png(draw(7)))
    client.post(reverse("stylesim:search"), {"image": image})
    run_worker()
    search = ImageSearch.objects.get()
    text = page(client, "search-results", search.pk, lane="same_picture")
    assert "No work shows the same picture." in text
    assert "7 of 7 works you can see were compared." in text
    same_pictures.upload(draw(7), "later")
    same_pictures.work()
    text = page(client, "search-results", search.pk, lane="same_picture")
    assert "None of the works compared so far shows the same picture." in text
    assert "7 of 8 works you can see were compared." in text
    assert "1 work was indexed after this search." in text
    answer = client.get(f"/api/search/{search.pk}/?lane=same_picture").json()
    assert answer["coverage"] == {"indexed": 7, "visible": 8}


def test_rarity_in_words():
    assert rarity_words(1 / 130_817, 130_816) == "Closer than all random pairs"
    assert rarity_words(0.02, 130_816) == "Closer than 98.0% of pairs"
    # Rounded down, so that all pairs are said to be farther only if they are.
    assert rarity_words(11 / 130_817, 130_816) == "Closer than 99.9% of pairs"
    assert rarity_words(1.0, 130_816) == "Closer than 0.0% of pairs"
