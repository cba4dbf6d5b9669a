"""PNG files that are odd and valid: depths, interlacing, transparency, chunks."""

# mypy: disable-error-code="misc"
# (It cannot infer lambdas whose defaults keep the values of a loop.)

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import numpy as np
from PIL import Image, PngImagePlugin

from tests.odd_pictures import chunk, grey, shown, with_chunk
from tests.pictures import draw, encode

from .kinds import TURNS, Odd, thin, tiny

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
#: The first column and row, and the steps, of the seven passes of an interlaced file.
_PASSES = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)
_GREY, _RGB, _PALETTE, _GREY_ALPHA, _RGBA = 0, 2, 3, 4, 6


def _rows(values: np.ndarray, depth: int, filtered: bool) -> bytes:
    """The packed rows of ``(height, width, channels)``, each after the number of its filter."""
    if not values.size:
        return b""
    height = len(values)
    if depth == 16:
        packed = values.astype(">u2").view(np.uint8).reshape(height, -1)
    elif depth == 8:
        packed = values.astype(np.uint8).reshape(height, -1)
    else:
        bits = np.unpackbits(values.astype(np.uint8).reshape(height, -1, 1), axis=2)[:, :, -depth:]
        packed = np.packbits(bits.reshape(height, -1), axis=1)
    number = 2 if filtered else 0
    if filtered:
        packed = np.vstack([packed[:1], np.diff(packed, axis=0).astype(np.uint8)])
    return np.hstack([np.full((height, 1), number, np.uint8), packed]).tobytes()


def png(
    values: np.ndarray,
    colours: int,
    depth: int = 8,
    *chunks: bytes,
    interlaced: bool = False,
    filtered: bool = False,
    pieces: int = 1,
) -> bytes:
    """A PNG of ``(height, width, channels)``; its pixels come in a number of chunks."""
    height, width = values.shape[:2]
    passes = _PASSES if interlaced else ((0, 0, 1, 1),)
    body = zlib.compress(
        b"".join(_rows(values[y::dy, x::dx], depth, filtered) for x, y, dx, dy in passes)
    )
    step = -(-len(body) // pieces)
    header = struct.pack(">IIBBBBB", width, height, depth, colours, 0, 0, int(interlaced))
    data = [chunk(b"IDAT", body[at : at + step]) for at in range(0, len(body), step)]
    return b"".join([_SIGNATURE, chunk(b"IHDR", header), *chunks, *data, chunk(b"IEND", b"")])


def _colours() -> np.ndarray:
    return np.asarray(shown()).astype(np.uint16)


def _greys(depth: int) -> np.ndarray:
    return (grey().astype(np.uint32) * (2**depth - 1) // 255)[..., None]


def _with_alpha(values: np.ndarray, depth: int) -> np.ndarray:
    return np.concatenate([values, np.full_like(values[..., :1], 2**depth - 1)], axis=2)


def _palette(depth: int) -> tuple[np.ndarray, bytes]:
    """Indices of the picture in as many colours as fit, and the chunk of the colours."""
    image = shown().quantize(2**depth)
    colours = bytes(image.getpalette() or ())[: 3 * 2**depth]
    return np.asarray(image)[..., None], chunk(b"PLTE", colours)


def _modes() -> Iterator[tuple[str, Odd]]:
    for interlaced in (False, True):
        for depth in (1, 2, 4, 8, 16):
            near = None if depth < 4 else 12.0
            name = f"{depth}_{'interlaced' if interlaced else 'rows'}"
            yield (
                f"grey_{name}.png",
                Odd(
                    lambda depth=depth, interlaced=interlaced: png(
                        _greys(depth), _GREY, depth, interlaced=interlaced
                    ),
                    near=near,
                ),
            )
            if depth < 16:
                yield (
                    f"palette_{name}.png",
                    Odd(
                        lambda depth=depth, interlaced=interlaced: png(
                            _palette(depth)[0],
                            _PALETTE,
                            depth,
                            _palette(depth)[1],
                            interlaced=interlaced,
                        ),
                        near=None if depth < 4 else 20.0,
                    ),
                )
            if depth >= 8:
                scale = 257 if depth == 16 else 1
                yield (
                    f"colours_{name}.png",
                    Odd(
                        lambda depth=depth, scale=scale, interlaced=interlaced: png(
                            _colours() * scale, _RGB, depth, interlaced=interlaced
                        )
                    ),
                )
                yield (
                    f"alpha_{name}.png",
                    Odd(
                        lambda depth=depth, scale=scale, interlaced=interlaced: png(
                            _with_alpha(_colours() * scale, depth),
                            _RGBA,
                            depth,
                            interlaced=interlaced,
                        )
                    ),
                )
                yield (
                    f"grey_alpha_{name}.png",
                    Odd(
                        lambda depth=depth, interlaced=interlaced: png(
                            _with_alpha(_greys(depth), depth),
                            _GREY_ALPHA,
                            depth,
                            interlaced=interlaced,
                        )
                    ),
                )
    yield "filtered.png", Odd(lambda: png(_colours(), _RGB, filtered=True))
    yield "in_many_pieces.png", Odd(lambda: png(_colours(), _RGB, pieces=3000))
    for size in ((1, 1), (2000, 1), (1, 2000), (5, 3)):
        yield f"thin_{size[0]}.png", Odd(lambda size=size: thin("PNG", size), size, near=None)
    for size in ((1, 1), (3, 5), (9, 2)):
        values = np.asarray(draw("disc-b", size))
        make = lambda values=values: png(values, _RGB, interlaced=True)  # noqa: E731
        yield f"interlaced_{size[0]}.png", Odd(make, size, near=None)


def _chunks() -> Iterator[tuple[str, Odd]]:
    before = {
        "gamma_nought": chunk(b"gAMA", bytes(4)),
        "gamma_large": chunk(b"gAMA", b"\xff" * 4),
        "chromaticities": chunk(b"cHRM", bytes(32)),
        "srgb_unknown": chunk(b"sRGB", b"\x09"),
        "background": chunk(b"bKGD", struct.pack(">HHH", 9, 9, 9)),
        "palette_suggested": chunk(b"PLTE", bytes(768)),
        "time_of_no_day": chunk(b"tIME", b"\xff" * 7),
        "unknown": chunk(b"abCd", bytes(5000)),
        "empty": chunk(b"zzZz", b""),
        "transparent_colour": chunk(b"tRNS", struct.pack(">HHH", 1, 2, 3)),
        "transparency_twice": 2 * chunk(b"tRNS", struct.pack(">HHH", 1, 2, 3)),
        "resolution_large": chunk(b"pHYs", b"\xff" * 8 + b"\x01"),
        "exif_empty": chunk(b"eXIf", b""),
        "profile_no_zlib": chunk(b"iCCP", b"x\0\0no zlib"),
        "profile_no_name": chunk(b"iCCP", b"\0\0" + zlib.compress(bytes(200))),
        "text_no_name": chunk(b"tEXt", b"\0text"),
        "text_of_no_end": chunk(b"iTXt", b"Comment"),
        "text_twice": 40 * chunk(b"tEXt", b"Comment\0" + b"x" * 900),
        "frames_nought": chunk(b"acTL", bytes(8)),
        "frames_many": chunk(b"acTL", struct.pack(">II", 0x7FFFFFFF, 0)),
    }
    for name, extra in before.items():
        yield f"{name}.png", Odd(lambda extra=extra: png(_colours(), _RGB, 8, extra))
    tails = {
        "zeros": bytes(4000),
        "chunk": chunk(b"tEXt", b"Comment\0late"),
        "picture": encode(draw("bars-a")),
    }
    for name, tail in tails.items():
        yield f"followed_by_{name}.png", Odd(lambda tail=tail: png(_colours(), _RGB) + tail)
    yield "fast.png", Odd(lambda: encode(shown(), compress_level=0))
    yield (
        "alpha_of_palette.png",
        Odd(
            lambda: png(
                _palette(8)[0], _PALETTE, 8, _palette(8)[1], chunk(b"tRNS", bytes([255] * 99))
            ),
            near=20.0,
        ),
    )
    yield "transparent_grey.png", Odd(lambda: with_chunk(png(_greys(8), _GREY), b"tRNS", b"\0\x07"))
    for orientation, turn in TURNS.items():
        exif = Image.Exif()
        exif[0x112] = orientation
        yield (
            f"turned_{orientation}.png",
            Odd(
                lambda turn=turn, exif=exif: encode(shown().transpose(turn), exif=exif.tobytes()),
            ),
        )
    yield "turned_by_text.png", Odd(_turned_by_text)
    yield "colour_names.png", Odd(lambda: tiny("PNG", (40, 30), dpi=(1e-3, 1e6)), (40, 30), None)


def _turned_by_text() -> bytes:
    text = PngImagePlugin.PngInfo()
    xmp = '<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="3"/>'
    text.add_itxt("XML:com.adobe.xmp", xmp)
    return encode(shown().transpose(TURNS[3]), pnginfo=text)


def _animations() -> Iterator[tuple[str, Odd]]:
    other = draw("bars-a")
    for name, options in {
        "hidden_first": {"default_image": True},
        "endless": {"loop": 0},
        "disposed": {"disposal": 2},
        "blended": {"blend": 1},
        "no_time": {"duration": 0},
    }.items():
        yield (
            f"frames_{name}.png",
            Odd(
                lambda options=options: encode(
                    shown(), save_all=True, append_images=[other, other], **options
                )
            ),
        )


def make() -> dict[str, Odd]:
    return dict([*_modes(), *_chunks(), *_animations()])
