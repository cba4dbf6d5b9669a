"""Signs of life, the pause, and the watchdog of a worker."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import time
from datetime import timedelta

import psutil
import pytest
from django.utils import timezone
from django_q.models import OrmQ
from django_q.signals import post_execute_in_worker, post_spawn, pre_execute
from django_q.tasks import async_task

from stylesim_app.core.descriptors import Provenance
from stylesim_app.index import upkeep
from stylesim_app.index.status import running_workers
from stylesim_app.models import ImageSearch, IndexEntry, WorkerSign
from stylesim_app.work import pause, signs, watch, worker, worklist

pytestmark = pytest.mark.django_db
State = WorkerSign.State
LONG_AGO = timezone.now() - timedelta(days=9)


class Ended(Exception):
    """The end of a cluster, which would end the test's process."""


@pytest.fixture(autouse=True)
def process(monkeypatch):
    """A process of its own for each test, whose cluster does not really end."""
    signs._of.cache_clear()

    def end(cluster_pid):
        raise Ended(cluster_pid)

    monkeypatch.setattr(watch, "kill_cluster", end)
    monkeypatch.setattr(watch, "_watch", None)
    yield
    signs._of.cache_clear()


@pytest.fixture
def waiting(make_artwork):
    """A work that has been waiting for a minute, announced by no message."""
    artwork = make_artwork()
    worklist.reconcile()
    IndexEntry.objects.update(due_at=timezone.now() - timedelta(minutes=1))
    OrmQ.objects.all().delete()
    return artwork


def sibling(pid, **fields):
    signs.begin(os.getppid())
    ours = WorkerSign.objects.get(process=signs.this_process().key)
    return WorkerSign.objects.create(
        host=ours.host,
        pid=pid,
        seen_at=timezone.now(),
        **{"cluster_pid": ours.cluster_pid, "state": State.IDLE, **fields},
    )


@pytest.fixture
def gone():
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_process_has_one_sign():
    signs.sign_of_life()
    signs.note_provenance(Provenance("other", "0123456789abcdef", "float32"))
    signs.sign_of_life()
    sign = WorkerSign.objects.get()
    assert (sign.pid, sign.state, sign.weights) == (os.getpid(), State.BUSY, "0123456789ab")
    assert sign.version
    assert list(running_workers()) == [sign]


def test_an_ended_or_silent_worker_is_not_running():
    signs.sign_of_life()
    signs.end()
    assert not running_workers().exists()
    signs.note(State.IDLE)
    assert running_workers().exists()
    WorkerSign.objects.update(seen_at=timezone.now() - timedelta(minutes=4))
    assert not running_workers().exists()


def test_a_work_whose_worker_was_killed_is_shown_as_waiting_again(staff_client, make_artwork, gone):
    work = make_artwork()
    worklist.reconcile()
    signs.begin(1)
    [entry] = worklist.claim(IndexEntry, 1)
    # Another worker of the cluster, which goes on.
    sibling(gone)
    said = "The worker that had this picture has stopped."
    addresses = (f"/artworks/{work.pk}/", f"/admin/stylesim_app/artwork/{work.pk}/change/")
    for seconds, is_gone in ((20, False), (40, True)):
        seen_at = timezone.now() - timedelta(seconds=seconds)
        WorkerSign.objects.filter(process=signs.this_process().key).update(seen_at=seen_at)
        for address in addresses:
            assert (said in staff_client.get(address).content.decode()) is is_gone
    signs.note(State.BUSY)
    assert not signs.is_holder_gone(entry)
    signs.end()
    assert signs.is_holder_gone(entry)
    # Its lease is over, and it may be claimed.
    IndexEntry.objects.update(due_at=timezone.now())
    entry.refresh_from_db()
    assert not signs.is_holder_gone(entry)


def test_old_signs_are_removed_when_a_worker_starts():
    WorkerSign.objects.create(host="old", seen_at=timezone.now() - timedelta(hours=2))
    WorkerSign.objects.create(host="recent", seen_at=timezone.now() - timedelta(minutes=30))
    signs.begin(1)
    hosts = set(WorkerSign.objects.values_list("host", flat=True))
    assert "old" not in hosts
    assert "recent" in hosts
    assert len(hosts) == 2


def test_a_worker_that_replaces_one_killed_while_idle_ends_the_cluster(gone):
    lost = sibling(gone)
    with pytest.raises(Ended):
        watch.Watch(os.getppid()).start()
    lost.refresh_from_db()
    assert lost.state == State.ENDED


def test_the_watchdog_is_turned_off(gone, settings, monkeypatch):
    settings.STYLESIM_WATCHDOG_SECONDS = 0
    for name in ("_run", "_end"):
        monkeypatch.setattr(watch.Watch, name, lambda _: None)
    lost = sibling(gone)
    watch.Watch(os.getppid()).start()
    lost.refresh_from_db()
    assert lost.state == State.IDLE


@pytest.mark.parametrize(
    "fields",
    [
        {"state": State.BUSY},
        {"state": State.ENDED},
        {"host": "another"},
        {"cluster_pid": 1},
        {"started_at": LONG_AGO},
    ],
    ids=["busy", "ended", "other host", "other cluster", "earlier cluster"],
)
def test_other_signs_end_no_cluster(gone, fields):
    kept = {**fields}
    host = kept.pop("host", None)
    other = sibling(gone, **kept)
    if host:
        WorkerSign.objects.filter(pk=other.pk).update(host=host)
    assert signs.lost_while_idle(timezone.now() - timedelta(minutes=1)) is None


def test_a_running_sibling_ends_no_cluster():
    sibling(os.getpid())
    assert signs.lost_while_idle(timezone.now() - timedelta(minutes=1)) is None


def idle_for(seconds):
    found = watch.Watch(os.getppid())
    found.idle_since = time.monotonic() - seconds
    return found


def test_an_idle_worker_rings_before_it_ends_the_cluster(waiting, settings):
    settings.STYLESIM_WATCHDOG_SECONDS = 40
    idle = idle_for(1000)
    idle.look()
    assert OrmQ.objects.count() == 1
    idle.look()
    assert OrmQ.objects.count() == 2
    idle.idle_since -= 25
    with pytest.raises(Ended):
        idle.look()


def test_a_message_shows_that_the_cluster_is_well(waiting):
    idle = idle_for(1000)
    idle.look()
    idle.hear()
    idle.look()
    idle.rest()
    idle.look()
    assert OrmQ.objects.count() == 1
    assert not idle.rung


@pytest.mark.parametrize("reason", ["off", "nothing waits", "new work", "paused"])
def test_an_idle_worker_stays(waiting, settings, reason):
    if reason == "off":
        settings.STYLESIM_WATCHDOG_SECONDS = 0
    elif reason == "nothing waits":
        IndexEntry.objects.update(state="indexed")
    elif reason == "new work":
        IndexEntry.objects.update(due_at=timezone.now())
    else:
        pause.begin("someone")
    idle = idle_for(1000)
    idle.look()
    idle.idle_since -= 1000
    idle.look()
    assert OrmQ.objects.count() == 0


@pytest.fixture
def started(monkeypatch):
    """The watches that were started."""
    found: list[watch.Watch] = []
    monkeypatch.setattr(watch.Watch, "start", lambda self: found.append(self))
    return found


@pytest.fixture
def in_a_cluster(monkeypatch):
    monkeypatch.setattr(multiprocessing, "parent_process", multiprocessing.current_process)


def test_a_task_that_runs_in_the_web_process_starts_no_watch(started, collection):
    async_task("stylesim_app.tasks.work", sync=True)
    assert started == []


def test_a_task_within_a_task_changes_nothing(started, in_a_cluster):
    post_spawn.send("test", proc_name="worker")
    pre_execute.send("test", func=None, task={})
    async_task("stylesim_app.work.pause.is_paused", sync=True)
    [found] = started
    assert found.busy


def test_the_signals_of_the_queue_are_followed(started, in_a_cluster):
    post_spawn.send("test", proc_name="worker")
    [found] = started
    pre_execute.send("test", func=None, task={})
    assert found.busy
    assert WorkerSign.objects.get().state == State.BUSY
    post_execute_in_worker.send("test", func=None, task={})
    assert not found.busy
    assert WorkerSign.objects.get().state == State.IDLE


def test_a_pause_holds_back_artworks_and_lets_searches_through(waiting):
    pause.begin("someone")
    pause.begin("someone else")
    assert pause.current().by == "someone"
    assert not worklist.anything_waits()
    assert not worker.work_through(5)
    assert IndexEntry.objects.get().state == "pending"
    assert IndexEntry.objects.get().attempts == 0
    ImageSearch.objects.create(image_name="missing.png")
    assert worklist.anything_waits()
    worker.work_through(5)
    assert ImageSearch.objects.get().attempts == 1
    pause.end()
    assert OrmQ.objects.count() == 1
    assert not pause.is_paused()
    assert worklist.anything_waits()


def test_a_pause_holds_back_maintenance(monkeypatch):
    def fail(*_, **__):
        raise AssertionError

    monkeypatch.setattr(upkeep, "maintain", fail)
    pause.begin("someone")
    assert not worker.work_through(5)


@pytest.fixture
def left(monkeypatch):
    """The statuses with which this process would have ended."""
    found: list[int] = []
    monkeypatch.setattr(os, "_exit", found.append)
    return found


@pytest.mark.parametrize("busy", [False, True])
def test_an_idle_worker_ends_with_its_siblings_once_their_guard_is_gone(left, busy, monkeypatch):
    orphan = watch.Watch(os.getppid())
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    monkeypatch.setattr(watch, "_children", lambda _: [psutil.Process(other.pid)])
    orphan.look_at_the_guard()
    assert left == []
    orphan.cluster_pid, orphan.busy = 1, busy
    orphan.look_at_the_guard()
    assert left == ([] if busy else [1])
    if busy:
        assert other.poll() is None
        other.kill()
    other.communicate()
    assert other.returncode == -9
