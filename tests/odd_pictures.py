"""Files that are odd, valid, and show one picture."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from functools import cache

import numpy as np
from PIL import Image, ImageCms, PngImagePlugin

from tests.pictures import draw, encode

SIZE = (96, 72)


def shown() -> Image.Image:
    return draw("disc-b", SIZE)


def grey() -> np.ndarray:
    return np.asarray(shown().convert("L")).astype(np.uint16)


def twelve_bits() -> np.ndarray:
    return grey().astype(np.uint32) * 4095 // 255


def jpeg_tags(*tags: tuple[int, int, int, bytes]) -> bytes:
    """EXIF with tags of any type: number, type, count and four bytes."""
    entries = b"".join(
        struct.pack("<HHI", number, kind, count) + value
        for number, kind, count, value in sorted(tags)
    )
    return b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + entries + bytes(12)


UPRIGHT = (0x112, 3, 1, struct.pack("<HH", 1, 0))


def segment(content: bytes, marker: int, body: bytes) -> bytes:
    """Insert a segment behind the first two bytes of a JPEG."""
    return content[:2] + struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body + content[2:]


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def with_chunk(png: bytes, kind: bytes, body: bytes) -> bytes:
    """Insert a chunk before the pixels of a PNG."""
    at = png.index(b"IDAT") - 4
    return png[:at] + chunk(kind, body) + png[at:]


def tiff(values: np.ndarray, bits: int, photometric: int, *more: tuple[int, int, int]) -> bytes:
    """A little-endian TIFF of one strip; further tags as number, type and value."""
    height, width = values.shape
    if bits == 12:
        pairs = values.reshape(-1, 2).astype(np.uint32)
        packed = pairs[:, 0] << 12 | pairs[:, 1]
        body = packed.astype(">u4").view(np.uint8).reshape(-1, 4)[:, 1:].tobytes()
    else:
        body = values.astype("<u2").tobytes()
    tags = [
        (256, 4, width),
        (257, 4, height),
        (258, 3, bits),
        (259, 3, 1),
        (262, 3, photometric),
        (273, 4, 8),
        (277, 3, 1),
        (278, 4, height),
        (279, 4, len(body)),
        *more,
    ]
    directory = b"".join(struct.pack("<HHII", n, kind, 1, value) for n, kind, value in sorted(tags))
    return (
        b"II*\0"
        + struct.pack("<I", 8 + len(body))
        + body
        + struct.pack("<H", len(tags))
        + directory
        + bytes(4)
    )


def broken_second_page() -> bytes:
    content = bytearray(tiff(grey() * 257, 16, 1))
    content[-4:] = struct.pack("<I", len(content) - 20)
    return bytes(content)


def many_directories(count: int = 20_000) -> bytes:
    """A TIFF whose directories all show the same strip."""
    content = tiff(grey() * 257, 16, 1)
    (start,) = struct.unpack("<I", content[4:8])
    directory = content[start:-4]
    step = len(directory) + 4
    parts = [content[:start]]
    for number in range(count):
        following = start + step * (number + 1) if number + 1 < count else 0
        parts += [directory, struct.pack("<I", following)]
    return b"".join(parts)


def white_ink() -> Image.Image:
    ink = Image.new("RGBA", SIZE, (255, 255, 255, 0))
    ink.putalpha(shown().convert("L"))
    return ink


def _text() -> PngImagePlugin.PngInfo:
    text = PngImagePlugin.PngInfo()
    text.add_itxt("XML:com.adobe.xmp", "<x>" + "a" * 2_000_000 + "</x>", zip=True)
    text.add_text("Comment", "b" * 2_000_000)
    return text


def _profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def _animation(kind: str) -> bytes:
    other = draw("bars-a", SIZE)
    return encode(shown(), kind, save_all=True, append_images=[other], duration=100)


def _other() -> Image.Image:
    return draw("bars-a", (32, 24))


def _turned_avif() -> bytes:
    exif = Image.Exif()
    exif[0x13B] = "x"
    content = encode(shown(), "AVIF", quality=95, exif=exif.tobytes())
    # EXIF whose directory lies beyond its end.
    return content.replace(b"II*\0\x08\0\0\0", b"II*\0\xff\xff\0\0").replace(
        b"MM\0*\0\0\0\x08", b"MM\0*\0\0\xff\xff"
    )


def _lab() -> bytes:
    profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    image = ImageCms.profileToProfile(shown(), *profiles, outputMode="LAB")
    assert image is not None
    return encode(image, "TIFF")


MAKERS: dict[str, Callable[[], bytes]] = {
    "mpo.jpg": lambda: encode(shown(), "MPO", save_all=True, append_images=[_other()]),
    "gain_map.jpg": lambda: segment(
        encode(shown(), "MPO", save_all=True, append_images=[_other()]),
        0xE1,
        b'http://ns.adobe.com/xap/1.0/\0<x hdrgm:Version="1.0"/>',
    ),
    "broken_mpo.jpg": lambda: segment(encode(shown(), "JPEG"), 0xE2, b"MPF\0II*\0\xff\xff\0\0"),
    "artist_is_a_float.jpg": lambda: encode(
        shown(), "JPEG", exif=jpeg_tags(UPRIGHT, (0x13B, 11, 1, struct.pack("<f", 1.0)))
    ),
    "resolution_is_text.jpg": lambda: encode(
        shown(), "JPEG", exif=jpeg_tags(UPRIGHT, (0x11A, 2, 3, b"72\0\0"))
    ),
    "orientation_is_text.jpg": lambda: encode(
        shown(), "JPEG", exif=jpeg_tags((0x112, 2, 3, b"6 \0\0"))
    ),
    "exif_is_cut.jpg": lambda: encode(shown(), "JPEG", exif=jpeg_tags(UPRIGHT)[:18]),
    "short_photoshop.jpg": lambda: segment(
        encode(shown(), "JPEG"), 0xED, b"Photoshop 3.0\x008BIM\x04"
    ),
    "short_jfif.jpg": lambda: segment(encode(shown(), "JPEG"), 0xE0, b"JFIF\0"),
    "profile_is_noise.jpg": lambda: encode(shown(), "JPEG", icc_profile=b"\x7f" * 300),
    "progressive.jpg": lambda: encode(shown(), "JPEG", progressive=True),
    "cmyk.jpg": lambda: encode(shown().convert("CMYK"), "JPEG"),
    "long_text.png": lambda: encode(shown(), pnginfo=_text()),
    "long_profile.png": lambda: encode(shown(), icc_profile=_profile() + bytes(2_000_000)),
    "broken_text.png": lambda: with_chunk(encode(shown()), b"zTXt", b"Comment\0\0no zlib"),
    "broken_gamma.png": lambda: with_chunk(encode(shown()), b"gAMA", b"\0"),
    "broken_size.png": lambda: with_chunk(encode(shown()), b"pHYs", b"\0"),
    "broken_exif.png": lambda: with_chunk(encode(shown()), b"eXIf", b"II*\0\xff\xff\xff\xff"),
    "odd_transparency.png": lambda: with_chunk(encode(shown()), b"tRNS", b"\0"),
    "sixteen_bits.png": lambda: with_chunk(
        encode(Image.fromarray(grey() * 257)), b"tRNS", struct.pack(">H", 65534)
    ),
    "animation.png": lambda: _animation("PNG"),
    "palette.png": lambda: encode(shown().quantize(64)),
    "palette_transparent.png": lambda: encode(shown().quantize(64), transparency=bytes([255] * 9)),
    "sixteen_bits.tif": lambda: tiff(grey() * 257, 16, 1),
    "white_is_zero.tif": lambda: tiff(65535 - grey() * 257, 16, 0),
    "twelve_bits.tif": lambda: tiff(twelve_bits(), 12, 1),
    "twelve_bits_white_is_zero.tif": lambda: tiff(4095 - twelve_bits(), 12, 0),
    "twelve_in_sixteen.tif": lambda: tiff(grey() * 16, 16, 1, (281, 3, 4080)),
    "twelve_in_sixteen_unnamed.tif": lambda: tiff(grey() * 16, 16, 1),
    "resolution_is_text.tif": lambda: tiff(grey() * 257, 16, 1, (282, 2, 0x41), (296, 3, 3)),
    "orientation_is_text.tif": lambda: tiff(grey() * 257, 16, 1, (274, 2, 0x36)),
    "second_page_is_broken.tif": broken_second_page,
    "pages.tif": lambda: encode(shown(), "TIFF", save_all=True, append_images=[_other()]),
    "lzw.tif": lambda: encode(shown(), "TIFF", compression="tiff_lzw"),
    "jpeg.tif": lambda: encode(shown(), "TIFF", compression="jpeg"),
    "cmyk.tif": lambda: encode(shown().convert("CMYK"), "TIFF"),
    "lab.tif": _lab,
    "animation.gif": lambda: _animation("GIF"),
    "still.gif": lambda: encode(shown(), "GIF"),
    "animation.webp": lambda: _animation("WEBP"),
    "lossless.webp": lambda: encode(shown(), "WEBP", lossless=True),
    "exif_is_cut.webp": lambda: encode(shown(), "WEBP", exif=jpeg_tags(UPRIGHT)[:18]),
    "still.avif": lambda: encode(shown(), "AVIF", quality=95),
    "exif_is_broken.avif": _turned_avif,
    "still.jp2": lambda: encode(shown(), "JPEG2000"),
    "sixteen_bits.jp2": lambda: encode(Image.fromarray(grey() * 257), "JPEG2000"),
    "colours.bmp": lambda: encode(shown(), "BMP"),
    "palette.bmp": lambda: encode(shown().quantize(64), "BMP"),
    "grey.bmp": lambda: encode(shown().convert("L"), "BMP"),
    "alpha.bmp": lambda: encode(shown().convert("RGBA"), "BMP"),
}


@cache
def odd_picture(name: str) -> bytes:
    return MAKERS[name]()


def mutants(count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Yield damaged files: flipped bytes, cut ends, parts that are missing, doubled or zero."""
    names = [
        "progressive.jpg",
        "mpo.jpg",
        "palette.png",
        "animation.png",
        "lzw.tif",
        "pages.tif",
        "jpeg.tif",
        "white_is_zero.tif",
        "lossless.webp",
        "animation.webp",
        "animation.gif",
        "still.avif",
        "still.jp2",
        "palette.bmp",
    ]
    random = np.random.default_rng(seed)
    for number in range(count):
        name = names[number % len(names)]
        content = bytearray(odd_picture(name))
        # Headers are short and decide most.
        end = len(content) if random.random() < 0.5 else min(300, len(content))
        at = int(random.integers(4, end))
        length = int(random.integers(1, 40))
        match random.integers(5):
            case 0:
                for place in random.integers(4, end, size=int(random.integers(1, 12))):
                    content[place] = random.integers(256)
            case 1:
                del content[at:]
            case 2:
                del content[at : at + length]
            case 3:
                content[at:at] = content[at : at + length]
            case _:
                content[at : at + length] = bytes(random.choice([0, 255], length).tolist())
        yield name, bytes(content)


def large_png(side: int) -> bytes:
    """A small file of many pixels."""
    row = zlib.compress(bytes(1 + 3 * side) * side, 9)
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", row) + chunk(b"IEND", b"")
