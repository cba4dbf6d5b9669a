"""The guarantees of the work list, from a saved artwork to its descriptor, after any failure."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.db import connection
from django_q.models import OrmQ, Schedule

from stylesim_app import files, tasks
from stylesim_app.core.errors import DescriptorError
from stylesim_app.index import storage
from stylesim_app.models import Artwork, IndexEntry, StoredDescriptor, WorkItem
from stylesim_app.ranking.options import RankingOptions
from stylesim_app.ranking.similar import find_similar
from stylesim_app.work import pipeline, queue, worker, worklist
from tests import pictures

State = WorkItem.State


def stored_files(settings, folder: str = "") -> set[str]:
    root = settings.STORAGES["stylesim"]["OPTIONS"]["location"] / folder
    found = {path.name for path in root.rglob("*") if path.is_file()}
    return found - {storage.MARKER}


def rank(artwork):
    works = Artwork.objects.all()
    return find_similar(artwork, RankingOptions(), works, works)


# Signals


def test_saving_an_artwork_queues_it(make_artwork, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        artwork = make_artwork()
        assert OrmQ.objects.count() == 0
    assert OrmQ.objects.get().task["args"] == (artwork.pk,)
    assert artwork.stylesim_entry.state == State.PENDING


def test_a_changed_title_queues_nothing(
    make_artwork, run_worker, django_capture_on_commit_callbacks
):
    artwork = make_artwork()
    run_worker()
    OrmQ.objects.all().delete()
    with django_capture_on_commit_callbacks(execute=True):
        artwork.title = "Another"
        artwork.save()
    assert OrmQ.objects.count() == 0
    assert IndexEntry.objects.get().state == State.INDEXED


def test_a_changed_file_is_described_anew(
    make_artwork, run_worker, settings, django_capture_on_commit_callbacks
):
    artwork = make_artwork("disc-a")
    run_worker()
    # By itself, as the changed file will be: what stands beside a picture moves its last digits.
    other = make_artwork("disc-b")
    run_worker()
    before = rank(other).results[0].distance
    old_files = stored_files(settings, "descriptors")
    with django_capture_on_commit_callbacks(execute=True):
        artwork.image.save("b.png", ContentFile(pictures.png("disc-b")))
    assert not StoredDescriptor.objects.filter(entry__artwork=artwork).exists()
    run_worker()
    after = rank(other).results[0].distance
    assert before > 0.01
    assert after == pytest.approx(0, abs=1e-6)
    assert len(stored_files(settings, "descriptors")) == 2
    assert stored_files(settings, "descriptors") != old_files


def test_a_file_replaced_under_its_own_name_is_described_anew(make_artwork, run_worker):
    artwork = make_artwork("disc-a")
    run_worker()
    before = IndexEntry.objects.get().image_sha256
    artwork.image.storage.delete(artwork.image.name)
    artwork.image.storage.save(artwork.image.name, ContentFile(pictures.png("bars-c")))
    worklist.request_again(IndexEntry.objects.all())
    run_worker()
    assert IndexEntry.objects.get().image_sha256 != before


def test_deleting_an_artwork_removes_all_of_it(
    make_artwork, run_worker, settings, django_capture_on_commit_callbacks, client
):
    artwork = make_artwork()
    run_worker()
    # The descriptor, and three thumbnails.
    assert len(stored_files(settings)) == 4
    with django_capture_on_commit_callbacks(execute=True):
        artwork.delete()
    assert stored_files(settings) == set()
    assert not any(path.is_file() for path in settings.MEDIA_ROOT.rglob("*"))
    assert IndexEntry.objects.count() == 0


def test_a_file_that_two_artworks_share_outlives_the_first(
    make_artwork, django_capture_on_commit_callbacks
):
    first = make_artwork()
    second = Artwork.objects.create(title="The same file", image=first.image.name)
    with django_capture_on_commit_callbacks(execute=True):
        first.delete()
    assert second.image.name is not None
    assert second.image.storage.exists(second.image.name)


def test_fixtures_queue_nothing(make_artwork, tmp_path, django_capture_on_commit_callbacks):
    make_artwork()
    path = tmp_path / "fixture.json"
    call_command("dumpdata", "stylesim_app.artwork", output=str(path))
    Artwork.objects.all().delete()
    OrmQ.objects.all().delete()
    with django_capture_on_commit_callbacks(execute=True):
        call_command("loaddata", str(path), verbosity=0)
    assert Artwork.objects.count() == 1
    assert OrmQ.objects.count() == 0


def test_quiet_saves_queue_nothing(make_artwork, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True), tasks.quiet():
        make_artwork()
    assert OrmQ.objects.count() == 0


def test_an_upload_survives_a_broken_queue(
    make_artwork, monkeypatch, run_worker, django_capture_on_commit_callbacks
):
    def refuse(*args, **kwargs):
        raise ConnectionError("no broker")

    monkeypatch.setattr("django_q.tasks.async_task", refuse)
    with django_capture_on_commit_callbacks(execute=True):
        make_artwork()
    monkeypatch.undo()
    run_worker()
    assert IndexEntry.objects.get().state == State.INDEXED


# The work list


def test_the_schedule_finds_what_no_message_announced(make_artwork, run_worker):
    artwork = make_artwork()
    assert not IndexEntry.objects.exists()
    run_worker()
    assert IndexEntry.objects.get().artwork == artwork
    assert IndexEntry.objects.get().state == State.INDEXED


def test_migrating_leaves_one_schedule(db):
    queue.ensure_schedule()
    schedule = Schedule.objects.get(name=queue.SCHEDULE_NAME)
    assert (schedule.func, schedule.minutes) == ("stylesim_app.tasks.ring_again", 1)


def test_a_second_message_changes_nothing(make_artwork, run_worker):
    make_artwork()
    run_worker()
    stored = StoredDescriptor.objects.get()
    tasks.work()
    assert StoredDescriptor.objects.get() == stored


def test_a_message_for_a_row_that_is_gone_is_no_error(db):
    tasks.work(12345)
    assert worklist.request_new_picture(12345, "gone.jpg") is False


def test_an_artwork_deleted_while_it_is_described_is_no_error(make_artwork, settings, monkeypatch):
    make_artwork()
    worklist.reconcile()
    start = pipeline.Pipeline.start

    def start_and_delete(pipeline, *arguments):
        outcomes = start(pipeline, *arguments)
        Artwork.objects.all().delete()
        return outcomes

    monkeypatch.setattr(pipeline.Pipeline, "start", start_and_delete)
    assert worker.work_through() is False
    assert stored_files(settings) == set()


def test_the_last_of_two_racing_uploads_is_described(make_artwork, monkeypatch, described):
    artwork = make_artwork("disc-a")
    worklist.reconcile()
    start = pipeline.Pipeline.start

    def upload_meanwhile(running, *arguments):
        monkeypatch.setattr(pipeline.Pipeline, "start", start)
        outcomes = start(running, *arguments)
        outcomes.result()
        artwork.image.save("second.png", ContentFile(pictures.png("cross-b")))
        worklist.request_if_changed(artwork.pk, artwork.image.name, new_file=True)
        return outcomes

    monkeypatch.setattr(pipeline.Pipeline, "start", upload_meanwhile)
    worker.work_through()
    stored = files.read_descriptor(StoredDescriptor.objects.get().file_name)
    assert stored.content == pytest.approx(described["cross-b"].content, abs=0.05)
    assert IndexEntry.objects.get().image_name == artwork.image.name


def test_rows_are_claimed_once(make_artwork):
    for name in ("disc-a", "disc-b", "disc-c"):
        make_artwork(name)
    worklist.reconcile()
    first = worklist.claim(IndexEntry, 2)
    second = worklist.claim(IndexEntry, 2)
    assert (len(first), len(second)) == (2, 1)
    assert worklist.claim(IndexEntry, 2) == []


def test_the_newest_upload_comes_first(make_artwork):
    for name in ("disc-a", "disc-b", "disc-c"):
        artwork = make_artwork(name)
        worklist.reconcile()
    assert worklist.claim(IndexEntry, 1)[0].artwork == artwork


def test_a_lease_that_ran_out_can_be_claimed_again(make_artwork, settings):
    make_artwork()
    worklist.reconcile()
    settings.STYLESIM_LEASE_SECONDS = -1
    [lost] = worklist.claim(IndexEntry, 1)
    [taken] = worklist.claim(IndexEntry, 1)
    assert taken.attempts == 2
    assert lost.finish() is False
    assert worklist.fail(lost, DescriptorError("descriptor_missing"), final=True) is False
    assert taken.finish() is True


def test_a_row_tried_before_comes_alone(make_artwork, settings):
    for name in ("disc-a", "disc-b", "disc-c"):
        make_artwork(name)
    worklist.reconcile()
    settings.STYLESIM_LEASE_SECONDS = -1
    assert len(worklist.claim(IndexEntry, 10)) == 3
    assert len(worklist.claim(IndexEntry, 10)) == 1


def test_an_image_that_stops_workers_fails_after_three_attempts(make_artwork, settings):
    make_artwork()
    worklist.reconcile()
    settings.STYLESIM_LEASE_SECONDS = -1
    for _ in range(3):
        assert len(worklist.claim(IndexEntry, 1)) == 1
    assert worklist.claim(IndexEntry, 1) == []
    entry = IndexEntry.objects.get()
    assert entry.state == State.FAILED
    assert entry.reason == "The worker stopped 3 times while indexing this image."


def test_work_is_bounded_in_time_and_rings_again(make_artwork, settings):
    make_artwork()
    worklist.reconcile()
    assert worker.work_through(seconds=0) is True
    settings.STYLESIM_TASK_SECONDS = 0
    tasks.work()
    assert OrmQ.objects.count() == 1


def test_batches_share_one_pass_of_the_network(make_artwork, django_assert_max_num_queries):
    for name in pictures.NAMES[:4]:
        make_artwork(name)
    worklist.reconcile()
    done: list[int] = []
    worker.work_through(on_progress=done.append)
    assert done == [4]


def test_rows_are_locked_where_the_database_can(make_artwork):
    if not connection.features.has_select_for_update_skip_locked:
        pytest.skip(f"{connection.vendor} cannot skip locked rows")
    make_artwork()
    worklist.reconcile()
    assert len(worklist.claim(IndexEntry, 1)) == 1
