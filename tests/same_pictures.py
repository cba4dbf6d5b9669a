"""Works of which some show the same picture."""

from __future__ import annotations

import io

from django.core.files.base import ContentFile
from django.utils import timezone
from PIL import Image

from stylesim_app.models import Artwork, IndexEntry, PictureMatch, StoredFeatures
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


def match(earlier: Artwork, later: Artwork, inliers: int = 40) -> PictureMatch:
    """Store a match as a worker does: the later work shows a part of the earlier one, mirrored."""
    candidate, query = (_features(artwork) for artwork in (earlier, later))
    complete = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]
    part = [[0.2, 0.2], [0.8, 0.2], [0.8, 0.8], [0.2, 0.8]]
    return PictureMatch.objects.create(
        query=query,
        candidate=candidate,
        inliers=inliers,
        relation={
            "inliers": inliers,
            "mirrored": True,
            "turned": 0.0,
            "covered": 0.36,
            "query_covered": 1.0,
            "region": part,
            "query_region": complete,
        },
    )


def _features(artwork: Artwork) -> StoredFeatures:
    entry = IndexEntry.objects.get(artwork=artwork)
    features, _ = StoredFeatures.objects.get_or_create(
        entry=entry,
        defaults={
            "fingerprint": "0" * 16,
            "image_sha256": entry.image_sha256,
            "record": b"",
            "matched_at": timezone.now(),
        },
    )
    return features
