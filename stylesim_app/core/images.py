"""Conversion of the bytes of a file to the pixels that the network sees."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .boxes import LONG_ASPECT, Box, windows
from .image_file import FORMATS, LAID_OVER_GREY, ImageFacts, Limits, check_size
from .opening import UPRIGHT, decoding, open_first, read_header
from .surroundings import NONE, Surroundings
from .tones import to_srgb

if TYPE_CHECKING:
    from .same_picture.features import LocalFeatures

__all__ = [
    "FORMATS",
    "INPUT_SIZE",
    "PREPROCESSING_VERSION",
    "ImageFacts",
    "Limits",
    "Picture",
    "check_size",
    "inspect_image",
    "load_pixels",
    "open_for_network",
    "open_image",
    "read_header",
    "to_pixels",
    "to_windows",
]

#: Raised whenever a change here alters pixels: older descriptors are then stale.
PREPROCESSING_VERSION = 3
#: The version in which surroundings stay, which is in use where cutting them is switched off.
UNCUT_VERSION = 1
#: Versions that differ in the surroundings they cut: other pictures have the same pixels in all.
VERSIONS_OF_CUTTING = frozenset({UNCUT_VERSION, 2, PREPROCESSING_VERSION})
INPUT_SIZE = 224


@dataclass(frozen=True, eq=False)
class Picture:
    """A file as the network sees it, ``(S, S, 3)``, with the hash of its bytes.

    ``features`` are those of the picture before it was resized, None where OpenCV is missing or
    nobody asked for them. The ``windows`` of a long picture are its parts, each as the network
    sees it. Pixels and windows show the work inside its ``surroundings``; ``complete`` shows the
    picture with these, None if nothing was cut. The boxes of windows are in shares of the work,
    and features lie in the complete picture. ``thumbnails`` are JPEGs of that by the length of
    their long side.
    """

    pixels: NDArray[np.uint8]
    facts: ImageFacts
    sha256: str
    features: LocalFeatures | None = None
    windows: tuple[tuple[Box, NDArray[np.uint8]], ...] = ()
    surroundings: Surroundings = NONE
    complete: NDArray[np.uint8] | None = None
    thumbnails: Mapping[int, bytes] = field(default_factory=dict)


def inspect_image(content: bytes, limits: Limits) -> ImageFacts:
    """Return the facts of a file by its header; no pixel is decoded. Raises ImageError."""
    return read_header(io.BytesIO(content), len(content), limits)


def open_image(
    content: bytes, limits: Limits, min_side: int | None = None
) -> tuple[Image.Image, ImageFacts]:
    """Return the first frame of a file as an upright sRGB image without alpha, mode ``RGB``.

    With ``min_side``, a JPEG is decoded at the smallest of its scales (1, 1/2, 1/4, 1/8) that
    keeps both sides at least that long. Raises ImageError.
    """
    opened = open_first(content, limits, min_side)
    facts = opened.facts
    with decoding():
        image, over_grey = to_srgb(opened.image, opened.tones, opened.profile)
        if over_grey:
            facts = replace(facts, notes=(*facts.notes, LAID_OVER_GREY))
        if (method := UPRIGHT.get(opened.orientation)) is not None:
            # Only one copy of a large picture is kept while it is turned.
            del opened
            image = image.transpose(method)
    return image, facts


def load_pixels(
    content: bytes, limits: Limits, size: int = INPUT_SIZE
) -> tuple[NDArray[np.uint8], ImageFacts]:
    """Return the input pixels of the network: ``(size, size, 3)``, sRGB, 0 to 255.

    Both sides are resized to ``size`` with Pillow's bicubic filter, which is antialiased; the
    aspect ratio is not kept. Raises ImageError.
    """
    image, facts = open_for_network(content, limits, size)
    return to_pixels(image, size), facts


def open_for_network(
    content: bytes, limits: Limits, size: int = INPUT_SIZE
) -> tuple[Image.Image, ImageFacts]:
    """Return the image whose ``to_pixels`` the network sees. Raises ImageError."""
    return open_image(content, limits, min_side=2 * size)


def to_pixels(image: Image.Image, size: int = INPUT_SIZE) -> NDArray[np.uint8]:
    """Return an image as the network sees it: ``(size, size, 3)``."""
    return np.array(image.resize((size, size), Image.Resampling.BICUBIC))


def to_windows(
    image: Image.Image, aspect: float = LONG_ASPECT
) -> tuple[tuple[Box, NDArray[np.uint8]], ...]:
    """Return the windows, each ``(S, S, 3)``, of a picture of more than an aspect ratio, and their
    boxes; none of others."""
    boxes = windows(*image.size, aspect)
    if len(boxes) == 1:
        return ()
    return tuple((box, to_pixels(image.crop(box.to_pixels(*image.size)))) for box in boxes)
