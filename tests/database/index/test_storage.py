"""The private storage: its marker, a missing mount, a full disk, and errors of a bucket."""

from __future__ import annotations

import errno
import json
import shutil
import sqlite3
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.utils import timezone

from stylesim_app import files
from stylesim_app.checks import storage as checks
from stylesim_app.exceptions import (
    StorageForeign,
    StorageFull,
    StorageMissing,
    StorageUnreachable,
)
from stylesim_app.index import calibration, sets, storage, storing, upkeep
from stylesim_app.models import Calibration, IndexEntry, StorageState, StoredDescriptor, WorkItem
from stylesim_app.work import pipeline, worker, worklist
from tests import pictures
from tests.storage_faults import Bucket, Disk

State = WorkItem.State


@pytest.fixture
def root(settings, db) -> Path:
    return Path(settings.STORAGES["stylesim"]["OPTIONS"]["location"])


@pytest.fixture
def disk(settings, root, monkeypatch):
    """A disk whose room a test sets."""
    monkeypatch.setattr(Disk, "room", None)
    monkeypatch.setattr(Disk, "writes", 0)
    settings.STORAGES = {
        **settings.STORAGES,
        "stylesim": {
            "BACKEND": "tests.storage_faults.SmallDisk",
            "OPTIONS": {"location": root},
        },
    }
    return Disk


@pytest.fixture
def bucket(settings, monkeypatch, db):
    monkeypatch.setattr(Bucket, "code", "")
    monkeypatch.setattr(storage, "BUCKET_SECONDS", 0.0)
    settings.STORAGES = {
        **settings.STORAGES,
        "stylesim": {"BACKEND": "tests.storage_faults.Bucket"},
    }
    return Bucket


def all_files(root: Path) -> list[str]:
    found = (path for path in root.rglob("*") if path.is_file() and path.name != storage.MARKER)
    return sorted(str(path.relative_to(root)) for path in found)


def unmount(root: Path) -> Path:
    """Put an empty folder in the place of the storage, as a mount point without its disk."""
    away = root.with_name("away")
    root.rename(away)
    root.mkdir()
    return away


def mount(root: Path) -> None:
    shutil.rmtree(root)
    root.with_name("away").rename(root)


def noting(calls: list, function):
    """Return a function that notes each call in a list."""

    def call(*facts):
        calls.append(facts)
        return function(*facts)

    return call


def due_now() -> None:
    StorageState.objects.update(retry_at=timezone.now() - timedelta(seconds=1))


# The marker


def test_the_first_file_brings_the_marker_of_this_installation(root):
    assert not root.exists()
    files.write("descriptors", "bin", b"content")
    marker = json.loads((root / storage.MARKER).read_text())
    assert marker["installation"] == str(StorageState.objects.get().marker)
    assert StorageState.objects.get().marked_at is not None


def test_a_storage_in_use_gets_its_marker_if_a_file_of_it_is_seen(collection, root):
    (root / storage.MARKER).unlink()
    StorageState.objects.update(marked_at=None)
    storage.forget()
    away = unmount(root)
    with pytest.raises(StorageMissing):
        storage.require()
    assert list(root.iterdir()) == []
    shutil.rmtree(root)
    away.rename(root)
    storage.require()
    assert storage.read_marker() == str(StorageState.objects.get().marker)


def test_nothing_is_written_where_the_marker_is_missing(collection, root, client, staff_client):
    unmount(root)
    with pytest.raises(StorageMissing, match="Check that it is mounted"):
        files.write("descriptors", "bin", b"content")
    with pytest.raises(StorageMissing):
        files.private_storage().save("thumbnails/a.jpg", ContentFile(b"content"))
    artwork = collection["disc-a"]
    assert client.get(f"/artworks/{artwork.pk}/small.jpg").status_code == 404
    page = staff_client.post(
        "/search/", {"image": ContentFile(pictures.png("disc-b"), name="a.png")}
    )
    assert page.status_code == 503
    assert "cannot store pictures at the moment" in page.content.decode()
    assert list(root.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"{}", json.dumps({"installation": "other"}).encode()])
def test_another_marker_is_never_taken_for_this_one(root, content):
    files.write("descriptors", "bin", b"content")
    (root / storage.MARKER).write_bytes(content)
    with pytest.raises(StorageForeign, match="another installation"):
        files.write("descriptors", "bin", b"content")
    assert len([name for name in all_files(root) if name.startswith("descriptors")]) == 1


def test_a_new_installation_does_not_take_the_storage_of_another(root):
    files.write("descriptors", "bin", b"content")
    StorageState.objects.update(marker=uuid.uuid4(), marked_at=None)
    storage.forget()
    with pytest.raises(StorageForeign):
        files.write("descriptors", "bin", b"content")
    storage.adopt()
    files.write("descriptors", "bin", b"content")
    assert len(all_files(root)) == 2


def test_two_first_writers_share_one_marker(root):
    row = storage.state()
    storage.write_marker(row)
    storage.write_marker(row)
    assert [path.name for path in root.iterdir()] == [storage.MARKER]
    storage.require()


# A missing mount


def test_workers_claim_nothing_while_the_storage_is_missing(
    collection, make_artwork, root, run_worker, monkeypatch
):
    artwork = make_artwork("disc-a")
    worklist.reconcile()
    before = list(StoredDescriptor.objects.values_list("pk", "file_name", "list_state"))
    unmount(root)
    monkeypatch.setattr(worklist, "claim", pytest.fail)
    run_worker()
    assert not worker.work_through()
    entry = IndexEntry.objects.get(artwork=artwork)
    assert (entry.state, entry.attempts) == (State.PENDING, 0)
    assert StorageState.objects.get().problem == "missing"
    assert list(StoredDescriptor.objects.values_list("pk", "file_name", "list_state")) == before
    assert not IndexEntry.objects.filter(state=State.FAILED).exists()
    assert list(root.iterdir()) == []
    monkeypatch.undo()
    mount(root)
    due_now()
    run_worker()
    entry.refresh_from_db()
    assert (entry.state, entry.attempts) == (State.INDEXED, 1)
    assert StorageState.objects.get().problem == ""


def test_rankings_pages_and_the_api_tell_of_a_missing_storage(collection, root, client):
    artwork = collection["disc-a"]
    unmount(root)
    page = client.get(f"/artworks/{artwork.pk}/").content.decode()
    assert "The storage of this site cannot be reached at the moment." in page
    for path in ("similar/", "similar/?preset=style", "similar/?lane=content"):
        answer = client.get(f"/api/artworks/{artwork.pk}/{path}")
        assert answer.status_code == 503, path
        assert answer.json()["code"] == "storage_unavailable"
        assert "mounted" not in answer.json()["detail"]
        assert answer["Retry-After"] == "60"
    assert not StoredDescriptor.objects.filter(suspected_at__isnull=False).exists()


def test_staff_read_what_to_do_about_a_missing_storage(collection, root, staff_client):
    artwork = collection["disc-a"]
    unmount(root)
    assert (
        "Check that it is mounted" in staff_client.get(f"/artworks/{artwork.pk}/").content.decode()
    )
    answer = staff_client.get(f"/api/artworks/{artwork.pk}/similar/").json()
    assert "Check that it is mounted" in answer["detail"]
    notices = staff_client.get("/admin/stylesim_app/artwork/").content.decode()
    assert "Check that it is mounted" in notices


def test_status_and_check_fail_while_the_storage_is_missing(collection, root, capsys):
    call_command("stylesim_status", check=True)
    assert checks.check_storage_there(None) == []
    unmount(root)
    with pytest.raises(CommandError, match="Check that it is mounted"):
        call_command("stylesim_status", check=True)
    capsys.readouterr()
    call_command("stylesim_status", json=True)
    [words] = json.loads(capsys.readouterr().out)["storage"]
    assert "is missing" in words
    [error] = checks.check_storage_there(None)
    assert (error.id, error.level) == ("stylesim_app.E012", 40)


def test_a_worker_starts_without_the_storage(collection, root, monkeypatch):
    unmount(root)
    monkeypatch.setattr("sys.argv", ["manage.py", "qcluster"])
    [warning] = checks.check_storage_there(None)
    assert warning.level == 30


def test_the_command_refuses_to_index_without_the_storage(collection, make_artwork, root):
    make_artwork("disc-a")
    unmount(root)
    with pytest.raises(CommandError, match="Check that it is mounted"):
        call_command("stylesim_index")
    assert IndexEntry.objects.get(state=State.PENDING).attempts == 0


# A full disk


def test_a_file_is_there_entirely_or_not_at_all(disk, root):
    files.write("descriptors", "bin", b"first")
    disk.room = 1000
    with pytest.raises(StorageFull, match="No space left"):
        files.write("descriptors", "bin", bytes(5000))
    assert len([name for name in all_files(root) if name.startswith("descriptors")]) == 1


def test_a_write_that_is_interrupted_leaves_nothing(root, monkeypatch):
    files.write("descriptors", "bin", b"first")

    def stop(path):
        raise KeyboardInterrupt

    monkeypatch.setattr(files, "_sync", stop)
    with pytest.raises(KeyboardInterrupt):
        files.write("descriptors", "bin", b"second")
    assert len([name for name in all_files(root) if name.startswith("descriptors")]) == 1


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_stops_the_worker_and_counts_no_attempt(
    make_artwork, run_worker, disk, root, monkeypatch, code
):
    artworks = [make_artwork(name) for name in ("disc-a", "disc-b", "bars-a")]
    files.write("descriptors", "bin", b"first")
    write = files.save_entirely

    def full(target, name, content, max_length=None):
        if "descriptors" in name:
            raise OSError(code, "full")
        return write(target, name, content, max_length)

    monkeypatch.setattr(files, "save_entirely", full)
    run_worker()
    row = StorageState.objects.get()
    assert row.problem == "full"
    assert set(IndexEntry.objects.values_list("state", "attempts", "lease_token")) == {
        (State.PENDING, 0, None)
    }
    monkeypatch.setattr(files, "save_entirely", write)
    run_worker()
    assert IndexEntry.objects.filter(state=State.PENDING).count() == len(artworks)
    due_now()
    run_worker()
    assert IndexEntry.objects.filter(state=State.INDEXED).count() == len(artworks)
    assert StorageState.objects.get().problem == ""


def test_no_picture_is_described_while_the_disk_stays_full(
    make_artwork, run_worker, disk, root, monkeypatch
):
    make_artwork("disc-a")
    disk.room = 100_000
    run_worker()
    described: list = []
    monkeypatch.setattr(pipeline, "describe", described.append)
    pauses = []
    for _ in range(9):
        row = StorageState.objects.get()
        pauses.append((row.retry_at - timezone.now()).total_seconds())
        due_now()
        run_worker()
    assert described == []
    rounded = [round(each) for each in pauses]
    assert rounded == sorted(rounded)
    assert pauses[0] < 6
    assert 290 < pauses[-1] <= 300
    assert IndexEntry.objects.get().attempts == 0
    assert all_files(root) == []
    with pytest.raises(CommandError, match="The storage is full"):
        call_command("stylesim_status", check=True)
    monkeypatch.undo()
    disk.room = None
    due_now()
    run_worker()
    assert IndexEntry.objects.get().state == State.INDEXED
    assert len([name for name in all_files(root) if name.startswith("descriptors")]) == 1


def test_a_calibration_waits_until_its_files_fit(collection, disk, root, monkeypatch):
    Calibration.objects.all().delete()
    before = all_files(root)
    fits: list = []
    fit = calibration.fit
    monkeypatch.setattr(calibration, "fit", noting(fits, fit))
    monkeypatch.setattr(storage, "LEAST_ROOM", 10)
    disk.room = 500
    assert not worker.work_through(60)
    assert StorageState.objects.get().problem == "full"
    assert len(fits) == 1
    for _ in range(4):
        due_now()
        assert not worker.work_through(60)
    # What did not fit is tried with random bytes, not by another fit.
    assert len(fits) == 1
    assert StorageState.objects.get().tries == 5
    disk.room = None
    due_now()
    worker.work_through(60)
    assert len(fits) == 2
    assert Calibration.objects.count() == 1
    assert len(all_files(root)) == len(before) + 1


class PostgresDiskFull(Exception):
    sqlstate = "53100"


def database_full(vendor: str) -> OperationalError:
    error = OperationalError("database or disk is full")
    if vendor == "sqlite":
        error.__cause__ = sqlite3.OperationalError()
        error.__cause__.sqlite_errorcode = sqlite3.SQLITE_FULL
    else:
        error.__cause__ = PostgresDiskFull()
    return error


@pytest.mark.parametrize("vendor", ["sqlite", "postgresql"])
def test_a_full_database_leaves_no_file_and_counts_no_attempt(
    make_artwork, run_worker, root, monkeypatch, vendor
):
    make_artwork("disc-a")

    def full(*facts):
        raise database_full(vendor)

    with monkeypatch.context() as patch:
        patch.setattr(storing, "_replace_descriptor", full)
        run_worker()
    assert StorageState.objects.get().problem == "full"
    assert IndexEntry.objects.get().attempts == 0
    assert all_files(root) == []
    due_now()
    run_worker()
    assert IndexEntry.objects.get().state == State.INDEXED


def test_a_database_that_cannot_even_note_it_pauses_the_process(
    make_artwork, run_worker, monkeypatch
):
    make_artwork("disc-a")

    def full(*facts, **more):
        raise database_full("sqlite")

    with monkeypatch.context() as patch:
        patch.setattr(storing, "_replace_descriptor", full)
        patch.setattr(worklist, "release", full)
        patch.setattr(storage, "record", full)
        run_worker()
        assert len(worker._leftovers) == 1
    claims: list = []
    claim = worklist.claim
    monkeypatch.setattr(worklist, "claim", noting(claims, claim))
    run_worker()
    assert claims == []
    storage._unrecorded.clear()
    run_worker()
    entry = IndexEntry.objects.get()
    assert (entry.state, entry.attempts) == (State.INDEXED, 1)


def test_another_error_of_the_database_is_not_taken_for_a_full_disk():
    assert storage.as_full(OperationalError("locked")) is None
    assert storage.as_full(OSError(errno.EIO, "input/output error")) is None
    assert isinstance(storage.as_full(OSError(errno.ENOSPC, "full")), StorageFull)


# A bucket


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


# The pictures of the artworks


def test_originals_that_are_all_gone_fail_no_artwork(
    collection, make_artwork, run_worker, settings
):
    late = make_artwork("disc-a")
    media = Path(settings.MEDIA_ROOT)
    media.rename(media.with_name("away"))
    run_worker()
    entry = IndexEntry.objects.get(artwork=late)
    assert (entry.state, entry.attempts) == (State.PENDING, 0)
    assert entry.due_at > timezone.now() + timedelta(seconds=10)
    with pytest.raises(CommandError, match="The storage of the pictures cannot be read"):
        call_command("stylesim_status", check=True)
    media.with_name("away").rename(media)
    IndexEntry.objects.update(due_at=timezone.now())
    run_worker()
    entry.refresh_from_db()
    assert (entry.state, entry.attempts) == (State.INDEXED, 1)
    call_command("stylesim_status", check=True)


def test_one_missing_original_is_the_failure_of_its_artwork(collection, make_artwork, run_worker):
    late = make_artwork("disc-a")
    late.image.storage.delete(late.image.name)
    run_worker()
    entry = IndexEntry.objects.get(artwork=late)
    assert entry.attempts == 1
    assert "missing from storage" in entry.error
