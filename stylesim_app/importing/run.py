"""Add pictures of a folder or manifest to the collection, each file once."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from io import BufferedIOBase
from typing import IO, Any, cast

from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.db import InterfaceError, OperationalError, connections, transaction
from django.utils.translation import gettext as _

from ..collection.adapter import adapter
from ..collection.decoders import check_pixels
from ..collection.fields import check_upload
from ..collection.swapping import get_artwork_model
from ..conf import conf
from ..core.errors import ImageError
from ..exceptions import ImportFailed, StylesimError
from ..messages import localize, technical_detail
from ..models import ImportedFile, IndexEntry
from ..work import known_files, queue
from . import claims
from .accessions import AccessionNumbers
from .artworks import change, new_artwork, reason_in_words
from .known import KnownFiles
from .outcome import ImportedRow, RowState
from .sources.base import Row, reason_of

logger = logging.getLogger(__name__)


def import_works(
    rows: Iterable[Row],
    *,
    is_public: bool | None = None,
    update: bool = False,
    dry_run: bool = False,
    on_row: Callable[[ImportedRow], object],
) -> None:
    """Add an artwork for each row whose file the collection does not hold, and ring once.

    A file is known by its SHA-256; the artwork that holds it is left as it is, or with ``update``
    takes the values of the row. ``is_public`` is for the rows of new artworks that have no value,
    None being the model's own default. ``dry_run`` checks everything, pixels included, and
    writes nothing. A row that cannot be used is reported to ``on_row`` like all others, and the
    rest goes on. Raises ImportFailed.
    """
    if is_public is not None and adapter().field("is_public") is None:
        raise ImportFailed(
            _("%(model)s has no is_public field.") % {"model": conf.artwork_model},
        )
    run = _Run(is_public=is_public, update=update, dry_run=dry_run)
    try:
        with queue.quiet():
            for row in rows:
                on_row(run.take(row))
    finally:
        if run.added and not dry_run:
            transaction.on_commit(queue.ring, robust=True)


class _Run:
    """One import: its options, and the files that it has seen."""

    def __init__(self, *, is_public: bool | None, update: bool, dry_run: bool) -> None:
        self.is_public = is_public
        self.update = update
        self.dry_run = dry_run
        self.added = 0
        if not dry_run:
            claims.discard_abandoned()
        self.known = KnownFiles(dry_run=dry_run)
        self.numbers = AccessionNumbers()
        #: The place and the values of the row of each file, by SHA-256.
        self.seen: dict[str, tuple[str, int]] = {}

    def take(self, row: Row) -> ImportedRow:
        """Import a row; whatever goes wrong concerns this row alone."""
        if row.problem:
            return ImportedRow(row, RowState.FAILED, row.problem)
        expected = True
        try:
            with row.open() as file:
                return self._take(row, file)
        except ValidationError as error:
            reason, detail = reason_in_words(error), ""
            if error.__cause__ is not None:
                detail = technical_detail(error.__cause__)
        except ImageError as error:
            reason, detail = localize(error), technical_detail(error)
        except StylesimError as error:
            reason, detail = str(error), getattr(error, "reason", "")
        except OSError as error:
            reason, detail = reason_of(error), technical_detail(error)
        except (OperationalError, InterfaceError) as error:
            # Later rows need a connection that works.
            for connection in connections.all(initialized_only=True):
                if not connection.in_atomic_block:
                    connection.close_if_unusable_or_obsolete()
            expected, detail = False, technical_detail(error)
            logger.info("Import of %s: %s", row.place, detail)
            reason = _("The row could not be stored, because the database did not answer.")
        except Exception as error:
            expected, detail = False, technical_detail(error)
            logger.info("Import of %s", row.place, exc_info=True)
            reason = _("An unexpected error occurred with this row.")
        return ImportedRow(row, RowState.FAILED, reason, detail=detail, expected=expected)

    def _take(self, row: Row, file: BufferedIOBase) -> ImportedRow:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        if sha256 in self.seen:
            return self._repeat(row, sha256)
        pk = self.known.find(sha256)
        if pk is None:
            imported = self._add(row, File(cast("IO[bytes]", file), name=row.path.name), sha256)
        elif self.update and not self.known.reason(pk):
            imported = self._update(row, pk)
        else:
            imported = ImportedRow(row, RowState.KNOWN, self.known.reason(pk), pk)
        if imported.state in (RowState.ADDED, RowState.UPDATED):
            imported = replace(imported, reason=self.numbers.note(row, imported.artwork))
        self.added += imported.state is RowState.ADDED
        self.seen[sha256] = row.place, _values(row)
        return imported

    def _repeat(self, row: Row, sha256: str) -> ImportedRow:
        """Return the outcome of a row whose file an earlier row has; it never changes anything."""
        place, values = self.seen[sha256]
        pk = self.known.find(sha256)
        if values == _values(row) or not (row.fields or row.extra):
            reason = _("The same file as %(place)s.") % {"place": place}
            return ImportedRow(row, RowState.KNOWN, reason, pk)
        reason = _("The same file as %(place)s, but with other values, which were not used.")
        return ImportedRow(row, RowState.FAILED, reason % {"place": place}, pk)

    def _add(self, row: Row, upload: File[bytes], sha256: str) -> ImportedRow:
        artwork = new_artwork(row, self.is_public)
        if self.dry_run:
            check_upload(upload)
            # A real import leaves that to a worker, which reports it on the record.
            upload.seek(0)
            check_pixels(upload.read())
            return ImportedRow(row, RowState.ADDED)
        with claims.claim(sha256) as claimed:
            # Another import may have added it before this one held the claim.
            pk = self.known.find(sha256)
            if pk is not None:
                return ImportedRow(row, RowState.KNOWN, artwork=pk)
            check_upload(upload)
            if not self._store(artwork, upload, claimed):
                return ImportedRow(row, RowState.KNOWN, artwork=self.known.find(sha256))
        return ImportedRow(row, RowState.ADDED, artwork=artwork.pk)

    def _update(self, row: Row, pk: Any) -> ImportedRow:
        with transaction.atomic():
            artwork = get_artwork_model()._base_manager.select_for_update().get(pk=pk)
            changed = change(artwork, row)
            if changed and not self.dry_run:
                artwork.save()
        return ImportedRow(row, RowState.UPDATED if changed else RowState.UNCHANGED, artwork=pk)

    def _store(self, artwork: Any, upload: File[bytes], claimed: ImportedFile) -> bool:
        """Store the picture, then the rows; a file whose rows are not written is deleted again.

        Return False, without an artwork, if an upload brought the same file meanwhile.
        """
        image = adapter().image(artwork)
        try:
            with claims.noting_name(image, claimed):
                image.save(str(upload.name), upload, save=False)
            with transaction.atomic():
                known_files.claim(claimed.sha256)
                is_new = self.known.find(claimed.sha256) is None
                if is_new:
                    artwork.save()
                    IndexEntry.objects.create(
                        artwork=artwork, image_name=str(image.name), image_sha256=claimed.sha256
                    )
                    claims.release(claimed)
        except BaseException:
            claims.discard(claimed)
            raise
        if not is_new:
            claims.discard(claimed)
        # The row is gone, and need not be deleted again.
        claimed.pk = None
        return is_new


def _values(row: Row) -> int:
    return hash((frozenset(row.fields.items()), frozenset(row.extra.items())))
