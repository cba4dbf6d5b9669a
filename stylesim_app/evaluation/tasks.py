"""The tasks of an evaluation: what is asked of a lane, and how well it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .figures import Answers, Figures, measure_spread
from .measured import Ranking, Scene

#: The kind of all queries of a task together.
ALL = "all"
#: The label by which works are drawn again, where there is one.
ARTIST = "artist"


@dataclass(frozen=True)
class Task:
    """A question: a label, pairs or edits, of a source, of one kind or of all.

    ``label`` is empty for pairs and edits. The spread is that of resampled ``groups``.
    """

    name: str
    source: str
    kind: str


@dataclass(frozen=True)
class Measured:
    """The figures of a lane in a task, and the queries and candidates that they are of.

    ``absent`` counts the queries without a right work. ``right`` and ``wrong`` are the median and
    the worst distance of the right work, and the median and the best of the nearest wrong one.
    """

    lane: str
    preset: str
    task: Task
    candidates: int
    n: int
    absent: int
    groups: int
    figures: Figures
    spread: Figures
    right: tuple[float, float]
    wrong: tuple[float, float]

    def to_json(self) -> dict[str, Any]:
        return {
            "lane": self.lane,
            "preset": self.preset,
            "task": self.task.name,
            "source": self.task.source,
            "kind": self.task.kind,
            "candidates": self.candidates,
            "n": self.n,
            "absent": self.absent,
            "groups": self.groups,
            **self.figures.to_json(),
            "spread": self.spread.to_json(),
            "right_median": _number(self.right[0]),
            "right_worst": _number(self.right[1]),
            "wrong_median": _number(self.wrong[0]),
            "wrong_best": _number(self.wrong[1]),
        }


def measure(scene: Scene, ranking: Ranking) -> Iterator[Measured]:
    """Yield the figures of a ranking in each task that it was asked."""
    if ranking.with_works:
        for source, label in scene.collection.labels:
            yield from _measure_label(scene, ranking, source, label)
    yield from _measure_queries(scene, ranking)


def _measure_label(scene: Scene, ranking: Ranking, source: str, label: str) -> Iterator[Measured]:
    """Ask for other works of the same label, among the works that have it."""
    works = scene.collection.works
    members = [at for at, work in enumerate(works) if (source, label) in work.labels]
    values = np.array([works[at].labels[source, label] for at in members])
    artists = [works[at].labels.get((source, ARTIST)) for at in members]
    groups = values if None in artists else np.array(artists)
    others = ~np.eye(len(members), dtype=bool)
    if len(members) < 2:
        return
    answers = Answers.of(
        ranking.distances[np.ix_(members, members)],
        values[:, None] == values,
        others,
        ranking.shown_to,
    )
    yield _summarise(ranking, Task(label, source, ALL), len(members) - 1, answers, groups)


def _measure_queries(scene: Scene, ranking: Ranking) -> Iterator[Measured]:
    works, queries = scene.works, scene.collection.queries
    if not queries:
        return
    column = {item.key: at for at, item in enumerate(works)}
    right = np.zeros((len(queries), len(works)), np.bool_)
    for at, query in enumerate(queries):
        right[at, [column[key] for key in query.right]] = True
    own = ranking.distances[len(works) if ranking.with_works else 0 :]
    answers = Answers.of(own, right, np.ones_like(right), ranking.shown_to)
    groups = np.array([query.group for query in queries])
    places: dict[tuple[str, str], dict[str, list[int]]] = {}
    for at, query in enumerate(queries):
        kinds = places.setdefault((query.task, query.source), {ALL: []})
        kinds[ALL].append(at)
        kinds.setdefault(query.kind, []).append(at)
    for (name, source), kinds in places.items():
        # One kind is all there is.
        for kind, members in list(kinds.items())[: None if len(kinds) > 2 else 1]:
            chosen = np.array(members)
            yield _summarise(
                ranking, Task(name, source, kind), len(works), answers.take(chosen), groups[chosen]
            )


def _summarise(
    ranking: Ranking, task: Task, candidates: int, answers: Answers, groups: NDArray[Any]
) -> Measured:
    present = ~np.isnan(answers.ranks)
    return Measured(
        lane=ranking.lane,
        preset=ranking.preset,
        task=task,
        candidates=candidates,
        n=int(present.sum()),
        absent=int((~present).sum()),
        groups=len(np.unique(groups)),
        figures=Figures.of(answers),
        spread=measure_spread(answers, groups),
        right=_range(answers.right[present], np.max),
        wrong=_range(answers.wrong, np.min),
    )


def _range(
    distances: NDArray[np.float64], extreme: Callable[[NDArray[np.float64]], Any]
) -> tuple[float, float]:
    if not len(distances):
        return float("nan"), float("nan")
    # The lower of the two in the middle, which is a distance even where others are infinite.
    median = float(np.quantile(distances, 0.5, method="lower"))
    return median, float(extreme(distances))


def _number(distance: float) -> float | None:
    return round(distance, 6) if np.isfinite(distance) else None
