"""Damage to JPEG files that decoders pass over in silence."""

from __future__ import annotations

import pytest

from stylesim_app.core import decoding, jpeg
from stylesim_app.core.errors import ImageError
from stylesim_app.core.images import Limits, open_image
from tests.odd import ODD_FILES, content_of
from tests.pictures import draw, encode

LIMITS = Limits(max_bytes=5_000_000, max_pixels=4_000_000)


def whole(**options: object) -> bytes:
    return encode(draw("disc-a", (400, 300)), "JPEG", quality=95, **options)


def with_marker(content: bytes, marker: int) -> bytes:
    """A JPEG with a marker amid its coded pixels."""
    at = content.index(b"\xff\xda") + 2000
    return content[:at] + bytes([0xFF, marker]) + content[at + 2 :]


def test_sound_files_are_not_called_damaged():
    names = [name for name in ODD_FILES if name.endswith((".jpg", ".mpo"))]
    files = {name: content_of(name) for name in names}
    jpegs = {name: content for name, content in files.items() if content.startswith(b"\xff\xd8")}
    assert len(jpegs) > 70
    assert [name for name, content in jpegs.items() if jpeg.is_damaged(content)] == []


@pytest.mark.parametrize(
    "content",
    [
        whole()[:-2],
        whole()[:5000],
        with_marker(whole(), 0xC0),
        with_marker(whole(), 0x07),
        with_marker(whole(), 0xD3),
        whole(restart_marker_rows=1).replace(b"\xff\xd2", b"\xff\xd4"),
        b"\xff\xd8" + b"\0" + whole()[2:],
    ],
    ids=["no end", "cut", "header", "unknown", "restart", "restarts in disorder", "noise"],
)
def test_markers_that_are_missing_or_out_of_place_are_damage(content):
    assert jpeg.is_damaged(content)


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("missing", [1, 2])
def test_a_jpeg_that_lacks_nothing_but_the_marker_of_its_end_is_read(missing, progressive):
    content = whole(progressive=progressive)
    image, facts = open_image(content[:-missing], LIMITS)
    assert facts.notes == ("read_with_errors",)
    assert image.tobytes() == open_image(content, LIMITS)[0].tobytes()


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("missing", [20, 2000])
def test_a_jpeg_that_lacks_pixels_is_refused(missing, progressive):
    with pytest.raises(ImageError) as caught:
        open_image(whole(progressive=progressive)[:-missing], LIMITS)
    assert caught.value.params["cause"] == "cut_short"


def test_damage_is_noted_wherever_a_file_is_opened():
    content = whole(restart_marker_rows=1)
    damaged = content.replace(b"\xff\xd2", b"\xff\xd4")
    assert open_image(content, LIMITS)[1].notes == ()
    assert open_image(damaged, LIMITS)[1].notes == ("read_with_errors",)


@pytest.mark.parametrize("sides", [(), (240,)])
def test_all_of_a_jpeg_is_read_for_complaints_where_it_is_stored(monkeypatch, sides):
    heard: list[bytes] = []
    monkeypatch.setattr(decoding, "has_opencv", lambda: True)
    monkeypatch.setattr(decoding, "_listen", heard.append)
    decoding.decode(whole(), decoding.Request(LIMITS, sides=sides))
    decoding.decode(encode(draw("disc-a")), decoding.Request(LIMITS, sides=sides))
    assert heard == ([whole()] if sides else [])
