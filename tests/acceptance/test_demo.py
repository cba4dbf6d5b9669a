"""The command ``demo``, run as by a new user: real processes, a real collection."""

from __future__ import annotations

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.request import ProxyHandler, build_opener

import pytest
from django.contrib.auth import get_user_model
from django_q.models import OrmQ

from project.demo import children, collection, opening
from project.demo.children import Child, ChildFailed, find_port
from stylesim_app.index import status
from stylesim_app.models import Calibration, ImageSearch, IndexEntry, WorkItem
from stylesim_app.work import signs, worklist
from tests import pictures

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 180
#: As a script that goes on beside it: with SIGINT ignored from the start.
IN_BACKGROUND = ("sh", "-c", 'trap "" INT; exec "$0" "$@"', sys.executable)


class Demo:
    """``manage.py demo`` in a process of its own, with a data folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.images = folder / "images"
        self.images.mkdir(parents=True)
        self.output = folder / "output.txt"
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "project.settings",
            "STYLESIM_DATA_DIR": str(self.data),
        }

    def start(self, *options: str) -> subprocess.Popen[bytes]:
        with self.output.open("ab") as output:
            return subprocess.Popen(
                [*IN_BACKGROUND, "manage.py", "demo", "--images", str(self.images), *options],
                cwd=ROOT,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def run(self, *options: str) -> tuple[int, str]:
        """The exit status and what was printed."""
        self.output.unlink(missing_ok=True)
        return self.start(*options).wait(SECONDS), self.output.read_text()

    def printed(self, text: str) -> bool:
        return text in self.output.read_text()

    def processes(self) -> list[int]:
        """Processes that work on the data folder."""
        mark = f"STYLESIM_DATA_DIR={self.data}".encode()
        found = []
        for path in Path("/proc").glob("[0-9]*/environ"):
            try:
                if mark in path.read_bytes().split(b"\0"):
                    found.append(int(path.parent.name))
            except OSError:
                # It has ended, or is not ours to read.
                continue
        return found


def wait_until(condition: Callable[[], object], seconds: float = SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    demo = Demo(tmp_path)
    for name in ("disc-a", "disc-b", "bars-a", "bars-b", "cross-a"):
        (demo.images / f"{name}.png").write_bytes(pictures.png(name))
    yield demo
    for pid in demo.processes():
        os.kill(pid, signal.SIGKILL)


@pytest.mark.release
def test_no_serve_indexes_ranks_and_ends_and_a_second_run_keeps_what_is_there(demo):
    (demo.images / "text.jpg").write_text("no image")
    code, printed = demo.run("--no-serve")
    assert code == 0, printed
    assert "text.jpg: The file is not an image" in printed
    assert "5 added, 0 already in the collection, 1 failed." in printed
    [opened] = re.findall("Works most similar to “(.+)”:", printed)
    assert " INFO " not in printed
    ranked = [line for line in printed.splitlines() if line.strip()[:1].isdigit()][-4:]
    assert [line.split()[0] for line in ranked] == ["1", "2", "3", "4"]
    works = {"bars-a", "bars-b", "cross-a", "disc-a", "disc-b"}
    assert {line.split()[-1] for line in ranked} == works - {opened}
    assert demo.processes() == []
    password = demo.data / "admin_password"
    assert password.stat().st_mode & 0o777 == 0o600
    first_password = password.read_text()
    descriptors = sorted((demo.data / "stylesim").rglob("*.safetensors"))
    assert len(descriptors) == 6

    code, printed = demo.run("--no-serve")
    assert code == 0, printed
    assert "0 added, 5 already in the collection, 1 failed." in printed
    assert password.read_text() == first_password
    assert sorted((demo.data / "stylesim").rglob("*.safetensors")) == descriptors
    assert demo.processes() == []


def test_it_serves_restarts_a_worker_that_died_and_ends_cleanly(demo):
    process = demo.start()
    wait_until(lambda: demo.printed("Press Ctrl-C to stop the demo.") or process.poll() is not None)
    printed = demo.output.read_text()
    assert process.poll() is None, printed
    [page] = re.findall(r"This work and similar works: (http\S+)", printed)
    this_machine = build_opener(ProxyHandler({}))
    with this_machine.open(page) as answer:
        shown = answer.read().decode()
    assert "bars-a" in shown
    assert "disc-b" in shown
    [site] = re.findall(r"API and its documentation: (http\S+)", printed)
    with this_machine.open(site) as answer:
        assert answer.status == 200
    password = (demo.data / "admin_password").read_text()
    assert f"Password: {password}" in printed

    workers = [pid for pid in demo.processes() if command_of(pid).endswith("qcluster")]
    [named] = re.findall(r"Worker process: (\d+)", printed)
    assert int(named) in workers
    os.kill(int(named), signal.SIGKILL)
    wait_until(lambda: demo.printed("The worker stopped and was restarted."))
    wait_until(lambda: not set(workers) & set(demo.processes()))
    wait_until(lambda: any(command_of(pid).endswith("qcluster") for pid in demo.processes()))

    process.send_signal(signal.SIGINT)
    assert process.wait(SECONDS) == 0
    assert demo.printed("Stopped. Everything is kept for the next run.")
    assert "Traceback" not in demo.output.read_text()
    assert demo.processes() == []


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""


@pytest.mark.release
def test_sigterm_while_it_describes_leaves_no_process_and_no_lease(demo):
    for name in pictures.NAMES:
        for side in (80, 96, 112):
            path = demo.images / f"{name}-{side}.png"
            path.write_bytes(pictures.png(name, (side, side)))
    process = demo.start("--no-serve")
    wait_until(lambda: any((demo.data / "stylesim").rglob("*.safetensors")))
    process.send_signal(signal.SIGTERM)
    assert process.wait(SECONDS) == 0
    assert demo.processes() == []
    with closing(sqlite3.connect(demo.data / "db.sqlite3")) as database:
        query = "SELECT count(*), count(lease_token) FROM stylesim_app_indexentry"
        works, leases = database.execute(query).fetchone()
    assert (works, leases) == (41, 0)


def test_a_folder_that_is_not_there_is_said(demo):
    for path in demo.images.iterdir():
        path.unlink()
    demo.images.rmdir()
    code, printed = demo.run("--no-serve")
    assert code == 1
    assert f"CommandError: Folder or manifest not found: {demo.images}." in printed


def test_a_port_that_is_taken_is_said_before_anything_is_done(demo):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        code, printed = demo.run("--port", str(port))
        assert find_port(port, others=False) is None
        assert find_port(port, others=True) in range(port + 1, port + 20)
    assert code == 1
    assert f"Port {port} is not available. Choose another with --port." in printed
    assert (demo.data / "db.sqlite3").stat().st_size == 0


@pytest.mark.parametrize("port", [-1, 0, 65536, 100000])
def test_what_is_no_port_is_not_free(port):
    assert find_port(port, others=True) is None


def test_a_process_that_will_not_end_is_ended_with_all_that_it_started(tmp_path, monkeypatch):
    monkeypatch.setattr(children, "STOP_SECONDS", 0.5)
    script = (
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    log = tmp_path / "log"
    stubborn = Child(["-c", script], log)
    wait_until(lambda: log.read_text().endswith("\n"))
    grandchild = int(log.read_text())
    stubborn.stop()
    assert not stubborn.alive
    wait_until(lambda: "sleep(600)" not in command_of(grandchild))


def test_a_process_that_dies_at_once_is_not_started_for_ever(tmp_path):
    child = Child(["-c", "raise SystemExit('no database')"], tmp_path / "log")
    for _ in range(children.MAX_FAILED_STARTS - 1):
        wait_until(lambda: not child.alive)
        child.restart()
    with pytest.raises(ChildFailed, match="stops right after it starts; see"):
        child.restart()
    child.stop()
    assert "no database" in (tmp_path / "log").read_text()


@pytest.fixture
def sleeping_worker(tmp_path: Path) -> Iterator[Child]:
    worker = Child(["-c", "import time; time.sleep(600)"], tmp_path / "log")
    yield worker
    worker.stop()


@pytest.mark.django_db
def test_a_worker_that_went_deaf_is_restarted_and_what_it_held_is_free(
    make_artwork, sleeping_worker, monkeypatch
):
    make_artwork("disc-a")
    worklist.reconcile()
    ImageSearch.objects.create(image_name="searches/x.png")
    assert not collection.keep_working(sleeping_worker)
    signs.sign_of_life()
    worklist.claim(IndexEntry, 1)
    worklist.claim(ImageSearch, 1)
    OrmQ.objects.all().delete()
    monkeypatch.setattr(status, "SILENCE", timedelta(0))
    monkeypatch.setattr(children, "START_SECONDS", 0)
    assert collection.keep_working(sleeping_worker)
    for item in (IndexEntry.objects.get(), ImageSearch.objects.get()):
        assert (item.state, item.lease_token, item.attempts) == (WorkItem.State.PENDING, None, 0)
    assert [message.func() for message in OrmQ.objects.all()] == ["stylesim_app.tasks.work"]


@pytest.mark.django_db
def test_a_worker_is_not_deaf_while_nothing_waits(sleeping_worker, monkeypatch):
    monkeypatch.setattr(status, "SILENCE", timedelta(0))
    assert not collection.keep_working(sleeping_worker)


@pytest.mark.django_db
def test_the_password_is_kept_and_one_chosen_later_is_not_told(tmp_path: Path, settings: Any):
    settings.DATA_DIR = tmp_path
    first = collection.ensure_admin()
    assert first
    assert collection.ensure_admin() == first
    admin = get_user_model().objects.get(username="admin")
    assert admin.is_superuser
    admin.set_password("chosen by hand")
    admin.save()
    assert collection.ensure_admin() is None
    admin.delete()
    assert collection.ensure_admin() not in (None, first)


@pytest.mark.django_db
def test_the_sample_gallery_is_imported_once_and_again_into_an_empty_collection(
    tmp_path: Path, settings: Any, make_artwork
):
    settings.DATA_DIR = tmp_path
    (tmp_path / "gallery").mkdir()
    work = make_artwork("disc-a")
    assert not collection.has_gallery()
    collection.keep_gallery()
    assert collection.has_gallery()
    work.delete()
    assert not collection.has_gallery()


@pytest.mark.django_db
def test_a_calibration_made_while_the_collection_grew_is_made_anew(request):
    collection.calibrate_on_all()
    assert not Calibration.objects.exists()
    request.getfixturevalue("collection")
    Calibration.objects.update(collection_size=4)
    collection.calibrate_on_all()
    calibration = Calibration.objects.get()
    assert calibration.collection_size == 12
    collection.calibrate_on_all()
    assert Calibration.objects.get() == calibration


@pytest.mark.django_db
def test_without_an_indexed_work_there_is_nothing_to_rank(make_artwork):
    make_artwork("disc-a")
    assert opening.rank() is None
