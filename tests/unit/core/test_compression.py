"""Compact descriptors: projections that keep most of the variation, and their files."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load, save

from stylesim_app.core.compression import (
    RECORD_SIZE,
    SIZES,
    CompactDescriptor,
    Compressor,
    GramBasis,
    MapBasis,
)
from stylesim_app.core.descriptors import LAYERS, pack_symmetric, unpack_symmetric
from stylesim_app.core.errors import DescriptorError
from tests import synthetic


@pytest.fixture(scope="module")
def sample(described):
    return synthetic.blend(described, 24)


@pytest.fixture(scope="module")
def compressor(sample) -> Compressor:
    return Compressor.fit(lambda: sample)


def directions(basis: GramBasis | MapBasis, width: int) -> np.ndarray:
    """``U`` as one matrix ``(width, m)``: what the two steps do to each unit vector."""
    unit = np.eye(width, dtype=np.float32)
    return np.stack([basis.components.T @ basis.reduce(row, basis.channels) for row in unit])


def draw_rows(kind: type, count: int, channels: int, generator) -> np.ndarray:
    if kind is MapBasis:
        return generator.normal(size=(count, channels * 3)).astype(np.float32)
    roots = generator.normal(size=(count, channels, channels))
    return np.stack([pack_symmetric(root @ root.T) for root in roots]).astype(np.float32)


@pytest.mark.parametrize("kind", [GramBasis, MapBasis])
@given(st.integers(2, 9), st.integers(2, 40), st.integers(1, 20), st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_columns_are_orthonormal(kind, channels, count, size, seed):
    rows = draw_rows(kind, count, channels, np.random.default_rng(seed))
    width = rows.shape[1]
    columns = directions(kind.fit(rows, channels, size), width)
    assert columns.shape == (width, min(size, count, width))
    np.testing.assert_allclose(columns.T @ columns, np.eye(columns.shape[1]), atol=2e-5)


def test_columns_of_full_size_are_orthonormal(compressor):
    for layer in LAYERS:
        basis = compressor.bases[layer]
        for columns in (basis.channels, basis.components):
            wide = columns.astype(np.float64)
            np.testing.assert_allclose(wide.T @ wide, np.eye(wide.shape[1]), atol=1e-6)


@pytest.mark.parametrize("kind", [GramBasis, MapBasis])
@pytest.mark.parametrize("count", [12, 300])
def test_as_much_is_kept_as_by_principal_components(kind, count):
    """While all channels are kept, the two steps are a PCA, whichever way it is computed."""
    rows = draw_rows(kind, count, 6, np.random.default_rng(4))
    centred = (rows - rows.mean(axis=0)).astype(np.float64)
    eigenvalues = np.linalg.svd(centred, compute_uv=False) ** 2
    basis = kind.fit(rows.copy(), 6, 5)
    kept = sum(float(np.square(basis.project(row)[0]).sum()) for row in rows)
    assert kept == pytest.approx(eigenvalues[:5].sum(), rel=1e-5)


def test_the_channels_are_those_in_which_works_differ(monkeypatch):
    """A Gram matrix that varies in two channels alone is kept whole by a basis of two."""
    monkeypatch.setattr("stylesim_app.core.compression.BASIS_CHANNELS", 2)
    generator = np.random.default_rng(5)
    plane = np.linalg.qr(generator.normal(size=(10, 2)))[0]
    small = generator.normal(size=(20, 2, 2))
    rows = np.stack([pack_symmetric(plane @ (each + each.T) @ plane.T) for each in small])
    rows = rows.astype(np.float32)
    basis = GramBasis.fit(rows.copy(), 10, 64)
    assert basis.channels.shape == (10, 2)
    for row in rows:
        z, square, residual = basis.project(row)
        assert len(z) == 3
        assert residual**2 < 1e-5 * square


def test_what_is_projected_and_what_is_left_out_make_up_the_whole(compressor, sample, described):
    for descriptor in (sample[0], described["cross-c"]):
        compact = compressor.compress(descriptor)
        for index, layer in enumerate(LAYERS):
            basis = compressor.bases[layer]
            centred = descriptor.layer(layer).astype(np.float64) - basis.mean
            square = float(centred @ centred)
            assert compact.squares[index] == pytest.approx(square, rel=1e-5)
            kept = float(np.square(compact.layer(layer).astype(np.float64)).sum())
            left_out = compact.residuals[index] ** 2
            assert square <= kept + left_out <= square * (1 + 1e-5)


def test_a_residual_is_what_the_projection_leaves_out(compressor, described):
    """Against ``x - mean - U z``, written out."""
    descriptor = described["bars-b"]
    compact = compressor.compress(descriptor)
    basis = compressor.bases["relu2_1"]
    kept = unpack_symmetric(
        basis.components @ compact.layer("relu2_1")[: basis.components.shape[1]], 64
    )
    projected = basis.channels @ kept @ basis.channels.T
    rest = unpack_symmetric(descriptor.style["relu2_1"] - basis.mean, 128) - projected
    residual = compact.residuals[LAYERS.index("relu2_1")]
    assert residual == pytest.approx(np.linalg.norm(rest), rel=1e-3)


def test_a_small_sample_gives_fewer_directions_and_zeros_for_the_rest(compressor, sample):
    compact = compressor.compress(sample[3])
    assert compact.z.shape == (sum(SIZES.values()),) == (832,)
    for layer in LAYERS:
        assert compact.layer(layer).shape == (SIZES[layer],)
        assert not compact.layer(layer)[len(sample) :].any()
        assert compact.layer(layer)[0]


def test_a_compact_descriptor_survives_storage_and_takes_less_than_4_kb(compressor, sample):
    compacts = [compressor.compress(each) for each in sample[:3]]
    records = [each.to_bytes() for each in compacts]
    assert {len(record) for record in records} == {4 * RECORD_SIZE}
    assert 4 * RECORD_SIZE <= 4096
    numbers = np.frombuffer(b"".join(records), "<f4").reshape(3, RECORD_SIZE)
    together = CompactDescriptor.from_numbers(numbers)
    for index, compact in enumerate(compacts):
        np.testing.assert_array_equal(together.z[index], compact.z)
        np.testing.assert_array_equal(together.squares[index], compact.squares)
        np.testing.assert_array_equal(together.residuals[index], compact.residuals)
        np.testing.assert_array_equal(together.layer("relu4_1")[index], compact.layer("relu4_1"))


def test_bases_survive_storage_to_the_last_digit(compressor, described):
    content = compressor.to_bytes()
    assert len(content) < 60e6
    restored = Compressor.from_bytes(content)
    before, after = (each.compress(described["disc-a"]) for each in (compressor, restored))
    assert before.to_bytes() == after.to_bytes()


def test_bases_read_a_layer_of_the_sample_at_a_time(sample):
    asked = []

    def read():
        for index in range(3):
            asked.append(index)
            yield sample[index]

    Compressor.fit(read)
    assert asked == [0, 1, 2] * len(LAYERS)


def lose_a_layer(content: bytes) -> bytes:
    tensors = load(content)
    del tensors["relu3_1.components"]
    return save(tensors)


@pytest.mark.parametrize(
    "damage",
    [lambda _: b"", lambda _: b"no bases", lambda content: content[:-1000], lose_a_layer],
)
def test_damaged_bases_are_refused(compressor, damage):
    with pytest.raises(DescriptorError, match="damaged"):
        Compressor.from_bytes(damage(compressor.to_bytes()))


def test_works_that_are_all_the_same_can_be_compressed(described):
    same = [described["disc-a"]] * 3
    compressor = Compressor.fit(lambda: same[:3])
    compact = compressor.compress(same[0])
    assert np.isfinite(compact.z).all()
    assert (compact.residuals <= 1e-5 * np.linalg.norm(same[0].content)).all()
    other = compressor.compress(dataclasses.replace(described["bars-c"]))
    assert (other.residuals > 0).all()
