"""Small versions of pictures, in the private storage, so that every view can check visibility."""

from __future__ import annotations

import hashlib
import logging
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.cache import cache
from django.core.files.base import ContentFile, File
from django.core.files.storage import Storage
from django.db import models, transaction
from django.db.models.fields.files import FieldFile
from easy_thumbnails.files import Thumbnailer, ThumbnailFile
from easy_thumbnails.models import Source
from easy_thumbnails.utils import get_storage_hash

from .. import files
from ..conf import conf
from ..core.decoding import THUMBNAIL_QUALITY, Request
from ..core.errors import ImageError
from .adapter import adapter
from .decoders import decoders
from .fields import image_limits

logger = logging.getLogger(__name__)

#: Longest side in pixels, by the name used in URLs.
SIZES = {"small": 240, "medium": 480, "large": 1600}

#: Seconds for which a thumbnail that was requested is not requested again.
REQUESTED = 30


def find_thumbnail(artwork: models.Model, size: str) -> File[bytes] | None:
    """Return a JPEG of the artwork as a worker made it; None if there is none yet."""
    thumbnail = _thumbnailer(artwork).get_existing_thumbnail(_options(SIZES[size]))
    if thumbnail is None:
        return None
    thumbnail.open()
    return File(thumbnail.file, name=thumbnail.name)


def has_picture(artwork: models.Model) -> bool:
    """Return whether an artwork has a picture to show, as far as the last look at it tells."""
    if not adapter().image(artwork):
        return False
    entry = getattr(artwork, "stylesim_entry", None)
    if entry is None:
        return True
    # What was read before it went missing has thumbnails.
    is_unread = entry.error_code == "file_missing" and entry.image_width is None
    return entry.error_code not in ImageError.MESSAGES and not is_unread


def is_new_request(artwork: models.Model) -> bool:
    """Return whether nobody has requested the thumbnails of this picture lately, and note it."""
    name = str(adapter().image(artwork).name)
    digest = hashlib.sha256(name.encode()).hexdigest()
    return bool(cache.add(f"stylesim-thumbnails-{digest}", 1, REQUESTED))


def make_thumbnails(
    artwork: models.Model, sizes: Iterable[str] = tuple(SIZES), seconds: float | None = None
) -> None:
    """Make the thumbnails that are missing, in a decoding process, in so many seconds at most.

    Raises ImageError for a picture that cannot be decoded, FileNotFoundError for one that is gone.
    """
    thumbnailer = _thumbnailer(artwork)
    missing = tuple(
        side
        for side in map(SIZES.__getitem__, sizes)
        if thumbnailer.get_existing_thumbnail(_options(side)) is None
    )
    if not missing:
        return
    with thumbnailer.source_storage.open(thumbnailer.name, "rb") as file:
        content = file.read()
    request = Request(image_limits(), sides=missing)
    patience = conf.decoder_seconds if seconds is None else seconds
    keep(artwork, decoders().decode(content, request, patience, tries=1).thumbnails)


def keep(artwork: models.Model, thumbnails: Mapping[int, bytes]) -> None:
    """Store the thumbnails that a worker made, by side."""
    thumbnailer = _thumbnailer(artwork)
    try:
        for side, content in thumbnails.items():
            _save(thumbnailer, side, content)
    except OSError:
        # The picture is described all the same, and a page that shows it asks again.
        logger.exception("the thumbnails of %s cannot be stored", thumbnailer.name)


def version_of(artwork: models.Model) -> str:
    """Return a short name of the artwork's picture, for URLs that browsers may cache for long.

    It changes with the name of the file, and with each request to index it: a file may be replaced
    under the same name.
    """
    entry = getattr(artwork, "stylesim_entry", None)
    requested = "" if entry is None else entry.requested_at
    return f"{zlib.crc32(f'{adapter().image(artwork).name} {requested}'.encode()):08x}"


def delete_thumbnails(storage: Storage, name: str) -> None:
    """Delete all thumbnails of a file."""
    for source in Source.objects.filter(storage_hash=get_storage_hash(storage), name=name):
        files.delete(source.thumbnails.values_list("name", flat=True))
        source.delete()


def delete_thumbnails_on_commit(image: FieldFile) -> None:
    """Delete all thumbnails of a picture once the transaction commits."""
    storage, name = image.storage, str(image.name)
    transaction.on_commit(lambda: delete_thumbnails(storage, name), robust=True)


def _options(side: int) -> dict[str, Any]:
    return {"size": (side, side), "quality": THUMBNAIL_QUALITY}


def _save(thumbnailer: Thumbnailer, side: int, content: bytes) -> None:
    options = thumbnailer.get_options(_options(side))
    thumbnail = ThumbnailFile(
        name=thumbnailer.get_thumbnail_name(options),
        file=ContentFile(content),
        storage=thumbnailer.thumbnail_storage,
        thumbnail_options=options,
    )
    thumbnailer.save_thumbnail(thumbnail)


def _thumbnailer(artwork: models.Model) -> Thumbnailer:
    image = adapter().image(artwork)
    thumbnailer = Thumbnailer(
        name=str(image.name),
        source_storage=image.storage,
        thumbnail_storage=files.private_storage(),
    )
    thumbnailer.thumbnail_basedir = "thumbnails"
    thumbnailer.thumbnail_extension = "jpg"
    return thumbnailer
