"""The state of the private storage: its marker, and pauses while it is missing or full.

The storage of an installation carries a file with the installation's id, so that an empty mount
point, or another installation's storage, is never taken for it. Nothing is written, and no file is
taken for lost, while the marker is not there.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import time
from contextlib import suppress
from datetime import timedelta

from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, storages
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from .. import files
from ..exceptions import (
    StorageForeign,
    StorageFull,
    StorageMissing,
    StorageUnavailable,
)
from ..models import StorageState, StoredDescriptor

logger = logging.getLogger(__name__)

MARKER = "stylesim-marker.json"
#: Files of descriptors of which one must be seen before a storage in use gets its marker.
SAMPLE = 10
#: The first pause after a failure, which doubles up to the longest.
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=5)
#: Bytes that must fit before workers go on after the disk was full: two descriptors.
LEAST_ROOM = 2_000_000
#: Seconds for which a bucket's marker is not read again.
BUCKET_SECONDS = 5.0
#: The state of a database that has no space left, by PostgreSQL.
_DISK_FULL = "53100"

_known: dict[str, str] = {}
_seen: dict[str, float] = {}
#: The tries and the time of the next, while the database itself has no space left.
_unrecorded: dict[str, float] = {}


def forget() -> None:
    """Forget what this process knows of the marker."""
    _known.clear()
    _seen.clear()
    _unrecorded.clear()


def state() -> StorageState:
    """Return the row of the storage, created on first use."""
    return StorageState.objects.get_or_create(pk=1)[0]


def ensure_state(using: str = DEFAULT_DB_ALIAS, **_: object) -> None:
    """Create the row of the storage after a migration, unless that went back before its table."""
    if StorageState._meta.db_table in connections[using].introspection.table_names():
        state()


def require() -> None:
    """Raise StorageUnavailable unless the storage carries the marker of this installation.

    An installation that has no marker yet writes it, if nothing is indexed, or if a file of a
    descriptor is seen.
    """
    expected = _known.get("marker")
    if expected is None:
        row = state()
        if row.marked_at is None:
            _mark(row)
        expected = _known["marker"] = str(row.marker)
    bucket = not isinstance(storages[files.STORAGE_ALIAS], FileSystemStorage)
    if bucket and time.monotonic() - _seen.get(files.STORAGE_ALIAS, -BUCKET_SECONDS) < (
        BUCKET_SECONDS
    ):
        return
    _compare(expected)
    _seen[files.STORAGE_ALIAS] = time.monotonic()


def _compare(expected: str) -> None:
    found = read_marker()
    if found is None:
        raise StorageMissing(missing_words())
    if found != expected:
        raise StorageForeign(foreign_words())


def missing_words() -> str:
    return _(
        "The storage “%(alias)s” is missing: its file %(name)s cannot be found. Check that it is "
        "mounted. If its files are lost, run stylesim_verify --adopt, then stylesim_index --all."
    ) % {"alias": files.STORAGE_ALIAS, "name": MARKER}


def foreign_words() -> str:
    return _(
        "The storage “%(alias)s” belongs to another installation: its file %(name)s has another "
        "id. Check the settings and mounts. If it is to be this installation's, run "
        "stylesim_verify --adopt."
    ) % {"alias": files.STORAGE_ALIAS, "name": MARKER}


def read_marker() -> str | None:
    """Return the id in the marker; None if there is no marker. Raises StorageUnreachable."""
    try:
        with files.storage_errors(), storages[files.STORAGE_ALIAS].open(MARKER, "rb") as file:
            content = file.read()
    except FileNotFoundError:
        return None
    try:
        return str(json.loads(content)["installation"])
    except (ValueError, KeyError, TypeError):
        # Cut short or overwritten: it is nobody's.
        return ""


def _mark(row: StorageState) -> None:
    """Write the first marker. Raises StorageMissing, StorageForeign."""
    found = read_marker()
    if found is None:
        if not _looks_like_ours():
            raise StorageMissing(missing_words())
        write_marker(row)
    elif found != str(row.marker):
        raise StorageForeign(foreign_words())
    StorageState.objects.filter(pk=row.pk).update(marked_at=timezone.now())


def _looks_like_ours() -> bool:
    """Return whether nothing is indexed yet, or a file of a descriptor is there."""
    names = StoredDescriptor.objects.order_by("-pk").values_list("file_name", flat=True)
    newest, oldest = list(names[:SAMPLE]), list(names.reverse()[:SAMPLE])
    if not newest:
        return True
    with files.storage_errors():
        return any(storages[files.STORAGE_ALIAS].exists(name) for name in newest + oldest)


def write_marker(row: StorageState) -> None:
    """Write the marker, in place of any other."""
    storage = storages[files.STORAGE_ALIAS]
    content = {
        "installation": str(row.marker),
        "note": "This file marks the private storage of django-stylesim. Do not delete or copy it.",
    }
    with files.storage_errors():
        if storage.exists(MARKER):
            storage.delete(MARKER)
        text = json.dumps(content, indent=1).encode()
        name = files.save_entirely(storage, MARKER, ContentFile(text))
        if name != MARKER:
            # Another process of this installation was faster, with the same content.
            storage.delete(name)


def adopt() -> None:
    """Make the storage that is there this installation's, whatever it holds."""
    row = state()
    write_marker(row)
    StorageState.objects.filter(pk=row.pk).update(marked_at=timezone.now())
    forget()
    clear()


def problem_now() -> StorageUnavailable | None:
    """Return what is wrong with the storage at this moment."""
    try:
        require()
    except StorageUnavailable as error:
        return error
    return None


def may_work() -> bool:
    """Return whether workers may claim rows now; look again after a pause.

    Only workers call this: it records what is wrong, and clears what no longer is.
    """
    if time.monotonic() < _unrecorded.get("until", 0):
        return False
    row = state()
    if row.problem and timezone.now() < row.retry_at:
        return False
    try:
        require()
        if row.problem:
            _probe(max(row.size, LEAST_ROOM))
    except StorageUnavailable as error:
        record(error)
        return False
    if row.problem:
        logger.info("the storage can be used again")
        clear()
    return True


def _probe(size: int) -> None:
    """Write and delete so many bytes. Raises StorageUnavailable."""
    name = files.write("probes", "bin", os.urandom(size))
    files.delete([name])


def record(error: StorageUnavailable) -> None:
    """Note a problem for people to see, and when to look again; pauses double."""
    row = state()
    now = timezone.now()
    again = row.problem == error.code
    tries = row.tries + 1 if again else 1
    if not again:
        logger.error("%s", error)
    StorageState.objects.filter(pk=row.pk).update(
        problem=error.code,
        reason=str(error),
        since=row.since if again else now,
        tries=tries,
        size=max(row.size, error.size) if again else error.size,
        retry_at=now + _pause(tries),
    )
    _unrecorded.clear()


def _pause(tries: int) -> timedelta:
    doubled: int = 2 ** min(tries - 1, 10)
    return min(FIRST_PAUSE * doubled, LONGEST_PAUSE)


def recorded() -> StorageUnavailable | None:
    """Return the problem that a worker noted, and that lasts."""
    row = StorageState.objects.filter(pk=1).exclude(problem="").first()
    return None if row is None else StorageUnavailable(row.reason)


def clear() -> None:
    """Note that the storage can be used."""
    StorageState.objects.exclude(problem="").update(
        problem="", reason="", since=None, tries=0, size=0, retry_at=timezone.now()
    )


def as_full(error: BaseException) -> StorageFull | None:
    """Return an error as StorageFull if a disk, a quota or the database has no space left."""
    if isinstance(error, StorageFull):
        return error
    if isinstance(error, DatabaseError):
        cause = error.__cause__
        full = (
            getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
            or getattr(cause, "sqlstate", None) == _DISK_FULL
        )
        return StorageFull(error) if full else None
    return StorageFull(error) if files.is_full(error) else None


def record_if_possible(error: StorageUnavailable) -> None:
    """Note a problem, unless the database is what has no space left."""
    try:
        with transaction.atomic():
            record(error)
    except DatabaseError:
        logger.error("%s", error)  # noqa: TRY400
        tries = int(_unrecorded.get("tries", 0)) + 1
        until = time.monotonic() + _pause(tries).total_seconds()
        _unrecorded.update(tries=tries, until=until)


def problems() -> list[str]:
    """Return in words what is wrong with the storages, now or at a worker's last attempt."""
    found = []
    now = problem_now()
    row = StorageState.objects.filter(pk=1).first()
    if now is not None:
        found.append(str(now))
    elif row is not None and row.problem in (
        StorageState.Problem.FULL,
        StorageState.Problem.UNREACHABLE,
    ):
        found.append(row.reason)
    if row is not None and row.originals:
        found.append(row.originals)
    return found


def record_originals(reason: str) -> None:
    """Note why the pictures of the artworks cannot be read; empty once they can."""
    rows = StorageState.objects.filter(pk=1)
    if not reason:
        rows.exclude(originals="").update(originals="", originals_since=None)
    elif not rows.exclude(originals="").update(originals=reason):
        with suppress(DatabaseError):
            state()
        rows.update(originals=reason, originals_since=timezone.now())
