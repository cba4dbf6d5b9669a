"""Near pairs: the time to compare a work with those before it, beside a search, in both stores."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from . import site
from .report import Result, Row

SEARCH, PAIRS = "query p50 ms", "near pairs of a work ms"
COLUMNS = ("store", "vectors", "numbers", "works", SEARCH, PAIRS)


def run() -> Result:
    measured = (
        row
        for store in ("embedded", "pgvector")
        for row in site.measure_in_site("vectors_in_site", store)
    )
    return to_result(measured)


def to_result(measured: Iterable[dict[str, Any]]) -> Result:
    """Return the rows of ``vectors_in_site`` with the ratio of the two times."""
    rows: list[Row] = [
        {**{column: row[column] for column in COLUMNS}, "searches": row[PAIRS] / row[SEARCH]}
        for row in measured
    ]
    return Result(
        name="near_pairs",
        description=(
            "The five nearest of the works before one, through the store alone, for works from the "
            "first to the last, as when the pairs of all are found: the mean, and as a share of a "
            "search for the ten nearest of all. Vectors are drawn at random."
        ),
        figures=rows,
    )
