"""Concurrent batches: which parts overlap, and the rows left after each interruption."""

from __future__ import annotations

import os
import threading
import time
from typing import Any

import numpy as np
import pytest
import torch
from django.contrib.auth.models import AnonymousUser
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage
from django.core.files.uploadedfile import SimpleUploadedFile

from stylesim_app.core.errors import DescriptorError, ImageError
from stylesim_app.core.same_picture.detail import QUERY, WORK, Detail
from stylesim_app.index import upkeep
from stylesim_app.messages import WorkError
from stylesim_app.models import Artwork, ImageSearch, IndexEntry, WorkItem
from stylesim_app.ranking import image_search
from stylesim_app.work import kinds, pipeline, worker, worklist
from tests import pictures

State = WorkItem.State
PATIENCE = 30


@pytest.fixture
def storage() -> InMemoryStorage:
    storage = InMemoryStorage()
    for name in pictures.NAMES:
        storage.save(name, ContentFile(pictures.png(name)))
    storage.save("text", ContentFile(b"no image"))
    return storage


@pytest.fixture
def waiting(make_artwork: Any, settings: Any) -> dict[str, Artwork]:
    """Six works that wait, each a batch of its own."""
    settings.STYLESIM_BATCH_SIZE = 1
    artworks = {name: make_artwork(name) for name in pictures.NAMES[:6]}
    worklist.reconcile()
    return artworks


def leased() -> int:
    return IndexEntry.objects.filter(state=State.PENDING, lease_token__isnull=False).count()


def count(state: State) -> int:
    return IndexEntry.objects.filter(state=state).count()


# Threads, without a database


def test_outcomes_keep_the_order_of_files_and_errors_their_place(storage, described):
    with pipeline.Pipeline() as running:
        batches = [
            running.start([(storage, name) for name in names], kinds.describe)
            for names in (["disc-a", "text", "bars-b"], [], ["gone"], ["cross-c"])
        ]
        (first, bad, second), empty, [missing], [last] = [batch.result() for batch in batches]
    assert (bad.code, missing.code, empty) == ("image_unknown_format", "file_missing", [])
    for outcome, name in ((first, "disc-a"), (second, "bars-b"), (last, "cross-c")):
        assert np.allclose(outcome.result.content, described[name].content, atol=0.05)
        assert outcome.picture.facts.format == "PNG"


def test_a_batch_is_decoded_with_features_in_the_detail_of_its_kind(storage):
    with pipeline.Pipeline() as running:
        batches = [
            running.start([(storage, "disc-a")], lambda pictures: pictures, detail)
            for detail in (None, Detail(features=7, side=100), Detail(features=5, side=100))
        ]
        without, *found = [batch.result()[0].picture.features for batch in batches]
    assert without is None
    assert [len(each.points) for each in found] == [7, 5]


def test_the_next_batch_is_decoded_while_the_network_works(storage, monkeypatch):
    read_picture, describe = pipeline.read_picture, pipeline.describe
    decoded, beside = threading.Event(), []

    def read(storage, name, *wanted):
        picture = read_picture(storage, name, *wanted)
        if name == "bars-b":
            decoded.set()
        return picture

    def describe_when_the_next_is_decoded(found):
        beside.append(decoded.wait(PATIENCE))
        return describe(found)

    monkeypatch.setattr(pipeline, "read_picture", read)
    monkeypatch.setattr(pipeline, "describe", describe_when_the_next_is_decoded)
    with pipeline.Pipeline() as running:
        first = running.start([(storage, "disc-a")], kinds.describe)
        running.start([(storage, "bars-b")], kinds.describe)
        first.result()
    assert beside[0]


@pytest.mark.parametrize(
    "error", [DescriptorError("descriptor_not_finite"), WorkError("file_missing", name="weights")]
)
def test_if_the_network_fails_a_bad_file_keeps_its_own_reason(storage, monkeypatch, error):
    def refuse(_pictures):
        raise error

    monkeypatch.setattr(pipeline, "describe", refuse)
    with pipeline.Pipeline() as running:
        good, bad = running.start([(storage, "disc-a"), (storage, "text")], kinds.describe).result()
    assert good is error
    assert isinstance(bad, ImageError)


def test_leaving_the_pipeline_drops_what_is_not_begun(storage, monkeypatch):
    begun, leave = threading.Event(), threading.Event()

    def describe(found):
        begun.set()
        leave.wait(PATIENCE)
        return []

    monkeypatch.setattr(pipeline, "describe", describe)
    with pipeline.Pipeline() as running:
        for _ in range(pipeline.NETWORK_THREADS):
            running.start([(storage, "disc-a")], kinds.describe)
        last = running.start([(storage, "disc-b")], kinds.describe)
        assert begun.wait(PATIENCE)
        threading.Timer(0.2, leave.set).start()
    assert last.cancelled()


def test_two_batches_are_described_at_once_each_with_its_share_of_the_cores(storage, monkeypatch):
    both, cores = threading.Barrier(2, timeout=PATIENCE), []

    def describe(found):
        both.wait()
        cores.append(torch.get_num_threads())
        return [None]

    monkeypatch.setattr(pipeline, "describe", describe)
    with pipeline.Pipeline() as running:
        batches = [
            running.start([(storage, name)], kinds.describe) for name in ("disc-a", "disc-b")
        ]
        for batch in batches:
            batch.result()
    assert max(cores) <= max(1, len(os.sched_getaffinity(0)) // pipeline.NETWORK_THREADS)


# The work list


def test_a_batch_is_stored_while_the_network_describes_the_next(waiting, monkeypatch):
    describe, finish = pipeline.describe, WorkItem.finish
    calls, second, beside = [], threading.Event(), []

    def count_calls(found):
        calls.append(found)
        if len(calls) == 2:
            second.set()
        return describe(found)

    def store_beside(item, **results):
        beside.append(second.wait(PATIENCE))
        return finish(item, **results)

    monkeypatch.setattr(pipeline, "describe", count_calls)
    monkeypatch.setattr(WorkItem, "finish", store_beside)
    assert worker.work_through() is False
    assert beside == [True] * 6
    assert count(State.INDEXED) == 6


def test_three_batches_are_claimed_at_a_time(waiting, monkeypatch):
    finish, held = WorkItem.finish, []
    done: list[int] = []

    def note(item, **results):
        held.append(leased())
        return finish(item, **results)

    monkeypatch.setattr(WorkItem, "finish", note)
    worker.work_through(on_progress=done.append)
    assert max(held) == worker.UNDER_WAY == 3
    assert done == [1] * 6
    assert set(IndexEntry.objects.values_list("attempts", flat=True)) == {1}


def test_an_interrupt_puts_back_every_batch_that_is_not_stored(waiting, monkeypatch):
    finish = WorkItem.finish

    def interrupt(item, **results):
        if count(State.INDEXED) == 2:
            raise KeyboardInterrupt
        return finish(item, **results)

    monkeypatch.setattr(WorkItem, "finish", interrupt)
    with pytest.raises(KeyboardInterrupt):
        worker.work_through()
    assert (count(State.INDEXED), leased()) == (2, 0)
    waits = IndexEntry.objects.filter(state=State.PENDING)
    assert list(waits.values_list("attempts", flat=True)) == [0] * 4


def test_calls_that_come_too_late_still_end_after_some(waiting):
    """On a slow machine the time is up before the first work is claimed."""
    for _ in range(6):
        worker.work_through(seconds=-1)
    assert (count(State.INDEXED), count(State.PENDING), leased()) == (6, 0, 0)


def test_when_the_time_is_up_what_is_claimed_is_stored(waiting, monkeypatch):
    finish = WorkItem.finish

    def take_long(item, **results):
        time.sleep(0.5)
        return finish(item, **results)

    monkeypatch.setattr(WorkItem, "finish", take_long)
    assert worker.work_through(seconds=0.5) is True
    assert leased() == 0
    assert 1 <= count(State.INDEXED) <= 3
    assert count(State.INDEXED) + count(State.PENDING) == 6


def test_works_and_searches_are_decoded_in_the_detail_of_their_kinds(waiting, monkeypatch):
    decode, seen = pipeline.decode_picture, []

    def note(content, detail=None, *others):
        seen.append(detail)
        return decode(content, detail, *others)

    monkeypatch.setattr(pipeline, "decode_picture", note)
    worker.work_through()
    assert seen == [WORK] * 6
    upload = SimpleUploadedFile("query.png", pictures.png("cross-a"))
    image_search.start(upload, AnonymousUser())
    worker.work_through()
    assert seen[6:] == [QUERY]


def test_nothing_is_under_way_beside_what_was_tried_before(waiting, monkeypatch):
    """It may be what stops workers, and would take the attempts of others with it."""
    IndexEntry.objects.filter(artwork__in=list(waiting.values())[:3]).update(attempts=1)
    start, beside = pipeline.Pipeline.start, []

    def note(running, found, compute, detail, sides):
        held = IndexEntry.objects.filter(state=State.PENDING, lease_token__isnull=False)
        attempts = list(held.values_list("attempts", flat=True))
        if max(attempts) > 1:
            beside.append(attempts)
        return start(running, found, compute, detail, sides)

    monkeypatch.setattr(pipeline.Pipeline, "start", note)
    assert worker.work_through() is False
    assert beside == [[2]] * 3
    assert count(State.INDEXED) == 6


def test_a_search_is_next_when_it_arrives_between_works(waiting, monkeypatch):
    finish = WorkItem.finish
    models: list[type[WorkItem]] = []

    def note(item, **results):
        if not models:
            upload = SimpleUploadedFile("query.png", pictures.png("cross-a"))
            image_search.start(upload, AnonymousUser())
        models.append(type(item))
        return finish(item, **results)

    monkeypatch.setattr(WorkItem, "finish", note)
    worker.work_through()
    assert models.index(ImageSearch) == worker.UNDER_WAY
    assert ImageSearch.objects.get().state == State.INDEXED


def test_what_is_under_way_is_stored_before_a_calibration(waiting, monkeypatch):
    maintain, calls = upkeep.maintain, []

    def note(seconds, *, idle, **options):
        calls.append((leased(), count(State.PENDING), idle))
        return maintain(seconds, idle=idle, **options)

    monkeypatch.setattr(upkeep, "maintain", note)
    assert worker.work_through() is False
    # Due at four works, when the other two are under way already.
    assert calls[0] == (0, 0, False)
    assert {idle for _, _, idle in calls[1:]} == {True}
    assert count(State.INDEXED) == 6


def test_all_works_of_a_batch_may_have_lost_their_image(waiting):
    Artwork.objects.update(image="")
    assert worker.work_through() is False
    assert not IndexEntry.objects.exists()
