"""Formats, limits and facts of image files."""

from __future__ import annotations

from dataclasses import dataclass

from .errors import ImageError

#: Accepted formats by Pillow's name, with the file endings that belong to each, the usual first.
FORMATS: dict[str, tuple[str, ...]] = {
    # A camera's file of several pictures (MPO, gain maps) is a JPEG that begins with the first.
    "JPEG": ("jpg", "jpeg", "jpe", "jfif", "mpo"),
    "PNG": ("png", "apng"),
    "WEBP": ("webp",),
    "TIFF": ("tif", "tiff"),
    "GIF": ("gif",),
    "BMP": ("bmp", "dib"),
    "AVIF": ("avif", "avifs"),
    "JPEG2000": ("jp2", "j2k", "jpx", "jpf", "j2c", "jpc"),
}

#: The same formats as people write them.
FORMAT_NAMES = tuple({"WEBP": "WebP", "JPEG2000": "JPEG 2000"}.get(name, name) for name in FORMATS)

#: Notes on how a file was read.
FIRST_FRAME = "first_frame"
FIRST_PAGE = "first_page"
READ_WITH_ERRORS = "read_with_errors"
LAID_OVER_GREY = "laid_over_grey"


@dataclass(frozen=True)
class Limits:
    """The largest accepted file in bytes, and the largest accepted image in pixels."""

    max_bytes: int
    max_pixels: int


@dataclass(frozen=True)
class ImageFacts:
    """The facts of a file: Pillow's format name, upright size in pixels, notes on its reading."""

    format: str
    width: int
    height: int
    notes: tuple[str, ...] = ()

    @property
    def extension(self) -> str:
        """The usual file ending of the format, without the dot."""
        return FORMATS[self.format][0]


def check_size(size: int, limits: Limits) -> None:
    """Raise ImageError unless a file of ``size`` bytes is worth opening."""
    if size == 0:
        raise ImageError("image_empty")
    if size > limits.max_bytes:
        raise ImageError("image_too_many_bytes", megabytes=size / 1e6, limit=limits.max_bytes / 1e6)
