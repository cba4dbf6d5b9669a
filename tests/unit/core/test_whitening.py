"""PCA whitening, against the definition in float64."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stylesim_app.core.whitening import Moments, Whitening


def fit(rows: np.ndarray, size: int) -> Whitening:
    moments = Moments(rows.shape[1])
    for row in rows:
        moments.add(row)
    return moments.fit(size)


def draw_rows(count: int, width: int, seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    rows = generator.normal(size=(count, width)) * np.geomspace(1, 0.01, width)
    return (rows @ np.linalg.qr(generator.normal(size=(width, width)))[0] + 3).astype(np.float32)


@example(5, 5, 231)
@given(st.integers(3, 12), st.integers(1, 12), st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_distances_are_those_of_whitened_principal_components(width, size, seed):
    size = min(size, width)
    rows = draw_rows(150, width, seed)
    wide = rows.astype(np.float64) - rows.mean(axis=0, dtype=np.float64)
    values, vectors = np.linalg.eigh(wide.T @ wide / len(wide))
    # Components are stored in float16, and a small deviation magnifies what that rounds off.
    components = vectors[:, ::-1][:, :size].astype(np.float16).astype(np.float64)
    expected = wide @ components / np.sqrt(values[::-1][:size])
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    found = fit(rows, size).whiten(rows)
    # Signs of components are free.
    np.testing.assert_allclose(found @ found.T, expected @ expected.T, atol=1e-3)


def test_each_number_of_the_sample_has_a_variance_of_one():
    rows = draw_rows(500, 8, 1)
    whitening = fit(rows, 5)
    numbers = (rows - whitening.mean) @ whitening.components * whitening.scales
    np.testing.assert_allclose(numbers.std(axis=0), 1, rtol=0.01)
    np.testing.assert_allclose(np.corrcoef(numbers.T), np.eye(5), atol=0.05)


def test_fewer_numbers_are_the_first_of_more():
    rows = draw_rows(50, 8, 2)
    whitening = fit(rows, 6)
    few, all_numbers = whitening.whiten(rows, 3), whitening.whiten(rows)
    again = all_numbers[:, :3] / np.linalg.norm(all_numbers[:, :3], axis=1, keepdims=True)
    np.testing.assert_allclose(few, again, atol=1e-6)


def test_a_small_sample_gives_fewer_directions_and_zeros_for_the_rest():
    rows = draw_rows(4, 10, 3)
    whitened = fit(rows, 6).whiten(rows)
    assert whitened.shape == (4, 6)
    assert not whitened[:, 3:].any()
    np.testing.assert_allclose(np.linalg.norm(whitened, axis=1), 1, rtol=1e-6)


def test_a_sample_without_differences_whitens_to_zeros():
    rows = np.ones((5, 4), np.float32)
    assert not fit(rows, 3).whiten(rows).any()


def test_the_same_sample_gives_the_same_whitening_in_blocks_of_any_size(monkeypatch):
    rows = draw_rows(130, 6, 4)
    first, second = fit(rows, 4), fit(rows, 4)
    np.testing.assert_array_equal(first.components, second.components)
    monkeypatch.setattr("stylesim_app.core.whitening.BLOCK", 1)
    np.testing.assert_allclose(fit(rows, 4).whiten(rows), first.whiten(rows), atol=5e-3)


def test_vectors_of_other_sizes_are_refused():
    moments = Moments(4)
    with pytest.raises(ValueError, match=r"expected \(4,\) numbers, got \(3,\)"):
        moments.add(np.ones(3, np.float32))
    with pytest.raises(ValueError, match="at least 2 vectors, got 0"):
        moments.fit(2)
    with pytest.raises(ValueError, match=r"expected 8 numbers, got \(7,\)"):
        fit(draw_rows(20, 8, 5), 4).whiten(np.ones((2, 7), np.float32))
    with pytest.raises(ValueError, match=r"components of \(4, 2\), got \(4, 3\)"):
        Whitening(np.ones(4, np.float32), np.ones((4, 3), np.float16), np.ones(2, np.float32))
