"""Search times as the collection grows, in both stores."""

from __future__ import annotations

from typing import Any

from . import site
from .report import Goal, Result

LARGEST = 100_000


def run() -> Result:
    embedded = site.measure_in_site("search_in_site", "embedded")
    rows = [*embedded, *site.measure_in_site("search_in_site", "pgvector")]
    last = embedded[-1]
    return Result(
        name="search",
        description=(
            "Ten nearest works at nearly the default weights, everything included but HTTP. The "
            "collection is blended of real works' descriptors; the exact descriptors that are read "
            "are in the disk's cache. The scan bounds all works; beside it, the same bytes summed "
            "up by as many threads, and FAISS's flat index of the same width, which has no layers."
        ),
        figures=rows,
        goals=[
            Goal(
                f"scan / reading the same bytes, {LARGEST:,} works",
                last["scan ms"] / last["reading the same bytes ms"],
                2.0,
                at_least=False,
            ),
            Goal(
                f"scan / FAISS, {LARGEST:,} works",
                last["scan ms"] / last["FAISS IndexFlatL2 ms"],
                1.0,
                at_least=False,
            ),
            Goal(
                f"whole query, median, {LARGEST:,} works, ms",
                last["query p50 ms"],
                150.0,
                at_least=False,
            ),
        ],
        plot=lambda axes: _plot(axes, rows),
    )


def _plot(axes: Any, rows: list[dict[str, Any]]) -> None:
    for store, colour in (("embedded", "#2f6f8f"), ("pgvector", "#b5651d")):
        chosen = [row for row in rows if row["store"] == store]
        works = [row["works"] for row in chosen]
        axes.loglog(
            works,
            [row["query p50 ms"] for row in chosen],
            "o-",
            color=colour,
            label=f"{store}, median",
        )
        axes.loglog(
            works,
            [row["query p95 ms"] for row in chosen],
            "o--",
            color=colour,
            label=f"{store}, 95 %",
        )
    scans = [row for row in rows if "scan ms" in row]
    axes.loglog(
        [row["works"] for row in scans],
        [row["scan ms"] for row in scans],
        "-",
        color="#8a9aa5",
        label="scan alone",
    )
    axes.set_xlabel("works")
    axes.set_ylabel("milliseconds")
    axes.legend()
