"""The functions that django-q2 runs; hosts may import ``ring`` and ``quiet`` from here."""

from __future__ import annotations

import logging
from typing import Any

from .conf import conf
from .signals import turn_ended
from .work.queue import quiet, ring

__all__ = ["quiet", "ring", "ring_again", "work"]

logger = logging.getLogger(__name__)


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


def make_thumbnails(pk: Any) -> None:
    """Make the missing thumbnails of an artwork, which a page waits for.

    A picture that is gone or cannot be decoded is no error here: its index entry has the reason.
    """
    from .collection import thumbnails
    from .collection.adapter import adapter
    from .collection.swapping import get_artwork_model
    from .core.errors import ImageError
    from .exceptions import StorageUnavailable

    artwork = get_artwork_model()._base_manager.filter(pk=pk).first()
    if artwork is None or not adapter().image(artwork):
        return
    try:
        thumbnails.make_thumbnails(artwork)
    except (ImageError, OSError, StorageUnavailable) as error:
        logger.info("no thumbnails of artwork %s: %s", pk, error)


def ring_again() -> None:
    """Enter missed works, delete what has expired, index, and check some stored files.

    Scheduled every minute.
    """
    from .ranking import image_search
    from .work import (
        audit,
        known_files,
        removed,
        repeatable,
        tombstones,
        trash,
        verification,
        worklist,
    )

    worklist.reconcile()
    image_search.purge()
    trash.purge()
    removed.purge()
    tombstones.purge()
    known_files.purge()
    repeatable.purge()
    audit.purge()
    work()
    verification.continue_pass()
