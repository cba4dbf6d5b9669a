"""Calibrations: how a new one takes over, and what happens when something is damaged."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from django.core.files.base import ContentFile

from stylesim_app import files
from stylesim_app.conf import conf
from stylesim_app.core.distances import PRESETS
from stylesim_app.core.errors import DescriptorError
from stylesim_app.exceptions import StorageMissing
from stylesim_app.index import calibration, sets, upkeep
from stylesim_app.index.nearest import find_nearest
from stylesim_app.models import Artwork, Calibration, IndexEntry, StoredDescriptor, WorkItem
from stylesim_app.ranking.similar import RankingOptions
from tests import synthetic
from tests.rankings import check_rankings, rank

State = WorkItem.State


def forget_bases() -> None:
    """As a process does that starts anew."""
    calibration._read_compressor.cache_clear()
    calibration._read_pairs.cache_clear()


def stored_works() -> set[int]:
    return set(StoredDescriptor.objects.values_list("pk", flat=True))


def lacking(store) -> set[int]:
    return set(store.lacking(StoredDescriptor.objects.all()).values_list("pk", flat=True))


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
    assert upkeep.is_urgent()
    check_rankings(eighty)

    upkeep.maintain(60, idle=False)
    assert list(Calibration.objects.all()) == [new]
    assert calibration.serving_calibration() == new
    assert not upkeep.is_urgent()
    check_rankings(eighty)


def test_the_old_calibration_goes_with_its_files(eighty, django_capture_on_commit_callbacks):
    old = calibration.serving_calibration()
    with django_capture_on_commit_callbacks(execute=True):
        new = upkeep.calibrate()
    assert not files.exists(old.bases_name)
    assert not files.exists(old.file_name)
    assert files.exists(new.bases_name)


def test_a_fit_that_fails_leaves_the_old_calibration(eighty, monkeypatch):
    old = calibration.serving_calibration()

    def full(*_):
        raise DescriptorError("descriptor_missing")

    monkeypatch.setattr("stylesim_app.core.compression.Compressor.fit", full)
    monkeypatch.setattr(calibration, "is_due", lambda *_, **__: True)
    assert upkeep.maintain(60, idle=False)
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
    upkeep.maintain(60, idle=True)
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
    upkeep.maintain(60, idle=True)
    shutil.move(tmp_path / "stylesim", tmp_path / "away")
    artwork = Artwork.objects.first()
    with pytest.raises(StorageMissing, match="is it mounted"):
        rank(artwork, preset="content")
    upkeep.maintain(60, idle=True)
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
    upkeep.maintain(60, idle=False)
    assert not Calibration.objects.exists()
    assert IndexEntry.objects.filter(state=State.FAILED).count() == 12


def test_a_damaged_descriptor_is_left_out_of_the_sample(collection):
    entry = IndexEntry.objects.get(artwork=collection["disc-a"])
    files.private_storage().delete(entry.descriptors.get().file_name)
    assert upkeep.calibrate().sample_size == 11
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
    upkeep.calibrate()
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
    upkeep.maintain(60, idle=True)
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
    assert upkeep.is_urgent()


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
