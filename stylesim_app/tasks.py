"""What django-q2 runs, and how it is rung.

A message is a doorbell: it says that there is work, and the work list says which. So a message
that is lost, doubled or late changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    from .models import StoredDescriptor

SCHEDULE_NAME = "stylesim: work that waits"
_quiet: ContextVar[bool] = ContextVar("stylesim_quiet", default=False)


@contextmanager
def quiet() -> Iterator[None]:
    """Within this context, saving artworks queues nothing; the caller rings once at its end."""
    token = _quiet.set(True)
    try:
        yield
    finally:
        _quiet.reset(token)


def is_quiet() -> bool:
    """Whether ``quiet`` is in force."""
    return _quiet.get()


def queue_artwork(pk: Any, image_name: str, new_file: bool) -> None:
    """Enter an artwork in the work list if its file is new, and ring."""
    from .services import worklist

    if worklist.request_if_changed(pk, image_name, new_file):
        ring(pk)


def ring(pk: Any = None) -> None:
    """Tell the workers that work waits; ``pk``, if any, is whose, for the log."""
    from django_q.tasks import async_task

    async_task("stylesim_app.tasks.work", pk, task_name=f"stylesim {pk or 'work'}"[:100])


def work(pk: Any = None) -> None:
    """Describe what waits, for a bounded time, and ring again if more is left."""
    from .services import indexing

    if indexing.work_through():
        ring()


def ring_again() -> None:
    """Scheduled every minute: find what no message announced, tidy up, and work."""
    from .services import searches, worklist

    worklist.reconcile()
    searches.purge()
    work()


def delete_pictures(model: type[models.Model], image_name: str) -> None:
    """After an artwork is deleted: its thumbnails, and the file of this app's own model."""
    from .services import thumbnails

    thumbnails.delete_pictures(model, image_name)


def tear_lists(stored: StoredDescriptor) -> None:
    """Before a descriptor is deleted, in the same transaction."""
    from .services import neighbours

    neighbours.tear(stored)


def delete_private_files(names: Sequence[str]) -> None:
    """After the row that owned them is deleted."""
    from .services import files

    files.delete(names)


def ensure_schedule(**_: Any) -> None:
    """After a migration: the schedule that rings for whatever waits too long."""
    from django_q.models import Schedule

    Schedule.objects.get_or_create(
        name=SCHEDULE_NAME,
        defaults={
            "func": "stylesim_app.tasks.ring_again",
            "schedule_type": Schedule.MINUTES,
            "minutes": 1,
            "repeats": -1,
        },
    )
