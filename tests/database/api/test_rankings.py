"""Similar works and comparisons in the API."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from stylesim_app.core.distances import measure_parts
from stylesim_app.index import upkeep
from stylesim_app.models import Artwork, IndexEntry, StoredDescriptor, VectorIndex, WorkItem
from stylesim_app.ranking.options import RankingOptions
from stylesim_app.ranking.similar import find_similar

from .conftest import check_problem

COMPARE = "/api/compare/"
LAYERS = ["relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1"]
#: Parameters that no ranking can use, with the one that is to blame and what is said of it.
BAD_WEIGHTS = [
    ({"preset": "louvre"}, "preset", "Unknown preset"),
    ({"style_weight": "-1"}, "style_weight", "negative"),
    ({"content_weight": "-0.5"}, "content_weight", "negative"),
    ({"style_weight": "much"}, "style_weight", "number"),
    ({"style_weight": "nan"}, "style_weight", "number"),
    ({"content_weight": "inf"}, "content_weight", "number"),
    ({"content_weight": "1e308"}, "content_weight", "at most"),
    ({"style_weight": "0", "content_weight": "0"}, "non_field_errors", "both be zero"),
    ({"layer_weights": "0,0,0,0,0"}, "layer_weights", "above zero"),
    ({"layer_weights": "1,2,3"}, "layer_weights", "5 "),
    ({"layer_weights": "a,b,c,d,e"}, "layer_weights", "5 "),
    ({"layer_weights": "1,1,1,1,-1"}, "layer_weights", "negative"),
    ({"layer_weights": "1,1,nan,1,1"}, "layer_weights", "finite"),
    ({"layer_weights": "1,1,1,1,1e308"}, "layer_weights", "at most"),
    ({"presets": "style"}, "presets", "Unknown parameter"),
]
BAD_RANKINGS = [
    *BAD_WEIGHTS,
    ({"limit": "100000"}, "limit", "Enter at most 100"),
    ({"limit": "0"}, "limit", "1"),
    ({"limit": "-5"}, "limit", "1"),
    ({"limit": "all"}, "limit", "whole number"),
    ({"exclude_same_artist": "maybe"}, "exclude_same_artist", "true or false"),
    ({"year_from": "late"}, "year_from", "number"),
    ({"ordering": "title"}, "ordering", "Unknown parameter"),
    ({"page": "2"}, "page", "Unknown parameter"),
]


def similar(artwork: Artwork) -> str:
    return f"/api/artworks/{artwork.pk}/similar/"


def titles(response) -> list[str]:
    return [result["artwork"]["title"] for result in response.json()["results"]]


def test_the_answer_has_the_shape_that_is_promised(visitor, collection):
    artwork = collection["disc-a"]
    answer = visitor.get(similar(artwork), {"limit": 3}).json()
    assert set(answer) == {
        *("query", "lane", "preset", "style_weight", "content_weight", "layer_weights"),
        *("certified", "coverage", "provenance", "results"),
    }
    assert answer["query"] == visitor.get(f"/api/artworks/{artwork.pk}/").json()
    assert (answer["preset"], answer["style_weight"], answer["content_weight"]) == (
        "paper",
        1,
        1e-4,
    )
    assert answer["layer_weights"] == [0.2] * 5
    assert answer["coverage"] == {"indexed": 12, "visible": 12}
    assert answer["provenance"]["weights"] == "paintings"
    assert answer["provenance"]["network"] == "vgg19"
    assert len(answer["provenance"]["weights_sha256"]) == 64
    assert [result["rank"] for result in answer["results"]] == [1, 2, 3]
    for result in answer["results"]:
        assert set(result) == {
            *("rank", "artwork", "distance", "style_distance"),
            *("content_distance", "layer_distances", "closer_than"),
        }
        assert list(result["layer_distances"]) == LAYERS
        assert 0 <= result["closer_than"] <= 100
        assert result["distance"] == pytest.approx(
            result["style_distance"] + 1e-4 * result["content_distance"]
        )


def test_the_ranking_is_that_of_the_service(visitor, collection):
    artwork, works = collection["cross-b"], Artwork.objects.all()
    options = RankingOptions(
        style_weight=2.0, content_weight=0.25, layer_weights=(1.0, 0.0, 0.0, 0.5, 2.0), limit=5
    )
    expected = find_similar(artwork, options, works, works)
    response = visitor.get(
        similar(artwork),
        {"style_weight": 2, "content_weight": 0.25, "layer_weights": "1,0,0,0.5,2", "limit": 5},
    )
    answer = response.json()
    assert answer["preset"] == "custom"
    assert answer["layer_weights"] == [1, 0, 0, 0.5, 2]
    assert titles(response) == [result.artwork.title for result in expected.results]
    assert [result["distance"] for result in answer["results"]] == [
        result.distance for result in expected.results
    ]


def test_own_weights_may_be_called_by_the_name_that_answers_give(visitor, collection):
    weights = {"style_weight": 2, "layer_weights": "1,0,0,0,0"}
    for address, query in (
        (similar(collection["disc-a"]), {}),
        (COMPARE, {"a": collection["disc-a"].pk, "b": collection["disc-b"].pk}),
    ):
        named = visitor.get(address, {**query, **weights, "preset": "custom"})
        assert named.json() == visitor.get(address, {**query, **weights}).json()
        assert named.json()["preset"] == "custom"
        response = visitor.get(address, {**query, "preset": "custom"})
        problem = check_problem(response, 400, "invalid")
        assert list(problem["errors"]) == ["preset"]
        assert "style_weight" in problem["errors"]["preset"][0]


def test_all_that_is_wrong_is_said_at_once(visitor, collection):
    wrong = {
        "preset": "louvre",
        "style_weight": "-1",
        "content_weight": "1e308",
        "layer_weights": "1,2,3",
        "limit": "0",
    }
    response = visitor.get(similar(collection["disc-a"]), wrong)
    assert set(check_problem(response, 400, "invalid")["errors"]) == set(wrong)
    wrong = {"style_weight": "0", "content_weight": "0", "limit": "0"}
    response = visitor.get(similar(collection["disc-a"]), wrong)
    errors = check_problem(response, 400, "invalid")["errors"]
    assert set(errors) == {"non_field_errors", "limit"}
    wrong = {"preset": "custom", "style_weight": "much"}
    response = visitor.get(similar(collection["disc-a"]), wrong)
    assert list(check_problem(response, 400, "invalid")["errors"]) == ["style_weight"]


def test_the_calibrated_preset_refuses_bad_layer_weights_too(visitor, collection):
    wrong = {"preset": "balanced", "layer_weights": "1,2,3"}
    response = visitor.get(similar(collection["disc-a"]), wrong)
    assert list(check_problem(response, 400, "invalid")["errors"]) == ["layer_weights"]


@pytest.mark.parametrize("preset", ["paper", "style", "content", "balanced"])
def test_every_preset(visitor, collection, preset):
    answer = visitor.get(similar(collection["disc-a"]), {"preset": preset}).json()
    assert answer["preset"] == preset
    assert len(answer["results"]) == 10


def test_balanced_says_that_it_waits_for_a_calibration(visitor, make_artwork, index_artwork):
    artwork = make_artwork()
    index_artwork(artwork, "disc-a")
    assert visitor.get(similar(artwork)).json()["results"] == []
    response = visitor.get(similar(artwork), {"preset": "balanced"})
    assert "calibration" in check_problem(response, 400, "invalid")["errors"]["preset"][0]


def test_filters_narrow_the_ranking(visitor, collection):
    address = similar(collection["disc-a"])
    assert set(titles(visitor.get(address, {"collection": "disc"}))) == {"disc-b", "disc-c"}
    assert titles(visitor.get(address, {"year_to": 1810})) == ["disc-b"]
    assert len(titles(visitor.get(address, {"artist": "artist a"}))) == 3
    assert titles(visitor.get(address, {"artist": "artist a", "exclude_same_artist": "true"})) == []
    for flag, count in (("1", 8), ("TRUE", 8), ("0", 11), ("false", 11), ("", 11)):
        found = titles(visitor.get(address, {"exclude_same_artist": flag, "limit": 20}))
        assert len(found) == count, flag


@pytest.mark.parametrize(("parameters", "name", "message"), BAD_RANKINGS)
def test_what_cannot_be_ranked_by_is_named(visitor, collection, parameters, name, message):
    response = visitor.get(similar(collection["disc-a"]), parameters)
    problem = check_problem(response, 400, "invalid")
    assert list(problem["errors"]) == [name]
    assert message in problem["errors"][name][0]


def test_the_largest_weights_give_finite_distances(visitor, collection):
    weights = {"style_weight": "1e100", "content_weight": "1e100", "layer_weights": "1e100,0,0,0,0"}
    results = visitor.get(similar(collection["disc-a"]), weights).json()["results"]
    assert results[0]["distance"] > 1e100


def test_what_is_not_visible_is_neither_ranked_nor_counted(visitor, curator, collection):
    Artwork.objects.filter(title__in=["disc-b", "bars-a"]).update(is_public=False)
    address = similar(collection["disc-a"])
    seen = visitor.get(address, {"limit": 20})
    assert len(titles(seen)) == 9
    assert not {"disc-b", "bars-a"} & set(titles(seen))
    assert seen.json()["coverage"] == {"indexed": 10, "visible": 10}
    all_of_it = curator.get(address, {"limit": 20})
    assert len(titles(all_of_it)) == 11
    assert all_of_it.json()["coverage"] == {"indexed": 12, "visible": 12}


def test_a_work_that_waits_is_a_conflict_with_its_state(visitor, curator, collection, make_artwork):
    artwork = make_artwork("disc-a")
    problem = check_problem(visitor.get(similar(artwork)), 409, "not_indexed")
    assert problem["state"] == "pending"
    IndexEntry.objects.create(
        artwork=artwork,
        state=WorkItem.State.FAILED,
        error_code="weights_missing",
        error_params={"path": "/srv/vgg.pth"},
    )
    problem = check_problem(visitor.get(similar(artwork)), 409, "not_indexed")
    assert (problem["state"], "/srv" in problem["detail"]) == ("failed", False)
    problem = check_problem(curator.get(similar(artwork)), 409, "not_indexed")
    assert problem["detail"] == "Weights file not found: /srv/vgg.pth."


def test_a_damaged_descriptor_is_a_conflict_too(visitor, collection):
    stored = StoredDescriptor.objects.get(entry__artwork=collection["disc-a"])
    stored.entry.descriptors.update(file_name="descriptors/gone.safetensors")
    problem = check_problem(visitor.get(similar(collection["disc-a"])), 409, "not_indexed")
    assert problem["state"] == "failed"


def test_a_folder_of_weights_is_not_told(visitor, collection):
    stored = StoredDescriptor.objects.first().descriptor_set
    stored.provenance = {**stored.provenance, "weights": "/srv/secret/vgg.pth"}
    stored.save()
    response = visitor.get(similar(collection["disc-a"]))
    assert response.json()["provenance"]["weights"] == "vgg.pth"


@pytest.mark.parametrize("listed", [False, True])
def test_a_long_ranking_costs_as_many_queries_as_a_short_one(visitor, collection, listed):
    """Whether a search or a list of neighbours gives it."""
    if listed:
        assert upkeep.maintain(60, idle=True)
    counts = []
    for limit in (1, 11):
        with CaptureQueriesContext(connection) as queries:
            answer = visitor.get(similar(collection["disc-a"]), {"limit": limit}).json()
        assert len(answer["results"]) == limit
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 11


def test_compare_gives_the_distances_of_two_works(visitor, collection, described):
    a, b = collection["disc-a"], collection["bars-b"]
    answer = visitor.get(COMPARE, {"a": a.pk, "b": b.pk}).json()
    assert set(answer) == {
        *("a", "b", "preset", "style_weight", "content_weight", "layer_weights"),
        *(
            "distance",
            "style_distance",
            "content_distance",
            "layer_distances",
            "closer_than",
            "provenance",
        ),
    }
    assert (answer["a"]["title"], answer["b"]["title"]) == ("disc-a", "bars-b")
    layers, content = measure_parts(described["disc-a"], described["bars-b"])
    assert list(answer["layer_distances"].values()) == pytest.approx(layers, rel=1e-3)
    assert answer["content_distance"] == pytest.approx(content, rel=1e-3)
    assert answer["distance"] == pytest.approx(
        answer["style_distance"] + 1e-4 * answer["content_distance"]
    )
    assert answer["provenance"]["precision"] == "float32"


def test_compare_agrees_with_the_ranking_in_both_directions(visitor, collection):
    a, b = collection["disc-a"], collection["disc-b"]
    weights = {"preset": "balanced", "layer_weights": "0,0,0,1,1"}
    forth = visitor.get(COMPARE, {"a": a.pk, "b": b.pk, **weights}).json()
    back = visitor.get(COMPARE, {"a": b.pk, "b": a.pk, **weights}).json()
    ranked = visitor.get(similar(a), {**weights, "collection": "disc"}).json()["results"]
    listed = next(result for result in ranked if result["artwork"]["id"] == b.pk)
    for name in ("distance", "style_distance", "content_distance", "closer_than"):
        assert forth[name] == back[name] == listed[name]


@pytest.mark.parametrize(
    "weights",
    [{}, {"style_weight": 3, "content_weight": 0.5, "layer_weights": "1,0,0,0.5,2"}],
    ids=["preset", "custom"],
)
def test_compare_agrees_with_the_ranking_of_copies(visitor, collection, weights):
    upkeep.maintain(60, idle=True)
    query = {"preset": "copies", **weights}
    a, b = collection["disc-a"], collection["disc-b"]
    forth = visitor.get(COMPARE, {"a": a.pk, "b": b.pk, **query}).json()
    back = visitor.get(COMPARE, {"a": b.pk, "b": a.pk, **query}).json()
    answer = visitor.get(similar(a), query).json()
    listed = next(each for each in answer["results"] if each["artwork"]["id"] == b.pk)
    figures = ("distance", "style_distance", "content_distance", "layer_distances", "closer_than")
    for name in figures:
        assert forth[name] == back[name] == listed[name]
    for name in ("preset", "style_weight", "content_weight", "layer_weights", "provenance"):
        assert forth[name] == answer[name]
    paper = visitor.get(COMPARE, {"a": a.pk, "b": b.pk}).json()
    assert paper.keys() == forth.keys()
    assert paper["layer_distances"] != forth["layer_distances"]


def test_copies_are_not_compared_before_there_are_vectors(curator, collection):
    VectorIndex.objects.all().delete()
    pks = {"a": collection["disc-a"].pk, "b": collection["disc-b"].pk}
    problem = check_problem(curator.get(COMPARE, {**pks, "preset": "copies"}), 409, "not_indexed")
    assert "being prepared" in problem["detail"]
    assert curator.get(COMPARE, pks).status_code == 200


def test_a_work_is_at_distance_zero_from_itself(visitor, collection):
    pk = collection["disc-a"].pk
    answer = visitor.get(COMPARE, {"a": pk, "b": pk}).json()
    assert (answer["distance"], answer["closer_than"]) == (0, 100)


def test_compare_hides_what_is_not_visible(visitor, curator, collection):
    a, b = collection["disc-a"], collection["disc-b"]
    Artwork.objects.filter(pk=b.pk).update(is_public=False)
    assert curator.get(COMPARE, {"a": a.pk, "b": b.pk}).status_code == 200
    for query in ({"a": a.pk, "b": b.pk}, {"a": b.pk, "b": a.pk}, {"a": a.pk, "b": "x"}):
        problem = check_problem(visitor.get(COMPARE, query), 404, "not_found")
        assert "was not found" in problem["detail"]


@pytest.mark.parametrize("preset", ["paper", "copies"])
def test_compare_says_which_work_waits(curator, collection, make_artwork, preset):
    upkeep.maintain(60, idle=True)
    waiting = make_artwork("disc-a", title="Nightfall")
    query = {"a": collection["disc-a"].pk, "b": waiting.pk, "preset": preset}
    response = curator.get(COMPARE, query)
    problem = check_problem(response, 409, "not_indexed")
    assert problem["state"] == "pending"
    assert problem["detail"].startswith("Nightfall: ")


@pytest.mark.parametrize(("parameters", "name", "message"), BAD_WEIGHTS)
def test_what_cannot_be_compared_by_is_named(visitor, collection, parameters, name, message):
    pk = collection["disc-a"].pk
    response = visitor.get(COMPARE, {"a": pk, "b": pk, **parameters})
    problem = check_problem(response, 400, "invalid")
    assert list(problem["errors"]) == [name]
    assert message in problem["errors"][name][0]


@pytest.mark.parametrize(
    ("query", "missing"),
    [({}, {"a", "b"}), ({"a": "1"}, {"b"}), ({"a": "", "b": "1"}, {"a"}), ({"b": "1"}, {"a"})],
)
def test_compare_needs_two_ids(visitor, db, query, missing):
    assert set(check_problem(visitor.get(COMPARE, query), 400, "invalid")["errors"]) == missing


def test_compare_takes_no_parameters_of_lists(visitor, db):
    problem = check_problem(visitor.get(COMPARE, {"a": 1, "b": 2, "limit": 3}), 400, "invalid")
    assert list(problem["errors"]) == ["limit"]


@pytest.mark.parametrize("preset", ["paper", "balanced", "content"])
def test_what_serves_is_loaded_once(visitor, collection, preset):
    """The form, the search and the figures share one snapshot of set, calibration and index."""
    path = f"/api/artworks/{collection['disc-a'].pk}/similar/?preset={preset}"
    visitor.get(path)
    with CaptureQueriesContext(connection) as queries:
        assert visitor.get(path).status_code == 200
    asked = {
        table: sum(f'FROM "stylesim_app_{table}"' in each["sql"] for each in queries)
        for table in ("descriptorset", "calibration", "compactindex")
    }
    assert (asked["descriptorset"], asked["calibration"]) == (1, 1)
    # A list of neighbours answers at the default weights, without a store.
    assert asked["compactindex"] <= 1


def test_custom_weights_are_throttled_for_visitors(visitor, curator, settings, collection):
    settings.STYLESIM_CUSTOM_WEIGHTS_THROTTLE = "2/hour"
    address = f"/api/artworks/{collection['disc-a'].pk}/similar/"
    for _ in range(2):
        assert visitor.get(address, {"style_weight": "0.5"}).status_code == 200
    for custom in ({"content_weight": "0.5"}, {"layer_weights": "1,0,0,0,0"}):
        refused = visitor.get(address, custom)
        check_problem(refused, 429, "throttled")
        assert 3500 < int(refused["Retry-After"]) <= 3600
        assert curator.get(address, custom).status_code == 200
    assert visitor.get(address, {"preset": "style"}).status_code == 200
