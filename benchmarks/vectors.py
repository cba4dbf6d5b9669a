"""Storage, additions and queries of vectors as the collection grows, in both stores."""

from __future__ import annotations

from typing import Any

from . import site
from .report import Result


def run() -> Result:
    rows = [
        row
        for store in ("embedded", "pgvector")
        for row in site.measure_in_site("vectors_in_site", store)
    ]
    return Result(
        name="vectors",
        description=(
            "Ten nearest of all public works by cosine, through the store alone: without pages or "
            "the embedding of pictures. Vectors are drawn at random; the query weighs 640 of 1,152 "
            "numbers, or all of 128. Works are added in transactions of 500. The first query "
            "extends the table of the embedded store; the others are medians, with all files in "
            "the disk's cache. PostgreSQL has its default settings, and statistics of the tables."
        ),
        figures=rows,
        plot=lambda axes: _plot(axes, rows),
    )


def _plot(axes: Any, rows: list[dict[str, Any]]) -> None:
    for store, colour in (("embedded", "#2f6f8f"), ("pgvector", "#b5651d")):
        for vectors, line in ((1, "o-"), (14, "o--")):
            chosen = [row for row in rows if (row["store"], row["vectors"]) == (store, vectors)]
            label = "1 vector of 1,152" if vectors == 1 else "14 vectors of 128"
            axes.loglog(
                [row["works"] for row in chosen],
                [row["query p50 ms"] for row in chosen],
                line,
                color=colour,
                label=f"{store}, {label}",
            )
    axes.set_xlabel("works")
    axes.set_ylabel("milliseconds a query")
    axes.legend()
