"""Local features: number, spread, scale, the border, and the mirror image."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageOps

from stylesim_app.core.same_picture import features as features_module
from stylesim_app.core.same_picture.border import find_inside
from stylesim_app.core.same_picture.detail import QUERY, WORK
from stylesim_app.core.same_picture.features import (
    DESCRIPTOR_SIZE,
    LONG_SIDE,
    LocalFeatures,
    extract_features,
    to_root_sift,
)

from .drawn import draw, works_features


def paired(first: LocalFeatures, second: LocalFeatures) -> tuple[np.ndarray, np.ndarray]:
    """Indices of features that lie within a pixel, and have the same size and direction."""
    distances = np.hypot(*(first.points[:, None] - second.points).transpose(2, 0, 1))
    octaves = np.abs(np.log2(first.sizes[:, None] / second.sizes))
    degrees = np.abs((first.angles[:, None] - second.angles + 180) % 360 - 180)
    rows, columns = np.nonzero((distances < 1) & (octaves < 0.1) & (degrees < 4))
    return rows, columns


def test_descriptors_are_of_length_one():
    features = works_features(1)
    assert features.descriptors.shape == (len(features), DESCRIPTOR_SIZE)
    assert np.linalg.norm(features.descriptors, axis=1) == pytest.approx(1, abs=1e-5)
    assert features.descriptors.min() >= 0


def test_root_sift_turns_the_inner_product_into_the_affinity_of_bhattacharyya():
    histograms = np.random.default_rng(0).uniform(0, 255, (2, 128)).astype(np.float32)
    first, second = to_root_sift(histograms)
    left, right = (histograms / histograms.sum(axis=1, keepdims=True)).astype(np.float64)
    assert first @ second == pytest.approx(np.sqrt(left * right).sum(), rel=1e-5)


def test_a_picture_gives_at_most_the_number_asked_for():
    assert len(works_features(1)) == WORK.features
    assert len(extract_features(draw(1), WORK._replace(features=50))) == 50


@pytest.mark.parametrize("size", [(120, 90), (480, 360), (2000, 1500)])
def test_places_are_in_pixels_of_one_size(size):
    features = extract_features(draw(1).resize(size))
    assert max(features.width, features.height) == pytest.approx(LONG_SIDE)
    assert features.height == pytest.approx(LONG_SIDE * 3 / 4, abs=1)


@pytest.mark.parametrize("detail", [WORK, QUERY])
def test_points_and_sizes_do_not_depend_on_the_resolution(detail):
    reduced = extract_features(draw(1), WORK._replace(side=180))
    detailed = extract_features(draw(1), detail._replace(features=2000))
    left, right = paired(reduced, detailed)
    assert len(np.unique(left)) > 0.25 * len(reduced)
    # Half a pixel of the reduced picture is more than one of these.
    shifts = np.median(reduced.points[left] - detailed.points[right], axis=0)
    assert shifts == pytest.approx([0, 0], abs=0.1)


def test_a_large_picture_is_reduced_to_a_number_of_pixels(monkeypatch):
    asked = []
    reduce = features_module._reduce

    def note(*arguments):
        asked.append(reduce(*arguments))
        return asked[-1]

    monkeypatch.setattr(features_module, "_reduce", note)
    for size in ((1500, 1500), (3000, 300)):
        extract_features(draw(1).resize(size))
        assert asked[-1].size == pytest.approx(WORK.side**2, rel=0.02)
        assert asked[-1].shape[1] / asked[-1].shape[0] == pytest.approx(size[0] / size[1], rel=0.02)


def test_a_small_picture_is_not_enlarged(monkeypatch):
    small = draw(1).resize((120, 90))
    assert features_module._reduce(small.convert("L"), (0, 0, 120, 90), WORK.side).shape == (
        90,
        120,
    )
    enlarged = extract_features(small.resize((480, 360)), QUERY)
    assert 50 < len(extract_features(small, QUERY)) < len(enlarged)


def test_features_are_spread_over_the_picture():
    features = works_features(1)
    cells = (features.points // 128).astype(int)
    counts = np.bincount(cells[:, 1] * 4 + cells[:, 0], minlength=12)
    assert counts.min() >= 8


def test_an_array_is_read_like_an_image():
    assert np.array_equal(extract_features(np.asarray(draw(1))).points, works_features(1).points)


@pytest.mark.parametrize(
    "picture", [np.zeros((4, 4), np.float32), np.zeros((4, 4, 4), np.uint8), np.zeros(4, np.uint8)]
)
def test_another_array_is_refused(picture):
    with pytest.raises(ValueError, match=r"expected uint8 of shape .* got"):
        extract_features(picture)


@pytest.mark.parametrize("size", [(200, 150), (1, 1), (3000, 2)])
def test_a_blank_picture_has_no_features(size):
    features = extract_features(Image.new("RGB", size, "grey"))
    assert len(features) == 0
    assert features.descriptors.shape == (0, DESCRIPTOR_SIZE)
    assert len(features.mirrored()) == 0


def test_mirrored_features_are_those_of_the_mirror_image():
    calculated = works_features(1).mirrored()
    # More of them, since the spreading cells lie elsewhere in the mirror image.
    extracted = extract_features(ImageOps.mirror(draw(1)), WORK._replace(features=600))
    left, right = paired(calculated, extracted)
    assert len(np.unique(left)) > 0.8 * len(calculated)
    likeness = np.einsum("ij,ij->i", calculated.descriptors[left], extracted.descriptors[right])
    assert np.median(likeness) > 0.99


def test_mirroring_twice_changes_nothing():
    features = works_features(1)
    again = features.mirrored().mirrored()
    assert np.array_equal(again.descriptors, features.descriptors)
    assert again.points == pytest.approx(features.points, abs=1e-3)
    assert again.angles == pytest.approx(features.angles, abs=1e-3)


def test_a_uniform_border_is_found():
    grey = np.asarray(draw(1).convert("L"))
    framed = np.pad(grey, ((30, 10), (7, 50)), constant_values=240)
    assert find_inside(framed) == (7, 30, 7 + 480, 30 + 360)
    wide = np.pad(grey, ((100, 64), (16, 48)), constant_values=240)
    assert find_inside(wide) == (16, 100, 16 + 480, 100 + 360)
    assert find_inside(grey) == (0, 0, 480, 360)


@pytest.mark.parametrize("size", [(20, 15), (1, 1), (0, 0)])
def test_a_picture_that_is_all_border_is_kept(size):
    grey = np.full(size[::-1], 90, np.uint8)
    assert find_inside(grey) == (0, 0, *size)


def test_features_inside_a_border_are_those_of_the_picture():
    bordered = extract_features(ImageOps.expand(draw(1), 60, "white"))
    assert bordered.width == pytest.approx(600 * LONG_SIDE / 480, abs=1)
    features = works_features(1)
    moved = replace(bordered, points=bordered.points - np.float32(60 * LONG_SIDE / 480))
    left, right = paired(moved, features)
    assert len(np.unique(left)) > 0.95 * len(features)
    likeness = np.einsum("ij,ij->i", moved.descriptors[left], features.descriptors[right])
    assert np.median(likeness) > 0.999
