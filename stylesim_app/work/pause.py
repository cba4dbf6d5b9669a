"""The pause of indexing, which all workers obey; searches by image continue."""

from __future__ import annotations

from collections.abc import Sequence

from ..models import IndexingPause
from . import kinds, queue
from .kinds import WorkKind

#: The key of the only row.
_ONLY = 1


def current() -> IndexingPause | None:
    """Return the pause that is in force."""
    return IndexingPause.objects.filter(pk=_ONLY).first()


def is_paused() -> bool:
    """Return whether indexing is paused."""
    return IndexingPause.objects.filter(pk=_ONLY).exists()


def begin(by: str) -> None:
    """Pause indexing; batches that are under way are finished."""
    IndexingPause.objects.get_or_create(pk=_ONLY, defaults={"by": by})


def end() -> None:
    """Resume indexing at once."""
    IndexingPause.objects.filter(pk=_ONLY).delete()
    queue.ring()


def allowed_kinds() -> Sequence[WorkKind]:
    """Return the kinds of work that may be claimed now, the most urgent first."""
    found = kinds.registered()
    return [kind for kind in found if kind.urgent] if is_paused() else found
