"""Inside a site: the number of exact descriptors that a search reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from stylesim_app import files
from stylesim_app.core.distances import PRESETS
from stylesim_app.index.nearest import find_nearest
from stylesim_app.index.serving import Serving
from stylesim_app.ranking.options import RankingOptions

from .collection import Collection
from .oracle import measure_all

WORKS = 1_116
QUERIES = 200
BUDGETS = (10, 20, 50, 100, 200, 400)
TOP = 10


def measure(_store: str) -> Iterator[dict[str, Any]]:
    collection = Collection(WORKS)
    described = collection.described
    rows = list(described.order_by("entry__artwork").values_list("pk", "file_name"))
    truth = measure_all([name for _, name in rows])
    queries = [int(at) for at in np.linspace(0, len(rows) - 1, QUERIES)]
    for preset in PRESETS:
        weighting = RankingOptions(preset=preset).weighting(Serving())
        for budget in BUDGETS:
            recalls, certified = [], []
            for at in queries:
                key, name = rows[at]
                [nearest] = find_nearest(
                    [files.read_descriptor(name)],
                    collection.store,
                    described.exclude(pk=key),
                    weighting,
                    TOP,
                    budget=budget,
                )
                order = np.argsort(truth[at].distances(weighting), kind="stable")
                true = {rows[other][0] for other in order[order != at][:TOP]}
                recalls.append(len(true & {each.stored for each in nearest.candidates}) / TOP)
                certified.append(nearest.certified)
            yield {
                "weights": preset,
                "budget": budget,
                "recall@10 %": 100 * float(np.mean(recalls)),
                "certified %": 100 * float(np.mean(certified)),
            }
