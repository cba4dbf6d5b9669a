"""Plane transforms and polygons against their definitions."""

from __future__ import annotations

import numpy as np
import pytest

from stylesim_app.core.same_picture import transforms

MATRIX = np.array([[1.1, 0.2, 5], [-0.1, 0.9, 3], [2e-4, -3e-4, 1]])


def test_points_are_mapped_by_the_definition():
    x, y = 30.0, 70.0
    u, v, w = MATRIX @ [x, y, 1]
    mapped = transforms.apply_transform(MATRIX, np.array([[x, y]]))
    assert mapped[0] == pytest.approx([u / w, v / w])
    assert transforms.depths(MATRIX, np.array([[x, y]]))[0] == pytest.approx(w)


def test_derivatives_are_differences_in_the_limit():
    point, step = np.array([[30.0, 70.0]]), 1e-5
    columns = [
        (
            transforms.apply_transform(MATRIX, point + move)
            - transforms.apply_transform(MATRIX, point - move)
        )[0]
        / (2 * step)
        for move in np.eye(2) * step
    ]
    expected = np.stack(columns, axis=1)
    assert transforms.jacobians(MATRIX, point)[0] == pytest.approx(expected, rel=1e-6)


def test_areas_and_turns():
    frame = transforms.frame_of(4, 3)
    assert transforms.area_of(frame) == 12
    assert transforms.area_of(frame[::-1]) == -12
    assert transforms.area_of(np.empty((0, 2))) == 0
    assert transforms.is_convex(frame)
    assert not transforms.is_convex(frame[::-1])
    assert not transforms.is_convex(frame[[0, 2, 1, 3]])


@pytest.mark.parametrize(
    ("polygon", "area"),
    [
        ([[1, 1], [3, 1], [3, 2], [1, 2]], 2),
        ([[-9, -9], [9, -9], [9, 9], [-9, 9]], 12),
        ([[-2, 1], [2, 1], [2, 2], [-2, 2]], 2),
        # A square on its corner: half of it lies left of the picture.
        ([[0, 0.5], [1, 1.5], [0, 2.5], [-1, 1.5]], 1),
        ([[5, 5], [6, 5], [6, 6], [5, 6]], 0),
    ],
)
def test_clipping_keeps_what_lies_inside(polygon, area):
    clipped = transforms.clip_to_frame(np.array(polygon, np.float64), 4, 3)
    assert transforms.area_of(clipped) == pytest.approx(area)
    assert ((clipped >= 0) & (clipped <= [4, 3])).all()
