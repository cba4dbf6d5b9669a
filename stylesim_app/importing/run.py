"""Add pictures of a folder or manifest to the collection, each file once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.db import DataError, IntegrityError, transaction
from django.db.models import BooleanField
from django.utils.translation import gettext as _

from ..collection.adapter import adapter
from ..collection.fields import check_upload
from ..collection.swapping import get_artwork_model
from ..conf import conf
from ..exceptions import ImportFailed
from ..models import IndexEntry
from ..work import queue, worklist
from .sources.base import Row, as_text
from .sources.columns import extra_field

_YES = ("yes", "y", "true", "t", "1")
_NO = ("no", "n", "false", "f", "0")


class RowState(Enum):
    """The outcome of one row of an import."""

    ADDED = "added"
    KNOWN = "known"
    FAILED = "failed"


@dataclass(frozen=True)
class ImportedRow:
    """A row, its outcome, and the reason of a failure."""

    row: Row
    state: RowState
    reason: str = ""


def import_works(
    rows: Iterable[Row],
    *,
    is_public: bool | None = None,
    on_row: Callable[[ImportedRow], object],
) -> None:
    """Add an artwork for each row whose file the collection does not hold, and ring once.

    A file is known by its SHA-256; the artwork that holds it is left as it is. ``is_public`` is
    for the rows that do not say, None being the model's own default. A row that cannot be added
    is told to ``on_row`` like all others, and the rest goes on. Raises ImportFailed.
    """
    if is_public is not None and not (adapter().field("is_public") is not None):
        raise ImportFailed(
            _("%(model)s has no is_public field.") % {"model": conf.artwork_model},
        )
    known = _known_hashes()
    count = len(known)
    try:
        with queue.quiet():
            for row in rows:
                on_row(_import_row(row, known, is_public))
    finally:
        if len(known) > count:
            transaction.on_commit(queue.ring, robust=True)


def _known_hashes() -> set[str]:
    """Return the SHA-256 of every picture in the collection, those that no worker read yet
    included."""
    worklist.reconcile()
    entries = IndexEntry.objects
    storage = get_artwork_model()._meta.get_field(conf.artwork_image_field).storage
    for pk, name in list(entries.filter(image_sha256="").values_list("pk", "image_name")):
        try:
            with storage.open(name, "rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            # The worker reports it.
            continue
        entries.filter(pk=pk, image_name=name, image_sha256="").update(image_sha256=sha256)
    return set(entries.exclude(image_sha256="").values_list("image_sha256", flat=True))


def _import_row(row: Row, known: set[str], is_public: bool | None) -> ImportedRow:
    if row.problem:
        return ImportedRow(row, RowState.FAILED, row.problem)
    if not row.path.is_file():
        return ImportedRow(row, RowState.FAILED, _("File not found."))
    try:
        with row.path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            if sha256 in known:
                return ImportedRow(row, RowState.KNOWN)
            _add(_new_artwork(row, is_public), File(file, name=row.path.name), sha256)
    except ValidationError as error:
        return ImportedRow(row, RowState.FAILED, _in_words(error))
    except (IntegrityError, DataError, OSError, ValueError, OverflowError) as error:
        return ImportedRow(row, RowState.FAILED, str(error))
    known.add(sha256)
    return ImportedRow(row, RowState.ADDED)


def _new_artwork(row: Row, is_public: bool | None) -> Any:
    """Return an artwork with the row's values, checked, without its picture. Raises
    ValidationError."""
    model = get_artwork_model()
    values: dict[str, Any] = {}
    title, public = adapter().field("title"), adapter().field("is_public")
    if title is not None:
        values[title] = as_text(row.path.stem)
    if is_public is not None and public is not None:
        values[public] = is_public
    if extra := extra_field():
        values[extra] = dict(row.extra)
    for name, cell in row.fields.items():
        is_choice = isinstance(model._meta.get_field(name), BooleanField)
        values[name] = _parse_boolean(cell) if is_choice else cell
    artwork = model(**values)
    artwork.full_clean(exclude=[conf.artwork_image_field])
    return artwork


def _parse_boolean(cell: str) -> bool | str:
    """Read yes or no as spreadsheets write it; anything else is left for the field to refuse."""
    text = cell.lower()
    if text in _YES:
        return True
    return False if text in _NO else cell


def _add(artwork: Any, upload: File[bytes], sha256: str) -> None:
    """Store the picture, then the rows; a file whose rows cannot be written goes again."""
    check_upload(upload)
    image = adapter().image(artwork)
    image.save(str(upload.name), upload, save=False)
    name = str(image.name)
    try:
        with transaction.atomic():
            artwork.save()
            IndexEntry.objects.create(artwork=artwork, image_name=name, image_sha256=sha256)
    except BaseException:
        image.storage.delete(name)
        raise


def _in_words(error: ValidationError) -> str:
    if not hasattr(error, "message_dict"):
        return " ".join(error.messages)
    return " ".join(
        f"{adapter().label(name)}: {' '.join(messages)}"
        if name != "__all__"
        else " ".join(messages)
        for name, messages in error.message_dict.items()
    )
