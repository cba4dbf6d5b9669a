"""Bounds of distances hold for every work and every weighting, despite rounding."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stylesim_app.core.bounds import CompactTable, used_layers
from stylesim_app.core.compression import CompactDescriptor, Compressor
from stylesim_app.core.descriptors import CONTENT_LAYER, LAYERS, STYLE_LAYERS, Descriptor
from stylesim_app.core.distances import MAX_WEIGHT, DistanceParts, Weighting, measure_parts
from tests import synthetic

weights = st.one_of(
    st.just(0.0), st.floats(1e-6, 10), st.sampled_from([1e-60, 1e-9, 1.0, 1e40, MAX_WEIGHT])
)
weightings = (
    st.tuples(weights, weights, st.tuples(*[weights] * len(STYLE_LAYERS)))
    .filter(lambda each: any(each[:2]) and any(each[2]))
    .map(lambda each: Weighting(*each))
)
WEIGHTINGS = [
    Weighting(),
    Weighting(1, 0),
    Weighting(0, 1),
    Weighting(0.5 / 0.7, 0.5 / 900),
    Weighting(2.0, 1e-3, (0.0, 0.0, 1.0, 0.0, 3.0)),
    Weighting(MAX_WEIGHT, MAX_WEIGHT, (MAX_WEIGHT, 0, 0, 0, 1e-300)),
]


def tabulate(compacts: list[CompactDescriptor]) -> CompactTable:
    return CompactTable(
        z={layer: np.stack([each.layer(layer) for each in compacts]) for layer in LAYERS},
        norms={
            layer: np.array(
                [[each.squares[index], each.residuals[index]] for each in compacts], np.float32
            )
            for index, layer in enumerate(LAYERS)
        },
    )


def exact_layers(a: Descriptor, b: Descriptor) -> tuple[list[float], float]:
    """The parts of the distance in float64."""
    *layers, content = (
        float(np.linalg.norm(a.layer(layer).astype(np.float64) - b.layer(layer)))
        for layer in LAYERS
    )
    return layers, content


def check_bounds(
    compressor: Compressor, works: list[Descriptor], weightings: list[Weighting]
) -> None:
    """Of each work to each, itself included: by the definition, and as the app measures it."""
    compacts = [compressor.compress(each) for each in works]
    table = tabulate(compacts)
    for measure in (exact_layers, measure_parts):
        parts = DistanceParts.stack(measure(a, b) for a in works for b in works)
        for weighting in weightings:
            bounds = table.bound(compacts, weighting)
            exact = parts.distances(weighting).reshape(len(works), len(works))
            lower, upper = bounds.lower(weighting), bounds.upper(weighting)
            estimate = bounds.estimate(weighting)
            assert lower.shape == exact.shape
            assert (lower <= estimate).all()
            assert (estimate <= upper).all()
            assert (lower <= exact).all(), np.max(lower - exact)
            assert (exact <= upper).all(), np.max(exact - upper)


@pytest.fixture(scope="module")
def works(described):
    return synthetic.blend(described, 28, seed=1)


@pytest.fixture(scope="module")
def compressor(works) -> Compressor:
    """Fitted to the first twenty."""
    return Compressor.fit(lambda: works[:20])


@pytest.fixture(scope="module")
def compacts(compressor, works):
    return [compressor.compress(each) for each in works]


@pytest.fixture(scope="module")
def parts(works):
    return DistanceParts.stack(measure_parts(a, b) for a in works for b in works)


def test_bounds_hold_for_real_works(compressor, works, described):
    """In the sample, where nearly nothing is left out, and beyond it, where much is."""
    real = list(described.values())
    check_bounds(compressor, [*works[:3], *works[20:23], *real[:6]], WEIGHTINGS)


@given(weightings)
@settings(max_examples=150, deadline=None)
def test_bounds_hold_for_every_weighting(compacts, parts, weighting):
    bounds = tabulate(compacts).bound(compacts, weighting)
    exact = parts.distances(weighting).reshape(len(compacts), -1)
    lower, upper = bounds.lower(weighting), bounds.upper(weighting)
    assert np.isfinite(upper).all()
    assert (lower <= exact).all()
    assert (exact <= upper).all()


def test_only_the_layers_that_count_are_bounded(compacts):
    table = tabulate(compacts[:2])
    for weighting, layers in (
        (Weighting(), [*STYLE_LAYERS, CONTENT_LAYER]),
        (Weighting(1, 0), list(STYLE_LAYERS)),
        (Weighting(0, 1, (0, 0, 1, 0, 0)), [CONTENT_LAYER]),
        (Weighting(1, 1, (0, 2, 0, 0, 1)), ["relu2_1", "relu5_1", CONTENT_LAYER]),
    ):
        assert used_layers(weighting) == layers
        assert list(table.bound(compacts[:1], weighting).squares) == layers


def test_a_part_of_a_table_bounds_as_the_whole_does(compacts):
    table = tabulate(compacts)
    weighting = Weighting()
    whole = table.bound(compacts[:2], weighting).lower(weighting)
    part = table.rows(5, 12)
    assert (len(table), len(part)) == (28, 7)
    found = part.bound(compacts[:2], weighting).lower(weighting)
    np.testing.assert_allclose(found, whole[:, 5:12], rtol=1e-4)
    assert table.rows(20, 99).bound(compacts[:1], weighting).lower(weighting).shape == (1, 8)
    assert table.rows(28, 99).bound(compacts[:1], weighting).lower(weighting).shape == (1, 0)


def test_bounds_are_equal_where_nothing_is_left_out(monkeypatch):
    """Twelve channels and a sample that spans all of their 78 numbers."""
    synthetic.shrink_network(monkeypatch)
    monkeypatch.setattr("stylesim_app.core.compression.BASIS_CHANNELS", synthetic.SMALL_CHANNELS)
    monkeypatch.setattr("stylesim_app.core.compression.SIZES", dict.fromkeys(LAYERS, 78))
    works = synthetic.draw_small(100, seed=2)
    compressor = Compressor.fit(lambda: works[:100])
    compacts = [compressor.compress(each) for each in works[:12]]
    check_bounds(compressor, works[:12], WEIGHTINGS)
    parts = DistanceParts.stack(measure_parts(a, b) for a in works[:12] for b in works[:12])
    for weighting in WEIGHTINGS:
        bounds = tabulate(compacts).bound(compacts, weighting)
        exact = parts.distances(weighting).reshape(12, 12)
        slack = bounds.upper(weighting) - bounds.lower(weighting)
        far = ~np.eye(12, dtype=bool)
        assert (slack[far] <= 1e-4 * exact[far]).all()
        np.testing.assert_allclose(bounds.estimate(weighting)[far], exact[far], rtol=1e-4)


# Adversarial works, of the small network, so that there can be many


def draw_odd(kind: str, index: int, width: int, generator: np.random.Generator) -> np.ndarray:
    """Numbers of one layer that rounding may treat badly."""
    signs = generator.choice([-1.0, 1.0], width)
    return {
        "zeros": np.zeros(width),
        "constant": np.full(width, 1 / 3 + index / 7),
        "sparse": np.where(np.arange(width) == index % width, 1.0, 0.0),
        "signs": signs,
        "geometric": signs * 10.0 ** -generator.uniform(0, 30, width),
        "offset": 1e4 + generator.normal(size=width),
        "twin": 1e3 * signs[0] + np.where(np.arange(width) == index % width, 1e-4, 0.0),
        "normal": generator.normal(size=width),
    }[kind]


ODD = ["zeros", "constant", "sparse", "signs", "geometric", "offset", "twin", "normal"]
SMALL_GRAM = synthetic.SMALL_CHANNELS * (synthetic.SMALL_CHANNELS + 1) // 2


def draw_works(kinds: list[str], magnitude: float, seed: int) -> list[Descriptor]:
    generator = np.random.default_rng(seed)
    works = []
    for index, kind in enumerate(kinds):
        style = {
            layer: (magnitude * draw_odd(kind, index, SMALL_GRAM, generator)).astype(np.float32)
            for layer in STYLE_LAYERS
        }
        content = magnitude * draw_odd(kind, index, 4 * synthetic.SMALL_CHANNELS, generator)
        works.append(Descriptor(style, content.astype(np.float32), synthetic.PROVENANCE))
    return works


@pytest.fixture
def small_network(monkeypatch):
    synthetic.shrink_network(monkeypatch)


@example(["zeros", "zeros", "offset"], 1e14, 2, 0, [])
@example(["offset", "offset", "twin"], 1e14, 2, 47, [Weighting(1, 0, (0, 0, 0, 1, 1e-60))])
@example(["zeros", "twin", "twin"], 1e-22, 2, 0, [Weighting(1, 0, (0, 0, 0, 1.25, 1e-9))])
@given(
    st.lists(st.sampled_from(ODD), min_size=3, max_size=12),
    st.sampled_from([1e-38, 1e-30, 1e-22, 1e-15, 1e-5, 1.0, 1e5, 1e14]),
    st.integers(2, 12),
    st.integers(0, 2**32 - 1),
    st.lists(weightings, min_size=2, max_size=2),
)
@settings(max_examples=200, deadline=None)
def test_bounds_hold_for_odd_works(kinds, magnitude, sampled, seed, weightings):
    with pytest.MonkeyPatch.context() as monkeypatch:
        synthetic.shrink_network(monkeypatch)
        works = draw_works(kinds, magnitude, seed)
        sample = works[: max(2, sampled % len(works))]
        compressor = Compressor.fit(lambda: sample)
        with np.errstate(under="ignore"):
            check_bounds(compressor, works, [Weighting(), *weightings])


@given(st.floats(-1e6, 1e6), st.sampled_from([0.0, 1e-6, 1e-3, 1.0]), st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_bounds_hold_along_the_directions_that_are_kept(length, noise, seed):
    """Works on a line through the mean, each a column of the projection: nothing is left out,
    and all lies in one number."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        synthetic.shrink_network(monkeypatch)
        drawn = synthetic.draw_small(16, seed=3)
        compressor = Compressor.fit(lambda: drawn[:16])
        generator = np.random.default_rng(seed)
        works = []
        for step in (-1.0, 0.0, 1e-3, 1.0, 1.0, 1.0 + 1e-6):
            layers = {}
            for layer in LAYERS:
                basis = compressor.bases[layer]
                width = len(basis.mean)
                along = basis_column(basis, width, int(generator.integers(3)))
                spread = noise * generator.normal(size=width)
                layers[layer] = (basis.mean + length * (step * along + spread)).astype(np.float32)
            works.append(Descriptor(layers, layers.pop(CONTENT_LAYER), synthetic.PROVENANCE))
        check_bounds(compressor, works, [Weighting(), Weighting(0, 1), Weighting(1, 0)])


def basis_column(basis, width: int, index: int) -> np.ndarray:
    unit = np.eye(width, dtype=np.float32)
    return np.array(
        [basis.reduce(row, basis.channels) @ basis.components[:, index] for row in unit]
    )


def test_bounds_hold_for_alike_numbers_of_full_size(compressor, described):
    """What sums of many alike terms lose by rounding is more than anything random loses."""
    real = described["disc-a"]
    works = [
        Descriptor(
            {
                layer: np.full_like(values, value * np.abs(values).max())
                for layer, values in real.style.items()
            },
            np.full_like(real.content, value * real.content.max()),
            real.provenance,
        )
        for value in (0.0, 1 / 3, 1 / 3, 0.334, 0.7, 1000.0)
    ]
    check_bounds(compressor, works, WEIGHTINGS)
    fitted = Compressor.fit(lambda: works[:4])
    check_bounds(fitted, [*works, real], WEIGHTINGS)


def test_bounds_hold_for_projections_of_alike_numbers():
    """The product that bounds 512 numbers of content, all alike, rounds one way."""
    for value in np.random.default_rng(6).uniform(0.5, 1, 200):
        z = np.full(832, value, np.float32)
        square = np.square(z.astype(np.float64))
        squares = np.array([square[:64].sum()] * 5 + [square[:512].sum()], np.float32)
        compact = CompactDescriptor(z, squares, np.sqrt(4e-6 * squares))
        lower = tabulate([compact] * 5).bound([compact], Weighting()).lower(Weighting())
        assert (lower == 0).all()


def test_a_descriptor_beyond_float32_is_never_ruled_out(small_network):
    """Where squares overflow, there is no bound, which is not the same as a large one."""
    works = synthetic.draw_small(6, seed=4)
    compressor = Compressor.fit(lambda: works[:5])
    huge = dataclasses.replace(works[5], content=works[5].content * np.float32(1e30))
    with np.errstate(over="ignore", invalid="ignore"):
        compacts = [compressor.compress(each) for each in (works[0], huge)]
        lower = tabulate(compacts).bound(compacts, Weighting(0, 1)).lower(Weighting(0, 1))
    assert lower[0, 0] == 0
    assert not (lower[:, 1] < np.inf).any()
