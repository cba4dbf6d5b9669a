"""Inside a site: the throughput of a web server."""

from __future__ import annotations

import http.client
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from .collection import Collection
from .lists import Estimates, fill_lists
from .site import percentiles

WORKS = 100_000
PROCESSES = 2
CLIENTS = 4
SECONDS = 20.0
QUERIED = 150
PORT = 8931


def measure(store: str, works: str = str(WORKS)) -> Iterator[dict[str, Any]]:
    collection = Collection()
    collection.grow(int(works))
    described = collection.described.filter(pk__in=_fill(collection))
    artworks = list(described.values_list("entry__artwork", flat=True))
    with _server():
        for name, query in (("lists", ""), ("searches", "?preset=style")):
            paths = [f"/api/artworks/{key}/similar/{query}" for key in artworks]
            # Blends are written when a search first reads them, which is excluded from the timing.
            connection = http.client.HTTPConnection("127.0.0.1", PORT)
            for path in paths:
                _get(connection, path)
            row = {"store": store, "works": len(collection), "answered from": name}
            yield {**row, **_measure(paths)}


def _fill(collection: Collection) -> list[int]:
    """Mark every list as made, and make those that will be requested."""
    keys = np.array(collection.described.values_list("pk", flat=True))
    rows = np.linspace(0, len(keys) - 1, QUERIED).astype(int)
    fill_lists(Estimates(collection.table()), keys, rows)
    collection.described.update(list_state="whole", list_horizon=np.inf)
    return [int(pk) for pk in keys[rows]]


@contextmanager
def _server() -> Iterator[None]:
    command = [
        *(sys.executable, "-m", "gunicorn", "project.wsgi", "--log-level", "error"),
        *("--bind", f"127.0.0.1:{PORT}", "--workers", str(PROCESSES)),
    ]
    with subprocess.Popen(command) as server:  # noqa: S603
        try:
            time.sleep(5)
            yield
        finally:
            server.terminate()


def _measure(paths: Sequence[str]) -> dict[str, float]:
    seconds: list[float] = []
    deadline = time.perf_counter() + SECONDS

    def ask(client: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", PORT)
        at = client * len(paths) // CLIENTS
        while (start := time.perf_counter()) < deadline:
            _get(connection, paths[at % len(paths)])
            seconds.append(time.perf_counter() - start)
            at += 1

    threads = [threading.Thread(target=ask, args=[client]) for client in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"requests a second": len(seconds) / SECONDS, **percentiles(seconds)}


def _get(connection: http.client.HTTPConnection, path: str) -> None:
    connection.request("GET", path)
    answer = connection.getresponse()
    content = answer.read()
    if answer.status != http.client.OK:
        sys.exit(f"{path}: {answer.status} {content[:200]!r}")
