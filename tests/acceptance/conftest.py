"""A site in a folder and database of its own, and the clusters that a test starts."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

from tests.clusters import Site, kill_group


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
