"""Pictures that artworks no longer have: nothing of them is left, or only for the days set."""

from __future__ import annotations

import io
import os
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.db import transaction
from django.utils import timezone
from easy_thumbnails.models import Thumbnail
from PIL import Image

from stylesim_app import files, tasks
from stylesim_app.collection import thumbnails
from stylesim_app.models import Artwork, IndexEntry, RemovedPicture
from stylesim_app.work import removed, worklist
from tests import pictures


@pytest.fixture
def originals(settings):
    """The names of the files in the media storage."""

    def names() -> set[str]:
        root = Path(settings.MEDIA_ROOT)
        return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}

    return names


@pytest.fixture
def kept(settings):
    """The contents of the originals that are kept for a time."""

    def contents() -> list[bytes]:
        root = Path(settings.STORAGES["stylesim"]["OPTIONS"]["location"]) / "removed"
        return [path.read_bytes() for path in root.rglob("*") if path.is_file()]

    return contents


@pytest.fixture
def committed(django_capture_on_commit_callbacks):
    """A context in which the work after a commit is done."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


def replace(artwork: Artwork, name: str = "cross-b") -> None:
    artwork.image = ContentFile(pictures.png(name), f"{name}.png")
    artwork.save()


def colour(artwork: Artwork):
    thumbnails.make_thumbnails(artwork, ["small"])
    with thumbnails.find_thumbnail(artwork, "small") as file:
        return Image.open(io.BytesIO(file.read())).getpixel((5, 5))


def test_a_replaced_picture_leaves_neither_original_nor_thumbnail(
    make_artwork, originals, committed
):
    artwork = make_artwork("disc-a")
    thumbnails.make_thumbnails(artwork, ["small"])
    small = Thumbnail.objects.get().name
    with committed():
        replace(artwork)
    assert originals() == {artwork.image.name}
    assert not files.exists(small)
    assert not RemovedPicture.objects.exists()


def test_a_picture_that_is_taken_away_is_removed(make_artwork, originals, committed):
    artwork = make_artwork("disc-a")
    artwork.image = ""
    with committed():
        artwork.save()
    assert originals() == set()


def test_each_of_several_replacements_is_removed(make_artwork, originals, committed):
    artwork = make_artwork("disc-a")
    other = Artwork.objects.get(pk=artwork.pk)
    with committed():
        replace(artwork, "bars-a")
    with committed():
        # From a copy that was loaded before.
        replace(other, "cross-b")
    assert originals() == {other.image.name}


def test_a_replacement_that_only_the_schedule_notices_is_removed(
    make_artwork, originals, committed
):
    artwork = make_artwork("disc-a")
    worklist.reconcile()
    name = artwork.image.storage.save("other.png", ContentFile(pictures.png("cross-b")))
    Artwork.objects.update(image=name)
    with committed():
        worklist.reconcile()
    assert originals() == {"other.png"}


def test_saving_other_fields_removes_nothing(make_artwork, originals, committed):
    artwork = make_artwork("disc-a")
    before = originals()
    with committed():
        artwork.title = "Renamed"
        artwork.save()
        artwork.image = ContentFile(pictures.png("bars-a"), "b.png")
        artwork.save(update_fields=["title"])
    assert originals() == before


@pytest.mark.django_db(transaction=True)
def test_a_change_that_is_rolled_back_removes_nothing(make_artwork, originals):
    artwork = make_artwork("disc-a")
    before = originals()
    with transaction.atomic():
        artwork.delete()
        transaction.set_rollback(True)
    with transaction.atomic():
        replace(Artwork.objects.get())
        transaction.set_rollback(True)
    assert before <= originals()
    assert not RemovedPicture.objects.exists()


def test_a_replaced_file_that_another_artwork_has_is_kept(make_artwork, originals, committed):
    artwork = make_artwork("disc-a")
    name = artwork.image.name
    Artwork.objects.create(title="The same file", image=name)
    thumbnails.make_thumbnails(artwork, ["small"])
    small = Thumbnail.objects.get().name
    with committed():
        replace(artwork)
    assert originals() == {name, artwork.image.name}
    assert files.exists(small)
    assert not RemovedPicture.objects.exists()


@pytest.mark.parametrize("remove", [replace, Artwork.delete])
def test_an_original_is_kept_for_the_days_set_where_no_visitor_finds_it(
    make_artwork, originals, kept, committed, settings, remove
):
    settings.STYLESIM_KEEP_REMOVED_DAYS = 30
    artwork = make_artwork("disc-a")
    name = artwork.image.name
    with committed():
        remove(artwork)
    assert name not in originals()
    assert kept() == [pictures.png("disc-a")]
    row = RemovedPicture.objects.get()
    assert (row.image_name, row.title) == (name, "disc-a")

    RemovedPicture.objects.update(removed_at=timezone.now() - timedelta(days=29))
    with committed():
        removed.purge()
    assert kept() == [pictures.png("disc-a")]
    RemovedPicture.objects.update(removed_at=timezone.now() - timedelta(days=31))
    with committed():
        removed.purge()
    assert kept() == []
    assert not RemovedPicture.objects.exists()


@pytest.mark.parametrize("days", [0, 30])
def test_the_schedule_deletes_what_a_stopped_process_left(
    make_artwork, originals, kept, committed, settings, days
):
    settings.STYLESIM_KEEP_REMOVED_DAYS = days
    artwork = make_artwork("disc-a")
    thumbnails.make_thumbnails(artwork, ["small"])
    # Without ``committed``, as if the process stopped right after the commit.
    artwork.delete()
    assert originals()
    removed.purge()
    assert originals()
    RemovedPicture.objects.update(removed_at=timezone.now() - removed.OVERDUE * 2)
    with committed():
        tasks.ring_again()
    assert originals() == set()
    assert not Thumbnail.objects.exists()
    assert len(kept()) == (1 if days else 0)


def test_a_copy_that_stopped_half_way_is_made_again(
    make_artwork, originals, kept, committed, settings
):
    settings.STYLESIM_KEEP_REMOVED_DAYS = 30
    make_artwork("disc-a").delete()
    half = files.private_storage().save("removed/half.png", ContentFile(b"half"))
    RemovedPicture.objects.update(kept_name=half, removed_at=timezone.now() - removed.OVERDUE * 2)
    removed.purge()
    assert kept() == [pictures.png("disc-a")]
    assert originals() == set()


def test_an_original_that_cannot_be_deleted_is_tried_again(
    make_artwork, originals, committed, monkeypatch, caplog
):
    artwork = make_artwork("disc-a")

    def refuse(_self, _name):
        raise PermissionError("read-only")

    monkeypatch.setattr(FileSystemStorage, "delete", refuse)
    artwork.delete()
    RemovedPicture.objects.update(removed_at=timezone.now() - removed.OVERDUE * 2)
    removed.purge()
    assert "cannot be deleted" in caplog.text
    monkeypatch.undo()
    removed.purge()
    assert originals() == set()
    assert not RemovedPicture.objects.exists()


def test_a_missing_original_is_no_error(make_artwork, kept, committed, settings):
    settings.STYLESIM_KEEP_REMOVED_DAYS = 30
    artwork = make_artwork("disc-a")
    artwork.image.storage.delete(artwork.image.name)
    with committed():
        artwork.delete()
    assert kept() == []
    assert not RemovedPicture.objects.exists()


def test_a_file_replaced_in_place_by_an_older_one_gets_new_thumbnails(
    make_artwork, run_worker, tmp_path
):
    artwork = make_artwork("disc-a", title="red")
    path = Path(artwork.image.path)
    Image.new("RGB", (300, 200), "red").save(path)
    worklist.reconcile()
    run_worker()
    assert colour(artwork)[0] > 200
    older = tmp_path / "older.png"
    Image.new("RGB", (300, 200), "lime").save(older)
    os.utime(older, (1_000_000_000, 1_000_000_000))
    shutil.copy2(older, path)
    worklist.request_again(IndexEntry.objects.all())
    run_worker()
    assert colour(artwork)[1] > 200
