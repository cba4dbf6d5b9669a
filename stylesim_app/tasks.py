"""The functions that django-q2 runs; hosts may import ``ring`` and ``quiet`` from here."""

from __future__ import annotations

from typing import Any

from .conf import conf
from .signals import turn_ended
from .work.queue import quiet, ring

__all__ = ["quiet", "ring", "ring_again", "work"]


def work(pk: Any = None) -> None:
    """Index pending works for a bounded time, and queue another task if more are left."""
    from .work import worker

    if worker.work_through():
        ring()
    turn_ended.send_robust(None)


def verify(goes_on: bool = False) -> None:
    """Check all stored files, in tasks of limited time; each but the last queues the next."""
    from .work import queue, verification

    if not goes_on:
        verification.begin_pass()
    if verification.hurry_pass(conf.task_seconds):
        queue.request_verification(goes_on=True)


def ring_again() -> None:
    """Enter missed works, delete what has expired, index, and check some stored files.

    Scheduled every minute.
    """
    from .ranking import image_search
    from .work import audit, known_files, removed, repeatable, verification, worklist

    worklist.reconcile()
    image_search.purge()
    removed.purge()
    known_files.purge()
    repeatable.purge()
    audit.purge()
    work()
    verification.continue_pass()
