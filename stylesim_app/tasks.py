"""The functions that django-q2 runs; hosts may import ``ring`` and ``quiet`` from here."""

from __future__ import annotations

from typing import Any

from .work.queue import quiet, ring

__all__ = ["quiet", "ring", "ring_again", "work"]


def work(pk: Any = None) -> None:
    """Index pending works for a bounded time, and queue another task if more are left."""
    from .work import worker

    if worker.work_through():
        ring()


def ring_again() -> None:
    """Enter missed works, delete expired searches, index, and check some stored files.

    Scheduled every minute.
    """
    from .ranking import image_search
    from .work import verification, worklist

    worklist.reconcile()
    image_search.purge()
    work()
    verification.continue_pass()
