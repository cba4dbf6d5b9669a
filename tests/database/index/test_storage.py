"""The private storage: its marker, a missing mount, and pictures that are gone."""

from __future__ import annotations

import json
import shutil
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.utils import timezone

from stylesim_app import files
from stylesim_app.checks import storage as checks
from stylesim_app.exceptions import (
    StorageForeign,
    StorageMissing,
)
from stylesim_app.index import storage
from stylesim_app.models import IndexEntry, StorageState, StoredDescriptor, WorkItem
from stylesim_app.work import worker, worklist
from tests import pictures
from tests.stored_files import all_files, due_now

State = WorkItem.State


def unmount(root: Path) -> Path:
    """Put an empty folder in the place of the storage, as a mount point without its disk."""
    away = root.with_name("away")
    root.rename(away)
    root.mkdir()
    return away


def mount(root: Path) -> None:
    shutil.rmtree(root)
    root.with_name("away").rename(root)


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
