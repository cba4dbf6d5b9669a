"""A full disk and a full database: nothing is half written, and no attempt is counted."""

from __future__ import annotations

import errno
import sqlite3

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.utils import timezone

from stylesim_app import files
from stylesim_app.exceptions import StorageFull
from stylesim_app.index import calibration, storage, storing
from stylesim_app.models import Calibration, IndexEntry, StorageState, WorkItem
from stylesim_app.work import pipeline, worker, worklist
from tests.storage_faults import Disk
from tests.stored_files import all_files, due_now

State = WorkItem.State


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


def noting(calls: list, function):
    """Return a function that notes each call in a list."""

    def call(*facts):
        calls.append(facts)
        return function(*facts)

    return call


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
