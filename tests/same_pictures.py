"""Works of which some show the same picture."""

from __future__ import annotations

import io

from django.core.files.base import ContentFile
from PIL import Image

from stylesim_app.models import Artwork
from stylesim_app.work import worker, worklist


def png(picture: Image.Image) -> bytes:
    content = io.BytesIO()
    picture.save(content, "PNG")
    return content.getvalue()


def upload(picture: Image.Image, title: str, **fields: object) -> Artwork:
    artwork = Artwork(title=title, is_public=True, **fields)
    artwork.image.save(f"{title}.png", ContentFile(png(picture)), save=False)
    artwork.save()
    return artwork


def crop(picture: Image.Image, share: float) -> Image.Image:
    """The middle of a picture, of so much of its area."""
    width, height = picture.size
    side = share**0.5
    box = (width * (1 - side) / 2, height * (1 - side) / 2)
    return picture.crop((*map(round, box), *map(round, (width - box[0], height - box[1]))))


def work() -> None:
    """Do what the schedule and the worker do."""
    worklist.reconcile()
    assert worker.work_through() is False
