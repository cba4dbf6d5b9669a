"""Kills of workers, clusters and web processes while pictures are uploaded.

Each drill prints what it counted.
"""

from __future__ import annotations

import io
import json
import random
import socket
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from PIL import Image

from tests.clusters import Site, kill_group

#: Pictures that are uploaded while processes are killed.
UPLOADS = 300
#: Seconds between two kills.
PAUSE = 4.0
#: Seconds until all is indexed after the last kill.
PATIENCE = 600

ACCOUNT = """
import django
django.setup()
from datetime import timedelta
from django.contrib.auth import get_user_model
from project.access.tokens import make_token
user = get_user_model().objects.create_superuser("drill")
print(make_token(user, "drill", ("read", "write"), timedelta(days=1))[1])
"""


class Drill:
    """A site with two clusters and a web server, each started again whenever it ends."""

    def __init__(self, folder: Path) -> None:
        self.site = Site(folder)
        self.site.environment["DJANGO_SETTINGS_MODULE"] = "tests.drills.settings"
        self.site.run("manage.py", "migrate", "--verbosity", "0")
        self.token = self.site.run("-c", ACCOUNT).strip()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        options = ["--workers", "2", "--threads", "4", "--no-control-socket"]
        self.web = self.site.start_supervised(
            *("-m", "gunicorn", "--bind", f"127.0.0.1:{self.port}", *options, "project.wsgi"),
            log="web",
        )
        self.clusters = [self.site.start_supervised() for _ in range(2)]
        self.counted: Counter[str] = Counter()

    def stop(self) -> None:
        for each in (self.web, *self.clusters):
            kill_group(each)

    def ask(self, path: str, body: bytes | None = None, **headers: str) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            body,
            {"Authorization": f"Token {self.token}", **headers},
        )
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)

    def upload(self, number: int) -> None:
        """Upload a picture as a careful client does: whoever got no answer looks first."""
        title = f"work {number}"
        boundary = uuid.uuid4().hex
        body = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="title"\r\n\r\n{title}\r\n'
            f'--{boundary}\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n'
            "Content-Type: image/png\r\n\r\n"
        ).encode()
        body += picture(number) + f"\r\n--{boundary}--\r\n".encode()
        while True:
            try:
                stored = self.site.query(
                    f"SELECT id FROM stylesim_app_artwork WHERE title = '{title}'"
                )
                if not stored:
                    self.ask(
                        "/api/artworks/",
                        body,
                        **{"Content-Type": f"multipart/form-data; boundary={boundary}"},
                    )
            except (urllib.error.URLError, OSError, ValueError):
                self.counted["requests without an answer"] += 1
                time.sleep(1)
            else:
                return

    def kill_one(self, chance: random.Random) -> None:
        kind = chance.choice(("worker", "guard", "cluster", "web worker", "web"))
        loop = self.web if kind.startswith("web") else chance.choice(self.clusters)
        found = list(descend(loop.pid))
        depths = {"cluster": 1, "guard": 2, "worker": 3, "web": 1, "web worker": 2}
        victims = [process for depth, process in found if depth == depths[kind]]
        if kind in ("cluster", "web"):
            victims = [process for _, process in found]
        elif victims:
            # The worker is the first process that its guard starts.
            victims = [victims[0] if kind == "worker" else chance.choice(victims)]
        for each in victims:
            try:
                each.kill()
            except psutil.NoSuchProcess:
                continue
        self.counted[f"kills of a {kind}"] += bool(victims)

    def states(self) -> Counter[object]:
        return Counter(self.site.states())

    def wait(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while self.states() != {"indexed": UPLOADS}:
            if time.monotonic() > deadline:
                pytest.fail(f"{self.states()}\n{self.site.log()[-3000:]}")
            time.sleep(1)

    def count(self) -> None:
        """Count what there is once all is indexed, and once orphans are removed."""
        query = self.site.query
        self.counted["orphans until the check"] = len(self.orphans())
        self.site.run("manage.py", "stylesim_verify", "--orphans")
        self.counted["orphans"] = len(self.orphans())
        artworks = query("SELECT title FROM stylesim_app_artwork")
        descriptors = [name for (name,) in query(DESCRIPTORS)]
        self.counted["uploads"] = UPLOADS
        self.counted["artworks"] = len(artworks)
        self.counted["lost"] = UPLOADS - len(set(artworks))
        self.counted["doubled"] = len(artworks) - len(set(artworks))
        self.counted["descriptors"] = len(descriptors)
        self.counted["descriptors without a file"] = len(set(descriptors) - self.files())
        [(most,)] = query("SELECT max(attempts) FROM stylesim_app_indexentry")
        self.counted["most attempts"] = int(str(most))

    def files(self) -> set[str]:
        """The names of the descriptors in the storage."""
        folder = self.site.folder / "stylesim"
        return {str(path.relative_to(folder)) for path in (folder / "descriptors").rglob("*.*")}

    def orphans(self) -> set[str]:
        """The descriptors in the storage that no row names."""
        return self.files() - {str(name) for (name,) in self.site.query(DESCRIPTORS)}


DESCRIPTORS = "SELECT file_name FROM stylesim_app_storeddescriptor"


def descend(pid: int, depth: int = 0) -> Iterator[tuple[int, psutil.Process]]:
    """The processes below one, with their depth; the oldest first."""
    try:
        children = psutil.Process(pid).children()
    except psutil.NoSuchProcess:
        return
    for child in children:
        yield depth + 1, child
        yield from descend(child.pid, depth + 1)


def picture(number: int) -> bytes:
    pixels = np.random.default_rng(number).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).resize((320, 240)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def drill(tmp_path):
    drill = Drill(tmp_path)
    yield drill
    drill.stop()
    print(*(f"{name}: {count}" for name, count in sorted(drill.counted.items())), sep="\n")


def upload_all(drill: Drill) -> threading.Thread:
    def upload() -> None:
        for number in range(UPLOADS):
            drill.upload(number)

    thread = threading.Thread(target=upload, daemon=True)
    thread.start()
    return thread


def test_kills_lose_and_double_nothing(drill):
    chance = random.Random(7)
    drill.site.wait_until(lambda: len(drill.site.idle_workers()) >= 1)
    uploads = upload_all(drill)
    while uploads.is_alive() or drill.states()["indexed"] < UPLOADS * 0.8:
        time.sleep(PAUSE)
        drill.kill_one(chance)
    uploads.join()
    drill.wait()
    drill.count()
    counted = drill.counted
    assert sum(count for name, count in counted.items() if name.startswith("kills")) >= 5
    assert (counted["lost"], counted["doubled"]) == (0, 0)
    assert counted["descriptors"] == UPLOADS
    assert counted["descriptors without a file"] == 0
    assert counted["orphans"] == 0


def test_one_of_two_clusters_goes_deaf(drill):
    site = drill.site
    site.wait_until(lambda: len(site.idle_workers()) == 2)
    [(worker, guard), (_, well)] = site.idle_workers()
    psutil.Process(int(str(worker))).kill()
    began = time.monotonic()
    uploads = upload_all(drill)
    site.wait_until(lambda: not psutil.pid_exists(int(str(guard))))
    drill.counted["seconds until the deaf cluster ended"] = round(time.monotonic() - began)
    running = "SELECT count(*) FROM stylesim_app_workersign WHERE state IN ('idle', 'busy')"
    site.wait_until(lambda: site.query(running) == [(2,)])
    drill.counted["seconds until two clusters ran"] = round(time.monotonic() - began)
    assert psutil.pid_exists(int(str(well)))
    uploads.join()
    drill.wait()
    drill.count()
    assert (drill.counted["lost"], drill.counted["doubled"]) == (0, 0)
    assert drill.counted["orphans"] == 0
