"""R-MAC: pooling, vectors of pictures and regions against the definition, and their files."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from stylesim_app.core.boxes import WHOLE, Box, grid, windows
from stylesim_app.core.descriptors import Provenance
from stylesim_app.core.errors import DescriptorError
from stylesim_app.core.rmac import (
    REGION_SIZE,
    REGION_WHITENING_PATH,
    WHOLE_SIZE,
    RegionVectors,
    RegionWhitening,
    load_region_whitening,
    nearest_region,
    pool_boxes,
    to_map,
)
from stylesim_app.core.weights import PAINTINGS_SHA256
from tests.synthetic import SMALL_CHANNELS

from . import small_pictures


@pytest.fixture
def works(small_network):
    return small_pictures.draw(40)


@pytest.fixture
def whitening(works):
    return RegionWhitening.fit(works)


def maxima(feature_map: np.ndarray, box: Box) -> np.ndarray:
    """Cell by cell: the largest of those that share an area with the box, in float64."""
    channels, height, width = feature_map.shape
    found = np.full(channels, -np.inf)
    for row in range(height):
        for column in range(width):
            across = min((column + 1) / width, box.left + box.width) - max(column / width, box.left)
            down = min((row + 1) / height, box.top + box.height) - max(row / height, box.top)
            if across > 1e-6 and down > 1e-6:
                found = np.maximum(found, feature_map[:, row, column].astype(np.float64))
    return found / math.sqrt(float(found @ found))


@pytest.mark.parametrize(
    "box", [*grid(3), Box(0.31, 0.02, 0.2, 0.9), Box(0.999, 0.999, 0.001, 0.001)]
)
def test_a_box_is_pooled_over_the_cells_that_it_touches(works, box):
    feature_map = to_map(works[0])
    assert feature_map.shape == (SMALL_CHANNELS, 14, 14)
    np.testing.assert_allclose(
        pool_boxes(feature_map, [box])[0], maxima(feature_map, box), atol=1e-6
    )


def oracle(works) -> tuple[np.ndarray, np.ndarray]:
    """Cosines of pictures, and of all of their regions, from the definition in float64."""
    pooled = np.array([[maxima(to_map(work), box) for box in grid(3)] for work in works])
    rows = pooled.reshape(-1, pooled.shape[-1])
    rows = rows - rows.mean(axis=0)
    values, vectors = np.linalg.eigh(rows.T @ rows / len(rows))
    whitened = rows @ vectors / np.sqrt(values)
    whitened /= np.linalg.norm(whitened, axis=1, keepdims=True)
    wholes = whitened.reshape(len(works), 14, -1).sum(axis=1)
    wholes /= np.linalg.norm(wholes, axis=1, keepdims=True)
    return wholes @ wholes.T, whitened @ whitened.T


def test_vectors_are_those_of_the_definition(works, whitening):
    """A small network has fewer channels than a vector has numbers, so that none are dropped."""
    found = [whitening.describe([work]) for work in works]
    wholes = np.stack([each.whole for each in found])
    regions = np.concatenate([each.regions for each in found])
    expected_wholes, expected_regions = oracle(works)
    np.testing.assert_allclose(wholes @ wholes.T, expected_wholes, atol=0.02)
    np.testing.assert_allclose(regions @ regions.T, expected_regions, atol=0.02)
    assert wholes.shape[1] == WHOLE_SIZE == 256
    assert regions.shape[1] == REGION_SIZE == 128
    assert found[0].boxes == grid(3)


def test_a_box_that_is_a_region_has_the_vector_of_the_region(works, whitening):
    found = whitening.describe([works[5]])
    for box, vector in zip(found.boxes, found.regions, strict=True):
        np.testing.assert_allclose(whitening.describe_box(works[5], box), vector, atol=1e-6)
        distance, nearest = nearest_region(vector, found)
        assert distance == pytest.approx(0, abs=1e-6)
        assert nearest == box


def test_the_regions_of_a_long_picture_are_its_windows(works, whitening):
    parts = windows(400, 100)
    long = whitening.describe(works[: len(parts)], parts)
    assert long.boxes == parts
    assert long.regions.shape == (len(parts), REGION_SIZE)
    alone = whitening.describe([works[1]])
    expected = alone.regions.sum(axis=0)
    np.testing.assert_allclose(long.regions[1], expected / np.linalg.norm(expected), atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(long.whole), 1, rtol=1e-6)


def test_the_order_of_windows_does_not_change_the_whole(works, whitening):
    parts = windows(400, 100)
    chosen = works[: len(parts)]
    there, back = (whitening.describe(each, parts) for each in (chosen, chosen[::-1]))
    np.testing.assert_allclose(there.whole, back.whole, atol=1e-6)
    np.testing.assert_allclose(there.regions, back.regions[::-1], atol=1e-6)


def test_one_descriptor_is_needed_for_each_window(works, whitening):
    with pytest.raises(ValueError, match="expected 2 descriptors, got 1"):
        whitening.describe(works[:1], [WHOLE, WHOLE])
    with pytest.raises(ValueError, match="expected 0 descriptors, got 0"):
        whitening.describe([], [])
    with pytest.raises(ValueError, match="within 0 to 1"):
        whitening.describe_box(works[0], Box(0.5, 0.5, 0.6, 0.5))


@pytest.mark.parametrize("count", [1, 7])
def test_vectors_survive_storage(works, whitening, count):
    parts = windows(400, 100)[:count] if count > 1 else [WHOLE]
    found = whitening.describe(works[: len(parts)], parts)
    restored = RegionVectors.from_bytes(found.to_bytes(), found.digest)
    np.testing.assert_allclose(restored.whole, found.whole, atol=5e-4)
    np.testing.assert_allclose(restored.regions, found.regions, atol=5e-4)
    np.testing.assert_allclose(restored.boxes, found.boxes, atol=1e-6)
    assert restored.digest == found.digest


def test_a_picture_takes_less_than_five_kilobytes(works, whitening):
    assert len(whitening.describe(works[:1]).to_bytes()) < 5000


def test_damaged_vectors_and_those_of_another_whitening_are_refused(works, whitening):
    found = whitening.describe(works[:1])
    content = found.to_bytes()
    with pytest.raises(DescriptorError, match="different provenance"):
        RegionVectors.from_bytes(content, whitening.digest)
    for damaged in (b"", content[:-1], content[: 32 + 2 * WHOLE_SIZE]):
        with pytest.raises(DescriptorError, match="expected 544 "):
            RegionVectors.from_bytes(damaged, found.digest)


def test_a_whitening_survives_storage_to_the_last_digit(works, whitening):
    restored = RegionWhitening.from_bytes(whitening.to_bytes({"pictures": "drawn"}))
    assert restored.digest == whitening.digest
    box = Box(0.1, 0.2, 0.3, 0.4)
    np.testing.assert_array_equal(
        restored.describe_box(works[0], box), whitening.describe_box(works[0], box)
    )


@pytest.mark.parametrize("damage", [lambda _: b"", lambda each: each[:-5]])
def test_a_damaged_whitening_is_refused(whitening, damage):
    with pytest.raises(DescriptorError, match="damaged"):
        RegionWhitening.from_bytes(damage(whitening.to_bytes()))


def test_descriptors_of_another_network_are_refused(works, whitening, small_network):
    other = Provenance(weights="other", weights_sha256="other", precision="float32")
    (stranger,) = small_pictures.draw(1, provenance=other)
    with pytest.raises(DescriptorError, match="different provenance"):
        whitening.describe([stranger])
    with pytest.raises(DescriptorError, match="different provenance"):
        whitening.describe_box(stranger, WHOLE)
    with pytest.raises(DescriptorError, match="different provenance"):
        RegionWhitening.fit([works[0], stranger])
    renamed = dataclasses.replace(works[0].provenance, weights="renamed", precision="bfloat16")
    (same,) = small_pictures.draw(1, provenance=renamed)
    assert np.isfinite(whitening.describe([same]).whole).all()


def test_too_few_works_are_refused():
    with pytest.raises(ValueError, match="expected at least 2"):
        RegionWhitening.fit([])


def test_the_whitening_that_ships_belongs_to_the_weights_that_ship(described):
    assert REGION_WHITENING_PATH.stat().st_size < 1e6
    whitening = load_region_whitening()
    assert whitening.provenance.weights_sha256 == PAINTINGS_SHA256
    first, second = (whitening.describe([described[name]]) for name in ("disc-a", "bars-b"))
    distance, box = nearest_region(first.regions[3], first)
    assert distance == pytest.approx(0, abs=1e-6)
    assert box == first.boxes[3]
    assert 0.01 < 1 - float(first.whole @ second.whole) < 2
