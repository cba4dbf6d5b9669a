"""The scale of a lane, against counting."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stylesim_app.core.cosine import to_unit
from stylesim_app.core.scale import PairScale, scale_of_pairs

#: Few different numbers, so that many are equal.
FIGURES = st.lists(st.integers(0, 8).map(lambda n: n / 4), min_size=1, max_size=60)


def make(figures: list[float]) -> PairScale:
    return PairScale(np.sort(np.array(figures, np.float32)))


@given(FIGURES, st.integers(-1, 9).map(lambda n: n / 4))
def test_shares_are_counted(figures, figure):
    scale, count = make(figures), len(figures)
    close = sum(each <= figure for each in figures)
    assert len(scale) == count
    assert scale.unusual(figure) == pytest.approx((close + 1) / (count + 1))
    assert scale.closer_than(figure) == pytest.approx(100 * (count - close) / count)
    assert 1 / (count + 1) <= scale.unusual(figure) <= 1


@given(FIGURES, st.floats(0, 3), st.floats(0, 3))
def test_a_closer_figure_is_never_less_unusual(figures, one, other):
    scale = make(figures)
    nearer, farther = sorted((one, other))
    assert scale.unusual(nearer) <= scale.unusual(farther)
    assert scale.closer_than(nearer) >= scale.closer_than(farther)


def test_a_sample_shows_no_more_than_its_size():
    scale = make([0.5] * 99)
    assert scale.unusual(0) == 0.01
    assert scale.unusual(0.5) == 1
    assert scale.closer_than(0) == 100
    assert scale.closer_than(0.5) == 0


@pytest.mark.parametrize("count", [2, 5])
def test_the_least_of_several_figures_has_a_scale_of_its_own(count):
    drawn = np.random.default_rng(0).beta(6, 2, (200_000, count)).astype(np.float32)
    least = PairScale(np.sort(drawn[:, 0])).of_least(count)
    counted = PairScale(np.sort(drawn.min(axis=1)))
    for figure in np.quantile(counted.figures, [0.05, 0.3, 0.5, 0.9]).tolist():
        assert least.unusual(figure) == pytest.approx(counted.unusual(figure), abs=0.005)


@given(FIGURES)
def test_the_least_of_one_figure_is_the_figure(figures):
    scale = make(figures)
    np.testing.assert_array_equal(scale.of_least(1).figures, scale.figures)


@given(FIGURES, st.floats(0.001, 0.999))
def test_no_more_pairs_than_the_share_stay_below_its_threshold(figures, share):
    scale = make(figures)
    threshold = scale.threshold(share)
    if threshold is None:
        assert share * len(figures) < 1
        return
    assert threshold in figures
    assert sum(each < threshold for each in figures) < share * len(figures)
    assert sum(each <= threshold for each in figures) > share * len(figures) - 1


@pytest.mark.parametrize("share", [0.01, 0.001])
@pytest.mark.parametrize("factor", range(1, 60))
def test_a_threshold_is_known_from_the_size_on_that_shows_it(share, factor):
    count = round(factor / share)
    figures = np.arange(count, dtype=np.float64)
    assert PairScale(figures).threshold(share) == factor - 1
    assert PairScale(figures[: round(1 / share) - 1]).threshold(share) is None


@pytest.mark.parametrize("share", [0, 1, -0.1, 1.5, float("nan")])
def test_other_shares_are_refused(share):
    with pytest.raises(ValueError, match="a share between 0 and 1, got"):
        make([0.5]).threshold(share)


@given(st.integers(2, 8), st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_the_figures_are_those_of_all_pairs(count, vectors, seed):
    generator = np.random.default_rng(seed)
    candidates = to_unit(generator.normal(size=(count, vectors, 5)))
    queries = 0.5 * candidates[:, 0]
    expected = [
        max(0.0, 1 - max(float(queries[a].astype(float) @ each) for each in candidates[b]))
        for a in range(count)
        for b in range(a + 1, count)
    ]
    found = scale_of_pairs(queries, candidates)
    np.testing.assert_allclose(found.figures, sorted(expected), atol=1e-6)
    assert len(found) == count * (count - 1) // 2


def test_the_offset_of_a_candidate_is_added_to_the_figures_of_its_pairs():
    vectors = to_unit(np.random.default_rng(0).normal(size=(3, 5)))
    plain = 1 - vectors @ vectors.T
    found = scale_of_pairs(vectors, vectors[:, None], np.array([0.5, 0.1, 0.2], np.float32))
    expected = sorted([plain[0, 1] + 0.1, plain[0, 2] + 0.2, plain[1, 2] + 0.2])
    np.testing.assert_allclose(found.figures, expected, atol=1e-6)


def test_pairs_of_the_same_vectors_are_at_distance_zero():
    one = to_unit(np.array([1.0, 2.0, 3.0]))
    scale = scale_of_pairs(np.stack([one] * 5), np.stack([one] * 5)[:, None])
    np.testing.assert_allclose(scale.figures, 0, atol=1e-6)
    assert (scale.figures >= 0).all()
