"""The processes that the demo starts: one worker cluster and one web server."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

#: Time that a process has to end by itself.
STOP_SECONDS = 15.0
#: A process that lives for less time did not start well.
START_SECONDS = 10.0
MAX_FAILED_STARTS = 3
_PORTS_TRIED = 20


class ChildFailed(Exception):
    """A process that does not stay alive; the message names the file with its output."""


class Child:
    """A process in its own group, so that its child processes end with it.

    Ctrl-C in the terminal does not reach it: the demo stops it. ``site`` is the address of the
    demo, for the events that webhooks receive.
    """

    def __init__(self, command: Sequence[str], log: Path, site: str = "") -> None:
        self._command = command
        self._site = site
        self.log = log
        self._failed_starts = 0
        self._start()

    def _start(self) -> None:
        self._started = time.monotonic()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603  (a command of our own)
                [sys.executable, *self._command],
                cwd=settings.BASE_DIR,
                env={
                    "STYLESIM_SITE_URL": self._site,
                    **os.environ,
                    "STYLESIM_DATA_DIR": str(settings.DATA_DIR),
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def age(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self._started

    def restart(self) -> None:
        """Stop it, if need be, and start it. Raises ChildFailed if it keeps dying at once."""
        self._failed_starts = self._failed_starts + 1 if self.age < START_SECONDS else 0
        if self._failed_starts >= MAX_FAILED_STARTS:
            raise ChildFailed(
                _("%(command)s stops right after it starts; see %(log)s.")
                % {"command": " ".join(self._command), "log": self.log}
            )
        self.stop()
        self._start()

    def stop(self) -> None:
        """Terminate it, kill it if need be, and end the rest of its group."""
        try:
            if self.alive:
                self._process.terminate()
                self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def start_worker(site: str) -> Child:
    """Start a django-q2 cluster, as in production."""
    return Child(["manage.py", "qcluster"], settings.DATA_DIR / "worker.log", site)


def start_server(port: int, site: str) -> Child:
    """Start a web server for this machine alone."""
    options = ["--bind", f"127.0.0.1:{port}", "--threads", "8", "--no-control-socket"]
    return Child(
        ["-m", "gunicorn", *options, "project.wsgi"], settings.DATA_DIR / "server.log", site
    )


def find_port(first: int, *, others: bool) -> int | None:
    """Return ``first`` if it is free, or the next free port if ``others`` are allowed."""
    if first < 1:
        return None
    for port in range(first, min(first + (_PORTS_TRIED if others else 1), 65536)):
        with socket.socket() as probe:
            # With the server's own socket option, so that a recently closed port counts as free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port
    return None
