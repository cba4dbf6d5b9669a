"""Signs of life: one row for each process that works off the work list."""

from __future__ import annotations

import os
import socket
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.utils import timezone

from .. import __version__
from ..core.descriptors import Provenance
from ..index.status import is_running
from ..models import WorkerSign, WorkItem

State = WorkerSign.State

#: Signs of processes that are gone stay visible for so long.
KEPT_FOR = timedelta(hours=1)
#: Bytes of the key of a process that begin the tokens of its leases.
_MARK = 8


@dataclass
class Process:
    """The identity of this process, and what its sign shows besides."""

    pid: int
    key: uuid.UUID
    started_at: datetime
    cluster_pid: int | None = None
    state: State = State.BUSY
    weights: str = ""
    provenance: dict[str, Any] | None = None


@lru_cache(maxsize=1)
def _of(pid: int) -> Process:
    return Process(pid, uuid.uuid4(), timezone.now())


def this_process() -> Process:
    """Return the identity of this process, which a fork does not inherit."""
    return _of(os.getpid())


def begin(cluster_pid: int) -> None:
    """Make this process a worker of the cluster that ``cluster_pid`` guards; remove old signs."""
    process = this_process()
    process.cluster_pid, process.state = cluster_pid, State.IDLE
    WorkerSign.objects.filter(seen_at__lt=timezone.now() - KEPT_FOR).delete()
    sign_of_life()


def end() -> None:
    """Record that this process ends in good order."""
    WorkerSign.objects.filter(process=this_process().key).update(state=State.ENDED)


def note(state: State) -> None:
    """Record whether this process works or is idle."""
    this_process().state = state
    sign_of_life()


def note_provenance(provenance: Provenance) -> None:
    """Show from the next sign on what the descriptors of this process are made by."""
    process = this_process()
    process.weights, process.provenance = provenance.weights_sha256[:12], provenance.to_json()


def sign_of_life() -> None:
    """Record that this process is running."""
    process = this_process()
    shown = {
        "seen_at": timezone.now(),
        "cluster_pid": process.cluster_pid,
        "state": process.state,
        "weights": process.weights,
        "provenance": process.provenance,
    }
    if not WorkerSign.objects.filter(process=process.key).update(**shown):
        WorkerSign.objects.get_or_create(
            process=process.key,
            defaults={
                "host": socket.gethostname(),
                "pid": process.pid,
                "started_at": process.started_at,
                "version": __version__,
                **shown,
            },
        )


def make_token() -> uuid.UUID:
    """Return a token for a lease, which begins like the key of this process."""
    return uuid.UUID(bytes=this_process().key.bytes[:_MARK] + uuid.uuid4().bytes[_MARK:])


def is_holder_gone(item: WorkItem) -> bool:
    """Return whether the worker that claimed a row is gone, so that the row waits for another."""
    token = item.lease_token
    if item.state != WorkItem.State.PENDING or token is None or item.due_at <= timezone.now():
        return False
    mark = token.bytes[:_MARK]
    signs = (sign for sign in WorkerSign.objects.all() if sign.process.bytes[:_MARK] == mark)
    return not any(map(is_running, signs))


def lost_while_idle(since: datetime) -> WorkerSign | None:
    """Return a sign of this cluster whose process died while it waited for messages, if any.

    The cluster was started ``since`` then; an earlier one may have had the same process number.
    """
    process = this_process()
    siblings = WorkerSign.objects.filter(
        host=socket.gethostname(),
        cluster_pid=process.cluster_pid,
        state=State.IDLE,
        started_at__gte=since,
    ).exclude(process=process.key)
    return next((sign for sign in siblings if not _exists(sign.pid)), None)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def forget_cluster(cluster_pid: int) -> None:
    """Mark all processes of a cluster of this host as ended."""
    WorkerSign.objects.filter(host=socket.gethostname(), cluster_pid=cluster_pid).update(
        state=State.ENDED
    )
