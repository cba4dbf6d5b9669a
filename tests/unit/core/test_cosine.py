"""Cosine distances, against the formula in float64."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stylesim_app.core.cosine import cosine_distances, to_unit


def oracle(a: np.ndarray, b: np.ndarray) -> float:
    """Literally: ``1 - sum a b / sqrt(sum a^2 sum b^2)``."""
    a, b = (each.astype(np.float64) for each in (a, b))
    product = sum(x * y for x, y in zip(a, b, strict=True))
    return 1 - product / np.sqrt(sum(x**2 for x in a) * sum(y**2 for y in b))


@given(st.integers(1, 30), st.integers(0, 2**32 - 1))
def test_cosine_distances_are_those_of_the_formula(size, seed):
    query, other = np.random.default_rng(seed).normal(size=(2, size)).astype(np.float32)
    unit = to_unit(np.stack([query, other]))
    found = cosine_distances(unit[0], unit[::-1])
    assert found[0] == pytest.approx(oracle(query, other), abs=1e-6)
    assert found[1] == pytest.approx(0, abs=1e-6)
    assert cosine_distances(unit[1], unit[:1])[0] == pytest.approx(found[0], abs=1e-6)
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
