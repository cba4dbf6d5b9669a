"""One maintainer for each set of descriptors, at a time."""

from __future__ import annotations

import dataclasses
import time
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from stylesim_app.core.descriptors import LAYERS
from stylesim_app.index import calibration, compact_index, neighbours, sets, upkeep
from stylesim_app.index.serving import Serving
from stylesim_app.models import Calibration, CompactIndex, DescriptorSet, IndexEntry, Neighbour
from stylesim_app.work import worklist
from tests import synthetic
from tests.rankings import serving_set


def be_maintained(seconds: float) -> uuid.UUID:
    """Another process maintains the sets, under a lease of so many seconds."""
    token = uuid.uuid4()
    until = timezone.now() + timedelta(seconds=seconds)
    DescriptorSet.objects.update(maintainer=token, maintained_until=until)
    return token


def maintainer() -> uuid.UUID | None:
    return DescriptorSet.objects.values_list("maintainer", flat=True).get()


@pytest.fixture
def twenty(db, small_network):
    return synthetic.store_works(synthetic.draw_small(20))


def test_what_another_process_maintains_is_left_to_it(twenty):
    token = be_maintained(60)
    assert upkeep.is_urgent()
    # True: there is nothing that this process could do.
    assert upkeep.maintain(60, idle=True)
    assert not Calibration.objects.exists()
    assert not Neighbour.objects.exists()
    assert maintainer() == token


def test_a_lease_that_ended_is_taken_over(twenty):
    be_maintained(-1)
    assert upkeep.maintain(60, idle=True)
    assert Calibration.objects.exists()
    assert neighbours.count_missing(serving_set()) == 0
    assert maintainer() is None


def test_two_maintainers_exclude_each_other(twenty):
    (descriptor_set,) = DescriptorSet.objects.all()
    with upkeep._maintainer(descriptor_set) as first:
        assert first.renew()
        with upkeep._maintainer(descriptor_set) as second:
            assert second is None
        assert first.renew()
        DescriptorSet.objects.update(maintained_until=timezone.now() - timedelta(seconds=1))
        with upkeep._maintainer(descriptor_set) as third:
            assert third.renew()
            assert not first.renew()
        assert maintainer() is None
    assert maintainer() is None


def test_who_lost_the_lease_stops_and_leaves_it_to_the_other(twenty, monkeypatch):
    """Noticed after the first step: the other goes on from there."""
    upkeep.maintain(60, idle=False)
    taken: list[uuid.UUID] = []

    def on_step():
        if not taken:
            taken.append(be_maintained(60))

    monkeypatch.setattr(neighbours, "BLOCK", 4)
    assert not upkeep.maintain(60, idle=True, on_step=on_step)
    assert maintainer() == taken[0]
    assert neighbours.count_missing(serving_set()) == 16


def test_the_lease_is_renewed_while_a_calibration_is_fitted(eighty, monkeypatch):
    """Reading the sample once for all and once a layer takes minutes where works are many."""
    renewed = []
    fit = calibration.fit

    def fit_and_note(descriptor_set, keep):
        def note():
            keep()
            renewed.append(DescriptorSet.objects.values_list("maintained_until", flat=True).get())

        return fit(descriptor_set, note)

    monkeypatch.setattr(calibration, "fit", fit_and_note)
    upkeep.calibrate()
    assert renewed == sorted(set(renewed))
    assert len(renewed) == 2 * (1 + len(LAYERS)) + 1


def test_who_lost_the_lease_while_fitting_leaves_the_others_calibration(eighty):
    """Even if it has no time left for anything but the fit."""
    serving = serving_set()
    calibration.fit(serving)
    theirs = compact_index.unfinished(serving)
    with upkeep._maintainer(serving) as lease:
        be_maintained(60)
        with pytest.raises(upkeep.LeaseLost):
            calibration.fit(serving, lease.keep)
    assert compact_index.unfinished(serving) == theirs


def test_lists_of_a_maintainer_that_was_replaced_are_not_written(twenty):
    """It may have missed a work that the other has entered meanwhile."""
    serving = serving_set()
    with upkeep._maintainer(serving) as lease:
        be_maintained(60)
        assert not neighbours.list_waiting(serving, lease.renew, lease.is_held)
    assert not Neighbour.objects.exists()
    assert neighbours.count_missing(serving) == 20


def test_a_calibration_that_another_process_replaced_is_left_alone(eighty, monkeypatch):
    """Whoever was away for longer than the lease finds that it is gone."""
    monkeypatch.setattr(compact_index, "CHUNK", 16)
    calibration.fit(serving_set())
    replaced: list[CompactIndex | None] = []

    def on_step():
        if not replaced:
            calibration.fit(serving_set())
            replaced.append(compact_index.unfinished(serving_set()))

    assert upkeep.maintain(60, idle=False, on_step=on_step)
    assert compact_index.unfinished(serving_set()) == replaced[0]
    upkeep.maintain(60, idle=False)
    assert Serving().compact_index == replaced[0]


def test_calibrating_by_hand_waits_for_the_maintainer(twenty, monkeypatch):
    be_maintained(60)
    waited = []

    def sleep(seconds):
        waited.append(seconds)
        be_maintained(-1)

    monkeypatch.setattr(time, "sleep", sleep)
    fitted = upkeep.calibrate()
    assert waited == [upkeep.WAIT_SECONDS]
    assert list(Calibration.objects.all()) == [fitted]
    assert maintainer() is None


def test_lists_are_made_only_when_nothing_waits(twenty, monkeypatch):
    assert upkeep.maintain(60, idle=False)
    assert neighbours.count_missing(serving_set()) == 20
    worklist.request_again(IndexEntry.objects.filter(artwork=min(twenty)))
    # A step is done, then the work that came in goes first.
    monkeypatch.setattr(neighbours, "BLOCK", 4)
    assert not upkeep.maintain(60, idle=True, anything_waits=worklist.anything_waits)
    assert neighbours.count_missing(serving_set()) == 16


def test_time_is_kept(twenty, monkeypatch):
    monkeypatch.setattr(neighbours, "BLOCK", 4)
    rounds = 0
    while not upkeep.maintain(0, idle=True):
        rounds += 1
        assert neighbours.count_missing(serving_set()) == 20 - 4 * rounds
    assert rounds == 5


def test_what_serves_is_maintained_before_what_might(eighty):
    other = dataclasses.replace(synthetic.PROVENANCE, precision="bfloat16")
    growing = sets.open_set(other)
    assert upkeep._kept() == [serving_set()]
    drawn = synthetic.draw_small(80, seed=5, provenance=other)
    for pk, descriptor in zip(eighty, drawn, strict=True):
        synthetic.describe_artwork(pk, descriptor, "")
    assert upkeep._kept() == [serving_set(), growing]
