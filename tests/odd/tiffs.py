"""TIFF files that are odd and valid: depths, strips, tiles, planes, byte orders, compressions."""

# mypy: disable-error-code="misc"
# (It cannot infer lambdas whose defaults keep the values of a loop.)

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from PIL import Image

from tests.odd_pictures import grey, shown
from tests.pictures import draw, encode

from .kinds import TURNS, Odd, thin

_WHITE_IS_ZERO, _BLACK_IS_ZERO, _COLOURS, _PALETTE, _MASK, _INKS = range(6)
_UNSIGNED, _SIGNED, _FLOAT = 1, 2, 3
_NONE, _DEFLATE, _PACKBITS = 1, 8, 32773
_ORDERS: tuple[Literal["<", ">"], ...] = ("<", ">")
_LETTERS = {1: "B", 2: "c", 3: "H", 4: "I", 16: "Q"}

Tag = tuple[int, int, list[int] | bytes]


@dataclass(frozen=True)
class Layout:
    """The storage of pixels; ``tile`` is the side of a tile, ``rows`` the rows of a strip."""

    order: Literal["<", ">"] = "<"
    big: bool = False
    rows: int = 0
    tile: int = 0
    planar: bool = False
    compression: int = _NONE
    predictor: bool = False


def _compress(body: bytes, layout: Layout) -> bytes:
    if layout.compression == _DEFLATE:
        return zlib.compress(body)
    if layout.compression == _PACKBITS:
        parts = [body[at : at + 128] for at in range(0, len(body), 128)]
        return b"".join(bytes([len(part) - 1]) + part for part in parts)
    return body


def _blocks(values: np.ndarray, layout: Layout) -> Iterator[bytes]:
    """The strips or tiles of ``(height, width, channels)``, plane after plane if planar."""
    height, width, channels = values.shape
    planes = [values[..., [c]] for c in range(channels)] if layout.planar else [values]
    side = layout.tile
    for plane in planes:
        if side:
            padded = np.pad(plane, ((0, -height % side), (0, -width % side), (0, 0)), mode="edge")
            blocks = [
                padded[y : y + side, x : x + side]
                for y in range(0, height, side)
                for x in range(0, width, side)
            ]
        else:
            rows = layout.rows or height
            blocks = [plane[y : y + rows] for y in range(0, height, rows)]
        for block in blocks:
            if layout.predictor:
                block = np.concatenate([block[:, :1], np.diff(block, axis=1)], axis=1)
            kind = block.dtype.newbyteorder(layout.order)
            yield _compress(block.astype(kind).tobytes(), layout)


def tiff(
    values: np.ndarray,
    photometric: int,
    layout: Layout | None = None,
    *more: Tag,
    sample: int = _UNSIGNED,
    extra: list[int] | None = None,
) -> bytes:
    """A TIFF of ``(height, width, channels)``; ``extra`` tells what channels beyond colours are."""
    layout = layout or Layout()
    height, width, channels = values.shape
    blocks = list(_blocks(values, layout))
    start = 16 if layout.big else 8
    places, at = [], start
    for block in blocks:
        places.append(at)
        at += len(block) + len(block) % 2
    sizes = [len(block) for block in blocks]
    wide = 16 if layout.big else 4
    tags: list[Tag] = [
        (256, 4, [width]),
        (257, 4, [height]),
        (258, 3, [8 * values.dtype.itemsize] * channels),
        (259, 3, [layout.compression]),
        (262, 3, [photometric]),
        (277, 3, [channels]),
        (284, 3, [2 if layout.planar else 1]),
        (317, 3, [2 if layout.predictor else 1]),
        (339, 3, [sample] * channels),
        *([(338, 3, extra)] if extra else []),
        *more,
    ]
    if layout.tile:
        tags += [(322, 3, [layout.tile]), (323, 3, [layout.tile]), (324, wide, places)]
        tags += [(325, wide, sizes)]
    else:
        tags += [(273, wide, places), (278, 4, [layout.rows or height]), (279, wide, sizes)]
    body = b"".join(block + bytes(len(block) % 2) for block in blocks)
    return _assemble(body, tags, layout.order, layout.big)


def _assemble(body: bytes, tags: list[Tag], order: str, big: bool) -> bytes:
    start, word, count = (16, "Q", "Q") if big else (8, "I", "H")
    directory = start + len(body)
    room = struct.calcsize(f"<{word}")
    entry = 4 + 2 * room
    further = directory + struct.calcsize(f"<{count}") + entry * len(tags) + room
    entries, later = [], b""
    for number, kind, held in sorted(tags, key=lambda tag: tag[0]):
        packed = (
            held
            if isinstance(held, bytes)
            else struct.pack(f"{order}{len(held)}{_LETTERS[kind]}", *held)
        )
        length = len(packed) if kind in (1, 2) else len(packed) // struct.calcsize(_LETTERS[kind])
        if len(packed) > room:
            value = struct.pack(order + word, further + len(later))
            later += packed + bytes(len(packed) % 2)
        else:
            value = packed.ljust(room, b"\0")
        entries.append(struct.pack(f"{order}HH{word}", number, kind, length) + value)
    mark = (b"II" if order == "<" else b"MM") + struct.pack(order + "H", 43 if big else 42)
    mark += (
        struct.pack(order + "HHQ", 8, 0, directory) if big else struct.pack(order + "I", directory)
    )
    count_of_tags = struct.pack(order + count, len(tags))
    return b"".join([mark, body, count_of_tags, *entries, bytes(room), later])


def colours(kind: type[np.generic] = np.uint8, scale: float = 1) -> np.ndarray:
    return (np.asarray(shown()) * float(scale)).astype(kind)


def greys(kind: type[np.generic] = np.uint8, scale: float = 1) -> np.ndarray:
    return (grey() * scale).astype(kind)[..., None]


def _layouts() -> Iterator[tuple[str, Odd]]:
    shapes: dict[str, dict[str, Any]] = {
        "strip": {},
        "strips": {"rows": 7},
        "tiles": {"tile": 32},
        "rows": {"rows": 1},
    }
    for order in _ORDERS:
        for big in (False, True):
            for shape, options in shapes.items():
                layout = Layout(order, big, **options)
                name = f"{'little' if order == '<' else 'big'}_{'long' if big else 'short'}_{shape}"
                yield f"{name}.tif", Odd(lambda layout=layout: tiff(colours(), _COLOURS, layout))
    for shape in ("strip", "tiles"):
        for compression in (_DEFLATE, _PACKBITS):
            layout = Layout(compression=compression, **shapes[shape])
            name = f"{shape}_{compression}"
            yield f"{name}.tif", Odd(lambda layout=layout: tiff(colours(), _COLOURS, layout))
        for compression in (_NONE, _DEFLATE):
            layout = Layout(planar=True, compression=compression, **shapes[shape])
            name = f"planes_{shape}_{compression}"
            yield f"{name}.tif", Odd(lambda layout=layout: tiff(colours(), _COLOURS, layout))
    for order in _ORDERS:
        layout = Layout(order, big=True, compression=_DEFLATE, tile=32)
        name = f"packed_long_{'little' if order == '<' else 'big'}.tif"
        yield name, Odd(lambda layout=layout: tiff(colours(), _COLOURS, layout))
    layout = Layout(compression=_DEFLATE, predictor=True, rows=20)
    yield "predicted.tif", Odd(lambda: tiff(colours(), _COLOURS, layout))
    yield "predicted_grey.tif", Odd(lambda: tiff(greys(np.uint16, 257), _BLACK_IS_ZERO, layout))


def _depths() -> Iterator[tuple[str, Odd]]:
    for order in _ORDERS:
        name, layout = ("little" if order == "<" else "big"), Layout(order)
        sixteen = lambda layout=layout: tiff(colours(np.uint16, 257), _COLOURS, layout)  # noqa: E731
        yield f"colours_16_{name}.tif", Odd(sixteen)
        for inverted in (False, True):
            values = 65535 - greys(np.uint16, 257) if inverted else greys(np.uint16, 257)
            kind = _WHITE_IS_ZERO if inverted else _BLACK_IS_ZERO
            yield (
                f"grey_16_{name}_{inverted}.tif",
                Odd(
                    lambda values=values, kind=kind, layout=layout: tiff(values, kind, layout),
                ),
            )
        for top in (1.0, 255.0, 65535.0):
            yield (
                f"float_{name}_{top:.0f}.tif",
                Odd(
                    lambda top=top, layout=layout: tiff(
                        greys(np.float32, top / 255), _BLACK_IS_ZERO, layout, sample=_FLOAT
                    ),
                ),
            )
    yield "grey_8_inverted.tif", Odd(lambda: tiff(255 - greys(), _WHITE_IS_ZERO))
    yield (
        "integer_32.tif",
        Odd(lambda: tiff(greys(np.int32, 257), _BLACK_IS_ZERO, sample=_SIGNED)),
    )
    yield (
        "float_of_no_number.tif",
        Odd(
            lambda: tiff(
                np.where(greys() > 100, np.nan, greys(np.float32)).astype(np.float32),
                _BLACK_IS_ZERO,
                sample=_FLOAT,
            ),
            near=None,
        ),
    )
    yield (
        "palette_16.tif",
        Odd(
            lambda: tiff(
                np.asarray(shown().quantize(256))[..., None],
                _PALETTE,
                None,
                (320, 3, _colour_map()),
            ),
            near=20.0,
        ),
    )
    for channels in (1, 2, 3):
        for meaning in (0, 1, 2):
            yield (
                f"extra_{channels}_{meaning}.tif",
                Odd(
                    lambda channels=channels, meaning=meaning: tiff(
                        np.dstack([colours()] + [np.full_like(greys(), 255)] * channels),
                        _COLOURS,
                        extra=[meaning] + [0] * (channels - 1),
                    )
                ),
            )
    yield (
        "grey_alpha.tif",
        Odd(
            lambda: tiff(
                np.dstack([greys(), np.full_like(greys(), 255)]), _BLACK_IS_ZERO, extra=[2]
            )
        ),
    )
    yield "inks_16.tif", Odd(lambda: tiff(_inks().astype(np.uint16) * 257, _INKS))
    yield "inks_planes.tif", Odd(lambda: tiff(_inks(), _INKS, Layout(planar=True)))


def _inks() -> np.ndarray:
    return np.asarray(shown().convert("CMYK"))


def _colour_map() -> list[int]:
    palette = np.array(shown().quantize(256).getpalette(), np.uint16)
    padded = np.pad(palette, (0, 768 - len(palette))).reshape(256, 3)
    return [int(value) * 257 for value in padded.T.ravel()]


def _compressions() -> Iterator[tuple[str, Odd]]:
    for kind in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "lzma", "zstd"):
        for mode in ("RGB", "L", "RGBA", "CMYK", "P"):
            if (kind, mode) == ("tiff_lzw", "RGB"):
                continue
            near = 20.0 if mode == "P" else 12.0
            make = lambda kind=kind, mode=mode: encode(  # noqa: E731
                shown().convert(mode), "TIFF", compression=kind
            )
            yield f"{kind}_{mode}.tif", Odd(make, near=near)
    for kind in ("group3", "group4", "tiff_ccitt"):
        bilevel = lambda kind=kind: encode(shown().convert("1"), "TIFF", compression=kind)  # noqa: E731
        yield f"{kind}.tif", Odd(bilevel, near=None)
    yield "jpeg_grey.tif", Odd(lambda: encode(shown().convert("L"), "TIFF", compression="jpeg"))
    yield "ycbcr.tif", Odd(lambda: encode(shown().convert("YCbCr"), "TIFF"))
    yield "long.tif", Odd(lambda: encode(shown(), "TIFF", big_tiff=True))


def _tags() -> Iterator[tuple[str, Odd]]:
    for orientation, turn in TURNS.items():
        turned = lambda turn=turn: np.asarray(shown().transpose(turn))  # noqa: E731
        tag: Tag = (274, 3, [orientation])
        yield (
            f"turned_{orientation}.tif",
            Odd(lambda turned=turned, tag=tag: tiff(turned(), _COLOURS, None, tag)),
        )
    odd: dict[str, Tag] = {
        "orientation_nought": (274, 3, [0]),
        "orientation_large": (274, 3, [65535]),
        "long_description": (270, 2, b"d" * 2_000_000),
        "description_of_no_text": (270, 2, bytes(range(256))),
        "private": (65000, 1, b"\xff" * 3000),
        "profile_is_noise": (34675, 1, b"\x7f" * 300),
        "photoshop_is_noise": (34377, 1, b"\x7f" * 300),
        "directory_inside": (34665, 4, [8]),
        "page_number": (297, 3, [9, 3]),
        "subfile": (254, 4, [1]),
        "unit_unknown": (296, 3, [77]),
        "sampling_of_no_use": (530, 3, [2, 2]),
        "smallest_and_largest": (280, 3, [0, 0, 0]),
    }
    for name, tag in odd.items():
        yield f"{name}.tif", Odd(lambda tag=tag: tiff(colours(), _COLOURS, None, tag))
    yield "followed_by_zeros.tif", Odd(lambda: tiff(colours(), _COLOURS) + bytes(5000))
    for size in ((1, 1), (2000, 1), (1, 2000)):
        yield f"thin_{size[0]}.tif", Odd(lambda size=size: thin("TIFF", size), size, near=None)
    yield (
        "many_pages.tiff",
        Odd(
            lambda: encode(
                shown(), "TIFF", save_all=True, append_images=[Image.new("1", (9, 9))] * 60
            )
        ),
    )
    yield (
        "pages_of_all_kinds.tiff",
        Odd(
            lambda: encode(
                shown(),
                "TIFF",
                save_all=True,
                append_images=[draw("bars-a").convert(mode) for mode in ("1", "L", "CMYK", "P")],
            )
        ),
    )


def make() -> dict[str, Odd]:
    return dict([*_layouts(), *_depths(), *_compressions(), *_tags()])
