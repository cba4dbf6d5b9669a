"""Files that decoders stumble over: what is decodable is decoded, the rest has a reason."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from stylesim_app.core.errors import ImageError
from stylesim_app.core.images import FORMATS, Limits, open_image, read_header
from stylesim_app.core.opening import decoding
from tests import odd_pictures
from tests.odd.tiffs import tiff
from tests.odd_pictures import MAKERS, grey, mutants, odd_picture, shown
from tests.pictures import encode

LIMITS = Limits(max_bytes=5_000_000, max_pixels=4_000_000)
#: Mean difference of channels that lossy formats, palettes and inks are allowed.
NEAR = 12


def difference(content: bytes) -> float:
    image, _ = open_image(content, LIMITS)
    found, expected = np.asarray(image).astype(float), np.asarray(shown()).astype(float)
    if np.ptp(found, axis=2).max() == 0:
        expected = np.repeat(grey()[..., None], 3, axis=2).astype(float)
    return float(np.abs(found - expected).mean())


@pytest.mark.parametrize("name", MAKERS)
def test_odd_but_valid_files_show_their_picture(name):
    assert difference(odd_picture(name)) < NEAR


@pytest.mark.parametrize("name", MAKERS)
def test_the_header_alone_accepts_odd_but_valid_files(name, monkeypatch):
    content = odd_picture(name)

    def refuse(*_):
        raise AssertionError("a pixel was decoded")

    for kind in (Image.Image, TiffImagePlugin.TiffImageFile):
        monkeypatch.setattr(kind, "load", refuse)
    facts = read_header(io.BytesIO(content), len(content), LIMITS)
    assert (facts.width, facts.height) == odd_pictures.SIZE
    assert name.rpartition(".")[2] in FORMATS[facts.format]


@pytest.mark.parametrize(
    ("name", "notes"),
    [
        ("animation.gif", ["first_frame"]),
        ("animation.webp", ["first_frame"]),
        ("animation.png", ["first_frame"]),
        ("pages.tif", ["first_page"]),
        ("second_page_is_broken.tif", ["first_page"]),
        ("mpo.jpg", []),
        ("still.gif", []),
        ("lzw.tif", []),
    ],
)
def test_what_was_left_out_is_noted_pages_as_pages(name, notes):
    assert list(open_image(odd_picture(name), LIMITS)[1].notes) == notes


def test_a_camera_file_of_several_pictures_is_a_jpeg():
    assert open_image(odd_picture("mpo.jpg"), LIMITS)[1].format == "JPEG"
    assert "mpo" in FORMATS["JPEG"]


def test_an_orientation_is_read_although_other_tags_are_odd():
    odd = odd_pictures.jpeg_tags(
        (0x112, 3, 1, b"\x06\0\0\0"), (0x13B, 11, 1, b"\0\0\x80\x3f"), (0x11A, 2, 3, b"72\0\0")
    )
    image, facts = open_image(encode(shown(), "JPEG", exif=odd), LIMITS)
    assert image.size == (facts.width, facts.height) == (72, 96)
    turned = np.asarray(shown().transpose(Image.Transpose.ROTATE_270)).astype(float)
    assert np.abs(np.asarray(image) - turned).mean() < NEAR


def test_a_tiff_of_many_directories_reads_only_its_first(monkeypatch):
    read = []
    load = TiffImagePlugin.ImageFileDirectory_v2.load

    def count(directory, file):
        read.append(directory)
        return load(directory, file)

    monkeypatch.setattr(TiffImagePlugin.ImageFileDirectory_v2, "load", count)
    content = odd_pictures.many_directories()
    assert open_image(content, LIMITS)[1].notes == ("first_page",)
    assert len(read) <= 2


def test_white_ink_on_transparency_is_laid_over_grey_and_noted():
    image, facts = open_image(encode(odd_pictures.white_ink()), LIMITS)
    assert facts.notes == ("laid_over_grey",)
    assert np.ptp(np.asarray(image)) > 20


def test_an_empty_transparent_page_stays_white():
    image, facts = open_image(encode(Image.new("RGBA", (8, 8), (0, 0, 0, 0))), LIMITS)
    assert facts.notes == ()
    assert image.getextrema() == ((255, 255),) * 3


def test_transparency_of_sixteen_bits_names_one_value():
    values = grey() * 257
    values[:10] = 65535
    content = odd_pictures.with_chunk(encode(Image.fromarray(values)), b"tRNS", b"\xff\xff")
    assert (np.asarray(open_image(content, LIMITS)[0])[:10] == 255).all()


def test_a_wrong_checksum_of_the_pixels_is_noted():
    content = bytearray(encode(shown()))
    at = content.index(b"IDAT")
    (length,) = np.frombuffer(content[at - 4 : at], ">u4")
    content[at + 4 + int(length)] ^= 1
    image, facts = open_image(bytes(content), LIMITS)
    assert facts.notes == ("read_with_errors",)
    assert np.array_equal(np.asarray(image), np.asarray(shown()))


def test_a_png_without_its_end_is_refused_by_its_header():
    content = encode(shown())[:-20]
    with pytest.raises(ImageError, match="truncated"):
        read_header(io.BytesIO(content), len(content), LIMITS)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (KeyError("a\0b"), "image_broken"),
        (RecursionError(), "image_broken"),
        (AssertionError(), "image_broken"),
        (MemoryError(), "image_too_much_memory"),
        (OSError("out of memory error"), "image_too_much_memory"),
        (Image.DecompressionBombError("large"), "image_bomb"),
    ],
)
def test_whatever_a_decoder_raises_has_a_reason(error, code):
    with pytest.raises(ImageError) as caught, decoding():
        raise error
    assert caught.value.code == code
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (encode(shown(), "JPEG")[:900], "cut_short"),
        (encode(shown())[:-30], "cut_short"),
        (encode(shown(), "BMP")[:-900], "cut_short"),
        (encode(shown(), "TIFF")[:-900], "cut_short"),
        (encode(shown(), "GIF")[:900], "cut_short"),
        (encode(shown(), "AVIF")[:-90], "cut_short"),
        (tiff(np.zeros((9, 9, 3)), 2, sample=3), "unsupported"),
        (tiff(grey()[..., None].astype(np.uint8), 1234), "unsupported"),
    ],
)
def test_common_causes_are_named(content, cause):
    with pytest.raises(ImageError) as caught:
        open_image(content, LIMITS)
    assert (caught.value.code, caught.value.params["cause"]) == ("image_broken", cause)


def test_damaged_files_are_decoded_or_refused_with_a_reason():
    reasons = []
    for _, content in mutants(140, seed=1):
        for read in (open_image, lambda data, limits: read_header(io.BytesIO(data), 1, limits)):
            try:
                read(content, LIMITS)
            except ImageError as error:
                reasons.append(str(error))
    assert len(reasons) > 20
    assert all(reason.isprintable() for reason in reasons)
