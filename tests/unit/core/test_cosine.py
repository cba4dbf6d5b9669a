"""Cosine distances, centred and not, against the formula in float64."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stylesim_app.core.compression import Compressor
from stylesim_app.core.content_mean import ContentMean
from stylesim_app.core.cosine import (
    bound_centred_cosines,
    centred_cosine_distances,
    cosine_distances,
    to_unit,
)
from stylesim_app.core.descriptors import CONTENT_LAYER, Provenance
from stylesim_app.core.errors import DescriptorError
from tests.synthetic import draw_small


def oracle(a: np.ndarray, b: np.ndarray, mean: np.ndarray) -> float:
    """Literally: ``1 - sum (a - m)(b - m) / sqrt(sum (a - m)^2 sum (b - m)^2)``."""
    a, b, mean = (each.astype(np.float64) for each in (a, b, mean))
    product = sum((x - m) * (y - m) for x, y, m in zip(a, b, mean, strict=True))
    squares = [sum((x - m) ** 2 for x, m in zip(each, mean, strict=True)) for each in (a, b)]
    return 1 - product / np.sqrt(squares[0] * squares[1])


@given(st.integers(1, 30), st.integers(0, 2**32 - 1))
def test_centred_cosines_are_those_of_the_formula(size, seed):
    query, other, mean = np.random.default_rng(seed).normal(size=(3, size)).astype(np.float32)
    found = centred_cosine_distances(query, np.stack([other, query]), mean)
    assert found[0] == pytest.approx(oracle(query, other, mean), abs=1e-5)
    assert found[1] == pytest.approx(0, abs=1e-6)
    assert centred_cosine_distances(other, query[None], mean)[0] == pytest.approx(
        found[0], abs=1e-6
    )
    assert (found >= 0).all()
    assert (found <= 2 + 1e-6).all()


def test_opposite_vectors_are_two_apart_and_orthogonal_ones_one():
    vectors = to_unit(np.array([[3, 0], [-2, 0], [0, 0.1], [0, 0]], np.float32))
    np.testing.assert_allclose(cosine_distances(vectors[0], vectors), [0, 2, 1, 1])


def test_a_vector_of_zeros_stays_one():
    assert not to_unit(np.zeros(4, np.float32)).any()
    np.testing.assert_array_equal(cosine_distances(np.zeros(4), np.eye(4)), 1)


@pytest.mark.parametrize("candidates", [np.ones((2, 4)), np.ones((2, 2))])
def test_vectors_of_other_sizes_are_refused(candidates):
    with pytest.raises(ValueError, match="of 3 numbers, got"):
        cosine_distances(np.ones(3), candidates)
    with pytest.raises(ValueError, match="of 3 numbers, got"):
        centred_cosine_distances(np.ones(3), candidates, np.ones(3))


def test_compact_descriptors_bound_the_centred_cosine(small_network):
    works = draw_small(60)
    compressor = Compressor.fit(lambda: works)
    mean = compressor.bases[CONTENT_LAYER].mean
    compacts = [compressor.compress(work) for work in works]
    z = np.stack([compact.layer(CONTENT_LAYER) for compact in compacts])
    squares = np.array([compact.squares[-1] for compact in compacts])
    residuals = np.array([compact.residuals[-1] for compact in compacts])
    estimates, errors = bound_centred_cosines(
        (z[0], z), (squares[0], squares), (residuals[0], residuals)
    )
    contents = np.stack([work.content for work in works])
    exact = centred_cosine_distances(contents[0], contents, mean)
    assert (np.abs(estimates - exact) <= errors + 1e-5).all()
    assert estimates[0] == pytest.approx(errors[0], abs=0.05)


class TestContentMean:
    def test_the_mean_is_that_of_the_works(self, small_network):
        works = draw_small(9)
        mean = ContentMean.fit(iter(works))
        expected = np.mean([work.content.astype(np.float64) for work in works], axis=0)
        np.testing.assert_allclose(mean.mean, expected, rtol=1e-3, atol=1e-3)
        distance = mean.distance(works[0], works[1])
        assert distance == pytest.approx(
            oracle(works[0].content, works[1].content, mean.mean), abs=1e-5
        )
        assert mean.distance(works[1], works[0]) == pytest.approx(distance, abs=1e-6)
        assert mean.distance(works[0], works[0]) == pytest.approx(0, abs=1e-6)

    def test_a_mean_survives_storage(self, small_network):
        works = draw_small(5)
        mean = ContentMean.fit(works)
        restored = ContentMean.from_bytes(mean.to_bytes({"pictures": "five"}))
        np.testing.assert_array_equal(restored.mean, mean.mean)
        assert restored.provenance == mean.provenance
        assert restored.distance(*works[:2]) == mean.distance(*works[:2])

    @pytest.mark.parametrize("content", [b"", b"no mean", b"\x08" + bytes(20)])
    def test_a_damaged_mean_is_refused(self, content):
        with pytest.raises(DescriptorError, match="damaged"):
            ContentMean.from_bytes(content)

    def test_no_works_have_no_mean(self):
        with pytest.raises(ValueError, match="at least 1 picture, got none"):
            ContentMean.fit([])

    def test_works_of_other_provenance_are_refused(self, small_network):
        other = Provenance(weights="other", weights_sha256="other", precision="float32")
        (work,), (stranger,) = draw_small(1), draw_small(1, provenance=other)
        mean = ContentMean.fit([work])
        with pytest.raises(DescriptorError, match="different provenance"):
            mean.distance(work, stranger)
        with pytest.raises(DescriptorError, match="different provenance"):
            mean.distance(stranger, stranger)
        with pytest.raises(DescriptorError, match="different provenance"):
            ContentMean.fit([work, stranger])
