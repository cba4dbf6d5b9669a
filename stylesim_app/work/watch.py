"""The watchdog in each worker of a cluster, which ends a cluster that receives nothing.

A worker that waits for messages holds the lock of the cluster's queue. If it is killed then, no
other process of the cluster can ever take that lock: the cluster runs on, and is deaf. The worker
that django-q2 starts in its place finds the sign of the one that was lost, and ends the complete
cluster; a supervisor starts another. Anything else that keeps messages from a cluster is noticed
because work waits while its worker is idle, although the worker itself rings.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import signal
import threading
import time
from datetime import UTC, datetime, timedelta
from multiprocessing import util
from typing import Any

from django.db import Error as DatabaseError
from django.db import close_old_connections, connection
from django.utils import timezone

from ..conf import conf
from . import queue, signs, worklist

logger = logging.getLogger(__name__)
State = signs.State

#: Seconds between signs of life, which are also the moments when the watchdog looks.
TICK = 5.0


def connect() -> None:
    """Watch the workers of clusters from their start on."""
    from django_q.signals import post_execute_in_worker, post_spawn, pre_execute

    post_spawn.connect(_on_spawn, dispatch_uid="stylesim_spawn")
    pre_execute.connect(_on_task, dispatch_uid="stylesim_task")
    post_execute_in_worker.connect(_on_done, dispatch_uid="stylesim_done")


_watch: Watch | None = None


def _on_spawn(**_: Any) -> None:
    """Watch from a worker; a task that is run with ``sync`` sends this from any process."""
    global _watch
    if multiprocessing.parent_process() is None or _watch is not None:
        return
    _watch = Watch(os.getppid())
    _watch.start()


def _on_task(task: dict[str, Any], **_: Any) -> None:
    if _watch is not None and not task.get("sync"):
        _watch.hear()


def _on_done(task: dict[str, Any], **_: Any) -> None:
    if _watch is not None and not task.get("sync"):
        _watch.rest()


class Watch:
    """The watch of one worker process over its cluster."""

    def __init__(self, cluster_pid: int) -> None:
        self.cluster_pid = cluster_pid
        self.busy = False
        self.idle_since = time.monotonic()
        self.rung = False
        self.siblings: list[Any] = []
        self.ended = False

    def start(self) -> None:
        """Give the first sign; end the cluster if this worker replaces one that died while idle."""
        try:
            signs.begin(self.cluster_pid)
            lost = signs.lost_while_idle(_started_at(self.cluster_pid))
        except DatabaseError:
            logger.exception("This worker cannot give a sign of life.")
        else:
            if lost is not None and conf.watchdog_seconds:
                self.end_cluster(f"worker {lost.pid} was killed while it waited for messages")
        # django-q2 leaves a worker by os._exit, after these.
        util.Finalize(None, self._end, exitpriority=10)
        threading.Thread(target=self._run, name="stylesim-watch", daemon=True).start()

    def hear(self) -> None:
        """Note that this worker received a message."""
        self.busy, self.rung = True, False
        _note(State.BUSY)

    def rest(self) -> None:
        """Note that this worker waits for messages."""
        self.busy, self.idle_since = False, time.monotonic()
        _note(State.IDLE)

    def _end(self) -> None:
        self.ended = True
        try:
            signs.end()
        except DatabaseError as error:
            logger.warning("This worker's sign of life remains: %s", error)

    def _run(self) -> None:
        while not self.ended:
            time.sleep(TICK)
            self.look_at_the_guard()
            close_old_connections()
            try:
                signs.sign_of_life()
                self.look()
            except DatabaseError as error:
                logger.warning("No sign of life: %s", error)
                connection.close()

    def look_at_the_guard(self) -> None:
        """End this worker and its siblings if the process that guards them is gone."""
        if os.getppid() == self.cluster_pid:
            self.siblings = _children(self.cluster_pid)
        elif not self.busy:
            # Unguarded, they would be stopped by nobody, and the pusher would swallow messages.
            logger.critical("The guard of this cluster is gone, so its other processes end.")
            for each in self.siblings:
                with contextlib.suppress(ProcessLookupError, _no_such_process()):
                    each.kill()
            os._exit(1)

    def look(self) -> None:
        """Ring if work waits while this worker is idle; end the cluster if that does not help."""
        patience = conf.watchdog_seconds
        idle = time.monotonic() - self.idle_since
        if self.busy or not patience or idle < patience / 2:
            return
        if not worklist.anything_waits(since=timezone.now() - timedelta(seconds=patience / 2)):
            self.rung = False
            return
        if self.rung and idle >= patience:
            self.end_cluster(f"work has been waiting, but no message came for {idle:.0f} s")
        if not self.rung:
            # What was waited for until now proves nothing: perhaps nobody rang.
            self.idle_since, self.rung = time.monotonic() - patience / 2, True
        queue.ring()

    def end_cluster(self, reason: str) -> None:
        """End all processes of this cluster, this one included."""
        logger.critical(
            "This cluster no longer receives messages (%s). It ends, to be started again.", reason
        )
        try:
            signs.forget_cluster(self.cluster_pid)
        except DatabaseError:
            logger.exception("The signs of this cluster remain.")
        kill_cluster(self.cluster_pid)


def _children(pid: int) -> list[Any]:
    """Return the other descendants of a process; one that takes a number over is none of them."""
    import psutil

    with contextlib.suppress(psutil.NoSuchProcess):
        found = psutil.Process(pid).children(recursive=True)
        return [each for each in found if each.pid != os.getpid()]
    return []


def _no_such_process() -> type[Exception]:
    import psutil

    found: type[Exception] = psutil.NoSuchProcess
    return found


def _started_at(pid: int) -> datetime:
    """Return when a process was started, a little early, as the system counts in ticks."""
    import psutil

    return datetime.fromtimestamp(psutil.Process(pid).create_time() - 1, tz=UTC)


def kill_cluster(cluster_pid: int) -> None:
    """Kill the guard of a cluster, its children, and the command that started it."""
    import psutil

    guard = psutil.Process(cluster_pid)
    # Stopped, it starts no more processes.
    guard.suspend()
    command = guard.parent()
    for each in (*_children(cluster_pid), guard):
        _kill(each.pid)
    # In a container the command may be the first process, which no signal of ours ends; it ends
    # by itself when its guard is gone.
    if command is not None and command.pid > 1 and "qcluster" in command.cmdline():
        _kill(command.pid)
    os._exit(1)


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _note(state: signs.State) -> None:
    try:
        signs.note(state)
    except DatabaseError as error:
        logger.warning("No sign of life: %s", error)
