"""Surroundings of a work on its index entry, as a worker finds them and a person corrects them."""

from __future__ import annotations

import io

import pytest
from django.core.files.base import ContentFile

from stylesim_app.core.boxes import WHOLE, Box
from stylesim_app.models import Artwork, IndexEntry, StoredFeatures
from stylesim_app.work import worklist
from tests.unit.core.test_surroundings import on_ground, painting

WORK = Box(90 / 480, 90 / 380, 300 / 480, 200 / 380)
CHOSEN = [0.1, 0.2, 0.5, 0.6]


def png(image):
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return ContentFile(buffer.getvalue(), name="photo.png")


@pytest.fixture
def save(db, django_capture_on_commit_callbacks):
    def save(work, image):
        with django_capture_on_commit_callbacks(execute=True):
            work.image = png(image)
            work.save()

    return save


@pytest.fixture
def photo(save, run_worker):
    work = Artwork(title="photo")
    save(work, on_ground("#969696"))
    run_worker()
    return work


def entry_of(work):
    return IndexEntry.objects.get(artwork=work)


def again(work, run_worker):
    worklist.request_again(IndexEntry.objects.filter(artwork=work))
    run_worker()
    return entry_of(work)


def test_worker_stores_what_was_cut(photo):
    entry = entry_of(photo)
    assert entry.state == "indexed"
    assert entry.cut_kind == "ground"
    assert Box(*entry.cut_box).overlap(WORK) > 0.95
    assert entry.chosen_box is None


def test_nothing_is_stored_where_nothing_was_cut(save, run_worker):
    work = Artwork(title="work")
    save(work, painting())
    run_worker()
    entry = entry_of(work)
    assert (entry.state, entry.cut_kind, entry.cut_box) == ("indexed", "", None)


def test_choice_is_kept_when_the_file_is_described_again(photo, run_worker):
    features = StoredFeatures.objects.get(entry__artwork=photo).pk
    IndexEntry.objects.update(chosen_box=CHOSEN)
    for _ in range(2):
        entry = again(photo, run_worker)
        assert (entry.cut_kind, entry.cut_box, entry.chosen_box) == ("chosen", CHOSEN, CHOSEN)
    assert StoredFeatures.objects.get(entry__artwork=photo).pk != features


def test_full_image_can_be_chosen(photo, run_worker):
    IndexEntry.objects.update(chosen_box=list(WHOLE))
    entry = again(photo, run_worker)
    assert (entry.cut_kind, entry.cut_box) == ("", None)


def test_choice_is_dropped_with_the_file(photo, save, run_worker):
    IndexEntry.objects.update(chosen_box=CHOSEN)
    again(photo, run_worker)
    save(photo, painting())
    assert entry_of(photo).chosen_box is None
    run_worker()
    entry = entry_of(photo)
    assert (entry.state, entry.cut_kind, entry.cut_box) == ("indexed", "", None)
