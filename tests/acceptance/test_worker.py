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

    def states(self) -> list[object]:
        return [state for (state,) in self.query("SELECT state FROM stylesim_app_indexentry")]

    def wait_until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                pytest.fail((self.folder / "worker.log").read_text()[-3000:])
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

    def start() -> subprocess.Popen[bytes]:
        worker = site.start_worker()
        started.append(worker)
        return worker

    yield start
    for worker in started:
        kill_group(worker)


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


def test_a_terminated_cluster_ends_cleanly(site, workers):
    worker = workers()
    site.upload("disc-a")
    site.wait_until(lambda: site.states() == ["indexed"])
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=60) == 0
