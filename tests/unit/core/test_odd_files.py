"""Several hundred odd but valid files: each shows its picture."""

from __future__ import annotations

import io

import pytest

from stylesim_app.core.images import FORMATS, Limits, open_image, read_header
from tests.odd import ODD_FILES, Odd, content_of
from tests.odd.kinds import difference
from tests.odd_pictures import shown

LIMITS = Limits(max_bytes=5_000_000, max_pixels=4_000_000)


def fault_of(name: str, odd: Odd) -> str:
    """The fault of a file as it is read; nothing if all is well."""
    content = content_of(name)
    facts = read_header(io.BytesIO(content), len(content), LIMITS)
    if sorted((facts.width, facts.height)) != sorted(odd.size):
        return f"the header has {facts}"
    image, facts = open_image(content, LIMITS)
    if image.size != odd.size or (facts.width, facts.height) != odd.size:
        return f"read as {facts}"
    if "read_with_errors" in facts.notes:
        return "read with errors"
    distance = difference(image, shown())
    return "" if odd.near is None or distance < odd.near else f"differs by {distance:.0f}"


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize("kind", FORMATS)
def test_odd_but_valid_files_show_their_picture(kind):
    endings = tuple("." + ending for ending in FORMATS[kind])
    files = {name: odd for name, odd in ODD_FILES.items() if name.lower().endswith(endings)}
    assert len(files) > 8
    assert {name: fault for name, odd in files.items() if (fault := fault_of(name, odd))} == {}


def test_the_odd_files_are_many_and_differ():
    assert len({content_of(name) for name in ODD_FILES}) == len(ODD_FILES) > 400


def test_a_large_tiff_is_recognised_in_both_byte_orders():
    for name, start in (("big_long_strip.tif", b"MM\0+"), ("little_long_strip.tif", b"II+\0")):
        content = content_of(name)
        assert content.startswith(start)
        assert read_header(io.BytesIO(content), len(content), LIMITS).format == "TIFF"
