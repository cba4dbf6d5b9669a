"""GIF, WebP, AVIF, BMP and JPEG 2000 files that are odd and valid, and files with odd names."""

# mypy: disable-error-code="misc"
# (It cannot infer lambdas whose defaults keep the values of a loop.)

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np
from PIL import Image

from tests.odd_pictures import jpeg_tags, shown
from tests.pictures import draw, encode

from .kinds import TURNS, Odd, thin, tiny


def _frames() -> list[Image.Image]:
    return [draw("bars-a"), draw("cross-c")]


def _transparent() -> Image.Image:
    image = shown().convert("RGBA")
    image.putalpha(Image.new("L", image.size, 254))
    return image


def _gif_block(body: bytes, kind: int) -> bytes:
    parts = [body[at : at + 255] for at in range(0, len(body), 255)]
    blocks = b"".join(bytes([len(part)]) + part for part in parts)
    return b"\x21" + bytes([kind]) + blocks + b"\0"


def _gif_with(block: bytes) -> bytes:
    """A GIF with a block before its first frame."""
    content = encode(shown(), "GIF")
    at = 13 + 3 * 2 ** ((content[10] & 7) + 1)
    return content[:at] + block + content[at:]


def _small_frame() -> bytes:
    """A GIF whose only frame covers a part of its screen."""
    content = bytearray(encode(shown(), "GIF"))
    content[6:10] = struct.pack("<HH", 200, 150)
    return bytes(content)


def _gifs() -> Iterator[tuple[str, Odd]]:
    for colours in (2, 4, 16, 64):
        yield (
            f"colours_{colours}.gif",
            Odd(lambda colours=colours: encode(shown().quantize(colours), "GIF"), near=None),
        )
    options: dict[str, dict[str, object]] = {
        "rows": {"interlace": 0},
        "transparent": {"transparency": 3},
        "comment": {"comment": b"c" * 5000},
        "endless": {"loop": 0, "save_all": True, "append_images": _frames()},
        "no_time": {"duration": 0, "save_all": True, "append_images": _frames()},
        "disposed": {"disposal": 2, "save_all": True, "append_images": _frames()},
        "restored": {"disposal": 3, "save_all": True, "append_images": _frames()},
        "unoptimised": {"optimize": False, "save_all": True, "append_images": _frames()},
    }
    for name, chosen in options.items():
        near = None if name == "transparent" else 20.0
        yield (
            f"{name}.gif",
            Odd(lambda chosen=chosen: encode(shown(), "GIF", **chosen), near=near),
        )
    yield "grey.gif", Odd(lambda: encode(shown().convert("L"), "GIF"))
    yield "bilevel.gif", Odd(lambda: encode(shown().convert("1"), "GIF"), near=None)
    yield "alpha.gif", Odd(lambda: encode(_transparent(), "GIF"), near=20.0)
    yield "old.gif", Odd(lambda: b"GIF89a" + encode(shown(), "GIF")[6:], near=20.0)
    yield "no_end.gif", Odd(lambda: encode(shown(), "GIF")[:-1], near=20.0)
    yield "followed.gif", Odd(lambda: encode(shown(), "GIF") + bytes(999), near=20.0)
    yield "frame_is_small.gif", Odd(_small_frame, (200, 150), near=None)
    blocks = {
        "unknown_block": _gif_block(b"x" * 700, 0x99),
        "unknown_program": _gif_block(b"PROGRAM.1.0" + b"y" * 60, 0xFF),
        "xmp": _gif_block(b"XMP DataXMP" + b"<x/>" * 60, 0xFF),
        "plain_text": _gif_block(bytes(12) + b"text", 0x01),
        "long_comment": _gif_block(b"z" * 60_000, 0xFE),
    }
    for name, block in blocks.items():
        yield f"{name}.gif", Odd(lambda block=block: _gif_with(block), near=20.0)
    for size in ((1, 1), (900, 1), (1, 900)):
        yield f"thin_{size[0]}.gif", Odd(lambda size=size: thin("GIF", size), size, near=None)


def _riff(content: bytes, kind: bytes, body: bytes) -> bytes:
    """Add a chunk to the end of a WebP."""
    content += kind + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)
    return content[:4] + struct.pack("<I", len(content) - 8) + content[8:]


def _webps() -> Iterator[tuple[str, Odd]]:
    animated: dict[str, object] = {"save_all": True, "append_images": _frames()}
    options: dict[str, dict[str, object]] = {
        "quality_100": {"quality": 100},
        "quality_60": {"quality": 60},
        "slow": {"method": 6, "quality": 90},
        "fast": {"method": 0, "quality": 90},
        "lossless_fast": {"lossless": True, "quality": 0, "method": 0},
        "profile_is_noise": {"icc_profile": b"\x7f" * 300},
        "xmp": {"xmp": b"<x>" * 9000},
        "tags": {"exif": jpeg_tags((0x13B, 11, 1, struct.pack("<f", 1.0)))},
        "animated_lossless": {**animated, "lossless": True},
        "animated_small": {**animated, "minimize_size": True, "quality": 90},
        "animated_mixed": {**animated, "allow_mixed": True, "quality": 90},
        "animated_slow": {**animated, "duration": 9000, "quality": 90},
    }
    for name, chosen in options.items():
        yield f"{name}.webp", Odd(lambda chosen=chosen: encode(shown(), "WEBP", **chosen), near=20)
    for lossless in (False, True):
        make = lambda lossless=lossless: encode(  # noqa: E731
            _transparent(), "WEBP", lossless=lossless, quality=90, exact=True
        )
        yield f"alpha_{lossless}.webp", Odd(make, near=20)
    yield "grey.webp", Odd(lambda: encode(shown().convert("L"), "WEBP", quality=90), near=None)
    yield "followed.webp", Odd(lambda: encode(shown(), "WEBP", quality=90) + bytes(99), near=20)
    yield (
        "unknown_chunk.webp",
        Odd(lambda: _riff(encode(shown(), "WEBP", quality=90, xmp=b"<x/>"), b"ABCD", b"123")),
    )
    exif = Image.Exif()
    exif[0x112] = 6
    turned = lambda: encode(shown().transpose(TURNS[6]), "WEBP", lossless=True, exif=exif)  # noqa: E731
    yield "turned.webp", Odd(turned)
    for size in ((1, 1), (2000, 1), (1, 2000), (17, 3)):
        yield f"thin_{size[0]}.webp", Odd(lambda size=size: thin("WEBP", size), size, near=None)


def _avifs() -> Iterator[tuple[str, Odd]]:
    for subsampling in ("4:4:4", "4:2:2", "4:2:0", "4:0:0"):
        name = subsampling.replace(":", "")
        make = lambda subsampling=subsampling: encode(  # noqa: E731
            shown(), "AVIF", quality=95, speed=9, subsampling=subsampling
        )
        yield f"sampling_{name}.avif", Odd(make, near=None if name == "400" else 12)
    options: dict[str, dict[str, object]] = {
        "limited": {"range": "limited"},
        "lossless": {"quality": 100, "subsampling": "4:4:4"},
        "profile_is_noise": {"icc_profile": b"\x7f" * 300},
        "xmp": {"xmp": b"<x/>" * 500},
        "frames": {"save_all": True, "append_images": _frames()},
        "tiled": {"tile_rows": 1, "tile_cols": 1},
        "tags": {"exif": jpeg_tags((0x13B, 11, 1, struct.pack("<f", 1.0)))[6:]},
    }
    for name, chosen in options.items():
        make = lambda chosen=chosen: encode(  # noqa: E731
            shown(), "AVIF", **{"quality": 90, "speed": 9, **chosen}
        )
        yield f"{name}.avif", Odd(make)
    for premultiplied in (False, True):
        make = lambda premultiplied=premultiplied: encode(  # noqa: E731
            _transparent(), "AVIF", quality=95, speed=9, alpha_premultiplied=premultiplied
        )
        yield f"alpha_{premultiplied}.avif", Odd(make)
    for orientation in (3, 5, 6, 8):
        exif = Image.Exif()
        exif[0x112] = orientation
        make = lambda exif=exif, turn=TURNS[orientation]: encode(  # noqa: E731
            shown().transpose(turn), "AVIF", quality=95, speed=9, exif=exif.tobytes()
        )
        yield f"turned_{orientation}.avif", Odd(make)
    for size in ((1, 1), (300, 1), (17, 3)):
        make = lambda size=size: thin("AVIF", size, speed=9)  # noqa: E731
        yield f"thin_{size[0]}.avif", Odd(make, size, near=None)
    yield "followed.avif", Odd(lambda: encode(shown(), "AVIF", quality=90, speed=9) + bytes(99))


def _bmp(
    bits: int, masks: tuple[int, ...] = (), *, downwards: bool = False, old: bool = False
) -> bytes:
    """A BMP of 16, 24 or 32 bits; ``old`` has the shortest header there is."""
    red, green, blue = (np.asarray(shown()).astype(np.uint32)[..., c] for c in range(3))
    if bits == 16:
        depth = 6 if masks else 5
        values = red >> 3 << (5 + depth) | green >> (8 - depth) << 5 | blue >> 3
        body = (values if downwards else values[::-1]).astype("<u2").tobytes()
    else:
        pixels = np.dstack([blue, green, red, red * 0 + 255][: bits // 8]).astype(np.uint8)
        body = (pixels if downwards else pixels[::-1]).tobytes()
    height = -72 if downwards else 72
    if old:
        header = struct.pack("<IHHHH", 12, 96, 72, 1, bits)
    else:
        kind = 3 if masks else 0
        header = struct.pack("<IiiHHIIiiII", 40, 96, height, 1, bits, kind, len(body), 0, 0, 0, 0)
        header += b"".join(struct.pack("<I", mask) for mask in masks)
    start = 14 + len(header)
    return b"BM" + struct.pack("<IHHI", start + len(body), 0, 0, start) + header + body


def _run_lengths() -> bytes:
    """A BMP of 8 bits whose rows are run lengths."""
    image = shown().quantize(64)
    palette = np.zeros((256, 4), np.uint8)
    colours = np.array(image.getpalette(), np.uint8).reshape(-1, 3)
    palette[: len(colours), :3] = colours[:, ::-1]
    rows = np.asarray(image)[::-1]
    body = b"".join(b"".join(bytes([1, value]) for value in row) + b"\0\0" for row in rows)
    body += b"\0\1"
    header = struct.pack("<IiiHHIIiiII", 40, 96, 72, 1, 8, 1, len(body), 0, 0, 256, 0)
    start = 14 + len(header) + 1024
    mark = b"BM" + struct.pack("<IHHI", start + len(body), 0, 0, start)
    return mark + header + palette.tobytes() + body


def _bmps() -> Iterator[tuple[str, Odd]]:
    yield "bits_555.bmp", Odd(lambda: _bmp(16))
    yield "bits_565.bmp", Odd(lambda: _bmp(16, (0xF800, 0x7E0, 0x1F)))
    yield "bits_32.bmp", Odd(lambda: _bmp(32))
    yield "downwards.bmp", Odd(lambda: _bmp(24, downwards=True))
    yield "shortest_header.dib.bmp", Odd(lambda: _bmp(24, old=True))
    yield "run_lengths.bmp", Odd(_run_lengths, near=20)
    yield "bilevel.bmp", Odd(lambda: encode(shown().convert("1"), "BMP"), near=None)
    yield "followed.bmp", Odd(lambda: encode(shown(), "BMP") + bytes(99))
    yield "thin.bmp", Odd(lambda: thin("BMP", (1, 900)), (1, 900), near=None)


def _jpeg2000s() -> Iterator[tuple[str, Odd]]:
    options: dict[str, dict[str, object]] = {
        "lossy": {"irreversible": True, "quality_mode": "rates", "quality_layers": [8]},
        "layers": {"quality_layers": [40, 20, 4]},
        "tiles": {"tile_size": (32, 32)},
        "by_position": {"progression": "RPCL"},
        "by_component": {"progression": "CPRL"},
        "one_resolution": {"num_resolutions": 1},
        "comment": {"comment": b"c" * 900},
        "lengths": {"plt": True},
    }
    for name, chosen in options.items():
        make = lambda chosen=chosen: encode(shown(), "JPEG2000", **chosen)  # noqa: E731
        yield f"{name}.jp2", Odd(make)
    stream = lambda: encode(shown(), "JPEG2000", no_jp2=True)  # noqa: E731
    yield "stream.j2k", Odd(stream)
    yield "stream.jpc", Odd(lambda: stream() + bytes(9))
    for mode in ("L", "LA", "RGBA"):
        make = lambda mode=mode: encode(shown().convert(mode), "JPEG2000")  # noqa: E731
        yield f"mode_{mode}.jp2", Odd(make)
    yield "tiny.jp2", Odd(lambda: tiny("JPEG2000", (5, 3)), (5, 3), near=None)


def _names() -> Iterator[tuple[str, Odd]]:
    """Files whose names are in capitals, of another format, long, or of other letters."""
    names = {
        "CAPITALS.JPG": "JPEG",
        "Capitals.TIFF": "TIFF",
        "A SPACE  and, more.PNG": "PNG",
        "a_png.jpg": "PNG",
        "a_jpeg.png": "JPEG",
        "a_webp.jpg": "WEBP",
        "a_tiff.jpg": "TIFF",
        "a_gif.png": "GIF",
        "an_avif.jpg": "AVIF",
        "a_bmp.png": "BMP",
        "two.endings.tar.jpeg": "JPEG",
        "富士山.jpg": "JPEG",
        "É́tude — «1».png": "PNG",
        "l" * 200 + ".jpg": "JPEG",
        "-rf *.jpg": "JPEG",
        "other.jfif": "JPEG",
        "other.jpe": "JPEG",
        "other.apng": "PNG",
        "other.dib": "BMP",
    }
    for number, (name, kind) in enumerate(names.items()):
        options = {"quality": 90} if kind in ("JPEG", "WEBP", "AVIF") else {}
        # Each name belongs to other bytes.
        make = lambda kind=kind, options=options, number=number: (  # noqa: E731
            encode(shown(), kind, **options) + bytes(1 + number)
        )
        yield name, Odd(make, near=20)


def make() -> dict[str, Odd]:
    return dict([*_gifs(), *_webps(), *_avifs(), *_bmps(), *_jpeg2000s(), *_names()])
