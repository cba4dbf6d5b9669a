"""The functions that django-q2 runs; hosts may import ``ring`` and ``quiet`` from here."""

from __future__ import annotations

from typing import Any

from .work.queue import quiet, ring

__all__ = ["quiet", "ring", "ring_again", "work"]


def work(pk: Any = None) -> None:
    """Describe what waits, for a bounded time, and ring again if more is left."""
    from .work import worker

    if worker.work_through():
        ring()


def ring_again() -> None:
    """Find what no message announced, tidy up, and work; scheduled every minute."""
    from .ranking import image_search
    from .work import worklist

    worklist.reconcile()
    image_search.purge()
    work()
