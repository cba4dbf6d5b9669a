"""Calibrations: the sizes at which one is due, and its sample."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile

from stylesim_app import files
from stylesim_app.conf import conf
from stylesim_app.core.distances import Weighting
from stylesim_app.exceptions import StylesimError
from stylesim_app.index import calibration, upkeep
from stylesim_app.index.serving import Serving
from stylesim_app.models import Artwork, Calibration, CompactIndex, StoredDescriptor
from stylesim_app.ranking.options import RankingOptions
from tests import pictures, synthetic
from tests.rankings import check_rankings, rank, serving_set

# When


def test_the_collection_is_calibrated_as_it_grows(collection, make_artwork, index_artwork):
    first = Calibration.objects.get()
    assert (first.collection_size, first.sample_size) == (12, 12)
    assert not calibration.is_due(serving_set())
    for name in pictures.NAMES:
        index_artwork(make_artwork(name), name)
    assert upkeep.is_urgent()
    upkeep.maintain(60, idle=False)
    second = Calibration.objects.get()
    assert second.pk != first.pk
    assert second.collection_size == 24
    assert not upkeep.is_urgent()


def test_a_small_collection_is_calibrated_when_the_worker_is_idle(
    collection, make_artwork, index_artwork
):
    serving = serving_set()
    assert not calibration.is_due(serving, idle=True)
    index_artwork(make_artwork("disc-a"), "disc-a")
    assert not calibration.is_due(serving)
    assert calibration.is_due(serving, idle=True)
    upkeep.maintain(60, idle=True)
    assert Calibration.objects.get().collection_size == 13


def test_a_collection_is_calibrated_at_powers_of_two_and_then_of_four(collection, monkeypatch):
    """As it grows one work at a time and a worker is never idle."""
    serving = serving_set()
    Calibration.objects.all().delete()
    works = 0
    monkeypatch.setattr(calibration, "count_descriptors", lambda _: works)
    seen = []
    for works in [*range(70), 255, 256, 257, 1023, 1024, 4095, 4096, 16384, 65535, 65536]:
        if calibration.is_due(serving):
            seen.append(works)
            Calibration.objects.all().delete()
            Calibration.objects.create(
                descriptor_set=serving, collection_size=works, sample_size=works
            )
            if works >= 64:
                CompactIndex.objects.create(
                    descriptor_set=serving, collection_size=works, store=conf.store
                )
    assert seen == [4, 8, 16, 32, 64, 256, 1024, 4096, 16384, 65536]


@pytest.mark.parametrize("size", [40, 64, 300])
def test_another_store_needs_another_calibration(collection, monkeypatch, settings, size):
    serving = serving_set()
    compressed = size >= 64
    files.private_storage().save("bases", ContentFile(b""))
    Calibration.objects.update(collection_size=size)
    if compressed:
        CompactIndex.objects.create(
            descriptor_set=serving, collection_size=size, bases_name="bases", store="embedded"
        )
    monkeypatch.setattr(calibration, "count_descriptors", lambda _: size)
    settings.STYLESIM_STORE = "embedded"
    assert not calibration.is_due(serving, idle=True)
    settings.STYLESIM_STORE = "pgvector"
    assert calibration.is_due(serving) is compressed
    # If most works went since, exact descriptors would do.
    monkeypatch.setattr(calibration, "count_descriptors", lambda _: 20)
    assert not calibration.is_due(serving)


# What


def test_a_calibration_samples_all_pairs(collection):
    pairs = Serving().pairs
    assert len(pairs.parts.content) == 12 * 11 / 2
    style, content = pairs.balanced_weights()
    assert RankingOptions(preset="balanced").weighting(Serving()) == Weighting(style, content)


def test_from_64_works_on_descriptors_are_compressed(eighty, settings):
    fitted = Serving().calibration
    assert (fitted.collection_size, fitted.sample_size) == (80, 80)
    index = Serving().compact_index
    assert index.bases_name
    assert index.ready_at is not None
    assert index.store == settings.STYLESIM_STORE
    store = Serving(serving_set()).store
    assert store.bounded
    assert not store.lacking(StoredDescriptor.objects.all()).exists()
    check_rankings(eighty)


def test_sixty_three_works_are_not_compressed(db, small_network):
    works = synthetic.store_works(synthetic.draw_small(63))
    upkeep.maintain(60, idle=True)
    assert Serving().compact_index is None
    assert not Serving(serving_set()).store.bounded
    check_rankings(works)


def test_a_large_collection_is_sampled(db, small_network, monkeypatch):
    """Bases of a part of the works bound the distances of all."""
    monkeypatch.setattr(calibration, "FIT_WORKS", 20)
    monkeypatch.setattr(calibration, "PAIR_WORKS", 10)
    works = synthetic.store_works(synthetic.draw_small(70))
    upkeep.maintain(60, idle=False)
    fitted = Serving().calibration
    assert (fitted.collection_size, fitted.sample_size) == (70, 20)
    assert len(Serving().pairs.parts.content) == 10 * 9 / 2
    check_rankings(works)


def test_calibrating_twice_gives_the_same_numbers(eighty):
    first, second = Serving(), Serving()

    def contents(serving):
        names = (serving.calibration.file_name, serving.compact_index.bases_name)
        return [files.read(name) for name in names]

    before = contents(first)
    assert upkeep.calibrate() == second.calibration != first.calibration
    assert second.compact_index != first.compact_index
    assert contents(second) == before


def test_calibrating_a_small_collection_says_what_is_missing(make_artwork, index_artwork):
    assert upkeep.maintain(60, idle=True)
    assert not upkeep.is_urgent()
    with pytest.raises(StylesimError, match="at least 4 indexed works"):
        upkeep.calibrate()
    index_artwork(make_artwork("disc-a"), "disc-a")
    assert upkeep.maintain(60, idle=True)
    assert not Calibration.objects.exists()
    with pytest.raises(StylesimError, match="there are 1"):
        upkeep.calibrate()
    assert rank(Artwork.objects.get()).results == []
