"""A real django-q2 cluster, in separate processes, on a separate database."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from tests import pictures

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120

# Run as a script, in the site of the test, so that the upload goes through the real signal.
UPLOAD = """
import sys
import django
django.setup()
from django.core.files.base import ContentFile
from stylesim_app.models import Artwork
for path in sys.argv[1:]:
    artwork = Artwork(title=path, is_public=True)
    artwork.image.save("picture.png", ContentFile(open(path, "rb").read()))
"""

RANK = """
import django
django.setup()
from stylesim_app.models import Artwork
from stylesim_app.ranking.options import RankingOptions
from stylesim_app.ranking.similar import find_similar
works = Artwork.objects.order_by("pk")
for result in find_similar(works[0], RankingOptions(), works, works).results:
    print(result.rank, result.artwork.title)
"""


class Site:
    """The reference site on an empty data directory and database, driven from outside."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            **os.environ,
            "STYLESIM_DATA_DIR": str(folder),
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "PYTHONPATH": str(ROOT),
        }
        self.server = os.environ.get("DATABASE_URL")
        if self.server:
            name = f"site_{uuid.uuid4().hex}"
            with psycopg.connect(self.server, autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {name}")
            self.environment["DATABASE_URL"] = self.server.replace("/postgres?", f"/{name}?")

    def run(self, *arguments: str) -> str:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    def start_worker(self) -> subprocess.Popen[bytes]:
        with (self.folder / "worker.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "manage.py", "qcluster"],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def start_supervised(self) -> subprocess.Popen[bytes]:
        """Start a loop that starts a cluster again whenever it ends, as a service manager does."""
        loop = f"while true; do {sys.executable} manage.py qcluster; echo 'ended' $?; done"
        with (self.folder / "worker.log").open("ab") as log:
            return subprocess.Popen(
                ["/bin/sh", "-c", loop],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def idle_workers(self) -> list[tuple[object, ...]]:
        return self.query(
            "SELECT pid, cluster_pid FROM stylesim_app_workersign WHERE state = 'idle' ORDER BY id"
        )

    def upload(self, *names: str) -> None:
        paths = []
        for name in names:
            path = self.folder / f"{name}.png"
            path.write_bytes(pictures.png(name))
            paths.append(str(path))
        self.run("-c", UPLOAD, *paths)

    def query(self, sql: str) -> list[tuple[object, ...]]:
        with contextlib.closing(self.connect()) as connection:
            return connection.execute(sql).fetchall()

    def connect(self) -> Any:
        if self.server:
            return psycopg.connect(self.environment["DATABASE_URL"], autocommit=True)
        return sqlite3.connect(self.folder / "db.sqlite3", timeout=30, isolation_level=None)

    def log(self) -> str:
        return (self.folder / "worker.log").read_text()

    def states(self) -> list[object]:
        return [state for (state,) in self.query("SELECT state FROM stylesim_app_indexentry")]

    def wait_until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                pytest.fail(self.log()[-3000:])
            time.sleep(0.2)


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


def exists(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def group(number: int) -> list[int]:
    """The processes of a group that run."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(ProcessLookupError, psutil.NoSuchProcess):
            if os.getpgid(process.pid) == number and exists(process.pid):
                found.append(process.pid)
    return found


def kill_group(worker: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()


def test_an_upload_is_ranked_while_worker_and_site_run(site, workers):
    workers()
    site.upload("disc-a", "disc-b", "bars-c")
    site.wait_until(lambda: site.states() == ["indexed"] * 3)
    site.upload("disc-c")
    site.wait_until(lambda: site.states() == ["indexed"] * 4)
    assert len(site.run("-c", RANK).splitlines()) == 3
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


def test_a_worker_ends_with_the_guard_of_its_cluster(site, workers):
    workers()
    site.wait_until(lambda: len(site.idle_workers()) == 1)
    [(worker, cluster)] = site.idle_workers()
    os.kill(cluster, signal.SIGKILL)
    site.wait_until(lambda: not exists(worker))


def test_a_terminated_cluster_ends_cleanly(site, workers):
    worker = workers()
    site.upload("disc-a")
    site.wait_until(lambda: site.states() == ["indexed"])
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=60) == 0
    assert site.query("SELECT state FROM stylesim_app_workersign") == [("ended",)]
