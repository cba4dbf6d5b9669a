"""Local scaling against its formula in float64."""

from __future__ import annotations

import numpy as np
import pytest

from stylesim_app.core.cosine import to_unit
from stylesim_app.core.local_scaling import FEWEST, NEIGHBOURS, LocalScaling


def draw(count: int, seed: int = 0) -> np.ndarray:
    return to_unit(np.random.default_rng(seed).normal(size=(count, 16)))


def closeness(vector: np.ndarray, others: np.ndarray) -> float:
    cosines = sorted((others.astype(np.float64) @ vector.astype(np.float64)).tolist())
    return float(np.mean(cosines[-NEIGHBOURS:]))


def test_offsets_are_half_of_how_much_nearer_the_neighbours_are_than_on_average():
    sample, works = draw(FEWEST), draw(20, seed=1)
    scaling = LocalScaling.fit(sample, sample, np.arange(FEWEST))
    mean = np.mean(
        [closeness(each, np.delete(sample, at, axis=0)) for at, each in enumerate(sample)]
    )
    expected = [(closeness(each, sample) - mean) / 2 for each in works]
    np.testing.assert_allclose(scaling.offsets(works, np.arange(100, 120)), expected, atol=1e-6)


def test_a_work_is_not_a_neighbour_of_its_own():
    sample = draw(FEWEST)
    scaling = LocalScaling.fit(sample, sample, np.arange(FEWEST))
    offsets = scaling.offsets(sample, np.arange(FEWEST))
    # The sample is as near to its neighbours as the sample is.
    assert offsets.mean() == pytest.approx(0, abs=1e-6)
    assert (scaling.offsets(sample, np.arange(100, 100 + FEWEST)) > offsets).all()


def test_a_hub_no_longer_comes_before_the_work_that_is_nearest_to_the_query_alone():
    crowd = to_unit(draw(FEWEST) + 3 * np.eye(16)[0])
    hub, lone = to_unit(crowd.mean(axis=0)), to_unit(-np.eye(16)[0] + np.eye(16)[1])
    query = to_unit(hub + 0.95 * lone)
    scaling = LocalScaling.fit(crowd, crowd, np.arange(FEWEST))
    works = np.stack([hub, lone])
    distances = 1 - works @ query
    assert distances.argmin() == 0
    assert (distances + scaling.offsets(works, np.array([100, 101]))).argmin() == 1


def test_a_small_sample_is_refused():
    sample = draw(FEWEST - 1)
    with pytest.raises(ValueError, match=f"expected at least {FEWEST} works, got {FEWEST - 1}"):
        LocalScaling.fit(sample, sample, np.arange(FEWEST - 1))
