"""Unit vectors, against the cosine by the formula in float64."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stylesim_app.core.cosine import to_unit


def oracle(a: np.ndarray, b: np.ndarray) -> float:
    """Literally: ``sum a b / sqrt(sum a^2 sum b^2)``."""
    a, b = (each.astype(np.float64) for each in (a, b))
    product = sum(x * y for x, y in zip(a, b, strict=True))
    return product / np.sqrt(sum(x**2 for x in a) * sum(y**2 for y in b))


@given(st.integers(1, 30), st.integers(0, 2**32 - 1))
def test_the_product_of_unit_vectors_is_their_cosine(size, seed):
    vectors = np.random.default_rng(seed).normal(size=(2, size)).astype(np.float32)
    unit = to_unit(vectors)
    assert unit.dtype == np.float32
    assert float(unit[0] @ unit[1]) == pytest.approx(oracle(*vectors), abs=1e-6)
    assert float(unit[0] @ unit[0]) == pytest.approx(1, abs=1e-6)


def test_opposite_vectors_have_a_cosine_of_minus_one_and_orthogonal_ones_of_zero():
    unit = to_unit(np.array([[3, 0], [-2, 0], [0, 0.1], [0, 0]], np.float32))
    np.testing.assert_allclose(unit @ unit[0], [1, -1, 0, 0])


def test_a_vector_of_zeros_stays_one():
    assert not to_unit(np.zeros(4, np.float32)).any()
