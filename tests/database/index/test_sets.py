"""Provenance: after a change the old descriptors serve until the new set is complete."""

from __future__ import annotations

import dataclasses
import socket
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone
from safetensors.torch import load_file, save_file

from stylesim_app.core.weights import PAINTINGS_PATH
from stylesim_app.exceptions import NotIndexed
from stylesim_app.index import sets, status, storing, upkeep
from stylesim_app.index.serving import Serving
from stylesim_app.models import (
    Artwork,
    CompactIndex,
    DescriptorSet,
    IndexEntry,
    StoredDescriptor,
    WorkItem,
)
from stylesim_app.ranking.options import RankingOptions
from stylesim_app.ranking.similar import find_similar_to_descriptor
from stylesim_app.work import pipeline, signs, worker, worklist
from tests import pictures, synthetic
from tests.rankings import rank

State = WorkItem.State


@pytest.fixture(scope="module")
def weights_file(tmp_path_factory):
    """The weights that ship, in a file of another SHA-256."""
    path = tmp_path_factory.mktemp("weights") / "copy.safetensors"
    save_file(load_file(PAINTINGS_PATH), path, {"origin": "a copy"})
    return str(path)


@pytest.fixture
def other_weights(settings, weights_file):
    """The site after a change of weights: descriptors made from now on have another origin."""
    settings.STYLESIM_WEIGHTS = weights_file
    return weights_file


def test_old_descriptors_serve_until_the_new_set_is_complete(
    collection, other_weights, run_worker, settings, django_capture_on_commit_callbacks
):
    old = DescriptorSet.objects.get()
    first = IndexEntry.objects.filter(artwork=collection["disc-a"])
    worklist.request_again(first)
    run_worker()
    assert IndexEntry.objects.filter(state=State.STALE).count() == 11
    assert sets.serving_set() == old
    assert len(rank(collection["disc-a"], limit=50).results) == 11

    new = DescriptorSet.objects.exclude(pk=old.pk).get()
    assert sets.mark_stale(new) == 11
    worklist.request_again(IndexEntry.objects.filter(state=State.STALE))
    run_worker()
    assert sets.serving_set() == new
    assert list(DescriptorSet.objects.all()) == [new]
    answer = rank(collection["disc-a"], limit=50)
    assert len(answer.results) == 11
    assert answer.provenance.weights == other_weights
    folder = settings.STORAGES["stylesim"]["OPTIONS"]["location"] / "descriptors"
    assert len(list(folder.rglob("*.safetensors"))) == 12


def test_a_failed_work_does_not_hold_up_the_switch(collection, other_weights, run_worker):
    broken = collection["cross-c"]
    broken.image.storage.delete(broken.image.name)
    IndexEntry.objects.filter(artwork=broken).update(state=State.FAILED)
    worklist.request_again(IndexEntry.objects.exclude(artwork=broken))
    run_worker()
    assert sets.serving_set().to_provenance().weights == other_weights
    assert len(rank(collection["disc-a"], limit=50).results) == 10


def test_going_back_to_the_old_weights_makes_nothing_stale(
    collection, other_weights, settings, run_worker
):
    worklist.request_again(IndexEntry.objects.filter(artwork=collection["disc-a"]))
    run_worker()
    settings.STYLESIM_WEIGHTS = "paintings"
    old = sets.open_set(pipeline.get_network().provenance)
    assert sets.mark_stale(old) == 0
    assert IndexEntry.objects.filter(state=State.INDEXED).count() == 12


def test_a_new_image_is_not_compared_with_descriptors_of_another_network(
    collection, other_weights, described
):
    fresh = pipeline.describe([pipeline.decode_picture(pictures.png("disc-a"))])[0]
    with pytest.raises(NotIndexed, match="indexed with a different network"):
        find_similar_to_descriptor("disc-a.png", fresh, RankingOptions())


def test_an_image_outside_the_collection_finds_its_copy_first(collection, described):
    answer = find_similar_to_descriptor("x.png", described["bars-b"], RankingOptions(limit=3))
    assert answer.query == "x.png"
    assert answer.results[0].artwork == collection["bars-b"]
    assert answer.results[0].distance < 1e-3 * answer.results[1].distance
    assert answer.results[0].closer_than == 100


def retire(collection):
    """Switch to a set of another network by hand; the one that served until then."""
    old = sets.serving_set()
    worklist.request_again(IndexEntry.objects.all())
    while worklist.anything_waits():
        worker.work_through(0.001)
    assert old.pk != sets.serving_set().pk
    old.refresh_from_db()
    assert old.retired
    return old


def test_a_retired_set_goes_some_works_at_a_time(collection, other_weights, monkeypatch):
    monkeypatch.setattr(sets, "CLEARED_AT_ONCE", 5)
    old = retire(collection)
    left = []

    def go_on():
        left.append(old.descriptors.count())
        return len(left) < 3

    assert not sets.clear(old, go_on)
    assert left == [12, 7, 2]
    assert sets.clear(old, lambda: True)
    assert list(DescriptorSet.objects.all()) == [sets.serving_set()]


def test_a_retired_set_stays_whole_while_searches_may_read_it(
    collection, other_weights, monkeypatch
):
    monkeypatch.setattr(sets, "CLEARED_AFTER", timedelta(minutes=1))
    old = retire(collection)
    assert upkeep.maintain(60, idle=True)
    assert old.descriptors.count() == 12
    later = timezone.now() + timedelta(minutes=2)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert upkeep.maintain(60, idle=True)
    assert list(DescriptorSet.objects.all()) == [sets.serving_set()]


def test_a_retired_set_that_is_wanted_again_keeps_what_is_left(
    collection, other_weights, monkeypatch, settings
):
    monkeypatch.setattr(sets, "CLEARED_AT_ONCE", 5)
    old = retire(collection)
    steps = iter([True, False])
    assert not sets.clear(old, lambda: next(steps))
    settings.STYLESIM_WEIGHTS = "paintings"
    again = sets.open_set(pipeline.get_network().provenance)
    assert again == old
    assert IndexEntry.objects.filter(state=State.STALE).count() == 5
    assert sets.clear(old, lambda: True)
    assert old.descriptors.count() == 7


def test_nothing_is_stored_in_a_retired_set(collection, other_weights, described, monkeypatch):
    old = retire(collection)
    picture = pipeline.decode_picture(pictures.png("disc-a"))
    worklist.request_again(IndexEntry.objects.filter(artwork=collection["disc-a"]))
    [entry] = worklist.claim(IndexEntry, 1)
    before = old.descriptors.count()
    # It was retired after it was opened.
    monkeypatch.setattr(sets, "open_set", lambda _: old)
    storing.store(entry, picture, storing.Described(described["disc-a"]))
    entry.refresh_from_db()
    assert entry.state == State.PENDING
    assert old.descriptors.count() == before


# Sets of a collection that is compressed


def change_network(works):
    """Describe all works by another network; its set, and what it should hold."""
    provenance = dataclasses.replace(synthetic.PROVENANCE, weights_sha256="changed")
    drawn = synthetic.draw_small(len(works), seed=9, provenance=provenance)
    changed = dict(zip(works, drawn, strict=True))
    for pk, descriptor in changed.items():
        # The same picture as before, so that the old descriptor stays.
        synthetic.describe_artwork(pk, descriptor, "")
    return sets.open_set(provenance), changed


def test_a_new_set_is_calibrated_before_it_serves(eighty):
    old = sets.serving_set()
    assert CompactIndex.objects.get().bases_name
    new, changed = change_network(eighty)
    assert sets.is_complete(new)
    assert not sets.switch_when_complete(new)
    assert sets.serving_set() == old
    assert upkeep.is_urgent()
    # The worker goes on until nothing is left to do: the switch, then the lists.
    assert not upkeep.maintain(60, idle=True)
    assert upkeep.maintain(60, idle=True)
    assert list(DescriptorSet.objects.all()) == [new]
    assert sets.serving_set() == new
    assert Serving(new).store.bounded
    pk = min(changed)
    others = {key: each for key, each in changed.items() if key != pk}
    answer = rank(Artwork.objects.get(pk=pk), limit=50)
    expected = synthetic.brute_force(changed[pk], others, answer.weighting, 50)
    assert [result.artwork.pk for result in answer.results] == [key for key, _ in expected]


@pytest.mark.release
def test_a_new_set_too_small_for_bases_serves_without(eighty):
    """Of eighty works that one network described, another may fail at twenty."""
    failing = list(eighty)[:20]
    IndexEntry.objects.filter(artwork__in=failing).update(state=State.FAILED)
    new, _ = change_network({pk: eighty[pk] for pk in eighty if pk not in failing})
    assert not upkeep.maintain(60, idle=True)
    assert sets.serving_set() == new
    assert upkeep.maintain(60, idle=True)


def test_a_new_set_that_cannot_be_calibrated_does_not_keep_a_worker_busy(eighty):
    described = list(eighty)[:3]
    IndexEntry.objects.exclude(artwork__in=described).update(state=State.FAILED)
    new, _ = change_network({pk: eighty[pk] for pk in described})
    assert upkeep.maintain(60, idle=True)
    assert sets.serving_set() != new


# Sets that nobody completes


def add_abandoned_set(make_artwork, described):
    """A work that a host with other weights described two days ago, and nothing since."""
    other = replace(described["disc-a"].provenance, weights_sha256="other")
    growing = sets.open_set(other)
    late = make_artwork("disc-a", title="late")
    entry = IndexEntry.objects.create(artwork=late, state=WorkItem.State.STALE)
    StoredDescriptor.objects.create(entry=entry, descriptor_set=growing, file_name="none")
    past = timezone.now() - sets.ABANDONED_AFTER - timedelta(hours=1)
    DescriptorSet.objects.filter(pk=growing.pk).update(created=past)
    return growing, entry


def test_a_set_that_nobody_completes_is_retired(collection, make_artwork, described):
    growing, entry = add_abandoned_set(make_artwork, described)
    assert sets.retire_abandoned() == 0
    past = timezone.now() - sets.ABANDONED_AFTER - timedelta(hours=1)
    StoredDescriptor.objects.filter(descriptor_set=growing).update(created=past)
    assert IndexEntry.objects.filter(state=WorkItem.State.STALE).count() == 13
    assert sets.retire_abandoned() == 1
    entry.refresh_from_db()
    assert entry.state == WorkItem.State.PENDING
    assert IndexEntry.objects.filter(state=WorkItem.State.INDEXED).count() == 12
    growing.refresh_from_db()
    assert growing.retired


def test_a_host_with_other_weights_is_shown(collection, described, capsys):
    other = replace(described["disc-a"].provenance, weights_sha256="other")
    signs.note_provenance(described["disc-a"].provenance)
    signs.sign_of_life()
    assert status.host_notices() == []
    signs.note_provenance(other)
    signs.sign_of_life()
    [words] = status.host_notices()
    assert socket.gethostname() in words
    call_command("stylesim_status")
    assert words in capsys.readouterr().out
