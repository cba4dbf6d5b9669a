"""Clusters of which a process is killed, stopped or ended: they end, and their work goes on."""

from __future__ import annotations

import os
import signal

import psutil
import pytest

from tests.clusters import exists, group


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


@pytest.mark.release
def test_a_deaf_cluster_among_several_ends(site, workers):
    deaf, well = workers(), workers()
    site.wait_until(lambda: len(site.idle_workers()) == 2)
    parents = {cluster: worker for worker, cluster in site.idle_workers()}
    [worker] = [found for cluster, found in parents.items() if os.getpgid(cluster) == deaf.pid]
    os.kill(worker, signal.SIGKILL)
    site.wait_until(lambda: deaf.poll() is not None)
    site.wait_until(lambda: group(deaf.pid) == [])
    assert well.poll() is None
    site.upload("disc-a")
    site.wait_until(lambda: site.states() == ["indexed"])


@pytest.mark.release
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
    site.wait_until(lambda: group(cluster.pid) == [])
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
