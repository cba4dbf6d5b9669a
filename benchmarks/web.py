"""Throughput of a web server: ``similar/`` from lists of neighbours, and from a search."""

from __future__ import annotations

from typing import Any

from . import site
from .report import Result


def run() -> Result:
    rows = [
        row
        for store in ("embedded", "pgvector")
        for row in site.measure_in_site("web_in_site", store)
    ]
    return Result(
        name="web",
        description=(
            "gunicorn with two processes and four clients, all on the same machine. At the default "
            "weights every request is answered from a list of neighbours, with another preset none."
        ),
        figures=rows,
        plot=lambda axes: _plot(axes, rows),
    )


def _plot(axes: Any, rows: list[dict[str, Any]]) -> None:
    names = [f"{row['store']},\nfrom {row['answered from']}" for row in rows]
    bars = axes.bar(names, [row["requests a second"] for row in rows], color="#2f6f8f")
    axes.bar_label(bars, fmt="%.0f", padding=3)
    axes.grid(visible=False, axis="x")
    axes.set_ylabel("requests a second")
