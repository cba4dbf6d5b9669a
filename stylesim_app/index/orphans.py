"""Files that no row names: left behind by a process that was stopped between file and row.

Only the storage API is used, so that buckets work. A file counts as an orphan after a grace period,
since a row may name it in a moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.files.storage import Storage
from django.db.models import Q
from django.utils import timezone
from easy_thumbnails.models import Thumbnail

from .. import files
from ..collection.swapping import get_artwork_model
from ..conf import conf
from ..models import AbstractArtwork, IndexEntry, artwork_path
from . import storage as state

#: Names that are looked up at once.
CHUNK = 400
#: The folder of the pictures of this app's own artwork models.
PICTURES = "artworks"

#: Returns those of the names that are in use.
Named = Callable[[Sequence[str]], set[str]]


@dataclass(frozen=True)
class Area:
    """A part of a storage whose files are all this app's, and the names in use there."""

    place: str
    storage: Callable[[], Storage]
    roots: Sequence[str]
    named: Named


_more_names: list[Named] = []


def keep(named: Named) -> None:
    """Add a function that returns the private files or pictures in use among some names.

    Models that ``files.delete_with`` knows need none.
    """
    _more_names.append(named)


def areas() -> list[Area]:
    """Return the private storage and, if this app owns them, the pictures of the artworks."""
    found = [Area("private", files.private_storage, ("",), _named_privately)]
    field = get_artwork_model()._meta.get_field(conf.artwork_image_field)
    own = issubclass(get_artwork_model(), AbstractArtwork)
    if own and getattr(field, "upload_to", None) is artwork_path:
        found.append(Area("pictures", lambda: field.storage, (PICTURES,), _named_by_artworks))
    return found


def folders(area: Area) -> list[str]:
    """Return the folders of an area in order, the roots first; each is looked through alone."""
    found: list[str] = []
    waiting = list(area.roots)
    while waiting:
        folder = waiting.pop(0)
        found.append(folder)
        waiting += [_join(folder, name) for name in sorted(_list(area.storage(), folder)[0])]
    return sorted(found)


def find(area: Area, folder: str, grace: timedelta | None = None) -> Iterator[str]:
    """Yield the orphans in a folder, without its subfolders. Raises StorageUnavailable.

    A file of unknown age is none.
    """
    storage = area.storage()
    names = [_join(folder, name) for name in _list(storage, folder)[1]]
    # Rows that are written while this runs name files that were listed before or after.
    for start in range(0, len(names), CHUNK):
        chunk = names[start : start + CHUNK]
        used = area.named(chunk).union(*(each(chunk) for each in _more_names))
        for name in chunk:
            if name not in used and _is_old(storage, name, grace):
                yield name


def remove(area: Area, name: str) -> bool:
    """Delete an orphan, unless a row names it by now; return whether it was deleted."""
    files.require_storage()
    if name in area.named([name]).union(*(each([name]) for each in _more_names)):
        return False
    with files.storage_errors():
        area.storage().delete(name)
    return True


def _list(storage: Storage, folder: str) -> tuple[list[str], list[str]]:
    try:
        with files.storage_errors():
            directories, found = storage.listdir(folder)
    except FileNotFoundError:
        files.require_storage()
        return [], []
    return list(directories), [name for name in found if name]


def _is_old(storage: Storage, name: str, grace: timedelta | None) -> bool:
    grace = timedelta(hours=conf.orphan_grace_hours) if grace is None else grace
    try:
        with files.storage_errors():
            changed = storage.get_modified_time(name)
    except FileNotFoundError:
        return False
    if timezone.is_naive(changed):
        changed = timezone.make_aware(changed)
    return timezone.now() - changed >= grace


def _named_privately(names: Sequence[str]) -> set[str]:
    used = {state.MARKER}
    for model, fields in files.owners.items():
        for field in fields:
            rows: Any = model._default_manager.filter(**{f"{field}__in": names})
            used.update(rows.values_list(field, flat=True))
    used.update(Thumbnail.objects.filter(name__in=names).values_list("name", flat=True))
    return used


def _named_by_artworks(names: Sequence[str]) -> set[str]:
    model, field = get_artwork_model(), conf.artwork_image_field
    rows = model._base_manager.filter(Q(**{f"{field}__in": names}))
    used = set(rows.values_list(field, flat=True))
    entries = IndexEntry.objects.filter(image_name__in=names)
    used.update(entries.values_list("image_name", flat=True))
    return used


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
