"""Calibrations: the switch to a new one, and recovery from damage."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pytest
from django.core.files.base import ContentFile

from stylesim_app import files
from stylesim_app.conf import conf
from stylesim_app.core.distances import PRESETS
from stylesim_app.core.errors import DescriptorError
from stylesim_app.exceptions import NotIndexed, StorageMissing
from stylesim_app.index import calibration, compact_index, upkeep
from stylesim_app.index import serving as serving_module
from stylesim_app.index.nearest import find_nearest
from stylesim_app.index.serving import Serving
from stylesim_app.models import (
    Artwork,
    Calibration,
    CompactIndex,
    IndexEntry,
    StoredDescriptor,
    WorkItem,
)
from stylesim_app.ranking.options import RankingOptions
from stylesim_app.ranking.similar import find_similar
from tests import synthetic
from tests.rankings import check_rankings, rank, serving_set

State = WorkItem.State


def forget_bases() -> None:
    """As a process does that has just started."""
    compact_index._read_compressor.cache_clear()
    serving_module._read_pairs.cache_clear()


def stored_works() -> set[int]:
    return set(StoredDescriptor.objects.values_list("pk", flat=True))


def lacking(store) -> set[int]:
    return set(store.lacking(StoredDescriptor.objects.all()).values_list("pk", flat=True))


# How a new one takes over


def fit(on_step: Callable[[], object] = lambda: None) -> CompactIndex:
    """Calibrate the serving set; the index that is then to be prepared."""
    serving = serving_set()
    calibration.fit(serving, on_step)
    index = compact_index.unfinished(serving)
    assert index is not None
    return index


def test_the_old_calibration_serves_while_a_new_one_is_prepared(eighty, monkeypatch):
    """A worker that stops half-way changes nothing; the next goes on where it stopped."""
    monkeypatch.setattr(compact_index, "CHUNK", 16)
    serving = serving_set()
    old = Serving().compact_index
    new = fit()
    assert new.ready_at is None
    left = iter([True, True, False])
    assert not compact_index.prepare(new, lambda: next(left))
    assert Serving().compact_index == old
    assert compact_index.unfinished(serving) == new
    assert len(lacking(compact_index.open_store(new))) == 80 - 3 * 16
    assert upkeep.is_urgent()
    check_rankings(eighty)

    upkeep.maintain(60, idle=False)
    assert list(CompactIndex.objects.all()) == [new]
    assert Serving().compact_index == new
    assert not upkeep.is_urgent()
    check_rankings(eighty)


def test_the_old_calibration_goes_with_its_files(eighty, django_capture_on_commit_callbacks):
    old, old_index = Serving().calibration, Serving().compact_index
    with django_capture_on_commit_callbacks(execute=True):
        upkeep.calibrate()
        upkeep.maintain(60, idle=False)
    assert not files.exists(old_index.bases_name)
    assert not files.exists(old.file_name)
    assert files.exists(Serving().calibration.file_name)
    assert files.exists(Serving().compact_index.bases_name)


def test_an_index_is_kept_for_the_searches_that_began_in_it(eighty, monkeypatch):
    monkeypatch.setattr(compact_index, "KEPT_FOR", timedelta(minutes=1))
    outdated = Serving()
    assert outdated.store.bounded
    upkeep.calibrate()
    upkeep.maintain(60, idle=False)
    assert CompactIndex.objects.count() == 2
    # A work that is stored meanwhile is in both.
    pk, other = next(iter(eighty)), list(eighty)[9]
    synthetic.describe_artwork(pk, eighty[other], "changed")
    eighty[pk] = eighty[other]
    assert lacking(outdated.store) == set()
    artwork, works = Artwork.objects.get(pk=other), Artwork.objects.all()
    options = RankingOptions(style_weight=2.0)
    answer = find_similar(artwork, options, works, works, outdated)
    assert answer.results[0].artwork.pk == pk
    assert answer.certified
    monkeypatch.setattr(compact_index, "KEPT_FOR", timedelta(0))
    upkeep.maintain(60, idle=False)
    assert CompactIndex.objects.get() == Serving().compact_index
    with pytest.raises(NotIndexed, match="try again"):
        find_similar(artwork, options, works, works, outdated)


def test_a_fit_that_fails_leaves_the_old_calibration(eighty, monkeypatch):
    old = Serving().calibration

    def full(*_):
        raise DescriptorError("descriptor_missing")

    monkeypatch.setattr("stylesim_app.core.compression.Compressor.fit", full)
    monkeypatch.setattr(calibration, "is_due", lambda *_, **__: True)
    assert upkeep.maintain(60, idle=False)
    assert list(Calibration.objects.all()) == [old]
    check_rankings(eighty)


def test_works_stored_or_replaced_meanwhile_are_in_both(eighty, monkeypatch):
    monkeypatch.setattr(compact_index, "CHUNK", 16)
    new = fit()
    fresh, other = synthetic.draw_small(2, seed=3)
    steps = iter([fresh, other])
    early, late = next(iter(eighty)), list(eighty)[-1]

    def go_on():
        """Between two chunks a work is added, and one is replaced that was projected already."""
        descriptor = next(steps, None)
        if descriptor is fresh:
            (pk,) = synthetic.store_works([fresh])
            stored = StoredDescriptor.objects.get(entry__artwork=pk)
            compact_index.add_to_stores(stored, fresh)
            eighty[pk] = fresh
        elif descriptor is other:
            synthetic.describe_artwork(early, other, "early")
            synthetic.describe_artwork(late, other, "late")
            eighty[early] = eighty[late] = other
        check_rankings(eighty)
        return True

    assert compact_index.prepare(new, go_on)
    assert Serving().compact_index == new
    assert lacking(compact_index.open_store(new)) == set()
    check_rankings(eighty)


def test_a_work_that_no_calibration_has_keeps_it_from_serving(eighty, monkeypatch):
    """Stored by whoever knew nothing of the new calibration, after the last chunk."""
    old = Serving().compact_index
    new = fit()
    store = compact_index.open_store(new)
    described = StoredDescriptor.objects.all()
    assert not compact_index._switch(new, store, described)
    assert Serving().compact_index == old


def test_a_damaged_descriptor_does_not_hold_up_a_calibration(eighty):
    pk = list(eighty)[5]
    stored = StoredDescriptor.objects.get(entry__artwork=pk)
    new = fit()
    files.private_storage().delete(stored.file_name)
    assert compact_index.prepare(new, lambda: True)
    assert IndexEntry.objects.get(artwork=pk).state == State.FAILED
    del eighty[pk]
    check_rankings(eighty)


def test_works_that_go_while_bases_are_fitted_do_not_stop_it(eighty, monkeypatch):
    monkeypatch.setattr(compact_index, "CHUNK", 16)
    rows = list(StoredDescriptor.objects.order_by("pk"))
    going = iter(rows[3:6])

    def on_step():
        for row in [next(going, None)]:
            if row is not None:
                row.delete()
                files.private_storage().delete(row.file_name)
                del eighty[row.entry.artwork_id]

    fitted = fit(on_step)
    assert compact_index.prepare(fitted, lambda: True)
    assert len(eighty) == 77
    check_rankings(eighty)


@pytest.mark.release
@pytest.mark.skipif(conf.store == "pgvector", reason="pgvector deletes its rows")
def test_a_table_of_works_that_are_mostly_gone_is_made_anew(eighty):
    """Each re-indexing adds a row for each work, and a table never shrinks."""
    serving = serving_set()
    for _ in range(2):
        assert not calibration.is_due(serving, idle=True)
        for pk, descriptor in eighty.items():
            synthetic.describe_artwork(pk, descriptor, "again")
    assert Serving().compact_index.length == 240
    assert not calibration.is_due(serving)
    assert calibration.is_due(serving, idle=True)
    upkeep.maintain(60, idle=True)
    assert Serving().compact_index.length == 80
    check_rankings(eighty)


def test_an_unfinished_calibration_gives_way_to_a_newer_one(eighty):
    serving = serving_set()
    first = fit()
    second = fit()
    assert not CompactIndex.objects.filter(pk=first.pk).exists()
    assert compact_index.unfinished(serving) == second


# What is damaged


def test_a_storage_that_is_gone_is_not_taken_for_damage(eighty, tmp_path):
    """A disk that was not mounted yet: said plainly, and all is as it was once it is back."""
    upkeep.maintain(60, idle=True)
    shutil.move(tmp_path / "stylesim", tmp_path / "away")
    artwork = Artwork.objects.first()
    assert artwork is not None
    with pytest.raises(StorageMissing, match="Check that it is mounted"):
        rank(artwork, preset="content")
    with pytest.raises(StorageMissing):
        upkeep.maintain(60, idle=True)
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
    old = Serving().compact_index
    files.private_storage().delete(old.bases_name)
    forget_bases()
    if content is not None:
        files.private_storage().save(old.bases_name, ContentFile(content))
    check_rankings(eighty)
    artwork = Artwork.objects.first()
    assert artwork is not None
    assert rank(artwork).results[0].closer_than is not None
    if content is not None:
        # Only whoever tries to use them finds out.
        pk = list(eighty)[3]
        synthetic.describe_artwork(pk, eighty[pk], "again")
    upkeep.maintain(60, idle=True)
    new = Serving().compact_index
    assert new != old
    assert Serving(serving_set()).store.bounded
    check_rankings(eighty)


def test_who_still_knows_lost_bases_misses_no_work_stored_since(eighty, monkeypatch):
    """A web process has them in memory; the worker that stores a work can no longer read them."""
    fitted = Serving().compact_index
    in_memory = compact_index._read_compressor(fitted.bases_name)
    files.private_storage().delete(fitted.bases_name)
    forget_bases()
    pk = next(iter(eighty))
    synthetic.describe_artwork(pk, eighty[list(eighty)[17]], "changed")
    eighty[pk] = eighty[list(eighty)[17]]
    monkeypatch.setattr(compact_index, "_read_compressor", lambda _: in_memory)
    check_rankings(eighty)
    assert upkeep.is_urgent()


def test_a_query_need_not_be_of_the_collection(eighty):
    """An image that was searched for, or is far from all that bases were fitted to."""
    store = Serving(serving_set()).store
    queries = synthetic.draw_small(3, seed=12)
    for preset in PRESETS:
        weighting = RankingOptions(preset=preset).weighting(Serving())
        for query, nearest in zip(
            queries,
            find_nearest(queries, store, StoredDescriptor.objects.all(), weighting, 10),
            strict=True,
        ):
            expected = synthetic.brute_force(query, eighty, weighting, 10)
            assert [each.artwork for each in nearest.candidates] == [key for key, _ in expected]
            assert nearest.distances == pytest.approx(
                np.array([distance for _, distance in expected])
            )
