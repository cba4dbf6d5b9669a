"""The state of the index, and requests to index again, in the API."""

from __future__ import annotations

import json

import pytest
from django_q.models import OrmQ

from stylesim_app.models import Artwork, IndexEntry, WorkItem
from stylesim_app.work import signs

from .conftest import check_problem

INDEX = "/api/index/"


@pytest.fixture
def send(django_capture_on_commit_callbacks):
    def post(client, body):
        with django_capture_on_commit_callbacks(execute=True):
            return client.post(INDEX, json.dumps(body), content_type="application/json")

    return post


def states() -> dict[str, int]:
    return {
        state: IndexEntry.objects.filter(state=state).count() for state in WorkItem.State.values
    }


def test_the_status_counts_what_the_caller_sees(visitor, curator, collection):
    Artwork.objects.filter(title="disc-a").update(is_public=False)
    IndexEntry.objects.filter(artwork__title__in=["bars-a", "disc-a"]).update(state="failed")
    for client, visible, failed in ((visitor, 11, 1), (curator, 12, 2)):
        answer = client.get(INDEX).json()
        assert (answer["visible"], answer["indexed"]) == (visible, visible)
        assert answer["states"] == {"pending": 0, "indexed": 10, "failed": failed, "stale": 0}
        assert answer["provenance"]["weights"] == "paintings"


def test_only_who_may_index_learns_the_size_of_the_whole_collection(
    visitor, curator, with_permissions, collection
):
    assert curator.get(INDEX).json()["calibrated_on"] == 12
    for client in (visitor, with_permissions(is_staff=True)):
        assert client.get(INDEX).json()["calibrated_on"] is None


def test_an_index_of_nothing(visitor, db):
    answer = visitor.get(INDEX).json()
    assert (answer["visible"], answer["provenance"], answer["calibrated_on"]) == (0, None, None)
    assert answer["worker"] == {"seen_at": None, "alive": False}


def test_a_worker_that_was_seen_lives(visitor, db):
    signs.sign_of_life()
    worker = visitor.get(INDEX).json()["worker"]
    assert worker["alive"] is True
    assert worker["seen_at"]


def test_artworks_are_indexed_again_by_their_ids(curator, collection, send):
    OrmQ.objects.all().delete()
    ids = [collection["disc-a"].pk, str(collection["bars-b"].pk)]
    response = send(curator, {"artworks": ids})
    assert (response.status_code, response.json()) == (202, {"requested": 2})
    waiting = IndexEntry.objects.filter(state="pending").values_list("artwork__title", flat=True)
    assert set(waiting) == {"disc-a", "bars-b"}
    assert OrmQ.objects.count() == 1


def test_failed_works_are_indexed_again_by_their_state(curator, collection, send):
    IndexEntry.objects.filter(artwork__collection="disc").update(
        state="failed", attempts=3, error="The file is empty.", error_code="image_empty"
    )
    assert send(curator, {"state": "failed"}).json() == {"requested": 3}
    assert states() == {"pending": 3, "indexed": 9, "failed": 0, "stale": 0}
    assert not IndexEntry.objects.exclude(error="").exists()


def test_works_that_are_not_visible_are_not_touched(
    with_permissions, collection, send, make_artwork
):
    indexer = with_permissions("change_indexentry")
    hidden = collection["disc-a"]
    Artwork.objects.filter(pk=hidden.pk).update(is_public=False)
    assert send(indexer, {"state": "indexed"}).json() == {"requested": 11}
    problem = check_problem(send(indexer, {"artworks": [hidden.pk]}), 400, "invalid")
    absent = check_problem(send(indexer, {"artworks": [999_999]}), 400, "invalid")
    assert problem["errors"]["artworks"] == [
        absent["errors"]["artworks"][0].replace("999999", str(hidden.pk))
    ]
    assert IndexEntry.objects.get(artwork=hidden).state == "indexed"


def test_one_bad_id_refuses_all_and_is_named(curator, collection, send):
    good = collection["disc-a"].pk
    for bad in ("x", 10**30, "-1", ""):
        problem = check_problem(send(curator, {"artworks": [good, bad]}), 400, "invalid")
        assert any(name.startswith("artworks") for name in problem["errors"])
    assert states()["indexed"] == 12


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({}, {"non_field_errors"}),
        ({"artworks": [1], "state": "failed"}, {"non_field_errors"}),
        ({"artworks": []}, {"artworks"}),
        ({"artworks": "all"}, {"artworks"}),
        ({"artworks": [True, {}]}, {"artworks.0", "artworks.1"}),
        ({"artworks": list(range(1001))}, {"artworks"}),
        ({"state": "lost"}, {"state"}),
        ([1, 2], {"non_field_errors"}),
        ({"state": "failed", "limit": 3}, {"limit"}),
        ({"state": "\ud800"}, {"state"}),
    ],
)
def test_a_bad_request_is_named(curator, send, body, names):
    assert set(check_problem(send(curator, body), 400, "invalid")["errors"]) == names


def test_the_index_takes_no_parameters(visitor, curator, db):
    problem = check_problem(visitor.get(INDEX, {"x": 1}), 400, "invalid")
    assert list(problem["errors"]) == ["x"]
    assert "no parameters" in problem["errors"]["x"][0]
    response = curator.post(f"{INDEX}?state=failed", {"state": "failed"}, format="json")
    assert list(check_problem(response, 400, "invalid")["errors"]) == ["state"]


def test_indexing_needs_its_permission(visitor, curator, with_permissions, collection, send):
    body = {"state": "indexed"}
    check_problem(send(visitor, body), 401, "not_authenticated")
    for client in (with_permissions("change_artwork"), with_permissions(is_staff=True)):
        check_problem(send(client, body), 403, "permission_denied")
    assert states()["indexed"] == 12
    assert send(with_permissions("change_indexentry"), body).status_code == 202
