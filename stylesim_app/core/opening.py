"""The one place that opens untrusted bytes with a decoder.

Whatever a decoder raises becomes an ImageError, and what a file says about its picture in an
unusual way never stops pixels that can be decoded.
"""

from __future__ import annotations

import io
import math
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, Any

from PIL import ExifTags, Image, JpegImagePlugin, TiffImagePlugin, UnidentifiedImageError

from . import jpeg, png
from .causes import cause_of
from .errors import ImageError
from .image_file import (
    FIRST_FRAME,
    FIRST_PAGE,
    FORMAT_NAMES,
    FORMATS,
    READ_WITH_ERRORS,
    ImageFacts,
    Limits,
    check_size,
)
from .tones import Tones

#: The operations that turn a picture upright, by EXIF's orientation.
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SIDEWAYS = (5, 6, 7, 8)

_JPEG = b"\xff\xd8\xff"
# Bytes that are no marker.
_FILLING = b"\x55" * 64
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_WHITE_IS_ZERO = 0
_PHOTOMETRIC, _BITS_PER_SAMPLE, _MAX_SAMPLE_VALUE = 262, 258, 281
_RESOLUTION_TAGS = (282, 283, 296)
_REASON_LENGTH = 200

# Layouts that Pillow can unpack and does not list: grey of 12 bits, and white-is-zero of 12 or 16.
for _prefix, _mode in ((b"II", "I;16"), (b"MM", "I;16B")):
    for _photometric in (0, 1):
        for _bits, _layout in ((12, ("I;16", "I;12")), (16, (_mode, _mode))):
            TiffImagePlugin.OPEN_INFO.setdefault(
                (_prefix, _photometric, (1,), 1, (_bits,), ()), _layout
            )


class _Jpeg(JpegImagePlugin.JpegImageFile):
    """A JPEG of which nothing but the pixels, the profile and the orientation is read."""

    def _read_dpi_from_exif(self) -> None:
        """Leave out the resolution, whose tags may have any type."""


# Pillow looks for the number of a BigTIFF where only little-endian files have it.
_BIG_ENDIAN_BIGTIFF, _WHERE_PILLOW_LOOKS = b"MM\0+", b"MM+\0"
TiffImagePlugin.PREFIXES.append(_WHERE_PILLOW_LOOKS)


class _Renumbered(io.BytesIO):
    """The start of a big-endian BigTIFF as Pillow recognises it, and the rest of its file."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def read(self, size: int | None = -1, /) -> bytes:
        at = self._file.tell()
        content = self._file.read(-1 if size is None else size)
        return content if at else _WHERE_PILLOW_LOOKS + content[4:]

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()


class _Tiff(TiffImagePlugin.TiffImageFile):
    """The first page of a TIFF, without the tags that only describe it."""

    def _open(self) -> None:
        file: Any = self.fp
        start = file.read(4)
        file.seek(0)
        if start == _BIG_ENDIAN_BIGTIFF:
            self.fp = _Renumbered(file)
        super()._open()
        self.fp = self._fp = file

    def _setup(self) -> None:
        for tag in _RESOLUTION_TAGS:
            with suppress(KeyError):
                del self.tag_v2[tag]
        super()._setup()

    def load_end(self) -> None:
        """Turn the page upright, without writing its tags as Pillow does."""
        method = UPRIGHT.get(int(_number(self, ExifTags.Base.Orientation) or 1))
        if method is not None:
            self.im = self.im.transpose(method)
            self._size = self.im.size


@dataclass(frozen=True)
class Opened:
    """The decoded first frame of a file, as it is stored."""

    image: Image.Image
    facts: ImageFacts
    tones: Tones
    profile: bytes | None
    orientation: int


@contextmanager
def decoding() -> Iterator[None]:
    """Raise whatever a decoder raises as an ImageError."""
    try:
        yield
    except ImageError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageError("image_bomb") from error
    except UnidentifiedImageError as error:
        raise ImageError("image_unknown_format", formats=", ".join(FORMAT_NAMES)) from error
    except MemoryError as error:
        raise ImageError("image_too_much_memory") from error
    # Decoders parse what strangers wrote: no list of their exceptions is complete.
    except Exception as error:
        if "out of memory" in str(error).lower():
            raise ImageError("image_too_much_memory") from error
        raise _broken(error) from error


def _broken(error: Exception) -> ImageError:
    text = "".join(each if each.isprintable() else " " for each in str(error)).strip()
    reason = text[:_REASON_LENGTH] or type(error).__name__
    return ImageError("image_broken", reason=reason, cause=cause_of(reason))


def read_header(file: IO[bytes], size: int, limits: Limits) -> ImageFacts:
    """Return the facts of a file of ``size`` bytes by its header; no pixel is decoded.

    A PNG is refused if its end is missing, which costs nothing to see. Raises ImageError.
    """
    check_size(size, limits)
    with decoding():
        file.seek(0)
        start = file.read(32)
        file.seek(0)
        if start.startswith(png.SIGNATURE):
            width, height = png.read_size(start)
            _check_pixels(width, height, limits)
            png.check_end(file)
            return ImageFacts("PNG", width, height)
        try:
            image = _open_by_format(file, start)
        except UnidentifiedImageError:
            raise
        except Exception:  # noqa: BLE001
            # Unusual metadata may be all that is wrong.
            file.seek(0)
            image = _open_by_format(io.BytesIO(_without_metadata(file.read())), start)
        width, height = image.size
        _check_pixels(width, height, limits)
        if _find_orientation(image) in SIDEWAYS:
            width, height = height, width
        return ImageFacts(str(image.format), width, height)


def open_first(content: bytes, limits: Limits, min_side: int | None = None) -> Opened:
    """Decode the first frame of a file, a JPEG at the smallest scale that keeps ``min_side``.

    Raises ImageError.
    """
    check_size(len(content), limits)
    with decoding():
        if content.startswith(png.SIGNATURE):
            _check_pixels(*png.read_size(content[:32]), limits)
            essence = png.find_essence(content)
            notes = [FIRST_FRAME] if essence.animated else []
            notes += [READ_WITH_ERRORS] if essence.damaged else []
            content, profile = essence.content, essence.profile
        else:
            notes, profile = [FIRST_FRAME] if _is_animated_gif(content) else [], None
            notes += [READ_WITH_ERRORS] if _is_damaged_jpeg(content) else []
        try:
            return _decode(content, limits, min_side, notes, profile)
        except (ImageError, UnidentifiedImageError, MemoryError, Image.DecompressionBombError):
            raise
        except Exception:
            # Unusual metadata may be all that is wrong.
            bare = _without_metadata(content)
            if READ_WITH_ERRORS in notes and content.startswith(_JPEG):
                return _decode_without_end(bare, limits, min_side, notes)
            if bare == content:
                raise
            return _decode(bare, limits, min_side, notes, profile)


def _decode(
    content: bytes,
    limits: Limits,
    min_side: int | None,
    notes: list[str],
    profile: bytes | None = None,
) -> Opened:
    image, notes = _open_by_format(io.BytesIO(content), content[:32]), [*notes]
    width, height = image.size
    _check_pixels(width, height, limits)
    if isinstance(image, _Tiff):
        notes += [FIRST_PAGE] if image.is_animated else []
    elif image.format != "GIF" and getattr(image, "is_animated", False):
        notes += [FIRST_FRAME]
    orientation, tones = _find_orientation(image), _find_tones(image)
    if min_side is not None:
        image.draft(None, (min_side, min_side))
    image.load()
    if orientation in SIDEWAYS:
        width, height = height, width
    facts = ImageFacts(str(image.format), width, height, tuple(notes))
    return Opened(image, facts, tones, profile or image.info.get("icc_profile"), orientation)


def _decode_without_end(
    content: bytes, limits: Limits, min_side: int | None, notes: list[str]
) -> Opened:
    """Decode a JPEG of which at most the marker of its end is missing. Raises OSError.

    Where pixels are missing too, they are taken from what follows, so that it changes the picture.
    """
    body = content.rstrip(jpeg.END[:1])
    opened = _decode(body + jpeg.END, limits, min_side, notes)
    other = _decode(body + _FILLING + jpeg.END, limits, min_side, notes)
    if opened.image.tobytes() != other.image.tobytes():
        raise OSError("image file is truncated")
    return opened


def _open_by_format(file: IO[bytes], start: bytes) -> Image.Image:
    if start.startswith(_JPEG):
        return _Jpeg(file)
    if start.startswith(_TIFF):
        return _Tiff(file)
    return Image.open(file, formats=tuple(FORMATS))


def _check_pixels(width: int, height: int, limits: Limits) -> None:
    if Image.MAX_IMAGE_PIXELS and width * height > 2 * Image.MAX_IMAGE_PIXELS:
        raise ImageError("image_bomb")
    if width * height > limits.max_pixels:
        raise ImageError(
            "image_too_many_pixels",
            width=width,
            height=height,
            limit=limits.max_pixels // 1_000_000,
        )
    if min(width, height) < 1:
        raise ImageError("image_broken", reason=f"{width} x {height}")


def _find_orientation(image: Image.Image) -> int:
    """Return EXIF's orientation; 1 where there is none, or it cannot be read."""
    if isinstance(image, _Tiff):
        # Its load has turned it.
        return 1
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # noqa: BLE001
        # EXIF holds anything; a picture is shown without it.
        return 1
    return orientation if isinstance(orientation, int) and orientation in UPRIGHT else 1


def _find_tones(image: Image.Image) -> Tones:
    """Return the meaning of values of more than eight bits, which only TIFF leaves open."""
    if not isinstance(image, _Tiff):
        return Tones()
    bits, largest = _number(image, _BITS_PER_SAMPLE), _number(image, _MAX_SAMPLE_VALUE)
    if bits is None or not 8 < bits <= 16:
        full = None
    elif largest is not None and 255 < largest < 2**bits:
        full = largest
    else:
        full = None if bits == 16 else 2.0**bits - 1
    is_inverted = _number(image, _PHOTOMETRIC) == _WHITE_IS_ZERO and image.mode not in ("1", "L")
    return Tones(full, is_open=bits == 16 and largest is None, inverted=is_inverted)


def _number(image: _Tiff, tag: int) -> float | None:
    value: Any = image.tag_v2.get(tag)
    value = value[0] if isinstance(value, tuple) and value else value
    is_number = isinstance(value, (int, float)) and math.isfinite(value)
    return float(value) if is_number else None


def _is_animated_gif(content: bytes) -> bool:
    """Return whether a GIF has a second frame; no frame is decoded."""
    if not content.startswith(b"GIF8"):
        return False
    try:
        return bool(
            getattr(Image.open(io.BytesIO(content), formats=("GIF",)), "is_animated", False)
        )
    except Exception:  # noqa: BLE001
        # The first frame may be whole.
        return False


def _is_damaged_jpeg(content: bytes) -> bool:
    return content.startswith(_JPEG) and jpeg.is_damaged(content)


def _without_metadata(content: bytes) -> bytes:
    """Return a file without the parts that only describe its picture, where they are known."""
    if content.startswith(_JPEG):
        return _bare_jpeg(content)
    if content.startswith(png.SIGNATURE):
        return png.find_essence(content, bare=True).content
    if content[4:8] == b"ftyp":
        # An item of another type is not read as EXIF.
        return content.replace(b"Exif", b"none")
    return content


def _bare_jpeg(content: bytes) -> bytes:
    """Return a JPEG without its APP and comment segments, but Adobe's, which names the colours."""
    parts, at = [content[:2]], 2
    while at + 4 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == 0xDA:
            break
        (length,) = struct.unpack(">H", content[at + 2 : at + 4])
        if marker == 0xEE or not (0xE0 <= marker <= 0xEF or marker == 0xFE):
            parts.append(content[at : at + 2 + length])
        at += 2 + length
    return b"".join([*parts, content[at:]])
