"""Bad files that only the worker detects, and descriptors that are damaged later."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import OperationalError
from django.utils import timezone

from stylesim_app import files
from stylesim_app.core.errors import WeightsError
from stylesim_app.exceptions import NotIndexed, StorageMissing
from stylesim_app.index import repair
from stylesim_app.models import Artwork, IndexEntry, StoredDescriptor, WorkItem
from stylesim_app.work import pipeline, worklist
from tests import pictures
from tests.unit.core.test_images import png_bomb

from .test_worklist import rank

State = WorkItem.State


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "The file is empty."),
        (b"some text", "The file is not an image in one of these formats"),
        (pictures.png()[:300], "a part of the file is missing"),
        (png_bomb(), "too many pixels to open safely"),
        (png_bomb(20_000, 8_000), "20000 x 8000 pixels. The limit is 100 million"),
    ],
)
def test_a_bad_file_fails_with_its_reason(make_artwork, run_worker, content, reason):
    artwork = make_artwork()
    artwork.image.storage.delete(artwork.image.name)
    artwork.image.storage.save(artwork.image.name, ContentFile(content))
    run_worker()
    entry = IndexEntry.objects.get()
    assert entry.state == State.FAILED
    assert reason in entry.reason
    assert reason in entry.error


def test_a_bad_file_does_not_hold_up_its_batch(make_artwork, run_worker):
    good = make_artwork("disc-b")
    bad = make_artwork("disc-a")
    bad.image.storage.delete(bad.image.name)
    bad.image.storage.save(bad.image.name, ContentFile(b"text"))
    run_worker()
    assert good.stylesim_entry.state == State.INDEXED
    assert bad.stylesim_entry.state == State.FAILED


def test_a_vanished_file_is_tried_three_times_and_can_be_tried_again(make_artwork, run_worker):
    artwork = make_artwork()
    content = artwork.image.read()
    artwork.image.storage.delete(artwork.image.name)
    for attempt in (1, 2, 3):
        run_worker()
        entry = IndexEntry.objects.get()
        assert entry.attempts == attempt
        assert "missing from storage" in entry.reason
        IndexEntry.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    run_worker()
    assert IndexEntry.objects.get().state == State.FAILED
    artwork.image.storage.save(artwork.image.name, ContentFile(content))
    worklist.request_again(IndexEntry.objects.filter(state=State.FAILED))
    run_worker()
    assert IndexEntry.objects.get().state == State.INDEXED


def test_an_artwork_whose_image_was_removed_leaves_the_list(make_artwork, run_worker):
    artwork = make_artwork()
    worklist.reconcile()
    Artwork.objects.filter(pk=artwork.pk).update(image="")
    run_worker()
    assert not IndexEntry.objects.exists()


def test_unusable_weights_are_told_on_the_entry(make_artwork, run_worker, settings, tmp_path):
    make_artwork()
    settings.STYLESIM_WEIGHTS = str(tmp_path / "none.pth")
    run_worker()
    entry = IndexEntry.objects.get()
    assert entry.error_code == "weights_missing"
    assert "Weights file not found" in entry.reason
    assert entry.state == State.PENDING


def test_a_device_out_of_memory_is_told_on_the_entry(make_artwork, run_worker, monkeypatch):
    make_artwork()

    class Exhausted:
        def describe(self, pixels):
            raise RuntimeError("out of memory")

    monkeypatch.setattr(pipeline, "get_network", Exhausted)
    run_worker()
    entry = IndexEntry.objects.get()
    assert entry.reason == "The worker ran out of memory while indexing this image."
    assert entry.detail == "RuntimeError: out of memory"


class EndpointConnectionError(Exception):
    """An error of a bucket, which has no base but Exception."""


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (PermissionError("denied"), "access is denied"),
        (OSError(5, "Input/output error"), "cannot be read from storage"),
        (ConnectionResetError("reset"), "cannot be reached"),
        (EndpointConnectionError("no route"), "cannot be reached"),
        (ZeroDivisionError("division by zero"), "An unexpected error occurred"),
    ],
)
def test_storage_that_cannot_be_read_is_told_on_the_entry(
    make_artwork, run_worker, monkeypatch, error, reason
):
    make_artwork()

    def refuse(*args):
        raise error

    monkeypatch.setattr(pipeline, "read_picture", refuse)
    run_worker()
    entry = IndexEntry.objects.get()
    assert reason in entry.reason
    assert entry.detail == f"{type(error).__name__}: {error}"
    # The log and the stored error have both.
    assert entry.error == f"{entry.reason} ({entry.detail})"


def test_an_animation_is_described_by_its_first_frame_and_says_so(make_artwork, run_worker):
    artwork = make_artwork()
    frames = [pictures.draw("disc-a"), pictures.draw("bars-b")]
    content = pictures.encode(frames[0], "GIF", save_all=True, append_images=frames[1:])
    artwork.image.save("animated.gif", ContentFile(content))
    run_worker()
    assert IndexEntry.objects.get().notes == ["first_frame"]


# Damaged descriptors


def damage(name: str, change: Callable[[bytes], bytes | None]) -> None:
    """Change the bytes of a private file; None takes the file away."""
    storage = storages["stylesim"]
    with storage.open(name) as file:
        content = change(file.read())
    storage.delete(name)
    if content is not None:
        storage.save(name, ContentFile(content))


def flip(position: float) -> Callable[[bytes], bytes]:
    """Flip one bit at a position from 0, the first byte, to 1, the last."""

    def change(content: bytes) -> bytes:
        at = round(position * (len(content) - 1))
        return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]

    return change


DAMAGES = [
    (lambda content: content[:1000], "damaged"),
    (lambda content: b"", "damaged"),
    (lambda content: None, "missing from storage"),
    *((flip(position), "checksum") for position in (0, 0.0005, 0.3, 0.9, 1)),
]


@pytest.mark.parametrize(("change", "reason"), DAMAGES)
def test_a_damaged_descriptor_is_left_out_until_a_worker_looks_again(
    collection, run_worker, change, reason
):
    entry = IndexEntry.objects.get(artwork=collection["disc-b"])
    stored = entry.descriptors.get()
    damage(stored.file_name, change)
    answer = rank(collection["disc-a"])
    assert collection["disc-b"] not in [result.artwork for result in answer.results]
    assert len(answer.results) == 10
    assert not answer.certified
    assert rank(collection["disc-a"]).certified
    assert (rank(collection["disc-a"]).indexed, answer.visible) == (11, 12)
    # A read deletes nothing and fails nothing.
    entry.refresh_from_db()
    assert entry.state == State.INDEXED
    assert entry.descriptors.get().suspected_at is not None
    run_worker()
    entry.refresh_from_db()
    assert entry.state == State.FAILED
    assert reason in entry.reason
    assert not entry.descriptors.exists()
    worklist.request_again(IndexEntry.objects.filter(pk=entry.pk))
    run_worker()
    assert rank(collection["disc-a"]).indexed == 12


def test_a_descriptor_that_can_be_read_again_is_suspected_no_more(collection, run_worker):
    stored = collection["disc-b"].stylesim_entry.descriptors.get()
    content = files.read(stored.file_name)
    damage(stored.file_name, lambda content: b"")
    rank(collection["disc-a"])
    damage(stored.file_name, lambda _: content)
    assert rank(collection["disc-a"]).indexed == 11
    run_worker()
    stored.refresh_from_db()
    assert stored.suspected_at is None
    assert rank(collection["disc-a"]).indexed == 12
    assert stored.listed_by.count() == 11


def test_a_suspicion_that_cannot_be_noted_is_no_error(collection, client, monkeypatch):
    """A database that can only be read still answers."""
    damage(collection["disc-b"].stylesim_entry.descriptors.get().file_name, flip(0.5))

    def refuse():
        raise OperationalError("read only")

    monkeypatch.setattr(timezone, "now", refuse)
    answer = rank(collection["disc-a"])
    assert collection["disc-b"] not in [result.artwork for result in answer.results]
    damage(collection["disc-a"].stylesim_entry.descriptors.get().file_name, flip(0.5))
    path = f"/api/artworks/{collection['disc-a'].pk}/similar/?preset=style"
    assert client.get(path).status_code == 409


def test_suspicions_outlast_a_storage_that_is_not_there(collection, settings, tmp_path):
    descriptors = StoredDescriptor.objects.all()
    descriptors.update(suspected_at=timezone.now())
    root = tmp_path / "stylesim"
    root.rename(tmp_path / "unmounted")
    with pytest.raises(StorageMissing):
        repair.settle(descriptors)
    assert descriptors.count() == 12
    (tmp_path / "unmounted").rename(root)
    steps = iter([True] * 5 + [False])
    repair.settle(descriptors, lambda: next(steps))
    assert descriptors.filter(suspected_at__isnull=True).count() == 5
    repair.settle(descriptors)
    assert not descriptors.filter(suspected_at__isnull=False).exists()


@pytest.mark.parametrize("name", ["12345678.bin", "folder-12345678/plain.bin", "a-1234567g.bin"])
def test_a_name_without_a_checksum_is_read_as_it_is(name, settings, db):
    saved = files.private_storage().save(name, ContentFile(b"content"))
    assert files.read(saved) == b"content"


def test_a_page_with_a_damaged_descriptor_deletes_no_row_and_no_file(collection, client):
    descriptors = StoredDescriptor.objects.order_by("pk")
    rows = list(descriptors.values_list("pk", "file_name"))
    for _, name in rows[1:]:
        damage(name, flip(0.5))
    for artwork in collection.values():
        client.get(f"/api/artworks/{artwork.pk}/similar/")
        client.get(f"/artworks/{artwork.pk}/")
    assert list(descriptors.values_list("pk", "file_name")) == rows
    assert all(files.exists(name) for _, name in rows)
    assert not IndexEntry.objects.exclude(state=State.INDEXED).exists()


def test_a_damaged_query_says_so_and_can_be_indexed_again(collection, run_worker):
    artwork = collection["disc-a"]
    files.private_storage().delete(artwork.stylesim_entry.descriptors.get().file_name)
    with pytest.raises(NotIndexed, match="missing from storage"):
        rank(artwork)
    worklist.request_again(IndexEntry.objects.filter(artwork=artwork))
    run_worker()
    assert len(rank(artwork).results) == 10


def test_reasons_can_be_read_in_another_language(make_artwork, settings):
    entry = IndexEntry(error="gone", error_code="no_such_code", error_params={})
    assert entry.reason == "gone"


LIBRARY = "broken data stream when reading image file"


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("image_broken", ""),
        ("image_broken", "cut_short"),
        ("image_broken", "unsupported"),
        ("image_decoder_died", ""),
        ("unexpected", ""),
        ("unexpected", "denied"),
        ("descriptor_unreadable", ""),
        ("weights_unreadable", ""),
        ("weights_unsafe", ""),
        ("weights_other_network", ""),
        ("weights_no_network", ""),
    ],
)
def test_the_words_of_a_library_are_no_part_of_a_reason(code, cause):
    params = {"path": "w.pth", "file": "f", "folder": "d", "reason": LIBRARY, "cause": cause}
    entry = IndexEntry(error=LIBRARY, error_code=code, error_params=params)
    assert entry.reason
    assert LIBRARY not in entry.reason
    assert entry.detail == LIBRARY


def test_errors_stored_by_an_earlier_version_have_reasons_and_details():
    broken = IndexEntry(error_code="image_broken", error_params={"reason": LIBRARY})
    assert broken.reason == "The image is damaged or incomplete and cannot be opened."
    other = IndexEntry(error_code="unexpected", error_params={"kind": "OSError", "reason": "no"})
    assert other.detail == "OSError: no"


def test_errors_survive_storage(make_artwork):
    make_artwork()
    worklist.reconcile()
    [entry] = worklist.claim(IndexEntry, 1)
    worklist.fail(entry, WeightsError("weights_missing", path=files), final=True)
    entry.refresh_from_db()
    assert entry.reason == entry.error
