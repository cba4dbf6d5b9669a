"""Everything that is computed from the bytes of a picture, in one call."""

from __future__ import annotations

import hashlib
import importlib.util
import io
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from PIL import Image

from .images import (
    INPUT_SIZE,
    ImageFacts,
    Limits,
    Picture,
    open_for_network,
    open_image,
    to_pixels,
    to_windows,
)
from .same_picture.detail import Detail

THUMBNAIL_QUALITY = 85


@dataclass(frozen=True)
class Request:
    """What to compute: local features in ``detail``, or none, and JPEGs whose long sides are
    ``sides`` pixels at most."""

    limits: Limits
    detail: Detail | None = None
    sides: tuple[int, ...] = ()


@cache
def has_opencv() -> bool:
    """Return whether OpenCV is installed, which finds the local features of pictures."""
    return importlib.util.find_spec("cv2") is not None


def decode(content: bytes, request: Request) -> Picture:
    """Decode the bytes of a file. Raises ImageError."""
    image, facts = open_for_network(content, request.limits)
    picture = to_picture(image, facts, hashlib.sha256(content).hexdigest(), request.detail)
    if not request.sides:
        return picture
    if content.startswith(b"\xff\xd8") and has_opencv():
        _listen(content)
    longest = max(request.sides)
    if min(image.size) < longest and max(image.size) < max(facts.width, facts.height):
        # The network needs fewer pixels of a JPEG than the largest thumbnail.
        del image
        image, _ = open_image(content, request.limits, min_side=longest)
    return replace(picture, thumbnails=to_thumbnails(image, request.sides))


def _listen(content: bytes) -> None:
    """Read all of a JPEG with OpenCV, whose messages on damage go to stderr; Pillow's are lost."""
    import cv2

    with suppress(cv2.error):
        cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_REDUCED_GRAYSCALE_8)


def to_picture(
    image: Image.Image, facts: ImageFacts, sha256: str, detail: Detail | None = None
) -> Picture:
    """Return an upright sRGB image as the network sees it, with local features in ``detail``."""
    features = None
    if detail is not None and has_opencv():
        from .same_picture.features import extract_features

        features = extract_features(image, detail)
    return Picture(to_pixels(image, INPUT_SIZE), facts, sha256, features, to_windows(image))


def to_thumbnails(image: Image.Image, sides: tuple[int, ...]) -> dict[int, bytes]:
    """Return JPEGs of an RGB image by the length of their long side, which is never enlarged."""
    found = {}
    for side in sorted(sides, reverse=True):
        image = image.copy() if max(image.size) <= side else image
        # Both sides stay at least one pixel long, whatever the aspect ratio.
        image.thumbnail((side, side), Image.Resampling.LANCZOS)
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=THUMBNAIL_QUALITY)
        found[side] = buffer.getvalue()
    return found
