"""Bounds on what is read from zip archives, spreadsheets included, which are archives too."""

from __future__ import annotations

import logging
import zipfile
from collections.abc import Iterable
from io import BytesIO

from django.utils.translation import gettext as _

from ...exceptions import ImportFailed
from ...messages import technical_detail
from .base import reason_of

#: An archive may have so many entries, and so many bytes when it is expanded.
MAX_ENTRIES = 200_000
MAX_BYTES = 200_000_000_000
#: Pictures hardly shrink; what expands more than this is made to fill the memory or the disk.
MAX_RATIO = 200
#: Of small entries, for example a picture of one colour, the ratio means nothing.
_SMALL = 1_000_000

logger = logging.getLogger(__name__)


class EntryProblem(Exception):
    """An entry of an archive that is not read, with the reason."""


def open_archive(path: object) -> zipfile.ZipFile:
    """Open an archive, unless it has too many entries or bytes. Raises ImportFailed."""
    try:
        archive = zipfile.ZipFile(str(path))
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        logger.info("%s: %s", path, technical_detail(error))
        if isinstance(error, OSError):
            message = _("%(path)s cannot be read: %(reason)s.")
            raise ImportFailed(message % {"path": path, "reason": reason_of(error)}) from error
        message = _("%(path)s cannot be read: it is damaged, or another kind of file.")
        raise ImportFailed(message % {"path": path}) from error
    try:
        check_bounds(archive.infolist())
    except ImportFailed:
        archive.close()
        raise
    return archive


def check_bounds(entries: Iterable[zipfile.ZipInfo], max_bytes: int = MAX_BYTES) -> None:
    """Raise ImportFailed if an archive has too many entries, or too many bytes in all."""
    entries = list(entries)
    if len(entries) > MAX_ENTRIES:
        raise ImportFailed(
            _("The archive has %(count)d entries. The limit is %(limit)d.")
            % {"count": len(entries), "limit": MAX_ENTRIES}
        )
    total = sum(entry.file_size for entry in entries)
    if total > max_bytes:
        raise ImportFailed(
            _("The archive expands to %(size).1f GB. The limit is %(limit).1f GB.")
            % {"size": total / 1e9, "limit": max_bytes / 1e9}
        )


def read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, max_bytes: int) -> BytesIO:
    """Return the content of an entry. Raises EntryProblem."""
    if entry.flag_bits & 0x1:
        raise EntryProblem(_("The file is encrypted in the archive."))
    if entry.file_size > max_bytes:
        raise EntryProblem(
            _("The file is too large: %(megabytes).1f MB. The limit is %(limit).0f MB.")
            % {"megabytes": entry.file_size / 1e6, "limit": max_bytes / 1e6}
        )
    if entry.file_size > max(_SMALL, MAX_RATIO * entry.compress_size):
        raise EntryProblem(
            _("The file expands to more than %(limit)d times its size in the archive.")
            % {"limit": MAX_RATIO}
        )
    try:
        with archive.open(entry) as file:
            # The size that the archive states may be wrong.
            content = file.read(entry.file_size + 1)
    except (zipfile.BadZipFile, NotImplementedError, OSError, EOFError, RuntimeError) as error:
        logger.info("%s in an archive: %s", entry.filename, error)
        raise EntryProblem(_("The file cannot be read from the archive.")) from error
    except Exception as error:
        # Each compression has errors of its own.
        logger.info("%s in an archive: %s", entry.filename, error)
        raise EntryProblem(_("The file is damaged in the archive.")) from error
    return BytesIO(content)
