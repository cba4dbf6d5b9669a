"""The reference site with its clusters, as processes that tests start, watch and kill."""

from __future__ import annotations

import contextlib
import os
import shlex
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

ROOT = Path(__file__).resolve().parents[1]
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

    def start_supervised(self, *command: str, log: str = "worker") -> subprocess.Popen[bytes]:
        """Start a loop that starts a command again whenever it ends, as a service manager does."""
        again = shlex.join([sys.executable, *(command or ("manage.py", "qcluster"))])
        with (self.folder / f"{log}.log").open("ab") as file:
            return subprocess.Popen(
                ["/bin/sh", "-c", f"while true; do {again}; echo ended $?; sleep 0.5; done"],
                cwd=ROOT,
                env=self.environment,
                stdout=file,
                stderr=file,
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
