"""JPEG files that are odd and valid, and camera files of several pictures."""

# mypy: disable-error-code="misc"
# (It cannot infer lambdas whose defaults keep the values of a loop.)

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Literal

import numpy as np
from PIL import Image, ImageCms

from tests.odd_pictures import UPRIGHT, grey, jpeg_tags, segment, shown
from tests.pictures import draw, encode

from .kinds import TURNS, Odd, thin, tiny

_ICC = b"ICC_PROFILE\0"


def jpeg(**options: object) -> bytes:
    return encode(shown(), "JPEG", quality=90, **options)


def mpo(*others: Image.Image, **options: object) -> bytes:
    return encode(shown(), "MPO", quality=90, save_all=True, append_images=list(others), **options)


def _profile(kind: Literal["sRGB", "LAB"]) -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile(kind)).tobytes()


def _profile_parts(order: tuple[int, ...], count: int) -> bytes:
    """A JPEG whose profile comes in parts of a certain order; one may be missing."""
    profile, content = _profile("sRGB"), jpeg()
    step = -(-len(profile) // count)
    for number in reversed(order):
        part = profile[step * (number - 1) : step * number]
        content = segment(content, 0xE2, _ICC + bytes([number, count]) + part)
    return content


def _with_filling(content: bytes) -> bytes:
    """A JPEG with bytes of filling before each segment of its header."""
    parts, at = [content[:2]], 2
    while content[at + 1] != 0xDA:
        (length,) = struct.unpack(">H", content[at + 2 : at + 4])
        parts += [b"\xff" * 3, content[at : at + 2 + length]]
        at += 2 + length
    return b"".join([*parts, content[at:]])


def _big_endian_tags(orientation: int) -> bytes:
    entry = struct.pack(">HHIHH", 0x112, 3, 1, orientation, 0)
    return b"Exif\0\0MM\0*\0\0\0\x08" + struct.pack(">H", 1) + entry + bytes(4)


def _encodings() -> Iterator[tuple[str, Odd]]:
    for progressive in (False, True):
        for subsampling in ("4:4:4", "4:2:2", "4:2:0"):
            name = f"sampling_{subsampling.replace(':', '')}_{'scans' if progressive else 'rows'}"
            options: dict[str, object] = {"progressive": progressive, "subsampling": subsampling}
            yield f"{name}.jpg", Odd(lambda options=options: jpeg(**options))
    for blocks in (1, 5):
        options = {"restart_marker_blocks": blocks}
        yield f"restarts_{blocks}.jpg", Odd(lambda options=options: jpeg(**options))
    yield "restarts_rows.jpg", Odd(lambda: jpeg(restart_marker_rows=1, progressive=True))
    yield "optimised.jpg", Odd(lambda: jpeg(optimize=True))
    yield "rgb.jpg", Odd(lambda: jpeg(keep_rgb=True))
    for progressive in (False, True):
        yield (
            f"grey_{progressive}.jpg",
            Odd(
                lambda progressive=progressive: encode(
                    shown().convert("L"), "JPEG", progressive=progressive
                )
            ),
        )
    yield "cmyk_scans.jpg", Odd(lambda: encode(shown().convert("CMYK"), "JPEG", progressive=True))
    yield "same_tables.jpg", Odd(lambda: jpeg(qtables=[[1] * 64, [1] * 64]))
    for size in ((97, 73), (95, 71), (8, 8), (7, 3)):
        yield f"size_{size[0]}.jpg", Odd(lambda size=size: tiny("JPEG", size), size, near=None)
    for size in ((1, 1), (3000, 1), (1, 3000)):
        yield f"thin_{size[0]}.jpg", Odd(lambda size=size: thin("JPEG", size), size, near=None)


def _tags() -> Iterator[tuple[str, Odd]]:
    for orientation, turn in TURNS.items():
        for name, tags in (
            ("little", jpeg_tags((0x112, 3, 1, struct.pack("<HH", orientation, 0)))),
            ("big", _big_endian_tags(orientation)),
        ):
            yield (
                f"turned_{orientation}_{name}.jpg",
                Odd(
                    lambda turn=turn, tags=tags: encode(
                        shown().transpose(turn), "JPEG", quality=95, exif=tags
                    )
                ),
            )
    for value in (0, 9, 65535):
        tags = jpeg_tags((0x112, 3, 1, struct.pack("<HH", value, 0)))
        yield f"orientation_{value}.jpg", Odd(lambda tags=tags: jpeg(exif=tags))
    odd = {
        "orientation_is_long": (0x112, 4, 1, struct.pack("<I", 1)),
        "orientation_is_two": (0x112, 3, 2, struct.pack("<HH", 1, 6)),
        "orientation_is_rational": (0x112, 5, 1, struct.pack("<I", 8)),
        "date_is_a_number": (0x132, 3, 1, struct.pack("<HH", 7, 0)),
        "unknown_type": (0x10F, 99, 1, b"\xff" * 4),
        "huge_count": (0x10F, 2, 0xFFFFFFFF, b"\xff" * 4),
        "no_count": (0x10F, 2, 0, bytes(4)),
        "circle": (0x8769, 4, 1, struct.pack("<I", 8)),
        "place_far_away": (0x8825, 4, 1, struct.pack("<I", 0x7FFFFFFF)),
    }
    for name, tag in odd.items():
        yield f"{name}.jpg", Odd(lambda tag=tag: jpeg(exif=jpeg_tags(tag)))
    yield "no_tags.jpg", Odd(lambda: segment(jpeg(), 0xE1, b"Exif\0\0"))
    yield (
        "tags_twice.jpg",
        Odd(lambda: segment(jpeg(exif=jpeg_tags(UPRIGHT)), 0xE1, jpeg_tags(UPRIGHT))),
    )


def _segments() -> Iterator[tuple[str, Odd]]:
    bodies = {
        "long_comment": (0xFE, b"c" * 65_000),
        "comment_of_no_text": (0xFE, bytes(range(256))),
        "long_xmp": (0xE1, b"http://ns.adobe.com/xap/1.0/\0" + b"<x>" * 20_000),
        "xmp_is_noise": (0xE1, b"http://ns.adobe.com/xap/1.0/\0\xff\xfe\0"),
        "further_xmp": (0xE1, b"http://ns.adobe.com/xmp/extension/\0" + bytes(100)),
        "flashpix": (0xE2, b"FPXR\0" + bytes(30)),
        "photoshop_is_long": (0xED, b"Photoshop 3.0\x008BIM\x04\x04\0\0\xff\xff\xff\xff"),
        "ducky": (0xEC, b"Ducky\0\x01\0\x04\0\0\0\x50"),
        "jfif_thumbnail": (0xE0, b"JFXX\0\x13\x01\x01\xff\xff\xff"),
        "empty_segment": (0xE5, b""),
        "tables_unused": (0xDB, b"\x03" + bytes([9]) * 64),
    }
    for name, (marker, body) in bodies.items():
        yield f"{name}.jpg", Odd(lambda marker=marker, body=body: segment(jpeg(), marker, body))
    yield "resolution_of_nought.jpg", Odd(lambda: jpeg(dpi=(1, 65535)))
    yield "filling.jpg", Odd(lambda: _with_filling(jpeg()))
    yield "profile_in_parts.jpg", Odd(lambda: _profile_parts((1, 2, 3), 3))
    yield "profile_in_disorder.jpg", Odd(lambda: _profile_parts((3, 1, 2), 3))
    yield "profile_lacks_a_part.jpg", Odd(lambda: _profile_parts((1, 3), 3))
    yield "profile_is_lab.jpg", Odd(lambda: jpeg(icc_profile=_profile("LAB")))
    yield "profile_is_cut.jpg", Odd(lambda: jpeg(icc_profile=_profile("sRGB")[:150]))
    yield (
        "profile_of_colours.jpg",
        Odd(lambda: encode(Image.fromarray(grey().astype(np.uint8)), icc_profile=_profile("sRGB"))),
    )
    for name, tail in {
        "zeros": bytes(5000),
        "text": b"</html>\r\n" * 20,
        "picture": encode(draw("bars-a"), "JPEG"),
        "film": b"\0\0\0\x18ftypmp42" + bytes(3000),
    }.items():
        yield f"followed_by_{name}.jpg", Odd(lambda tail=tail: jpeg() + tail)


def _of_several() -> Iterator[tuple[str, Odd]]:
    other, long = draw("bars-a", (48, 36)), draw("bars-b", (20, 200))
    yield "of_three.mpo", Odd(lambda: mpo(other, long))
    yield "of_one_size.mpo", Odd(lambda: mpo(draw("bars-a")))
    yield "with_tags.mpo", Odd(lambda: mpo(other, exif=jpeg_tags(UPRIGHT)))
    yield "followed_by_zeros.mpo", Odd(lambda: mpo(other) + bytes(900))
    yield "second_is_missing.mpo", Odd(lambda: mpo(other)[: mpo(other).rindex(b"\xff\xd8\xff")])
    yield "in_scans.mpo", Odd(lambda: mpo(other, progressive=True))


def make() -> dict[str, Odd]:
    return dict([*_encodings(), *_tags(), *_segments(), *_of_several()])
