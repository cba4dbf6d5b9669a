"""The private storage in a bucket, and the errors of its requests."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.storage import storages
from django.core.management import CommandError, call_command

from stylesim_app import files
from stylesim_app.exceptions import StorageUnreachable
from stylesim_app.index import sets, storage, upkeep
from stylesim_app.models import IndexEntry, StorageState, StoredDescriptor, WorkItem
from tests import pictures
from tests.storage_faults import Bucket
from tests.stored_files import due_now

State = WorkItem.State


@pytest.fixture
def bucket(settings, monkeypatch, db):
    monkeypatch.setattr(Bucket, "code", "")
    monkeypatch.setattr(storage, "BUCKET_SECONDS", 0.0)
    settings.STORAGES = {
        **settings.STORAGES,
        "stylesim": {"BACKEND": "tests.storage_faults.Bucket"},
    }
    return Bucket


def test_works_are_indexed_and_ranked_in_a_storage_without_paths(
    make_artwork, run_worker, bucket, client
):
    artworks = [make_artwork(name) for name in pictures.NAMES[:5]]
    run_worker()
    assert IndexEntry.objects.filter(state=State.INDEXED).count() == 5
    answer = client.get(f"/api/artworks/{artworks[0].pk}/similar/").json()
    assert len(answer["results"]) == 4
    assert storages["stylesim"].exists(storage.MARKER)


@pytest.mark.parametrize(("code", "problem"), [("500", "unreachable"), ("QuotaExceeded", "full")])
def test_the_errors_of_a_bucket_are_told_while_they_last(
    make_artwork, run_worker, bucket, client, caplog, code, problem
):
    artworks = [make_artwork(name) for name in pictures.NAMES[:5]]
    run_worker()
    late = make_artwork("disc-a")
    bucket.code = code
    run_worker()
    row = StorageState.objects.get()
    assert row.problem == problem
    # People are told in their language; the words of the library are in the log.
    assert "An error occurred" not in row.reason
    assert f"An error occurred ({code})" in caplog.text
    entry = IndexEntry.objects.get(artwork=late)
    assert (entry.state, entry.attempts) == (State.PENDING, 0)
    assert client.get(f"/api/artworks/{artworks[0].pk}/similar/").status_code == 503
    message = {"unreachable": "cannot be used at the moment", "full": "storage is full"}[problem]
    with pytest.raises(CommandError, match=message):
        call_command("stylesim_status", check=True)
    bucket.code = ""
    due_now()
    run_worker()
    entry.refresh_from_db()
    assert entry.state == State.INDEXED
    assert StorageState.objects.get().problem == ""
    call_command("stylesim_status", check=True)


def test_a_file_that_cannot_be_read_for_the_moment_is_not_suspected(collection, monkeypatch):
    def fail(name):
        raise StorageUnreachable(ConnectionError("reset"))

    monkeypatch.setattr(files, "fetch", fail)
    monkeypatch.setattr(sets, "CLEARED_AFTER", timedelta(0))
    rows = StoredDescriptor.objects.all()
    with pytest.raises(StorageUnreachable):
        upkeep.calibrate()
    assert rows.count() == 12
    assert not rows.filter(suspected_at__isnull=False).exists()
