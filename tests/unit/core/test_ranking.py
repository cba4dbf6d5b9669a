"""Filter and refine against sorting all by the exact distances."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stylesim_app.core.distances import DistanceParts, Weighting
from stylesim_app.core.ranking import READ_BATCH, Ranking, Shortlist, rank_parts, refine

WEIGHTING = Weighting(1, 0.5, (0.3, 0.3, 0.2, 0.1, 0.1))


@dataclass
class Reading:
    """What one search asked for, and what came of it."""

    ranking: Ranking
    batches: list[list[int]]

    @property
    def read(self) -> list[int]:
        return [position for batch in self.batches for position in batch]


def search(shortlist, parts, limit, budget, **options) -> Reading:
    refining = refine(shortlist, WEIGHTING, limit, budget, **options)
    batches: list[list[int]] = []
    try:
        positions = next(refining)
        while True:
            batches.append(positions)
            positions = refining.send(parts.take(np.array(positions, np.intp)))
    except StopIteration as stop:
        return Reading(stop.value, batches)


def far(distances) -> DistanceParts:
    """Parts of works that are so far in content alone, so that WEIGHTING gives ``distances``."""
    content = 2 * np.asarray(distances, float)
    return DistanceParts(np.zeros((len(content), 5)), content)


def bounded(distances, *, below=0.0, noise=0.0, seed=0, rest=np.inf) -> Shortlist:
    """True lower bounds up to ``below`` too low, and estimates that are off by up to ``noise``."""
    generator = np.random.default_rng(seed)
    distances = np.asarray(distances, float)
    lower = distances - below * generator.uniform(0, 1, len(distances))
    estimates = distances + noise * generator.uniform(-1, 1, len(distances))
    return Shortlist(range(len(distances)), estimates, lower, rest)


def best_of(distances, limit) -> list[int]:
    return sorted(range(len(distances)), key=lambda at: (distances[at], at))[:limit]


@st.composite
def collections(draw):
    """Distances with many ties, those of which some are on the shortlist first."""
    count = draw(st.integers(0, 60))
    listed = draw(st.integers(0, count))
    seed = draw(st.integers(0, 2**32 - 1))
    generator = np.random.default_rng(seed)
    distances = generator.uniform(0, 1, count)
    if draw(st.booleans()):
        distances = np.round(distances, 1)
    return distances, listed, seed


@given(
    collections(),
    st.sampled_from([0.0, 0.01, 0.2, 2.0]),
    st.sampled_from([0.0, 0.1, 3.0]),
    st.integers(1, 70),
    st.integers(0, 80),
    st.integers(1, 20),
    st.sets(st.integers(0, 59), max_size=3),
)
@settings(max_examples=500, deadline=None)
def test_what_is_certified_is_what_sorting_all_gives(
    collection, below, noise, limit, budget, read_batch, damaged
):
    distances, listed, seed = collection
    parts = far(distances)
    for position in damaged & set(range(listed)):
        parts.layers[position], parts.content[position] = np.nan, np.nan
    lower = distances - below * np.random.default_rng(seed).uniform(0, 1, len(distances))
    rest = float(lower[listed:].min(initial=np.inf))
    shortlist = bounded(distances[:listed], below=below, noise=noise, seed=seed, rest=rest)
    found = search(shortlist, parts, limit, budget, read_batch=read_batch)
    ranking, read = found.ranking, found.read

    assert len(set(read)) == len(read) <= max(budget, limit)
    assert all(len(batch) <= read_batch for batch in found.batches[1:])
    usable = [position for position in read if position not in damaged]
    expected = sorted(usable, key=lambda at: (distances[at], at))[:limit]
    assert ranking.candidates == expected
    assert ranking.distances == pytest.approx(distances[expected])
    unread = [at for at in range(len(distances)) if at not in read]
    assert ranking.horizon <= min((distances[at] for at in unread), default=np.inf) + 1e-12
    if ranking.certified:
        assert not damaged & set(read)
        assert expected == best_of(distances, limit)


@given(collections(), st.integers(1, 70), st.integers(0, 2**32 - 1))
def test_without_a_limit_of_readings_all_is_certified(collection, limit, seed):
    distances, _, _ = collection
    shortlist = bounded(distances, below=0.5, noise=0.5, seed=seed)
    ranking = search(shortlist, far(distances), limit, np.inf).ranking
    assert ranking.certified
    assert ranking.candidates == best_of(distances, limit)


def test_good_bounds_save_readings():
    distances = np.random.default_rng(1).uniform(0, 1, 1000)
    found = search(bounded(distances, below=0.05, noise=0.01), far(distances), 10, 200)
    assert found.ranking.certified
    assert len(found.read) < 80
    assert [len(batch) for batch in found.batches[:2]] == [10, READ_BATCH]
    exact = search(bounded(distances - 1e-9), far(distances), 10, 200)
    assert len(exact.read) == 10
    assert exact.ranking.horizon == pytest.approx(np.sort(distances)[10])


def test_the_budget_ends_a_search_that_bounds_do_not():
    distances = np.random.default_rng(2).uniform(0, 1, 300)
    shortlist = Shortlist(range(300), distances, np.zeros(300))
    found = search(shortlist, far(distances), 10, 37)
    assert len(found.read) == 37
    assert not found.ranking.certified
    assert found.ranking.horizon == 0
    # Still the best of those that were read, which by these estimates are the best of all.
    assert found.ranking.candidates == best_of(distances, 10)


def test_no_budget_is_too_small_for_what_is_asked():
    distances = np.arange(20.0)
    found = search(bounded(distances - 1e-9), far(distances), 5, 1)
    assert found.read == [0, 1, 2, 3, 4]
    assert found.ranking.certified


def test_the_best_estimates_are_read_first():
    distances = np.arange(30.0)
    shortlist = Shortlist(range(30), distances[::-1].copy(), np.zeros(30))
    found = search(shortlist, far(distances), 3, 9, read_batch=4)
    assert found.batches == [[29, 28, 27], [26, 25, 24, 23], [22, 21]]
    assert found.ranking.candidates == [21, 22, 23]
    assert not found.ranking.certified


def test_equal_distances_keep_the_order_of_the_candidates():
    parts = far([1, 0, 1, 0, 1, 0, 1])
    worst_first = Shortlist(range(7), np.arange(7.0)[::-1].copy(), np.zeros(7))
    ranking = search(worst_first, parts, 5, np.inf).ranking
    assert ranking.candidates == [1, 3, 5, 0, 2]
    assert ranking.certified


def test_a_tie_that_was_not_read_is_not_certified():
    """A work as far as the last one might stand before it."""
    parts = far([0, 1, 1])
    lower = np.array([0, 1, 1.0])
    found = search(Shortlist(range(3), np.array([0, 2, 1.0]), lower), parts, 2, 2)
    assert found.ranking.candidates == [0, 2]
    assert not found.ranking.certified
    found = search(Shortlist(range(3), np.array([0, 2, 1.0]), lower), parts, 2, 3)
    assert found.ranking.candidates == [0, 1]
    assert found.ranking.certified


def test_equal_parts_are_equally_far_wherever_they_stand():
    """A matrix product rounds the last rows of a table differently."""
    generator = np.random.default_rng(3)
    for _ in range(200):
        row = generator.uniform(0, 1, 6)
        for count in (1, 2, 3, 5, 8, 17, 51):
            parts = DistanceParts.stack([(row[:5], row[5])] * count)
            assert len({*parts.distances(WEIGHTING), *far_alone(row)}) == 1


def far_alone(row) -> list[float]:
    return DistanceParts(row[None, :5], row[None, 5]).distances(WEIGHTING).tolist()


def test_what_cannot_be_read_is_left_out_and_keeps_an_answer_from_being_certified():
    distances = np.arange(10.0)
    parts = far(distances)
    parts.content[2] = np.nan
    found = search(bounded(distances - 1e-9), parts, 3, 200)
    assert found.ranking.candidates == [0, 1, 3]
    assert np.isfinite(found.ranking.distances).all()
    assert not found.ranking.certified


def test_more_than_there_are():
    distances = [3.0, 1.0, 2.0]
    found = search(Shortlist(range(3), np.zeros(3), np.zeros(3)), far(distances), 10, 0)
    assert found.ranking.candidates == [1, 2, 0]
    assert found.ranking.certified
    assert found.ranking.horizon == np.inf


@pytest.mark.parametrize(("rest", "certified"), [(np.inf, True), (2.5, True), (2.0, False)])
def test_those_off_the_list_count_too(rest, certified):
    distances = np.arange(6.0)
    found = search(bounded(distances - 1e-9, rest=rest), far(distances), 3, 200)
    assert found.ranking.candidates == [0, 1, 2]
    assert found.ranking.certified is certified
    assert found.ranking.horizon == pytest.approx(min(rest, 3))


def test_fewer_than_asked_while_others_are_off_the_list_is_not_certified():
    found = search(bounded([0.0, 1.0], rest=9.0), far([0.0, 1.0]), 3, 200)
    assert len(found.ranking.candidates) == 2
    assert not found.ranking.certified


@pytest.mark.parametrize("where", ["listed", "rest"])
def test_a_bound_that_is_no_number_certifies_nothing(where):
    lower = np.array([0.0, 1.0, np.nan if where == "listed" else 5.0])
    rest = np.nan if where == "rest" else np.inf
    found = search(Shortlist(range(3), np.arange(3.0), lower, rest), far([0, 1, 2]), 2, 2)
    assert found.ranking.candidates == [0, 1]
    assert not found.ranking.certified


@pytest.mark.parametrize(("rest", "certified"), [(np.inf, True), (1.0, False)])
def test_no_candidates_give_an_empty_ranking(rest, certified):
    found = search(Shortlist([], np.empty(0), np.empty(0), rest), far([]), 5, 200)
    assert found.batches == []
    assert found.ranking.candidates == []
    assert found.ranking.certified is certified


def test_a_ranking_of_parts_is_certain_of_them():
    ranking = rank_parts(range(2), far([2, 1]), WEIGHTING, 5)
    assert ranking.candidates == [1, 0]
    assert ranking.certified
