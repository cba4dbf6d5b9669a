"""The site under gunicorn with its own configuration: limits hold over several processes."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

import pytest

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 60
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def free_port() -> int:
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("site") / "data"


@pytest.fixture(scope="module")
def port(data: Path) -> Iterator[int]:
    """The port of the site, which two processes serve."""
    left_out = ("DATABASE_URL", "REDIS_URL")
    environment = {
        **{name: value for name, value in os.environ.items() if name not in left_out},
        "DJANGO_SETTINGS_MODULE": "project.settings",
        "STYLESIM_DATA_DIR": str(data),
        "WEB_CONCURRENCY": "2",
    }
    run = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(run, cwd=ROOT, env=environment, check=True)
    chosen = free_port()
    options = ("--config", "project/gunicorn.conf.py", "--bind", f"127.0.0.1:{chosen}")
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", *options, "project.wsgi"], cwd=ROOT, env=environment
    )
    try:
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                ask(chosen, "GET", "/api/")
                break
            except OSError:
                assert time.monotonic() < deadline, "the server does not start"
                time.sleep(0.1)
        yield chosen
    finally:
        server.terminate()
        server.wait(SECONDS)


def ask(port: int, method: str, path: str, body: str | None = None) -> tuple[int, bytes]:
    with closing(HTTPConnection("127.0.0.1", port, timeout=SECONDS)) as connection:
        connection.request(method, path, body, FORM if body else {})
        response = connection.getresponse()
        return response.status, response.read()


def send(port: int, *lines: str) -> bytes:
    """The answer to the head of a request whose body never follows."""
    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as connection:
        connection.sendall("\r\n".join((*lines, "", "")).encode())
        answer = b""
        while part := connection.recv(65536):
            answer += part
    return answer


@pytest.mark.parametrize(
    ("length", "status", "code"),
    [
        ("Content-Length: 10000000000", 413, "too_large"),
        ("Transfer-Encoding: chunked", 411, "length_required"),
    ],
)
def test_a_body_is_refused_by_its_head(port, length, status, code):
    answer = send(
        port,
        *("POST /api/search/ HTTP/1.1", "Host: localhost", length),
        "Content-Type: multipart/form-data; boundary=x",
    )
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    assert json.loads(body)["code"] == code


def test_limits_count_over_processes(port):
    """The first test to use up a limit, of rankings that find no work."""
    statuses = Counter(
        ask(port, "GET", "/api/artworks/1/similar/?style_weight=1")[0] for _ in range(64)
    )
    assert statuses == {404: 60, 429: 4}


def test_an_account_is_locked_in_all_processes(port):
    body = urlencode({"username": "nobody", "password": "guess"})
    statuses = [ask(port, "POST", "/api/token/", body)[0] for _ in range(10)]
    assert statuses == [400] * 4 + [429] * 6


def test_other_accounts_of_the_host_read_nothing(port, data):
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in data.rglob("*")}
    assert data / "db.sqlite3" in modes
    assert {path for path, mode in modes.items() if mode & 0o077} == set()
