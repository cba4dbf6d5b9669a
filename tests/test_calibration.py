"""Calibrations: when one is due, what it is fitted to, and how it takes over."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from django.core.files.base import ContentFile

from stylesim_app.conf import conf
from stylesim_app.core.distances import PRESETS, Weighting
from stylesim_app.core.errors import DescriptorError
from stylesim_app.exceptions import StorageMissing, StylesimError
from stylesim_app.models import Artwork, Calibration, IndexEntry, StoredDescriptor, WorkItem
from stylesim_app.services import calibration, files, maintenance, sets
from stylesim_app.services.nearest import find_nearest
from stylesim_app.services.search import RankingOptions, find_similar

from . import pictures, synthetic

State = WorkItem.State


def rank(artwork, **options):
    works = Artwork.objects.all()
    return find_similar(artwork, RankingOptions(**{"limit": 10, **options}), works, works)


def check_rankings(works, *, certified=True) -> None:
    """Of some works, against the formula for all."""
    for pk in list(works)[::17]:
        answer = rank(Artwork.objects.get(pk=pk))
        others = {key: each for key, each in works.items() if key != pk}
        expected = synthetic.brute_force(works[pk], others, answer.weighting, 10)
        assert [result.artwork.pk for result in answer.results] == [key for key, _ in expected]
        assert answer.certified is certified


def forget_bases() -> None:
    """As a process does that starts anew."""
    calibration._read_compressor.cache_clear()
    calibration._read_pairs.cache_clear()


def stored_works() -> set[int]:
    return set(StoredDescriptor.objects.values_list("pk", flat=True))


def lacking(store) -> set[int]:
    return set(store.lacking(StoredDescriptor.objects.all()).values_list("pk", flat=True))


# When


def test_the_collection_is_calibrated_as_it_grows(collection, make_artwork, index_artwork):
    first = Calibration.objects.get()
    assert (first.collection_size, first.sample_size) == (12, 12)
    assert not calibration.is_due(sets.serving_set())
    for name in pictures.NAMES:
        index_artwork(make_artwork(name), name)
    assert maintenance.is_urgent()
    maintenance.maintain(60, idle=False)
    second = Calibration.objects.get()
    assert second.pk != first.pk
    assert second.collection_size == 24
    assert not maintenance.is_urgent()


def test_a_small_collection_is_calibrated_when_the_worker_is_idle(
    collection, make_artwork, index_artwork
):
    serving = sets.serving_set()
    assert not calibration.is_due(serving, idle=True)
    index_artwork(make_artwork("disc-a"), "disc-a")
    assert not calibration.is_due(serving)
    assert calibration.is_due(serving, idle=True)
    maintenance.maintain(60, idle=True)
    assert Calibration.objects.get().collection_size == 13


def test_a_collection_is_calibrated_at_powers_of_two_and_then_of_four(collection, monkeypatch):
    """As it grows one work at a time and a worker is never idle."""
    serving = sets.serving_set()
    Calibration.objects.all().delete()
    works = 0
    monkeypatch.setattr(calibration, "count_descriptors", lambda _: works)
    seen = []
    for works in [*range(70), 255, 256, 257, 1023, 1024, 4095, 4096, 16384, 65535, 65536]:
        if calibration.is_due(serving):
            seen.append(works)
            Calibration.objects.all().delete()
            Calibration.objects.create(
                descriptor_set=serving,
                collection_size=works,
                sample_size=works,
                bases_name="bases" if works >= 64 else "",
                store=conf.store if works >= 64 else "",
            )
    assert seen == [4, 8, 16, 32, 64, 256, 1024, 4096, 16384, 65536]


@pytest.mark.parametrize("size", [40, 64, 300])
def test_another_store_needs_another_calibration(collection, monkeypatch, settings, size):
    serving = sets.serving_set()
    compressed = size >= 64
    files.private_storage().save("bases", ContentFile(b""))
    Calibration.objects.update(
        collection_size=size,
        bases_name="bases" if compressed else "",
        store="embedded" if compressed else "",
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
    pairs = calibration.serving_pairs()
    assert len(pairs.parts.content) == 12 * 11 / 2
    style, content = pairs.balanced_weights()
    assert RankingOptions(preset="balanced").weighting() == Weighting(style, content)


def test_from_64_works_on_descriptors_are_compressed(eighty, settings):
    fitted = calibration.serving_calibration()
    assert (fitted.collection_size, fitted.sample_size) == (80, 80)
    assert fitted.bases_name
    assert fitted.ready
    assert fitted.store == settings.STYLESIM_STORE
    store = calibration.serving_store(sets.serving_set())
    assert store.bounded
    assert lacking(store) == set()
    check_rankings(eighty)


def test_sixty_three_works_are_not_compressed(db, small_network):
    works = synthetic.store_works(synthetic.draw_small(63))
    maintenance.maintain(60, idle=True)
    assert not calibration.serving_calibration().bases_name
    assert not calibration.serving_store(sets.serving_set()).bounded
    check_rankings(works)


def test_a_large_collection_is_sampled(db, small_network, monkeypatch):
    """Bases of a part of the works bound the distances of all."""
    monkeypatch.setattr(calibration, "FIT_WORKS", 20)
    monkeypatch.setattr(calibration, "PAIR_WORKS", 10)
    works = synthetic.store_works(synthetic.draw_small(70))
    maintenance.maintain(60, idle=False)
    fitted = calibration.serving_calibration()
    assert (fitted.collection_size, fitted.sample_size) == (70, 20)
    assert len(calibration.serving_pairs().parts.content) == 10 * 9 / 2
    check_rankings(works)


def test_calibrating_twice_gives_the_same_numbers(eighty):
    first = calibration.serving_calibration()
    contents = [files.read(first.file_name), files.read(first.bases_name)]
    second = maintenance.calibrate()
    assert second.pk != first.pk
    assert [files.read(second.file_name), files.read(second.bases_name)] == contents


def test_calibrating_a_small_collection_says_what_is_missing(make_artwork, index_artwork):
    assert maintenance.maintain(60, idle=True)
    assert not maintenance.is_urgent()
    with pytest.raises(StylesimError, match="at least 4 indexed works"):
        maintenance.calibrate()
    index_artwork(make_artwork("disc-a"), "disc-a")
    assert maintenance.maintain(60, idle=True)
    assert not Calibration.objects.exists()
    with pytest.raises(StylesimError, match="there are 1"):
        maintenance.calibrate()
    assert rank(Artwork.objects.get()).results == []


# How a new one takes over


def test_the_old_calibration_serves_while_a_new_one_is_prepared(eighty, monkeypatch):
    """A worker that stops half-way changes nothing; the next goes on where it stopped."""
    monkeypatch.setattr(calibration, "CHUNK", 16)
    serving = sets.serving_set()
    old = calibration.serving_calibration()
    new = calibration.fit(serving)
    assert not new.ready
    left = iter([True, True, False])
    assert not calibration.prepare(new, lambda: next(left))
    assert calibration.serving_calibration() == old
    assert calibration.unfinished(serving) == new
    assert len(lacking(calibration.open_store(new))) == 80 - 3 * 16
    assert maintenance.is_urgent()
    check_rankings(eighty)

    maintenance.maintain(60, idle=False)
    assert list(Calibration.objects.all()) == [new]
    assert calibration.serving_calibration() == new
    assert not maintenance.is_urgent()
    check_rankings(eighty)


def test_the_old_calibration_goes_with_its_files(eighty, django_capture_on_commit_callbacks):
    old = calibration.serving_calibration()
    with django_capture_on_commit_callbacks(execute=True):
        new = maintenance.calibrate()
    assert not files.exists(old.bases_name)
    assert not files.exists(old.file_name)
    assert files.exists(new.bases_name)


def test_a_fit_that_fails_leaves_the_old_calibration(eighty, monkeypatch):
    old = calibration.serving_calibration()

    def full(*_):
        raise DescriptorError("descriptor_missing")

    monkeypatch.setattr("stylesim_app.core.compression.Compressor.fit", full)
    monkeypatch.setattr(calibration, "is_due", lambda *_, **__: True)
    assert maintenance.maintain(60, idle=False)
    assert list(Calibration.objects.all()) == [old]
    check_rankings(eighty)


def test_works_stored_or_replaced_meanwhile_are_in_both(eighty, monkeypatch):
    monkeypatch.setattr(calibration, "CHUNK", 16)
    new = calibration.fit(sets.serving_set())
    fresh, other = synthetic.draw_small(2, seed=3)
    steps = iter([fresh, other])
    early, late = next(iter(eighty)), list(eighty)[-1]

    def go_on():
        """Between two chunks a work is added, and one is replaced that was projected already."""
        descriptor = next(steps, None)
        if descriptor is fresh:
            (pk,) = synthetic.store_works([fresh])
            stored = StoredDescriptor.objects.get(entry__artwork=pk)
            calibration.add_to_stores(stored, fresh)
            eighty[pk] = fresh
        elif descriptor is other:
            synthetic.describe_artwork(early, other, "early")
            synthetic.describe_artwork(late, other, "late")
            eighty[early] = eighty[late] = other
        check_rankings(eighty)
        return True

    assert calibration.prepare(new, go_on)
    assert calibration.serving_calibration() == new
    assert lacking(calibration.open_store(new)) == set()
    check_rankings(eighty)


def test_a_work_that_no_calibration_has_keeps_it_from_serving(eighty, monkeypatch):
    """Stored by whoever knew nothing of the new calibration, after the last chunk."""
    old = calibration.serving_calibration()
    new = calibration.fit(sets.serving_set())
    store = calibration.open_store(new)
    described = StoredDescriptor.objects.all()
    assert not calibration._switch(new, store, described)
    assert calibration.serving_calibration() == old


def test_a_damaged_descriptor_does_not_hold_up_a_calibration(eighty):
    pk = list(eighty)[5]
    stored = StoredDescriptor.objects.get(entry__artwork=pk)
    new = calibration.fit(sets.serving_set())
    files.private_storage().delete(stored.file_name)
    assert calibration.prepare(new, lambda: True)
    assert IndexEntry.objects.get(artwork=pk).state == State.FAILED
    del eighty[pk]
    check_rankings(eighty)


def test_works_that_go_while_bases_are_fitted_do_not_stop_it(eighty, monkeypatch):
    monkeypatch.setattr(calibration, "CHUNK", 16)
    rows = list(StoredDescriptor.objects.order_by("pk"))
    going = iter(rows[3:6])

    def on_step():
        for row in [next(going, None)]:
            if row is not None:
                row.delete()
                files.private_storage().delete(row.file_name)
                del eighty[row.entry.artwork_id]

    fitted = calibration.fit(sets.serving_set(), on_step)
    assert calibration.prepare(fitted, lambda: True)
    assert len(eighty) == 77
    check_rankings(eighty)


@pytest.mark.skipif(conf.store == "pgvector", reason="pgvector deletes its rows")
def test_a_table_of_works_that_are_mostly_gone_is_made_anew(eighty):
    """Each re-indexing adds a row for each work, and a table never shrinks."""
    serving = sets.serving_set()
    for _ in range(2):
        assert not calibration.is_due(serving, idle=True)
        for pk, descriptor in eighty.items():
            synthetic.describe_artwork(pk, descriptor, "again")
    assert calibration.serving_calibration().length == 240
    assert not calibration.is_due(serving)
    assert calibration.is_due(serving, idle=True)
    maintenance.maintain(60, idle=True)
    assert calibration.serving_calibration().length == 80
    check_rankings(eighty)


def test_an_unfinished_calibration_gives_way_to_a_newer_one(eighty):
    serving = sets.serving_set()
    first = calibration.fit(serving)
    second = calibration.fit(serving)
    assert not Calibration.objects.filter(pk=first.pk).exists()
    assert calibration.unfinished(serving) == second


# What is damaged


def test_a_storage_that_is_gone_is_not_taken_for_damage(eighty, tmp_path, caplog):
    """A disk that was not mounted yet: said plainly, and all is as it was once it is back."""
    maintenance.maintain(60, idle=True)
    shutil.move(tmp_path / "stylesim", tmp_path / "away")
    artwork = Artwork.objects.first()
    with pytest.raises(StorageMissing, match="is it mounted"):
        rank(artwork, preset="content")
    maintenance.maintain(60, idle=True)
    assert "is it mounted" in caplog.text
    assert StoredDescriptor.objects.count() == 80
    assert not IndexEntry.objects.filter(state=State.FAILED).exists()
    assert Calibration.objects.count() == 1
    shutil.move(tmp_path / "away", tmp_path / "stylesim")
    check_rankings(eighty)


def test_a_collection_of_damaged_descriptors_is_not_calibrated(collection):
    Calibration.objects.all().delete()
    for name in StoredDescriptor.objects.values_list("file_name", flat=True):
        files.private_storage().delete(name)
    maintenance.maintain(60, idle=False)
    assert not Calibration.objects.exists()
    assert IndexEntry.objects.filter(state=State.FAILED).count() == 12


def test_a_damaged_descriptor_is_left_out_of_the_sample(collection):
    entry = IndexEntry.objects.get(artwork=collection["disc-a"])
    files.private_storage().delete(entry.descriptors.get().file_name)
    assert maintenance.calibrate().sample_size == 11
    entry.refresh_from_db()
    assert entry.state == State.FAILED


@pytest.mark.parametrize("content", [None, b"damaged"])
def test_rankings_go_on_without_a_calibration_file(collection, content):
    name = Calibration.objects.get().file_name
    files.private_storage().delete(name)
    forget_bases()
    if content is not None:
        files.private_storage().save(name, ContentFile(content))
    assert rank(collection["disc-a"]).results[0].closer_than is None
    maintenance.calibrate()
    assert rank(collection["disc-a"]).results[0].closer_than is not None


@pytest.mark.parametrize("content", [None, b"damaged"])
def test_rankings_are_right_without_bases_until_there_are_new_ones(eighty, content):
    old = calibration.serving_calibration()
    files.private_storage().delete(old.bases_name)
    forget_bases()
    if content is not None:
        files.private_storage().save(old.bases_name, ContentFile(content))
    check_rankings(eighty)
    assert rank(Artwork.objects.first()).results[0].closer_than is not None
    if content is not None:
        # Only whoever tries to use them finds out.
        pk = list(eighty)[3]
        synthetic.describe_artwork(pk, eighty[pk], "again")
    maintenance.maintain(60, idle=True)
    new = calibration.serving_calibration()
    assert new != old
    assert calibration.serving_store(sets.serving_set()).bounded
    check_rankings(eighty)


def test_who_still_knows_lost_bases_misses_no_work_stored_since(eighty, monkeypatch):
    """A web process has them in memory; the worker that stores a work can no longer read them."""
    fitted = calibration.serving_calibration()
    in_memory = calibration._read_compressor(fitted.bases_name)
    files.private_storage().delete(fitted.bases_name)
    forget_bases()
    pk = next(iter(eighty))
    synthetic.describe_artwork(pk, eighty[list(eighty)[17]], "changed")
    eighty[pk] = eighty[list(eighty)[17]]
    monkeypatch.setattr(calibration, "_read_compressor", lambda _: in_memory)
    check_rankings(eighty)
    assert maintenance.is_urgent()


def test_a_query_need_not_be_of_the_collection(eighty):
    """An image that was searched for, or is far from all that bases were fitted to."""
    store = calibration.serving_store(sets.serving_set())
    queries = synthetic.draw_small(3, seed=12)
    for preset in PRESETS:
        weighting = RankingOptions(preset=preset).weighting()
        for query, nearest in zip(
            queries,
            find_nearest(queries, store, StoredDescriptor.objects.all(), weighting, 10),
            strict=True,
        ):
            expected = synthetic.brute_force(query, eighty, weighting, 10)
            assert [each.artwork for each in nearest.candidates] == [key for key, _ in expected]
            assert nearest.ranking.distances == pytest.approx(
                np.array([distance for _, distance in expected])
            )
