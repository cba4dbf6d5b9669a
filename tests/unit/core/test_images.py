"""Conversion of files of any kind to the pixels that the network sees."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from stylesim_app.core.boxes import windows
from stylesim_app.core.errors import ImageError
from stylesim_app.core.images import (
    FORMATS,
    Limits,
    check_size,
    inspect_image,
    load_pixels,
    open_image,
    to_windows,
)
from stylesim_app.core.same_picture.detail import QUERY
from stylesim_app.work import pipeline
from tests import pictures
from tests.pictures import encode

LIMITS = Limits(max_bytes=5_000_000, max_pixels=4_000_000)


def png_bomb(width: int = 60_000, height: int = 60_000) -> bytes:
    """A PNG of a hundred bytes that declares billions of pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(64)))
        + chunk(b"IEND", b"")
    )


def mean_colour(content: bytes) -> list[float]:
    image, _ = open_image(content, LIMITS)
    assert image.mode == "RGB"
    return np.asarray(image).reshape(-1, 3).mean(axis=0).tolist()


@pytest.mark.parametrize("kind", FORMATS)
def test_every_accepted_format_can_be_opened(kind):
    content = encode(pictures.draw("disc-b"), kind)
    facts = inspect_image(content, LIMITS)
    assert (facts.format, facts.width, facts.height, facts.notes) == (kind, 96, 72, ())
    pixels, _ = load_pixels(content, LIMITS)
    assert pixels.shape == (224, 224, 3)
    assert pixels.dtype == np.uint8


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("1", "PNG"),
        ("L", "PNG"),
        ("P", "PNG"),
        ("LA", "PNG"),
        ("RGBA", "PNG"),
        ("CMYK", "TIFF"),
        ("CMYK", "JPEG"),
        ("YCbCr", "JPEG"),
    ],
)
def test_every_mode_becomes_rgb(mode, kind):
    white = Image.new("RGB", (8, 8), "white").convert(mode)
    assert np.allclose(mean_colour(encode(white, kind)), 255, atol=6)


def test_lab_becomes_rgb():
    white = Image.merge("LAB", [Image.new("L", (8, 8), value) for value in (255, 128, 128)])
    assert np.allclose(mean_colour(encode(white, "TIFF")), 255, atol=6)


def test_sixteen_bits_are_scaled_and_not_clipped():
    ramp = np.linspace(0, 65535, 64).astype(np.uint16).reshape(8, 8)
    image, _ = open_image(encode(Image.fromarray(ramp)), LIMITS)
    assert np.asarray(image)[..., 0] == pytest.approx(ramp / 257, abs=1)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.full((4, 4), 0.5, np.float32), 127.5),
        (np.full((4, 4), 100.0, np.float32), 100),
        (np.full((4, 4), 32767.5, np.float32), 127.5),
        (np.array([[0, 1e6]] * 2, np.float32), 127.5),
        (np.full((4, 4), 65535, np.int32), 255),
        (np.full((4, 4), np.nan, np.float32), 0),
    ],
)
def test_floats_and_integers_are_scaled_to_their_range(values, expected):
    assert mean_colour(encode(Image.fromarray(values), "TIFF"))[0] == pytest.approx(expected, abs=1)


def test_alpha_is_laid_over_white():
    half = Image.new("RGBA", (8, 8), (0, 0, 0, 128))
    assert mean_colour(encode(half)) == pytest.approx([127, 127, 127], abs=1)
    palette = Image.new("P", (8, 8), 0)
    palette.putpalette([200, 0, 0])
    assert mean_colour(encode(palette, transparency=0)) == pytest.approx([255, 255, 255], abs=1)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_turned_upright_by_exif(orientation):
    upright = pictures.draw("corner-b", (64, 48))
    back = {
        2: [Image.Transpose.FLIP_LEFT_RIGHT],
        3: [Image.Transpose.ROTATE_180],
        4: [Image.Transpose.FLIP_TOP_BOTTOM],
        5: [Image.Transpose.TRANSPOSE],
        6: [Image.Transpose.ROTATE_90],
        7: [Image.Transpose.TRANSVERSE],
        8: [Image.Transpose.ROTATE_270],
    }
    stored = upright
    for method in back.get(orientation, []):
        stored = stored.transpose(method)
    exif = Image.Exif()
    exif[0x0112] = orientation
    image, facts = open_image(encode(stored, exif=exif.tobytes()), LIMITS)
    assert np.array_equal(np.asarray(image), np.asarray(upright))
    assert (facts.width, facts.height) == (64, 48)


def test_an_embedded_profile_is_converted_to_srgb():
    image = Image.new("RGB", (8, 8), (128, 128, 128))
    linear = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    with_srgb = encode(
        image, icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    )
    assert mean_colour(with_srgb) == pytest.approx([128] * 3, abs=1)
    # A profile of another colour space than the pixels, and one that is none, are ignored.
    assert mean_colour(encode(image, icc_profile=linear.tobytes())) == [128] * 3
    assert mean_colour(encode(image, icc_profile=b"no profile")) == [128] * 3


def test_a_wide_gamut_profile_moves_colours():
    wide = wide_gamut_profile()
    plain = encode(Image.new("RGB", (8, 8), (60, 160, 60)))
    tagged = encode(Image.new("RGB", (8, 8), (60, 160, 60)), icc_profile=wide)
    assert mean_colour(tagged)[0] < mean_colour(plain)[0] - 5


def wide_gamut_profile() -> bytes:
    """An sRGB profile whose green primary is moved outwards."""
    content = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = int.from_bytes(content[128:132], "big")
    for index in range(count):
        entry = 132 + 12 * index
        if content[entry : entry + 4] == b"gXYZ":
            offset = int.from_bytes(content[entry + 4 : entry + 8], "big") + 8
            for position, value in enumerate((0.2, 0.75, 0.05)):
                start = offset + 4 * position
                content[start : start + 4] = int(value * 65536).to_bytes(4, "big")
    return bytes(content)


def test_draft_decoding_stays_near_the_full_decoding():
    content = encode(pictures.draw("disc-a", (1600, 1200)), "JPEG", quality=95)
    pixels, facts = load_pixels(content, LIMITS)
    full = Image.open(io.BytesIO(content)).resize((224, 224), Image.Resampling.BICUBIC)
    assert (facts.width, facts.height) == (1600, 1200)
    assert np.abs(pixels.astype(int) - np.asarray(full)).mean() < 2


def test_the_first_frame_of_several_is_used():
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue", "lime")]
    content = encode(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert open_image(content, LIMITS)[1].notes == ("first_frame",)
    assert mean_colour(content) == pytest.approx([255, 0, 0], abs=3)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "image_empty"),
        (b"just some text, named .jpg", "image_unknown_format"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "image_unknown_format"),
        (b"<!doctype html><script>alert(1)</script>", "image_unknown_format"),
        (png_bomb(), "image_bomb"),
        (png_bomb(3000, 3000), "image_too_many_pixels"),
        (bytes(5_000_001), "image_too_many_bytes"),
        (encode(pictures.draw("disc-a", (400, 400)), "JPEG")[:5000], "image_broken"),
        (encode(pictures.draw("disc-a"))[:400], "image_broken"),
        (encode(pictures.draw("disc-a"), "TIFF")[:300], "image_broken"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_bad_files_are_refused_with_the_reason(content, code):
    for read in (open_image, load_pixels):
        with pytest.raises(ImageError) as caught:
            read(content, LIMITS)
        assert caught.value.code == code


def test_the_messages_say_what_was_found_and_what_is_accepted():
    with pytest.raises(ImageError, match=r"6\.0 MB\. The limit is 5 MB"):
        check_size(6_000_000, LIMITS)
    with pytest.raises(ImageError, match=r"3000 x 3000 pixels\. The limit is 4 million"):
        inspect_image(png_bomb(3000, 3000), LIMITS)
    with pytest.raises(ImageError, match="JPEG, PNG, WebP, TIFF, GIF, BMP, AVIF, JPEG 2000"):
        inspect_image(b"text", LIMITS)


@pytest.mark.parametrize(
    ("size", "count"), [((400, 100), 6), ((100, 700), 11), ((300, 100), 0), ((100, 300), 0)]
)
def test_only_a_long_picture_has_windows(size, count):
    found = to_windows(pictures.draw("disc-a", size))
    assert len(found) == count
    assert [box for box, _ in found] == (windows(*size) if count else [])
    for _, pixels in found:
        assert pixels.shape == (224, 224, 3)
        assert pixels.dtype == np.uint8


def test_a_window_shows_its_part_of_the_picture():
    """Bands of one colour each, as wide as the picture is high."""
    bands = np.repeat(np.arange(4, dtype=np.uint8) * 60, 100)
    picture = Image.fromarray(np.broadcast_to(bands[None, :, None], (100, 400, 3)).copy())
    found = to_windows(picture)
    assert np.ptp(found[0][1]) == 0
    assert [found[0][1].mean(), found[-1][1].mean()] == [0, 180]
    upright = to_windows(picture.transpose(Image.Transpose.ROTATE_270))
    assert [each.mean() for _, each in upright] == [each.mean() for _, each in found]


@pytest.mark.parametrize(
    ("size", "count"), [((140, 100), 0), ((150, 100), 2), ((100, 200), 3), ((400, 100), 6)]
)
def test_a_query_that_is_clearly_longer_than_wide_or_high_has_windows(size, count):
    decoded = pipeline.decode_picture(pictures.png("disc-a", size), QUERY._replace(features=0))
    assert len(decoded.windows) == count
    assert decoded.features is None


@pytest.mark.parametrize(("size", "count"), [((400, 100), 6), ((100, 700), 11), ((96, 72), 0)])
def test_a_decoded_picture_has_the_windows_of_its_image(size, count):
    decoded = pipeline.decode_picture(pictures.png("disc-a", size))
    assert decoded.pixels.shape == (224, 224, 3)
    assert len(decoded.windows) == count
