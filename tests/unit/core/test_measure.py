"""The measure against its literal definition, and the properties of a distance."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from stylesim_app.core.descriptors import (
    LAYERS,
    STYLE_LAYERS,
    Descriptor,
    Provenance,
    gram_matrix,
    pack_symmetric,
)
from stylesim_app.core.distances import DistanceParts, Weighting, measure_parts
from stylesim_app.core.errors import DescriptorError
from stylesim_app.core.images import Limits, load_pixels
from stylesim_app.core.vgg import Network, build_network
from stylesim_app.core.weights import load_weights
from tests import pictures
from tests.conftest import SHARED_DATA

from . import oracle

LIMITS = Limits(max_bytes=10**8, max_pixels=10**8)
REAL_IMAGES = SHARED_DATA / "wikiart_pd_dev" / "images"


@pytest.fixture(scope="module")
def weights():
    return load_weights("paintings", Path())


@pytest.fixture(scope="module")
def network(weights) -> Network:
    return build_network(weights, precision="float32", device="cpu")


@pytest.fixture(scope="module")
def contents() -> list[bytes]:
    """Real paintings where they are at hand, else pictures drawn here."""
    if REAL_IMAGES.is_dir():
        return [path.read_bytes() for path in sorted(REAL_IMAGES.glob("*.jpg"))[:3]]
    return [pictures.png(name) for name in pictures.NAMES[:3]]


@pytest.fixture(scope="module")
def descriptors(network, contents) -> list[Descriptor]:
    return network.describe(np.stack([load_pixels(content, LIMITS)[0] for content in contents]))


@pytest.fixture(scope="module")
def expected_maps(weights, contents):
    features = oracle.load_vgg19(weights.tensors)
    return [
        oracle.feature_maps(features, oracle.load_input(content, weights.mean, weights.std))
        for content in contents
    ]


@pytest.fixture(scope="module")
def expected_layers(expected_maps):
    return [oracle.layers_of(maps) for maps in expected_maps]


@pytest.mark.parametrize(
    "weighting",
    [
        Weighting(),
        Weighting(1, 0),
        Weighting(0, 1),
        Weighting(2.5, 3e-4, (0.5, 0.25, 0.0, 0.25, 0.125)),
    ],
)
def test_float32_agrees_with_the_definition_in_float64(descriptors, expected_layers, weighting):
    for i in range(len(descriptors)):
        for j in range(i):
            parts = DistanceParts.stack([measure_parts(descriptors[i], descriptors[j])])
            expected = oracle.distances(
                expected_layers[i],
                expected_layers[j],
                weighting.style_weight,
                weighting.content_weight,
                weighting.layer_weights,
            )
            assert parts.layers[0] == pytest.approx(expected["layers"], rel=1e-4)
            style = parts.style_distances(weighting.layer_weights)[0]
            assert style == pytest.approx(expected["style"], rel=1e-4)
            assert parts.content[0] == pytest.approx(expected["content"], rel=1e-4)
            assert parts.distances(weighting)[0] == pytest.approx(expected["distance"], rel=1e-4)


def test_bfloat16_stays_near_the_definition(weights, contents, expected_layers):
    network = build_network(weights, precision="bfloat16", device="cpu")
    found = network.describe(np.stack([load_pixels(content, LIMITS)[0] for content in contents]))
    for i in range(len(found)):
        for j in range(i):
            parts = DistanceParts.stack([measure_parts(found[i], found[j])])
            expected = oracle.distances(expected_layers[i], expected_layers[j])
            assert parts.distances(Weighting())[0] == pytest.approx(expected["distance"], rel=0.02)


def test_maps_are_taken_after_the_relu_and_not_overwritten(network, contents, expected_maps):
    pixels = load_pixels(contents[0], LIMITS)[0][None]
    found = [(layer, maps.numpy()) for layer, maps in network.feature_maps(pixels)]
    assert [layer for layer, _ in found] == list(LAYERS)
    for layer, maps in found:
        assert (maps >= 0).all()
        np.testing.assert_allclose(maps[0], expected_maps[0][layer], rtol=1e-3, atol=1e-4)


def test_gram_matrix_entry_by_entry():
    maps = np.random.default_rng(0).normal(size=(2, 5, 3, 4))
    grams = gram_matrix(maps)
    for index in range(2):
        np.testing.assert_allclose(grams[index], oracle.gram(maps[index]), rtol=1e-12)
    np.testing.assert_allclose(gram_matrix(torch.from_numpy(maps)).numpy(), grams, rtol=1e-12)


def test_gram_matrix_reference_value():
    """Gatys' E_l = sum (G - A)^2 / (4 N^2 M^2), of sums over positions: worked by hand."""
    a = np.array([[[[1.0, 2.0]], [[3.0, 4.0]]]])
    b = np.zeros_like(a)
    # F F^T = [[5, 11], [11, 25]], N = M = 2: E = (25 + 121 + 121 + 625) / 64.
    difference = gram_matrix(a)[0] - gram_matrix(b)[0]
    assert (difference**2).sum() == pytest.approx(892 / 64)


def test_a_gram_matrix_does_not_grow_with_the_image():
    tile = np.random.default_rng(1).normal(size=(1, 6, 4, 4))
    np.testing.assert_allclose(gram_matrix(np.tile(tile, (1, 1, 3, 3))), gram_matrix(tile))


@given(st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_packing_keeps_every_norm(size, seed):
    root = np.random.default_rng(seed).normal(size=(size, size))
    matrix = root @ root.T
    packed = pack_symmetric(matrix.astype(np.float32))
    assert packed.shape == (size * (size + 1) // 2,)
    assert np.linalg.norm(packed) == pytest.approx(np.linalg.norm(matrix), rel=1e-5)


def test_identity_symmetry_and_triangle_inequality(descriptors):
    weightings = [Weighting(), Weighting(1, 0), Weighting(0, 1)]

    def measure(a: Descriptor, b: Descriptor) -> list[float]:
        parts = DistanceParts.stack([measure_parts(a, b)])
        return [float(parts.distances(weighting)[0]) for weighting in weightings]

    for a in descriptors:
        assert measure(a, a) == [0, 0, 0]
        for b in descriptors:
            assert measure(a, b) == measure(b, a)
            for c in descriptors:
                direct, first, second = measure(a, c), measure(a, b), measure(b, c)
                assert all(d <= x + y + 1e-6 for d, x, y in zip(direct, first, second, strict=True))


def test_a_picture_is_near_to_itself_at_another_size(network):
    large = pictures.draw("disc-b", (640, 480))
    contents = [
        pictures.encode(large),
        pictures.encode(large.resize((320, 240))),
        pictures.png("cross-c", (640, 480)),
    ]
    found = network.describe(np.stack([load_pixels(content, LIMITS)[0] for content in contents]))
    parts = DistanceParts.stack(measure_parts(found[0], other) for other in found[1:])
    near, far = parts.distances(Weighting())
    assert near < 0.2 * far


def test_a_batch_gives_what_single_pictures_give(network, contents, descriptors):
    alone = network.describe(load_pixels(contents[2], LIMITS)[0][None])[0]
    for layer in LAYERS:
        np.testing.assert_allclose(
            alone.layer(layer), descriptors[2].layer(layer), rtol=1e-3, atol=1e-6
        )


def test_storing_moves_no_distance_by_a_ten_thousandth(descriptors):
    stored = [Descriptor.from_bytes(descriptor.to_bytes()) for descriptor in descriptors]
    for i in range(len(stored)):
        for j in range(i):
            before = DistanceParts.stack([measure_parts(descriptors[i], descriptors[j])])
            after = DistanceParts.stack([measure_parts(stored[i], stored[j])])
            assert after.layers == pytest.approx(before.layers, rel=1e-4)
            assert after.content == pytest.approx(before.content, rel=1e-4)


def test_a_stored_descriptor_keeps_its_provenance_and_is_small(descriptors):
    content = descriptors[0].to_bytes()
    assert Descriptor.from_bytes(content).provenance == descriptors[0].provenance
    assert len(content) < 850_000


def test_the_digest_ignores_what_the_weights_are_called_but_nothing_else():
    provenance = Provenance(weights="paintings", weights_sha256="ab", precision="float32")
    assert dataclasses.replace(provenance, weights="/copy.safetensors").digest == provenance.digest
    for change in (
        {"weights_sha256": "cd"},
        {"precision": "bfloat16"},
        {"input_size": 256},
        {"preprocessing": 99},
        {"network": "vgg16"},
        {"layers": LAYERS[:-1]},
    ):
        assert dataclasses.replace(provenance, **change).digest != provenance.digest


def test_descriptors_of_different_provenance_are_never_compared(descriptors):
    other = dataclasses.replace(
        descriptors[0],
        provenance=dataclasses.replace(descriptors[0].provenance, precision="bfloat16"),
    )
    with pytest.raises(DescriptorError, match="different provenance"):
        measure_parts(descriptors[0], other)


def make_small_descriptor(value: float) -> Descriptor:
    return Descriptor(
        style={layer: np.full(3, value, np.float32) for layer in STYLE_LAYERS},
        content=np.zeros(2, np.float32),
        provenance=Provenance(weights="test", weights_sha256="", precision="float32"),
    )


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_descriptor_that_is_not_finite_is_refused(value):
    with pytest.raises(DescriptorError, match="NaN or infinite"):
        make_small_descriptor(value)


def test_a_descriptor_of_zeros_can_be_stored():
    content = make_small_descriptor(0).to_bytes()
    assert Descriptor.from_bytes(content).style["relu1_1"].tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: b"not a descriptor at all",
        lambda content: content[: len(content) // 2],
        lambda content: content.replace(b"provenance", b"pr0venance"),
    ],
)
def test_a_damaged_descriptor_file_is_refused(damage):
    with pytest.raises(DescriptorError, match="damaged"):
        Descriptor.from_bytes(damage(make_small_descriptor(1).to_bytes()))


def test_nan_in_a_descriptor_file_is_refused():
    from safetensors.numpy import load, save

    content = make_small_descriptor(1).to_bytes()
    tensors = load(content)
    tensors["relu3_1"][0] = np.nan
    import json

    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    with pytest.raises(DescriptorError, match="NaN or infinite"):
        Descriptor.from_bytes(save(tensors, metadata=header["__metadata__"]))
