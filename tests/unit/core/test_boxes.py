"""Boxes, grids of regions, and the windows of long pictures."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stylesim_app.core.boxes import MAX_WINDOWS, WHOLE, Box, check_box, grid, windows

SHARES = st.floats(0.01, 1)


@st.composite
def boxes(draw):
    width, height = draw(SHARES), draw(SHARES)
    return Box(draw(st.floats(0, 1 - width)), draw(st.floats(0, 1 - height)), width, height)


def test_a_grid_of_three_scales_has_fourteen_boxes_inside_the_picture():
    boxes = grid(3)
    assert [len(grid(scale)) for scale in (1, 2, 3)] == [1, 5, 14]
    assert boxes[0] == WHOLE
    assert boxes[1] == pytest.approx((0, 0, 2 / 3, 2 / 3))
    assert boxes[-1] == pytest.approx((1 / 2, 1 / 2, 1 / 2, 1 / 2))
    for box in boxes:
        check_box(box)


@given(st.integers(1, 5000), st.integers(1, 5000))
def test_windows_cover_the_long_side_without_a_gap(width, height):
    found = windows(width, height)
    if max(width, height) <= 3 * min(width, height):
        assert found == [WHOLE]
        return
    assert 5 <= len(found) <= MAX_WINDOWS
    turned = [(box.left, box.width) if width > height else (box.top, box.height) for box in found]
    assert turned[0][0] == 0
    assert sum(turned[-1]) == pytest.approx(1)
    for (start, length), (following, _) in pairwise(turned):
        assert start < following < start + length
    for box in found:
        check_box(box)


def test_windows_are_squares_until_there_are_too_many():
    box = windows(5000, 1000)[1]
    assert (box.width * 5000, box.height * 1000) == pytest.approx((1000, 1000))
    box = windows(100, 5000)[1]
    assert box.height * 5000 > box.width * 100


@pytest.mark.parametrize("size", [(0, 5), (5, 0), (-1, 5)])
def test_a_picture_without_pixels_has_no_windows(size):
    with pytest.raises(ValueError, match="at least 1 pixel, got"):
        windows(*size)


@pytest.mark.parametrize(
    "box",
    [
        (0, 0, 0, 1),
        (0, 0, 1, -0.5),
        (0.5, 0, 0.6, 1),
        (-0.1, 0, 0.5, 0.5),
        (0, float("nan"), 1, 1),
    ],
)
def test_a_box_outside_the_picture_or_without_area_is_refused(box):
    with pytest.raises(ValueError, match="within 0 to 1, got"):
        check_box(Box(*box))


def test_a_box_of_a_window_is_given_in_shares_of_the_picture():
    assert Box(0.5, 0.5, 0.5, 0.5).inside(Box(0.2, 0, 0.4, 1)) == pytest.approx(
        (0.4, 0.5, 0.2, 0.5)
    )


def test_overlap_is_the_intersection_over_the_union():
    box = Box(0, 0, 0.5, 0.5)
    assert box.overlap(box) == pytest.approx(1)
    assert box.overlap(Box(0.5, 0.5, 0.5, 0.5)) == 0
    assert box.overlap(Box(0.25, 0, 0.5, 0.5)) == pytest.approx(1 / 3)
    assert Box(0.25, 0, 0.5, 0.5).overlap(box) == pytest.approx(1 / 3)


@given(boxes(), boxes())
def test_a_box_within_another_is_contained_and_found_again(inner, outer):
    box = inner.inside(outer)
    assert outer.contains(box)
    assert box.relative_to(outer) == pytest.approx(inner, abs=1e-9)
    assert box.relative_to(WHOLE) == box


@pytest.mark.parametrize(
    ("other", "contained"),
    [
        ((0.2, 0.2, 0.5, 0.5), True),
        ((0.2, 0.2, 0.5 + 1e-9, 0.5), True),
        ((0.3, 0.4, 0.1, 0.1), True),
        ((0.19, 0.2, 0.3, 0.3), False),
        ((0.2, 0.19, 0.3, 0.3), False),
        ((0.5, 0.3, 0.21, 0.1), False),
        ((0.3, 0.5, 0.1, 0.21), False),
        ((0.8, 0.8, 0.1, 0.1), False),
    ],
)
def test_a_box_contains_what_has_no_part_outside(other, contained):
    assert Box(0.2, 0.2, 0.5, 0.5).contains(Box(*other)) is contained


@given(boxes(), st.integers(1, 3000), st.integers(1, 3000))
def test_pixels_of_a_box_are_within_half_a_pixel_and_never_none(box, width, height):
    left, top, right, bottom = box.to_pixels(width, height)
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
    if box.width * width >= 1 and box.height * height >= 1:
        edges = (box.left * width, box.top * height)
        ends = ((box.left + box.width) * width, (box.top + box.height) * height)
        assert (left, top) == pytest.approx(edges, abs=1)
        assert (right, bottom) == pytest.approx(ends, abs=1)


def test_a_box_thinner_than_a_pixel_at_the_edge_is_the_last_pixel():
    assert Box(0.999, 0.999, 0.001, 0.001).to_pixels(100, 50) == (99, 49, 100, 50)
