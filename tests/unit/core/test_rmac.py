"""R-MAC: pooling, and vectors of pictures and regions, against the definition."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from stylesim_app.core.boxes import WHOLE, Box, grid, windows
from stylesim_app.core.descriptors import Descriptor, Provenance, Window
from stylesim_app.core.errors import DescriptorError
from stylesim_app.core.rmac import REGION_SIZE, WHOLE_SIZE, RegionWhitening, pool_boxes, to_map
from tests.synthetic import SMALL_CHANNELS

from . import part_oracles, small_pictures


@pytest.fixture
def works(small_network):
    return small_pictures.draw(40)


@pytest.fixture
def whitening(works):
    return RegionWhitening.fit(works)


@pytest.fixture
def long(works) -> Descriptor:
    """A picture four times as wide as high; its windows show what other works do."""
    boxes = windows(400, 100)
    shown = [work.content for work in works[1 : len(boxes) + 1]]
    return dataclasses.replace(works[0], windows=tuple(map(Window, boxes, shown)))


@pytest.fixture
def wide(works) -> Descriptor:
    """A query twice as wide as high; its windows show what other works do."""
    boxes = windows(200, 100, longest=1.4)
    shown = [work.content for work in works[1 : len(boxes) + 1]]
    return dataclasses.replace(works[0], windows=tuple(map(Window, boxes, shown)))


@pytest.mark.parametrize(
    "box", [*grid(3), Box(0.31, 0.02, 0.2, 0.9), Box(0.999, 0.999, 0.001, 0.001)]
)
def test_a_box_is_pooled_over_the_cells_that_it_touches(works, box):
    feature_map = to_map(works[0].content)
    assert feature_map.shape == (SMALL_CHANNELS, 14, 14)
    np.testing.assert_allclose(
        pool_boxes(feature_map, [box])[0], part_oracles.maxima(feature_map, box), atol=1e-6
    )


def test_vectors_are_those_of_the_definition(works, whitening):
    """A small network has fewer channels than a vector has numbers, so that none are dropped."""
    wholes = np.stack([whitening.describe_whole(work) for work in works])
    regions = np.concatenate([whitening.describe_regions(work)[0] for work in works])
    expected_wholes, expected_regions = part_oracles.rmac(works)
    np.testing.assert_allclose(wholes @ wholes.T, expected_wholes, atol=0.02)
    np.testing.assert_allclose(regions @ regions.T, expected_regions, atol=0.02)
    assert wholes.shape[1] == WHOLE_SIZE == 256
    assert regions.shape[1] == REGION_SIZE == 128
    assert whitening.describe_regions(works[0])[1] == grid(3)


def test_a_box_that_is_a_region_has_the_vector_of_the_region(works, whitening):
    for box, vector in zip(grid(3), whitening.describe_regions(works[5])[0], strict=True):
        np.testing.assert_allclose(whitening.describe_box(works[5], box), vector, atol=1e-6)


def test_the_regions_of_a_long_picture_are_its_windows(works, whitening, long):
    regions, boxes = whitening.describe_regions(long)
    assert boxes == windows(400, 100)
    assert regions.shape == (len(boxes), REGION_SIZE)
    for number, region in enumerate(regions):
        expected = whitening.describe_regions(works[number + 1])[0].sum(axis=0)
        np.testing.assert_allclose(region, expected / np.linalg.norm(expected), atol=1e-6)


def test_the_whole_of_a_long_picture_is_the_sum_of_the_regions_of_its_windows(
    works, whitening, long
):
    shown = works[1 : len(long.windows) + 1]
    pooled = [pool_boxes(to_map(each.content), grid(3)) for each in shown]
    expected = whitening.whitening.whiten(np.concatenate(pooled)).sum(axis=0)
    expected /= np.linalg.norm(expected)
    np.testing.assert_allclose(whitening.describe_whole(long), expected, atol=1e-6)
    turned = dataclasses.replace(long, windows=long.windows[::-1])
    np.testing.assert_allclose(whitening.describe_whole(turned), expected, atol=1e-6)


def test_the_windows_of_a_wide_query_are_seen_besides_it(works, whitening, wide, long):
    assert (wide.is_long, long.is_long, works[0].is_long) == (False, True, False)
    np.testing.assert_array_equal(
        whitening.describe_whole(wide), whitening.describe_whole(works[0])
    )
    for found, expected in zip(
        whitening.describe_regions(wide), whitening.describe_regions(works[0]), strict=True
    ):
        np.testing.assert_array_equal(found, expected)
    vectors = whitening.describe_windows(wide)
    assert vectors.shape == (3, WHOLE_SIZE)
    for vector, work in zip(vectors, works[1:4], strict=True):
        np.testing.assert_allclose(vector, whitening.describe_whole(work), atol=1e-6)
    assert whitening.describe_windows(works[0]).shape == (0, WHOLE_SIZE)
    restored = Descriptor.from_bytes(wide.to_bytes())
    assert not restored.is_long
    assert [window.box for window in restored.windows] == windows(200, 100, longest=1.4)


def test_a_box_of_a_long_picture_is_seen_in_the_first_window_that_contains_it(
    works, whitening, long
):
    inner = Box(0.2, 0.1, 0.5, 0.6)
    for number in (0, len(long.windows) - 1):
        box = inner.inside(long.windows[number].box)
        np.testing.assert_allclose(
            whitening.describe_box(long, box),
            whitening.describe_box(works[number + 1], inner),
            atol=1e-6,
        )
    # None contains all of it, so that the picture as the network sees it is pooled.
    np.testing.assert_array_equal(
        whitening.describe_box(long, WHOLE), whitening.describe_box(works[0], WHOLE)
    )


def test_a_box_that_does_not_lie_in_the_picture_is_refused(works, whitening):
    with pytest.raises(ValueError, match="within 0 to 1"):
        whitening.describe_box(works[0], Box(0.5, 0.5, 0.6, 0.5))


def test_a_whitening_survives_storage_to_the_last_digit(works, whitening):
    restored = RegionWhitening.from_tensors(whitening.to_tensors(), whitening.provenance)
    assert restored.digest == whitening.digest
    box = Box(0.1, 0.2, 0.3, 0.4)
    np.testing.assert_array_equal(
        restored.describe_box(works[0], box), whitening.describe_box(works[0], box)
    )


def test_descriptors_of_another_network_are_refused(works, whitening):
    other = Provenance(weights="other", weights_sha256="other", precision="float32")
    (stranger,) = small_pictures.draw(1, provenance=other)
    for describe in (whitening.describe_whole, whitening.describe_regions):
        with pytest.raises(DescriptorError, match="different provenance"):
            describe(stranger)
    with pytest.raises(DescriptorError, match="different provenance"):
        whitening.describe_box(stranger, WHOLE)
    with pytest.raises(DescriptorError, match="different provenance"):
        RegionWhitening.fit([works[0], stranger])
    renamed = dataclasses.replace(works[0].provenance, weights="renamed", precision="bfloat16")
    (same,) = small_pictures.draw(1, provenance=renamed)
    assert np.isfinite(whitening.describe_whole(same)).all()


def test_too_few_works_are_refused():
    with pytest.raises(ValueError, match="expected at least 2"):
        RegionWhitening.fit([])
