"""Provenance: after a change the old descriptors serve until the new set is complete."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile

from stylesim_app.core.distances import Weighting
from stylesim_app.exceptions import NotIndexed, StylesimError
from stylesim_app.models import (
    Artwork,
    Calibration,
    DescriptorSet,
    IndexEntry,
    StoredDescriptor,
    WorkItem,
)
from stylesim_app.services import calibration, extraction, files, sets, worklist
from stylesim_app.services.search import (
    RankingOptions,
    find_similar,
    find_similar_to_descriptor,
)

from . import pictures

State = WorkItem.State


def rank(artwork):
    works = Artwork.objects.all()
    return find_similar(artwork, RankingOptions(limit=50), works, works)


@pytest.fixture
def bfloat16(settings):
    """The site after a change of precision: descriptors made from now on have another origin."""
    settings.STYLESIM_PRECISION = "bfloat16"


def test_old_descriptors_serve_until_the_new_set_is_complete(
    collection, bfloat16, run_worker, settings, django_capture_on_commit_callbacks
):
    old = DescriptorSet.objects.get()
    first = IndexEntry.objects.filter(artwork=collection["disc-a"])
    worklist.request_again(first)
    run_worker()
    assert IndexEntry.objects.filter(state=State.STALE).count() == 11
    assert sets.serving_set() == old
    assert len(rank(collection["disc-a"]).results) == 11

    new = DescriptorSet.objects.exclude(pk=old.pk).get()
    assert sets.mark_stale(new) == 11
    worklist.request_again(IndexEntry.objects.filter(state=State.STALE))
    run_worker()
    assert sets.serving_set() == new
    assert list(DescriptorSet.objects.all()) == [new]
    answer = rank(collection["disc-a"])
    assert len(answer.results) == 11
    assert answer.provenance.precision == "bfloat16"
    folder = settings.STORAGES["stylesim"]["OPTIONS"]["location"] / "descriptors"
    assert len(list(folder.rglob("*.safetensors"))) == 12


def test_a_failed_work_does_not_hold_up_the_switch(collection, bfloat16, run_worker):
    broken = collection["cross-c"]
    broken.image.storage.delete(broken.image.name)
    IndexEntry.objects.filter(artwork=broken).update(state=State.FAILED)
    worklist.request_again(IndexEntry.objects.exclude(artwork=broken))
    run_worker()
    assert sets.serving_set().to_provenance().precision == "bfloat16"
    assert len(rank(collection["disc-a"]).results) == 10


def test_going_back_to_the_old_weights_makes_nothing_stale(collection, settings, run_worker):
    settings.STYLESIM_PRECISION = "bfloat16"
    worklist.request_again(IndexEntry.objects.filter(artwork=collection["disc-a"]))
    run_worker()
    settings.STYLESIM_PRECISION = "float32"
    old = sets.open_set(extraction.get_network().provenance)
    assert sets.mark_stale(old) == 0
    assert IndexEntry.objects.filter(state=State.INDEXED).count() == 12


def test_a_new_image_is_not_compared_with_descriptors_of_another_network(
    collection, bfloat16, described
):
    fresh = extraction.describe([extraction.decode_picture(pictures.png("disc-a"))])[0]
    with pytest.raises(NotIndexed, match="described by another network"):
        find_similar_to_descriptor("disc-a.png", fresh, RankingOptions())


def test_an_image_outside_the_collection_finds_its_copy_first(collection, described):
    answer = find_similar_to_descriptor("x.png", described["bars-b"], RankingOptions(limit=3))
    assert answer.query == "x.png"
    assert answer.results[0].artwork == collection["bars-b"]
    assert answer.results[0].distance < 1e-3 * answer.results[1].distance
    assert answer.results[0].closer_than == 100


# Calibration


def test_the_collection_is_calibrated_as_it_grows(collection, make_artwork, index_artwork):
    first = Calibration.objects.get()
    assert (first.collection_size, first.sample_size) == (12, 12)
    assert calibration.calibrate_if_due() is None
    for name in pictures.NAMES:
        index_artwork(make_artwork(name), name)
    second = calibration.calibrate_if_due()
    assert second.collection_size == 24
    assert list(Calibration.objects.all()) == [second]


def test_a_small_collection_is_calibrated_when_the_worker_is_idle(
    collection, make_artwork, index_artwork
):
    assert calibration.calibrate_if_due(idle=True) is None
    index_artwork(make_artwork("disc-a"), "disc-a")
    assert calibration.calibrate_if_due() is None
    assert calibration.calibrate_if_due(idle=True).collection_size == 13


@pytest.mark.parametrize(("size", "next_size"), [(4, 8), (128, 256), (256, 1024), (1024, 4096)])
def test_calibrations_become_rarer_in_large_collections(collection, monkeypatch, size, next_size):
    Calibration.objects.update(collection_size=size)
    monkeypatch.setattr(calibration, "calibrate", lambda serving: "due")
    for works, expected in ((next_size - 1, None), (next_size, "due")):
        monkeypatch.setattr(calibration, "count_descriptors", lambda serving, works=works: works)
        assert calibration.calibrate_if_due() == expected


def test_a_collection_of_damaged_descriptors_is_not_calibrated(collection):
    Calibration.objects.all().delete()
    for name in StoredDescriptor.objects.values_list("file_name", flat=True):
        files.private_storage().delete(name)
    assert calibration.calibrate_if_due() is None
    assert IndexEntry.objects.filter(state=State.FAILED).count() == 12


def test_a_calibration_samples_all_pairs(collection, described):
    pairs = calibration.serving_pairs()
    assert len(pairs.parts.content) == 12 * 11 / 2
    style, content = pairs.balanced_weights()
    assert RankingOptions(preset="balanced").weighting() == Weighting(style, content)


def test_calibrating_a_small_collection_says_what_is_missing(make_artwork, index_artwork):
    assert calibration.calibrate_if_due() is None
    with pytest.raises(StylesimError, match="at least 4 indexed works; there are 0"):
        calibration.calibrate()
    index_artwork(make_artwork("disc-a"), "disc-a")
    assert calibration.calibrate_if_due() is None
    with pytest.raises(StylesimError, match="there are 1"):
        calibration.calibrate()
    assert rank(Artwork.objects.get()).results == []


def test_a_damaged_descriptor_is_left_out_of_the_sample(collection):
    entry = IndexEntry.objects.get(artwork=collection["disc-a"])
    files.private_storage().delete(entry.descriptors.get().file_name)
    assert calibration.calibrate().sample_size == 11
    entry.refresh_from_db()
    assert entry.state == State.FAILED


@pytest.mark.parametrize("content", [None, b"damaged"])
def test_rankings_go_on_without_a_calibration_file(collection, content):
    name = Calibration.objects.get().file_name
    files.private_storage().delete(name)
    calibration._read_pairs.cache_clear()
    if content is not None:
        files.private_storage().save(name, ContentFile(content))
    assert rank(collection["disc-a"]).results[0].closer_than is None
    calibration.calibrate()
    assert rank(collection["disc-a"]).results[0].closer_than is not None
