"""Remains of image searches: no image of a failed one, and no results of an old one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from stylesim_app import files
from stylesim_app.conf import conf
from stylesim_app.models import ImageSearch, WorkItem
from stylesim_app.ranking import image_search
from stylesim_app.work import pipeline
from tests import pictures


@pytest.fixture
def start(db):
    """Start a search by a picture, or by bytes that passed a check that was not strict enough."""

    def begin(content: bytes | None = None) -> ImageSearch:
        upload = SimpleUploadedFile("a.png", content or pictures.png("disc-a"))
        return image_search.start(upload, AnonymousUser())

    return begin


def age(search: ImageSearch, hours: float) -> None:
    created = timezone.now() - timedelta(hours=hours)
    ImageSearch.objects.filter(pk=search.pk).update(created=created)


def test_a_failed_search_deletes_its_image_at_once(start, run_worker):
    search = start(b"no picture")
    name = search.image_name
    assert files.exists(name)
    run_worker()
    search.refresh_from_db()
    assert (search.state, search.image_name) == (WorkItem.State.FAILED, "")
    assert not files.exists(name)


def test_a_search_that_is_tried_again_keeps_its_image(start, run_worker, monkeypatch):
    def refuse(*_arguments):
        raise OSError("not now")

    monkeypatch.setattr(pipeline, "read_picture", refuse)
    search = start()
    run_worker()
    search.refresh_from_db()
    assert search.state == WorkItem.State.PENDING
    assert files.exists(search.image_name)


def test_the_image_that_a_stopped_worker_left_is_deleted(start, django_capture_on_commit_callbacks):
    search = start()
    ImageSearch.objects.update(state=WorkItem.State.FAILED)
    with django_capture_on_commit_callbacks(execute=True):
        image_search.purge()
    assert not files.exists(search.image_name)
    assert ImageSearch.objects.get().image_name == ""


def test_an_old_search_is_not_shown_even_if_nothing_deleted_it(
    start, collection, run_worker, client
):
    search = start()
    run_worker()
    addresses = [
        reverse("stylesim:search-results", args=[search.pk]),
        reverse("stylesim:search-preview", args=[search.pk]),
        reverse("stylesim-api:search-detail", args=[search.pk]),
    ]
    age(search, conf.search_lifetime_hours - 0.1)
    assert [client.get(address).status_code for address in addresses] == [200, 200, 200]
    age(search, conf.search_lifetime_hours + 0.1)
    assert [client.get(address).status_code for address in addresses] == [404, 404, 404]
    assert ImageSearch.objects.exists()
