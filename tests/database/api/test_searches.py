"""Search by an image that is not stored: sent once, then polled until a worker has indexed it."""

from __future__ import annotations

import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from stylesim_app import files
from stylesim_app.index import sets
from stylesim_app.models import Artwork, DescriptorSet, ImageSearch, WorkItem

from .bad_pictures import BAD_PICTURES
from .conftest import check_problem, upload

START = "/api/search/"
HOST = "http://testserver"


@pytest.fixture
def start(django_capture_on_commit_callbacks):
    def send(client, image=None):
        with django_capture_on_commit_callbacks(execute=True):
            return client.post(START, {"image": image or upload()}, format="multipart")

    return send


@pytest.fixture
def ready(visitor, collection, described):
    """A search for the picture disc-a by a visitor, as a worker leaves it."""
    return ImageSearch.objects.create(
        state=WorkItem.State.INDEXED,
        descriptor_name=files.write("searches", "safetensors", described["disc-a"].to_bytes()),
        descriptor_set=sets.serving_set(),
    )


def address(search: ImageSearch) -> str:
    return f"{START}{search.pk}/"


def test_an_image_is_sent_waited_for_and_ranked(visitor, collection, start, run_worker):
    response = start(visitor)
    assert response.status_code == 202
    sent = response.json()
    search = ImageSearch.objects.get()
    assert sent == {
        "id": str(search.pk),
        "state": "pending",
        "reason": "",
        "url": HOST + address(search),
        "results_url": HOST + reverse("stylesim:search-results", args=[search.pk]),
    }
    assert response["Location"] == sent["url"]

    waiting = visitor.get(sent["url"])
    assert (waiting.status_code, waiting["Retry-After"]) == (200, "1")
    assert waiting.json()["state"] == "pending"
    assert "waiting" in waiting.json()["reason"]

    run_worker()
    answer = visitor.get(sent["url"], {"limit": 4})
    assert "Retry-After" not in answer
    ranked = answer.json()
    assert set(ranked) == {
        *("state", "query", "lane", "preset", "style_weight", "content_weight", "layer_weights"),
        *("certified", "coverage", "provenance", "results"),
    }
    assert ranked["state"] == "indexed"
    assert ranked["query"] == {**sent, "state": "indexed"}
    assert len(ranked["results"]) == 4
    assert ranked["results"][0]["artwork"]["title"] == "disc-a"
    assert ranked["results"][0]["distance"] == pytest.approx(0, abs=1e-3)
    assert not Artwork.objects.exclude(pk__in=[work.pk for work in collection.values()]).exists()


def test_one_upload_is_ranked_by_other_weights_and_filters(visitor, ready):
    style = visitor.get(address(ready), {"preset": "style"}).json()
    content = visitor.get(address(ready), {"preset": "content", "collection": "bars"}).json()
    assert (style["preset"], content["preset"]) == ("style", "content")
    assert {work["artwork"]["collection"] for work in content["results"]} == {"bars"}


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("limit", "100000"),
        ("preset", "louvre"),
        ("style_weight", "-1"),
        ("layer_weights", "0,0,0,0,0"),
        ("year_from", "late"),
        ("presets", "style"),
    ],
)
def test_bad_parameters_are_named_even_while_the_search_waits(
    visitor, start, ready, parameter, value
):
    waiting = start(visitor).json()["url"]
    for target in (address(ready), waiting):
        problem = check_problem(visitor.get(target, {parameter: value}), 400, "invalid")
        assert list(problem["errors"]) == [parameter]


def test_what_is_not_visible_is_neither_ranked_nor_counted(visitor, curator, ready):
    Artwork.objects.filter(title="disc-a").update(is_public=False)
    seen = visitor.get(address(ready), {"limit": 20}).json()
    assert "disc-a" not in {result["artwork"]["title"] for result in seen["results"]}
    assert seen["coverage"] == {"indexed": 11, "visible": 11}
    everything = curator.get(address(ready)).json()
    assert everything["results"][0]["artwork"]["title"] == "disc-a"


def test_a_search_of_somebody_else_is_not_there(visitor, curator, with_permissions, start):
    owner = with_permissions()
    own = start(owner).json()["url"]
    assert owner.get(own).status_code == 200
    nobodys = f"{START}{uuid.uuid4()}/"
    for client in (visitor, curator, with_permissions()):
        answers = [check_problem(client.get(target), 404, "not_found") for target in (own, nobodys)]
        assert answers[0] == answers[1]


def test_a_search_without_an_account_is_for_who_knows_its_address(visitor, curator, start):
    assert curator.get(start(visitor).json()["url"]).status_code == 200


def test_a_failed_search_says_why(visitor, db):
    search = ImageSearch.objects.create(
        state=WorkItem.State.FAILED, error="The file is empty.", error_code="image_empty"
    )
    response = visitor.get(address(search))
    assert (response.status_code, "Retry-After" in response) == (200, False)
    assert (response.json()["state"], response.json()["reason"]) == ("failed", "The file is empty.")


def test_what_is_wrong_with_the_server_is_told_to_staff_alone(visitor, curator, db):
    search = ImageSearch.objects.create(
        state=WorkItem.State.FAILED,
        error_code="weights_missing",
        error_params={"path": "/srv/vgg.pth"},
    )
    assert "/srv" not in visitor.get(address(search)).json()["reason"]
    assert "/srv/vgg.pth" in curator.get(address(search)).json()["reason"]


def test_a_search_whose_descriptor_is_lost_has_failed(curator, ready):
    files.delete([ready.descriptor_name])
    answer = curator.get(address(ready)).json()
    assert answer["state"] == "failed"
    assert "missing" in answer["reason"]


def test_after_a_change_of_network_a_search_is_stale(visitor, ready):
    DescriptorSet.objects.update(serving=False)
    DescriptorSet.objects.create(
        digest="0" * 64, provenance=ready.descriptor_set.provenance, serving=True
    )
    answer = visitor.get(address(ready)).json()
    assert answer["state"] == "stale"
    assert "search again" in answer["reason"]


@pytest.mark.parametrize("kind", BAD_PICTURES)
def test_a_bad_picture_is_refused(visitor, start, db, kind):
    file_name, content, message = BAD_PICTURES[kind]
    problem = check_problem(
        start(visitor, SimpleUploadedFile(file_name, content, "image/png")), 400, "invalid"
    )
    assert message in problem["errors"]["image"][0]
    assert not ImageSearch.objects.exists()


def test_a_search_needs_an_image(visitor, db):
    problem = check_problem(visitor.post(START, {}, format="multipart"), 400, "invalid")
    assert list(problem["errors"]) == ["image"]
    problem = check_problem(visitor.post(START, {"image": "name"}, format="json"), 400, "invalid")
    assert list(problem["errors"]) == ["image"]


def test_a_search_takes_nothing_but_an_image(visitor, db):
    response = visitor.post("/api/search/?limit=3", {"image": upload()}, format="multipart")
    assert list(check_problem(response, 400, "invalid")["errors"]) == ["limit"]
    response = visitor.post("/api/search/", {"image": upload(), "limit": 3}, format="multipart")
    assert list(check_problem(response, 400, "invalid")["errors"]) == ["limit"]


def test_searches_are_throttled_for_each_caller_and_asking_is_not(
    visitor, with_permissions, start, settings, db
):
    settings.STYLESIM_SEARCH_THROTTLE = "2/minute"
    urls = [start(visitor).json()["url"] for _ in range(2)]
    refused = start(visitor)
    problem = check_problem(refused, 429, "throttled")
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert "seconds" in problem["detail"]
    assert ImageSearch.objects.count() == 2
    assert start(with_permissions()).status_code == 202
    for _ in range(5):
        assert visitor.get(urls[0]).status_code == 200
