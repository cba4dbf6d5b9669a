"""Figures of retrieval: recall, average precision, and how well present and absent are told apart.

Distances of any lane: lower is closer, and infinite if the lane does not show the work. Equal
distances count against the right work, so that no order of files can flatter a lane.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

#: Share of queries whose work is absent that a threshold lets through.
FALSE_ALARMS = 0.01
#: How often groups of queries are drawn again, for the spread.
RESAMPLES = 200

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Answers:
    """A lane's answers to ``n`` queries.

    ``ranks`` ``(n,)`` is the place of the first right work, infinite if it is not found, and NaN
    for a query without right works; ``precisions`` ``(n,)`` the average precision, 0 to 1;
    ``right`` and ``wrong`` ``(n,)`` the distances of the nearest right and wrong work.
    """

    ranks: FloatArray
    precisions: FloatArray
    right: FloatArray
    wrong: FloatArray

    @classmethod
    def of(
        cls,
        distances: NDArray[np.floating[Any]],
        right: NDArray[np.bool_],
        candidates: NDArray[np.bool_],
        shown_to: float = np.inf,
    ) -> Self:
        """Return the answers by distances ``(n, c)``.

        ``right`` ``(n, c)`` marks the right works, ``candidates`` ``(n, c)`` those that a query is
        compared with. A lane shows works up to the distance ``shown_to``; ``right`` and ``wrong``
        of an answer may be farther.
        """
        columns = np.full((4, len(distances)), np.nan)
        for at, row in enumerate(distances.astype(np.float64)):
            good = np.sort(row[right[at] & candidates[at]])
            bad = np.sort(row[~right[at] & candidates[at]])
            columns[3, at] = bad[0] if len(bad) else np.inf
            if not len(good):
                continue
            places = np.arange(1, len(good) + 1) + np.searchsorted(bad, good, side="right")
            shown = np.isfinite(good) & (good <= shown_to)
            columns[0, at] = places[0] if shown[0] else np.inf
            columns[1, at] = (np.arange(1, len(good) + 1) / places * shown).mean()
            columns[2, at] = good[0]
        return cls(*columns)

    def take(self, chosen: NDArray[Any]) -> Answers:
        return Answers(*(getattr(self, each.name)[chosen] for each in fields(self)))


@dataclass(frozen=True)
class Figures:
    """Shares of queries, 0 to 1; NaN where no query has a right work.

    ``auc`` is the probability that a right work is nearer to its query than the nearest wrong work
    to any query; ``found_at_1_percent`` the share of queries whose right work is nearer than a
    threshold that only 1 % of the queries pass without their right works.
    """

    recall_at_1: float
    recall_at_10: float
    mean_average_precision: float
    auc: float
    found_at_1_percent: float

    @classmethod
    def of(cls, answers: Answers, weights: FloatArray | None = None) -> Self:
        """Return the figures of answers, of which each counts as often as its weight ``(n,)``."""
        weights = np.ones(len(answers.ranks)) if weights is None else weights
        present = ~np.isnan(answers.ranks)
        counted = weights[present]
        if not counted.sum():
            return cls(*[float("nan")] * len(fields(cls)))

        def mean(values: NDArray[Any]) -> float:
            return float(np.average(values[present].astype(np.float64), weights=counted))

        threshold = find_threshold(answers.wrong, weights)
        return cls(
            recall_at_1=mean(answers.ranks <= 1),
            recall_at_10=mean(answers.ranks <= 10),
            mean_average_precision=mean(answers.precisions),
            auc=compute_auc(answers.right[present], answers.wrong, counted, weights),
            found_at_1_percent=mean(answers.right < threshold),
        )

    def to_json(self) -> dict[str, float | None]:
        return {
            name: None if np.isnan(value) else round(value, 6)
            for name, value in asdict(self).items()
        }


def compute_auc(
    right: FloatArray,
    wrong: FloatArray,
    right_weights: FloatArray | None = None,
    wrong_weights: FloatArray | None = None,
) -> float:
    """Return the area under the ROC curve: how often a right distance is below a wrong one.

    Equal distances count half. Mann, Whitney: On a test of whether one of two random variables is
    stochastically larger than the other, 1947.
    """
    right_weights = np.ones(len(right)) if right_weights is None else right_weights
    wrong_weights = np.ones(len(wrong)) if wrong_weights is None else wrong_weights
    order = np.argsort(wrong)
    below = np.concatenate([[0.0], np.cumsum(wrong_weights[order])])
    first = below[np.searchsorted(wrong[order], right, side="left")]
    last = below[np.searchsorted(wrong[order], right, side="right")]
    above = below[-1] - last + (last - first) / 2
    return float(np.average(above / below[-1], weights=right_weights))


def find_threshold(wrong: FloatArray, weights: FloatArray | None = None) -> float:
    """Return the distance below which at most 1 % of the nearest wrong works lie."""
    weights = np.ones(len(wrong)) if weights is None else weights
    order = np.argsort(wrong)
    order = order[weights[order] > 0]
    before = np.cumsum(weights[order]) - weights[order]
    allowed = before <= FALSE_ALARMS * weights.sum()
    return float(wrong[order[np.flatnonzero(allowed)[-1]]])


def measure_spread(answers: Answers, groups: NDArray[Any]) -> Figures:
    """Return the standard deviation of each figure when groups ``(n,)`` of queries are drawn again.

    Queries of one group, such as the edits of one work, are not independent. NaN for fewer than two
    groups.
    """
    generator = np.random.default_rng(0)
    names, members = np.unique(groups, return_inverse=True)
    rows = []
    if len(names) < 2:
        return Figures(*[float("nan")] * len(fields(Figures)))
    for _ in range(RESAMPLES):
        drawn = np.bincount(generator.integers(0, len(names), len(names)), minlength=len(names))
        rows.append(list(asdict(Figures.of(answers, drawn[members].astype(float))).values()))
    table = np.array(rows)
    table = table[~np.isnan(table).any(axis=1)]
    if not len(table):
        return Figures(*[float("nan")] * len(fields(Figures)))
    return Figures(*table.std(axis=0).tolist())
