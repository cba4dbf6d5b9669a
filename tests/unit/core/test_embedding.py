"""Embeddings: each part against its definition in float64, weights of parts, and their files."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load, save

from stylesim_app.core import embedding
from stylesim_app.core.boxes import grid, windows
from stylesim_app.core.cosine import to_unit
from stylesim_app.core.descriptors import CONTENT_LAYER, STYLE_LAYERS, Provenance, Window
from stylesim_app.core.embedding import (
    CONTENT_SIZE,
    PARTS,
    RMAC,
    FittedEmbedding,
    PictureEmbedding,
    RegionEmbedding,
    part_distances,
    weigh_parts,
)
from stylesim_app.core.errors import DescriptorError
from stylesim_app.core.rmac import RegionWhitening
from stylesim_app.core.weights import PAINTINGS_SHA256
from stylesim_app.core.whitened_style import LAYER_SIZE

from . import part_oracles, small_pictures

KINDS = (PictureEmbedding, RegionEmbedding)
OTHER = Provenance(weights="other", weights_sha256="other", precision="float32")
WEIGHTS = st.dictionaries(st.sampled_from(list(PARTS)), st.floats(0, 1e6), min_size=1).filter(
    lambda weights: sum(weights.values()) > 0
)


@pytest.fixture
def works(small_network):
    return small_pictures.draw(300)


@pytest.fixture
def picture(works) -> PictureEmbedding:
    return PictureEmbedding.fit(lambda: works)


@pytest.fixture(params=KINDS)
def fitted(request, works) -> FittedEmbedding:
    return request.param.fit(lambda: works[:30])


def part_of(vectors: np.ndarray, part: str) -> np.ndarray:
    """The columns of a part, counted from its size and those before."""
    names = list(PARTS)
    start = sum(PARTS[each] for each in names[: names.index(part)])
    return vectors[..., start : start + PARTS[part]]


def draw_vector(generator: np.random.Generator, empty: frozenset[str] = frozenset()) -> np.ndarray:
    """A vector of parts of length 1, but for those that are ``empty``."""
    return np.concatenate(
        [
            np.zeros(size, np.float32) if part in empty else to_unit(generator.normal(size=size))
            for part, size in PARTS.items()
        ]
    )


def test_a_vector_consists_of_the_parts():
    assert [*PARTS] == [*STYLE_LAYERS, CONTENT_LAYER, RMAC]
    assert sum(PARTS.values()) == PictureEmbedding.size == 1152
    assert RegionEmbedding.size == 128


def test_each_part_is_that_of_its_definition(works, picture):
    vectors = np.stack([picture.describe(work).numbers[0] for work in works])
    assert vectors.shape == (300, 1152)
    assert vectors.dtype == np.float32
    expected = {
        **{layer: part_oracles.style(works, layer, LAYER_SIZE) for layer in STYLE_LAYERS},
        CONTENT_LAYER: part_oracles.content(works, CONTENT_SIZE),
        RMAC: part_oracles.rmac(works)[0],
    }
    for part, cosines in expected.items():
        columns = part_of(vectors, part)
        np.testing.assert_allclose(columns @ columns.T, cosines, atol=0.02, err_msg=part)
        np.testing.assert_allclose(np.linalg.norm(columns, axis=1), 1, rtol=1e-6)


def test_a_picture_has_one_vector_without_a_box_and_fourteen_regions(works, picture):
    found = picture.describe(works[0])
    assert (found.numbers.shape, found.boxes) == ((1, 1152), None)
    regions = RegionEmbedding.fit(lambda: works).describe(works[0])
    assert regions.numbers.shape == (14, 128)
    assert regions.boxes == tuple(grid(3))


def test_regions_are_those_of_the_definition(works):
    few = works[:40]
    regions = RegionEmbedding.fit(lambda: few)
    found = np.concatenate([regions.describe(work).numbers for work in few])
    np.testing.assert_allclose(found @ found.T, part_oracles.rmac(few)[1], atol=0.02)


def test_the_windows_of_a_long_picture_change_its_rmac_alone(works, picture):
    boxes = windows(100, 700)
    shown = [Window(box, work.content) for box, work in zip(boxes, works[5:], strict=False)]
    long = dataclasses.replace(works[0], windows=tuple(shown))
    plain, seen = (picture.describe(each).numbers[0] for each in (works[0], long))
    differing = [part for part, distance in part_distances(plain, seen).items() if distance > 1e-6]
    assert differing == [RMAC]
    assert RegionEmbedding.fit(lambda: works[:9]).describe(long).boxes == tuple(boxes)


def test_the_windows_of_a_wide_query_are_rows_of_rmac_alone(works, picture):
    boxes = windows(150, 100, longest=1.4)
    shown = [Window(box, work.content) for box, work in zip(boxes, works[1:], strict=False)]
    wide = dataclasses.replace(works[0], windows=tuple(shown))
    vectors = picture.describe(wide).numbers
    np.testing.assert_array_equal(vectors[:1], picture.describe(works[0]).numbers)
    assert len(vectors) == 3
    for row, work in zip(vectors[1:], works[1:], strict=False):
        np.testing.assert_allclose(
            part_of(row, RMAC), part_of(picture.describe(work).numbers[0], RMAC), atol=1e-6
        )
        assert np.count_nonzero(row) <= PARTS[RMAC]


@given(WEIGHTS, st.integers(0, 2**32 - 1), st.frozensets(st.sampled_from(list(PARTS))))
def test_a_product_of_vectors_is_the_weighted_mean_of_the_cosines_of_their_parts(
    weights, seed, empty
):
    generator = np.random.default_rng(seed)
    query, candidate = draw_vector(generator, empty), draw_vector(generator)
    cosines = {
        part: float(part_of(query, part).astype(float) @ part_of(candidate, part).astype(float))
        for part in PARTS
    }
    expected = sum(weight * cosines[part] for part, weight in weights.items())
    expected /= sum(weights.values())
    found = float(weigh_parts(query, weights) @ candidate)
    assert found == pytest.approx(expected, abs=1e-6)
    distances = part_distances(query, candidate)
    assert [*distances] == [*PARTS]
    for part, distance in distances.items():
        assert distance == pytest.approx(1 - cosines[part], abs=1e-6)
        assert 0 <= distance <= 2 + 1e-6
        if part in empty:
            assert distance == 1


@given(st.integers(0, 2**32 - 1))
def test_a_vector_is_at_distance_zero_from_itself_and_distances_are_symmetric(seed):
    generator = np.random.default_rng(seed)
    one, other = draw_vector(generator), draw_vector(generator)
    assert part_distances(one, one) == pytest.approx(dict.fromkeys(PARTS, 0), abs=1e-6)
    assert part_distances(one, other) == pytest.approx(part_distances(other, one), abs=1e-6)


@pytest.mark.parametrize(
    "weights",
    [
        {},
        {RMAC: 0},
        {RMAC: 1, CONTENT_LAYER: -0.5},
        {RMAC: float("nan")},
        {RMAC: float("inf")},
    ],
)
def test_weights_that_define_no_distance_are_refused(weights):
    with pytest.raises(ValueError, match="with a positive sum, got"):
        weigh_parts(np.ones(1152, np.float32), weights)


@pytest.mark.parametrize("shape", [(1151,), (1, 1152)])
def test_a_vector_of_another_size_is_refused(shape):
    with pytest.raises(ValueError, match="expected 1152 numbers, got"):
        weigh_parts(np.ones(shape, np.float32), {RMAC: 1})


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_pictures_give_the_same_fit(works, kind):
    few = works[:30]
    one, same = kind.fit(lambda: few), kind.fit(lambda: iter(few))
    assert one.digest == same.digest
    assert one.to_bytes() == same.to_bytes()
    assert kind.fit(lambda: few[1:]).digest != one.digest


def test_a_fit_survives_storage_to_the_last_bit(works, fitted):
    content = fitted.to_bytes({"pictures": "drawn"})
    restored = type(fitted).from_bytes(content)
    assert restored.digest == fitted.digest
    assert restored.provenance == fitted.provenance
    assert restored.to_bytes({"pictures": "drawn"}) == content
    for work in works[:40]:
        np.testing.assert_array_equal(
            restored.describe(work).numbers, fitted.describe(work).numbers
        )


def test_what_was_fitted_is_told_apart_by_its_provenance(works, fitted):
    strangers = [dataclasses.replace(work, provenance=OTHER) for work in works[:30]]
    assert type(fitted).fit(lambda: strangers).digest != fitted.digest


def test_descriptors_of_another_network_are_refused(works, fitted):
    stranger = dataclasses.replace(works[0], provenance=OTHER)
    assert not fitted.suits(OTHER)
    with pytest.raises(DescriptorError, match="different provenance"):
        fitted.describe(stranger)
    with pytest.raises(DescriptorError, match="different provenance"):
        type(fitted).fit(lambda: [works[0], stranger])


def test_another_precision_and_another_name_of_the_weights_suit(works, fitted):
    renamed = dataclasses.replace(works[0].provenance, weights="renamed", precision="bfloat16")
    assert fitted.suits(renamed)
    again = dataclasses.replace(works[0], provenance=renamed)
    np.testing.assert_array_equal(fitted.describe(again).numbers, fitted.describe(works[0]).numbers)


def test_a_collection_keeps_what_ships_for_the_same_network_but_for_content(works, monkeypatch):
    ships = PictureEmbedding.fit(lambda: works[:30])
    monkeypatch.setattr(PictureEmbedding, "shipped", classmethod(lambda _: ships))
    own = PictureEmbedding.fit_collection(lambda: works[30:70])
    plain = PictureEmbedding.fit(lambda: works[30:70])
    found, shipped, fitted = (each.describe(works[80]).numbers[0] for each in (own, ships, plain))
    for part in (*STYLE_LAYERS, RMAC):
        np.testing.assert_array_equal(part_of(found, part), part_of(shipped, part))
    np.testing.assert_array_equal(part_of(found, CONTENT_LAYER), part_of(fitted, CONTENT_LAYER))
    assert own.digest not in (ships.digest, plain.digest)
    assert PictureEmbedding.from_bytes(own.to_bytes()).digest == own.digest


def test_a_collection_of_another_network_is_fitted_entirely(works, monkeypatch):
    ships = PictureEmbedding.fit(lambda: works[:30])
    monkeypatch.setattr(PictureEmbedding, "shipped", classmethod(lambda _: ships))
    strangers = [dataclasses.replace(work, provenance=OTHER) for work in works[:30]]
    fitted = PictureEmbedding.fit_collection(lambda: strangers)
    assert fitted.digest == PictureEmbedding.fit(lambda: strangers).digest


@pytest.mark.parametrize("count", [0, 1])
def test_a_collection_of_fewer_than_two_pictures_is_refused(works, monkeypatch, count):
    ships = PictureEmbedding.fit(lambda: works[:30])
    monkeypatch.setattr(PictureEmbedding, "shipped", classmethod(lambda _: ships))
    with pytest.raises(ValueError, match="expected at least 2"):
        PictureEmbedding.fit_collection(lambda: works[:count])


def test_a_collection_of_two_networks_is_refused(works, monkeypatch):
    ships = PictureEmbedding.fit(lambda: works[:30])
    monkeypatch.setattr(PictureEmbedding, "shipped", classmethod(lambda _: ships))
    stranger = dataclasses.replace(works[0], provenance=OTHER)
    with pytest.raises(DescriptorError, match="different provenance"):
        PictureEmbedding.fit_collection(lambda: [works[0], stranger])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_pictures_are_refused(works, kind, count):
    with pytest.raises(ValueError, match="expected at least 2"):
        kind.fit(lambda: works[:count])


def lose_the_regions(content: bytes) -> bytes:
    header = content[8 : 8 + int.from_bytes(content[:8], "little")]
    assert b"regions.mean" in header
    return content.replace(b"regions.mean", b"regions.main", 1)


def change_a_shape(content: bytes) -> bytes:
    return content.replace(b'"regions.scales":{"dtype":"F32","shape":[256]', b"?", 1)


def lose_the_header(content: bytes) -> bytes:
    return save(load(content))


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: b"",
        lambda _: b"no embedding",
        lambda content: content[:-100],
        lose_the_regions,
        lose_the_header,
        change_a_shape,
    ],
)
def test_damaged_bytes_are_refused(fitted, damage):
    with pytest.raises(DescriptorError, match="damaged"):
        type(fitted).from_bytes(damage(fitted.to_bytes()))


def test_a_file_of_the_other_kind_is_refused(works):
    regions = RegionEmbedding.fit(lambda: works[:9])
    with pytest.raises(DescriptorError, match="damaged"):
        PictureEmbedding.from_bytes(regions.to_bytes())


def black(works):
    zeros = {layer: np.zeros_like(values) for layer, values in works[0].style.items()}
    return dataclasses.replace(works[0], style=zeros, content=np.zeros_like(works[0].content))


def test_a_black_picture_among_others_has_finite_vectors(works, fitted):
    numbers = fitted.describe(black(works)).numbers
    assert np.isfinite(numbers).all()


def test_where_all_pictures_are_black_every_distance_is_one(works):
    """Nothing differs, so that nothing can be said: no NaN, and no claim to be near."""
    dark = [black(works)] * 3
    vector = PictureEmbedding.fit(lambda: dark).describe(dark[0]).numbers[0]
    assert not vector.any()
    assert part_distances(vector, vector) == dict.fromkeys(PARTS, 1.0)
    weighed = weigh_parts(vector, dict.fromkeys(PARTS, 1))
    assert 1 - float(weighed @ vector) == 1
    assert not RegionEmbedding.fit(lambda: dark).describe(dark[0]).numbers.any()


def test_a_small_sample_leaves_zeros_in_every_part(works):
    few = works[:5]
    vector = PictureEmbedding.fit(lambda: few).describe(works[9]).numbers[0]
    for part in STYLE_LAYERS:
        assert not part_of(vector, part)[4:].any()
    assert not part_of(vector, CONTENT_LAYER)[5:].any()
    assert np.isfinite(vector).all()


class TestShipped:
    """The files that ship with the app."""

    def test_the_files_are_small_enough_to_ship(self):
        paths = (embedding.PICTURE_EMBEDDING_PATH, embedding.REGION_WHITENING_PATH)
        assert {path.parent for path in paths} == {Path(embedding.__file__).parents[1] / "weights"}
        assert sum(path.stat().st_size for path in paths) < 20e6

    @pytest.mark.parametrize("kind", KINDS)
    def test_they_belong_to_the_weights_that_ship_and_are_read_once(self, kind):
        assert kind.shipped().provenance.weights_sha256 == PAINTINGS_SHA256
        assert kind.shipped() is kind.shipped()

    @pytest.mark.parametrize("kind", KINDS)
    def test_they_do_not_suit_other_weights(self, kind):
        shipped = kind.shipped()
        assert shipped.suits(shipped.provenance)
        assert not shipped.suits(OTHER)

    def test_pictures_are_told_apart(self, described):
        shipped = PictureEmbedding.shipped()
        vectors = [shipped.describe(each).numbers[0] for each in described.values()]
        first, *others = vectors
        assert part_distances(first, first) == pytest.approx(dict.fromkeys(PARTS, 0), abs=1e-6)
        for other in others:
            assert all(distance > 0.01 for distance in part_distances(first, other).values())

    def test_regions_of_pictures_are_told_apart(self, described):
        shipped = RegionEmbedding.shipped()
        first, second = (shipped.describe(described[name]) for name in ("disc-a", "bars-b"))
        products = first.numbers @ first.numbers.T
        np.testing.assert_allclose(np.diagonal(products), 1, rtol=1e-5)
        assert (first.numbers * second.numbers).sum(axis=1).max() < 0.99
        assert isinstance(shipped.whitening, RegionWhitening)
