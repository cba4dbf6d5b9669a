"""Files that are refused as pictures, each with the expected message."""

from __future__ import annotations

import struct
import zlib

from tests import pictures


def png_bomb(width: int = 60_000, height: int = 60_000) -> bytes:
    """A few bytes that declare 3.6 billion pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body


def truncated_png() -> bytes:
    whole = pictures.png()
    return whole[: len(whole) // 2]


def animation() -> bytes:
    frames = [pictures.draw(name).convert("P") for name in ("disc-a", "bars-b")]
    return pictures.encode(frames[0], "GIF", save_all=True, append_images=frames[1:])


#: name: (file name, content, part of the message)
BAD_PICTURES = {
    "empty": ("empty.jpg", b"", "empty"),
    "text": ("text.jpg", b"This is a letter.", "not an image"),
    "truncated": ("half.png", truncated_png(), "a part of the file is missing"),
    "bomb": ("bomb.png", png_bomb(), "pixels"),
    "svg": ("drawing.png", b'<svg xmlns="http://www.w3.org/2000/svg"/>', "not an image"),
    "html": ("page.png", b"<html><script>alert(1)</script></html>", "not an image"),
    "script": ("run.png", b"#!/bin/sh\nrm -rf /\n", "not an image"),
}
