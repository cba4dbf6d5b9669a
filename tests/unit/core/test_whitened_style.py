"""Whitened style: against the definition in float64, and its files."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load, save

from stylesim_app.core.descriptors import (
    CHANNELS,
    STYLE_LAYERS,
    Provenance,
    pack_symmetric,
    unpack_symmetric,
)
from stylesim_app.core.distances import EQUAL_LAYER_WEIGHTS
from stylesim_app.core.errors import DescriptorError, WeightingError
from stylesim_app.core.weights import PAINTINGS_SHA256
from stylesim_app.core.whitened_style import (
    LAYER_SIZE,
    STYLE_SIZE,
    STYLE_WHITENING_PATH,
    ChannelSpread,
    StyleWhitening,
    fourth_root,
    load_style_whitening,
    pack_style,
    style_cosine_distances,
    unpack_style,
    weigh_layers,
)
from tests.synthetic import SMALL_CHANNELS

from . import small_pictures


@pytest.fixture
def works(small_network):
    return small_pictures.draw(300)


@pytest.fixture
def whitening(works):
    return StyleWhitening.fit(lambda: works)


def oracle(works, layer: str, size: int) -> np.ndarray:
    """Cosines of all pairs in one layer: fourth root, centring, PCA whitening, norm; float64."""
    grams = [unpack_symmetric(work.style[layer], SMALL_CHANNELS).astype(float) for work in works]
    roots = []
    for gram in grams:
        values, vectors = np.linalg.eigh(gram)
        values = np.maximum(values, 1e-6 * values.max())
        root = vectors @ np.diag(values**0.25) @ vectors.T
        # The norm of the packed matrix is that of the matrix.
        roots.append(root.reshape(-1))
    rows = np.array(roots) - np.mean(roots, axis=0)
    left, values, _ = np.linalg.svd(rows, full_matrices=False)
    whitened = left[:, : min(size, np.linalg.matrix_rank(rows))]
    assert values[0] > 0
    whitened = whitened / np.linalg.norm(whitened, axis=1, keepdims=True)
    return whitened @ whitened.T


def test_distances_are_those_of_the_definition(works, whitening, monkeypatch):
    """As all twelve channels are kept, the basis of the channels makes no difference."""
    vectors = np.stack([whitening.describe(work) for work in works])
    expected = 1 - np.mean([oracle(works, layer, LAYER_SIZE) for layer in STYLE_LAYERS], axis=0)
    found = np.stack([style_cosine_distances(vector, vectors) for vector in vectors])
    np.testing.assert_allclose(found, expected, atol=0.02)
    np.testing.assert_allclose(np.diagonal(found), 0, atol=1e-6)
    np.testing.assert_allclose(found, found.T, atol=1e-6)


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


def test_distances_are_those_of_a_reduction_in_float64(described):
    whitening = load_style_whitening()
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
    for number, (vector, other) in enumerate(zip(found, exact, strict=True)):
        np.testing.assert_allclose(
            style_cosine_distances(vector, found[:number]),
            style_cosine_distances(other, np.reshape(exact[:number], (-1, STYLE_SIZE))),
            rtol=1e-4,
        )


def test_the_channels_are_those_in_which_works_differ():
    generator = np.random.default_rng(5)
    plane = np.linalg.qr(generator.normal(size=(10, 2)))[0]
    still = generator.normal(size=(10, 10))
    spread = ChannelSpread()
    for small in generator.normal(size=(20, 2, 2)):
        spread.add((still @ still.T + plane @ (small @ small.T) @ plane.T).astype(np.float32))
    basis = spread.fit(2).channels.astype(np.float64)
    np.testing.assert_allclose(basis @ basis.T, plane @ plane.T, atol=5e-3)


def test_layer_weights_weigh_the_cosines(works, whitening):
    a, b = (whitening.describe(work) for work in works[:2])
    cosines = (a * b).reshape(5, -1).sum(axis=1)
    weights = (0, 1, 2, 0, 3)
    found = style_cosine_distances(a, b[None], weights)[0]
    assert found == pytest.approx(1 - np.average(cosines, weights=weights), abs=1e-6)
    weighted = weigh_layers(np.stack([a, b]), weights)
    np.testing.assert_allclose(np.linalg.norm(weighted, axis=1), 1, rtol=1e-6)


def test_weights_and_sizes_that_make_no_sense_are_refused():
    vector = np.ones(STYLE_SIZE, np.float32)
    with pytest.raises(WeightingError, match="Enter 5 layer weights, not 2"):
        style_cosine_distances(vector, vector[None], (1, 1))
    with pytest.raises(WeightingError, match="above zero"):
        weigh_layers(vector, (0,) * 5)
    with pytest.raises(ValueError, match="expected 640 numbers, got 639"):
        weigh_layers(vector[1:], EQUAL_LAYER_WEIGHTS)


def test_the_brightness_of_a_map_is_whitened_away(works, whitening):
    """Twice as strong a map lies in another place, but finite: nothing is divided by zero."""
    louder = dataclasses.replace(
        works[0], style={layer: 4 * values for layer, values in works[0].style.items()}
    )
    assert np.isfinite(whitening.describe(louder)).all()


def test_a_whitening_survives_storage_to_the_last_digit(works, whitening):
    content = whitening.to_bytes({"pictures": "drawn"})
    restored = StyleWhitening.from_bytes(content)
    assert restored.digest == whitening.digest
    assert restored.provenance == whitening.provenance
    np.testing.assert_array_equal(restored.describe(works[3]), whitening.describe(works[3]))
    assert restored.to_bytes({"pictures": "drawn"}) == content


def test_the_same_works_give_the_same_whitening(works, whitening):
    assert StyleWhitening.fit(lambda: iter(works)).digest == whitening.digest
    assert StyleWhitening.fit(lambda: works[1:]).digest != whitening.digest


def test_a_vector_survives_storage(works, whitening):
    vector = whitening.describe(works[0])
    digest = whitening.digest_of(works[0].provenance)
    content = pack_style(vector, digest)
    assert len(content) == 32 + 2 * 640
    np.testing.assert_allclose(unpack_style(content, digest), vector, atol=5e-4)


def test_a_vector_of_another_whitening_or_cut_short_is_refused(works, whitening):
    digest = whitening.digest_of(works[0].provenance)
    content = pack_style(whitening.describe(works[0]), digest)
    other = whitening.digest_of(dataclasses.replace(works[0].provenance, precision="bfloat16"))
    with pytest.raises(DescriptorError, match="different provenance"):
        unpack_style(content, other)
    for cut in (b"", content[:-2], content[:32]):
        with pytest.raises(DescriptorError, match="expected vectors of 1280 bytes"):
            unpack_style(cut, digest)


def test_rounding_to_float16_moves_a_vector_little(described):
    """Stored candidates are rounded, an uploaded query is not; two paintings are 0.9 apart."""
    whitening = load_style_whitening()
    for descriptor in described.values():
        stored = type(descriptor).from_bytes(descriptor.to_bytes())
        vector = whitening.describe(descriptor)
        assert style_cosine_distances(vector, whitening.describe(stored)[None])[0] < 5e-3


def test_descriptors_of_another_network_are_refused(works, whitening, small_network):
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


def lose_a_layer(content: bytes) -> bytes:
    tensors = load(content)
    del tensors["relu3_1.components"]
    return save(tensors)


@pytest.mark.parametrize(
    "damage", [lambda _: b"", lambda _: b"no basis", lambda each: each[:-100], lose_a_layer]
)
def test_a_damaged_whitening_is_refused(whitening, damage):
    with pytest.raises(DescriptorError, match="damaged"):
        StyleWhitening.from_bytes(damage(whitening.to_bytes()))


def test_the_whitening_that_ships_belongs_to_the_weights_that_ship(described):
    assert STYLE_WHITENING_PATH.stat().st_size < 4e6
    whitening = load_style_whitening()
    assert whitening.provenance.weights_sha256 == PAINTINGS_SHA256
    vectors = np.stack([whitening.describe(each) for each in described.values()])
    distances = style_cosine_distances(vectors[0], vectors)
    assert distances[0] == pytest.approx(0, abs=1e-6)
    assert (distances[1:] > 0.01).all()
