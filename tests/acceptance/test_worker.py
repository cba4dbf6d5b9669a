"""A real django-q2 cluster, in separate processes, on a separate database."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable

import psutil
import pytest

from tests import pictures
from tests.clusters import RANK, Site, exists, group, kill_group


@pytest.fixture
def site(tmp_path):
    site = Site(tmp_path)
    site.run("manage.py", "migrate", "--verbosity", "0")
    return site


@pytest.fixture
def workers(site):
    """Clusters that the test starts; whatever is left of them is ended."""
    started: list[subprocess.Popen[bytes]] = []

    def start(how: Callable[[], subprocess.Popen[bytes]] | None = None) -> subprocess.Popen[bytes]:
        worker = (how or site.start_worker)()
        started.append(worker)
        return worker

    yield start
    for worker in started:
        kill_group(worker)


def test_an_upload_is_ranked_while_worker_and_site_run(site, workers):
    workers()
    site.upload("disc-a", "disc-b", "bars-c")
    site.wait_until(lambda: site.states() == ["indexed"] * 3)
    site.upload("disc-c")
    site.wait_until(lambda: site.states() == ["indexed"] * 4)
    assert len(site.run("-c", RANK).splitlines()) == 3
    weights = "SELECT DISTINCT length(weights) FROM stylesim_app_workersign"
    site.wait_until(lambda: site.query(weights) == [(12,)])
    [(seen,)] = site.query("SELECT count(*) FROM stylesim_app_workersign")
    assert seen == 1


def test_uploads_before_the_worker_starts_and_lost_messages_are_found(site, workers):
    site.upload("disc-a", "disc-b")
    with contextlib.closing(site.connect()) as connection:
        connection.execute("DELETE FROM django_q_ormq")
    workers()
    site.wait_until(lambda: site.states() == ["indexed"] * 2)


def test_a_killed_cluster_loses_nothing(site, workers):
    site.environment["DJANGO_SETTINGS_MODULE"] = "tests.short_lease_settings"
    first = workers()
    site.upload(*pictures.NAMES)
    site.wait_until(lambda: "indexed" in site.states())
    kill_group(first)
    workers()
    site.wait_until(lambda: site.states() == ["indexed"] * len(pictures.NAMES))
    [(attempts,)] = site.query("SELECT max(attempts) FROM stylesim_app_indexentry")
    assert attempts <= 3


def test_two_clusters_share_the_work(site, workers):
    workers()
    workers()
    site.upload(*pictures.NAMES)
    site.wait_until(lambda: site.states() == ["indexed"] * len(pictures.NAMES))
    assert site.query("SELECT max(attempts) FROM stylesim_app_indexentry") == [(1,)]
    [(stored,)] = site.query("SELECT count(*) FROM stylesim_app_storeddescriptor")
    assert stored == len(pictures.NAMES)
    assert len(list((site.folder / "stylesim" / "descriptors").rglob("*.safetensors"))) == stored


def test_a_cluster_whose_idle_worker_is_killed_is_started_again(site, workers):
    """The killed worker held the lock of its cluster's queue, which nothing can take any more."""
    workers(site.start_supervised)
    site.wait_until(lambda: len(site.idle_workers()) == 1)
    [(worker, cluster)] = site.idle_workers()
    os.kill(worker, signal.SIGKILL)
    site.wait_until(lambda: "no longer receives messages" in site.log())
    site.wait_until(lambda: not exists(cluster))
    site.upload("disc-a", "disc-b")
    site.wait_until(lambda: site.states() == ["indexed"] * 2)


def test_a_deaf_cluster_among_several_ends(site, workers):
    deaf, well = workers(), workers()
    site.wait_until(lambda: len(site.idle_workers()) == 2)
    parents = {cluster: worker for worker, cluster in site.idle_workers()}
    [worker] = [found for cluster, found in parents.items() if os.getpgid(cluster) == deaf.pid]
    os.kill(worker, signal.SIGKILL)
    site.wait_until(lambda: deaf.poll() is not None)
    assert group(deaf.pid) == []
    assert well.poll() is None
    site.upload("disc-a")
    site.wait_until(lambda: site.states() == ["indexed"])


def test_a_cluster_that_receives_nothing_ends_while_work_waits(site, workers):
    """The pusher takes messages from the database, so that stopping it makes a cluster deaf."""
    site.environment["DJANGO_SETTINGS_MODULE"] = "tests.short_lease_settings"
    cluster = workers()
    site.wait_until(lambda: len(site.idle_workers()) == 1)
    [(worker, guard)] = site.idle_workers()
    site.wait_until(lambda: len(psutil.Process(guard).children()) == 3)
    for child in psutil.Process(guard).children():
        if child.pid != worker:
            child.suspend()
    site.upload("disc-a")
    site.wait_until(lambda: cluster.poll() is not None)
    assert group(cluster.pid) == []
    workers()
    site.wait_until(lambda: site.states() == ["indexed"])


def test_all_processes_end_with_the_guard_of_their_cluster(site, workers):
    cluster = workers()
    site.wait_until(lambda: len(site.idle_workers()) == 1)
    [(_, guard)] = site.idle_workers()
    # The worker learns of its siblings with its signs of life.
    seen = "SELECT seen_at FROM stylesim_app_workersign"
    first = site.query(seen)
    site.wait_until(lambda: site.query(seen) != first)
    os.kill(guard, signal.SIGKILL)
    site.wait_until(lambda: group(cluster.pid) == [])


def test_a_terminated_cluster_ends_cleanly(site, workers):
    worker = workers()
    site.upload("disc-a")
    site.wait_until(lambda: site.states() == ["indexed"])
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=60) == 0
    assert site.query("SELECT state FROM stylesim_app_workersign") == [("ended",)]
