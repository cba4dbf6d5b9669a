"""Figures of retrieval agree with their definitions, written out."""

from __future__ import annotations

import numpy as np
import pytest

from stylesim_app.evaluation.figures import (
    Answers,
    Figures,
    compute_auc,
    find_threshold,
    measure_spread,
)


def answers_of(distances, right, **options) -> Answers:
    right = np.array(right, bool)
    return Answers.of(np.array(distances, float), right, np.ones_like(right), **options)


def oracle_rank(row, right) -> float:
    """The place of the first right work; each wrong work that is as near comes before it."""
    best = min(row[right])
    return 1 + sum(1 for value in row[~right] if value <= best)


def oracle_precision(row, right) -> float:
    total = 0.0
    for number, value in enumerate(sorted(row[right]), start=1):
        total += number / (number + sum(1 for other in row[~right] if other <= value))
    return total / right.sum()


def oracle_auc(right, wrong) -> float:
    pairs = [(a < b) + 0.5 * (a == b) for a in right for b in wrong]
    return sum(pairs) / len(pairs)


def draw(seed: int, count: int = 30, works: int = 12) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    # Few values, so that many are equal.
    distances = generator.integers(0, 8, (count, works)).astype(float)
    right = generator.random((count, works)) < 0.2
    right[:, 0] = True
    return distances, right


@pytest.mark.parametrize("seed", range(3))
def test_ranks_and_precisions_are_those_of_the_definition(seed):
    distances, right = draw(seed)
    found = answers_of(distances, right)
    for at in range(len(distances)):
        assert found.ranks[at] == oracle_rank(distances[at], right[at])
        assert found.precisions[at] == pytest.approx(oracle_precision(distances[at], right[at]))
        assert found.right[at] == min(distances[at][right[at]])
        assert found.wrong[at] == min(distances[at][~right[at]])


def test_average_precision_is_that_of_a_textbook():
    """Manning, Raghavan, Schütze: Introduction to Information Retrieval, 2008, section 8.4: right
    works at the places 1, 3, 6, 9 and 10 of ten."""
    right = [[True, False, True, False, False, True, False, False, True, True]]
    found = answers_of([range(10)], right)
    expected = (1 / 1 + 2 / 3 + 3 / 6 + 4 / 9 + 5 / 10) / 5
    assert found.precisions[0] == pytest.approx(expected)
    assert round(expected, 3) == 0.622


def test_a_work_that_a_lane_does_not_show_is_not_found_but_has_a_distance():
    found = answers_of([[-30, -5.0], [-10, np.inf]], [[True, False]] * 2, shown_to=-26)
    assert found.ranks.tolist() == [1, np.inf]
    assert found.precisions.tolist() == [1, 0]
    assert found.right.tolist() == [-30, -10]
    assert found.wrong.tolist() == [-5, np.inf]


def test_a_query_without_right_works_counts_as_absent_alone():
    found = answers_of([[1, 2.0], [0.5, 3]], [[True, False], [False, False]])
    figures = Figures.of(found)
    assert (figures.recall_at_1, figures.recall_at_10) == (1, 1)
    # Its nearest wrong work is nearer than the right work of the other.
    assert figures.auc == 0.5
    assert figures.found_at_1_percent == 0


@pytest.mark.parametrize("seed", range(3))
def test_the_auc_is_that_of_all_pairs(seed):
    generator = np.random.default_rng(seed)
    right, wrong = (generator.integers(0, 9, count).astype(float) for count in (20, 35))
    assert compute_auc(right, wrong) == pytest.approx(oracle_auc(right, wrong))
    times = generator.integers(0, 4, 20)
    weighted = compute_auc(right, wrong, times.astype(float))
    assert weighted == pytest.approx(oracle_auc(np.repeat(right, times), wrong))


def test_the_auc_is_that_of_hanley_and_mcneil():
    """The meaning and use of the area under a receiver operating characteristic (ROC) curve, 1982,
    table I: ratings of 51 abnormal and 58 normal images, W = 0.893."""
    abnormal = np.repeat([5, 4, 3, 2, 1], [33, 11, 2, 2, 3]).astype(float)
    normal = np.repeat([5, 4, 3, 2, 1], [2, 11, 6, 6, 33]).astype(float)
    assert round(compute_auc(-abnormal, -normal), 3) == 0.893


@pytest.mark.parametrize(("count", "let_through"), [(1, 0), (99, 0), (100, 1), (250, 2)])
def test_a_threshold_lets_one_percent_through(count, let_through):
    wrong = np.random.default_rng(0).permutation(count).astype(float)
    assert (wrong < find_threshold(wrong)).sum() == let_through


def test_weights_count_answers_as_often():
    distances, right = draw(0)
    found = answers_of(distances, right)
    times = np.random.default_rng(1).integers(0, 3, len(distances))
    repeated = Figures.of(found.take(np.repeat(np.arange(len(times)), times)))
    weighted = Figures.of(found, times.astype(float))
    assert list(vars(weighted).values()) == pytest.approx(list(vars(repeated).values()))


def test_the_spread_is_that_of_groups():
    distances = np.array([[0, 1.0]] * 50 + [[1.0, 0]] * 50)
    found = answers_of(distances, [[True, False]] * 100)
    alone = measure_spread(found, np.arange(100))
    halves = measure_spread(found, np.repeat([0, 1], 50))
    assert alone.recall_at_1 == pytest.approx(0.05, rel=0.15)
    assert halves.recall_at_1 == pytest.approx(0.5 / np.sqrt(2), rel=0.15)
    assert np.isnan(measure_spread(found, np.zeros(100)).recall_at_1)


def test_nothing_asked_gives_no_figures():
    figures = Figures.of(answers_of([[1.0, 2]], [[False, False]]))
    assert set(figures.to_json().values()) == {None}
