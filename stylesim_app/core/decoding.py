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

from . import surroundings
from .boxes import LONG_ASPECT, Box
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
    """The parts of a picture to compute.

    Local features in ``detail``, or none, and JPEGs whose long sides are ``sides`` pixels at most.
    The work is seen in the box ``chosen`` by a person; else inside its surroundings if
    ``crop_borders``.
    """

    limits: Limits
    detail: Detail | None = None
    sides: tuple[int, ...] = ()
    crop_borders: bool = False
    chosen: Box | None = None


@cache
def has_opencv() -> bool:
    """Return whether OpenCV is installed, which finds the local features of pictures."""
    return importlib.util.find_spec("cv2") is not None


def decode(content: bytes, request: Request) -> Picture:
    """Decode the bytes of a file. Raises ImageError."""
    image, facts = open_for_network(content, request.limits)
    sha256 = hashlib.sha256(content).hexdigest()
    picture = to_picture(image, facts, sha256, request.detail, _find_work(image, request))
    if not request.sides:
        return picture
    # It takes as long as decoding does, and the note is for works that are stored.
    if facts.format == "JPEG" and has_opencv():
        _listen(content)
    longest = max(request.sides)
    if min(image.size) < longest and max(image.size) < max(facts.width, facts.height):
        # The network needs fewer pixels of a JPEG than the largest thumbnail.
        del image
        image, _ = open_image(content, request.limits, min_side=longest)
    return replace(picture, thumbnails=to_thumbnails(image, request.sides))


def _find_work(image: Image.Image, request: Request) -> surroundings.Surroundings:
    if request.chosen is not None:
        return surroundings.choose(request.chosen)
    return surroundings.find(image) if request.crop_borders else surroundings.NONE


def _listen(content: bytes) -> None:
    """Read all of a JPEG with OpenCV, whose messages on damage go to stderr; Pillow's are lost."""
    import cv2

    with suppress(cv2.error):
        cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_REDUCED_GRAYSCALE_8)


def to_picture(
    image: Image.Image,
    facts: ImageFacts,
    sha256: str,
    detail: Detail | None = None,
    found: surroundings.Surroundings = surroundings.NONE,
) -> Picture:
    """Return an upright sRGB image as the network sees it, with local features in ``detail``.

    The work is seen inside its surroundings.
    """
    complete = None
    if found.kind:
        complete = to_pixels(image, INPUT_SIZE)
        image = image.crop(found.box.to_pixels(*image.size))
    features = None
    if detail is not None and detail.features and has_opencv():
        from .same_picture.features import extract_features

        features = extract_features(image, detail)
        if found.kind:
            features = features.within(found.box)
    pixels = to_pixels(image, INPUT_SIZE)
    windows = to_windows(image, LONG_ASPECT if detail is None else detail.aspect)
    return Picture(pixels, facts, sha256, features, windows, found, complete)


def to_thumbnails(image: Image.Image, sides: tuple[int, ...]) -> dict[int, bytes]:
    """Return JPEGs of an RGB image by the length of their long side, which is never enlarged."""
    found = {}
    for side in sorted(sides, reverse=True):
        image = image.copy() if max(image.size) <= side else image
        # Both sides stay at least one pixel long, whatever the aspect ratio.
        image.thumbnail((side, side), Image.Resampling.HAMMING)
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=THUMBNAIL_QUALITY)
        found[side] = buffer.getvalue()
    return found
