"""Geometric verification: known transforms are recovered, degenerate ones are refused."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageOps

from stylesim_app.core.same_picture import transforms
from stylesim_app.core.same_picture.features import LocalFeatures
from stylesim_app.core.same_picture.geometry import is_degenerate, verify

from .drawn import draw, query_features, random_features, works_features


def verified(picture: Image.Image):
    """The better verification of the work drawn with seed 1 in a picture, as a search finds it."""
    query = query_features(picture)
    found = [
        verify(query, works_features(1)),
        verify(query.mirrored(), works_features(1), mirrored=True),
    ]
    return max((each for each in found if each is not None), key=lambda each: each.inliers)


def test_a_picture_is_found_in_itself():
    found = verified(draw(1))
    # The query is examined in more detail than the work, so that some features are others.
    assert found.inliers > 150
    assert found.transform == pytest.approx(np.eye(3), abs=0.01)
    assert not found.mirrored
    assert found.turned == pytest.approx(0, abs=0.5)
    assert found.scale == pytest.approx(1, abs=0.01)
    assert found.stretch == pytest.approx(1, abs=0.02)
    assert found.covered == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("degrees", [0, 10, 90, 135, 180, -90])
@pytest.mark.parametrize("mirrored", [False, True])
def test_mirroring_and_turns_are_recovered(degrees, mirrored):
    picture = ImageOps.mirror(draw(1)) if mirrored else draw(1)
    # Pillow turns counter-clockwise.
    found = verified(picture.rotate(-degrees, expand=True, resample=Image.Resampling.BICUBIC))
    assert found.mirrored is mirrored
    assert (found.turned - degrees + 180) % 360 - 180 == pytest.approx(0, abs=1)
    assert found.covered == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_crop_is_found_with_its_place(mirrored):
    box = (60, 90, 348, 306)
    crop = draw(1).crop(box)
    found = verified(ImageOps.mirror(crop) if mirrored else crop)
    assert found.covered == pytest.approx(0.36, abs=0.02)
    assert found.scale == pytest.approx(1 / 0.6, abs=0.03)
    region = found.candidate_region * (480, 360)
    assert region.min(axis=0) == pytest.approx(box[:2], abs=4)
    assert region.max(axis=0) == pytest.approx(box[2:], abs=4)
    assert found.query_region.min(axis=0) == pytest.approx([0, 0], abs=0.01)
    assert found.query_region.max(axis=0) == pytest.approx([1, 1], abs=0.01)


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_picture_is_found_within_another(mirrored):
    scene = draw(2).copy()
    small = draw(1).resize((240, 180))
    scene.paste(ImageOps.mirror(small) if mirrored else small, (200, 100))
    found = verified(scene)
    assert found.mirrored is mirrored
    assert found.covered == pytest.approx(1, abs=0.02)
    assert found.scale == pytest.approx(0.5, abs=0.02)
    region = found.query_region * (480, 360)
    assert region.min(axis=0) == pytest.approx([200, 100], abs=4)
    assert region.max(axis=0) == pytest.approx([440, 280], abs=4)


def test_the_transform_maps_one_region_on_the_other():
    found = verified(ImageOps.mirror(draw(1)).crop((100, 50, 400, 330)).rotate(15))
    assert found.transform == pytest.approx(found.transform / found.transform[2, 2])
    mapped = transforms.apply_transform(found.transform, found.candidate_region)
    assert mapped == pytest.approx(found.query_region, abs=1e-6)


def test_an_unequal_scale_is_recovered():
    found = verified(draw(1).resize((600, 360)))
    assert found.stretch == pytest.approx(1.25, abs=0.03)
    assert found.covered == pytest.approx(1, abs=0.02)


def test_a_perspective_is_recovered():
    corners = np.array([[40, 10], [450, 60], [430, 330], [20, 350]], np.float64)
    frame = transforms.frame_of(480, 360)
    back = _projective(corners, frame)
    picture = draw(1).transform(
        (480, 360), Image.Transform.PERSPECTIVE, list(back.reshape(9)[:8]), Image.Resampling.BICUBIC
    )
    found = verified(picture)
    seen = transforms.apply_transform(found.transform, transforms.frame_of(1, 1)) * (480, 360)
    assert seen == pytest.approx(corners, abs=4)


@pytest.mark.parametrize("seed", range(2, 8))
def test_other_pictures_have_few_inliers(seed):
    query = query_features(draw(seed))
    for features, mirrored in ((query, False), (query.mirrored(), True)):
        found = verify(features, works_features(1), mirrored)
        assert found is None or found.inliers < 20


@pytest.mark.parametrize("count", [0, 1, 2, 5, 300])
def test_random_features_are_not_verified(count):
    assert verify(random_features(count, 1), random_features(300, 2)) is None
    assert verify(random_features(300, 1), random_features(count, 2)) is None


def test_features_in_one_place_are_no_proof_of_a_picture():
    """A date stamp or a watermark that two pictures share covers next to nothing of either."""
    features = random_features(300)
    stamp = LocalFeatures(
        512.0,
        400.0,
        features.points * np.float32(0.03) + np.float32(200),
        features.sizes,
        features.angles,
        features.descriptors,
    )
    assert verify(stamp, stamp) is None
    assert verify(features, features) is not None


def _similarity(scale: float, degrees: float) -> np.ndarray:
    cosine, sine = scale * np.cos(np.radians(degrees)), scale * np.sin(np.radians(degrees))
    return np.array([[cosine, -sine, 40], [sine, cosine, 30], [0, 0, 1]])


@pytest.mark.parametrize("degrees", [0, 37, 180])
@pytest.mark.parametrize("scale", [0.3, 1, 4])
def test_similarities_are_not_degenerate(scale, degrees):
    assert not is_degenerate(_similarity(scale, degrees), random_features(1))


@pytest.mark.parametrize(
    "matrix",
    [
        _similarity(0.01, 0),
        _similarity(100, 0),
        np.diag([1.0, -1, 1]),
        np.diag([1.0, 0.2, 1]),
        np.diag([1.0, 0, 1]),
        np.diag([1.0, 1, 0]),
        np.zeros((3, 3)),
        np.full((3, 3), np.nan),
        np.array([[1, 2, 0], [0.5, 1, 0], [0, 0, 1]]),
        # The horizon crosses the picture.
        np.array([[1, 0, 0], [0, 1, 0], [-0.004, 0, 1]]),
        # It does not, but one side is seen many times as large as the other.
        np.array([[1, 0, 0], [0, 1, 0], [-0.0018, 0, 1]]),
    ],
)
def test_degenerate_transforms_are_refused(matrix):
    assert is_degenerate(np.asarray(matrix, np.float64), random_features(1))


def _projective(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    rows = []
    for (x, y), (u, v) in zip(source, target, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y])
    return np.append(np.linalg.solve(rows, target.reshape(8)), 1).reshape(3, 3)
