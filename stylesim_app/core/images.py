"""Conversion of the bytes of a file to the pixels that the network sees."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms, ImageOps, UnidentifiedImageError

from .boxes import Box, windows
from .errors import ImageError
from .surroundings import NONE, Surroundings

if TYPE_CHECKING:
    from .same_picture.features import LocalFeatures

#: Raised whenever a change here alters pixels: older descriptors are then stale.
PREPROCESSING_VERSION = 2
#: The version in which surroundings stay, which is in use where cutting them is switched off. The
#: pixels of pictures without surroundings are those of PREPROCESSING_VERSION.
UNCUT_VERSION = 1
INPUT_SIZE = 224

#: Accepted formats by Pillow's name, with the file endings that belong to each, the usual first.
FORMATS: dict[str, tuple[str, ...]] = {
    "JPEG": ("jpg", "jpeg", "jpe", "jfif"),
    "PNG": ("png", "apng"),
    "WEBP": ("webp",),
    "TIFF": ("tif", "tiff"),
    "GIF": ("gif",),
    "BMP": ("bmp", "dib"),
    "AVIF": ("avif", "avifs"),
    "JPEG2000": ("jp2", "j2k", "jpx", "jpf", "j2c", "jpc"),
}

# Exceptions that Pillow's decoders are known to raise on damaged files.
_DECODE_ERRORS = (OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error, zlib.error)
_SIDEWAYS = (5, 6, 7, 8)
_SRGB = ImageCms.createProfile("sRGB")


@dataclass(frozen=True)
class Limits:
    """The largest accepted file in bytes, and the largest accepted image in pixels."""

    max_bytes: int
    max_pixels: int


@dataclass(frozen=True)
class ImageFacts:
    """The facts of a file: Pillow's format name, upright size in pixels, frames."""

    format: str
    width: int
    height: int
    frames: int

    @property
    def extension(self) -> str:
        """The usual file ending of the format, without the dot."""
        return FORMATS[self.format][0]


@dataclass(frozen=True, eq=False)
class Picture:
    """A file as the network sees it, ``(S, S, 3)``, with the hash of its bytes.

    ``features`` are those of the picture before it was resized, None where OpenCV is missing or
    nobody asked for them. The ``windows`` of a long picture are its parts, each as the network
    sees it. Pixels and windows show the work inside its ``surroundings``; ``complete`` shows the
    picture with these, None if nothing was cut. The boxes of windows are in shares of the work,
    and features lie in the complete picture.
    """

    pixels: NDArray[np.uint8]
    facts: ImageFacts
    sha256: str
    features: LocalFeatures | None = None
    windows: tuple[tuple[Box, NDArray[np.uint8]], ...] = ()
    surroundings: Surroundings = NONE
    complete: NDArray[np.uint8] | None = None


def check_size(size: int, limits: Limits) -> None:
    """Raise ImageError unless a file of ``size`` bytes is worth opening."""
    if size == 0:
        raise ImageError("image_empty")
    if size > limits.max_bytes:
        raise ImageError("image_too_many_bytes", megabytes=size / 1e6, limit=limits.max_bytes / 1e6)


def inspect_image(content: bytes, limits: Limits) -> ImageFacts:
    """Decode the first frame completely, to check it, and return the facts of the file.

    Raises ImageError.
    """
    # At a small scale all bytes of a JPEG are still read, in a fraction of the time.
    return _decode(content, limits, min_side=1)[1]


def open_image(
    content: bytes, limits: Limits, min_side: int | None = None
) -> tuple[Image.Image, ImageFacts]:
    """Return the first frame of a file as an upright sRGB image without alpha, mode ``RGB``.

    With ``min_side``, a JPEG is decoded at the smallest of its scales (1, 1/2, 1/4, 1/8) that
    keeps both sides at least that long. Raises ImageError.
    """
    image, facts = _decode(content, limits, min_side)
    try:
        profile = image.info.get("icc_profile")
        image = ImageOps.exif_transpose(_to_eight_bits(image))
        image, alpha = _split_alpha(image)
        image = _to_srgb(image, profile)
    except _DECODE_ERRORS as error:
        raise ImageError("image_broken", reason=error) from error
    if alpha is not None:
        image = Image.composite(image, Image.new("RGB", image.size, "white"), alpha)
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


def to_windows(image: Image.Image) -> tuple[tuple[Box, NDArray[np.uint8]], ...]:
    """Return the windows of a long picture, each ``(S, S, 3)``, and their boxes; none of others."""
    boxes = windows(*image.size)
    if len(boxes) == 1:
        return ()
    return tuple((box, to_pixels(image.crop(box.to_pixels(*image.size)))) for box in boxes)


def _decode(content: bytes, limits: Limits, min_side: int | None) -> tuple[Image.Image, ImageFacts]:
    image = _open(content, limits)
    width, height = image.size
    try:
        if min_side is not None:
            image.draft(None, (min_side, min_side))
        image.load()
        if image.getexif().get(ExifTags.Base.Orientation, 1) in _SIDEWAYS:
            width, height = height, width
        facts = ImageFacts(str(image.format), width, height, getattr(image, "n_frames", 1))
        # Counting the frames may have moved past the first.
        image.seek(0)
        image.load()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageError("image_bomb") from error
    except _DECODE_ERRORS as error:
        raise ImageError("image_broken", reason=error) from error
    return image, facts


def _open(content: bytes, limits: Limits) -> Image.Image:
    check_size(len(content), limits)
    try:
        image = Image.open(io.BytesIO(content), formats=tuple(FORMATS))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageError("image_bomb") from error
    except UnidentifiedImageError as error:
        raise ImageError("image_unknown_format", formats=", ".join(FORMATS)) from error
    except _DECODE_ERRORS as error:
        raise ImageError("image_broken", reason=error) from error
    width, height = image.size
    if width * height > limits.max_pixels:
        raise ImageError(
            "image_too_many_pixels",
            width=width,
            height=height,
            limit=limits.max_pixels // 1_000_000,
        )
    return image


def _to_eight_bits(image: Image.Image) -> Image.Image:
    """Scale modes of more than eight bits, which Pillow's ``convert`` would clip."""
    if image.mode != "F" and not image.mode.startswith("I"):
        return image
    values = np.nan_to_num(np.asarray(image, dtype=np.float64))
    largest = max(float(values.max()), 0.0)
    if image.mode.startswith("I;16"):
        full = 65535.0
    else:
        full = next((full for full in (1.0, 255.0, 65535.0) if largest <= full), largest)
    scaled = Image.fromarray(np.clip(values * (255.0 / full), 0, 255).round().astype(np.uint8))
    scaled.info = dict(image.info)
    return scaled


def _split_alpha(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    if not image.has_transparency_data:
        return (image.convert("RGB") if image.mode in ("P", "PA", "1") else image), None
    rgba = image.convert("RGBA")
    return rgba.convert("RGB"), rgba.getchannel("A")


def _to_srgb(image: Image.Image, profile: Any) -> Image.Image:
    """Convert from the embedded profile; a damaged or mismatched one is ignored."""
    if not profile:
        return image.convert("RGB")
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(image, source, _SRGB, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image.convert("RGB")
    return converted if converted is not None else image.convert("RGB")
