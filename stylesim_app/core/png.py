"""The chunks of a PNG file that its pixels need."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from .causes import CUT_SHORT
from .errors import ImageError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
#: The longest colour profile that is used, uncompressed.
MAX_PROFILE = 16_000_000
#: Chunks that are looked at to find the end of a file.
MAX_CHUNKS = 10_000
#: Text beyond this length cannot hold the orientation that it is kept for.
MAX_TEXT = 100_000

_CRITICAL = (b"IHDR", b"PLTE", b"IDAT", b"IEND")
_KEPT = (b"tRNS", b"eXIf")
_ORIENTATION_KEYWORDS = (b"XML:com.adobe.xmp", b"Raw profile type exif")


@dataclass(frozen=True)
class Essence:
    """A PNG without the chunks that only describe it.

    ``damaged`` is True if the checksum of a chunk is wrong, or the end of the file is missing.
    ``animated`` is True if more frames follow the first.
    """

    content: bytes
    profile: bytes | None
    animated: bool
    damaged: bool


def find_essence(content: bytes, *, bare: bool = False) -> Essence:
    """Return the chunks that the pixels need, the orientation, and the colour profile apart.

    ``bare`` leaves out the orientation and the transparency too.
    """
    profile, animated, damaged, ended = None, False, False, False
    parts: list[bytes | memoryview] = [SIGNATURE]
    for kind, chunk in _chunks(content):
        if not kind:
            # The decoder reports that the rest is missing.
            parts.append(chunk)
            break
        body = chunk[8:-4]
        is_whole = int.from_bytes(chunk[-4:], "big") == zlib.crc32(chunk[4:-4])
        if kind in _CRITICAL:
            # Damaged pixels may still be decoded; a damaged header is another picture.
            damaged = damaged or not is_whole
            ended = kind == b"IEND"
            if is_whole or kind == b"IHDR":
                parts.append(chunk)
            else:
                parts += [chunk[:-4], zlib.crc32(chunk[4:-4]).to_bytes(4, "big")]
        elif kind == b"iCCP":
            profile = _read_profile(bytes(body)) or profile
        elif kind == b"acTL":
            animated = int.from_bytes(body[:4], "big") > 1
        elif is_whole and not bare and (kind in _KEPT or _holds_orientation(kind, bytes(body))):
            parts.append(chunk)
        if ended:
            break
    return Essence(b"".join(parts), profile, animated, damaged or not ended)


def read_size(start: bytes) -> tuple[int, int]:
    """Return width and height from the first 24 bytes of a file. Raises ImageError."""
    if len(start) < 24 or start[12:16] != b"IHDR":
        raise ImageError("image_broken", reason="IHDR")
    return int.from_bytes(start[16:20], "big"), int.from_bytes(start[20:24], "big")


def check_end(file: IO[bytes]) -> None:
    """Raise ImageError unless all chunks are there, by their lengths alone."""
    file.seek(0, 2)
    size = file.tell()
    at = len(SIGNATURE)
    for _ in range(MAX_CHUNKS):
        file.seek(at)
        head = file.read(8)
        at += 12 + int.from_bytes(head[:4], "big")
        if head[4:] == b"IEND":
            return
        if len(head) < 8 or at > size:
            raise ImageError("image_broken", reason="image file is truncated", cause=CUT_SHORT)


def _chunks(content: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Yield each chunk with its type; no type for one that is cut off."""
    view, at = memoryview(content), len(SIGNATURE)
    while at + 12 <= len(content):
        end = at + 12 + int.from_bytes(view[at : at + 4], "big")
        if end > len(content):
            yield b"", view[at:]
            return
        yield bytes(view[at + 4 : at + 8]), view[at:end]
        at = end


def _holds_orientation(kind: bytes, body: bytes) -> bool:
    """Return whether a chunk is a text that may hold the orientation, and not too long."""
    keyword, _, rest = body.partition(b"\0")
    if kind not in (b"tEXt", b"zTXt", b"iTXt") or keyword not in _ORIENTATION_KEYWORDS:
        return False
    if kind == b"tEXt" or (kind == b"iTXt" and rest[:1] == b"\0"):
        return len(body) <= MAX_TEXT
    packed = rest[1:] if kind == b"zTXt" else rest[2:].split(b"\0", 2)[-1]
    inflate = zlib.decompressobj()
    try:
        inflate.decompress(packed, MAX_TEXT)
    except zlib.error:
        return False
    return inflate.eof


def _read_profile(body: bytes) -> bytes | None:
    """Return the profile of an iCCP chunk, None if it is damaged or longer than MAX_PROFILE."""
    inflate = zlib.decompressobj()
    try:
        profile = inflate.decompress(body.partition(b"\0")[2][1:], MAX_PROFILE)
    except zlib.error:
        return None
    return profile if inflate.eof else None
