"""Requests that are sent again under their ``Idempotency-Key``."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from stylesim_app import tasks
from stylesim_app.api import uploads
from stylesim_app.models import Artwork, ImageSearch, RepeatableRequest
from stylesim_app.work import repeatable, trash

from .conftest import check_problem, upload

LIST = "/api/artworks/"
KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"


@pytest.fixture
def add(django_capture_on_commit_callbacks):
    """Create an artwork under a key, and return the response."""

    def post(client, key=KEY, name="disc-a", query="", **fields):
        body = {"title": "t", "image": upload(name), **fields}
        with django_capture_on_commit_callbacks(execute=True):
            return client.post(
                f"{LIST}{query}", body, format="multipart", headers={"Idempotency-Key": key}
            )

    return post


def test_a_repeated_request_gets_the_first_answer(curator, add):
    first, second = add(curator), add(curator)
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.json() == first.json()
    assert second["Location"] == first["Location"]
    assert "Idempotent-Replayed" not in first
    assert second["Idempotent-Replayed"] == "true"
    assert Artwork.objects.count() == 1


def test_a_quoted_key_is_the_same_key(curator, add):
    add(curator)
    assert add(curator, key=f'"{KEY}"')["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize(
    "change", [{"title": "other"}, {"name": "disc-b"}, {"query": "?allow_duplicate=true"}]
)
def test_another_request_with_the_key_is_refused(curator, add, change):
    add(curator)
    check_problem(add(curator, **change), 422, "idempotency_key_reused")
    assert Artwork.objects.count() == 1


def test_each_account_has_keys_of_its_own(curator, with_permissions, add):
    add(curator)
    other = add(with_permissions("add_artwork"))
    assert other.status_code == 201
    assert "Idempotent-Replayed" not in other
    assert Artwork.objects.count() == 2


def test_a_request_that_is_under_way_is_a_conflict(curator, add, monkeypatch):
    answers = []
    create = uploads.create

    def send_again_meanwhile(*arguments):
        monkeypatch.setattr(uploads, "create", create)
        answers.append(add(curator))
        return create(*arguments)

    monkeypatch.setattr(uploads, "create", send_again_meanwhile)
    assert add(curator).status_code == 201
    check_problem(answers[0], 409, "request_under_way")
    assert answers[0]["Retry-After"] == "1"
    assert Artwork.objects.count() == 1


def test_a_refused_request_may_be_corrected_under_its_key(curator, add):
    check_problem(add(curator, title=""), 400, "invalid")
    assert not RepeatableRequest.objects.exists()
    assert add(curator).status_code == 201


def test_a_request_that_stopped_half_way_changed_nothing_and_is_carried_out(
    curator, add, monkeypatch
):
    def stop(*_arguments):
        raise SystemExit

    # As after a kill: the row stays, the transaction is rolled back.
    monkeypatch.setattr(repeatable.Attempt, "finish", stop)
    monkeypatch.setattr(repeatable.Attempt, "give_up", lambda _attempt: None)
    with pytest.raises(SystemExit):
        add(curator)
    monkeypatch.undo()
    assert not Artwork.objects.exists()
    check_problem(add(curator), 409, "request_under_way")
    RepeatableRequest.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert add(curator).status_code == 201
    assert Artwork.objects.count() == 1


def test_a_process_that_lost_its_lease_changes_nothing(curator, add, monkeypatch):
    create = uploads.create

    def lose_lease(*arguments):
        RepeatableRequest.objects.update(token="00000000-0000-0000-0000-000000000000")
        return create(*arguments)

    monkeypatch.setattr(uploads, "create", lose_lease)
    check_problem(add(curator), 409, "request_under_way")
    assert not Artwork.objects.exists()


def test_answers_are_kept_for_a_day(curator, staff, add):
    add(curator)
    RepeatableRequest.objects.update(created=timezone.now() - timedelta(hours=23))
    tasks.ring_again()
    assert add(curator)["Idempotent-Replayed"] == "true"
    RepeatableRequest.objects.update(created=timezone.now() - timedelta(hours=25))
    check_problem(add(curator), 409, "duplicate")
    RepeatableRequest.objects.create(
        user=staff,
        endpoint="search",
        key="old",
        token="00000000-0000-0000-0000-000000000000",
        lease_until=timezone.now(),
        created=timezone.now() - timedelta(hours=25),
    )
    tasks.ring_again()
    assert not RepeatableRequest.objects.exists()


@pytest.mark.parametrize("how", ["deleted", "in the trash"])
def test_a_work_that_is_gone_is_neither_described_nor_made_again(curator, add, how):
    made = add(curator).json()
    if how == "deleted":
        assert curator.delete(f"{LIST}{made['id']}/").status_code == 204
    else:
        trash.move(Artwork.objects.all())
    assert (
        "new Idempotency-Key"
        in check_problem(add(curator), 410, "idempotency_key_outdated")["detail"]
    )
    assert not Artwork.objects.exists()
    check_problem(add(curator, title="other"), 422, "idempotency_key_reused")
    trash.restore(trash.works())
    if how == "in the trash":
        assert add(curator).json() == made
    else:
        assert add(curator, key="new").status_code == 201


def test_a_work_that_the_caller_may_not_see_is_described_again(with_permissions, add):
    client = with_permissions("add_artwork")
    made = add(client, is_public="false")
    assert client.get(f"{LIST}{made.json()['id']}/").status_code == 404
    assert add(client, is_public="false").json() == made.json()


@pytest.mark.parametrize("key", ["", " ", '""', "k" * 256, "two words", "café", "a\tb"])
def test_a_key_that_cannot_be_used_is_named(curator, add, key):
    problem = check_problem(add(curator, key=key), 400, "invalid")
    assert list(problem["errors"]) == ["Idempotency-Key"]
    assert not Artwork.objects.exists()


def test_the_longest_key_is_accepted(curator, add):
    assert add(curator, key="k" * 255).status_code == 201


def test_a_search_is_started_once(curator, visitor, db):
    def search(client):
        return client.post(
            "/api/search/",
            {"image": upload()},
            format="multipart",
            headers={"Idempotency-Key": KEY},
        )

    first, second = search(curator), search(curator)
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json() == second.json()
    assert second["Retry-After"] == "1"
    assert ImageSearch.objects.count() == 1
    ImageSearch.objects.all().delete()
    check_problem(search(curator), 410, "idempotency_key_outdated")
    # Without an account there is nobody whose key it could be.
    assert search(visitor).json()["id"] != search(visitor).json()["id"]


@pytest.mark.django_db(transaction=True)
def test_of_two_requests_at_the_same_time_one_is_carried_out(staff):
    together = threading.Barrier(2, timeout=20)
    statuses: list[int] = []

    def send() -> None:
        client = APIClient()
        client.force_authenticate(staff)
        body = {"title": "t", "image": upload()}
        together.wait()
        headers = {"Idempotency-Key": KEY}
        response = client.post(LIST, body, format="multipart", headers=headers)
        statuses.append(response.status_code)
        connection.close()

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    # The second is answered alike, or told to wait, depending on when it came.
    assert 201 in statuses
    assert len(statuses) == 2
    assert set(statuses) <= {201, 409}
    assert Artwork.objects.count() == 1
