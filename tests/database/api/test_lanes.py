"""The lanes of vectors in the API."""

from __future__ import annotations

import pytest

from stylesim_app import files
from stylesim_app.index import sets, upkeep
from stylesim_app.models import Artwork, ImageSearch, VectorIndex, WorkItem

from .conftest import check_problem

LANES = ("artist_style", "content", "regions")
BAD_REGIONS = ["0.5,0.5,0.6,0.5", "-0.1,0,0.5,0.5", "0,0,0,0.5", "a,b,c,d", "0,0,1", "nan,0,1,1"]


@pytest.fixture
def works(collection):
    upkeep.maintain(60, idle=True)
    return collection


@pytest.fixture
def search(works, described):
    """A search for the picture disc-a, as a worker leaves it."""
    return ImageSearch.objects.create(
        state=WorkItem.State.INDEXED,
        descriptor_name=files.write("searches", "safetensors", described["disc-a"].to_bytes()),
        descriptor_set=sets.serving_set(),
    )


def similar(artwork: Artwork) -> str:
    return f"/api/artworks/{artwork.pk}/similar/"


def address(search: ImageSearch) -> str:
    return f"/api/search/{search.pk}/"


def check_shape(answer, lane, region=None):
    assert set(answer) == {
        *("query", "lane", "region", "coverage", "provenance"),
        *("scale", "local_scaling", "results"),
    }
    assert (answer["lane"], answer["region"]) == (lane, region)
    assert answer["coverage"] == {"indexed": 12, "visible": 12}
    assert answer["provenance"]["weights"] == "paintings"
    # Of 66 pairs, one in a hundred is not known.
    assert answer["scale"] == {"pairs": 66, "flagged": {"0.01": None, "0.001": None}}
    assert answer["local_scaling"] is False
    results = answer["results"]
    assert [result["rank"] for result in results] == list(range(1, len(results) + 1))
    figures = [result["figure"] for result in results]
    assert figures == sorted(figures)
    for result in results:
        assert set(result) == {"rank", "artwork", "figure", "unusual", "region"}
        assert 0 < result["unusual"] <= 1
        if region is None:
            assert result["region"] is None
        else:
            left, top, width, height = result["region"]
            assert min(left, top, 1.000001 - left - width, 1.000001 - top - height) >= 0


@pytest.mark.parametrize("lane", LANES)
def test_the_answers_have_the_shape_that_is_promised(visitor, works, search, lane):
    artwork = works["disc-a"]
    answer = visitor.get(similar(artwork), {"lane": lane, "limit": 3}).json()
    check_shape(answer, lane)
    shown = visitor.get(f"/api/artworks/{artwork.pk}/").json()
    assert answer["query"] == shown
    assert len(answer["results"]) == 3
    found = visitor.get(address(search), {"lane": lane}).json()
    check_shape(found, lane)
    assert found["query"]["id"] == str(search.pk)
    assert found["query"]["state"] == "indexed"
    assert len(found["results"]) == 10
    assert found["results"][0]["artwork"] == shown


def test_a_region_is_in_the_answer_and_in_each_result(visitor, works, search):
    query = {"lane": "regions", "region": "0.25,0,0.5,0.5"}
    for place in (similar(works["disc-a"]), address(search)):
        check_shape(visitor.get(place, query).json(), "regions", [0.25, 0, 0.5, 0.5])


def test_a_region_that_is_empty_is_the_entire_picture(visitor, works):
    place = similar(works["disc-a"])
    entire = visitor.get(place, {"lane": "regions"}).json()
    assert visitor.get(place, {"lane": "regions", "region": ""}).json() == entire


def test_what_cannot_be_searched_for_is_named(visitor, works, search):
    for place in (similar(works["disc-a"]), address(search)):
        for region in BAD_REGIONS:
            response = visitor.get(place, {"lane": "regions", "region": region})
            errors = check_problem(response, 400, "invalid")["errors"]
            assert list(errors) == ["region"]
            assert "each from 0 to 1" in errors["region"][0]
        for lane in ("measure", "same_picture", "artist_style", "content"):
            response = visitor.get(place, {"lane": lane, "region": "0,0,0.5,0.5"})
            errors = check_problem(response, 400, "invalid")["errors"]
            assert errors == {"region": [f"The lane {lane} cannot search for a region."]}
        errors = check_problem(visitor.get(place, {"lane": "smell"}), 400, "invalid")["errors"]
        assert list(errors) == ["lane"]
        assert all(lane in errors["lane"][0] for lane in LANES)


def test_a_lane_that_is_not_ready_is_409_and_a_search_says_so(visitor, works, search):
    VectorIndex.objects.all().delete()
    queries = [{"lane": lane} for lane in LANES]
    queries += [{"lane": "regions", "region": "0,0,0.5,0.5"}, {"preset": "copies"}]
    for query in queries:
        response = visitor.get(similar(works["disc-a"]), query)
        problem = check_problem(response, 409, "not_indexed")
        assert problem["state"] == "stale"
        assert "being prepared" in problem["detail"]
        waiting = visitor.get(address(search), query)
        assert waiting.status_code == 200
        assert "being prepared" in waiting.json()["reason"]
        assert waiting.json()["state"] == "stale"
    assert visitor.get(similar(works["disc-a"])).status_code == 200


def test_what_is_not_visible_is_in_no_lane(visitor, works, search):
    hidden = ("bars-a", "disc-b")
    Artwork.objects.filter(title__in=hidden).update(is_public=False)
    for lane in LANES:
        for place in (similar(works["disc-a"]), address(search)):
            answer = visitor.get(place, {"lane": lane, "limit": 50}).json()
            assert answer["coverage"] == {"indexed": 10, "visible": 10}
            listed = {result["artwork"]["title"] for result in answer["results"]}
            assert not listed & set(hidden)
