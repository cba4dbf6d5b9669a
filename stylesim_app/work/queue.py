"""The queue that wakes the workers; the work list holds the work.

A message that is lost, doubled or late changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

SCHEDULE_NAME = "stylesim: work that waits"
_quiet: ContextVar[bool] = ContextVar("stylesim_quiet", default=False)


def ring(pk: Any = None) -> None:
    """Queue a message that wakes the workers; ``pk``, if any, names the row in the log."""
    from django_q.tasks import async_task

    async_task("stylesim_app.tasks.work", pk, task_name=f"stylesim {pk or 'work'}"[:100])


def request_thumbnails(pk: Any) -> None:
    """Queue the missing thumbnails of an artwork."""
    from django_q.tasks import async_task

    async_task("stylesim_app.tasks.make_thumbnails", pk, task_name=f"stylesim picture {pk}"[:100])


def request_verification(*, goes_on: bool = False) -> None:
    """Queue a check of all stored files, or its next part."""
    from django_q.tasks import async_task

    async_task("stylesim_app.tasks.verify", goes_on, task_name="stylesim verify")


@contextmanager
def quiet() -> Iterator[None]:
    """Queue nothing while artworks are saved in this context; the caller rings once at its end."""
    token = _quiet.set(True)
    try:
        yield
    finally:
        _quiet.reset(token)


def is_quiet() -> bool:
    """Return whether ``quiet`` is in force."""
    return _quiet.get()


def ensure_schedule(**_: Any) -> None:
    """Create the schedule that wakes the workers every minute, after a migration."""
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
