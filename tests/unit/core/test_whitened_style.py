"""Whitened style: against the definition in float64."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stylesim_app.core.descriptors import (
    CHANNELS,
    STYLE_LAYERS,
    Provenance,
    pack_symmetric,
    unpack_symmetric,
)
from stylesim_app.core.embedding import PictureEmbedding
from stylesim_app.core.errors import DescriptorError
from stylesim_app.core.whitened_style import (
    LAYER_SIZE,
    STYLE_SIZE,
    ChannelSpread,
    StyleWhitening,
    fourth_root,
)

from . import part_oracles, small_pictures


@pytest.fixture
def works(small_network):
    return small_pictures.draw(300)


@pytest.fixture
def whitening(works):
    return StyleWhitening.fit(lambda: works)


def mean_cosines(vectors: np.ndarray) -> np.ndarray:
    """Of all pairs, over the five layers."""
    return vectors @ vectors.T / len(STYLE_LAYERS)


def test_cosines_are_those_of_the_definition(works, whitening):
    """As all twelve channels are kept, the basis of the channels makes no difference."""
    found = mean_cosines(np.stack([whitening.describe(work) for work in works]))
    expected = [part_oracles.style(works, layer, LAYER_SIZE) for layer in STYLE_LAYERS]
    np.testing.assert_allclose(found, np.mean(expected, axis=0), atol=0.02)
    np.testing.assert_allclose(np.diagonal(found), 1, atol=1e-6)


def test_each_layer_is_a_unit_vector(works, whitening):
    vector = whitening.describe(works[0])
    assert vector.shape == (STYLE_SIZE,) == (640,)
    assert vector.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vector.reshape(5, -1), axis=1), 1, rtol=1e-6)


@given(st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_a_root_to_the_power_of_four_is_the_matrix(size, seed):
    factor = np.random.default_rng(seed).normal(size=(size, size))
    matrix = factor @ factor.T
    root = fourth_root(matrix)
    np.testing.assert_allclose(root @ root @ root @ root, matrix, atol=2e-6 * np.trace(matrix))
    np.testing.assert_allclose(root, root.T, atol=1e-12 * np.trace(matrix))
    assert np.linalg.eigvalsh(root).min() > -1e-9


def test_cosines_are_those_of_a_reduction_in_float64(described):
    whitening = PictureEmbedding.shipped().style
    exact = []
    for descriptor in described.values():
        parts = []
        for layer in STYLE_LAYERS:
            gram = unpack_symmetric(descriptor.style[layer], CHANNELS[layer]).astype(np.float64)
            basis = whitening.roots[layer].channels.astype(np.float64)
            root = pack_symmetric(fourth_root(basis.T @ gram @ basis)).astype(np.float32)
            parts.append(whitening.whitenings[layer].whiten(root))
        exact.append(np.concatenate(parts))
    found = np.stack([whitening.describe(descriptor) for descriptor in described.values()])
    np.testing.assert_allclose(mean_cosines(found), mean_cosines(np.stack(exact)), atol=1e-4)


def test_the_channels_are_those_in_which_works_differ():
    generator = np.random.default_rng(5)
    plane = np.linalg.qr(generator.normal(size=(10, 2)))[0]
    still = generator.normal(size=(10, 10))
    spread = ChannelSpread()
    for small in generator.normal(size=(20, 2, 2)):
        spread.add((still @ still.T + plane @ (small @ small.T) @ plane.T).astype(np.float32))
    basis = spread.fit(2).channels.astype(np.float64)
    np.testing.assert_allclose(basis @ basis.T, plane @ plane.T, atol=5e-3)


def test_a_spread_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least 1 matrix, got none"):
        ChannelSpread().fit(2)


def test_the_brightness_of_a_map_is_whitened_away(works, whitening):
    """Twice as strong a map lies in another place, but finite: nothing is divided by zero."""
    louder = dataclasses.replace(
        works[0], style={layer: 4 * values for layer, values in works[0].style.items()}
    )
    assert np.isfinite(whitening.describe(louder)).all()


def test_a_whitening_survives_storage_to_the_last_digit(works, whitening):
    restored = StyleWhitening.from_tensors(whitening.to_tensors(), whitening.provenance)
    np.testing.assert_array_equal(restored.describe(works[3]), whitening.describe(works[3]))


def test_rounding_to_float16_moves_a_vector_little(described):
    """Stored candidates are rounded, an uploaded query is not; two paintings are 0.9 apart."""
    whitening = PictureEmbedding.shipped().style
    for descriptor in described.values():
        stored = type(descriptor).from_bytes(descriptor.to_bytes())
        vectors = np.stack([whitening.describe(each) for each in (descriptor, stored)])
        assert 1 - mean_cosines(vectors)[0, 1] < 5e-3


def test_descriptors_of_another_network_are_refused(works, whitening):
    other = Provenance(weights="other", weights_sha256="other", precision="float32")
    (stranger,) = small_pictures.draw(1, provenance=other)
    with pytest.raises(DescriptorError, match="different provenance"):
        whitening.describe(stranger)
    with pytest.raises(DescriptorError, match="different provenance"):
        StyleWhitening.fit(lambda: [works[0], stranger])
    (rounded,) = small_pictures.draw(
        1, provenance=dataclasses.replace(whitening.provenance, precision="bfloat16")
    )
    assert np.isfinite(whitening.describe(rounded)).all()


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_works_are_refused(works, count):
    with pytest.raises(ValueError, match="expected at least 2"):
        StyleWhitening.fit(lambda: works[:count])
