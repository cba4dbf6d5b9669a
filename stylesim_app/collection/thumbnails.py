"""Small versions of pictures, in the private storage, so that every view can check visibility."""

from __future__ import annotations

import zlib
from typing import Any

from django.core.files.base import File
from django.core.files.storage import Storage
from django.db import models, transaction
from django.db.models.fields.files import FieldFile
from easy_thumbnails.files import Thumbnailer
from easy_thumbnails.models import Source
from easy_thumbnails.utils import get_storage_hash
from PIL import Image

from .. import files
from ..core.images import open_image
from .adapter import adapter
from .fields import image_limits

#: Longest side in pixels, by the name used in URLs.
SIZES = {"small": 240, "medium": 480, "large": 1600}


def make_thumbnail(artwork: models.Model, size: str) -> File[bytes]:
    """Return a JPEG of the artwork, made on first use.

    Raises ImageError for a picture that cannot be decoded, FileNotFoundError for one that is gone.
    """
    image = adapter().image(artwork)
    side = SIZES[size]
    thumbnailer = _thumbnailer(image.storage, str(image.name))
    thumbnail = thumbnailer.get_thumbnail({"size": (side, side), "quality": 85})
    thumbnail.open()
    return File(thumbnail.file, name=thumbnail.name)


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


def _thumbnailer(storage: Storage, name: str) -> Thumbnailer:
    thumbnailer = Thumbnailer(
        name=name, source_storage=storage, thumbnail_storage=files.private_storage()
    )
    thumbnailer.source_generators = [_open_source]
    thumbnailer.thumbnail_basedir = "thumbnails"
    thumbnailer.thumbnail_extension = "jpg"
    return thumbnailer


def _open_source(source: Thumbnailer | None, size: tuple[int, int], **_: Any) -> Image.Image:
    """Decode with the rules of the core, so that a picture looks as the network sees it.

    It is scaled here, since Pillow keeps both sides at least one pixel long, whatever the aspect
    ratio.
    """
    if source is None:
        raise FileNotFoundError
    source.open("rb")
    image, _facts = open_image(source.read(), image_limits(), min_side=min(size))
    image.thumbnail(size, Image.Resampling.LANCZOS)
    return image
