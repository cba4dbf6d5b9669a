"""Weightings, presets and calibration."""

from __future__ import annotations

import numpy as np
import pytest

from stylesim_app.core.calibration import PairSample, sample_pairs
from stylesim_app.core.descriptors import STYLE_LAYERS, Descriptor, Provenance
from stylesim_app.core.distances import (
    PRESETS,
    DistanceParts,
    Weighting,
    measure_parts,
    resolve_preset,
)
from stylesim_app.core.errors import DescriptorError, WeightingError
from stylesim_app.core.ranking import rank_parts


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((-1, 0), "style_weight must not be negative, but is -1"),
        ((1, -1e-4), "content_weight must not be negative"),
        ((float("nan"), 1), "style_weight must be a finite number, not nan"),
        ((1, float("inf")), "content_weight must be a finite number"),
        (("1", 0), "must be a finite number, not '1'"),
        ((0, 0), "must not both be zero"),
        ((1, 0, (0, 0, 0, 0, 0)), "At least one layer weight"),
        ((1, 0, (1, 1, 1)), "Enter 5 layer weights, not 3"),
        ((1, 0, (1, 1, -1, 1, 1)), "relu3_1 must not be negative"),
    ],
)
def test_weights_that_define_no_distance_are_refused(arguments, message):
    with pytest.raises(WeightingError, match=message):
        Weighting(*arguments)


def test_an_unknown_preset_is_refused_with_the_known_ones():
    with pytest.raises(WeightingError, match=rf"“papers”\. Choose one of {', '.join(PRESETS)}"):
        resolve_preset("papers")


def test_the_paper_preset_has_the_papers_weights():
    assert PRESETS["paper"] == (1.0, 1e-4)
    assert Weighting() == Weighting(*PRESETS["paper"])


def random_parts(count: int, seed: int = 0) -> DistanceParts:
    generator = np.random.default_rng(seed)
    return DistanceParts(generator.uniform(0, 1, (count, 5)), generator.uniform(0, 300, count))


def test_closer_than_is_the_share_of_random_pairs_that_are_farther():
    sample = PairSample(random_parts(1000))
    weighting = Weighting(1, 1e-3, (0.1, 0.2, 0.3, 0.2, 0.2))
    distances = np.array([-1.0, 0.3, 0.7, 99.0])
    literal = [
        100 * np.mean([d > distance for d in sample.parts.distances(weighting)])
        for distance in distances
    ]
    assert sample.closer_than(distances, weighting) == pytest.approx(literal)
    assert literal[0] == 100
    assert literal[3] == 0


def test_balanced_weights_give_both_distances_the_same_median():
    sample = PairSample(random_parts(501))
    style, content = sample.balanced_weights()
    assert np.median(style * sample.parts.style_distances()) == pytest.approx(0.5)
    assert np.median(content * sample.parts.content) == pytest.approx(0.5)


def test_balanced_weights_of_identical_pictures_are_finite():
    sample = PairSample(DistanceParts(np.zeros((3, 5)), np.zeros(3)))
    assert sample.balanced_weights() == (0.5, 0.5)


def test_a_pair_sample_survives_storage():
    sample = PairSample(random_parts(20))
    restored = PairSample.from_bytes(sample.to_bytes())
    assert restored.parts.layers == pytest.approx(sample.parts.layers, rel=1e-6)
    with pytest.raises(DescriptorError, match="damaged"):
        PairSample.from_bytes(b"nothing")


def test_sampled_pairs_equal_the_pairs_one_by_one():
    generator = np.random.default_rng(3)
    provenance = Provenance(weights="test", weights_sha256="", precision="float32")
    descriptors = [
        Descriptor(
            style={
                layer: generator.normal(0, 1e-4, 40).astype(np.float32) + 5e-3
                for layer in STYLE_LAYERS
            },
            content=generator.uniform(0, 9, 60).astype(np.float32),
            provenance=provenance,
        )
        for _ in range(6)
    ]
    sample = sample_pairs(descriptors)
    expected = DistanceParts.stack(
        measure_parts(descriptors[i], descriptors[j]) for i in range(6) for j in range(i + 1, 6)
    )
    assert sample.parts.layers == pytest.approx(expected.layers, rel=1e-3)
    assert sample.parts.content == pytest.approx(expected.content, rel=1e-4)
    with pytest.raises(ValueError, match="at least 2 works, got 1"):
        sample_pairs(descriptors[:1])


def test_ranking_equals_sorting_by_the_formula():
    parts = random_parts(200, seed=5)
    weighting = Weighting(0.7, 2e-3, (0.3, 0.3, 0.2, 0.1, 0.1))
    literal = [
        0.7 * sum(w * d * d for w, d in zip(weighting.layer_weights, row, strict=True)) ** 0.5
        + 2e-3 * content
        for row, content in zip(parts.layers, parts.content, strict=True)
    ]
    ranking = rank_parts(range(200), parts, weighting, 10)
    assert ranking.candidates == sorted(range(200), key=literal.__getitem__)[:10]
    assert ranking.distances == pytest.approx(sorted(literal)[:10])
    assert ranking.parts.layers == pytest.approx(parts.layers[ranking.candidates])


def test_equal_distances_keep_the_order_of_the_candidates():
    parts = DistanceParts(np.ones((4, 5)), np.ones(4))
    assert rank_parts(range(len(parts.content)), parts, Weighting(), 3).candidates == [0, 1, 2]


def test_nothing_to_rank_gives_an_empty_ranking():
    assert rank_parts([], DistanceParts.stack([]), Weighting(), 5).distances.size == 0
